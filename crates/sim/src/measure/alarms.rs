//! Alarms on a poor radio, alarms when a link returns, and how long catching up takes.

use crate::cast::Cast;
use crate::ledger::Ledger;
use crate::node::{Env, Node};
use crate::row::{Row, median_and_p99};
use crate::wire::Wire;
use crate::world::{Act, Conditions, NOON, World};
use std::sync::Arc;
use twin_link::Class;

/// What starts a node.
pub type Make<N> = fn(usize, &Arc<Cast>, &mut Env<'_>) -> N;

/// Frame in service, then the own one, then the way: no alarm can be faster for sure.
/// (60 + 256) bytes at 1200 B/s and 50 ms.
const RADIO_BOUND_S: f64 = (60.0 + 256.0) / 1200.0 + 0.05;

fn pair<N: Node>(seed: u64, make: Make<N>) -> World<N> {
    World::new(Cast::open(2), &[], Conditions::default(), seed, make)
}

/// How long each alarm of node 0 took to node 1, and how many never came.
fn latencies(ledger: &Ledger) -> (Vec<f64>, usize) {
    let journeys = ledger.journeys(Class::LifeSafety, 0, 1);
    let mut seconds = Vec::new();
    let mut lost = 0;
    for (_, written, arrived) in journeys {
        match arrived {
            Some(arrived) => seconds.push(arrived.seconds_since(written)),
            None => lost += 1,
        }
    }
    (seconds, lost)
}

/// Alarms over 9.6 kbit/s that are offered 170 % and more of what they carry.
pub fn radio<N: Node>(make: Make<N>, minutes: u32, own_bytes: fn(&N) -> u64) -> Vec<Row> {
    [(0.0, 0.5, 1.5), (0.1, f64::INFINITY, 3.0)]
        .into_iter()
        .map(|(loss, p50_max, p99_max)| {
            let mut world = pair(11, make);
            world.wire(0, 1, Wire::radio().losing(loss));
            let seconds = f64::from(minutes) * 60.0;
            let mut at = 20.0;
            while at < seconds {
                world.plan(at, Act::Write(0, Class::Telemetry, 50, Some(600.0)));
                world.plan(at, Act::Write(0, Class::Operational, 50, Some(300.0)));
                at += 0.2;
            }
            for second in 0..minutes * 60 {
                world.plan(f64::from(second), Act::Tidy(0));
            }
            let mut at = 30.0;
            while at < seconds - 20.0 {
                world.plan(at, Act::Write(0, Class::LifeSafety, 1, None));
                at += 1.5 + world.dice.unit();
            }
            // What is offered before anything is taken back: the first minute.
            world.run_for(60.0);
            let before = own_bytes(world.node(0));
            world.run_for(10.0);
            let offered = (own_bytes(world.node(0)) - before) as f64 / 10.0 / 1200.0;
            world.run_until(NOON.plus_seconds(seconds), |_| false);
            let (mut waits, lost) = latencies(&world.ledger);
            let (p50, p99) = median_and_p99(&mut waits);
            let met = lost == 0 && p50 <= p50_max && p99 <= p99_max && offered >= 1.7;
            let target = match loss {
                0.0 => "p50 ≤ 0.5 s, p99 ≤ 1.5 s, none lost",
                _ => "p99 ≤ 3 s, none lost",
            };
            Row::new(format!(
                "an alarm over 9.6 kbit/s, overloaded, {:.0} % of frames lost",
                loss * 100.0
            ))
            .found(
                waits.len() + lost,
                format!("p50 {p50:.2} s, p99 {p99:.2} s, {lost} lost"),
            )
            .held_to(target, met)
            .beside(format!(
                "bound {RADIO_BOUND_S:.2} s; Zenoh 1.10 p50 11.4 s, 39 % lost (reference)"
            ))
            .on(format!("radio {loss} {minutes}"))
            .detail(format!("offered {:.0} % of the capacity", offered * 100.0))
        })
        .collect()
}

/// Many times the link breaks, an alarm and much else is written, and the link returns.
pub fn contact<N: Node>(make: Make<N>, returns: u32) -> Vec<Row> {
    let wires = [("9.6 kbit/s", Wire::radio()), ("1 Mbit/s", Wire::megabit())];
    wires
        .into_iter()
        .map(|(name, wire)| {
            let mut world = pair(23, make);
            world.wire(0, 1, wire);
            let mut heals = Vec::new();
            for round in 0..returns {
                let cut = 20.0 + f64::from(round) * 30.0 + world.dice.unit();
                world.plan(cut, Act::Cut(0, 1));
                world.plan(cut + 5.0, Act::Write(0, Class::LifeSafety, 1, None));
                for i in 0..20 {
                    let at = cut + 1.0 + f64::from(i) * 0.2;
                    world.plan(at, Act::Write(0, Class::Operational, 50, Some(60.0)));
                }
                let heal = cut + 10.0 + world.dice.unit();
                world.plan(heal, Act::Heal(0, 1));
                heals.push(heal);
            }
            world.run_for(f64::from(returns) * 30.0 + 60.0);
            let journeys = world.ledger.journeys(Class::LifeSafety, 0, 1);
            let mut by_time: Vec<_> = journeys.collect();
            by_time.sort_by_key(|(_, written, _)| *written);
            let waits = by_time.iter().zip(&heals);
            let waits = waits.filter_map(|((_, _, arrived), heal)| {
                Some(arrived.as_ref()?.seconds_since(NOON.plus_seconds(*heal)))
            });
            let mut waits: Vec<f64> = waits.collect();
            let (p50, p99) = median_and_p99(&mut waits);
            let met = waits.len() == heals.len() && p50 <= 1.0 && p99 <= 3.0;
            Row::new(format!("the first alarm after a link of {name} returns"))
                .found(heals.len(), format!("p50 {p50:.2} s, p99 {p99:.2} s"))
                .held_to("p50 ≤ 1 s, p99 ≤ 3 s", met)
                .beside("NATS leaf 10 to 20 s, Zenoh 1.1 s after a lease of 10 s (reference)")
                .on(format!("contact {name} {returns}"))
                .detail("probed twice a second; virtual time")
        })
        .collect()
}

/// Two nodes meet; one has much that the other lacks.
pub fn catch_up<N: Node>(make: Make<N>, own_bytes: fn(&N) -> u64) -> Vec<Row> {
    let cases = [
        ("9.6 kbit/s", Wire::radio(), 60),
        ("1 Mbit/s", Wire::megabit(), 400),
    ];
    let mut rows = Vec::new();
    for (name, wire, bundles) in cases {
        let mut world = pair(5, make);
        for i in 0..bundles {
            world.plan(f64::from(i) * 1e-3, Act::Write(0, Class::Bulk, 200, None));
        }
        world.run_for(60.0);
        let missing = own_bytes(world.node(0)) as f64;
        world.wire(0, 1, wire);
        let mut met_at = None;
        let until = NOON.plus_seconds(1e5);
        let complete = world.run_until(until, |world| {
            met_at = met_at.or_else(|| world.is_connected(0, 1).then_some(world.now));
            world.ledger.is_complete()
        });
        let took_s = world.now.seconds_since(met_at.unwrap_or(NOON));
        let capacity = wire.there.bytes_per_s;
        let bound_s = 1.2 * missing / capacity + 4.0 * wire.there.delay_s;
        let goodput = missing / took_s / capacity * 100.0;
        let row = Row::new(format!("catching up {missing:.0} bytes at {name}"))
            .found(bundles as usize, format!("{took_s:.2} s"))
            .held_to(
                format!("≤ {bound_s:.2} s (1.2 · D/C + 2 RTT)"),
                complete && took_s <= bound_s,
            )
            .beside(format!("D/C = {:.2} s", missing / capacity))
            .on(format!("catch up {name} {bundles}"));
        rows.push(row);
        let row = Row::new(format!("goodput at {name}"))
            .found(bundles as usize, format!("{goodput:.1} % of the capacity"))
            .held_to("≥ 85 %", complete && goodput >= 85.0)
            .beside("quinn, one message in flight: 74 % (reference)")
            .on(format!("goodput {name} {bundles}"));
        rows.push(row);
    }
    rows
}
