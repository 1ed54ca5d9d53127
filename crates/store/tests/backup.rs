//! Backup and restore, and the small tables.

mod support;

use support::{Maker, Rng};
use twin_model::ClaimId;
use twin_store::backend::crash::{CrashDisk, Faults};
use twin_store::backend::{Backend, Memory};
use twin_store::{Meta, Options, Range, doctor, open, restore, verify_backup};

fn small() -> Options {
    Options {
        segment_bytes: 8192,
        ..Options::default()
    }
}

#[test]
fn a_restored_store_holds_everything_and_begins_a_new_life() {
    let (disk, copy, target) = (Memory::new(), CrashDisk::new(1), Memory::new());
    let mut maker = Maker::new(1, 6);
    let mut opened = open(disk.clone(), small()).unwrap();
    let meta = Meta::open(&disk).unwrap();
    meta.put("accounts", b"anna", b"owner").unwrap();
    let batches: Vec<_> = (0..40).map(|_| maker.mixed(20)).collect();
    opened.writer.append(&batches[..20]).unwrap();
    opened.maintenance.seal().unwrap();
    let commit = opened.writer.append(&batches[20..]).unwrap();
    let report = opened.maintenance.backup(&meta, &copy).unwrap();
    assert_eq!(report.commit, commit);
    // What comes after the backup is not in it.
    opened.writer.append(&[maker.mixed(5)]).unwrap();
    assert_eq!(verify_backup(&copy).unwrap(), report);

    let restored = restore(&copy, &target, 0).unwrap();
    assert_eq!(restored.incarnation, 2);
    let mut opened = open(target.clone(), small()).unwrap();
    let found: Vec<_> = opened.tail.by_ref().map(|b| b.unwrap().1).collect();
    assert_eq!(found, batches);
    let next = opened.writer.next_claim();
    assert_eq!(
        next,
        ClaimId {
            incarnation: 2,
            sequence: 801
        }
    );
    maker.next = next;
    let batch = maker.mixed(3);
    opened.writer.append(std::slice::from_ref(&batch)).unwrap();
    assert_eq!(opened.maintenance.verify(), vec![]);
    let meta = Meta::open(&target).unwrap();
    assert_eq!(meta.get("accounts", b"anna").unwrap().unwrap(), b"owner");
    drop(opened);
    let opened = open(target.clone(), small()).unwrap();
    assert_eq!(opened.writer.next_claim().sequence, 804);
    for claim in [&batches[3].claims[2], &batch.claims[0]] {
        assert_eq!(opened.reader.claim(claim.id).unwrap().as_ref(), Some(claim));
        let (entity, attribute) = (&claim.statement.entity, &claim.statement.attribute);
        let series = opened
            .reader
            .claims(entity, attribute, Range::ALL, usize::MAX);
        assert!(series.unwrap().contains(claim));
    }
    assert!(restore(&copy, &target, 0).is_err(), "not empty");
}

#[test]
fn a_damaged_or_incomplete_backup_is_not_restored() {
    let (disk, copy) = (Memory::new(), CrashDisk::new(1));
    let mut maker = Maker::new(1, 6);
    let mut opened = open(disk.clone(), small()).unwrap();
    opened.writer.append(&[maker.mixed(30)]).unwrap();
    let meta = Meta::open(&disk).unwrap();
    opened.maintenance.backup(&meta, &copy).unwrap();
    let mut rng = Rng(4);
    for name in copy.list().unwrap() {
        let damaged = copy.kill();
        damaged.flip_bit(&name, rng.below(damaged.bytes(&name).len() as u64 * 8));
        let error = restore(&damaged, &Memory::new(), 0).unwrap_err();
        assert_eq!(error.code(), "STO-017", "{name}: {error}");
        let incomplete = copy.kill();
        incomplete.remove(&name).unwrap();
        assert!(restore(&incomplete, &Memory::new(), 0).is_err(), "{name}");
    }
    assert!(restore(&copy, &Memory::new(), 0).is_ok());
}

