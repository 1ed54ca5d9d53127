//! Streets: cut where one can turn, and what is wrong with some.

use crate::map::{STREETS, check};
use expect_test::expect;

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
            inferred way/10:1-2 walkable: true p=0.95
            inferred way/10:2-3 walkable: true p=0.95
            inferred way/12:3-5 walkable: false p=0.95
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
