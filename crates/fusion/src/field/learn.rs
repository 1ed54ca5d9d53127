//! What a building teaches about itself: how far its rooms differ, how much of that they have in
//! common, and how closely neighbours follow each other.
//!
//! The catalogue says what is usual in any building. Most buildings are more even than that, some
//! are more open than most. Leaving out each sensor in turn and foretelling it from the others
//! shows which scale fits; the field that would have been surprised least is taken. With few
//! sensors it stays close to the catalogue.
//!
//! Leave-one-out predictive score (Geisser & Eddy, J. Am. Stat. Assoc. 74 (1979) 153) over a
//! fixed grid, plus a penalty for leaving the catalogue: the logarithm of a log-normal prior. The
//! score is that of a Student-t, so that a liar does not choose the scale.

use super::{Error, Field, Observation};
use crate::math::ln;

/// Factors tried for the standard deviation of the priors.
const SPREADS: [f64; 9] = [0.177, 0.25, 0.354, 0.5, 0.707, 1.0, 1.41, 2.0, 2.83];
/// Factors tried for all conductances.
const COUPLINGS: [f64; 9] = [0.0313, 0.0625, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0];
/// Shares of the variance tried for what all have in common.
const LEVELS: [f64; 7] = [0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95];
/// How far from 1 a factor commonly is: one natural logarithm.
const SPREAD_LN_SD: f64 = 1.0;
const COUPLING_LN_SD: f64 = 1.0;
/// Times the three are chosen in turn.
const TURNS: usize = 2;
/// Degrees of freedom of the score.
const FREEDOM: f64 = 2.0;
/// Squared scale of the score in variances, such that residuals that are normal choose their own
/// variance: E[(ν + 1)·z²/(c + z²)] = 1 (the consistency factor of Huber, Robust Statistics,
/// 1981, 5.2).
const CONSISTENCY: f64 = 1.0734;

/// How a field's stated priors and conductances are scaled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Factor on the standard deviation of every prior.
    pub spread: f64,
    /// Factor on every conductance.
    pub coupling: f64,
    /// Share of the variance that all nodes which hang together have in common, 0 to under 1.
    pub level: f64,
}

impl Default for Scale {
    fn default() -> Self {
        Self {
            spread: 1.0,
            coupling: 1.0,
            level: 0.0,
        }
    }
}

impl Field {
    /// The scale under which these observations foretell each other best. Costs some fifty
    /// answers; worth doing now and then, not for every observation.
    pub fn learn(&self, observations: &[Observation]) -> Result<Scale, Error> {
        let mut best = (Scale::default(), f64::NEG_INFINITY);
        for _ in 0..TURNS {
            for level in LEVELS {
                let scale = Scale { level, ..best.0 };
                self.compare(scale, observations, &mut best)?;
            }
            for spread in SPREADS {
                let scale = Scale { spread, ..best.0 };
                self.compare(scale, observations, &mut best)?;
            }
            for coupling in COUPLINGS {
                let scale = Scale { coupling, ..best.0 };
                self.compare(scale, observations, &mut best)?;
            }
        }
        Ok(best.0)
    }

    fn compare(
        &self,
        scale: Scale,
        observations: &[Observation],
        best: &mut (Scale, f64),
    ) -> Result<(), Error> {
        let field = self.clone().with_scale(scale);
        let seen = field.infer(observations)?;
        let mut score = penalty(scale);
        let order = seen.order();
        for &at in order {
            let check = &seen.crosschecks()[at as usize];
            let variance = check.variance + seen.noise(at as usize);
            let surprise = check.residual * check.residual / CONSISTENCY;
            score -= 0.5 * ln(variance) + 0.5 * (FREEDOM + 1.0) * ln(1.0 + surprise);
        }
        if score > best.1 {
            *best = (scale, score);
        }
        Ok(())
    }
}

fn penalty(scale: Scale) -> f64 {
    let spread = ln(scale.spread) / SPREAD_LN_SD;
    let coupling = ln(scale.coupling) / COUPLING_LN_SD;
    -0.5 * (spread * spread + coupling * coupling)
}
