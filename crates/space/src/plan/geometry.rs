//! Flat shapes: points, rings and floor outlines in metres.
//!
//! A floor plan is a set of outlines drawn on the ground. This module answers the plain
//! questions asked of such outlines: how large, is this point inside, how far is the wall.

/// A point on the plan, in metres, in the frame of its building.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// Metres along the building's x axis.
    pub x: f64,
    /// Metres along the building's y axis.
    pub y: f64,
}

impl Point {
    /// A point from its two coordinates in metres.
    pub const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// This point moved by `distance_m` along the direction `d`.
    #[must_use]
    pub fn along(self, d: Point, distance_m: f64) -> Self {
        Self::new(self.x + d.x * distance_m, self.y + d.y * distance_m)
    }

    /// Straight-line distance to `other` in metres.
    pub fn distance(self, other: Point) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    /// Unit vector of the same direction, or `None` for a vector shorter than a nanometre.
    pub fn unit(self) -> Option<Self> {
        let length = self.x.hypot(self.y);
        (length > 1e-9 && length.is_finite()).then(|| Self::new(self.x / length, self.y / length))
    }

    /// Scalar product.
    pub fn dot(self, other: Point) -> f64 {
        self.x * other.x + self.y * other.y
    }

    /// Third component of the vector product; positive when `other` lies to the left.
    pub fn cross(self, other: Point) -> f64 {
        self.x * other.y - self.y * other.x
    }

    /// The vector from `other` to this point.
    #[must_use]
    pub fn minus(self, other: Point) -> Self {
        Self::new(self.x - other.x, self.y - other.y)
    }

    /// This vector turned a quarter to the left.
    #[must_use]
    pub fn left(self) -> Self {
        Self::new(-self.y, self.x)
    }

    /// Whether both coordinates are numbers of a size that a building can have (± 10,000 km,
    /// which admits national grids).
    pub fn is_sane(self) -> bool {
        self.x.abs() < 1e7 && self.y.abs() < 1e7
    }
}

/// An upright rectangle around a shape, in metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Corner with the smallest coordinates.
    pub min: Point,
    /// Corner with the largest coordinates.
    pub max: Point,
}

impl Bounds {
    /// The bounds of no points: inside out, so that the first point defines them.
    pub const EMPTY: Self = Self {
        min: Point::new(f64::INFINITY, f64::INFINITY),
        max: Point::new(f64::NEG_INFINITY, f64::NEG_INFINITY),
    };

    /// The smallest bounds that hold all `points`.
    pub fn of(points: impl IntoIterator<Item = Point>) -> Self {
        points.into_iter().fold(Self::EMPTY, Self::with)
    }

    /// These bounds stretched to hold `p`.
    #[must_use]
    pub fn with(self, p: Point) -> Self {
        Self {
            min: Point::new(self.min.x.min(p.x), self.min.y.min(p.y)),
            max: Point::new(self.max.x.max(p.x), self.max.y.max(p.y)),
        }
    }

    /// These bounds pushed out by `margin_m` on every side.
    #[must_use]
    pub fn grown(self, margin_m: f64) -> Self {
        Self {
            min: Point::new(self.min.x - margin_m, self.min.y - margin_m),
            max: Point::new(self.max.x + margin_m, self.max.y + margin_m),
        }
    }

    /// Whether `p` lies inside or on the edge.
    pub fn holds(&self, p: Point) -> bool {
        p.x >= self.min.x && p.x <= self.max.x && p.y >= self.min.y && p.y <= self.max.y
    }

    /// Whether the two rectangles share a point.
    pub fn meets(&self, other: &Bounds) -> bool {
        self.min.x <= other.max.x
            && other.min.x <= self.max.x
            && self.min.y <= other.max.y
            && other.min.y <= self.max.y
    }

    /// Whether no point was ever added.
    pub fn is_empty(&self) -> bool {
        self.min.x > self.max.x
    }

    /// Middle of the rectangle.
    pub fn centre(&self) -> Point {
        Point::new(
            f64::midpoint(self.min.x, self.max.x),
            f64::midpoint(self.min.y, self.max.y),
        )
    }
}

