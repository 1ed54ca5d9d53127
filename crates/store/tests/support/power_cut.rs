//! One life of a store on a disk that loses power, and what must hold afterwards.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test and benchmark uses its own part of this"
)]

use crate::support::{Maker, Rng};
use std::io::Read;
use twin_model::{BatchId, ClaimId};
use twin_store::backend::crash::{CrashDisk, Faults};
use twin_store::{Batch, Error, Opened, Options, open};

/// What one run saw.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Run {
    /// Times the power went.
    pub cuts: u64,
    /// Times the process died while the power stayed.
    pub kills: u64,
    /// Recoveries that cut off something never acknowledged.
    pub torn: u64,
    /// Appends that were refused: full disk, failed sync, power off.
    pub refused: u64,
    /// Batches acknowledged.
    pub acknowledged: u64,
    /// Log files removed because snapshots and segments hold their claims.
    pub logs_removed: u64,
}

/// A run's store, and what it must hold.
struct World {
    disk: CrashDisk,
    rng: Rng,
    maker: Maker,
    /// Acknowledged, or found durable by an earlier recovery.
    certain: Vec<Batch>,
    /// Groups given to the store and not acknowledged since: any one of them may be
    /// there, from its first batch on, each batch whole.
    in_doubt: Vec<Vec<Batch>>,
    run: Run,
}

/// Runs one life; an error tells what was lost or half applied.
pub fn run(seed: u64) -> Result<Run, String> {
    let mut rng = Rng(seed);
    let mut world = World {
        disk: CrashDisk::new(rng.next()),
        maker: Maker::new(rng.next(), 6),
        rng,
        certain: Vec::new(),
        in_doubt: Vec::new(),
        run: Run::default(),
    };
    let lives = 2 + world.rng.below(4);
    for _ in 0..lives {
        world.live()?;
        world.crash();
    }
    world.disk.set_faults(Faults::default());
    world.recover().map(|_| ())?;
    Ok(world.run)
}

/// Runs one life in which the disk is full from write `at` on, for a while. Returns
/// nothing once `at` lies behind the last write.
pub fn run_full_at(seed: u64, at: u64) -> Result<Option<Run>, String> {
    let mut world = World {
        disk: CrashDisk::new(seed),
        maker: Maker::new(seed, 6),
        rng: Rng(seed),
        certain: Vec::new(),
        in_doubt: Vec::new(),
        run: Run::default(),
    };
    world.disk.set_faults(Faults {
        full_at_write: Some(at),
        ..Faults::default()
    });
    world.live()?;
    let reached = world.disk.counts().1 >= at;
    world.disk.make_space();
    world.live()?;
    world.crash();
    world.recover()?;
    Ok(reached.then_some(world.run))
}

fn options(rng: &mut Rng) -> Options {
    Options {
        segment_bytes: 600 + rng.below(4000),
        ..Options::default()
    }
}

impl World {
    /// Opens, checks, appends for a while.
    fn live(&mut self) -> Result<(), String> {
        let Some(mut opened) = self.recover()? else {
            return Ok(());
        };
        let groups = self.rng.below(12);
        for _ in 0..groups {
            if !self.append(&mut opened)? {
                break;
            }
            self.keep_house(&opened)?;
        }
        Ok(())
    }

    /// Writes a snapshot or seals, sometimes; faults may stop it, and must cost nothing.
    fn keep_house(&mut self, opened: &Opened) -> Result<(), String> {
        let commit = opened.reader.commit();
        let done = match self.rng.below(12) {
            0 => {
                let body = state_after(&self.certain);
                let next = self
                    .certain
                    .iter()
                    .map(|b| b.claims.len() as u64)
                    .sum::<u64>()
                    + 1;
                let written = opened
                    .snapshots
                    .write(commit, next, &mut |out| out.write_all(&body));
                written.map(|()| 0)
            }
            1 if self.rng.below(3) == 0 => opened.maintenance.seal().map(|done| done.logs_removed),
            _ => return Ok(()),
        };
        match done {
            Ok(removed) => {
                self.run.logs_removed += removed;
                Ok(())
            }
            Err(error) if error.is_retryable() || matches!(error, Error::Io { .. }) => {
                self.run.refused += 1;
                Ok(())
            }
            Err(error) => Err(format!("housekeeping: {}: {error}", error.code())),
        }
    }

    /// Appends a group; false when the process should give up.
    fn append(&mut self, opened: &mut Opened) -> Result<bool, String> {
        self.maker.next = opened.writer.next_claim();
        self.maker.batch = self.certain.last().map_or(1, |b| b.id.0 + 1);
        let group: Vec<Batch> = (0..=self.rng.below(3))
            .map(|_| {
                let n = self.rng.below(30) as usize;
                self.maker.mixed(n)
            })
            .collect();
        match opened.writer.append(&group) {
            Ok(_) => {
                self.run.acknowledged += group.len() as u64;
                self.in_doubt.clear();
                self.certain.extend(group);
                Ok(true)
            }
            Err(error) if error.is_retryable() || matches!(error, Error::Io { .. }) => {
                self.run.refused += 1;
                self.in_doubt.push(group);
                if self.rng.below(2) == 0 {
                    self.disk.make_space();
                }
                Ok(self.rng.below(4) > 0)
            }
            Err(error) => Err(format!("append: {error}")),
        }
    }

