//! The building as it really is, as JSON: what a reader of the file is marked against.
//!
//! Everything is listed, also what was left out of the file (`in_file` is then false).
//! Coordinates are metres in the file's own coordinate system, areas m².

use std::collections::BTreeSet;

use serde::Serialize;

use crate::building::{Building, Contact, Fill, Hole, Mm, Separation, area};
use crate::defects::{Defect, Defects, doors};

/// The whole truth about one building.
#[derive(Debug, Serialize)]
pub struct Truth {
    /// The name and version of this format.
    pub format: &'static str,
    /// The seed that leads to this building again.
    pub seed: u64,
    /// The building's name.
    pub name: String,
    /// From the lowest up.
    pub storeys: Vec<StoreyTruth>,
    /// Rooms, stairwells and shafts, storey by storey.
    pub spaces: Vec<SpaceTruth>,
    /// All doors.
    pub doors: Vec<DoorTruth>,
    /// Where one passes without a door.
    pub openings: Vec<OpeningTruth>,
    /// How many windows there are.
    pub windows: usize,
    /// How many walls there are.
    pub walls: usize,
    /// One per stairwell and pair of storeys.
    pub stairs: Vec<StairTruth>,
    /// Lifts.
    pub lifts: Vec<LiftTruth>,
    /// The GlobalIds of the doors that lead outside.
    pub exits: Vec<String>,
    /// What was left out of the file or written falsely.
    pub defects: Vec<Defect>,
}

/// One storey.
#[derive(Debug, Serialize)]
pub struct StoreyTruth {
    /// IFC GlobalId.
    pub global_id: String,
    /// Its name.
    pub name: String,
    /// Its floor above the ground floor.
    pub elevation_m: f64,
    /// From its floor to the next.
    pub height_m: f64,
}

/// One room.
#[derive(Debug, Serialize)]
pub struct SpaceTruth {
    /// IFC GlobalId.
    pub global_id: String,
    /// The storey's GlobalId.
    pub storey: String,
    /// The room number.
    pub number: String,
    /// The room name.
    pub name: String,
    /// What it is for, as a word from a closed list.
    pub usage: &'static str,
    /// Anticlockwise, not closed.
    pub footprint_m: Vec<[f64; 2]>,
    /// The footprint's area.
    pub area_m2: f64,
    /// Clear height.
    pub height_m: f64,
    /// Whether the file has it.
    pub in_file: bool,
}

/// One door.
#[allow(clippy::struct_excessive_bools)] // Each is an independent fact of the format.
#[derive(Debug, Serialize)]
pub struct DoorTruth {
    /// IFC GlobalId.
    pub global_id: String,
    /// The storey's GlobalId.
    pub storey: String,
    /// Its name.
    pub name: String,
    /// The rooms on both sides; null is the outside.
    pub between: [Option<String>; 2],
    /// Overall width.
    pub width_m: f64,
    /// Overall height.
    pub height_m: f64,
    /// The middle of its threshold.
    pub position_m: [f64; 3],
    /// Whether it leads outside.
    pub external: bool,
    /// Whether it is meant as a way out in a fire.
    pub fire_exit: bool,
    /// Its fire rating, null if it has none.
    pub fire_rating: Option<&'static str>,
    /// Whether the file has it.
    pub in_file: bool,
    /// Whether it has been walled up since it was drawn.
    pub walled_up: bool,
}

/// A passage without a door.
#[derive(Debug, Serialize)]
pub struct OpeningTruth {
    /// `opening` (a hole in a wall) or `contact` (no wall at all).
    pub kind: &'static str,
    /// IFC GlobalId of the opening; a contact has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub global_id: Option<String>,
    /// The rooms on both sides.
    pub between: [Option<String>; 2],
    /// How wide it is.
    pub width_m: f64,
}

/// One stair between two storeys.
#[derive(Debug, Serialize)]
pub struct StairTruth {
    /// IFC GlobalId.
    pub global_id: String,
    /// Its name.
    pub name: String,
    /// The spaces at its foot and its head.
    pub links: [String; 2],
    /// Width of a flight.
    pub width_m: f64,
    /// The number of steps up.
    pub risers: i64,
    /// Whether the file has it.
    pub in_file: bool,
}

/// One lift.
#[derive(Debug, Serialize)]
pub struct LiftTruth {
    /// IFC GlobalId.
    pub global_id: String,
    /// The parts of its shaft, from the lowest storey up.
    pub serves: Vec<String>,
    /// Whether the fire service can use it.
    pub firefighting: bool,
}

fn metres(length: Mm) -> f64 {
    length as f64 / 1000.0
}

fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

