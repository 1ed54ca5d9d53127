//! One life of a depot on a disk that loses power, and what must hold afterwards.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test uses its own part of this"
)]

use super::support::Rng;
use std::collections::BTreeMap;
use std::sync::Arc;
use twin_store::Error;
use twin_store::backend::Backend;
use twin_store::backend::crash::{CrashDisk, Faults};
use twin_store::depot::{Change, Depot, Options, Urgency};

/// Rows as a model holds them.
pub type Model = BTreeMap<Vec<u8>, Vec<u8>>;

/// What one run saw.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Run {
    /// Times the power went.
    pub cuts: u64,
    /// Times the process died while the power stayed.
    pub kills: u64,
    /// Openings that cut off something never acknowledged.
    pub torn: u64,
    /// Groups refused because the disk was full or the budget used up.
    pub refused: u64,
    /// Groups after which the disk failed.
    pub stopped: u64,
    /// Such groups that were there afterwards.
    pub doubtful_kept: u64,
    /// Groups acknowledged.
    pub acknowledged: u64,
    /// Segments taken away by compaction.
    pub removed: u64,
}

impl Run {
    /// Adds the counts of another.
    pub fn add(&mut self, other: Self) {
        self.cuts += other.cuts;
        self.kills += other.kills;
        self.torn += other.torn;
        self.refused += other.refused;
        self.stopped += other.stopped;
        self.doubtful_kept += other.doubtful_kept;
        self.acknowledged += other.acknowledged;
        self.removed += other.removed;
    }
}

struct World {
    disk: CrashDisk,
    rng: Rng,
    options: Options,
    certain: Model,
    /// What the rows are if the group that failed is there nevertheless.
    in_doubt: Option<Model>,
    segments: Vec<String>,
    run: Run,
}

/// Runs one life; an error tells what was lost or half applied.
pub fn run(seed: u64) -> Result<Run, String> {
    let mut rng = Rng(seed);
    let mut world = World {
        disk: CrashDisk::new(rng.next()),
        options: Options {
            segment_bytes: 500 + rng.below(5000),
            disk_budget_bytes: [u64::MAX, 30_000][rng.below(2) as usize],
            ..Options::default()
        },
        rng,
        certain: Model::new(),
        in_doubt: None,
        segments: Vec::new(),
        run: Run::default(),
    };
    let lives = 2 + world.rng.below(5);
    for _ in 0..lives {
        world.choose_faults();
        world.live()?;
        world.crash();
    }
    match world.open()? {
        Some(_) => Ok(world.run),
        None => Err("a sound disk did not open".to_owned()),
    }
}

/// A few rows of few keys, so that they are replaced and deleted often.
pub fn changes(rng: &mut Rng) -> Vec<Change> {
    let n = 1 + rng.below(8);
    (0..n).map(|_| change(rng)).collect()
}

fn change(rng: &mut Rng) -> Change {
    let mut key = format!("{}/{}", rng.below(3), rng.below(12)).into_bytes();
    key.resize(key.len() + rng.below(3) as usize, 0);
    if rng.below(3) == 0 {
        return Change::Delete { key };
    }
    let bytes = [0, 40, 300, 1500][rng.below(4) as usize];
    let fill = if rng.below(4) == 0 {
        0
    } else {
        rng.next() as u8
    };
    let mut value = vec![fill; rng.below(bytes + 1) as usize];
    value.extend_from_slice(&rng.next().to_le_bytes());
    Change::Put { key, value }
}

/// Does to the model what the changes say.
pub fn apply(model: &mut Model, changes: &[Change]) {
    for change in changes {
        match change {
            Change::Put { key, value } => model.insert(key.clone(), value.clone()),
            Change::Delete { key } => model.remove(key),
        };
    }
}

/// All rows.
pub fn rows(depot: &Depot) -> Result<Model, String> {
    let mut rows = Model::new();
    let reader = depot.reader();
    let scanned = reader.scan(&[], |key, value| {
        rows.insert(key.to_vec(), value.to_vec());
    });
    scanned.map_err(|e| format!("reading: {e}"))?;
    if reader.len() != rows.len() || reader.keys(&[]).len() != rows.len() {
        return Err(format!("{} rows, but {} counted", rows.len(), reader.len()));
    }
    Ok(rows)
}

