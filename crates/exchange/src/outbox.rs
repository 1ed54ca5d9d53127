//! What goes out: released claims, gathered into bundles.
//!
//! An alarm is written down and leaves at once. A door waits a quarter of a second for
//! others, a temperature a second, because a bundle of fifty readings costs a tenth of fifty
//! bundles. What was released is bundled exactly once, whatever happens in between: how far
//! that went is written together with the bundles.

use crate::Env;
use crate::circle::Circle;
use crate::coarsen::SUMMARY_EXPIRES_S;
use crate::epochs::{Epochs, expires, keep};
use crate::ledger::Ledger;
use crate::notice::Notice;
use crate::rows::{Fields, Key, Rows, Value, table};
use rustc_hash::FxHasher;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use twin_link::reader::place;
use twin_link::{Audience, Class, Error, Keep, Payload, Record, StreamId, Topic};
use twin_model::time::MICROS;
use twin_model::{Act, SourceId, Statement, Time, Uncertainty, Value as Said};

/// Records in one bundle.
const RECORDS_MAX: usize = 1000;
/// Bytes of what is said in one bundle, as estimated beforehand.
const BYTES_MAX: usize = 48 * 1024;
/// Persons in one bundle: each has a section of its own.
const PERSONS_MAX: usize = 128;
/// As many readings are worth a bundle.
const READINGS: usize = 50;

/// How long a class waits for company, and for how many.
fn patience(class: Class) -> (i64, usize) {
    match class {
        Class::LifeSafety => (0, 1),
        Class::Operational => (MICROS / 4, READINGS),
        Class::Telemetry => (MICROS, READINGS),
        Class::Bulk => (MICROS, RECORDS_MAX),
    }
}

/// A claim on its way out.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Its place in the log; `None` for a summary of many.
    pub(crate) sequence: Option<u64>,
    pub(crate) rule: u64,
    pub(crate) source: SourceId,
    pub(crate) statement: Statement,
    pub(crate) is_personal: bool,
}

/// Where a claim goes.
pub(crate) type Way = (Audience, Class);

#[derive(Debug, Default)]
struct Queue {
    entries: Vec<Entry>,
    since: Option<Time>,
    /// The last claim that was taken in.
    taken: u64,
}

/// What one rule let out in one hour.
#[derive(Debug, Clone, Copy)]
struct Disclosed {
    first: u64,
    last: u64,
    count: u64,
    stream: StreamId,
    bundles: (u64, u64),
}

/// Released claims that are not in a bundle yet.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queues: BTreeMap<Way, Queue>,
    /// The last claim of each way that stands in a bundle.
    marks: BTreeMap<Way, u64>,
    /// From which claim on what waits behind summaries was not told yet.
    held: BTreeMap<Way, u64>,
    upto: u64,
    /// As it is on disk.
    upto_written: u64,
    /// Of the present hour.
    disclosed: BTreeMap<(Way, u64), Disclosed>,
    hour: u64,
    /// As they were when the exchange opened: what a new life offers again from.
    at_start: AtStart,
}

/// Where an outbox stood when the exchange opened.
#[derive(Debug, Default)]
struct AtStart {
    upto: u64,
    marks: BTreeMap<Way, u64>,
    held: BTreeMap<Way, u64>,
}

impl Outbox {
    /// Reads what is on disk.
    pub(crate) fn load(rows: &dyn Rows) -> Result<Self, u8> {
        let mut outbox = Self::default();
        if let Some(value) = Key::of(table::UPTO).read(rows) {
            let upto = Fields::of_value(&value).and_then(|mut fields| fields.number());
            outbox.upto = upto.ok_or(table::UPTO)?;
        }
        outbox.marks = numbers(rows, table::MARK)?;
        outbox.held = numbers(rows, table::HELD)?;
        for (&way, &mark) in &outbox.marks {
            outbox.queues.entry(way).or_default().taken = mark;
        }
        outbox.upto_written = outbox.upto;
        outbox.at_start = AtStart {
            upto: outbox.upto,
            marks: outbox.marks.clone(),
            held: outbox.held.clone(),
        };
        Ok(outbox)
    }

