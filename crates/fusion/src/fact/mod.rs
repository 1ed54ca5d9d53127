//! What does not change by itself: a door's width, which rooms it joins, whether there is
//! a sprinkler.
//!
//! Several sources say what they know: the drawing, a survey, a person on site. Each has
//! one say, its newest. They vote, the more reliable with more weight ([`vote`]). How
//! reliable each is shows in all that it said and others said too ([`reliability`]).
//!
//! Here lives what is remembered of the statements; a statement is replaced by a later one
//! of its source for the same time, and may be taken back.

mod reliability;
mod vote;

pub use reliability::reliabilities;

use crate::answer;
use crate::evidence::{Evidence, Setting};
use crate::state::Outcome;
use std::cmp::Ordering;
use twin_model::estimate::CONTRIBUTORS_MAX;
use twin_model::{
    Act, AttributeSpec, Basis, ClaimId, Contributor, Estimate, Interval, Knowledge, Summary, Time,
    Uncertainty, Value,
};
use vote::{Rates, Vote};

/// Statements kept in all; beyond it the oldest goes.
pub(crate) const SAYINGS_MAX: usize = 64;
/// Statements of one source kept, for different times; beyond it the oldest goes.
const PER_SOURCE: usize = 8;

/// What one source says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Say {
    Value {
        value: Value,
        /// Stated probability of being right.
        probability: Option<f64>,
        /// Stated standard deviation, canonical unit.
        sd: Option<f64>,
        /// Outside the plausible range: no vote.
        is_implausible: bool,
    },
    Unknown,
    Absent,
    NotApplicable,
    Retract,
}

/// One statement of one source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Saying {
    pub(crate) source: u32,
    pub(crate) claim: ClaimId,
    pub(crate) observed: Time,
    pub(crate) valid: Interval,
    pub(crate) basis: Basis,
    pub(crate) say: Say,
}

impl Saying {
    fn new(spec: &AttributeSpec, evidence: &Evidence) -> Self {
        let say = match evidence.act {
            Act::Assert(stated) => Say::Value {
                value: stated.value.clone(),
                probability: match stated.uncertainty {
                    Some(Uncertainty::Probability(p)) => Some(p),
                    _ => None,
                },
                sd: match stated.uncertainty {
                    Some(Uncertainty::StandardDeviation(sd)) => Some(sd),
                    _ => None,
                },
                is_implausible: is_implausible(spec, &stated.value),
            },
            Act::Unknown { .. } => Say::Unknown,
            Act::Absent => Say::Absent,
            Act::NotApplicable => Say::NotApplicable,
            Act::Retract => Say::Retract,
        };
        Self {
            source: evidence.source,
            claim: evidence.claim,
            observed: evidence.observed,
            valid: evidence.valid,
            basis: evidence.basis,
            say,
        }
    }

    pub(crate) fn order(&self, other: &Self) -> Ordering {
        self.source
            .cmp(&other.source)
            .then(self.observed.cmp(&other.observed))
            .then(self.claim.cmp(&other.claim))
    }

    /// Whether the evidence says the same, for the same time, whenever observed.
    pub(crate) fn says_same(&self, spec: &AttributeSpec, evidence: &Evidence) -> bool {
        let other = Self::new(spec, evidence);
        self.say == other.say && self.valid == other.valid
    }

    fn repeats(&self, other: &Self) -> bool {
        self.source == other.source
            && self.observed == other.observed
            && self.valid == other.valid
            && self.say == other.say
    }

    /// Whether nothing is left of `other`, an older statement of the same source.
    fn replaces(&self, other: &Self) -> bool {
        self.source == other.source
            && self.order(other).is_gt()
            && (self.say == Say::Retract || covers(&self.valid, &other.valid))
    }

    fn is_implausible(&self) -> bool {
        matches!(
            self.say,
            Say::Value {
                is_implausible: true,
                ..
            }
        )
    }

    fn is_vote(&self) -> bool {
        match self.say {
            Say::Value { is_implausible, .. } => !is_implausible,
            Say::Absent | Say::NotApplicable => true,
            Say::Unknown | Say::Retract => false,
        }
    }

    /// The probability of being right that its source states.
    fn stated_reliability(&self) -> Option<f64> {
        match self.say {
            Say::Value { probability, .. } => probability,
            Say::Unknown | Say::Absent | Say::NotApplicable | Say::Retract => None,
        }
    }
}

fn is_implausible(spec: &AttributeSpec, value: &Value) -> bool {
    let number = value.as_number();
    let range = number.zip(spec.plausible);
    range.is_some_and(|(n, (least, most))| !(least..=most).contains(&n))
}

fn covers(outer: &Interval, inner: &Interval) -> bool {
    let from = outer
        .from
        .is_none_or(|o| inner.from.is_some_and(|i| o <= i));
    let until = outer
        .until
        .is_none_or(|o| inner.until.is_some_and(|i| i <= o));
    from && until
}

