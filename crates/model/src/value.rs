//! What a claim can say: a truth value, a number, a text, another twin, a shape,
//! or a piece of JSON kept exactly as written.

use crate::id::EntityId;
use std::sync::Arc;

/// A point in the building's frame: east, north, up, in metres.
pub type Point = [f64; 3];

/// A plan polygon: the outer ring first, then the holes, in metres of the building's
/// frame or, where the attribute says so, in degrees on earth. Rings are not closed
/// (the last point differs from the first).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Polygon {
    /// Outer ring, then holes; each a list of `[x_m, y_m]` or `[longitude_deg, latitude_deg]`.
    pub rings: Vec<Vec<[f64; 2]>>,
}

impl Polygon {
    /// Area in square metres, holes taken off (shoelace formula).
    ///
    /// ```
    /// use twin_model::Polygon;
    /// let square = Polygon { rings: vec![vec![[0., 0.], [2., 0.], [2., 2.], [0., 2.]]] };
    /// assert_eq!(square.area_m2(), 4.0);
    /// ```
    pub fn area_m2(&self) -> f64 {
        let mut areas = self.rings.iter().map(|ring| ring_area_m2(ring).abs());
        let outer = areas.next().unwrap_or(0.0);
        outer - areas.sum::<f64>()
    }
}

fn ring_area_m2(ring: &[[f64; 2]]) -> f64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter()
        .zip(next)
        .map(|(a, b)| a[0] * b[1] - b[0] * a[1])
        .sum::<f64>()
        / 2.0
}

/// A stated value. Numbers are in the stated unit of the claim, not converted.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Yes or no.
    Boolean(bool),
    /// A finite number.
    Number(f64),
    /// A text.
    Text(Arc<str>),
    /// Another twin, for example the storey a room is part of.
    Entity(EntityId),
    /// Several twins, sorted and without repeats, for example the spaces a door joins.
    Entities(Arc<[EntityId]>),
    /// A point in the building's frame.
    Point(Point),
    /// A chain of plan points, for example the two jambs of a door or the course of a street.
    Line(Arc<[[f64; 2]]>),
    /// A plan area.
    Polygon(Arc<Polygon>),
    /// JSON text, byte for byte as received: what verbatim attributes hold.
    Json(Arc<str>),
}

impl Value {
    /// A text value.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// Several twins, sorted and freed of repeats so that equal sets are equal values.
    pub fn entities(ids: impl IntoIterator<Item = EntityId>) -> Self {
        let mut ids: Vec<_> = ids.into_iter().collect();
        ids.sort();
        ids.dedup();
        Self::Entities(ids.into())
    }

    /// The number, if it is one.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(n) => Some(*n),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    pub fn as_boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(b) => Some(*b),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(t) => Some(t),
            _ => None,
        }
    }

    /// The twin, if it is one.
    pub fn as_entity(&self) -> Option<&EntityId> {
        match self {
            Self::Entity(id) => Some(id),
            _ => None,
        }
    }

    /// What sort of value this is, as a word for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Boolean(_) => "boolean",
            Self::Number(_) => "number",
            Self::Text(_) => "text",
            Self::Entity(_) => "entity",
            Self::Entities(_) => "entities",
            Self::Point(_) => "point",
            Self::Line(_) => "line",
            Self::Polygon(_) => "polygon",
            Self::Json(_) => "json",
        }
    }
}

/// What sort of thing a twin stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityKind {
    /// A building.
    Building,
    /// One storey of a building.
    Storey,
    /// A room, corridor, stair, lift car, shaft, or the outside.
    Space,
    /// A door, opening, open contact, stair link, lift door, entrance.
    Portal,
    /// A sensor.
    Sensor,
    /// A street or path between two junctions.
    Street,
    /// A piece of land or water.
    Area,
    /// Any other thing.
    Thing,
}

impl EntityKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Building,
        Self::Storey,
        Self::Space,
        Self::Portal,
        Self::Sensor,
        Self::Street,
        Self::Area,
        Self::Thing,
    ];

    /// The word used in claims of the attribute `type` and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::Storey => "storey",
            Self::Space => "space",
            Self::Portal => "portal",
            Self::Sensor => "sensor",
            Self::Street => "street",
            Self::Area => "area",
            Self::Thing => "thing",
        }
    }

    /// The kind with that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_taken_off() {
        let square = |size: f64| vec![[0., 0.], [size, 0.], [size, size], [0., size]];
        let mut hole = square(1.0);
        hole.reverse();
        assert_eq!(
            Polygon {
                rings: vec![square(3.0), hole]
            }
            .area_m2(),
            8.0
        );
        assert_eq!(Polygon::default().area_m2(), 0.0);
    }

    #[test]
    fn sets_of_twins_have_one_form() {
        let id = |s| EntityId::new(s).unwrap();
        assert_eq!(
            Value::entities([id("urn:b"), id("urn:a"), id("urn:b")]),
            Value::entities([id("urn:a"), id("urn:b")])
        );
    }
}