    /// Claims up to this one were offered.
    pub(crate) fn upto(&self) -> u64 {
        self.upto
    }

    /// Takes in a claim unless it is in already.
    pub(crate) fn put(&mut self, way: Way, entry: Entry, now: Time) {
        let queue = self.queues.entry(way).or_default();
        if let Some(sequence) = entry.sequence {
            if sequence <= queue.taken {
                return;
            }
            queue.taken = sequence;
        }
        queue.since.get_or_insert(now);
        queue.entries.push(entry);
    }

    /// All claims up to this one have been offered now.
    pub(crate) fn note_offered(&mut self, upto: u64) {
        self.upto = self.upto.max(upto);
    }

    /// The log ends with this claim: what was bundled after it is of a log that was lost.
    pub(crate) fn rewind(&mut self, last: u64) {
        self.upto = self.upto.min(last);
        for mark in self.marks.values_mut() {
            *mark = last.min(*mark);
        }
        for queue in self.queues.values_mut() {
            queue.taken = last.min(queue.taken);
        }
        self.at_start.upto = self.at_start.upto.min(last);
        for mark in self.at_start.marks.values_mut() {
            *mark = last.min(*mark);
        }
    }

    /// When something has waited long enough.
    pub(crate) fn due(&self) -> Option<Time> {
        let waits = self.queues.iter().filter_map(|((_, class), queue)| {
            let (wait, count) = patience(*class);
            let is_full = queue.entries.len() >= count;
            Some(Time(queue.since?.0 + if is_full { 0 } else { wait }))
        });
        waits.min()
    }

    /// Writes bundles of what has waited long enough, or of everything.
    pub(crate) fn flush(
        &mut self,
        is_all: bool,
        epochs: &mut Epochs,
        circle: &Circle,
        env: &mut Env<'_>,
        ledger: &mut Ledger,
    ) {
        let ways: Vec<Way> = self.queues.keys().copied().collect();
        for way in ways {
            let queue = self.queues.get_mut(&way).expect("just listed");
            let (wait, count) = patience(way.1);
            // A clock that was set back would let it wait until it is past that again.
            let is_over = |since: Time| env.now.0 >= since.0 + wait || env.now < since;
            let has_waited = queue.since.is_some_and(is_over);
            if queue.entries.len() >= count || has_waited || is_all {
                queue.since = None;
                let entries = std::mem::take(&mut queue.entries);
                self.write_all(way, &entries, true, epochs, circle, env, ledger);
            }
        }
        self.write_upto(ledger, false);
    }

    /// Writes claims of the past at once, so that no cursor has to wait for them.
    pub(crate) fn write_earlier(
        &mut self,
        way: Way,
        entries: &[Entry],
        epochs: &mut Epochs,
        circle: &Circle,
        env: &mut Env<'_>,
        ledger: &mut Ledger,
    ) {
        self.write_all(way, entries, false, epochs, circle, env, ledger);
    }

    /// Keeps on disk how far claims were offered: below the first that still waits. By itself
    /// it is not worth a write until many have gone by.
    pub(crate) fn write_upto(&mut self, ledger: &mut Ledger, is_worth_it: bool) {
        let waiting = self.queues.values().filter_map(|queue| {
            let mut sequences = queue.entries.iter().filter_map(|entry| entry.sequence);
            sequences.next()
        });
        let upto = waiting
            .min()
            .map_or(self.upto, |first| self.upto.min(first - 1));
        if upto != self.upto_written && (is_worth_it || !ledger.is_clean()) {
            self.upto_written = upto;
            ledger.write(Key::of(table::UPTO).put(Value::new().number(upto)));
        }
    }

