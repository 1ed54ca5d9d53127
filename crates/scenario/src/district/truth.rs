//! What is true of a district, whatever its files say.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::cityjson::CityJson;
use super::houses::Kind;
use super::osm::Osm;
use super::plane;
use super::points::Point;
use super::sources::{self, Drawn};
use super::tower::{self, Exit};
use super::town::Town;
use crate::truth::Truth as TowerTruth;

/// The whole truth about a district.
#[derive(Debug, Serialize)]
pub struct Truth {
    /// The name and version of this format.
    pub format: &'static str,
    /// The seed that leads to this district again.
    pub seed: u64,
    /// What is one thing across the files.
    pub identity: Identity,
    /// Where the tower's file truly lies.
    pub place: Place,
    /// The tower's storeys, spaces, doors, stairs and lifts, and what is wrong in its file.
    pub tower: TowerTruth,
    /// Whether one can walk out of each space of the tower.
    pub rooms: Vec<Room>,
    /// Where each of the tower's exits leads.
    pub exits: Vec<ExitToStreet>,
    /// What the city's model and the map say falsely. The tower's are in `tower.defects`.
    pub falsified: Vec<Falsified>,
    /// What true houses are missing from a file.
    pub missing: Vec<Missing>,
    /// What each point of the building automation really tells of.
    pub points: Vec<Point>,
}

/// What is one thing across the three files.
#[derive(Debug, Serialize)]
pub struct Identity {
    /// Every building that is drawn in two files, and how the drawings relate.
    pub pairs: Vec<Pair>,
    /// Pairs that look alike and are not one thing.
    pub decoys: Vec<Decoy>,
}

/// Two drawings of one thing, or of a thing and its part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// `building`, `water`, `entrance` or `street`.
    pub kind: &'static str,
    /// `ifc:GlobalId`, `cityjson:object` or `osm:way/number`.
    pub a: String,
    /// The other.
    pub b: String,
    /// `same`; `part` (the first is a part of the second); `whole` (the other way round); or
    /// `overlap`.
    pub relation: &'static str,
}

/// Two drawings of different things that resemble each other.
#[derive(Debug, Clone, Serialize)]
pub struct Decoy {
    /// `cityjson:object` or `ifc:GlobalId`.
    pub a: String,
    /// `osm:way/number` or `cityjson:object`.
    pub b: String,
    /// `row`, `twin`, `slab`, `tower` or `near`.
    pub why: &'static str,
    /// Whether either of the two has no true counterpart in the other file.
    pub alone: bool,
}

/// How the axes of the tower's file lie on earth.
#[derive(Debug, Serialize)]
pub struct Place {
    /// Longitude and latitude of the file's origin, in degrees (WGS 84).
    pub origin: [f64; 2],
    /// Easting and northing of the file's origin (EPSG:28992), in metres.
    pub origin_rd_m: [f64; 2],
    /// The direction of the file's y axis, clockwise from true north, in degrees.
    pub y_axis_azimuth_deg: f64,
}

/// One space of the tower.
#[derive(Debug, Serialize)]
pub struct Room {
    /// IFC GlobalId.
    pub global_id: String,
    /// Whether the file has it.
    pub in_file: bool,
    /// Whether one can walk from it to an exit.
    pub connected: bool,
    /// The same by the file alone: by the doors and spaces that it has. Absent where the
    /// space itself is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connected_as_drawn: Option<bool>,
}

/// Where an exit leads.
#[derive(Debug, Serialize)]
pub struct ExitToStreet {
    /// IFC GlobalId of the door.
    pub door: String,
    /// `main`, `shop`, `emergency` or `garage`.
    pub kind: &'static str,
    /// Longitude and latitude in degrees (WGS 84).
    pub position: [f64; 2],
    /// The street's name.
    pub street: String,
    /// The way on which the stretch of street lies.
    pub street_way: String,
    /// The junctions at its ends.
    pub street_nodes: [String; 2],
    /// The entrance in the map, if it is drawn there.
    pub entrance: Option<String>,
    /// The path from it to the street, if it is drawn.
    pub path: Option<String>,
}

