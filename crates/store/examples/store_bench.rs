//! How fast the store is, beside the disk it stands on.
//!
//! `cargo run --release -p twin-store --example store_bench -- --json [--dir DIR] [--claims N]`
//!
//! Appending is timed beside the bare write and fdatasync of the same bytes, in turns in
//! the same run, because disks of shared machines are not steady.

#[path = "../tests/support/mod.rs"]
mod support;

use std::fs;
use std::hint::black_box;
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};
use support::{Maker, Rng};
use twin_model::CommitNumber;
use twin_store::backend::{Disk, Memory};
use twin_store::{Batch, Options, Range, open};

const ROOMS: usize = 2000;
const SNAPSHOT_BYTES: usize = 400 << 20;

#[derive(Debug)]
struct Result {
    name: String,
    values: Vec<(&'static str, f64)>,
}

#[allow(clippy::print_stdout, reason = "the result of this program")]
fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let text = |name: &str| {
        let at = arguments.iter().position(|a| a == name)?;
        arguments.get(at + 1).cloned()
    };
    let claims = text("--claims")
        .and_then(|n| n.parse().ok())
        .unwrap_or(2_000_000);
    let directory = match text("--dir") {
        Some(place) => tempfile::tempdir_in(place),
        None => tempfile::tempdir(),
    };
    let directory = directory.expect("a directory to work in");
    let mut results: Vec<Result> = [1, 64, 1000, 10_000]
        .into_iter()
        .map(|n| appending(&directory.path().join(format!("append-{n}")), n))
        .collect();
    results.push(encoding(claims.min(1_000_000)));
    results.extend(history(&directory.path().join("history"), claims));
    let json = arguments.iter().any(|a| a == "--json");
    for result in &results {
        let values: Vec<String> = result
            .values
            .iter()
            .map(|(name, value)| format!("\"{name}\":{value:.3}"))
            .collect();
        if json {
            println!("{{\"bench\":\"{}\",{}}}", result.name, values.join(","));
        } else {
            println!("{:24} {}", result.name, values.join("  "));
        }
    }
}

fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    #[allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
    let begin = Instant::now();
    let result = run();
    (result, begin.elapsed())
}

fn percentile_us(times: &mut [Duration], share: f64) -> f64 {
    times.sort_unstable();
    let at = ((times.len() - 1) as f64 * share) as usize;
    times[at].as_secs_f64() * 1e6
}

/// Appends of `n` claims, in turns with bare writes of as many bytes.
fn appending(directory: &Path, n: usize) -> Result {
    let rounds = (200_000 / n).clamp(60, 1500);
    let mut maker = Maker::new(1, ROOMS);
    let batches: Vec<Batch> = (0..rounds).map(|_| maker.readings(n)).collect();
    let mut opened = open(Disk::new(directory).unwrap(), Options::default()).unwrap();
    let bare = fs::File::create(directory.join("bare")).unwrap();
    let (mut store_times, mut bare_times) = (Vec::new(), Vec::new());
    let mut bare_at = 0;
    for batch in &batches {
        let before = opened.writer.budget().used_bytes;
        let (commit, time) = timed(|| opened.writer.append(std::slice::from_ref(batch)));
        commit.unwrap();
        store_times.push(time);
        let bytes = opened.writer.budget().used_bytes - before;
        let noise: Vec<u8> = (0..bytes).map(|i| (i * 37) as u8).collect();
        let ((), time) = timed(|| {
            bare.write_all_at(&noise, bare_at).unwrap();
            bare.sync_data().unwrap();
        });
        bare_at += bytes;
        bare_times.push(time);
    }
    let total = |times: &[Duration]| times.iter().sum::<Duration>().as_secs_f64();
    let (store_s, bare_s) = (total(&store_times), total(&bare_times));
    let claims = (rounds * n) as f64;
    Result {
        name: format!("append_{n}"),
        values: vec![
            ("claims_per_s", claims / store_s),
            ("bare_claims_per_s", claims / bare_s),
            ("share_of_bare", bare_s / store_s),
            ("p50_us", percentile_us(&mut store_times, 0.5)),
            ("p99_us", percentile_us(&mut store_times, 0.99)),
            ("bare_p50_us", percentile_us(&mut bare_times, 0.5)),
            ("bare_p99_us", percentile_us(&mut bare_times, 0.99)),
            ("bytes_per_claim", bare_at as f64 / claims),
        ],
    }
}

/// Appending without a disk: what the processor has to do.
fn encoding(claims: usize) -> Result {
    let mut values = Vec::new();
    for (name, n) in [("batch_1", 1), ("batch_64", 64), ("batch_1000", 1000)] {
        let count = if n == 1 { claims / 4 } else { claims };
        let mut maker = Maker::new(1, ROOMS);
        let batches: Vec<Batch> = (0..count / n).map(|_| maker.readings(n)).collect();
        let mut opened = open(Memory::new(), Options::default()).unwrap();
        let ((), time) = timed(|| {
            for group in batches.chunks(1000 / n.min(1000)) {
                opened.writer.append(group).unwrap();
            }
        });
        values.push((name, count as f64 / time.as_secs_f64()));
    }
    Result {
        name: "encode_claims_per_s".to_owned(),
        values,
    }
}

