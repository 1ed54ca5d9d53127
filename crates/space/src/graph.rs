//! The space graph: rooms, corridors, stairs and the outside, and the doors between them.
//!
//! A building is described by where one can be and where one can pass. Nothing in it is simply
//! true: a door may not exist, may be locked, or nobody may have looked. So every space and
//! portal carries two beliefs, that it is there and that it can be passed, and each may be
//! unknown, which is neither yes nor no.
//!
//! The graph knows indices only; whoever builds it keeps the list of twins beside it.

/// A space by its place in [`Graph::spaces`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpaceIndex(pub u32);

/// A portal by its place in [`Graph::portals`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortalIndex(pub u32);

/// How far something is believed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Belief {
    /// Nobody knows. Not a half: a half would claim that it is as often so as not.
    #[default]
    Unknown,
    /// Believed with this probability, 0..=1.
    Known(f64),
}

impl Belief {
    /// Surely so.
    pub const CERTAIN: Self = Self::Known(1.0);

    /// The probability, where one is known.
    pub fn probability(self) -> Option<f64> {
        match self {
            Self::Unknown => None,
            Self::Known(p) => Some(p),
        }
    }

    /// For ranking by doubt: the probability, and less than any of them where nobody knows.
    pub(crate) fn certainty(self) -> f64 {
        self.probability().unwrap_or(-1.0)
    }

    /// Whether it may be relied on by somebody who accepts the unknown, or not, and otherwise asks
    /// for this probability.
    pub(crate) fn is_admitted(self, admit_unknown: bool, probability_min: f64) -> bool {
        self.probability()
            .map_or(admit_unknown, |p| p >= probability_min)
    }

    /// Both at once, taken as independent; unknown when either is, unless one is impossible.
    ///
    /// ```
    /// use twin_space::Belief;
    /// assert_eq!(Belief::Known(0.5).and(Belief::Known(0.5)), Belief::Known(0.25));
    /// assert_eq!(Belief::Known(0.5).and(Belief::Unknown), Belief::Unknown);
    /// assert_eq!(Belief::Known(0.0).and(Belief::Unknown), Belief::Known(0.0));
    /// ```
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Known(p), _) | (_, Self::Known(p)) if p <= 0.0 => Self::Known(0.0),
            (Self::Known(p), Self::Known(q)) => Self::Known(p * q),
            _ => Self::Unknown,
        }
    }
}

/// What a space is, as far as it matters for moving through it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpaceKind {
    /// Any room.
    #[default]
    Room,
    /// Corridor, hall, lobby.
    Corridor,
    /// Stairwell, landing, flight.
    Stair,
    /// Lift car or its shaft.
    Lift,
    /// A shaft that nobody walks through.
    Shaft,
    /// Terrace, balcony, courtyard.
    Outside,
}

/// What a portal is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PortalKind {
    /// A door.
    #[default]
    Door,
    /// A hole in a wall without a door.
    Opening,
    /// An edge that two spaces share without a wall.
    OpenContact,
    /// The way between two storeys on a stair, ramp or escalator.
    StairLink,
    /// The way between two storeys in a lift.
    LiftLink,
}

/// A space as given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Space {
    /// What it is.
    pub kind: SpaceKind,
    /// Number of its storey in the caller's list, where known.
    pub storey: Option<u32>,
    /// A point in it: east, north and up in metres, where known.
    pub position: Option<[f64; 3]>,
    /// Whether it is there.
    pub exists: Belief,
    /// Whether people can move in it.
    pub passable: Belief,
}

/// A portal as given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Portal {
    /// What it is.
    pub kind: PortalKind,
    /// The spaces it joins: none, one or two; further ones are ignored. Of a link between
    /// storeys the first is the one at [`Portal::position`].
    pub spaces: Vec<SpaceIndex>,
    /// Whether it leads out of the building; matters for portals with one space.
    pub leads_out: Belief,
    /// Where it is: east, north and up in metres, where known. For a link between storeys the
    /// end in its first space.
    pub position: Option<[f64; 3]>,
    /// The end of a link between storeys in its second space.
    pub far_position: Option<[f64; 3]>,
    /// Whether it is there and joins what it is said to join.
    pub exists: Belief,
    /// Whether people can get through.
    pub passable: Belief,
}

impl Portal {
    /// Whether it is there and can be passed.
    pub fn works(&self) -> Belief {
        self.exists.and(self.passable)
    }

    /// Whether it is a way out: one space, and believed rather than not to lead outside.
    pub fn is_exit(&self) -> bool {
        self.spaces.len() == 1 && matches!(self.leads_out, Belief::Known(p) if p >= 0.5)
    }
}