    /// Where something waits behind summaries, and from which claim on it was not told yet.
    pub(crate) fn held(&self) -> impl Iterator<Item = (Way, u64)> {
        self.held.iter().map(|(&way, &from)| (way, from))
    }

    /// From which claim on something waits behind summaries in a way.
    pub(crate) fn held_from(&self, way: Way) -> Option<u64> {
        self.held.get(&way).copied()
    }

    /// From the next claim on rooms wait in a way. What came before is bundled in the same
    /// write, so that of a room's claim the place in the log alone says whether it was told.
    pub(crate) fn hold(
        &mut self,
        way: Way,
        epochs: &mut Epochs,
        circle: &Circle,
        env: &mut Env<'_>,
        ledger: &mut Ledger,
    ) {
        if !self.held.contains_key(&way) {
            let told = self.close_at(way, self.upto, epochs, circle, env, ledger);
            self.move_held(way, told + 1, ledger);
        }
    }

    /// What waited before this claim is told, or need not be.
    pub(crate) fn move_held(&mut self, way: Way, from: u64, ledger: &mut Ledger) {
        self.held.insert(way, from);
        ledger.write(row(table::HELD, way).put(Value::new().number(from)));
    }

    /// Nothing waits any more in a way: all up to the claim `told` is told.
    pub(crate) fn let_go(
        &mut self,
        way: Way,
        told: u64,
        epochs: &mut Epochs,
        circle: &Circle,
        env: &mut Env<'_>,
        ledger: &mut Ledger,
    ) {
        self.close_at(way, told.max(self.upto), epochs, circle, env, ledger);
        self.forget_held(way, ledger);
    }

    /// Nobody waits for it any more.
    pub(crate) fn forget_held(&mut self, way: Way, ledger: &mut Ledger) {
        if self.held.remove(&way).is_some() {
            ledger.write(row(table::HELD, way).delete());
        }
    }

    /// Bundles what is taken in, and settles that no claim up to `told` goes this way again.
    /// Returns up to which claim that is so.
    fn close_at(
        &mut self,
        way: Way,
        told: u64,
        epochs: &mut Epochs,
        circle: &Circle,
        env: &mut Env<'_>,
        ledger: &mut Ledger,
    ) -> u64 {
        let queue = self.queues.entry(way).or_default();
        queue.since = None;
        queue.taken = queue.taken.max(told);
        let taken = queue.taken;
        let entries = std::mem::take(&mut queue.entries);
        self.write_all(way, &entries, true, epochs, circle, env, ledger);
        self.marks.insert(way, taken);
        ledger.write(row(table::MARK, way).put(Value::new().number(taken)));
        taken
    }

    #[expect(clippy::too_many_arguments, reason = "what a bundle is made of")]
    fn write_all(
        &mut self,
        way: Way,
        entries: &[Entry],
        is_new: bool,
        epochs: &mut Epochs,
        circle: &Circle,
        env: &mut Env<'_>,
        ledger: &mut Ledger,
    ) {
        let last = entries.iter().rev().find_map(|entry| entry.sequence);
        let mut todo: Vec<&[Entry]> = chunks(entries);
        todo.reverse();
        let mut is_retry = false;
        while let Some(chunk) = todo.pop() {
            match self.write(way, chunk, epochs, circle, env, ledger) {
                Ok(()) => is_retry = false,
                Err(Error::EpochSpent | Error::TopicsSpent) if !is_retry => {
                    is_retry = true;
                    epochs.end_epoch(way.0, way.1);
                    todo.push(chunk);
                }
                Err(Error::TopicsSpent) => {
                    is_retry = false;
                    epochs.reopen(way.0, way.1);
                    todo.push(chunk);
                }
                Err(_) if chunk.len() > 1 => {
                    // Topics that were named for it are part of every bundle until one is
                    // written; a new epoch forgets them.
                    epochs.end_epoch(way.0, way.1);
                    let (first, second) = chunk.split_at(chunk.len() / 2);
                    todo.extend([second, first]);
                }
                Err(_) => {
                    epochs.end_epoch(way.0, way.1);
                    let sequence = chunk[0].sequence.unwrap_or_default();
                    ledger.notices.say(Notice::TooLarge { sequence });
                }
            }
        }
        if let Some(last) = last.filter(|_| is_new) {
            self.marks.insert(way, last);
            ledger.write(row(table::MARK, way).put(Value::new().number(last)));
        }
    }

