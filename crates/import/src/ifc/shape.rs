//! Shapes of things, reduced to what a plan needs: upright prisms and flat faces, in metres.
//!
//! Rooms, walls, stairs and openings come as extrusions, as shells of flat faces, as triangle
//! meshes, as cut or repeated versions of these. All end here as bodies of two sorts. Surfaces
//! that are curved in space are represented by their edges; cuts by half spaces are left out, so
//! that a wall under a sloping roof counts with its full height.

use super::file::{File, Frame, cross, dot, minus, normalised, plus, scaled};
use super::profile;
use crate::step::{Entity, Value};
use twin_space::plan::{Bounds, Face, Fidelity, Point, Point3, Polygon, convex_hull, footprint};

/// Most bodies of one product; the most detailed stairs and curtain walls have some hundreds.
const BODIES_MAX: usize = 4_000;

/// Most edges of a product's outlines; a room with more is replaced by the hull around it.
const EDGES_MAX: usize = 20_000;

/// Deepest nesting of mapped, cut and composed shapes that is followed.
const DEPTH_MAX: usize = 24;

/// How much reading is allowed, in points and steps; keeps shapes that repeat shapes that repeat
/// shapes from growing without bound.
#[derive(Debug)]
pub(super) struct Budget {
    product: u64,
    whole: u64,
    pub(super) exceeded: bool,
}

impl Budget {
    /// Points for one product: the most detailed real stair has about 10⁵.
    const PRODUCT_MAX: u64 = 500_000;

    /// A budget for a file of so many statements.
    pub(super) fn for_statements(statements: usize) -> Self {
        Self {
            product: Self::PRODUCT_MAX,
            whole: 4_000_000 + 8 * statements as u64,
            exceeded: false,
        }
    }

    /// A budget for one shape alone.
    pub(super) fn of_points(points: u64) -> Self {
        Self {
            product: points,
            whole: points,
            exceeded: false,
        }
    }

    /// What is left for the whole file.
    pub(super) fn left(&self) -> u64 {
        self.whole
    }

    /// Whether so much is left for the whole file.
    pub(super) fn allows(&self, n: u64) -> bool {
        self.whole >= n
    }

    /// Starts the next product.
    pub(super) fn renew(&mut self) {
        self.product = Self::PRODUCT_MAX;
        self.exceeded = false;
    }

    /// Takes `n`; false when nothing is left.
    pub(super) fn spend(&mut self, n: u64) -> bool {
        if self.product < n || self.whole < n {
            self.exceeded = true;
            return false;
        }
        self.product -= n;
        self.whole -= n;
        true
    }

    /// Whether the budget of the whole file is spent.
    pub(super) fn is_empty(&self) -> bool {
        self.whole == 0
    }
}

/// One solid or surface.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// An area moved straight up: its rings and the heights of bottom and top.
    Upright {
        rings: Vec<Vec<Point>>,
        z_m: (f64, f64),
    },
    /// Flat faces.
    Faces(Vec<Face>),
    /// An upright box in its own frame that stands for an unknown shape: its eight corners.
    Box([Point3; 8]),
}

/// All bodies of a product.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    pub(super) bodies: Vec<Body>,
    /// Whether something of the shape was of a sort that is not read.
    pub(super) partial: bool,
}

impl Shape {
    pub(super) fn is_empty(&self) -> bool {
        self.bodies.is_empty()
    }

    /// Every corner.
    pub(super) fn corners(&self) -> Vec<Point3> {
        let mut out = Vec::new();
        for body in &self.bodies {
            match body {
                Body::Upright { rings, z_m } => {
                    for p in rings.iter().flatten() {
                        out.push([p.x, p.y, z_m.0]);
                        out.push([p.x, p.y, z_m.1]);
                    }
                }
                Body::Faces(faces) => out.extend(faces.iter().flatten().flatten()),
                Body::Box(corners) => out.extend(corners),
            }
        }
        out
    }

