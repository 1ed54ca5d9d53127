//! What the file leaves out and the rest of it suggests: rooms that walls enclose, doors that
//! rooms must have, stairs between storeys.
//!
//! A file with half its rooms and a fifth of its doors missing still describes a building that
//! people walk in and out of. What must be there is added here, each thing with the probability
//! that it is, and kept apart from what the file says: it is a source of its own, and nothing
//! stated is changed by it.

mod candidates;
mod classes;
mod missing;
mod rooms;

use super::building::{Building, Space};
use super::joins::{self, Joins, Place, Portal, Said, Sort};
use super::network::Network;
use std::borrow::Cow;
use std::collections::BTreeMap;
use twin_space::PortalKind;
use twin_space::plan::{Plan, Point, Point3};

/// A room that walls enclose and nobody named.
#[derive(Clone, Debug)]
pub(super) struct Room {
    pub(super) space: Space,
    pub(super) exists: f64,
}

/// What is concluded about a portal.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) key: String,
    pub(super) kind: PortalKind,
    /// The portal of [`Joins`] that it speaks of; `None` for one that nobody drew.
    pub(super) known: Option<usize>,
    /// In the numbering of stated spaces followed by inferred rooms.
    pub(super) places: Vec<Place>,
    /// If the places exist: of one that nobody drew, that it is there; of a drawn one, that it
    /// joins these.
    pub(super) probability: f64,
    /// Whether it leads out, and how surely.
    pub(super) external: Option<(bool, f64)>,
    /// Of a drawn portal: these places are likelier than those that the plan shows without the
    /// inferred rooms.
    pub(super) is_likelier: bool,
    /// The file has the door, opening, stair or lift; only what it joins is inferred.
    pub(super) is_drawn: bool,
    pub(super) storey: Option<usize>,
    pub(super) position: Option<Point3>,
    pub(super) line: Option<(Point, Point)>,
    pub(super) why: String,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Inferred {
    pub(super) rooms: Vec<Room>,
    pub(super) links: Vec<Link>,
    /// Share of the building's doors that the file is taken to lack.
    pub(super) missing_doors: f64,
    /// Storeys without a space of their own, and how many rooms were inferred there.
    pub(super) without_spaces: Vec<(usize, usize)>,
}

/// Adds what must be there to what the file says. `joins` loses confidence where an inferred room
/// explains the empty side of a door, and gives up the unknown insides of storeys that turn out
/// to have rooms.
pub(super) fn infer(building: &Building, joins: &mut Joins) -> Inferred {
    let mut inferred = Inferred::default();
    let mut extended = Cow::Borrowed(building);
    let found = rooms::enclosed(building);
    if !found.is_empty() {
        extended.to_mut().spaces.extend(found);
        let again = joins::join(&extended);
        inferred.rooms = rooms::weighed(&extended, &again, building.spaces.len());
        inferred.without_spaces = subdivide(joins, &inferred.rooms);
        inferred.links = joined_again(building, joins, &again, &inferred.rooms);
    }
    add_doors(building, &extended, joins, &mut inferred);
    relink(&extended, joins, &inferred.links);
    inferred
}

/// Doors that nobody drew, once it is known which rooms there are.
fn add_doors(building: &Building, extended: &Building, joins: &Joins, inferred: &mut Inferred) {
    let (cells, spaces_of) = joins::cells(extended);
    let network = Network::of(building, joins, &inferred.rooms, &inferred.links);
    let classes = classes::classes(extended, &network, building.spaces.len());
    let share = missing::Share::of(extended, &network, &classes);
    let walls = candidates::Walls {
        building: extended,
        stated: building.spaces.len(),
        neighbours: &Plan::new(&cells, &extended.walls).neighbours(),
        spaces_of: &spaces_of,
        classes: &classes,
        network: &network,
        share: &share,
    };
    inferred.links.extend(walls.doors());
    inferred.missing_doors = share.mean();
}

