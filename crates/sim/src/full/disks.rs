//! The disks of a node, and what runs on them between two crashes.

use super::{Towers, claim, entry_of};
use crate::dice::Dice;
use crate::node::{Crash, Entry, Key, Outcome};
use std::collections::BTreeMap;
use std::sync::Arc;
use twin_exchange::{Change, Env, Exchange, Rows};
use twin_link::{Class, Ranges, StreamId};
use twin_model::Time;
use twin_policy::sharing::release;
use twin_store::Error;
use twin_store::backend::Backend as _;
use twin_store::backend::crash::{CrashDisk, Faults};
use twin_store::depot::{self, Depot, Options, Reader, Urgency};

/// Rows of the log: a claim of the node's own, and a bundle that it was told.
const OWN: u8 = b'c';
const TOLD: u8 = b'd';
/// Small, so that histories see segments end and compaction run.
const SEGMENT_BYTES: u64 = 64 << 10;

/// Where the depot and the log stand.
#[derive(Debug, Clone)]
pub(super) struct Disks {
    depot: CrashDisk,
    log: CrashDisk,
}

impl Disks {
    pub(super) fn new(dice: &mut Dice) -> Self {
        Self {
            depot: CrashDisk::new(dice.any()),
            log: CrashDisk::new(dice.any()),
        }
    }

    /// What they hold after the process or the power went.
    pub(super) fn after(&self, crash: Crash) -> Self {
        let [depot, log] = [&self.depot, &self.log].map(|disk| match crash {
            Crash::Kill => disk.kill(),
            Crash::PowerCut => disk.power_cut(),
        });
        Self { depot, log }
    }

    fn set(&self, faults: Faults) {
        self.depot.set_faults(faults);
        self.log.set_faults(faults);
    }

    pub(super) fn fill_up(&self) {
        self.set(Faults {
            full_at_write: Some(1),
            ..Faults::default()
        });
    }

    pub(super) fn make_space(&self) {
        self.depot.make_space();
        self.log.make_space();
    }

    /// The next sync of one of them fails.
    pub(super) fn fail_next_sync(&self) {
        self.depot.set_faults(Faults {
            fail_sync_at: Some(1),
            ..Faults::default()
        });
    }

    pub(super) fn all_bytes(&self) -> Vec<u8> {
        let mut all = Vec::new();
        for disk in [&self.depot, &self.log] {
            for name in disk.list().unwrap_or_default() {
                all.extend(disk.bytes(&name));
            }
        }
        all
    }
}

/// The durable rows, as the exchange reads them.
#[derive(Debug)]
pub(super) struct DepotRows(Reader);

impl Rows for DepotRows {
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.get(key).expect("nothing damages the disk")
    }

    fn scan(&self, prefix: &[u8], each: &mut dyn FnMut(&[u8], &[u8])) {
        self.0.scan(prefix, each).expect("nothing damages the disk");
    }
}

/// Why something did not become durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// The log has no room; it is tried again.
    Full,
    /// A disk failed, or the depot refuses: only opening again tells what is there.
    Stopped,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Full(_) | Error::DepotBudget { .. } => Self::Full,
            _ => Self::Stopped,
        }
    }
}

/// What finds no room in the log does not keep the depot from going on.
fn unless_stopped(outcome: Result<(), Failure>) -> Result<Result<(), Failure>, Failure> {
    match outcome {
        Err(Failure::Stopped) => Err(Failure::Stopped),
        other => Ok(other),
    }
}

/// A node between two crashes.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) exchange: Exchange,
    pub(super) rows: DepotRows,
    depot: Depot,
    log: Depot,
    /// Its own claims, from the first.
    claims: Vec<Entry>,
    /// Claims that the log does not hold yet.
    pub(super) unlogged: Vec<Entry>,
    /// Changes that the depot does not hold yet.
    unsaved: Vec<depot::Change>,
    /// Deliveries that the log does not hold yet.
    untold: Vec<(StreamId, u64, Vec<Entry>)>,
}