    fn write(
        &mut self,
        way: Way,
        entries: &[Entry],
        epochs: &mut Epochs,
        circle: &Circle,
        env: &mut Env<'_>,
        ledger: &mut Ledger,
    ) -> Result<(), Error> {
        let (to, class) = way;
        epochs.ready(to, class, circle, env, ledger)?;
        let persons = entries.iter().filter(|entry| entry.is_personal);
        let persons = persons.map(|entry| &entry.statement.entity);
        let keys = epochs.subjects(persons, way, circle, env, ledger)?;
        let open = epochs.ready(to, class, circle, env, ledger)?;
        let (mut records, mut personal) = (Vec::with_capacity(entries.len()), BTreeMap::new());
        for entry in entries {
            let record = Record {
                topic: number(open, entry)?,
                observed: entry.statement.observed,
                valid: entry.statement.valid,
                act: bare(&entry.statement.act),
            };
            if entry.is_personal {
                let of: &mut Vec<Record> = personal.entry(&entry.statement.entity).or_default();
                of.push(record);
            } else {
                records.push(record);
            }
        }
        let is_summary = entries.iter().all(|entry| entry.sequence.is_none());
        let expires = if is_summary {
            Some(env.now.plus_seconds(SUMMARY_EXPIRES_S))
        } else {
            expires(class, env.now)
        };
        let author = &mut open.author;
        let names = author.names();
        let lasts = expires.is_none() && keep(class) == Keep::History;
        let names_first = !lasts && (names.unwritten() as usize) < names.topics().len();
        let seq = author.head() + 1 + u64::from(names_first);
        let mut payload = Payload {
            written: env.now,
            records,
            ..Payload::default()
        };
        for (entity, records) in personal {
            let (number, key) = &keys[entity];
            let place = place(author.stream(), seq);
            payload.seal_personal(key, *number, &place, &records, names.topics())?;
        }
        let opening = author.opening();
        let bundles = author.append(&payload, expires, env.now)?;
        for bundle in &bundles {
            open.note(bundle, env.now);
        }
        for bundle in bundles {
            ledger.publish(opening, bundle);
        }
        self.disclose(way, entries, (opening.id(), seq), env.now, ledger);
        Ok(())
    }

    /// What leaves is on record, in the same write as the bundle.
    fn disclose(
        &mut self,
        way: Way,
        entries: &[Entry],
        (stream, seq): (StreamId, u64),
        now: Time,
        ledger: &mut Ledger,
    ) {
        let hour = now.0.div_euclid(3600 * MICROS).max(0).cast_unsigned();
        if hour != self.hour {
            self.hour = hour;
            self.disclosed.clear();
        }
        let mut rules: BTreeMap<u64, (u64, u64, u64)> = BTreeMap::new();
        for entry in entries {
            let sequence = entry.sequence.unwrap_or_default();
            let (first, last, count) = rules.entry(entry.rule).or_insert((u64::MAX, 0, 0));
            *first = sequence.min(*first);
            *last = sequence.max(*last);
            *count += 1;
        }
        for (rule, (first, last, count)) in rules {
            let fresh = Disclosed {
                first,
                last,
                count: 0,
                stream,
                bundles: (seq, seq),
            };
            let of = self.disclosed.entry((way, rule)).or_insert(fresh);
            if of.stream != stream {
                *of = fresh;
            }
            *of = Disclosed {
                first: of.first.min(first),
                last: of.last.max(last),
                count: of.count + count,
                stream,
                bundles: (of.bundles.0, seq),
            };
            let key = Key::of(table::DISCLOSURE).number(hour).audience(way.0);
            let key = key.class(way.1).number(rule).stream(stream);
            let value = Value::new()
                .number(of.first)
                .number(of.last)
                .number(of.count);
            let value = value.bytes(&stream.0).number(of.bundles.0).number(seq);
            // A restart begins a row of its own, so nothing on record is written over.
            ledger.write(key.number(of.bundles.0).put(value));
        }
    }