    fn crash(&mut self) {
        self.disk = if self.rng.below(4) == 0 {
            self.run.kills += 1;
            self.disk.kill()
        } else {
            self.run.cuts += 1;
            self.disk.power_cut()
        };
        let mut chance = |n, below| (self.rng.below(n) == 0).then(|| 1 + self.rng.below(below));
        let faults = Faults {
            full_at_write: chance(4, 30),
            full_writes: None,
            fail_sync_at: chance(4, 30),
            power_off_at: chance(1, 40),
            short_writes: chance(4, 1).is_some(),
        };
        self.disk.set_faults(faults);
    }

    /// Opens the store and compares what it holds with what it must hold. Nothing if a
    /// fault stood in the way.
    fn recover(&mut self) -> Result<Option<Opened>, String> {
        let mut opened = match open(self.disk.clone(), options(&mut self.rng)) {
            Ok(opened) => opened,
            Err(Error::Full(_) | Error::NotDurable(_) | Error::Io { .. }) => {
                self.run.refused += 1;
                return Ok(None);
            }
            Err(error) => return Err(format!("open: {}: {error}", error.code())),
        };
        self.run.torn += u64::from(opened.report.torn_bytes > 0);
        let mut found = self.restored(&mut opened)?;
        for item in opened.tail.by_ref() {
            found.push(item.map_err(|e| format!("read: {e}"))?.1);
        }
        self.compare(&found)?;
        self.check_history(&opened, &found)?;
        self.in_doubt.clear();
        self.certain = found;
        Ok(Some(opened))
    }

    /// The batches that the snapshot stands for.
    fn restored(&self, opened: &mut Opened) -> Result<Vec<Batch>, String> {
        let Some(snapshot) = &mut opened.snapshot else {
            return Ok(Vec::new());
        };
        let n = snapshot.commit().0 as usize;
        let batches = self.certain.get(..n).ok_or("a snapshot from the future")?;
        let mut body = Vec::new();
        snapshot
            .read_to_end(&mut body)
            .map_err(|e| format!("snapshot: {e}"))?;
        if body != state_after(batches) {
            return Err("the snapshot holds another state".to_owned());
        }
        Ok(batches.to_vec())
    }

    /// Some claims must be found where they are now: in the log or in a segment.
    fn check_history(&mut self, opened: &Opened, found: &[Batch]) -> Result<(), String> {
        for _ in 0..3 {
            let batch = self.rng.below(found.len() as u64) as usize;
            let Some(claim) = found.get(batch).and_then(|batch| batch.claims.last()) else {
                continue;
            };
            let read = opened.reader.claim(claim.id).map_err(|e| e.to_string())?;
            if read.as_ref() != Some(claim) {
                return Err(format!("claim {} is not in history", claim.id));
            }
        }
        Ok(())
    }

    fn compare(&self, found: &[Batch]) -> Result<(), String> {
        if found.len() < self.certain.len() {
            return Err(format!(
                "lost: {} of {} acknowledged batches",
                self.certain.len() - found.len(),
                self.certain.len()
            ));
        }
        let (kept, rest) = found.split_at(self.certain.len());
        if let Some(at) = (0..kept.len()).find(|&i| kept[i] != self.certain[i]) {
            return Err(format!("batch {at} is not what was appended"));
        }
        if !rest.is_empty() && !self.in_doubt.iter().any(|group| group.starts_with(rest)) {
            return Err(format!(
                "{} batches that nobody appended like this",
                rest.len()
            ));
        }
        in_order(found)
    }
}

/// Stands in for a node's state: what the batches amount to.
fn state_after(batches: &[Batch]) -> Vec<u8> {
    let ids = batches.iter().flat_map(|b| b.id.0.to_le_bytes());
    ids.collect()
}

/// Batches in order, claims numbered without gaps.
pub fn in_order(batches: &[Batch]) -> Result<(), String> {
    let (mut last, mut next) = (BatchId(0), 1);
    for batch in batches {
        if batch.id < last {
            return Err(format!("batch {} stands after {}", batch.id.0, last.0));
        }
        last = batch.id;
        for claim in &batch.claims {
            let expected = ClaimId {
                incarnation: 1,
                sequence: next,
            };
            if claim.id != expected {
                return Err(format!("claim {} should be {expected}", claim.id));
            }
            next += 1;
        }
    }
    Ok(())
}
