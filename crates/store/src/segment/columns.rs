//! Claims as columns and back.

use super::Wanted;
use crate::batch::Interner;
use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, Float64Builder, Int32Builder, Int64Builder, StringBuilder,
    StringDictionaryBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, StringArray};
use arrow_buffer::BooleanBuffer;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use std::sync::Arc;
use twin_model::{
    Act, BatchId, Claim, ClaimId, Interval, Polygon, Stated, Statement, Time, Uncertainty, Value,
};

/// Place of `entity` in the schema.
pub(super) const ENTITY_COLUMN: usize = 2;

fn names() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

pub(super) fn schema() -> SchemaRef {
    let always = |name: &str, sort: DataType| Field::new(name, sort, false);
    let maybe = |name: &str, sort: DataType| Field::new(name, sort, true);
    Arc::new(Schema::new(vec![
        always("attribute", names()),
        always("observed", instant()),
        always("entity", names()),
        always("source", names()),
        always("sequence", DataType::Int64),
        always("incarnation", DataType::Int32),
        always("recorded", instant()),
        always("batch", DataType::Int64),
        maybe("valid_from", instant()),
        maybe("valid_until", instant()),
        maybe("procedure", names()),
        always("act", names()),
        maybe("kind", names()),
        maybe("number", DataType::Float64),
        maybe("boolean", DataType::Boolean),
        maybe("text", DataType::Utf8),
        maybe("shape", DataType::Binary),
        maybe("unit", names()),
        maybe("sd", DataType::Float64),
        maybe("probability", DataType::Float64),
    ]))
}

type Names = StringDictionaryBuilder<Int32Type>;

#[derive(Default)]
struct Columns {
    attribute: Names,
    observed: TimestampMicrosecondBuilder,
    entity: Names,
    source: Names,
    sequence: Int64Builder,
    incarnation: Int32Builder,
    recorded: TimestampMicrosecondBuilder,
    batch: Int64Builder,
    valid_from: TimestampMicrosecondBuilder,
    valid_until: TimestampMicrosecondBuilder,
    procedure: Names,
    act: Names,
    kind: Names,
    number: Float64Builder,
    boolean: BooleanBuilder,
    text: StringBuilder,
    shape: BinaryBuilder,
    unit: Names,
    sd: Float64Builder,
    probability: Float64Builder,
}

pub(super) fn encode(schema: &SchemaRef, claims: &[Claim]) -> Result<RecordBatch, ArrowError> {
    let mut columns = Columns::default();
    for claim in claims {
        columns.push(claim)?;
    }
    RecordBatch::try_new(Arc::clone(schema), columns.finish())
}

impl Columns {
    fn push(&mut self, claim: &Claim) -> Result<(), ArrowError> {
        let statement = &claim.statement;
        self.attribute.append(statement.attribute.as_str())?;
        self.observed.append_value(statement.observed.0);
        self.entity.append(statement.entity.as_str())?;
        self.source.append(claim.source.as_str())?;
        self.sequence.append_value(claim.id.sequence.cast_signed());
        self.incarnation
            .append_value(claim.id.incarnation.cast_signed());
        self.recorded.append_value(claim.recorded.0);
        self.batch.append_value(claim.batch.0.cast_signed());
        self.valid_from
            .append_option(statement.valid.from.map(|t| t.0));
        self.valid_until
            .append_option(statement.valid.until.map(|t| t.0));
        self.procedure.append_option(statement.procedure.as_deref());
        let (act, stated, reason) = match &statement.act {
            Act::Assert(stated) => ("assert", Some(stated), None),
            Act::Absent => ("absent", None, None),
            Act::NotApplicable => ("notApplicable", None, None),
            Act::Unknown { reason } => ("unknown", None, Some(&**reason)),
            Act::Retract => ("retract", None, None),
        };
        self.act.append(act)?;
        let value = stated.map(|stated| &stated.value);
        self.kind.append_option(value.map(Value::kind));
        self.number.append_option(value.and_then(Value::as_number));
        self.boolean
            .append_option(value.and_then(Value::as_boolean));
        match value.and_then(text_of) {
            Some(text) => self.text.append_value(text),
            None => self.text.append_option(reason),
        }
        self.shape.append_option(value.and_then(wkb));
        let unit = stated.and_then(|stated| stated.unit.as_ref());
        self.unit.append_option(unit.map(twin_model::Unit::as_str));
        let (sd, probability) = match stated.and_then(|stated| stated.uncertainty) {
            Some(Uncertainty::StandardDeviation(sd)) => (Some(sd), None),
            Some(Uncertainty::Probability(p)) => (None, Some(p)),
            None => (None, None),
        };
        self.sd.append_option(sd);
        self.probability.append_option(probability);
        Ok(())
    }

