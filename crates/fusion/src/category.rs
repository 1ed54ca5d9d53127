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
//!   (1 − r)/(K − 1). A probability that the source states itself stands for r; but no source
//!   is believed more than was learned of it, and one that is right more seldom than by
//!   chance counts nothing.
//! * *One source counts once*: see [`crate::words`]; *doubt*, see [`crate::records`], moves r
//!   towards 1/K.
//! * *Weights*: the log-odds of each word against one other word, aged with the chain, beside
//!   one unit for the prior.
//! * *Conflict*: how sure the surest word for the second-strongest state is by itself, from 0
//!   to 1, when the newest evidence was observed.

use crate::answer::{self, Weights};
use crate::evidence::{Evidence, Setting};
use crate::lesson::Lesson;
use crate::math::{exp, ln};
use crate::reading::{Reading, Survey};
use crate::records::{Judge, Watched};
use crate::state::Outcome;
use twin_model::catalogue::LABELS_MAX;
use twin_model::{
    AttributeSpec, Distribution, Estimate, Estimator, Flag, Flags, Knowledge, SourceHealth,
    Summary, Time, Value,
};

/// Nothing is surer than this, either way: a stated probability of 1 is a manner of speech.
const PROBABILITY_MIN: f64 = 1e-3;
/// Contradiction counts from here on.
const CONFLICT_LIMIT: f64 = 0.5;
/// A word is fresh while this much of what it said is left, and for five minutes at most.
const FRESH: f64 = 0.95;
const FRESH_MAX_S: f64 = 300.0;

/// The last words of each source, and how the sources did.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Category(pub(crate) Watched);

/// A number for each state; those beyond the attribute's states are not used.
type States = [f64; LABELS_MAX];

/// The chain and its observation, from the catalogue.
#[derive(Clone, Copy)]
struct Chain {
    labels: &'static [&'static str],
    change_hz: f64,
    right: f64,
    stale_after_s: f64,
}

impl Chain {
    fn of(spec: &AttributeSpec) -> Self {
        let (labels, change_hz, right): (&[&str], f64, f64) = match spec.estimator {
            Estimator::Category {
                labels,
                change_hz,
                right,
            } => (labels, change_hz, right),
            // A state is made by its specification; with another one it knows nothing.
            _ => (&["", ""], f64::MAX / 4.0, 0.5),
        };
        Self {
            labels,
            change_hz,
            right,
            stale_after_s: spec.stale_after_s.unwrap_or(f64::MAX),
        }
    }

    fn states(&self) -> usize {
        self.labels.len()
    }

    /// The probability of each state while nothing is known.
    fn equal(&self) -> f64 {
        1.0 / self.states() as f64
    }

    /// How much of a deviation from equal probabilities is left after a time, either way.
    fn remaining(&self, seconds: f64) -> f64 {
        let states = self.states() as f64;
        exp(-seconds.abs() * self.change_hz * states / (states - 1.0))
    }

    /// Probability that a word is right, as stated or usual.
    fn usual_right(&self, reading: &Reading) -> f64 {
        let right = if reading.spread >= 0.0 {
            f64::from(reading.spread)
        } else {
            self.right
        };
        right.clamp(PROBABILITY_MIN, 1.0 - PROBABILITY_MIN)
    }

    /// What a word that is right with probability `right` adds to the logarithm of its own
    /// state's probability beside another's.
    fn evidence(&self, right: f64) -> f64 {
        ln(right * (self.states() as f64 - 1.0) / (1.0 - right))
    }

    /// How sure a word is by itself after a time: 0 where it says nothing, 1 at most.
    fn sureness(&self, right: f64, seconds: f64) -> f64 {
        let beyond = (right - self.equal()) / (1.0 - self.equal());
        beyond.max(0.0) * self.remaining(seconds)
    }

