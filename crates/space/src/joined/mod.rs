//! Buildings and streets as one: a way from a hospital bed to the fire station and back.
//!
//! People do not stop at the façade. The way out leads through doors and down stairs, out of an
//! exit, over the forecourt and along the street; the responders come the other way. [`Joined`]
//! hangs the graphs of any number of buildings onto the streets at their exits. Which street an
//! exit leads to is itself only believed: an [`Anchor`], as doubtful as a door.
//!
//! A way does not lead through buildings other than those where it begins and ends, unless
//! [`JourneyOptions::through_buildings`] asks for that.

mod ahead;
mod journey;
mod nodes;
#[cfg(test)]
mod plain;
mod search;
mod survey;
#[cfg(test)]
mod tests;

use crate::earth::{Centric, centric};
use crate::graph::{Belief, Graph, PortalIndex, SpaceIndex};
use crate::passability::{BuildingIndex, Passability};
use crate::route::RouteOptions;
use crate::streets::{SegmentIndex, Streets};
use search::{Search, Spot};
use std::sync::Arc;
use survey::Survey;

pub use journey::{IndoorLeg, Journey, Leg, OutdoorLeg, StreetStep};

/// An anchor by its place in [`Joined::anchors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnchorIndex(pub u32);

/// That an exit of a building leads to a street.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anchor {
    /// The building.
    pub building: BuildingIndex,
    /// Its exit: a portal with one space that leads out.
    pub exit: PortalIndex,
    /// The segment that it leads to.
    pub segment: SegmentIndex,
    /// Where on the segment, as a share of its length, 0..=1.
    pub fraction: f64,
    /// From the exit to that point, in metres.
    pub gap_m: f64,
    /// How far it is believed.
    pub leads: Belief,
}

/// Where a way begins or ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// A space of a building.
    Space(BuildingIndex, SpaceIndex),
    /// A point of a segment, by the share of its length.
    Street(SegmentIndex, f64),
    /// The street nearest to `[longitude_deg, latitude_deg]`.
    Nearest([f64; 2]),
    /// Any street that an exit of the building at the other end leads to.
    AnyStreet,
}

/// What cannot be relied on for sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Link {
    /// A portal of a building.
    Portal(BuildingIndex, PortalIndex),
    /// A space of a building.
    Space(BuildingIndex, SpaceIndex),
    /// That an exit leads to a street.
    Anchor(AnchorIndex),
    /// A street segment.
    Street(SegmentIndex),
}

/// What the caller is ready to rely on.
#[derive(Clone, Debug)]
pub struct JourneyOptions {
    /// Use what nobody knows whether it exists or can be passed.
    pub admit_unknown: bool,
    /// Use no portal, space or segment that is known to work with less than this probability.
    pub probability_min: f64,
    /// Use no anchor that is believed less than this. Lower than for doors: that an exit leads to
    /// one of two streets beside it is no reason to stay inside.
    pub anchor_probability_min: f64,
    /// Use lifts. Off in a fire, unless they are firefighters' lifts.
    pub admit_lifts: bool,
    /// Walk also through buildings other than those at either end. Costs a search without
    /// direction.
    pub through_buildings: bool,
    /// What not to use.
    pub avoid: Vec<Link>,
    /// How far a street may be from [`Place::Nearest`], in metres.
    pub nearest_radius_m: f64,
}

impl Default for JourneyOptions {
    fn default() -> Self {
        Self {
            admit_unknown: false,
            probability_min: 0.5,
            anchor_probability_min: 0.1,
            admit_lifts: false,
            through_buildings: false,
            avoid: Vec::new(),
            nearest_radius_m: 250.0,
        }
    }
}

impl JourneyOptions {
    fn indoors(&self, building: BuildingIndex) -> RouteOptions {
        let mut options = RouteOptions {
            admit_unknown: self.admit_unknown,
            probability_min: self.probability_min,
            admit_lifts: self.admit_lifts,
            ..RouteOptions::default()
        };
        for link in &self.avoid {
            match *link {
                Link::Portal(b, portal) if b == building => options.avoid_portals.push(portal),
                Link::Space(b, space) if b == building => options.avoid_spaces.push(space),
                _ => {}
            }
        }
        options
    }
}

