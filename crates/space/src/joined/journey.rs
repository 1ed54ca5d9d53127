//! A way through buildings and streets, leg by leg, with what could go wrong on it.

use super::nodes::Node;
use super::search::{Search, Spot};
use super::{AnchorIndex, Joined, Link};
use crate::graph::Belief;
use crate::passability::BuildingIndex;
use crate::route::Route;
use crate::route::indoors::{Crossing, Start};
use crate::streets::{JunctionIndex, SegmentIndex};

/// A way.
#[derive(Clone, Debug, PartialEq)]
pub struct Journey {
    /// Stretches inside and outside, in order.
    pub legs: Vec<Leg>,
    /// Walking distance in metres, stairs along their slope.
    pub length_m: f64,
    /// The same as metres of level floor; what is minimised.
    pub effort_m: f64,
    /// Probability that everything on it of which something is known works: portals, spaces and
    /// anchors taken as independent, of the streets of one leg the least certain one, because
    /// what is believed of them comes from the same tags.
    pub probability: f64,
    /// What it relies on and nobody knows; the probability says nothing of these.
    pub unknown: Vec<Link>,
    /// Portals, anchors and streets that are not certain, the least certain first, unknown ones
    /// before any other. The first is the one to check.
    pub doubts: Vec<(Link, Belief)>,
    /// Legs indoors whose length is assumed because a position is not known.
    pub unmeasured_legs: usize,
}

impl Journey {
    /// The portal, anchor or street that is least certain; `None` when all are certain.
    pub fn least_certain(&self) -> Option<Link> {
        self.doubts.first().map(|d| d.0)
    }
}

/// One stretch.
#[derive(Clone, Debug, PartialEq)]
pub enum Leg {
    /// Inside a building.
    Indoors(IndoorLeg),
    /// From door to door, or to a place on a street.
    Outdoors(OutdoorLeg),
}

/// A stretch inside a building.
#[derive(Clone, Debug, PartialEq)]
pub struct IndoorLeg {
    /// The building.
    pub building: BuildingIndex,
    /// The way through it. Where it comes in from outside, the first portal leads into the first
    /// space.
    pub route: Route,
}

/// A stretch between buildings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutdoorLeg {
    /// The anchor of the exit that it leaves by, if it comes out of a building.
    pub from: Option<AnchorIndex>,
    /// The streets in order.
    pub steps: Vec<StreetStep>,
    /// The anchor of the exit that it enters by, if it goes into a building.
    pub to: Option<AnchorIndex>,
    /// Length in metres, from the door and to the door included.
    pub length_m: f64,
    /// The same as metres of level floor.
    pub effort_m: f64,
    /// Probability that it works, as for [`Journey::probability`].
    pub probability: f64,
}

/// A segment or a part of it, walked from one share of its length to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StreetStep {
    /// The segment.
    pub segment: SegmentIndex,
    /// Where it is entered, 0..=1.
    pub from: f64,
    /// Where it is left; smaller than `from` when walked against its direction.
    pub to: f64,
}

/// Somewhere on a street.
#[derive(Clone, Copy, Debug)]
enum At {
    Junction(JunctionIndex),
    On(SegmentIndex, f64),
}

impl Search<'_> {
    /// The journey along the nodes found.
    pub(super) fn describe(&self, path: &[u32]) -> Journey {
        let mut telling = Telling::new(self);
        for &node in path {
            match self.joined.node(node) {
                Node::Crossing(building, crossing) => telling.cross(building, crossing),
                Node::Anchor(anchor) => telling.pass(anchor),
                Node::Junction(junction) => telling.walk_to(At::Junction(junction)),
                Node::Goal => telling.walk_to_goal(),
            }
        }
        telling.end()
    }
}

/// A journey while it is put together.
struct Telling<'s, 'j> {
    search: &'s Search<'j>,
    legs: Vec<Leg>,
    inside: Option<Inside>,
    outside: Option<OutdoorLeg>,
    at: Option<At>,
    /// The anchor passed last, by which a building may be entered.
    anchor: Option<AnchorIndex>,
}

