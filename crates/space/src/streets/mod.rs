//! The streets around the buildings: where they run, where they meet, which one is near.
//!
//! A door opens onto a path, the path joins a street, and some streets further stands the fire
//! station. Each stretch between two junctions is one segment; segments whose ends bear the same
//! key meet. Of each it is believed, not known, that people on foot may and can use it.
//!
//! A district of 100,000 segments takes some twenty megabytes ([`Streets::memory_bytes`]).

pub(crate) mod landmarks;

use crate::earth::{Centric, Tangent, centric, distance_m, length_m};
use crate::graph::Belief;
use crate::nearby::{Nearby, is_place};
use crate::route::STAIR_FACTOR;
use rustc_hash::FxHasher;
use std::hash::Hasher;

/// A segment by its place in the list that [`Streets::new`] was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentIndex(pub u32);

/// A place where segments end and meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JunctionIndex(pub u32);

/// What a segment is, as far as it matters for people on foot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreetKind {
    /// Made for feet: footway, path, pedestrian street, living street.
    Footway,
    /// Outdoor stairs.
    Steps,
    /// Any other street.
    #[default]
    Carriageway,
}

impl StreetKind {
    /// Read from the value of OpenStreetMap's `highway`.
    pub fn of_highway(highway: &str) -> Self {
        match highway {
            "footway" | "path" | "pedestrian" | "living_street" | "corridor" | "platform"
            | "cycleway" | "bridleway" | "track" => Self::Footway,
            "steps" => Self::Steps,
            _ => Self::Carriageway,
        }
    }
}

/// A segment as given.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'s> {
    /// Keys of the junctions at its first and its last point.
    pub ends: [&'s str; 2],
    /// Its line, two points or more, each `[longitude_deg, latitude_deg]`.
    pub course: &'s [[f64; 2]],
    /// What it is.
    pub kind: StreetKind,
    /// Whether people on foot may and can use it.
    pub walkable: Belief,
}

/// On which side of a segment a place lies, looking from its first point to its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreetSide {
    /// Left of it.
    Left,
    /// Right of it.
    Right,
    /// On it, or beyond its end in line with it, to a millimetre.
    On,
}

/// The point of a segment that is nearest to a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    /// The segment.
    pub segment: SegmentIndex,
    /// Where on it, as a share of its length, 0..=1.
    pub fraction: f64,
    /// How far from the place.
    pub distance_m: f64,
    /// On which side of the segment the place lies.
    pub side: StreetSide,
}

/// A way to leave a junction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hop {
    pub(crate) segment: SegmentIndex,
    pub(crate) to: JunctionIndex,
}

/// Streets as a graph in compressed rows, with a register of what is near.
///
/// ```
/// use twin_space::{Belief, streets::{Segment, StreetKind, Streets}};
/// let course = [[9.52, 47.14], [9.521, 47.14]];
/// let streets = Streets::new(&[Segment {
///     ends: ["node/1", "node/2"], course: &course, kind: StreetKind::Footway, walkable: Belief::CERTAIN,
/// }]);
/// let near = streets.nearest([9.5205, 47.1401], 50.0, 1)[0];
/// assert!((near.fraction - 0.5).abs() < 1e-6 && (near.distance_m - 11.1).abs() < 0.1);
/// ```
#[derive(Clone, Debug)]
pub struct Streets {
    kinds: Vec<StreetKind>,
    walkable: Vec<Belief>,
    lengths_m: Vec<f64>,
    ends: Vec<[JunctionIndex; 2]>,
    courses: Courses,
    hop_starts: Vec<u32>,
    hops: Vec<Hop>,
    junctions: Vec<Centric>,
    nearby: Nearby,
    landmarks: landmarks::Landmarks,
}

