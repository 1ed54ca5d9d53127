//! What follows from the plan: which spaces each door joins, where rooms are open to each other,
//! where stairs and lifts lead. Everything here is concluded, not stated, and carries how far it
//! may be relied on.

use super::building::{Building, Climb, nearest_storey};
use super::usage::usage;
use crate::step::Entity;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};
use twin_space::plan::{Bounds, Cell, Contact, Plan, Point, Point3, Sides};

/// Probability that the spaces read off the plan for a door are the right ones: of 374 pairs read
/// off four models (198 doors) 365 were also stated by the authoring tools, and the other nine
/// are real doors of cubicles that the tools had left out; of 632 pairs in the files of the score
/// none was wrong. By the rule of succession over both.
pub(crate) const DOOR_BOTH_SIDES: f64 = 1007.0 / 1008.0;
/// The same where fewer than half of the sight lines met the space. A judgement: such doors were
/// too few to measure.
const DOOR_WEAK: f64 = 0.8;
/// Probability for a door with a space on one side only. In the four models these were exactly
/// the external doors (11 of 11, by the rule of succession 12/13), but a space that the model
/// leaves out gives the same picture.
pub(crate) const DOOR_ONE_SIDE: f64 = 0.9;
/// Probability that stated space boundaries of a door are complete: 366 pairs stated, 9 pairs of
/// cubicle doors left out.
const BOUNDARIES: f64 = 366.0 / 375.0;
/// Probability of an open edge: 26 of 26 contacts in four models were right, and 100 of 100 in
/// generated buildings, which weigh half; by the rule of succession.
const CONTACT: f64 = 77.0 / 78.0;
/// Where a door stands in the very edge, something separates the rooms that is not modelled as a
/// wall; where the file has no walls at all, nothing can be seen to separate them. Judgements.
const CONTACT_DOUBTFUL: f64 = 0.5;
/// Probability of a stair's landings: 9 of 9 in four models were right, and 600 of 600 in
/// generated buildings. Those are all of one make, so they weigh a tenth; by the rule of succession.
pub(crate) const STAIR: f64 = 70.0 / 71.0;
/// Stairs and lifts known only by spaces of such names lying above each other, or by a lift
/// element that stands in a room. Judgements: no model at hand has a lift.
pub(crate) const BY_NAME: f64 = 0.7;

/// Narrowest and lowest hole in a wall that people walk through, in metres, and how far its sill
/// may lie above the floor.
const HOLE_WIDTH_MIN_M: f64 = 0.55;
const HOLE_HEIGHT_MIN_M: f64 = 1.8;
const HOLE_SILL_MAX_M: f64 = 0.3;

/// A space that is joined: one of the file, or the unknown inside of a storey without spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Space(usize),
    Storey(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// Index of the door.
    Door(usize),
    /// Index of the hole.
    Hole(usize),
    Contact,
    /// Index of the stair; `None` when only spaces named as stairs lie above each other.
    Stair(Option<usize>),
    /// Index of the lift; `None` when only spaces named as lifts lie above each other.
    Lift(Option<usize>),
}

/// Which places a source says are joined, and how surely.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Said {
    pub(super) places: Vec<Place>,
    pub(super) probability: f64,
    pub(super) method: &'static str,
}

#[derive(Clone, Debug)]
pub(super) struct Portal {
    pub(super) key: String,
    pub(super) sort: Sort,
    pub(super) storey: Option<usize>,
    pub(super) by_plan: Option<Said>,
    pub(super) by_boundaries: Option<Said>,
    /// Whether the plan shows it leading out; `None` where the plan cannot say.
    pub(super) external_by_plan: Option<(bool, f64)>,
    pub(super) position: Option<Point3>,
    pub(super) line: Option<(Point, Point)>,
}

impl Portal {
    /// What to believe when one answer is wanted. Boundaries were drawn by a tool that knows the
    /// rooms, so they lead; the plan adds to them what they leave out on the other side of the
    /// same door.
    pub(super) fn best(&self) -> Vec<Place> {
        match (&self.by_boundaries, &self.by_plan) {
            (Some(b), Some(p)) => {
                let within = b.places.iter().all(|x| p.places.contains(x));
                if within && b.places.len() < 2 && p.probability >= DOOR_ONE_SIDE {
                    p.places.clone()
                } else {
                    b.places.clone()
                }
            }
            (Some(said), None) | (None, Some(said)) => said.places.clone(),
            (None, None) => Vec::new(),
        }
    }

