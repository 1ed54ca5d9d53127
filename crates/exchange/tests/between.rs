//! Two and three organisations: who hears what, once, whatever is cut or stopped.

mod world;

use twin_exchange::{Doubt, Notice};
use world::{Dice, World};

use twin_model::{EntityId, Value};

/// The tower and the brigade know each other; the tower tells smoke and temperature.
fn tower_and_brigade() -> World {
    let mut world = World::new(&["tower", "brigade"]);
    world.befriend(0, 1);
    world.share(0, Some(1), &["smoke", "temperature", "name"]);
    world.run(1.0);
    world
}

/// What the names of the tower's sources begin with elsewhere.
fn from_tower(world: &World) -> String {
    let [a, b, c, d, ..] = world.card(0).fingerprint().0;
    format!("urn:twin:from:tower.{a:02x}{b:02x}{c:02x}{d:02x}")
}

fn number(n: u32) -> Value {
    Value::Number(f64::from(n))
}

#[test]
fn a_peer_hears_what_is_shared_and_nothing_else() {
    let mut world = tower_and_brigade();
    world.claim(0, 1, "smoke", number(1));
    world.claim(0, 1, "temperature", number(20));
    world.claim(0, 1, "humidity", number(50));
    world.claim(0, 1, "name", Value::text("Lobby"));
    world.run(3.0);
    let from = format!("{}:urn:tower:sensor:1", from_tower(&world));
    assert_eq!(
        world.nodes[1].heard(),
        [
            format!("{from} smoke Number(1.0)"),
            format!("{from} temperature Number(20.0)"),
            format!("{from} name Text(\"Lobby\")"),
        ]
    );
    assert_eq!(world.nodes[0].heard(), Vec::<String>::new());
    assert_eq!(world.nodes[1].notices, []);
}

/// What the peer must have heard in the end, in any order, each once.
fn expected(world: &World) -> Vec<String> {
    let from = from_tower(world);
    let shared = ["smoke", "temperature", "name"];
    let told = world.nodes[0].claims.iter().filter(|claim| {
        let attribute = claim.statement.attribute.as_str();
        shared.contains(&attribute)
    });
    let mut told: Vec<String> = told
        .map(|claim| {
            let twin_model::Act::Assert(stated) = &claim.statement.act else {
                unreachable!("only assertions are made");
            };
            let (source, attribute) = (&claim.source, &claim.statement.attribute);
            format!("{from}:{source} {attribute} {:?}", stated.value)
        })
        .collect();
    told.sort();
    told
}

fn heard(world: &World, node: usize) -> Vec<String> {
    let mut heard = world.nodes[node].heard();
    heard.sort();
    heard
}

/// A small run: an alarm, readings, a name, twice, with a pause. `fuse` stops a node at its
/// n-th write; it starts again after a while. How many writes each made.
fn small_run(stops: usize, fuse: Option<usize>) -> (World, [usize; 2]) {
    let mut world = tower_and_brigade();
    let before = [world.nodes[0].writes, world.nodes[1].writes];
    world.nodes[stops].fuse = fuse;
    for round in 0..2 {
        world.claim(0, 1, "smoke", number(round));
        world.claim(0, 2, "temperature", number(20 + round));
        world.claim(0, 2, "name", Value::text(format!("Room {round}")));
        world.run(0.4);
        world.claim(0, 3, "smoke", number(10 + round));
        world.run(1.2);
        for node in 0..2 {
            if world.nodes[node].running.is_none() {
                world.restart(node);
            }
        }
    }
    world.run(3.0);
    let writes = [0, 1].map(|node| world.nodes[node].writes - before[node]);
    (world, writes)
}

