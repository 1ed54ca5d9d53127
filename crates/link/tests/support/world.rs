//! Several nodes in virtual time: wires that lose, delay, repeat and break, disks that
//! forget what was not synced. The same seed gives the same trace, byte for byte.

use super::{Dice, NOON, epoch_key, node_key, temperature};
use std::collections::{BTreeMap, BTreeSet};
use twin_link::hub::Peer;
use twin_link::schedule::Contract;
use twin_link::session::Ended;
use twin_link::*;
use twin_model::Time;

/// Bytes of a bundle, or of its stub.
type Stored = (Opening, bool, Vec<u8>);

/// What survives a power cut.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    pub bundles: BTreeMap<(StreamId, u64), Stored>,
    certificates: Vec<(Opening, Vec<u8>)>,
    proofs: Vec<Vec<u8>>,
    /// What the application got, stored together with what it made of it.
    pub delivered: Vec<(Time, StreamId, u64, Vec<Record>)>,
}

#[derive(Debug, Clone)]
enum Write {
    Own(Opening, Bundle),
    OwnGap(Opening, GapCertificate),
    Store(Opening, Bundle),
    StoreStub(Opening, Stub),
    Gap(Opening, GapCertificate),
    Proof(Equivocation),
    Shrink(Opening, Stub),
    Delete(StreamId, u64),
}

impl Shelf for Disk {
    fn bytes(&self, stream: StreamId, seq: u64) -> Option<Vec<u8>> {
        self.bundles
            .get(&(stream, seq))
            .map(|(_, _, bytes)| bytes.clone())
    }
}

pub struct Node {
    pub hub: Hub,
    pub disk: Disk,
    unsynced: Vec<Write>,
    pub authors: BTreeMap<Class, Author>,
    /// Further life-safety streams, which nobody else reads.
    pub others: Vec<Author>,
    control: Author,
    reader: Reader,
    lives: u8,
    is_up: bool,
    pub reports: Vec<Report>,
}

/// One direction of a wire.
#[derive(Debug, Clone, Copy)]
pub struct Wire {
    pub bytes_per_s: f64,
    pub delay_s: f64,
    pub jitter_s: f64,
    pub loss: f64,
    pub repeat: f64,
    pub frame_bytes: usize,
    /// Whether the sender knows the rate.
    pub is_budgeted: bool,
}

#[derive(Debug, Clone, Copy)]
struct State {
    wire: Wire,
    is_up: bool,
    connection: u64,
    /// When each direction has sent what it was handed.
    busy_until: [Time; 2],
}

#[derive(Debug, Clone)]
enum Event {
    Arrive(usize, usize, u64, Vec<u8>),
    Wake(usize, usize),
    Sync(usize, u8),
    Probe,
    Do(Act),
}

/// What a test makes happen.
#[derive(Debug, Clone, Copy)]
pub enum Act {
    /// A node writes this many readings of a class about random rooms; when they expire.
    Append(usize, Class, usize, Option<f64>),
    Certify(usize),
    /// A node begins a new epoch of its telemetry and grants it to this many readers.
    Epoch(usize, u8),
    /// A node writes one reading in each of this many further life-safety streams.
    Flood(usize, usize),
    Cut(usize, usize),
    Heal(usize, usize),
    Crash(usize),
    Restart(usize),
}

/// A bundle as its origin meant it.
#[derive(Debug, Clone)]
pub struct Written {
    pub at: Time,
    pub class: Class,
    pub expires: Option<Time>,
    /// As on the wire: by topic and time.
    pub records: Vec<Record>,
    pub rooms: Vec<usize>,
}

pub struct World {
    pub now: Time,
    pub nodes: Vec<Node>,
    wires: BTreeMap<(usize, usize), State>,
    events: BTreeMap<(Time, u64), Event>,
    order: u64,
    pub dice: Dice,
    pub trace: Vec<u8>,
    connections: u64,
    wakes: BTreeMap<(usize, usize), Time>,
    /// What each origin wrote, durable or not.
    pub truth: BTreeMap<(StreamId, u64), Written>,
    /// Bytes on all wires, and of all bundles written.
    pub bytes_sent: u64,
    pub bytes_written: u64,
    sync_s: f64,
    /// The last epoch begun while a node ran.
    epochs: u64,
}

