//! A batch of claims and its bytes: one frame's payload, drawn in
//! `docs/formats/log.md`.
//!
//! Texts that repeat (twins, attributes, sources, units) stand once in a table of
//! their batch; a claim is then some twenty bytes. A batch needs nothing but itself to
//! be read, so that losing one never makes another unreadable.

use crate::codec::{Cursor, put_bytes, put_f64, put_signed, put_varint};
use crate::{CLAIMS_PER_BATCH_MAX, NOTE_BYTES_MAX};
use bytes::Bytes;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;
use twin_model::{
    Act, Attribute, BatchId, Claim, ClaimId, EntityId, Interval, Polygon, SourceId, Stated,
    Statement, Time, Uncertainty, Unit, Value,
};

/// Claims recorded together: all of them are in the log, or none.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Its name. Never smaller than that of the batch before; several batches may share
    /// one, so that a large import can be written in parts.
    pub id: BatchId,
    /// What sort of batch, in the words of the node; the store does not look at it.
    pub kind: u8,
    /// When the node recorded it. Every claim carries the same time.
    pub recorded: Time,
    /// What the node wants to keep beside the claims; the store does not look at it. At
    /// most [`NOTE_BYTES_MAX`] bytes. Nothing about a person belongs here: an erasure
    /// does not reach it.
    pub note: Bytes,
    /// The claims, with sequence numbers one after the other (some may be missing where
    /// a subject was erased).
    pub claims: Vec<Claim>,
}

impl Batch {
    /// The bytes of the batch as they stand in a frame of the log. Ids of claims are not
    /// among them: they follow from the frame.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        Encoder::default().encode(self, &mut out);
        out
    }

    /// Reads what [`Batch::encode`] wrote; `first` is the id of the first claim. `None`
    /// for anything else; memory stays within a small multiple of the bytes given.
    pub fn decode(bytes: &[u8], first: ClaimId) -> Option<Self> {
        decode(bytes, first, &mut Interner::default()).ok()
    }
}

const ACT_MASK: u8 = 0b111;
const ASSERT: u8 = 0;
const ABSENT: u8 = 1;
const NOT_APPLICABLE: u8 = 2;
const UNKNOWN: u8 = 3;
const RETRACT: u8 = 4;
const ERASED: u8 = 7;
const HAS_FROM: u8 = 1 << 3;
const HAS_UNTIL: u8 = 1 << 4;
const HAS_PROCEDURE: u8 = 1 << 5;

const VALUE_MASK: u8 = 0b1111;
const HAS_UNIT: u8 = 1 << 4;
const STANDARD_DEVIATION: u8 = 1 << 5;
const PROBABILITY: u8 = 2 << 5;
const UNCERTAINTY_MASK: u8 = 0b11 << 5;

/// Bytes of the shortest row: an erased one.
const ROW_BYTES_MIN: usize = 1;

/// Encoding state kept between batches so that appending allocates little.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    rows: Vec<u8>,
}

struct Table<'a> {
    places: FxHashMap<&'a str, u32>,
    texts: Vec<&'a str>,
    last: u32,
}

impl<'a> Table<'a> {
    fn new() -> Self {
        Self {
            places: FxHashMap::default(),
            texts: Vec::new(),
            last: 0,
        }
    }

    fn place(&mut self, text: &'a str) -> u64 {
        // Neighbouring claims often share the very same string.
        if let Some(last) = self.texts.get(self.last as usize)
            && std::ptr::eq(*last, text)
        {
            return u64::from(self.last);
        }
        let next = self.texts.len() as u32;
        let place = *self.places.entry(text).or_insert(next);
        if place == next {
            self.texts.push(text);
        }
        self.last = place;
        u64::from(place)
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_varint(out, self.texts.len() as u64);
        for text in &self.texts {
            put_bytes(out, text.as_bytes());
        }
    }
}

struct Tables<'a> {
    entities: Table<'a>,
    attributes: Table<'a>,
    sources: Table<'a>,
    words: Table<'a>,
}

impl Tables<'_> {
    fn new() -> Self {
        Self {
            entities: Table::new(),
            attributes: Table::new(),
            sources: Table::new(),
            words: Table::new(),
        }
    }
}

