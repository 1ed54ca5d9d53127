//! A small town, written out, and what becomes of it when it is changed, damaged or cut short.
#![allow(
    clippy::needless_raw_string_hashes,
    reason = "expectations are written by the tool"
)]

use expect_test::{Expect, expect};
use proptest::prelude::*;
use std::fmt::Write;
use twin_import::{Facet, Format, Imported, Mint, Options, cityjson};
use twin_model::{Act, EntityId, EntityKind, Value};

/// A church as a block, a house of two parts with ground surfaces, a road in two triangles, a
/// pond with an island, a tree. Amersfoort, by the origin of the Dutch grid.
const TOWN: &str = r#"{
"type": "CityJSON", "version": "2.0",
"transform": {"scale": [0.001, 0.001, 0.001], "translate": [155000.0, 463000.0, 0.0]},
"metadata": {
  "referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/7415",
  "referenceDate": "2024-05-06", "title": "Town",
  "pointOfContact": {"contactName": "Survey", "organization": "Municipality", "emailAddress": "a@b.nl"},
  "license": "CC0-1.0"
},
"CityObjects": {
"church": {"type": "Building",
  "attributes": {"name": "Old Church", "measuredHeight": 12, "storeysAboveGround": 1, "identificatiebagpnd": "307100000000001"},
  "address": [{"ThoroughfareName": "Hof", "ThoroughfareNumber": "1", "PostalCode": "3811 CJ", "LocalityName": "Amersfoort"}],
  "geometry": [{"type": "Solid", "lod": "1", "boundaries": [[[[0,3,2,1]],[[4,5,6]],[[4,6,7]],[[0,1,5,4]],[[1,2,6,5]],[[2,3,7,6]],[[3,0,4,7]]]]}]},
"house": {"type": "Building", "children": ["house-a", "house-b"], "attributes": {"roofType": "gable"}},
"house-a": {"type": "BuildingPart", "parents": ["house"], "attributes": {"storeysAboveGround": 2},
  "geometry": [{"type": "MultiSurface", "lod": "2", "boundaries": [[[8,9,10,11]],[[8,9,13,12]]],
    "semantics": {"surfaces": [{"type": "GroundSurface"}, {"type": "WallSurface"}], "values": [0, 1]}}]},
"house-b": {"type": "BuildingPart", "parents": ["house"], "attributes": {"storeysAboveGround": 3},
  "geometry": [{"type": "MultiSurface", "lod": "2", "boundaries": [[[9,14,15,10]]],
    "semantics": {"surfaces": [{"type": "GroundSurface"}], "values": [0]}}]},
"road": {"type": "Road", "attributes": {"function": "voetpad"},
  "geometry": [{"type": "MultiSurface", "lod": "1", "boundaries": [[[16,17,18]],[[16,18,19]]]}]},
"pond": {"type": "WaterBody", "geometry": [{"type": "MultiSurface", "lod": "1", "boundaries": [[[20,21,22,23],[24,25,26,27]]]}]},
"tree": {"type": "SolitaryVegetationObject", "geometry": [{"type": "MultiPoint", "lod": "0", "boundaries": [0]}]}
},
"vertices": [
[0,0,0],[10000,0,0],[10000,10000,0],[0,10000,0],[0,0,9000],[10000,0,9000],[10000,10000,9000],[0,10000,9000],
[20000,0,0],[25000,0,0],[25000,8000,0],[20000,8000,0],[20000,0,6000],[25000,0,6000],[30000,0,0],[30000,8000,0],
[0,-5000,0],[40000,-5000,0],[40000,-2000,0],[0,-2000,0],
[50000,0,0],[60000,0,0],[60000,10000,0],[50000,10000,0],[53000,3000,0],[53000,6000,0],[56000,6000,0],[56000,3000,0]]
}"#;

/// Twins named after the ids of the file.
struct Urn;