/// Recovery, snapshots, sealing and questions, on a store of `claims` claims.
fn history(directory: &Path, claims: usize) -> Vec<Result> {
    let mut maker = Maker::new(1, ROOMS);
    let disk = Disk::new(directory).unwrap();
    let mut opened = open(disk.clone(), Options::default()).unwrap();
    for _ in 0..claims / 10_000 {
        let group: Vec<Batch> = (0..10).map(|_| maker.readings(1000)).collect();
        opened.writer.append(&group).unwrap();
    }
    let log_bytes = opened.writer.budget().used_bytes as f64;
    drop(opened);
    let (mut opened, open_time) = timed(|| open(disk.clone(), Options::default()).unwrap());
    let (read, tail_time) = timed(|| {
        let batches = opened.tail.by_ref().map(|item| item.unwrap().1);
        batches
            .map(|batch| black_box(batch).claims.len())
            .sum::<usize>()
    });
    let rate = |n: usize, time: Duration| n as f64 / time.as_secs_f64();
    let mut results = vec![Result {
        name: "recover".to_owned(),
        values: vec![
            ("claims_per_s", rate(read, tail_time)),
            ("open_ms", open_time.as_secs_f64() * 1e3),
            ("log_bytes_per_claim", log_bytes / read as f64),
        ],
    }];
    results.push(questions("why_from_log", &opened.reader, &maker));

    opened.maintenance.close_log().unwrap();
    let (done, time) = timed(|| opened.maintenance.seal().unwrap());
    let parquet: u64 = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_name().to_string_lossy().ends_with(".parquet"))
        .map(|entry| entry.metadata().unwrap().len())
        .sum();
    results.push(Result {
        name: "seal".to_owned(),
        values: vec![
            ("claims_per_s", rate(done.claims_sealed as usize, time)),
            (
                "parquet_bytes_per_claim",
                parquet as f64 / done.claims_sealed as f64,
            ),
            ("segments", done.logs_sealed as f64),
        ],
    });
    results.push(questions("why_from_segments", &opened.reader, &maker));
    let (problems, time) = timed(|| opened.maintenance.verify());
    assert!(problems.is_empty(), "{problems:?}");
    results.push(Result {
        name: "verify".to_owned(),
        values: vec![("seconds", time.as_secs_f64())],
    });
    results.push(snapshots(&opened, &disk));
    results
}

fn questions(name: &str, reader: &twin_store::Reader, maker: &Maker) -> Result {
    let mut rng = Rng(3);
    let mut ask = |limit| {
        let room = maker.room(rng.below(ROOMS as u64) as usize);
        let found = reader.claims(&room, &maker.temperature(), Range::ALL, limit);
        black_box(found.unwrap().len())
    };
    let (_, first) = timed(|| ask(100));
    let mut newest: Vec<_> = (0..100).map(|_| timed(|| ask(100)).1).collect();
    let mut all: Vec<_> = (0..100).map(|_| timed(|| ask(usize::MAX)).1).collect();
    Result {
        name: name.to_owned(),
        values: vec![
            ("first_ms", first.as_secs_f64() * 1e3),
            ("newest_100_p50_us", percentile_us(&mut newest, 0.5)),
            ("newest_100_p99_us", percentile_us(&mut newest, 0.99)),
            ("all_p50_us", percentile_us(&mut all, 0.5)),
        ],
    }
}

fn snapshots(opened: &twin_store::Opened, disk: &Disk) -> Result {
    let piece: Vec<u8> = (0..4096_u32).map(|i| (i * i / 7) as u8).collect();
    let commit: CommitNumber = opened.reader.commit();
    let (written, write_time) = timed(|| {
        opened
            .snapshots
            .write(commit, 1, &mut |out: &mut dyn Write| {
                (0..SNAPSHOT_BYTES / piece.len()).try_for_each(|_| out.write_all(&piece))
            })
    });
    written.unwrap();
    let place = disk.directory().to_path_buf();
    let copy = Disk::new(place.join("copy")).unwrap();
    for entry in fs::read_dir(&place).unwrap() {
        let path = entry.unwrap().path();
        let wanted = ["snap-", "log-", "manifest", "seg-"];
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if wanted.iter().any(|start| name.starts_with(start)) {
            fs::copy(&path, copy.directory().join(name)).unwrap();
        }
    }
    let (mut again, open_time) = timed(|| open(copy, Options::default()).unwrap());
    let mut snapshot = again.snapshot.take().unwrap();
    let (bytes, read_time) = timed(|| {
        let (mut buffer, mut sum) = (vec![0; 1 << 16], 0);
        loop {
            let n = snapshot.read(&mut buffer).unwrap();
            if n == 0 {
                return sum;
            }
            sum += n;
            black_box(&buffer);
        }
    });
    let rate = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
    Result {
        name: "snapshot".to_owned(),
        values: vec![
            ("write_mb_per_s", rate(write_time)),
            ("read_mb_per_s", rate(read_time)),
            ("open_with_check_mb_per_s", rate(open_time)),
        ],
    }
}
