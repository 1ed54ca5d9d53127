//! How the sources of a yes-or-no, or of a state of few words, have done so far.
//!
//! A contact that stays at "closed" while two others say "open" is stuck; one that changes
//! its word at every message flaps; one that spoke every minute and has been still for an
//! hour is silent. A few bytes of each source remember what it takes to tell. Every ten
//! minutes there is a *look*: each source's word is held against what all others say next,
//! and the comparison is a lesson for the node.
//!
//! * *Looks are at fixed instants*, whole multiples of [`LOOK_S`], and a word is held against
//!   what others say in the seconds *after* that instant. Were a source judged when it speaks,
//!   or against older words, one that reports every change at once would seem wrong each time,
//!   because the others have not noticed yet.
//! * *Three are needed.* Of two that contradict each other nobody can tell which is wrong
//!   (Dawid & Skene, Appl. Stat. 28 (1979) 20, 4); so a look needs two others beside the one
//!   that is judged, or it teaches nothing.
//! * *A look is taken when it has settled*: once there is evidence ten minutes younger. What a
//!   source said at the look is kept in its record when the word itself is forgotten before.
//!   So the order of arrival in between does not matter.
//! * *Stuck*: [`STUCK_LOOKS`] looks at which others were sure of another word, since its word
//!   last changed. *Noisy*: wrong at more than half of the recent looks; or it flaps, changing
//!   its word [`FLAPPING`] times as often as the catalogue's chain does. *Silent*: still for
//!   [`SILENT_INTERVALS`] of its own usual intervals; of events that come at random one in
//!   20,000 intervals is so long (e⁻¹⁰).
//! * A source that others prove wrong is weighed less, by its doubt. Flapping alone is shown
//!   but costs no weight: a detector that flickers in smoke must not be talked down.

use crate::evidence::Evidence;
use crate::lesson::{Lesson, LessonKind};
use crate::reading::{Reading, SOURCES_MAX, Word, insert_sorted, standing};
use crate::state::Outcome;
use crate::words::{self, PER_SOURCE, Words};
use twin_model::time::MICROS;
use twin_model::{AttributeSpec, HealthState, SourceHealth, Time};

/// BOUNDED: most sources of which one state keeps a record.
pub(crate) const RECORDS_MAX: usize = SOURCES_MAX;
/// Seconds from one look to the next, and until a look has settled: some ten minutes, and a
/// prime number, so that who is polled every minute is not always looked at just before.
const LOOK_S: i64 = 617;
const LOOK_MICROS: i64 = LOOK_S * MICROS;
/// Others that a look needs beside the source that is judged.
const OTHERS_LEAST: usize = 2;
/// A word that its source states with less than this takes no part in looks.
const STATED_LEAST: f32 = 0.9;
/// Others are sure from here on, either way.
const SURE: f64 = 0.95;
/// Share of the newest interval in the usual one.
const MEMORY: f32 = 1.0 / 8.0;
/// Wrong looks with one and the same word from which on a source is stuck.
const STUCK_LOOKS: u8 = 3;
/// Changes of word per second, as a multiple of the chain's, from which on a source flaps:
/// busy doors change tens of times as often as the average one.
const FLAPPING: f64 = 100.0;
/// Usual intervals without a word after which a source is silent.
const SILENT_INTERVALS: f64 = 10.0;
/// Intervals that must be known before silence is noticed.
const INTERVALS_LEAST: u8 = 3;

/// What the estimator knows that a look needs. A word is the place of what is said: no and
/// yes, or a category's words.
pub(crate) trait Judge {
    /// For how many seconds a word tells nearly what it told when it was said; 300 at most.
    fn fresh_s(&self) -> f64;

    /// What a word amounts to beside those of all others, and the probability that they give
    /// to it: see [`LessonKind::Word`]. By the catalogue's rates alone.
    fn judge(&self, word: u8, others: &[u8]) -> (bool, f64);

    /// Changes per second, by the catalogue.
    fn changes_hz(&self) -> f64;
}

