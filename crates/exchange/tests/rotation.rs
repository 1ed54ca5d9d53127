//! New keys for a node: by rota, and because somebody else has the old ones.

mod world;

use std::collections::BTreeSet;
use twin_exchange::{Doubt, Notice};
use twin_link::OriginId;
use twin_model::Value;
use twin_policy::sharing::{Choice, Form, Recipient, Rule};
use world::World;

fn number(n: u32) -> Value {
    Value::Number(f64::from(n))
}

/// The tower and the brigade know each other and tell each other smoke.
fn tower_and_brigade(names: &[&str]) -> World {
    let mut world = World::new(names);
    world.befriend(0, 1);
    world.share(0, Some(1), &["smoke", "temperature"]);
    world.share(1, Some(0), &["smoke"]);
    world.run(1.0);
    world
}

/// The numbers that a node was told, in any order.
fn told(world: &World, node: usize) -> Vec<String> {
    let heard = world.nodes[node].heard();
    let mut told: Vec<String> = heard
        .iter()
        .filter_map(|said| Some(said.split_once("Number(")?.1.replace(".0)", "")))
        .collect();
    told.sort_by_key(|n| n.parse::<u32>().expect("a number"));
    told
}

fn rotate(world: &mut World, node: usize) -> OriginId {
    let now = world.now;
    let node = &mut world.nodes[node];
    let old = node.origin();
    let rotated = node.call(now, |exchange, rows, env| exchange.rotate(rows, env));
    rotated.expect("running").expect("rotated");
    node.settle(now);
    old
}

fn sources(world: &World, node: usize) -> BTreeSet<String> {
    let claims = world.nodes[node].recorded.iter().flat_map(|d| &d.claims);
    claims.map(|claim| claim.source.to_string()).collect()
}

/// While the brigade is cut off the tower changes its keys. What either side said before,
/// meanwhile and after is heard once, under the same names, also after restarts.
#[test]
fn a_key_is_changed_while_a_peer_is_cut_off() {
    let mut world = tower_and_brigade(&["tower", "brigade"]);
    let rule = Rule {
        to: Recipient::Peer(world.nodes[0].origin().0),
        kinds: Choice::All,
        attributes: Choice::All,
        area: None,
        backfill: false,
        form: Form::Claims,
    };
    let now = world.now;
    let added = world.nodes[1].call(now, |exchange, _, _| exchange.add_rule(rule));
    added.expect("running").expect("a rule");
    world.nodes[1].settle(now);
    world.claim(0, 1, "smoke", number(1));
    world.claim(1, 1, "smoke", number(101));
    world.run(2.0);
    let names = sources(&world, 1);
    world.cut(0, 1);
    world.claim(0, 1, "smoke", number(2));
    // It waits for others when the keys change.
    world.claim(0, 1, "temperature", number(3));
    world.claim(1, 1, "smoke", number(102));
    world.run(0.1);
    let old = rotate(&mut world, 0);
    let new = world.nodes[0].origin();
    assert_ne!(old, new);
    world.claim(0, 1, "smoke", number(4));
    world.claim(1, 1, "smoke", number(103));
    world.run(2.0);
    world.restart(0);
    world.heal(0, 1);
    world.run(8.0);
    world.claim(0, 1, "smoke", number(5));
    world.claim(1, 1, "smoke", number(104));
    world.run(8.0);
    let brigade = world.nodes[1].running.as_mut().expect("running");
    let contacts = brigade.contacts();
    assert_eq!((contacts.len(), contacts[0].origin), (1, new));
    assert!(contacts[0].last_heard.is_some() && contacts[0].theirs[0].is_some());
    for _ in 0..2 {
        assert_eq!(told(&world, 1), ["1", "2", "3", "4", "5"]);
        assert_eq!(told(&world, 0), ["101", "102", "103", "104"]);
        (0..2).for_each(|node| world.restart(node));
        world.run(8.0);
    }
    assert_eq!(sources(&world, 1), names, "the tower keeps its name");
    assert_eq!(world.nodes[0].notices, [Notice::NewLife(Doubt::NewKeys)]);
    assert_eq!(world.nodes[1].notices, []);
    let brigade = world.nodes[1].running.as_mut().expect("running");
    assert_eq!(brigade.rules()[0].rule().to, Recipient::Peer(new.0));
}

