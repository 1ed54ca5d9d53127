//! Several organisations in one process: disks that forget what was not synced, wires that
//! are cut, nodes that stop at any write. The same plan gives the same bytes.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(unreachable_pub, reason = "a module of several test crates")]

use std::collections::{BTreeMap, BTreeSet};
use twin_exchange::coarsen::{Estimates, Storey};
use twin_exchange::{
    Card, Change, Delivery, Env, Exchange, Notice, Particulars, Past, Rows, Scene, Secrets,
    about_bytes,
};
use twin_link::schedule::Contract;
use twin_link::{Class, Link, OriginId, Peer, Ranges, StreamId};
use twin_model::{
    Act, Attribute, Basis, BatchId, Claim, ClaimId, Distribution, EntityId, EntityKind, Estimate,
    Interval, Knowledge, SourceId, Stated, Statement, Time, Value,
};
use twin_policy::sharing::{
    Choice, Form, Recipient, Released, Rule, RuleRecord, Whereabouts, release, release_earlier,
};

pub const NOON: Time = Time(1_795_348_800_000_000);

/// SplitMix64 (Steele, Lea, Flood 2014).
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn fill(&mut self, out: &mut [u8]) {
        for byte in out {
            *byte = self.next() as u8;
        }
    }
}

/// Rows that are durable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Disk(pub BTreeMap<Vec<u8>, Vec<u8>>);

impl Disk {
    pub fn apply(&mut self, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Put { key, value } => {
                    assert!(key.len() <= 64, "keys are short");
                    self.0.insert(key, value);
                }
                Change::Delete { key } => {
                    self.0.remove(&key);
                }
            }
        }
    }
}

impl Rows for Disk {
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.get(key).cloned()
    }

    fn scan(&self, prefix: &[u8], each: &mut dyn FnMut(&[u8], &[u8])) {
        let from = self.0.range(prefix.to_vec()..);
        for (key, value) in from.take_while(|(key, _)| key.starts_with(prefix)) {
            each(key, value);
        }
    }
}

/// Everything is a room of the tower.
struct Tower;

impl Whereabouts for Tower {
    fn kind(&self, _: &EntityId) -> Option<EntityKind> {
        Some(EntityKind::Space)
    }

    fn is_within(&self, _: &EntityId, _: &EntityId) -> bool {
        true
    }
}

/// Claims read so many at a time.
struct Log<'a>(&'a [Claim]);

impl Past for Log<'_> {
    fn read(&mut self, from: u64) -> Option<(Vec<Claim>, u64)> {
        let rest = &self.0[(from as usize - 1).min(self.0.len())..];
        let some = &rest[..rest.len().min(50)];
        Some((some.to_vec(), from + some.len() as u64))
    }
}

/// What was said last of each room counts, without any doubt, for a minute.
struct Believed<'a>(&'a [Claim], Time);

impl Estimates for Believed<'_> {
    fn estimate(&self, part: &EntityId, attribute: &str) -> Estimate {
        let is_of = |claim: &&Claim| {
            let statement = &claim.statement;
            statement.entity == *part && statement.attribute.as_str() == attribute
        };
        let unknown = Estimate::unknown(self.1);
        let Some(claim) = self.0.iter().rev().take(5_000).find(is_of) else {
            return unknown;
        };
        let Act::Assert(Stated {
            value: Value::Number(people),
            ..
        }) = &claim.statement.act
        else {
            return unknown;
        };
        if attribute != "occupancy" {
            return unknown;
        }
        let mut p = vec![0.0; *people as usize + 1];
        p[*people as usize] = 1.0;
        Estimate {
            knowledge: Knowledge::Known,
            distribution: Some(Distribution::Counts(p.into())),
            basis: Basis::Observed,
            ..unknown
        }
    }
}

pub fn room(number: u64) -> EntityId {
    EntityId::new(&format!("urn:tower:room:{number}")).expect("an entity")
}

/// One organisation: what is on its two disks, and what runs.
pub struct Node {
    pub disk: Disk,
    /// What its commit log recorded of others' bundles.
    pub recorded: Vec<Delivery>,
    /// When each of these was recorded.
    pub recorded_at: Vec<Time>,
    /// Its own claims.
    pub claims: Vec<Claim>,
    pub rules: Vec<RuleRecord>,
    pub running: Option<Exchange>,
    pub notices: Vec<Notice>,
    pub place: [u8; 32],
    dice: Dice,
    /// Stops before this many more writes.
    pub fuse: Option<usize>,
    pub writes: usize,
    /// Its commit log takes nothing.
    pub is_deaf: bool,
    /// What it was handed meanwhile.
    pub handed: Vec<Delivery>,
}

