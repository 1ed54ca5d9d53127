//! What does not change by itself: a door's width, which rooms it joins, whether there is
//! a sprinkler.
//!
//! Several sources say what they know: the drawing, a survey, a person on site. Each has
//! one say, its newest. They vote, the more reliable with more weight, and every
//! alternative that somebody stated gets a probability, with a rest for what nobody stated.
//! "There is none" and "makes no sense here" are alternatives like any other; "I do not
//! know" is no vote at all.
//!
//! Equations: naive Bayes with fixed reliabilities, the E-step of Dawid & Skene (Appl.
//! Stat. 28 (1979) 20) with symmetric errors as in ACCU (Dong, Berti-Équille & Srivastava,
//! PVLDB 2 (2009) 550): a source says what is true with probability r and each of the N
//! wrong alternatives with (1 − r)/N; alternatives are equally probable beforehand. N
//! counts the stated alternatives and one that nobody stated; a yes or no has only two.
//! Conflict is 2·p₂/(p₁ + p₂) of the two most probable stated alternatives.

use crate::answer;
use crate::evidence::Evidence;
use crate::math::{exp, ln};
use crate::state::Outcome;
use std::cmp::Ordering;
use twin_model::catalogue::Form;
use twin_model::estimate::CONTRIBUTORS_MAX;
use twin_model::{
    Act, AttributeSpec, Basis, ClaimId, Contributor, Distribution, Estimate, Estimator, Flag,
    Flags, Interval, Knowledge, SourceId, Summary, Time, Uncertainty, Value,
};

/// Statements kept in all; beyond it the oldest goes.
pub(crate) const SAYINGS_MAX: usize = 64;
/// Statements of one source kept, for different times; beyond it the oldest goes.
const PER_SOURCE: usize = 8;
/// No source is surer than this, and none more surely wrong.
const RELIABILITY: (f64, f64) = (0.01, 0.999);
/// From here on sources contradict each other: one against two of the usual reliability
/// does, one against three does not.
const CONFLICT_LIMIT: f64 = 0.1;

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

    fn reliability(&self, usual: f64) -> f64 {
        let r = match self.say {
            Say::Value {
                probability: Some(p),
                ..
            } => p,
            _ => usual,
        };
        r.clamp(RELIABILITY.0, RELIABILITY.1)
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

/// One alternative and those who state it.
struct Candidate<'a> {
    /// First the one whose wording stands for all.
    voters: Vec<&'a Saying>,
    probability: f64,
}

