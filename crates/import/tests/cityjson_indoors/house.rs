//! A house drawn corner by corner, and how what is said of it is shown.

use crate::told;
use expect_test::Expect;
use serde_json::{Value, json};
use twin_import::{Imported, Options, cityjson};

/// A drawn building, corner by corner in millimetres.
pub(crate) struct House {
    version: &'static str,
    pub(crate) objects: serde_json::Map<String, Value>,
    vertices: Vec<[i64; 3]>,
}

/// A box from one corner to the other, in millimetres.
pub(crate) type Block = ([i64; 3], [i64; 3]);

impl House {
    /// A house with a shell of 10 m by 6 m and 6 m high.
    pub(crate) fn new(version: &'static str) -> Self {
        let mut house = Self {
            version,
            objects: serde_json::Map::new(),
            vertices: Vec::new(),
        };
        let shell = house.solid(([0, 0, 0], [10_000, 6_000, 6_000]), &[]);
        house.add("house", json!({"type": "Building", "geometry": [shell]}));
        house
    }

    pub(crate) fn add(&mut self, id: &str, object: Value) {
        for parent in object["parents"].as_array().into_iter().flatten() {
            if let Some(parent) = parent.as_str().and_then(|p| self.objects.get_mut(p)) {
                let children = parent.as_object_mut().unwrap().entry("children");
                children
                    .or_insert_with(|| json!([]))
                    .as_array_mut()
                    .unwrap()
                    .push(json!(id));
            }
        }
        self.objects.insert(id.to_owned(), object);
    }

    /// An object that is only drawn.
    pub(crate) fn draw(&mut self, id: &str, kind: &str, parent: &str, geometry: &Value) {
        self.add(
            id,
            json!({"type": kind, "parents": [parent], "geometry": [geometry]}),
        );
    }

    fn corner(&mut self, at: [i64; 3]) -> usize {
        let known = self.vertices.iter().position(|v| *v == at);
        known.unwrap_or_else(|| {
            self.vertices.push(at);
            self.vertices.len() - 1
        })
    }

    fn ring(&mut self, corners: &[[i64; 3]]) -> Vec<usize> {
        corners.iter().map(|&at| self.corner(at)).collect()
    }

    /// A box with floor, ceiling and walls, and further surfaces in its walls.
    pub(crate) fn solid(&mut self, (a, b): Block, more: &[(&str, Vec<[i64; 3]>)]) -> Value {
        let c = |x: usize, y: usize, z: usize| [[a, b][x][0], [a, b][y][1], [a, b][z][2]];
        let mut surfaces = vec![
            (
                "FloorSurface",
                vec![c(0, 0, 0), c(0, 1, 0), c(1, 1, 0), c(1, 0, 0)],
            ),
            (
                "CeilingSurface",
                vec![c(0, 0, 1), c(1, 0, 1), c(1, 1, 1), c(0, 1, 1)],
            ),
            (
                "InteriorWallSurface",
                vec![c(0, 0, 0), c(1, 0, 0), c(1, 0, 1), c(0, 0, 1)],
            ),
            (
                "InteriorWallSurface",
                vec![c(1, 0, 0), c(1, 1, 0), c(1, 1, 1), c(1, 0, 1)],
            ),
            (
                "InteriorWallSurface",
                vec![c(1, 1, 0), c(0, 1, 0), c(0, 1, 1), c(1, 1, 1)],
            ),
            (
                "InteriorWallSurface",
                vec![c(0, 1, 0), c(0, 0, 0), c(0, 0, 1), c(0, 1, 1)],
            ),
        ];
        surfaces.extend(more.iter().cloned());
        self.surfaces("Solid", &surfaces)
    }

    pub(crate) fn surfaces(&mut self, kind: &str, surfaces: &[(&str, Vec<[i64; 3]>)]) -> Value {
        let mut kinds: Vec<&str> = surfaces.iter().map(|s| s.0).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let values: Vec<usize> = surfaces
            .iter()
            .map(|s| kinds.iter().position(|k| *k == s.0).unwrap())
            .collect();
        let mut boundaries: Value = json!(
            surfaces
                .iter()
                .map(|s| vec![self.ring(&s.1)])
                .collect::<Vec<_>>()
        );
        let mut values: Value = json!(values);
        if kind == "Solid" {
            (boundaries, values) = (json!([boundaries]), json!([values]));
        }
        let kinds: Vec<Value> = kinds.iter().map(|k| json!({"type": k})).collect();
        json!({"type": kind, "lod": "3", "boundaries": boundaries,
            "semantics": {"surfaces": kinds, "values": values}})
    }

