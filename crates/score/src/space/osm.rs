//! What is read of OpenStreetMap, held against what libosmium reads of the same file.
//!
//! Elements, outlines of buildings, streets between junctions and entrances: as many, and every
//! place equal to the last digit. The peer puts rings together and cuts streets by itself.

use super::files::{DataFile, files};
use crate::row::{Row, hash};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use twin_import::{Format, Imported, Mint, Options, osm};
use twin_model::{Act, EntityId, EntityKind, Value};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/space/peers/osm.py");
const TARGET: &str = "equal counts, positions bit for bit";

/// What the peer prints.
#[derive(Deserialize)]
struct Peer {
    elements: Elements,
    buildings: Compared,
    #[serde(rename = "streetSegments")]
    street_segments: Compared,
    entrances: Compared,
}

#[derive(Deserialize)]
struct Elements {
    #[serde(default)]
    nodes: u64,
    #[serde(default)]
    ways: u64,
    #[serde(default)]
    relations: u64,
}

#[derive(Deserialize)]
struct Compared {
    expected: u64,
    found: u64,
    differ: u64,
}

/// One row for every map below the folder.
pub(crate) fn measure(data: &Path, python: Option<&Path>) -> Result<Vec<Row>> {
    let files = files(data, &[Format::OsmPbf, Format::OsmXml])?;
    if files.is_empty() {
        return Ok(vec![
            about("a map").lacking("no OpenStreetMap file is there"),
        ]);
    }
    Ok(files.iter().map(|file| one(file, python)).collect())
}

fn about(name: &str) -> Row {
    Row::new(format!("counts and positions in `{name}`"))
}

fn one(file: &DataFile, python: Option<&Path>) -> Row {
    let row = about(&file.name).on(hash(&file.bytes));
    let Some(python) = python else {
        return row.lacking("no Python with osmium");
    };
    let imported = osm::import(&file.bytes, &Options::default(), &mut Verbatim);
    match ask(python, &file.path, &lines(&imported)) {
        Ok(peer) => compared(row, &file.bytes, &peer),
        Err(why) => row.lacking(format!("{why:#}")),
    }
}

fn compared(row: Row, bytes: &[u8], peer: &Peer) -> Row {
    let count = osm::decode(bytes).count();
    let theirs = &peer.elements;
    let elements = [count.nodes, count.ways, count.relations];
    let same = elements == [theirs.nodes, theirs.ways, theirs.relations];
    let compared = [
        ("outlines of buildings", &peer.buildings),
        ("street segments", &peer.street_segments),
        ("entrances", &peer.entrances),
    ];
    let differ: u64 = compared.iter().map(|(_, c)| c.differ).sum();
    let met = same
        && compared
            .iter()
            .all(|(_, c)| c.differ == 0 && c.found == c.expected);
    let n = elements.iter().sum::<u64>() as usize;
    let mut row = row
        .shown(
            n,
            format!(
                "{differ} differ, element counts {}",
                if same { "equal" } else { "differ" }
            ),
        )
        .held_to(TARGET, met)
        .beside("libosmium (pyosmium)");
    for (what, c) in compared {
        row = row.detail(format!(
            "{what}: {} of {}, {} differ",
            c.found, c.expected, c.differ
        ));
    }
    row
}

fn ask(python: &Path, file: &Path, lines: &str) -> Result<Peer> {
    let mut peer = Command::new(python)
        .arg(SCRIPT)
        .arg(file)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{}` does not start", python.display()))?;
    let mut into = peer.stdin.take().context("the peer has no input")?;
    into.write_all(lines.as_bytes())?;
    drop(into);
    let output = peer.wait_with_output()?;
    let status = output.status;
    ensure!(status.success(), "the peer failed ({status})");
    serde_json::from_slice(&output.stdout).context("the peer's answer is no JSON")
}

/// What was said of places, a statement a line: facet, twin, attribute and value.
fn lines(imported: &Imported) -> String {
    let mut out = String::new();
    for facet in &imported.facets {
        for statement in &facet.statements {
            let Act::Assert(stated) = &statement.act else {
                continue;
            };
            let name = statement.attribute.as_str();
            let value = match (name, &stated.value) {
                ("outline", Value::Polygon(outline)) => {
                    let rings: Vec<String> = outline.rings.iter().map(|r| points(r)).collect();
                    rings.join(";")
                }
                ("course", Value::Line(course)) => points(course),
                ("sitePosition", Value::Json(json)) => json.to_string(),
                _ => continue,
            };
            let twin = &statement.entity;
            out.push_str(&[facet.facet.as_str(), twin.as_str(), name, &value].join("\t"));
            out.push('\n');
        }
    }
    out
}

fn points(line: &[[f64; 2]]) -> String {
    let texts: Vec<String> = line.iter().map(|[x, y]| format!("{x} {y}")).collect();
    texts.join(",")
}

/// Twins by the ids of the file.
struct Verbatim;

impl Mint for Verbatim {
    fn mint(&mut self, kind: EntityKind, external_id: &str) -> EntityId {
        let name = format!("urn:{}:{external_id}", kind.as_str());
        EntityId::new(&name).expect("ids of the map are plain text")
    }
}
