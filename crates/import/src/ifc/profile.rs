//! Outlines of profiles and curves, in metres, in their own plane.

use super::file::{File, Frame};
use super::shape::Budget;
use crate::step::{Entity, Value};
use std::f64::consts::TAU;
use twin_space::plan::Point;

/// Segments of a full circle. At a radius of 10 m the outline is off by 5 cm at most
/// (r (1 − cos(π / n))), less than the width of a contact; rooms are smaller.
const CIRCLE_SEGMENTS: usize = 32;

/// Deepest nesting of curves in curves that is followed.
const DEPTH_MAX: usize = 16;

/// The rings of an area: the outer one first.
pub(super) fn rings(file: &File<'_>, profile: Entity, budget: &mut Budget) -> Vec<Vec<Point>> {
    profile_rings(file, profile, budget, 0)
}

fn profile_rings(
    file: &File<'_>,
    profile: Entity,
    budget: &mut Budget,
    depth: usize,
) -> Vec<Vec<Point>> {
    if depth > DEPTH_MAX || !budget.spend(1) {
        return Vec::new();
    }
    let length = |place: usize| {
        file.value(profile, place)
            .number()
            .map(|v| v * file.length_m)
    };
    let name = file.name(profile);
    match name {
        "IFCARBITRARYCLOSEDPROFILEDEF" | "IFCARBITRARYPROFILEDEFWITHVOIDS" => {
            let outer = file.target(profile, 2);
            let inner = if name.ends_with("VOIDS") {
                file.targets(profile, 3)
            } else {
                Vec::new()
            };
            outer
                .into_iter()
                .chain(inner)
                .map(|c| curve(file, c, budget))
                .collect()
        }
        "IFCCIRCLEPROFILEDEF" | "IFCCIRCLEHOLLOWPROFILEDEF" => {
            let Some(radius) = length(3) else {
                return Vec::new();
            };
            vec![place(file, profile, ellipse(radius, radius, 0.0, TAU))]
        }
        "IFCELLIPSEPROFILEDEF" => {
            let (Some(a), Some(b)) = (length(3), length(4)) else {
                return Vec::new();
            };
            vec![place(file, profile, ellipse(a, b, 0.0, TAU))]
        }
        "IFCCOMPOSITEPROFILEDEF" => file
            .targets(profile, 2)
            .into_iter()
            .flat_map(|p| profile_rings(file, p, budget, depth + 1))
            .collect(),
        "IFCDERIVEDPROFILEDEF" | "IFCMIRROREDPROFILEDEF" => {
            let Some(parent) = file.target(profile, 2) else {
                return Vec::new();
            };
            let mut rings = profile_rings(file, parent, budget, depth + 1);
            let operator = file.target(profile, 3).and_then(|o| operator_2d(file, o));
            let mirror = Frame {
                x: [-1.0, 0.0, 0.0],
                ..Frame::WORLD
            };
            let frame = operator.unwrap_or(if name.contains("MIRRORED") {
                mirror
            } else {
                Frame::WORLD
            });
            for p in rings.iter_mut().flatten() {
                let q = frame.point([p.x, p.y, 0.0]);
                *p = Point::new(q[0], q[1]);
            }
            rings
        }
        // Steel sections and their like: the rectangle around them is as good as a plan needs.
        "IFCTRAPEZIUMPROFILEDEF" => {
            let (Some(bottom), Some(height)) = (length(3), length(5)) else {
                return Vec::new();
            };
            vec![place(file, profile, rectangle(bottom, height))]
        }
        "IFCISHAPEPROFILEDEF"
        | "IFCASYMMETRICISHAPEPROFILEDEF"
        | "IFCRECTANGLEPROFILEDEF"
        | "IFCRECTANGLEHOLLOWPROFILEDEF"
        | "IFCROUNDEDRECTANGLEPROFILEDEF" => {
            let (Some(x), Some(y)) = (length(3), length(4)) else {
                return Vec::new();
            };
            vec![place(file, profile, rectangle(x, y))]
        }
        "IFCLSHAPEPROFILEDEF"
        | "IFCTSHAPEPROFILEDEF"
        | "IFCUSHAPEPROFILEDEF"
        | "IFCCSHAPEPROFILEDEF"
        | "IFCZSHAPEPROFILEDEF" => {
            let (Some(y), Some(x)) = (length(3), length(4)) else {
                return Vec::new();
            };
            vec![place(file, profile, rectangle(x, y))]
        }
        _ => Vec::new(),
    }
}

