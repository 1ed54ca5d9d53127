//! The bytes of a number's memory, in memory as in snapshots: `docs/formats/state.md`.
//!
//! A city has millions of sensors, and most of what is remembered of one is small numbers
//! and differences. So the memory of a number lies packed between updates. Bytes that come
//! from a snapshot are unpacked with every check; what was packed here passes them all.

use super::filter::Base;
use super::memory::Memory;
use super::process::Pace;
use crate::half::Half;
use crate::health::Channel;
use crate::reading::{Reading, Tag, Word};
use crate::window::{FOLDED_MAX, READINGS_MAX, WINDOW_MAX, window};
use std::cmp::Ordering;
use twin_model::Time;

/// Marks of a memory.
const HAS_BEGUN: u8 = 1;
const TIME_IS_STATED: u8 = 1 << 1;
/// Marks of a channel.
const HAS_RECORD: u8 = 1;
const HAS_OTHERS: u8 = 1 << 1;
const IS_DOUBTED: u8 = 1 << 2;
/// Marks of a reading, beside the place of its channel.
const CHANNEL: u8 = 0x1f;
const FAR_TIME: u8 = 1 << 5;
const FAR_SEQUENCE: u8 = 1 << 6;
const NEW_INCARNATION: u8 = 1 << 7;

impl Memory {
    /// Packs it; nothing remembered takes no byte.
    pub(super) fn pack(&mut self, out: &mut Vec<u8>) {
        self.keep_channels_of_readings();
        if self.readings.is_empty() && !self.base.has_begun {
            return;
        }
        let folded = self.readings.iter().rfind(|r| r.is_folded());
        let is_stated = folded.is_none_or(|r| r.observed != self.base.time);
        let mut marks = if self.base.has_begun { HAS_BEGUN } else { 0 };
        marks |= if is_stated { TIME_IS_STATED } else { 0 };
        out.extend([marks, self.channels.len() as u8, self.readings.len() as u8]);
        if self.base.has_begun {
            put_base(out, &self.base, &self.pace, is_stated);
        }
        for channel in &self.channels {
            put_channel(out, channel);
        }
        let mut before = Before::default();
        for reading in &self.readings {
            let of_source = |c: &Channel| c.source.cmp(&reading.source);
            let channel = self.channels.binary_search_by(of_source).unwrap_or(0);
            put_reading(out, reading, channel, &mut before);
        }
    }

    /// Unpacks all of `bytes`; says what is wrong with those that no memory packs to.
    pub(super) fn unpack(mut bytes: &[u8]) -> Result<Self, &'static str> {
        let mut memory = Self::default();
        if bytes.is_empty() {
            return Ok(memory);
        }
        let from = &mut bytes;
        let [marks, channels, readings] = take(from)?;
        if usize::from(readings) > READINGS_MAX || channels > readings {
            return Err("too many readings");
        }
        let is_stated = marks & TIME_IS_STATED != 0;
        if marks & HAS_BEGUN != 0 {
            (memory.base, memory.pace) = take_base(from, is_stated)?;
        }
        memory.channels.reserve_exact(usize::from(channels) + 1);
        for _ in 0..channels {
            let channel = take_channel(from)?;
            if memory
                .channels
                .last()
                .is_some_and(|c| c.source >= channel.source)
            {
                return Err("sources out of order");
            }
            memory.channels.push(channel);
        }
        memory.readings.reserve_exact(usize::from(readings) + 1);
        let mut before = Before::default();
        for _ in 0..readings {
            let reading = take_reading(from, &memory.channels, &mut before)?;
            if memory
                .readings
                .last()
                .is_some_and(|r| r.order(&reading) != Ordering::Less)
            {
                return Err("readings out of order");
            }
            memory.readings.push(reading);
        }
        if !bytes.is_empty() {
            return Err("more bytes than readings");
        }
        memory.check_folded()?;
        if memory.base.has_begun && !is_stated {
            let folded = memory.readings.iter().rfind(|r| r.is_folded());
            memory.base.time = folded.ok_or("a base without a time")?.observed;
        }
        Ok(memory)
    }

    fn check_folded(&self) -> Result<(), &'static str> {
        let newer = window(&self.readings);
        if newer.len() > WINDOW_MAX || self.readings.len() - newer.len() > FOLDED_MAX {
            return Err("too many readings");
        }
        let mut newer = newer.iter();
        if newer.any(Reading::is_folded) {
            return Err("a folded reading inside the window");
        }
        let mut folded = self.readings.iter().filter(|r| r.is_folded());
        if folded.any(|r| r.word() == Word::Retract) {
            return Err("a folded retraction");
        }
        Ok(())
    }
}

