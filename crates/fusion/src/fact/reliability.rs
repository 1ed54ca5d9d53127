//! How reliable each source of facts is, learned from all facts of one attribute at once.
//!
//! Two drawings and a survey state the widths of a thousand doors. Where they differ nobody
//! knows who is right; but over a thousand doors it shows who is seldom alone. So each
//! fact's most probable value and each source's reliability are worked out together: values
//! from reliabilities, reliabilities from values, until neither changes.
//!
//! Equations: expectation–maximisation of Dawid & Skene (Appl. Stat. 28 (1979) 20) with one
//! coin per source and symmetric errors (ACCU, Dong, Berti-Équille & Srivastava, PVLDB 2
//! (2009) 550). E: the posterior of each fact as in [`super::vote`]. M: r = (w·r₀ + Σ p)/(w +
//! n), the mode of a Beta prior around the catalogue's reliability r₀ that counts as
//! [`PRIOR_FACTS`] facts, p the probability that what the source says is right. Where an
//! attribute is not a yes or no, a wrong source is taken to choose among at least
//! [`WRONG_LEAST`] others: with fewer, two sources that agree would seem to be mistaken
//! together too often, and all would be thought worse than they are.
//!
//! **Copies.** Sources that are not independent (two files from one model) cannot be told
//! from good ones by agreement alone; what tells is too much of it. Two sources of the largest
//! reliability that is ever learned, 0.99, agree on 98 of 100 facts. Sources that agree on
//! more, over at least [`KIN_FACTS`] facts, are *kin*: where they say the same they count
//! once, here and in every vote. A truly good pair is so believed less than it might be;
//! a pair of copies no longer outvotes an independent source.
//!
//! What a source states with a probability of its own is weighed with that and teaches
//! nothing about it. Facts with the same pattern of who agrees with whom are worked out
//! once, in a fixed order, so that neither the order of the facts nor their number changes a
//! bit (DETERMINISTIC).

use super::vote::{groups, says_the_same};
use super::{Fact, Say, Saying};
use crate::lesson::Trust;
use crate::state::{Kind, State};
use std::collections::BTreeMap;
use twin_model::catalogue::Form;
use twin_model::{AttributeSpec, Estimator};

/// Facts that the catalogue's reliability counts as.
const PRIOR_FACTS: f64 = 10.0;
/// Wrong alternatives of what is not a yes or no, at least: some ten widths of doors, uses of
/// rooms and classes of fire resistance are common.
const WRONG_LEAST: u64 = 9;
/// No source is learned to be better or worse than this.
const RELIABILITY: (f64, f64) = (0.01, 0.99);
/// Facts that two sources must share before they can be kin.
const KIN_FACTS: u64 = 50;
/// Share of them on which kin agree, more than.
const KIN_AGREEMENT: f64 = RELIABILITY.1 * RELIABILITY.1;
/// BOUNDED: facts on which more sources vote do not tell who is whose kin.
const KIN_VOTES_MAX: usize = 16;
/// BOUNDED: rounds until it is taken to be settled, and patterns looked at in all of them;
/// but a few rounds there are always, and the first ones move most.
const ROUNDS: (usize, usize) = (8, 200);
const PATTERNS_MAX: usize = 3_000_000;
/// Change of a reliability that is none.
const SETTLED: f64 = 1e-6;

/// How reliable each source is that shares a fact of this attribute with another one;
/// [`Trust::hit`] is the probability that it is right. States of other estimators, and facts
/// with fewer than two sources, are passed over.
///
/// ```
/// use std::collections::BTreeMap;
/// use twin_model::Catalogue;
/// let spec = Catalogue::BUILT_IN.get("width").unwrap();
/// assert_eq!(twin_fusion::reliabilities(spec, std::iter::empty()), BTreeMap::new());
/// ```
pub fn reliabilities<'a>(
    spec: &AttributeSpec,
    facts: impl Iterator<Item = &'a State>,
) -> BTreeMap<u32, Trust> {
    let Estimator::Static {
        default_reliability,
        ..
    } = spec.estimator
    else {
        return BTreeMap::new();
    };
    let (sources, patterns) = Patterns::of(spec, facts).count();
    let families = families(sources.len(), &patterns);
    let right = settle(default_reliability, sources.len(), &patterns, &families);
    let mut members = vec![0_u32; sources.len()];
    for &family in &families {
        members[family as usize] += 1;
    }
    let trust = |at: usize| {
        let family = families[at] as usize;
        Trust {
            hit: right[at],
            false_alarm: 1.0 - right[at],
            kin: (members[family] > 1).then(|| sources[family]),
        }
    };
    sources
        .iter()
        .enumerate()
        .map(|(at, &source)| (source, trust(at)))
        .collect()
}

