//! Following the log claim by claim as it grows: for whoever passes claims on.
//!
//! The follower remembers where it stands, so looking for something new costs nothing
//! when there is nothing. Where the log no longer reaches back, it reads what is sealed.

use crate::batch::{self, Interner};
use crate::log::{Frames, Step, damaged};
use crate::open::LogFile;
use crate::{Error, Reader};
use std::sync::Arc;
use twin_model::{Claim, ClaimId};

/// Stands behind some claim and reads on from there.
#[derive(Debug)]
pub struct Follower {
    reader: Reader,
    /// The number of the first claim that is still to be read.
    next: u64,
    place: Option<Place>,
    /// What was read of a sealed file and not given yet, and the number after the file.
    ahead: Option<(std::vec::IntoIter<Claim>, u64)>,
    interner: Interner,
}

/// A place in a log file.
#[derive(Debug)]
struct Place {
    log: Arc<LogFile>,
    frames: Frames,
}

impl Reader {
    /// Follows the claims from the one numbered `next` on.
    pub fn follow(&self, next: u64) -> Follower {
        Follower {
            reader: self.clone(),
            next,
            place: None,
            ahead: None,
            interner: Interner::default(),
        }
    }
}

impl Follower {
    /// The number of the first claim that was not read yet.
    pub fn next_sequence(&self) -> u64 {
        self.next
    }

    /// The durable claims that come next, in the order of recording; at least `claims` of
    /// them, if there are so many. None means that there is nothing new.
    ///
    /// # Errors
    /// [`Error::LogDamaged`] or [`Error::SegmentDamaged`]; the same claims come again.
    pub fn read(&mut self, claims: usize) -> Result<Vec<Claim>, Error> {
        let (first, mut read) = (self.next, Vec::new());
        let outcome = self.read_into(claims, &mut read);
        if outcome.is_err() {
            self.next = first;
            self.place = None;
            self.ahead = None;
        }
        outcome.map(|()| read)
    }

    fn read_into(&mut self, claims: usize, read: &mut Vec<Claim>) -> Result<(), Error> {
        while read.len() < claims {
            if self.place.is_none() && !self.find_place(claims, read)? {
                break;
            }
            let Some(place) = &mut self.place else {
                continue;
            };
            let ends = place.log.ends();
            let (commit, _) = place.frames.expected();
            if commit >= ends.next_commit && ends.closed {
                self.place = None;
                continue;
            }
            if commit >= ends.next_commit || commit > self.reader.commit().0 {
                break;
            }
            place.frames.reach(ends.bytes);
            let batch = place.read(&mut self.interner)?;
            let new = batch.into_iter().filter(|c| c.id.sequence >= self.next);
            read.extend(new);
            self.next = place.frames.expected().1.max(self.next);
        }
        Ok(())
    }

    /// Finds the log file that the next claim is in; before the first, what is sealed is
    /// read. Returns whether there is anything new.
    fn find_place(&mut self, claims: usize, read: &mut Vec<Claim>) -> Result<bool, Error> {
        let logs = self.reader.shared.logs();
        let Some(log) = logs
            .into_iter()
            .find(|log| !log.ends().closed || self.next < log.ends().next_sequence)
        else {
            return Ok(false);
        };
        if self.next < log.header.first_sequence {
            self.read_sealed(log.header.first_sequence, claims, read)?;
            return Ok(true);
        }
        self.place = Some(Place {
            frames: log.frames(),
            log,
        });
        Ok(true)
    }

    /// Takes from what is sealed, one file at a time: it is decoded once, whatever is asked
    /// for at a time.
    fn read_sealed(&mut self, end: u64, claims: usize, read: &mut Vec<Claim>) -> Result<(), Error> {
        if self.ahead.is_none() {
            self.ahead = match self.reader.first_retained(&(self.next..end))? {
                Some((claims, end)) => Some((claims.into_iter(), end)),
                // What is gone by retention or erasure is passed over.
                None => Some((Vec::new().into_iter(), end)),
            };
        }
        let Some((ahead, end)) = &mut self.ahead else {
            return Ok(());
        };
        read.extend(ahead.take(claims.saturating_sub(read.len())));
        if let Some(claim) = ahead.as_slice().first() {
            self.next = claim.id.sequence;
        } else {
            self.next = *end;
            self.ahead = None;
        }
        Ok(())
    }
}

impl Place {
    /// The claims of the next batch.
    fn read(&mut self, interner: &mut Interner) -> Result<Vec<Claim>, Error> {
        let (at, name) = (self.frames.offset, &self.log.name);
        let (_, sequence) = self.frames.expected();
        let payload = match self.frames.next().map_err(|e| Error::io(name, e))? {
            Step::Frame(_, payload) => payload,
            Step::End => return Err(damaged(name, at, "the file ends before its last commit")),
            Step::Damaged(what) => return Err(damaged(name, at, what)),
        };
        let first = ClaimId {
            incarnation: self.log.header.incarnation,
            sequence,
        };
        let batch = batch::decode(payload, first, interner)
            .map_err(|_| damaged(name, at, "the frame is not a batch"))?;
        Ok(batch.claims)
    }
}
