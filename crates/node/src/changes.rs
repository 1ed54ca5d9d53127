//! What changed, for those who listen: a bounded ring of recent changes and cursors
//! over it. A listener that falls too far behind is told to read afresh.

use crate::live::Key;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;
use twin_model::CommitNumber;

/// Most changes kept; a change takes eight bytes.
const KEYS_MAX: usize = 1 << 20;
/// Most entries kept.
const ENTRIES_MAX: usize = 1 << 16;

#[derive(Debug)]
struct Entry {
    commit: CommitNumber,
    /// Changed by time alone, in the picture of that commit.
    timed: bool,
    keys: Vec<Key>,
}

#[derive(Debug, Default)]
struct Inner {
    entries: VecDeque<Entry>,
    /// Position of the first entry; positions count from 0 at the start of the process.
    first: u64,
    keys: usize,
}

impl Inner {
    /// Adds an entry, forgets what is too much, and says where the ring ends now.
    fn push(&mut self, commit: CommitNumber, timed: bool, keys: Vec<Key>) -> u64 {
        self.keys += keys.len();
        self.entries.push_back(Entry {
            commit,
            timed,
            keys,
        });
        while self.keys > KEYS_MAX || self.entries.len() > ENTRIES_MAX {
            let Some(old) = self.entries.pop_front() else {
                break;
            };
            self.keys -= old.keys.len();
            self.first += 1;
        }
        self.first + self.entries.len() as u64
    }
}

/// The ring.
#[derive(Debug)]
pub(crate) struct Ring {
    inner: Mutex<Inner>,
    /// Position after the last entry.
    head: watch::Sender<u64>,
    /// The commit the process started from: what came before is not in the ring.
    start: CommitNumber,
}

/// Where a listener stands.
#[derive(Debug)]
pub(crate) struct Cursor {
    position: u64,
    head: watch::Receiver<u64>,
}

/// What a listener gets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Changed attributes, sorted and without repeats.
    Keys(Vec<Key>),
    /// Too far behind.
    Lost,
}

impl Ring {
    pub(crate) fn new(start: CommitNumber) -> Self {
        Self {
            inner: Mutex::default(),
            head: watch::Sender::new(0),
            start,
        }
    }

    /// Adds what changed in a commit, or by time alone.
    pub(crate) fn push(&self, commit: CommitNumber, timed: bool, keys: Vec<Key>) {
        let mut inner = self.lock();
        let head = inner.push(commit, timed, keys);
        // Still under the lock: of two who push, the later one's end is told last.
        self.head.send_replace(head);
    }

    /// Adds what has changed by itself beside the writer, in the picture of the newest
    /// commit told of.
    pub(crate) fn push_again(&self, keys: Vec<Key>) {
        let mut inner = self.lock();
        let newest = inner
            .entries
            .back()
            .map_or(self.start, |entry| entry.commit);
        let head = inner.push(newest, true, keys);
        self.head.send_replace(head);
    }

    /// Whether anybody listens.
    pub(crate) fn has_listeners(&self) -> bool {
        self.head.receiver_count() > 0
    }

    /// A cursor after `commit`, or at the present. `None` when what came after
    /// `commit` is no longer, or not yet, in the ring.
    pub(crate) fn cursor(&self, after: Option<CommitNumber>) -> Option<Cursor> {
        let inner = self.lock();
        let head = inner.first + inner.entries.len() as u64;
        let position = match after {
            None => head,
            Some(after) => {
                let known_from = if inner.first == 0 {
                    self.start
                } else {
                    inner.entries.front()?.commit
                };
                let newest = inner
                    .entries
                    .back()
                    .map_or(self.start, |entry| entry.commit);
                if after < known_from || after > newest {
                    return None;
                }
                let behind = inner
                    .entries
                    .iter()
                    .rev()
                    .take_while(|e| e.commit > after || (e.timed && e.commit == after))
                    .count();
                head - behind as u64
            }
        };
        Some(Cursor {
            position,
            head: self.head.subscribe(),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cursor {
    /// Waits until there is something; `false` when the ring is gone.
    pub(crate) async fn wait(&mut self) -> bool {
        let position = self.position;
        self.head.wait_for(|head| *head > position).await.is_ok()
    }

    /// Takes everything up to the present, at most `max` keys.
    pub(crate) fn take(&mut self, ring: &Ring, max: usize) -> Taken {
        let inner = ring.lock();
        if self.position < inner.first {
            return Taken::Lost;
        }
        let mut keys = Vec::new();
        for entry in inner
            .entries
            .iter()
            .skip((self.position - inner.first) as usize)
        {
            if !keys.is_empty() && keys.len() + entry.keys.len() > max {
                break;
            }
            keys.extend_from_slice(&entry.keys);
            self.position += 1;
        }
        drop(inner);
        keys.sort_unstable();
        keys.dedup();
        Taken::Keys(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_resumes_after_a_commit_and_sees_changes_by_time() {
        let ring = Ring::new(CommitNumber(4));
        ring.push(CommitNumber(5), false, vec![(1, 1)]);
        ring.push(CommitNumber(6), false, vec![(2, 1), (1, 1), (2, 1)]);
        ring.push(CommitNumber(6), true, vec![(9, 9)]);
        let take = |after| {
            ring.cursor(Some(CommitNumber(after)))
                .map(|mut c| c.take(&ring, 100))
        };
        assert_eq!(take(4), Some(Taken::Keys(vec![(1, 1), (2, 1), (9, 9)])));
        assert_eq!(take(5), Some(Taken::Keys(vec![(1, 1), (2, 1), (9, 9)])));
        assert_eq!(take(6), Some(Taken::Keys(vec![(9, 9)])));
        assert_eq!(take(3), None, "before the process started");
        assert_eq!(
            take(7),
            None,
            "a commit that has not happened, as after a restore"
        );
    }

    #[test]
    fn who_falls_behind_is_told() {
        let ring = Ring::new(CommitNumber(0));
        let mut slow = ring.cursor(None).unwrap();
        for commit in 1..=(ENTRIES_MAX as u64 + 1) {
            ring.push(CommitNumber(commit), false, vec![(0, 0)]);
        }
        assert_eq!(slow.take(&ring, 10), Taken::Lost);
        assert!(ring.cursor(Some(CommitNumber(0))).is_none());
        assert!(
            ring.cursor(Some(CommitNumber(ENTRIES_MAX as u64)))
                .is_some()
        );
    }
}
