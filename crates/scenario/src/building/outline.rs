//! Outlines of rooms on a floor, and where they touch.
//!
//! Everything is axis-parallel and in whole millimetres, so touching and overlapping are exact.
//! Outlines run anticlockwise: the room lies to the left of each edge.

/// A length in millimetres.
pub type Mm = i64;

/// A point on the floor, in millimetres in the building's own axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// East in the building's own axes.
    pub x: Mm,
    /// North in the building's own axes.
    pub y: Mm,
}

impl Point {
    /// The smaller of each coordinate.
    #[must_use]
    pub fn min_of(self, other: Self) -> Self {
        Self {
            x: self.x.min(other.x),
            y: self.y.min(other.y),
        }
    }

    /// The larger of each coordinate.
    #[must_use]
    pub fn max_of(self, other: Self) -> Self {
        Self {
            x: self.x.max(other.x),
            y: self.y.max(other.y),
        }
    }
}

/// The direction a straight line runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Axis {
    /// Along x, at a fixed y.
    X,
    /// Along y, at a fixed x.
    Y,
}

/// A piece of an axis-parallel line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// The direction it runs in.
    pub axis: Axis,
    /// The fixed coordinate.
    pub at: Mm,
    /// Where it begins along the axis.
    pub lo: Mm,
    /// Where it ends along the axis; above `lo`.
    pub hi: Mm,
}

impl Run {
    /// Its length.
    #[must_use]
    pub fn length(&self) -> Mm {
        self.hi - self.lo
    }

    /// The point on it at a coordinate along the axis.
    #[must_use]
    pub fn point(&self, along: Mm) -> Point {
        match self.axis {
            Axis::X => Point {
                x: along,
                y: self.at,
            },
            Axis::Y => Point {
                x: self.at,
                y: along,
            },
        }
    }
}

/// An edge of an outline: a run and the side on which the room lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) run: Run,
    /// +1 if the room lies towards the larger fixed coordinate, else −1.
    pub(crate) inward: Mm,
    /// Whether the outline runs towards larger coordinates along the axis.
    forward: bool,
}

/// The rectangle between two corners, anticlockwise.
#[must_use]
pub(crate) fn rectangle(x0: Mm, y0: Mm, x1: Mm, y1: Mm) -> Vec<Point> {
    [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
        .map(|(x, y)| Point { x, y })
        .to_vec()
}

/// The area in mm²; positive for an anticlockwise outline.
#[must_use]
pub fn area(outline: &[Point]) -> i64 {
    pairs(outline)
        .map(|(p, q)| p.x * q.y - q.x * p.y)
        .sum::<i64>()
        / 2
}

fn pairs(outline: &[Point]) -> impl Iterator<Item = (Point, Point)> + '_ {
    outline
        .iter()
        .copied()
        .zip(outline.iter().copied().cycle().skip(1))
}

/// The edges of an axis-parallel outline, in order.
pub(crate) fn edges(outline: &[Point]) -> Vec<Edge> {
    pairs(outline)
        .map(|(p, q)| {
            if p.y == q.y {
                let run = Run {
                    axis: Axis::X,
                    at: p.y,
                    lo: p.x.min(q.x),
                    hi: p.x.max(q.x),
                };
                Edge {
                    run,
                    inward: (q.x - p.x).signum(),
                    forward: q.x > p.x,
                }
            } else {
                let run = Run {
                    axis: Axis::Y,
                    at: p.x,
                    lo: p.y.min(q.y),
                    hi: p.y.max(q.y),
                };
                Edge {
                    run,
                    inward: (p.y - q.y).signum(),
                    forward: q.y > p.y,
                }
            }
        })
        .collect()
}

/// The stretch that two edges of different rooms share, if the rooms lie on opposite sides.
pub(crate) fn shared(a: &Edge, b: &Edge) -> Option<Run> {
    let same_line = a.run.axis == b.run.axis && a.run.at == b.run.at && a.inward != b.inward;
    let (lo, hi) = (a.run.lo.max(b.run.lo), a.run.hi.min(b.run.hi));
    (same_line && lo < hi).then_some(Run { lo, hi, ..a.run })
}

/// An edge cut into stretches, each with the thickness to stay clear of.
#[derive(Debug)]
pub(crate) struct Inset {
    pub(crate) edge: Edge,
    pub(crate) stretches: Vec<(Run, Mm)>,
}

/// Pulls an outline inwards by a different amount on each stretch of its edges.
pub(crate) fn inset(edges: Vec<Inset>) -> Vec<Point> {
    let mut lines: Vec<(Edge, Mm)> = Vec::new();
    for Inset {
        edge,
        mut stretches,
    } in edges
    {
        stretches.sort_by_key(|(run, _)| if edge.forward { run.lo } else { -run.lo });
        for (run, clear) in stretches {
            let piece = Edge { run, ..edge };
            lines.push((piece, run.at + edge.inward * clear));
        }
    }
    let mut outline = Vec::new();
    for (index, &(edge, at)) in lines.iter().enumerate() {
        let (next, next_at) = lines[(index + 1) % lines.len()];
        let end = if edge.forward {
            edge.run.hi
        } else {
            edge.run.lo
        };
        match (edge.run.axis, next.run.axis) {
            (Axis::X, Axis::Y) => outline.push(Point { x: next_at, y: at }),
            (Axis::Y, Axis::X) => outline.push(Point { x: at, y: next_at }),
            _ if at == next_at => {}
            (Axis::X, Axis::X) => {
                outline.extend([Point { x: end, y: at }, Point { x: end, y: next_at }]);
            }
            (Axis::Y, Axis::Y) => {
                outline.extend([Point { x: at, y: end }, Point { x: next_at, y: end }]);
            }
        }
    }
    outline
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(outline: &[Point], clear: Mm) -> Vec<Inset> {
        edges(outline)
            .into_iter()
            .map(|edge| Inset {
                edge,
                stretches: vec![(edge.run, clear)],
            })
            .collect()
    }

    #[test]
    fn an_even_inset_shrinks_a_room_on_all_sides() {
        assert_eq!(inset(whole(&rectangle(0, 0, 4000, 3000), 50)).len(), 4);
        assert_eq!(
            area(&inset(whole(&rectangle(0, 0, 4000, 3000), 50))),
            3900 * 2900
        );
    }

    #[test]
    fn a_stretch_without_wall_leaves_a_jog() {
        let mut edges = whole(&rectangle(0, 0, 4000, 3000), 50);
        edges[2].stretches = vec![
            (
                Run {
                    axis: Axis::X,
                    at: 3000,
                    lo: 0,
                    hi: 1000,
                },
                0,
            ),
            (
                Run {
                    axis: Axis::X,
                    at: 3000,
                    lo: 1000,
                    hi: 4000,
                },
                50,
            ),
        ];
        let outline = inset(edges);
        assert_eq!(outline.len(), 6);
        assert_eq!(area(&outline), 3900 * 2900 + 950 * 50);
    }

    #[test]
    fn rooms_touch_only_from_opposite_sides() {
        let (left, right) = (rectangle(0, 0, 10, 10), rectangle(10, 4, 20, 20));
        let touching: Vec<Run> = edges(&left)
            .iter()
            .flat_map(|a| {
                edges(&right)
                    .iter()
                    .filter_map(|b| shared(a, b))
                    .collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(
            touching,
            [Run {
                axis: Axis::Y,
                at: 10,
                lo: 4,
                hi: 10
            }]
        );
        assert!(shared(&edges(&left)[0], &edges(&left)[0]).is_none());
    }
}
