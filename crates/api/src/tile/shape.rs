//! From degrees to the units of one tile: projected, cut off at its edges, thinned out.

use super::{AREA_MIN_UNITS2, BUFFER, EXTENT, FULL_DETAIL_ZOOM, TOLERANCE_UNITS};
use std::f64::consts::PI;

/// Web Mercator ends here, where its square is as high as it is wide.
const LATITUDE_MAX_DEG: f64 = 85.051_128_779_806_59;

/// A place in units of the tile, x to the east and y to the south.
type Place = [f64; 2];

/// What is left of a geometry, in whole units.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Drawn {
    Point([i32; 2]),
    /// Parts of two points and more.
    Lines(Vec<Vec<[i32; 2]>>),
    /// The outline, clockwise as seen, then holes, the other way round; none is closed by
    /// repeating its first point.
    Polygon(Vec<Vec<[i32; 2]>>),
}

/// One tile as a place in the world.
#[derive(Debug, Clone, Copy)]
pub(super) struct Square {
    tiles_per_side: f64,
    column: f64,
    row: f64,
    is_thinned: bool,
}

impl Square {
    pub(super) fn new(z: u8, x: u32, y: u32) -> Self {
        Self {
            tiles_per_side: f64::from(z).exp2(),
            column: x.into(),
            row: y.into(),
            is_thinned: z < FULL_DETAIL_ZOOM,
        }
    }

    pub(super) fn bounds_deg(&self) -> [f64; 4] {
        let margin = f64::from(BUFFER) / f64::from(EXTENT);
        let longitude = |column: f64| column / self.tiles_per_side * 360.0 - 180.0;
        let latitude = |row: f64| {
            let y = PI * (1.0 - 2.0 * row / self.tiles_per_side);
            y.sinh().atan().to_degrees()
        };
        [
            longitude(self.column - margin),
            latitude(self.row + 1.0 + margin),
            longitude(self.column + 1.0 + margin),
            latitude(self.row - margin),
        ]
    }

    pub(super) fn point(&self, at: [f64; 2]) -> Option<Drawn> {
        let place = self.place(at)?;
        let is_near = place
            .iter()
            .all(|&c| c >= EDGES[0].position && c <= EDGES[1].position);
        is_near.then(|| Drawn::Point(rounded(place)))
    }

    pub(super) fn line(&self, course: &[[f64; 2]]) -> Option<Drawn> {
        let places = self.places(course)?;
        let parts = cut_line(&places)
            .into_iter()
            .map(|part| self.whole(&part))
            .filter(|part| part.len() >= 2)
            .collect::<Vec<_>>();
        (!parts.is_empty()).then_some(Drawn::Lines(parts))
    }

    pub(super) fn polygon(&self, rings: &[Vec<[f64; 2]>]) -> Option<Drawn> {
        let (outer, holes) = rings.split_first()?;
        let mut drawn = vec![self.ring(outer, true)?];
        drawn.extend(holes.iter().filter_map(|hole| self.ring(hole, false)));
        Some(Drawn::Polygon(drawn))
    }

    /// A ring cut off at the edges and turned the way it has to be; `None` where nothing
    /// of it would be seen.
    fn ring(&self, ring: &[[f64; 2]], is_outer: bool) -> Option<Vec<[i32; 2]>> {
        let mut cut = cut_ring(self.places(ring)?);
        // Closed for thinning, so that both of its ends are the same corner.
        cut.push(*cut.first()?);
        let mut whole = self.whole(&cut);
        if whole.first() == whole.last() {
            whole.pop();
        }
        let area = doubled_area(&whole);
        let least = if self.is_thinned {
            2.0 * AREA_MIN_UNITS2
        } else {
            0.0
        };
        if whole.len() < 3 || area == 0 || (area.abs() as f64) < least {
            return None;
        }
        // Section 4.3.4.4: by the surveyor's formula in tile units the outline is positive.
        if (area > 0) != is_outer {
            whole.reverse();
        }
        Some(whole)
    }

    /// All places of a geometry; `None` if it has no usable point or lies wholly beside
    /// the tile.
    fn places(&self, points: &[[f64; 2]]) -> Option<Vec<Place>> {
        let places = points
            .iter()
            .map(|&point| self.place(point))
            .collect::<Option<Vec<_>>>()?;
        let is_beside = EDGES
            .iter()
            .any(|edge| places.iter().all(|place| !edge.admits(place)));
        (!is_beside).then_some(places)
    }

    /// `None` for what is no number.
    fn place(&self, [longitude_deg, latitude_deg]: [f64; 2]) -> Option<Place> {
        if !longitude_deg.is_finite() || !latitude_deg.is_finite() {
            return None;
        }
        let latitude = latitude_deg
            .clamp(-LATITUDE_MAX_DEG, LATITUDE_MAX_DEG)
            .to_radians();
        let column = (longitude_deg + 180.0) / 360.0 * self.tiles_per_side;
        let row = (1.0 - latitude.tan().asinh() / PI) / 2.0 * self.tiles_per_side;
        let units = f64::from(EXTENT);
        Some([(column - self.column) * units, (row - self.row) * units])
    }

    /// Thinned out, in whole units, without the same point twice in a row.
    fn whole(&self, places: &[Place]) -> Vec<[i32; 2]> {
        let kept = if self.is_thinned {
            thin(places)
        } else {
            places.to_vec()
        };
        let mut whole = kept.into_iter().map(rounded).collect::<Vec<_>>();
        whole.dedup();
        whole
    }
}

