//! How many: people in a room.
//!
//! People come and go one by one. A camera or a door counter says how many it sees and
//! may be off by some, or altogether. The answer is a probability for every number from
//! none to 63 ("63 or more"); while nobody counts, it returns to what is usual.
//!
//! Equations:
//! * *Ageing*: immigration–death process (M/M/∞). After Δt each of the n present is still
//!   there with probability q = exp(−μΔt), and newcomers are Poisson with mean
//!   (λ/μ)(1 − q): the new number is Binomial(n, q) plus Poisson, exactly (Kendall, J. R.
//!   Stat. Soc. B 11 (1949) 230). What would exceed 63 is put at 63.
//! * *Before the first count*: Poisson with mean λ/μ, and one room in ten with any number.
//! * *Update*: P(z | n) is a normal around n, cut to whole numbers, mixed with a small
//!   uniform share for counters that are wrong altogether.
//! * *One source counts once*: see [`crate::words`].

use crate::answer::{self, Weights};
use crate::math::{exp, normal_cdf};
use crate::reading::{Reading, Survey};
use crate::words::Words;
use twin_model::{
    AttributeSpec, Distribution, Estimate, Estimator, Flag, Knowledge, SourceId, Summary, Time,
};

/// Numbers that are told apart: 0..=63.
const NUMBERS: usize = 64;
/// Share of readings that say nothing about the true number: a counter that has drifted
/// or was blocked. One in two hundred.
const OUTLIER_SHARE: f64 = 0.005;
/// Share of rooms that hold any number whatever when they are first counted. People come in
/// groups, which the process does not know; without this share a meeting of twelve would be
/// taken for a fault of the counter.
const GATHERING_SHARE: f64 = 0.1;
type Numbers = [f64; NUMBERS];

/// The last words of each source.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Count(pub(crate) Words);

/// The process, from the catalogue.
#[derive(Debug, Clone, Copy)]
struct Process {
    arrivals_hz: f64,
    departures_hz: f64,
}

impl Process {
    fn of(spec: &AttributeSpec) -> Self {
        match spec.estimator {
            Estimator::Count {
                arrivals_hz,
                departures_hz,
                ..
            } => Self {
                arrivals_hz,
                departures_hz,
            },
            // A state is made by its specification; with another one it knows nothing.
            Estimator::Scalar { .. }
            | Estimator::Boolean { .. }
            | Estimator::Category { .. }
            | Estimator::Static { .. } => Self {
                arrivals_hz: 1.0,
                departures_hz: 1.0,
            },
        }
    }

    /// The number in a room before anybody has counted: what it is after a long time
    /// alone, or any.
    fn before_counting(&self) -> Numbers {
        let any = GATHERING_SHARE / NUMBERS as f64;
        poisson(self.arrivals_hz / self.departures_hz).map(|p| (1.0 - GATHERING_SHARE) * p + any)
    }

    /// The probability that somebody present is still there after a time.
    fn remaining(&self, seconds: f64) -> f64 {
        exp(-seconds.max(0.0) * self.departures_hz)
    }

    fn age(&self, p: &Numbers, seconds: f64) -> Numbers {
        let stays = self.remaining(seconds);
        if stays >= 1.0 {
            return *p;
        }
        let newcomers = self.arrivals_hz / self.departures_hz * (1.0 - stays);
        add(&thin(p, stays), &poisson(newcomers))
    }
}

/// Poisson probabilities, with the tail at the last number.
fn poisson(mean: f64) -> Numbers {
    let mut p = [0.0; NUMBERS];
    let (mut term, mut sum) = (exp(-mean), 0.0);
    for (n, entry) in p.iter_mut().enumerate() {
        *entry = term;
        sum += term;
        term *= mean / (n + 1) as f64;
    }
    p[NUMBERS - 1] += (1.0 - sum).max(0.0);
    p
}

/// Each of n stays with probability `q`: the generating function P(1 − q + q z), by
/// Horner's rule. All terms are positive, so nothing cancels.
fn thin(p: &Numbers, q: f64) -> Numbers {
    let mut result = [0.0; NUMBERS];
    for &next in p.iter().rev() {
        for n in (1..NUMBERS).rev() {
            result[n] = result[n] * (1.0 - q) + result[n - 1] * q;
        }
        result[0] = result[0] * (1.0 - q) + next;
    }
    result
}

/// The sum of two independent numbers, with what exceeds the last number put there.
fn add(a: &Numbers, b: &Numbers) -> Numbers {
    let mut sum = [0.0; NUMBERS];
    for (i, &p) in a.iter().enumerate() {
        for (j, &q) in b.iter().enumerate() {
            sum[(i + j).min(NUMBERS - 1)] += p * q;
        }
    }
    sum
}