fn open_depot(disk: &CrashDisk) -> Result<Depot, String> {
    let options = Options {
        segment_bytes: SEGMENT_BYTES,
        ..Options::default()
    };
    let (depot, report) =
        Depot::open(Arc::new(disk.clone()), options).map_err(|e| e.to_string())?;
    if report.lost_tail || !report.problems.is_empty() {
        return Err(format!("{report:?}"));
    }
    Ok(depot)
}

impl Life {
    /// The first life.
    pub(super) fn begin(disks: &Disks, exchange: Exchange) -> Self {
        let depot = open_depot(&disks.depot).expect("an empty disk");
        let log = open_depot(&disks.log).expect("an empty disk");
        Self::with(exchange, depot, log, Vec::new())
    }

    fn with(mut exchange: Exchange, depot: Depot, log: Depot, claims: Vec<Entry>) -> Self {
        let unsaved = exchange.changes().into_iter().map(change).collect();
        Self {
            rows: DepotRows(depot.reader()),
            exchange,
            depot,
            log,
            claims,
            unlogged: Vec::new(),
            unsaved,
            untold: Vec::new(),
        }
    }

    /// What the disks say.
    pub(super) fn open(disks: &Disks, place: [u8; 32], env: &mut Env<'_>) -> Result<Self, String> {
        let depot = open_depot(&disks.depot)?;
        let log = open_depot(&disks.log)?;
        let mut claims = Vec::new();
        let mut delivered: BTreeMap<StreamId, Ranges> = BTreeMap::new();
        let scanned = log.reader().scan(&[OWN], |_, value| {
            claims.extend(decode(value));
        });
        scanned.map_err(|e| e.to_string())?;
        for key in log.reader().keys(&[TOLD]) {
            let (stream, seq) = told(&key).ok_or("a row of the log is odd")?;
            delivered.entry(stream).or_default().insert(seq, seq);
        }
        let rows = DepotRows(depot.reader());
        let exchange = Exchange::open(&rows, place, delivered, env);
        let exchange = exchange.map_err(|e| e.to_string())?;
        let mut exchange = exchange.ok_or("nothing was founded")?;
        exchange.rewind(claims.len() as u64);
        Ok(Self::with(exchange, depot, log, claims))
    }

    pub(super) fn tick(&mut self, env: &mut Env<'_>) {
        self.exchange.tick(&self.rows, env);
    }

    /// Takes the exchange's changes, to be made durable at the next sync.
    pub(super) fn collect(&mut self) {
        let changes = self.exchange.changes();
        self.unsaved.extend(changes.into_iter().map(change));
    }

    pub(super) fn is_dirty(&self) -> bool {
        let is_behind = self.exchange.offered() < self.claims.len() as u64;
        let waits = !self.unlogged.is_empty() || !self.unsaved.is_empty();
        waits || is_behind || !self.untold.is_empty()
    }

    /// Makes all that waits durable, each in its order.
    pub(super) fn sync(&mut self, outcome: &mut Outcome, env: &mut Env<'_>) -> Result<(), Failure> {
        let logged = unless_stopped(self.log_claims(outcome))?;
        self.offer(env);
        loop {
            let told = unless_stopped(self.tell(outcome))?;
            self.collect();
            let was_quiet = self.unsaved.is_empty();
            if !was_quiet {
                let saved = self.depot.append(&self.unsaved, Urgency::Urgent);
                saved.map_err(|_| Failure::Stopped)?;
                self.unsaved.clear();
            }
            self.exchange.synced(&self.rows, env);
            let deliveries = self.exchange.deliveries();
            if was_quiet && deliveries.is_empty() {
                return logged.and(told);
            }
            for delivery in deliveries {
                let claims = delivery.claims.iter();
                let entries = claims.filter_map(|claim| entry_of(&claim.statement));
                self.untold
                    .push((delivery.stream, delivery.seq, entries.collect()));
            }
        }
    }

