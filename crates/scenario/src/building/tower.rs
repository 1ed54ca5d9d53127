//! A high-rise on a podium, with the means of escape that such buildings must have.
//!
//! Beneath the ground lie two storeys of parking; a podium of three storeys has shops and an
//! entrance hall to each of two streets; above it stand offices and then flats around a core.
//! The core holds two stairs, each behind a pressurised lobby, five passenger lifts in a
//! low-rise and a high-rise group, a firefighters' lift, toilets and shafts. A refuge floor
//! comes every twenty storeys and a plant storey above it.
//!
//! Some shafts have no door at all: nobody can walk out of them, which is as true of real
//! buildings and keeps "every room is connected" from being right.

use super::outline::{Mm, Point, rectangle};
use super::plan::{OFFICE_BAYS_MM, partition};
use super::{Building, Level, Options, Placement, SLAB_MM, Space, Storey, Usage, global_id};
use crate::Error;
use crate::rng::Rng;

/// Which tower to build.
#[derive(Debug, Clone, Copy)]
pub struct Tower {
    /// Storeys above ground, 6 to 99.
    pub storeys: usize,
    /// Decides widths, uses and names of rooms, and where doors stand.
    pub seed: u64,
}

/// Storeys of parking, and how high each is.
const BASEMENTS: usize = 2;
const PARKING_HEIGHT_MM: Mm = 3_400;
/// Storeys of the podium, the ground floor among them.
const PODIUM: usize = 3;
/// A refuge floor comes at every multiple of this.
const REFUGE_EVERY: usize = 20;

/// Between the outer walls of the tower, and of podium and parking.
const SHAFT_PLATE: Plate = Plate::of((0, 0), (48_000, 30_000));
const PODIUM_PLATE: Plate = Plate::of((-12_000, -10_000), (60_000, 40_000));
/// The corridor runs between these two rectangles; within the inner one lies the core.
const RING: Plate = Plate::of((6_000, 6_000), (42_000, 24_000));
const CORE: Plate = Plate::of((8_200, 8_200), (39_800, 21_800));

#[derive(Debug, Clone, Copy)]
struct Plate {
    low: Point,
    high: Point,
}

impl Plate {
    const fn of(low: (Mm, Mm), high: (Mm, Mm)) -> Self {
        Self {
            low: Point { x: low.0, y: low.1 },
            high: Point {
                x: high.0,
                y: high.1,
            },
        }
    }
}

/// What a storey is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Parking,
    Entrance,
    Podium,
    Offices,
    Flats,
    Refuge,
    Plant,
}

/// A room as planned.
#[derive(Debug)]
struct Cell {
    usage: Usage,
    outline: Vec<Point>,
    /// Which part of the core it is.
    riser: Option<&'static str>,
    /// Without a door.
    sealed: bool,
    /// The cell from which alone it is entered.
    entered_from: Option<usize>,
}

impl Cell {
    fn of(usage: Usage, outline: Vec<Point>) -> Self {
        Self {
            usage,
            outline,
            riser: None,
            sealed: false,
            entered_from: None,
        }
    }
}

impl Tower {
    /// Draws the tower; its own axes run along the street in front of it.
    pub fn build(self) -> Result<Building, Error> {
        if !(6..=99).contains(&self.storeys) {
            return Err(Error::OutOfRange {
                name: "--tower-storeys",
                allowed: "from 6 to 99",
                given: self.storeys.to_string(),
            });
        }
        let storeys = self.storey_list();
        let plates = (0..storeys.len())
            .map(Self::plate)
            .map(|plate| [plate.low, plate.high]);
        let mut building = Building {
            options: Options {
                storeys: self.storeys,
                basement: true,
                seed: self.seed,
            },
            name: "Tower".into(),
            placement: Placement {
                east_m: 0.0,
                north_m: 0.0,
                turn_deg: 0.0,
            },
            plates: plates.collect(),
            storeys,
            spaces: Vec::new(),
            contacts: Vec::new(),
            walls: Vec::new(),
            holes: Vec::new(),
            stairs: Vec::new(),
            lifts: Vec::new(),
            stair_lobbies: true,
        };
        for storey in 0..building.storeys.len() {
            let mut rng = Rng::of(self.seed, &format!("tower storey {storey}"));
            let cells = self.cells(storey, &mut rng);
            let first = building.spaces.len();
            self.name_cells(&mut building, storey, cells, &mut rng);
            building.find_contacts(storey, first, false);
            building.build_walls(storey);
            building.cut_holes(storey, &mut rng);
        }
        building.connect_storeys();
        // The firefighters' lift is the one with which the shafts of a storey begin.
        for (place, lift) in building.lifts.iter_mut().enumerate() {
            lift.firefighting = place == 0;
        }
        Ok(building)
    }

