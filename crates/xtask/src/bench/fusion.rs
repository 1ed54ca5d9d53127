//! Estimates: how fast claims become one, in memory and durably, how soon a whole building
//! follows one reading, and what each takes.

use crate::bench::{Options, api};
use crate::report::{Row, hash_text};
use crate::score::fusion;
use crate::{peer, shell};
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::Path;

/// Claims a second and core, taken into states that keep what they rest on.
const UPDATES_PER_S_MIN: f64 = 1e6;
/// Estimators that the target is for; the others are shown.
const HELD: [&str; 2] = ["scalar", "boolean"];
/// Claims a second that are durable and weighed when they are acknowledged.
const DURABLE_PER_S_MIN: f64 = 200_000.0;
/// How soon ten thousand spaces follow one reading.
const FIELD_MAX_MS: f64 = 20.0;
const FIELD_SPACES: u64 = 10_000;

/// Every estimator on one core, beside two filter libraries; medians of several runs, in turn.
pub(super) fn updates() -> Result<Vec<Row>> {
    let program = shell::build("twin-fusion", ["--example", "fusion_bench"], true)?;
    let peers = peers();
    let found = shell::capture_json(shell::program(program).arg("--json"))?;
    let all = found["fusion"].as_array().context("no `fusion` was told")?;
    all.iter().map(|found| updates_row(found, &peers)).collect()
}

fn updates_row(found: &Value, peers: &Result<Value>) -> Result<Row> {
    let estimator = found["estimator"].as_str().context("no `estimator`")?;
    let (taken, answered) = (
        number(found, "updates_per_s")?,
        number(found, "with_estimate_per_s")?,
    );
    let is_held = HELD.contains(&estimator);
    let name = format!("{estimator} updates per second and core, basis kept");
    let value = format!("{:.2} M", taken / 1e6);
    let row = if is_held {
        Row::new(name, "≥ 1 M").found(7, value, taken >= UPDATES_PER_S_MIN)
    } else {
        Row::new(name, "").shown(7, value)
    };
    let beside = match peers {
        Ok(peers) => {
            let (filterpy, stone) = (number(peers, "filterpy")?, number(peers, "stonesoup")?);
            format!(
                "filterpy {:.1} k and Stone Soup {:.1} k, each update answered and without a basis; \
                 ours answered with its basis each time: {:.2} M, {:.0} and {:.0} times",
                filterpy / 1e3,
                stone / 1e3,
                answered / 1e6,
                answered / filterpy,
                answered / stone
            )
        }
        Err(reason) => format!("no peer: {reason:#}"),
    };
    Ok(row
        .beside(beside)
        .on(hash_text(&format!("updates {estimator}"))))
}

/// What filterpy and Stone Soup reach on the smallest filter there is.
fn peers() -> Result<Value> {
    let script = shell::root().join("crates/xtask/oracle/filters_bench.py");
    shell::capture_json(shell::program(peer::filters()?).arg(script).arg("7"))
}

/// Through a real node, over HTTP.
pub(super) fn durable(options: &Options) -> Result<Vec<Row>> {
    api::bulk(options, DURABLE_PER_S_MIN)
}

/// The field over the spaces of several graphs after one reading; the target is for the one
/// that looks like a building.
pub(super) fn field() -> Result<Vec<Row>> {
    let program = shell::build("twin-fusion", ["--example", "field_bench"], true)?;
    let found = shell::capture_json(shell::program(program).arg("--json"))?;
    let cases = found["field"].as_array().context("no `field` was told")?;
    let sized = cases
        .iter()
        .filter(|case| case["spaces"].as_u64() == Some(FIELD_SPACES));
    sized.map(|case| field_row(case, cases)).collect()
}

fn field_row(case: &Value, all: &[Value]) -> Result<Row> {
    let graph = case["graph"].as_str().context("no `graph`")?;
    let answer = number(case, "answer_ms")?;
    let name = format!("means and spreads of 10,000 spaces after one reading: {graph}");
    let value = format!("{answer:.1} ms");
    let row = if graph == "tower" {
        let target = format!("≤ {FIELD_MAX_MS:.0} ms");
        Row::new(name, target).found(FIELD_SPACES, value, answer <= FIELD_MAX_MS)
    } else {
        Row::new(name, "").shown(FIELD_SPACES, value)
    };
    let mut details = vec![format!(
        "of the processor {:.1} ms; a door that opens {:.1} ms; learning the scale {:.0} ms",
        number(case, "answer_cpu_ms")?,
        number(case, "door_ms")?,
        number(case, "learn_ms")?
    )];
    for other in all
        .iter()
        .filter(|o| o["graph"] == case["graph"] && *o != case)
    {
        let (spaces, answer) = (number(other, "spaces")?, number(other, "answer_ms")?);
        details.push(format!("{spaces:.0} spaces: {answer:.1} ms"));
    }
    Ok(row
        .on(hash_text(&format!("field {graph}")))
        .details(details))
}

/// What a state takes in memory, told at several paces.
pub(super) fn memory(data: &Path) -> Result<Vec<Row>> {
    fusion::measure("memory", data, 1)
}

fn number(found: &Value, name: &str) -> Result<f64> {
    let number = found[name].as_f64();
    number.with_context(|| format!("the program told no `{name}`"))
}
