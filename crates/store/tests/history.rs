//! The past: series and claims from log and segments, retention, erasure, snapshots.

mod support;

use std::io::Read;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use support::{Maker, Rng, recorded};
use twin_model::catalogue::Retention;
use twin_model::{Claim, CommitNumber, EntityId, Time};
use twin_store::backend::crash::{CrashDisk, Faults};
use twin_store::backend::{Backend, Disk, Memory};
use twin_store::{Batch, Error, Opened, Options, Range, open};

fn small() -> Options {
    Options {
        segment_bytes: 8192,
        ..Options::default()
    }
}

/// A store with `n` batches, the claims that are in it, and who made them.
fn filled(disk: impl Backend, n: usize) -> (Opened, Vec<Claim>, Maker) {
    let mut maker = Maker::new(7, 8);
    let mut opened = open(disk, small()).unwrap();
    let mut claims = Vec::new();
    for i in 0..n {
        let batch = if i % 2 == 0 {
            maker.mixed(i % 40)
        } else {
            maker.readings(i % 60)
        };
        claims.extend(batch.claims.iter().cloned());
        opened.writer.append(&[batch]).unwrap();
    }
    (opened, claims, maker)
}

fn expected(claims: &[Claim], like: &Claim, range: Range, limit: usize) -> Vec<Claim> {
    let mut found: Vec<_> = claims
        .iter()
        .filter(|claim| {
            claim.statement.entity == like.statement.entity
                && claim.statement.attribute == like.statement.attribute
                && (range.from..=range.until).contains(&claim.statement.observed)
                && claim.recorded <= range.recorded_until
                && claim.id.sequence < range.before_sequence
        })
        .cloned()
        .collect();
    found.sort_by_key(|claim| (claim.statement.observed, claim.id));
    found.drain(..found.len().saturating_sub(limit));
    found
}

fn check_reads(opened: &Opened, claims: &[Claim]) {
    let mut rng = Rng(11);
    for _ in 0..12 {
        let like = &claims[rng.below(claims.len() as u64) as usize];
        let at = like.statement.observed.0;
        let ranges = [
            Range::ALL,
            Range {
                from: Time(at - 20_000_000_000),
                until: Time(at + 5),
                ..Range::ALL
            },
            Range {
                recorded_until: like.recorded,
                ..Range::ALL
            },
            Range {
                before_sequence: like.id.sequence + 1,
                ..Range::ALL
            },
        ];
        for range in ranges {
            for limit in [3, usize::MAX] {
                let (entity, attribute) = (&like.statement.entity, &like.statement.attribute);
                let found = opened
                    .reader
                    .claims(entity, attribute, range, limit)
                    .unwrap();
                assert_eq!(found, expected(claims, like, range, limit));
            }
        }
        assert_eq!(opened.reader.claim(like.id).unwrap().as_ref(), Some(like));
    }
}

#[test]
fn series_are_found_in_log_and_segments_alike() {
    let disk = Memory::new();
    let (opened, claims, _) = filled(disk.clone(), 60);
    check_reads(&opened, &claims);
    let done = opened.maintenance.seal().unwrap();
    assert!(done.logs_sealed > 3 && done.logs_removed == 0, "{done:?}");
    check_reads(&opened, &claims);
    drop(opened);
    let opened = open(disk, small()).unwrap();
    check_reads(&opened, &claims);
    assert_eq!(opened.maintenance.verify(), vec![]);
}

#[test]
fn log_files_go_only_when_two_snapshots_cover_them() {
    let disk = Memory::new();
    let (mut opened, mut claims, mut maker) = filled(disk.clone(), 40);
    let write = |opened: &Opened, commit: CommitNumber| {
        let body = format!("state at {}", commit.0).repeat(100_000);
        opened
            .snapshots
            .write(commit, 1, &mut |out| out.write_all(body.as_bytes()))
            .unwrap();
    };
    write(&opened, CommitNumber(30));
    assert_eq!(opened.maintenance.seal().unwrap().logs_removed, 0);
    let batch = maker.mixed(3);
    claims.extend(batch.claims.iter().cloned());
    let commit = opened.writer.append(&[batch]).unwrap();
    write(&opened, commit);
    assert!(opened.maintenance.seal().unwrap().logs_removed > 0);
    check_reads(&opened, &claims);
    assert_eq!(opened.maintenance.verify(), vec![]);
    drop(opened);

    let mut opened = open(disk.clone(), small()).unwrap();
    let mut snapshot = opened.snapshot.take().unwrap();
    assert_eq!(snapshot.commit(), commit);
    let mut body = String::new();
    snapshot.read_to_string(&mut body).unwrap();
    assert_eq!(body, "state at 41".repeat(100_000));
    assert_eq!(opened.tail.count(), 0);
}