#[test]
fn every_write_may_be_the_last_one() {
    let (world, writes) = small_run(0, None);
    assert_eq!(heard(&world, 1), expected(&world));
    assert!(writes[0] > 5 && writes[1] > 12, "{writes:?}");
    for (stops, &count) in writes.iter().enumerate() {
        for fuse in 0..count {
            let (world, _) = small_run(stops, Some(fuse));
            let it = format!("node {stops} stops before write {fuse}");
            assert_eq!(heard(&world, 1), expected(&world), "{it}");
            for node in &world.nodes {
                assert_eq!(node.notices, [], "{it}");
            }
        }
    }
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let (one, other) = (small_run(0, Some(5)).0, small_run(0, Some(5)).0);
    assert!(one.trace.len() > 1000);
    assert_eq!(one.trace, other.trace);
    assert_eq!(one.nodes[1].disk, other.nodes[1].disk);
}

#[test]
fn a_cut_link_is_made_up_for_with_the_alarm_first() {
    let mut world = tower_and_brigade();
    world.cut(0, 1);
    for i in 0..60 {
        world.claim(0, i, "temperature", number(20));
        world.run(0.2);
    }
    world.claim(0, 1, "smoke", number(1));
    world.run(1.0);
    assert_eq!(world.nodes[1].heard(), Vec::<String>::new());
    world.heal(0, 1);
    world.run(2.0);
    assert_eq!(heard(&world, 1), expected(&world));
    assert!(
        world.nodes[1].heard()[0].contains("smoke"),
        "the alarm is heard first"
    );
}

/// A vehicle that knows both carries what it cannot read.
#[test]
fn a_relay_carries_what_it_cannot_read() {
    let mut world = World::new(&["tower", "brigade", "vehicle"]);
    world.befriend(0, 1);
    world.befriend(0, 2);
    world.befriend(1, 2);
    world.share(0, Some(1), &["smoke", "temperature", "name"]);
    world.run(1.0);
    world.cut(0, 1);
    world.cut(1, 2);
    world.claim(0, 7, "name", Value::text("a very secret name"));
    world.claim(0, 7, "smoke", number(4));
    world.run(2.0);
    world.cut(0, 2);
    world.heal(1, 2);
    world.run(2.0);
    assert_eq!(heard(&world, 1), expected(&world));
    assert_eq!(world.nodes[2].heard(), Vec::<String>::new());
    let secret = b"very secret";
    let shows = |value: &Vec<u8>| value.windows(secret.len()).any(|part| part == secret);
    assert!(
        !world.nodes[2].disk.0.values().any(shows),
        "nothing is found on its disk"
    );
    world.restart(2);
    world.restart(1);
    world.run(2.0);
    assert_eq!(heard(&world, 1), expected(&world));
}

/// The directory is read by whoever joins later, too.
#[test]
fn a_member_that_joins_later_reads_the_directory() {
    let mut world = World::new(&["tower", "brigade", "hospital"]);
    world.befriend(0, 1);
    world.share(0, None, &["name"]);
    world.claim(0, 1, "name", Value::text("Lobby"));
    world.run(2.0);
    world.restart(0);
    world.claim(0, 2, "name", Value::text("Stair"));
    world.run(2.0);
    assert_eq!(heard(&world, 1), expected(&world));
    world.befriend(0, 2);
    world.run(2.0);
    assert_eq!(heard(&world, 2), expected(&world));
}

/// The hospital is known through the brigade: it reads the tower's directory, nothing else.
#[test]
fn a_member_of_a_member_reads_the_directory_only() {
    let mut world = World::new(&["tower", "brigade", "hospital"]);
    world.befriend(0, 1);
    world.befriend(1, 2);
    world.share(0, None, &["name"]);
    world.share(0, Some(1), &["smoke"]);
    world.claim(0, 1, "name", Value::text("Lobby"));
    world.claim(0, 1, "smoke", number(1));
    world.run(10.0);
    assert_eq!(heard(&world, 1), expected(&world));
    assert_eq!(world.nodes[2].heard().len(), 1);
    assert!(world.nodes[2].heard()[0].ends_with("name Text(\"Lobby\")"));
}

