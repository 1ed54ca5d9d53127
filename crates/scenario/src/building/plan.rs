//! Divides each storey into rooms.
//!
//! Two rows of rooms lie on either side of a corridor. The northern row holds what runs through
//! all storeys at the same place: two stairs, a lift and the toilets. The rest is divided anew on
//! each storey, so that no two storeys are alike.

use super::outline::{Mm, Point, rectangle};
use super::{Level, Usage};
use crate::rng::Rng;

/// What all storeys have in common.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    pub(crate) length: Mm,
    south_depth: Mm,
    corridor_width: Mm,
    north_depth: Mm,
    stair_a: (Mm, Mm),
    lift_width: Mm,
    toilet_widths: (Mm, Mm),
    stair_b: (Mm, Mm),
    /// Where a branch of the corridor runs to the southern face, if there is one.
    branch: Option<(Mm, Mm)>,
    /// Whether lobby and corridor are one open area.
    pub(crate) lobby_open: bool,
    /// Whether there is more than one storey, so that stairs and a lift are needed.
    vertical: bool,
}

/// The depth of a lift shaft; the toilets wrap around its back.
const LIFT_DEPTH_MM: Mm = 2400;

/// A room as planned, before walls take their thickness from it.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) usage: Usage,
    pub(crate) outline: Vec<Point>,
    /// Entered from the open-plan area, not from the corridor.
    pub(crate) off_open_plan: bool,
    /// Which shaft of the building it belongs to, if it runs through all storeys.
    pub(crate) riser: Option<&'static str>,
}

impl Shell {
    pub(crate) fn draw(rng: &mut Rng, storeys: usize) -> Self {
        let length = rng.whole(370, 460) * 100;
        let a = rng.whole(36, 80) * 100;
        let stair_width = rng.whole(27, 30) * 100;
        let b_end = length
            - if rng.chance(0.4) {
                0
            } else {
                rng.whole(33, 45) * 100
            };
        let south_depth = rng.whole(50, 62) * 100;
        let branch = rng.chance(0.6).then(|| {
            let start = rng.whole(length / 250, length * 2 / 300) * 100;
            (start, start + rng.whole(17, 21) * 100)
        });
        Self {
            length,
            south_depth,
            corridor_width: rng.whole(18, 24) * 100,
            north_depth: rng.whole(58, 66) * 100,
            stair_a: (a, a + stair_width),
            lift_width: rng.whole(21, 25) * 100,
            toilet_widths: (rng.whole(24, 30) * 100, rng.whole(22, 30) * 100),
            stair_b: (b_end - stair_width, b_end),
            branch,
            lobby_open: rng.chance(0.5),
            vertical: storeys > 1,
        }
    }

    pub(crate) fn depth(&self) -> Mm {
        self.south_depth + self.corridor_width + self.north_depth
    }

    /// The rooms of one storey. `plant_here` puts the plant room on it.
    pub(crate) fn storey(&self, rng: &mut Rng, level: Level, plant_here: bool) -> Vec<Cell> {
        let mut cells = vec![self.corridor()];
        cells.extend(self.cores());
        let lift_start = self.stair_a.1;
        let core_end = lift_start + self.lift_width + self.toilet_widths.0 + self.toilet_widths.1;
        let gaps = [
            (0, self.stair_a.0),
            (core_end, self.stair_b.0),
            (self.stair_b.1, self.length),
        ];
        let mut north = Vec::new();
        for (lo, hi) in gaps {
            north.extend(partition(rng, (lo, hi), OFFICE_BAYS_MM));
        }
        let mut south = Vec::new();
        let (stop, resume) = self.branch.unwrap_or((self.length, self.length));
        for (lo, hi) in [(0, stop), (resume, self.length)] {
            south.extend(partition(rng, (lo, hi), OFFICE_BAYS_MM));
        }
        let joined = join_some(rng, &mut south, level);
        self.furnish(
            rng,
            level,
            &south,
            joined,
            (0, self.south_depth),
            &mut cells,
        );
        let base = self.south_depth + self.corridor_width;
        self.furnish(rng, level, &north, None, (base, self.depth()), &mut cells);
        if plant_here {
            make_plant(&mut cells);
        }
        cells
    }

    fn corridor(&self) -> Cell {
        let (y0, y1) = (self.south_depth, self.south_depth + self.corridor_width);
        let outline = match self.branch {
            None => rectangle(0, y0, self.length, y1),
            Some((b0, b1)) => [
                (0, y0),
                (b0, y0),
                (b0, 0),
                (b1, 0),
                (b1, y0),
                (self.length, y0),
                (self.length, y1),
                (0, y1),
            ]
            .map(|(x, y)| Point { x, y })
            .to_vec(),
        };
        Cell {
            usage: Usage::Corridor,
            outline,
            off_open_plan: false,
            riser: None,
        }
    }