    /// Lowest and highest corner.
    pub(super) fn z_m(&self) -> Option<(f64, f64)> {
        let mut z = (f64::INFINITY, f64::NEG_INFINITY);
        for body in &self.bodies {
            match body {
                Body::Upright { z_m, .. } => z = (z.0.min(z_m.0), z.1.max(z_m.1)),
                Body::Faces(faces) => {
                    for p in faces.iter().flatten().flatten() {
                        z = (z.0.min(p[2]), z.1.max(p[2]));
                    }
                }
                Body::Box(corners) => {
                    for p in corners {
                        z = (z.0.min(p[2]), z.1.max(p[2]));
                    }
                }
            }
        }
        (z.0 <= z.1 && z.0.abs() < 1e6 && z.1.abs() < 1e6).then_some(z)
    }

    /// Areas of floor: each body's outline at `above_floor_m` over the lowest point (or at half
    /// height of lower shapes), and the worst fidelity among them.
    pub(super) fn outlines(&self, above_floor_m: f64) -> (Vec<Polygon>, Option<Fidelity>) {
        let Some(z) = self.z_m() else {
            return (Vec::new(), None);
        };
        let height_m = z.0 + above_floor_m.min((z.1 - z.0) / 2.0);
        let mut outlines = Vec::new();
        let mut worst = None;
        for body in &self.bodies {
            let found = match body {
                Body::Upright { rings, .. } => {
                    Polygon::new(rings.iter().cloned()).map(|p| (p, Fidelity::Cut))
                }
                Body::Faces(faces) => footprint(faces, height_m),
                Body::Box(corners) => {
                    let ring = [0, 1, 2, 3].map(|i| Point::new(corners[i][0], corners[i][1]));
                    Polygon::new([ring.to_vec()]).map(|p| (p, Fidelity::Hull))
                }
            };
            if let Some((polygon, fidelity)) = found {
                worst = worst.max(Some(fidelity));
                outlines.push(polygon);
            }
        }
        let edges: usize = outlines.iter().flat_map(Polygon::rings).map(Vec::len).sum();
        if edges > EDGES_MAX {
            let points = outlines
                .iter()
                .flat_map(|p| p.rings()[0].iter().copied())
                .collect();
            return (
                Polygon::new([convex_hull(points)]).into_iter().collect(),
                Some(Fidelity::Hull),
            );
        }
        (outlines, worst)
    }

    /// The rectangle around the shape on plan.
    pub(super) fn bounds(&self) -> Bounds {
        Bounds::of(self.corners().iter().map(|c| Point::new(c[0], c[1])))
    }
}

/// Reads the shape of a product that stands at `frame`: its body; where there is none, its
/// surface, its footprint or its bounding box.
pub(super) fn product(
    file: &File<'_>,
    representation: Option<Entity>,
    frame: &Frame,
    budget: &mut Budget,
) -> Shape {
    let Some(definition) = representation else {
        return Shape::default();
    };
    let mut ranked: Vec<(u8, Entity)> = file
        .targets(definition, 2)
        .into_iter()
        .filter_map(|r| Some((rank(file, r)?, r)))
        .collect();
    ranked.sort_by_key(|r| r.0);
    let mut shape = Shape::default();
    for (_, representation) in ranked {
        for item in file.targets(representation, 3) {
            append(file, item, frame, budget, 0, &mut shape);
        }
        if !shape.is_empty() {
            break;
        }
    }
    shape
}

/// Which representation to read first; `None` for drawings that are no shape.
fn rank(file: &File<'_>, representation: Entity) -> Option<u8> {
    let identifier = file.text(representation, 1).unwrap_or_default();
    let sort = file.text(representation, 2).unwrap_or_default();
    if sort.eq_ignore_ascii_case("BoundingBox") {
        return Some(4);
    }
    match identifier.to_ascii_lowercase().as_str() {
        "body" => Some(0),
        "facetation" | "body-fallback" => Some(1),
        "footprint" => Some(3),
        "box" => Some(4),
        "axis" | "walkingline" | "plan" | "annotation" | "cog" | "profile" | "reference"
        | "clearance" | "lighting" | "surface" | "boundary" => None,
        _ => Some(2),
    }
}