    pub(crate) fn text(&self) -> String {
        json!({
            "type": "CityJSON", "version": self.version,
            "transform": {"scale": [0.001, 0.001, 0.001], "translate": [155_000.0, 463_000.0, 4.0]},
            "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/7415"},
            "CityObjects": self.objects, "vertices": self.vertices,
        })
        .to_string()
    }
}

/// An upright rectangle from one corner to the other.
pub(crate) fn upright(a: [i64; 2], b: [i64; 2], z: [i64; 2]) -> Vec<[i64; 3]> {
    vec![
        [a[0], a[1], z[0]],
        [b[0], b[1], z[0]],
        [b[0], b[1], z[1]],
        [a[0], a[1], z[1]],
    ]
}

/// From the floor to the head of a door, in millimetres.
pub(crate) const DOOR_M: [i64; 2] = [0, 2_100];

/// Two rooms side by side with 200 mm of wall between them and a door through it; the left one
/// has the front door, in its wall and in the building's; both are on the ground floor. Above
/// them an attic that is one room, with a stair.
pub(crate) fn house(version: &'static str) -> House {
    let mut house = House::new(version);
    let front = |y: i64| upright([1_000, y], [2_000, y], DOOR_M);
    let inner = |x: i64| upright([x, 2_500], [x, 3_400], DOOR_M);
    let shell = house.solid(([0, 0, 0], [10_000, 6_000, 6_000]), &[("Door", front(0))]);
    house.objects["house"]["geometry"] = json!([shell]);
    house.add("ground", json!({"type": "BuildingStorey", "parents": ["house"], "attributes": {"name": "Ground floor"}}));
    house.add(
        "attic",
        json!({"type": "BuildingStorey", "parents": ["house"]}),
    );
    let hall = house.solid(
        ([200, 200, 0], [4_800, 5_800, 2_700]),
        &[("Door", front(200)), ("Door", inner(4_800))],
    );
    house.add(
        "hall",
        json!({"type": "BuildingRoom", "parents": ["ground"],
        "attributes": {"name": "Hallway"}, "geometry": [hall]}),
    );
    let kitchen = house.solid(
        ([5_000, 200, 0], [9_800, 5_800, 2_700]),
        &[("Door", inner(5_000))],
    );
    house.draw("kitchen", "BuildingRoom", "ground", &kitchen);
    let loft = house.solid(([200, 200, 3_000], [9_800, 5_800, 5_500]), &[]);
    house.draw("loft", "BuildingRoom", "attic", &loft);
    let flight = house.surfaces(
        "MultiSurface",
        &[(
            "FloorSurface",
            vec![
                [3_800, 1_000, 0],
                [4_700, 1_000, 0],
                [4_700, 5_000, 3_000],
                [3_800, 5_000, 3_000],
            ],
        )],
    );
    house.add(
        "flight",
        json!({"type": "BuildingInstallation", "parents": ["house"],
        "attributes": {"class": "stairs"}, "geometry": [flight]}),
    );
    house
}

pub(crate) fn read(house: &House) -> Imported {
    cityjson::import(house.text().as_bytes(), &Options::default(), &mut told::Urn)
}

/// What is said of the inside; the house itself has tests of its own.
pub(crate) fn check(house: &House, expected: &Expect) {
    let wanted = |name: &str| {
        !name.starts_with("cityJson") && !["outline", "buildingHeight"].contains(&name)
    };
    expected.assert_eq(&told::told(&read(house), wanted));
}

pub(crate) fn found(house: &House, expected: &Expect) {
    expected.assert_eq(&told::told(&read(house), |_| false));
}

/// What joins what.
pub(crate) fn joins(house: &House, expected: &Expect) {
    let wanted = |name: &str| ["connects", "isExternal", "existence", "partOf"].contains(&name);
    expected.assert_eq(&told::told(&read(house), wanted));
}