struct Inside {
    building: BuildingIndex,
    start: Start,
    crossed: Vec<Crossing>,
}

impl<'s, 'j> Telling<'s, 'j> {
    fn new(search: &'s Search<'j>) -> Self {
        let mut telling = Self {
            search,
            legs: Vec::new(),
            inside: None,
            outside: None,
            at: None,
            anchor: None,
        };
        match search.ends().0 {
            Spot::Space(building, space) => {
                telling.inside = Some(Inside {
                    building,
                    start: Start::In(space),
                    crossed: Vec::new(),
                });
            }
            Spot::Street {
                segment,
                fraction,
                off_m,
            } => {
                telling.outside = Some(OutdoorLeg::default());
                telling.at = Some(At::On(segment, fraction));
                telling.walk_off_street(off_m);
            }
            Spot::Any => telling.outside = Some(OutdoorLeg::default()),
        }
        telling
    }

    fn joined(&self) -> &'j Joined {
        self.search.joined
    }

    fn cross(&mut self, building: BuildingIndex, crossing: u32) {
        if let Some(mut outside) = self.outside.take() {
            outside.to = self.anchor;
            let gap_m = self.anchor.map_or(0.0, |a| self.joined().anchor(a).gap_m);
            outside.length_m += gap_m;
            outside.effort_m += gap_m;
            self.legs.push(Leg::Outdoors(outside));
        }
        let crossed = self.search.indoors(building).crossing(crossing);
        let inside = self.inside.get_or_insert_with(|| Inside {
            building,
            start: Start::Outside,
            crossed: Vec::new(),
        });
        inside.crossed.push(crossed);
    }

    /// To an anchor: out of its exit, or along the street.
    fn pass(&mut self, index: AnchorIndex) {
        let anchor = *self.joined().anchor(index);
        let here = At::On(anchor.segment, anchor.fraction);
        if self.inside.is_some() {
            self.leave_building();
            self.outside = Some(OutdoorLeg {
                from: Some(index),
                ..OutdoorLeg::default()
            });
            self.walk_off_street(anchor.gap_m);
        } else if self.at.is_some() {
            self.walk_to(here);
        }
        self.at = Some(here);
        self.anchor = Some(index);
    }

    fn leave_building(&mut self) {
        if let Some(inside) = self.inside.take() {
            let indoors = self.search.indoors(inside.building);
            self.legs.push(Leg::Indoors(IndoorLeg {
                building: inside.building,
                route: indoors.describe(inside.start, &inside.crossed),
            }));
        }
    }

    fn walk_off_street(&mut self, metres: f64) {
        if let Some(leg) = &mut self.outside {
            leg.length_m += metres;
            leg.effort_m += metres;
        }
    }

    fn walk_to_goal(&mut self) {
        if let Spot::Street {
            segment, fraction, ..
        } = self.search.ends().1
        {
            self.walk_to(At::On(segment, fraction));
        }
    }

    fn walk_to(&mut self, to: At) {
        let step = match (self.at.replace(to), to) {
            (Some(At::Junction(a)), At::Junction(b)) => self.between_junctions(a, b),
            (Some(At::Junction(a)), At::On(segment, to)) => Some(StreetStep {
                segment,
                from: self.end_at(segment, a, to),
                to,
            }),
            (Some(At::On(segment, from)), At::Junction(b)) => Some(StreetStep {
                segment,
                from,
                to: self.end_at(segment, b, from),
            }),
            (Some(At::On(segment, from)), At::On(_, to)) => Some(StreetStep { segment, from, to }),
            (None, _) => None,
        };
        if let (Some(step), Some(leg)) = (step, &mut self.outside) {
            leg.walk(step, self.search.joined);
        }
    }

    /// The segment of least effort between neighbouring junctions.
    fn between_junctions(&self, a: JunctionIndex, b: JunctionIndex) -> Option<StreetStep> {
        let streets = &self.joined().streets;
        let hops = streets.hops(a).iter();
        let admitted = hops.filter(|h| h.to == b && self.search.admits_street(h.segment));
        let least = admitted.min_by(|x, y| {
            let effort = streets
                .effort_m(x.segment)
                .total_cmp(&streets.effort_m(y.segment));
            effort.then(x.segment.cmp(&y.segment))
        })?;
        let forward = streets.ends(least.segment)[0] == a;
        Some(StreetStep {
            segment: least.segment,
            from: if forward { 0.0 } else { 1.0 },
            to: if forward { 1.0 } else { 0.0 },
        })
    }

    /// Which end of a segment a junction is; of one that begins and ends there, the nearer one.
    fn end_at(&self, segment: SegmentIndex, junction: JunctionIndex, fraction: f64) -> f64 {
        match self.joined().streets.ends(segment) {
            [first, last] if first == last => fraction.round(),
            [first, _] if first == junction => 0.0,
            _ => 1.0,
        }
    }

    fn end(mut self) -> Journey {
        self.leave_building();
        if let Spot::Street { off_m, .. } = self.search.ends().1 {
            self.walk_off_street(off_m);
        }
        self.legs.extend(self.outside.take().map(Leg::Outdoors));
        let search = self.search;
        Journey::of(self.legs, search)
    }
}

