//! Opening a store: whose it is, where its log ends, what the disk did to it meanwhile.

use crate::append::{Active, Writer};
use crate::backend::{Backend, File, append_at, read_exact_at, remove_if_there, write_all_at};
use crate::index::Index;
use crate::log::{self, Frames, HEADER_BYTES, Header, HeaderState, Step, damaged};
use crate::maintenance::Maintenance;
use crate::manifest::{Found, Manifest};
use crate::reader::Reader;
use crate::segment::OpenSegment;
use crate::snapshot::{self, SnapshotIn, Snapshots};
use crate::tail::Tail;
use crate::{Error, batch};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use twin_model::catalogue::{self, Retention};
use twin_model::{BatchId, CommitNumber};

/// How the store behaves.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// A log file is closed, and can become a segment, once it has this many bytes.
    /// Smaller files mean less memory while sealing (about ten times their size) and
    /// finer steps of retention; larger ones fewer files. 16 MiB.
    pub segment_bytes: u64,
    /// A log file is closed once it spans this many seconds of recorded time, so that
    /// in a quiet store old claims still become subject to retention. A day.
    pub segment_span_s: u64,
    /// Most bytes on disk, all files together. 50 GiB.
    pub disk_budget_bytes: u64,
    /// How long the claims of an attribute are kept; which file they are sealed into.
    pub retention: fn(attribute: &str) -> Retention,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 16 << 20,
            segment_span_s: 86_400,
            disk_budget_bytes: 50 << 30,
            retention: catalogue::retention,
        }
    }
}

/// Everything one gets from opening a store.
#[derive(Debug)]
pub struct Opened {
    /// Appends; for one thread.
    pub writer: Writer,
    /// Answers questions about the past.
    pub reader: Reader,
    /// Keeps house.
    pub maintenance: Maintenance,
    /// Writes snapshots.
    pub snapshots: Snapshots,
    /// The newest sound snapshot: the state to begin with.
    pub snapshot: Option<SnapshotIn>,
    /// The batches recorded since that snapshot, or since the beginning.
    pub tail: Tail,
    /// What was found and done.
    pub report: RecoveryReport,
}

/// What opening found and did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryReport {
    /// Whether the store was made just now.
    pub created: bool,
    /// Which life of the store this is.
    pub incarnation: u32,
    /// Last durable commit.
    pub commit: CommitNumber,
    /// Number of the next claim.
    pub next_sequence: u64,
    /// Largest batch id used so far.
    pub last_batch: BatchId,
    /// Bytes at the end of the log that were never acknowledged and were cut off.
    pub torn_bytes: u64,
    /// Whether an erasure was interrupted; see [`Maintenance::finish_erasure`].
    pub erasure_unfinished: bool,
    /// Damage that was got round: a snapshot or a copy of the manifest that could not
    /// be used, each with its code and place.
    pub problems: Vec<String>,
}

/// One log file.
#[derive(Debug)]
pub(crate) struct LogFile {
    pub(crate) name: String,
    pub(crate) header: Header,
    pub(crate) salt: u32,
    pub(crate) file: Arc<dyn File>,
    pub(crate) index: Mutex<Index>,
    ends: Mutex<Ends>,
}

/// Where the durable part of a log file ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ends {
    /// No frame that counts lies at or behind this byte.
    pub(crate) bytes: u64,
    /// The commit after the last frame that counts.
    pub(crate) next_commit: u64,
    /// The sequence number after its last claim.
    pub(crate) next_sequence: u64,
    /// Nothing will be added.
    pub(crate) closed: bool,
}

impl LogFile {
    pub(crate) fn new(header: Header, file: Arc<dyn File>, ends: Ends) -> Self {
        Self {
            name: log::name(header.number),
            salt: header.salt(),
            header,
            file,
            ends: Mutex::new(ends),
            index: Mutex::default(),
        }
    }

    pub(crate) fn ends(&self) -> Ends {
        *locked(&self.ends)
    }

    pub(crate) fn set_ends(&self, ends: Ends) {
        *locked(&self.ends) = ends;
    }

    /// The payload of the frame at `offset`, checked.
    pub(crate) fn payload_at(&self, offset: u64) -> Result<Vec<u8>, Error> {
        log::payload_at(&*self.file, self.salt, offset)
            .map_err(|e| Error::io(&self.name, e))?
            .ok_or_else(|| damaged(&self.name, offset, "the frame does not match its checksum"))
    }

    /// Its durable frames from the first on.
    pub(crate) fn frames(&self) -> Frames {
        let start = (
            HEADER_BYTES as u64,
            self.header.first_commit,
            self.header.first_sequence,
        );
        Frames::new(Arc::clone(&self.file), self.salt, self.ends().bytes, start)
    }
}

