//! What a building teaches about itself: how far its rooms differ, how much of that they have in
//! common, and how closely neighbours follow each other.
//!
//! The catalogue says what is usual in any building. Most buildings are more even than that, some
//! are more open than most. Leaving out each sensor in turn and foretelling it from the others
//! shows which scale fits. Where the sensors are few, several fit about as well, and they do not
//! give the same answer: each is then believed by how well it fits, and the answer is as unsure
//! as they are apart. With few sensors it also stays close to the catalogue.
//!
//! * *Fit*: leave-one-out predictive score (Geisser & Eddy, J. Am. Stat. Assoc. 74 (1979) 153)
//!   over a fixed grid, searched one factor at a time, plus a penalty for leaving the catalogue:
//!   the logarithm of a log-normal prior. The score is that of a Student-t, so that a liar
//!   does not choose the scale; and as m values are only m − 1 differences, it counts for
//!   (m − 1)/m: two sensors that happen to agree do not make a building even.
//! * *Blend*: the scales on the grid's lines through the best one, by the exponential of their
//!   scores (pseudo-Bayesian model averaging: Yao, Vehtari, Simpson & Gelman, Bayesian Analysis
//!   13 (2018) 917, eq. 9; the grid as in Rue, Martino & Chopin, J. R. Stat. Soc. B 71 (2009)
//!   319, 3.1).
//!
//! What is learned depends on the observations of one instant and on nothing else.

use super::{Error, Field, Observation, Posterior};
use crate::math::{exp, ln};

/// What is tried, and how often.
struct Search {
    /// Shares of the variance for what all have in common.
    levels: &'static [f64],
    /// Factors for the standard deviation of the priors.
    spreads: &'static [f64],
    /// Factors for all conductances.
    couplings: &'static [f64],
    /// Times the three are chosen in turn.
    turns: usize,
    /// Most scales that are blended.
    blended_max: usize,
}

const THOROUGH: Search = Search {
    levels: &[0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95],
    spreads: &[0.177, 0.25, 0.354, 0.5, 0.707, 1.0, 1.41, 2.0, 2.83],
    couplings: &[0.0313, 0.0625, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0],
    turns: 2,
    blended_max: 7,
};
/// For a field so large that an answer takes milliseconds; eight answers in all.
const QUICK: Search = Search {
    levels: &[0.0, 0.4, 0.8],
    spreads: &[0.25, 0.5, 1.0, 2.0],
    couplings: &[0.25, 1.0, 4.0],
    turns: 1,
    blended_max: 2,
};
/// Numbers in a factor up to which the search is thorough: about a thousand spaces.
const THOROUGH_MAX: usize = 1 << 15;
/// How far from 1 a factor commonly is, in natural logarithms. The conductances are arguments,
/// not measurements, and may be further off than the spread.
const SPREAD_LN_SD: f64 = 1.0;
const COUPLING_LN_SD: f64 = 2.0;
/// Least part in a blend.
const PART_MIN: f64 = 0.01;
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

impl Scale {
    fn differs_in_one_at_most(&self, other: &Self) -> bool {
        let differs = [
            self.spread != other.spread,
            self.coupling != other.coupling,
            self.level != other.level,
        ];
        differs.into_iter().filter(|&differs| differs).count() <= 1
    }

    fn penalty(&self) -> f64 {
        let spread = ln(self.spread) / SPREAD_LN_SD;
        let coupling = ln(self.coupling) / COUPLING_LN_SD;
        -0.5 * (spread * spread + coupling * coupling)
    }
}

/// The scales that fit a building, each with how much it is believed; the parts sum to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned(Vec<(Scale, f64)>);

impl Learned {
    /// The scale that fits best.
    pub fn best(&self) -> Scale {
        self.0[0].0
    }

    /// All of them, the best first.
    pub fn scales(&self) -> &[(Scale, f64)] {
        &self.0
    }
}

/// A field under each of the scales that were learned.
#[derive(Debug, Clone)]
pub struct Blend(Vec<(Field, f64)>);

