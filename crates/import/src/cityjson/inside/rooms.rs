//! Storeys and the spaces on them.

use super::shape::{Shape, Surface, heights};
use super::{Label, Reading, RoomShape, Space, Storey};
use crate::cityjson::drawn::Defects;
use crate::cityjson::ground::{Face, SPOT_MAX_MM, Spot, pieces};
use crate::cityjson::kinds::Indoor;
use crate::ifc::usage_by_words;
use rustc_hash::FxHashSet;
use twin_model::Code;
use twin_space::plan::{Cell, Fidelity, Point, Point3, Polygon, footprint};

/// Plans are cut at the height of a door handle, as draughtsmen do.
const CUT_M: f64 = 1.1;
/// Lower than this a room is drawn as a floor only.
const HEIGHT_MIN_M: f64 = 0.5;
/// How high a room is taken to be, for what it touches, where only its floor is drawn: dwellings
/// have 2.4 to 2.7 m. A judgement.
const USUAL_HEIGHT_M: f64 = 2.5;
/// Floors further apart than this are of two storeys, in metres: less is a landing or a step.
const STOREY_MIN_M: f64 = 1.8;
/// How far the floor of a room may lie from its storey's, in metres.
const STOREY_SLACK_M: f64 = 1.0;

impl Reading<'_, '_, '_> {
    pub(super) fn storeys(&mut self) {
        for object in self.of_sort(Indoor::Storey) {
            let shape = self.shape(object);
            self.storey_of.insert(object, self.inside.storeys.len());
            self.inside.storeys.push(Storey {
                label: self.label(object),
                elevation_m: shape.map(|shape| floor_m(&shape)),
                is_inferred: false,
            });
        }
    }

    /// Rooms, and flats of which no room is known.
    pub(super) fn spaces(&mut self) {
        let mut divided = FxHashSet::default();
        for object in self.of_sort(Indoor::Room) {
            let unit = self.unit_of(object);
            divided.extend(unit);
            self.space(object, unit);
        }
        let flats = self.of_sort(Indoor::Unit).into_iter();
        for object in flats.filter(|flat| !divided.contains(flat)) {
            let unit = self.unit_of(object);
            self.space(object, unit);
        }
    }

    fn unit_of(&self, object: usize) -> Option<usize> {
        let is_unit = |whole| self.sort(whole) == Some(Indoor::Unit);
        self.city.hierarchy.whole_of(object, is_unit)
    }

    fn space(&mut self, object: usize, unit: Option<usize>) {
        let shape = self.shape(object);
        let room = shape.as_ref().and_then(room_shape);
        let label = self.label(object);
        if room.is_none() && !self.city.objects[object].1.geometry.is_empty() {
            let message = "no outline can be made of what is drawn";
            self.find(Code::CityGeometry, &label.key, message);
        }
        let words = self.words(object);
        self.space_of.insert(object, self.inside.spaces.len());
        self.inside.spaces.push(Space {
            usage: usage_by_words(words.iter().map(String::as_str)),
            label,
            storey: self.storey_of(object).map(|storey| (storey, true)),
            unit: unit.map(|unit| self.id(unit).to_owned()),
            shape: room,
            is_rest: false,
        });
    }

    /// The storey that an object says it is on.
    pub(super) fn storey_of(&self, object: usize) -> Option<usize> {
        let is_storey = |whole| self.sort(whole) == Some(Indoor::Storey);
        let whole = self.city.hierarchy.whole_of(object, is_storey)?;
        self.storey_of.get(&whole).copied()
    }

    /// A storey without rooms still has an inside.
    pub(super) fn rest_of_storeys(&mut self) {
        let mut is_empty = vec![true; self.inside.storeys.len()];
        for (storey, _) in self.inside.spaces.iter().filter_map(|s| s.storey) {
            is_empty[storey] = false;
        }
        for (object, number) in self.of_sort(Indoor::Storey).into_iter().zip(0..) {
            if !is_empty[number] {
                continue;
            }
            let mut unheard = Defects::default();
            let read = &self.city.objects[object].1;
            let shape = Shape::read(read, &self.site, &mut unheard);
            let storey = &self.inside.storeys[number].label;
            self.space_of.insert(object, self.inside.spaces.len());
            self.inside.spaces.push(Space {
                label: Label {
                    key: format!("inside:{}", storey.key),
                    name: storey.name.clone(),
                    ..Label::default()
                },
                usage: "room",
                storey: Some((number, true)),
                unit: None,
                shape: shape.as_ref().and_then(room_shape),
                is_rest: true,
            });
        }
    }

    /// Rooms that name no storey are on the one whose floor is at their height; where no storeys
    /// are stated at all, rooms at one height make one.
    pub(super) fn place_in_storeys(&mut self) {
        let mut loose = Vec::new();
        let mut lowest = vec![f64::INFINITY; self.inside.storeys.len()];
        for space in &self.inside.spaces {
            let Some(floor_m) = space.floor_m() else {
                continue;
            };
            match space.storey {
                Some((storey, _)) => lowest[storey] = lowest[storey].min(floor_m),
                None => loose.push(floor_m),
            }
        }
        for (storey, floor_m) in self.inside.storeys.iter_mut().zip(lowest) {
            let of_rooms = floor_m.is_finite().then_some(floor_m);
            storey.elevation_m = storey.elevation_m.or(of_rooms);
        }
        if self.inside.storeys.is_empty() {
            loose.sort_by(f64::total_cmp);
            for floor_m in loose {
                self.infer_storey(floor_m);
            }
        }
        let storeys = self.inside.storeys.iter().zip(0..);
        let floors = storeys.filter_map(|(storey, number)| Some((storey.elevation_m?, number)));
        self.floors = floors.collect();
        self.floors.sort_by(|a, b| a.0.total_cmp(&b.0));
        for at in 0..self.inside.spaces.len() {
            let space = &self.inside.spaces[at];
            if let (None, Some(floor_m)) = (space.storey, space.floor_m()) {
                let near = self.storey_at(floor_m);
                self.inside.spaces[at].storey = near.map(|storey| (storey, false));
            }
        }
    }

    /// Takes floors from the lowest up.
    fn infer_storey(&mut self, floor_m: f64) {
        let last = self.inside.storeys.last().and_then(|s| s.elevation_m);
        if last.is_some_and(|last| floor_m - last < STOREY_MIN_M) {
            return;
        }
        let (building, count) = (self.key, self.inside.storeys.len() + 1);
        self.inside.storeys.push(Storey {
            label: Label {
                key: format!("{building}:storey/{count}"),
                name: Some(format!("rooms at {floor_m:.1} m")),
                ..Label::default()
            },
            elevation_m: Some(floor_m),
            is_inferred: true,
        });
    }

    /// The storey whose floor is nearest below, or a little above.
    pub(super) fn storey_at(&self, z_m: f64) -> Option<usize> {
        let is_below = |(floor_m, _): &(f64, usize)| *floor_m < z_m + STOREY_SLACK_M;
        let above = self.floors.partition_point(is_below);
        Some(self.floors[above.checked_sub(1)?].1)
    }
}

