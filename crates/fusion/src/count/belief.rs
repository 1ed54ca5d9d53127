//! What is believed of a room at one instant, and how one thing said changes it.
//!
//! *A source that repeats itself brings little news*: a camera that has overlooked somebody
//! overlooks him in the next frame too. What differs from the word before counts in full;
//! what repeats it counts by the power 1 − exp(−Δt/τ), so that it brings one full piece of
//! evidence in a time τ, however often it speaks (power likelihood: Bissiri, Holmes & Walker,
//! J. R. Stat. Soc. B 78 (2016) 1103). For phones τ is as long as people stay: whoever carries
//! none that can be seen carries none until he leaves.
//!
//! *Every counter is doubted*: beside the number stands, for each counter and motion sensor, the
//! probability that what it says has nothing to do with the people: it drifted and waits for its
//! nightly reset, or it is stuck. Number and doubt are weighed together and kept apart, like the
//! air (see [`super::air`]).

use super::air::{self, Air};
use super::process::{NUMBERS, Numbers, Process};
use super::share::{Share, normalise, pack, unpack};
use super::voice::Way;
use super::witness;
use crate::math::{exp, power};
use crate::reading::Reading;
use twin_model::Time;
use twin_model::time::MICROS;

/// Most sensors of carbon dioxide in one room; beyond it the one silent longest is forgotten.
pub(crate) const AIRS_MAX: usize = 4;
/// Most voices of which doubt is remembered; further ones are doubted as if new.
pub(crate) const DOUBTS_MAX: usize = 12;
/// In how long a voice that repeats itself brings one full piece of evidence.
const COUNT_NEWS_S: f64 = 600.0;
const MOTION_NEWS_S: f64 = 3600.0;
const VENTILATION_NEWS_S: f64 = 3600.0;
/// How long doubt lasts after its reason: counters are reset every night.
const DOUBT_HOLDS_S: f64 = 12.0 * 3600.0;
/// Share of counters that are wrong altogether before anything is known of them.
const COUNT_DOUBT: f64 = 0.005;
/// The same for motion sensors, which hang behind cupboards.
const MOTION_DOUBT: f64 = 0.15;
/// Doubt that makes a voice suspect.
pub(crate) const SUSPECT: f64 = 0.5;
const DOUBT_BOUNDS: (f64, f64) = (1e-4, 0.99);

/// How far one voice is doubted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Doubt {
    pub(crate) voice: u32,
    /// Probability that it tells nothing.
    pub(crate) share: f32,
    /// Since when it is suspect, seconds since 1970; 0 if it is not.
    pub(crate) since_s: u32,
    /// Readings that this rests on.
    pub(crate) readings: u32,
}

/// What has settled, as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settled {
    pub(crate) time: Time,
    pub(crate) people: [Share; NUMBERS],
    pub(crate) airs: Box<[air::Kept]>,
    pub(crate) doubts: Box<[Doubt]>,
}

/// The same, to calculate with.
#[derive(Debug, Clone)]
pub(crate) struct Belief {
    pub(crate) time: Option<Time>,
    pub(crate) people: Numbers,
    pub(crate) airs: Vec<Air>,
    pub(crate) doubts: Vec<Doubt>,
}

impl Doubt {
    /// Since when the voice is suspect.
    pub(crate) fn since(&self) -> Option<Time> {
        let since = i64::from(self.since_s) * MICROS;
        (since > 0).then_some(Time(since))
    }
}

impl Belief {
    /// What is believed before the window, from what has settled.
    pub(crate) fn begin(process: &Process, settled: Option<&Settled>) -> Self {
        match settled {
            None => Self {
                time: None,
                people: process.before_counting(),
                airs: Vec::new(),
                doubts: Vec::new(),
            },
            Some(settled) => Self {
                time: Some(settled.time),
                people: unpack(&settled.people),
                airs: settled.airs.iter().map(Air::unpack).collect(),
                doubts: settled.doubts.to_vec(),
            },
        }
    }

    /// As it is kept, if anything has been said.
    pub(crate) fn settle(&self) -> Option<Settled> {
        Some(Settled {
            time: self.time?,
            people: pack(&self.people),
            airs: self.airs.iter().map(Air::pack).collect(),
            doubts: self.doubts.as_slice().into(),
        })
    }

    /// Ages to a time; never backwards.
    pub(crate) fn age_to(&mut self, process: &Process, at: Time) {
        let passed_s = self.time.map_or(0.0, |time| at.seconds_since(time));
        if passed_s <= 0.0 && self.time.is_some() {
            return;
        }
        self.time = Some(at);
        if passed_s <= 0.0 {
            return;
        }
        self.people = process.age(&self.people, passed_s);
        self.airs.iter_mut().for_each(|air| air.age(passed_s));
        let kept = exp(-passed_s / DOUBT_HOLDS_S);
        for doubt in &mut self.doubts {
            let usual = usual_doubt(doubt.voice);
            doubt.share = (usual + (f64::from(doubt.share) - usual) * kept) as f32;
            note_suspicion(doubt, at);
        }
    }