/// One of the four lines beyond which nothing is drawn.
struct Edge {
    axis: usize,
    position: f64,
    /// Whether what lies at greater coordinates is kept.
    is_lower: bool,
}

const LOW: f64 = -(BUFFER as f64);
const HIGH: f64 = (EXTENT + BUFFER) as f64;
const EDGES: [Edge; 4] = [
    Edge {
        axis: 0,
        position: LOW,
        is_lower: true,
    },
    Edge {
        axis: 0,
        position: HIGH,
        is_lower: false,
    },
    Edge {
        axis: 1,
        position: LOW,
        is_lower: true,
    },
    Edge {
        axis: 1,
        position: HIGH,
        is_lower: false,
    },
];

impl Edge {
    fn admits(&self, place: &Place) -> bool {
        if self.is_lower {
            place[self.axis] >= self.position
        } else {
            place[self.axis] <= self.position
        }
    }

    /// Where the way from `a` to `b` crosses; one of them is admitted and the other not.
    fn crossing(&self, a: Place, b: Place) -> Place {
        let share = (self.position - a[self.axis]) / (b[self.axis] - a[self.axis]);
        let mut at = [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
        at[self.axis] = self.position;
        at
    }
}

/// The parts of a line within the edges.
fn cut_line(places: &[Place]) -> Vec<Vec<Place>> {
    let mut parts: Vec<Vec<Place>> = Vec::new();
    let mut end = None;
    for pair in places.windows(2) {
        let Some([from, to]) = cut_segment([pair[0], pair[1]]) else {
            end = None;
            continue;
        };
        match parts.last_mut() {
            Some(part) if end == Some(from) => part.push(to),
            _ => parts.push(vec![from, to]),
        }
        end = Some(to);
    }
    parts
}

fn cut_segment([mut a, mut b]: [Place; 2]) -> Option<[Place; 2]> {
    for edge in &EDGES {
        match (edge.admits(&a), edge.admits(&b)) {
            (true, true) => {}
            (true, false) => b = edge.crossing(a, b),
            (false, true) => a = edge.crossing(b, a),
            (false, false) => return None,
        }
    }
    Some([a, b])
}

/// A ring cut off at each edge in turn (Sutherland and Hodgman, 1974). Pieces that were
/// joined only outside stay joined along the edge, which lies in the buffer and is not
/// seen.
fn cut_ring(mut ring: Vec<Place>) -> Vec<Place> {
    for edge in &EDGES {
        let mut kept = Vec::with_capacity(ring.len() + 4);
        for (i, &place) in ring.iter().enumerate() {
            let before = ring[(i + ring.len() - 1) % ring.len()];
            match (edge.admits(&before), edge.admits(&place)) {
                (true, true) => kept.push(place),
                (true, false) => kept.push(edge.crossing(before, place)),
                (false, true) => kept.extend([edge.crossing(place, before), place]),
                (false, false) => {}
            }
        }
        ring = kept;
    }
    ring
}

/// Points that are thinned out together, so that the time this takes grows no faster than
/// the number of points, whatever their course.
const RUN_POINTS_MAX: usize = 256;

/// Leaves out points that lie within the tolerance of the line without them. The ends of
/// each run stay.
fn thin(places: &[Place]) -> Vec<Place> {
    let Some(last) = places.len().checked_sub(1) else {
        return Vec::new();
    };
    let mut kept = vec![places[0]];
    for from in (0..last).step_by(RUN_POINTS_MAX) {
        let to = (from + RUN_POINTS_MAX).min(last);
        thin_run(&places[from..=to], &mut kept);
    }
    kept
}

/// Adds what is kept of a run but for its first point (Douglas and Peucker, 1973).
fn thin_run(run: &[Place], kept: &mut Vec<Place>) {
    let last = run.len() - 1;
    let mut keeps = vec![false; run.len()];
    keeps[last] = true;
    let mut open = vec![(0, last)];
    while let Some((from, to)) = open.pop() {
        let farthest = (from + 1..to)
            .map(|i| (distance2(run[i], run[from], run[to]), i))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((distance2, i)) = farthest
            && distance2 > TOLERANCE_UNITS * TOLERANCE_UNITS
        {
            keeps[i] = true;
            open.extend([(from, i), (i, to)]);
        }
    }
    kept.extend(
        run.iter()
            .zip(keeps)
            .skip(1)
            .filter(|(_, keep)| *keep)
            .map(|(place, _)| *place),
    );
}

/// Square of the distance from `p` to the segment from `a` to `b`.
fn distance2(p: Place, a: Place, b: Place) -> f64 {
    let along = [b[0] - a[0], b[1] - a[1]];
    let length2 = along[0] * along[0] + along[1] * along[1];
    let beside = [p[0] - a[0], p[1] - a[1]];
    let share = if length2 == 0.0 {
        0.0
    } else {
        ((beside[0] * along[0] + beside[1] * along[1]) / length2).clamp(0.0, 1.0)
    };
    let off = [beside[0] - share * along[0], beside[1] - share * along[1]];
    off[0] * off[0] + off[1] * off[1]
}

/// Twice the area, positive where the ring runs clockwise as seen (y points down).
fn doubled_area(ring: &[[i32; 2]]) -> i64 {
    (0..ring.len())
        .map(|i| {
            let ([ax, ay], [bx, by]) = (ring[i], ring[(i + 1) % ring.len()]);
            i64::from(ax) * i64::from(by) - i64::from(bx) * i64::from(ay)
        })
        .sum()
}

/// Within the edges, so that it always fits.
fn rounded(place: Place) -> [i32; 2] {
    place.map(|c| c.round() as i32)
}
