//! How fast claims go from one organisation to another, both ends in one thread.

#[path = "../tests/world/mod.rs"]
mod world;

use std::collections::BTreeSet;
use twin_model::Value;
use world::World;

/// Released to the peer, bundled, signed, sealed, framed, checked, opened and handed over.
/// `cargo run --release -p twin-exchange --example pace`
fn main() {
    const BATCHES: u64 = 100;
    const BATCH: u64 = 1000;
    let mut world = World::new(&["tower", "brigade"]);
    world.frame_bytes = 16 * 1024;
    world.befriend(0, 1);
    world.share(0, Some(1), &["temperature"]);
    world.run(1.0);
    let mut batches: Vec<_> = (0..BATCHES)
        .map(|batch| {
            for sensor in 0..BATCH {
                let value = 20.0 + f64::from(((batch * 7 + sensor) % 50) as u32) / 10.0;
                world.claim(0, sensor, "temperature", Value::Number(value));
            }
            world.now = world.now.plus_seconds(1.0);
            world.nodes[0].released()
        })
        .collect();
    batches.reverse();
    // Nothing is left for the world to offer by itself.
    world.nodes[0].claims.clear();
    #[expect(clippy::disallowed_methods, reason = "it is a measurement")]
    let begun = std::time::Instant::now();
    let mut last = 0;
    while let Some(released) = batches.pop() {
        last += BATCH;
        world.now = world.now.plus_seconds(1.0);
        let now = world.now;
        world.nodes[0].call(now, |exchange, _, env| exchange.offer(released, last, env));
        world.step();
    }
    for _ in 0..20 {
        world.now = world.now.plus_seconds(0.1);
        world.step();
    }
    let elapsed_s = begun.elapsed().as_secs_f64();
    let heard: usize = world.nodes[1].recorded.iter().map(|d| d.claims.len()).sum();
    assert_eq!(heard as u64, BATCHES * BATCH);
    let sources: BTreeSet<_> = world.nodes[1]
        .recorded
        .iter()
        .flat_map(|d| &d.claims)
        .map(|c| &c.source)
        .collect();
    assert_eq!(sources.len() as u64, BATCH);
    println!(
        "{:.2} us per entry, both ends",
        elapsed_s * 1e6 / (BATCHES * BATCH) as f64
    );
}