/// What is remembered of one source, in 20 bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Record {
    pub(crate) source: u32,
    /// Usual seconds from one word to the next.
    pub(crate) interval_s: f32,
    /// Since when something is wrong with it, seconds since 1970; 0 if nothing is.
    pub(crate) since_s: u32,
    /// Share of its words that differ from the one before, in units of 1/255.
    pub(crate) flips: u8,
    /// Share of looks at which others were sure of something else, in units of 1/255.
    pub(crate) wrong: u8,
    /// Such looks since its word last changed.
    pub(crate) contrary: u8,
    /// Words that have settled.
    pub(crate) settled: u8,
    /// What it said at the look that is to be taken next, and in the seconds after it, where
    /// the words themselves are forgotten: 0 for nothing, else one more than the word.
    pub(crate) at_look: u8,
    pub(crate) after_look: u8,
}

impl Record {
    fn new(source: u32) -> Self {
        Self {
            source,
            interval_s: 0.0,
            since_s: 0,
            flips: 0,
            wrong: 0,
            contrary: 0,
            settled: 0,
            at_look: 0,
            after_look: 0,
        }
    }

    /// Takes note that `word` has settled and that `next` came after it.
    fn settle(&mut self, word: &Reading, next: &Reading) {
        let seconds = next.observed.seconds_since(word.observed) as f32;
        self.interval_s += if self.settled == 0 {
            seconds
        } else {
            (seconds - self.interval_s) * MEMORY
        };
        self.settled = self.settled.saturating_add(1);
        if word.word() == Word::Value && next.word() == Word::Value {
            let is_flip = word.value != next.value;
            move_towards(&mut self.flips, is_flip);
            if is_flip {
                self.contrary = 0;
            }
        }
    }

    /// Takes note of a look.
    fn compare(&mut self, said: bool, held: f64) {
        if held > 1.0 - SURE && held < SURE {
            return;
        }
        let is_wrong = said != (held >= SURE);
        move_towards(&mut self.wrong, is_wrong);
        self.contrary = self.contrary.saturating_add(u8::from(is_wrong));
    }

    fn mark(&mut self, changes_hz: f64, at: Time) {
        let is_well = self.fault(changes_hz) == HealthState::Ok;
        let seconds = at.0.div_euclid(MICROS).clamp(1, i64::from(u32::MAX)) as u32;
        if is_well {
            self.since_s = 0;
        } else if self.since_s == 0 {
            self.since_s = seconds;
        }
    }

    /// Changes of its word per second, as a multiple of the chain's.
    fn flapping(&self, changes_hz: f64) -> f64 {
        let per_s = share(self.flips) / f64::from(self.interval_s).max(1e-3);
        per_s / changes_hz
    }

    fn fault(&self, changes_hz: f64) -> HealthState {
        if self.contrary >= STUCK_LOOKS {
            HealthState::Stuck
        } else if share(self.wrong) > 0.5
            || share(self.flips) > 0.5 && self.flapping(changes_hz) > FLAPPING
        {
            HealthState::Noisy
        } else {
            HealthState::Ok
        }
    }

    /// How far what it says now is to be doubted, 0 to 1: only where others prove it wrong.
    fn doubt(&self) -> f64 {
        let stuck = if self.contrary >= STUCK_LOOKS {
            1.0 - 1.0 / f64::from(1_u16 << self.contrary.min(10))
        } else {
            0.0
        };
        let wrong = share(self.wrong);
        stuck.max(if wrong > 0.5 { wrong } else { 0.0 })
    }
}

fn share(units: u8) -> f64 {
    f64::from(units) / 255.0
}

/// Moves a share an eighth of the way to one or to none. Whole numbers, rounded towards
/// where it came from, so that it is the same everywhere.
fn move_towards(units: &mut u8, is_one: bool) {
    if is_one {
        *units += (255 - *units) / 8;
    } else {
        *units -= *units / 8;
    }
}

/// The last words of each source, and how the sources did.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Watched {
    pub(crate) words: Words,
    /// In order of the sources' numbers; made when there is something to remember.
    pub(crate) records: Box<[Record]>,
}

impl Watched {
    pub(crate) fn heap_bytes(&self) -> usize {
        self.words.heap_bytes() + size_of_val(&*self.records)
    }

