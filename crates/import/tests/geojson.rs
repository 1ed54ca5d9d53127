//! Small GeoJSON files, with and without a mapping, and what becomes of them.
#![allow(
    clippy::needless_raw_string_hashes,
    reason = "expectations are written by the tool"
)]

mod told;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use told::{Urn, is_sound, told};
use twin_import::{Format, Imported, Options, geojson};

fn read(text: &[u8], mapping: Option<&str>) -> Imported {
    let options = Options {
        mapping,
        ..Options::default()
    };
    geojson::import(text, &options, &mut Urn)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the usual form of an expectation"
)]
fn check(text: &str, mapping: Option<&str>, expect: Expect) {
    expect.assert_eq(&told(&read(text.as_bytes(), mapping), |name| {
        name != "type"
    }));
}

const TOWN: &str = r#"{"type": "FeatureCollection", "name": "stad", "features": [
{"type": "Feature", "properties": {"laag": "pand", "nr": "A1", "naam": "Stadhuis", "hoogte": "1250", "straat": "Markt", "huisnummer": 87, "postcode": "2611 GS", "plaats": "Delft", "bouwlagen": 3, "kleur": "rood"},
 "geometry": {"type": "Polygon", "coordinates": [[[4.3, 52.0], [4.3002, 52.0], [4.3002, 52.0002], [4.3, 52.0002], [4.3, 52.0]]]}},
{"type": "Feature", "properties": {"laag": "pand", "nr": "A2", "hoogte": "hoog", "bouwlagen": null},
 "geometry": {"type": "MultiPolygon", "coordinates": [[[[4.4, 52.0], [4.4002, 52.0], [4.4002, 52.0002, 7.5], [4.4, 52.0]]], [[[4.5, 52.0], [4.5002, 52.0], [4.5002, 52.0002], [4.5, 52.0]]]]}},
{"type": "Feature", "properties": {"laag": "weg", "nr": "W1", "soort": "footway", "voet": "J"},
 "geometry": {"type": "LineString", "coordinates": [[4.3, 52.0], [4.31, 52.0], [4.32, 52.0]]}},
{"type": "Feature", "properties": {"laag": "weg", "nr": "W2", "soort": "service", "voet": "N"},
 "geometry": {"type": "LineString", "coordinates": [[4.31, 52.0], [4.31, 52.01]]}},
{"type": "Feature", "properties": {"laag": "deur", "nr": "D1", "pand": "A1", "breed": "90"},
 "geometry": {"type": "Point", "coordinates": [4.3001, 52.0]}},
{"type": "Feature", "properties": {"laag": "boom", "nr": "B1"}, "geometry": null},
{"type": "Feature", "properties": {"laag": "pand", "nr": "A1"}, "geometry": null}
]}"#;

const MAPPING: &str = r#"
version = 1
licence = "CC0 1.0"
attribution = "De gemeente"
id = "nr"
layer = "laag"

[[rule]]
kind = "building"
layer = "pand"
keep = true
[rule.attributes]
name = "naam"
address = "{straat} {huisnummer}, {postcode} {plaats}"
buildingHeight = { property = "hoogte", unit = "cm" }
storeysAboveGround = { property = "bouwlagen", probability = 0.8 }

[[rule]]
kind = "street"
geometry = "line"
[rule.attributes]
streetKind = "soort"
walkable = { property = "voet", yes = ["J"], no = ["N"] }

[[rule]]
kind = "portal"
when = { laag = ["deur", "poort"] }
[rule.attributes]
partOf = "pand"
isExternal = { value = true }
width = { property = "breed", unit = "cm" }
"#;

