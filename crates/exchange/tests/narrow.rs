//! A radio that cannot carry rooms carries storeys; what waited follows, each claim once.

mod world;

use std::collections::{BTreeMap, BTreeSet};
use twin_exchange::Rows;
use twin_model::{Time, Value};
use twin_policy::sharing::Form;
use world::{Dice, World};

const RADIO_BYTES_PER_S: f64 = 1_200.0;
const SHARED: [&str; 4] = ["smoke", "occupancy", "open", "temperature"];

fn tower_and_brigade(bytes_per_s: Option<f64>) -> World {
    let mut world = World::new(&["tower", "brigade"]);
    world.form = Form::StoreysWhenNarrow;
    world.frame_bytes = 256;
    world.befriend(0, 1);
    world.share(0, Some(1), &SHARED);
    world.run(1.0);
    // Keys and names go while the link is wide: it is the fire that makes it narrow.
    for room in 0..40 {
        world.claim(0, room, "occupancy", number(0));
        world.claim(0, room, "smoke", Value::Boolean(false));
    }
    world.run(2.0);
    world.bytes_per_s = bytes_per_s;
    world
}

fn number(n: u32) -> Value {
    Value::Number(f64::from(n))
}

/// When something was recorded, and what it says.
type Heard = (Time, String);

/// What is heard of rooms, and what of storeys.
fn heard(world: &World) -> (Vec<Heard>, Vec<Heard>) {
    let node = &world.nodes[1];
    let deliveries = node.recorded.iter().zip(&node.recorded_at);
    let claims = deliveries.flat_map(|(delivery, at)| {
        let claims = delivery.claims.iter();
        claims.map(move |claim| {
            let statement = &claim.statement;
            let (entity, attribute) = (&statement.entity, &statement.attribute);
            let (act, observed) = (&statement.act, statement.observed.0);
            (*at, format!("{entity} {attribute} {act:?} {observed}"))
        })
    });
    claims.partition(|(_, said)| !said.contains("summary."))
}

/// All that was said, in the same words, by whether only the newest counts.
fn said(world: &World) -> (Vec<String>, BTreeMap<String, String>) {
    let (mut histories, mut newest) = (Vec::new(), BTreeMap::new());
    for claim in &world.nodes[0].claims {
        let statement = &claim.statement;
        let topic = format!("{} {}", statement.entity, statement.attribute);
        let text = format!("{topic} {:?} {}", statement.act, statement.observed.0);
        if statement.attribute.as_str() == "temperature" {
            newest.insert(topic, text);
        } else {
            histories.push(text);
        }
    }
    histories.sort();
    (histories, newest)
}

/// Every alarm and every history was heard once, and of each temperature the newest.
fn assert_all_is_heard(world: &World, it: &str) {
    let (histories, newest) = said(world);
    let (rooms, _) = heard(world);
    let (temperatures, mut others): (Vec<_>, Vec<_>) = rooms
        .into_iter()
        .map(|(_, said)| said)
        .partition(|said| said.contains("temperature"));
    others.sort();
    assert_eq!(others, histories, "{it}");
    let once: BTreeSet<&String> = temperatures.iter().collect();
    assert_eq!(once.len(), temperatures.len(), "{it}: a temperature twice");
    let missing = newest.values().find(|said| !once.contains(said));
    assert_eq!(missing, None, "{it}");
    let waits = held(world);
    assert_eq!(waits, 0, "{it}");
}

/// How many ways have a row of what waits.
fn held(world: &World) -> usize {
    let mut count = 0;
    world.nodes[0].disk.scan(b"Q", &mut |_, _| count += 1);
    count
}

fn is_coarse(world: &World) -> bool {
    let brigade = world.nodes[1]
        .running
        .as_ref()
        .map(twin_exchange::Exchange::origin);
    let tower = world.nodes[0].running.as_ref();
    tower
        .zip(brigade)
        .is_some_and(|(tower, brigade)| tower.is_coarse(brigade))
}

/// Each second so many rooms tell of people, doors and warmth.
fn busy_second(world: &mut World, dice: &mut Dice, rooms: u64) {
    for _ in 0..rooms {
        let room = dice.below(40);
        world.claim(0, room, "occupancy", number(dice.below(9) as u32));
        world.claim(0, room, "open", Value::Boolean(dice.below(2) == 1));
        // Each reading differs, so that one that comes twice is seen.
        let reading = number(world.nodes[0].claims.len() as u32);
        world.claim(0, room, "temperature", reading);
    }
    world.run(1.0);
}

