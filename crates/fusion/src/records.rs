//! How the sources of a yes-or-no, or of a state of few words, have done so far.
//!
//! A contact that stays at "closed" while two others say "open" is stuck; one that changes
//! its word at every message flaps; one that spoke every minute and has been still for an
//! hour is silent. A few bytes of each source remember what it takes to tell. Every ten
//! minutes there is a *look*: each source's word is held against what all others say next,
//! and the comparison is a lesson for the node.
//!
//! * *Looks are at fixed instants*, whole multiples of [`LOOK_S`], and a word is held against
//!   what others say next, *after* that instant. Were a source judged when it speaks, or
//!   against older words, one that reports every change at once would seem wrong each time,
//!   because the others have not noticed yet.
//! * *Three are needed.* Of two that contradict each other nobody can tell which is wrong
//!   (Dawid & Skene, Appl. Stat. 28 (1979) 20, 4); so a look needs two others beside the one
//!   that is judged, or it teaches nothing.
//! * *A look is taken when it has settled*, ten minutes after it and what belongs to it, see
//!   [`crate::spans`]. Until then the words are gathered by rules for which the order of
//!   arrival does not matter; all that is remembered of a source changes at looks alone.
//! * *Intervals and changes* are those of the words next to the look: one or two samples of
//!   each look; where there were looks without a word since the last one, the time since then.
//! * *Stuck*: [`STUCK_LOOKS`] looks at which others were sure of another word, since its word
//!   last changed. *Noisy*: wrong at more than half of the recent looks; or it flaps, changing
//!   its word [`FLAPPING`] times as often as the catalogue's chain does. *Silent*: still for
//!   [`SILENT_INTERVALS`] of its own usual intervals; of events that come at random one in
//!   20,000 intervals is so long (e⁻¹⁰).
//! * A source that others prove wrong is weighed less, by its doubt. Flapping alone is shown
//!   but costs no weight: a detector that flickers in smoke must not be talked down.

use crate::evidence::Evidence;
use crate::half::Half;
use crate::lesson::{Lesson, LessonKind};
use crate::reading::{Reading, SOURCES_MAX, insert_sorted};
use crate::spans::{LOOK_S, OPEN, Span, Spans, first_open, number_of, place_of, time_of};
use crate::state::Outcome;
use crate::words::{self, PER_SOURCE, Words};
use twin_model::time::MICROS;
use twin_model::{AttributeSpec, HealthState, SourceHealth, Time};

/// BOUNDED: most sources of which one state keeps a record.
pub(crate) const RECORDS_MAX: usize = SOURCES_MAX;
/// Others that a look needs beside the source that is judged.
const OTHERS_LEAST: usize = 2;
/// Others are sure from here on, either way.
const SURE: f64 = 0.95;
/// Share of the newest interval in the usual one.
const MEMORY: f64 = 1.0 / 8.0;
/// Wrong looks with one and the same word from which on a source is stuck.
const STUCK_LOOKS: u8 = 3;
/// Changes of word per second, as a multiple of the chain's, from which on a source flaps:
/// busy doors change tens of times as often as the average one.
const FLAPPING: f64 = 100.0;
/// Usual intervals without a word after which a source is silent.
const SILENT_INTERVALS: f64 = 10.0;
/// Looks at which a source must have been heard before its silence is noticed.
const LOOKS_LEAST: u8 = 4;

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

/// What is remembered of one source, in 40 bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Record {
    pub(crate) source: u32,
    /// Since when something is wrong with it, seconds since 1970; 0 if nothing is.
    pub(crate) since_s: u32,
    /// What it said in the spans that are still open.
    pub(crate) spans: Spans,
    /// Usual seconds from one word to the next; 0 until there were two.
    pub(crate) interval_s: Half,
    /// Share of its words that differ from the one before, in units of 1/255.
    pub(crate) flips: u8,
    /// Share of looks at which others were sure of something else, in units of 1/255.
    pub(crate) wrong: u8,
    /// Such looks since its word last changed.
    pub(crate) contrary: u8,
    /// Looks at which it was heard.
    pub(crate) settled: u8,
    /// Looks since then.
    pub(crate) quiet: u8,
    /// One more than its last word at those looks; 0 if there was none.
    pub(crate) last: u8,
}

impl Record {
    fn new(source: u32) -> Self {
        Self {
            source,
            since_s: 0,
            spans: Spans::default(),
            interval_s: Half::default(),
            flips: 0,
            wrong: 0,
            contrary: 0,
            settled: 0,
            quiet: 0,
            last: 0,
        }
    }

    /// Takes note of what it said in a span that has settled.
    fn settle(&mut self, span: &Span) {
        if span.is_silent() {
            self.pass(1);
            return;
        }
        if self.is_changed(span) {
            self.contrary = 0;
        }
        let is_next = self.quiet == 0 && span.steps().next().is_some();
        if is_next {
            self.take_steps(span);
        } else if self.settled > 0 {
            self.take_gap(span);
        }
        self.settled = self.settled.saturating_add(1);
        self.quiet = 0;
        self.last = span.last().map_or(self.last, |word| word + 1);
    }

    /// Takes note of looks at which it was not heard.
    fn pass(&mut self, looks: u8) {
        if self.settled > 0 {
            self.quiet = self.quiet.saturating_add(looks);
        }
    }

    fn is_changed(&self, span: &Span) -> bool {
        let words = [
            self.last.checked_sub(1),
            span.first(),
            span.at.word(),
            span.last(),
        ];
        let mut words = words.into_iter().flatten();
        let first = words.next();
        words.any(|word| Some(word) != first)
    }

