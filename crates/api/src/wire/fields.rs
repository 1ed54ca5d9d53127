//! The fields of one claim, as a line of bulk and an attribute of a `PATCH` share them.
//!
//! Parsing goes in two steps: a JSON parser splits the object into the texts of its
//! fields, borrowed from the request; then each text is read by the rule of its field,
//! so that a refusal can name the field. Nothing is assumed where nothing is said.

use super::scan;
use super::value::{self, shortened};
use crate::error::Error;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use twin_model::{
    Act, Attribute, Catalogue, EntityId, Interval, SourceId, Stated, Statement, Time, Uncertainty,
    Unit,
};
use twin_node::{ClaimCode, Draft};

/// Why a claim was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: ClaimCode,
    pub(crate) message: String,
    pub(crate) field: Option<&'static str>,
}

impl Refused {
    fn field(field: &'static str, message: impl Into<String>) -> Self {
        Self {
            code: ClaimCode::BadField,
            message: message.into(),
            field: Some(field),
        }
    }
}

type Raw<'a> = Option<&'a RawValue>;

/// The texts of a claim's fields; a field that is `null` counts as left out.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Fields<'a> {
    #[serde(borrow)]
    source: Raw<'a>,
    #[serde(borrow)]
    entity: Raw<'a>,
    #[serde(borrow)]
    attribute: Raw<'a>,
    #[serde(borrow)]
    value: Raw<'a>,
    #[serde(borrow)]
    unit: Raw<'a>,
    #[serde(borrow)]
    uncertainty: Raw<'a>,
    #[serde(borrow)]
    absent: Raw<'a>,
    #[serde(borrow)]
    not_applicable: Raw<'a>,
    #[serde(borrow)]
    unknown: Raw<'a>,
    #[serde(borrow)]
    retract: Raw<'a>,
    #[serde(borrow)]
    observed: Raw<'a>,
    #[serde(borrow)]
    valid_from: Raw<'a>,
    #[serde(borrow)]
    valid_until: Raw<'a>,
    #[serde(borrow)]
    procedure: Raw<'a>,
    /// Replay files say when a line is to be sent; the node has no use for it.
    #[serde(borrow, rename = "arrives")]
    _arrives: Raw<'a>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct UncertaintyFields<'a> {
    #[serde(borrow)]
    sd: Raw<'a>,
    #[serde(borrow)]
    probability: Raw<'a>,
}

impl<'a> Fields<'a> {
    /// Splits the text of one JSON object.
    pub(crate) fn parse(text: &'a str) -> Result<Self, Refused> {
        object(text)
    }

    /// The claim, about the twin and attribute that it names.
    pub(crate) fn into_draft(self, words: &mut Words) -> Result<Draft, Refused> {
        let entity = text(required(self.entity, "entity")?, "entity")?;
        let entity = words
            .entity(&entity)
            .map_err(|e| Refused::field("entity", e))?;
        let attribute = text(required(self.attribute, "attribute")?, "attribute")?;
        let attribute = words
            .attribute(&attribute)
            .map_err(|e| Refused::field("attribute", e))?;
        self.about(entity, attribute, words)
    }

    /// The claim about a twin and attribute that stand in the address.
    pub(crate) fn into_draft_about(
        self,
        entity: EntityId,
        attribute: Attribute,
    ) -> Result<Draft, Refused> {
        for (stated, field) in [(self.entity, "entity"), (self.attribute, "attribute")] {
            if stated.is_some() {
                return Err(Refused::field(
                    field,
                    format!("`{field}` is stated twice: leave it out here"),
                ));
            }
        }
        self.about(entity, attribute, &mut Words::default())
    }

