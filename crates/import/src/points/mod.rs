//! Points of building management systems and topics of brokers, and what they tell of.
//!
//! A large building has thousands of sensors, and each has a name that some contractor gave it
//! twenty years ago: `NB_L12_R05_ZNT`. Before its values mean anything, somebody must say that
//! this is the temperature of room 12.05. This module decodes what the sensors send, suggests for
//! each name the place and the quantity with how sure it is, and reads and writes the table in
//! which people review it. What it is not sure of it lists; it never guesses a room in silence.
//!
//! Formats: `docs/formats/points.md`.

mod alarm;
mod convention;
mod doubts;
mod mapping;
mod messages;
mod payload;
mod places;
mod quantity;
mod suggest;
mod table;
mod tokens;
mod units;
mod words;

pub use alarm::is_alarm;
pub use mapping::{ROWS_MAX, Row, State, read_mapping, resolve, write_mapping};
pub use messages::{Recorded, read_messages};
pub use payload::{Decoded, PAYLOAD_BYTES_MAX, READINGS_MAX, Reading, Spoken, decode};
pub use suggest::{CONFIDENT, suggest};
pub use tokens::NAME_BYTES_MAX;

use twin_model::EntityKind;

/// A point: a topic, or a name in a list of a building management system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Point {
    /// Its name or topic, with `#member` where a message carries several quantities.
    pub name: String,
    /// What the list says about it, if anything.
    pub description: Option<String>,
    /// Its unit, as spelled.
    pub unit: Option<String>,
    /// Some of its values, as sent.
    pub samples: Vec<String>,
}

/// A place of which points can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The twin's id.
    pub id: String,
    /// Building, storey, space or portal; others are not looked at.
    pub kind: EntityKind,
    /// Short name, such as a room number.
    pub name: String,
    /// Descriptive name.
    pub long_name: String,
    /// Id of the storey, zone or building that it is part of.
    pub part_of: Option<String>,
    /// Number of a storey, if known: 0 at street level, below ground negative.
    pub level: Option<i32>,
    /// What a space is for.
    pub usage: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Ids of the spaces that a door joins.
    pub joins: Vec<String>,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            id: String::new(),
            kind: EntityKind::Space,
            name: String::new(),
            long_name: String::new(),
            part_of: None,
            level: None,
            usage: String::new(),
            aliases: Vec::new(),
            joins: Vec::new(),
        }
    }
}

/// What a point probably tells of.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// Name of the point.
    pub point: String,
    /// Id of the room or door; of the storey or the building where it is not clear which;
    /// `None` where no building is given.
    pub place: Option<String>,
    /// The attribute that its values are; `None` where it is no reading of a place, such as a
    /// setpoint.
    pub attribute: Option<&'static str>,
    /// Unit of its values (UCUM).
    pub unit: Option<String>,
    /// Whether yes means that the door is closed.
    pub negate: bool,
    /// How probable it is that place and attribute are both right, 0 to 1.
    pub probability: f64,
    /// Why, for people.
    pub reason: String,
    /// Other places that it may be, with their probabilities, the most probable first.
    pub others: Vec<(String, f64)>,
}
