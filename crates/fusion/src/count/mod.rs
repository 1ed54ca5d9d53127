//! How many: people in a room.
//!
//! People come and go one by one. Somebody counts them; or the air they breathe, what moves
//! and the phones they carry tell of them; or a counter in the door tells who passed. The
//! answer is a probability for every number from none to 63 ("63 or more"). While nobody says
//! anything it returns to what is usual, and it never takes silence for an empty room.
//!
//! This is an exact filter on 0..=63: people come and go as [`process`] says, and everything
//! said is weighed in order of observation, each in its way ([`witness`], [`air`]).
//! What was said in the last ten minutes is kept as it was said, sixteen readings at most, so
//! that the order of arrival does not matter; what is older has *settled* into one
//! distribution ([`belief`]). A voice whose reading comes later than that takes part only if it
//! had not spoken yet.
//!
//! When a direct count settles it is compared with what was foreseen for it ([`lesson`]).

mod air;
mod belief;
mod codec;
mod lesson;
mod process;
mod share;
mod voice;
mod witness;

use crate::answer::{self, Weights};
use crate::evidence::{Evidence, Setting};
use crate::lesson::Lesson;
use crate::math::power;
use crate::reading::{Places, Reading, Readings, Survey, Tag, Word, insert_sorted, standing};
use crate::state::Outcome;
use crate::window;
use belief::{Belief, SUSPECT, Settled};
use process::{NUMBERS, Numbers, Process};
use share::normalise;
use twin_model::{
    AttributeSpec, Distribution, Estimate, Flag, HealthState, Knowledge, SourceHealth, Summary,
    Time,
};
use voice::{Way, source_of};

pub(crate) use codec::{put, take};

/// Variance of the number of people as motion, air or passages alone tell it: they tell
/// somebody from nobody, and two from six.
const WEAK_VARIANCE: f64 = 4.0;

/// What has settled, the newest settled reading of each voice, and the window.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Count {
    settled: Option<Box<Settled>>,
    readings: Readings,
}

impl Count {
    pub(crate) fn is_empty(&self) -> bool {
        self.readings.is_empty() && self.settled.is_none()
    }

    /// The sources that speak, in whatever way; some may be named twice.
    pub(crate) fn sources(&self) -> Vec<u32> {
        let readings = self.readings.iter();
        readings.map(|r| source_of(r.source)).collect()
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let settled = self.settled.as_ref().map_or(0, |settled| {
            size_of::<Settled>() + size_of_val(&*settled.airs) + size_of_val(&*settled.doubts)
        });
        settled + self.readings.heap_bytes()
    }

    pub(crate) fn update(
        &mut self,
        spec: &AttributeSpec,
        evidence: &Evidence,
        lessons: &mut Vec<Lesson>,
    ) -> Outcome {
        let Some(reading) = voice::reading(spec, evidence) else {
            return Outcome::Refused;
        };
        if self.readings.absorb_repeat(&reading) {
            return Outcome::Duplicate;
        }
        let process = Process::of(spec);
        let settled = self.settled.as_ref().map(|settled| settled.time);
        if window::is_late(&self.readings, settled, &reading) {
            return self.update_late(&process, reading);
        }
        let outcome = window::outcome_of(&self.readings, &reading);
        let settled = &mut self.settled;
        self.readings.edit(|list| {
            insert_sorted(list, reading);
            while let Some(oldest) = window::overdue(list) {
                settle(&process, settled, list, oldest, lessons);
            }
        });
        outcome
    }

    /// Evidence from before what has settled. The first word of a voice is weighed as if
    /// it came with what settled last, for as much as is left of it by then.
    fn update_late(&mut self, process: &Process, reading: Reading) -> Outcome {
        if reading.word() == Word::Retract {
            return Outcome::NothingToRetract;
        }
        if self.readings.iter().any(|r| r.source == reading.source) {
            return Outcome::Superseded;
        }
        let mut entry = reading;
        if reading.is_evidence() {
            let mut belief = Belief::begin(process, self.settled.as_deref());
            let joins = belief.time.unwrap_or(reading.observed);
            let carried = Reading {
                observed: joins.max(reading.observed),
                ..reading
            };
            let fresh = process.remaining(joins.seconds_since(reading.observed));
            belief.take(process, &carried, None, fresh);
            self.settled = belief.settle().map(Box::new);
            entry.tag = entry.tag.with(Tag::LATE);
        }
        entry.tag = entry.tag.with(Tag::FOLDED);
        self.readings.edit(|list| {
            insert_sorted(list, entry);
            window::bound_folded(list);
        });
        window::outcome_of_late(&entry)
    }