    /// Whether both sources spoke and named different places.
    pub(super) fn is_disputed(&self) -> bool {
        matches!((&self.by_boundaries, &self.by_plan), (Some(b), Some(p)) if b.places != p.places)
    }
}

#[derive(Debug)]
pub(super) struct Joins {
    pub(super) portals: Vec<Portal>,
    /// Storeys without any space that has an outline.
    pub(super) coarse: Vec<usize>,
    /// Pairs of neighbouring storeys (lower, upper) with no way between them.
    pub(super) unlinked: Vec<(usize, usize)>,
    /// Spaces that no portal reaches.
    pub(super) unreached: Vec<usize>,
    /// Comparisons left out because outlines were too intricate.
    pub(super) left_out: usize,
    /// Whether so many outlines lie in one place that not all could be compared.
    pub(super) is_exhausted: bool,
    /// Stairs for which fewer than two landings were found.
    pub(super) loose_stairs: Vec<usize>,
}

/// Concludes everything from the building as read.
pub(super) fn join(building: &Building) -> Joins {
    let (cells, spaces_of) = cells(building);
    let plan = Plan::new(&cells, &building.walls);
    let mut has_space = vec![false; building.storeys.len()];
    for space in &building.spaces {
        if let Some(storey) = space.storey {
            has_space[storey] = true;
        }
    }
    let coarse: Vec<usize> = (0..has_space.len()).filter(|&i| !has_space[i]).collect();
    let joiner = Joiner {
        building,
        plan,
        cells: &cells,
        spaces_of,
        coarse: &coarse,
    };
    let stated = joiner.stated_boundaries();
    let mut portals = joiner.doors(&stated);
    portals.extend(joiner.holes(&stated));
    let (contacts, left_out) = joiner.contacts(&portals);
    portals.extend(contacts);
    joiner.virtual_boundaries(&mut portals);
    let mut loose_stairs = Vec::new();
    portals.extend(joiner.stairs(&mut loose_stairs));
    joiner.stairs_by_name(&mut portals);
    joiner.lifts(&mut portals);
    let unlinked = joiner.unlinked(&portals);
    let unreached = joiner.unreached(&portals);
    let is_exhausted = joiner.plan.is_exhausted();
    Joins {
        portals,
        coarse,
        unlinked,
        unreached,
        left_out,
        is_exhausted,
        loose_stairs,
    }
}

/// Spaces with an outline that are rooms and not sums of rooms, with their place in the list.
pub(super) fn cells(building: &Building) -> (Vec<Cell>, Vec<usize>) {
    building
        .spaces
        .iter()
        .enumerate()
        .filter(|(_, s)| !s.cell.outline.is_empty() && !s.is_gross_area())
        .map(|(i, s)| (s.cell.clone(), i))
        .unzip()
}

struct Joiner<'b> {
    building: &'b Building,
    plan: Plan<'b>,
    cells: &'b [Cell],
    spaces_of: Vec<usize>,
    coarse: &'b [usize],
}

