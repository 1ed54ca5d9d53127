//! Distributions: how an estimate spreads over what may be true.

use crate::value::Value;
use std::sync::Arc;

/// What may be true, and how probable it is. Numbers are in the canonical unit.
#[derive(Debug, Clone, PartialEq)]
pub enum Distribution {
    /// A number with a normal spread.
    Gaussian {
        /// Mean, in the canonical unit.
        mean: f64,
        /// Standard deviation, in the canonical unit; positive.
        sd: f64,
    },
    /// A yes with this probability.
    Bernoulli {
        /// Probability of yes, 0..=1.
        p: f64,
    },
    /// A whole number: entry *n* is the probability of *n*. Sums to 1.
    Counts(Arc<[f32]>),
    /// Competing values with their probabilities, most probable first; what is
    /// missing to 1 belongs to values that nobody stated.
    Alternatives(Arc<[(Value, f64)]>),
}

impl Distribution {
    /// The single value to show where only one can be shown: the mean, the more
    /// probable truth value, the most probable count or alternative.
    pub fn best(&self) -> Value {
        match self {
            Self::Gaussian { mean, .. } => Value::Number(*mean),
            Self::Bernoulli { p } => Value::Boolean(*p >= 0.5),
            Self::Counts(p) => Value::Number(most_probable(p) as f64),
            Self::Alternatives(list) => list
                .first()
                .map_or_else(|| Value::text(""), |(value, _)| value.clone()),
        }
    }

    /// Mean and standard deviation of a number or count.
    pub fn moments(&self) -> Option<(f64, f64)> {
        match self {
            Self::Gaussian { mean, sd } => Some((*mean, *sd)),
            Self::Counts(p) => {
                let (mut mean, mut square) = (0.0, 0.0);
                for (n, &p) in p.iter().enumerate() {
                    mean += n as f64 * f64::from(p);
                    square += (n * n) as f64 * f64::from(p);
                }
                Some((mean, (square - mean * mean).max(0.0).sqrt()))
            }
            Self::Bernoulli { .. } | Self::Alternatives(_) => None,
        }
    }

    /// The central interval that holds `level` (for example 0.9) of the probability.
    ///
    /// ```
    /// use twin_model::Distribution;
    /// let (lo, hi) = Distribution::Gaussian { mean: 20.0, sd: 1.0 }.interval(0.9).unwrap();
    /// assert!((lo - 18.355).abs() < 1e-3 && (hi - 21.645).abs() < 1e-3);
    /// ```
    pub fn interval(&self, level: f64) -> Option<(f64, f64)> {
        let tail = (1.0 - level) / 2.0;
        match self {
            Self::Gaussian { mean, sd } => {
                let z = normal_quantile(1.0 - tail);
                Some((mean - z * sd, mean + z * sd))
            }
            Self::Counts(p) => Some((count_quantile(p, tail), count_quantile(p, 1.0 - tail))),
            Self::Bernoulli { .. } | Self::Alternatives(_) => None,
        }
    }

    /// How probable the best value is, for truth values, counts and alternatives.
    pub fn confidence(&self) -> Option<f64> {
        match self {
            Self::Bernoulli { p } => Some(p.max(1.0 - p)),
            Self::Counts(p) => p.get(most_probable(p)).map(|&p| f64::from(p)),
            Self::Alternatives(list) => list.first().map(|(_, p)| *p),
            Self::Gaussian { .. } => None,
        }
    }
}

/// The first of the largest entries, so that ties do not depend on order of evaluation.
fn most_probable(p: &[f32]) -> usize {
    (0..p.len()).fold(0, |best, n| if p[n] > p[best] { n } else { best })
}

/// The smallest count whose cumulated probability reaches `q`.
fn count_quantile(p: &[f32], q: f64) -> f64 {
    let mut sum = 0.0;
    for (n, &p) in p.iter().enumerate() {
        sum += f64::from(p);
        if sum >= q {
            return n as f64;
        }
    }
    p.len().saturating_sub(1) as f64
}

/// Quantile of the standard normal distribution: algorithm AS 241 (PPND7),
/// M. J. Wichura, Applied Statistics 37 (1988) 477–484; about seven digits.
pub fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        let numerator =
            ((59.109_374_72 * r + 159.291_132_02) * r + 50.434_271_938) * r + 3.387_132_717_9;
        let denominator = ((67.187_563_600 * r + 78.757_757_664) * r + 17.895_169_469) * r + 1.0;
        return q * numerator / denominator;
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    if tail <= 0.0 {
        return f64::INFINITY.copysign(q);
    }
    let r = (-tail.ln()).sqrt();
    let z = if r <= 5.0 {
        let r = r - 1.6;
        (((0.170_238_210_3 * r + 1.306_728_48) * r + 2.756_815_39) * r + 1.423_437_277_7)
            / ((0.120_211_328_6 * r + 0.737_001_64) * r + 1.0)
    } else {
        let r = r - 5.0;
        (((0.017_337_203_6 * r + 0.428_682_94) * r + 3.081_226_37) * r + 6.657_905_115_0)
            / ((0.012_258_202_6 * r + 0.241_978_94) * r + 1.0)
    };
    z.copysign(q)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_quantiles_match_the_tables() {
        for (p, z) in [
            (0.5, 0.0),
            (0.95, 1.644_854),
            (0.975, 1.959_964),
            (0.999, 3.090_232),
            (1e-9, -5.997_807),
        ] {
            assert!(
                (normal_quantile(p) - z).abs() < 2e-5,
                "{p}: {}",
                normal_quantile(p)
            );
        }
    }

    #[test]
    fn counts_have_whole_intervals() {
        let d = Distribution::Counts(vec![0.1, 0.2, 0.4, 0.2, 0.1].into());
        assert_eq!(d.interval(0.6), Some((1.0, 3.0)));
        assert_eq!(d.best(), Value::Number(2.0));
        let (mean, sd) = d.moments().unwrap();
        assert!((mean - 2.0).abs() < 1e-6 && (sd - 1.2_f64.sqrt()).abs() < 1e-6);
    }
}
