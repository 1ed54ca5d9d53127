//! Which spaces stand side by side with only a wall between: where a door could be.
//!
//! A door that nobody drew must still be somewhere: in a wall that a room shares with another
//! room, or in the facade. This finds those walls.

use super::geometry::{Bounds, Point, Polygon};
use super::joins::Plan;

/// Thickest wall that a door goes through, in metres: facades of old masonry.
const WALL_MAX_M: f64 = 0.7;
/// Shortest shared wall that holds a door, in metres: a narrow leaf and its frame.
const SHARED_MIN_M: f64 = 0.8;
/// Common height that a person needs, in metres.
const HEADROOM_M: f64 = 1.8;
/// Bounds on neighbours of one space and on edges of two that are compared.
const NEIGHBOURS_MAX: usize = 256;
const EDGE_PAIRS_MAX: usize = 250_000;

/// A wall that two spaces share.
#[derive(Clone, Debug, PartialEq)]
pub struct Shared {
    /// The two cells, the smaller number first.
    pub cells: (usize, usize),
    /// Length over which they face each other, in metres.
    pub length_m: f64,
    /// The longest stretch of it, along the middle of the wall, end to end.
    pub line: (Point, Point),
}

/// Shared walls, and what is left of each space's edge.
#[derive(Clone, Debug, Default)]
pub struct Neighbours {
    /// In order of the cells.
    pub shared: Vec<Shared>,
    /// Metres of each cell's edge that face no other cell: facade, or something not known.
    pub exposed_m: Vec<f64>,
}

impl Plan<'_> {
    /// Every pair of cells that face each other across no more than a wall.
    pub fn neighbours(&self) -> Neighbours {
        let cells = self.cells();
        let bounds: Vec<Bounds> = cells.iter().map(super::Cell::bounds).collect();
        let edges: Vec<Vec<(Point, Point)>> = cells
            .iter()
            .map(|c| c.outline.iter().flat_map(Polygon::edges).collect())
            .collect();
        let length_m = |e: &Vec<(Point, Point)>| e.iter().map(|(p, q)| p.distance(*q)).sum();
        let mut found = Neighbours {
            shared: Vec::new(),
            exposed_m: edges.iter().map(length_m).collect(),
        };
        for i in 0..cells.len() {
            if bounds[i].is_empty() {
                continue;
            }
            let reach = bounds[i].grown(WALL_MAX_M);
            let is_beside = |&j: &usize| {
                let (a, b) = (cells[i].z_m, cells[j].z_m);
                j > i && a.1.min(b.1) - a.0.max(b.0) > HEADROOM_M && reach.meets(&bounds[j])
            };
            let near = self.cells_near(&bounds[i], WALL_MAX_M).into_iter();
            for j in near.filter(is_beside).take(NEIGHBOURS_MAX) {
                let Some((length_m, line)) = facing(&edges[i], &edges[j], &reach) else {
                    continue;
                };
                found.exposed_m[i] -= length_m;
                found.exposed_m[j] -= length_m;
                if line.0.distance(line.1) >= SHARED_MIN_M {
                    found.shared.push(Shared {
                        cells: (i, j),
                        length_m,
                        line,
                    });
                }
            }
        }
        found
    }
}

/// How long the edges of two cells face each other, and the longest stretch.
fn facing(
    a: &[(Point, Point)],
    b: &[(Point, Point)],
    reach: &Bounds,
) -> Option<(f64, (Point, Point))> {
    let near_b: Vec<&(Point, Point)> = b
        .iter()
        .filter(|(p, q)| Bounds::of([*p, *q]).meets(reach))
        .collect();
    if a.len().saturating_mul(near_b.len()) > EDGE_PAIRS_MAX {
        return None;
    }
    let mut length_m = 0.0;
    let mut longest: Option<(Point, Point)> = None;
    for &ea in a {
        let Some(d) = ea.1.minus(ea.0).unit() else {
            continue;
        };
        for &&eb in &near_b {
            let Some((from, to)) = stretch(ea, d, eb) else {
                continue;
            };
            length_m += from.distance(to);
            if longest.is_none_or(|(p, q)| p.distance(q) < from.distance(to)) {
                longest = Some((from, to));
            }
        }
    }
    longest.map(|line| (length_m, line))
}

/// The stretch over which two edges run side by side across a wall, on the line halfway.
fn stretch(a: (Point, Point), d: Point, b: (Point, Point)) -> Option<(Point, Point)> {
    let e = b.1.minus(b.0).unit()?;
    // Within three degrees.
    if d.cross(e).abs() > 0.05 {
        return None;
    }
    let along = |p: Point| p.minus(a.0).dot(d);
    let (b0, b1) = (along(b.0).min(along(b.1)), along(b.0).max(along(b.1)));
    let (from, to) = (b0.max(0.0), b1.min(a.0.distance(a.1)));
    if to - from < 0.05 {
        return None;
    }
    let middle = a.0.along(d, f64::midpoint(from, to));
    let across = b.0.minus(middle).dot(d.left()) - b.0.minus(middle).dot(d) * d.cross(e) / d.dot(e);
    if across.abs() > WALL_MAX_M {
        return None;
    }
    let shifted = |t: f64| a.0.along(d, t).along(d.left(), across / 2.0);
    Some((shifted(from), shifted(to)))
}

#[cfg(test)]
mod tests {
    use super::super::Cell;
    use super::*;

    fn cell(x0: f64, y0: f64, x1: f64, y1: f64, floor_m: f64) -> Cell {
        Cell {
            outline: vec![Polygon::rectangle(Point::new(x0, y0), Point::new(x1, y1))],
            z_m: (floor_m, floor_m + 2.7),
        }
    }

    #[test]
    fn rooms_share_the_wall_between_them_and_nothing_else() {
        let cells = [
            cell(0.0, 0.0, 4.0, 3.0, 0.0),
            cell(4.2, 1.0, 8.0, 5.0, 0.0),
            cell(0.0, 3.1, 0.7, 6.0, 0.0),
            cell(9.0, 0.0, 12.0, 3.0, 0.0),
            cell(0.0, 0.0, 4.0, 3.0, 3.0),
        ];
        let found = Plan::new(&cells, &[]).neighbours();
        assert_eq!(found.shared.len(), 1);
        let shared = &found.shared[0];
        assert_eq!(shared.cells, (0, 1));
        assert!((shared.length_m - 2.0).abs() < 1e-9);
        assert!((shared.line.0.x - 4.1).abs() < 1e-9);
        let rounded: Vec<f64> = found
            .exposed_m
            .iter()
            .map(|m| (m * 10.0).round() / 10.0)
            .collect();
        assert_eq!(rounded, [11.3, 13.6, 6.5, 12.0, 14.0]);
    }
}