/// The points of a curve, in metres; closed curves do not repeat their first point on purpose,
/// but may.
pub(super) fn curve(file: &File<'_>, entity: Entity, budget: &mut Budget) -> Vec<Point> {
    let mut out = Vec::new();
    append_curve(file, entity, budget, 0, &mut out);
    out
}

fn append_curve(
    file: &File<'_>,
    entity: Entity,
    budget: &mut Budget,
    depth: usize,
    out: &mut Vec<Point>,
) {
    if depth > DEPTH_MAX || !budget.spend(1) {
        return;
    }
    match file.name(entity) {
        "IFCPOLYLINE" => {
            for id in file.value(entity, 0).list().references() {
                if !budget.spend(1) {
                    return;
                }
                out.extend(file.index.find(id).and_then(|p| point_2d(file, p)));
            }
        }
        "IFCCOMPOSITECURVE"
        | "IFCCOMPOSITECURVEONSURFACE"
        | "IFC2DCOMPOSITECURVE"
        | "IFCBOUNDARYCURVE"
        | "IFCOUTERBOUNDARYCURVE" => {
            for segment in file.targets(entity, 0) {
                let Some(parent) = file.target(segment, 2) else {
                    continue;
                };
                let mut piece = Vec::new();
                append_curve(file, parent, budget, depth + 1, &mut piece);
                if file.value(segment, 1).truth() == Some(false) {
                    piece.reverse();
                }
                out.append(&mut piece);
            }
        }
        "IFCTRIMMEDCURVE" => append_trimmed(file, entity, budget, depth, out),
        "IFCCIRCLE" => {
            if let Some(r) = file.value(entity, 1).number().map(|r| r * file.length_m) {
                out.extend(place_at(
                    file,
                    file.target(entity, 0),
                    ellipse(r, r, 0.0, TAU),
                ));
            }
        }
        "IFCELLIPSE" => {
            let axis = |i| file.value(entity, i).number().map(|r| r * file.length_m);
            if let (Some(a), Some(b)) = (axis(1), axis(2)) {
                out.extend(place_at(
                    file,
                    file.target(entity, 0),
                    ellipse(a, b, 0.0, TAU),
                ));
            }
        }
        "IFCINDEXEDPOLYCURVE" => append_indexed(file, entity, budget, out),
        // Control points of a spline wrap it closely enough for a plan.
        "IFCBSPLINECURVE"
        | "IFCBSPLINECURVEWITHKNOTS"
        | "IFCRATIONALBSPLINECURVEWITHKNOTS"
        | "IFCBEZIERCURVE"
        | "IFCRATIONALBEZIERCURVE" => {
            for id in file.value(entity, 1).list().references() {
                if !budget.spend(1) {
                    return;
                }
                out.extend(file.index.find(id).and_then(|p| point_2d(file, p)));
            }
        }
        _ => {}
    }
}