fn append(
    file: &File<'_>,
    item: Entity,
    frame: &Frame,
    budget: &mut Budget,
    depth: usize,
    shape: &mut Shape,
) {
    if depth > DEPTH_MAX || shape.bodies.len() >= BODIES_MAX {
        budget.exceeded = true;
    }
    if budget.exceeded || !budget.spend(1) {
        return;
    }
    match file.name(item) {
        "IFCEXTRUDEDAREASOLID" | "IFCEXTRUDEDAREASOLIDTAPERED" => {
            shape.partial |= append_extrusion(file, item, frame, budget, shape).is_none();
        }
        "IFCREVOLVEDAREASOLID" => {
            shape.partial |= append_revolution(file, item, frame, budget, shape).is_none();
        }
        "IFCFACETEDBREP"
        | "IFCADVANCEDBREP"
        | "IFCFACETEDBREPWITHVOIDS"
        | "IFCADVANCEDBREPWITHVOIDS"
        | "IFCMANIFOLDSOLIDBREP" => {
            if let Some(shell) = file.target(item, 0) {
                append_faces(file, &[shell], frame, budget, shape);
            }
        }
        "IFCSHELLBASEDSURFACEMODEL" | "IFCFACEBASEDSURFACEMODEL" => {
            append_faces(file, &file.targets(item, 0), frame, budget, shape);
        }
        "IFCCONNECTEDFACESET" | "IFCOPENSHELL" | "IFCCLOSEDSHELL" => {
            append_faces(file, &[item], frame, budget, shape);
        }
        "IFCTRIANGULATEDFACESET" | "IFCTRIANGULATEDIRREGULARNETWORK" => {
            append_mesh(file, item, 3, frame, budget, shape);
        }
        "IFCPOLYGONALFACESET" => append_polygons(file, item, frame, budget, shape),
        "IFCBOOLEANCLIPPINGRESULT" | "IFCBOOLEANRESULT" => {
            if let Some(first) = file.target(item, 1) {
                append(file, first, frame, budget, depth + 1, shape);
            }
            if file.value(item, 0).word() == Some("UNION")
                && let Some(second) = file.target(item, 2)
            {
                append(file, second, frame, budget, depth + 1, shape);
            }
        }
        "IFCCSGSOLID" => {
            if let Some(root) = file.target(item, 0) {
                append(file, root, frame, budget, depth + 1, shape);
            }
        }
        "IFCBLOCK" => {
            let at = file
                .target(item, 0)
                .and_then(|p| file.axes(p))
                .unwrap_or(Frame::WORLD);
            let size = |i| file.value(item, i).number().map(|v| v * file.length_m);
            if let (Some(x), Some(y), Some(z)) = (size(1), size(2), size(3)) {
                let ring = vec![
                    Point::new(0.0, 0.0),
                    Point::new(x, 0.0),
                    Point::new(x, y),
                    Point::new(0.0, y),
                ];
                extrude(&[ring], &frame.then(&at), [0.0, 0.0, z], shape);
            }
        }
        "IFCBOUNDINGBOX" => append_box(file, item, frame, shape),
        "IFCMAPPEDITEM" => {
            let Some(map) = file.target(item, 0) else {
                return;
            };
            let origin = file
                .target(map, 0)
                .and_then(|o| file.axes(o))
                .unwrap_or(Frame::WORLD);
            let target = file
                .target(item, 1)
                .and_then(|o| operator(file, o))
                .unwrap_or(Frame::WORLD);
            let inner = frame.then(&target).then(&origin);
            let Some(representation) = file.target(map, 1) else {
                return;
            };
            for mapped in file.targets(representation, 3) {
                append(file, mapped, &inner, budget, depth + 1, shape);
            }
        }
        "IFCGEOMETRICSET" | "IFCGEOMETRICCURVESET" => {
            for element in file.targets(item, 0) {
                append(file, element, frame, budget, depth + 1, shape);
            }
        }
        "IFCPOLYLINE" | "IFCCOMPOSITECURVE" | "IFCINDEXEDPOLYCURVE" | "IFCCIRCLE" => {
            // A footprint drawn as a closed line.
            let ring: Vec<Point3> = profile::curve(file, item, budget)
                .into_iter()
                .map(|p| frame.point([p.x, p.y, 0.0]))
                .collect();
            if ring.len() >= 3 {
                shape.bodies.push(Body::Faces(vec![vec![ring]]));
            }
        }
        _ => shape.partial = true,
    }
}

