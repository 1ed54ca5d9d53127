//! The history checker: what was written, what arrived where, and what must hold.
//!
//! It knows nothing of the protocol. It sees entries go in and come out, by what they say,
//! in the spirit of Jepsen: what a node acknowledged must reach everyone whom it is for,
//! once, unaltered, the urgent before the rest, and nobody else ever.

use crate::node::{Entry, Key};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use twin_link::Class;
use twin_model::Time;

/// Nothing that is written this much later than an alarm may overtake it. Wide, because
/// histories have radios of 9.6 kbit/s that lose half of their frames, and the alarm waits for
/// keys and for other alarms; how fast alarms are is measured for itself.
pub const INVERSION_S: f64 = 45.0;

/// What must not be.
#[derive(Debug, Clone, PartialEq)]
pub enum Violation {
    /// A node got what nobody wrote.
    Invented { at: usize, entry: Entry },
    /// It got something else than was written.
    Altered { at: usize, entry: Entry },
    /// It got the same twice.
    Duplicate { at: usize, key: Key },
    /// It got what is not for it, or what is no longer believed.
    NotForIt { at: usize, key: Key },
    /// It got what its origin had not made durable.
    BeforeDurable { at: usize, key: Key },
    /// It lacks what it should have.
    Missing { at: usize, key: Key },
    /// It got something of less importance before an alarm written long before.
    Overtaken { at: usize, alarm: Key, by: Key },
    /// It reported what honest nodes never do.
    Alarm { at: usize, what: String },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[derive(Debug, Clone)]
struct Fact {
    value: f64,
    written: Time,
    /// By the clock of its origin.
    expires: Option<Time>,
    acknowledged: Option<Time>,
    /// Its origin crashed before it could say whether it is durable.
    is_uncertain: bool,
    readers: BTreeSet<usize>,
    delivered: BTreeMap<usize, Time>,
    /// Readers who may but need not get it.
    optional: BTreeSet<usize>,
    /// Its origin lost it with its disk, or its word no longer counts.
    is_excused: bool,
}

impl Fact {
    /// Readers who should have it and do not.
    fn lacking(&self) -> impl Iterator<Item = usize> + '_ {
        let must = self.readers.iter().filter(|r| !self.optional.contains(r));
        must.filter(|r| !self.delivered.contains_key(r)).copied()
    }

    /// Whether it can never be unsaid: its origin said that it is durable, or somebody got it.
    fn is_said(&self) -> bool {
        self.acknowledged.is_some() || !self.delivered.is_empty()
    }
}

/// All that was written and what became of it.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    facts: BTreeMap<Key, Fact>,
    /// Alarms of an origin that a reader lacks.
    lacked: BTreeMap<(usize, usize), BTreeSet<(Time, Key)>>,
    /// Whose keys were taken back.
    revoked: BTreeSet<usize>,
    /// From when on nothing that an origin writes may be believed.
    forbidden: BTreeMap<usize, Time>,
    /// The latest that any clock has shown: what expired by it may be gone.
    latest_clock: Option<Time>,
    /// What stands on the copy of a node's disk.
    backups: BTreeMap<usize, BTreeSet<Key>>,
    violations: Vec<Violation>,
    deliveries: u64,
}

impl Ledger {
    /// An entry is handed to its origin.
    pub fn wrote(
        &mut self,
        entry: Entry,
        expires: Option<Time>,
        readers: BTreeSet<usize>,
        now: Time,
    ) {
        let fact = Fact {
            value: entry.value,
            written: now,
            expires,
            acknowledged: None,
            is_uncertain: false,
            readers,
            delivered: BTreeMap::new(),
            optional: BTreeSet::new(),
            is_excused: self.revoked.contains(&entry.key.origin),
        };
        self.facts.insert(entry.key, fact);
    }

    /// Its origin says that it is durable.
    pub fn acknowledged(&mut self, key: Key, now: Time) {
        let Some(fact) = self.facts.get_mut(&key) else {
            return;
        };
        fact.acknowledged.get_or_insert(now);
        if key.class == Class::LifeSafety {
            for &reader in &fact.readers {
                let lacked = self.lacked.entry((key.origin, reader)).or_default();
                lacked.insert((now, key));
            }
        }
    }

