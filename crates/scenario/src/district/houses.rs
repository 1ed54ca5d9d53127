//! Houses of a block: rows, mirrored twins, equal slabs side by side, and houses that stand alone.
//!
//! Rows, twins and slabs are what makes telling houses apart hard: a neighbour has the same shape
//! a few metres on.

use super::names;
use super::plane::{self, Point};
use crate::rng::Rng;

/// How a house relates to those around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One of a row, wall to wall.
    Row,
    /// One of two that mirror each other.
    Twin,
    /// One of several alike.
    Slab,
    /// Alone of its shape.
    Detached,
    /// A large one with wings.
    School,
    /// The tower itself.
    Tower,
    /// A building as wide and high as the tower beside it.
    TowerTwin,
}

/// The form of a roof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Roof {
    Flat,
    /// The ridge lies halfway between the first edge and the one across.
    Gable,
}

/// One house as it really is.
#[derive(Debug, Clone)]
pub(super) struct House {
    pub(super) kind: Kind,
    /// Anticlockwise; the first edge faces its street.
    pub(super) outline: Vec<Point>,
    /// The outline without what was built on.
    pub(super) plain: Vec<Point>,
    pub(super) storeys: u32,
    pub(super) eaves_m: f64,
    pub(super) ridge_m: f64,
    pub(super) roof: Roof,
    pub(super) year: u32,
    /// The row street it has its address in.
    pub(super) street: usize,
    pub(super) number: u32,
    pub(super) postcode: String,
    pub(super) name: Option<&'static str>,
    /// The middle of its front door.
    pub(super) door: Point,
    /// Houses that belong together (a row, twins, slabs) have the same.
    pub(super) group: usize,
}

/// Where to build.
#[derive(Debug)]
pub(super) struct Plot {
    pub(super) low: Point,
    pub(super) high: Point,
    pub(super) column: usize,
    /// The streets to the south and to the north.
    pub(super) streets: [usize; 2],
    /// More twins and slabs.
    pub(super) decoys: bool,
    pub(super) beside_tower: bool,
}

impl Plot {
    fn width(&self) -> f64 {
        self.high[0] - self.low[0]
    }

    /// House numbers are even on one side of a street and odd on the other, and go on from block
    /// to block.
    fn number(&self, south: bool, place: usize) -> u32 {
        first_number(self.column) + place as u32 * 2 - u32::from(!south)
    }
}

/// The first even house number of a block.
pub(super) fn first_number(column: usize) -> u32 {
    column as u32 * 24 + 2
}

/// Builds the houses of one block.
pub(super) fn build(plot: &Plot, rng: &mut Rng) -> Vec<House> {
    if plot.beside_tower && plot.decoys {
        return tower_twin(plot, rng);
    }
    let draw = rng.unit();
    let (twins, slabs) = if plot.decoys {
        (0.2, 0.42)
    } else {
        (0.08, 0.2)
    };
    match draw {
        _ if draw < twins => mirrored_twins(plot, rng),
        _ if draw < slabs => equal_slabs(plot, rng),
        _ if draw < slabs + 0.34 => rows(plot, rng),
        _ if draw < slabs + 0.5 => detached(plot, rng),
        _ => school(plot, rng),
    }
}

/// A house on an outline whose first edge faces the street.
fn house(plot: &Plot, kind: Kind, outline: Vec<Point>, storeys: u32, rng: &mut Rng) -> House {
    let front = plane::between(outline[0], outline[1], rng.between(0.3, 0.7));
    let storey_m = rng.between(2.8, 3.3);
    let eaves_m = (f64::from(storeys) * storey_m * 100.0).round() / 100.0;
    House {
        kind,
        plain: outline.clone(),
        outline,
        storeys,
        eaves_m,
        ridge_m: eaves_m,
        roof: Roof::Flat,
        year: rng.whole(1905, 2022) as u32,
        street: plot.streets[0],
        number: 0,
        postcode: String::new(),
        name: None,
        door: front,
        group: 0,
    }
}

