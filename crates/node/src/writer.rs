//! The single writer: everything that changes the node passes through one thread.
//!
//! It takes what has queued up, writes it to the log with one sync, takes it into the
//! state, publishes a new picture, and only then answers. While it syncs, the next
//! group queues up.
//!
//! INVARIANT: CLAIMS-SURVIVE: nothing is answered or published before it is durable.
//! INVARIANT: SINGLE-WRITER: only this thread holds the store's writer and the state.

use crate::changes::Ring;
use crate::clock::Clock;
use crate::config::Retention;
use crate::error::Error;
use crate::housekeeping;
use crate::journal::{ImportRecord, Note};
use crate::link::{self, Wake};
use crate::live::{Key, Live};
use crate::picture::Picture;
use crate::prepare::{ClaimCode, Prepared, Receipt, Refusal};
use crate::quarantine::Verdict;
use crate::received::Arrival;
use crate::refold::{Refold, Refolded, exchange, follow};
use crate::wheel::Wheel;
use arc_swap::ArcSwap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use tokio::sync::mpsc::WeakSender;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use twin_model::catalogue::Retention as Class;
use twin_model::{BatchId, Claim, ClaimId, CommitNumber, EntityId, Time};
use twin_store as store;

/// Most claims written with one sync; keeps a bulk load from delaying everyone else.
const GROUP_CLAIMS_MAX: usize = 20_000;

/// What the writer is asked to do.
pub(crate) enum Command {
    /// Record claims.
    Submit(Submission),
    /// Erase the claims about a twin.
    Erase {
        entity: EntityId,
        reason: String,
        reply: Reply<store::ErasureRecord>,
    },
    /// Set a source aside or release it.
    Judge {
        verdict: Verdict,
        reply: Reply<CommitNumber>,
    },
    /// Emit what changes by time alone.
    Tick,
    /// Save the state and finish.
    Stop(oneshot::Sender<()>),
}

/// Where an answer goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// Claims to be recorded together.
pub(crate) struct Submission {
    pub(crate) claims: Vec<Prepared>,
    pub(crate) refused: Vec<Refusal>,
    pub(crate) all_or_nothing: bool,
    pub(crate) note: NoteDraft,
    pub(crate) reply: Reply<Receipt>,
    /// The room its claims take among those that wait: given back when they are written,
    /// whether or not anybody still waits for the answer.
    pub(crate) room: Option<OwnedSemaphorePermit>,
}

/// A note that lacks what only the writer knows: the numbers of batch and claims.
pub(crate) enum NoteDraft {
    Claims,
    /// The record and, for claims that replace an earlier one, their index and the
    /// earlier claim.
    Import(Box<ImportRecord>, Vec<(usize, ClaimId)>),
    /// Ditto, taking a batch back; the claims named say again what the earlier ones said.
    Undo(BatchId, Box<ImportRecord>, Vec<(usize, ClaimId)>),
    Received(Arrival),
}

/// Counters that anybody may read.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) commits: AtomicU64,
    pub(crate) claims: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) commit_micros: AtomicU64,
    pub(crate) store_bytes: AtomicU64,
    /// Claims folded so far by a fold that is under way, and how many there are; zero and
    /// zero when none is.
    pub(crate) refolded: AtomicU64,
    pub(crate) refold_of: AtomicU64,
    pub(crate) stopped: AtomicBool,
    /// The disk had no room for the last group.
    pub(crate) full: AtomicBool,
}

impl Counters {
    /// How far a fold from the beginning has got, 0..=1; `None` when none is due.
    pub(crate) fn refolding(&self, is_due: bool) -> Option<f64> {
        let of = self.refold_of.load(Ordering::Relaxed).max(1) as f64;
        let done = self.refolded.load(Ordering::Relaxed) as f64;
        is_due.then(|| (done / of).min(1.0))
    }
}