    fn use_of(self, storey: usize) -> Use {
        let Some(above) = storey.checked_sub(BASEMENTS) else {
            return Use::Parking;
        };
        match above {
            0 => Use::Entrance,
            _ if above < PODIUM => Use::Podium,
            _ if above + 1 == self.storeys => Use::Plant,
            _ if above % REFUGE_EVERY == 0 => Use::Refuge,
            _ if above % REFUGE_EVERY == 1 && above > REFUGE_EVERY => Use::Plant,
            _ if above * 5 < self.storeys * 3 => Use::Offices,
            _ => Use::Flats,
        }
    }

    fn plate(storey: usize) -> Plate {
        if storey < BASEMENTS + PODIUM {
            PODIUM_PLATE
        } else {
            SHAFT_PLATE
        }
    }

    fn storey_list(self) -> Vec<Storey> {
        let heights = (0..BASEMENTS + self.storeys).map(|storey| match self.use_of(storey) {
            Use::Parking => PARKING_HEIGHT_MM,
            Use::Entrance => 5_000,
            Use::Podium | Use::Plant => 4_500,
            Use::Offices | Use::Refuge => 3_600,
            Use::Flats => 3_200,
        });
        let mut elevation = -[PARKING_HEIGHT_MM; BASEMENTS].iter().sum::<Mm>();
        let mut storeys = Vec::new();
        for (storey, height) in heights.enumerate() {
            let (level, name) = match storey.checked_sub(BASEMENTS) {
                None => (Level::Basement, format!("Level -{}", BASEMENTS - storey)),
                Some(0) => (Level::Ground, "Level 0".into()),
                Some(above) => (Level::Upper, format!("Level {above}")),
            };
            storeys.push(Storey {
                global_id: global_id(self.seed, &format!("tower {name}")),
                name,
                level,
                elevation,
                height,
            });
            elevation += height;
        }
        storeys
    }

    fn cells(self, storey: usize, rng: &mut Rng) -> Vec<Cell> {
        let mut cells = match self.use_of(storey) {
            Use::Parking => parking(),
            _ => corridors(),
        };
        self.core(storey, rng, &mut cells);
        if self.use_of(storey) != Use::Parking {
            self.outer_rooms(storey, rng, &mut cells);
        }
        cells
    }

