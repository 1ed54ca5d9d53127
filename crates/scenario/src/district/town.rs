//! The town as it really is: streets, a canal with bridges, blocks of houses, and the tower.
//!
//! Streets form an uneven lattice. Around the tower, blocks are filled with houses until there
//! are as many as asked for; beyond them the streets go on without houses. Coordinates are
//! metres in the town's own axes, with the tower's block around the origin; [`Town::to_rd`] puts
//! them on the national grid.

use super::houses::{self, House};
use super::plane::{self, Point};
use super::{Options, names};
use crate::rng::Rng;

/// A stretch of street between two junctions.
#[derive(Debug, Clone)]
pub(super) struct Edge {
    pub(super) ends: [usize; 2],
    pub(super) street: usize,
    /// A bend half-way.
    pub(super) bend: Option<Point>,
    pub(super) bridge: bool,
}

/// A street, which runs along one line of the lattice.
#[derive(Debug, Clone)]
pub(super) struct Street {
    pub(super) name: String,
    /// As OpenStreetMap calls it.
    pub(super) kind: &'static str,
    /// Its stretches, in order; where one is missing the street is interrupted.
    pub(super) edges: Vec<usize>,
}

/// What lies between four streets.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// Its lower left and upper right corner, clear of the streets.
    pub(super) low: Point,
    pub(super) high: Point,
    pub(super) use_: BlockUse,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BlockUse {
    Tower,
    Houses,
    Park,
}

/// The whole town.
#[derive(Debug, Clone)]
pub(super) struct Town {
    pub(super) name: &'static str,
    /// The town's origin on the national grid.
    origin_rd_m: Point,
    /// Anticlockwise, in degrees.
    pub(super) turn_deg: f64,
    pub(super) junctions: Vec<Point>,
    pub(super) edges: Vec<Edge>,
    pub(super) streets: Vec<Street>,
    pub(super) blocks: Vec<Block>,
    /// The water of the canal.
    pub(super) canal: Vec<Point>,
    pub(super) houses: Vec<House>,
    /// Where the tower's own origin lies.
    pub(super) tower_at: Point,
    lattice: Lattice,
}

/// The lines along which streets run. Rows are numbered northwards, columns eastwards.
#[derive(Debug, Clone)]
struct Lattice {
    xs: Vec<f64>,
    ys: Vec<f64>,
    centre: (usize, usize),
    canal_row: usize,
}

/// From the middle of a street to the blocks beside it.
pub(super) const STREET_HALF_M: f64 = 6.0;
/// From a street's middle to where a house may begin, the unevenness of the lattice included.
const CLEAR_M: f64 = 11.0;
/// The middle of the tower's podium, from the tower's own origin.
const TOWER_MIDDLE_M: Point = [24.0, 15.0];
/// The outer faces of the podium's and of the shaft's walls, from the tower's own origin.
const PODIUM_M: [Point; 2] = [[-12.3, -10.3], [60.3, 40.3]];
pub(super) const SHAFT_M: [Point; 2] = [[-0.3, -0.3], [48.3, 30.3]];
const CANAL_ROW_M: f64 = 44.0;
const CANAL_HALF_M: f64 = 9.0;

impl Town {
    pub(super) fn lay_out(options: &Options) -> Self {
        let mut rng = Rng::of(options.seed, "town");
        let lattice = Lattice::draw(options, &mut rng);
        let junctions = lattice.junctions(&mut rng);
        let mut town = Self {
            name: rng.pick(&["Nieuwmeer", "Oosterdam", "Waterveld", "Lindenburg"]),
            origin_rd_m: [
                rng.whole(86_000, 190_000) as f64,
                rng.whole(400_000, 480_000) as f64,
            ],
            turn_deg: rng.whole(-300, 300) as f64 / 10.0,
            junctions,
            edges: Vec::new(),
            streets: Vec::new(),
            blocks: Vec::new(),
            canal: Vec::new(),
            houses: Vec::new(),
            tower_at: [-TOWER_MIDDLE_M[0], -TOWER_MIDDLE_M[1]],
            lattice,
        };
        town.lay_streets(options.seed, &mut rng);
        town.dig_canal();
        town.raise_tower(options.tower_storeys);
        town.fill_blocks(options);
        town
    }