impl Space {
    pub(super) fn floor_m(&self) -> Option<f64> {
        Some(self.shape.as_ref()?.cell.z_m.0)
    }
}

/// The height of the floor: of the surfaces that are called so, else of the lowest corner.
fn floor_m(shape: &Shape<'_>) -> f64 {
    let floors = floors(shape);
    if floors.is_empty() {
        shape.z_m().0
    } else {
        heights(floors.into_iter()).0
    }
}

fn floors<'s, 'o>(shape: &'s Shape<'o>) -> Vec<&'s Surface<'o>> {
    shape.of_kind(&["FloorSurface", "GroundSurface"])
}

fn room_shape(shape: &Shape<'_>) -> Option<RoomShape> {
    let (floor, top) = (floor_m(shape), shape.z_m().1);
    let has_height = !shape.is_plan && top - floor >= HEIGHT_MIN_M;
    let z_m = if has_height {
        (floor, top)
    } else {
        (floor, floor + USUAL_HEIGHT_M)
    };
    let (outline, method) = outline(shape, z_m, has_height)?;
    Some(RoomShape {
        cell: Cell { outline, z_m },
        has_height,
        method,
    })
}

fn outline(
    shape: &Shape<'_>,
    z_m: (f64, f64),
    has_height: bool,
) -> Option<(Vec<Polygon>, &'static str)> {
    let floors = floors(shape);
    let drawn: Vec<&Surface<'_>> = if floors.is_empty() && !has_height {
        shape.surfaces.iter().collect()
    } else {
        floors
    };
    let joined = union(&drawn);
    if !joined.is_empty() {
        return Some((joined, "floor surfaces of the room"));
    }
    let height_m = CUT_M.min((z_m.1 - z_m.0) / 2.0);
    let (polygon, fidelity) = footprint(&shape.faces(), z_m.0 + height_m)?;
    let method = match fidelity {
        Fidelity::Cut => "cut of the room's shape at 1.1 m",
        Fidelity::LevelFace => "floor face of the room's shape",
        Fidelity::Hull => "hull around the room's shape",
    };
    Some((vec![polygon], method))
}

/// The pieces that surfaces cover together, to a millimetre.
fn union(surfaces: &[&Surface<'_>]) -> Vec<Polygon> {
    let spot = |corner: &Point3| -> Option<Spot> {
        let mm = [corner[0] * 1e3, corner[1] * 1e3].map(f64::round);
        let is_near = mm.iter().all(|c| c.abs() <= SPOT_MAX_MM);
        is_near.then_some(mm.map(|c| c as i32))
    };
    let face = |surface: &&Surface<'_>| -> Option<Face> {
        let rings = surface
            .rings
            .iter()
            .map(|ring| ring.iter().map(spot).collect());
        Some(Face {
            rings: rings.collect::<Option<_>>()?,
        })
    };
    let faces: Vec<Face> = surfaces.iter().filter_map(face).collect();
    let plain = |ring: Vec<Spot>| -> Vec<Point> {
        let points = ring
            .into_iter()
            .map(|[x, y]| [x, y].map(|c| f64::from(c) / 1e3));
        points.map(|[x, y]| Point::new(x, y)).collect()
    };
    let found = pieces(&faces).into_iter();
    found
        .filter_map(|piece| Polygon::new(piece.into_iter().map(plain)))
        .collect()
}
