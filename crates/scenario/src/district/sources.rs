//! How one surveyor draws the houses of a town.
//!
//! No two data sets agree: one leaves out what was built on later, one draws a whole row as one
//! house, one splits a block of flats in two, each has its own shift on the ground, and each
//! misses a few. A [`Manner`] says how one of them goes about it.

use super::houses::Kind;
use super::plane::{self, Point};
use super::town::Town;
use crate::rng::Rng;

/// The habits of one surveyor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// Names its stream of chance.
    pub(super) label: &'static str,
    /// The share of houses it misses.
    pub(super) missing: f64,
    /// The share of rectangular blocks that it draws as two.
    pub(super) split: f64,
    /// The share of rows that it draws as one house.
    pub(super) whole_rows: f64,
    /// The share of houses without what was built on.
    pub(super) plain: f64,
    /// By how much everything lies off.
    pub(super) shift_m: Point,
    /// By how much each house may lie off beyond that.
    pub(super) individual_m: f64,
    /// How much each house may be turned.
    pub(super) turn_deg: f64,
    /// How much each corner may lie off beyond that.
    pub(super) corner_m: f64,
}

/// A part of a house: the whole (0), or its one (1) or other (2) half.
pub(super) type Atom = (usize, u8);

/// One building as drawn.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    /// What it stands for, in order.
    pub(super) atoms: Vec<Atom>,
    pub(super) outline: Vec<Point>,
    /// By how much it was moved on the ground.
    pub(super) moved_m: Point,
}

impl Drawn {
    /// The house of its first part.
    pub(super) fn house(&self) -> usize {
        self.atoms[0].0
    }
}

/// Draws all houses. The tower is never missed.
pub(super) fn draw(town: &Town, seed: u64, manner: &Manner) -> Vec<Drawn> {
    let mut drawn = Vec::new();
    let mut house = 0;
    while house < town.houses.len() {
        let group = row_of(town, house);
        let mut rng = Rng::of(seed, &format!("{} draws {house}", manner.label));
        // A row is drawn in one go: what it lies off by, all of it does.
        let offset = manner.offset(&mut rng);
        if group.len() > 1 && rng.chance(manner.whole_rows) {
            let atoms = group.clone().map(|house| (house, 0)).collect();
            let outline = whole_row(town, group.clone());
            drawn.push(manner.moved(offset, atoms, &outline, &mut rng));
            house = group.end;
            continue;
        }
        for house in group.clone() {
            let mut rng = Rng::of(seed, &format!("{} draws one {house}", manner.label));
            if rng.chance(manner.missing) && house > 0 {
                continue;
            }
            manner.draw_one(town, house, offset, &mut rng, &mut drawn);
        }
        house = group.end;
    }
    drawn
}

/// The houses of the row that begins with this one, or this one alone.
fn row_of(town: &Town, house: usize) -> std::ops::Range<usize> {
    let first = &town.houses[house];
    let same = |other: &&super::houses::House| {
        other.kind == Kind::Row && other.group == first.group && first.kind == Kind::Row
    };
    let count = town.houses[house..].iter().take_while(same).count();
    house..house + count.max(1)
}

fn whole_row(town: &Town, group: std::ops::Range<usize>) -> Vec<Point> {
    let corners = town.houses[group].iter().flat_map(|house| &house.plain);
    let (mut low, mut high) = ([f64::MAX; 2], [f64::MIN; 2]);
    for corner in corners {
        for axis in 0..2 {
            low[axis] = low[axis].min(corner[axis]);
            high[axis] = high[axis].max(corner[axis]);
        }
    }
    plane::rectangle(low[0], low[1], high[0], high[1])
}

/// How far one house, or one row, is moved and turned.
#[derive(Debug, Clone, Copy)]
struct Offset {
    moved_m: Point,
    turn_deg: f64,
}

impl Manner {
    fn offset(&self, rng: &mut Rng) -> Offset {
        let far_m = self.individual_m * rng.unit().sqrt();
        let own = plane::turned([far_m, 0.0], [0.0, 0.0], rng.between(0.0, 360.0));
        Offset {
            moved_m: [0, 1].map(|axis| self.shift_m[axis] + own[axis]),
            turn_deg: rng.between(-self.turn_deg, self.turn_deg),
        }
    }

    fn moved(&self, offset: Offset, atoms: Vec<Atom>, outline: &[Point], rng: &mut Rng) -> Drawn {
        let middle = plane::middle(outline);
        let mut corner = |corner: &Point| {
            let turned = plane::turned(*corner, middle, offset.turn_deg);
            [0, 1].map(|axis| {
                turned[axis] + offset.moved_m[axis] + rng.between(-self.corner_m, self.corner_m)
            })
        };
        Drawn {
            atoms,
            outline: outline.iter().map(&mut corner).collect(),
            moved_m: offset.moved_m,
        }
    }