    /// Takes in one reading; `before` is the evidence before it of the same voice, `fresh`
    /// by how much it counts beside one that came in time.
    pub(crate) fn take(
        &mut self,
        process: &Process,
        reading: &Reading,
        before: Option<&Reading>,
        fresh: f64,
    ) {
        self.age_to(process, reading.observed);
        let at = reading.observed;
        let value = reading.value;
        let sd = f64::from(reading.spread);
        match Way::of_voice(reading.source) {
            Some(Way::Count) => {
                let any = 1.0 / NUMBERS as f64;
                let by = fresh * news(reading, before, COUNT_NEWS_S);
                self.weigh(reading, &witness::counted(value, sd), any, by);
            }
            Some(Way::Motion) => {
                let by = fresh * news(reading, before, MOTION_NEWS_S);
                self.weigh(reading, &witness::motion(value > 0.5), 0.5, by);
            }
            Some(Way::Phones) => {
                let by = fresh * news(reading, before, process.stay_s());
                tilt(&mut self.people, &witness::phones(value), by);
            }
            Some(Way::Co2) => {
                let voice = reading.source;
                // What one sensor gets wrong of the air, the next gets wrong too.
                let by = fresh / self.airs.len().max(1) as f64;
                let people = &mut self.people;
                match self.airs.iter_mut().find(|air| air.voice == voice) {
                    Some(air) => air.take(people, at, value, reading.weight, by),
                    None => self.hear_anew(Air::new(voice, at, value, reading.weight)),
                }
            }
            Some(Way::Ventilation) => {
                let by = fresh * repeated(reading, before, VENTILATION_NEWS_S);
                let airs = self.airs.iter_mut();
                airs.for_each(|air| air.hear_ventilation(value, by));
            }
            Some(Way::Inward) => self.people = witness::move_by(&self.people, value, sd),
            Some(Way::Outward) => self.people = witness::move_by(&self.people, -value, sd),
            None => {}
        }
    }

    /// BOUNDED: the sensors of carbon dioxide.
    fn hear_anew(&mut self, air: Air) {
        if self.airs.len() == AIRS_MAX {
            let silent = (0..AIRS_MAX).min_by_key(|&at| self.airs[at].since());
            self.airs.remove(silent.unwrap_or(0));
        }
        let at = self.airs.partition_point(|other| other.voice < air.voice);
        self.airs.insert(at, air);
    }

    /// Weighs numbers and doubt by what a voice says; it says it of any number with
    /// probability `any` if it tells nothing.
    fn weigh(&mut self, reading: &Reading, says: &Numbers, any: f64, by: f64) {
        let mut doubt = self.doubt_of(reading.source);
        let held = f64::from(doubt.share);
        let expected: f64 = self.people.iter().zip(says).map(|(p, l)| p * l).sum();
        let likelihood = says.map(|l| (1.0 - held) * l + held * any);
        tilt(&mut self.people, &likelihood, by);
        let (right, wrong) = ((1.0 - held) * power(expected, by), held * power(any, by));
        doubt.share = (wrong / (right + wrong)).clamp(DOUBT_BOUNDS.0, DOUBT_BOUNDS.1) as f32;
        doubt.readings = doubt.readings.saturating_add(1);
        note_suspicion(&mut doubt, reading.observed);
        self.remember(doubt);
    }

    pub(crate) fn doubt_of(&self, voice: u32) -> Doubt {
        let known = self.doubts.iter().find(|doubt| doubt.voice == voice);
        known.copied().unwrap_or(Doubt {
            voice,
            share: usual_doubt(voice) as f32,
            since_s: 0,
            readings: 0,
        })
    }

    /// BOUNDED: the doubts.
    fn remember(&mut self, doubt: Doubt) {
        let at = self.doubts.partition_point(|d| d.voice < doubt.voice);
        if self.doubts.get(at).is_some_and(|d| d.voice == doubt.voice) {
            self.doubts[at] = doubt;
        } else if self.doubts.len() < DOUBTS_MAX {
            self.doubts.insert(at, doubt);
        }
    }
}

fn usual_doubt(voice: u32) -> f64 {
    match Way::of_voice(voice) {
        Some(Way::Motion) => MOTION_DOUBT,
        _ => COUNT_DOUBT,
    }
}

fn note_suspicion(doubt: &mut Doubt, at: Time) {
    let now_s = (at.0 / MICROS).clamp(1, i64::from(u32::MAX)) as u32;
    doubt.since_s = match (f64::from(doubt.share) > SUSPECT, doubt.since_s) {
        (false, _) => 0,
        (true, 0) => now_s,
        (true, since_s) => since_s,
    };
}

/// By how much a reading counts beside the one before it: in full if it says something else.
fn news(reading: &Reading, before: Option<&Reading>, once_in_s: f64) -> f64 {
    let before = before.filter(|before| before.value == reading.value);
    repeated(reading, before, once_in_s)
}

/// By how much a reading counts that repeats one before it.
fn repeated(reading: &Reading, before: Option<&Reading>, once_in_s: f64) -> f64 {
    before.map_or(1.0, |before| {
        let passed_s = reading.observed.seconds_since(before.observed).max(0.0);
        1.0 - exp(-passed_s / once_in_s)
    })
}

/// Weighs numbers by a power of a likelihood. Far from what was said it is often one and the
/// same for many numbers, and is raised once.
pub(crate) fn tilt<const N: usize>(people: &mut [f64; N], likelihood: &[f64; N], by: f64) {
    let (mut last, mut raised) = (f64::NAN, f64::NAN);
    for (p, &l) in people.iter_mut().zip(likelihood) {
        if l != last {
            (last, raised) = (l, if by == 1.0 { l } else { power(l, by) });
        }
        *p *= raised;
    }
    normalise(people);
}