pub struct World {
    pub now: Time,
    pub nodes: Vec<Node>,
    /// Pairs that are connected.
    pub wires: BTreeSet<(usize, usize)>,
    pub cut: BTreeSet<(usize, usize)>,
    pub trace: Vec<u8>,
    pub frame_bytes: usize,
    /// In which form what is shared from now on goes to peers.
    pub form: Form,
    /// What every wire carries, in bytes per second; `None` if it is no limit.
    pub bytes_per_s: Option<f64>,
    /// What both ends believe that a wire carries, when it comes up.
    pub budget: Option<f64>,
    /// What is on each direction of such a wire, and when it arrives.
    on_wire: BTreeMap<(usize, usize), (Time, Vec<u8>)>,
    /// Until when each direction of such a wire was busy.
    busy: BTreeMap<(usize, usize), Time>,
    /// When each node last looked at how its links keep up.
    paced: Time,
}

pub fn particulars(name: &str) -> Particulars {
    Particulars {
        name: name.into(),
        title: format!("The {name}"),
        certificate: vec![0x30],
        addresses: Vec::new(),
    }
}

impl Node {
    fn found(name: &str, seed: u64) -> Self {
        let mut node = Self {
            disk: Disk::default(),
            recorded: Vec::new(),
            recorded_at: Vec::new(),
            claims: Vec::new(),
            rules: Vec::new(),
            running: None,
            notices: Vec::new(),
            place: [seed as u8; 32],
            dice: Dice(seed),
            fuse: None,
            writes: 0,
            is_deaf: false,
            handed: Vec::new(),
        };
        let mut dice = node.dice.clone();
        let secrets = Secrets::draw(&mut |out| dice.fill(out));
        let mut env = Env {
            now: NOON,
            random: &mut |out| dice.fill(out),
        };
        let founded = Exchange::found(secrets, particulars(name), node.place, &mut env);
        node.running = Some(founded.expect("founded"));
        node.dice = dice;
        node.settle(NOON);
        node
    }