/// Storeys that have rooms after all are no longer one unknown inside.
fn subdivide(joins: &mut Joins, rooms: &[Room]) -> Vec<(usize, usize)> {
    let mut found: BTreeMap<usize, usize> = BTreeMap::new();
    for storey in rooms.iter().filter_map(|r| r.space.storey) {
        *found.entry(storey).or_default() += 1;
    }
    found.retain(|storey, _| joins.coarse.contains(storey));
    joins.coarse.retain(|storey| !found.contains_key(storey));
    for portal in &mut joins.portals {
        let gone = |p: &Place| matches!(p, Place::Storey(s) if found.contains_key(s));
        if portal
            .by_plan
            .as_ref()
            .is_some_and(|said| said.places.iter().any(gone))
        {
            portal.by_plan = None;
        }
    }
    found.into_iter().collect()
}

/// Storeys that an inferred link joins, rather so than not, are no longer without one.
fn relink(extended: &Building, joins: &mut Joins, links: &[Link]) {
    let storey = |place: &Place| match place {
        Place::Space(i) => extended.spaces[*i].storey,
        Place::Storey(i) => Some(*i),
    };
    let height = |s: usize| extended.storeys[s].height_m();
    for link in links {
        let is_vertical = matches!(link.kind, PortalKind::StairLink | PortalKind::LiftLink);
        if !is_vertical || link.probability < 0.5 {
            continue;
        }
        let ends: Vec<f64> = link.places.iter().filter_map(storey).map(height).collect();
        let low = ends.iter().copied().fold(f64::INFINITY, f64::min);
        let high = ends.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        joins
            .unlinked
            .retain(|&(a, b)| !(low <= height(a) + 0.01 && height(b) <= high + 0.01));
    }
}

/// What drawn portals join once the inferred rooms are on the plan.
fn joined_again(
    building: &Building,
    joins: &mut Joins,
    again: &Joins,
    rooms: &[Room],
) -> Vec<Link> {
    let stated = building.spaces.len();
    let exists = |place: &Place| match place {
        Place::Space(i) => i.checked_sub(stated).map_or(1.0, |room| rooms[room].exists),
        Place::Storey(_) => 1.0,
    };
    let known: BTreeMap<String, usize> = joins
        .portals
        .iter()
        .enumerate()
        .map(|(i, p)| (p.key.clone(), i))
        .collect();
    let is_new = |place: &Place| matches!(place, Place::Space(i) if *i >= stated);
    let mut links = Vec::new();
    for portal in &again.portals {
        let Some(said) = portal
            .by_plan
            .as_ref()
            .filter(|s| s.places.iter().any(is_new))
        else {
            continue;
        };
        let there: f64 = said.places.iter().map(exists).product();
        let known = known.get(&portal.key).copied();
        let mut link = link(portal, said, known);
        if let Some(known) = known {
            let shown = &mut joins.portals[known];
            doubt(shown, portal, there);
            let likeliest = [&shown.by_plan, &shown.by_boundaries]
                .into_iter()
                .flatten()
                .map(|s| s.probability)
                .fold(0.0, f64::max);
            link.is_likelier = said.probability * there > likeliest;
        }
        links.push(link);
    }
    links
}

/// The plan showed one side only, or the next best landing, because a room was left out.
fn doubt(portal: &mut Portal, again: &Portal, there: f64) {
    if let Some(said) = &mut portal.by_plan {
        said.probability *= 1.0 - there;
    }
    // Boundaries name one side only where the space on the other has gone with its own.
    if let Some(said) = portal.by_boundaries.as_mut().filter(|s| s.places.len() < 2) {
        said.probability *= 1.0 - there;
    }
    let leads_out = |p: &Portal| matches!(p.external_by_plan, Some((true, _)));
    if there >= 0.5 && leads_out(portal) && !leads_out(again) {
        portal.external_by_plan = None;
    }
}

fn link(portal: &Portal, said: &Said, known: Option<usize>) -> Link {
    Link {
        key: portal.key.clone(),
        kind: match portal.sort {
            Sort::Door(_) => PortalKind::Door,
            Sort::Hole(_) => PortalKind::Opening,
            Sort::Contact => PortalKind::OpenContact,
            Sort::Stair(_) => PortalKind::StairLink,
            Sort::Lift(_) => PortalKind::LiftLink,
        },
        known,
        places: said.places.clone(),
        probability: said.probability,
        external: portal.external_by_plan,
        is_likelier: true,
        is_drawn: !matches!(
            portal.sort,
            Sort::Contact | Sort::Stair(None) | Sort::Lift(None)
        ),
        storey: portal.storey,
        position: portal.position,
        line: portal.line,
        why: format!("{}, to a room that walls enclose", said.method),
    }
}
