//! What a score or a benchmark found, row by row.
//!
//! A row is *met*, *missed* or *not measured*, or *shown* where there is no target. What could not be measured, because
//! a peer program or a data set is not there, is never counted as met.

use anyhow::{Result, bail};
use serde::Serialize;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// How a measure came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "verdict", content = "reason")]
pub(crate) enum Verdict {
    /// The target was reached.
    Met,
    /// It was not.
    Missed,
    /// It was measured, and nothing was promised.
    Shown,
    /// It could not be measured here; the text says what is lacking.
    NotMeasured(String),
}

/// One measure.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    /// What was measured.
    pub measure: String,
    /// On how many items.
    pub n: u64,
    /// What was found, with its unit.
    pub value: String,
    /// What it is held against.
    pub target: String,
    /// What the peer or the physical limit showed in the same run.
    pub baseline: String,
    /// First 16 hexadecimal digits of the BLAKE3 hash of the inputs.
    pub inputs: String,
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The cases that failed, or the conditions of the run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
}

impl Row {
    /// A row that is judged once its value is known.
    pub(crate) fn new(measure: impl Into<String>, target: impl Into<String>) -> Self {
        Self {
            measure: measure.into(),
            n: 0,
            value: String::new(),
            target: target.into(),
            baseline: String::new(),
            inputs: String::new(),
            verdict: Verdict::NotMeasured("nothing was measured".into()),
            details: Vec::new(),
        }
    }

    /// What was found, on how many items, and whether that is good enough.
    pub(crate) fn found(mut self, n: u64, value: impl Into<String>, met: bool) -> Self {
        self.n = n;
        self.value = value.into();
        self.verdict = match (n, met) {
            (0, _) => Verdict::NotMeasured("there was nothing to measure it on".into()),
            (_, true) => Verdict::Met,
            (_, false) => Verdict::Missed,
        };
        self
    }

    /// What was found where there is no target.
    pub(crate) fn shown(mut self, n: u64, value: impl Into<String>) -> Self {
        self.n = n;
        self.value = value.into();
        self.verdict = Verdict::Shown;
        self
    }

    /// Why it could not be measured.
    pub(crate) fn not_measured(mut self, reason: impl Into<String>) -> Self {
        self.verdict = Verdict::NotMeasured(reason.into());
        self
    }

    /// What the peer or the physical limit showed.
    pub(crate) fn beside(mut self, baseline: impl Into<String>) -> Self {
        self.baseline = baseline.into();
        self
    }

    /// The hash of what it was measured on.
    pub(crate) fn on(mut self, inputs: impl Into<String>) -> Self {
        self.inputs = inputs.into();
        self
    }

    /// Failed cases or conditions.
    pub(crate) fn details(mut self, details: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(details);
        self
    }
}

/// The name of a measure, and what takes it.
pub(crate) type Measure<'a> = (&'a str, &'a dyn Fn() -> Result<Vec<Row>>);

/// All rows of one area.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    pub area: String,
    pub rows: Vec<Row>,
}

impl Report {
    /// Runs the measures one after another; one that cannot be taken is a row
    /// that says so, and the others go on.
    pub(crate) fn of(area: &str, measures: &[Measure<'_>], only: Option<&str>) -> Self {
        let mut rows = Vec::new();
        let chosen = |name: &str| only.is_none_or(|only| name.contains(only));
        for (name, measure) in measures.iter().filter(|(name, _)| chosen(name)) {
            eprintln!("measuring {name}");
            match measure() {
                Ok(found) => rows.extend(found),
                Err(error) => {
                    rows.push(Row::new(*name, "").not_measured(format!("{error:#}")));
                }
            }
        }
        Self {
            area: area.into(),
            rows,
        }
    }

    /// How many rows came out in each of the three ways: met, missed, not measured.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        self.rows
            .iter()
            .fold((0, 0, 0), |(met, missed, not), row| match row.verdict {
                Verdict::Met => (met + 1, missed, not),
                Verdict::Shown => (met, missed, not),
                Verdict::Missed => (met, missed + 1, not),
                Verdict::NotMeasured(_) => (met, missed, not + 1),
            })
    }

