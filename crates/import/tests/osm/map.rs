//! Maps in a shorthand, and reading them.

use crate::told::{Urn, told};
use expect_test::Expect;
use std::fmt::Write;
use twin_import::{Imported, Options, osm};

pub(crate) fn read(bytes: &[u8]) -> Imported {
    osm::import(bytes, &Options::default(), &mut Urn)
}

/// A map in a shorthand: a line per element, `n ID LAT LON TAGS`, `w ID NODES TAGS` or
/// `r ID MEMBERS TAGS`; nodes and members with commas between, tags with `|` between.
pub(crate) fn xml(map: &str) -> String {
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

#[expect(
    clippy::needless_pass_by_value,
    reason = "the usual form of an expectation"
)]
pub(crate) fn check(map: &str, attributes: &[&str], expect: Expect) {
    expect.assert_eq(&told(&read(xml(map).as_bytes()), |name| {
        attributes.contains(&name)
    }));
}

/// A street with a side street, a footway and a motorway.
pub(crate) const STREETS: &str = "
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

/// A house with an annexe, an address point in it, an entrance on it and one beside it.
pub(crate) const HOUSE: &str = "
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

/// Two rooms and a corridor on level 0, a lift and a stair to level 1, doors between.
pub(crate) const INSIDE: &str = "
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
