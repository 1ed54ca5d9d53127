//! One building during one question: what may be used, and where each portal leads on.

use super::search::{Frontier, START};
use super::walk::{crossing_cost, end_in, leg};
use super::{Route, RouteOptions, Target};
use crate::graph::{Belief, Graph, Portal, PortalIndex, PortalKind, SpaceIndex, SpaceKind};
use crate::passability::{BuildingIndex, Passability};
use std::cell::RefCell;

/// A portal just crossed and the space then entered; `None` is the outside.
pub(crate) type Crossing = (PortalIndex, Option<SpaceIndex>);

/// Where a stretch indoors begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    In(SpaceIndex),
    Outside,
}

/// Somebody in a space: where in it, and by which portal they came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    pub(crate) space: SpaceIndex,
    at: Option<[f64; 3]>,
    by: Option<PortalIndex>,
}

/// Node 2 p + k of a search is "portal p crossed into its k-th space"; k = 1 of a portal with one
/// space is the outside.
pub(crate) struct Indoors<'g> {
    graph: &'g Graph,
    building: BuildingIndex,
    options: RouteOptions,
    now: &'g dyn Passability,
    /// Where the way ends, if in this building.
    goal: Option<SpaceIndex>,
    /// What was found of each portal and space, so that `now` is asked once.
    portals: RefCell<Vec<Option<bool>>>,
    spaces: RefCell<Vec<Option<bool>>>,
    entered: RefCell<Entered>,
}

/// For each space the cheapest way in so far: at which effort and where. From there one walks to
/// any other point of the space; who comes in elsewhere at more than that effort brings nothing
/// new, so that a corridor of sixty doors is looked at once or twice and not sixty times.
pub(crate) struct Entered(Vec<Option<(f64, [f64; 3])>>);

impl Entered {
    pub(crate) fn new(spaces: usize) -> Self {
        Self(vec![None; spaces])
    }

    /// Whether to look on from a point of a space that is reached at this effort. Where a
    /// position is not known, nothing can be compared.
    pub(crate) fn is_news(
        &mut self,
        space: SpaceIndex,
        at: Option<[f64; 3]>,
        effort_m: f64,
    ) -> bool {
        let best = &mut self.0[space.0 as usize];
        match (*best, at) {
            (Some((least_m, there)), Some(_)) => {
                let is_news = least_m + leg(Some(there), at).metres > effort_m;
                if effort_m < least_m {
                    *best = at.map(|at| (effort_m, at));
                }
                is_news
            }
            (None, Some(at)) => {
                *best = Some((effort_m, at));
                true
            }
            (_, None) => true,
        }
    }
}

impl<'g> Indoors<'g> {
    pub(crate) fn new(
        graph: &'g Graph,
        building: BuildingIndex,
        options: RouteOptions,
        now: &'g dyn Passability,
        goal: Option<SpaceIndex>,
    ) -> Self {
        Self {
            graph,
            building,
            options,
            now,
            goal,
            portals: RefCell::new(vec![None; graph.portals().len()]),
            spaces: RefCell::new(vec![None; graph.spaces().len()]),
            entered: RefCell::new(Entered::new(graph.spaces().len())),
        }
    }

    /// The portals to cross from a space to a target, by Dijkstra's search.
    pub(crate) fn search(&self, from: SpaceIndex, to: Target) -> Option<Vec<Crossing>> {
        let mut frontier = Frontier::new(self.graph.portals().len() * 2);
        self.ways_on(self.standing_in(from), 0.0, |node, effort_m| {
            frontier.offer(node, effort_m, 0.0, START);
        });
        while let Some(reached) = frontier.next() {
            let (portal, space) = self.crossing(reached.node);
            let arrived = match to {
                Target::Outside => space.is_none(),
                Target::Space(wanted) => space == Some(wanted),
            };
            if arrived {
                let path = frontier.path_to(reached.node).into_iter();
                return Some(path.map(|node| self.crossing(node)).collect());
            }
            if let Some(space) = space {
                let standing = self.standing_behind(portal, space);
                self.ways_on(standing, reached.effort_m, |node, effort_m| {
                    frontier.offer(node, effort_m, 0.0, reached.node);
                });
            }
        }
        None
    }

    pub(crate) fn crossing(&self, node: u32) -> Crossing {
        let portal = PortalIndex(node / 2);
        let spaces = &self.graph.portal(portal).spaces;
        (portal, spaces.get(node as usize % 2).copied())
    }