impl Streets {
    /// Builds the graph. A segment without two points on earth keeps its index but leads nowhere
    /// and is near nothing.
    pub fn new(segments: &[Segment<'_>]) -> Self {
        let (ends, junction_count) = intern(segments);
        let courses = Courses::new(segments, &ends, junction_count);
        let (hop_starts, hops) = rows(&ends, &courses, junction_count);
        Self {
            kinds: segments.iter().map(|s| s.kind).collect(),
            walkable: segments.iter().map(|s| s.walkable).collect(),
            lengths_m: courses.all().map(length_m).collect(),
            junctions: courses.places.iter().map(|&p| centric(p)).collect(),
            nearby: Nearby::new((0..).zip(courses.all())),
            landmarks: landmarks::Landmarks::default(),
            ends,
            courses,
            hop_starts,
            hops,
        }
    }

    /// How many segments there are.
    pub fn segment_count(&self) -> usize {
        self.kinds.len()
    }

    /// How many junctions there are.
    pub fn junction_count(&self) -> usize {
        self.junctions.len()
    }

    /// The line of a segment; empty when it was not usable.
    pub fn course(&self, segment: SegmentIndex) -> &[[f64; 2]] {
        self.courses.of(segment.0 as usize)
    }

    /// Length of a segment in metres.
    pub fn length_m(&self, segment: SegmentIndex) -> f64 {
        self.lengths_m[segment.0 as usize]
    }

    /// What a segment is.
    pub fn kind(&self, segment: SegmentIndex) -> StreetKind {
        self.kinds[segment.0 as usize]
    }

    /// Whether people on foot may and can use a segment, as it was given.
    pub fn walkable(&self, segment: SegmentIndex) -> Belief {
        self.walkable[segment.0 as usize]
    }

    /// The junctions at the first and the last point of a segment.
    pub fn ends(&self, segment: SegmentIndex) -> [JunctionIndex; 2] {
        self.ends[segment.0 as usize]
    }

    /// Bytes that the graph holds on to.
    pub fn memory_bytes(&self) -> usize {
        let per_segment = size_of::<StreetKind>()
            + size_of::<Belief>()
            + size_of::<f64>()
            + size_of::<[JunctionIndex; 2]>()
            + size_of::<u32>();
        self.segment_count() * per_segment
            + self.courses.points.len() * size_of::<[f64; 2]>()
            + self.hops.len() * size_of::<Hop>()
            + self.junctions.len()
                * (size_of::<Centric>() + size_of::<[f64; 2]>() + size_of::<u32>())
            + self.nearby.memory_bytes()
            + self.landmarks_bytes()
    }

    /// The segments nearest to a place within a radius, nearest first, those of equal distance by
    /// index, at most `count_max`.
    pub fn nearest(&self, at: [f64; 2], radius_m: f64, count_max: usize) -> Vec<Near> {
        if !is_place(at) || radius_m.is_nan() {
            return Vec::new();
        }
        // Most places have a street within a few steps: look there first, then wider.
        let mut within_m = radius_m.min(FIRST_LOOK_M);
        loop {
            let found = self.all_within(at, within_m);
            if found.len() >= count_max || within_m >= radius_m {
                return found.into_iter().take(count_max).collect();
            }
            within_m = (within_m * 2.0).min(radius_m);
        }
    }

    /// The place at a share of a segment's length; `None` when the segment is not usable.
    pub fn place(&self, segment: SegmentIndex, fraction: f64) -> Option<[f64; 2]> {
        let reach_m = fraction.clamp(0.0, 1.0) * self.length_m(segment);
        let mut behind_m = 0.0;
        for piece in self.course(segment).windows(2) {
            let piece_m = distance_m(piece[0], piece[1]);
            if behind_m + piece_m >= reach_m {
                return Some(between(piece[0], piece[1], (reach_m - behind_m) / piece_m));
            }
            behind_m += piece_m;
        }
        self.course(segment).last().copied()
    }

    /// What walking a whole segment costs in metres of level floor.
    pub(crate) fn effort_m(&self, segment: SegmentIndex) -> f64 {
        let length_m = self.length_m(segment);
        match self.kind(segment) {
            StreetKind::Steps => length_m * STAIR_FACTOR,
            _ => length_m,
        }
    }

    pub(crate) fn hops(&self, junction: JunctionIndex) -> &[Hop] {
        let i = junction.0 as usize;
        &self.hops[self.hop_starts[i] as usize..self.hop_starts[i + 1] as usize]
    }

    pub(crate) fn junction(&self, junction: JunctionIndex) -> Centric {
        self.junctions[junction.0 as usize]
    }

    fn all_within(&self, at: [f64; 2], radius_m: f64) -> Vec<Near> {
        let plane = Tangent::at(at);
        let numbers = self.nearby.within(at, radius_m).into_iter();
        let mut found: Vec<Near> = numbers
            .map(|i| self.measure(&plane, SegmentIndex(i)))
            .filter(|near| near.distance_m <= radius_m)
            .collect();
        found.sort_by(|a, b| {
            let order = a.distance_m.total_cmp(&b.distance_m);
            order.then(a.segment.cmp(&b.segment))
        });
        found
    }

    /// The nearest point of one segment to the origin of the plane.
    fn measure(&self, plane: &Tangent, segment: SegmentIndex) -> Near {
        let mut near = Near {
            segment,
            fraction: 0.0,
            distance_m: f64::INFINITY,
            side: StreetSide::On,
        };
        let mut behind_m = 0.0;
        let mut from = [0.0; 2];
        for (i, &point) in self.course(segment).iter().enumerate() {
            let to = plane.plane(centric(point));
            if i > 0 {
                let piece = Piece::of(from, to);
                if piece.distance_m < near.distance_m {
                    near.distance_m = piece.distance_m;
                    near.fraction = behind_m + piece.along_m;
                    near.side = piece.side;
                }
                behind_m += piece.length_m;
            }
            from = to;
        }
        if behind_m > 0.0 {
            near.fraction = (near.fraction / behind_m).clamp(0.0, 1.0);
        }
        near
    }
}

/// How far [`Streets::nearest`] looks at first.
const FIRST_LOOK_M: f64 = 60.0;

/// Nearer than this to its line a place lies on neither side of a street.
const ON_IT_M: f64 = 1e-3;

/// A straight piece of a street seen from the origin of a plane.
struct Piece {
    length_m: f64,
    along_m: f64,
    distance_m: f64,
    side: StreetSide,
}

impl Piece {
    fn of(from: [f64; 2], to: [f64; 2]) -> Self {
        let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
        let length_m = (dx * dx + dy * dy).sqrt();
        let along = -(from[0] * dx + from[1] * dy) / (length_m * length_m);
        let share = if along.is_finite() {
            along.clamp(0.0, 1.0)
        } else {
            0.0
        };
        let foot = [from[0] + share * dx, from[1] + share * dy];
        // Third component of (direction × way to the origin): positive on the left.
        let turn = dy * from[0] - dx * from[1];
        Self {
            length_m,
            along_m: share * length_m,
            distance_m: (foot[0] * foot[0] + foot[1] * foot[1]).sqrt(),
            side: match turn {
                t if t > ON_IT_M * length_m => StreetSide::Left,
                t if t < -ON_IT_M * length_m => StreetSide::Right,
                _ => StreetSide::On,
            },
        }
    }
}

fn between(a: [f64; 2], b: [f64; 2], share: f64) -> [f64; 2] {
    let share = if share.is_finite() {
        share.clamp(0.0, 1.0)
    } else {
        0.0
    };
    [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])]
}

