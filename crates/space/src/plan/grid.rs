//! A coarse grid over the plan, so that "what is near here" costs the same in a house and in a
//! hospital.

use super::geometry::{Bounds, Point};

/// Largest number of cells along one side; bounds memory whatever coordinates a file invents.
const CELLS_PER_SIDE_MAX: usize = 512;

/// Buckets of item numbers by rectangle. Built once, then only read.
#[derive(Debug)]
pub(crate) struct Grid {
    origin: Point,
    cell_m: Point,
    columns: usize,
    rows: usize,
    /// `starts[c]..starts[c + 1]` are the places in `items` that belong to cell `c`.
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Grid {
    /// Files every non-empty rectangle under the cells that it touches.
    pub(crate) fn new(bounds: &[Bounds]) -> Self {
        let mut whole = Bounds::EMPTY;
        for b in bounds.iter().filter(|b| !b.is_empty()) {
            whole = whole.with(b.min).with(b.max);
        }
        if whole.is_empty() {
            whole = Bounds {
                min: Point::default(),
                max: Point::default(),
            };
        }
        // About two items per cell, in square-ish cells of at least half a metre.
        let side = (bounds.len() as f64 / 2.0)
            .sqrt()
            .ceil()
            .clamp(1.0, CELLS_PER_SIDE_MAX as f64);
        let cell_m = Point::new(
            ((whole.max.x - whole.min.x) / side).max(0.5),
            ((whole.max.y - whole.min.y) / side).max(0.5),
        );
        let count = |extent: f64, cell: f64| {
            ((extent / cell).floor() as usize + 1).min(CELLS_PER_SIDE_MAX + 1)
        };
        let columns = count(whole.max.x - whole.min.x, cell_m.x);
        let rows = count(whole.max.y - whole.min.y, cell_m.y);
        let mut grid = Self {
            origin: whole.min,
            cell_m,
            columns,
            rows,
            starts: vec![0; columns * rows + 1],
            items: vec![],
        };
        for b in bounds.iter().filter(|b| !b.is_empty()) {
            grid.each_cell(b, |cell, starts| starts[cell + 1] += 1);
        }
        for i in 1..grid.starts.len() {
            grid.starts[i] += grid.starts[i - 1];
        }
        let mut items = vec![0; grid.starts[columns * rows] as usize];
        let mut next = grid.starts.clone();
        for (i, b) in bounds.iter().enumerate().filter(|(_, b)| !b.is_empty()) {
            grid.each_cell(b, |cell, _| {
                items[next[cell] as usize] = i as u32;
                next[cell] += 1;
            });
        }
        grid.items = items;
        grid
    }

    /// How many entries [`Grid::near`] would look at.
    pub(crate) fn load(&self, bounds: &Bounds) -> usize {
        let (x, y) = self.span(bounds);
        (y.0..=y.1)
            .map(|row| {
                // The cells of one row are neighbours in the list.
                let (first, last) = (row * self.columns + x.0, row * self.columns + x.1);
                (self.starts[last + 1] - self.starts[first]) as usize
            })
            .sum()
    }

    /// Numbers of the items that may meet `bounds`, rising and each once.
    pub(crate) fn near(&self, bounds: &Bounds) -> Vec<u32> {
        let mut found = Vec::new();
        let (x, y) = self.span(bounds);
        for row in y.0..=y.1 {
            for column in x.0..=x.1 {
                let cell = row * self.columns + column;
                found.extend_from_slice(
                    &self.items[self.starts[cell] as usize..self.starts[cell + 1] as usize],
                );
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn span(&self, b: &Bounds) -> ((usize, usize), (usize, usize)) {
        let place = |v: f64, origin: f64, cell: f64, n: usize| {
            (((v - origin) / cell).max(0.0) as usize).min(n - 1)
        };
        (
            (
                place(b.min.x, self.origin.x, self.cell_m.x, self.columns),
                place(b.max.x, self.origin.x, self.cell_m.x, self.columns),
            ),
            (
                place(b.min.y, self.origin.y, self.cell_m.y, self.rows),
                place(b.max.y, self.origin.y, self.cell_m.y, self.rows),
            ),
        )
    }

    fn each_cell(&mut self, b: &Bounds, mut f: impl FnMut(usize, &mut Vec<u32>)) {
        let (x, y) = self.span(b);
        for row in y.0..=y.1 {
            for column in x.0..=x.1 {
                f(row * self.columns + column, &mut self.starts);
            }
        }
    }
}

/// Height of one layer in metres: about a storey, so that a tower costs no more than its storeys
/// side by side.
const LAYER_M: f64 = 3.0;
/// Largest number of layers; bounds memory whatever heights a file invents.
const LAYERS_MAX: usize = 256;

/// Grids above each other. An item is filed in every layer that it reaches into.
#[derive(Debug)]
pub(crate) struct Layers {
    low_m: f64,
    height_m: f64,
    grids: Vec<(Grid, Vec<u32>)>,
}

impl Layers {
    /// Files rectangles with their heights.
    pub(crate) fn new(items: &[(Bounds, (f64, f64))]) -> Self {
        let low_m = items.iter().map(|i| i.1.0).fold(f64::INFINITY, f64::min);
        let high_m = items
            .iter()
            .map(|i| i.1.1)
            .fold(f64::NEG_INFINITY, f64::max);
        let span_m = (high_m - low_m).max(0.0);
        let height_m = LAYER_M.max(span_m / LAYERS_MAX as f64);
        let count = if items.is_empty() {
            0
        } else {
            (span_m / height_m).ceil().max(1.0) as usize
        };
        let mut layers = Self {
            low_m,
            height_m,
            grids: Vec::new(),
        };
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); count];
        for (i, item) in items.iter().enumerate() {
            for layer in layers.span(item.1, count) {
                members[layer].push(i as u32);
            }
        }
        layers.grids = members
            .into_iter()
            .map(|m| {
                let bounds: Vec<Bounds> = m.iter().map(|&i| items[i as usize].0).collect();
                (Grid::new(&bounds), m)
            })
            .collect();
        layers
    }

    fn span(&self, z_m: (f64, f64), count: usize) -> std::ops::Range<usize> {
        if count == 0 {
            return 0..0;
        }
        let place = |z: f64| (((z - self.low_m) / self.height_m).max(0.0) as usize).min(count - 1);
        place(z_m.0)..place(z_m.1) + 1
    }

    /// How many entries [`Layers::near`] would look at.
    pub(crate) fn load(&self, bounds: &Bounds, z_m: (f64, f64)) -> usize {
        let span = self.span(z_m, self.grids.len());
        self.grids[span]
            .iter()
            .map(|(grid, _)| grid.load(bounds))
            .sum()
    }

    /// Numbers of the items that may meet the bounds at these heights, rising and each once.
    pub(crate) fn near(&self, bounds: &Bounds, z_m: (f64, f64)) -> Vec<u32> {
        let mut found = Vec::new();
        for (grid, members) in &self.grids[self.span(z_m, self.grids.len())] {
            found.extend(grid.near(bounds).into_iter().map(|i| members[i as usize]));
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_a_full_search_finds(
            boxes in proptest::collection::vec((0.0..90.0_f64, 0.0..90.0_f64, 0.0..20.0_f64, 0.0..20.0_f64), 0..60),
            px in -10.0..120.0_f64, py in -10.0..120.0_f64,
        ) {
            let bounds: Vec<Bounds> = boxes.iter()
                .map(|&(x, y, w, h)| Bounds::of([Point::new(x, y), Point::new(x + w, y + h)]))
                .collect();
            let grid = Grid::new(&bounds);
            let layers = Layers::new(&bounds.iter().map(|b| (*b, (b.min.x / 3.0, b.min.x / 3.0 + 2.5))).collect::<Vec<_>>());
            let p = Point::new(px, py);
            let probe = Bounds::of([p]).grown(5.0);
            for (i, b) in bounds.iter().enumerate() {
                let z_m = (b.min.x / 3.0, b.min.x / 3.0 + 2.5);
                if b.meets(&probe) {
                    prop_assert!(grid.near(&probe).contains(&(i as u32)));
                    prop_assert!(layers.near(&probe, z_m).contains(&(i as u32)));
                    prop_assert!(layers.load(&probe, z_m) >= layers.near(&probe, z_m).len());
                }
            }
        }
    }
}
