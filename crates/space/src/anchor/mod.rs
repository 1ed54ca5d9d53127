//! Which street does a door lead to?
//!
//! A plan knows its exits and a map knows its streets, but seldom does either say which belongs
//! to which. A person standing in the doorway sees it: the path straight ahead, not the street
//! behind the house. This module looks the same way: from the door over the forecourt to every
//! street near, through no building, ahead rather than back, and to the entrance that the map shows if it shows one. It answers with
//! probabilities, one of them for "none of these", and says why in words.

mod doors;
mod scene;

use crate::graph::{Belief, PortalIndex};
use crate::joined::Anchor;
use crate::nearby::Nearby;
use crate::passability::BuildingIndex;
use crate::streets::{SegmentIndex, Streets};
use scene::{RADIUS_MAX_M, Scene};

/// An exit on earth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exit {
    /// Where: `[longitude_deg, latitude_deg]`.
    pub at: [f64; 2],
    /// Standard deviation of that in metres, in each direction.
    pub uncertainty_m: f64,
    /// The direction out of the building in metres east and north, of any length, where known.
    pub outward: Option<[f64; 2]>,
}

/// How far to look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// How far from the exit a street may be, in metres, at most 500.
    pub radius_m: f64,
    /// How many candidates to name.
    pub count_max: usize,
    /// Candidates less likely than this are left to "none of these".
    pub probability_min: f64,
}

impl Default for Reach {
    fn default() -> Self {
        Self {
            radius_m: 80.0,
            count_max: 4,
            probability_min: 0.02,
        }
    }
}

/// A street that an exit may lead to.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The segment.
    pub segment: SegmentIndex,
    /// Where on it, as a share of its length, 0..=1.
    pub fraction: f64,
    /// Straight line from the exit, in metres.
    pub gap_m: f64,
    /// Probability that the exit leads there.
    pub probability: f64,
    /// Why, in words.
    pub reason: String,
}

/// The streets that an exit may lead to. All probabilities add up to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidates {
    /// The likeliest first.
    pub candidates: Vec<Candidate>,
    /// Probability that it is none of these.
    pub none: f64,
}

impl Candidates {
    /// The candidates as anchors of an exit.
    pub fn anchors(&self, building: BuildingIndex, exit: PortalIndex) -> Vec<Anchor> {
        let anchor = |candidate: &Candidate| Anchor {
            building,
            exit,
            segment: candidate.segment,
            fraction: candidate.fraction,
            gap_m: candidate.gap_m,
            leads: Belief::Known(candidate.probability),
        };
        self.candidates.iter().map(anchor).collect()
    }
}

/// What stands around: outlines of buildings and entrances that a map shows.
#[derive(Clone, Debug)]
pub struct Surroundings {
    outlines: Vec<Vec<Vec<[f64; 2]>>>,
    outlines_nearby: Nearby,
    entrances: Vec<[f64; 2]>,
    entrances_nearby: Nearby,
}

impl Surroundings {
    /// Files outlines, each a list of rings of `[longitude_deg, latitude_deg]`, and entrances.
    /// The building of an exit is recognised by standing where the exit is, and may be listed
    /// more than once.
    pub fn new(outlines: Vec<Vec<Vec<[f64; 2]>>>, entrances: Vec<[f64; 2]>) -> Self {
        let outer = |rings: &[Vec<[f64; 2]>]| rings.first().cloned().unwrap_or_default();
        let outers: Vec<Vec<[f64; 2]>> = outlines.iter().map(|o| outer(o)).collect();
        Self {
            outlines_nearby: Nearby::new((0..).zip(outers.iter().map(Vec::as_slice))),
            entrances_nearby: Nearby::new((0..).zip(entrances.iter().map(std::slice::from_ref))),
            outlines,
            entrances,
        }
    }

