//! Several nodes in virtual time, and all that befalls them. The same seed gives the same
//! trace, byte for byte.

use crate::account::Account;
use crate::cast::Cast;
use crate::clock::Clock;
use crate::dice::Dice;
use crate::ledger::{Ledger, Violation};
use crate::node::{Crash, DiskFault, Entry, Env, Key, Node};
use crate::wire::{Lane, Wire};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use twin_link::schedule::Contract;
use twin_link::{Class, Link};
use twin_model::Time;

/// When every world begins.
pub const NOON: Time = Time(1_795_348_800_000_000);
/// Whoever is not connected tries so often.
pub const PROBE_S: f64 = 0.5;
/// A node whose disk failed is started again after so long.
const AFTER_DISK_FAILURE_S: f64 = 5.0;
/// What a sync left over is synced after so long at the earliest.
const SYNC_AGAIN_S: f64 = 0.02;

/// What a history makes happen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Act {
    /// A node writes so many entries of a class about rooms by chance; when they expire.
    Write(usize, Class, usize, Option<f64>),
    /// A node takes back what need not be kept.
    Tidy(usize),
    /// A link goes, and both notice.
    Cut(usize, usize),
    /// What the first sends to the second goes nowhere, and nobody is told.
    Silence(usize, usize),
    /// A link is as it was.
    Heal(usize, usize),
    /// A node ends.
    Crash(usize, Crash),
    /// It starts again.
    Restart(usize),
    /// Somebody sets its clock.
    Jump(usize, f64),
    /// Something is wrong with its disk.
    Disk(usize, DiskFault),
    /// Its disk is copied.
    BackUp(usize),
    /// Its disk fails and is replaced by the copy.
    Restore(usize),
    /// The first no longer lets the second read.
    Remove(usize, usize),
    /// The organisation of the first takes back its key, on the second's word.
    Revoke(usize, usize),
    /// From now on whatever the node writes is a thief's.
    Steal(usize),
    /// Two nodes come within reach of each other.
    Meet(usize, usize, Wire),
    /// They leave each other's reach.
    Part(usize, usize),
}

#[derive(Debug, Clone)]
enum Event {
    Arrive(usize, usize, u64, Vec<u8>),
    Wake(usize, usize),
    Sync(usize, u64),
    Probe,
    /// Boxed, so that the many other events stay small.
    Do(Box<Act>),
}

#[derive(Debug)]
struct Slot<N> {
    node: N,
    clock: Clock,
    is_up: bool,
    /// Counts restarts, so that what was under way in a life before is dropped.
    life: u64,
    is_sync_planned: bool,
    is_backed_up: bool,
    /// When its one radio is free, if all its links share one.
    radio_free: Time,
    cpu_free: Time,
}

#[derive(Debug)]
struct State {
    wire: Wire,
    lanes: [Lane; 2],
    is_up: bool,
    connection: u64,
    since: Time,
}

/// How a world is beside its nodes.
#[derive(Debug, Clone, Copy)]
pub struct Conditions {
    /// How long a sync takes.
    pub sync_s: f64,
    /// How long a node thinks about a frame.
    pub service_s: f64,
    /// What all links of a node have together, if they share a radio.
    pub radio_bytes_per_s: Option<f64>,
    /// How many rooms each origin speaks about.
    pub rooms: usize,
    /// How much life safety each stream may send first.
    pub contract: Contract,
    /// Whether the trace is kept, not only its hash.
    pub keeps_trace: bool,
    /// Whether it is counted what bytes are spent on.
    pub keeps_account: bool,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            sync_s: 0.0,
            service_s: 0.0,
            radio_bytes_per_s: None,
            rooms: 30,
            contract: Contract::default(),
            keeps_trace: false,
            keeps_account: false,
        }
    }
}

