use super::*;
use crate::earth::distance_m;
use crate::graph::{Portal, Space};
use crate::passability::AsBuilt;
use crate::streets::{Segment, StreetKind};
use proptest::prelude::*;

/// A hall of two exits at (0, 0) and (20, 0) and a room behind it whose door is at (10, 5).
fn house(doors: [Belief; 3]) -> Arc<Graph> {
    let space = |position| Space {
        position: Some(position),
        exists: Belief::CERTAIN,
        passable: Belief::CERTAIN,
        ..Space::default()
    };
    let door = |position, spaces: &[u32], passable, leads_out| Portal {
        spaces: spaces.iter().map(|&s| SpaceIndex(s)).collect(),
        leads_out: Belief::Known(leads_out),
        position: Some(position),
        exists: Belief::CERTAIN,
        passable,
        ..Portal::default()
    };
    let portals = vec![
        door([0.0, 0.0, 0.0], &[0], doors[0], 1.0),
        door([20.0, 0.0, 0.0], &[0], doors[1], 1.0),
        door([10.0, 5.0, 0.0], &[0, 1], doors[2], 0.0),
    ];
    let spaces = vec![space([10.0, 2.0, 0.0]), space([10.0, 8.0, 0.0])];
    Arc::new(Graph::new(spaces, portals))
}

const HALL: SpaceIndex = SpaceIndex(0);
const ROOM: SpaceIndex = SpaceIndex(1);
const FIRST: BuildingIndex = BuildingIndex(0);
const SECOND: BuildingIndex = BuildingIndex(1);
/// From the middle of the room to its door, and from there to either exit.
const TO_DOOR_M: f64 = 3.0;
const DOOR_TO_EXIT_M: f64 = 11.180_339_887_498_949;

fn anchor(building: u32, exit: u32, segment: u32, fraction: f64, leads: Belief) -> Anchor {
    Anchor {
        building: BuildingIndex(building),
        exit: PortalIndex(exit),
        segment: SegmentIndex(segment),
        fraction,
        gap_m: 4.0,
        leads,
    }
}

fn segment<'s>(ends: [&'s str; 2], course: &'s [[f64; 2]], walkable: Belief) -> Segment<'s> {
    Segment {
        ends,
        course,
        kind: StreetKind::Footway,
        walkable,
    }
}

/// A street a–b–c with a path around b, and a house at either end of it.
fn village(doors: [Belief; 3], leads: Belief) -> Joined {
    let (a, b, c) = ([9.0, 47.0], [9.001, 47.0], [9.002, 47.0]);
    let around = [b, [9.0015, 47.0002], c];
    let streets = Streets::new(&[
        segment(["a", "b"], &[a, b], Belief::CERTAIN),
        segment(["b", "c"], &[b, c], Belief::Known(0.9)),
        segment(["b", "c"], &around, Belief::CERTAIN),
    ]);
    let anchors = vec![
        anchor(0, 0, 0, 0.25, leads),
        anchor(0, 1, 0, 0.5, Belief::CERTAIN),
        anchor(1, 0, 1, 0.75, Belief::CERTAIN),
    ];
    let certain = house([Belief::CERTAIN; 3]);
    Joined::new(Arc::new(streets), vec![house(doors), certain], anchors)
}

