//! What a person sees from the doorway: streets, walls and entrances around one exit.
//!
//! The weights were fitted, by likelihood, to the houses of Liechtenstein north of 47.125° whose
//! address names a street (286), and rounded; that of a mapped entrance is a judgement. Each stands
//! below with its meaning in metres of additional way. `cargo xtask score space --only anchors` holds
//! them against the other houses.

use super::doors::{Door, turned};
use super::{Candidate, Candidates, Exit, Reach, Surroundings};
use crate::earth::{Centric, Tangent, centric};
use crate::graph::Belief;
use crate::plan::{Bounds, Point, Polygon};
use crate::streets::{JunctionIndex, SegmentIndex, StreetKind, Streets};
use libm::{exp, log};
use std::fmt::Write as _;

/// So many metres further make a street e times less likely.
const SCALE_M: f64 = 14.0;
/// Behind the door rather than ahead: 24 m. To the side: half of it.
const BEHIND: f64 = 1.7;
/// Through a building: 137 m. Not impossible, passages exist and outlines err.
const THROUGH: f64 = 9.8;
/// Made for feet: 14 m farther. Most such paths pass a house by; the one that leads to its door
/// touches an entrance, if the map shows that.
const FOOTWAY: f64 = -1.0;
/// Touches an entrance that the map shows: 60 m nearer.
const MAPPED_ENTRANCE: f64 = 4.3;
/// "None of these" is as likely as a carriageway straight ahead at 69 m.
const NONE: f64 = -4.9;

/// A door stands in its wall, and outlines are drawn coarsely: so much of a line may lie inside.
const TOLERANCE_M: f64 = 1.0;
/// A mapped entrance this near to an exit (and three times its uncertainty) is that exit.
pub(super) const ENTRANCE_REACH_M: f64 = 5.0;
/// Points of a street are looked at in steps of this length.
const STEP_M: f64 = 4.0;
/// Candidates that end at one point are one.
const SAME_POINT_M: f64 = 1.0;

/// Bounds of the work for one exit.
pub(super) const RADIUS_MAX_M: f64 = 500.0;
const STREETS_MAX: usize = 32;
const OUTLINES_MAX: usize = 256;

/// Everything near one exit, on the plane that touches the earth there.
pub(super) struct Scene {
    doors: Vec<Door>,
    streets: Vec<Street>,
    pub(super) outlines: Vec<Polygon>,
    pub(super) entrances: Vec<Point>,
    radius_m: f64,
}

struct Street {
    segment: SegmentIndex,
    kind: StreetKind,
    walkable: Belief,
    ends: [JunctionIndex; 2],
    points: Vec<Point>,
}

/// A point of a street, seen from the door.
#[derive(Clone, Copy)]
pub(super) struct Sight {
    street: usize,
    fraction: f64,
    at: Point,
    /// The place of the door that it is seen from.
    door: usize,
    score: f64,
}

impl Scene {
    pub(super) fn around(
        exit: &Exit,
        all: &Surroundings,
        streets: &Streets,
        radius_m: f64,
    ) -> Self {
        let plane = Tangent::at(exit.at);
        let flat = |place: &[f64; 2]| point(plane, centric(*place));
        let line = |course: &[[f64; 2]]| course.iter().map(flat).collect::<Vec<Point>>();
        let near = streets.nearest(exit.at, radius_m, STREETS_MAX).into_iter();
        let streets = near.map(|near| Street {
            segment: near.segment,
            kind: streets.kind(near.segment),
            walkable: streets.walkable(near.segment),
            ends: streets.ends(near.segment),
            points: line(streets.course(near.segment)),
        });
        let outlines = all.outlines_nearby.within(exit.at, radius_m).into_iter();
        let rings = outlines.map(|i| all.outlines[i as usize].iter().map(|r| line(r)));
        let uncertainty_m = exit.uncertainty_m.clamp(0.0, radius_m);
        let reach_m = ENTRANCE_REACH_M + 3.0 * uncertainty_m;
        let entrances = all.entrances_nearby.within(exit.at, reach_m).into_iter();
        let entrances = entrances.map(|i| flat(&all.entrances[i as usize]));
        let mut scene = Self {
            doors: Vec::new(),
            streets: streets
                .filter(|s| s.walkable != Belief::Known(0.0))
                .collect(),
            outlines: nearest_first(rings.filter_map(Polygon::new).collect()),
            entrances: entrances
                .filter(|e| e.distance(Point::default()) <= reach_m)
                .collect(),
            radius_m,
        };
        scene.outlines.truncate(OUTLINES_MAX);
        let outward = exit.outward.and_then(|[e, n]| Point::new(e, n).unit());
        scene.doors = scene.places_of_door(uncertainty_m, outward);
        scene
    }

