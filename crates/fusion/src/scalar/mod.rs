//! A number that drifts: temperature, carbon dioxide, humidity.
//!
//! While somebody measures, the estimate follows what is read, the more the surer the
//! sources have shown themselves to be. While nobody measures, it returns to what is usual for
//! the class and its spread grows back to what is usual; it never returns to zero and never
//! grows surer by waiting.
//!
//! | module | holds |
//! |---|---|
//! | `process` | how fast the number changes by itself, and how that is learned |
//! | `filter` | what one reading does to the estimate |
//! | `memory` | the window of recent readings, and how they settle |
//! | `sources` | what a reading is worth beside those of others |
//! | `opinions` | sources beside each other: conflict, and what to say then |
//! | `packed` | the memory as bytes |
//!
//! Equations beyond those of the modules:
//! * *Floor*: readings of one source share their calibration error, which no number of
//!   readings averages away (GUM, JCGM 100:2008, 3.3 and F.1.1), and nobody states how large
//!   that part is. So a source that repeats itself is smoothed but the answer is never surer
//!   than one reading of each source heard within the correlation time:
//!   P ≥ 1 / (1/σ² + Σ 1/R). Where a source states its spread, R is that or what it has
//!   shown, whichever is larger; where it states none, half of the variance that the
//!   catalogue assumes takes its place. What is foretold of the *next reading*
//!   (lessons) knows no floor: it shares the calibration of the source.
//! * *Biases*: only differences between sources are seen, so the biases are known but for a
//!   common level. The weighted sum of all is held at zero, weights 1/σ² as stated and less
//!   for those far off or doubted (the datum of a free network: Baarda,
//!   S-transformations and Criterion Matrices, 1973).

mod filter;
mod memory;
mod opinions;
mod packed;
mod process;
mod sources;

use crate::answer::{self, Weights};
use crate::evidence::{Evidence, Setting};
use crate::health::{Channel, DOUBTED};
use crate::lesson::Lesson;
use crate::reading::{Places, Reading, Survey, Tag, Word, absorb_repeat, insert_sorted};
use crate::state::Outcome;
use crate::window;
use filter::{Base, FREEDOM, Measured};
use memory::{Memory, from_weight, own_before, to_weight};
pub(crate) use process::{Process, first_gain};
use twin_model::{
    AttributeSpec, Distribution, Estimate, Flag, Flags, Knowledge, SourceHealth, Summary, Time,
};

/// Beyond this factor an interval counts as widened.
const WIDENED: f64 = 1.05;

/// The estimator's state: the packed memory. Nothing remembered is no byte.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scalar(Box<[u8]>);

/// The memory with the whole window taken in.
struct Folded {
    base: Base,
    /// What each reading is worth in it.
    weights: Weights,
    /// How well each reading fitted what was foretold for it, 0 to 1; 1 for settled ones.
    fits: Weights,
    /// The records, with the leaps of the window noted.
    channels: Vec<Channel>,
}

