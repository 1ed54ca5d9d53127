//! One row of a score, as the developer command reads it.

use serde::Serialize;
use std::fmt::Write as _;

/// What was found, and what it is held against.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Row {
    /// What was measured.
    measure: String,
    /// On how many items.
    n: u64,
    /// What was found, with its unit.
    value: String,
    /// What was promised; nothing where it is only shown.
    target: String,
    /// Whether it was reached; `None` where nothing was promised.
    met: Option<bool>,
    /// Why it could not be measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    lacking: Option<String>,
    /// What others reached on the same.
    beside: String,
    /// Hash of what it was measured on.
    inputs: String,
    /// Cases and conditions.
    details: Vec<String>,
}

impl Row {
    /// A row about something.
    pub(crate) fn new(measure: impl Into<String>) -> Self {
        Self {
            measure: measure.into(),
            ..Self::default()
        }
    }

    /// What was found, where nothing was promised.
    pub(crate) fn shown(mut self, n: usize, value: impl Into<String>) -> Self {
        self.n = n as u64;
        self.value = value.into();
        if n == 0 {
            self.lacking = Some("there was nothing to measure it on".into());
        }
        self
    }

    /// What was promised, and whether it was reached.
    pub(crate) fn held_to(mut self, target: impl Into<String>, met: bool) -> Self {
        self.target = target.into();
        self.met = Some(met);
        self
    }

    /// Why it could not be measured.
    pub(crate) fn lacking(mut self, reason: impl Into<String>) -> Self {
        self.lacking = Some(reason.into());
        self
    }

    /// What others reached.
    pub(crate) fn beside(mut self, beside: impl Into<String>) -> Self {
        self.beside = beside.into();
        self
    }

    /// What it was measured on.
    pub(crate) fn on(mut self, inputs: impl Into<String>) -> Self {
        self.inputs = inputs.into();
        self
    }

    /// A case or condition.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }
}

/// The hash of several inputs, each as it is written for a developer.
pub(crate) fn hash_all<T: std::fmt::Debug>(inputs: impl Iterator<Item = T>) -> String {
    let mut text = String::new();
    for input in inputs {
        let _ = write!(text, "{input:?};");
    }
    hash(text.as_bytes())
}

/// First 16 hexadecimal digits of the BLAKE3 hash of some bytes.
pub(crate) fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..16].to_owned()
}
