//! Storeys, rooms, doors and stairs as they are said.

use crate::house::{DOOR_M, House, check, house, joins, read, upright};
use crate::told;
use expect_test::expect;
use serde_json::{Value, json};
use twin_import::{Options, cityjson};

#[test]
fn a_house_with_rooms_is_read() {
    check(
        &house("2.0"),
        &expect![[r#"
            declared house type: "building"
            declared attic type: "storey"
            declared attic partOf: house
            declared ground type: "storey"
            declared ground name: "Ground floor"
            declared ground partOf: house
            declared hall type: "space"
            declared hall name: "Hallway"
            declared hall usage: "corridor" p=0.80
            declared hall partOf: ground
            declared kitchen type: "space"
            declared kitchen usage: "room" p=0.80
            declared kitchen partOf: ground
            declared loft type: "space"
            declared loft usage: "room" p=0.80
            declared loft partOf: attic
            declared hall:door/1 type: "portal"
            declared hall:door/1 portalKind: "door"
            declared hall:door/2 type: "portal"
            declared hall:door/2 portalKind: "door"
            declared flight type: "portal"
            declared flight portalKind: "stairLink"
            declared flight climb: "stair"
            geometry attic elevation: 3 m
            geometry ground elevation: 0 m
            geometry hall footprint: [[[4.8, 0.2], [4.8, 5.8], [0.2, 5.8], [0.2, 0.2]]]
            geometry hall area: 25.76 m2
            geometry hall height: 2.7 m
            geometry hall floorElevation: 0 m
            geometry hall position: [2.5, 3.0, 0.0]
            geometry kitchen footprint: [[[9.801, 0.2], [9.801, 5.8], [5.0, 5.8], [5.0, 0.2]]]
            geometry kitchen area: 26.8856 m2
            geometry kitchen height: 2.7 m
            geometry kitchen floorElevation: 0 m
            geometry kitchen position: [7.4005, 3.0, 0.0]
            geometry loft footprint: [[[9.801, 0.2], [9.801, 5.8], [0.2, 5.8], [0.2, 0.2]]]
            geometry loft area: 53.7656 m2
            geometry loft height: 2.5 m
            geometry loft floorElevation: 3 m
            geometry loft position: [5.0005, 3.0, 3.0]
            geometry hall:door/1 partOf: ground
            geometry hall:door/1 width: 1.0001 m
            geometry hall:door/1 height: 2.1 m
            geometry hall:door/1 position: [1.5001, 0.1, 0.0]
            geometry hall:door/1 span: [[2.0001, 0.1], [1.0001, 0.1]]
            geometry hall:door/2 partOf: ground
            geometry hall:door/2 width: 0.9001 m
            geometry hall:door/2 height: 2.1 m
            geometry hall:door/2 position: [4.9004, 2.9502, 0.0]
            geometry hall:door/2 span: [[4.9004, 3.4003], [4.9004, 2.5002]]
            geometry flight partOf: ground
            geometry flight position: [4.2504, 1.0, 0.0]
            geometry flight span: [[4.2504, 1.0], [4.2504, 5.0004]]
            geometry house sitePosition: {"latitude_deg":52.155172303,"longitude_deg":5.387203581}
            geometry house planRotation: 0 deg
            inferred hall:door/1 connects: hall p=0.97
            inferred hall:door/1 isExternal: true p=0.97
            inferred hall:door/2 connects: hall + kitchen p=0.98
            inferred hall:door/2 isExternal: false p=0.98
            inferred flight connects: hall + loft p=0.99
        "#]],
    );
    assert_eq!(
        told::told(&read(&house("2.0")), |_| true),
        told::told(&read(&house("1.1")), |_| true)
    );
    let counts = read(&house("2.0")).counts;
    expect![[r#"[("Building", 1), ("BuildingInstallation", 1), ("BuildingRoom", 3), ("BuildingStorey", 2), ("doors", 2), ("stairs", 1)]"#]].assert_eq(&format!("{counts:?}"));
}

#[test]
fn a_door_in_one_room_only_leads_to_what_lies_behind() {
    let mut one_sided = house("2.0");
    let kitchen = one_sided.solid(([5_000, 200, 0], [9_800, 5_800, 2_700]), &[]);
    one_sided.objects["kitchen"]["geometry"] = json!([kitchen]);
    joins(
        &one_sided,
        &expect![[r#"
            declared attic partOf: house
            declared ground partOf: house
            declared hall partOf: ground
            declared kitchen partOf: ground
            declared loft partOf: attic
            geometry hall:door/1 partOf: ground
            geometry hall:door/2 partOf: ground
            geometry flight partOf: ground
            inferred hall:door/1 connects: hall p=0.97
            inferred hall:door/1 isExternal: true p=0.97
            inferred hall:door/2 connects: hall + kitchen p=1.00
            inferred hall:door/2 isExternal: false p=1.00
            inferred flight connects: hall + loft p=0.99
        "#]],
    );
}

#[test]
fn doors_are_objects_of_their_own() {
    let mut extended = House::new("2.0");
    for (id, x) in [("left", 200), ("right", 5_100)] {
        let room = extended.solid(([x, 200, 0], [x + 4_700, 5_800, 2_700]), &[]);
        extended.draw(id, "BuildingRoom", "house", &room);
    }
    let leaf = extended.surfaces(
        "MultiSurface",
        &[("Door", upright([5_000, 1_000], [5_000, 1_900], DOOR_M))],
    );
    extended.draw("leaf", "+Door", "house", &leaf);
    extended.add(
        "named",
        json!({"type": "BuildingConstructiveElement", "parents": ["house"],
        "attributes": {"class": "door", "name": "Fire door"}, "geometry": [
            extended_leaf(&mut House::new("2.0"))
        ]}),
    );
    let named = extended.surfaces(
        "MultiSurface",
        &[("Door", upright([5_000, 4_000], [5_000, 4_900], DOOR_M))],
    );
    extended.objects["named"]["geometry"] = json!([named]);
    extended.add("bare", json!({"type": "+Door", "parents": ["house"]}));
    joins(
        &extended,
        &expect![[r#"
            geometry bare partOf: house
            geometry leaf partOf: house:storey/1
            geometry named partOf: house:storey/1
            inferred house:storey/1 existence: true p=0.80
            inferred house:storey/1 partOf: house
            inferred left partOf: house:storey/1 p=0.90
            inferred right partOf: house:storey/1 p=0.90
            inferred leaf connects: left + right p=1.00
            inferred leaf isExternal: false p=1.00
            inferred named connects: left + right p=1.00
            inferred named isExternal: false p=1.00
            CTY-016 bare the door has no geometry that stands upright; it joins nothing
        "#]],
    );
}

fn extended_leaf(house: &mut House) -> Value {
    house.surfaces("MultiSurface", &[("Door", upright([0, 0], [1, 0], DOOR_M))])
}

#[test]
fn rooms_without_storeys_make_them_and_closure_surfaces_open_rooms() {
    let mut open = House::new("2.0");
    open.add(
        "flat",
        json!({"type": "BuildingUnit", "parents": ["house"], "attributes": {"name": "Flat 1"}}),
    );
    let between = upright([5_000, 200], [5_000, 5_800], [0, 2_700]);
    for (id, x) in [("left", [200, 5_000]), ("right", [5_000, 9_800])] {
        let room = open.solid(
            ([x[0], 200, 0], [x[1], 5_800, 2_700]),
            &[("ClosureSurface", between.clone())],
        );
        open.draw(id, "BuildingRoom", "flat", &room);
    }
    for (id, z) in [("stair-1", 0), ("stair-2", 3_000)] {
        let shaft = open.solid(([200, 200, z], [2_000, 1_000, z + 2_800]), &[]);
        open.add(
            id,
            json!({"type": "BuildingRoom", "parents": ["house"],
            "attributes": {"function": "stairwell"}, "geometry": [shaft]}),
        );
    }
    check(
        &open,
        &expect![[r#"
            declared house type: "building"
            declared left type: "space"
            declared left usage: "room" p=0.80
            declared right type: "space"
            declared right usage: "room" p=0.80
            declared stair-1 type: "space"
            declared stair-1 usage: "stair" p=0.80
            declared stair-2 type: "space"
            declared stair-2 usage: "stair" p=0.80
            geometry left footprint: [[[5.0, 0.2], [5.0, 5.8], [0.2, 5.8], [0.2, 0.2]]]
            geometry left area: 26.88 m2
            geometry left height: 2.7 m
            geometry left floorElevation: 0 m
            geometry left position: [2.6, 3.0, 0.0]
            geometry right footprint: [[[9.801, 0.2], [9.801, 5.8], [5.0, 5.8], [5.0, 0.2]]]
            geometry right area: 26.8856 m2
            geometry right height: 2.7 m
            geometry right floorElevation: 0 m
            geometry right position: [7.4005, 3.0, 0.0]
            geometry stair-1 footprint: [[[2.0, 0.2], [2.0, 1.0], [0.2, 1.0], [0.2, 0.2]]]
            geometry stair-1 area: 1.44 m2
            geometry stair-1 height: 2.8 m
            geometry stair-1 floorElevation: 0 m
            geometry stair-1 position: [1.1, 0.6, 0.0]
            geometry stair-2 footprint: [[[2.0, 0.2], [2.0, 1.0], [0.2, 1.0], [0.2, 0.2]]]
            geometry stair-2 area: 1.44 m2
            geometry stair-2 height: 2.8 m
            geometry stair-2 floorElevation: 3 m
            geometry stair-2 position: [1.1, 0.6, 3.0]
            geometry contact:left:right partOf: house:storey/1
            geometry contact:left:right width: 5.6005 m
            geometry contact:left:right height: 2.7 m
            geometry contact:left:right position: [5.0004, 3.0002, 0.0]
            geometry contact:left:right span: [[5.0004, 5.8005], [5.0004, 0.2]]
            geometry stair:stair-1:stair-2 partOf: house:storey/1
            geometry stair:stair-1:stair-2 position: [1.1, 0.6, 0.0]
            geometry house sitePosition: {"latitude_deg":52.155172303,"longitude_deg":5.387203581}
            geometry house planRotation: 0 deg
            inferred house:storey/1 type: "storey"
            inferred house:storey/1 existence: true p=0.80
            inferred house:storey/1 name: "rooms at 0.0 m"
            inferred house:storey/1 partOf: house
            inferred house:storey/1 elevation: 0 m
            inferred house:storey/2 type: "storey"
            inferred house:storey/2 existence: true p=0.80
            inferred house:storey/2 name: "rooms at 3.0 m"
            inferred house:storey/2 partOf: house
            inferred house:storey/2 elevation: 3 m
            inferred left partOf: house:storey/1 p=0.90
            inferred right partOf: house:storey/1 p=0.90
            inferred stair-1 partOf: house:storey/1 p=0.90
            inferred stair-2 partOf: house:storey/2 p=0.90
            inferred contact:left:right type: "portal"
            inferred contact:left:right existence: true p=0.90
            inferred contact:left:right portalKind: "openContact"
            inferred contact:left:right connects: left + right
            inferred stair:stair-1:stair-2 type: "portal"
            inferred stair:stair-1:stair-2 existence: true p=0.70
            inferred stair:stair-1:stair-2 portalKind: "stairLink"
            inferred stair:stair-1:stair-2 connects: stair-1 + stair-2
        "#]],
    );
}

#[test]
fn a_storey_without_rooms_has_an_inside() {
    let mut coarse = House::new("1.1");
    let floor = coarse.solid(
        ([200, 200, 0], [9_800, 5_800, 2_700]),
        &[("Door", upright([1_000, 200], [2_000, 200], DOOR_M))],
    );
    coarse.draw("ground", "BuildingStorey", "house", &floor);
    joins(
        &coarse,
        &expect![[r#"
            declared ground partOf: house
            geometry inside:ground existence: true p=0.90
            geometry inside:ground partOf: ground
            geometry ground:door/1 partOf: ground
            inferred ground:door/1 connects: inside:ground p=0.90
            inferred ground:door/1 isExternal: true p=0.90
        "#]],
    );
}

#[test]
fn a_building_without_rooms_keeps_its_doors() {
    let mut shut = House::new("2.0");
    let shell = shut.solid(
        ([0, 0, 0], [10_000, 6_000, 6_000]),
        &[("Door", upright([1_000, 0], [2_000, 0], DOOR_M))],
    );
    shut.objects["house"]["geometry"] = json!([shell]);
    check(
        &shut,
        &expect![[r#"
            declared house type: "building"
            declared house:door/1 type: "portal"
            declared house:door/1 portalKind: "door"
            geometry house:door/1 partOf: house
            geometry house:door/1 width: 1.0001 m
            geometry house:door/1 height: 2.1 m
            geometry house:door/1 position: [1.5001, 0.0, 0.0]
            geometry house:door/1 span: [[2.0001, 0.0], [1.0001, 0.0]]
            geometry house:door/1 sitePosition: {"latitude_deg":52.155172303,"longitude_deg":5.387225499}
            geometry house sitePosition: {"latitude_deg":52.155172303,"longitude_deg":5.387203581}
            geometry house planRotation: 0 deg
            inferred house:door/1 isExternal: true p=0.97
        "#]],
    );
}

#[test]
fn without_a_system_rooms_lie_on_a_plan_that_lies_nowhere() {
    let text = house("2.0").text().replace("EPSG/0/7415", "EPSG/0/999999");
    let imported = cityjson::import(text.as_bytes(), &Options::default(), &mut told::Urn);
    let said = told::told(&imported, |name| {
        ["footprint", "sitePosition", "planRotation", "connects"].contains(&name)
    });
    expect![[r#"
        geometry hall footprint: [[[4.8, 0.2], [4.8, 5.8], [0.2, 5.8], [0.2, 0.2]]]
        geometry kitchen footprint: [[[9.8, 0.2], [9.8, 5.8], [5.0, 5.8], [5.0, 0.2]]]
        geometry loft footprint: [[[9.8, 0.2], [9.8, 5.8], [0.2, 5.8], [0.2, 0.2]]]
        inferred hall:door/1 connects: hall p=0.97
        inferred hall:door/2 connects: hall + kitchen p=0.98
        inferred flight connects: hall + loft p=0.99
        CRS-002 - EPSG:999999 is not among the reference systems known here; nothing is placed on earth
    "#]].assert_eq(&said);
}
