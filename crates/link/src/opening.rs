//! The opening of a stream, by which anyone can check it, and its identity, which only
//! its readers learn.

use crate::bytes::Cursor;
use crate::error::Error;
use crate::id::{Audience, Class, Incarnation, Keep, OriginId, StreamId};
use ed25519_dalek::{SigningKey, VerifyingKey};

const VERSION: u8 = 1;
const ID_CONTEXT: &str = "twinternet link 1 stream id";
const KEY_CONTEXT: &str = "twinternet link 1 stream key";

/// What everyone who carries a stream knows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// How urgent it is.
    pub class: Class,
    /// What it keeps.
    pub keep: Keep,
    /// The key that signs its bundles.
    pub key: VerifyingKey,
}

impl Opening {
    /// Bytes of the encoded form.
    pub const BYTES: usize = 35;

    /// The stream that this opens.
    pub fn id(&self) -> StreamId {
        StreamId(hash_16(ID_CONTEXT, &[&self.encode()]))
    }

    /// The form that travels.
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        out[..3].copy_from_slice(&[VERSION, self.class as u8, self.keep as u8]);
        out[3..].copy_from_slice(self.key.as_bytes());
        out
    }

    /// Reads the form that travels.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Self::read(bytes).ok_or(Error::Malformed("an opening"))
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; Self::BYTES] = bytes.try_into().ok()?;
        let [VERSION, class, keep, key @ ..] = bytes else {
            return None;
        };
        Some(Self {
            class: Class::from_wire(*class)?,
            keep: Keep::from_wire(*keep)?,
            key: public_key(key)?,
        })
    }
}

/// A public key on the wire. Small-order keys, under which anybody can sign, are none.
pub(crate) fn public_key(bytes: &[u8; 32]) -> Option<VerifyingKey> {
    let key = VerifyingKey::from_bytes(bytes).ok()?;
    (!key.is_weak()).then_some(key)
}

/// The first 16 bytes of a BLAKE3 hash with its own context.
pub(crate) fn hash_16(context: &str, parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    for part in parts {
        hasher.update(part);
    }
    let mut out = [0; 16];
    out.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    out
}

/// What only the readers of a stream know of it: who writes it and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The organisation's node that writes it.
    pub origin: OriginId,
    /// In which life of its disk.
    pub incarnation: Incarnation,
    /// For whom.
    pub audience: Audience,
}

impl Identity {
    /// The signing key of the stream with this identity: derived, so that a node keeps one
    /// secret however many streams it writes.
    pub fn stream_key(&self, secret: &[u8; 32], class: Class, keep: Keep) -> SigningKey {
        let mut hasher = blake3::Hasher::new_derive_key(KEY_CONTEXT);
        hasher.update(secret).update(&self.encode());
        hasher.update(&[class as u8, keep as u8]);
        SigningKey::from_bytes(hasher.finalize().as_bytes())
    }

    pub(crate) fn get(cursor: &mut Cursor<'_>) -> Option<Self> {
        Some(Self {
            origin: OriginId(cursor.array()?),
            incarnation: Incarnation(cursor.array()?),
            audience: Audience(cursor.array()?),
        })
    }

    pub(crate) fn encode(&self) -> [u8; 48] {
        let mut out = [0; 48];
        out[..16].copy_from_slice(&self.origin.0);
        out[16..32].copy_from_slice(&self.incarnation.0);
        out[32..].copy_from_slice(&self.audience.0);
        out
    }
}
