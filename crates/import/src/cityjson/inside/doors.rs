//! Doors, and edges where rooms are open to each other: which rooms they join.
//!
//! A door stands in the file once for each room that has it in its walls, and once more for the
//! building if it leads out. Drawn openings that face each other across no more than a wall are
//! taken as one. What has it in its walls tells what it joins; where only one room has it, the
//! plan is asked what lies on its other side.

use super::shape::Surface;
use super::{Label, Portal, Reading};
use crate::cityjson::drawn::Defects;
use crate::cityjson::kinds::Indoor;
use crate::ifc::{DOOR_BOTH_SIDES, DOOR_ONE_SIDE, seen_through};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use twin_model::Code;
use twin_space::PortalKind;
use twin_space::plan::{Cell, Opening, Plan, Point, tightest_rectangle};

/// Thickest wall that a door goes through, in metres: facades of old masonry.
const WALL_MAX_M: f64 = 0.7;
/// How parallel two drawings of one door are, as a cosine: within 18 degrees.
const PARALLEL: f64 = 0.95;
/// Lowest and narrowest thing that is a door, in metres; flatter ones are hatches.
const HEIGHT_MIN_M: f64 = 0.5;
const WIDTH_MIN_M: f64 = 0.3;
/// Narrowest passage for a person, and lowest, in metres.
const PASSAGE_WIDTH_MIN_M: f64 = 0.6;
const PASSAGE_HEIGHT_MIN_M: f64 = 1.8;
/// Openings near one that are compared with it.
const NEAR_MAX: usize = 256;
/// Probability that a door in the walls of two rooms joins just those. A judgement: two rooms do
/// not share a piece of wall by chance, but one of them may be drawn wrongly.
const IN_BOTH_WALLS: f64 = 0.98;
/// Probability that a door in the walls of a room and of the building leads out. A judgement.
const IN_FACADE: f64 = 0.97;
/// Probability that rooms are open to each other where a surface closes both that is no wall: it
/// is what the standard has closure surfaces for, but they also close what is left out. A
/// judgement.
const CLOSURE: f64 = 0.9;

/// One drawing of an opening.
#[derive(Debug)]
struct Drawn {
    object: usize,
    key: String,
    /// The space in whose walls it is; nothing for the building's own walls.
    space: Option<usize>,
    /// Whether it is an object of its own.
    is_object: bool,
    opening: Opening,
}

/// Drawings of one opening, the first of which gives it its place.
#[derive(Debug)]
struct Group(Vec<Drawn>);

/// What an opening joins.
struct Joined {
    spaces: Vec<usize>,
    probability: f64,
    method: &'static str,
    external: Option<(bool, f64)>,
}

