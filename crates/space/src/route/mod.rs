//! Ways through the building: the shortest from here to there or out, how likely it works, and
//! what to do if one door on it does not.
//!
//! A route is only as good as its doors. So each comes with the probability that all of them
//! work, the least certain one (the first to check), and the doors of which nothing is known,
//! which are used only when the caller asks for them and are then named.

pub(crate) mod indoors;
pub(crate) mod search;
pub(crate) mod walk;

use crate::graph::{Belief, Graph, PortalIndex, SpaceIndex, SpaceKind};
use crate::passability::{AsBuilt, BuildingIndex, Passability};
use indoors::{Indoors, Start};

pub use walk::STAIR_FACTOR;

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

impl RouteOptions {
    /// Whether something believed this far may be relied on.
    pub(crate) fn admits(&self, belief: Belief) -> bool {
        belief.is_admitted(self.admit_unknown, self.probability_min)
    }
}

/// A way.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Spaces in order, the first being where it starts.
    pub spaces: Vec<SpaceIndex>,
    /// Portals in the order of crossing: one fewer than spaces, and one more for each end that
    /// lies outside.
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
        self.route_now(from, to, options, &AsBuilt)
    }

    /// The shortest route by what is believed now of passing each portal and space. The building
    /// that `now` is asked about is number 0.
    pub fn route_now(
        &self,
        from: SpaceIndex,
        to: Target,
        options: &RouteOptions,
        now: &dyn Passability,
    ) -> Option<Route> {
        if from.0 as usize >= self.spaces().len() {
            return None;
        }
        let goal = match to {
            Target::Space(space) => Some(space),
            Target::Outside => None,
        };
        let indoors = Indoors::new(self, BuildingIndex(0), options.clone(), now, goal);
        let crossed = match to {
            Target::Space(space) if space == from => Vec::new(),
            _ => indoors.search(from, to)?,
        };
        Some(indoors.describe(Start::In(from), &crossed))
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
        let indoors = Indoors::new(self, BuildingIndex(0), options.clone(), &AsBuilt, None);
        let mut reached = vec![false; self.spaces().len()];
        let mut open: Vec<SpaceIndex> = Vec::new();
        for (i, portal) in self.portals().iter().enumerate() {
            if portal.is_exit() && indoors.admits_portal(PortalIndex(i as u32)) {
                open.extend(&portal.spaces);
            }
        }
        while let Some(space) = open.pop() {
            if reached[space.0 as usize] {
                continue;
            }
            reached[space.0 as usize] = true;
            // One can leave a space that one would not choose to walk through.
            if !indoors.admits_space(space) {
                continue;
            }
            for &portal in self.portals_of(space) {
                if indoors.admits_portal(portal) {
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

#[cfg(test)]
mod tests {
    use super::walk::STAIR_RUN_PER_RISE;
    use super::*;
    use crate::graph::{Portal, PortalKind, Space};
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

    /// The least effort to an exit by trying every step until nothing gets shorter (Bellman, Ford).
    fn least_effort_m(graph: &Graph, from: SpaceIndex) -> f64 {
        let works = |p: &Portal| matches!(p.works(), Belief::Known(q) if q >= 0.5);
        let far = |a: [f64; 3], b: [f64; 3]| (a[0] - b[0]).hypot(a[1] - b[1]);
        // Effort and place of those who stand in a space, by the portal they came through.
        let mut reached = vec![(from, graph.space(from).position.unwrap(), 0.0)];
        let mut least_m = vec![[f64::INFINITY; 2]; graph.portals().len()];
        let mut out_m = f64::INFINITY;
        while let Some((space, at, effort_m)) = reached.pop() {
            for &i in graph.portals_of(space) {
                let portal = graph.portal(i);
                let total_m = effort_m + far(at, portal.position.unwrap());
                if !works(portal) {
                    continue;
                }
                match graph.across(i, space) {
                    None => out_m = out_m.min(total_m),
                    Some(next) => {
                        let known =
                            &mut least_m[i.0 as usize][usize::from(portal.spaces[1] == next)];
                        if total_m < *known {
                            *known = total_m;
                            reached.push((next, portal.position.unwrap(), total_m));
                        }
                    }
                }
            }
        }
        out_m
    }

    proptest! {
        #[test]
        fn no_step_makes_a_route_shorter(graph in any_graph()) {
            for from in (0..graph.spaces().len() as u32).map(SpaceIndex) {
                let found = graph.route(from, Target::Outside, &RouteOptions::default());
                let found_m = found.map_or(f64::INFINITY, |r| r.effort_m);
                let least_m = least_effort_m(&graph, from);
                prop_assert!(found_m == least_m || (found_m - least_m).abs() < 1e-9, "{found_m} {least_m}");
            }
        }

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
