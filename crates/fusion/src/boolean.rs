//! A yes or no that flips: a door that stands open, smoke in a room, a way that is blocked.
//!
//! Every source has a known chance of seeing what is there and of seeing what is not.
//! Two sources that agree make the answer surer; one source that repeats itself does
//! not. While nobody looks, the answer drifts back to how often it is "yes" in general.
//! What was learned of a source takes the place of what is usual for its kind, and a source
//! that is seen to be wrong is weighed less, and the answer says so.
//!
//! Equations:
//! * *Ageing*: two-state Markov chain in continuous time,
//!   p ← π + (p − π)·exp(−(λ₊ + λ₋)Δt), π = λ₊/(λ₊ + λ₋) (Rabiner, Proc. IEEE 77 (1989) 257).
//!   Every chain of two states is reversible (Kelly, Reversibility and Stochastic Networks,
//!   1979, 1.2), so a later word tells as much of earlier as the other way round, and what
//!   both sides say is multiplied: odds = odds₋·odds₊/odds(π).
//! * *Update*: log-odds += ln P(word | yes)/P(word | no) from hit and false-alarm rates
//!   (Elfes, Computer 22 (1989) 46). A probability that the source states itself is taken as
//!   its own likelihood, ln q/(1 − q) for a yes, but is worth no more than what was learned of
//!   the source.
//! * *A source that lies*, with more false alarms than hits, counts nothing. It is not turned
//!   round: the day somebody repairs it, a word taken for its contrary could cost a life.
//! * *One source counts once*: see [`crate::words`]; *doubt*: see [`crate::records`].
//! * *Weights*: the size of each word's log-odds, aged with the chain, beside one unit for
//!   the prior.

use crate::answer::{self, Weights};
use crate::evidence::{Evidence, Setting};
use crate::lesson::{Lesson, Trust};
use crate::math::{exp, ln, log_odds, logistic};
use crate::reading::{Reading, Survey};
use crate::records::{Judge, Watched};
use crate::state::Outcome;
use twin_model::{
    AttributeSpec, Distribution, Estimate, Estimator, Flag, Flags, Knowledge, SourceHealth,
    Summary, Time,
};

/// Nothing is surer than this, either way: a stated probability of 1 is a manner of speech.
const PROBABILITY_MIN: f64 = 1e-3;
/// No learned rate is nearer to never or always than this.
const RATE_MIN: f64 = 1e-6;
/// Contradiction counts from here on.
const CONFLICT_LIMIT: f64 = 0.5;
/// A word is fresh while this much of what it said is left, and for five minutes at most.
const FRESH: f64 = 0.95;
const FRESH_MAX_S: f64 = 300.0;

/// The last words of each source, and how the sources did.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Boolean(pub(crate) Watched);

/// The chain and its observation, from the catalogue.
#[derive(Debug, Clone, Copy)]
struct Chain {
    equilibrium: f64,
    mixing_hz: f64,
    hit: f64,
    false_alarm: f64,
    stale_after_s: f64,
}

impl Chain {
    fn of(spec: &AttributeSpec) -> Self {
        let (rate_on_hz, rate_off_hz, hit, false_alarm) = match spec.estimator {
            Estimator::Boolean {
                rate_on_hz,
                rate_off_hz,
                hit,
                false_alarm,
            } => (rate_on_hz, rate_off_hz, hit, false_alarm),
            // A state is made by its specification; with another one it knows nothing.
            _ => (f64::MAX / 4.0, f64::MAX / 4.0, 0.5, 0.5),
        };
        Self {
            equilibrium: rate_on_hz / (rate_on_hz + rate_off_hz),
            mixing_hz: rate_on_hz + rate_off_hz,
            hit,
            false_alarm,
            stale_after_s: spec.stale_after_s.unwrap_or(f64::MAX),
        }
    }

    /// How much of a deviation from the equilibrium is left after a time, either way.
    fn remaining(&self, seconds: f64) -> f64 {
        exp(-seconds.abs() * self.mixing_hz)
    }

    fn age(&self, p: f64, seconds: f64) -> f64 {
        self.equilibrium + (p - self.equilibrium) * self.remaining(seconds)
    }

    /// What a word adds to the log-odds of yes, by the catalogue's rates.
    fn usual_evidence(&self, reading: &Reading) -> f64 {
        stated_evidence(reading)
            .unwrap_or_else(|| rated_evidence(reading.value != 0.0, self.hit, self.false_alarm))
    }

    /// The same with the rates that were learned of its source.
    fn learned_evidence(&self, reading: &Reading, trust: Option<Trust>) -> f64 {
        let Some(trust) = trust else {
            return self.usual_evidence(reading);
        };
        if is_liar(&trust) {
            return 0.0;
        }
        let rate = |r: f64| r.clamp(RATE_MIN, 1.0 - RATE_MIN);
        let learned = rated_evidence(
            reading.value != 0.0,
            rate(trust.hit),
            rate(trust.false_alarm),
        );
        stated_evidence(reading).map_or(learned, |e| e.clamp(-learned.abs(), learned.abs()))
    }

