//! Ways between rooms and streets held against a search that knows nothing in advance: over every
//! door, room and street, each step tried until nothing gets shorter (Bellman 1958, Ford 1956).

use super::*;
use crate::graph::{Portal, PortalKind, Space, SpaceKind};
use crate::passability::AsBuilt;
use crate::route::walk::{crossing_cost, end_in, leg};
use crate::streets::{Segment, StreetKind};
use proptest::prelude::*;

/// A house of any rooms and doors, on streets of any shape.
#[derive(Clone, Debug)]
struct Site {
    streets: Vec<(usize, usize, Belief)>,
    junctions: Vec<[f64; 2]>,
    house: Graph,
    anchors: Vec<Anchor>,
}

impl Site {
    fn joined(&self, surveyed: bool) -> Joined {
        let keys: Vec<String> = (0..self.junctions.len()).map(|i| i.to_string()).collect();
        let courses: Vec<[[f64; 2]; 2]> = self
            .streets
            .iter()
            .map(|&(a, b, _)| [self.junctions[a], self.junctions[b]])
            .collect();
        let segments: Vec<Segment> = self
            .streets
            .iter()
            .zip(&courses)
            .map(|(&(a, b, walkable), course)| Segment {
                ends: [&keys[a], &keys[b]],
                course,
                kind: StreetKind::Footway,
                walkable,
            })
            .collect();
        let streets = Streets::new(&segments);
        let streets = if surveyed {
            streets.with_landmarks()
        } else {
            streets
        };
        let houses = vec![Arc::new(self.house.clone())];
        Joined::new(Arc::new(streets), houses, self.anchors.clone())
    }
}

/// Steps from place to place: doors crossed into one of their sides, points on streets.
#[derive(Clone, Debug, Default)]
struct Steps {
    ways: Vec<(usize, usize, f64)>,
    count: usize,
}

impl Steps {
    fn from(&self, begin: &[(usize, f64)]) -> Vec<f64> {
        let mut least = vec![f64::INFINITY; self.count];
        for &(node, metres) in begin {
            least[node] = metres.min(least[node]);
        }
        for _ in 0..self.count {
            for &(a, b, metres) in &self.ways {
                least[b] = least[b].min(least[a] + metres);
            }
        }
        least
    }
}

fn admitted(belief: Belief, least: f64) -> bool {
    matches!(belief, Belief::Known(p) if p >= least)
}

/// The least effort from a room to a point of a street; inwards, from the room's doors.
fn plain(
    town: &Site,
    joined: &Joined,
    room: SpaceIndex,
    (street, share): (usize, f64),
    is_out: bool,
) -> f64 {
    let (options, graph) = (JourneyOptions::default(), &town.house);
    let (portals, junctions) = (graph.portals(), town.junctions.len());
    let on_street = 2 * portals.len() + junctions;
    let goal = on_street + town.anchors.len();
    let mut steps = Steps {
        count: goal + 1,
        ..Steps::default()
    };
    let is_open = |s: SpaceIndex| {
        let space = graph.space(s);
        space.kind != SpaceKind::Shaft && admitted(space.exists.and(space.passable), 0.5)
    };
    let works = |p: &Portal| p.kind != PortalKind::LiftLink && admitted(p.works(), 0.5);
    // Out of a space by a portal: the node behind it.
    let through = |i: usize, from: SpaceIndex| {
        let p = &portals[i];
        match p.spaces[..] {
            [_] => Some(2 * i + 1),
            [a, b] if a == from && is_open(b) => Some(2 * i + 1),
            [a, b] if b == from && is_open(a) => Some(2 * i),
            _ => None,
        }
        .filter(|_| works(p) && p.spaces.contains(&from))
    };
    let mut begin = Vec::new();
    for (i, p) in portals.iter().enumerate() {
        let cross_m = crossing_cost(p).effort_m;
        if let Some(node) = through(i, room) {
            let walk = leg(graph.space(room).position, end_in(p, room)).metres;
            begin.push((node, cross_m + if is_out { walk } else { 0.0 }));
        }
        for (j, q) in portals.iter().enumerate().filter(|(j, _)| *j != i) {
            for (side, &space) in q.spaces.iter().enumerate() {
                if let Some(node) = through(i, space) {
                    let walk = leg(end_in(q, space), end_in(p, space)).metres;
                    steps.ways.push((2 * j + side, node, walk + cross_m));
                }
            }
        }
    }
    let mut points: Vec<(usize, f64, usize)> = vec![(street, share, goal)];
    for (k, a) in town.anchors.iter().enumerate() {
        points.push((a.segment.0 as usize, a.fraction, on_street + k));
        let exit = graph.portal(a.exit);
        if exit.is_exit() && admitted(a.leads, options.anchor_probability_min) {
            let way = (2 * a.exit.0 as usize + 1, on_street + k, a.gap_m);
            steps.ways.push(way);
        }
    }
    for (s, &(a, b, walkable)) in town.streets.iter().enumerate() {
        let metres = joined.streets.length_m(SegmentIndex(s as u32));
        if !admitted(walkable, 0.5) {
            continue;
        }
        let mut along = vec![(0.0, 2 * portals.len() + a), (1.0, 2 * portals.len() + b)];
        along.extend(points.iter().filter(|p| p.0 == s).map(|p| (p.1, p.2)));
        for (k, p) in along.iter().enumerate() {
            for q in &along[k + 1..] {
                let along_m = (p.0 - q.0).abs() * metres;
                steps.ways.push((p.1, q.1, along_m));
                steps.ways.push((q.1, p.1, along_m));
            }
        }
    }
    if !is_out && !is_open(room) {
        return f64::INFINITY;
    }
    steps.from(&begin)[goal]
}