fn put_base(out: &mut Vec<u8>, base: &Base, pace: &Pace, is_stated: bool) {
    out.extend(base.mean.to_le_bytes());
    out.extend(base.variance.to_le_bytes());
    if is_stated {
        out.extend(base.time.0.to_le_bytes());
    }
    for number in [pace.near, pace.far, pace.anchor, pace.anchor_age_s] {
        out.extend(number.to_le_bytes());
    }
    out.extend(pace.last.to_bytes());
    out.extend(pace.settled.to_le_bytes());
}

fn take_base(from: &mut &[u8], is_stated: bool) -> Result<(Base, Pace), &'static str> {
    let base = Base {
        mean: take_f64(from)?,
        variance: take_positive(from)?,
        has_begun: true,
        time: if is_stated {
            Time(i64::from_le_bytes(take(from)?))
        } else {
            Time::default()
        },
    };
    let pace = Pace {
        near: take_positive(from)?,
        far: take_positive(from)?,
        anchor: take_f32(from)?,
        anchor_age_s: take_f32(from)?,
        last: take_half(from)?,
        settled: take_u16(from)?,
    };
    Ok((base, pace))
}

fn put_channel(out: &mut Vec<u8>, channel: &Channel) {
    let has_others = channel.has_compared();
    let mut marks = if channel.readings > 0 { HAS_RECORD } else { 0 };
    marks |= if has_others { HAS_OTHERS } else { 0 };
    marks |= if channel.since_s > 0 { IS_DOUBTED } else { 0 };
    out.push(marks | channel.witnesses << 4);
    out.extend(channel.source.to_le_bytes());
    if channel.readings == 0 {
        return;
    }
    out.extend(channel.readings.to_le_bytes());
    out.extend(channel.run.to_le_bytes());
    for number in [channel.noise, channel.usual] {
        out.extend(number.to_le_bytes());
    }
    for half in [
        channel.step,
        channel.longest,
        channel.recent,
        channel.display,
        channel.interval_s,
        channel.delay_s,
    ] {
        out.extend(half.to_bytes());
    }
    if has_others {
        out.extend(channel.bias.to_le_bytes());
        out.extend(channel.wander.to_le_bytes());
        for half in [
            channel.above,
            channel.below,
            channel.own,
            channel.alone,
            channel.sd,
            channel.off,
        ] {
            out.extend(half.to_bytes());
        }
    }
    if channel.since_s > 0 {
        out.extend(channel.since_s.to_le_bytes());
    }
}

fn take_channel(from: &mut &[u8]) -> Result<Channel, &'static str> {
    let [marks] = take(from)?;
    let mut channel = Channel::new(take_u32(from)?);
    channel.witnesses = (marks >> 4).min(2);
    if marks & HAS_RECORD == 0 {
        return Ok(channel);
    }
    channel.readings = take_u16(from)?.max(1);
    channel.run = take_u16(from)?;
    channel.noise = take_positive(from)?;
    channel.usual = take_f32(from)?.abs();
    channel.step = take_half(from)?;
    channel.longest = take_half(from)?;
    channel.recent = take_half(from)?;
    channel.display = take_half(from)?;
    channel.interval_s = take_half(from)?;
    channel.delay_s = take_half(from)?;
    if marks & HAS_OTHERS != 0 {
        channel.bias = take_f32(from)?;
        channel.wander = take_f32(from)?;
        channel.above = take_half(from)?;
        channel.below = take_half(from)?;
        channel.own = take_half(from)?;
        channel.alone = take_half(from)?;
        channel.sd = take_half(from)?;
        channel.off = take_half(from)?;
    }
    if marks & IS_DOUBTED != 0 {
        channel.since_s = take_u32(from)?;
    }
    Ok(channel)
}

/// The reading before, from which differences are taken.
#[derive(Default)]
struct Before {
    observed: i64,
    sequence: u64,
    incarnation: u32,
}

impl Before {
    fn step(&mut self, reading: &Reading) {
        self.observed = reading.observed.0;
        self.sequence = reading.sequence;
        self.incarnation = reading.incarnation;
    }
}