fn append_extrusion(
    file: &File<'_>,
    item: Entity,
    frame: &Frame,
    budget: &mut Budget,
    shape: &mut Shape,
) -> Option<()> {
    let rings = profile::rings(file, file.target(item, 0)?, budget);
    let at = file
        .target(item, 1)
        .and_then(|p| file.axes(p))
        .unwrap_or(Frame::WORLD);
    let direction = normalised(file.coordinates(file.target(item, 2)?)?)?;
    let depth_m = file.value(item, 3).number()? * file.length_m;
    if depth_m.abs() > 1e6 {
        return None;
    }
    extrude(&rings, &frame.then(&at), scaled(direction, depth_m), shape);
    Some(())
}

/// Moves an area of `frame`'s plane along `sweep` (in that frame).
fn extrude(rings: &[Vec<Point>], frame: &Frame, sweep: Point3, shape: &mut Shape) {
    let along = frame.vector(sweep);
    let placed: Vec<Vec<Point3>> = rings
        .iter()
        .filter(|r| r.len() >= 3)
        .map(|r| r.iter().map(|p| frame.point([p.x, p.y, 0.0])).collect())
        .collect();
    let Some(outer) = placed.first() else { return };
    let level = outer
        .iter()
        .all(|p: &Point3| (p[2] - outer[0][2]).abs() < 1e-4);
    if level && along[0].hypot(along[1]) < 1e-4 {
        let z = outer[0][2];
        let rings = placed
            .iter()
            .map(|r| r.iter().map(|p| Point::new(p[0], p[1])).collect())
            .collect();
        shape.bodies.push(Body::Upright {
            rings,
            z_m: (z.min(z + along[2]), z.max(z + along[2])),
        });
        return;
    }
    let moved = |r: &Vec<Point3>| r.iter().map(|&p| plus(p, along)).collect::<Vec<_>>();
    let mut faces: Vec<Face> = vec![placed.iter().map(moved).collect()];
    for ring in &placed {
        for i in 0..ring.len() {
            let (a, b) = (ring[i], ring[(i + 1) % ring.len()]);
            faces.push(vec![vec![a, b, plus(b, along), plus(a, along)]]);
        }
    }
    faces.push(placed);
    shape.bodies.push(Body::Faces(faces));
}

/// An area turned about an axis, in steps of 15 degrees.
fn append_revolution(
    file: &File<'_>,
    item: Entity,
    frame: &Frame,
    budget: &mut Budget,
    shape: &mut Shape,
) -> Option<()> {
    let rings = profile::rings(file, file.target(item, 0)?, budget);
    let at = file
        .target(item, 1)
        .and_then(|p| file.axes(p))
        .unwrap_or(Frame::WORLD);
    let axis = file.target(item, 2)?;
    let centre = file
        .coordinates(file.target(axis, 0)?)?
        .map(|c| c * file.length_m);
    let along = file
        .target(axis, 1)
        .and_then(|d| normalised(file.coordinates(d)?))?;
    let angle = file.value(item, 3).number()? * file.angle_rad;
    if !angle.is_finite() {
        return None;
    }
    let place = frame.then(&at);
    let steps = ((angle.abs() / 15_f64.to_radians()).ceil() as usize).clamp(1, 24);
    let turned = |p: Point, step: usize| {
        // Rodrigues' rotation formula.
        let (sin, cos) = (angle * step as f64 / steps as f64).sin_cos();
        let v = minus([p.x, p.y, 0.0], centre);
        let turned = plus(
            plus(scaled(v, cos), scaled(cross(along, v), sin)),
            scaled(along, dot(along, v) * (1.0 - cos)),
        );
        place.point(plus(centre, turned))
    };
    let mut faces: Vec<Face> = Vec::new();
    for step in [0, steps] {
        faces.push(
            rings
                .iter()
                .map(|r| r.iter().map(|&p| turned(p, step)).collect())
                .collect(),
        );
    }
    for ring in &rings {
        for step in 0..steps {
            for i in 0..ring.len() {
                if !budget.spend(4) {
                    return None;
                }
                let (a, b) = (ring[i], ring[(i + 1) % ring.len()]);
                faces.push(vec![vec![
                    turned(a, step),
                    turned(b, step),
                    turned(b, step + 1),
                    turned(a, step + 1),
                ]]);
            }
        }
    }
    shape.bodies.push(Body::Faces(faces));
    Some(())
}

