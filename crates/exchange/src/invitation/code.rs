//! The code: what one organisation gives to another so that it can join.

use super::{ID_CONTEXT, KEY_CONTEXT, Refused, SECRET_BYTES, text};
use crate::card::{Fingerprint, get_key, hash_16, is_address};
use ed25519_dalek::VerifyingKey;
use std::fmt;
use twin_link::bytes::{Cursor, put_bytes};
use twin_model::Time;
use twin_model::time::MICROS;
use zeroize::Zeroizing;

/// What the organisation that invites gives to the one that is to join.
#[derive(Clone, PartialEq, Eq)]
pub struct Code {
    /// Who invites.
    pub authority: VerifyingKey,
    /// When it expires, by the clock of who invites.
    pub expires: Time,
    /// Where who invites can be reached.
    pub addresses: Vec<String>,
    pub(super) secret: Zeroizing<[u8; SECRET_BYTES]>,
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Code")
            .field("inviter", &self.fingerprint())
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

impl Code {
    /// The fingerprint of who invites, to be compared by people.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.authority)
    }

    /// The text that is handed over.
    pub fn text(&self) -> Zeroizing<String> {
        let mut out = Zeroizing::new(Vec::with_capacity(text::BYTES_MAX));
        out.extend_from_slice(self.authority.as_bytes());
        out.extend_from_slice(&*self.secret);
        let minutes = self.expires.0.div_euclid(60 * MICROS);
        let minutes = u32::try_from(minutes).unwrap_or(0);
        out.extend_from_slice(&minutes.to_le_bytes());
        for address in &self.addresses {
            put_bytes(&mut out, address.as_bytes());
        }
        text::encode(&out)
    }

    /// Reads the text, however it was spaced.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let body = text::decode(text)?;
        Self::get(&mut Cursor::new(&body)).ok_or(Refused::Mistyped)
    }

    fn get(cursor: &mut Cursor<'_>) -> Option<Self> {
        let authority = get_key(cursor)?;
        let secret = Zeroizing::new(cursor.array()?);
        let minutes = u32::from_le_bytes(cursor.array()?);
        let mut addresses = Vec::new();
        while !cursor.is_empty() {
            let address = cursor.text().filter(|a| is_address(a))?;
            addresses.push(address.to_owned());
        }
        Some(Self {
            authority,
            expires: Time(i64::from(minutes) * 60 * MICROS),
            addresses,
            secret,
        })
    }

    pub(super) fn id(&self) -> [u8; 16] {
        hash_16(ID_CONTEXT, &*self.secret)
    }

    pub(super) fn key(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(blake3::derive_key(KEY_CONTEXT, &*self.secret))
    }
}

/// As many addresses as there is room for, in their order.
pub(super) fn fitting(addresses: &[String]) -> Result<Vec<String>, Refused> {
    let mut room = text::BYTES_MAX - (1 + 32 + SECRET_BYTES + 4 + text::CHECK_BYTES);
    let fits = |address: &&String| {
        let does = address.len() < room;
        room -= if does { address.len() + 1 } else { 0 };
        does
    };
    let fitting: Vec<String> = addresses.iter().filter(fits).cloned().collect();
    if fitting.is_empty() && !addresses.is_empty() {
        return Err(Refused::TooLong("every address"));
    }
    Ok(fitting)
}
