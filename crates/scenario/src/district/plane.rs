//! Outlines on the ground, in metres.

/// A point on the ground, in metres.
pub(super) type Point = [f64; 2];

/// The area; positive for an anticlockwise outline.
pub(super) fn area_m2(outline: &[Point]) -> f64 {
    pairs(outline)
        .map(|(p, q)| p[0] * q[1] - q[0] * p[1])
        .sum::<f64>()
        / 2.0
}

/// Each point with the one after it, around.
pub(super) fn pairs(outline: &[Point]) -> impl Iterator<Item = (Point, Point)> + '_ {
    let next = outline.iter().cycle().skip(1);
    outline.iter().copied().zip(next.copied())
}

/// The mean of the corners.
pub(super) fn middle(outline: &[Point]) -> Point {
    let count = outline.len() as f64;
    let sum = outline
        .iter()
        .fold([0.0, 0.0], |sum, p| [sum[0] + p[0], sum[1] + p[1]]);
    [sum[0] / count, sum[1] / count]
}

/// The rectangle between two corners, anticlockwise.
pub(super) fn rectangle(x0: f64, y0: f64, x1: f64, y1: f64) -> Vec<Point> {
    vec![[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
}

/// A point turned anticlockwise around another.
pub(super) fn turned(point: Point, around: Point, turn_deg: f64) -> Point {
    let (sin, cos) = turn_deg.to_radians().sin_cos();
    let (x, y) = (point[0] - around[0], point[1] - around[1]);
    [around[0] + cos * x - sin * y, around[1] + sin * x + cos * y]
}

/// The same outline as seen in a mirror that stands along y at `x`, again anticlockwise.
pub(super) fn mirrored(outline: &[Point], x: f64) -> Vec<Point> {
    outline
        .iter()
        .rev()
        .map(|p| [2.0 * x - p[0], p[1]])
        .collect()
}

/// The point of a line nearest to another, as a share of the line from 0 to 1.
pub(super) fn share_along(from: Point, to: Point, point: Point) -> f64 {
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let along = (point[0] - from[0]) * dx + (point[1] - from[1]) * dy;
    (along / (dx * dx + dy * dy)).clamp(0.0, 1.0)
}

/// The point at a share of a line.
pub(super) fn between(from: Point, to: Point, share: f64) -> Point {
    [
        from[0] + (to[0] - from[0]) * share,
        from[1] + (to[1] - from[1]) * share,
    ]
}

/// The distance between two points.
pub(super) fn distance(a: Point, b: Point) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}
