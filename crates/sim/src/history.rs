//! What befalls a few nodes in a quarter of an hour, all by one number: losses, cuts,
//! silences, kills, power cuts, full and failing disks, wrong and jumping clocks, restored
//! backups, readers removed, keys taken back.

use crate::cast::Cast;
use crate::clock::Clock;
use crate::dice::Dice;
use crate::ledger::Violation;
use crate::node::{Crash, DiskFault, Env, Node};
use crate::wire::{Burst, Path, Wire};
use crate::world::{Act, Conditions, NOON, World};
use std::sync::Arc;
use twin_link::Class;
use twin_model::Time;

/// When all is repaired.
pub const HEAL_S: f64 = 90.0;
/// How long the nodes then have, and how long after that no node may go without any news:
/// over a radio of 300 B/s a restored node needs longer for all that it lost.
pub const SETTLE_S: f64 = 900.0;
/// How long they have at most.
const SETTLE_MAX_S: f64 = 3600.0;
/// How long they are watched after that for what should not come.
const WATCH_S: f64 = 70.0;

/// How a history ended.
#[derive(Debug, Clone)]
pub struct Lived {
    /// Deliveries that were due.
    pub due: u64,
    /// Deliveries that happened.
    pub deliveries: u64,
    /// Seconds from the repair until all was there.
    pub settled_s: Option<f64>,
    /// What must not be.
    pub violations: Vec<Violation>,
    /// The hash of its trace.
    pub trace: blake3::Hash,
}

/// A path between a poor radio and a good network.
pub fn any_path(dice: &mut Dice, bytes_per_s: f64) -> Path {
    let is_bursty = dice.chance(0.3);
    Path {
        bytes_per_s,
        delay_s: dice.between(0.005, 0.3),
        jitter_s: dice.between(0.0, 0.2),
        loss: if dice.chance(0.3) {
            0.0
        } else {
            dice.between(0.0, 0.4)
        },
        burst: is_bursty.then(|| Burst {
            begins: dice.between(0.005, 0.05),
            ends: dice.between(0.05, 0.3),
            loss: dice.between(0.6, 1.0),
        }),
        repeat: dice.between(0.0, 0.1),
        late: dice.between(0.0, 0.05),
    }
}

fn any_wire(dice: &mut Dice) -> Wire {
    let (rate, frame_bytes) = dice.pick(&[(1200.0, 256), (8000.0, 256), (125_000.0, 1400)]);
    let there = any_path(dice, rate);
    let back = if dice.chance(0.3) {
        let slower = dice.between(1.0, 4.0);
        any_path(dice, rate / slower)
    } else {
        there
    };
    Wire {
        there,
        back,
        frame_bytes,
        is_budgeted: dice.chance(0.5),
    }
}

fn any_clock(dice: &mut Dice) -> Clock {
    let offset_s = if dice.chance(0.2) {
        dice.between(-7200.0, 7200.0)
    } else {
        dice.between(-2.0, 2.0)
    };
    Clock::new(offset_s, dice.between(-50.0, 50.0), NOON)
}

/// Who may read whom: often everybody, else by chance, so that some only carry.
fn any_cast(dice: &mut Dice, count: usize) -> Cast {
    if count < 3 || dice.chance(0.5) {
        return Cast::open(count);
    }
    let mut cast = Cast::closed(count, [(0, count - 1), (count - 1, 0)]);
    for origin in 0..count {
        for reader in 0..count {
            cast.may_read[origin][reader] |= dice.chance(0.4);
        }
    }
    cast
}

/// A line of nodes with some shortcuts.
fn any_wires(dice: &mut Dice, count: usize) -> Vec<(usize, usize)> {
    let mut pairs: Vec<(usize, usize)> = (1..count).map(|b| (b - 1, b)).collect();
    for a in 0..count {
        for b in a + 2..count {
            if dice.chance(0.3) {
                pairs.push((a, b));
            }
        }
    }
    pairs
}

