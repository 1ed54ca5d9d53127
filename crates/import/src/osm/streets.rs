//! Streets and paths, cut at every point where one can turn.

use super::elements::{Elements, Key, Tags, Way};
use crate::Facet;
use crate::findings::Findings;
use crate::writer::{AS_STATED, Writer, json_text};
use rustc_hash::FxHashMap;
use std::fmt::Write;
use std::sync::Arc;
use twin_model::claim::Stated;
use twin_model::{Act, Code, EntityKind, Finding, Uncertainty, Value};

/// `highway` values that are no way yet, no way any more, or no line to move along.
const NO_STREET: [&str; 14] = [
    "abandoned",
    "bus_stop",
    "construction",
    "disused",
    "elevator",
    "emergency_bay",
    "no",
    "planned",
    "proposed",
    "razed",
    "rest_area",
    "services",
    "street_lamp",
    "traffic_island",
];
/// Ways on which nobody walks unless the map says otherwise: motor roads, bus lanes, race tracks
/// and climbing routes (OpenStreetMap wiki, "OSM tags for routing/Access restrictions").
const NOT_ON_FOOT: [&str; 8] = [
    "bus_guideway",
    "busway",
    "motorway",
    "motorway_link",
    "raceway",
    "trunk",
    "trunk_link",
    "via_ferrata",
];
/// Probability that custom is right about who may walk where nothing is tagged. A judgement.
const CUSTOM: f64 = 0.95;

/// How many there are.
#[derive(Debug, Default)]
pub(super) struct Count {
    pub(super) ways: u64,
    pub(super) segments: u64,
}

pub(super) fn is_street(tags: &Tags) -> bool {
    tags.get(Key::Highway)
        .is_some_and(|h| !NO_STREET.contains(&h))
}

/// Writes every street as segments between junctions.
pub(super) fn write(
    elements: &Elements,
    writer: &mut Writer<'_>,
    findings: &mut Findings,
) -> Count {
    let streets: Vec<(&Way, Vec<Vec<u32>>)> = elements
        .ways
        .iter()
        .filter(|way| is_street(&way.tags))
        .map(|way| (way, lines(elements, way, findings)))
        .collect();
    // How often streets come through a point, at most twice.
    let mut uses = vec![0_u8; elements.nodes.len()];
    for &node in streets.iter().flat_map(|(_, lines)| lines.iter().flatten()) {
        let uses = &mut uses[node as usize];
        *uses = 2.min(*uses + 1);
    }
    let mut count = Count::default();
    for (way, lines) in &streets {
        count.ways += 1;
        count.segments += street(elements, way, lines, &uses, writer);
    }
    count
}

/// The points of a way, in several lines where points are missing between.
fn lines(elements: &Elements, way: &Way, findings: &mut Findings) -> Vec<Vec<u32>> {
    let mut lines = vec![Vec::new()];
    let mut missing = 0;
    for &id in elements.refs(way) {
        let Some(node) = elements.node(id) else {
            missing += 1;
            lines.push(Vec::new());
            continue;
        };
        let line = lines.last_mut().expect("there is always a line");
        if line.last() != Some(&node) {
            line.push(node);
        }
    }
    lines.retain(|line| line.len() >= 2);
    let item = || format!("way/{}", way.id);
    if missing > 0 {
        let message =
            format!("{missing} points of the street are not in the file; it is cut there");
        findings.add(Finding::new(Code::OsmMissing, message).at_item(item()));
    } else if lines.is_empty() {
        let message = "the street has fewer than two points; it was left out";
        findings.add(Finding::new(Code::OsmTooShort, message).at_item(item()));
    }
    lines
}

