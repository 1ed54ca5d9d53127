//! The outline of a building of which only the rooms are drawn.
//!
//! An architect's file draws rooms, and between them nothing: walls are as thick as the gaps.
//! Seen from a map all of it is one building. So the rooms are painted on squared paper, the
//! gaps between them are closed, an outer wall is added, and the line around the largest patch is
//! taken.

/// Squares of the paper, metres; coarser where the building is large.
const SQUARE_M: f64 = 0.1;
const SQUARES_MAX: usize = 1000;
/// Corners that stand out less than this, metres or squares, come from the squares.
const TOLERANCE: (f64, f64) = (0.3, 1.5);
/// Gaps up to twice this are walls, metres.
const CLOSING_M: f64 = 0.5;
/// Thickness of the outer wall beyond the rooms, metres. From Duplex, FZK-Haus and Office: 0.2 to
/// 0.45.
const OUTER_WALL_M: f64 = 0.3;

/// One ring around rooms (each a list of rings, the outer one first), in their own metres; `None`
/// where there is no room to speak of.
///
/// ```
/// let room = |x: f64| vec![vec![[x, 0.0], [x + 4.0, 0.0], [x + 4.0, 5.0], [x, 5.0]]];
/// let ring = twin_space::matching::ground_plan(&[room(0.0), room(4.2)]).unwrap();
/// let widest = ring.iter().map(|p| p[0]).fold(0.0, f64::max);
/// assert!((widest - 8.5).abs() < 0.3, "{ring:?}");
/// ```
pub fn ground_plan(rooms: &[Vec<Vec<[f64; 2]>>]) -> Option<Vec<[f64; 2]>> {
    let mut paper = Paper::around(rooms)?;
    for room in rooms {
        paper.paint(room);
    }
    let (closing, wall) = (paper.squares(CLOSING_M), paper.squares(OUTER_WALL_M));
    paper.grow(closing + wall);
    paper.shrink(closing);
    paper.keep_largest();
    let ring = paper.trace()?;
    let ring = straightened(&ring, TOLERANCE.0.max(TOLERANCE.1 * paper.square_m));
    (ring.len() >= 3).then_some(ring)
}

/// Squared paper with painted squares.
struct Paper {
    origin: [f64; 2],
    square_m: f64,
    columns: usize,
    rows: usize,
    painted: Vec<bool>,
}

impl Paper {
    fn around(rooms: &[Vec<Vec<[f64; 2]>>]) -> Option<Self> {
        let corners = || rooms.iter().flatten().flatten();
        if corners().next().is_none() || !corners().flatten().all(|c| c.abs() < 1e7) {
            return None;
        }
        let low = [0, 1].map(|k| corners().map(|p| p[k]).fold(f64::INFINITY, f64::min));
        let high = [0, 1].map(|k| corners().map(|p| p[k]).fold(f64::NEG_INFINITY, f64::max));
        let margin = 2.0 * (CLOSING_M + OUTER_WALL_M);
        let size = [0, 1].map(|k| high[k] - low[k] + 2.0 * margin);
        let square_m = SQUARE_M.max(size[0].max(size[1]) / SQUARES_MAX as f64);
        let count = |k: usize| (size[k] / square_m).ceil() as usize + 4;
        let (columns, rows) = (count(0), count(1));
        Some(Self {
            origin: low.map(|c| c - margin - square_m),
            square_m,
            columns,
            rows,
            painted: vec![false; columns * rows],
        })
    }

    fn squares(&self, length_m: f64) -> usize {
        (length_m / self.square_m).round().max(1.0) as usize
    }

