//! Compaction: the rows of a segment that still count are written again, then the
//! segment goes.
//!
//! It is done in steps of bounded work. Each step's rows ride in a group with what is
//! appended anyway, so that they cost no sync of their own.

use super::Depot;
use super::append::{Rows, group_bytes};
use super::index::Place;
use super::reader::Segment;
use super::segment::{Groups, HEADER_BYTES, Look, Row, Step};
use crate::Error;

/// A row that is written again.
pub(super) type Moved = (Vec<u8>, Option<Vec<u8>>);

/// A step carries at least this much, so that many small appends get somewhere, …
const STEP_BYTES_MIN: u64 = 128 << 10;
/// … and at most this much, so that none takes long.
const STEP_BYTES_MAX: u64 = 4 << 20;
/// Rows looked at in one step.
const STEP_ROWS: usize = 8 << 10;

/// How far compaction has come.
#[derive(Debug, Clone, Default)]
pub(super) enum Phase {
    #[default]
    Idle,
    /// The rows before this place of the victim are looked through.
    Copy { victim: u32, at: Cursor },
    /// All its rows that count stand elsewhere, durably.
    Remove { victim: u32 },
    /// It is gone; its puts are taken off the counts of what deletes must hold down.
    Forget { gone: Segment, at: Cursor },
}

/// A place in a segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    group_at: u64,
    row: usize,
}

const START: Cursor = Cursor {
    group_at: HEADER_BYTES as u64,
    row: 0,
};

impl Depot {
    /// The next step: rows to write again, and where compaction is once they are durable.
    /// Keys in `rows` are written anyway.
    pub(super) fn plan(&mut self, rows: &Rows<'_>) -> Result<(Vec<Moved>, Phase), Error> {
        let appended = group_bytes(rows.iter().map(|(&key, &value)| (key, value)));
        match std::mem::take(&mut self.phase) {
            Phase::Idle => {
                let phase = match self.victim() {
                    Some(victim) => Phase::Copy { victim, at: START },
                    None => Phase::Idle,
                };
                self.phase = phase.clone();
                Ok((Vec::new(), phase))
            }
            Phase::Copy { victim, at } => {
                self.phase = Phase::Copy { victim, at };
                Ok(self.plan_copy(victim, at, rows, appended))
            }
            Phase::Remove { victim } => {
                self.phase = Phase::Remove { victim };
                if let Some(gone) = self.remove(victim)? {
                    self.phase = Phase::Forget { gone, at: START };
                }
                Ok((Vec::new(), self.phase.clone()))
            }
            Phase::Forget { gone, at } => {
                self.phase = self.forget(gone, at);
                Ok((Vec::new(), self.phase.clone()))
            }
        }
    }

    /// The segment with the largest share of rows that do not count, if it is worth it.
    pub(super) fn victim(&self) -> Option<u32> {
        let (scarce, thorough) = (self.is_scarce(), self.thorough);
        let state = self.shared.state();
        let share = |segment: &Segment| {
            let number = segment.header.number;
            let (live, all) = (
                state.index.live_bytes(number),
                state.index.all_bytes(number),
            );
            let dead = all - live;
            let worth = if thorough {
                dead > 0
            } else if scarce {
                8 * dead >= all
            } else {
                2 * dead >= all
            };
            let empty = segment.bytes <= HEADER_BYTES as u64;
            let candidate = number != self.active && segment.damaged == 0 && !segment.frozen;
            (candidate && worth && (dead > 0 || empty)).then(|| (dead * 1024 / all.max(1), number))
        };
        let victims = state.segments.values().filter_map(share);
        // Of equals the oldest: its deletes are the nearest to being forgotten.
        victims
            .max_by_key(|&(share, number)| (share, std::cmp::Reverse(number)))
            .map(|(_, n)| n)
    }

    /// Takes the values of all rows that no longer count off the disk, after an erasure.
    /// Takes long: every segment with such a row is written again. Returns whether all are
    /// gone; a damaged segment is kept as it is.
    ///
    /// # Errors
    /// As [`Depot::append`]; what is left to do another call does.
    pub fn purge(&mut self) -> Result<bool, Error> {
        self.usable()?;
        let dead = |depot: &Self, number| {
            let state = depot.shared.state();
            state.index.all_bytes(number) > state.index.live_bytes(number)
        };
        self.mend()?;
        if dead(self, self.active) {
            self.begin_segment()?;
        }
        self.thorough = true;
        let done = loop {
            match self.tidy() {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(e) => break Err(e),
            }
        };
        self.thorough = false;
        done?;
        let state = self.shared.state();
        let kept = |segment: &Segment| segment.damaged > 0 || segment.frozen;
        Ok(!state.segments.values().any(kept))
    }