/// The lines of all segments one after the other.
#[derive(Clone, Debug)]
struct Courses {
    starts: Vec<u32>,
    points: Vec<[f64; 2]>,
    /// Where each junction lies: where the first usable segment that ends there says.
    places: Vec<[f64; 2]>,
}

impl Courses {
    /// Lines that end at one junction end at one place: the first and the last point of each are
    /// put there, lest a search by straight lines miss the shortest way.
    fn new(segments: &[Segment<'_>], ends: &[[JunctionIndex; 2]], junction_count: usize) -> Self {
        let mut courses = Self {
            starts: vec![0],
            points: Vec::with_capacity(segments.iter().map(|s| s.course.len()).sum()),
            places: vec![[0.0; 2]; junction_count],
        };
        let mut placed = vec![false; junction_count];
        for (segment, pair) in segments.iter().zip(ends) {
            let first = courses.points.len();
            courses.points.extend_from_slice(usable(segment.course));
            let end = courses.points.len();
            courses.starts.push(end as u32);
            for (junction, at) in pair.iter().zip([first, end.saturating_sub(1)]) {
                if first < end {
                    let (junction, point) = (junction.0 as usize, &mut courses.points[at]);
                    if !std::mem::replace(&mut placed[junction], true) {
                        courses.places[junction] = *point;
                    }
                    *point = courses.places[junction];
                }
            }
        }
        courses
    }

    fn of(&self, segment: usize) -> &[[f64; 2]] {
        &self.points[self.starts[segment] as usize..self.starts[segment + 1] as usize]
    }

    fn all(&self) -> impl Iterator<Item = &[[f64; 2]]> {
        (0..self.starts.len() - 1).map(|i| self.of(i))
    }
}

fn usable(course: &[[f64; 2]]) -> &[[f64; 2]] {
    if course.len() >= 2 && course.iter().all(|&p| is_place(p)) {
        course
    } else {
        &[]
    }
}

/// Numbers the junctions in order of appearance. Keys are sorted by a hash and then by their
/// text: quick, and neither a collision nor a file made to collide joins streets or costs time.
fn intern(segments: &[Segment<'_>]) -> (Vec<[JunctionIndex; 2]>, usize) {
    let keys = segments.iter().flat_map(|s| s.ends);
    let mut sorted: Vec<(u64, &str, u32)> = keys.zip(0..).map(|(k, i)| (hash(k), k, i)).collect();
    sorted.sort_unstable();
    // For each end, the first end that bears the same key.
    let mut first = vec![0; sorted.len()];
    for same in sorted.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        for &(_, _, end) in same {
            first[end as usize] = same[0].2;
        }
    }
    let mut number = vec![0; first.len()];
    let mut count = 0;
    for end in 0..first.len() {
        if first[end] as usize == end {
            number[end] = count;
            count += 1;
        } else {
            number[end] = number[first[end] as usize];
        }
    }
    let pairs = number.chunks_exact(2);
    let ends = pairs.map(|p| [JunctionIndex(p[0]), JunctionIndex(p[1])]);
    (ends.collect(), count as usize)
}

fn hash(key: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(key.as_bytes());
    hasher.finish()
}

/// The ways out of each junction in compressed rows; segments that are not usable are left out.
fn rows(
    ends: &[[JunctionIndex; 2]],
    courses: &Courses,
    junction_count: usize,
) -> (Vec<u32>, Vec<Hop>) {
    let mut starts = vec![0_u32; junction_count + 1];
    let usable = || {
        (0..)
            .zip(ends)
            .zip(courses.all())
            .filter(|(_, c)| !c.is_empty())
    };
    for end in usable().flat_map(|((_, ends), _)| ends) {
        starts[end.0 as usize + 1] += 1;
    }
    for i in 1..starts.len() {
        starts[i] += starts[i - 1];
    }
    let nowhere = Hop {
        segment: SegmentIndex(0),
        to: JunctionIndex(0),
    };
    let mut next = starts.clone();
    let mut hops = vec![nowhere; starts[junction_count] as usize];
    for ((i, &[a, b]), _) in usable() {
        for (from, to) in [(a, b), (b, a)] {
            let at = &mut next[from.0 as usize];
            hops[*at as usize] = Hop {
                segment: SegmentIndex(i),
                to,
            };
            *at += 1;
        }
    }
    (starts, hops)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn segment<'s>(ends: [&'s str; 2], course: &'s [[f64; 2]]) -> Segment<'s> {
        Segment {
            ends,
            course,
            kind: StreetKind::Footway,
            walkable: Belief::CERTAIN,
        }
    }