    /// What is believed with the window weighed in, at the newest reading.
    fn believe(&self, process: &Process, standing: Places) -> Belief {
        let mut belief = Belief::begin(process, self.settled.as_deref());
        for (at, reading) in self.readings.iter().enumerate() {
            if !reading.is_folded() && standing.has(at) && reading.is_evidence() {
                let before = evidence_before(&self.readings, |at| standing.has(at), at);
                belief.take(process, reading, before, 1.0);
            }
        }
        belief
    }

    /// What the newest words amount to. Ventilation alone says nothing of people, and a
    /// device with two voices is one source.
    fn survey(&self, spec: &AttributeSpec, standing: Places) -> Survey {
        let is_ventilation =
            |at: &usize| Way::of_voice(self.readings[*at].source) == Some(Way::Ventilation);
        let telling = (0..self.readings.len())
            .filter(is_ventilation)
            .fold(standing, Places::without);
        let mut survey = Survey::of(spec, &self.readings, telling);
        if survey.sources > 1 {
            survey.sources = self.devices(spec, &survey);
        }
        survey
    }

    /// Sources with evidence that is not stale beside the newest.
    fn devices(&self, spec: &AttributeSpec, survey: &Survey) -> u32 {
        let newest = survey.evidence_time.unwrap_or_default();
        let is_fresh = |r: &&Reading| {
            let age_s = newest.seconds_since(r.observed);
            spec.stale_after_s.is_none_or(|limit| age_s <= limit)
        };
        let fresh = survey.newest(&self.readings).map(|(_, reading)| reading);
        let fresh = fresh.filter(is_fresh);
        let mut devices: Vec<u32> = fresh.map(|r| source_of(r.source)).collect();
        devices.sort_unstable();
        devices.dedup();
        devices.len() as u32
    }

    pub(crate) fn next_change(&self, spec: &AttributeSpec, after: Time) -> Option<Time> {
        answer::next_change(spec, &self.survey(spec, standing(&self.readings)), after)
    }

    pub(crate) fn summary(&self, spec: &AttributeSpec, at: Time) -> Summary {
        let standing = standing(&self.readings);
        let survey = self.survey(spec, standing);
        let header = answer::header(spec, &survey, at);
        if survey.knowledge != Knowledge::Known {
            return header.summary();
        }
        let process = Process::of(spec);
        let belief = self.believe(&process, standing);
        let weights = self.weights(&process, &survey, &belief);
        let basis = answer::strongest_basis(&self.readings, &weights);
        let conflict = self.conflict(&process, &survey, &belief);
        answer::summary(header, basis, conflict >= answer::CONTRADICTION)
    }

    pub(crate) fn estimate(&self, spec: &AttributeSpec, at: Time, setting: &Setting) -> Estimate {
        let standing = standing(&self.readings);
        let survey = self.survey(spec, standing);
        let mut estimate = answer::header(spec, &survey, at);
        if survey.knowledge != Knowledge::Known {
            return estimate;
        }
        let process = Process::of(spec);
        let mut belief = self.believe(&process, standing);
        estimate.conflict = self.conflict(&process, &survey, &belief);
        if estimate.conflict >= answer::CONTRADICTION {
            estimate.flags = estimate.flags.with(Flag::Conflicting);
        }
        if self.suspects(&survey, &belief) {
            estimate.flags = estimate.flags.with(Flag::FaultySource);
        }
        let mut weights = self.weights(&process, &survey, &belief);
        estimate.basis = answer::strongest_basis(&self.readings, &weights);
        if let Some(newest) = survey.evidence_time {
            let remaining = process.remaining(at.seconds_since(newest));
            answer::scale(&mut weights, remaining);
        }
        let name = |voice| (setting.name)(source_of(voice));
        estimate.contributors = answer::contributors(&self.readings, &weights, &name);
        belief.age_to(&process, at);
        if setting.widening > 1.0 {
            estimate.flags = estimate.flags.with(Flag::Widened);
            widen(&mut belief.people, setting.widening);
        }
        let p = belief.people.iter().map(|&p| p as f32);
        estimate.distribution = Some(Distribution::Counts(p.collect()));
        estimate
    }

    /// Shares of the voices when the newest evidence was observed: precision, beside that of
    /// what is usual.
    fn weights(&self, process: &Process, survey: &Survey, belief: &Belief) -> Weights {
        let mut weights = [0.0; 64];
        let newest = survey.evidence_time.unwrap_or_default();
        let mut total = 1.0 / process.usual_variance();
        for (at, reading) in survey.newest(&self.readings) {
            let trusted = 1.0 - f64::from(belief.doubt_of(reading.source).share);
            weights[at] = trusted / aged_variance(process, reading, newest);
            total += weights[at];
        }
        answer::scale(&mut weights, 1.0 / total);
        weights
    }

