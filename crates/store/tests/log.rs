//! The log: what is appended comes back, whatever happens to the disk.

mod support;

use expect_test::expect;
use proptest::prelude::*;
use support::Maker;
use twin_model::{ClaimId, CommitNumber};
use twin_store::backend::crash::CrashDisk;
use twin_store::backend::{Backend, Disk, Memory};
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

/// A store of one log file with several groups, and its batches by group.
fn grouped(disk: &CrashDisk) -> Vec<Vec<Batch>> {
    let mut maker = Maker::new(4, 5);
    let mut opened = open(disk.clone(), Options::default()).unwrap();
    [1, 3, 1, 2, 4]
        .into_iter()
        .map(|n| {
            let group: Vec<_> = (0..n).map(|i| maker.mixed(i * 5)).collect();
            opened.writer.append(&group).unwrap();
            group
        })
        .collect()
}

const LOG: &str = "log-00000001.log";

#[test]
fn a_log_cut_off_anywhere_gives_whole_batches_from_the_first_on() {
    let disk = CrashDisk::new(1);
    let batches = grouped(&disk).concat();
    let length = disk.bytes(LOG).len() as u64;
    let mut last = 0;
    for cut in 0..=length {
        let disk = disk.kill();
        disk.open(LOG).unwrap().set_len(cut).unwrap();
        let opened = open(disk.clone(), Options::default()).unwrap();
        let found = all(opened);
        assert_eq!(found, batches[..found.len()], "cut at {cut}");
        assert!(found.len() >= last);
        last = found.len();
        // What was cut off stays off: a second opening finds the same.
        assert_eq!(all(open(disk.kill(), Options::default()).unwrap()), found);
    }
    assert_eq!(last, batches.len());
}

#[test]
fn a_flipped_bit_is_found_and_named() {
    let disk = CrashDisk::new(1);
    let batches = grouped(&disk).concat();
    let length = disk.bytes(LOG).len() as u64;
    let (mut found, mut harmless) = (0, 0);
    for bit in (0..length * 8).step_by(3) {
        let disk = disk.kill();
        disk.flip_bit(LOG, bit);
        match open(disk, Options::default()) {
            Err(Error::LogDamaged { file, offset, .. }) => {
                assert_eq!(file, LOG);
                assert!(offset <= bit / 8);
                found += 1;
            }
            Err(error) => panic!("bit {bit}: {error}"),
            // Only padding between frames may change without being noticed.
            Ok(opened) => {
                assert_eq!(all(opened), batches, "bit {bit}");
                harmless += 1;
            }
        }
    }
    assert!(found > 50 * harmless, "{found} found, {harmless} harmless");
}

/// A sector that reads as zeros is the trace of a power cut only in the last group;
/// before it, a later group proves that it had been safe.
#[test]
fn a_lost_sector_is_forgiven_only_in_the_last_group() {
    let disk = CrashDisk::new(1);
    let groups = grouped(&disk);
    let before_last = groups[..groups.len() - 1].concat().len();
    let batches = groups.concat();
    let (mut forgiven, mut damaged) = (0, 0);
    let length = disk.bytes(LOG).len() as u64;
    for sector in (0..length).step_by(512).skip(1) {
        let disk = disk.kill();
        let n = (length - sector).min(512) as usize;
        let file = disk.open(LOG).unwrap();
        file.write_at(sector, &vec![0; n]).unwrap();
        match open(disk, Options::default()) {
            Ok(opened) => {
                let found = all(opened);
                assert!(found.len() >= before_last, "sector at {sector}");
                assert_eq!(found, batches[..found.len()]);
                forgiven += 1;
            }
            Err(error) => {
                assert_eq!(error.code(), "STO-003");
                damaged += 1;
            }
        }
    }
    assert!(forgiven > 0 && damaged > 0, "{forgiven} {damaged}");
}

#[test]
fn a_log_of_a_newer_release_is_left_alone() {
    let disk = CrashDisk::new(1);
    grouped(&disk);
    let mut head = disk.bytes(LOG)[..64].to_vec();
    head[8] = 2;
    let crc = crc32fast::hash(&head[..60]);
    head[60..].copy_from_slice(&crc.to_le_bytes());
    disk.open(LOG).unwrap().write_at(0, &head).unwrap();
    let before = disk.bytes(LOG);
    let error = open(disk.clone(), Options::default()).unwrap_err();
    assert_eq!(error.code(), "STO-002");
    assert_eq!(disk.bytes(LOG), before);
}

