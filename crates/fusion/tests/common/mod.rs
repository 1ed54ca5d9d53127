//! What the tests share: evidence in one line, and chance that can be repeated.

// Each test binary uses its own part of this.
#![allow(dead_code, unreachable_pub)]

use twin_fusion::{Evidence, Lesson, Outcome, Setting, State, Witness};
use twin_model::{
    Act, AttributeSpec, Basis, Catalogue, ClaimId, Distribution, Estimate, Interval, SourceId,
    Stated, Time, Uncertainty, Value,
};

pub fn spec(name: &str) -> &'static AttributeSpec {
    Catalogue::BUILT_IN.get(name).unwrap()
}

pub fn source_name(number: u32) -> SourceId {
    SourceId::new(&format!("urn:s:{number}")).unwrap()
}

/// One claim, owned; `claim` is its number in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    pub claim: u64,
    pub source: u32,
    pub at_s: f64,
    pub act: Act,
    pub valid: Interval,
    pub basis: Basis,
}

pub fn said(claim: u64, source: u32, at_s: f64, act: Act) -> Said {
    Said {
        claim,
        source,
        at_s,
        act,
        valid: Interval::ALWAYS,
        basis: Basis::Observed,
    }
}

pub fn number(claim: u64, source: u32, at_s: f64, value: f64, sd: f64) -> Said {
    let uncertainty = Some(Uncertainty::StandardDeviation(sd));
    let stated = Stated {
        uncertainty,
        ..Value::Number(value).into()
    };
    said(claim, source, at_s, Act::Assert(stated))
}

pub fn yes_no(claim: u64, source: u32, at_s: f64, value: bool) -> Said {
    said(
        claim,
        source,
        at_s,
        Act::Assert(Value::Boolean(value).into()),
    )
}

pub fn fact(claim: u64, source: u32, at_s: f64, value: Value) -> Said {
    said(claim, source, at_s, Act::Assert(value.into()))
}

pub fn seconds(at_s: f64) -> Time {
    Time::from_seconds(0).plus_seconds(at_s)
}

fn evidence(said: &Said, recorded_s: f64) -> Evidence<'_> {
    Evidence {
        claim: ClaimId {
            incarnation: 1,
            sequence: said.claim,
        },
        source: said.source,
        act: &said.act,
        valid: said.valid,
        observed: seconds(said.at_s),
        recorded: seconds(recorded_s),
        basis: said.basis,
        witness: Witness::Itself,
    }
}

pub fn tell(state: &mut State, spec: &AttributeSpec, said: &Said) -> Outcome {
    tell_all(state, spec, said, &mut Vec::new())
}

/// The same, with what it teaches.
pub fn tell_all(
    state: &mut State,
    spec: &AttributeSpec,
    said: &Said,
    lessons: &mut Vec<Lesson>,
) -> Outcome {
    state.update(spec, &evidence(said, said.at_s), lessons)
}

/// The same, recorded at another time than it was observed.
pub fn tell_recorded(
    state: &mut State,
    spec: &AttributeSpec,
    said: &Said,
    recorded_s: f64,
) -> Outcome {
    state.update(spec, &evidence(said, recorded_s), &mut Vec::new())
}

pub fn state_of(spec: &AttributeSpec, all: &[Said]) -> State {
    let mut state = State::new(spec);
    for one in all {
        tell(&mut state, spec, one);
    }
    state
}

pub fn estimate(state: &State, spec: &AttributeSpec, at_s: f64) -> Estimate {
    state.estimate(spec, seconds(at_s), &Setting::plain(&source_name))
}

pub fn moments(estimate: &Estimate) -> (f64, f64) {
    estimate.distribution.as_ref().unwrap().moments().unwrap()
}

pub fn probability(estimate: &Estimate) -> f64 {
    match estimate.distribution {
        Some(Distribution::Bernoulli { p }) => p,
        ref other => panic!("expected a yes or no, got {other:?}"),
    }
}

/// SplitMix64 (Steele, Lea & Flood 2014): short, and the same for ever.
pub struct Chance(pub u64);

impl Chance {
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In 0..1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Standard normal, by the sum of twelve.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// Poisson with a small mean, by multiplication (Knuth).
    pub fn poisson(&mut self, mean: f64) -> usize {
        let (limit, mut product, mut n) = ((-mean).exp(), self.unit(), 0);
        while product > limit {
            product *= self.unit();
            n += 1;
        }
        n
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            let other = (self.bits() % (at as u64 + 1)) as usize;
            list.swap(at, other);
        }
    }
}
