//! Ways from a room into the street and back, over exits of which it is only believed to which
//! street they lead.
//!
//! Streets, buildings and exits are joined once per change of the structure. Which street an
//! exit leads to is what somebody claimed (`leadsTo`), and otherwise what the map suggests: that
//! is worked out here whenever it is asked for, and never becomes a claim.

use super::atlas::{Atlas, Shape, plan_place};
use crate::answer::{RouteAnswer, RouteEnd, RouteQuery, RouteStep};
use crate::error::Error;
use crate::picture::Picture;
use crate::reader::Reader;
use crate::routing::{Now, Plan, probability_of_yes};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use twin_model::{Distribution, EntityKind, Value};
use twin_space::anchor::{Exit, Reach, Surroundings};
use twin_space::earth::Frame;
use twin_space::joined::{
    Anchor, Joined, Journey, JourneyOptions, Leg, Link, OutdoorLeg, Place, StreetStep,
};
use twin_space::streets::{Segment, SegmentIndex, StreetKind, Streets};
use twin_space::{self as space, Belief, BuildingIndex};

/// How exactly a plan is laid on the map, in metres: what the position of a building in a survey
/// and in a map commonly differ by. A judgement.
const PLAN_UNCERTAINTY_M: f64 = 2.0;
/// What an exit that its own source placed on earth is off by, in metres. A judgement.
const EXIT_UNCERTAINTY_M: f64 = 1.0;

/// Streets and the insides of buildings as one graph.
#[derive(Debug)]
pub(crate) struct City {
    joined: Joined,
    plans: Vec<Arc<Plan>>,
    building_at: FxHashMap<u32, BuildingIndex>,
    streets: Vec<u32>,
    segment_at: FxHashMap<u32, SegmentIndex>,
    /// By anchor: why it is believed.
    reasons: Vec<String>,
}

impl City {
    pub(crate) fn of(picture: &Picture) -> Self {
        let structure = picture.structure();
        let atlas = structure.atlas(picture);
        let (streets, numbers) = streets(picture, atlas);
        let inside = structure.buildings.iter().copied();
        let inside: Vec<u32> = inside.filter(|&one| structure.has_inside(one)).collect();
        let plans: Vec<Arc<Plan>> = inside
            .iter()
            .map(|&building| structure.plan(picture, building))
            .collect();
        let segment_at: FxHashMap<u32, SegmentIndex> = numbers
            .iter()
            .copied()
            .zip((0..).map(SegmentIndex))
            .collect();
        let (mut anchors, mut reasons) = (Vec::new(), Vec::new());
        let around = surroundings(atlas);
        for ((&building, plan), at) in inside.iter().zip(&plans).zip((0..).map(BuildingIndex)) {
            let exits = Exits {
                picture,
                plan,
                frame: plan_place(picture, building).map(|place| place.frame),
                streets: &streets,
                segment_at: &segment_at,
                around: &around,
            };
            exits.anchor(at, &mut anchors, &mut reasons);
        }
        let graphs = plans.iter().map(|plan| Arc::clone(plan.graph())).collect();
        Self {
            joined: Joined::new(Arc::new(streets), graphs, anchors),
            plans,
            building_at: inside.into_iter().zip((0..).map(BuildingIndex)).collect(),
            streets: numbers,
            segment_at,
            reasons,
        }
    }

    fn plan(&self, building: BuildingIndex) -> &Arc<Plan> {
        &self.plans[building.0 as usize]
    }

    fn street(&self, segment: SegmentIndex) -> u32 {
        self.streets[segment.0 as usize]
    }
}

