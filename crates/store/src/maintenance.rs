//! Keeping house: sealing old log files, letting go of what is too old, erasing a
//! subject, checking every byte.

use crate::batch::{self, Encoder, Interner};
use crate::codec::crc_nonzero;
use crate::log::{FRAME_HEADER_BYTES, FrameHeader, Step, damaged, padded, zero_portions};
use crate::manifest::{Erasing, ErasureRecord, Manifest, Sealed, Segment};
use crate::open::{Ends, LogFile, Shared, locked};
use crate::segment::{self, OpenSegment};
use crate::{Batch, Error, snapshot};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use twin_model::catalogue::Retention;
use twin_model::{Claim, ClaimId, CommitNumber, EntityId, Time};

/// Keeps house, from one thread beside the writer.
#[derive(Debug, Clone)]
pub struct Maintenance {
    pub(crate) shared: Arc<Shared>,
}

/// What sealing or retention did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Housekeeping {
    /// Log files that became segments.
    pub logs_sealed: u64,
    /// Claims in them.
    pub claims_sealed: u64,
    /// Log files removed.
    pub logs_removed: u64,
    /// Claims let go because their time was over.
    pub claims_expired: u64,
}

impl Maintenance {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Turns closed log files into segments, and removes log files that are sealed and
    /// covered by two snapshots. Needs about ten times [`Options::segment_bytes`] of
    /// memory.
    ///
    /// [`Options::segment_bytes`]: crate::Options::segment_bytes
    pub fn seal(&self) -> Result<Housekeeping, Error> {
        let _one_at_a_time = locked(&self.shared.maintenance);
        self.seal_closed()
    }

    /// Closes the log file that is being written, so that it can be sealed.
    pub fn close_log(&self) -> Result<(), Error> {
        let mut active = locked(&self.shared.active);
        let ends = active.log.ends();
        if ends.next_commit > active.log.header.first_commit {
            active.start_file(&self.shared)?;
        }
        Ok(())
    }

    fn seal_closed(&self) -> Result<Housekeeping, Error> {
        let mut done = Housekeeping::default();
        let mut manifest = self.manifest();
        let through = manifest.sealed.last().map_or(0, |sealed| sealed.log_number);
        for log in self.shared.logs() {
            if log.header.number <= through || !log.ends().closed {
                continue;
            }
            let sealed = self.seal_log(&log)?;
            done.logs_sealed += 1;
            done.claims_sealed += sealed.segments.iter().map(|s| s.rows).sum::<u64>();
            manifest.sealed.push(sealed);
            self.set_manifest(&mut manifest)?;
        }
        done.logs_removed = self.remove_logs(&manifest)?;
        Ok(done)
    }

    fn seal_log(&self, log: &LogFile) -> Result<Sealed, Error> {
        let mut by_class: BTreeMap<u8, (Retention, Vec<Claim>)> = BTreeMap::new();
        let retention = self.shared.options.retention;
        for_each_batch(log, |_, batch| {
            for claim in batch.claims {
                let class = retention(claim.statement.attribute.as_str());
                let place = Retention::ALL.iter().position(|c| *c == class);
                let place = place.unwrap_or_default() as u8;
                let (_, claims) = by_class.entry(place).or_insert((class, Vec::new()));
                claims.push(claim);
            }
            Ok(())
        })?;
        let (ends, mut segments) = (log.ends(), Vec::new());
        for (class, mut claims) in by_class.into_values() {
            segment::sort(&mut claims);
            let name = segment::name(log.header.number, class, 1);
            segments.push(self.write_segment(&name, class, &claims)?);
        }
        let numbers = ends.next_sequence - log.header.first_sequence;
        Ok(Sealed {
            log_number: log.header.number,
            next_commit: ends.next_commit,
            first_sequence: log.header.first_sequence,
            next_sequence: ends.next_sequence,
            expired: 0,
            erased: numbers - segments.iter().map(|s| s.rows).sum::<u64>(),
            segments,
        })
    }

    fn write_segment(
        &self,
        name: &str,
        class: Retention,
        claims: &[Claim],
    ) -> Result<Segment, Error> {
        let segment = segment::write(&*self.shared.backend, name, class, claims)?;
        self.shared.add_used(segment.bytes);
        Ok(segment)
    }

