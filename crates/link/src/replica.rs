//! What a node holds of every stream, its own and others', readable or not.
//!
//! Everything is checked before it is kept: who signed it, whether it fits what is known,
//! and whether its writer told somebody else another story. The replica knows what there
//! is; the bytes are on the disk of whoever asks it.

use crate::bundle::{Before, Bundle, Stub};
use crate::error::Error;
use crate::gap::GapCertificate;
use crate::id::{BundleHash, Class, StreamId};
use crate::limits::{AHEAD_MAX, CERTIFICATES_MAX, PAYERS_MAX, STREAMS_MAX};
use crate::opening::Opening;
use crate::proof::Equivocation;
use crate::ranges::Ranges;
use crate::schedule::Payer;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use twin_model::Time;
use twin_model::time::MICROS;

/// Bytes of a root.
pub const ROOT_BYTES: usize = 12;
/// A digest of all that is accounted for in one class.
pub type Root = [u8; ROOT_BYTES];

const ROOT_CONTEXT: &str = "twinternet link 1 root";
const BUCKET_CONTEXT: &str = "twinternet link 1 bucket";
const STATE_CONTEXT: &str = "twinternet link 1 state";
/// Bytes of the digests of a stream and of a bucket of streams.
const DIGEST_BYTES: usize = 16;
/// Bytes of the hash of a bundle by which two nodes compare what they hold.
pub const TIP_BYTES: usize = 4;
/// The streams of a class whose ids begin with the same byte.
const BUCKETS: usize = 256;

/// How long after its expiry a bundle still travels, because clocks differ.
pub const EXPIRY_SLACK_S: i64 = 60;

/// A bundle that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Bytes of its body, or of its stub.
    pub bytes: u32,
    /// When nobody needs it any more.
    pub expires: Option<Time>,
    /// Only the stub is left.
    pub is_stub: bool,
    /// Whoever carries it can read it: it gives keys.
    pub is_plain: bool,
    /// When it became durable, unless that was in an earlier run.
    pub since: Option<Time>,
    hash: BundleHash,
    previous: BundleHash,
    epoch: u64,
}

/// One stream, as far as it is known here.
#[derive(Debug, Clone)]
pub struct Stream {
    /// By which it can be checked.
    pub opening: Opening,
    held: BTreeMap<u64, Held>,
    accounted: Ranges,
    covered: Ranges,
    covered_count: u64,
    certificates: Vec<GapCertificate>,
    fork: Option<Equivocation>,
    digest: OnceLock<[u8; DIGEST_BYTES]>,
}

impl Held {
    /// By when it should go, for the order within its class. Keys go before what they open; in
    /// life safety they take turns with it, so that no alarm waits for the keys of others.
    pub(crate) fn goes_by(&self, class: Class) -> Option<Time> {
        let is_first = self.is_plain && class != Class::LifeSafety;
        if is_first {
            Some(Time(i64::MIN))
        } else {
            self.expires
        }
    }
}

impl Stream {
    /// Whether whoever carries it can read it: it gives keys.
    pub fn is_plain(&self) -> bool {
        self.held.values().next().is_some_and(|held| held.is_plain)
    }

    /// What is held, or certified to be needless.
    pub fn accounted(&self) -> &Ranges {
        &self.accounted
    }

    /// A bundle that is held.
    pub fn held(&self, seq: u64) -> Option<&Held> {
        self.held.get(&seq)
    }

    /// Every bundle that is held.
    pub fn all_held(&self) -> impl Iterator<Item = (u64, &Held)> {
        self.held.iter().map(|(&seq, held)| (seq, held))
    }

    /// What a bundle can leave unsaid to whoever has the one before it, if that is held.
    pub(crate) fn before(&self, seq: u64) -> Option<Before> {
        let held = self.held(seq.checked_sub(1)?)?;
        Some(Before {
            hash: held.hash,
            epoch: held.epoch,
            expires: held.expires,
        })
    }