/// Every street that can be drawn, with its twin.
fn streets(picture: &Picture, atlas: &Atlas) -> (Streets, Vec<u32>) {
    let placed = atlas.all().filter(|one| one.kind == EntityKind::Street);
    let drawn: Vec<(u32, Arc<[[f64; 2]]>)> = placed
        .filter_map(|one| match &one.shape {
            Shape::Line(course) => Some((one.number, Arc::clone(course))),
            _ => None,
        })
        .collect();
    let text = |number, name| picture.value(number, name, picture.recorded);
    let facts: Vec<(Arc<str>, StreetKind, Belief)> = drawn
        .iter()
        .map(|&(number, _)| {
            let ends = match text(number, "ends") {
                Some(Value::Text(ends)) => ends,
                // A street of which nobody knows where it ends leads nowhere else.
                _ => Arc::from(format!("{number}: {number}.").as_str()),
            };
            let kind = text(number, "streetKind");
            let kind = kind.as_ref().and_then(Value::as_text).unwrap_or_default();
            (
                ends,
                StreetKind::of_highway(kind),
                walkable(picture, number),
            )
        })
        .collect();
    let segments: Vec<Segment<'_>> = drawn
        .iter()
        .zip(&facts)
        .map(|((_, course), (ends, kind, walkable))| Segment {
            ends: ends
                .split_once(' ')
                .map_or([&**ends, &**ends], |(a, b)| [a, b]),
            course,
            kind: *kind,
            walkable: *walkable,
        })
        .collect();
    let streets = Streets::new(&segments).with_landmarks();
    (
        streets,
        drawn.into_iter().map(|(number, _)| number).collect(),
    )
}

fn walkable(picture: &Picture, number: u32) -> Belief {
    let estimate = picture.estimate(number, "walkable", picture.recorded);
    probability_of_yes(estimate.and_then(|e| e.distribution).as_ref())
}

fn surroundings(atlas: &Atlas) -> Surroundings {
    let (mut outlines, mut entrances) = (Vec::new(), Vec::new());
    for one in atlas.all() {
        match (one.kind, &one.shape) {
            (EntityKind::Building, Shape::Polygon(outline)) => outlines.push(outline.rings.clone()),
            (EntityKind::Portal, Shape::Point(at)) => entrances.push(*at),
            _ => {}
        }
    }
    Surroundings::new(outlines, entrances)
}

/// The exits of one building and what is around them.
struct Exits<'a> {
    picture: &'a Picture,
    plan: &'a Arc<Plan>,
    frame: Option<Frame>,
    streets: &'a Streets,
    segment_at: &'a FxHashMap<u32, SegmentIndex>,
    around: &'a Surroundings,
}

impl Exits<'_> {
    fn anchor(
        &self,
        building: BuildingIndex,
        anchors: &mut Vec<Anchor>,
        reasons: &mut Vec<String>,
    ) {
        let portals = self.plan.graph().portals().iter();
        for (portal, at) in portals.zip((0..).map(space::PortalIndex)) {
            let is_exit =
                portal.spaces.len() == 1 && portal.leads_out.probability().is_some_and(|p| p > 0.0);
            let Some(exit) = is_exit.then(|| self.exit(portal, at)).flatten() else {
                continue;
            };
            if self.claimed(&exit, (building, at), anchors, reasons) {
                continue;
            }
            let found = self
                .around
                .candidates(&exit, self.streets, &Reach::default());
            anchors.extend(found.anchors(building, at));
            reasons.extend(found.candidates.into_iter().map(|c| c.reason));
        }
    }

    /// Where an exit is on earth.
    fn exit(&self, portal: &space::Portal, at: space::PortalIndex) -> Option<Exit> {
        let number = self.plan.portal_number(at);
        let own = self
            .picture
            .value(number, "sitePosition", self.picture.recorded);
        if let Some((latitude_deg, longitude_deg)) =
            own.as_ref().and_then(super::atlas::position_of)
        {
            return Some(Exit {
                at: [longitude_deg, latitude_deg],
                uncertainty_m: EXIT_UNCERTAINTY_M,
                outward: None,
            });
        }
        let (frame, [x, y, _]) = (self.frame?, portal.position?);
        let inside = self.plan.graph().space(portal.spaces[0]).position;
        Some(Exit {
            at: frame.to_earth([x, y]),
            uncertainty_m: PLAN_UNCERTAINTY_M,
            outward: inside.map(|[a, b, _]| frame.direction([x - a, y - b])),
        })
    }

    /// Anchors to the streets that somebody said it leads to, if anybody did.
    fn claimed(
        &self,
        exit: &Exit,
        (building, at): (BuildingIndex, space::PortalIndex),
        anchors: &mut Vec<Anchor>,
        reasons: &mut Vec<String>,
    ) -> bool {
        let number = self.plan.portal_number(at);
        let estimate = self
            .picture
            .estimate(number, "leadsTo", self.picture.recorded);
        let Some(estimate) = estimate else {
            return false;
        };
        let Some(Value::Entities(streets)) = estimate.value() else {
            return false;
        };
        let leads = estimate
            .distribution
            .as_ref()
            .and_then(Distribution::confidence);
        let leads = leads.map_or(Belief::Unknown, Belief::Known);
        let numbers = streets.iter();
        let numbers = numbers.filter_map(|id| self.picture.names.entities.find(id.as_str()));
        let near = self.streets.nearest(exit.at, CLAIMED_RADIUS_M, usize::MAX);
        for segment in numbers.filter_map(|number| self.segment_at.get(&number)) {
            let Some(near) = near.iter().find(|near| near.segment == *segment) else {
                continue;
            };
            anchors.push(Anchor {
                building,
                exit: at,
                segment: *segment,
                fraction: near.fraction,
                gap_m: near.distance_m,
                leads,
            });
            reasons.push("as stated".to_owned());
        }
        true
    }
}