    /// Removes log files from the oldest on, while both kept snapshots cover them.
    fn remove_logs(&self, manifest: &Manifest) -> Result<u64, Error> {
        let shared = &*self.shared;
        let snapshots = snapshot::list(&*shared.backend)?;
        let [.., older, _] = snapshots[..] else {
            return Ok(0);
        };
        let sealed_through = manifest.sealed.last().map_or(0, |sealed| sealed.log_number);
        let mut removed = 0;
        for log in shared.logs() {
            let ends = log.ends();
            let needed = !ends.closed
                || log.header.number > sealed_through
                || ends.next_commit > older.0 + 1;
            if needed {
                break;
            }
            let bytes = log.file.len().map_err(|e| Error::io(&log.name, e))?;
            shared
                .backend
                .remove(&log.name)
                .map_err(|e| Error::io(&log.name, e))?;
            shared.backend.sync_directory().map_err(Error::sync)?;
            shared.change_logs(|logs| logs.retain(|l| l.header.number != log.header.number));
            shared.sub_used(bytes);
            removed += 1;
        }
        Ok(removed)
    }

    /// Lets go of claims observed before the cutoff of their class. Log files that were
    /// begun before the newest cutoff are closed and sealed first; they themselves go with
    /// the snapshots (see [`Maintenance::seal`]). A claim that arrived late stays until
    /// the log file it arrived in is closed, at most [`Options::segment_span_s`].
    ///
    /// [`Options::segment_span_s`]: crate::Options::segment_span_s
    pub fn retain(&self, cutoffs: &[(Retention, Time)]) -> Result<Housekeeping, Error> {
        let _one_at_a_time = locked(&self.shared.maintenance);
        let newest = cutoffs.iter().map(|(_, cutoff)| cutoff.0).max();
        let active_is_old = locked(&self.shared.active)
            .first_recorded_s()
            .is_some_and(|first| newest.is_some_and(|newest| first < newest / 1_000_000));
        if active_is_old {
            self.close_log()?;
        }
        let mut done = self.seal_closed()?;
        let mut manifest = self.manifest();
        let mut replaced = Vec::new();
        for sealed in &mut manifest.sealed {
            for &(class, cutoff) in cutoffs {
                let due = |s: &Segment| s.class == class && s.observed_min < cutoff;
                let keep = |claim: &Claim| claim.statement.observed >= cutoff;
                let removed = self.thin(sealed, &due, &keep, &mut replaced)?;
                sealed.expired += removed;
                done.claims_expired += removed;
            }
        }
        self.replace_segments(manifest, &replaced)?;
        Ok(done)
    }

    /// Writes the next edition of those segments that are `due`, with the claims to
    /// `keep`; returns how many claims are gone. The old files are listed in `replaced`.
    fn thin(
        &self,
        sealed: &mut Sealed,
        due: &dyn Fn(&Segment) -> bool,
        keep: &dyn Fn(&Claim) -> bool,
        replaced: &mut Vec<Segment>,
    ) -> Result<u64, Error> {
        let mut removed = 0;
        let mut segments = Vec::new();
        for segment in std::mem::take(&mut sealed.segments) {
            if !due(&segment) {
                segments.push(segment);
                continue;
            }
            let mut kept = Vec::new();
            OpenSegment::open(&*self.shared.backend, &segment)?.each(&segment.name, |claims| {
                kept.extend(claims.into_iter().filter(keep));
                Ok(())
            })?;
            if kept.len() as u64 == segment.rows {
                segments.push(segment);
                continue;
            }
            removed += segment.rows - kept.len() as u64;
            if !kept.is_empty() {
                let edition = segment::edition(&segment.name) + 1;
                let name = segment::name(sealed.log_number, segment.class, edition);
                segments.push(self.write_segment(&name, segment.class, &kept)?);
            }
            replaced.push(segment);
        }
        sealed.segments = segments;
        Ok(removed)
    }

