//! The recent evidence of one live attribute: who said what, in order of observation.
//!
//! Messages arrive late, twice and out of order. A short, sorted list of what was
//! said lets a reading that comes late be put where it belongs, a repeated one be
//! recognised, and the last word of a source be taken back.

use crate::evidence::Evidence;
use crate::half::Half;
use crate::math::{exp, ln};
use std::cmp::Ordering;
use twin_model::{
    Act, AttributeSpec, Basis, ClaimId, Estimator, Flag, Flags, Knowledge, Time, Uncertainty, Value,
};

/// Most sources whose evidence one state keeps; beyond it the source that has been
/// silent longest is dropped.
pub const SOURCES_MAX: usize = 12;

/// Smallest share of the catalogue's usual spread that a source may claim for itself;
/// keeps a stated spread of zero from silencing everybody else.
const SPREAD_MIN_SHARE: f64 = 1e-3;

/// What a reading says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Word {
    Value = 0,
    Unknown = 1,
    Absent = 2,
    NotApplicable = 3,
    Retract = 4,
}

/// Word, basis and marks of a reading in one byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tag(u8);

impl Tag {
    /// The value is outside the plausible range: recorded, not believed.
    pub(crate) const OUT_OF_RANGE: u8 = 1 << 3;
    /// Came after the window had moved on, and took part with a wider spread.
    pub(crate) const LATE: u8 = 1 << 4;
    /// Already part of the base state; kept as the newest word of its source there.
    pub(crate) const FOLDED: u8 = 1 << 5;

    pub(crate) fn new(word: Word, basis: Basis) -> Self {
        Self(word as u8 | (basis as u8) << 6)
    }

    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        (byte & 7 <= Word::Retract as u8).then_some(Self(byte))
    }

    pub(crate) fn byte(self) -> u8 {
        self.0
    }

    pub(crate) fn has(self, mark: u8) -> bool {
        self.0 & mark != 0
    }

    pub(crate) fn with(self, mark: u8) -> Self {
        Self(self.0 | mark)
    }

    fn word(self) -> Word {
        match self.0 & 7 {
            0 => Word::Value,
            1 => Word::Unknown,
            2 => Word::Absent,
            3 => Word::NotApplicable,
            _ => Word::Retract,
        }
    }

    fn basis(self) -> Basis {
        match self.0 >> 6 {
            0 => Basis::Observed,
            1 => Basis::Inferred,
            2 => Basis::Predicted,
            _ => Basis::Assumed,
        }
    }
}

/// One thing said, in 40 bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Reading {
    pub(crate) sequence: u64,
    pub(crate) observed: Time,
    /// Number in the canonical unit; 1 and 0 for yes and no; the place of a category's word.
    pub(crate) value: f64,
    pub(crate) incarnation: u32,
    pub(crate) source: u32,
    /// Standard deviation of a number, for those that drift negative where it is assumed;
    /// probability that a yes or no or a word is right, or [`Reading::NOT_STATED`].
    pub(crate) spread: f32,
    /// Share in the base state in units of 1/65535; only for folded readings.
    pub(crate) weight: u16,
    pub(crate) tag: Tag,
    /// Delay from observation to record on a logarithmic scale, see [`Reading::delay_s`];
    /// only numbers that drift keep it.
    pub(crate) delay: i8,
}

impl Reading {
    /// Spread of a yes or no whose source states no probability.
    pub(crate) const NOT_STATED: f32 = -1.0;

    /// What the evidence says, or `None` if its value does not have the form that the
    /// estimator needs.
    pub(crate) fn new(spec: &AttributeSpec, evidence: &Evidence) -> Option<Self> {
        let (word, value, uncertainty) = match evidence.act {
            Act::Assert(stated) => {
                let value = value_as_number(spec, &stated.value)?;
                (Word::Value, value, stated.uncertainty)
            }
            Act::Unknown { .. } => (Word::Unknown, 0.0, None),
            Act::Absent => (Word::Absent, 0.0, None),
            Act::NotApplicable => (Word::NotApplicable, 0.0, None),
            Act::Retract => (Word::Retract, 0.0, None),
        };
        let mut tag = Tag::new(word, evidence.basis);
        if word == Word::Value && is_implausible(spec, value) {
            tag = tag.with(Tag::OUT_OF_RANGE);
        }
        let (spread, delay) = match spec.estimator {
            Estimator::Scalar { .. } => (
                scalar_spread(spec, uncertainty),
                delay_code(evidence.recorded.seconds_since(evidence.observed)),
            ),
            _ => (spread(spec, uncertainty), 0),
        };
        Some(Self {
            sequence: evidence.claim.sequence,
            observed: evidence.observed,
            value: value + 0.0, // makes one zero of the two
            incarnation: evidence.claim.incarnation,
            source: evidence.source,
            spread,
            weight: 0,
            tag,
            delay,
        })
    }