/// How far an exit and the street that it was said to lead to may be apart, in metres.
const CLAIMED_RADIUS_M: f64 = 500.0;

impl Reader {
    /// A way that does not stay inside one building.
    pub(crate) fn journey(
        &self,
        from: &RouteEnd,
        to: &RouteEnd,
        query: &RouteQuery,
        admit_unknown: bool,
    ) -> Result<Option<RouteAnswer>, Error> {
        let city = self.picture.structure().city(&self.picture);
        let (from, to) = (self.place(city, from)?, self.place(city, to)?);
        let options = JourneyOptions {
            admit_unknown,
            avoid: self.avoided_links(city, query)?,
            ..JourneyOptions::default()
        };
        let now = Now {
            reader: self,
            plans: &city.plans,
        };
        match city.joined.route(from, to, &options, &now) {
            Ok(journey) => Ok(Some(self.journey_answer(city, &journey))),
            Err(space::joined::Error::NoWay) => Ok(None),
            // With the streets of which nobody knows there may be one.
            Err(space::joined::Error::NoStreetNear { .. })
                if query.allow_unknown && !admit_unknown =>
            {
                Ok(None)
            }
            Err(error @ space::joined::Error::NoSuchPlace) => {
                Err(Error::Invalid(error.to_string()))
            }
            Err(error) => Err(Error::Conflict(error.to_string())),
        }
    }

    fn place(&self, city: &City, end: &RouteEnd) -> Result<Place, Error> {
        match end {
            RouteEnd::Exit => Err(Error::Invalid(
                "`exit` is an end for a way from a room of one building".to_owned(),
            )),
            RouteEnd::AnyStreet => Ok(Place::AnyStreet),
            RouteEnd::Earth {
                latitude_deg,
                longitude_deg,
            } => Ok(Place::Nearest([*longitude_deg, *latitude_deg])),
            RouteEnd::Twin(id) => {
                let number = self.number(id, "space or street")?;
                if let Some(&segment) = city.segment_at.get(&number) {
                    return Ok(Place::Street(segment, 0.5));
                }
                let building = self.picture.structure().building_of(number);
                let at = building.and_then(|one| city.building_at.get(&one).copied());
                let space = at.and_then(|at| Some((at, city.plan(at).space_index(number)?)));
                let (at, space) = space.ok_or_else(|| {
                    Error::Conflict(format!(
                        "`{id}` is no room of a known building and no street"
                    ))
                })?;
                Ok(Place::Space(at, space))
            }
        }
    }

