//! Whether an acknowledged claim survives (CLAIMS-SURVIVE).

use crate::report::{Row, hash_text};
use crate::shell;
use anyhow::{Context, Result};
use serde_json::Value;

/// Simulated power cuts over seeded workloads, with unsynced writes dropped and
/// torn, and the disk full at every write.
pub(super) fn power_cuts(runs: u32) -> Result<Vec<Row>> {
    const SEED: u32 = 1;
    let program = shell::build("twin-store", ["--example", "power_cut"], true)?;
    let arguments = [
        "--runs",
        &runs.to_string(),
        "--seed",
        &SEED.to_string(),
        "--json",
    ];
    let found = shell::capture_json(shell::program(program).args(arguments))?;
    let count = |name: &str| {
        let value = found.get(name).and_then(Value::as_u64);
        value.with_context(|| format!("the program told no `{name}`"))
    };
    let (ran, lost) = (count("runs")?, count("lost")?);
    let row = Row::new("acknowledged claims lost in simulated power cuts", "0")
        .found(
            ran,
            format!("{lost} lost in {ran} runs"),
            lost == 0 && ran >= u64::from(runs),
        )
        .on(hash_text(&arguments.join(" ")))
        .details([found.to_string()]);
    Ok(vec![row])
}