impl Encoder {
    /// Appends the payload of `batch` to `out`. Every claim becomes a row.
    pub(crate) fn encode(&mut self, batch: &Batch, out: &mut Vec<u8>) {
        let rows = batch.claims.iter().map(Some);
        self.encode_rows(batch, batch.claims.len(), rows, out);
    }

    /// Like [`Encoder::encode`] with the rows given one by one; `None` is an erased row.
    pub(crate) fn encode_rows<'a>(
        &mut self,
        batch: &Batch,
        count: usize,
        claims: impl Iterator<Item = Option<&'a Claim>>,
        out: &mut Vec<u8>,
    ) {
        self.rows.clear();
        let mut tables = Tables::new();
        for claim in claims {
            match claim {
                Some(claim) => put_row(&mut self.rows, claim, &mut tables),
                None => self.rows.push(ERASED),
            }
        }
        out.push(batch.kind);
        put_varint(out, batch.id.0);
        put_signed(out, batch.recorded.0);
        put_varint(out, count as u64);
        put_bytes(out, &batch.note);
        tables.entities.put(out);
        tables.attributes.put(out);
        tables.sources.put(out);
        tables.words.put(out);
        out.extend_from_slice(&self.rows);
    }
}

fn put_row<'a>(out: &mut Vec<u8>, claim: &'a Claim, tables: &mut Tables<'a>) {
    let statement = &claim.statement;
    let mut head = match statement.act {
        Act::Assert(_) => ASSERT,
        Act::Absent => ABSENT,
        Act::NotApplicable => NOT_APPLICABLE,
        Act::Unknown { .. } => UNKNOWN,
        Act::Retract => RETRACT,
    };
    head |= if statement.valid.from.is_some() {
        HAS_FROM
    } else {
        0
    };
    head |= if statement.valid.until.is_some() {
        HAS_UNTIL
    } else {
        0
    };
    head |= if statement.procedure.is_some() {
        HAS_PROCEDURE
    } else {
        0
    };
    out.push(head);
    put_varint(out, tables.entities.place(statement.entity.as_str()));
    put_varint(out, tables.attributes.place(statement.attribute.as_str()));
    put_varint(out, tables.sources.place(claim.source.as_str()));
    // Wrapping differences: any two times come back exactly, even nonsensical ones.
    let observed = statement.observed.0;
    put_signed(out, claim.recorded.0.wrapping_sub(observed));
    for end in [statement.valid.from, statement.valid.until]
        .into_iter()
        .flatten()
    {
        put_signed(out, observed.wrapping_sub(end.0));
    }
    if let Some(procedure) = &statement.procedure {
        put_varint(out, tables.words.place(procedure));
    }
    match &statement.act {
        Act::Assert(stated) => put_stated(out, stated, &mut tables.words),
        Act::Unknown { reason } => put_varint(out, tables.words.place(reason)),
        Act::Absent | Act::NotApplicable | Act::Retract => {}
    }
}

fn put_stated<'a>(out: &mut Vec<u8>, stated: &'a Stated, words: &mut Table<'a>) {
    let mut tag = match &stated.value {
        Value::Boolean(b) => u8::from(*b),
        Value::Number(_) => 2,
        Value::Text(_) => 3,
        Value::Entity(_) => 4,
        Value::Entities(_) => 5,
        Value::Point(_) => 6,
        Value::Line(_) => 7,
        Value::Polygon(_) => 8,
        Value::Json(_) => 9,
    };
    tag |= if stated.unit.is_some() { HAS_UNIT } else { 0 };
    tag |= match stated.uncertainty {
        None => 0,
        Some(Uncertainty::StandardDeviation(_)) => STANDARD_DEVIATION,
        Some(Uncertainty::Probability(_)) => PROBABILITY,
    };
    out.push(tag);
    if let Some(unit) = &stated.unit {
        put_varint(out, words.place(unit.as_str()));
    }
    if let Some(Uncertainty::StandardDeviation(x) | Uncertainty::Probability(x)) =
        stated.uncertainty
    {
        put_f64(out, x);
    }
    match &stated.value {
        Value::Boolean(_) => {}
        Value::Number(n) => put_f64(out, *n),
        Value::Text(text) => put_varint(out, words.place(text)),
        Value::Entity(id) => put_varint(out, words.place(id.as_str())),
        Value::Entities(ids) => {
            put_varint(out, ids.len() as u64);
            for id in ids.iter() {
                put_varint(out, words.place(id.as_str()));
            }
        }
        Value::Point(point) => point.iter().for_each(|x| put_f64(out, *x)),
        Value::Line(points) => put_points(out, points),
        Value::Polygon(polygon) => {
            put_varint(out, polygon.rings.len() as u64);
            for ring in &polygon.rings {
                put_points(out, ring);
            }
        }
        Value::Json(json) => put_bytes(out, json.as_bytes()),
    }
}

