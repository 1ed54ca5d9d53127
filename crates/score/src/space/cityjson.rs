//! Cities by others, held against cjio's counts and PROJ's places.
//!
//! The peer reads the same file by itself: how many objects there are of each type, and by
//! shapely the union of the surfaces of each, its lines laid on earth by PROJ with the same
//! definition. Every corner of our outlines must lie on those lines, and every outline must have
//! the area of the union's largest piece.

use super::files::{DataFile, files};
use crate::row::{Row, hash};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use twin_import::crs::Crs;
use twin_import::{Format, Imported, Mint, Options, cityjson};
use twin_model::{Act, EntityId, EntityKind, Value};
use twin_space::earth::Frame;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/space/peers/cityjson.py");
const TOLERANCE_M: f64 = 1e-3;
/// Areas agree within a share of themselves, or an absolute amount for small ones: the peer
/// widens every surface by half a millimetre to close slits.
const AREA_TOLERANCE: (f64, f64) = (0.01, 0.2);

/// What the peer prints.
#[derive(Deserialize)]
struct Peer {
    cjio: String,
    pyproj: String,
    proj: String,
    counts: BTreeMap<String, u64>,
    things: BTreeMap<String, Thing>,
}

#[derive(Deserialize)]
struct Thing {
    area_mm2: i64,
    /// In 10⁻¹² degrees.
    lines_pdeg: Vec<Vec<[i64; 2]>>,
}

impl Thing {
    fn area_m2(&self) -> f64 {
        self.area_mm2 as f64 / 1e6
    }
}

/// Of a file, all that the scorer itself has to know.
#[derive(Deserialize)]
struct Head {
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(rename = "referenceSystem")]
    reference_system: Option<String>,
}

/// Three rows for every CityJSON file below the folder: counts, corners, areas.
pub(crate) fn measure(data: &Path, python: Option<&Path>) -> Result<Vec<Row>> {
    let files = files(data, &[Format::CityJson])?;
    if files.is_empty() {
        return Ok(vec![objects("a city").lacking("no CityJSON file is there")]);
    }
    let mut rows = Vec::new();
    for file in &files {
        match python {
            None => {
                let why = "no Python with cjio, pyproj and shapely";
                rows.push(objects(&file.name).lacking(why));
            }
            Some(python) => rows.extend(compared(file, python)),
        }
    }
    Ok(rows)
}

fn objects(name: &str) -> Row {
    Row::new(format!("objects of each type in `{name}`"))
}

fn compared(file: &DataFile, python: &Path) -> Vec<Row> {
    let (name, inputs) = (&file.name, hash(&file.bytes));
    let crs = match reference_system(&file.bytes) {
        Ok(crs) => crs,
        Err(why) => return vec![objects(name).lacking(why).on(inputs)],
    };
    let peer = match ask(python, &file.path, crs.definition()) {
        Ok(peer) => peer,
        Err(why) => return vec![objects(name).lacking(format!("{why:#}")).on(inputs)],
    };
    let imported = cityjson::import(&file.bytes, &Options::default(), &mut Names);
    let beside = format!(
        "cjio {}, pyproj {} (PROJ {})",
        peer.cjio, peer.pyproj, peer.proj
    );
    let rows = [
        counts(name, &imported, &peer),
        corners(name, &imported, &peer),
        areas(name, &imported, &peer),
    ];
    let rows = rows.into_iter();
    rows.map(|row| row.on(inputs.as_str()).beside(beside.as_str()))
        .collect()
}

/// By the name that the file gives; without one nothing of it has a place on earth.
fn reference_system(bytes: &[u8]) -> Result<Crs, String> {
    let head: Head = serde_json::from_slice(bytes).map_err(|e| format!("no JSON object: {e}"))?;
    let name = head.metadata.and_then(|m| m.reference_system);
    let name = name.ok_or("the file names no reference system")?;
    Crs::parse(&name).map_err(|e| e.to_string())
}

fn counts(name: &str, imported: &Imported, peer: &Peer) -> Row {
    let counts = imported.counts.iter();
    let ours: BTreeMap<String, u64> = counts.map(|(k, n)| ((*k).to_owned(), *n)).collect();
    let mut theirs = BTreeMap::new();
    for (kind, n) in &peer.counts {
        // Kinds that an extension brings are counted as one.
        let kind = if kind.starts_with('+') { "other" } else { kind };
        *theirs.entry(kind.to_owned()).or_insert(0) += n;
    }
    let is_equal = ours == theirs;
    objects(name)
        .shown(
            peer.counts.values().sum::<u64>() as usize,
            if is_equal { "equal" } else { "different" },
        )
        .held_to("equal", is_equal)
        .detail(format!("ours {ours:?}"))
}