/// The outcome of a vote.
struct Vote<'a> {
    /// Most probable first.
    candidates: Vec<Candidate<'a>>,
    /// Wrong alternatives, N.
    wrong: f64,
    flags: Flags,
    conflict: f64,
}

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
        let (now, _) = header(spec, &vote(spec, &self.words(after)), after);
        let stale_from = answer::becomes_stale(spec, now.knowledge, now.evidence_time);
        let bounds = self.0.iter().flat_map(|s| [s.valid.from, s.valid.until]);
        let changes = bounds.chain([stale_from]).flatten();
        changes.filter(|t| *t > after).min()
    }

    pub(crate) fn summary(&self, spec: &AttributeSpec, at: Time) -> Summary {
        let words = self.words(at);
        let vote = vote(spec, &words);
        header(spec, &vote, at).0.summary()
    }

    pub(crate) fn estimate(
        &self,
        spec: &AttributeSpec,
        at: Time,
        name: &dyn Fn(u32) -> SourceId,
    ) -> Estimate {
        let words = self.words(at);
        let vote = vote(spec, &words);
        let (mut estimate, supporters) = header(spec, &vote, at);
        if estimate.knowledge == Knowledge::Known {
            estimate.distribution = Some(distribution(spec, &vote));
        }
        let contributor = |(saying, weight): &(&Saying, f64)| Contributor {
            claim: saying.claim,
            source: name(saying.source),
            weight: *weight,
            observed: saying.observed,
        };
        let strongest = supporters.iter().take(CONTRIBUTORS_MAX);
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

/// The estimate without its distribution, and who supports it, strongest first.
fn header<'a>(
    spec: &AttributeSpec,
    vote: &Vote<'a>,
    at: Time,
) -> (Estimate, Vec<(&'a Saying, f64)>) {
    let mut estimate = Estimate {
        flags: vote.flags,
        conflict: vote.conflict,
        ..Estimate::unknown(at)
    };
    let Some(best) = vote.candidates.first() else {
        return (estimate, Vec::new());
    };
    let supporters = supporters(spec, vote, best);
    estimate.basis = supporters.first().map_or(Basis::Observed, |(s, _)| s.basis);
    estimate.knowledge = match best.voters[0].say {
        Say::Absent => Knowledge::Absent,
        Say::NotApplicable => Knowledge::NotApplicable,
        Say::Value { .. } | Say::Unknown | Say::Retract => Knowledge::Known,
    };
    estimate.sources = best.voters.len() as u32;
    estimate.evidence_time = best.voters.iter().map(|s| s.observed).max();
    if vote.conflict >= CONFLICT_LIMIT {
        estimate.flags = estimate.flags.with(Flag::Conflicting);
    }
    let stale_from = answer::becomes_stale(spec, estimate.knowledge, estimate.evidence_time);
    if stale_from.is_some_and(|from| from <= at) {
        estimate.flags = estimate.flags.with(Flag::Stale);
    }
    (estimate, supporters)
}

/// Those who state the best alternative, with their share of all votes' evidence.
fn supporters<'a>(
    spec: &AttributeSpec,
    vote: &Vote<'a>,
    best: &Candidate<'a>,
) -> Vec<(&'a Saying, f64)> {
    let usual = usual_reliability(spec);
    let evidence = |s: &Saying| {
        let r = s.reliability(usual);
        ln(r * vote.wrong / (1.0 - r)).max(0.0)
    };
    let all = vote.candidates.iter().flat_map(|c| &c.voters);
    let total: f64 = all.map(|s| evidence(s)).sum();
    let weight = |s: &Saying| {
        if total > 0.0 {
            evidence(s) / total
        } else {
            0.0
        }
    };
    let mut supporters: Vec<_> = best.voters.iter().map(|&s| (s, weight(s))).collect();
    supporters.sort_by(|(a, wa), (b, wb)| {
        wb.total_cmp(wa)
            .then(b.observed.cmp(&a.observed))
            .then(a.source.cmp(&b.source))
    });
    supporters
}

fn usual_reliability(spec: &AttributeSpec) -> f64 {
    match spec.estimator {
        Estimator::Static {
            default_reliability,
            ..
        } => default_reliability,
        // A state is made by its specification; with another one a vote is a coin's.
        Estimator::Scalar { .. }
        | Estimator::Boolean { .. }
        | Estimator::Count { .. }
        | Estimator::Category { .. } => 0.5,
    }
}

fn vote<'a>(spec: &AttributeSpec, words: &[&'a Saying]) -> Vote<'a> {
    let mut flags = Flags::NONE;
    if words.iter().any(|s| s.is_implausible()) {
        flags = flags.with(Flag::OutOfRange);
    }
    let votes: Vec<&Saying> = words.iter().copied().filter(|s| s.is_vote()).collect();
    let mut candidates = candidates(spec, &votes);
    let alternatives = number_of_alternatives(spec, &candidates);
    let wrong = (alternatives as f64 - 1.0).max(1.0);
    weigh(spec, &votes, &mut candidates, alternatives, wrong);
    // Equal to nine digits is equal: then the newest statement goes first.
    candidates.sort_by_key(|c| {
        let newest = c.voters.iter().map(|s| s.observed).max();
        let first = c.voters.iter().map(|s| s.source).min();
        let rank = (c.probability * 1e9).round() as i64;
        (std::cmp::Reverse((rank, newest)), first)
    });
    let conflict = match candidates.as_slice() {
        [best, second, ..] => 2.0 * second.probability / (best.probability + second.probability),
        _ => 0.0,
    };
    Vote {
        candidates,
        wrong,
        flags,
        conflict: conflict.min(1.0),
    }
}

/// Statements that say the same, put together.
fn candidates<'a>(spec: &AttributeSpec, votes: &[&'a Saying]) -> Vec<Candidate<'a>> {
    let mut sorted: Vec<&Saying> = votes.to_vec();
    // Numbers in order, so that neighbours within the tolerance form one chain.
    sorted.sort_by(|a, b| number(a).total_cmp(&number(b)).then(a.order(b)));
    let mut candidates: Vec<Candidate> = Vec::new();
    for saying in sorted {
        let same = candidates.iter_mut().find(|c| {
            let last = c.voters[c.voters.len() - 1];
            says_the_same(spec, last, saying)
        });
        match same {
            Some(candidate) => candidate.voters.push(saying),
            None => candidates.push(Candidate {
                voters: vec![saying],
                probability: 0.0,
            }),
        }
    }
    let usual = usual_reliability(spec);
    for candidate in &mut candidates {
        candidate.voters.sort_by(|a, b| {
            let reliability = |s: &Saying| s.reliability(usual);
            reliability(b)
                .total_cmp(&reliability(a))
                .then(b.observed.cmp(&a.observed))
                .then(a.order(b))
        });
    }
    candidates
}

