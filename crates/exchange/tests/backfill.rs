//! What a new rule tells of earlier times goes as the link takes it.

mod world;

use std::collections::BTreeMap;
use twin_model::{Time, Value};
use world::World;

const RADIO_BYTES_PER_S: f64 = 1_200.0;
/// Claims of the past that the rule is about: minutes of the radio.
const PAST: u64 = 6_000;

/// A tower with a past of two hours ago, over a radio to a brigade that was told nothing.
fn tower_and_brigade() -> World {
    let mut world = World::new(&["tower", "brigade"]);
    world.frame_bytes = 256;
    world.befriend(0, 1);
    world.share(0, Some(1), &["temperature"]);
    for n in 0..PAST {
        world.claim(0, n % 40, "occupancy", number(n));
        if n % 4 == 0 {
            world.claim(0, n % 40, "smoke", Value::Boolean(false));
        }
    }
    world.run(5.0);
    world.now = world.now.plus_seconds(7_200.0);
    world.run(1.0);
    world.bytes_per_s = Some(RADIO_BYTES_PER_S);
    world
}

fn number(n: u64) -> Value {
    Value::Number(n as f64)
}

/// How often the brigade was told each claim of an attribute.
fn told(world: &World, attribute: &str) -> BTreeMap<String, u32> {
    let mut told = BTreeMap::new();
    for said in world.nodes[1].heard() {
        if said.contains(attribute) {
            *told.entry(said).or_default() += 1;
        }
    }
    told
}

/// When each alarm was raised, and when it was heard.
fn latencies_s(world: &World, raised: &[Time]) -> Vec<f64> {
    let node = &world.nodes[1];
    let heard = node.recorded.iter().zip(&node.recorded_at);
    let mut at: BTreeMap<Time, Time> = BTreeMap::new();
    for (delivery, recorded) in heard {
        for claim in &delivery.claims {
            if claim.statement.attribute.as_str() == "smoke" {
                at.insert(claim.statement.observed, *recorded);
            }
        }
    }
    let latency = |raised: &Time| at[raised].seconds_since(*raised);
    let mut latencies: Vec<f64> = raised.iter().map(latency).collect();
    latencies.sort_by(f64::total_cmp);
    latencies
}

#[test]
fn a_new_rule_over_a_radio_delays_no_alarm_and_floods_nobody() {
    let mut world = tower_and_brigade();
    world.share_past(0, 1, &["occupancy", "smoke"]);
    let (mut raised, mut most_under_way) = (Vec::new(), 0);
    let begun = world.now;
    while told(&world, "occupancy").len() < PAST as usize {
        raised.push(world.now);
        world.claim(0, raised.len() as u64 % 40, "smoke", Value::Boolean(true));
        world.run(3.0);
        let told = u64::from(told(&world, "occupancy").values().sum::<u32>());
        // Of five claims four are of people.
        let offered = world.backfilled(0).min(PAST * 5 / 4) * 4 / 5;
        most_under_way = most_under_way.max(offered.saturating_sub(told));
        assert!(world.now.seconds_since(begun) < 900.0, "{told} told");
    }
    world.run(3.0);
    let latencies = latencies_s(&world, &raised);
    let p99 = latencies[(latencies.len() - 1) * 99 / 100];
    let lasted_s = world.now.seconds_since(begun);
    println!(
        "{} alarms, p50 {} s, p99 {p99} s; {PAST} claims in {lasted_s:.0} s, at most {most_under_way} under way",
        latencies.len(),
        latencies[latencies.len() / 2],
    );
    assert!(latencies.len() > 10 && p99 <= 1.5, "{latencies:?}");
    assert!(most_under_way < 800, "{most_under_way} claims under way");
    assert!(told(&world, "occupancy").values().all(|&times| times == 1));
    let smoke: u32 = told(&world, "smoke").values().sum();
    assert_eq!(smoke as usize, PAST as usize / 4 + raised.len());
    assert_eq!(world.nodes[0].notices, []);
}

#[test]
fn whoever_is_not_connected_is_not_waited_for() {
    let mut world = tower_and_brigade();
    world.cut(0, 1);
    world.share_past(0, 1, &["occupancy"]);
    world.run(2.0);
    assert_eq!(
        world.backfilled(0),
        u64::MAX,
        "all of it waits for a vehicle"
    );
    world.bytes_per_s = None;
    world.heal(0, 1);
    world.run(10.0);
    assert_eq!(told(&world, "occupancy").len() as u64, PAST);
}