impl Reading<'_, '_, '_> {
    pub(super) fn portals(&mut self) {
        let (cells, space_of): (Vec<Cell>, Vec<usize>) = self
            .inside
            .spaces
            .iter()
            .enumerate()
            .filter_map(|(at, space)| Some((space.shape.as_ref()?.cell.clone(), at)))
            .unzip();
        let plan = Plan::new(&cells, &[]);
        let (doors, closures) = self.drawn();
        for group in grouped(doors) {
            self.door(&group, &plan, &space_of);
        }
        let mut open = BTreeSet::new();
        for group in grouped(closures) {
            self.contact(&group, &mut open);
        }
        self.links(&plan, &space_of);
        if plan.is_exhausted() {
            let message = "too many rooms lie in one place to be compared; joins are missing";
            let key = self.key.to_owned();
            self.find(Code::CityLimit, &key, message);
        }
    }

    /// Every drawing of a door, and of an edge that is no wall.
    fn drawn(&mut self) -> (Vec<Drawn>, Vec<Drawn>) {
        let (mut doors, mut closures) = (Vec::new(), Vec::new());
        for &object in self.members {
            let sort = self.sort(object);
            if sort == Some(Indoor::Other) {
                continue;
            }
            if self.is_door(object) {
                doors.extend(self.door_object(object));
                continue;
            }
            let space = self.space_of.get(&object).copied();
            // What is wrong with the drawing was said when the object was first looked at.
            let mut unheard = Defects::default();
            let city = self.city;
            let read = &city.objects[object].1;
            let Some(shape) = super::Shape::read(read, &self.site, &mut unheard) else {
                continue;
            };
            let add = |kind: &str, word: &str, list: &mut Vec<Drawn>| {
                let connected = connected(&shape.of_kind(&[kind]));
                for (surfaces, number) in connected.iter().zip(1..) {
                    let Some(opening) = opening(surfaces) else {
                        continue;
                    };
                    list.push(Drawn {
                        object,
                        key: format!("{}:{word}/{number}", city.objects[object].0),
                        space,
                        is_object: false,
                        opening,
                    });
                }
            };
            add("Door", "door", &mut doors);
            if space.is_some() {
                add("ClosureSurface", "closure", &mut closures);
            }
        }
        (doors, closures)
    }

    /// Whether an object is a door: of such a type, or an element that is named as one.
    pub(super) fn is_door(&self, object: usize) -> bool {
        let is_named = || {
            let words = self.words(object);
            let mut words = words
                .iter()
                .flat_map(|w| w.split(|c: char| !c.is_alphanumeric()));
            words.any(|word| DOORS.iter().any(|door| word.eq_ignore_ascii_case(door)))
        };
        match self.sort(object) {
            Some(Indoor::Door) => true,
            Some(Indoor::Installation) => is_named(),
            _ => false,
        }
    }

    /// A door that is an object of its own; one that cannot be placed is kept without a place.
    fn door_object(&mut self, object: usize) -> Option<Drawn> {
        let shape = self.shape(object);
        let surfaces: Option<Vec<&Surface<'_>>> =
            shape.as_ref().map(|s| s.surfaces.iter().collect());
        let key = self.id(object).to_owned();
        if let Some(opening) = surfaces.and_then(|surfaces| opening(&surfaces)) {
            return Some(Drawn {
                object,
                key,
                space: None,
                is_object: true,
                opening,
            });
        }
        self.find(
            Code::CityDoorUnplaced,
            &key,
            "the door has no geometry that stands upright; it joins nothing",
        );
        let label = self.label(object);
        let storey = self.storey_of(object);
        self.inside.portals.push(Portal::door(label, storey));
        None
    }

    fn door(&mut self, group: &Group, plan: &Plan<'_>, space_of: &[usize]) {
        let joined = joined(group, plan, space_of);
        let lead = group.lead();
        let label = if lead.is_object {
            self.label(lead.object)
        } else {
            Label {
                key: lead.key.clone(),
                ..Label::default()
            }
        };
        let of_space = joined
            .spaces
            .first()
            .map(|&space| &self.inside.spaces[space]);
        let storey = of_space
            .and_then(|space| space.storey)
            .map(|(storey, _)| storey);
        let opening = group.opening();
        let storey = storey
            .or_else(|| self.storey_of.get(&lead.object).copied())
            .or_else(|| self.storey_of(lead.object))
            .or_else(|| self.storey_at(opening.z_m.0));
        if joined.spaces.is_empty() && !self.inside.spaces.is_empty() {
            let message = "no room lies on either side of the door";
            self.find(Code::CityDoorUnplaced, &label.key, message);
        }
        self.inside.portals.push(Portal {
            spaces: joined.spaces,
            probability: joined.probability,
            method: joined.method,
            external: joined.external,
            opening: Some(opening),
            ..Portal::door(label, storey)
        });
    }

    /// Two rooms with a surface between them that is no wall.
    fn contact(&mut self, group: &Group, open: &mut BTreeSet<(usize, usize)>) {
        let opening = group.opening();
        let is_passage = opening.width_m >= PASSAGE_WIDTH_MIN_M
            && opening.z_m.1 - opening.z_m.0 >= PASSAGE_HEIGHT_MIN_M;
        let spaces = group.spaces();
        let [a, b] = spaces[..] else { return };
        if !is_passage || !open.insert((a, b)) {
            return;
        }
        let keys = [a, b].map(|space| self.inside.spaces[space].label.key.as_str());
        let label = Label {
            key: format!("contact:{}:{}", keys[0], keys[1]),
            ..Label::default()
        };
        let storey = self.inside.spaces[a].storey.map(|(storey, _)| storey);
        self.inside.portals.push(Portal {
            kind: PortalKind::OpenContact,
            is_stated: false,
            spaces,
            probability: CLOSURE,
            method: "closure surface between two rooms",
            opening: Some(opening),
            ..Portal::door(label, storey)
        });
    }
}

