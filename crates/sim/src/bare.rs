//! A node that is nothing but the link: a hub, its streams, a reader, and a disk of its
//! own that forgets what was not synced.
//!
//! It shows what the protocol does by itself, without an organisation around it.

mod disk;

use crate::cast::{self, Cast};
use crate::node::{Crash, DiskFailed, DiskFault, Entry, Env, Key, Node, Outcome};
use disk::{Disk, Write};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use twin_link::session::Ended;
use twin_link::{
    Author, Bundle, Class, Error, Hub, Keep, Link, Member, Members, Output, Payload, Peer, Reader,
    Record, Replica, Report, Revocation, SecretKey, StreamId,
};
use twin_model::{Act, Stated, Time, Value};

const KEEPS: [(Class, Keep); 4] = [
    (Class::LifeSafety, Keep::History),
    (Class::Operational, Keep::History),
    (Class::Telemetry, Keep::Latest),
    (Class::Bulk, Keep::History),
];

/// A node of the link alone.
#[derive(Debug)]
pub struct Bare {
    at: usize,
    cast: Arc<Cast>,
    removed: BTreeSet<usize>,
    disk: Disk,
    backup: Option<Disk>,
    unsynced: Vec<Write>,
    is_full: bool,
    fails_sync: bool,
    hub: Hub,
    authors: BTreeMap<Class, Author>,
    control: Author,
    reader: Reader,
    /// Counts up over all lives, so that no number of an epoch has two keys.
    epoch: u64,
    incarnation: u64,
    outcome: Outcome,
}

impl Bare {
    /// A node on an empty disk.
    pub fn new(at: usize, cast: &Arc<Cast>, env: &mut Env<'_>) -> Self {
        let identity = cast::identity(at, 0);
        let secret = cast::stream_secret(at);
        let mut node = Self {
            at,
            cast: Arc::clone(cast),
            removed: BTreeSet::new(),
            disk: Disk::default(),
            backup: None,
            unsynced: Vec::new(),
            is_full: false,
            fails_sync: false,
            hub: Hub::default(),
            authors: BTreeMap::new(),
            control: Author::open_plain(&secret, identity, Class::LifeSafety),
            reader: Reader::new(cast::reader_secret(at), Members::new()),
            epoch: 0,
            incarnation: 0,
            outcome: Outcome::default(),
        };
        node.boot(env);
        node
    }

    /// The replica, for measures of the protocol itself.
    pub fn replica(&self) -> &Replica {
        self.hub.replica()
    }

    /// Bytes of the bodies of all bundles of its own.
    pub fn own_bytes(&self) -> u64 {
        let own: BTreeSet<StreamId> = self.authors.values().map(Author::stream).collect();
        let bodies = self.disk.bundles.iter();
        let bodies = bodies.filter(|((stream, _), _)| own.contains(stream));
        bodies.map(|(_, stored)| stored.bytes.len() as u64).sum()
    }

    /// Starts from the disk: streams go on in a new epoch.
    fn boot(&mut self, env: &mut Env<'_>) {
        let identity = cast::identity(self.at, self.incarnation);
        let secret = cast::stream_secret(self.at);
        self.hub = Hub::new(self.disk.replica(env.now));
        let resume = |author: Author| match self.disk.last_of(author.stream()) {
            Some(last) => author.resume(&last),
            None => author,
        };
        self.control = resume(Author::open_plain(&secret, identity, Class::LifeSafety));
        let authors = KEEPS
            .map(|(class, keep)| (class, resume(Author::open(&secret, identity, class, keep))));
        self.authors = authors.into();
        let members = (0..self.cast.count()).map(|i| {
            let member = Member {
                node: cast::node_key(i).verifying_key(),
                authority: cast::authority_key(i).verifying_key(),
                recipient: cast::reader_secret(i).recipient,
            };
            (cast::identity(i, 0).origin, member)
        });
        self.reader = Reader::new(cast::reader_secret(self.at), members.collect())
            .after_restart(self.disk.delivered_ranges(), BTreeSet::new());
        self.learn();
        self.begin_epoch(env);
        let waiting = self.waiting();
        self.deliver(&waiting);
    }

