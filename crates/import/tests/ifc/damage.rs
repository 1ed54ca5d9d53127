//! Files that refer to themselves, repeat themselves, or are of another kind.

use crate::house::{HOUSE, check, house, read, told_of};
use crate::told::Urn;
use expect_test::expect;
use std::fmt::Write;
use twin_import::Options;
use twin_import::ifc::import;

#[test]
fn things_that_refer_to_themselves_do_not_hang() {
    check(
        &[("#6=IFCLOCALPLACEMENT($,#5)", "#6=IFCLOCALPLACEMENT(#12,#5)")],
        &[],
        expect![[r#"
            IFC-006 #6 placements refer to each other in a circle
            IFC-027 - [RefLatitude, RefLongitude] the stated position is the Boston of an authoring tool's template (42.3587, -71.0567); the building is not placed by it
            IFC-025 05 no stair, ramp or lift found between `Ground` and `Upper`: the vertical link is unknown
            IFC-024 14 no door, opening, open edge or stair leads to the space
            IFC-025 31 fewer than two landings found for the stair; where it leads is unknown
        "#]],
    );
    check(
        &[(
            "#16=IFCRELAGGREGATES('0000000000000000000008',$,$,$,#8,(#9,#13))",
            "#16=IFCRELAGGREGATES('0000000000000000000008',$,$,$,#9,(#9,#8,#13))",
        )],
        &[],
        expect![[r#"
            IFC-006 #9 the thing is part of itself, by way of others
            IFC-006 #13 the thing is part of itself, by way of others
            IFC-006 #26 the thing is part of itself, by way of others
            IFC-006 #39 the thing is part of itself, by way of others
            IFC-006 #46 the thing is part of itself, by way of others
            IFC-006 #47 the thing is part of itself, by way of others
            IFC-027 - [RefLatitude, RefLongitude] the stated position is the Boston of an authoring tool's template (42.3587, -71.0567); the building is not placed by it
        "#]],
    );
    let boolean = "#23=IFCBOOLEANRESULT(.UNION.,#23,#23)";
    check(
        &[("#23=IFCEXTRUDEDAREASOLID(#22,#5,#17,2700.)", boolean)],
        &[],
        expect![[r#"
            IFC-009 #26 a shape has too many points; what was read is used
            IFC-009 #47 a shape has too many points; what was read is used
            IFC-010 11 the shape of the space could not be turned into a plan
            IFC-010 14 the shape of the space could not be turned into a plan
            IFC-027 - [RefLatitude, RefLongitude] the stated position is the Boston of an authoring tool's template (42.3587, -71.0567); the building is not placed by it
            IFC-021 21 [isExternal] IsExternal is false, but the plan shows a space on one side only; both are kept
            IFC-023 22 the door joins no space that could be found
            IFC-025 05 no stair, ramp or lift found between `Ground` and `Upper`: the vertical link is unknown
            IFC-024 11 no door, opening, open edge or stair leads to the space
            IFC-024 14 no door, opening, open edge or stair leads to the space
            IFC-025 31 fewer than two landings found for the stair; where it leads is unknown
        "#]],
    );
    let mapped = "#23=IFCMAPPEDITEM(#112,#113);\n#112=IFCREPRESENTATIONMAP(#5,#24);\n#113=IFCCARTESIANTRANSFORMATIONOPERATOR3D($,$,#4,$,$)";
    check(
        &[("#23=IFCEXTRUDEDAREASOLID(#22,#5,#17,2700.)", mapped)],
        &[],
        expect![[r#"
            IFC-009 #26 a shape has too many points; what was read is used
            IFC-009 #47 a shape has too many points; what was read is used
            IFC-010 11 the shape of the space could not be turned into a plan
            IFC-010 14 the shape of the space could not be turned into a plan
            IFC-027 - [RefLatitude, RefLongitude] the stated position is the Boston of an authoring tool's template (42.3587, -71.0567); the building is not placed by it
            IFC-021 21 [isExternal] IsExternal is false, but the plan shows a space on one side only; both are kept
            IFC-023 22 the door joins no space that could be found
            IFC-025 05 no stair, ramp or lift found between `Ground` and `Upper`: the vertical link is unknown
            IFC-024 11 no door, opening, open edge or stair leads to the space
            IFC-024 14 no door, opening, open edge or stair leads to the space
            IFC-025 31 fewer than two landings found for the stair; where it leads is unknown
        "#]],
    );
}

#[test]
fn one_global_id_for_two_things() {
    check(
        &[("2000000000000000000002", "2000000000000000000001")],
        &["connects"],
        expect![[r#"
            geometry 21 connects: 11 + 12 p=1.00
            geometry 21~2 connects: 11 p=0.90
            geometry contact:12:13 connects: 12 + 13 p=0.50
            geometry 31 connects: 11 + 14 p=0.99
            IFC-008 #63 GlobalId `21` stands for 2 things; they are kept apart
            IFC-027 - [RefLatitude, RefLongitude] the stated position is the Boston of an authoring tool's template (42.3587, -71.0567); the building is not placed by it
        "#]],
    );
}

#[test]
fn schemas_and_containers() {
    check(
        &[("IFC4", "IFC2X_FINAL")],
        &[],
        expect![[r#"
            IFC-004 - the file states schema `IFC2X_FINAL`; IFC2x3, IFC4 and IFC4x3 are known, the file was read as if it were one of them
            IFC-027 - [RefLatitude, RefLongitude] the stated position is the Boston of an authoring tool's template (42.3587, -71.0567); the building is not placed by it
        "#]],
    );
    for (bytes, code) in [
        (&b""[..], "IFC-001"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "IFC-001"),
        (b"ISO-10303-21;\nHEADER;\nENDSEC;\nDATA;\n", "IFC-002"),
    ] {
        assert_eq!(read(bytes).findings[0].code.as_str(), code);
    }
}

#[test]
fn the_caller_can_stop_the_work() {
    let stop = |share: f32| share < 0.5;
    let options = Options {
        progress: Some(&stop),
        ..Options::default()
    };
    let imported = import(HOUSE.as_bytes(), &options, &mut Urn);
    assert!(imported.cancelled);
    assert!(imported.facets.iter().all(|f| f.statements.is_empty()));
}

#[test]
fn the_same_bytes_give_the_same_statements() {
    let (a, b) = (read(HOUSE.as_bytes()), read(HOUSE.as_bytes()));
    for (x, y) in a.facets.iter().zip(&b.facets) {
        assert_eq!(x.statements, y.statements);
    }
}

/// A shape of shapes of shapes, each ten times the one before: 10^18 boxes if read in full.
#[test]
fn shapes_that_repeat_shapes_end() {
    let mut text = String::new();
    for level in 0..18 {
        let item = if level == 0 {
            "#43".to_owned()
        } else {
            format!("#{}", 1000 + level * 10 + 1)
        };
        let items = vec![item; 10].join(",");
        let at = 1000 + (level + 1) * 10;
        writeln!(text, "#{}=IFCMAPPEDITEM(#{},#2000);", at + 1, at + 2).unwrap();
        writeln!(text, "#{}=IFCREPRESENTATIONMAP(#5,#{});", at + 2, at + 3).unwrap();
        writeln!(
            text,
            "#{}=IFCSHAPEREPRESENTATION($,'Body','MappedRepresentation',({items}));",
            at + 3
        )
        .unwrap();
    }
    text.push_str("#2000=IFCCARTESIANTRANSFORMATIONOPERATOR3D($,$,#4,$,$);\nENDSEC;\nEND-ISO");
    let edits = [
        ("ENDSEC;\nEND-ISO", text.as_str()),
        (
            "#44=IFCSHAPEREPRESENTATION($,'Body','SweptSolid',(#43))",
            "#44=IFCSHAPEREPRESENTATION($,'Body','X',(#1181))",
        ),
    ];
    let imported = read(house(&edits).as_bytes());
    assert!(
        imported
            .findings
            .iter()
            .any(|f| f.code.as_str() == "IFC-009"),
        "{}",
        told_of(imported, &[])
    );
}
