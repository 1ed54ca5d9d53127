//! Lives of a store on a simulated disk that loses power, by the thousand.
//!
//! `cargo run --release -p twin-store --example power_cut -- --runs 10000 --seed 1 --json`
//!
//! Every run opens a store some times, appends groups of batches of every shape, and is
//! cut off: unsynced writes and names are dropped, torn or reordered, syncs fail, writes
//! are short, the disk fills up, the process alone dies, power goes in the middle of a
//! recovery, of sealing and of snapshots. After each cut the store must open and hold
//! what was acknowledged, in order, without gaps, nothing half. Then the disk is full at
//! every single write of some workloads.

#[path = "../tests/support/mod.rs"]
mod support;
#[path = "../tests/support/power_cut.rs"]
mod world;

use std::process::ExitCode;

#[derive(Debug, Default)]
struct Sum {
    runs: u64,
    cuts: u64,
    kills: u64,
    torn: u64,
    refused: u64,
    acknowledged: u64,
    logs_removed: u64,
    full_positions: u64,
    failed: u64,
    first_failure: Option<String>,
}

impl Sum {
    fn add(&mut self, label: &str, result: Result<world::Run, String>) {
        self.runs += 1;
        match result {
            Ok(run) => {
                self.cuts += run.cuts;
                self.kills += run.kills;
                self.torn += run.torn;
                self.refused += run.refused;
                self.acknowledged += run.acknowledged;
                self.logs_removed += run.logs_removed;
            }
            Err(what) => {
                self.failed += 1;
                self.first_failure.get_or_insert(format!("{label}: {what}"));
            }
        }
    }
}

/// Workloads whose every write is once the one at which the disk is full.
const FULL_DISK_SEEDS: u64 = 20;

#[allow(clippy::print_stdout, reason = "the result of this program")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str, default: u64| -> u64 {
        let at = arguments.iter().position(|a| a == name);
        let text = at.and_then(|at| arguments.get(at + 1));
        text.and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (runs, seed) = (number("--runs", 1000), number("--seed", 1));
    let mut sum = Sum::default();
    for i in 0..runs {
        let seed = seed.wrapping_mul(1_000_003).wrapping_add(i);
        sum.add(&format!("seed {seed}"), world::run(seed));
    }
    for seed in 0..FULL_DISK_SEEDS {
        let mut at = 1;
        loop {
            match world::run_full_at(seed, at) {
                Ok(None) => break,
                Ok(Some(run)) => sum.add("", Ok(run)),
                Err(what) => {
                    sum.add(&format!("full disk seed {seed} at write {at}"), Err(what));
                    break;
                }
            }
            sum.full_positions += 1;
            at += 1;
        }
    }
    if arguments.iter().any(|a| a == "--json") {
        let failure = sum.first_failure.as_ref();
        let failure = failure.map_or("null".to_owned(), |text| format!("{text:?}"));
        println!(
            "{{\"runs\":{},\"cuts\":{},\"kills\":{},\"torn\":{},\"refused\":{},\
             \"acknowledged_batches\":{},\"logs_removed\":{},\"full_disk_positions\":{},\"lost\":{},\
             \"first_failure\":{failure}}}",
            sum.runs,
            sum.cuts,
            sum.kills,
            sum.torn,
            sum.refused,
            sum.acknowledged,
            sum.logs_removed,
            sum.full_positions,
            sum.failed,
        );
    } else {
        println!("{sum:#?}");
    }
    if sum.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