    fn about(
        self,
        entity: EntityId,
        attribute: Attribute,
        words: &mut Words,
    ) -> Result<Draft, Refused> {
        let source = match self.source {
            None => None,
            Some(raw) => {
                let source = text(raw, "source")?;
                Some(
                    words
                        .source(&source)
                        .map_err(|e| Refused::field("source", e))?,
                )
            }
        };
        let observed = time(required(self.observed, "observed")?, "observed")?;
        let valid = Interval {
            from: self
                .valid_from
                .map(|raw| time(raw, "validFrom"))
                .transpose()?,
            until: self
                .valid_until
                .map(|raw| time(raw, "validUntil"))
                .transpose()?,
        };
        if let (Some(from), Some(until)) = (valid.from, valid.until)
            && from >= until
        {
            return Err(Refused::field(
                "validUntil",
                "`validUntil` is not after `validFrom`",
            ));
        }
        let procedure = match self.procedure {
            None => None,
            Some(raw) => Some(words.procedure(&text(raw, "procedure")?)),
        };
        let act = self.act(&attribute, words)?;
        let statement = Statement {
            entity,
            attribute,
            act,
            valid,
            observed,
            procedure,
        };
        Ok(Draft { source, statement })
    }

    fn act(&self, attribute: &Attribute, words: &mut Words) -> Result<Act, Refused> {
        let stated = [
            self.value,
            self.absent,
            self.not_applicable,
            self.unknown,
            self.retract,
        ];
        if stated.iter().flatten().count() != 1 {
            return Err(one_act());
        }
        if let Some(raw) = self.value {
            return self.stated(raw.get(), attribute, words).map(Act::Assert);
        }
        for (extra, field) in [(self.unit, "unit"), (self.uncertainty, "uncertainty")] {
            if extra.is_some() {
                return Err(Refused::field(
                    field,
                    format!("`{field}` goes with a `value` only"),
                ));
            }
        }
        if let Some(raw) = self.unknown {
            return Ok(Act::Unknown {
                reason: Arc::from(&*text(raw, "unknown")?),
            });
        }
        let flags = [
            (self.absent, "absent", Act::Absent),
            (self.not_applicable, "notApplicable", Act::NotApplicable),
            (self.retract, "retract", Act::Retract),
        ];
        match flags
            .into_iter()
            .find_map(|(raw, field, act)| Some((raw?.get(), field, act)))
        {
            Some(("true", _, act)) => Ok(act),
            Some((_, field, _)) => {
                let message = format!("`{field}` can only be `true`; otherwise leave it out");
                Err(Refused::field(field, message))
            }
            None => Err(one_act()),
        }
    }

    fn stated(
        &self,
        raw: &str,
        attribute: &Attribute,
        words: &mut Words,
    ) -> Result<Stated, Refused> {
        let spec = Catalogue::BUILT_IN.get(attribute.as_str());
        let value = value::read(raw, spec).map_err(|error| match error {
            value::Error::Depth(message) => Refused {
                code: ClaimCode::NotJson,
                message,
                field: Some("value"),
            },
            value::Error::Form(message) => Refused {
                code: ClaimCode::BadValue,
                message,
                field: Some("value"),
            },
        })?;
        let unit = match self.unit {
            None => None,
            Some(raw) => {
                let code = text(raw, "unit")?;
                let bad = |message| Refused {
                    code: ClaimCode::BadUnit,
                    message,
                    field: Some("unit"),
                };
                Some(words.unit(&code).map_err(bad)?)
            }
        };
        let uncertainty = self
            .uncertainty
            .map(|raw| uncertainty(raw.get()))
            .transpose()?;
        Ok(Stated {
            value,
            unit,
            uncertainty,
        })
    }
}

/// Splits the body of a `PATCH`: the fields of one claim per attribute, in the order
/// written. An attribute that is named twice is refused, not overwritten.
pub(crate) fn by_attribute(body: &[u8]) -> Result<Vec<(Cow<'_, str>, Fields<'_>)>, Error> {
    let text = std::str::from_utf8(body).map_err(|_| Error::malformed("the body is not UTF-8"))?;
    if !text.trim_start_matches(JSON_SPACE).starts_with('{') {
        return Err(Error::malformed("the body is not a JSON object, `{…}`"));
    }
    let Pairs(pairs) =
        serde_json::from_str(text).map_err(|error| Error::from(explain_json(text, &error)))?;
    let mut seen = BTreeSet::new();
    pairs
        .into_iter()
        .map(|(name, raw)| {
            if !seen.insert(name.clone()) {
                let message = format!("`{}` is named twice", shortened(&name));
                return Err(Error::malformed(message).at(shortened(&name)));
            }
            let fields = Fields::parse(raw.get());
            let fields = fields.map_err(|refused| Error::from(refused).inside(&name))?;
            Ok((name, fields))
        })
        .collect()
}

