//! Where on earth a file says that its building stands.

use crate::house::read;
use twin_model::{Act, Value};

/// A plan in millimetres, turned by a quarter in a grid that itself is turned from true north,
/// and a building that stands off the file's origin.
#[test]
fn a_map_conversion_places_the_building() {
    let file = |conversion: &str, system: &str| {
        format!(
            "ISO-10303-21;\nHEADER;\nFILE_SCHEMA(('IFC4'));\nENDSEC;\nDATA;\n\
             #1=IFCSIUNIT(*,.LENGTHUNIT.,.MILLI.,.METRE.);\n#2=IFCUNITASSIGNMENT((#1));\n\
             #3=IFCCARTESIANPOINT((10000.,0.,0.));\n#4=IFCAXIS2PLACEMENT3D(#3,$,$);\n\
             #5=IFCLOCALPLACEMENT($,#4);\n#6=IFCPROJECT('0000000000000000000001',$,'P',$,$,$,$,(#7),#2);\n\
             #7=IFCGEOMETRICREPRESENTATIONCONTEXT($,'Model',3,1.E-5,#4,$);\n\
             #8=IFCPROJECTEDCRS({system},$,$,$,$,$,$);\n#9=IFCMAPCONVERSION(#7,#8,{conversion});\n\
             #10=IFCBUILDING('0000000000000000000002',$,'B',$,$,#5,$,$,.ELEMENT.,$,$,$);\n\
             #11=IFCBUILDING('0000000000000000000003',$,'C',$,$,$,$,$,.ELEMENT.,$,$,$);\n\
             ENDSEC;\nEND-ISO-10303-21;\n"
        )
    };
    // Amersfoort, the origin of the Dutch grid: grid north is true north there. Published in
    // ETRS89 as 5.387203657 E, 52.155172897 N; the shift of seven parameters is good to 0.25 m.
    let (amersfoort, dutch) = ("155000.,463000.,0.", "'EPSG:28992'");
    for (conversion, system, expected) in [
        (format!("{amersfoort},1.,0.,0.001"), dutch, "10 0 turned 0"),
        (
            format!("{amersfoort},0.,1.,0.001"),
            dutch,
            "0 10 turned -90",
        ),
        (format!("{amersfoort},1.,0.,$"), dutch, "10 0 turned 0"),
        (
            "155000000.,463000000.,0.,1.,0.,0.001".to_owned(),
            dutch,
            "nowhere: the map conversion leads out of the area of",
        ),
        (
            format!("{amersfoort},1.,0.,0.001"),
            "'the usual'",
            "nowhere: ",
        ),
    ] {
        let imported = read(file(&conversion, system).as_bytes());
        let said = |name: &str| {
            let all = imported.facets.iter().flat_map(|f| &f.statements);
            all.filter(|s| s.attribute.as_str() == name)
                .find_map(|s| match &s.act {
                    Act::Assert(stated) => Some(stated.value.clone()),
                    _ => None,
                })
        };
        let placed = (said("sitePosition"), said("planRotation"));
        // Both buildings are drawn on the one plan that is placed.
        let count = |name: &str| {
            let all = imported.facets.iter().flat_map(|f| &f.statements);
            all.filter(|s| s.attribute.as_str() == name).count()
        };
        let buildings = if placed.0.is_some() { 2 } else { 0 };
        let counts = [count("sitePosition"), count("planRotation")];
        assert_eq!(counts, [buildings; 2], "{conversion}");
        let place = if let (Some(Value::Json(site)), Some(Value::Number(turn))) = placed {
            let number = |name: &str| -> f64 {
                let rest = site.split(&format!("\"{name}\":")).nth(1).unwrap();
                rest.split([',', '}']).next().unwrap().parse().unwrap()
            };
            let here = [number("longitude_deg"), number("latitude_deg")];
            let origin = twin_space::earth::Frame {
                latitude_deg: 52.155_172_897,
                longitude_deg: 5.387_203_657,
                rotation_deg: 0.0,
            };
            let [east, north] = origin.to_plan(here);
            let tidy = |n: f64| n.round() + 0.0;
            format!("{} {} turned {}", tidy(east), tidy(north), tidy(turn))
        } else {
            let mut found = imported.findings.iter();
            let found = found.find(|f| f.code.as_str() == "IFC-027");
            format!("nowhere: {}", found.map_or("", |f| &f.message))
        };
        assert!(place.starts_with(expected), "{conversion}: {place}");
    }
}
