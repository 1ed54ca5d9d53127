//! Data of earlier releases opens in this one.
//!
//! `tests/golden/v1` is a data directory written by the first release: two log files of
//! which one is sealed, a snapshot, small tables. It is never written again; a new
//! format version gets a directory of its own beside it (`TWIN_WRITE_GOLDEN=v2`).

mod support;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use support::Maker;
use twin_model::CommitNumber;
use twin_store::backend::Disk;
use twin_store::depot::{self, Change, Depot, Urgency};
use twin_store::{Batch, Meta, Options, open};

fn place(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(version)
}

fn batches() -> Vec<Batch> {
    let mut maker = Maker::new(42, 4);
    (0..12).map(|i| maker.mixed(i * 2)).collect()
}

fn options() -> Options {
    Options {
        segment_bytes: 2500,
        ..Options::default()
    }
}

fn write(directory: &Path) {
    let disk = Disk::new(directory).unwrap();
    let mut opened = open(disk.clone(), options()).unwrap();
    for batch in batches() {
        opened.writer.append(&[batch]).unwrap();
    }
    opened.maintenance.seal().unwrap();
    opened
        .snapshots
        .write(CommitNumber(7), 43, &mut |out| out.write_all(b"the state"))
        .unwrap();
    let meta = Meta::open(&disk).unwrap();
    meta.put("accounts", b"anna", b"owner").unwrap();
}

fn check(version: &str) {
    let directory = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(place(version)).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, directory.path().join(path.file_name().unwrap())).unwrap();
    }
    let disk = Disk::new(directory.path()).unwrap();
    let mut opened = open(disk.clone(), options()).unwrap();
    assert_eq!(opened.report.problems, Vec::<String>::new());
    let mut state = String::new();
    let mut snapshot = opened.snapshot.take().unwrap();
    snapshot.read_to_string(&mut state).unwrap();
    assert_eq!(state, "the state");
    let expected = batches();
    let tail: Vec<_> = opened.tail.by_ref().map(|item| item.unwrap().1).collect();
    assert_eq!(tail, expected[7..]);
    for claim in expected.iter().flat_map(|batch| &batch.claims) {
        assert_eq!(opened.reader.claim(claim.id).unwrap().as_ref(), Some(claim));
    }
    assert_eq!(opened.maintenance.verify(), vec![]);
    let meta = Meta::open(&disk).unwrap();
    assert_eq!(meta.get("accounts", b"anna").unwrap().unwrap(), b"owner");
}

#[test]
fn data_of_version_1_opens() {
    if let Ok(version) = std::env::var("TWIN_WRITE_GOLDEN") {
        write(&place(&version));
    }
    check("v1");
}

fn depot_options() -> depot::Options {
    depot::Options {
        segment_bytes: 700,
        ..depot::Options::default()
    }
}

fn write_depot(directory: &Path) {
    let disk = Arc::new(Disk::new(directory).unwrap());
    let (mut depot, _) = Depot::open(disk, depot_options()).unwrap();
    for i in 0..12_u8 {
        let mut group: Vec<Change> = (0..4)
            .map(|j| Change::Put {
                key: vec![b'k', (i * 3 + j) % 11],
                value: vec![i; usize::from(i) * 10],
            })
            .collect();
        group.push(Change::Delete {
            key: vec![b'k', i % 5],
        });
        depot.append(&group, Urgency::Ordinary).unwrap();
    }
}

fn check_depot(version: &str) {
    let directory = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(place(version)).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, directory.path().join(path.file_name().unwrap())).unwrap();
    }
    let disk = Arc::new(Disk::new(directory.path()).unwrap());
    let (depot, report) = Depot::open(disk, depot_options()).unwrap();
    assert!(!report.created && !report.lost_tail && report.problems.is_empty());
    let mut rows = Vec::new();
    let scanned = depot.reader().scan(b"k", |key, value| {
        rows.push((key[1], value.first().copied(), value.len()));
    });
    scanned.unwrap();
    expect_test::expect!["[(0, Some(11), 110), (2, Some(11), 110), (3, Some(11), 110), (5, Some(9), 90), (6, Some(9), 90), (7, Some(9), 90), (8, Some(10), 100), (9, Some(10), 100), (10, Some(10), 100)]"].assert_eq(&format!("{rows:?}"));
}

/// `tests/golden/depot-v1` is a depot written by the first release that had one: closed
/// segments, one of them compacted away, and an open one.
#[test]
fn a_depot_of_version_1_opens() {
    if std::env::var("TWIN_WRITE_GOLDEN_DEPOT").is_ok() {
        write_depot(&place("depot-v1"));
        std::fs::remove_file(place("depot-v1").join("lock")).unwrap();
    }
    check_depot("depot-v1");
}
