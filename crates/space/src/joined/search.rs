//! The search through buildings and streets at once.
//!
//! Its nodes are the junctions, the points where anchors meet a segment, the goal, and the
//! crossings of portals as inside one building. Along a street the search is drawn towards the
//! goal: no way is shorter than the straight line.

use super::ahead::Ahead;
use super::{AnchorIndex, Joined, JourneyOptions, Link};
use crate::graph::{Belief, PortalIndex, SpaceIndex};
use crate::passability::{BuildingIndex, Passability};
use crate::route::indoors::Indoors;
use crate::route::search::{Frontier, Reached, START};
use crate::streets::{JunctionIndex, Near, SegmentIndex};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// How many streets are looked at to find one that may be used.
const NEAREST_MAX: usize = 64;

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

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Node {
    Junction(JunctionIndex),
    Anchor(AnchorIndex),
    Goal,
    /// A crossing of a building's own search.
    Crossing(BuildingIndex, u32),
}

/// One question.
pub(super) struct Search<'j> {
    pub(super) joined: &'j Joined,
    options: &'j JourneyOptions,
    now: &'j dyn Passability,
    pub(super) from: Spot,
    pub(super) to: Spot,
    ahead: Option<Ahead>,
    /// The bound anywhere in the building where the way begins, if it ends in another.
    ahead_of_start_m: f64,
    avoided_streets: Vec<SegmentIndex>,
    avoided_anchors: Vec<AnchorIndex>,
    indoors: RefCell<BTreeMap<BuildingIndex, Rc<Indoors<'j>>>>,
}

impl<'j> Search<'j> {
    pub(super) fn new(
        joined: &'j Joined,
        options: &'j JourneyOptions,
        now: &'j dyn Passability,
        from: Spot,
        to: Spot,
    ) -> Self {
        let mut search = Self {
            joined,
            options,
            now,
            from,
            to,
            ahead: None,
            ahead_of_start_m: 0.0,
            avoided_streets: Vec::new(),
            avoided_anchors: Vec::new(),
            indoors: RefCell::default(),
        };
        for link in &options.avoid {
            match *link {
                Link::Street(segment) => search.avoided_streets.push(segment),
                Link::Anchor(anchor) => search.avoided_anchors.push(anchor),
                _ => {}
            }
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
            let exits = self.joined.anchors_of(start).iter();
            let bounds = exits.map(|&i| self.ahead_of(self.joined.anchor_node(i)));
            self.ahead_of_start_m = bounds.fold(f64::INFINITY, f64::min);
        }
    }

    /// The nodes of the way of least effort; none when it begins where it ends.
    pub(super) fn run(&self) -> Option<Vec<u32>> {
        if self.from == self.to {
            return Some(Vec::new());
        }
        let nodes = *self.joined.bases.last().unwrap_or(&0);
        let mut frontier = Frontier::new(nodes as usize);
        self.begin(&mut |node, effort_m| {
            frontier.offer(node, effort_m, self.ahead_of(node), START);
        });
        while let Some(reached) = frontier.next() {
            if self.has_arrived(reached.node) {
                return Some(frontier.path_to(reached.node));
            }
            self.ways_on(reached, &mut |node, effort_m| {
                frontier.offer(node, effort_m, self.ahead_of(node), reached.node);
            });
        }
        None
    }

    fn ahead_of(&self, node: u32) -> f64 {
        let Some(ahead) = &self.ahead else {
            return 0.0;
        };
        match self.joined.node(node) {
            Node::Junction(junction) => ahead.of_junction(self.joined, junction),
            Node::Anchor(anchor) => ahead.of_anchor(self.joined, anchor),
            Node::Crossing(b, crossing) if self.to.building() == Some(b) => {
                ahead.of_crossing(crossing)
            }
            Node::Crossing(..) => self.ahead_of_start_m,
            Node::Goal => 0.0,
        }
    }

