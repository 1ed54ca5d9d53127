//! The reading end: opens what is meant for this node, and hands each bundle to the
//! application once.
//!
//! A bundle that cannot be read yet waits, on disk, for its key or for the bundle that
//! names its topics; nothing else waits for it.

use crate::bundle::Bundle;
use crate::error::Error;
use crate::id::{OriginId, StreamId};
use crate::keys::{Grant, Granted, ReaderSecret, Recipient, Scope, SecretKey};
use crate::limits::{EPOCHS_READ_MAX, KEYS_MAX};
use crate::opening::Identity;
use crate::payload::{Payload, Record, Topics};
use crate::ranges::Ranges;
use crate::replica::Stream;
use crate::revocation::Revocation;
use ed25519_dalek::VerifyingKey;
use std::collections::{BTreeMap, BTreeSet};

/// One node in the member list.
#[derive(Debug, Clone)]
pub struct Member {
    /// The key that signs its grants.
    pub node: VerifyingKey,
    /// The key of its organisation, which may revoke the node's.
    pub authority: VerifyingKey,
    /// What others seal grants to.
    pub recipient: Recipient,
}

/// Everyone whose word counts.
pub type Members = BTreeMap<OriginId, Member>;

/// A person, and what is said of it if it can be read.
type Opened = (u64, Result<Vec<Record>, Error>);

/// What became of a bundle.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Who wrote it; `None` for plain bundles, whose content proves itself.
    pub identity: Option<Identity>,
    /// What it says.
    pub payload: Payload,
    /// What it says about persons whose keys are here.
    pub personal: Vec<(u64, Vec<Record>)>,
    /// Persons whom the origin of the stream has erased: their keys are destroyed here, and
    /// what the application made of what it was told of them is to be erased too.
    pub erased: BTreeSet<u64>,
    /// Bundles that had to wait may be readable now.
    pub unlocks: bool,
    /// The keys that were granted to this node in it.
    pub granted: Vec<(StreamId, Scope)>,
    /// The epoch whose topics the records refer to.
    pub epoch: u64,
}

/// Reads streams for one node.
#[derive(Debug, Clone)]
pub struct Reader {
    secret: ReaderSecret,
    /// What the node read with before it got new keys.
    retired: Vec<ReaderSecret>,
    members: Members,
    keys: BTreeMap<(StreamId, Scope), SecretKey>,
    identities: BTreeMap<StreamId, Identity>,
    topics: BTreeMap<(StreamId, u64), Topics>,
    delivered: BTreeMap<StreamId, Ranges>,
    erased: BTreeSet<(StreamId, u64)>,
    /// How far the streams of nodes are believed whose keys were taken back.
    revoked: BTreeMap<[u8; 32], BTreeMap<StreamId, u64>>,
}

impl Reader {
    /// A reader that has read nothing.
    pub fn new(secret: ReaderSecret, members: Members) -> Self {
        Self {
            secret,
            retired: Vec::new(),
            members,
            keys: BTreeMap::new(),
            identities: BTreeMap::new(),
            topics: BTreeMap::new(),
            delivered: BTreeMap::new(),
            erased: BTreeSet::new(),
            revoked: BTreeMap::new(),
        }
    }

    /// The same after a restart: `delivered` is what the application has, which it stores
    /// together with what it made of it, and `erased` the keys that were destroyed. Other
    /// keys and topics come back by reading again.
    pub fn after_restart(
        mut self,
        delivered: BTreeMap<StreamId, Ranges>,
        erased: BTreeSet<(StreamId, u64)>,
    ) -> Self {
        self.delivered = delivered;
        self.erased = erased;
        self
    }

    /// The node has new keys; what was granted to the old ones is still read.
    pub fn renew(&mut self, secret: ReaderSecret) {
        self.retired
            .push(std::mem::replace(&mut self.secret, secret));
    }

    /// The persons' keys that were destroyed here, by stream and number.
    pub fn erased(&self) -> &BTreeSet<(StreamId, u64)> {
        &self.erased
    }

    /// What the application has.
    pub fn delivered(&self) -> &BTreeMap<StreamId, Ranges> {
        &self.delivered
    }

    /// Who writes a stream, if this node is one of its readers.
    pub fn identity(&self, stream: StreamId) -> Option<&Identity> {
        self.identities.get(&stream)
    }

    /// Whether a key is here.
    pub fn has_key(&self, stream: StreamId, scope: Scope) -> bool {
        self.keys.contains_key(&(stream, scope))
    }