/// The world.
#[derive(Debug)]
pub struct World<N> {
    /// True time.
    pub now: Time,
    /// What was written and what arrived.
    pub ledger: Ledger,
    /// Chance.
    pub dice: Dice,
    /// Bytes of frames on all wires.
    pub bytes_sent: u64,
    /// Frames on all wires.
    pub frames_sent: u64,
    /// What the bytes were spent on, if the world keeps count.
    pub account: Account,
    cast: Arc<Cast>,
    conditions: Conditions,
    slots: Vec<Slot<N>>,
    wires: BTreeMap<(usize, usize), State>,
    events: BTreeMap<(Time, u64), Event>,
    order: u64,
    connections: u64,
    wakes: BTreeMap<(usize, usize), Time>,
    observed: i64,
    plans: Vec<(Time, Act)>,
    hasher: blake3::Hasher,
    trace: Vec<u8>,
}

impl<N: Node> World<N> {
    /// A world of nodes that `make` starts, each with its clock.
    pub fn new(
        cast: Cast,
        clocks: &[Clock],
        conditions: Conditions,
        seed: u64,
        mut make: impl FnMut(usize, &Arc<Cast>, &mut Env<'_>) -> N,
    ) -> Self {
        let cast = Arc::new(cast);
        let mut dice = Dice::new(seed);
        let slots = (0..cast.count()).map(|at| {
            let clock = clocks.get(at).copied();
            let clock = clock.unwrap_or_else(|| Clock::right(NOON));
            let mut env = Env {
                now: clock.shows(NOON),
                dice: &mut dice,
            };
            Slot {
                node: make(at, &cast, &mut env),
                clock,
                is_up: true,
                life: 0,
                is_sync_planned: false,
                is_backed_up: false,
                radio_free: NOON,
                cpu_free: NOON,
            }
        });
        let slots: Vec<Slot<N>> = slots.collect();
        let mut world = Self {
            now: NOON,
            ledger: Ledger::default(),
            dice,
            bytes_sent: 0,
            frames_sent: 0,
            account: Account::default(),
            cast,
            conditions,
            slots,
            wires: BTreeMap::new(),
            events: BTreeMap::new(),
            order: 0,
            connections: 0,
            wakes: BTreeMap::new(),
            observed: NOON.0,
            plans: Vec::new(),
            hasher: blake3::Hasher::new(),
            trace: Vec::new(),
        };
        (0..world.slots.len()).for_each(|at| world.settle(at));
        world.after(0.0, Event::Probe);
        world
    }

    /// A node.
    pub fn node(&self, at: usize) -> &N {
        &self.slots[at].node
    }

    /// All nodes.
    pub fn nodes(&self) -> impl Iterator<Item = &N> {
        self.slots.iter().map(|slot| &slot.node)
    }

    /// Who takes part.
    pub fn cast(&self) -> &Cast {
        &self.cast
    }

    /// Connects two nodes from now on.
    pub fn wire(&mut self, a: usize, b: usize, wire: Wire) {
        let state = State {
            wire,
            lanes: [wire.there, wire.back].map(|path| Lane::new(path, self.now)),
            is_up: true,
            connection: 0,
            since: self.now,
        };
        self.wires.insert((a.min(b), a.max(b)), state);
    }

    /// From now on all links of a node have so much together.
    pub fn share_radio(&mut self, bytes_per_s: Option<f64>) {
        self.conditions.radio_bytes_per_s = bytes_per_s;
    }

    /// Lets something happen after some seconds.
    pub fn plan(&mut self, seconds: f64, act: Act) {
        self.plans.push((self.now.plus_seconds(seconds), act));
        self.after(seconds, Event::Do(Box::new(act)));
    }

    /// What was planned, in order of time: the story of the world.
    pub fn plans(&self) -> Vec<(Time, Act)> {
        let mut plans = self.plans.clone();
        plans.sort_by_key(|(at, _)| *at);
        plans
    }

    /// The hash of all that happened: every frame that arrived, every entry delivered.
    pub fn trace_hash(&self) -> blake3::Hash {
        self.hasher.finalize()
    }

    /// All that happened, if the world keeps it.
    pub fn trace(&self) -> &[u8] {
        &self.trace
    }

    /// Whether two nodes are in conversation.
    pub fn is_connected(&self, a: usize, b: usize) -> bool {
        let state = self.wires.get(&(a.min(b), a.max(b)));
        state.is_some_and(|state| state.connection != 0)
    }

    fn after(&mut self, seconds: f64, event: Event) {
        self.at(self.now.plus_seconds(seconds), event);
    }

    fn at(&mut self, time: Time, event: Event) {
        self.order += 1;
        self.events.insert((time.max(self.now), self.order), event);
    }

    /// Runs for some seconds.
    pub fn run_for(&mut self, seconds: f64) {
        self.run_until(self.now.plus_seconds(seconds), |_| false);
    }

    /// Runs until a time, or until `done`, which is asked at each probe and sync.
    pub fn run_until(&mut self, until: Time, mut done: impl FnMut(&Self) -> bool) -> bool {
        while let Some((&(time, _), _)) = self.events.first_key_value() {
            if time > until {
                break;
            }
            let (_, event) = self.events.pop_first().expect("it is there");
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
                self.arrive(from, to, connection, frame);
            }
            Event::Wake(at, peer) => {
                // An earlier wake took its place, and planned the next: without this each
                // wake that was ever planned would go on planning others.
                if self.wakes.get(&(at, peer)) != Some(&self.now) {
                    return;
                }
                self.wakes.remove(&(at, peer));
                if self.slots[at].is_up && self.is_connected(at, peer) {
                    self.call(at, |node, env| node.tick(peer, env));
                    self.pump(at, peer);
                }
            }
            Event::Sync(at, life) => self.sync(at, life),
            Event::Probe => self.probe(),
            Event::Do(act) => self.act(*act),
        }
    }

