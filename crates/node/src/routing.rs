//! Ways through a building, over what is believed of its doors now.
//!
//! What does not change by itself (which door joins which rooms, how far apart they
//! are) is put together once per change of the structure; whether one can pass is
//! looked up at every question. A door nobody has checked is neither open nor closed:
//! a route may lead through it only if the caller accepts that, and then says so. Ways that
//! leave the building are in `city::ways`.

use crate::answer::{RouteAnswer, RouteEnd, RouteQuery, RouteStep};
use crate::error::Error;
use crate::picture::Picture;
use crate::reader::Reader;
use rustc_hash::FxHashMap;
use std::sync::Arc;
use twin_model::catalogue::Sensitivity;
use twin_model::{Distribution, EntityId, EntityKind, Polygon, Value};
use twin_policy::{self as policy, View};
use twin_space as space;

/// The spaces and portals of one building, with the twin behind each.
#[derive(Debug)]
pub(crate) struct Plan {
    graph: Arc<space::Graph>,
    space_numbers: Vec<u32>,
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
            graph: Arc::new(space::Graph::new(spaces, portals)),
            space_numbers,
            portal_numbers,
            place_of,
        }
    }

    /// How it hangs together, with nothing said of whether doors can be passed now.
    pub(crate) fn graph(&self) -> &Arc<space::Graph> {
        &self.graph
    }

    /// A twin's place among the spaces.
    pub(crate) fn space_index(&self, number: u32) -> Option<space::SpaceIndex> {
        self.place_of.get(&number).copied().map(space::SpaceIndex)
    }

    /// A twin's place among the portals.
    pub(crate) fn portal_index(&self, number: u32) -> Option<space::PortalIndex> {
        let at = self.portal_numbers.iter().position(|&n| n == number)?;
        Some(space::PortalIndex(at as u32))
    }

    /// The twin of a space.
    pub(crate) fn space_number(&self, at: space::SpaceIndex) -> u32 {
        self.space_numbers[at.0 as usize]
    }

    /// The twin of a portal.
    pub(crate) fn portal_number(&self, at: space::PortalIndex) -> u32 {
        self.portal_numbers[at.0 as usize]
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
        let spaces = self.graph.spaces().iter().zip(&self.space_numbers);
        spaces
            .filter(|(one, _)| one.kind != space::SpaceKind::Outside)
            .map(|(_, &number)| number)
    }

    /// The portals that join two spaces.
    pub(crate) fn joints(&self) -> impl Iterator<Item = Joint> {
        let portals = self.graph.portals().iter().zip(&self.portal_numbers);
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
        // A space of which nobody has said that it cannot be passed can be: that is what a
        // room is.
        passable: space::Belief::CERTAIN,
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
    let leads_out = belief(picture, number, "isExternal").unwrap_or_default();
    let joins = joins(connects.as_ref(), leads_out);
    let exists = belief(picture, number, "existence").unwrap_or(space::Belief::CERTAIN);
    let position = match estimate("position").and_then(|e| e.value()) {
        Some(Value::Point(point)) => Some(point),
        _ => None,
    };
    let mut portal = space::Portal {
        kind,
        spaces: joined,
        leads_out,
        position,
        far_position: None,
        exists: exists.and(joins),
        passable: match kind {
            space::PortalKind::Door | space::PortalKind::LiftLink => space::Belief::Unknown,
            // Where there is nothing that could be shut.
            _ => space::Belief::CERTAIN,
        },
    };
    orient_link(&mut portal, spaces);
    portal
}