/// An area of floor bounded by rings: a point is inside when a ray from it crosses the rings an
/// odd number of times, so holes need no marking and orientation does not matter.
///
/// ```
/// use twin_space::plan::{Point, Polygon};
/// let room = Polygon::rectangle(Point::new(0.0, 0.0), Point::new(4.0, 3.0));
/// assert_eq!(room.area_m2(), 12.0);
/// assert!(room.contains(Point::new(1.0, 1.0)));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Polygon {
    rings: Vec<Vec<Point>>,
    bounds: Bounds,
    area_m2: f64,
}

impl Polygon {
    /// Builds an outline from rings. A repeated closing point is dropped, as are rings of fewer
    /// than three points or of less than a square centimetre. `None` when nothing is left or a
    /// coordinate is not [sane](Point::is_sane).
    pub fn new(rings: impl IntoIterator<Item = Vec<Point>>) -> Option<Self> {
        let mut kept: Vec<Vec<Point>> = Vec::new();
        for mut ring in rings {
            if !ring.iter().all(|p| p.is_sane()) {
                return None;
            }
            ring.dedup_by(|a, b| a.distance(*b) < 1e-6);
            while ring.len() > 1 && ring[0].distance(ring[ring.len() - 1]) < 1e-6 {
                ring.pop();
            }
            if ring.len() >= 3 && signed_area_m2(&ring).abs() > 1e-4 {
                kept.push(ring);
            }
        }
        let bounds = Bounds::of(kept.iter().flatten().copied());
        if kept.is_empty() {
            return None;
        }
        kept.sort_by(|a, b| signed_area_m2(b).abs().total_cmp(&signed_area_m2(a).abs()));
        let area_m2 = even_odd_area_m2(&kept);
        Some(Self {
            rings: kept,
            bounds,
            area_m2,
        })
    }

    /// An upright rectangle between two corners.
    pub fn rectangle(a: Point, b: Point) -> Self {
        let rings = vec![vec![a, Point::new(b.x, a.y), b, Point::new(a.x, b.y)]];
        let area_m2 = signed_area_m2(&rings[0]).abs();
        Self {
            bounds: Bounds::of([a, b]),
            rings,
            area_m2,
        }
    }

    /// The rings, the largest first, each without a repeated closing point.
    pub fn rings(&self) -> &[Vec<Point>] {
        &self.rings
    }

    /// The rectangle around the outline.
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Enclosed area in square metres, holes taken off.
    pub fn area_m2(&self) -> f64 {
        self.area_m2
    }

    /// Length of all rings in metres.
    pub fn perimeter_m(&self) -> f64 {
        self.edges().map(|(a, b)| a.distance(b)).sum()
    }

    /// Whether `p` is inside by the even-odd rule.
    pub fn contains(&self, p: Point) -> bool {
        self.bounds.holds(p)
            && self
                .rings
                .iter()
                .fold(false, |odd, r| odd ^ ring_contains(r, p))
    }

    /// Every edge of every ring, start to end.
    pub fn edges(&self) -> impl Iterator<Item = (Point, Point)> + '_ {
        self.rings
            .iter()
            .flat_map(|r| (0..r.len()).map(move |i| (r[i], r[(i + 1) % r.len()])))
    }

    /// Distance from `p` to the nearest edge in metres, whether inside or outside.
    pub fn edge_distance_m(&self, p: Point) -> f64 {
        self.edges()
            .map(|(a, b)| segment_distance_m(p, a, b))
            .fold(f64::INFINITY, f64::min)
    }

    /// Distance from `p` to the area: 0 inside.
    pub fn distance_m(&self, p: Point) -> f64 {
        if self.contains(p) {
            0.0
        } else {
            self.edge_distance_m(p)
        }
    }

    /// A point surely inside: the centroid where that is inside, otherwise the middle of the
    /// longest inside stretch of a horizontal line through the bounds.
    pub fn inside_point(&self) -> Point {
        let centroid = centroid(&self.rings[0]);
        if self.contains(centroid) {
            return centroid;
        }
        let height = self.bounds.max.y - self.bounds.min.y;
        let mut best = (0.0, centroid);
        for step in 1..16 {
            // Sixteenths plus a hair, so that the line avoids vertices on round coordinates.
            let y = self.bounds.min.y + height * (f64::from(step) / 16.0 + 1e-4);
            let mut xs: Vec<f64> = self
                .edges()
                .filter(|(a, b)| (a.y > y) != (b.y > y))
                .map(|(a, b)| a.x + (y - a.y) * (b.x - a.x) / (b.y - a.y))
                .collect();
            xs.sort_by(f64::total_cmp);
            for pair in xs.chunks_exact(2) {
                if pair[1] - pair[0] > best.0 {
                    best = (
                        pair[1] - pair[0],
                        Point::new(f64::midpoint(pair[0], pair[1]), y),
                    );
                }
            }
        }
        best.1
    }
}

