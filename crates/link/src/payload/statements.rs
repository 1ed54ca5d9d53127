//! Statements by rows: everything that a claim can say and a column cannot.

use super::Record;
use crate::bytes::{Cursor, put_bytes, put_f64, put_signed, put_varint};
use crate::limits::RECORDS_MAX;
use std::sync::Arc;
use twin_model::{Act, EntityId, Interval, Polygon, Stated, Time, Value};

const FROM: u8 = 8;
const UNTIL: u8 = 16;

const ASSERT: u8 = 0;
const ABSENT: u8 = 1;
const NOT_APPLICABLE: u8 = 2;
const UNKNOWN: u8 = 3;
const RETRACT: u8 = 4;

pub(super) fn encode(records: &[&Record], written: Time) -> Vec<u8> {
    let mut out = Vec::new();
    put_varint(&mut out, records.len() as u64);
    let mut before = written;
    for record in records {
        put_row(&mut out, record, before);
        before = record.observed;
    }
    out
}

fn put_row(out: &mut Vec<u8>, record: &Record, before: Time) {
    put_varint(out, u64::from(record.topic));
    put_signed(out, record.observed.0.wrapping_sub(before.0));
    let ends = [(record.valid.from, FROM), (record.valid.until, UNTIL)];
    let stated = ends.iter().filter(|(end, _)| end.is_some());
    out.push(stated.fold(act_code(&record.act), |head, (_, bit)| head | bit));
    for end in ends.iter().filter_map(|(end, _)| *end) {
        put_signed(out, record.observed.0.wrapping_sub(end.0));
    }
    match &record.act {
        Act::Assert(stated) => put_value(out, &stated.value),
        Act::Unknown { reason } => put_bytes(out, reason.as_bytes()),
        Act::Absent | Act::NotApplicable | Act::Retract => {}
    }
}

fn act_code(act: &Act) -> u8 {
    match act {
        Act::Assert(_) => ASSERT,
        Act::Absent => ABSENT,
        Act::NotApplicable => NOT_APPLICABLE,
        Act::Unknown { .. } => UNKNOWN,
        Act::Retract => RETRACT,
    }
}

fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Boolean(is) => out.push(u8::from(*is)),
        Value::Number(number) => {
            out.push(2);
            put_f64(out, *number);
        }
        Value::Text(text) => put_text(out, 3, text),
        Value::Entity(id) => put_text(out, 4, id.as_str()),
        Value::Entities(ids) => {
            out.push(5);
            put_varint(out, ids.len() as u64);
            ids.iter()
                .for_each(|id| put_bytes(out, id.as_str().as_bytes()));
        }
        Value::Point(point) => {
            out.push(6);
            for &x in point {
                put_f64(out, x);
            }
        }
        Value::Line(points) => {
            out.push(7);
            put_points(out, points);
        }
        Value::Polygon(polygon) => {
            out.push(8);
            put_varint(out, polygon.rings.len() as u64);
            polygon.rings.iter().for_each(|ring| put_points(out, ring));
        }
        Value::Json(text) => put_text(out, 9, text),
    }
}

fn put_text(out: &mut Vec<u8>, tag: u8, text: &str) {
    out.push(tag);
    put_bytes(out, text.as_bytes());
}

fn put_points(out: &mut Vec<u8>, points: &[[f64; 2]]) {
    put_varint(out, points.len() as u64);
    points.iter().flatten().for_each(|&x| put_f64(out, x));
}

pub(super) fn decode(section: &[u8], written: Time) -> Option<Vec<Record>> {
    let mut cursor = Cursor::new(section);
    let count = cursor.count(3).filter(|&n| n <= RECORDS_MAX)?;
    let mut before = written;
    let mut records = Vec::with_capacity(count);
    for _ in 0..count {
        let record = get_row(&mut cursor, before)?;
        before = record.observed;
        records.push(record);
    }
    cursor.is_empty().then_some(records)
}

fn get_row(cursor: &mut Cursor<'_>, before: Time) -> Option<Record> {
    let topic = u32::try_from(cursor.varint()?).ok()?;
    let observed = Time(before.0.wrapping_add(cursor.signed()?));
    let head = cursor.u8().filter(|&head| head < 2 * UNTIL)?;
    let mut end = |bit: u8| -> Option<Option<Time>> {
        if head & bit == 0 {
            return Some(None);
        }
        let before_observed = cursor.signed()?;
        Some(Some(Time(observed.0.wrapping_sub(before_observed))))
    };
    let valid = Interval {
        from: end(FROM)?,
        until: end(UNTIL)?,
    };
    Some(Record {
        topic,
        observed,
        valid,
        act: get_act(cursor, head % FROM)?,
    })
}

fn get_act(cursor: &mut Cursor<'_>, code: u8) -> Option<Act> {
    Some(match code {
        ASSERT => Act::Assert(Stated::from(get_value(cursor)?)),
        ABSENT => Act::Absent,
        NOT_APPLICABLE => Act::NotApplicable,
        UNKNOWN => Act::Unknown {
            reason: Arc::from(cursor.text()?),
        },
        RETRACT => Act::Retract,
        _ => return None,
    })
}

fn get_value(cursor: &mut Cursor<'_>) -> Option<Value> {
    Some(match cursor.u8()? {
        tag @ (0 | 1) => Value::Boolean(tag == 1),
        2 => Value::Number(finite(cursor)?),
        3 => Value::text(cursor.text()?),
        4 => Value::Entity(EntityId::new(cursor.text()?).ok()?),
        5 => Value::entities(get_entities(cursor)?),
        6 => Value::Point([finite(cursor)?, finite(cursor)?, finite(cursor)?]),
        7 => Value::Line(get_points(cursor)?.into()),
        8 => {
            let count = cursor.count(1)?;
            let rings: Option<Vec<_>> = (0..count).map(|_| get_points(cursor)).collect();
            Value::Polygon(Arc::new(Polygon { rings: rings? }))
        }
        9 => Value::Json(Arc::from(cursor.text()?)),
        _ => return None,
    })
}

fn get_entities(cursor: &mut Cursor<'_>) -> Option<Vec<EntityId>> {
    let count = cursor.count(1)?;
    (0..count)
        .map(|_| EntityId::new(cursor.text()?).ok())
        .collect()
}

fn get_points(cursor: &mut Cursor<'_>) -> Option<Vec<[f64; 2]>> {
    let count = cursor.count(16)?;
    (0..count)
        .map(|_| Some([finite(cursor)?, finite(cursor)?]))
        .collect()
}

fn finite(cursor: &mut Cursor<'_>) -> Option<f64> {
    cursor.f64().filter(|x| x.is_finite())
}