fn street(
    elements: &Elements,
    way: &Way,
    lines: &[Vec<u32>],
    uses: &[u8],
    writer: &mut Writer<'_>,
) -> u64 {
    let id = json_text(&format!("way/{}", way.id));
    let kind = way.tags.shared(Key::Highway).cloned();
    let kind = Value::Text(kind.unwrap_or_default());
    let walkable = walkable(&way.tags);
    let mut keys: FxHashMap<(i64, i64), u32> = FxHashMap::default();
    let mut segments = 0;
    for line in lines {
        let mut start = 0;
        for end in 1..line.len() {
            if end + 1 < line.len() && uses[line[end] as usize] < 2 {
                continue;
            }
            let piece = &line[start..=end];
            start = end;
            let ends = [piece[0], piece[piece.len() - 1]].map(|n| elements.nodes[n as usize].id);
            // A way that comes through the same two junctions twice.
            let nth = keys.entry((ends[0], ends[1])).or_default();
            *nth += 1;
            let mut key = format!("way/{}:{}-{}", way.id, ends[0], ends[1]);
            if *nth > 1 {
                let _ = write!(key, ":{nth}");
            }
            let twin = writer.twin(EntityKind::Street, &key);
            let course: Arc<[[f64; 2]]> =
                piece.iter().map(|&n| elements.place(n).degrees()).collect();
            writer.declare(&twin, "course", Value::Line(course));
            let ends = format!("node/{} node/{}", ends[0], ends[1]);
            writer.declare(&twin, "ends", Value::text(ends));
            writer.declare(&twin, "streetKind", kind.clone());
            writer.declare(&twin, "osmId", id.clone());
            let (can, facet, method) = walkable;
            let uncertainty =
                (facet == Facet::Inferred).then_some(Uncertainty::Probability(CUSTOM));
            let stated = Stated {
                value: Value::Boolean(can),
                unit: None,
                uncertainty,
            };
            writer.say(facet, &twin, "walkable", Act::Assert(stated), method);
            if let Some(name) = way.tags.shared(Key::Name) {
                writer.declare(&twin, "name", Value::Text(name.clone()));
            }
            if let Some(level) = way.tags.get(Key::Level) {
                writer.declare(&twin, "level", json_text(level));
            }
            segments += 1;
        }
    }
    segments
}

/// Whether people on foot may and can use it, who says so, and why.
/// (OpenStreetMap wiki, "Key:access": the more particular key counts.)
fn walkable(tags: &Tags) -> (bool, Facet, &'static str) {
    match tags.get(Key::Foot) {
        Some("no" | "private" | "use_sidepath") => return (false, Facet::Declared, "tag foot"),
        Some("yes" | "designated" | "permissive" | "destination" | "customers" | "official") => {
            return (true, Facet::Declared, "tag foot");
        }
        _ => {}
    }
    if matches!(tags.get(Key::Access), Some("no" | "private")) {
        return (false, Facet::Declared, "tag access");
    }
    if tags.is(Key::MotorRoad, "yes") {
        return (false, Facet::Declared, "tag motorroad");
    }
    if matches!(
        tags.get(Key::Sidewalk),
        Some("yes" | "both" | "left" | "right")
    ) {
        return (true, Facet::Declared, "tag sidewalk");
    }
    let kind = tags.get(Key::Highway).unwrap_or_default();
    if matches!(kind, "footway" | "pedestrian" | "steps" | "corridor") {
        return (true, Facet::Declared, AS_STATED);
    }
    let can = !NOT_ON_FOOT.contains(&kind);
    (can, Facet::Inferred, "custom for its kind of street")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_walk_where() {
        let tags =
            |list: &[(Key, &str)]| Tags(list.iter().map(|&(k, v)| (k, Arc::from(v))).collect());
        for (list, can, said) in [
            (&[(Key::Highway, "footway")][..], true, true),
            (&[(Key::Highway, "residential")], true, false),
            (&[(Key::Highway, "motorway")], false, false),
            (
                &[(Key::Highway, "motorway"), (Key::Foot, "yes")],
                true,
                true,
            ),
            (
                &[(Key::Highway, "service"), (Key::Access, "private")],
                false,
                true,
            ),
            (
                &[
                    (Key::Highway, "service"),
                    (Key::Access, "private"),
                    (Key::Foot, "yes"),
                ],
                true,
                true,
            ),
            (&[(Key::Highway, "path"), (Key::Foot, "no")], false, true),
            (
                &[(Key::Highway, "trunk"), (Key::Sidewalk, "both")],
                true,
                true,
            ),
            (
                &[(Key::Highway, "primary"), (Key::MotorRoad, "yes")],
                false,
                true,
            ),
        ] {
            let found = walkable(&tags(list));
            assert_eq!(
                (found.0, found.1 == Facet::Declared),
                (can, said),
                "{list:?}"
            );
        }
    }
}