/// Why there is no journey.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// A building, space or segment that is not in the lists, or no building at either end.
    #[error("the way begins or ends nowhere")]
    NoSuchPlace,
    /// A place off the streets.
    #[error("no street that may be used lies within {radius_m} m")]
    NoStreetNear {
        /// How far it was looked for.
        radius_m: f64,
    },
    /// Every way is blocked, doubtful or unknown under these options.
    #[error("no way leads there")]
    NoWay,
}

/// Streets, buildings and what joins them. Built again when their structure changes; what is
/// believed of passing comes with each question.
#[derive(Clone, Debug)]
pub struct Joined {
    streets: Arc<Streets>,
    buildings: Vec<Arc<Graph>>,
    anchors: Vec<Anchor>,
    /// Where each anchor lies on its segment.
    places: Vec<Centric>,
    /// Usable anchors by building and exit.
    by_exit: Vec<AnchorIndex>,
    /// Usable anchors in compressed rows by segment, each row in order along it.
    segment_starts: Vec<u32>,
    by_segment: Vec<AnchorIndex>,
    /// First node of each building in a search, and one past the last.
    bases: Vec<u32>,
    /// By building, how far its doors are from its exits.
    surveys: Vec<Survey>,
}

impl Joined {
    /// Hangs buildings onto streets. Anchors that name what is not there keep their index and
    /// join nothing.
    pub fn new(streets: Arc<Streets>, buildings: Vec<Arc<Graph>>, anchors: Vec<Anchor>) -> Self {
        let place = |a: &Anchor| place_of(&streets, &buildings, a);
        let places: Vec<Option<[f64; 2]>> = anchors.iter().map(place).collect();
        let usable = |i: &AnchorIndex| places[i.0 as usize].is_some();
        let of = |i: &AnchorIndex| &anchors[i.0 as usize];
        let mut by_exit: Vec<AnchorIndex> = (0..anchors.len() as u32)
            .map(AnchorIndex)
            .filter(usable)
            .collect();
        let mut by_segment = by_exit.clone();
        by_exit.sort_by_key(|i| (of(i).building, of(i).exit, *i));
        by_segment.sort_by(|i, j| {
            let segment = of(i).segment.cmp(&of(j).segment);
            let along = of(i).fraction.total_cmp(&of(j).fraction);
            segment.then(along).then(i.cmp(j))
        });
        let mut segment_starts = vec![0; streets.segment_count() + 1];
        for i in &by_segment {
            segment_starts[of(i).segment.0 as usize + 1] += 1;
        }
        add_up(&mut segment_starts);
        let mut bases = vec![(streets.junction_count() + anchors.len()) as u32 + 1];
        bases.extend(buildings.iter().map(|b| b.portals().len() as u32 * 2));
        add_up(&mut bases);
        let of_building = |b: u32| {
            let begin = by_exit.partition_point(|i| of(i).building.0 < b);
            let rest = by_exit[begin..].iter().map(of);
            rest.take_while(move |a| a.building.0 == b)
        };
        let surveys = (0..).zip(&buildings);
        let surveys = surveys.map(|(b, graph)| Survey::of(graph, of_building(b)));
        Self {
            surveys: surveys.collect(),
            places: places.iter().map(|p| p.map_or([0.0; 3], centric)).collect(),
            streets,
            buildings,
            anchors,
            by_exit,
            segment_starts,
            by_segment,
            bases,
        }
    }

    /// The streets.
    pub fn streets(&self) -> &Streets {
        &self.streets
    }

    /// The buildings, by index.
    pub fn buildings(&self) -> &[Arc<Graph>] {
        &self.buildings
    }

    /// The anchors, by index.
    pub fn anchors(&self) -> &[Anchor] {
        &self.anchors
    }

    /// An anchor.
    pub fn anchor(&self, anchor: AnchorIndex) -> &Anchor {
        &self.anchors[anchor.0 as usize]
    }

