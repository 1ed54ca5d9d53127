//! A node as it is: an organisation's [`Exchange`] over a depot, beside a log of its own
//! claims and of what it was told, each on a disk that loses power.
//!
//! It is driven as `twin-node` drives it: a claim is acknowledged when the log holds it, then
//! released by the rules and offered; what the exchange changes becomes durable in one group
//! before it is told so; what it delivers is recorded before it counts as delivered.

mod disks;

use crate::cast::{self, Cast};
use crate::dice::Dice;
use crate::node::{Crash, DiskFailed, DiskFault, Entry, Env, Node, Outcome};
use crate::world::NOON;
use disks::{Disks, Failure, Life};
use std::sync::Arc;
use twin_exchange::{Card, Exchange, Notice, Particulars, Secrets};
use twin_link::{Class, Link, OriginId, Peer};
use twin_model::{
    Act, Attribute, BatchId, Claim, ClaimId, EntityId, EntityKind, Interval, Stated, Statement,
    Time, Value,
};
use twin_policy::sharing::{Choice, Form, Recipient, Rule, Whereabouts};

/// Everything is a room of one of the towers.
struct Towers;

impl Whereabouts for Towers {
    fn kind(&self, _: &EntityId) -> Option<EntityKind> {
        Some(EntityKind::Space)
    }

    fn is_within(&self, _: &EntityId, _: &EntityId) -> bool {
        true
    }
}

/// A node with its organisation and its disks.
#[derive(Debug)]
pub struct Full {
    /// All organisations, by the numbers of their nodes.
    origins: Vec<OriginId>,
    disks: Disks,
    backup: Option<Disks>,
    /// Where the data stand; a restored backup stands elsewhere.
    place: [u8; 32],
    life: Option<Life>,
    lacks_room: bool,
    outcome: Outcome,
}

impl Full {
    /// A node that has founded its organisation, admitted all others and shares with those
    /// who may read it.
    pub fn new(at: usize, cast: &Arc<Cast>, env: &mut Env<'_>) -> Self {
        let cards: Vec<Card> = (0..cast.count()).map(card).collect();
        let mut node = Self {
            origins: cards.iter().map(Card::origin).collect(),
            disks: Disks::new(env.dice),
            backup: None,
            place: env.dice.bytes(),
            life: None,
            lacks_room: false,
            outcome: Outcome::default(),
        };
        let mut exchange = found(at, node.place, env);
        for (_, card) in cards.iter().enumerate().filter(|(other, _)| *other != at) {
            with(env, |env| exchange.admit_card(card, env)).expect("a sound card");
        }
        for reader in cast.readers(at) {
            let rule = rule(node.origins[reader]);
            exchange.add_rule(rule).expect("a sound rule");
        }
        let life = Life::begin(&node.disks, exchange);
        node.life = Some(life);
        node.sync(env).expect("a sound disk");
        node
    }

    /// Bytes of the bundles that it holds.
    pub fn bundle_bytes(&self) -> u64 {
        self.life.as_ref().map_or(0, Life::bundle_bytes)
    }

    fn call(
        &mut self,
        env: &mut Env<'_>,
        what: impl FnOnce(&mut Life, &mut twin_exchange::Env<'_>),
    ) {
        let Some(life) = &mut self.life else {
            return;
        };
        with(env, |env| what(life, env));
        self.collect();
    }

    /// Makes all that waits durable, and bundles what waits for company. Whether it could.
    fn bundle_all(&mut self, env: &mut Env<'_>) -> bool {
        let bundled = self.make_durable(env);
        self.call(env, |life, env| life.exchange.write_all(env));
        bundled.and_then(|()| self.make_durable(env)).is_ok()
    }

    fn make_durable(&mut self, env: &mut Env<'_>) -> Result<(), Failure> {
        let Some(life) = &mut self.life else {
            return Ok(());
        };
        let synced = with(env, |env| life.sync(&mut self.outcome, env));
        self.collect();
        synced
    }

    /// Takes what the exchange has to say.
    fn collect(&mut self) {
        let Some(life) = &mut self.life else {
            return;
        };
        life.collect();
        let frames = life.exchange.frames().into_iter();
        self.outcome
            .frames
            .extend(frames.map(|(peer, frame)| (peer.0 as usize, frame)));
        let closes = life.exchange.closes().into_iter();
        self.outcome
            .closes
            .extend(closes.map(|(peer, why)| (peer.0 as usize, why)));
        let alarming = life.exchange.notices().into_iter().filter(is_alarming);
        self.outcome
            .alarms
            .extend(alarming.map(|notice| notice.to_string()));
    }

    fn open(&mut self, env: &mut Env<'_>) {
        // What was wrong with the disk is wrong again once it is open.
        self.disks = self.disks.after(Crash::Kill);
        let place = self.place;
        let opened = with(env, |env| Life::open(&self.disks, place, env));
        match opened {
            Ok(life) => self.life = Some(life),
            Err(why) => self.outcome.alarms.push(format!("it does not open: {why}")),
        }
        if self.lacks_room {
            self.disks.fill_up();
        }
        self.call(env, Life::tick);
    }
}

/// Calls something that wants the exchange's kind of environment.
fn with<T>(env: &mut Env<'_>, what: impl FnOnce(&mut twin_exchange::Env<'_>) -> T) -> T {
    let dice = &mut *env.dice;
    let mut random = |out: &mut [u8]| dice.fill(out);
    what(&mut twin_exchange::Env {
        now: env.now,
        random: &mut random,
    })
}

