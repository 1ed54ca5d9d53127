//! Who is connected: at most one connection for each member.
//!
//! The newest wins, because the older may be a way that was cut without anybody noticing.
//! Only when both ends dial each other at the same moment do they need a rule that both
//! apply alike: then the one dialled by the smaller key is kept.

use crate::carrier::Ended;
use crate::refusal::Refusal;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

/// Connections in opposite directions that are begun within this count as one attempt of
/// both ends.
const CROSSING: Duration = Duration::from_secs(3);

/// From which end a connection was dialled, as both ends see it alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialled {
    BySmallerKey,
    ByLargerKey,
}

impl Dialled {
    pub(crate) fn by(dialler: &[u8; 32], dialled: &[u8; 32]) -> Self {
        if dialler <= dialled {
            Self::BySmallerKey
        } else {
            Self::ByLargerKey
        }
    }
}

#[derive(Debug)]
struct Entry {
    serial: u64,
    dialled: Dialled,
    since: Instant,
    end: oneshot::Sender<Ended>,
}

#[derive(Debug, Default)]
struct Book {
    entries: BTreeMap<u64, Entry>,
    serials: u64,
}

#[derive(Debug)]
pub(crate) struct Registry {
    book: Mutex<Book>,
    max: usize,
    changes: watch::Sender<()>,
}

impl Registry {
    pub(crate) fn new(max: usize) -> Self {
        Self {
            book: Mutex::default(),
            max,
            changes: watch::Sender::new(()),
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a connection would be admitted.
    pub(crate) fn check(&self, member: u64, dialled: Dialled) -> Result<(), Refusal> {
        let book = self.book();
        match book.entries.get(&member) {
            Some(old) if is_crossing(old, dialled) => Err(Refusal::Crossing),
            None if book.entries.len() >= self.max => Err(Refusal::TooMany),
            _ => Ok(()),
        }
    }

    /// Admits a connection; an older one of the same member ends.
    pub(crate) fn admit(self: &Arc<Self>, member: u64, dialled: Dialled) -> Result<Place, Refusal> {
        self.check(member, dialled)?;
        let (end, ended) = oneshot::channel();
        let mut book = self.book();
        book.serials += 1;
        let serial = book.serials;
        let entry = Entry {
            serial,
            dialled,
            since: Instant::now(),
            end,
        };
        if let Some(older) = book.entries.insert(member, entry) {
            // It may have ended by itself just now.
            let _ = older.end.send(Ended::Replaced);
        }
        drop(book);
        self.changes.send_replace(());
        Ok(Place {
            registry: Arc::clone(self),
            member,
            serial,
            ended,
        })
    }

    /// Ends the connection of a member, if there is one.
    pub(crate) fn end(&self, member: u64) {
        if let Some(entry) = self.book().entries.remove(&member) {
            let _ = entry.end.send(Ended::ByUs);
        }
        self.changes.send_replace(());
    }

    fn has(&self, member: u64) -> bool {
        self.book().entries.contains_key(&member)
    }

    /// Waits until a member is not connected.
    pub(crate) async fn absent(&self, member: u64) {
        let mut changes = self.changes.subscribe();
        while self.has(member) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Waits until a member is connected.
    pub(crate) async fn present(&self, member: u64) {
        let mut changes = self.changes.subscribe();
        while !self.has(member) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }
}

fn is_crossing(old: &Entry, new: Dialled) -> bool {
    old.dialled != new && new == Dialled::ByLargerKey && old.since.elapsed() < CROSSING
}

/// The entry of a connection; it goes when the connection goes.
#[derive(Debug)]
pub(crate) struct Place {
    registry: Arc<Registry>,
    member: u64,
    serial: u64,
    ended: oneshot::Receiver<Ended>,
}

impl Place {
    pub(crate) fn member(&self) -> u64 {
        self.member
    }

    /// Ready when the connection has to end.
    pub(crate) fn poll_ended(&mut self, context: &mut Context<'_>) -> Poll<Ended> {
        let ended = Pin::new(&mut self.ended).poll(context);
        ended.map(|why| why.unwrap_or(Ended::ByUs))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut book = self.registry.book();
        let entry = book.entries.get(&self.member);
        if entry.is_some_and(|entry| entry.serial == self.serial) {
            book.entries.remove(&self.member);
            drop(book);
            self.registry.changes.send_replace(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    fn ended(place: &mut Place) -> Option<Ended> {
        match place.poll_ended(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(why) => Some(why),
            Poll::Pending => None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_newer_connection_replaces_an_older_one() {
        let registry = Arc::new(Registry::new(4));
        let mut old = registry.admit(7, Dialled::ByLargerKey).expect("admitted");
        let mut new = registry.admit(7, Dialled::ByLargerKey).expect("admitted");
        assert_eq!(
            (ended(&mut old), ended(&mut new)),
            (Some(Ended::Replaced), None)
        );
        drop(old);
        assert!(registry.has(7));
        drop(new);
        registry.absent(7).await;
    }

    #[tokio::test(start_paused = true)]
    async fn of_two_that_cross_both_ends_keep_the_same() {
        for first in [Dialled::BySmallerKey, Dialled::ByLargerKey] {
            let registry = Arc::new(Registry::new(4));
            let mut kept = registry.admit(7, first).expect("admitted");
            match first {
                Dialled::BySmallerKey => {
                    let refused = registry.admit(7, Dialled::ByLargerKey).err();
                    assert_eq!(refused, Some(Refusal::Crossing));
                    assert_eq!(ended(&mut kept), None);
                    tokio::time::advance(CROSSING).await;
                    let later = registry.admit(7, Dialled::ByLargerKey);
                    assert!(later.is_ok(), "the other end has lost it meanwhile");
                }
                Dialled::ByLargerKey => {
                    let new = registry.admit(7, Dialled::BySmallerKey);
                    assert!(new.is_ok());
                    assert_eq!(ended(&mut kept), Some(Ended::Replaced));
                }
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn members_have_a_bound_and_can_be_shown_out() {
        let registry = Arc::new(Registry::new(1));
        let mut one = registry.admit(1, Dialled::BySmallerKey).expect("admitted");
        let other = registry.admit(2, Dialled::BySmallerKey).err();
        assert_eq!(other, Some(Refusal::TooMany));
        registry.end(1);
        assert_eq!(ended(&mut one), Some(Ended::ByUs));
        assert!(registry.admit(2, Dialled::BySmallerKey).is_ok());
    }
}
