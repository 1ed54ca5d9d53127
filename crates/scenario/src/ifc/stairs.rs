//! Stairs with their flights and landings, and the lift.

use super::Writer;
use super::shapes::{Block, Frame};
use crate::building::{Lift, Point, SLAB_MM, Stair};
use crate::step::{Arg, Id};

/// The thickness of a half landing, and of a flight beneath its steps.
const WAIST_MM: f64 = 150.0;

impl Writer<'_> {
    pub(super) fn stairs(&mut self, storey: usize, storey_frame: Id) {
        let building = self.building;
        for stair in &building.stairs {
            if building.spaces[stair.links.0].storey == storey
                && self.defects.keeps(&stair.global_id)
            {
                self.stair(stair, storey_frame);
            }
        }
        for lift in &building.lifts {
            let first = lift.serves.first().or(lift.passes.first());
            if first.is_some_and(|&shaft| building.spaces[shaft].storey == storey) {
                self.lift(lift, storey_frame);
            }
        }
    }

    fn stair(&mut self, stair: &Stair, storey_frame: Id) {
        let placement = self.place(Some(storey_frame), Frame::default());
        let rest = vec![
            Arg::Null,
            placement.into(),
            Arg::Null,
            Arg::Null,
            Arg::Enum("HALF_TURN_STAIR"),
        ];
        let record = self.root("IFCSTAIR", &stair.global_id, (&stair.name).into(), rest);
        self.stair_properties(record, stair);
        self.contained.push(record);

        let (x, y) = (stair.foot.0 as f64, stair.foot.1 as f64);
        let run = ((stair.risers - 1) * stair.tread) as f64;
        let half_rise = stair.rise as f64 / 2.0;
        let width = (2 * stair.flight_width + stair.gap) as f64;
        // The first flight climbs north along the west wall, the second comes back.
        let first = Frame {
            at_mm: [x, y, 0.0],
            axis: [1.0, 0.0, 0.0],
            x: [0.0, 1.0, 0.0],
        };
        let second = Frame {
            at_mm: [x + width, y + run, half_rise],
            axis: [-1.0, 0.0, 0.0],
            x: [0.0, -1.0, 0.0],
        };
        let landing = Block {
            at_mm: [x, y + run, half_rise - WAIST_MM],
            size_mm: [width, stair.landing as f64, WAIST_MM],
        };
        let parts = [
            self.flight(stair, 0, first, placement),
            self.flight(stair, 1, second, placement),
            self.landing(stair, landing, placement),
        ];
        self.aggregate(record, &parts, &stair.name);
    }

    fn flight(&mut self, stair: &Stair, number: usize, frame: Frame, within: Id) -> Id {
        let riser = stair.rise as f64 / (2 * stair.risers) as f64;
        let profile = self.profile(&steps(stair.risers, riser, stair.tread as f64), &[]);
        let solid = self.sweep(profile, frame, stair.flight_width as f64);
        let shape = self.body(&[solid]);
        let placement = self.place(Some(within), Frame::default());
        let mut rest = Self::product(Arg::Null, placement, shape);
        rest.extend([
            Arg::Null,
            Arg::Int(stair.risers),
            Arg::Int(stair.risers - 1),
            self.length(riser).into(),
            self.length(stair.tread as f64).into(),
        ]);
        if !self.is_2x3() {
            rest.push(Arg::Enum("STRAIGHT"));
        }
        let name = format!("{} flight {}", stair.name, number + 1);
        self.root(
            "IFCSTAIRFLIGHT",
            &stair.part_ids[number],
            Arg::Text(name),
            rest,
        )
    }

    fn landing(&mut self, stair: &Stair, block: Block, within: Id) -> Id {
        let solid = self.block(block);
        let shape = self.body(&[solid]);
        let placement = self.place(Some(within), Frame::default());
        let mut rest = Self::product(Arg::Null, placement, shape);
        rest.extend([Arg::Null, Arg::Enum("LANDING")]);
        let name = format!("{} landing", stair.name);
        self.root("IFCSLAB", &stair.part_ids[2], Arg::Text(name), rest)
    }

    fn lift(&mut self, lift: &Lift, storey_frame: Id) {
        let shaft = &self.building.spaces[lift.passes[0]];
        let corner = shaft
            .footprint
            .iter()
            .copied()
            .min()
            .unwrap_or(Point { x: 0, y: 0 });
        let solid = self.block(Block {
            at_mm: [(corner.x + 300) as f64, (corner.y + 200) as f64, 0.0],
            size_mm: [
                lift.car.0 as f64,
                lift.car.1 as f64,
                2400.0 - SLAB_MM as f64 / 2.0,
            ],
        });
        let shape = self.body(&[solid]);
        let placement = self.place(Some(storey_frame), Frame::default());
        let mut rest = Self::product(Arg::Null, placement, shape);
        rest.extend([Arg::Null, Arg::Enum("ELEVATOR")]);
        if self.is_2x3() {
            rest.extend([Arg::Null, Arg::Null]);
        }
        let record = self.root(
            "IFCTRANSPORTELEMENT",
            &lift.global_id,
            (&lift.name).into(),
            rest,
        );
        self.lift_properties(record, lift);
        self.contained.push(record);
    }
}

/// A flight from the side: steps above, a slope beneath. The last riser is the edge of the landing
/// or floor that the flight leads to, so there is one tread fewer than risers.
fn steps(risers: i64, riser: f64, tread: f64) -> Vec<[f64; 2]> {
    let mut outline = vec![[0.0, 0.0]];
    for step in 0..risers - 1 {
        let (x, z) = (step as f64 * tread, (step + 1) as f64 * riser);
        outline.extend([[x, z], [x + tread, z]]);
    }
    let treads = (risers - 1) as f64;
    outline.push([treads * tread, treads * riser - WAIST_MM]);
    outline.push([WAIST_MM * tread / riser, 0.0]);
    // Steps run forward along the top, so the outline is clockwise; IFC wants the area to its left.
    outline.reverse();
    outline
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Once the outline ran up the last riser and straight down again; viewers drew it, but the
    /// area had an edge without width and the flight ended a step lower than it claimed.
    #[test]
    fn a_flight_has_an_area_without_spikes() {
        let outline = steps(11, 170.0, 260.0);
        assert_eq!(outline.len(), 1 + 2 * 10 + 2);
        let next = outline.iter().cycle().skip(1);
        let doubled: f64 = outline
            .iter()
            .zip(next)
            .map(|(p, q)| p[0] * q[1] - q[0] * p[1])
            .sum();
        assert!(doubled > 0.0, "clockwise");
        for at in 0..outline.len() {
            let [p, q, r] = [0, 1, 2].map(|i| outline[(at + i) % outline.len()]);
            let (a, b) = ([q[0] - p[0], q[1] - p[1]], [r[0] - q[0], r[1] - q[1]]);
            let turn = a[0] * b[1] - a[1] * b[0];
            assert!(turn.abs() > 1.0, "no corner at {q:?}");
        }
    }
}
