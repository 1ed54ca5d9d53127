//! A number that drifts: temperature, carbon dioxide, humidity.
//!
//! A thermometer pulls the estimate towards what it reads, the more the surer it is.
//! While nobody measures, the estimate returns to what is usual for the class and its
//! spread grows back to what is usual; it never returns to zero and never grows surer
//! by waiting. One absurd reading hardly moves the estimate but makes it unsure; the
//! second reading that says the same is believed.
//!
//! Equations:
//! * *Ageing*: Ornstein–Uhlenbeck process, m ← μ + φ(m − μ), P ← φ²P + σ²(1 − φ²),
//!   φ = exp(−Δt/τ) (Uhlenbeck & Ornstein, Phys. Rev. 36 (1930) 823).
//! * *Update*: scalar Kalman filter with a Student-t weight on the measurement,
//!   w = min(1, (ν + 1)/(ν + d²)), d² = e²/(P + R), R ← R/w (Agamennoni, Nieto & Nebot,
//!   IEEE Trans. Signal Process. 60 (2012) 5024). The variance is divided by w
//!   afterwards, as in the t filter of Roth, Özkan & Gustafsson (ICASSP 2013), so that a
//!   surprise costs certainty and a real jump is followed at the next reading.
//! * *Floor*: readings of one source share their calibration error, which no number of
//!   readings averages away (GUM, JCGM 100:2008, 3.3 and F.1.1), and nobody states how large
//!   that part is. So a source that repeats itself is smoothed but never surer than one
//!   reading of its own: P ≥ 1 / (1/σ² + Σ 1/R) over the sources heard within the
//!   correlation time.
//! * *Conflict*: two sources whose newest readings, aged to the newest evidence, differ by
//!   more than three standard deviations contradict each other; the estimate is then the
//!   linear opinion pool of all (Stone, Ann. Math. Stat. 32 (1961) 1339), wide enough to
//!   hold both.

use crate::answer::{self, Weights};
use crate::evidence::Evidence;
use crate::math::exp;
use crate::reading::{
    Places, Reading, Readings, Survey, Tag, Word, insert_sorted, standing, taker_of,
};
use crate::state::Outcome;
use twin_model::{
    AttributeSpec, Distribution, Estimate, Estimator, Flag, Knowledge, SourceId, Summary, Time,
};

/// Degrees of freedom of the measurement noise: tails heavy enough for rare spikes,, the
/// variance still finite.
const FREEDOM: f64 = 4.0;
/// Readings kept in order beside the base state while one source speaks.
const WINDOW_ALONE: usize = 3;
/// The same when several do.
const WINDOW_TOGETHER: usize = 8;
/// Readings older than this beside the newest join the base state.
const WINDOW_S: f64 = 600.0;
/// Folded readings kept, at most two for a source: its newest evidence and its newest
/// word that is none.
pub(crate) const FOLDED_MAX: usize = 16;
/// Readings kept in all, at most.
pub(crate) const READINGS_MAX: usize = FOLDED_MAX + WINDOW_TOGETHER;

/// The estimator's state: a base at the time of the newest reading that has joined it,
/// and the recent readings after that.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Scalar {
    pub(crate) base: Base,
    /// Newest folded reading per source, and the window; sorted together.
    pub(crate) readings: Readings,
}

/// Mean and variance at a time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Base {
    pub(crate) mean: f64,
    /// Seven digits of a variance are plenty, and four bytes count a million times.
    pub(crate) variance: f32,
    /// Whether any evidence has joined; before that the rest means nothing.
    pub(crate) has_begun: bool,
    pub(crate) time: Time,
}

/// The process, from the catalogue.
#[derive(Debug, Clone, Copy)]
struct Process {
    mean: f64,
    variance: f64,
    correlation_time_s: f64,
}