#[test]
fn the_doctor_reads_a_store_that_is_closed_and_changes_nothing() {
    let disk = CrashDisk::new(1);
    let mut maker = Maker::new(1, 6);
    let mut opened = open(disk.clone(), small()).unwrap();
    for _ in 0..30 {
        opened.writer.append(&[maker.mixed(20)]).unwrap();
    }
    opened.maintenance.seal().unwrap();
    drop(opened);
    assert_eq!(doctor(&disk), vec![]);
    let damaged = disk.kill();
    damaged.flip_bit("log-00000002.log", 8 * 200);
    let problems = doctor(&damaged);
    assert_eq!(problems[0].code, "STO-003", "{problems:?}");
    assert!(problems[0].message.contains("log-00000002.log"));
    damaged.flip_bit("manifest-a", 8 * 40);
    assert_eq!(doctor(&damaged)[0].code, "STO-013");
    damaged.flip_bit("manifest-b", 8 * 40);
    assert_eq!(open(damaged, small()).unwrap_err().code(), "STO-013");
}

#[test]
fn small_tables_keep_what_they_are_given() {
    let disk = Memory::new();
    let meta = Meta::open(&disk).unwrap();
    assert_eq!(meta.get("tokens", b"a").unwrap(), None);
    assert_eq!(meta.list("tokens").unwrap(), vec![]);
    meta.put("tokens", b"b", b"2").unwrap();
    meta.put_all("tokens", [(&b"a"[..], &b"1"[..]), (b"c", b"")])
        .unwrap();
    meta.put("cursors", b"a", b"9").unwrap();
    assert!(meta.delete("tokens", b"b").unwrap());
    assert!(!meta.delete("tokens", b"b").unwrap());
    drop(meta);
    let meta = Meta::open(&disk).unwrap();
    let rows = vec![
        (b"a".to_vec(), b"1".to_vec()),
        (b"c".to_vec(), b"".to_vec()),
    ];
    assert_eq!(meta.list("tokens").unwrap(), rows);
    assert_eq!(meta.tables().unwrap(), ["cursors", "tokens"]);
    assert!(meta.put("tokens", b"x", &vec![0; 2 << 20]).is_err());
    meta.verify().unwrap();
}

#[test]
fn small_tables_survive_power_cuts() {
    for seed in 0..60 {
        let mut disk = CrashDisk::new(seed);
        let mut rng = Rng(seed);
        let mut certain: u64 = 0;
        for _ in 0..4 {
            disk.set_faults(Faults {
                power_off_at: Some(1 + rng.below(120)),
                ..Faults::default()
            });
            let mut tried = certain;
            if let Ok(meta) = Meta::open(&disk) {
                for n in certain + 1..certain + 20 {
                    tried = n;
                    if meta.put("t", b"n", &n.to_le_bytes()).is_err() {
                        break;
                    }
                    certain = n;
                }
            }
            disk = disk.power_cut();
            let meta = Meta::open(&disk).unwrap();
            let found = meta.get("t", b"n").unwrap();
            let found = found.map_or(0, |v| u64::from_le_bytes(v.try_into().unwrap()));
            assert!(
                (certain..=tried).contains(&found),
                "seed {seed}: {found} of {certain}"
            );
            certain = found;
            drop(meta);
            disk = disk.kill();
        }
    }
}

#[test]
fn a_flipped_bit_in_the_small_tables_is_found_or_harmless() {
    let disk = CrashDisk::new(1);
    let meta = Meta::open(&disk).unwrap();
    for i in 0..200_u32 {
        meta.put("accounts", &i.to_le_bytes(), &[7; 64]).unwrap();
    }
    let rows = meta.list("accounts").unwrap();
    drop(meta);
    let (mut rng, mut found) = (Rng(8), 0);
    let length = disk.bytes("meta.redb").len() as u64;
    for _ in 0..100 {
        let disk = disk.kill();
        disk.flip_bit("meta.redb", rng.below(length * 8));
        match Meta::open(&disk).and_then(|meta| meta.list("accounts")) {
            Ok(read) => assert_eq!(read, rows),
            Err(error) => {
                assert_eq!(error.code(), "STO-014");
                found += 1;
            }
        }
    }
    assert!(found > 0);
}