fn put_reading(out: &mut Vec<u8>, reading: &Reading, channel: usize, before: &mut Before) {
    let seconds = reading.observed.0.checked_sub(before.observed);
    let near_time = seconds.and_then(|s| u32::try_from(s).ok());
    let difference = reading.sequence.wrapping_sub(before.sequence).cast_signed();
    let near_sequence = i32::try_from(difference).ok();
    let is_new = reading.incarnation != before.incarnation;
    let mut marks = channel as u8 & CHANNEL;
    marks |= if near_time.is_none() { FAR_TIME } else { 0 };
    marks |= if near_sequence.is_none() {
        FAR_SEQUENCE
    } else {
        0
    };
    marks |= if is_new { NEW_INCARNATION } else { 0 };
    out.extend([marks, reading.tag.byte(), reading.delay.cast_unsigned()]);
    out.extend(Half::of(f64::from(reading.spread)).to_bytes());
    out.extend(reading.value.to_le_bytes());
    if reading.is_folded() {
        out.extend(reading.weight.to_le_bytes());
    }
    match near_time {
        Some(near) => out.extend(near.to_le_bytes()),
        None => out.extend(reading.observed.0.to_le_bytes()),
    }
    match near_sequence {
        Some(near) => out.extend(near.to_le_bytes()),
        None => out.extend(reading.sequence.to_le_bytes()),
    }
    if is_new {
        out.extend(reading.incarnation.to_le_bytes());
    }
    before.step(reading);
}

fn take_reading(
    from: &mut &[u8],
    channels: &[Channel],
    before: &mut Before,
) -> Result<Reading, &'static str> {
    let [marks, tag, delay] = take(from)?;
    let channel = channels.get(usize::from(marks & CHANNEL));
    let tag = Tag::from_byte(tag).ok_or("a word that is none")?;
    let spread = take_half(from)?.get() as f32;
    if spread == 0.0 {
        return Err("a spread that is none");
    }
    let value = take_f64(from)?;
    let weight = if tag.has(Tag::FOLDED) {
        take_u16(from)?
    } else {
        0
    };
    let observed = if marks & FAR_TIME == 0 {
        let step = i64::from(take_u32(from)?);
        before
            .observed
            .checked_add(step)
            .ok_or("a time that is none")?
    } else {
        i64::from_le_bytes(take(from)?)
    };
    let sequence = if marks & FAR_SEQUENCE == 0 {
        let step = i64::from(i32::from_le_bytes(take(from)?));
        before.sequence.wrapping_add_signed(step)
    } else {
        u64::from_le_bytes(take(from)?)
    };
    let incarnation = if marks & NEW_INCARNATION == 0 {
        before.incarnation
    } else {
        take_u32(from)?
    };
    let reading = Reading {
        sequence,
        observed: Time(observed),
        value,
        incarnation,
        source: channel.ok_or("a source that is none")?.source,
        spread,
        weight,
        tag,
        delay: delay.cast_signed(),
    };
    before.step(&reading);
    Ok(reading)
}

fn take<const N: usize>(from: &mut &[u8]) -> Result<[u8; N], &'static str> {
    let (head, rest) = from.split_first_chunk().ok_or("it ends in the middle")?;
    *from = rest;
    Ok(*head)
}

fn take_u16(from: &mut &[u8]) -> Result<u16, &'static str> {
    take(from).map(u16::from_le_bytes)
}

fn take_u32(from: &mut &[u8]) -> Result<u32, &'static str> {
    take(from).map(u32::from_le_bytes)
}

fn take_half(from: &mut &[u8]) -> Result<Half, &'static str> {
    let half = Half::from_bytes(take(from)?);
    let is_finite = half.get().is_finite();
    is_finite
        .then_some(half)
        .ok_or("a number that is not finite")
}

fn take_f32(from: &mut &[u8]) -> Result<f32, &'static str> {
    let number = f32::from_le_bytes(take(from)?);
    let is_finite = number.is_finite();
    is_finite
        .then_some(number)
        .ok_or("a number that is not finite")
}

fn take_positive(from: &mut &[u8]) -> Result<f32, &'static str> {
    let number = take_f32(from)?;
    (number > 0.0)
        .then_some(number)
        .ok_or("a variance that is none")
}

fn take_f64(from: &mut &[u8]) -> Result<f64, &'static str> {
    let number = f64::from_le_bytes(take(from)?);
    let is_finite = number.is_finite();
    is_finite
        .then_some(number)
        .ok_or("a number that is not finite")
}
