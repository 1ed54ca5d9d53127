//! In which order unknowns are eliminated: rooms with few neighbours first.
//!
//! A room with one door can be accounted for at its corridor and then be forgotten; a stair
//! that joins sixty storeys had better stay until the end. Every elimination joins the
//! neighbours of what is eliminated with each other, and each such join costs time in every
//! later answer. So the unknown with the fewest neighbours goes first.
//!
//! Approximate minimum degree on a quotient graph (Amestoy, Davis & Duff, SIAM J. Matrix
//! Anal. Appl. 17 (1996) 886; George & Liu, SIAM Review 31 (1989) 1): what was eliminated
//! stands as one *element* for the clique that it left, so memory never exceeds that of the
//! graph. Equal degrees go by number, so that the order is the same on every machine.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The nodes in order of elimination. `neighbours` is symmetric, sorted, without loops.
pub(super) fn minimum_degree(neighbours: &[Vec<u32>]) -> Vec<u32> {
    let mut quotient = Quotient::new(neighbours);
    let mut order = Vec::with_capacity(neighbours.len());
    while let Some(Reverse((degree, node))) = quotient.queue.pop() {
        if quotient.is_current(node, degree) {
            order.push(node);
            quotient.eliminate(node);
        }
    }
    order
}

/// The graph of what is left, with elements for what is gone.
struct Quotient {
    /// Nodes next to each node that no element already joins to it.
    nodes: Vec<Vec<u32>>,
    /// Elements that each node belongs to.
    elements: Vec<Vec<u32>>,
    /// Nodes of each element, by the node whose elimination made it; empty when absorbed.
    members: Vec<Vec<u32>>,
    degree: Vec<u32>,
    is_left: Vec<bool>,
    left: usize,
    /// Candidates; entries whose degree is no longer current are passed over.
    queue: BinaryHeap<Reverse<(u32, u32)>>,
    /// Round in which a node was last seen as a member of the newest element.
    seen: Vec<u32>,
    /// Members of each element outside the newest one, valid where `counted` is this round.
    outside: Vec<u32>,
    counted: Vec<u32>,
    round: u32,
}

impl Quotient {
    fn new(neighbours: &[Vec<u32>]) -> Self {
        let n = neighbours.len();
        let degree: Vec<u32> = neighbours.iter().map(|list| list.len() as u32).collect();
        let queue = (0..n as u32)
            .map(|node| Reverse((degree[node as usize], node)))
            .collect();
        Self {
            nodes: neighbours.to_vec(),
            elements: vec![Vec::new(); n],
            members: vec![Vec::new(); n],
            degree,
            is_left: vec![true; n],
            left: n,
            queue,
            seen: vec![0; n],
            outside: vec![0; n],
            counted: vec![0; n],
            round: 0,
        }
    }

    fn is_current(&self, node: u32, degree: u32) -> bool {
        self.is_left[node as usize] && self.degree[node as usize] == degree
    }

    fn eliminate(&mut self, node: u32) {
        let p = node as usize;
        self.round += 1;
        self.is_left[p] = false;
        self.left -= 1;
        let clique = self.clique_of(node);
        self.count_outside(&clique);
        for &member in &clique {
            self.join(member, node, clique.len() as u32 - 1);
        }
        self.members[p] = clique;
        self.nodes[p] = Vec::new();
        self.elements[p] = Vec::new();
    }

    /// The nodes that the elimination joins; the elements that join them already are absorbed.
    fn clique_of(&mut self, node: u32) -> Vec<u32> {
        let p = node as usize;
        self.seen[p] = self.round;
        let mut clique = Vec::new();
        let absorbed = std::mem::take(&mut self.elements[p]);
        let lists = absorbed
            .iter()
            .map(|&e| std::mem::take(&mut self.members[e as usize]));
        let lists: Vec<Vec<u32>> = std::iter::once(std::mem::take(&mut self.nodes[p]))
            .chain(lists)
            .collect();
        for member in lists.into_iter().flatten() {
            if self.seen[member as usize] != self.round {
                self.seen[member as usize] = self.round;
                clique.push(member);
            }
        }
        clique.sort_unstable();
        clique
    }

    /// For every element next to the clique, how many of its members lie outside.
    fn count_outside(&mut self, clique: &[u32]) {
        for &member in clique {
            for &e in &self.elements[member as usize] {
                let e = e as usize;
                if self.counted[e] != self.round {
                    self.counted[e] = self.round;
                    self.outside[e] = self.members[e].len() as u32;
                }
                self.outside[e] = self.outside[e].saturating_sub(1);
            }
        }
    }

    /// Makes `member` part of the element that `node` leaves, and bounds its degree anew.
    fn join(&mut self, member: u32, node: u32, others: u32) {
        let i = member as usize;
        let (seen, round) = (&self.seen, self.round);
        self.nodes[i].retain(|&other| seen[other as usize] != round);
        let (members, outside) = (&self.members, &self.outside);
        // An element that lies within the new one adds nothing and goes, too.
        self.elements[i].retain(|&e| !members[e as usize].is_empty() && outside[e as usize] > 0);
        let beyond: u32 = self.elements[i].iter().map(|&e| outside[e as usize]).sum();
        self.elements[i].push(node);
        let bound = (self.nodes[i].len() as u32 + beyond)
            .min(self.degree[i])
            .saturating_add(others);
        let degree = bound.min(self.left as u32 - 1);
        self.degree[i] = degree;
        self.queue.push(Reverse((degree, member)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn neighbours(n: usize, edges: &[(u32, u32)]) -> Vec<Vec<u32>> {
        let mut lists = vec![Vec::new(); n];
        for &(a, b) in edges {
            lists[a as usize].push(b);
            lists[b as usize].push(a);
        }
        for list in &mut lists {
            list.sort_unstable();
        }
        lists
    }

    #[test]
    fn the_hub_of_a_star_goes_with_the_last() {
        let edges: Vec<(u32, u32)> = (1..6).map(|leaf| (0, leaf)).collect();
        let order = minimum_degree(&neighbours(6, &edges));
        assert!(order.iter().position(|&node| node == 0) >= Some(4));
    }

    #[test]
    fn every_node_goes_once() {
        let edges = [(0, 1), (1, 2), (2, 3), (3, 0), (4, 5)];
        let mut order = minimum_degree(&neighbours(7, &edges));
        order.sort_unstable();
        assert_eq!(order, [0, 1, 2, 3, 4, 5, 6]);
    }
}