    fn arrive(&mut self, from: usize, to: usize, connection: u64, frame: Vec<u8>) {
        let state = self.wires.get(&(from.min(to), from.max(to)));
        let is_current = state.is_some_and(|state| state.connection == connection);
        if !is_current || !self.slots[to].is_up {
            return;
        }
        let free = self.slots[to].cpu_free;
        if free > self.now {
            return self.at(free, Event::Arrive(from, to, connection, frame));
        }
        self.slots[to].cpu_free = self.now.plus_seconds(self.conditions.service_s);
        self.note(b'<', &[from as u8, to as u8], &frame);
        self.call(to, |node, env| node.take(from, &frame, env));
        self.pump(to, from);
    }

    fn note(&mut self, what: u8, who: &[u8], bytes: &[u8]) {
        for part in [&[what][..], &self.now.0.to_le_bytes(), who, bytes] {
            self.hasher.update(part);
            if self.conditions.keeps_trace {
                self.trace.extend_from_slice(part);
            }
        }
    }

    /// Calls a node and sees to what it says.
    fn call(&mut self, at: usize, what: impl FnOnce(&mut N, &mut Env<'_>)) {
        let slot = &mut self.slots[at];
        let mut env = Env {
            now: slot.clock.shows(self.now),
            dice: &mut self.dice,
        };
        what(&mut slot.node, &mut env);
        self.settle(at);
    }

    /// Sees to what a node said.
    fn settle(&mut self, at: usize) {
        let outcome = self.slots[at].node.outcome();
        for (peer, frame) in outcome.frames {
            self.transmit(at, peer, &frame);
        }
        for key in outcome.acknowledged {
            self.ledger.acknowledged(key, self.now);
        }
        for entry in outcome.delivered {
            let said = format!("{entry:?}");
            self.note(b'!', &[at as u8], said.as_bytes());
            let connected = self.connected_since(at, entry.key.origin);
            self.ledger.delivered(at, entry, connected, self.now);
        }
        for what in outcome.alarms {
            self.ledger.violated(Violation::Alarm { at, what });
        }
        for (peer, _) in outcome.closes {
            self.disconnect(at, peer);
        }
        let slot = &mut self.slots[at];
        if slot.node.is_dirty() && !slot.is_sync_planned {
            slot.is_sync_planned = true;
            let life = slot.life;
            self.after(self.conditions.sync_s, Event::Sync(at, life));
        }
    }

    fn connected_since(&self, a: usize, b: usize) -> Option<Time> {
        let state = self.wires.get(&(a.min(b), a.max(b)))?;
        let hears = !state.lanes.iter().any(|lane| lane.is_silent);
        (state.connection != 0 && hears).then_some(state.since)
    }

    fn transmit(&mut self, from: usize, to: usize, frame: &[u8]) {
        let now = self.now;
        let Some(state) = self.wires.get_mut(&(from.min(to), from.max(to))) else {
            return;
        };
        self.bytes_sent += frame.len() as u64;
        self.frames_sent += 1;
        if self.conditions.keeps_account {
            self.account.enter(frame);
        }
        let lane = &mut state.lanes[usize::from(from > to)];
        let slot = &mut self.slots[from];
        let begin = lane.busy_until.max(slot.radio_free).max(now);
        if let Some(rate) = self.conditions.radio_bytes_per_s {
            slot.radio_free = begin.plus_seconds(frame.len() as f64 / rate);
        }
        let arrivals = lane.send(frame.len(), begin, &mut self.dice);
        let connection = state.connection;
        for arrival in arrivals {
            self.at(arrival, Event::Arrive(from, to, connection, frame.to_vec()));
        }
    }

    /// Twice a second whoever is not connected tries to be.
    fn probe(&mut self) {
        let idle = self.wires.iter();
        let idle = idle.filter(|(_, state)| state.is_up && state.connection == 0);
        let idle: Vec<(usize, usize)> = idle.map(|(&pair, _)| pair).collect();
        for (a, b) in idle {
            if self.slots[a].is_up && self.slots[b].is_up {
                self.connect(a, b);
            }
        }
        for slot in self.slots.iter().filter(|slot| slot.is_up) {
            self.ledger.clock_shows(slot.clock.shows(self.now));
        }
        self.after(PROBE_S, Event::Probe);
    }

    fn connect(&mut self, a: usize, b: usize) {
        self.connections += 1;
        let state = self.wires.get_mut(&(a, b)).expect("a wire");
        (state.connection, state.since) = (self.connections, self.now);
        let wire = state.wire;
        for (at, peer, path) in [(a, b, wire.there), (b, a, wire.back)] {
            let link = Link {
                frame_bytes: wire.frame_bytes,
                bytes_per_s: wire.is_budgeted.then_some(path.bytes_per_s),
                contract: self.conditions.contract,
            };
            self.call(at, |node, env| node.connect(peer, link, env));
            self.pump(at, peer);
        }
    }

    fn disconnect(&mut self, a: usize, b: usize) {
        if let Some(state) = self.wires.get_mut(&(a.min(b), a.max(b))) {
            state.connection = 0;
        }
        for (at, peer) in [(a, b), (b, a)] {
            let slot = &mut self.slots[at];
            let mut env = Env {
                now: slot.clock.shows(self.now),
                dice: &mut self.dice,
            };
            slot.node.disconnect(peer, &mut env);
        }
    }

    fn peers(&self, at: usize) -> Vec<usize> {
        let ends = self.wires.iter();
        let ends = ends.filter(|(_, state)| state.connection != 0);
        let ends = ends.filter_map(|(&(a, b), _)| match at {
            at if at == a => Some(b),
            at if at == b => Some(a),
            _ => None,
        });
        ends.collect()
    }

    /// Hands frames to a carrier while it is free.
    fn pump(&mut self, at: usize, peer: usize) {
        while self.slots[at].is_up && self.is_connected(at, peer) {
            let free = self.carrier_free(at, peer);
            let before = self.frames_sent;
            if free <= self.now {
                self.call(at, |node, env| node.room(peer, env));
            }
            if self.frames_sent == before {
                return self.plan_wake(at, peer, free);
            }
        }
    }

    fn carrier_free(&self, at: usize, peer: usize) -> Time {
        let state = &self.wires[&(at.min(peer), at.max(peer))];
        let lane = state.lanes[usize::from(at > peer)];
        lane.busy_until.max(self.slots[at].radio_free)
    }

    fn plan_wake(&mut self, at: usize, peer: usize, free: Time) {
        let now = self.now;
        let slot = &mut self.slots[at];
        let mut env = Env {
            now: slot.clock.shows(now),
            dice: &mut self.dice,
        };
        let Some(wake) = slot.node.next_wake(peer, &mut env) else {
            return;
        };
        let wake = slot.clock.when(wake, now).max(free).max(Time(now.0 + 1));
        let planned = self.wakes.get(&(at, peer));
        if planned.is_none_or(|&planned| planned > wake || planned <= now) {
            self.wakes.insert((at, peer), wake);
            self.at(wake, Event::Wake(at, peer));
        }
    }

    /// What was written becomes durable, and only now visible to others.
    fn sync(&mut self, at: usize, life: u64) {
        let slot = &mut self.slots[at];
        if !slot.is_up || slot.life != life {
            return;
        }
        let mut failed = false;
        self.call(at, |node, env| failed = node.sync(env).is_err());
        if failed {
            self.crash(at, Crash::Kill);
            return self.after(AFTER_DISK_FAILURE_S, Event::Do(Box::new(Act::Restart(at))));
        }
        let slot = &mut self.slots[at];
        slot.is_sync_planned = slot.node.is_dirty();
        if slot.is_sync_planned {
            let wait_s = self.conditions.sync_s.max(SYNC_AGAIN_S);
            self.after(wait_s, Event::Sync(at, life));
        }
        self.pump_all(at);
    }

    fn pump_all(&mut self, at: usize) {
        for peer in self.peers(at) {
            self.pump(at, peer);
        }
    }

    fn crash(&mut self, at: usize, crash: Crash) {
        if !self.slots[at].is_up {
            return;
        }
        for peer in self.peers(at) {
            self.disconnect(at, peer);
        }
        self.ledger.crashed(at);
        let slot = &mut self.slots[at];
        slot.is_up = false;
        slot.life += 1;
        slot.is_sync_planned = false;
        let mut env = Env {
            now: slot.clock.shows(self.now),
            dice: &mut self.dice,
        };
        slot.node.crash(crash, &mut env);
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Write(at, class, count, expires_s) => self.write_some(at, class, count, expires_s),
            Act::Tidy(at) => self.call_if_up(at, N::tidy),
            Act::Cut(a, b) => {
                self.state_mut(a, b).is_up = false;
                self.disconnect(a, b);
            }
            Act::Silence(from, to) => {
                self.state_mut(from, to).lanes[usize::from(from > to)].is_silent = true;
            }
            Act::Heal(a, b) => {
                let now = self.now;
                let state = self.state_mut(a, b);
                (state.is_up, state.since) = (true, now);
                state
                    .lanes
                    .iter_mut()
                    .for_each(|lane| lane.is_silent = false);
            }
            Act::Crash(at, crash) => self.crash(at, crash),
            Act::Restart(at) => {
                if !self.slots[at].is_up {
                    self.slots[at].is_up = true;
                    self.call(at, N::restart);
                }
            }
            Act::Jump(at, seconds) => {
                self.slots[at].clock.jump(seconds);
                self.pump_all(at);
            }
            Act::Disk(at, fault) => self.slots[at].node.disk_fault(fault),
            Act::BackUp(at) => {
                let mut is_copied = false;
                self.call(at, |node, env| is_copied = node.back_up(env));
                if is_copied {
                    self.slots[at].is_backed_up = true;
                    self.ledger.backed_up(at);
                }
            }
            Act::Restore(at) => self.restore(at),
            Act::Remove(origin, reader) if self.slots[origin].is_up => {
                let cast = Arc::make_mut(&mut self.cast);
                cast.may_read[origin][reader] = false;
                if N::REMOVAL_IS_MUTUAL {
                    cast.may_read[reader][origin] = false;
                    self.ledger.parted(origin, reader);
                    self.ledger.parted(reader, origin);
                }
                // It has happened when it is written down.
                self.call_if_up(origin, |node, env| {
                    node.remove(reader, env);
                    let _ = node.sync(env);
                });
            }
            Act::Revoke(origin, witness) if self.slots[witness].is_up => {
                self.ledger.revoked(origin, witness);
                self.call_if_up(witness, |node, env| node.revoke(origin, env));
            }
            Act::Remove(..) | Act::Revoke(..) => {}
            Act::Steal(at) => self.ledger.forbid(at, self.now),
            Act::Meet(a, b, wire) => {
                self.wire(a, b, wire);
            }
            Act::Part(a, b) => {
                self.disconnect(a, b);
                self.wires.remove(&(a.min(b), a.max(b)));
            }
        }
    }