    /// After a restart: keys and topics of what was delivered before.
    fn learn(&mut self) {
        for _ in 0..2 {
            for ((stream, seq), stored) in &self.disk.bundles {
                if !stored.is_stub {
                    let bundle = Bundle::from_body(*stream, *seq, &stored.bytes).expect("a bundle");
                    let _ = self.reader.reread(&bundle);
                }
            }
        }
    }

    /// A new key for every stream, granted to all who may read it.
    fn begin_epoch(&mut self, env: &mut Env<'_>) {
        self.epoch += 1;
        let mut grants = Vec::new();
        for author in self.authors.values_mut() {
            let key = SecretKey::new(env.dice.bytes());
            let begun = author.begin_epoch(self.epoch, key, env.now);
            begun.expect("numbers count up");
        }
        let readers: Vec<usize> = self.cast.readers(self.at).collect();
        for reader in readers.into_iter().filter(|r| !self.removed.contains(r)) {
            let recipient = cast::reader_secret(reader).recipient;
            for author in self.authors.values() {
                let random = env.dice.bytes();
                let grant = author.grant(&cast::node_key(self.at), &recipient, &random);
                grants.push(grant.expect("there is an epoch"));
            }
        }
        for some in grants.chunks(100) {
            let grants = some.to_vec();
            let payload = Payload {
                grants,
                ..Payload::default()
            };
            self.say(payload, env.now);
        }
    }

    fn append(
        &mut self,
        class: Class,
        entries: &[Entry],
        expires: Option<Time>,
        now: Time,
    ) -> Result<Vec<Bundle>, Error> {
        let author = self.authors.get_mut(&class).expect("an author");
        let mut payload = Payload {
            written: now,
            ..Payload::default()
        };
        for entry in entries {
            let topic = author.topic(&cast::topic(&entry.key), Some(entry.value))?;
            let record = Record::reading(topic, entry.key.observed, entry.value);
            payload.records.push(record);
        }
        author.append(&payload, expires, now)
    }

    /// Says something in the control stream.
    fn say(&mut self, payload: Payload, now: Time) {
        let payload = Payload {
            written: now,
            ..payload
        };
        let opening = self.control.opening();
        let bundles = self.control.append(&payload, None, now).expect("a bundle");
        let own = bundles
            .into_iter()
            .map(|b| Write::Own(opening, b, Vec::new()));
        self.unsynced.extend(own);
    }

    fn obey(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Send(peer, frame) => self.outcome.frames.push((peer.0 as usize, frame)),
                Output::Store(opening, bundle) => self.unsynced.push(Write::Store(opening, bundle)),
                Output::StoreStub(opening, stub) => {
                    self.unsynced.push(Write::StoreStub(opening, stub));
                }
                Output::StoreCertificate(opening, gap) => {
                    self.unsynced.push(Write::Gap(opening, gap));
                }
                Output::StoreProof(proof) => self.unsynced.push(Write::Proof(proof)),
                Output::Delete(gone) => self.unsynced.push(Write::Delete(gone.stream, gone.seq)),
                Output::Close(peer, why) => {
                    if matches!(why, Ended::ByUs(_) | Ended::ByPeer(_)) {
                        self.alarm(format!("{why:?}"));
                    }
                    self.outcome.closes.push((peer.0 as usize, why));
                }
                Output::Report(report) => {
                    if is_alarming(&report) {
                        self.alarm(format!("{report:?}"));
                    }
                }
            }
        }
    }

    fn alarm(&mut self, what: String) {
        self.outcome.alarms.push(what);
    }

    fn waiting(&self) -> Vec<(StreamId, u64)> {
        let own: BTreeSet<StreamId> = self.authors.values().map(Author::stream).collect();
        let streams = self.hub.replica().streams();
        let others = streams.filter(|(id, _)| !own.contains(id));
        let waiting = others.flat_map(|(id, stream)| {
            let seqs = self.reader.waiting(id, stream);
            seqs.into_iter().map(move |seq| (id, seq))
        });
        waiting.collect()
    }

    /// Gives the application what is durable and can be read; if that unlocks anything, also
    /// what had to wait.
    fn deliver(&mut self, fresh: &[(StreamId, u64)]) {
        let mut unlocked = false;
        for &(id, seq) in fresh {
            let Some(stored) = self.disk.bundles.get(&(id, seq)).filter(|s| !s.is_stub) else {
                continue;
            };
            let bundle = Bundle::from_body(id, seq, &stored.bytes).expect("a bundle");
            let stream = self.hub.replica().stream(id).expect("it is held");
            let Ok(delivery) = self.reader.read(&bundle, stream) else {
                continue;
            };
            unlocked |= delivery.unlocks;
            let topics = self.reader.topics(id, bundle.header().epoch);
            let records = delivery.payload.records.iter();
            let entries: Vec<Entry> = records
                .filter_map(|record| {
                    let topic = topics?.get(record.topic)?;
                    let Act::Assert(Stated {
                        value: Value::Number(value),
                        ..
                    }) = record.act
                    else {
                        return None;
                    };
                    let attribute = topic.attribute.as_str();
                    cast::entry(topic.entity.as_str(), attribute, record.observed, value)
                })
                .collect();
            self.disk.deliver(id, seq, &entries);
            self.outcome.delivered.extend(entries);
        }
        if unlocked {
            let waiting = self.waiting();
            self.deliver(&waiting);
        }
    }
}

