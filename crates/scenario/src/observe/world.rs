//! The building in motion: people, air, doors and a fire, one step after another.

use super::air::{Air, Load, Outdoors, Weather, fire_w};
use super::people::{Passing, People};
use super::rooms::{Role, Rooms};
use crate::rng::Rng;
use crate::time::{DAY_US, SECOND_US};

/// How far the world moves at a time.
pub(super) const STEP_S: i64 = 10;
const STEP_US: i64 = STEP_S * SECOND_US;

/// An attribute that can be observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attribute {
    /// Of a space, in degrees Celsius.
    Temperature,
    /// Of a space, in parts per million.
    Co2,
    /// Of a space, in per cent relative humidity.
    Humidity,
    /// Of a space: the number of people.
    Occupancy,
    /// Of a space: whether there is smoke.
    Smoke,
    /// Of a portal: whether it stands open.
    Open,
}

impl Attribute {
    /// Those of spaces.
    pub const OF_SPACES: [Self; 5] = [
        Self::Temperature,
        Self::Co2,
        Self::Humidity,
        Self::Occupancy,
        Self::Smoke,
    ];

    /// Its name in claims.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Temperature => "temperature",
            Self::Co2 => "co2",
            Self::Humidity => "humidity",
            Self::Occupancy => "occupancy",
            Self::Smoke => "smoke",
            Self::Open => "open",
        }
    }

    /// Its unit in claims, as a UCUM code; none for yes-or-no attributes.
    #[must_use]
    pub fn unit(self) -> Option<&'static str> {
        match self {
            Self::Temperature => Some("Cel"),
            Self::Co2 => Some("[ppm]"),
            Self::Humidity => Some("%"),
            Self::Occupancy => Some("1"),
            Self::Smoke | Self::Open => None,
        }
    }

    /// Whether it is yes or no.
    pub(super) fn is_boolean(self) -> bool {
        self.unit().is_none()
    }
}

/// A door leaf.
#[derive(Debug, Clone, Copy)]
struct Leaf {
    /// When it falls shut, on the world's clock.
    closes_us: i64,
}

/// A fire to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fire {
    pub(super) room: usize,
    pub(super) from_us: i64,
}

/// Everything as it really is at one moment.
#[derive(Debug)]
pub(super) struct World<'a> {
    rooms: &'a Rooms,
    /// The moment it stands at.
    pub(super) now_us: i64,
    air: Vec<Air>,
    occupancy: Vec<u32>,
    leaves: Vec<Leaf>,
    /// The doors of each room, by position; none for corridors, where one passes only the doors
    /// at both ends of the walk.
    doors_of: Vec<Vec<usize>>,
    /// The doors that lead outside.
    outer_doors: Vec<usize>,
    people: People,
    weather: Weather,
    fire: Option<Fire>,
    smoke_since_us: Option<i64>,
    rng: Rng,
}

impl<'a> World<'a> {
    /// The world at `start_us`, after living through that day from midnight.
    pub(super) fn at(rooms: &'a Rooms, seed: u64, start_us: i64, fire: Option<Fire>) -> Self {
        let mut rng = Rng::of(seed, "world");
        let occupied = |role| matches!(role, Role::Work | Role::Meeting | Role::Service);
        let air = rooms.rooms.iter();
        let air = air
            .map(|room| Air::new(room.area_m2, occupied(room.role), &mut rng))
            .collect();
        let mut world = Self {
            rooms,
            now_us: start_us.div_euclid(DAY_US) * DAY_US - STEP_US + start_us.rem_euclid(STEP_US),
            air,
            occupancy: vec![0; rooms.rooms.len()],
            leaves: vec![
                Leaf {
                    closes_us: i64::MIN
                };
                rooms.portals.len()
            ],
            doors_of: doors_of(rooms),
            outer_doors: outer_doors(rooms),
            people: People::new(rooms, seed),
            weather: Weather::new(seed),
            fire,
            smoke_since_us: None,
            rng,
        };
        while world.now_us < start_us {
            world.step();
        }
        world
    }

