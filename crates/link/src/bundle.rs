//! Bundles: what travels, is signed, encrypted, stored and superseded as one.
//!
//! Whoever carries a bundle sees its stream, number, expiry and size, can check who
//! signed it, and cannot read it. Drawn in `docs/formats/link.md`.

use crate::bytes::{Cursor, put_bytes, put_signed, put_varint};
use crate::error::Error;
use crate::id::{BundleHash, StreamId};
use crate::limits::{AHEAD_MAX, BODY_BYTES_MAX, CONTENT_BYTES_MAX};
use crate::opening::{Opening, hash_16};
use ed25519_dalek::{Signature, Signer, SigningKey};
use twin_model::Time;
use twin_model::time::MICROS;

const VERSION: u8 = 1;
const SIGN_CONTEXT: &[u8] = b"twinternet link 1 bundle";
const HASH_CONTEXT: &str = "twinternet link 1 bundle hash";
/// Flag: the content is not encrypted.
const PLAIN: u8 = 1;

/// Bytes of a nonce.
pub const NONCE_BYTES: usize = 12;

/// What stands before the content and is signed with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Of which stream.
    pub stream: StreamId,
    /// Which bundle of it, from 1.
    pub seq: u64,
    version: u8,
    flags: u8,
    /// The bundle before, [`BundleHash::NONE`] for the first.
    pub previous: BundleHash,
    /// Which key; 0 if the content is plain.
    pub epoch: u64,
    /// Seconds since 1970 after which nobody needs it; 0 is never.
    expires_s: u64,
    /// Derived from key and plaintext; zeros if plain.
    pub nonce: [u8; NONCE_BYTES],
}

impl Header {
    /// A header of this version. A part of a second more than the expiry is granted.
    pub fn new(
        stream: StreamId,
        seq: u64,
        previous: BundleHash,
        epoch: u64,
        expires: Option<Time>,
    ) -> Self {
        let seconds = |t: Time| t.0.div_euclid(MICROS).saturating_add(1).max(1);
        Self {
            stream,
            seq,
            version: VERSION,
            flags: if epoch == 0 { PLAIN } else { 0 },
            previous,
            epoch,
            expires_s: expires.map_or(0, |t| seconds(t).cast_unsigned()),
            nonce: [0; NONCE_BYTES],
        }
    }

    /// When it expires, if ever.
    pub fn expires(&self) -> Option<Time> {
        let micros = i64::try_from(self.expires_s).ok()?.checked_mul(MICROS)?;
        (self.expires_s != 0).then_some(Time(micros))
    }

    /// Whether nobody needs it any more at `now`.
    pub fn is_expired(&self, now: Time) -> bool {
        self.expires().is_some_and(|expires| expires < now)
    }

    /// Whether the content is not encrypted.
    pub fn is_plain(&self) -> bool {
        self.flags & PLAIN != 0
    }

    /// Whether this version can read the content. It can carry any.
    pub fn is_readable(&self) -> bool {
        self.version == VERSION && self.flags & !PLAIN == 0
    }

    /// The fields before the nonce: the associated data of the encryption.
    pub(crate) fn associated(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        out.extend_from_slice(&self.stream.0);
        put_varint(&mut out, self.seq);
        self.put_fields(&mut out);
        out
    }

    fn put_fields(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.version, self.flags]);
        out.extend_from_slice(&self.previous.0);
        put_varint(out, self.epoch);
        put_varint(out, self.expires_s);
    }

    fn get(stream: StreamId, seq: u64, cursor: &mut Cursor<'_>) -> Option<Self> {
        let header = Self {
            stream,
            seq,
            version: cursor.u8().filter(|&version| version >= 1)?,
            flags: cursor.u8()?,
            previous: BundleHash(cursor.array()?),
            epoch: cursor.varint()?,
            expires_s: cursor.varint()?,
            nonce: cursor.array()?,
        };
        (1..=AHEAD_MAX).contains(&seq).then_some(header)
    }
}

/// A header with the hash of its content and the signature over both: all of a bundle
/// but its content. Stands for a bundle that has expired, and in proofs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stub {
    /// The header.
    pub header: Header,
    content_hash: [u8; 32],
    signature: Signature,
}

impl Stub {
    /// The hash that the next bundle states.
    pub fn hash(&self) -> BundleHash {
        BundleHash(hash_16(HASH_CONTEXT, &[&self.statement()]))
    }

    /// Whether the stream's own key signed it.
    pub fn verify(&self, opening: &Opening) -> Result<(), Error> {
        let message = [SIGN_CONTEXT, &self.statement()].concat();
        opening
            .key
            .verify_strict(&message, &self.signature)
            .map_err(|_| Error::Signature("a bundle"))
    }

    fn statement(&self) -> Vec<u8> {
        let mut out = self.header.associated();
        out.extend_from_slice(&self.header.nonce);
        out.extend_from_slice(&self.content_hash);
        out
    }

    /// The form that travels; stream and number are known from the context.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(160);
        self.header.put_fields(&mut out);
        out.extend_from_slice(&self.header.nonce);
        out.extend_from_slice(&self.content_hash);
        out.extend_from_slice(&self.signature.to_bytes());
        out
    }

    /// Reads the form that travels.
    pub fn decode(stream: StreamId, seq: u64, bytes: &[u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(bytes);
        Self::get(stream, seq, &mut cursor)
            .filter(|_| cursor.is_empty())
            .ok_or(Error::Malformed("a stub"))
    }

    pub(crate) fn get(stream: StreamId, seq: u64, cursor: &mut Cursor<'_>) -> Option<Self> {
        Some(Self {
            header: Header::get(stream, seq, cursor)?,
            content_hash: cursor.array()?,
            signature: Signature::from_bytes(&cursor.array()?),
        })
    }
}