#[test]
fn who_is_removed_reads_nothing_new() {
    let mut world = World::new(&["tower", "brigade", "press"]);
    world.befriend(0, 1);
    world.befriend(0, 2);
    world.share(0, None, &["name"]);
    world.claim(0, 1, "name", Value::text("Lobby"));
    world.run(2.0);
    assert_eq!(heard(&world, 2), expected(&world));
    let (origin, now) = (world.nodes[2].origin(), world.now);
    let tower = &mut world.nodes[0];
    let removed = tower.call(now, |exchange, _, env| exchange.remove(origin, env));
    assert_eq!(removed, Some(Ok(())));
    tower.settle(now);
    world.claim(0, 2, "name", Value::text("Stair"));
    world.run(3.0);
    assert_eq!(heard(&world, 1), expected(&world));
    assert_eq!(
        world.nodes[2].heard().len(),
        1,
        "it holds the bundle and cannot open it"
    );
}

/// A disk that was copied or brought back elsewhere never continues the old streams.
#[test]
fn a_restored_backup_begins_a_new_life() {
    let mut world = tower_and_brigade();
    world.claim(0, 1, "smoke", number(1));
    world.run(1.0);
    let backup = world.nodes[0].disk.clone();
    let claims = world.nodes[0].claims.clone();
    world.claim(0, 1, "smoke", number(2));
    world.run(1.0);
    assert_eq!(heard(&world, 1), expected(&world));
    world.stop(0);
    world.nodes[0].disk = backup;
    world.nodes[0].claims = claims;
    world.nodes[0].place = [0xEE; 32];
    world.restart(0);
    world.claim(0, 1, "smoke", number(3));
    world.run(2.0);
    assert_eq!(world.nodes[0].notices, [Notice::NewLife(Doubt::Place)]);
    let heard: Vec<char> = world.nodes[1]
        .heard()
        .iter()
        .filter_map(|said| said.chars().rev().nth(3))
        .collect();
    assert_eq!(heard, ['1', '2', '3']);
    assert_eq!(world.nodes[1].notices, [], "no stream forked");
}

/// The same where nothing shows that the disk went back in time, until a peer does.
#[test]
fn a_peer_that_holds_more_of_us_ends_our_life() {
    let mut world = tower_and_brigade();
    world.claim(0, 1, "smoke", number(1));
    world.run(1.0);
    let backup = world.nodes[0].disk.clone();
    for i in 2..4 {
        world.claim(0, 1, "smoke", number(i));
        world.run(1.0);
    }
    world.stop(0);
    world.nodes[0].disk = backup;
    world.nodes[0].claims.truncate(1);
    world.cut(0, 1);
    world.restart(0);
    world.claim(0, 1, "smoke", number(4));
    world.run(1.0);
    world.heal(0, 1);
    world.run(10.0);
    let notices = &world.nodes[0].notices;
    let has = |doubt| notices.contains(&Notice::NewLife(doubt));
    assert!(has(Doubt::Overtaken) || has(Doubt::Forked), "{notices:?}");
    let heard = world.nodes[1].heard();
    assert!(
        heard.iter().any(|said| said.ends_with("Number(4.0)")),
        "{heard:?}"
    );
}

/// Once a backup that was brought back in place, and had gone on by as many bundles as were
/// lost, hid that it was another history until one more was written.
#[test]
fn a_backup_that_went_on_as_far_ends_its_life() {
    let mut world = tower_and_brigade();
    world.claim(0, 1, "smoke", number(1));
    world.run(1.0);
    let backup = world.nodes[0].disk.clone();
    world.restart(0);
    world.claim(0, 1, "smoke", number(2));
    world.run(1.0);
    world.stop(0);
    world.nodes[0].disk = backup;
    world.nodes[0].claims.truncate(1);
    world.cut(0, 1);
    world.restart(0);
    world.claim(0, 1, "smoke", number(3));
    world.run(1.0);
    world.heal(0, 1);
    world.run(10.0);
    let notices = &world.nodes[0].notices;
    assert!(
        notices.contains(&Notice::NewLife(Doubt::Forked)),
        "{notices:?}"
    );
    let heard = world.nodes[1].heard();
    let said = heard.iter().filter_map(|said| said.chars().rev().nth(3));
    assert_eq!(said.collect::<Vec<_>>(), ['1', '2', '3']);
}

