//! Reading each sort of thing: what it is called, where it stands, what is drawn of it.

use super::{
    BOUNDARIES, Boundary, Climb, DOORS, Door, Edifice, FLIGHTS, Hole, Lift, OPENINGS, Reader,
    STAIRS, Site, Space, Stair, Storey, WALLS, nearest_storey,
};
use crate::ifc::shape::Shape;
use crate::step::Entity;
use crate::writer::push_json_text;
use rustc_hash::{FxHashMap, FxHashSet};
use std::fmt::Write;
use twin_model::{Code, Finding};
use twin_space::plan::{Bounds, Cell, Fidelity, Opening, Point, Wall, tightest_rectangle};

/// Height above the floor at which rooms and walls are cut, in metres: above sills and most
/// furniture, below lintels (ISO 7519 leaves it to the draughtsman; 1 m is usual, 1.1 m was used
/// for the measurements behind the stated probabilities).
const CUT_HEIGHT_M: f64 = 1.1;

/// Attributes of `IfcDoor`.
const DOOR_HEIGHT: usize = 8;
const DOOR_WIDTH: usize = 9;

impl Reader<'_, '_> {
    pub(super) fn edifices(&mut self) -> Vec<Edifice> {
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

    pub(super) fn site(&mut self) -> Option<Site> {
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
    pub(super) fn map_conversion(&self) -> Option<String> {
        let &entity = self.file.all("IFCMAPCONVERSION").first()?;
        let crs = self
            .file
            .target(entity, 1)
            .and_then(|c| self.file.text(c, 0));
        let mut out = String::from("{\"crs\":");
        match crs {
            Some(name) => push_json_text(&mut out, &name),
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

    pub(super) fn storeys(&mut self, edifices: &[Edifice]) -> Vec<Storey> {
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

    pub(super) fn spaces(&mut self, storeys: &[Storey]) -> Vec<Space> {
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

    pub(super) fn doors(&mut self) -> Vec<Door> {
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
    pub(super) fn holes(&mut self, doors: &[Door]) -> Vec<Hole> {
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

    pub(super) fn stairs(&mut self) -> Vec<Stair> {
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

    pub(super) fn lifts(&mut self) -> Vec<Lift> {
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
    pub(super) fn walls(&mut self) -> Vec<Wall> {
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

    pub(super) fn boundaries(&mut self, spaces: &[Space]) -> Vec<Boundary> {
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
