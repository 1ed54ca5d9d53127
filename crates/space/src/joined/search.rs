//! The search through buildings and streets at once.
//!
//! Its nodes are the junctions, the points where anchors meet a segment, the goal, and the
//! crossings of portals as inside one building. Along a street the search is drawn towards the
//! goal: no way is shorter than the straight line.

use super::ahead::{Ahead, Exits};
use super::nodes::Node;
use super::{AnchorIndex, Joined, JourneyOptions, Link};
use crate::graph::{Belief, PortalIndex, SpaceIndex};
use crate::passability::{BuildingIndex, Passability};
use crate::route::indoors::Indoors;
use crate::route::search::{Frontier, Reached, START};
use crate::streets::landmarks::Distances;
use crate::streets::{JunctionIndex, Near, SegmentIndex};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// How many streets are looked at to find one that may be used.
const NEAREST_MAX: usize = 64;

/// Of how many nodes around a place on a street it is looked whether closed streets enclose them.
const POCKET_MAX: usize = 128;

/// A place found in the lists.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Spot {
    Space(BuildingIndex, SpaceIndex),
    /// On a segment, with the metres between the place asked for and the segment.
    Street {
        segment: SegmentIndex,
        fraction: f64,
        off_m: f64,
    },
    Any,
}

impl Spot {
    pub(super) fn building(self) -> Option<BuildingIndex> {
        match self {
            Self::Space(building, _) => Some(building),
            _ => None,
        }
    }
}

/// A step to a node.
#[derive(Clone, Copy)]
struct Way {
    to: u32,
    effort_m: f64,
    /// The street that it follows: whether that is open is asked last.
    along: Option<SegmentIndex>,
}

impl Way {
    fn along(segment: SegmentIndex, to: u32, effort_m: f64) -> Self {
        Self {
            to,
            effort_m,
            along: Some(segment),
        }
    }

    /// Where whoever offers it has seen that it is open.
    fn inside(to: u32, effort_m: f64) -> Self {
        Self {
            to,
            effort_m,
            along: None,
        }
    }

    fn after(self, effort_m: f64) -> Self {
        Self {
            effort_m: self.effort_m + effort_m,
            ..self
        }
    }
}

/// One question.
pub(super) struct Search<'j> {
    pub(super) joined: &'j Joined,
    pub(super) options: &'j JourneyOptions,
    now: &'j dyn Passability,
    from: Spot,
    to: Spot,
    /// Who goes from a street to a room is looked for from the room: a building has few exits, and
    /// from inside it is known which of them is near. `from` is then where the way ends.
    is_inward: bool,
    ahead: Option<Ahead>,
    /// In the building where the way begins, if it ends elsewhere.
    exits: Option<Exits>,
    avoided_streets: Vec<SegmentIndex>,
    avoided_anchors: Vec<AnchorIndex>,
    /// The buildings at either end.
    at_ends: Vec<(BuildingIndex, Rc<Indoors<'j>>)>,
    /// Those on the way.
    between: RefCell<BTreeMap<BuildingIndex, Rc<Indoors<'j>>>>,
}

impl<'j> Search<'j> {
    pub(super) fn new(
        joined: &'j Joined,
        options: &'j JourneyOptions,
        now: &'j dyn Passability,
        from: Spot,
        to: Spot,
    ) -> Self {
        let is_inward =
            !options.through_buildings && from.building().is_none() && to.building().is_some();
        let (from, to) = if is_inward { (to, from) } else { (from, to) };
        let mut search = Self {
            joined,
            options,
            now,
            from,
            to,
            is_inward,
            ahead: None,
            exits: None,
            avoided_streets: Vec::new(),
            avoided_anchors: Vec::new(),
            at_ends: Vec::new(),
            between: RefCell::default(),
        };
        for link in &options.avoid {
            match *link {
                Link::Street(segment) => search.avoided_streets.push(segment),
                Link::Anchor(anchor) => search.avoided_anchors.push(anchor),
                _ => {}
            }
        }
        for building in [from, to].into_iter().filter_map(Spot::building) {
            let inside = Rc::new(search.look_into(building));
            search.at_ends.push((building, inside));
        }
        search.look_ahead();
        search
    }

    /// Where ways lead through any building, a building may be a short cut that no map shows: a
    /// lift has no length. Then nothing is known ahead.
    fn look_ahead(&mut self) {
        if self.options.through_buildings {
            return;
        }
        self.ahead = Ahead::to(self, self.to);
        if let Some(start) = self.from.building()
            && Some(start) != self.to.building()
        {
            self.exits = Some(Exits::of(self, start));
        }
    }

