//! Folding all claims again while the node goes on: what it takes to answer as if a source
//! had never been heard, or had never been set aside.
//!
//! A thread of its own folds every claim that is kept into a state beside the present one.
//! New claims are recorded and weighed into the present state meanwhile; the thread follows
//! them in the log, and when it is close behind, the writer takes its state in place of the
//! present one. By then both states take their room in memory.

use crate::error::Error;
use crate::live::{Key, Live};
use crate::picture::Picture;
use crate::recover::{fold, replay};
use crate::wheel::Wheel;
use crate::writer::Counters;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use twin_model::Time;
use twin_store as store;

/// Times the thread follows the log before it leaves the rest to the writer.
const ROUNDS_MAX: usize = 8;
/// So close behind, the writer is done with the rest at once.
const COMMITS_BEHIND_MAX: u64 = 16;

/// A fold under way.
#[derive(Debug)]
pub(crate) struct Refold {
    is_stopped: Arc<AtomicBool>,
    done: Arc<Mutex<Option<Refolded>>>,
    thread: JoinHandle<()>,
}

/// A state folded anew, as of its commit, with the calendar of its changes by time.
#[derive(Debug)]
pub(crate) struct Refolded {
    pub(crate) live: Live,
    pub(crate) wheel: Wheel,
}

impl Refold {
    /// Begins to fold what is behind `picture`.
    pub(crate) fn start(
        picture: Arc<Picture>,
        claims: store::Reader,
        counters: Arc<Counters>,
        now: Time,
    ) -> std::io::Result<Self> {
        let is_stopped = Arc::<AtomicBool>::default();
        let done = Arc::<Mutex<Option<Refolded>>>::default();
        let (stop, place) = (Arc::clone(&is_stopped), Arc::clone(&done));
        let work = move || match run(&picture, &claims, &counters, now, &stop) {
            Ok(refolded) => *place.lock().unwrap_or_else(PoisonError::into_inner) = refolded,
            Err(error) => {
                tracing::error!(%error, "the claims could not be folded again; the next start tries");
            }
        };
        let builder = std::thread::Builder::new().name("twin-refold".to_owned());
        let thread = builder.spawn(work)?;
        Ok(Self {
            is_stopped,
            done,
            thread,
        })
    }

    /// The state, once it is there.
    pub(crate) fn take(&self) -> Option<Refolded> {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.take()
    }

    /// Breaks off and waits until nothing of it goes on.
    pub(crate) fn stop(self) {
        self.is_stopped.store(true, Ordering::SeqCst);
        if self.thread.join().is_err() {
            tracing::error!("folding the claims again had panicked");
        }
    }
}

fn run(
    picture: &Picture,
    claims: &store::Reader,
    counters: &Counters,
    now: Time,
    is_stopped: &AtomicBool,
) -> Result<Option<Refolded>, Error> {
    let mut live = Live::to_be_folded(picture);
    let whole = fold(&mut live, claims, picture.next_sequence, &mut |more| {
        counters.refolded.fetch_add(more, Ordering::Relaxed);
        if is_stopped.load(Ordering::SeqCst) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    live.complete(picture.claims, picture.next_sequence);
    for _ in 0..ROUNDS_MAX {
        if is_stopped.load(Ordering::SeqCst) || !whole {
            return Ok(None);
        }
        follow(&mut live, claims, &mut Vec::new())?;
        if claims.commit().0 <= live.commit.0 + COMMITS_BEHIND_MAX {
            break;
        }
    }
    let mut wheel = Wheel::default();
    wheel.arm_all(&live, now);
    Ok(Some(Refolded { live, wheel }))
}

/// Takes in what was recorded since; what it changed is added to `changed`.
pub(crate) fn follow(
    live: &mut Live,
    claims: &store::Reader,
    changed: &mut Vec<Key>,
) -> Result<(), Error> {
    for item in claims.batches(live.commit) {
        let (commit, batch) = item?;
        replay(live, commit, &batch, changed)?;
    }
    Ok(())
}

/// What differs between the present state and the one folded anew. What does not is
/// shared from here on, so that it takes its room once.
pub(crate) fn exchange(present: &Live, anew: &mut Live) -> Vec<Key> {
    let mut changed = Vec::new();
    for number in 0..anew.entities.len() {
        let (Some(old), Some(new)) = (present.entities.get(number), anew.entities.get_mut(number))
        else {
            continue;
        };
        if old == new {
            *new = Arc::clone(old);
            continue;
        }
        let attributes = old.attributes.iter().chain(&new.attributes);
        changed.extend(attributes.map(|(attribute, _)| (number as u32, *attribute)));
    }
    changed
}
