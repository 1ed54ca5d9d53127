//! The store beside the disk it stands on.

use crate::bench::Options;
use crate::report::{Row, hash_text, median};
use crate::shell;
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeMap;

/// Claims of the store that recovery, sealing and questions are measured on.
const CLAIMS: u32 = 2_000_000;

/// Appends beside bare writes and syncs of the same bytes, in turns; then recovery,
/// snapshots, sealing and questions.
pub(super) fn measure(options: &Options) -> Result<Vec<Row>> {
    let program = shell::build("twin-store", ["--example", "store_bench"], true)?;
    let folder = shell::scratch("bench-store")?;
    let mut runs = Vec::new();
    for _ in 0..options.repeat.max(1) {
        let mut command = shell::program(&program);
        command.args(["--json", "--claims", &CLAIMS.to_string(), "--dir"]);
        runs.push(shell::capture(command.arg(&folder))?);
    }
    let figures = medians(&runs)?;
    let inputs = hash_text(&format!("store {CLAIMS}"));
    let n = runs.len() as u64;
    let figure = |bench: &str, name: &str| figures.get(&(bench.into(), name.into())).copied();
    let mut rows = Vec::new();
    for claims in [1, 64, 1000, 10_000] {
        let bench = format!("append_{claims}");
        let value = |name: &str| {
            figure(&bench, name).with_context(|| format!("the program told no {bench} {name}"))
        };
        rows.push(
            Row::new(format!("durable appends of {claims} claims"), "")
                .shown(
                    n,
                    format!(
                        "{:.0} % of the bare disk: {:.0} claims/s, p99 {:.2} ms",
                        value("share_of_bare")? * 100.0,
                        value("claims_per_s")?,
                        value("p99_us")? / 1e3
                    ),
                )
                .beside(format!(
                    "bare write and fdatasync of the same bytes: {:.0} claims/s, p99 {:.2} ms",
                    value("bare_claims_per_s")?,
                    value("bare_p99_us")? / 1e3
                )),
        );
    }
    let rest = figures
        .iter()
        .filter(|((bench, _), _)| !bench.starts_with("append_"));
    rows.extend(rest.map(|((bench, name), value)| {
        Row::new(format!("{} {}", spoken(bench), spoken(name)), "").shown(n, format!("{value:.1}"))
    }));
    Ok(rows.into_iter().map(|row| row.on(inputs.clone())).collect())
}

/// The middle of each figure over the runs, by bench and name. Each run printed one
/// JSON object a line.
fn medians(runs: &[String]) -> Result<BTreeMap<(String, String), f64>> {
    let mut all: BTreeMap<(String, String), Vec<f64>> = BTreeMap::new();
    for line in runs.iter().flat_map(|run| run.lines()) {
        let found: Value = serde_json::from_str(line).context("the program printed no JSON")?;
        let bench = found["bench"].as_str().context("a line without `bench`")?;
        for (name, value) in found.as_object().into_iter().flatten() {
            if let Some(value) = value.as_f64() {
                all.entry((bench.to_owned(), name.clone()))
                    .or_default()
                    .push(value);
            }
        }
    }
    Ok(all
        .into_iter()
        .map(|(key, values)| (key, median(&values)))
        .collect())
}

fn spoken(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_the_middle_of_the_runs() {
        let run = |value: f64| format!("{{\"bench\":\"seal\",\"claims_per_s\":{value}}}\n");
        let found = medians(&[run(3.0), run(1.0), run(2.0)]).unwrap();
        assert_eq!(found[&("seal".to_owned(), "claims_per_s".to_owned())], 2.0);
    }
}