impl Mint for Urn {
    fn mint(&mut self, kind: EntityKind, external_id: &str) -> EntityId {
        let id = format!("urn:{}:{external_id}", kind.as_str());
        EntityId::new(&id).unwrap_or_else(|_| EntityId::new("urn:odd").unwrap())
    }
}

fn read(bytes: &[u8]) -> Imported {
    cityjson::import(bytes, &Options::default(), &mut Urn)
}

/// The town with some texts exchanged; each must occur.
fn town(edits: &[(&str, &str)]) -> String {
    edits.iter().fold(TOWN.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "`{from}` is not in the town");
        text.replace(from, to)
    })
}

/// Statements one a line; outlines as their number of corners and area, because degrees tell a
/// reader nothing.
fn said(imported: &Imported) -> String {
    let mut text = String::new();
    for facet in &imported.facets {
        for s in &facet.statements {
            let Act::Assert(stated) = &s.act else {
                panic!("{s:?}")
            };
            let value = match &stated.value {
                Value::Polygon(p) => {
                    let corners: Vec<usize> = p.rings.iter().map(Vec::len).collect();
                    format!("outline of {corners:?} corners, {:.2} m2", area_m2(p))
                }
                Value::Text(t) => format!("`{t}`"),
                Value::Number(n) => format!("{n} {}", stated.unit.as_ref().unwrap().as_str()),
                Value::Json(j) => j.to_string(),
                other => format!("{other:?}"),
            };
            let entity = s.entity.as_str().trim_start_matches("urn:");
            let facet = facet.facet.as_str();
            writeln!(text, "{facet} {entity} {}: {value}", s.attribute).unwrap();
        }
    }
    for f in &imported.findings {
        let item = f.location.item.as_deref().unwrap_or("the file");
        writeln!(text, "{} {item}: {}", f.code.as_str(), f.message).unwrap();
    }
    text
}

/// Square metres on earth, near enough for small things.
fn area_m2(polygon: &twin_model::Polygon) -> f64 {
    let [x0, y0] = polygon.rings[0][0];
    let flat = |[x, y]: [f64; 2]| {
        let (s, c) = y0.to_radians().sin_cos();
        let w = (1.0 - 0.006_694_38 * s * s).sqrt();
        [
            (x - x0).to_radians() * 6_378_137.0 * c / w,
            (y - y0).to_radians() * 6_378_137.0 * (1.0 - 0.006_694_38) / (w * w * w),
        ]
    };
    let rings = polygon.rings.iter();
    let rings = rings
        .map(|r| r.iter().copied().map(flat).collect())
        .collect();
    twin_model::Polygon { rings }.area_m2()
}

fn check(text: &str, expected: &Expect) {
    expected.assert_eq(&said(&read(text.as_bytes())));
}

/// Only the findings.
fn found(text: &str, expected: &Expect) {
    let imported = read(text.as_bytes());
    let mut text = String::new();
    for f in &imported.findings {
        let item = f.location.item.as_deref().unwrap_or("the file");
        writeln!(text, "{} {item}: {}", f.code.as_str(), f.message).unwrap();
    }
    expected.assert_eq(&text);
}