/// Takes a lock whose holder may have panicked: everything behind our locks is replaced
/// whole, so it is consistent even then.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What writer, readers and maintenance share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) options: Options,
    pub(crate) manifest: Mutex<Manifest>,
    pub(crate) store: [u8; 16],
    pub(crate) incarnation: u32,
    /// Log files in order of number.
    pub(crate) logs: RwLock<Vec<Arc<LogFile>>>,
    pub(crate) active: Mutex<Active>,
    /// Segments that were checked and are held open.
    pub(crate) open_segments: Mutex<BTreeMap<String, Arc<OpenSegment>>>,
    /// Held while a snapshot is written.
    pub(crate) snapshots: Mutex<()>,
    /// Held while files are sealed, thinned, erased from or copied.
    pub(crate) maintenance: Mutex<()>,
    /// Counts erasures, so that a snapshot can tell that one began while it was written.
    pub(crate) erasures_begun: AtomicU64,
    /// Last durable commit.
    pub(crate) committed: AtomicU64,
    /// Bytes of all files.
    pub(crate) used_bytes: AtomicU64,
    _lock: Lock,
}

struct Lock(#[expect(dead_code, reason = "held for its drop")] Box<dyn Send + Sync>);

impl std::fmt::Debug for Lock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lock")
    }
}