    /// Calls the exchange with the time and lots.
    pub fn call<T>(
        &mut self,
        now: Time,
        what: impl FnOnce(&mut Exchange, &Disk, &mut Env<'_>) -> T,
    ) -> Option<T> {
        let dice = &mut self.dice;
        let mut random = |out: &mut [u8]| dice.fill(out);
        let mut env = Env {
            now,
            random: &mut random,
        };
        let exchange = self.running.as_mut()?;
        Some(what(exchange, &self.disk, &mut env))
    }

    pub fn open(&mut self, now: Time) {
        let mut delivered: BTreeMap<StreamId, Ranges> = BTreeMap::new();
        for delivery in &self.recorded {
            let ranges = delivered.entry(delivery.stream).or_default();
            ranges.insert(delivery.seq, delivery.seq);
        }
        let dice = &mut self.dice;
        let mut random = |out: &mut [u8]| dice.fill(out);
        let mut env = Env {
            now,
            random: &mut random,
        };
        let opened = Exchange::open(&self.disk, self.place, delivered, &mut env);
        self.running = Some(opened.expect("sound").expect("founded"));
        self.call(now, |exchange, disk, env| exchange.tick(disk, env));
    }

    /// A write to one of the disks; whether the node is still there to make it.
    fn burn(&mut self) -> bool {
        self.writes += 1;
        match &mut self.fuse {
            Some(0) => {
                self.running = None;
                false
            }
            Some(left) => {
                *left -= 1;
                true
            }
            None => true,
        }
    }

    /// Makes changes durable and records deliveries until there are none.
    pub fn settle(&mut self, now: Time) {
        while let Some(exchange) = &mut self.running {
            let changes = exchange.changes();
            let is_quiet = changes.is_empty();
            if !is_quiet {
                if !self.burn() {
                    return;
                }
                self.disk.apply(changes);
            }
            self.call(now, |exchange, disk, env| exchange.synced(disk, env));
            let exchange = self.running.as_mut().expect("just called");
            self.notices.extend(exchange.notices());
            let deliveries = exchange.deliveries();
            if is_quiet && deliveries.is_empty() {
                return;
            }
            if self.is_deaf {
                self.handed.extend(deliveries);
                continue;
            }
            for delivery in deliveries {
                if !self.burn() {
                    return;
                }
                let (stream, seq) = (delivery.stream, delivery.seq);
                self.recorded.push(delivery);
                self.recorded_at.push(now);
                let exchange = self.running.as_mut().expect("it is there");
                exchange.delivered(stream, seq);
            }
        }
    }

    /// Offers what its log holds and was not offered yet.
    pub fn offer(&mut self, now: Time) {
        let Some(exchange) = &self.running else {
            return;
        };
        let from = exchange.offered();
        let last = self.claims.last().map_or(0, |claim| claim.id.sequence);
        if last <= from {
            return;
        }
        let new = self.claims.iter().filter(|claim| claim.id.sequence > from);
        let released: Vec<_> = new
            .flat_map(|claim| release(&self.rules, claim, &Tower))
            .collect();
        self.call(now, |exchange, _, env| {
            exchange.offer_or_hold(released, last, &Tower, env);
        });
    }

    /// Lets what waited follow.
    fn catch_up(&mut self, now: Time) {
        let dice = &mut self.dice;
        let mut random = |out: &mut [u8]| dice.fill(out);
        let mut env = Env {
            now,
            random: &mut random,
        };
        if let Some(exchange) = &mut self.running {
            exchange.catch_up(&mut Log(&self.claims), &Tower, &mut env);
        }
    }

    /// Goes on with what a rule tells of the time before it.
    fn backfill(&mut self, now: Time) {
        let dice = &mut self.dice;
        let mut random = |out: &mut [u8]| dice.fill(out);
        let mut env = Env {
            now,
            random: &mut random,
        };
        let Some(exchange) = &mut self.running else {
            return;
        };
        let left = |record: &RuleRecord| Some((record.id(), record.left_to_backfill()?));
        let Some((rule, left)) = exchange.rules().iter().find_map(left) else {
            return;
        };
        let room = exchange.room_to_backfill(rule, &env);
        let (mut released, mut bytes, mut next) = (Vec::new(), 0, left.start.max(1));
        while bytes < room && next < left.end {
            let claim = &self.claims[next as usize - 1];
            let told = release_earlier(exchange.rules(), rule, claim, &Tower);
            bytes += told.as_ref().map_or(0, about_bytes);
            released.extend(told);
            next += 1;
        }
        if room > 0 {
            let offered = exchange.offer_earlier(rule, released, next, &mut env);
            offered.expect("the rule is there");
        }
    }

    /// Looks how the links keep up, and says what is due of the one storey there is.
    fn pace(&mut self, now: Time) {
        let storeys = [Storey {
            id: EntityId::new("urn:tower:storey").expect("an entity"),
            rooms: (0..40).map(room).collect(),
            doors: Vec::new(),
        }];
        let source = SourceId::new("urn:tower:node").expect("a source");
        let believes = Believed(&self.claims, now);
        let scene = Scene {
            storeys: &storeys,
            estimates: &believes,
            source: &source,
            whereabouts: &Tower,
        };
        let dice = &mut self.dice;
        let mut random = |out: &mut [u8]| dice.fill(out);
        let mut env = Env {
            now,
            random: &mut random,
        };
        let Some(exchange) = &mut self.running else {
            return;
        };
        for (member, word) in exchange.pace(&mut env) {
            exchange.sum_up(member, word, &scene, &mut env);
        }
    }

    /// What its rules release of the last thousand claims.
    pub fn released(&self) -> Vec<Released> {
        let last = &self.claims[self.claims.len() - 1000..];
        last.iter()
            .flat_map(|claim| release(&self.rules, claim, &Tower))
            .collect()
    }

    pub fn origin(&self) -> OriginId {
        self.running.as_ref().expect("running").origin()
    }

    /// What was said to the node, each claim as text, in the order of recording.
    pub fn heard(&self) -> Vec<String> {
        let claims = self.recorded.iter().flat_map(|delivery| &delivery.claims);
        claims
            .map(|claim| {
                let Act::Assert(Stated { value, .. }) = &claim.statement.act else {
                    return format!("{:?}", claim.statement.act);
                };
                let attribute = claim.statement.attribute.as_str();
                format!("{} {attribute} {value:?}", claim.source)
            })
            .collect()
    }
}

impl World {
    /// Organisations that know nobody yet.
    pub fn new(names: &[&str]) -> Self {
        let founded = names.iter().enumerate();
        Self {
            now: NOON,
            nodes: founded
                .map(|(at, name)| Node::found(name, at as u64 + 1))
                .collect(),
            wires: BTreeSet::new(),
            cut: BTreeSet::new(),
            trace: Vec::new(),
            frame_bytes: 1200,
            form: Form::Claims,
            bytes_per_s: None,
            budget: None,
            on_wire: BTreeMap::new(),
            busy: BTreeMap::new(),
            paced: NOON,
        }
    }