/// What an opening joins, by what has it in its walls, else by what is seen through it.
fn joined(group: &Group, plan: &Plan<'_>, space_of: &[usize]) -> Joined {
    let has_it = group.spaces();
    let is_of_facade = group.0.iter().any(|d| d.space.is_none() && !d.is_object);
    if let [_, _, ..] = has_it[..] {
        return Joined {
            spaces: has_it.into_iter().take(2).collect(),
            probability: IN_BOTH_WALLS,
            method: "in the walls of both rooms",
            external: Some((false, IN_BOTH_WALLS)),
        };
    }
    let sides = plan.sides(&group.opening());
    let mut spaces: Vec<usize> = sides.cells().into_iter().map(|c| space_of[c]).collect();
    let seen = spaces.len();
    spaces.extend(&has_it);
    spaces.sort_unstable();
    spaces.dedup();
    let (probability, method, external) = match (spaces.len(), seen) {
        (0, _) => (0.0, "", is_of_facade.then_some((true, IN_FACADE))),
        (1, _) if is_of_facade && !has_it.is_empty() => (
            IN_FACADE,
            "in the walls of the room and of the building",
            Some((true, IN_FACADE)),
        ),
        (1, 0) => (DOOR_ONE_SIDE, "in the walls of the room", None),
        (1, _) => (
            seen_through(&sides),
            "looking through the door on plan",
            Some((true, DOOR_ONE_SIDE)),
        ),
        _ => (
            seen_through(&sides).min(DOOR_BOTH_SIDES),
            "looking through the door on plan",
            Some((false, seen_through(&sides))),
        ),
    };
    spaces.truncate(2);
    Joined {
        spaces,
        probability,
        method,
        external,
    }
}

/// Words for a door, where an element is named by its class or function.
const DOORS: &[&str] = &["door", "tür", "tuer", "deur", "porte", "puerta", "porta"];

impl Portal {
    /// A door of which only the name and the storey are known.
    fn door(label: Label, storey: Option<usize>) -> Self {
        Self {
            label,
            kind: PortalKind::Door,
            is_stated: true,
            spaces: Vec::new(),
            probability: 0.0,
            method: "",
            external: None,
            storey,
            opening: None,
            position: None,
            line: None,
            climb: None,
        }
    }
}

impl Group {
    /// The drawing that names the door: an object of its own, else the first.
    fn lead(&self) -> &Drawn {
        let object = self.0.iter().find(|drawn| drawn.is_object);
        object.unwrap_or(&self.0[0])
    }

    /// The spaces that have it in their walls, in order.
    fn spaces(&self) -> Vec<usize> {
        let all: BTreeSet<usize> = self.0.iter().filter_map(|drawn| drawn.space).collect();
        all.into_iter().collect()
    }

    /// The hole from the one face of the wall to the other.
    fn opening(&self) -> Opening {
        let first = self.0[0].opening;
        let across = |drawn: &Drawn| drawn.opening.centre.minus(first.centre).dot(first.normal);
        let half_m = |drawn: &Drawn| drawn.opening.depth_m / 2.0;
        let low = self
            .0
            .iter()
            .map(|d| across(d) - half_m(d))
            .fold(0.0, f64::min);
        let high = self
            .0
            .iter()
            .map(|d| across(d) + half_m(d))
            .fold(0.0, f64::max);
        Opening {
            centre: first.centre.along(first.normal, f64::midpoint(low, high)),
            depth_m: high - low,
            ..first
        }
    }

