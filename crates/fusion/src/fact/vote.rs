//! The vote on a fact: every alternative that somebody stated gets a probability, with a
//! rest for what nobody stated.
//!
//! "There is none" and "makes no sense here" are alternatives like any other; "I do not
//! know" is no vote at all. A source votes with the reliability that it states, else with
//! the one that was learned of it, else with the one that is usual. Of sources that are kin
//! ([`crate::Trust::kin`]) and say the same, the most reliable counts and the others restate.
//!
//! Equations: naive Bayes, the E-step of Dawid & Skene (Appl. Stat. 28 (1979) 20) with
//! symmetric errors as in ACCU (Dong, Berti-Équille & Srivastava, PVLDB 2 (2009) 550): a
//! source says what is true with probability r and each of the N wrong alternatives with
//! (1 − r)/N; alternatives are equally probable beforehand. N counts the stated alternatives
//! and one that nobody stated; a yes or no has only two. Conflict is 2·p₂/(p₁ + p₂) of the
//! two most probable stated alternatives.

use super::{Say, Saying};
use crate::answer;
use crate::evidence::Setting;
use crate::lesson::Trust;
use crate::math::{exp, ln};
use twin_model::catalogue::Form;
use twin_model::{
    AttributeSpec, Basis, Distribution, Estimate, Estimator, Flag, Flags, Knowledge, Time, Value,
};

/// No source is surer than this, and none more surely wrong.
const RELIABILITY: (f64, f64) = (0.01, 0.999);
/// From here on sources contradict each other: one against two of the usual reliability
/// does, one against three does not.
const CONFLICT_LIMIT: f64 = 0.1;

/// How reliable the sources are taken to be.
pub(super) struct Rates<'a> {
    spec: &'a AttributeSpec,
    usual: f64,
    trust: &'a dyn Fn(u32) -> Option<Trust>,
}

impl<'a> Rates<'a> {
    /// As the catalogue says.
    pub(super) fn usual(spec: &'a AttributeSpec) -> Self {
        let usual = match spec.estimator {
            Estimator::Static {
                default_reliability,
                ..
            } => default_reliability,
            // A state is made by its specification; with another one a vote is a coin's.
            _ => 0.5,
        };
        Self {
            spec,
            usual,
            trust: &|_| None,
        }
    }

    /// As was learned, where anything was.
    pub(super) fn learned(spec: &'a AttributeSpec, setting: &'a Setting) -> Self {
        Self {
            trust: setting.trust,
            ..Self::usual(spec)
        }
    }

    fn reliability(&self, saying: &Saying) -> f64 {
        let learned = || (self.trust)(saying.source).map_or(self.usual, |trust| trust.hit);
        let stated = saying.stated_reliability();
        stated
            .unwrap_or_else(learned)
            .clamp(RELIABILITY.0, RELIABILITY.1)
    }

    /// The same number for all sources that are kin.
    fn family(&self, source: u32) -> u32 {
        let kin = (self.trust)(source).and_then(|trust| trust.kin);
        kin.unwrap_or(source)
    }
}

/// One who states an alternative.
#[derive(Clone, Copy)]
pub(super) struct Voter<'a> {
    pub(super) saying: &'a Saying,
    reliability: f64,
    /// Restates what its kin said, and adds nothing.
    restates: bool,
}

/// One alternative and those who state it.
pub(super) struct Candidate<'a> {
    /// First the one whose wording stands for all.
    pub(super) voters: Vec<Voter<'a>>,
    probability: f64,
}

impl<'a> Candidate<'a> {
    fn counted(&self) -> impl Iterator<Item = &Voter<'a>> {
        self.voters.iter().filter(|voter| !voter.restates)
    }

    fn newest(&self) -> Option<Time> {
        self.voters.iter().map(|v| v.saying.observed).max()
    }
}

/// The outcome of a vote.
pub(super) struct Vote<'a> {
    /// Most probable first.
    candidates: Vec<Candidate<'a>>,
    /// Those who state the best alternative, with their share of all votes' evidence.
    pub(super) supporters: Vec<(&'a Saying, f64)>,
    flags: Flags,
    conflict: f64,
}