fn put_points(out: &mut Vec<u8>, points: &[[f64; 2]]) {
    put_varint(out, points.len() as u64);
    for [x, y] in points {
        put_f64(out, *x);
        put_f64(out, *y);
    }
}

/// What a payload says about its batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) kind: u8,
    pub(crate) id: BatchId,
    pub(crate) recorded: Time,
    pub(crate) count: usize,
    pub(crate) note: &'a [u8],
}

impl<'a> Head<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        Self::take(&mut Cursor::new(bytes))
    }

    fn take(cursor: &mut Cursor<'a>) -> Option<Self> {
        let head = Self {
            kind: cursor.u8()?,
            id: BatchId(cursor.varint()?),
            recorded: Time(cursor.signed()?),
            count: cursor.count(ROW_BYTES_MIN)?,
            note: cursor.bytes()?,
        };
        let bounded = head.count <= CLAIMS_PER_BATCH_MAX && head.note.len() <= NOTE_BYTES_MAX;
        bounded.then_some(head)
    }
}

/// A payload's head and tables, borrowed from its bytes.
#[derive(Debug)]
pub(crate) struct Payload<'a> {
    pub(crate) head: Head<'a>,
    pub(crate) entities: Vec<&'a str>,
    pub(crate) attributes: Vec<&'a str>,
    pub(crate) sources: Vec<&'a str>,
    pub(crate) words: Vec<&'a str>,
    rows: &'a [u8],
}

impl<'a> Payload<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        Some(Self {
            head: Head::take(&mut cursor)?,
            entities: table(&mut cursor)?,
            attributes: table(&mut cursor)?,
            sources: table(&mut cursor)?,
            words: table(&mut cursor)?,
            rows: cursor.rest(),
        })
    }

    /// The rows; an item of `None` means that the bytes are not rows, and is the last.
    pub(crate) fn rows(&self) -> Rows<'a> {
        Rows {
            cursor: Cursor::new(self.rows),
            left: self.head.count,
            recorded: self.head.recorded.0,
        }
    }
}

fn table<'a>(cursor: &mut Cursor<'a>) -> Option<Vec<&'a str>> {
    let n = cursor.count(1)?;
    let mut texts = Vec::with_capacity(n.min(1 << 16));
    for _ in 0..n {
        texts.push(cursor.text()?);
    }
    Some(texts)
}

/// One claim as its indexes and raw value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) entity: usize,
    pub(crate) attribute: usize,
    pub(crate) source: usize,
    pub(crate) observed: Time,
    valid: Interval,
    procedure: Option<usize>,
    act: RowAct<'a>,
}

#[derive(Debug, Clone, Copy)]
enum RowAct<'a> {
    Assert {
        unit: Option<usize>,
        uncertainty: Option<Uncertainty>,
        value: RowValue<'a>,
    },
    Absent,
    NotApplicable,
    Unknown(usize),
    Retract,
}