    /// Whether three quarters of the budget are used.
    fn is_scarce(&self) -> bool {
        let usage = self.usage();
        usage.used_bytes >= usage.budget_bytes / 4 * 3
    }

    fn plan_copy(
        &mut self,
        victim: u32,
        from: Cursor,
        rows: &Rows<'_>,
        appended: u64,
    ) -> (Vec<Moved>, Phase) {
        // Segments are taken at half dead (an eighth when space is scarce): copying twice
        // (eight times) what is appended outruns what appending can leave dead.
        let factor = if self.is_scarce() { 8 } else { 2 };
        let budget = (factor * appended).clamp(STEP_BYTES_MIN, STEP_BYTES_MAX);
        let state = self.shared.state();
        let segment = state.segments[&victim].clone();
        let mut moved = Vec::new();
        let mut bytes = 0;
        let walked = walk(&segment, from, &mut |row| {
            let place = Place {
                segment: victim,
                row: row.at(),
            };
            if rows.contains_key(row.key) || !state.index.counts(row.key, place) {
                return Ok(true);
            }
            if bytes >= budget {
                return Ok(false);
            }
            let value = row.value.map(|at| segment.value(at)).transpose()?;
            bytes += value.as_ref().map_or(0, Vec::len) as u64 + row.key.len() as u64;
            moved.push((row.key.to_vec(), value));
            Ok(true)
        });
        drop(state);
        match walked {
            Ok(Some(at)) => (moved, Phase::Copy { victim, at }),
            Ok(None) => (moved, Phase::Remove { victim }),
            // Reading and the next opening tell of it; appending must go on.
            Err(_) => (Vec::new(), self.freeze(victim)),
        }
    }

    /// Keeps a segment as it is, for whoever looks into it.
    fn freeze(&mut self, victim: u32) -> Phase {
        if let Some(segment) = self.shared.change().segments.get_mut(&victim) {
            segment.frozen = true;
        }
        self.phase = Phase::Idle;
        Phase::Idle
    }

    /// Takes a segment without rows that count away.
    fn remove(&mut self, victim: u32) -> Result<Option<Segment>, Error> {
        let gone = {
            let mut state = self.shared.change();
            let live = state.index.live_bytes(victim);
            debug_assert_eq!(live, 0, "all rows that count were moved");
            (live == 0)
                .then(|| state.segments.remove(&victim))
                .flatten()
        };
        let Some(gone) = gone else {
            self.freeze(victim);
            return Ok(None);
        };
        if let Err(e) = self.write_manifest() {
            self.shared.change().segments.insert(victim, gone);
            return Err(e);
        }
        self.shared.change().index.drop_segment(victim);
        let name = gone.name();
        // Not listed any more, so nobody misses it; left over, the next opening removes it.
        self.shared
            .backend
            .remove(&name)
            .map_err(|e| Error::io(&name, e))?;
        Ok(Some(gone))
    }

    fn forget(&mut self, gone: Segment, from: Cursor) -> Phase {
        let mut keys: Vec<Box<[u8]>> = Vec::new();
        let walked = walk(&gone, from, &mut |row| {
            if row.value.is_some() {
                keys.push(row.key.into());
            }
            Ok(true)
        });
        let mut state = self.shared.change();
        for key in &keys {
            state.index.forget(key);
        }
        match walked {
            Ok(Some(at)) => Phase::Forget { gone, at },
            // Unreadable: some deletes are kept longer than they must, until the next opening.
            Ok(None) | Err(_) => Phase::Idle,
        }
    }
}

/// Gives the rows of a segment from a place on, for one step; `each` returns whether to
/// go on behind the row. Returns where to go on, `None` at the end.
fn walk(
    segment: &Segment,
    from: Cursor,
    each: &mut dyn FnMut(&Row<'_>) -> Result<bool, Error>,
) -> Result<Option<Cursor>, Error> {
    let name = segment.name();
    let start = (from.group_at, segment.header.first_group);
    let salt = segment.header.salt();
    let mut groups = Groups::new(
        segment.file.clone(),
        salt,
        start,
        segment.bytes,
        Look::Closed,
    );
    let (mut skip, mut seen) = (from.row, 0);
    loop {
        let group_at = groups.offset;
        match groups.next().map_err(|e| Error::io(&name, e))? {
            Step::End => return Ok(None),
            Step::Damaged { at, what } => {
                return Err(Error::DepotDamaged {
                    file: name,
                    offset: at,
                    what: what.to_owned(),
                });
            }
            Step::Group { rows, .. } => {
                for (i, row) in rows.iter().enumerate().skip(skip) {
                    if seen >= STEP_ROWS || !each(row)? {
                        return Ok(Some(Cursor { group_at, row: i }));
                    }
                    seen += 1;
                }
                skip = 0;
            }
        }
    }
}
