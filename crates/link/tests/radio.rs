//! Alarms over a radio of 9.6 kbit/s that is offered far more than it can carry, and how
//! long it takes to catch up. In virtual time, with the whole protocol and its keys.

mod support;

use support::NOON;
use support::world::{Act, Wire, World, other_author};
use twin_link::schedule::Payer;
use twin_link::{Class, Peer, Report};

const RADIO: Wire = Wire {
    bytes_per_s: 1200.0,
    delay_s: 0.05,
    jitter_s: 0.0,
    loss: 0.0,
    repeat: 0.0,
    frame_bytes: 256,
    is_budgeted: true,
};

/// The latencies of the alarms of node 0 at node 1 in seconds, sorted.
fn latencies(world: &World) -> Vec<f64> {
    let alarms = world.nodes[0].authors[&Class::LifeSafety].stream();
    let delivered = world.nodes[1].disk.delivered.iter();
    let mut latencies: Vec<f64> = delivered
        .filter(|(_, stream, ..)| *stream == alarms)
        .map(|(at, stream, seq, _)| at.seconds_since(world.truth[&(*stream, *seq)].at))
        .collect();
    latencies.sort_by(f64::total_cmp);
    latencies
}

/// The latencies of alarms in seconds, sorted, and how many were sent.
fn alarms(loss: f64, minutes: u32) -> (Vec<f64>, usize) {
    let mut world = World::new(2, 0.0, 11);
    world.wire(0, 1, Wire { loss, ..RADIO });
    let seconds = f64::from(minutes) * 60.0;
    // Telemetry and the operational picture in bundles of fifty readings: 170 % and more of
    // what the radio carries.
    let mut at = 20.0;
    while at < seconds {
        world.plan(at, Act::Append(0, Class::Telemetry, 50, Some(600.0)));
        world.plan(at, Act::Append(0, Class::Operational, 50, Some(300.0)));
        at += 0.2;
    }
    for second in 0..minutes * 60 {
        world.plan(f64::from(second), Act::Certify(0));
    }
    let mut at = 30.0;
    let mut sent = 0;
    while at < seconds - 20.0 {
        world.plan(at, Act::Append(0, Class::LifeSafety, 1, None));
        at += 1.5 + world.dice.unit();
        sent += 1;
    }
    world.run(NOON.plus_seconds(seconds), |_| false);
    let offered = world.bytes_written as f64 / (seconds - 20.0) / RADIO.bytes_per_s;
    println!(
        "offered {:.0} %, {} bytes on the air",
        offered * 100.0,
        world.bytes_sent
    );
    assert!(offered > 1.7, "only {offered}");
    (latencies(&world), sent)
}

fn quantile(sorted: &[f64], q: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * q).round() as usize]
}

#[test]
fn alarms_pass_a_saturated_radio() {
    for (loss, p50_max, p99_max) in [(0.0, 0.5, 1.5), (0.1, 1.0, 3.0)] {
        let (latencies, sent) = alarms(loss, 5);
        let (p50, p99) = (quantile(&latencies, 0.5), quantile(&latencies, 0.99));
        println!(
            "loss {loss}: {} alarms, p50 {p50:.3} s, p99 {p99:.3} s",
            latencies.len()
        );
        assert_eq!(latencies.len(), sent);
        assert!(p50 <= p50_max && p99 <= p99_max, "p50 {p50} s, p99 {p99} s");
    }
}

/// Once the keys for many readers used up what their origin may send as life safety, and its
/// alarms shared with the rest. Each twenty seconds a new epoch of the telemetry is granted to
/// fifty readers, eleven kilobytes or nine seconds of the radio, which is full besides.
#[test]
fn the_keys_of_a_new_epoch_delay_no_alarm() {
    let mut world = World::new(2, 0.0, 29);
    world.wire(0, 1, RADIO);
    for i in 0..900 {
        let at = 20.0 + f64::from(i) * 0.2;
        world.plan(at, Act::Append(0, Class::Operational, 50, Some(600.0)));
    }
    (0..9).for_each(|i| world.plan(25.0 + f64::from(i) * 20.0, Act::Epoch(0, 50)));
    let (mut at, mut sent) = (22.0, 0);
    while at < 190.0 {
        world.plan(at, Act::Append(0, Class::LifeSafety, 1, None));
        at += 1.0 + world.dice.unit();
        sent += 1;
    }
    world.run(NOON.plus_seconds(200.0), |_| false);
    let latencies = latencies(&world);
    let (p50, p99) = (quantile(&latencies, 0.5), quantile(&latencies, 0.99));
    println!(
        "epochs: {} alarms, p50 {p50:.3} s, p99 {p99:.3} s",
        latencies.len()
    );
    assert_eq!(latencies.len(), sent);
    assert!(p50 <= 0.5 && p99 <= 1.5, "p50 {p50} s, p99 {p99} s");
}