/// What was said of a room whose people are to be forgotten is gone on both sides' keys, and
/// the peer's node is told what to erase.
#[test]
fn an_erased_entity_is_forgotten_by_the_peer() {
    let mut world = tower_and_brigade();
    world.share(0, Some(1), &["occupancy"]);
    world.claim(0, 5, "occupancy", number(3));
    world.claim(0, 6, "occupancy", number(4));
    world.run(2.0);
    assert_eq!(world.nodes[1].heard().len(), 2);
    world.restart(0);
    world.restart(1);
    let entity = EntityId::new("urn:tower:room:5").expect("an entity");
    let now = world.now;
    let tower = &mut world.nodes[0];
    assert_eq!(
        tower.call(now, |exchange, _, env| exchange.erase(&entity, env)),
        Some(Ok(()))
    );
    tower.settle(now);
    world.run(2.0);
    let told = world.nodes[1].recorded.last().expect("something");
    assert_eq!((told.claims.len(), &told.erased[..]), (0, &[entity][..]));
    world.restart(1);
    world.claim(0, 5, "occupancy", number(7));
    world.run(2.0);
    assert_eq!(
        world.nodes[1].heard().len(),
        3,
        "what is said anew is heard"
    );
    assert_eq!(
        world.nodes[1]
            .recorded
            .iter()
            .filter(|d| !d.erased.is_empty())
            .count(),
        1
    );
    assert_eq!(world.nodes[1].notices, []);
}

/// Both sides say until when they hold the same.
#[test]
fn the_last_common_state_is_known_on_both_sides_of_a_cut() {
    let mut world = tower_and_brigade();
    world.claim(0, 1, "smoke", number(1));
    world.run(2.0);
    let met = world.now;
    world.cut(0, 1);
    world.claim(0, 1, "smoke", number(2));
    world.run(60.0);
    let mut contact = |node: usize| {
        let exchange = world.nodes[node].running.as_mut().expect("running");
        exchange.contacts().remove(0)
    };
    let (tower, brigade) = (contact(0), contact(1));
    let smoke = Some(met.plus_seconds(-2.0));
    assert_eq!((tower.ours[0], brigade.theirs[0]), (smoke, smoke));
    assert_eq!((tower.connected_since, brigade.theirs[1]), (None, None));
    assert!(tower.last_heard <= Some(met) && tower.last_heard >= smoke);
    world.restart(0);
    let exchange = world.nodes[0].running.as_mut().expect("running");
    assert_eq!(
        exchange.contacts()[0].ours[0],
        smoke,
        "it is known after a restart"
    );
}

/// A vehicle whose disk is full of others' plans still takes their alarms.
#[test]
fn a_full_relay_still_takes_alarms() {
    let mut world = World::new(&["tower", "brigade", "vehicle"]);
    world.befriend(0, 1);
    world.befriend(0, 2);
    world.befriend(1, 2);
    world.share(0, Some(1), &["smoke", "name"]);
    world.run(1.0);
    world.cut(0, 1);
    world.cut(1, 2);
    let vehicle = world.nodes[2].running.as_mut().expect("running");
    vehicle.set_carried_max(10_000);
    for i in 0..20 {
        world.claim(0, i, "name", Value::text("x".repeat(1000)));
        world.run(1.1);
    }
    world.claim(0, 1, "smoke", number(1));
    world.run(3.0);
    let bytes: usize = world.nodes[2].disk.0.values().map(Vec::len).sum();
    assert!(bytes < 25_000, "{bytes}");
    assert_eq!(world.nodes[2].notices, [Notice::Full(3)]);
    world.heal(1, 2);
    world.run(3.0);
    assert!(
        world.nodes[1]
            .heard()
            .iter()
            .any(|said| said.contains("smoke"))
    );
    world.heal(0, 1);
    world.run(10.0);
    assert_eq!(
        heard(&world, 1),
        expected(&world),
        "the rest comes by itself"
    );
}

