//! What is said of storeys, spaces and doors, and what of it is left over from a template.

use crate::house::{HOUSE, check, read};
use expect_test::expect;

#[test]
fn storeys_and_spaces_are_described() {
    check(
        &[],
        &[
            "name",
            "longName",
            "partOf",
            "elevation",
            "usage",
            "area",
            "floorElevation",
            "footprint",
        ],
        expect![[r#"
            declared 03 name: "House"
            declared 04 name: "Ground"
            declared 04 partOf: 03
            declared 04 elevation: 0 m
            declared 05 name: "Upper"
            declared 05 partOf: 03
            declared 05 elevation: 3 m
            declared 11 name: "01"
            declared 11 longName: "Hall"
            declared 11 partOf: 04
            declared 11 usage: "corridor" p=0.80
            declared 12 name: "02"
            declared 12 longName: "Küche"
            declared 12 partOf: 04
            declared 12 usage: "room" p=0.80
            declared 13 name: "03"
            declared 13 longName: "Nook"
            declared 13 partOf: 04
            declared 13 usage: "room" p=0.80
            declared 14 name: "11"
            declared 14 longName: "Attic"
            declared 14 partOf: 05
            declared 14 usage: "room" p=0.80
            declared 21 name: "Inner door"
            declared 21 partOf: 04
            declared 22 name: "Front door"
            declared 22 partOf: 04
            declared 31 name: "Stair"
            geometry 04 elevation: 0 m
            geometry 05 elevation: 3 m
            geometry 11 footprint: [[[0.0, 0.0], [4.0, 0.0], [4.0, 3.0], [0.0, 3.0]]]
            geometry 11 area: 12 m2
            geometry 11 floorElevation: 0 m
            geometry 12 footprint: [[[4.2, 0.0], [8.0, 0.0], [8.0, 3.0], [4.2, 3.0]]]
            geometry 12 area: 11.4 m2
            geometry 12 floorElevation: 0 m
            geometry 13 footprint: [[[8.0, 0.0], [10.0, 0.0], [10.0, 3.0], [8.0, 3.0]]]
            geometry 13 area: 6 m2
            geometry 13 floorElevation: 0 m
            geometry 14 footprint: [[[0.0, 0.0], [4.0, 0.0], [4.0, 3.0], [0.0, 3.0]]]
            geometry 14 area: 12 m2
            geometry 14 floorElevation: 3 m
            geometry contact:12:13 partOf: 04
            geometry 31 partOf: 04
            IFC-027 - [RefLatitude, RefLongitude] the stated position is the Boston of an authoring tool's template (42.3587, -71.0567); the building is not placed by it
        "#]],
    );
}

#[test]
fn doors_are_described() {
    check(
        &[],
        &[
            "width",
            "height",
            "fireRating",
            "doorOperation",
            "span",
            "position",
            "Pset_DoorCommon",
        ],
        expect![[r#"
            declared 21 width: 900 mm
            declared 21 height: 2100 mm
            declared 21 doorOperation: "SINGLE_SWING_LEFT"
            declared 21 Pset_DoorCommon: {"IsExternal":false}
            declared 22 width: 900 mm
            declared 22 height: 2100 mm
            declared 22 fireRating: "EI 30"
            declared 22 Pset_DoorCommon: {"IsExternal":true,"FireRating":"EI 30"}
            geometry 11 height: 2.7 m
            geometry 11 position: [2.0, 1.5, 0.0]
            geometry 12 height: 2.7 m
            geometry 12 position: [6.1, 1.5, 0.0]
            geometry 13 height: 2.7 m
            geometry 13 position: [9.0, 1.5, 0.0]
            geometry 14 height: 2.7 m
            geometry 14 position: [2.0, 1.5, 3.0]
            geometry 21 position: [4.1, 1.5, 0.0]
            geometry 21 span: [[4.1, 1.95], [4.1, 1.05]]
            geometry 22 position: [2.0, -0.1, 0.0]
            geometry 22 span: [[2.45, -0.1], [1.55, -0.1]]
            geometry contact:12:13 position: [8.0, 1.5, 0.0]
            geometry contact:12:13 span: [[8.0, 0.0], [8.0, 3.0]]
            geometry 31 position: [0.5, 1.1667, 0.0]
            geometry 31 span: [[0.5, 1.1667], [3.5, 0.8333]]
            IFC-027 - [RefLatitude, RefLongitude] the stated position is the Boston of an authoring tool's template (42.3587, -71.0567); the building is not placed by it
        "#]],
    );
}

#[test]
fn statements_carry_the_time_of_the_header() {
    let imported = read(HOUSE.as_bytes());
    assert_eq!(
        imported.facets[0].statements[0].observed.to_string(),
        "2024-05-06T07:08:09.000000Z"
    );
}

#[test]
fn a_door_declared_internal_in_the_facade_is_a_contradiction() {
    check(
        &[(
            "IsExternal',$,IFCBOOLEAN(.T.)",
            "IsExternal',$,IFCBOOLEAN(.F.)",
        )],
        &["isExternal"],
        expect![[r#"
            declared 21 isExternal: false
            declared 22 isExternal: false
            geometry 21 isExternal: false p=1.00
            geometry 22 isExternal: true p=0.90
            IFC-027 - [RefLatitude, RefLongitude] the stated position is the Boston of an authoring tool's template (42.3587, -71.0567); the building is not placed by it
            IFC-021 22 [isExternal] IsExternal is false, but the plan shows a space on one side only; both are kept
        "#]],
    );
}

#[test]
fn placeholders_are_unknown_and_not_facts() {
    check(
        &[("'EI 30'", "'Fire Rating'")],
        &["fireRating"],
        expect![[r#"
            declared 22 fireRating: Unknown { reason: "Fire Rating" }
            IFC-027 - [RefLatitude, RefLongitude] the stated position is the Boston of an authoring tool's template (42.3587, -71.0567); the building is not placed by it
            IFC-020 22 [fireRating] `Fire Rating` stands where a value should be
        "#]],
    );
    check(
        &[("IFCBOOLEAN(.T.)", "IFCLOGICAL(.U.)")],
        &["isExternal"],
        expect![[r#"
            declared 21 isExternal: false
            declared 22 isExternal: Unknown { reason: "undecided" }
            geometry 21 isExternal: false p=1.00
            geometry 22 isExternal: true p=0.90
            IFC-027 - [RefLatitude, RefLongitude] the stated position is the Boston of an authoring tool's template (42.3587, -71.0567); the building is not placed by it
            IFC-020 22 [isExternal] `undecided` stands where a value should be
        "#]],
    );
}

#[test]
fn the_name_in_a_template_is_no_name() {
    check(
        &[
            ("'House',$,$,#6,", "'// BUILDING/NAME //',$,$,#6,"),
            ("'Ground',", "'{{STOREY}}',"),
        ],
        &["name"],
        expect![[r#"
            declared 03 name: Unknown { reason: "// BUILDING/NAME //" }
            declared 04 name: Unknown { reason: "{{STOREY}}" }
            declared 05 name: "Upper"
            declared 11 name: "01"
            declared 12 name: "02"
            declared 13 name: "03"
            declared 14 name: "11"
            declared 21 name: "Inner door"
            declared 22 name: "Front door"
            declared 31 name: "Stair"
            IFC-020 03 [name] `// BUILDING/NAME //` stands where a value should be
            IFC-027 - [RefLatitude, RefLongitude] the stated position is the Boston of an authoring tool's template (42.3587, -71.0567); the building is not placed by it
            IFC-020 04 [name] `{{STOREY}}` stands where a value should be
        "#]],
    );
}

#[test]
fn gaps_are_named() {
    check(
        &[
            ("$,2100.,900.,.DOOR.,$,$", "$,$,$,.DOOR.,$,$"),
            ("(2000.,-100.,0.)", "(2000.,-9100.,0.)"),
        ],
        &["width"],
        expect![[r#"
            declared 21 width: 900 mm
            geometry 22 width: 0.9 m
            IFC-027 - [RefLatitude, RefLongitude] the stated position is the Boston of an authoring tool's template (42.3587, -71.0567); the building is not placed by it
            IFC-022 22 [width] the door states no overall width
            IFC-022 22 [height] the door states no overall height
            IFC-023 22 the door joins no space that could be found
        "#]],
    );
}

#[test]
fn units_wrong_missing_or_of_another_system() {
    check(
        &[(".LENGTHUNIT.,.MILLI.,.METRE.", ".LENGTHUNIT.,$,.METRE.")],
        &["width"],
        expect![[r#"
            declared 21 width: 900 m
            declared 22 width: 900 m
            IFC-007 - half of the doors are higher than 2100.000 m by the stated length unit: the unit is probably wrong
            IFC-027 - [RefLatitude, RefLongitude] the stated position is the Boston of an authoring tool's template (42.3587, -71.0567); the building is not placed by it
            IFC-023 21 the door joins no space that could be found
            IFC-023 22 the door joins no space that could be found
        "#]],
    );
    check(
        &[("#2=IFCUNITASSIGNMENT((#1))", "#2=IFCUNITASSIGNMENT(())")],
        &["width"],
        expect![[r#"
            declared 21 width: 900 mm
            declared 22 width: 900 mm
            IFC-007 - no usable length unit is stated; 0.001 m per unit is assumed from the height of the doors
            IFC-027 - [RefLatitude, RefLongitude] the stated position is the Boston of an authoring tool's template (42.3587, -71.0567); the building is not placed by it
        "#]],
    );
    let foot = "#1=IFCCONVERSIONBASEDUNIT($,.LENGTHUNIT.,'FOOT',#110);
#110=IFCMEASUREWITHUNIT(IFCLENGTHMEASURE(0.3048),#111);
#111=IFCSIUNIT(*,.LENGTHUNIT.,$,.METRE.);";
    check(
        &[
            ("#1=IFCSIUNIT(*,.LENGTHUNIT.,.MILLI.,.METRE.);", foot),
            ("2100.,900.", "7.,3."),
        ],
        &["width"],
        expect![[r#"
            declared 21 width: 3 [ft_i]
            declared 22 width: 3 [ft_i]
            IFC-027 - [RefLatitude, RefLongitude] the stated position is the Boston of an authoring tool's template (42.3587, -71.0567); the building is not placed by it
            IFC-023 21 the door joins no space that could be found
            IFC-023 22 the door joins no space that could be found
        "#]],
    );
}
