//! Which room leads where, by doors, open edges, walls and stairs.

use crate::house::{check, read};
use expect_test::expect;

#[test]
fn rooms_are_joined_by_doors_open_edges_and_stairs() {
    check(
        &[],
        &["connects", "existence", "isExternal"],
        expect![[r#"
            declared 21 isExternal: false
            declared 22 isExternal: true
            geometry 21 connects: 11 + 12 p=1.00
            geometry 21 isExternal: false p=1.00
            geometry 22 connects: 11 p=0.90
            geometry 22 isExternal: true p=0.90
            geometry contact:12:13 existence: true p=0.50
            geometry contact:12:13 connects: 12 + 13 p=0.50
            geometry 31 connects: 11 + 14 p=0.99
            IFC-027 - [RefLatitude, RefLongitude] the stated position is the Boston of an authoring tool's template (42.3587, -71.0567); the building is not placed by it
        "#]],
    );
}

#[test]
fn boundaries_are_a_source_of_their_own() {
    let boundaries =
        "#90=IFCRELSPACEBOUNDARY('4000000000000000000001',$,$,$,#26,#58,$,.PHYSICAL.,.INTERNAL.);
#91=IFCRELSPACEBOUNDARY('4000000000000000000002',$,$,$,#46,#58,$,.PHYSICAL.,.INTERNAL.);
#92=IFCRELSPACEBOUNDARY('4000000000000000000003',$,$,$,#46,#999,$,.PHYSICAL.,.INTERNAL.);
ENDSEC;
END-ISO";
    check(
        &[("ENDSEC;\nEND-ISO", boundaries)],
        &["connects"],
        expect![[r#"
            boundaries 21 connects: 11 + 13 p=0.98
            geometry 21 connects: 11 + 12 p=1.00
            geometry 22 connects: 11 p=0.90
            geometry contact:12:13 connects: 12 + 13 p=0.50
            geometry 31 connects: 11 + 14 p=0.99
            inferred door:11:12 connects: 11 + 12 p=1.00
            IFC-005 - space boundaries that refer to statements that are not there: 1
            IFC-027 - [RefLatitude, RefLongitude] the stated position is the Boston of an authoring tool's template (42.3587, -71.0567); the building is not placed by it
            IFC-021 21 [connects] space boundaries say 11, 13, but the plan shows 11, 12; both are kept
        "#]],
    );
}

#[test]
fn a_wall_closes_an_open_edge_and_a_hole_opens_it() {
    let wall = "#90=IFCCARTESIANPOINT((8000.,1500.));
#91=IFCAXIS2PLACEMENT2D(#90,$);
#92=IFCRECTANGLEPROFILEDEF(.AREA.,$,#91,40.,3000.);
#93=IFCEXTRUDEDAREASOLID(#92,#5,#17,2700.);
#94=IFCSHAPEREPRESENTATION($,'Body','SweptSolid',(#93));
#95=IFCPRODUCTDEFINITIONSHAPE($,$,(#94));
#96=IFCWALL('5000000000000000000001',$,$,$,$,#6,#95,$,$);
";
    let end = "ENDSEC;\nEND-ISO";
    check(
        &[(end, &format!("{wall}{end}"))],
        &["connects"],
        expect![[r#"
            geometry 21 connects: 11 + 12 p=1.00
            geometry 22 connects: 11 p=0.90
            geometry 31 connects: 11 + 14 p=0.99
            inferred door:12:13 connects: 12 + 13 p=1.00
            inferred exit:13 connects: 13 p=1.00
            IFC-027 - [RefLatitude, RefLongitude] the stated position is the Boston of an authoring tool's template (42.3587, -71.0567); the building is not placed by it
            IFC-024 13 no door, opening, open edge or stair leads to the space
        "#]],
    );
    let hole = "#97=IFCOPENINGELEMENT('5000000000000000000002',$,$,$,$,#98,#57,$,$);
#98=IFCLOCALPLACEMENT(#6,#99);
#99=IFCAXIS2PLACEMENT3D(#100,#17,#51);
#100=IFCCARTESIANPOINT((8000.,1500.,0.));
#101=IFCRELVOIDSELEMENT('5000000000000000000003',$,$,$,#96,#97);
";
    check(
        &[(end, &format!("{wall}{hole}{end}"))],
        &["connects", "portalKind"],
        expect![[r#"
            declared 21 portalKind: "door"
            declared 22 portalKind: "door"
            declared 52 portalKind: "opening"
            declared 31 portalKind: "stairLink"
            geometry 21 connects: 11 + 12 p=1.00
            geometry 22 connects: 11 p=0.90
            geometry 52 connects: 12 + 13 p=1.00
            geometry 31 connects: 11 + 14 p=0.99
            IFC-027 - [RefLatitude, RefLongitude] the stated position is the Boston of an authoring tool's template (42.3587, -71.0567); the building is not placed by it
        "#]],
    );
}

#[test]
fn a_storey_without_spaces_is_one_space_whose_subdivision_is_unknown() {
    check(
        &[
            ("#13,(#47)", "#13,()"),
            ("#47=IFCSPACE", "#47=IFCANNOTATION"),
        ],
        &["connects", "name"],
        expect![[r#"
            declared 03 name: "House"
            declared 04 name: "Ground"
            declared 05 name: "Upper"
            declared 11 name: "01"
            declared 12 name: "02"
            declared 13 name: "03"
            declared 21 name: "Inner door"
            declared 22 name: "Front door"
            declared 31 name: "Stair"
            geometry inside:05 name: "Upper (subdivision unknown)"
            geometry 21 connects: 11 + 12 p=1.00
            geometry 22 connects: 11 p=0.90
            geometry contact:12:13 connects: 12 + 13 p=0.50
            geometry 31 connects: 11 + inside:05 p=0.70
            IFC-027 - [RefLatitude, RefLongitude] the stated position is the Boston of an authoring tool's template (42.3587, -71.0567); the building is not placed by it
            IFC-026 05 storey `Upper` has no spaces; it is kept as one whose subdivision is unknown
        "#]],
    );
}

#[test]
fn without_a_stair_the_way_up_is_unknown() {
    check(
        &[("#80=IFCSTAIR(", "#80=IFCRAILING(")],
        &["connects"],
        expect![[r#"
            geometry 21 connects: 11 + 12 p=1.00
            geometry 22 connects: 11 p=0.90
            geometry contact:12:13 connects: 12 + 13 p=0.50
            IFC-027 - [RefLatitude, RefLongitude] the stated position is the Boston of an authoring tool's template (42.3587, -71.0567); the building is not placed by it
            IFC-025 05 no stair, ramp or lift found between `Ground` and `Upper`: the vertical link is unknown
            IFC-024 14 no door, opening, open edge or stair leads to the space
        "#]],
    );
}

/// Real files, where they are at hand: what is known of them.
#[test]
fn real_buildings() {
    let data = std::env::var("TWIN_DATA").unwrap_or_else(|_| {
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data").to_owned()
    });
    for (name, storeys, spaces, doors, stairs, pairs, contradictory) in [
        ("Duplex_A_20110907.ifc", 4, 21, 14, 2, 25, 0),
        ("bimwhale_LargeBuilding.ifc", 2, 8, 18, 0, 26, 10),
        ("AC20-FZK-Haus.ifc", 2, 7, 5, 1, 8, 0),
        ("SampleHouse.ifc", 2, 4, 3, 0, 5, 0),
    ] {
        let Ok(bytes) = std::fs::read(format!("{data}/space/ifc/{name}")) else {
            continue;
        };
        let summary = read(&bytes).summary;
        let c = summary.counts;
        assert_eq!(
            (c.storeys, c.spaces, c.doors, c.stairs),
            (storeys, spaces, doors, stairs),
            "{name}"
        );
        let found: usize = summary.door_spaces.iter().map(|(_, s)| s.len()).sum();
        assert_eq!(found, pairs, "{name}");
        let external = summary
            .contradictions
            .iter()
            .filter(|c| c.field == "isExternal")
            .count();
        assert_eq!(external, contradictory, "{name}");
    }
}
