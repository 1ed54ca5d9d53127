//! What the file says is there: storeys, spaces, doors, openings, stairs, lifts, walls; with
//! shapes on plan, before anything is concluded from them.

mod georeference;
mod things;
mod tree;

use crate::findings::Findings;
use crate::ifc::file::{File, Frame};
use crate::ifc::properties::{Definitions, PropertySet};
use crate::ifc::shape::{self, Budget, Shape};
use crate::step::Entity;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::Arc;
use tree::Tree;
use twin_model::{Code, Finding};
use twin_space::plan::{Bounds, Cell, Fidelity, Opening, Point3, Wall};

/// Most things of one sort that are read; the largest hospitals have some 20,000 doors.
const THINGS_MAX: usize = 100_000;

/// Shapes that are read at once, and the points that each may take before its turn: fewer than
/// walls and rooms need, and little beside what the whole file may take.
const AHEAD: usize = 128;
const AHEAD_POINTS: u64 = 8_000;

/// What every named thing has.
#[derive(Clone, Debug)]
pub(super) struct Thing {
    pub(super) entity: Entity,
    /// GlobalId, or something unique in its place.
    pub(super) key: String,
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) object_type: Option<String>,
    pub(super) sets: Vec<PropertySet>,
    /// The standard's own sets by attribute name, as JSON.
    pub(super) verbatim: Vec<(String, Arc<str>)>,
}

#[derive(Clone, Debug)]
pub(super) struct Site {
    pub(super) latitude_deg: Option<f64>,
    pub(super) longitude_deg: Option<f64>,
    pub(super) elevation_m: Option<f64>,
}

