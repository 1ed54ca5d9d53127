//! Opening: the state as of the last durable claim, from the saved state and the log.
//!
//! A state that another version saved cannot be read as it is. Nothing is lost by that:
//! every claim is still there, and the state is folded from them once more. It takes as
//! long as there are claims; the next start reads the new saved state.

use crate::error::Error;
use crate::journal::Note;
use crate::live::Live;
use crate::snapshot::{self, Saved};
use std::ops::ControlFlow;
use std::sync::mpsc;
use twin_fusion as fusion;
use twin_model::{Act, Catalogue, Claim, CommitNumber, EntityId};
use twin_store as store;

/// Portions of claims that wait between the one who reads and the one who folds.
const PORTIONS_WAITING_MAX: usize = 4;
/// After so many claims a fold from the beginning says how far it has got.
const TELL_EVERY: u64 = 1_000_000;

/// What recovery did.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Folded {
    /// Claims of the log after the saved state.
    pub(crate) replayed: u64,
    /// Claims from the beginning, in place of a saved state of another version.
    pub(crate) rebuilt: u64,
}

/// The state as of the last durable claim: the saved state, then the log after it.
///
/// A state that was saved before an erasure still holds the twin: it is forgotten again,
/// before what was claimed afterwards is replayed.
pub(crate) fn recover(
    saved: Option<store::SnapshotIn>,
    tail: store::Tail,
    claims: &store::Reader,
    is_erased: &dyn Fn(&EntityId, u64) -> bool,
) -> Result<(Live, Folded), Error> {
    let (mut live, mut folded) = (Live::default(), Folded::default());
    if let Some(saved) = saved {
        let since = saved.erasures();
        live = match snapshot::read(saved)? {
            Saved::Whole(live) => *live,
            Saved::Other(empty, why) => {
                tracing::warn!(
                    why,
                    "the saved state cannot serve; folding all claims again"
                );
                let (live, count) = rebuild(*empty, claims)?;
                folded.rebuilt = count;
                live
            }
        };
        for (number, name) in live.names.entities.all().iter().enumerate() {
            if is_erased(name, since) {
                live.forget(number as u32);
            }
        }
    }
    for item in tail {
        let (commit, batch) = item?;
        replay(&mut live, commit, &batch, &mut Vec::new())?;
        folded.replayed += batch.claims.len() as u64;
    }
    Ok((live, folded))
}

/// Folds what a state without estimates was saved with.
fn rebuild(mut live: Live, claims: &store::Reader) -> Result<(Live, u64), Error> {
    let (ever, next_sequence) = (live.claims, live.next_sequence);
    let (mut count, mut told) = (0, 0);
    fold(&mut live, claims, next_sequence, &mut |more| {
        count += more;
        if count - told >= TELL_EVERY {
            told = count;
            tracing::info!(claims = count, of = ever, "folding");
        }
        ControlFlow::Continue(())
    })?;
    live.complete(ever, next_sequence);
    live.is_refold_due = false;
    Ok((live, count))
}

/// Folds every claim that is still kept and has a number below `before_sequence` into the
/// state, in the order of recording. One thread reads while another folds. After each
/// portion `go_on` is asked with the number of its claims; `false` when it broke off.
pub(crate) fn fold(
    live: &mut Live,
    claims: &store::Reader,
    before_sequence: u64,
    go_on: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<bool, Error> {
    std::thread::scope(|scope| {
        let (send, portions) = mpsc::sync_channel(PORTIONS_WAITING_MAX);
        let reading = scope.spawn(move || {
            claims.retained(0..before_sequence, &mut |portion| {
                let portion: Vec<(Claim, Canonical)> =
                    portion.into_iter().map(with_canonical).collect();
                match send.send(portion) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(mpsc::SendError(_)) => ControlFlow::Break(()),
                }
            })
        });
        let (mut changed, mut whole) = (Vec::new(), true);
        for portion in &portions {
            for (claim, canonical) in &portion {
                weigh(live, claim, canonical, &mut changed);
            }
            changed.clear();
            if go_on(portion.len() as u64).is_break() {
                whole = false;
                break;
            }
        }
        // Who reads ends when nobody listens any more.
        drop(portions);
        match reading.join() {
            Ok(read) => read?,
            Err(panic) => std::panic::resume_unwind(panic),
        }
        Ok(whole)
    })
}

/// Takes one batch of the log into the state; what it changed is added to `changed`.
pub(crate) fn replay(
    live: &mut Live,
    commit: CommitNumber,
    batch: &store::Batch,
    changed: &mut Vec<(u32, u32)>,
) -> Result<(), Error> {
    let note = Note::decode(batch.id, &batch.note)?;
    for claim in &batch.claims {
        weigh(live, claim, &canonical(claim), changed);
    }
    live.apply_note(note, batch.recorded);
    live.next_batch = live.next_batch.max(batch.id.0 + 1);
    live.commit = commit;
    live.recorded = batch.recorded;
    Ok(())
}

/// An act in canonical units; `None` where the attribute is not modelled.
type Canonical = Option<Result<Act, fusion::Error>>;

fn with_canonical(claim: Claim) -> (Claim, Canonical) {
    let canonical = canonical(&claim);
    (claim, canonical)
}

fn canonical(claim: &Claim) -> Canonical {
    let spec = Catalogue::BUILT_IN.get(claim.statement.attribute.as_str())?;
    Some(fusion::canonical(spec, &claim.statement.act))
}

fn weigh(live: &mut Live, claim: &Claim, canonical: &Canonical, changed: &mut Vec<(u32, u32)>) {
    match canonical {
        // A statement that this version would refuse was taken by the one that wrote it;
        // it stays on record and out of the estimate.
        Some(Err(error)) => {
            tracing::warn!(claim = %claim.id, %error, "not weighed");
            live.pass_over(claim);
        }
        Some(Ok(act)) => live.apply(claim, Some(act), changed),
        None => live.apply(claim, None, changed),
    }
}

/// Folds claims that were fetched for a question, in the order of recording.
pub(crate) fn fold_fetched<'a>(live: &mut Live, claims: impl IntoIterator<Item = &'a Claim>) {
    let mut changed = Vec::new();
    for claim in claims {
        weigh(live, claim, &canonical(claim), &mut changed);
        changed.clear();
    }
}