/// The current statements of all sources, sorted by source and time.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Fact(pub(crate) Vec<Saying>);

impl Fact {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let values: usize = self.0.iter().map(|s| value_bytes(&s.say)).sum();
        self.0.capacity() * size_of::<Saying>() + values
    }

    pub(crate) fn update(&mut self, spec: &AttributeSpec, evidence: &Evidence) -> Outcome {
        let saying = Saying::new(spec, evidence);
        if let Some(same) = self.0.iter_mut().find(|s| s.repeats(&saying)) {
            same.claim = same.claim.min(saying.claim);
            self.0.sort_by(Saying::order);
            return Outcome::Duplicate;
        }
        if self.0.iter().any(|s| s.replaces(&saying)) {
            return Outcome::Superseded;
        }
        let outcome = if saying.is_implausible() {
            Outcome::OutOfRange
        } else if saying.say == Say::Retract && !self.0.iter().any(|s| takes_back(&saying, s)) {
            Outcome::NothingToRetract
        } else {
            Outcome::Accepted
        };
        self.0.retain(|s| !saying.replaces(s));
        let at = self.0.partition_point(|s| s.order(&saying).is_lt());
        self.0.reserve_exact(1);
        let source = saying.source;
        self.0.insert(at, saying);
        self.bound(source);
        outcome
    }

    /// The newest statement of a source, taken back or not.
    pub(crate) fn newest_of(&self, source: u32) -> Option<&Saying> {
        self.0.iter().rev().find(|s| s.source == source)
    }

    /// BOUNDED: the oldest statement of a source that makes too many, and the oldest of all.
    fn bound(&mut self, source: u32) {
        if self.0.iter().filter(|s| s.source == source).count() > PER_SOURCE
            && let Some(oldest) = self.0.iter().position(|s| s.source == source)
        {
            self.0.remove(oldest);
        }
        if self.0.len() > SAYINGS_MAX {
            let age = |s: &Saying| (s.observed, s.source, s.claim);
            let oldest = (0..self.0.len()).min_by_key(|&i| age(&self.0[i]));
            oldest.map(|i| self.0.remove(i));
        }
    }

    /// The word of each source that holds at `at`.
    fn words(&self, at: Time) -> Vec<&Saying> {
        let mut words: Vec<&Saying> = Vec::new();
        for saying in self.0.iter().filter(|s| s.valid.contains(at)) {
            match words.last_mut() {
                Some(last) if last.source == saying.source => *last = saying,
                _ => words.push(saying),
            }
        }
        words
    }

    pub(crate) fn next_change(&self, spec: &AttributeSpec, after: Time) -> Option<Time> {
        let words = self.words(after);
        let now = Vote::of(&Rates::usual(spec), &words).header(spec, after);
        let stale_from = answer::becomes_stale(spec, now.knowledge, now.evidence_time);
        let bounds = self.0.iter().flat_map(|s| [s.valid.from, s.valid.until]);
        let changes = bounds.chain([stale_from]).flatten();
        changes.filter(|t| *t > after).min()
    }

    pub(crate) fn summary(&self, spec: &AttributeSpec, at: Time, setting: &Setting) -> Summary {
        let words = self.words(at);
        let vote = Vote::of(&Rates::learned(spec, setting), &words);
        vote.header(spec, at).summary()
    }

    pub(crate) fn estimate(&self, spec: &AttributeSpec, at: Time, setting: &Setting) -> Estimate {
        let words = self.words(at);
        let vote = Vote::of(&Rates::learned(spec, setting), &words);
        let mut estimate = vote.header(spec, at);
        if estimate.knowledge == Knowledge::Known {
            estimate.distribution = Some(vote.distribution(spec));
        }
        let strongest = vote.supporters.iter().take(CONTRIBUTORS_MAX);
        let contributor = |(saying, weight): &(&Saying, f64)| Contributor {
            claim: saying.claim,
            source: (setting.name)(saying.source),
            weight: *weight,
            observed: saying.observed,
        };
        estimate.contributors = strongest.map(contributor).collect();
        estimate
    }
}

fn takes_back(retraction: &Saying, other: &Saying) -> bool {
    retraction.replaces(other) && other.say != Say::Retract
}

fn value_bytes(say: &Say) -> usize {
    let Say::Value { value, .. } = say else {
        return 0;
    };
    match value {
        Value::Boolean(_) | Value::Number(_) | Value::Point(_) => 0,
        Value::Text(t) | Value::Json(t) => t.len(),
        Value::Entity(id) => id.as_str().len(),
        Value::Entities(ids) => ids.iter().map(|id| id.as_str().len() + 16).sum(),
        Value::Line(points) => size_of_val(&**points),
        Value::Polygon(polygon) => {
            let ring = |r: &Vec<[f64; 2]>| size_of_val(r) + r.len() * 16;
            polygon.rings.iter().map(ring).sum()
        }
    }
}
