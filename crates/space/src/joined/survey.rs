//! Knowing the way indoors in advance: how far every door is from the exits.
//!
//! The exits of a building are its landmarks, as a town has some of its own. Whoever knows how far
//! each door is from them leaves by the right stair at once, without a look into every room on the
//! way. Measured with every door open; doors that are shut now only make ways longer, so that what
//! is known in advance stays a lower bound.

use super::Anchor;
use crate::graph::{Graph, PortalIndex, PortalKind, SpaceKind};
use crate::route::indoors::{Entered, node_into};
use crate::route::search::{Frontier, START};
use crate::route::walk::{crossing_cost, end_in, leg};

/// How many exits are told apart.
pub(super) const COLUMNS: usize = 8;

/// Efforts from each column of exits in metres; infinite where nothing leads there.
pub(super) type Efforts = [f32; COLUMNS];

/// Efforts between a building's exits and the ends of its portals.
#[derive(Clone, Debug, Default)]
pub(super) struct Survey {
    on_foot: Vec<Efforts>,
    /// None where the building has no lifts.
    with_lifts: Vec<Efforts>,
    /// By exit, rising: those with anchors, and the column that each is measured in.
    columns: Vec<(PortalIndex, u8)>,
}

impl Survey {
    /// Of a building and the anchors of its exits, those of one exit together. The first exits
    /// have a column each, all others share the last.
    pub(super) fn of<'a>(graph: &Graph, anchors: impl Iterator<Item = &'a Anchor>) -> Self {
        let mut exits: Vec<PortalIndex> = anchors.map(|a| a.exit).collect();
        exits.retain(|&e| graph.portal(e).is_exit());
        exits.sort_unstable();
        exits.dedup();
        let columns = (0..).map(|i: usize| i.min(COLUMNS - 1) as u8);
        let columns: Vec<(PortalIndex, u8)> = exits.into_iter().zip(columns).collect();
        let is_lift = |p: &crate::graph::Portal| p.kind == PortalKind::LiftLink;
        let has_lifts = graph.portals().iter().any(is_lift);
        Self {
            on_foot: measured(graph, &columns, false),
            with_lifts: if has_lifts {
                measured(graph, &columns, true)
            } else {
                Vec::new()
            },
            columns,
        }
    }

    /// The column of an exit that has an anchor.
    pub(super) fn column(&self, exit: PortalIndex) -> Option<usize> {
        let at = self.columns.binary_search_by_key(&exit, |c| c.0).ok()?;
        Some(usize::from(self.columns[at].1))
    }

    /// From where one stands after a crossing to each column of exits, at least.
    pub(super) fn efforts(&self, crossing: u32, admit_lifts: bool) -> Option<&Efforts> {
        let known = if admit_lifts && !self.with_lifts.is_empty() {
            &self.with_lifts
        } else {
            &self.on_foot
        };
        known.get(crossing as usize)
    }
}

fn measured(graph: &Graph, columns: &[(PortalIndex, u8)], lifts: bool) -> Vec<Efforts> {
    if columns.is_empty() {
        return Vec::new();
    }
    let mut table = vec![[f32::INFINITY; COLUMNS]; graph.portals().len() * 2];
    for same in columns.chunk_by(|a, b| a.1 == b.1) {
        let exits: Vec<PortalIndex> = same.iter().map(|c| c.0).collect();
        from_exits(graph, &exits, lifts, |node, effort_m| {
            table[node as usize][usize::from(same[0].1)] = effort_m as f32;
        });
    }
    table
}

/// Dijkstra's search from some exits to both ends of every portal. Unlike people, it may turn
/// round in a doorway: its nodes are places, not crossings, so that what it finds holds whichever
/// way a door is passed.
fn from_exits(graph: &Graph, exits: &[PortalIndex], lifts: bool, mut tell: impl FnMut(u32, f64)) {
    let mut frontier = Frontier::new(graph.portals().len() * 2);
    let mut entered = Entered::new(graph.spaces().len());
    for exit in exits {
        frontier.offer(exit.0 * 2, 0.0, 0.0, START);
    }
    while let Some(reached) = frontier.next() {
        tell(reached.node, reached.effort_m);
        let portal = graph.portal(PortalIndex(reached.node / 2));
        if portal.spaces.len() == 2 && (lifts || portal.kind != PortalKind::LiftLink) {
            let effort_m = reached.effort_m + crossing_cost(portal).effort_m;
            frontier.offer(reached.node ^ 1, effort_m, 0.0, reached.node);
        }
        let space = portal.spaces[reached.node as usize % 2];
        let at = end_in(portal, space);
        let is_closed = graph.space(space).kind == SpaceKind::Shaft;
        if is_closed || !entered.is_news(space, at, reached.effort_m) {
            continue;
        }
        for &next in graph.portals_of(space) {
            let walk = leg(at, end_in(graph.portal(next), space));
            let effort_m = reached.effort_m + walk.metres;
            frontier.offer(node_into(graph, next, space), effort_m, 0.0, reached.node);
        }
    }
}
