//! Gap certificates: the origin's signed word that bundles are absent on purpose.
//!
//! Without it a receiver could not tell "nobody needs that any more" from "that got lost".

use crate::bytes::{Cursor, put_varint};
use crate::error::Error;
use crate::id::StreamId;
use crate::limits::{AHEAD_MAX, RANGES_MAX};
use crate::opening::Opening;
use crate::ranges::Ranges;
use ed25519_dalek::{Signature, Signer, SigningKey};

const VERSION: u8 = 1;
const CONTEXT: &[u8] = b"twinternet link 1 gap";

/// Why bundles need not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Newer records on all of their topics exist.
    Superseded = 1,
    /// They have expired.
    Expired = 2,
    /// Their origin has erased them.
    Pruned = 3,
}

impl Reason {
    fn from_wire(byte: u8) -> Option<Self> {
        [Self::Superseded, Self::Expired, Self::Pruned]
            .into_iter()
            .find(|&reason| reason as u8 == byte)
    }
}

/// Consecutive bundles that need not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
    /// Why.
    pub reason: Reason,
}

/// The signed word of an origin that some of its bundles need not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GapCertificate {
    gaps: Vec<Gap>,
    signature: Signature,
}

impl GapCertificate {
    /// Signs gaps, which are in ascending order and do not overlap.
    pub fn sign(key: &SigningKey, stream: StreamId, gaps: Vec<Gap>) -> Result<Self, Error> {
        if gaps.is_empty() || gaps.len() > RANGES_MAX {
            return Err(Error::TooMany("gaps in a certificate"));
        }
        let signature = key.sign(&Self::message(stream, &gaps));
        Ok(Self { gaps, signature })
    }

    /// Whether the stream's own key signed it.
    pub fn verify(&self, opening: &Opening) -> Result<(), Error> {
        opening
            .key
            .verify_strict(&Self::message(opening.id(), &self.gaps), &self.signature)
            .map_err(|_| Error::Signature("a gap certificate"))
    }

    /// The gaps.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// The numbers of all bundles that it covers.
    pub fn covered(&self) -> Ranges {
        let mut covered = Ranges::default();
        self.gaps
            .iter()
            .for_each(|gap| covered.insert(gap.from, gap.to));
        covered
    }

    fn message(stream: StreamId, gaps: &[Gap]) -> Vec<u8> {
        let mut out = [CONTEXT, &stream.0].concat();
        Self::put_fields(&mut out, gaps);
        out
    }

    fn put_fields(out: &mut Vec<u8>, gaps: &[Gap]) {
        out.push(VERSION);
        put_varint(out, gaps.len() as u64);
        let mut end = 0;
        for gap in gaps {
            put_varint(out, gap.from - end);
            put_varint(out, gap.to - gap.from + 1);
            out.push(gap.reason as u8);
            end = gap.to;
        }
    }

    /// The form that travels.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(80);
        Self::put_fields(&mut out, &self.gaps);
        out.extend_from_slice(&self.signature.to_bytes());
        out
    }

    /// Reads the form that travels. The signature is not checked: see [`Self::verify`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(bytes);
        Self::get(&mut cursor)
            .filter(|_| cursor.is_empty())
            .ok_or(Error::Malformed("a gap certificate"))
    }

    fn get(cursor: &mut Cursor<'_>) -> Option<Self> {
        cursor.u8().filter(|&version| version == VERSION)?;
        let count = cursor.count(3).filter(|n| (1..=RANGES_MAX).contains(n))?;
        let mut end = 0_u64;
        let mut gaps = Vec::with_capacity(count);
        for _ in 0..count {
            let from = end.checked_add(cursor.varint().filter(|&n| n > 0)?)?;
            end = from.checked_add(cursor.varint()?.checked_sub(1)?)?;
            let reason = Reason::from_wire(cursor.u8()?)?;
            gaps.push(Gap {
                from,
                to: end,
                reason,
            });
        }
        let signature = Signature::from_bytes(&cursor.array()?);
        (end <= AHEAD_MAX).then_some(Self { gaps, signature })
    }
}