impl Scalar {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.0.len()
    }

    /// The memory as bytes, for snapshots.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The state with these bytes, or what is wrong with them.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        let state = Self::of(Memory::unpack(bytes)?);
        if &*state.0 == bytes {
            Ok(state)
        } else {
            Err("bytes that no state is written as")
        }
    }

    fn of(mut memory: Memory) -> Self {
        let mut bytes = Vec::with_capacity(512);
        memory.pack(&mut bytes);
        Self(bytes.as_slice().into())
    }

    /// What is remembered; what was packed here always unpacks.
    fn memory(&self) -> Memory {
        Memory::unpack(&self.0).unwrap_or_default()
    }

    fn store(&mut self, memory: Memory) {
        *self = Self::of(memory);
    }

    /// The sources of its readings, some perhaps more than once.
    pub(crate) fn sources(&self) -> Vec<u32> {
        self.memory().readings.iter().map(|r| r.source).collect()
    }

    pub(crate) fn update(
        &mut self,
        spec: &AttributeSpec,
        evidence: &Evidence,
        lessons: &mut Vec<Lesson>,
    ) -> Outcome {
        let Some(reading) = Reading::new(spec, evidence) else {
            return Outcome::Refused;
        };
        let mut memory = self.memory();
        if let Some(is_changed) = absorb_repeat(&mut memory.readings, &reading) {
            if is_changed {
                self.store(memory);
            }
            return Outcome::Duplicate;
        }
        let settled = memory.base.has_begun.then_some(memory.base.time);
        let outcome = if window::is_late(&memory.readings, settled, &reading) {
            memory.update_late(spec, reading)
        } else {
            let outcome = window::outcome_of(&memory.readings, &reading);
            memory.insert(spec, reading, lessons);
            outcome
        };
        self.store(memory);
        outcome
    }

    pub(crate) fn summary(&self, spec: &AttributeSpec, at: Time) -> Summary {
        let memory = self.memory();
        let standing = memory.standing();
        let survey = Survey::of(spec, &memory.readings, standing);
        let common = answer::common_basis(&memory.readings, &survey);
        if let Some(basis) = common.filter(|_| survey.sources < 2) {
            return answer::summary(answer::header(spec, &survey, at), basis, false);
        }
        let folded = memory.folded(spec, standing);
        let is_conflicting = memory.conflict(spec, &survey, &folded) >= answer::CONTRADICTION;
        let strongest = || answer::strongest_basis(&memory.readings, &folded.weights);
        let basis = common.unwrap_or_else(strongest);
        answer::summary(answer::header(spec, &survey, at), basis, is_conflicting)
    }

    pub(crate) fn next_change(&self, spec: &AttributeSpec, after: Time) -> Option<Time> {
        let memory = self.memory();
        let survey = Survey::of(spec, &memory.readings, memory.standing());
        answer::next_change(spec, &survey, after)
    }

    pub(crate) fn estimate(&self, spec: &AttributeSpec, at: Time, setting: &Setting) -> Estimate {
        let memory = self.memory();
        let standing = memory.standing();
        let survey = Survey::of(spec, &memory.readings, standing);
        let mut estimate = answer::header(spec, &survey, at);
        if survey.knowledge != Knowledge::Known {
            return estimate;
        }
        let process = Process::of(spec, &memory.pace);
        let folded = memory.folded(spec, standing);
        let age_s = at.seconds_since(folded.base.time).max(0.0);
        let floor = memory.floor(spec, &process, &survey, &folded);
        let variance = f64::from(folded.base.variance).max(floor);
        let (mut mean, mut variance) = process.age(folded.base.mean, variance, age_s);
        estimate.basis = answer::strongest_basis(&memory.readings, &folded.weights);
        estimate.conflict = memory.conflict(spec, &survey, &folded);
        if estimate.conflict >= answer::CONTRADICTION {
            estimate.flags = estimate.flags.with(Flag::Conflicting);
            (mean, variance) = memory.pooled(spec, &survey, &folded, at);
        }
        estimate.flags = memory.warn(spec, &survey, estimate.flags);
        if setting.widening > WIDENED {
            estimate.flags = estimate.flags.with(Flag::Widened);
        }
        let remaining = process.elapse(age_s).remaining;
        let mut weights = folded.weights;
        answer::scale(&mut weights, remaining);
        estimate.distribution = Some(Distribution::Gaussian {
            mean,
            sd: variance.sqrt() * setting.widening.max(1.0),
        });
        estimate.contributors = answer::contributors(&memory.readings, &weights, setting.name);
        estimate
    }

    /// What is thought of each source, by number.
    pub(crate) fn health(&self, at: Time) -> Vec<(u32, SourceHealth)> {
        let memory = self.memory();
        let channels = memory.channels.iter();
        channels
            .map(|c| (c.source, c.health(at, &memory.readings)))
            .collect()
    }
}

impl Memory {
    /// Evidence from before the base. It is carried forward to the base's time, where the
    /// way since then has widened it. (Bar-Shalom, IEEE Trans. Aerosp. Electron. Syst. 38
    /// (2002) 769, solves this exactly; the simple form needs no history.)
    fn update_late(&mut self, spec: &AttributeSpec, reading: Reading) -> Outcome {
        if reading.word() == Word::Retract {
            return Outcome::NothingToRetract;
        }
        if let Some(outcome) = self.superseded(&reading) {
            return outcome;
        }
        let mut entry = reading;
        if reading.is_evidence() {
            entry.weight = self.join_late(spec, &reading);
            entry.tag = entry.tag.with(Tag::LATE);
        }
        entry.tag = entry.tag.with(Tag::FOLDED);
        insert_sorted(&mut self.readings, entry);
        window::bound_folded(&mut self.readings);
        self.channel_mut(reading.source)
            .learn_late(reading.delay_s());
        window::outcome_of_late(&entry)
    }