    /// The first bundle that is held from `seq` on.
    pub fn next_held(&self, seq: u64) -> Option<(u64, &Held)> {
        self.held
            .range(seq..)
            .next()
            .map(|(&seq, held)| (seq, held))
    }

    /// What the origin certified to be needless.
    pub fn covered(&self) -> &Ranges {
        &self.covered
    }

    /// How many bundles these are.
    pub fn covered_count(&self) -> u64 {
        self.covered_count
    }

    /// The certificates that say so.
    pub fn certificates(&self) -> &[GapCertificate] {
        &self.certificates
    }

    /// The proof that its origin wrote two histories, if there is one.
    pub fn fork(&self) -> Option<&Equivocation> {
        self.fork.as_ref()
    }

    /// The hash of a bundle that is held and counts.
    fn counted(&self, seq: u64) -> Option<&BundleHash> {
        let held = self.held.get(&seq)?;
        (!self.covered.contains(seq)).then_some(&held.hash)
    }

    /// By what others see whether they hold the same bundle of a number.
    pub(crate) fn tip(&self, seq: u64) -> Option<[u8; TIP_BYTES]> {
        self.counted(seq)?.0.first_chunk().copied()
    }

    /// Whether there is anything to tell of it.
    pub(crate) fn has_news(&self) -> bool {
        self.fork.is_some() || !self.accounted.is_empty()
    }

    /// Lets go of certificates all of which the others and `covered` say together.
    fn merge_certificates(&mut self, covered: &Ranges) {
        let mut at = 0;
        while at < self.certificates.len() {
            let mut others = covered.clone();
            let rest = self.certificates.iter().enumerate();
            for (_, certificate) in rest.filter(|(i, _)| *i != at) {
                others.extend(&certificate.covered());
            }
            if others.contains_all(&self.certificates[at].covered()) {
                self.certificates.remove(at);
            } else {
                at += 1;
            }
        }
    }

    fn digest(&self) -> [u8; DIGEST_BYTES] {
        *self.digest.get_or_init(|| {
            let mut hasher = blake3::Hasher::new_derive_key(STATE_CONTEXT);
            self.put_state(&mut hasher);
            first_bytes(&hasher)
        })
    }

    fn put_state(&self, hasher: &mut blake3::Hasher) {
        let mut number = |n: u64| {
            hasher.update(&n.to_le_bytes());
        };
        // Of a forked stream nodes may hold either history; only the fork matters.
        if self.fork.is_some() {
            return number(1);
        }
        number(0);
        number(self.covered_count);
        number(self.accounted.runs() as u64);
        for (from, to) in self.accounted.iter() {
            number(from);
            number(to);
        }
        // Two histories of one length differ in their last bundle.
        let tip = self.counted(self.accounted.last());
        hasher.update(&tip.unwrap_or(&BundleHash::NONE).0);
    }

    /// What is known to be missing: neither held nor certified, below the last known.
    pub fn missing(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.accounted.holes(self.accounted.last())
    }
}

/// What was taken off the books; its bytes may be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// Of which stream.
    pub stream: StreamId,
    /// Which bundle.
    pub seq: u64,
}

/// The streams of one class, and what of their digests need not be computed again.
#[derive(Debug, Clone)]
struct OfClass {
    streams: BTreeSet<StreamId>,
    buckets: Vec<OnceLock<[u8; DIGEST_BYTES]>>,
    root: OnceLock<Root>,
}

impl Default for OfClass {
    fn default() -> Self {
        Self {
            streams: BTreeSet::new(),
            buckets: vec![OnceLock::new(); BUCKETS],
            root: OnceLock::new(),
        }
    }
}

/// All streams of a node.
#[derive(Debug, Clone, Default)]
pub struct Replica {
    streams: BTreeMap<StreamId, Stream>,
    classes: [OfClass; 4],
    /// Who answers for a stream, as far as that is known.
    payers: BTreeMap<StreamId, Payer>,
    expiring: BTreeSet<(Time, StreamId, u64)>,
}

