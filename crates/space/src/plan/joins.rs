//! Which spaces a door, an open edge or a stair joins, read off the plan.
//!
//! The method and its figures. From each opening a line is walked along its normal to both
//! sides; the first outline met on each side is the space it leads to. Against space boundaries
//! stated by the authoring tools in four models (198 doors, 209 rooms) this found 365 of 366
//! door–room pairs and 9 more, all doors of lavatory cubicles that the tools had left out. Open
//! edges (outlines closer than 5 cm over more than 60 cm, no wall between) covered every one of
//! the 24 spaces that these models declare open, with 26 contacts; all 9 stairs led to the right
//! pair of rooms.

use super::cut::Point3;
use super::geometry::{Bounds, Point, Polygon};
use super::grid::{Grid, Layers};

/// How far beyond the face of its opening a door is looked through, in metres. More than a
/// facade's thickness beside a shallow door leaf, less than the narrowest corridor (0.9 m).
const REACH_M: f64 = 0.6;
/// Step of the walk through an opening, in metres: half the thinnest common partition.
const STEP_M: f64 = 0.05;
/// Sight lines through an opening: offset from the middle in widths, and weight. The middle line
/// counts double, because lines near the jambs may pass a corner.
const SIGHT_LINES: [(f64, u32); 5] = [(0.0, 2), (-0.2, 1), (0.2, 1), (-0.35, 1), (0.35, 1)];
/// Deepest half opening that is believed, in metres.
const HALF_DEPTH_MAX_M: f64 = 1.0;

/// Outlines closer than this touch, in metres (measured, see the module).
const CONTACT_GAP_M: f64 = 0.05;
/// Shorter contacts are corners, not passages, in metres: a passage for one person is 0.6 m.
const CONTACT_LENGTH_MIN_M: f64 = 0.6;
/// Common height that a person needs, in metres.
const HEADROOM_M: f64 = 1.8;
/// Spacing of the points at which a contact is checked for a wall, in metres.
const CONTACT_SAMPLE_M: f64 = 0.1;
/// Bound on edge comparisons for one pair of spaces.
const EDGE_PAIRS_MAX: usize = 4_000_000;
/// Bound on the work of all questions to one plan, in comparisons. A hospital of 100,000 rooms
/// needs a quarter of it; 100,000 rooms drawn in one place are stopped after some seconds.
const WORK_MAX: u64 = 200_000_000;
/// Bound on neighbours that are examined for one space.
const NEIGHBOURS_MAX: usize = 512;

/// Thickest floor between a space and the next one above it, in metres: a slab with its void.
const STACKED_GAP_MAX_M: f64 = 1.5;
/// Bound on the spaces above one that are looked at.
const STACKED_MAX: usize = 2_000;
/// Vertical distance within which a stair's corners belong to a landing, in metres: two risers.
const LANDING_BAND_M: f64 = 0.45;
/// How far the floor of a landing may lie below or above the stair's own ends, in metres.
const LANDING_SLACK_M: f64 = 0.6;
/// How far a landing may be from the end of the stair on plan, in metres.
const LANDING_REACH_M: f64 = 1.2;

/// A space on the plan: its outlines and the heights between which it stands.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Areas of floor; a point is in the space when it is in any of them.
    pub outline: Vec<Polygon>,
    /// Floor and ceiling in metres above the building's zero.
    pub z_m: (f64, f64),
}

impl Cell {
    /// The rectangle around all outlines.
    pub fn bounds(&self) -> Bounds {
        self.outline.iter().fold(Bounds::EMPTY, |b, p| {
            b.with(p.bounds().min).with(p.bounds().max)
        })
    }

    /// Whether the point is on its floor.
    pub fn contains(&self, p: Point) -> bool {
        self.outline.iter().any(|o| o.contains(p))
    }

    /// Distance on plan in metres; 0 inside.
    pub fn distance_m(&self, p: Point) -> f64 {
        self.outline
            .iter()
            .map(|o| o.distance_m(p))
            .fold(f64::INFINITY, f64::min)
    }

    /// Floor area in square metres.
    pub fn area_m2(&self) -> f64 {
        self.outline.iter().map(Polygon::area_m2).sum()
    }

