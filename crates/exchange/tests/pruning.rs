//! A year of alarms, readings, names, restarts, rules and nightly keys: what nobody needs any
//! more is let go, and all that counts is still read, also by who joins at the end.

mod world;

use twin_model::Value;
use world::World;

const DAY_S: f64 = 86_400.0;

fn rows(world: &World, node: usize, table: u8) -> usize {
    let keys = world.nodes[node].disk.0.keys();
    keys.filter(|key| key[0] == table).count()
}

/// A day of the tower: it starts again now and then, and the names of its rooms are said again.
fn day(world: &mut World, day: u32) {
    if day.is_multiple_of(3) {
        world.restart(0);
    }
    let n = Value::Number(f64::from(day));
    world.claim(0, u64::from(day % 4), "smoke", n.clone());
    world.claim(0, u64::from(day % 4), "temperature", n.clone());
    world.claim(0, u64::from(day % 4), "door", n);
    world.claim(0, 1, "name", Value::text(format!("Lobby {day}")));
    world.run(1.5);
    world.now = world.now.plus_seconds(DAY_S);
    world.run(0.2);
}

#[test]
fn a_year_leaves_no_more_than_a_season() {
    let mut world = World::new(&["tower", "brigade", "hospital"]);
    world.befriend(0, 1);
    world.share(0, Some(1), &["smoke", "temperature", "door"]);
    world.share(0, None, &["name"]);
    world.claim(0, 9, "name", Value::text("The vault"));
    world.run(2.0);
    let tables = *b"BENTCK";
    let mut season = [[0; 6]; 2];
    for at in 0..365 {
        day(&mut world, at);
        if at == 100 {
            season = [0, 1].map(|node| tables.map(|table| rows(&world, node, table)));
        }
    }
    for (node, season) in season.iter().enumerate() {
        for (&then, table) in season.iter().zip(tables) {
            let now = rows(&world, node, table);
            let name = char::from(table);
            println!("node {node}, {name}: {then} after 100 days, {now} after 365");
            assert!(
                now <= then + then / 4 + 8,
                "node {node}, {name}: {then}, {now}"
            );
        }
    }
    let heard = world.nodes[1].heard();
    let smoke = heard.iter().filter(|said| said.contains(" smoke "));
    assert_eq!(smoke.count(), 365, "the brigade was there all the time");
    world.befriend(0, 2);
    world.run(5.0);
    let late = world.nodes[2].heard();
    for name in ["The vault", "Lobby 364"] {
        assert!(
            late.iter().any(|said| said.contains(name)),
            "{name}: {late:?}"
        );
    }
    assert!(!late.iter().any(|said| said.contains("Lobby 3\"")));
}

/// A restored tower begins a new life, and half a minute later goes through what it wrote in
/// the old one: it must not let the keys of persons go whose numbers a brigade behind a cut
/// has not read yet.
#[test]
fn a_new_life_keeps_the_keys_of_persons() {
    let mut world = World::new(&["tower", "brigade"]);
    world.befriend(0, 1);
    world.share(0, Some(1), &["occupancy"]);
    world.run(2.0);
    world.cut(0, 1);
    // The last bundle of a stream stays in any case, so there are two.
    for room in [1, 2] {
        world.claim(0, room, "occupancy", Value::Number(3.0));
        world.run(2.0);
    }
    world.stop(0);
    world.nodes[0].place[0] ^= 0x80;
    world.restart(0);
    world.claim(0, 1, "occupancy", Value::Number(4.0));
    world.run(40.0);
    world.heal(0, 1);
    world.run(5.0);
    let mut heard = world.nodes[1].heard();
    heard.sort();
    let said = [
        "1 occupancy Number(3.0)",
        "1 occupancy Number(4.0)",
        "2 occupancy Number(3.0)",
    ];
    assert_eq!(heard.len(), said.len(), "{heard:?}");
    assert!(
        heard
            .iter()
            .zip(said)
            .all(|(heard, said)| heard.ends_with(said)),
        "{heard:?}"
    );
}

/// A plan is replaced by a newer one, and the tower starts again, while the brigade is cut
/// off: that there was another plan is part of what the brigade is told.
#[test]
fn who_was_cut_off_hears_what_was_said_in_between() {
    let mut world = World::new(&["tower", "brigade"]);
    world.befriend(0, 1);
    world.share(0, Some(1), &["plan"]);
    world.run(2.0);
    world.cut(0, 1);
    for plan in ["old", "new"] {
        world.claim(0, 1, "plan", Value::text(plan));
        world.run(2.0);
        world.restart(0);
        world.run(40.0);
    }
    world.heal(0, 1);
    world.run(5.0);
    let heard = world.nodes[1].heard();
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert!(
        heard[0].contains("old") && heard[1].contains("new"),
        "{heard:?}"
    );
}

#[test]
fn what_left_is_on_record_for_five_years() {
    let mut world = World::new(&["tower", "brigade"]);
    world.befriend(0, 1);
    world.share(0, Some(1), &["smoke"]);
    let on_record = |world: &World| {
        let node = &world.nodes[0];
        let exchange = node.running.as_ref().expect("running");
        exchange.disclosures(&node.disk).len()
    };
    for (years, expected) in [(0.0, 1), (2.0, 2), (2.9, 3), (0.2, 3)] {
        world.now = world.now.plus_seconds(years * 365.0 * DAY_S);
        world.run(0.2);
        world.claim(0, 1, "smoke", Value::Boolean(true));
        world.run(40.0);
        assert_eq!(on_record(&world), expected, "after {years} years more");
    }
    assert_eq!(
        world.nodes[0]
            .running
            .as_ref()
            .expect("running")
            .rules()
            .len(),
        1
    );
}
