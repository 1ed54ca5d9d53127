//! One row of a score, as the developer command reads it.

use serde::Serialize;

/// What was found, and what it is held against.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Row {
    /// What was measured.
    pub measure: String,
    /// On how many items.
    pub n: u64,
    /// What was found, with its unit.
    pub value: String,
    /// What was promised; nothing where it is only shown.
    pub target: String,
    /// Whether it was reached; `None` where nothing was promised.
    pub met: Option<bool>,
    /// Why it could not be measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacking: Option<String>,
    /// What others reached on the same, or the physical limit.
    pub beside: String,
    /// Hash of what it was measured on.
    pub inputs: String,
    /// Cases and conditions.
    pub details: Vec<String>,
}

impl Row {
    /// A row about something.
    pub fn new(measure: impl Into<String>) -> Self {
        Self {
            measure: measure.into(),
            ..Self::default()
        }
    }

    /// What was found.
    pub fn found(mut self, n: usize, value: impl Into<String>) -> Self {
        self.n = n as u64;
        self.value = value.into();
        if n == 0 {
            self.lacking = Some("there was nothing to measure it on".into());
        }
        self
    }

    /// What was promised, and whether it was reached.
    pub fn held_to(mut self, target: impl Into<String>, met: bool) -> Self {
        self.target = target.into();
        self.met = Some(met);
        self
    }

    /// Why it could not be measured.
    pub fn lacking(mut self, reason: impl Into<String>) -> Self {
        self.lacking = Some(reason.into());
        self
    }

    /// What others reached.
    pub fn beside(mut self, beside: impl Into<String>) -> Self {
        self.beside = beside.into();
        self
    }

    /// What it was measured on, as a text that says it all.
    pub fn on(mut self, inputs: impl AsRef<[u8]>) -> Self {
        blake3::hash(inputs.as_ref()).to_hex()[..16].clone_into(&mut self.inputs);
        self
    }

    /// A case or condition.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }
}

/// The middle and the largest but one percent of some seconds, sorted on the way.
pub fn median_and_p99(seconds: &mut [f64]) -> (f64, f64) {
    seconds.sort_by(f64::total_cmp);
    (quantile(seconds, 0.5), quantile(seconds, 0.99))
}

/// The smallest of sorted values that at least `share` of all do not exceed.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = libm::ceil(share * sorted.len() as f64) as usize;
    let value = sorted.get(rank.saturating_sub(1));
    value.copied().unwrap_or(f64::NAN)
}