    pub fn card(&self, node: usize) -> Card {
        self.nodes[node]
            .running
            .as_ref()
            .expect("running")
            .card()
            .clone()
    }

    /// Both admit each other, and are wired.
    pub fn befriend(&mut self, a: usize, b: usize) {
        for (one, other) in [(a, b), (b, a)] {
            let (card, now) = (self.card(other), self.now);
            let node = &mut self.nodes[one];
            let admitted = node.call(now, |exchange, _, env| exchange.admit_card(&card, env));
            admitted.expect("running").expect("admitted");
            node.settle(now);
        }
        self.wire(a, b);
    }

    pub fn wire(&mut self, a: usize, b: usize) {
        self.wires.insert((a.min(b), a.max(b)));
    }

    pub fn cut(&mut self, a: usize, b: usize) {
        let wire = (a.min(b), a.max(b));
        self.cut.insert(wire);
        let now = self.now;
        for (one, other) in [(a, b), (b, a)] {
            self.nodes[one].call(now, |exchange, _, env| {
                exchange.disconnect(Peer(other as u64), env);
            });
        }
    }

    pub fn heal(&mut self, a: usize, b: usize) {
        self.cut.remove(&(a.min(b), a.max(b)));
    }

    /// `from` tells `to` (nobody: all members) these attributes.
    pub fn share(&mut self, from: usize, to: Option<usize>, attributes: &[&str]) {
        self.make_rule(from, to, attributes, false);
    }

    /// The same, and what was said of them before.
    pub fn share_past(&mut self, from: usize, to: usize, attributes: &[&str]) {
        self.make_rule(from, Some(to), attributes, true);
    }

    /// How far the telling of the past has come: the first claim that is left.
    pub fn backfilled(&self, node: usize) -> u64 {
        let exchange = self.nodes[node].running.as_ref().expect("running");
        let mut left = exchange
            .rules()
            .iter()
            .filter_map(RuleRecord::left_to_backfill);
        left.next().map_or(u64::MAX, |left| left.start)
    }

    fn make_rule(&mut self, from: usize, to: Option<usize>, attributes: &[&str], backfill: bool) {
        let to = to.map_or(Recipient::Members, |to| {
            Recipient::Peer(self.nodes[to].origin().0)
        });
        let kinds = match to {
            Recipient::Members => Choice::Only(vec![EntityKind::Space]),
            Recipient::Peer(_) => Choice::All,
        };
        let names = attributes
            .iter()
            .map(|name| Attribute::new(name).expect("a name"));
        let rule = Rule {
            to,
            kinds,
            attributes: Choice::Only(names.collect()),
            area: None,
            backfill,
            form: self.form,
        };
        let now = self.now;
        let node = &mut self.nodes[from];
        let next = node.claims.len() as u64 + 1;
        let record = RuleRecord::new(rule.clone(), next, &node.rules).expect("a rule");
        node.rules.push(record);
        node.call(now, |exchange, _, _| exchange.add_rule(rule))
            .expect("running")
            .expect("a rule");
        node.settle(now);
    }

    /// A claim of a node's own.
    pub fn claim(&mut self, node: usize, room: u64, attribute: &str, value: Value) {
        let now = self.now;
        let node = &mut self.nodes[node];
        let sequence = node.claims.len() as u64 + 1;
        node.claims.push(Claim {
            id: ClaimId {
                incarnation: 1,
                sequence,
            },
            source: SourceId::new(&format!("urn:tower:sensor:{room}")).expect("a source"),
            statement: Statement {
                entity: EntityId::new(&format!("urn:tower:room:{room}")).expect("an entity"),
                attribute: Attribute::new(attribute).expect("an attribute"),
                act: Act::Assert(Stated::from(value)),
                valid: Interval::ALWAYS,
                observed: now,
                procedure: None,
            },
            recorded: now,
            batch: BatchId(sequence),
        });
    }

    /// Runs for so many seconds.
    pub fn run(&mut self, seconds: f64) {
        let end = self.now.plus_seconds(seconds);
        while self.now < end {
            self.step();
            self.now = self.now.plus_seconds(0.05).min(end);
        }
    }

