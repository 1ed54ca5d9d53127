//! Laying a drawing that has no place onto an outline that has one.
//!
//! Walls run in few directions. The drawing is turned so that its walls run as those of the
//! outline do, in every way in which they can; each way is nudged until the two cover each other
//! best. A rectangle fits two ways, a square four: all are kept, each with its share.

use super::Placement;
use super::shape::Shape;
use super::traits::{Trait, along};
use crate::earth::{Frame, Tangent};
use libm::{exp, log};

/// Directions of walls are told apart by this many per turn.
const DIRECTIONS: usize = 180;
/// Ways to turn that are tried on one outline.
const WAYS_MAX: usize = 6;
/// Two ways closer than this are one, degrees.
const WAYS_APART_DEG: f64 = 12.0;
/// A difference in overlap by which one way becomes e times less probable than another: drawings
/// and outlines differ by some per cent even where they lie rightly.
const OVERLAP_SCALE: f64 = 0.02;
/// Ways that cover less at first are not nudged: no nudge makes them fit.
const HOPEFUL: f64 = 0.55;
/// A plan farther than this from its own origin has no usable frame.
const PLAN_MAX_M: f64 = 20_000.0;
/// Share of buildings without a place that stand among the candidates.
pub(super) const SHARE: f64 = 0.8;
/// How often a drawing covers its own outline to at least this share: walls may be missing in it,
/// roofs may stand out in the other.
const OVERLAP_OF_ONE: [(f64, f64); 7] = [
    (0.0, 0.002),
    (0.6, 0.01),
    (0.7, 0.03),
    (0.8, 0.1),
    (0.87, 0.25),
    (0.93, 0.6),
    (1.0, 1.2),
];
/// Overlaps closer than this are taken as equally good when rivals are counted.
const EQUALLY_GOOD: f64 = 0.04;
/// Where few are as good, those within a wider reach tell how many to expect, with this weight.
const ROUGHLY_AS_GOOD: (f64, f64) = (0.12, 0.3);
/// Rivals as good as one that were not seen, because files are never complete.
const UNSEEN: f64 = 0.2;

/// A drawing laid onto one outline.
#[derive(Clone, Debug)]
pub(super) struct Laid {
    pub(super) left: usize,
    pub(super) right: usize,
    ways: Vec<Way>,
}

#[derive(Clone, Copy, Debug)]
struct Way {
    turn_deg: f64,
    by_m: [f64; 2],
    overlap: f64,
}

impl Laid {
    pub(super) fn new(left: usize, right: usize, drawing: &Shape, outline: &Shape) -> Self {
        let mut ways: Vec<Way> = turns(drawing, outline)
            .into_iter()
            .map(|turn_deg| nudged(drawing, outline, turn_deg))
            .collect();
        ways.sort_by(|a, b| {
            b.overlap
                .total_cmp(&a.overlap)
                .then(a.turn_deg.total_cmp(&b.turn_deg))
        });
        let mut kept: Vec<Way> = Vec::new();
        for way in ways {
            let is_new = |k: &Way| turned_apart(k.turn_deg, way.turn_deg) >= WAYS_APART_DEG;
            if kept.iter().all(is_new) {
                kept.push(way);
            }
        }
        Self {
            left,
            right,
            ways: kept,
        }
    }

    /// How well it fits at best; `None` where there is no outline to fit.
    pub(super) fn overlap(&self) -> Option<f64> {
        self.ways.first().map(|way| way.overlap)
    }

    /// What the fit says, given how many others fit about as well.
    pub(super) fn as_trait(&self, all: &[Laid]) -> Trait {
        let Some(overlap) = self.overlap() else {
            // One of all that are there, and nothing more is known.
            return Trait {
                text: "there is no outline to compare".to_owned(),
                log_odds: -log(all.len().max(1) as f64),
            };
        };
        let others = all.iter().filter(|other| other.right != self.right);
        let apart: Vec<f64> = others
            .filter_map(|other| Some((other.overlap()? - overlap).abs()))
            .collect();
        let within = |reach: f64| apart.iter().filter(|a| **a <= reach).count();
        let rivals = within(EQUALLY_GOOD);
        let (reach, weight) = ROUGHLY_AS_GOOD;
        let expected = (rivals as f64).max(weight * within(reach) as f64);
        let same = along(&OVERLAP_OF_ONE, overlap);
        Trait {
            text: format!(
                "the drawing covers the outline to {:.0} % when laid on it; {rivals} others fit about as well",
                overlap * 100.0
            ),
            log_odds: log(same / (expected + UNSEEN)),
        }
    }

    pub(super) fn placements(&self, drawing: &Shape, outline: &Shape) -> Vec<Placement> {
        let far = libm::hypot(drawing.plan[0], drawing.plan[1]) > PLAN_MAX_M;
        let (Some(earth), Some(best), false) = (outline.earth, self.overlap(), far) else {
            return Vec::new();
        };
        let weight = |way: &Way| exp((way.overlap - best) / OVERLAP_SCALE);
        let sum: f64 = self.ways.iter().map(weight).sum();
        self.ways
            .iter()
            .map(|way| Placement {
                frame: way.frame(drawing, earth),
                probability: weight(way) / sum,
                overlap: way.overlap,
            })
            .collect()
    }
}

