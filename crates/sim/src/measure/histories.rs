//! Histories lived through, and whether the same seed tells the same again.

use crate::history::{Lived, history, live};
use crate::node::Node;
use crate::row::Row;
use crate::world::World;
use rayon::prelude::*;
use std::io::Write as _;

/// Failures that are listed.
const LISTED_MAX: usize = 10;

/// Lives through so many histories. One that fails is told at once: many take long.
pub fn histories<N: Node>(count: u64, first: u64, make: fn(u64) -> World<N>) -> Vec<Row> {
    let lived: Vec<(u64, Lived)> = (first..first + count)
        .into_par_iter()
        .map(|seed| (seed, live(make(seed)).0))
        .inspect(|(seed, lived)| tell(*seed, lived))
        .collect();
    let due: u64 = lived.iter().map(|(_, lived)| lived.due).sum();
    let failed: Vec<&(u64, Lived)> = lived
        .iter()
        .filter(|(_, lived)| !lived.violations.is_empty())
        .collect();
    let violations: usize = failed.iter().map(|(_, l)| l.violations.len()).sum();
    let mut settled: Vec<f64> = lived.iter().filter_map(|(_, l)| l.settled_s).collect();
    let (p50, p99) = crate::row::median_and_p99(&mut settled);
    let row = Row::new("histories in which all that counts arrives once, unaltered, in order")
        .found(
            lived.len(),
            format!(
                "{} of {}; {due} deliveries due, {violations} violations",
                lived.len() - failed.len(),
                lived.len()
            ),
        )
        .held_to(
            "all: 100 %, 0 undetected gaps, 0 duplicates",
            failed.is_empty(),
        )
        .beside("Zenoh 1.10 delivers 56 % over a cut of 25 s (reference)")
        .on(format!("histories {first} {count}"))
        .detail(format!(
            "complete {p50:.0} s (p99 {p99:.0} s) after the faults end; repairs go on for 30 s"
        ));
    let listed = failed.iter().take(LISTED_MAX);
    vec![listed.fold(row, |row, (seed, lived)| {
        row.detail(format!("seed {seed}: {}", lived.violations[0]))
    })]
}

/// Says which history failed, and how; where nobody listens, the row still says it.
fn tell(seed: u64, lived: &Lived) {
    for violation in &lived.violations {
        let _ = writeln!(std::io::stderr(), "seed {seed}: {violation}");
    }
}

/// Lives twice through some histories, with their whole traces.
pub fn same<N: Node>(count: u64, make: fn(u64) -> World<N>) -> Vec<Row> {
    let pairs: Vec<bool> = (0..count)
        .into_par_iter()
        .map(|seed| {
            let (one, other) = (live(make(seed)).0, live(make(seed)).0);
            one.trace == other.trace && one.deliveries == other.deliveries
        })
        .collect();
    let same = pairs.iter().filter(|same| **same).count();
    let row = Row::new("histories with the same trace, byte for byte, when lived again")
        .found(pairs.len(), format!("{same} of {}", pairs.len()))
        .held_to("all", same == pairs.len())
        .on(format!("same {count}"));
    vec![row]
}

/// A history of nodes that are nothing but the link.
pub fn bare_history(seed: u64) -> World<crate::bare::Bare> {
    history(seed, false, crate::bare::Bare::new)
}

/// A history of nodes as they are.
pub fn full_history(seed: u64) -> World<crate::full::Full> {
    history(seed, false, crate::full::Full::new)
}
