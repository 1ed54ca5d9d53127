//! The mapping file: what the properties of somebody's GeoJSON stand for.
//! Its form is drawn in `docs/formats/geojson-mapping.md`.

use super::feature::Feature;
use crate::writer::shortened;
use serde::Deserialize;
use std::collections::BTreeMap;
use twin_model::catalogue::{AttributeSpec, Form};
use twin_model::{Attribute, Catalogue, Code, EntityKind, Finding, Unit};

const RULES_MAX: usize = 1000;
const ATTRIBUTES_MAX: usize = 200;
/// Kinds that features can be: what lies within a building needs its plan.
const KINDS: [EntityKind; 6] = [
    EntityKind::Building,
    EntityKind::Street,
    EntityKind::Area,
    EntityKind::Portal,
    EntityKind::Sensor,
    EntityKind::Thing,
];

/// A mapping file as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    version: Option<i64>,
    pub(super) licence: Option<String>,
    pub(super) attribution: Option<String>,
    pub(super) crs: Option<String>,
    pub(super) id: Option<String>,
    pub(super) layer: Option<String>,
    #[serde(default, rename = "rule")]
    written: Vec<Written>,
    #[serde(skip)]
    pub(super) rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    kind: String,
    layer: Option<String>,
    geometry: Option<String>,
    id: Option<String>,
    #[serde(default)]
    when: BTreeMap<String, OneOrMore>,
    #[serde(default)]
    keep: bool,
    #[serde(default)]
    attributes: BTreeMap<String, WrittenSource>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum WrittenSource {
    Short(String),
    Long(Long),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Long {
    property: Option<String>,
    text: Option<String>,
    value: Option<toml::Value>,
    unit: Option<String>,
    #[serde(default)]
    yes: Vec<String>,
    #[serde(default)]
    no: Vec<String>,
    probability: Option<f64>,
}

/// A rule that was checked.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) kind: EntityKind,
    pub(super) id: Option<String>,
    pub(super) keep: bool,
    pub(super) attributes: Vec<Entry>,
    layer: Option<String>,
    geometry: Option<String>,
    when: Vec<(String, Vec<String>)>,
}

/// Where an attribute comes from.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) spec: Option<&'static AttributeSpec>,
    pub(super) from: From,
    pub(super) unit: Option<Unit>,
    pub(super) yes: Vec<String>,
    pub(super) no: Vec<String>,
    pub(super) probability: f64,
}

#[derive(Debug)]
pub(super) enum From {
    Property(String),
    /// A text with properties in braces.
    Template(String),
    Constant(serde_json::Value),
}

impl Mapping {
    /// Reads a mapping file; `None` where it cannot be read at all.
    pub(super) fn read(text: &str, findings: &mut Vec<Finding>) -> Option<Self> {
        let mut mapping: Self = match toml::from_str(text) {
            Ok(mapping) => mapping,
            Err(error) => {
                let message = format!("the mapping file cannot be read: {}", error.message());
                let mut finding = Finding::new(Code::GeoMapping, message);
                if let Some(span) = error.span() {
                    let before = &text.as_bytes()[..span.start.min(text.len())];
                    let line = 1 + memchr::memchr_iter(b'\n', before).count() as u64;
                    finding = finding.at_line(line);
                }
                findings.push(finding);
                return None;
            }
        };
        if mapping.version.is_some_and(|v| v != 1) {
            let message = "the mapping file is of a version that is not known; it is read as 1";
            findings.push(Finding::new(Code::GeoMapping, message));
        }
        if mapping.written.len() > RULES_MAX {
            let message = format!("only the first {RULES_MAX} rules are used");
            findings.push(Finding::new(Code::GeoLimit, message));
        }
        let written = std::mem::take(&mut mapping.written);
        for (i, rule) in written.into_iter().take(RULES_MAX).enumerate() {
            let item = format!("rule {}", i + 1);
            match check(rule, &item, findings) {
                Ok(rule) => mapping.rules.push(rule),
                Err(reason) => {
                    let message = format!("{reason}; the rule is left out");
                    findings.push(Finding::new(Code::GeoMapping, message).at_item(item));
                }
            }
        }
        Some(mapping)
    }

    /// The first rule that fits.
    pub(super) fn rule(&self, feature: &Feature, layer: Option<&str>) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.fits(feature, layer))
    }
}

impl Rule {
    fn fits(&self, feature: &Feature, layer: Option<&str>) -> bool {
        let is_layer = self.layer.is_none() || self.layer.as_deref() == layer;
        let is_geometry = match &self.geometry {
            Some(word) => word == feature.shape.word(),
            None => true,
        };
        is_layer
            && is_geometry
            && self.when.iter().all(|(property, texts)| {
                let value = feature.properties.get(property).and_then(plain);
                value.is_some_and(|value| texts.contains(&value))
            })
    }
}

