//! What a depot does for whoever uses it, with a sound disk and with a damaged one.

#[path = "support/depot.rs"]
mod depot_world;
mod support;

use depot_world::{Model, apply, rows};
use proptest::prelude::*;
use std::sync::Arc;
use support::Rng;
use twin_store::Error;
use twin_store::backend::crash::CrashDisk;
use twin_store::backend::{Backend, Disk, Memory};
use twin_store::depot::{Change, Depot, Options, Report, Urgency};

fn put(key: &str, value: impl Into<Vec<u8>>) -> Change {
    let (key, value) = (key.as_bytes().to_vec(), value.into());
    Change::Put { key, value }
}

fn delete(key: &str) -> Change {
    let key = key.as_bytes().to_vec();
    Change::Delete { key }
}

fn open(disk: &(impl Backend + Clone), options: Options) -> (Depot, Report) {
    Depot::open(Arc::new(disk.clone()), options).unwrap()
}

fn small_segments() -> Options {
    Options {
        segment_bytes: 2000,
        ..Options::default()
    }
}

fn get(depot: &Depot, key: &str) -> Option<Vec<u8>> {
    depot.reader().get(key.as_bytes()).unwrap()
}

fn newest(disk: &impl Backend) -> String {
    let mut names = disk.list().unwrap();
    names.retain(|name| !name.contains("manifest"));
    names.pop().unwrap()
}

#[test]
fn rows_are_put_replaced_deleted_and_there_again() {
    let disk = Memory::new();
    let (mut depot, report) = open(&disk, Options::default());
    assert!(report.created && !report.lost_tail);
    let group = [
        put("a/1", "x"),
        put("a/2", ""),
        put("b/1", "y"),
        put("a/1", "z"),
    ];
    depot.append(&group, Urgency::Ordinary).unwrap();
    depot
        .append(&[delete("b/1"), delete("b/2")], Urgency::Urgent)
        .unwrap();
    for _ in 0..2 {
        assert_eq!(get(&depot, "a/1").as_deref(), Some(b"z".as_slice()));
        assert_eq!(get(&depot, "a/2").as_deref(), Some(b"".as_slice()));
        assert_eq!(get(&depot, "b/1"), None);
        assert_eq!(depot.reader().keys(b"a/"), [b"a/1", b"a/2"]);
        assert_eq!(depot.reader().len(), 2);
        drop(depot);
        let (again, report) = open(&disk, Options::default());
        let expected = Report {
            rows: 2,
            segments: 1,
            ..Report::default()
        };
        assert_eq!(report, expected);
        depot = again;
    }
    let second = Depot::open(Arc::new(disk), Options::default());
    assert!(matches!(second, Err(Error::Locked { .. })));
}

#[test]
fn what_does_not_fit_is_refused_whole() {
    let (mut depot, _) = open(&Memory::new(), Options::default());
    for bad in [
        put("", "x"),
        put(&"k".repeat(65), "x"),
        put("k", vec![0; (128 << 10) + 1]),
        delete(""),
    ] {
        let refused = depot.append(&[put("good", "x"), bad], Urgency::Ordinary);
        assert_eq!(refused.unwrap_err().code(), "STO-023");
    }
    assert!(depot.reader().is_empty());
    let largest = put(&"k".repeat(64), vec![7; 128 << 10]);
    depot.append(&[largest], Urgency::Ordinary).unwrap();
    assert_eq!(get(&depot, &"k".repeat(64)), Some(vec![7; 128 << 10]));
}