/// How surely a portal joins the spaces that it is believed to join. Where that is one space, what
/// is open is the other side: if it is known how surely that is the outside, the same doubt is not
/// counted again, and only what speaks for other rooms altogether counts against it.
fn joins(connects: Option<&twin_model::Estimate>, leads_out: space::Belief) -> space::Belief {
    let Some(said) = connects.and_then(|e| e.distribution.as_ref()) else {
        return space::Belief::Unknown;
    };
    if let (Distribution::Alternatives(list), space::Belief::Known(_)) = (said, leads_out)
        && let Some((Value::Entities(best), _)) = list.first()
        && let [only] = &best[..]
    {
        let names_others = |value: &Value| !matches!(value, Value::Entities(e) if e.contains(only));
        let other = list.iter().filter(|(value, _)| names_others(value));
        let elsewhere: f64 = other.map(|(_, p)| p).sum();
        return space::Belief::Known((1.0 - elsewhere).max(0.0));
    }
    said.confidence()
        .map_or(space::Belief::Unknown, space::Belief::Known)
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

pub(crate) fn probability_of_yes(distribution: Option<&Distribution>) -> space::Belief {
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

/// What is believed now of getting through, by one caller's lights.
pub(crate) struct Now<'a> {
    pub(crate) reader: &'a Reader,
    pub(crate) plans: &'a [Arc<Plan>],
}

impl Now<'_> {
    fn passable(&self, number: u32, built: space::Belief) -> space::Belief {
        let estimate = self.reader.estimate(number, "passable");
        match probability_of_yes(estimate.distribution.as_ref()) {
            space::Belief::Unknown => built,
            known @ space::Belief::Known(_) => known,
        }
    }
}

impl space::Passability for Now<'_> {
    fn portal(
        &self,
        building: space::BuildingIndex,
        portal: space::PortalIndex,
        built: space::Belief,
    ) -> space::Belief {
        self.passable(self.plans[building.0 as usize].portal_number(portal), built)
    }

    fn space(
        &self,
        building: space::BuildingIndex,
        at: space::SpaceIndex,
        built: space::Belief,
    ) -> space::Belief {
        self.passable(self.plans[building.0 as usize].space_number(at), built)
    }
}

impl Reader {
    /// Ways from here to there: first the shortest of which every door is known to work, then,
    /// if the caller accepts unknown doors, the shortest at all. Inside one building, or from a
    /// room to a street, a place on earth or another building, and back.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown twin; [`Error::Invalid`] for ends that make no way;
    /// [`Error::Conflict`] where no street is near.
    pub fn routes(
        &self,
        from: &RouteEnd,
        to: &RouteEnd,
        query: &RouteQuery,
    ) -> Result<View<Vec<RouteAnswer>>, Error> {
        self.may(&policy::Action::Read(Sensitivity::Security))?;
        let mut routes: Vec<RouteAnswer> = Vec::new();
        for admit_unknown in [false, true] {
            if admit_unknown && !query.allow_unknown {
                continue;
            }
            let found = match self.indoor_ends(from, to)? {
                Some((building, start, target)) => {
                    self.indoor_route(building, (start, target), query, admit_unknown)?
                }
                None => self.journey(from, to, query, admit_unknown)?,
            };
            if let Some(route) = found
                && (!admit_unknown || !route.unknown.is_empty())
            {
                routes.push(route);
            }
        }
        Ok(self.release(routes))
    }

    /// The building of a way that stays inside, with the numbers of its ends; `None` for a way
    /// that does not.
    fn indoor_ends(
        &self,
        from: &RouteEnd,
        to: &RouteEnd,
    ) -> Result<Option<(u32, u32, Option<u32>)>, Error> {
        if *from == RouteEnd::Exit {
            return Err(Error::Invalid("a way does not begin at `exit`".to_owned()));
        }
        let room = |end: &RouteEnd| match end {
            RouteEnd::Twin(id) => {
                let number = self.number(id, "space")?;
                let is_space = self.picture.structure().kind(number) == Some(EntityKind::Space);
                Ok::<_, Error>(is_space.then_some(number))
            }
            _ => Ok(None),
        };
        let building_of = |number: u32| {
            let building = self.picture.structure().building_of(number);
            let id = || self.id(number);
            building.ok_or_else(|| Error::Conflict(format!("`{}` belongs to no building", id())))
        };
        let Some(start) = room(from)? else {
            if *to == RouteEnd::Exit {
                return Err(Error::Invalid("only a room has a way out".to_owned()));
            }
            return Ok(None);
        };
        let building = building_of(start)?;
        if *to == RouteEnd::Exit {
            return Ok(Some((building, start, None)));
        }
        match room(to)? {
            Some(end) if building_of(end)? == building => Ok(Some((building, start, Some(end)))),
            _ => Ok(None),
        }
    }

