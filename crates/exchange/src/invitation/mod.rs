//! How two organisations come to know each other: one invites, the other joins.
//!
//! The tower's owner makes a code and gives it to the brigade, by telephone, on paper or as
//! a picture. The brigade enters it, and from then on each has the other's card and has
//! admitted it. Whoever hears of the code later can do nothing with it, and nobody on the
//! way can slip in a card of their own.
//!
//! Drawn in `docs/formats/belonging.md`.

mod code;
mod joining;
mod message;
mod text;

pub use code::Code;
pub use joining::Joining;

use crate::card::{self, Card, Secrets};
use crate::members::{Stance, Statement, Vouch};
use message::{Request, answer_context, message, request_context};
use std::fmt;
use twin_link::OriginId;
use twin_link::bytes::{Cursor, put_bytes, put_signed};
use twin_model::Time;
use twin_model::time::MICROS;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const ID_CONTEXT: &str = "twinternet exchange 1 invitation";
const KEY_CONTEXT: &str = "twinternet exchange 1 invitation key";
const REQUEST_CONTEXT: &[u8] = b"twinternet exchange 1 request";
const ANSWER_CONTEXT: &[u8] = b"twinternet exchange 1 answer";
const OPEN: u8 = 1;
const USED: u8 = 2;

/// Bytes of the secret in a code.
pub const SECRET_BYTES: usize = 16;
/// How long an invitation is open.
pub const LIFE_S: i64 = 24 * 3600;
/// Bytes of a request or an answer.
pub const MESSAGE_BYTES_MAX: usize = 4096;
/// Bytes of the note by which people tell invitations apart.
pub const NOTE_BYTES_MAX: usize = 120;

/// Why an invitation does not lead to anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Text that is no code at all.
    #[error("this is not an invitation code; one begins with `TWIN1`")]
    NotACode,
    /// A code of a later version.
    #[error("the code was made by a later version than this one")]
    Later,
    /// The end is missing.
    #[error("the code is not complete; copy it again, from `TWIN1` to its end")]
    Incomplete,
    /// The check does not fit.
    #[error("the code was changed on the way; copy it again, or look for a mistyped letter")]
    Mistyped,
    /// It was not used within a day.
    #[error("the invitation has expired; ask for a new one")]
    Expired,
    /// Another organisation has used it.
    #[error("the invitation has been used already; ask for a new one")]
    Used,
    /// Not made here, or withdrawn.
    #[error("no such invitation was made here")]
    Unknown,
    /// The other side does not have the secret of the code.
    #[error("the other side does not prove that it has the code")]
    Proof,
    /// The organisation's own code.
    #[error("this is the organisation's own invitation")]
    Own,
    /// An answer by somebody else than who made the code.
    #[error("another organisation answered than the one that made the code")]
    OtherOrganisation,
    /// The statement is not the admission that is needed.
    #[error("the other side did not admit this organisation")]
    NotAdmitted,
    /// Bytes that are not a request or an answer.
    #[error("the bytes are not a message of a known version about an invitation")]
    Malformed,
    /// A card that is not good.
    #[error(transparent)]
    Card(#[from] card::Error),
    /// Too long a note, or no address that fits into a code.
    #[error("{0} is too long for an invitation")]
    TooLong(&'static str),
}

#[derive(Clone, PartialEq, Eq)]
enum State {
    Open(Zeroizing<[u8; 32]>),
    Used {
        request: [u8; 32],
        by: OriginId,
        answer: Vec<u8>,
    },
}

/// An invitation, as the organisation that made it keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    /// By which requests name it.
    pub id: [u8; 16],
    /// When it was made.
    pub issued: Time,
    /// When it expires.
    pub expires: Time,
    /// For whom it was meant, in the words of who made it.
    pub note: String,
    state: State,
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitation")
            .field("note", &self.note)
            .field("expires", &self.expires)
            .field("used_by", &self.used_by())
            .finish_non_exhaustive()
    }
}

/// What an invitation came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// To be sent back, once what follows is durable.
    pub answer: Vec<u8>,
    /// The other's card, its admission of us, and ours of it. Empty if the same request was
    /// answered before.
    pub statements: Vec<Statement>,
    /// The other's node.
    pub origin: OriginId,
}

