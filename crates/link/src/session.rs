//! A conversation with one peer over one connection.
//!
//! Both say what they have, the most urgent class first, and then give each other what is
//! missing. What goes into a frame is decided when the carrier asks for it, so that an
//! alarm overtakes all that still waits.

mod speak;

use crate::flight::{Arrivals, Asks, Flight, QUIET_US};
use crate::frame::{Bye, Frame, Have, Hello, Item, Message, Named, Part, Roots};
use crate::id::{Class, StreamId};
use crate::incoming::Incoming;
use crate::limits::{FRAME_BYTES_MAX, FRAME_BYTES_MIN, STREAMS_PER_PEER_MAX};
use crate::opening::Opening;
use crate::outgoing::{Outgoing, Slice};
use crate::ranges::Ranges;
use crate::replica::{Replica, Root};
use crate::schedule::{Bucket, Contract, Payer, Scheduler};
use crate::traffic::{Meter, Traffic};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use twin_model::Time;
use twin_model::time::MICROS;

/// The protocol that this release speaks.
pub const VERSION: u64 = 1;
/// A session in which something is under way and nothing is acknowledged ends.
pub const PROGRESS_S: i64 = 10;
/// After this long without news both check that nothing was missed.
pub const SETTLE_S: i64 = 5;
/// And from then on this often.
pub const VERIFY_S: i64 = 60;
/// Whole lists of what a peer has that it may send at once, and how many per second. An
/// honest one sends one after a comparison, each five seconds at the most.
const LISTS_AT_ONCE: f64 = 8.0;
const LISTS_PER_S: f64 = 0.5;
/// Whoever has the larger number of the session asks so much later: one question is enough.
const ASKS_LATER_S: i64 = 5;
/// The next frame of an item is not waited for longer, in microseconds.
const FRAME_US_MAX: i64 = MICROS / 2;
/// A clock that goes back further than this was set: what waits for a time would wait for
/// all of it, so the session ends and another begins.
const BACK_US: i64 = MICROS;

/// What is known of the connection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// The longest frame that the carrier takes; below 64 kbit/s at most 256 bytes.
    pub frame_bytes: usize,
    /// What may be sent, if the link has a known or allotted rate.
    pub bytes_per_s: Option<f64>,
    /// How much life safety one origin may send first.
    pub contract: Contract,
}

/// Where the bytes of bundles are.
pub trait Shelf {
    /// The body of a bundle that the replica holds, or its stub if that is what is left.
    fn bytes(&self, stream: StreamId, seq: u64) -> Option<Vec<u8>>;
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The peer said so.
    ByPeer(Bye),
    /// We said so.
    ByUs(Bye),
    /// Nothing was acknowledged for [`PROGRESS_S`], or the clock was set back.
    Stalled,
    /// The peer restarted; connect again.
    PeerRestarted,
}

/// What a session tells its node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The peer knows a stream.
    Introduced(Opening),
    /// An item is complete; nothing of it is checked yet.
    Item(Opening, Item, Vec<u8>),
    /// The peer's clock differs from ours by so many microseconds, and half a round trip.
    ClockOffset(i64),
    /// Somebody exceeded the contract for life safety.
    Demoted(Payer),
    /// It is over.
    Ended(Ended),
}

/// What a frame carries that must arrive.
#[derive(Debug, Clone)]
enum Cargo {
    Hello,
    Open(StreamId),
    Listed(Class, Vec<StreamId>),
    LastListed(Class),
    Receipts(Class, Vec<StreamId>),
    Slice(StreamId, Slice),
    Roots,
    Decline(StreamId),
}

/// Telling the peer what is here, in one class.
#[derive(Debug, Clone, Default)]
struct Listing {
    todo: VecDeque<StreamId>,
    under_way: usize,
    last_is_due: bool,
    /// The peer is to answer with its own list.
    awaits: bool,
    /// This list is such an answer, which nobody answers: once two nodes went on answering
    /// each other's repeated last parts for ever.
    is_answer: bool,
}

