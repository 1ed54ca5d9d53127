//! What is remembered of a number, unpacked, and how readings settle into it.
//!
//! The readings of the last ten minutes stay apart, so that one which comes late still finds
//! its place among them. Older ones *settle*: they join the base in order of observation, and
//! only then teach the pace of the number and the record of their source.

use super::filter::{Base, Share};
use super::process::{Pace, Process};
use super::sources;
use crate::health::{Channel, Settled};
use crate::lesson::Lesson;
use crate::reading::{Places, Reading, Tag, insert_sorted, standing};
use crate::window;
use twin_model::AttributeSpec;

/// A base at the time of the newest reading that has joined it, and the recent readings
/// after that.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Memory {
    pub(super) base: Base,
    pub(super) pace: Pace,
    /// The record of each source of a reading, by number.
    pub(super) channels: Vec<Channel>,
    /// Newest folded reading per source, and the window; sorted together.
    pub(super) readings: Vec<Reading>,
}

pub(super) fn from_weight(weight: u16) -> f64 {
    f64::from(weight) / f64::from(u16::MAX)
}

pub(super) fn to_weight(share: f64) -> u16 {
    (share.clamp(0.0, 1.0) * f64::from(u16::MAX)) as u16
}

impl Memory {
    pub(super) fn channel_mut(&mut self, source: u32) -> &mut Channel {
        let at = match self.channels.binary_search_by(|c| c.source.cmp(&source)) {
            Ok(at) => at,
            Err(at) => {
                self.channels.insert(at, Channel::new(source));
                at
            }
        };
        &mut self.channels[at]
    }

    /// One record for each source of a reading, no more.
    pub(super) fn keep_channels_of_readings(&mut self) {
        let readings = &self.readings;
        let speaks = |c: &Channel| readings.iter().any(|r| r.source == c.source);
        self.channels.retain(speaks);
        for at in 0..self.readings.len() {
            self.channel_mut(self.readings[at].source);
        }
    }

    /// Puts a reading in its place and lets what has left the window settle.
    pub(super) fn insert(&mut self, spec: &AttributeSpec, reading: Reading, out: &mut Vec<Lesson>) {
        insert_sorted(&mut self.readings, reading);
        while let Some(oldest) = window::overdue(&self.readings) {
            self.settle(spec, oldest, out);
        }
    }

    /// Lets the oldest reading of the window join the base, unless it was taken back.
    fn settle(&mut self, spec: &AttributeSpec, at: usize, out: &mut Vec<Lesson>) {
        if window::remove_taken_back(&mut self.readings, at) {
            return;
        }
        let mut reading = self.readings[at];
        if reading.is_evidence() {
            let share = self.join(spec, &reading, at, out);
            self.scale_folded(share.kept);
            reading.weight = to_weight(share.gained);
        }
        reading.tag = reading.tag.with(Tag::FOLDED);
        self.readings[at] = reading;
        self.replace_former(at);
        window::bound_folded(&mut self.readings);
    }

    /// Takes a reading into the base and learns from it.
    fn join(
        &mut self,
        spec: &AttributeSpec,
        reading: &Reading,
        at: usize,
        out: &mut Vec<Lesson>,
    ) -> Share {
        let process = Process::of(spec, &self.pace);
        let before = &self.readings[..at];
        let own = own_before(reading, before);
        let others = sources::others(spec, &self.channels, reading, before);
        let mut channel = *self.channel_mut(reading.source);
        let before = &self.readings[..at];
        channel.learn_step(&process, reading, own);
        let measured = sources::measured(spec, &self.channels, &channel, reading, before);
        let forecast = self.base.forecast(&process, reading.observed);
        let had_begun = self.base.has_begun;
        let share = self.base.take(&forecast, &measured);
        let surprise = forecast.surprise(&measured);
        let mut settled = Settled {
            value: reading.value,
            observed: reading.observed,
            before: own.map(|own| (reading.observed.seconds_since(own.observed), own.value)),
            stated_sd: reading.sd(),
            excess: 0.0,
            noise_share: 0.0,
            whiteness: 1.0,
            delay_s: reading.delay_s(),
            others,
        };
        if had_begun {
            out.push(Lesson {
                source: reading.source,
                kind: forecast.lesson(&measured),
            });
            let level = (self.base.mean, f64::from(self.base.variance));
            settled.whiteness = self
                .pace
                .learn(&process, &surprise, forecast.seconds, level);
            settled.excess = surprise.excess();
            settled.noise_share = surprise.noise_share;
        }
        channel.learn(&settled);
        *self.channel_mut(reading.source) = channel;
        sources::confirm(&mut self.channels, reading, own, &self.readings[..at]);
        share
    }

    pub(super) fn scale_folded(&mut self, kept: f64) {
        for reading in self.readings.iter_mut().filter(|r| r.is_folded()) {
            reading.weight = to_weight(from_weight(reading.weight) * kept);
        }
    }

    /// Of a source's folded readings of a kind only the newest, at `at`, stays; the newest of
    /// all inherits the other's share.
    fn replace_former(&mut self, at: usize) {
        let list = &mut self.readings;
        let Some(former) = window::former_of(list, at) else {
            return;
        };
        let inherited = from_weight(list[former].weight);
        list.remove(former);
        if let Some(joined) = list.iter_mut().rfind(|r| r.is_folded()) {
            joined.weight = to_weight(from_weight(joined.weight) + inherited);
        }
    }

    /// The evidence that stands, with its places.
    pub(super) fn standing(&self) -> Places {
        standing(&self.readings)
    }
}

/// The newest evidence of the reading's own source among those before it.
pub(super) fn own_before(reading: &Reading, before: &[Reading]) -> Option<Reading> {
    let mut before = before.iter();
    before
        .rfind(|r| r.source == reading.source && r.is_evidence())
        .copied()
}