    /// An audience has another name, because its reader or this node has new keys: what waits
    /// for it and what was told to it stay known.
    pub(crate) fn follow(&mut self, from: Audience, to: Audience, ledger: &mut Ledger) {
        for class in Class::ALL {
            let (old, new) = ((from, class), (to, class));
            if let Some(queue) = self.queues.remove(&old) {
                let known = self.queues.insert(new, queue);
                let more = known.map(|queue| queue.entries).unwrap_or_default();
                let queue = self.queues.get_mut(&new).expect("just put there");
                let last = more.iter().filter_map(|entry| entry.sequence).max();
                queue.taken = queue.taken.max(last.unwrap_or(0));
                queue.entries.extend(more);
            }
            for known in [&mut self.at_start.marks, &mut self.at_start.held] {
                if let Some(number) = known.remove(&old) {
                    known.insert(new, number);
                }
            }
            if let Some(from) = self.held.get(&old).copied() {
                self.forget_held(old, ledger);
                self.move_held(new, from, ledger);
            }
            if let Some(mark) = self.marks.remove(&old) {
                self.marks.insert(new, mark);
                ledger.write(row(table::MARK, old).delete());
                ledger.write(row(table::MARK, new).put(Value::new().number(mark)));
            }
        }
    }

    /// Forgets what waits for somebody who is no reader any more.
    pub(crate) fn drop_reader(&mut self, to: Audience, ledger: &mut Ledger) {
        for way in Class::ALL.map(|class| (to, class)) {
            self.forget_held(way, ledger);
        }
        self.queues.retain(|(audience, _), _| *audience != to);
        self.disclosed
            .retain(|((audience, _), _), _| *audience != to);
    }

    /// What was bundled since the start in a stream that was overtaken is offered again.
    pub(crate) fn offer_again(&mut self, way: Way, ledger: &mut Ledger) {
        let mark = self.at_start.marks.get(&way).copied().unwrap_or(0);
        self.upto = self.upto.min(self.at_start.upto);
        match self.at_start.held.get(&way) {
            Some(&from) => self.move_held(way, from, ledger),
            None => self.forget_held(way, ledger),
        }
        self.queues.insert(
            way,
            Queue {
                taken: mark,
                ..Queue::default()
            },
        );
        self.marks.insert(way, mark);
        ledger.write(row(table::MARK, way).put(Value::new().number(mark)));
        self.write_upto(ledger, true);
    }
}

fn row(table: u8, way: Way) -> Key {
    Key::of(table).audience(way.0).class(way.1)
}

/// A table with a number for each way; the table itself if it cannot be read.
fn numbers(rows: &dyn Rows, table: u8) -> Result<BTreeMap<Way, u64>, u8> {
    let (mut numbers, mut is_damaged) = (BTreeMap::new(), false);
    rows.scan(&[table], &mut |key, value| {
        let mut key = Fields::of_key(key);
        let way = key.audience().zip(key.class());
        let number = Fields::of_value(value).and_then(|mut fields| fields.number());
        match way.zip(number) {
            Some((way, number)) => {
                numbers.insert(way, number);
            }
            None => is_damaged = true,
        }
    });
    if is_damaged { Err(table) } else { Ok(numbers) }
}