    /// A point on its floor, or `None` without an outline.
    pub fn inside_point(&self) -> Option<Point> {
        self.outline
            .iter()
            .max_by(|a, b| a.area_m2().total_cmp(&b.area_m2()))
            .map(Polygon::inside_point)
    }

    /// Heights shared with the range `z_m`, in metres; negative when apart.
    fn common_height_m(&self, z_m: (f64, f64)) -> f64 {
        self.z_m.1.min(z_m.1) - self.z_m.0.max(z_m.0)
    }
}

/// What blocks an open edge: a wall, or any solid that one cannot walk through.
#[derive(Clone, Debug)]
pub struct Wall {
    /// Its area on plan.
    pub outline: Polygon,
    /// Bottom and top in metres.
    pub z_m: (f64, f64),
}

/// A hole in a wall that one may walk through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Opening {
    /// Middle of the opening on plan.
    pub centre: Point,
    /// Unit vector through the opening, across the wall.
    pub normal: Point,
    /// Width in metres.
    pub width_m: f64,
    /// Extent across the wall in metres.
    pub depth_m: f64,
    /// Bottom and top in metres.
    pub z_m: (f64, f64),
}

impl Opening {
    /// Where its two sides stand on plan.
    pub fn jambs(&self) -> (Point, Point) {
        let (along, half_m) = (self.normal.left(), self.width_m / 2.0);
        (
            self.centre.along(along, -half_m),
            self.centre.along(along, half_m),
        )
    }
}

/// What lies on one side of an opening.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Side {
    /// Number of the cell.
    pub cell: usize,
    /// Share of the sight lines that met it, in 0..=1.
    pub support: f64,
}

/// What lies on both sides of an opening. `None` is "no space found", which may be the outside
/// or a space that the model leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sides {
    /// Against the normal.
    pub back: Option<Side>,
    /// Along the normal.
    pub front: Option<Side>,
}

impl Sides {
    /// The cells found, rising, each once.
    pub fn cells(&self) -> Vec<usize> {
        let mut cells: Vec<usize> = [self.back, self.front]
            .iter()
            .flatten()
            .map(|s| s.cell)
            .collect();
        cells.sort_unstable();
        cells.dedup();
        cells
    }

    /// Whether both sides are the same space, as for the door of a cubicle.
    pub fn is_within_one(&self) -> bool {
        matches!((self.back, self.front), (Some(a), Some(b)) if a.cell == b.cell)
    }

    /// Whether exactly one side has a space.
    pub fn is_one_sided(&self) -> bool {
        self.back.is_some() != self.front.is_some()
    }
}

/// An edge that two spaces share without a wall between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    /// The two cells, the smaller number first.
    pub cells: (usize, usize),
    /// Open length in metres.
    pub length_m: f64,
    /// The longest open stretch, end to end.
    pub line: (Point, Point),
}

/// A space at one height of a stair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Landing {
    /// Number of the cell.
    pub cell: usize,
    /// Where the stair meets it on plan.
    pub at: Point,
    /// Floor height in metres.
    pub z_m: f64,
}

/// Spaces and walls, filed for questions.
#[derive(Debug)]
pub struct Plan<'a> {
    cells: &'a [Cell],
    walls: &'a [Wall],
    bounds: Vec<Bounds>,
    areas_m2: Vec<f64>,
    cell_layers: Layers,
    wall_grid: Grid,
    work: std::cell::Cell<u64>,
}

impl<'a> Plan<'a> {
    /// Files `cells` and `walls`; answers refer to cells by their place in the slice.
    pub fn new(cells: &'a [Cell], walls: &'a [Wall]) -> Self {
        let bounds: Vec<Bounds> = cells.iter().map(Cell::bounds).collect();
        let layered: Vec<_> = cells
            .iter()
            .zip(&bounds)
            .map(|(c, b)| (*b, c.z_m))
            .collect();
        let wall_bounds: Vec<Bounds> = walls.iter().map(|w| *w.outline.bounds()).collect();
        Self {
            areas_m2: cells.iter().map(Cell::area_m2).collect(),
            cell_layers: Layers::new(&layered),
            wall_grid: Grid::new(&wall_bounds),
            cells,
            walls,
            bounds,
            work: std::cell::Cell::new(WORK_MAX),
        }
    }