fn number(saying: &Saying) -> f64 {
    match &saying.say {
        Say::Value { value, .. } => value.as_number().unwrap_or(f64::INFINITY),
        _ => f64::INFINITY,
    }
}

fn says_the_same(spec: &AttributeSpec, a: &Saying, b: &Saying) -> bool {
    let (
        Say::Value {
            value: va, sd: sa, ..
        },
        Say::Value {
            value: vb, sd: sb, ..
        },
    ) = (&a.say, &b.say)
    else {
        return a.say == b.say;
    };
    match (va, vb) {
        (Value::Number(x), Value::Number(y)) => {
            let tolerance = match spec.estimator {
                Estimator::Static { tolerance, .. } => tolerance,
                Estimator::Scalar { .. }
                | Estimator::Boolean { .. }
                | Estimator::Count { .. }
                | Estimator::Category { .. } => 0.0,
            };
            let (sa, sb) = (sa.unwrap_or(0.0), sb.unwrap_or(0.0));
            let allowed = tolerance.max(2.0 * (sa * sa + sb * sb).sqrt());
            // A trace more, because 0.91 − 0.90 is not 0.01 in binary.
            (x - y).abs() <= allowed * (1.0 + 1e-9)
        }
        _ => va == vb,
    }
}

/// How many alternatives there are: the stated ones and one that nobody stated, but for a
/// yes or no both of these and whatever else was stated.
fn number_of_alternatives(spec: &AttributeSpec, candidates: &[Candidate]) -> usize {
    if spec.form != Form::Boolean {
        return candidates.len() + 1;
    }
    let is_value = |c: &&Candidate| matches!(c.voters[0].say, Say::Value { .. });
    2 + candidates.len() - candidates.iter().filter(is_value).count()
}

/// Gives every candidate its probability.
fn weigh(
    spec: &AttributeSpec,
    votes: &[&Saying],
    candidates: &mut [Candidate],
    alternatives: usize,
    wrong: f64,
) {
    let usual = usual_reliability(spec);
    let right = |s: &Saying| ln(s.reliability(usual));
    let mistaken = |s: &Saying| ln((1.0 - s.reliability(usual)) / wrong);
    let nobody: f64 = votes.iter().map(|s| mistaken(s)).sum();
    let scores: Vec<f64> = candidates
        .iter()
        .map(|c| nobody + c.voters.iter().map(|s| right(s) - mistaken(s)).sum::<f64>())
        .collect();
    let most = scores.iter().copied().fold(nobody, f64::max);
    let unstated = alternatives.saturating_sub(candidates.len()) as f64;
    let sum = scores.iter().map(|s| exp(s - most)).sum::<f64>() + unstated * exp(nobody - most);
    for (candidate, score) in candidates.iter_mut().zip(scores) {
        candidate.probability = exp(score - most) / sum;
    }
}

/// Values with their probabilities; a yes or no as the probability of yes.
fn distribution(spec: &AttributeSpec, vote: &Vote) -> Distribution {
    let values = vote
        .candidates
        .iter()
        .filter_map(|c| match &c.voters[0].say {
            Say::Value { value, .. } => Some((value.clone(), c.probability)),
            _ => None,
        });
    if spec.form != Form::Boolean {
        return Distribution::Alternatives(values.collect());
    }
    let (mut yes, mut no) = (None, None);
    for (value, p) in values {
        match value {
            Value::Boolean(true) => yes = Some(p),
            _ => no = Some(p),
        }
    }
    let elsewhere: f64 = vote
        .candidates
        .iter()
        .filter(|c| !matches!(c.voters[0].say, Say::Value { .. }))
        .map(|c| c.probability)
        .sum();
    let p = match (yes, no) {
        (Some(yes), Some(no)) => yes / (yes + no),
        (Some(yes), None) => yes / (1.0 - elsewhere),
        (None, Some(no)) => 1.0 - no / (1.0 - elsewhere),
        (None, None) => 0.5,
    };
    Distribution::Bernoulli {
        p: p.clamp(0.0, 1.0),
    }
}
