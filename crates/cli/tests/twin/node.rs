//! The thread of the product through the real program: state, kill, ask again; in
//! one process and across processes; with everything that can stand in the way.

use crate::common::{Place, Served, run, run_with_input, twin};
use serde_json::{Value, json};
use std::net::TcpListener;

const ROOM: &str = "urn:twin:b1:space:3";

fn estimate(place: &Place, entity: &str, attribute: &str) -> Value {
    place
        .run(&["why", entity, attribute, "--json"])
        .good()
        .json()["estimate"]
        .clone()
}

/// The estimate without what changes by the mere passing of time.
fn settled(place: &Place, entity: &str, attribute: &str) -> Value {
    let times = ["--at", "2026-01-05T08:10:00Z"];
    let words = [&["as-of", entity, attribute, "--json"][..], &times].concat();
    place.run(&words).good().json()["estimate"].clone()
}

#[test]
fn what_is_stated_survives_the_pulled_plug() {
    let place = Place::new();
    let observed = ["--observed", "2026-01-05T08:00:00Z"];
    let node = place.serve(&[]);
    for (attribute, value) in [
        ("temperature", "21.4"),
        ("smoke", "true"),
        ("name", "Room 3"),
    ] {
        place
            .claim(&[&[ROOM, attribute, value][..], &observed].concat())
            .good();
    }
    let before: Vec<_> = ["temperature", "smoke", "name"]
        .map(|attribute| settled(&place, ROOM, attribute))
        .into();
    assert!(
        before.iter().all(|estimate| !estimate["value"].is_null()),
        "{before:?}"
    );
    node.kill();
    // The file `endpoint` is still there and leads nowhere; the lock is free.
    assert!(place.path("data/endpoint").exists());
    let after: Vec<_> = ["temperature", "smoke", "name"]
        .map(|attribute| settled(&place, ROOM, attribute))
        .into();
    assert_eq!(before, after);
    let why = place
        .run(&["why", ROOM, "temperature", "--json"])
        .good()
        .json();
    assert_eq!(why["claims"].as_array().unwrap().len(), 1);
    let node = place.serve(&[]);
    assert_eq!(settled(&place, ROOM, "smoke"), before[1]);
    drop(node);
}

#[test]
fn one_command_at_a_time_needs_no_server() {
    let place = Place::new();
    place
        .claim(&[ROOM, "temperature", "21.4", "--unit", "Cel", "--sd", "0.3"])
        .good();
    let shown = place.run(&["why", ROOM, "temperature"]).good().out;
    assert!(
        shown.starts_with(&format!("temperature of {ROOM}\n  21")),
        "{shown}"
    );
    assert!(shown.contains("Claims, newest first"), "{shown}");
    let status = place.run(&["status", "--json"]).good().json();
    assert_eq!(status["claims"], 1);
    place.run(&["status"]).good();
    // Nothing that leads to a node is left behind.
    assert!(!place.path("data/endpoint").exists());
    assert!(!place.path("data/local.token").exists());
}

#[test]
fn unknown_absent_and_retracted_are_different_answers() {
    let place = Place::new();
    assert_eq!(place.run(&["status"]).exit, 3);
    place.claim(&[ROOM, "name", "Room 3"]).good();
    place.claim(&[ROOM, "area", "--absent"]).good();
    place
        .claim(&[ROOM, "height", "--unknown", "not surveyed"])
        .good();
    place.claim(&[ROOM, "usage", "--not-applicable"]).good();
    assert_eq!(estimate(&place, ROOM, "area")["status"], "absent");
    assert_eq!(estimate(&place, ROOM, "height")["status"], "unknown");
    assert_eq!(estimate(&place, ROOM, "usage")["status"], "notApplicable");
    place.claim(&[ROOM, "name", "--retract"]).good();
    assert_eq!(estimate(&place, ROOM, "name")["status"], "unknown");
    let shown = place.run(&["show", ROOM]).good().out;
    for word in ["absent", "unknown", "notApplicable"] {
        assert!(shown.contains(word), "{shown}");
    }
}