impl Truth {
    /// The truth about a building and the defects of its file.
    #[must_use]
    pub fn of(building: &Building, defects: &Defects) -> Self {
        let doors: Vec<DoorTruth> = doors(building)
            .map(|(hole, door)| door_truth(building, defects, hole, door))
            .collect();
        let id = |space: usize| building.spaces[space].global_id.clone();
        Self {
            format: "twin-scenario-building/1",
            seed: building.options.seed,
            name: building.name.clone(),
            storeys: building.storeys.iter().map(storey_truth).collect(),
            spaces: (0..building.spaces.len())
                .map(|s| space_truth(building, defects, s))
                .collect(),
            exits: doors
                .iter()
                .filter(|d| d.external)
                .map(|d| d.global_id.clone())
                .collect(),
            doors,
            openings: openings(building),
            windows: building
                .holes
                .iter()
                .filter(|h| matches!(h.fill, Fill::Window(_)))
                .count(),
            walls: building.walls.len(),
            stairs: building
                .stairs
                .iter()
                .map(|stair| StairTruth {
                    global_id: stair.global_id.clone(),
                    name: stair.name.clone(),
                    links: [id(stair.links.0), id(stair.links.1)],
                    width_m: metres(stair.flight_width),
                    risers: 2 * stair.risers,
                    in_file: defects.keeps(&stair.global_id),
                })
                .collect(),
            lifts: building
                .lifts
                .iter()
                .map(|lift| LiftTruth {
                    global_id: lift.global_id.clone(),
                    serves: lift.serves.iter().copied().map(id).collect(),
                    firefighting: lift.firefighting,
                })
                .collect(),
            defects: defects.list.clone(),
        }
    }

    /// The GlobalIds of spaces from which no exit can be reached on foot. Lift shafts are left
    /// out: nobody leaves a burning building through one.
    #[must_use]
    pub fn cut_off(&self) -> Vec<&str> {
        let mut links: Vec<(&str, &str)> = Vec::new();
        let mut safe: BTreeSet<&str> = BTreeSet::new();
        let doors = self.doors.iter().filter(|door| !door.walled_up);
        let doors = doors.map(|door| &door.between);
        for between in doors.chain(self.openings.iter().map(|opening| &opening.between)) {
            match between {
                [Some(a), Some(b)] => links.push((a, b)),
                [Some(a), None] | [None, Some(a)] => drop(safe.insert(a)),
                [None, None] => {}
            }
        }
        links.extend(
            self.stairs
                .iter()
                .map(|s| (s.links[0].as_str(), s.links[1].as_str())),
        );
        loop {
            let before = safe.len();
            for (a, b) in &links {
                if safe.contains(a) || safe.contains(b) {
                    safe.extend([a, b]);
                }
            }
            if safe.len() == before {
                break;
            }
        }
        let rooms = self
            .spaces
            .iter()
            .filter(|space| space.usage != "lift-shaft");
        rooms
            .map(|space| space.global_id.as_str())
            .filter(|id| !safe.contains(id))
            .collect()
    }
}

fn storey_truth(storey: &crate::building::Storey) -> StoreyTruth {
    StoreyTruth {
        global_id: storey.global_id.clone(),
        name: storey.name.clone(),
        elevation_m: metres(storey.elevation),
        height_m: metres(storey.height),
    }
}

fn space_truth(building: &Building, defects: &Defects, index: usize) -> SpaceTruth {
    let space = &building.spaces[index];
    let corner = |point| building.placement.to_file_m(point).map(rounded);
    SpaceTruth {
        global_id: space.global_id.clone(),
        storey: building.storeys[space.storey].global_id.clone(),
        number: space.number.clone(),
        name: space.name.clone(),
        usage: space.usage.word(),
        footprint_m: space.footprint.iter().map(|&point| corner(point)).collect(),
        area_m2: area(&space.footprint) as f64 / 1e6,
        height_m: metres(space.height),
        in_file: defects.keeps(&space.global_id),
    }
}

fn door_truth(
    building: &Building,
    defects: &Defects,
    hole: &Hole,
    door: &crate::building::Door,
) -> DoorTruth {
    let wall = &building.walls[hole.wall];
    let storey = &building.storeys[wall.storey];
    let [x, y] = building
        .placement
        .to_file_m(wall.run.point(hole.lo + hole.width / 2));
    DoorTruth {
        global_id: door.global_id.clone(),
        storey: storey.global_id.clone(),
        name: door.name.clone(),
        between: sides(building, hole.between),
        width_m: metres(hole.width),
        height_m: metres(hole.height),
        position_m: [rounded(x), rounded(y), metres(storey.elevation)],
        external: door.external,
        fire_exit: door.fire_exit,
        fire_rating: door.fire_rating,
        in_file: defects.keeps(&door.global_id),
        walled_up: defects.walled_up(&door.global_id),
    }
}

fn sides(building: &Building, (a, b): (usize, Option<usize>)) -> [Option<String>; 2] {
    [Some(a), b].map(|side| side.map(|space| building.spaces[space].global_id.clone()))
}

fn openings(building: &Building) -> Vec<OpeningTruth> {
    let holes = building
        .holes
        .iter()
        .filter(|hole| matches!(hole.fill, Fill::Nothing));
    let holes = holes.map(|hole| OpeningTruth {
        kind: "opening",
        global_id: Some(hole.global_id.clone()),
        between: sides(building, hole.between),
        width_m: metres(hole.width),
    });
    let open = |contact: &&Contact| contact.separation == Separation::Open;
    let contacts = building
        .contacts
        .iter()
        .filter(open)
        .map(|contact| OpeningTruth {
            kind: "contact",
            global_id: None,
            between: sides(building, (contact.a, contact.b)),
            width_m: metres(contact.run.length()),
        });
    holes.chain(contacts).collect()
}