    pub(crate) fn update(
        &mut self,
        spec: &AttributeSpec,
        evidence: &Evidence,
        judge: &impl Judge,
        lessons: &mut Vec<Lesson>,
    ) -> Outcome {
        let Some(reading) = Reading::new(spec, evidence) else {
            return Outcome::Refused;
        };
        if self.words.0.absorb_repeat(&reading) {
            return Outcome::Duplicate;
        }
        let outcome = self.words.outcome_of(&reading);
        self.look_before(&reading, judge, lessons);
        let leaving = self.leaving(&reading);
        if let Some((oldest, next)) = leaving {
            let word = self.words.readings()[oldest];
            if word.order(&reading).is_gt() {
                return outcome;
            }
            self.settle(&reading, &word, &next, judge);
        }
        self.words.0.edit(|list| {
            leaving.map(|(oldest, _)| list.remove(oldest));
            insert_sorted(list, reading);
            words::bound_sources(list);
        });
        self.forget_sources();
        outcome
    }

    /// The oldest word of the reading's source, which has no place beside the reading, and
    /// the source's word that comes after it.
    fn leaving(&self, reading: &Reading) -> Option<(usize, Reading)> {
        let readings = self.words.readings();
        let mut own = (0..readings.len()).filter(|&at| readings[at].source == reading.source);
        let oldest = own.next()?;
        let second = own.next()?;
        let kept = 2 + own.count();
        let is_between = reading.order(&readings[second]).is_lt();
        let next = if is_between {
            *reading
        } else {
            readings[second]
        };
        (kept >= PER_SOURCE).then_some((oldest, next))
    }

    /// Notes what is worth remembering of a word that is forgotten.
    fn settle(&mut self, reading: &Reading, word: &Reading, next: &Reading, judge: &impl Judge) {
        let newest = self
            .words
            .readings()
            .last()
            .map_or(reading.observed, |r| r.observed);
        let look = look_of(newest.max(reading.observed));
        let stands = self.stands_before(word, next);
        let record = self.record_mut(word.source);
        let fresh_s = judge.fresh_s();
        if stands && word.observed <= look && look < next.observed {
            record.at_look = said_at(word, look, fresh_s);
        }
        let after = look.plus_seconds(fresh_s);
        if stands && look < word.observed && word.observed <= after && after < next.observed {
            record.after_look = said_at(word, after, fresh_s);
        }
        record.settle(word, next);
        record.mark(judge.changes_hz(), next.observed);
    }

    /// Whether a word is not taken back.
    fn stands_before(&self, word: &Reading, next: &Reading) -> bool {
        let readings = self.words.readings();
        let place = readings.iter().position(|r| r == word);
        next.word() != Word::Retract && place.is_some_and(|at| standing(readings).has(at))
    }

    /// Takes the look that settles with the reading, if there is one.
    fn look_before(&mut self, reading: &Reading, judge: &impl Judge, lessons: &mut Vec<Lesson>) {
        let Some(newest) = self.words.readings().last().map(|r| r.observed) else {
            return;
        };
        let look = look_of(newest);
        if reading.observed < Time(look.0.saturating_add(LOOK_MICROS)) {
            return;
        }
        let said = self.said(look, judge.fresh_s());
        for record in &mut self.records {
            (record.at_look, record.after_look) = (0, 0);
        }
        for (place, &(source, at, _)) in said.iter().enumerate() {
            let others = said.iter().enumerate().filter(|(other, _)| *other != place);
            let others: Vec<u8> = others.filter_map(|(_, (_, _, after))| *after).collect();
            let Some(word) = at.filter(|_| others.len() >= OTHERS_LEAST) else {
                continue;
            };
            let (said, held) = judge.judge(word, &others);
            let kind = LessonKind::Word { said, held };
            lessons.push(Lesson { source, kind });
            let record = self.record_mut(source);
            record.compare(said, held);
            record.mark(judge.changes_hz(), look);
        }
    }