impl Replica {
    /// A stream, if it is known here.
    pub fn stream(&self, id: StreamId) -> Option<&Stream> {
        self.streams.get(&id)
    }

    /// Every stream, in the order of their ids.
    pub fn streams(&self) -> impl Iterator<Item = (StreamId, &Stream)> {
        self.streams.iter().map(|(&id, stream)| (id, stream))
    }

    /// How many streams are known.
    pub fn count(&self) -> usize {
        self.streams.len()
    }

    /// Every stream of a class of which there is anything to tell.
    pub(crate) fn in_class(&self, class: Class) -> impl Iterator<Item = (StreamId, &Stream)> {
        let ids = self.classes[class as usize].streams.iter();
        let known = ids.filter_map(|&id| Some((id, self.streams.get(&id)?)));
        known.filter(|(_, stream)| stream.has_news())
    }

    /// Who answers for the life safety of a stream.
    pub fn payer(&self, id: StreamId) -> Payer {
        self.payers.get(&id).copied().unwrap_or(Payer::Unknown)
    }

    /// Says who answers for a stream, which need not be known yet.
    pub(crate) fn attribute(&mut self, id: StreamId, payer: Payer) -> Result<(), Error> {
        if self.payers.len() >= PAYERS_MAX && !self.payers.contains_key(&id) {
            return Err(Error::TooMany("streams"));
        }
        self.payers.insert(id, payer);
        Ok(())
    }

    /// The same where nothing is known of it.
    pub(crate) fn find_payer(&mut self, id: StreamId, payer: Payer) {
        if self.payers.len() < PAYERS_MAX {
            self.payers.entry(id).or_insert(payer);
        }
    }