    /// Whoever stopped starts again.
    pub fn restart(&mut self, node: usize) {
        self.stop(node);
        let now = self.now;
        self.nodes[node].fuse = None;
        self.nodes[node].open(now);
    }

    pub fn stop(&mut self, node: usize) {
        self.nodes[node].running = None;
        self.hang_up();
    }

    fn hang_up(&mut self) {
        let now = self.now;
        let down: Vec<usize> = (0..self.nodes.len())
            .filter(|&at| self.nodes[at].running.is_none())
            .collect();
        for node in &mut self.nodes {
            for &at in &down {
                node.call(now, |exchange, _, env| {
                    exchange.disconnect(Peer(at as u64), env);
                });
            }
        }
    }

    pub fn step(&mut self) {
        let now = self.now;
        let is_second = now.seconds_since(self.paced) >= 1.0;
        if is_second {
            self.paced = now;
        }
        for node in &mut self.nodes {
            node.offer(now);
            if is_second {
                node.pace(now);
            }
            node.settle(now);
            node.catch_up(now);
            node.settle(now);
            node.backfill(now);
            node.settle(now);
            node.call(now, |exchange, disk, env| exchange.tick(disk, env));
            node.settle(now);
        }
        self.hang_up();
        let wires: Vec<_> = self.wires.difference(&self.cut).copied().collect();
        for (a, b) in wires {
            if self.nodes[a].running.is_some() && self.nodes[b].running.is_some() {
                self.talk(a, b);
            }
        }
        self.hang_up();
    }

    fn talk(&mut self, a: usize, b: usize) {
        let now = self.now;
        let is_up = |node: &Node, peer: usize| {
            node.running
                .as_ref()
                .is_some_and(|e| e.is_connected(Peer(peer as u64)))
        };
        if !(is_up(&self.nodes[a], b) && is_up(&self.nodes[b], a)) {
            let link = Link {
                frame_bytes: self.frame_bytes,
                bytes_per_s: self.budget,
                contract: Contract::default(),
            };
            self.on_wire
                .retain(|&way, _| way != (a, b) && way != (b, a));
            for (one, other) in [(a, b), (b, a)] {
                let member = self.nodes[other].origin();
                self.nodes[one].call(now, |exchange, _, env| {
                    exchange.connect(Peer(other as u64), member, link, env);
                });
            }
        }
        for _ in 0..200 {
            let mut is_quiet = true;
            for (one, other) in [(a, b), (b, a)] {
                if !self.pass(one, other) {
                    continue;
                }
                let node = &mut self.nodes[one];
                node.call(now, |exchange, disk, env| {
                    exchange.room(Peer(other as u64), disk, env);
                });
                node.settle(now);
                let Some(exchange) = &mut node.running else {
                    return;
                };
                assert_eq!(exchange.closes(), [], "honest nodes break no rules");
                for (_, frame) in exchange.frames() {
                    is_quiet = false;
                    self.trace.extend_from_slice(&frame);
                    if let Some(rate) = self.bytes_per_s {
                        let busy = self.busy.entry((one, other)).or_insert(now);
                        let begin = (*busy).max(now.plus_seconds(-0.05));
                        *busy = begin.plus_seconds(frame.len() as f64 / rate);
                        self.on_wire.insert((one, other), (*busy, frame));
                        continue;
                    }
                    let to = &mut self.nodes[other];
                    to.call(now, |exchange, disk, env| {
                        exchange.take(Peer(one as u64), &frame, disk, env);
                    });
                    to.settle(now);
                    if to.running.is_none() {
                        return;
                    }
                }
            }
            if is_quiet {
                return;
            }
        }
    }

    /// Lets what is on a narrow wire arrive if it is time; whether there is room for more.
    fn pass(&mut self, one: usize, other: usize) -> bool {
        let now = self.now;
        let Some((due, _)) = self.on_wire.get(&(one, other)) else {
            return true;
        };
        if *due > now {
            return false;
        }
        let frame = self.on_wire.remove(&(one, other)).expect("just seen").1;
        let to = &mut self.nodes[other];
        to.call(now, |exchange, disk, env| {
            exchange.take(Peer(one as u64), &frame, disk, env);
        });
        to.settle(now);
        to.running.is_some()
    }

    /// The classes in which the streams are that a node wrote bundles of.
    pub fn classes(&self, node: usize) -> BTreeSet<Class> {
        let recorded = self.nodes[node].recorded.iter();
        recorded.map(|delivery| delivery.class).collect()
    }
}