fn append_trimmed(
    file: &File<'_>,
    entity: Entity,
    budget: &mut Budget,
    depth: usize,
    out: &mut Vec<Point>,
) {
    let Some(basis) = file.target(entity, 0) else {
        return;
    };
    let forward = file.value(entity, 3).truth() != Some(false);
    let trims = [trim(file, entity, 1), trim(file, entity, 2)];
    match file.name(basis) {
        "IFCLINE" => {
            let along = |parameter: f64| {
                let origin = point_2d(file, file.target(basis, 0)?)?;
                let vector = file.target(basis, 1)?;
                let d = file.coordinates(file.target(vector, 0)?)?;
                let d = Point::new(d[0], d[1]).unit()?;
                let magnitude = file.value(vector, 1).number()? * file.length_m;
                Some(origin.along(d, magnitude * parameter))
            };
            let at = |t: &Trim| t.point.or_else(|| along(t.parameter?));
            let mut ends: Vec<Point> = trims.iter().filter_map(at).collect();
            if !forward {
                ends.reverse();
            }
            out.append(&mut ends);
        }
        conic @ ("IFCCIRCLE" | "IFCELLIPSE") => {
            let axis = |i| file.value(basis, i).number().map(|r| r * file.length_m);
            let (Some(a), Some(b)) = (axis(1), axis(if conic == "IFCCIRCLE" { 1 } else { 2 }))
            else {
                return;
            };
            let frame = file
                .target(basis, 0)
                .and_then(|p| file.axes(p))
                .unwrap_or(Frame::WORLD);
            let inverse = frame.inverse();
            let angle = |t: &Trim| match (t.parameter, t.point) {
                (Some(u), _) => Some(u * file.angle_rad),
                (None, Some(p)) => {
                    let q = inverse.point([p.x, p.y, 0.0]);
                    Some((q[1] / b).atan2(q[0] / a))
                }
                _ => None,
            };
            let (Some(mut from), Some(mut to)) = (angle(&trims[0]), angle(&trims[1])) else {
                return;
            };
            if !from.is_finite() || !to.is_finite() || from.abs() > 1e6 || to.abs() > 1e6 {
                return;
            }
            if !forward {
                std::mem::swap(&mut from, &mut to);
            }
            let sweep = (to - from).rem_euclid(TAU);
            let sweep = if sweep < 1e-9 { TAU } else { sweep };
            let mut piece: Vec<Point> = ellipse(a, b, from, sweep)
                .into_iter()
                .map(|p| through(&frame, p))
                .collect();
            if !forward {
                piece.reverse();
            }
            out.append(&mut piece);
        }
        _ => append_curve(file, basis, budget, depth + 1, out),
    }
}

struct Trim {
    point: Option<Point>,
    parameter: Option<f64>,
}

fn trim(file: &File<'_>, curve: Entity, place: usize) -> Trim {
    let mut found = Trim {
        point: None,
        parameter: None,
    };
    for value in file.value(curve, place).list() {
        match value {
            Value::Reference(id) => {
                found.point = file.index.find(id).and_then(|p| point_2d(file, p));
            }
            other => found.parameter = other.number().or(found.parameter),
        }
    }
    found
}

fn append_indexed(file: &File<'_>, entity: Entity, budget: &mut Budget, out: &mut Vec<Point>) {
    let Some(list) = file.target(entity, 0) else {
        return;
    };
    let points: Vec<Point> = file
        .value(list, 0)
        .list()
        .take_while(|_| budget.spend(1))
        .filter_map(|p| p.list().coordinates())
        .map(|c| Point::new(c[0] * file.length_m, c[1] * file.length_m))
        .collect();
    let segments = file.value(entity, 1);
    if !matches!(segments, Value::List(_)) {
        out.extend(points);
        return;
    }
    for segment in segments.list() {
        let Value::Typed(name, _) = segment else {
            continue;
        };
        let corners: Vec<Point> = segment
            .list()
            .take_while(|_| budget.spend(1))
            .filter_map(Value::integer)
            .filter_map(|i| {
                points
                    .get(usize::try_from(i).ok()?.checked_sub(1)?)
                    .copied()
            })
            .collect();
        match corners[..] {
            [a, b, c] if name.eq_ignore_ascii_case(b"IFCARCINDEX") => out.extend(arc(a, b, c)),
            _ => out.extend(corners),
        }
    }
}