    /// What digests say of a stream is no longer true.
    fn note_changed(&mut self, id: StreamId) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        stream.digest.take();
        let class = &mut self.classes[stream.opening.class as usize];
        class.buckets[usize::from(id.0[0])].take();
        class.root.take();
    }

    /// Gets to know a stream; returns whether it is new.
    pub fn introduce(&mut self, opening: Opening) -> Result<bool, Error> {
        let id = opening.id();
        if self.streams.contains_key(&id) {
            return Ok(false);
        }
        if self.streams.len() >= STREAMS_MAX {
            return Err(Error::TooMany("streams"));
        }
        let stream = Stream {
            opening,
            held: BTreeMap::new(),
            accounted: Ranges::default(),
            covered: Ranges::default(),
            covered_count: 0,
            certificates: Vec::new(),
            fork: None,
            digest: OnceLock::new(),
        };
        self.classes[opening.class as usize].streams.insert(id);
        self.streams.insert(id, stream);
        Ok(true)
    }

    /// Whether a bundle may be stored: signed by the stream's key, new, and without
    /// contradiction to what is held, which is [`Error::Forked`].
    pub fn check(&self, stub: &Stub) -> Result<(), Error> {
        let stream = self.streams.get(&stub.header.stream);
        let stream = stream.ok_or(Error::UnknownStream)?;
        stub.verify(&stream.opening)?;
        if !(1..=AHEAD_MAX).contains(&stub.header.seq) {
            return Err(Error::Sequence);
        }
        if stream.fork.is_some() {
            return Err(Error::Forked);
        }
        if contradiction(stream, stub).is_some() {
            return Err(Error::Forked);
        }
        let is_known = stream.accounted.contains(stub.header.seq);
        if is_known { Err(Error::Known) } else { Ok(()) }
    }

    /// The held bundle next to this one, or with its number, that it contradicts. To prove
    /// the fork its stub is needed, which whoever stores the bytes has.
    pub fn contradicted(&self, stub: &Stub) -> Option<u64> {
        let stream = self.streams.get(&stub.header.stream)?;
        contradiction(stream, stub)
    }

    /// Books a bundle whose bytes are durable now.
    pub fn hold(&mut self, bundle: &Bundle) -> Result<(), Error> {
        self.book(bundle.stub(), bundle.body().len(), false)
    }

    /// Books a stub whose bytes are durable now. It counts once it has expired.
    pub fn hold_stub(&mut self, stub: &Stub, now: Time) -> Result<(), Error> {
        if !is_past(stub.header.expires(), now) {
            return Err(Error::NotExpired);
        }
        self.book(stub, stub.encode().len(), true)
    }

    fn book(&mut self, stub: &Stub, bytes: usize, is_stub: bool) -> Result<(), Error> {
        let (id, seq) = (stub.header.stream, stub.header.seq);
        let stream = self.streams.get_mut(&id).ok_or(Error::UnknownStream)?;
        let held = Held {
            bytes: bytes as u32,
            expires: stub.header.expires(),
            is_stub,
            is_plain: stub.header.is_plain(),
            since: None,
            hash: stub.hash(),
            previous: stub.header.previous,
            epoch: stub.header.epoch,
        };
        stream.held.insert(seq, held);
        stream.accounted.insert(seq, seq);
        if let Some(expires) = held.expires.filter(|_| !is_stub) {
            self.expiring.insert((expires, id, seq));
        }
        self.note_changed(id);
        Ok(())
    }

    /// Takes in a certificate of the stream's origin; returns the bundles that need not be
    /// kept. [`Error::Known`] if it says nothing new.
    pub fn cover(
        &mut self,
        id: StreamId,
        certificate: &GapCertificate,
    ) -> Result<Vec<Dropped>, Error> {
        let stream = self.streams.get_mut(&id).ok_or(Error::UnknownStream)?;
        certificate.verify(&stream.opening)?;
        let covered = certificate.covered();
        if stream.covered.contains_all(&covered) {
            return Err(Error::Known);
        }
        stream
            .certificates
            .retain(|old| !covered.contains_all(&old.covered()));
        if stream.certificates.len() >= CERTIFICATES_MAX {
            stream.merge_certificates(&covered);
        }
        if stream.certificates.len() >= CERTIFICATES_MAX {
            return Err(Error::TooMany("gap certificates"));
        }
        stream.certificates.push(certificate.clone());
        stream.covered.extend(&covered);
        stream.covered_count = stream.covered.count();
        stream.accounted.extend(&covered);
        let needless = covered
            .iter()
            .flat_map(|(from, to)| stream.held.range(from..=to));
        let dropped: Vec<Dropped> = needless
            .map(|(&seq, _)| Dropped { stream: id, seq })
            .collect();
        for dropped in &dropped {
            stream.held.remove(&dropped.seq);
        }
        self.note_changed(id);
        Ok(dropped)
    }

    /// The bundles that have expired since the last call and of which only the stub need be
    /// kept. Call [`Self::shrink`] once the stubs are durable.
    pub fn expired(&mut self, now: Time) -> Vec<(StreamId, u64)> {
        let limit = Time(now.0.saturating_sub(EXPIRY_SLACK_S * MICROS));
        let mut living = std::mem::take(&mut self.expiring);
        let first_living = (limit, StreamId([0; 16]), 0);
        self.expiring = living.split_off(&first_living);
        let held = living.into_iter().filter(|(_, id, seq)| {
            let stream = self.streams.get(id);
            stream.is_some_and(|stream| stream.held.contains_key(seq))
        });
        held.map(|(_, id, seq)| (id, seq)).collect()
    }

    /// Notes when a bundle that is held became durable.
    pub(crate) fn date(&mut self, id: StreamId, seq: u64, now: Time) {
        let stream = self.streams.get_mut(&id);
        if let Some(held) = stream.and_then(|stream| stream.held.get_mut(&seq)) {
            held.since.get_or_insert(now);
        }
    }

    /// Books that only the stub of a bundle is left.
    pub fn shrink(&mut self, id: StreamId, seq: u64, bytes: usize) {
        let stream = self.streams.get_mut(&id);
        if let Some(held) = stream.and_then(|stream| stream.held.get_mut(&seq)) {
            held.is_stub = true;
            held.bytes = bytes as u32;
        }
    }

    /// Takes in a proof that an origin wrote two histories; returns whether it is news.
    pub fn quarantine(&mut self, proof: Equivocation) -> Result<bool, Error> {
        proof.verify()?;
        self.introduce(proof.opening)?;
        let stream = self.streams.get_mut(&proof.opening.id());
        let stream = stream.ok_or(Error::UnknownStream)?;
        let is_news = stream.fork.is_none();
        stream.fork.get_or_insert(proof);
        self.note_changed(proof.opening.id());
        Ok(is_news)
    }

    /// A digest of what is known of a class. Equal roots mean that two nodes have nothing to
    /// tell each other. Streams that `skipped` names do not count.
    pub fn root(&self, class: Class, skipped: &BTreeSet<StreamId>) -> Root {
        let of_class = &self.classes[class as usize];
        if skipped.is_empty() {
            return *of_class
                .root
                .get_or_init(|| self.fresh_root(class, skipped));
        }
        self.fresh_root(class, skipped)
    }

    fn fresh_root(&self, class: Class, skipped: &BTreeSet<StreamId>) -> Root {
        let mut hasher = blake3::Hasher::new_derive_key(ROOT_CONTEXT);
        for (at, known) in (0..=u8::MAX).zip(&self.classes[class as usize].buckets) {
            let is_whole = skipped.range(bucket(at)).next().is_none();
            let digest = if is_whole {
                *known.get_or_init(|| self.bucket_digest(class, at, skipped))
            } else {
                self.bucket_digest(class, at, skipped)
            };
            hasher.update(&digest);
        }
        first_bytes(&hasher)
    }

    /// Zeros if there is nothing to tell.
    fn bucket_digest(
        &self,
        class: Class,
        at: u8,
        skipped: &BTreeSet<StreamId>,
    ) -> [u8; DIGEST_BYTES] {
        let mut hasher = blake3::Hasher::new_derive_key(BUCKET_CONTEXT);
        let ids = self.classes[class as usize].streams.range(bucket(at));
        for id in ids.filter(|id| !skipped.contains(id)) {
            if let Some(stream) = self.streams.get(id).filter(|stream| stream.has_news()) {
                hasher.update(&id.0).update(&stream.digest());
            }
        }
        if hasher.count() == 0 {
            return [0; DIGEST_BYTES];
        }
        first_bytes(&hasher)
    }
}