    /// Everything inside the corridor's ring. Offsets are from the core's south-west corner.
    fn core(self, storey: usize, rng: &mut Rng, cells: &mut Vec<Cell>) {
        let at = |x0: Mm, y0: Mm, x1: Mm, y1: Mm| {
            let Point { x, y } = CORE.low;
            rectangle(x + x0, y + y0, x + x1, y + y1)
        };
        let below_ground = self.use_of(storey) == Use::Parking;
        let mut put = |usage, riser, outline| {
            let mut cell = Cell::of(usage, outline);
            cell.riser = Some(riser);
            cell.sealed = usage == Usage::Riser;
            cells.push(cell);
        };
        let serving = if below_ground {
            Usage::Storage
        } else {
            Usage::Toilet
        };
        put(Usage::StairLobby, "LA", at(0, 0, 6_000, 2_600));
        put(Usage::Stair, "A", at(0, 2_600, 2_900, 9_000));
        put(Usage::LiftShaft, "F", at(2_900, 2_600, 6_000, 5_200));
        put(Usage::Riser, "S1", at(2_900, 5_200, 6_000, 9_000));
        put(serving, "W1", at(0, 9_000, 2_900, 13_600));
        put(Usage::Storage, "C1", at(2_900, 9_000, 6_000, 13_600));

        put(Usage::StairLobby, "LB", at(25_600, 0, 31_600, 2_600));
        put(Usage::Stair, "B", at(28_700, 2_600, 31_600, 9_000));
        put(Usage::Riser, "S2", at(25_600, 2_600, 28_700, 5_200));
        put(Usage::Server, "E1", at(25_600, 5_200, 28_700, 13_600));
        put(serving, "W2", at(28_700, 9_000, 31_600, 13_600));

        put(Usage::LiftLobby, "LL", at(9_000, 0, 21_500, 4_000));
        put(Usage::Storage, "C2", at(6_000, 0, 9_000, 6_400));
        put(serving, "W3", at(21_500, 0, 25_600, 6_400));
        let passenger_lifts = (9_000..).step_by(2_500).zip(["1", "2", "3", "4", "5"]);
        for (number, (x, riser)) in passenger_lifts.enumerate() {
            let (usage, stops) = self.lift_here(storey, number);
            let mut cell = Cell::of(usage, at(x, 4_000, x + 2_500, 6_400));
            (cell.riser, cell.sealed) = (Some(riser), !stops);
            cells.push(cell);
        }
        for (x0, x1) in partition(rng, (6_000, 25_600), OFFICE_BAYS_MM) {
            let usage = if below_ground {
                Usage::Storage
            } else {
                *rng.pick(&[&Usage::Meeting, &Usage::Storage, &Usage::Toilet])
            };
            cells.push(Cell::of(usage, at(x0, 6_400, x1, 13_600)));
        }
    }

    /// What the shaft of a passenger lift is on a storey, and whether the lift stops there. The
    /// first three serve the lower half, the others pass it by; only the last goes below ground.
    fn lift_here(self, storey: usize, number: usize) -> (Usage, bool) {
        let middle = BASEMENTS + self.storeys / 2;
        let low_rise = number < 3;
        if storey < BASEMENTS {
            let parks = number == 4;
            let usage = if parks {
                Usage::LiftShaft
            } else {
                Usage::Riser
            };
            return (usage, parks);
        }
        match (low_rise, storey > middle) {
            (true, true) => (Usage::Riser, false),
            (true, false) => (Usage::LiftShaft, true),
            (false, upper) => (Usage::LiftShaft, upper || storey == BASEMENTS),
        }
    }

    /// The rooms between the corridor and the façade: two long rows and two short ones.
    fn outer_rooms(self, storey: usize, rng: &mut Rng, cells: &mut Vec<Cell>) {
        let used = self.use_of(storey);
        let Plate { low, high } = Self::plate(storey);
        let mean_mm = match used {
            Use::Entrance | Use::Podium => (6_500.0, 9_500.0),
            Use::Plant => (11_000.0, 14_000.0),
            _ => (2_900.0, 3_600.0),
        };
        let (west, east) = (CORE.low.x, CORE.high.x);
        for south in [true, false] {
            let (y0, y1) = if south {
                (low.y, RING.low.y)
            } else {
                (RING.high.y, high.y)
            };
            let mut bays = vec![(low.x, west)];
            let mut special = None;
            match used {
                Use::Entrance => {
                    bays.extend(partition(rng, (west, 14_000), mean_mm));
                    let passage = bays.len();
                    bays.extend([(14_000, 16_400), (16_400, 30_000)]);
                    special = Some((passage, passage + 1));
                    bays.extend(partition(rng, (30_000, east), mean_mm));
                }
                Use::Refuge if south => bays = vec![(low.x, high.x)],
                _ => bays.extend(partition(rng, (west, east), mean_mm)),
            }
            if used != Use::Refuge || !south {
                bays.push((east, high.x));
            }
            let row = bays.iter().map(|&(x0, x1)| rectangle(x0, y0, x1, y1));
            furnish(rng, used, row.collect(), special, south, cells);
        }
        for (x0, x1) in [(low.x, RING.low.x), (RING.high.x, high.x)] {
            let bays = partition(rng, (RING.low.y, RING.high.y), mean_mm);
            let row = bays.iter().map(|&(y0, y1)| rectangle(x0, y0, x1, y1));
            furnish(rng, used, row.collect(), None, false, cells);
        }
    }

