//! How fast the number changes by itself: what the catalogue says of the class, and what
//! was learned of this one.
//!
//! A store room's temperature hardly moves all day; a kitchen's jumps within minutes. The
//! class knows only the average of such rooms. So each number learns its own pace, near (from
//! one reading to the next) and far (over an hour), and with the age of the last reading
//! slowly trusts the class again.
//!
//! Equations:
//! * *Process*: Ornstein–Uhlenbeck (Uhlenbeck & Ornstein, Phys. Rev. 36 (1930) 823) on a
//!   clock of its own, which runs fast on lively days and slowly on quiet ones (a subordinated
//!   process: Clark, Econometrica 41 (1973) 135). With g(Δ) the variance that a random walk
//!   of that pace gains in Δ and S that of the class:
//!   φ = exp(−g/2S), m ← μ + φ(m − μ), P ← φ²P + S(1 − φ²). Where g is larger than the
//!   class's, φ stays the class's and what is beyond adds to P: an unusual thing is lively, not
//!   on its way back to usual. Nor is a number pulled within the hour once its own level is
//!   known.
//! * *Pace*: g is a variogram through two learned points (Matheron, Econ. Geol. 58 (1963)
//!   1246) that returns to the slope of the class within half a day.
//! * *Learning*: the near rate follows the scale of the innovations by stochastic
//!   approximation of the likelihood's gradient in the logarithm (adaptive local level:
//!   Harvey, Forecasting, Structural Time Series Models (1989) 4.1); what is change and what is
//!   noise is told apart by whether successive innovations agree (Mehra, IEEE Trans. Autom.
//!   Control 15 (1970) 175).

use crate::half::Half;
use crate::math::{exp, ln};
use twin_model::{AttributeSpec, Estimator};

/// The near rate is that over a minute and less, the far rate that over an hour.
const NEAR_S: f64 = 60.0;
const FAR_S: f64 = 3600.0;
/// Time with which the pace returns to that of the class: what holds by night need not by day.
const RETURN_S: f64 = 43_200.0;
/// Settled readings after which a number's own level is half known.
const OWN_COUNT: f64 = 20.0;
/// Smallest and largest rate as multiples of the class's.
const RATIO: (f64, f64) = (1e-5, 1e3);
/// Smallest far rate beside the near one: a random walk that turns back.
const FAR_LEAST: f64 = 1.0 / 30.0;
/// Squared innovations count up to three standard deviations: a spike is no news of pace.
const CLIP: f64 = 9.0;
/// Steps of learning: the near rate forgets within a dozen readings, the far one within ten hours.
const NEAR_GAIN: f64 = 0.08;
const FAR_GAIN: f64 = 0.1;
/// Step by which agreement of successive innovations turns noise into change.
const WHITENESS_GAIN: f64 = 0.1;

/// What was learned of the pace; a part of the state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pace {
    /// Variance gained per second, near and far, as multiples of the class's.
    pub(crate) near: f32,
    pub(crate) far: f32,
    /// The level from which the far change is measured, and how long ago it was.
    pub(crate) anchor: f32,
    pub(crate) anchor_age_s: f32,
    /// The last innovation in standard deviations, at most two.
    pub(crate) last: Half,
    /// Readings that have taught it.
    pub(crate) settled: u16,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            near: 1.0,
            far: 1.0,
            anchor: 0.0,
            anchor_age_s: 0.0,
            last: Half::default(),
            settled: 0,
        }
    }
}

/// The process of one number: the class's and its own pace.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process {
    pub(crate) mean: f64,
    pub(crate) variance: f64,
    pub(crate) correlation_time_s: f64,
    /// Variance per second: of the class, and learned.
    usual: f64,
    near: f64,
    far: f64,
    /// How far its own level is known, 0 to 1; for an hour it then stands for what is usual.
    own: f64,
}

/// What a time does to a deviation from usual.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Elapsed {
    /// What is left of it.
    pub(crate) remaining: f64,
    /// The variance that came in meanwhile.
    pub(crate) change: f64,
}

/// How a reading compared with what was foretold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surprise {
    /// Innovation in standard deviations of the forecast.
    pub(crate) innovation_sds: f64,
    /// Shares of change and of noise in the variance of the forecast.
    pub(crate) change_share: f64,
    pub(crate) noise_share: f64,
}

impl Surprise {
    /// By how much the squared innovation exceeds what was foretold.
    pub(crate) fn excess(&self) -> f64 {
        (self.innovation_sds * self.innovation_sds).min(CLIP) - 1.0
    }

    fn clipped(&self) -> f64 {
        self.innovation_sds.clamp(-2.0, 2.0)
    }
}

impl Process {
    pub(crate) fn of(spec: &AttributeSpec, pace: &Pace) -> Self {
        let Estimator::Scalar {
            prior_mean,
            prior_sd,
            correlation_time_s,
            ..
        } = spec.estimator
        else {
            // A state is made by its specification; with another one it knows nothing.
            return Self {
                mean: 0.0,
                variance: 1e30,
                correlation_time_s: 1.0,
                usual: 1e30,
                near: 1e30,
                far: 1e30,
                own: 0.0,
            };
        };
        let variance = prior_sd * prior_sd;
        let usual = 2.0 * variance / correlation_time_s;
        let near = usual * f64::from(pace.near);
        Self {
            mean: prior_mean,
            variance,
            correlation_time_s,
            usual,
            near,
            // Much less would let the variance shrink on the way.
            far: (usual * f64::from(pace.far)).max(FAR_LEAST * near),
            own: f64::from(pace.settled) / (f64::from(pace.settled) + OWN_COUNT),
        }
    }

