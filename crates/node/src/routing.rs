//! Ways through a building, over what is believed of its doors now.
//!
//! What does not change by itself (which door joins which rooms, how far apart they
//! are) is put together once per change of the structure; whether one can pass is
//! looked up at every question. A door nobody has checked is neither open nor closed:
//! a route may lead through it only if the caller accepts that, and then says so.

use crate::answer::{Goal, RouteAnswer, RouteQuery, RouteStep};
use crate::error::Error;
use crate::picture::Picture;
use crate::reader::Reader;
use rustc_hash::FxHashMap;
use twin_model::catalogue::Sensitivity;
use twin_model::{Distribution, EntityId, EntityKind, Polygon, Value};
use twin_policy::{self as policy, View};
use twin_space as space;

/// The spaces and portals of one building, with the twin behind each.
#[derive(Debug)]
pub(crate) struct Plan {
    spaces: Vec<space::Space>,
    space_numbers: Vec<u32>,
    portals: Vec<space::Portal>,
    portal_numbers: Vec<u32>,
    place_of: FxHashMap<u32, u32>,
}

impl Plan {
    pub(crate) fn of(picture: &Picture, building: u32) -> Self {
        let structure = picture.structure();
        let space_numbers: Vec<u32> = structure.spaces_of_building(building).collect();
        let portal_numbers: Vec<u32> = structure.portals_of_building(building).collect();
        let place_of: FxHashMap<u32, u32> = space_numbers
            .iter()
            .zip(0..)
            .map(|(&number, place)| (number, place))
            .collect();
        let storeys = structure.storeys(building).iter().copied().zip(0..);
        let storeys: FxHashMap<u32, u32> = storeys.collect();
        let spaces: Vec<space::Space> = space_numbers
            .iter()
            .map(|&number| space_of(picture, number, &storeys))
            .collect();
        let portals = portal_numbers
            .iter()
            .map(|&number| portal_of(picture, number, &place_of, &spaces))
            .collect();
        Self {
            spaces,
            space_numbers,
            portals,
            portal_numbers,
            place_of,
        }
    }
}

/// Two spaces joined by a portal.
pub(crate) struct Joint {
    pub(crate) kind: space::PortalKind,
    pub(crate) portal: u32,
    pub(crate) spaces: [u32; 2],
    /// Probability that it is there; `None` when nobody knows.
    pub(crate) exists: Option<f64>,
}

impl Plan {
    /// The twins of its spaces, in the order of the graph.
    pub(crate) fn space_numbers(&self) -> &[u32] {
        &self.space_numbers
    }

    /// The twins of its portals, in the order of the graph.
    pub(crate) fn portal_numbers(&self) -> &[u32] {
        &self.portal_numbers
    }

    /// The spaces that are not out of doors.
    pub(crate) fn indoor_spaces(&self) -> impl Iterator<Item = u32> {
        let spaces = self.spaces.iter().zip(&self.space_numbers);
        spaces
            .filter(|(one, _)| one.kind != space::SpaceKind::Outside)
            .map(|(_, &number)| number)
    }

    /// The portals that join two spaces.
    pub(crate) fn joints(&self) -> impl Iterator<Item = Joint> {
        let portals = self.portals.iter().zip(&self.portal_numbers);
        portals.filter_map(|(portal, &number)| {
            let [a, b] = portal.spaces[..] else {
                return None;
            };
            let space = |at: space::SpaceIndex| self.space_numbers[at.0 as usize];
            Some(Joint {
                kind: portal.kind,
                portal: number,
                spaces: [space(a), space(b)],
                exists: portal.exists.probability(),
            })
        })
    }
}

fn space_of(picture: &Picture, number: u32, storeys: &FxHashMap<u32, u32>) -> space::Space {
    let value = |name| picture.value(number, name, picture.recorded);
    let kind = match value("usage").as_ref().and_then(Value::as_text) {
        Some("corridor" | "lobby") => space::SpaceKind::Corridor,
        Some("stair") => space::SpaceKind::Stair,
        Some("lift") => space::SpaceKind::Lift,
        Some("shaft") => space::SpaceKind::Shaft,
        Some("outside") => space::SpaceKind::Outside,
        _ => space::SpaceKind::Room,
    };
    let floor_m = value("floorElevation").as_ref().and_then(Value::as_number);
    let middle = match value("footprint") {
        Some(Value::Polygon(polygon)) => middle_of(&polygon),
        _ => None,
    };
    space::Space {
        kind,
        storey: picture
            .structure()
            .storey_of(number)
            .and_then(|storey| storeys.get(&storey).copied()),
        position: middle.zip(floor_m).map(|([x, y], z)| [x, y, z]),
        exists: belief(picture, number, "existence").unwrap_or(space::Belief::CERTAIN),
        passable: space::Belief::Unknown,
    }
}