    /// Paints the squares whose middle lies in a room, by even and odd.
    fn paint(&mut self, room: &[Vec<[f64; 2]>]) {
        let middle = |k: usize, i: usize| self.origin[k] + (i as f64 + 0.5) * self.square_m;
        let mut inside = Vec::new();
        for row in 0..self.rows {
            let y = middle(1, row);
            let mut crossings: Vec<f64> = Vec::new();
            for ring in room {
                let next = ring.iter().cycle().skip(1);
                for (a, b) in ring.iter().zip(next) {
                    if (a[1] > y) != (b[1] > y) {
                        crossings.push(a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]));
                    }
                }
            }
            crossings.sort_by(f64::total_cmp);
            for pair in crossings.chunks_exact(2) {
                let column = |x: f64| (x - self.origin[0]) / self.square_m - 0.5;
                let first = column(pair[0]).ceil().max(0.0) as usize;
                let last = ((column(pair[1]).floor() + 1.0).max(0.0) as usize).min(self.columns);
                inside.extend((first..last).map(|c| row * self.columns + c));
            }
        }
        for square in inside {
            self.painted[square] = true;
        }
    }

    /// Paints every square within so many of a painted one, along rows and then columns.
    fn grow(&mut self, by: usize) {
        self.spread(by, true);
    }

    /// Takes the paint off every square within so many of a blank one.
    fn shrink(&mut self, by: usize) {
        self.spread(by, false);
    }

    fn spread(&mut self, by: usize, colour: bool) {
        let (columns, rows) = (self.columns, self.rows);
        let lines = (0..rows).map(|r| (r * columns, 1, columns));
        let across = (0..columns).map(|c| (c, columns, rows));
        for (start, step, count) in lines.chain(across) {
            // How far back and how far ahead the nearest square of that colour is.
            let line: Vec<bool> = (0..count)
                .map(|i| self.painted[start + i * step] == colour)
                .collect();
            let mut since = vec![usize::MAX; count];
            let mut last = None;
            for (i, is_colour) in line.iter().enumerate() {
                last = if *is_colour { Some(i) } else { last };
                since[i] = last.map_or(usize::MAX, |l| i - l);
            }
            let mut next = None;
            for i in (0..count).rev() {
                next = if line[i] { Some(i) } else { next };
                let ahead = next.map_or(usize::MAX, |n| n - i);
                if since[i].min(ahead) <= by {
                    self.painted[start + i * step] = colour;
                }
            }
        }
    }

    /// Leaves only the largest connected patch, and fills its holes, courtyards aside: those wider
    /// than walls stay open on the paper but are not traced.
    fn keep_largest(&mut self) {
        let mut patch = vec![0_usize; self.painted.len()];
        let mut sizes = vec![0_usize];
        for start in 0..self.painted.len() {
            if !self.painted[start] || patch[start] != 0 {
                continue;
            }
            let number = sizes.len();
            sizes.push(0);
            let mut open = vec![start];
            patch[start] = number;
            while let Some(at) = open.pop() {
                sizes[number] += 1;
                for next in [
                    at.wrapping_sub(1),
                    at + 1,
                    at.wrapping_sub(self.columns),
                    at + self.columns,
                ] {
                    if self.painted.get(next) == Some(&true) && patch[next] == 0 {
                        patch[next] = number;
                        open.push(next);
                    }
                }
            }
        }
        let largest = (1..sizes.len()).max_by_key(|n| (sizes[*n], std::cmp::Reverse(*n)));
        for (square, number) in self.painted.iter_mut().zip(patch) {
            *square = *square && Some(number) == largest;
        }
    }

    /// The line around the patch, counterclockwise, by its corners on the paper.
    fn trace(&self) -> Option<Vec<[f64; 2]>> {
        let is_painted = |column: i64, row: i64| {
            let column = usize::try_from(column).ok().filter(|c| *c < self.columns);
            let row = usize::try_from(row).ok().filter(|r| *r < self.rows);
            column
                .zip(row)
                .is_some_and(|(c, r)| self.painted[r * self.columns + c])
        };
        let first = self.painted.iter().position(|p| *p)?;
        let whole = |n: usize| i64::try_from(n).ok();
        let start = (whole(first % self.columns)?, whole(first / self.columns)?);
        // Along the lower side of the lowest painted square, paint on the left.
        let (mut at, mut way) = (start, (1_i64, 0_i64));
        let mut ring = Vec::new();
        for _ in 0..4 * self.painted.len() {
            ring.push([at.0, at.1].map(|i| i as f64));
            at = (at.0 + way.0, at.1 + way.1);
            // The squares ahead of this corner, to the left and to the right of the way.
            let square = |side: (i64, i64)| {
                let (x, y) = (way.0 + side.0, way.1 + side.1);
                is_painted(at.0 + (x - 1) / 2, at.1 + (y - 1) / 2)
            };
            let (left, right) = ((-way.1, way.0), (way.1, -way.0));
            way = match (square(left), square(right)) {
                (_, true) => right,
                (true, false) => way,
                (false, false) => left,
            };
            if at == start {
                break;
            }
        }
        let place = |p: &[f64; 2]| [0, 1].map(|k| self.origin[k] + p[k] * self.square_m);
        Some(ring.iter().map(place).collect())
    }
}