impl World {
    fn choose_faults(&mut self) {
        let mut sometimes = |one_in, below| {
            let at = 1 + self.rng.below(below);
            (self.rng.below(one_in) == 0).then_some(at)
        };
        let faults = Faults {
            full_at_write: sometimes(4, 40),
            full_writes: sometimes(2, 20),
            fail_sync_at: sometimes(4, 40),
            power_off_at: sometimes(2, 150),
            short_writes: sometimes(3, 2).is_some(),
        };
        self.disk.set_faults(faults);
    }

    /// Opens, checks, appends for a while.
    fn live(&mut self) -> Result<(), String> {
        let Some(mut depot) = self.open()? else {
            return Ok(());
        };
        for _ in 0..self.rng.below(40) {
            if !self.append(&mut depot)? {
                return Ok(());
            }
            if self.rng.below(3) == 0 && !self.tidy(&mut depot)? {
                return Ok(());
            }
            if self.rng.below(10) == 0 {
                self.disk.make_space();
            }
        }
        let found = rows(&depot)?;
        self.same(&found)
    }

    fn open(&mut self) -> Result<Option<Depot>, String> {
        let (depot, report) = match Depot::open(Arc::new(self.disk.clone()), self.options) {
            Ok(opened) => opened,
            Err(Error::Full(_) | Error::DepotStopped(_) | Error::Io { .. })
                if self.disk.has_faults() =>
            {
                return Ok(None);
            }
            Err(e) => return Err(format!("opening: {e}")),
        };
        if report.lost_tail || !report.problems.is_empty() {
            return Err(format!("{report:?}"));
        }
        self.run.torn += u64::from(report.torn_bytes > 0);
        let found = rows(&depot)?;
        if let Some(doubtful) = self.in_doubt.take()
            && doubtful != self.certain
            && doubtful == found
        {
            self.run.doubtful_kept += 1;
            self.certain = doubtful;
        }
        self.same(&found)?;
        Ok(Some(depot))
    }

    fn same(&self, found: &Model) -> Result<(), String> {
        if *found == self.certain {
            return Ok(());
        }
        let differs = |key: &&Vec<u8>| found.get(*key) != self.certain.get(*key);
        let keys: Vec<_> = found
            .keys()
            .chain(self.certain.keys())
            .filter(differs)
            .collect();
        Err(format!("these rows differ: {keys:?}"))
    }

    fn append(&mut self, depot: &mut Depot) -> Result<bool, String> {
        let changes = changes(&mut self.rng);
        let urgency = match self.rng.below(4) {
            0 => Urgency::Urgent,
            _ => Urgency::Ordinary,
        };
        let mut after = self.certain.clone();
        apply(&mut after, &changes);
        match depot.append(&changes, urgency) {
            Ok(()) => {
                self.certain = after;
                self.run.acknowledged += 1;
                Ok(true)
            }
            Err(Error::Full(_) | Error::DepotBudget { .. }) => {
                self.run.refused += 1;
                Ok(true)
            }
            Err(Error::DepotStopped(_) | Error::Io { .. }) => {
                self.in_doubt = Some(after);
                self.run.stopped += 1;
                Ok(false)
            }
            Err(e) => Err(format!("appending: {e}")),
        }
    }

    fn tidy(&mut self, depot: &mut Depot) -> Result<bool, String> {
        let done = depot.tidy();
        let left: Vec<String> = self.disk.list().map_err(|e| e.to_string())?;
        let gone = self.segments.iter().filter(|name| !left.contains(name));
        self.run.removed += gone.count() as u64;
        self.segments = left;
        match done {
            Ok(_) | Err(Error::Full(_)) => Ok(true),
            Err(Error::DepotStopped(_) | Error::Io { .. }) => Ok(false),
            Err(e) => Err(format!("tidying: {e}")),
        }
    }

    fn crash(&mut self) {
        if self.rng.below(3) == 0 {
            self.run.kills += 1;
            self.disk = self.disk.kill();
        } else {
            self.run.cuts += 1;
            self.disk = self.disk.power_cut();
        }
    }
}
