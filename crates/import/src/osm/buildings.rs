//! Buildings, the points that say their addresses, and their entrances.

use super::elements::{Elements, Key, TaggedNode, Tags};
use super::indoor::Indoor;
use super::rings::{Bounds, Outline, Work};
use super::text;
use crate::findings::Findings;
use crate::writer::{Writer, json_text, push_json_text, shortened, site_position};
use rustc_hash::FxHashMap;
use std::fmt::Write;
use std::sync::Arc;
use twin_model::{Code, EntityId, EntityKind, Finding, Value};

/// Probability that an outline that crosses itself is right. A judgement.
const CROSSING: f64 = 0.5;
/// Probability that a point within an outline, not on it, belongs to that building: outlines of
/// roofs and of neighbours overlap. A judgement.
const WITHIN: f64 = 0.9;
/// Size of a cell in which buildings are looked up, degrees: about a hundred metres.
const CELL_DEG: f64 = 0.001;
/// Cells that one building may cover; a building of some kilometres across is none.
const CELLS_MAX: i64 = 2000;
/// Addresses listed for one building.
const ADDRESSES_MAX: usize = 200;

/// A building and its twin.
#[derive(Debug)]
pub(super) struct Building<'e> {
    pub(super) outline: Outline<'e>,
    pub(super) twin: EntityId,
    pub(super) centre: [f64; 2],
    /// Square degrees.
    pub(super) area: f64,
    bounds: Bounds,
    addresses: Vec<String>,
}

impl Building<'_> {
    /// A roof on posts has no inside.
    pub(super) fn is_roof(&self) -> bool {
        matches!(
            self.outline.tags.get(Key::Building),
            Some("roof" | "carport")
        )
    }
}

/// All buildings, found by place.
#[derive(Debug, Default)]
pub(super) struct Buildings<'e> {
    pub(super) list: Vec<Building<'e>>,
    cells: FxHashMap<(i32, i32), Vec<u32>>,
    /// Buildings on whose outlines the points with tags lie.
    on_outline: FxHashMap<u32, Vec<u32>>,
}

fn cell([longitude, latitude]: [f64; 2]) -> (i32, i32) {
    let at = |x: f64| (x / CELL_DEG).floor() as i32;
    (at(longitude), at(latitude))
}

impl<'e> Buildings<'e> {
    pub(super) fn new(elements: &Elements) -> Self {
        let tagged = elements.tagged.iter().filter_map(|n| elements.node(n.id));
        Self {
            on_outline: tagged.map(|node| (node, Vec::new())).collect(),
            ..Self::default()
        }
    }

    /// Writes a building down.
    pub(super) fn add(
        &mut self,
        elements: &Elements,
        outline: Outline<'e>,
        writer: &mut Writer<'_>,
        findings: &mut Findings,
    ) {
        let twin = writer.twin(EntityKind::Building, &outline.key);
        declare_outline(elements, &outline, &twin, writer);
        let (centre, area) = outline.centre(elements);
        writer.declare(&twin, "sitePosition", site_position(centre));
        declare(&outline, &twin, writer, findings);
        let number = self.list.len() as u32;
        for node in outline.rings.iter().flatten() {
            if let Some(on) = self.on_outline.get_mut(node)
                && on.last() != Some(&number)
            {
                on.push(number);
            }
        }
        let bounds = Bounds::of(elements, &outline.rings[0]);
        self.file(number, &bounds);
        let addresses = text::address(outline.tags).into_iter().collect();
        self.list.push(Building {
            outline,
            twin,
            centre,
            area,
            bounds,
            addresses,
        });
    }

    fn file(&mut self, number: u32, bounds: &Bounds) {
        let (west, south) = cell(bounds.south_west);
        let (east, north) = cell(bounds.north_east);
        let side = |a: i32, b: i32| i64::from(b) - i64::from(a) + 1;
        if side(west, east) * side(south, north) > CELLS_MAX {
            return;
        }
        for x in west..=east {
            for y in south..=north {
                self.cells.entry((x, y)).or_default().push(number);
            }
        }
    }

    /// The smallest building, roofs left out, that a place lies within.
    pub(super) fn around(
        &self,
        elements: &Elements,
        place: [f64; 2],
        work: &mut Work,
        findings: &mut Findings,
    ) -> Option<u32> {
        let near = self.cells.get(&cell(place))?;
        let mut best: Option<u32> = None;
        for &number in near {
            let building = &self.list[number as usize];
            let is_smaller = best.is_none_or(|b| building.area < self.list[b as usize].area);
            if is_smaller
                && !building.is_roof()
                && building.bounds.holds(place)
                && work.take(building.outline.points(), findings)
                && building.outline.holds(elements, place)
            {
                best = Some(number);
            }
        }
        best
    }