const KEEPS: [(Class, Keep); 4] = [
    (Class::LifeSafety, Keep::History),
    (Class::Operational, Keep::History),
    (Class::Telemetry, Keep::Latest),
    (Class::Bulk, Keep::History),
];

impl World {
    pub fn new(count: usize, sync_s: f64, seed: u64) -> Self {
        let mut world = Self {
            now: NOON,
            nodes: Vec::new(),
            wires: BTreeMap::new(),
            events: BTreeMap::new(),
            order: 0,
            dice: Dice(seed),
            trace: Vec::new(),
            connections: 0,
            wakes: BTreeMap::new(),
            truth: BTreeMap::new(),
            bytes_sent: 0,
            bytes_written: 0,
            sync_s,
            epochs: 1000,
        };
        for at in 0..count {
            let node = Node::boot(at, count, Disk::default(), 0, NOON);
            world.nodes.push(node);
        }
        (0..count).for_each(|at| world.grant_all(at));
        world.after(0.0, Event::Probe);
        world
    }

    pub fn wire(&mut self, a: usize, b: usize, wire: Wire) {
        let state = State {
            wire,
            is_up: true,
            connection: 0,
            busy_until: [NOON; 2],
        };
        self.wires.insert((a, b), state);
    }

    pub fn plan(&mut self, seconds: f64, act: Act) {
        self.after(seconds, Event::Do(act));
    }

    fn after(&mut self, seconds: f64, event: Event) {
        self.at(self.now.plus_seconds(seconds), event);
    }

    fn at(&mut self, time: Time, event: Event) {
        self.order += 1;
        self.events.insert((time.max(self.now), self.order), event);
    }

