//! The organisations that this node knows, as far as reading and writing need to know them.

use crate::audience;
use crate::card::Secrets;
use crate::members::Roster;
use ed25519_dalek::SigningKey;
use std::collections::BTreeMap;
use twin_link::{Audience, Members, OriginId, ReaderSecret, Recipient};

/// Who we are when we write and read.
#[derive(Clone)]
pub(crate) struct Oneself {
    pub(crate) origin: OriginId,
    pub(crate) stream_secret: [u8; 32],
    pub(crate) node: SigningKey,
    pub(crate) reader: ReaderSecret,
}

impl Oneself {
    pub(crate) fn of(secrets: &Secrets) -> Self {
        Self {
            origin: secrets.origin(),
            stream_secret: *secrets.stream_secret(),
            node: secrets.node(),
            reader: secrets.reader(),
        }
    }
}

impl std::fmt::Debug for Oneself {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Oneself")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// A node of another organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) recipient: Recipient,
    /// We admitted its organisation ourselves.
    pub(crate) is_peer: bool,
    /// Its organisation has another node now: what it wrote is read, nothing is told to it.
    pub(crate) is_retired: bool,
}

/// Everybody who belongs, oneself left out.
#[derive(Debug, Clone)]
pub(crate) struct Circle {
    us: OriginId,
    pub(crate) known: BTreeMap<OriginId, Known>,
    /// The keys by which others' words are recognised.
    pub(crate) members: Members,
}

impl Circle {
    pub(crate) fn of(us: OriginId, roster: &Roster) -> Self {
        let mut members = roster.to_link();
        members.remove(&us);
        let known = members.keys().filter_map(|&origin| {
            let view = roster.member(origin)?;
            let known = Known {
                name: view.card.name().to_owned(),
                recipient: view.card.recipient.clone(),
                is_peer: view.is_peer(),
                is_retired: view.is_retired,
            };
            Some((origin, known))
        });
        Self {
            us,
            known: known.collect(),
            members: members.clone(),
        }
    }

    /// Whether somebody reads what we write for an audience.
    pub(crate) fn is_reader(&self, origin: OriginId, to: Audience) -> bool {
        let known = self.known.get(&origin).filter(|known| !known.is_retired);
        known.is_some_and(|known| {
            to == audience::of_members()
                || (known.is_peer && to == audience::of_peer(self.us, origin))
        })
    }

    /// Who reads what we write for an audience.
    pub(crate) fn readers(&self, to: Audience) -> Vec<&Recipient> {
        let readers = self
            .known
            .iter()
            .filter(|(origin, _)| self.is_reader(**origin, to));
        readers.map(|(_, known)| &known.recipient).collect()
    }
}