    /// Whether a point is one of a building's outline.
    pub(super) fn is_on_outline(
        &self,
        elements: &Elements,
        node: &TaggedNode,
        building: u32,
    ) -> bool {
        let on = elements.node(node.id).and_then(|n| self.on_outline.get(&n));
        on.is_some_and(|on| on.contains(&building))
    }

    /// The building that a point belongs to: how probably, and why.
    pub(super) fn of_point(
        &self,
        elements: &Elements,
        node: &TaggedNode,
        work: &mut Work,
        findings: &mut Findings,
    ) -> Option<(u32, f64, &'static str)> {
        let index = elements.node(node.id)?;
        let on = self.on_outline.get(&index).map_or(&[][..], Vec::as_slice);
        let mut solid = on.iter().filter(|&&b| !self.list[b as usize].is_roof());
        if let Some(&first) = solid.next() {
            let others = solid.count();
            return Some((first, 1.0 / (1 + others) as f64, "point of its outline"));
        }
        let within = self.around(elements, node.place.degrees(), work, findings);
        if let Some(within) = within {
            return Some((within, WITHIN, "point within its outline"));
        }
        let roof = on.first()?;
        Some((*roof, WITHIN, "point of its outline"))
    }
}

/// The outline; one that crosses itself is said with doubt.
pub(super) fn declare_outline(
    elements: &Elements,
    outline: &Outline<'_>,
    twin: &EntityId,
    writer: &mut Writer<'_>,
) {
    let polygon = Value::Polygon(Arc::new(outline.polygon(elements)));
    if outline.is_crossing {
        writer.doubt(
            twin,
            "outline",
            polygon,
            CROSSING,
            "outline that crosses itself",
        );
    } else {
        writer.declare(twin, "outline", polygon);
    }
}

fn declare(
    outline: &Outline<'_>,
    twin: &EntityId,
    writer: &mut Writer<'_>,
    findings: &mut Findings,
) {
    let tags = outline.tags;
    if let Some(name) = tags.shared(Key::Name) {
        writer.declare(twin, "name", Value::Text(name.clone()));
    }
    if let Some(address) = text::address(tags) {
        writer.declare(twin, "address", Value::text(address));
    }
    for (key, name, unit, read) in [
        (
            Key::BuildingLevels,
            "storeysAboveGround",
            "1",
            text::storeys as fn(&str) -> _,
        ),
        (
            Key::BuildingLevelsUnderground,
            "storeysBelowGround",
            "1",
            text::storeys,
        ),
        (Key::Height, "buildingHeight", "m", text::metres),
    ] {
        declare_number(outline, twin, key, name, unit, read, writer, findings);
    }
    if let Some(kind) = tags.get(Key::Building).filter(|&kind| kind != "yes") {
        writer.declare(twin, "buildingKind", json_text(kind));
    }
    writer.declare(twin, "osmId", json_text(&outline.id));
}

#[expect(clippy::too_many_arguments, reason = "one row of a table")]
fn declare_number(
    outline: &Outline<'_>,
    twin: &EntityId,
    key: Key,
    name: &'static str,
    unit: &'static str,
    read: fn(&str) -> Option<f64>,
    writer: &mut Writer<'_>,
    findings: &mut Findings,
) {
    let Some(text) = outline.tags.get(key) else {
        return;
    };
    if let Some(number) = read(text) {
        writer.declare_number(twin, name, number, unit);
        return;
    }
    writer.unknown(twin, name, text);
    findings.add(
        Finding::new(
            Code::OsmValue,
            format!(
                "`{}={}` is no number that is understood",
                key.as_str(),
                shortened(text)
            ),
        )
        .about(twin.clone())
        .at_item(outline.id.as_str())
        .in_field(name),
    );
}

/// How many points there were.
#[derive(Debug, Default)]
pub(super) struct Points {
    pub(super) addresses: u64,
    pub(super) entrances: u64,
}

