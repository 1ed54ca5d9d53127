//! Ways through the building: the shortest from here to there or out, how likely it works, and
//! what to do if one door on it does not.
//!
//! A route is only as good as its doors. So each comes with the probability that all of them
//! work, the least certain one (the first to check), and the doors of which nothing is known,
//! which are used only when the caller asks for them and are then named.

use crate::graph::{Belief, Graph, Portal, PortalIndex, PortalKind, SpaceIndex, SpaceKind};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// How many metres of level floor one metre along a stair's slope is worth: walking speed goes
/// with k = 1.40 on the level and k = 1.08 on a stair of 7 by 11 inches (SFPE Handbook of Fire
/// Protection Engineering, 5th edition, chapter 59, table of evacuation speed constants).
pub const STAIR_FACTOR: f64 = 1.40 / 1.08;

/// Slope of a stair of 7 inch risers and 11 inch treads: metres walked per metre climbed, used
/// where only the height of a link is known.
const STAIR_RUN_PER_RISE: f64 = 1.862;

/// Waiting and riding, expressed in metres of level floor: a lift is not worth it for one storey.
/// A judgement: 40 s at 1.2 m/s.
const LIFT_M: f64 = 48.0;

/// What a leg between points of which one is not known counts, in metres. A judgement, the
/// middle of common rooms; every such leg is counted in [`Route::unmeasured_legs`].
const UNMEASURED_LEG_M: f64 = 8.0;

/// Where to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A space.
    Space(SpaceIndex),
    /// Out of the building by any exit.
    Outside,
}

/// What the caller is ready to rely on.
#[derive(Clone, Debug)]
pub struct RouteOptions {
    /// Use portals and spaces of which nobody knows whether they exist or can be passed.
    pub admit_unknown: bool,
    /// Use nothing that is known to work with less than this probability, 0..=1.
    pub probability_min: f64,
    /// Use lifts. Off in a fire, unless they are firefighters' lifts.
    pub admit_lifts: bool,
    /// Portals not to be used.
    pub avoid_portals: Vec<PortalIndex>,
    /// Spaces not to be entered.
    pub avoid_spaces: Vec<SpaceIndex>,
}

impl Default for RouteOptions {
    fn default() -> Self {
        Self {
            admit_unknown: false,
            probability_min: 0.5,
            admit_lifts: false,
            avoid_portals: Vec::new(),
            avoid_spaces: Vec::new(),
        }
    }
}

/// A way.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Spaces in order, the first being where it starts.
    pub spaces: Vec<SpaceIndex>,
    /// Portals in the order of crossing: one fewer than spaces, or as many when it leads outside.
    pub portals: Vec<PortalIndex>,
    /// Walking distance in metres, stairs along their slope.
    pub length_m: f64,
    /// The same as metres of level floor, by [`STAIR_FACTOR`]; what is minimised.
    pub effort_m: f64,
    /// Probability that everything on it of which something is known works, taken as independent.
    pub probability: f64,
    /// Portals of which nobody knows; the probability says nothing of them.
    pub unknown_portals: Vec<PortalIndex>,
    /// The portal that is least certain to work, an unknown one before any known one.
    pub least_certain: Option<PortalIndex>,
    /// Legs whose length is assumed because a position is not known.
    pub unmeasured_legs: usize,
}

impl Graph {
    /// The shortest route, or `None` when there is none under these options.
    pub fn route(&self, from: SpaceIndex, to: Target, options: &RouteOptions) -> Option<Route> {
        if from.0 as usize >= self.spaces().len() {
            return None;
        }
        let search = Search {
            graph: self,
            options,
        };
        if to == Target::Space(from) {
            return Some(search.assemble(from, &[]));
        }
        let crossed = search.run(from, to)?;
        Some(search.assemble(from, &crossed))
    }