#[test]
fn from_a_room_down_the_street_into_another_house() {
    let joined = village(
        [Belief::CERTAIN, Belief::Known(0.8), Belief::Known(0.7)],
        Belief::CERTAIN,
    );
    let (from, to) = (Place::Space(FIRST, ROOM), Place::Space(SECOND, ROOM));
    let options = JourneyOptions::default();
    let journey = joined.route(from, to, &options, &AsBuilt).unwrap();
    let street_m = joined.streets().length_m(SegmentIndex(0));
    let expected = TO_DOOR_M + 2.0 * DOOR_TO_EXIT_M + 8.0 + 1.25 * street_m;
    assert!(
        (journey.length_m - expected).abs() < 1e-6,
        "{}",
        journey.length_m - expected
    );
    assert!((journey.probability - 0.8 * 0.7 * 0.9).abs() < 1e-12);
    assert_eq!(
        journey.least_certain(),
        Some(Link::Portal(FIRST, PortalIndex(2)))
    );
    let [
        Leg::Indoors(out),
        Leg::Outdoors(street),
        Leg::Indoors(inside),
    ] = &journey.legs[..]
    else {
        panic!("{:?}", journey.legs);
    };
    assert_eq!(out.route.portals, [PortalIndex(2), PortalIndex(1)]);
    assert_eq!(
        (street.from, street.to),
        (Some(AnchorIndex(1)), Some(AnchorIndex(2)))
    );
    let steps: Vec<_> = street
        .steps
        .iter()
        .map(|s| (s.segment.0, s.from, s.to))
        .collect();
    assert_eq!(steps, [(0, 0.5, 1.0), (1, 0.0, 0.75)]);
    assert_eq!(
        (&inside.route.spaces[..], &inside.route.portals[..]),
        (&[HALL, ROOM][..], &[PortalIndex(0), PortalIndex(2)][..])
    );

    // Without the doubtful street one walks around; without the room's only door, not at all.
    let others = joined.alternatives(&journey, (from, to), &options, &AsBuilt, 3);
    assert_eq!(others[0], (Link::Portal(FIRST, PortalIndex(2)), None));
    let around = others[1].1.as_ref().unwrap();
    assert!(
        around
            .doubts
            .iter()
            .all(|d| d.0 != Link::Portal(FIRST, PortalIndex(1)))
    );
    assert_eq!(others[2].0, Link::Street(SegmentIndex(1)));
    assert_eq!(others[2].1, None, "the other house stands on that street");
}

#[test]
fn what_nobody_knows_is_used_only_when_asked_for_and_then_named() {
    let joined = village(
        [Belief::CERTAIN, Belief::Known(0.1), Belief::CERTAIN],
        Belief::Unknown,
    );
    let (from, to) = (
        Place::Space(FIRST, HALL),
        Place::Street(SegmentIndex(1), 1.0),
    );
    let mut options = JourneyOptions::default();
    assert_eq!(
        joined.route(from, to, &options, &AsBuilt),
        Err(Error::NoWay)
    );
    options.admit_unknown = true;
    let journey = joined.route(from, to, &options, &AsBuilt).unwrap();
    assert_eq!(journey.unknown, [Link::Anchor(AnchorIndex(0))]);
    assert_eq!(journey.least_certain(), Some(Link::Anchor(AnchorIndex(0))));
}

#[test]
fn any_street_from_a_room_and_the_same_way_in() {
    let joined = village([Belief::CERTAIN; 3], Belief::Known(0.3));
    let (room, street) = (Place::Space(FIRST, ROOM), Place::AnyStreet);
    let options = JourneyOptions {
        avoid: vec![Link::Anchor(AnchorIndex(1))],
        ..JourneyOptions::default()
    };
    let out = joined.route(room, street, &options, &AsBuilt).unwrap();
    assert!((out.length_m - TO_DOOR_M - DOOR_TO_EXIT_M - 4.0).abs() < 1e-9);
    assert_eq!(out.probability, 0.3);
    let inwards = joined.route(street, room, &options, &AsBuilt).unwrap();
    assert!((inwards.length_m - DOOR_TO_EXIT_M - 4.0).abs() < 1e-9);
    assert_eq!(
        joined.route(street, street, &options, &AsBuilt),
        Err(Error::NoSuchPlace)
    );
    let stay = joined.route(room, room, &options, &AsBuilt).unwrap();
    assert_eq!((stay.length_m, stay.legs.len()), (0.0, 1));
}

#[test]
fn beliefs_of_this_moment_count() {
    struct Fire;
    impl Passability for Fire {
        fn portal(&self, building: BuildingIndex, portal: PortalIndex, built: Belief) -> Belief {
            match (building, portal) {
                (FIRST, PortalIndex(1)) => Belief::Known(0.0),
                _ => built,
            }
        }
        fn street(&self, segment: SegmentIndex, built: Belief) -> Belief {
            match segment {
                SegmentIndex(1) => Belief::Known(0.0),
                _ => built,
            }
        }
    }
    let joined = village([Belief::CERTAIN; 3], Belief::CERTAIN);
    let (from, to) = (
        Place::Space(FIRST, HALL),
        Place::Street(SegmentIndex(2), 1.0),
    );
    let options = JourneyOptions::default();
    let journey = joined.route(from, to, &options, &Fire).unwrap();
    let Leg::Outdoors(street) = &journey.legs[1] else {
        panic!("{:?}", journey.legs);
    };
    assert_eq!(street.from, Some(AnchorIndex(0)));
    assert_eq!(street.steps.last().unwrap().segment, SegmentIndex(2));
    let into = Place::Space(SECOND, HALL);
    assert_eq!(joined.route(from, into, &options, &Fire), Err(Error::NoWay));
}