#[test]
fn a_mapping_says_what_properties_stand_for() {
    check(
        TOWN,
        Some(MAPPING),
        expect![[r#"
            declared A1 outline: [[[4.3, 52.0], [4.3002, 52.0], [4.3002, 52.0002], [4.3, 52.0002]]]
            declared A1 address: "Markt 87, 2611 GS Delft"
            declared A1 buildingHeight: 1250 cm
            declared A1 name: "Stadhuis"
            declared A1 storeysAboveGround: 3 1 p=0.80
            declared A1 property.huisnummer: 87
            declared A1 property.kleur: "rood"
            declared A1 property.laag: "pand"
            declared A1 property.nr: "A1"
            declared A1 property.plaats: "Delft"
            declared A1 property.postcode: "2611 GS"
            declared A1 property.straat: "Markt"
            declared A2 outline: [[[4.4, 52.0], [4.4002, 52.0], [4.4002, 52.0002]]]
            declared A2 buildingHeight: Unknown { reason: "hoog" }
            declared A2 property.laag: "pand"
            declared A2 property.nr: "A2"
            declared A2:2 outline: [[[4.5, 52.0], [4.5002, 52.0], [4.5002, 52.0002]]]
            declared A2:2 buildingHeight: Unknown { reason: "hoog" }
            declared A2:2 property.laag: "pand"
            declared A2:2 property.nr: "A2"
            declared W1 course: [[4.3, 52.0], [4.31, 52.0]]
            declared W1 ends: "4.3,52 4.31,52"
            declared W1 streetKind: "footway"
            declared W1 walkable: true
            declared W1:2 course: [[4.31, 52.0], [4.32, 52.0]]
            declared W1:2 ends: "4.31,52 4.32,52"
            declared W1:2 streetKind: "footway"
            declared W1:2 walkable: true
            declared W2 course: [[4.31, 52.0], [4.31, 52.01]]
            declared W2 ends: "4.31,52 4.31,52.01"
            declared W2 streetKind: "service"
            declared W2 walkable: false
            declared D1 sitePosition: {"latitude_deg":52,"longitude_deg":4.3001}
            declared D1 isExternal: true
            declared D1 partOf: A1
            declared D1 width: 90 cm
            geometry A1 sitePosition: {"latitude_deg":52.0001,"longitude_deg":4.3001}
            geometry A2 sitePosition: {"latitude_deg":52.0000667,"longitude_deg":4.4001333}
            geometry A2:2 sitePosition: {"latitude_deg":52.0000667,"longitude_deg":4.5001333}
            inferred D1 portalKind: "door" p=0.90
            GEO-006 line 13 A1 the id stands for two features; the first is used
            GEO-011 - 1 features fit no rule of the mapping; they were left out
            GEO-010 line 4 A2 [buildingHeight] `hoog` is not what `buildingHeight` can hold
            GEO-010 line 4 A2 [buildingHeight] `hoog` is not what `buildingHeight` can hold
        "#]],
    );
    let imported = read(TOWN.as_bytes(), Some(MAPPING));
    assert_eq!(imported.licence.as_deref(), Some("CC0 1.0"));
    assert_eq!(imported.attribution.as_deref(), Some("De gemeente"));
}

#[test]
fn without_a_mapping_it_is_guessed_and_said() {
    let map = r#"{"type": "FeatureCollection", "features": [
{"type": "Feature", "id": "a", "properties": {"building": "yes", "name": "Hal", "Height": "7,5 m", "addr:street": "Kade", "addr:housenumber": "3", "colour": "red"},
 "geometry": {"type": "Polygon", "coordinates": [[[4.3, 52.0], [4.3002, 52.0], [4.3002, 52.0002], [4.3, 52.0]]]}},
{"type": "Feature", "id": 7, "properties": {"highway": "path"}, "geometry": {"type": "LineString", "coordinates": [[4, 52], [4.1, 52]]}},
{"type": "Feature", "properties": {"leisure": "park"}, "geometry": {"type": "Polygon", "coordinates": [[[4, 52], [4.1, 52], [4.1, 52.1], [4, 52]]]}},
{"type": "Feature", "properties": {"entrance": "main"}, "geometry": {"type": "Point", "coordinates": [4, 52]}},
{"type": "Feature", "properties": null, "geometry": {"type": "Point", "coordinates": [4, 52]}}
]}"#;
    check(
        map,
        None,
        expect![[r#"
            declared a outline: [[[4.3, 52.0], [4.3002, 52.0], [4.3002, 52.0002]]]
            declared a name: "Hal" p=0.90
            declared a buildingHeight: 7.5 m p=0.90
            declared a address: "Kade 3" p=0.90
            declared a property.building: "yes"
            declared a property.colour: "red"
            declared 7 course: [[4.0, 52.0], [4.1, 52.0]]
            declared 7 ends: "4,52 4.1,52"
            declared 7 streetKind: "path" p=0.90
            declared feature/3 outline: [[[4.0, 52.0], [4.1, 52.0], [4.1, 52.1]]]
            declared feature/3 landUse: "park" p=0.90
            declared feature/4 sitePosition: {"latitude_deg":52,"longitude_deg":4}
            declared feature/4 property.entrance: "main"
            declared feature/5 sitePosition: {"latitude_deg":52,"longitude_deg":4}
            geometry a sitePosition: {"latitude_deg":52.0000667,"longitude_deg":4.3001333}
            inferred feature/4 portalKind: "door" p=0.90
            GEO-007 - 3 features have no id; they are called after their place in the file
            GEO-009 - 1 features were taken as area: no mapping was given
            GEO-009 - 1 features were taken as building: no mapping was given
            GEO-009 - 1 features were taken as portal: no mapping was given
            GEO-009 - 1 features were taken as street: no mapping was given
            GEO-009 - 1 features were taken as thing: no mapping was given
        "#]],
    );
}

#[test]
fn features_that_are_wrong() {
    let map = r#"{"type": "FeatureCollection", "features": [
{"type": "Feature", "id": 1, "properties": {"building": 1}, "geometry": {"type": "Polygon", "coordinates": [[[4, 52], [4.1, 52.1], [4.1, 52], [4, 52.1], [4, 52]]]}},
{"type": "Feature", "id": 2, "properties": {"building": 1}, "geometry": {"type": "Polygon", "coordinates": [[[4, 52], [4.1, 52.1]]]}},
{"type": "Feature", "id": 3, "properties": {"building": 1}, "geometry": {"type": "Polygon", "coordinates": [[4, 52], [4.1, 52.1]]}},
{"type": "Feature", "id": 4, "properties": {"building": 1}, "geometry": {"type": "Circle", "coordinates": [4, 52]}},
{"type": "Feature", "id": 5, "properties": {"building": 1}, "geometry": {"type": "Polygon", "coordinates": [[[4, 52], [4.1, 52], [4.1, 52.1]]]}},
{"type": "Feature", "id": 6, "properties": 12},
{"type": "Feature", "id": 7, "properties": {"highway": "path"}, "geometry": {"type": "LineString", "coordinates": [[4, 52]]}},
17
]}"#;
    check(
        map,
        None,
        expect![[r#"
            declared 1 outline: [[[4.0, 52.0], [4.1, 52.1], [4.1, 52.0], [4.0, 52.1]]] p=0.50
            declared 1 property.building: 1
            declared 2 sitePosition: {"latitude_deg":52.05,"longitude_deg":4.05}
            declared 2 property.building: 1
            declared 3 property.building: 1
            declared 4 property.building: 1
            declared 5 outline: [[[4.0, 52.0], [4.1, 52.0], [4.1, 52.1]]]
            declared 5 property.building: 1
            geometry 1 sitePosition: {"latitude_deg":52.05,"longitude_deg":4.05}
            geometry 5 sitePosition: {"latitude_deg":52.0333333,"longitude_deg":4.0666667}
            GEO-003 line 7 feature 6 a feature cannot be read: invalid type: integer `12`, expected a map at line 1 column 45
            GEO-003 line 9 feature 8 a feature cannot be read: invalid type: integer `17`, expected a feature at line 1 column 2
            GEO-009 - 5 features were taken as building: no mapping was given
            GEO-009 - 1 features were taken as street: no mapping was given
            GEO-005 line 2 1 the outline crosses itself
            GEO-004 line 3 2 a ring has fewer than three points; it was left out
            GEO-004 line 4 3 the geometry cannot be used: invalid type: integer `4`, expected two numbers at line 1 column 3
            GEO-004 line 5 4 the geometry cannot be used: `Circle` is no type of geometry
            GEO-004 line 6 5 a ring is not closed; its ends are joined
            GEO-004 line 8 7 a street needs a line of two points on earth; it was left out
        "#]],
    );
}

#[test]
fn reference_systems_and_exchanged_axes() {
    let point = |crs: &str, at: &str| {
        format!(
            r#"{{"type": "FeatureCollection", {crs} "features": [{{"type": "Feature", "id": "p", "geometry": {{"type": "Point", "coordinates": [{at}]}}}}]}}"#
        )
    };
    let named =
        |name: &str| format!(r#""crs": {{"type": "name", "properties": {{"name": "{name}"}}}},"#);
    check(
        &point(&named("urn:ogc:def:crs:OGC:1.3:CRS84"), "4.3, 52"),
        None,
        expect![[r#"
            declared p sitePosition: {"latitude_deg":52,"longitude_deg":4.3}
            GEO-009 - 1 features were taken as thing: no mapping was given
        "#]],
    );
    check(
        &point(&named("urn:ogc:def:crs:EPSG::28992"), "155000, 463000"),
        None,
        expect![[r#"
            declared p sitePosition: {"latitude_deg":52.15517230263763,"longitude_deg":5.387203580558951}
            GEO-009 - 1 features were taken as thing: no mapping was given
            GEO-013 - the coordinates are in EPSG:28992 (Amersfoort / RD New), not in longitude and latitude; they are converted
        "#]],
    );
    check(
        &point("", "155000, 463000"),
        None,
        expect![[r#"
        GEO-009 - 1 features were taken as thing: no mapping was given
        CRS-003 - the coordinates (for example 155000 463000) lie outside the area of EPSG:4326 (WGS 84), also with their axes exchanged; nothing is placed on earth
        GEO-004 line 1 p there is no place on earth for it; it is kept without one
    "#]],
    );
    check(
        &point("", "52, 140"),
        None,
        expect![[r#"
        declared p sitePosition: {"latitude_deg":52,"longitude_deg":140}
        GEO-009 - 1 features were taken as thing: no mapping was given
        CRS-004 - the coordinates (for example 52 140) lie in the area of EPSG:4326 (WGS 84) only with their axes exchanged; they are read so
    "#]],
    );
    check(
        &point(&named("EPSG:1"), "4, 52"),
        None,
        expect![[r#"
        GEO-009 - 1 features were taken as thing: no mapping was given
        CRS-002 - EPSG:1 is not among the reference systems known here; nothing is placed on earth
        GEO-004 line 1 p there is no place on earth for it; it is kept without one
    "#]],
    );
    check(
        &point("", "155000, 463000"),
        Some("crs = 'EPSG:28992'\n[[rule]]\nkind = 'thing'"),
        expect![[r#"
            declared p sitePosition: {"latitude_deg":52.15517230263763,"longitude_deg":5.387203580558951}
            GEO-013 - the coordinates are in EPSG:28992 (Amersfoort / RD New), not in longitude and latitude; they are converted
        "#]],
    );
}

#[test]
fn mappings_that_are_wrong() {
    check(
        TOWN,
        Some("kind = "),
        expect![[r#"
        GEO-008 line 1 - the mapping file cannot be read: string values must be quoted, expected literal string
    "#]],
    );
    check(
        TOWN,
        Some("[[rule]]\nkind = 'building'\ncolour = 'red'"),
        expect![[r#"
            GEO-008 line 3 - the mapping file cannot be read: unknown field `colour`, expected one of `kind`, `layer`, `geometry`, `id`, `when`, `keep`, `attributes`
        "#]],
    );
    check(
        TOWN,
        Some(
            "version = 2\n[[rule]]\nkind = 'room'\n[[rule]]\nkind = 'area'\ngeometry = 'cube'\n
             [[rule]]\nkind = 'area'\nlayer = 'none'\n[rule.attributes]\nstreetKind = 'a'\n'1' = 'b'
             outline = 'c'\nname = {}\nlandUse = { value = [1] }\n",
        ),
        expect![[r#"
            GEO-008 - the mapping file is of a version that is not known; it is read as 1
            GEO-008 rule 1 `room` is no kind of building, street, area, portal, sensor, thing; the rule is left out
            GEO-008 rule 2 `cube` is not point, line or polygon; the rule is left out
            GEO-008 rule 3 [1] `1` is not an attribute name: a letter, then letters, digits, `_`, `-`, `.` or `:`; it is left out
            GEO-008 rule 3 [landUse] `value` is no text, number or truth value; it is left out
            GEO-008 rule 3 [name] one of `property`, `text` and `value` is needed; it is left out
            GEO-008 rule 3 [outline] `outline` comes from the geometry; it is left out
            GEO-008 rule 3 [streetKind] `streetKind` is no attribute of the kind area; it is left out
            GEO-011 - 7 features fit no rule of the mapping; they were left out
        "#]],
    );
    check(
        TOWN,
        Some(
            "[[rule]]\nkind = 'building'\nlayer = 'none'\n[rule.attributes]\nbuildingHeight = { property = 'h', unit = 's' }\nname = { property = 'n', probability = 2.0 }",
        ),
        expect![[r#"
            GEO-008 rule 1 [buildingHeight] unit `s` measures time, expected length such as `m`; it is left out
            GEO-008 rule 1 [name] `2` is no probability; it is left out
            GEO-011 - 7 features fit no rule of the mapping; they were left out
        "#]],
    );
}

#[test]
fn files_of_every_form() {
    let one = r#"{"type":"Feature","id":"x","geometry":{"type":"Point","coordinates":[4,52]}}"#;
    let alone = r#"{"type":"Point","coordinates":[4,52]}"#;
    for (text, things, code) in [
        (one.to_owned(), 1, "GEO-009"),
        (alone.to_owned(), 1, "GEO-007"),
        (format!("{one}\n{}\n", one.replace('x', "y")), 2, "GEO-009"),
        (format!("\u{1e}{one}\n"), 1, "GEO-009"),
        (format!("\u{feff}{one}"), 1, "GEO-009"),
        (format!("{one}\n{{\"type\":"), 1, "GEO-002"),
        ("{}".to_owned(), 0, "GEO-003"),
        (String::new(), 0, "GEO-001"),
        ("[]".to_owned(), 0, "GEO-001"),
    ] {
        let imported = read(text.as_bytes(), None);
        let count = imported.counts.first().map_or(0, |c| c.1);
        assert_eq!(
            (count, imported.findings[0].code.as_str()),
            (things, code),
            "{text}"
        );
        assert_eq!(
            imported.is_whole,
            code != "GEO-002" && text != "[]",
            "{text}"
        );
    }
    assert_eq!(
        Format::detect("a.json", TOWN.as_bytes()),
        Some(Format::GeoJson)
    );
    assert_eq!(Format::detect("a.geojson", b""), Some(Format::GeoJson));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(is_sound(&read(&bytes, None)));
        let text = [b"{\"type\":\"FeatureCollection\",\"features\":[", &bytes[..]].concat();
        prop_assert!(is_sound(&read(&text, Some(MAPPING))));
        let mapping = String::from_utf8_lossy(&bytes);
        prop_assert!(is_sound(&read(TOWN.as_bytes(), Some(&mapping))));
    }

    #[test]
    fn any_change_of_bytes_is_survived(
        changes in proptest::collection::vec((0..TOWN.len(), prop_oneof![any::<u8>(), Just(b'9'), Just(b'-'), Just(b'"'), Just(b'[')]), 1..8),
    ) {
        let mut bytes = TOWN.as_bytes().to_vec();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        prop_assert!(is_sound(&read(&bytes, None)));
        prop_assert!(is_sound(&read(&bytes, Some(MAPPING))));
    }

    #[test]
    fn a_cut_file_says_so_and_keeps_what_was_whole(share in 0.05..0.99_f64) {
        let cut = (TOWN.len() as f64 * share) as usize;
        let imported = read(&TOWN.as_bytes()[..cut], Some(MAPPING));
        prop_assert!(!imported.is_whole);
        let whole = TOWN[..cut].matches("}},\n").count();
        let total: u64 = imported.counts.iter().map(|c| c.1).sum();
        prop_assert!(total >= whole.min(5) as u64, "{total} of {whole}");
    }
}