    /// Runs until a time, or until `done`, which is asked when something became durable and
    /// twice a second.
    pub fn run(&mut self, until: Time, mut done: impl FnMut(&Self) -> bool) -> bool {
        while let Some((&(time, order), _)) = self.events.first_key_value() {
            if time > until {
                break;
            }
            let event = self.events.remove(&(time, order)).expect("it is there");
            self.now = time;
            let may_end = matches!(event, Event::Sync(..) | Event::Probe);
            self.happen(event);
            if may_end && done(self) {
                return true;
            }
        }
        self.now = until;
        done(self)
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrive(from, to, connection, frame) => {
                let current = self.state(from, to).connection == connection;
                if current && self.nodes[to].is_up {
                    self.note(b'<', &[from as u8, to as u8], &frame);
                    let (now, node) = (self.now, &mut self.nodes[to]);
                    let outputs = node.hub.take(Peer(from as u64), &frame, now, &node.disk);
                    self.obey(to, outputs);
                }
            }
            Event::Wake(node, peer) => {
                self.wakes.remove(&(node, peer));
                if self.nodes[node].is_up {
                    let (now, it) = (self.now, &mut self.nodes[node]);
                    let outputs = it.hub.tick(Peer(peer as u64), now, &it.disk);
                    self.obey(node, outputs);
                }
            }
            Event::Sync(node, life) => self.sync(node, life),
            Event::Probe => self.probe(),
            Event::Do(act) => self.act(act),
        }
    }

    fn note(&mut self, what: u8, who: &[u8], bytes: &[u8]) {
        self.trace.push(what);
        self.trace.extend_from_slice(&self.now.0.to_le_bytes());
        self.trace.extend_from_slice(who);
        self.trace.extend_from_slice(bytes);
    }

    fn state(&self, a: usize, b: usize) -> State {
        self.wires[&(a.min(b), a.max(b))]
    }

    fn state_mut(&mut self, a: usize, b: usize) -> &mut State {
        self.wires.get_mut(&(a.min(b), a.max(b))).expect("a wire")
    }

    /// Twice a second whoever is not connected tries to be.
    fn probe(&mut self) {
        let wires: Vec<_> = self.wires.keys().copied().collect();
        for (a, b) in wires {
            let state = self.state(a, b);
            let can = state.is_up && self.nodes[a].is_up && self.nodes[b].is_up;
            if can && state.connection == 0 {
                self.connections += 1;
                let connection = self.connections;
                self.state_mut(a, b).connection = connection;
                let rate = state.wire.is_budgeted.then_some(state.wire.bytes_per_s);
                let link = Link {
                    frame_bytes: state.wire.frame_bytes,
                    bytes_per_s: rate,
                    contract: Contract::default(),
                };
                for (node, peer) in [(a, b), (b, a)] {
                    let nonce = self.dice.next().to_le_bytes();
                    let now = self.now;
                    self.nodes[node]
                        .hub
                        .connect(Peer(peer as u64), link, nonce, now);
                    self.pump(node);
                }
            }
        }
        self.after(0.5, Event::Probe);
    }

    fn disconnect(&mut self, a: usize, b: usize) {
        self.state_mut(a, b).connection = 0;
        self.nodes[a].hub.disconnect(Peer(b as u64));
        self.nodes[b].hub.disconnect(Peer(a as u64));
    }

    fn peers(&self, node: usize) -> Vec<usize> {
        let ends = self.wires.keys().filter(|(a, b)| *a == node || *b == node);
        ends.map(|&(a, b)| if a == node { b } else { a }).collect()
    }

    /// Hands frames to carriers that are free.
    fn pump(&mut self, node: usize) {
        for peer in self.peers(node) {
            while self.nodes[node].is_up && self.nodes[node].hub.is_connected(Peer(peer as u64)) {
                let state = self.state(node, peer);
                let busy_until = state.busy_until[usize::from(node > peer)];
                let (now, it) = (self.now, &mut self.nodes[node]);
                let outputs = if busy_until <= now {
                    it.hub.room(Peer(peer as u64), now, &it.disk)
                } else {
                    Vec::new()
                };
                if !outputs
                    .iter()
                    .any(|output| matches!(output, Output::Send(..)))
                {
                    self.obey_quietly(node, outputs);
                    self.schedule_wake(node, peer, busy_until);
                    break;
                }
                self.obey_quietly(node, outputs);
            }
        }
    }

    fn schedule_wake(&mut self, node: usize, peer: usize, busy_until: Time) {
        let now = self.now;
        let Some(wake) = self.nodes[node].hub.next_wake(Peer(peer as u64), now) else {
            return;
        };
        let wake = wake.max(busy_until).max(Time(now.0 + 1));
        let planned = self.wakes.get(&(node, peer));
        if planned.is_none_or(|&planned| planned > wake || planned <= now) {
            self.wakes.insert((node, peer), wake);
            self.at(wake, Event::Wake(node, peer));
        }
    }

    fn obey(&mut self, node: usize, outputs: Vec<Output>) {
        self.obey_quietly(node, outputs);
        self.pump(node);
    }

    fn obey_quietly(&mut self, node: usize, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Send(peer, frame) => self.transmit(node, peer.0 as usize, &frame),
                Output::Store(opening, bundle) => self.write(node, Write::Store(opening, bundle)),
                Output::StoreStub(opening, stub) => {
                    self.write(node, Write::StoreStub(opening, stub));
                }
                Output::StoreCertificate(opening, gap) => {
                    self.write(node, Write::Gap(opening, gap));
                }
                Output::StoreProof(proof) => self.write(node, Write::Proof(proof)),
                Output::Delete(gone) => self.write(node, Write::Delete(gone.stream, gone.seq)),
                Output::Close(peer, why) => {
                    let is_protocol = matches!(why, Ended::ByUs(_) | Ended::ByPeer(_));
                    assert!(!is_protocol, "honest nodes break no rules: {why:?}");
                    self.disconnect(node, peer.0 as usize);
                }
                Output::Report(report) => self.nodes[node].reports.push(report),
            }
        }
    }

    fn transmit(&mut self, from: usize, to: usize, frame: &[u8]) {
        let state = self.state(from, to);
        let wire = state.wire;
        self.bytes_sent += frame.len() as u64;
        let direction = usize::from(from > to);
        let begun = state.busy_until[direction].max(self.now);
        let sent = begun.plus_seconds(frame.len() as f64 / wire.bytes_per_s);
        self.state_mut(from, to).busy_until[direction] = sent;
        let copies = 1 + usize::from(self.dice.chance(wire.repeat));
        for _ in 0..copies {
            let is_lost = self.dice.chance(wire.loss);
            let delay_s = wire.delay_s + self.dice.unit() * wire.jitter_s;
            if !is_lost {
                let arrive = Event::Arrive(from, to, state.connection, frame.to_vec());
                self.at(sent.plus_seconds(delay_s), arrive);
            }
        }
    }

    fn write(&mut self, node: usize, write: Write) {
        let it = &mut self.nodes[node];
        it.unsynced.push(write);
        if it.unsynced.len() == 1 {
            let life = it.lives;
            self.after(self.sync_s, Event::Sync(node, life));
        }
    }

    /// What was written becomes durable, and only now visible to others.
    fn sync(&mut self, node: usize, life: u8) {
        let now = self.now;
        let it = &mut self.nodes[node];
        if !it.is_up || it.lives != life {
            return;
        }
        let mut fresh = Vec::new();
        for write in std::mem::take(&mut it.unsynced) {
            it.disk.apply(&write);
            match write {
                Write::Own(opening, bundle) => {
                    it.hub.publish(opening, &bundle, now).expect("our own");
                    fresh.push((bundle.header().stream, bundle.header().seq));
                }
                Write::OwnGap(opening, gap) => {
                    let dropped = it.hub.certify(opening.id(), &gap, now).expect("our own");
                    for gone in dropped {
                        it.disk.apply(&Write::Delete(gone.stream, gone.seq));
                    }
                }
                Write::Store(_, bundle) => {
                    let key = (bundle.header().stream, bundle.header().seq);
                    it.hub.durable(key.0, key.1, now);
                    fresh.push(key);
                }
                Write::StoreStub(_, stub) => {
                    it.hub.durable(stub.header.stream, stub.header.seq, now);
                }
                Write::Shrink(_, stub) => {
                    let (stream, seq) = (stub.header.stream, stub.header.seq);
                    it.hub.shrunk(stream, seq, stub.encode().len());
                }
                Write::Gap(..) | Write::Proof(_) | Write::Delete(..) => {}
            }
        }
        it.deliver(&fresh, now);
        self.pump(node);
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Append(node, class, count, expires_s) => {
                if self.nodes[node].is_up {
                    self.append(node, class, count, expires_s);
                }
            }
            Act::Certify(node) => self.certify(node),
            Act::Epoch(node, readers) => self.begin_epoch(node, readers),
            Act::Flood(node, count) => self.flood(node, count),
            Act::Cut(a, b) => {
                self.state_mut(a, b).is_up = false;
                self.disconnect(a, b);
            }
            Act::Heal(a, b) => self.state_mut(a, b).is_up = true,
            Act::Crash(node) => {
                self.nodes[node].is_up = false;
                for peer in self.peers(node) {
                    self.disconnect(node, peer);
                }
            }
            Act::Restart(node) => {
                if !self.nodes[node].is_up {
                    let count = self.nodes.len();
                    let disk = self.nodes[node].disk.clone();
                    let lives = self.nodes[node].lives + 1;
                    self.nodes[node] = Node::boot(node, count, disk, lives, self.now);
                    self.grant_all(node);
                }
            }
        }
    }

    /// Every node may read every stream of this one.
    fn grant_all(&mut self, node: usize) {
        let mut grants = Vec::new();
        for reader in 0..self.nodes.len() {
            let recipient = reader_secret(reader).recipient;
            for author in self.nodes[node].authors.values() {
                let random = self.dice.key();
                grants.push(author.grant(&node_key(node as u8), &recipient, &random));
            }
        }
        let payload = Payload {
            written: self.now,
            grants: grants
                .into_iter()
                .collect::<Result<_, _>>()
                .expect("grants"),
            ..Payload::default()
        };
        let control = &mut self.nodes[node].control;
        let bundles = control.append(&payload, None, self.now).expect("a bundle");
        let opening = control.opening();
        for bundle in bundles {
            self.write(node, Write::Own(opening, bundle));
        }
    }

    fn append(&mut self, node: usize, class: Class, count: usize, expires_s: Option<f64>) {
        let now = self.now;
        let rooms: Vec<usize> = (0..count).map(|_| self.dice.below(30) as usize).collect();
        let author = self.nodes[node].authors.get_mut(&class).expect("an author");
        let records: Vec<Record> = rooms
            .iter()
            .map(|&room| {
                let value = self.dice.below(100) as f64 / 10.0;
                let topic = author.topic(&temperature(room), Some(value)).expect("room");
                Record::reading(topic, now, value)
            })
            .collect();
        let payload = Payload {
            written: now,
            records,
            ..Payload::default()
        };
        let expires = expires_s.map(|s| now.plus_seconds(s));
        let bundles = author.append(&payload, expires, now).expect("a bundle");
        let opening = author.opening();
        let mut meant = Written {
            at: now,
            class,
            expires,
            records: payload.records,
            rooms,
        };
        meant
            .records
            .sort_by_key(|record| (record.topic, record.observed));
        let mut writes = Vec::new();
        for bundle in bundles.into_iter().rev() {
            self.bytes_written += bundle.body().len() as u64;
            let names_only = Written {
                expires: None,
                records: Vec::new(),
                rooms: Vec::new(),
                ..meant.clone()
            };
            let key = (bundle.header().stream, bundle.header().seq);
            self.truth
                .insert(key, std::mem::replace(&mut meant, names_only));
            writes.push(Write::Own(opening, bundle));
        }
        writes
            .into_iter()
            .rev()
            .for_each(|write| self.write(node, write));
    }

    fn begin_epoch(&mut self, node: usize, readers: u8) {
        let now = self.now;
        let random = SecretKey::new(self.dice.key());
        let authors = &mut self.nodes[node].authors;
        let author = authors.get_mut(&Class::Telemetry).expect("an author");
        self.epochs += 1;
        author
            .begin_epoch(self.epochs, random, now)
            .expect("a new epoch");
        let grants = (0..readers).map(|reader| {
            let recipient = reader_secret(usize::from(reader)).recipient;
            author.grant(&node_key(node as u8), &recipient, &self.dice.key())
        });
        let payload = Payload {
            written: now,
            grants: grants.collect::<Result<_, _>>().expect("grants"),
            ..Payload::default()
        };
        let control = &mut self.nodes[node].control;
        let bundles = control.append(&payload, None, now).expect("a bundle");
        let opening = control.opening();
        for bundle in bundles {
            self.bytes_written += bundle.body().len() as u64;
            self.write(node, Write::Own(opening, bundle));
        }
    }

    fn flood(&mut self, node: usize, count: usize) {
        let mut writes = Vec::new();
        for at in 0..count {
            let others = &mut self.nodes[node].others;
            if others.len() <= at {
                others.push(other_author(node, at));
            }
            let author = &mut others[at];
            let topic = author.topic(&temperature(at), Some(99.0)).expect("room");
            let payload = Payload {
                written: self.now,
                records: vec![Record::reading(topic, self.now, 99.0)],
                ..Payload::default()
            };
            let bundles = author.append(&payload, None, self.now).expect("a bundle");
            let opening = author.opening();
            writes.extend(
                bundles
                    .into_iter()
                    .map(|bundle| Write::Own(opening, bundle)),
            );
        }
        for write in writes {
            self.write(node, write);
        }
    }

    fn certify(&mut self, node: usize) {
        if !self.nodes[node].is_up {
            return;
        }
        let now = self.now;
        let mut writes = Vec::new();
        for author in self.nodes[node].authors.values_mut() {
            let opening = author.opening();
            let certificates = author.certify(now).expect("certificates");
            writes.extend(
                certificates
                    .into_iter()
                    .map(|gap| Write::OwnGap(opening, gap)),
            );
        }
        for (stream, seq) in self.nodes[node].hub.expire(now) {
            let (opening, _, bytes) = &self.nodes[node].disk.bundles[&(stream, seq)];
            let bundle = Bundle::from_body(stream, seq, bytes).expect("a bundle");
            writes.push(Write::Shrink(*opening, *bundle.stub()));
        }
        for write in writes {
            self.write(node, write);
        }
    }

    /// Whether all nodes know the same.
    pub fn is_settled(&self) -> bool {
        let roots =
            |node: &Node| Class::ALL.map(|class| node.hub.replica().root(class, &BTreeSet::new()));
        let first = roots(&self.nodes[0]);
        let idle = self
            .nodes
            .iter()
            .all(|node| node.is_up && node.unsynced.is_empty());
        idle && self.nodes.iter().all(|node| roots(node) == first)
    }
}