    /// A claim that the log holds is acknowledged.
    fn log_claims(&mut self, outcome: &mut Outcome) -> Result<(), Failure> {
        if self.unlogged.is_empty() {
            return Ok(());
        }
        let numbered = (self.claims.len() as u64 + 1..).zip(&self.unlogged);
        let rows = numbered.map(|(sequence, entry)| depot::Change::Put {
            key: [&[OWN][..], &sequence.to_be_bytes()].concat(),
            value: encode(entry),
        });
        self.log
            .append(&rows.collect::<Vec<_>>(), Urgency::Urgent)?;
        let logged = std::mem::take(&mut self.unlogged);
        outcome
            .acknowledged
            .extend(logged.iter().map(|entry| entry.key));
        self.claims.extend(logged);
        Ok(())
    }

    /// Offers what the log holds and was not offered yet.
    fn offer(&mut self, env: &mut Env<'_>) {
        let last = self.claims.len() as u64;
        let offered = self.exchange.offered();
        if offered >= last {
            return;
        }
        let new = (offered + 1..).zip(&self.claims[offered as usize..]);
        let rules = self.exchange.rules();
        let released = new.flat_map(|(n, entry)| release(rules, &claim(entry, n), &Towers));
        let released: Vec<_> = released.collect();
        self.exchange.offer(released, last, env);
    }

    /// Records what was told, and says so.
    fn tell(&mut self, outcome: &mut Outcome) -> Result<(), Failure> {
        if self.untold.is_empty() {
            return Ok(());
        }
        let rows = self
            .untold
            .iter()
            .map(|(stream, seq, entries)| depot::Change::Put {
                key: [&[TOLD][..], &stream.0, &seq.to_be_bytes()].concat(),
                value: entries.iter().flat_map(encode).collect(),
            });
        self.log
            .append(&rows.collect::<Vec<_>>(), Urgency::Urgent)?;
        for (stream, seq, entries) in std::mem::take(&mut self.untold) {
            outcome.delivered.extend(entries);
            self.exchange.delivered(stream, seq);
        }
        Ok(())
    }

    pub(super) fn bundle_bytes(&self) -> u64 {
        let mut bytes = 0;
        let scanned = self
            .depot
            .reader()
            .scan(b"B", |_, value| bytes += value.len() as u64 - 2);
        scanned.expect("nothing damages the disk");
        bytes
    }

    pub(super) fn bundles(&self) -> u64 {
        self.depot.reader().keys(b"B").len() as u64
    }
}

fn change(change: Change) -> depot::Change {
    match change {
        Change::Put { key, value } => depot::Change::Put { key, value },
        Change::Delete { key } => depot::Change::Delete { key },
    }
}

/// The stream and number in the key of a bundle that was told.
fn told(key: &[u8]) -> Option<(StreamId, u64)> {
    let (stream, seq) = key.get(1..)?.split_first_chunk::<16>()?;
    Some((StreamId(*stream), u64::from_be_bytes(seq.try_into().ok()?)))
}

fn encode(entry: &Entry) -> Vec<u8> {
    let key = entry.key;
    let mut out = vec![key.class as u8];
    out.extend_from_slice(&(key.origin as u64).to_le_bytes());
    out.extend_from_slice(&(key.room as u64).to_le_bytes());
    out.extend_from_slice(&key.observed.0.to_le_bytes());
    out.extend_from_slice(&entry.value.to_le_bytes());
    out
}

fn decode(bytes: &[u8]) -> Option<Entry> {
    let (class, rest) = bytes.split_first()?;
    let number = |at: usize| {
        let field = rest.get(at * 8..at * 8 + 8)?;
        Some(u64::from_le_bytes(field.try_into().ok()?))
    };
    let key = Key {
        origin: number(0)? as usize,
        class: *Class::ALL.get(usize::from(*class))?,
        room: number(1)? as usize,
        observed: Time(number(2)?.cast_signed()),
    };
    Some(Entry {
        key,
        value: f64::from_bits(number(3)?),
    })
}
