//! Everything that is still kept, once more from the beginning: for a node whose saved
//! state cannot serve, and for answers as if somebody had never been heard.

use crate::maintenance::for_each_batch;
use crate::manifest::Sealed;
use crate::open::{LogFile, Shared, locked};
use crate::reader::{ATTEMPTS, Reader};
use crate::{Error, batch};
use std::ops::ControlFlow;
use std::sync::Arc;
use twin_model::Claim;

/// Claims handed over at a time, about.
const PORTION: usize = 1 << 14;

/// One log file's worth of claims, wherever it stands now.
enum Unit {
    Sealed(Sealed),
    Log(Arc<LogFile>),
}

impl Reader {
    /// Every claim that is still kept and whose number is below `before_sequence`, in the
    /// order of recording, some thousand at a time, until `take` breaks off. Holds the
    /// claims of one log file in memory, about ten times [`Options::segment_bytes`].
    ///
    /// # Errors
    /// [`Error::SegmentDamaged`] or [`Error::LogDamaged`]; what was handed over before is
    /// right.
    ///
    /// [`Options::segment_bytes`]: crate::Options::segment_bytes
    pub fn retained(
        &self,
        before_sequence: u64,
        take: &mut dyn FnMut(Vec<Claim>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let mut done = 0;
        while let Some((number, unit)) = next_unit(&self.shared, done) {
            let flow = match unit {
                Unit::Sealed(sealed) if sealed.first_sequence >= before_sequence => break,
                Unit::Sealed(_) => {
                    let claims = self.sealed_claims(number, before_sequence)?;
                    hand_over(claims, take)
                }
                Unit::Log(log) if log.header.first_sequence >= before_sequence => break,
                Unit::Log(log) => log_claims(&log, before_sequence, take)?,
            };
            if flow.is_break() {
                break;
            }
            done = number;
        }
        Ok(())
    }

    /// The claims of one sealed log file in the order of recording. A segment may be
    /// replaced between the question and the reading; then it is asked again.
    fn sealed_claims(&self, number: u32, before_sequence: u64) -> Result<Vec<Claim>, Error> {
        for attempt in 1.. {
            let (generation, sealed) = {
                let manifest = locked(&self.shared.manifest);
                let sealed = manifest.sealed.iter().find(|s| s.log_number == number);
                (manifest.generation, sealed.cloned())
            };
            let read = sealed.map_or(Ok(Vec::new()), |s| self.read_sealed(&s, before_sequence));
            match read {
                Err(Error::SegmentDamaged { .. })
                    if attempt < ATTEMPTS
                        && locked(&self.shared.manifest).generation != generation => {}
                answer => return answer,
            }
        }
        Ok(Vec::new())
    }

    fn read_sealed(&self, sealed: &Sealed, before_sequence: u64) -> Result<Vec<Claim>, Error> {
        let mut claims = Vec::new();
        for segment in &sealed.segments {
            let open = self.open_segment(segment)?;
            open.each(&segment.name, |portion| {
                let wanted = portion
                    .into_iter()
                    .filter(|c| c.id.sequence < before_sequence);
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
    before_sequence: u64,
    take: &mut dyn FnMut(Vec<Claim>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Error> {
    let (mut waiting, mut flow) = (Vec::new(), ControlFlow::Continue(()));
    for_each_batch(log, |_, batch: batch::Batch| {
        if flow.is_continue() {
            let wanted = batch.claims.into_iter();
            waiting.extend(wanted.filter(|c| c.id.sequence < before_sequence));
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