/// Area by the shoelace formula, positive for rings that turn left. Coordinates are taken
/// relative to the first point, so that national-grid offsets cost no precision.
pub fn signed_area_m2(ring: &[Point]) -> f64 {
    let Some(&origin) = ring.first() else {
        return 0.0;
    };
    let mut twice = 0.0;
    for i in 0..ring.len() {
        let a = ring[i].minus(origin);
        let b = ring[(i + 1) % ring.len()].minus(origin);
        twice += a.cross(b);
    }
    twice / 2.0
}

/// Distance from `p` to the segment `a`–`b` in metres.
pub fn segment_distance_m(p: Point, a: Point, b: Point) -> f64 {
    let d = b.minus(a);
    let square = d.dot(d);
    let t = if square > 0.0 {
        (p.minus(a).dot(d) / square).clamp(0.0, 1.0)
    } else {
        0.0
    };
    p.distance(a.along(d, t))
}

/// The convex hull, turning left; fewer than three points when the input spans no area.
/// Andrew's monotone chain (Inf. Process. Lett. 9, 1979).
pub fn convex_hull(mut points: Vec<Point>) -> Vec<Point> {
    points.retain(|p| p.is_sane());
    points.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    points.dedup();
    if points.len() < 3 {
        return points;
    }
    let mut hull: Vec<Point> = Vec::with_capacity(points.len());
    let mut half = |sequence: &mut dyn Iterator<Item = &Point>| {
        let base = hull.len();
        for &p in sequence {
            while hull.len() >= base + 2 {
                let (a, b) = (hull[hull.len() - 2], hull[hull.len() - 1]);
                if b.minus(a).cross(p.minus(a)) > 0.0 {
                    break;
                }
                hull.pop();
            }
            hull.push(p);
        }
        hull.pop();
    };
    half(&mut points.iter());
    half(&mut points.iter().rev());
    hull
}

/// The rectangle of smallest area around points: its centre, the unit direction of its long
/// side, and length and breadth in metres. `None` without two distinct points.
pub fn tightest_rectangle(points: Vec<Point>) -> Option<Rectangle> {
    let hull = convex_hull(points);
    if hull.len() < 2 {
        return None;
    }
    let mut best: Option<(f64, Rectangle)> = None;
    for i in 0..hull.len() {
        let Some(d) = hull[(i + 1) % hull.len()].minus(hull[i]).unit() else {
            continue;
        };
        let n = d.left();
        let turned = Bounds::of(hull.iter().map(|p| Point::new(p.dot(d), p.dot(n))));
        let (length, breadth) = (turned.max.x - turned.min.x, turned.max.y - turned.min.y);
        let c = turned.centre();
        let centre = Point::new(c.x * d.x + c.y * n.x, c.x * d.y + c.y * n.y);
        let found = if length >= breadth {
            Rectangle {
                centre,
                direction: d,
                length_m: length,
                breadth_m: breadth,
            }
        } else {
            Rectangle {
                centre,
                direction: n,
                length_m: breadth,
                breadth_m: length,
            }
        };
        if best
            .as_ref()
            .is_none_or(|(area, _)| length * breadth < area - 1e-9)
        {
            best = Some((length * breadth, found));
        }
    }
    best.map(|(_, r)| r)
}

/// A rectangle in any direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rectangle {
    /// Middle of the rectangle.
    pub centre: Point,
    /// Unit vector along the long side.
    pub direction: Point,
    /// Long side in metres.
    pub length_m: f64,
    /// Short side in metres.
    pub breadth_m: f64,
}

