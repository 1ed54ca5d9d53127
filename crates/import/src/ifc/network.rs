//! The building as one would walk it, believing this file alone.
//!
//! Stated and inferred spaces and portals in one graph, each with the probability that it is
//! there. Whether doors are locked is another question: here everything that exists can be
//! passed.

use super::building::Building;
use super::inferred::{Link, Room};
use super::joins::{DOOR_BOTH_SIDES, Joins, Place, Portal, Sort};
use super::properties::{self, Stated};
use super::usage::usage;
use std::collections::BTreeMap;
use twin_space::{
    Belief, Graph, Portal as GraphPortal, PortalKind, PortalRecord, Space as GraphSpace,
    SpaceIndex, SpaceKind, SpaceRecord,
};

/// How often `IsExternal` is right in files where somebody filled it in: in three published models
/// 193 of 193 doors agreed with the plan; by the rule of succession. A fourth, in which all 18 were
/// left at "false" and 10 of them wrongly, counts for nothing here: such files are not asked
/// ([`Network::is_external_stated`]).
const STATED_EXTERNAL: f64 = 194.0 / 195.0;

const DOOR_COMMON: &[&str] = &["Pset_DoorCommon"];

/// A graph with the keys of what it is made of.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// Spaces and portals.
    pub graph: Graph,
    /// GlobalIds and keys of the storeys, in the numbering of [`twin_space::Space::storey`].
    pub storeys: Vec<String>,
    /// GlobalIds and keys of the graph's spaces: those of the file, inferred rooms, and the
    /// insides of storeys without any.
    pub spaces: Vec<String>,
    /// GlobalIds and keys of the graph's portals.
    pub portals: Vec<String>,
    /// How each space came to be known.
    pub space_records: Vec<SpaceRecord>,
    /// How each portal came to be known.
    pub portal_records: Vec<PortalRecord>,
}

impl Network {
    /// The file's spaces, then the inferred rooms.
    pub(super) fn of(building: &Building, joins: &Joins, rooms: &[Room], links: &[Link]) -> Self {
        let mut network = Self {
            storeys: building
                .storeys
                .iter()
                .map(|s| s.thing.key.clone())
                .collect(),
            ..Self::default()
        };
        let mut spaces = Vec::new();
        let stated = building.spaces.iter().map(|s| (s, None));
        let inferred = rooms.iter().map(|r| (&r.space, Some(r)));
        for (space, room) in stated.chain(inferred) {
            let z_m = space.cell.z_m.0;
            spaces.push(GraphSpace {
                kind: kind(usage(space)),
                storey: space.storey.map(|s| s as u32),
                position: space.cell.inside_point().map(|p| [p.x, p.y, z_m]),
                exists: Belief::Known(room.map_or(1.0, |r| r.exists)),
                passable: Belief::CERTAIN,
            });
            network.spaces.push(space.thing.key.clone());
            network.space_records.push(SpaceRecord {
                is_inferred: room.is_some(),
            });
        }
        let mut insides = BTreeMap::new();
        for &storey in &joins.coarse {
            insides.insert(storey, spaces.len());
            spaces.push(GraphSpace {
                storey: Some(storey as u32),
                exists: Belief::CERTAIN,
                passable: Belief::CERTAIN,
                ..GraphSpace::default()
            });
            network
                .spaces
                .push(format!("inside:{}", building.storeys[storey].thing.key));
            network
                .space_records
                .push(SpaceRecord { is_inferred: true });
        }
        let index = |place: &Place| match place {
            Place::Space(i) => Some(SpaceIndex(*i as u32)),
            Place::Storey(s) => insides.get(s).map(|&i| SpaceIndex(i as u32)),
        };
        let graph_portals = network.portals(building, joins, links, index);
        network.graph = Graph::new(spaces, graph_portals);
        network
    }

    /// Whether anybody filled in `IsExternal`: a building has an exit, so where no door states
    /// one, "false" is a default that nobody looked at.
    fn is_external_stated(building: &Building) -> bool {
        let mut doors = building.doors.iter();
        doors.any(|d| {
            let stated = properties::truth(&d.thing.sets, DOOR_COMMON, "IsExternal");
            matches!(stated, Some(Stated::Value(true)))
        })
    }

