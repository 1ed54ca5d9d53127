//! The writing end of a stream: numbers, signs, encrypts and takes back.
//!
//! What the author returns must be durable before anyone sees it. An author that cannot
//! prove that it continues where it stopped opens a new stream under a new incarnation.

use crate::bundle::{Bundle, Header, Stub};
use crate::error::Error;
use crate::gap::{Gap, GapCertificate, Reason};
use crate::id::{Audience, BundleHash, Class, Keep, StreamId};
use crate::keys::{Grant, Granted, Recipient, Scope, SecretKey};
use crate::limits::{CONTENT_BYTES_MAX, EPOCH_S_MAX, RANGES_MAX, STREAM_TOPICS_MAX};
use crate::newest::{Newest, Stays};
use crate::opening::{Identity, Opening};
use crate::payload::{Names, Payload, Topic, Topics};
use crate::ranges::Ranges;
use ed25519_dalek::SigningKey;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use twin_model::Time;
use twin_model::time::MICROS;

/// The authentication tag is part of the content.
const PLAINTEXT_BYTES_MAX: usize = CONTENT_BYTES_MAX - 16;

#[derive(Clone)]
struct Epoch {
    number: u64,
    key: SecretKey,
    began: Time,
}

/// The single writer of one stream.
#[derive(Clone)]
pub struct Author {
    key: SigningKey,
    identity: Identity,
    opening: Opening,
    stream: StreamId,
    head: u64,
    previous: BundleHash,
    /// None for a stream whose content is plain.
    epoch: Option<Epoch>,
    /// The highest number of an epoch so far.
    epoch_number: u64,
    /// The epoch of the bundle remembered last after a restart.
    remembered_epoch: u64,
    is_plain: bool,
    names: Names,
    newest: Newest,
    expiring: BTreeSet<(Time, u64)>,
    gaps: BTreeMap<Reason, Ranges>,
    /// The gaps of each certificate issued last.
    certified: Vec<Vec<Gap>>,
}

impl fmt::Debug for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Author")
            .field("stream", &self.stream)
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}

impl Author {
    /// Opens an encrypted stream. `secret` is the node's; it needs an epoch before the
    /// first bundle.
    pub fn open(secret: &[u8; 32], identity: Identity, class: Class, keep: Keep) -> Self {
        let key = identity.stream_key(secret, class, keep);
        let opening = Opening {
            class,
            keep,
            key: key.verifying_key(),
        };
        Self {
            stream: opening.id(),
            key,
            identity,
            opening,
            head: 0,
            previous: BundleHash::NONE,
            epoch: None,
            epoch_number: 0,
            remembered_epoch: 0,
            is_plain: false,
            names: Names::default(),
            newest: Newest::default(),
            expiring: BTreeSet::new(),
            gaps: BTreeMap::new(),
            certified: Vec::new(),
        }
    }

    /// Opens a stream that every carrier can read, whatever the audience of `identity`: for
    /// grants, which are sealed themselves. `class` is that of what the grants open.
    pub fn open_plain(secret: &[u8; 32], identity: Identity, class: Class) -> Self {
        let identity = Identity {
            audience: Audience::CARRIERS,
            ..identity
        };
        let mut author = Self::open(secret, identity, class, Keep::History);
        author.is_plain = true;
        author
    }

    /// Continues after the last durable bundle, in a new epoch. Only for whoever can prove
    /// that no later one ever left; any doubt asks for a new incarnation. What the earlier
    /// bundles say is superseded by what follows as far as the author is told of it:
    /// [`Self::remember`].
    pub fn resume(mut self, last: &Stub) -> Self {
        self.head = last.header.seq;
        self.epoch_number = last.header.epoch;
        self.previous = last.hash();
        self
    }

    /// After [`Self::resume`], before the next epoch: a bundle of the stream that still
    /// counts, as its reader opened it, each once and in their order. `topics` are those of its
    /// epoch. What follows supersedes it, and it is certified when it expires.
    pub fn remember(&mut self, header: &Header, payload: &Payload, topics: &Topics) {
        let seq = header.seq;
        if let Some(expires) = header.expires() {
            self.expiring.insert((expires, seq));
        }
        if self.opening.keep == Keep::Latest {
            if self.remembered_epoch != header.epoch {
                self.remembered_epoch = header.epoch;
                self.newest.begin_epoch(seq);
            }
            let stays = match payload.says_more_than_records() {
                true => Stays::Always,
                // In such a stream topics are named in bundles of their own.
                false if payload.records.is_empty() => Stays::ForItsEpoch,
                false => Stays::WhileItCounts,
            };
            self.supersede(seq, payload, topics, stays);
        }
    }

