//! Reading the log forward, batch by batch.

use crate::batch::{self, Interner};
use crate::log::{Frames, Step, damaged};
use crate::open::{LogFile, Shared};
use crate::{Batch, Error};
use std::sync::Arc;
use twin_model::{ClaimId, CommitNumber};

/// The batches after some commit, in order, up to the last that was durable when
/// reading began. After an error nothing more comes.
#[derive(Debug)]
pub struct Tail {
    logs: std::vec::IntoIter<Arc<LogFile>>,
    current: Option<Current>,
    after: u64,
    until: u64,
    interner: Interner,
    failed: bool,
}

#[derive(Debug)]
struct Current {
    log: Arc<LogFile>,
    frames: Frames,
    next_commit: u64,
}

impl Tail {
    pub(crate) fn new(shared: &Shared, after: CommitNumber) -> Self {
        let until = shared.committed().0;
        let logs: Vec<_> = shared
            .logs()
            .into_iter()
            .filter(|log| log.ends().next_commit > after.0 + 1)
            .collect();
        Self {
            logs: logs.into_iter(),
            current: None,
            after: after.0,
            until,
            interner: Interner::default(),
            failed: false,
        }
    }

    /// The next batch with its commit number.
    fn read(&mut self) -> Result<Option<(CommitNumber, Batch)>, Error> {
        loop {
            let Some(current) = &mut self.current else {
                let Some(log) = self.logs.next() else {
                    return Ok(None);
                };
                self.current = Some(Current {
                    frames: log.frames(),
                    next_commit: log.ends().next_commit.min(self.until + 1),
                    log,
                });
                continue;
            };
            let (commit, sequence) = current.frames.expected();
            if commit >= current.next_commit {
                self.current = None;
                continue;
            }
            let at = current.frames.offset;
            let name = &current.log.name;
            let payload = match current.frames.next().map_err(|e| Error::io(name, e))? {
                Step::Frame(_, payload) => payload,
                Step::End => {
                    return Err(damaged(name, at, "the file ends before its last commit"));
                }
                Step::Damaged(what) => return Err(damaged(name, at, what)),
            };
            if commit <= self.after {
                continue;
            }
            let first = ClaimId {
                incarnation: current.log.header.incarnation,
                sequence,
            };
            let batch = batch::decode(payload, first, &mut self.interner)
                .map_err(|_| damaged(name, at, "the frame is not a batch"))?;
            return Ok(Some((CommitNumber(commit), batch)));
        }
    }
}

impl Iterator for Tail {
    type Item = Result<(CommitNumber, Batch), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let item = self.read().transpose();
        self.failed = matches!(item, Some(Err(_)));
        item
    }
}
