//! Values: `21.4`, `true`, `{"entity":"urn:…"}`, `{"polygon":[…]}` and the like.

use super::Json;
use super::scan::{self, Problem};
use serde::Deserialize;
use std::sync::Arc;
use twin_model::catalogue::Form;
use twin_model::{AttributeSpec, EntityId, Polygon, Value};

/// Why a value was refused, as a sentence without final stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Error {
    /// Nested too deep: the line is not accepted as JSON at all.
    Depth(String),
    /// Not of the attribute's form, or out of bounds.
    Form(String),
}

/// Writes a value in the form of the contract.
pub(crate) fn write(json: &mut Json, value: &Value) {
    match value {
        Value::Boolean(truth) => json.boolean(*truth),
        Value::Number(number) => json.number(*number),
        Value::Text(text) => json.text(text),
        Value::Entity(id) => json.object(|json| json.field("entity").text(id.as_str())),
        Value::Entities(ids) => json.object(|json| {
            json.field("entities")
                .list(ids.iter(), |json, id| json.text(id.as_str()));
        }),
        Value::Point(point) => json.object(|json| coordinates(json.field("point"), point)),
        Value::Line(points) => json.object(|json| {
            json.field("line")
                .list(points.iter(), |json, point| coordinates(json, point));
        }),
        Value::Polygon(polygon) => json.object(|json| {
            json.field("polygon").list(&polygon.rings, |json, ring| {
                json.list(ring, |json, point| coordinates(json, point));
            });
        }),
        Value::Json(text) => json.raw(text),
    }
}

fn coordinates(json: &mut Json, point: &[f64]) {
    json.list(point, |json, &metres| json.number(metres));
}

/// Reads the text of a valid JSON value as a value of the attribute; `spec` is `None`
/// for verbatim attributes, whose values are kept as they were written.
pub(crate) fn read(raw: &str, spec: Option<&AttributeSpec>) -> Result<Value, Error> {
    let Some(spec) = spec else {
        scan::check(raw).map_err(|problem| explain(&problem))?;
        return Ok(Value::Json(Arc::from(raw)));
    };
    if spec.form == Form::Number {
        return number(raw).map(Value::Number).map_err(|e| e.of(spec));
    }
    scan::check(raw).map_err(|problem| explain(&problem))?;
    // What may be anything is kept as it was written where it is nothing else.
    let as_written = || (spec.form == Form::Any).then(|| Value::Json(Arc::from(raw)));
    shaped(raw)
        .filter(|value| has_form(value, spec.form))
        .or_else(as_written)
        .ok_or_else(|| Error::Form(format!("is not {}", expected(spec.form))).of(spec))
}

impl Error {
    fn of(self, spec: &AttributeSpec) -> Self {
        match self {
            Self::Form(message) => Self::Form(format!("the value of `{}` {message}", spec.name)),
            depth @ Self::Depth(_) => depth,
        }
    }
}

fn explain(problem: &Problem) -> Error {
    match problem {
        Problem::TooDeep => Error::Depth(format!(
            "the value nests deeper than {} levels",
            scan::DEPTH_MAX
        )),
        Problem::NumberOutOfBounds => Error::Form("a number lies beyond ±1e15".to_owned()),
        Problem::RepeatedName(name) => {
            Error::Form(format!("the value names `{}` twice", shortened(name)))
        }
    }
}

/// At most the first forty characters, so that a message stays a message.
pub(crate) fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn number(raw: &str) -> Result<f64, Error> {
    if !raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        return Err(Error::Form("is not a number".to_owned()));
    }
    scan::number(raw).ok_or_else(|| Error::Form("lies beyond ±1e15".to_owned()))
}

/// The tagged forms. Exactly one field: `{"point":…,"line":…}` is neither.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Tagged {
    Entity(String),
    Entities(Vec<String>),
    Point([f64; 3]),
    Line(Vec<[f64; 2]>),
    Polygon(Vec<Vec<[f64; 2]>>),
}

fn shaped(raw: &str) -> Option<Value> {
    match raw.as_bytes().first()? {
        b't' => Some(Value::Boolean(true)),
        b'f' => Some(Value::Boolean(false)),
        b'"' => Some(Value::text(&*scan::unescaped(raw))),
        b'-' | b'0'..=b'9' => scan::number(raw).map(Value::Number),
        b'{' => tagged(serde_json::from_str(raw).ok()?),
        _ => None,
    }
}

fn tagged(value: Tagged) -> Option<Value> {
    Some(match value {
        Tagged::Entity(id) => Value::Entity(EntityId::new(&id).ok()?),
        Tagged::Entities(ids) => {
            let ids: Result<Vec<_>, _> = ids.iter().map(|id| EntityId::new(id)).collect();
            Value::entities(ids.ok()?)
        }
        Tagged::Point(point) => Value::Point(point),
        Tagged::Line(points) => Value::Line(points.into()),
        Tagged::Polygon(rings) => Value::Polygon(Arc::new(Polygon { rings })),
    })
}

