//! How long a way takes to find: from any room of a generated tower to any street of its
//! generated district, and back.
//!
//! The tower comes through its IFC file, the streets through the map, the exits are anchored by
//! what stands around them. At every question other doors and streets are blocked. What counts is
//! processor time: on a machine with nothing else to do, the time one waits.

use super::said::{Building, Map};
use crate::row::{Row, hash};
use anyhow::Result;
use rustix::time::{ClockId, clock_gettime};
use std::sync::Arc;
use std::time::Duration;
use twin_scenario::district::{District, Options};
use twin_scenario::rng::{Rng, mix};
use twin_space::anchor::{Exit, Reach, Surroundings};
use twin_space::joined::{Anchor, Joined, JourneyOptions, Place};
use twin_space::streets::{SegmentIndex, Streets};
use twin_space::{Belief, BuildingIndex, Passability, PortalIndex, SpaceIndex};

const QUESTIONS: usize = 2000;
const TARGET_MS: f64 = 5.0;

/// Two rows: from a room to a street, and back.
pub(crate) fn measure(seed: u64) -> Result<Vec<Row>> {
    let options = Options {
        seed,
        buildings: 2000,
        street_edges: 100_000,
        ..Options::default()
    };
    let district = District::generate(&options)?;
    let town = Town::read(&district);
    let inputs = hash(district.osm.as_bytes());
    let row = |(name, out)| town.ask(name, out, seed).on(inputs.clone());
    Ok([("room to street", true), ("street to room", false)]
        .map(row)
        .into())
}

struct Town {
    joined: Joined,
    rooms: Vec<SpaceIndex>,
    built: Duration,
    anchored: usize,
}

impl Town {
    fn read(district: &District) -> Self {
        let map = Map::read(district.osm.as_bytes());
        let tower = Building::read(district.ifc.as_bytes());
        let segments = map.segments();
        let (streets, built) = timed(|| Streets::new(&segments));
        let around = Surroundings::new(map.outlines.clone(), map.entrances.clone());
        let anchors = anchors(district, &tower, &streets, &around);
        let graph = Arc::new(tower.graph);
        let rooms = (0..graph.spaces().len() as u32).map(SpaceIndex);
        Self {
            rooms: rooms.filter(|r| !graph.portals_of(*r).is_empty()).collect(),
            built,
            anchored: anchors.len(),
            joined: Joined::new(Arc::new(streets.with_landmarks()), vec![graph], anchors),
        }
    }

    fn ask(&self, name: &str, out: bool, seed: u64) -> Row {
        let mut chance = Rng::of(seed, name);
        let mut times = Vec::with_capacity(QUESTIONS);
        let mut found = 0;
        for question in 0..QUESTIONS {
            let room = self.rooms[chance.index(self.rooms.len())];
            let segment = SegmentIndex(chance.index(self.joined.streets().segment_count()) as u32);
            let (room, street) = (
                Place::Space(BuildingIndex(0), room),
                Place::Street(segment, chance.unit()),
            );
            let (from, to) = if out { (room, street) } else { (street, room) };
            let now = Blocked {
                seed: seed ^ question as u64,
            };
            let options = JourneyOptions::default();
            let (journey, took) = timed(|| self.joined.route(from, to, &options, &now));
            found += usize::from(journey.is_ok());
            times.push(took);
        }
        times.sort();
        let (p50, p99) = (percentile_ms(&times, 0.5), percentile_ms(&times, 0.99));
        let streets = self.joined.streets();
        Row::new(format!("{name}, tower in a district"))
            .shown(QUESTIONS, format!("p99 {p99:.2} ms, p50 {p50:.2} ms"))
            .held_to(format!("p99 ≤ {TARGET_MS} ms"), p99 <= TARGET_MS)
            .detail(format!(
                "{} segments ({:.0} ms to build), {} spaces, {} portals, {} anchors; {found} ways found; processor time",
                streets.segment_count(),
                self.built.as_secs_f64() * 1e3,
                self.joined.buildings()[0].spaces().len(),
                self.joined.buildings()[0].portals().len(),
                self.anchored,
            ))
    }
}

fn anchors(
    district: &District,
    tower: &Building,
    streets: &Streets,
    around: &Surroundings,
) -> Vec<Anchor> {
    let exits = district.truth.exits.iter().filter_map(|exit| {
        let portal = tower.portal_ids.iter().position(|id| *id == exit.door)?;
        Some((exit, PortalIndex(portal as u32)))
    });
    let anchored = exits.flat_map(|(exit, portal)| {
        let asked = Exit {
            at: exit.position,
            uncertainty_m: 2.0,
            outward: None,
        };
        let found = around.candidates(&asked, streets, &Reach::default());
        found.anchors(BuildingIndex(0), portal)
    });
    anchored.collect()
}

/// A door in fifty and a street in a hundred cannot be passed.
struct Blocked {
    seed: u64,
}

impl Blocked {
    fn belief(&self, what: &str, number: u32, one_in: u64) -> Belief {
        let drawn = mix(self.seed ^ u64::from(number) << 20, what);
        Belief::Known(if drawn.is_multiple_of(one_in) {
            0.0
        } else {
            0.98
        })
    }
}

impl Passability for Blocked {
    fn portal(&self, _: BuildingIndex, portal: PortalIndex, _: Belief) -> Belief {
        self.belief("door", portal.0, 50)
    }

    fn street(&self, segment: SegmentIndex, _: Belief) -> Belief {
        self.belief("street", segment.0, 100)
    }
}

fn percentile_ms(times: &[Duration], share: f64) -> f64 {
    let at = ((times.len() - 1) as f64 * share) as usize;
    times[at].as_secs_f64() * 1e3
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = processor_time();
    let result = work();
    (result, processor_time().saturating_sub(start))
}

fn processor_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}