/// One false statement.
#[derive(Debug, Clone, Serialize)]
pub struct Falsified {
    /// The file.
    pub file: &'static str,
    /// The identifier in that file.
    pub entity: String,
    /// The attribute or tag.
    pub property: String,
    /// What is true.
    pub truth: String,
    /// What the file says.
    pub written: String,
}

/// A house that a file does not have.
#[derive(Debug, Clone, Serialize)]
pub struct Missing {
    /// The file.
    pub file: &'static str,
    /// Its street and number.
    pub address: String,
}

/// The drawings of the city's model and of the map, with their identifiers.
pub(super) struct Drawings<'a> {
    pub(super) city: &'a [Drawn],
    pub(super) city_ids: &'a [String],
    pub(super) map: &'a [Drawn],
    pub(super) map_ids: &'a [String],
}

/// Which drawings are of one thing.
pub(super) fn identity(
    town: &Town,
    tower: &str,
    drawings: &Drawings,
    exits: &[Exit],
    city: &CityJson,
    osm: &Osm,
) -> Identity {
    let ifc = format!("ifc:{tower}");
    let mut pairs = Vec::new();
    for (drawn, ids, scheme) in [
        (drawings.city, drawings.city_ids, "cityjson"),
        (drawings.map, drawings.map_ids, "osm"),
    ] {
        for (one, id) in drawn.iter().zip(ids).filter(|(one, _)| one.house() == 0) {
            debug_assert_eq!(one.atoms, [(0, 0)]);
            pairs.push(pair("building", &ifc, &format!("{scheme}:{id}"), "same"));
        }
    }
    let mut known: BTreeSet<&str> = BTreeSet::new();
    let neighbours = neighbours(drawings);
    for &(city, map) in &neighbours {
        if let Some(relation) = sources::relation(&drawings.city[city], &drawings.map[map]) {
            let (city, map) = (&drawings.city_ids[city], &drawings.map_ids[map]);
            let (a, b) = (format!("cityjson:{city}"), format!("osm:{map}"));
            pairs.push(pair("building", &a, &b, relation));
            known.extend([city.as_str(), map.as_str()]);
        }
    }
    let canal_b = format!("osm:{}", osm.canal_id);
    let canal = format!("cityjson:{}", city.canal_id);
    pairs.push(pair("water", &canal, &canal_b, "same"));
    // The city draws a street from junction to junction, the map some way further.
    for (edge, id) in &city.streets {
        let way = format!("osm:{}", osm.streets[*edge].0);
        pairs.push(pair("street", &format!("cityjson:{id}"), &way, "part"));
    }
    for (exit, drawn) in exits.iter().zip(&osm.exits) {
        if let Some(node) = &drawn.node {
            let (a, b) = (format!("ifc:{}", exit.door), format!("osm:{node}"));
            pairs.push(pair("entrance", &a, &b, "same"));
        }
    }
    let mut decoys = decoys(town, drawings, &neighbours, &known);
    decoys.extend(second_towers(town, drawings, &ifc));
    Identity { pairs, decoys }
}

fn pair(kind: &'static str, a: &str, b: &str, relation: &'static str) -> Pair {
    Pair {
        kind,
        a: a.to_owned(),
        b: b.to_owned(),
        relation,
    }
}

/// How near the middles of two houses are that one may take for the other.
const NEAR_M: f64 = 22.0;

/// How far apart drawings are compared at all: as far as a block is long.
const CELL_M: f64 = 120.0;

