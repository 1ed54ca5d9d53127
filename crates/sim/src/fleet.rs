//! Vehicles on streets, stations beside them, and who comes within reach of whom.

use crate::dice::Dice;
use crate::streets::Streets;

/// Speed of a leg, metres per second: 30 to 50 km/h.
const SPEED_MPS: (f64, f64) = (30.0 / 3.6, 50.0 / 3.6);
/// How long a vehicle stays where it arrived.
const STAY_S: (f64, f64) = (120.0, 900.0);
/// Share of legs that lead to an incident anywhere, not to a station.
const TO_INCIDENT: f64 = 0.6;
/// How often it is looked who is near.
const STEP_S: f64 = 1.0;

/// Two nodes within reach of each other, in seconds from the beginning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contact {
    /// The node with the smaller number.
    pub a: usize,
    /// The other.
    pub b: usize,
    /// When it begins.
    pub from_s: f64,
    /// When it ends.
    pub to_s: f64,
}

/// Stations first, then vehicles.
#[derive(Debug, Clone, Copy)]
pub struct Fleet {
    /// Nodes that stay where they are.
    pub stations: usize,
    /// Nodes that drive.
    pub vehicles: usize,
    /// How far a radio reaches, metres.
    pub reach_m: f64,
    /// How long they are watched.
    pub seconds: f64,
}

/// When a vehicle is where; it drives straight and evenly in between.
type Track = Vec<(f64, (f64, f64))>;

impl Fleet {
    /// Lets all of them drive and tells who met whom.
    pub fn contacts(&self, streets: &Streets, seed: u64) -> Vec<Contact> {
        let mut dice = Dice::new(seed);
        let anywhere = |dice: &mut Dice| dice.below(streets.places.len());
        let stations: Vec<usize> = (0..self.stations).map(|_| anywhere(&mut dice)).collect();
        let mut tracks: Vec<Track> = stations
            .iter()
            .map(|&station| vec![(0.0, streets.places[station])])
            .collect();
        for _ in 0..self.vehicles {
            tracks.push(self.drive(streets, &stations, &mut dice));
        }
        self.meetings(&tracks)
    }

    fn drive(&self, streets: &Streets, stations: &[usize], dice: &mut Dice) -> Track {
        let mut at = dice.pick(stations);
        let mut now = 0.0;
        let mut track = vec![(now, streets.places[at])];
        while now < self.seconds {
            now += dice.between(STAY_S.0, STAY_S.1);
            track.push((now, streets.places[at]));
            let to = if dice.chance(TO_INCIDENT) {
                dice.below(streets.places.len())
            } else {
                dice.pick(stations)
            };
            let speed = dice.between(SPEED_MPS.0, SPEED_MPS.1);
            for pair in streets.route(at, to).windows(2) {
                let (from, to) = (streets.places[pair[0]], streets.places[pair[1]]);
                now += libm::hypot(to.0 - from.0, to.1 - from.1) / speed;
                track.push((now, to));
            }
            at = to;
        }
        track
    }

    fn meetings(&self, tracks: &[Track]) -> Vec<Contact> {
        let steps = (self.seconds / STEP_S) as usize;
        let mut legs = vec![0; tracks.len()];
        let mut since = vec![vec![None; tracks.len()]; tracks.len()];
        let mut contacts = Vec::new();
        for step in 0..=steps {
            let now = step as f64 * STEP_S;
            let places: Vec<(f64, f64)> = tracks
                .iter()
                .zip(&mut legs)
                .map(|(track, leg)| place(track, leg, now))
                .collect();
            for a in 0..places.len() {
                for b in a + 1..places.len() {
                    let (east, north) = (places[a].0 - places[b].0, places[a].1 - places[b].1);
                    let is_near = libm::hypot(east, north) <= self.reach_m && step < steps;
                    match (since[a][b], is_near) {
                        (None, true) => since[a][b] = Some(now),
                        (Some(from_s), false) => {
                            since[a][b] = None;
                            contacts.push(Contact {
                                a,
                                b,
                                from_s,
                                to_s: now,
                            });
                        }
                        _ => {}
                    }
                }
            }
        }
        contacts.sort_by(|x, y| {
            (x.from_s, x.a, x.b)
                .partial_cmp(&(y.from_s, y.a, y.b))
                .expect("times")
        });
        contacts
    }
}

/// Where somebody is; `leg` remembers how far the track was read.
fn place(track: &Track, leg: &mut usize, now: f64) -> (f64, f64) {
    while *leg + 1 < track.len() && track[*leg + 1].0 <= now {
        *leg += 1;
    }
    let (begun, from) = track[*leg];
    let Some(&(ends, to)) = track.get(*leg + 1) else {
        return from;
    };
    let share = (now - begun) / (ends - begun);
    (
        from.0 + (to.0 - from.0) * share,
        from.1 + (to.1 - from.1) * share,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streets::tests::chessboard;

    #[test]
    fn whoever_passes_is_met() {
        let fleet = Fleet {
            stations: 2,
            vehicles: 1,
            reach_m: 30.0,
            seconds: 60.0,
        };
        let drives = vec![(0.0, (0.0, 0.0)), (50.0, (500.0, 0.0))];
        let tracks = vec![vec![(0.0, (200.0, 0.0))], vec![(0.0, (900.0, 0.0))], drives];
        let contact = Contact {
            a: 0,
            b: 2,
            from_s: 17.0,
            to_s: 24.0,
        };
        assert_eq!(fleet.meetings(&tracks), [contact]);
    }

    #[test]
    fn the_same_seed_drives_the_same_ways() {
        let fleet = Fleet {
            stations: 3,
            vehicles: 5,
            reach_m: 100.0,
            seconds: 3600.0,
        };
        let town = chessboard(30);
        let contacts = fleet.contacts(&town, 1);
        assert!(contacts.len() > 5, "{contacts:?}");
        assert!(contacts.iter().all(|c| c.from_s < c.to_s && c.a < c.b));
        assert_eq!(contacts, fleet.contacts(&town, 1));
        assert_ne!(contacts, fleet.contacts(&town, 2));
    }
}
