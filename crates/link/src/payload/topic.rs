//! Topics: what a source keeps saying the same about, named once and then numbered.
//!
//! "The sensor in room 3.12, its temperature, in °C" is long to write and never changes;
//! a number stands for it until the epoch ends.

use crate::bytes::{Cursor, put_bytes, put_f64, put_signed, put_varint};
use crate::error::Error;
use crate::limits::TOPICS_MAX;
use crate::opening::hash_16;
use crate::payload::decimal::Decimal;
use std::collections::BTreeMap;
use std::sync::Arc;
use twin_model::{Attribute, EntityId, SourceId, Uncertainty, Unit};

const UNIT: u8 = 1;
const PROCEDURE: u8 = 2;
const DEVIATION: u8 = 4;
const PROBABILITY: u8 = 8;
const REFERENCE: u8 = 16;
/// The unit is that of the topic before.
const SAME_UNIT: u8 = 32;

/// Longest unit or procedure text, in bytes.
const TEXT_BYTES_MAX: usize = 1024;

/// Who speaks about what, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Topic {
    /// Who says it.
    pub source: SourceId,
    /// About which twin.
    pub entity: EntityId,
    /// About which of its attributes.
    pub attribute: Attribute,
    /// In which unit, if one is stated.
    pub unit: Option<Unit>,
    /// How it was obtained, if stated.
    pub procedure: Option<Arc<str>>,
    /// How unsure the source says it is.
    pub uncertainty: Option<Uncertainty>,
}

/// The same for equal topics whatever their numbers.
pub(crate) type Fingerprint = [u8; 16];

/// The topics of one epoch, by their numbers.
#[derive(Debug, Clone, Default)]
pub struct Topics {
    /// Named so far; a reader may learn later numbers before earlier ones.
    known: BTreeMap<u32, Named>,
    numbers: BTreeMap<Vec<u8>, u32>,
}

#[derive(Debug, Clone)]
struct Named {
    topic: Arc<Topic>,
    /// What its values are near.
    reference: Option<Decimal>,
    fingerprint: Fingerprint,
}

impl Topics {
    /// What a number stands for.
    pub fn get(&self, number: u32) -> Option<&Arc<Topic>> {
        self.known.get(&number).map(|named| &named.topic)
    }

    /// The number of a topic.
    pub fn number(&self, topic: &Topic) -> Option<u32> {
        self.numbers.get(&key(topic)).copied()
    }

    /// How many are named.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether none is named.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    pub(crate) fn fingerprint(&self, number: u32) -> Option<Fingerprint> {
        self.known.get(&number).map(|named| named.fingerprint)
    }

    pub(super) fn reference(&self, number: u32) -> Option<Decimal> {
        self.known.get(&number).and_then(|named| named.reference)
    }

    /// Names a topic for the first time; `reference` is what its values are near.
    pub(super) fn name(&mut self, topic: Topic, reference: Option<Decimal>) -> Result<u32, Error> {
        let number = self.known.len() as u32;
        if self.known.len() >= TOPICS_MAX {
            return Err(Error::TopicsSpent);
        }
        self.insert(number, topic, reference);
        Ok(number)
    }

    fn insert(&mut self, number: u32, topic: Topic, reference: Option<Decimal>) {
        let key = key(&topic);
        let named = Named {
            topic: Arc::new(topic),
            reference,
            fingerprint: hash_16("twinternet link 1 topic", &[&key]),
        };
        self.numbers.insert(key, number);
        self.known.insert(number, named);
    }

    /// The section that names the topics from `first` on.
    pub(super) fn encode_from(&self, first: u32) -> Vec<u8> {
        let mut out = Vec::new();
        put_varint(&mut out, u64::from(first));
        put_varint(&mut out, self.known.range(first..).count() as u64);
        let (mut before, mut unit) = ([""; 3], None);
        for named in self.known.range(first..).map(|(_, named)| named) {
            let topic = &named.topic;
            let now = [
                topic.source.as_str(),
                topic.entity.as_str(),
                topic.attribute.as_str(),
            ];
            for (text, last) in now.iter().zip(before) {
                put_shared(&mut out, text, last);
            }
            before = now;
            put_manner(&mut out, topic, named.reference, unit);
            unit = topic.unit.as_ref();
        }
        out
    }

    /// Learns a section; a number that is named twice keeps its first meaning.
    pub(super) fn learn(&mut self, section: &[u8]) -> Result<(), Error> {
        self.learn_all(section)
            .ok_or(Error::Malformed("a section of topics"))
    }

    fn learn_all(&mut self, section: &[u8]) -> Option<()> {
        let mut cursor = Cursor::new(section);
        let first = u32::try_from(cursor.varint()?).ok()?;
        let count = cursor.count(7)? as u32;
        let end = first.checked_add(count)?;
        if end as usize > TOPICS_MAX {
            return None;
        }
        let mut before = [String::new(), String::new(), String::new()];
        let mut last_unit: Option<Unit> = None;
        for number in first..end {
            for text in &mut before {
                *text = get_shared(&mut cursor, text)?;
            }
            let [source, entity, attribute] = &before;
            let (unit, procedure, uncertainty, reference) =
                get_manner(&mut cursor, last_unit.as_ref())?;
            last_unit.clone_from(&unit);
            let topic = Topic {
                source: SourceId::new(source).ok()?,
                entity: EntityId::new(entity).ok()?,
                attribute: Attribute::new(attribute).ok()?,
                unit,
                procedure,
                uncertainty,
            };
            if !self.known.contains_key(&number) {
                self.insert(number, topic, reference);
            }
        }
        cursor.is_empty().then_some(())
    }
}