#[test]
fn a_damaged_snapshot_costs_only_a_longer_tail() {
    let disk = CrashDisk::new(1);
    let (mut opened, _, mut maker) = filled(disk.clone(), 10);
    for commit in [4, 8, 10] {
        let body = vec![7; 3000];
        opened
            .snapshots
            .write(CommitNumber(commit), 1, &mut |out| out.write_all(&body))
            .unwrap();
    }
    opened.writer.append(&[maker.mixed(1)]).unwrap();
    drop(opened);
    let newest = "snap-00000000000000000010.snap";
    let mut rng = Rng(5);
    for _ in 0..50 {
        let disk = disk.kill();
        disk.flip_bit(newest, rng.below(disk.bytes(newest).len() as u64 * 8));
        let opened = match open(disk, small()) {
            Ok(opened) => opened,
            Err(error) => panic!("{error}"),
        };
        assert_eq!(opened.snapshot.unwrap().commit(), CommitNumber(8));
        assert_eq!(opened.tail.count(), 3);
        assert!(opened.report.problems[0].starts_with("STO-0"));
    }
}

#[test]
fn retention_takes_one_class_and_leaves_the_others() {
    let disk = Memory::new();
    let (opened, claims, _) = filled(disk.clone(), 60);
    let cutoff = Time(recorded(40).0);
    opened.maintenance.close_log().unwrap();
    let done = opened
        .maintenance
        .retain(&[(Retention::Telemetry, cutoff)])
        .unwrap();
    let kept: Vec<_> = claims
        .iter()
        .filter(|claim| {
            let class = twin_model::catalogue::retention(claim.statement.attribute.as_str());
            class != Retention::Telemetry || claim.statement.observed >= cutoff
        })
        .cloned()
        .collect();
    assert!(done.claims_expired > 100);
    assert_eq!(done.claims_expired, (claims.len() - kept.len()) as u64);
    check_reads(&opened, &kept);
    assert_eq!(opened.maintenance.verify(), vec![]);
    drop(opened);
    check_reads(&open(disk, small()).unwrap(), &kept);
}

#[test]
fn nothing_of_an_erased_twin_is_left_in_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let disk = Disk::new(directory.path()).unwrap();
    let mut maker = Maker::new(3, 8);
    let mut opened = open(disk.clone(), small()).unwrap();
    let mut claims = Vec::new();
    for i in 0..50 {
        claims.extend(maker.readings(20).claims);
        let batch = Batch {
            claims: claims[i * 20..].to_vec(),
            ..maker.clone().readings(0)
        };
        let batch = Batch {
            id: batch.claims[0].batch,
            recorded: batch.claims[0].recorded,
            ..batch
        };
        opened.writer.append(&[batch]).unwrap();
        if i == 25 {
            opened.maintenance.seal().unwrap();
        }
    }
    let subject = maker.room(3);
    let holds = |what: &str| {
        std::fs::read_dir(directory.path()).unwrap().any(|entry| {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            bytes.windows(what.len()).any(|w| w == what.as_bytes())
        })
    };
    assert!(holds(subject.as_str()));
    opened
        .snapshots
        .write(CommitNumber(50), 1001, &mut |out| {
            out.write_all(subject.as_str().as_bytes())
        })
        .unwrap();
    let record = opened
        .maintenance
        .erase(&subject, "she asked for it", Time(5))
        .unwrap();
    let kept: Vec<_> = claims
        .iter()
        .filter(|claim| claim.statement.entity != subject)
        .cloned()
        .collect();
    assert_eq!(record.claims, (claims.len() - kept.len()) as u64);
    assert!(opened.maintenance.is_about(&record, &subject));
    assert!(!opened.maintenance.is_about(&record, &maker.room(4)));
    check_reads(&opened, &kept);
    let batch = maker.clone().mixed(0);
    let commit = opened.writer.append(&[batch]).unwrap();
    opened
        .snapshots
        .write(commit, 1001, &mut |out| out.write_all(b"clean"))
        .unwrap();
    assert!(!holds(subject.as_str()));
    assert_eq!(opened.maintenance.verify(), vec![]);
    // The erased numbers stay used, and the log goes on.
    assert_eq!(opened.writer.next_claim(), maker.next);
    let batch = maker.mixed(2);
    opened.writer.append(std::slice::from_ref(&batch)).unwrap();
    drop(opened);
    let opened = open(disk, small()).unwrap();
    let kept = [kept, batch.claims].concat();
    assert_eq!(opened.maintenance.erasures(), vec![record]);
    check_reads(&opened, &kept);
    let gone = EntityId::new(subject.as_str()).unwrap();
    let left = opened
        .reader
        .claims(&gone, &maker.temperature(), Range::ALL, 10)
        .unwrap();
    assert!(left.iter().all(|claim| claim.id.sequence > 1000));
}