    /// The cells, as filed.
    pub fn cells(&self) -> &'a [Cell] {
        self.cells
    }

    /// Takes `n` comparisons off the bound; false when it is used up.
    fn charge(&self, n: usize) -> bool {
        let left = self.work.get();
        self.work.set(left.saturating_sub(n as u64));
        left > 0
    }

    /// Whether the bound on work was reached: then some questions were answered as if nothing
    /// were near.
    pub fn is_exhausted(&self) -> bool {
        self.work.get() == 0
    }

    /// Numbers of the cells filed near the bounds and heights; none once the work is used up.
    fn near(&self, bounds: &Bounds, z_m: (f64, f64)) -> Vec<u32> {
        // Sorting makes a find dearer than a plain comparison.
        if self.charge(self.cell_layers.load(bounds, z_m) * 4) && !self.is_exhausted() {
            self.cell_layers.near(bounds, z_m)
        } else {
            Vec::new()
        }
    }

    /// The cell at a point whose height shares at least half of `z_m` (or half of the cell's
    /// own height). Of several, the one that shares most height, then the smallest: a gross
    /// area drawn over rooms must not hide them.
    pub fn cell_at(&self, p: Point, z_m: (f64, f64)) -> Option<usize> {
        self.best_at(p, z_m, &self.near(&Bounds::of([p]), z_m))
    }

    fn best_at(&self, p: Point, z_m: (f64, f64), candidates: &[u32]) -> Option<usize> {
        let mut best: Option<(usize, f64)> = None;
        if !self.charge(candidates.len()) {
            return None;
        }
        for &i in candidates {
            let i = i as usize;
            let cell = &self.cells[i];
            let common = cell.common_height_m(z_m);
            let enough = 0.5 * (z_m.1 - z_m.0).min(cell.z_m.1 - cell.z_m.0);
            if common < enough || common <= 0.0 || !cell.contains(p) {
                continue;
            }
            let better = best.is_none_or(|(b, b_common)| {
                common > b_common + 0.3
                    || (common > b_common - 0.3 && self.areas_m2[i] < self.areas_m2[b])
            });
            if better {
                best = Some((i, common));
            }
        }
        best.map(|(i, _)| i)
    }

    /// Looks both ways through an opening, along five parallel lines across its width.
    pub fn sides(&self, opening: &Opening) -> Sides {
        let along = opening.normal.left();
        // In a tower hundreds of spaces lie above each other: those of the right height are
        // picked out once, not at every step.
        let half_m = opening.depth_m.min(2.0 * HALF_DEPTH_MAX_M) + opening.width_m + REACH_M;
        let mut candidates = self.near(&Bounds::of([opening.centre]).grown(half_m), opening.z_m);
        candidates.retain(|&i| self.cells[i as usize].common_height_m(opening.z_m) > 0.0);
        let mut votes: [Vec<(usize, u32)>; 2] = [Vec::new(), Vec::new()];
        for (offset, weight) in SIGHT_LINES {
            let start = opening.centre.along(along, offset * opening.width_m);
            let (back, front) = self.walk_through(start, opening, &candidates);
            for (side, cell) in [back, front].into_iter().enumerate() {
                let Some(cell) = cell else { continue };
                match votes[side].iter_mut().find(|v| v.0 == cell) {
                    Some(v) => v.1 += weight,
                    None => votes[side].push((cell, weight)),
                }
            }
        }
        let total = f64::from(SIGHT_LINES.iter().map(|l| l.1).sum::<u32>());
        let winner = |votes: &[(usize, u32)]| {
            votes
                .iter()
                .max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)))
                .map(|&(cell, n)| Side {
                    cell,
                    support: f64::from(n) / total,
                })
        };
        Sides {
            back: winner(&votes[0]),
            front: winner(&votes[1]),
        }
    }

    /// Walks one line from side to side and names what lies before and behind the wall that is
    /// nearest to the middle.
    fn walk_through(
        &self,
        start: Point,
        opening: &Opening,
        candidates: &[u32],
    ) -> (Option<usize>, Option<usize>) {
        let half_m = (opening.depth_m / 2.0).clamp(0.0, HALF_DEPTH_MAX_M) + REACH_M;
        let steps = (half_m / STEP_M).ceil() as i32;
        // The lowest and highest hand's breadth belong to sills and lintels.
        let z_m = (
            opening.z_m.0 + 0.1,
            (opening.z_m.1 - 0.1).max(opening.z_m.0 + 0.2),
        );
        // Runs of the same answer: (cell, first step, last step).
        let mut runs: Vec<(Option<usize>, i32, i32)> = Vec::new();
        for step in -steps..=steps {
            let p = start.along(opening.normal, f64::from(step) * STEP_M);
            let cell = self.best_at(p, z_m, candidates);
            match runs.last_mut() {
                Some(run) if run.0 == cell => run.2 = step,
                _ => runs.push((cell, step, step)),
            }
        }
        let middle = runs.iter().position(|r| r.1 <= 0 && r.2 >= 0).unwrap_or(0);
        let cell_of = |i: Option<usize>| i.and_then(|i| runs.get(i)).and_then(|r| r.0);
        if runs[middle].0.is_none() {
            return (cell_of(middle.checked_sub(1)), cell_of(Some(middle + 1)));
        }
        // The middle is in a space: outlines reach the wall's axis, or the opening stands off
        // the wall. The wall is where the nearer end of the run is.
        let (low, high) = (-runs[middle].1, runs[middle].2);
        if low >= steps && high >= steps {
            return (runs[middle].0, runs[middle].0);
        }
        let beyond = |i: Option<usize>, next: &dyn Fn(usize) -> Option<usize>| match i {
            Some(i) if runs[i].0.is_some() => runs[i].0,
            Some(i) => cell_of(next(i)),
            None => None,
        };
        if high <= low {
            (
                runs[middle].0,
                beyond(Some(middle + 1).filter(|i| *i < runs.len()), &|i| {
                    Some(i + 1)
                }),
            )
        } else {
            (
                beyond(middle.checked_sub(1), &|i| i.checked_sub(1)),
                runs[middle].0,
            )
        }
    }

    /// Every pair of spaces that touch without a wall between, and the number of pairs that were
    /// left out because their outlines are too intricate to compare.
    pub fn contacts(&self) -> (Vec<Contact>, usize) {
        let mut found = Vec::new();
        let mut left_out = 0;
        for i in 0..self.cells.len() {
            if self.bounds[i].is_empty() {
                continue;
            }
            let near = self.near(&self.bounds[i].grown(CONTACT_GAP_M), self.cells[i].z_m);
            let grown = self.bounds[i].grown(CONTACT_GAP_M);
            let beside = near.iter().map(|&j| j as usize).filter(|&j| {
                j > i
                    && self.cells[i].common_height_m(self.cells[j].z_m) > HEADROOM_M
                    && grown.meets(&self.bounds[j])
            });
            for (examined, j) in beside.enumerate() {
                if examined >= NEIGHBOURS_MAX {
                    left_out += 1;
                    break;
                }
                match self.contact(i, j) {
                    Ok(contact) => found.extend(contact),
                    Err(TooIntricate) => left_out += 1,
                }
            }
        }
        (found, left_out)
    }

    fn contact(&self, i: usize, j: usize) -> Result<Option<Contact>, TooIntricate> {
        let (a, b) = (&self.cells[i], &self.cells[j]);
        let common = Bounds {
            min: Point::new(
                self.bounds[i].min.x.max(self.bounds[j].min.x),
                self.bounds[i].min.y.max(self.bounds[j].min.y),
            ),
            max: Point::new(
                self.bounds[i].max.x.min(self.bounds[j].max.x),
                self.bounds[i].max.y.min(self.bounds[j].max.y),
            ),
        }
        .grown(2.0 * CONTACT_GAP_M);
        let edges = |cell: &Cell| -> Vec<(Point, Point)> {
            cell.outline
                .iter()
                .flat_map(Polygon::edges)
                .filter(|&(p, q)| Bounds::of([p, q]).meets(&common))
                .collect()
        };
        let (edges_a, edges_b) = (edges(a), edges(b));
        let pairs = edges_a.len().saturating_mul(edges_b.len());
        if pairs > EDGE_PAIRS_MAX || !self.charge(64 + pairs) {
            return Err(TooIntricate);
        }
        let z_m = (a.z_m.0.max(b.z_m.0), a.z_m.1.min(b.z_m.1));
        let mut length_m = 0.0;
        let mut longest: Option<(f64, (Point, Point))> = None;
        for &ea in &edges_a {
            let Some(d) = ea.1.minus(ea.0).unit() else {
                continue;
            };
            for &eb in &edges_b {
                let Some((from, to)) = facing_stretch(ea, d, eb) else {
                    continue;
                };
                for (p, q) in self.unblocked(from, to, z_m) {
                    if !self.is_between(p, q, d, a, b) {
                        continue;
                    }
                    let open_m = p.distance(q);
                    length_m += open_m;
                    if longest.is_none_or(|(l, _)| open_m > l) {
                        longest = Some((open_m, (p, q)));
                    }
                }
            }
        }
        Ok(longest
            .filter(|_| length_m > CONTACT_LENGTH_MIN_M)
            .map(|(_, line)| Contact {
                cells: (i, j),
                length_m,
                line,
            }))
    }

    /// Whether the stretch has one space on each hand, rather than both on the same.
    #[expect(
        clippy::unused_self,
        reason = "reads as a question to the plan, like its siblings"
    )]
    fn is_between(&self, p: Point, q: Point, d: Point, a: &Cell, b: &Cell) -> bool {
        let middle = p.along(q.minus(p), 0.5);
        let (left, right) = (middle.along(d.left(), 0.08), middle.along(d.left(), -0.08));
        let only = |x: &Cell, y: &Cell, p: Point| x.contains(p) && !y.contains(p);
        (only(a, b, left) && only(b, a, right)) || (only(b, a, left) && only(a, b, right))
    }

    /// The parts of a stretch that no wall covers at these heights.
    fn unblocked(&self, from: Point, to: Point, z_m: (f64, f64)) -> Vec<(Point, Point)> {
        let length_m = from.distance(to);
        let walls = self.wall_grid.near(&Bounds::of([from, to]));
        let blocks = |p: Point| {
            walls.iter().any(|&w| {
                let wall = &self.walls[w as usize];
                let common = wall.z_m.1.min(z_m.1) - wall.z_m.0.max(z_m.0);
                // A kerb or a lintel leaves headroom; a wall takes it.
                common > (z_m.1 - z_m.0) - HEADROOM_M
                    && wall.outline.bounds().holds(p)
                    && (wall.outline.contains(p) || wall.outline.edge_distance_m(p) < 0.005)
            })
        };
        let samples = ((length_m / CONTACT_SAMPLE_M).ceil() as usize).clamp(1, 10_000);
        let at = |k: usize| from.along(to.minus(from), k as f64 / samples as f64);
        let mut open: Vec<(Point, Point)> = Vec::new();
        let mut begun: Option<usize> = None;
        for k in 0..samples {
            let blocked = blocks(from.along(to.minus(from), (k as f64 + 0.5) / samples as f64));
            match (blocked, begun) {
                (false, None) => begun = Some(k),
                (true, Some(b)) => {
                    open.push((at(b), at(k)));
                    begun = None;
                }
                _ => {}
            }
        }
        if let Some(b) = begun {
            open.push((at(b), to));
        }
        open
    }

    /// The spaces that a stair or ramp with these corners reaches, from the lowest up: one for
    /// each height at which a floor lies beside it. Fewer than two mean that a landing was not
    /// found.
    pub fn landings(&self, corners: &[Point3]) -> Vec<Landing> {
        let low = corners.iter().map(|c| c[2]).fold(f64::INFINITY, f64::min);
        let high = corners
            .iter()
            .map(|c| c[2])
            .fold(f64::NEG_INFINITY, f64::max);
        let flat = |c: &Point3| Point::new(c[0], c[1]);
        let bounds = Bounds::of(corners.iter().map(flat));
        if bounds.is_empty() || !(high - low).is_finite() {
            return Vec::new();
        }
        let centre = mean(corners.iter().map(flat)).unwrap_or_default();
        let mut found: Vec<(f64, Landing)> = Vec::new();
        for &i in &self.near(
            &bounds.grown(LANDING_REACH_M),
            (low - LANDING_SLACK_M, high + LANDING_SLACK_M),
        ) {
            let cell = &self.cells[i as usize];
            let floor = cell.z_m.0;
            if floor < low - LANDING_SLACK_M || floor > high + LANDING_SLACK_M {
                continue;
            }
            let level = floor.clamp(low, high);
            let band = |c: &&Point3| (c[2] - level).abs() <= LANDING_BAND_M;
            let Some(end) = mean(corners.iter().filter(band).map(flat)) else {
                continue;
            };
            // Step off the stair in the direction in which it ends.
            let off = end.minus(centre).unit().unwrap_or_default();
            let best = (0..4)
                .map(|k| {
                    let step_m = 0.3 * f64::from(k);
                    let p = end.along(off, step_m);
                    (cell.distance_m(p) + 0.2 * step_m, p)
                })
                .min_by(|a, b| a.0.total_cmp(&b.0));
            if let Some((distance_m, at)) = best
                && distance_m <= LANDING_REACH_M
            {
                found.push((
                    distance_m,
                    Landing {
                        cell: i as usize,
                        at,
                        z_m: floor,
                    },
                ));
            }
        }
        found.sort_by(|a, b| a.1.z_m.total_cmp(&b.1.z_m).then(a.1.cell.cmp(&b.1.cell)));
        let mut landings: Vec<(f64, Landing)> = Vec::new();
        for (distance_m, landing) in found {
            match landings.last_mut() {
                Some(last) if landing.z_m - last.1.z_m < LANDING_SLACK_M => {
                    let smaller = self.areas_m2[landing.cell] < self.areas_m2[last.1.cell];
                    if distance_m < last.0 - 1e-6 || (distance_m < last.0 + 1e-6 && smaller) {
                        *last = (distance_m, landing);
                    }
                }
                _ => landings.push((distance_m, landing)),
            }
        }
        landings.into_iter().map(|(_, l)| l).collect()
    }

    /// Pairs of these cells that lie above each other, the lower one first: each with the next
    /// storey's cell over more than half of it. So stairwells and lift shafts lie that are drawn
    /// storey by storey.
    pub fn stacked(&self, mut members: Vec<usize>) -> Vec<(usize, usize)> {
        let floor_m = |cell: usize| self.cells[cell].z_m.0;
        members.sort_by(|&a, &b| floor_m(a).total_cmp(&floor_m(b)).then(a.cmp(&b)));
        let mut pairs = Vec::new();
        for (k, &low) in members.iter().enumerate() {
            let (floor, top) = self.cells[low].z_m;
            let is_next = |high: &usize| {
                let z = floor_m(*high);
                z > floor + HEADROOM_M && z < top + STACKED_GAP_MAX_M
            };
            let mut above = members[k + 1..].iter().copied().take(STACKED_MAX);
            let next = above.find(|high| is_next(high) && self.plan_overlap(low, *high) > 0.5);
            pairs.extend(next.map(|high| (low, high)));
        }
        pairs
    }

    /// Share of the smaller cell's area, in 0..=1, that lies under or over the other: 64 sample
    /// points on a regular lattice, so good to a few per cent.
    pub fn plan_overlap(&self, i: usize, j: usize) -> f64 {
        let (small, large) = if self.areas_m2[i] <= self.areas_m2[j] {
            (i, j)
        } else {
            (j, i)
        };
        let b = self.bounds[small];
        if b.is_empty() || !b.meets(&self.bounds[large]) || !self.charge(256) {
            return 0.0;
        }
        let (mut inside, mut shared) = (0_u32, 0_u32);
        for k in 0..64 {
            let (column, row) = (f64::from(k % 8), f64::from(k / 8));
            let p = Point::new(
                b.min.x + (b.max.x - b.min.x) * (column + 0.5) / 8.0,
                b.min.y + (b.max.y - b.min.y) * (row + 0.5) / 8.0,
            );
            if self.cells[small].contains(p) {
                inside += 1;
                shared += u32::from(self.cells[large].contains(p));
            }
        }
        if inside == 0 {
            0.0
        } else {
            f64::from(shared) / f64::from(inside)
        }
    }

    /// Cells that may lie within `margin_m` of the bounds, rising.
    pub fn cells_near(&self, bounds: &Bounds, margin_m: f64) -> Vec<usize> {
        let wanted = bounds.grown(margin_m);
        self.near(&wanted, (f64::NEG_INFINITY, f64::INFINITY))
            .into_iter()
            .map(|i| i as usize)
            .filter(|&i| self.bounds[i].meets(&wanted))
            .collect()
    }
}

