//! Readings by columns: which topic, when, how much.
//!
//! Sorted by topic, most columns are small differences, which the coder in
//! [`super::coder`] turns into few bits.

use super::coder::{Coder, Column, Context, Decoder, Encoder};
use super::decimal::Decimal;
use super::topic::Topics;
use crate::bytes::{Cursor, put_signed, put_varint, unzigzag, zigzag};
use crate::limits::RECORDS_MAX;
use std::collections::BTreeMap;
use twin_model::Time;

/// A number on a topic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reading {
    pub(super) topic: u32,
    pub(super) observed: Time,
    pub(super) value: f64,
}

/// The section of some readings, sorted by topic and time.
pub(super) fn encode(readings: &mut [Reading], topics: &Topics, written: Time) -> Vec<u8> {
    readings.sort_by_key(|reading| (reading.topic, reading.observed));
    let times = || readings.iter().map(|reading| reading.observed.0);
    let base = times().min().unwrap_or(0);
    let step = times()
        .fold(0, |step, time| gcd(step, time.wrapping_sub(base)))
        .max(1);
    let mut out = Vec::with_capacity(8 + readings.len() * 4);
    put_varint(&mut out, readings.len() as u64);
    put_signed(&mut out, base.wrapping_sub(written.0));
    put_varint(&mut out, step.cast_unsigned());
    let mut encoder = Encoder::new();
    let mut columns = Columns::new(topics, base, step);
    for reading in readings.iter() {
        columns.code(&mut encoder, *reading);
    }
    out.extend_from_slice(&encoder.finish());
    out
}

pub(super) fn decode(section: &[u8], topics: &Topics, written: Time) -> Option<Vec<Reading>> {
    let mut cursor = Cursor::new(section);
    let count = usize::try_from(cursor.varint()?).ok()?;
    let base = written.0.wrapping_add(cursor.signed()?);
    let step = i64::try_from(cursor.varint()?)
        .ok()
        .filter(|&step| step > 0)?;
    if count > RECORDS_MAX {
        return None;
    }
    let mut decoder = Decoder::new(cursor.rest());
    let mut columns = Columns::new(topics, base, step);
    let any = Reading {
        topic: 0,
        observed: Time(base),
        value: 0.0,
    };
    Some(
        (0..count)
            .map(|_| columns.code(&mut decoder, any))
            .collect(),
    )
}

fn gcd(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    i64::try_from(a).unwrap_or(1)
}

/// What the coder knows about the next reading. One function codes both ways, so the two
/// can never differ.
struct Columns<'a> {
    topics: &'a Topics,
    base: i64,
    step: i64,
    last: Option<Reading>,
    /// The last value of each topic met in this bundle.
    values: BTreeMap<u32, Decimal>,
    topic: Column,
    first_time: Column,
    next_time: Column,
    escape: Context,
    rescale: Context,
    mantissa: Column,
}

impl<'a> Columns<'a> {
    fn new(topics: &'a Topics, base: i64, step: i64) -> Self {
        Self {
            topics,
            base,
            step,
            last: None,
            values: BTreeMap::new(),
            topic: Column::new(16),
            first_time: Column::new(32),
            next_time: Column::new(32),
            escape: Context::RARE,
            rescale: Context::RARE,
            mantissa: Column::new(16),
        }
    }

    /// Codes one reading; when decoding, `reading` is ignored and the result counts.
    fn code(&mut self, coder: &mut impl Coder, reading: Reading) -> Reading {
        let topic = self.code_topic(coder, reading.topic);
        let observed = self.code_time(coder, topic, reading.observed);
        let value = self.code_value(coder, topic, reading.value);
        let coded = Reading {
            topic,
            observed,
            value,
        };
        self.last = Some(coded);
        coded
    }

    fn code_topic(&mut self, coder: &mut impl Coder, topic: u32) -> u32 {
        let before = self.last.map_or(0, |last| last.topic);
        let gap = coder.number(&mut self.topic, u64::from(topic.wrapping_sub(before)));
        before.wrapping_add(gap as u32)
    }

    fn code_time(&mut self, coder: &mut impl Coder, topic: u32, observed: Time) -> Time {
        let before = self.last.filter(|last| last.topic == topic);
        let (from, column) = match before {
            Some(last) => (last.observed.0, &mut self.next_time),
            None => (self.base, &mut self.first_time),
        };
        let steps = observed.0.wrapping_sub(from) / self.step;
        let steps = coder.number(column, steps.cast_unsigned()).cast_signed();
        Time(from.wrapping_add(steps.wrapping_mul(self.step)))
    }

    fn code_value(&mut self, coder: &mut impl Coder, topic: u32, value: f64) -> f64 {
        let start = Decimal {
            mantissa: 0,
            scale: 0,
        };
        let before = self.values.get(&topic).copied();
        let before = before
            .or_else(|| self.topics.reference(topic))
            .unwrap_or(start);
        // The scale of before where it will do, else the shortest.
        let decimal = Decimal::with_scale(value, before.scale).or_else(|| Decimal::of(value));
        if coder.bit(&mut self.escape, decimal.is_none()) {
            return f64::from_bits(coder.raw(value.to_bits(), 64));
        }
        let decimal = decimal.unwrap_or(start);
        let scale = if coder.bit(&mut self.rescale, decimal.scale != before.scale) {
            coder.raw(u64::from(decimal.scale), 4) as u8
        } else {
            before.scale
        };
        let change = zigzag(decimal.mantissa.wrapping_sub(before.mantissa));
        let change = unzigzag(coder.number(&mut self.mantissa, change));
        let coded = Decimal {
            mantissa: before.mantissa.wrapping_add(change),
            scale,
        };
        self.values.insert(topic, coded);
        coded.value()
    }
}
