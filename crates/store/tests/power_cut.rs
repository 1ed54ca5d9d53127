//! CLAIMS-SURVIVE on a disk that drops, tears and reorders what was not synced, fails a
//! sync, runs full and writes short. `examples/power_cut.rs` runs the same by the
//! thousand.

#[path = "support/power_cut.rs"]
mod power_cut_world;
mod support;

use power_cut_world as world;

#[test]
fn nothing_acknowledged_is_lost() {
    let mut sum = world::Run::default();
    for seed in 0..400 {
        match world::run(seed) {
            Ok(run) => {
                sum.cuts += run.cuts;
                sum.kills += run.kills;
                sum.logs_removed += run.logs_removed;
                sum.torn += run.torn;
                sum.refused += run.refused;
                sum.acknowledged += run.acknowledged;
            }
            Err(what) => panic!("seed {seed}: {what}"),
        }
    }
    // The simulation must do what it is for.
    assert!(
        sum.kills > 100 && sum.torn > 20 && sum.refused > 500 && sum.logs_removed > 5,
        "{sum:?}"
    );
}

#[test]
fn a_disk_that_is_full_at_any_write_loses_nothing() {
    for seed in 0..6 {
        let mut at = 1;
        while let Some(_run) =
            world::run_full_at(seed, at).unwrap_or_else(|what| panic!("seed {seed}, {at}: {what}"))
        {
            at += 1;
        }
        assert!(at > 3);
    }
}

/// A header written in two calls, because the first was short, came back from a power cut
/// with its first bytes only: neither blank nor whole, it was taken for damage, and the
/// store did not open. Since then nothing is written on after a short write.
#[test]
fn a_short_write_is_never_continued() {
    world::run(7_002_830).unwrap();
}