/// A world and all that happens in it until it is repaired.
pub fn history<N: Node>(
    seed: u64,
    keeps_trace: bool,
    make: impl FnMut(usize, &Arc<Cast>, &mut Env<'_>) -> N,
) -> World<N> {
    let mut dice = Dice::new(seed);
    let count = 2 + dice.below(4);
    let cast = any_cast(&mut dice, count);
    let clocks: Vec<Clock> = (0..count).map(|_| any_clock(&mut dice)).collect();
    let conditions = Conditions {
        sync_s: dice.between(0.0, 0.03),
        keeps_trace,
        ..Conditions::default()
    };
    let pairs = any_wires(&mut dice, count);
    let mut world = World::new(cast, &clocks, conditions, dice.any(), make);
    for (a, b) in pairs {
        world.wire(a, b, any_wire(&mut dice));
        plan_wire(&mut world, &mut dice, a, b);
    }
    for at in 0..count {
        plan_node(&mut world, &mut dice, at);
    }
    if dice.chance(0.2) {
        plan_removal(&mut world, &mut dice);
    }
    world
}

fn plan_wire<N: Node>(world: &mut World<N>, dice: &mut Dice, a: usize, b: usize) {
    for _ in 0..dice.below(4) {
        let at = dice.between(0.0, HEAL_S);
        let act = match dice.below(4) {
            0 => Act::Silence(a, b),
            1 => Act::Silence(b, a),
            _ => Act::Cut(a, b),
        };
        world.plan(at, act);
        world.plan(at + dice.between(0.0, 30.0), Act::Heal(a, b));
    }
    world.plan(HEAL_S + 30.0, Act::Heal(a, b));
}

fn plan_node<N: Node>(world: &mut World<N>, dice: &mut Dice, at: usize) {
    for _ in 0..dice.below(3) {
        let when = dice.between(0.0, HEAL_S);
        let crash = dice.pick(&[Crash::Kill, Crash::PowerCut]);
        world.plan(when, Act::Crash(at, crash));
        world.plan(when + dice.between(0.0, 20.0), Act::Restart(at));
    }
    if dice.chance(0.15) {
        let when = dice.between(0.0, HEAL_S);
        world.plan(when, Act::Disk(at, DiskFault::Full));
        world.plan(
            when + dice.between(1.0, 30.0),
            Act::Disk(at, DiskFault::Room),
        );
    }
    if dice.chance(0.1) {
        let when = dice.between(0.0, HEAL_S);
        world.plan(when, Act::Disk(at, DiskFault::FailedSync));
    }
    if dice.chance(0.1) {
        let when = dice.between(0.0, HEAL_S / 2.0);
        world.plan(when, Act::BackUp(at));
        world.plan(dice.between(when, HEAL_S), Act::Restore(at));
    }
    if dice.chance(0.15) {
        let seconds = dice.pick(&[-3600.0, -60.0, 60.0, 3600.0, 90_000.0]);
        world.plan(dice.between(0.0, HEAL_S), Act::Jump(at, seconds));
    }
    for _ in 0..dice.below(4) {
        world.plan(dice.between(0.0, HEAL_S), Act::Tidy(at));
    }
    for _ in 0..dice.below(25) {
        let class = dice.pick(&Class::ALL);
        let expires_s = dice.chance(0.3).then(|| dice.between(5.0, 400.0));
        let act = Act::Write(at, class, 1 + dice.below(20), expires_s);
        world.plan(dice.between(0.0, HEAL_S), act);
    }
    world.plan(HEAL_S + 30.0, Act::Disk(at, DiskFault::Room));
    world.plan(HEAL_S + 30.0, Act::Restart(at));
}

/// A reader is removed, or a stolen key taken back; what is written later is not for it, or
/// not believed.
fn plan_removal<N: Node>(world: &mut World<N>, dice: &mut Dice) {
    let count = world.cast().count();
    let origin = dice.below(count);
    // Whoever gets an older disk back, or writes nothing down, forgets whom it removed.
    let forgets = |(_, act): &(Time, Act)| match act {
        Act::Restore(at) => *at == origin,
        Act::Disk(at, fault) => *at == origin && *fault != DiskFault::Room,
        _ => false,
    };
    if world.plans().iter().any(forgets) {
        return;
    }
    let Some(reader) = world.cast().readers(origin).next() else {
        return;
    };
    if dice.chance(0.5) || !N::CAN_REVOKE {
        world.plan(dice.between(10.0, HEAL_S), Act::Remove(origin, reader));
        return;
    }
    // Twice: the first may be lost with the power.
    world.plan(dice.between(10.0, HEAL_S), Act::Revoke(origin, reader));
    world.plan(HEAL_S + 32.0, Act::Revoke(origin, reader));
    let late = HEAL_S + SETTLE_S;
    world.plan(late, Act::Steal(origin));
    for class in Class::ALL {
        world.plan(late + 1.0, Act::Write(origin, class, 3, None));
    }
}

/// Runs until all is there or nothing comes any more. Returns how long that took after the
/// repair; nothing if something is missing.
fn settle<N: Node>(world: &mut World<N>) -> Option<f64> {
    // Where keys are taken back a thief begins to write when this time is over.
    let most_s = if N::CAN_REVOKE {
        SETTLE_S
    } else {
        SETTLE_MAX_S
    };
    let (mut asked, mut held, mut news) = (0_u32, 0, NOON.plus_seconds(HEAL_S));
    let until = NOON.plus_seconds(HEAL_S + most_s);
    world.run_until(until, |world| {
        asked += 1;
        if !asked.is_multiple_of(4) {
            return false;
        }
        if asked.is_multiple_of(64) {
            let now = world.nodes().map(Node::accounted).sum();
            if std::mem::replace(&mut held, now) != now {
                news = world.now;
            }
        }
        world.ledger.is_complete() || world.now.seconds_since(news) > SETTLE_S
    });
    let is_complete = world.ledger.is_complete();
    is_complete.then(|| world.now.seconds_since(NOON) - HEAL_S)
}

/// Lives through a history and closes its books.
pub fn live<N: Node>(mut world: World<N>) -> (Lived, World<N>) {
    world.run_until(NOON.plus_seconds(HEAL_S + 31.0), |_| false);
    let settled_s = settle(&mut world);
    if settled_s.is_none() {
        // What a thief writes later must not hide what is missing now.
        world.ledger.close();
    }
    let rest = NOON.plus_seconds(HEAL_S + SETTLE_S).max(world.now);
    world.run_until(rest.plus_seconds(WATCH_S), |_| false);
    let due = world.ledger.close();
    let lived = Lived {
        due,
        deliveries: world.ledger.deliveries(),
        settled_s,
        violations: world.ledger.violations().to_vec(),
        trace: world.trace_hash(),
    };
    (lived, world)
}
