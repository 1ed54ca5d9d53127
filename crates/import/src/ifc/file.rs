//! The file as IFC: statements by type, units, and where things stand.

use crate::findings::Findings;
use crate::step::{Entity, Index, Value, Values};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use twin_model::{Code, Finding};
use twin_space::plan::Point3;

/// Longest chain of placements that is followed. Real buildings need about eight.
const PLACEMENT_DEPTH_MAX: usize = 256;

/// An opened file: the index, statements grouped by type, units, and placements found so far.
#[derive(Debug)]
pub(super) struct File<'a> {
    pub(super) index: Index<'a>,
    by_kind: Vec<Vec<Entity>>,
    placements: FxHashMap<Entity, Frame>,
    steps: FxHashMap<Entity, Step>,
    /// Metres per length unit of the file.
    pub(super) length_m: f64,
    /// Radians per angle unit of the file.
    pub(super) angle_rad: f64,
    /// Square metres per area unit of the file.
    pub(super) area_m2: f64,
}

/// One placement: what it is relative to, and where it stands in that.
#[derive(Clone, Copy, Debug, Default)]
struct Step {
    towards: Option<Entity>,
    own: Option<Frame>,
}

impl<'a> File<'a> {
    pub(super) fn new(index: Index<'a>) -> Self {
        let mut by_kind = vec![Vec::new(); index.kind_count()];
        let mut wanted = vec![false; index.kind_count()];
        for name in LISTED {
            if let Some(kind) = index.kind_named(name) {
                wanted[Index::kind_number(kind)] = true;
            }
        }
        for entity in index.entities() {
            let number = Index::kind_number(index.kind(entity));
            if wanted[number] {
                by_kind[number].push(entity);
            }
        }
        Self {
            index,
            by_kind,
            placements: FxHashMap::default(),
            steps: FxHashMap::default(),
            length_m: 1.0,
            angle_rad: 1.0,
            area_m2: 1.0,
        }
    }

    /// Every statement of a type in file order. The type must be in [`LISTED`].
    pub(super) fn all(&self, name: &str) -> &[Entity] {
        debug_assert!(LISTED.contains(&name), "{name} is not listed");
        self.index
            .kind_named(name)
            .map_or(&[], |k| &self.by_kind[Index::kind_number(k)])
    }

    /// Every statement of any of the types, in order of type and then of the file.
    pub(super) fn all_of(&self, names: &[&str]) -> Vec<Entity> {
        names.iter().flat_map(|n| self.all(n)).copied().collect()
    }

    pub(super) fn name(&self, entity: Entity) -> &str {
        self.index.kind_name(self.index.kind(entity))
    }

