//! Doors, windows and openings without a door.

use super::outline::{Axis, Mm, Run};
use super::walls::Separation;
use super::{Building, Level, Usage, global_id};
use crate::rng::Rng;

/// The least distance from a door to the end of the stretch of wall it stands in.
const DOOR_MARGIN_MM: Mm = 160;

/// A hole in a wall.
#[derive(Debug, Clone)]
pub struct Hole {
    /// The identifier of the opening, which is not that of the door in it.
    pub global_id: String,
    /// The wall's position.
    pub wall: usize,
    /// Where it begins, along the wall's axis in the building's coordinates.
    pub lo: Mm,
    /// Its width.
    pub width: Mm,
    /// Its lower edge above the floor.
    pub sill: Mm,
    /// Its height.
    pub height: Mm,
    /// The rooms on both sides; `None` is the outside.
    pub between: (usize, Option<usize>),
    /// What fills it.
    pub fill: Fill,
}

/// What fills a hole in a wall.
#[derive(Debug, Clone)]
pub enum Fill {
    /// One walks through.
    Nothing,
    /// A door.
    Door(Door),
    /// A window.
    Window(Window),
}

/// A door; its size is that of its opening.
#[allow(clippy::struct_excessive_bools)] // Four independent facts that IFC states one by one.
#[derive(Debug, Clone)]
pub struct Door {
    /// Its identifier.
    pub global_id: String,
    /// Its name.
    pub name: String,
    /// Two leaves instead of one.
    pub double: bool,
    /// Hung on the left.
    pub left: bool,
    /// Opens to the outside of the building.
    pub external: bool,
    /// Meant as a way out in a fire.
    pub fire_exit: bool,
    /// The resistance it is built for, such as `EI 30`.
    pub fire_rating: Option<&'static str>,
}

/// A window; its size is that of its opening.
#[derive(Debug, Clone)]
pub struct Window {
    /// Its identifier.
    pub global_id: String,
    /// Its name.
    pub name: String,
}

/// The size and kind of a door, before its place is known.
#[derive(Debug, Clone, Copy)]
struct DoorKind {
    width: Mm,
    height: Mm,
    double: bool,
    fire_exit: bool,
    fire_rating: Option<&'static str>,
}

const ROOM_DOOR: DoorKind = DoorKind {
    width: 930,
    height: 2115,
    double: false,
    fire_exit: false,
    fire_rating: None,
};

/// Halves a long corridor, or closes the lift lobby against it.
const SMOKE_DOOR: DoorKind = DoorKind {
    width: 1700,
    double: true,
    fire_rating: Some("EI 30"),
    ..ROOM_DOOR
};

impl Building {
    pub(super) fn cut_holes(&mut self, storey: usize, rng: &mut Rng) {
        for contact in 0..self.contacts.len() {
            let Some(wall) = self.contacts[contact]
                .wall
                .filter(|_| self.contacts[contact].storey == storey)
            else {
                continue;
            };
            let (a, b) = (self.contacts[contact].a, self.contacts[contact].b);
            match b {
                // A room beside the corridor's branch touches the corridor twice.
                Some(b) if self.joined(a, b) && rng.chance(0.8) => {}
                Some(b) if self.is_pantry_front(a, b) => self.cut_opening(contact, wall, rng),
                Some(b) => {
                    if let Some(kind) = self.inner_door(a, b, rng) {
                        self.cut_door(contact, wall, kind, rng);
                    }
                }
                None => {
                    if let Some(kind) = self.outer_door(contact) {
                        self.cut_door(contact, wall, kind, rng);
                    } else {
                        self.cut_windows(contact, wall, rng);
                    }
                }
            }
        }
    }

    fn joined(&self, a: usize, b: usize) -> bool {
        self.holes
            .iter()
            .rev()
            .any(|hole| hole.between == (a, Some(b)))
    }

    fn is_pantry_front(&self, a: usize, b: usize) -> bool {
        let usages = [self.spaces[a].usage, self.spaces[b].usage];
        usages.contains(&Usage::Pantry) && usages.contains(&Usage::Corridor)
    }