/// The fields of an object in the order written, repeats and all.
struct Pairs<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> serde::de::Visitor<'de> for Each {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Pairs<'de>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(Borrowed(name)) = map.next_key()? {
                    pairs.push((name, map.next_value()?));
                }
                Ok(Pairs(pairs))
            }
        }

        from.deserialize_map(Each)
    }
}

/// A text that is borrowed from the body where it has no escapes.
#[derive(Deserialize)]
struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);

fn one_act() -> Refused {
    let message = "state exactly one of `value`, `absent`, `notApplicable`, `unknown`, `retract`";
    Refused::field("value", message)
}

fn uncertainty(raw: &str) -> Result<Uncertainty, Refused> {
    let here = |message: &str| Refused::field("uncertainty", message);
    let form = "`uncertainty` is `{\"sd\":number}` or `{\"probability\":0..1}`";
    let fields: UncertaintyFields<'_> = object(raw).map_err(|_| here(form))?;
    let number = |raw: &RawValue| {
        let text = raw.get();
        if !text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
            return Err(here(form));
        }
        let message = "`uncertainty` lies beyond ±1e15".to_owned();
        let beyond = Refused {
            code: ClaimCode::BadValue,
            message,
            field: Some("uncertainty"),
        };
        scan::number(text).ok_or(beyond)
    };
    match (fields.sd, fields.probability) {
        (Some(sd), None) => number(sd).map(Uncertainty::StandardDeviation),
        (None, Some(probability)) => number(probability).map(Uncertainty::Probability),
        _ => Err(here(form)),
    }
}

/// Parses an object into its fields. Arrays are refused first, because a derived
/// parser would take their entries for the fields in order.
fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Refused> {
    let not_json = |message| Refused {
        code: ClaimCode::NotJson,
        message,
        field: None,
    };
    if !text.trim_start_matches(JSON_SPACE).starts_with('{') {
        return Err(not_json("a claim is a JSON object, `{…}`".to_owned()));
    }
    serde_json::from_str(text).map_err(|error| explain_json(text, &error))
}

fn explain_json(text: &str, error: &serde_json::Error) -> Refused {
    let message = without_place(error);
    if error.is_data() {
        return Refused {
            code: ClaimCode::BadField,
            message,
            field: None,
        };
    }
    let (code, message) = match foreign_number(text) {
        Some(word) => (
            ClaimCode::BadValue,
            format!("`{word}` is no number in JSON; say `\"unknown\": \"reason\"`"),
        ),
        None => (
            ClaimCode::NotJson,
            format!("not JSON: {message} at column {}", error.column()),
        ),
    };
    let field = (code == ClaimCode::BadValue).then_some("value");
    Refused {
        code,
        message,
        field,
    }
}

/// What RFC 8259 §2 counts as white space.
pub(crate) const JSON_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// The parser's message without "at line 1 column 7": our lines are counted elsewhere.
pub(crate) fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    shortened_message(&text[..end])
}

/// Messages quote input; an input of 64 KiB must not come back whole.
fn shortened_message(message: &str) -> String {
    const CHARS_MAX: usize = 300;
    message.chars().take(CHARS_MAX).collect()
}

/// `NaN` or an infinity outside quotation marks, as some programs write them.
fn foreign_number(text: &str) -> Option<&'static str> {
    let mut in_text = false;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'N' | b'I' if !in_text => {
                let rest = &text.as_bytes()[at..];
                return ["NaN", "Infinity"]
                    .into_iter()
                    .find(|w| rest.starts_with(w.as_bytes()));
            }
            _ => {}
        }
    }
    None
}

fn required<'a>(raw: Raw<'a>, field: &'static str) -> Result<&'a RawValue, Refused> {
    raw.ok_or_else(|| Refused::field(field, format!("`{field}` is missing")))
}