#[test]
fn a_town_is_read() {
    check(
        TOWN,
        &expect![[r#"
        declared building:church type: `building`
        declared building:church name: `Old Church`
        declared building:church address: `Hof 1, 3811 CJ Amersfoort`
        declared building:church buildingHeight: 12 m
        declared building:church storeysAboveGround: 1 1
        declared building:church cityJsonId: "church"
        declared building:church bagId: "0307100000000001"
        declared building:church cityJsonAttributes: {"name": "Old Church", "measuredHeight": 12, "storeysAboveGround": 1, "identificatiebagpnd": "307100000000001"}
        declared building:house type: `building`
        declared building:house storeysAboveGround: 3 1
        declared building:house cityJsonId: "house"
        declared building:house roofType: "gable"
        declared building:house cityJsonAttributes: {"roofType": "gable"}
        declared area:road type: `area`
        declared area:road landUse: `road`
        declared area:road cityJsonId: "road"
        declared area:road cityJsonAttributes: {"function": "voetpad"}
        declared area:pond type: `area`
        declared area:pond landUse: `water`
        declared area:pond cityJsonId: "pond"
        geometry building:church buildingHeight: 9 m
        geometry building:church outline: outline of [4] corners, 100.02 m2
        geometry building:house buildingHeight: 6 m
        geometry building:house outline: outline of [6] corners, 80.01 m2
        geometry area:road outline: outline of [4] corners, 120.02 m2
        geometry area:pond outline: outline of [4, 4] corners, 91.02 m2
    "#]],
    );
    let imported = read(TOWN.as_bytes());
    assert_eq!(imported.licence.as_deref(), Some("CC0-1.0"));
    assert_eq!(imported.attribution.as_deref(), Some("Municipality: Town"));
    assert!(imported.is_whole && !imported.cancelled);
    let observed = imported.facets[0].statements[0].observed;
    assert_eq!(observed.to_string(), "2024-05-06T00:00:00.000000Z");
    assert!(imported.counts.contains(&("BuildingPart", 2)));
}

/// The corner at the origin of the grid lies where the Kadaster says that it lies.
#[test]
fn outlines_lie_on_earth() {
    let imported = read(TOWN.as_bytes());
    let geometry = imported
        .facets
        .iter()
        .find(|f| f.facet == Facet::Geometry)
        .unwrap();
    let church = geometry
        .statements
        .iter()
        .find(|s| s.attribute.as_str() == "outline")
        .unwrap();
    let Act::Assert(stated) = &church.act else {
        panic!()
    };
    let Value::Polygon(outline) = &stated.value else {
        panic!()
    };
    let near =
        |p: &&[f64; 2]| (p[0] - 5.387_203_657).abs() < 3e-6 && (p[1] - 52.155_172_897).abs() < 3e-6;
    assert_eq!(
        outline.rings[0].iter().filter(near).count(),
        1,
        "{outline:?}"
    );
    assert_eq!(
        church.procedure.as_deref(),
        Some("EPSG:7415 (Amersfoort / RD New)")
    );
}

#[test]
fn a_sequence_says_the_same_as_the_file() {
    let value: serde_json::Value = serde_json::from_str(TOWN).unwrap();
    let mut head = value.clone();
    head["CityObjects"] = serde_json::json!({});
    head["vertices"] = serde_json::json!([]);
    let mut text = head.to_string();
    for ids in [
        vec!["church"],
        vec!["house", "house-a", "house-b"],
        vec!["road"],
        vec!["pond"],
        vec!["tree"],
    ] {
        let objects: serde_json::Map<_, _> = ids
            .iter()
            .map(|id| ((*id).to_owned(), value["CityObjects"][id].clone()))
            .collect();
        let feature = serde_json::json!({
            "type": "CityJSONFeature", "id": ids[0], "CityObjects": objects, "vertices": value["vertices"],
        });
        write!(text, "\n{feature}").unwrap();
    }
    assert_eq!(
        Format::detect("a", text.as_bytes()),
        Some(Format::CityJsonSeq)
    );
    assert_eq!(Format::detect("a", TOWN.as_bytes()), Some(Format::CityJson));
    let sorted = |text: &str| {
        let said = said(&read(text.as_bytes()));
        // Attributes are kept as written, and the two are written differently.
        let mut lines: Vec<String> = said
            .lines()
            .filter(|l| !l.contains("Attributes"))
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&text), sorted(TOWN));
    // A line that breaks off takes no other line with it.
    let broken = text.replace("\"id\":\"road\"", "\"id\":");
    let imported = read(broken.as_bytes());
    assert!(!imported.is_whole);
    assert_eq!(
        imported
            .counts
            .iter()
            .find(|c| c.0 == "WaterBody")
            .unwrap()
            .1,
        1
    );
    let codes: Vec<&str> = imported.findings.iter().map(|f| f.code.as_str()).collect();
    assert_eq!(codes, ["CTY-006", "CTY-010", "CTY-005"]);
}

#[test]
fn without_a_system_shapes_are_kept_in_metres() {
    let nowhere = town(&[(
        "\"referenceSystem\": \"https://www.opengis.net/def/crs/EPSG/0/7415\",",
        "",
    )]);
    let said = said(&read(nowhere.as_bytes()));
    assert!(!said.contains(" outline:"), "{said}");
    assert!(
        said.contains("planOutline: [[[[0,0],[10,0],[10,10],[0,10]]]]"),
        "{said}"
    );
    found(
        &nowhere,
        &expect![[r#"
        CRS-001 the file: the file names no reference system; nothing is placed on earth
    "#]],
    );
    found(
        &town(&[("EPSG/0/7415", "EPSG/0/2056")]),
        &expect![[r#"
        CRS-003 the file: the coordinates (for example 155000 463000) lie outside the area of EPSG:2056 (CH1903+ / LV95), also with their axes exchanged; nothing is placed on earth
    "#]],
    );
    found(
        &town(&[("[155000.0, 463000.0, 0.0]", "[463000.0, 155000.0, 0.0]")]),
        &expect![[r#"
            CRS-004 the file: the coordinates (for example 463000 155000) lie in the area of EPSG:7415 (Amersfoort / RD New) only with their axes exchanged; they are read so
        "#]],
    );
}

#[test]
fn wrong_indices_lists_and_semantics_are_found() {
    found(
        &town(&[("[[16,18,19]]", "[[16,18,99]]")]),
        &expect![[r#"
            CTY-006 road: surfaces that use corners that are not there or too far away, left out: 1
        "#]],
    );
    found(
        &town(&[("[[16,18,19]]", "[[16,18,-1]]")]),
        &expect![[r#"
            CTY-006 road: surfaces that use corners that are not there or too far away, left out: 1
        "#]],
    );
    found(
        &town(&[("[[16,18,19]]", "[16,18]")]),
        &expect![[r#"
        CTY-010 road: geometries that cannot be read or are too large, left out: 1
        CTY-010 road: no outline can be made of what is drawn
    "#]],
    );
    found(
        &town(&[("\"values\": [0, 1]", "\"values\": [0]")]),
        &expect![[r#"
            CTY-014 house: geometries with semantics that do not fit their surfaces; these are not used: 1
        "#]],
    );
    found(
        &town(&[("\"values\": [0, 1]", "\"values\": [0, 7]")]),
        &expect![[r#"
            CTY-014 house: geometries with semantics that do not fit their surfaces; these are not used: 1
        "#]],
    );
    found(
        &town(&[("[20,21,22,23],[24,25,26,27]", "[20,21,25,22,24,23]")]),
        &expect![[r#"
            CTY-011 pond: surfaces whose outline crosses itself; what it encloses is used: 1
        "#]],
    );
    found(
        &town(&[("[[16,17,18]],[[16,18,19]]", "[[16,17,16]]")]),
        &expect![[r#"
            CTY-010 road: no outline can be made of what is drawn
        "#]],
    );
    found(
        &town(&[("[0,-2000,0]", "[0,-2000]")]),
        &expect![[r#"
            CTY-013 the file: corners that are not three plausible numbers: 1; what uses them is not drawn
            CTY-006 road: surfaces that use corners that are not there or too far away, left out: 1
        "#]],
    );
}

#[test]
fn wrong_parents_are_found() {
    found(
        &town(&[("\"house-a\", \"house-b\"]", "\"house-a\"]")]),
        &expect![[r#"
            CTY-007 house-b: the object is not among its children: `house`; it is taken as its part
        "#]],
    );
    found(
        &town(&[(
            "\"house-a\", \"house-b\"]",
            "\"house-a\", \"house-b\", \"house-c\"]",
        )]),
        &expect![[r#"
            CTY-007 house: the object names `house-c` as its child, which is not there
        "#]],
    );
    found(
        &town(&[(
            "\"parents\": [\"house\"], \"attributes\": {\"storeysAboveGround\": 2}",
            "\"attributes\": {}",
        )]),
        &expect![[r#"
            CTY-007 house-a: the object does not name its parent: `house`; it is taken as its part
        "#]],
    );
    found(
        &town(&[(
            "\"children\": [\"house-a\", \"house-b\"]",
            "\"parents\": [\"house-a\"]",
        )]),
        &expect![[r#"
            CTY-007 house: the object is not among its children: `house-a`; it is taken as its part
            CTY-007 house-a: the object is not among its children: `house`; it is taken as its part
            CTY-007 house-b: the object is not among its children: `house`; it is taken as its part
            CTY-008 house: the object is part of itself, or of parts of parts without end; it is taken as part of nothing
        "#]],
    );
    found(
        &town(&[("\"house\": {", "\"barn\": {")]),
        &expect![[r#"
        CTY-007 house-a: the object names `house` as its parent, which is not there
        CTY-007 house-b: the object names `house` as its parent, which is not there
        CTY-007 house-a: the object does not name its parent: `barn`; it is taken as its part
        CTY-007 house-b: the object does not name its parent: `barn`; it is taken as its part
    "#]],
    );
    found(
        &town(&[("\"pond\":", "\"road\":")]),
        &expect![[r#"
        CTY-009 road: the id stands for two objects; the first is used
    "#]],
    );
}

#[test]
fn other_versions_and_bad_transforms_are_tried() {
    found(
        &town(&[("\"version\": \"2.0\"", "\"version\": \"3.1\"")]),
        &expect![[r#"
            CTY-003 the file: the file states version `3.1`; 1.1 and 2.0 are known, it was read as if it were one of them
        "#]],
    );
    found(
        &town(&[("\"version\": \"2.0\",", "")]),
        &expect![[r#"
        CTY-003 the file: the file states version ``; 1.1 and 2.0 are known, it was read as if it were one of them
    "#]],
    );
    found(
        &town(&[(
            "\"scale\": [0.001, 0.001, 0.001]",
            "\"scale\": [0, 0.001, 0.001]",
        )]),
        &expect![[r#"
            CTY-004 the file: the transform of the corners is unusable; they are taken as coordinates
            CRS-003 the file: the coordinates (for example 0 0) lie outside the area of EPSG:7415 (Amersfoort / RD New), also with their axes exchanged; nothing is placed on earth
        "#]],
    );
    found(
        &town(&[("\"type\": \"Road\"", "\"type\": 7")]),
        &expect![[r#"
            CTY-005 road: the object cannot be read: invalid type: integer `7`, expected a string at line 1 column 10
        "#]],
    );
    found(
        "",
        &expect![[r#"
        CTY-001 the file: the file is empty or is no CityJSON object
    "#]],
    );
    found(
        "{\"type\": \"FeatureCollection\", \"features\": []}",
        &expect![[r#"
            CTY-001 the file: the file is empty or is no CityJSON object
        "#]],
    );
}

#[test]
fn a_cut_file_gives_what_it_had() {
    let cut = &TOWN[..TOWN.find("\"vertices\"").unwrap()];
    let imported = read(cut.as_bytes());
    assert!(!imported.is_whole);
    assert_eq!(imported.findings[0].code.as_str(), "CTY-002");
    let names = said(&imported);
    assert!(
        names.contains("declared building:church name: `Old Church`"),
        "{names}"
    );
}

/// Cut anywhere, a file gives a result, and everything it says was in the whole file, except for
/// outlines, which a missing part changes.
#[test]
fn every_cut_is_survived() {
    let whole = said(&read(TOWN.as_bytes()));
    for length in (0..TOWN.len()).step_by(7) {
        for line in said(&read(&TOWN.as_bytes()[..length])).lines() {
            let is_new = line.starts_with("declared")
                && !line.contains("storeys")
                && !line.contains("roofType");
            assert!(!is_new || whole.contains(line), "cut at {length}: {line}");
        }
    }
}

#[test]
fn work_can_be_stopped() {
    let stop = |_: f32| false;
    let options = Options {
        progress: Some(&stop),
        ..Options::default()
    };
    let imported = cityjson::import(TOWN.as_bytes(), &options, &mut Urn);
    assert!(imported.cancelled && imported.facets.is_empty());
}

/// Files of Delft (CC BY 4.0, BGT and BAG) and Zurich, where they are at hand: counts as cjio
/// gives them, and no finding but those that val3dity would also make.
#[test]
fn real_cities_are_read() {
    let data = std::env::var("TWIN_DATA")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data").into());
    let read_file = |name: &str| std::fs::read(format!("{data}/space/cityjson/{name}")).ok();
    let outlines = |imported: &Imported| {
        let all = imported.facets.iter().flat_map(|f| &f.statements);
        all.filter(|s| s.attribute.as_str() == "outline").count()
    };
    if let Some(bytes) = read_file("delft.json") {
        let imported = read(&bytes);
        expect![[r#"[("Bridge", 3), ("Building", 160), ("GenericCityObject", 54), ("LandUse", 81), ("PlantCover", 126), ("Road", 143), ("WaterBody", 3)]"#]].assert_eq(&format!("{:?}", imported.counts));
        assert_eq!((outlines(&imported), imported.findings.len()), (516, 0));
    }
    if let Some(bytes) = read_file("zurich_subset_lod2.json") {
        let imported = read(&bytes);
        expect![[r#"[("Building", 49), ("BuildingPart", 161)]"#]]
            .assert_eq(&format!("{:?}", imported.counts));
        assert_eq!((outlines(&imported), imported.findings.len()), (49, 0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read(&bytes);
        let mut with_head = br#"{"type":"CityJSON","CityObjects":"#.to_vec();
        with_head.extend(&bytes);
        read(&with_head);
    }

    /// Bytes of the town exchanged at random.
    #[test]
    fn a_damaged_town_is_read(edits in prop::collection::vec((0..TOWN.len(), any::<u8>()), 1..6)) {
        let mut bytes = TOWN.as_bytes().to_vec();
        for (at, byte) in edits {
            bytes[at] = byte;
        }
        read(&bytes);
    }

    /// Whatever numbers stand in the geometry, the result is on earth or not there.
    #[test]
    fn any_corners_and_indices_are_read(
        corners in prop::collection::vec([-1_000_000_i64..1_000_000, -1_000_000_i64..1_000_000, 0..9000_i64], 3..12),
        faces in prop::collection::vec(prop::collection::vec(0_u32..14, 0..7), 1..6),
    ) {
        let faces: Vec<_> = faces.into_iter().map(|face| [face]).collect();
        let city = serde_json::json!({
            "type": "CityJSON", "version": "2.0",
            "transform": {"scale": [0.001, 0.001, 0.001], "translate": [155_000.0, 463_000.0, 0.0]},
            "metadata": {"referenceSystem": "EPSG:28992"},
            "CityObjects": {"a": {"type": "Building", "geometry": [{"type": "MultiSurface", "lod": "1", "boundaries": faces}]}},
            "vertices": corners,
        });
        let imported = read(city.to_string().as_bytes());
        for s in imported.facets.iter().flat_map(|f| &f.statements) {
            if let Act::Assert(stated) = &s.act
                && let Value::Polygon(p) = &stated.value
            {
                for [x, y] in p.rings.iter().flatten() {
                    prop_assert!((x - 5.387).abs() < 0.1 && (y - 52.155).abs() < 0.1);
                }
            }
        }
    }
}