    /// The way of least effort by what is believed now.
    pub fn route(
        &self,
        from: Place,
        to: Place,
        options: &JourneyOptions,
        now: &dyn Passability,
    ) -> Result<Journey, Error> {
        let from = self.resolve(from, options, now)?;
        let to = self.resolve(to, options, now)?;
        if from == Spot::Any && to.building().is_none()
            || to == Spot::Any && from.building().is_none()
        {
            return Err(Error::NoSuchPlace);
        }
        let search = Search::new(self, options, now, from, to);
        let path = search.run().ok_or(Error::NoWay)?;
        Ok(search.describe(&path))
    }

    /// For each of the least certain links of a journey, at most `count_max`, the way of least
    /// effort without it: `None` where it is the only way.
    pub fn alternatives(
        &self,
        journey: &Journey,
        (from, to): (Place, Place),
        options: &JourneyOptions,
        now: &dyn Passability,
        count_max: usize,
    ) -> Vec<(Link, Option<Journey>)> {
        let doubtful = journey.doubts.iter().take(count_max);
        doubtful
            .map(|&(link, _)| {
                let mut without = options.clone();
                without.avoid.push(link);
                (link, self.route(from, to, &without, now).ok())
            })
            .collect()
    }

    fn resolve(
        &self,
        place: Place,
        options: &JourneyOptions,
        now: &dyn Passability,
    ) -> Result<Spot, Error> {
        match place {
            Place::Space(building, space) => {
                let graph = self.buildings.get(building.0 as usize);
                let there = graph.filter(|g| (space.0 as usize) < g.spaces().len());
                there
                    .map(|_| Spot::Space(building, space))
                    .ok_or(Error::NoSuchPlace)
            }
            Place::Street(segment, fraction) => self.on_street(segment, fraction, 0.0),
            Place::Nearest(at) => {
                let radius_m = options.nearest_radius_m;
                let near = self.nearest_walkable(at, options, now);
                let near = near.ok_or(Error::NoStreetNear { radius_m })?;
                self.on_street(near.segment, near.fraction, near.distance_m)
            }
            Place::AnyStreet => Ok(Spot::Any),
        }
    }

    fn on_street(&self, segment: SegmentIndex, fraction: f64, off_m: f64) -> Result<Spot, Error> {
        let known = (segment.0 as usize) < self.streets.segment_count();
        if !known || self.streets.course(segment).is_empty() || fraction.is_nan() {
            return Err(Error::NoSuchPlace);
        }
        Ok(Spot::Street {
            segment,
            fraction: fraction.clamp(0.0, 1.0),
            off_m,
        })
    }
}

fn place_of(streets: &Streets, buildings: &[Arc<Graph>], anchor: &Anchor) -> Option<[f64; 2]> {
    let graph = buildings.get(anchor.building.0 as usize)?;
    graph.portals().get(anchor.exit.0 as usize)?;
    let sound = (0.0..=1.0).contains(&anchor.fraction) && anchor.gap_m >= 0.0;
    if !sound || anchor.segment.0 as usize >= streets.segment_count() {
        return None;
    }
    streets.place(anchor.segment, anchor.fraction)
}

fn add_up(counts: &mut [u32]) {
    for i in 1..counts.len() {
        counts[i] += counts[i - 1];
    }
}

impl Joined {
    /// The anchors on a segment in order along it.
    fn anchors_on(&self, segment: SegmentIndex) -> &[AnchorIndex] {
        let i = segment.0 as usize;
        &self.by_segment[self.segment_starts[i] as usize..self.segment_starts[i + 1] as usize]
    }

    /// The anchors of a building; those of one exit lie together.
    fn anchors_of(&self, building: BuildingIndex) -> &[AnchorIndex] {
        self.filed(|a| a.building, &building)
    }

    /// The anchors of an exit.
    fn anchors_of_exit(&self, building: BuildingIndex, exit: PortalIndex) -> &[AnchorIndex] {
        self.filed(|a| (a.building, a.exit), &(building, exit))
    }

    fn filed<K: Ord>(&self, key: impl Fn(&Anchor) -> K, wanted: &K) -> &[AnchorIndex] {
        let first = self
            .by_exit
            .partition_point(|&i| key(self.anchor(i)) < *wanted);
        let rest = &self.by_exit[first..];
        &rest[..rest.partition_point(|&i| key(self.anchor(i)) <= *wanted)]
    }
}
