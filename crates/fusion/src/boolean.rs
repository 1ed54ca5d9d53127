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
//! * *One source counts once*: see [`crate::words`]; *doubt*: see [`crate::records`]; *weights*
//!   and *conflict*: see [`crate::weighing`].

use crate::lesson::Trust;
use crate::math::{exp, ln, log_odds, logistic};
use crate::reading::Reading;
use crate::records::Judge;
use crate::weighing::{Chain, FRESH, FRESH_MAX_S, PROBABILITY_MIN};
use twin_model::{AttributeSpec, Distribution, Estimator, Time};

/// No learned rate is nearer to never or always than this.
const RATE_MIN: f64 = 1e-6;

/// The chain and its observation, from the catalogue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct YesOrNo {
    equilibrium: f64,
    mixing_hz: f64,
    hit: f64,
    false_alarm: f64,
    stale_after_s: f64,
}

impl YesOrNo {
    pub(crate) fn of(spec: &AttributeSpec) -> Self {
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
        if self.is_liar(&trust) {
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

impl Judge for YesOrNo {
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

/// The force of a word is what it adds to the log-odds of yes.
impl Chain for YesOrNo {
    fn remaining(&self, seconds: f64) -> f64 {
        exp(-seconds.abs() * self.mixing_hz)
    }

    fn force(&self, word: &Reading, trust: Option<Trust>, doubt: f64) -> f64 {
        self.learned_evidence(word, trust) * (1.0 - doubt)
    }

    fn is_liar(&self, trust: &Trust) -> bool {
        trust.hit <= trust.false_alarm
    }

    fn log_odds(&self, force: f64) -> f64 {
        force.abs()
    }

    /// A word that its source holds for improbable is for the other side.
    fn side(&self, _: &Reading, force: f64) -> (usize, f64) {
        let sureness = 2.0 * logistic(force.abs()) - 1.0;
        (usize::from(force > 0.0), sureness)
    }

    /// The chain run up to `at` through the words before it, and back to it through those
    /// after it.
    fn distribution<'r>(
        &self,
        words: impl Iterator<Item = (&'r Reading, f64)> + Clone,
        at: Time,
    ) -> Distribution {
        let before = words.clone().filter(|(word, _)| word.observed <= at);
        let mut p = self.run(before, at);
        let mut after: Vec<_> = words.filter(|(word, _)| word.observed > at).collect();
        if !after.is_empty() {
            after.reverse();
            let q = self.run(after.into_iter(), at);
            p = logistic(log_odds(p) + log_odds(q) - log_odds(self.equilibrium));
        }
        Distribution::Bernoulli { p }
    }
}