fn ring_contains(ring: &[Point], p: Point) -> bool {
    let mut inside = false;
    let mut b = ring[ring.len() - 1];
    for &a in ring {
        if (a.y > p.y) != (b.y > p.y) && p.x < a.x + (p.y - a.y) * (b.x - a.x) / (b.y - a.y) {
            inside = !inside;
        }
        b = a;
    }
    inside
}

fn centroid(ring: &[Point]) -> Point {
    let origin = ring[0];
    let (mut x, mut y, mut twice) = (0.0, 0.0, 0.0);
    for i in 0..ring.len() {
        let a = ring[i].minus(origin);
        let b = ring[(i + 1) % ring.len()].minus(origin);
        let w = a.cross(b);
        twice += w;
        x += (a.x + b.x) * w;
        y += (a.y + b.y) * w;
    }
    Point::new(origin.x + x / (3.0 * twice), origin.y + y / (3.0 * twice))
}

/// Rings sorted by falling area; a ring nested in an odd number of larger ones is a hole.
fn even_odd_area_m2(rings: &[Vec<Point>]) -> f64 {
    let mut total = 0.0;
    for (i, ring) in rings.iter().enumerate() {
        let depth = rings[..i]
            .iter()
            .filter(|outer| ring_contains(outer, ring[0]))
            .count();
        let area = signed_area_m2(ring).abs();
        total += if depth % 2 == 0 { area } else { -area };
    }
    total.max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ring(points: &[(f64, f64)]) -> Vec<Point> {
        points.iter().map(|&(x, y)| Point::new(x, y)).collect()
    }

    #[test]
    fn area_and_containment() {
        let l_shape = ring(&[
            (0., 0.),
            (4., 0.),
            (4., 1.),
            (1., 1.),
            (1., 4.),
            (0., 4.),
            (0., 0.),
        ]);
        let hole = ring(&[(0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)]);
        let p = Polygon::new([l_shape, hole]).unwrap();
        assert!((p.area_m2() - (7.0 - 0.36)).abs() < 1e-9);
        for (x, y, inside) in [
            (3., 0.5, true),
            (0.5, 0.5, false),
            (3., 3., false),
            (0.5, 3., true),
        ] {
            assert_eq!(p.contains(Point::new(x, y)), inside, "{x} {y}");
        }
        assert!(p.contains(p.inside_point()));
        assert_eq!(p.rings()[0].len(), 6);
    }

    #[test]
    fn nothing_comes_of_nothing() {
        assert!(Polygon::new([]).is_none());
        assert!(Polygon::new([ring(&[(0., 0.), (1., 0.)])]).is_none());
        assert!(Polygon::new([ring(&[(0., 0.), (1., 0.), (f64::NAN, 1.)])]).is_none());
    }

    #[test]
    fn tightest_rectangle_turns_with_the_shape() {
        let (s, c) = 0.6_f64.sin_cos();
        let corners: Vec<Point> = [(0., 0.), (2., 0.), (2., 0.3), (0., 0.3)]
            .iter()
            .map(|&(x, y)| Point::new(5.0 + c * x - s * y, s * x + c * y))
            .collect();
        let r = tightest_rectangle(corners).unwrap();
        assert!((r.length_m - 2.0).abs() < 1e-9 && (r.breadth_m - 0.3).abs() < 1e-9);
        assert!((r.direction.dot(Point::new(c, s)).abs() - 1.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn inside_point_is_inside(points in proptest::collection::vec((0.0..50.0_f64, 0.0..50.0_f64), 3..12)) {
            let hull = convex_hull(points.into_iter().map(|(x, y)| Point::new(x, y)).collect());
            if let Some(p) = Polygon::new([hull]) {
                prop_assert!(p.contains(p.inside_point()));
            }
        }

        #[test]
        fn area_does_not_depend_on_where_the_building_stands(dx in -1e6..1e6_f64, dy in -1e6..1e6_f64) {
            let moved = ring(&[(0., 0.), (7., 0.), (7., 3.), (0., 3.)])
                .into_iter().map(|p| Point::new(p.x + dx, p.y + dy)).collect();
            prop_assert!((Polygon::new([moved]).unwrap().area_m2() - 21.0).abs() < 1e-6);
        }
    }
}