/// What the writer thread owns.
pub(crate) struct Writer {
    pub(crate) live: Live,
    pub(crate) log: store::Writer,
    pub(crate) claims: store::Reader,
    pub(crate) maintenance: store::Maintenance,
    pub(crate) wheel: Wheel,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) published: Arc<ArcSwap<Picture>>,
    pub(crate) ring: Arc<Ring>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) incarnation: u32,
    pub(crate) memory_budget_bytes: u64,
    pub(crate) snapshot_claims: u64,
    pub(crate) claims_at_snapshot: u64,
    /// Pictures to be written to disk, to the housekeeping thread.
    pub(crate) housekeeping: mpsc::SyncSender<Arc<Picture>>,
    /// A fold from the beginning that is under way.
    pub(crate) refold: Option<Refold>,
    /// To the thread that tells others.
    pub(crate) link: Wake,
    pub(crate) retention: Retention,
    /// When it was last looked what has been kept long enough.
    pub(crate) retained: Option<Time>,
}

/// A submission with the claims it became.
struct Group {
    reply: Reply<Receipt>,
    refused: Vec<Refusal>,
    canonical: Vec<Option<twin_model::Act>>,
    note: Note,
    _room: Option<OwnedSemaphorePermit>,
}

impl Writer {
    /// Serves commands until told to stop or until nobody can send any more.
    pub(crate) fn run(mut self, mut commands: tokio::sync::mpsc::Receiver<Command>) {
        let mut held = None;
        if self.live.is_refold_due {
            self.start_refold();
        }
        while let Some(command) = held.take().or_else(|| commands.blocking_recv()) {
            match command {
                Command::Submit(first) => {
                    let mut group = vec![first];
                    held = gather(&mut group, &mut commands);
                    self.commit(group);
                }
                Command::Erase {
                    entity,
                    reason,
                    reply,
                } => {
                    let _ = reply.send(self.erase(&entity, &reason));
                }
                Command::Judge { verdict, reply } => {
                    let _ = reply.send(self.judge(&verdict));
                }
                Command::Tick => {
                    self.adopt_refolded();
                    self.tick();
                }
                Command::Stop(reply) => {
                    self.stop_refold();
                    self.save_last();
                    let _ = reply.send(());
                    break;
                }
            }
        }
        self.counters.stopped.store(true, Ordering::SeqCst);
    }

    fn commit(&mut self, submissions: Vec<Submission>) {
        let started = self.clock.now();
        let (mut batches, mut groups) = (Vec::new(), Vec::new());
        let (first_sequence, first_batch) = (self.live.next_sequence, self.live.next_batch);
        let mut sequence = first_sequence;
        for submission in submissions {
            self.number(
                submission,
                started,
                &mut sequence,
                &mut batches,
                &mut groups,
            );
        }
        if batches.is_empty() {
            return;
        }
        self.retain(started);
        match self.log.append(&batches) {
            Ok(commit) => {
                self.counters.full.store(false, Ordering::Relaxed);
                self.publish(commit, &batches, groups, started);
            }
            Err(error) => {
                let is_full = matches!(error, store::Error::Full(_));
                self.counters.full.store(is_full, Ordering::Relaxed);
                self.live.next_batch = first_batch;
                tracing::error!(%error, "the log refused a commit; nothing of it was acknowledged");
                let why = error.to_string();
                for group in groups {
                    let _ = group.reply.send(Err(Error::ReadOnly(why.clone())));
                }
            }
        }
    }