impl Joiner<'_> {
    fn place(&self, cell: usize) -> Place {
        Place::Space(self.spaces_of[cell])
    }

    fn key(&self, place: Place) -> &str {
        match place {
            Place::Space(i) => &self.building.spaces[i].thing.key,
            Place::Storey(i) => &self.building.storeys[i].thing.key,
        }
    }

    fn storey(&self, place: Place) -> Option<usize> {
        match place {
            Place::Space(i) => self.building.spaces[i].storey,
            Place::Storey(i) => Some(i),
        }
    }

    /// Spaces that the file's boundaries give for each element.
    fn stated_boundaries(&self) -> FxHashMap<Entity, BTreeSet<Place>> {
        let mut found: FxHashMap<Entity, BTreeSet<Place>> = FxHashMap::default();
        for boundary in self.building.boundaries.iter().filter(|b| !b.is_virtual) {
            if let Some(element) = boundary.element {
                found
                    .entry(element)
                    .or_default()
                    .insert(Place::Space(boundary.space));
            }
        }
        found
    }

    fn doors(&self, stated: &FxHashMap<Entity, BTreeSet<Place>>) -> Vec<Portal> {
        let said = |entity: Entity| stated.get(&entity);
        self.building
            .doors
            .iter()
            .enumerate()
            .map(|(i, door)| {
                // Tools relate boundaries to the door or to the hole that it fills.
                let by_boundaries = said(door.thing.entity)
                    .or_else(|| door.fills.and_then(said))
                    .map(boundaries_say);
                let sides = door.opening.map(|o| self.plan.sides(&o));
                let storey = door
                    .storey
                    .or_else(|| nearest_storey(&self.building.storeys, door.opening?.z_m.0));
                let mut by_plan = sides.and_then(|s| self.said_by(&s));
                if by_plan.is_none()
                    && let Some(storey) = storey.filter(|s| self.coarse.contains(s))
                {
                    by_plan = Some(Said {
                        places: vec![Place::Storey(storey)],
                        probability: DOOR_WEAK,
                        method: "storey of the door, whose subdivision is unknown",
                    });
                }
                Portal {
                    key: door.thing.key.clone(),
                    sort: Sort::Door(i),
                    storey,
                    external_by_plan: sides.and_then(|s| self.leads_out(&s)),
                    by_plan,
                    by_boundaries,
                    position: door.opening.map(|o| [o.centre.x, o.centre.y, o.z_m.0]),
                    line: door.opening.map(|o| o.jambs()),
                }
            })
            .collect()
    }

    fn said_by(&self, sides: &Sides) -> Option<Said> {
        let cells = sides.cells();
        if cells.is_empty() {
            return None;
        }
        let probability = seen_through(sides);
        let mut places: Vec<Place> = cells.into_iter().map(|c| self.place(c)).collect();
        places.sort_unstable();
        Some(Said {
            places,
            probability,
            method: "looking through the opening on plan",
        })
    }

    fn leads_out(&self, sides: &Sides) -> Option<(bool, f64)> {
        let outside = |side: twin_space::plan::Side| {
            self.building.spaces[self.spaces_of[side.cell]].is_outside()
        };
        match (sides.back, sides.front) {
            (Some(a), Some(b)) => Some((outside(a) != outside(b), DOOR_BOTH_SIDES)),
            (Some(a), None) | (None, Some(a)) => (!outside(a)).then_some((true, DOOR_ONE_SIDE)),
            (None, None) => None,
        }
    }

    fn holes(&self, stated: &FxHashMap<Entity, BTreeSet<Place>>) -> Vec<Portal> {
        let mut portals = Vec::new();
        for (i, hole) in self.building.holes.iter().enumerate() {
            let o = &hole.opening;
            if o.width_m < HOLE_WIDTH_MIN_M || o.z_m.1 - o.z_m.0 < HOLE_HEIGHT_MIN_M {
                continue;
            }
            let sides = self.plan.sides(o);
            let (Some(back), Some(front)) = (sides.back, sides.front) else {
                continue;
            };
            let floor = self.cells[back.cell]
                .z_m
                .0
                .max(self.cells[front.cell].z_m.0);
            if back.cell == front.cell || o.z_m.0 > floor + HOLE_SILL_MAX_M {
                continue;
            }
            portals.push(Portal {
                key: hole.thing.key.clone(),
                sort: Sort::Hole(i),
                storey: hole.storey.or_else(|| self.storey(self.place(back.cell))),
                by_plan: self.said_by(&sides),
                by_boundaries: stated.get(&hole.thing.entity).map(boundaries_say),
                external_by_plan: self.leads_out(&sides),
                position: Some([o.centre.x, o.centre.y, o.z_m.0]),
                line: Some(o.jambs()),
            });
        }
        portals
    }

    fn contacts(&self, portals: &[Portal]) -> (Vec<Portal>, usize) {
        // Doors and holes by the pair that they join, to recognise edges with a door in them.
        let mut joined: BTreeMap<(Place, Place), Vec<(Point, Point)>> = BTreeMap::new();
        for portal in portals {
            if let (Some(Said { places, .. }), Some(line)) = (&portal.by_plan, portal.line)
                && let [a, b] = places[..]
            {
                joined.entry((a, b)).or_default().push(line);
            }
        }
        let (contacts, left_out) = self.plan.contacts();
        let found = contacts
            .into_iter()
            .map(|contact| {
                let mut pair = [self.place(contact.cells.0), self.place(contact.cells.1)];
                pair.sort_unstable();
                let doors = joined
                    .get(&(pair[0], pair[1]))
                    .map_or(&[][..], Vec::as_slice);
                let probability = if self.building.walls.is_empty()
                    || doors.iter().any(|line| lies_in(&contact, line))
                {
                    CONTACT_DOUBTFUL
                } else {
                    CONTACT
                };
                let (p, q) = contact.line;
                let middle = p.along(q.minus(p), 0.5);
                let floor = self.cells[contact.cells.0]
                    .z_m
                    .0
                    .max(self.cells[contact.cells.1].z_m.0);
                Portal {
                    key: format!("contact:{}:{}", self.key(pair[0]), self.key(pair[1])),
                    sort: Sort::Contact,
                    storey: self.storey(pair[0]),
                    by_plan: Some(Said {
                        places: pair.to_vec(),
                        probability,
                        method: "outlines touch and no wall stands between",
                    }),
                    by_boundaries: None,
                    external_by_plan: None,
                    position: Some([middle.x, middle.y, floor]),
                    line: Some(contact.line),
                }
            })
            .collect();
        (found, left_out)
    }

    /// Virtual boundaries join spaces that share the virtual element or name each other as the
    /// other side. They support a contact where there is one and make one where there is none.
    fn virtual_boundaries(&self, portals: &mut Vec<Portal>) {
        let mut by_element: BTreeMap<Entity, BTreeSet<usize>> = BTreeMap::new();
        let mut pairs: BTreeSet<(usize, usize)> = BTreeSet::new();
        let own: FxHashMap<Entity, usize> = self
            .building
            .boundaries
            .iter()
            .map(|b| (b.entity, b.space))
            .collect();
        for boundary in self.building.boundaries.iter().filter(|b| b.is_virtual) {
            if let Some(element) = boundary.element {
                by_element
                    .entry(element)
                    .or_default()
                    .insert(boundary.space);
            }
            if let Some(&other) = boundary.other_side.and_then(|o| own.get(&o))
                && other != boundary.space
            {
                pairs.insert((boundary.space.min(other), boundary.space.max(other)));
            }
        }
        for spaces in by_element.values() {
            let list: Vec<usize> = spaces.iter().copied().take(8).collect();
            for (k, &a) in list.iter().enumerate() {
                pairs.extend(list[k + 1..].iter().map(|&b| (a, b)));
            }
        }
        let mut at: BTreeMap<Vec<Place>, usize> = BTreeMap::new();
        for (i, portal) in portals
            .iter()
            .enumerate()
            .filter(|(_, p)| p.sort == Sort::Contact)
        {
            at.insert(portal.best(), i);
        }
        for (a, b) in pairs {
            let places = vec![Place::Space(a), Place::Space(b)];
            let said = Said {
                places: places.clone(),
                probability: BOUNDARIES,
                method: "virtual space boundary",
            };
            if let Some(&i) = at.get(&places) {
                portals[i].by_boundaries = Some(said);
            } else {
                let vertical = self.building.spaces[a].storey != self.building.spaces[b].storey;
                // A virtual floor between storeys is a void, not a way.
                if vertical {
                    continue;
                }
                portals.push(Portal {
                    key: format!("contact:{}:{}", self.key(places[0]), self.key(places[1])),
                    sort: Sort::Contact,
                    storey: self.storey(places[0]),
                    by_plan: None,
                    by_boundaries: Some(said),
                    external_by_plan: None,
                    position: None,
                    line: None,
                });
            }
        }
    }

    fn stairs(&self, loose: &mut Vec<usize>) -> Vec<Portal> {
        let mut portals = Vec::new();
        for (i, stair) in self.building.stairs.iter().enumerate() {
            let mut landings: Vec<(f64, Place, Option<Point>)> = self
                .plan
                .landings(&stair.corners)
                .into_iter()
                .map(|l| (l.z_m, self.place(l.cell), Some(l.at)))
                .collect();
            self.add_unknown_storeys(&stair.corners, &mut landings);
            if landings.len() < 2 {
                loose.push(i);
                continue;
            }
            for (k, pair) in landings.windows(2).enumerate() {
                let (low, high) = (&pair[0], &pair[1]);
                if low.1 == high.1 {
                    continue;
                }
                let key = if landings.len() == 2 {
                    stair.thing.key.clone()
                } else {
                    format!("{}/{}", stair.thing.key, k + 1)
                };
                let mut places = vec![low.1, high.1];
                places.sort_unstable();
                let line = low.2.zip(high.2);
                let certain = line.is_some();
                portals.push(Portal {
                    key,
                    sort: Sort::Stair(Some(i)),
                    storey: stair.storey.or_else(|| self.storey(low.1)),
                    by_plan: Some(Said {
                        places,
                        probability: if certain { STAIR } else { BY_NAME },
                        method: match stair.climb {
                            Climb::Stair => "landings at the ends of the stair",
                            Climb::Ramp => "landings at the ends of the ramp",
                            Climb::Escalator => "landings at the ends of the escalator",
                        },
                    }),
                    by_boundaries: None,
                    external_by_plan: None,
                    position: low.2.map(|p| [p.x, p.y, low.0]),
                    line,
                });
            }
        }
        portals
    }

    /// A stair may end in a storey whose spaces the file does not have.
    fn add_unknown_storeys(
        &self,
        corners: &[Point3],
        landings: &mut Vec<(f64, Place, Option<Point>)>,
    ) {
        let low = corners.iter().map(|c| c[2]).fold(f64::INFINITY, f64::min);
        let high = corners
            .iter()
            .map(|c| c[2])
            .fold(f64::NEG_INFINITY, f64::max);
        for &storey in self.coarse {
            let height = self.building.storeys[storey].height_m();
            let at_an_end = (height - low).abs() < 0.6 || (height - high).abs() < 0.6;
            let taken = landings.iter().any(|l| (l.0 - height).abs() < 1.0);
            if at_an_end && !taken {
                landings.push((height, Place::Storey(storey), None));
            }
        }
        landings.sort_by(|a, b| a.0.total_cmp(&b.0));
    }

    /// Spaces of a usage that lie above each other on different storeys, from the lowest up.
    fn stacked(&self, usage_wanted: &str) -> Vec<(usize, usize)> {
        let members = (0..self.cells.len())
            .filter(|&c| usage(&self.building.spaces[self.spaces_of[c]]) == usage_wanted)
            .collect();
        self.plan.stacked(members)
    }

    /// Stair spaces above each other that no stair element joins: the stair was modelled as
    /// something else.
    fn stairs_by_name(&self, portals: &mut Vec<Portal>) {
        let mut linked: BTreeSet<(Option<usize>, Option<usize>)> = BTreeSet::new();
        let mut touched: BTreeSet<Place> = BTreeSet::new();
        for portal in portals.iter().filter(|p| matches!(p.sort, Sort::Stair(_))) {
            if let Some(said) = &portal.by_plan {
                touched.extend(&said.places);
                linked.insert((self.storey(said.places[0]), self.storey(said.places[1])));
            }
        }
        for (low, high) in self.stacked("stair") {
            let (a, b) = (self.place(low), self.place(high));
            // A stair element in the lower space is the way up from it.
            if touched.contains(&a) && linked.contains(&(self.storey(a), self.storey(b))) {
                continue;
            }
            portals.push(self.stacked_link(
                "stair",
                Sort::Stair(None),
                low,
                high,
                "stair spaces above each other",
            ));
        }
    }

    fn stacked_link(
        &self,
        word: &str,
        sort: Sort,
        low: usize,
        high: usize,
        method: &'static str,
    ) -> Portal {
        let (a, b) = (self.place(low), self.place(high));
        let mut places = vec![a, b];
        places.sort_unstable();
        let at = self.cells[low].inside_point();
        Portal {
            key: format!("{word}:{}:{}", self.key(a), self.key(b)),
            sort,
            storey: self.storey(a),
            by_plan: Some(Said {
                places,
                probability: BY_NAME,
                method,
            }),
            by_boundaries: None,
            external_by_plan: None,
            position: at.map(|p| [p.x, p.y, self.cells[low].z_m.0]),
            line: None,
        }
    }

    fn lifts(&self, portals: &mut Vec<Portal>) {
        let shafts = self.stacked("lift");
        let mut known: BTreeSet<(usize, usize)> = BTreeSet::new();
        for (low, high) in shafts {
            known.insert((low, high));
            portals.push(self.stacked_link(
                "lift",
                Sort::Lift(None),
                low,
                high,
                "lift spaces above each other",
            ));
        }
        for (i, lift) in self.building.lifts.iter().enumerate() {
            let centre = lift.bounds.centre();
            // A lift drawn only where its car stands serves every storey above and below;
            // one drawn in full serves what it spans.
            let span = lift.z_m.filter(|z| z.1 - z.0 > 4.0);
            let reach = Bounds::of([centre]);
            let mut stops: Vec<(f64, usize)> = self
                .plan
                .cells_near(&reach, 1.0)
                .into_iter()
                .filter(|&c| {
                    let z = self.cells[c].z_m;
                    span.is_none_or(|s| z.0 < s.1 - 0.5 && z.1 > s.0 + 0.5)
                })
                .filter(|&c| self.cells[c].distance_m(centre) < 1.0)
                .map(|c| (self.cells[c].z_m.0, c))
                .collect();
            stops.sort_by(|a, b| {
                let d = |c: usize| self.cells[c].distance_m(centre);
                a.0.total_cmp(&b.0)
                    .then(d(a.1).total_cmp(&d(b.1)))
                    .then(a.1.cmp(&b.1))
            });
            stops.dedup_by(|later, first| later.0 - first.0 < 1.8);
            for (k, pair) in stops.windows(2).enumerate() {
                let (low, high) = (pair[0].1, pair[1].1);
                if known.insert((low, high)) {
                    let sort = Sort::Lift(Some(i));
                    let mut link =
                        self.stacked_link("lift", sort, low, high, "rooms beside the lift");
                    link.key = format!("{}/{}", lift.thing.key, k + 1);
                    portals.push(link);
                }
            }
        }
    }

    /// Neighbouring storeys between which nothing leads.
    fn unlinked(&self, portals: &[Portal]) -> Vec<(usize, usize)> {
        let storeys = &self.building.storeys;
        let mut order: Vec<usize> = (0..storeys.len()).collect();
        order.sort_by(|&a, &b| {
            storeys[a]
                .height_m()
                .total_cmp(&storeys[b].height_m())
                .then(a.cmp(&b))
        });
        let mut rank = vec![0; storeys.len()];
        for (r, &s) in order.iter().enumerate() {
            rank[s] = r;
        }
        let mut crossed = vec![false; storeys.len()];
        for portal in portals
            .iter()
            .filter(|p| matches!(p.sort, Sort::Stair(_) | Sort::Lift(_)))
        {
            let ranks: Vec<usize> = portal
                .best()
                .iter()
                .filter_map(|&p| self.storey(p))
                .map(|s| rank[s])
                .collect();
            if let (Some(&low), Some(&high)) = (ranks.iter().min(), ranks.iter().max()) {
                crossed[low..high].fill(true);
            }
        }
        order
            .windows(2)
            .enumerate()
            .filter(|(r, _)| !crossed[*r])
            .map(|(_, pair)| (pair[0], pair[1]))
            .collect()
    }

    fn unreached(&self, portals: &[Portal]) -> Vec<usize> {
        let mut reached = vec![false; self.building.spaces.len()];
        for place in portals.iter().flat_map(Portal::best) {
            if let Place::Space(i) = place {
                reached[i] = true;
            }
        }
        (0..reached.len())
            .filter(|&i| !reached[i] && !self.building.spaces[i].is_gross_area())
            .collect()
    }
}

fn boundaries_say(places: &BTreeSet<Place>) -> Said {
    Said {
        places: places.iter().copied().collect(),
        probability: BOUNDARIES,
        method: "space boundaries of the file",
    }
}

/// How surely a door joins the spaces seen through it.
pub(crate) fn seen_through(sides: &Sides) -> f64 {
    let seen = [sides.back, sides.front];
    let is_weak = seen.iter().flatten().any(|side| side.support < 0.5);
    match (is_weak, sides.is_one_sided()) {
        (true, _) => DOOR_WEAK,
        (false, true) => DOOR_ONE_SIDE,
        (false, false) => DOOR_BOTH_SIDES,
    }
}

/// Whether the middle of a door lies in the open stretch.
fn lies_in(contact: &Contact, door: &(Point, Point)) -> bool {
    let middle = door.0.along(door.1.minus(door.0), 0.5);
    twin_space::plan::segment_distance_m(middle, contact.line.0, contact.line.1) < 0.3
}