/// A row along each of the two streets, wall to wall.
fn rows(plot: &Plot, rng: &mut Rng) -> Vec<House> {
    let mut houses = Vec::new();
    for south in [true, false] {
        let width = rng.between(5.2, 6.6);
        let depth = rng.between(8.8, 10.6);
        let count = ((plot.width() - 4.0) / width).floor().min(11.0) as usize;
        let (storeys, year) = (rng.whole(2, 3) as u32, rng.whole(1920, 2015) as u32);
        let storey_m = rng.between(2.75, 3.1);
        let group = houses.len();
        for place in 0..count {
            let x = plot.low[0] + 2.0 + place as f64 * width;
            let mut one = row_house(plot, (x, x + width, depth), south, storeys, rng);
            (one.year, one.group) = (year, group);
            one.number = plot.number(south, place);
            one.eaves_m = f64::from(storeys) * storey_m;
            one.ridge_m = one.eaves_m + depth * 0.32;
            one.roof = Roof::Gable;
            houses.push(one);
        }
    }
    houses
}

fn row_house(
    plot: &Plot,
    (x0, x1, depth): (f64, f64, f64),
    south: bool,
    storeys: u32,
    rng: &mut Rng,
) -> House {
    let front = plot.low[1] + 1.0;
    let plain = plane::rectangle(x0, front, x1, front + depth);
    let annexe = rng.chance(0.5).then(|| {
        let (reach, wide) = (rng.between(2.2, 4.0), (x1 - x0) * rng.between(0.45, 0.7));
        let back = front + depth;
        vec![
            [x0, front],
            [x1, front],
            [x1, back],
            [x0 + wide, back],
            [x0 + wide, back + reach],
            [x0, back + reach],
        ]
    });
    let outline = annexe.unwrap_or_else(|| plain.clone());
    let mut one = house(plot, Kind::Row, outline, storeys, rng);
    one.plain = plain;
    if !south {
        face_north(plot, &mut one);
    }
    one
}

/// Turns a house by half around the middle of its block, so that it faces the other street.
fn face_north(plot: &Plot, one: &mut House) {
    let middle = plane::between(plot.low, plot.high, 0.5);
    let across = |p: &Point| [p[0], 2.0 * middle[1] - p[1]];
    for outline in [&mut one.outline, &mut one.plain] {
        let mut turned: Vec<Point> = outline.iter().rev().map(across).collect();
        // What were the first two corners are the last two now; the front comes first again.
        turned.rotate_right(2);
        *outline = turned;
    }
    one.door = across(&one.door);
    one.street = plot.streets[1];
}

/// Two houses that mirror each other, both in height and outline.
fn mirrored_twins(plot: &Plot, rng: &mut Rng) -> Vec<House> {
    let middle = plane::between(plot.low, plot.high, 0.5);
    let (width, depth) = (rng.between(14.0, 20.0), rng.between(15.0, 20.0));
    let (arm, cut) = (rng.between(6.0, 9.0), rng.between(5.0, 8.0));
    let gap = rng.between(4.0, 9.0);
    let (x1, y0) = (middle[0] - gap / 2.0, plot.low[1] + rng.between(2.0, 6.0));
    let x0 = x1 - width;
    let outline = vec![
        [x0, y0],
        [x1, y0],
        [x1, y0 + depth - cut],
        [x0 + arm, y0 + depth - cut],
        [x0 + arm, y0 + depth],
        [x0, y0 + depth],
    ];
    let storeys = rng.whole(3, 7) as u32;
    let mut first = house(plot, Kind::Twin, outline, storeys, rng);
    first.number = plot.number(true, 0);
    let mut second = first.clone();
    second.outline = plane::mirrored(&first.outline, middle[0]);
    second.outline.rotate_right(2);
    second.plain.clone_from(&second.outline);
    second.door = [2.0 * middle[0] - first.door[0], first.door[1]];
    second.number = plot.number(true, 1);
    vec![first, second]
}

