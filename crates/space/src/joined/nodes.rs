//! The nodes of the search through buildings and streets, by number: junctions, then anchors, then
//! the goal, then the crossings of one building after the other.

use super::search::Spot;
use super::{AnchorIndex, Joined};
use crate::passability::BuildingIndex;
use crate::streets::{JunctionIndex, SegmentIndex};

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Node {
    Junction(JunctionIndex),
    Anchor(AnchorIndex),
    Goal,
    /// A crossing of a building's own search.
    Crossing(BuildingIndex, u32),
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

    pub(super) fn goal_node(&self) -> u32 {
        (self.streets.junction_count() + self.anchors.len()) as u32
    }

    /// How many anchors of a segment lie before a point of it.
    pub(super) fn gap(&self, segment: SegmentIndex, fraction: f64) -> usize {
        let anchors = self.anchors_on(segment);
        anchors.partition_point(|&a| self.anchor(a).fraction < fraction)
    }

    /// The place of an anchor among those on its segment.
    pub(super) fn rank(&self, index: AnchorIndex) -> usize {
        let anchor = self.anchor(index);
        let before = |other: &AnchorIndex| {
            let along = self.anchor(*other).fraction.total_cmp(&anchor.fraction);
            along.then(other.cmp(&index)).is_lt()
        };
        self.anchors_on(anchor.segment).partition_point(before)
    }

    /// The next nodes on either side of a point of a segment and the efforts to reach them:
    /// `before` anchors lie behind the point, those from `after` on ahead of it.
    pub(super) fn beside(
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

    /// The nodes on either side of a point of a segment.
    pub(super) fn nodes_beside(&self, segment: SegmentIndex, fraction: f64) -> Vec<u32> {
        let gap = self.gap(segment, fraction);
        let beside = self.beside(segment, fraction, gap, gap);
        beside.iter().map(|b| b.0).collect()
    }

    /// The nodes on the streets of which every way from a place passes one first.
    pub(super) fn first_on_streets(&self, from: Spot) -> Vec<u32> {
        match from {
            Spot::Space(building, _) => {
                let anchors = self.anchors_of(building).iter();
                anchors.map(|&a| self.anchor_node(a)).collect()
            }
            Spot::Street {
                segment, fraction, ..
            } => self.nodes_beside(segment, fraction),
            Spot::Any => Vec::new(),
        }
    }
}
