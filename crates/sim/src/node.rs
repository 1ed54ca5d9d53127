//! What the world asks of a node, and the entries that it hands to it.
//!
//! An entry is named by what it says, not by what the protocol calls it, so that the
//! checker needs nothing of the protocol to tell whether it arrived.

use crate::dice::Dice;
use std::fmt;
use twin_link::session::Ended;
use twin_link::{Class, Link};
use twin_model::Time;

/// Which entry: who says it, how urgent it is, about what, and when it was so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The node that writes it.
    pub origin: usize,
    /// Its class.
    pub class: Class,
    /// What it is about: one of the origin's rooms.
    pub room: usize,
    /// When it was observed; no two entries of a world have the same.
    pub observed: Time,
}

/// An entry with its value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// Which.
    pub key: Key,
    /// What was read.
    pub value: f64,
}

/// What a node may know when it is called.
#[derive(Debug)]
pub struct Env<'a> {
    /// What its clock shows.
    pub now: Time,
    /// Its source of randomness.
    pub dice: &'a mut Dice,
}

/// How a node ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// The process is killed; the system lives on.
    Kill,
    /// The power goes: what was not synced is dropped, torn or there.
    PowerCut,
}

/// What is wrong with a node's disk from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskFault {
    /// It is full.
    Full,
    /// It has room again.
    Room,
    /// Its next sync fails.
    FailedSync,
}

/// What came out of a node since it was last asked.
#[derive(Debug, Default)]
pub struct Outcome {
    /// To hand to the carriers.
    pub frames: Vec<(usize, Vec<u8>)>,
    /// Connections to close.
    pub closes: Vec<(usize, Ended)>,
    /// Entries of its own that are durable now.
    pub acknowledged: Vec<Key>,
    /// What its application got and keeps.
    pub delivered: Vec<Entry>,
    /// What honest nodes never report.
    pub alarms: Vec<String>,
}

/// A node whose disk did not do what it was asked: it stops and starts again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskFailed;

impl fmt::Display for DiskFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the disk failed")
    }
}

/// A node with its disk, as the world drives it.
pub trait Node {
    /// Whether whoever removes a reader no longer believes it either.
    const REMOVAL_IS_MUTUAL: bool;
    /// Whether [`Self::revoke`] may be asked.
    const CAN_REVOKE: bool;
    /// How long entries of a class count, if so long was asked for.
    fn lifetime_s(class: Class, asked: Option<f64>) -> Option<f64>;
    /// A connection to a peer is up.
    fn connect(&mut self, peer: usize, link: Link, env: &mut Env<'_>);
    /// It is gone.
    fn disconnect(&mut self, peer: usize, env: &mut Env<'_>);
    /// A frame arrived.
    fn take(&mut self, peer: usize, frame: &[u8], env: &mut Env<'_>);
    /// The carrier to a peer can take a frame.
    fn room(&mut self, peer: usize, env: &mut Env<'_>);
    /// Time passed.
    fn tick(&mut self, peer: usize, env: &mut Env<'_>);
    /// When, by its clock, it has something to do for a peer.
    fn next_wake(&mut self, peer: usize, env: &mut Env<'_>) -> Option<Time>;
    /// What it has to say since.
    fn outcome(&mut self) -> Outcome;
    /// Whether something waits to become durable.
    fn is_dirty(&self) -> bool;
    /// Makes durable what waits.
    fn sync(&mut self, env: &mut Env<'_>) -> Result<(), DiskFailed>;
    /// Writes entries of one class as one batch; they count once acknowledged.
    fn write(&mut self, entries: &[Entry], expires: Option<Time>, env: &mut Env<'_>);
    /// Takes back what need not be kept.
    fn tidy(&mut self, env: &mut Env<'_>);
    /// Takes a reader's key away.
    fn remove(&mut self, reader: usize, env: &mut Env<'_>);
    /// Its organisation takes back the key of `node`, after the last entry that this node
    /// holds of it.
    fn revoke(&mut self, node: usize, env: &mut Env<'_>);
    /// It ends. Nothing is asked of it before [`Self::restart`].
    fn crash(&mut self, crash: Crash, env: &mut Env<'_>);
    /// It starts from its disk.
    fn restart(&mut self, env: &mut Env<'_>);
    /// Something is wrong with its disk.
    fn disk_fault(&mut self, fault: DiskFault);
    /// Its disk is copied, as a backup, also while the node is down. Whether that was possible.
    fn back_up(&mut self, env: &mut Env<'_>) -> bool;
    /// Its disk is replaced by the backup; follows a crash.
    fn restore(&mut self);
    /// How many bundles of all streams but life safety it holds or need not hold any more.
    fn accounted(&self) -> u64;
    /// Every byte on its disk.
    fn disk_bytes(&self) -> Vec<u8>;
}