    /// The chain run from its equilibrium through words, farthest from `at` first.
    fn run<'r>(&self, words: impl Iterator<Item = (&'r Reading, f64)>, at: Time) -> f64 {
        let (mut p, mut time) = (self.equilibrium, at);
        for (word, evidence) in words {
            p = self.age(p, word.observed.seconds_since(time));
            p = logistic(log_odds(p) + evidence);
            time = word.observed;
        }
        self.age(p, at.seconds_since(time))
    }
}

fn stated_evidence(reading: &Reading) -> Option<f64> {
    let q = f64::from(reading.spread);
    let odds = log_odds(q.clamp(PROBABILITY_MIN, 1.0 - PROBABILITY_MIN));
    let signed = if reading.value == 0.0 { -odds } else { odds };
    (q >= 0.0).then_some(signed)
}

fn rated_evidence(is_yes: bool, hit: f64, false_alarm: f64) -> f64 {
    if is_yes {
        ln(hit / false_alarm)
    } else {
        ln((1.0 - hit) / (1.0 - false_alarm))
    }
}

fn is_liar(trust: &Trust) -> bool {
    trust.hit <= trust.false_alarm
}

impl Judge for Chain {
    fn fresh_s(&self) -> f64 {
        (-ln(FRESH) / self.mixing_hz)
            .min(FRESH_MAX_S)
            .min(self.stale_after_s)
    }

    fn judge(&self, word: u8, others: &[u8]) -> (bool, f64) {
        let evidence = |&other: &u8| rated_evidence(other != 0, self.hit, self.false_alarm);
        let sum: f64 = others.iter().map(evidence).sum();
        (word != 0, logistic(log_odds(self.equilibrium) + sum))
    }

    fn changes_hz(&self) -> f64 {
        2.0 * self.equilibrium * (1.0 - self.equilibrium) * self.mixing_hz
    }
}

/// What the words of a state weigh when it is asked.
struct Weighing<'a> {
    watched: &'a Watched,
    chain: Chain,
    survey: Survey,
    setting: &'a Setting<'a>,
}

impl Boolean {
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
        estimate.distribution = Some(Distribution::Bernoulli {
            p: weighing.probability(at),
        });
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
    /// The newest word of each source with its place and what it adds to the log-odds.
    fn words(&self) -> impl Iterator<Item = (usize, &Reading, f64)> {
        let newest = self.watched.words.newest(&self.survey);
        newest.map(|(at, word)| {
            let learned = self
                .chain
                .learned_evidence(word, (self.setting.trust)(word.source));
            (at, word, learned * (1.0 - self.watched.doubt(word.source)))
        })
    }

    fn flags(&self, flags: Flags, conflict: f64) -> Flags {
        let lies = |source| (self.setting.trust)(source).is_some_and(|trust| is_liar(&trust));
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

    /// The chain run up to `at` through the words before it, and back to it through those
    /// after it.
    fn probability(&self, at: Time) -> f64 {
        let before = self.words().filter(|(_, word, _)| word.observed <= at);
        let p = self.chain.run(before.map(|(_, word, e)| (word, e)), at);
        let after = self.words().filter(|(_, word, _)| word.observed > at);
        let mut after: Vec<(&Reading, f64)> = after.map(|(_, word, e)| (word, e)).collect();
        if after.is_empty() {
            return p;
        }
        after.reverse();
        let q = self.chain.run(after.into_iter(), at);
        logistic(log_odds(p) + log_odds(q) - log_odds(self.chain.equilibrium))
    }

    /// Shares when the newest evidence was observed.
    fn weights(&self) -> Weights {
        let mut weights = [0.0; 64];
        let mut total = 1.0; // the prior's unit
        let newest = self.survey.evidence_time.unwrap_or_default();
        for (at, word, evidence) in self.words() {
            let age_s = newest.seconds_since(word.observed);
            weights[at] = evidence.abs() * self.chain.remaining(age_s);
            total += weights[at];
        }
        answer::scale(&mut weights, 1.0 / total);
        weights
    }

    /// The strength of the weaker side: how sure, from 0 to 1, the surest yes and the
    /// surest no are by themselves when the newest evidence was observed.
    fn conflict(&self) -> f64 {
        let Some(newest) = self
            .survey
            .evidence_time
            .filter(|_| self.survey.sources > 1)
        else {
            return 0.0;
        };
        let (mut yes, mut no): (f64, f64) = (0.0, 0.0);
        for (_, word, evidence) in self.words() {
            let remaining = self.chain.remaining(newest.seconds_since(word.observed));
            let sureness = (2.0 * logistic(evidence.abs()) - 1.0) * remaining;
            let side = if evidence > 0.0 { &mut yes } else { &mut no };
            *side = side.max(sureness);
        }
        yes.min(no)
    }
}