/// Two to four equal blocks of flats side by side.
fn equal_slabs(plot: &Plot, rng: &mut Rng) -> Vec<House> {
    let (width, gap) = (rng.between(10.0, 13.0), rng.between(5.0, 10.0));
    let room_for = ((plot.width() - 2.0 + gap) / (width + gap)) as usize;
    let count = (rng.whole(2, 4) as usize).min(room_for);
    let depth = (plot.high[1] - plot.low[1] - 6.0) * rng.between(0.55, 0.95);
    let storeys = rng.whole(4, 9) as u32;
    let pattern = house(
        plot,
        Kind::Slab,
        plane::rectangle(0.0, 0.0, width, depth),
        storeys,
        rng,
    );
    let (x0, y0) = (plot.low[0] + 2.0, plot.low[1] + 2.0);
    let shifted = |place: usize| {
        let dx = x0 + place as f64 * (width + gap);
        let shift = move |p: Point| [p[0] + dx, p[1] + y0];
        let mut one = pattern.clone();
        one.outline = one.outline.into_iter().map(shift).collect();
        one.plain.clone_from(&one.outline);
        one.door = shift(one.door);
        one.number = plot.number(true, place);
        one
    };
    (0..count).map(shifted).collect()
}

/// Houses that stand alone, each of its own shape, two deep.
fn detached(plot: &Plot, rng: &mut Rng) -> Vec<House> {
    let across = rng.whole(2, 4) as usize;
    let cell = plot.width() / across as f64;
    let mut houses = Vec::new();
    for south in [true, false] {
        for place in 0..across {
            if rng.chance(0.12) {
                continue;
            }
            let (width, depth) = (
                rng.between(8.0, (cell - 5.0).min(17.0)),
                rng.between(8.0, 15.0),
            );
            let x0 = plot.low[0] + place as f64 * cell + rng.between(1.0, cell - width - 2.0);
            let y0 = plot.low[1] + rng.between(1.0, 6.0);
            let outline = if rng.chance(0.5) {
                let (cx, cy) = (width * rng.between(0.3, 0.6), depth * rng.between(0.3, 0.6));
                vec![
                    [x0, y0],
                    [x0 + width, y0],
                    [x0 + width, y0 + cy],
                    [x0 + cx, y0 + cy],
                    [x0 + cx, y0 + depth],
                    [x0, y0 + depth],
                ]
            } else {
                plane::rectangle(x0, y0, x0 + width, y0 + depth)
            };
            let group = houses.len();
            let storeys = rng.whole(1, 3) as u32;
            let mut one = house(plot, Kind::Detached, outline, storeys, rng);
            if one.outline.len() == 4 {
                one.roof = Roof::Gable;
                one.ridge_m = one.eaves_m + rng.between(2.0, 4.0);
            }
            (one.group, one.number) = (group, plot.number(south, place));
            if !south {
                face_north(plot, &mut one);
            }
            houses.push(one);
        }
    }
    houses
}

/// One large building around a yard that opens to the north.
fn school(plot: &Plot, rng: &mut Rng) -> Vec<House> {
    let [x0, y0] = [plot.low[0] + 4.0, plot.low[1] + 3.0];
    let (width, depth) = (
        (plot.width() - 8.0) * rng.between(0.6, 1.0),
        (plot.high[1] - plot.low[1] - 6.0) * rng.between(0.6, 1.0),
    );
    let wing = rng.between(9.0, 13.0);
    let (x1, y1) = (x0 + width, y0 + depth);
    let outline = vec![
        [x0, y0],
        [x1, y0],
        [x1, y1],
        [x1 - wing, y1],
        [x1 - wing, y0 + wing],
        [x0 + wing, y0 + wing],
        [x0 + wing, y1],
        [x0, y1],
    ];
    let storeys = rng.whole(2, 5) as u32;
    let mut one = house(plot, Kind::School, outline, storeys, rng);
    one.number = plot.number(true, 0);
    one.name = names::house(rng);
    vec![one]
}

/// A building as high and as wide as the tower, mirrored.
fn tower_twin(plot: &Plot, rng: &mut Rng) -> Vec<House> {
    let middle = plane::between(plot.low, plot.high, 0.5);
    let outline = plane::rectangle(
        middle[0] - 36.3,
        middle[1] - 25.3,
        middle[0] + 36.3,
        middle[1] + 25.3,
    );
    let mut one = house(plot, Kind::TowerTwin, outline, 43, rng);
    (one.eaves_m, one.ridge_m) = (158.0, 158.0);
    one.number = plot.number(true, 0);
    vec![one]
}