    /// Variance that a walk of this pace gains.
    fn gained(&self, seconds: f64) -> f64 {
        let within_s = seconds.clamp(0.0, FAR_S);
        let within = within_s * self.near * exp(far_share(within_s) * ln(self.far / self.near));
        let beyond_s = seconds - within_s;
        if beyond_s > 0.0 {
            within + beyond_s * self.rate_beyond(beyond_s)
        } else {
            within
        }
    }

    /// Mean rate beyond the hour. Between a slow pace and the class's it returns in the
    /// logarithm, lest a hundredth of a lively class drown what was learned.
    fn rate_beyond(&self, seconds: f64) -> f64 {
        let kept = exp(-seconds / RETURN_S);
        if self.far < self.usual {
            self.usual * exp(kept * ln(self.far / self.usual))
        } else {
            let mean_kept = (1.0 - kept) * RETURN_S / seconds;
            self.usual + (self.far - self.usual) * mean_kept
        }
    }

    /// What is left of a deviation from usual after a time, and the variance that came in
    /// meanwhile. A lively pace adds variance; it does not pull harder to what is usual.
    pub(crate) fn elapse(&self, seconds: f64) -> Elapsed {
        let gained = self.gained(seconds);
        let pulled_s = seconds.max(0.0) - self.own * seconds.clamp(0.0, FAR_S);
        let of_class = gained.min(self.usual * pulled_s);
        let remaining = exp(-of_class / (2.0 * self.variance));
        let square = remaining * remaining;
        Elapsed {
            remaining,
            change: self.variance * (1.0 - square) + square * (gained - of_class),
        }
    }

    /// A mean and variance, aged.
    pub(crate) fn age(&self, mean: f64, variance: f64, seconds: f64) -> (f64, f64) {
        let Elapsed { remaining, change } = self.elapse(seconds);
        (
            self.mean + remaining * (mean - self.mean),
            remaining * remaining * variance + change,
        )
    }
}

/// Where a time lies between near and far, in the logarithm: 0 to 1.
fn far_share(seconds: f64) -> f64 {
    let share = ln(seconds.max(NEAR_S) / NEAR_S) / ln(FAR_S / NEAR_S);
    share.min(1.0)
}

impl Pace {
    /// Learns from a reading that came `seconds` after the one before and left the level at
    /// `level` with variance `variance`. Returns the factor by which its noise should grow
    /// because successive innovations disagree.
    pub(crate) fn learn(
        &mut self,
        process: &Process,
        surprise: &Surprise,
        seconds: f64,
        (level, variance): (f64, f64),
    ) -> f64 {
        let gain = NEAR_GAIN.max(first_gain(self.settled));
        let agreement = surprise.clipped() * self.last.get();
        let both = 4.0 * surprise.change_share * surprise.noise_share;
        let shift = WHITENESS_GAIN * agreement * both;
        let step = gain * surprise.change_share * surprise.excess() + shift;
        let far_share = far_share(seconds);
        multiply(&mut self.near, step * (1.0 - far_share));
        multiply(&mut self.far, step * far_share);
        if seconds >= FAR_S {
            // Nothing is seen of the near rate any more.
            self.near = self.near.min(self.far);
        }
        self.last = Half::of(surprise.clipped());
        self.settled = self.settled.saturating_add(1);
        self.learn_far(process, seconds, level, variance);
        exp(-shift)
    }

    /// Compares the level with the one an hour ago.
    fn learn_far(&mut self, process: &Process, seconds: f64, level: f64, variance: f64) {
        let age_s = f64::from(self.anchor_age_s) + seconds;
        self.anchor_age_s = age_s.min(1e9) as f32;
        let (least_s, most_s) = (FAR_S, 3.0 * FAR_S);
        if self.settled > 1 && age_s < least_s {
            return;
        }
        if self.settled > 1 && age_s < most_s && seconds < least_s {
            let moved = level - f64::from(self.anchor);
            let foreseen = process.elapse(age_s).change + 2.0 * variance;
            let excess = (moved * moved / foreseen).min(CLIP) - 1.0;
            multiply(&mut self.far, FAR_GAIN * excess);
            self.far = self.far.max((FAR_LEAST * f64::from(self.near)) as f32);
        }
        self.anchor = level as f32;
        self.anchor_age_s = 0.0;
    }
}

/// Step of learning while little was seen: a class may be off by a factor of a hundred either way.
pub(crate) fn first_gain(seen: u16) -> f64 {
    1.0 / (1.5 + f64::from(seen) / 6.0)
}

fn multiply(ratio: &mut f32, logarithm: f64) {
    *ratio = (f64::from(*ratio) * exp(logarithm)).clamp(RATIO.0, RATIO.1) as f32;
}
