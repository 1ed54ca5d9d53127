//! Small maps, written out, and what becomes of them when they are changed, damaged or cut short.
#![allow(
    clippy::needless_raw_string_hashes,
    reason = "expectations are written by the tool"
)]

use expect_test::{Expect, expect};
use proptest::prelude::*;
use std::fmt::Write;
use twin_import::{Imported, Mint, Options, osm};
use twin_model::{Act, EntityId, EntityKind, Uncertainty, Value};

struct Urn;

impl Mint for Urn {
    fn mint(&mut self, _: EntityKind, external_id: &str) -> EntityId {
        EntityId::new(&format!("urn:{external_id}")).unwrap()
    }
}

fn read(bytes: &[u8]) -> Imported {
    osm::import(bytes, &Options::default(), &mut Urn)
}

/// A map in a shorthand: a line per element, `n ID LAT LON TAGS`, `w ID NODES TAGS` or
/// `r ID MEMBERS TAGS`; nodes and members with commas between, tags with `|` between.
fn xml(map: &str) -> String {
    let mut out = String::from("<?xml version='1.0' encoding='UTF-8'?>\n<osm version=\"0.6\">\n");
    for line in map.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let mut words = line.splitn(4, ' ');
        let (kind, id) = (words.next().unwrap(), words.next().unwrap());
        let (name, tags) = match kind {
            "n" => {
                let lat = words.next().unwrap();
                let rest = words.next().unwrap_or_default();
                let (lon, tags) = rest.split_once(' ').unwrap_or((rest, ""));
                writeln!(out, "<node id=\"{id}\" lat=\"{lat}\" lon=\"{lon}\">").unwrap();
                ("node", tags)
            }
            "w" => {
                writeln!(out, "<way id=\"{id}\">").unwrap();
                for node in words.next().unwrap().split(',') {
                    writeln!(out, "<nd ref=\"{node}\"/>").unwrap();
                }
                ("way", words.next().unwrap_or_default())
            }
            _ => {
                writeln!(out, "<relation id=\"{id}\">").unwrap();
                for member in words.next().unwrap().split(',') {
                    let (role, way) = member.split_once(':').unwrap();
                    writeln!(out, "<member type=\"way\" ref=\"{way}\" role=\"{role}\"/>").unwrap();
                }
                ("relation", words.next().unwrap_or_default())
            }
        };
        for (key, value) in tags.split('|').filter_map(|t| t.split_once('=')) {
            writeln!(out, "<tag k=\"{key}\" v=\"{value}\"/>").unwrap();
        }
        writeln!(out, "</{name}>").unwrap();
    }
    out + "</osm>\n"
}

fn show(value: &Value) -> String {
    let short = |id: &EntityId| id.as_str().trim_start_matches("urn:").to_owned();
    match value {
        Value::Boolean(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::Text(t) => format!("{t:?}"),
        Value::Entity(e) => short(e),
        Value::Entities(es) => es.iter().map(short).collect::<Vec<_>>().join(" + "),
        Value::Point(p) => format!("{p:?}"),
        Value::Line(l) => format!("{l:?}"),
        Value::Polygon(p) => format!("{:?}", p.rings),
        Value::Json(j) => j.to_string(),
    }
}

/// Statements about the given attributes, then the findings.
fn told(imported: &Imported, attributes: &[&str]) -> String {
    let mut out = String::new();
    for facet in &imported.facets {
        for s in &facet.statements {
            if !attributes.contains(&s.attribute.as_str()) {
                continue;
            }
            let said = match &s.act {
                Act::Assert(stated) => {
                    let unit = stated.unit.as_ref().map_or("", |u| u.as_str());
                    let p = match stated.uncertainty {
                        Some(Uncertainty::Probability(p)) => format!(" p={p:.2}"),
                        _ => String::new(),
                    };
                    format!("{} {unit}{p}", show(&stated.value))
                }
                other => format!("{other:?}"),
            };
            let (facet, twin) = (facet.facet.as_str(), &s.entity.as_str()[4..]);
            writeln!(out, "{facet} {twin} {}: {}", s.attribute, said.trim_end()).unwrap();
        }
    }
    for f in &imported.findings {
        let item = f.location.item.as_deref().unwrap_or("-");
        writeln!(out, "{} {item} {}", f.code.as_str(), f.message).unwrap();
    }
    out
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the usual form of an expectation"
)]
fn check(map: &str, attributes: &[&str], expect: Expect) {
    expect.assert_eq(&told(&read(xml(map).as_bytes()), attributes));
}

/// A street with a side street, a footway and a motorway.
const STREETS: &str = "
    n 1 52.0 4.3
    n 2 52.0001 4.3
    n 3 52.0002 4.3
    n 4 52.0001 4.3002
    n 5 52.0003 4.3
    w 10 1,2,3 highway=residential|name=Lange Weg
    w 11 2,4 highway=service|access=private
    w 12 3,5 highway=motorway
    w 13 5,1 highway=construction
