//! Outlines as shapes: their size, their centre, and how well two of them cover each other.

use super::Place;
use crate::earth::{Tangent, centric};

/// Lines across two shapes along which their overlap is measured.
const SCANLINES: usize = 48;
/// Corners of one outline that are looked at; the rest of a longer one is left out evenly.
const CORNERS_MAX: usize = 400;

/// An outline in metres around its centre of area.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    /// Rings around the centre, outer one first; none for a point or nothing.
    pub(super) rings: Vec<Vec<[f64; 2]>>,
    pub(super) area_m2: f64,
    /// Where the centre lies on earth; `None` for a plan or nothing.
    pub(super) earth: Option<[f64; 2]>,
    /// Where the centre lies on the plan, for a plan.
    pub(super) plan: [f64; 2],
}

impl Shape {
    pub(super) fn of(place: &Place) -> Self {
        match place {
            Place::Unknown => Self::default(),
            Place::Point(at) => Self {
                earth: is_place(*at).then_some(*at),
                ..Self::default()
            },
            Place::Plan(rings) => Self::of_rings(rings),
            Place::Earth(rings) => Self::of_earth(rings).unwrap_or_default(),
        }
    }

    fn of_earth(rings: &[Vec<[f64; 2]>]) -> Option<Self> {
        let first = *rings.first()?.first()?;
        if !rings.iter().flatten().all(|p| is_place(*p)) {
            return None;
        }
        let tangent = Tangent::at(first);
        let flat = |ring: &Vec<[f64; 2]>| ring.iter().map(|p| tangent.plane(centric(*p))).collect();
        let mut shape = Self::of_rings(&rings.iter().map(flat).collect::<Vec<_>>());
        shape.earth = Some(tangent.to_earth(shape.plan));
        Some(shape)
    }

    fn of_rings(rings: &[Vec<[f64; 2]>]) -> Self {
        let is_sane =
            |ring: &&Vec<[f64; 2]>| ring.len() >= 3 && ring.iter().flatten().all(|c| c.abs() < 1e7);
        let mut rings: Vec<Vec<[f64; 2]>> =
            rings.iter().filter(is_sane).map(|r| thinned(r)).collect();
        let (mut area, mut moment) = (0.0, [0.0; 2]);
        for (i, ring) in rings.iter().enumerate() {
            let (a, m) = moments(ring);
            // Holes count against the outer ring, whichever way they are drawn.
            let sign = if (i == 0) == (a >= 0.0) { 1.0 } else { -1.0 };
            area += sign * a;
            moment = [moment[0] + sign * m[0], moment[1] + sign * m[1]];
        }
        if area < 0.01 {
            return Self::default();
        }
        let centre = moment.map(|m| m / area);
        for point in rings.iter_mut().flatten() {
            *point = [point[0] - centre[0], point[1] - centre[1]];
        }
        Self {
            rings,
            area_m2: area,
            earth: None,
            plan: centre,
        }
    }

    pub(super) fn is_on_earth(&self) -> bool {
        self.earth.is_some()
    }

    pub(super) fn has_outline(&self) -> bool {
        !self.rings.is_empty()
    }

    /// Length of the side of a square of the same area.
    pub(super) fn side_m(&self) -> f64 {
        self.area_m2.sqrt()
    }

    /// Turned clockwise about its centre.
    pub(super) fn turned(&self, clockwise_deg: f64) -> Self {
        let angle = clockwise_deg.to_radians();
        let (s, c) = (libm::sin(angle), libm::cos(angle));
        let turn = |p: &[f64; 2]| [p[0] * c + p[1] * s, p[1] * c - p[0] * s];
        Self {
            rings: self
                .rings
                .iter()
                .map(|r| r.iter().map(turn).collect())
                .collect(),
            ..self.clone()
        }
    }

    /// Share of the two shapes together that both cover, when the centre of `other` lies `by`
    /// metres from this one's.
    pub(super) fn overlap(&self, other: &Self, by: [f64; 2]) -> f64 {
        if !self.has_outline() || !other.has_outline() {
            return 0.0;
        }
        let (low, high) = self.extent(1);
        let (other_low, other_high) = other.extent(1);
        let (low, high) = (low.max(other_low + by[1]), high.min(other_high + by[1]));
        if high <= low {
            return 0.0;
        }
        let step = (high - low) / SCANLINES as f64;
        let mut both = 0.0;
        let (mut mine, mut theirs) = (Vec::new(), Vec::new());
        for line in 0..SCANLINES {
            let y = low + (line as f64 + 0.5) * step;
            self.crossings(y, 0.0, &mut mine);
            other.crossings(y - by[1], by[0], &mut theirs);
            both += shared_length(&mine, &theirs);
        }
        let both = (both * step).min(self.area_m2).min(other.area_m2);
        both / (self.area_m2 + other.area_m2 - both)
    }

