//! Rooms, doors, lifts and stairs that mappers have drawn inside.

use crate::map::{INSIDE, check};
use expect_test::expect;

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
            geometry way/20:level/0 partOf: way/20 p=0.95
            geometry node/5 connects: way/30 + way/32 p=0.95
            geometry node/5 partOf: way/20:level/0 p=0.95
            geometry node/10 connects: way/32 p=0.95
            geometry node/10 partOf: way/20:level/0 p=0.95
            geometry node/14 connects: way/31 + way/32 p=0.95
            geometry node/14 partOf: way/20:level/0 p=0.95
            geometry way/20:level/1 partOf: way/20 p=0.95
            geometry inside:way/20:level/1 type: "space"
            geometry inside:way/20:level/1 partOf: way/20:level/1
            geometry node/11:0:1 connects: inside:way/20:level/1 + way/32 p=0.50
            geometry node/11:0:1 partOf: way/20:level/0 p=0.95
            geometry way/34:stair connects: inside:way/20:level/1 + way/32 p=0.50
            geometry way/34:stair partOf: way/20:level/0 p=0.95
            inferred way/20:level/0 elevation: 0 m p=0.50
            inferred way/30 floorElevation: 0 m p=0.50
            inferred way/31 floorElevation: 0 m p=0.50
            inferred way/32 floorElevation: 0 m p=0.50
            inferred way/20:level/1 elevation: 4 m p=0.50
            inferred inside:way/20:level/1 floorElevation: 4 m p=0.50
            OSM-013 way/33 [level] `level=nowhere` is no list of levels; it is kept without a storey
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
            inferred node/5 position: [-6.8678, 0.0, 0.0] p=0.50
            inferred node/10 position: [13.7356, 5.5634, 0.0] p=0.50
            inferred node/14 position: [6.8678, 0.0, 0.0] p=0.50
            inferred node/11:0:1 position: [-6.8678, 5.5634, 0.0] p=0.50
            inferred way/34:stair position: [0.0, 5.5634, 0.0] p=0.50
            OSM-013 way/33 [level] `level=nowhere` is no list of levels; it is kept without a storey
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
            geometry site:way/30 existence: true p=0.80
            geometry site:way/30 sitePosition: {"latitude_deg":52.0000333,"longitude_deg":4.3001}
            geometry site:way/32 type: "building"
            geometry site:way/32 existence: true p=0.80
            geometry site:way/32 sitePosition: {"latitude_deg":52.1000333,"longitude_deg":4.3000667}
            geometry site:way/30:level/-1 partOf: site:way/30 p=0.80
            geometry site:way/32:level/0 partOf: site:way/32 p=0.80
            geometry site:way/32:level/1 partOf: site:way/32 p=0.80
            geometry way/32:stairLink/0:1 type: "portal"
            geometry way/32:stairLink/0:1 existence: true p=0.95
            geometry way/32:stairLink/0:1 connects: way/32:level/0 + way/32:level/1 p=0.95
            geometry way/32:stairLink/0:1 partOf: site:way/32:level/0 p=0.95
            geometry contact:way/30:way/31 type: "portal"
            geometry contact:way/30:way/31 existence: true p=0.70
            geometry contact:way/30:way/31 connects: way/30 + way/31 p=0.95
            OSM-014 way/30 no outline of a building is around these rooms; they are taken as one
            OSM-014 way/32 no outline of a building is around these rooms; they are taken as one
            OSM-015 way/32:level/0 no door of the room is known
            OSM-015 way/32:level/1 no door of the room is known
        "#]],
    );
}
