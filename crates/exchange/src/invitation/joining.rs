//! The side that joins.

use super::message::{Message, Request, answer_context, message, request_context, within};
use super::{Code, Refused, VERSION};
use crate::card::{Card, Fingerprint, Secrets, get_key};
use crate::members::{Stance, Statement, Vouch};
use ed25519_dalek::VerifyingKey;
use std::fmt;
use twin_link::bytes::{Cursor, put_bytes};
use twin_model::Time;
use zeroize::Zeroizing;

/// The joining side, while it waits for the answer. To be kept until [`Self::finish`] has
/// succeeded, so that after a crash the same request can be sent again, and deleted then.
#[derive(Clone, PartialEq, Eq)]
pub struct Joining {
    inviter: VerifyingKey,
    key: Zeroizing<[u8; 32]>,
    own: VerifyingKey,
    request: Vec<u8>,
}

impl fmt::Debug for Joining {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joining")
            .field("inviter", &Fingerprint::of(&self.inviter))
            .finish_non_exhaustive()
    }
}

impl Joining {
    /// Begins to join. `serial` is that of our next statement.
    ///
    /// ```
    /// use twin_exchange::card::{Particulars, Secrets};
    /// use twin_exchange::invitation::{Code, Invitation, Joining};
    /// use twin_model::Time;
    /// let organisation = |n: u8, name: &str| {
    ///     let secrets = Secrets::draw(&mut |bytes| bytes.fill(n));
    ///     let particulars = Particulars {
    ///         name: name.into(),
    ///         title: name.into(),
    ///         certificate: vec![0x30],
    ///         addresses: vec![format!("{name}.example:8443")],
    ///     };
    ///     let card = secrets.card(particulars, 1, Time(0)).unwrap();
    ///     (secrets, card)
    /// };
    /// let (tower, tower_card) = organisation(1, "tower");
    /// let (brigade, brigade_card) = organisation(2, "brigade");
    ///
    /// let (mut invitation, code) = Invitation::issue(&tower_card, "brigade", [9; 16], Time(0))?;
    /// let code = Code::parse(&code.text())?;
    /// let joining = Joining::begin(&code, &brigade, &brigade_card, 2, Time(1))?;
    /// let admitted = invitation.admit(joining.request(), &tower, &tower_card, 2, Time(2))?;
    /// let joined = joining.finish(&admitted.answer)?;
    /// assert_eq!((admitted.statements.len(), joined.len()), (3, 3));
    /// # Ok::<(), twin_exchange::invitation::Refused>(())
    /// ```
    pub fn begin(
        code: &Code,
        secrets: &Secrets,
        own: &Card,
        serial: u64,
        now: Time,
    ) -> Result<Self, Refused> {
        if code.authority == own.authority {
            return Err(Refused::Own);
        }
        let admits = Vouch::sign(
            &secrets.authority(),
            code.authority,
            Stance::Admits,
            serial,
            now,
        );
        let (id, key) = (code.id(), code.key());
        let before = request_context(&code.authority, &id);
        let request = message(&key, &before, own, &admits);
        Ok(Self {
            inviter: code.authority,
            key,
            own: own.authority,
            request: [&[VERSION][..], &id, &request].concat(),
        })
    }

    /// What is to be sent to who invites.
    pub fn request(&self) -> &[u8] {
        &self.request
    }

    /// Who invites.
    pub fn inviter(&self) -> &VerifyingKey {
        &self.inviter
    }

    /// Takes the answer: the other's card, its admission of us, and ours of it.
    pub fn finish(&self, answer: &[u8]) -> Result<Vec<Statement>, Refused> {
        let answer = within(answer)?;
        let (_, rest) = answer
            .split_first()
            .filter(|&(&version, _)| version == VERSION)
            .ok_or(Refused::Malformed)?;
        let answer = Message::decode(rest)?;
        let hash = blake3::hash(&self.request);
        let before = answer_context(hash.as_bytes());
        if answer.card.authority != self.inviter {
            return Err(Refused::OtherOrganisation);
        }
        answer.check(&self.key, &self.own, &before)?;
        let ours = Request::decode(&self.request)?.message.vouch;
        Ok(vec![
            Statement::Card(answer.card.into()),
            Statement::Vouch(answer.vouch),
            Statement::Vouch(ours),
        ])
    }

    /// The form for the disk.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(self.request.len() + 128));
        out.push(VERSION);
        out.extend_from_slice(self.inviter.as_bytes());
        out.extend_from_slice(&*self.key);
        out.extend_from_slice(self.own.as_bytes());
        put_bytes(&mut out, &self.request);
        out
    }

    /// Reads the form for the disk.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        cursor.u8().filter(|&version| version == VERSION)?;
        let joining = Self {
            inviter: get_key(&mut cursor)?,
            key: Zeroizing::new(cursor.array()?),
            own: get_key(&mut cursor)?,
            request: cursor.bytes()?.to_vec(),
        };
        cursor.is_empty().then_some(joining)
    }
}
