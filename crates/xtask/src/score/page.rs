//! Whether the page tells every status from every other, in every light, and how soon
//! a claim is seen.

use crate::practice::{self, ACCOUNT, Practice};
use crate::report::{Row, hash_files};
use crate::{score, shell, web};
use anyhow::{Context, Result};
use serde_json::Value;
use std::process::Command;

const VISIBLE_MAX_MS: u64 = 1000;
const FIRST_STOREY_MAX_MS: f64 = 2000.0;
/// Of each kind.
const VISITS: u32 = 9;

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

/// How long a person waits for the first storey of a tower in its district, in a browser
/// without graphics.
pub(super) fn first_storey() -> Result<Vec<Row>> {
    web::build()?;
    let chromium = web::chromium()?;
    let files = shell::scratch("score-district")?;
    let mut generate = shell::program(practice::scenario(true)?);
    shell::capture(generate.args(["district", "--out"]).arg(&files))?;
    let tower = files.join("tower.ifc");
    let practice = Practice::begin(&shell::scratch("score-first")?, Some(&tower), true)?;
    for name in ["city.city.json", "streets.osm"] {
        practice.node.import(&files.join(name))?;
    }
    let mut messages = practice.twin();
    let messages = messages.args(["--quiet", "messages"]);
    shell::capture(messages.arg(files.join("messages.ndjson")))?;
    let mut visits = shell::program("node");
    visits
        .current_dir(web::folder())
        .arg("test/browser/first.mjs")
        .env("TWIN_CHROMIUM", chromium)
        .env("TWIN_URL", practice.url())
        .env("TWIN_USER", ACCOUNT)
        .env("TWIN_PASSWORD", &practice.password)
        .env("TWIN_TIMES", VISITS.to_string());
    let found = shell::capture_json(&mut visits)?;
    let visits = [("first visit", "first"), ("again", "again")];
    let rows = visits.map(|(words, name)| waited(words, &found, name));
    rows.into_iter().collect()
}

/// The row of one kind of visit.
fn waited(words: &str, found: &Value, name: &str) -> Result<Row> {
    let number = |path: &str| {
        let number = found.pointer(path).and_then(Value::as_f64);
        number.with_context(|| format!("the visits told no `{path}`"))
    };
    let (median, worst) = (
        number(&format!("/{name}/median"))?,
        number(&format!("/{name}/worst"))?,
    );
    let row = Row::new(
        format!("page: first storey of a tower in its district, no graphics card, {words}"),
        "≤ 2 s, median, idle machine",
    );
    let value = format!("{median:.0} ms, worst {worst:.0} ms");
    let n = number(&format!("/{name}/n"))? as u64;
    let loads = [number("/load/0")?, number("/load/1")?];
    let conditions = format!(
        "{} storeys, {} rooms on the first; load average {:.1} before and {:.1} after, which \
         counts the browser and the node themselves",
        number("/storeys")?,
        number("/rooms")?,
        loads[0],
        loads[1]
    );
    Ok(row
        .found(n, value, median <= FIRST_STOREY_MAX_MS)
        .on(inputs()?)
        .details([conditions]))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Verdict;
    use serde_json::json;

    #[test]
    fn the_middle_visit_decides_and_the_worst_is_told() {
        for (median, verdict) in [(1999, Verdict::Met), (2001, Verdict::Missed)] {
            let found = json!({"first": {"n": 9, "median": median, "worst": 4000},
                "load": [0.5, 1.5], "rooms": 42, "storeys": 46});
            let row = waited("first visit", &found, "first").unwrap();
            assert_eq!((row.n, row.verdict), (9, verdict));
            assert!(row.value.ends_with("worst 4000 ms"), "{}", row.value);
            assert!(row.details[0].contains("0.5 before and 1.5 after"));
        }
        assert!(waited("again", &json!({}), "again").is_err());
    }
}
