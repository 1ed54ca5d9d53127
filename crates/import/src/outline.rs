//! Rings of points, whatever the standard that drew them.

use crate::writer::rounded;
use twin_space::plan::{Point, Polygon};

/// An outline of the plan as claims have it: the largest ring with the holes directly in it.
pub(crate) fn of_plan(polygon: &Polygon) -> twin_model::Polygon {
    let rings = polygon.rings();
    let is_hole = |ring: &&Vec<Point>| {
        Polygon::new([rings[0].clone()]).is_some_and(|outer| outer.contains(ring[0]))
    };
    let plain = |ring: &Vec<Point>| {
        let corners = ring.iter().map(|p| [rounded(p.x), rounded(p.y)]);
        corners.collect::<Vec<[f64; 2]>>()
    };
    let holes = rings[1..].iter().filter(is_hole);
    twin_model::Polygon {
        rings: std::iter::once(&rings[0]).chain(holes).map(plain).collect(),
    }
}

/// Whether two edges that are not neighbours cross; touching is not crossing. Edges are gone
/// through from west to east, each compared with those that have not ended where it begins
/// (after Shamos & Hoey 1976, without the tree: outlines are short). `take` is asked before so
/// many comparisons are made; when it declines, the answer is no.
pub(crate) fn crosses_itself(ring: &[[i64; 2]], mut take: impl FnMut(usize) -> bool) -> bool {
    let n = ring.len();
    let point = |i: usize| ring[i % n];
    let mut edges: Vec<(i64, i64, usize)> = (0..n)
        .map(|i| {
            let (a, b) = (point(i)[0], point(i + 1)[0]);
            (a.min(b), a.max(b), i)
        })
        .collect();
    edges.sort_unstable();
    let mut open: Vec<(i64, usize)> = Vec::new();
    for (west, east, i) in edges {
        open.retain(|(end, _)| *end >= west);
        if !take(open.len()) {
            return false;
        }
        for &(_, j) in &open {
            let are_neighbours = (i + 1) % n == j || (j + 1) % n == i;
            if !are_neighbours && cross(point(i), point(i + 1), point(j), point(j + 1)) {
                return true;
            }
        }
        open.push((east, i));
    }
    false
}

/// Whether two edges cross in a point within both. Exact: the products of differences have twice
/// their bits.
fn cross(a: [i64; 2], b: [i64; 2], c: [i64; 2], d: [i64; 2]) -> bool {
    let side = |p: [i64; 2], q: [i64; 2], r: [i64; 2]| {
        let difference = |s: [i64; 2], k: usize| i128::from(s[k]) - i128::from(p[k]);
        (difference(q, 0) * difference(r, 1) - difference(q, 1) * difference(r, 0)).signum()
    };
    side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0
}

/// The centre of gravity of a ring and its area (P. Bourke, "Polygons and meshes", 1988), in the
/// ring's own unit. Measured from its first point, so that small rings far from zero lose no
/// digits; a ring without area has its mean, one that crosses itself its first point if the
/// centre lies far outside.
pub(crate) fn centre(ring: &[[f64; 2]]) -> ([f64; 2], f64) {
    let first = ring[0];
    let from_first = |p: [f64; 2]| [p[0] - first[0], p[1] - first[1]];
    let (mut twice, mut sum, mut mean) = (0.0, [0.0; 2], [0.0; 2]);
    let (mut low, mut high) = ([0.0_f64; 2], [0.0_f64; 2]);
    for (i, &point) in ring.iter().enumerate() {
        let (a, b) = (from_first(point), from_first(ring[(i + 1) % ring.len()]));
        let z = a[0] * b[1] - b[0] * a[1];
        twice += z;
        for k in 0..2 {
            sum[k] += (a[k] + b[k]) * z;
            mean[k] += a[k] / ring.len() as f64;
            low[k] = low[k].min(a[k]);
            high[k] = high[k].max(a[k]);
        }
    }
    let extent = (high[0] - low[0]) * (high[1] - low[1]);
    let mut at = if twice.abs() <= 1e-9 * extent {
        mean
    } else {
        sum.map(|s| s / (3.0 * twice))
    };
    if (0..2).any(|k| !(low[k]..=high[k]).contains(&at[k])) {
        at = [0.0; 2];
    }
    ([first[0] + at[0], first[1] + at[1]], twice.abs() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_that_cross_themselves() {
        for (ring, crosses) in [
            (&[[0, 0], [4, 0], [4, 4], [0, 4]][..], false),
            (&[[0, 0], [4, 4], [4, 0], [0, 4]], true),
            // Two triangles that touch in one point.
            (&[[0, 0], [2, 2], [4, 0], [4, 4], [2, 2], [0, 4]], false),
            (&[[0, 0], [1, 0], [0, 0], [1, 1]], false),
            (&[], false),
        ] {
            assert_eq!(crosses_itself(ring, |_| true), crosses, "{ring:?}");
        }
    }

    #[test]
    fn centres() {
        let square = [[9.0, 1.0], [11.0, 1.0], [11.0, 3.0], [9.0, 3.0]];
        assert_eq!(centre(&square), ([10.0, 2.0], 4.0));
        let line = [[0.0, 0.0], [2.0, 0.0]];
        assert_eq!(centre(&line), ([1.0, 0.0], 0.0));
    }
}