impl<'a> Vote<'a> {
    pub(super) fn of(rates: &Rates, words: &[&'a Saying]) -> Self {
        let mut flags = Flags::NONE;
        if words.iter().any(|s| s.is_implausible()) {
            flags = flags.with(Flag::OutOfRange);
        }
        let votes: Vec<&Saying> = words.iter().copied().filter(|s| s.is_vote()).collect();
        let mut candidates = candidates(rates, &votes);
        let alternatives = number_of_alternatives(rates.spec, &candidates);
        let wrong = (alternatives as f64 - 1.0).max(1.0);
        weigh(&mut candidates, alternatives, wrong);
        // Equal to nine digits is equal: then the newest statement goes first.
        candidates.sort_by_key(|c| {
            let first = c.voters.iter().map(|v| v.saying.source).min();
            let rank = (c.probability * 1e9).round() as i64;
            (std::cmp::Reverse((rank, c.newest())), first)
        });
        let conflict = match candidates.as_slice() {
            [best, second, ..] => {
                2.0 * second.probability / (best.probability + second.probability)
            }
            _ => 0.0,
        };
        Self {
            supporters: supporters(&candidates, wrong),
            candidates,
            flags,
            conflict: conflict.min(1.0),
        }
    }

    /// The estimate without its distribution and contributors.
    pub(super) fn header(&self, spec: &AttributeSpec, at: Time) -> Estimate {
        let mut estimate = Estimate {
            flags: self.flags,
            conflict: self.conflict,
            ..Estimate::unknown(at)
        };
        let Some(best) = self.candidates.first() else {
            return estimate;
        };
        let strongest = self.supporters.first();
        estimate.basis = strongest.map_or(Basis::Observed, |(s, _)| s.basis);
        estimate.knowledge = match best.voters[0].saying.say {
            Say::Absent => Knowledge::Absent,
            Say::NotApplicable => Knowledge::NotApplicable,
            Say::Value { .. } | Say::Unknown | Say::Retract => Knowledge::Known,
        };
        estimate.sources = best.counted().count() as u32;
        estimate.evidence_time = best.newest();
        if self.conflict >= CONFLICT_LIMIT {
            estimate.flags = estimate.flags.with(Flag::Conflicting);
        }
        let stale_from = answer::becomes_stale(spec, estimate.knowledge, estimate.evidence_time);
        if stale_from.is_some_and(|from| from <= at) {
            estimate.flags = estimate.flags.with(Flag::Stale);
        }
        estimate
    }

    /// Values with their probabilities; a yes or no as the probability of yes.
    pub(super) fn distribution(&self, spec: &AttributeSpec) -> Distribution {
        let values = self
            .candidates
            .iter()
            .filter_map(|c| match &c.voters[0].saying.say {
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
        let p = match (yes, no) {
            (Some(yes), Some(no)) => yes / (yes + no),
            (Some(yes), None) => yes / (1.0 - self.elsewhere()),
            (None, Some(no)) => 1.0 - no / (1.0 - self.elsewhere()),
            (None, None) => 0.5,
        };
        Distribution::Bernoulli {
            p: p.clamp(0.0, 1.0),
        }
    }

    /// Probability of the alternatives that are no value.
    fn elsewhere(&self) -> f64 {
        let is_value = |c: &&Candidate| matches!(c.voters[0].saying.say, Say::Value { .. });
        let others = self.candidates.iter().filter(|c| !is_value(c));
        others.map(|c| c.probability).sum()
    }
}

fn supporters<'a>(candidates: &[Candidate<'a>], wrong: f64) -> Vec<(&'a Saying, f64)> {
    let evidence = |voter: &Voter| {
        let r = voter.reliability;
        if voter.restates {
            0.0
        } else {
            ln(r * wrong / (1.0 - r)).max(0.0)
        }
    };
    let all = candidates.iter().flat_map(|c| &c.voters);
    let total: f64 = all.map(evidence).sum();
    let share = |voter: &Voter| {
        if total > 0.0 {
            evidence(voter) / total
        } else {
            0.0
        }
    };
    let best = candidates.first().map_or(&[][..], |c| &c.voters);
    let mut supporters: Vec<_> = best.iter().map(|v| (v.saying, share(v))).collect();
    supporters.sort_by(|(a, wa), (b, wb)| {
        wb.total_cmp(wa)
            .then(b.observed.cmp(&a.observed))
            .then(a.source.cmp(&b.source))
    });
    supporters
}

/// Statements that say the same, put together.
fn candidates<'a>(rates: &Rates, votes: &[&'a Saying]) -> Vec<Candidate<'a>> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for group in groups(rates.spec, votes) {
        let voter = |&saying: &&'a Saying| Voter {
            saying,
            reliability: rates.reliability(saying),
            restates: false,
        };
        let mut voters: Vec<Voter> = group.iter().map(voter).collect();
        voters.sort_by(|a, b| {
            (b.reliability.total_cmp(&a.reliability))
                .then(b.saying.observed.cmp(&a.saying.observed))
                .then(a.saying.order(b.saying))
        });
        mark_restating(rates, &mut voters);
        candidates.push(Candidate {
            voters,
            probability: 0.0,
        });
    }
    candidates
}