#[test]
fn a_flipped_bit_in_a_segment_is_found() {
    let disk = CrashDisk::new(1);
    let (opened, claims, _) = filled(disk.clone(), 40);
    opened.maintenance.seal().unwrap();
    drop(opened);
    let names = disk.list().unwrap();
    let name = names
        .iter()
        .find(|name| name.contains("telemetry"))
        .unwrap();
    let mut rng = Rng(9);
    for _ in 0..20 {
        let disk = disk.kill();
        disk.flip_bit(name, rng.below(disk.bytes(name).len() as u64 * 8));
        let opened = open(disk, small()).unwrap();
        let problems = opened.maintenance.verify();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].code, "STO-012");
        let like = claims
            .iter()
            .find(|claim| claim.statement.attribute.as_str() == "temperature")
            .unwrap();
        let (entity, attribute) = (&like.statement.entity, &like.statement.attribute);
        let answer = opened
            .reader
            .claims(entity, attribute, Range::ALL, usize::MAX);
        assert!(matches!(answer, Err(Error::SegmentDamaged { .. })));
    }
}

/// Appending, sealing, snapshots and questions at the same time: no question ever misses
/// a claim that was acknowledged before it was asked.
#[test]
fn questions_miss_nothing_while_the_house_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let disk = Disk::new(directory.path()).unwrap();
    let opened = open(disk, small()).unwrap();
    let Opened {
        mut writer,
        reader,
        maintenance,
        snapshots,
        ..
    } = opened;
    let mut maker = Maker::new(5, 8);
    let acknowledged = Mutex::new(Vec::<Claim>::new());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..100 {
                let batch = maker.readings(40);
                writer.append(std::slice::from_ref(&batch)).unwrap();
                acknowledged.lock().unwrap().extend(batch.claims);
            }
            done.store(true, Ordering::SeqCst);
        });
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                maintenance.seal().unwrap();
                let commit = reader.commit();
                snapshots
                    .write(commit, 1, &mut |out| out.write_all(b"state"))
                    .unwrap();
            }
        });
        scope.spawn(|| {
            let mut rng = Rng(2);
            while !done.load(Ordering::SeqCst) {
                let claim = {
                    let claims = acknowledged.lock().unwrap();
                    let Some(_) = claims.first() else { continue };
                    claims[rng.below(claims.len() as u64) as usize].clone()
                };
                let (entity, attribute) = (&claim.statement.entity, &claim.statement.attribute);
                let found = reader.claims(entity, attribute, Range::ALL, usize::MAX);
                assert!(found.unwrap().contains(&claim), "claim {}", claim.id);
                assert_eq!(reader.claim(claim.id).unwrap(), Some(claim));
            }
        });
    });
    assert_eq!(maintenance.verify(), vec![]);
}

/// Power goes at every single step of an erasure; the next start finishes it, and
/// nothing else is lost.
#[test]
fn an_interrupted_erasure_is_finished() {
    let base = CrashDisk::new(6);
    let (opened, claims, maker) = filled(base.clone(), 30);
    opened.maintenance.seal().unwrap();
    drop(opened);
    let subject = maker.room(2);
    let kept: Vec<_> = claims
        .iter()
        .filter(|claim| claim.statement.entity != subject)
        .cloned()
        .collect();
    let (mut at, mut finished_later) = (1, 0);
    loop {
        let disk = base.kill();
        let opened = open(disk.clone(), small()).unwrap();
        disk.set_faults(Faults {
            power_off_at: Some(at),
            ..Faults::default()
        });
        let erased = opened.maintenance.erase(&subject, "law", Time(1));
        drop(opened);
        let disk = disk.power_cut();
        let opened = open(disk.clone(), small()).unwrap();
        if opened.report.erasure_unfinished {
            finished_later += 1;
            opened.maintenance.finish_erasure().unwrap().unwrap();
        }
        assert_eq!(opened.maintenance.verify(), vec![], "power off at {at}");
        if !opened.maintenance.erasures().is_empty() {
            let left = claims
                .iter()
                .filter(|claim| opened.reader.claim(claim.id).unwrap().is_some());
            assert!(left.eq(&kept), "power off at {at}");
        }
        if erased.is_ok() {
            break;
        }
        at += 7;
    }
    assert!(finished_later > 5, "{finished_later}");
}
