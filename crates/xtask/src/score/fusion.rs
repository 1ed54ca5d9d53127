//! How good the estimates are: the program `twin-score`, which alone sees both the estimators
//! and the truth, run for one measure at a time.

use crate::report::Row;
use crate::{peer, shell};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A row as the program prints it.
#[derive(Debug, Deserialize)]
struct Found {
    measure: String,
    n: u64,
    value: String,
    target: String,
    met: Option<bool>,
    lacking: Option<String>,
    beside: String,
    inputs: String,
    details: Vec<String>,
}

/// Runs one measure. The peer is passed on where it is there; rows that need it say when it
/// is not.
pub(crate) fn measure(name: &str, data: &Path, seed: u64) -> Result<Vec<Row>> {
    beside(name, data, seed, peer::filters())
}

/// The same for what is measured beside programs that read cities.
pub(super) fn of_city(name: &str, data: &Path, seed: u64) -> Result<Vec<Row>> {
    beside(name, data, seed, peer::city())
}

/// The same for what publishes to a broker.
pub(super) fn of_broker(data: &Path, seed: u64) -> Result<Vec<Row>> {
    beside("broker", data, seed, peer::publisher())
}

fn beside(name: &str, data: &Path, seed: u64, peer: Result<PathBuf>) -> Result<Vec<Row>> {
    let program = shell::build("twin-score", ["--bin", "twin-score"], true)?;
    let mut command = shell::program(program);
    command.arg(name).arg("--data").arg(data);
    command.args(["--seed", &seed.to_string()]);
    if let Ok(python) = peer {
        command.arg("--peer").arg(python);
    }
    rows_of(&mut command)
}

/// The rows that a program prints.
pub(super) fn rows_of(command: &mut Command) -> Result<Vec<Row>> {
    let found = serde_json::from_value::<Vec<Found>>(shell::capture_json(command)?);
    let found = found.context("the program printed other rows than expected")?;
    Ok(found.into_iter().map(row).collect())
}

fn row(found: Found) -> Row {
    let row = Row::new(found.measure, found.target);
    let row = match (found.lacking, found.met) {
        (Some(reason), _) => row.not_measured(reason),
        (None, Some(met)) => row.found(found.n, found.value, met),
        (None, None) => row.shown(found.n, found.value),
    };
    row.beside(found.beside)
        .on(found.inputs)
        .details(found.details)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Verdict;
    use serde_json::json;

    #[test]
    fn a_row_is_met_missed_shown_or_lacking() {
        for (met, lacking, verdict) in [
            (json!(true), json!(null), Verdict::Met),
            (json!(false), json!(null), Verdict::Missed),
            (json!(null), json!(null), Verdict::Shown),
            (
                json!(true),
                json!("no data"),
                Verdict::NotMeasured("no data".into()),
            ),
        ] {
            let found = json!({"measure": "m", "n": 3, "value": "v", "target": "t", "met": met,
                "lacking": lacking, "beside": "b", "inputs": "00", "details": ["d"]});
            assert_eq!(row(serde_json::from_value(found).unwrap()).verdict, verdict);
        }
    }
}