    fn replace_segments(&self, mut manifest: Manifest, replaced: &[Segment]) -> Result<(), Error> {
        let shared = &*self.shared;
        self.set_manifest(&mut manifest)?;
        for segment in replaced {
            locked(&shared.open_segments).remove(&segment.name);
            shared
                .backend
                .remove(&segment.name)
                .map_err(|e| Error::io(&segment.name, e))?;
            shared.sub_used(segment.bytes);
        }
        shared.backend.sync_directory().map_err(Error::sync)
    }

    /// Erases every claim *about* the twin from log and segments, and leaves on record
    /// that it did. Claims about others that name it, and what the node keeps in notes
    /// and snapshots, are the node's: drop the twin from the live state *before*, and
    /// write a snapshot *after*; with it the older snapshots go.
    ///
    /// An erasure that is interrupted is finished by [`Maintenance::finish_erasure`].
    pub fn erase(
        &self,
        entity: &EntityId,
        reason: &str,
        now: Time,
    ) -> Result<ErasureRecord, Error> {
        let _one_at_a_time = locked(&self.shared.maintenance);
        if let Some(unfinished) = self.manifest().erasing {
            self.run_erasure(unfinished)?;
        }
        self.run_erasure(Erasing {
            entity: entity.as_str().to_owned(),
            reason: reason.to_owned(),
            at: now,
            through: self.shared.committed().0,
            claims: 0,
        })
    }

    /// Finishes an erasure that a crash interrupted; see
    /// [`RecoveryReport::erasure_unfinished`].
    ///
    /// [`RecoveryReport::erasure_unfinished`]: crate::RecoveryReport::erasure_unfinished
    pub fn finish_erasure(&self) -> Result<Option<ErasureRecord>, Error> {
        let _one_at_a_time = locked(&self.shared.maintenance);
        let unfinished = self.manifest().erasing;
        unfinished
            .map(|erasing| self.run_erasure(erasing))
            .transpose()
    }

    /// Whether the erasure of that twin has begun and must still be finished.
    pub fn is_erasing(&self, entity: &EntityId) -> bool {
        let unfinished = self.manifest().erasing;
        unfinished.is_some_and(|erasing| erasing.entity == entity.as_str())
    }

    /// What was erased so far.
    pub fn erasures(&self) -> Vec<ErasureRecord> {
        self.manifest().erasures
    }

    /// Whether the record is about that twin.
    pub fn is_about(&self, record: &ErasureRecord, entity: &EntityId) -> bool {
        record.subject == subject(&self.shared.store, entity.as_str())
    }

    fn run_erasure(&self, mut erasing: Erasing) -> Result<ErasureRecord, Error> {
        let shared = &*self.shared;
        shared.erasures_begun.fetch_add(1, Ordering::AcqRel);
        self.close_log()?;
        erasing.through = erasing.through.max(shared.committed().0);
        let mut manifest = self.manifest();
        manifest.erasing = Some(erasing.clone());
        self.set_manifest(&mut manifest)?;
        let sealed_through = manifest.sealed.last().map_or(0, |sealed| sealed.log_number);
        for log in shared.logs() {
            if !log.ends().closed {
                continue;
            }
            let removed = self.erase_from_log(&log, &erasing.entity)?;
            if log.header.number > sealed_through && removed > 0 {
                erasing.claims += removed;
                manifest.erasing = Some(erasing.clone());
                self.set_manifest(&mut manifest)?;
            }
        }
        let mut replaced = Vec::new();
        for sealed in &mut manifest.sealed {
            let keep = |claim: &Claim| claim.statement.entity.as_str() != erasing.entity;
            let removed = self.thin(sealed, &|_| true, &keep, &mut replaced)?;
            sealed.erased += removed;
            erasing.claims += removed;
        }
        let record = ErasureRecord {
            subject: subject(&shared.store, &erasing.entity),
            reason: erasing.reason,
            at: erasing.at,
            claims: erasing.claims,
            through: CommitNumber(erasing.through),
        };
        manifest.erasing = None;
        manifest.erasures.push(record.clone());
        self.replace_segments(manifest, &replaced)?;
        Ok(record)
    }