fn portal_of(
    picture: &Picture,
    number: u32,
    place_of: &FxHashMap<u32, u32>,
    spaces: &[space::Space],
) -> space::Portal {
    let estimate = |name| picture.estimate(number, name, picture.recorded);
    let kind = match estimate("portalKind")
        .and_then(|e| e.value())
        .as_ref()
        .and_then(Value::as_text)
    {
        Some("opening") => space::PortalKind::Opening,
        Some("openContact") => space::PortalKind::OpenContact,
        Some("stairLink") => space::PortalKind::StairLink,
        Some("liftLink") => space::PortalKind::LiftLink,
        _ => space::PortalKind::Door,
    };
    let connects = estimate("connects");
    let joined = match connects.as_ref().and_then(twin_model::Estimate::value) {
        Some(Value::Entities(ids)) => ids
            .iter()
            .filter_map(|id| picture.names.entities.find(id.as_str()))
            .filter_map(|number| place_of.get(&number).copied().map(space::SpaceIndex))
            .collect(),
        _ => Vec::new(),
    };
    let joins = connects.and_then(|e| e.distribution?.confidence());
    let joins = joins.map_or(space::Belief::Unknown, space::Belief::Known);
    let exists = belief(picture, number, "existence").unwrap_or(space::Belief::CERTAIN);
    let position = match estimate("position").and_then(|e| e.value()) {
        Some(Value::Point(point)) => Some(point),
        _ => None,
    };
    let mut portal = space::Portal {
        kind,
        spaces: joined,
        leads_out: belief(picture, number, "isExternal").unwrap_or_default(),
        position,
        far_position: None,
        exists: exists.and(joins),
        passable: space::Belief::Unknown,
    };
    orient_link(&mut portal, spaces);
    portal
}

/// Of a link between storeys the first space is the one whose floor its position is
/// nearest to; its other end lies at the other space's floor.
fn orient_link(portal: &mut space::Portal, spaces: &[space::Space]) {
    let is_link = matches!(
        portal.kind,
        space::PortalKind::StairLink | space::PortalKind::LiftLink
    );
    let (Some([x, y, z]), [a, b]) = (portal.position, portal.spaces.as_slice()) else {
        return;
    };
    let floor = |at: &space::SpaceIndex| spaces[at.0 as usize].position.map(|p| p[2]);
    let (true, Some(floor_a), Some(floor_b)) = (is_link, floor(a), floor(b)) else {
        return;
    };
    if (floor_b - z).abs() < (floor_a - z).abs() {
        portal.spaces.swap(0, 1);
        portal.far_position = Some([x, y, floor_a]);
    } else {
        portal.far_position = Some([x, y, floor_b]);
    }
}

/// The belief in a yes; `None` when nobody has spoken of it at all.
fn belief(picture: &Picture, number: u32, attribute: &str) -> Option<space::Belief> {
    let estimate = picture.estimate(number, attribute, picture.recorded)?;
    Some(probability_of_yes(estimate.distribution.as_ref()))
}

fn probability_of_yes(distribution: Option<&Distribution>) -> space::Belief {
    match distribution {
        Some(Distribution::Bernoulli { p }) => space::Belief::Known(*p),
        Some(Distribution::Alternatives(list)) => {
            let yes = list
                .iter()
                .find(|(value, _)| *value == Value::Boolean(true));
            space::Belief::Known(yes.map_or(0.0, |(_, p)| *p))
        }
        _ => space::Belief::Unknown,
    }
}

/// The middle of a polygon's outer ring: the centroid of its corners weighted by the
/// length of the sides they end, which needs no simple polygon.
fn middle_of(polygon: &Polygon) -> Option<[f64; 2]> {
    let ring = polygon.rings.first()?;
    let (mut x, mut y, mut total) = (0.0, 0.0, 0.0);
    for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
        let length = (b[0] - a[0]).hypot(b[1] - a[1]);
        x += length * (a[0] + b[0]) / 2.0;
        y += length * (a[1] + b[1]) / 2.0;
        total += length;
    }
    (total > 0.0).then(|| [x / total, y / total])
}

