//! Some nodes live through what can go wrong. At the end everything that counts is
//! everywhere, once, and nothing is missing unnoticed.
//!
//! A seed that fails here becomes a test of its own that tells its story.

use rayon::prelude::*;
use twin_sim::bare::Bare;
use twin_sim::full::Full;
use twin_sim::history::{Lived, history, live};
use twin_sim::node::Node;
use twin_sim::world::World;

/// How many whole nodes live through; `TWIN_HISTORIES` asks for more, `TWIN_SEED` for another
/// first one.
const HISTORIES: u64 = 200;
/// The same of nodes that are nothing but the protocol, whose keys can be taken back: it is in
/// others' tests, too.
const BARE_HISTORIES: u64 = 40;

fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn live_through<N: Node>(histories: u64, make: fn(u64) -> World<N>) {
    let first = asked("TWIN_SEED").unwrap_or(0);
    let histories = asked("TWIN_HISTORIES").unwrap_or(histories);
    let seeds = (first..first + histories).into_par_iter();
    let lived: Vec<(u64, Lived)> = seeds.map(|seed| (seed, live(make(seed)).0)).collect();
    let due: u64 = lived.iter().map(|(_, lived)| lived.due).sum();
    println!("{due} deliveries were due in {histories} histories");
    let failed = lived.iter().filter(|(_, l)| !l.violations.is_empty());
    let failed = failed.map(|(seed, l)| (seed, l.violations.len(), &l.violations[0]));
    assert_eq!(failed.collect::<Vec<_>>(), []);
}

#[test]
fn what_counts_is_everywhere_once() {
    live_through(HISTORIES, |seed| history(seed, false, Full::new));
}

#[test]
fn the_bare_protocol_brings_all_too() {
    live_through(BARE_HISTORIES, |seed| history(seed, false, Bare::new));
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
