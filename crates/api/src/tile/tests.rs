//! Tiles are read back by a small reader that shares nothing with the writer.

use super::*;
use proptest::prelude::*;
use std::fmt::Write as _;

/// What a reader makes of a tile: one line per feature, `LAYER {key=value} GEOMETRY`.
fn read(tile: &[u8]) -> String {
    let mut out = String::new();
    for (number, content) in fields(tile) {
        assert_eq!(number, 3, "a tile holds layers");
        read_layer(content.bytes(), &mut out);
    }
    out
}

fn read_layer(layer: &[u8], out: &mut String) {
    let (mut name, mut keys, mut values, mut features) = (String::new(), vec![], vec![], vec![]);
    let (mut extent, mut version) = (0, 0);
    for (number, content) in fields(layer) {
        match number {
            1 => name = content.text(),
            2 => features.push(content.bytes().to_vec()),
            3 => keys.push(content.text()),
            4 => values.push(read_value(content.bytes())),
            5 => extent = content.number(),
            15 => version = content.number(),
            other => panic!("no field {other}"),
        }
    }
    assert_eq!((extent, version), (4096, 2));
    for feature in features {
        let (mut tags, mut kind, mut geometry) = (vec![], 0, vec![]);
        for (number, content) in fields(&feature) {
            match number {
                2 => tags = numbers(content.bytes()),
                3 => kind = content.number(),
                4 => geometry = numbers(content.bytes()),
                other => panic!("no field {other}"),
            }
        }
        let said: Vec<_> = tags
            .chunks(2)
            .map(|tag| format!("{}={}", keys[tag[0] as usize], values[tag[1] as usize]))
            .collect();
        let drawn = read_geometry(kind, &geometry);
        writeln!(out, "{name} {{{}}} {drawn}", said.join(" ")).unwrap();
    }
}

fn read_value(value: &[u8]) -> String {
    match &fields(value)[..] {
        [(1, content)] => format!("{:?}", content.text()),
        [(3, Content::Fixed(number))] => format!("{number:?}"),
        [(5, content)] => content.number().to_string(),
        [(7, content)] => (content.number() == 1).to_string(),
        other => panic!("no value {}", other.len()),
    }
}

fn read_geometry(kind: u64, commands: &[u64]) -> String {
    let (mut at, mut out) = ([0i64; 2], String::new());
    let mut rest = commands.iter();
    while let Some(command) = rest.next() {
        let (verb, count) = (command & 7, command >> 3);
        match verb {
            1 | 2 => {
                for i in 0..count {
                    for c in &mut at {
                        let raw = rest.next().expect("a coordinate").cast_signed();
                        *c += (raw >> 1) ^ -(raw & 1);
                    }
                    let sign = if verb == 1 && i == 0 { "M" } else { " " };
                    write!(out, "{sign}{},{}", at[0], at[1]).unwrap();
                }
            }
            7 => out.push('Z'),
            other => panic!("no command {other}"),
        }
    }
    format!("{}:{out}", ["", "point", "line", "area"][kind as usize])
}

enum Content<'b> {
    Number(u64),
    Fixed(f64),
    Bytes(&'b [u8]),
}

impl<'b> Content<'b> {
    fn bytes(&self) -> &'b [u8] {
        let Content::Bytes(bytes) = self else {
            panic!("bytes were expected");
        };
        bytes
    }
    fn number(&self) -> u64 {
        let Content::Number(number) = self else {
            panic!("a number was expected");
        };
        *number
    }
    fn text(&self) -> String {
        String::from_utf8(self.bytes().to_vec()).unwrap()
    }
}

fn fields(mut bytes: &[u8]) -> Vec<(u64, Content<'_>)> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let tag = number(&mut bytes);
        let content = match tag & 7 {
            0 => Content::Number(number(&mut bytes)),
            1 => {
                let (eight, rest) = bytes.split_at(8);
                bytes = rest;
                Content::Fixed(f64::from_le_bytes(eight.try_into().unwrap()))
            }
            2 => {
                let length = number(&mut bytes) as usize;
                let (content, rest) = bytes.split_at(length);
                bytes = rest;
                Content::Bytes(content)
            }
            other => panic!("no wire type {other}"),
        };
        all.push((tag >> 3, content));
    }
    all
}

fn numbers(mut bytes: &[u8]) -> Vec<u64> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        all.push(number(&mut bytes));
    }
    all
}

fn number(bytes: &mut &[u8]) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes[0];
        *bytes = &bytes[1..];
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            return value;
        }
    }
}

/// Degrees of a place in units of a tile, by formulas of their own: the inverse of the
/// sphere's Mercator projection as `2·atan(exp y) − π/2`.
fn degrees(z: u8, x: u32, y: u32, units: [f64; 2]) -> [f64; 2] {
    let side = 2f64.powi(z.into());
    let share = |tile: u32, unit: f64| (f64::from(tile) + unit / 4096.0) / side;
    let north = std::f64::consts::PI * (1.0 - 2.0 * share(y, units[1]));
    [
        share(x, units[0]) * 360.0 - 180.0,
        (2.0 * north.exp().atan() - std::f64::consts::FRAC_PI_2).to_degrees(),
    ]
}