fn belief() -> impl Strategy<Value = Belief> {
    prop_oneof![4 => Just(Belief::CERTAIN), 1 => Just(Belief::Unknown), 1 => (0.0..1.0_f64).prop_map(Belief::Known)]
}

prop_compose! {
    fn any_house()(
        rooms in proptest::collection::vec((0.0..40.0_f64, 0.0..20.0_f64, 0..8_u8), 1..10),
        doors in proptest::collection::vec((0..10_u32, 0..10_u32, 0..8_u8, (0.0..40.0_f64, 0.0..20.0_f64), belief()), 1..24),
    ) -> Graph {
        let n = rooms.len() as u32;
        let spaces = rooms.iter().map(|&(x, y, kind)| Space {
            kind: if kind == 0 { SpaceKind::Shaft } else { SpaceKind::Room },
            position: (kind > 1).then_some([x, y, 0.0]),
            exists: Belief::CERTAIN,
            passable: if kind == 2 { Belief::Known(0.2) } else { Belief::CERTAIN },
            ..Space::default()
        }).collect();
        let portals = doors.iter().map(|&(a, b, kind, (x, y), passable)| Portal {
            kind: match kind { 0 => PortalKind::StairLink, 1 => PortalKind::LiftLink, _ => PortalKind::Door },
            spaces: if a % 3 == 0 { vec![SpaceIndex(b % n)] } else { vec![SpaceIndex(a % n), SpaceIndex(b % n)] },
            leads_out: Belief::CERTAIN,
            position: (kind != 7).then_some([x, y, 0.0]),
            exists: Belief::CERTAIN,
            passable,
            ..Portal::default()
        }).collect();
        Graph::new(spaces, portals)
    }
}

prop_compose! {
    fn any_place()(
        house in any_house(),
        junctions in proptest::collection::vec((0.0..0.004_f64, 0.0..0.004_f64), 2..12),
        streets in proptest::collection::vec((0..12_usize, 0..12_usize, belief()), 1..20),
        anchors in proptest::collection::vec((0..24_u32, 0..20_u32, 0.0..1.0_f64, belief()), 1..12),
    ) -> Site {
        let n = junctions.len();
        let streets: Vec<_> = streets.into_iter().map(|(a, b, w)| (a % n, b % n, w)).collect();
        let anchors = anchors.into_iter().map(|(exit, segment, fraction, leads)| Anchor {
            building: BuildingIndex(0),
            exit: PortalIndex(exit % house.portals().len() as u32),
            segment: SegmentIndex(segment % streets.len() as u32),
            fraction, gap_m: 4.0, leads,
        }).collect();
        Site { streets, junctions: junctions.into_iter().map(|(x, y)| [9.0 + x, 47.0 + y]).collect(), house, anchors }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn between_rooms_and_streets_no_step_makes_a_way_shorter(
        town in any_place(), surveyed in any::<bool>(), room in 0..10_u32, street in 0..20_usize, share in 0.0..=1.0_f64,
    ) {
        let joined = town.joined(surveyed);
        let room = SpaceIndex(room % town.house.spaces().len() as u32);
        let street = street % town.streets.len();
        let inside = Place::Space(BuildingIndex(0), room);
        let outside = Place::Street(SegmentIndex(street as u32), share);
        for (from, to, is_out) in [(inside, outside, true), (outside, inside, false)] {
            let found = joined.route(from, to, &JourneyOptions::default(), &AsBuilt);
            let found_m = found.as_ref().map_or(f64::INFINITY, |j| j.effort_m);
            let least_m = plain(&town, &joined, room, (street, share), is_out);
            prop_assert!(found_m == least_m || (found_m - least_m).abs() < 1e-6, "{is_out} {found_m} {least_m} {found:?}");
        }
    }
}
