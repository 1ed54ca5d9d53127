//! The counts behind a calibration.

use crate::math::normal_cdf;

/// Bins of the probability integral transform.
pub const PIT_BINS: usize = 20;
/// Bins of reliability.
pub const BINS: usize = 10;
/// Factors on the standard deviation at which the interval's coverage is counted.
pub(super) const WIDENINGS: [f64; 12] =
    [1.0, 1.1, 1.2, 1.3, 1.45, 1.6, 1.8, 2.0, 2.3, 2.7, 3.2, 4.0];
/// Half a 90 % interval in standard deviations: Φ⁻¹(0.95).
const HALF_WIDTH_SDS: f64 = 1.644_853_626_951_472_7;
/// Units of fixed point in 1.
const FIXED: f64 = (1_u64 << 24) as f64;
/// No score counts for more, so that one infinite surprise does not hide all others.
pub(super) const SCORE_MAX: f64 = 1e6;

/// A score in fixed point: sums of these do not depend on their order.
fn fixed(score: f64) -> i128 {
    (score.clamp(-SCORE_MAX, SCORE_MAX) * FIXED).round() as i128
}

/// The mean of `count` scores with this sum.
pub(super) fn mean(sum: i128, count: u64) -> Option<f64> {
    (count > 0).then(|| sum as f64 / FIXED / count as f64)
}

/// The largest sum that `count` scores can have.
pub(super) fn sum_max(count: u64) -> i128 {
    i128::from(count) * fixed(SCORE_MAX)
}

/// Readings against what was foreseen of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) readings: u64,
    /// Inside the central half, and inside the central nine tenths.
    pub(super) held_50: u64,
    pub(super) held_90: u64,
    /// Outside the nine tenths after widening by each of [`WIDENINGS`].
    pub(super) beyond: [u64; WIDENINGS.len()],
    pub(super) pit: [u64; PIT_BINS],
    pub(super) crps: i128,
    pub(super) log_score: i128,
}

impl Numbers {
    pub(super) fn count(&mut self, pit: f64, crps: f64, log_score: f64) {
        self.readings = self.readings.saturating_add(1);
        self.held_50 = self.held_50.saturating_add(u64::from(is_within(pit, 0.25)));
        self.held_90 = self.held_90.saturating_add(u64::from(is_within(pit, 0.05)));
        let tail = pit.min(1.0 - pit);
        for (beyond, widening) in self.beyond.iter_mut().zip(WIDENINGS) {
            let is_beyond = tail < normal_cdf(-HALF_WIDTH_SDS * widening);
            *beyond = beyond.saturating_add(u64::from(is_beyond));
        }
        let bin = ((pit * PIT_BINS as f64) as usize).min(PIT_BINS - 1);
        self.pit[bin] = self.pit[bin].saturating_add(1);
        self.crps = self.crps.saturating_add(fixed(crps));
        self.log_score = self.log_score.saturating_add(fixed(log_score));
    }
}

fn is_within(pit: f64, tail: f64) -> bool {
    (tail..=1.0 - tail).contains(&pit)
}

/// Words that were foreseen with about the same probability.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Bin {
    pub(super) looks: u64,
    /// How often yes was said.
    pub(super) yes: u64,
    /// Sum of the probabilities of that.
    pub(super) foreseen: i128,
}

/// Words against what was foreseen of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) looks: u64,
    pub(super) brier: i128,
    pub(super) bins: [Bin; BINS],
}

impl Words {
    pub(super) fn count(&mut self, said: bool, foreseen: f64) {
        let off = f64::from(u8::from(said)) - foreseen;
        self.looks = self.looks.saturating_add(1);
        self.brier = self.brier.saturating_add(fixed(off * off));
        let bin = &mut self.bins[((foreseen * BINS as f64) as usize).min(BINS - 1)];
        bin.looks = bin.looks.saturating_add(1);
        bin.yes = bin.yes.saturating_add(u64::from(said));
        bin.foreseen = bin.foreseen.saturating_add(fixed(foreseen));
    }
}

/// How estimates did against one source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SourceScore {
    /// Its readings that were compared.
    pub readings: u32,
    /// Those inside the central half, and inside the central nine tenths.
    pub held_50: u32,
    /// Inside the central nine tenths.
    pub held_90: u32,
    /// Those below the middle: far from half of them, and it reads too high or too low.
    pub below: u32,
    /// Its words that were compared.
    pub looks: u32,
    /// Those that were foreseen rather than not.
    pub foreseen: u32,
}

impl SourceScore {
    pub(super) fn count_number(&mut self, pit: f64) {
        count(&mut self.readings, true);
        count(&mut self.held_50, is_within(pit, 0.25));
        count(&mut self.held_90, is_within(pit, 0.05));
        count(&mut self.below, pit < 0.5);
    }

    pub(super) fn count_word(&mut self, said: bool, foreseen: f64) {
        count(&mut self.looks, true);
        count(&mut self.foreseen, said == (foreseen >= 0.5));
    }
}

fn count(sum: &mut u32, is_one_more: bool) {
    *sum = sum.saturating_add(u32::from(is_one_more));
}