    /// For each portal of a route, the shortest route that does without it; `None` where the
    /// portal is the only way.
    pub fn alternatives(
        &self,
        route: &Route,
        to: Target,
        options: &RouteOptions,
    ) -> Vec<(PortalIndex, Option<Route>)> {
        let Some(&from) = route.spaces.first() else {
            return Vec::new();
        };
        route
            .portals
            .iter()
            .map(|&portal| {
                let mut without = options.clone();
                without.avoid_portals.push(portal);
                (portal, self.route(from, to, &without))
            })
            .collect()
    }

    /// Spaces that cannot reach an exit under these options, rising. Shafts are left out: nobody
    /// is in them. One search from all exits at once.
    pub fn cut_off(&self, options: &RouteOptions) -> Vec<SpaceIndex> {
        let search = Search {
            graph: self,
            options,
        };
        let mut reached = vec![false; self.spaces().len()];
        let mut open: Vec<SpaceIndex> = Vec::new();
        for (i, portal) in self.portals().iter().enumerate() {
            if portal.is_exit() && search.admits_portal(PortalIndex(i as u32)) {
                open.extend(&portal.spaces);
            }
        }
        while let Some(space) = open.pop() {
            if reached[space.0 as usize] {
                continue;
            }
            reached[space.0 as usize] = true;
            // One can leave a space that one would not choose to walk through.
            if !search.admits_space(space) {
                continue;
            }
            for &portal in self.portals_of(space) {
                if search.admits_portal(portal) {
                    open.extend(self.across(portal, space));
                }
            }
        }
        (0..reached.len() as u32)
            .map(SpaceIndex)
            .filter(|s| !reached[s.0 as usize] && self.space(*s).kind != SpaceKind::Shaft)
            .collect()
    }
}

struct Search<'g> {
    graph: &'g Graph,
    options: &'g RouteOptions,
}

/// A portal just crossed and the space then entered; `None` is the outside.
type Crossing = (PortalIndex, Option<SpaceIndex>);

#[derive(PartialEq)]
struct Open {
    effort_m: f64,
    node: u32,
}

impl Eq for Open {}

