//! Rooms that walls enclose, and how likely each is one.

use super::Room;
use crate::ifc::building::{Building, Space, Storey, Thing};
use crate::ifc::joins::{Joins, Place, Sort};
use rayon::prelude::*;
use twin_space::plan::{self, Cell, Fidelity, Opening, Point, Polygon};

/// Height above the floor at which walls are looked at, in metres, as rooms are.
const CUT_HEIGHT_M: f64 = 1.1;
/// A storey with less than this to the next, in metres, is a level of reference and no floor.
const HEADROOM_M: f64 = 1.8;
/// Thickness of floors, and the height of a storey with none above it, in metres. Judgements.
const SLAB_M: f64 = 0.3;
const TOP_STOREY_M: f64 = 3.0;
/// Most rooms that are inferred for one storey.
const ROOMS_MAX: usize = 5_000;
/// A room takes so much of its area from rooms that are known that it is one of them.
const KNOWN_SHARE: f64 = 0.5;

/// Rooms of every storey, named by their place.
pub(super) fn enclosed(building: &Building) -> Vec<Space> {
    let levels = levels(&building.storeys);
    let found: Vec<Vec<Space>> = levels
        .par_iter()
        .map(|&(storey, z_m)| on_storey(building, storey, z_m))
        .collect();
    found.into_iter().flatten().collect()
}

/// Storeys that people can stand on, with floor and ceiling.
fn levels(storeys: &[Storey]) -> Vec<(usize, (f64, f64))> {
    let mut order: Vec<(f64, usize)> = storeys
        .iter()
        .enumerate()
        .map(|(i, s)| (s.height_m(), i))
        .filter(|(height, _)| height.is_finite() && height.abs() < 1e5)
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut levels = Vec::new();
    for (k, &(floor, storey)) in order.iter().enumerate() {
        let next = order.get(k + 1).map_or(floor + TOP_STOREY_M, |n| n.0);
        if next - floor >= HEADROOM_M {
            let ceiling = next.min(floor + 2.0 * TOP_STOREY_M) - SLAB_M;
            levels.push((storey, (floor, ceiling.max(floor + HEADROOM_M + 0.1))));
        }
    }
    levels
}

fn on_storey(building: &Building, storey: usize, z_m: (f64, f64)) -> Vec<Space> {
    let cut_m = z_m.0 + CUT_HEIGHT_M;
    let crosses = |z: (f64, f64)| z.0 <= cut_m && z.1 >= cut_m;
    let walls = building.walls.iter().filter(|w| crosses(w.z_m));
    let mut blocks: Vec<Polygon> = walls.map(|w| w.outline.clone()).collect();
    if blocks.len() < 3 {
        return Vec::new();
    }
    let doors = building.doors.iter().filter_map(|d| d.opening);
    blocks.extend(doors.filter(|o| crosses(o.z_m)).filter_map(|o| shut(&o)));
    let taken: Vec<&Cell> = building
        .spaces
        .iter()
        .filter(|s| !s.is_gross_area() && (crosses(s.cell.z_m) || s.storey == Some(storey)))
        .map(|s| &s.cell)
        .collect();
    blocks.extend(taken.iter().flat_map(|c| c.outline.iter().cloned()));
    let of = &building.storeys[storey].thing;
    // Walls that are too intricate leave the storey as it is drawn.
    let holes = plan::enclosed(&blocks).unwrap_or_default();
    holes
        .into_iter()
        .filter(|hole| share_known(hole, &taken) < KNOWN_SHARE)
        .take(ROOMS_MAX)
        .map(|outline| space(of, storey, outline, z_m))
        .collect()
}

/// A closed door as a piece of wall.
fn shut(opening: &Opening) -> Option<Polygon> {
    let along = opening.normal.left();
    let (half_m, deep_m) = (
        opening.width_m / 2.0 + 0.05,
        opening.depth_m.clamp(0.1, 0.6) / 2.0,
    );
    let corner = |a: f64, b: f64| {
        let side = opening.centre.along(along, a * half_m);
        side.along(opening.normal, b * deep_m)
    };
    Polygon::new([vec![
        corner(-1.0, -1.0),
        corner(1.0, -1.0),
        corner(1.0, 1.0),
        corner(-1.0, 1.0),
    ]])
}

