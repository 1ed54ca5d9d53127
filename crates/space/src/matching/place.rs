//! Buildings that lie near each other on earth, and how near one must lie to itself.
//!
//! Two surveys of one town disagree by a shift that is the same for all of it, the camera's or
//! the grid's, and by a little for every building. Both are read off the files.

use super::shape::Shape;
use super::{Evidence, RIVALS_MAX};
use crate::earth::{Tangent, centric};
use libm::{exp, log};
use rustc_hash::FxHashMap;
use std::f64::consts::PI;

/// How far two outlines of one building may lie apart, beyond what their size explains. Shifts
/// between surveys are a few metres; more is another building.
const REACH_M: f64 = 15.0;
/// Cells of the grid by which neighbours are found, per degree of latitude: 111 m.
const CELLS_PER_DEG: f64 = 1000.0;
/// Buildings of one cell that are looked at. No town has so many on a hectare; a forged file may.
const CELL_MAX: usize = 512;
/// Around a building, this far its neighbours are counted.
const NEIGHBOURS_M: f64 = 50.0;
/// Spread supposed before anything is learned, and how many buildings that supposition counts
/// for.
const SPREAD_M: f64 = 1.0;
const SPREAD_COUNT: f64 = 4.0;
/// Share of buildings with a counterpart, likewise.
const SHARE: f64 = 0.7;
const SHARE_COUNT: f64 = 5.0;

/// Two candidates near each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Near {
    pub(super) left: usize,
    pub(super) right: usize,
    /// From the left centre to the right one: metres east and north.
    offset_m: [f64; 2],
    /// Overlap of the outlines once their centres lie on each other.
    pub(super) likeness: Option<f64>,
    side_m: f64,
    /// Right buildings per square metre around the left one.
    density: f64,
}

/// All pairs near each other, by left.
pub(super) fn pairs(lefts: &[Shape], rights: &[Shape]) -> Vec<Near> {
    let grid = Grid::of(rights);
    let mut pairs = Vec::new();
    for (left, shape) in lefts.iter().enumerate() {
        let Some(at) = shape.earth else { continue };
        let reach_m = REACH_M + 0.5 * shape.side_m().min(600.0);
        let tangent = Tangent::at(at);
        let mut around: Vec<(f64, usize, [f64; 2])> = grid
            .around(at, reach_m.max(NEIGHBOURS_M))
            .filter_map(|right| {
                let offset = tangent.plane(centric(rights[right].earth?));
                Some((libm::hypot(offset[0], offset[1]), right, offset))
            })
            .collect();
        around.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let neighbours = around.iter().filter(|n| n.0 <= NEIGHBOURS_M).count();
        let density = (neighbours as f64 + 0.5) / (PI * NEIGHBOURS_M * NEIGHBOURS_M);
        for (_, right, offset_m) in around
            .into_iter()
            .filter(|n| n.0 <= reach_m)
            .take(RIVALS_MAX)
        {
            let other = &rights[right];
            let both = shape.has_outline() && other.has_outline();
            pairs.push(Near {
                left,
                right,
                offset_m,
                likeness: both.then(|| shape.overlap(other, [0.0, 0.0])),
                side_m: shape.side_m().max(other.side_m()).max(5.0),
                density,
            });
        }
    }
    pairs
}

/// Right candidates by where they lie. Does not reach across the 180th meridian.
struct Grid(FxHashMap<(i64, i64), Vec<usize>>);

impl Grid {
    fn of(shapes: &[Shape]) -> Self {
        let mut cells: FxHashMap<(i64, i64), Vec<usize>> = FxHashMap::default();
        for (i, shape) in shapes.iter().enumerate() {
            if let Some(at) = shape.earth {
                let row = row(at[1]);
                let cell = cells.entry((row, column(at[0], row))).or_default();
                if cell.len() < CELL_MAX {
                    cell.push(i);
                }
            }
        }
        Self(cells)
    }

    fn around(&self, at: [f64; 2], reach_m: f64) -> impl Iterator<Item = usize> {
        let reach_deg = reach_m / 110_000.0;
        let rows = row(at[1] - reach_deg)..=row(at[1] + reach_deg);
        rows.flat_map(move |row| {
            let wide_deg = reach_deg / narrowing(row);
            let columns = column(at[0] - wide_deg, row)..=column(at[0] + wide_deg, row);
            columns.filter_map(move |column| self.0.get(&(row, column)))
        })
        .flatten()
        .copied()
    }
}

fn row(latitude: f64) -> i64 {
    (latitude * CELLS_PER_DEG).floor() as i64
}

/// By how much a degree of longitude is shorter than one of latitude in a row of cells.
fn narrowing(row: i64) -> f64 {
    let latitude = (row as f64 + 0.5) / CELLS_PER_DEG;
    libm::cos(latitude.to_radians()).max(0.01)
}

fn column(longitude: f64, row: i64) -> i64 {
    (longitude * CELLS_PER_DEG * narrowing(row)).floor() as i64
}

/// How two files lie to each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Model {
    pub(super) shift_m: [f64; 2],
    pub(super) spread_m: f64,
    pub(super) matched_share: f64,
    lefts: f64,
}