    pub(crate) fn standing_in(&self, space: SpaceIndex) -> Standing {
        let at = self.graph.space(space).position;
        Standing {
            space,
            at,
            by: None,
        }
    }

    pub(crate) fn standing_behind(&self, portal: PortalIndex, space: SpaceIndex) -> Standing {
        Standing {
            space,
            at: end_in(self.graph.portal(portal), space),
            by: Some(portal),
        }
    }

    /// Every way on from a space reached at an effort: the node that it leads to and the effort
    /// up to there; none where the space was reached better before.
    pub(crate) fn ways_on(&self, from: Standing, effort_m: f64, mut offer: impl FnMut(u32, f64)) {
        if !self
            .entered
            .borrow_mut()
            .is_news(from.space, from.at, effort_m)
        {
            return;
        }
        for &portal in self.graph.portals_of(from.space) {
            if from.by == Some(portal) {
                continue;
            }
            if let Some((node, cross_m)) = self.way_through(portal, from.space) {
                let walk = leg(from.at, end_in(self.graph.portal(portal), from.space));
                offer(node, effort_m + walk.metres + cross_m);
            }
        }
    }

    /// Every way out of a space for those who stand right at its portals.
    pub(crate) fn ways_from_doors(&self, space: SpaceIndex, mut offer: impl FnMut(u32, f64)) {
        let portals = self.graph.portals_of(space).iter();
        for (node, cross_m) in portals.filter_map(|p| self.way_through(*p, space)) {
            offer(node, cross_m);
        }
    }

    /// The crossing of a portal out of a space and its effort, if it may be used.
    fn way_through(&self, portal: PortalIndex, from: SpaceIndex) -> Option<(u32, f64)> {
        let p = self.graph.portal(portal);
        if !self.admits_portal(portal) {
            return None;
        }
        let k = match self.graph.across(portal, from) {
            // A room with one door leads nowhere: most rooms of most buildings.
            Some(next) if self.goal != Some(next) && self.graph.portals_of(next).len() < 2 => {
                return None;
            }
            Some(next) => self
                .admits_space(next)
                .then(|| u32::from(p.spaces[1] == next))?,
            None => p.is_exit().then_some(1)?,
        };
        Some((portal.0 * 2 + k, crossing_cost(p).effort_m))
    }

    /// The space that an exit leads into, where it may be entered from outside.
    pub(crate) fn admits_entry(&self, exit: PortalIndex) -> bool {
        let p = self.graph.portal(exit);
        p.is_exit() && self.admits_portal(exit) && self.admits_space(p.spaces[0])
    }

    /// The effort still ahead to a space behind each crossing, by node, for those who stay inside,
    /// as far as it is less than that of the first node for which `is_far_enough`; for others a
    /// lower bound, infinite where there is no way. The search of [`Indoors::search`] run backwards.
    pub(crate) fn efforts_to(
        &self,
        goal: SpaceIndex,
        is_far_enough: impl Fn(u32) -> bool,
    ) -> Vec<f64> {
        let mut efforts = vec![f64::INFINITY; self.graph.portals().len() * 2];
        let mut frontier = Frontier::new(efforts.len());
        let mut left = Entered::new(self.graph.spaces().len());
        if self.admits_space(goal) {
            for &portal in self.graph.portals_of(goal) {
                frontier.offer(node_into(self.graph, portal, goal), 0.0, 0.0, START);
            }
        }
        while let Some(reached) = frontier.next() {
            efforts[reached.node as usize] = reached.effort_m;
            if is_far_enough(reached.node) {
                let known = efforts.iter_mut().filter(|e| e.is_infinite());
                known.for_each(|effort_m| *effort_m = reached.effort_m);
                break;
            }
            self.ways_back(
                reached.node,
                reached.effort_m,
                &mut left,
                |node, effort_m| {
                    frontier.offer(node, effort_m, 0.0, reached.node);
                },
            );
        }
        efforts
    }

    /// Every crossing that can come right before one, and the effort from there.
    fn ways_back(
        &self,
        node: u32,
        effort_m: f64,
        left: &mut Entered,
        mut offer: impl FnMut(u32, f64),
    ) {
        let portal = PortalIndex(node / 2);
        let p = self.graph.portal(portal);
        let behind = p.spaces.get(1 - node as usize % 2).copied();
        let Some(space) = behind.filter(|s| self.admits_portal(portal) && self.admits_space(*s))
        else {
            return;
        };
        let (at, onward_m) = (end_in(p, space), effort_m + crossing_cost(p).effort_m);
        if !left.is_news(space, at, onward_m) {
            return;
        }
        for &before in self.graph.portals_of(space) {
            if before != portal {
                let walk = leg(end_in(self.graph.portal(before), space), at);
                offer(node_into(self.graph, before, space), onward_m + walk.metres);
            }
        }
    }