#[test]
fn refused_claims_say_why() {
    let place = Place::new();
    place
        .claim(&[ROOM, "temperature", "21", "--unit", "m"])
        .failed(1, "CLM-005");
    place
        .claim(&[ROOM, "temperature", "21", "--unit", "zork"])
        .failed(1, "CLM-005");
    let far = ["--observed", "2999-01-01T00:00:00Z"];
    place
        .claim(&[&[ROOM, "temperature", "21"][..], &far].concat())
        .failed(1, "CLM-006");
    place.run(&["show", "urn:nowhere"]).failed(1, "404");
}

fn reading(line: usize, value: &Value) -> Value {
    json!({ "entity": ROOM, "attribute": "temperature", "value": value, "unit": "Cel",
        "observed": format!("2026-01-05T08:{:02}:{:02}Z", line / 60, line % 60) })
}

#[test]
fn a_file_of_claims_with_bad_lines() {
    let place = Place::new();
    let mut lines: Vec<_> = (0..100)
        .map(|i| reading(i, &json!(20.0)).to_string())
        .collect();
    lines[6] = "{\"entity\":".to_owned();
    lines[41] = reading(41, &json!("warm")).to_string();
    let file = place.file("readings.ndjson", &lines.join("\n"));
    let done = place.claim(&["--file", &file]).failed(1, "CLI-010");
    assert!(
        done.err.contains("line 7:") && done.err.contains("line 42:"),
        "{}",
        done.err
    );
    assert_eq!(place.run(&["status", "--json"]).good().json()["claims"], 98);
    // The same through standard input, into a running node, in JSON.
    let node = place.serve(&[]);
    let data = place.data();
    let words = ["claim", "--file", "-", "--json", "--data", &data];
    let done = run_with_input(&words, lines.join("\n").as_bytes()).failed(1, "CLI-010");
    let said = done.lines();
    assert_eq!(said[0]["refused"]["line"], 7);
    assert_eq!(said.last().unwrap()["refused"], 2);
    drop(node);
}

#[test]
fn a_recording_is_replayed() {
    let place = Place::new();
    let lines: Vec<_> = (0..20)
        .map(|i| {
            let mut line = reading(i, &json!(20.0));
            line["arrives"] = line["observed"].clone();
            line.to_string()
        })
        .collect();
    let file = place.file("recording.ndjson", &lines.join("\n"));
    place.run(&["replay", &file, "--speed", "max"]).good();
    assert_eq!(settled(&place, ROOM, "temperature")["unit"], "Cel");
    let live = place
        .run(&["replay", &file, "--speed", "400", "--as-live", "--json"])
        .good()
        .json();
    assert_eq!(live["accepted"], 20);
    assert_eq!(estimate(&place, ROOM, "temperature")["status"], "observed");
    let bad = place.file("bad.ndjson", "{\"entity\":\"urn:a\"}");
    place.run(&["replay", &bad]).failed(1, "CLI-013");
    place
        .run(&["replay", &file, "--as-live", "--speed", "max"])
        .failed(2, "CLI-016");
}

#[test]
fn two_processes_cannot_serve_one_directory() {
    let place = Place::new();
    let node = place.serve(&[]);
    let done = place
        .run(&["serve", "--listen", "127.0.0.1:0"])
        .failed(3, "CLI-002");
    assert!(done.err.contains(&node.url), "{}", done.err);
    place.run(&["doctor"]).good();
    let data = place.data();
    // A copy of the directory's files that names a dead port: the lock decides, not the file.
    std::fs::write(
        place.path("data/endpoint"),
        format!("http://127.0.0.1:9\n{}\n", node.id()),
    )
    .unwrap();
    let done = run(&["serve", "--listen", "127.0.0.1:0", "--data", &data]).failed(3, "CLI-002");
    assert!(
        done.err.contains(&format!("process {}", node.id())),
        "{}",
        done.err
    );
    drop(node);
}

#[test]
fn a_port_in_use_is_named() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let done = place
        .run(&["serve", "--listen", &address])
        .failed(3, "CLI-003");
    assert!(
        done.err
            .contains(&taken.local_addr().unwrap().port().to_string()),
        "{}",
        done.err
    );
    assert!(!place.path("data/endpoint").exists());
}

