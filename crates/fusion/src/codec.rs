//! The bytes of a state in snapshots: `docs/formats/state.md`, version 2.
//!
//! A snapshot spares a node that restarts from weighing years of claims again. What is
//! read back is bit for bit what was written. Bytes that are damaged or not ours are
//! refused, never believed and never able to bring the node down.

use crate::count;
use crate::fact::{Fact, SAYINGS_MAX, Say, Saying};
use crate::half::Half;
use crate::reading::{Reading, Readings, Tag, Word};
use crate::received::{put_others, take_others};
use crate::records::{RECORDS_MAX, Record, Watched};
use crate::scalar::Scalar;
use crate::spans::{Heard, Span, Spans};
use crate::state::{Kind, State};
use crate::words::{self, Words};
use std::sync::Arc;
use twin_model::{
    AttributeSpec, Basis, ClaimId, EntityId, Estimator, Interval, Polygon, Time, Value,
};

const VERSION: u8 = 2;
const SCALAR: u8 = 0;
const BOOLEAN: u8 = 1;
const COUNT: u8 = 2;
const FACT: u8 = 3;
const CATEGORY: u8 = 4;
/// Mark beside the estimator: estimates of other owners follow.
const HAS_OTHERS: u8 = 1 << 7;

/// Why bytes are not a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes end in the middle.
    #[error("the state ends in the middle")]
    Truncated,
    /// Written by another version.
    #[error("the state has format version {0}, this program reads 2")]
    Version(u8),
    /// Belongs to an attribute with another estimator.
    #[error("the state is of estimator {found}, but `{attribute}` has estimator {expected}")]
    Estimator {
        /// The attribute it was read for.
        attribute: &'static str,
        /// The estimator number in the bytes.
        found: u8,
        /// The estimator number of the attribute.
        expected: u8,
    },
    /// A field holds what no state holds.
    #[error("the state is damaged: {0}")]
    Damaged(&'static str),
}

impl State {
    /// Appends the state's bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        let estimator = out.len();
        match self.kind() {
            Kind::Scalar(state) => {
                out.push(SCALAR);
                out.extend((state.bytes().len() as u16).to_le_bytes());
                out.extend(state.bytes());
            }
            Kind::Boolean(state) => {
                out.push(BOOLEAN);
                put_watched(out, state);
            }
            Kind::Count(state) => {
                out.push(COUNT);
                count::put(out, state);
            }
            Kind::Category(state) => {
                out.push(CATEGORY);
                put_watched(out, state);
            }
            Kind::Fact(state) => {
                out.push(FACT);
                out.push(state.0.len() as u8);
                state.0.iter().for_each(|saying| put_saying(out, saying));
            }
        }
        if let Some(others) = self.others() {
            out[estimator] |= HAS_OTHERS;
            put_others(out, others);
        }
    }

    /// Reads one state from the front of `bytes` and moves `bytes` behind it.
    pub fn decode(spec: &AttributeSpec, bytes: &mut &[u8]) -> Result<Self, Error> {
        let version = take_u8(bytes)?;
        if version != VERSION {
            return Err(Error::Version(version));
        }
        let first = take_u8(bytes)?;
        let found = first & !HAS_OTHERS;
        let expected = match spec.estimator {
            Estimator::Scalar { .. } => SCALAR,
            Estimator::Boolean { .. } => BOOLEAN,
            Estimator::Count { .. } => COUNT,
            Estimator::Category { .. } => CATEGORY,
            Estimator::Static { .. } => FACT,
        };
        if found != expected {
            return Err(Error::Estimator {
                attribute: spec.name,
                found,
                expected,
            });
        }
        let kind = match found {
            SCALAR => Kind::Scalar(take_scalar(bytes)?),
            BOOLEAN => Kind::Boolean(take_watched(spec, bytes)?),
            CATEGORY => Kind::Category(take_watched(spec, bytes)?),
            COUNT => Kind::Count(count::take(bytes)?),
            _ => Kind::Fact(take_fact(bytes)?),
        };
        let others = (first & HAS_OTHERS != 0)
            .then(|| take_others(spec, bytes))
            .transpose()?;
        Ok(Self::of(kind, others))
    }
}

