//! A checker that finds nothing proves nothing: here are nodes with a fault each, and it
//! must find every one.

use twin_sim::bare::Bare;
use twin_sim::history::{history, live};
use twin_sim::ledger::Violation;
use twin_sim::mutant::{Mutant, Vice};
use twin_sim::node::Node as _;
use twin_sim::search::Search;

/// Histories in which a fault must show; which of them does changes with every order of calls.
const HISTORIES_MAX: u64 = 100;

/// The violations of a history in which every node has the vice.
fn found(vice: Vice, seed: u64) -> Vec<Violation> {
    live(history(seed, false, |at, cast, env| {
        Mutant::new(Bare::new(at, cast, env), vice)
    }))
    .0
    .violations
}

fn check(vice: Vice, is_it: fn(&Violation) -> bool) {
    let shows = |seed| found(vice, seed).iter().any(is_it);
    assert!((0..HISTORIES_MAX).any(shows), "{vice:?} was not found");
}

#[test]
fn honest_nodes_do_nothing_wrong() {
    for seed in 0..12 {
        assert_eq!(found(Vice::None, seed), []);
    }
}

#[test]
fn one_that_delivers_twice_is_found() {
    check(Vice::DeliversTwice, |v| {
        matches!(v, Violation::Duplicate { .. })
    });
}

#[test]
fn one_that_loses_some_is_found() {
    check(Vice::LosesSome, |v| matches!(v, Violation::Missing { .. }));
}

#[test]
fn one_that_alters_is_found() {
    check(Vice::Alters, |v| matches!(v, Violation::Altered { .. }));
}

#[test]
fn one_that_invents_is_found() {
    check(Vice::Invents, |v| matches!(v, Violation::Invented { .. }));
}

#[test]
fn one_that_keeps_alarms_back_is_found() {
    check(Vice::KeepsAlarmsBack, |v| {
        matches!(v, Violation::Overtaken { .. })
    });
}

#[test]
fn one_that_acknowledges_before_the_disk_does_is_found() {
    check(Vice::AcknowledgesEarly, |v| {
        matches!(v, Violation::Missing { .. })
    });
}

#[test]
fn one_that_leaves_its_notes_open_is_found() {
    let (_, leaky) = live(history(1, false, |at, cast, env| {
        Mutant::new(Bare::new(at, cast, env), Vice::Leaks)
    }));
    let (_, honest) = live(history(1, false, Bare::new));
    let mut search = Search::default();
    search.text("LifeSafety");
    for (_, value) in honest.ledger.values().filter(|(key, _)| key.origin == 0) {
        search.number(value);
    }
    assert!(!search.found(&leaky.node(0).disk_bytes()).is_empty());
    // What a node got from others stands on its own disk; what it wrote is sealed.
    let open = search.found(&honest.node(0).disk_bytes());
    assert!(
        open.iter().all(|pattern| pattern == b"LifeSafety"),
        "{open:?}"
    );
}
