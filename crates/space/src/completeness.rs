//! How complete what is known of a building is, storey by storey.
//!
//! "18 of 23 rooms known to have a door" tells a commander more about a plan than the plan does.
//! This counts: rooms that a door is known for, doors of which one side is not known, storeys to
//! which no stair leads, what was stated and what was only inferred, and doors of which width or
//! fire rating are missing. It gives numbers; sentences are for who shows them.

use crate::graph::{Belief, Graph, Portal, PortalKind, SpaceKind};

/// How one space came to be known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpaceRecord {
    /// Nobody stated it; it was concluded from walls or the like.
    pub is_inferred: bool,
}

/// How one portal came to be known, and what of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PortalRecord {
    /// Nobody stated it; it was concluded that something like it must be there.
    pub is_inferred: bool,
    /// Its width is known.
    pub has_width: bool,
    /// Its fire rating is known, be it "none".
    pub has_rating: bool,
}

/// Counts of one storey, or of what belongs to none. Rooms are all spaces that people can be in:
/// no shafts, nothing outside. Doors are portals of that kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreyCompleteness {
    /// Rooms, stated and inferred.
    pub rooms: u32,
    /// Rooms that were stated.
    pub rooms_stated: u32,
    /// Rooms with a portal of any kind that was stated.
    pub rooms_with_known_portal: u32,
    /// Rooms without one for which a portal was inferred.
    pub rooms_with_inferred_portal: u32,
    /// Portals that were stated.
    pub portals_stated: u32,
    /// Portals that were inferred.
    pub portals_inferred: u32,
    /// Stated portals that join nothing, or one space and are not believed to lead outside.
    pub portals_one_side_unknown: u32,
    /// Doors that were stated.
    pub doors_stated: u32,
    /// Stated doors of unknown width.
    pub doors_without_width: u32,
    /// Stated doors of unknown fire rating.
    pub doors_without_rating: u32,
    /// Stated exits: one space, and believed to lead outside.
    pub exits: u32,
    /// Stated links to other storeys, stairs and lifts.
    pub links_stated: u32,
    /// Inferred ones.
    pub links_inferred: u32,
}

impl StoreyCompleteness {
    /// Whether any way to another storey is known or inferred.
    pub fn is_linked(&self) -> bool {
        self.links_stated + self.links_inferred > 0
    }
}

/// Counts of a building.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completeness {
    /// By the number of the storey in the caller's list.
    pub storeys: Vec<StoreyCompleteness>,
    /// What belongs to no storey of the list.
    pub elsewhere: StoreyCompleteness,
    /// Storeys without any way to another, rising; none in a building of one storey.
    pub storeys_without_link: Vec<u32>,
}

impl Completeness {
    /// Counts what is known. `spaces` and `portals` stand beside those of the graph; where they
    /// are shorter the rest counts as stated, with nothing known of it.
    ///
    /// ```
    /// use twin_space::{Belief, Completeness, Graph, Portal, Space, SpaceIndex};
    /// let room = Space { storey: Some(0), ..Space::default() };
    /// let door = Portal { spaces: vec![SpaceIndex(0)], leads_out: Belief::Known(0.9), ..Portal::default() };
    /// let graph = Graph::new(vec![room.clone(), room], vec![door]);
    /// let storey = Completeness::of(&graph, 1, &[], &[]).storeys[0];
    /// assert_eq!((storey.rooms_with_known_portal, storey.rooms, storey.exits), (1, 2, 1));
    /// ```
    pub fn of(
        graph: &Graph,
        storeys: usize,
        spaces: &[SpaceRecord],
        portals: &[PortalRecord],
    ) -> Self {
        let mut found = Self {
            storeys: vec![StoreyCompleteness::default(); storeys],
            ..Self::default()
        };
        let joined = Joined::of(graph, portals);
        for (i, space) in graph.spaces().iter().enumerate() {
            if matches!(space.kind, SpaceKind::Shaft | SpaceKind::Outside) {
                continue;
            }
            let is_stated = !spaces.get(i).copied().unwrap_or_default().is_inferred;
            let counts = found.at(space.storey);
            counts.rooms += 1;
            counts.rooms_stated += u32::from(is_stated);
            counts.rooms_with_known_portal += u32::from(joined.by_stated[i]);
            counts.rooms_with_inferred_portal +=
                u32::from(joined.by_inferred[i] && !joined.by_stated[i]);
        }
        for (i, portal) in graph.portals().iter().enumerate() {
            found.count_portal(graph, portal, portals.get(i).copied().unwrap_or_default());
        }
        if storeys > 1 {
            let unlinked = |(_, storey): &(usize, &StoreyCompleteness)| !storey.is_linked();
            let list = found.storeys.iter().enumerate().filter(unlinked);
            found.storeys_without_link = list.map(|(i, _)| i as u32).collect();
        }
        found
    }

