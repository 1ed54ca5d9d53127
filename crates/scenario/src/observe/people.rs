//! People going about a working day.
//!
//! Each person follows a plan: arrive, work, meet, eat, take breaks, leave. How long they stay
//! where they are depends on what they do there (a semi-Markov process), meetings are shared, and
//! walking takes time. In a fire everybody leaves, after hesitating.

use super::rooms::{Role, Rooms};
use crate::rng::Rng;

/// Seconds since midnight.
type OfDay = f64;

/// One person.
#[derive(Debug, Clone)]
struct Person {
    desk: usize,
    /// Where they are; `None` is outside the building.
    room: Option<usize>,
    /// Where they are walking to, if they are walking.
    towards: Option<Goal>,
    /// When they move on.
    until: OfDay,
    arrives: OfDay,
    leaves: OfDay,
    eats: OfDay,
    /// Meetings as start, end and room, in order.
    meetings: Vec<(OfDay, OfDay, usize)>,
    /// When they leave because of the alarm.
    flees: Option<OfDay>,
}

/// Where somebody is walking to; `None` is outside the building.
#[derive(Debug, Clone, Copy)]
struct Goal(Option<usize>);

/// Somebody passes a door of these rooms.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passing {
    pub(super) from: Option<usize>,
    pub(super) to: Option<usize>,
}

/// Everybody who uses the building.
#[derive(Debug)]
pub(super) struct People {
    persons: Vec<Person>,
    places: Places,
    rng: Rng,
}

/// Rooms by what people do in them.
#[derive(Debug)]
struct Places {
    meeting: Vec<(usize, usize)>,
    breaks: Vec<usize>,
    toilets: Vec<usize>,
    passages: Vec<usize>,
}

const HOUR: f64 = 3600.0;
const NEVER: f64 = f64::INFINITY;

impl People {
    pub(super) fn new(rooms: &Rooms, seed: u64) -> Self {
        let mut rng = Rng::of(seed, "people");
        let of = |role| {
            let all = rooms.rooms.iter().enumerate();
            all.filter(move |(_, room)| room.role == role)
                .map(|(index, _)| index)
        };
        let seats = |room: usize| ((rooms.rooms[room].area_m2 / 2.5) as usize).clamp(2, 14);
        let places = Places {
            meeting: of(Role::Meeting).map(|room| (room, seats(room))).collect(),
            breaks: of(Role::Break).collect(),
            toilets: of(Role::Toilet).collect(),
            passages: of(Role::Passage).collect(),
        };
        let mut persons = Vec::new();
        for desk in of(Role::Work) {
            let density_m2 = rng.between(8.0, 15.0);
            let count = ((rooms.rooms[desk].area_m2 / density_m2).round() as usize).clamp(1, 60);
            persons.extend((0..count).map(|_| Person {
                desk,
                room: None,
                towards: None,
                until: NEVER,
                arrives: NEVER,
                leaves: NEVER,
                eats: NEVER,
                meetings: Vec::new(),
                flees: None,
            }));
        }
        Self {
            persons,
            places,
            rng,
        }
    }

    /// Plans a new day. Those still in the building stay, as late workers do.
    pub(super) fn plan_day(&mut self, working_day: bool) {
        let present = if working_day { 0.82 } else { 0.04 };
        let rng = &mut self.rng;
        for person in &mut self.persons {
            let comes = rng.chance(present);
            let arrives = (8.3 + 0.7 * rng.normal()).clamp(6.0, 11.0) * HOUR;
            let stays = (8.4 + 0.8 * rng.normal()).clamp(3.0, 11.0) * HOUR;
            person.arrives = if comes { arrives } else { NEVER };
            person.leaves = arrives + stays;
            person.eats = (12.2 + 0.3 * rng.normal()) * HOUR;
            person.meetings.clear();
            person.flees = None;
            if person.room.is_none() {
                person.until = person.arrives;
            }
        }
        self.plan_meetings();
    }