#[derive(Clone, Debug)]
pub(super) struct Edifice {
    pub(super) thing: Thing,
    pub(super) long_name: Option<String>,
    pub(super) address: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Storey {
    pub(super) thing: Thing,
    pub(super) long_name: Option<String>,
    /// As stated.
    pub(super) elevation_m: Option<f64>,
    /// As placed, in the building's frame.
    pub(super) placed_m: f64,
    pub(super) building: Option<usize>,
}

impl Storey {
    /// The height used for sorting and matching: where the storey is placed, unless all storeys
    /// are placed at zero and only the stated height tells them apart.
    pub(super) fn height_m(&self) -> f64 {
        if self.placed_m.abs() < 1e-6 {
            self.elevation_m.unwrap_or(0.0)
        } else {
            self.placed_m
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Space {
    pub(super) thing: Thing,
    pub(super) long_name: Option<String>,
    pub(super) predefined: Option<String>,
    pub(super) storey: Option<usize>,
    pub(super) cell: Cell,
    pub(super) fidelity: Option<Fidelity>,
    pub(super) zones: Vec<String>,
}

impl Space {
    /// Outside by its own type: a terrace, a balcony.
    pub(super) fn is_outside(&self) -> bool {
        self.predefined.as_deref() == Some("EXTERNAL")
    }

    /// A gross floor area drawn over the rooms rather than a room.
    pub(super) fn is_gross_area(&self) -> bool {
        self.predefined.as_deref() == Some("GFA")
    }
}

#[derive(Clone, Debug)]
pub(super) struct Door {
    pub(super) thing: Thing,
    pub(super) storey: Option<usize>,
    /// In file units, as stated; positive.
    pub(super) width: Option<f64>,
    pub(super) height: Option<f64>,
    pub(super) operation: Option<String>,
    pub(super) opening: Option<Opening>,
    /// The opening element that the door fills.
    pub(super) fills: Option<Entity>,
}

/// A hole in a wall that nothing fills.
#[derive(Clone, Debug)]
pub(super) struct Hole {
    pub(super) thing: Thing,
    pub(super) storey: Option<usize>,
    pub(super) opening: Opening,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Climb {
    Stair,
    Ramp,
    Escalator,
}

#[derive(Clone, Debug)]
pub(super) struct Stair {
    pub(super) thing: Thing,
    pub(super) climb: Climb,
    pub(super) storey: Option<usize>,
    pub(super) corners: Vec<Point3>,
}

#[derive(Clone, Debug)]
pub(super) struct Lift {
    pub(super) thing: Thing,
    pub(super) bounds: Bounds,
    pub(super) z_m: Option<(f64, f64)>,
}

/// A boundary that the file states between a space and an element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Boundary {
    pub(super) entity: Entity,
    pub(super) space: usize,
    pub(super) element: Option<Entity>,
    pub(super) is_virtual: bool,
    /// The boundary on the other side, where stated.
    pub(super) other_side: Option<Entity>,
}

/// How many of each sort the file has, whether or not they could be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// `IfcBuilding`.
    pub buildings: usize,
    /// `IfcBuildingStorey`.
    pub storeys: usize,
    /// `IfcSpace`.
    pub spaces: usize,
    /// `IfcDoor`.
    pub doors: usize,
    /// `IfcWindow`.
    pub windows: usize,
    /// `IfcOpeningElement`.
    pub openings: usize,
    /// `IfcStair`.
    pub stairs: usize,
    /// `IfcStairFlight`.
    pub stair_flights: usize,
    /// `IfcRamp`.
    pub ramps: usize,
    /// `IfcTransportElement`.
    pub transports: usize,
    /// `IfcWall`.
    pub walls: usize,
    /// `IfcRelSpaceBoundary`.
    pub space_boundaries: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Building {
    pub(super) counts: Counts,
    pub(super) site: Option<Site>,
    pub(super) map_conversion: Option<String>,
    pub(super) georeference: Option<twin_space::earth::Frame>,
    pub(super) edifices: Vec<Edifice>,
    pub(super) storeys: Vec<Storey>,
    pub(super) spaces: Vec<Space>,
    pub(super) doors: Vec<Door>,
    pub(super) holes: Vec<Hole>,
    pub(super) stairs: Vec<Stair>,
    pub(super) lifts: Vec<Lift>,
    pub(super) walls: Vec<Wall>,
    pub(super) boundaries: Vec<Boundary>,
}

const DOORS: &[&str] = &["IFCDOOR", "IFCDOORSTANDARDCASE"];
const WINDOWS: &[&str] = &["IFCWINDOW", "IFCWINDOWSTANDARDCASE"];
const OPENINGS: &[&str] = &["IFCOPENINGELEMENT", "IFCOPENINGSTANDARDCASE"];
const WALLS: &[&str] = &[
    "IFCWALL",
    "IFCWALLSTANDARDCASE",
    "IFCWALLELEMENTEDCASE",
    "IFCCURTAINWALL",
];
const STAIRS: &[&str] = &["IFCSTAIR", "IFCRAMP"];
const FLIGHTS: &[&str] = &["IFCSTAIRFLIGHT", "IFCRAMPFLIGHT"];
const BOUNDARIES: &[&str] = &[
    "IFCRELSPACEBOUNDARY",
    "IFCRELSPACEBOUNDARY1STLEVEL",
    "IFCRELSPACEBOUNDARY2NDLEVEL",
];

/// Reads everything; see the parts below.
pub(super) fn read(
    file: &mut File<'_>,
    findings: &mut Findings,
    proceed: &mut dyn FnMut(f32) -> bool,
) -> Option<Building> {
    let tree = Tree::read(file);
    if !proceed(0.1) {
        return None;
    }
    let named = [
        "IFCBUILDING",
        "IFCBUILDINGSTOREY",
        "IFCSPACE",
        "IFCTRANSPORTELEMENT",
    ];
    let mut wanted = vec![false; file.index.len()];
    for entity in file.all_of(&[&named[..], DOORS, STAIRS, FLIGHTS].concat()) {
        wanted[entity.position()] = true;
    }
    let definitions = Definitions::read(file, &wanted);
    drop(wanted);
    if !proceed(0.2) {
        return None;
    }
    let placement = {
        let placement = file
            .all("IFCBUILDING")
            .first()
            .and_then(|&b| file.target(b, 5));
        file.placement(placement, findings)
    };
    for entity in file.all_of(&["IFCBUILDINGSTOREY", "IFCSPACE"]) {
        if tree.is_circular(entity) {
            findings.add(
                Finding::new(
                    Code::IfcCycle,
                    "the thing is part of itself, by way of others",
                )
                .at_item(file.item(entity)),
            );
        }
    }
    let mut reader = Reader {
        budget: Budget::for_statements(file.index.len()),
        file,
        findings,
        tree,
        definitions,
        keys: BTreeMap::new(),
        storey_places: FxHashMap::default(),
        frame: placement.inverse(),
    };
    let counts = reader.counts();
    let edifices = reader.edifices();
    let storeys = reader.storeys(&edifices);
    let spaces = reader.spaces(&storeys);
    if !proceed(0.5) {
        return None;
    }
    let doors = reader.doors();
    let holes = reader.holes(&doors);
    if !proceed(0.7) {
        return None;
    }
    let stairs = reader.stairs();
    let lifts = reader.lifts();
    let walls = reader.walls();
    if !proceed(0.9) {
        return None;
    }
    let boundaries = reader.boundaries(&spaces);
    let spent = reader.budget.is_empty();
    let building = Building {
        counts,
        site: reader.site(),
        map_conversion: reader.map_conversion(),
        georeference: reader.georeference(&placement),
        edifices,
        storeys,
        spaces,
        doors,
        holes,
        stairs,
        lifts,
        walls,
        boundaries,
    };
    if spent {
        reader.findings.add(Finding::new(
            Code::IfcLimit,
            "the shapes repeat each other beyond all measure; the rest was not read",
        ));
    }
    Some(building)
}

struct Reader<'r, 'a> {
    file: &'r mut File<'a>,
    findings: &'r mut Findings,
    tree: Tree,
    definitions: Definitions,
    keys: BTreeMap<String, usize>,
    storey_places: FxHashMap<Entity, usize>,
    budget: Budget,
    /// From the file's world to the building's frame.
    frame: Frame,
}

impl Reader<'_, '_> {
    /// Every statement of the types, up to the bound.
    fn listed(&mut self, names: &[&str]) -> Vec<Entity> {
        let mut all = self.file.all_of(names);
        if all.len() > THINGS_MAX {
            self.findings.add(Finding::new(
                Code::IfcLimit,
                format!(
                    "{} of {}; the first {THINGS_MAX} are read",
                    all.len(),
                    names[0]
                ),
            ));
            all.truncate(THINGS_MAX);
        }
        all
    }

    fn counts(&self) -> Counts {
        let n = |names: &[&str]| names.iter().map(|n| self.file.all(n).len()).sum();
        Counts {
            buildings: n(&["IFCBUILDING"]),
            storeys: n(&["IFCBUILDINGSTOREY"]),
            spaces: n(&["IFCSPACE"]),
            doors: n(DOORS),
            windows: n(WINDOWS),
            openings: n(OPENINGS),
            stairs: n(&["IFCSTAIR"]),
            stair_flights: n(&["IFCSTAIRFLIGHT"]),
            ramps: n(&["IFCRAMP"]),
            transports: n(&["IFCTRANSPORTELEMENT"]),
            walls: n(&["IFCWALL", "IFCWALLSTANDARDCASE", "IFCWALLELEMENTEDCASE"]),
            space_boundaries: n(BOUNDARIES),
        }
    }

    /// Names, keys and properties, in the order of the entities. Two things with one GlobalId are
    /// two things: the later gets a key of its own and a finding.
    fn things(&mut self, entities: &[Entity], with_sets: bool) -> Vec<Thing> {
        let (file, definitions) = (&*self.file, &self.definitions);
        let mut things: Vec<Thing> = entities
            .par_iter()
            .map(|&entity| {
                let sets = if with_sets {
                    definitions.sets(file, entity)
                } else {
                    Vec::new()
                };
                Thing {
                    entity,
                    key: file.text(entity, 0).unwrap_or_default(),
                    name: file.text(entity, 2),
                    description: file.text(entity, 3),
                    object_type: file.text(entity, 4),
                    verbatim: sets.iter().filter_map(PropertySet::verbatim).collect(),
                    sets,
                }
            })
            .collect();
        for thing in &mut things {
            let stated = std::mem::take(&mut thing.key);
            thing.key = self.key(thing.entity, stated);
        }
        things
    }

    fn thing(&mut self, entity: Entity) -> Option<Thing> {
        self.things(&[entity], true).pop()
    }

    /// The GlobalId, if it is one and is not taken.
    fn key(&mut self, entity: Entity, stated: String) -> String {
        let is_usable = !stated.is_empty()
            && stated.len() <= 64
            && stated
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_$-".contains(&b));
        let base = if is_usable {
            stated
        } else {
            self.findings.add(
                Finding::new(
                    Code::IfcMissing,
                    "no usable GlobalId; the statement's number is used",
                )
                .at_item(self.file.item(entity))
                .in_field("GlobalId"),
            );
            format!("step{}", self.file.index.id(entity))
        };
        let seen = self.keys.entry(base.clone()).or_default();
        *seen += 1;
        if *seen == 1 {
            return base;
        }
        self.findings.add(
            Finding::new(
                Code::IfcDuplicateId,
                format!("GlobalId `{base}` stands for {seen} things; they are kept apart"),
            )
            .at_item(self.file.item(entity)),
        );
        format!("{base}~{seen}")
    }

    fn placed(&mut self, entity: Entity) -> Frame {
        let placement = self.file.target(entity, 5);
        let world = self.file.placement(placement, self.findings);
        self.frame.then(&world)
    }

    /// Each with its frame.
    fn all_placed(&mut self, entities: &[Entity]) -> Vec<(Entity, Frame)> {
        self.file.read_placements(entities);
        entities.iter().map(|&e| (e, self.placed(e))).collect()
    }

    fn shape(&mut self, entity: Entity) -> Shape {
        let frame = self.placed(entity);
        self.shape_at(entity, &frame)
    }

    fn shape_at(&mut self, entity: Entity, frame: &Frame) -> Shape {
        self.budget.renew();
        let shape = shape::product(
            self.file,
            self.file.target(entity, 6),
            frame,
            &mut self.budget,
        );
        if self.budget.exceeded {
            self.findings.add(
                Finding::new(
                    Code::IfcLimit,
                    "a shape has too many points; what was read is used",
                )
                .at_item(self.file.item(entity)),
            );
        }
        shape
    }

    /// Makes something of the shape of each thing, on all cores; `make` is given the place in
    /// the list as well. The result and what is left of the budget are as if they were read one
    /// after another: a shape that proves too large to be read ahead is read again in its turn,
    /// and near the end of the budget nothing is read ahead.
    fn shapes<T: Send>(
        &mut self,
        placed: &[(Entity, Frame)],
        make: impl Fn(usize, &Shape) -> T + Sync,
    ) -> Vec<T> {
        let mut made = Vec::with_capacity(placed.len());
        for batch in placed.chunks(AHEAD) {
            let first = made.len();
            let file = &*self.file;
            let ahead: Vec<Option<(T, u64)>> = if self.budget.allows(AHEAD as u64 * AHEAD_POINTS) {
                let read = |(i, (entity, frame)): (usize, &(Entity, Frame))| {
                    let mut budget = Budget::of_points(AHEAD_POINTS);
                    let definition = file.target(*entity, 6);
                    let shape = shape::product(file, definition, frame, &mut budget);
                    let spent = AHEAD_POINTS - budget.left();
                    (!budget.exceeded).then(|| (make(first + i, &shape), spent))
                };
                batch.par_iter().enumerate().map(read).collect()
            } else {
                batch.iter().map(|_| None).collect()
            };
            for ((entity, frame), early) in batch.iter().zip(ahead) {
                let (found, spent) = early.unzip();
                self.budget.renew();
                made.push(match found {
                    Some(found) if spent.is_some_and(|n| self.budget.spend(n)) => found,
                    _ => {
                        let shape = self.shape_at(*entity, frame);
                        make(made.len(), &shape)
                    }
                });
            }
        }
        made
    }

    fn storey_of(&self, entity: Entity) -> Option<usize> {
        let found = self
            .tree
            .climb(entity, |e| self.storey_places.contains_key(&e))?;
        self.storey_places.get(&found).copied()
    }
}

/// The storey whose height is nearest below `z_m` (within half a metre above), or the lowest.
pub(super) fn nearest_storey(storeys: &[Storey], z_m: f64) -> Option<usize> {
    (0..storeys.len()).min_by(|&a, &b| {
        let distance = |i: usize| {
            let d = z_m - storeys[i].height_m();
            if d >= -0.5 { d } else { 1e6 - d }
        };
        distance(a).total_cmp(&distance(b))
    })
}