    /// The application of a node got an entry. `connected` is since when it has been
    /// connected to the origin directly without a break.
    pub fn delivered(&mut self, at: usize, entry: Entry, connected: Option<Time>, now: Time) {
        self.deliveries += 1;
        let key = entry.key;
        let Some(fact) = self.facts.get_mut(&key) else {
            return self.violations.push(Violation::Invented { at, entry });
        };
        if fact.value.to_bits() != entry.value.to_bits() {
            self.violations.push(Violation::Altered { at, entry });
        }
        if fact.acknowledged.is_none() && !fact.is_uncertain {
            self.violations.push(Violation::BeforeDurable { at, key });
        }
        let forbidden = self.forbidden.get(&key.origin);
        let is_believed = forbidden.is_none_or(|&from| fact.written < from);
        if !fact.readers.contains(&at) || !is_believed {
            self.violations.push(Violation::NotForIt { at, key });
        }
        if fact.delivered.insert(at, now).is_some() {
            self.violations.push(Violation::Duplicate { at, key });
        }
        let written = fact.written;
        if let Some(acknowledged) = fact.acknowledged.filter(|_| key.class == Class::LifeSafety) {
            if let Some(lacked) = self.lacked.get_mut(&(key.origin, at)) {
                lacked.remove(&(acknowledged, key));
            }
        } else if let Some(connected) = connected {
            self.check_order(at, key, written, connected);
        }
    }

    /// No alarm that could be sent long before this was written may still be lacking.
    fn check_order(&mut self, at: usize, by: Key, written: Time, connected: Time) {
        let Some(lacked) = self.lacked.get(&(by.origin, at)) else {
            return;
        };
        let overtaken = lacked.first().filter(|(acknowledged, alarm)| {
            let could_go = (*acknowledged).max(connected).plus_seconds(INVERSION_S);
            could_go < written && self.is_due(alarm)
        });
        if let Some(&(_, alarm)) = overtaken {
            self.violations.push(Violation::Overtaken { at, alarm, by });
        }
    }

    /// Something that honest nodes do not do.
    pub fn violated(&mut self, violation: Violation) {
        self.violations.push(violation);
    }

    /// Clocks show up to this.
    pub fn clock_shows(&mut self, shows: Time) {
        self.latest_clock = self.latest_clock.max(Some(shows));
    }

    /// A node crashes: of what it had not acknowledged nobody knows whether it is there.
    pub fn crashed(&mut self, node: usize) {
        let own = self.facts.iter_mut().filter(|(key, _)| key.origin == node);
        for (_, fact) in own {
            fact.is_uncertain |= fact.acknowledged.is_none();
        }
    }

    /// A copy of a node's disk was made just now.
    pub fn backed_up(&mut self, node: usize) {
        let stands = |(key, fact): &(&Key, &Fact)| {
            if key.origin == node {
                fact.acknowledged.is_some()
            } else {
                fact.delivered.contains_key(&node)
            }
        };
        let on_disk = self.facts.iter().filter(stands).map(|(key, _)| *key);
        self.backups.insert(node, on_disk.collect());
    }

    /// A node's disk is replaced by its copy: what it got since is forgotten, and what it wrote
    /// since may be lost.
    pub fn rolled_back(&mut self, node: usize) {
        let on_disk = self.backups.get(&node).cloned().unwrap_or_default();
        let later = self
            .facts
            .iter_mut()
            .filter(|(key, _)| !on_disk.contains(key));
        for (key, fact) in later {
            if key.origin == node {
                fact.is_excused = true;
            } else if fact.delivered.remove(&node).is_some()
                && let Some(at) = fact.acknowledged.filter(|_| key.class == Class::LifeSafety)
            {
                let lacked = self.lacked.entry((key.origin, node)).or_default();
                lacked.insert((at, *key));
            }
        }
    }

    /// What a reader does not have yet of an origin it need not get any more.
    pub fn parted(&mut self, origin: usize, reader: usize) {
        let theirs = self
            .facts
            .iter_mut()
            .filter(|(key, _)| key.origin == origin);
        for (_, fact) in theirs {
            fact.optional.insert(reader);
        }
        self.lacked.remove(&(origin, reader));
    }