/// The arc from `a` through `b` to `c`; the straight way when they lie on a line.
fn arc(a: Point, b: Point, c: Point) -> Vec<Point> {
    let (u, v) = (b.minus(a), c.minus(a));
    let d = 2.0 * u.cross(v);
    if d.abs() < 1e-12 {
        return vec![a, b, c];
    }
    let (uu, vv) = (u.dot(u), v.dot(v));
    let centre = Point::new(
        a.x + (v.y * uu - u.y * vv) / d,
        a.y + (u.x * vv - v.x * uu) / d,
    );
    let radius = centre.distance(a);
    let angle = |p: Point| (p.y - centre.y).atan2(p.x - centre.x);
    let left = d > 0.0;
    let (from, to) = if left {
        (angle(a), angle(c))
    } else {
        (angle(c), angle(a))
    };
    let mut points: Vec<Point> = ellipse(radius, radius, from, (to - from).rem_euclid(TAU))
        .into_iter()
        .map(|p| Point::new(p.x + centre.x, p.y + centre.y))
        .collect();
    if !left {
        points.reverse();
    }
    points
}

/// Points of an ellipse around the origin, both ends of the arc included.
fn ellipse(a: f64, b: f64, from: f64, sweep: f64) -> Vec<Point> {
    let n = ((sweep / TAU * CIRCLE_SEGMENTS as f64).ceil() as usize).clamp(2, CIRCLE_SEGMENTS);
    (0..=n)
        .map(|i| {
            let (sin, cos) = (from + sweep * i as f64 / n as f64).sin_cos();
            Point::new(a * cos, b * sin)
        })
        .collect()
}

fn rectangle(x: f64, y: f64) -> Vec<Point> {
    let (x, y) = (x / 2.0, y / 2.0);
    vec![
        Point::new(-x, -y),
        Point::new(x, -y),
        Point::new(x, y),
        Point::new(-x, y),
    ]
}

/// Moves the ring of a parametrised profile to its position.
fn place(file: &File<'_>, profile: Entity, ring: Vec<Point>) -> Vec<Point> {
    place_at(file, file.target(profile, 2), ring)
}

fn place_at(file: &File<'_>, position: Option<Entity>, ring: Vec<Point>) -> Vec<Point> {
    match position.and_then(|p| file.axes(p)) {
        Some(frame) => ring.into_iter().map(|p| through(&frame, p)).collect(),
        None => ring,
    }
}

fn through(frame: &Frame, p: Point) -> Point {
    let q = frame.point([p.x, p.y, 0.0]);
    Point::new(q[0], q[1])
}

fn point_2d(file: &File<'_>, point: Entity) -> Option<Point> {
    let c = file.coordinates(point)?;
    Some(Point::new(c[0] * file.length_m, c[1] * file.length_m))
}

/// `IfcCartesianTransformationOperator2D`.
fn operator_2d(file: &File<'_>, operator: Entity) -> Option<Frame> {
    let direction = |place| {
        let c = file.coordinates(file.target(operator, place)?)?;
        Point::new(c[0], c[1]).unit()
    };
    let x = direction(0).unwrap_or(Point::new(1.0, 0.0));
    let y = direction(1).unwrap_or_else(|| x.left());
    let origin = file
        .coordinates(file.target(operator, 2)?)?
        .map(|c| c * file.length_m);
    let scale = file.value(operator, 3).number().unwrap_or(1.0);
    Some(Frame {
        x: [x.x * scale, x.y * scale, 0.0],
        y: [y.x * scale, y.y * scale, 0.0],
        z: [0.0, 0.0, 1.0],
        origin: [origin[0], origin[1], 0.0],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arc_passes_through_its_three_points() {
        for (a, b, c) in [
            ((1., 0.), (0., 1.), (-1., 0.)),
            ((-1., 0.), (0., 1.), (1., 0.)),
            ((0., 0.), (1., 0.1), (2., 0.)),
        ] {
            let p = |q: (f64, f64)| Point::new(q.0, q.1);
            let points = arc(p(a), p(b), p(c));
            assert!(points[0].distance(p(a)) < 1e-9);
            assert!(points[points.len() - 1].distance(p(c)) < 1e-9);
            let near = points
                .windows(2)
                .map(|w| twin_space::plan::segment_distance_m(p(b), w[0], w[1]))
                .fold(f64::INFINITY, f64::min);
            assert!(near < 0.02, "{near}");
        }
    }
}