    /// The nodes of the way of least effort; none when it begins where it ends.
    pub(super) fn run(&self) -> Option<Vec<u32>> {
        if self.from == self.to {
            return Some(Vec::new());
        }
        if self.ahead.is_some() && self.is_enclosed() {
            return None;
        }
        let nodes = *self.joined.bases.last().unwrap_or(&0);
        let mut frontier = Frontier::new(nodes as usize);
        self.begin(&mut |way| {
            frontier.offer_if_better(way.to, way.effort_m, START, || self.ahead_on(way));
        });
        while let Some(reached) = frontier.next() {
            if self.has_arrived(reached.node) {
                return Some(self.as_asked(frontier.path_to(reached.node)));
            }
            self.ways_on(reached, &mut |way| {
                frontier.offer_if_better(way.to, way.effort_m, reached.node, || self.ahead_on(way));
            });
        }
        None
    }

    /// A way found from its end, turned round: a portal crossed out of a space is crossed into it.
    fn as_asked(&self, mut path: Vec<u32>) -> Vec<u32> {
        if self.is_inward {
            path.reverse();
            path.retain(|&node| node != self.joined.goal_node());
            for node in &mut path {
                if let Node::Crossing(building, crossing) = self.joined.node(*node) {
                    *node = self.joined.bases[building.0 as usize] + (crossing ^ 1);
                }
            }
        }
        path
    }

    /// Where the way begins and ends, as asked.
    pub(super) fn ends(&self) -> (Spot, Spot) {
        if self.is_inward {
            (self.to, self.from)
        } else {
            (self.from, self.to)
        }
    }

    /// Whether closed streets enclose the goal so tightly that a short walk from there sees it:
    /// else every street outside would be looked at in vain.
    fn is_enclosed(&self) -> bool {
        let Spot::Street {
            segment, fraction, ..
        } = self.to
        else {
            return false;
        };
        let begun = match self.from {
            Spot::Street { segment: s, .. } if s == segment => return false,
            from => self.joined.first_on_streets(from),
        };
        let mut seen = self.joined.nodes_beside(segment, fraction);
        let mut looked_at = 0;
        while let Some(&node) = seen.get(looked_at) {
            if seen.len() > POCKET_MAX || begun.contains(&node) {
                return false;
            }
            looked_at += 1;
            let reached = Reached {
                node,
                effort_m: 0.0,
            };
            self.ways_on(reached, &mut |way| {
                let is_open = way.along.is_none_or(|s| self.admits_street(s));
                if is_open && !seen.contains(&way.to) {
                    seen.push(way.to);
                }
            });
        }
        true
    }

    /// Distances from the streets' landmarks of where a way first comes onto the streets.
    pub(super) fn first_distances(&self) -> impl Iterator<Item = Distances> {
        let streets = &self.joined.streets;
        let (building, on_street) = match self.from {
            Spot::Space(building, _) => (Some(building), None),
            Spot::Street {
                segment, fraction, ..
            } => (None, Some((segment, fraction))),
            Spot::Any => (None, None),
        };
        let anchors = building
            .map_or(&[][..], |b| self.joined.anchors_of(b))
            .iter();
        let anchors = anchors
            .map(|&a| self.joined.anchor(a))
            .map(|a| (a.segment, a.fraction));
        anchors
            .chain(on_street)
            .filter_map(|(s, f)| streets.distances_on(s, f))
    }

    pub(super) fn ahead_of(&self, node: u32) -> f64 {
        let known = self.ahead.as_ref();
        match self.node(node) {
            Node::Junction(junction) => known.map_or(0.0, |a| a.of_junction(self.joined, junction)),
            Node::Anchor(anchor) => known.map_or(0.0, |a| a.of_anchor(self.joined, anchor)),
            Node::Crossing(b, crossing) if self.from.building() == Some(b) => {
                match (&self.exits, known) {
                    (Some(exits), _) => exits.ahead_of(self, b, crossing),
                    (None, ahead) => ahead.map_or(0.0, |a| a.of_crossing(crossing)),
                }
            }
            Node::Crossing(_, crossing) => known.map_or(0.0, |a| a.of_crossing(crossing)),
            Node::Goal => 0.0,
        }
    }

