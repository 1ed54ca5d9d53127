//! Appending to a depot: one group, one write, one sync.

use super::compact::{Moved, Phase};
use super::index::{Place, RowAt};
use super::manifest::Manifest;
use super::reader::Segment;
use super::segment::{
    self, GROUP_HEADER_BYTES, HEADER_BYTES, Header, ROW_BYTES, ValueAt, encode_group,
};
use super::{
    APPEND_BYTES_MAX, APPEND_ROWS_MAX, Change, Depot, KEY_BYTES_MAX, SEGMENT_BYTES_MAX, Urgency,
    VALUE_BYTES_MAX,
};
use crate::Error;
use crate::backend::{append_at, remove_if_there};
use crate::codec::crc;
use crate::log::padded;
use std::collections::BTreeMap;
use std::io;

/// More than this is given back to the system after a group.
const GROUP_BYTES_KEPT: usize = 8 << 20;
/// A new row takes about this much memory beside its key.
const ROW_MEMORY_BYTES: u64 = 96;

/// The rows of a group, each key once; `None` for a delete.
pub(super) type Rows<'a> = BTreeMap<&'a [u8], Option<&'a [u8]>>;

impl Depot {
    /// Makes all changes, or none, durable with one sync. Of several changes of one key
    /// the last counts.
    ///
    /// # Errors
    /// [`Error::DepotBudget`] and [`Error::Full`]: nothing was written, and the same may
    /// be tried again once there is room; deletes are taken at any budget.
    /// [`Error::DepotStopped`]: the disk failed. Whether this group is there the next
    /// opening tells, and until then nothing more is taken.
    /// [`Error::BadChange`]: the caller's mistake.
    pub fn append(&mut self, changes: &[Change], urgency: Urgency) -> Result<(), Error> {
        check(changes)?;
        self.usable()?;
        let rows = self.rows_of(changes);
        if rows.is_empty() {
            return Ok(());
        }
        self.make_room(&rows, urgency)?;
        if urgency == Urgency::Urgent {
            return self.commit(&rows, &[]);
        }
        let (moved, next) = match self.plan(&rows) {
            // A full disk may still have room for what is appended.
            Err(Error::Full(_)) => (Vec::new(), self.phase.clone()),
            planned => planned?,
        };
        match self.commit(&rows, &moved) {
            Err(Error::Full(_)) if !moved.is_empty() => self.commit(&rows, &[]),
            Ok(()) => {
                self.phase = next;
                Ok(())
            }
            Err(e) => Err(e),
        }
    }

    /// Takes one bounded step of compaction; returns whether there is more to do. For
    /// quiet moments: an ordinary append takes such a step too.
    ///
    /// # Errors
    /// As [`Depot::append`].
    pub fn tidy(&mut self) -> Result<bool, Error> {
        self.usable()?;
        let rows = Rows::new();
        let (moved, next) = self.plan(&rows)?;
        if !moved.is_empty() {
            self.commit(&rows, &moved)?;
        }
        self.phase = next;
        Ok(!matches!(self.phase, Phase::Idle) || self.victim().is_some())
    }

    /// Takes note that whoever uses the depot has drawn the consequences of a loss, so
    /// that the next opening no longer tells of it.
    ///
    /// # Errors
    /// As [`Depot::append`].
    pub fn accept_loss(&mut self) -> Result<(), Error> {
        self.usable()?;
        self.shared.change().lost = false;
        self.write_manifest()
    }

    pub(super) fn usable(&self) -> Result<(), Error> {
        if !self.trouble.stopped {
            return Ok(());
        }
        let what = "an earlier write was not confirmed";
        Err(Error::DepotStopped(io::Error::other(what)))
    }

