//! Who gets out, when it is known what is there: the plain answer to hold beliefs against.

use std::collections::{BTreeMap, BTreeSet};
use twin_scenario::truth::Truth;

/// A building as it is: rooms by name, and the ways between them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Building {
    pub(crate) rooms: Vec<String>,
    ways: Vec<(usize, usize)>,
    exits: Vec<usize>,
    /// Corridors, lobbies and stairs: what fire makes impassable with most effect.
    pub(crate) busy: Vec<usize>,
}

impl Building {
    pub(crate) fn generated(truth: &Truth) -> Self {
        let rooms: Vec<String> = truth.spaces.iter().map(|s| s.global_id.clone()).collect();
        let mut building = Self::new(rooms);
        let at = building.places();
        let doors = truth.doors.iter().map(|d| &d.between);
        for between in doors.chain(truth.openings.iter().map(|o| &o.between)) {
            let ends: Vec<usize> = between.iter().flatten().map(|id| at[id]).collect();
            building.join(&ends, true);
        }
        for stair in &truth.stairs {
            building.join(&[at[&stair.links[0]], at[&stair.links[1]]], false);
        }
        let spaces = truth.spaces.iter().enumerate();
        let words = ["corridor", "lobby", "stair", "stair-lobby", "lift-lobby"];
        let busy = spaces.filter(|(_, s)| words.contains(&s.usage));
        building.busy = busy.map(|(i, _)| i).collect();
        building
    }

    pub(crate) fn new(rooms: Vec<String>) -> Self {
        Self {
            rooms,
            ..Self::default()
        }
    }

    pub(crate) fn places(&self) -> BTreeMap<String, usize> {
        let named = self.rooms.iter().cloned();
        named.zip(0..).collect()
    }

    /// A way between two rooms, or out of one.
    pub(crate) fn join(&mut self, ends: &[usize], may_lead_out: bool) {
        match ends {
            [a, b] => self.ways.push((*a, *b)),
            [a] if may_lead_out => self.exits.push(*a),
            _ => {}
        }
    }

    /// Rooms from which one gets out without passing through the room that burns.
    pub(crate) fn connected(&self, burning: Option<usize>) -> Vec<bool> {
        let mut next: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for &(a, b) in &self.ways {
            next.entry(a).or_default().push(b);
            next.entry(b).or_default().push(a);
        }
        let mut out: BTreeSet<usize> = BTreeSet::new();
        let mut open: Vec<usize> = self.exits.clone();
        while let Some(room) = open.pop() {
            // Out of a burning room, but not through it.
            if out.insert(room) && Some(room) != burning {
                open.extend(next.get(&room).into_iter().flatten());
            }
        }
        (0..self.rooms.len())
            .map(|room| out.contains(&room))
            .collect()
    }
}