";

#[test]
fn streets_are_cut_where_one_can_turn() {
    check(
        STREETS,
        &["course", "ends", "streetKind", "walkable", "name", "osmId"],
        expect![[r#"
            declared way/10:1-2 course: [[4.3, 52.0], [4.3, 52.0001]]
            declared way/10:1-2 ends: "node/1 node/2"
            declared way/10:1-2 streetKind: "residential"
            declared way/10:1-2 osmId: "way/10"
            declared way/10:1-2 name: "Lange Weg"
            declared way/10:2-3 course: [[4.3, 52.0001], [4.3, 52.0002]]
            declared way/10:2-3 ends: "node/2 node/3"
            declared way/10:2-3 streetKind: "residential"
            declared way/10:2-3 osmId: "way/10"
            declared way/10:2-3 name: "Lange Weg"
            declared way/11:2-4 course: [[4.3, 52.0001], [4.3002, 52.0001]]
            declared way/11:2-4 ends: "node/2 node/4"
            declared way/11:2-4 streetKind: "service"
            declared way/11:2-4 osmId: "way/11"
            declared way/11:2-4 walkable: false
            declared way/12:3-5 course: [[4.3, 52.0002], [4.3, 52.0003]]
            declared way/12:3-5 ends: "node/3 node/5"
            declared way/12:3-5 streetKind: "motorway"
            declared way/12:3-5 osmId: "way/12"
            inferred way/10:1-2 walkable: true  p=0.95
            inferred way/10:2-3 walkable: true  p=0.95
            inferred way/12:3-5 walkable: false  p=0.95
        "#]],
    );
}

#[test]
fn a_street_with_missing_or_too_few_points() {
    check(
        "n 1 52.0 4.3
         n 2 52.0001 4.3
         n 4 52.0003 4.3
         n 5 52.0004 4.3
         w 10 1,2,3,4,5 highway=path
         w 11 1 highway=path
         w 12 5,5 highway=path",
        &["ends"],
        expect![[r#"
            declared way/10:1-2 ends: "node/1 node/2"
            declared way/10:4-5 ends: "node/4 node/5"
            OSM-005 way/10 1 points of the street are not in the file; it is cut there
            OSM-008 way/11 the street has fewer than two points; it was left out
            OSM-008 way/12 the street has fewer than two points; it was left out
        "#]],
    );
}

#[test]
fn loops_and_ways_that_come_back() {
    check(
        "n 1 52.0 4.3
         n 2 52.0001 4.3
         n 3 52.0001 4.3001
         w 10 1,2,3,1 highway=footway
         w 11 1,2,1,2 highway=steps",
        &["ends"],
        expect![[r#"
            declared way/10:1-2 ends: "node/1 node/2"
            declared way/10:2-1 ends: "node/2 node/1"
            declared way/11:1-2 ends: "node/1 node/2"
            declared way/11:2-1 ends: "node/2 node/1"
            declared way/11:1-2:2 ends: "node/1 node/2"
        "#]],
    );
}

/// A house with an annexe, an address point in it, an entrance on it and one beside it.
const HOUSE: &str = "
    n 1 52.0 4.3
    n 2 52.0 4.3002
    n 3 52.0002 4.3002 entrance=main|ref=A|wheelchair=yes|width=1.2 m
    n 4 52.0002 4.3
    n 5 52.0001 4.3001 addr:street=Lange Weg|addr:housenumber=12|addr:postcode=2611 AB|addr:city=Delft
    n 6 52.001 4.3 entrance=emergency
    n 7 52.002 4.3 addr:street=Lange Weg|addr:housenumber=90
    w 20 1,2,3,4,1 building=house|building:levels=2|height=7,5 m|name=Het Huis
    w 21 2,3,4,2 building=roof
";

#[test]
fn buildings_their_addresses_and_entrances() {
    check(
        HOUSE,
        &[
            "type",
            "outline",
            "sitePosition",
            "name",
            "address",
            "storeysAboveGround",
            "buildingHeight",
            "buildingKind",
            "isExternal",
            "fireExit",
            "accessible",
            "width",
            "partOf",
        ],
        expect![[r#"
            declared way/20 type: "building"
            declared way/20 outline: [[[4.3, 52.0], [4.3002, 52.0], [4.3002, 52.0002], [4.3, 52.0002]]]
            declared way/20 sitePosition: {"latitude_deg":52.0001,"longitude_deg":4.3001}
            declared way/20 name: "Het Huis"
            declared way/20 storeysAboveGround: 2 1
            declared way/20 buildingHeight: 7.5 m
            declared way/20 buildingKind: "house"
            declared way/21 type: "building"
            declared way/21 outline: [[[4.3002, 52.0], [4.3002, 52.0002], [4.3, 52.0002]]]
            declared way/21 sitePosition: {"latitude_deg":52.0001333,"longitude_deg":4.3001333}
            declared way/21 buildingKind: "roof"
            declared node/3 type: "portal"
            declared node/3 isExternal: true
            declared node/3 sitePosition: {"latitude_deg":52.0002,"longitude_deg":4.3002}
            declared node/3 name: "A"
            declared node/3 accessible: true
            declared node/3 width: 1.2 m
            declared node/6 type: "portal"
            declared node/6 isExternal: true
            declared node/6 fireExit: true
            declared node/6 sitePosition: {"latitude_deg":52.001,"longitude_deg":4.3}
            declared node/7 type: "thing"
            declared node/7 name: "Lange Weg 90"
            declared node/7 sitePosition: {"latitude_deg":52.002,"longitude_deg":4.3}
            geometry node/3 partOf: way/20
            geometry way/20 address: "Lange Weg 12, 2611 AB Delft"  p=0.90
            OSM-014 node/6 no building's outline holds the entrance
        "#]],
    );
}

#[test]
fn outlines_that_are_wrong() {
    check(
        "n 1 52.0 4.3
         n 2 52.0 4.3002
         n 3 52.0002 4.3002
         n 4 52.0002 4.3
         w 20 1,2,3,4 building=yes
         w 21 1,3,2,4,1 building=yes|height=tall|building:levels=many
         w 22 1,2,1 building=yes
         w 23 1,2,99,1 building=yes
         w 24 1,1,1 building=yes
         w 20 1,2,3,1 building=yes
         n 4 0 0
         n 8 91 4
         n 9 x 4",
        &["outline", "buildingHeight", "storeysAboveGround"],
        expect![[r#"
            declared way/21 outline: [[[4.3, 52.0], [4.3002, 52.0002], [4.3002, 52.0], [4.3, 52.0002]]]  p=0.50
            declared way/21 storeysAboveGround: Unknown { reason: "many" }
            declared way/21 buildingHeight: Unknown { reason: "tall" }
            OSM-011 node/8 the position of the point is not on earth
            OSM-011 node/9 the position of the point is not on earth
            OSM-006 node/4 the id stands for two elements; the first is used
            OSM-006 way/20 the id stands for two elements; the first is used
            OSM-009 way/20 the outline is not closed; it was left out
            OSM-010 way/21 the outline crosses itself
            OSM-012 way/21 `building:levels=many` is no number that is understood
            OSM-012 way/21 `height=tall` is no number that is understood
            OSM-008 way/22 the outline has fewer than three points; it was left out
            OSM-005 way/23 points of the outline are not in the file; it was left out
            OSM-008 way/24 the outline has fewer than three points; it was left out
        "#]],
    );
}

#[test]
fn relations_become_outlines_with_holes() {
    check(
        "n 1 52.0 4.3
         n 2 52.0 4.301
         n 3 52.001 4.301
         n 4 52.001 4.3
         n 5 52.0004 4.3004
         n 6 52.0004 4.3006
         n 7 52.0006 4.3006
         n 11 52.1 4.3
         n 12 52.1 4.301
         n 13 52.101 4.301
         w 30 1,2,3
         w 31 1,4,3
         w 32 5,6,7,5
         w 33 11,12,13,11 building=yes
         r 40 outer:30,outer:31,inner:32,outer:33 type=multipolygon|building=yes|name=Hof
         r 41 outer:30,outer:77 type=multipolygon|natural=water",
        &["outline", "name", "landUse"],
        expect![[r#"
            declared relation/40 outline: [[[4.3, 52.0], [4.301, 52.0], [4.301, 52.001], [4.3, 52.001]], [[4.3004, 52.0004], [4.3006, 52.0004], [4.3006, 52.0006]]]
            declared relation/40 name: "Hof"
            declared relation/40:way/33 outline: [[[4.3, 52.1], [4.301, 52.1], [4.301, 52.101]]]
            declared relation/40:way/33 name: "Hof"
            OSM-005 relation/41 1 ways of the relation are not in the file, or not whole
            OSM-009 relation/41 some rings of the relation are not closed; they were left out
        "#]],
    );
}

#[test]
fn land_and_water() {
    check(
        "n 1 52.0 4.3
         n 2 52.0 4.3002
         n 3 52.0002 4.3002
         w 20 1,2,3,1 natural=water|name=Plas
         w 21 1,2,3,1 leisure=park
         w 22 1,2,3 waterway=canal|name=Schie
         w 23 1,2,3 waterway=canal|tunnel=culvert
         w 24 1,2,3,1 highway=pedestrian|area=yes",
        &["landUse", "name", "waterway", "course", "outline", "ends"],
        expect![[r#"
            declared way/24:1-1 course: [[4.3, 52.0], [4.3002, 52.0], [4.3002, 52.0002], [4.3, 52.0]]
            declared way/24:1-1 ends: "node/1 node/1"
            declared way/20 outline: [[[4.3, 52.0], [4.3002, 52.0], [4.3002, 52.0002]]]
            declared way/20 landUse: "water"
            declared way/20 name: "Plas"
            declared way/21 outline: [[[4.3, 52.0], [4.3002, 52.0], [4.3002, 52.0002]]]
            declared way/21 landUse: "park"
            declared way/24 outline: [[[4.3, 52.0], [4.3002, 52.0], [4.3002, 52.0002]]]
            declared way/24 landUse: "pedestrian"
            declared way/22 course: [[4.3, 52.0], [4.3002, 52.0], [4.3002, 52.0002]]
            declared way/22 landUse: "water"
            declared way/22 waterway: "canal"
            declared way/22 name: "Schie"
        "#]],
    );
}

/// Two rooms and a corridor on level 0, a lift and a stair to level 1, doors between.
const INSIDE: &str = "
    n 1 52.0 4.3
    n 2 52.0 4.3002
    n 3 52.0 4.3004
    n 4 52.0001 4.3
    n 5 52.0001 4.3001 door=yes
    n 6 52.0001 4.3002
    n 7 52.0001 4.3004
    n 8 52.0002 4.3
    n 9 52.0002 4.3004
    n 10 52.00015 4.3004 entrance=yes|level=0
    n 11 52.00015 4.3001 highway=elevator|level=0;1|ref=L1
    n 12 52.00015 4.3002
    n 13 52.00015 4.3003
    n 14 52.0001 4.3003 door=yes|level=5
    w 20 1,2,3,7,10,9,8,4,1 building=yes|height=8|building:levels=2
    w 30 1,2,6,5,4,1 indoor=room|level=0|name=0.01
    w 31 2,3,7,14,6,2 indoor=room|level=0-1|room=toilet
    w 32 4,5,6,14,7,10,9,8,4 indoor=corridor|level=0
    w 33 4,6,14,7,10,9,8,4 indoor=area|level=nowhere
    w 34 12,13 highway=steps|level=0;1|incline=up
";

#[test]
fn rooms_doors_lifts_and_stairs() {
    check(
        INSIDE,
        &[
            "type",
            "name",
            "usage",
            "partOf",
            "portalKind",
            "connects",
            "isExternal",
            "floorElevation",
            "elevation",
        ],
        expect![[r#"
            declared way/34:12-13 type: "street"
            declared way/20 type: "building"
            declared way/30 type: "space"
            declared way/30 name: "0.01"
            declared way/30 usage: "room"
            declared way/20:level/0 type: "storey"
            declared way/20:level/0 name: "0"
            declared way/30 partOf: way/20:level/0
            declared way/31 type: "space"
            declared way/31 usage: "sanitary"
            declared way/31 partOf: way/20:level/0
            declared way/32 type: "space"
            declared way/32 usage: "corridor"
            declared way/32 partOf: way/20:level/0
            declared way/33 type: "space"
            declared way/33 partOf: way/20
            declared node/5 type: "portal"
            declared node/5 portalKind: "door"
            declared node/10 type: "portal"
            declared node/10 portalKind: "door"
            declared node/10 isExternal: true
            declared node/14 type: "portal"
            declared node/14 portalKind: "door"
            declared node/11:0:1 type: "portal"
            declared node/11:0:1 portalKind: "liftLink"
            declared node/11:0:1 name: "L1"
            declared way/20:level/1 type: "storey"
            declared way/20:level/1 name: "1"
            declared way/34:stair type: "portal"
            declared way/34:stair portalKind: "stairLink"
            geometry way/20:level/0 partOf: way/20  p=0.95
            geometry node/5 connects: way/30 + way/32  p=0.95
            geometry node/5 partOf: way/20:level/0  p=0.95
            geometry node/10 connects: way/32  p=0.95
            geometry node/10 partOf: way/20:level/0  p=0.95
            geometry node/14 connects: way/31 + way/32  p=0.95
            geometry node/14 partOf: way/20:level/0  p=0.95
            geometry way/20:level/1 partOf: way/20  p=0.95
            geometry inside:way/20:level/1 type: "space"
            geometry inside:way/20:level/1 partOf: way/20:level/1
            geometry node/11:0:1 connects: inside:way/20:level/1 + way/32  p=0.50
            geometry node/11:0:1 partOf: way/20:level/0  p=0.95
            geometry way/34:stair connects: inside:way/20:level/1 + way/32  p=0.50
            geometry way/34:stair partOf: way/20:level/0  p=0.95
            inferred way/20:level/0 elevation: 0 m p=0.50
            inferred way/30 floorElevation: 0 m p=0.50
            inferred way/31 floorElevation: 0 m p=0.50
            inferred way/32 floorElevation: 0 m p=0.50
            inferred way/20:level/1 elevation: 4 m p=0.50
            inferred inside:way/20:level/1 floorElevation: 4 m p=0.50
            OSM-013 way/33 `level=nowhere` is no list of levels; it is kept without a storey
            OSM-015 way/33 no door of the room is known
        "#]],
    );
}

#[test]
fn rooms_lie_on_the_plan_of_their_building() {
    check(
        INSIDE,
        &["footprint", "position", "sitePosition"],
        expect![[r#"
            declared way/20 sitePosition: {"latitude_deg":52.0001,"longitude_deg":4.3002}
            declared node/5 sitePosition: {"latitude_deg":52.0001,"longitude_deg":4.3001}
            declared node/10 sitePosition: {"latitude_deg":52.00015,"longitude_deg":4.3004}
            declared node/14 sitePosition: {"latitude_deg":52.0001,"longitude_deg":4.3003}
            declared node/11:0:1 sitePosition: {"latitude_deg":52.00015,"longitude_deg":4.3001}
            geometry way/30 footprint: [[[-13.7356, -11.1267], [0.0, -11.1267], [0.0, 0.0], [-6.8678, 0.0], [-13.7356, 0.0]]]
            geometry way/31 footprint: [[[0.0, -11.1267], [13.7356, -11.1267], [13.7356, 0.0], [6.8678, 0.0], [0.0, 0.0]]]
            geometry way/32 footprint: [[[-13.7356, 0.0], [-6.8678, 0.0], [0.0, 0.0], [6.8678, 0.0], [13.7356, 0.0], [13.7356, 5.5634], [13.7355, 11.1268], [-13.7355, 11.1268]]]
            geometry way/33 footprint: [[[-13.7356, 0.0], [0.0, 0.0], [6.8678, 0.0], [13.7356, 0.0], [13.7356, 5.5634], [13.7355, 11.1268], [-13.7355, 11.1268]]]
            inferred node/5 position: [-6.8678, 0.0, 0.0]  p=0.50
            inferred node/10 position: [13.7356, 5.5634, 0.0]  p=0.50
            inferred node/14 position: [6.8678, 0.0, 0.0]  p=0.50
            inferred node/11:0:1 position: [-6.8678, 5.5634, 0.0]  p=0.50
            inferred way/34:stair position: [0.0, 5.5634, 0.0]  p=0.50
            OSM-013 way/33 `level=nowhere` is no list of levels; it is kept without a storey
            OSM-015 way/33 no door of the room is known
        "#]],
    );
}

#[test]
fn rooms_without_a_building_that_touch_are_one() {
    check(
        "n 1 52.0 4.3
         n 2 52.0 4.3002
         n 3 52.0001 4.3001
         n 4 52.0001 4.2999
         n 5 52.1 4.3
         n 6 52.1 4.3001
         n 7 52.1001 4.3001
         w 30 1,2,3,1 indoor=area|level=-1
         w 31 1,3,4,1 indoor=corridor|level=-1
         w 32 5,6,7,5 room=stairs|indoor=room|level=0;1",
        &["type", "existence", "partOf", "connects", "sitePosition"],
        expect![[r#"
            declared way/30 type: "space"
            declared site:way/30:level/-1 type: "storey"
            declared way/30 partOf: site:way/30:level/-1
            declared way/31 type: "space"
            declared way/31 partOf: site:way/30:level/-1
            declared way/32:level/0 type: "space"
            declared site:way/32:level/0 type: "storey"
            declared way/32:level/0 partOf: site:way/32:level/0
            declared way/32:level/1 type: "space"
            declared site:way/32:level/1 type: "storey"
            declared way/32:level/1 partOf: site:way/32:level/1
            geometry site:way/30 type: "building"
            geometry site:way/30 existence: true  p=0.80
            geometry site:way/30 sitePosition: {"latitude_deg":52.0000333,"longitude_deg":4.3001}
            geometry site:way/32 type: "building"
            geometry site:way/32 existence: true  p=0.80
            geometry site:way/32 sitePosition: {"latitude_deg":52.1000333,"longitude_deg":4.3000667}
            geometry site:way/30:level/-1 partOf: site:way/30  p=0.80
            geometry site:way/32:level/0 partOf: site:way/32  p=0.80
            geometry site:way/32:level/1 partOf: site:way/32  p=0.80
            geometry way/32:stairLink/0:1 type: "portal"
            geometry way/32:stairLink/0:1 existence: true  p=0.95
            geometry way/32:stairLink/0:1 connects: way/32:level/0 + way/32:level/1  p=0.95
            geometry way/32:stairLink/0:1 partOf: site:way/32:level/0  p=0.95
            geometry contact:way/30:way/31 type: "portal"
            geometry contact:way/30:way/31 existence: true  p=0.70
            geometry contact:way/30:way/31 connects: way/30 + way/31  p=0.95
            OSM-014 way/30 no outline of a building is around these rooms; they are taken as one
            OSM-014 way/32 no outline of a building is around these rooms; they are taken as one
            OSM-015 way/32:level/0 no door of the room is known
            OSM-015 way/32:level/1 no door of the room is known
        "#]],
    );
}

#[test]
fn files_that_are_none() {
    for (bytes, code) in [
        (&b""[..], "OSM-001"),
        (b"ISO-10303-21;", "OSM-001"),
        (b"<osmChange version='0.6'></osmChange>", "OSM-001"),
        (
            b"<osm version='0.6'><node id='1' lat='1' lon='2'/>",
            "OSM-002",
        ),
        (
            b"<osm version='0.6'><node id='1' lat='1' lon='2'></way></osm>",
            "OSM-003",
        ),
        (b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18\x05ab", "OSM-002"),
        (
            b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18\x02\x12\x00",
            "OSM-003",
        ),
    ] {
        let imported = read(bytes);
        assert_eq!(
            imported.findings[0].code.as_str(),
            code,
            "{:?}",
            imported.findings
        );
        assert!(!imported.is_whole || code == "OSM-003");
    }
}

#[test]
fn the_licence_of_the_file_is_kept() {
    let plain = read(b"<osm version='0.6'></osm>");
    assert_eq!(plain.licence.as_deref(), Some("ODbL 1.0"));
    assert_eq!(
        plain.attribution.as_deref(),
        Some("\u{a9} OpenStreetMap contributors")
    );
    let other = read(b"<osm license='CC0 1.0' attribution='The district'></osm>");
    assert_eq!(other.licence.as_deref(), Some("CC0 1.0"));
    assert_eq!(other.attribution.as_deref(), Some("The district"));
}

#[test]
fn the_caller_can_stop_the_work() {
    let stop = |share: f32| share < 0.6;
    let options = Options {
        progress: Some(&stop),
        ..Options::default()
    };
    let imported = osm::import(xml(STREETS).as_bytes(), &options, &mut Urn);
    assert!(imported.cancelled && imported.facets.is_empty());
}

#[test]
fn the_order_of_elements_does_not_matter() {
    let mut lines: Vec<&str> = INSIDE.lines().collect();
    let one = read(xml(&lines.join("\n")).as_bytes());
    lines.reverse();
    let other = read(xml(&lines.join("\n")).as_bytes());
    for (a, b) in one.facets.iter().zip(&other.facets) {
        assert_eq!(a.statements, b.statements);
    }
}

/// The binary form, written by hand: one header and one block, with or without packing.
mod pbf {
    use flate2::{Compression, write::ZlibEncoder};
    use std::io::Write as _;

    fn varint(out: &mut Vec<u8>, mut n: u64) {
        while n >= 0x80 {
            out.push(n as u8 | 0x80);
            n >>= 7;
        }
        out.push(n as u8);
    }

    fn number(out: &mut Vec<u8>, field: u64, n: u64) {
        varint(out, field << 3);
        varint(out, n);
    }

    fn bytes(out: &mut Vec<u8>, field: u64, held: &[u8]) {
        varint(out, field << 3 | 2);
        varint(out, held.len() as u64);
        out.extend(held);
    }

    fn zigzag(n: i64) -> u64 {
        (n << 1 ^ n >> 63) as u64
    }

    fn packed(list: impl IntoIterator<Item = u64>) -> Vec<u8> {
        let mut out = Vec::new();
        list.into_iter().for_each(|n| varint(&mut out, n));
        out
    }

    fn deltas(list: impl IntoIterator<Item = i64>) -> Vec<u8> {
        let mut at = 0;
        packed(list.into_iter().map(|n| {
            let delta = zigzag(n - at);
            at = n;
            delta
        }))
    }

    fn block(out: &mut Vec<u8>, kind: &str, message: &[u8], is_packed: bool) {
        let mut blob = Vec::new();
        if is_packed {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(message).unwrap();
            number(&mut blob, 2, message.len() as u64);
            bytes(&mut blob, 3, &encoder.finish().unwrap());
        } else {
            bytes(&mut blob, 1, message);
        }
        let mut header = Vec::new();
        bytes(&mut header, 1, kind.as_bytes());
        number(&mut header, 3, blob.len() as u64);
        out.extend((header.len() as u32).to_be_bytes());
        out.extend(header);
        out.extend(blob);
    }

    /// The same shorthand as for XML.
    pub(super) fn write(map: &str, is_packed: bool) -> Vec<u8> {
        let mut texts = vec![String::new()];
        let mut text = |t: &str| {
            let at = texts.iter().position(|k| k == t);
            at.unwrap_or_else(|| {
                texts.push(t.to_owned());
                texts.len() - 1
            }) as u64
        };
        let degrees = |t: &str| (t.parse::<f64>().unwrap() * 1e7).round() as i64;
        let (mut dense, mut tags_of_nodes) = (Vec::new(), Vec::new());
        let mut group = Vec::new();
        for line in map.lines().map(str::trim).filter(|l| !l.is_empty()) {
            let words: Vec<&str> = line.splitn(4, ' ').collect();
            let id: i64 = words[1].parse().unwrap();
            let rest = words.get(3).copied().unwrap_or_default();
            let tags = if words[0] == "n" {
                rest.split_once(' ').map_or("", |t| t.1)
            } else {
                rest
            };
            let tags: Vec<(u64, u64)> = tags
                .split('|')
                .filter_map(|t| t.split_once('='))
                .map(|(k, v)| (text(k), text(v)))
                .collect();
            let mut element = Vec::new();
            number(&mut element, 1, id as u64);
            bytes(&mut element, 2, &packed(tags.iter().map(|t| t.0)));
            bytes(&mut element, 3, &packed(tags.iter().map(|t| t.1)));
            match words[0] {
                "n" => {
                    let lon = rest.split(' ').next().unwrap();
                    dense.push((id, degrees(words[2]), degrees(lon)));
                    tags_of_nodes.extend(tags.iter().flat_map(|t| [t.0, t.1]));
                    tags_of_nodes.push(0);
                }
                "w" => {
                    let refs = words[2].split(',').map(|r| r.parse().unwrap());
                    bytes(&mut element, 8, &deltas(refs));
                    bytes(&mut group, 3, &element);
                }
                _ => {
                    let members: Vec<(&str, i64)> = words[2]
                        .split(',')
                        .map(|m| m.split_once(':').unwrap())
                        .map(|(role, id)| (role, id.parse().unwrap()))
                        .collect();
                    bytes(&mut element, 8, &packed(members.iter().map(|m| text(m.0))));
                    bytes(&mut element, 9, &deltas(members.iter().map(|m| m.1)));
                    bytes(&mut element, 10, &packed(members.iter().map(|_| 1)));
                    bytes(&mut group, 4, &element);
                }
            }
        }
        let mut nodes = Vec::new();
        bytes(&mut nodes, 1, &deltas(dense.iter().map(|n| n.0)));
        bytes(&mut nodes, 8, &deltas(dense.iter().map(|n| n.1)));
        bytes(&mut nodes, 9, &deltas(dense.iter().map(|n| n.2)));
        bytes(&mut nodes, 10, &packed(tags_of_nodes));
        bytes(&mut group, 2, &nodes);
        let mut table = Vec::new();
        for text in &texts {
            bytes(&mut table, 1, text.as_bytes());
        }
        let mut message = Vec::new();
        bytes(&mut message, 1, &table);
        bytes(&mut message, 2, &group);
        let mut header = Vec::new();
        bytes(&mut header, 4, b"OsmSchema-V0.6");
        bytes(&mut header, 4, b"DenseNodes");
        let mut out = Vec::new();
        block(&mut out, "OSMHeader", &header, is_packed);
        block(&mut out, "OSMData", &message, is_packed);
        out
    }
}

#[test]
fn both_forms_say_the_same() {
    for map in [STREETS, HOUSE, INSIDE] {
        let one = read(xml(map).as_bytes());
        for is_packed in [false, true] {
            let other = read(&pbf::write(map, is_packed));
            assert!(other.is_whole);
            assert_eq!(one.counts, other.counts);
            for (a, b) in one.facets.iter().zip(&other.facets) {
                assert_eq!(a.statements, b.statements);
            }
        }
    }
}

/// The library that others read such files with sees the same elements.
#[test]
fn the_peer_reads_what_we_read() {
    let bytes = pbf::write(INSIDE, true);
    let mut peer = osm::Count::default();
    osmpbf::ElementReader::new(&bytes[..])
        .for_each(|element| match element {
            osmpbf::Element::Node(_) | osmpbf::Element::DenseNode(_) => peer.nodes += 1,
            osmpbf::Element::Way(_) => peer.ways += 1,
            osmpbf::Element::Relation(_) => peer.relations += 1,
        })
        .unwrap();
    assert_eq!(osm::decode(&bytes).count(), peer);
}

/// Every number is finite, every place on earth.
fn is_sound(imported: &Imported) -> bool {
    let on_earth = |&[lon, lat]: &[f64; 2]| lon.abs() <= 180.0 && lat.abs() <= 90.0;
    let statements = imported.facets.iter().flat_map(|f| &f.statements);
    statements.into_iter().all(|s| match &s.act {
        Act::Assert(stated) => match &stated.value {
            Value::Number(n) => n.is_finite(),
            Value::Point(p) => p.iter().all(|c| c.is_finite()),
            Value::Line(l) => l.iter().all(on_earth),
            Value::Polygon(p) if s.attribute.as_str() == "outline" => {
                p.rings.iter().flatten().all(on_earth)
            }
            _ => true,
        },
        _ => true,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(!read(&bytes).findings.is_empty());
        let mut after_header = pbf::write("", false);
        after_header.extend(&bytes);
        prop_assert!(is_sound(&read(&after_header)));
        let mut text = b"<osm>".to_vec();
        text.extend(&bytes);
        prop_assert!(is_sound(&read(&text)));
    }

    #[test]
    fn any_change_of_bytes_is_survived(
        is_packed in any::<bool>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = pbf::write(INSIDE, is_packed);
        for (at, byte) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        prop_assert!(is_sound(&read(&bytes)));
        let mut text = xml(INSIDE).into_bytes();
        for (at, byte) in &changes {
            let at = at.index(text.len());
            text[at] = *byte;
        }
        prop_assert!(is_sound(&read(&text)));
    }

    #[test]
    fn a_cut_file_says_so(share in 0.0..1.0_f64) {
        for bytes in [pbf::write(INSIDE, true), xml(INSIDE).trim_end().as_bytes().to_vec()] {
            let cut = 60 + ((bytes.len() - 61) as f64 * share) as usize;
            let imported = read(&bytes[..cut]);
            let is_at_a_seam = bytes[..cut] == pbf::write("", true)[..];
            prop_assert!(!imported.is_whole || is_at_a_seam);
            prop_assert!(!imported.findings.is_empty() || is_at_a_seam);
        }
    }

    /// However streets lie, every part begins and ends at a point of the file, parts of one way
    /// follow each other, and every shared point is an end.
    #[test]
    fn cut_streets_put_together_are_the_streets(
        ways in proptest::collection::vec(proptest::collection::vec(1..9_u8, 2..7), 1..5),
    ) {
        let mut map = String::new();
        for n in 1..9 {
            writeln!(map, "n {n} 52.{n} 4.{n}").unwrap();
        }
        for (i, way) in ways.iter().enumerate() {
            let refs: Vec<String> = way.iter().map(u8::to_string).collect();
            writeln!(map, "w {} {} highway=path", 100 + i, refs.join(",")).unwrap();
        }
        let imported = read(xml(&map).as_bytes());
        let mut passed = vec![Vec::new(); ways.len()];
        for s in &imported.facets[0].statements {
            if let ("course", Act::Assert(stated)) = (s.attribute.as_str(), &s.act)
                && let Value::Line(line) = &stated.value
            {
                let way: usize = s.entity.as_str()[8..11].parse().unwrap();
                let numbers = line.iter().map(|p| ((p[1] - 52.0) * 10.0).round() as u8);
                passed[way - 100].push(numbers.collect::<Vec<u8>>());
            }
        }
        let mut uses = [0; 9];
        for way in &ways {
            let mut plain = way.clone();
            plain.dedup();
            if plain.len() >= 2 {
                for &n in &plain {
                    uses[n as usize] += 1;
                }
            }
        }
        for (way, parts) in ways.iter().zip(&passed) {
            let mut plain = way.clone();
            plain.dedup();
            let mut joined: Vec<u8> = parts.concat();
            joined.dedup();
            prop_assert_eq!(joined, if plain.len() < 2 { vec![] } else { plain });
            for part in parts {
                prop_assert!(part[1..part.len() - 1].iter().all(|&n| uses[n as usize] == 1));
            }
        }
    }
}

/// Real maps, where they are at hand: what is known of them.
#[test]
fn real_maps() {
    let data = std::env::var("TWIN_DATA").unwrap_or_else(|_| {
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data").to_owned()
    });
    for (name, expected) in [
        (
            "da_hbf.osm",
            &[
                ("nodes", 1665),
                ("entrances", 10),
                ("lifts", 6),
                ("stairs", 28),
                ("spaces", 9),
            ][..],
        ),
        (
            "liechtenstein-latest.osm.pbf",
            &[
                ("nodes", 142_832),
                ("ways", 15_247),
                ("relations", 358),
                ("buildings", 8994),
                ("streetSegments", 7885),
                ("entrances", 16),
            ],
        ),
    ] {
        let Ok(bytes) = std::fs::read(format!("{data}/space/osm/{name}")) else {
            continue;
        };
        let imported = read(&bytes);
        assert!(imported.is_whole);
        for pair in expected {
            assert!(
                imported.counts.contains(pair),
                "{name}: {pair:?} in {:?}",
                imported.counts
            );
        }
    }
}