    /// After [`Self::resume`]: what is certified already. Later certificates say it again
    /// together with what is new, so that one takes the place of many.
    pub fn remember_gaps(&mut self, certificates: &[GapCertificate]) {
        for gap in certificates.iter().flat_map(GapCertificate::gaps) {
            let ranges = self.gaps.entry(gap.reason).or_default();
            ranges.insert(gap.from, gap.to);
        }
        self.certified = chunks(&self.all_gaps());
    }

    /// The stream.
    pub fn stream(&self) -> StreamId {
        self.stream
    }

    /// What carriers need to know of it.
    pub fn opening(&self) -> Opening {
        self.opening
    }

    /// The number of the last bundle, 0 if there is none.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// Begins an epoch with a fresh random key: at the latest after 24 hours, and whenever a
    /// reader is removed. Topics are named anew.
    pub fn begin_epoch(&mut self, number: u64, key: SecretKey, now: Time) -> Result<(), Error> {
        if number <= self.epoch_number || self.is_plain {
            return Err(Error::Sequence);
        }
        self.epoch_number = number;
        self.epoch = Some(Epoch {
            number,
            key,
            began: now,
        });
        self.names = Names::default();
        self.newest.begin_epoch(self.head + 1);
        Ok(())
    }

    /// Seals the key of the present epoch to a recipient. `node` is the node's signing key,
    /// `random` drawn freshly for each grant.
    pub fn grant(
        &self,
        node: &SigningKey,
        recipient: &Recipient,
        random: &[u8; 32],
    ) -> Result<Grant, Error> {
        let epoch = self.epoch.as_ref().ok_or(Error::EpochSpent)?;
        self.granted(node, Scope::Epoch(epoch.number), epoch.key.clone())?
            .seal(recipient, random)
    }

    /// Seals the key of a person to a recipient, who can then read what is said of that
    /// person in this stream.
    pub fn grant_subject(
        &self,
        node: &SigningKey,
        (subject, key): (u64, SecretKey),
        recipient: &Recipient,
        random: &[u8; 32],
    ) -> Result<Grant, Error> {
        self.granted(node, Scope::Subject(subject), key)?
            .seal(recipient, random)
    }

    fn granted(&self, node: &SigningKey, scope: Scope, key: SecretKey) -> Result<Granted, Error> {
        Granted::sign(node, vec![(scope, key)], self.stream, self.identity)
    }

    /// The number of a topic in this epoch; `first` is its first value, if a number.
    pub fn topic(&mut self, topic: &Topic, first: Option<f64>) -> Result<u32, Error> {
        if self.newest.topics() >= STREAM_TOPICS_MAX {
            return Err(Error::TopicsSpent);
        }
        self.names.number(topic, first)
    }

    /// The topics of this epoch.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Writes the next bundle. If it names topics and will not last, they go before it in a
    /// bundle of their own, which lasts: later bundles cannot be read without it. Nothing
    /// changes if it is refused.
    pub fn append(
        &mut self,
        payload: &Payload,
        expires: Option<Time>,
        now: Time,
    ) -> Result<Vec<Bundle>, Error> {
        let topics = self.names.topics();
        if payload
            .records
            .iter()
            .any(|r| topics.get(r.topic).is_none())
        {
            return Err(Error::UnknownTopic);
        }
        self.usable_epoch(now)?;
        let lasts = expires.is_none() && self.opening.keep == Keep::History;
        if lasts || !self.names.has_unwritten() {
            return Ok(vec![self.write(payload, expires, now)?]);
        }
        if payload.encode(topics, topics.len() as u32)?.len() > PLAINTEXT_BYTES_MAX {
            return Err(Error::TooMany("bytes in a bundle"));
        }
        let naming = Payload {
            written: payload.written,
            ..Payload::default()
        };
        let naming = self.write(&naming, None, now)?;
        Ok(vec![naming, self.write(payload, expires, now)?])
    }

    fn write(
        &mut self,
        payload: &Payload,
        expires: Option<Time>,
        now: Time,
    ) -> Result<Bundle, Error> {
        let plaintext = payload.encode(self.names.topics(), self.names.unwritten())?;
        if plaintext.len() > PLAINTEXT_BYTES_MAX {
            return Err(Error::TooMany("bytes in a bundle"));
        }
        let bundle = self.seal(&plaintext, expires, now)?;
        self.head += 1;
        self.previous = bundle.stub().hash();
        let names_topics = self.names.mark_written();
        if let Some(expires) = bundle.header().expires() {
            self.expiring.insert((expires, self.head));
        }
        if self.opening.keep == Keep::Latest {
            let stays = match payload.says_more_than_records() {
                true => Stays::Always,
                false if names_topics => Stays::ForItsEpoch,
                false => Stays::WhileItCounts,
            };
            // Taken out for a moment, because superseding changes the rest of the author.
            let names = std::mem::take(&mut self.names);
            self.supersede(self.head, payload, names.topics(), stays);
            self.names = names;
        }
        Ok(bundle)
    }

