//! Reading a depot, from any thread, while its writer goes on.

use super::index::Index;
use super::manifest::{Listed, Manifest, Slots};
use super::segment::{self, Header, ValueAt};
use crate::Error;
use crate::backend::{Backend, File, read_exact_at, write_all_at};
use crate::codec::crc;
use crate::verify::Problem;
use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Rows that are looked up at once, so that a long scan holds up no writer.
const PAGE_ROWS: usize = 512;
const COPY_BYTES: u64 = 1 << 20;

/// Gives the rows of a depot that are durable. Clones are cheap.
#[derive(Debug, Clone)]
pub struct Reader {
    shared: Arc<Shared>,
}

/// What a depot uses of the disk and of memory, and may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Rows.
    pub rows: usize,
    /// Bytes of all segments.
    pub used_bytes: u64,
    /// Bytes allowed.
    pub budget_bytes: u64,
    /// Bytes of memory for keys.
    pub index_bytes: u64,
    /// Bytes of memory allowed for them.
    pub index_budget_bytes: u64,
}

/// What [`Reader::copy_to`] copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Segments.
    pub segments: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// What the writer and the readers share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) depot: [u8; 16],
    state: RwLock<State>,
}

/// What is durable.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) index: Index,
    pub(super) segments: BTreeMap<u32, Segment>,
    pub(super) next_group: u64,
    pub(super) lost: bool,
}

/// One segment.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) header: Header,
    pub(super) file: Arc<dyn File>,
    /// No group that counts lies at or behind this byte.
    pub(super) bytes: u64,
    /// Damaged places that were found when the depot was opened, and told.
    pub(super) damaged: u8,
    /// Compaction found damage; the next opening will tell.
    pub(super) frozen: bool,
}

impl State {
    /// Bytes of all segments.
    pub(super) fn used_bytes(&self) -> u64 {
        self.segments.values().map(|segment| segment.bytes).sum()
    }

    /// The segments as a manifest lists them.
    pub(super) fn listed(&self) -> Vec<Listed> {
        let listed = |segment: &Segment| Listed {
            number: segment.header.number,
            first_group: segment.header.first_group,
            bytes: segment.bytes,
            damaged: segment.damaged,
        };
        self.segments.values().map(listed).collect()
    }
}

impl Shared {
    pub(super) fn new(backend: Arc<dyn Backend>, depot: [u8; 16], state: State) -> Self {
        let state = RwLock::new(state);
        Self {
            backend,
            depot,
            state,
        }
    }

    /// What is durable; a writer that panicked has changed nothing by halves that a
    /// reader could see.
    pub(super) fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn change(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A value on the disk that is not read yet.
struct Found {
    key: Vec<u8>,
    segment: Segment,
    at: ValueAt,
}

impl Segment {
    pub(super) fn name(&self) -> String {
        segment::name(self.header.number)
    }

    /// Reads and checks a value.
    pub(super) fn value(&self, at: ValueAt) -> Result<Vec<u8>, Error> {
        let mut value = vec![0; at.bytes as usize];
        read_exact_at(&*self.file, u64::from(at.offset), &mut value)
            .map_err(|e| Error::io(&self.name(), e))?;
        if crc(&[&value]) == at.crc {
            return Ok(value);
        }
        Err(Error::DepotDamaged {
            file: self.name(),
            offset: at.offset.into(),
            what: "the value does not match its checksum".to_owned(),
        })
    }
}

impl Reader {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The value of a row; `None` if there is no such row.
    ///
    /// # Errors
    /// [`Error::DepotDamaged`] if the disk has changed it, or the disk's own errors.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let (segment, at) = {
            let state = self.shared.state();
            let Some((number, at)) = state.index.get(key) else {
                return Ok(None);
            };
            (state.segments[&number].clone(), at)
        };
        segment.value(at).map(Some)
    }

    /// Whether there is such a row; reads nothing from the disk.
    pub fn contains(&self, key: &[u8]) -> bool {
        self.shared.state().index.get(key).is_some()
    }

    /// Gives every row whose key begins with `prefix`, in order of keys.
    ///
    /// While a writer goes on, each run of some hundred rows is of one instant.
    ///
    /// # Errors
    /// The first row that could not be read, after all others were given.
    pub fn scan(&self, prefix: &[u8], mut each: impl FnMut(&[u8], &[u8])) -> Result<(), Error> {
        self.walk(prefix, None, |key, value| {
            each(key, value);
            ControlFlow::Continue(())
        })
    }