/// A further life-safety stream of a node.
pub fn other_author(node: usize, at: usize) -> Author {
    let mut identity = super::identity(node as u8);
    identity.audience = Audience([at as u8 + 1; 16]);
    let secret = [node as u8 + 1; 32];
    let mut author = Author::open(&secret, identity, Class::LifeSafety, Keep::History);
    let begun = author.begin_epoch(1, epoch_key(1), NOON);
    begun.expect("a first epoch");
    author
}

pub fn reader_secret(node: usize) -> ReaderSecret {
    ReaderSecret::new(&[node as u8 + 100; 32])
}

impl Disk {
    fn apply(&mut self, write: &Write) {
        match write {
            Write::Own(opening, bundle) | Write::Store(opening, bundle) => {
                let key = (bundle.header().stream, bundle.header().seq);
                self.bundles.insert(key, (*opening, false, bundle.body()));
            }
            Write::StoreStub(opening, stub) | Write::Shrink(opening, stub) => {
                let key = (stub.header.stream, stub.header.seq);
                self.bundles.insert(key, (*opening, true, stub.encode()));
            }
            Write::OwnGap(opening, gap) | Write::Gap(opening, gap) => {
                self.certificates.push((*opening, gap.encode()));
            }
            Write::Proof(proof) => self.proofs.push(proof.encode()),
            Write::Delete(stream, seq) => {
                self.bundles.remove(&(*stream, *seq));
            }
        }
    }