#[test]
fn the_nearest_street_is_one_that_may_be_used() {
    let joined = village([Belief::CERTAIN; 3], Belief::CERTAIN);
    let at = Place::Nearest([9.0015, 46.9999]);
    let options = JourneyOptions {
        avoid: vec![Link::Street(SegmentIndex(1))],
        ..JourneyOptions::default()
    };
    let journey = joined
        .route(at, Place::Space(FIRST, HALL), &options, &AsBuilt)
        .unwrap();
    let Leg::Outdoors(street) = &journey.legs[0] else {
        panic!("{:?}", journey.legs);
    };
    assert_eq!(street.steps[0].segment, SegmentIndex(2));
    let walked: f64 = street
        .steps
        .iter()
        .map(|s| (s.to - s.from).abs() * joined.streets().length_m(s.segment))
        .sum();
    let off_m = distance_m([9.0015, 46.9999], [9.0015, 47.0]);
    assert!(
        street.length_m - walked - 4.0 > off_m,
        "the way to the street counts"
    );
    let far = Place::Nearest([9.1, 47.0]);
    let nowhere = joined.route(far, Place::Space(FIRST, HALL), &options, &AsBuilt);
    assert_eq!(nowhere, Err(Error::NoStreetNear { radius_m: 250.0 }));
}

#[test]
fn a_house_is_a_passage_only_when_asked_for() {
    // Two streets that do not meet, and a house with an exit on each.
    let streets = Streets::new(&[
        segment(["a", "b"], &[[9.0, 47.0], [9.001, 47.0]], Belief::CERTAIN),
        segment(
            ["c", "d"],
            &[[9.0, 47.001], [9.001, 47.001]],
            Belief::CERTAIN,
        ),
    ]);
    let anchors = vec![
        anchor(0, 0, 0, 0.5, Belief::CERTAIN),
        anchor(0, 1, 1, 0.5, Belief::CERTAIN),
    ];
    let joined = Joined::new(
        Arc::new(streets),
        vec![house([Belief::CERTAIN; 3])],
        anchors,
    );
    let (from, to) = (
        Place::Street(SegmentIndex(0), 0.5),
        Place::Street(SegmentIndex(1), 0.5),
    );
    let mut options = JourneyOptions::default();
    assert_eq!(
        joined.route(from, to, &options, &AsBuilt),
        Err(Error::NoWay)
    );
    options.through_buildings = true;
    let journey = joined.route(from, to, &options, &AsBuilt).unwrap();
    assert!((journey.length_m - 28.0).abs() < 1e-9, "{journey:?}");
    assert_eq!(journey.legs.len(), 3);
}

#[test]
fn anchors_that_name_nothing_join_nothing() {
    let streets = Streets::new(&[segment(
        ["a", "b"],
        &[[9.0, 47.0], [9.001, 47.0]],
        Belief::CERTAIN,
    )]);
    let bad = [
        anchor(7, 0, 0, 0.5, Belief::CERTAIN),
        anchor(0, 7, 0, 0.5, Belief::CERTAIN),
        anchor(0, 2, 0, 0.5, Belief::CERTAIN),
        anchor(0, 0, 7, 0.5, Belief::CERTAIN),
        anchor(0, 0, 0, f64::NAN, Belief::CERTAIN),
    ];
    let joined = Joined::new(
        Arc::new(streets),
        vec![house([Belief::CERTAIN; 3])],
        bad.to_vec(),
    );
    let options = JourneyOptions::default();
    for (from, to) in [
        (Place::Space(FIRST, HALL), Place::AnyStreet),
        (
            Place::Street(SegmentIndex(0), 0.0),
            Place::Space(FIRST, HALL),
        ),
    ] {
        assert_eq!(
            joined.route(from, to, &options, &AsBuilt),
            Err(Error::NoWay)
        );
    }
}