    /// Smallest and largest coordinate along an axis.
    pub(super) fn extent(&self, axis: usize) -> (f64, f64) {
        let of = self.rings.iter().flatten().map(|p| p[axis]);
        of.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), c| {
            (low.min(c), high.max(c))
        })
    }

    /// Where a level line enters and leaves the shape, in order.
    fn crossings(&self, y: f64, by: f64, into: &mut Vec<f64>) {
        into.clear();
        for ring in &self.rings {
            let next = ring.iter().cycle().skip(1);
            for (a, b) in ring.iter().zip(next) {
                if (a[1] > y) != (b[1] > y) {
                    into.push(a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]) + by);
                }
            }
        }
        into.sort_by(f64::total_cmp);
    }
}

/// Length covered by both of two lists of entries and exits.
fn shared_length(a: &[f64], b: &[f64]) -> f64 {
    let (mut i, mut j, mut length) = (0, 0, 0.0);
    while i + 1 < a.len() && j + 1 < b.len() {
        length += (a[i + 1].min(b[j + 1]) - a[i].max(b[j])).max(0.0);
        if a[i + 1] < b[j + 1] {
            i += 2;
        } else {
            j += 2;
        }
    }
    length
}

/// Area and first moments of a ring (Green's theorem), positive counterclockwise.
fn moments(ring: &[[f64; 2]]) -> (f64, [f64; 2]) {
    // About its first corner: plans in national grids are far from their origin.
    let [x0, y0] = ring[0];
    let (mut area, mut moment) = (0.0, [0.0; 2]);
    let next = ring.iter().cycle().skip(1);
    for (a, b) in ring.iter().zip(next) {
        let (a, b) = ([a[0] - x0, a[1] - y0], [b[0] - x0, b[1] - y0]);
        let cross = a[0] * b[1] - b[0] * a[1];
        area += cross / 2.0;
        moment = [
            moment[0] + (a[0] + b[0]) * cross / 6.0,
            moment[1] + (a[1] + b[1]) * cross / 6.0,
        ];
    }
    (area, [moment[0] + area * x0, moment[1] + area * y0])
}

fn thinned(ring: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let step = ring.len().div_ceil(CORNERS_MAX).max(1);
    ring.iter().step_by(step).copied().collect()
}

fn is_place([longitude, latitude]: [f64; 2]) -> bool {
    longitude.abs() <= 180.0 && latitude.abs() <= 90.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(w: f64, h: f64) -> Shape {
        Shape::of(&Place::Plan(vec![vec![
            [0.0, 0.0],
            [w, 0.0],
            [w, h],
            [0.0, h],
        ]]))
    }

    #[test]
    fn overlap_is_the_share_of_both_together() {
        let square = block(10.0, 10.0);
        assert!((square.overlap(&square, [0.0, 0.0]) - 1.0).abs() < 1e-9);
        assert!((square.overlap(&square, [5.0, 0.0]) - 1.0 / 3.0).abs() < 1e-9);
        assert!((square.overlap(&block(10.0, 5.0), [0.0, 0.0]) - 0.5).abs() < 1e-9);
        assert!(square.overlap(&square, [0.0, 20.0]).abs() < 1e-9);
        let turned = block(10.0, 5.0).turned(90.0);
        assert!((turned.overlap(&block(5.0, 10.0), [0.0, 0.0]) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn holes_count_against_the_outline() {
        let ring = |a: f64, b: f64| vec![[a, a], [b, a], [b, b], [a, b]];
        let yard = Shape::of(&Place::Plan(vec![ring(0.0, 10.0), ring(2.0, 8.0)]));
        assert!((yard.area_m2 - 64.0).abs() < 1e-9);
        assert!((yard.overlap(&block(10.0, 10.0), [0.0, 0.0]) - 0.64).abs() < 0.02);
    }

    #[test]
    fn what_is_no_shape_is_none() {
        for rings in [
            vec![],
            vec![vec![[0.0, 0.0], [1.0, 1.0]]],
            vec![vec![[0.0, 0.0], [f64::NAN, 1.0], [1.0, 1.0]]],
        ] {
            assert!(!Shape::of(&Place::Plan(rings.clone())).has_outline());
            assert!(!Shape::of(&Place::Earth(rings)).has_outline());
        }
    }
}
