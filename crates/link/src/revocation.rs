//! Revocation: an organisation takes back the key of one of its nodes.
//!
//! It lists how far the node's streams can be believed, by position and not by time: a
//! thief can date bundles back but cannot put them before what others already hold.

use crate::bytes::{Cursor, put_varint};
use crate::error::Error;
use crate::id::StreamId;
use crate::limits::STREAMS_PER_PEER_MAX;
use crate::opening::public_key;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use std::collections::BTreeMap;

const CONTEXT: &[u8] = b"twinternet link 1 revocation";

/// The signed word of an organisation that a node's key is no longer its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// The key that is taken back.
    pub node: VerifyingKey,
    /// The organisation's key that takes it back. Whether it may do so for this node is for
    /// the member list to say.
    pub authority: VerifyingKey,
    /// The last bundle of each stream that is still believed; of streams not listed, none.
    pub believed: BTreeMap<StreamId, u64>,
    signature: Signature,
}

impl Revocation {
    /// Signs with the organisation's key.
    pub fn sign(
        authority: &SigningKey,
        node: VerifyingKey,
        believed: BTreeMap<StreamId, u64>,
    ) -> Result<Self, Error> {
        if believed.len() > STREAMS_PER_PEER_MAX {
            return Err(Error::TooMany("streams in a revocation"));
        }
        let mut revocation = Self {
            node,
            authority: authority.verifying_key(),
            believed,
            signature: Signature::from_bytes(&[0; 64]),
        };
        revocation.signature = authority.sign(&revocation.message());
        Ok(revocation)
    }

    /// Whether the stated authority signed it.
    pub fn verify(&self) -> Result<(), Error> {
        self.authority
            .verify_strict(&self.message(), &self.signature)
            .map_err(|_| Error::Signature("a revocation"))
    }

    /// The last bundle of a stream of the node that is still believed.
    pub fn last_believed(&self, stream: StreamId) -> u64 {
        self.believed.get(&stream).copied().unwrap_or(0)
    }

    fn message(&self) -> Vec<u8> {
        let mut out = CONTEXT.to_vec();
        self.put_fields(&mut out);
        out
    }

    fn put_fields(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.node.as_bytes());
        out.extend_from_slice(self.authority.as_bytes());
        put_varint(out, self.believed.len() as u64);
        for (stream, &last) in &self.believed {
            out.extend_from_slice(&stream.0);
            put_varint(out, last);
        }
    }

    /// The form that travels.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(160);
        self.put_fields(&mut out);
        out.extend_from_slice(&self.signature.to_bytes());
        out
    }

    /// Reads the form that travels. The signature is not checked: see [`Self::verify`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(bytes);
        Self::get(&mut cursor)
            .filter(|_| cursor.is_empty())
            .ok_or(Error::Malformed("a revocation"))
    }

    fn get(cursor: &mut Cursor<'_>) -> Option<Self> {
        let node = public_key(&cursor.array()?)?;
        let authority = public_key(&cursor.array()?)?;
        let count = cursor.count(17).filter(|&n| n <= STREAMS_PER_PEER_MAX)?;
        let mut believed = BTreeMap::new();
        for _ in 0..count {
            let stream = StreamId(cursor.array()?);
            let in_order = believed
                .last_key_value()
                .is_none_or(|(last, _)| *last < stream);
            believed.insert(stream, cursor.varint().filter(|_| in_order)?);
        }
        Some(Self {
            node,
            authority,
            believed,
            signature: Signature::from_bytes(&cursor.array()?),
        })
    }
}
