//! What the file says is there: storeys, spaces, doors, openings, stairs, lifts, walls; with
//! shapes on plan, before anything is concluded from them.

use super::file::{File, Frame};
use super::findings::Findings;
use super::properties::{Definitions, PropertySet};
use super::shape::{self, Budget, Shape};
use crate::step::Entity;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::fmt::Write;
use twin_model::{Code, Finding};
use twin_space::plan::{Bounds, Cell, Fidelity, Opening, Point, Point3, Wall, tightest_rectangle};

/// Height above the floor at which rooms and walls are cut, in metres: above sills and most
/// furniture, below lintels (ISO 7519 leaves it to the draughtsman; 1 m is usual, 1.1 m was used
/// for the measurements behind the stated probabilities).
const CUT_HEIGHT_M: f64 = 1.1;

/// Longest climb from a thing to its storey.
const CLIMB_MAX: usize = 32;

/// Most things of one sort that are read; the largest hospitals have some 20,000 doors.
const THINGS_MAX: usize = 100_000;

/// Most parts that are followed below one thing; the largest curtain walls have about a thousand.
const PARTS_MAX: usize = 5_000;

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

#[derive(Debug)]
pub(super) struct Building {
    pub(super) counts: Counts,
    pub(super) site: Option<Site>,
    pub(super) map_conversion: Option<String>,
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
/// Attributes of `IfcDoor`.
const DOOR_HEIGHT: usize = 8;
const DOOR_WIDTH: usize = 9;
const STAIRS: &[&str] = &["IFCSTAIR", "IFCRAMP"];
const FLIGHTS: &[&str] = &["IFCSTAIRFLIGHT", "IFCRAMPFLIGHT"];
const BOUNDARIES: &[&str] = &[
    "IFCRELSPACEBOUNDARY",
    "IFCRELSPACEBOUNDARY1STLEVEL",
    "IFCRELSPACEBOUNDARY2NDLEVEL",
];

/// Who is part of, contained in, or fills whom.
#[derive(Debug, Default)]
struct Tree {
    parent: FxHashMap<Entity, Entity>,
    children: FxHashMap<Entity, Vec<Entity>>,
    /// Opening to the element that it is cut from.
    host: FxHashMap<Entity, Entity>,
    /// Filling element to opening.
    fills: FxHashMap<Entity, Entity>,
}

impl Tree {
    fn read(file: &File<'_>) -> Self {
        let mut tree = Self::default();
        for &relation in file.all("IFCRELVOIDSELEMENT") {
            if let (Some(host), Some(opening)) =
                (file.target(relation, 4), file.target(relation, 5))
            {
                tree.host.insert(opening, host);
            }
        }
        for &relation in file.all("IFCRELFILLSELEMENT") {
            if let (Some(opening), Some(by)) = (file.target(relation, 4), file.target(relation, 5))
            {
                tree.fills.insert(by, opening);
            }
        }
        for name in ["IFCRELAGGREGATES", "IFCRELNESTS"] {
            for &relation in file.all(name) {
                let Some(whole) = file.target(relation, 4) else {
                    continue;
                };
                for part in file.targets(relation, 5) {
                    tree.parent.entry(part).or_insert(whole);
                    tree.children.entry(whole).or_default().push(part);
                }
            }
        }
        for &relation in file.all("IFCRELCONTAINEDINSPATIALSTRUCTURE") {
            let Some(structure) = file.target(relation, 5) else {
                continue;
            };
            for element in file.targets(relation, 4) {
                // Containment says more about where a thing is than aggregation does.
                tree.parent.insert(element, structure);
            }
        }
        tree
    }

    /// Climbs from a thing until `is_wanted` holds.
    fn climb(&self, from: Entity, is_wanted: impl Fn(Entity) -> bool) -> Option<Entity> {
        let mut here = from;
        for _ in 0..CLIMB_MAX {
            if is_wanted(here) {
                return Some(here);
            }
            here = *self
                .parent
                .get(&here)
                .or_else(|| self.fills.get(&here))
                .or_else(|| self.host.get(&here))?;
        }
        None
    }

    /// Whether climbing from a thing never ends.
    fn is_circular(&self, from: Entity) -> bool {
        let mut here = from;
        (0..CLIMB_MAX).all(|_| match self.parent.get(&here) {
            Some(&parent) => {
                here = parent;
                true
            }
            None => false,
        })
    }