#[test]
fn a_missing_log_file_is_noticed() {
    let disk = CrashDisk::new(1);
    let mut maker = Maker::new(4, 5);
    let mut opened = open(disk.clone(), small()).unwrap();
    for _ in 0..60 {
        opened.writer.append(&[maker.mixed(15)]).unwrap();
    }
    drop(opened);
    for (name, code) in [(LOG, "STO-015"), ("log-00000002.log", "STO-004")] {
        let disk = disk.kill();
        disk.remove(name).unwrap();
        assert_eq!(open(disk, small()).unwrap_err().code(), code);
    }
}

/// The bytes of a small log. They must never change within a format version: every
/// later release has to open this one's.
#[test]
#[allow(clippy::needless_raw_string_hashes, reason = "written by expect-test")]
fn the_bytes_of_a_log_are_these() {
    let disk = Memory::new();
    let mut opened = open(disk.clone(), Options::default()).unwrap();
    let mut maker = Maker::new(9, 2);
    opened.writer.append(&[maker.readings(2)]).unwrap();
    let file = disk.open(LOG).unwrap();
    let mut bytes = vec![0; file.len().unwrap() as usize];
    file.read_at(0, &mut bytes).unwrap();
    let lines: Vec<String> = bytes
        .chunks(16)
        .map(|line| {
            let hex: Vec<_> = line.iter().map(|b| format!("{b:02x}")).collect();
            let text = line.iter().map(|&b| match b {
                0x20..=0x7e => b as char,
                _ => '.',
            });
            format!("{} {}", hex.join(" "), text.collect::<String>())
        })
        .collect();
    expect![[r#"
        54 57 49 4e 4c 4f 47 00 01 00 00 00 01 00 00 00 TWINLOG.........
        61 20 73 74 6f 72 65 20 69 6e 20 6d 65 6d 6f 72 a store in memor
        01 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 ................
        00 00 00 00 00 00 00 00 01 00 00 00 e4 cc 86 39 ...............9
        54 57 46 52 71 00 00 00 00 00 00 00 00 00 00 00 TWFRq...........
        01 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 ................
        02 00 00 00 00 00 00 00 a1 38 8e 35 d4 f0 b9 39 .........8.5...9
        01 01 80 da 9b ab ee e7 a3 06 02 00 01 15 75 72 ..............ur
        6e 3a 74 77 69 6e 3a 74 6f 77 65 72 3a 72 6f 6f n:twin:tower:roo
        6d 3a 30 01 0b 74 65 6d 70 65 72 61 74 75 72 65 m:0..temperature
        01 17 75 72 6e 3a 74 77 69 6e 3a 74 6f 77 65 72 ..urn:twin:tower
        3a 73 65 6e 73 6f 72 3a 30 01 03 43 65 6c 00 00 :sensor:0..Cel..
        00 00 ec 85 11 12 00 8f c2 f5 28 5c 0f 36 40 00 ..........(\.6@.
        00 00 00 fc b9 c0 02 12 00 c2 f5 28 5c 8f 02 33 ...........(\..3
        40 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 @..............."#]]
    .assert_eq(&lines.join("\n"));
}

proptest! {
    #[test]
    fn any_bytes_in_place_of_a_log_are_survived(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        at in 0_u64..400,
    ) {
        let disk = CrashDisk::new(1);
        let batches = grouped(&disk).concat();
        disk.open(LOG).unwrap().write_at(at, &bytes).unwrap();
        if let Ok(opened) = open(disk, Options::default()) {
            for item in opened.tail {
                prop_assert!(batches.contains(&item.unwrap().1));
            }
        }
    }

    #[test]
    fn any_bytes_as_a_batch_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Batch::decode(&bytes, ClaimId { incarnation: 1, sequence: 1 });
    }

    #[test]
    fn a_damaged_batch_is_survived(seed: u64, bit in 0_usize..20_000) {
        let batch = Maker::new(seed, 3).mixed(30);
        let mut bytes = batch.encode();
        let first = ClaimId { incarnation: 1, sequence: 1 };
        prop_assert_eq!(Batch::decode(&bytes, first), Some(batch));
        let at = (bit / 8) % bytes.len();
        bytes[at] ^= 1 << (bit % 8);
        let _ = Batch::decode(&bytes, first);
    }
}