    /// A source is heard late once. One that is never heard otherwise may have a clock that is
    /// behind, which its later readings tell.
    fn superseded(&mut self, reading: &Reading) -> Option<Outcome> {
        let of_source = |r: &&mut Reading| r.source == reading.source;
        let known = self.readings.iter_mut().rfind(of_source)?;
        if known.tag.has(Tag::LATE) && known.observed < reading.observed {
            known.observed = reading.observed;
            known.sequence = reading.sequence;
            known.incarnation = reading.incarnation;
            self.readings.sort_by(Reading::order);
            self.channel_mut(reading.source)
                .learn_late(reading.delay_s());
        }
        Some(Outcome::Superseded)
    }

    /// Takes a late reading into the base; returns what it is worth there.
    fn join_late(&mut self, spec: &AttributeSpec, reading: &Reading) -> u16 {
        let process = Process::of(spec, &self.pace);
        let joins = if self.base.has_begun {
            self.base.time.max(reading.observed)
        } else {
            reading.observed
        };
        let age_s = joins.seconds_since(reading.observed);
        let channel = *self.channel_mut(reading.source);
        let measured = sources::measured(spec, &self.channels, &channel, reading, &[]);
        let (value, variance) = process.age(measured.value, measured.variance, age_s);
        let carried = Measured {
            value,
            variance,
            observed: joins,
        };
        let forecast = self.base.forecast(&process, joins);
        let share = self.base.take(&forecast, &carried);
        self.scale_folded(share.kept);
        // The reading itself is worth what is left of it at the base's time.
        to_weight(share.gained * process.elapse(age_s).remaining)
    }

    /// Takes the window into a copy of the base.
    fn folded(&self, spec: &AttributeSpec, standing: Places) -> Folded {
        let process = Process::of(spec, &self.pace);
        let mut folded = Folded {
            base: self.base,
            weights: [0.0; 64],
            fits: [1.0; 64],
            channels: self.channels.clone(),
        };
        for (at, reading) in self.readings.iter().enumerate() {
            if reading.is_folded() {
                folded.weights[at] = from_weight(reading.weight);
            } else if standing.has(at) && reading.is_evidence() {
                folded.take(spec, &process, reading, &self.readings[..at]);
            }
        }
        folded
    }

    /// The least variance that the sources heard within the correlation time can leave.
    fn floor(
        &self,
        spec: &AttributeSpec,
        process: &Process,
        survey: &Survey,
        folded: &Folded,
    ) -> f64 {
        let newest = survey.evidence_time.unwrap_or_default();
        let heard = survey.newest(&self.readings).map(|(_, reading)| reading);
        let recent = heard.filter(|r| {
            let age_s = newest.seconds_since(r.observed);
            age_s <= process.correlation_time_s
        });
        let information: f64 = recent
            .map(|r| 1.0 / self.calibration(spec, folded, r))
            .sum();
        1.0 / (1.0 / process.variance + information)
    }

    /// Adds what is to be said of the sources that are heard.
    fn warn(&self, spec: &AttributeSpec, survey: &Survey, mut flags: Flags) -> Flags {
        for (at, _) in self.heard(spec, survey) {
            let channel = sources::channel_of(&self.channels, self.readings[at].source);
            if channel.is_some_and(|c| c.doubt() >= DOUBTED) {
                flags = flags.with(Flag::FaultySource);
            }
            if channel.is_some_and(|c| c.skew_s(&self.readings) != 0.0) {
                flags = flags.with(Flag::ClockSkew);
            }
        }
        flags
    }
}

impl Folded {
    /// Takes a reading of the window in; `before` are those before it.
    fn take(
        &mut self,
        spec: &AttributeSpec,
        process: &Process,
        reading: &Reading,
        before: &[Reading],
    ) {
        let at = before.len();
        let place = self
            .channels
            .binary_search_by(|c| c.source.cmp(&reading.source));
        let mut channel =
            place.map_or_else(|_| Channel::new(reading.source), |at| self.channels[at]);
        let own = own_before(reading, before);
        channel.learn_step(process, reading, own);
        if let Some(own) = own {
            channel.learn_run(own.value == reading.value);
        }
        if let Ok(place) = place {
            self.channels[place] = channel;
        }
        let measured = sources::measured(spec, &self.channels, &channel, reading, before);
        sources::confirm(&mut self.channels, reading, own, before);
        let forecast = self.base.forecast(process, reading.observed);
        let share = self.base.take(&forecast, &measured);
        for weight in &mut self.weights[..at] {
            *weight *= share.kept;
        }
        self.weights[at] = share.gained;
        let sds = forecast.surprise(&measured).innovation_sds;
        self.fits[at] = ((FREEDOM + 1.0) / (FREEDOM + sds * sds)).min(1.0);
    }
}