    /// An organisation takes back the key of `origin`: of what it wrote, only what `witness`
    /// holds need still arrive.
    pub fn revoked(&mut self, origin: usize, witness: usize) {
        self.revoked.insert(origin);
        let theirs = self
            .facts
            .iter_mut()
            .filter(|(key, _)| key.origin == origin);
        for (_, fact) in theirs {
            fact.is_excused |= !fact.delivered.contains_key(&witness);
        }
    }

    /// From now on nobody may believe what an origin writes, if its key was taken back.
    pub fn forbid(&mut self, origin: usize, now: Time) {
        if self.revoked.contains(&origin) {
            self.forbidden.insert(origin, now);
        }
    }

    /// Whether an entry counts still, whatever became of newer ones.
    fn is_due(&self, key: &Key) -> bool {
        let Some(fact) = self.facts.get(key) else {
            return false;
        };
        let is_forbidden = self.forbidden.get(&key.origin);
        let is_believed = is_forbidden.is_none_or(|&from| fact.written < from);
        let lives = fact.expires.is_none_or(|e| Some(e) > self.latest_clock);
        fact.is_said() && lives && !fact.is_excused && is_believed
    }

    /// What must be there: acknowledged, not expired, and, where only the latest counts,
    /// without a successor.
    fn due(&self) -> impl Iterator<Item = (&Key, &Fact)> {
        let mut newest: BTreeMap<(usize, usize), Key> = BTreeMap::new();
        for (key, fact) in &self.facts {
            let may_count = fact.acknowledged.is_some() || fact.is_uncertain;
            if key.class == Class::Telemetry && may_count {
                newest.insert((key.origin, key.room), *key);
            }
        }
        let facts = self.facts.iter().filter(|(key, _)| self.is_due(key));
        facts.filter(move |(key, _)| {
            let last = newest.get(&(key.origin, key.room));
            key.class != Class::Telemetry || last == Some(key)
        })
    }

    /// How many deliveries are due, and which of them have not happened.
    pub fn outstanding(&self) -> (u64, Vec<(usize, Key)>) {
        let (mut due, mut lacking) = (0, Vec::new());
        for (key, fact) in self.due() {
            due += fact.readers.len() as u64;
            lacking.extend(fact.lacking().map(|reader| (reader, *key)));
        }
        (due, lacking)
    }

    /// Whether everything that is due has happened.
    pub fn is_complete(&self) -> bool {
        self.due().all(|(_, fact)| fact.lacking().next().is_none())
    }

    /// Closes the books: what has not arrived is missing. Returns how many deliveries were
    /// due.
    pub fn close(&mut self) -> u64 {
        let (due, lacking) = self.outstanding();
        let missing = lacking
            .into_iter()
            .map(|(at, key)| Violation::Missing { at, key });
        self.violations.extend(missing);
        due
    }

    /// All that went wrong.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// How often an application got an entry.
    pub fn deliveries(&self) -> u64 {
        self.deliveries
    }

    /// When entries of a class were written at an origin and when they arrived at a reader,
    /// in the order of writing; `None` where they did not.
    pub fn journeys(
        &self,
        class: Class,
        origin: usize,
        reader: usize,
    ) -> impl Iterator<Item = (Key, Time, Option<Time>)> + '_ {
        let of = self.facts.iter();
        let of = of.filter(move |(key, _)| key.class == class && key.origin == origin);
        of.map(move |(key, fact)| (*key, fact.written, fact.delivered.get(&reader).copied()))
    }

    /// Every entry and its value.
    pub fn values(&self) -> impl Iterator<Item = (Key, f64)> + '_ {
        self.facts.iter().map(|(key, fact)| (*key, fact.value))
    }

    /// Every entry that was acknowledged, with where it arrived and when.
    pub fn all(&self) -> impl Iterator<Item = (Key, Time, &BTreeMap<usize, Time>)> + '_ {
        let all = self.facts.iter();
        let all = all.filter(|(_, fact)| fact.acknowledged.is_some());
        all.map(|(key, fact)| (*key, fact.written, &fact.delivered))
    }
}