/// The radio at several times what it carries, then at little, then wide again.
#[test]
fn a_narrow_link_carries_storeys_and_alarms_and_the_rest_later() {
    let mut world = tower_and_brigade(Some(RADIO_BYTES_PER_S));
    let mut dice = Dice(5);
    let mut alarms = Vec::new();
    let mut coarse_since = None;
    for second in 0..240_u32 {
        busy_second(&mut world, &mut dice, 60);
        if is_coarse(&world) {
            coarse_since.get_or_insert(second);
            if second % 3 == 0 {
                alarms.push(world.now);
                world.claim(0, u64::from(second % 40), "smoke", Value::Boolean(true));
            }
        }
    }
    let coarse_since = coarse_since.expect("it became narrow");
    assert!(coarse_since < 90, "{coarse_since} s");
    assert!(is_coarse(&world) && held(&world) == 2);

    let (rooms, storeys) = heard(&world);
    let mut latencies: Vec<f64> = rooms
        .iter()
        .filter(|(_, said)| said.contains("Boolean(true)") && said.contains("smoke"))
        .zip(&alarms)
        .map(|((at, _), sent)| at.seconds_since(*sent))
        .collect();
    latencies.sort_by(f64::total_cmp);
    let p99 = latencies[(latencies.len() - 1) * 99 / 100];
    println!(
        "{} alarms, p50 {} s, p99 {p99} s",
        latencies.len(),
        latencies[latencies.len() / 2]
    );
    assert!(latencies.len() > 40 && p99 <= 1.5, "{latencies:?}");

    let people: Vec<Time> = storeys
        .iter()
        .filter(|(_, said)| said.contains("summary.occupancy"))
        .map(|(at, _)| *at)
        .collect();
    let mut pauses: Vec<f64> = people
        .windows(2)
        .map(|p| p[1].seconds_since(p[0]))
        .collect();
    pauses.sort_by(f64::total_cmp);
    println!("{} summaries, pauses {pauses:?}", people.len());
    let median = pauses[pauses.len() / 2];
    assert!(
        pauses.len() > 15 && (4.0..=10.0).contains(&median),
        "{pauses:?}"
    );

    // It widens: everything comes by itself, and the storeys are taken back.
    world.bytes_per_s = Some(100_000.0);
    world.cut(0, 1);
    world.heal(0, 1);
    for _ in 0..40 {
        busy_second(&mut world, &mut dice, 2);
    }
    assert!(!is_coarse(&world));
    world.run(40.0);
    assert_all_is_heard(&world, "wide again");
    let (_, storeys) = heard(&world);
    assert!(
        storeys.iter().any(|(_, said)| said.contains("Retract")),
        "taken back"
    );
    assert_eq!(world.nodes[0].notices, []);
}

/// The same with a carrier that stays and only gets wider.
#[test]
fn rooms_are_told_again_when_the_link_is_calm() {
    let mut world = tower_and_brigade(Some(RADIO_BYTES_PER_S));
    let mut dice = Dice(6);
    for _ in 0..100 {
        busy_second(&mut world, &mut dice, 60);
    }
    assert!(is_coarse(&world));
    world.bytes_per_s = Some(1e6);
    for _ in 0..120 {
        busy_second(&mut world, &mut dice, 1);
    }
    assert!(!is_coarse(&world), "it is calm");
    world.run(10.0);
    assert_all_is_heard(&world, "calm");
}

/// A short history over a radio, from wide to narrow to gone to wide. `fuse` stops the tower
/// at its n-th write; a while later it starts again.
fn short_run(fuse: Option<usize>) -> (World, usize) {
    let mut world = tower_and_brigade(Some(400.0));
    let mut dice = Dice(7);
    let before = world.nodes[0].writes;
    world.nodes[0].fuse = fuse;
    for second in 0..60_u32 {
        if second < 30 {
            busy_second(&mut world, &mut dice, 20);
        } else {
            busy_second(&mut world, &mut dice, 1);
        }
        if second % 7 == 0 {
            world.claim(0, 1, "smoke", number(second));
        }
        if second == 45 {
            world.cut(0, 1);
        }
        if second == 50 {
            world.bytes_per_s = None;
            world.heal(0, 1);
        }
        if second % 10 == 9 && world.nodes[0].running.is_none() {
            world.restart(0);
        }
    }
    if world.nodes[0].running.is_none() {
        world.restart(0);
    }
    world.run(10.0);
    let writes = world.nodes[0].writes - before;
    (world, writes)
}

#[test]
fn every_write_may_be_the_last_one_while_rooms_wait() {
    let (world, writes) = short_run(None);
    assert_all_is_heard(&world, "undisturbed");
    assert!(!heard(&world).1.is_empty(), "storeys were told");
    assert!(writes > 60, "{writes}");
    for fuse in (0..writes).step_by(3) {
        let (world, _) = short_run(Some(fuse));
        let it = format!("the tower stops before write {fuse}");
        assert_all_is_heard(&world, &it);
        assert_eq!(world.nodes[0].notices, [], "{it}");
    }
}
