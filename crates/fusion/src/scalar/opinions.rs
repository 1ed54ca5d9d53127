//! The sources of a number beside each other.
//!
//! Two thermometers in one room that differ far beyond what they say of themselves cannot both
//! be right. While nothing tells which is wrong, the answer holds both; once one of them has
//! given itself away (`health`), its word weighs little and the contradiction is over.
//!
//! * *Conflict*: two sources whose newest readings, aged to the newest evidence, differ by
//!   more than three standard deviations contradict each other; the estimate is then the
//!   linear opinion pool of all (Stone, Ann. Math. Stat. 32 (1961) 1339), wide enough to
//!   hold both.

use super::Folded;
use super::filter::FREEDOM;
use super::memory::Memory;
use super::process::Process;
use super::sources::{Penalty, channel_of, correction, measured, median, penalty};
use crate::answer;
use crate::reading::{Reading, Survey};
use twin_model::{AttributeSpec, Time};

/// Share of an assumed variance that is taken for calibration, which no source shows of
/// itself: the rest gives way to the scatter that it does show.
const ASSUMED_SHARE: f64 = 0.5;

impl Memory {
    /// Variance of a reading against the truth, its calibration included.
    pub(super) fn calibration(&self, spec: &AttributeSpec, folded: &Folded, r: &Reading) -> f64 {
        let stated = r.sd() * r.sd();
        let Some(channel) = channel_of(&folded.channels, r.source) else {
            return stated;
        };
        let measured = measured(spec, &folded.channels, channel, r, &self.readings).variance;
        let shared = if r.is_spread_stated() {
            1.0
        } else {
            ASSUMED_SHARE
        };
        measured.max(shared * stated)
    }

    /// The newest reading of each source with its place, without those that were stale
    /// beside the newest evidence.
    pub(super) fn heard<'a>(
        &'a self,
        spec: &'a AttributeSpec,
        survey: &'a Survey,
    ) -> impl Iterator<Item = (usize, &'a Reading)> {
        let newest = survey.evidence_time;
        survey.newest(&self.readings).filter(move |(_, r)| {
            let age_s = newest.map_or(0.0, |newest| newest.seconds_since(r.observed));
            spec.stale_after_s.is_none_or(|limit| age_s <= limit)
        })
    }

    /// What each source says, aged to `at`.
    pub(super) fn fresh(
        &self,
        spec: &AttributeSpec,
        survey: &Survey,
        folded: &Folded,
        at: Time,
    ) -> Vec<Opinion> {
        let process = Process::of(spec, &self.pace);
        self.heard(spec, survey)
            .map(|(place, r)| {
                let channel = channel_of(&folded.channels, r.source);
                let penalty = channel.map_or(Penalty::NONE, |c| {
                    penalty(spec, &folded.channels, c, r.observed, &self.readings)
                });
                // Stated, not learned: a contradiction itself looks like noise, to the one who
                // speaks second. Whoever is doubted for it gives way.
                let stated = r.sd() * r.sd() * (1.0 + penalty.doubted);
                let value = r.value - channel.map_or(0.0, |c| correction(&folded.channels, c));
                let (mean, variance) = process.age(value, stated, at.seconds_since(r.observed));
                Opinion {
                    mean,
                    variance,
                    credit: folded.fits[place] / (1.0 + penalty.leapt),
                }
            })
            .collect()
    }

    /// Mean and variance of the pool, aged to `at`. By ageing opinions come closer without
    /// agreeing more: doubt beyond what is usual shrinks back to that, and not below it.
    pub(super) fn pooled(
        &self,
        spec: &AttributeSpec,
        survey: &Survey,
        folded: &Folded,
        at: Time,
    ) -> (f64, f64) {
        let (mean, variance) = pool(&self.fresh(spec, survey, folded, at));
        let newest = survey.evidence_time.unwrap_or(at);
        let (_, said) = pool(&self.fresh(spec, survey, folded, newest));
        let usual = Process::of(spec, &self.pace).variance;
        (mean, variance.max(said.min(usual)))
    }

    /// How far the two most different sources contradict each other. Looked at when the
    /// newest evidence was observed, so that it does not change by waiting.
    pub(super) fn conflict(&self, spec: &AttributeSpec, survey: &Survey, folded: &Folded) -> f64 {
        let Some(at) = survey.evidence_time.filter(|_| survey.sources > 1) else {
            return 0.0;
        };
        let fresh = self.fresh(spec, survey, folded, at);
        let mut worst: f64 = 0.0;
        for (i, a) in fresh.iter().enumerate() {
            for b in &fresh[i + 1..] {
                let apart = a.mean - b.mean;
                worst = worst.max(apart * apart / (a.variance + b.variance));
            }
        }
        answer::contradiction(worst)
    }
}

/// What one source says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opinion {
    mean: f64,
    variance: f64,
    /// How far it is followed, 0 to 1: less where it has just leapt.
    credit: f64,
}

/// Linear opinion pool. The mean leans to those who stand still and, with the weight of
/// Student's t, to the middle of all: of three, the two that agree prevail. The variance
/// leans to nobody, so that the interval holds whoever may be right after all.
fn pool(opinions: &[Opinion]) -> (f64, f64) {
    let mut means: Vec<f64> = opinions.iter().map(|o| o.mean).collect();
    let middle = median(&mut means);
    let lean = |o: &Opinion| {
        let apart = (o.mean - middle) * (o.mean - middle) / o.variance;
        o.credit * (FREEDOM + 1.0) / (FREEDOM + apart) / o.variance
    };
    let total: f64 = opinions.iter().map(lean).sum();
    let mean: f64 = opinions.iter().map(|o| lean(o) / total * o.mean).sum();
    let total: f64 = opinions.iter().map(|o| 1.0 / o.variance).sum();
    let spread = |o: &Opinion| {
        let apart = (o.mean - mean) * (o.mean - mean);
        (o.variance + apart) / o.variance / total
    };
    (mean, opinions.iter().map(spread).sum())
}