pub(crate) fn put_readings(out: &mut Vec<u8>, readings: &[Reading]) {
    out.push(readings.len() as u8);
    for reading in readings {
        out.extend(reading.sequence.to_le_bytes());
        out.extend(reading.observed.0.to_le_bytes());
        out.extend(reading.value.to_bits().to_le_bytes());
        out.extend(reading.incarnation.to_le_bytes());
        out.extend(reading.source.to_le_bytes());
        out.extend(reading.spread.to_bits().to_le_bytes());
        out.extend(reading.weight.to_le_bytes());
        out.push(reading.tag.byte());
    }
}

fn take_scalar(bytes: &mut &[u8]) -> Result<Scalar, Error> {
    let length = usize::from(u16::from_le_bytes(take(bytes)?));
    let (packed, rest) = bytes.split_at_checked(length).ok_or(Error::Truncated)?;
    *bytes = rest;
    Scalar::from_bytes(packed).map_err(Error::Damaged)
}

fn take_words(bytes: &mut &[u8], check: fn(&Reading) -> bool) -> Result<Readings, Error> {
    let readings = take_readings(bytes, words::READINGS_MAX, check)?;
    if readings.iter().any(Reading::is_folded) {
        return Err(Error::Damaged("a folded reading without a base"));
    }
    Ok(readings)
}

fn put_watched(out: &mut Vec<u8>, watched: &Watched) {
    put_readings(out, &watched.words.0);
    out.push(watched.records.len() as u8);
    for record in &watched.records {
        out.extend(record.source.to_le_bytes());
        out.extend(record.since_s.to_le_bytes());
        for span in record.spans {
            let heard = [span.before, span.at, span.after];
            out.extend(heard.iter().flat_map(|heard| heard.bits().to_le_bytes()));
        }
        out.extend(record.interval_s.to_bytes());
        out.extend([record.flips, record.wrong, record.contrary]);
        out.extend([record.settled, record.quiet, record.last]);
    }
}

fn take_watched(spec: &AttributeSpec, bytes: &mut &[u8]) -> Result<Watched, Error> {
    let readings = take_words(bytes, has_probability)?;
    let places = match spec.estimator {
        Estimator::Category { labels, .. } => labels.len(),
        _ => 2,
    };
    let is_place = |r: &Reading| (0..places).any(|place| r.value == place as f64);
    if !readings.iter().all(is_place) {
        return Err(Error::Damaged("a word that the attribute does not have"));
    }
    Ok(Watched {
        words: Words(readings),
        records: take_records(bytes, places)?,
    })
}

fn take_records(bytes: &mut &[u8], places: usize) -> Result<Box<[Record]>, Error> {
    let count = usize::from(take_u8(bytes)?);
    if count > RECORDS_MAX {
        return Err(Error::Damaged("too many records"));
    }
    let mut sources: Vec<Record> = Vec::with_capacity(count);
    for _ in 0..count {
        let record = take_record(bytes, places)?;
        if sources.last().is_some_and(|r| r.source >= record.source) {
            return Err(Error::Damaged("records out of order"));
        }
        sources.push(record);
    }
    Ok(sources.into_boxed_slice())
}

fn take_record(bytes: &mut &[u8], places: usize) -> Result<Record, Error> {
    let (source, since_s) = (take_u32(bytes)?, take_u32(bytes)?);
    let mut spans = Spans::default();
    for span in &mut spans {
        *span = take_span(bytes, places)?;
    }
    let interval_s = Half::from_bytes(take(bytes)?);
    if !(interval_s.get() >= 0.0 && interval_s.get().is_finite()) {
        return Err(Error::Damaged("an interval that is none"));
    }
    let [flips, wrong, contrary, settled, quiet, last] = take(bytes)?;
    if usize::from(last) > places {
        return Err(Error::Damaged(
            "a last word that the attribute does not have",
        ));
    }
    Ok(Record {
        source,
        since_s,
        spans,
        interval_s,
        flips,
        wrong,
        contrary,
        settled,
        quiet,
        last,
    })
}