/// The node between knows what its radio carries and what waits for it.
#[test]
fn a_saturated_link_knows_what_it_carries_and_what_waits() {
    let mut world = World::new(2, 0.0, 13);
    world.wire(0, 1, RADIO);
    for i in 0..600 {
        let at = 10.0 + f64::from(i) * 0.1;
        world.plan(at, Act::Append(0, Class::Operational, 50, None));
    }
    for i in 0..20 {
        world.plan(
            20.0 + f64::from(i) * 2.0,
            Act::Append(0, Class::LifeSafety, 1, None),
        );
    }
    world.run(NOON.plus_seconds(60.0), |_| false);
    let now = world.now;
    let traffic = world.nodes[0].hub.traffic(Peer(1), now).expect("connected");
    println!("{traffic:?}");
    let of_rate = traffic.goodput_bytes_per_s / RADIO.bytes_per_s;
    assert!((0.85..1.0).contains(&of_rate), "{of_rate}");
    let waits = traffic.queued[Class::Operational as usize];
    let written = world.bytes_written as f64;
    let carried = waits.bytes as f64 + 55.0 * RADIO.bytes_per_s * of_rate;
    assert!(
        (carried / written - 1.0).abs() < 0.1,
        "{carried} of {written}"
    );
    let age_s = now.seconds_since(waits.oldest.expect("something waits"));
    assert!((15.0..50.0).contains(&age_s), "{age_s} s");
    assert!(traffic.queued[Class::LifeSafety as usize].bundles <= 1);
    // Once all is through nothing waits.
    world.run(NOON.plus_seconds(600.0), World::is_settled);
    world.run(world.now.plus_seconds(20.0), |_| false);
    let now = world.now;
    let idle = world.nodes[0].hub.traffic(Peer(1), now).expect("connected");
    assert_eq!(
        (idle.goodput_bytes_per_s, idle.queued),
        (0.0, Default::default())
    );
}

/// Somebody opens a hundred life-safety streams and writes in all of them without end, whether
/// it is known who that is or not. The alarms of the node between pass it all the same; the
/// flood is demoted, which is reported, and nothing of it is lost.
#[test]
fn a_flood_of_life_safety_delays_no_other_alarm() {
    for is_attributed in [true, false] {
        let mut world = World::new(3, 0.0, 41);
        world.wire(0, 1, RADIO);
        world.wire(0, 2, MEGABIT);
        let flooder = support::identity(2).origin;
        for at in 0..100 {
            let stream = other_author(2, at).stream();
            let hub = &mut world.nodes[0].hub;
            if is_attributed {
                hub.attribute(stream, flooder).expect("room for it");
            }
        }
        (2..14).for_each(|i| world.plan(f64::from(i) * 10.0, Act::Flood(2, 100)));
        let mut at = 20.0;
        let mut sent = 0;
        while at < 180.0 {
            world.plan(at, Act::Append(0, Class::LifeSafety, 1, None));
            at += 1.0 + world.dice.unit();
            sent += 1;
        }
        world.run(NOON.plus_seconds(190.0), |_| false);
        let latencies = latencies(&world);
        let (p50, p99) = (quantile(&latencies, 0.5), quantile(&latencies, 0.99));
        println!(
            "flood: {} alarms, p50 {p50:.3} s, p99 {p99:.3} s",
            latencies.len()
        );
        assert_eq!(latencies.len(), sent);
        assert!(p50 <= 0.5 && p99 <= 1.5, "p50 {p50} s, p99 {p99} s");
        let payer = if is_attributed {
            Payer::Origin(flooder)
        } else {
            Payer::Introducer(Peer(2))
        };
        let demoted = Report::Demoted(Peer(1), payer);
        let reports = world.nodes[0].reports.iter();
        assert_eq!(reports.filter(|report| **report == demoted).count(), 1);
        let settled = world.run(NOON.plus_seconds(900.0), World::is_settled);
        assert!(settled, "something of the flood is missing");
    }
}

