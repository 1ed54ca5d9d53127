//! Some nodes live through what can go wrong. At the end everything that counts is
//! everywhere, once, and nothing is missing unnoticed.
//!
//! A seed that fails here becomes a test of its own that tells its story.

use twin_sim::bare::Bare;
use twin_sim::full::Full;
use twin_sim::history::{history, live};
use twin_sim::node::Node;
use twin_sim::world::World;

/// How many are lived through; `TWIN_HISTORIES` asks for more, `TWIN_SEED` for another
/// first one.
const HISTORIES: u64 = 200;

fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn live_through<N: Node>(histories: u64, make: fn(u64) -> World<N>) {
    let first = asked("TWIN_SEED").unwrap_or(0);
    let histories = asked("TWIN_HISTORIES").unwrap_or(histories);
    let (mut due, mut failed) = (0, Vec::new());
    for seed in first..first + histories {
        let (lived, _) = live(make(seed));
        due += lived.due;
        if !lived.violations.is_empty() {
            let n = lived.violations.len();
            println!("seed {seed}: {n}, first {}", lived.violations[0]);
            failed.push(seed);
        }
    }
    println!("{due} deliveries were due in {histories} histories");
    assert_eq!(failed, [0; 0]);
}

#[test]
fn what_counts_is_everywhere_once() {
    live_through(HISTORIES, |seed| history(seed, false, Bare::new));
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..5 {
        let one = live(history(seed, true, Full::new)).1;
        let other = live(history(seed, true, Full::new)).1;
        assert!(one.trace().len() > 1000);
        assert_eq!(one.trace(), other.trace(), "seed {seed}");
    }
}