    fn has_arrived(&self, node: u32) -> bool {
        match (self.to, self.joined.node(node)) {
            (Spot::Space(building, space), Node::Crossing(b, crossing)) => {
                b == building && self.indoors(b).crossing(crossing).1 == Some(space)
            }
            (Spot::Street { .. }, Node::Goal) | (Spot::Any, Node::Anchor(_)) => true,
            _ => false,
        }
    }

    fn begin(&self, offer: &mut dyn FnMut(u32, f64)) {
        match self.from {
            Spot::Space(building, space) => {
                let indoors = self.indoors(building);
                let base = self.joined.bases[building.0 as usize];
                indoors.ways_on(indoors.standing_in(space), 0.0, |n, m| offer(base + n, m));
            }
            Spot::Street {
                segment, fraction, ..
            } => self.begin_on_street(segment, fraction, offer),
            Spot::Any => {
                let building = self.to.building();
                let anchors = building.map_or(&[][..], |b| self.joined.anchors_of(b));
                for &anchor in anchors.iter().filter(|a| self.admits_anchor(**a)) {
                    offer(self.joined.anchor_node(anchor), 0.0);
                }
            }
        }
    }

    fn begin_on_street(
        &self,
        segment: SegmentIndex,
        fraction: f64,
        offer: &mut dyn FnMut(u32, f64),
    ) {
        if !self.admits_street(segment) {
            return;
        }
        let gap = self.joined.gap(segment, fraction);
        for (node, metres) in self.joined.beside(segment, fraction, gap, gap) {
            offer(node, metres);
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
            offer(self.joined.goal_node(), metres);
        }
    }

