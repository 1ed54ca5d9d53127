//! Questions about the past: one series in one stretch of time, one claim, the log from
//! some commit on.

use crate::batch::Interner;
use crate::manifest::Segment;
use crate::open::{LogFile, Shared, locked};
use crate::segment::{OpenSegment, Wanted};
use crate::{Error, Tail, index};
use std::sync::Arc;
use twin_model::{Attribute, Claim, ClaimId, CommitNumber, EntityId, Time};

/// Answers questions about the past, from any thread.
#[derive(Debug, Clone)]
pub struct Reader {
    pub(crate) shared: Arc<Shared>,
}

/// Which claims of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Observed at or after this.
    pub from: Time,
    /// Observed at or before this.
    pub until: Time,
    /// Recorded at or before this: what was known then.
    pub recorded_until: Time,
    /// With a sequence number below this: what was known at a commit.
    pub before_sequence: u64,
}

impl Range {
    /// Every claim.
    pub const ALL: Self = Self {
        from: Time(i64::MIN),
        until: Time(i64::MAX),
        recorded_until: Time(i64::MAX),
        before_sequence: u64::MAX,
    };

    fn contains(&self, claim: &Claim) -> bool {
        let observed = claim.statement.observed;
        (self.from..=self.until).contains(&observed)
            && claim.recorded <= self.recorded_until
            && claim.id.sequence < self.before_sequence
    }
}

/// Open segments remembered; each takes some ten kilobytes of memory.
const OPEN_SEGMENTS_MAX: usize = 512;
/// A file may vanish between the question and the reading when it is replaced; after
/// this many tries it is really missing.
pub(crate) const ATTEMPTS: usize = 3;

/// What a question has to look at.
struct Places {
    sealed: Vec<Segment>,
    logs: Vec<Arc<LogFile>>,
}

impl Reader {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Last durable commit.
    pub fn commit(&self) -> CommitNumber {
        self.shared.committed()
    }

    /// The newest `limit` claims of the series that lie in `range`, oldest first, by
    /// (observed, sequence).
    ///
    /// # Errors
    /// [`Error::SegmentDamaged`] or [`Error::LogDamaged`] rather than half an answer.
    pub fn claims(
        &self,
        entity: &EntityId,
        attribute: &Attribute,
        range: Range,
        limit: usize,
    ) -> Result<Vec<Claim>, Error> {
        self.retrying(|places| self.claims_in(places, entity, attribute, range, limit))
    }

    fn claims_in(
        &self,
        mut places: Places,
        entity: &EntityId,
        attribute: &Attribute,
        range: Range,
        limit: usize,
    ) -> Result<Vec<Claim>, Error> {
        let mut found = Vec::new();
        let mut interner = Interner::default();
        let keep = |claim: &Claim| range.contains(claim);
        for log in &places.logs {
            let (entity, attribute) = (entity.as_str(), attribute.as_str());
            index::claims(log, entity, attribute, &keep, &mut interner, &mut found)?;
        }
        places.sealed.retain(|segment| {
            segment.observed_min <= range.until
                && range.from <= segment.observed_max
                && segment.sequences.0 < range.before_sequence
        });
        places
            .sealed
            .sort_by_key(|segment| std::cmp::Reverse(segment.observed_max));
        let wanted = Wanted {
            entity: entity.clone(),
            attribute: attribute.clone(),
            observed: (range.from, range.until),
            before_sequence: range.before_sequence,
        };
        for segment in &places.sealed {
            newest(&mut found, limit);
            let full = found.len() >= limit;
            if full
                && found
                    .first()
                    .is_none_or(|oldest| segment.observed_max < oldest.statement.observed)
            {
                break;
            }
            let open = self.open_segment(segment)?;
            let selected = open.select(&segment.name, &wanted)?;
            found.extend(selected.into_iter().filter(keep));
        }
        newest(&mut found, limit);
        Ok(found)
    }

    /// The claim with that id; `None` if there never was one or it is gone.
    pub fn claim(&self, id: ClaimId) -> Result<Option<Claim>, Error> {
        self.retrying(|places| {
            let sequence = id.sequence;
            for log in &places.logs {
                let holds =
                    log.header.first_sequence <= sequence && sequence < log.ends().next_sequence;
                if holds {
                    let found = index::claim(log, sequence, &mut Interner::default())?;
                    return Ok(found.filter(|claim| claim.id == id));
                }
            }
            for segment in &places.sealed {
                if (segment.sequences.0..=segment.sequences.1).contains(&sequence) {
                    let open = self.open_segment(segment)?;
                    if let Some(claim) = open.find(&segment.name, sequence)? {
                        return Ok(Some(claim).filter(|claim| claim.id == id));
                    }
                }
            }
            Ok(None)
        })
    }

    /// The batches after a commit, as far back as the log is kept: a log file goes once
    /// it is sealed and two snapshots cover it. The first item's commit number tells
    /// whether something is missing in between.
    pub fn batches(&self, after: CommitNumber) -> Tail {
        Tail::new(&self.shared, after)
    }

    fn places(&self) -> Places {
        loop {
            let (generation, sealed) = {
                let manifest = locked(&self.shared.manifest);
                (manifest.generation, manifest.sealed.clone())
            };
            let mut logs = self.shared.logs();
            // A log file may have been sealed and removed in between.
            if locked(&self.shared.manifest).generation != generation {
                continue;
            }
            let through = sealed.last().map_or(0, |sealed| sealed.log_number);
            logs.retain(|log| log.header.number > through);
            return Places {
                sealed: sealed.into_iter().flat_map(|s| s.segments).collect(),
                logs,
            };
        }
    }

    fn retrying<T>(&self, ask: impl Fn(Places) -> Result<T, Error>) -> Result<T, Error> {
        let mut attempt = 1;
        loop {
            let generation = locked(&self.shared.manifest).generation;
            match ask(self.places()) {
                Err(Error::SegmentDamaged { .. })
                    if attempt < ATTEMPTS
                        && locked(&self.shared.manifest).generation != generation =>
                {
                    attempt += 1;
                }
                answer => return answer,
            }
        }
    }

    pub(crate) fn open_segment(&self, segment: &Segment) -> Result<Arc<OpenSegment>, Error> {
        if let Some(open) = locked(&self.shared.open_segments).get(&segment.name) {
            return Ok(Arc::clone(open));
        }
        let open = Arc::new(OpenSegment::open(&*self.shared.backend, segment)?);
        let mut known = locked(&self.shared.open_segments);
        if known.len() >= OPEN_SEGMENTS_MAX {
            known.clear();
        }
        known.insert(segment.name.clone(), Arc::clone(&open));
        Ok(open)
    }
}

/// Sorts by (observed, sequence) and keeps the newest `limit`.
fn newest(claims: &mut Vec<Claim>, limit: usize) {
    claims.sort_unstable_by_key(|claim| (claim.statement.observed, claim.id));
    let surplus = claims.len().saturating_sub(limit);
    claims.drain(..surplus);
}
