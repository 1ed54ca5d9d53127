//! Fifty nodes that each know what the others do not, and meet by chance.

use super::alarms::Make;
use crate::cast::Cast;
use crate::node::Node;
use crate::row::Row;
use crate::wire::{Path, Wire};
use crate::world::{Act, Conditions, NOON, World};
use twin_link::Class;
use twin_link::schedule::Contract;

const NODES: usize = 50;
const ENTRIES: usize = 20;
/// How long a contact lasts, and how long until the next.
const CONTACT_S: f64 = 0.5;
const RATE: f64 = 125_000.0;

/// How long until everybody holds everything.
pub fn gossip<N: Node>(make: Make<N>, worlds: u64) -> Vec<Row> {
    let mut took: Vec<f64> = (0..worlds).map(|seed| converge(make, seed)).collect();
    let details = format!("{took:.2?} s");
    let (p50, p99) = crate::row::median_and_p99(&mut took);
    let row = Row::new("50 nodes with 1,000 entries that the others lack agree")
        .found(took.len(), format!("median {p50:.2} s, worst {p99:.2} s"))
        .held_to("≤ 5 s", p99 <= 5.0)
        .beside("log2 50 = 5.6 rounds of random contacts at the least")
        .on(format!("gossip {worlds}"))
        .detail(details)
        .detail(format!(
            "every {CONTACT_S} s each node calls another by chance; all contacts of a node share \
             1 Mbit/s; each entry is a bundle of its own"
        ));
    vec![row]
}

fn converge<N: Node>(make: Make<N>, seed: u64) -> f64 {
    // Each is read by two; all others carry, and count as done when they hold everything.
    let far = |at: usize| (at + NODES / 2) % NODES;
    let pairs = (0..NODES).flat_map(|at| [(at, far(at)), (at, (at + 1) % NODES)]);
    let conditions = Conditions {
        sync_s: 0.005,
        contract: Contract {
            bytes_per_s: RATE,
            burst_bytes: RATE,
        },
        ..Conditions::default()
    };
    let mut world = World::new(Cast::closed(NODES, pairs), &[], conditions, seed, make);
    // Keys are everywhere before: a quiet day with good links.
    let quick = Wire::even(Path::clean(1e9, 0.001), 16_384, false);
    for hub in 1..NODES {
        world.plan(0.0, Act::Meet(0, hub, quick));
        world.plan(60.0, Act::Part(0, hub));
    }
    world.run_for(61.0);
    for at in 0..NODES {
        for entry in 0..ENTRIES {
            let class = [Class::Operational, Class::Bulk][entry % 2];
            world.plan(0.0, Act::Write(at, class, 1, None));
        }
    }
    world.run_for(1.0);
    let contact = Wire::even(Path::clean(RATE, 0.01), 1400, false);
    let begin = world.now;
    world.share_radio(Some(RATE));
    let mut round = 0.0;
    while round < 30.0 {
        for at in 0..NODES {
            let other = (at + 1 + world.dice.below(NODES - 1)) % NODES;
            world.plan(round, Act::Meet(at.min(other), at.max(other), contact));
            let end = round + CONTACT_S - 1e-3;
            world.plan(end, Act::Part(at.min(other), at.max(other)));
        }
        round += CONTACT_S;
    }
    let everything = (NODES * ENTRIES) as u64;
    let agreed = world.run_until(NOON.plus_seconds(120.0), |world| {
        world.ledger.is_complete() && world.nodes().all(|node| node.accounted() >= everything)
    });
    if agreed {
        world.now.seconds_since(begin)
    } else {
        f64::INFINITY
    }
}
