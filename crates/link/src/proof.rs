//! Proof that an origin wrote two histories.
//!
//! It happens when a disk is cloned, a backup restored carelessly, or a node lies. Two
//! signed statements that cannot both be true convince anybody, without asking anyone.

use crate::bundle::Stub;
use crate::bytes::{Cursor, put_varint};
use crate::error::Error;
use crate::opening::Opening;

/// Two statements of one stream that contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Equivocation {
    /// The stream.
    pub opening: Opening,
    one: Stub,
    other: Stub,
}

impl Equivocation {
    /// The proof, if the two contradict each other: one number with two contents, or a
    /// bundle and a different idea of it in the next.
    pub fn between(opening: Opening, one: Stub, other: Stub) -> Option<Self> {
        let (one, other) = if one.header.seq <= other.header.seq {
            (one, other)
        } else {
            (other, one)
        };
        let same = one.header.seq == other.header.seq && one.hash() != other.hash();
        let next = one.header.seq + 1 == other.header.seq && one.hash() != other.header.previous;
        (same || next).then_some(Self {
            opening,
            one,
            other,
        })
    }

    /// Whether the stream's key signed both, and they contradict each other.
    pub fn verify(&self) -> Result<(), Error> {
        self.one.verify(&self.opening)?;
        self.other.verify(&self.opening)?;
        Self::between(self.opening, self.one, self.other)
            .map(|_| ())
            .ok_or(Error::Malformed("an equivocation"))
    }

    /// The form that travels.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.opening.encode().to_vec();
        for stub in [&self.one, &self.other] {
            put_varint(&mut out, stub.header.seq);
            out.extend_from_slice(&stub.encode());
        }
        out
    }

    /// Reads the form that travels. Nothing is checked: see [`Self::verify`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(bytes);
        Self::get(&mut cursor)
            .filter(|_| cursor.is_empty())
            .ok_or(Error::Malformed("an equivocation"))
    }

    fn get(cursor: &mut Cursor<'_>) -> Option<Self> {
        let opening = Opening::decode(cursor.take(Opening::BYTES)?).ok()?;
        let stream = opening.id();
        let mut stub = || {
            let seq = cursor.varint()?;
            Stub::get(stream, seq, cursor)
        };
        Some(Self {
            opening,
            one: stub()?,
            other: stub()?,
        })
    }
}