impl Blend {
    /// Mean and variance at every node, over all scales; which observations tell, and what they
    /// say of each other, under the best. Costs one answer for each scale.
    pub fn infer(&self, observations: &[Observation]) -> Result<Posterior<'_>, Error> {
        let mut answers = Vec::with_capacity(self.0.len());
        for (field, part) in &self.0 {
            answers.push((field.infer(observations)?, *part));
        }
        let (best, _) = &answers[0];
        let (means, variances) = (0..best.means().len())
            .map(|node| mixture(&answers, node))
            .unzip();
        let (best, _) = answers.swap_remove(0);
        Ok(best.with_moments(means, variances))
    }
}

/// Mean and variance of what is believed in parts.
fn mixture(answers: &[(Posterior<'_>, f64)], node: usize) -> (f64, f64) {
    let mean: f64 = answers.iter().map(|(a, part)| part * a.means()[node]).sum();
    let around = |(answer, part): &(Posterior<'_>, f64)| {
        let off = answer.means()[node] - mean;
        part * (answer.variances()[node] + off * off)
    };
    (mean, answers.iter().map(around).sum())
}

impl Field {
    /// The scales under which these observations foretell each other best. Costs up to fifty
    /// answers, and eight where the field is large. One sensor teaches nothing.
    pub fn learn(&self, observations: &[Observation]) -> Result<Learned, Error> {
        if observations.len() < 2 {
            return Ok(Learned(vec![(Scale::default(), 1.0)]));
        }
        let search = if self.factor_len() <= THOROUGH_MAX {
            &THOROUGH
        } else {
            &QUICK
        };
        let mut tried = Tried {
            field: self,
            observations,
            scores: Vec::new(),
        };
        let mut best = Scale::default();
        for _ in 0..search.turns {
            let levels = search.levels.iter();
            best = tried.best(best, levels.map(|&level| Scale { level, ..best }))?;
            let spreads = search.spreads.iter();
            best = tried.best(best, spreads.map(|&spread| Scale { spread, ..best }))?;
            let couplings = search.couplings.iter();
            best = tried.best(best, couplings.map(|&coupling| Scale { coupling, ..best }))?;
        }
        Ok(tried.blend(&best, search.blended_max))
    }

    /// The field under what was learned of it.
    pub fn blended(&self, learned: &Learned) -> Blend {
        let fields = learned.0.iter();
        Blend(
            fields
                .map(|&(scale, part)| (self.clone().with_scale(scale), part))
                .collect(),
        )
    }
}

/// Scales that were tried, with their scores, in the order in which they were.
struct Tried<'a> {
    field: &'a Field,
    observations: &'a [Observation],
    scores: Vec<(Scale, f64)>,
}

impl Tried<'_> {
    /// The best of `scales`, or what was best before them.
    fn best(&mut self, before: Scale, scales: impl Iterator<Item = Scale>) -> Result<Scale, Error> {
        let mut best = (before, self.score(before)?);
        for scale in scales {
            let score = self.score(scale)?;
            if score > best.1 {
                best = (scale, score);
            }
        }
        Ok(best.0)
    }

    fn score(&mut self, scale: Scale) -> Result<f64, Error> {
        if let Some((_, score)) = self.scores.iter().find(|(tried, _)| *tried == scale) {
            return Ok(*score);
        }
        let field = self.field.clone().with_scale(scale);
        let seen = field.infer(self.observations)?;
        let mut score = 0.0;
        for &at in seen.order() {
            let check = &seen.crosschecks()[at as usize];
            let variance = check.variance + seen.noise(at as usize);
            let surprise = check.residual * check.residual / CONSISTENCY;
            score -= 0.5 * ln(variance) + 0.5 * (FREEDOM + 1.0) * ln(1.0 + surprise);
        }
        let count = self.observations.len() as f64;
        score = score * (count - 1.0) / count + scale.penalty();
        self.scores.push((scale, score));
        Ok(score)
    }

    fn blend(mut self, best: &Scale, blended_max: usize) -> Learned {
        self.scores
            .retain(|(scale, _)| scale.differs_in_one_at_most(best));
        // Stable, so that of equals the first that was tried comes first.
        self.scores.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        self.scores.truncate(blended_max);
        let most = self.scores[0].1;
        let mut parts: Vec<(Scale, f64)> = self.scores;
        for (_, part) in &mut parts {
            *part = exp(*part - most);
        }
        parts.retain(|(_, part)| *part >= PART_MIN);
        let sum: f64 = parts.iter().map(|(_, part)| part).sum();
        for (_, part) in &mut parts {
            *part /= sum;
        }
        Learned(parts)
    }
}
