//! What sort of place a space is, as far as it matters for its doors.

use crate::ifc::building::Building;
use crate::ifc::network::Network;
use crate::ifc::usage::usage;
use twin_space::plan::Cell;
use twin_space::{PortalKind, SpaceIndex};

/// Sorts of places that differ in how many doors they have, and to where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Corridor,
    Stair,
    Room,
    Lift,
    Shaft,
    /// Roofs, terraces, balconies.
    Outside,
}

impl Class {
    pub(super) const COUNT: usize = 6;
}

/// A room with so many doors is walked through, whatever it is called.
const DOORS_OF_CORRIDOR: usize = 5;
/// Largest hole without a door, in square metres, that is rather a shaft than a room.
const SHAFT_MAX_M2: f64 = 2.5;
/// Share of the plan that spaces above each other have in common in one stairwell.
const STACKED: f64 = 0.8;
/// Largest stairwell, in square metres.
const STAIRWELL_MAX_M2: f64 = 60.0;

/// The sort of each space of the building, inferred rooms (from `stated` on) by what joins them.
pub(super) fn classes(building: &Building, network: &Network, stated: usize) -> Vec<Class> {
    let graph = &network.graph;
    let mut classes: Vec<Class> = Vec::with_capacity(building.spaces.len());
    for (i, space) in building.spaces.iter().enumerate() {
        let portals = graph.portals_of(SpaceIndex(i as u32));
        let kinds = || portals.iter().map(|p| graph.portal(*p).kind);
        let doors = kinds().filter(|k| *k == PortalKind::Door).count();
        let by_name = match usage(space) {
            "corridor" | "lobby" => Class::Corridor,
            "stair" => Class::Stair,
            "lift" => Class::Lift,
            "shaft" => Class::Shaft,
            "roof" | "outside" => Class::Outside,
            _ => Class::Room,
        };
        let is_inferred = i >= stated;
        classes.push(match by_name {
            Class::Room if doors >= DOORS_OF_CORRIDOR => Class::Corridor,
            Class::Room if is_inferred && kinds().any(|k| k == PortalKind::StairLink) => {
                Class::Stair
            }
            Class::Room if is_inferred && kinds().any(|k| k == PortalKind::LiftLink) => Class::Lift,
            Class::Room
                if is_inferred && portals.is_empty() && space.cell.area_m2() < SHAFT_MAX_M2 =>
            {
                Class::Shaft
            }
            by_name => by_name,
        });
    }
    let is_doorless = |i: usize| graph.portals_of(SpaceIndex(i as u32)).is_empty();
    continue_upwards(building, &mut classes, stated, is_doorless);
    classes
}

/// An inferred room in line with a stairwell, a lift or, if it has no door, a shaft above or below
/// is its continuation.
fn continue_upwards(
    building: &Building,
    classes: &mut [Class],
    stated: usize,
    is_doorless: impl Fn(usize) -> bool,
) {
    let mut order: Vec<usize> = (0..classes.len())
        .filter(|&i| building.spaces[i].cell.area_m2() < STAIRWELL_MAX_M2)
        .collect();
    let floor = |i: usize| building.spaces[i].cell.z_m.0;
    order.sort_by(|&a, &b| floor(a).total_cmp(&floor(b)).then(a.cmp(&b)));
    for upwards in [true, false] {
        let walk: Vec<usize> = if upwards {
            order.clone()
        } else {
            order.iter().rev().copied().collect()
        };
        for (k, &from) in walk.iter().enumerate() {
            let class = classes[from];
            if !matches!(class, Class::Stair | Class::Lift | Class::Shaft) {
                continue;
            }
            // Only the next storey's spaces, not those of the whole tower.
            let near = walk[k + 1..].iter().take(4_000);
            let next = near
                .copied()
                .take_while(|&i| (floor(i) - floor(from)).abs() < 6.0)
                .filter(|&i| i >= stated && (floor(i) - floor(from)).abs() > 1.8)
                .find(|&i| in_line(&building.spaces[from].cell, &building.spaces[i].cell));
            let may_be = |i: &usize| {
                matches!(classes[*i], Class::Room | Class::Shaft)
                    && (class != Class::Shaft || is_doorless(*i))
            };
            if let Some(next) = next.filter(may_be) {
                classes[next] = class;
            }
        }
    }
}

/// Whether each covers the other on plan, by their bounds and areas.
pub(super) fn in_line(a: &Cell, b: &Cell) -> bool {
    let (p, q) = (a.bounds(), b.bounds());
    let common = |low: f64, high: f64| (high - low).max(0.0);
    let shared = common(p.min.x.max(q.min.x), p.max.x.min(q.max.x))
        * common(p.min.y.max(q.min.y), p.max.y.min(q.max.y));
    let area = |b: &twin_space::plan::Bounds| (b.max.x - b.min.x) * (b.max.y - b.min.y);
    let larger = area(&p).max(area(&q));
    larger > 0.0 && larger.is_finite() && shared / larger > STACKED
}