impl Process {
    fn of(spec: &AttributeSpec) -> Self {
        match spec.estimator {
            Estimator::Scalar {
                prior_mean,
                prior_sd,
                correlation_time_s,
                ..
            } => Self {
                mean: prior_mean,
                variance: prior_sd * prior_sd,
                correlation_time_s,
            },
            // A state is made by its specification; with another one it knows nothing.
            Estimator::Boolean { .. }
            | Estimator::Count { .. }
            | Estimator::Category { .. }
            | Estimator::Static { .. } => Self {
                mean: 0.0,
                variance: f64::MAX,
                correlation_time_s: 1.0,
            },
        }
    }

    /// How much of a deviation from usual is left after a time.
    fn remaining(&self, seconds: f64) -> f64 {
        exp(-seconds.max(0.0) / self.correlation_time_s)
    }

    /// A mean and variance, aged.
    fn age(&self, mean: f64, variance: f64, seconds: f64) -> (f64, f64) {
        let phi = self.remaining(seconds);
        (
            self.mean + phi * (mean - self.mean),
            phi * phi * variance + self.variance * (1.0 - phi * phi),
        )
    }
}

/// What one reading did: the share of the deviation that is left of everything before
/// it, and its own share.
#[derive(Debug, Clone, Copy)]
struct Share {
    kept: f64,
    gained: f64,
}

impl Base {
    /// Ages the base to the reading and takes it in. `before` are the evidence before it.
    fn take<'a>(
        &mut self,
        process: &Process,
        reading: &Reading,
        before: impl Iterator<Item = &'a Reading> + Clone,
    ) -> Share {
        let (mean, variance, phi) = if self.has_begun {
            let seconds = reading.observed.seconds_since(self.time);
            let (mean, variance) = process.age(self.mean, f64::from(self.variance), seconds);
            (mean, variance, process.remaining(seconds))
        } else {
            (process.mean, process.variance, 0.0)
        };
        let noise = noise(reading);
        let innovation = reading.value - mean;
        let surprise = innovation * innovation / (variance + noise);
        let weight = ((FREEDOM + 1.0) / (FREEDOM + surprise)).min(1.0);
        let gain = variance / (variance + noise / weight);
        self.mean = mean + gain * innovation;
        let floor =
            1.0 / (1.0 / process.variance + independent_information(process, reading, before));
        self.variance = ((1.0 - gain) * variance / weight).max(floor).min(1e30) as f32;
        self.time = reading.observed;
        self.has_begun = true;
        Share {
            kept: phi * (1.0 - gain),
            gained: gain,
        }
    }
}

fn noise(reading: &Reading) -> f64 {
    f64::from(reading.spread) * f64::from(reading.spread)
}

/// Information that the sources heard within the correlation time can have at most,
/// however often they repeat themselves: that of `reading`, and of the newest of each
/// other source `before` it.
fn independent_information<'a>(
    process: &Process,
    reading: &Reading,
    mut before: impl Iterator<Item = &'a Reading> + Clone,
) -> f64 {
    let mut sum = 1.0 / noise(reading);
    while let Some(other) = before.next() {
        let is_newest =
            other.source != reading.source && before.clone().all(|r| r.source != other.source);
        let age_s = reading.observed.seconds_since(other.observed);
        if is_newest && age_s <= process.correlation_time_s {
            sum += 1.0 / noise(other);
        }
    }
    sum
}

/// The evidence among the first `end` readings.
fn evidence_before(
    readings: &[Reading],
    standing: Places,
    end: usize,
) -> impl Iterator<Item = &Reading> + Clone {
    let first = readings[..end].iter().enumerate();
    first
        .filter(move |(at, r)| standing.has(*at) && r.is_evidence())
        .map(|(_, r)| r)
}

fn to_weight(share: f64) -> u16 {
    (share.clamp(0.0, 1.0) * f64::from(u16::MAX)) as u16
}

fn from_weight(weight: u16) -> f64 {
    f64::from(weight) / f64::from(u16::MAX)
}

