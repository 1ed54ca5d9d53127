//! How people come and go while nobody looks.
//!
//! Somebody comes into an empty room now and then; company attracts company, so a room in use
//! fills further; everybody leaves after a while. That makes most rooms empty most of the
//! time and the others hold several, where independent arrivals would make every room hold
//! about one.
//!
//! It is Kendall's linear birth–death process with immigration (D. G. Kendall, J. R. Stat.
//! Soc. B 11 (1949) 230): from n people, one more comes at rate
//! λ + νn, one leaves at rate μn. Its law after a time t is known exactly, for any t: with
//! e = exp(−(μ − ν)t), α = μ(1 − e)/(μ − νe) and β = ν(1 − e)/(μ − νe),
//! * each of the n present has left without followers with probability α;
//! * else he and those he attracted are a geometric number, 1 or more, with ratio β;
//! * those who came by themselves, with theirs, are negative binomial with exponent λ/ν and
//!   ratio β.
//!
//! What would exceed 63 is put at 63.

use crate::math::{exp, ln};
use twin_model::{AttributeSpec, Estimator};

/// Numbers that are told apart: 0..=63.
pub(crate) const NUMBERS: usize = 64;
/// A probability for each number.
pub(crate) type Numbers = [f64; NUMBERS];

/// Arrivals that one person present attracts, as a share of departures: ν/μ. A room in use
/// then holds 2.5 on average, as offices for two to six do.
const COMPANY: f64 = 0.8;
/// Share of rooms that hold any number whatever when they are first counted: meetings and
/// halls, which the process does not know.
const GATHERING_SHARE: f64 = 0.1;
/// Followers that are less probable than this are left out.
const NEGLIGIBLE: f64 = 1e-18;

/// The process, from the catalogue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process {
    arrivals_hz: f64,
    departures_hz: f64,
}

/// What a stretch of time does to a number.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    /// Leaves without followers: α.
    gone: f64,
    /// Ratio of the geometric numbers: β.
    ratio: f64,
}

impl Process {
    pub(crate) fn of(spec: &AttributeSpec) -> Self {
        match spec.estimator {
            Estimator::Count {
                arrivals_hz,
                departures_hz,
                ..
            } => Self {
                arrivals_hz,
                departures_hz,
            },
            // A state is made by its specification; with another one it knows nothing.
            _ => Self {
                arrivals_hz: 1.0,
                departures_hz: 1.0,
            },
        }
    }

    fn exponent(&self) -> f64 {
        self.arrivals_hz / (COMPANY * self.departures_hz)
    }

    /// The number in a room before anybody has told of it: what it is after a long time
    /// alone, or any.
    pub(crate) fn before_counting(&self) -> Numbers {
        let any = GATHERING_SHARE / NUMBERS as f64;
        negative_binomial(self.exponent(), COMPANY).map(|p| (1.0 - GATHERING_SHARE) * p + any)
    }

    /// The probability that somebody present is still there after a time.
    pub(crate) fn remaining(&self, seconds: f64) -> f64 {
        exp(-seconds.max(0.0) * self.departures_hz)
    }

    /// How long somebody stays on average.
    pub(crate) fn stay_s(&self) -> f64 {
        1.0 / self.departures_hz
    }

    /// Variance of the number in a room in which one person is usual: what a witness must
    /// beat to be worth something.
    pub(crate) fn usual_variance(&self) -> f64 {
        let mean = self.arrivals_hz / (self.departures_hz * (1.0 - COMPANY));
        mean / (1.0 - COMPANY)
    }

    pub(crate) fn age(&self, p: &Numbers, seconds: f64) -> Numbers {
        if seconds <= 0.0 {
            return *p;
        }
        let left = exp(-seconds * self.departures_hz * (1.0 - COMPANY));
        let share = (1.0 - left) / (1.0 - COMPANY * left);
        let stretch = Stretch {
            gone: share,
            ratio: COMPANY * share,
        };
        let followed = follow(&thin(p, stretch.gone), stretch.ratio);
        add(
            &followed,
            &negative_binomial(self.exponent(), stretch.ratio),
        )
    }
}

/// Negative binomial probabilities, with the tail at the last number.
fn negative_binomial(exponent: f64, ratio: f64) -> Numbers {
    let mut p = [0.0; NUMBERS];
    let (mut term, mut sum) = (exp(exponent * ln(1.0 - ratio)), 0.0);
    for (n, entry) in p.iter_mut().enumerate() {
        if term < NEGLIGIBLE {
            break;
        }
        *entry = term;
        sum += term;
        term *= ratio * (n as f64 + exponent) / (n + 1) as f64;
    }
    p[NUMBERS - 1] += (1.0 - sum).max(0.0);
    p
}

/// The probabilities that so many of j do something that each does with probability `each`,
/// for one j after the other: binomial, by Pascal's rule. What is negligible is left out, which
/// makes short times cheap.
struct Binomial {
    each: f64,
    row: Numbers,
    /// The last entry that is not negligible.
    last: usize,
}

impl Binomial {
    fn of_none(each: f64) -> Self {
        let mut row = [0.0; NUMBERS];
        row[0] = 1.0;
        Self { each, row, last: 0 }
    }

    fn one_more(&mut self) {
        let most = (self.last + 1).min(NUMBERS - 1);
        for n in (1..=most).rev() {
            self.row[n] = self.row[n] * (1.0 - self.each) + self.row[n - 1] * self.each;
        }
        self.row[0] *= 1.0 - self.each;
        if self.row[most] > NEGLIGIBLE {
            self.last = most;
        } else {
            self.row[most] = 0.0;
        }
    }

    fn terms(&self) -> &[f64] {
        &self.row[..=self.last]
    }
}

/// Each of n leaves with probability `leaves`.
fn thin(p: &Numbers, leaves: f64) -> Numbers {
    let mut result = [0.0; NUMBERS];
    let mut left = Binomial::of_none(leaves);
    for (n, &p) in p.iter().enumerate() {
        let stayed = result[..=n].iter_mut().rev();
        for (entry, term) in stayed.zip(left.terms()) {
            *entry += p * term;
        }
        left.one_more();
    }
    result
}

/// Each of m becomes a geometric number, 1 or more: m become k with probability
/// C(k − 1, k − m) β^(k − m) (1 − β)^m. What would exceed the last number is put there.
fn follow(p: &Numbers, ratio: f64) -> Numbers {
    let mut result = [0.0; NUMBERS];
    let mut added = Binomial::of_none(ratio);
    result[0] = p[0];
    for k in 1..NUMBERS {
        let from = p[1..=k].iter().rev();
        let terms = from.zip(added.terms()).map(|(p, term)| p * term);
        result[k] = (1.0 - ratio) * terms.sum::<f64>();
        added.one_more();
    }
    let all: f64 = p.iter().sum();
    let kept: f64 = result.iter().sum();
    result[NUMBERS - 1] += (all - kept).max(0.0);
    result
}

/// The sum of two independent numbers, with what exceeds the last number put there.
fn add(a: &Numbers, b: &Numbers) -> Numbers {
    let mut sum = [0.0; NUMBERS];
    for (j, &q) in b.iter().enumerate() {
        if q == 0.0 {
            continue;
        }
        for (n, &p) in a.iter().enumerate() {
            sum[(n + j).min(NUMBERS - 1)] += p * q;
        }
    }
    sum
}