    /// The rows that the changes come to; a delete of what is not there is none.
    fn rows_of<'a>(&self, changes: &'a [Change]) -> Rows<'a> {
        let mut rows = Rows::new();
        for change in changes {
            match change {
                Change::Put { key, value } => rows.insert(key, Some(value)),
                Change::Delete { key } => rows.insert(key, None),
            };
        }
        let state = self.shared.state();
        rows.retain(|key, value| value.is_some() || state.index.get(key).is_some());
        rows
    }

    /// Refuses what would not fit the budget. Deletes always fit: each is smaller than
    /// what it takes away.
    fn make_room(&mut self, rows: &Rows<'_>, urgency: Urgency) -> Result<(), Error> {
        if rows.values().all(Option::is_none) {
            return Ok(());
        }
        match self.fits(rows, urgency) {
            Err(Error::DepotBudget { .. }) => {
                self.tidy()?;
                self.fits(rows, urgency)
            }
            fits => fits,
        }
    }

    fn fits(&self, rows: &Rows<'_>, urgency: Urgency) -> Result<(), Error> {
        let usage = self.usage();
        let kept = match urgency {
            Urgency::Ordinary => usage.budget_bytes / 8,
            Urgency::Urgent => 0,
        };
        let needed = group_bytes(rows.iter().map(|(&key, &value)| (key, value)));
        if usage.used_bytes + needed > usage.budget_bytes - kept {
            return Err(Error::DepotBudget {
                what: "disk",
                used_bytes: usage.used_bytes,
                budget_bytes: usage.budget_bytes,
            });
        }
        let memory = |key: &&[u8]| ROW_MEMORY_BYTES + key.len() as u64;
        if usage.index_bytes + rows.keys().map(memory).sum::<u64>() > usage.index_budget_bytes {
            return Err(Error::DepotBudget {
                what: "memory",
                used_bytes: usage.index_bytes,
                budget_bytes: usage.index_budget_bytes,
            });
        }
        Ok(())
    }

    /// Writes one group and takes it into the index once it is durable.
    fn commit(&mut self, rows: &Rows<'_>, moved: &[Moved]) -> Result<(), Error> {
        let moved = moved.iter().map(|(key, value)| (&**key, value.as_deref()));
        let all = rows.iter().map(|(&key, &value)| (key, value)).chain(moved);
        self.mend()?;
        let needed = group_bytes(all.clone());
        let full = {
            let bytes = self.shared.state().segments[&self.active].bytes;
            let limit = self.options.segment_bytes.min(SEGMENT_BYTES_MAX);
            bytes > HEADER_BYTES as u64 && bytes + needed > limit
        };
        if full {
            self.begin_segment()?;
        }
        let (segment, group) = {
            let state = self.shared.state();
            (state.segments[&self.active].clone(), state.next_group)
        };
        encode_group(
            all.clone(),
            group,
            segment.header.salt(),
            segment.bytes,
            &mut self.group,
        );
        self.write(&segment)?;
        let until = segment.bytes + self.group.len() as u64;
        self.note(all, segment.bytes, until);
        if self.group.capacity() > GROUP_BYTES_KEPT {
            self.group = Vec::new();
        }
        Ok(())
    }

    fn write(&mut self, segment: &Segment) -> Result<(), Error> {
        if let Err(e) = append_at(&*segment.file, segment.bytes, &self.group) {
            let error = Error::io(&segment.name(), e);
            if !matches!(error, Error::Full(_)) {
                return Err(self.stop(error));
            }
            self.trouble.half_written = true;
            // Gives the space of the half-written group back; `mend` checks.
            let _ = segment.file.set_len(segment.bytes);
            return Err(error);
        }
        let synced = segment.file.sync();
        synced.map_err(|e| self.stop(Error::DepotStopped(e)))
    }

    /// Takes a durable group into the index.
    fn note<'a>(
        &self,
        rows: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + Clone,
        at: u64,
        until: u64,
    ) {
        let mut row_at = at + GROUP_HEADER_BYTES as u64;
        let table: usize = rows.clone().map(|(key, _)| ROW_BYTES + key.len()).sum();
        let mut value_at = row_at + table as u64;
        let mut state = self.shared.change();
        for (key, value) in rows {
            let row = match value {
                Some(value) => RowAt::Put(ValueAt {
                    offset: value_at as u32,
                    bytes: value.len() as u32,
                    crc: crc(&[value]),
                }),
                None => RowAt::Delete(row_at as u32),
            };
            let segment = self.active;
            state.index.note(key, Place { segment, row });
            row_at += (ROW_BYTES + key.len()) as u64;
            value_at += value.map_or(0, <[u8]>::len) as u64;
        }
        state.next_group += 1;
        if let Some(segment) = state.segments.get_mut(&self.active) {
            segment.bytes = until;
        }
    }

    /// Clears away what writing on a full disk left behind.
    pub(super) fn mend(&mut self) -> Result<(), Error> {
        if self.trouble.undecided {
            self.write_manifest()?;
        }
        if !self.trouble.half_written {
            return Ok(());
        }
        let segment = self.shared.state().segments[&self.active].clone();
        let cut = segment.file.set_len(segment.bytes);
        cut.map_err(|e| Error::io(&segment.name(), e))?;
        let synced = segment.file.sync();
        synced.map_err(|e| self.stop(Error::DepotStopped(e)))?;
        self.trouble.half_written = false;
        Ok(())
    }

    /// Begins the next segment: durable and listed before anything is written there.
    pub(super) fn begin_segment(&mut self) -> Result<(), Error> {
        let header = {
            let state = self.shared.state();
            Header {
                number: self.active + 1,
                depot: self.shared.depot,
                first_group: state.next_group,
            }
        };
        let name = segment::name(header.number);
        let backend = &*self.shared.backend;
        let io = |e| Error::io(&name, e);
        remove_if_there(backend, &name).map_err(io)?;
        let file = backend.create(&name).map_err(io)?;
        append_at(&*file, 0, &header.encode()).map_err(io)?;
        let synced = file.sync().and_then(|()| backend.sync_directory());
        synced.map_err(|e| self.stop(Error::DepotStopped(e)))?;
        let segment = Segment {
            header,
            file,
            bytes: HEADER_BYTES as u64,
            damaged: 0,
            frozen: false,
        };
        self.shared.change().segments.insert(header.number, segment);
        if let Err(e) = self.write_manifest() {
            // It is begun anew, once a manifest stands for sure that does not list it.
            self.shared.change().segments.remove(&header.number);
            return Err(e);
        }
        self.active = header.number;
        Ok(())
    }

    /// Writes the manifest as things stand. Durable on return.
    pub(super) fn write_manifest(&mut self) -> Result<(), Error> {
        let mut manifest = {
            let state = self.shared.state();
            Manifest {
                generation: self.generation,
                depot: self.shared.depot,
                lost: state.lost,
                segments: state.listed(),
            }
        };
        let written = self.slots.write(&*self.shared.backend, &mut manifest);
        match written {
            Ok(()) => {
                self.generation = manifest.generation;
                self.trouble.undecided = false;
            }
            Err(Error::Full(_)) => self.trouble.undecided = true,
            Err(_) => self.trouble.stopped = true,
        }
        written
    }

    /// The disk failed: nothing more is written before the next opening.
    pub(super) fn stop(&mut self, error: Error) -> Error {
        self.trouble.stopped = true;
        match error {
            Error::Io { source, .. } => Error::DepotStopped(source),
            error => error,
        }
    }
}