/// Drawings of the two files that lie in the same or neighbouring cells of the town.
fn neighbours(drawings: &Drawings) -> Vec<(usize, usize)> {
    let cell = |one: &Drawn| plane::middle(&one.outline).map(|at| (at / CELL_M).floor() as i64);
    let mut cells: BTreeMap<[i64; 2], Vec<usize>> = BTreeMap::new();
    for (map, one) in drawings.map.iter().enumerate() {
        cells.entry(cell(one)).or_default().push(map);
    }
    let mut pairs = Vec::new();
    for (city, one) in drawings.city.iter().enumerate() {
        let [x, y] = cell(one);
        let around = (x - 1..=x + 1).flat_map(|x| (y - 1..=y + 1).map(move |y| [x, y]));
        let there = around.filter_map(|cell| cells.get(&cell));
        pairs.extend(there.flatten().map(|&map| (city, map)));
    }
    pairs.sort_unstable();
    pairs
}

fn decoys(
    town: &Town,
    drawings: &Drawings,
    neighbours: &[(usize, usize)],
    known: &BTreeSet<&str>,
) -> Vec<Decoy> {
    let mut decoys = Vec::new();
    for &(city, map) in neighbours {
        let (city_id, map_id) = (&drawings.city_ids[city], &drawings.map_ids[map]);
        let (city, map) = (&drawings.city[city], &drawings.map[map]);
        let (one, other) = (&town.houses[city.house()], &town.houses[map.house()]);
        let towers = [Kind::Tower, Kind::TowerTwin];
        let both_towers = towers.contains(&one.kind) && towers.contains(&other.kind);
        let alike = one.kind == other.kind && one.group == other.group;
        let apart_m = plane::distance(plane::middle(&city.outline), plane::middle(&map.outline));
        if (apart_m < NEAR_M || both_towers || alike && one.kind != Kind::Row)
            && sources::relation(city, map).is_none()
        {
            decoys.push(Decoy {
                a: format!("cityjson:{city_id}"),
                b: format!("osm:{map_id}"),
                why: match one.kind {
                    _ if both_towers => "tower",
                    Kind::Row if alike => "row",
                    Kind::Twin if alike => "twin",
                    Kind::Slab if alike => "slab",
                    _ => "near",
                },
                alone: !known.contains(city_id.as_str()) || !known.contains(map_id.as_str()),
            });
        }
    }
    decoys
}

/// Buildings as wide and high as the tower that are not the tower of the IFC file.
fn second_towers(town: &Town, drawings: &Drawings, ifc: &str) -> Vec<Decoy> {
    let city = drawings.city.iter().zip(drawings.city_ids);
    let map = drawings.map.iter().zip(drawings.map_ids);
    let city = city.map(|(one, id)| (one, format!("cityjson:{id}")));
    let map = map.map(|(one, id)| (one, format!("osm:{id}")));
    city.chain(map)
        .filter(|(one, _)| town.houses[one.house()].kind == Kind::TowerTwin)
        .map(|(_, b)| Decoy {
            a: ifc.to_owned(),
            b,
            why: "tower",
            alone: false,
        })
        .collect()
}

/// What is missing from a file.
pub(super) fn missing(town: &Town, drawn: &[Drawn], file: &'static str) -> Vec<Missing> {
    let atoms = drawn.iter().flat_map(|one| &one.atoms);
    let there: BTreeSet<usize> = atoms.map(|(house, _)| *house).collect();
    let gone = (0..town.houses.len()).filter(|house| !there.contains(house));
    gone.map(|house| {
        let house = &town.houses[house];
        let address = format!("{} {}", town.streets[house.street].name, house.number);
        Missing { file, address }
    })
    .collect()
}

