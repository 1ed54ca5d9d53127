//! Appending: many batches, one write, one sync.

use crate::backend::append_at;
use crate::batch::Encoder;
use crate::codec::crc_nonzero;
use crate::log::{FRAME_HEADER_BYTES, FrameHeader, Header, padded, zero_portions};
use crate::open::{Ends, LogFile, Shared, create_log, locked};
use crate::{Batch, CLAIMS_PER_BATCH_MAX, Error, FRAME_BYTES_MAX, GROUP_BYTES_MAX, NOTE_BYTES_MAX};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use twin_model::{BatchId, ClaimId, CommitNumber};

/// The one that appends.
#[derive(Debug)]
pub struct Writer {
    shared: Arc<Shared>,
}

/// How much of the disk the store uses and may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Bytes of all files.
    pub used_bytes: u64,
    /// Bytes allowed. At this point [`Writer::append`] refuses.
    pub limit_bytes: u64,
}

impl Budget {
    /// Whether nine tenths are used: bulk is refused from here on, so that room is left
    /// for what concerns life safety.
    pub const fn is_scarce(&self) -> bool {
        self.used_bytes / 9 >= self.limit_bytes / 10
    }
}

/// The log file being written.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) log: Arc<LogFile>,
    last_batch: BatchId,
    first_recorded_s: Option<i64>,
    encoder: Encoder,
    group: Vec<u8>,
    trouble: Trouble,
}

/// What an earlier failure left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    None,
    /// A write failed; part of a group may stand behind the end.
    HalfWritten,
    /// A sync failed, or a new file was begun: this file must not be written any more.
    Forsaken,
}

/// More than this is given back to the system after a group.
const GROUP_BYTES_KEPT: usize = 8 << 20;

impl Active {
    pub(crate) fn new(
        log: Arc<LogFile>,
        last_batch: BatchId,
        first_recorded_s: Option<i64>,
    ) -> Self {
        Self {
            log,
            last_batch,
            first_recorded_s,
            encoder: Encoder::default(),
            group: Vec::new(),
            trouble: Trouble::None,
        }
    }
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Records the batches, all or none, with one sync; what is returned is the commit
    /// number of the last. One batch is one commit.
    ///
    /// Batches must carry the recorded time and id that their claims carry, batch ids
    /// must not decrease, and claims must be numbered on from [`Writer::next_claim`].
    ///
    /// # Errors
    /// After any error nothing is acknowledged and the log is as before; the same
    /// batches may be given again. [`Error::Full`], [`Error::BudgetReached`] and
    /// [`Error::NotDurable`] may pass; [`Error::BadBatch`] and [`Error::TooLarge`] are
    /// the caller's.
    pub fn append(&mut self, batches: &[Batch]) -> Result<CommitNumber, Error> {
        let shared = &*self.shared;
        if batches.is_empty() {
            return Ok(shared.committed());
        }
        let mut active = locked(&shared.active);
        let budget = self.budget();
        if budget.used_bytes >= budget.limit_bytes {
            return Err(Error::BudgetReached {
                used_bytes: budget.used_bytes,
                budget_bytes: budget.limit_bytes,
            });
        }
        active.check(batches, shared.incarnation)?;
        active.make_ready(shared, batches[0].recorded.0.div_euclid(1_000_000))?;
        let ends = active.encode(batches)?;
        active.write(ends, shared)?;
        if active.group.capacity() > GROUP_BYTES_KEPT {
            active.group = Vec::new();
        }
        active.last_batch = batches[batches.len() - 1].id;
        shared
            .committed
            .store(ends.next_commit - 1, Ordering::Release);
        Ok(CommitNumber(ends.next_commit - 1))
    }

    /// The id that the next claim must carry.
    pub fn next_claim(&self) -> ClaimId {
        ClaimId {
            incarnation: self.shared.incarnation,
            sequence: locked(&self.shared.active).log.ends().next_sequence,
        }
    }

    /// Disk used and allowed.
    pub fn budget(&self) -> Budget {
        Budget {
            used_bytes: self.shared.used_bytes.load(Ordering::Relaxed),
            limit_bytes: self.shared.options.disk_budget_bytes,
        }
    }
}

impl Active {
    /// When the first batch of the file was recorded, in seconds; `None` if it is empty.
    pub(crate) fn first_recorded_s(&self) -> Option<i64> {
        self.first_recorded_s
    }

