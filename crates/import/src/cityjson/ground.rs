//! The outline of a thing on the ground, from the surfaces that it is drawn with.
//!
//! A house is drawn as a box of walls, a roof and a floor, often cut into triangles; a map wants
//! one line around it. The faces chosen are laid on the ground in whole millimetres, where
//! neighbouring faces meet exactly, and every edge that two of them share is dropped; what is
//! left runs around the house. Where that fails, because faces overlap or miss each other, the
//! exact union of the faces is taken.

use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay::Overlay;
use i_overlay::core::overlay_rule::OverlayRule;
use i_overlay::i_float::int::point::IntPoint;
use rustc_hash::FxHashMap;

/// Whole millimetres east and north of some corner.
pub(super) type Spot = [i32; 2];
/// Coordinates reach this far; half of what the union can take, 500 km.
pub(super) const SPOT_MAX_MM: f64 = 5e8;
/// Corners of one thing that are looked at.
pub(super) const CORNERS_MAX: usize = 200_000;
/// Pieces smaller than this are slivers, square millimetres (0.01 m²).
const SLIVER_MM2: i64 = 10_000;
/// Rings with more corners are not looked through for crossings, which takes the square of them.
const CROSSING_CORNERS_MAX: usize = 128;

/// One face laid on the ground: its outer ring, then its holes.
#[derive(Clone, Debug, Default)]
pub(super) struct Face {
    pub(super) rings: Vec<Vec<Spot>>,
}

/// A connected piece of ground: its outer ring counterclockwise, then its holes.
pub(super) type Piece = Vec<Vec<Spot>>;

/// The pieces that the faces cover together, the largest first.
pub(super) fn pieces(faces: &[Face]) -> Vec<Piece> {
    let rings = oriented(faces);
    let mut pieces = by_edges(&rings).unwrap_or_else(|| by_union(&rings));
    pieces.retain(|piece| !piece.is_empty() && twice_area(&piece[0]).abs() >= 2 * SLIVER_MM2);
    pieces.sort_by_key(|piece| std::cmp::Reverse((twice_area(&piece[0]).abs(), piece[0].clone())));
    pieces
}

/// Twice the area of a ring in square millimetres, positive when it runs counterclockwise.
pub(super) fn twice_area(ring: &[Spot]) -> i64 {
    let next = ring.iter().cycle().skip(1);
    let cross = |(a, b): (&Spot, &Spot)| {
        i128::from(a[0]) * i128::from(b[1]) - i128::from(b[0]) * i128::from(a[1])
    };
    let sum: i128 = ring.iter().zip(next).map(cross).sum();
    sum.clamp(i128::from(i64::MIN) + 1, i128::from(i64::MAX)) as i64
}

/// Whether two edges of a ring cross.
pub(super) fn crosses_itself(ring: &[Spot]) -> bool {
    let n = ring.len();
    if !(4..=CROSSING_CORNERS_MAX).contains(&n) {
        return false;
    }
    let edge = |i: usize| (ring[i], ring[(i + 1) % n]);
    (0..n).any(|i| {
        let (a, b) = edge(i);
        (i + 2..n).any(|j| {
            let (c, d) = edge(j);
            side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0
        })
    })
}

/// 1, 0 or -1: `c` lies left of, on or right of the line from `a` to `b`.
fn side(a: Spot, b: Spot, c: Spot) -> i32 {
    let d = |p: Spot, q: Spot, k: usize| i64::from(p[k]) - i64::from(q[k]);
    let cross = i128::from(d(b, a, 0)) * i128::from(d(c, a, 1))
        - i128::from(d(b, a, 1)) * i128::from(d(c, a, 0));
    cross.signum() as i32
}

/// All rings, outer ones counterclockwise and holes clockwise, without those of no area (walls
/// seen from above).
fn oriented(faces: &[Face]) -> Vec<Vec<Spot>> {
    let mut rings = Vec::new();
    for face in faces {
        for (i, ring) in face.rings.iter().enumerate() {
            let mut ring = ring.clone();
            ring.dedup();
            if ring.first() == ring.last() {
                ring.pop();
            }
            let area = twice_area(&ring);
            if area == 0 || ring.len() < 3 {
                if i == 0 {
                    break;
                }
                continue;
            }
            if (area > 0) != (i == 0) {
                ring.reverse();
            }
            rings.push(ring);
        }
    }
    rings
}