    fn take_steps(&mut self, span: &Span) {
        for (word, next, seconds) in span.steps() {
            self.take_interval(seconds);
            if let (Some(word), Some(next)) = (word.word(), next.word()) {
                move_towards(&mut self.flips, word != next);
            }
        }
    }

    /// The time and the change since the look at which it was heard last.
    fn take_gap(&mut self, span: &Span) {
        self.take_interval((LOOK_S * (i64::from(self.quiet) + 1)) as f64);
        if let (Some(last), Some(next)) = (self.last.checked_sub(1), span.first()) {
            move_towards(&mut self.flips, last != next);
        }
    }

    fn take_interval(&mut self, seconds: f64) {
        let usual = self.interval_s.get();
        let share = if usual == 0.0 { 1.0 } else { MEMORY };
        self.interval_s = Half::of(usual + (seconds - usual) * share);
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
        let per_s = share(self.flips) / self.interval_s.get().max(1e-3);
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
        self.look_before(&reading, judge, lessons);
        let outcome = self.take_in(reading);
        self.hear(&reading);
        self.forget_sources();
        outcome
    }

    /// Gives the reading its place among the last words, if it has one.
    fn take_in(&mut self, reading: Reading) -> Outcome {
        if self.words.0.absorb_repeat(&reading) {
            return Outcome::Duplicate;
        }
        let outcome = self.words.outcome_of(&reading);
        let leaving = self.leaving(&reading);
        if leaving.is_some_and(|at| self.words.readings()[at].order(&reading).is_gt()) {
            return outcome;
        }
        self.words.0.edit(|list| {
            leaving.map(|oldest| list.remove(oldest));
            insert_sorted(list, reading);
            words::bound_sources(list);
        });
        outcome
    }

    /// The oldest word of the reading's source, if it has no place beside the reading.
    fn leaving(&self, reading: &Reading) -> Option<usize> {
        let readings = self.words.readings();
        let mut own = (0..readings.len()).filter(|&at| readings[at].source == reading.source);
        let oldest = own.next()?;
        (1 + own.count() >= PER_SOURCE).then_some(oldest)
    }

    fn newest(&self) -> Option<Time> {
        self.words.readings().last().map(|r| r.observed)
    }

    /// Keeps of a reading what its look needs, unless the look was taken.
    fn hear(&mut self, reading: &Reading) {
        let look = number_of(reading.observed);
        if (self.newest()).is_some_and(|newest| look >= first_open(newest)) {
            self.record_mut(reading.source).spans[place_of(look)].hear(reading);
        }
    }

    /// Takes the looks that have settled when there is such a reading.
    fn look_before(&mut self, reading: &Reading, judge: &impl Judge, lessons: &mut Vec<Lesson>) {
        let Some(newest) = self.newest() else {
            return;
        };
        let (first, next) = (first_open(newest), first_open(reading.observed));
        let heard = next.min(first + OPEN);
        for look in first..heard {
            self.look(look, judge, lessons);
        }
        let missed = next.saturating_sub(heard).clamp(0, i64::from(u8::MAX)) as u8;
        for record in &mut self.records {
            record.pass(missed);
        }
    }

    fn look(&mut self, look: i64, judge: &impl Judge, lessons: &mut Vec<Lesson>) {
        let fresh_s = judge.fresh_s();
        let span = |record: &Record| record.spans[place_of(look)];
        let said: Vec<_> = (self.records.iter())
            .map(|record| span(record).said(fresh_s))
            .collect();
        for (place, record) in self.records.iter_mut().enumerate() {
            let own = std::mem::take(&mut record.spans[place_of(look)]);
            record.settle(&own);
            if let Some((said, held)) = compared(place, &said, judge) {
                let kind = LessonKind::Word { said, held };
                let source = record.source;
                lessons.push(Lesson { source, kind });
                record.compare(said, held);
            }
            if !own.is_silent() {
                record.mark(judge.changes_hz(), time_of(look));
            }
        }
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

    /// What is thought of each source that was heard at a look.
    pub(crate) fn health(&self, changes_hz: f64, at: Time) -> Vec<(u32, SourceHealth)> {
        let known = self.records.iter().filter(|r| r.settled > 0);
        let health = |r: &Record| (r.source, self.health_of(r, changes_hz, at));
        known.map(health).collect()
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
        let interval_s = record.interval_s.get();
        let limit_s = SILENT_INTERVALS * interval_s;
        let silence_s = newest.map_or(0.0, |newest| at.seconds_since(newest));
        let is_known = record.settled >= LOOKS_LEAST && interval_s > 0.0;
        if health.state == HealthState::Ok && is_known && silence_s > limit_s {
            health.state = HealthState::Silent;
            health.since = newest.map(|t| t.plus_seconds(interval_s));
            health.doubt = 1.0 - 0.5 * limit_s / silence_s;
        }
        health
    }
}

/// What the word of one at a look amounts to beside what all others said next, and the
/// probability that they give to it; nothing if it or they said too little.
fn compared(
    place: usize,
    said: &[(Option<u8>, Option<u8>)],
    judge: &impl Judge,
) -> Option<(bool, f64)> {
    let word = said[place].0?;
    let others = said.iter().enumerate().filter(|(other, _)| *other != place);
    let others: Vec<u8> = others.filter_map(|(_, (_, next))| *next).collect();
    (others.len() >= OTHERS_LEAST).then(|| judge.judge(word, &others))
}