impl Model {
    /// Begins with the shift that most alike outlines agree in.
    pub(super) fn start(near: &[Near], fixed: &[f64], lefts: &[Shape]) -> Self {
        let placed = lefts.iter().filter(|shape| shape.is_on_earth()).count();
        Self {
            shift_m: voted(near, fixed),
            spread_m: SPREAD_M,
            matched_share: SHARE,
            lefts: placed as f64,
        }
    }

    /// Logarithm of the odds by where the two lie.
    pub(super) fn log_odds(&self, near: &Near) -> f64 {
        let [east, north] = self.residual(near);
        let apart_squared = east * east + north * north;
        // Centres of outlines that differ lie apart by what one has more on one side.
        let stray_m = near.side_m * 0.2 * (1.0 - near.likeness.unwrap_or(0.5));
        let variance = self.spread_m * self.spread_m + stray_m * stray_m;
        let normal = |v: f64| exp(-apart_squared / (2.0 * v)) / (2.0 * PI * v);
        let anywhere = 0.001 / (PI * REACH_M * REACH_M);
        let same = 0.95 * normal(variance) + 0.049 * normal(9.0 * variance) + anywhere;
        // Two buildings do not stand in one another.
        let apart = apart_squared.sqrt() / (0.7 * near.side_m);
        let other = near.density * (apart * apart).clamp(0.08, 1.0);
        log(same / other)
    }

    pub(super) fn evidence(&self, near: &Near) -> Evidence {
        let [east, north] = self.residual(near);
        let apart_m = libm::hypot(east, north);
        let shift_m = libm::hypot(self.shift_m[0], self.shift_m[1]);
        let text = if shift_m < 0.1 {
            format!("centres lie {apart_m:.1} m apart")
        } else {
            format!(
                "centres lie {apart_m:.1} m apart beyond the {shift_m:.1} m by which the files are shifted"
            )
        };
        Evidence {
            text,
            log10_odds: self.log_odds(near) * std::f64::consts::LOG10_E,
        }
    }

    /// Estimates shift, spread and share anew from how probable each pair is.
    pub(super) fn learn(&mut self, near: &[Near], probabilities: &[f64]) {
        let reach_m = 4.0 * self.spread_m + 1.0;
        let (mut sum, mut moved, mut matched) = (1.0, [0.0; 2], 0.0);
        for (pair, p) in near.iter().zip(probabilities) {
            matched += p;
            let [east, north] = self.residual(pair);
            if libm::hypot(east, north) < reach_m {
                let weight = p * pair.likeness.unwrap_or(0.3);
                sum += weight;
                moved = [
                    moved[0] + weight * pair.offset_m[0],
                    moved[1] + weight * pair.offset_m[1],
                ];
            }
        }
        self.shift_m = moved.map(|m| m / sum);
        let (mut sum, mut squares) = (SPREAD_COUNT, SPREAD_COUNT * SPREAD_M * SPREAD_M);
        for (pair, p) in near.iter().zip(probabilities) {
            let [east, north] = self.residual(pair);
            if libm::hypot(east, north) < reach_m {
                let weight = p * pair.likeness.unwrap_or(0.3);
                sum += weight;
                squares += weight * (east * east + north * north) / 2.0;
            }
        }
        self.spread_m = (squares / sum).sqrt().clamp(0.3, 5.0);
        let share = (matched + SHARE * SHARE_COUNT) / (self.lefts + SHARE_COUNT);
        self.matched_share = share.clamp(0.05, 0.9);
    }

    fn residual(&self, near: &Near) -> [f64; 2] {
        [
            near.offset_m[0] - self.shift_m[0],
            near.offset_m[1] - self.shift_m[1],
        ]
    }
}

/// The offset with the most votes of alike outlines, each left building with one vote to give; no
/// shift where the votes are few.
fn voted(near: &[Near], fixed: &[f64]) -> [f64; 2] {
    const HALF: i64 = 20;
    let mut totals: FxHashMap<usize, f64> = FxHashMap::default();
    let weight = |i: usize| exp(fixed[i].clamp(-10.0, 10.0));
    for (i, pair) in near.iter().enumerate() {
        *totals.entry(pair.left).or_insert(1.0) += weight(i);
    }
    let mut votes: FxHashMap<(i64, i64), (f64, [f64; 2])> = FxHashMap::default();
    for (i, pair) in near.iter().enumerate() {
        let [x, y] = pair.offset_m.map(|c| c.round() as i64);
        if x.abs() > HALF || y.abs() > HALF {
            continue;
        }
        let vote = weight(i) / totals[&pair.left];
        for (dx, dy) in (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (dx, dy))) {
            let (sum, moved) = votes.entry((x + dx, y + dy)).or_default();
            *sum += vote;
            *moved = [
                moved[0] + vote * pair.offset_m[0],
                moved[1] + vote * pair.offset_m[1],
            ];
        }
    }
    let cells = (-HALF - 1..=HALF + 1).flat_map(|x| (-HALF - 1..=HALF + 1).map(move |y| (x, y)));
    let best = cells
        .filter_map(|cell| votes.get(&cell))
        .fold(
            (0.0, [0.0; 2]),
            |best, cell| if cell.0 > best.0 { *cell } else { best },
        );
    // A few votes may be chance; three count as none.
    best.1.map(|m| m / (best.0 + 3.0))
}