/// What the peer tells, in one class.
#[derive(Debug, Clone, Default)]
struct Told {
    streams: BTreeSet<StreamId>,
    is_complete: bool,
    /// The root at which the peer last had the same.
    equal_at: Option<Root>,
}

/// What the next session with a peer goes on with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    incoming: Incoming,
    scheduler: Option<Scheduler>,
    lists: Option<[Bucket; 4]>,
}

/// One side of a conversation.
#[expect(clippy::struct_excessive_bools, reason = "what is due, each by itself")]
#[derive(Debug, Clone)]
pub struct Session {
    frame_bytes: usize,
    /// How long a frame takes, where the rate is known, in microseconds.
    frame_us: i64,
    nonce: [u8; 8],
    peer: Option<Hello>,
    hello_is_due: bool,
    flight: Flight<Cargo>,
    arrivals: Arrivals,
    budget: Option<Bucket>,
    scheduler: Scheduler,
    outgoing: BTreeMap<StreamId, Outgoing>,
    /// Streams of which what goes next may have changed.
    touched: BTreeSet<StreamId>,
    /// The streams that we gave the numbers from 1 on.
    numbered: Vec<StreamId>,
    /// The numbers that the peer gave.
    openings: BTreeMap<u64, Opening>,
    peer_numbers: BTreeMap<StreamId, u64>,
    incoming: Incoming,
    listings: [Listing; 4],
    told: [Told; 4],
    /// How many whole lists the peer may still send.
    lists: [Bucket; 4],
    receipts: [BTreeSet<StreamId>; 4],
    declines: BTreeSet<StreamId>,
    /// What one side wants nothing of is no difference between the two.
    declined: BTreeSet<StreamId>,
    /// When the roots were last compared, and when anything last changed since.
    compared_at: Time,
    changed_at: Option<Time>,
    /// The streams of which something changed since.
    changed: BTreeSet<StreamId>,
    roots_asked: bool,
    /// The last bundle of each life-safety stream when the session began.
    heads: BTreeMap<StreamId, u64>,
    meter: Meter,
    has_work: bool,
    list_leads: bool,
    bye: Option<Bye>,
    ended: Option<Ended>,
    /// The latest that the clock has shown.
    latest: Time,
}

impl Session {
    /// A session over a fresh connection. `nonce` is drawn at random; `memory` comes from the
    /// session before.
    pub(crate) fn new(
        link: Link,
        nonce: [u8; 8],
        memory: Memory,
        replica: &Replica,
        now: Time,
    ) -> Self {
        let frame_bytes = link.frame_bytes.clamp(FRAME_BYTES_MIN, FRAME_BYTES_MAX);
        let urgent = replica.in_class(Class::LifeSafety);
        let scheduler = match memory.scheduler {
            Some(known) => known.after_reconnect(link.contract),
            None => Scheduler::new(link.contract),
        };
        let frame_us = link.bytes_per_s.map_or(0.0, |rate| {
            frame_bytes as f64 / rate.max(1.0) * MICROS as f64
        });
        let frame_us = (frame_us as i64).min(FRAME_US_MAX);
        let mut flight = Flight::new(frame_bytes, now);
        flight.allow(frame_us);
        Self {
            frame_bytes,
            frame_us,
            nonce,
            peer: None,
            hello_is_due: true,
            flight,
            arrivals: Arrivals::default(),
            budget: link.bytes_per_s.map(|rate| Bucket::full(rate, 0.0, now)),
            scheduler,
            outgoing: BTreeMap::new(),
            touched: BTreeSet::new(),
            numbered: Vec::new(),
            openings: BTreeMap::new(),
            peer_numbers: BTreeMap::new(),
            incoming: memory.incoming,
            listings: Default::default(),
            told: Default::default(),
            lists: memory
                .lists
                .unwrap_or_else(|| [Bucket::full(LISTS_PER_S, LISTS_AT_ONCE, now); 4]),
            receipts: Default::default(),
            declines: BTreeSet::new(),
            declined: BTreeSet::new(),
            compared_at: now,
            changed_at: None,
            changed: BTreeSet::new(),
            roots_asked: false,
            heads: urgent
                .map(|(id, stream)| (id, stream.accounted().last()))
                .collect(),
            meter: Meter::new(now),
            has_work: true,
            list_leads: false,
            bye: None,
            ended: None,
            latest: now,
        }
    }

