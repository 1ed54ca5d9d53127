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
//!   towards 1/K; *weights* and *conflict*: see [`crate::weighing`].

use crate::lesson::Trust;
use crate::math::{exp, ln};
use crate::reading::Reading;
use crate::records::Judge;
use crate::weighing::{Chain, FRESH, FRESH_MAX_S, PROBABILITY_MIN};
use twin_model::catalogue::LABELS_MAX;
use twin_model::{AttributeSpec, Distribution, Estimator, Time, Value};

/// A number for each state; those beyond the attribute's states are not used.
type States = [f64; LABELS_MAX];

/// The chain and its observation, from the catalogue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FewStates {
    labels: &'static [&'static str],
    change_hz: f64,
    right: f64,
    stale_after_s: f64,
}

impl FewStates {
    pub(crate) fn of(spec: &AttributeSpec) -> Self {
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

    /// Probability that a word is right, as stated or usual.
    fn usual_right(&self, reading: &Reading) -> f64 {
        let right = if reading.spread >= 0.0 {
            f64::from(reading.spread)
        } else {
            self.right
        };
        right.clamp(PROBABILITY_MIN, 1.0 - PROBABILITY_MIN)
    }

    /// What the words up to `at` say of it, times what the later ones say: given the state at
    /// `at` they are independent, and all states are equally probable beforehand.
    fn probabilities<'r>(
        &self,
        words: impl Iterator<Item = (&'r Reading, f64)> + Clone,
        at: Time,
    ) -> States {
        let before = words.clone().filter(|(word, _)| word.observed <= at);
        let mut p = self.run(before, at);
        let mut after: Vec<_> = words.filter(|(word, _)| word.observed > at).collect();
        after.reverse();
        for (p, q) in p.iter_mut().zip(self.run(after.into_iter(), at)) {
            *p *= q;
        }
        self.normalise(&mut p);
        p
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

impl Judge for FewStates {
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

/// The force of a word is the probability that it is right.
impl Chain for FewStates {
    fn remaining(&self, seconds: f64) -> f64 {
        let states = self.states() as f64;
        exp(-seconds.abs() * self.change_hz * states / (states - 1.0))
    }

    fn force(&self, word: &Reading, trust: Option<Trust>, doubt: f64) -> f64 {
        let equal = self.equal();
        let mut right = self.usual_right(word);
        if let Some(trust) = trust {
            let learned = trust.hit.clamp(equal, 1.0 - PROBABILITY_MIN);
            let is_stated = word.spread >= 0.0;
            right = if is_stated {
                right.min(learned)
            } else {
                learned
            };
        }
        equal + (right - equal) * (1.0 - doubt)
    }

    fn is_liar(&self, trust: &Trust) -> bool {
        trust.hit <= self.equal()
    }

    /// Beside one other state.
    fn log_odds(&self, right: f64) -> f64 {
        ln(right * (self.states() as f64 - 1.0) / (1.0 - right)).abs()
    }

    fn side(&self, word: &Reading, right: f64) -> (usize, f64) {
        let beyond = (right - self.equal()) / (1.0 - self.equal());
        (word.value as usize, beyond.max(0.0))
    }

    /// Every state with its probability, most probable first; of equals in the catalogue's
    /// order.
    fn distribution<'r>(
        &self,
        words: impl Iterator<Item = (&'r Reading, f64)> + Clone,
        at: Time,
    ) -> Distribution {
        let p = self.probabilities(words, at);
        let mut states: Vec<(Value, f64)> = (self.labels.iter().zip(p))
            .map(|(label, p)| (Value::text(*label), p))
            .collect();
        states.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        Distribution::Alternatives(states.into())
    }
}
