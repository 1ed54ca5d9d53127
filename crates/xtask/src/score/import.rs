//! How well IFC files are read, beside IfcOpenShell on the same files.
//!
//! The peer's script shares nothing with our reader. It counts with IfcOpenShell
//! and finds the rooms at each door from the file's own space boundaries, where it
//! has them, else from IfcOpenShell's geometry.

use crate::report::{Row, hash_files};
use crate::{peer, score, shell};
use anyhow::Result;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const COUNTS: [&str; 4] = ["storeys", "spaces", "doors", "stairs"];
/// At most one wrong or missing pair in so many.
const PAIRS_PER_MISTAKE: usize = 25;

/// Practice buildings that stand beside the real files.
const GENERATED: [&[&str]; 3] = [
    &["--storeys", "6", "--seed", "1"],
    &[
        "--storeys",
        "3",
        "--seed",
        "2",
        "--schema",
        "ifc2x3",
        "--unit",
        "ft",
        "--basement",
    ],
    &[
        "--storeys",
        "4",
        "--seed",
        "3",
        "--schema",
        "ifc4x3",
        "--unit",
        "m",
        "--boundaries",
    ],
];

/// What ours and the peer read in one file.
struct Reading {
    name: String,
    ours: Value,
    /// Why the peer could not read it, where it could not.
    peers: Result<Value, String>,
}

/// Counts, pairs and contradictions over every IFC file.
pub(super) fn measure(data: &Path) -> Result<Vec<Row>> {
    let folder = shell::target_dir().join("xtask/score");
    std::fs::create_dir_all(&folder)?;
    let mut files = score::files_below(data, ".ifc");
    let real = files.len();
    files.extend(generate(&folder)?);
    let ours = shell::build("twin-import", ["--example", "ifc_summary"], true)?;
    let python = peer::python();
    let mut readings = Vec::new();
    for file in &files {
        readings.push(read(
            file,
            &ours,
            python.as_deref().map_err(|e| format!("{e:#}")),
        )?);
    }
    let inputs = hash_files(&files)?;
    let mut rows = vec![counts(&readings), pairs(&readings)];
    rows.push(contradictions(&files[..real], &readings[..real])?);
    Ok(rows.into_iter().map(|row| row.on(inputs.clone())).collect())
}

fn generate(folder: &Path) -> Result<Vec<PathBuf>> {
    let scenario = shell::build("twin-scenario", ["--bin", "twin-scenario"], true)?;
    let mut files = Vec::new();
    for (number, options) in (1..).zip(GENERATED) {
        let file = folder.join(format!("generated-{number}.ifc"));
        let mut command = shell::program(&scenario);
        command
            .arg("building")
            .args(options)
            .arg("--out")
            .arg(&file);
        shell::capture(&mut command)?;
        files.push(file);
    }
    Ok(files)
}

fn read(file: &Path, ours: &Path, python: Result<&Path, String>) -> Result<Reading> {
    let name = file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    eprintln!("reading {name}");
    let ours = shell::capture_json(shell::program(ours).arg(file).arg("--json"))?;
    let oracle = shell::root().join("crates/xtask/oracle/ifc_oracle.py");
    let peers = python.and_then(|python| {
        shell::capture_json(shell::program(python).arg(oracle).arg(file))
            .map_err(|error| format!("{error:#}"))
    });
    Ok(Reading { name, ours, peers })
}

fn counts(readings: &[Reading]) -> Row {
    let row = Row::new(
        "storeys, spaces, doors, stairs of every IFC file",
        "all equal the peer's",
    );
    let (mut n, mut equal, mut details) = (0, 0, Vec::new());
    for reading in readings {
        let peers = match &reading.peers {
            Ok(peers) => peers,
            Err(reason) => return row.not_measured(reason),
        };
        for what in COUNTS {
            let (ours, theirs) = (number(&reading.ours, what), number(peers, what));
            n += 1;
            if ours == theirs && ours.is_some() {
                equal += 1;
            } else {
                details.push(format!(
                    "{}: {what} {ours:?}, peer {theirs:?}",
                    reading.name
                ));
            }
        }
    }
    row.found(n, format!("{equal} of {n} equal"), equal == n)
        .beside("IfcOpenShell")
        .details(details)
}

fn pairs(readings: &[Reading]) -> Row {
    let target = format!("per file at most 1 wrong or missing in {PAIRS_PER_MISTAKE}");
    let row = Row::new("pairs of an opening and a room", target);
    let (mut n, mut mistakes_all, mut met, mut details) = (0, 0, true, Vec::new());
    for reading in readings {
        let theirs = match &reading.peers {
            Ok(peers) => pair_set(peers),
            Err(reason) => return row.not_measured(reason),
        };
        let ours = pair_set(&reading.ours);
        let mistakes = ours.symmetric_difference(&theirs).count();
        n += theirs.len();
        mistakes_all += mistakes;
        met &= mistakes * PAIRS_PER_MISTAKE <= theirs.len().max(1);
        let (wrong, missing) = (ours.difference(&theirs), theirs.difference(&ours));
        details.push(format!(
            "{}: {} pairs, {} wrong, {} missing",
            reading.name,
            theirs.len(),
            wrong.count(),
            missing.count()
        ));
    }
    row.found(
        n as u64,
        format!("{mistakes_all} wrong or missing of {n}"),
        met,
    )
    .beside("IfcOpenShell: boundaries of the file, else geometry")
    .details(details)
}