fn corners(name: &str, imported: &Imported, peer: &Peer) -> Row {
    let (mut all, mut off, mut farthest_m) = (0_usize, 0_usize, 0_f64);
    for (id, rings) in outlines(imported) {
        let Some(thing) = peer.things.get(&id) else {
            continue;
        };
        let frame = frame(&rings);
        let flat = |p: &[i64; 2]| frame.to_plan(p.map(|c| c as f64 / 1e12));
        let lines: Vec<Vec<[f64; 2]>> = thing
            .lines_pdeg
            .iter()
            .map(|line| line.iter().map(flat).collect())
            .collect();
        for corner in rings.iter().flatten() {
            let off_m = off_lines_m(frame.to_plan(*corner), &lines);
            all += 1;
            off += usize::from(off_m > TOLERANCE_M);
            farthest_m = farthest_m.max(off_m);
        }
    }
    Row::new(format!("corners of outlines on earth in `{name}`"))
        .shown(
            all,
            format!("at most {:.2} mm off the peer's lines", farthest_m * 1e3),
        )
        .held_to("≤ 1 mm after the same transformation", off == 0)
        .detail(format!("{off} farther off than that"))
}

/// Distance to the nearest of some lines, in metres.
fn off_lines_m(p: [f64; 2], lines: &[Vec<[f64; 2]>]) -> f64 {
    let pieces = lines.iter().flat_map(|line| line.windows(2));
    let off = pieces.map(|ab| {
        let (d, e) = (
            [ab[1][0] - ab[0][0], ab[1][1] - ab[0][1]],
            [p[0] - ab[0][0], p[1] - ab[0][1]],
        );
        let length_squared = (d[0] * d[0] + d[1] * d[1]).max(1e-18);
        let along = ((d[0] * e[0] + d[1] * e[1]) / length_squared).clamp(0.0, 1.0);
        (e[0] - along * d[0]).hypot(e[1] - along * d[1])
    });
    off.fold(f64::INFINITY, f64::min)
}

fn areas(name: &str, imported: &Imported, peer: &Peer) -> Row {
    let (mut all, mut equal) = (0_usize, 0_usize);
    let mut others = Vec::new();
    for (id, rings) in outlines(imported) {
        let Some(thing) = peer.things.get(&id) else {
            continue;
        };
        let area_m2 = area_m2(&rings);
        all += 1;
        let tolerance_m2 = AREA_TOLERANCE.1.max(AREA_TOLERANCE.0 * thing.area_m2());
        if (area_m2 - thing.area_m2()).abs() <= tolerance_m2 {
            equal += 1;
        } else if others.len() < 5 {
            others.push(format!(
                "`{id}`: {area_m2:.1} m², the peer {:.1} m²",
                thing.area_m2()
            ));
        }
    }
    let row = Row::new(format!(
        "outlines with the area of their surfaces' union in `{name}`"
    ))
    .shown(all, format!("{equal} equal within 1 % or 0.2 m²"))
    .held_to("all", equal == all);
    others.into_iter().fold(row, Row::detail)
}

/// Outlines by the file's own ids.
fn outlines(imported: &Imported) -> Vec<(String, Vec<Vec<[f64; 2]>>)> {
    let statements = imported.facets.iter().flat_map(|facet| &facet.statements);
    statements
        .filter_map(|s| match &s.act {
            Act::Assert(stated) if s.attribute.as_str() == "outline" => match &stated.value {
                Value::Polygon(p) => {
                    let id = s.entity.as_str().strip_prefix(PREFIX)?;
                    Some((id.to_owned(), p.rings.clone()))
                }
                _ => None,
            },
            _ => None,
        })
        .collect()
}

fn frame(rings: &[Vec<[f64; 2]>]) -> Frame {
    let [longitude_deg, latitude_deg] = rings[0][0];
    Frame {
        latitude_deg,
        longitude_deg,
        rotation_deg: 0.0,
    }
}

fn area_m2(rings: &[Vec<[f64; 2]>]) -> f64 {
    let frame = frame(rings);
    let flat = |ring: &Vec<[f64; 2]>| ring.iter().map(|p| frame.to_plan(*p)).collect();
    twin_model::Polygon {
        rings: rings.iter().map(flat).collect(),
    }
    .area_m2()
}

fn ask(python: &Path, path: &Path, definition: &str) -> Result<Peer> {
    let output = Command::new(python)
        .arg(SCRIPT)
        .arg(path)
        .arg(definition)
        .output()
        .with_context(|| format!("`{}` does not start", python.display()))?;
    ensure!(
        output.status.success(),
        "the peer failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut peer: Peer = serde_json::from_slice(&output.stdout).context("no JSON of the peer")?;
    let things = std::mem::take(&mut peer.things).into_iter();
    peer.things = things.map(|(id, thing)| (spelled(&id), thing)).collect();
    Ok(peer)
}

const PREFIX: &str = "urn:x:";

/// Twins named after the ids of the file.
struct Names;

impl Mint for Names {
    fn mint(&mut self, _: EntityKind, external_id: &str) -> EntityId {
        EntityId::new(&format!("{PREFIX}{}", spelled(external_id))).expect("a URI")
    }
}

/// An id in characters that a URI may have (RFC 3986 §2.1).
fn spelled(id: &str) -> String {
    let spell = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    id.bytes().take(ID_BYTES_MAX).map(spell).collect()
}

/// Longer ids do not fit into the name of a twin when each byte takes three.
const ID_BYTES_MAX: usize = 160;