    fn finish(mut self) -> Vec<ArrayRef> {
        let utc = |mut builder: TimestampMicrosecondBuilder| -> ArrayRef {
            Arc::new(builder.finish().with_timezone("UTC"))
        };
        vec![
            Arc::new(self.attribute.finish()),
            utc(self.observed),
            Arc::new(self.entity.finish()),
            Arc::new(self.source.finish()),
            Arc::new(self.sequence.finish()),
            Arc::new(self.incarnation.finish()),
            utc(self.recorded),
            Arc::new(self.batch.finish()),
            utc(self.valid_from),
            utc(self.valid_until),
            Arc::new(self.procedure.finish()),
            Arc::new(self.act.finish()),
            Arc::new(self.kind.finish()),
            Arc::new(self.number.finish()),
            Arc::new(self.boolean.finish()),
            Arc::new(self.text.finish()),
            Arc::new(self.shape.finish()),
            Arc::new(self.unit.finish()),
            Arc::new(self.sd.finish()),
            Arc::new(self.probability.finish()),
        ]
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) | Value::Json(text) => Some(text.to_string()),
        Value::Entity(id) => Some(id.as_str().to_owned()),
        // No URI contains a space.
        Value::Entities(ids) => {
            let ids: Vec<_> = ids.iter().map(twin_model::EntityId::as_str).collect();
            Some(ids.join(" "))
        }
        _ => None,
    }
}

const WKB_LINE: u32 = 2;
const WKB_POLYGON: u32 = 3;
const WKB_POINT_Z: u32 = 1001;

fn wkb(value: &Value) -> Option<Vec<u8>> {
    let mut out = vec![1];
    let number = |out: &mut Vec<u8>, n: u32| out.extend_from_slice(&n.to_le_bytes());
    match value {
        Value::Point(point) => {
            number(&mut out, WKB_POINT_Z);
            for x in point {
                out.extend_from_slice(&x.to_le_bytes());
            }
        }
        Value::Line(points) => {
            number(&mut out, WKB_LINE);
            put_points(&mut out, points, false);
        }
        Value::Polygon(polygon) => {
            number(&mut out, WKB_POLYGON);
            number(&mut out, polygon.rings.len() as u32);
            for ring in &polygon.rings {
                put_points(&mut out, ring, true);
            }
        }
        _ => return None,
    }
    Some(out)
}

/// WKB closes rings by repeating the first point; the model does not.
fn put_points(out: &mut Vec<u8>, points: &[[f64; 2]], close: bool) {
    let closing = points.first().filter(|_| close);
    let n = points.len() + usize::from(closing.is_some());
    out.extend_from_slice(&(n as u32).to_le_bytes());
    for point in points.iter().chain(closing) {
        for x in point {
            out.extend_from_slice(&x.to_le_bytes());
        }
    }
}

fn shape(bytes: &[u8], kind: &str) -> Option<Value> {
    let mut c = crate::codec::Cursor::new(bytes);
    if c.u8()? != 1 {
        return None;
    }
    let value = match (kind, c.u32()?) {
        ("point", WKB_POINT_Z) => Value::Point([c.f64()?, c.f64()?, c.f64()?]),
        ("line", WKB_LINE) => Value::Line(take_points(&mut c)?.into()),
        ("polygon", WKB_POLYGON) => {
            let mut rings = Vec::new();
            for _ in 0..c.u32()? {
                let mut ring = take_points(&mut c)?;
                ring.pop();
                rings.push(ring);
            }
            Value::Polygon(Arc::new(Polygon { rings }))
        }
        _ => return None,
    };
    c.is_empty().then_some(value)
}