    /// Why it ended, if it has.
    pub fn ended(&self) -> Option<Ended> {
        self.ended
    }

    /// What is unfinished, and who is in debt, for the next session.
    pub(crate) fn into_memory(self) -> Memory {
        Memory {
            incoming: self.incoming,
            scheduler: Some(self.scheduler),
            lists: Some(self.lists),
        }
    }

    /// How the connection keeps up.
    pub(crate) fn traffic(&mut self, replica: &Replica, now: Time) -> Traffic {
        self.place_touched(replica);
        let mut traffic = Traffic {
            goodput_bytes_per_s: self.meter.bytes_per_s(now),
            queued: Default::default(),
        };
        for id in self.scheduler.waiting() {
            let (Some(stream), Some(out)) = (replica.stream(id), self.outgoing.get(&id)) else {
                continue;
            };
            let after = self.heads.get(&id).copied().unwrap_or(0);
            let queued = &mut traffic.queued[stream.opening.class as usize];
            out.waiting(stream, after, |bytes, since| {
                queued.add(bytes, since.unwrap_or(self.meter.began()));
            });
        }
        traffic
    }

    /// What goes next of a stream may have changed.
    pub(crate) fn touch(&mut self, stream: StreamId) {
        self.touched.insert(stream);
        self.has_work = true;
    }

    /// When to make sure that nothing was missed.
    fn roots_due(&self) -> Time {
        let verify = self.verify_due();
        let settle = self.changed_at.map(|at| Time(at.0 + SETTLE_S * MICROS));
        settle.map_or(verify, |settle| settle.min(verify))
    }

    /// A bundle became durable, or a certificate was taken in. The peer hears of it if it is
    /// known to have it, so that it need not wonder.
    pub(crate) fn note_durable(
        &mut self,
        (stream, class): (StreamId, Class),
        seq: Option<u64>,
        now: Time,
    ) {
        let out = self.outgoing.get(&stream);
        if out.is_some_and(|out| seq.is_none_or(|seq| out.has(seq))) {
            self.receipts[class as usize].insert(stream);
        }
        self.note_change(stream, now);
    }

    /// Something is here that the peer may lack.
    pub(crate) fn note_change(&mut self, stream: StreamId, now: Time) {
        self.touch(stream);
        self.changed_at = Some(now);
        self.changed.insert(stream);
    }

    /// What the peer has of a stream, as far as it said or showed.
    pub(crate) fn known_of(&self, stream: StreamId) -> Option<&Ranges> {
        self.outgoing.get(&stream).map(Outgoing::have)
    }

    /// Whether the peer is not known to have some bundles of a stream that it wants.
    pub(crate) fn lacks(&self, stream: StreamId, needless: &Ranges) -> bool {
        let out = self.outgoing.get(&stream);
        out.is_none_or(|out| out.lacks(needless))
    }

    /// Nothing of a stream is wanted from this peer.
    pub(crate) fn decline(&mut self, stream: StreamId) {
        if self.declined.insert(stream) {
            self.declines.insert(stream);
            self.has_work = true;
        }
    }

    /// The node ends the conversation: one more frame says why.
    pub(crate) fn leave(&mut self, bye: Bye) {
        self.bye.get_or_insert(bye);
    }

    /// When [`Self::room`] or [`Self::tick`] may have something to do although nothing
    /// happens.
    pub(crate) fn next_wake(&mut self, now: Time) -> Option<Time> {
        if self.ended.is_some() {
            return None;
        }
        if self.was_set_back(now) {
            return Some(now);
        }
        let stalled = self.stalls_at();
        let allowed = self.budget.as_mut().map_or(now, |bucket| {
            let is_allowed = bucket.allows(now);
            if is_allowed { now } else { bucket.next() }
        });
        let may_carry = self.has_work && self.flight.has_room();
        let wakes = [
            self.arrivals.due(),
            self.flight.timeout(),
            self.flight.quiet_timeout(),
            stalled,
            may_carry.then_some(allowed),
            Some(self.roots_due()),
        ];
        wakes.into_iter().flatten().min()
    }