    fn last_of(&self, stream: StreamId) -> Option<Stub> {
        let mut of = self.bundles.range((stream, 0)..=(stream, u64::MAX));
        let ((_, seq), (_, is_stub, bytes)) = of.next_back()?;
        if *is_stub {
            return Stub::decode(stream, *seq, bytes).ok();
        }
        let bundle = Bundle::from_body(stream, *seq, bytes).ok()?;
        Some(*bundle.stub())
    }

    fn ranges(&self) -> BTreeMap<StreamId, Ranges> {
        let mut ranges: BTreeMap<StreamId, Ranges> = BTreeMap::new();
        for (_, stream, seq, _) in &self.delivered {
            ranges.entry(*stream).or_default().insert(*seq, *seq);
        }
        ranges
    }

    fn whole(&self) -> impl Iterator<Item = Bundle> {
        let whole = self.bundles.iter().filter(|(_, (_, is_stub, _))| !is_stub);
        whole.map(|((stream, seq), (_, _, bytes))| {
            Bundle::from_body(*stream, *seq, bytes).expect("a bundle")
        })
    }

    /// After a restart: keys and topics of what was delivered before.
    fn teach(&self, reader: &mut Reader) {
        for _ in 0..2 {
            for bundle in self.whole() {
                let _ = reader.reread(&bundle);
            }
        }
    }