    fn name_cells(self, building: &mut Building, storey: usize, cells: Vec<Cell>, rng: &mut Rng) {
        let first = building.spaces.len();
        let height = building.storeys[storey].height;
        let prefix = match storey.checked_sub(BASEMENTS) {
            None => format!("B{}", BASEMENTS - storey),
            Some(above) => format!("{above:02}"),
        };
        let mut count = 0;
        for cell in cells {
            // Numbers have gaps, as they do once rooms have been joined or renamed.
            count += if rng.chance(0.06) { 2 } else { 1 };
            let number = match cell.riser {
                Some(riser) => format!("{prefix}.{riser}"),
                None => format!("{prefix}.{count:02}"),
            };
            let through = matches!(cell.usage, Usage::Stair | Usage::LiftShaft | Usage::Riser);
            building.spaces.push(Space {
                global_id: global_id(self.seed, &format!("tower space {number}")),
                storey,
                number,
                name: (*rng.pick(&cell.usage.names().iter().collect::<Vec<_>>())).to_owned(),
                usage: cell.usage,
                footprint: cell.outline.clone(),
                gross: cell.outline,
                height: if through { height } else { height - SLAB_MM },
                off_open_plan: false,
                entered_from: cell.entered_from.map(|own| first + own),
                sealed: cell.sealed,
            });
        }
    }
}

/// Two halves of the corridor's ring, each an L, with smoke doors between them.
fn corridors() -> Vec<Cell> {
    let (outer, inner) = (RING, CORE);
    let south_west = [
        (outer.low.x, outer.low.y),
        (outer.high.x, outer.low.y),
        (outer.high.x, inner.low.y),
        (inner.low.x, inner.low.y),
        (inner.low.x, outer.high.y),
        (outer.low.x, outer.high.y),
    ];
    let north_east = [
        (inner.high.x, inner.low.y),
        (outer.high.x, inner.low.y),
        (outer.high.x, outer.high.y),
        (inner.low.x, outer.high.y),
        (inner.low.x, inner.high.y),
        (inner.high.x, inner.high.y),
    ];
    [south_west, north_east]
        .map(|corners| corners.map(|(x, y)| Point { x, y }).to_vec())
        .map(|outline| Cell::of(Usage::Corridor, outline))
        .into()
}

/// Two halves around the core, with nothing between them.
fn parking() -> Vec<Cell> {
    let (outer, inner) = (PODIUM_PLATE, CORE);
    let middle = i64::midpoint(inner.low.x, inner.high.x);
    let west = [
        (outer.low.x, outer.low.y),
        (middle, outer.low.y),
        (middle, inner.low.y),
        (inner.low.x, inner.low.y),
        (inner.low.x, inner.high.y),
        (middle, inner.high.y),
        (middle, outer.high.y),
        (outer.low.x, outer.high.y),
    ];
    let east = [
        (middle, outer.low.y),
        (outer.high.x, outer.low.y),
        (outer.high.x, outer.high.y),
        (middle, outer.high.y),
        (middle, inner.high.y),
        (inner.high.x, inner.high.y),
        (inner.high.x, inner.low.y),
        (middle, inner.low.y),
    ];
    [west, east]
        .map(|corners| corners.map(|(x, y)| Point { x, y }).to_vec())
        .map(|outline| Cell::of(Usage::Parking, outline))
        .into()
}

