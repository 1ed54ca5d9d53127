//! Claims: who says what about which attribute of which twin, and since when.

use crate::id::{Attribute, BatchId, ClaimId, EntityId, SourceId};
use crate::time::{Interval, Time};
use crate::unit::Unit;
use crate::value::Value;
use std::sync::Arc;

/// How unsure the source says it is. Nothing is assumed where nothing is stated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Uncertainty {
    /// Standard deviation, in the stated unit.
    StandardDeviation(f64),
    /// Probability in 0..=1 that the statement is true.
    Probability(f64),
}

/// A value with its unit and uncertainty, as stated.
#[derive(Debug, Clone, PartialEq)]
pub struct Stated {
    /// The value, in `unit`.
    pub value: Value,
    /// The unit as written, if one was.
    pub unit: Option<Unit>,
    /// The uncertainty as written, if one was.
    pub uncertainty: Option<Uncertainty>,
}

impl From<Value> for Stated {
    fn from(value: Value) -> Self {
        Self {
            value,
            unit: None,
            uncertainty: None,
        }
    }
}

/// What a claim does with the attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Says that the attribute has this value.
    Assert(Stated),
    /// Says that the thing is known not to be there ("this room has no sprinkler").
    Absent,
    /// Says that the attribute makes no sense for this twin.
    NotApplicable,
    /// Says that the source does not know, and why: a placeholder text, an empty
    /// field, a sensor that reports its own failure.
    Unknown {
        /// The text that stood where a value should be, or the reason given.
        reason: Arc<str>,
    },
    /// Takes back what this source said about the attribute before.
    Retract,
}

/// What is said, before the node has recorded it.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The twin it is about.
    pub entity: EntityId,
    /// Which of its attributes.
    pub attribute: Attribute,
    /// What is said.
    pub act: Act,
    /// When it holds, as far as stated.
    pub valid: Interval,
    /// When it was seen or drawn up.
    pub observed: Time,
    /// How it was obtained: an instrument, a method, a rule.
    pub procedure: Option<Arc<str>>,
}

/// A recorded statement. Never overwritten.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Its place in this node's log.
    pub id: ClaimId,
    /// Who says it.
    pub source: SourceId,
    /// What is said.
    pub statement: Statement,
    /// When this node recorded it.
    pub recorded: Time,
    /// The claims it was made together with.
    pub batch: BatchId,
}
