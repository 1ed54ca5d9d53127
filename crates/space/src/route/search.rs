//! The frontier of a search: what was reached at which effort, and what to look at next.
//!
//! Made for graphs of which a question touches a corner: memory is taken page by page where the
//! search goes, so that a question about one house costs the same in a village and in a city.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Reached from nowhere: the search begins here.
pub(crate) const START: u32 = u32::MAX;

const PAGE: usize = 512;

/// Nodes reached so far. Dijkstra (Numerische Mathematik 1, 1959) where the effort still ahead is
/// given as 0; A* (Hart, Nilsson, Raphael, IEEE Trans. Systems Science and Cybernetics 4(2),
/// 1968) where a lower bound of it is given. A node is looked at again when a better way to it
/// turns up, so the bound need not be consistent.
#[derive(Debug)]
pub(crate) struct Frontier {
    pages: Vec<Option<Box<[Visit; PAGE]>>>,
    open: BinaryHeap<Open>,
}

#[derive(Clone, Copy, Debug)]
struct Visit {
    effort_m: f64,
    before: u32,
}

const UNSEEN: Visit = Visit {
    effort_m: f64::INFINITY,
    before: START,
};

/// A node at the least effort that it can be reached with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reached {
    pub(crate) node: u32,
    pub(crate) effort_m: f64,
}

impl Frontier {
    /// Nothing reached yet of so many nodes.
    pub(crate) fn new(node_count: usize) -> Self {
        Self {
            pages: vec![None; node_count.div_ceil(PAGE)],
            open: BinaryHeap::new(),
        }
    }

    /// A way to a node: its effort, at least how much is still ahead from there (infinite where
    /// nothing leads on to the goal), and from where it comes.
    pub(crate) fn offer(&mut self, node: u32, effort_m: f64, ahead_m: f64, before: u32) {
        self.offer_if_better(node, effort_m, before, || Some(ahead_m));
    }

    /// The same for a way of which it costs something to say whether it is open, and how much is
    /// ahead: that is asked only if no way as good is known. `None` where it is not open.
    pub(crate) fn offer_if_better(
        &mut self,
        node: u32,
        effort_m: f64,
        before: u32,
        ahead_m: impl FnOnce() -> Option<f64>,
    ) {
        let page = &mut self.pages[node as usize / PAGE];
        let known = page.as_ref().map_or(UNSEEN, |p| p[node as usize % PAGE]);
        if effort_m >= known.effort_m {
            return;
        }
        let Some(ahead_m) = ahead_m().filter(|m| m.is_finite()) else {
            return;
        };
        let page = page.get_or_insert_with(|| Box::new([UNSEEN; PAGE]));
        page[node as usize % PAGE] = Visit { effort_m, before };
        self.open.push(Open::new(node, effort_m, ahead_m));
    }

    /// The most promising node not looked at since it was last improved.
    pub(crate) fn next(&mut self) -> Option<Reached> {
        while let Some(reached) = self.open.pop().map(|open| open.reached()) {
            if reached.effort_m <= self.visit(reached.node).effort_m {
                return Some(reached);
            }
        }
        None
    }

    /// The nodes on the way to a node, from the first reached to itself.
    pub(crate) fn path_to(&self, node: u32) -> Vec<u32> {
        let mut path = Vec::new();
        let mut at = node;
        while at != START {
            path.push(at);
            at = self.visit(at).before;
        }
        path.reverse();
        path
    }

    fn visit(&self, node: u32) -> Visit {
        let page = &self.pages[node as usize / PAGE];
        page.as_ref().map_or(UNSEEN, |p| p[node as usize % PAGE])
    }
}

/// What to look at, ordered: the least total first; of equal ones that which has most behind it,
/// then in order of node, so that the result never depends on the heap. Efforts are positive, so
/// that their bits are in the order of what they mean.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Open {
    total: Reverse<u64>,
    effort: u64,
    node: Reverse<u32>,
}

impl Open {
    fn new(node: u32, effort_m: f64, ahead_m: f64) -> Self {
        debug_assert!(effort_m >= 0.0 && ahead_m >= 0.0, "efforts are positive");
        Self {
            total: Reverse((effort_m + ahead_m).to_bits()),
            effort: effort_m.to_bits(),
            node: Reverse(node),
        }
    }

    fn reached(&self) -> Reached {
        Reached {
            node: self.node.0,
            effort_m: f64::from_bits(self.effort),
        }
    }
}
