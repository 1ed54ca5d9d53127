//! What organisations say about membership, signed.

use crate::card::{Card, get_key, hash_16};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use twin_link::Revocation;
use twin_link::bytes::{Cursor, put_signed, put_varint};
use twin_model::Time;

const VERSION: u8 = 1;
const VOUCH_CONTEXT: &[u8] = b"twinternet exchange 1 vouch";
const SLOT_CONTEXT: &str = "twinternet exchange 1 slot";
const CARD: u8 = 1;
const VOUCH: u8 = 2;
const REVOCATION: u8 = 3;

/// Bytes of a revocation that fit into a bundle beside other things.
pub const REVOCATION_BYTES_MAX: usize = 60_000;

/// Why a statement is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Bytes that are not a statement.
    #[error("the bytes are not a statement about members of a known version")]
    Malformed,
    /// A signature that the stated organisation did not make.
    #[error("the statement is not signed by the organisation that it names")]
    Signature,
    /// A limit of the roster.
    #[error("there are more statements than are kept")]
    TooMany,
}

/// Whether an organisation stands for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stance {
    /// It belongs.
    Admits = 1,
    /// It does not, or no longer. About oneself: leaves.
    Removes = 2,
}

/// An organisation's signed word about another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vouch {
    /// Whose word it is.
    pub by: VerifyingKey,
    /// About which organisation.
    pub subject: VerifyingKey,
    /// What it says.
    pub stance: Stance,
    /// Which of its words; a higher one counts.
    pub serial: u64,
    /// When it was signed; to be shown, decides nothing.
    pub issued: Time,
    signature: Signature,
}

impl Vouch {
    /// Signs with the organisation's key.
    pub fn sign(
        by: &SigningKey,
        subject: VerifyingKey,
        stance: Stance,
        serial: u64,
        issued: Time,
    ) -> Self {
        let mut vouch = Self {
            by: by.verifying_key(),
            subject,
            stance,
            serial,
            issued,
            signature: Signature::from_bytes(&[0; 64]),
        };
        vouch.signature = by.sign(&vouch.message());
        vouch
    }

    /// Whether the stated organisation signed it.
    pub fn verify(&self) -> Result<(), Refused> {
        self.by
            .verify_strict(&self.message(), &self.signature)
            .map_err(|_| Refused::Signature)
    }

    /// What counts more comes later in this order.
    pub(super) fn weight(&self) -> (u64, Stance, Vec<u8>) {
        (self.serial, self.stance, self.encode())
    }

    fn message(&self) -> Vec<u8> {
        let mut out = VOUCH_CONTEXT.to_vec();
        self.put_fields(&mut out);
        out
    }

    fn put_fields(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[VERSION, self.stance as u8]);
        out.extend_from_slice(self.by.as_bytes());
        out.extend_from_slice(self.subject.as_bytes());
        put_varint(out, self.serial);
        put_signed(out, self.issued.0);
    }

    /// The form that travels.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(152);
        self.put_fields(&mut out);
        out.extend_from_slice(&self.signature.to_bytes());
        out
    }

    /// Reads the form that travels. The signature is not checked: see [`Self::verify`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Refused> {
        let mut cursor = Cursor::new(bytes);
        Self::get(&mut cursor)
            .filter(|_| cursor.is_empty())
            .ok_or(Refused::Malformed)
    }

    fn get(cursor: &mut Cursor<'_>) -> Option<Self> {
        cursor.u8().filter(|&version| version == VERSION)?;
        let stance = match cursor.u8()? {
            1 => Stance::Admits,
            2 => Stance::Removes,
            _ => return None,
        };
        Some(Self {
            stance,
            by: get_key(cursor)?,
            subject: get_key(cursor)?,
            serial: cursor.varint()?,
            issued: Time(cursor.signed()?),
            signature: Signature::from_bytes(&cursor.array()?),
        })
    }
}

/// The place of a statement among those that are kept: a newer one in the same slot
/// replaces it. Serves as the key of a row.
pub type Slot = [u8; 17];

/// Anything that is said about membership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// Who an organisation is, and which node is its.
    Card(Box<Card>),
    /// That an organisation stands for another, or no longer does.
    Vouch(Vouch),
    /// That a node is no longer its organisation's.
    Revocation(Revocation),
}

impl Statement {
    /// The payload section of the link in which statements travel.
    pub const SECTION: u64 = 9;

    /// The organisation that says it.
    pub fn by(&self) -> &VerifyingKey {
        match self {
            Self::Card(card) => &card.authority,
            Self::Vouch(vouch) => &vouch.by,
            Self::Revocation(revocation) => &revocation.authority,
        }
    }

    /// What it is about: a node or an organisation.
    pub(super) fn about(&self) -> [u8; 32] {
        match self {
            Self::Card(card) => card.node.to_bytes(),
            Self::Vouch(vouch) => vouch.subject.to_bytes(),
            Self::Revocation(revocation) => revocation.node.to_bytes(),
        }
    }

    /// Where it is kept.
    pub fn slot(&self) -> Slot {
        slot(self.kind(), &self.by().to_bytes(), &self.about())
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Card(_) => CARD,
            Self::Vouch(_) => VOUCH,
            Self::Revocation(_) => REVOCATION,
        }
    }

    /// Whether the stated organisation signed it, and it is not too long.
    pub fn verify(&self) -> Result<(), Refused> {
        match self {
            Self::Card(card) => card.verify().map_err(|_| Refused::Signature),
            Self::Vouch(vouch) => vouch.verify(),
            Self::Revocation(revocation) if self.encode().len() <= REVOCATION_BYTES_MAX => {
                revocation.verify().map_err(|_| Refused::Signature)
            }
            Self::Revocation(_) => Err(Refused::TooMany),
        }
    }

    /// The form that travels and is kept.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![self.kind()];
        out.extend(match self {
            Self::Card(card) => card.encode(),
            Self::Vouch(vouch) => vouch.encode(),
            Self::Revocation(revocation) => revocation.encode(),
        });
        out
    }

    /// Reads it. The signature is not checked: see [`Self::verify`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Refused> {
        let (&kind, body) = bytes.split_first().ok_or(Refused::Malformed)?;
        match kind {
            CARD => Card::decode(body).ok().map(|card| Self::Card(card.into())),
            VOUCH => Vouch::decode(body).ok().map(Self::Vouch),
            REVOCATION => Revocation::decode(body).ok().map(Self::Revocation),
            _ => None,
        }
        .ok_or(Refused::Malformed)
    }
}

fn slot(kind: u8, by: &[u8; 32], about: &[u8; 32]) -> Slot {
    let mut slot = [kind; 17];
    slot[1..].copy_from_slice(&hash_16(SLOT_CONTEXT, &[&by[..], about].concat()));
    slot
}