/// The base with the whole window taken in, and what each reading is worth in it.
struct Folded {
    base: Base,
    weights: Weights,
}

impl Scalar {
    pub(crate) fn is_empty(&self) -> bool {
        self.readings.is_empty() && !self.base.has_begun
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.readings.heap_bytes()
    }

    pub(crate) fn update(&mut self, spec: &AttributeSpec, evidence: &Evidence) -> Outcome {
        let Some(reading) = Reading::new(spec, evidence) else {
            return Outcome::Refused;
        };
        if self.readings.absorb_repeat(&reading) {
            return Outcome::Duplicate;
        }
        let process = Process::of(spec);
        if self.is_late(&reading) {
            return self.update_late(&process, reading);
        }
        let outcome = if reading.tag.has(Tag::OUT_OF_RANGE) {
            Outcome::OutOfRange
        } else if reading.word() == Word::Retract && !self.has_window_reading_of(reading.source) {
            Outcome::NothingToRetract
        } else {
            Outcome::Accepted
        };
        let base = &mut self.base;
        self.readings.edit(|list| {
            // Room is made first where possible, so that a full list need not grow.
            let is_oldest = window(list)
                .first()
                .is_some_and(|r| r.order(&reading).is_gt());
            let room_first = reading.word() != Word::Retract && !is_oldest;
            if room_first {
                trim(&process, base, list, Some(&reading));
            }
            insert_sorted(list, reading);
            if !room_first {
                trim(&process, base, list, None);
            }
        });
        outcome
    }

    fn is_late(&self, reading: &Reading) -> bool {
        (self.base.has_begun && reading.observed < self.base.time)
            || self
                .readings
                .iter()
                .any(|r| r.is_folded() && r.order(reading).is_gt())
    }

    fn has_window_reading_of(&self, source: u32) -> bool {
        let standing = standing(&self.readings);
        let mut window = self.readings.iter().enumerate();
        window.any(|(at, r)| r.source == source && !r.is_folded() && standing.has(at))
    }

    /// Evidence from before the base. It is carried forward to the base's time, where the
    /// way since then has widened it. (Bar-Shalom, IEEE Trans. Aerosp. Electron. Syst. 38
    /// (2002) 769, solves this exactly; the simple form needs no history.)
    fn update_late(&mut self, process: &Process, reading: Reading) -> Outcome {
        if reading.word() == Word::Retract {
            return Outcome::NothingToRetract;
        }
        if self.readings.iter().any(|r| r.source == reading.source) {
            return Outcome::Superseded;
        }
        let mut entry = reading;
        if reading.is_evidence() {
            let joins = if self.base.has_begun {
                self.base.time.max(reading.observed)
            } else {
                reading.observed
            };
            let age_s = joins.seconds_since(reading.observed);
            let (value, variance) = process.age(reading.value, noise(&reading), age_s);
            let carried = Reading {
                observed: joins,
                value,
                spread: variance.sqrt() as f32,
                ..reading
            };
            let end = self.readings.len() - window(&self.readings).len();
            let before = evidence_before(&self.readings, Places::ALL, end);
            let share = self.base.take(process, &carried, before);
            // The reading itself is worth what is left of it at the base's time.
            let gained = share.gained * process.remaining(age_s);
            self.readings.edit(|list| scale_folded(list, share.kept));
            entry.weight = to_weight(gained);
            entry.tag = entry.tag.with(Tag::LATE);
        }
        entry.tag = entry.tag.with(Tag::FOLDED);
        self.readings.edit(|list| {
            insert_sorted(list, entry);
            bound_folded(list);
        });
        match (entry.is_evidence(), entry.tag.has(Tag::OUT_OF_RANGE)) {
            (true, _) => Outcome::Late,
            (false, true) => Outcome::OutOfRange,
            (false, false) => Outcome::Accepted,
        }
    }

