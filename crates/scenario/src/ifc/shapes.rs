//! Placements and swept solids.

use super::Writer;
use crate::building::Point;
use crate::step::{Arg, File, Id};

pub(super) const X_DIRECTION: [f64; 3] = [1.0, 0.0, 0.0];
pub(super) const Z_DIRECTION: [f64; 3] = [0.0, 0.0, 1.0];

/// Where a thing stands relative to what it stands in, and which way it faces.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) at_mm: [f64; 3],
    /// Its own z axis.
    pub(super) axis: [f64; 3],
    /// Its own x axis.
    pub(super) x: [f64; 3],
}

impl Default for Frame {
    fn default() -> Self {
        Self {
            at_mm: [0.0; 3],
            axis: Z_DIRECTION,
            x: X_DIRECTION,
        }
    }
}

/// A box: where its lower corner is, and its size, in millimetres.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub(super) at_mm: [f64; 3],
    pub(super) size_mm: [f64; 3],
}

pub(super) fn direction(file: &mut File, ratios: [f64; 3]) -> Id {
    file.add("IFCDIRECTION", &[ratios.into()])
}

/// A placement at coordinates in the file's unit.
pub(super) fn axes(file: &mut File, at: [f64; 3], axis: [f64; 3], x: [f64; 3]) -> Id {
    let point = file.add("IFCCARTESIANPOINT", &[at.into()]);
    if (axis, x) == (Z_DIRECTION, X_DIRECTION) {
        return file.add("IFCAXIS2PLACEMENT3D", &[point.into(), Arg::Null, Arg::Null]);
    }
    let (axis, x) = (direction(file, axis), direction(file, x));
    file.add(
        "IFCAXIS2PLACEMENT3D",
        &[point.into(), axis.into(), x.into()],
    )
}

impl Writer<'_> {
    pub(super) fn axes(&mut self, frame: Frame) -> Id {
        let at = frame.at_mm.map(|value| self.length(value));
        axes(&mut self.file, at, frame.axis, frame.x)
    }

    pub(super) fn place(&mut self, within: Option<Id>, frame: Frame) -> Id {
        let axes = self.axes(frame);
        self.file
            .add("IFCLOCALPLACEMENT", &[within.into(), axes.into()])
    }

    /// A closed line through points in millimetres.
    pub(super) fn loop_2d(&mut self, points_mm: &[[f64; 2]]) -> Id {
        let mut points: Vec<Id> = points_mm
            .iter()
            .map(|point| {
                let at = point.map(|value| self.length(value));
                self.file.add("IFCCARTESIANPOINT", &[at.into()])
            })
            .collect();
        points.push(points[0]);
        self.file.add("IFCPOLYLINE", &[points.as_slice().into()])
    }

    /// An area to sweep, with holes in it.
    pub(super) fn profile(&mut self, outer_mm: &[[f64; 2]], holes_mm: &[Vec<[f64; 2]>]) -> Id {
        let outer = self.loop_2d(outer_mm);
        let mut args = vec![Arg::Enum("AREA"), Arg::Null, outer.into()];
        if holes_mm.is_empty() {
            return self.file.add("IFCARBITRARYCLOSEDPROFILEDEF", &args);
        }
        let holes: Vec<Id> = holes_mm.iter().map(|hole| self.loop_2d(hole)).collect();
        args.push(holes.as_slice().into());
        self.file.add("IFCARBITRARYPROFILEDEFWITHVOIDS", &args)
    }

    /// Sweeps an area along the frame's own z axis.
    pub(super) fn sweep(&mut self, profile: Id, frame: Frame, depth_mm: f64) -> Id {
        let axes = self.axes(frame);
        let up = direction(&mut self.file, Z_DIRECTION);
        let depth = self.length(depth_mm);
        let args = [profile.into(), axes.into(), up.into(), depth.into()];
        self.file.add("IFCEXTRUDEDAREASOLID", &args)
    }

    pub(super) fn block(&mut self, block: Block) -> Id {
        let [width, depth, height] = block.size_mm;
        let centre = [width / 2.0, depth / 2.0].map(|value| self.length(value));
        let centre = self.file.add("IFCCARTESIANPOINT", &[centre.into()]);
        let position = self
            .file
            .add("IFCAXIS2PLACEMENT2D", &[centre.into(), Arg::Null]);
        let (width, depth) = (self.length(width), self.length(depth));
        let profile = self.file.add(
            "IFCRECTANGLEPROFILEDEF",
            &[
                Arg::Enum("AREA"),
                Arg::Null,
                position.into(),
                width.into(),
                depth.into(),
            ],
        );
        self.sweep(
            profile,
            Frame {
                at_mm: block.at_mm,
                ..Frame::default()
            },
            height,
        )
    }

    /// The body of a product, from its solids.
    pub(super) fn body(&mut self, solids: &[Id]) -> Id {
        let shape = self.file.add(
            "IFCSHAPEREPRESENTATION",
            &[
                self.body.into(),
                "Body".into(),
                "SweptSolid".into(),
                solids.into(),
            ],
        );
        self.file.add(
            "IFCPRODUCTDEFINITIONSHAPE",
            &[Arg::Null, Arg::Null, [shape].into()],
        )
    }
}

/// An outline as numbers.
pub(super) fn outline_mm(points: &[Point]) -> Vec<[f64; 2]> {
    points
        .iter()
        .map(|point| [point.x as f64, point.y as f64])
        .collect()
}

/// The rectangle between two corners, anticlockwise.
pub(super) fn rectangle_mm([x0, y0]: [f64; 2], [x1, y1]: [f64; 2]) -> Vec<[f64; 2]> {
    vec![[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
}