    /// Prints the rows, as a list or as JSON, and fails when one was missed.
    pub(crate) fn conclude(&self, json: bool) -> Result<()> {
        let text = if json {
            serde_json::to_string_pretty(self)?
        } else {
            self.listed()
        };
        writeln!(std::io::stdout(), "{text}")?;
        let (met, missed, not_measured) = self.counts();
        eprintln!(
            "{}: {met} met, {missed} missed, {not_measured} not measured",
            self.area
        );
        if missed > 0 {
            bail!("{missed} measure(s) of {} missed their target", self.area);
        }
        Ok(())
    }

    fn listed(&self) -> String {
        let mut text = String::new();
        for row in &self.rows {
            let verdict = match &row.verdict {
                Verdict::Met => "met".to_owned(),
                Verdict::Shown => "shown".to_owned(),
                Verdict::Missed => "MISSED".to_owned(),
                Verdict::NotMeasured(reason) => format!("not measured: {reason}"),
            };
            let _ = writeln!(text, "{}\n  {verdict}", row.measure);
            let fields = [
                ("value", row.value.clone()),
                ("target", row.target.clone()),
                ("beside", row.baseline.clone()),
                (
                    "n",
                    if row.n == 0 {
                        String::new()
                    } else {
                        row.n.to_string()
                    },
                ),
                ("inputs", row.inputs.clone()),
            ];
            for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
                let _ = writeln!(text, "  {name:<7} {value}");
            }
            for detail in &row.details {
                let _ = writeln!(text, "          {detail}");
            }
        }
        text.truncate(text.trim_end().len());
        text
    }
}

/// The hash of several files, in the order given: name and content.
pub(crate) fn hash_files<P: AsRef<Path>>(files: &[P]) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    for file in files {
        let file = file.as_ref();
        let name = file.file_name().unwrap_or_default();
        hasher.update(name.as_encoded_bytes());
        hasher.update(&[0]);
        let mut reader = std::fs::File::open(file)
            .map_err(|e| anyhow::anyhow!("could not read `{}`: {e}", file.display()))?;
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = std::io::Read::read(&mut reader, &mut buffer)?;
            if read == 0 {
                break;
            }
            hasher.update(&buffer[..read]);
        }
    }
    Ok(short(&hasher.finalize()))
}

/// The hash of a text that describes the inputs: a seed, the options of a run.
pub(crate) fn hash_text(text: &str) -> String {
    short(&blake3::hash(text.as_bytes()))
}

fn short(hash: &blake3::Hash) -> String {
    hash.to_hex()[..16].to_owned()
}

/// The middle of several measurements; `NaN` of none.
pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The smallest measurement that at least `share` of all do not exceed.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn nothing_measured_is_never_met() {
        let row = Row::new("doors", "all").found(0, "0", true);
        assert!(matches!(row.verdict, Verdict::NotMeasured(_)));
    }

    #[test]
    fn a_missed_row_fails_the_report() {
        let rows = vec![Row::new("doors", "all").found(3, "2 of 3", false)];
        let report = Report {
            area: "spine".into(),
            rows,
        };
        assert_eq!(report.counts(), (0, 1, 0));
        assert!(report.conclude(true).is_err());
    }

    #[test]
    fn rows_are_listed() {
        let rows = vec![
            Row::new("doors", "all equal")
                .found(3, "3 of 3", true)
                .beside("peer: 3")
                .on("00ff"),
            Row::new("power cuts", "0 lost").not_measured("no store"),
        ];
        let report = Report {
            area: "spine".into(),
            rows,
        };
        expect![[r"
            doors
              met
              value   3 of 3
              target  all equal
              beside  peer: 3
              n       3
              inputs  00ff
            power cuts
              not measured: no store
              target  0 lost"]]
        .assert_eq(&report.listed());
    }

    #[test]
    fn quantiles() {
        let values = [5.0, 1.0, 3.0, 2.0, 4.0];
        assert_eq!(median(&values), 3.0);
        assert_eq!(quantile(&values, 0.99), 5.0);
        assert_eq!(quantile(&values, 0.0), 1.0);
        assert!(median(&[]).is_nan());
    }
}