/// How the tower's file lies on earth.
pub(super) fn place(town: &Town, building: &crate::building::Building) -> Place {
    let (origin_rd_m, turn_deg) = tower::true_place(town, building);
    let origin = super::earth::rd_to_wgs84(origin_rd_m);
    let far = plane::turned([0.0, 500.0], [0.0, 0.0], turn_deg);
    let there = super::earth::rd_to_wgs84([origin_rd_m[0] + far[0], origin_rd_m[1] + far[1]]);
    // Half a kilometre is far enough for the direction and near enough for a plane.
    let latitude = f64::midpoint(origin[1], there[1]).to_radians();
    // Radii of curvature of the ellipsoid across and along the meridian.
    let (a_m, e2) = (6_378_137.0, 0.006_694_379_990_14);
    let across = 1.0 - e2 * latitude.sin().powi(2);
    let east_m = (there[0] - origin[0]).to_radians() * latitude.cos() * a_m / across.sqrt();
    let north_m = (there[1] - origin[1]).to_radians() * a_m * (1.0 - e2) / across.powf(1.5);
    Place {
        origin,
        origin_rd_m: origin_rd_m.map(|value| (value * 1e4).round() / 1e4),
        y_axis_azimuth_deg: east_m.atan2(north_m).to_degrees(),
    }
}

/// From which spaces one can walk out, truly and by the file alone.
pub(super) fn rooms(tower: &TowerTruth) -> Vec<Room> {
    let really = walk_out(tower, false);
    let drawn = walk_out(tower, true);
    let rooms = tower.spaces.iter();
    rooms
        .map(|space| Room {
            global_id: space.global_id.clone(),
            in_file: space.in_file,
            connected: really.contains(space.global_id.as_str()),
            connected_as_drawn: space
                .in_file
                .then(|| drawn.contains(space.global_id.as_str())),
        })
        .collect()
}

/// The spaces from which one reaches an exit on foot.
fn walk_out(tower: &TowerTruth, as_drawn: bool) -> BTreeSet<&str> {
    let there: BTreeSet<&str> = tower
        .spaces
        .iter()
        .filter(|space| !as_drawn || space.in_file)
        .map(|space| space.global_id.as_str())
        .collect();
    let mut beside: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    let doors = tower.doors.iter().filter(|door| {
        if as_drawn {
            door.in_file
        } else {
            !door.walled_up
        }
    });
    let stairs = tower
        .stairs
        .iter()
        .filter(|stair| !as_drawn || stair.in_file)
        .map(|stair| [Some(&stair.links[0]), Some(&stair.links[1])]);
    let joined = doors
        .map(|door| &door.between)
        .chain(tower.openings.iter().map(|opening| &opening.between))
        .map(|[a, b]| [a.as_ref(), b.as_ref()])
        .chain(stairs);
    for [a, b] in joined {
        let known = |id: Option<&String>| id.is_none_or(|id| there.contains(id.as_str()));
        if !known(a) || !known(b) {
            continue;
        }
        match (a.map(String::as_str), b.map(String::as_str)) {
            (Some(a), Some(b)) => {
                beside.entry(a).or_default().push(b);
                beside.entry(b).or_default().push(a);
            }
            (Some(inside), None) | (None, Some(inside)) => drop(reached.insert(inside)),
            (None, None) => {}
        }
    }
    let mut open: Vec<&str> = reached.iter().copied().collect();
    while let Some(space) = open.pop() {
        for &next in beside.get(space).into_iter().flatten() {
            if reached.insert(next) {
                open.push(next);
            }
        }
    }
    reached
}

/// Where each exit leads.
pub(super) fn exits(town: &Town, exits: &[Exit], osm: &Osm) -> Vec<ExitToStreet> {
    exits
        .iter()
        .zip(&osm.exits)
        .map(|(exit, drawn)| {
            let street = &town.streets[town.edges[exit.edge].street];
            let (street_way, street_nodes) = osm.streets[exit.edge].clone();
            ExitToStreet {
                door: exit.door.clone(),
                kind: exit.kind,
                position: tower::on_earth(town, exit.at),
                street: street.name.clone(),
                street_way,
                street_nodes,
                entrance: drawn.node.clone(),
                path: drawn.path.clone(),
            }
        })
        .collect()
}