    /// The door between two rooms, if there is one.
    fn inner_door(&self, a: usize, b: usize, rng: &mut Rng) -> Option<DoorKind> {
        let (from, to) = (&self.spaces[a], &self.spaces[b]);
        if from.sealed || to.sealed {
            return None;
        }
        let entered = match (from.usage, to.usage) {
            _ if from.entered_from.is_some() || to.entered_from.is_some() => {
                let own = from.entered_from == Some(b) || to.entered_from == Some(a);
                return own.then_some(ROOM_DOOR);
            }
            (Usage::Stair, other) | (other, Usage::Stair) if self.stair_lobbies => match other {
                Usage::StairLobby => Usage::Stair,
                _ => return None,
            },
            (Usage::LiftShaft, other) | (other, Usage::LiftShaft) if self.stair_lobbies => {
                match other {
                    Usage::StairLobby | Usage::LiftLobby => Usage::LiftShaft,
                    _ => return None,
                }
            }
            (Usage::Corridor, Usage::Corridor) => return Some(SMOKE_DOOR),
            (Usage::Parking, other) | (other, Usage::Parking) => other,
            (Usage::Corridor, _) if !to.off_open_plan => to.usage,
            (_, Usage::Corridor) if !from.off_open_plan => from.usage,
            (Usage::OpenPlan, _) if to.off_open_plan => to.usage,
            (_, Usage::OpenPlan) if from.off_open_plan => from.usage,
            (Usage::Office, Usage::Office) if rng.chance(0.15) => Usage::Office,
            _ => return None,
        };
        Some(match entered {
            Usage::LiftLobby => SMOKE_DOOR,
            Usage::StairLobby => DoorKind {
                width: 1030,
                fire_exit: true,
                fire_rating: Some("EI 60"),
                ..ROOM_DOOR
            },
            Usage::Stair => DoorKind {
                width: 1030,
                fire_exit: true,
                fire_rating: Some("EI 30"),
                ..ROOM_DOOR
            },
            Usage::LiftShaft => DoorKind {
                width: 1100,
                height: 2100,
                fire_rating: Some("E 30"),
                ..ROOM_DOOR
            },
            Usage::Plant | Usage::Server => DoorKind {
                width: 1130,
                fire_rating: Some("EI 60"),
                ..ROOM_DOOR
            },
            Usage::Storage => DoorKind {
                fire_rating: Some("EI 30"),
                ..ROOM_DOOR
            },
            Usage::Lobby => DoorKind {
                width: 1700,
                height: 2315,
                double: true,
                ..ROOM_DOOR
            },
            Usage::Meeting if rng.chance(0.3) => DoorKind {
                width: 1400,
                double: true,
                ..ROOM_DOOR
            },
            Usage::Toilet => DoorKind {
                width: 880,
                ..ROOM_DOOR
            },
            _ => DoorKind {
                width: *rng.pick(&[&880, &930, &930, &1030]),
                ..ROOM_DOOR
            },
        })
    }

    /// The door to the outside: from the lobby, the stairs and the corridor's branch, at ground
    /// level, and in a one-storey building also from the corridor's ends.
    fn outer_door(&self, contact: usize) -> Option<DoorKind> {
        let contact = &self.contacts[contact];
        let exit = DoorKind {
            width: 1030,
            fire_exit: true,
            ..ROOM_DOOR
        };
        let usage = self.spaces[contact.a].usage;
        let faces_street = contact.run.axis == Axis::X;
        if usage == Usage::Parking && contact.storey + 1 == self.ground() && !faces_street {
            return Some(DoorKind {
                width: 5000,
                height: 2400,
                ..ROOM_DOOR
            });
        }
        if self.storeys[contact.storey].level != Level::Ground {
            return None;
        }
        match usage {
            Usage::Shop if faces_street => Some(DoorKind {
                width: 1500,
                double: true,
                ..ROOM_DOOR
            }),
            Usage::Lobby => Some(DoorKind {
                width: 1830,
                height: 2315,
                double: true,
                ..exit
            }),
            // Low enough to pass beneath the stair's half landing.
            Usage::Stair if faces_street => Some(DoorKind {
                height: 2015,
                ..exit
            }),
            Usage::Corridor if faces_street || self.storeys.len() == 1 => Some(exit),
            _ => None,
        }
    }

