//! The log: what is appended comes back, whatever happens to the disk.

mod support;

use support::Maker;
use twin_model::CommitNumber;
use twin_store::backend::{Disk, Memory};
use twin_store::{Batch, Error, Opened, Options, open};

fn small() -> Options {
    Options {
        segment_bytes: 4096,
        ..Options::default()
    }
}

fn all(opened: Opened) -> Vec<Batch> {
    opened
        .tail
        .map(|item| item.expect("the log is sound").1)
        .collect()
}

#[test]
fn what_was_appended_comes_back() {
    let disk = Memory::new();
    let mut maker = Maker::new(1, 20);
    let mut batches: Vec<_> = (0..40).map(|i| maker.mixed(i)).collect();
    let mut opened = open(disk.clone(), small()).unwrap();
    assert!(opened.report.created);
    for (i, group) in batches.chunks(3).enumerate() {
        let commit = opened.writer.append(group).unwrap();
        assert_eq!(commit, CommitNumber((i * 3 + group.len()) as u64));
    }
    drop(opened);
    let mut opened = open(disk.clone(), small()).unwrap();
    assert_eq!(opened.writer.next_claim(), maker.next);
    assert_eq!(opened.report.last_batch, batches.last().unwrap().id);
    batches.push(maker.mixed(5));
    let last = batches.len() - 1;
    opened.writer.append(&batches[last..]).unwrap();
    drop(opened);
    assert_eq!(all(open(disk, small()).unwrap()), batches);
}

#[test]
fn a_second_process_is_turned_away() {
    let directory = tempfile::tempdir().unwrap();
    let disk = Disk::new(directory.path()).unwrap();
    let first = open(disk.clone(), small()).unwrap();
    let error = open(disk.clone(), small()).unwrap_err();
    assert_eq!(error.code(), "STO-001");
    drop(first);
    assert!(open(disk, small()).is_ok());
}

#[test]
fn a_batch_that_does_not_fit_is_refused_whole() {
    let mut maker = Maker::new(2, 3);
    let mut opened = open(Memory::new(), small()).unwrap();
    let good = maker.mixed(3);
    let mut gap = maker.mixed(3);
    gap.claims[1].id.sequence += 1;
    let error = opened.writer.append(&[good.clone(), gap]).unwrap_err();
    assert!(matches!(error, Error::BadBatch { batch: 2, .. }), "{error}");
    assert_eq!(opened.writer.append(&[good]).unwrap(), CommitNumber(1));
}

#[test]
fn the_disk_budget_is_kept() {
    let options = Options {
        disk_budget_bytes: 20_000,
        ..small()
    };
    let mut maker = Maker::new(3, 5);
    let mut opened = open(Memory::new(), options).unwrap();
    let mut scarce_at = None;
    let error = loop {
        let batch = maker.mixed(10);
        if opened.writer.budget().is_scarce() {
            scarce_at.get_or_insert(opened.writer.budget().used_bytes);
        }
        if let Err(error) = opened.writer.append(&[batch]) {
            break error;
        }
    };
    assert_eq!(error.code(), "STO-006");
    assert!(error.is_retryable());
    assert!((18_000..20_000).contains(&scarce_at.unwrap()));
}
