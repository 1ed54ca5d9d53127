//! Finding one series in a log file without reading it all.
//!
//! The index is made when somebody first asks, from the frames that came since the last
//! time; appending never waits for it. It holds eight bytes a claim at most, for log
//! files that are not yet segments.

use crate::Error;
use crate::batch::{Interner, Names, NotABatch, Payload};
use crate::log::{Frames, HEADER_BYTES, Step, damaged};
use crate::open::{LogFile, locked};
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use twin_model::{Claim, ClaimId};

const NONE: u32 = u32::MAX;

#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Place and first sequence of each frame, in order of commit.
    frames: Vec<(u64, u64)>,
    /// Bytes indexed so far; 0 before the first time.
    bytes: u64,
    next_sequence: u64,
    /// Newest entry of each series, by hash.
    newest: FxHashMap<u64, u32>,
    /// Frame, and the entry before of the same series.
    entries: Vec<(u32, u32)>,
}

fn series(entity: &str, attribute: &str) -> u64 {
    let mut hasher = FxHasher::default();
    entity.hash(&mut hasher);
    attribute.hash(&mut hasher);
    hasher.finish()
}

impl Index {
    fn catch_up(&mut self, log: &LogFile) -> Result<(), Error> {
        let ends = log.ends();
        if self.bytes == 0 {
            self.bytes = HEADER_BYTES as u64;
            self.next_sequence = log.header.first_sequence;
        }
        let commit = log.header.first_commit + self.frames.len() as u64;
        let start = (self.bytes, commit, self.next_sequence);
        let mut frames = Frames::new(Arc::clone(&log.file), log.salt, ends.bytes, start);
        while frames.expected().0 < ends.next_commit {
            let at = frames.offset;
            let sequence = frames.expected().1;
            match frames.next().map_err(|e| Error::io(&log.name, e))? {
                Step::Frame(_, payload) => {
                    let added = self.add(payload, at, sequence);
                    added.map_err(|_| damaged(&log.name, at, "the frame is not a batch"))?;
                }
                Step::End => {
                    return Err(damaged(
                        &log.name,
                        at,
                        "the file ends before its last commit",
                    ));
                }
                Step::Damaged(what) => return Err(damaged(&log.name, at, what)),
            }
            self.bytes = frames.offset;
            self.next_sequence = frames.expected().1;
        }
        Ok(())
    }

    fn add(&mut self, payload: &[u8], at: u64, sequence: u64) -> Result<(), NotABatch> {
        let payload = Payload::parse(payload).ok_or(NotABatch)?;
        let frame = self.frames.len() as u32;
        let mut rows = payload.rows();
        while let Some(row) = rows.next()? {
            let Some(row) = row else { continue };
            let entity = payload.entities.get(row.entity).ok_or(NotABatch)?;
            let attribute = payload.attributes.get(row.attribute).ok_or(NotABatch)?;
            let newest = self.newest.entry(series(entity, attribute)).or_insert(NONE);
            let known = self.entries.get(*newest as usize);
            if known.is_none_or(|(last, _)| *last != frame) {
                self.entries.push((frame, *newest));
                *newest = (self.entries.len() - 1) as u32;
            }
        }
        self.frames.push((at, sequence));
        Ok(())
    }
}

/// The claims of a series in a log file, newest frame first, that `keep` accepts.
pub(crate) fn claims(
    log: &LogFile,
    entity: &str,
    attribute: &str,
    keep: &dyn Fn(&Claim) -> bool,
    interner: &mut Interner,
    found: &mut Vec<Claim>,
) -> Result<(), Error> {
    let mut places = Vec::new();
    {
        let mut index = locked(&log.index);
        index.catch_up(log)?;
        let mut at = index
            .newest
            .get(&series(entity, attribute))
            .copied()
            .unwrap_or(NONE);
        while let Some(&(frame, before)) = index.entries.get(at as usize) {
            places.push(index.frames[frame as usize]);
            at = before;
        }
    }
    for (place, first) in places {
        let bytes = log.payload_at(place)?;
        let bad = |_| damaged(&log.name, place, "the frame is not a batch");
        let payload = Payload::parse(&bytes).ok_or(NotABatch).map_err(bad)?;
        let position = |table: &[&str], name| table.iter().position(|&text| text == name);
        let (Some(entity), Some(attribute)) = (
            position(&payload.entities, entity),
            position(&payload.attributes, attribute),
        ) else {
            continue;
        };
        let mut names = Names::new(&payload, interner);
        let mut rows = payload.rows();
        let mut sequence = first;
        while let Some(row) = rows.next().map_err(bad)? {
            if let Some(row) = row
                && row.entity == entity
                && row.attribute == attribute
            {
                let id = ClaimId {
                    incarnation: log.header.incarnation,
                    sequence,
                };
                let claim = names.claim(&row, id).map_err(bad)?;
                if keep(&claim) {
                    found.push(claim);
                }
            }
            sequence += 1;
        }
    }
    Ok(())
}

/// The claim with that sequence number, if it was not erased.
pub(crate) fn claim(
    log: &LogFile,
    sequence: u64,
    interner: &mut Interner,
) -> Result<Option<Claim>, Error> {
    let place = {
        let mut index = locked(&log.index);
        index.catch_up(log)?;
        let after = index
            .frames
            .partition_point(|(_, first)| *first <= sequence);
        after.checked_sub(1).map(|i| index.frames[i])
    };
    let Some((place, first)) = place else {
        return Ok(None);
    };
    let bytes = log.payload_at(place)?;
    let bad = |_| damaged(&log.name, place, "the frame is not a batch");
    let payload = Payload::parse(&bytes).ok_or(NotABatch).map_err(bad)?;
    let mut rows = payload.rows();
    let mut at = first;
    while let Some(row) = rows.next().map_err(bad)? {
        if at == sequence {
            let id = ClaimId {
                incarnation: log.header.incarnation,
                sequence,
            };
            let mut names = Names::new(&payload, interner);
            return row
                .map(|row| names.claim(&row, id).map_err(bad))
                .transpose();
        }
        at += 1;
    }
    Ok(None)
}