    /// Time passed.
    pub(crate) fn tick(&mut self, now: Time, replica: &Replica) -> Vec<Event> {
        let stalled = self.stalls_at().is_some_and(|stalls_at| now >= stalls_at);
        if stalled || self.was_set_back(now) {
            return self.end(Ended::Stalled);
        }
        self.latest = self.latest.max(now);
        let lost = self.flight.on_timeout(now);
        self.give_back(lost);
        let unheard = self.flight.unheard(Time(now.0 - QUIET_US));
        self.give_back(unheard);
        if now >= self.roots_due() {
            // Where both have said that they hold what changed, only the clock asks.
            if now >= self.verify_due() || !self.is_level(replica) {
                self.roots_asked = true;
                self.has_work = true;
                self.compared_at = now;
            }
            self.changed_at = None;
            self.changed.clear();
        }
        Vec::new()
    }

    /// Whether the peer has said that it holds all that changed since the last comparison.
    fn is_level(&self, replica: &Replica) -> bool {
        let is_level = |id: &StreamId| {
            let known = replica.stream(*id).zip(self.outgoing.get(id));
            known.is_some_and(|(stream, out)| {
                out.is_level(stream) && !self.incoming.awaits(*id, stream.accounted())
            })
        };
        self.changed.iter().all(is_level)
    }

    fn verify_due(&self) -> Time {
        let asks_later = self.peer.is_some_and(|peer| peer.session < self.nonce);
        let wait_s = VERIFY_S + if asks_later { ASKS_LATER_S } else { 0 };
        Time(self.compared_at.0 + wait_s * MICROS)
    }

    fn was_set_back(&self, now: Time) -> bool {
        now.0 < self.latest.0 - BACK_US
    }

    fn stalls_at(&self) -> Option<Time> {
        let since = self.flight.silent_since()?;
        Some(Time(since.0 + PROGRESS_S * MICROS))
    }

    fn end(&mut self, why: Ended) -> Vec<Event> {
        self.ended.get_or_insert(why);
        vec![Event::Ended(why)]
    }

    /// A frame arrived.
    pub(crate) fn take(&mut self, bytes: &[u8], now: Time, replica: &Replica) -> Vec<Event> {
        if self.ended.is_some() {
            return Vec::new();
        }
        if self.was_set_back(now) {
            return self.end(Ended::Stalled);
        }
        self.latest = self.latest.max(now);
        let Ok(frame) = Frame::decode(bytes) else {
            return self.break_off();
        };
        let asks = asks(&frame.messages);
        if !self.arrivals.note(frame.packet, asks, now) {
            return Vec::new();
        }
        let mut events = Vec::new();
        let has_part = matches!(frame.messages.last(), Some(Message::Part(_)));
        for message in frame.messages {
            events.extend(self.hear(message, now, replica));
            if self.ended.is_some() {
                break;
            }
        }
        let is_bundle = |event: &Event| {
            matches!(
                event,
                Event::Item(_, Item::Body(_) | Item::Short(_) | Item::Stub(_), _)
            )
        };
        // A full frame is followed by others.
        let is_full = bytes.len() >= self.frame_bytes / 4 * 3;
        let any_whole = events.iter().any(is_bundle);
        if any_whole && !is_full {
            self.arrivals.wait_for_receipt(now);
        } else if is_full && !any_whole && has_part {
            self.arrivals.wait_for_more(self.frame_us, now);
        }
        events
    }

    /// The peer broke the rules: say so, and hear no more.
    fn break_off(&mut self) -> Vec<Event> {
        self.leave(Bye::BrokenRules);
        Vec::new()
    }

