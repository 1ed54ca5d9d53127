//! Who takes part: names, keys, and who may read whom.

use crate::node::{Entry, Key};
use ed25519_dalek::SigningKey;
use twin_link::{Audience, Class, Identity, Incarnation, OriginId, ReaderSecret, Topic};
use twin_model::{Attribute, EntityId, SourceId, Unit};

/// The nodes of a world, by number.
#[derive(Debug, Clone)]
pub struct Cast {
    /// For each origin, which nodes may read what it says.
    pub may_read: Vec<Vec<bool>>,
}

/// What each class speaks about, by the attribute that puts it there.
const ATTRIBUTES: [(Class, &str, Option<&str>); 4] = [
    (Class::LifeSafety, "smoke", None),
    (Class::Operational, "occupancy", None),
    (Class::Telemetry, "temperature", Some("CEL")),
    (Class::Bulk, "designLoad", None),
];

impl Cast {
    /// Everybody may read everybody.
    pub fn open(count: usize) -> Self {
        Self {
            may_read: vec![vec![true; count]; count],
        }
    }

    /// Nobody may read anybody, but for these: origin and reader.
    pub fn closed(count: usize, pairs: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut cast = Self {
            may_read: vec![vec![false; count]; count],
        };
        for (origin, reader) in pairs {
            cast.may_read[origin][reader] = true;
        }
        cast
    }

    /// How many nodes there are.
    pub fn count(&self) -> usize {
        self.may_read.len()
    }

    /// Those who may read an origin, but for itself.
    pub fn readers(&self, origin: usize) -> impl Iterator<Item = usize> + '_ {
        let may = self.may_read[origin].iter().enumerate();
        may.filter_map(move |(reader, &may)| (may && reader != origin).then_some(reader))
    }
}

fn seed(kind: u8, node: usize) -> [u8; 32] {
    let mut seed = [kind; 32];
    seed[..8].copy_from_slice(&(node as u64).to_le_bytes());
    seed
}

/// With what a node derives the keys of its streams.
pub(crate) fn stream_secret(node: usize) -> [u8; 32] {
    seed(1, node)
}

/// With what a node signs.
pub(crate) fn node_key(node: usize) -> SigningKey {
    SigningKey::from_bytes(&seed(2, node))
}

/// With what its organisation takes that key back.
pub(crate) fn authority_key(node: usize) -> SigningKey {
    SigningKey::from_bytes(&seed(3, node))
}

/// With what a node reads what is sealed to it.
pub(crate) fn reader_secret(node: usize) -> ReaderSecret {
    ReaderSecret::new(&seed(4, node))
}

/// Its name in the protocol, in one life of its disk.
pub(crate) fn identity(node: usize, incarnation: u64) -> Identity {
    Identity {
        origin: OriginId(half(seed(5, node))),
        incarnation: Incarnation((u128::from(incarnation) + 1).to_le_bytes()),
        audience: Audience(half(seed(6, node))),
    }
}

fn half(seed: [u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&seed[..16]);
    half
}

/// The name of a room of an origin.
pub fn room_name(origin: usize, room: usize) -> String {
    format!("urn:tower-{origin}:ward:{room}")
}

/// The name of the sensor in it.
pub fn sensor_name(origin: usize, room: usize) -> String {
    format!("urn:tower-{origin}:sensor:{room}")
}

/// The attribute that puts a claim into a class.
pub fn attribute(class: Class) -> &'static str {
    ATTRIBUTES[class as usize].1
}

/// What an entry is about, as claims say it.
pub(crate) fn topic(key: &Key) -> Topic {
    let (_, attribute, unit) = ATTRIBUTES[key.class as usize];
    Topic {
        source: SourceId::new(&sensor_name(key.origin, key.room)).expect("a source"),
        entity: EntityId::new(&room_name(key.origin, key.room)).expect("an entity"),
        attribute: Attribute::new(attribute).expect("an attribute"),
        unit: unit.and_then(|unit| Unit::new(unit).ok()),
        procedure: None,
        uncertainty: None,
    }
}

/// The entry that claims of these names would be; `None` if no node writes such.
pub(crate) fn entry(
    entity: &str,
    attribute: &str,
    observed: twin_model::Time,
    value: f64,
) -> Option<Entry> {
    let rest = entity.strip_prefix("urn:tower-")?;
    let (origin, room) = rest.split_once(":ward:")?;
    let class = ATTRIBUTES.iter().find(|known| known.1 == attribute)?.0;
    let key = Key {
        origin: origin.parse().ok()?,
        class,
        room: room.parse().ok()?,
        observed,
    };
    Some(Entry { key, value })
}