/// A property as a text; `None` for what is missing, empty or no plain value.
pub(super) fn plain(value: &serde_json::Value) -> Option<String> {
    let text = match value {
        serde_json::Value::String(text) => text.trim().to_owned(),
        serde_json::Value::Number(number) => number.to_string(),
        serde_json::Value::Bool(truth) => truth.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn check(rule: Written, item: &str, findings: &mut Vec<Finding>) -> Result<Rule, String> {
    let kind = EntityKind::parse(&rule.kind).filter(|kind| KINDS.contains(kind));
    let kind = kind.ok_or_else(|| {
        let words: Vec<&str> = KINDS.iter().map(|k| k.as_str()).collect();
        format!(
            "`{}` is no kind of {}",
            shortened(&rule.kind),
            words.join(", ")
        )
    })?;
    if let Some(word) = &rule.geometry
        && !["point", "line", "polygon"].contains(&word.as_str())
    {
        return Err(format!(
            "`{}` is not point, line or polygon",
            shortened(word)
        ));
    }
    let mut attributes = Vec::new();
    for (name, source) in rule.attributes.into_iter().take(ATTRIBUTES_MAX) {
        match entry(kind, &name, source) {
            Ok(entry) => attributes.push(entry),
            Err(reason) => findings.push(
                Finding::new(Code::GeoMapping, format!("{reason}; it is left out"))
                    .at_item(item)
                    .in_field(shortened(&name)),
            ),
        }
    }
    let when = rule.when.into_iter().map(|(property, texts)| match texts {
        OneOrMore::One(text) => (property, vec![text]),
        OneOrMore::More(texts) => (property, texts),
    });
    Ok(Rule {
        kind,
        id: rule.id,
        keep: rule.keep,
        attributes,
        layer: rule.layer,
        geometry: rule.geometry,
        when: when.collect(),
    })
}

fn entry(kind: EntityKind, name: &str, source: WrittenSource) -> Result<Entry, String> {
    Attribute::new(name).map_err(|e| e.to_string())?;
    let spec = Catalogue::BUILT_IN.get(name);
    if spec.is_some_and(|spec| !spec.kinds.contains(&kind)) {
        return Err(format!(
            "`{name}` is no attribute of the kind {}",
            kind.as_str()
        ));
    }
    if spec.is_some_and(|s| matches!(s.form, Form::Point | Form::Line | Form::Polygon)) {
        return Err(format!("`{name}` comes from the geometry"));
    }
    let long = match source {
        WrittenSource::Short(text) if text.contains('{') => Long {
            text: Some(text),
            ..Long::default()
        },
        WrittenSource::Short(property) => Long {
            property: Some(property),
            ..Long::default()
        },
        WrittenSource::Long(long) => long,
    };
    let from = match (long.property, long.text, long.value) {
        (Some(property), None, None) => From::Property(property),
        (None, Some(text), None) => From::Template(text),
        (None, None, Some(value)) => From::Constant(constant(value)?),
        _ => return Err("one of `property`, `text` and `value` is needed".to_owned()),
    };
    let probability = long.probability.unwrap_or(1.0);
    if !(0.0..=1.0).contains(&probability) {
        return Err(format!("`{probability}` is no probability"));
    }
    Ok(Entry {
        name: name.to_owned(),
        spec,
        from,
        unit: unit(spec, long.unit.as_deref())?,
        yes: long.yes,
        no: long.no,
        probability,
    })
}

/// The stated unit, which must be one of the attribute's quantity, or else the usual one.
fn unit(spec: Option<&AttributeSpec>, stated: Option<&str>) -> Result<Option<Unit>, String> {
    let usual = spec.and_then(|spec| spec.unit);
    let Some(code) = stated.or(usual) else {
        return Ok(None);
    };
    let unit = Unit::new(code).map_err(|e| e.to_string())?;
    if let Some(usual) = usual {
        unit.convert(1.0, usual).map_err(|e| e.to_string())?;
    }
    Ok(Some(unit))
}

fn constant(value: toml::Value) -> Result<serde_json::Value, String> {
    match value {
        toml::Value::String(text) => Ok(text.into()),
        toml::Value::Integer(number) => Ok(number.into()),
        toml::Value::Float(number) => Ok(number.into()),
        toml::Value::Boolean(truth) => Ok(truth.into()),
        _ => Err("`value` is no text, number or truth value".to_owned()),
    }
}

/// Fills a text with properties. What stands before a property that is missing (spaces, commas)
/// goes with it.
pub(super) fn fill(template: &str, property: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut out = String::new();
    let mut is_any = false;
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        rest = after;
        if let Some(value) = property(name.trim()) {
            // Nothing to be parted from what comes first.
            let before = if out.is_empty() {
                before.trim_start_matches([' ', ','])
            } else {
                before
            };
            out.push_str(before);
            out.push_str(&value);
            is_any = true;
        } else {
            out.push_str(before.trim_end_matches([' ', ',']));
        }
    }
    out.push_str(rest);
    is_any.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_filled_without_gaps() {
        let property = |name: &str| {
            let known = [("street", "Lange Weg"), ("number", "12"), ("city", "Delft")];
            let found = known.iter().find(|(n, _)| *n == name);
            found.map(|(_, v)| (*v).to_owned())
        };
        for (template, expected) in [
            (
                "{street} {number}, {code} {city}",
                Some("Lange Weg 12 Delft"),
            ),
            ("{code} {street}", Some("Lange Weg")),
            ("no. {number}!", Some("no. 12!")),
            ("{code}, {nothing}", None),
            ("plain", None),
            ("{street", None),
        ] {
            assert_eq!(fill(template, property).as_deref(), expected, "{template}");
        }
    }
}