/// A random town: crooked streets between a few junctions, houses on them.
#[derive(Clone, Debug)]
struct Town {
    courses: Vec<(usize, usize, Vec<[f64; 2]>, Belief)>,
    junctions: usize,
    anchors: Vec<Anchor>,
    doors: Vec<[Belief; 3]>,
    surveyed: bool,
}

impl Town {
    fn joined(&self) -> Joined {
        let keys: Vec<String> = (0..self.junctions).map(|i| format!("node/{i}")).collect();
        let segments: Vec<Segment> = self
            .courses
            .iter()
            .map(|(a, b, course, walkable)| segment([&keys[*a], &keys[*b]], course, *walkable))
            .collect();
        let houses = self.doors.iter().map(|d| house(*d)).collect();
        let streets = Streets::new(&segments);
        let streets = if self.surveyed {
            streets.with_landmarks()
        } else {
            streets
        };
        Joined::new(Arc::new(streets), houses, self.anchors.clone())
    }

    /// Shortest lengths between junctions by Floyd's algorithm (Comm. ACM 5(6), 1962).
    fn between_junctions(&self) -> Vec<Vec<f64>> {
        let mut d = vec![vec![f64::INFINITY; self.junctions]; self.junctions];
        for (i, row) in d.iter_mut().enumerate() {
            row[i] = 0.0;
        }
        for (a, b, course, walkable) in &self.courses {
            if admitted(*walkable) {
                let m: f64 = course.windows(2).map(|w| distance_m(w[0], w[1])).sum();
                d[*a][*b] = d[*a][*b].min(m);
                d[*b][*a] = d[*b][*a].min(m);
            }
        }
        for k in 0..self.junctions {
            for i in 0..self.junctions {
                for j in 0..self.junctions {
                    d[i][j] = d[i][j].min(d[i][k] + d[k][j]);
                }
            }
        }
        d
    }

    /// Shortest length between two points of segments, by every pair of ends.
    fn along(&self, d: &[Vec<f64>], p: (usize, f64), q: (usize, f64)) -> f64 {
        let ends = |(s, f): (usize, f64)| {
            let (a, b, course, walkable) = &self.courses[s];
            let m: f64 = course.windows(2).map(|w| distance_m(w[0], w[1])).sum();
            (admitted(*walkable), m, [(*a, f * m), (*b, (1.0 - f) * m)])
        };
        let ((open_p, m, ends_p), (open_q, _, ends_q)) = (ends(p), ends(q));
        if !open_p || !open_q {
            return f64::INFINITY;
        }
        let mut least = if p.0 == q.0 {
            (p.1 - q.1).abs() * m
        } else {
            f64::INFINITY
        };
        for (a, x) in ends_p {
            for (b, y) in ends_q {
                least = least.min(x + d[a][b] + y);
            }
        }
        least
    }
}

fn admitted(belief: Belief) -> bool {
    matches!(belief, Belief::Known(p) if p >= 0.5)
}

fn any_belief() -> impl Strategy<Value = Belief> {
    prop_oneof![
        3 => Just(Belief::CERTAIN),
        1 => Just(Belief::Unknown),
        1 => (0.0..1.0_f64).prop_map(Belief::Known),
    ]
}

prop_compose! {
    fn any_town()(
        places in proptest::collection::vec((0.0..0.01_f64, 0.0..0.01_f64), 2..9),
        streets in proptest::collection::vec((0..9_usize, 0..9_usize, (-0.001..0.001_f64, -0.001..0.001_f64), any_belief()), 1..16),
        anchors in proptest::collection::vec((0..2_u32, 0..2_u32, 0..16_u32, 0.0..1.0_f64, any_belief()), 0..7),
        doors in proptest::collection::vec([any_belief(), any_belief(), any_belief()], 2),
        surveyed in any::<bool>(),
    ) -> Town {
        let n = places.len();
        let at = |i: usize| [9.0 + places[i].0, 47.0 + places[i].1];
        let courses: Vec<_> = streets.iter().map(|(a, b, bend, walkable)| {
            let (p, q) = (at(a % n), at(b % n));
            let middle = [f64::midpoint(p[0], q[0]) + bend.0, f64::midpoint(p[1], q[1]) + bend.1];
            (a % n, b % n, vec![p, middle, q], *walkable)
        }).collect();
        let anchors = anchors.into_iter()
            .map(|(building, exit, s, fraction, leads)| anchor(building, exit, s % courses.len() as u32, fraction, leads))
            .collect();
        Town { courses, junctions: n, anchors, doors, surveyed }
    }
}