    /// Coordinates on the national grid, in metres.
    pub(super) fn to_rd(&self, point: Point) -> Point {
        let [x, y] = plane::turned(point, [0.0, 0.0], self.turn_deg);
        [self.origin_rd_m[0] + x, self.origin_rd_m[1] + y]
    }

    fn junction(&self, column: usize, row: usize) -> usize {
        row * self.lattice.xs.len() + column
    }

    fn lay_streets(&mut self, seed: u64, rng: &mut Rng) {
        let (columns, rows) = (self.lattice.xs.len(), self.lattice.ys.len());
        let mut names = names::streets(seed, columns + rows).into_iter();
        for row in 0..rows {
            let ends = (1..columns).map(|c| [(c - 1, row), (c, row)]).collect();
            self.lay_street(names.next().unwrap_or_default(), row, ends, rng);
        }
        for column in 0..columns {
            let ends = (1..rows).map(|r| [(column, r - 1), (column, r)]).collect();
            self.lay_street(names.next().unwrap_or_default(), column, ends, rng);
        }
    }

    fn lay_street(
        &mut self,
        name: String,
        line: usize,
        ends: Vec<[(usize, usize); 2]>,
        rng: &mut Rng,
    ) {
        let kind = match line % 6 {
            0 => "tertiary",
            3 => "unclassified",
            5 => "living_street",
            _ => "residential",
        };
        let street = self.streets.len();
        let mut edges = Vec::new();
        for [from, to] in ends {
            let (row, crossing) = (from.1, from.1 != to.1);
            let over_canal = crossing && row == self.lattice.canal_row;
            let beside_tower = self.lattice.beside_tower(from) && self.lattice.beside_tower(to);
            let gone = if over_canal {
                // One bridge near the tower always; of the others two in three are missing.
                from.0 != self.lattice.centre.0 && rng.chance(0.65)
            } else {
                rng.chance(0.04) && !beside_tower
            };
            if gone {
                continue;
            }
            let ends = [self.junction(from.0, from.1), self.junction(to.0, to.1)];
            let [a, b] = ends.map(|junction| self.junctions[junction]);
            let bend = (rng.chance(0.25) && !over_canal && !beside_tower).then(|| {
                let [x, y] = plane::between(a, b, 0.5);
                [x + rng.between(-1.5, 1.5), y + rng.between(-1.5, 1.5)]
            });
            edges.push(self.edges.len());
            self.edges.push(Edge {
                ends,
                street,
                bend,
                bridge: over_canal,
            });
        }
        self.streets.push(Street { name, kind, edges });
    }

    fn dig_canal(&mut self) {
        let lattice = &self.lattice;
        let row = lattice.canal_row;
        let y = f64::midpoint(lattice.ys[row], lattice.ys[row + 1]);
        let (west, east) = (
            lattice.xs[0] - 40.0,
            lattice.xs[lattice.xs.len() - 1] + 40.0,
        );
        self.canal = plane::rectangle(west, y - CANAL_HALF_M, east, y + CANAL_HALF_M);
    }

    /// The tower is the first of all houses. Its front faces south.
    fn raise_tower(&mut self, storeys: usize) {
        let [x, y] = self.tower_at;
        let [low, high] = PODIUM_M;
        let outline = plane::rectangle(x + low[0], y + low[1], x + high[0], y + high[1]);
        let street = self.tower_streets()[0];
        let number = houses::first_number(self.lattice.centre.0);
        self.houses.push(House {
            kind: houses::Kind::Tower,
            plain: outline.clone(),
            door: plane::between(outline[0], outline[1], 0.5),
            outline,
            storeys: storeys as u32,
            eaves_m: 0.0,
            ridge_m: 0.0,
            roof: houses::Roof::Flat,
            year: 2019,
            street,
            number,
            postcode: names::postcode(street, number),
            name: Some("De Wachter"),
            group: 0,
        });
    }

    /// The middle of the canal, from west to east.
    pub(super) fn canal_line(&self) -> [Point; 2] {
        let [a, b, c, d] = [0, 1, 2, 3].map(|corner| self.canal[corner]);
        [plane::between(a, d, 0.5), plane::between(b, c, 0.5)]
    }