    /// Seconds from observation to record, to some per cent.
    pub(crate) fn delay_s(&self) -> f64 {
        let size = exp(f64::from(self.delay.unsigned_abs()) / DELAY_SCALE) - 1.0;
        if self.delay < 0 { -size } else { size }
    }

    /// Standard deviation of a number, whether stated or assumed.
    pub(crate) fn sd(&self) -> f64 {
        f64::from(self.spread.abs())
    }

    /// Whether the source itself said how unsure it is.
    pub(crate) fn is_spread_stated(&self) -> bool {
        self.spread > 0.0
    }

    pub(crate) fn claim(&self) -> ClaimId {
        ClaimId {
            incarnation: self.incarnation,
            sequence: self.sequence,
        }
    }

    pub(crate) fn word(&self) -> Word {
        self.tag.word()
    }

    pub(crate) fn basis(&self) -> Basis {
        self.tag.basis()
    }

    /// Whether it says something that is weighed.
    pub(crate) fn is_evidence(&self) -> bool {
        self.word() == Word::Value && !self.tag.has(Tag::OUT_OF_RANGE)
    }

    pub(crate) fn is_folded(&self) -> bool {
        self.tag.has(Tag::FOLDED)
    }

    /// The order in which readings are weighed. The claim comes last so that two
    /// nodes that recorded the same statements in another order agree.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        self.observed
            .cmp(&other.observed)
            .then(self.source.cmp(&other.source))
            .then(self.word().cmp(&other.word()))
            .then(self.value.total_cmp(&other.value))
            .then(self.claim().cmp(&other.claim()))
    }

    /// Whether both say the same thing of the same instant by the same source.
    pub(crate) fn repeats(&self, other: &Self) -> bool {
        self.observed == other.observed
            && self.source == other.source
            && self.word() == other.word()
            && self.value == other.value
    }
}

/// A number as it is, a yes or no as 1 or 0, a word of a category as its place; `None` if
/// it has not the form that the estimator needs.
fn value_as_number(spec: &AttributeSpec, value: &Value) -> Option<f64> {
    match (spec.estimator, value) {
        (Estimator::Boolean { .. }, Value::Boolean(b)) => Some(f64::from(u8::from(*b))),
        (Estimator::Category { labels, .. }, Value::Text(text)) => {
            let place = labels.iter().position(|label| **label == **text)?;
            Some(place as f64)
        }
        (Estimator::Boolean { .. } | Estimator::Category { .. }, _) => None,
        (_, Value::Number(n)) if n.is_finite() => Some(*n),
        _ => None,
    }
}

fn is_implausible(spec: &AttributeSpec, value: f64) -> bool {
    spec.plausible
        .is_some_and(|(least, most)| !(least..=most).contains(&value))
}

/// Codes of delay per factor e: 127 of them reach beyond two years.
const DELAY_SCALE: f64 = 7.0;

fn delay_code(seconds: f64) -> i8 {
    let size = (DELAY_SCALE * ln(1.0 + seconds.abs())).round().min(127.0);
    if seconds < 0.0 {
        -size as i8
    } else {
        size as i8
    }
}

/// The spread of a number that drifts, in as many digits as the state keeps of it;
/// negative where it is assumed rather than stated.
fn scalar_spread(spec: &AttributeSpec, uncertainty: Option<Uncertainty>) -> f32 {
    let sd = f64::from(spread(spec, uncertainty));
    let kept = Half::of(sd).get() as f32;
    if uncertainty.is_some() { kept } else { -kept }
}

