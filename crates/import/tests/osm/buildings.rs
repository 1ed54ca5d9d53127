//! Buildings, land and water, and the outlines that draw them.

use crate::map::{HOUSE, check};
use expect_test::expect;

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
            geometry way/20 address: "Lange Weg 12, 2611 AB Delft" p=0.90
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
            declared way/21 outline: [[[4.3, 52.0], [4.3002, 52.0002], [4.3002, 52.0], [4.3, 52.0002]]] p=0.50
            declared way/21 storeysAboveGround: Unknown { reason: "many" }
            declared way/21 buildingHeight: Unknown { reason: "tall" }
            OSM-011 line 56 node/8 the position of the point is not on earth
            OSM-011 line 58 node/9 the position of the point is not on earth
            OSM-006 node/4 the id stands for two elements; the first is used
            OSM-006 way/20 the id stands for two elements; the first is used
            OSM-009 way/20 the outline is not closed; it was left out
            OSM-010 way/21 the outline crosses itself
            OSM-012 way/21 [storeysAboveGround] `building:levels=many` is no number that is understood
            OSM-012 way/21 [buildingHeight] `height=tall` is no number that is understood
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
