//! Opening a depot: what is there, what was torn, what is missing.

use super::compact::Phase;
use super::index::{Index, Place};
use super::manifest::{Found, Listed, Manifest, Slots};
use super::reader::{Segment, Shared, State};
use super::segment::{self, Groups, HEADER_BYTES, Header, HeaderState, Look, Step, VERSION};
use super::{Depot, Lock, Options, Report, Trouble};
use crate::Error;
use crate::backend::{Backend, File};
use crate::open::rewrite;
use crate::verify::Problem;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

impl Depot {
    /// Opens the depot in a directory of its own, or makes one where there is none.
    ///
    /// Damage and missing files are no errors: what is whole can be read and written,
    /// and the report tells.
    ///
    /// # Errors
    /// [`Error::Locked`] if another holds it, [`Error::NewerVersion`], [`Error::Full`],
    /// [`Error::DepotStopped`] or the disk's own errors.
    pub fn open(backend: Arc<dyn Backend>, options: Options) -> Result<(Self, Report), Error> {
        let lock = match backend.lock() {
            Ok(Some(guard)) => Lock(guard),
            Ok(None) => {
                return Err(Error::Locked {
                    place: backend.place(),
                });
            }
            Err(e) => return Err(Error::io("lock", e)),
        };
        let mut report = Report::default();
        let files = segment_files(&*backend)?;
        let Found {
            manifest, slots, ..
        } = Slots::read(&*backend)?;
        let manifest = if let Some(manifest) = manifest {
            slots.secure(&*backend, &manifest)?;
            adopt(&*backend, files, manifest, &mut report)?
        } else {
            rebuild(&*backend, files, &mut report)?
        };
        let (state, active_is_sound) = read(&*backend, &manifest, &mut report)?;
        let active = state.segments.last_key_value().map(|(number, _)| *number);
        let mut depot = Self {
            shared: Arc::new(Shared::new(backend, manifest.depot, state)),
            options,
            generation: manifest.generation,
            slots,
            active: active.unwrap_or(manifest.segments.last().map_or(0, |last| last.number)),
            trouble: Trouble::default(),
            phase: Phase::Idle,
            thorough: false,
            group: Vec::new(),
            _lock: lock,
        };
        if active.is_none() || !active_is_sound {
            depot.begin_segment()?;
        }
        depot.write_manifest()?;
        let state = depot.shared.state();
        report.rows = state.index.rows();
        report.segments = state.segments.len();
        report.lost_tail = state.lost;
        drop(state);
        Ok((depot, report))
    }
}

fn segment_files(backend: &dyn Backend) -> Result<BTreeMap<u32, String>, Error> {
    let names = backend.list().map_err(|e| Error::io(".", e))?;
    let numbered = |name: String| Some((segment::number(&name)?, name));
    Ok(names.into_iter().filter_map(numbered).collect())
}

/// Judges the files that the manifest does not list: what was taken away or only begun
/// goes, what holds groups counts.
fn adopt(
    backend: &dyn Backend,
    files: BTreeMap<u32, String>,
    mut manifest: Manifest,
    report: &mut Report,
) -> Result<Manifest, Error> {
    let last = manifest.segments.last().map_or(0, |last| last.number);
    for (number, name) in files {
        if manifest
            .segments
            .iter()
            .any(|listed| listed.number == number)
        {
            continue;
        }
        match held(backend, &name)? {
            Some((listed, depot))
                if number > last && listed.number == number && depot == manifest.depot =>
            {
                manifest.lost = true;
                report
                    .problems
                    .push(incomplete(&name, "is not in the manifest"));
                close_last(backend, &mut manifest)?;
                manifest.segments.push(listed);
            }
            _ => backend.remove(&name).map_err(|e| Error::io(&name, e))?,
        }
    }
    Ok(manifest)
}

/// The manifest of a directory without a readable one: that of a new depot, unless there
/// are segments with rows.
fn rebuild(
    backend: &dyn Backend,
    files: BTreeMap<u32, String>,
    report: &mut Report,
) -> Result<Manifest, Error> {
    let mut manifest = Manifest {
        generation: 0,
        depot: backend.entropy(),
        lost: false,
        segments: Vec::new(),
    };
    for (number, name) in files {
        match held(backend, &name)? {
            Some((listed, depot)) if listed.number == number => {
                (manifest.lost, manifest.depot) = (true, depot);
                close_last(backend, &mut manifest)?;
                manifest.segments.push(listed);
            }
            _ => backend.remove(&name).map_err(|e| Error::io(&name, e))?,
        }
    }
    report.created = !manifest.lost;
    if manifest.lost {
        report.problems.push(incomplete(
            "depot-manifest",
            "cannot be read in either copy",
        ));
    }
    Ok(manifest)
}

/// Takes the last segment for closed, where its file ends: another follows.
fn close_last(backend: &dyn Backend, manifest: &mut Manifest) -> Result<(), Error> {
    let Some(last) = manifest.segments.last_mut() else {
        return Ok(());
    };
    let name = segment::name(last.number);
    match backend.open(&name).and_then(|file| file.len()) {
        Ok(bytes) => last.bytes = bytes,
        // Reading will say that it is missing.
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(Error::io(&name, e)),
    }
    Ok(())
}

