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

use super::memory::Memory;
use super::process::Process;
use crate::answer;
use crate::health::Channel;
use crate::reading::{Reading, Survey};
use twin_model::{AttributeSpec, Time};

impl Memory {
    /// Variance of a reading against the truth, its calibration included.
    pub(super) fn calibration(&self, spec: &AttributeSpec, reading: &Reading) -> f64 {
        let measured = self.measured(spec, reading).variance;
        if reading.is_spread_stated() {
            measured.max(reading.sd() * reading.sd())
        } else {
            measured
        }
    }

    /// The newest reading of each source with its record, without those that were stale
    /// beside the newest evidence.
    pub(super) fn heard<'a>(
        &'a self,
        spec: &'a AttributeSpec,
        survey: &'a Survey,
    ) -> impl Iterator<Item = (&'a Channel, &'a Reading)> {
        let newest = survey.evidence_time;
        survey
            .newest(&self.readings)
            .filter(move |r| {
                let age_s = newest.map_or(0.0, |newest| newest.seconds_since(r.observed));
                spec.stale_after_s.is_none_or(|limit| age_s <= limit)
            })
            .filter_map(|r| self.channel(r.source).map(|channel| (channel, r)))
    }

    /// Mean and variance of what each source says, aged to `at`.
    pub(super) fn fresh(&self, spec: &AttributeSpec, survey: &Survey, at: Time) -> Vec<(f64, f64)> {
        let process = Process::of(spec, &self.pace);
        self.heard(spec, survey)
            .map(|(channel, r)| {
                // Stated, not learned: a contradiction itself looks like noise, to the one who
                // speaks second. Whoever is doubted for it is the one who gives way.
                let stated = r.sd() * r.sd() * self.penalty(spec, channel, r.observed);
                let value = r.value - channel.known_bias();
                process.age(value, stated, at.seconds_since(r.observed))
            })
            .collect()
    }

    /// How far the two most different sources contradict each other. Looked at when the
    /// newest evidence was observed, so that it does not change by waiting.
    pub(super) fn conflict(&self, spec: &AttributeSpec, survey: &Survey) -> f64 {
        let Some(at) = survey.evidence_time.filter(|_| survey.sources > 1) else {
            return 0.0;
        };
        let fresh = self.fresh(spec, survey, at);
        let mut worst: f64 = 0.0;
        for (i, (a, var_a)) in fresh.iter().enumerate() {
            for (b, var_b) in &fresh[i + 1..] {
                worst = worst.max((a - b) * (a - b) / (var_a + var_b));
            }
        }
        answer::contradiction(worst)
    }
}

/// Linear opinion pool: mean and variance of the mixture, weighted by precision.
pub(super) fn pool(opinions: &[(f64, f64)]) -> (f64, f64) {
    let total: f64 = opinions.iter().map(|(_, variance)| 1.0 / variance).sum();
    let share = |variance: f64| 1.0 / variance / total;
    let mean: f64 = opinions.iter().map(|(m, v)| share(*v) * m).sum();
    let spread = |(m, v): &(f64, f64)| share(*v) * (v + (m - mean) * (m - mean));
    (mean, opinions.iter().map(spread).sum())
}