impl Reader {
    /// Ways from a space to another or out: first the shortest of which every door is
    /// known to work, then, if the caller accepts unknown doors, the shortest at all.
    pub fn routes(
        &self,
        from: &EntityId,
        to: &Goal,
        query: &RouteQuery,
    ) -> Result<View<Vec<RouteAnswer>>, Error> {
        self.may(&policy::Action::Read(Sensitivity::Security))?;
        let start = self.find(from, EntityKind::Space)?;
        let structure = self.picture.structure();
        let building = structure
            .building_of(start)
            .ok_or_else(|| Error::Conflict(format!("`{from}` belongs to no building")))?;
        let plan = structure.plan(&self.picture, building);
        let place = |number: u32, id: &EntityId| {
            let place = plan.place_of.get(&number).copied().map(space::SpaceIndex);
            place.ok_or_else(|| {
                Error::Conflict(format!("`{id}` is not in the building of `{from}`"))
            })
        };
        let start = place(start, from)?;
        let target = match to {
            Goal::Exit => space::Target::Outside,
            Goal::Space(id) => space::Target::Space(place(self.find(id, EntityKind::Space)?, id)?),
        };
        let graph = self.present_graph(&plan);
        let mut options = space::RouteOptions::default();
        for id in &query.avoid {
            let number = self.picture.names.entities.find(id.as_str());
            let number = number.ok_or_else(|| Error::NotFound {
                what: "twin",
                id: id.to_string(),
            })?;
            if let Some(&at) = plan.place_of.get(&number) {
                options.avoid_spaces.push(space::SpaceIndex(at));
            }
            if let Some(at) = plan.portal_numbers.iter().position(|&n| n == number) {
                options.avoid_portals.push(space::PortalIndex(at as u32));
            }
        }
        let mut routes: Vec<RouteAnswer> = Vec::new();
        for admit_unknown in [false, true] {
            if admit_unknown && !query.allow_unknown {
                continue;
            }
            options.admit_unknown = admit_unknown;
            if let Some(route) = graph.route(start, target, &options)
                && (!admit_unknown || !route.unknown_portals.is_empty())
            {
                routes.push(self.route_answer(&plan, &graph, &route));
            }
        }
        Ok(self.release(routes))
    }

    /// The plan with what is believed now of whether one can pass. A space of which
    /// nobody has said that it cannot be passed can be: that is what a room is.
    pub(crate) fn present_graph(&self, plan: &Plan) -> space::Graph {
        let passable = |number| {
            let estimate = self.estimate(number, "passable");
            probability_of_yes(estimate.distribution.as_ref())
        };
        let mut spaces = plan.spaces.clone();
        for (space, &number) in spaces.iter_mut().zip(&plan.space_numbers) {
            space.passable = match passable(number) {
                space::Belief::Unknown => space::Belief::CERTAIN,
                known @ space::Belief::Known(_) => known,
            };
        }
        let mut portals = plan.portals.clone();
        for (portal, &number) in portals.iter_mut().zip(&plan.portal_numbers) {
            portal.passable = match (portal.kind, passable(number)) {
                // Where there is nothing that could be shut.
                (space::PortalKind::Door | space::PortalKind::LiftLink, belief) => belief,
                (_, space::Belief::Unknown) => space::Belief::CERTAIN,
                (_, known @ space::Belief::Known(_)) => known,
            };
        }
        space::Graph::new(spaces, portals)
    }

    fn route_answer(&self, plan: &Plan, graph: &space::Graph, route: &space::Route) -> RouteAnswer {
        let portal_id = |at: space::PortalIndex| self.id(plan.portal_numbers[at.0 as usize]);
        let mut here = graph.space(route.spaces[0]).position;
        let steps = route.spaces.iter().enumerate().map(|(i, &at)| {
            let portal = route.portals.get(i).copied();
            let there = match portal {
                Some(portal) => graph.portal(portal).position,
                None => graph.space(at).position,
            };
            let length_m = here.zip(there).map(|(a, b)| distance_m(a, b));
            here = portal.and_then(|p| graph.portal(p).far_position).or(there);
            let works = portal.map(|portal| graph.portal(portal).works());
            RouteStep {
                space: self.id(plan.space_numbers[at.0 as usize]),
                portal: portal.map(portal_id),
                length_m,
                probability: works.and_then(space::Belief::probability),
            }
        });
        RouteAnswer {
            length_m: route.length_m,
            probability: route.probability,
            steps: steps.collect(),
            least_certain: route.least_certain.map(portal_id),
            unknown: route
                .unknown_portals
                .iter()
                .map(|&portal| portal_id(portal))
                .collect(),
        }
    }
}

fn distance_m(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).powi(2))
        .sum::<f64>()
        .sqrt()
}