fn take_span(bytes: &mut &[u8], places: usize) -> Result<Span, Error> {
    let mut heard = || {
        let heard = Heard::from_bits(take_u32(bytes)?, places);
        heard.ok_or(Error::Damaged(
            "a look at a word that the attribute does not have",
        ))
    };
    let span = Span {
        before: heard()?,
        at: heard()?,
        after: heard()?,
    };
    if !span.is_ordered() {
        return Err(Error::Damaged("the words of a look out of order"));
    }
    Ok(span)
}

fn has_probability(reading: &Reading) -> bool {
    reading.spread == Reading::NOT_STATED || (0.0..=1.0).contains(&reading.spread)
}

pub(crate) fn has_sd(reading: &Reading) -> bool {
    reading.spread > 0.0 && reading.spread.is_finite()
}

pub(crate) fn take_readings(
    bytes: &mut &[u8],
    most: usize,
    check: fn(&Reading) -> bool,
) -> Result<Readings, Error> {
    let count = usize::from(take_u8(bytes)?);
    if count > most {
        return Err(Error::Damaged("too many readings"));
    }
    let mut readings: Vec<Reading> = Vec::with_capacity(count);
    for _ in 0..count {
        let reading = Reading {
            sequence: u64::from_le_bytes(take(bytes)?),
            observed: take_time(bytes)?,
            value: take_finite(bytes)?,
            incarnation: take_u32(bytes)?,
            source: take_u32(bytes)?,
            spread: f32::from_bits(take_u32(bytes)?),
            weight: u16::from_le_bytes(take(bytes)?),
            tag: Tag::from_byte(take_u8(bytes)?).ok_or(Error::Damaged("a word that is none"))?,
            delay: 0,
        };
        if !check(&reading) {
            return Err(Error::Damaged("a spread that is none"));
        }
        if readings.last().is_some_and(|r| !r.order(&reading).is_lt()) {
            return Err(Error::Damaged("readings out of order"));
        }
        readings.push(reading);
    }
    Ok(Readings::from_sorted(readings))
}

/// Bits of a saying's first byte, beside the word in the lowest three.
const HAS_FROM: u8 = 1 << 3;
const HAS_UNTIL: u8 = 1 << 4;
const HAS_UNCERTAINTY: u8 = 1 << 5;
/// Second byte: basis in the lowest two bits.
const IMPLAUSIBLE: u8 = 1 << 2;
const HAS_SD: u8 = 1 << 3;

fn put_saying(out: &mut Vec<u8>, saying: &Saying) {
    let (word, mut second) = (word_of(&saying.say), saying.basis as u8);
    let mut first = word as u8;
    let mut uncertainty = None;
    if let Say::Value {
        probability,
        sd,
        is_implausible,
        ..
    } = &saying.say
    {
        uncertainty = probability.or(*sd);
        second |= if sd.is_some() { HAS_SD } else { 0 };
        second |= if *is_implausible { IMPLAUSIBLE } else { 0 };
    }
    for (mark, is_there) in [
        (HAS_FROM, saying.valid.from.is_some()),
        (HAS_UNTIL, saying.valid.until.is_some()),
        (HAS_UNCERTAINTY, uncertainty.is_some()),
    ] {
        first |= if is_there { mark } else { 0 };
    }
    out.extend([first, second]);
    out.extend(saying.source.to_le_bytes());
    out.extend(saying.claim.incarnation.to_le_bytes());
    out.extend(saying.claim.sequence.to_le_bytes());
    out.extend(saying.observed.0.to_le_bytes());
    for time in [saying.valid.from, saying.valid.until]
        .into_iter()
        .flatten()
    {
        out.extend(time.0.to_le_bytes());
    }
    if let Some(uncertainty) = uncertainty {
        out.extend(uncertainty.to_bits().to_le_bytes());
    }
    if let Say::Value { value, .. } = &saying.say {
        put_value(out, value);
    }
}