/// The organisation of a node, the same whenever it is asked for.
fn found(at: usize, place: [u8; 32], env: &mut Env<'_>) -> Exchange {
    let mut dice = Dice::new(at as u64 + 1000);
    let secrets = Secrets::draw(&mut |out| dice.fill(out));
    let particulars = Particulars {
        name: format!("tower-{at}"),
        title: format!("Tower {at}"),
        certificate: vec![0x30],
        addresses: Vec::new(),
    };
    let mut then = Env {
        now: NOON,
        dice: env.dice,
    };
    let founded = with(&mut then, |env| {
        Exchange::found(secrets, particulars, place, env)
    });
    founded.expect("founded")
}

fn card(at: usize) -> Card {
    let mut dice = Dice::new(0);
    let mut env = Env {
        now: NOON,
        dice: &mut dice,
    };
    found(at, [0; 32], &mut env).card().clone()
}

/// What each is told: all that nodes here speak about.
fn rule(reader: OriginId) -> Rule {
    let names = Class::ALL.map(|class| Attribute::new(cast::attribute(class)).expect("a name"));
    Rule {
        to: Recipient::Peer(reader.0),
        kinds: Choice::All,
        attributes: Choice::Only(names.to_vec()),
        area: None,
        backfill: false,
        form: Form::Claims,
    }
}

/// A claim of a node's own, numbered as in its log.
fn claim(entry: &Entry, sequence: u64) -> Claim {
    let topic = cast::topic(&entry.key);
    let stated = Stated {
        value: Value::Number(entry.value),
        unit: topic.unit,
        uncertainty: None,
    };
    Claim {
        id: ClaimId {
            incarnation: 1,
            sequence,
        },
        source: topic.source,
        statement: Statement {
            entity: topic.entity,
            attribute: topic.attribute,
            act: Act::Assert(stated),
            valid: Interval::ALWAYS,
            observed: entry.key.observed,
            procedure: None,
        },
        recorded: entry.key.observed,
        batch: BatchId(sequence),
    }
}

/// What honest nodes do not cause, whatever their clocks show.
fn is_alarming(notice: &Notice) -> bool {
    use twin_link::Error;
    match notice {
        Notice::Refused { why, .. } => {
            matches!(
                why,
                Error::Malformed(_) | Error::Signature(_) | Error::Forked
            )
        }
        Notice::Forked { .. }
        | Notice::Later(_)
        | Notice::Unreadable(_)
        | Notice::TooLarge { .. }
        | Notice::Damaged(_)
        | Notice::TooManyStreams => true,
        _ => false,
    }
}

impl Node for Full {
    const REMOVAL_IS_MUTUAL: bool = true;
    const CAN_REVOKE: bool = false;

    fn lifetime_s(class: Class, _: Option<f64>) -> Option<f64> {
        match class {
            Class::LifeSafety | Class::Bulk => None,
            Class::Operational => Some(7.0 * 86_400.0),
            Class::Telemetry => Some(86_400.0),
        }
    }

    fn connect(&mut self, peer: usize, link: Link, env: &mut Env<'_>) {
        let member = self.origins[peer];
        self.call(env, |life, env| {
            life.exchange.connect(Peer(peer as u64), member, link, env);
        });
    }