    /// Other members' words count from now on. Grants of those who are new have to be read
    /// again: [`Self::reread`].
    pub fn set_members(&mut self, members: Members) {
        self.members = members;
    }

    /// The topics that records of an epoch of a stream refer to.
    pub fn topics(&self, stream: StreamId, epoch: u64) -> Option<&Topics> {
        self.topics.get(&(stream, epoch))
    }

    /// The bundles that are held and not delivered yet.
    pub fn waiting(&self, id: StreamId, stream: &Stream) -> Vec<u64> {
        let none = Ranges::default();
        let delivered = self.delivered.get(&id).unwrap_or(&none);
        let held = stream.all_held().filter(|(_, held)| !held.is_stub);
        held.map(|(seq, _)| seq)
            .filter(|&seq| !delivered.contains(seq))
            .collect()
    }

    /// Opens a bundle that the replica holds. [`Error::Known`] if the application has it,
    /// [`Error::NoKey`] or [`Error::UnknownTopic`] if it must wait, also for the key of a
    /// person: what is handed over once must be whole.
    pub fn read(&mut self, bundle: &Bundle, stream: &Stream) -> Result<Delivery, Error> {
        let header = bundle.header();
        if stream.fork().is_some() {
            return Err(Error::Forked);
        }
        let known = self.delivered.get(&header.stream);
        if known.is_some_and(|delivered| delivered.contains(header.seq)) {
            return Err(Error::Known);
        }
        self.check_trust(header.stream, header.seq)?;
        let delivery = self.open(bundle)?;
        if self.lacks_person(header.stream, &delivery.payload) {
            return Err(Error::NoKey);
        }
        let lacks_topic = |opened: &Opened| opened.1 == Err(Error::UnknownTopic);
        if self
            .try_personal(bundle, &delivery.payload)
            .any(|opened| lacks_topic(&opened))
        {
            return Err(Error::UnknownTopic);
        }
        let delivered = self.delivered.entry(header.stream).or_default();
        delivered.insert(header.seq, header.seq);
        Ok(delivery)
    }

    /// Whether it speaks of a person whose key has not come and was not destroyed.
    fn lacks_person(&self, stream: StreamId, payload: &Payload) -> bool {
        payload.personal.iter().any(|personal| {
            let is_erased = self.erased.contains(&(stream, personal.subject));
            !is_erased && !self.has_key(stream, Scope::Subject(personal.subject))
        })
    }

    /// Learns keys and topics from a bundle that was delivered before a restart.
    pub fn reread(&mut self, bundle: &Bundle) -> Result<Delivery, Error> {
        self.open(bundle)
    }

    fn open(&mut self, bundle: &Bundle) -> Result<Delivery, Error> {
        let header = bundle.header();
        if !header.is_readable() {
            return Err(Error::Later);
        }
        let plaintext = if header.is_plain() {
            bundle.content().to_vec()
        } else {
            let scope = Scope::Epoch(header.epoch);
            let key = self.keys.get(&(header.stream, scope));
            key.ok_or(Error::NoKey)?.open(header, bundle.content())?
        };
        self.forget_epochs(header.stream, header.epoch);
        let topics = self
            .topics
            .entry((header.stream, header.epoch))
            .or_default();
        let known_topics = topics.len();
        let payload = Payload::decode(&plaintext, topics)?;
        let new_topics = topics.len() > known_topics;
        if self.erased.len() + payload.erased.len() > KEYS_MAX {
            return Err(Error::TooMany("erased persons"));
        }
        let granted = self.take_keys(&payload);
        self.take_revocations(&payload);
        // Only the stream's own key signs its bundles, so this is the origin's word.
        for &subject in &payload.erased {
            self.erase(header.stream, subject);
        }
        Ok(Delivery {
            identity: self.identities.get(&header.stream).copied(),
            personal: self.open_personal(bundle, &payload),
            erased: payload.erased.clone(),
            payload,
            unlocks: new_topics || !granted.is_empty(),
            granted,
            epoch: header.epoch,
        })
    }

    /// Makes room for the topics of another epoch: those of the oldest are forgotten.
    fn forget_epochs(&mut self, stream: StreamId, epoch: u64) {
        let known = self.topics.range((stream, 0)..=(stream, u64::MAX));
        let epochs: Vec<u64> = known.map(|(&(_, epoch), _)| epoch).collect();
        if epochs.len() >= EPOCHS_READ_MAX && !epochs.contains(&epoch) {
            self.topics.remove(&(stream, epochs[0]));
        }
    }

