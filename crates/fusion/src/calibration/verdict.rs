//! What the counts say: too sure, too unsure, or as promised.
//!
//! Readings that follow each other share the error of their source and of what was believed, so a
//! thousand of them say less than a thousand that are independent. Their number is divided by
//! [`ALIKE`] before anything is called more than chance (the design effect of Kish, Survey
//! Sampling, 1965, 8.2).

use super::score::{Bin, Numbers, PIT_BINS, WIDENINGS, Words, mean};
use super::{Calibration, validated_on};

/// So many lessons in a row count as one.
const ALIKE: f64 = 4.0;
/// Fewer lessons give no verdict.
const LESSONS_MIN: u64 = 200;
/// Normal quantile of what is more than chance, 99 % both sides; and of a band, 95 %.
const MORE_THAN_CHANCE: f64 = 2.576;
const BAND: f64 = 1.960;
/// What a 90 % interval may miss.
const MISSES: f64 = 0.1;

/// Whether an attribute's estimates hold what they promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Not enough was compared to tell.
    TooFew,
    /// As promised, as far as can be told.
    Calibrated,
    /// The truth lies outside more often than promised.
    TooSure,
    /// The truth lies inside more often than promised: wider than needed.
    TooUnsure,
}

impl Verdict {
    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooFew => "tooFew",
            Self::Calibrated => "calibrated",
            Self::TooSure => "tooSure",
            Self::TooUnsure => "tooUnsure",
        }
    }
}

/// A share that was counted, with the band that chance leaves it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// The share, 0..=1.
    pub share: f64,
    /// Where the band of 95 % begins.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
}

/// One bin of reliability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reliability {
    /// Words that fell into it.
    pub looks: u64,
    /// Mean probability with which yes was foreseen.
    pub foreseen: f64,
    /// Share at which yes was said.
    pub said: f64,
}

/// How estimates of one attribute did. What was not compared is `None` or empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The attribute.
    pub attribute: &'static str,
    /// Readings that were compared.
    pub readings: u64,
    /// Share of them inside the central half of what was foreseen.
    pub coverage_50: Option<Share>,
    /// Share of them inside the central nine tenths.
    pub coverage_90: Option<Share>,
    /// Probability integral transforms, in equal bins; all alike when as promised.
    pub pit: [u64; PIT_BINS],
    /// Mean continuous ranked probability score, in the canonical unit.
    pub crps: Option<f64>,
    /// Mean log score.
    pub log_score: Option<f64>,
    /// Words that were compared.
    pub looks: u64,
    /// Brier's score of them.
    pub brier: Option<f64>,
    /// Their reliability; empty bins are left out.
    pub reliability: Vec<Reliability>,
    /// What all this amounts to.
    pub verdict: Verdict,
    /// The factor on the standard deviations, 1 or more.
    pub widening: f64,
    /// The data of others that such estimates were scored on; `None` says that they never were.
    pub validated_on: Option<&'static str>,
}

pub(super) fn report(calibration: &Calibration) -> Report {
    let (numbers, words) = (&calibration.numbers, &calibration.words);
    Report {
        attribute: calibration.attribute,
        readings: numbers.readings,
        coverage_50: share(numbers.held_50, numbers.readings),
        coverage_90: share(numbers.held_90, numbers.readings),
        pit: numbers.pit,
        crps: mean(numbers.crps, numbers.readings),
        log_score: mean(numbers.log_score, numbers.readings),
        looks: words.looks,
        brier: mean(words.brier, words.looks),
        reliability: words.bins.iter().filter_map(reliability).collect(),
        verdict: verdict(numbers, words),
        widening: widening(numbers),
        validated_on: validated_on(calibration.attribute),
    }
}

fn share(held: u64, all: u64) -> Option<Share> {
    let (low, high) = wilson(held, all, BAND)?;
    let share = held as f64 / all as f64;
    Some(Share { share, low, high })
}

/// Wilson's interval for the share of `held` of `all`, of which some are alike.
fn wilson(held: u64, all: u64, quantile: f64) -> Option<(f64, f64)> {
    if all == 0 {
        return None;
    }
    let (n, p) = (all as f64 / ALIKE, held as f64 / all as f64);
    let square = quantile * quantile;
    let middle = (p + square / (2.0 * n)) / (1.0 + square / n);
    let half = quantile * (p * (1.0 - p) / n + square / (4.0 * n * n)).sqrt() / (1.0 + square / n);
    Some(((middle - half).max(0.0), (middle + half).min(1.0)))
}

fn reliability(bin: &Bin) -> Option<Reliability> {
    Some(Reliability {
        looks: bin.looks,
        foreseen: mean(bin.foreseen, bin.looks)?,
        said: bin.yes as f64 / bin.looks as f64,
    })
}

fn verdict(numbers: &Numbers, words: &Words) -> Verdict {
    let by_numbers = verdict_of_numbers(numbers);
    if by_numbers == Verdict::TooFew {
        verdict_of_words(words)
    } else {
        by_numbers
    }
}

fn verdict_of_numbers(numbers: &Numbers) -> Verdict {
    let band = wilson(numbers.held_90, numbers.readings, MORE_THAN_CHANCE);
    match band.filter(|_| numbers.readings >= LESSONS_MIN) {
        None => Verdict::TooFew,
        Some((_, high)) if high < 1.0 - MISSES => Verdict::TooSure,
        Some((low, _)) if low > 1.0 - MISSES => Verdict::TooUnsure,
        Some(_) => Verdict::Calibrated,
    }
}

/// Whether words were foreseen with probabilities farther from one half than they turned out
/// to deserve, or less far (Cox, Biometrika 45 (1958) 562).
fn verdict_of_words(words: &Words) -> Verdict {
    if words.looks < LESSONS_MIN {
        return Verdict::TooFew;
    }
    let (mut off, mut variance) = (0.0, 0.0);
    for bin in words.bins.iter().filter_map(reliability) {
        let looks = bin.looks as f64;
        let towards_half = if bin.foreseen < 0.5 { 1.0 } else { -1.0 };
        off += towards_half * looks * (bin.said - bin.foreseen);
        variance += looks * bin.foreseen * (1.0 - bin.foreseen);
    }
    let beyond_chance = MORE_THAN_CHANCE * (ALIKE * variance).sqrt();
    if off > beyond_chance {
        Verdict::TooSure
    } else if off < -beyond_chance {
        Verdict::TooUnsure
    } else {
        Verdict::Calibrated
    }
}

/// The least factor at which an interval of nine tenths misses no more than chance allows it to;
/// straight between the factors that are counted, the largest of them at most.
pub(super) fn widening(numbers: &Numbers) -> f64 {
    if numbers.readings < LESSONS_MIN {
        return 1.0;
    }
    let n = numbers.readings as f64;
    let allowed = MISSES + MORE_THAN_CHANCE * (MISSES * (1.0 - MISSES) * ALIKE / n).sqrt();
    let missed = |at: usize| numbers.beyond[at] as f64 / n;
    if missed(0) <= allowed {
        return 1.0;
    }
    for at in 1..WIDENINGS.len() {
        if missed(at) <= allowed {
            let (before, after) = (missed(at - 1), missed(at));
            let part = (before - allowed) / (before - after);
            return WIDENINGS[at - 1] + part * (WIDENINGS[at] - WIDENINGS[at - 1]);
        }
    }
    WIDENINGS[WIDENINGS.len() - 1]
}