/// The BIM-Whale building declares none of its doors external, and ten of them
/// have a room on one side only.
fn contradictions(files: &[PathBuf], readings: &[Reading]) -> Result<Row> {
    let row = Row::new(
        "contradictory doors of the BIM-Whale building",
        "10 of 10, no other",
    );
    let whale = files
        .iter()
        .zip(readings)
        .find(|(_, reading)| reading.name.contains("bimwhale"));
    let Some((file, reading)) = whale else {
        return Ok(row.not_measured("bimwhale_LargeBuilding.ifc is not among the data"));
    };
    let peers = match &reading.peers {
        Ok(peers) => peers,
        Err(reason) => return Ok(row.not_measured(reason)),
    };
    let script = shell::root().join("crates/xtask/oracle/doors_external.py");
    let stated = shell::capture_json(shell::program(peer::python()?).arg(script).arg(file))?;
    let truth = contradictory(&stated, peers);
    let contradictions = reading.ours.get("contradictions").and_then(Value::as_array);
    let ours: BTreeSet<String> = contradictions
        .into_iter()
        .flatten()
        .filter(|found| found.get("field").and_then(Value::as_str) == Some("isExternal"))
        .filter_map(|found| Some(found.get("item")?.as_str()?.to_owned()))
        .collect();
    let found = ours.intersection(&truth).count();
    let wrong = ours.difference(&truth).count();
    let value = format!("{found} of {}, {wrong} other", truth.len());
    Ok(row
        .found(
            truth.len() as u64,
            value,
            found == truth.len() && wrong == 0,
        )
        .beside("IfcOpenShell: a room on one side only, and IsExternal is false")
        .details(
            truth
                .symmetric_difference(&ours)
                .map(|door| format!("differs: {door}")),
        ))
}

/// Doors that are declared not external and have a room on one side only.
fn contradictory(stated: &Value, peers: &Value) -> BTreeSet<String> {
    let mut rooms: BTreeMap<String, usize> = BTreeMap::new();
    for (door, _) in pair_set(peers) {
        *rooms.entry(door).or_default() += 1;
    }
    let doors = stated.as_object().into_iter().flatten();
    doors
        .filter(|(door, external)| {
            external.as_bool() == Some(false) && rooms.get(door.as_str()) == Some(&1)
        })
        .map(|(door, _)| door.clone())
        .collect()
}

fn number(reading: &Value, what: &str) -> Option<u64> {
    reading.get("counts")?.get(what)?.as_u64()
}

fn pair_set(reading: &Value) -> BTreeSet<(String, String)> {
    let doors = reading.get("door_spaces").and_then(Value::as_object);
    doors
        .into_iter()
        .flatten()
        .flat_map(|(door, rooms)| {
            texts(Some(rooms))
                .into_iter()
                .map(move |room| (door.clone(), room))
        })
        .collect()
}

fn texts(list: Option<&Value>) -> BTreeSet<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|text| text.as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn reading(name: &str, ours: Value, peers: Value) -> Reading {
        Reading {
            name: name.into(),
            ours,
            peers: Ok(peers),
        }
    }

    #[test]
    fn a_wrong_and_a_missing_pair_are_two_mistakes() {
        let ours = json!({"door_spaces": {"d1": ["a", "b"], "d2": ["c"]}});
        let peers = json!({"door_spaces": {"d1": ["a", "x"], "d2": ["c"]}});
        let row = pairs(&[reading("f", ours, peers)]);
        assert_eq!((row.n, row.value.as_str()), (3, "2 wrong or missing of 3"));
        assert_eq!(row.verdict, crate::report::Verdict::Missed);
    }

    #[test]
    fn a_count_that_is_missing_on_both_sides_is_not_equal() {
        let counts_of = |doors: u64| json!({"counts": {"storeys": 1, "spaces": 2, "doors": doors}});
        let row = counts(&[reading("f", counts_of(3), counts_of(3))]);
        assert_eq!(row.value, "3 of 4 equal");
        let row = counts(&[reading("f", counts_of(3), counts_of(4))]);
        assert_eq!(row.value, "2 of 4 equal");
    }

    #[test]
    fn only_inner_doors_with_one_room_contradict() {
        let stated = json!({"one": false, "two": false, "outer": true, "silent": null});
        let peers = json!({"door_spaces": {
            "one": ["a"], "two": ["a", "b"], "outer": ["a"], "silent": ["a"],
        }});
        assert_eq!(
            contradictory(&stated, &peers),
            BTreeSet::from(["one".to_owned()])
        );
    }
}
