//! A removal is seen on both sides.

mod world;

use world::World;

/// The other side of a removal: it hears of it in the streams while both are connected, or
/// from whoever turns it away, and until then it does not know.
#[test]
fn whoever_was_removed_sees_it_when_it_hears() {
    let mut world = World::new(&["tower", "brigade"]);
    world.befriend(0, 1);
    world.run(2.0);
    let removed_us = |world: &World| {
        let (tower, brigade) = (world.nodes[0].origin(), &world.nodes[1]);
        let exchange = brigade.running.as_ref().expect("running");
        let member = exchange.roster().member(tower).expect("still listed");
        member.removed_us
    };
    world.cut(0, 1);
    let (brigade, now) = (world.nodes[1].origin(), world.now);
    let tower = &mut world.nodes[0];
    let removed = tower.call(now, |exchange, _, env| exchange.remove(brigade, env));
    removed.expect("running").expect("removed");
    tower.settle(now);
    world.run(2.0);
    assert_eq!(removed_us(&world), None, "out of contact it is unknown");

    let exchange = world.nodes[0].running.as_ref().expect("running");
    let (_, word) = exchange.partings().next().expect("a word for it");
    let now = world.now;
    let brigade = &mut world.nodes[1];
    let mut forged = word.clone();
    *forged.last_mut().expect("bytes") ^= 1;
    for (bytes, it) in [
        (forged, "forged"),
        (word[..40].to_vec(), "cut"),
        (Vec::new(), "empty"),
    ] {
        let heard = brigade.call(now, |exchange, _, env| exchange.hear_removal(&bytes, env));
        assert!(heard.expect("running").is_err(), "{it}");
    }
    let heard = brigade.call(now, |exchange, _, env| exchange.hear_removal(&word, env));
    heard.expect("running").expect("believed");
    brigade.settle(now);
    assert!(removed_us(&world).is_some());
    assert_eq!(
        world.nodes[1].notices.len(),
        1,
        "{:?}",
        world.nodes[1].notices
    );
    world.restart(1);
    assert!(removed_us(&world).is_some(), "kept");

    // Admitted once more, it is a member like before.
    let (card, now) = (world.card(1), world.now);
    let tower = &mut world.nodes[0];
    let admitted = tower.call(now, |exchange, _, env| exchange.admit_card(&card, env));
    admitted.expect("running").expect("admitted");
    tower.settle(now);
    world.heal(0, 1);
    world.run(3.0);
    assert_eq!(removed_us(&world), None);
}