/// Gives the rooms of one row their uses. `special` are the places of an escape passage and an
/// entrance hall in it.
fn furnish(
    rng: &mut Rng,
    used: Use,
    row: Vec<Vec<Point>>,
    special: Option<(usize, usize)>,
    to_street: bool,
    cells: &mut Vec<Cell>,
) {
    let (first, length) = (cells.len(), row.len());
    let open_plan = (used == Use::Offices && to_street).then(|| rng.index(length - 2) + 1);
    for (place, outline) in row.into_iter().enumerate() {
        let usage = match used {
            _ if special.is_some_and(|(passage, _)| passage == place) => Usage::Corridor,
            _ if special.is_some_and(|(_, hall)| hall == place) => Usage::Lobby,
            Use::Entrance => Usage::Shop,
            Use::Podium => *rng.pick(&[&Usage::Meeting, &Usage::Shop, &Usage::Storage]),
            Use::Refuge if length == 1 => Usage::Refuge,
            Use::Plant => Usage::Plant,
            Use::Flats if is_living(place, length) => Usage::Living,
            Use::Flats => Usage::Bedroom,
            _ if open_plan == Some(place) => Usage::OpenPlan,
            _ if rng.chance(0.15) => Usage::Meeting,
            _ if rng.chance(0.06) => Usage::Storage,
            _ if rng.chance(0.05) => Usage::Pantry,
            _ => Usage::Office,
        };
        let mut cell = Cell::of(usage, outline);
        if usage == Usage::Bedroom {
            let living = if place > 0 && is_living(place - 1, length) {
                place - 1
            } else {
                place + 1
            };
            cell.entered_from = Some(first + living);
        }
        cells.push(cell);
    }
}

/// Flats lie along a row as living room, bedroom, bedroom, living room, and so on; at the end
/// of the row nobody's bedroom lacks a living room.
fn is_living(place: usize, length: usize) -> bool {
    matches!(place % 4, 0 | 3) || (place % 4 == 2 && place + 1 == length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bedroom_has_one_living_room_beside_it() {
        for length in 1..30 {
            for place in (0..length).filter(|&place| !is_living(place, length)) {
                let beside = [place.wrapping_sub(1), place + 1];
                let own = beside.iter().filter(|&&other| other < length);
                let living = own.filter(|&&other| is_living(other, length)).count();
                assert!(living >= 1, "{place} of {length}");
            }
        }
    }

    #[test]
    fn a_tower_has_what_the_fire_service_asks_for() {
        let tower = Tower {
            storeys: 44,
            seed: 1,
        };
        let building = tower.build().unwrap();
        let number_of = |usage| building.spaces.iter().filter(|s| s.usage == usage).count();
        assert_eq!(building.storeys.len(), 46);
        assert_eq!(building.stairs.len(), 2 * 45);
        assert_eq!(building.lifts.len(), 6);
        let firefighting = building.lifts.iter().filter(|lift| lift.firefighting);
        let served: Vec<usize> = firefighting.map(|lift| lift.serves.len()).collect();
        assert_eq!(served, [46]);
        assert_eq!(number_of(Usage::Refuge), 2);
        assert_eq!(number_of(Usage::StairLobby), 2 * 46);
        assert!((2_200..2_900).contains(&building.spaces.len()));
    }

    #[test]
    fn only_shafts_are_cut_off() {
        for storeys in [6, 21, 44] {
            let building = Tower { storeys, seed: 3 }.build().unwrap();
            let truth = crate::truth::Truth::of(&building, &crate::defects::Defects::default());
            let cut_off = truth.cut_off();
            for space in &truth.spaces {
                let shaft = ["riser", "lift-shaft"].contains(&space.usage);
                let alone = cut_off.contains(&space.global_id.as_str());
                assert!(
                    !alone || shaft,
                    "{} {} is cut off",
                    space.number,
                    space.usage
                );
                assert!(alone || space.usage != "riser", "{}", space.number);
            }
            assert!(truth.exits.len() >= 8, "{}", truth.exits.len());
        }
    }
}