/// The spread to weigh with. A probability stated for a number thins its evidence:
/// the variance grows by its inverse.
fn spread(spec: &AttributeSpec, uncertainty: Option<Uncertainty>) -> f32 {
    let usual = match spec.estimator {
        Estimator::Scalar { default_sd, .. } | Estimator::Count { default_sd, .. } => default_sd,
        Estimator::Boolean { .. } | Estimator::Category { .. } | Estimator::Static { .. } => {
            return match uncertainty {
                Some(Uncertainty::Probability(p)) => p.clamp(0.0, 1.0) as f32,
                _ => Reading::NOT_STATED,
            };
        }
    };
    let sd = match uncertainty {
        Some(Uncertainty::StandardDeviation(sd)) => sd,
        Some(Uncertainty::Probability(p)) => usual / p.clamp(0.01, 1.0).sqrt(),
        None => usual,
    };
    sd.clamp(usual * SPREAD_MIN_SHARE, 1e15) as f32
}

/// A sorted list of readings that takes no more memory than it has entries.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Readings(Box<[Reading]>);

impl Readings {
    pub(crate) fn from_sorted(readings: Vec<Reading>) -> Self {
        Self(readings.into_boxed_slice())
    }

    /// Changes the list. A removal followed by an insertion does not allocate.
    pub(crate) fn edit<T>(&mut self, change: impl FnOnce(&mut Vec<Reading>) -> T) -> T {
        let mut list = std::mem::take(&mut self.0).into_vec();
        let result = change(&mut list);
        self.0 = list.into_boxed_slice();
        result
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        size_of_val(&*self.0)
    }

    /// Whether an entry says the same thing; see [`absorb_repeat`].
    pub(crate) fn absorb_repeat(&mut self, reading: &Reading) -> bool {
        absorb_repeat(&mut self.0, reading).is_some()
    }
}

impl std::ops::Deref for Readings {
    type Target = [Reading];
    fn deref(&self) -> &[Reading] {
        &self.0
    }
}

/// If an entry of a sorted list says the same thing, whether its claim had to change. The
/// smaller claim id is kept, so that it does not matter which of the two came first.
pub(crate) fn absorb_repeat(list: &mut [Reading], reading: &Reading) -> Option<bool> {
    let at = list.iter().position(|r| r.repeats(reading))?;
    let is_smaller = reading.claim() < list[at].claim();
    if is_smaller {
        list[at].sequence = reading.sequence;
        list[at].incarnation = reading.incarnation;
        list.sort_by(Reading::order);
    }
    Some(is_smaller)
}

/// Puts a reading in its place, growing the list by exactly one.
pub(crate) fn insert_sorted(list: &mut Vec<Reading>, reading: Reading) {
    let at = list.partition_point(|r| r.order(&reading).is_lt());
    list.reserve_exact(1);
    list.insert(at, reading);
}

/// A set of places in a list of at most 64 readings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Places(u64);

impl Places {
    pub(crate) fn has(self, at: usize) -> bool {
        self.0 & (1 << at) != 0
    }

    fn add(&mut self, at: usize) {
        self.0 |= 1 << at;
    }

    pub(crate) fn without(self, at: usize) -> Self {
        Self(self.0 & !(1 << at))
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = usize> + Clone {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let at = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            (at < 64).then_some(at)
        })
    }

    fn iter_newest_first(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let at = 63_u32.checked_sub(left.leading_zeros())? as usize;
            left &= !(1 << at);
            Some(at)
        })
    }
}

/// The readings that count: all but retractions and what they take back. A retraction
/// takes back the newest reading of its source before it that is not part of the base
/// state and not taken back already.
pub(crate) fn standing(readings: &[Reading]) -> Places {
    let mut standing = Places::default();
    for (at, reading) in readings.iter().enumerate() {
        if reading.word() != Word::Retract {
            standing.add(at);
            continue;
        }
        if let Some(taken) = taken_back_by(readings, standing, at) {
            standing.0 &= !(1 << taken);
        }
    }
    standing
}

