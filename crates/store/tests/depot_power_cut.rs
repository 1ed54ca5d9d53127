//! CLAIMS-SURVIVE for a depot, on a disk that drops, tears and reorders what was not
//! synced, fails a sync, runs full and writes short.

#[path = "support/depot.rs"]
mod depot_world;
mod support;

use depot_world as world;

/// A manifest that was cut short by a full disk was whole nevertheless, because its last
/// byte was the same as before. The segment that it listed was taken for never begun, made
/// anew, and had no header when the power went. Since then a manifest in doubt is written
/// again before anything else.
#[test]
fn a_manifest_that_was_refused_is_in_doubt() {
    world::run(1957).unwrap();
}

#[test]
fn no_acknowledged_group_is_lost_and_none_is_half_there() {
    let runs = std::env::var("TWIN_DEPOT_RUNS").map_or(1_000, |n| n.parse().unwrap());
    let mut sum = world::Run::default();
    for seed in 0..runs {
        match world::run(seed) {
            Ok(run) => sum.add(run),
            Err(what) => panic!("seed {seed}: {what}"),
        }
    }
    eprintln!("{sum:?}");
    // The simulation must do what it is for.
    assert!(
        sum.cuts > runs && sum.kills > runs / 2 && sum.torn > runs / 50,
        "{sum:?}"
    );
    assert!(
        sum.refused > runs / 10 && sum.doubtful_kept > runs / 50 && sum.removed > runs,
        "{sum:?}"
    );
}
