//! What happened in histories that failed once, told by themselves.

use twin_link::Class;
use twin_sim::cast::Cast;
use twin_sim::full::Full;
use twin_sim::ledger::{Ledger, Violation};
use twin_sim::node::{Crash, DiskFault, Entry, Key};
use twin_sim::wire::Wire;
use twin_sim::world::{Act, Conditions, NOON, World};

/// Two nodes that tell each other everything, over a good wire.
fn two() -> World<Full> {
    let mut world = World::new(Cast::open(2), &[], Conditions::default(), 7, Full::new);
    world.wire(0, 1, Wire::megabit());
    world.run_for(2.0);
    world
}

fn violations(mut world: World<Full>) -> Vec<Violation> {
    world.ledger.close();
    world.ledger.violations().to_vec()
}

/// The power fails while plans wait for company. A backup is made of the node as it lies
/// there; the node starts, tells its plans, and is lost. The one made from the backup must not
/// tell them again (seed 62).
#[test]
fn a_node_is_backed_up_while_it_is_down() {
    let mut world = two();
    world.plan(0.0, Act::Write(0, Class::Bulk, 3, None));
    world.plan(0.5, Act::Crash(0, Crash::PowerCut));
    world.plan(5.0, Act::BackUp(0));
    world.plan(10.0, Act::Restart(0));
    world.plan(20.0, Act::Restore(0));
    world.run_for(60.0);
    assert_eq!(world.ledger.deliveries(), 3);
    assert_eq!(violations(world), []);
}

/// A disk is full for a while at either end: what is written later, and what was under way,
/// arrives.
#[test]
fn a_disk_is_full_for_a_while() {
    for at in [0, 1] {
        let mut world = two();
        for class in Class::ALL {
            world.plan(1.0, Act::Write(0, class, 5, None));
            world.plan(40.0, Act::Write(0, class, 5, None));
        }
        world.plan(1.1, Act::Disk(at, DiskFault::Full));
        world.plan(30.0, Act::Disk(at, DiskFault::Room));
        world.run_for(80.0);
        assert!(world.ledger.outstanding().0 > 20);
        assert_eq!(violations(world), []);
    }
}

/// What arrives in the moment of a backup is on it, what arrives in the same moment after it is
/// not: the books tell them apart by their order, not by the clock (seed 1659).
#[test]
fn a_delivery_and_a_backup_fall_in_one_moment() {
    let entry = |room| Entry {
        key: Key {
            origin: 0,
            class: Class::Bulk,
            room,
            observed: NOON.plus_seconds(room as f64),
        },
        value: 1.0,
    };
    let mut ledger = Ledger::default();
    for room in [1, 2] {
        ledger.wrote(entry(room), None, [1].into(), NOON);
        ledger.acknowledged(entry(room).key, NOON);
    }
    ledger.delivered(1, entry(1), None, NOON);
    ledger.backed_up(1);
    ledger.delivered(1, entry(2), None, NOON);
    ledger.rolled_back(1);
    assert_eq!(ledger.outstanding(), (2, vec![(1, entry(2).key)]));
    ledger.delivered(1, entry(2), None, NOON);
    assert!(ledger.is_complete() && ledger.violations().is_empty());
}

/// Two nodes over a voice radio that tell each other everything, for some seconds.
fn two_by_radio(rooms: usize) -> World<Full> {
    let conditions = Conditions {
        rooms,
        ..Conditions::default()
    };
    let mut world = World::new(Cast::open(2), &[], conditions, 7, Full::new);
    world.wire(0, 1, Wire::radio());
    world.run_for(10.0);
    world
}

/// How many people there are, in every room.
fn head_counts(rooms: usize) -> Vec<(usize, f64)> {
    (0..rooms).map(|room| (room, room as f64)).collect()
}

/// How long entries of a class took from node 0 to node 1, those that arrived.
fn took_s(world: &World<Full>, class: Class) -> Vec<f64> {
    let journeys = world.ledger.journeys(class, 0, 1);
    let took = journeys.filter_map(|(_, written, got)| Some(got?.seconds_since(written)));
    took.collect()
}

/// People are counted in two hundred rooms for the first time: each has a key of its own, nine
/// kilobytes of them, seven seconds of the radio. A second later there is smoke for the first
/// time. As life safety the keys went before the alarm, and before its key.
#[test]
fn keys_of_persons_do_not_delay_an_alarm() {
    let mut world = two_by_radio(200);
    world.write(0, Class::Operational, &head_counts(200), None);
    world.run_for(1.0);
    world.write(0, Class::LifeSafety, &[(3, 1.0)], None);
    world.run_for(60.0);
    let alarm_s = took_s(&world, Class::LifeSafety);
    assert!(alarm_s.len() == 1 && alarm_s[0] < 2.0, "{alarm_s:?}");
    assert_eq!(took_s(&world, Class::Operational).len(), 200);
    assert_eq!(violations(world), []);
}

/// More is said than the radio carries. Head counts expire and keys do not: if what expires
/// first went first, the keys would never go, and nothing that arrives could be read.
#[test]
fn keys_go_before_what_they_open() {
    let mut world = two_by_radio(100);
    for _ in 0..20 {
        world.write(0, Class::Operational, &head_counts(100), None);
        world.run_for(1.0);
    }
    let first_s = took_s(&world, Class::Operational).first().copied();
    assert!(first_s.is_some_and(|s| s < 10.0), "{first_s:?}");
}