    fn hear(&mut self, message: Message, now: Time, replica: &Replica) -> Vec<Event> {
        match message {
            Message::Hello(hello) => self.hear_hello(hello, now, replica),
            Message::Ack(ack) => match self.flight.acknowledge(&ack, now) {
                Some(settled) => {
                    for cargo in &settled.arrived {
                        self.note_arrived(cargo, now);
                    }
                    self.give_back(settled.lost);
                    Vec::new()
                }
                None => self.break_off(),
            },
            Message::Have(have) => self.hear_have(&have, now, replica),
            Message::Open(number, opening) => self.hear_open(number, opening),
            Message::Part(part) => self.hear_part(&part, now),
            Message::Roots(roots) => {
                // One question an interval is enough for both.
                self.compared_at = now;
                // Whoever asks may have missed what was said quietly.
                let unheard = self.flight.unheard(now);
                self.give_back(unheard);
                self.compare(&roots, replica);
                Vec::new()
            }
            Message::Decline(stream) => {
                if replica.stream(stream).is_some() {
                    self.out(stream).is_declined = true;
                    self.declined.insert(stream);
                }
                Vec::new()
            }
            Message::Bye(bye) => self.end(Ended::ByPeer(bye)),
            Message::Ping => Vec::new(),
        }
    }

    fn hear_hello(&mut self, hello: Hello, now: Time, replica: &Replica) -> Vec<Event> {
        if let Some(known) = &self.peer {
            let restarted = known.session != hello.session;
            return if restarted {
                self.end(Ended::PeerRestarted)
            } else {
                Vec::new()
            };
        }
        if hello.version_min > VERSION || hello.version_max < VERSION {
            self.leave(Bye::NoCommonVersion);
            return Vec::new();
        }
        self.frame_bytes = self.frame_bytes.min(hello.frame_bytes);
        self.flight.set_frame_bytes(self.frame_bytes);
        self.peer = Some(hello);
        self.compare(&hello.roots, replica);
        vec![Event::ClockOffset(hello.clock.0.saturating_sub(now.0))]
    }

    /// Where the roots differ, says what is here; where they agree, there is nothing to say.
    fn compare(&mut self, theirs: &Roots, replica: &Replica) {
        let ours = self.roots(replica);
        for class in Class::ALL {
            if theirs[class as usize] == ours[class as usize] {
                self.learn_equal(class, ours[class as usize], replica);
            } else {
                self.list(class, false, replica);
            }
        }
    }

    fn roots(&self, replica: &Replica) -> Roots {
        Class::ALL.map(|class| replica.root(class, &self.declined))
    }

    /// The peer has all that is here of a class.
    fn learn_equal(&mut self, class: Class, root: Root, replica: &Replica) {
        let told = &mut self.told[class as usize];
        if told.equal_at.replace(root) == Some(root) {
            return;
        }
        told.is_complete = true;
        for (id, stream) in replica.in_class(class) {
            self.out(id).learn_equal(stream);
        }
    }

    /// Begins to tell the peer all that is here in a class, unless that goes on already.
    fn list(&mut self, class: Class, is_answer: bool, replica: &Replica) {
        let listing = &mut self.listings[class as usize];
        if listing.awaits || listing.last_is_due {
            return;
        }
        listing.awaits = !is_answer;
        listing.is_answer = is_answer;
        listing.last_is_due = true;
        let begun = self.incoming.begun().filter(|id| {
            let stream = replica.stream(*id);
            stream.is_some_and(|s| s.opening.class == class && !s.has_news())
        });
        let known = replica.in_class(class).map(|(id, _)| id);
        listing.todo = known.chain(begun).collect();
        self.has_work = true;
    }