    /// How far direct counts contradict each other, as for scalars, or everything else.
    fn conflict(&self, process: &Process, survey: &Survey, belief: &Belief) -> f64 {
        let newest = survey.evidence_time.unwrap_or_default();
        let counts = || {
            let all = survey.newest(&self.readings).map(|(_, reading)| reading);
            all.filter(|r| Way::of_voice(r.source) == Some(Way::Count))
        };
        let mut worst: f64 = 0.0;
        for (i, a) in counts().enumerate() {
            for b in counts().skip(i + 1) {
                let variance =
                    aged_variance(process, a, newest) + aged_variance(process, b, newest);
                worst = worst.max((a.value - b.value) * (a.value - b.value) / variance);
            }
        }
        let doubts = counts().map(|r| f64::from(belief.doubt_of(r.source).share));
        let several = survey.newest(&self.readings).count() > 1;
        let doubted = doubts.filter(|doubt| several && *doubt > SUSPECT);
        doubted.fold(answer::contradiction(worst), f64::max)
    }

    /// Whether one of those who speak seems to tell nothing.
    fn suspects(&self, survey: &Survey, belief: &Belief) -> bool {
        let mut newest = survey.newest(&self.readings);
        newest.any(|(_, r)| f64::from(belief.doubt_of(r.source).share) > SUSPECT)
    }

    /// What is thought of counters, motion sensors and sensors of carbon dioxide.
    pub(crate) fn health(&self, spec: &AttributeSpec, at: Time) -> Vec<(u32, SourceHealth)> {
        let process = Process::of(spec);
        let mut belief = self.believe(&process, standing(&self.readings));
        belief.age_to(&process, at);
        let mut all: Vec<(u32, SourceHealth)> = Vec::new();
        for doubt in &belief.doubts {
            let is_suspect = doubt.since().is_some();
            let health = SourceHealth {
                state: if is_suspect {
                    HealthState::Stuck
                } else {
                    HealthState::Ok
                },
                since: doubt.since(),
                doubt: f64::from(doubt.share),
                bias: 0.0,
                noise_ratio: 1.0,
                skew_s: 0.0,
                readings: doubt.readings,
            };
            all.push((source_of(doubt.voice), health));
        }
        all.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.doubt.total_cmp(&a.1.doubt)));
        all.dedup_by_key(|(source, _)| *source);
        all
    }
}

/// Makes a distribution wider about its middle: by a power of 1/w², which for a normal
/// multiplies the standard deviation by w.
fn widen(people: &mut Numbers, by: f64) {
    for p in people.iter_mut() {
        *p = power(*p, 1.0 / (by * by));
    }
    normalise(people);
}

/// Variance of the number of people at a time as one voice alone tells it.
fn aged_variance(process: &Process, reading: &Reading, at: Time) -> f64 {
    let own = match Way::of_voice(reading.source) {
        Some(Way::Count) => f64::from(reading.spread).max(0.1).powi(2),
        Some(Way::Phones) => witness::phones_variance(reading.value),
        _ => WEAK_VARIANCE,
    };
    let stays = process.remaining(at.seconds_since(reading.observed));
    let people = reading.value.clamp(0.0, (NUMBERS - 1) as f64);
    let left = match Way::of_voice(reading.source) {
        Some(Way::Count | Way::Phones) => people * stays * (1.0 - stays),
        _ => 0.0,
    };
    own / stays.max(1e-9) + left + (1.0 - stays) * process.usual_variance()
}

/// The evidence of the same voice before the one at a place.
fn evidence_before(
    readings: &[Reading],
    stands: impl Fn(usize) -> bool,
    at: usize,
) -> Option<&Reading> {
    let earlier = (0..at).rev().filter(|&earlier| stands(earlier));
    let mut evidence = earlier.map(|earlier| &readings[earlier]);
    evidence.find(|r| r.source == readings[at].source && r.is_evidence())
}

/// Lets the oldest reading of the window, at `at`, settle, unless it was taken back.
fn settle(
    process: &Process,
    settled: &mut Option<Box<Settled>>,
    list: &mut Vec<Reading>,
    at: usize,
    lessons: &mut Vec<Lesson>,
) {
    if window::remove_taken_back(list, at) {
        return;
    }
    let reading = list[at];
    if reading.is_evidence() {
        let mut belief = Belief::begin(process, settled.as_deref());
        belief.age_to(process, reading.observed);
        lessons.extend(lesson::of(&belief, &reading));
        let before = evidence_before(list, |_| true, at);
        belief.take(process, &reading, before, 1.0);
        *settled = belief.settle().map(Box::new);
    }
    list[at].tag = reading.tag.with(Tag::FOLDED);
    if let Some(former) = window::former_of(list, at) {
        list.remove(former);
    }
    window::bound_folded(list);
}
