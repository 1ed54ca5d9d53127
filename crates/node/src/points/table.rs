//! Every known point with its mapping, found by its name. Put together once per change of the
//! structure, which every change of a mapping is.

use crate::cell::{AttributeCell, VerbatimEntry};
use crate::picture::Picture;
use crate::structure::Structure;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use twin_import::points::{Row, State};
use twin_model::{Act, EntityKind, Value};

/// The verbatim attribute that holds a mapping.
pub(crate) const MAPPING: &str = "pointMapping";
pub(crate) use twin_model::catalogue::READING;
/// How the source ends that suggests mappings.
pub(crate) const SUGGESTING: &str = ":suggesting";

/// A point as it is known.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    /// The sensor's number.
    pub(crate) number: u32,
    /// What it tells of; `None` while nothing was suggested.
    pub(crate) row: Option<Row>,
}

/// Every known point.
#[derive(Debug, Default)]
pub(crate) struct PointTable {
    by_name: FxHashMap<String, Known>,
}

impl PointTable {
    pub(crate) fn of(picture: &Picture, structure: &Structure) -> Self {
        let numbers = 0..picture.entities.len() as u32;
        let sensors = numbers.filter(|&n| structure.kind(n) == Some(EntityKind::Sensor));
        let known = sensors.filter_map(|number| {
            let name = picture.value(number, "point", picture.recorded)?;
            let name = name.as_text()?.to_owned();
            let row = mapping(picture, number, &name);
            Some((name, Known { number, row }))
        });
        Self {
            by_name: known.collect(),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Known> {
        self.by_name.get(name)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Every point, in order of name.
    pub(crate) fn sorted(&self) -> Vec<(&str, &Known)> {
        let mut all: Vec<(&str, &Known)> = self
            .by_name
            .iter()
            .map(|(name, known)| (name.as_str(), known))
            .collect();
        all.sort_unstable_by_key(|(name, _)| *name);
        all
    }
}

/// What holds: the newest that a person stated, else the newest suggestion.
fn mapping(picture: &Picture, number: u32, name: &str) -> Option<Row> {
    let is_suggested = |entry: &&VerbatimEntry| {
        let source = picture.names.sources.name(entry.source);
        source.as_str().ends_with(SUGGESTING)
    };
    let entries = verbatim(picture, number, MAPPING);
    let stated = entries.iter().filter(|entry| !is_suggested(entry));
    let newest = |entry: &&VerbatimEntry| (entry.observed, entry.claim);
    let best = stated
        .max_by_key(newest)
        .or_else(|| entries.iter().filter(is_suggested).max_by_key(newest))?;
    let json: MappingJson = serde_json::from_str(json_of(&best.act)?).ok()?;
    Some(json.row(name))
}

/// The mapping of a point of which nothing is known.
pub(super) fn empty_row(point: &str) -> Row {
    Row {
        point: point.to_owned(),
        place: None,
        attribute: None,
        unit: None,
        scale: 1.0,
        offset: 0.0,
        negate: false,
        state: State::Suggested,
        probability: None,
        reason: None,
    }
}

/// What each source says of a verbatim attribute.
pub(crate) fn verbatim<'a>(picture: &'a Picture, number: u32, name: &str) -> &'a [VerbatimEntry] {
    let attribute = picture.names.attributes.find(name);
    let cell = attribute.and_then(|a| picture.entity(number)?.get(a));
    match cell {
        Some(AttributeCell::Verbatim(entries)) => entries,
        _ => &[],
    }
}

/// The text of a verbatim statement.
pub(crate) fn json_of(act: &Act) -> Option<&str> {
    match act {
        Act::Assert(stated) => match &stated.value {
            Value::Json(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// A mapping as it is written into its claim.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MappingJson {
    place: Option<String>,
    attribute: Option<String>,
    unit: Option<String>,
    #[serde(default = "one")]
    scale: f64,
    #[serde(default)]
    offset: f64,
    #[serde(default)]
    negate: bool,
    state: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    probability: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reason: Option<String>,
}

const fn one() -> f64 {
    1.0
}

impl MappingJson {
    /// The text that is claimed.
    pub(crate) fn text(row: &Row) -> String {
        let json = Self {
            place: row.place.clone(),
            attribute: row.attribute.clone(),
            unit: row.unit.clone(),
            scale: row.scale,
            offset: row.offset,
            negate: row.negate,
            state: row.state.as_str().to_owned(),
            probability: row.probability,
            reason: row.reason.clone(),
        };
        serde_json::to_string(&json).expect("texts and finite numbers are JSON")
    }

    fn row(self, point: &str) -> Row {
        let states = [State::Confirmed, State::Suggested, State::Ignored];
        let state = states
            .into_iter()
            .find(|state| state.as_str() == self.state);
        Row {
            point: point.to_owned(),
            place: self.place,
            attribute: self.attribute,
            unit: self.unit,
            scale: self.scale,
            offset: self.offset,
            negate: self.negate,
            state: state.unwrap_or(State::Suggested),
            probability: self.probability,
            reason: self.reason,
        }
    }
}