    /// The chain run from equal probabilities through words that are right with a
    /// probability, farthest from `at` first.
    fn run<'r>(&self, words: impl Iterator<Item = (&'r Reading, f64)>, at: Time) -> States {
        let (mut p, mut time) = ([self.equal(); LABELS_MAX], at);
        for (word, right) in words {
            self.age(&mut p, word.observed.seconds_since(time));
            let wrong = (1.0 - right) / (self.states() as f64 - 1.0);
            for (state, p) in p.iter_mut().enumerate() {
                let is_said = word.value == state as f64;
                *p *= if is_said { right } else { wrong };
            }
            self.normalise(&mut p);
            time = word.observed;
        }
        self.age(&mut p, at.seconds_since(time));
        p
    }

    fn age(&self, p: &mut States, seconds: f64) {
        let remaining = self.remaining(seconds);
        for p in p.iter_mut() {
            *p = self.equal() + (*p - self.equal()) * remaining;
        }
    }

    fn normalise(&self, p: &mut States) {
        let sum: f64 = p[..self.states()].iter().sum();
        for p in p.iter_mut() {
            *p /= sum;
        }
    }
}

impl Judge for Chain {
    fn fresh_s(&self) -> f64 {
        let states = self.states() as f64;
        let fresh_s = -ln(FRESH) / (self.change_hz * states / (states - 1.0));
        fresh_s.min(FRESH_MAX_S).min(self.stale_after_s)
    }

    fn judge(&self, word: u8, others: &[u8]) -> (bool, f64) {
        let wrong = (1.0 - self.right) / (self.states() as f64 - 1.0);
        let mut p = [1.0; LABELS_MAX];
        for &other in others {
            for (state, p) in p.iter_mut().enumerate() {
                let is_said = usize::from(other) == state;
                *p *= if is_said { self.right } else { wrong };
            }
        }
        self.normalise(&mut p);
        let best = (1..self.states()).fold(0, |b, state| if p[state] > p[b] { state } else { b });
        (usize::from(word) == best, p[best])
    }

    fn changes_hz(&self) -> f64 {
        self.change_hz
    }
}

/// What the words of a state weigh when it is asked.
struct Weighing<'a> {
    watched: &'a Watched,
    chain: Chain,
    survey: Survey,
    setting: &'a Setting<'a>,
}

impl Category {
    pub(crate) fn update(
        &mut self,
        spec: &AttributeSpec,
        evidence: &Evidence,
        lessons: &mut Vec<Lesson>,
    ) -> Outcome {
        self.0.update(spec, evidence, &Chain::of(spec), lessons)
    }

    pub(crate) fn health(&self, spec: &AttributeSpec, at: Time) -> Vec<(u32, SourceHealth)> {
        self.0.health(Chain::of(spec).changes_hz(), at)
    }

    fn weighing<'a>(&'a self, spec: &AttributeSpec, setting: &'a Setting) -> Weighing<'a> {
        Weighing {
            watched: &self.0,
            chain: Chain::of(spec),
            survey: self.0.words.survey(spec),
            setting,
        }
    }

    pub(crate) fn summary(&self, spec: &AttributeSpec, at: Time, setting: &Setting) -> Summary {
        let weighing = self.weighing(spec, setting);
        let survey = &weighing.survey;
        let readings = self.0.words.readings();
        let basis = answer::common_basis(readings, survey)
            .unwrap_or_else(|| answer::strongest_basis(readings, &weighing.weights()));
        let is_conflicting = weighing.conflict() >= CONFLICT_LIMIT;
        answer::summary(answer::header(spec, survey, at), basis, is_conflicting)
    }

    pub(crate) fn estimate(&self, spec: &AttributeSpec, at: Time, setting: &Setting) -> Estimate {
        let weighing = self.weighing(spec, setting);
        let survey = &weighing.survey;
        let mut estimate = answer::header(spec, survey, at);
        if survey.knowledge != Knowledge::Known {
            return estimate;
        }
        estimate.distribution = Some(weighing.distribution(at));
        estimate.conflict = weighing.conflict();
        estimate.flags = weighing.flags(estimate.flags, estimate.conflict);
        let readings = self.0.words.readings();
        let mut weights = weighing.weights();
        estimate.basis = answer::common_basis(readings, survey)
            .unwrap_or_else(|| answer::strongest_basis(readings, &weights));
        if let Some(newest) = survey.evidence_time {
            let remaining = weighing.chain.remaining(at.seconds_since(newest));
            answer::scale(&mut weights, remaining);
        }
        estimate.contributors = answer::contributors(readings, &weights, setting.name);
        estimate
    }
}