/// Share of a hole that known spaces cover, by 64 points.
fn share_known(hole: &Polygon, taken: &[&Cell]) -> f64 {
    let b = hole.bounds();
    let (mut inside, mut known) = (0_u32, 0_u32);
    for k in 0..64 {
        let (column, row) = (f64::from(k % 8) + 0.5, f64::from(k / 8) + 0.5);
        let p = Point::new(
            b.min.x + (b.max.x - b.min.x) * column / 8.0,
            b.min.y + (b.max.y - b.min.y) * row / 8.0,
        );
        if hole.contains(p) {
            inside += 1;
            known += u32::from(taken.iter().any(|c| c.contains(p)));
        }
    }
    f64::from(known) / f64::from(inside.max(1))
}

/// The same walls give the same key, so that a second import finds the same room.
fn space(of: &Thing, storey: usize, outline: Polygon, z_m: (f64, f64)) -> Space {
    let at = outline.inside_point();
    let decimetres = |x: f64| (x * 10.0).round() as i64;
    Space {
        thing: Thing {
            entity: of.entity,
            key: format!("room:{}:{}:{}", of.key, decimetres(at.x), decimetres(at.y)),
            name: None,
            description: None,
            object_type: None,
            sets: Vec::new(),
            verbatim: Vec::new(),
        },
        long_name: None,
        predefined: None,
        storey: Some(storey),
        cell: Cell {
            outline: vec![outline],
            z_m,
        },
        fidelity: Some(Fidelity::Cut),
        zones: Vec::new(),
    }
}

/// How likely a hole is a room: by its size, and whether a door leads into it. Of 250 holes in
/// six models 190 were rooms (see `twin_space::plan::enclosed`); the others were shafts and
/// cavities, small and without doors. The steps are judgements within these totals.
const WITH_DOOR: [f64; 4] = [0.7, 0.9, 0.99, 0.995];
const WITHOUT_DOOR: [f64; 4] = [0.15, 0.4, 0.7, 0.85];
/// Upper ends of the size classes in square metres: a duct, a cubicle, a cupboard.
const SIZES_M2: [f64; 3] = [1.0, 2.5, 6.0];
/// Where a whole storey has neither doors nor spaces, its walls are mostly foundations.
const BARE_STOREY: f64 = 0.3;

/// Each inferred space of `extended` with the probability that it is one.
pub(super) fn weighed(extended: &Building, again: &Joins, stated: usize) -> Vec<Room> {
    let mut has_door = vec![false; extended.spaces.len()];
    let mut is_used = vec![false; extended.storeys.len()];
    for portal in &again.portals {
        let Some(said) = &portal.by_plan else {
            continue;
        };
        for place in &said.places {
            if let Place::Space(i) = place
                && portal.sort != Sort::Contact
            {
                has_door[*i] = true;
            }
        }
        if let (Sort::Door(_), Some(storey)) = (portal.sort, portal.storey) {
            is_used[storey] = true;
        }
    }
    for storey in extended.spaces[..stated].iter().filter_map(|s| s.storey) {
        is_used[storey] = true;
    }
    let room = |(space, has_door): (&Space, bool)| {
        let size = SIZES_M2.partition_point(|&a| a < space.cell.area_m2());
        let by_size = if has_door {
            WITH_DOOR[size]
        } else {
            WITHOUT_DOOR[size]
        };
        let used = space.storey.is_some_and(|s| is_used[s]);
        Room {
            space: space.clone(),
            exists: if used { by_size } else { by_size * BARE_STOREY },
        }
    };
    let rest = extended.spaces[stated..].iter();
    rest.zip(has_door[stated..].iter().copied())
        .map(room)
        .collect()
}