    /// A thing and all its parts, bounded.
    fn parts(&self, whole: Entity) -> Vec<Entity> {
        let mut found = vec![whole];
        let mut seen: FxHashSet<Entity> = FxHashSet::default();
        seen.insert(whole);
        let mut at = 0;
        while at < found.len() && found.len() < PARTS_MAX {
            for &part in self.children.get(&found[at]).map_or(&[][..], Vec::as_slice) {
                if seen.insert(part) {
                    found.push(part);
                }
            }
            at += 1;
        }
        found
    }
}

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
    let frame = {
        let placement = file
            .all("IFCBUILDING")
            .first()
            .and_then(|&b| file.target(b, 5));
        file.placement(placement, findings).inverse()
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
        frame,
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
            .map(|&entity| Thing {
                entity,
                key: file.text(entity, 0).unwrap_or_default(),
                name: file.text(entity, 2),
                description: file.text(entity, 3),
                object_type: file.text(entity, 4),
                sets: if with_sets {
                    definitions.sets(file, entity)
                } else {
                    Vec::new()
                },
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

    fn edifices(&mut self) -> Vec<Edifice> {
        let all = self.listed(&["IFCBUILDING"]);
        self.things(&all, true)
            .into_iter()
            .map(|thing| Edifice {
                long_name: self.file.text(thing.entity, 7),
                address: self
                    .file
                    .target(thing.entity, 11)
                    .and_then(|a| self.address(a)),
                thing,
            })
            .collect()
    }

    /// `IfcPostalAddress`: lines, post box, town, region, code, country, joined by commas.
    fn address(&self, address: Entity) -> Option<String> {
        let mut parts: Vec<String> = self
            .file
            .value(address, 4)
            .list()
            .take(20)
            .filter_map(crate::step::Value::text)
            .collect();
        parts.extend(
            [8, 6, 7, 9]
                .iter()
                .filter_map(|&i| self.file.text(address, i)),
        );
        parts.retain(|p| !p.trim().is_empty());
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    fn site(&mut self) -> Option<Site> {
        let &entity = self.file.all("IFCSITE").first()?;
        let angle = |place| {
            let parts: Vec<f64> = self
                .file
                .value(entity, place)
                .list()
                .take(4)
                .filter_map(crate::step::Value::number)
                .collect();
            // Degrees, minutes, seconds, millionths of a second (IfcCompoundPlaneAngleMeasure).
            let weights = [1.0, 60.0, 3600.0, 3.6e9];
            (parts.len() >= 2).then(|| parts.iter().zip(weights).map(|(p, w)| p / w).sum::<f64>())
        };
        Some(Site {
            latitude_deg: angle(9),
            longitude_deg: angle(10),
            elevation_m: self
                .file
                .value(entity, 11)
                .number()
                .map(|e| e * self.file.length_m),
        })
    }

    /// `IfcMapConversion` as JSON, as stated.
    fn map_conversion(&self) -> Option<String> {
        let &entity = self.file.all("IFCMAPCONVERSION").first()?;
        let crs = self
            .file
            .target(entity, 1)
            .and_then(|c| self.file.text(c, 0));
        let mut out = String::from("{\"crs\":");
        match crs {
            Some(name) => super::properties::push_json_text(&mut out, &name),
            None => out.push_str("null"),
        }
        let names = [
            "eastings",
            "northings",
            "orthogonalHeight",
            "xAxisAbscissa",
            "xAxisOrdinate",
            "scale",
        ];
        for (i, name) in names.iter().enumerate() {
            if let Some(x) = self.file.value(entity, i + 2).number() {
                let _ = write!(out, ",\"{name}\":{x}");
            }
        }
        out.push('}');
        Some(out)
    }

    fn storeys(&mut self, edifices: &[Edifice]) -> Vec<Storey> {
        let all = self.listed(&["IFCBUILDINGSTOREY"]);
        let placed = self.all_placed(&all);
        let things = self.things(&all, true);
        let mut storeys = Vec::with_capacity(all.len());
        for (thing, (entity, frame)) in things.into_iter().zip(placed) {
            let stated = self
                .file
                .value(entity, 9)
                .number()
                .map(|e| e * self.file.length_m);
            let building = self
                .tree
                .climb(entity, |e| edifices.iter().any(|b| b.thing.entity == e));
            self.storey_places.insert(entity, storeys.len());
            storeys.push(Storey {
                thing,
                long_name: self.file.text(entity, 7),
                elevation_m: stated.filter(|e| e.abs() < 1e5),
                placed_m: frame.origin[2],
                building: building
                    .and_then(|b| edifices.iter().position(|e| e.thing.entity == b))
                    .or((!edifices.is_empty()).then_some(0)),
            });
        }
        storeys
    }

    fn spaces(&mut self, storeys: &[Storey]) -> Vec<Space> {
        let zones = self.zones();
        let all = self.listed(&["IFCSPACE"]);
        let things = self.things(&all, true);
        let placed = self.all_placed(&all);
        let drawn = self.shapes(&placed, |_, shape| {
            let (outline, fidelity) = shape.outlines(CUT_HEIGHT_M);
            (outline, fidelity, shape.z_m(), shape.partial)
        });
        let mut spaces = Vec::with_capacity(all.len());
        for (thing, (outline, fidelity, z_m, is_partial)) in things.into_iter().zip(drawn) {
            let entity = thing.entity;
            if outline.is_empty() {
                let why = if self.file.target(entity, 6).is_none() {
                    "the space has no shape, so nothing can be joined to it by its plan"
                } else {
                    "the shape of the space could not be turned into a plan"
                };
                self.findings
                    .add(Finding::new(Code::IfcGeometry, why).at_item(thing.key.clone()));
            } else if fidelity == Some(Fidelity::Hull) {
                self.findings.add(
                    Finding::new(
                        Code::IfcGeometry,
                        "the outline of the space is only a hull or a box around it",
                    )
                    .at_item(thing.key.clone()),
                );
            }
            if is_partial && !outline.is_empty() {
                self.findings.add(
                    Finding::new(
                        Code::IfcGeometry,
                        "part of the shape is of a sort that is not read",
                    )
                    .at_item(thing.key.clone()),
                );
            }
            let z_m = z_m.unwrap_or((0.0, 0.0));
            let mut storey = self.storey_of(entity);
            if storey.is_none() && !outline.is_empty() {
                storey = nearest_storey(storeys, z_m.0);
                self.findings.add(
                    Finding::new(
                        Code::IfcMissing,
                        "the space is in no storey; the storey at its height is taken",
                    )
                    .at_item(thing.key.clone())
                    .in_field("storey"),
                );
            }
            spaces.push(Space {
                long_name: self.file.text(entity, 7),
                predefined: self.file.value(entity, 9).word().map(str::to_owned),
                storey,
                cell: Cell { outline, z_m },
                fidelity,
                zones: zones.get(&entity).cloned().unwrap_or_default(),
                thing,
            });
        }
        spaces
    }

    /// Names of the zones that each space is assigned to.
    fn zones(&self) -> FxHashMap<Entity, Vec<String>> {
        let mut found: FxHashMap<Entity, Vec<String>> = FxHashMap::default();
        let mut note = |zone: Entity, members: Vec<Entity>| {
            let kind = self.file.name(zone);
            if kind != "IFCZONE" && kind != "IFCSPATIALZONE" {
                return;
            }
            let name = self
                .file
                .text(zone, 2)
                .or_else(|| self.file.text(zone, 0))
                .unwrap_or_default();
            let sort = (kind == "IFCSPATIALZONE")
                .then(|| self.file.value(zone, 8).word())
                .flatten()
                .map_or_else(String::new, |w| format!(" ({w})"));
            for member in members {
                let list = found.entry(member).or_default();
                if list.len() < 50 {
                    list.push(format!("{name}{sort}"));
                }
            }
        };
        for &relation in self.file.all("IFCRELASSIGNSTOGROUP") {
            if let Some(zone) = self.file.target(relation, 6) {
                note(zone, self.file.targets(relation, 4));
            }
        }
        for &relation in self.file.all("IFCRELREFERENCEDINSPATIALSTRUCTURE") {
            if let Some(zone) = self.file.target(relation, 5) {
                note(zone, self.file.targets(relation, 4));
            }
        }
        found
    }

    fn doors(&mut self) -> Vec<Door> {
        let all = self.listed(DOORS);
        let things = self.things(&all, true);
        let openings = self.door_openings(&all);
        let mut doors = Vec::with_capacity(all.len());
        for (thing, opening) in things.into_iter().zip(openings) {
            let entity = thing.entity;
            let by_type = self.definitions.type_of(entity);
            let type_operation = by_type.and_then(|t| match self.file.name(t) {
                "IFCDOORSTYLE" => self.file.value(t, 8).word(),
                "IFCDOORTYPE" => self.file.value(t, 10).word(),
                _ => None,
            });
            let operation = self
                .file
                .value(entity, 11)
                .word()
                .filter(|w| *w != "NOTDEFINED")
                .or(type_operation)
                .filter(|w| *w != "NOTDEFINED")
                .map(str::to_owned);
            doors.push(Door {
                storey: self.storey_of(entity),
                thing,
                width: self.positive(entity, DOOR_WIDTH),
                height: self.positive(entity, DOOR_HEIGHT),
                operation,
                opening,
                fills: self.tree.fills.get(&entity).copied(),
            });
        }
        doors
    }

    fn positive(&self, entity: Entity, place: usize) -> Option<f64> {
        self.file.value(entity, place).number().filter(|v| *v > 0.0)
    }

    /// Where each door is and which way it leads: from the hole that it fills, otherwise from its
    /// own shape, otherwise from its placement, whose x axis runs along the door and whose origin
    /// is at its lower corner (IfcDoor in the IFC specification).
    fn door_openings(&mut self, doors: &[Entity]) -> Vec<Option<Opening>> {
        let placed = self.all_placed(doors);
        let metres = |r: &Self, place| {
            let lengths = doors.iter().map(|&d| r.positive(d, place));
            let lengths = lengths.map(|l| l.map(|l| l * r.file.length_m));
            lengths.collect::<Vec<Option<f64>>>()
        };
        let (width_m, height_m) = (metres(self, DOOR_WIDTH), metres(self, DOOR_HEIGHT));
        let along = |door: usize| {
            let x = placed[door].1.x;
            Point::new(x[0], x[1]).unit()
        };
        let mut openings = vec![None; doors.len()];
        let (fills, mut of_door): (Vec<Entity>, Vec<usize>) = doors
            .iter()
            .enumerate()
            .filter_map(|(i, door)| Some((*self.tree.fills.get(door)?, i)))
            .unzip();
        let mut shown = self.all_placed(&fills);
        // The holes, and then the doors themselves where that was not enough.
        for _ in 0..2 {
            let found = self.shapes(&shown, |k, shape| {
                let door = of_door[k];
                read_opening(shape, along(door), width_m[door])
            });
            for (door, found) in of_door.into_iter().zip(found) {
                openings[door] = found;
            }
            of_door = (0..doors.len())
                .filter(|&d| openings[d].is_none())
                .collect();
            shown = of_door.iter().map(|&d| placed[d]).collect();
        }
        for door in of_door {
            let frame = placed[door].1;
            let corner = Point::new(frame.origin[0], frame.origin[1]);
            let low = frame.origin[2];
            openings[door] = along(door)
                .zip(width_m[door])
                .map(|(along, width_m)| Opening {
                    centre: corner.along(along, width_m / 2.0),
                    normal: along.left(),
                    width_m,
                    depth_m: 0.1,
                    z_m: (low, low + height_m[door].unwrap_or(2.0)),
                })
                .filter(|o| o.centre.is_sane() && o.z_m.0.abs() < 1e6 && o.z_m.1.abs() < 1e6);
        }
        openings
    }

    /// Openings in walls that no door or window fills.
    fn holes(&mut self, doors: &[Door]) -> Vec<Hole> {
        let mut filled = vec![false; self.file.index.len()];
        for opening in self.tree.fills.values() {
            filled[opening.position()] = true;
        }
        for door in doors {
            if let Some(opening) = door.fills {
                filled[opening.position()] = true;
            }
        }
        let mut open = self.listed(OPENINGS);
        open.retain(|e| {
            let host = self.tree.host.get(e);
            !filled[e.position()] && host.is_some_and(|&h| WALLS.contains(&self.file.name(h)))
        });
        let along = self.wall_directions(&open);
        let placed = self.all_placed(&open);
        let found = self.shapes(&placed, |k, shape| read_opening(shape, along[k], None));
        let (holes, openings): (Vec<Entity>, Vec<Opening>) = open
            .into_iter()
            .zip(found)
            .filter_map(|(entity, opening)| Some((entity, opening?)))
            .unzip();
        let things = self.things(&holes, false);
        things
            .into_iter()
            .zip(openings)
            .map(|(thing, opening)| Hole {
                storey: self.storey_of(thing.entity),
                thing,
                opening,
            })
            .collect()
    }

    /// Along which direction the wall of each opening runs: its long side on plan, or for stubs
    /// its own x axis.
    fn wall_directions(&mut self, openings: &[Entity]) -> Vec<Option<Point>> {
        let host = |o: &Entity| self.tree.host.get(o).copied();
        let mut walls: Vec<Entity> = openings.iter().filter_map(host).collect();
        walls.sort_unstable();
        walls.dedup();
        let placed = self.all_placed(&walls);
        let along = self.shapes(&placed, |k, shape| {
            let corners = shape.corners();
            let flat = corners.iter().map(|c| Point::new(c[0], c[1])).collect();
            let x = placed[k].1.x;
            tightest_rectangle(flat)
                .filter(|r| r.length_m > 1.5 * r.breadth_m)
                .map(|r| r.direction)
                .or_else(|| Point::new(x[0], x[1]).unit())
        });
        let along: FxHashMap<Entity, Option<Point>> = walls.into_iter().zip(along).collect();
        openings
            .iter()
            .map(|o| *along.get(self.tree.host.get(o)?)?)
            .collect()
    }

    fn stairs(&mut self) -> Vec<Stair> {
        let mut taken: FxHashSet<Entity> = FxHashSet::default();
        let mut climbs = Vec::new();
        let (mut walked, mut of_climb) = (Vec::new(), Vec::new());
        for entity in self.listed(&[STAIRS, FLIGHTS].concat()) {
            if taken.contains(&entity) {
                continue;
            }
            for part in self.tree.parts(entity) {
                taken.insert(part);
                // Railings and stringers reach beyond the walking surface.
                let is_walked = part == entity
                    || matches!(
                        self.file.name(part),
                        "IFCSTAIRFLIGHT" | "IFCRAMPFLIGHT" | "IFCSLAB" | "IFCSTAIR" | "IFCRAMP"
                    );
                if is_walked {
                    walked.push(part);
                    of_climb.push(climbs.len());
                }
            }
            climbs.push(entity);
        }
        let placed = self.all_placed(&walked);
        let shown = self.shapes(&placed, |_, shape| shape.corners());
        let mut corners = vec![Vec::new(); climbs.len()];
        for (climb, mut shown) in of_climb.into_iter().zip(shown) {
            corners[climb].append(&mut shown);
        }
        let mut found = Vec::new();
        for (thing, corners) in self.things(&climbs, true).into_iter().zip(corners) {
            let climb = if self.file.name(thing.entity).starts_with("IFCRAMP") {
                Climb::Ramp
            } else {
                Climb::Stair
            };
            found.push(Stair {
                climb,
                storey: self.storey_of(thing.entity),
                corners,
                thing,
            });
        }
        for entity in self.transports(|word| matches!(word, "ESCALATOR" | "MOVINGWALKWAY")) {
            let corners = self.shape(entity).corners();
            let Some(thing) = self.thing(entity) else {
                continue;
            };
            found.push(Stair {
                thing,
                climb: Climb::Escalator,
                storey: self.storey_of(entity),
                corners,
            });
        }
        found
    }

    fn lifts(&mut self) -> Vec<Lift> {
        let mut lifts = Vec::new();
        for entity in
            self.transports(|word| !matches!(word, "ESCALATOR" | "MOVINGWALKWAY" | "CRANEWAY"))
        {
            let shape = self.shape(entity);
            let placed = self.placed(entity);
            let origin = Point::new(placed.origin[0], placed.origin[1]);
            let bounds = if shape.is_empty() {
                Bounds::of([origin])
            } else {
                shape.bounds()
            };
            let Some(thing) = self.thing(entity) else {
                continue;
            };
            lifts.push(Lift {
                thing,
                bounds,
                z_m: shape.z_m(),
            });
        }
        lifts
    }

    /// Transport elements whose sort, stated on the thing or its type, passes.
    fn transports(&self, passes: impl Fn(&str) -> bool) -> Vec<Entity> {
        let sort = |e: Entity| {
            let own = self.file.value(e, 8).word();
            let by_type = || {
                let t = self.definitions.type_of(e)?;
                self.file.value(t, 9).word()
            };
            own.filter(|w| *w != "NOTDEFINED")
                .or_else(by_type)
                .unwrap_or("NOTDEFINED")
                .to_owned()
        };
        self.file
            .all("IFCTRANSPORTELEMENT")
            .iter()
            .copied()
            .filter(|&e| passes(&sort(e)))
            .collect()
    }

    /// Outlines of walls, curtain walls with their panels.
    fn walls(&mut self) -> Vec<Wall> {
        let mut parts = Vec::new();
        for entity in self.listed(WALLS) {
            if self.tree.children.contains_key(&entity) {
                parts.append(&mut self.tree.parts(entity));
            } else {
                parts.push(entity);
            }
        }
        let placed = self.all_placed(&parts);
        let walls = self.shapes(&placed, |_, shape| {
            let Some(z_m) = shape.z_m() else {
                return Vec::new();
            };
            let outlines = shape.outlines(CUT_HEIGHT_M).0.into_iter();
            outlines.map(|outline| Wall { outline, z_m }).collect()
        });
        walls.into_iter().flatten().collect()
    }

    fn boundaries(&mut self, spaces: &[Space]) -> Vec<Boundary> {
        let places: FxHashMap<Entity, usize> = spaces
            .iter()
            .enumerate()
            .map(|(i, s)| (s.thing.entity, i))
            .collect();
        let mut dangling = 0;
        let mut found = Vec::new();
        for entity in self.file.all_of(BOUNDARIES) {
            let mut values = self.file.values(entity).skip(4);
            let mut target = || {
                let id = values.next().and_then(crate::step::Value::reference);
                id.map(|id| self.file.index.find(id))
            };
            let space = target();
            let element = target();
            if space == Some(None) || element == Some(None) {
                dangling += 1;
            }
            let word = values.nth(1);
            // Only spaces count; the outside of IFC4 is stated by its own type.
            let Some(&space) = space.flatten().and_then(|s| places.get(&s)) else {
                continue;
            };
            let other_side = values.nth(2).and_then(crate::step::Value::reference);
            found.push(Boundary {
                entity,
                space,
                element: element.flatten(),
                is_virtual: word.and_then(crate::step::Value::word) == Some("VIRTUAL"),
                other_side: other_side.and_then(|id| self.file.index.find(id)),
            });
        }
        if dangling > 0 {
            self.findings.add(Finding::new(
                Code::IfcDanglingReference,
                format!("space boundaries that refer to statements that are not there: {dangling}"),
            ));
        }
        found
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

/// Reads a hole or a door leaf as an opening. The rectangle around its plan has two directions;
/// the one along the wall is the one whose length is the stated width, else the one nearer to
/// `along`, else the longer one.
fn read_opening(shape: &Shape, along: Option<Point>, width_m: Option<f64>) -> Option<Opening> {
    let z_m = shape.z_m()?;
    let corners = shape.corners();
    let flat: Vec<Point> = corners.iter().map(|c| Point::new(c[0], c[1])).collect();
    let r = tightest_rectangle(flat)?;
    let by_width = width_m.and_then(|w| {
        let (long, short) = ((r.length_m - w).abs(), (r.breadth_m - w).abs());
        ((long - short).abs() > 0.05 && long.min(short) < 0.3 * w).then_some(long < short)
    });
    let by_axis = along.and_then(|a| {
        let c = a.dot(r.direction).abs();
        // Neither direction is near enough at 45 degrees.
        (!(0.5..0.86).contains(&c)).then_some(c > 0.7)
    });
    let long_side_is_along = by_width.or(by_axis).unwrap_or(true);
    let (direction, width_m, depth_m) = if long_side_is_along {
        (r.direction, r.length_m, r.breadth_m)
    } else {
        (r.direction.left(), r.breadth_m, r.length_m)
    };
    (r.centre.is_sane() && width_m > 0.01).then_some(Opening {
        centre: r.centre,
        normal: direction.left(),
        width_m,
        depth_m,
        z_m,
    })
}
