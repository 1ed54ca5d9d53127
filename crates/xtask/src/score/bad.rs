//! Bad input through the real program: each is answered with a code, and nothing that
//! was known before is lost or half changed.

mod files;
mod lines;
mod store;

use crate::node::{self, Node, escaped};
use crate::report::{Row, hash_text};
use crate::rng::{now_us, rfc3339};
use crate::shell;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::path::PathBuf;

/// What stands in the node before anything bad arrives.
const WITNESS: &str = "urn:twin:witness:space:1";
const WITNESSED: f64 = 19.5;

/// Takes all three kinds.
pub(super) fn measure(seed: u64) -> Result<Vec<Row>> {
    let binary = node::build(true)?;
    let folder = shell::scratch("bad")?;
    let office = office(&folder)?;
    let data = folder.join("data");
    let node = begin(&binary, &data)?;
    node.import(&office)?;
    let kinds = [
        ("bad IFC files", files::cases(&node, &office)?),
        ("bad claims", lines::cases(&node)),
        (
            "bad stores and addresses",
            store::cases(&binary, node, &data, &folder, seed)?,
        ),
    ];
    let rows = kinds.map(|(name, cases)| {
        let n = cases.len();
        let bad: Vec<String> = cases
            .into_iter()
            .filter_map(|(name, outcome)| Some(format!("{name}: {:#}", outcome.err()?)))
            .collect();
        let value = format!("{} of {n}", n - bad.len());
        Row::new(
            format!("{name}: answered with a code, nothing lost or half applied"),
            "all",
        )
        .found(n as u64, value, bad.is_empty())
        .on(hash_text(&format!("{name} {seed}")))
        .details(bad.into_iter().take(20))
    });
    Ok(rows.into())
}

/// What was given, and what is wrong with the answer if anything is.
type Cases = Vec<(String, Result<()>)>;

fn office(folder: &std::path::Path) -> Result<PathBuf> {
    let file = folder.join("office.ifc");
    let scenario = shell::build("twin-scenario", ["--bin", "twin-scenario"], true)?;
    let mut generate = shell::program(scenario);
    generate
        .args(["building", "--storeys", "2", "--out"])
        .arg(&file);
    shell::capture(&mut generate)?;
    Ok(file)
}

/// A node that has been told one thing.
fn begin(binary: &std::path::Path, data: &std::path::Path) -> Result<Node> {
    std::fs::create_dir_all(data)?;
    let node = Node::start(binary, data)?;
    let answer = claim(&node, &witness_line(WITNESSED))?;
    ensure!(answer["accepted"] == 1, "the witness was refused: {answer}");
    Ok(node)
}

fn witness_line(value: f64) -> String {
    let observed = rfc3339(now_us());
    json!({"entity": WITNESS, "attribute": "temperature", "value": value, "unit": "Cel",
        "observed": observed})
    .to_string()
}

fn claim(node: &Node, lines: &str) -> Result<Value> {
    node.ask("POST", "/v1/claims", lines.as_bytes())?.json()
}

/// The claims about the witness, newest first.
fn witness(node: &Node) -> Result<Vec<Value>> {
    let path = format!(
        "/v1/entities/{}/attributes/temperature/why",
        escaped(WITNESS)
    );
    let claims = node.get(&path)?["claims"].take();
    let claims = claims.as_array().context("`why` has no claims")?;
    Ok(claims.iter().map(|claim| claim["value"].clone()).collect())
}

/// The witness is as it was.
fn unharmed(node: &Node) -> Result<()> {
    let found = witness(node)?;
    ensure!(
        found == [json!(WITNESSED)],
        "the witness now says {found:?}"
    );
    Ok(())
}

/// Whether a text names one of these codes.
fn names(text: &str, codes: &[&str]) -> Result<()> {
    let named = codes.iter().any(|code| text.contains(code));
    ensure!(
        named,
        "no {} in: {}",
        codes.join(" or "),
        shell::tail(text, 300)
    );
    Ok(())
}