    fn fill_blocks(&mut self, options: &Options) {
        let lattice = self.lattice.clone();
        let (ci, cj) = lattice.centre;
        let mut places: Vec<(usize, usize, usize)> = Vec::new();
        for row in (0..lattice.ys.len() - 1).filter(|row| *row != lattice.canal_row) {
            for column in 0..lattice.xs.len() - 1 {
                places.push((column.abs_diff(ci).max(row.abs_diff(cj)), row, column));
            }
        }
        places.sort_unstable();
        for (away, row, column) in places {
            let [low, high] = lattice.block(column, row);
            let mut rng = Rng::of(options.seed, &format!("block {column} {row}"));
            let wanted = options.buildings - self.houses.len().min(options.buildings);
            let use_ = match away {
                0 => BlockUse::Tower,
                _ if wanted == 0 => return,
                _ if rng.chance(0.08) => BlockUse::Park,
                _ => BlockUse::Houses,
            };
            if use_ == BlockUse::Houses {
                let plot = houses::Plot {
                    low,
                    high,
                    column,
                    streets: [row, row + 1],
                    decoys: options.decoys,
                    // A second tower right beside the first is the hardest decoy of all.
                    beside_tower: (column, row) == (ci + 1, cj),
                };
                let mut built = houses::build(&plot, &mut rng);
                built.truncate(wanted);
                self.take_over(built);
            }
            self.blocks.push(Block { low, high, use_ });
        }
    }

    fn take_over(&mut self, built: Vec<House>) {
        let first = self.houses.len();
        for mut house in built {
            house.group += first;
            house.postcode = names::postcode(house.street, house.number);
            self.houses.push(house);
        }
    }

    /// The row streets that the tower faces, south and north, and the column streets, west and
    /// east.
    pub(super) fn tower_streets(&self) -> [usize; 4] {
        let (column, row) = self.lattice.centre;
        let rows = self.lattice.ys.len();
        [row, row + 1, rows + column, rows + column + 1]
    }

    /// The stretches of street beside the tower's block: south, north, west, east.
    pub(super) fn tower_edges(&self) -> [usize; 4] {
        let (i, j) = self.lattice.centre;
        let corners = [(i, j), (i + 1, j), (i, j + 1), (i + 1, j + 1)];
        let [sw, se, nw, ne] = corners.map(|(i, j)| self.junction(i, j));
        [[sw, se], [nw, ne], [sw, nw], [se, ne]].map(|ends| {
            let found = self.edges.iter().position(|edge| edge.ends == ends);
            found.expect("streets beside the tower are never left out")
        })
    }

    /// The stretch of a street nearest to a point.
    pub(super) fn nearest_edge(&self, street: usize, point: Point) -> Option<usize> {
        let away = |edge: &usize| {
            let [a, b] = self.edges[*edge]
                .ends
                .map(|junction| self.junctions[junction]);
            let at = plane::between(a, b, plane::share_along(a, b, point));
            plane::distance(at, point)
        };
        let edges = self.streets[street].edges.iter().copied();
        edges.min_by(|a, b| away(a).total_cmp(&away(b)))
    }
}

impl Lattice {
    fn draw(options: &Options, rng: &mut Rng) -> Self {
        // About two stretches of street per junction.
        let side = ((options.street_edges as f64 / 1.92).sqrt().ceil() as usize + 1).max(7);
        // As many blocks as the houses need, at four a block or more.
        let needed = ((options.buildings as f64 / 3.0).sqrt().ceil() as usize) + 4;
        let side = side.max(needed);
        let centre = (side / 2 - 1, side / 2 - 1);
        let canal_row = centre.1 + 2;
        let widths = (0..side - 1).map(|column| {
            let tower = column == centre.0 || column == centre.0 + 1;
            if tower {
                116.0
            } else {
                rng.between(84.0, 112.0).round()
            }
        });
        let xs = lines(widths.collect(), centre.0);
        let heights = (0..side - 1).map(|row| match row {
            _ if row == centre.1 => 92.0,
            _ if row == canal_row => CANAL_ROW_M,
            _ => rng.between(70.0, 88.0).round(),
        });
        let ys = lines(heights.collect(), centre.1);
        Self {
            xs,
            ys,
            centre,
            canal_row,
        }
    }

