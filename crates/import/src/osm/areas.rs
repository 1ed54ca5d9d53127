//! Land and water: what lies between the streets and the buildings.

use super::elements::{Elements, Key, Tags};
use super::rings::Outline;
use crate::findings::Findings;
use crate::writer::{Writer, json_text};
use std::sync::Arc;
use twin_model::{Code, EntityKind, Finding, Value};

/// `natural` values that cover ground.
const GROUND: [&str; 12] = [
    "bare_rock",
    "beach",
    "fell",
    "glacier",
    "grassland",
    "heath",
    "mud",
    "sand",
    "scree",
    "scrub",
    "wetland",
    "wood",
];
/// `waterway` values that are a line of water.
const STREAMS: [&str; 8] = [
    "canal",
    "ditch",
    "drain",
    "fairway",
    "river",
    "stream",
    "tidal_channel",
    "wadi",
];

/// What the ground is used for, if the tags say; `water` for every sort of water.
pub(super) fn land_use(tags: &Tags) -> Option<Arc<str>> {
    let value = |key| tags.shared(key);
    if tags.is(Key::Natural, "water")
        || matches!(tags.get(Key::Waterway), Some("riverbank" | "dock"))
        || matches!(tags.get(Key::LandUse), Some("basin" | "reservoir"))
    {
        return Some(Arc::from("water"));
    }
    if let Some(leisure @ ("park" | "garden" | "pitch" | "playground")) = tags.get(Key::Leisure) {
        return Some(Arc::from(leisure));
    }
    if tags.is(Key::Amenity, "parking") {
        return Some(Arc::from("parking"));
    }
    if tags.is(Key::Place, "square") {
        return Some(Arc::from("square"));
    }
    if let (Some(highway), Some("yes")) = (value(Key::Highway), tags.get(Key::Area)) {
        return Some(highway.clone());
    }
    let ground = value(Key::Natural).filter(|n| GROUND.contains(&&***n));
    value(Key::LandUse).or(ground).cloned()
}

/// The water that a line of the map stands for.
pub(super) fn stream(tags: &Tags) -> Option<&str> {
    let is_piped = matches!(tags.get(Key::Tunnel), Some("yes" | "culvert"));
    let kind = tags.get(Key::Waterway).filter(|_| !is_piped)?;
    STREAMS.contains(&kind).then_some(kind)
}

pub(super) fn write(
    elements: &Elements,
    outline: &Outline<'_>,
    land_use: Arc<str>,
    writer: &mut Writer<'_>,
) {
    // The same outline can be a building or a room too; then that has the plain key.
    let is_shared = super::is_building(outline.tags) || outline.tags.get(Key::Indoor).is_some();
    let key = if is_shared {
        format!("{}:area", outline.key)
    } else {
        outline.key.clone()
    };
    let twin = writer.twin(EntityKind::Area, &key);
    super::buildings::declare_outline(elements, outline, &twin, writer);
    writer.declare(&twin, "landUse", Value::Text(land_use));
    if let Some(name) = outline.tags.shared(Key::Name) {
        writer.declare(&twin, "name", Value::Text(name.clone()));
    }
    writer.declare(&twin, "osmId", json_text(&outline.id));
}

/// Rivers, canals and ditches that are drawn as lines; gives how many were written.
pub(super) fn write_streams(
    elements: &Elements,
    writer: &mut Writer<'_>,
    findings: &mut Findings,
) -> u64 {
    let mut count = 0;
    for way in &elements.ways {
        let Some(kind) = stream(&way.tags).filter(|_| land_use(&way.tags).is_none()) else {
            continue;
        };
        let id = format!("way/{}", way.id);
        let refs = elements.refs(way);
        let mut course: Vec<[f64; 2]> = refs
            .iter()
            .filter_map(|&id| elements.node(id))
            .map(|node| elements.place(node).degrees())
            .collect();
        if course.len() < refs.len() {
            let message = "points of the water are not in the file; it is drawn without them";
            findings.add(Finding::new(Code::OsmMissing, message).at_item(id.as_str()));
        }
        course.dedup();
        if course.len() < 2 {
            let message = "the water has fewer than two points; it was left out";
            findings.add(Finding::new(Code::OsmTooShort, message).at_item(id.as_str()));
            continue;
        }
        let twin = writer.twin(EntityKind::Area, &id);
        writer.declare(&twin, "course", Value::Line(course.into()));
        writer.declare(&twin, "landUse", Value::text("water"));
        writer.declare(&twin, "waterway", json_text(kind));
        if let Some(name) = way.tags.shared(Key::Name) {
            writer.declare(&twin, "name", Value::Text(name.clone()));
        }
        writer.declare(&twin, "osmId", json_text(&id));
        count += 1;
    }
    count
}