fn take_points(c: &mut crate::codec::Cursor<'_>) -> Option<Vec<[f64; 2]>> {
    let mut points = Vec::new();
    for _ in 0..c.u32()? {
        points.push([c.f64()?, c.f64()?]);
    }
    Some(points)
}

/// Makes claims of rows; names are shared across batches.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    interner: Interner,
}

/// A dictionary column as the model's names.
struct Named<'a, T> {
    keys: &'a arrow_array::Int32Array,
    /// `None` where an entry is no such name; no row may use it.
    values: Vec<Option<T>>,
}

impl<T: Clone> Named<'_, T> {
    /// The name in a row; `None` if there is none or it is no such name.
    fn get(&self, row: usize) -> Option<T> {
        if self.keys.is_null(row) {
            return None;
        }
        let key = usize::try_from(self.keys.value(row)).ok()?;
        self.values.get(key)?.clone()
    }

    /// Whether the row has a name that is none.
    fn is_bad(&self, row: usize) -> bool {
        !self.keys.is_null(row) && self.get(row).is_none()
    }
}

fn named<'a, T>(
    batch: &'a RecordBatch,
    name: &str,
    mut make: impl FnMut(&'a str) -> Option<T>,
) -> Option<Named<'a, T>> {
    let column = batch
        .column_by_name(name)?
        .as_dictionary_opt::<Int32Type>()?;
    let values: &StringArray = column.values().as_string_opt::<i32>()?;
    let values = values.iter().map(|text| make(text?)).collect();
    Some(Named {
        keys: column.keys(),
        values,
    })
}

fn instants<'a>(
    batch: &'a RecordBatch,
    name: &str,
) -> Option<&'a arrow_array::TimestampMicrosecondArray> {
    batch
        .column_by_name(name)?
        .as_primitive_opt::<TimestampMicrosecondType>()
}

fn given<T>(column: &impl Array, row: usize, value: impl FnOnce() -> T) -> Option<T> {
    (!column.is_null(row)).then(value)
}

impl Decoder {
    /// The claims of a batch; `None` if a row is not a claim.
    pub(super) fn claims(&mut self, batch: &RecordBatch) -> Option<Vec<Claim>> {
        let interner = &mut self.interner;
        let attribute = named(batch, "attribute", |t| interner.attribute(t).ok())?;
        let entity = named(batch, "entity", |t| interner.entity(t).ok())?;
        let source = named(batch, "source", |t| interner.source(t).ok())?;
        let procedure = named(batch, "procedure", |t| interner.text(t).ok())?;
        let unit = named(batch, "unit", |t| interner.unit(t).ok())?;
        let act = named(batch, "act", Some)?;
        let kind = named(batch, "kind", Some)?;
        let (observed, recorded) = (instants(batch, "observed")?, instants(batch, "recorded")?);
        let (from, until) = (
            instants(batch, "valid_from")?,
            instants(batch, "valid_until")?,
        );
        let int64 = |name| batch.column_by_name(name)?.as_primitive_opt::<Int64Type>();
        let float64 = |name| {
            batch
                .column_by_name(name)?
                .as_primitive_opt::<Float64Type>()
        };
        let (sequence, batch_id) = (int64("sequence")?, int64("batch")?);
        let incarnation = batch
            .column_by_name("incarnation")?
            .as_primitive_opt::<Int32Type>()?;
        let (number, sd, probability) =
            (float64("number")?, float64("sd")?, float64("probability")?);
        let boolean = batch.column_by_name("boolean")?.as_boolean_opt()?;
        let text = batch.column_by_name("text")?.as_string_opt::<i32>()?;
        let shapes = batch.column_by_name("shape")?.as_binary_opt::<i32>()?;

        let mut claims = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            if unit.is_bad(row) || procedure.is_bad(row) {
                return None;
            }
            let words = given(text, row, || text.value(row));
            let mut value = |kind: &str| -> Option<Value> {
                Some(match kind {
                    "boolean" => Value::Boolean(given(boolean, row, || boolean.value(row))?),
                    "number" => Value::Number(given(number, row, || number.value(row))?),
                    "text" => Value::Text(interner.text(words?).ok()?),
                    "json" => Value::Json(Arc::from(words?)),
                    "entity" => Value::Entity(interner.entity(words?).ok()?),
                    "entities" => {
                        let ids = words?.split(' ').filter(|id| !id.is_empty());
                        let ids = ids.map(|id| interner.entity(id).ok());
                        Value::Entities(ids.collect::<Option<Vec<_>>>()?.into())
                    }
                    _ => shape(given(shapes, row, || shapes.value(row))?, kind)?,
                })
            };
            let act = match act.get(row)? {
                "assert" => Act::Assert(Stated {
                    value: value(kind.get(row)?)?,
                    unit: unit.get(row),
                    uncertainty: match (
                        given(sd, row, || sd.value(row)),
                        given(probability, row, || probability.value(row)),
                    ) {
                        (Some(sd), _) => Some(Uncertainty::StandardDeviation(sd)),
                        (None, Some(p)) => Some(Uncertainty::Probability(p)),
                        (None, None) => None,
                    },
                }),
                "absent" => Act::Absent,
                "notApplicable" => Act::NotApplicable,
                "unknown" => Act::Unknown {
                    reason: interner.text(words?).ok()?,
                },
                "retract" => Act::Retract,
                _ => return None,
            };
            claims.push(Claim {
                id: ClaimId {
                    incarnation: incarnation.value(row).cast_unsigned(),
                    sequence: sequence.value(row).cast_unsigned(),
                },
                source: source.get(row)?,
                statement: Statement {
                    entity: entity.get(row)?,
                    attribute: attribute.get(row)?,
                    act,
                    valid: Interval {
                        from: given(from, row, || Time(from.value(row))),
                        until: given(until, row, || Time(until.value(row))),
                    },
                    observed: Time(observed.value(row)),
                    procedure: procedure.get(row),
                },
                recorded: Time(recorded.value(row)),
                batch: BatchId(batch_id.value(row).cast_unsigned()),
            });
        }
        Some(claims)
    }
}