    fn has_arrived(&self, node: u32) -> bool {
        match (self.to, self.node(node)) {
            (Spot::Space(building, space), Node::Crossing(b, crossing)) => {
                b == building && self.indoors(b).crossing(crossing).1 == Some(space)
            }
            (Spot::Street { .. }, Node::Goal) | (Spot::Any, Node::Anchor(_)) => true,
            _ => false,
        }
    }

    /// How much is ahead of a way on; `None` where the way is closed.
    fn ahead_on(&self, way: Way) -> Option<f64> {
        let is_open = way.along.is_none_or(|s| self.admits_street(s));
        is_open.then(|| self.ahead_of(way.to))
    }

    fn begin(&self, offer: &mut dyn FnMut(Way)) {
        match self.from {
            Spot::Space(building, space) => {
                let indoors = self.indoors(building);
                let base = self.joined.bases[building.0 as usize];
                let mut inside = |n, m| offer(Way::inside(base + n, m));
                if !self.is_inward {
                    indoors.ways_on(indoors.standing_in(space), 0.0, inside);
                } else if indoors.admits_space(space) {
                    indoors.ways_from_doors(space, &mut inside);
                }
            }
            Spot::Street {
                segment, fraction, ..
            } => self.begin_on_street(segment, fraction, offer),
            Spot::Any => {
                let building = self.to.building();
                let anchors = building.map_or(&[][..], |b| self.joined.anchors_of(b));
                for &anchor in anchors.iter().filter(|a| self.admits_anchor(**a)) {
                    offer(Way::inside(self.joined.anchor_node(anchor), 0.0));
                }
            }
        }
    }

    fn begin_on_street(&self, segment: SegmentIndex, fraction: f64, offer: &mut dyn FnMut(Way)) {
        let gap = self.joined.gap(segment, fraction);
        for (node, metres) in self.joined.beside(segment, fraction, gap, gap) {
            offer(Way::along(segment, node, metres));
        }
        if let Spot::Street {
            segment: there,
            fraction: end,
            ..
        } = self.to
            && there == segment
            && self.joined.gap(segment, end) == gap
        {
            let metres = (end - fraction).abs() * self.joined.streets.effort_m(segment);
            offer(Way::along(segment, self.joined.goal_node(), metres));
        }
    }

    fn ways_on(&self, reached: Reached, offer: &mut dyn FnMut(Way)) {
        let mut further = |way: Way| offer(way.after(reached.effort_m));
        match self.node(reached.node) {
            Node::Junction(junction) => self.ways_from_junction(junction, &mut further),
            Node::Anchor(anchor) => self.ways_from_anchor(anchor, &mut further),
            Node::Goal => return,
            Node::Crossing(building, crossing) => {
                let indoors = self.indoors(building);
                let base = self.joined.bases[building.0 as usize];
                match indoors.crossing(crossing) {
                    (exit, None) => self.ways_out(building, exit, &mut further),
                    (portal, Some(space)) => {
                        let standing = indoors.standing_behind(portal, space);
                        indoors.ways_on(standing, reached.effort_m, |n, m| {
                            offer(Way::inside(base + n, m));
                        });
                    }
                }
                return;
            }
        }
        self.way_to_goal(reached.node, &mut further);
    }

    fn ways_from_junction(&self, junction: JunctionIndex, offer: &mut dyn FnMut(Way)) {
        let streets = &self.joined.streets;
        for hop in streets.hops(junction) {
            let effort_m = streets.effort_m(hop.segment);
            offer(Way::along(hop.segment, hop.to.0, effort_m));
            let anchors = self.joined.anchors_on(hop.segment);
            let [first, last] = streets.ends(hop.segment);
            let to = |a: AnchorIndex, share: f64| {
                let node = self.joined.anchor_node(a);
                Way::along(hop.segment, node, share * effort_m)
            };
            if let (Some(&a), true) = (anchors.first(), first == junction) {
                offer(to(a, self.joined.anchor(a).fraction));
            }
            if let (Some(&a), true) = (anchors.last(), last == junction) {
                offer(to(a, 1.0 - self.joined.anchor(a).fraction));
            }
        }
    }

    fn ways_from_anchor(&self, index: AnchorIndex, offer: &mut dyn FnMut(Way)) {
        let anchor = self.joined.anchor(index);
        let segment = anchor.segment;
        let rank = self.joined.rank(index);
        let beside = self.joined.beside(segment, anchor.fraction, rank, rank + 1);
        for (node, metres) in beside {
            offer(Way::along(segment, node, metres));
        }
        if self.may_enter(anchor.building) && self.admits_entry(index) {
            let base = self.joined.bases[anchor.building.0 as usize];
            offer(Way::inside(base + anchor.exit.0 * 2, anchor.gap_m));
        }
    }