/// One source's vote in a pattern.
#[derive(Debug, Clone, Copy)]
struct Vote {
    /// Place of the source in the list of all sources.
    source: u32,
    /// Which of the pattern's alternatives it states.
    candidate: u32,
    /// The probability of being right that it states itself.
    stated: Option<f64>,
}

/// Who says the same as whom, and on how many facts.
#[derive(Debug)]
struct Pattern {
    votes: Vec<Vote>,
    candidates: usize,
    /// Wrong alternatives.
    wrong: f64,
    facts: f64,
}

/// The patterns of all facts as rows of numbers, before equal ones are counted: wrong
/// alternatives, then of each vote its source and alternative and what it states.
#[derive(Default)]
struct Patterns {
    numbers: Vec<u64>,
    ends: Vec<usize>,
}

/// What stands for "states no probability".
const NOT_STATED: u64 = u64::MAX;

impl Patterns {
    fn of<'a>(spec: &AttributeSpec, facts: impl Iterator<Item = &'a State>) -> Self {
        let mut patterns = Self::default();
        let mut words = Vec::new();
        for state in facts {
            let Kind::Fact(fact) = state.kind() else {
                continue;
            };
            if fact.0.len() > 1 {
                newest_votes(fact, &mut words);
                patterns.add(spec, &words);
            }
        }
        patterns
    }

    fn add(&mut self, spec: &AttributeSpec, votes: &[&Saying]) {
        match votes {
            [] | [_] => return,
            [a, b] => {
                let b_says = u32::from(!says_the_same(spec, a, b));
                let candidates = [a, b].into_iter().take(1 + b_says as usize);
                self.numbers
                    .push(wrong_alternatives(spec, candidates.copied()));
                self.push_vote(a, 0);
                self.push_vote(b, b_says);
            }
            _ => {
                let mut groups = groups(spec, votes);
                // In order of the first source, so that equal patterns look equal.
                groups.sort_by_key(|group| group.iter().map(|s| s.source).min());
                let first = groups.iter().map(|group| group[0]);
                self.numbers.push(wrong_alternatives(spec, first));
                for vote in votes {
                    let says =
                        |group: &&Vec<&Saying>| group.iter().any(|s| std::ptr::eq(*s, *vote));
                    let candidate = groups.iter().take_while(|group| !says(group)).count();
                    self.push_vote(vote, candidate as u32);
                }
            }
        }
        self.ends.push(self.numbers.len());
    }

    fn push_vote(&mut self, saying: &Saying, candidate: u32) {
        let stated = saying.stated_reliability().map_or(NOT_STATED, f64::to_bits);
        let place = u64::from(saying.source) << 32 | u64::from(candidate);
        self.numbers.extend([place, stated]);
    }

    /// The sources in order, and each pattern once with its number of facts.
    fn count(self) -> (Vec<u32>, Vec<Pattern>) {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let mut rows: Vec<&[u64]> = starts
            .zip(&self.ends)
            .map(|(from, &to)| &self.numbers[from..to])
            .collect();
        rows.sort_unstable();
        let votes = rows.iter().flat_map(|row| row[1..].chunks_exact(2));
        let mut sources: Vec<u32> = votes.map(|vote| (vote[0] >> 32) as u32).collect();
        sources.sort_unstable();
        sources.dedup();
        let equal = rows.chunk_by(|a, b| a == b);
        let patterns = equal
            .map(|rows| pattern(rows[0], rows.len(), &sources))
            .collect();
        (sources, patterns)
    }
}

fn pattern(row: &[u64], facts: usize, sources: &[u32]) -> Pattern {
    let vote = |fields: &[u64]| {
        let source = (fields[0] >> 32) as u32;
        Vote {
            source: sources.binary_search(&source).unwrap_or(0) as u32,
            candidate: fields[0] as u32,
            stated: (fields[1] != NOT_STATED).then(|| f64::from_bits(fields[1])),
        }
    };
    let votes: Vec<Vote> = row[1..].chunks_exact(2).map(vote).collect();
    Pattern {
        candidates: votes
            .iter()
            .map(|v| v.candidate as usize + 1)
            .max()
            .unwrap_or(0),
        wrong: row[0] as f64,
        facts: facts as f64,
        votes,
    }
}

/// The votes that hold when the newest was made, in order of source.
fn newest_votes<'a>(fact: &'a Fact, votes: &mut Vec<&'a Saying>) {
    votes.clear();
    let Some(newest) = fact.0.iter().map(|s| s.observed).max() else {
        return;
    };
    votes.extend(fact.words(newest).into_iter().filter(|s| s.is_vote()));
}