impl Shared {
    pub(crate) fn logs(&self) -> Vec<Arc<LogFile>> {
        self.logs
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn change_logs<T>(&self, change: impl FnOnce(&mut Vec<Arc<LogFile>>) -> T) -> T {
        change(&mut self.logs.write().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn add_used(&self, bytes: u64) {
        self.used_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn sub_used(&self, bytes: u64) {
        self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(crate) fn committed(&self) -> CommitNumber {
        CommitNumber(self.committed.load(Ordering::Acquire))
    }
}

/// Opens the store in `backend`, or makes one where there is none.
///
/// # Errors
/// [`Error::Locked`] if another process has it, [`Error::NewerVersion`],
/// [`Error::LogDamaged`], [`Error::LogGap`], [`Error::ManifestDamaged`],
/// [`Error::NoWayBack`], or the disk's own errors. The log is left as it is when it is
/// found damaged.
pub fn open(backend: impl Backend, options: Options) -> Result<Opened, Error> {
    let backend: Arc<dyn Backend> = Arc::new(backend);
    let lock = match backend.lock() {
        Ok(Some(guard)) => Lock(guard),
        Ok(None) => {
            return Err(Error::Locked {
                place: backend.place(),
            });
        }
        Err(e) => return Err(Error::io("lock", e)),
    };
    let mut report = RecoveryReport {
        created: false,
        incarnation: 1,
        commit: CommitNumber(0),
        next_sequence: 1,
        last_batch: BatchId(0),
        torn_bytes: 0,
        erasure_unfinished: false,
        problems: Vec::new(),
    };
    let names = backend.list().map_err(|e| Error::io(".", e))?;
    let manifest = load_manifest(&*backend, &names, &mut report)?;
    report.erasure_unfinished = manifest.erasing.is_some();
    remove_leftovers(&*backend, &names, &manifest)?;
    let mut logs = list_logs(&*backend, &names, &manifest, true)?;
    let used: u64 = sizes(&*backend, &names)?;
    let (last, first_recorded_s) = match logs.pop() {
        Some(last) => recover_last(last, &mut report)?,
        None => (first_log(&*backend, &manifest)?, None),
    };
    backend.sync_directory().map_err(Error::sync)?;
    let last = if last.header.incarnation == manifest.incarnation {
        last
    } else {
        // Restored from a backup: what is written from now on is of another life.
        let next = next_life(&*backend, &last, &manifest, report.last_batch)?;
        logs.push(last);
        next
    };
    let ends = last.ends();
    let snapshot = snapshot::newest(&*backend, &manifest.store, &mut report.problems)?;
    let first_commit = logs.first().unwrap_or(&last).header.first_commit;
    let snapshot_commit = snapshot.as_ref().map(SnapshotIn::commit);
    check_reach(snapshot_commit, first_commit, ends.next_commit, &last.name)?;
    let last = Arc::new(last);
    let mut logs: Vec<_> = logs.into_iter().map(Arc::new).collect();
    logs.push(Arc::clone(&last));
    report.incarnation = manifest.incarnation;
    report.commit = CommitNumber(ends.next_commit - 1);
    report.next_sequence = ends.next_sequence;
    let shared = Arc::new(Shared {
        store: manifest.store,
        incarnation: manifest.incarnation,
        manifest: Mutex::new(manifest),
        active: Mutex::new(Active::new(last, report.last_batch, first_recorded_s)),
        logs: RwLock::new(logs),
        open_segments: Mutex::default(),
        snapshots: Mutex::new(()),
        maintenance: Mutex::new(()),
        erasures_begun: AtomicU64::new(0),
        committed: AtomicU64::new(report.commit.0),
        used_bytes: AtomicU64::new(used),
        backend,
        options,
        _lock: lock,
    });
    Ok(Opened {
        tail: Tail::new(&shared, snapshot_commit.unwrap_or_default()),
        snapshot,
        reader: Reader::new(Arc::clone(&shared)),
        maintenance: Maintenance::new(Arc::clone(&shared)),
        snapshots: Snapshots::new(Arc::clone(&shared)),
        writer: Writer::new(shared),
        report,
    })
}

/// Whether snapshot and log together hold everything from the first commit to the last.
fn check_reach(
    snapshot: Option<CommitNumber>,
    first_commit: u64,
    next_commit: u64,
    last_name: &str,
) -> Result<(), Error> {
    let covered = snapshot.map_or(0, |commit| commit.0);
    if covered + 1 < first_commit {
        return Err(Error::NoWayBack { first_commit });
    }
    if covered >= next_commit {
        return Err(Error::LogGap {
            file: last_name.to_owned(),
            missing: next_commit,
        });
    }
    Ok(())
}

fn load_manifest(
    backend: &dyn Backend,
    names: &[String],
    report: &mut RecoveryReport,
) -> Result<Manifest, Error> {
    match Manifest::load(backend)? {
        Found::Manifest(manifest, None) => Ok(manifest),
        Found::Manifest(mut manifest, Some(problem)) => {
            report.problems.push(format!("STO-013: {problem}"));
            manifest.save(backend)?;
            Ok(manifest)
        }
        Found::Nothing if names.iter().any(|name| log::number(name).is_some()) => {
            Err(Error::ManifestDamaged {
                what: "both copies are missing".to_owned(),
            })
        }
        Found::Nothing => {
            let mut manifest = Manifest::new(backend.entropy());
            manifest.save(backend)?;
            report.created = true;
            Ok(manifest)
        }
    }
}

/// Removes what an interrupted replacement left: half-written files, and segments that
/// no manifest knows.
fn remove_leftovers(
    backend: &dyn Backend,
    names: &[String],
    manifest: &Manifest,
) -> Result<(), Error> {
    let segments = manifest.sealed.iter().flat_map(|sealed| &sealed.segments);
    let known: BTreeSet<&str> = segments.map(|segment| segment.name.as_str()).collect();
    for name in names {
        let unknown = name.starts_with("seg-") && !known.contains(name.as_str());
        if unknown || name.strip_suffix(".tmp").is_some() {
            remove_if_there(backend, name).map_err(|e| Error::io(name, e))?;
        }
    }
    Ok(())
}

fn sizes(backend: &dyn Backend, names: &[String]) -> Result<u64, Error> {
    let mut sum = 0;
    for name in names {
        match backend.open(name).and_then(|file| file.len()) {
            Ok(bytes) => sum += bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(Error::io(name, e)),
        }
    }
    Ok(sum)
}

/// The log files in order, all but the last closed by the first commit of the next.
pub(crate) fn list_logs(
    backend: &dyn Backend,
    names: &[String],
    manifest: &Manifest,
    remove_torn: bool,
) -> Result<Vec<LogFile>, Error> {
    let numbers: BTreeMap<u32, &String> = names
        .iter()
        .filter_map(|name| Some((log::number(name)?, name)))
        .collect();
    let mut logs: Vec<LogFile> = Vec::new();
    let newest = numbers.last_key_value().map(|(number, _)| *number);
    for (number, name) in numbers {
        let io = |e| Error::io(name, e);
        let file = backend.open(name).map_err(io)?;
        let header = match Header::read(&*file).map_err(io)? {
            HeaderState::Good(header, _) => header,
            HeaderState::Torn if Some(number) == newest => {
                // Begun when the power went; nothing in it was ever acknowledged.
                if remove_torn {
                    backend.remove(name).map_err(io)?;
                }
                continue;
            }
            HeaderState::Newer(found) => {
                return Err(Error::NewerVersion {
                    file: name.clone(),
                    found,
                    known: log::VERSION,
                });
            }
            HeaderState::Torn | HeaderState::Damaged => {
                return Err(damaged(
                    name,
                    0,
                    "the file header does not match its checksum",
                ));
            }
        };
        if header.store != manifest.store || header.number != number {
            return Err(damaged(
                name,
                0,
                "the file belongs to another store or place",
            ));
        }
        if let Some(before) = logs.last() {
            let follows = before.header.number + 1 == number
                && before.header.first_commit <= header.first_commit
                && before.header.first_sequence <= header.first_sequence;
            if !follows {
                return Err(Error::LogGap {
                    file: name.clone(),
                    missing: before.header.first_commit,
                });
            }
            before.set_ends(Ends {
                bytes: before.file.len().map_err(io)?,
                next_commit: header.first_commit,
                next_sequence: header.first_sequence,
                closed: true,
            });
        }
        let ends = Ends {
            bytes: file.len().map_err(io)?,
            next_commit: header.first_commit,
            next_sequence: header.first_sequence,
            closed: false,
        };
        logs.push(LogFile::new(header, file, ends));
    }
    Ok(logs)
}

/// Finds the end of the last log file and makes sure that what stands before it is not
/// only in memory. Also says when its first batch was recorded.
fn recover_last(
    log: LogFile,
    report: &mut RecoveryReport,
) -> Result<(LogFile, Option<i64>), Error> {
    let io = |e| Error::io(&log.name, e);
    let mut frames = log.frames();
    let mut last_batch = log.header.last_batch;
    let (mut group_at, mut first_recorded_s) = (HEADER_BYTES as u64, None);
    loop {
        let at = frames.offset;
        match frames.next().map_err(io)? {
            Step::Frame(header, payload) => {
                group_at = at.saturating_sub(u64::from(header.group_back));
                let Some(head) = batch::Head::parse(payload) else {
                    return Err(damaged(&log.name, at, "the frame is not a batch"));
                };
                last_batch = head.id.0;
                first_recorded_s.get_or_insert(head.recorded.0.div_euclid(1_000_000));
            }
            Step::End => break,
            Step::Damaged(what) => return Err(damaged(&log.name, at, what)),
        }
    }
    let end = frames.offset;
    let length = log.file.len().map_err(io)?;
    let (next_commit, next_sequence) = frames.expected();
    report.torn_bytes = length.saturating_sub(end);
    // Longer: what was never acknowledged. Shorter: the last frame's padding is missing.
    if length != end {
        log.file.set_len(end).map_err(io)?;
    }
    rewrite(&*log.file, 0, HEADER_BYTES as u64).map_err(io)?;
    rewrite(&*log.file, group_at, end).map_err(io)?;
    log.file.sync().map_err(Error::sync)?;
    report.last_batch = BatchId(last_batch);
    log.set_ends(Ends {
        bytes: end,
        next_commit,
        next_sequence,
        closed: false,
    });
    Ok((log, first_recorded_s))
}

/// Writes what is there once more: a process that died, or a sync that failed, may have
/// left it in memory only, marked as if it were on the disk.
pub(crate) fn rewrite(file: &dyn File, from: u64, until: u64) -> io::Result<()> {
    let mut buffer = vec![0; (until - from).min(1 << 20) as usize];
    let mut at = from;
    while at < until {
        let n = (until - at).min(buffer.len() as u64) as usize;
        read_exact_at(file, at, &mut buffer[..n])?;
        write_all_at(file, at, &buffer[..n])?;
        at += n as u64;
    }
    Ok(())
}

/// Closes the last log file of an earlier life and begins one of this.
fn next_life(
    backend: &dyn Backend,
    last: &LogFile,
    manifest: &Manifest,
    last_batch: BatchId,
) -> Result<LogFile, Error> {
    let ends = last.ends();
    last.set_ends(Ends {
        closed: true,
        ..ends
    });
    let header = Header {
        incarnation: manifest.incarnation,
        store: manifest.store,
        first_commit: ends.next_commit,
        first_sequence: ends.next_sequence,
        last_batch: last_batch.0,
        number: last.header.number + 1,
    };
    create_log(backend, header)
}

fn first_log(backend: &dyn Backend, manifest: &Manifest) -> Result<LogFile, Error> {
    if !manifest.sealed.is_empty() {
        return Err(Error::LogGap {
            file: log::name(1),
            missing: 1,
        });
    }
    let header = Header {
        incarnation: manifest.incarnation,
        store: manifest.store,
        first_commit: 1,
        first_sequence: 1,
        last_batch: 0,
        number: 1,
    };
    create_log(backend, header)
}

/// A new log file, durable in content and name before it is used.
pub(crate) fn create_log(backend: &dyn Backend, header: Header) -> Result<LogFile, Error> {
    let name = log::name(header.number);
    let io = |e| Error::io(&name, e);
    remove_if_there(backend, &name).map_err(io)?;
    let file = backend.create(&name).map_err(io)?;
    append_at(&*file, 0, &header.encode()).map_err(io)?;
    file.sync().map_err(Error::sync)?;
    backend.sync_directory().map_err(Error::sync)?;
    let ends = Ends {
        bytes: HEADER_BYTES as u64,
        next_commit: header.first_commit,
        next_sequence: header.first_sequence,
        closed: false,
    };
    Ok(LogFile::new(header, file, ends))
}
