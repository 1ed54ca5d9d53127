//! One of a few states: a lift that serves, that only the fire service may use, that stands
//! still.
//!
//! Whoever reports the state names it by one of a few words and is nearly always right; when
//! not, any of the other words is as likely as any other. Two sources that agree make the
//! answer surer, and one that repeats itself does not. While nobody looks, every state
//! becomes as likely as every other.
//!
//! Equations:
//! * *Ageing*: Markov chain in continuous time that jumps from each of K states to every other
//!   equally often, p ← 1/K + (p − 1/K)·exp(−c·K/(K − 1)·Δt) with c changes per second (the
//!   Mk model, Lewis, Syst. Biol. 50 (2001) 913; for K = 4 Jukes & Cantor 1969). The chain is
//!   reversible, so what is said later tells as much of earlier as the other way round.
//! * *Update*: Bayes, with a word that is right with probability r and each wrong one with
//!   (1 − r)/(K − 1). A probability that the source states itself stands for r.
//! * *One source counts once*: see [`crate::words`].
//! * *Weights*: the log-odds of each word against one other word, aged with the chain, beside
//!   one unit for the prior.
//! * *Conflict*: how sure the surest word for the second-strongest state is by itself, from 0
//!   to 1, when the newest evidence was observed.

use crate::answer::{self, Weights};
use crate::evidence::Setting;
use crate::math::{exp, ln};
use crate::reading::{Reading, Survey};
use crate::words::Words;
use twin_model::catalogue::LABELS_MAX;
use twin_model::{
    AttributeSpec, Distribution, Estimate, Estimator, Flag, Knowledge, Summary, Time, Value,
};

/// Nothing is surer than this, either way: a stated probability of 1 is a manner of speech.
const PROBABILITY_MIN: f64 = 1e-3;
/// Contradiction counts from here on.
const CONFLICT_LIMIT: f64 = 0.5;

/// The last words of each source.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Category(pub(crate) Words);

/// A number for each state; those beyond the attribute's states are not used.
type States = [f64; LABELS_MAX];

/// The chain and its observation, from the catalogue and from what was learned.
#[derive(Clone, Copy)]
struct Chain<'a> {
    labels: &'static [&'static str],
    change_hz: f64,
    right: f64,
    setting: &'a Setting<'a>,
}

impl<'a> Chain<'a> {
    fn of(spec: &AttributeSpec, setting: &'a Setting<'a>) -> Self {
        let (labels, change_hz, right): (&[&str], f64, f64) = match spec.estimator {
            Estimator::Category {
                labels,
                change_hz,
                right,
            } => (labels, change_hz, right),
            // A state is made by its specification; with another one it knows nothing.
            _ => (&["", ""], f64::MAX, 0.5),
        };
        Self {
            labels,
            change_hz,
            right,
            setting,
        }
    }

    fn states(&self) -> usize {
        self.labels.len()
    }

    /// How much of a deviation from equal probabilities is left after a time, either way.
    fn remaining(&self, seconds: f64) -> f64 {
        let states = self.states() as f64;
        exp(-seconds.abs() * self.change_hz * states / (states - 1.0))
    }

    /// Probability that a word is right.
    fn right(&self, reading: &Reading) -> f64 {
        let learned = || (self.setting.trust)(reading.source).map_or(self.right, |t| t.hit);
        let right = if reading.spread >= 0.0 {
            f64::from(reading.spread)
        } else {
            learned()
        };
        right.clamp(PROBABILITY_MIN, 1.0 - PROBABILITY_MIN)
    }

    /// What a word adds to the logarithm of its own state's probability beside the others'.
    fn evidence(&self, reading: &Reading) -> f64 {
        let right = self.right(reading);
        ln(right * (self.states() as f64 - 1.0) / (1.0 - right))
    }

    /// How sure a word is by itself after a time: 0 where it says nothing, 1 at most.
    fn sureness(&self, reading: &Reading, seconds: f64) -> f64 {
        let equal = 1.0 / self.states() as f64;
        let beyond = (self.right(reading) - equal) / (1.0 - equal);
        beyond.max(0.0) * self.remaining(seconds)
    }
}

impl Category {
    pub(crate) fn summary(&self, spec: &AttributeSpec, at: Time, setting: &Setting) -> Summary {
        let survey = self.0.survey(spec);
        let chain = Chain::of(spec, setting);
        let basis = answer::common_basis(self.0.readings(), &survey).unwrap_or_else(|| {
            let weights = self.weights(&chain, &survey);
            answer::strongest_basis(self.0.readings(), &weights)
        });
        let is_conflicting = self.conflict(&chain, &survey) >= CONFLICT_LIMIT;
        answer::summary(answer::header(spec, &survey, at), basis, is_conflicting)
    }