    fn ways_out(&self, building: BuildingIndex, exit: PortalIndex, offer: &mut dyn FnMut(Way)) {
        for &anchor in self.joined.anchors_of_exit(building, exit) {
            if self.admits_anchor(anchor) {
                let gap_m = self.joined.anchor(anchor).gap_m;
                offer(Way::inside(self.joined.anchor_node(anchor), gap_m));
            }
        }
    }

    fn way_to_goal(&self, node: u32, offer: &mut dyn FnMut(Way)) {
        let Spot::Street {
            segment, fraction, ..
        } = self.to
        else {
            return;
        };
        if node >= self.joined.goal_node() {
            return;
        }
        let gap = self.joined.gap(segment, fraction);
        for (beside, metres) in self.joined.beside(segment, fraction, gap, gap) {
            if beside == node {
                offer(Way::along(segment, self.joined.goal_node(), metres));
            }
        }
    }

    fn may_enter(&self, building: BuildingIndex) -> bool {
        self.options.through_buildings || self.to.building() == Some(building)
    }

    pub(super) fn indoors(&self, building: BuildingIndex) -> Rc<Indoors<'j>> {
        if let Some((_, known)) = self.at_ends.iter().find(|e| e.0 == building) {
            return Rc::clone(known);
        }
        let mut between = self.between.borrow_mut();
        let made = between
            .entry(building)
            .or_insert_with(|| Rc::new(self.look_into(building)));
        Rc::clone(made)
    }

    fn look_into(&self, building: BuildingIndex) -> Indoors<'j> {
        let graph = &self.joined.buildings[building.0 as usize];
        let goal = match self.to {
            Spot::Space(b, space) if b == building => Some(space),
            _ => None,
        };
        let options = self.options.indoors(building);
        Indoors::new(graph, building, options, self.now, goal)
    }

    /// What a node stands for: mostly something on the streets or in the buildings at either end.
    fn node(&self, node: u32) -> Node {
        let bases = &self.joined.bases;
        let ends = self.at_ends.iter().map(|e| e.0);
        let within =
            |b: &BuildingIndex| (bases[b.0 as usize]..bases[b.0 as usize + 1]).contains(&node);
        let end = ends.into_iter().find(within);
        match end {
            Some(building) => Node::Crossing(building, node - bases[building.0 as usize]),
            None => self.joined.node(node),
        }
    }

    pub(super) fn walkable(&self, segment: SegmentIndex) -> Belief {
        let built = self.joined.streets.walkable(segment);
        self.now.street(segment, built)
    }

    pub(super) fn admits_street(&self, segment: SegmentIndex) -> bool {
        self.admits(self.walkable(segment), self.options.probability_min)
            && !self.avoided_streets.contains(&segment)
    }

    pub(super) fn admits_anchor(&self, index: AnchorIndex) -> bool {
        let anchor = self.joined.anchor(index);
        self.admits(anchor.leads, self.options.anchor_probability_min)
            && !self.avoided_anchors.contains(&index)
            && self.admits_street(anchor.segment)
    }

    /// Whether an anchor may be used to enter its building.
    pub(super) fn admits_entry(&self, index: AnchorIndex) -> bool {
        let anchor = self.joined.anchor(index);
        let indoors = self.indoors(anchor.building);
        self.admits_anchor(index) && indoors.admits_entry(anchor.exit)
    }

    fn admits(&self, belief: Belief, probability_min: f64) -> bool {
        belief.is_admitted(self.options.admit_unknown, probability_min)
    }
}

impl Joined {
    /// The nearest street that may be used.
    pub(super) fn nearest_walkable(
        &self,
        at: [f64; 2],
        options: &JourneyOptions,
        now: &dyn Passability,
    ) -> Option<Near> {
        let near = self
            .streets
            .nearest(at, options.nearest_radius_m, NEAREST_MAX);
        near.into_iter().find(|near| {
            let walkable = now.street(near.segment, self.streets.walkable(near.segment));
            walkable.is_admitted(options.admit_unknown, options.probability_min)
                && !options.avoid.contains(&Link::Street(near.segment))
        })
    }
}