    pub(super) fn values(&self, entity: Entity) -> Values<'a> {
        self.index.values(entity)
    }

    pub(super) fn value(&self, entity: Entity, place: usize) -> Value<'a> {
        self.index.value(entity, place)
    }

    /// The text of an attribute; blank texts count as not stated.
    pub(super) fn text(&self, entity: Entity, place: usize) -> Option<String> {
        let text = self.value(entity, place).text()?;
        let trimmed = text.trim();
        (!trimmed.is_empty()).then(|| trimmed.to_owned())
    }

    /// The statement that an attribute refers to.
    pub(super) fn target(&self, entity: Entity, place: usize) -> Option<Entity> {
        self.index.find(self.value(entity, place).reference()?)
    }

    /// The statements that a list attribute refers to; a single reference counts as a list.
    pub(super) fn targets(&self, entity: Entity, place: usize) -> Vec<Entity> {
        match self.value(entity, place) {
            Value::Reference(id) => self.index.find(id).into_iter().collect(),
            value => value
                .list()
                .references()
                .filter_map(|id| self.index.find(id))
                .collect(),
        }
    }

    pub(super) fn item(&self, entity: Entity) -> String {
        format!("#{}", self.index.id(entity))
    }

    /// Coordinates of a point or direction, in file units; `None` for such as no building has
    /// (100,000 km in millimetres).
    pub(super) fn coordinates(&self, entity: Entity) -> Option<[f64; 3]> {
        match self.value(entity, 0) {
            Value::List(values) => values
                .coordinates()
                .filter(|c| c.iter().all(|c| c.abs() < 1e11)),
            _ => None,
        }
    }

    fn direction(&self, entity: Option<Entity>) -> Option<[f64; 3]> {
        normalised(self.coordinates(entity?)?)
    }

    /// The frame of an `IfcAxis2Placement3D` or `…2D`, in metres.
    pub(super) fn axes(&self, entity: Entity) -> Option<Frame> {
        let mut values = self.values(entity);
        let find = |v: Option<Value<'_>>| v?.reference().and_then(|id| self.index.find(id));
        let location = find(values.next());
        let origin = self.coordinates(location?)?.map(|c| c * self.length_m);
        match self.name(entity) {
            "IFCAXIS2PLACEMENT2D" => {
                let x = self
                    .direction(find(values.next()))
                    .unwrap_or([1.0, 0.0, 0.0]);
                Some(Frame {
                    x,
                    y: [-x[1], x[0], 0.0],
                    z: [0.0, 0.0, 1.0],
                    origin,
                })
            }
            "IFCAXIS2PLACEMENT3D" | "IFCAXIS2PLACEMENTLINEAR" => {
                let z = self
                    .direction(find(values.next()))
                    .unwrap_or([0.0, 0.0, 1.0]);
                let towards = self.direction(find(values.next()));
                Some(Frame::from_axes(origin, z, towards))
            }
            _ => None,
        }
    }

    /// Where a product stands, through all placements it is relative to, in metres.
    pub(super) fn placement(&mut self, entity: Option<Entity>, findings: &mut Findings) -> Frame {
        let mut chain = Vec::new();
        let mut here = entity;
        let mut base = Frame::WORLD;
        while let Some(entity) = here {
            if let Some(&known) = self.placements.get(&entity) {
                base = known;
                break;
            }
            if chain.len() >= PLACEMENT_DEPTH_MAX || chain.contains(&entity) {
                findings.add(
                    Finding::new(Code::IfcCycle, "placements refer to each other in a circle")
                        .at_item(self.item(entity)),
                );
                break;
            }
            chain.push(entity);
            here = self.step(entity).towards;
        }
        for &entity in chain.iter().rev() {
            if let Some(own) = self.step(entity).own {
                base = base.then(&own);
            } else {
                findings.add(
                    Finding::new(
                        Code::IfcGeometry,
                        "a placement could not be read; the thing is taken to stand where its parent stands",
                    )
                    .at_item(self.item(entity)),
                );
            }
            self.placements.insert(entity, base);
        }
        base
    }

    /// Reads what the placements of these products say, on all cores; [`File::placement`] then
    /// only has to put it together.
    pub(super) fn read_placements(&mut self, products: &[Entity]) {
        let read = |&product: &Entity| {
            let placement = self.target(product, 5)?;
            Some((placement, self.read_step(placement)))
        };
        let steps: Vec<(Entity, Step)> = products.par_iter().filter_map(read).collect();
        self.steps.extend(steps);
    }

    fn step(&self, placement: Entity) -> Step {
        let known = self.steps.get(&placement).copied();
        known.unwrap_or_else(|| self.read_step(placement))
    }

    fn read_step(&self, placement: Entity) -> Step {
        let own = match self.name(placement) {
            "IFCLOCALPLACEMENT" => 1,
            // The stated cartesian equivalent; the alignment itself is not followed.
            "IFCLINEARPLACEMENT" => 2,
            _ => return Step::default(),
        };
        Step {
            towards: self.target(placement, 0),
            own: self.target(placement, own).and_then(|own| self.axes(own)),
        }
    }

    /// Reads the units of the project. Guesses are findings, see the messages.
    pub(super) fn read_units(&mut self, findings: &mut Findings) {
        let assigned = self
            .all("IFCPROJECT")
            .first()
            .and_then(|&p| self.target(p, 8))
            .or_else(|| self.all("IFCUNITASSIGNMENT").first().copied());
        let units = assigned.map(|a| self.targets(a, 0)).unwrap_or_default();
        let find = |wanted: &str| units.iter().find_map(|&u| self.unit_scale(u, wanted, 0));
        let (length, angle, area) = (find("LENGTHUNIT"), find("PLANEANGLEUNIT"), find("AREAUNIT"));
        self.angle_rad = angle.unwrap_or(1.0);
        let median = self.median_door_height();
        if let Some(length_m) = length {
            self.length_m = length_m;
            if let Some(height) = median
                && !(1.0..=8.0).contains(&(height * length_m))
            {
                findings.add(Finding::new(
                    Code::IfcUnit,
                    format!(
                        "half of the doors are higher than {:.3} m by the stated length unit: the unit is probably wrong",
                        height * length_m
                    ),
                ));
            }
        } else {
            let (length_m, why) = guess_length_unit(median);
            self.length_m = length_m;
            findings.add(Finding::new(
                Code::IfcUnit,
                format!("no usable length unit is stated; {length_m} m per unit is assumed {why}"),
            ));
        }
        self.area_m2 = area.unwrap_or(self.length_m * self.length_m);
    }

    /// How many base units (metre, radian, square metre) one of this unit is, when it measures
    /// what is `wanted`.
    fn unit_scale(&self, unit: Entity, wanted: &str, depth: usize) -> Option<f64> {
        if depth > 8 || self.value(unit, 1).word() != Some(wanted) {
            return None;
        }
        let scale = match self.name(unit) {
            "IFCSIUNIT" => {
                let power = if wanted == "AREAUNIT" { 2 } else { 1 };
                let base = match self.value(unit, 3).word()? {
                    "METRE" | "RADIAN" | "SQUARE_METRE" => 1.0,
                    _ => return None,
                };
                match self.value(unit, 2) {
                    Value::Enumeration(prefix) => base * prefix_scale(prefix)?.powi(power),
                    _ => base,
                }
            }
            "IFCCONVERSIONBASEDUNIT" | "IFCCONVERSIONBASEDUNITWITHOFFSET" => {
                let factor = self.target(unit, 3)?;
                let number = self.value(factor, 0).number()?;
                number * self.unit_scale(self.target(factor, 1)?, wanted, depth + 1)?
            }
            _ => return None,
        };
        (scale.is_finite() && scale > 1e-12 && scale < 1e12).then_some(scale)
    }

    fn median_door_height(&self) -> Option<f64> {
        let mut heights: Vec<f64> = self
            .all_of(&["IFCDOOR", "IFCDOORSTANDARDCASE"])
            .into_iter()
            .filter_map(|d| self.value(d, 8).number())
            .filter(|h| *h > 0.0)
            .collect();
        heights.sort_by(f64::total_cmp);
        heights.get(heights.len() / 2).copied()
    }
}