/// In the middle of Delft.
const TILE: (u8, u32, u32) = (15, 16_780, 10_822);

/// `line 2,2 2,10`, or `area OUTLINE | HOLE`, in units of the tile.
fn parse(geometry: &str) -> Geometry {
    let (z, x, y) = TILE;
    let (sort, places) = geometry.split_once(' ').unwrap();
    let place = |place: &str| {
        let (east, south) = place.split_once(',').unwrap();
        degrees(z, x, y, [east.parse().unwrap(), south.parse().unwrap()])
    };
    let mut parts = places
        .split('|')
        .map(|part| part.split_whitespace().map(place).collect::<Vec<_>>());
    match sort {
        "point" => Geometry::Point(parts.next().unwrap()[0]),
        "line" => Geometry::Line(parts.next().unwrap()),
        _ => Geometry::Polygon(parts.collect()),
    }
}

fn layer(geometries: Vec<Geometry>) -> Layer {
    let bare = |geometry| Feature {
        geometry,
        properties: vec![],
    };
    Layer {
        name: "l",
        features: geometries.into_iter().map(bare).collect(),
    }
}

fn check(geometry: &str, expect: &str) {
    let (z, x, y) = TILE;
    let drawn = read(&encode(z, x, y, &[layer(vec![parse(geometry)])]));
    assert_eq!(drawn.trim_end().trim_start_matches("l {} "), expect);
}

#[test]
fn what_lies_in_a_tile_is_drawn_there() {
    check("point 25,17", "point:M25,17");
    check("line 2,2 2,10 10,10", "line:M2,2 2,10 10,10");
    check("area 3,6 3,26 60,34", "area:M60,34 3,26 3,6Z");
}

#[test]
fn what_lies_beside_a_tile_is_left_out() {
    check("point -200,17", "");
    check("line -500,0 -300,4000", "");
    check("area 5000,0 6000,0 6000,500", "");
    // Across the corner, without touching the tile.
    check("line -400,-10 -10,-400", "");
}

#[test]
fn what_reaches_beyond_a_tile_is_cut_in_its_buffer() {
    check("line -1000,50 1000,50", "line:M-128,50 1000,50");
    check(
        "line 100,100 100,-500 200,-500 200,100",
        "line:M100,100 100,-128M200,-128 200,100",
    );
    check(
        "area -900,-900 900,-900 900,900 -900,900",
        "area:M-128,-128 900,-128 900,900 -128,900Z",
    );
    check(
        "area -9000,-9000 9000,-9000 9000,9000 -9000,9000",
        "area:M-128,4224 -128,-128 4224,-128 4224,4224Z",
    );
}

/// Maps take a ring that turns the wrong way for a hole of another, or leave out the walls
/// of what they raise.
#[test]
fn outlines_run_clockwise_and_holes_the_other_way_whatever_the_source_did() {
    let outline = "M0,0 100,0 100,100 0,100Z";
    check("area 0,0 100,0 100,100 0,100", &format!("area:{outline}"));
    check(
        "area 0,0 0,100 100,100 100,0",
        "area:M100,0 100,100 0,100 0,0Z",
    );
    let hole = "M20,20 20,80 80,80 80,20Z";
    check(
        "area 0,0 100,0 100,100 0,100 | 20,20 20,80 80,80 80,20",
        &format!("area:{outline}{hole}"),
    );
    check(
        "area 0,0 100,0 100,100 0,100 | 80,20 80,80 20,80 20,20",
        &format!("area:{outline}{hole}"),
    );
}

#[test]
fn detail_that_nobody_sees_is_left_out() {
    check("line 0,0 50,1 100,0", "line:M0,0 100,0");
    check("line 0,0 50,9 100,0", "line:M0,0 50,9 100,0");
    check("area 0,0 3,0 3,3 0,3", "");
    check("line 5,5 5.2,5.2", "");
}

#[test]
fn what_is_no_place_is_not_drawn() {
    let (z, x, y) = TILE;
    for bad in [f64::NAN, f64::INFINITY] {
        let at = degrees(z, x, y, [9.0, 9.0]);
        let features = [
            Geometry::Point([bad, at[1]]),
            Geometry::Line(vec![at, [at[0], bad]]),
            Geometry::Polygon(vec![vec![at, at, [bad, bad]]]),
            Geometry::Polygon(vec![]),
            Geometry::Polygon(vec![vec![]]),
            Geometry::Line(vec![at]),
            Geometry::Line(vec![]),
        ];
        let drawn = encode(z, x, y, &[layer(features.to_vec())]);
        assert_eq!(drawn, Vec::<u8>::new());
    }
}

