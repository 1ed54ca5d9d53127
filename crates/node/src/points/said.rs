//! What a point said last, while nobody has confirmed what it tells of.
//!
//! It is kept as written under the sensor (`reading`). That may have counted people: who may not
//! see what tells of people is shown that an alarm sounds and since when, and no value.

use super::table::{json_of, verbatim};
use crate::picture::Picture;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use twin_import::points::{Reading, Spoken, is_alarm};
use twin_model::catalogue::READING;
use twin_model::{Statement, Time, Value};

/// What a point said, as it is written into its claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PointSaid {
    /// The value: a truth value, a number or a text.
    pub value: Json,
    /// Its unit, as spelled.
    #[serde(default)]
    pub unit: Option<String>,
    /// Since when it has said the same; nothing where nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// Whether that is an alarm by its own word, or by its point's name.
    #[serde(default, skip_serializing_if = "is_no")]
    alarm: bool,
    /// Whether a broker had kept it: it was said before it came, nobody knows when.
    #[serde(default, skip_serializing_if = "is_no")]
    pub retained: bool,
}

// `skip_serializing_if` hands over a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_no(yes: &bool) -> bool {
    !*yes
}

impl PointSaid {
    /// What was said now, after what the same point said before.
    pub(super) fn of(
        name: &str,
        reading: &Reading,
        observed: Time,
        is_undated: bool,
        before: Option<&Self>,
    ) -> Self {
        let value = match &reading.value {
            Spoken::Boolean(yes) => json!(yes),
            Spoken::Number(number) => json!(number),
            Spoken::Text(text) => json!(text),
        };
        let same = before.filter(|before| before.value == value);
        let since = match same {
            Some(same) => same.since.clone(),
            None if is_undated => None,
            None => Some(observed.to_string()),
        };
        Self {
            value,
            unit: reading.unit.clone(),
            since,
            alarm: is_alarm(name, reading),
            retained: is_undated,
        }
    }

    /// The value that is claimed.
    pub(super) fn claimed(&self) -> Value {
        let text = serde_json::to_string(self).expect("texts and finite numbers are JSON");
        Value::Json(Arc::from(text))
    }

    /// Since when it has said the same, as far as is known.
    pub fn since(&self) -> Option<Time> {
        Time::parse(self.since.as_deref()?)
    }

    /// Whether it sounds an alarm, given what its point is taken for.
    pub(super) fn is_alarm(&self, attribute: Option<&str>) -> bool {
        let is_yes = self.value.as_bool() == Some(true) || self.value.as_f64() == Some(1.0);
        self.alarm || (is_yes && attribute == Some("smoke"))
    }
}

/// Whether a statement is what a point said, and sounds an alarm.
pub(crate) fn says_alarm(statement: &Statement) -> bool {
    let is_alarm = |text| serde_json::from_str(text).is_ok_and(|said: PointSaid| said.alarm);
    statement.attribute.as_str() == READING && json_of(&statement.act).is_some_and(is_alarm)
}

/// What a sensor said last, and when.
pub(crate) fn said_last(picture: &Picture, sensor: u32) -> Option<(PointSaid, Time)> {
    let entries = verbatim(picture, sensor, READING).iter();
    let newest = entries.max_by_key(|entry| (entry.observed, entry.claim))?;
    let said = serde_json::from_str(json_of(&newest.act)?).ok()?;
    Some((said, newest.observed))
}