fn word_of(say: &Say) -> Word {
    match say {
        Say::Value { .. } => Word::Value,
        Say::Unknown => Word::Unknown,
        Say::Absent => Word::Absent,
        Say::NotApplicable => Word::NotApplicable,
        Say::Retract => Word::Retract,
    }
}

fn take_fact(bytes: &mut &[u8]) -> Result<Fact, Error> {
    let count = usize::from(take_u8(bytes)?);
    if count > SAYINGS_MAX {
        return Err(Error::Damaged("too many statements"));
    }
    let mut sayings: Vec<Saying> = Vec::with_capacity(count);
    for _ in 0..count {
        let saying = take_saying(bytes)?;
        if sayings.last().is_some_and(|s| !s.order(&saying).is_lt()) {
            return Err(Error::Damaged("statements out of order"));
        }
        sayings.push(saying);
    }
    Ok(Fact(sayings))
}

fn take_saying(bytes: &mut &[u8]) -> Result<Saying, Error> {
    let [first, second] = take(bytes)?;
    let source = take_u32(bytes)?;
    let claim = ClaimId {
        incarnation: take_u32(bytes)?,
        sequence: u64::from_le_bytes(take(bytes)?),
    };
    let observed = take_time(bytes)?;
    let mut time_if = |mark| (first & mark != 0).then(|| take_time(bytes)).transpose();
    let valid = Interval {
        from: time_if(HAS_FROM)?,
        until: time_if(HAS_UNTIL)?,
    };
    let has_uncertainty = first & HAS_UNCERTAINTY != 0;
    let uncertainty = has_uncertainty.then(|| take_finite(bytes)).transpose()?;
    let basis = match second & 3 {
        0 => Basis::Observed,
        1 => Basis::Inferred,
        2 => Basis::Predicted,
        _ => Basis::Assumed,
    };
    let has_sd = second & HAS_SD != 0;
    let say = match first & 7 {
        0 => Say::Value {
            value: take_value(bytes)?,
            probability: uncertainty.filter(|_| !has_sd),
            sd: uncertainty.filter(|_| has_sd),
            is_implausible: second & IMPLAUSIBLE != 0,
        },
        1 => Say::Unknown,
        2 => Say::Absent,
        3 => Say::NotApplicable,
        4 => Say::Retract,
        _ => return Err(Error::Damaged("a word that is none")),
    };
    Ok(Saying {
        source,
        claim,
        observed,
        valid,
        basis,
        say,
    })
}

pub(crate) fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Boolean(b) => out.extend([0, u8::from(*b)]),
        Value::Number(n) => {
            out.push(1);
            put_numbers(out, &[*n]);
        }
        Value::Text(text) => {
            out.push(2);
            put_text(out, text);
        }
        Value::Entity(id) => {
            out.push(3);
            put_text(out, id.as_str());
        }
        Value::Entities(ids) => {
            out.push(4);
            put_count(out, ids.len());
            ids.iter().for_each(|id| put_text(out, id.as_str()));
        }
        Value::Point(point) => {
            out.push(5);
            put_numbers(out, point);
        }
        Value::Line(points) => {
            out.push(6);
            put_points(out, points);
        }
        Value::Polygon(polygon) => {
            out.push(7);
            put_count(out, polygon.rings.len());
            polygon.rings.iter().for_each(|ring| put_points(out, ring));
        }
        Value::Json(text) => {
            out.push(8);
            put_text(out, text);
        }
    }
}

