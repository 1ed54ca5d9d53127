//! The inside of a building: its storeys, rooms, doors and stairs on one plan.
//!
//! A room is drawn as a box of floor, walls and ceiling; a door is a piece of such a box, drawn
//! once for each room that it belongs to. Laid on the building's own plan, metres east and north
//! of its first corner, the boxes tell which rooms a door joins. Nothing of that is stated in so
//! many words, so every join is inferred, with a probability.

mod doors;
mod links;
mod rooms;
mod shape;
mod write;

use super::city::{City, report};
use super::drawn::Defects;
use super::facts::Attributes;
use super::kinds::{Indoor, Sort, sort_of};
use rustc_hash::FxHashMap;
use shape::{Shape, Site};
use twin_model::{Code, Finding};
use twin_space::PortalKind;
use twin_space::plan::{Cell, Opening, Point, Point3};

pub(super) use write::write;

/// What is known of the inside of one building, and its doors.
#[derive(Debug, Default)]
pub(super) struct Inside {
    /// Where on earth the plan's origin lies, as longitude and latitude; north is up.
    pub(super) origin: Option<[f64; 2]>,
    storeys: Vec<Storey>,
    spaces: Vec<Space>,
    portals: Vec<Portal>,
}

/// What an object states of itself.
#[derive(Clone, Debug, Default)]
struct Label {
    /// The object's id, or one made of the ids involved.
    key: String,
    /// The object's id, where it is one of the file.
    id: Option<String>,
    name: Option<String>,
    attributes: Option<String>,
}

#[derive(Debug)]
struct Storey {
    label: Label,
    elevation_m: Option<f64>,
    /// Whether it is only known from the height of its rooms.
    is_inferred: bool,
}

/// A room, a flat whose rooms are not known, or the unknown inside of a storey.
#[derive(Debug)]
struct Space {
    label: Label,
    usage: &'static str,
    /// Its storey, and whether the file says so.
    storey: Option<(usize, bool)>,
    /// The flat that it belongs to.
    unit: Option<String>,
    shape: Option<RoomShape>,
    /// Whether it stands for what is not drawn of its storey.
    is_rest: bool,
}

/// The plan of a room.
#[derive(Debug)]
struct RoomShape {
    cell: Cell,
    /// Whether its height is known.
    has_height: bool,
    method: &'static str,
}

#[derive(Debug)]
struct Portal {
    label: Label,
    kind: PortalKind,
    /// Whether the file names it; its opposite is that only its place suggests it.
    is_stated: bool,
    /// What it joins, in order of the spaces.
    spaces: Vec<usize>,
    probability: f64,
    method: &'static str,
    external: Option<(bool, f64)>,
    storey: Option<usize>,
    opening: Option<Opening>,
    /// Where a stair or lift begins.
    position: Option<Point3>,
    line: Option<(Point, Point)>,
    /// `stair`, `ramp` or `escalator`.
    climb: Option<&'static str>,
}

impl Inside {
    pub(super) fn has_spaces(&self) -> bool {
        !self.spaces.is_empty()
    }

    /// How many doors and stairs were made out.
    pub(super) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let of = |kind| self.portals.iter().filter(|p| p.kind == kind).count() as u64;
        let counts = [
            ("doors", of(PortalKind::Door)),
            ("stairs", of(PortalKind::StairLink)),
        ];
        counts.into_iter().filter(|(_, count)| *count > 0)
    }
}

/// Reads the inside of a building from the objects that are part of it, itself among them; `key`
/// is its id, `origin` the corner that its plan is drawn from, `ground_m` the height of the lowest. Nothing where it has neither rooms nor
/// doors.
pub(super) fn read(
    city: &City<'_, '_>,
    key: &str,
    members: &[usize],
    origin: Option<[f64; 2]>,
    ground_m: Option<f64>,
    findings: &mut Vec<Finding>,
) -> Option<Inside> {
    if !members.iter().any(|&member| is_telling(city, member)) {
        return None;
    }
    let site = Site::of(city, members, origin.unwrap_or_default(), ground_m);
    let mut reading = Reading {
        city,
        key,
        site,
        members,
        inside: Inside {
            origin: origin.and_then(|origin| Site::earth(city, origin)),
            ..Inside::default()
        },
        storey_of: FxHashMap::default(),
        space_of: FxHashMap::default(),
        floors: Vec::new(),
        findings,
    };
    reading.storeys();
    reading.spaces();
    reading.rest_of_storeys();
    reading.place_in_storeys();
    reading.portals();
    reading.unreached();
    Some(reading.inside)
}