/// Spaces and portals with the portals of each space filed for walking: compressed rows, so that
/// a hundred thousand rooms fit in a few tens of megabytes.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    spaces: Vec<Space>,
    portals: Vec<Portal>,
    starts: Vec<u32>,
    members: Vec<PortalIndex>,
}

impl Graph {
    /// Builds the graph. References to spaces that are not in the list are dropped.
    pub fn new(spaces: Vec<Space>, mut portals: Vec<Portal>) -> Self {
        for portal in &mut portals {
            portal.spaces.retain(|s| (s.0 as usize) < spaces.len());
            portal.spaces.truncate(2);
            portal.spaces.dedup();
        }
        let mut starts = vec![0_u32; spaces.len() + 1];
        for space in portals.iter().flat_map(|p| &p.spaces) {
            starts[space.0 as usize + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        let mut members = vec![PortalIndex(0); *starts.last().unwrap_or(&0) as usize];
        for (i, portal) in portals.iter().enumerate() {
            for space in &portal.spaces {
                members[next[space.0 as usize] as usize] = PortalIndex(i as u32);
                next[space.0 as usize] += 1;
            }
        }
        Self {
            spaces,
            portals,
            starts,
            members,
        }
    }

    /// Every space, by index.
    pub fn spaces(&self) -> &[Space] {
        &self.spaces
    }

    /// Every portal, by index.
    pub fn portals(&self) -> &[Portal] {
        &self.portals
    }

    /// A space.
    pub fn space(&self, space: SpaceIndex) -> &Space {
        &self.spaces[space.0 as usize]
    }

    /// A portal.
    pub fn portal(&self, portal: PortalIndex) -> &Portal {
        &self.portals[portal.0 as usize]
    }

    /// The portals of a space, rising.
    pub fn portals_of(&self, space: SpaceIndex) -> &[PortalIndex] {
        let i = space.0 as usize;
        &self.members[self.starts[i] as usize..self.starts[i + 1] as usize]
    }

    /// The space on the other side of a portal, `None` for the outside or a side not known.
    pub fn across(&self, portal: PortalIndex, from: SpaceIndex) -> Option<SpaceIndex> {
        self.portal(portal)
            .spaces
            .iter()
            .copied()
            .find(|s| *s != from)
    }

    /// Which spaces hang together through portals that `admits` lets pass: a component number
    /// for each space, counted from 0 in order of their first space.
    pub fn components(&self, admits: impl Fn(&Portal) -> bool) -> Vec<u32> {
        const NONE: u32 = u32::MAX;
        let mut component = vec![NONE; self.spaces.len()];
        let mut count = 0;
        let mut open = Vec::new();
        for first in 0..self.spaces.len() {
            if component[first] != NONE {
                continue;
            }
            component[first] = count;
            open.push(SpaceIndex(first as u32));
            while let Some(space) = open.pop() {
                for &portal in self.portals_of(space) {
                    if !admits(self.portal(portal)) {
                        continue;
                    }
                    if let Some(next) = self.across(portal, space)
                        && component[next.0 as usize] == NONE
                    {
                        component[next.0 as usize] = count;
                        open.push(next);
                    }
                }
            }
            count += 1;
        }
        component
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn portal(spaces: &[u32]) -> Portal {
        Portal {
            spaces: spaces.iter().map(|&s| SpaceIndex(s)).collect(),
            ..Portal::default()
        }
    }

    #[test]
    fn components_follow_the_portals_that_are_admitted() {
        let mut shut = portal(&[2, 3]);
        shut.passable = Belief::Known(0.0);
        let portals = vec![
            portal(&[0, 1]),
            portal(&[1, 2]),
            shut,
            portal(&[3]),
            portal(&[9, 4]),
        ];
        let graph = Graph::new(vec![Space::default(); 5], portals);
        assert_eq!(graph.components(|_| true), [0, 0, 0, 0, 1]);
        assert_eq!(
            graph.components(|p| p.passable != Belief::Known(0.0)),
            [0, 0, 0, 1, 2]
        );
        assert_eq!(
            graph.portals_of(SpaceIndex(1)),
            [PortalIndex(0), PortalIndex(1)]
        );
    }

    proptest! {
        #[test]
        fn every_end_of_every_portal_is_filed(ends in proptest::collection::vec((0..20_u32, 0..20_u32), 0..40)) {
            let portals = ends.iter().map(|&(a, b)| portal(&[a, b])).collect();
            let graph = Graph::new(vec![Space::default(); 20], portals);
            for (i, p) in graph.portals().iter().enumerate() {
                for &s in &p.spaces {
                    prop_assert!(graph.portals_of(s).contains(&PortalIndex(i as u32)));
                }
            }
        }
    }
}