fn same(found: Option<f64>, expected: f64) -> bool {
    match found {
        Some(m) => (m - expected).abs() <= 1e-9 * expected.max(1.0),
        None => expected.is_infinite(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn streets_alone_agree_with_every_pair_of_shortest_lengths(
        town in any_town(),
        points in proptest::collection::vec((0..16_usize, 0.0..=1.0_f64), 3),
    ) {
        let joined = town.joined();
        let lengths = town.between_junctions();
        let points: Vec<(usize, f64)> = points.into_iter().map(|(s, f)| (s % town.courses.len(), f)).collect();
        let way = |p: (usize, f64), q: (usize, f64)| {
            let place = |p: (usize, f64)| Place::Street(SegmentIndex(p.0 as u32), p.1);
            joined.route(place(p), place(q), &JourneyOptions::default(), &AsBuilt).ok().map(|j| j.length_m)
        };
        let [a, b, c] = points[..] else { unreachable!() };
        let expected = town.along(&lengths, a, b);
        prop_assert!(same(way(a, b), expected), "{:?} {expected}", way(a, b));
        prop_assert!(same(way(b, a), expected), "not symmetric");
        if let (Some(ab), Some(bc), Some(ac)) = (way(a, b), way(b, c), way(a, c)) {
            prop_assert!(ac <= ab + bc + 1e-6, "{ac} > {ab} + {bc}");
        }
    }

    #[test]
    fn rooms_and_streets_agree_with_every_pair_of_anchors(
        town in any_town(), admit_unknown in any::<bool>(), same_house in any::<bool>(),
    ) {
        let joined = town.joined();
        let lengths = town.between_junctions();
        let options = JourneyOptions { admit_unknown: false, probability_min: 0.5, anchor_probability_min: 0.5, ..JourneyOptions::default() };
        let target = u32::from(!same_house);
        let (from, to) = (Place::Space(FIRST, ROOM), Place::Space(BuildingIndex(target), ROOM));
        let doors = |house: u32| town.doors[house as usize];
        let usable = |a: &&Anchor, house: u32| a.building.0 == house && admitted(a.leads) && admitted(doors(house)[a.exit.0 as usize]);
        let mut expected = if same_house { 0.0 } else { f64::INFINITY };
        if !same_house && admitted(doors(0)[2]) && admitted(doors(1)[2]) {
            for a in town.anchors.iter().filter(|a| usable(a, 0)) {
                for b in town.anchors.iter().filter(|a| usable(a, 1)) {
                    let street_m = town.along(&lengths, (a.segment.0 as usize, a.fraction), (b.segment.0 as usize, b.fraction));
                    expected = expected.min(TO_DOOR_M + DOOR_TO_EXIT_M + 4.0 + street_m + 4.0 + DOOR_TO_EXIT_M);
                }
            }
        }
        let found = joined.route(from, to, &options, &AsBuilt).ok();
        prop_assert!(same(found.as_ref().map(|j| j.effort_m), expected), "{found:?} {expected}");
        if let Some(journey) = &found {
            prop_assert!(journey.unknown.is_empty() && journey.probability > 0.0);
            let legs: f64 = journey.legs.iter().map(|l| match l {
                Leg::Indoors(l) => l.route.effort_m,
                Leg::Outdoors(l) => l.effort_m,
            }).sum();
            prop_assert!((legs - journey.effort_m).abs() < 1e-9);
            let lenient = JourneyOptions { admit_unknown, probability_min: 0.0, anchor_probability_min: 0.0, through_buildings: true, ..options };
            prop_assert!(joined.route(from, to, &lenient, &AsBuilt).unwrap().effort_m <= journey.effort_m + 1e-9);
        }
    }
}