#[derive(Debug, Clone, Copy)]
enum RowValue<'a> {
    Boolean(bool),
    Number(f64),
    Text(usize),
    Entity(usize),
    /// Checked indexes, still as varints.
    Entities(usize, &'a [u8]),
    Point([f64; 3]),
    Line(&'a [u8]),
    /// Number of rings; checked, still as bytes.
    Polygon(usize, &'a [u8]),
    Json(&'a str),
}

/// The rows of a payload, in order.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    cursor: Cursor<'a>,
    left: usize,
    recorded: i64,
}

/// A row, or nothing where a claim was erased.
pub(crate) type MaybeRow<'a> = Option<Row<'a>>;

impl<'a> Rows<'a> {
    /// The next row; `Ok(None)` at the end, `Err` where the bytes are not rows.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<MaybeRow<'a>>, NotABatch> {
        if self.left == 0 {
            return if self.cursor.is_empty() {
                Ok(None)
            } else {
                Err(NotABatch)
            };
        }
        self.left -= 1;
        self.row().map(Some).ok_or(NotABatch)
    }

    fn row(&mut self) -> Option<MaybeRow<'a>> {
        let c = &mut self.cursor;
        let head = c.u8()?;
        if head == ERASED {
            return Some(None);
        }
        let (entity, attribute, source) = (index(c)?, index(c)?, index(c)?);
        let observed = self.recorded.wrapping_sub(c.signed()?);
        let mut end = |flag| -> Option<Option<Time>> {
            if head & flag == 0 {
                return Some(None);
            }
            Some(Some(Time(observed.wrapping_sub(c.signed()?))))
        };
        let valid = Interval {
            from: end(HAS_FROM)?,
            until: end(HAS_UNTIL)?,
        };
        let procedure = if head & HAS_PROCEDURE == 0 {
            None
        } else {
            Some(index(c)?)
        };
        let act = match head & ACT_MASK {
            ASSERT => stated(c)?,
            ABSENT => RowAct::Absent,
            NOT_APPLICABLE => RowAct::NotApplicable,
            UNKNOWN => RowAct::Unknown(index(c)?),
            RETRACT => RowAct::Retract,
            _ => return None,
        };
        Some(Some(Row {
            entity,
            attribute,
            source,
            observed: Time(observed),
            valid,
            procedure,
            act,
        }))
    }
}

#[inline]
fn index(c: &mut Cursor<'_>) -> Option<usize> {
    usize::try_from(c.varint()?).ok()
}

fn stated<'a>(c: &mut Cursor<'a>) -> Option<RowAct<'a>> {
    let tag = c.u8()?;
    let unit = if tag & HAS_UNIT == 0 {
        None
    } else {
        Some(index(c)?)
    };
    let uncertainty = match tag & UNCERTAINTY_MASK {
        0 => None,
        STANDARD_DEVIATION => Some(Uncertainty::StandardDeviation(c.f64()?)),
        PROBABILITY => Some(Uncertainty::Probability(c.f64()?)),
        _ => return None,
    };
    let value = match tag & VALUE_MASK {
        0 => RowValue::Boolean(false),
        1 => RowValue::Boolean(true),
        2 => RowValue::Number(c.f64()?),
        3 => RowValue::Text(index(c)?),
        4 => RowValue::Entity(index(c)?),
        5 => {
            let n = c.count(1)?;
            let before = c.rest();
            for _ in 0..n {
                c.varint()?;
            }
            RowValue::Entities(n, consumed(before, c))
        }
        6 => RowValue::Point([c.f64()?, c.f64()?, c.f64()?]),
        7 => {
            let n = c.count(16)?;
            RowValue::Line(c.take(n * 16)?)
        }
        8 => {
            let rings = c.count(1)?;
            let before = c.rest();
            for _ in 0..rings {
                let n = c.count(16)?;
                c.take(n * 16)?;
            }
            RowValue::Polygon(rings, consumed(before, c))
        }
        9 => RowValue::Json(c.text()?),
        _ => return None,
    };
    Some(RowAct::Assert {
        unit,
        uncertainty,
        value,
    })
}

fn consumed<'a>(before: &'a [u8], after: &Cursor<'a>) -> &'a [u8] {
    &before[..before.len() - after.rest().len()]
}

/// The bytes are not a batch, although their checksum is right: written by something
/// else, or by a mistake of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotABatch;

/// Most twins, attributes and sources an [`Interner`] remembers of each sort.
const INTERNED_MAX: usize = 1 << 20;