fn mark_restating(rates: &Rates, voters: &mut [Voter]) {
    for at in 1..voters.len() {
        let family = rates.family(voters[at].saying.source);
        let mut before = voters[..at].iter();
        voters[at].restates = before.any(|v| rates.family(v.saying.source) == family);
    }
}

/// Statements that say the same, in groups; numbers in order, so that neighbours within the
/// tolerance form one chain.
pub(super) fn groups<'a>(spec: &AttributeSpec, votes: &[&'a Saying]) -> Vec<Vec<&'a Saying>> {
    let mut sorted: Vec<&Saying> = votes.to_vec();
    sorted.sort_by(|a, b| number(a).total_cmp(&number(b)).then(a.order(b)));
    let mut groups: Vec<Vec<&Saying>> = Vec::new();
    for saying in sorted {
        let is_same = |group: &&mut Vec<&Saying>| {
            let last = group[group.len() - 1];
            says_the_same(spec, last, saying)
        };
        match groups.iter_mut().find(is_same) {
            Some(group) => group.push(saying),
            None => groups.push(vec![saying]),
        }
    }
    groups
}

fn number(saying: &Saying) -> f64 {
    match &saying.say {
        Say::Value { value, .. } => value.as_number().unwrap_or(f64::INFINITY),
        _ => f64::INFINITY,
    }
}

pub(super) fn says_the_same(spec: &AttributeSpec, a: &Saying, b: &Saying) -> bool {
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
                _ => 0.0,
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
    let is_value = |c: &&Candidate| matches!(c.voters[0].saying.say, Say::Value { .. });
    2 + candidates.len() - candidates.iter().filter(is_value).count()
}

/// Gives every candidate its probability.
fn weigh(candidates: &mut [Candidate], alternatives: usize, wrong: f64) {
    let right = |v: &Voter| ln(v.reliability);
    let mistaken = |v: &Voter| ln((1.0 - v.reliability) / wrong);
    let nobody: f64 = candidates
        .iter()
        .flat_map(Candidate::counted)
        .map(mistaken)
        .sum();
    let score = |c: &Candidate| nobody + c.counted().map(|v| right(v) - mistaken(v)).sum::<f64>();
    let scores: Vec<f64> = candidates.iter().map(score).collect();
    let most = scores.iter().copied().fold(nobody, f64::max);
    let unstated = alternatives.saturating_sub(candidates.len()) as f64;
    let sum = scores.iter().map(|s| exp(s - most)).sum::<f64>() + unstated * exp(nobody - most);
    for (candidate, score) in candidates.iter_mut().zip(scores) {
        candidate.probability = exp(score - most) / sum;
    }
}