#[cfg(unix)]
#[test]
fn a_node_told_to_stop_closes_and_leaves_no_trail() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let node = place.serve(&["--log", "json"]);
    let mode = place
        .path("data/local.token")
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    place.claim(&[ROOM, "temperature", "21.4"]).good();
    let done = node.stop().good();
    assert!(done.err.contains("set-up code"), "{}", done.err);
    let log: Vec<_> = done
        .err
        .lines()
        .filter(|line| line.starts_with('{'))
        .collect();
    assert!(
        log.iter()
            .all(|line| serde_json::from_str::<Value>(line).is_ok()),
        "{log:?}"
    );
    assert!(!place.path("data/endpoint").exists());
    assert_eq!(
        estimate(&place, ROOM, "temperature")["value"]
            .as_f64()
            .map(f64::round),
        Some(21.0)
    );
}

#[test]
fn tokens_let_sources_in_and_only_them() {
    let place = Place::new();
    let node = place.serve(&[]);
    let source = "urn:twin:source:gateway-1";
    let add = [
        "token", "add", "--source", source, "--label", "gateway", "--json",
    ];
    let made = place.run(&add).good().json();
    let secret = made["secret"].as_str().unwrap().to_owned();
    let with_token = |words: &[&str], token: &str| {
        let output = twin(words)
            .env("TWIN_TOKEN", token)
            .env("TWIN_URL", &node.url)
            .output();
        output.unwrap()
    };
    let claim = ["claim", ROOM, "temperature", "21"];
    assert!(with_token(&claim, &secret).status.success());
    let other = [&claim[..], &["--source", "urn:twin:source:other"]].concat();
    for (words, token, code) in [
        (&other[..], secret.as_str(), "CLM-004"),
        (&["show", ROOM], &secret, "API-403"),
        (&claim, "wrong", "API-401"),
        (&["status"], "", "API-401"),
    ] {
        let output = with_token(words, token);
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?} {err}");
        assert!(
            err.contains(code) && !err.contains(&secret),
            "{words:?} {err}"
        );
    }
    let listed = place.run(&["token", "list", "--json"]).good();
    assert!(!listed.out.contains(&secret), "{}", listed.out);
    let id = listed.lines()[0]["id"].as_str().unwrap().to_owned();
    place.run(&["token", "remove", &id]).good();
    assert!(!with_token(&claim, &secret).status.success());
}

#[test]
fn accounts_are_made_listed_and_removed() {
    let place = Place::new();
    let data = place.data();
    let words = [
        "account", "add", "ada", "--role", "steward", "--data", &data,
    ];
    run_with_input(&words, b"short\n").failed(1, "API-");
    run_with_input(&words, b"correct horse battery staple\n").good();
    let listed = place.run(&["account", "list", "--json"]).good().lines();
    assert_eq!(listed, [json!({ "name": "ada", "role": "steward" })]);
    place.run(&["account", "remove", "ada"]).good();
    assert!(place.run(&["account", "list"]).good().out.is_empty());
}

#[test]
fn a_backup_is_restored_and_answers_alike() {
    let place = Place::new();
    let node = place.serve(&[]);
    let observed = ["--observed", "2026-01-05T08:00:00Z"];
    place
        .claim(&[&[ROOM, "temperature", "21.4"][..], &observed].concat())
        .good();
    let before = settled(&place, ROOM, "temperature");
    let (backup, copy) = (place.text("backup"), place.text("copy"));
    place.run(&["backup", &backup]).good();
    place
        .claim(&[&[ROOM, "temperature", "35"][..], &observed].concat())
        .good();
    drop(node);
    run(&["restore", &backup, &copy]).good();
    let words = [
        "as-of",
        ROOM,
        "temperature",
        "--at",
        "2026-01-05T08:10:00Z",
        "--json",
    ];
    let restored = run(&[&words[..], &["--data", &copy]].concat())
        .good()
        .json();
    assert_eq!(restored["estimate"], before);
    // Never over something that is there; never from something that is no backup.
    assert_eq!(run(&["restore", &backup, &copy]).exit, 1);
    assert_eq!(
        run(&["restore", &place.text("nothing"), &place.text("new")]).exit,
        1
    );
    damage(&place.path("backup"), "");
    assert_eq!(run(&["restore", &backup, &place.text("damaged")]).exit, 1);
}