    /// The streets that an exit may lead to.
    pub fn candidates(&self, exit: &Exit, streets: &Streets, reach: &Reach) -> Candidates {
        let scene = Scene::around(exit, self, streets, reach.radius_m.clamp(0.0, RADIUS_MAX_M));
        let mut found = scene.best_points();
        scene.weigh(&mut found, reach)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::earth::Frame;
    use crate::streets::{Segment, StreetKind};
    use expect_test::{Expect, expect};
    use proptest::prelude::*;
    use std::fmt::Write as _;

    const SITE: Frame = Frame {
        latitude_deg: 47.14,
        longitude_deg: 9.52,
        rotation_deg: 0.0,
    };

    fn places(plan: &[(f64, f64)]) -> Vec<[f64; 2]> {
        plan.iter().map(|&(x, y)| SITE.to_earth([x, y])).collect()
    }

    fn rectangle(x: (f64, f64), y: (f64, f64)) -> Vec<Vec<[f64; 2]>> {
        vec![places(&[(x.0, y.0), (x.1, y.0), (x.1, y.1), (x.0, y.1)])]
    }

    fn streets(lines: &[(&[(f64, f64)], StreetKind)]) -> Streets {
        let courses: Vec<Vec<[f64; 2]>> = lines.iter().map(|l| places(l.0)).collect();
        let keys: Vec<String> = (0..2 * lines.len()).map(|i| i.to_string()).collect();
        let segments: Vec<Segment> = (0..lines.len())
            .map(|i| Segment {
                ends: [&keys[2 * i], &keys[2 * i + 1]],
                course: &courses[i],
                kind: lines[i].1,
                walkable: Belief::CERTAIN,
            })
            .collect();
        Streets::new(&segments)
    }

    /// A house of 20 by 10 m with a carriageway 6 m south, a path 15 m north and a neighbour east.
    fn check(door: (f64, f64), uncertainty_m: f64, entrances: &[(f64, f64)], expected: &Expect) {
        let streets = streets(&[
            (&[(-60.0, -6.0), (60.0, -6.0)], StreetKind::Carriageway),
            (&[(-60.0, 25.0), (60.0, 25.0)], StreetKind::Footway),
            (&[(60.0, -6.0), (60.0, 25.0)], StreetKind::Footway),
        ]);
        let outlines = vec![
            rectangle((0.0, 20.0), (0.0, 10.0)),
            rectangle((21.0, 50.0), (0.0, 10.0)),
        ];
        let around = Surroundings::new(outlines, places(entrances));
        let exit = Exit {
            at: SITE.to_earth([door.0, door.1]),
            uncertainty_m,
            outward: None,
        };
        let found = around.candidates(&exit, &streets, &Reach::default());
        let mut text = String::new();
        for c in &found.candidates {
            let _ = writeln!(
                text,
                "{:.2} street {}: {}",
                c.probability, c.segment.0, c.reason
            );
        }
        let _ = writeln!(text, "{:.2} none", found.none);
        expected.assert_eq(&text);
    }

    #[test]
    fn a_front_door_leads_ahead() {
        check(
            (10.0, 0.0),
            0.0,
            &[],
            &expect![[r"
                0.98 street 0: a carriageway, 6 m from the door, straight ahead
                0.02 none
            "]],
        );
    }

    #[test]
    fn a_back_door_leads_to_the_path_behind_the_house() {
        check(
            (10.0, 10.0),
            0.0,
            &[],
            &expect![[r"
                0.91 street 1: a path for people on foot, 15 m from the door, straight ahead
                0.04 street 2: a path for people on foot, 51 m from the door, to the side
                0.05 none
            "]],
        );
    }

    #[test]
    fn a_door_that_may_be_at_either_side_leads_to_either() {
        check(
            (3.0, 5.0),
            5.0,
            &[],
            &expect![[r"
                0.81 street 0: a carriageway, 11 m from the door, straight ahead
                0.16 street 1: a path for people on foot, 20 m from the door, straight ahead
                0.03 none
            "]],
        );
    }

    #[test]
    fn the_entrance_that_the_map_shows_decides() {
        check(
            (3.0, 5.0),
            5.0,
            &[(3.0, 10.0)],
            &expect![[r"
                0.92 street 1: a path for people on foot, 15 m from the door, straight ahead, seen from the entrance that the map shows
                0.02 street 2: a path for people on foot, 58 m from the door, to the side, seen from the entrance that the map shows
                0.06 none
            "]],
        );
    }

    #[test]
    fn no_street_near_is_an_answer() {
        let around = Surroundings::new(Vec::new(), Vec::new());
        let exit = Exit {
            at: [9.52, 47.14],
            uncertainty_m: 3.0,
            outward: None,
        };
        let found = around.candidates(&exit, &streets(&[]), &Reach::default());
        assert_eq!((found.candidates.len(), found.none), (0, 1.0));
    }

    proptest! {
        #[test]
        fn probabilities_add_up_and_paths_pass_by(
            lines in proptest::collection::vec(((-70.0..70.0_f64, -70.0..70.0_f64), (-70.0..70.0_f64, -70.0..70.0_f64)), 0..8),
            door in (0.0..20.0_f64, 0.0..10.0_f64), uncertainty_m in 0.0..8.0_f64,
        ) {
            let answer = |kind: StreetKind| {
                let lines: Vec<[(f64, f64); 2]> = lines.iter().map(|(a, b)| [*a, *b]).collect();
                let lines: Vec<(&[(f64, f64)], StreetKind)> = lines.iter().map(|l| (&l[..], kind)).collect();
                let exit = Exit { at: SITE.to_earth([door.0, door.1]), uncertainty_m, outward: None };
                let house = vec![rectangle((0.0, 20.0), (0.0, 10.0))];
                Surroundings::new(house, Vec::new()).candidates(&exit, &streets(&lines), &Reach::default())
            };
            let paths = answer(StreetKind::Footway);
            let total: f64 = paths.none + paths.candidates.iter().map(|c| c.probability).sum::<f64>();
            prop_assert!((total - 1.0).abs() < 1e-12);
            for c in &paths.candidates {
                prop_assert!(c.gap_m <= 120.0 && (0.0..=1.0).contains(&c.fraction));
            }
            let best = |c: &Candidates| c.candidates.first().map_or(0.0, |c| c.probability);
            prop_assert!(best(&paths) <= best(&answer(StreetKind::Carriageway)) + 1e-12);
        }
    }
}