/// The ring without corners that lie within a tolerance of the line between others (Douglas &
/// Peucker, Cartographica 10 (1973) 112), begun at its two farthest corners.
fn straightened(ring: &[[f64; 2]], tolerance_m: f64) -> Vec<[f64; 2]> {
    let far = |from: [f64; 2]| {
        let apart = |p: &[f64; 2]| libm::hypot(p[0] - from[0], p[1] - from[1]);
        (0..ring.len()).max_by(|a, b| apart(&ring[*a]).total_cmp(&apart(&ring[*b])))
    };
    let Some((a, b)) = far(ring[0]).and_then(|a| Some((a, far(ring[a])?))) else {
        return ring.to_vec();
    };
    let (low, high) = (a.min(b), a.max(b));
    let mut kept = vec![false; ring.len() + 1];
    let closed: Vec<[f64; 2]> = ring[low..].iter().chain(&ring[..=low]).copied().collect();
    let mut open = vec![(0, high - low), (high - low, ring.len())];
    while let Some((from, to)) = open.pop() {
        kept[from] = true;
        let off = |i: &usize| distance_to_line(closed[*i], closed[from], closed[to]);
        let worst = (from + 1..to).max_by(|x, y| off(x).total_cmp(&off(y)));
        if let Some(worst) = worst.filter(|w| off(w) > tolerance_m) {
            open.push((from, worst));
            open.push((worst, to));
        }
    }
    let corners = closed.iter().zip(&kept).take(ring.len());
    corners
        .filter(|(_, kept)| **kept)
        .map(|(p, _)| *p)
        .collect()
}

fn distance_to_line(p: [f64; 2], a: [f64; 2], b: [f64; 2]) -> f64 {
    let (d, e) = ([b[0] - a[0], b[1] - a[1]], [p[0] - a[0], p[1] - a[1]]);
    let length = libm::hypot(d[0], d[1]);
    if length < 1e-9 {
        return libm::hypot(e[0], e[1]);
    }
    (d[0] * e[1] - d[1] * e[0]).abs() / length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(x: f64, y: f64, w: f64, h: f64) -> Vec<Vec<[f64; 2]>> {
        vec![vec![[x, y], [x + w, y], [x + w, y + h], [x, y + h]]]
    }

    fn area_m2(ring: &[[f64; 2]]) -> f64 {
        let next = ring.iter().cycle().skip(1);
        ring.iter()
            .zip(next)
            .map(|(a, b)| a[0] * b[1] - b[0] * a[1])
            .sum::<f64>()
            / 2.0
    }

    #[test]
    fn rooms_and_their_walls_are_one_outline() {
        // An L of three rooms, walls of 0.2 m between them, 0.3 m around.
        let rooms = [
            room(0.0, 0.0, 5.0, 4.0),
            room(5.2, 0.0, 5.0, 4.0),
            room(0.0, 4.2, 5.0, 4.0),
        ];
        let ring = ground_plan(&rooms).unwrap();
        let expected = 10.8 * 4.6 + 5.6 * 4.2;
        assert!(
            (area_m2(&ring) - expected).abs() < 0.05 * expected,
            "{ring:?}"
        );
        assert_eq!(ring.len(), 6, "{ring:?}");
    }

    #[test]
    fn a_turned_building_keeps_its_straight_walls() {
        let turn = |p: [f64; 2]| [p[0] * 0.8 - p[1] * 0.6, p[0] * 0.6 + p[1] * 0.8];
        let rooms: Vec<_> = [room(0.0, 0.0, 12.0, 8.0), room(12.3, 0.0, 12.0, 8.0)]
            .into_iter()
            .map(|rings| {
                rings
                    .into_iter()
                    .map(|r| r.into_iter().map(turn).collect())
                    .collect()
            })
            .collect();
        let ring = ground_plan(&rooms).unwrap();
        assert!((area_m2(&ring) - 24.9 * 8.6).abs() < 15.0, "{ring:?}");
        assert!(ring.len() <= 8, "{ring:?}");
    }

    #[test]
    fn nothing_drawn_is_nothing() {
        assert_eq!(ground_plan(&[]), None);
        assert_eq!(ground_plan(&[vec![vec![]]]), None);
        assert_eq!(
            ground_plan(&[vec![vec![[f64::NAN, 0.0], [1.0, 0.0], [1.0, 1.0]]]]),
            None
        );
        assert_eq!(ground_plan(&[room(0.0, 0.0, 0.0, 0.0)]), None);
    }
}