/// A segment that has at least one good group, and whose it is.
fn held(backend: &dyn Backend, name: &str) -> Result<Option<(Listed, [u8; 16])>, Error> {
    let io = |e| Error::io(name, e);
    let file = backend.open(name).map_err(io)?;
    let header = match Header::read(&*file).map_err(io)? {
        HeaderState::Good(header) => header,
        HeaderState::Newer(found) => return Err(newer(name, found)),
        HeaderState::Bad => return Ok(None),
    };
    let length = file.len().map_err(io)?;
    let start = (HEADER_BYTES as u64, header.first_group);
    let mut groups = Groups::new(file, header.salt(), start, length, Look::Newest);
    let listed = Listed {
        number: header.number,
        first_group: header.first_group,
        bytes: HEADER_BYTES as u64,
        damaged: 0,
    };
    let has_group = matches!(groups.next().map_err(io)?, Step::Group { .. });
    Ok(has_group.then_some((listed, header.depot)))
}

/// Reads every segment; also tells whether the newest can be written on.
fn read(
    backend: &dyn Backend,
    manifest: &Manifest,
    report: &mut Report,
) -> Result<(State, bool), Error> {
    let mut state = State {
        next_group: 1,
        lost: manifest.lost,
        ..State::default()
    };
    let mut sound = true;
    for (i, listed) in manifest.segments.iter().enumerate() {
        let name = segment::name(listed.number);
        let newest = i + 1 == manifest.segments.len();
        state.next_group = state.next_group.max(listed.first_group);
        let file = match backend.open(&name) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                state.lost = true;
                report.problems.push(incomplete(&name, "is missing"));
                sound &= !newest;
                continue;
            }
            Err(e) => return Err(Error::io(&name, e)),
        };
        let mut segment = Segment {
            header: Header {
                number: listed.number,
                depot: manifest.depot,
                first_group: listed.first_group,
            },
            file,
            bytes: listed.bytes,
            damaged: listed.damaged,
            frozen: false,
        };
        let look = if newest { Look::Newest } else { Look::Closed };
        read_segment(&mut segment, look, &mut state, report)?;
        sound &= !newest || segment.damaged == 0;
        state.segments.insert(listed.number, segment);
    }
    Ok((state, sound))
}

/// Takes the rows of one segment into the index, and settles where it ends.
fn read_segment(
    segment: &mut Segment,
    look: Look,
    state: &mut State,
    report: &mut Report,
) -> Result<(), Error> {
    let name = segment.name();
    let io = |e| Error::io(&name, e);
    match Header::read(&*segment.file).map_err(io)? {
        HeaderState::Good(header) if header == segment.header => {}
        HeaderState::Newer(found) => return Err(newer(&name, found)),
        // Nothing is lost by it: the manifest knows what stood there.
        _ => {
            let what = "the file header is not the one that was written";
            report.problems.push(damaged(&name, 0, what));
        }
    }
    let (length, listed) = (segment.file.len().map_err(io)?, segment.bytes);
    let readable = match look {
        Look::Newest => length,
        Look::Closed => length.min(listed),
    };
    let start = (HEADER_BYTES as u64, segment.header.first_group);
    let salt = segment.header.salt();
    let mut groups = Groups::new(Arc::clone(&segment.file), salt, start, readable, look);
    let mut problems = Vec::new();
    let last_at = read_groups(&mut groups, segment, &mut state.index, &mut problems)?;
    state.next_group = state.next_group.max(groups.group);
    let end = groups.offset;
    if end.min(length) < listed {
        let what = format!("has {} of {listed} bytes", end.min(length));
        problems.push(incomplete(&name, &what));
    }
    let places = u8::try_from(problems.len()).unwrap_or(u8::MAX);
    state.lost |= places > segment.damaged;
    segment.damaged = places.max(segment.damaged);
    segment.bytes = end;
    report.problems.extend(problems);
    if look == Look::Newest {
        report.torn_bytes = length.saturating_sub(end);
        secure(&*segment.file, &name, last_at, end)?;
    }
    Ok(())
}

/// Takes the rows of all groups that can be read; returns where the last of them stands.
fn read_groups(
    groups: &mut Groups,
    segment: &Segment,
    index: &mut Index,
    problems: &mut Vec<Problem>,
) -> Result<Option<u64>, Error> {
    let name = segment.name();
    let mut last_at = None;
    loop {
        let at = groups.offset;
        match groups.next().map_err(|e| Error::io(&name, e))? {
            Step::End => return Ok(last_at),
            Step::Damaged { at, what } => problems.push(damaged(&name, at, what)),
            Step::Group { rows, values_good } => {
                if !values_good {
                    let what = "a value does not match its checksum";
                    problems.push(damaged(&name, at, what));
                }
                for row in &rows {
                    let place = Place {
                        segment: segment.header.number,
                        row: row.at(),
                    };
                    index.note(row.key, place);
                }
                last_at = Some(at);
            }
        }
    }
}

/// Cuts off what was never acknowledged, and makes sure that what stands before it is not
/// only in memory: a process that died, or a sync that failed, may have left it there,
/// marked as if it were on the disk.
fn secure(file: &dyn File, name: &str, last_at: Option<u64>, end: u64) -> Result<(), Error> {
    let io = |e| Error::io(name, e);
    // Also longer, where the padding of the last group is missing.
    if file.len().map_err(io)? != end {
        file.set_len(end).map_err(io)?;
    }
    if let Some(at) = last_at {
        rewrite(file, at, end).map_err(io)?;
    }
    file.sync().map_err(Error::DepotStopped)
}

fn newer(name: &str, found: u32) -> Error {
    Error::NewerVersion {
        file: name.to_owned(),
        found,
        known: VERSION,
    }
}

fn damaged(file: &str, offset: u64, what: &str) -> Problem {
    let (file, what) = (file.to_owned(), what.to_owned());
    Error::DepotDamaged { file, offset, what }.into()
}

fn incomplete(file: &str, what: &str) -> Problem {
    let (file, what) = (file.to_owned(), what.to_owned());
    Error::DepotIncomplete { file, what }.into()
}