    fn state_mut(&mut self, a: usize, b: usize) -> &mut State {
        let state = self.wires.get_mut(&(a.min(b), a.max(b)));
        state.expect("there is a wire")
    }

    fn call_if_up(&mut self, at: usize, what: impl FnOnce(&mut N, &mut Env<'_>)) {
        if self.slots[at].is_up {
            self.call(at, what);
            self.pump_all(at);
        }
    }

    fn restore(&mut self, at: usize) {
        if !self.slots[at].is_backed_up {
            return;
        }
        self.crash(at, Crash::PowerCut);
        self.ledger.rolled_back(at);
        let slot = &mut self.slots[at];
        slot.node.restore();
        slot.is_up = true;
        self.call(at, N::restart);
    }

    fn write_some(&mut self, at: usize, class: Class, count: usize, expires_s: Option<f64>) {
        let readings: Vec<(usize, f64)> = (0..count)
            .map(|_| {
                let room = self.dice.below(self.conditions.rooms);
                (room, self.dice.below(1_000_000) as f64 / 100.0)
            })
            .collect();
        self.write(at, class, &readings, expires_s);
    }

    /// A node writes what it read in some rooms, now.
    pub fn write(
        &mut self,
        at: usize,
        class: Class,
        readings: &[(usize, f64)],
        expires_s: Option<f64>,
    ) {
        // Sensors have clocks of their own, and no two entries the same time.
        let read: Vec<(usize, Time, f64)> = readings
            .iter()
            .map(|&(room, value)| {
                self.observed = self.now.0.max(self.observed + 1);
                (room, Time(self.observed), value)
            })
            .collect();
        self.write_read(at, class, &read, expires_s);
    }

    /// A node writes what was read in some rooms at stated times, of which no two are the
    /// same for one room.
    pub fn write_read(
        &mut self,
        at: usize,
        class: Class,
        readings: &[(usize, Time, f64)],
        expires_s: Option<f64>,
    ) {
        if !self.slots[at].is_up {
            return;
        }
        let shows = self.slots[at].clock.shows(self.now);
        let lifetime_s = N::lifetime_s(class, expires_s);
        let expires = lifetime_s.map(|s| shows.plus_seconds(s));
        let readers: BTreeSet<usize> = self.cast.readers(at).collect();
        let mut entries = Vec::new();
        for &(room, observed, value) in readings {
            let key = Key {
                origin: at,
                class,
                room,
                observed,
            };
            let entry = Entry { key, value };
            self.ledger.wrote(entry, expires, readers.clone(), self.now);
            entries.push(entry);
        }
        self.call(at, |node, env| node.write(&entries, expires, env));
        self.pump_all(at);
    }
}