    fn at(&mut self, storey: Option<u32>) -> &mut StoreyCompleteness {
        match storey.and_then(|s| self.storeys.get_mut(s as usize)) {
            Some(counts) => counts,
            None => &mut self.elsewhere,
        }
    }

    fn count_portal(&mut self, graph: &Graph, portal: &Portal, record: PortalRecord) {
        if portal.exists == Belief::Known(0.0) {
            return;
        }
        let storey_of = |end: usize| portal.spaces.get(end).and_then(|s| graph.space(*s).storey);
        if matches!(portal.kind, PortalKind::StairLink | PortalKind::LiftLink) {
            for storey in [storey_of(0), storey_of(1)].into_iter().flatten() {
                let counts = self.at(Some(storey));
                counts.links_stated += u32::from(!record.is_inferred);
                counts.links_inferred += u32::from(record.is_inferred);
            }
        }
        let counts = self.at(storey_of(0));
        if record.is_inferred {
            counts.portals_inferred += 1;
            return;
        }
        counts.portals_stated += 1;
        counts.exits += u32::from(portal.is_exit());
        counts.portals_one_side_unknown += u32::from(portal.spaces.len() < 2 && !portal.is_exit());
        if portal.kind == PortalKind::Door {
            counts.doors_stated += 1;
            counts.doors_without_width += u32::from(!record.has_width);
            counts.doors_without_rating += u32::from(!record.has_rating);
        }
    }
}

/// By space, whether stated and inferred portals join it.
struct Joined {
    by_stated: Vec<bool>,
    by_inferred: Vec<bool>,
}

impl Joined {
    fn of(graph: &Graph, portals: &[PortalRecord]) -> Self {
        let mut joined = Self {
            by_stated: vec![false; graph.spaces().len()],
            by_inferred: vec![false; graph.spaces().len()],
        };
        for (i, portal) in graph.portals().iter().enumerate() {
            if portal.exists == Belief::Known(0.0) {
                continue;
            }
            let is_inferred = portals.get(i).copied().unwrap_or_default().is_inferred;
            let list = if is_inferred {
                &mut joined.by_inferred
            } else {
                &mut joined.by_stated
            };
            for space in &portal.spaces {
                list[space.0 as usize] = true;
            }
        }
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Space, SpaceIndex};

    fn space(storey: u32, kind: SpaceKind) -> Space {
        Space {
            storey: Some(storey),
            kind,
            ..Space::default()
        }
    }

    fn portal(kind: PortalKind, spaces: &[u32], leads_out: Belief) -> Portal {
        Portal {
            kind,
            spaces: spaces.iter().map(|&s| SpaceIndex(s)).collect(),
            leads_out,
            ..Portal::default()
        }
    }

    #[test]
    fn two_storeys_and_an_attic_nobody_drew_a_way_to() {
        let spaces = vec![
            space(0, SpaceKind::Corridor),
            space(0, SpaceKind::Room),
            space(0, SpaceKind::Shaft),
            space(1, SpaceKind::Stair),
            space(1, SpaceKind::Room),
            space(2, SpaceKind::Room),
        ];
        let no = Belief::Known(0.0);
        let portals = vec![
            portal(PortalKind::Door, &[0], Belief::Known(0.9)),
            portal(PortalKind::Door, &[0, 1], no),
            portal(PortalKind::StairLink, &[0, 3], no),
            portal(PortalKind::Door, &[3], Belief::Unknown),
            portal(PortalKind::Door, &[3, 4], no),
            portal(PortalKind::Door, &[], Belief::Unknown),
        ];
        let graph = Graph::new(spaces, portals);
        let inferred = SpaceRecord { is_inferred: true };
        let stated = SpaceRecord::default();
        let wide = PortalRecord {
            has_width: true,
            ..PortalRecord::default()
        };
        let concluded = PortalRecord {
            is_inferred: true,
            ..PortalRecord::default()
        };
        let found = Completeness::of(
            &graph,
            3,
            &[stated, stated, stated, stated, inferred],
            &[wide, wide, wide, wide, concluded],
        );
        assert_eq!(
            found.storeys[0],
            StoreyCompleteness {
                rooms: 2,
                rooms_stated: 2,
                rooms_with_known_portal: 2,
                portals_stated: 3,
                doors_stated: 2,
                doors_without_rating: 2,
                exits: 1,
                links_stated: 1,
                ..StoreyCompleteness::default()
            }
        );
        assert_eq!(
            found.storeys[1],
            StoreyCompleteness {
                rooms: 2,
                rooms_stated: 1,
                rooms_with_known_portal: 1,
                rooms_with_inferred_portal: 1,
                portals_stated: 1,
                portals_inferred: 1,
                portals_one_side_unknown: 1,
                doors_stated: 1,
                doors_without_rating: 1,
                links_stated: 1,
                ..StoreyCompleteness::default()
            }
        );
        assert_eq!(found.storeys_without_link, [2]);
        assert_eq!(found.elsewhere.doors_without_width, 1);
        assert_eq!(found.elsewhere.portals_one_side_unknown, 1);
    }
}