    fn cores(&self) -> Vec<Cell> {
        let (y0, y1) = (self.south_depth + self.corridor_width, self.depth());
        let xl = self.stair_a.1;
        let xr = xl + self.lift_width;
        let xw = xr + self.toilet_widths.0;
        let xm = xw + self.toilet_widths.1;
        let lift_back = y0 + LIFT_DEPTH_MM;
        // The toilets are an L around the back of the lift shaft.
        let around = [
            (xl, lift_back),
            (xr, lift_back),
            (xr, y0),
            (xw, y0),
            (xw, y1),
            (xl, y1),
        ];
        let around = around.map(|(x, y)| Point { x, y }).to_vec();
        let core = |usage, outline, riser| {
            let usage = if self.vertical || usage == Usage::Toilet {
                usage
            } else {
                Usage::Storage
            };
            Cell {
                usage,
                outline,
                off_open_plan: false,
                riser: Some(riser),
            }
        };
        vec![
            core(
                Usage::Stair,
                rectangle(self.stair_a.0, y0, self.stair_a.1, y1),
                "A",
            ),
            core(Usage::LiftShaft, rectangle(xl, y0, xr, lift_back), "L"),
            core(Usage::Toilet, around, "W"),
            core(Usage::Toilet, rectangle(xw, y0, xm, y1), "M"),
            core(
                Usage::Stair,
                rectangle(self.stair_b.0, y0, self.stair_b.1, y1),
                "B",
            ),
        ]
    }

    fn furnish(
        &self,
        rng: &mut Rng,
        level: Level,
        bays: &[(Mm, Mm)],
        joined: Option<usize>,
        (y0, y1): (Mm, Mm),
        cells: &mut Vec<Cell>,
    ) {
        let pantry = joined.map(|open| if open + 2 < bays.len() { open + 2 } else { 0 });
        for (bay, &(x0, x1)) in bays.iter().enumerate() {
            let usage = match level {
                Level::Basement => *rng.pick(&[&Usage::Storage, &Usage::Storage, &Usage::Server]),
                _ if joined == Some(bay) && level == Level::Ground => Usage::Lobby,
                _ if joined == Some(bay) => Usage::OpenPlan,
                _ if pantry == Some(bay) && bay != joined.unwrap_or(bay) => Usage::Pantry,
                _ if rng.chance(0.2) => Usage::Meeting,
                _ if rng.chance(0.08) => Usage::Storage,
                _ => Usage::Office,
            };
            let beside_open_plan = level == Level::Upper
                && joined.is_some_and(|open| open.abs_diff(bay) == 1)
                && self.branch.is_none_or(|(b0, b1)| x1 != b0 && x0 != b1);
            let off_open_plan = usage == Usage::Meeting && beside_open_plan;
            let outline = rectangle(x0, y0, x1, y1);
            cells.push(Cell {
                usage,
                outline,
                off_open_plan,
                riser: None,
            });
        }
    }
}

/// How wide bays for offices are on average: somewhere between these.
pub(super) const OFFICE_BAYS_MM: (f64, f64) = (3300.0, 4600.0);

/// Cuts a stretch into bays of uneven width; those of offices are mostly 2.5 to 5.5 m wide and
/// never below 1.7 m.
pub(super) fn partition(rng: &mut Rng, (lo, hi): (Mm, Mm), mean_mm: (f64, f64)) -> Vec<(Mm, Mm)> {
    if hi - lo < 1000 {
        return Vec::new();
    }
    let count = (((hi - lo) as f64 / rng.between(mean_mm.0, mean_mm.1)).round() as usize).max(1);
    let weights: Vec<f64> = (0..count).map(|_| rng.between(0.75, 1.35)).collect();
    let total: f64 = weights.iter().sum();
    let mut bays = Vec::with_capacity(count);
    let mut start = lo;
    let mut sum = 0.0;
    for (index, weight) in weights.iter().enumerate() {
        sum += weight;
        let end = lo + ((hi - lo) as f64 * sum / total / 10.0).round() as Mm * 10;
        let end = if index + 1 == count { hi } else { end };
        bays.push((start, end));
        start = end;
    }
    bays
}

/// Joins two or three neighbouring bays into one: the lobby or the open-plan area.
fn join_some(rng: &mut Rng, bays: &mut Vec<(Mm, Mm)>, level: Level) -> Option<usize> {
    if level == Level::Basement || bays.len() < 5 {
        return None;
    }
    let want = if level == Level::Ground {
        2
    } else {
        rng.whole(2, 3) as usize
    };
    let starts: Vec<usize> = (0..=bays.len() - want)
        .filter(|&s| (s + 1..s + want).all(|i| bays[i - 1].1 == bays[i].0))
        .collect();
    let start = starts[rng.index(starts.len())];
    let end = bays[start + want - 1].1;
    bays.splice(start..start + want, [(bays[start].0, end)]);
    Some(start)
}

/// The last ordinary room becomes the plant room.
fn make_plant(cells: &mut [Cell]) {
    let ordinary = |cell: &&mut Cell| matches!(cell.usage, Usage::Office | Usage::Storage);
    let rooms = cells.iter_mut().filter(|cell| cell.riser.is_none());
    if let Some(cell) = rooms.rev().find(ordinary) {
        cell.usage = Usage::Plant;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bays_cover_their_stretch_without_gap_and_none_is_too_narrow_for_a_door() {
        for seed in 0..200 {
            let mut rng = Rng::of(seed, "bays");
            let hi = rng.whole(33, 460) * 100;
            let bays = partition(&mut rng, (0, hi), OFFICE_BAYS_MM);
            assert_eq!((bays[0].0, bays[bays.len() - 1].1), (0, hi));
            assert!(bays.windows(2).all(|pair| pair[0].1 == pair[1].0));
            assert!(
                bays.iter().all(|(lo, hi)| hi - lo >= 1700),
                "{seed} {bays:?}"
            );
        }
    }
}