fn has_form(value: &Value, form: Form) -> bool {
    match form {
        Form::Boolean => matches!(value, Value::Boolean(_)),
        Form::Number => matches!(value, Value::Number(_)),
        Form::Text => matches!(value, Value::Text(_)),
        Form::Entity => matches!(value, Value::Entity(_)),
        Form::Entities => matches!(value, Value::Entities(_)),
        Form::Point => matches!(value, Value::Point(_)),
        Form::Line => matches!(value, Value::Line(points) if points.len() >= 2),
        Form::Polygon => matches!(value, Value::Polygon(p) if is_area(p)),
        Form::Any => true,
    }
}

/// An outer ring and holes, each with at least three corners.
fn is_area(polygon: &Polygon) -> bool {
    !polygon.rings.is_empty() && polygon.rings.iter().all(|ring| ring.len() >= 3)
}

fn expected(form: Form) -> &'static str {
    match form {
        Form::Boolean => "`true` or `false`",
        Form::Number => "a number",
        Form::Text => "a text",
        Form::Entity => "a twin, such as `{\"entity\":\"urn:…\"}`",
        Form::Entities => "a list of twins, such as `{\"entities\":[\"urn:…\"]}`",
        Form::Point => "a point, such as `{\"point\":[x,y,z]}` in metres",
        Form::Line => "a line, such as `{\"line\":[[x,y],[x,y]]}` in metres",
        Form::Polygon => "an area, such as `{\"polygon\":[[[x,y],[x,y],[x,y]]]}` in metres",
        Form::Any => "a value",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twin_model::Catalogue;

    fn check(attribute: &str, raw: &str, expected: &str) {
        let got = match read(raw, Catalogue::BUILT_IN.get(attribute)) {
            Ok(value) => {
                let mut json = Json::default();
                write(&mut json, &value);
                format!(
                    "{} {}",
                    value.kind(),
                    String::from_utf8(json.into_bytes()).unwrap()
                )
            }
            Err(Error::Form(message)) => format!("form: {message}"),
            Err(Error::Depth(message)) => format!("depth: {message}"),
        };
        assert_eq!(got, expected, "{attribute} {raw}");
    }

    #[test]
    fn values_have_the_form_of_their_attribute() {
        for (attribute, raw, expected) in [
            ("temperature", "21.4", "number 21.4"),
            ("temperature", "-0.5e1", "number -5.0"),
            (
                "temperature",
                "\"21\"",
                "form: the value of `temperature` is not a number",
            ),
            (
                "temperature",
                "[1]",
                "form: the value of `temperature` is not a number",
            ),
            (
                "temperature",
                "1e400",
                "form: the value of `temperature` lies beyond ±1e15",
            ),
            (
                "temperature",
                "1e16",
                "form: the value of `temperature` lies beyond ±1e15",
            ),
            ("smoke", "true", "boolean true"),
            (
                "smoke",
                "1",
                "form: the value of `smoke` is not `true` or `false`",
            ),
            ("name", "\"a\\n\\u00fc\"", "text \"a\\nü\""),
            (
                "partOf",
                "{\"entity\":\"urn:a\"}",
                "entity {\"entity\":\"urn:a\"}",
            ),
            (
                "partOf",
                "{\"entity\":\"a b\"}",
                "form: the value of `partOf` is not a twin, such as `{\"entity\":\"urn:…\"}`",
            ),
            (
                "connects",
                "{\"entities\":[\"urn:b\",\"urn:a\",\"urn:b\"]}",
                "entities {\"entities\":[\"urn:a\",\"urn:b\"]}",
            ),
            (
                "position",
                "{\"point\":[1,2,3]}",
                "point {\"point\":[1.0,2.0,3.0]}",
            ),
            (
                "position",
                "{\"point\":[1,2]}",
                "form: the value of `position` is not a point, such as `{\"point\":[x,y,z]}` in metres",
            ),
            (
                "position",
                "{\"point\":[1,2,1e300]}",
                "form: a number lies beyond ±1e15",
            ),
            (
                "span",
                "{\"line\":[[0,0],[1,0]]}",
                "line {\"line\":[[0.0,0.0],[1.0,0.0]]}",
            ),
            (
                "footprint",
                "{\"polygon\":[[[0,0],[1,0],[1,1]]]}",
                "polygon {\"polygon\":[[[0.0,0.0],[1.0,0.0],[1.0,1.0]]]}",
            ),
            (
                "footprint",
                "{\"polygon\":[]}",
                "form: the value of `footprint` is not an area, such as `{\"polygon\":[[[x,y],[x,y],[x,y]]]}` in metres",
            ),
            ("knob", "{\"b\": [1, 2.50]}", "json {\"b\": [1, 2.50]}"),
            (
                "knob",
                "{\"b\":1,\"b\":2}",
                "form: the value names `b` twice",
            ),
            ("knob", "1e999", "form: a number lies beyond ±1e15"),
        ] {
            check(attribute, raw, expected);
        }
        check(
            "knob",
            &("[".repeat(33) + &"]".repeat(33)),
            "depth: the value nests deeper than 32 levels",
        );
        check(
            "position",
            &("[".repeat(33) + &"]".repeat(33)),
            "depth: the value nests deeper than 32 levels",
        );
    }
}