    fn indoor_route(
        &self,
        building: u32,
        (start, end): (u32, Option<u32>),
        query: &RouteQuery,
        admit_unknown: bool,
    ) -> Result<Option<RouteAnswer>, Error> {
        let plans = [self.picture.structure().plan(&self.picture, building)];
        let plan = &plans[0];
        let place = |number: u32| {
            let place = plan.space_index(number);
            place.ok_or_else(|| {
                Error::Conflict(format!(
                    "`{}` is on no storey of its building",
                    self.id(number)
                ))
            })
        };
        let target = match end {
            None => space::Target::Outside,
            Some(number) => space::Target::Space(place(number)?),
        };
        let mut options = space::RouteOptions {
            admit_unknown,
            ..space::RouteOptions::default()
        };
        for number in self.avoided(query)? {
            options.avoid_spaces.extend(plan.space_index(number));
            options.avoid_portals.extend(plan.portal_index(number));
        }
        let now = Now {
            reader: self,
            plans: &plans,
        };
        let route = plan.graph.route_now(place(start)?, target, &options, &now);
        Ok(route.map(|route| self.route_answer(plan, &route)))
    }

    /// The twins that are not to be used.
    pub(crate) fn avoided(&self, query: &RouteQuery) -> Result<Vec<u32>, Error> {
        let number = |id: &EntityId| {
            let number = self.picture.names.entities.find(id.as_str());
            number.ok_or_else(|| Error::NotFound {
                what: "twin",
                id: id.to_string(),
            })
        };
        query.avoid.iter().map(number).collect()
    }

    /// The plan with what is believed now of whether one can pass.
    pub(crate) fn present_graph(&self, plan: &Arc<Plan>) -> space::Graph {
        let plans = [Arc::clone(plan)];
        let now = Now {
            reader: self,
            plans: &plans,
        };
        let mut spaces = plan.graph.spaces().to_vec();
        for (space, &number) in spaces.iter_mut().zip(&plan.space_numbers) {
            space.passable = now.passable(number, space.passable);
        }
        let mut portals = plan.graph.portals().to_vec();
        for (portal, &number) in portals.iter_mut().zip(&plan.portal_numbers) {
            portal.passable = now.passable(number, portal.passable);
        }
        space::Graph::new(spaces, portals)
    }

    fn route_answer(&self, plan: &Arc<Plan>, route: &space::Route) -> RouteAnswer {
        let portal_id = |at: space::PortalIndex| self.id(plan.portal_number(at));
        RouteAnswer {
            length_m: route.length_m,
            probability: route.probability,
            steps: self.indoor_steps(plan, route, false),
            least_certain: route.least_certain.map(portal_id),
            unknown: route
                .unknown_portals
                .iter()
                .map(|&portal| portal_id(portal))
                .collect(),
        }
    }

    /// The steps of a way inside one building. Where it was entered from outside, its first
    /// portal is the entrance.
    pub(crate) fn indoor_steps(
        &self,
        plan: &Arc<Plan>,
        route: &space::Route,
        entered: bool,
    ) -> Vec<RouteStep> {
        let graph = &plan.graph;
        let plans = [Arc::clone(plan)];
        let now = Now {
            reader: self,
            plans: &plans,
        };
        let far = |at: space::PortalIndex| {
            let portal = graph.portal(at);
            portal.far_position.or(portal.position)
        };
        let mut here = match entered.then(|| route.portals[0]) {
            Some(entrance) => far(entrance),
            None => graph.space(route.spaces[0]).position,
        };
        let steps = route.spaces.iter().enumerate().map(|(i, &at)| {
            let portal = route.portals.get(i + usize::from(entered)).copied();
            let there = match portal {
                Some(portal) => graph.portal(portal).position,
                None => graph.space(at).position,
            };
            let length_m = here.zip(there).map(|(a, b)| distance_m(a, b));
            here = portal.and_then(far).or(there);
            let works = portal.map(|portal| {
                let built = graph.portal(portal);
                let passable = now.passable(plan.portal_number(portal), built.passable);
                built.exists.and(passable)
            });
            RouteStep::Indoors {
                space: self.id(plan.space_number(at)),
                portal: portal.map(|portal| self.id(plan.portal_number(portal))),
                length_m,
                probability: works.and_then(space::Belief::probability),
            }
        });
        steps.collect()
    }
}

fn distance_m(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).powi(2))
        .sum::<f64>()
        .sqrt()
}