impl Way {
    /// Where the plan's own origin comes to lie.
    fn frame(&self, drawing: &Shape, centre: [f64; 2]) -> Frame {
        let turned = Frame {
            latitude_deg: 0.0,
            longitude_deg: 0.0,
            rotation_deg: self.turn_deg,
        }
        .direction(drawing.plan);
        // The drawing's centre lies `-by` from the outline's, because `by` leads to the outline.
        let origin = [-self.by_m[0] - turned[0], -self.by_m[1] - turned[1]];
        let [longitude_deg, latitude_deg] = Tangent::at(centre).to_earth(origin);
        Frame {
            latitude_deg,
            longitude_deg,
            rotation_deg: self.turn_deg,
        }
    }
}

/// Turns that make the walls of one run as those of the other, the best first.
fn turns(drawing: &Shape, outline: &Shape) -> Vec<f64> {
    let (a, b) = (directions(drawing), directions(outline));
    let agreement: Vec<f64> = (0..DIRECTIONS)
        .map(|turn| {
            (0..DIRECTIONS)
                .map(|i| a[i] * b[(i + turn) % DIRECTIONS])
                .sum()
        })
        .collect();
    let at = |i: usize| agreement[i % DIRECTIONS];
    let mut peaks: Vec<usize> = (0..DIRECTIONS)
        .filter(|&i| at(i) > 0.0 && at(i) >= at(i + 1) && at(i) >= at(i + DIRECTIONS - 1))
        .collect();
    peaks.sort_by(|x, y| agreement[*y].total_cmp(&agreement[*x]).then(x.cmp(y)));
    peaks.truncate(WAYS_MAX);
    peaks
        .into_iter()
        .map(|i| i as f64 * 360.0 / DIRECTIONS as f64)
        .collect()
}

/// How long the walls are that run in each direction, outer ring clockwise or not as it is drawn
/// made alike; blurred by a step or two, as no wall is quite straight.
fn directions(shape: &Shape) -> Vec<f64> {
    let mut lengths = vec![0.0; DIRECTIONS];
    let Some(ring) = shape.rings.first() else {
        return lengths;
    };
    let next = ring.iter().cycle().skip(1);
    let cross: f64 = ring
        .iter()
        .zip(next.clone())
        .map(|(a, b)| a[0] * b[1] - b[0] * a[1])
        .sum();
    let sign = if cross >= 0.0 { 1.0 } else { -1.0 };
    for (a, b) in ring.iter().zip(next) {
        let [east, north] = [sign * (b[0] - a[0]), sign * (b[1] - a[1])];
        let bearing_deg = libm::atan2(east, north).to_degrees().rem_euclid(360.0);
        let step = (bearing_deg * DIRECTIONS as f64 / 360.0).round() as usize;
        let length = libm::hypot(east, north);
        for (by, share) in [(0, 0.1), (1, 0.25), (2, 0.3), (3, 0.25), (4, 0.1)] {
            lengths[(step + DIRECTIONS + by - 2) % DIRECTIONS] += share * length;
        }
    }
    lengths
}

/// The turn and offset near a turn at which the two cover each other best: steps that halve.
fn nudged(drawing: &Shape, outline: &Shape, turn_deg: f64) -> Way {
    let overlap = |turn_deg: f64, by_m: [f64; 2]| drawing.turned(turn_deg).overlap(outline, by_m);
    let mut way = Way {
        turn_deg,
        by_m: [0.0; 2],
        overlap: overlap(turn_deg, [0.0; 2]),
    };
    if way.overlap < HOPEFUL {
        return way;
    }
    let (mut step_deg, mut step_m) = (1.0, 0.04 * outline.side_m());
    for _ in 0..6 {
        let [x, y] = way.by_m;
        let tries = [
            (way.turn_deg + step_deg, way.by_m),
            (way.turn_deg - step_deg, way.by_m),
            (way.turn_deg, [x + step_m, y]),
            (way.turn_deg, [x - step_m, y]),
            (way.turn_deg, [x, y + step_m]),
            (way.turn_deg, [x, y - step_m]),
        ];
        for (turn_deg, by_m) in tries {
            let tried = overlap(turn_deg, by_m);
            if tried > way.overlap {
                way = Way {
                    turn_deg,
                    by_m,
                    overlap: tried,
                };
            }
        }
        step_deg /= 2.0;
        step_m /= 2.0;
    }
    way.turn_deg = way.turn_deg.rem_euclid(360.0);
    way
}

fn turned_apart(a: f64, b: f64) -> f64 {
    let apart = (a - b).rem_euclid(360.0);
    apart.min(360.0 - apart)
}