#[test]
fn keys_and_values_are_told_once() {
    let (z, x, y) = TILE;
    let feature = |units: f64, own: u64| Feature {
        geometry: Geometry::Point(degrees(z, x, y, [units, units])),
        properties: vec![
            ("name", Property::Text("Oude Delft".into())),
            ("own", Property::Count(own)),
            ("height_m", Property::Number(12.5)),
            ("walkable", Property::Truth(true)),
        ],
    };
    let named = |name| Layer {
        name,
        features: vec![feature(1.0, 0), feature(2.0, 1)],
    };
    let empty = Layer {
        name: "areas",
        features: vec![],
    };
    let tile = encode(z, x, y, &[empty, named("streets")]);
    let told = tile
        .windows(10)
        .filter(|window| window == b"Oude Delft")
        .count();
    assert_eq!(told, 1);
    assert_eq!(
        read(&tile),
        "streets {name=\"Oude Delft\" own=0 height_m=12.5 walkable=true} point:M1,1\n\
         streets {name=\"Oude Delft\" own=1 height_m=12.5 walkable=true} point:M2,2\n"
    );
}

#[test]
fn the_bounds_of_a_tile_hold_its_buffer() {
    let (z, x, y) = TILE;
    let [west, south, east, north] = bounds_deg(z, x, y);
    let corner = |units| degrees(z, x, y, units);
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
    let ([w, n], [e, s]) = (corner([-128.0; 2]), corner([4224.0; 2]));
    near(west, w);
    near(north, n);
    near(east, e);
    near(south, s);
    assert!(west > 4.3 && east < 4.4 && south > 51.9 && north < 52.1);
}

#[test]
fn the_whole_world_is_one_tile() {
    let corners = vec![
        [-180.0, -90.0],
        [180.0, -90.0],
        [180.0, 90.0],
        [-180.0, 90.0],
    ];
    let tile = encode(0, 0, 0, &[layer(vec![Geometry::Polygon(vec![corners])])]);
    assert_eq!(read(&tile), "l {} area:M0,0 4096,0 4096,4096 0,4096Z\n");
}

fn place() -> impl Strategy<Value = [f64; 2]> {
    let (z, x, y) = TILE;
    (-9000.0..9000.0f64, -9000.0..9000.0f64).prop_map(move |(a, b)| degrees(z, x, y, [a, b]))
}

fn geometry() -> impl Strategy<Value = Geometry> {
    let course = || prop::collection::vec(place(), 0..12);
    prop_oneof![
        place().prop_map(Geometry::Point),
        course().prop_map(Geometry::Line),
        prop::collection::vec(course(), 0..3).prop_map(Geometry::Polygon),
    ]
}

/// A shoreline can have a hundred thousand points. Where each swing is wider than the last,
/// thinning in one go looks at nearly all of them for every point that it keeps, which took
/// more than a minute.
#[test]
fn long_courses_are_thinned_in_runs() {
    let (z, x, y) = TILE;
    let swings = (0..100_000)
        .map(|i| {
            let reach = f64::from(i) / 100.0;
            let side = if i % 2 == 0 { reach } else { -reach };
            degrees(z, x, y, [1000.0 + reach, 2048.0 + side])
        })
        .collect();
    let drawn = read(&encode(z, x, y, &[layer(vec![Geometry::Line(swings)])]));
    assert!(drawn.starts_with("l {} line:M1000,2048"));
}

proptest! {
    /// A place in the tile is found again within half a unit, at every zoom.
    #[test]
    fn places_survive(z in 0u8..=22, at in (-170.0..170.0f64, -80.0..80.0f64)) {
        let side = 2f64.powi(z.into());
        let latitude = at.1.to_radians();
        let mercator = (std::f64::consts::FRAC_PI_4 + latitude / 2.0).tan().ln();
        let x = ((at.0 + 180.0) / 360.0 * side) as u32;
        let y = ((1.0 - mercator / std::f64::consts::PI) / 2.0 * side) as u32;
        let drawn = read(&encode(z, x, y, &[layer(vec![Geometry::Point([at.0, at.1])])]));
        let (east, south) = drawn.trim().trim_start_matches("l {} point:M").split_once(',').unwrap();
        let back = degrees(z, x, y, [east.parse().unwrap(), south.parse().unwrap()]);
        let unit_deg = 360.0 / side / 4096.0;
        prop_assert!((back[0] - at.0).abs() <= 0.51 * unit_deg);
        prop_assert!((back[1] - at.1).abs() <= 0.51 * unit_deg);
    }

    /// Whatever is drawn lies in the tile and its buffer, and can be read.
    #[test]
    fn nothing_leaves_the_tile(geometries in prop::collection::vec(geometry(), 0..6)) {
        let (z, x, y) = TILE;
        let drawn = read(&encode(z, x, y, &[layer(geometries)]));
        for coordinate in drawn.split(|c: char| !(c.is_ascii_digit() || c == '-')) {
            if let Ok(coordinate) = coordinate.parse::<i32>() {
                prop_assert!((-128..=4224).contains(&coordinate), "{drawn}");
            }
        }
    }
}