    /// A portal that an inferred room explains better than the plan alone is taken as explained.
    fn portals(
        &mut self,
        building: &Building,
        joins: &Joins,
        links: &[Link],
        index: impl Fn(&Place) -> Option<SpaceIndex>,
    ) -> Vec<GraphPortal> {
        let mut better: BTreeMap<usize, &Link> = BTreeMap::new();
        for link in links {
            if let Some(known) = link.known {
                better.insert(known, link);
            }
        }
        let is_stated = Self::is_external_stated(building);
        let mut portals = Vec::new();
        for (i, portal) in joins.portals.iter().enumerate() {
            let own = probability(portal);
            let link = better.get(&i).filter(|l| l.is_likelier);
            let (places, exists, external) = match link {
                Some(link) => (link.places.clone(), drawn(link), link.external),
                None => (portal.best(), own, portal.external_by_plan),
            };
            let external = external.filter(|_| places.len() < 2);
            let stated = stated_external(building, portal).filter(|_| is_stated);
            portals.push(GraphPortal {
                kind: portal_kind(portal.sort),
                leads_out: leads_out(external, stated, places.len()),
                spaces: places.iter().filter_map(&index).collect(),
                position: portal.position,
                far_position: None,
                exists: Belief::Known(exists),
                passable: Belief::CERTAIN,
            });
            self.portals.push(portal.key.clone());
            self.portal_records.push(record(building, portal));
        }
        for link in links.iter().filter(|l| l.known.is_none()) {
            portals.push(GraphPortal {
                kind: link.kind,
                leads_out: leads_out(link.external, None, link.places.len()),
                spaces: link.places.iter().filter_map(&index).collect(),
                position: link.position,
                far_position: None,
                exists: Belief::Known(drawn(link)),
                passable: Belief::CERTAIN,
            });
            self.portals.push(link.key.clone());
            self.portal_records.push(PortalRecord {
                is_inferred: !link.is_drawn,
                ..PortalRecord::default()
            });
        }
        portals
    }
}

fn kind(usage: &str) -> SpaceKind {
    match usage {
        "corridor" | "lobby" => SpaceKind::Corridor,
        "stair" => SpaceKind::Stair,
        "lift" => SpaceKind::Lift,
        "shaft" => SpaceKind::Shaft,
        "outside" => SpaceKind::Outside,
        _ => SpaceKind::Room,
    }
}

fn portal_kind(sort: Sort) -> PortalKind {
    match sort {
        Sort::Door(_) => PortalKind::Door,
        Sort::Hole(_) => PortalKind::Opening,
        Sort::Contact => PortalKind::OpenContact,
        Sort::Stair(_) => PortalKind::StairLink,
        Sort::Lift(_) => PortalKind::LiftLink,
    }
}

/// That it joins what it is best believed to join. Two sources that agree are both wrong only if
/// each is.
fn probability(portal: &Portal) -> f64 {
    let best = portal.best();
    let wrong = [&portal.by_plan, &portal.by_boundaries]
        .into_iter()
        .flatten()
        .filter(|said| said.places == best)
        .map(|said| 1.0 - said.probability)
        .product::<f64>();
    let is_said = portal.by_plan.is_some() || portal.by_boundaries.is_some();
    let is_door = matches!(portal.sort, Sort::Door(_));
    if is_said {
        belongs(is_door, best.len(), 1.0 - wrong)
    } else {
        0.0
    }
}

/// The same for what is concluded with the inferred rooms on the plan.
fn drawn(link: &Link) -> f64 {
    let is_door = link.is_drawn && link.kind == PortalKind::Door;
    belongs(is_door, link.places.len(), link.probability)
}

/// What a door with one side leads to is told by whether it leads out, once; that it belongs to
/// the room on that side is as sure as for any other.
fn belongs(is_door: bool, places: usize, probability: f64) -> f64 {
    if is_door && places == 1 {
        probability.max(DOOR_BOTH_SIDES)
    } else {
        probability
    }
}

/// What the file says of a door.
fn stated_external(building: &Building, portal: &Portal) -> Option<bool> {
    let Sort::Door(d) = portal.sort else {
        return None;
    };
    match properties::truth(&building.doors[d].thing.sets, DOOR_COMMON, "IsExternal") {
        Some(Stated::Value(external)) => Some(external),
        _ => None,
    }
}

/// What the plan shows and what the file states, as independent witnesses.
fn leads_out(shown: Option<(bool, f64)>, stated: Option<bool>, places: usize) -> Belief {
    if places > 1 {
        return Belief::Known(0.0);
    }
    let stated = stated.map(|external| (external, STATED_EXTERNAL));
    let witnesses: Vec<(bool, f64)> = shown.into_iter().chain(stated).collect();
    let says_so = |external: bool| -> f64 {
        let says = witnesses
            .iter()
            .map(|&(e, p)| if e == external { p } else { 1.0 - p });
        says.product()
    };
    let (yes, no) = (says_so(true), says_so(false));
    if witnesses.is_empty() || yes + no <= 0.0 {
        return Belief::Unknown;
    }
    Belief::Known(yes / (yes + no))
}

fn record(building: &Building, portal: &Portal) -> PortalRecord {
    let Sort::Door(d) = portal.sort else {
        return PortalRecord::default();
    };
    let door = &building.doors[d];
    let rating = properties::text(&door.thing.sets, DOOR_COMMON, "FireRating");
    PortalRecord {
        is_inferred: false,
        has_width: door.width.is_some() || door.opening.is_some(),
        has_rating: matches!(rating, Some(Stated::Value(text)) if !properties::is_placeholder(&text, "fireRating")),
    }
}
