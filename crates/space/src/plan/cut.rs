//! Cutting a solid at a height, as a draughtsman does to draw a plan.
//!
//! A storey plan shows what a horizontal knife at about waist height would meet. Solids come as
//! flat faces; the knife turns each face into short lines, which are joined end to end into
//! closed outlines.

use super::geometry::{Point, Polygon, convex_hull, signed_area_m2};

/// A point in space, in metres.
pub type Point3 = [f64; 3];

/// A flat face: its outer loop first, then holes. Loops carry no repeated closing point.
pub type Face = Vec<Vec<Point3>>;

/// Ends of cut lines closer than this are the same corner, in metres. Authoring tools write
/// coordinates with a precision of 0.01–0.1 mm; walls are never thinner than millimetres.
const SNAP_M: f64 = 5e-4;

/// The outlines that a horizontal cut at height `z_m` through `faces` leaves, largest first.
///
/// Works on any closed surface and copes with small gaps. Where the lines do not close, the
/// convex hull of the loose ends is *not* invented: only closed outlines are returned.
pub fn cut(faces: &[Face], z_m: f64) -> Vec<Vec<Point>> {
    let mut lines: Vec<(Point, Point)> = Vec::new();
    let mut hits: Vec<Point> = Vec::new();
    for face in faces {
        hits.clear();
        for ring in face {
            for i in 0..ring.len() {
                let (a, b) = (ring[i], ring[(i + 1) % ring.len()]);
                // Half-open test: a corner exactly at the height counts as above.
                if (a[2] >= z_m) != (b[2] >= z_m) {
                    let t = (z_m - a[2]) / (b[2] - a[2]);
                    hits.push(Point::new(
                        a[0] + t * (b[0] - a[0]),
                        a[1] + t * (b[1] - a[1]),
                    ));
                }
            }
        }
        pair_along_line(&mut hits, &mut lines);
    }
    join(&lines)
}

/// The outline seen from above: the cut at `z_m`, or where that yields nothing the horizontal
/// faces, or the convex hull of all corners as the last resort.
pub fn footprint(faces: &[Face], z_m: f64) -> Option<(Polygon, Fidelity)> {
    if let Some(p) = Polygon::new(cut(faces, z_m)) {
        return Some((p, Fidelity::Cut));
    }
    let flat = faces
        .iter()
        .filter(|f| f.first().is_some_and(|ring| is_level(ring)))
        .filter_map(|f| Polygon::new(f.iter().map(|ring| flatten(ring))))
        .max_by(|a, b| a.area_m2().total_cmp(&b.area_m2()));
    if let Some(p) = flat {
        return Some((p, Fidelity::LevelFace));
    }
    let corners = faces
        .iter()
        .flatten()
        .flatten()
        .map(|p| Point::new(p[0], p[1]))
        .collect();
    Polygon::new([convex_hull(corners)]).map(|p| (p, Fidelity::Hull))
}

/// How an outline was obtained, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fidelity {
    /// A closed cut, or an upright extrusion whose outline is stated.
    Cut,
    /// The largest level face.
    LevelFace,
    /// The convex hull or a bounding box: larger than the real thing.
    Hull,
}

/// Drops the height of every corner.
pub fn flatten(ring: &[Point3]) -> Vec<Point> {
    ring.iter().map(|p| Point::new(p[0], p[1])).collect()
}

fn is_level(ring: &[Point3]) -> bool {
    ring.iter().all(|p| (p[2] - ring[0][2]).abs() < 1e-3)
        && signed_area_m2(&flatten(ring)).abs() > 1e-4
}

/// A face with holes or notches meets the knife in several stretches of one line: sorted along
/// it, the crossings pair up as enter and leave.
fn pair_along_line(hits: &mut [Point], lines: &mut Vec<(Point, Point)>) {
    if hits.len() < 2 {
        return;
    }
    let spread = |f: fn(&Point) -> f64| {
        hits.iter().map(f).fold(f64::NEG_INFINITY, f64::max)
            - hits.iter().map(f).fold(f64::INFINITY, f64::min)
    };
    if spread(|p| p.x) >= spread(|p| p.y) {
        hits.sort_by(|a, b| a.x.total_cmp(&b.x));
    } else {
        hits.sort_by(|a, b| a.y.total_cmp(&b.y));
    }
    for pair in hits.chunks_exact(2) {
        if pair[0].distance(pair[1]) > 1e-7 {
            lines.push((pair[0], pair[1]));
        }
    }
}