fn unreadable() -> ArrowError {
    ArrowError::ParseError("a column has another type".to_owned())
}

/// Which rows name that text in a column of names.
fn naming(batch: &RecordBatch, name: &str, text: &str) -> Option<BooleanArray> {
    let column = batch
        .column_by_name(name)?
        .as_dictionary_opt::<Int32Type>()?;
    let values: &StringArray = column.values().as_string_opt::<i32>()?;
    let key = values.iter().position(|value| value == Some(text));
    // A dictionary without the name: no key is as large as its length.
    let key = i32::try_from(key.unwrap_or(values.len())).ok()?;
    let hits = BooleanBuffer::collect_bool(batch.num_rows(), |row| column.keys().value(row) == key);
    Some(BooleanArray::new(hits, None))
}

/// Which rows are about the wanted twin.
pub(super) fn of_entity(batch: &RecordBatch, wanted: &Wanted) -> Result<BooleanArray, ArrowError> {
    naming(batch, "entity", wanted.entity.as_str()).ok_or_else(unreadable)
}

/// Which rows are of the wanted attribute, time and knowledge.
pub(super) fn of_series(batch: &RecordBatch, wanted: &Wanted) -> Result<BooleanArray, ArrowError> {
    let rows = || {
        let attribute = naming(batch, "attribute", wanted.attribute.as_str())?;
        let observed = instants(batch, "observed")?.values();
        let sequence = batch
            .column_by_name("sequence")?
            .as_primitive_opt::<Int64Type>()?
            .values();
        let (from, until) = (wanted.observed.0.0, wanted.observed.1.0);
        let hits = BooleanBuffer::collect_bool(batch.num_rows(), |row| {
            attribute.value(row)
                && (from..=until).contains(&observed[row])
                && sequence[row].cast_unsigned() < wanted.before_sequence
        });
        Some(BooleanArray::new(hits, None))
    };
    rows().ok_or_else(unreadable)
}

/// Which row has the sequence number.
pub(super) fn of_sequence(batch: &RecordBatch, sequence: u64) -> Result<BooleanArray, ArrowError> {
    let column = batch
        .column_by_name("sequence")
        .and_then(|column| column.as_primitive_opt::<Int64Type>())
        .ok_or_else(unreadable)?;
    let values = column.values();
    let hits =
        BooleanBuffer::collect_bool(values.len(), |row| values[row].cast_unsigned() == sequence);
    Ok(BooleanArray::new(hits, None))
}
