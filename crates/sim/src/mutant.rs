//! Nodes that do not do what they should: to show that the checker catches them, and that
//! honest nodes do not suffer from them.

use crate::dice::Dice;
use crate::node::{Crash, DiskFailed, DiskFault, Entry, Env, Key, Node, Outcome};
use twin_link::frame::{Frame, Message};
use twin_link::{Class, Link};
use twin_model::Time;

/// What is wrong with a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vice {
    /// Nothing.
    None,
    /// Every tenth entry reaches its application twice.
    DeliversTwice,
    /// Every twentieth entry never reaches it.
    LosesSome,
    /// Every twentieth entry reaches it with another value.
    Alters,
    /// Once it makes up an entry.
    Invents,
    /// Its application gets alarms last.
    KeepsAlarmsBack,
    /// It notes down in the clear what it writes.
    Leaks,
    /// It acknowledges what is not on its disk, and forgets it.
    AcknowledgesEarly,
    /// Instead of what it should say it says without end that it knows something else.
    Floods,
}

/// A node with a vice.
#[derive(Debug)]
pub struct Mutant<N> {
    inner: N,
    vice: Vice,
    count: u64,
    kept_back: Vec<Entry>,
    notes: Vec<u8>,
    early: Vec<Key>,
    packet: u64,
    dice: Dice,
    flooded: Vec<(usize, Vec<u8>)>,
}

impl<N> Mutant<N> {
    /// Gives a node a vice.
    pub fn new(inner: N, vice: Vice) -> Self {
        Self {
            inner,
            vice,
            count: 0,
            kept_back: Vec::new(),
            notes: Vec::new(),
            early: Vec::new(),
            packet: 1 << 20,
            dice: Dice::new(7),
            flooded: Vec::new(),
        }
    }

    /// The node below.
    pub fn inner(&self) -> &N {
        &self.inner
    }

    fn pervert(&mut self, entry: Entry) -> Vec<Entry> {
        self.count += 1;
        let count = self.count;
        match self.vice {
            Vice::DeliversTwice if count.is_multiple_of(10) => vec![entry, entry],
            Vice::LosesSome if count.is_multiple_of(20) => Vec::new(),
            Vice::Alters if count.is_multiple_of(20) => {
                let value = entry.value + 0.1;
                vec![Entry { value, ..entry }]
            }
            Vice::Invents if count == 5 => {
                let mut made_up = entry;
                made_up.key.room += 1000;
                vec![entry, made_up]
            }
            Vice::KeepsAlarmsBack if entry.key.class == Class::LifeSafety => {
                self.kept_back.push(entry);
                Vec::new()
            }
            _ => vec![entry],
        }
    }
}

impl<N: Node> Node for Mutant<N> {
    const REMOVAL_IS_MUTUAL: bool = N::REMOVAL_IS_MUTUAL;
    const CAN_REVOKE: bool = N::CAN_REVOKE;

    fn lifetime_s(class: Class, asked: Option<f64>) -> Option<f64> {
        N::lifetime_s(class, asked)
    }

    fn connect(&mut self, peer: usize, link: Link, env: &mut Env<'_>) {
        self.inner.connect(peer, link, env);
    }

    fn disconnect(&mut self, peer: usize, env: &mut Env<'_>) {
        self.inner.disconnect(peer, env);
    }

    fn take(&mut self, peer: usize, frame: &[u8], env: &mut Env<'_>) {
        self.inner.take(peer, frame, env);
    }

    fn room(&mut self, peer: usize, env: &mut Env<'_>) {
        if self.vice == Vice::Floods {
            self.packet += 1;
            let roots = [0; 4].map(|_: u8| self.dice.bytes());
            let messages = vec![Message::Roots(roots), Message::Ping];
            let frame = Frame {
                packet: self.packet,
                messages,
            };
            self.flooded.push((peer, frame.encode()));
            // Now and then what it should say, so that the conversation goes on.
            if !self.packet.is_multiple_of(8) {
                return;
            }
        }
        self.inner.room(peer, env);
    }

    fn tick(&mut self, peer: usize, env: &mut Env<'_>) {
        self.inner.tick(peer, env);
    }

    fn next_wake(&mut self, peer: usize, env: &mut Env<'_>) -> Option<Time> {
        if self.vice == Vice::Floods {
            return Some(env.now);
        }
        self.inner.next_wake(peer, env)
    }

    fn outcome(&mut self) -> Outcome {
        let mut outcome = self.inner.outcome();
        let delivered = std::mem::take(&mut outcome.delivered);
        outcome.delivered = delivered
            .into_iter()
            .flat_map(|e| self.pervert(e))
            .collect();
        // After a while it lets the alarms go.
        if self.kept_back.len() > 40 {
            outcome.delivered.append(&mut self.kept_back);
        }
        outcome.acknowledged.append(&mut self.early);
        outcome.frames.append(&mut self.flooded);
        outcome
    }

    fn is_dirty(&self) -> bool {
        self.inner.is_dirty()
    }

    fn sync(&mut self, env: &mut Env<'_>) -> Result<(), DiskFailed> {
        self.inner.sync(env)
    }

    fn write(&mut self, entries: &[Entry], expires: Option<Time>, env: &mut Env<'_>) {
        if self.vice == Vice::Leaks {
            let note = format!("{entries:?}");
            self.notes.extend_from_slice(note.as_bytes());
        }
        self.count += 1;
        if self.vice == Vice::AcknowledgesEarly && self.count.is_multiple_of(3) {
            self.early.extend(entries.iter().map(|entry| entry.key));
            return;
        }
        self.inner.write(entries, expires, env);
    }

    fn tidy(&mut self, env: &mut Env<'_>) {
        self.inner.tidy(env);
    }

    fn remove(&mut self, reader: usize, env: &mut Env<'_>) {
        self.inner.remove(reader, env);
    }

    fn revoke(&mut self, node: usize, env: &mut Env<'_>) {
        self.inner.revoke(node, env);
    }

    fn crash(&mut self, crash: Crash, env: &mut Env<'_>) {
        self.inner.crash(crash, env);
    }

    fn restart(&mut self, env: &mut Env<'_>) {
        self.inner.restart(env);
    }

    fn disk_fault(&mut self, fault: DiskFault) {
        self.inner.disk_fault(fault);
    }

    fn back_up(&mut self, env: &mut Env<'_>) -> bool {
        self.inner.back_up(env)
    }

    fn restore(&mut self) {
        self.inner.restore();
    }

    fn accounted(&self) -> u64 {
        self.inner.accounted()
    }

    fn disk_bytes(&self) -> Vec<u8> {
        let mut bytes = self.inner.disk_bytes();
        bytes.extend_from_slice(&self.notes);
        bytes
    }
}