/// What a bundle repeats or continues of the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// Its hash.
    pub hash: BundleHash,
    /// Its epoch.
    pub epoch: u64,
    /// When it expires.
    pub expires: Option<Time>,
}

impl Before {
    /// The same of a bundle that is there.
    pub fn of(stub: &Stub) -> Self {
        Self {
            hash: stub.hash(),
            epoch: stub.header.epoch,
            expires: stub.header.expires(),
        }
    }

    fn expires_s(&self) -> i64 {
        self.expires.map_or(0, |at| at.0.div_euclid(MICROS))
    }
}

/// A signed bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    stub: Stub,
    content: Vec<u8>,
}

impl Bundle {
    /// Signs `content`, which is encrypted as the header says.
    pub fn sign(key: &SigningKey, header: Header, content: Vec<u8>) -> Result<Self, Error> {
        if content.len() > CONTENT_BYTES_MAX {
            return Err(Error::TooMany("bytes in a bundle"));
        }
        let mut stub = Stub {
            header,
            content_hash: *blake3::hash(&content).as_bytes(),
            signature: Signature::from_bytes(&[0; 64]),
        };
        stub.signature = key.sign(&[SIGN_CONTEXT, &stub.statement()].concat());
        Ok(Self { stub, content })
    }

    /// What stands before the content.
    pub fn header(&self) -> &Header {
        &self.stub.header
    }

    /// All but the content.
    pub fn stub(&self) -> &Stub {
        &self.stub
    }

    /// The content as it travels: encrypted unless the header says plain.
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// The body: what travels where stream and number are known.
    pub fn body(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.content.len() + 128);
        self.stub.header.put_fields(&mut out);
        out.extend_from_slice(&self.stub.header.nonce);
        put_bytes(&mut out, &self.content);
        out.extend_from_slice(&self.stub.signature.to_bytes());
        out
    }

    /// Reads a body. The signature is not checked: see [`Stub::verify`].
    pub fn from_body(stream: StreamId, seq: u64, body: &[u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(body);
        Self::get(stream, seq, &mut cursor)
            .filter(|_| cursor.is_empty() && body.len() <= BODY_BYTES_MAX)
            .ok_or(Error::Malformed("a bundle"))
    }

    fn get(stream: StreamId, seq: u64, cursor: &mut Cursor<'_>) -> Option<Self> {
        let header = Header::get(stream, seq, cursor)?;
        let content = cursor.bytes().filter(|c| c.len() <= CONTENT_BYTES_MAX)?;
        let stub = Stub {
            header,
            content_hash: *blake3::hash(content).as_bytes(),
            signature: Signature::from_bytes(&cursor.array()?),
        };
        Some(Self {
            stub,
            content: content.to_vec(),
        })
    }

    /// The body without what follows from the bundle before it, for whoever has that one;
    /// nothing if too little does.
    pub fn short_body(&self, before: &Before) -> Option<Vec<u8>> {
        let header = &self.stub.header;
        let follows = header.version == VERSION
            && header.flags == 0
            && header.previous == before.hash
            && header.epoch == before.epoch;
        let expires_s = i64::try_from(header.expires_s).ok().filter(|_| follows)?;
        let mut out = Vec::with_capacity(self.content.len() + 80);
        put_signed(&mut out, expires_s - before.expires_s());
        out.extend_from_slice(&header.nonce);
        out.extend_from_slice(&self.stub.signature.to_bytes());
        out.extend_from_slice(&self.content);
        Some(out)
    }

    /// Reads a short body. The signature is not checked: it fails, too, if the bundle does
    /// not follow the one before.
    pub fn from_short_body(
        stream: StreamId,
        seq: u64,
        before: &Before,
        body: &[u8],
    ) -> Result<Self, Error> {
        let mut cursor = Cursor::new(body);
        let whole = (|| {
            let expires_s = before.expires_s().checked_add(cursor.signed()?)?;
            let header = Header {
                stream,
                seq,
                version: VERSION,
                flags: 0,
                previous: before.hash,
                epoch: before.epoch,
                expires_s: u64::try_from(expires_s).ok()?,
                nonce: cursor.array()?,
            };
            let signature = Signature::from_bytes(&cursor.array()?);
            let content = Some(cursor.rest()).filter(|c| c.len() <= CONTENT_BYTES_MAX)?;
            let stub = Stub {
                header,
                content_hash: *blake3::hash(content).as_bytes(),
                signature,
            };
            Some(Self {
                stub,
                content: content.to_vec(),
            })
        })();
        whole.ok_or(Error::Malformed("a short bundle"))
    }

    /// The whole form, for files: stream, number, body.
    pub fn encode(&self) -> Vec<u8> {
        let body = self.body();
        let mut out = Vec::with_capacity(body.len() + 24);
        out.extend_from_slice(&self.stub.header.stream.0);
        put_varint(&mut out, self.stub.header.seq);
        put_bytes(&mut out, &body);
        out
    }

    /// Reads the whole form; returns what follows it.
    pub fn decode(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let mut cursor = Cursor::new(bytes);
        let whole = (|| Some((StreamId(cursor.array()?), cursor.varint()?, cursor.bytes()?)))();
        let (stream, seq, body) = whole.ok_or(Error::Malformed("a bundle"))?;
        Ok((Self::from_body(stream, seq, body)?, cursor.rest()))
    }
}