    fn disconnect(&mut self, peer: usize, env: &mut Env<'_>) {
        self.call(env, |life, env| {
            life.exchange.disconnect(Peer(peer as u64), env);
        });
    }

    fn take(&mut self, peer: usize, frame: &[u8], env: &mut Env<'_>) {
        self.call(env, |life, env| {
            life.exchange
                .take(Peer(peer as u64), frame, &life.rows, env);
        });
    }

    fn room(&mut self, peer: usize, env: &mut Env<'_>) {
        self.call(env, |life, env| {
            life.exchange.room(Peer(peer as u64), &life.rows, env);
        });
    }

    fn tick(&mut self, _: usize, env: &mut Env<'_>) {
        self.call(env, Life::tick);
    }

    fn next_wake(&mut self, peer: usize, env: &mut Env<'_>) -> Option<Time> {
        let life = self.life.as_mut()?;
        let peer = Peer(peer as u64);
        Some(with(env, |env| life.exchange.next_wake_for(peer, env)))
    }

    fn outcome(&mut self) -> Outcome {
        std::mem::take(&mut self.outcome)
    }

    fn is_dirty(&self) -> bool {
        self.life.as_ref().is_some_and(Life::is_dirty)
    }

    fn sync(&mut self, env: &mut Env<'_>) -> Result<(), DiskFailed> {
        match self.make_durable(env) {
            Ok(()) | Err(Failure::Full) => Ok(()),
            Err(Failure::Stopped) => Err(DiskFailed),
        }
    }

    fn write(&mut self, entries: &[Entry], _: Option<Time>, _: &mut Env<'_>) {
        if let Some(life) = &mut self.life {
            life.unlogged.extend_from_slice(entries);
        }
    }

    fn tidy(&mut self, env: &mut Env<'_>) {
        self.call(env, Life::tick);
    }

    fn remove(&mut self, reader: usize, env: &mut Env<'_>) {
        let origin = self.origins[reader];
        self.call(env, |life, env| {
            life.exchange.remove(origin, env).expect("it is a member");
        });
    }

    fn revoke(&mut self, _: usize, _: &mut Env<'_>) {
        unreachable!("no history asks for it");
    }

    fn crash(&mut self, crash: Crash, _: &mut Env<'_>) {
        self.life = None;
        self.disks = self.disks.after(crash);
        self.outcome = Outcome::default();
    }

    fn restart(&mut self, env: &mut Env<'_>) {
        self.open(env);
    }

    fn disk_fault(&mut self, fault: DiskFault) {
        match fault {
            DiskFault::Full => {
                self.lacks_room = true;
                self.disks.fill_up();
            }
            DiskFault::Room => {
                self.lacks_room = false;
                self.disks.make_space();
            }
            DiskFault::FailedSync => self.disks.fail_next_sync(),
        }
    }

    fn back_up(&mut self, env: &mut Env<'_>) -> bool {
        // As the command does it: a node that is down is opened for it, and everything that
        // the log holds is in bundles first.
        let is_down = self.life.is_none();
        if is_down {
            self.open(env);
        }
        let is_whole = self.bundle_all(env);
        if is_whole {
            self.backup = Some(self.disks.after(Crash::Kill));
        }
        if is_down {
            self.life = None;
            self.disks = self.disks.after(Crash::Kill);
        }
        is_whole
    }

    fn restore(&mut self) {
        if let Some(backup) = &self.backup {
            self.disks = backup.after(Crash::Kill);
            // Another directory, on another disk.
            self.place[0] ^= 0x80;
            self.place[1] = self.place[1].wrapping_add(1);
        }
    }

    fn accounted(&self) -> u64 {
        self.life.as_ref().map_or(0, Life::bundles)
    }

    fn disk_bytes(&self) -> Vec<u8> {
        self.disks.all_bytes()
    }
}

/// Which entry a claim of another node is.
fn entry_of(statement: &Statement) -> Option<Entry> {
    let Act::Assert(Stated {
        value: Value::Number(value),
        ..
    }) = statement.act
    else {
        return None;
    };
    let (entity, attribute) = (statement.entity.as_str(), statement.attribute.as_str());
    cast::entry(entity, attribute, statement.observed, value)
}