    fn avoided_links(&self, city: &City, query: &RouteQuery) -> Result<Vec<Link>, Error> {
        let mut links = Vec::new();
        for number in self.avoided(query)? {
            links.extend(city.segment_at.get(&number).copied().map(Link::Street));
            let building = self.picture.structure().building_of(number);
            let Some(&at) = building.and_then(|one| city.building_at.get(&one)) else {
                continue;
            };
            let plan = city.plan(at);
            links.extend(plan.space_index(number).map(|space| Link::Space(at, space)));
            links.extend(
                plan.portal_index(number)
                    .map(|portal| Link::Portal(at, portal)),
            );
        }
        Ok(links)
    }

    fn journey_answer(&self, city: &City, journey: &Journey) -> RouteAnswer {
        let twin_of = |link: Link| match link {
            Link::Portal(at, portal) => city.plan(at).portal_number(portal),
            Link::Space(at, space) => city.plan(at).space_number(space),
            Link::Anchor(anchor) => {
                let anchor = city.joined.anchor(anchor);
                city.plan(anchor.building).portal_number(anchor.exit)
            }
            Link::Street(segment) => city.street(segment),
        };
        let mut steps = Vec::new();
        for (i, leg) in journey.legs.iter().enumerate() {
            match leg {
                Leg::Indoors(leg) => {
                    let plan = city.plan(leg.building);
                    steps.extend(self.indoor_steps(plan, &leg.route, i > 0));
                }
                Leg::Outdoors(leg) => self.outdoor_steps(city, leg, &mut steps),
            }
        }
        let unknown = journey.unknown.iter();
        RouteAnswer {
            length_m: journey.length_m,
            probability: journey.probability,
            steps,
            least_certain: journey.least_certain().map(|link| self.id(twin_of(link))),
            unknown: unknown.map(|&link| self.id(twin_of(link))).collect(),
        }
    }

    fn outdoor_steps(&self, city: &City, leg: &OutdoorLeg, steps: &mut Vec<RouteStep>) {
        let anchored = |at: space::joined::AnchorIndex| {
            let anchor = city.joined.anchor(at);
            let street = city.street(anchor.segment);
            RouteStep::Anchor {
                portal: self.id(city.plan(anchor.building).portal_number(anchor.exit)),
                street: self.id(street),
                street_name: self.street_name(street),
                length_m: anchor.gap_m,
                probability: anchor.leads.probability(),
                reason: city.reasons[at.0 as usize].clone(),
            }
        };
        steps.extend(leg.from.map(anchored));
        let streets = city.joined.streets();
        steps.extend(leg.steps.iter().map(|step| {
            let street = city.street(step.segment);
            RouteStep::Street {
                street: self.id(street),
                street_name: self.street_name(street),
                length_m: streets.length_m(step.segment) * (step.to - step.from).abs(),
                course: walked(streets, step),
            }
        }));
        steps.extend(leg.to.map(anchored));
    }

    /// What a street is called, as far as the caller may know.
    fn street_name(&self, street: u32) -> Option<String> {
        let value = self.estimate(street, "name").value();
        value.and_then(|name| name.as_text().map(str::to_owned))
    }
}

/// The part of a street that is walked, in the direction of walking.
fn walked(streets: &Streets, step: &StreetStep) -> Vec<[f64; 2]> {
    let (low, high) = (step.from.min(step.to), step.from.max(step.to));
    let length_m = streets.length_m(step.segment);
    let course = streets.course(step.segment);
    let mut points: Vec<[f64; 2]> = streets.place(step.segment, low).into_iter().collect();
    let mut behind_m = 0.0;
    for piece in course.windows(2) {
        behind_m += space::earth::distance_m(piece[0], piece[1]);
        if behind_m > low * length_m && behind_m < high * length_m {
            points.push(piece[1]);
        }
    }
    points.extend(streets.place(step.segment, high));
    if step.from > step.to {
        points.reverse();
    }
    points
}