    /// What each source said at a look and in the seconds after it; nobody, if there are not
    /// enough of them.
    fn said(&self, look: Time, fresh_s: f64) -> Vec<(u32, Option<u8>, Option<u8>)> {
        let readings = self.words.readings();
        let is_first = |at: &usize| {
            let mut before = readings[..*at].iter();
            before.all(|r| r.source != readings[*at].source)
        };
        let sources = || {
            (0..readings.len())
                .filter(is_first)
                .map(|at| readings[at].source)
        };
        if sources().count() <= OTHERS_LEAST {
            return Vec::new();
        }
        let standing = standing(readings);
        let newest = |source: u32, until: Time| {
            let mut own = readings.iter().enumerate().rev();
            let is = |at: usize, r: &Reading| r.source == source && standing.has(at);
            own.find(|(at, r)| is(*at, r) && r.observed <= until)
                .map(|(_, r)| r)
        };
        let after = look.plus_seconds(fresh_s);
        let kept = |source| {
            self.record(source)
                .map_or((0, 0), |r| (r.at_look, r.after_look))
        };
        let said = |source| {
            let at = newest(source, look).map_or(kept(source).0, |r| said_at(r, look, fresh_s));
            let later = newest(source, after).filter(|r| r.observed > look);
            let later = later.map_or(kept(source).1, |r| said_at(r, after, fresh_s));
            (source, at.checked_sub(1), later.checked_sub(1))
        };
        let mut all: Vec<_> = sources().map(said).collect();
        all.sort_unstable();
        all
    }

    fn record_mut(&mut self, source: u32) -> &mut Record {
        let at = match self.records.binary_search_by_key(&source, |r| r.source) {
            Ok(at) => at,
            Err(at) => {
                let mut list = std::mem::take(&mut self.records).into_vec();
                list.reserve_exact(1);
                list.insert(at, Record::new(source));
                self.records = list.into_boxed_slice();
                at
            }
        };
        &mut self.records[at]
    }

    /// BOUNDED: who has no words any more has no record either.
    fn forget_sources(&mut self) {
        if self.records.len() <= RECORDS_MAX {
            return;
        }
        let readings = self.words.readings();
        let speaks = |r: &Record| readings.iter().any(|reading| reading.source == r.source);
        self.records = self.records.iter().copied().filter(speaks).collect();
    }

    fn record(&self, source: u32) -> Option<&Record> {
        let at = self
            .records
            .binary_search_by_key(&source, |r| r.source)
            .ok()?;
        Some(&self.records[at])
    }

    /// How far the word of a source is to be doubted, 0 to 1.
    pub(crate) fn doubt(&self, source: u32) -> f64 {
        self.record(source).map_or(0.0, Record::doubt)
    }

    /// Whether a source shows a fault.
    pub(crate) fn is_faulty(&self, source: u32) -> bool {
        self.record(source).is_some_and(|r| r.since_s > 0)
    }

    /// What is thought of each source of which more than its last words is known.
    pub(crate) fn health(&self, changes_hz: f64, at: Time) -> Vec<(u32, SourceHealth)> {
        let health = |r: &Record| (r.source, self.health_of(r, changes_hz, at));
        self.records.iter().map(health).collect()
    }

    fn health_of(&self, record: &Record, changes_hz: f64, at: Time) -> SourceHealth {
        let mut own = self.words.readings().iter().rev();
        let newest = own.find(|r| r.source == record.source).map(|r| r.observed);
        let mut health = SourceHealth {
            state: record.fault(changes_hz),
            since: (record.since_s > 0).then(|| Time::from_seconds(i64::from(record.since_s))),
            doubt: record.doubt(),
            bias: 0.0,
            noise_ratio: record.flapping(changes_hz).max(1.0),
            skew_s: 0.0,
            readings: u32::from(record.settled),
        };
        let limit_s = SILENT_INTERVALS * f64::from(record.interval_s);
        let silence_s = newest.map_or(0.0, |newest| at.seconds_since(newest));
        let is_known = record.settled >= INTERVALS_LEAST;
        if health.state == HealthState::Ok && is_known && silence_s > limit_s {
            health.state = HealthState::Silent;
            health.since = newest.map(|t| t.plus_seconds(f64::from(record.interval_s)));
            health.doubt = 1.0 - 0.5 * limit_s / silence_s;
        }
        health
    }
}

/// The last look at or before an instant.
fn look_of(time: Time) -> Time {
    Time(time.0.div_euclid(LOOK_MICROS).saturating_mul(LOOK_MICROS))
}

/// One more than the word, or 0 if it is none, too old or said without conviction.
fn said_at(word: &Reading, at: Time, fresh_s: f64) -> u8 {
    let is_fresh = at.seconds_since(word.observed) <= fresh_s;
    let is_sure = word.spread == Reading::NOT_STATED || word.spread >= STATED_LEAST;
    if word.is_evidence() && is_fresh && is_sure {
        word.value as u8 + 1
    } else {
        0
    }
}
