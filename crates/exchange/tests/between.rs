//! Two and three organisations: who hears what, once, whatever is cut or stopped.

mod world;

use world::World;

use twin_model::Value;

/// The tower and the brigade know each other; the tower tells smoke and temperature.
fn tower_and_brigade() -> World {
    let mut world = World::new(&["tower", "brigade"]);
    world.befriend(0, 1);
    world.share(0, Some(1), &["smoke", "temperature", "name"]);
    world.run(1.0);
    world
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
    let origin = world.nodes[0].origin().to_string();
    let from = format!("urn:twin:from:tower.{}:urn:tower:sensor:1", &origin[..8]);
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
