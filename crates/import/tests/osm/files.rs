//! Whole files: those that are none, whom they are credited to, real ones.

use crate::map::{INSIDE, STREETS, read, xml};
use crate::told::Urn;
use twin_import::{Options, osm};

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