    /// The place of the door from which one most likely goes to a street.
    fn door_towards(&self, street: usize) -> usize {
        let points = &self.streets[street].points;
        let worth = |door: &Door| {
            let pieces = points.windows(2);
            let gap_m = pieces.fold(f64::INFINITY, |d, w| {
                d.min(foot(door.at, w[0], w[1]).distance(door.at))
            });
            log(door.weight) - gap_m / SCALE_M
        };
        let worths = self.doors.iter().map(worth).enumerate();
        let best = worths.reduce(|a, b| if b.1 > a.1 { b } else { a });
        best.map_or(0, |b| b.0)
    }

    /// The point of each street that is best seen from where the door most likely is.
    pub(super) fn best_points(&self) -> Vec<Sight> {
        let mut best: Vec<Sight> = Vec::new();
        for street in 0..self.streets.len() {
            let place = self.door_towards(street);
            let door = &self.doors[place];
            let points = self.points_of(street, door.at).into_iter();
            let seen = points.map(|(at, fraction)| Sight {
                street,
                fraction,
                at,
                door: place,
                score: self.score(door, street, at),
            });
            best.extend(seen.reduce(|a, b| if b.score > a.score { b } else { a }));
        }
        best.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.street.cmp(&b.street)));
        let mut apart: Vec<Sight> = Vec::new();
        for sight in best {
            let is_same = |s: &Sight| s.at.distance(sight.at) <= SAME_POINT_M;
            if !apart
                .iter()
                .any(|s| is_same(s) || self.continues(s, &sight))
            {
                apart.push(sight);
            }
        }
        apart
    }

    /// Whether the second is best reached where it leaves the first: not another street that the
    /// door leads to, but the way on from there.
    fn continues(&self, first: &Sight, second: &Sight) -> bool {
        let [start, end] = self.streets[second.street].ends;
        let at_end = |share: f64| (second.fraction - share).abs() < 1e-6;
        let ends = self.streets[first.street].ends;
        at_end(0.0) && ends.contains(&start) || at_end(1.0) && ends.contains(&end)
    }

    /// Points along a street within the radius, the nearest one first, with the share of its
    /// length at each.
    fn points_of(&self, street: usize, door: Point) -> Vec<(Point, f64)> {
        let points = &self.streets[street].points;
        let pieces = || points.windows(2).map(|w| (w[0], w[1]));
        let length_m: f64 = pieces().map(|(a, b)| a.distance(b)).sum();
        let mut found: Vec<(Point, f64)> = Vec::new();
        let mut nearest = (f64::INFINITY, 0);
        let mut behind_m = 0.0;
        for (a, b) in pieces() {
            let piece_m = a.distance(b);
            let at_foot = foot(door, a, b);
            let share = |p: Point| ((behind_m + a.distance(p)) / length_m.max(1e-9)).min(1.0);
            if at_foot.distance(door) < nearest.0 {
                nearest = (at_foot.distance(door), found.len());
            }
            found.push((at_foot, share(at_foot)));
            if segment_may_reach(a, b, door, self.radius_m) {
                let steps =
                    ((piece_m / STEP_M) as usize).min((4.0 * RADIUS_MAX_M / STEP_M) as usize);
                for i in 0..=steps {
                    let p = a.along(b.minus(a), i as f64 / steps.max(1) as f64);
                    if p.distance(door) <= self.radius_m {
                        found.push((p, share(p)));
                    }
                }
            }
            behind_m += piece_m;
        }
        let first = nearest.1.min(found.len().saturating_sub(1));
        if !found.is_empty() {
            found.swap(0, first);
        }
        found
    }

    /// Logarithm of how likely somebody leaving by a door goes to a point of a street.
    fn score(&self, door: &Door, street: usize, to: Point) -> f64 {
        let way = &self.streets[street];
        let made_for_feet = f64::from(u8::from(way.kind != StreetKind::Carriageway));
        let mapped = f64::from(u8::from(self.is_at_entrance(way)));
        let through = f64::from(u8::from(self.is_through_building(door.at, to)));
        let walkable = way.walkable.probability().map_or(0.0, |p| log(p.max(1e-3)));
        -door.at.distance(to) / SCALE_M - BEHIND / 2.0 * turned(door, to) - THROUGH * through
            + FOOTWAY * made_for_feet
            + MAPPED_ENTRANCE * mapped
            + walkable
    }

    fn is_at_entrance(&self, street: &Street) -> bool {
        let touches = |e: &Point| {
            let pieces = street.points.windows(2);
            pieces.fold(f64::INFINITY, |d, w| {
                d.min(foot(*e, w[0], w[1]).distance(*e))
            }) < 0.5
        };
        self.entrances.iter().any(touches)
    }

    fn is_through_building(&self, from: Point, to: Point) -> bool {
        let line = Bounds::of([from, to]);
        let met = self.outlines.iter().filter(|o| o.bounds().meets(&line));
        met.map(|o| inside_m(o, from, to)).any(|m| m > TOLERANCE_M)
    }

    /// Turns scores into probabilities: the shares of the streets and of none over all places where
    /// the door may be at once. Doors are put where they lead somewhere: of two walls, the one that
    /// faces a street weighs more.
    pub(super) fn weigh(&self, found: &mut [Sight], reach: &Reach) -> Candidates {
        let mut shares = vec![0.0; found.len()];
        let mut total = 0.0;
        for door in &self.doors {
            total += door.weight * exp(NONE);
            for (share, sight) in shares.iter_mut().zip(found.iter()) {
                let weight = door.weight * exp(self.score(door, sight.street, sight.at));
                *share += weight;
                total += weight;
            }
        }
        for share in &mut shares {
            *share /= total;
        }
        let seen_from = |sight: &Sight| &self.doors[sight.door];
        let mut candidates: Vec<Candidate> = found
            .iter()
            .zip(shares)
            .filter(|(_, share)| *share >= reach.probability_min)
            .map(|(sight, probability)| Candidate {
                segment: self.streets[sight.street].segment,
                fraction: sight.fraction,
                gap_m: seen_from(sight).at.distance(sight.at),
                probability,
                reason: self.reason(seen_from(sight), sight),
            })
            .collect();
        candidates.sort_by(|a, b| {
            let order = b.probability.total_cmp(&a.probability);
            order.then(a.segment.cmp(&b.segment))
        });
        candidates.truncate(reach.count_max);
        let named: f64 = candidates.iter().map(|c| c.probability).sum();
        Candidates {
            candidates,
            none: (1.0 - named).max(0.0),
        }
    }

    fn reason(&self, door: &Door, sight: &Sight) -> String {
        let street = &self.streets[sight.street];
        let kind = match street.kind {
            StreetKind::Footway => "a path for people on foot",
            StreetKind::Steps => "outdoor steps",
            StreetKind::Carriageway => "a carriageway",
        };
        let gap_m = door.at.distance(sight.at);
        let mut words = format!("{kind}, {gap_m:.0} m from the door");
        if door.outward.is_some() && gap_m > TOLERANCE_M {
            words.push_str(match turned(door, sight.at) {
                t if t < 0.5 => ", straight ahead",
                t if t < 1.5 => ", to the side",
                _ => ", behind it",
            });
        }
        if self.is_at_entrance(street) {
            words.push_str(", touches the entrance that the map shows");
        } else if !self.entrances.is_empty() {
            words.push_str(", seen from the entrance that the map shows");
        }
        if self.is_through_building(door.at, sight.at) {
            words.push_str(", but a building stands between");
        }
        match street.walkable {
            Belief::Unknown => words.push_str(", nobody knows whether one may walk there"),
            Belief::Known(p) if p < 0.5 => {
                let _ = write!(
                    words,
                    ", and people on foot may use it with probability {p:.2} only"
                );
            }
            Belief::Known(_) => {}
        }
        words
    }
}

