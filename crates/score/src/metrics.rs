//! How good a belief is: closeness, and whether it is as sure as it may be.
//!
//! Scores are proper (Gneiting & Raftery, J. Am. Stat. Assoc. 102 (2007) 359): none is
//! improved by saying anything but what one believes.

use std::f64::consts::{PI, SQRT_2};
use twin_model::distribution::normal_quantile;

fn density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / (2.0 * PI).sqrt()
}

/// Cumulated standard normal distribution.
pub(crate) fn cumulated(z: f64) -> f64 {
    0.5 * libm::erfc(-z / SQRT_2)
}

/// Continuous ranked probability score of a normal belief (Gneiting et al., Mon. Weather
/// Rev. 133 (2005) 1098, eq. 5), in the unit of the value.
pub(crate) fn crps(mean: f64, sd: f64, truth: f64) -> f64 {
    if sd <= 0.0 {
        return (truth - mean).abs();
    }
    let z = (truth - mean) / sd;
    sd * (z * (2.0 * cumulated(z) - 1.0) + 2.0 * density(z) - 1.0 / PI.sqrt())
}

/// Root of the mean of squares; `NaN` of none.
pub(crate) fn rms(errors: impl IntoIterator<Item = f64>) -> f64 {
    mean(errors.into_iter().map(|e| e * e)).sqrt()
}

/// The mean; `NaN` of none.
pub(crate) fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut sum, mut n) = (0.0, 0);
    for value in values {
        sum += value;
        n += 1;
    }
    sum / f64::from(n)
}

/// The middle value; `None` of none.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

/// Distance of a sample from the uniform distribution on 0..=1 (Kolmogorov–Smirnov).
pub(crate) fn uniform_distance(sample: &[f64]) -> f64 {
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let steps = sorted.iter().enumerate();
    steps.fold(0.0, |most: f64, (i, &u)| {
        most.max(u - i as f64 / n).max((i + 1) as f64 / n - u)
    })
}

/// The distance that one uniform sample in twenty exceeds (Stephens, J. R. Stat. Soc. B 32
/// (1970) 115).
pub(crate) fn uniform_distance_max(n: usize) -> f64 {
    let root = (n as f64).sqrt();
    1.358 / (root + 0.12 + 0.11 / root)
}

/// What was believed in normal form, and what was so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Belief {
    pub(crate) mean: f64,
    pub(crate) sd: f64,
    pub(crate) truth: f64,
}

impl Belief {
    fn z(self) -> f64 {
        (self.truth - self.mean) / self.sd
    }
}

/// Marks of many beliefs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marks {
    pub(crate) n: usize,
    /// Share of truths inside the central 50 and 90 % intervals.
    pub(crate) cover50: f64,
    pub(crate) cover90: f64,
    pub(crate) crps: f64,
    pub(crate) rmse: f64,
    /// Mean width of the 90 % interval.
    pub(crate) width90: f64,
}

impl Marks {
    pub(crate) fn of(beliefs: &[Belief]) -> Self {
        let inside = |level: f64| {
            let most = normal_quantile(0.5 + level / 2.0);
            mean(
                beliefs
                    .iter()
                    .map(|b| f64::from(u8::from(b.z().abs() <= most))),
            )
        };
        Self {
            n: beliefs.len(),
            cover50: inside(0.5),
            cover90: inside(0.9),
            crps: mean(beliefs.iter().map(|b| crps(b.mean, b.sd, b.truth))),
            rmse: rms(beliefs.iter().map(|b| b.truth - b.mean)),
            width90: mean(beliefs.iter().map(|b| 2.0 * normal_quantile(0.95) * b.sd)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_of_a_sure_belief_is_its_error() {
        assert!((crps(20.0, 1e-9, 21.5) - 1.5).abs() < 1e-6);
        // Closed form at the mean: sd (√2 − 1)/√π.
        assert!((crps(0.0, 2.0, 0.0) - 2.0 * (SQRT_2 - 1.0) / PI.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn even_samples_are_uniform_and_heaps_are_not() {
        let even: Vec<f64> = (0..200).map(|i| (f64::from(i) + 0.5) / 200.0).collect();
        assert!(uniform_distance(&even) < 0.01);
        let heap = vec![0.5; 200];
        assert!(uniform_distance(&heap) > uniform_distance_max(200));
    }

    #[test]
    fn marks_of_a_known_sample() {
        let beliefs = [0.0, 1.0, 3.0].map(|truth| Belief {
            mean: 0.0,
            sd: 1.0,
            truth,
        });
        let marks = Marks::of(&beliefs);
        assert!((marks.cover50 - 1.0 / 3.0).abs() < 1e-12);
        assert!((marks.cover90 - 2.0 / 3.0).abs() < 1e-12);
        assert!((marks.width90 - 3.29).abs() < 0.01);
    }
}