/// P(z | n) for every n: the normal's mass on the whole number's unit interval around n,
/// and the outliers' uniform share. A reading beyond 63 counts as 63.
fn likelihood(reading: &Reading) -> Numbers {
    let z = reading.value.clamp(0.0, (NUMBERS - 1) as f64);
    let sd = f64::from(reading.spread).max(0.1);
    let below = |x: f64| normal_cdf((x - z) / sd);
    std::array::from_fn(|n| {
        let n = n as f64;
        let mass = (below(n + 0.5) - below(n - 0.5)).max(0.0);
        (1.0 - OUTLIER_SHARE) * mass + OUTLIER_SHARE / NUMBERS as f64
    })
}

fn weigh(p: &mut Numbers, likelihood: &Numbers) {
    let mut sum = 0.0;
    for (p, l) in p.iter_mut().zip(likelihood) {
        *p *= l;
        sum += *p;
    }
    for p in p.iter_mut() {
        *p /= sum;
    }
}

impl Count {
    pub(crate) fn summary(&self, spec: &AttributeSpec, at: Time) -> Summary {
        let survey = self.0.survey(spec);
        let process = Process::of(spec);
        let basis = answer::common_basis(self.0.readings(), &survey).unwrap_or_else(|| {
            let weights = self.weights(&process, &survey);
            answer::strongest_basis(self.0.readings(), &weights)
        });
        let is_conflicting = self.conflict(&process, &survey) >= answer::CONTRADICTION;
        answer::summary(answer::header(spec, &survey, at), basis, is_conflicting)
    }

    pub(crate) fn estimate(
        &self,
        spec: &AttributeSpec,
        at: Time,
        name: &dyn Fn(u32) -> SourceId,
    ) -> Estimate {
        let survey = self.0.survey(spec);
        let mut estimate = answer::header(spec, &survey, at);
        if survey.knowledge != Knowledge::Known {
            return estimate;
        }
        let process = Process::of(spec);
        let p = self.probabilities(&process, &survey, at);
        estimate.distribution = Some(Distribution::Counts(p.iter().map(|&p| p as f32).collect()));
        estimate.conflict = self.conflict(&process, &survey);
        if estimate.conflict >= answer::CONTRADICTION {
            estimate.flags = estimate.flags.with(Flag::Conflicting);
        }
        let mut weights = self.weights(&process, &survey);
        estimate.basis = answer::strongest_basis(self.0.readings(), &weights);
        if let Some(newest) = survey.evidence_time {
            let remaining = process.remaining(at.seconds_since(newest));
            answer::scale(&mut weights, remaining);
        }
        estimate.contributors = answer::contributors(self.0.readings(), &weights, name);
        estimate
    }

    /// The process run from what is usual through the newest word of each source.
    fn probabilities(&self, process: &Process, survey: &Survey, at: Time) -> Numbers {
        let mut p = process.before_counting();
        let mut time = None;
        for (_, reading) in self.0.newest(survey) {
            if let Some(before) = time {
                p = process.age(&p, reading.observed.seconds_since(before));
            }
            weigh(&mut p, &likelihood(reading));
            time = Some(reading.observed);
        }
        match time {
            Some(time) => process.age(&p, at.seconds_since(time)),
            None => p,
        }
    }

    /// Shares when the newest evidence was observed: precision, beside that of the prior.
    fn weights(&self, process: &Process, survey: &Survey) -> Weights {
        let mut weights = [0.0; 64];
        let newest = survey.evidence_time.unwrap_or_default();
        let prior_variance = (process.arrivals_hz / process.departures_hz).max(1.0);
        let mut total = 1.0 / prior_variance;
        for (at, reading) in self.0.newest(survey) {
            weights[at] = 1.0 / process.aged_variance(reading, newest);
            total += weights[at];
        }
        answer::scale(&mut weights, 1.0 / total);
        weights
    }

    /// As for scalars: the largest difference between two sources, in standard deviations.
    fn conflict(&self, process: &Process, survey: &Survey) -> f64 {
        let Some(newest) = survey.evidence_time.filter(|_| survey.sources > 1) else {
            return 0.0;
        };
        let mut worst: f64 = 0.0;
        for (i, a) in self.0.newest(survey) {
            for (_, b) in self.0.newest(survey).filter(|(j, _)| *j > i) {
                let variance = process.aged_variance(a, newest) + process.aged_variance(b, newest);
                worst = worst.max((a.value - b.value) * (a.value - b.value) / variance);
            }
        }
        answer::contradiction(worst)
    }
}

impl Process {
    /// Variance of a reading as evidence about a later time: its own, the departures
    /// among those it saw (binomial) and the newcomers since (Poisson).
    fn aged_variance(&self, reading: &Reading, at: Time) -> f64 {
        let stays = self.remaining(at.seconds_since(reading.observed));
        let own = f64::from(reading.spread).max(0.1);
        let left = reading.value.max(0.0) * stays * (1.0 - stays);
        let came = self.arrivals_hz / self.departures_hz * (1.0 - stays);
        let gone = reading.value * (1.0 - stays); // the mean has moved by this much
        own * own + left + came + gone * gone
    }
}
