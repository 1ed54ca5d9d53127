//! Whether the page tells every status from every other, in every light.

use crate::report::{Row, hash_files};
use crate::{score, shell, web};
use anyhow::{Context, Result};
use serde_json::Value;

/// Runs the browser over the matrix of statuses, themes and kinds of output.
pub(super) fn statuses() -> Result<Vec<Row>> {
    web::build()?;
    let browser = web::chromium()?;
    let mut npm = web::npm()?;
    npm.args(["run", "--silent", "matrix"])
        .env("CHROMIUM", browser);
    let found = shell::capture_json(&mut npm)?;
    let count = |name: &str| found.get(name).and_then(Value::as_u64);
    let n = count("n").context("the matrix told no `n`")?;
    let passed = count("passed").context("the matrix told no `passed`")?;
    let failed = found
        .get("failures")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let inputs = hash_files(&score::files_below(&web::folder().join("src"), ".css"))?;
    let row = Row::new(
        "page: status × theme × colour, grey, print",
        "each told from safe and from each other; unknown shows no number",
    );
    Ok(vec![
        row.found(n, format!("{passed} of {n} distinguishable"), passed == n)
            .on(inputs)
            .details(failed.take(10).map(ToString::to_string)),
    ])
}