/// Wrong alternatives beside a true one, with one statement of each stated alternative.
fn wrong_alternatives<'a>(spec: &AttributeSpec, stated: impl Iterator<Item = &'a Saying>) -> u64 {
    if spec.form == Form::Boolean {
        return 1 + stated
            .filter(|s| !matches!(s.say, Say::Value { .. }))
            .count() as u64;
    }
    WRONG_LEAST.max(stated.count() as u64)
}

/// For each source the first of those it is kin with, or itself.
fn families(sources: usize, patterns: &[Pattern]) -> Vec<u32> {
    let mut families: Vec<u32> = (0..sources as u32).collect();
    for pair in pairs(patterns).chunk_by(|a, b| a.sources == b.sources) {
        let shared: u64 = pair.iter().map(|p| p.shared).sum();
        let agreed: u64 = pair.iter().map(|p| p.agreed).sum();
        if shared >= KIN_FACTS && agreed as f64 > KIN_AGREEMENT * shared as f64 {
            let (a, b) = pair[0].sources;
            let (a, b) = (families[a as usize], families[b as usize]);
            for family in &mut families {
                *family = if *family == a.max(b) {
                    a.min(b)
                } else {
                    *family
                };
            }
        }
    }
    families
}

/// On how many facts two sources both vote, and on how many they agree.
#[derive(Debug, Clone, Copy)]
struct Pair {
    sources: (u32, u32),
    shared: u64,
    agreed: u64,
}

/// Every pair in every pattern, the same sources together.
fn pairs(patterns: &[Pattern]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for pattern in patterns.iter().filter(|p| p.votes.len() <= KIN_VOTES_MAX) {
        let shared = pattern.facts as u64;
        for (at, a) in pattern.votes.iter().enumerate() {
            pairs.extend(pattern.votes[at + 1..].iter().map(|b| Pair {
                sources: (a.source, b.source),
                shared,
                agreed: if a.candidate == b.candidate {
                    shared
                } else {
                    0
                },
            }));
        }
    }
    pairs.sort_unstable_by_key(|pair| pair.sources);
    pairs
}

/// Rounds of values from reliabilities and reliabilities from values.
fn settle(usual: f64, sources: usize, patterns: &[Pattern], families: &[u32]) -> Vec<f64> {
    let mut reliabilities = vec![usual; sources];
    let mut shares = Vec::new();
    let rounds = (PATTERNS_MAX / patterns.len().max(1)).clamp(ROUNDS.0, ROUNDS.1);
    for _ in 0..rounds {
        let mut sums = vec![(PRIOR_FACTS * usual, PRIOR_FACTS); sources];
        for pattern in patterns {
            probabilities(pattern, &reliabilities, families, &mut shares);
            for vote in pattern.votes.iter().filter(|vote| vote.stated.is_none()) {
                let (right, all) = &mut sums[vote.source as usize];
                *right += pattern.facts * shares[vote.candidate as usize];
                *all += pattern.facts;
            }
        }
        let mut change: f64 = 0.0;
        for (old, (right, all)) in reliabilities.iter_mut().zip(sums) {
            let new = clamp(right / all);
            change = change.max((new - *old).abs());
            *old = new;
        }
        if change < SETTLED {
            break;
        }
    }
    reliabilities
}

fn clamp(reliability: f64) -> f64 {
    reliability.clamp(RELIABILITY.0, RELIABILITY.1)
}

/// The probability of each alternative of a pattern, relative to one that nobody states. At
/// most 64 factors of at most 99·65 each stay below 1e250.
fn probabilities(pattern: &Pattern, right: &[f64], families: &[u32], shares: &mut Vec<f64>) {
    shares.clear();
    shares.resize(pattern.candidates, 1.0);
    for (at, vote) in pattern.votes.iter().enumerate() {
        let family = families[vote.source as usize];
        let is_kin =
            |v: &Vote| v.candidate == vote.candidate && families[v.source as usize] == family;
        if pattern.votes[..at].iter().any(is_kin) {
            continue;
        }
        let kin = pattern.votes[at..].iter().filter(|v| is_kin(v));
        let rate = |v: &Vote| clamp(v.stated.unwrap_or(right[v.source as usize]));
        let r = kin.map(rate).fold(0.0, f64::max);
        shares[vote.candidate as usize] *= r * pattern.wrong / (1.0 - r);
    }
    let unstated = (pattern.wrong + 1.0 - pattern.candidates as f64).max(0.0);
    let sum = shares.iter().sum::<f64>() + unstated;
    for share in shares {
        *share /= sum;
    }
}