    /// Keeps the keys that are sealed to this node and signed by the node that they name.
    fn take_keys(&mut self, payload: &Payload) -> Vec<(StreamId, Scope)> {
        let mut taken = Vec::new();
        let open = |grant: &Grant| {
            let mut secrets = std::iter::once(&self.secret).chain(&self.retired);
            let secret = secrets.find(|secret| grant.is_for(secret))?;
            grant.open(secret).ok()
        };
        let mine: Vec<Granted> = payload.grants.iter().filter_map(open).collect();
        for granted in mine {
            let member = self.members.get(&granted.identity.origin);
            if member.is_none_or(|member| granted.verify(&member.node).is_err()) {
                continue;
            }
            for (scope, key) in granted.keys {
                let at = (granted.stream, scope);
                if self.is_erased(at) || self.keys.len() >= KEYS_MAX {
                    continue;
                }
                taken.push(at);
                self.identities.insert(granted.stream, granted.identity);
                self.keys.insert(at, key);
            }
        }
        taken
    }

    fn is_erased(&self, (stream, scope): (StreamId, Scope)) -> bool {
        match scope {
            Scope::Subject(subject) => self.erased.contains(&(stream, subject)),
            Scope::Epoch(_) => false,
        }
    }

    fn take_revocations(&mut self, payload: &Payload) {
        for revocation in &payload.revocations {
            self.revoke(revocation);
        }
    }

    /// An organisation took the key of a node of its own back: what the node wrote after the
    /// last bundles that are good is not believed. Of several such words the most cautious
    /// counts, stream by stream, so their order makes no difference.
    pub fn revoke(&mut self, revocation: &Revocation) {
        let mut members = self.members.values();
        let may = members.any(|member| {
            member.node == revocation.node && member.authority == revocation.authority
        });
        if !may || revocation.verify().is_err() {
            return;
        }
        let believed = self.revoked.entry(revocation.node.to_bytes());
        let believed = believed.or_insert_with(|| revocation.believed.clone());
        for (stream, last) in believed {
            *last = revocation.last_believed(*stream).min(*last);
        }
    }

    /// The last bundle of a stream that is believed, if the key of its writer was taken back.
    pub fn last_believed(&self, stream: StreamId) -> Option<u64> {
        let member = self.members.get(&self.identities.get(&stream)?.origin)?;
        let believed = self.revoked.get(member.node.as_bytes())?;
        Some(believed.get(&stream).copied().unwrap_or(0))
    }

    /// Whether the writer's key was not revoked before this bundle.
    fn check_trust(&self, stream: StreamId, seq: u64) -> Result<(), Error> {
        match self.last_believed(stream) {
            Some(last) if seq > last => Err(Error::Untrusted),
            _ => Ok(()),
        }
    }

    fn open_personal(&self, bundle: &Bundle, payload: &Payload) -> Vec<(u64, Vec<Record>)> {
        let opened = self.try_personal(bundle, payload);
        opened
            .filter_map(|(subject, records)| Some((subject, records.ok()?)))
            .collect()
    }

    /// What is said about each person whose key is here.
    fn try_personal<'a>(
        &'a self,
        bundle: &'a Bundle,
        payload: &'a Payload,
    ) -> impl Iterator<Item = Opened> + 'a {
        let header = bundle.header();
        let topics = self.topics.get(&(header.stream, header.epoch));
        payload.personal.iter().filter_map(move |personal| {
            let scope = Scope::Subject(personal.subject);
            let key = self.keys.get(&(header.stream, scope))?;
            let place = place(header.stream, header.seq);
            let records = topics.map_or(Err(Error::UnknownTopic), |topics| {
                payload.open_personal(personal, key, &place, topics)
            });
            Some((personal.subject, records))
        })
    }

    /// Destroys the key of a person: what was said of that person can no longer be read, and
    /// the key is not taken back in. Returns whether it was here.
    pub fn erase(&mut self, stream: StreamId, subject: u64) -> bool {
        self.erased.insert((stream, subject));
        let scope = Scope::Subject(subject);
        self.keys.remove(&(stream, scope)).is_some()
    }
}

/// Where records about a person stand; sealed with them.
pub fn place(stream: StreamId, seq: u64) -> [u8; 24] {
    let mut place = [0; 24];
    place[..16].copy_from_slice(&stream.0);
    place[16..].copy_from_slice(&seq.to_le_bytes());
    place
}
