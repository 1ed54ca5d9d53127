//! How fast suggestions are: points and rooms by their numbers, names as in a large tower.
//!
//! `cargo run --release -p twin-import --example points -- 10000 5000`

use twin_import::points::{Place, Point, suggest};
use twin_model::EntityKind;

fn main() {
    let mut counts = std::env::args().skip(1).filter_map(|n| n.parse().ok());
    let (points, rooms) = (
        counts.next().unwrap_or(10_000),
        counts.next().unwrap_or(5_000),
    );
    let places = places(rooms);
    let points: Vec<Point> = (0..points).map(|at| point(at, rooms)).collect();
    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    let began = std::time::Instant::now();
    let suggestions = suggest(&points, &places);
    let seconds = began.elapsed().as_secs_f64();
    let placed = suggestions.iter().filter(|s| s.probability >= 0.95).count();
    println!(
        "{} points, {rooms} rooms: {seconds:.2} s, {placed} sure",
        points.len()
    );
}

fn places(rooms: usize) -> Vec<Place> {
    let storeys = rooms.div_ceil(100);
    let storey = |number: usize| Place {
        id: format!("storey {number}"),
        kind: EntityKind::Storey,
        name: format!("Level {number}"),
        ..Place::default()
    };
    let room = |at: usize| Place {
        id: format!("room {at}"),
        name: format!("{:02}.{:02}", at / 100, at % 100),
        part_of: Some(format!("storey {}", at / 100)),
        ..Place::default()
    };
    let storeys = (0..storeys).map(storey);
    storeys.chain((0..rooms).map(room)).collect()
}

fn point(at: usize, rooms: usize) -> Point {
    let room = (at * 7919) % rooms;
    let (storey, number) = (room / 100, room % 100);
    let name = match at % 4 {
        0 => format!("NB-L{storey:02}-R{number:02}-ZN-T{}", at / rooms),
        1 => format!("DDC{}.AI{}.{storey}{number:02}.CO2", at % 37, at % 11),
        2 => format!("tower/floor{storey}/room{number}/humidity"),
        _ => format!("AHU{}/VAV-{storey}-{number} Zone Temp Setpoint", at % 7),
    };
    Point {
        name,
        ..Point::default()
    }
}
