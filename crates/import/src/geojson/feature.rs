//! One feature: its id, its properties and its shape.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// A place as the file writes it; a height after it is left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Position(pub(super) [f64; 2]);

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pair;
        impl<'de> Visitor<'de> for Pair {
            type Value = Position;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("two numbers")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Position, A::Error> {
                let missing = || serde::de::Error::custom("a position has fewer than two numbers");
                let x = list.next_element()?.ok_or_else(missing)?;
                let y = list.next_element()?.ok_or_else(missing)?;
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Position([x, y]))
            }
        }
        deserializer.deserialize_seq(Pair)
    }
}

/// What is drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Shape {
    pub(super) points: Vec<Position>,
    pub(super) lines: Vec<Vec<Position>>,
    pub(super) polygons: Vec<Vec<Vec<Position>>>,
}

impl Shape {
    /// The word that mapping files have for it: that of its parts of most dimensions.
    pub(super) fn word(&self) -> &'static str {
        if !self.polygons.is_empty() {
            "polygon"
        } else if !self.lines.is_empty() {
            "line"
        } else if !self.points.is_empty() {
            "point"
        } else {
            "none"
        }
    }

    pub(super) fn positions(&self) -> impl Iterator<Item = &Position> {
        let lines = self.lines.iter().flatten();
        let rings = self.polygons.iter().flatten().flatten();
        self.points.iter().chain(lines).chain(rings)
    }
}

/// A feature as read.
#[derive(Clone, Debug, Default)]
pub(super) struct Feature {
    pub(super) id: Option<Value>,
    pub(super) properties: Map<String, Value>,
    pub(super) shape: Shape,
    /// What was wrong with its geometry.
    pub(super) trouble: Option<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "a feature")]
struct Written<'t> {
    #[serde(rename = "type", borrow)]
    kind: Option<Cow<'t, str>>,
    id: Option<Value>,
    properties: Option<Map<String, Value>>,
    #[serde(borrow)]
    geometry: Option<&'t RawValue>,
}

#[derive(Deserialize)]
#[serde(expecting = "a geometry")]
struct Geometry<'t> {
    #[serde(rename = "type", borrow)]
    kind: Option<Cow<'t, str>>,
    #[serde(borrow)]
    coordinates: Option<&'t RawValue>,
    #[serde(borrow)]
    geometries: Option<Vec<&'t RawValue>>,
}

impl Feature {
    /// Reads a feature, or a geometry that stands alone.
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(text).map_err(|_| "it is not UTF-8".to_owned())?;
        let written: Written<'_> = serde_json::from_str(text).map_err(|e| e.to_string())?;
        let mut feature = Self {
            id: written.id.filter(|id| !id.is_null()),
            properties: written.properties.unwrap_or_default(),
            ..Self::default()
        };
        let geometry = match written.kind.as_deref() {
            Some("Feature") => written.geometry.map(RawValue::get),
            Some(_) => Some(text),
            None => return Err("it has no type".to_owned()),
        };
        let drawn = match geometry {
            Some(geometry) => add(geometry, &mut feature.shape, 0),
            None => Err("it has no geometry".to_owned()),
        };
        feature.trouble = drawn.err();
        Ok(feature)
    }
}

/// Collections within collections, of which the standard advises against the first.
const DEPTH_MAX: usize = 8;

fn add(geometry: &str, shape: &mut Shape, depth: usize) -> Result<(), String> {
    let geometry: Geometry<'_> = serde_json::from_str(geometry).map_err(|e| e.to_string())?;
    let kind = geometry.kind.as_deref().unwrap_or("none");
    if kind == "GeometryCollection" && depth < DEPTH_MAX {
        for inner in geometry.geometries.unwrap_or_default() {
            add(inner.get(), shape, depth + 1)?;
        }
        return Ok(());
    }
    let Some(coordinates) = geometry.coordinates.map(RawValue::get) else {
        return Err("the geometry has no coordinates".to_owned());
    };
    match kind {
        "Point" => shape.points.push(read(coordinates)?),
        "MultiPoint" => shape.points.extend(read::<Vec<Position>>(coordinates)?),
        "LineString" => shape.lines.push(read(coordinates)?),
        "MultiLineString" => shape.lines.extend(read::<Vec<Vec<Position>>>(coordinates)?),
        "Polygon" => shape.polygons.push(read(coordinates)?),
        "MultiPolygon" => shape
            .polygons
            .extend(read::<Vec<Vec<Vec<Position>>>>(coordinates)?),
        other => {
            let other: String = other.chars().take(40).collect();
            return Err(format!("`{other}` is no type of geometry"));
        }
    }
    Ok(())
}

fn read<'t, T: Deserialize<'t>>(coordinates: &'t str) -> Result<T, String> {
    serde_json::from_str(coordinates).map_err(|e| e.to_string())
}