/// The ids that begin with this byte.
fn bucket(at: u8) -> std::ops::RangeInclusive<StreamId> {
    let (mut first, mut last) = ([0; 16], [u8::MAX; 16]);
    (first[0], last[0]) = (at, at);
    StreamId(first)..=StreamId(last)
}

fn first_bytes<const N: usize>(hasher: &blake3::Hasher) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&hasher.finalize().as_bytes()[..N]);
    out
}

/// Whether something has expired whatever clock one asks.
pub(crate) fn is_past(expires: Option<Time>, now: Time) -> bool {
    let slack = EXPIRY_SLACK_S * MICROS;
    expires.is_some_and(|expires| expires.0.saturating_add(slack) < now.0)
}

/// The number of a held bundle that cannot be true beside `stub`.
fn contradiction(stream: &Stream, stub: &Stub) -> Option<u64> {
    let seq = stub.header.seq;
    let differs = |at: u64, wrong: &dyn Fn(&Held) -> bool| {
        let held = stream.held.get(&at)?;
        wrong(held).then_some(at)
    };
    let hash = stub.hash();
    differs(seq, &|held| held.hash != hash)
        .or_else(|| differs(seq - 1, &|before| before.hash != stub.header.previous))
        .or_else(|| differs(seq + 1, &|after| after.previous != hash))
}
