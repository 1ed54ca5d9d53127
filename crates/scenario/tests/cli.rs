//! The command as people type it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

fn run(dir: &Path, line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twin-scenario"));
    command
        .current_dir(dir)
        .args(line.split_whitespace())
        .output()
        .unwrap()
}

fn ok(dir: &Path, line: &str) -> String {
    let output = run(dir, line);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn help_shows_examples() {
    let dir = tempfile::tempdir().unwrap();
    for line in ["building --help", "district --help", "observations --help"] {
        let help = ok(dir.path(), line);
        assert!(
            help.contains("Examples:") && help.contains("twin-scenario "),
            "{help}"
        );
        assert!(help.contains("--json"), "{help}");
    }
}

#[test]
fn a_building_and_then_its_observations() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let line = "building --storeys 2 --seed 4 --drop-doors 0.2 --out b.ifc --truth b.json";
    let summary: Value = serde_json::from_str(&ok(dir, &format!("{line} --json"))).unwrap();
    let truth = read(&dir.join("b.json"));
    assert_eq!(summary["doors"], truth["doors"].as_array().unwrap().len());
    assert_eq!(
        summary["bytes"],
        fs::metadata(dir.join("b.ifc")).unwrap().len()
    );
    let plain = ok(dir, line);
    assert!(
        plain
            .lines()
            .any(|line| line.starts_with("storeys") && line.ends_with('2')),
        "{plain}"
    );

    let list: Vec<Value> = truth["spaces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|space| {
            json!({"id": space["global_id"], "kind": "space", "area_m2": space["area_m2"],
                   "usage": space["usage"]})
        })
        .collect();
    fs::write(dir.join("rooms.json"), serde_json::to_vec(&list).unwrap()).unwrap();
    let line = "observations --rooms rooms.json --minutes 5 --out o.ndjson --truth t.ndjson \
                --sensors s.json --json";
    let summary: Value = serde_json::from_str(&ok(dir, line)).unwrap();
    let lines = |name: &str| fs::read_to_string(dir.join(name)).unwrap().lines().count();
    assert_eq!(summary["claims"], lines("o.ndjson"));
    assert_eq!(summary["truths"], lines("t.ndjson"));
    assert_eq!(
        summary["sensors"],
        read(&dir.join("s.json")).as_array().unwrap().len()
    );

    ok(
        dir,
        "observations --rooms rooms.json --rate 100 --claims 250 --out l.ndjson",
    );
    assert_eq!(lines("l.ndjson"), 250);
}

#[test]
fn a_district_in_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let line = "district --tower-storeys 7 --buildings 20 --street-edges 150 --template-site \
                --decoys --out a/b --json";
    let summary: Value = serde_json::from_str(&ok(dir, line)).unwrap();
    let folder = dir.join("a/b");
    let lines = |name: &str| {
        fs::read_to_string(folder.join(name))
            .unwrap()
            .lines()
            .count()
    };
    assert_eq!(summary["points"], lines("points.csv") - 1);
    assert_eq!(summary["points"], lines("truth/points-truth.csv") - 1);
    assert_eq!(summary["messages"], lines("messages.ndjson"));
    let count = |name: &str, member: &str| {
        let truth = read(&folder.join("truth").join(name));
        let list = if member.is_empty() {
            &truth
        } else {
            &truth[member]
        };
        list.as_array().unwrap().len()
    };
    for (total, name, member) in [
        ("spaces", "tower.json", "spaces"),
        ("doors", "tower.json", "doors"),
        ("spaces", "rooms.json", ""),
        ("exits", "exits.json", ""),
        ("falsified", "falsified.json", ""),
        ("pairs", "identity.json", "pairs"),
        ("decoys", "identity.json", "decoys"),
    ] {
        assert_eq!(summary[total], count(name, member), "{total}");
    }
    for name in [
        "tower.ifc",
        "city.city.json",
        "streets.osm",
        "truth/place.json",
    ] {
        assert!(
            fs::metadata(folder.join(name)).unwrap().len() > 100,
            "{name}"
        );
    }
}

#[test]
fn mistakes_are_told_with_what_was_typed() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::write(dir.join("rooms.json"), r#"[{"id":"r","kind":"space"}]"#).unwrap();
    fs::write(dir.join("bad.json"), "{").unwrap();
    for (line, expect) in [
        (
            "building --storeys 0 --out x.ifc",
            "`--storeys` must be from 1 to 99, not `0`",
        ),
        (
            "building --drop-doors 2 --out x.ifc",
            "`--drop-doors` must be from 0 to 1, not `2`",
        ),
        (
            "district --tower-storeys 3 --out x",
            "`--tower-storeys` must be from 6 to 99, not `3`",
        ),
        ("district", "--out <FOLDER>"),
        ("building --schema ifc5 --out x.ifc", "ifc2x3, ifc4, ifc4x3"),
        ("building --unit yard --out x.ifc", "mm, m, ft"),
        ("building", "--out <FILE>"),
        (
            "building --out none/x.ifc",
            "`none/x.ifc` cannot be written",
        ),
        (
            "observations --rooms gone.json --out x",
            "`gone.json` cannot be read",
        ),
        (
            "observations --rooms bad.json --out x",
            "`bad.json`: the room list cannot be read",
        ),
        (
            "observations --rooms rooms.json --out x --start noon",
            "`noon` is not a moment",
        ),
        (
            "observations --rooms rooms.json --out x --gaps 7",
            "`--gaps` must be from 0 to 1",
        ),
        (
            "observations --rooms rooms.json --out x --fire q@1",
            "`q` names 0 spaces",
        ),
        (
            "observations --rooms rooms.json --out x --rate 5",
            "--claims <TOTAL>",
        ),
    ] {
        let output = run(dir, line);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{line}");
        assert!(errors.contains(expect), "{line}: {errors}");
        assert!(!errors.contains("panicked"), "{line}: {errors}");
    }
    assert!(
        !dir.join("x").exists() && !dir.join("x.ifc").exists(),
        "something was written"
    );
}