/// As many claims as go into one bundle, by estimate.
fn chunks(entries: &[Entry]) -> Vec<&[Entry]> {
    let mut chunks = Vec::new();
    let (mut begin, mut bytes, mut persons) = (0, 0, 0);
    for (at, entry) in entries.iter().enumerate() {
        let size = size(entry);
        let is_full =
            at - begin >= RECORDS_MAX || bytes + size > BYTES_MAX || persons >= PERSONS_MAX;
        if is_full && at > begin {
            chunks.push(&entries[begin..at]);
            (begin, bytes, persons) = (at, 0, 0);
        }
        bytes += size;
        persons += usize::from(entry.is_personal);
    }
    if begin < entries.len() {
        chunks.push(&entries[begin..]);
    }
    chunks
}

/// About how many bytes a claim takes in a bundle that names its topic.
pub(crate) fn size(entry: &Entry) -> usize {
    let said = match &entry.statement.act {
        Act::Assert(stated) => match &stated.value {
            // Readings are packed to a few bytes, and their topics are named rarely.
            Said::Number(_) | Said::Boolean(_) => return 40,
            Said::Text(text) => text.len(),
            other => 64 + format!("{other:?}").len(),
        },
        Act::Unknown { reason } => reason.len(),
        Act::Absent | Act::NotApplicable | Act::Retract => 0,
    };
    32 + said + entry.statement.entity.as_str().len() + entry.source.as_str().len() / 4
}

/// The number of a claim's topic. Most were numbered before; comparing a topic costs less
/// than writing it down to look it up.
fn number(open: &mut crate::epochs::Open, entry: &Entry) -> Result<u32, Error> {
    let hash = topic_hash(entry);
    if let Some(&number) = open.numbers.get(&hash) {
        let known = open.author.names().topics().get(number);
        if known.is_some_and(|known| is_topic(known, entry)) {
            return Ok(number);
        }
    }
    let statement = &entry.statement;
    let (unit, uncertainty, first) = match &statement.act {
        Act::Assert(stated) => {
            let first = match stated.value {
                // A first value would stand among the names, which outlive the person's key.
                Said::Number(value) if !entry.is_personal => Some(value),
                _ => None,
            };
            (stated.unit.clone(), stated.uncertainty, first)
        }
        _ => (None, None, None),
    };
    let topic = Topic {
        source: entry.source.clone(),
        entity: statement.entity.clone(),
        attribute: statement.attribute.clone(),
        unit,
        procedure: statement.procedure.clone(),
        uncertainty,
    };
    let number = open.author.topic(&topic, first)?;
    open.numbers.insert(hash, number);
    Ok(number)
}

fn topic_hash(entry: &Entry) -> u64 {
    let mut hasher = FxHasher::default();
    entry.source.as_str().hash(&mut hasher);
    entry.statement.entity.as_str().hash(&mut hasher);
    entry.statement.attribute.as_str().hash(&mut hasher);
    if let Act::Assert(stated) = &entry.statement.act {
        match stated.uncertainty {
            Some(Uncertainty::StandardDeviation(x) | Uncertainty::Probability(x)) => {
                x.to_bits().hash(&mut hasher);
            }
            None => {}
        }
    }
    hasher.finish()
}

fn is_topic(topic: &Topic, entry: &Entry) -> bool {
    let statement = &entry.statement;
    let (unit, uncertainty) = match &statement.act {
        Act::Assert(stated) => (stated.unit.as_ref(), stated.uncertainty),
        _ => (None, None),
    };
    topic.source == entry.source
        && topic.entity == statement.entity
        && topic.attribute == statement.attribute
        && topic.unit.as_ref() == unit
        && topic.procedure == statement.procedure
        && topic.uncertainty == uncertainty
}

/// What is said, without what its topic says.
fn bare(act: &Act) -> Act {
    match act {
        Act::Assert(stated) => Act::Assert(stated.value.clone().into()),
        other => other.clone(),
    }
}
