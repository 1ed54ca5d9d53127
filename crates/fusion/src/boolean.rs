//! A yes or no that flips: a door that stands open, smoke in a room, a way that is blocked.
//!
//! Every source has a known chance of seeing what is there and of seeing what is not.
//! Two sources that agree make the answer surer; one source that repeats itself does
//! not. While nobody looks, the answer drifts back to how often it is "yes" in general.
//!
//! Equations:
//! * *Ageing*: two-state Markov chain in continuous time,
//!   p ← π + (p − π)·exp(−(λ₊ + λ₋)Δt), π = λ₊/(λ₊ + λ₋) (Rabiner, Proc. IEEE 77 (1989) 257).
//! * *Update*: log-odds += ln P(word | yes)/P(word | no) from the catalogue's hit and
//!   false-alarm rates (Elfes, Computer 22 (1989) 46). A probability that the source
//!   states itself is taken as its own likelihood: ln q/(1 − q) for a yes.
//! * *One source counts once*: see [`crate::words`].
//! * *Weights*: the size of each word's log-odds, aged with the chain, beside one unit for
//!   the prior.

use crate::answer::{self, Weights};
use crate::math::{exp, ln, log_odds, logistic};
use crate::reading::{Reading, Survey};
use crate::words::Words;
use twin_model::{
    AttributeSpec, Distribution, Estimate, Estimator, Flag, Knowledge, SourceId, Summary, Time,
};

/// Nothing is surer than this, either way: a stated probability of 1 is a manner of speech.
const PROBABILITY_MIN: f64 = 1e-3;
/// Contradiction counts from here on.
const CONFLICT_LIMIT: f64 = 0.5;

/// The last words of each source.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Boolean(pub(crate) Words);

/// The chain and its observation, from the catalogue.
#[derive(Debug, Clone, Copy)]
struct Chain {
    equilibrium: f64,
    mixing_hz: f64,
    hit: f64,
    false_alarm: f64,
}

impl Chain {
    fn of(spec: &AttributeSpec) -> Self {
        let Estimator::Boolean {
            rate_on_hz,
            rate_off_hz,
            hit,
            false_alarm,
        } = spec.estimator
        else {
            // A state is made by its specification; with another one it knows nothing.
            return Self {
                equilibrium: 0.5,
                mixing_hz: f64::MAX,
                hit: 0.5,
                false_alarm: 0.5,
            };
        };
        Self {
            equilibrium: rate_on_hz / (rate_on_hz + rate_off_hz),
            mixing_hz: rate_on_hz + rate_off_hz,
            hit,
            false_alarm,
        }
    }

    /// How much of a deviation from the equilibrium is left after a time.
    fn remaining(&self, seconds: f64) -> f64 {
        exp(-seconds.max(0.0) * self.mixing_hz)
    }

    fn age(&self, p: f64, seconds: f64) -> f64 {
        self.equilibrium + (p - self.equilibrium) * self.remaining(seconds)
    }

    /// What a word adds to the log-odds of yes.
    fn evidence(&self, reading: &Reading) -> f64 {
        let is_yes = reading.value != 0.0;
        if reading.spread >= 0.0 {
            let q = f64::from(reading.spread).clamp(PROBABILITY_MIN, 1.0 - PROBABILITY_MIN);
            return if is_yes { log_odds(q) } else { -log_odds(q) };
        }
        if is_yes {
            ln(self.hit / self.false_alarm)
        } else {
            ln((1.0 - self.hit) / (1.0 - self.false_alarm))
        }
    }
}

impl Boolean {
    pub(crate) fn summary(&self, spec: &AttributeSpec, at: Time) -> Summary {
        let survey = self.0.survey(spec);
        let chain = Chain::of(spec);
        let basis = answer::common_basis(self.0.readings(), &survey).unwrap_or_else(|| {
            let weights = self.weights(&chain, &survey);
            answer::strongest_basis(self.0.readings(), &weights)
        });
        let is_conflicting = self.conflict(&chain, &survey) >= CONFLICT_LIMIT;
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
        let chain = Chain::of(spec);
        estimate.distribution = Some(Distribution::Bernoulli {
            p: self.probability(&chain, &survey, at),
        });
        estimate.conflict = self.conflict(&chain, &survey);
        if estimate.conflict >= CONFLICT_LIMIT {
            estimate.flags = estimate.flags.with(Flag::Conflicting);
        }
        let mut weights = self.weights(&chain, &survey);
        estimate.basis = answer::strongest_basis(self.0.readings(), &weights);
        if let Some(newest) = survey.evidence_time {
            let remaining = chain.remaining(at.seconds_since(newest));
            answer::scale(&mut weights, remaining);
        }
        estimate.contributors = answer::contributors(self.0.readings(), &weights, name);
        estimate
    }

    /// The chain run from its equilibrium through the newest word of each source.
    fn probability(&self, chain: &Chain, survey: &Survey, at: Time) -> f64 {
        let (mut p, mut time) = (chain.equilibrium, None);
        for (_, reading) in self.0.newest(survey) {
            p = chain.age(p, seconds_from(time, reading.observed));
            p = logistic(log_odds(p) + chain.evidence(reading));
            time = Some(reading.observed);
        }
        chain.age(p, seconds_from(time, at))
    }

    /// Shares when the newest evidence was observed.
    fn weights(&self, chain: &Chain, survey: &Survey) -> Weights {
        let mut weights = [0.0; 64];
        let mut total = 1.0; // the prior's unit
        for (at, reading) in self.0.newest(survey) {
            let age_s = seconds_from(
                Some(reading.observed),
                survey.evidence_time.unwrap_or_default(),
            );
            weights[at] = chain.evidence(reading).abs() * chain.remaining(age_s);
            total += weights[at];
        }
        answer::scale(&mut weights, 1.0 / total);
        weights
    }

    /// The strength of the weaker side: how sure, from 0 to 1, the surest yes and the
    /// surest no are by themselves when the newest evidence was observed.
    fn conflict(&self, chain: &Chain, survey: &Survey) -> f64 {
        let Some(newest) = survey.evidence_time.filter(|_| survey.sources > 1) else {
            return 0.0;
        };
        let (mut yes, mut no): (f64, f64) = (0.0, 0.0);
        for (_, reading) in self.0.newest(survey) {
            let evidence = chain.evidence(reading);
            let remaining = chain.remaining(newest.seconds_since(reading.observed));
            let sureness = (2.0 * logistic(evidence.abs()) - 1.0) * remaining;
            let side = if evidence > 0.0 { &mut yes } else { &mut no };
            *side = side.max(sureness);
        }
        yes.min(no)
    }
}

fn seconds_from(earlier: Option<Time>, later: Time) -> f64 {
    earlier.map_or(0.0, |earlier| later.seconds_since(earlier).max(0.0))
}