/// Gives equal names one shared string while a log is read, so that a million claims
/// about a thousand twins hold a thousand names.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    entities: FxHashSet<EntityId>,
    attributes: FxHashSet<Attribute>,
    sources: FxHashSet<SourceId>,
    units: FxHashSet<Unit>,
    texts: FxHashSet<Arc<str>>,
}

macro_rules! intern {
    ($name:ident, $set:ident, $type:ty, $make:expr) => {
        pub(crate) fn $name(&mut self, text: &str) -> Result<$type, NotABatch> {
            if let Some(known) = self.$set.get(text) {
                return Ok(known.clone());
            }
            let made: $type = $make(text).map_err(|_| NotABatch)?;
            if self.$set.len() >= INTERNED_MAX {
                self.$set.clear();
            }
            self.$set.insert(made.clone());
            Ok(made)
        }
    };
}

impl Interner {
    intern!(entity, entities, EntityId, EntityId::new);
    intern!(attribute, attributes, Attribute, Attribute::new);
    intern!(source, sources, SourceId, SourceId::new);
    intern!(text, texts, Arc<str>, |text| Ok::<_, NotABatch>(Arc::from(
        text
    )));

    pub(crate) fn unit(&mut self, text: &str) -> Result<Unit, NotABatch> {
        if let Some(known) = self.units.iter().find(|unit| unit.as_str() == text) {
            return Ok(known.clone());
        }
        let unit = Unit::new(text).map_err(|_| NotABatch)?;
        if self.units.len() < 64 {
            self.units.insert(unit.clone());
        }
        Ok(unit)
    }
}

/// The tables of a payload as the model's types, made as they are first needed.
pub(crate) struct Names<'p, 'a> {
    payload: &'p Payload<'a>,
    interner: &'p mut Interner,
    entities: Vec<Option<EntityId>>,
    attributes: Vec<Option<Attribute>>,
    sources: Vec<Option<SourceId>>,
    words: Vec<Word>,
}

/// A word in whichever form it was needed; the same text may be a unit here and a value
/// there.
#[derive(Debug, Clone, Default)]
struct Word {
    text: Option<Arc<str>>,
    entity: Option<EntityId>,
    unit: Option<Unit>,
}

macro_rules! resolve {
    ($name:ident, $field:ident, $type:ty) => {
        fn $name(&mut self, at: usize) -> Result<$type, NotABatch> {
            match self.$field.get(at).ok_or(NotABatch)? {
                Some(known) => Ok(known.clone()),
                None => {
                    let made = self.interner.$name(self.payload.$field[at])?;
                    self.$field[at] = Some(made.clone());
                    Ok(made)
                }
            }
        }
    };
}

macro_rules! resolve_word {
    ($name:ident, $form:ident, $type:ty) => {
        fn $name(&mut self, at: usize) -> Result<$type, NotABatch> {
            match &self.words.get(at).ok_or(NotABatch)?.$form {
                Some(known) => Ok(known.clone()),
                None => {
                    let made = self.interner.$form(self.payload.words[at])?;
                    self.words[at].$form = Some(made.clone());
                    Ok(made)
                }
            }
        }
    };
}

impl<'p, 'a> Names<'p, 'a> {
    pub(crate) fn new(payload: &'p Payload<'a>, interner: &'p mut Interner) -> Self {
        Self {
            entities: vec![None; payload.entities.len()],
            attributes: vec![None; payload.attributes.len()],
            sources: vec![None; payload.sources.len()],
            words: vec![Word::default(); payload.words.len()],
            payload,
            interner,
        }
    }

    resolve!(entity, entities, EntityId);
    resolve!(attribute, attributes, Attribute);
    resolve!(source, sources, SourceId);
    resolve_word!(word, text, Arc<str>);
    resolve_word!(named_entity, entity, EntityId);
    resolve_word!(unit, unit, Unit);