impl Invitation {
    /// Makes an invitation by the organisation with this card. `secret` is drawn at random.
    pub fn issue(
        card: &Card,
        note: &str,
        secret: [u8; SECRET_BYTES],
        now: Time,
    ) -> Result<(Self, Code), Refused> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(Refused::TooLong("the note"));
        }
        // Whole minutes, as the code states them.
        let expires = (now.0 + LIFE_S * MICROS).div_euclid(60 * MICROS) * 60 * MICROS;
        let code = Code {
            authority: card.authority,
            expires: Time(expires),
            addresses: code::fitting(&card.particulars.addresses)?,
            secret: Zeroizing::new(secret),
        };
        let invitation = Self {
            id: code.id(),
            issued: now,
            expires: code.expires,
            note: note.to_owned(),
            state: State::Open(code.key()),
        };
        Ok((invitation, code))
    }

    /// The node that used it, if one did.
    pub fn used_by(&self) -> Option<OriginId> {
        match self.state {
            State::Open(_) => None,
            State::Used { by, .. } => Some(by),
        }
    }

    /// The invitation that a request names.
    pub fn named_in(request: &[u8]) -> Result<[u8; 16], Refused> {
        Ok(Request::decode(request)?.invitation)
    }

    /// Admits who asks with this request. `serial` is that of our next statement.
    pub fn admit(
        &mut self,
        request: &[u8],
        secrets: &Secrets,
        own: &Card,
        serial: u64,
        now: Time,
    ) -> Result<Admitted, Refused> {
        let hash = *blake3::hash(request).as_bytes();
        let asks = Request::decode(request)?;
        if asks.invitation != self.id {
            return Err(Refused::Unknown);
        }
        let key = match &self.state {
            State::Used {
                request,
                by,
                answer,
            } if *request == hash => {
                return Ok(Admitted {
                    answer: answer.clone(),
                    statements: Vec::new(),
                    origin: *by,
                });
            }
            State::Used { .. } => return Err(Refused::Used),
            State::Open(_) if now > self.expires => return Err(Refused::Expired),
            State::Open(key) => key,
        };
        let before = request_context(&own.authority, &self.id);
        asks.message.check(key, &own.authority, &before)?;
        let other = asks.message.card;
        let ours = Vouch::sign(
            &secrets.authority(),
            other.authority,
            Stance::Admits,
            serial,
            now,
        );
        let answer = message(key, &answer_context(&hash), own, &ours);
        let answer = [&[VERSION][..], &answer].concat();
        let origin = other.origin();
        self.state = State::Used {
            request: hash,
            by: origin,
            answer: answer.clone(),
        };
        let statements = vec![
            Statement::Card(other.into()),
            Statement::Vouch(asks.message.vouch),
            Statement::Vouch(ours),
        ];
        Ok(Admitted {
            answer,
            statements,
            origin,
        })
    }

    /// The form for the disk.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(256));
        out.push(VERSION);
        out.extend_from_slice(&self.id);
        put_signed(&mut out, self.issued.0);
        put_signed(&mut out, self.expires.0);
        put_bytes(&mut out, self.note.as_bytes());
        match &self.state {
            State::Open(key) => {
                out.push(OPEN);
                out.extend_from_slice(&**key);
            }
            State::Used {
                request,
                by,
                answer,
            } => {
                out.push(USED);
                out.extend_from_slice(request);
                out.extend_from_slice(&by.0);
                put_bytes(&mut out, answer);
            }
        }
        out
    }

    /// Reads the form for the disk.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        cursor.u8().filter(|&version| version == VERSION)?;
        let invitation = Self {
            id: cursor.array()?,
            issued: Time(cursor.signed()?),
            expires: Time(cursor.signed()?),
            note: cursor.text()?.to_owned(),
            state: match cursor.u8()? {
                OPEN => State::Open(Zeroizing::new(cursor.array()?)),
                USED => State::Used {
                    request: cursor.array()?,
                    by: OriginId(cursor.array()?),
                    answer: cursor.bytes()?.to_vec(),
                },
                _ => return None,
            },
        };
        cursor.is_empty().then_some(invitation)
    }
}