/// Faces of shells and face sets, as one body.
fn append_faces(
    file: &File<'_>,
    shells: &[Entity],
    frame: &Frame,
    budget: &mut Budget,
    shape: &mut Shape,
) {
    let mut faces: Vec<Face> = Vec::new();
    for &shell in shells {
        for id in file.value(shell, 0).list().references() {
            let Some(face) = file.index.find(id) else {
                continue;
            };
            if !budget.spend(1) {
                shape.partial = true;
                return;
            }
            let mut loops: Face = Vec::new();
            for bound in file.value(face, 0).list().references() {
                let Some(bound) = file.index.find(bound) else {
                    continue;
                };
                let Some(edge_loop) = file.target(bound, 0) else {
                    continue;
                };
                let corners = loop_corners(file, edge_loop, frame, budget);
                if corners.len() < 3 {
                    continue;
                }
                if file.name(bound) == "IFCFACEOUTERBOUND" {
                    loops.insert(0, corners);
                } else {
                    loops.push(corners);
                }
            }
            if !loops.is_empty() {
                faces.push(loops);
            }
        }
    }
    if !faces.is_empty() {
        shape.bodies.push(Body::Faces(faces));
    }
}

fn loop_corners(
    file: &File<'_>,
    edge_loop: Entity,
    frame: &Frame,
    budget: &mut Budget,
) -> Vec<Point3> {
    let corner = |p: Entity| {
        file.coordinates(p)
            .map(|c| frame.point(c.map(|c| c * file.length_m)))
    };
    let mut out = Vec::new();
    match file.name(edge_loop) {
        "IFCPOLYLOOP" => {
            for id in file.value(edge_loop, 0).list().references() {
                if !budget.spend(1) {
                    return out;
                }
                out.extend(file.index.find(id).and_then(corner));
            }
        }
        "IFCEDGELOOP" => {
            for oriented in file.targets(edge_loop, 0) {
                if !budget.spend(4) {
                    return out;
                }
                let forward = file.value(oriented, 3).truth() != Some(false);
                let Some(edge) = file.target(oriented, 2) else {
                    continue;
                };
                let start = file.target(edge, usize::from(!forward));
                out.extend(start.and_then(|v| file.target(v, 0)).and_then(corner));
                out.extend(edge_middle(file, edge, frame));
            }
        }
        _ => {}
    }
    out.dedup_by(|a, b| minus(*a, *b).iter().all(|d| d.abs() < 1e-7));
    out
}

/// One point on the way of a circular edge, so that a round shaft is not flattened to nothing.
fn edge_middle(file: &File<'_>, edge: Entity, frame: &Frame) -> Option<Point3> {
    let basis = file.target(edge, 2)?;
    if file.name(basis) != "IFCCIRCLE" {
        return None;
    }
    let axes = file.axes(file.target(basis, 0)?)?;
    let radius = file.value(basis, 1).number()? * file.length_m;
    let end = |place| {
        let c = file.coordinates(file.target(file.target(edge, place)?, 0)?)?;
        let q = axes.inverse().point(c.map(|c| c * file.length_m));
        Some(q[1].atan2(q[0]))
    };
    let (from, to) = (end(0)?, end(1)?);
    let same_sense = file.value(edge, 3).truth() != Some(false);
    let turn = std::f64::consts::TAU;
    let sweep = if same_sense {
        (to - from).rem_euclid(turn)
    } else {
        -((from - to).rem_euclid(turn))
    };
    let sweep = if sweep.abs() < 1e-9 { turn } else { sweep };
    let (sin, cos) = (from + sweep / 2.0).sin_cos();
    Some(frame.point(axes.point([radius * cos, radius * sin, 0.0])))
}

fn mesh_points(file: &File<'_>, item: Entity, frame: &Frame, budget: &mut Budget) -> Vec<Point3> {
    let Some(list) = file.target(item, 0) else {
        return Vec::new();
    };
    file.value(list, 0)
        .list()
        .take_while(|_| budget.spend(1))
        .filter_map(|p| p.list().coordinates())
        .map(|c| frame.point(c.map(|c| c * file.length_m)))
        .collect()
}