    fn seal(&self, plaintext: &[u8], expires: Option<Time>, now: Time) -> Result<Bundle, Error> {
        let number = self.usable_epoch(now)?.map_or(0, |epoch| epoch.number);
        let seq = self.head + 1;
        let mut header = Header::new(self.stream, seq, self.previous, number, expires);
        let content = match &self.epoch {
            Some(epoch) => epoch.key.seal(&mut header, plaintext)?,
            None => plaintext.to_vec(),
        };
        Bundle::sign(&self.key, header, content)
    }

    fn usable_epoch(&self, now: Time) -> Result<Option<&Epoch>, Error> {
        let life = EPOCH_S_MAX * MICROS;
        match &self.epoch {
            None if self.is_plain => Ok(None),
            Some(epoch) if now.0.saturating_sub(epoch.began.0) < life => Ok(Some(epoch)),
            _ => Err(Error::EpochSpent),
        }
    }

    fn supersede(&mut self, seq: u64, payload: &Payload, topics: &Topics, stays: Stays) {
        let said = payload.records.iter().filter_map(|record| {
            let topic = topics.fingerprint(record.topic)?;
            Some((topic, record.observed))
        });
        let spent = self.newest.take(seq, said, stays);
        let superseded = self.gaps.entry(Reason::Superseded).or_default();
        for seq in spent {
            superseded.insert(seq, seq);
        }
    }

    /// Erases bundles: their origin no longer vouches for them and nobody need keep them.
    pub fn prune(&mut self, from: u64, to: u64) {
        let pruned = self.gaps.entry(Reason::Pruned).or_default();
        pruned.insert(from.max(1), to.min(self.head));
    }

    /// Bundles that need not be had any more and are not certified yet.
    pub fn needless(&mut self, now: Time) -> Ranges {
        self.expire(now);
        let mut needless = Ranges::default();
        for gap in self.all_gaps() {
            needless.insert(gap.from, gap.to);
        }
        for gap in self.certified.iter().flatten() {
            needless.remove(gap.from, gap.to);
        }
        needless
    }

    /// Whether its origin has erased some of these.
    pub fn has_pruned(&self, some: &Ranges) -> bool {
        let mut rest = some.clone();
        let pruned = self.gaps.get(&Reason::Pruned).into_iter();
        for (from, to) in pruned.flat_map(Ranges::iter) {
            rest.remove(from, to);
        }
        rest.count() < some.count()
    }

    fn expire(&mut self, now: Time) {
        let living = self.expiring.split_off(&(now, 0));
        let expired = self.gaps.entry(Reason::Expired).or_default();
        for (_, seq) in std::mem::replace(&mut self.expiring, living) {
            expired.insert(seq, seq);
        }
    }

    /// Certificates for what need not be had any more, as far as they say anything new.
    pub fn certify(&mut self, now: Time) -> Result<Vec<GapCertificate>, Error> {
        self.expire(now);
        let chunks = chunks(&self.all_gaps());
        let new = chunks
            .iter()
            .filter(|chunk| !self.certified.contains(chunk));
        let certificates = new
            .map(|chunk| GapCertificate::sign(&self.key, self.stream, chunk.clone()))
            .collect();
        self.certified = chunks;
        certificates
    }

    /// Every gap once, in order; pruned before expired before superseded. Never the last
    /// bundle: everyone keeps it, at least as a stub, so that the chain can be continued.
    fn all_gaps(&self) -> Vec<Gap> {
        let mut taken = Ranges::default();
        taken.insert(self.head, self.head);
        let mut gaps = Vec::new();
        for (&reason, ranges) in self.gaps.iter().rev() {
            let mut rest = ranges.clone();
            taken.iter().for_each(|(from, to)| rest.remove(from, to));
            gaps.extend(rest.iter().map(|(from, to)| Gap { from, to, reason }));
            taken.extend(ranges);
        }
        gaps.sort_by_key(|gap| gap.from);
        gaps
    }
}

/// As many gaps as a certificate holds.
fn chunks(gaps: &[Gap]) -> Vec<Vec<Gap>> {
    gaps.chunks(RANGES_MAX).map(<[Gap]>::to_vec).collect()
}
