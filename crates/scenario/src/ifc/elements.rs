//! Spaces, floors, walls, and what fills the holes in walls.

use super::shapes::{Block, Frame, Z_DIRECTION, outline_mm, rectangle_mm};
use super::{Schema, Writer};
use crate::building::{Axis, Door, Fill, Hole, Point, SLAB_MM, Window};
use crate::step::{Arg, Id};

/// The width of a door or window frame.
const FRAME_MM: f64 = 40.0;

impl Writer<'_> {
    /// The arguments that every product has after its description.
    pub(super) fn product(object_type: Arg, placement: Id, shape: Id) -> Vec<Arg> {
        vec![object_type, placement.into(), shape.into()]
    }

    pub(super) fn space(&mut self, index: usize, storey_frame: Id) -> Id {
        let space = &self.building.spaces[index];
        let profile = self.profile(&outline_mm(&space.footprint), &[]);
        let solid = self.sweep(profile, Frame::default(), space.height as f64);
        let shape = self.body(&[solid]);
        let placement = self.place(Some(storey_frame), Frame::default());
        let mut rest = Self::product(Self::object_type(space.usage), placement, shape);
        rest.extend([
            self.defects.name(space).into(),
            Arg::Enum("ELEMENT"),
            Arg::Enum("INTERNAL"),
            Arg::Null,
        ]);
        let record = self.root("IFCSPACE", &space.global_id, (&space.number).into(), rest);
        self.space_properties(record, space);
        self.spaces[index] = Some(record);
        record
    }

    /// The floor of a storey, open where stairs and the lift pass, and the roof of the last.
    pub(super) fn slabs(&mut self, storey: usize, frame: Id) {
        let mut holes: Vec<Vec<[f64; 2]>> = Vec::new();
        if storey > 0 {
            for stair in &self.building.stairs {
                let below = &self.building.spaces[stair.links.0];
                if below.storey + 1 == storey {
                    let (x, y) = (stair.foot.0 as f64, stair.foot.1 as f64);
                    let run = (stair.risers - 1) * stair.tread + stair.landing;
                    let width = 2 * stair.flight_width + stair.gap;
                    holes.push(rectangle_mm([x, y], [x + width as f64, y + run as f64]));
                }
            }
            let shafts = self.building.lifts.iter().flat_map(|lift| &lift.passes);
            for shaft in shafts.map(|&shaft| &self.building.spaces[shaft]) {
                if shaft.storey == storey {
                    holes.push(outline_mm(&shaft.footprint));
                }
            }
        }
        let kind = if storey == 0 { "BASESLAB" } else { "FLOOR" };
        let plates = &self.building.plates;
        // Where a storey is narrower than the one below it, its floor is the roof of the rest.
        let below = plates[storey.saturating_sub(1)];
        let plate = [
            plates[storey][0].min_of(below[0]),
            plates[storey][1].max_of(below[1]),
        ];
        let top = plates[storey];
        let floor_z = -(SLAB_MM as f64);
        self.slab(
            &format!("floor {storey}"),
            frame,
            (plate, floor_z),
            &holes,
            kind,
        );
        if storey + 1 == self.building.storeys.len() {
            let height = self.building.storeys[storey].height as f64;
            self.slab("roof", frame, (top, height), &[], "ROOF");
        }
    }

    fn slab(
        &mut self,
        label: &str,
        frame: Id,
        (plate, z_mm): ([Point; 2], f64),
        holes: &[Vec<[f64; 2]>],
        kind: &'static str,
    ) {
        let [low, high] = plate.map(|corner| [corner.x as f64, corner.y as f64]);
        let outer = rectangle_mm(
            low.map(|value| value - 300.0),
            high.map(|value| value + 300.0),
        );
        let profile = self.profile(&outer, holes);
        let at_mm = [0.0, 0.0, z_mm];
        let solid = self.sweep(
            profile,
            Frame {
                at_mm,
                ..Frame::default()
            },
            SLAB_MM as f64,
        );
        let shape = self.body(&[solid]);
        let placement = self.place(Some(frame), Frame::default());
        let mut rest = Self::product(Arg::Null, placement, shape);
        rest.extend([Arg::Null, Arg::Enum(kind)]);
        let id = self.id(&format!("slab {label}"));
        let record = self.root("IFCSLAB", &id, label.into(), rest);
        self.contained.push(record);
    }

    pub(super) fn walls(&mut self, storey: usize, storey_frame: Id) {
        for index in 0..self.building.walls.len() {
            let wall = &self.building.walls[index];
            if wall.storey != storey {
                continue;
            }
            let start = wall.run.point(wall.run.lo);
            let x = match wall.run.axis {
                Axis::X => [1.0, 0.0, 0.0],
                Axis::Y => [0.0, 1.0, 0.0],
            };
            let at_mm = [start.x as f64, start.y as f64, 0.0];
            let placement = self.place(
                Some(storey_frame),
                Frame {
                    at_mm,
                    axis: Z_DIRECTION,
                    x,
                },
            );
            let thickness = wall.thickness as f64;
            let solid = self.block(Block {
                at_mm: [0.0, -thickness / 2.0, 0.0],
                size_mm: [wall.run.length() as f64, thickness, wall.height as f64],
            });
            let shape = self.body(&[solid]);
            let kind = if wall.external {
                "Outer wall"
            } else {
                "Inner wall"
            };
            let name = format!("{kind} {}:{}", wall.thickness, 300_000 + index);
            let mut rest = Self::product(Arg::Null, placement, shape);
            rest.push(Arg::Null);
            if !self.is_2x3() {
                rest.push(Arg::Enum("SOLIDWALL"));
            }
            let record = self.root("IFCWALL", &wall.global_id, Arg::Text(name), rest);
            self.wall_properties(record, index);
            self.contained.push(record);
            self.walls[index] = Some(record);
            if self.options.boundaries {
                self.wall_boundaries(index, record);
            }
            let holes = self.building.holes.iter().filter(|hole| hole.wall == index);
            for hole in holes {
                self.hole(hole, record, placement);
            }
        }
    }

    fn hole(&mut self, hole: &Hole, wall: Id, wall_placement: Id) {
        if let Fill::Door(door) = &hole.fill
            && !self.defects.keeps(&door.global_id)
        {
            return;
        }
        let run = self.building.walls[hole.wall].run;
        let at_mm = [(hole.lo - run.lo) as f64, 0.0, hole.sill as f64];
        let placement = self.place(
            Some(wall_placement),
            Frame {
                at_mm,
                ..Frame::default()
            },
        );
        // Deeper than the wall, so that nothing thin remains where their faces would coincide.
        let through = self.building.walls[hole.wall].thickness as f64 + 100.0;
        let solid = self.block(Block {
            at_mm: [0.0, -through / 2.0, 0.0],
            size_mm: [hole.width as f64, through, hole.height as f64],
        });
        let shape = self.body(&[solid]);
        let mut rest = Self::product(Arg::Null, placement, shape);
        rest.push(Arg::Null);
        if !self.is_2x3() {
            rest.push(Arg::Enum("OPENING"));
        }
        let opening = self.root("IFCOPENINGELEMENT", &hole.global_id, "Opening".into(), rest);
        let id = self.id(&format!("voids {}", hole.global_id));
        self.root(
            "IFCRELVOIDSELEMENT",
            &id,
            Arg::Null,
            vec![wall.into(), opening.into()],
        );
        let filling = match &hole.fill {
            Fill::Nothing => None,
            Fill::Door(door) => Some(self.door(hole, door, placement)),
            Fill::Window(window) => Some(self.window(hole, window, placement)),
        };
        if let Some(filling) = filling {
            let id = self.id(&format!("fills {}", hole.global_id));
            let rest = vec![opening.into(), filling.into()];
            self.root("IFCRELFILLSELEMENT", &id, Arg::Null, rest);
            self.contained.push(filling);
        }
        if self.options.boundaries {
            // In IFC2x3 only a virtual element may bound a space virtually.
            let is_virtual = filling.is_none() && !self.is_2x3();
            self.hole_boundaries(hole, filling.unwrap_or(opening), is_virtual);
        }
    }

    fn door(&mut self, hole: &Hole, door: &Door, opening_placement: Id) -> Id {
        let (width, height) = (hole.width as f64, hole.height as f64);
        let mut solids = self.frame(width, height, false);
        let leaves = if door.double && !self.extras.plain {
            2
        } else {
            1
        };
        let leaf = (width - 2.0 * FRAME_MM) / f64::from(leaves);
        for number in 0..leaves {
            solids.push(self.block(Block {
                at_mm: [FRAME_MM + f64::from(number) * leaf, -22.0, 0.0],
                size_mm: [leaf - 2.0, 44.0, height - FRAME_MM],
            }));
        }
        let mut rest = self.filling(hole, &solids, opening_placement);
        if !self.is_2x3() {
            let operation = match (door.double, door.left, self.options.schema) {
                (false, true, _) => "SINGLE_SWING_LEFT",
                (false, false, _) => "SINGLE_SWING_RIGHT",
                (true, _, Schema::Ifc4x3) => "DOUBLE_PANEL_SINGLE_SWING",
                (true, ..) => "DOUBLE_DOOR_SINGLE_SWING",
            };
            rest.extend([Arg::Enum("DOOR"), Arg::Enum(operation), Arg::Null]);
        }
        let record = self.root("IFCDOOR", &door.global_id, (&door.name).into(), rest);
        self.door_properties(record, door);
        record
    }

    fn window(&mut self, hole: &Hole, window: &Window, opening_placement: Id) -> Id {
        let (width, height) = (hole.width as f64, hole.height as f64);
        let mut solids = self.frame(width, height, true);
        solids.push(self.block(Block {
            at_mm: [FRAME_MM, -12.0, FRAME_MM],
            size_mm: [width - 2.0 * FRAME_MM, 24.0, height - 2.0 * FRAME_MM],
        }));
        let mut rest = self.filling(hole, &solids, opening_placement);
        if !self.is_2x3() {
            rest.extend([Arg::Enum("WINDOW"), Arg::Enum("SINGLE_PANEL"), Arg::Null]);
        }
        self.root("IFCWINDOW", &window.global_id, (&window.name).into(), rest)
    }

    fn filling(&mut self, hole: &Hole, solids: &[Id], opening_placement: Id) -> Vec<Arg> {
        let shape = self.body(solids);
        let placement = self.place(Some(opening_placement), Frame::default());
        let width = match &hole.fill {
            Fill::Door(door) => self.defects.width(door, hole.width),
            Fill::Nothing | Fill::Window(_) => hole.width,
        };
        let size = [hole.height, width].map(|mm| self.length(mm as f64).into());
        let mut rest = Self::product(Arg::Null, placement, shape);
        rest.push(Arg::Null);
        rest.extend(size);
        rest
    }

    /// The frame around a door (three sides) or a window (four).
    fn frame(&mut self, width: f64, height: f64, bottom: bool) -> Vec<Id> {
        if self.extras.plain {
            return Vec::new();
        }
        let bar = |x, z, w, h| Block {
            at_mm: [x, -50.0, z],
            size_mm: [w, 100.0, h],
        };
        let inner = width - 2.0 * FRAME_MM;
        let mut bars = vec![
            bar(0.0, 0.0, FRAME_MM, height),
            bar(width - FRAME_MM, 0.0, FRAME_MM, height),
            bar(FRAME_MM, height - FRAME_MM, inner, FRAME_MM),
        ];
        if bottom {
            bars.push(bar(FRAME_MM, 0.0, inner, FRAME_MM));
        }
        bars.into_iter().map(|block| self.block(block)).collect()
    }
}
