//! OpenStreetMap: streets, buildings and water as volunteers have mapped them.
//!
//! The map is the street side of the picture: where one can walk to once one is out of a door.
//! This module reads extracts of it (PBF and XML) and makes of them streets cut at every point
//! where one can turn, buildings with outline and address, entrances, land and water, and, where
//! mappers have drawn it, the inside of buildings: rooms, doors, stairs and lifts.
//!
//! Places keep the exact digits of the database, 1e-7 degrees. Ids are those of the map:
//! `way/12`, `node/5`; of a street's part `way/12:5-7`, after the points at its ends, so that
//! it stays the same when the street is cut elsewhere. Statements are of three sources: what is
//! tagged (declared), what follows from where things lie (geometry), and what custom suggests
//! (inferred).

mod areas;
mod buildings;
mod elements;
mod indoor;
mod pbf;
mod rings;
mod streets;
mod text;
mod wire;
mod xml;

pub use elements::{Count, Elements};

use crate::findings::Findings;
use crate::writer::Writer;
use crate::{Imported, Mint, Options};
use buildings::Buildings;
use elements::{Key, Tags};
use indoor::Piece;
use rings::{Outline, Work};
use rustc_hash::FxHashSet;
use twin_model::{Code, Finding, Time};

/// The licence of the database, where the file does not name another.
const LICENCE: &str = "ODbL 1.0";
const ATTRIBUTION: &str = "© OpenStreetMap contributors";

/// Whether the bytes begin as a file of OpenStreetMap in the binary form.
pub fn is_pbf(bytes: &[u8]) -> bool {
    pbf::is_pbf(bytes)
}

/// Whether the bytes begin as a file of OpenStreetMap in XML.
pub fn is_xml(bytes: &[u8]) -> bool {
    xml::is_xml(bytes)
}

/// Reads the elements of a file and does nothing with them: for counting and measuring.
pub fn decode(bytes: &[u8]) -> Elements {
    let mut findings = Findings::default();
    let read = read(bytes, &mut findings, &mut |_| true);
    let (mut elements, _) = read.unwrap_or_default();
    elements.put_in_order(&mut findings);
    elements
}

/// Reads a file of OpenStreetMap, PBF or XML. Any bytes are accepted; there is always a result.
///
/// ```
/// use twin_import::{Mint, Options, osm::import};
/// use twin_model::{EntityId, EntityKind};
///
/// struct Urn;
/// impl Mint for Urn {
///     fn mint(&mut self, _: EntityKind, external_id: &str) -> EntityId {
///         EntityId::new(&format!("urn:example:{external_id}")).unwrap()
///     }
/// }
///
/// let map = br#"<osm version="0.6"><node id="1" lat="52.0" lon="4.3"/>
///     <node id="2" lat="52.1" lon="4.3"/><way id="7"><nd ref="1"/><nd ref="2"/>
///     <tag k="highway" v="footway"/></way></osm>"#;
/// let imported = import(map, &Options::default(), &mut Urn);
/// let said = &imported.facets[0].statements;
/// assert!(said.iter().any(|s| s.attribute.as_str() == "course"));
/// assert_eq!(imported.licence.as_deref(), Some("ODbL 1.0"));
/// ```
pub fn import(bytes: &[u8], options: &Options<'_>, mint: &mut dyn Mint) -> Imported {
    let mut findings = Findings::default();
    let mut proceed = |share: f32| options.progress.is_none_or(|p| p(share));
    let read = read(bytes, &mut findings, &mut |s| proceed(0.5 * s));
    let Some((mut elements, is_whole)) = read else {
        return Imported {
            findings: findings.finish(),
            cancelled: true,
            ..Imported::default()
        };
    };
    elements.put_in_order(&mut findings);
    // A header may say anything: times that no clock can have shown are not believed.
    let drawn_up = elements.drawn_up_s.filter(|s| (0..1 << 33).contains(s));
    let observed = drawn_up.map(Time::from_seconds).or(options.observed);
    let mut writer = Writer::new(observed.unwrap_or(Time::MIN), mint);
    let counts = write(&elements, &mut writer, &mut findings, &mut proceed);
    let cancelled = counts.is_none();
    let facets = if cancelled {
        Vec::new()
    } else {
        writer.finish()
    };
    Imported {
        facets,
        findings: findings.finish(),
        counts: counts.unwrap_or_default(),
        licence: Some(licence(&elements)),
        attribution: Some(attribution(&elements)),
        is_whole,
        cancelled,
    }
}

