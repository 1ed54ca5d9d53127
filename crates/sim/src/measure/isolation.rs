//! Whether a peer that stalls or floods delays the others.

use crate::bare::Bare;
use crate::cast::Cast;
use crate::mutant::{Mutant, Vice};
use crate::row::{Row, median_and_p99};
use crate::wire::Wire;
use crate::world::{Act, Conditions, World};
use twin_link::Class;

/// What a frame costs a node to think about, generously: most take a tenth.
const SERVICE_S: f64 = 100e-6;

/// How long entries take to an honest peer, all classes that keep history.
fn p99(vice: Option<Vice>, minutes: u32) -> (f64, usize) {
    let conditions = Conditions {
        service_s: SERVICE_S,
        ..Conditions::default()
    };
    let mut world = World::new(Cast::open(4), &[], conditions, 9, |at, cast, env| {
        let vice = vice.filter(|_| at > 1).unwrap_or(Vice::None);
        Mutant::new(Bare::new(at, cast, env), vice)
    });
    world.wire(0, 1, Wire::megabit());
    if let Some(vice) = vice {
        for peer in 2..4 {
            world.wire(0, peer, Wire::megabit());
            if vice == Vice::None {
                // It hears, and nobody hears it.
                world.plan(5.0, Act::Silence(peer, 0));
            }
        }
    }
    for second in 10..minutes * 60 {
        let at = f64::from(second);
        world.plan(at, Act::Write(0, Class::Operational, 20, None));
        world.plan(at + 0.37, Act::Write(0, Class::LifeSafety, 1, None));
        world.plan(at + 0.61, Act::Write(0, Class::Bulk, 200, None));
    }
    world.run_for(f64::from(minutes) * 60.0 + 30.0);
    let mut waits = Vec::new();
    for class in [Class::LifeSafety, Class::Operational, Class::Bulk] {
        let journeys = world.ledger.journeys(class, 0, 1);
        waits.extend(journeys.map(|(_, written, arrived)| {
            arrived.map_or(f64::INFINITY, |arrived| arrived.seconds_since(written))
        }));
    }
    (median_and_p99(&mut waits).1, waits.len())
}

/// The same with nobody else, with peers that stall, and with peers that flood.
pub fn isolation(minutes: u32) -> Vec<Row> {
    let (alone, n) = p99(None, minutes);
    let cases = [
        ("that hear and never answer", Vice::None),
        ("that flood and lie", Vice::Floods),
    ];
    let row = |(name, vice)| {
        let (beside_it, _) = p99(Some(vice), minutes);
        let change = (beside_it / alone - 1.0) * 100.0;
        Row::new(format!("p99 to an honest peer beside two {name}"))
            .found(n, format!("{beside_it:.4} s, {change:+.2} %"))
            .held_to("< 5 % more", change < 5.0)
            .beside(format!(
                "alone {alone:.4} s; Zenoh #2585: all share a slow one's fate"
            ))
            .on(format!("isolation {name} {minutes}"))
            .detail("each frame costs the node 0.1 ms; each peer has a link of its own")
    };
    cases.into_iter().map(row).collect()
}