/// A door is 1.8–3 m high, whatever the unit; the ranges do not meet.
fn guess_length_unit(median_door_height: Option<f64>) -> (f64, &'static str) {
    match median_door_height {
        Some(h) if (1000.0..=8000.0).contains(&h) => (0.001, "from the height of the doors"),
        Some(h) if (150.0..=800.0).contains(&h) => (0.01, "from the height of the doors"),
        Some(h) if (60.0..150.0).contains(&h) => (0.0254, "from the height of the doors"),
        Some(h) if (5.0..=12.0).contains(&h) => (0.3048, "from the height of the doors"),
        Some(h) if (1.0..5.0).contains(&h) => (1.0, "from the height of the doors"),
        _ => (1.0, "for want of anything better"),
    }
}

/// SI brochure, 9th edition, table 7.
fn prefix_scale(prefix: &[u8]) -> Option<f64> {
    Some(match prefix {
        b"MEGA" => 1e6,
        b"KILO" => 1e3,
        b"HECTO" => 1e2,
        b"DECA" => 1e1,
        b"DECI" => 1e-1,
        b"CENTI" => 1e-2,
        b"MILLI" => 1e-3,
        b"MICRO" => 1e-6,
        _ => return None,
    })
}

/// The types whose statements are listed; everything else is reached by reference only.
pub(super) const LISTED: &[&str] = &[
    "IFCPROJECT",
    "IFCUNITASSIGNMENT",
    "IFCSITE",
    "IFCBUILDING",
    "IFCFACILITY",
    "IFCBUILDINGSTOREY",
    "IFCSPACE",
    "IFCDOOR",
    "IFCDOORSTANDARDCASE",
    "IFCWINDOW",
    "IFCWINDOWSTANDARDCASE",
    "IFCOPENINGELEMENT",
    "IFCOPENINGSTANDARDCASE",
    "IFCSTAIR",
    "IFCSTAIRFLIGHT",
    "IFCRAMP",
    "IFCRAMPFLIGHT",
    "IFCTRANSPORTELEMENT",
    "IFCWALL",
    "IFCWALLSTANDARDCASE",
    "IFCWALLELEMENTEDCASE",
    "IFCCURTAINWALL",
    "IFCZONE",
    "IFCSPATIALZONE",
    "IFCMAPCONVERSION",
    "IFCRELAGGREGATES",
    "IFCRELNESTS",
    "IFCRELCONTAINEDINSPATIALSTRUCTURE",
    "IFCRELVOIDSELEMENT",
    "IFCRELFILLSELEMENT",
    "IFCRELDEFINESBYPROPERTIES",
    "IFCRELDEFINESBYTYPE",
    "IFCRELASSIGNSTOGROUP",
    "IFCRELREFERENCEDINSPATIALSTRUCTURE",
    "IFCRELSPACEBOUNDARY",
    "IFCRELSPACEBOUNDARY1STLEVEL",
    "IFCRELSPACEBOUNDARY2NDLEVEL",
];

