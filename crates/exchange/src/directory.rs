//! What an organisation tells every member: which things it has, not how they are.
//!
//! In a flood the water authority looks for the hospital that nobody there has ever dealt
//! with, and finds it by its name or place, also while the hospital itself cannot be
//! reached. So each organisation may announce what there is. How warm it is in there, how
//! many people are in it and which door is locked is between it and its peers.
//!
//! Drawn in `docs/formats/belonging.md`.

use std::collections::BTreeSet;
use twin_link::bytes::{Cursor, put_bytes, put_varint};
use twin_model::{Act, Attribute, EntityId, EntityKind, Statement, Value};
use twin_policy::sharing::{self, Choice, DIRECTORY_ATTRIBUTES, Form, Recipient, Rule};

const VERSION: u8 = 1;
/// Bytes of a text in the directory.
pub const TEXT_BYTES_MAX: usize = 256;
/// Twins that are said to be one.
pub const IDENTIFIED_MAX: usize = 16;
/// Areas that one organisation announces.
pub const AREAS_MAX: usize = 64;

/// Why something does not belong into the directory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// An attribute that says how a thing is.
    #[error("`{0}` is not for every member")]
    Attribute(Attribute),
    /// A value of another form than the attribute has in the directory.
    #[error("`{0}` does not have that value in the directory")]
    Value(Attribute),
    /// More than [`AREAS_MAX`].
    #[error("more than 64 areas are announced")]
    TooManyAreas,
}

/// Whether a statement may stand in the directory. To be asked of what comes from there, and
/// once more of what goes there.
///
/// ```
/// use twin_exchange::directory;
/// use twin_model::{Act, Attribute, EntityId, Interval, Stated, Statement, Time, Value};
/// let says = |attribute: &str, value: Value| Statement {
///     entity: EntityId::new("urn:hospital:building").unwrap(),
///     attribute: Attribute::new(attribute).unwrap(),
///     act: Act::Assert(Stated::from(value)),
///     valid: Interval::ALWAYS,
///     observed: Time(0),
///     procedure: None,
/// };
/// assert!(directory::check(&says("type", Value::text("building"))).is_ok());
/// assert!(directory::check(&says("occupancy", Value::Number(120.0))).is_err());
/// ```
pub fn check(statement: &Statement) -> Result<(), Refused> {
    let attribute = statement.attribute.as_str();
    let refused = || statement.attribute.clone();
    if !DIRECTORY_ATTRIBUTES.contains(&attribute) {
        return Err(Refused::Attribute(refused()));
    }
    let procedure = statement.procedure.as_ref();
    let fits = match &statement.act {
        Act::Retract => true,
        Act::Assert(stated) => stated.unit.is_none() && has_form(attribute, &stated.value),
        // A reason could say anything; absence and the rest say how a thing is.
        Act::Absent | Act::NotApplicable | Act::Unknown { .. } => false,
    };
    (fits && procedure.is_none_or(|text| text.len() <= TEXT_BYTES_MAX))
        .then_some(())
        .ok_or_else(|| Refused::Value(refused()))
}

fn has_form(attribute: &str, value: &Value) -> bool {
    match (attribute, value) {
        ("type", Value::Text(word)) => EntityKind::parse(word).is_some(),
        ("name" | "address", Value::Text(text)) | ("sitePosition", Value::Json(text)) => {
            text.len() <= TEXT_BYTES_MAX
        }
        ("identifies", Value::Entities(twins)) => twins.len() <= IDENTIFIED_MAX,
        _ => false,
    }
}

/// What an organisation announces. Nothing unless it says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Announce {
    /// Things of these kinds.
    pub kinds: BTreeSet<EntityKind>,
    /// Only what is within one of these; everywhere if there is none.
    pub areas: BTreeSet<EntityId>,
}

impl Announce {
    /// Whether that can be announced.
    pub fn check(&self) -> Result<(), Refused> {
        let is_few = self.areas.len() <= AREAS_MAX;
        is_few.then_some(()).ok_or(Refused::TooManyAreas)
    }

    /// The lines of the sharing list that say so, also of what was said before.
    pub fn rules(&self) -> Result<Vec<Rule>, sharing::Error> {
        if self.kinds.is_empty() {
            return Ok(Vec::new());
        }
        let everywhere = self.areas.is_empty().then_some(None);
        let areas = self.areas.iter().cloned().map(Some).chain(everywhere);
        areas.map(|area| self.rule(area)).collect()
    }

    fn rule(&self, area: Option<EntityId>) -> Result<Rule, sharing::Error> {
        let attributes = DIRECTORY_ATTRIBUTES.iter();
        let attributes = attributes.filter_map(|name| Attribute::new(name).ok());
        let rule = Rule {
            to: Recipient::Members,
            kinds: Choice::Only(self.kinds.iter().copied().collect()),
            attributes: Choice::Only(attributes.filter(|name| self.can_have(name)).collect()),
            area,
            backfill: true,
            form: Form::Claims,
        };
        rule.checked()
    }

