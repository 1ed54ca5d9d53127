//! Which spaces share a wall, from their plan areas: two edges that run along each other no
//! further apart than a wall is thick.

use twin_model::Polygon;

/// Thickest wall between two rooms, metres; thicker ones pass next to nothing.
const WALL_MAX_M: f64 = 0.5;
/// Shortest shared stretch that counts, metres: less is a corner.
const SHARED_MIN_M: f64 = 0.8;
/// Sine of the largest angle between edges that run along each other: three degrees.
const SINE_MAX: f64 = 0.05;

/// A plan area with the box around it.
#[derive(Debug)]
pub(crate) struct Footprint<'a> {
    polygon: &'a Polygon,
    bounds: [f64; 4],
}

impl<'a> Footprint<'a> {
    /// `None` for an area without corners.
    pub(crate) fn new(polygon: &'a Polygon) -> Option<Self> {
        let mut corners = polygon.rings.iter().flatten();
        let [x, y] = *corners.next()?;
        let bounds = corners.fold([x, y, x, y], |[x0, y0, x1, y1], [x, y]| {
            [x0.min(*x), y0.min(*y), x1.max(*x), y1.max(*y)]
        });
        Some(Self { polygon, bounds })
    }

    /// Whether the two share a stretch of wall.
    pub(crate) fn shares_wall(&self, other: &Self) -> bool {
        let (a, b) = (self.bounds, other.bounds);
        let apart = |lo: usize, hi: usize| a[lo] > b[hi] + WALL_MAX_M || b[lo] > a[hi] + WALL_MAX_M;
        !apart(0, 2)
            && !apart(1, 3)
            && edges(self.polygon).any(|one| edges(other.polygon).any(|two| run_along(one, two)))
    }
}

type Edge = ([f64; 2], [f64; 2]);

fn edges(polygon: &Polygon) -> impl Iterator<Item = Edge> {
    polygon.rings.iter().flat_map(|ring| {
        let next = ring.iter().cycle().skip(1);
        ring.iter().copied().zip(next.copied())
    })
}

fn run_along((a, b): Edge, (c, d): Edge) -> bool {
    let along = [b[0] - a[0], b[1] - a[1]];
    let length = along[0].hypot(along[1]);
    if length < SHARED_MIN_M {
        return false;
    }
    let unit = [along[0] / length, along[1] / length];
    // Place along the first edge and distance from its line.
    let place = |p: [f64; 2]| (p[0] - a[0]) * unit[0] + (p[1] - a[1]) * unit[1];
    let distance = |p: [f64; 2]| (p[1] - a[1]) * unit[0] - (p[0] - a[0]) * unit[1];
    let (from, to) = (place(c), place(d));
    let (near, far) = (distance(c), distance(d));
    let is_parallel = (far - near).abs() <= SINE_MAX * (to - from).abs();
    let shared = from.max(to).min(length) - from.min(to).max(0.0);
    is_parallel && near.abs().max(far.abs()) <= WALL_MAX_M && shared >= SHARED_MIN_M
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rectangle(x: f64, y: f64, wide: f64, deep: f64) -> Polygon {
        let ring = vec![[x, y], [x + wide, y], [x + wide, y + deep], [x, y + deep]];
        Polygon { rings: vec![ring] }
    }

    #[test]
    fn rooms_side_by_side_share_a_wall() {
        let room = rectangle(0.0, 0.0, 4.0, 3.0);
        for (other, shares) in [
            (rectangle(4.1, 0.0, 4.0, 3.0), true),
            (rectangle(4.1, 2.5, 4.0, 3.0), false), // half a metre of wall is a corner
            (rectangle(4.1, 1.5, 4.0, 3.0), true),
            (rectangle(5.0, 0.0, 4.0, 3.0), false),
            (rectangle(4.1, 3.1, 4.0, 3.0), false),
            (rectangle(-1.0, 3.2, 9.0, 3.0), true),
        ] {
            let (a, b) = (
                Footprint::new(&room).unwrap(),
                Footprint::new(&other).unwrap(),
            );
            assert_eq!(a.shares_wall(&b), shares, "{other:?}");
            assert_eq!(b.shares_wall(&a), shares, "{other:?}");
        }
    }
}