    /// Gives a submission its numbers, or answers it at once when nothing is left of it.
    fn number(
        &mut self,
        mut submission: Submission,
        now: Time,
        sequence: &mut u64,
        batches: &mut Vec<store::Batch>,
        groups: &mut Vec<Group>,
    ) {
        self.apply_budgets(&mut submission);
        self.counters
            .refused
            .fetch_add(submission.refused.len() as u64, Ordering::Relaxed);
        let spoiled = submission.all_or_nothing && !submission.refused.is_empty();
        let empty = submission.claims.is_empty() && matches!(submission.note, NoteDraft::Claims);
        if spoiled || empty {
            let receipt = Receipt {
                commit: self.live.commit,
                claims: Vec::new(),
                refused: submission.refused,
            };
            let _ = submission.reply.send(Ok(receipt));
            return;
        }
        let batch = BatchId(self.live.next_batch);
        self.live.next_batch += 1;
        let first = *sequence;
        let id = |at: usize| ClaimId {
            incarnation: self.incarnation,
            sequence: first + at as u64,
        };
        let note = finish(submission.note, batch, submission.claims.len(), id);
        let mut canonical = Vec::with_capacity(submission.claims.len());
        let mut claims = Vec::with_capacity(submission.claims.len());
        for (at, prepared) in submission.claims.into_iter().enumerate() {
            canonical.push(prepared.canonical);
            claims.push(Claim {
                id: id(at),
                source: prepared.source,
                statement: prepared.statement,
                recorded: now,
                batch,
            });
        }
        *sequence += claims.len() as u64;
        let kind = u8::from(!matches!(note, Note::Claims));
        batches.push(store::Batch {
            id: batch,
            kind,
            recorded: now,
            note: note.encode().into(),
            claims,
        });
        groups.push(Group {
            reply: submission.reply,
            refused: submission.refused,
            canonical,
            note,
            _room: submission.room,
        });
    }

    /// INVARIANT: BOUNDED: beyond a budget claims are refused one by one with a code.
    fn apply_budgets(&self, submission: &mut Submission) {
        let disk_full = self.log.budget().is_scarce();
        let memory_full = self.live.heap_bytes as u64 >= self.memory_budget_bytes;
        if !disk_full && !memory_full {
            return;
        }
        let Submission {
            claims, refused, ..
        } = submission;
        claims.retain(|claim| {
            let statement = &claim.statement;
            let (code, message) = if disk_full && !claim.life_safety {
                (
                    ClaimCode::DiskBudget,
                    "the disk budget is reached; only life safety is taken",
                )
            } else if memory_full
                && self
                    .live
                    .would_grow(statement.entity.as_str(), statement.attribute.as_str())
            {
                (
                    ClaimCode::MemoryBudget,
                    "the memory budget is reached; no new attributes",
                )
            } else {
                return true;
            };
            refused.push(Refusal {
                index: claim.index,
                code,
                message: message.into(),
                field: None,
            });
            false
        });
        refused.sort_by_key(|refusal| refusal.index);
    }

    fn publish(
        &mut self,
        commit: CommitNumber,
        batches: &[store::Batch],
        groups: Vec<Group>,
        now: Time,
    ) {
        let (mut keys, mut recorded) = (Vec::new(), 0);
        let mut receipts = Vec::with_capacity(groups.len());
        for (batch, group) in batches.iter().zip(groups) {
            for (claim, canonical) in batch.claims.iter().zip(&group.canonical) {
                let before = keys.len();
                self.live.apply(claim, canonical.as_ref(), &mut keys);
                for key in &keys[before..] {
                    self.wheel.arm(*key, &self.live, now);
                }
            }
            recorded += batch.claims.len() as u64;
            self.live.apply_note(group.note, now);
            let claims = batch.claims.iter().map(|claim| claim.id).collect();
            receipts.push((
                group.reply,
                Receipt {
                    commit,
                    claims,
                    refused: group.refused,
                },
            ));
        }
        self.live.commit = commit;
        self.live.recorded = now;
        self.counters.claims.fetch_add(recorded, Ordering::Relaxed);
        self.counters.commits.fetch_add(1, Ordering::Relaxed);
        let micros = self
            .clock
            .now()
            .0
            .saturating_sub(now.0)
            .max(0)
            .cast_unsigned();
        self.counters.commit_micros.store(micros, Ordering::Relaxed);
        self.counters
            .store_bytes
            .store(self.log.budget().used_bytes, Ordering::Relaxed);
        self.show(false, keys);
        for (reply, receipt) in receipts {
            let _ = reply.send(Ok(receipt));
        }
        self.consider_snapshot();
    }