    fn ways_on(&self, reached: Reached, offer: &mut dyn FnMut(u32, f64)) {
        let mut further = |node, metres: f64| offer(node, reached.effort_m + metres);
        match self.joined.node(reached.node) {
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
                        indoors.ways_on(standing, reached.effort_m, |n, m| offer(base + n, m));
                    }
                }
                return;
            }
        }
        self.way_to_goal(reached.node, &mut further);
    }

    fn ways_from_junction(&self, junction: JunctionIndex, offer: &mut dyn FnMut(u32, f64)) {
        let streets = &self.joined.streets;
        for hop in streets.hops(junction) {
            if !self.admits_street(hop.segment) {
                continue;
            }
            let effort_m = streets.effort_m(hop.segment);
            offer(hop.to.0, effort_m);
            let anchors = self.joined.anchors_on(hop.segment);
            let [first, last] = streets.ends(hop.segment);
            if let (Some(&a), true) = (anchors.first(), first == junction) {
                let metres = self.joined.anchor(a).fraction * effort_m;
                offer(self.joined.anchor_node(a), metres);
            }
            if let (Some(&a), true) = (anchors.last(), last == junction) {
                let metres = (1.0 - self.joined.anchor(a).fraction) * effort_m;
                offer(self.joined.anchor_node(a), metres);
            }
        }
    }

    fn ways_from_anchor(&self, index: AnchorIndex, offer: &mut dyn FnMut(u32, f64)) {
        let anchor = self.joined.anchor(index);
        if !self.admits_street(anchor.segment) {
            return;
        }
        let rank = self.joined.rank(index);
        let beside = self
            .joined
            .beside(anchor.segment, anchor.fraction, rank, rank + 1);
        for (node, metres) in beside {
            offer(node, metres);
        }
        if self.may_enter(anchor.building) && self.admits_entry(index) {
            let base = self.joined.bases[anchor.building.0 as usize];
            offer(base + anchor.exit.0 * 2, anchor.gap_m);
        }
    }

    fn ways_out(
        &self,
        building: BuildingIndex,
        exit: PortalIndex,
        offer: &mut dyn FnMut(u32, f64),
    ) {
        for &anchor in self.joined.anchors_of_exit(building, exit) {
            if self.admits_anchor(anchor) {
                let gap_m = self.joined.anchor(anchor).gap_m;
                offer(self.joined.anchor_node(anchor), gap_m);
            }
        }
    }

    fn way_to_goal(&self, node: u32, offer: &mut dyn FnMut(u32, f64)) {
        let Spot::Street {
            segment, fraction, ..
        } = self.to
        else {
            return;
        };
        if node >= self.joined.goal_node() || !self.admits_street(segment) {
            return;
        }
        let gap = self.joined.gap(segment, fraction);
        for (beside, metres) in self.joined.beside(segment, fraction, gap, gap) {
            if beside == node {
                offer(self.joined.goal_node(), metres);
            }
        }
    }

    fn may_enter(&self, building: BuildingIndex) -> bool {
        self.options.through_buildings || self.to.building() == Some(building)
    }

    pub(super) fn indoors(&self, building: BuildingIndex) -> Rc<Indoors<'j>> {
        let mut indoors = self.indoors.borrow_mut();
        let made = indoors.entry(building).or_insert_with(|| {
            let graph = &self.joined.buildings[building.0 as usize];
            let options = self.options.indoors(building);
            Rc::new(Indoors::new(graph, building, options, self.now))
        });
        Rc::clone(made)
    }

    pub(super) fn walkable(&self, segment: SegmentIndex) -> Belief {
        let built = self.joined.streets.walkable(segment);
        self.now.street(segment, built)
    }

    pub(super) fn admits_street(&self, segment: SegmentIndex) -> bool {
        self.admits(self.walkable(segment), self.options.probability_min)
            && !self.avoided_streets.contains(&segment)
    }

    fn admits_anchor(&self, index: AnchorIndex) -> bool {
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
    pub(super) fn node(&self, node: u32) -> Node {
        let junctions = self.streets.junction_count() as u32;
        if node < junctions {
            return Node::Junction(JunctionIndex(node));
        }
        match node.cmp(&self.goal_node()) {
            std::cmp::Ordering::Less => Node::Anchor(AnchorIndex(node - junctions)),
            std::cmp::Ordering::Equal => Node::Goal,
            std::cmp::Ordering::Greater => {
                let building = self.bases.partition_point(|&base| base <= node) - 1;
                Node::Crossing(BuildingIndex(building as u32), node - self.bases[building])
            }
        }
    }

    pub(super) fn anchor_node(&self, anchor: AnchorIndex) -> u32 {
        self.streets.junction_count() as u32 + anchor.0
    }

    fn goal_node(&self) -> u32 {
        (self.streets.junction_count() + self.anchors.len()) as u32
    }

    /// How many anchors of a segment lie before a point of it.
    fn gap(&self, segment: SegmentIndex, fraction: f64) -> usize {
        let anchors = self.anchors_on(segment);
        anchors.partition_point(|&a| self.anchor(a).fraction < fraction)
    }

    /// The place of an anchor among those on its segment.
    fn rank(&self, index: AnchorIndex) -> usize {
        let anchor = self.anchor(index);
        let before = |other: &AnchorIndex| {
            let along = self.anchor(*other).fraction.total_cmp(&anchor.fraction);
            along.then(other.cmp(&index)).is_lt()
        };
        self.anchors_on(anchor.segment).partition_point(before)
    }

    /// The next nodes on either side of a point of a segment and the efforts to reach them:
    /// `before` anchors lie behind the point, those from `after` on ahead of it.
    fn beside(
        &self,
        segment: SegmentIndex,
        fraction: f64,
        before: usize,
        after: usize,
    ) -> [(u32, f64); 2] {
        let anchors = self.anchors_on(segment);
        let [first, last] = self.streets.ends(segment);
        let at = |anchor: &AnchorIndex| (self.anchor_node(*anchor), self.anchor(*anchor).fraction);
        let behind = before.checked_sub(1).map(|i| &anchors[i]);
        let sides = [
            behind.map_or((first.0, 0.0), at),
            anchors.get(after).map_or((last.0, 1.0), at),
        ];
        let effort_m = self.streets.effort_m(segment);
        sides.map(|(node, there)| (node, (there - fraction).abs() * effort_m))
    }

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