    #[test]
    fn equal_keys_are_one_junction_and_one_place() {
        let streets = Streets::new(&[
            segment(["a", "b"], &[[9.0, 47.0], [9.001, 47.0]]),
            segment(["b", "c"], &[[9.001, 47.000_001], [9.001, 47.001]]),
            segment(["c", "a"], &[[9.001, 47.001], [f64::NAN, 47.0]]),
            segment(["d", "d"], &[[9.0, 47.0], [9.0, 47.0]]),
        ]);
        assert_eq!((streets.segment_count(), streets.junction_count()), (4, 4));
        let [a, b] = streets.ends(SegmentIndex(0));
        assert_eq!(streets.ends(SegmentIndex(1))[0], b);
        let to: Vec<u32> = streets.hops(b).iter().map(|h| h.to.0).collect();
        assert_eq!(
            (to, streets.hops(a).len()),
            (vec![0, 2], 1),
            "the third segment leads nowhere"
        );
        assert_eq!(streets.course(SegmentIndex(1))[0], [9.001, 47.0]);
        assert_eq!(streets.length_m(SegmentIndex(2)), 0.0);
        assert!(streets.place(SegmentIndex(2), 0.5).is_none());
        assert_eq!(streets.place(SegmentIndex(3), 0.5), Some([9.0, 47.0]));
    }