/// Whether an object tells of the inside, or of a door to it.
fn is_telling(city: &City<'_, '_>, member: usize) -> bool {
    let object = &city.objects[member].1;
    match sort_of(&object.kind).1 {
        Sort::Inside(Indoor::Storey | Indoor::Unit | Indoor::Room | Indoor::Door) => true,
        Sort::Inside(Indoor::Other) => false,
        _ => {
            let semantics = object.geometry.iter().filter_map(|g| g.semantics.as_ref());
            let mut surfaces = semantics.flat_map(|s| &s.surfaces);
            surfaces.any(|surface| surface.kind == "Door")
        }
    }
}

/// The inside of one building while it is read.
struct Reading<'r, 'c, 'a> {
    city: &'r City<'c, 'a>,
    key: &'r str,
    site: Site<'r>,
    members: &'r [usize],
    inside: Inside,
    /// The storey and the space that each object became.
    storey_of: FxHashMap<usize, usize>,
    space_of: FxHashMap<usize, usize>,
    /// Floors of the storeys, from the lowest up.
    floors: Vec<(f64, usize)>,
    findings: &'r mut Vec<Finding>,
}

impl<'c, 'a> Reading<'_, 'c, 'a> {
    fn sort(&self, object: usize) -> Option<Indoor> {
        match sort_of(&self.city.objects[object].1.kind).1 {
            Sort::Inside(sort) => Some(sort),
            _ => None,
        }
    }

    /// Members of a sort, in the order of the file.
    fn of_sort(&self, sort: Indoor) -> Vec<usize> {
        let members = self.members.iter().copied();
        members.filter(|&m| self.sort(m) == Some(sort)).collect()
    }

    fn id(&self, object: usize) -> &str {
        &self.city.objects[object].0
    }

    fn attributes(&self, object: usize) -> Attributes<'a> {
        Attributes::read(self.city.objects[object].1.attributes)
    }

    fn label(&self, object: usize) -> Label {
        let (id, read) = &self.city.objects[object];
        Label {
            key: id.clone(),
            id: Some(id.clone()),
            name: self.attributes(object).name(),
            attributes: super::city::verbatim(read),
        }
    }

    /// Name, class, function and usage of an object.
    fn words(&self, object: usize) -> Vec<String> {
        let attributes = self.attributes(object);
        attributes
            .name()
            .into_iter()
            .chain(attributes.purposes())
            .collect()
    }

    /// The most detailed drawing of an object; what was wrong with it becomes a finding.
    fn shape(&mut self, object: usize) -> Option<Shape<'c>> {
        let mut defects = Defects::default();
        let (id, read) = &self.city.objects[object];
        let shape = Shape::read(read, &self.site, &mut defects);
        report(id, defects, self.findings);
        shape
    }

    fn find(&mut self, code: Code, item: &str, message: impl Into<String>) {
        self.findings
            .push(Finding::new(code, message.into()).at_item(item));
    }

    /// Rooms into which no way is known.
    fn unreached(&mut self) {
        let mut is_reached = vec![false; self.inside.spaces.len()];
        for &space in self.inside.portals.iter().flat_map(|p| &p.spaces) {
            is_reached[space] = true;
        }
        let spaces = self.inside.spaces.iter().zip(is_reached);
        let shut = spaces.filter(|(space, is_reached)| !is_reached && !space.is_rest);
        let message = "no door of the room is known";
        let shut = shut.map(|(space, _)| {
            Finding::new(Code::CitySpaceUnreached, message).at_item(space.label.key.as_str())
        });
        self.findings.extend(shut);
    }
}