    fn draw_one(
        &self,
        town: &Town,
        house: usize,
        offset: Offset,
        rng: &mut Rng,
        drawn: &mut Vec<Drawn>,
    ) {
        let this = &town.houses[house];
        let outline = if rng.chance(self.plain) {
            &this.plain
        } else {
            &this.outline
        };
        let divisible = outline.len() == 4 && matches!(this.kind, Kind::Slab | Kind::Detached);
        if !(divisible && rng.chance(self.split)) {
            drawn.push(self.moved(offset, vec![(house, 0)], outline, rng));
            return;
        }
        let [a, b, c, d] = [0, 1, 2, 3].map(|corner| outline[corner]);
        let (right, left) = (plane::between(b, c, 0.5), plane::between(a, d, 0.5));
        let front = self.moved(offset, vec![(house, 1)], &[a, b, right, left], rng);
        let back = self.moved(offset, vec![(house, 2)], &[left, right, c, d], rng);
        drawn.extend([front, back]);
    }
}

/// How two drawn buildings relate, if they do: `same`, `part` (the first is a part of the
/// second), `whole` (the other way round) or `overlap`.
pub(super) fn relation(a: &Drawn, b: &Drawn) -> Option<&'static str> {
    let covers = |outer: &Drawn, &(house, part): &Atom| {
        outer.atoms.contains(&(house, part)) || outer.atoms.contains(&(house, 0))
    };
    let touches = |&(house, part): &Atom| {
        b.atoms
            .iter()
            .any(|&(other, half)| other == house && (half == part || half == 0 || part == 0))
    };
    let within = a.atoms.iter().all(|atom| covers(b, atom));
    let contains = b.atoms.iter().all(|atom| covers(a, atom));
    match (within, contains) {
        (true, true) => Some("same"),
        (true, false) => Some("part"),
        (false, true) => Some("whole"),
        (false, false) => a.atoms.iter().any(touches).then_some("overlap"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::district::Options;

    const WILD: Manner = Manner {
        label: "wild",
        missing: 0.1,
        split: 0.5,
        whole_rows: 0.5,
        plain: 0.5,
        shift_m: [1.0, 0.0],
        individual_m: 2.0,
        turn_deg: 1.0,
        corner_m: 0.1,
    };

    #[test]
    fn drawings_relate_as_their_parts_do() {
        let drawn = |atoms: &[Atom]| Drawn {
            atoms: atoms.to_vec(),
            outline: Vec::new(),
            moved_m: [0.0, 0.0],
        };
        for (a, b, expect) in [
            (&[(1, 0)][..], &[(1, 0)][..], Some("same")),
            (&[(1, 0)], &[(2, 0)], None),
            (&[(1, 1)], &[(1, 0)], Some("part")),
            (&[(1, 0)], &[(1, 2)], Some("whole")),
            (&[(1, 1)], &[(1, 2)], None),
            (&[(1, 1)], &[(1, 1)], Some("same")),
            (&[(1, 0)], &[(1, 0), (2, 0)], Some("part")),
            (&[(1, 0), (2, 0)], &[(2, 0), (3, 0)], Some("overlap")),
        ] {
            assert_eq!(relation(&drawn(a), &drawn(b)), expect, "{a:?} {b:?}");
        }
    }

    #[test]
    fn nothing_is_drawn_twice_or_further_off_than_asked_for() {
        let town = Town::lay_out(&Options::default());
        for seed in 0..20 {
            let drawn = draw(&town, seed, &WILD);
            let mut atoms: Vec<Atom> = drawn.iter().flat_map(|one| one.atoms.clone()).collect();
            let all = atoms.len();
            atoms.dedup();
            assert_eq!(atoms.len(), all);
            assert!(atoms.contains(&(0, 0)), "the tower is missing");
            for one in &drawn {
                assert!(plane::distance(one.moved_m, WILD.shift_m) <= WILD.individual_m);
                assert!(plane::area_m2(&one.outline) > 10.0, "turned inside out");
            }
            let kinds = |count: fn(&Drawn) -> bool| drawn.iter().filter(|one| count(one)).count();
            assert!(kinds(|one| one.atoms.len() > 1) > 0, "no row is one");
            assert!(kinds(|one| one.atoms[0].1 > 0) > 0, "no block is two");
            assert!(all < town.houses.len() + kinds(|one| one.atoms[0].1 == 2));
        }
    }
}