impl Weighing<'_> {
    /// The newest word of each source with its place and the probability that it is right.
    fn words(&self) -> impl Iterator<Item = (usize, &Reading, f64)> {
        let newest = self.watched.words.newest(&self.survey);
        newest.map(|(at, word)| (at, word, self.right(word)))
    }

    fn right(&self, word: &Reading) -> f64 {
        let equal = self.chain.equal();
        let mut right = self.chain.usual_right(word);
        if let Some(trust) = (self.setting.trust)(word.source) {
            let learned = trust.hit.clamp(equal, 1.0 - PROBABILITY_MIN);
            let is_stated = word.spread >= 0.0;
            right = if is_stated {
                right.min(learned)
            } else {
                learned
            };
        }
        let doubt = self.watched.doubt(word.source);
        equal + (right - equal) * (1.0 - doubt)
    }

    fn flags(&self, flags: Flags, conflict: f64) -> Flags {
        let lies = |source| {
            (self.setting.trust)(source).is_some_and(|trust| trust.hit <= self.chain.equal())
        };
        let is_faulty = |(_, word, _): (_, &Reading, _)| {
            lies(word.source) || self.watched.is_faulty(word.source)
        };
        let mut flags = flags;
        if conflict >= CONFLICT_LIMIT {
            flags = flags.with(Flag::Conflicting);
        }
        if self.words().any(is_faulty) {
            flags = flags.with(Flag::FaultySource);
        }
        flags
    }

    /// Every state with its probability, most probable first; of equals in the catalogue's
    /// order.
    fn distribution(&self, at: Time) -> Distribution {
        let p = self.probabilities(at);
        let mut states: Vec<(Value, f64)> = (self.chain.labels.iter().zip(p))
            .map(|(label, p)| (Value::text(*label), p))
            .collect();
        states.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        Distribution::Alternatives(states.into())
    }

    /// What the words up to `at` say of it, times what the later ones say: given the state at
    /// `at` they are independent, and all states are equally probable beforehand.
    fn probabilities(&self, at: Time) -> States {
        let words = || self.words().map(|(_, word, right)| (word, right));
        let before = words().filter(|(word, _)| word.observed <= at);
        let mut p = self.chain.run(before, at);
        let mut after: Vec<_> = words().filter(|(word, _)| word.observed > at).collect();
        after.reverse();
        for (p, q) in p.iter_mut().zip(self.chain.run(after.into_iter(), at)) {
            *p *= q;
        }
        self.chain.normalise(&mut p);
        p
    }

    /// Shares when the newest evidence was observed.
    fn weights(&self) -> Weights {
        let mut weights = [0.0; 64];
        let mut total = 1.0; // the prior's unit
        let newest = self.survey.evidence_time.unwrap_or_default();
        for (at, word, right) in self.words() {
            let remaining = self.chain.remaining(newest.seconds_since(word.observed));
            weights[at] = self.chain.evidence(right).abs() * remaining;
            total += weights[at];
        }
        answer::scale(&mut weights, 1.0 / total);
        weights
    }

    fn conflict(&self) -> f64 {
        let Some(newest) = self
            .survey
            .evidence_time
            .filter(|_| self.survey.sources > 1)
        else {
            return 0.0;
        };
        let mut surest: States = [0.0; LABELS_MAX];
        for (_, word, right) in self.words() {
            let age_s = newest.seconds_since(word.observed);
            let state = &mut surest[word.value as usize];
            *state = state.max(self.chain.sureness(right, age_s));
        }
        surest.sort_by(|a, b| b.total_cmp(a));
        surest[1]
    }
}
