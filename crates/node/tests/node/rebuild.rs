//! A saved state of another version is no loss: everything is folded again from the
//! claims, and comes out as if nothing had ever been saved.
use crate::bench::{START, copy_at_once, everything, import, office, says, tell};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use twin_model::{Caller, Value};
use twin_node::{Config, Draft, ManualClock, Mode, Node, RecoveryReport};
use twin_store as store;

fn open(dir: &Path) -> (Node, RecoveryReport) {
    let clock = Arc::new(ManualClock::at(START));
    let config = Config {
        data_dir: dir.to_owned(),
        ..Config::default()
    };
    Node::open(config, clock).unwrap()
}

/// Writes the newest saved state again, changed; what was in the log before it is sealed.
fn change_saved_state(dir: &Path, change: impl FnOnce(&mut [u8])) {
    let disk = store::backend::Disk::new(dir.join("store")).unwrap();
    let opened = store::open(disk, store::Options::default()).unwrap();
    let mut saved = opened.snapshot.unwrap();
    let (commit, next_sequence) = (saved.commit(), saved.next_sequence());
    let mut body = Vec::new();
    saved.read_to_end(&mut body).unwrap();
    change(&mut body);
    let write = |commit, body: &[u8]| {
        opened
            .snapshots
            .write(commit, next_sequence, &mut |out| out.write_all(body))
            .unwrap();
    };
    write(commit, &body);
    opened.maintenance.close_log().unwrap();
    opened.maintenance.seal().unwrap();
}

/// Places of the parts that hold the twins' states, after version, head and three tables.
fn blocks(body: &[u8]) -> usize {
    let mut at = 4;
    for _part in 0..4 {
        let length = u64::from_le_bytes(body[at..at + 8].try_into().unwrap());
        at += 8 + length as usize;
    }
    at
}

#[test]
fn a_saved_state_of_another_version_is_folded_again_from_the_claims() {
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| dir.path().join(name);
    let (node, _) = open(&place("a"));
    import(&node, &office(3, |_| {}));
    for group in 0..10 {
        let drafts = (group * 30..group * 30 + 30).flat_map(said).collect();
        node.submit_blocking(&Caller::OPERATOR, drafts, Mode::AllOrNothing)
            .unwrap();
    }
    node.close();
    drop(node);
    for (name, change) in [
        ("older", old_version as fn(&mut [u8])),
        ("another", other_states),
    ] {
        copy_at_once(&place("a"), &place(name));
        change_saved_state(&place(name), change);
        let (node, report) = open(&place("a"));
        assert_eq!(report.rebuilt, 0);
        let (rebuilt, report) = open(&place(name));
        assert!(report.rebuilt > 900, "{name}: {report:?}");
        assert_eq!(status(&rebuilt), status(&node), "{name}");
        // What came after, too, is as it would have been.
        for node in [&node, &rebuilt] {
            tell(
                node,
                says("urn:x:room1", "temperature", Value::Number(30.0), START),
            );
        }
        assert!(everything(&rebuilt) == everything(&node), "{name}");
        node.close();
        rebuilt.close();
        drop(rebuilt);
        let (again, report) = open(&place(name));
        assert_eq!(report.rebuilt, 0, "{name}: once is enough");
        again.close();
    }
}

fn said(n: u32) -> [Draft; 3] {
    let at = START.plus_seconds(-f64::from(n % 70));
    let room = format!("urn:x:room{}", n % 7);
    [
        ("temperature", Value::Number(20.0 + f64::from(n % 9))),
        ("colour", Value::Json(format!("{n}").into())),
        ("occupancy", Value::Number(f64::from(n % 3))),
    ]
    .map(|(name, value)| says(&room, name, value, at))
}

fn old_version(body: &mut [u8]) {
    body[..4].copy_from_slice(&1_u32.to_le_bytes());
    // Nothing of what follows the names is looked at.
    let at = blocks(body);
    body[at + 8..].fill(0xee);
}

/// The same version of the file, other versions of the estimators in it.
fn other_states(body: &mut [u8]) {
    let at = blocks(body) + 8;
    // Number of attributes, number of the first, that it is modelled, its version.
    body[at + 4 + 4 + 1] = 0;
}

fn status(node: &Node) -> (u64, u64, u64, usize) {
    let status = node.status(&Caller::OPERATOR).unwrap().into_inner();
    let imports = node.imports(&Caller::OPERATOR).unwrap().into_inner();
    (
        status.claims,
        status.attributes,
        status.entities,
        imports.len(),
    )
}