/// The place of the reading that the retraction at `at` takes back.
fn taken_back_by(readings: &[Reading], standing: Places, at: usize) -> Option<usize> {
    let source = readings[at].source;
    (0..at).rev().find(|&earlier| {
        let reading = &readings[earlier];
        reading.source == source && standing.has(earlier) && !reading.is_folded()
    })
}

/// The place of the retraction that takes back the reading at `target`.
pub(crate) fn taker_of(readings: &[Reading], target: usize) -> Option<usize> {
    let mut standing = Places::default();
    for (at, reading) in readings.iter().enumerate() {
        if reading.word() != Word::Retract {
            standing.add(at);
            continue;
        }
        let taken = taken_back_by(readings, standing, at);
        if taken == Some(target) {
            return Some(at);
        }
        if let Some(taken) = taken {
            standing.0 &= !(1 << taken);
        }
    }
    None
}

/// What the newest words of all sources amount to, before any weighing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Survey {
    /// What is known at all.
    pub(crate) knowledge: Knowledge,
    /// Warnings that do not depend on the time asked about.
    pub(crate) flags: Flags,
    /// The newest evidence of each source, in order.
    pub(crate) newest: Places,
    /// When the newest evidence was observed.
    pub(crate) evidence_time: Option<Time>,
    /// How many sources have evidence that is not stale beside the newest.
    pub(crate) sources: u32,
}

impl Survey {
    pub(crate) fn of(spec: &AttributeSpec, readings: &[Reading], standing: Places) -> Self {
        let mut survey = Self {
            knowledge: Knowledge::Unknown,
            flags: Flags::NONE,
            newest: Places::default(),
            evidence_time: None,
            sources: 0,
        };
        let mut said_at = None;
        for at in standing.iter_newest_first() {
            let reading = &readings[at];
            let later = |is: fn(&Reading) -> bool| {
                let mut rest = at + 1..readings.len();
                rest.any(|at| {
                    let other = &readings[at];
                    standing.has(at) && other.source == reading.source && is(other)
                })
            };
            let is_last_word = !later(|_| true);
            if is_last_word && reading.tag.has(Tag::OUT_OF_RANGE) {
                survey.flags = survey.flags.with(Flag::OutOfRange);
            }
            if is_last_word && said_at.is_none() {
                said_at = survey.take_absence(reading);
            }
            if reading.is_evidence() && !later(Reading::is_evidence) {
                survey.newest.add(at);
                survey.add_evidence(spec, reading);
                if later(|r| r.word() == Word::Unknown) {
                    survey.flags = survey.flags.with(Flag::FaultySource);
                }
            }
        }
        survey.settle(said_at);
        survey
    }

    /// Takes note of a word that says there is nothing to measure, and when it was said.
    fn take_absence(&mut self, reading: &Reading) -> Option<Time> {
        self.knowledge = match reading.word() {
            Word::Absent => Knowledge::Absent,
            Word::NotApplicable => Knowledge::NotApplicable,
            Word::Value | Word::Unknown | Word::Retract => return None,
        };
        Some(reading.observed)
    }

    /// Takes note of the newest evidence of one more source; newest sources come first.
    fn add_evidence(&mut self, spec: &AttributeSpec, reading: &Reading) {
        let newest = *self.evidence_time.get_or_insert(reading.observed);
        let age_s = newest.seconds_since(reading.observed);
        if spec.stale_after_s.is_some_and(|limit| age_s > limit) {
            return;
        }
        self.sources += 1;
        if reading.tag.has(Tag::LATE) {
            self.flags = self.flags.with(Flag::Late);
        }
    }

    /// The newest of "there is none" and the newest value wins.
    fn settle(&mut self, said_at: Option<Time>) {
        if self.evidence_time.is_some() && self.evidence_time > said_at {
            self.knowledge = Knowledge::Known;
        }
        if self.knowledge != Knowledge::Known {
            self.evidence_time = said_at;
            self.sources = u32::from(said_at.is_some());
        }
    }

    /// The newest evidence of each source with its place, oldest first.
    pub(crate) fn newest<'a>(
        &self,
        readings: &'a [Reading],
    ) -> impl Iterator<Item = (usize, &'a Reading)> + Clone + use<'a> {
        self.newest.iter().map(|at| (at, &readings[at]))
    }
}