    fn hear_have(&mut self, have: &Have, now: Time, replica: &Replica) -> Vec<Event> {
        let class = have.class as usize;
        if have.is_whole {
            self.told[class].equal_at = None;
        }
        if have.is_whole && !have.is_answer && self.told[class].streams.is_empty() {
            self.list(have.class, true, replica);
        }
        for line in &have.lines {
            let Some(stream) = self.resolve(line.stream) else {
                return self.break_off();
            };
            if have.is_whole {
                self.told[class].streams.insert(stream);
            }
            if self.outgoing.len() >= STREAMS_PER_PEER_MAX + replica.count() {
                return self.break_off();
            }
            let known = replica.stream(stream);
            self.out(stream).learn(line, have.is_whole, known);
        }
        if have.is_last {
            if !self.lists[class].allows(now) {
                return self.break_off();
            }
            self.lists[class].spend(1);
            let told = std::mem::take(&mut self.told[class].streams);
            self.told[class].is_complete = true;
            self.listings[class].awaits = false;
            for (id, _) in replica.in_class(have.class) {
                self.touched.insert(id);
                if !told.contains(&id) {
                    self.out(id).learn_nothing();
                }
            }
        }
        self.has_work = true;
        Vec::new()
    }

    fn resolve(&self, named: Named) -> Option<StreamId> {
        match named {
            Named::Id(stream) => Some(stream),
            Named::Number(number) => {
                let at = usize::try_from(number.checked_sub(1)?).ok()?;
                self.numbered.get(at).copied()
            }
        }
    }

    fn hear_open(&mut self, number: u64, opening: Opening) -> Vec<Event> {
        if self.openings.len() >= STREAMS_PER_PEER_MAX && !self.openings.contains_key(&number) {
            return self.break_off();
        }
        let known = self.openings.get(&number);
        if known.is_some_and(|known| *known != opening) {
            return self.break_off();
        }
        self.openings.insert(number, opening);
        self.peer_numbers.insert(opening.id(), number);
        vec![Event::Introduced(opening)]
    }

    fn hear_part(&mut self, part: &Part, now: Time) -> Vec<Event> {
        let Some(&opening) = self.openings.get(&part.number) else {
            return self.break_off();
        };
        self.changed_at = Some(now);
        self.changed.insert(opening.id());
        let Some(bytes) = self.incoming.add(opening.id(), part) else {
            return Vec::new();
        };
        self.out(opening.id()).note_shown(part.item);
        vec![Event::Item(opening, part.item, bytes)]
    }

    fn out(&mut self, stream: StreamId) -> &mut Outgoing {
        self.touched.insert(stream);
        self.outgoing.entry(stream).or_default()
    }

    fn note_arrived(&mut self, cargo: &Cargo, now: Time) {
        match *cargo {
            Cargo::Open(stream) => self.out(stream).is_declared = true,
            Cargo::Listed(class, _) => self.listings[class as usize].under_way -= 1,
            Cargo::Slice(stream, slice) => {
                self.meter.count(slice.bytes, now);
                self.out(stream).arrived(slice);
            }
            Cargo::Hello
            | Cargo::LastListed(_)
            | Cargo::Receipts(..)
            | Cargo::Roots
            | Cargo::Decline(_) => {}
        }
        self.has_work = true;
    }

    /// What was lost must be said again, as it is then.
    fn give_back(&mut self, lost: Vec<Cargo>) {
        self.has_work |= !lost.is_empty();
        for cargo in lost {
            match cargo {
                Cargo::Hello => self.hello_is_due = true,
                Cargo::Open(_) => {}
                Cargo::Listed(class, streams) => {
                    let listing = &mut self.listings[class as usize];
                    listing.under_way -= 1;
                    listing.todo.extend(streams);
                }
                Cargo::LastListed(class) => self.listings[class as usize].last_is_due = true,
                Cargo::Receipts(class, streams) => {
                    for &id in &streams {
                        self.out(id).told_covered = None;
                    }
                    self.receipts[class as usize].extend(streams);
                }
                Cargo::Slice(stream, slice) => self.out(stream).lost(slice),
                Cargo::Roots => self.roots_asked = true,
                Cargo::Decline(stream) => {
                    self.declines.insert(stream);
                }
            }
        }
    }
}

/// Receipts say again what those before them said, so they are in no hurry.
fn asks(messages: &[Message]) -> Asks {
    let asks = messages.iter().map(|message| match message {
        Message::Ack(_) => Asks::Nothing,
        Message::Have(have) if !have.is_whole => Asks::Lazily,
        _ => Asks::Soon,
    });
    asks.max().unwrap_or(Asks::Nothing)
}