    /// After a restart: what the author had said.
    fn remind(&self, author: &mut Author, reader: &mut Reader) {
        let own = |bundle: &Bundle| bundle.header().stream == author.stream();
        for bundle in self.whole().filter(own).collect::<Vec<_>>() {
            let header = *bundle.header();
            let Ok(delivery) = reader.reread(&bundle) else {
                continue;
            };
            if let Some(topics) = reader.topics(header.stream, header.epoch) {
                author.remember(&header, &delivery.payload, topics);
            }
        }
    }

    /// What the disk says is there.
    fn replica(&self, now: Time) -> Replica {
        let mut replica = Replica::default();
        for ((stream, seq), (opening, is_stub, bytes)) in &self.bundles {
            replica.introduce(*opening).expect("room");
            if *is_stub {
                let stub = Stub::decode(*stream, *seq, bytes).expect("a stub");
                replica.hold_stub(&stub, now).expect("expired");
            } else {
                let bundle = Bundle::from_body(*stream, *seq, bytes).expect("a bundle");
                replica.check(bundle.stub()).expect("sound");
                replica.hold(&bundle).expect("known");
            }
        }
        for (opening, bytes) in &self.certificates {
            replica.introduce(*opening).expect("room");
            let gap = GapCertificate::decode(bytes).expect("a certificate");
            let _ = replica.cover(opening.id(), &gap);
        }
        replica
    }
}