    /// Whether another drawing shows the same opening.
    fn takes(&self, other: &Drawn) -> bool {
        let first = &self.0[0].opening;
        let second = &other.opening;
        let is_new = self.0.iter().all(|drawn| drawn.object != other.object);
        let between = second.centre.minus(first.centre);
        let across_m = between.dot(first.normal).abs();
        let beside_m = between.dot(first.normal.left()).abs();
        let narrow_m = first.width_m.min(second.width_m);
        let common_m = f64::midpoint(first.width_m, second.width_m) - beside_m;
        let low = |o: &Opening| o.z_m.1 - o.z_m.0;
        let common_z_m = first.z_m.1.min(second.z_m.1) - first.z_m.0.max(second.z_m.0);
        is_new
            && first.normal.dot(second.normal).abs() > PARALLEL
            && across_m <= WALL_MAX_M
            && common_m >= narrow_m / 2.0
            && common_z_m >= low(first).min(low(second)) / 2.0
    }
}

/// Drawings of the same opening together, each group in the order of the file.
fn grouped(drawn: Vec<Drawn>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    // Groups by the square metre in which they begin.
    let mut near: FxHashMap<(i64, i64), Vec<usize>> = FxHashMap::default();
    let square = |p: Point| (p.x.floor() as i64, p.y.floor() as i64);
    for one in drawn {
        let (x, y) = square(one.opening.centre);
        let around = (x - 1..=x + 1).flat_map(|x| (y - 1..=y + 1).map(move |y| (x, y)));
        let candidates = around
            .filter_map(|at| near.get(&at))
            .flatten()
            .take(NEAR_MAX);
        let nearest = candidates
            .filter(|&&group| groups[group].takes(&one))
            .min_by(|&&a, &&b| {
                let gap = |group: usize| {
                    groups[group].0[0]
                        .opening
                        .centre
                        .distance(one.opening.centre)
                };
                gap(a).total_cmp(&gap(b)).then(a.cmp(&b))
            });
        if let Some(&group) = nearest {
            groups[group].0.push(one);
        } else {
            near.entry((x, y)).or_default().push(groups.len());
            groups.push(Group(vec![one]));
        }
    }
    groups
}

/// Surfaces in groups that share corners, each led by its first.
fn connected<'s, 'o>(surfaces: &[&'s Surface<'o>]) -> Vec<Vec<&'s Surface<'o>>> {
    let mut group_of: Vec<usize> = (0..surfaces.len()).collect();
    let mut seen: FxHashMap<u32, usize> = FxHashMap::default();
    for (at, surface) in surfaces.iter().enumerate() {
        for &corner in &surface.corners {
            let other = *seen.entry(corner).or_insert(at);
            let (a, b) = (lead(&mut group_of, at), lead(&mut group_of, other));
            group_of[a.max(b)] = a.min(b);
        }
    }
    let mut groups: Vec<Vec<&Surface<'_>>> = vec![Vec::new(); surfaces.len()];
    for (at, surface) in surfaces.iter().enumerate() {
        groups[lead(&mut group_of, at)].push(surface);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// The first of a group: each group is a tree whose root it is (Tarjan 1975).
fn lead(group_of: &mut [usize], mut at: usize) -> usize {
    while group_of[at] != at {
        group_of[at] = group_of[group_of[at]];
        at = group_of[at];
    }
    at
}

/// The hole that upright surfaces fill; nothing for what lies flat or is too small.
fn opening(surfaces: &[&Surface<'_>]) -> Option<Opening> {
    let z_m = super::shape::heights(surfaces.iter().copied());
    let corners = surfaces.iter().flat_map(|s| s.rings.iter().flatten());
    let points = corners.map(|c| Point::new(c[0], c[1])).collect();
    let hole = tightest_rectangle(points)?;
    let is_upright = z_m.1 - z_m.0 >= HEIGHT_MIN_M && hole.length_m >= WIDTH_MIN_M;
    is_upright.then(|| Opening {
        centre: hole.centre,
        normal: hole.direction.left(),
        width_m: hole.length_m,
        depth_m: hole.breadth_m,
        z_m,
    })
}
