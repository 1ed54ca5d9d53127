//! Everything that has a place on earth, found by where it is.
//!
//! Put together once per change of the structure, by the first who asks.

use crate::picture::Picture;
use crate::structure::Structure;
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use serde::Deserialize;
use std::sync::Arc;
use twin_model::{EntityKind, Polygon, Value};
use twin_space::earth::Frame;

/// A box on earth: west, south, east, north, in degrees.
pub(crate) type Bounds = [f64; 4];

/// Where something is and what shape it has, in degrees of longitude and latitude.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A point.
    Point([f64; 2]),
    /// A line.
    Line(Arc<[[f64; 2]]>),
    /// An area.
    Polygon(Arc<Polygon>),
}

impl Shape {
    /// The box around it; `None` when it has no points.
    pub(crate) fn bounds(&self) -> Option<Bounds> {
        match self {
            Self::Point([x, y]) => Some([*x, *y, *x, *y]),
            Self::Line(line) => bounds(line),
            Self::Polygon(polygon) => bounds(polygon.rings.first()?),
        }
    }
}

fn bounds(points: &[[f64; 2]]) -> Option<Bounds> {
    let mut points = points.iter();
    let &[x, y] = points.next()?;
    Some(points.fold([x, y, x, y], |[x0, y0, x1, y1], &[x, y]| {
        [x0.min(x), y0.min(y), x1.max(x), y1.max(y)]
    }))
}

/// One thing on earth.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) number: u32,
    pub(crate) kind: EntityKind,
    pub(crate) shape: Shape,
}

type Entry = GeomWithData<Rectangle<[f64; 2]>, u32>;

/// Everything that has a place on earth.
#[derive(Debug)]
pub(crate) struct Atlas {
    placed: Vec<Placed>,
    tree: RTree<Entry>,
}

impl Atlas {
    pub(crate) fn of(picture: &Picture, structure: &Structure) -> Self {
        let numbers = 0..picture.entities.len() as u32;
        let placed: Vec<Placed> = numbers
            .filter_map(|number| placed(picture, structure, number))
            .collect();
        let entries = placed.iter().zip(0..).filter_map(|(one, at)| {
            let [x0, y0, x1, y1] = one.shape.bounds()?;
            let corners = Rectangle::from_corners([x0, y0], [x1, y1]);
            Some(GeomWithData::new(corners, at))
        });
        let tree = RTree::bulk_load(entries.collect());
        Self { placed, tree }
    }

    /// Everything, in order of its number.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Placed> {
        self.placed.iter()
    }

    /// What touches a box, in order of its number.
    pub(crate) fn within(&self, [west, south, east, north]: Bounds) -> Vec<&Placed> {
        let envelope = AABB::from_corners([west, south], [east, north]);
        let hits = self.tree.locate_in_envelope_intersecting(envelope);
        let mut places: Vec<u32> = hits.map(|hit| hit.data).collect();
        places.sort_unstable();
        let placed = places.into_iter().map(|at| &self.placed[at as usize]);
        placed.collect()
    }

    /// The box around everything.
    pub(crate) fn bounds(&self) -> Option<Bounds> {
        use rstar::Envelope;
        let all = self.tree.root().envelope();
        let ([west, south], [east, north]) = (all.lower(), all.upper());
        (all.area().is_finite() && west <= east).then_some([west, south, east, north])
    }
}

fn placed(picture: &Picture, structure: &Structure, number: u32) -> Option<Placed> {
    let kind = structure.kind(number)?;
    let value = |name| picture.value(number, name, picture.recorded);
    let polygon = |name| match value(name) {
        Some(Value::Polygon(polygon)) => Some(Shape::Polygon(polygon)),
        _ => None,
    };
    let line = |name| match value(name) {
        Some(Value::Line(line)) => Some(Shape::Line(line)),
        _ => None,
    };
    let shape = match kind {
        EntityKind::Street => line("course"),
        EntityKind::Area => polygon("outline").or_else(|| line("course")),
        EntityKind::Building => polygon("outline").or_else(|| site(picture, number)),
        EntityKind::Portal | EntityKind::Sensor => site(picture, number),
        EntityKind::Storey | EntityKind::Space | EntityKind::Thing => None,
    }?;
    Some(Placed {
        number,
        kind,
        shape,
    })
}

fn site(picture: &Picture, number: u32) -> Option<Shape> {
    let position = picture.value(number, "sitePosition", picture.recorded)?;
    let (latitude_deg, longitude_deg) = position_of(&position)?;
    Some(Shape::Point([longitude_deg, latitude_deg]))
}

/// Latitude and longitude of a `sitePosition`.
pub(crate) fn position_of(value: &Value) -> Option<(f64, f64)> {
    #[derive(Deserialize)]
    struct SitePosition {
        latitude_deg: f64,
        longitude_deg: f64,
    }
    let Value::Json(json) = value else {
        return None;
    };
    let place: SitePosition = serde_json::from_str(json).ok()?;
    let is_on_earth = place.latitude_deg.abs() <= 90.0 && place.longitude_deg.abs() <= 180.0;
    is_on_earth.then_some((place.latitude_deg, place.longitude_deg))
}

/// Where the plan of a building lies on earth, and how surely.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlanPlace {
    /// The frame of the plan.
    pub frame: Frame,
    /// Probability that both its position and its turn are right.
    pub probability: f64,
}

/// Where the plan of a building lies, if that is believed at all: a position that is probably
/// wrong is worse than none.
pub(crate) fn plan_place(picture: &Picture, building: u32) -> Option<PlanPlace> {
    let believed = |name| {
        let estimate = picture.estimate(building, name, picture.recorded)?;
        let confidence = estimate.distribution.as_ref()?.confidence()?;
        Some((estimate.value()?, confidence))
    };
    let (position, position_p) = believed("sitePosition")?;
    let (latitude_deg, longitude_deg) = position_of(&position)?;
    let (rotation, rotation_p) = believed("planRotation")?;
    let rotation_deg = rotation.as_number()?;
    let probability = position_p * rotation_p;
    (probability >= PLACE_PROBABILITY_MIN).then_some(PlanPlace {
        frame: Frame {
            latitude_deg,
            longitude_deg,
            rotation_deg,
        },
        probability,
    })
}

/// A plan is laid on the map only if it more probably lies there than not.
const PLACE_PROBABILITY_MIN: f64 = 0.5;
