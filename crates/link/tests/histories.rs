//! Two or three nodes live through loss, cuts, repeats, late frames and power cuts. At the
//! end everything that counts is everywhere, once, and nothing is missing unnoticed.
//!
//! A seed that fails here becomes a test of its own that tells its story.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use support::world::{Act, Wire, World};
use support::{Dice, NOON};
use twin_link::{Author, Class, StreamId};

/// How many are lived through; `TWIN_HISTORIES` asks for more.
const HISTORIES: u64 = 200;
/// When all is repaired, and how long the nodes then have.
const HEAL_S: f64 = 90.0;
const SETTLE_S: f64 = 900.0;

fn any_wire(dice: &mut Dice) -> Wire {
    let (bytes_per_s, frame_bytes) =
        [(1200.0, 256), (8000.0, 256), (125_000.0, 1400)][dice.below(3) as usize];
    Wire {
        bytes_per_s,
        frame_bytes,
        delay_s: 0.005 + dice.unit() * 0.3,
        jitter_s: dice.unit() * 0.2,
        loss: if dice.chance(0.3) {
            0.0
        } else {
            dice.unit() * 0.4
        },
        repeat: dice.unit() * 0.1,
        is_budgeted: dice.chance(0.5),
    }
}

/// A world and what happens in it, all by one number.
fn history(seed: u64) -> World {
    let mut dice = Dice(seed.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1));
    let count = 2 + dice.below(2) as usize;
    let mut world = World::new(count, dice.unit() * 0.03, dice.next());
    let mut wires = vec![(0, 1)];
    if count == 3 {
        wires.push((1, 2));
        if dice.chance(0.5) {
            wires.push((0, 2));
        }
    }
    for &(a, b) in &wires {
        world.wire(a, b, any_wire(&mut dice));
        for _ in 0..dice.below(4) {
            let at = dice.unit() * HEAL_S;
            world.plan(at, Act::Cut(a, b));
            world.plan(at + dice.unit() * 30.0, Act::Heal(a, b));
        }
        world.plan(HEAL_S, Act::Heal(a, b));
    }
    for node in 0..count {
        for _ in 0..dice.below(3) {
            let at = dice.unit() * HEAL_S;
            world.plan(at, Act::Crash(node));
            world.plan(at + dice.unit() * 20.0, Act::Restart(node));
        }
        world.plan(HEAL_S, Act::Restart(node));
        for _ in 0..dice.below(4) {
            world.plan(dice.unit() * HEAL_S, Act::Certify(node));
        }
        for _ in 0..dice.below(25) {
            let class = Class::ALL[dice.below(4) as usize];
            let expires_s = dice.chance(0.3).then(|| 5.0 + dice.unit() * 400.0);
            let act = Act::Append(node, class, 1 + dice.below(20) as usize, expires_s);
            world.plan(dice.unit() * HEAL_S, act);
        }
    }
    world
}

fn live(seed: u64) -> World {
    let mut world = history(seed);
    world.run(NOON.plus_seconds(HEAL_S + 1.0), |_| false);
    let end = NOON.plus_seconds(HEAL_S + SETTLE_S);
    let settled = world.run(end, World::is_settled);
    assert!(
        settled,
        "seed {seed}: the nodes do not agree after {SETTLE_S} s"
    );
    world
}

/// What each node's application got.
fn check(seed: u64, world: &World) {
    let origin: BTreeMap<StreamId, usize> = world
        .nodes
        .iter()
        .enumerate()
        .flat_map(|(at, node)| {
            node.authors
                .values()
                .map(move |author| (author.stream(), at))
        })
        .collect();
    for (at, node) in world.nodes.iter().enumerate() {
        let mut seen = BTreeSet::new();
        for (_, stream, seq, records) in &node.disk.delivered {
            assert!(
                seen.insert((*stream, *seq)),
                "seed {seed}: node {at} got one twice"
            );
            if let Some(written) = world.truth.get(&(*stream, *seq)) {
                assert_eq!(
                    records, &written.records,
                    "seed {seed}: node {at} got something else"
                );
            }
        }
        for (id, stream) in node.hub.replica().streams() {
            let missing: Vec<_> = stream.missing().collect();
            assert_eq!(missing, [], "seed {seed}: node {at} misses some of {id}");
            let Some(&writer) = origin.get(&id) else {
                continue;
            };
            let head = world.nodes[writer]
                .authors
                .values()
                .find(|a| a.stream() == id);
            let head = head.expect("its author").head();
            assert_eq!(
                stream.accounted().last(),
                head,
                "seed {seed}: node {at} lacks the end"
            );
            for (seq, held) in stream.all_held().filter(|(_, held)| !held.is_stub) {
                let is_delivered = seen.contains(&(id, seq));
                assert!(
                    is_delivered,
                    "seed {seed}: node {at} holds {seq} unread: {held:?}"
                );
            }
        }
    }
}

/// What must be everywhere, counted without the help of the protocol: what its origin
/// acknowledged, has not expired, and, where only the latest counts, has no successor.
fn due(world: &World) -> BTreeSet<(StreamId, u64)> {
    let mut due = BTreeSet::new();
    let mut newest: BTreeMap<(StreamId, usize), u64> = BTreeMap::new();
    for node in &world.nodes {
        let own: BTreeSet<StreamId> = node.authors.values().map(Author::stream).collect();
        for (_, stream, seq, _) in node.disk.delivered.iter().filter(|d| own.contains(&d.1)) {
            let written = &world.truth[&(*stream, *seq)];
            if written.expires.is_some_and(|expires| expires <= world.now) {
                continue;
            }
            if written.class != Class::Telemetry {
                due.insert((*stream, *seq));
            }
            for &room in written
                .rooms
                .iter()
                .filter(|_| written.class == Class::Telemetry)
            {
                let last = newest.entry((*stream, room)).or_default();
                *last = (*last).max(*seq);
            }
        }
    }
    due.extend(newest.into_iter().map(|((stream, _), seq)| (stream, seq)));
    due
}

#[test]
fn what_counts_is_everywhere_once() {
    let asked = std::env::var("TWIN_HISTORIES").ok();
    let histories = asked.and_then(|n| n.parse().ok()).unwrap_or(HISTORIES);
    let mut entries = 0;
    for seed in 0..histories {
        let world = live(seed);
        check(seed, &world);
        for (stream, seq) in due(&world) {
            for (at, node) in world.nodes.iter().enumerate() {
                let got = node
                    .disk
                    .delivered
                    .iter()
                    .any(|d| (d.1, d.2) == (stream, seq));
                assert!(got, "seed {seed}: node {at} never got {seq} of {stream}");
                entries += 1;
            }
        }
    }
    println!("{entries} deliveries were due in {histories} histories");
    assert!(entries > 1000);
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..10 {
        let (one, other) = (live(seed), live(seed));
        assert!(one.trace.len() > 1000);
        assert_eq!(one.trace, other.trace, "seed {seed}");
    }
}
