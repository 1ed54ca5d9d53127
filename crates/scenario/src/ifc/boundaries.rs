//! Space boundaries: which wall, door or window bounds which space.

use super::Writer;
use super::shapes::Frame;
use crate::building::{Axis, Hole, Mm, Run, Separation};
use crate::step::{Arg, Id};

/// A rectangle on the face of a room.
#[derive(Debug, Clone, Copy)]
struct Face {
    run: Run,
    /// +1 if the room lies towards the larger fixed coordinate, else −1.
    side: Mm,
    z: (Mm, Mm),
}

/// One boundary of one space.
struct Boundary {
    space: usize,
    element: Id,
    face: Face,
    is_virtual: bool,
    external: bool,
    label: String,
}

impl Writer<'_> {
    /// The boundaries that a wall forms for the rooms along it.
    pub(super) fn wall_boundaries(&mut self, wall: usize, element: Id) {
        for index in 0..self.building.contacts.len() {
            let contact = self.building.contacts[index].clone();
            if contact.wall != Some(wall) {
                continue;
            }
            let Separation::Wall(thickness) = contact.separation else {
                continue;
            };
            let external = contact.b.is_none();
            let clear = if external { 0 } else { thickness / 2 };
            for (space, side) in [
                (Some(contact.a), contact.a_side),
                (contact.b, -contact.a_side),
            ] {
                let Some(space) = space else { continue };
                let run = Run {
                    at: contact.run.at + side * clear,
                    ..contact.run
                };
                let z = (0, self.building.spaces[space].height);
                let label = format!("wall {index}");
                let face = Face { run, side, z };
                self.boundary(&Boundary {
                    space,
                    element,
                    face,
                    is_virtual: false,
                    external,
                    label,
                });
            }
        }
    }

    /// The boundaries that a door, a window or an unfilled opening forms.
    pub(super) fn hole_boundaries(&mut self, hole: &Hole, element: Id, is_virtual: bool) {
        let wall = &self.building.walls[hole.wall];
        let (a, b) = hole.between;
        let side_of = |space: usize| {
            let contacts = self.building.contacts.iter();
            let own = contacts.filter(|c| c.wall == Some(hole.wall) && (c.a, c.b) == (a, b));
            let a_side = own.map(|c| c.a_side).next().unwrap_or(1);
            if space == a { a_side } else { -a_side }
        };
        let run = Run {
            lo: hole.lo,
            hi: hole.lo + hole.width,
            ..wall.run
        };
        let clear = wall.thickness / 2;
        let external = b.is_none();
        let sides: Vec<(usize, Mm)> = [Some(a), b]
            .into_iter()
            .flatten()
            .map(|space| (space, side_of(space)))
            .collect();
        for (space, side) in sides {
            let run = Run {
                at: run.at + side * clear,
                ..run
            };
            let face = Face {
                run,
                side,
                z: (hole.sill, hole.sill + hole.height),
            };
            let label = format!("hole {}", hole.global_id);
            self.boundary(&Boundary {
                space,
                element,
                face,
                is_virtual,
                external,
                label,
            });
        }
    }

    /// The boundaries between rooms with no wall between them.
    pub(super) fn open_boundaries(&mut self, storey: usize, storey_frame: Id) {
        for index in 0..self.building.contacts.len() {
            let contact = self.building.contacts[index].clone();
            if contact.storey != storey || contact.separation != Separation::Open {
                continue;
            }
            let id = self.id(&format!("virtual {index}"));
            let placement = self.place(Some(storey_frame), Frame::default());
            let mut rest = vec![Arg::Null, placement.into(), Arg::Null, Arg::Null];
            if self.options.schema == super::Schema::Ifc4x3 {
                rest.push(Arg::Null);
            }
            let element = self.root("IFCVIRTUALELEMENT", &id, "Open boundary".into(), rest);
            self.contained.push(element);
            for (space, side) in [
                (Some(contact.a), contact.a_side),
                (contact.b, -contact.a_side),
            ] {
                let Some(space) = space else { continue };
                let z = (0, self.building.spaces[space].height);
                let face = Face {
                    run: contact.run,
                    side,
                    z,
                };
                let label = format!("open {index}");
                let (is_virtual, external) = (true, false);
                self.boundary(&Boundary {
                    space,
                    element,
                    face,
                    is_virtual,
                    external,
                    label,
                });
            }
        }
    }

    fn boundary(&mut self, boundary: &Boundary) {
        let Some(space) = self.spaces[boundary.space] else {
            return;
        };
        let surface = self.surface(boundary.face);
        let geometry = self
            .file
            .add("IFCCONNECTIONSURFACEGEOMETRY", &[surface.into(), Arg::Null]);
        let id = self.id(&format!("boundary {} {}", boundary.label, boundary.space));
        let rest = vec![
            space.into(),
            boundary.element.into(),
            geometry.into(),
            Arg::Enum(if boundary.is_virtual {
                "VIRTUAL"
            } else {
                "PHYSICAL"
            }),
            Arg::Enum(if boundary.external {
                "EXTERNAL"
            } else {
                "INTERNAL"
            }),
        ];
        self.root("IFCRELSPACEBOUNDARY", &id, "1stLevel".into(), rest);
    }

    /// A rectangle in the space's own coordinates whose normal points out of the room.
    fn surface(&mut self, face: Face) -> Id {
        let Face { run, side, z } = face;
        let out = -side as f64;
        // Along × up is the normal: −y for a run along +x, +x for a run along +y.
        let (axis, x, forward) = match run.axis {
            Axis::X => ([0.0, out, 0.0], [-out, 0.0, 0.0], out < 0.0),
            Axis::Y => ([out, 0.0, 0.0], [0.0, out, 0.0], out > 0.0),
        };
        let start = run.point(if forward { run.lo } else { run.hi });
        let at_mm = [start.x as f64, start.y as f64, z.0 as f64];
        let position = self.axes(Frame { at_mm, axis, x });
        let plane = self.file.add("IFCPLANE", &[position.into()]);
        let (length, height) = (run.length() as f64, (z.1 - z.0) as f64);
        let outer = self.loop_2d(&super::shapes::rectangle_mm([0.0, 0.0], [length, height]));
        let inner = Arg::List(Vec::new());
        self.file
            .add("IFCCURVEBOUNDEDPLANE", &[plane.into(), outer.into(), inner])
    }
}