impl OutdoorLeg {
    fn walk(&mut self, step: StreetStep, joined: &Joined) {
        let share = (step.to - step.from).abs();
        self.length_m += share * joined.streets.length_m(step.segment);
        self.effort_m += share * joined.streets.effort_m(step.segment);
        match self.steps.last_mut() {
            Some(last) if last.segment == step.segment && last.to == step.from => last.to = step.to,
            _ if share > 0.0 => self.steps.push(step),
            _ => {}
        }
    }
}

impl Journey {
    fn of(legs: Vec<Leg>, search: &Search<'_>) -> Self {
        let mut journey = Self {
            legs: Vec::new(),
            length_m: 0.0,
            effort_m: 0.0,
            probability: 1.0,
            unknown: Vec::new(),
            doubts: Vec::new(),
            unmeasured_legs: 0,
        };
        for leg in legs {
            let leg = match leg {
                Leg::Indoors(leg) => journey.indoors(leg, search),
                Leg::Outdoors(leg) => journey.outdoors(leg, search),
            };
            journey.legs.push(leg);
        }
        journey.doubts.sort_by(|a, b| {
            let order = a.1.certainty().total_cmp(&b.1.certainty());
            order.then(a.0.cmp(&b.0))
        });
        journey.doubts.dedup_by_key(|d| d.0);
        let unknown = journey.doubts.iter().filter(|d| d.1 == Belief::Unknown);
        journey.unknown = unknown.map(|d| d.0).collect();
        journey
    }

    fn indoors(&mut self, leg: IndoorLeg, search: &Search<'_>) -> Leg {
        self.length_m += leg.route.length_m;
        self.effort_m += leg.route.effort_m;
        self.probability *= leg.route.probability;
        self.unmeasured_legs += leg.route.unmeasured_legs;
        let indoors = search.indoors(leg.building);
        for &portal in &leg.route.portals {
            self.doubt(Link::Portal(leg.building, portal), indoors.works(portal));
        }
        Leg::Indoors(leg)
    }

    fn outdoors(&mut self, mut leg: OutdoorLeg, search: &Search<'_>) -> Leg {
        leg.probability = 1.0;
        for step in &leg.steps {
            let walkable = search.walkable(step.segment);
            self.doubt(Link::Street(step.segment), walkable);
            leg.probability = walkable
                .probability()
                .map_or(leg.probability, |p| leg.probability.min(p));
        }
        for anchor in [leg.from, leg.to].into_iter().flatten() {
            let leads = search.joined.anchor(anchor).leads;
            self.doubt(Link::Anchor(anchor), leads);
            leg.probability *= leads.probability().unwrap_or(1.0);
        }
        self.length_m += leg.length_m;
        self.effort_m += leg.effort_m;
        self.probability *= leg.probability;
        Leg::Outdoors(leg)
    }

    fn doubt(&mut self, link: Link, belief: Belief) {
        if belief.certainty() < 1.0 {
            self.doubts.push((link, belief));
        }
    }
}