    pub(crate) fn admits_portal(&self, portal: PortalIndex) -> bool {
        let known = self.portals.borrow()[portal.0 as usize];
        known.unwrap_or_else(|| {
            let p = self.graph.portal(portal);
            let yes = self.options.admits(self.works(portal))
                && (p.kind != PortalKind::LiftLink || self.options.admit_lifts)
                && !self.options.avoid_portals.contains(&portal);
            self.portals.borrow_mut()[portal.0 as usize] = Some(yes);
            yes
        })
    }

    pub(crate) fn admits_space(&self, space: SpaceIndex) -> bool {
        let known = self.spaces.borrow()[space.0 as usize];
        known.unwrap_or_else(|| {
            let yes = self.options.admits(self.can_be_in(space))
                && self.graph.space(space).kind != SpaceKind::Shaft
                && !self.options.avoid_spaces.contains(&space);
            self.spaces.borrow_mut()[space.0 as usize] = Some(yes);
            yes
        })
    }

    /// Whether a portal is there and can be passed now.
    pub(crate) fn works(&self, portal: PortalIndex) -> Belief {
        let p = self.graph.portal(portal);
        p.exists
            .and(self.now.portal(self.building, portal, p.passable))
    }

    fn can_be_in(&self, space: SpaceIndex) -> Belief {
        let s = self.graph.space(space);
        s.exists
            .and(self.now.space(self.building, space, s.passable))
    }

    /// What the portals crossed add up to.
    pub(crate) fn describe(&self, start: Start, crossed: &[Crossing]) -> Route {
        let mut route = Route {
            spaces: Vec::with_capacity(crossed.len() + 1),
            portals: crossed.iter().map(|c| c.0).collect(),
            length_m: 0.0,
            effort_m: 0.0,
            probability: 1.0,
            unknown_portals: Vec::new(),
            least_certain: None,
            unmeasured_legs: 0,
        };
        let mut standing = match start {
            Start::In(space) => Some(self.standing_in(space)),
            Start::Outside => None,
        };
        route.spaces.extend(standing.map(|s| s.space));
        let mut least = f64::INFINITY;
        for &(portal, next) in crossed {
            let p = self.graph.portal(portal);
            route.measure(p, standing);
            self.doubt(&mut route, portal, &mut least);
            if standing.is_none() || next.is_none() {
                route.probability *= known(p.leads_out);
            }
            if let Some(next) = next {
                route.probability *= known(self.can_be_in(next));
                route.spaces.push(next);
            }
            standing = next.map(|next| self.standing_behind(portal, next));
        }
        route
    }

    fn doubt(&self, route: &mut Route, portal: PortalIndex, least: &mut f64) {
        let works = self.works(portal);
        if works == Belief::Unknown {
            route.unknown_portals.push(portal);
        }
        route.probability *= known(works);
        let certainty = works.certainty();
        if certainty < *least {
            *least = certainty;
            route.least_certain = Some(portal);
        }
    }
}

/// The crossing of a portal into one of its spaces, or the end of it that lies there.
pub(crate) fn node_into(graph: &Graph, portal: PortalIndex, space: SpaceIndex) -> u32 {
    let second = graph.portal(portal).spaces.first() != Some(&space);
    portal.0 * 2 + u32::from(second)
}

/// What is not known does not enter a product; it is listed beside it.
fn known(belief: Belief) -> f64 {
    belief.probability().unwrap_or(1.0)
}

impl Route {
    /// Adds the walk through a space up to a portal, none when coming from outside, and through it.
    fn measure(&mut self, portal: &Portal, standing: Option<Standing>) {
        let cross = crossing_cost(portal);
        self.length_m += cross.length_m;
        self.effort_m += cross.effort_m;
        self.unmeasured_legs += usize::from(!cross.measured);
        if let Some(from) = standing {
            let walk = leg(from.at, end_in(portal, from.space));
            self.length_m += walk.metres;
            self.effort_m += walk.metres;
            self.unmeasured_legs += usize::from(!walk.measured);
        }
    }
}
