//! The outer form of a CityJSON text: what is in it, before anything is believed.
//!
//! A city object that cannot be read must not take the city with it. So the text is first taken
//! apart into its members and its objects, as pieces of JSON, and each object is read by itself.
//! What was read before the text breaks off is kept.

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Objects read of one text; the rest is counted.
pub(super) const OBJECTS_MAX: usize = 5_000_000;

/// The members of a CityJSON object or of a feature of a sequence.
#[derive(Debug, Default)]
pub(super) struct Document<'a> {
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) version: Option<&'a RawValue>,
    pub(super) transform: Option<&'a RawValue>,
    pub(super) metadata: Option<&'a RawValue>,
    pub(super) extended: Option<&'a RawValue>,
    pub(super) vertices: Option<&'a RawValue>,
    pub(super) objects: Vec<(String, &'a RawValue)>,
    pub(super) objects_left_out: usize,
    /// Why the text could not be read to its end.
    pub(super) error: Option<serde_json::Error>,
}

impl<'a> Document<'a> {
    pub(super) fn read(text: &'a str) -> Self {
        let mut document = Self::default();
        let mut json = serde_json::Deserializer::from_str(text);
        let read = Members(&mut document).deserialize(&mut json);
        document.error = read.and_then(|()| json.end()).err();
        document
    }
}

struct Members<'m, 'a>(&'m mut Document<'a>);

impl<'a> DeserializeSeed<'a> for Members<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Members<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a CityJSON object")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<(), M::Error> {
        let document = self.0;
        while let Some(key) = map.next_key::<Cow<'a, str>>()? {
            match key.as_ref() {
                "type" => {
                    let text = map.next_value::<&'a RawValue>()?;
                    document.kind = serde_json::from_str(text.get()).ok();
                }
                "version" => document.version = Some(map.next_value()?),
                "transform" => document.transform = Some(map.next_value()?),
                "metadata" => document.metadata = Some(map.next_value()?),
                "+metadata-extended" => document.extended = Some(map.next_value()?),
                "vertices" => document.vertices = Some(map.next_value()?),
                "CityObjects" => map.next_value_seed(Objects(document))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

struct Objects<'m, 'a>(&'m mut Document<'a>);

impl<'a> DeserializeSeed<'a> for Objects<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Objects<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("city objects by their ids")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some((id, object)) = map.next_entry::<String, &'a RawValue>()? {
            if self.0.objects.len() < OBJECTS_MAX {
                self.0.objects.push((id, object));
            } else {
                self.0.objects_left_out += 1;
            }
        }
        Ok(())
    }
}

/// One city object.
#[derive(Debug, Deserialize)]
pub(super) struct Object<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) attributes: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) address: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) geometry: Vec<Geometry<'a>>,
    #[serde(default)]
    pub(super) parents: Vec<String>,
    #[serde(default)]
    pub(super) children: Vec<String>,
}

/// One geometry of a city object.
#[derive(Debug, Deserialize)]
pub(super) struct Geometry<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) lod: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) boundaries: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) semantics: Option<Semantics<'a>>,
}

impl Geometry<'_> {
    /// Level of detail: 0 for plans, 1 for blocks, 2 with roofs, 3 with doors; tenths for what
    /// lies between.
    pub(super) fn lod(&self) -> f64 {
        let text = self.lod.map_or("", RawValue::get);
        text.trim_matches('"').parse().unwrap_or(0.0)
    }
}

/// What the surfaces of a geometry are.
#[derive(Debug, Deserialize)]
pub(super) struct Semantics<'a> {
    #[serde(borrow, default)]
    pub(super) surfaces: Vec<Surface<'a>>,
    #[serde(borrow, default)]
    pub(super) values: Option<&'a RawValue>,
}

/// A sort of surface: `GroundSurface`, `RoofSurface`, `Door`.
#[derive(Debug, Deserialize)]
pub(super) struct Surface<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
}

/// How the whole numbers of the vertices become coordinates.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
pub(super) struct Transform {
    pub(super) scale: [f64; 3],
    pub(super) translate: [f64; 3],
}

impl Transform {
    /// Vertices that are coordinates already.
    pub(super) const IDENTITY: Self = Self {
        scale: [1.0; 3],
        translate: [0.0; 3],
    };

    pub(super) fn read(json: &RawValue) -> Option<Self> {
        let read: Self = serde_json::from_str(json.get()).ok()?;
        let all = read.scale.iter().chain(&read.translate);
        let is_sane = all.clone().all(|c| c.abs() < 1e12) && read.scale.iter().all(|s| *s != 0.0);
        is_sane.then_some(read)
    }

    pub(super) fn apply(&self, vertex: [f64; 3]) -> [f64; 3] {
        std::array::from_fn(|i| vertex[i] * self.scale[i] + self.translate[i])
    }
}