/// Flips one bit in the middle of the largest file of such a name, at any depth.
fn damage(directory: &std::path::Path, start: &str) {
    let mut files = Vec::new();
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                folders.push(path);
            } else if name.starts_with(start) {
                files.push(path);
            }
        }
    }
    let largest = files
        .iter()
        .max_by_key(|path| path.metadata().unwrap().len())
        .unwrap();
    let mut bytes = std::fs::read(largest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(largest, bytes).unwrap();
}

#[test]
fn an_erasure_is_for_ever_and_asks_first() {
    let place = Place::new();
    place.claim(&[ROOM, "temperature", "21.4"]).good();
    place
        .run(&["erase", ROOM, "--reason", "asked to"])
        .failed(2, "CLI-017");
    place
        .run(&["erase", ROOM, "--reason", "asked to", "--yes"])
        .good();
    let left = place.run(&["why", ROOM, "temperature", "--json"]);
    assert!(
        left.exit == 1 || left.json()["claims"] == json!([]),
        "{}{}",
        left.out,
        left.err
    );
}

fn office(storeys: usize) -> String {
    use twin_scenario::{building, defects, ifc};
    let options = building::Options {
        storeys,
        basement: false,
        seed: 1,
    };
    let building = building::Building::generate(options).unwrap();
    let form = ifc::Options {
        schema: ifc::Schema::Ifc4,
        unit: ifc::Unit::Metre,
        boundaries: false,
    };
    ifc::write(&building, &defects::Defects::default(), form)
}

#[test]
fn a_building_is_imported_walked_and_taken_back() {
    let place = Place::new();
    let file = place.file("office.ifc", &office(2));
    let done = place.run(&["import", &file, "--json"]).good().json();
    let batch = done["batch"].to_string();
    let rooms = place.run(&["rooms", "--json"]).good().lines();
    let spaces: Vec<_> = rooms
        .iter()
        .filter(|room| room["kind"] == "space")
        .collect();
    assert!(
        spaces.len() > 5 && spaces.len() < rooms.len(),
        "{}",
        rooms.len()
    );
    let array = place.run(&["rooms", "--array"]).good().out;
    twin_scenario::observe::Rooms::parse(&array).unwrap();
    assert_eq!(
        place.run(&["rooms"]).good().out.lines().count(),
        rooms.len()
    );
    let office = spaces
        .iter()
        .find(|room| room["usage"].is_string())
        .unwrap_or(&spaces[0]);
    let id = office["id"].as_str().unwrap();
    place.run(&["show", id]).good();
    let routes = place
        .run(&["route", id, "--unknown", "--json"])
        .good()
        .lines();
    assert!(
        routes.iter().all(|route| route["steps"].is_array()),
        "{routes:?}"
    );
    place.run(&["route", id, "exit"]).good();
    for finding in place.run(&["findings", "--json"]).good().lines() {
        run(&["errors", finding["code"].as_str().unwrap()]).good();
    }
    place.run(&["findings", "--severity", "error"]).good();
    assert_eq!(place.run(&["imports", "--json"]).good().lines().len(), 1);
    place.run(&["undo-import", &batch]).good();
    let left = place.run(&["rooms", "--json"]).good().lines();
    assert!(left.iter().all(|room| room["usage"].is_null()), "{left:?}");
    assert_eq!(place.run(&["undo-import", "999999"]).exit, 1);
}

#[test]
fn a_file_that_is_no_building_changes_nothing() {
    let place = Place::new();
    place.claim(&[ROOM, "name", "Room 3"]).good();
    for (name, content) in [("empty.ifc", ""), ("picture.ifc", "\u{1}PNG\u{2}")] {
        let file = place.file(name, content);
        let done = place.run(&["import", &file]);
        assert_eq!(done.exit, 1, "{name}: {}{}", done.out, done.err);
        assert!(done.err.contains("IFC-001"), "{}", done.err);
    }
    assert_eq!(place.run(&["status", "--json"]).good().json()["claims"], 1);
    // A server goes on with the other files of its command line.
    let good = place.file("office.ifc", &office(2));
    let bad = place.text("empty.ifc");
    let node = place.serve(&[&bad, &good]);
    wait_for_import(&node, &place);
}