impl Ord for Open {
    /// The least effort comes first out of the heap; equal efforts in order of node, so that the
    /// result never depends on the heap.
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .effort_m
            .total_cmp(&self.effort_m)
            .then(other.node.cmp(&self.node))
    }
}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Search<'_> {
    fn admits(&self, belief: Belief) -> bool {
        match belief {
            Belief::Unknown => self.options.admit_unknown,
            Belief::Known(p) => p >= self.options.probability_min,
        }
    }

    fn admits_portal(&self, portal: PortalIndex) -> bool {
        let p = self.graph.portal(portal);
        self.admits(p.works())
            && (p.kind != PortalKind::LiftLink || self.options.admit_lifts)
            && !self.options.avoid_portals.contains(&portal)
    }

    fn admits_space(&self, space: SpaceIndex) -> bool {
        let s = self.graph.space(space);
        self.admits(s.exists.and(s.passable))
            && s.kind != SpaceKind::Shaft
            && !self.options.avoid_spaces.contains(&space)
    }

    /// Dijkstra (Numerische Mathematik 1, 1959) over crossings: node 2 p + k is "portal p crossed
    /// into its k-th space", with k = 1 also for the outside.
    fn run(&self, from: SpaceIndex, to: Target) -> Option<Vec<Crossing>> {
        let n = self.graph.portals().len() * 2;
        let mut best = vec![f64::INFINITY; n];
        let mut before = vec![u32::MAX; n];
        let mut heap = BinaryHeap::new();
        let start = self.graph.space(from).position;
        self.relax(
            from,
            start,
            0.0,
            u32::MAX,
            &mut best,
            &mut before,
            &mut heap,
        );
        while let Some(Open { effort_m, node }) = heap.pop() {
            if effort_m > best[node as usize] {
                continue;
            }
            let (portal, space) = self.crossing(node);
            let arrived = match to {
                Target::Outside => space.is_none(),
                Target::Space(wanted) => space == Some(wanted),
            };
            if arrived {
                let mut crossed = Vec::new();
                let mut at = node;
                while at != u32::MAX {
                    crossed.push(self.crossing(at));
                    at = before[at as usize];
                }
                crossed.reverse();
                return Some(crossed);
            }
            if let Some(space) = space {
                let here = end_in(self.graph.portal(portal), space);
                self.relax(
                    space,
                    here,
                    effort_m,
                    node,
                    &mut best,
                    &mut before,
                    &mut heap,
                );
            }
        }
        None
    }

    fn crossing(&self, node: u32) -> Crossing {
        let portal = PortalIndex(node / 2);
        let spaces = &self.graph.portal(portal).spaces;
        (
            portal,
            spaces
                .get(node as usize % 2)
                .copied()
                .filter(|_| spaces.len() == 2),
        )
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the state of one search, in its one inner loop"
    )]
    fn relax(
        &self,
        space: SpaceIndex,
        here: Option<[f64; 3]>,
        effort_m: f64,
        by: u32,
        best: &mut [f64],
        before: &mut [u32],
        heap: &mut BinaryHeap<Open>,
    ) {
        for &portal in self.graph.portals_of(space) {
            if by != u32::MAX && portal.0 == by / 2 || !self.admits_portal(portal) {
                continue;
            }
            let p = self.graph.portal(portal);
            let k = match self.graph.across(portal, space) {
                Some(next) if self.admits_space(next) => usize::from(p.spaces[1] == next),
                None if p.is_exit() => 1,
                _ => continue,
            };
            let (walk, cross) = (leg(here, end_in(p, space)), crossing_cost(p));
            let total = effort_m + walk.metres + cross.effort_m;
            let node = portal.0 as usize * 2 + k;
            if total < best[node] {
                best[node] = total;
                before[node] = by;
                heap.push(Open {
                    effort_m: total,
                    node: node as u32,
                });
            }
        }
    }

    fn assemble(&self, from: SpaceIndex, crossed: &[Crossing]) -> Route {
        let mut route = Route {
            spaces: vec![from],
            portals: Vec::new(),
            length_m: 0.0,
            effort_m: 0.0,
            probability: 1.0,
            unknown_portals: Vec::new(),
            least_certain: None,
            unmeasured_legs: 0,
        };
        let mut here = self.graph.space(from).position;
        let mut space = from;
        let mut least = f64::INFINITY;
        for &(portal, next) in crossed {
            let p = self.graph.portal(portal);
            let (walk, cross) = (leg(here, end_in(p, space)), crossing_cost(p));
            route.length_m += walk.metres + cross.length_m;
            route.effort_m += walk.metres + cross.effort_m;
            route.unmeasured_legs += usize::from(!walk.measured) + usize::from(!cross.measured);
            route.portals.push(portal);
            let certainty = match p.works() {
                Belief::Unknown => {
                    route.unknown_portals.push(portal);
                    -1.0
                }
                Belief::Known(q) => q,
            };
            if certainty < least {
                least = certainty;
                route.least_certain = Some(portal);
            }
            route.probability *= p.works().probability().unwrap_or(1.0);
            match next {
                Some(next) => {
                    let s = self.graph.space(next);
                    route.probability *= s.exists.and(s.passable).probability().unwrap_or(1.0);
                    route.spaces.push(next);
                    here = end_in(p, next);
                    space = next;
                }
                None => route.probability *= p.leads_out.probability().unwrap_or(1.0),
            }
        }
        route
    }
}

struct Leg {
    metres: f64,
    measured: bool,
}

/// The straight way between two points of one space: the shortest it can be.
fn leg(a: Option<[f64; 3]>, b: Option<[f64; 3]>) -> Leg {
    match (a, b) {
        (Some(a), Some(b)) => Leg {
            metres: (a[0] - b[0]).hypot(a[1] - b[1]),
            measured: true,
        },
        _ => Leg {
            metres: UNMEASURED_LEG_M,
            measured: false,
        },
    }
}

struct Cost {
    length_m: f64,
    effort_m: f64,
    measured: bool,
}

