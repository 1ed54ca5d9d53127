//! What goes on beside the writer: saving the state, sealing the log into segments,
//! ending what has been kept long enough.

use crate::clock::Clock;
use crate::config::Retention;
use crate::picture::Picture;
use crate::snapshot;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;
use twin_model::Time;
use twin_model::catalogue::Retention as Class;
use twin_store as store;

/// How often retention is looked at, in seconds; ages are in days.
pub(crate) const RETENTION_EVERY_S: f64 = 3600.0;
/// How long to wait for a picture before looking at the clock again.
const LOOK_UP_EVERY: Duration = Duration::from_mins(1);

/// What the housekeeping thread owns.
pub(crate) struct Housekeeping {
    pub(crate) snapshots: store::Snapshots,
    pub(crate) maintenance: store::Maintenance,
    pub(crate) retention: Retention,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Serves until the writer is gone. Trouble here is logged and tried again at the next
/// occasion; the claims are safe in the log meanwhile.
pub(crate) fn run(keeper: &Housekeeping, pictures: &Receiver<Arc<Picture>>) {
    give_way();
    let mut retained = keeper.clock.now();
    loop {
        match pictures.recv_timeout(LOOK_UP_EVERY) {
            Ok(picture) => {
                keeper.save(&picture);
                drop(picture);
                keeper.seal();
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        let now = keeper.clock.now();
        if now.seconds_since(retained) >= RETENTION_EVERY_S {
            keeper.retain(now);
            retained = now;
        }
    }
}

/// Lets everyone who waits for an answer go first. On Linux the niceness is the thread's
/// own; where the system refuses, housekeeping competes like any other work.
fn give_way() {
    const NICENESS: i32 = 15;
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::debug!(%error, "housekeeping keeps the usual priority");
    }
}

impl Housekeeping {
    fn save(&self, picture: &Picture) {
        let saved = self
            .snapshots
            .write(picture.commit, picture.next_sequence, &mut |out| {
                snapshot::write(picture, out)
            });
        match saved {
            Ok(()) => tracing::debug!(commit = picture.commit.0, "state saved"),
            Err(error) => tracing::error!(%error, "the state could not be saved"),
        }
    }

    fn seal(&self) {
        if let Err(error) = self.maintenance.seal() {
            tracing::error!(%error, "the log could not be sealed");
        }
    }

    fn retain(&self, now: Time) {
        let cutoffs: Vec<(Class, Time)> = Class::ALL
            .into_iter()
            .filter_map(|class| Some((class, self.retention.cutoff(class, now)?)))
            .collect();
        if let Err(error) = self.maintenance.retain(&cutoffs) {
            tracing::error!(%error, "claims past their retention could not be ended");
        }
    }
}