    fn junctions(&self, rng: &mut Rng) -> Vec<Point> {
        let mut junctions = Vec::new();
        for (row, y) in self.ys.iter().enumerate() {
            for (column, x) in self.xs.iter().enumerate() {
                let still = self.beside_tower((column, row));
                let wide = if still { 0.8 } else { 3.5 };
                let level = if still || row.abs_diff(self.canal_row) <= 1 {
                    0.8
                } else {
                    3.5
                };
                junctions.push([x + rng.between(-wide, wide), y + rng.between(-level, level)]);
            }
        }
        junctions
    }

    fn beside_tower(&self, (column, row): (usize, usize)) -> bool {
        let (i, j) = self.centre;
        (i..=i + 1).contains(&column) && (j..=j + 1).contains(&row)
    }

    fn block(&self, column: usize, row: usize) -> [Point; 2] {
        [
            [self.xs[column] + CLEAR_M, self.ys[row] + CLEAR_M],
            [self.xs[column + 1] - CLEAR_M, self.ys[row + 1] - CLEAR_M],
        ]
    }
}

/// Where lines lie that are so far apart, with the middle of one gap at 0.
fn lines(gaps: Vec<f64>, centre: usize) -> Vec<f64> {
    let mut at = vec![0.0];
    for gap in gaps {
        at.push(at[at.len() - 1] + gap);
    }
    let middle = f64::midpoint(at[centre], at[centre + 1]);
    at.iter().map(|value| value - middle).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(outline: &[Point]) -> [Point; 2] {
        let of = |axis: usize, pick: fn(f64, f64) -> f64, from: f64| {
            outline.iter().map(|p| p[axis]).fold(from, pick)
        };
        [
            [0, 1].map(|axis| of(axis, f64::min, f64::MAX)),
            [0, 1].map(|axis| of(axis, f64::max, f64::MIN)),
        ]
    }

    #[test]
    fn houses_stand_apart_within_their_blocks() {
        for (seed, decoys) in (0..40).map(|seed| (seed, seed % 2 == 0)) {
            let options = Options {
                seed,
                decoys,
                buildings: 150,
                ..Options::default()
            };
            let town = Town::lay_out(&options);
            assert_eq!(town.houses.len(), 150);
            let extents: Vec<[Point; 2]> = town
                .houses
                .iter()
                .map(|house| extent(&house.outline))
                .collect();
            for (place, [low, high]) in extents.iter().enumerate() {
                let house = &town.houses[place];
                assert!(plane::area_m2(&house.outline) > 20.0, "{house:?}");
                let inside = |block: &Block| {
                    (0..2)
                        .all(|axis| block.low[axis] <= low[axis] && high[axis] <= block.high[axis])
                };
                assert!(town.blocks.iter().any(inside), "seed {seed}: {house:?}");
                for [other_low, other_high] in &extents[place + 1..] {
                    let clash = (0..2).all(|axis| {
                        low[axis] + 1e-6 < other_high[axis] && other_low[axis] + 1e-6 < high[axis]
                    });
                    assert!(!clash, "seed {seed}: {house:?}");
                }
            }
        }
    }

    #[test]
    fn every_address_is_given_once_and_lies_on_its_street() {
        let town = Town::lay_out(&Options::default());
        let mut addresses: Vec<(usize, u32)> = town
            .houses
            .iter()
            .map(|house| (house.street, house.number))
            .collect();
        addresses.sort_unstable();
        addresses.dedup();
        assert_eq!(addresses.len(), town.houses.len());
        for house in &town.houses {
            let edge = &town.edges[town.nearest_edge(house.street, house.door).unwrap()];
            let [a, b] = edge.ends.map(|junction| town.junctions[junction]);
            let at = plane::between(a, b, plane::share_along(a, b, house.door));
            // The stretch before a house may be one of the few that are missing.
            assert!(plane::distance(at, house.door) < 120.0, "{house:?}");
        }
    }
}