/// What crossing the portal itself costs: nothing for a door, the flight for a stair.
fn crossing_cost(portal: &Portal) -> Cost {
    let rise = match (portal.position, portal.far_position) {
        (Some(a), Some(b)) => Some((b[2] - a[2]).abs()),
        _ => None,
    };
    match portal.kind {
        PortalKind::StairLink => {
            // Where only one end is known, a common storey of 3.2 m is assumed and counted.
            let length_m = rise.unwrap_or(3.2) * STAIR_RUN_PER_RISE;
            Cost {
                length_m,
                effort_m: length_m * STAIR_FACTOR,
                measured: rise.is_some(),
            }
        }
        PortalKind::LiftLink => Cost {
            length_m: 0.0,
            effort_m: LIFT_M,
            measured: true,
        },
        _ => Cost {
            length_m: 0.0,
            effort_m: 0.0,
            measured: true,
        },
    }
}

/// The end of the portal that lies in `space`. Links have two: the first in their first space,
/// the far one in their second. Other portals have one.
fn end_in(portal: &Portal, space: SpaceIndex) -> Option<[f64; 3]> {
    let second = portal.spaces.get(1) == Some(&space);
    let is_link = matches!(portal.kind, PortalKind::StairLink | PortalKind::LiftLink);
    portal
        .far_position
        .filter(|_| is_link && second)
        .or(portal.position)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Space;
    use proptest::prelude::*;

    /// Five rooms in a row, doors 5 m apart, an exit at each end; the middle door is given.
    fn row(middle: Portal) -> Graph {
        let space = |x: f64| Space {
            position: Some([x, 0.0, 0.0]),
            exists: Belief::CERTAIN,
            passable: Belief::CERTAIN,
            ..Space::default()
        };
        let door = |x: f64, spaces: &[u32], p: f64| Portal {
            spaces: spaces.iter().map(|&s| SpaceIndex(s)).collect(),
            position: Some([x, 0.0, 0.0]),
            exists: Belief::CERTAIN,
            passable: Belief::Known(p),
            leads_out: if spaces.len() == 1 {
                Belief::Known(0.9)
            } else {
                Belief::Known(0.0)
            },
            ..Portal::default()
        };
        let portals = vec![
            door(0.0, &[0], 1.0),
            door(5.0, &[0, 1], 0.9),
            Portal {
                position: Some([10.0, 0.0, 0.0]),
                ..middle
            },
            door(15.0, &[2, 3], 0.8),
            door(20.0, &[3], 1.0),
        ];
        Graph::new([2.5, 7.5, 12.5, 17.5].map(space).to_vec(), portals)
    }

    fn middle(passable: Belief) -> Portal {
        Portal {
            spaces: vec![SpaceIndex(1), SpaceIndex(2)],
            exists: Belief::CERTAIN,
            passable,
            ..Portal::default()
        }
    }

    #[test]
    fn the_nearest_exit_and_how_likely_it_works() {
        let graph = row(middle(Belief::Known(0.7)));
        let route = graph
            .route(SpaceIndex(1), Target::Outside, &RouteOptions::default())
            .unwrap();
        assert_eq!(route.portals, [PortalIndex(1), PortalIndex(0)]);
        assert!((route.length_m - 7.5).abs() < 1e-9);
        assert!((route.probability - 0.9 * 0.9).abs() < 1e-9);
        assert_eq!(route.least_certain, Some(PortalIndex(1)));
        let others = graph.alternatives(&route, Target::Outside, &RouteOptions::default());
        assert_eq!(
            others[0].1.as_ref().unwrap().portals.last(),
            Some(&PortalIndex(4))
        );
    }

    #[test]
    fn a_door_nobody_knows_is_used_only_when_asked_for() {
        let graph = row(middle(Belief::Unknown));
        let to = Target::Space(SpaceIndex(3));
        assert_eq!(
            graph.route(SpaceIndex(0), to, &RouteOptions::default()),
            None
        );
        let ask = RouteOptions {
            admit_unknown: true,
            ..RouteOptions::default()
        };
        let route = graph.route(SpaceIndex(0), to, &ask).unwrap();
        assert_eq!(route.unknown_portals, [PortalIndex(2)]);
        assert_eq!(route.least_certain, Some(PortalIndex(2)));
    }

    #[test]
    fn rooms_behind_a_blocked_door_are_cut_off() {
        let graph = row(middle(Belief::Known(0.1)));
        let mut options = RouteOptions::default();
        assert_eq!(graph.cut_off(&options), []);
        options.avoid_portals = vec![PortalIndex(4)];
        assert_eq!(graph.cut_off(&options), [SpaceIndex(2), SpaceIndex(3)]);
    }

    #[test]
    fn a_stair_costs_more_than_its_length() {
        let space = || Space {
            position: Some([0.0; 3]),
            exists: Belief::CERTAIN,
            passable: Belief::CERTAIN,
            ..Space::default()
        };
        let stair = Portal {
            kind: PortalKind::StairLink,
            spaces: vec![SpaceIndex(0), SpaceIndex(1)],
            position: Some([3.0, 4.0, 0.0]),
            far_position: Some([8.0, 4.0, 3.0]),
            exists: Belief::CERTAIN,
            passable: Belief::CERTAIN,
            ..Portal::default()
        };
        let graph = Graph::new(vec![space(), space()], vec![stair]);
        let to = Target::Space(SpaceIndex(1));
        let route = graph
            .route(SpaceIndex(0), to, &RouteOptions::default())
            .unwrap();
        assert!((route.length_m - (5.0 + 3.0 * STAIR_RUN_PER_RISE)).abs() < 1e-9);
        assert!(route.effort_m > route.length_m);
        assert_eq!(route.unmeasured_legs, 0);
    }

    prop_compose! {
        fn any_graph()(
            places in proptest::collection::vec((0.0..100.0_f64, 0.0..100.0_f64), 2..12),
            doors in proptest::collection::vec((0..12_u32, 0..12_u32, 0.0..1.0_f64, any::<bool>()), 1..30),
        ) -> Graph {
            let n = places.len() as u32;
            let spaces = places.iter().map(|&(x, y)| Space {
                position: Some([x, y, 0.0]), exists: Belief::CERTAIN, passable: Belief::CERTAIN, ..Space::default()
            }).collect();
            let portals = doors.iter().map(|&(a, b, p, known)| {
                let (a, b) = (a % n, b % n);
                let spaces = if a == b { vec![SpaceIndex(a)] } else { vec![SpaceIndex(a), SpaceIndex(b)] };
                Portal {
                    spaces, position: Some([f64::from(a), f64::from(b), 0.0]),
                    exists: Belief::CERTAIN, leads_out: Belief::Known(1.0),
                    passable: if known { Belief::Known(p) } else { Belief::Unknown },
                    ..Portal::default()
                }
            }).collect();
            Graph::new(spaces, portals)
        }
    }

    proptest! {
        #[test]
        fn a_route_is_a_walk_and_asking_for_more_never_makes_it_longer(graph in any_graph()) {
            let strict = RouteOptions::default();
            let lenient = RouteOptions { admit_unknown: true, probability_min: 0.0, ..strict.clone() };
            for i in 0..graph.spaces().len() as u32 {
                let from = SpaceIndex(i);
                let a = graph.route(from, Target::Outside, &strict);
                let b = graph.route(from, Target::Outside, &lenient);
                prop_assert_eq!(a.is_none(), graph.cut_off(&strict).contains(&from));
                if let Some(a) = &a {
                    prop_assert!(a.unknown_portals.is_empty());
                    prop_assert!(b.as_ref().unwrap().effort_m <= a.effort_m + 1e-9);
                    for (k, portal) in a.portals.iter().enumerate() {
                        prop_assert!(graph.portal(*portal).spaces.contains(&a.spaces[k]));
                        if let Some(next) = a.spaces.get(k + 1) {
                            prop_assert_eq!(graph.across(*portal, a.spaces[k]), Some(*next));
                        }
                    }
                    for (avoided, other) in graph.alternatives(a, Target::Outside, &strict) {
                        if let Some(other) = other {
                            prop_assert!(!other.portals.contains(&avoided));
                            prop_assert!(other.effort_m >= a.effort_m - 1e-9);
                        }
                    }
                }
            }
        }
    }
}
