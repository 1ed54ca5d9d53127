//! Knowing the way in advance: distances to a few landmarks.
//!
//! Whoever knows how far everything is from the town's corners knows at once that two places lie
//! far apart, whatever the streets between them do. A search with that knowledge goes straight
//! for its goal (ALT: Goldberg, Harrelson, "Computing the shortest path: A* search meets graph
//! theory", SODA 2005), and sees before the first step when no street leads there.
//!
//! Distances are those with every street open. Streets that are closed now only make ways longer,
//! so that what is known in advance stays a lower bound.

use super::{JunctionIndex, SegmentIndex, Streets};
use crate::route::search::{Frontier, START};

/// How many landmarks: sixteen distances fill a cache line.
const COUNT: usize = 16;

/// How many of them one search looks at: those that lie well for it.
const ACTIVE: usize = 4;

/// Efforts from each landmark in metres; infinite where no street leads there.
pub(crate) type Distances = [f32; COUNT];

/// More than single precision errs by in what is added up here: four roundings, each by a share of
/// 2⁻²⁴ at most.
const ERROR: f32 = 3e-7;

/// A distance less what it may be too long by.
pub(crate) fn at_least(distance_m: f32) -> f32 {
    distance_m * (1.0 - ERROR)
}

fn at_most(distance_m: f32) -> f32 {
    distance_m * (1.0 + ERROR)
}

/// Distances of every junction; none before a survey.
#[derive(Clone, Debug, Default)]
pub(crate) struct Landmarks {
    from: Vec<Distances>,
}

/// How far a set of goals is from each landmark, at least and at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    least: Distances,
    most: Distances,
    /// The landmarks that tell most.
    active: [u8; ACTIVE],
}

impl Span {
    /// Of the goals, for searches that begin at some of these places.
    pub(crate) fn of(
        goals: impl Iterator<Item = Distances>,
        starts: impl Iterator<Item = Distances>,
    ) -> Option<Self> {
        let ends = |all: (Distances, Distances), d: Distances| {
            let least = std::array::from_fn(|k| all.0[k].min(d[k]));
            (least, std::array::from_fn(|k| all.1[k].max(d[k])))
        };
        let (least, most) = goals
            .map(|d| (d, d))
            .reduce(|a, b| ends(ends(a, b.0), b.1))?;
        let mut told = [0.0_f32; COUNT];
        for start in starts {
            for (k, told) in told.iter_mut().enumerate() {
                *told = told.max(difference(least[k], most[k], start[k]));
            }
        }
        let mut order: [u8; COUNT] = std::array::from_fn(|k| k as u8);
        let by = |k: u8| told[usize::from(k)];
        order.sort_by(|&a, &b| by(b).total_cmp(&by(a)).then(a.cmp(&b)));
        Some(Self {
            least,
            most,
            active: std::array::from_fn(|i| order[i]),
        })
    }

    /// Lower bound of the effort from a place to the nearest goal, by the triangle inequality;
    /// infinite where no street leads to any.
    pub(crate) fn bound_m(&self, here: &Distances) -> f64 {
        let active = self.active.map(usize::from);
        let bounds = active.map(|k| difference(self.least[k], self.most[k], here[k]));
        f64::from(bounds.into_iter().fold(0.0, f32::max))
    }
}

/// How far a place is at least from a goal, both at known distances from a landmark. Where both
/// are infinite the difference is no number, and `max` passes over it.
fn difference(least: f32, most: f32, here: f32) -> f32 {
    let towards = at_least(least) - at_most(here);
    towards.max(at_least(here) - at_most(most))
}

impl Streets {
    /// The same streets with distances to landmarks, so that ways are found several times faster.
    /// Takes seventeen searches through all of them and 64 bytes for each junction.
    #[must_use]
    pub fn with_landmarks(mut self) -> Self {
        let mut from = vec![[f32::INFINITY; COUNT]; self.junction_count()];
        let Some(first) = self.busiest() else {
            return self;
        };
        // Each landmark is the junction farthest from all before it, among those that streets
        // join to the first.
        let mut nearest = self.efforts_from(first);
        for k in 0..COUNT {
            let reached = (0..).zip(&nearest).filter(|(_, m)| m.is_finite());
            let Some((landmark, _)) = reached.max_by(|a, b| a.1.total_cmp(b.1)) else {
                break;
            };
            let efforts = self.efforts_from(JunctionIndex(landmark));
            for ((row, nearest), effort_m) in from.iter_mut().zip(&mut nearest).zip(efforts) {
                row[k] = effort_m as f32;
                *nearest = if k == 0 {
                    effort_m
                } else {
                    nearest.min(effort_m)
                };
            }
        }
        self.landmarks = Landmarks { from };
        self
    }

    /// Distances of a junction from the landmarks, after a survey.
    pub(crate) fn distances(&self, junction: JunctionIndex) -> Option<&Distances> {
        self.landmarks.from.get(junction.0 as usize)
    }

    /// Distances of a point of a segment from the landmarks.
    pub(crate) fn distances_on(&self, segment: SegmentIndex, fraction: f64) -> Option<Distances> {
        let effort_m = self.effort_m(segment) as f32;
        let [first, last] = self.ends(segment);
        let (a, b) = (self.distances(first)?, self.distances(last)?);
        let to_first = fraction as f32 * effort_m;
        Some(std::array::from_fn(|k| {
            (a[k] + to_first).min(b[k] + (effort_m - to_first))
        }))
    }

    /// A junction of the largest part of the streets that hangs together.
    fn busiest(&self) -> Option<JunctionIndex> {
        let mut seen = vec![false; self.junction_count()];
        let mut best = None;
        for first in (0..self.junction_count() as u32).map(JunctionIndex) {
            let mut open = vec![first];
            let mut count = 0;
            while let Some(junction) = open.pop() {
                if !std::mem::replace(&mut seen[junction.0 as usize], true) {
                    count += 1;
                    open.extend(self.hops(junction).iter().map(|h| h.to));
                }
            }
            if best.is_none_or(|(most, _)| count > most) {
                best = Some((count, first));
            }
        }
        best.map(|b| b.1)
    }

    fn efforts_from(&self, from: JunctionIndex) -> Vec<f64> {
        let mut efforts = vec![f64::INFINITY; self.junction_count()];
        let mut frontier = Frontier::new(self.junction_count());
        frontier.offer(from.0, 0.0, 0.0, START);
        while let Some(reached) = frontier.next() {
            efforts[reached.node as usize] = reached.effort_m;
            for hop in self.hops(JunctionIndex(reached.node)) {
                let effort_m = reached.effort_m + self.effort_m(hop.segment);
                frontier.offer(hop.to.0, effort_m, 0.0, reached.node);
            }
        }
        efforts
    }

    pub(super) fn landmarks_bytes(&self) -> usize {
        self.landmarks.from.len() * size_of::<Distances>()
    }
}