    /// Publishes the picture, then tells the listeners.
    fn show(&mut self, timed: bool, mut keys: Vec<Key>) {
        self.published.store(Arc::new(self.live.picture()));
        keys.sort_unstable();
        keys.dedup();
        self.ring.push(self.live.commit, timed, keys);
        if let Some(link) = self.link.get().and_then(WeakSender::upgrade) {
            // A full queue means that it is awake.
            let _ = link.try_send(link::Command::Committed);
        }
    }

    fn consider_snapshot(&mut self) {
        // What follows a fold that is under way is still to be read from the log.
        let few = self.live.claims.saturating_sub(self.claims_at_snapshot) < self.snapshot_claims;
        if few || self.refold.is_some() {
            return;
        }
        // A full queue means one is being written; the next commit asks again.
        if self
            .housekeeping
            .try_send(self.published.load_full())
            .is_ok()
        {
            self.claims_at_snapshot = self.live.claims;
        }
    }

    /// A restart after an orderly end finds everything in the saved state.
    fn save_last(&self) {
        let saved = self.live.claims == self.claims_at_snapshot;
        if !saved && self.housekeeping.send(self.published.load_full()).is_err() {
            tracing::error!("the housekeeping has stopped; the next start replays the log");
        }
    }

    /// Lets go of what is kept as written about people, once its claims are due to go: it does
    /// not age as an estimate does. What does not come any more is not overwritten either.
    fn retain(&mut self, now: Time) {
        let is_early = |before: Time| now.seconds_since(before) < housekeeping::RETENTION_EVERY_S;
        if self.retained.is_some_and(is_early) {
            return;
        }
        self.retained = Some(now);
        let Some(cutoff) = self.retention.cutoff(Class::Personal, now) else {
            return;
        };
        let keys = self.live.forget_personal_before(cutoff);
        if keys.is_empty() {
            return;
        }
        self.show(false, keys);
        // The values are still in the state on disk until it is written afresh.
        self.claims_at_snapshot = 0;
        // A full queue means one is being written; the end of the process asks again.
        let _ = self.housekeeping.try_send(self.published.load_full());
    }

    fn tick(&mut self) {
        let now = self.clock.now();
        self.retain(now);
        let due = self.wheel.turn(&self.live, now);
        if !due.is_empty() {
            self.ring.push(self.live.commit, true, due);
        }
    }

    fn erase(&mut self, entity: &EntityId, reason: &str) -> Result<store::ErasureRecord, Error> {
        // A fold under way might bring back what is being erased.
        self.stop_refold();
        let erased = self.erase_now(entity, reason);
        if self.live.is_refold_due {
            self.start_refold();
        }
        erased
    }

    fn erase_now(
        &mut self,
        entity: &EntityId,
        reason: &str,
    ) -> Result<store::ErasureRecord, Error> {
        let number = self.live.names.entities.find(entity.as_str());
        let number = number.ok_or_else(|| Error::NotFound {
            what: "twin",
            id: entity.to_string(),
        })?;
        let keys = self
            .live
            .entities
            .get(number as usize)
            .map_or_else(Vec::new, |cell| {
                cell.attributes
                    .iter()
                    .map(|(attribute, _)| (number, *attribute))
                    .collect()
            });
        // First out of the state, so that no picture saved from here on holds it.
        let cell = self.live.forget(number);
        self.show(false, keys.clone());
        let erased = self.maintenance.erase(entity, reason, self.clock.now());
        if erased.is_err() && !self.maintenance.is_erasing(entity) {
            // Nothing of it has begun: the claims are all there, and so must be the twin.
            self.live.remember(number, entity.clone(), cell);
            self.show(false, keys);
        }
        let record = erased?;
        // The values are still in the state on disk until it is written afresh.
        self.claims_at_snapshot = 0;
        if self.housekeeping.send(self.published.load_full()).is_err() {
            tracing::error!("the housekeeping has stopped; erased values stay in the saved state");
        }
        Ok(record)
    }
}