    fn plan_meetings(&mut self) {
        for &(room, seats) in &self.places.meeting {
            let mut start = 9.0 * HOUR;
            while start < 16.5 * HOUR {
                let length = [0.5, 0.75, 1.0, 1.5][self.rng.index(4)] * HOUR;
                if self.rng.chance(0.45) {
                    let size = 2 + self.rng.index(seats - 1);
                    for invited in self.rng.sample(self.persons.len(), size) {
                        let calendar = &mut self.persons[invited].meetings;
                        let free = calendar
                            .iter()
                            .all(|m| m.1 <= start || m.0 >= start + length);
                        if free {
                            calendar.push((start, start + length, room));
                        }
                    }
                }
                start += length.max(0.5 * HOUR);
            }
        }
        for person in &mut self.persons {
            person.meetings.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
    }

    /// Moves everybody to a new time of day; returns who passed which doors.
    pub(super) fn step(&mut self, now: OfDay, alarm: bool) -> Vec<Passing> {
        let mut passings = Vec::new();
        for person in &mut self.persons {
            if alarm && person.flees.is_none() {
                // Hesitation before leaving: about a minute, for some much longer.
                person.flees = Some(now + self.rng.around(60.0, 0.7));
            }
            if person.flees.is_some() && person.room.is_none() {
                person.until = NEVER;
            }
            if person.flees.is_some_and(|flees| now >= flees) {
                if person.room.is_some() {
                    passings.push(Passing {
                        from: person.room,
                        to: None,
                    });
                }
                (person.room, person.towards, person.until) = (None, None, NEVER);
                continue;
            }
            let called = person.room == Some(person.desk) && person.due_meeting(now).is_some();
            if now >= person.until || called {
                passings.extend(person.advance(now, &self.places, &mut self.rng));
            }
        }
        passings
    }

    /// Adds up the people in each room.
    pub(super) fn count(&self, occupancy: &mut [u32]) {
        occupancy.fill(0);
        for room in self.persons.iter().filter_map(|person| person.room) {
            occupancy[room] += 1;
        }
    }
}

impl Person {
    fn due_meeting(&self, now: OfDay) -> Option<(OfDay, OfDay, usize)> {
        self.meetings
            .iter()
            .copied()
            .find(|m| m.0 - 60.0 <= now && now < m.1 - 300.0)
    }

    /// Sets off, or arrives where they were going.
    fn advance(&mut self, now: OfDay, places: &Places, rng: &mut Rng) -> Option<Passing> {
        let from = self.room;
        if let Some(Goal(goal)) = self.towards.take() {
            self.room = goal;
            self.until = match goal {
                None if now >= self.leaves => NEVER,
                None => now + rng.around(35.0 * 60.0, 0.2),
                Some(room) => self.stay_until(now, room, places, rng),
            };
            return Some(Passing { from, to: goal });
        }
        let goal = self.choose(now, places, rng);
        if goal == self.room {
            self.until = now + rng.around(15.0 * 60.0, 0.5);
            return None;
        }
        self.towards = Some(Goal(goal));
        self.until = now + rng.around(28.0, 0.4);
        let way = places
            .passages
            .get(rng.index(places.passages.len().max(1)))
            .copied();
        self.room = way;
        Some(Passing { from, to: way })
    }

    fn choose(&mut self, now: OfDay, places: &Places, rng: &mut Rng) -> Option<usize> {
        if now >= self.leaves {
            return None;
        }
        if let Some((_, _, room)) = self.due_meeting(now) {
            return Some(room);
        }
        if self.room != Some(self.desk) {
            return Some(self.desk);
        }
        if now >= self.eats {
            self.eats = NEVER;
            return places
                .breaks
                .get(rng.index(places.breaks.len().max(1)))
                .copied();
        }
        let pool = match rng.unit() {
            u if u < 0.35 => &places.breaks,
            u if u < 0.7 => &places.toilets,
            _ => return Some(self.desk),
        };
        pool.get(rng.index(pool.len().max(1)))
            .copied()
            .or(Some(self.desk))
    }

    fn stay_until(&self, now: OfDay, room: usize, places: &Places, rng: &mut Rng) -> OfDay {
        if let Some((_, end, _)) = self.due_meeting(now).filter(|meeting| meeting.2 == room) {
            return end + 60.0 * rng.normal();
        }
        let minutes = if room == self.desk {
            rng.around(36.0, 0.7)
        } else if places.toilets.contains(&room) {
            rng.around(3.5, 0.4)
        } else {
            rng.around(10.0, 0.6)
        };
        now + minutes * 60.0
    }
}
