//! What the link does in virtual time: the program `twin-sim`, which drives many nodes in
//! one process, run for one measure at a time.

use super::fusion::rows_of;
use crate::report::Row;
use crate::shell;
use anyhow::Result;
use std::path::Path;

/// Runs one measure over so many histories.
pub(super) fn measure(name: &str, data: &Path, histories: u64, seed: u64) -> Result<Vec<Row>> {
    let program = shell::build("twin-sim", ["--bin", "twin-sim"], true)?;
    let mut command = shell::program(program);
    command.arg(name).arg("--data").arg(data);
    command.args(["--histories", &histories.to_string()]);
    command.args(["--seed", &seed.to_string()]);
    rows_of(&mut command)
}