fn text<'a>(raw: &'a RawValue, field: &'static str) -> Result<Cow<'a, str>, Refused> {
    let json = raw.get();
    let bad = || Refused::field(field, format!("`{field}` must be a text"));
    let inner = json
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .ok_or_else(bad)?;
    if inner.contains('\\') {
        return serde_json::from_str::<String>(json)
            .map(Cow::Owned)
            .map_err(|_| bad());
    }
    Ok(Cow::Borrowed(inner))
}

fn time(raw: &RawValue, field: &'static str) -> Result<Time, Refused> {
    Time::parse(&text(raw, field)?).ok_or_else(|| {
        let got = shortened(raw.get());
        Refused::field(
            field,
            format!("`{field}` is {got}, not a time such as `2026-01-05T08:03:12.5Z`"),
        )
    })
}

/// Words already met in this request. Bulk repeats its sources, attributes and units on
/// every line; a word that is met again is neither checked nor stored a second time.
///
/// Each kind is a table of fixed size in which a newer word takes the place of an older
/// one with the same number; an empty table remembers nothing.
#[derive(Debug, Default)]
pub(crate) struct Words {
    sources: Vec<Option<SourceId>>,
    entities: Vec<Option<EntityId>>,
    attributes: Vec<Option<Attribute>>,
    units: Vec<Option<Unit>>,
    procedures: Vec<Option<Arc<str>>>,
}

impl Words {
    /// Tables for a request of many lines.
    pub(crate) fn remembering() -> Self {
        Self {
            sources: vec![None; 256],
            entities: vec![None; 1024],
            attributes: vec![None; 64],
            units: vec![None; 16],
            procedures: vec![None; 16],
        }
    }

    fn source(&mut self, text: &str) -> Result<SourceId, String> {
        met(&mut self.sources, text, SourceId::as_str, |t| {
            SourceId::new(t).map_err(explain)
        })
    }

    fn entity(&mut self, text: &str) -> Result<EntityId, String> {
        met(&mut self.entities, text, EntityId::as_str, |t| {
            EntityId::new(t).map_err(explain)
        })
    }

    fn attribute(&mut self, text: &str) -> Result<Attribute, String> {
        met(&mut self.attributes, text, Attribute::as_str, |t| {
            Attribute::new(t).map_err(explain)
        })
    }

    fn unit(&mut self, text: &str) -> Result<Unit, String> {
        met(&mut self.units, text, Unit::as_str, |t| {
            Unit::new(t).map_err(|e| e.to_string())
        })
    }

    fn procedure(&mut self, text: &str) -> Arc<str> {
        let always = |t: &str| Ok::<_, std::convert::Infallible>(Arc::from(t));
        match met(&mut self.procedures, text, |word| word, always) {
            Ok(word) => word,
            Err(never) => match never {},
        }
    }
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "the shape that `map_err` wants"
)]
fn explain(error: twin_model::id::Error) -> String {
    shortened_message(&error.to_string())
}

fn met<T: Clone, E>(
    table: &mut [Option<T>],
    text: &str,
    as_str: impl Fn(&T) -> &str,
    new: impl Fn(&str) -> Result<T, E>,
) -> Result<T, E> {
    if table.is_empty() {
        return new(text);
    }
    let slot = slot(text.as_bytes(), table.len());
    match &table[slot] {
        Some(word) if as_str(word) == text => Ok(word.clone()),
        _ => {
            let word = new(text)?;
            table[slot] = Some(word.clone());
            Ok(word)
        }
    }
}

/// Ids of one site differ at their end: the last eight bytes and the length say enough.
/// The multiplier is 2^64 divided by the golden ratio (Knuth, vol. 3, §6.4).
fn slot(text: &[u8], slots: usize) -> usize {
    let mut tail = [0; 8];
    let n = text.len().min(8);
    tail[..n].copy_from_slice(&text[text.len() - n..]);
    let mixed = (u64::from_le_bytes(tail) ^ text.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) as usize % slots
}