    pub(crate) fn estimate(&self, spec: &AttributeSpec, at: Time, setting: &Setting) -> Estimate {
        let survey = self.0.survey(spec);
        let mut estimate = answer::header(spec, &survey, at);
        if survey.knowledge != Knowledge::Known {
            return estimate;
        }
        let chain = Chain::of(spec, setting);
        estimate.distribution = Some(self.distribution(&chain, &survey, at));
        estimate.conflict = self.conflict(&chain, &survey);
        if estimate.conflict >= CONFLICT_LIMIT {
            estimate.flags = estimate.flags.with(Flag::Conflicting);
        }
        let mut weights = self.weights(&chain, &survey);
        estimate.basis = answer::strongest_basis(self.0.readings(), &weights);
        if let Some(newest) = survey.evidence_time {
            answer::scale(&mut weights, chain.remaining(at.seconds_since(newest)));
        }
        estimate.contributors = answer::contributors(self.0.readings(), &weights, setting.name);
        estimate
    }

    /// Every state with its probability, most probable first; of equals in the catalogue's
    /// order.
    fn distribution(&self, chain: &Chain, survey: &Survey, at: Time) -> Distribution {
        let p = self.probabilities(chain, survey, at);
        let mut states: Vec<(Value, f64)> = (chain.labels.iter().zip(p))
            .map(|(label, p)| (Value::text(*label), p))
            .collect();
        states.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        Distribution::Alternatives(states.into())
    }

    /// What the words up to `at` say of it, times what the later ones say: given the state at
    /// `at` they are independent, and all states are equally probable beforehand.
    fn probabilities(&self, chain: &Chain, survey: &Survey, at: Time) -> States {
        let newest = || self.0.newest(survey).map(|(_, reading)| reading);
        let later = newest().filter(|r| r.observed > at).collect::<Vec<_>>();
        let mut p = run(chain, newest().take_while(|r| r.observed <= at), at);
        for (p, q) in p.iter_mut().zip(run(chain, later.into_iter().rev(), at)) {
            *p *= q;
        }
        normalise(&mut p, chain.states());
        p
    }

    /// Shares when the newest evidence was observed.
    fn weights(&self, chain: &Chain, survey: &Survey) -> Weights {
        let mut weights = [0.0; 64];
        let mut total = 1.0; // the prior's unit
        let newest = survey.evidence_time.unwrap_or_default();
        for (at, reading) in self.0.newest(survey) {
            let remaining = chain.remaining(newest.seconds_since(reading.observed));
            weights[at] = chain.evidence(reading).abs() * remaining;
            total += weights[at];
        }
        answer::scale(&mut weights, 1.0 / total);
        weights
    }

    fn conflict(&self, chain: &Chain, survey: &Survey) -> f64 {
        let Some(newest) = survey.evidence_time.filter(|_| survey.sources > 1) else {
            return 0.0;
        };
        let mut surest: States = [0.0; LABELS_MAX];
        for (_, reading) in self.0.newest(survey) {
            let sureness = chain.sureness(reading, newest.seconds_since(reading.observed));
            let state = &mut surest[reading.value as usize];
            *state = state.max(sureness);
        }
        surest.sort_by(|a, b| b.total_cmp(a));
        surest[1]
    }
}

/// The chain run from equal probabilities through the readings, farthest from `at` first.
fn run<'r>(chain: &Chain, readings: impl Iterator<Item = &'r Reading>, at: Time) -> States {
    let equal = 1.0 / chain.states() as f64;
    let mut p = [equal; LABELS_MAX];
    let mut time = None;
    for reading in readings {
        age(chain, &mut p, time, reading.observed);
        let right = chain.right(reading);
        let wrong = (1.0 - right) / (chain.states() as f64 - 1.0);
        for (state, p) in p.iter_mut().enumerate() {
            *p *= if reading.value == state as f64 {
                right
            } else {
                wrong
            };
        }
        normalise(&mut p, chain.states());
        time = Some(reading.observed);
    }
    age(chain, &mut p, time, at);
    p
}

fn age(chain: &Chain, p: &mut States, from: Option<Time>, to: Time) {
    let Some(from) = from else { return };
    let equal = 1.0 / chain.states() as f64;
    let remaining = chain.remaining(to.seconds_since(from));
    for p in p.iter_mut() {
        *p = equal + (*p - equal) * remaining;
    }
}

fn normalise(p: &mut States, states: usize) {
    let sum: f64 = p[..states].iter().sum();
    for p in p.iter_mut() {
        *p /= sum;
    }
}