    /// Takes the window into a copy of the base.
    fn folded(&self, process: &Process, standing: Places) -> Folded {
        let mut folded = Folded {
            base: self.base,
            weights: [0.0; 64],
        };
        for (at, reading) in self.readings.iter().enumerate() {
            if reading.is_folded() {
                folded.weights[at] = from_weight(reading.weight);
            } else if standing.has(at) && reading.is_evidence() {
                let before = evidence_before(&self.readings, standing, at);
                let share = folded.base.take(process, reading, before);
                for weight in &mut folded.weights[..at] {
                    *weight *= share.kept;
                }
                folded.weights[at] = share.gained;
            }
        }
        folded
    }

    pub(crate) fn summary(&self, spec: &AttributeSpec, at: Time) -> Summary {
        let standing = standing(&self.readings);
        let survey = Survey::of(spec, &self.readings, standing);
        let process = Process::of(spec);
        let is_conflicting =
            conflict(spec, &process, &survey, &self.readings) >= answer::CONTRADICTION;
        let basis = answer::common_basis(&self.readings, &survey).unwrap_or_else(|| {
            let weights = self.folded(&process, standing).weights;
            answer::strongest_basis(&self.readings, &weights)
        });
        answer::summary(answer::header(spec, &survey, at), basis, is_conflicting)
    }

    pub(crate) fn next_change(&self, spec: &AttributeSpec, after: Time) -> Option<Time> {
        let survey = Survey::of(spec, &self.readings, standing(&self.readings));
        answer::becomes_stale(spec, survey.knowledge, survey.evidence_time).filter(|t| *t > after)
    }

    pub(crate) fn estimate(
        &self,
        spec: &AttributeSpec,
        at: Time,
        name: &dyn Fn(u32) -> SourceId,
    ) -> Estimate {
        let standing = standing(&self.readings);
        let survey = Survey::of(spec, &self.readings, standing);
        let mut estimate = answer::header(spec, &survey, at);
        if survey.knowledge != Knowledge::Known {
            return estimate;
        }
        let process = Process::of(spec);
        let Folded { base, mut weights } = self.folded(&process, standing);
        let age_s = at.seconds_since(base.time).max(0.0);
        let (mut mean, mut variance) = process.age(base.mean, f64::from(base.variance), age_s);
        estimate.basis = answer::strongest_basis(&self.readings, &weights);
        estimate.conflict = conflict(spec, &process, &survey, &self.readings);
        if estimate.conflict >= answer::CONTRADICTION {
            estimate.flags = estimate.flags.with(Flag::Conflicting);
            (mean, variance) = pool(&fresh(spec, &process, &survey, &self.readings, at));
        }
        let remaining = process.remaining(age_s);
        answer::scale(&mut weights, remaining);
        estimate.distribution = Some(Distribution::Gaussian {
            mean,
            sd: variance.sqrt(),
        });
        estimate.contributors = answer::contributors(&self.readings, &weights, name);
        estimate
    }
}

/// The readings that have not joined the base: the end of the list.
fn window(readings: &[Reading]) -> &[Reading] {
    let folded = readings.iter().take_while(|r| r.is_folded()).count();
    &readings[folded..]
}

/// Lets the oldest readings join the base until the window, with `coming` in it, is
/// short enough.
fn trim(process: &Process, base: &mut Base, list: &mut Vec<Reading>, coming: Option<&Reading>) {
    loop {
        let all = || list.iter().chain(coming);
        let several = all().any(|r| r.source != list.first().or(coming).map_or(0, |r| r.source));
        let limit = if several {
            WINDOW_TOGETHER
        } else {
            WINDOW_ALONE
        };
        let newest = all().map(|r| r.observed).max();
        let window = window(list);
        let is_full = window.len() + usize::from(coming.is_some()) > limit;
        let is_old = window
            .first()
            .zip(newest)
            .is_some_and(|(oldest, newest)| newest.seconds_since(oldest.observed) > WINDOW_S);
        if window.is_empty() || !(is_full || is_old) {
            return;
        }
        join_oldest(process, base, list);
    }
}

