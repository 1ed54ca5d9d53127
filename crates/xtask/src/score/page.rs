//! Whether the page tells every status from every other, in every light, and how soon
//! a claim is seen.

use crate::practice::{ACCOUNT, Practice};
use crate::report::{Row, hash_files};
use crate::{score, shell, web};
use anyhow::{Context, Result};
use serde_json::Value;
use std::process::Command;

const VISIBLE_MAX_MS: u64 = 1000;

/// Runs the browser over the matrix of statuses, themes and kinds of output.
pub(super) fn statuses() -> Result<Vec<Row>> {
    let row = Row::new(
        "page: status × theme × colour, grey, print",
        "each told from safe and from each other; unknown shows no number",
    );
    Ok(vec![judged(row, &browse(&mut browser()?)?)?])
}

/// Runs the browser over the page of a node with a generated building, and times a
/// claim from when it is sent until the page shows it.
pub(super) fn living() -> Result<Vec<Row>> {
    const TIMED: &str = "/measures/claim to visible change (ms)";
    let mut tests = browser()?;
    let practice = Practice::begin(&shell::scratch("score-page")?, None, true)?;
    tests
        .env("TWIN_URL", practice.url())
        .env("TWIN_USER", ACCOUNT)
        .env("TWIN_PASSWORD", &practice.password);
    let found = browse(&mut tests)?;
    let visible = Row::new("page: claim to visible change", "≤ 1 s");
    let visible = match found.pointer(TIMED).and_then(Value::as_u64) {
        Some(ms) => visible.found(1, format!("{ms} ms"), ms <= VISIBLE_MAX_MS),
        None => visible.found(1, "never seen", false),
    };
    let checks = Row::new("page: everything checked in a real browser", "all");
    Ok(vec![visible.on(inputs()?), judged(checks, &found)?])
}

/// The tests of the page, to be run in the system's browser.
fn browser() -> Result<Command> {
    web::build()?;
    let chromium = web::chromium()?;
    let mut npm = web::npm()?;
    npm.args(["run", "--silent", "test:browser"])
        .env("TWIN_CHROMIUM", chromium);
    Ok(npm)
}

/// What the tests print, whether or not a check failed.
fn browse(tests: &mut Command) -> Result<Value> {
    let output = tests
        .output()
        .context("could not start the browser tests")?;
    serde_json::from_slice(&output.stdout)
        .or_else(|_| {
            // Programs that it starts may speak before the last, whole object.
            let text = String::from_utf8_lossy(&output.stdout);
            let start = text.rfind("\n{\n").map_or(0, |at| at + 1);
            serde_json::from_str(&text[start..])
        })
        .with_context(|| {
            let said = String::from_utf8_lossy(&output.stderr);
            format!(
                "the browser tests printed no summary: {}",
                shell::tail(&said, 500)
            )
        })
}

fn judged(row: Row, found: &Value) -> Result<Row> {
    let count = |name: &str| {
        let value = found.get(name).and_then(Value::as_u64);
        value.with_context(|| format!("the tests told no `{name}`"))
    };
    let (n, passed) = (count("n")?, count("passed")?);
    let failed = found
        .get("details")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    Ok(row
        .found(n, format!("{passed} of {n} checks"), passed == n)
        .on(inputs()?)
        .details(failed.take(10).map(ToString::to_string)))
}

fn inputs() -> Result<String> {
    let mut files = score::files_below(&web::folder().join("src"), "");
    files.extend(score::files_below(&web::folder().join("test"), ""));
    hash_files(&files)
}
