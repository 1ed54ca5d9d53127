//! Request and answer: a card, an admission, and the proof that whoever sends them has the
//! code.

use super::{ANSWER_CONTEXT, MESSAGE_BYTES_MAX, REQUEST_CONTEXT, Refused, VERSION};
use crate::card::Card;
use crate::members::{Stance, Vouch};
use ed25519_dalek::VerifyingKey;
use twin_link::bytes::{Cursor, put_bytes};

/// What request and answer have in common: a card, an admission, and the proof of both.
pub(super) struct Message {
    pub(super) card: Card,
    pub(super) vouch: Vouch,
    fields: Vec<u8>,
    proof: [u8; 32],
}

pub(super) fn request_context(inviter: &VerifyingKey, id: &[u8; 16]) -> Vec<u8> {
    [REQUEST_CONTEXT, inviter.as_bytes(), &[VERSION], id].concat()
}

pub(super) fn answer_context(request: &[u8; 32]) -> Vec<u8> {
    [ANSWER_CONTEXT, request, &[VERSION]].concat()
}

/// The bytes of a message. `before` is what the proof covers besides.
pub(super) fn message(key: &[u8; 32], before: &[u8], card: &Card, vouch: &Vouch) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    put_bytes(&mut out, &card.encode());
    put_bytes(&mut out, &vouch.encode());
    let proof = prove(key, before, &out);
    out.extend_from_slice(proof.as_bytes());
    out
}

fn prove(key: &[u8; 32], before: &[u8], fields: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(before).update(fields);
    hasher.finalize()
}

impl Message {
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Refused> {
        let mut cursor = Cursor::new(bytes);
        let parts = (|| Some((cursor.bytes()?, cursor.bytes()?, cursor.array()?)))();
        let (card, vouch, proof) = parts.ok_or(Refused::Malformed)?;
        if !cursor.is_empty() {
            return Err(Refused::Malformed);
        }
        Ok(Self {
            card: Card::decode(card)?,
            vouch: Vouch::decode(vouch).map_err(|_| Refused::Malformed)?,
            fields: bytes[..bytes.len() - proof.len()].to_vec(),
            proof,
        })
    }

    /// Whether the other side has the secret, and its card and admission are in order.
    pub(super) fn check(
        &self,
        key: &[u8; 32],
        own: &VerifyingKey,
        before: &[u8],
    ) -> Result<(), Refused> {
        // Hashes are compared in constant time.
        if prove(key, before, &self.fields) != blake3::Hash::from_bytes(self.proof) {
            return Err(Refused::Proof);
        }
        self.card.verify()?;
        let vouch = &self.vouch;
        let is_admission = vouch.by == self.card.authority
            && vouch.subject == *own
            && vouch.stance == Stance::Admits
            && vouch.verify().is_ok();
        is_admission.then_some(()).ok_or(Refused::NotAdmitted)
    }
}

pub(super) struct Request {
    pub(super) invitation: [u8; 16],
    pub(super) message: Message,
}

impl Request {
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Refused> {
        let mut cursor = Cursor::new(within(bytes)?);
        let version = cursor.u8().filter(|&version| version == VERSION);
        let invitation = version.and_then(|_| cursor.array());
        Ok(Self {
            invitation: invitation.ok_or(Refused::Malformed)?,
            message: Message::decode(cursor.rest())?,
        })
    }
}

pub(super) fn within(bytes: &[u8]) -> Result<&[u8], Refused> {
    (bytes.len() <= MESSAGE_BYTES_MAX)
        .then_some(bytes)
        .ok_or(Refused::Malformed)
}