/// Over restarts, what newer readings say again is let go.
#[test]
fn restarts_leave_no_heap_of_readings() {
    let mut world = tower_and_brigade();
    for life in 0..6 {
        for i in 0..30 {
            world.claim(0, i % 3, "temperature", number(life * 30 + i as u32));
            world.run(1.2);
        }
        world.restart(0);
    }
    world.run(70.0);
    for node in &world.nodes {
        let bundles = node.disk.0.keys().filter(|key| key[0] == b'B').count();
        assert!(bundles < 60, "{bundles} are kept");
    }
}

/// Any order of stops, cuts and claims: whatever was shared is heard once.
#[test]
fn any_history_ends_in_the_same_claims_heard_once() {
    let asked = std::env::var("TWIN_HISTORIES").ok();
    let histories: u64 = asked.and_then(|n| n.parse().ok()).unwrap_or(30);
    for seed in 0..histories {
        let mut dice = Dice(seed);
        let mut world = World::new(&["tower", "brigade", "vehicle"]);
        world.befriend(0, 1);
        world.befriend(0, 2);
        world.befriend(1, 2);
        world.share(0, Some(1), &["smoke", "name"]);
        for _ in 0..25 {
            match dice.below(6) {
                0 => world.claim(0, dice.below(4), "smoke", number(dice.below(99) as u32)),
                1 => world.claim(
                    0,
                    dice.below(4),
                    "name",
                    Value::text(dice.next().to_string()),
                ),
                2 => world.nodes[dice.below(3) as usize].fuse = Some(dice.below(12) as usize),
                3 => {
                    let down = (0..3).filter(|&at| world.nodes[at].running.is_none());
                    for node in down.collect::<Vec<_>>() {
                        world.restart(node);
                    }
                }
                4 => world.cut(dice.below(2) as usize, 2 - dice.below(1) as usize),
                _ => {
                    world.cut.clear();
                }
            }
            world.run(dice.below(20) as f64 / 10.0);
        }
        world.cut.clear();
        (0..3).for_each(|node| world.restart(node));
        world.run(8.0);
        assert_eq!(heard(&world, 1), expected(&world), "seed {seed}");
        for node in &world.nodes {
            assert_eq!(node.notices, [], "seed {seed}");
        }
    }
}

/// A node whose log cannot keep up is handed so much and no more, and the rest comes later.
#[test]
fn a_node_that_records_nothing_is_not_flooded() {
    let mut world = tower_and_brigade();
    world.nodes[1].is_deaf = true;
    for i in 0..300 {
        world.claim(0, i % 7, "name", Value::text(i.to_string()));
        world.run(1.1);
    }
    assert_eq!(world.nodes[1].handed.len(), 256);
    world.claim(0, 1, "smoke", number(1));
    world.run(1.0);
    let last = world.nodes[1].handed.last().expect("something");
    assert_eq!(last.class, twin_link::Class::LifeSafety);
    world.nodes[1].is_deaf = false;
    world.restart(1);
    world.run(10.0);
    assert_eq!(heard(&world, 1), expected(&world));
}

/// What no bundle can hold stays here and is told; nothing else is lost with it.
#[test]
fn a_claim_too_large_stays_and_the_rest_goes() {
    let mut world = tower_and_brigade();
    world.claim(0, 1, "name", Value::text("x".repeat(100_000)));
    for i in 0..200 {
        world.claim(
            0,
            i,
            "name",
            Value::text(format!("{i} {}", "y".repeat(900))),
        );
    }
    world.run(5.0);
    assert_eq!(world.nodes[0].notices, [Notice::TooLarge { sequence: 1 }]);
    let mut all = expected(&world);
    all.retain(|said| said.len() < 10_000);
    assert_eq!(all.len(), 200);
    assert_eq!(heard(&world, 1), all);
}