#[test]
fn a_walk_goes_on_behind_a_key_and_stops_when_told() {
    use std::ops::ControlFlow;
    let (mut depot, _) = open(&Memory::new(), Options::default());
    let many: Vec<Change> = (0..2000)
        .map(|i| put(&format!("m/{i:04}"), format!("{i}")))
        .collect();
    depot.append(&many, Urgency::Ordinary).unwrap();
    let mut seen = Vec::new();
    let walked = depot.reader().walk(b"m/", Some(b"m/0997"), |_, value| {
        seen.push(String::from_utf8(value.to_vec()).unwrap());
        if seen.len() == 700 {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    walked.unwrap();
    assert_eq!((seen[0].as_str(), seen[699].as_str()), ("998", "1697"));
    let mut n = 0;
    depot.reader().scan(b"m/1", |_, _| n += 1).unwrap();
    assert_eq!(n, 1000);
}

#[test]
fn compaction_gives_space_back_and_forgets_deletes() {
    let disk = Memory::new();
    let (mut depot, _) = open(&disk, small_segments());
    for i in 0..200 {
        let group = [
            put(&format!("k{}", i % 10), vec![i as u8; 300]),
            put("gone", "x"),
        ];
        depot.append(&group, Urgency::Urgent).unwrap();
    }
    depot.append(&[delete("gone")], Urgency::Urgent).unwrap();
    for i in 200..240 {
        let group = [put(&format!("k{}", i % 10), vec![i as u8; 300])];
        depot.append(&group, Urgency::Urgent).unwrap();
    }
    let before = depot.usage();
    while depot.tidy().unwrap() {}
    let after = depot.usage();
    assert!(
        before.used_bytes > 60_000 && after.used_bytes < 8_000,
        "{before:?} {after:?}"
    );
    // Ten rows, and nothing for the one that is gone.
    assert_eq!(after.index_bytes, 10 * (96 + 2));
    drop(depot);
    let depot = open(&disk, small_segments()).0;
    assert_eq!(rows(&depot).unwrap().len(), 10);
    assert_eq!(get(&depot, "k3"), Some(vec![233; 300]));
    assert_eq!(depot.usage().index_bytes, after.index_bytes);
}

#[test]
fn what_was_deleted_is_nowhere_after_a_purge() {
    let disk = Memory::new();
    let (mut depot, _) = open(&disk, small_segments());
    let secret = b"a key that opens what Anna said".to_vec();
    for i in 0..20 {
        let group = [
            put(&format!("k{i}"), vec![i; 150]),
            put("s", secret.clone()),
        ];
        depot.append(&group, Urgency::Ordinary).unwrap();
    }
    depot.append(&[delete("s")], Urgency::Ordinary).unwrap();
    let on_disk = || {
        disk.list().unwrap().iter().any(|name| {
            let file = disk.open(name).unwrap();
            let mut bytes = vec![0; file.len().unwrap() as usize];
            file.read_at(0, &mut bytes).unwrap();
            bytes.windows(secret.len()).any(|window| window == secret)
        })
    };
    assert!(on_disk());
    assert!(depot.purge().unwrap());
    assert!(!on_disk());
    assert_eq!(rows(&depot).unwrap().len(), 20);
    drop(depot);
    assert_eq!(rows(&open(&disk, small_segments()).0).unwrap().len(), 20);
}

/// Appending alone keeps the depot from growing: compaction rides along.
#[test]
fn appending_alone_keeps_a_bounded_size() {
    let (mut depot, _) = open(
        &Memory::new(),
        Options {
            segment_bytes: 64 << 10,
            ..Options::default()
        },
    );
    let mut rng = Rng(7);
    let mut most = 0;
    for i in 0..20_000_u32 {
        let key = if i < 300 {
            format!("cold{i}")
        } else {
            format!("hot{}", rng.below(300))
        };
        depot
            .append(&[put(&key, vec![i as u8; 400])], Urgency::Ordinary)
            .unwrap();
        most = most.max(depot.usage().used_bytes);
    }
    let live = 600 * 416;
    assert!(most < 4 * live, "{most} bytes for {live}");
}

#[test]
fn the_budget_keeps_a_share_for_the_urgent_and_takes_deletes() {
    let options = Options {
        segment_bytes: 8 << 10,
        disk_budget_bytes: 64 << 10,
        ..Options::default()
    };
    let (mut depot, _) = open(&Memory::new(), options);
    let fill = |depot: &mut Depot, urgency| {
        for i in 0.. {
            let key = format!("{urgency:?}{i}");
            if let Err(e) = depot.append(&[put(&key, vec![1; 1000])], urgency) {
                assert_eq!(e.code(), "STO-022");
                assert!(e.is_retryable());
                return i;
            }
        }
        0
    };
    let ordinary = fill(&mut depot, Urgency::Ordinary);
    let urgent = fill(&mut depot, Urgency::Urgent);
    assert!(
        (48..=54).contains(&ordinary) && (6..=9).contains(&urgent),
        "{ordinary} {urgent}"
    );
    let deletes: Vec<Change> = (0..40).map(|i| delete(&format!("Ordinary{i}"))).collect();
    depot.append(&deletes, Urgency::Ordinary).unwrap();
    while depot.tidy().unwrap() {}
    assert!(depot.usage().used_bytes < 40 << 10, "{:?}", depot.usage());
    depot
        .append(&[put("again", vec![1; 1000])], Urgency::Ordinary)
        .unwrap();
}

#[test]
fn memory_for_keys_has_a_budget() {
    let options = Options {
        index_budget_bytes: 1000,
        ..Options::default()
    };
    let (mut depot, _) = open(&Memory::new(), options);
    let refused = (0..20).find_map(|i| {
        depot
            .append(&[put(&format!("{i}"), "")], Urgency::Urgent)
            .err()
    });
    assert!(refused.unwrap().to_string().contains("of memory"));
    assert!(depot.usage().index_bytes <= 1000);
}

#[test]
fn a_full_disk_refuses_whole_and_takes_more_when_there_is_room() {
    let disk = CrashDisk::new(1);
    let (mut depot, _) = open(&disk, small_segments());
    depot.append(&[put("a", "1")], Urgency::Ordinary).unwrap();
    disk.fill();
    for _ in 0..3 {
        let refused = depot.append(&[put("a", "2"), put("b", vec![1; 3000])], Urgency::Ordinary);
        assert!(matches!(refused, Err(Error::Full(_))), "{refused:?}");
        assert_eq!(
            (get(&depot, "a"), get(&depot, "b")),
            (Some(b"1".to_vec()), None)
        );
    }
    disk.make_space();
    depot.append(&[put("a", "3")], Urgency::Ordinary).unwrap();
    drop(depot);
    let (depot, report) = open(&disk.power_cut(), small_segments());
    assert!(report.problems.is_empty());
    assert_eq!(get(&depot, "a"), Some(b"3".to_vec()));
}

/// PostgreSQL asked again after a failed sync, was told that all is well, and lost what
/// the kernel had dropped (2018).
#[test]
fn after_a_failed_sync_nothing_is_taken_until_it_is_opened_again() {
    for seed in 0..50 {
        let disk = CrashDisk::new(seed);
        let (mut depot, _) = open(&disk, Options::default());
        depot
            .append(&[put("a", vec![1; 900])], Urgency::Ordinary)
            .unwrap();
        disk.fail_next_sync();
        for _ in 0..2 {
            let stopped = depot
                .append(&[put("b", vec![2; 900])], Urgency::Urgent)
                .unwrap_err();
            assert_eq!(stopped.code(), "STO-021");
        }
        assert_eq!(get(&depot, "b"), None);
        drop(depot);
        // What the group's opening shows must stay, whatever the kernel had dropped.
        let (mut depot, report) = open(&disk, Options::default());
        let shown = get(&depot, "b");
        assert!(!report.lost_tail && get(&depot, "a").is_some());
        depot.append(&[put("c", "3")], Urgency::Ordinary).unwrap();
        drop(depot);
        let (depot, report) = open(&disk.power_cut(), Options::default());
        assert!(report.problems.is_empty() && get(&depot, "c").is_some());
        assert_eq!(get(&depot, "b"), shown);
    }
}

/// A disk with three closed segments and an open one, and its rows.
fn filled() -> (CrashDisk, Model) {
    let disk = CrashDisk::new(3);
    let (mut depot, _) = open(&disk, small_segments());
    for i in 0..12 {
        let group: Vec<Change> = (0..3)
            .map(|j| put(&format!("{i:02}/{j}"), vec![i + 1; 200]))
            .collect();
        depot.append(&group, Urgency::Ordinary).unwrap();
    }
    assert_eq!(newest(&disk), "depot-00000006.seg");
    let model = rows(&depot).unwrap();
    (disk, model)
}

#[test]
fn any_flipped_bit_is_found_and_what_is_whole_stays() {
    let (sound, model) = filled();
    let mut rng = Rng(11);
    for name in sound.list().unwrap() {
        let bits = sound.bytes(&name).len() as u64 * 8;
        for _ in 0..120 {
            let disk = sound.kill();
            disk.flip_bit(&name, rng.below(bits));
            let (mut depot, report) = open(&disk, small_segments());
            let reader = depot.reader();
            let (mut found, mut whole) = (!report.problems.is_empty(), 0);
            for (key, value) in &model {
                match reader.get(key) {
                    Ok(Some(there)) => {
                        assert_eq!(there, *value);
                        whole += 1;
                    }
                    Ok(None) => assert!(report.lost_tail, "a row is gone without a word"),
                    Err(e) => {
                        assert_eq!(e.code(), "STO-019");
                        assert_eq!(reader.verify().len(), 1);
                        found = true;
                    }
                }
            }
            let in_manifest = name.starts_with("depot-manifest");
            // Padding holds nothing, and one manifest suffices.
            assert!(found || whole == model.len(), "{name}");
            assert!(
                whole + 3 >= model.len() || in_manifest,
                "{whole} rows are left"
            );
            depot
                .append(&[put("after", "1")], Urgency::Ordinary)
                .unwrap();
            drop(depot);
            let (depot, again) = open(&disk, small_segments());
            assert_eq!(
                again.lost_tail, report.lost_tail,
                "told until it is accepted"
            );
            assert!(get(&depot, "after").is_some());
        }
    }
}

#[test]
fn a_loss_is_told_until_it_is_accepted() {
    let (disk, model) = filled();
    disk.remove("depot-00000002.seg").unwrap();
    for _ in 0..2 {
        let (depot, report) = open(&disk, small_segments());
        assert!(report.lost_tail);
        assert_eq!(rows(&depot).unwrap().len(), model.len() - 6);
    }
    let (mut depot, _) = open(&disk, small_segments());
    depot.accept_loss().unwrap();
    drop(depot);
    let (_, report) = open(&disk, small_segments());
    assert!(
        !report.lost_tail && report.problems.is_empty(),
        "{report:?}"
    );
}

#[test]
fn fewer_files_than_listed_are_missed() {
    let missing = |names: &[&str]| {
        let (disk, _) = filled();
        for name in names {
            disk.remove(name).unwrap();
        }
        let (mut depot, report) = open(&disk, small_segments());
        depot
            .append(&[put("after", "1")], Urgency::Ordinary)
            .unwrap();
        let codes: Vec<_> = report.problems.iter().map(|problem| problem.code).collect();
        (report.lost_tail, codes.join(" "))
    };
    let lost = |codes: &str| (true, codes.to_owned());
    assert_eq!(missing(&["depot-00000006.seg"]), lost("STO-020"));
    assert_eq!(
        missing(&["depot-00000001.seg", "depot-00000003.seg"]),
        lost("STO-020 STO-020")
    );
    assert_eq!(
        missing(&["depot-manifest-a", "depot-manifest-b"]),
        lost("STO-020")
    );
    let one_manifest = missing(&["depot-manifest-a"]);
    assert!(
        !one_manifest.0 || one_manifest == lost("STO-020"),
        "{one_manifest:?}"
    );
}

/// A disk that loses what it has confirmed: the end of the newest segment.
#[test]
fn a_segment_that_was_cut_below_what_the_manifest_knows_is_missed() {
    let (disk, _) = filled();
    drop(open(&disk, small_segments()));
    let name = newest(&disk);
    disk.open(&name).unwrap().set_len(64).unwrap();
    let (_, report) = open(&disk, small_segments());
    assert!(report.lost_tail);
    assert_eq!(report.problems[0].code, "STO-020");
}

#[test]
fn a_newer_depot_is_not_opened() {
    let (disk, _) = filled();
    let name = "depot-00000001.seg";
    let mut header = disk.bytes(name)[..64].to_vec();
    header[8] = 2;
    let crc = crc32(&header[..60]);
    header[60..].copy_from_slice(&crc.to_le_bytes());
    disk.open(name).unwrap().write_at(0, &header).unwrap();
    let opened = Depot::open(Arc::new(disk), small_segments());
    assert!(matches!(opened, Err(Error::NewerVersion { found: 2, .. })));
}

/// CRC-32 (IEEE 802.3), bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[test]
fn a_copy_is_of_one_instant_while_writing_goes_on() {
    let (mut depot, _) = open(&Memory::new(), small_segments());
    let pair = |i: u32| [put("left", format!("{i}")), put("right", format!("{i}"))];
    depot.append(&pair(0), Urgency::Ordinary).unwrap();
    let reader = depot.reader();
    let copier = std::thread::spawn(move || {
        for _ in 0..50 {
            let copy = Memory::new();
            reader.copy_to(&copy).unwrap();
            assert_eq!(reader.copy_to(&copy).unwrap_err().code(), "STO-017");
            let (copied, report) = open(&copy, Options::default());
            assert!(!report.lost_tail && !report.created && report.problems.is_empty());
            assert_eq!(get(&copied, "left"), get(&copied, "right"));
        }
    });
    let mut i = 0;
    while !copier.is_finished() {
        i += 1;
        depot.append(&pair(i), Urgency::Ordinary).unwrap();
    }
    copier.join().unwrap();
}

#[test]
fn on_a_real_disk_only_the_owner_reads_and_a_copy_is_another_place() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let (here, there) = (parent.path().join("depot"), parent.path().join("copy"));
    let disk = Disk::new(&here).unwrap();
    let place = disk.place_id().unwrap();
    let (mut depot, _) = open(&disk, Options::default());
    depot
        .append(&[put("key", "secret")], Urgency::Ordinary)
        .unwrap();
    let copy = Disk::new(&there).unwrap();
    depot.reader().copy_to(&copy).unwrap();
    for file in [&here, &there]
        .iter()
        .flat_map(|path| std::fs::read_dir(path).unwrap())
    {
        let file = file.unwrap();
        if file.file_name() != "lock" {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
    drop(depot);
    let (depot, _) = open(&copy, Options::default());
    assert_eq!(get(&depot, "key"), Some(b"secret".to_vec()));
    assert_eq!(Disk::new(&here).unwrap().place_id().unwrap(), place);
    assert_ne!(copy.place_id().unwrap(), place);
    // Emptied and filled again, it is another place too.
    std::fs::remove_file(here.join("lock")).unwrap();
    assert_ne!(disk.place_id().unwrap(), place);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The depot is a map, whatever is done to it and however often it is opened.
    #[test]
    fn it_is_a_map(seed: u64, segment_bytes in 300_u64..6000, steps in 1_usize..60) {
        let options = Options { segment_bytes, ..Options::default() };
        let disk = Memory::new();
        let (mut depot, _) = open(&disk, options);
        let (mut rng, mut model) = (Rng(seed), Model::new());
        for _ in 0..steps {
            let changes = depot_world::changes(&mut rng);
            let urgency = [Urgency::Ordinary, Urgency::Urgent][rng.below(2) as usize];
            depot.append(&changes, urgency).unwrap();
            apply(&mut model, &changes);
            match rng.below(6) {
                0 => { depot.tidy().unwrap(); }
                1 => {
                    drop(depot);
                    depot = open(&disk, options).0;
                }
                2 => while depot.tidy().unwrap() {},
                _ => {}
            }
            prop_assert_eq!(&rows(&depot).unwrap(), &model);
        }
    }
}