/// What honest nodes do not cause, whatever their clocks show.
fn is_alarming(report: &Report) -> bool {
    match report {
        Report::Forked(_) => true,
        Report::Refused(_, why) => {
            matches!(
                why,
                Error::Malformed(_) | Error::Signature(_) | Error::Forked
            )
        }
        Report::Demoted(..) | Report::ClockOffset(..) => false,
    }
}

impl Node for Bare {
    const REMOVAL_IS_MUTUAL: bool = false;
    const CAN_REVOKE: bool = true;

    fn lifetime_s(_: Class, asked: Option<f64>) -> Option<f64> {
        asked
    }

    fn connect(&mut self, peer: usize, link: Link, env: &mut Env<'_>) {
        let nonce = env.dice.bytes();
        self.hub.connect(Peer(peer as u64), link, nonce, env.now);
    }

    fn disconnect(&mut self, peer: usize, _: &mut Env<'_>) {
        self.hub.disconnect(Peer(peer as u64));
    }

    fn take(&mut self, peer: usize, frame: &[u8], env: &mut Env<'_>) {
        let outputs = self.hub.take(Peer(peer as u64), frame, env.now, &self.disk);
        self.obey(outputs);
    }

    fn room(&mut self, peer: usize, env: &mut Env<'_>) {
        let outputs = self.hub.room(Peer(peer as u64), env.now, &self.disk);
        self.obey(outputs);
    }

    fn tick(&mut self, peer: usize, env: &mut Env<'_>) {
        let outputs = self.hub.tick(Peer(peer as u64), env.now, &self.disk);
        self.obey(outputs);
    }

    fn next_wake(&mut self, peer: usize, env: &mut Env<'_>) -> Option<Time> {
        self.hub.next_wake(Peer(peer as u64), env.now)
    }

    fn outcome(&mut self) -> Outcome {
        std::mem::take(&mut self.outcome)
    }

    fn is_dirty(&self) -> bool {
        !self.unsynced.is_empty()
    }

    fn sync(&mut self, env: &mut Env<'_>) -> Result<(), DiskFailed> {
        if std::mem::take(&mut self.fails_sync) {
            return Err(DiskFailed);
        }
        if self.is_full {
            return Ok(());
        }
        let mut fresh = Vec::new();
        for write in std::mem::take(&mut self.unsynced) {
            self.disk.apply(&write);
            match write {
                Write::Own(opening, bundle, keys) => {
                    let published = self.hub.publish(opening, &bundle, env.now);
                    published.expect("our own");
                    // What its own control stream says binds the node, too.
                    if bundle.header().is_plain() {
                        fresh.push((bundle.header().stream, bundle.header().seq));
                    }
                    self.outcome.acknowledged.extend(keys);
                }
                Write::OwnGap(opening, gap) => {
                    let dropped = self.hub.certify(opening.id(), &gap, env.now);
                    for gone in dropped.unwrap_or_default() {
                        self.disk.apply(&Write::Delete(gone.stream, gone.seq));
                    }
                }
                Write::Store(_, bundle) => {
                    let (stream, seq) = (bundle.header().stream, bundle.header().seq);
                    self.hub.durable(stream, seq, env.now);
                    fresh.push((stream, seq));
                }
                Write::StoreStub(_, stub) => {
                    self.hub
                        .durable(stub.header.stream, stub.header.seq, env.now);
                }
                Write::Shrink(_, stub) => {
                    let (stream, seq) = (stub.header.stream, stub.header.seq);
                    self.hub.shrunk(stream, seq, stub.encode().len());
                }
                Write::Gap(..) | Write::Proof(_) | Write::Delete(..) => {}
            }
        }
        self.deliver(&fresh);
        Ok(())
    }