/// One-based indices into the points.
fn indexed(points: &[Point3], list: Value<'_>) -> Vec<Point3> {
    list.list()
        .filter_map(Value::integer)
        .filter_map(|i| {
            points
                .get(usize::try_from(i).ok()?.checked_sub(1)?)
                .copied()
        })
        .collect()
}

fn append_mesh(
    file: &File<'_>,
    item: Entity,
    place: usize,
    frame: &Frame,
    budget: &mut Budget,
    shape: &mut Shape,
) {
    let points = mesh_points(file, item, frame, budget);
    let faces: Vec<Face> = file
        .value(item, place)
        .list()
        .take_while(|_| budget.spend(3))
        .map(|triangle| vec![indexed(&points, triangle)])
        .filter(|face| face[0].len() == 3)
        .collect();
    if !faces.is_empty() {
        shape.bodies.push(Body::Faces(faces));
    }
}

fn append_polygons(
    file: &File<'_>,
    item: Entity,
    frame: &Frame,
    budget: &mut Budget,
    shape: &mut Shape,
) {
    let points = mesh_points(file, item, frame, budget);
    let mut faces: Vec<Face> = Vec::new();
    for id in file.value(item, 2).list().references() {
        let Some(face) = file.index.find(id) else {
            continue;
        };
        let outer = indexed(&points, file.value(face, 0));
        if !budget.spend(outer.len() as u64 + 1) {
            shape.partial = true;
            break;
        }
        if outer.len() < 3 {
            continue;
        }
        let mut loops = vec![outer];
        if file.name(face) == "IFCINDEXEDPOLYGONALFACEWITHVOIDS" {
            loops.extend(
                file.value(face, 1)
                    .list()
                    .map(|l| indexed(&points, l))
                    .filter(|l| l.len() >= 3),
            );
        }
        faces.push(loops);
    }
    if !faces.is_empty() {
        shape.bodies.push(Body::Faces(faces));
    }
}

fn append_box(file: &File<'_>, item: Entity, frame: &Frame, shape: &mut Shape) {
    let corner = file.target(item, 0).and_then(|c| file.coordinates(c));
    let size = |i| file.value(item, i).number();
    if let (Some(c), Some(x), Some(y), Some(z)) = (corner, size(1), size(2), size(3)) {
        let at = |i: f64, j: f64, k: f64| {
            frame.point([c[0] + i * x, c[1] + j * y, c[2] + k * z].map(|v| v * file.length_m))
        };
        shape.bodies.push(Body::Box([
            at(0., 0., 0.),
            at(1., 0., 0.),
            at(1., 1., 0.),
            at(0., 1., 0.),
            at(0., 0., 1.),
            at(1., 0., 1.),
            at(1., 1., 1.),
            at(0., 1., 1.),
        ]));
    }
}

/// `IfcCartesianTransformationOperator3D`, uniform or not.
fn operator(file: &File<'_>, entity: Entity) -> Option<Frame> {
    let direction = |place| normalised(file.coordinates(file.target(entity, place)?)?);
    let x = direction(0);
    let z = direction(4).or_else(|| match (x, direction(1)) {
        (Some(x), Some(y)) => normalised(cross(x, y)),
        _ => None,
    });
    let origin = file
        .coordinates(file.target(entity, 2)?)?
        .map(|c| c * file.length_m);
    let mut frame = Frame::from_axes(origin, z.unwrap_or([0.0, 0.0, 1.0]), x);
    // A mirrored second axis makes the frame left-handed, which mapped doors do use.
    if let Some(y) = direction(1)
        && dot(frame.y, y) < 0.0
    {
        frame.y = scaled(frame.y, -1.0);
    }
    let believable = |s: &f64| s.abs() < 1e4;
    let scale = file
        .value(entity, 3)
        .number()
        .filter(believable)
        .unwrap_or(1.0);
    let uneven = file.name(entity).ends_with("NONUNIFORM");
    let other = |place| {
        uneven
            .then(|| file.value(entity, place).number().filter(believable))
            .flatten()
            .unwrap_or(scale)
    };
    frame.x = scaled(frame.x, scale);
    frame.y = scaled(frame.y, other(5));
    frame.z = scaled(frame.z, other(6));
    Some(frame)
}