    fn cut_door(&mut self, contact: usize, wall: usize, kind: DoorKind, rng: &mut Rng) {
        let Some(lo) = self.place(contact, kind.width, rng) else {
            return;
        };
        let label = self.hole_label(contact, lo);
        let external = self.contacts[contact].b.is_none();
        let leaf = if kind.double { "Double door" } else { "Door" };
        let door = Door {
            global_id: global_id(self.options.seed, &format!("door {label}")),
            name: format!(
                "{leaf} {}x{}:{}",
                kind.width,
                kind.height,
                100_000 + self.holes.len()
            ),
            double: kind.double,
            left: rng.chance(0.5),
            external,
            fire_exit: kind.fire_exit,
            fire_rating: kind.fire_rating,
        };
        self.push_hole(
            contact,
            wall,
            (lo, kind.width),
            (0, kind.height),
            Fill::Door(door),
        );
    }

    fn cut_opening(&mut self, contact: usize, wall: usize, rng: &mut Rng) {
        let width = (self.contacts[contact].run.length() - 2 * DOOR_MARGIN_MM).min(1400);
        if let Some(lo) = self.place(contact, width, rng) {
            self.push_hole(contact, wall, (lo, width), (0, 2400), Fill::Nothing);
        }
    }

    /// A place for a hole of the given width in the stretch of wall between two rooms.
    fn place(&self, contact: usize, width: Mm, rng: &mut Rng) -> Option<Mm> {
        let contact = &self.contacts[contact];
        debug_assert!(matches!(contact.separation, Separation::Wall(_)));
        let (lo, hi) = (
            contact.run.lo + DOOR_MARGIN_MM,
            contact.run.hi - DOOR_MARGIN_MM - width,
        );
        // Short contacts remain where an L-shaped room touches the corridor twice.
        (lo <= hi)
            .then(|| rng.whole(lo / 5, hi / 5) * 5)
            .map(|at| at.clamp(lo, hi))
    }

    fn cut_windows(&mut self, contact: usize, wall: usize, rng: &mut Rng) {
        let Facade { level, usage, run } = self.facade(contact);
        let blind = matches!(
            usage,
            Usage::Stair
                | Usage::LiftShaft
                | Usage::Storage
                | Usage::Server
                | Usage::Plant
                | Usage::Refuge
        );
        if blind || level == Level::Basement {
            return;
        }
        let count = (run.length() / 2400).max(1);
        let slot = run.length() / count;
        for index in 0..count {
            let width = (rng.whole(11, 17) * 100).min(slot - 500);
            if width < 500 {
                continue;
            }
            let slack = slot - width - 300;
            let lo = run.lo + index * slot + 150 + rng.whole(0, slack.max(0) / 10) * 10;
            let global_id = global_id(
                self.options.seed,
                &format!("window {}", self.hole_label(contact, lo)),
            );
            let name = format!("Window {width}x1500:{}", 200_000 + self.holes.len());
            let fill = Fill::Window(Window { global_id, name });
            self.push_hole(contact, wall, (lo, width), (900, 1500), fill);
        }
    }

    fn facade(&self, contact: usize) -> Facade {
        let contact = &self.contacts[contact];
        Facade {
            level: self.storeys[contact.storey].level,
            usage: self.spaces[contact.a].usage,
            run: contact.run,
        }
    }

    fn hole_label(&self, contact: usize, lo: Mm) -> String {
        let contact = &self.contacts[contact];
        format!(
            "{} {:?} {} {lo}",
            contact.storey, contact.run.axis, contact.run.at
        )
    }

    fn push_hole(
        &mut self,
        contact: usize,
        wall: usize,
        (lo, width): (Mm, Mm),
        (sill, height): (Mm, Mm),
        fill: Fill,
    ) {
        let label = self.hole_label(contact, lo);
        let global_id = global_id(self.options.seed, &format!("opening {label}"));
        let between = (self.contacts[contact].a, self.contacts[contact].b);
        self.holes.push(Hole {
            global_id,
            wall,
            lo,
            width,
            sill,
            height,
            between,
            fill,
        });
    }
}

/// What decides whether a stretch of the outer wall has windows.
struct Facade {
    level: Level,
    usage: Usage,
    run: Run,
}