impl Node {
    fn boot(at: usize, count: usize, disk: Disk, lives: u8, now: Time) -> Self {
        let secret = [at as u8 + 1; 32];
        let identity = super::identity(at as u8);
        let members = (0..count).map(|i| {
            let member = Member {
                node: node_key(i as u8).verifying_key(),
                authority: node_key(0xEE).verifying_key(),
                recipient: reader_secret(i).recipient,
            };
            (super::identity(i as u8).origin, member)
        });
        let resume = |author: Author| match disk.last_of(author.stream()) {
            Some(last) => author.resume(&last),
            None => author,
        };
        let hub = Hub::new(disk.replica(now));
        let reader = Reader::new(reader_secret(at), members.collect());
        let mut reader = reader.after_restart(disk.ranges(), BTreeSet::new());
        disk.teach(&mut reader);
        let authors = KEEPS.map(|(class, keep)| {
            let mut author = resume(Author::open(&secret, identity, class, keep));
            disk.remind(&mut author, &mut reader);
            if let Some(stream) = hub.replica().stream(author.stream()) {
                author.remember_gaps(stream.certificates());
            }
            let epoch = u64::from(lives) + 1;
            author
                .begin_epoch(epoch, epoch_key(lives + 1), now)
                .expect("a new epoch");
            (class, author)
        });
        let mut node = Self {
            hub,
            control: resume(Author::open_plain(&secret, identity, Class::LifeSafety)),
            authors: authors.into(),
            others: Vec::new(),
            reader,
            disk,
            unsynced: Vec::new(),
            lives,
            is_up: true,
            reports: Vec::new(),
        };
        node.deliver(&node.waiting(), now);
        node
    }

    fn waiting(&self) -> Vec<(StreamId, u64)> {
        let streams = self.hub.replica().streams();
        let waiting = streams.flat_map(|(id, stream)| {
            let seqs = self.reader.waiting(id, stream);
            seqs.into_iter().map(move |seq| (id, seq))
        });
        waiting.collect()
    }

    /// Gives the application what is durable and can be read; if that unlocks anything, also
    /// what had to wait.
    fn deliver(&mut self, fresh: &[(StreamId, u64)], now: Time) {
        let mut unlocked = false;
        for &(id, seq) in fresh {
            let stream = self.hub.replica().stream(id).expect("it is held");
            let Some((_, false, bytes)) = self.disk.bundles.get(&(id, seq)) else {
                continue;
            };
            let bundle = Bundle::from_body(id, seq, bytes).expect("a bundle");
            if let Ok(delivery) = self.reader.read(&bundle, stream) {
                unlocked |= delivery.unlocks;
                let records = delivery.payload.records;
                self.disk.delivered.push((now, id, seq, records));
            }
        }
        if unlocked {
            self.deliver(&self.waiting(), now);
        }
    }
}