    /// Writes a log file anew without the twin's claims; their numbers stay used.
    fn erase_from_log(&self, log: &Arc<LogFile>, entity: &str) -> Result<u64, Error> {
        let shared = &*self.shared;
        let mut removed = 0;
        let mut out = log.header.encode().to_vec();
        let mut encoder = Encoder::default();
        let end = for_each_batch(log, |header, batch| {
            let first = header.first_sequence;
            let mut rows: Vec<Option<&Claim>> = vec![None; header.claims as usize];
            for claim in &batch.claims {
                if claim.statement.entity.as_str() == entity {
                    removed += 1;
                } else {
                    rows[(claim.id.sequence - first) as usize] = Some(claim);
                }
            }
            put_frame(&mut out, log.salt, header, |payload| {
                encoder.encode_rows(&batch, rows.len(), rows.into_iter(), payload);
            });
            Ok(())
        })?;
        let old_bytes = log.file.len().map_err(|e| Error::io(&log.name, e))?;
        // Behind the end may stand what was never acknowledged, the twin's too.
        if removed == 0 && old_bytes == end {
            return Ok(0);
        }
        crate::backend::replace(&*shared.backend, &log.name, &out)
            .map_err(|e| Error::io(&log.name, e))?;
        let file = shared
            .backend
            .open(&log.name)
            .map_err(|e| Error::io(&log.name, e))?;
        let ends = Ends {
            bytes: out.len() as u64,
            ..log.ends()
        };
        let new = Arc::new(LogFile::new(log.header, file, ends));
        for_each_batch(&new, |_, _| Ok(()))?;
        shared.change_logs(|logs| {
            for old in logs.iter_mut() {
                if old.header.number == new.header.number {
                    *old = Arc::clone(&new);
                }
            }
        });
        shared.sub_used(old_bytes);
        shared.add_used(out.len() as u64);
        Ok(removed)
    }

    pub(crate) fn manifest(&self) -> Manifest {
        locked(&self.shared.manifest).clone()
    }

    /// Makes the manifest durable, then current. Only called with the maintenance lock.
    fn set_manifest(&self, manifest: &mut Manifest) -> Result<(), Error> {
        manifest.save(&*self.shared.backend)?;
        *locked(&self.shared.manifest) = manifest.clone();
        Ok(())
    }
}

fn subject(store: &[u8; 16], entity: &str) -> [u8; 32] {
    let key = blake3::derive_key("twinternet store erasure record v1", store);
    *blake3::keyed_hash(&key, entity.as_bytes()).as_bytes()
}

fn put_frame(
    out: &mut Vec<u8>,
    salt: u32,
    header: &FrameHeader,
    payload: impl FnOnce(&mut Vec<u8>),
) {
    let at = out.len();
    out.resize(at + FRAME_HEADER_BYTES, 0);
    payload(out);
    let bytes = &out[at + FRAME_HEADER_BYTES..];
    let header = FrameHeader {
        payload_bytes: bytes.len() as u32,
        group_back: 0,
        zero_portions: zero_portions(bytes, (at + FRAME_HEADER_BYTES) as u64),
        payload_crc: crc_nonzero(&[bytes]),
        ..*header
    };
    out[at..at + FRAME_HEADER_BYTES].copy_from_slice(&header.encode(salt));
    let end = padded(out.len() as u64) as usize;
    out.resize(end, 0);
}

/// Every batch of a log file; returns where the last one ends.
pub(crate) fn for_each_batch(
    log: &LogFile,
    mut take: impl FnMut(&FrameHeader, Batch) -> Result<(), Error>,
) -> Result<u64, Error> {
    let ends = log.ends();
    let mut frames = log.frames();
    let mut interner = Interner::default();
    while frames.expected().0 < ends.next_commit {
        let at = frames.offset;
        match frames.next().map_err(|e| Error::io(&log.name, e))? {
            Step::Frame(header, payload) => {
                let first = ClaimId {
                    incarnation: log.header.incarnation,
                    sequence: header.first_sequence,
                };
                let batch = batch::decode(payload, first, &mut interner)
                    .map_err(|_| damaged(&log.name, at, "the frame is not a batch"))?;
                take(&header, batch)?;
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
    }
    if frames.expected() != (ends.next_commit, ends.next_sequence) {
        return Err(damaged(
            &log.name,
            frames.offset,
            "claims are missing before the next file",
        ));
    }
    Ok(frames.offset)
}