    #[test]
    fn near_means_on_this_side_and_so_far_along() {
        let bent = [[9.0, 47.0], [9.001, 47.0], [9.001, 47.001]];
        let streets = Streets::new(&[segment(["a", "b"], &bent)]);
        let length = streets.length_m(SegmentIndex(0));
        let east_m = distance_m(bent[0], bent[1]);
        for (at, metres_along, side) in [
            ([9.0005, 47.0001], east_m / 2.0, StreetSide::Left),
            ([9.0005, 46.9999], east_m / 2.0, StreetSide::Right),
            ([8.9999, 47.0], 0.0, StreetSide::On),
            ([9.001, 47.002], length, StreetSide::On),
        ] {
            let near = streets.nearest(at, 200.0, 3)[0];
            assert!(
                (near.fraction * length - metres_along).abs() < 1e-3,
                "{near:?}"
            );
            assert_eq!(near.side, side, "{near:?}");
            let foot = streets.place(SegmentIndex(0), near.fraction).unwrap();
            assert!((distance_m(at, foot) - near.distance_m).abs() < 1e-3);
        }
        assert_eq!(streets.nearest([9.1, 47.0], 200.0, 3), []);
        assert_eq!(streets.nearest([f64::NAN, 47.0], 200.0, 3), []);
    }

    proptest! {
        #[test]
        fn the_nearest_is_what_a_full_search_finds(
            lines in proptest::collection::vec(((0.0..0.02_f64, 0.0..0.02_f64), (-0.002..0.002_f64, -0.002..0.002_f64)), 1..60),
            at in (0.0..0.02_f64, 0.0..0.02_f64), radius_m in 1.0..1500.0_f64, count in 1..5_usize,
        ) {
            let courses: Vec<[[f64; 2]; 2]> = lines.iter()
                .map(|((x, y), (dx, dy))| [[9.0 + x, 47.0 + y], [9.0 + x + dx, 47.0 + y + dy]])
                .collect();
            let keys: Vec<String> = (0..courses.len() * 2).map(|i| i.to_string()).collect();
            let segments: Vec<Segment> = courses.iter().enumerate()
                .map(|(i, c)| segment([&keys[2 * i], &keys[2 * i + 1]], c))
                .collect();
            let streets = Streets::new(&segments);
            let place = [9.0 + at.0, 47.0 + at.1];
            let mut all: Vec<f64> = (0..segments.len() as u32)
                .map(|i| streets.measure(&Tangent::at(place), SegmentIndex(i)).distance_m)
                .filter(|d| *d <= radius_m)
                .collect();
            all.sort_by(f64::total_cmp);
            all.truncate(count);
            let found: Vec<f64> = streets.nearest(place, radius_m, count).iter().map(|n| n.distance_m).collect();
            prop_assert_eq!(found, all);
        }
    }
}
