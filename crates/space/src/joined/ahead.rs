//! How much of a way is still ahead, at least.
//!
//! From a place on the streets the goal is never nearer than the straight line, nor than its
//! distances to the town's landmarks tell. Inside the building where the goal lies the way from
//! every door is worked out beforehand, from the goal backwards: so a room behind a blocked door
//! does not cost a walk through the whole town.

use super::search::{Search, Spot};
use super::survey::COLUMNS;
use super::{AnchorIndex, Joined};
use crate::earth::{Centric, centric, straight_m};
use crate::graph::SpaceIndex;
use crate::passability::BuildingIndex;
use crate::streets::JunctionIndex;
use crate::streets::landmarks::{Distances, Span, at_least};

/// Lower bounds of the effort to one goal.
#[derive(Clone, Debug)]
pub(super) struct Ahead {
    /// On the streets the goal, or every anchor that leads to it, lies within so many metres of
    /// the centre; `None` where none does.
    ball: Option<(Centric, f64)>,
    landmarks: Option<Span>,
    /// From the street to the goal, at least.
    inside_m: f64,
    /// By node, for crossings of the building of the goal.
    crossings: Vec<f64>,
}

impl Ahead {
    /// To a space or to a point of a street; of any street nothing is known in advance.
    pub(super) fn to(search: &Search<'_>, goal: Spot) -> Option<Self> {
        match goal {
            Spot::Space(building, space) => Some(Self::to_space(search, building, space)),
            Spot::Street {
                segment, fraction, ..
            } => {
                let streets = &search.joined.streets;
                let place = streets.place(segment, fraction)?;
                Some(Self {
                    ball: search.admits_street(segment).then(|| (centric(place), 0.0)),
                    landmarks: Span::of(
                        streets.distances_on(segment, fraction).into_iter(),
                        search.first_distances(),
                    ),
                    inside_m: 0.0,
                    crossings: Vec::new(),
                })
            }
            Spot::Any => None,
        }
    }

    fn to_space(search: &Search<'_>, building: BuildingIndex, space: SpaceIndex) -> Self {
        let joined = search.joined;
        let mut entries: Vec<AnchorIndex> = joined.anchors_of(building).to_vec();
        entries.retain(|&a| search.admits_entry(a));
        // By exit, as they are filed.
        let exit = |a: &AnchorIndex| joined.anchor(*a).exit.0 * 2;
        let is_entry = |node: u32| entries.binary_search_by_key(&node, exit).is_ok();
        let crossings = search.indoors(building).efforts_to(space, is_entry);
        let inside_m = |index: AnchorIndex| {
            let anchor = joined.anchor(index);
            anchor.gap_m + crossings[anchor.exit.0 as usize * 2]
        };
        entries.retain(|&a| inside_m(a).is_finite());
        let distances = entries.iter().filter_map(|&a| {
            let anchor = joined.anchor(a);
            joined.streets.distances_on(anchor.segment, anchor.fraction)
        });
        Self {
            ball: joined.ball(&entries),
            landmarks: Span::of(distances, search.first_distances()),
            inside_m: entries
                .iter()
                .map(|&a| inside_m(a))
                .fold(f64::INFINITY, f64::min),
            crossings,
        }
    }

    pub(super) fn of_junction(&self, joined: &Joined, junction: JunctionIndex) -> f64 {
        let place = joined.streets.junction(junction);
        self.at(place, joined.streets.distances(junction))
    }

    pub(super) fn of_anchor(&self, joined: &Joined, anchor: AnchorIndex) -> f64 {
        let a = joined.anchor(anchor);
        let distances = joined.streets.distances_on(a.segment, a.fraction);
        self.at(joined.places[anchor.0 as usize], distances.as_ref())
    }

    /// Behind a crossing of the building of the goal: who stays inside has that way, who goes out
    /// must come in again.
    pub(super) fn of_crossing(&self, crossing: u32) -> f64 {
        self.crossings[crossing as usize].min(self.inside_m)
    }

    fn at(&self, place: Centric, distances: Option<&Distances>) -> f64 {
        let Some((centre, radius_m)) = self.ball else {
            return f64::INFINITY;
        };
        let straight_m = straight_m(place, centre) - radius_m;
        let landmarks = self.landmarks.as_ref().zip(distances);
        landmarks
            .map_or(0.0, |(span, d)| span.bound_m(d))
            .max(straight_m)
            + self.inside_m
    }
}

/// Lower bounds of the effort from inside a building to a goal outside it.
#[derive(Clone, Debug)]
pub(super) struct Exits {
    /// From its exits on, by column of the building's survey; of none that lead nowhere.
    beyond_m: Vec<(usize, f64)>,
}

impl Exits {
    /// Of the building where a way begins.
    pub(super) fn of(search: &Search<'_>, building: BuildingIndex) -> Self {
        let joined = search.joined;
        let survey = &joined.surveys[building.0 as usize];
        let mut beyond_m = [f64::INFINITY; COLUMNS];
        for &index in joined.anchors_of(building) {
            let anchor = joined.anchor(index);
            let column = survey.column(anchor.exit);
            if let Some(column) = column.filter(|_| search.admits_anchor(index)) {
                let ahead_m = anchor.gap_m + search.ahead_of(joined.anchor_node(index));
                beyond_m[column] = ahead_m.min(beyond_m[column]);
            }
        }
        let beyond_m = beyond_m.into_iter().enumerate();
        Self {
            beyond_m: beyond_m.filter(|b| b.1.is_finite()).collect(),
        }
    }

    /// Behind a crossing of that building.
    pub(super) fn ahead_of(
        &self,
        search: &Search<'_>,
        building: BuildingIndex,
        crossing: u32,
    ) -> f64 {
        let survey = &search.joined.surveys[building.0 as usize];
        if let (exit, None) = search.indoors(building).crossing(crossing) {
            let column = survey.column(exit);
            let beyond = self.beyond_m.iter().find(|b| Some(b.0) == column);
            return beyond.map_or(f64::INFINITY, |b| b.1);
        }
        let Some(efforts) = survey.efforts(crossing, search.options.admit_lifts) else {
            return f64::INFINITY;
        };
        let by_exit = self.beyond_m.iter();
        let by_exit = by_exit.map(|&(c, beyond_m)| f64::from(at_least(efforts[c])) + beyond_m);
        by_exit.fold(f64::INFINITY, f64::min)
    }
}

impl Joined {
    /// A ball around some anchors: its centre and radius in metres.
    fn ball(&self, anchors: &[AnchorIndex]) -> Option<(Centric, f64)> {
        let places = || anchors.iter().map(|i| self.places[i.0 as usize]);
        let sum = places().reduce(|a, b| std::array::from_fn(|i| a[i] + b[i]))?;
        let centre = sum.map(|x| x / anchors.len() as f64);
        let radius_m = places().map(|p| straight_m(p, centre)).fold(0.0, f64::max);
        Some((centre, radius_m))
    }
}
