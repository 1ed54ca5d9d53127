//! Whether other people's tools accept the files that are generated.
//!
//! A district is written as anybody's files and opened with IfcOpenShell, cjval (cjio where it is
//! missing) and osmium. They must not complain, and must find as much as the truth says there is.

use crate::row::{Row, hash};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use twin_scenario::district::{District, Options, Position};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/space/peers/generated.py");
const TARGET: &str = "no error, and the counts of the truth";

/// What one tool found in one district.
#[derive(Deserialize)]
struct Found {
    tool: String,
    counts: BTreeMap<String, u64>,
    errors: Vec<String>,
    agrees: bool,
}

/// The tools, and what each opens.
const TOOLS: [(&str, &str); 3] = [
    ("ifcopenshell", "generated tower opened by IfcOpenShell"),
    ("cityjson", "generated town checked as CityJSON"),
    ("osmium", "generated streets read by osmium"),
];

/// A row for each tool, over a whole district, one with every defect, and one without a place.
pub(crate) fn measure(seed: u64, python: Option<&Path>) -> Result<Vec<Row>> {
    let rows = TOOLS.map(|(_, measure)| Row::new(measure));
    let Some(python) = python else {
        let reason = "no Python with ifcopenshell, cjio and osmium";
        return Ok(rows.map(|row| row.lacking(reason)).into());
    };
    let mut inputs = Vec::new();
    let mut answers = Vec::new();
    for options in districts(seed) {
        let district = District::generate(&options)?;
        for text in [&district.ifc, &district.cityjson, &district.osm] {
            inputs.extend_from_slice(text.as_bytes());
        }
        answers.push(ask(python, &district)?);
    }
    let inputs = hash(&inputs);
    let marked = TOOLS.iter().zip(rows);
    let rows = marked.map(|((tool, _), row)| mark(row, tool, &answers).on(inputs.clone()));
    Ok(rows.collect())
}

fn districts(seed: u64) -> [Options; 3] {
    let whole = Options {
        seed,
        ..Options::default()
    };
    let torn = Options {
        drop_doors: 0.1,
        drop_spaces: 0.5,
        falsify: 0.02,
        names: false,
        ids: false,
        decoys: true,
        ..whole
    };
    let astray = Options {
        position: Position::Template,
        street_edges: 20_000,
        ..whole
    };
    [whole, torn, astray]
}

/// Writes a district to a folder of its own and asks all tools about it.
fn ask(python: &Path, district: &District) -> Result<BTreeMap<String, Option<Found>>> {
    let folder = Folder::make()?;
    for (name, content) in district.files()? {
        std::fs::write(folder.0.join(name), content)?;
    }
    let output = Command::new(python)
        .arg(SCRIPT)
        .arg(&folder.0)
        .output()
        .with_context(|| format!("`{}` does not start", python.display()))?;
    ensure!(
        output.status.success(),
        "the peer failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).context("the peer's answer is no JSON")
}

/// A folder that goes when it is no longer needed.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Self> {
        let name = format!("twin-score-district-{}", std::process::id());
        let folder = Self(std::env::temp_dir().join(name));
        std::fs::create_dir_all(folder.0.join("truth"))?;
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind in the system's own temporary folder harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn mark(row: Row, tool: &str, answers: &[BTreeMap<String, Option<Found>>]) -> Row {
    let found: Option<Vec<&Found>> = answers
        .iter()
        .map(|answer| answer.get(tool).and_then(Option::as_ref))
        .collect();
    let Some(found) = found else {
        return row.lacking(format!("the Python has no {tool}"));
    };
    let things = found.iter().flat_map(|found| found.counts.values());
    let things: u64 = things.sum();
    let errors: usize = found.iter().map(|found| found.errors.len()).sum();
    let agree = found.iter().filter(|found| found.agrees).count();
    let districts = found.len();
    let value = format!("{errors} errors; counts agree in {agree} of {districts} districts");
    let mut row = row
        .shown(things as usize, value)
        .held_to(TARGET, errors == 0 && agree == districts);
    for found in found {
        let counts = found.counts.iter().map(|(kind, n)| format!("{kind} {n}"));
        let counts: Vec<String> = counts.collect();
        row = row.detail(format!("{}; {}", found.tool, counts.join(", ")));
        for error in found.errors.iter().take(3) {
            row = row.detail(error.clone());
        }
    }
    row
}