    /// As [`Reader::scan`], behind the key `after` and until told to stop.
    ///
    /// # Errors
    /// As [`Reader::scan`].
    pub fn walk(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        mut each: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let mut first_error = None;
        let mut after = after.map(<[u8]>::to_vec);
        loop {
            let page = self.page(prefix, after.as_deref());
            for found in &page {
                match found.segment.value(found.at) {
                    Ok(value) => {
                        if each(&found.key, &value).is_break() {
                            return first_error.map_or(Ok(()), Err);
                        }
                    }
                    Err(e) => first_error = first_error.or(Some(e)),
                }
            }
            match page.into_iter().last() {
                Some(last) => after = Some(last.key),
                None => return first_error.map_or(Ok(()), Err),
            }
        }
    }

    fn page(&self, prefix: &[u8], after: Option<&[u8]>) -> Vec<Found> {
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let state = self.shared.state();
        let rows = state.index.range(prefix, from).take(PAGE_ROWS);
        rows.map(|(key, number, at)| Found {
            key: key.to_vec(),
            segment: state.segments[&number].clone(),
            at,
        })
        .collect()
    }

    /// Every key that begins with `prefix`, in order; reads nothing from the disk.
    pub fn keys(&self, prefix: &[u8]) -> Vec<Vec<u8>> {
        let state = self.shared.state();
        let rows = state.index.range(prefix, Bound::Included(prefix));
        rows.map(|(key, _, _)| key.to_vec()).collect()
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.shared.state().index.rows()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of all segments.
    pub fn used_bytes(&self) -> u64 {
        self.shared.state().used_bytes()
    }

    /// Reads every row and tells which the disk has changed.
    pub fn verify(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.page(&[], after.as_deref());
            let damaged = page
                .iter()
                .filter_map(|found| found.segment.value(found.at).err());
            problems.extend(damaged.map(Problem::from));
            match page.into_iter().last() {
                Some(last) => after = Some(last.key),
                None => return problems,
            }
        }
    }

    /// Writes a copy of the depot as it is at this instant to a directory without one;
    /// the writer goes on meanwhile.
    ///
    /// # Errors
    /// [`Error::Backup`] if a depot is there, or the disks' own errors.
    pub fn copy_to(&self, to: &dyn Backend) -> Result<Copied, Error> {
        let here = to.list().map_err(|e| Error::io(".", e))?;
        if here.iter().any(|name| name.starts_with("depot-")) {
            return Err(Error::Backup {
                place: to.place(),
                what: "a depot is there already".to_owned(),
            });
        }
        let (segments, listed, lost) = {
            let state = self.shared.state();
            let segments: Vec<Segment> = state.segments.values().cloned().collect();
            (segments, state.listed(), state.lost)
        };
        for segment in &segments {
            copy_segment(segment, to)?;
        }
        to.sync_directory().map_err(Error::sync)?;
        let mut manifest = Manifest {
            generation: 0,
            depot: self.shared.depot,
            lost,
            segments: listed,
        };
        let mut slots = Slots::default();
        for _ in 0..2 {
            slots
                .write(to, &mut manifest)
                .map_err(|error| match error {
                    Error::DepotStopped(source) => Error::sync(source),
                    error => error,
                })?;
        }
        Ok(Copied {
            segments: segments.len(),
            bytes: segments.iter().map(|segment| segment.bytes).sum(),
        })
    }
}

/// Copies the part of a segment that counts.
fn copy_segment(segment: &Segment, to: &dyn Backend) -> Result<(), Error> {
    let name = segment.name();
    let io = |e| Error::io(&name, e);
    let copy = to.create(&name).map_err(io)?;
    let mut buffer = vec![0; segment.bytes.min(COPY_BYTES) as usize];
    let mut at = 0;
    while at < segment.bytes {
        let n = (segment.bytes - at).min(buffer.len() as u64) as usize;
        read_exact_at(&*segment.file, at, &mut buffer[..n]).map_err(io)?;
        write_all_at(&*copy, at, &buffer[..n]).map_err(io)?;
        at += n as u64;
    }
    copy.sync().map_err(Error::sync)
}