fn point(plane: Tangent, place: Centric) -> Point {
    let [x, y] = plane.plane(place);
    Point::new(x, y)
}

/// The point of a line from `a` to `b` that is nearest to `p`.
pub(super) fn foot(p: Point, a: Point, b: Point) -> Point {
    let d = b.minus(a);
    let share = p.minus(a).dot(d) / d.dot(d);
    a.along(
        d,
        if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.0
        },
    )
}

fn segment_may_reach(a: Point, b: Point, from: Point, radius_m: f64) -> bool {
    foot(from, a, b).distance(from) <= radius_m
}

fn nearest_first(mut outlines: Vec<Polygon>) -> Vec<Polygon> {
    outlines.sort_by_cached_key(|o| (o.edge_distance_m(Point::default()) * 1e6) as u64);
    outlines
}

/// How much of the line from `a` to `b` lies inside an outline.
fn inside_m(outline: &Polygon, a: Point, b: Point) -> f64 {
    let d = b.minus(a);
    let mut cuts: Vec<f64> = outline
        .edges()
        .filter_map(|(p, q)| cut(a, d, p, q))
        .collect();
    cuts.extend([0.0, 1.0]);
    cuts.sort_by(f64::total_cmp);
    let pieces = cuts.windows(2);
    let inside = pieces.filter(|w| outline.contains(a.along(d, f64::midpoint(w[0], w[1]))));
    inside.map(|w| (w[1] - w[0]) * a.distance(b)).sum()
}

/// Where a line from `a` along `d` crosses an edge, as a share of `d`.
fn cut(a: Point, d: Point, p: Point, q: Point) -> Option<f64> {
    let edge = q.minus(p);
    let across = d.cross(edge);
    let (t, u) = (
        p.minus(a).cross(edge) / across,
        p.minus(a).cross(d) / across,
    );
    ((0.0..=1.0).contains(&t) && (0.0..=1.0).contains(&u)).then_some(t)
}