/// Writes addresses and entrances down, which are points on or in buildings.
pub(super) fn write_points(
    elements: &Elements,
    buildings: &mut Buildings<'_>,
    indoor: &Indoor,
    work: &mut Work,
    writer: &mut Writer<'_>,
    findings: &mut Findings,
) -> Points {
    let mut count = Points::default();
    let mut found: FxHashMap<u32, Vec<String>> = FxHashMap::default();
    for node in &elements.tagged {
        let address = node
            .tags
            .get(Key::AddrHouseNumber)
            .and_then(|_| text::address(&node.tags));
        let is_entrance = is_entrance(&node.tags);
        if address.is_none() && !is_entrance {
            continue;
        }
        let host = buildings.of_point(elements, node, work, findings);
        if is_entrance {
            count.entrances += 1;
            if !indoor.has_portal(node.id) {
                entrance(buildings, node, host, writer, findings);
            }
        }
        if let Some(address) = address {
            count.addresses += 1;
            match host {
                Some((number, ..)) => found.entry(number).or_default().push(address),
                None if !is_entrance => address_point(node, address, writer),
                None => {}
            }
        }
    }
    let mut found: Vec<(u32, Vec<String>)> = found.into_iter().collect();
    found.sort_unstable_by_key(|(number, _)| *number);
    for (number, mut addresses) in found {
        let building = &mut buildings.list[number as usize];
        addresses.sort();
        if building.addresses.is_empty() {
            let first = Value::text(addresses[0].as_str());
            let method = "address point in the building";
            let probability = WITHIN / addresses.len() as f64;
            writer.conclude(&building.twin, "address", first, probability, method);
        }
        building.addresses.extend(addresses);
        building.addresses.sort();
        building.addresses.dedup();
        building.addresses.truncate(ADDRESSES_MAX);
        if building.addresses.len() > 1 {
            let mut json = String::new();
            for address in &building.addresses {
                json.push(if json.is_empty() { '[' } else { ',' });
                push_json_text(&mut json, address);
            }
            let _ = write!(json, "]");
            writer.declare(&building.twin, "addresses", Value::Json(Arc::from(json)));
        }
    }
    count
}

pub(super) fn is_entrance(tags: &Tags) -> bool {
    tags.get(Key::Entrance).is_some_and(|e| e != "no")
}

fn entrance(
    buildings: &Buildings<'_>,
    node: &TaggedNode,
    host: Option<(u32, f64, &'static str)>,
    writer: &mut Writer<'_>,
    findings: &mut Findings,
) {
    let twin = writer.twin(EntityKind::Portal, &format!("node/{}", node.id));
    declare_entrance(node, &twin, writer, findings);
    match host {
        Some((number, probability, method)) => {
            let whole = Value::Entity(buildings.list[number as usize].twin.clone());
            writer.conclude(&twin, "partOf", whole, probability, method);
        }
        None => findings.add(
            Finding::new(
                Code::OsmUnplaced,
                "no building's outline holds the entrance",
            )
            .about(twin)
            .at_item(format!("node/{}", node.id)),
        ),
    }
}

/// What the tags say about an entrance.
pub(super) fn declare_entrance(
    node: &TaggedNode,
    twin: &EntityId,
    writer: &mut Writer<'_>,
    findings: &mut Findings,
) {
    writer.declare(twin, "portalKind", Value::text("door"));
    writer.declare(twin, "isExternal", Value::Boolean(true));
    let kind = node.tags.get(Key::Entrance).unwrap_or_default();
    if matches!(kind, "emergency" | "fire_exit") {
        writer.declare(twin, "fireExit", Value::Boolean(true));
    }
    if !matches!(kind, "" | "yes") {
        writer.declare(twin, "entranceKind", json_text(kind));
    }
    declare_portal(node, twin, writer, findings);
}

/// What the tags say about any portal that is a point.
pub(super) fn declare_portal(
    node: &TaggedNode,
    twin: &EntityId,
    writer: &mut Writer<'_>,
    findings: &mut Findings,
) {
    writer.declare(twin, "sitePosition", site_position(node.place.degrees()));
    let name = [Key::Ref, Key::Name, Key::Description];
    if let Some(name) = name.iter().find_map(|&key| node.tags.shared(key)) {
        writer.declare(twin, "name", Value::Text(name.clone()));
    }
    match node.tags.get(Key::Wheelchair) {
        Some("yes" | "designated") => writer.declare(twin, "accessible", Value::Boolean(true)),
        Some("no") => writer.declare(twin, "accessible", Value::Boolean(false)),
        _ => {}
    }
    if let Some(text) = node.tags.get(Key::Width) {
        if let Some(width) = text::metres(text) {
            writer.declare_number(twin, "width", width, "m");
        } else {
            writer.unknown(twin, "width", text);
            let message = format!(
                "`width={}` is no length that is understood",
                shortened(text)
            );
            let finding = Finding::new(Code::OsmValue, message).about(twin.clone());
            findings.add(
                finding
                    .at_item(format!("node/{}", node.id))
                    .in_field("width"),
            );
        }
    }
    writer.declare(twin, "osmId", json_text(&format!("node/{}", node.id)));
}

/// An address in no building that is drawn: a place to be found all the same.
fn address_point(node: &TaggedNode, address: String, writer: &mut Writer<'_>) {
    let id = format!("node/{}", node.id);
    let twin = writer.twin(EntityKind::Thing, &id);
    writer.declare(&twin, "name", Value::text(address));
    writer.declare(&twin, "sitePosition", site_position(node.place.degrees()));
    writer.declare(&twin, "osmId", json_text(&id));
}