/// Two nodes meet; one has much that the other lacks.
fn catch_up(wire: Wire, bundles: usize) -> (f64, f64) {
    let mut world = World::new(2, 0.0, 5);
    for i in 0..bundles {
        world.plan(i as f64 * 1e-3, Act::Append(0, Class::Bulk, 200, None));
    }
    world.run(NOON.plus_seconds(60.0), |_| false);
    let bodies = world.nodes[0]
        .disk
        .bundles
        .values()
        .map(|(_, _, bytes)| bytes.len());
    let missing = bodies.sum::<usize>() as f64;
    world.wire(0, 1, wire);
    let mut met = None;
    let settled = world.run(NOON.plus_seconds(1e5), |world| {
        let connected = world.nodes[0].hub.is_connected(twin_link::Peer(1));
        met = met.or_else(|| connected.then_some(world.now));
        world.is_settled()
    });
    assert!(settled, "they never agreed");
    let took_s = world.now.seconds_since(met.expect("they met"));
    let bound_s = 1.2 * missing / wire.bytes_per_s + 2.0 * 2.0 * wire.delay_s;
    println!(
        "{missing} bytes at {} B/s: {took_s:.2} s of {bound_s:.2} s",
        wire.bytes_per_s
    );
    (took_s, bound_s)
}

#[test]
fn catching_up_takes_little_longer_than_the_bytes() {
    for (wire, bundles) in [(RADIO, 60), (MEGABIT, 400)] {
        let (took_s, bound_s) = catch_up(wire, bundles);
        assert!(took_s <= bound_s, "{took_s} s, more than {bound_s} s");
    }
}

const MEGABIT: Wire = Wire {
    bytes_per_s: 125_000.0,
    frame_bytes: 1400,
    is_budgeted: false,
    ..RADIO
};

/// Sixty times the link breaks, an alarm and much else is written, and the link returns; the
/// nodes probe twice a second. How long until the alarm is there.
#[test]
fn an_alarm_is_first_when_a_link_returns() {
    for wire in [RADIO, MEGABIT] {
        let mut world = World::new(2, 0.0, 23);
        world.wire(0, 1, wire);
        let mut returns = Vec::new();
        for round in 0..60 {
            let cut = 20.0 + f64::from(round) * 30.0 + world.dice.unit();
            world.plan(cut, Act::Cut(0, 1));
            world.plan(cut + 5.0, Act::Append(0, Class::LifeSafety, 1, None));
            for i in 0..20 {
                let at = cut + 1.0 + f64::from(i) * 0.2;
                world.plan(at, Act::Append(0, Class::Operational, 50, Some(60.0)));
            }
            let heal = cut + 10.0 + world.dice.unit();
            world.plan(heal, Act::Heal(0, 1));
            returns.push(heal);
        }
        world.run(NOON.plus_seconds(2000.0), |_| false);
        let delivered = world.nodes[1].disk.delivered.iter();
        let alarms = delivered.filter(|(_, stream, seq, _)| {
            let written = world.truth.get(&(*stream, *seq));
            written.is_some_and(|w| w.class == Class::LifeSafety && !w.rooms.is_empty())
        });
        let waits = alarms
            .zip(&returns)
            .map(|(alarm, heal)| alarm.0.seconds_since(NOON.plus_seconds(*heal)));
        let mut waits: Vec<f64> = waits.collect();
        waits.sort_by(f64::total_cmp);
        let (p50, p99) = (quantile(&waits, 0.5), quantile(&waits, 0.99));
        println!(
            "{} B/s: {} returns, p50 {p50:.2} s, p99 {p99:.2} s",
            wire.bytes_per_s,
            waits.len()
        );
        assert_eq!(waits.len(), returns.len());
        assert!(p50 <= 1.0 && p99 <= 3.0, "p50 {p50} s, p99 {p99} s");
    }
}

/// All bytes on the air in both directions, acknowledgements and all, per sensor update.
#[test]
fn an_update_costs_at_most_seven_bytes_on_the_air() {
    for wire in [RADIO, MEGABIT] {
        let mut world = World::new(2, 0.0, 31);
        world.wire(0, 1, wire);
        world.run(NOON.plus_seconds(30.0), |_| false);
        let before = world.bytes_sent;
        let batches = 300;
        for i in 0..batches {
            world.plan(f64::from(i), Act::Append(0, Class::Telemetry, 50, None));
        }
        world.run(NOON.plus_seconds(400.0), |_| false);
        let updates = f64::from(batches) * 50.0;
        let bytes = (world.bytes_sent - before) as f64 / updates;
        let bodies = world.bytes_written as f64 / updates;
        println!(
            "frames of {}: {bytes:.2} B per update, bodies {bodies:.2} B",
            wire.frame_bytes
        );
        assert!(bytes <= 7.0, "{bytes} B");
        assert!(world.is_settled());
    }
}