/// Nine times: more often than old keys and cards are kept.
#[test]
fn keys_are_changed_again_and_again() {
    let mut world = tower_and_brigade(&["tower", "brigade", "hospital"]);
    world.share(0, None, &["name"]);
    let mut said = Vec::new();
    for i in 1..=9 {
        world.claim(0, 1, "smoke", number(i));
        said.push(i.to_string());
        world.run(3.0);
        rotate(&mut world, 0);
        world.run(3.0);
    }
    assert_eq!(told(&world, 1), said);
    let identities = world.nodes[0].disk.0.keys().filter(|key| key[0] == b'I');
    assert_eq!(
        identities.count(),
        8,
        "the present keys and seven earlier ones"
    );
    world.claim(0, 1, "name", Value::text("Lobby"));
    rotate(&mut world, 0);
    world.befriend(0, 2);
    world.run(4.0);
    assert_eq!(
        world.nodes[2].heard().len(),
        1,
        "who joins later reads it, too"
    );
}

/// Somebody has copied the tower's disk and speaks to the brigade in its name.
fn thief() -> World {
    let mut world = tower_and_brigade(&["tower", "brigade", "thief"]);
    world.claim(0, 1, "smoke", number(1));
    world.run(2.0);
    let tower = &world.nodes[0];
    let (disk, claims, place) = (tower.disk.clone(), tower.claims.clone(), tower.place);
    let rules = tower.rules.clone();
    let thief = &mut world.nodes[2];
    (thief.disk, thief.claims, thief.place, thief.rules) = (disk, claims, place, rules);
    world.restart(2);
    world
}

fn revoke(world: &mut World) {
    let now = world.now;
    let tower = &mut world.nodes[0];
    let revoked = tower.call(now, |exchange, rows, env| {
        exchange.write_all(env);
        exchange.revoke_self(exchange.positions(), rows, env)
    });
    revoked.expect("running").expect("revoked");
    tower.settle(now);
}

#[test]
fn a_thief_is_not_believed_once_the_revocation_is_known() {
    let mut world = thief();
    revoke(&mut world);
    world.run(3.0);
    world.wire(1, 2);
    world.claim(2, 1, "smoke", number(66));
    world.run(3.0);
    world.claim(2, 1, "smoke", number(67));
    world.claim(0, 1, "smoke", number(2));
    world.run(8.0);
    assert_eq!(told(&world, 1), ["1", "2"]);
    let is_told = |notice: &Notice| matches!(notice, Notice::Revoked(_));
    assert!(world.nodes[1].notices.iter().any(is_told));
    world.restart(1);
    world.claim(2, 1, "smoke", number(68));
    world.run(8.0);
    assert_eq!(told(&world, 1), ["1", "2"], "nor after a restart");
}

#[test]
fn what_a_thief_says_after_the_revocation_is_not_believed_though_it_was_before() {
    let mut world = thief();
    world.cut(0, 1);
    world.wire(1, 2);
    world.claim(2, 1, "smoke", number(66));
    world.run(3.0);
    assert_eq!(told(&world, 1), ["1", "66"], "nobody can know yet");
    revoke(&mut world);
    world.heal(0, 1);
    world.run(3.0);
    world.claim(2, 1, "smoke", number(67));
    world.claim(0, 1, "smoke", number(2));
    world.run(8.0);
    assert_eq!(told(&world, 1), ["1", "2", "66"]);
    let is_told = |notice: &Notice| matches!(notice, Notice::Revoked(_));
    assert!(
        world.nodes[1].notices.iter().any(is_told),
        "and that is told"
    );
}

/// The good position is before the last alarm: it goes out again under the new key.
#[test]
fn what_was_said_after_the_good_position_goes_out_again() {
    let mut world = tower_and_brigade(&["tower", "brigade"]);
    world.claim(0, 1, "smoke", number(1));
    world.run(2.0);
    let tower = world.nodes[0].running.as_ref().expect("running");
    let good = tower.positions();
    world.restart(0);
    world.cut(0, 1);
    world.claim(0, 1, "smoke", number(2));
    world.run(2.0);
    let now = world.now;
    let revoked = world.nodes[0].call(now, |exchange, rows, env| {
        exchange.revoke_self(good, rows, env)
    });
    revoked.expect("running").expect("revoked");
    world.nodes[0].settle(now);
    world.heal(0, 1);
    world.run(8.0);
    assert_eq!(told(&world, 1), ["1", "2"]);
}