fn read(
    bytes: &[u8],
    findings: &mut Findings,
    proceed: &mut dyn FnMut(f32) -> bool,
) -> Option<(Elements, bool)> {
    if pbf::is_pbf(bytes) {
        pbf::read(bytes, findings, proceed)
    } else if xml::is_xml(bytes) {
        xml::read(bytes, findings, proceed)
    } else {
        let message = "the file is empty or is not OpenStreetMap data";
        findings.add(Finding::new(Code::OsmNotOsm, message));
        Some((Elements::default(), false))
    }
}

/// The file's own word, in short where it is the usual one.
fn licence(elements: &Elements) -> String {
    match &elements.licence {
        Some(other) if !other.contains("odbl") => other.clone(),
        _ => LICENCE.to_owned(),
    }
}

fn attribution(elements: &Elements) -> String {
    match &elements.attribution {
        Some(other) if !other.contains("openstreetmap.org") => other.clone(),
        _ => ATTRIBUTION.to_owned(),
    }
}

fn is_building(tags: &Tags) -> bool {
    tags.get(Key::Building).is_some_and(|b| b != "no")
}

/// Whether an element encloses something that becomes a twin.
fn is_area(tags: &Tags) -> bool {
    is_building(tags) || indoor::is_piece(tags) || areas::land_use(tags).is_some()
}

/// Outlines and what was made of them.
struct Ground<'e> {
    buildings: Buildings<'e>,
    pieces: Vec<Piece<'e>>,
    areas: u64,
}

fn write(
    elements: &Elements,
    writer: &mut Writer<'_>,
    findings: &mut Findings,
    proceed: &mut dyn FnMut(f32) -> bool,
) -> Option<Vec<(&'static str, u64)>> {
    let mut work = Work::default();
    let streets = streets::write(elements, writer, findings);
    if !proceed(0.7) {
        return None;
    }
    let mut ground = ground(elements, &mut work, writer, findings);
    if !proceed(0.9) {
        return None;
    }
    let streams = areas::write_streams(elements, writer, findings);
    let buildings = &mut ground.buildings;
    let inside = indoor::write(
        elements,
        buildings,
        &ground.pieces,
        &mut work,
        writer,
        findings,
    );
    let points = buildings::write_points(elements, buildings, &inside, &mut work, writer, findings);
    let count = elements.count();
    Some(vec![
        ("nodes", count.nodes),
        ("ways", count.ways),
        ("relations", count.relations),
        ("streets", streets.ways),
        ("streetSegments", streets.segments),
        ("buildings", ground.buildings.list.len() as u64),
        ("areas", ground.areas + streams),
        ("addresses", points.addresses),
        ("entrances", points.entrances),
        ("buildingsWithInside", inside.buildings),
        ("storeys", inside.storeys),
        ("spaces", inside.spaces),
        ("doors", inside.doors),
        ("lifts", inside.lifts),
        ("stairs", inside.stairs),
    ])
}

/// Buildings and areas, from closed ways and from relations.
fn ground<'e>(
    elements: &'e Elements,
    work: &mut Work,
    writer: &mut Writer<'_>,
    findings: &mut Findings,
) -> Ground<'e> {
    let mut ground = Ground {
        buildings: Buildings::new(elements),
        pieces: Vec::new(),
        areas: 0,
    };
    // An outer ring that repeats the tag of its relation is the same building.
    let repeated: FxHashSet<(i64, &str)> = elements
        .relations
        .iter()
        .filter(|r| is_building(&r.tags))
        .flat_map(|r| {
            r.members
                .iter()
                .map(move |m| (m, r.tags.get(Key::Building)))
        })
        .filter(|(member, _)| !member.is_inner)
        .filter_map(|(member, kind)| Some((member.way, kind?)))
        .collect();
    for way in &elements.ways {
        let kind = way.tags.get(Key::Building).unwrap_or_default();
        let is_repeated = repeated.contains(&(way.id, kind));
        if is_repeated || !is_area(&way.tags) {
            continue;
        }
        let refs = elements.refs(way);
        let outline = rings::of_way(elements, way.id, &way.tags, refs, work, findings);
        if let Some(outline) = outline {
            ground.add(elements, outline, writer, findings);
        }
    }
    for relation in elements.relations.iter().filter(|r| is_area(&r.tags)) {
        for outline in rings::of_relation(elements, relation, work, findings) {
            ground.add(elements, outline, writer, findings);
        }
    }
    ground
}

impl<'e> Ground<'e> {
    fn add(
        &mut self,
        elements: &Elements,
        outline: Outline<'e>,
        writer: &mut Writer<'_>,
        findings: &mut Findings,
    ) {
        if let Some(land_use) = areas::land_use(outline.tags) {
            areas::write(elements, &outline, land_use, writer);
            self.areas += 1;
        }
        if indoor::is_piece(outline.tags) {
            self.pieces.push(Piece::new(elements, outline.clone()));
        }
        if is_building(outline.tags) {
            self.buildings.add(elements, outline, writer, findings);
        }
    }
}