/// A topic as bytes: equal topics, and no others, have equal bytes.
fn key(topic: &Topic) -> Vec<u8> {
    let mut out = Vec::with_capacity(96);
    put_bytes(&mut out, topic.source.as_str().as_bytes());
    put_bytes(&mut out, topic.entity.as_str().as_bytes());
    put_bytes(&mut out, topic.attribute.as_str().as_bytes());
    put_manner(&mut out, topic, None, None);
    out
}

fn put_shared(out: &mut Vec<u8>, text: &str, last: &str) {
    let pairs = text.bytes().zip(last.bytes());
    let shared = pairs.take_while(|(a, b)| a == b).count();
    put_varint(out, shared as u64);
    put_bytes(out, &text.as_bytes()[shared..]);
}

fn get_shared(cursor: &mut Cursor<'_>, last: &str) -> Option<String> {
    let shared = usize::try_from(cursor.varint()?).ok()?;
    let rest = cursor.bytes()?;
    let kept = last.as_bytes().get(..shared)?;
    let whole = rest.len() + shared <= twin_model::id::ID_LENGTH_MAX;
    String::from_utf8([kept, rest].concat())
        .ok()
        .filter(|_| whole)
}

fn put_manner(
    out: &mut Vec<u8>,
    topic: &Topic,
    reference: Option<Decimal>,
    unit_before: Option<&Unit>,
) {
    let uncertainty = match topic.uncertainty {
        None => 0,
        Some(Uncertainty::StandardDeviation(_)) => DEVIATION,
        Some(Uncertainty::Probability(_)) => PROBABILITY,
    };
    let flag = |is: bool, bit: u8| if is { bit } else { 0 };
    let is_same_unit = topic.unit.is_some() && topic.unit.as_ref() == unit_before;
    out.push(
        flag(topic.unit.is_some() && !is_same_unit, UNIT)
            | flag(is_same_unit, SAME_UNIT)
            | flag(topic.procedure.is_some(), PROCEDURE)
            | uncertainty
            | flag(reference.is_some(), REFERENCE),
    );
    if let Some(unit) = topic.unit.as_ref().filter(|_| !is_same_unit) {
        put_bytes(out, unit.as_str().as_bytes());
    }
    if let Some(procedure) = &topic.procedure {
        put_bytes(out, procedure.as_bytes());
    }
    match topic.uncertainty {
        Some(Uncertainty::StandardDeviation(x) | Uncertainty::Probability(x)) => put_f64(out, x),
        None => {}
    }
    if let Some(reference) = reference {
        out.push(reference.scale);
        put_signed(out, reference.mantissa);
    }
}

type Manner = (
    Option<Unit>,
    Option<Arc<str>>,
    Option<Uncertainty>,
    Option<Decimal>,
);

fn get_manner(cursor: &mut Cursor<'_>, unit_before: Option<&Unit>) -> Option<Manner> {
    let flags = cursor.u8()?;
    let both = DEVIATION | PROBABILITY;
    let units = UNIT | SAME_UNIT;
    if flags >= 2 * SAME_UNIT || flags & both == both || flags & units == units {
        return None;
    }
    let mut text = || cursor.text().filter(|text| text.len() <= TEXT_BYTES_MAX);
    let unit = match flags & units {
        0 => None,
        UNIT => Some(unit(text()?)?),
        _ => Some(unit_before?.clone()),
    };
    let procedure = match flags & PROCEDURE {
        0 => None,
        _ => Some(Arc::from(text()?)),
    };
    let uncertainty = match flags & both {
        0 => None,
        DEVIATION => Some(Uncertainty::StandardDeviation(cursor.f64()?)),
        _ => Some(Uncertainty::Probability(cursor.f64()?)),
    };
    let reference = match flags & REFERENCE {
        0 => None,
        _ => Some(Decimal::get(cursor)?),
    };
    Some((unit, procedure, uncertainty, reference))
}

fn unit(text: &str) -> Option<Unit> {
    Unit::new(text).ok()
}
