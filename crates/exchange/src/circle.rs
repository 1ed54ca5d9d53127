//! The organisations that this node knows, as far as reading and writing need to know them.

use crate::audience;
use crate::card::{Fingerprint, Secrets};
use crate::members::Roster;
use ed25519_dalek::SigningKey;
use std::collections::BTreeMap;
use twin_link::{Audience, Members, OriginId, ReaderSecret, Recipient, Revocation};

/// Who we are when we write and read.
#[derive(Clone)]
pub(crate) struct Oneself {
    pub(crate) origin: OriginId,
    pub(crate) stream_secret: [u8; 32],
    pub(crate) node: SigningKey,
    pub(crate) reader: ReaderSecret,
    /// The nodes that we were before, the oldest first.
    pub(crate) retired: Vec<Retired>,
}

/// A node that we were until it got new keys.
#[derive(Clone)]
pub(crate) struct Retired {
    pub(crate) origin: OriginId,
    stream_secret: [u8; 32],
    node: SigningKey,
    pub(crate) reader: ReaderSecret,
}

impl Oneself {
    pub(crate) fn of(secrets: &Secrets, retired: &[Secrets]) -> Self {
        let retired = retired.iter().map(|secrets| Retired {
            origin: secrets.origin(),
            stream_secret: *secrets.stream_secret(),
            node: secrets.node(),
            reader: secrets.reader(),
        });
        Self {
            origin: secrets.origin(),
            stream_secret: *secrets.stream_secret(),
            node: secrets.node(),
            reader: secrets.reader(),
            retired: retired.collect(),
        }
    }

    /// Every name that we have had, the present one last.
    pub(crate) fn origins(&self) -> impl Iterator<Item = OriginId> + '_ {
        let retired = self.retired.iter().map(|retired| retired.origin);
        retired.chain([self.origin])
    }

    /// From which the keys of streams derive that we wrote under a name, unless it is too long
    /// ago.
    pub(crate) fn stream_secret_of(&self, origin: OriginId) -> Option<&[u8; 32]> {
        let retired = self.retired.iter().find(|retired| retired.origin == origin);
        let present = (origin == self.origin).then_some(&self.stream_secret);
        retired.map(|retired| &retired.stream_secret).or(present)
    }

    /// The key that signs grants to streams which we wrote under a name.
    pub(crate) fn node_of(&self, origin: OriginId) -> &SigningKey {
        let retired = self.retired.iter().find(|retired| retired.origin == origin);
        retired.map_or(&self.node, |retired| &retired.node)
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
    /// The organisation, whatever keys its node has.
    pub(crate) organisation: Fingerprint,
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
    /// Of keys that were taken back.
    pub(crate) revocations: Vec<Revocation>,
}

impl Circle {
    pub(crate) fn of(us: OriginId, roster: &Roster) -> Self {
        let mut members = roster.to_link();
        members.remove(&us);
        let known = members.keys().filter_map(|&origin| {
            let view = roster.member(origin)?;
            let known = Known {
                name: view.card.name().to_owned(),
                organisation: view.card.fingerprint(),
                recipient: view.card.recipient.clone(),
                is_peer: view.is_peer(),
                is_retired: view.is_retired,
            };
            Some((origin, known))
        });
        let revocations = members.keys().filter_map(|&origin| roster.member(origin));
        let revocations = revocations.filter_map(|view| view.revocation.cloned());
        Self {
            us,
            revocations: revocations.collect(),
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
