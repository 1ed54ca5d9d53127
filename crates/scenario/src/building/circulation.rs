//! Stairs and the lift, which join the storeys.

use super::outline::{Axis, Mm, Run};
use super::{Building, Usage, global_id};

/// One stair from a storey to the next: two flights with a half landing between.
#[derive(Debug, Clone)]
pub struct Stair {
    /// Its identifier.
    pub global_id: String,
    /// The identifiers of its two flights and of the half landing.
    pub part_ids: [String; 3],
    /// Its name.
    pub name: String,
    /// The spaces at its foot and its head.
    pub links: (usize, usize),
    /// The west end of its foot, where the first flight starts, relative to the storey.
    pub foot: (Mm, Mm),
    /// Width of one flight.
    pub flight_width: Mm,
    /// The distance between the two flights.
    pub gap: Mm,
    /// Steps up in one flight; the stair has twice as many.
    pub risers: i64,
    /// The depth of a step.
    pub tread: Mm,
    /// From the foot to the head.
    pub rise: Mm,
    /// The depth of the half landing.
    pub landing: Mm,
}

/// A lift.
#[derive(Debug, Clone)]
pub struct Lift {
    /// Its identifier.
    pub global_id: String,
    /// Its name.
    pub name: String,
    /// The parts of its shaft where it stops, from the lowest storey up.
    pub serves: Vec<usize>,
    /// All parts of its shaft.
    pub passes: Vec<usize>,
    /// Whether the fire service can use it.
    pub firefighting: bool,
    /// Clear width and depth of the car.
    pub car: (Mm, Mm),
}

/// The depth of a step.
const TREAD_MM: Mm = 260;
/// The highest comfortable step (Dutch building decree 2012, table 2.33: at most 188 mm).
const RISER_MAX_MM: Mm = 185;

impl Building {
    pub(super) fn connect_storeys(&mut self) {
        let shafts = |usage| -> Vec<usize> {
            let all = self.spaces.iter().enumerate();
            all.filter(|(_, space)| space.usage == usage)
                .map(|(index, _)| index)
                .collect()
        };
        let stairwells = shafts(Usage::Stair);
        let lift_shafts = shafts(Usage::LiftShaft);
        for (position, &foot) in stairwells.iter().enumerate() {
            let space = &self.spaces[foot];
            let above = stairwells[position..].iter().copied().find(|&other| {
                let other = &self.spaces[other];
                other.storey == space.storey + 1 && other.gross == space.gross
            });
            if let Some(head) = above {
                let stair = self.stair(foot, head);
                self.stairs.push(stair);
            }
        }
        let mut by_outline: Vec<Vec<usize>> = Vec::new();
        for shaft in lift_shafts {
            let outline = &self.spaces[shaft].gross;
            let same = |lift: &&mut Vec<usize>| self.spaces[lift[0]].gross == *outline;
            match by_outline.iter_mut().find(same) {
                Some(lift) => lift.push(shaft),
                None => by_outline.push(vec![shaft]),
            }
        }
        for shafts in by_outline {
            let lift = self.lift(shafts);
            self.lifts.push(lift);
        }
    }

    fn lift(&self, shafts: Vec<usize>) -> Lift {
        let (width, depth) = extent(&self.spaces[shafts[0]].footprint);
        let stops = |shaft: &usize| !self.spaces[*shaft].sealed;
        let label = match self.lifts.len() {
            0 => "lift".to_owned(),
            earlier => format!("lift {}", earlier + 1),
        };
        Lift {
            global_id: global_id(self.options.seed, &label),
            name: format!("Lift {}", self.lifts.len() + 1),
            passes: shafts.clone(),
            serves: shafts.into_iter().filter(stops).collect(),
            firefighting: self.storeys.len() > 6,
            car: (width.length() - 600, depth.length() - 600),
        }
    }

    fn stair(&self, foot: usize, head: usize) -> Stair {
        let space = &self.spaces[foot];
        let (x, y) = extent(&space.footprint);
        let rise = self.storeys[space.storey].height;
        let risers = (rise / 2 + RISER_MAX_MM - 1) / RISER_MAX_MM;
        let gap = 100;
        let landing = 1150;
        let run = (risers - 1) * TREAD_MM;
        let id =
            |part: &str| global_id(self.options.seed, &format!("stair {part} {}", space.number));
        Stair {
            global_id: id("whole"),
            part_ids: [id("flight 1"), id("flight 2"), id("landing")],
            name: format!("Stair {}", space.number),
            links: (foot, head),
            foot: (x.lo, y.hi - landing - run),
            flight_width: (x.length() - gap) / 2,
            gap,
            risers,
            tread: TREAD_MM,
            rise,
            landing,
        }
    }
}

/// How far an outline reaches along x and along y.
pub(crate) fn extent(outline: &[super::Point]) -> (Run, Run) {
    let span = |axis, values: Vec<Mm>| Run {
        axis,
        at: 0,
        lo: values.iter().copied().min().unwrap_or(0),
        hi: values.iter().copied().max().unwrap_or(0),
    };
    (
        span(Axis::X, outline.iter().map(|p| p.x).collect()),
        span(Axis::Y, outline.iter().map(|p| p.y).collect()),
    )
}