pub(crate) fn take_value(bytes: &mut &[u8]) -> Result<Value, Error> {
    Ok(match take_u8(bytes)? {
        0 => Value::Boolean(take_bool(bytes)?),
        1 => Value::Number(take_finite(bytes)?),
        2 => Value::Text(take_text(bytes)?.into()),
        3 => Value::Entity(take_id(bytes)?),
        4 => {
            let count = take_count(bytes, 4)?;
            let ids: Vec<EntityId> = (0..count)
                .map(|_| take_id(bytes))
                .collect::<Result<_, _>>()?;
            if !ids.is_sorted_by(|a, b| a < b) {
                return Err(Error::Damaged("twins out of order"));
            }
            Value::Entities(ids.into())
        }
        5 => Value::Point([
            take_finite(bytes)?,
            take_finite(bytes)?,
            take_finite(bytes)?,
        ]),
        6 => Value::Line(take_points(bytes)?.into()),
        7 => {
            let count = take_count(bytes, 4)?;
            let rings = (0..count)
                .map(|_| take_points(bytes))
                .collect::<Result<_, _>>()?;
            Value::Polygon(Arc::new(Polygon { rings }))
        }
        8 => Value::Json(take_text(bytes)?.into()),
        _ => return Err(Error::Damaged("a value of unknown form")),
    })
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend((count as u32).to_le_bytes());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_count(out, text.len());
    out.extend(text.as_bytes());
}

fn put_numbers(out: &mut Vec<u8>, numbers: &[f64]) {
    for number in numbers {
        out.extend(number.to_bits().to_le_bytes());
    }
}

fn put_points(out: &mut Vec<u8>, points: &[[f64; 2]]) {
    put_count(out, points.len());
    for point in points {
        put_numbers(out, point);
    }
}

pub(crate) fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Error> {
    let (head, rest) = bytes.split_first_chunk().ok_or(Error::Truncated)?;
    *bytes = rest;
    Ok(*head)
}

pub(crate) fn take_u8(bytes: &mut &[u8]) -> Result<u8, Error> {
    take::<1>(bytes).map(|[byte]| byte)
}

pub(crate) fn take_bool(bytes: &mut &[u8]) -> Result<bool, Error> {
    match take_u8(bytes)? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Error::Damaged("a truth value that is none")),
    }
}

pub(crate) fn take_u32(bytes: &mut &[u8]) -> Result<u32, Error> {
    Ok(u32::from_le_bytes(take(bytes)?))
}

pub(crate) fn take_time(bytes: &mut &[u8]) -> Result<Time, Error> {
    Ok(Time(i64::from_le_bytes(take(bytes)?)))
}

pub(crate) fn take_finite(bytes: &mut &[u8]) -> Result<f64, Error> {
    let number = f64::from_bits(u64::from_le_bytes(take(bytes)?));
    if number.is_finite() {
        Ok(number)
    } else {
        Err(Error::Damaged("a number that is not finite"))
    }
}

/// A count of things of at least `size` bytes each; more than the bytes can hold is refused
/// before anything is set aside for them.
fn take_count(bytes: &mut &[u8], size: usize) -> Result<usize, Error> {
    let count = take_u32(bytes)? as usize;
    if count > bytes.len() / size {
        return Err(Error::Truncated);
    }
    Ok(count)
}

fn take_text<'a>(bytes: &mut &'a [u8]) -> Result<&'a str, Error> {
    let length = take_count(bytes, 1)?;
    let (head, rest) = bytes.split_at(length);
    *bytes = rest;
    std::str::from_utf8(head).map_err(|_| Error::Damaged("a text that is not UTF-8"))
}

fn take_id(bytes: &mut &[u8]) -> Result<EntityId, Error> {
    EntityId::new(take_text(bytes)?).map_err(|_| Error::Damaged("an id that is none"))
}

fn take_points(bytes: &mut &[u8]) -> Result<Vec<[f64; 2]>, Error> {
    let count = take_count(bytes, 16)?;
    (0..count)
        .map(|_| Ok([take_finite(bytes)?, take_finite(bytes)?]))
        .collect()
}