    /// Whether things of these kinds have the attribute: a rule that names one that they
    /// never have is refused.
    fn can_have(&self, attribute: &Attribute) -> bool {
        let spec = twin_model::Catalogue::BUILT_IN.get(attribute.as_str());
        spec.is_none_or(|spec| self.kinds.iter().any(|kind| spec.kinds.contains(kind)))
    }

    /// The form for the disk.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        put_varint(&mut out, self.kinds.len() as u64);
        for kind in &self.kinds {
            put_bytes(&mut out, kind.as_str().as_bytes());
        }
        put_varint(&mut out, self.areas.len() as u64);
        for area in &self.areas {
            put_bytes(&mut out, area.as_str().as_bytes());
        }
        out
    }

    /// Reads the form for the disk.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        cursor.u8().filter(|&version| version == VERSION)?;
        let kinds = get_set(&mut cursor, EntityKind::ALL.len(), EntityKind::parse)?;
        let areas = get_set(&mut cursor, AREAS_MAX, |text| EntityId::new(text).ok())?;
        cursor.is_empty().then_some(Self { kinds, areas })
    }
}

fn get_set<T: Ord>(
    cursor: &mut Cursor<'_>,
    max: usize,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<BTreeSet<T>> {
    let count = cursor.count(1).filter(|&n| n <= max)?;
    (0..count).map(|_| parse(cursor.text()?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use twin_model::{Interval, Stated, Time, Unit};

    fn says(attribute: &str, act: Act) -> Statement {
        Statement {
            entity: EntityId::new("urn:hospital").expect("an id"),
            attribute: Attribute::new(attribute).expect("an attribute"),
            act,
            valid: Interval::ALWAYS,
            observed: Time(0),
            procedure: None,
        }
    }

    fn is_in(attribute: &str, value: Value) -> bool {
        check(&says(attribute, Act::Assert(Stated::from(value)))).is_ok()
    }

    #[test]
    fn the_directory_holds_no_values() {
        let twins = |n: usize| {
            Value::entities((0..n).map(|i| EntityId::new(&format!("urn:{i}")).expect("an id")))
        };
        for (attribute, value) in [
            ("type", Value::text("building")),
            ("name", Value::text("Hospital")),
            ("address", Value::text("1 High Street")),
            ("identifies", twins(2)),
            ("sitePosition", Value::Json("{\"latitude_deg\":1}".into())),
        ] {
            assert!(is_in(attribute, value), "{attribute}");
        }
        for (attribute, value) in [
            ("occupancy", Value::Number(3.0)),
            ("temperature", Value::Number(21.0)),
            ("name", Value::Number(3.0)),
            ("name", Value::text("x".repeat(257))),
            ("type", Value::text("120 people")),
            ("identifies", twins(17)),
            ("sitePosition", Value::Json("x".repeat(257).into())),
            ("note", Value::text("door code")),
        ] {
            assert!(!is_in(attribute, value), "{attribute}");
        }
        let reason = "three people".into();
        for act in [Act::Absent, Act::NotApplicable, Act::Unknown { reason }] {
            assert!(check(&says("name", act)).is_err());
        }
        assert!(check(&says("name", Act::Retract)).is_ok());
        assert!(check(&says("smoke", Act::Retract)).is_err());
        let mut stated = Stated::from(Value::text("x"));
        stated.unit = Unit::new("CEL").ok();
        assert!(check(&says("name", Act::Assert(stated))).is_err());
        let mut wordy = says("name", Act::Retract);
        wordy.procedure = Some("x".repeat(257).into());
        assert!(check(&wordy).is_err());
    }

    #[test]
    fn what_is_announced_becomes_rules() {
        let mut announce = Announce::default();
        assert_eq!(announce.rules(), Ok(Vec::new()));
        for kind in EntityKind::ALL {
            announce.kinds = [kind].into();
            let rules = announce.rules().expect("good rules");
            assert_eq!(rules.len(), 1, "{kind:?}");
        }
        announce.areas = ["urn:b", "urn:a"]
            .map(|id| EntityId::new(id).expect("an id"))
            .into();
        let rules = announce.rules().expect("good rules");
        assert_eq!(rules.len(), 2);
        assert!(
            rules
                .iter()
                .all(|rule| rule.to == Recipient::Members && rule.area.is_some())
        );
        let bytes = announce.encode();
        assert_eq!(Announce::decode(&bytes), Some(announce));
        for end in 0..bytes.len() {
            assert_eq!(Announce::decode(&bytes[..end]), None);
        }
    }
}