/// What is left when every edge that runs both ways is dropped, as rings; `None` unless exactly
/// one edge leaves every corner and nothing is odd.
fn by_edges(rings: &[Vec<Spot>]) -> Option<Vec<Piece>> {
    let mut next: FxHashMap<Spot, Spot> = FxHashMap::default();
    let mut open: FxHashMap<(Spot, Spot), u32> = FxHashMap::default();
    if rings.len() > 1 {
        for ring in rings {
            for (a, b) in edges(ring) {
                if let Some(count) = open.get_mut(&(b, a)).filter(|count| **count > 0) {
                    *count -= 1;
                } else {
                    *open.entry((a, b)).or_default() += 1;
                }
            }
        }
    }
    // In the order of the rings, so that the result does not depend on the table's order.
    let mut starts = Vec::new();
    for ring in rings {
        for (a, b) in edges(ring) {
            let left = if rings.len() > 1 {
                open.get(&(a, b)).copied().unwrap_or(0)
            } else {
                1
            };
            if left > 1 {
                return None;
            }
            if left == 1 && next.insert(a, b).is_some_and(|before| before != b) {
                return None;
            }
            if left == 1 {
                starts.push(a);
            }
        }
    }
    let mut found = Vec::new();
    for start in starts {
        let mut ring = Vec::new();
        let mut at = start;
        while let Some(to) = next.remove(&at) {
            ring.push(at);
            at = to;
        }
        if ring.is_empty() {
            continue;
        }
        if at != start || ring.len() < 3 || crosses_itself(&ring) {
            return None;
        }
        found.push(ring);
    }
    nest(found)
}

fn edges(ring: &[Spot]) -> impl Iterator<Item = (Spot, Spot)> {
    let next = ring.iter().cycle().skip(1);
    ring.iter().copied().zip(next.copied())
}

/// Outer rings with their holes. Several outer rings with holes, or outer rings inside others,
/// are left to the union.
fn nest(rings: Vec<Vec<Spot>>) -> Option<Vec<Piece>> {
    let (outer, holes): (Vec<_>, Vec<_>) = rings.into_iter().partition(|r| twice_area(r) > 0);
    match (outer.len(), holes.is_empty()) {
        (0, true) => Some(Vec::new()),
        (1, _) => Some(vec![outer.into_iter().chain(holes).collect()]),
        _ => None,
    }
}

fn by_union(rings: &[Vec<Spot>]) -> Vec<Piece> {
    let contours: Vec<Vec<IntPoint<i32>>> = rings
        .iter()
        .map(|ring| ring.iter().map(|p| IntPoint::new(p[0], p[1])).collect())
        .collect();
    let nothing: [Vec<IntPoint<i32>>; 0] = [];
    let mut overlay = Overlay::<i32>::from_subj_and_clip(&contours, &nothing);
    let shapes = overlay.overlay(OverlayRule::Subject, FillRule::NonZero);
    let plain = |ring: Vec<IntPoint<i32>>| ring.into_iter().map(|p| [p.x, p.y]).collect();
    shapes
        .into_iter()
        .map(|shape| shape.into_iter().map(plain).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(rings: &[&[Spot]]) -> Face {
        Face {
            rings: rings.iter().map(|r| r.to_vec()).collect(),
        }
    }

    fn areas_mm2(faces: &[Face]) -> Vec<i64> {
        let area = |piece: &Piece| piece.iter().map(|r| twice_area(r)).sum::<i64>() / 2;
        pieces(faces).iter().map(area).collect()
    }

    #[test]
    fn triangles_become_one_ring_around_them() {
        let square = [
            face(&[&[[0, 0], [1000, 0], [1000, 1000]]]),
            // Drawn the other way round.
            face(&[&[[0, 0], [0, 1000], [1000, 1000]]]),
        ];
        let pieces = pieces(&square);
        assert_eq!(pieces.len(), 1);
        assert_eq!(pieces[0][0].len(), 4);
        assert_eq!(areas_mm2(&square), [1_000_000]);
    }

    #[test]
    fn overlaps_holes_and_separate_pieces_are_kept_apart() {
        let block =
            |x: i32, size: i32| face(&[&[[x, 0], [x + size, 0], [x + size, size], [x, size]]]);
        assert_eq!(areas_mm2(&[block(0, 1000), block(500, 1000)]), [1_500_000]);
        assert_eq!(
            areas_mm2(&[block(0, 1000), block(5000, 2000)]),
            [4_000_000, 1_000_000]
        );
        let yard = face(&[
            &[[0, 0], [3000, 0], [3000, 3000], [0, 3000]],
            &[[1000, 1000], [2000, 1000], [2000, 2000], [1000, 2000]],
        ]);
        assert_eq!(areas_mm2(&[yard]), [8_000_000]);
    }

    #[test]
    fn walls_and_slivers_leave_nothing() {
        assert!(pieces(&[face(&[&[[0, 0], [1000, 0], [0, 0]]])]).is_empty());
        assert!(pieces(&[face(&[&[[0, 0], [50, 0], [50, 50]]])]).is_empty());
        assert!(pieces(&[]).is_empty());
    }

    #[test]
    fn a_bow_tie_crosses_itself() {
        let tie = [[0, 0], [1000, 1000], [1000, 0], [0, 1000]];
        assert!(crosses_itself(&tie));
        assert_eq!(areas_mm2(&[face(&[&tie])]).iter().sum::<i64>(), 0);
        assert!(!crosses_itself(&[
            [0, 0],
            [1000, 0],
            [1000, 1000],
            [0, 1000]
        ]));
    }
}