/// Lets the oldest reading of the window join the base. What was taken back leaves
/// without a trace, together with its retraction.
fn join_oldest(process: &Process, base: &mut Base, list: &mut Vec<Reading>) {
    let at = list.len() - window(list).len();
    if list[at].word() == Word::Retract {
        list.remove(at);
        return;
    }
    if let Some(retraction) = taker_of(list, at) {
        list.remove(retraction);
        list.remove(at);
        return;
    }
    let mut reading = list[at];
    let mut inherited = 0.0;
    if reading.is_evidence() {
        let before = evidence_before(list, Places::ALL, at);
        let share = base.take(process, &reading, before);
        scale_folded(list, share.kept);
        reading.weight = to_weight(share.gained);
    }
    reading.tag = reading.tag.with(Tag::FOLDED);
    let same = |r: &Reading| {
        r.source == reading.source && r.is_evidence() == reading.is_evidence() && r.is_folded()
    };
    list[at] = reading;
    if let Some(former) = list[..at].iter().position(same) {
        inherited = from_weight(list[former].weight);
        list.remove(former);
    }
    if let Some(joined) = list.iter_mut().rfind(|r| r.is_folded()) {
        joined.weight = to_weight(from_weight(joined.weight) + inherited);
    }
    bound_folded(list);
}

fn scale_folded(list: &mut [Reading], kept: f64) {
    for reading in list.iter_mut().filter(|r| r.is_folded()) {
        reading.weight = to_weight(from_weight(reading.weight) * kept);
    }
}

/// BOUNDED: the words of the sources that have been silent longest are forgotten; what
/// they said stays in the base.
fn bound_folded(list: &mut Vec<Reading>) {
    while list.len() - window(list).len() > FOLDED_MAX {
        list.remove(0);
    }
}

/// The newest reading of each source, aged to `at`, without those that were stale
/// beside the newest evidence.
fn fresh(
    spec: &AttributeSpec,
    process: &Process,
    survey: &Survey,
    readings: &[Reading],
    at: Time,
) -> Vec<(f64, f64)> {
    let newest = survey.evidence_time.unwrap_or(at);
    survey
        .newest(readings)
        .filter(|r| {
            let age_s = newest.seconds_since(r.observed);
            spec.stale_after_s.is_none_or(|limit| age_s <= limit)
        })
        .map(|r| process.age(r.value, noise(r), at.seconds_since(r.observed)))
        .collect()
}

/// How far the two most different sources contradict each other. Looked at when the newest evidence was
/// observed, so that it does not change by waiting.
fn conflict(spec: &AttributeSpec, process: &Process, survey: &Survey, readings: &[Reading]) -> f64 {
    let Some(at) = survey.evidence_time.filter(|_| survey.sources > 1) else {
        return 0.0;
    };
    let fresh = fresh(spec, process, survey, readings, at);
    let mut worst: f64 = 0.0;
    for (i, (a, var_a)) in fresh.iter().enumerate() {
        for (b, var_b) in &fresh[i + 1..] {
            worst = worst.max((a - b) * (a - b) / (var_a + var_b));
        }
    }
    answer::contradiction(worst)
}

/// Linear opinion pool: mean and variance of the mixture, weighted by precision.
fn pool(opinions: &[(f64, f64)]) -> (f64, f64) {
    let total: f64 = opinions.iter().map(|(_, variance)| 1.0 / variance).sum();
    let share = |variance: f64| 1.0 / variance / total;
    let mean: f64 = opinions.iter().map(|(m, v)| share(*v) * m).sum();
    let spread = |(m, v): &(f64, f64)| share(*v) * (v + (m - mean) * (m - mean));
    (mean, opinions.iter().map(spread).sum())
}