    /// Moves on by one step.
    pub(super) fn step(&mut self) {
        let yesterday = self.now_us.div_euclid(DAY_US);
        self.now_us += STEP_US;
        let today = self.now_us.div_euclid(DAY_US);
        // 1 January 1970 was a Thursday.
        let working_day = (today + 3).rem_euclid(7) < 5;
        if today != yesterday {
            self.people.plan_day(working_day);
        }
        let of_day_s = (self.now_us.rem_euclid(DAY_US) / SECOND_US) as f64;
        let passings = self.people.step(of_day_s, self.alarm());
        for passing in passings {
            self.pass(passing);
        }
        self.people.count(&mut self.occupancy);
        let day_of_year = (today as f64).rem_euclid(365.25);
        let outdoors = self
            .weather
            .at(day_of_year, of_day_s, (self.now_us / SECOND_US) as f64);
        self.move_air(
            outdoors,
            working_day && (6.5..19.0).contains(&(of_day_s / 3600.0)),
        );
    }

    /// People notice smoke, or a bell does, after half a minute.
    fn alarm(&self) -> bool {
        self.smoke_since_us
            .is_some_and(|since| self.now_us - since >= 30 * SECOND_US)
    }

    fn pass(&mut self, passing: Passing) {
        for place in [passing.from, passing.to] {
            let doors = place.map_or(&self.outer_doors, |room| &self.doors_of[room]);
            if doors.is_empty() {
                continue;
            }
            let door = doors[self.rng.index(doors.len())];
            let propped = self.rng.chance(0.04);
            let stands_s = if propped {
                self.rng.around(1500.0, 0.8)
            } else {
                STEP_S as f64 + self.rng.around(5.0, 0.6)
            };
            let closes_us = self.now_us + (stands_s * SECOND_US as f64) as i64;
            let leaf = &mut self.leaves[door];
            leaf.closes_us = leaf.closes_us.max(closes_us);
        }
    }

    fn move_air(&mut self, outdoors: Outdoors, in_use: bool) {
        for (index, air) in self.air.iter_mut().enumerate() {
            let burning = self.fire.filter(|fire| fire.room == index);
            let burning_s = burning.map_or(0, |fire| (self.now_us - fire.from_us) / SECOND_US);
            let fire_w = fire_w(burning_s as f64);
            let load = Load {
                people: self.occupancy[index],
                in_use,
                fire_w,
            };
            air.step(outdoors, load, STEP_S as f64);
        }
        for (portal, leaf) in self.rooms.portals.iter().zip(&self.leaves) {
            if let [a, b] = portal.sides[..]
                && let Ok([a, b]) = self.air.get_disjoint_mut([a, b])
            {
                a.mix(b, leaf.closes_us > self.now_us, STEP_S as f64);
            }
        }
        if self.smoke_since_us.is_none() && self.air.iter().any(Air::smoke) {
            self.smoke_since_us = Some(self.now_us);
        }
    }

    /// The true value of an attribute of a space or portal, by its position; a boolean is 0 or 1.
    pub(super) fn value(&self, attribute: Attribute, index: usize) -> f64 {
        match attribute {
            Attribute::Temperature => self.air[index].temperature_c,
            Attribute::Co2 => self.air[index].co2_ppm,
            Attribute::Humidity => self.air[index].humidity_percent(),
            Attribute::Occupancy => f64::from(self.occupancy[index]),
            Attribute::Smoke => f64::from(u8::from(self.air[index].smoke())),
            Attribute::Open => f64::from(u8::from(self.leaves[index].closes_us > self.now_us)),
        }
    }

    /// All attributes of all entities: identifier, attribute, position.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&'a str, Attribute, usize)> + use<'a> {
        let rooms = self.rooms;
        let spaces = rooms.rooms.iter().enumerate().flat_map(|(index, room)| {
            Attribute::OF_SPACES.map(|attribute| (room.id.as_str(), attribute, index))
        });
        let portals = rooms.portals.iter().enumerate();
        spaces.chain(portals.map(|(index, door)| (door.id.as_str(), Attribute::Open, index)))
    }
}

fn doors_of(rooms: &Rooms) -> Vec<Vec<usize>> {
    let mut doors = vec![Vec::new(); rooms.rooms.len()];
    for (index, portal) in rooms.portals.iter().enumerate() {
        for &side in &portal.sides {
            if rooms.rooms[side].role != Role::Passage {
                doors[side].push(index);
            }
        }
    }
    doors
}

fn outer_doors(rooms: &Rooms) -> Vec<usize> {
    let all = rooms.portals.iter().enumerate();
    all.filter(|(_, portal)| portal.sides.len() == 1)
        .map(|(index, _)| index)
        .collect()
}