/// Joins lines end to end. Ends are snapped to a lattice of [`SNAP_M`]; an end whose partner fell
/// into a neighbouring lattice cell is found there too.
fn join(lines: &[(Point, Point)]) -> Vec<Vec<Point>> {
    let mut corners: Vec<Point> = Vec::new();
    let mut lattice = std::collections::BTreeMap::<(i64, i64), usize>::new();
    let mut corner_of = |p: Point| -> Option<usize> {
        if !p.is_sane() {
            return None;
        }
        let (x, y) = ((p.x / SNAP_M).floor() as i64, (p.y / SNAP_M).floor() as i64);
        for dx in -1..=1 {
            for dy in -1..=1 {
                if let Some(&i) = lattice.get(&(x + dx, y + dy))
                    && corners[i].distance(p) <= SNAP_M
                {
                    return Some(i);
                }
            }
        }
        corners.push(p);
        lattice.insert((x, y), corners.len() - 1);
        Some(corners.len() - 1)
    };
    let mut edges: Vec<(usize, usize)> = lines
        .iter()
        .filter_map(|&(a, b)| Some((corner_of(a)?, corner_of(b)?)))
        .filter(|(a, b)| a != b)
        .map(|(a, b)| (a.min(b), a.max(b)))
        .collect();
    edges.sort_unstable();
    // The same line from two touching faces is an inner partition of the solid and cancels out.
    let mut odd: Vec<(usize, usize)> = Vec::with_capacity(edges.len());
    for e in edges {
        if odd.last() == Some(&e) {
            odd.pop();
        } else {
            odd.push(e);
        }
    }
    let mut at: Vec<Vec<(usize, usize)>> = vec![Vec::new(); corners.len()];
    for (i, &(a, b)) in odd.iter().enumerate() {
        at[a].push((i, b));
        at[b].push((i, a));
    }
    let mut used = vec![false; odd.len()];
    let mut rings = Vec::new();
    for first in 0..odd.len() {
        if used[first] {
            continue;
        }
        used[first] = true;
        let (start, mut here) = odd[first];
        let mut ring = vec![corners[start]];
        while here != start {
            ring.push(corners[here]);
            let Some(&(edge, next)) = at[here].iter().find(|(e, _)| !used[*e]) else {
                break;
            };
            used[edge] = true;
            here = next;
        }
        if here == start && ring.len() >= 3 {
            rings.push(merge_collinear(ring));
        }
    }
    rings.sort_by(|a, b| signed_area_m2(b).abs().total_cmp(&signed_area_m2(a).abs()));
    rings
}

/// Triangulated solids cut into many short collinear lines; one straight wall is one edge.
fn merge_collinear(ring: Vec<Point>) -> Vec<Point> {
    let n = ring.len();
    let keep: Vec<Point> = (0..n)
        .filter(|&i| {
            let (a, b, c) = (ring[(i + n - 1) % n], ring[i], ring[(i + 1) % n]);
            match (b.minus(a).unit(), c.minus(b).unit()) {
                (Some(u), Some(v)) => u.cross(v).abs() > 1e-5 || u.dot(v) < 0.0,
                _ => true,
            }
        })
        .map(|i| ring[i])
        .collect();
    if keep.len() >= 3 { keep } else { ring }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The six faces of an upright box.
    fn block(x: (f64, f64), y: (f64, f64), z: (f64, f64)) -> Vec<Face> {
        let low = [
            [x.0, y.0, z.0],
            [x.1, y.0, z.0],
            [x.1, y.1, z.0],
            [x.0, y.1, z.0],
        ];
        let high = low.map(|p| [p[0], p[1], z.1]);
        let mut faces: Vec<Face> = vec![vec![low.to_vec()], vec![high.to_vec()]];
        for i in 0..4 {
            let j = (i + 1) % 4;
            faces.push(vec![vec![low[i], low[j], high[j], high[i]]]);
        }
        faces
    }

    #[test]
    fn a_box_cuts_to_its_plan() {
        let rings = cut(&block((0., 4.), (0., 3.), (0., 2.5)), 1.1);
        assert_eq!(rings.len(), 1);
        assert!((signed_area_m2(&rings[0]).abs() - 12.0).abs() < 1e-9);
        assert!(cut(&block((0., 4.), (0., 3.), (0., 2.5)), 3.0).is_empty());
    }

    #[test]
    fn a_box_in_a_box_is_a_hole() {
        let mut faces = block((0., 4.), (0., 3.), (0., 2.5));
        faces.extend(block((1., 2.), (1., 2.), (0., 2.5)));
        let (p, how) = footprint(&faces, 1.1).unwrap();
        assert_eq!(how, Fidelity::Cut);
        assert!((p.area_m2() - 11.0).abs() < 1e-9);
    }

    #[test]
    fn a_wall_with_a_window_cuts_into_two_piers() {
        // One face of the wall, 4 m × 3 m at y = 0, with a hole from 1 to 2 m; and its twin.
        let face = |y: f64| {
            vec![
                vec![[0., y, 0.], [4., y, 0.], [4., y, 3.], [0., y, 3.]],
                vec![[1., y, 0.9], [2., y, 0.9], [2., y, 2.], [1., y, 2.]],
            ]
        };
        let side = |x: f64, z: (f64, f64)| {
            vec![vec![
                [x, 0., z.0],
                [x, 0.3, z.0],
                [x, 0.3, z.1],
                [x, 0., z.1],
            ]]
        };
        let faces = vec![
            face(0.),
            face(0.3),
            side(0., (0., 3.)),
            side(4., (0., 3.)),
            side(1., (0.9, 2.)),
            side(2., (0.9, 2.)),
        ];
        let areas: Vec<f64> = cut(&faces, 1.1)
            .iter()
            .map(|r| (signed_area_m2(r).abs() * 100.0).round())
            .collect();
        assert_eq!(areas, [60.0, 30.0]);
    }

    #[test]
    fn an_open_surface_falls_back_and_says_so() {
        let floor: Vec<Face> = vec![vec![vec![
            [0., 0., 0.],
            [2., 0., 0.],
            [2., 2., 0.],
            [0., 2., 0.],
        ]]];
        let (p, how) = footprint(&floor, 1.1).unwrap();
        assert_eq!((p.area_m2(), how), (4.0, Fidelity::LevelFace));
        let slope: Vec<Face> = vec![vec![vec![[0., 0., 0.], [2., 0., 0.], [2., 2., 1.5]]]];
        assert_eq!(footprint(&slope, 1.1).unwrap().1, Fidelity::Hull);
    }
}