    /// The claim that a row stands for.
    pub(crate) fn claim(&mut self, row: &Row<'_>, id: ClaimId) -> Result<Claim, NotABatch> {
        let act = match row.act {
            RowAct::Assert {
                unit,
                uncertainty,
                value,
            } => Act::Assert(Stated {
                value: self.value(value)?,
                unit: unit.map(|at| self.unit(at)).transpose()?,
                uncertainty,
            }),
            RowAct::Absent => Act::Absent,
            RowAct::NotApplicable => Act::NotApplicable,
            RowAct::Unknown(reason) => Act::Unknown {
                reason: self.word(reason)?,
            },
            RowAct::Retract => Act::Retract,
        };
        Ok(Claim {
            id,
            source: self.source(row.source)?,
            statement: Statement {
                entity: self.entity(row.entity)?,
                attribute: self.attribute(row.attribute)?,
                act,
                valid: row.valid,
                observed: row.observed,
                procedure: row.procedure.map(|at| self.word(at)).transpose()?,
            },
            recorded: self.payload.head.recorded,
            batch: self.payload.head.id,
        })
    }

    fn value(&mut self, value: RowValue<'_>) -> Result<Value, NotABatch> {
        Ok(match value {
            RowValue::Boolean(b) => Value::Boolean(b),
            RowValue::Number(n) => Value::Number(n),
            RowValue::Text(at) => Value::Text(self.word(at)?),
            RowValue::Entity(at) => Value::Entity(self.named_entity(at)?),
            RowValue::Entities(n, bytes) => {
                let mut c = Cursor::new(bytes);
                let mut ids = Vec::with_capacity(n);
                for _ in 0..n {
                    ids.push(self.named_entity(index(&mut c).ok_or(NotABatch)?)?);
                }
                // Kept as written; `Value::entities` made it sorted when it was stated.
                Value::Entities(ids.into())
            }
            RowValue::Point(point) => Value::Point(point),
            RowValue::Line(bytes) => Value::Line(points(bytes).into()),
            RowValue::Polygon(n, bytes) => {
                let mut c = Cursor::new(bytes);
                let mut rings = Vec::with_capacity(n);
                for _ in 0..n {
                    let points_n = c.count(16).ok_or(NotABatch)?;
                    rings.push(points(c.take(points_n * 16).ok_or(NotABatch)?));
                }
                Value::Polygon(Arc::new(Polygon { rings }))
            }
            RowValue::Json(json) => Value::Json(Arc::from(json)),
        })
    }
}

fn points(bytes: &[u8]) -> Vec<[f64; 2]> {
    let mut c = Cursor::new(bytes);
    std::iter::from_fn(|| Some([c.f64()?, c.f64()?])).collect()
}

/// Reads a payload back. `first` is the id of its first claim.
pub(crate) fn decode(
    bytes: &[u8],
    first: ClaimId,
    interner: &mut Interner,
) -> Result<Batch, NotABatch> {
    let payload = Payload::parse(bytes).ok_or(NotABatch)?;
    let mut names = Names::new(&payload, interner);
    let mut rows = payload.rows();
    let mut claims = Vec::with_capacity(payload.head.count.min(1 << 16));
    let mut id = first;
    while let Some(row) = rows.next()? {
        if let Some(row) = row {
            claims.push(names.claim(&row, id)?);
        }
        id.sequence += 1;
    }
    Ok(Batch {
        id: payload.head.id,
        kind: payload.head.kind,
        recorded: payload.head.recorded,
        note: Bytes::copy_from_slice(payload.head.note),
        claims,
    })
}

/// Whether two runs of claims are the same to the last bit, also where a number is not
/// equal to itself.
pub(crate) fn same_claims(a: &[Claim], b: &[Claim]) -> bool {
    let bytes = |claims: &[Claim]| {
        let (mut rows, mut tables) = (Vec::new(), Tables::new());
        for claim in claims {
            put_signed(&mut rows, claim.recorded.0);
            put_varint(&mut rows, claim.batch.0);
            put_varint(&mut rows, u64::from(claim.id.incarnation));
            put_varint(&mut rows, claim.id.sequence);
        }
        for claim in claims {
            put_row(&mut rows, claim, &mut tables);
        }
        for table in [
            &tables.entities,
            &tables.attributes,
            &tables.sources,
            &tables.words,
        ] {
            table.put(&mut rows);
        }
        rows
    };
    a.len() == b.len() && bytes(a) == bytes(b)
}