    fn check(&self, batches: &[Batch], incarnation: u32) -> Result<(), Error> {
        let mut sequence = self.log.ends().next_sequence;
        let mut last = self.last_batch;
        for batch in batches {
            let bad = |what: String| Error::BadBatch {
                batch: batch.id.0,
                what,
            };
            if batch.id < last {
                return Err(bad(format!("batch {} was recorded before it", last.0)));
            }
            if batch.note.len() > NOTE_BYTES_MAX || batch.claims.len() > CLAIMS_PER_BATCH_MAX {
                return Err(Error::TooLarge {
                    batch: batch.id.0,
                    what: format!(
                        "{} claims and a note of {} bytes",
                        batch.claims.len(),
                        batch.note.len()
                    ),
                });
            }
            for claim in &batch.claims {
                let expected = ClaimId {
                    incarnation,
                    sequence,
                };
                if claim.id != expected {
                    return Err(bad(format!("claim {} should be {expected}", claim.id)));
                }
                if claim.batch != batch.id || claim.recorded != batch.recorded {
                    return Err(bad(format!("claim {expected} names another batch or time")));
                }
                sequence += 1;
            }
            last = batch.id;
        }
        Ok(())
    }

    /// Sees to it that the log file can take a group: mends what a failure left, starts
    /// the next file when this one is large or old enough.
    fn make_ready(&mut self, shared: &Shared, recorded_s: i64) -> Result<(), Error> {
        let ends = self.log.ends();
        if self.trouble == Trouble::HalfWritten {
            let mended = self.log.file.set_len(ends.bytes);
            self.trouble = match mended.and_then(|()| self.log.file.sync()) {
                Ok(()) => Trouble::None,
                Err(_) => Trouble::Forsaken,
            };
        }
        let first_s = *self.first_recorded_s.get_or_insert(recorded_s);
        let old = recorded_s.saturating_sub(first_s) >= shared.options.segment_span_s.cast_signed();
        let has_frames = ends.next_commit > self.log.header.first_commit;
        let large = ends.bytes >= shared.options.segment_bytes;
        if self.trouble == Trouble::Forsaken || (has_frames && (old || large)) {
            self.start_file(shared)?;
            self.first_recorded_s = Some(recorded_s);
        }
        Ok(())
    }

    /// Closes this file and begins the next.
    pub(crate) fn start_file(&mut self, shared: &Shared) -> Result<(), Error> {
        let ends = self.log.ends();
        let header = Header {
            number: self.log.header.number + 1,
            incarnation: shared.incarnation,
            first_commit: ends.next_commit,
            first_sequence: ends.next_sequence,
            last_batch: self.last_batch.0,
            store: shared.store,
        };
        // Once a next file may exist on the disk it rules over this one: writing on here
        // could lose what is acknowledged, should that file turn up after a power cut.
        self.trouble = Trouble::Forsaken;
        let next = Arc::new(create_log(&*shared.backend, header)?);
        self.log.set_ends(Ends {
            closed: true,
            ..ends
        });
        shared.change_logs(|logs| logs.push(Arc::clone(&next)));
        shared.add_used(next.ends().bytes);
        self.log = next;
        self.first_recorded_s = None;
        self.trouble = Trouble::None;
        Ok(())
    }

    /// Encodes the group into its buffer; returns where the log ends with it.
    fn encode(&mut self, batches: &[Batch]) -> Result<Ends, Error> {
        let mut ends = self.log.ends();
        let group_at = ends.bytes;
        self.group.clear();
        for batch in batches {
            let at = self.group.len();
            self.group.resize(at + FRAME_HEADER_BYTES, 0);
            self.encoder.encode(batch, &mut self.group);
            let payload = &self.group[at + FRAME_HEADER_BYTES..];
            if payload.len() > FRAME_BYTES_MAX || self.group.len() > GROUP_BYTES_MAX {
                return Err(Error::TooLarge {
                    batch: batch.id.0,
                    what: format!("{} encoded bytes", payload.len()),
                });
            }
            let header = FrameHeader {
                payload_bytes: payload.len() as u32,
                group_back: at as u32,
                zero_portions: zero_portions(payload, group_at + (at + FRAME_HEADER_BYTES) as u64),
                commit: ends.next_commit,
                first_sequence: ends.next_sequence,
                claims: batch.claims.len() as u32,
                payload_crc: crc_nonzero(&[payload]),
            };
            let head = header.encode(self.log.salt);
            self.group[at..at + FRAME_HEADER_BYTES].copy_from_slice(&head);
            let padded = padded(self.group.len() as u64) as usize;
            self.group.resize(padded, 0);
            ends.next_commit += 1;
            ends.next_sequence += batch.claims.len() as u64;
        }
        ends.bytes = group_at + self.group.len() as u64;
        Ok(ends)
    }

    fn write(&mut self, ends: Ends, shared: &Shared) -> Result<(), Error> {
        let at = self.log.ends().bytes;
        if let Err(e) = append_at(&*self.log.file, at, &self.group) {
            self.trouble = Trouble::HalfWritten;
            // Gives the space of the half-written group back; `make_ready` checks.
            let _ = self.log.file.set_len(at);
            return Err(Error::io(&self.log.name, e));
        }
        if let Err(e) = self.log.file.sync() {
            self.trouble = Trouble::Forsaken;
            return Err(Error::sync(e));
        }
        self.log.set_ends(ends);
        shared.add_used(self.group.len() as u64);
        Ok(())
    }
}
