//! How long a way takes to find from a room of a 44-storey tower to a street and back, in a
//! district of 100,000 street segments and 400 other houses.
//!
//! `cargo run --release -p twin-space --example joined_pace`

use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;
use twin_space::earth::Frame;
use twin_space::joined::{Anchor, Joined, JourneyOptions, Place};
use twin_space::streets::{Segment, SegmentIndex, StreetKind, Streets};
use twin_space::{
    Belief, BuildingIndex, Graph, Passability, Portal, PortalIndex, PortalKind, Space, SpaceIndex,
    SpaceKind,
};

/// Junctions along each side of the district, and metres between them: 99,904 segments.
const SIDE: usize = 224;
const BLOCK_M: f64 = 45.0;
const STOREYS: u32 = 44;
const ROOMS: u32 = 54;
const HOUSES: usize = 400;
const QUERIES: usize = 2000;

fn main() {
    let mut chance = Chance(44);
    let courses = courses(&mut chance);
    let keys: Vec<String> = (0..SIDE * SIDE)
        .map(|i| format!("node/{}", 7_000_000 + i))
        .collect();
    let segments: Vec<Segment> = courses
        .iter()
        .map(|(a, b, course)| Segment {
            ends: [&keys[*a], &keys[*b]],
            course,
            kind: StreetKind::Footway,
            walkable: Belief::CERTAIN,
        })
        .collect();
    let (streets, building_took) = timed(|| Streets::new(&segments));
    let (streets, survey_took) = timed(|| streets.with_landmarks());
    println!(
        "{} segments, {} junctions: built in {:.1} ms, landmarks in {:.1} ms, {:.1} MB",
        streets.segment_count(),
        streets.junction_count(),
        milliseconds(building_took),
        milliseconds(survey_took),
        streets.memory_bytes() as f64 / 1e6
    );
    let streets = Arc::new(streets);
    let tower = Arc::new(tower());
    let mut buildings = vec![Arc::clone(&tower)];
    buildings.extend((0..HOUSES).map(|_| Arc::new(house())));
    let anchors = anchors(&streets, &mut chance);
    let (joined, joining_took) =
        timed(|| Joined::new(Arc::clone(&streets), buildings.clone(), anchors.clone()));
    println!(
        "tower of {} spaces and {} portals, {HOUSES} houses, {} anchors: joined in {:.1} ms",
        tower.spaces().len(),
        tower.portals().len(),
        joined.anchors().len(),
        milliseconds(joining_took)
    );
    for what in [
        "room to street",
        "street to room",
        "room to any street",
        "room to a house",
    ] {
        ask(what, &joined, &mut chance);
    }
}

