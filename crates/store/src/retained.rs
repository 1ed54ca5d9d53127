//! What is still kept, once more in the order of recording: for a node whose saved state
//! cannot serve, for answers as if somebody had never been heard, and for telling others
//! what was said before they asked.

use crate::maintenance::for_each_batch;
use crate::manifest::Sealed;
use crate::open::{LogFile, Shared, locked};
use crate::reader::{ATTEMPTS, Reader};
use crate::{Error, batch};
use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use twin_model::Claim;

/// Claims handed over at a time, about.
const PORTION: usize = 1 << 14;

/// One log file's worth of claims, wherever it stands now.
enum Unit {
    Sealed(Sealed),
    Log(Arc<LogFile>),
}

impl Unit {
    /// The numbers of the claims that it ever held.
    fn sequences(&self) -> Range<u64> {
        match self {
            Self::Sealed(sealed) => sealed.first_sequence..sealed.next_sequence,
            Self::Log(log) => log.header.first_sequence..log.ends().next_sequence,
        }
    }
}

impl Reader {
    /// Every claim that is still kept and whose number is among `sequences`, in the order
    /// of recording, some thousand at a time, until `take` breaks off. Holds the
    /// claims of one log file in memory, about ten times [`Options::segment_bytes`].
    ///
    /// # Errors
    /// [`Error::SegmentDamaged`] or [`Error::LogDamaged`]; what was handed over before is
    /// right.
    ///
    /// [`Options::segment_bytes`]: crate::Options::segment_bytes
    pub fn retained(
        &self,
        sequences: Range<u64>,
        take: &mut dyn FnMut(Vec<Claim>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let mut done = 0;
        while let Some((number, unit)) = next_unit(&self.shared, done) {
            let Range { start, end } = unit.sequences();
            if start >= sequences.end {
                break;
            }
            let flow = match unit {
                _ if end <= sequences.start => ControlFlow::Continue(()),
                Unit::Sealed(_) => hand_over(self.sealed_claims(number, &sequences)?, take),
                Unit::Log(log) => log_claims(&log, &sequences, take)?,
            };
            if flow.is_break() {
                break;
            }
            done = number;
        }
        Ok(())
    }

    /// The claims among `sequences` of the first log file that has numbers of them, and the
    /// number after its last; nothing when no file has.
    pub(crate) fn first_retained(
        &self,
        sequences: &Range<u64>,
    ) -> Result<Option<(Vec<Claim>, u64)>, Error> {
        let mut done = 0;
        while let Some((number, unit)) = next_unit(&self.shared, done) {
            let Range { start, end } = unit.sequences();
            if start >= sequences.end {
                break;
            }
            if end > sequences.start {
                let mut claims = Vec::new();
                match unit {
                    Unit::Sealed(_) => claims = self.sealed_claims(number, sequences)?,
                    Unit::Log(log) => {
                        let _ = log_claims(&log, sequences, &mut |portion| {
                            claims.extend(portion);
                            ControlFlow::Continue(())
                        })?;
                    }
                }
                return Ok(Some((claims, end.min(sequences.end))));
            }
            done = number;
        }
        Ok(None)
    }

    /// The claims of one sealed log file in the order of recording. A segment may be
    /// replaced between the question and the reading; then it is asked again.
    fn sealed_claims(&self, number: u32, sequences: &Range<u64>) -> Result<Vec<Claim>, Error> {
        for attempt in 1.. {
            let (generation, sealed) = {
                let manifest = locked(&self.shared.manifest);
                let sealed = manifest.sealed.iter().find(|s| s.log_number == number);
                (manifest.generation, sealed.cloned())
            };
            let read = sealed.map_or(Ok(Vec::new()), |s| self.read_sealed(&s, sequences));
            match read {
                Err(Error::SegmentDamaged { .. })
                    if attempt < ATTEMPTS
                        && locked(&self.shared.manifest).generation != generation => {}
                answer => return answer,
            }
        }
        Ok(Vec::new())
    }

    fn read_sealed(&self, sealed: &Sealed, sequences: &Range<u64>) -> Result<Vec<Claim>, Error> {
        let mut claims = Vec::new();
        for segment in &sealed.segments {
            let open = self.open_segment(segment)?;
            open.each(&segment.name, |portion| {
                let wanted = portion
                    .into_iter()
                    .filter(|c| sequences.contains(&c.id.sequence));
                claims.extend(wanted);
                Ok(())
            })?;
        }
        claims.sort_unstable_by_key(|claim| claim.id.sequence);
        Ok(claims)
    }
}

/// The first unit after the log file with number `done`.
fn next_unit(shared: &Shared, done: u32) -> Option<(u32, Unit)> {
    loop {
        let (generation, sealed, through) = {
            let manifest = locked(&shared.manifest);
            let next = manifest.sealed.iter().find(|s| s.log_number > done);
            let through = manifest.sealed.last().map_or(0, |s| s.log_number);
            (manifest.generation, next.cloned(), through)
        };
        if let Some(sealed) = sealed {
            return Some((sealed.log_number, Unit::Sealed(sealed)));
        }
        let after = done.max(through);
        let log = shared.logs().into_iter().find(|l| l.header.number > after);
        // A log file may have been sealed and removed in between.
        if locked(&shared.manifest).generation == generation {
            return log.map(|log| (log.header.number, Unit::Log(log)));
        }
    }
}

fn hand_over(
    mut claims: Vec<Claim>,
    take: &mut dyn FnMut(Vec<Claim>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    while claims.len() > PORTION {
        let rest = claims.split_off(PORTION);
        take(std::mem::replace(&mut claims, rest))?;
    }
    take(claims)
}

fn log_claims(
    log: &LogFile,
    sequences: &Range<u64>,
    take: &mut dyn FnMut(Vec<Claim>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Error> {
    let (mut waiting, mut flow) = (Vec::new(), ControlFlow::Continue(()));
    for_each_batch(log, |_, batch: batch::Batch| {
        if flow.is_continue() {
            let wanted = batch.claims.into_iter();
            waiting.extend(wanted.filter(|c| sequences.contains(&c.id.sequence)));
            if waiting.len() >= PORTION {
                flow = take(std::mem::take(&mut waiting));
            }
        }
        Ok(())
    })?;
    if flow.is_continue() {
        flow = take(waiting);
    }
    Ok(flow)
}