/// Bytes that a group of these rows takes in its file.
pub(super) fn group_bytes<'a>(rows: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)>) -> u64 {
    let row =
        |(key, value): (&[u8], Option<&[u8]>)| ROW_BYTES + key.len() + value.map_or(0, <[u8]>::len);
    padded((GROUP_HEADER_BYTES + rows.map(row).sum::<usize>()) as u64)
}

fn check(changes: &[Change]) -> Result<(), Error> {
    let bad = |what: String| Err(Error::BadChange { what });
    if changes.len() > APPEND_ROWS_MAX {
        return bad(format!("{} rows in one group", changes.len()));
    }
    let mut bytes = 0;
    for change in changes {
        let (key, value_bytes) = match change {
            Change::Put { key, value } => (key, value.len()),
            Change::Delete { key } => (key, 0),
        };
        if !(1..=KEY_BYTES_MAX).contains(&key.len()) {
            return bad(format!("a key of {} bytes", key.len()));
        }
        if value_bytes > VALUE_BYTES_MAX {
            return bad(format!("a value of {value_bytes} bytes"));
        }
        bytes += key.len() + value_bytes;
    }
    if bytes > APPEND_BYTES_MAX {
        return bad(format!("{bytes} bytes in one group"));
    }
    Ok(())
}
