//! Houses that are wrong: what is found, and that everything else is still read.

use crate::house::{DOOR_M, House, found, house, joins, upright};
use crate::told;
use expect_test::expect;
use serde_json::{Value, json};
use twin_import::{Options, cityjson};

#[test]
fn what_is_malformed_is_found() {
    // Rooms whose building is missing are kept together; a door of no building is left out.
    let mut homeless = house("2.0");
    homeless.objects.remove("house");
    homeless.add("lost", json!({"type": "+Door"}));
    found(
        &homeless,
        &expect![[r#"
        CTY-007 attic the object names `house` as its parent, which is not there
        CTY-007 flight the object names `house` as its parent, which is not there
        CTY-007 ground the object names `house` as its parent, which is not there
        CTY-015 attic the object belongs to no building of the file; it is kept in a building of its own
        CTY-016 lost the door has no geometry that stands upright; it joins nothing
        CTY-015 lost the object belongs to no building of the file; it is left out
    "#]],
    );
    // A room of nothing.
    let mut alone = House::new("2.0");
    let room = alone.solid(([0, 0, 0], [1_000, 1_000, 2_500]), &[]);
    alone.add("cell", json!({"type": "BuildingRoom", "geometry": [room]}));
    joins(
        &alone,
        &expect![[r#"
            geometry site:cell existence: true p=0.80
            inferred site:cell:storey/1 existence: true p=0.80
            inferred site:cell:storey/1 partOf: site:cell
            inferred cell partOf: site:cell:storey/1 p=0.90
            CTY-017 cell no door of the room is known
            CTY-015 cell the object belongs to no building of the file; it is kept in a building of its own
        "#]],
    );
    // Corners that are not there, and a room of which nothing is left.
    let mut broken = house("2.0");
    broken.objects["kitchen"]["geometry"][0]["boundaries"][0][0][0][0] = json!(9_999);
    broken.objects["loft"]["geometry"] =
        json!([{"type": "Solid", "lod": "3", "boundaries": [1, 2]}]);
    found(
        &broken,
        &expect![[r#"
        CTY-006 kitchen surfaces that use corners that are not there or too far away, left out: 1
        CTY-010 loft geometries that cannot be read or are too large, left out: 1
        CTY-010 loft no outline can be made of what is drawn
        CTY-018 flight fewer than two rooms lie at the ends of the stair
        CTY-017 loft no door of the room is known
    "#]],
    );
    // A door nobody can reach, and one that lies flat.
    let mut far = house("2.0");
    let garden = far.surfaces(
        "MultiSurface",
        &[("Door", upright([40_000, 0], [41_000, 0], DOOR_M))],
    );
    far.draw("gate", "+Door", "house", &garden);
    let hatch = far.surfaces(
        "MultiSurface",
        &[(
            "Door",
            vec![[0, 0, 0], [900, 0, 0], [900, 900, 0], [0, 900, 0]],
        )],
    );
    far.draw("hatch", "+Door", "house", &hatch);
    found(
        &far,
        &expect![[r#"
        CTY-016 hatch the door has no geometry that stands upright; it joins nothing
        CTY-016 gate no room lies on either side of the door
    "#]],
    );
}

/// Whatever corners stand in the lists, everything said is a number on earth or on the plan.
#[test]
fn corners_exchanged_at_random_are_survived() {
    let text = house("2.0").text();
    let whole: Value = serde_json::from_str(&text).unwrap();
    let count = whole["vertices"].as_array().unwrap().len();
    for seed in 0..200_usize {
        let mut damaged = whole.clone();
        for (k, id) in ["hall", "kitchen", "loft", "flight"].iter().enumerate() {
            let at = (seed * 7 + k * 13) % (count + 2);
            let surface = (seed + k) % 6;
            if let Some(list) = damaged["CityObjects"][id]["geometry"][0]["boundaries"]
                .pointer_mut(&format!("/0/{surface}/0/{}", seed % 4))
            {
                *list = json!(at);
            }
        }
        damaged["vertices"][seed % count] = json!([seed * 100, 5, 1_000_000 * (seed % 3)]);
        let imported = cityjson::import(
            damaged.to_string().as_bytes(),
            &Options::default(),
            &mut told::Urn,
        );
        assert!(told::is_sound(&imported), "seed {seed}");
    }
}

/// The houses are what the standard calls CityJSON, where its validator `cjval` is on the path.
#[test]
fn the_houses_are_valid() {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&paths).map(|place| place.join("cjval"));
    let Some(cjval) = places.find(|program| program.is_file()) else {
        return;
    };
    for version in ["1.1", "2.0"] {
        let name = format!("twin-house-{version}-{}.city.json", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, house(version).text()).unwrap();
        let out = std::process::Command::new(&cjval)
            .arg("-s")
            .arg(&path)
            .output();
        std::fs::remove_file(&path).unwrap();
        let said = String::from_utf8(out.unwrap().stdout).unwrap();
        assert!(said.contains("File is valid"), "{version}: {said}");
    }
}