struct TooIntricate;

fn mean(points: impl Iterator<Item = Point>) -> Option<Point> {
    let (mut sum, mut n) = (Point::default(), 0.0);
    for p in points {
        sum = sum.along(p, 1.0);
        n += 1.0;
    }
    (n > 0.0).then(|| Point::new(sum.x / n, sum.y / n))
}

/// The stretch over which two edges run side by side within the contact gap, on the line halfway
/// between them; `d` is the unit direction of `a`.
fn facing_stretch(a: (Point, Point), d: Point, b: (Point, Point)) -> Option<(Point, Point)> {
    let e = b.1.minus(b.0).unit()?;
    if d.cross(e).abs() > 0.05 {
        return None;
    }
    let t = |p: Point| p.minus(a.0).dot(d);
    let (b0, b1) = (t(b.0).min(t(b.1)), t(b.0).max(t(b.1)));
    let (from, to) = (b0.max(0.0), b1.min(a.0.distance(a.1)));
    if to - from < 0.02 {
        return None;
    }
    let middle = a.0.along(d, f64::midpoint(from, to));
    let offset = b.0.minus(middle).cross(e) / d.dot(e).signum();
    // `offset` is the signed distance from the line of `b`, seen along `d`, to the middle.
    if offset.abs() > CONTACT_GAP_M {
        return None;
    }
    let shift = -offset / 2.0;
    Some((
        a.0.along(d, from).along(d.left(), shift),
        a.0.along(d, to).along(d.left(), shift),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(x0: f64, y0: f64, x1: f64, y1: f64, z: (f64, f64)) -> Cell {
        Cell {
            outline: vec![Polygon::rectangle(Point::new(x0, y0), Point::new(x1, y1))],
            z_m: z,
        }
    }

    fn wall(x0: f64, y0: f64, x1: f64, y1: f64) -> Wall {
        Wall {
            outline: Polygon::rectangle(Point::new(x0, y0), Point::new(x1, y1)),
            z_m: (0.0, 2.7),
        }
    }

    fn door(x: f64, y: f64, normal: (f64, f64)) -> Opening {
        Opening {
            centre: Point::new(x, y),
            normal: Point::new(normal.0, normal.1),
            width_m: 0.9,
            depth_m: 0.1,
            z_m: (0.0, 2.1),
        }
    }

    const FLOOR: (f64, f64) = (0.0, 2.7);

    #[test]
    fn a_door_looks_both_ways() {
        let cells = [
            cell(0.0, 0.0, 4.0, 3.0, FLOOR),
            cell(4.1, 0.0, 8.0, 3.0, FLOOR),
            cell(4.1, 0.0, 8.0, 3.0, (3.0, 5.7)),
        ];
        let plan = Plan::new(&cells, &[]);
        for (name, opening, back, front) in [
            (
                "between two rooms",
                door(4.05, 1.5, (1.0, 0.0)),
                Some(0),
                Some(1),
            ),
            (
                "the other way round",
                door(4.05, 1.5, (-1.0, 0.0)),
                Some(1),
                Some(0),
            ),
            ("in the facade", door(-0.1, 1.5, (1.0, 0.0)), None, Some(0)),
            ("of a cubicle", door(2.0, 1.5, (1.0, 0.0)), Some(0), Some(0)),
            (
                "standing off its wall",
                door(3.8, 1.5, (1.0, 0.0)),
                Some(0),
                Some(1),
            ),
            (
                "far from everything",
                door(20.0, 20.0, (1.0, 0.0)),
                None,
                None,
            ),
        ] {
            let sides = plan.sides(&opening);
            assert_eq!(sides.back.map(|s| s.cell), back, "{name}");
            assert_eq!(sides.front.map(|s| s.cell), front, "{name}");
        }
    }

    #[test]
    fn outlines_drawn_to_the_axis_of_the_wall_are_told_apart() {
        let cells = [
            cell(0.0, 0.0, 4.0, 3.0, FLOOR),
            cell(4.0, 0.0, 8.0, 3.0, FLOOR),
        ];
        let sides = Plan::new(&cells, &[]).sides(&door(4.0, 1.5, (1.0, 0.0)));
        assert_eq!(sides.cells(), [0, 1]);
    }

    #[test]
    fn rooms_that_touch_are_open_to_each_other_unless_a_wall_stands_between() {
        let cells = [
            cell(0.0, 0.0, 4.0, 3.0, FLOOR),
            cell(4.0, 0.0, 8.0, 3.0, FLOOR),
        ];
        let contacts = |walls: &[Wall]| {
            Plan::new(&cells, walls)
                .contacts()
                .0
                .iter()
                .map(|c| (c.cells, (c.length_m * 10.0).round() / 10.0))
                .collect::<Vec<_>>()
        };
        assert_eq!(contacts(&[]), [((0, 1), 3.0)]);
        assert_eq!(contacts(&[wall(3.95, 0.0, 4.05, 3.0)]), []);
        assert_eq!(contacts(&[wall(3.95, 0.0, 4.05, 2.0)]), [((0, 1), 1.0)]);
        assert_eq!(contacts(&[wall(3.95, 0.0, 4.05, 2.6)]), []);
        assert_eq!(contacts(&[wall(9.0, 0.0, 9.1, 3.0)]), [((0, 1), 3.0)]);
    }

    #[test]
    fn rooms_above_each_other_or_apart_do_not_touch() {
        for other in [
            cell(4.0, 0.0, 8.0, 3.0, (3.0, 5.7)),
            cell(4.1, 0.0, 8.0, 3.0, FLOOR),
            cell(4.0, 2.5, 8.0, 6.0, FLOOR),
            cell(0.0, 0.0, 2.0, 3.0, FLOOR),
        ] {
            let cells = [cell(0.0, 0.0, 4.0, 3.0, FLOOR), other];
            assert_eq!(Plan::new(&cells, &[]).contacts().0, []);
        }
    }

    #[test]
    fn a_small_gap_between_turned_rooms_is_a_contact() {
        let (s, c) = 0.5_f64.sin_cos();
        let turned = |x0: f64, y0: f64, x1: f64, y1: f64| Cell {
            outline: vec![
                Polygon::new([[(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
                    .iter()
                    .map(|&(x, y)| Point::new(c * x - s * y, s * x + c * y))
                    .collect()])
                .unwrap(),
            ],
            z_m: FLOOR,
        };
        let cells = [turned(0., 0., 4., 3.), turned(4.04, 1., 8., 5.)];
        let found = Plan::new(&cells, &[]).contacts().0;
        assert_eq!(found.len(), 1);
        assert!((found[0].length_m - 2.0).abs() < 0.01);
        let cells = [turned(0., 0., 4., 3.), turned(4.06, 1., 8., 5.)];
        assert_eq!(Plan::new(&cells, &[]).contacts().0, []);
    }

    #[test]
    fn a_stair_leads_from_its_foot_to_its_head() {
        let cells = [
            cell(0.0, 0.0, 3.0, 3.0, FLOOR),
            cell(3.1, 0.0, 9.0, 3.0, FLOOR),
            cell(0.0, 0.0, 3.0, 3.0, (3.0, 5.7)),
            cell(6.2, 0.0, 9.0, 3.0, (3.0, 5.7)),
        ];
        // Rises from x = 1 m in cell 0 to x = 6 m beside cell 3.
        let corners: Vec<Point3> = (0..=16)
            .flat_map(|k| {
                let t = f64::from(k) / 16.0;
                [[1.0 + 5.0 * t, 1.0, 3.0 * t], [1.0 + 5.0 * t, 2.0, 3.0 * t]]
            })
            .collect();
        let found: Vec<usize> = Plan::new(&cells, &[])
            .landings(&corners)
            .iter()
            .map(|l| l.cell)
            .collect();
        assert_eq!(found, [0, 3]);
    }
}
