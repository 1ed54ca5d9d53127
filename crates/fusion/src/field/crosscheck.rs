//! Measured rooms as witnesses for each other.
//!
//! What would the field say of a room if its own sensor had said nothing? If that differs from
//! what the sensor says by more than both may be off, the sensor is believed less, so that it
//! no longer pulls its neighbours with it. Only neighbours count as witnesses: that 300 °C is
//! not *usual* is no argument against a sensor that nobody else can contradict. And as the one
//! that differs may be the one that is right, what would follow from believing it widens
//! the answer around it.
//!
//! Leave-one-out mean and variance from the full answer: with m, v at the node and precision p
//! of the observation y, v₋ = v/(1 − p·v) and m₋ = (m − p·v·y)/(1 − p·v) (Rue & Held 2005, 2.3;
//! Stone, J. R. Stat. Soc. B 36 (1974) 111). With s the share of the other observations in m₋,
//! what they say without the prior µ is µ + (m₋ − µ)/s, which is off by the more the less they
//! have to say. For a difference of d standard deviations, what was foreseen is widened
//! by 1/w with the weight w of a Student-t (Roth, Özkan & Gustafsson, ICASSP 2013, 5770; Lange,
//! Little & Taylor, J. Am. Stat. Assoc. 84 (1989) 881), flat up to two standard deviations so
//! that ordinary scatter does not count against anybody. The widening is laid on the noise.

/// Degrees of freedom beyond the flat part.
const FREEDOM: f64 = 1.0;
/// Squared difference up to which an observation counts in full.
const ORDINARY: f64 = 4.0;
/// How many times farther from usual than the prior says a room may be, where the others
/// have little to say.
const UNUSUAL: f64 = 2.0;
/// Below this share the others are no witnesses.
const TESTIMONY_MIN: f64 = 1e-3;

/// An observation, seen by all others.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Crosscheck {
    /// What the field says at its node without it, in the canonical unit.
    pub mean: f64,
    /// The variance of that.
    pub variance: f64,
    /// How far the observation is from it, in standard deviations of both.
    pub residual: f64,
    /// The share of the other observations in it, 0..=1; where it is small, a large residual
    /// says that something unusual goes on rather than that a sensor lies.
    pub testimony: f64,
    /// How much of its stated precision it was given, 0..=1.
    pub weight: f64,
}

/// An observation and what the field says at its node, it included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) observed: f64,
    pub(super) noise: f64,
    pub(super) weight: f64,
    pub(super) mean: f64,
    pub(super) variance: f64,
    /// Share of the others in the answer without it, all of them believed in full: whether
    /// they *can* speak does not depend on whether they were believed.
    pub(super) testimony: f64,
    pub(super) prior_mean: f64,
    pub(super) prior_variance: f64,
}

impl Seen {
    /// Takes the observation out.
    pub(super) fn without(&self) -> Crosscheck {
        let gain = self.weight * self.variance / self.noise;
        let left = 1.0 - gain;
        let variance = self.variance / left;
        let mean = (self.mean - gain * self.observed) / left;
        Crosscheck {
            mean,
            variance,
            residual: (self.observed - mean) / (self.noise + variance).sqrt(),
            testimony: self.testimony,
            weight: self.weight,
        }
    }

    /// The weight that the observation deserves beside what the others say.
    pub(super) fn deserved_weight(&self, others: &Crosscheck) -> f64 {
        let share = others.testimony;
        if share < TESTIMONY_MIN {
            return 1.0;
        }
        let foreseen = self.noise + others.variance;
        let by_others = self.prior_mean + (others.mean - self.prior_mean) / share;
        let loose = UNUSUAL * (1.0 / share - 1.0);
        let spread = foreseen + self.prior_variance * loose * loose;
        let off = self.observed - by_others;
        let widening = ((FREEDOM + off * off / spread) / (FREEDOM + ORDINARY)).max(1.0);
        self.noise / (self.noise + (widening - 1.0) * foreseen)
    }
}
