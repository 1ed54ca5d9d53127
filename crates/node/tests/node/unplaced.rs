//! Files that do not say where they lie: recognised by their shape, and laid on the map.

use crate::bench::open;
use std::fmt::Write;
use std::ops::ControlFlow;
use twin_model::Caller;
use twin_node::{IdentityFilter, ImportFile, Node};

/// Houses as lists of corners in metres, in a CityJSON file.
fn city(system: &str, houses: &[&[[i64; 2]]]) -> String {
    let (mut objects, mut vertices, mut count) = (String::new(), String::new(), 0);
    for (number, corners) in houses.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        let ring: Vec<String> = (count..count + corners.len())
            .map(|i| i.to_string())
            .collect();
        let ring = ring.join(",");
        let _ = write!(
            objects,
            r#"{comma}"house-{number}":{{"type":"Building","geometry":[{{"type":"MultiSurface","lod":"0","boundaries":[[[{ring}]]]}}]}}"#
        );
        for [x, y] in *corners {
            let comma = if count == 0 { "" } else { "," };
            let _ = write!(vertices, "{comma}[{},{},0]", x * 1000, y * 1000);
            count += 1;
        }
    }
    format!(
        r#"{{"type":"CityJSON","version":"2.0","transform":{{"scale":[0.001,0.001,0.001],"translate":[155000,463000,0]}},
           "metadata":{{{system}}},"CityObjects":{{{objects}}},"vertices":[{vertices}]}}"#
    )
}

fn import(node: &Node, name: &str, text: &str) {
    let file = ImportFile {
        name,
        bytes: text.as_bytes(),
        mapping: None,
    };
    node.import(&Caller::OPERATOR, &file, &mut |_| ControlFlow::Continue(()))
        .unwrap();
}

/// An L, a long block and a square; a file without a reference system has the L alone, elsewhere
/// and turned by a quarter.
#[test]
fn a_plan_without_a_reference_system_is_laid_on_its_outline() {
    let system = r#""referenceSystem":"https://www.opengis.net/def/crs/EPSG/0/28992""#;
    let angle: &[[i64; 2]] = &[[0, 0], [30, 0], [30, 8], [10, 8], [10, 22], [0, 22]];
    let block: &[[i64; 2]] = &[[60, 0], [120, 0], [120, 12], [60, 12]];
    let square: &[[i64; 2]] = &[[0, 60], [20, 60], [20, 80], [0, 80]];
    let turned: Vec<[i64; 2]> = angle.iter().map(|[x, y]| [900 - y, 500 + x]).collect();
    for is_nowhere_first in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let (node, _) = open(dir.path());
        let town = city(system, &[angle, block, square]);
        let plan = city("", &[&turned]);
        let mut files = [("town.city.json", &town), ("plan.city.json", &plan)];
        if is_nowhere_first {
            files.reverse();
        }
        for (name, text) in files {
            import(&node, name, text);
        }
        let reader = node.read(&Caller::OPERATOR).unwrap();
        let filter = IdentityFilter {
            state: None,
            after: None,
            limit: 10,
        };
        let found = reader.identity_list(&filter).unwrap().into_inner().items;
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].probability > 0.5, "{found:?}");
        let placed = reader.overview().unwrap().into_inner().bounds.unwrap();
        // All four stand within the town.
        assert!(
            placed[2] - placed[0] < 0.002 && placed[3] - placed[1] < 0.001,
            "{placed:?}"
        );
    }
}
