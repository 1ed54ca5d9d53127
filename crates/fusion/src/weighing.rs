//! What the words of several sources amount to, for a yes-or-no and for a state of few words.
//!
//! Both ask the same questions: whose newest word counts, how much is left of it, who
//! contradicts whom, and whose word is not to be relied on. A [`Chain`] answers what differs:
//! how fast things change, and how much a word tells.
//!
//! * *Weights*: the size of each word's log-odds, aged with the chain, beside one unit for
//!   the prior.
//! * *Conflict*: how sure, from 0 to 1, the surest word for the second-strongest answer is by
//!   itself when the newest evidence was observed.

use crate::answer::{self, Weights};
use crate::evidence::Setting;
use crate::lesson::Trust;
use crate::reading::{Reading, Survey};
use crate::records::{Judge, Watched};
use twin_model::catalogue::LABELS_MAX;
use twin_model::{AttributeSpec, Distribution, Estimate, Flag, Flags, Knowledge, Summary, Time};

/// Nothing is surer than this, either way: a stated probability of 1 is a manner of speech.
pub(crate) const PROBABILITY_MIN: f64 = 1e-3;
/// Contradiction counts from here on.
const CONFLICT_LIMIT: f64 = 0.5;
/// A word is fresh while this much of what it said is left, and for five minutes at most.
pub(crate) const FRESH: f64 = 0.95;
pub(crate) const FRESH_MAX_S: f64 = 300.0;

/// A Markov chain of a few states and what words tell of it. How far a word goes is counted
/// in the chain's own measure, its *force*.
pub(crate) trait Chain: Judge {
    /// How much of a deviation from the equilibrium is left after a time, either way.
    fn remaining(&self, seconds: f64) -> f64;

    /// The force of a word by what was learned of its source and how far that is doubted.
    fn force(&self, word: &Reading, trust: Option<Trust>, doubt: f64) -> f64;

    /// Whether a source was learned to be no better than chance.
    fn is_liar(&self, trust: &Trust) -> bool;

    /// The size of the log-odds of a word of such a force.
    fn log_odds(&self, force: f64) -> f64;

    /// Which of the answers a word is for, and how sure it is of it by itself, 0 to 1.
    fn side(&self, word: &Reading, force: f64) -> (usize, f64);

    /// What is so at `at` by the words with their force, oldest first.
    fn distribution<'r>(
        &self,
        words: impl Iterator<Item = (&'r Reading, f64)> + Clone,
        at: Time,
    ) -> Distribution;
}

/// What the words of a state weigh when it is asked.
pub(crate) struct Weighing<'a, C> {
    watched: &'a Watched,
    chain: C,
    spec: &'a AttributeSpec,
    survey: Survey,
    setting: &'a Setting<'a>,
}

impl Watched {
    pub(crate) fn weighing<'a, C: Chain>(
        &'a self,
        chain: C,
        spec: &'a AttributeSpec,
        setting: &'a Setting,
    ) -> Weighing<'a, C> {
        Weighing {
            watched: self,
            chain,
            spec,
            survey: self.words.survey(spec),
            setting,
        }
    }
}

impl<C: Chain> Weighing<'_, C> {
    pub(crate) fn summary(&self, at: Time) -> Summary {
        let survey = &self.survey;
        let readings = self.watched.words.readings();
        let basis = answer::common_basis(readings, survey)
            .unwrap_or_else(|| answer::strongest_basis(readings, &self.weights()));
        let is_conflicting = self.conflict() >= CONFLICT_LIMIT;
        answer::summary(answer::header(self.spec, survey, at), basis, is_conflicting)
    }

    pub(crate) fn estimate(&self, at: Time) -> Estimate {
        let survey = &self.survey;
        let mut estimate = answer::header(self.spec, survey, at);
        if survey.knowledge != Knowledge::Known {
            return estimate;
        }
        let words = self.words().map(|(_, word, force)| (word, force));
        estimate.distribution = Some(self.chain.distribution(words, at));
        estimate.conflict = self.conflict();
        estimate.flags = self.flags(estimate.flags, estimate.conflict);
        let readings = self.watched.words.readings();
        let mut weights = self.weights();
        estimate.basis = answer::common_basis(readings, survey)
            .unwrap_or_else(|| answer::strongest_basis(readings, &weights));
        if let Some(newest) = survey.evidence_time {
            let remaining = self.chain.remaining(at.seconds_since(newest));
            answer::scale(&mut weights, remaining);
        }
        estimate.contributors = answer::contributors(readings, &weights, self.setting.name);
        estimate
    }

    /// The newest word of each source with its place and its force.
    fn words(&self) -> impl Iterator<Item = (usize, &Reading, f64)> + Clone {
        let newest = self.survey.newest(self.watched.words.readings());
        newest.map(|(at, word)| {
            let trust = (self.setting.trust)(word.source);
            let doubt = self.watched.doubt(word.source);
            (at, word, self.chain.force(word, trust, doubt))
        })
    }

    fn flags(&self, flags: Flags, conflict: f64) -> Flags {
        let lies =
            |source| (self.setting.trust)(source).is_some_and(|trust| self.chain.is_liar(&trust));
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

    /// Shares when the newest evidence was observed.
    fn weights(&self) -> Weights {
        let mut weights = [0.0; 64];
        let mut total = 1.0; // the prior's unit
        let newest = self.survey.evidence_time.unwrap_or_default();
        for (at, word, force) in self.words() {
            let age_s = newest.seconds_since(word.observed);
            weights[at] = self.chain.log_odds(force) * self.chain.remaining(age_s);
            total += weights[at];
        }
        answer::scale(&mut weights, 1.0 / total);
        weights
    }

    fn conflict(&self) -> f64 {
        let newest = self.survey.evidence_time;
        let Some(newest) = newest.filter(|_| self.survey.sources > 1) else {
            return 0.0;
        };
        let mut surest = [0.0_f64; LABELS_MAX];
        for (_, word, force) in self.words() {
            let (side, sureness) = self.chain.side(word, force);
            let age_s = newest.seconds_since(word.observed);
            surest[side] = surest[side].max(sureness * self.chain.remaining(age_s));
        }
        surest.sort_by(|a, b| b.total_cmp(a));
        surest[1]
    }
}