fn ask(what: &str, joined: &Joined, chance: &mut Chance) {
    let mut times = Vec::with_capacity(QUERIES);
    let (mut found, mut length_m) = (0, 0.0);
    for query in 0..QUERIES {
        let room = Place::Space(BuildingIndex(0), room(chance));
        let segment = SegmentIndex(chance.below(joined.streets().segment_count()) as u32);
        let street = Place::Street(segment, chance.share());
        let (from, to) = match what {
            "room to street" => (room, street),
            "street to room" => (street, room),
            "room to any street" => (room, Place::AnyStreet),
            _ => (
                room,
                Place::Space(
                    BuildingIndex(1 + chance.below(HOUSES) as u32),
                    SpaceIndex(0),
                ),
            ),
        };
        let now = Smoke { seed: query as u64 };
        let options = JourneyOptions::default();
        let (journey, took) = timed(|| black_box(joined.route(from, to, &options, &now)));
        found += usize::from(journey.is_ok());
        length_m += journey.map_or(0.0, |j| j.length_m);
        times.push(took);
    }
    times.sort();
    let at = |share: f64| milliseconds(times[((times.len() - 1) as f64 * share) as usize]);
    println!(
        "{what}: n = {QUERIES}, found {found}, {:.0} m on average; p50 {:.2} ms, p99 {:.2} ms, most {:.2} ms",
        length_m / f64::from(found.max(1) as u32),
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

/// A street in a hundred and a door in twenty is blocked, others at every question.
struct Smoke {
    seed: u64,
}

impl Smoke {
    fn blocks(&self, number: u32, one_in: u64) -> Belief {
        let blocked = Chance(self.seed.wrapping_mul(0x9E37_79B9) ^ u64::from(number))
            .next()
            .is_multiple_of(one_in);
        Belief::Known(if blocked { 0.0 } else { 0.98 })
    }
}

impl Passability for Smoke {
    fn portal(&self, _: BuildingIndex, portal: PortalIndex, _: Belief) -> Belief {
        self.blocks(portal.0, 20)
    }

    fn street(&self, segment: SegmentIndex, _: Belief) -> Belief {
        self.blocks(segment.0, 100)
    }
}

/// Segments between neighbouring junctions of a crooked grid, each with a bend.
fn courses(chance: &mut Chance) -> Vec<(usize, usize, Vec<[f64; 2]>)> {
    let middle = SIDE as f64 * BLOCK_M / 2.0;
    let frame = Frame {
        latitude_deg: 52.01,
        longitude_deg: 4.36,
        rotation_deg: 12.0,
    };
    let mut jitter = |at: f64| at * BLOCK_M - middle + (chance.share() - 0.5) * 0.6 * BLOCK_M;
    let mut places = Vec::with_capacity(SIDE * SIDE);
    for row in 0..SIDE {
        for column in 0..SIDE {
            places.push([jitter(column as f64), jitter(row as f64)]);
        }
    }
    let mut courses = Vec::new();
    for i in 0..places.len() {
        let beside = (i % SIDE + 1 < SIDE).then_some(i + 1);
        let above = (i + SIDE < places.len()).then_some(i + SIDE);
        for j in [beside, above].into_iter().flatten() {
            let (a, b) = (places[i], places[j]);
            let bend = [
                f64::midpoint(a[0], b[0]) + 3.0,
                f64::midpoint(a[1], b[1]) - 3.0,
            ];
            courses.push((i, j, [a, bend, b].map(|p| frame.to_earth(p)).to_vec()));
        }
    }
    courses
}

/// Four exits of the tower, each to one of two streets, and one of every house.
fn anchors(streets: &Streets, chance: &mut Chance) -> Vec<Anchor> {
    let anchor = |building: usize, exit, segment: usize, fraction, leads| Anchor {
        building: BuildingIndex(building as u32),
        exit: PortalIndex(exit),
        segment: SegmentIndex(segment as u32),
        fraction,
        gap_m: 8.0,
        leads: Belief::Known(leads),
    };
    let middle = streets.segment_count() / 2 + SIDE;
    let mut anchors = Vec::new();
    for exit in 0..4 {
        anchors.push(anchor(
            0,
            exit,
            middle + 2 * exit as usize,
            chance.share(),
            0.7,
        ));
        anchors.push(anchor(
            0,
            exit,
            middle + 2 * exit as usize + 1,
            chance.share(),
            0.2,
        ));
    }
    for house in 1..=HOUSES {
        let segment = chance.below(streets.segment_count());
        anchors.push(anchor(house, 0, segment, chance.share(), 0.8));
    }
    anchors
}

fn space(kind: SpaceKind, storey: u32, position: [f64; 2]) -> Space {
    Space {
        kind,
        storey: Some(storey),
        position: Some([position[0], position[1], f64::from(storey) * 3.2]),
        exists: Belief::CERTAIN,
        passable: Belief::CERTAIN,
    }
}

fn portal(kind: PortalKind, spaces: &[u32], at: [f64; 3]) -> Portal {
    Portal {
        kind,
        spaces: spaces.iter().map(|&s| SpaceIndex(s)).collect(),
        leads_out: Belief::Known(f64::from(u8::from(spaces.len() == 1))),
        position: Some(at),
        far_position: Some([at[0], at[1], at[2] + 3.2]),
        exists: Belief::CERTAIN,
        passable: Belief::CERTAIN,
    }
}

/// On each storey a corridor with rooms on both sides, each open to the next, and a stair at
/// either end.
fn tower() -> Graph {
    let per_storey = ROOMS + 3;
    let mut spaces = Vec::new();
    let mut portals: Vec<Portal> = [0.0, 18.0, 36.0, 54.0]
        .map(|x| portal(PortalKind::Door, &[0], [x, 0.0, 0.0]))
        .to_vec();
    for storey in 0..STOREYS {
        let (corridor, z) = (storey * per_storey, f64::from(storey) * 3.2);
        spaces.push(space(SpaceKind::Corridor, storey, [27.0, 10.0]));
        for (k, x) in [(1, 0.0), (2, 54.0)] {
            spaces.push(space(SpaceKind::Stair, storey, [x, 10.0]));
            portals.push(portal(
                PortalKind::Door,
                &[corridor, corridor + k],
                [x, 10.0, z],
            ));
            if storey + 1 < STOREYS {
                let stair = [corridor + k, corridor + k + per_storey];
                portals.push(portal(PortalKind::StairLink, &stair, [x, 11.0, z]));
            }
        }
        for room in 0..ROOMS {
            let (x, y) = (
                f64::from(room / 2) * 2.0 + 1.0,
                if room % 2 == 0 { 7.0 } else { 13.0 },
            );
            spaces.push(space(SpaceKind::Room, storey, [x, y]));
            let door = [corridor, corridor + 3 + room];
            portals.push(portal(PortalKind::Door, &door, [x, 10.0, z]));
            if room + 2 < ROOMS {
                let next = [corridor + 3 + room, corridor + 5 + room];
                portals.push(portal(PortalKind::Opening, &next, [x + 1.0, y, z]));
            }
        }
    }
    Graph::new(spaces, portals)
}

fn house() -> Graph {
    let spaces = vec![space(SpaceKind::Room, 0, [5.0, 5.0])];
    Graph::new(
        spaces,
        vec![portal(PortalKind::Door, &[0], [5.0, 0.0, 0.0])],
    )
}

fn room(chance: &mut Chance) -> SpaceIndex {
    let storey = chance.below(STOREYS as usize) as u32;
    SpaceIndex(storey * (ROOMS + 3) + 3 + chance.below(ROOMS as usize) as u32)
}

/// Numbers by chance, the same at every run (SplitMix64: Steele, Lea, Flood, OOPSLA 2014).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }
}

/// What some work gives, and the processor time it takes: on a machine with nothing else to do
/// that is the time one waits.
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = processor_time();
    let result = work();
    (result, processor_time().saturating_sub(start))
}

fn processor_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

fn milliseconds(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}