/// A right-handed frame: three axes and an origin, in metres. Scaled axes are allowed, for
/// mapped shapes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Frame {
    pub(super) x: Point3,
    pub(super) y: Point3,
    pub(super) z: Point3,
    pub(super) origin: Point3,
}

impl Frame {
    pub(super) const WORLD: Self = Self {
        x: [1.0, 0.0, 0.0],
        y: [0.0, 1.0, 0.0],
        z: [0.0, 0.0, 1.0],
        origin: [0.0; 3],
    };

    /// The axes of ISO 10303-42 `build_axes`: `z` as given, `x` as near to `towards` as it can
    /// be.
    pub(super) fn from_axes(origin: Point3, z: Point3, towards: Option<Point3>) -> Self {
        let flattened = |d: Point3| normalised(minus(d, scaled(z, dot(d, z))));
        let x = towards
            .and_then(flattened)
            .or_else(|| flattened([1.0, 0.0, 0.0]))
            .or_else(|| flattened([0.0, 1.0, 0.0]))
            .unwrap_or([1.0, 0.0, 0.0]);
        Self {
            x,
            y: cross(z, x),
            z,
            origin,
        }
    }

    /// A point of this frame in the frame around it.
    pub(super) fn point(&self, p: Point3) -> Point3 {
        plus(self.origin, self.vector(p))
    }

    /// A vector of this frame in the frame around it.
    pub(super) fn vector(&self, v: Point3) -> Point3 {
        plus(
            plus(scaled(self.x, v[0]), scaled(self.y, v[1])),
            scaled(self.z, v[2]),
        )
    }

    /// The frame of something that stands at `inner` in this frame.
    pub(super) fn then(&self, inner: &Frame) -> Self {
        Self {
            x: self.vector(inner.x),
            y: self.vector(inner.y),
            z: self.vector(inner.z),
            origin: self.point(inner.origin),
        }
    }

    /// The way back, for frames with unscaled axes.
    pub(super) fn inverse(&self) -> Self {
        let row = |i: usize| [self.x[i], self.y[i], self.z[i]];
        let turned = Self {
            x: row(0),
            y: row(1),
            z: row(2),
            origin: [0.0; 3],
        };
        let origin = scaled(turned.vector(self.origin), -1.0);
        Self { origin, ..turned }
    }
}

pub(super) fn plus(a: Point3, b: Point3) -> Point3 {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(super) fn minus(a: Point3, b: Point3) -> Point3 {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(super) fn scaled(a: Point3, s: f64) -> Point3 {
    a.map(|c| c * s)
}

pub(super) fn dot(a: Point3, b: Point3) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(super) fn cross(a: Point3, b: Point3) -> Point3 {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

pub(super) fn normalised(a: Point3) -> Option<Point3> {
    let length = dot(a, a).sqrt();
    (length > 1e-9 && length.is_finite()).then(|| scaled(a, 1.0 / length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_frame_and_its_inverse_undo_each_other(
            z in proptest::array::uniform3(-1.0..1.0_f64),
            towards in proptest::array::uniform3(-1.0..1.0_f64),
            origin in proptest::array::uniform3(-1e5..1e5_f64),
            p in proptest::array::uniform3(-1e3..1e3_f64),
        ) {
            prop_assume!(dot(z, z) > 0.01);
            let frame = Frame::from_axes(origin, normalised(z).unwrap(), normalised(towards));
            let back = frame.inverse().point(frame.point(p));
            prop_assert!(minus(back, p).iter().all(|d| d.abs() < 1e-6));
        }
    }
}