    fn write(&mut self, entries: &[Entry], expires: Option<Time>, env: &mut Env<'_>) {
        let Some(class) = entries.first().map(|entry| entry.key.class) else {
            return;
        };
        let bundles = match self.append(class, entries, expires, env.now) {
            Err(Error::EpochSpent) => {
                self.begin_epoch(env);
                self.append(class, entries, expires, env.now)
            }
            other => other,
        };
        let bundles = bundles.expect("a bundle");
        let opening = self.authors[&class].opening();
        let last = bundles.len() - 1;
        let keys: Vec<Key> = entries.iter().map(|entry| entry.key).collect();
        for (i, bundle) in bundles.into_iter().enumerate() {
            let keys = if i == last { keys.clone() } else { Vec::new() };
            self.unsynced.push(Write::Own(opening, bundle, keys));
        }
    }

    fn tidy(&mut self, env: &mut Env<'_>) {
        for author in self.authors.values_mut() {
            let opening = author.opening();
            let certificates = author.certify(env.now).expect("certificates");
            let gaps = certificates
                .into_iter()
                .map(|gap| Write::OwnGap(opening, gap));
            self.unsynced.extend(gaps);
        }
        for (stream, seq) in self.hub.expire(env.now) {
            if let Some(stored) = self.disk.bundles.get(&(stream, seq)) {
                let bundle = Bundle::from_body(stream, seq, &stored.bytes).expect("a bundle");
                let shrink = Write::Shrink(stored.opening, *bundle.stub());
                self.unsynced.push(shrink);
            }
        }
    }

    fn remove(&mut self, reader: usize, env: &mut Env<'_>) {
        self.removed.insert(reader);
        self.begin_epoch(env);
    }

    fn revoke(&mut self, node: usize, env: &mut Env<'_>) {
        let origin = cast::identity(node, 0).origin;
        let streams = self.hub.replica().streams();
        let theirs = streams.filter(|(id, _)| {
            let identity = self.reader.identity(*id);
            identity.is_some_and(|identity| identity.origin == origin)
        });
        let believed = theirs.map(|(id, stream)| (id, stream.accounted().last()));
        let key = cast::node_key(node).verifying_key();
        let revocation = Revocation::sign(&cast::authority_key(node), key, believed.collect());
        let payload = Payload {
            revocations: vec![revocation.expect("few streams")],
            ..Payload::default()
        };
        self.say(payload, env.now);
    }

    fn crash(&mut self, crash: Crash, env: &mut Env<'_>) {
        let mut unsynced = std::mem::take(&mut self.unsynced);
        if crash == Crash::PowerCut {
            unsynced.truncate(env.dice.below(unsynced.len() + 1));
        }
        // What the process handed to the system survives the process.
        if !self.is_full {
            for write in &unsynced {
                self.disk.apply(write);
            }
        }
        self.outcome = Outcome::default();
    }

    fn restart(&mut self, env: &mut Env<'_>) {
        self.boot(env);
    }

    fn disk_fault(&mut self, fault: DiskFault) {
        match fault {
            DiskFault::Full => self.is_full = true,
            DiskFault::Room => self.is_full = false,
            DiskFault::FailedSync => self.fails_sync = true,
        }
    }

    fn back_up(&mut self, _: &mut Env<'_>) -> bool {
        self.backup = Some(self.disk.clone());
        true
    }

    fn restore(&mut self) {
        if let Some(backup) = &self.backup {
            self.disk = backup.clone();
            self.incarnation += 1;
        }
    }

    fn accounted(&self) -> u64 {
        let streams = self.hub.replica().streams();
        let not_urgent = streams.filter(|(_, stream)| stream.opening.class != Class::LifeSafety);
        not_urgent
            .map(|(_, stream)| stream.accounted().count())
            .sum()
    }

    fn disk_bytes(&self) -> Vec<u8> {
        self.disk.all_bytes()
    }
}
