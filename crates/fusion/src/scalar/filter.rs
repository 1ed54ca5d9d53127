//! One reading after the other: the robust Kalman filter.
//!
//! A thermometer pulls the estimate towards what it reads, the more the surer it is. One
//! absurd reading hardly moves the estimate but makes it unsure; the second reading that says
//! the same is believed.
//!
//! *Update*: scalar Kalman filter with a Student-t weight on the measurement,
//! w = min(1, (ν + 1)/(ν + d²)), d² = e²/(P + R), R ← R/w (Agamennoni, Nieto & Nebot,
//! IEEE Trans. Signal Process. 60 (2012) 5024). The variance is divided by w afterwards, as in
//! the t filter of Roth, Özkan & Gustafsson (ICASSP 2013), so that a surprise costs certainty
//! and a real jump is followed at the next reading.

use super::process::{Elapsed, Process, Surprise};
use crate::lesson::LessonKind;
use crate::math::{exp, ln, normal_cdf};
use twin_model::Time;

/// Degrees of freedom of the measurement noise: tails heavy enough for rare spikes, the
/// variance still finite.
pub(crate) const FREEDOM: f64 = 4.0;

/// Mean and variance at a time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Base {
    pub(crate) mean: f64,
    /// Seven digits of a variance are plenty, and four bytes count a million times.
    pub(crate) variance: f32,
    /// Whether any evidence has joined; before that the rest means nothing.
    pub(crate) has_begun: bool,
    pub(crate) time: Time,
}

/// A reading as the filter takes it: its source's bias taken off, its variance as learned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) value: f64,
    pub(crate) variance: f64,
    pub(crate) observed: Time,
}

/// What was foretold for a reading.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Forecast {
    pub(crate) mean: f64,
    /// Variance of the level, and how much of it came in since the reading before.
    pub(crate) variance: f64,
    pub(crate) change: f64,
    pub(crate) seconds: f64,
    /// What is left of a deviation after that time.
    pub(crate) remaining: f64,
}

/// What one reading did: the share of the deviation that is left of everything before
/// it, and its own share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share {
    pub(crate) kept: f64,
    pub(crate) gained: f64,
}

impl Base {
    /// What is foretold for a reading at a time.
    pub(crate) fn forecast(&self, process: &Process, at: Time) -> Forecast {
        if !self.has_begun {
            return Forecast {
                mean: process.mean,
                variance: process.variance,
                change: process.variance,
                seconds: 0.0,
                remaining: 0.0,
            };
        }
        let seconds = at.seconds_since(self.time).max(0.0);
        let Elapsed { remaining, change } = process.elapse(seconds);
        Forecast {
            mean: process.mean + remaining * (self.mean - process.mean),
            variance: remaining * remaining * f64::from(self.variance) + change,
            change,
            seconds,
            remaining,
        }
    }

    /// Ages the base to the reading and takes it in.
    pub(crate) fn take(&mut self, forecast: &Forecast, measured: &Measured) -> Share {
        let Forecast { mean, variance, .. } = *forecast;
        let innovation = measured.value - mean;
        let surprise = innovation * innovation / (variance + measured.variance);
        let weight = ((FREEDOM + 1.0) / (FREEDOM + surprise)).min(1.0);
        let gain = variance / (variance + measured.variance / weight);
        self.mean = mean + gain * innovation;
        self.variance = ((1.0 - gain) * variance / weight).clamp(1e-30, 1e30) as f32;
        self.time = measured.observed;
        self.has_begun = true;
        Share {
            kept: forecast.remaining * (1.0 - gain),
            gained: gain,
        }
    }
}

impl Forecast {
    pub(crate) fn surprise(&self, measured: &Measured) -> Surprise {
        let total = self.variance + measured.variance;
        Surprise {
            innovation_sds: (measured.value - self.mean) / total.sqrt(),
            change_share: self.change / total,
            noise_share: measured.variance / total,
        }
    }

    /// The comparison with the reading, noise of the source included. Score of a normal
    /// distribution: Gneiting & Raftery, J. Am. Stat. Assoc. 102 (2007) 359.
    pub(crate) fn lesson(&self, measured: &Measured) -> LessonKind {
        let sd = (self.variance + measured.variance).sqrt();
        let z = (measured.value - self.mean) / sd;
        let pit = normal_cdf(z);
        let root_of_tau = (2.0 * std::f64::consts::PI).sqrt();
        let density = exp(-0.5 * z * z) / root_of_tau;
        LessonKind::Number {
            pit,
            crps: sd
                * (z * (2.0 * pit - 1.0) + 2.0 * density - std::f64::consts::FRAC_2_SQRT_PI * 0.5),
            log_score: 0.5 * z * z + ln(sd * root_of_tau),
            sd,
        }
    }
}
