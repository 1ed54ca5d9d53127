//! Any bytes as a mapping file, and its points as names to suggest places for.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twin_import::points::{Place, Point, read_mapping, resolve, suggest, write_mapping};
use twin_model::EntityKind;

fn places() -> Vec<Place> {
    let place = |id: &str, kind, name: &str, level| Place {
        id: id.into(),
        kind,
        name: name.into(),
        part_of: (kind != EntityKind::Storey).then(|| "storey".into()),
        level,
        ..Place::default()
    };
    vec![
        place("storey", EntityKind::Storey, "Level 12", Some(12)),
        place("room", EntityKind::Space, "12.05", None),
        place("door", EntityKind::Portal, "D12.05", None),
    ]
}

fuzz_target!(|bytes: &[u8]| {
    let places = places();
    let (rows, _) = read_mapping(bytes);
    resolve(&rows, &places);
    let (again, _) = read_mapping(write_mapping(&rows).as_bytes());
    assert!(again.len() <= rows.len());
    let text = String::from_utf8_lossy(bytes);
    let names = rows
        .iter()
        .map(|row| row.point.as_str())
        .chain(text.lines());
    let points: Vec<Point> = names
        .map(|name| Point {
            name: name.to_owned(),
            description: Some(text.chars().take(80).collect()),
            ..Point::default()
        })
        .collect();
    assert_eq!(suggest(&points, &places).len(), points.len());
});
