//! Whether the intervals hold what they promise: the node marks itself.
//!
//! "Between 20 and 22 °C, nine times in ten" is a promise, and every settled reading shows whether
//! it was kept. Here the node counts how often it was, for every attribute and every source. Where
//! nine in ten turn out to be seven in ten, the intervals of that attribute are given wider from
//! then on, and say so; and an attribute whose estimates were never compared with anybody's
//! measurements but our own says that, too.
//!
//! Equations:
//! * *Probability integral transform*: for a true forecast it is uniform (Dawid, J. R. Stat.
//!   Soc. A 147 (1984) 278); counted in twenty equal bins.
//! * *Continuous ranked probability score* and *log score*: means of what the lessons carry
//!   (Gneiting & Raftery, J. Am. Stat. Assoc. 102 (2007) 359).
//! * *Bands*: Wilson's interval for a share (J. Am. Stat. Assoc. 22 (1927) 209).
//! * *Yes or no*: Brier's score (Mon. Weather Rev. 78 (1950) 1) and ten bins of reliability
//!   (Murphy & Winkler, Appl. Stat. 26 (1977) 41), of what the source was foreseen to *say*:
//!   q = p·hit + (1 − p)·false alarm, with the catalogue's rates.
//!
//! Counts are whole numbers and sums are in fixed point, so lessons may come in any order: the
//! bits are the same (DETERMINISTIC).

mod bytes;
mod outside;
mod score;
mod verdict;

pub use bytes::Error;
pub use outside::validated_on;
pub use score::{BINS, PIT_BINS, SourceScore};
pub use verdict::{Reliability, Report, Share, Verdict};

use crate::lesson::{Lesson, LessonKind};
use score::{Numbers, Words};
use std::collections::BTreeMap;
use twin_model::{AttributeSpec, Estimator};

/// BOUNDED: most sources that are scored one by one; beyond it those with the lowest numbers, the
/// ones that were met first, are kept. The class as a whole counts all.
pub const SCORED_MAX: usize = 65_536;

/// How estimates of one attribute did.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    attribute: &'static str,
    /// Probability that a source says yes when it is yes, and when it is no.
    hit: f64,
    false_alarm: f64,
    numbers: Numbers,
    words: Words,
    sources: BTreeMap<u32, SourceScore>,
}

impl Calibration {
    /// Nothing compared yet.
    ///
    /// ```
    /// use twin_fusion::calibration::{Calibration, Verdict};
    /// use twin_fusion::{Lesson, LessonKind};
    /// let spec = twin_model::Catalogue::BUILT_IN.get("temperature").unwrap();
    /// let mut calibration = Calibration::new(spec);
    /// assert_eq!(calibration.report().verdict, Verdict::TooFew);
    /// for i in 0..2000_u32 {
    ///     // Three readings in ten outside the interval that should hold nine.
    ///     let pit = if i % 10 < 3 { 0.01 } else { 0.5 };
    ///     let kind = LessonKind::Number { pit, crps: 0.3, log_score: 1.0, sd: 0.5 };
    ///     calibration.learn(&Lesson { source: 7, kind });
    /// }
    /// assert_eq!(calibration.report().verdict, Verdict::TooSure);
    /// assert!(calibration.widening() > 1.2);
    /// ```
    pub fn new(spec: &AttributeSpec) -> Self {
        let (hit, false_alarm) = match spec.estimator {
            Estimator::Boolean {
                hit, false_alarm, ..
            } => (hit, false_alarm),
            Estimator::Category { right, labels, .. } => {
                let others = labels.len().saturating_sub(1).max(1);
                (right, (1.0 - right) / others as f64)
            }
            Estimator::Static {
                default_reliability,
                ..
            } => (default_reliability, 1.0 - default_reliability),
            // Numbers and counts give no lessons of words.
            Estimator::Scalar { .. } | Estimator::Count { .. } => (1.0, 0.0),
        };
        Self {
            attribute: spec.name,
            hit,
            false_alarm,
            numbers: Numbers::default(),
            words: Words::default(),
            sources: BTreeMap::new(),
        }
    }

    /// Takes in one lesson; one whose numbers are none changes nothing.
    pub fn learn(&mut self, lesson: &Lesson) {
        match lesson.kind {
            LessonKind::Number {
                pit,
                crps,
                log_score,
                sd: _,
            } => {
                let is_sound =
                    (0.0..=1.0).contains(&pit) && crps.is_finite() && !log_score.is_nan();
                if !is_sound {
                    return;
                }
                self.numbers.count(pit, crps, log_score);
                self.score_of(lesson.source).count_number(pit);
            }
            LessonKind::Word { said, held } => {
                if !(0.0..=1.0).contains(&held) {
                    return;
                }
                let foreseen = held * self.hit + (1.0 - held) * self.false_alarm;
                self.words.count(said, foreseen);
                self.score_of(lesson.source).count_word(said, foreseen);
            }
        }
        while self.sources.len() > SCORED_MAX {
            self.sources.pop_last();
        }
    }

    fn score_of(&mut self, source: u32) -> &mut SourceScore {
        self.sources.entry(source).or_default()
    }

    /// By which factor the standard deviations of this attribute are to be given wider, 1 or
    /// more. Depends on the counts alone, grows from 1 without a jump, and is 1 until the miss is
    /// more than chance makes it.
    pub fn widening(&self) -> f64 {
        verdict::widening(&self.numbers)
    }

    /// All that is known of how estimates of this attribute did.
    pub fn report(&self) -> Report {
        verdict::report(self)
    }

    /// The sources that were compared with, in order of their numbers.
    pub fn sources(&self) -> impl Iterator<Item = (u32, SourceScore)> + '_ {
        self.sources.iter().map(|(&source, &score)| (source, score))
    }
}