/// The node reads its files while it answers; asks until the import is listed.
fn wait_for_import(node: &Served, place: &Place) {
    for _ in 0..600 {
        let imports = place.run(&["imports", "--json"]).good().lines();
        if !imports.is_empty() {
            return;
        }
    }
    panic!("{} has imported nothing", node.url);
}

#[test]
fn doctor_finds_what_is_wrong() {
    let place = Place::new();
    place.claim(&[ROOM, "name", "Room 3"]).good();
    let config = place.file("twin.toml", "listen = '127.0.0.1:0'");
    let checks = place
        .run(&["doctor", "--json", "--config", &config])
        .good()
        .lines();
    assert!(
        checks.iter().all(|check| check["outcome"] != "wrong"),
        "{checks:?}"
    );
    std::fs::write(place.path("plain"), "not a directory").unwrap();
    damage(&place.path("data/store"), "snap-");
    place.run(&["doctor"]).failed(1, "CLI-015");
    run(&["doctor", "--data", &place.text("plain")]).failed(1, "CLI-015");
}

#[test]
fn a_slow_pipe_is_sent_as_it_speaks() {
    use std::io::Write;
    use std::process::Stdio;
    let place = Place::new();
    let node = place.serve(&[]);
    let data = place.data();
    let mut command = twin(&["claim", "--file", "-", "--data", &data]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    writeln!(pipe, "{}", reading(0, &json!(20.0))).unwrap();
    // The pipe stays open, and yet the claim arrives.
    let claims = || place.run(&["status", "--json"]).good().json()["claims"].clone();
    assert!((0..600).any(|_| claims() == 1));
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(String::from_utf8_lossy(&output.stderr).contains("CLI-011"));
    drop((node, pipe));
}

/// Ctrl-C, without another process that would take its time.
fn interrupt(child: &std::process::Child) {
    let id = rustix::process::Pid::from_raw(child.id().cast_signed()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
}

/// Ctrl-C at different moments of an import: all of the file is there, or nothing.
#[test]
fn a_cancelled_import_leaves_nothing() {
    use std::process::Stdio;
    let place = Place::new();
    let node = place.serve(&[]);
    let file = place.file("office.ifc", &office(12));
    let data = place.data();
    let mut cancelled = 0;
    for moment in 0..8 {
        let mut command = twin(&["import", &file, "--data", &data]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        // Time passes without a sleep: each of these takes some milliseconds.
        for _ in 0..moment {
            run(&["--version"]).good();
        }
        interrupt(&child);
        let output = child.wait_with_output().unwrap();
        cancelled += u32::from(!output.status.success());
        let imports = wait_until_idle(&place);
        let batches: Vec<_> = imports
            .iter()
            .filter(|one| one["undone"] == false)
            .collect();
        let rooms = place.run(&["rooms", "--json"]).good().lines();
        assert_eq!(
            batches.is_empty(),
            rooms.is_empty(),
            "moment {moment}: {imports:?}"
        );
        if output.status.code() == Some(130) && batches.is_empty() {
            assert!(String::from_utf8_lossy(&output.stderr).contains("CLI-011"));
        }
        if !batches.is_empty() {
            break;
        }
    }
    assert!(cancelled > 0, "no import was slow enough to be cancelled");
    drop(node);
}

/// The imports, once no import is under way: one that was cancelled ends a little later
/// than its command, and until then another file is refused as too much at once.
fn wait_until_idle(place: &Place) -> Vec<Value> {
    let empty = place.file("empty.ifc", "");
    for _ in 0..600 {
        if place.run(&["import", &empty]).err.contains("IFC-001") {
            return place.run(&["imports", "--json"]).good().lines();
        }
    }
    panic!("the cancelled import never ended");
}