/// Setting sources aside.
impl Writer {
    fn judge(&mut self, verdict: &Verdict) -> Result<CommitNumber, Error> {
        self.live
            .quarantine
            .check(verdict, |source| self.live.names.sources.find(source))?;
        let now = self.clock.now();
        let note = Note::Verdict(verdict.clone());
        let batch = store::Batch {
            id: BatchId(self.live.next_batch),
            kind: 1,
            recorded: now,
            note: note.encode().into(),
            claims: Vec::new(),
        };
        let commit = self.log.append(&[batch])?;
        self.live.next_batch += 1;
        self.live.apply_note(note, now);
        self.live.commit = commit;
        self.live.recorded = now;
        self.show(false, Vec::new());
        self.stop_refold();
        self.start_refold();
        Ok(commit)
    }

    fn start_refold(&mut self) {
        let picture = Arc::new(self.live.picture());
        self.counters.refolded.store(0, Ordering::Relaxed);
        self.counters
            .refold_of
            .store(picture.claims.max(1), Ordering::Relaxed);
        let (claims, counters) = (self.claims.clone(), Arc::clone(&self.counters));
        match Refold::start(picture, claims, counters, self.clock.now()) {
            Ok(refold) => self.refold = Some(refold),
            Err(error) => tracing::error!(%error, "no thread to fold the claims again"),
        }
    }

    fn stop_refold(&mut self) {
        if let Some(refold) = self.refold.take() {
            refold.stop();
        }
        self.counters.refold_of.store(0, Ordering::Relaxed);
    }

    /// Takes the state that was folded anew in place of the present one.
    fn adopt_refolded(&mut self) {
        let Some(Refolded { mut live, wheel }) = self.refold.as_ref().and_then(Refold::take) else {
            return;
        };
        self.stop_refold();
        let mut changed = Vec::new();
        if let Err(error) = follow(&mut live, &self.claims, &mut changed) {
            tracing::error!(%error, "the claims could not be folded again; the next start tries");
            return;
        }
        live.is_refold_due = false;
        self.wheel = wheel;
        for key in &changed {
            self.wheel.arm(*key, &live, self.clock.now());
        }
        let keys = exchange(&self.live, &mut live);
        self.live = live;
        tracing::info!(changed = keys.len(), "all claims are folded again");
        self.show(false, keys);
        self.claims_at_snapshot = 0;
        // A full queue means one is being written; the next commit asks again.
        let _ = self.housekeeping.try_send(self.published.load_full());
    }
}

/// Takes what else has queued up, until something other than a submission comes or the
/// group is large enough; gives back what does not belong to the group.
fn gather(
    group: &mut Vec<Submission>,
    commands: &mut tokio::sync::mpsc::Receiver<Command>,
) -> Option<Command> {
    let mut claims = group[0].claims.len();
    while claims < GROUP_CLAIMS_MAX {
        match commands.try_recv().ok()? {
            Command::Submit(next) => {
                claims += next.claims.len();
                group.push(next);
            }
            other => return Some(other),
        }
    }
    None
}

fn finish(draft: NoteDraft, batch: BatchId, claims: usize, id: impl Fn(usize) -> ClaimId) -> Note {
    let number = |record: &mut ImportRecord| {
        record.batch = batch;
        record.first_claim = (claims > 0).then(|| id(0));
        record.claim_count = claims as u64;
    };
    let pairs = |list: Vec<(usize, ClaimId)>| list.into_iter().map(|(at, old)| (id(at), old));
    match draft {
        NoteDraft::Claims => Note::Claims,
        NoteDraft::Received(arrival) => Note::Received(arrival),
        NoteDraft::Import(mut record, replaced) => {
            number(&mut record);
            record.replaced = pairs(replaced).collect();
            Note::Import(record)
        }
        NoteDraft::Undo(of, mut record, restored) => {
            number(&mut record);
            record.replaced = pairs(restored).collect();
            record.undo_of = Some(of);
            Note::Undo { of, record }
        }
    }
}
