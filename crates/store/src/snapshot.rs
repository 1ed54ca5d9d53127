//! Snapshots: the node's state at one commit, so that a restart reads little.
//!
//! What is inside is the node's business. Here it is framed, made durable, read back
//! before it counts, and the two newest are kept: should one turn out damaged, the one
//! before and a longer stretch of log take its place. The bytes are drawn in
//! `docs/formats/snapshot.md`.

use crate::Error;
use crate::backend::{Backend, File, read_exact_at, read_up_to, write_all_at};
use crate::codec::{crc, u32_at, u64_at};
use crate::open::{Shared, locked};
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use twin_model::CommitNumber;

const VERSION: u32 = 1;
const MAGIC: &[u8; 8] = b"TWINSNP\0";
const HEADER_BYTES: usize = 64;
const CHUNK_HEADER_BYTES: usize = 8;
const CHUNK_BYTES: usize = 1 << 20;
/// Snapshots kept.
const KEPT: usize = 2;

pub(crate) fn name(commit: CommitNumber) -> String {
    format!("snap-{:020}.snap", commit.0)
}

pub(crate) fn commit_of(name: &str) -> Option<CommitNumber> {
    let digits = name.strip_prefix("snap-")?.strip_suffix(".snap")?;
    digits.parse().ok().map(CommitNumber)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header {
    incarnation: u32,
    store: [u8; 16],
    commit: CommitNumber,
    next_sequence: u64,
    /// Erasures that were complete when it was begun.
    erasures: u64,
}

impl Header {
    fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut b = [0; HEADER_BYTES];
        b[..8].copy_from_slice(MAGIC);
        b[8..12].copy_from_slice(&VERSION.to_le_bytes());
        b[12..16].copy_from_slice(&self.incarnation.to_le_bytes());
        b[16..32].copy_from_slice(&self.store);
        b[32..40].copy_from_slice(&self.commit.0.to_le_bytes());
        b[40..48].copy_from_slice(&self.next_sequence.to_le_bytes());
        b[48..56].copy_from_slice(&self.erasures.to_le_bytes());
        let salt = crc(&[&b[..60]]);
        b[60..].copy_from_slice(&salt.to_le_bytes());
        b
    }
}

/// Writes snapshots, from any thread, while appending goes on.
#[derive(Debug, Clone)]
pub struct Snapshots {
    shared: Arc<Shared>,
}

impl Snapshots {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Writes a snapshot of the state at `commit`, in which claims below `next_sequence`
    /// are contained. `body` writes the state. When this returns `Ok` the snapshot is
    /// durable, was read back, and older ones but one are gone.
    ///
    /// # Errors
    /// [`Error::SnapshotOvertaken`] if a subject was erased meanwhile, [`Error::Full`],
    /// [`Error::NotDurable`], or what `body` returned; the snapshots from before stay.
    pub fn write(
        &self,
        commit: CommitNumber,
        next_sequence: u64,
        body: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Error> {
        let shared = &*self.shared;
        let name = name(commit);
        if commit > shared.committed() {
            return Err(Error::LogGap {
                file: name,
                missing: shared.committed().0 + 1,
            });
        }
        let _one_at_a_time = locked(&shared.snapshots);
        let erasures_begun = shared.erasures_begun.load(Ordering::Acquire);
        let erasures = locked(&shared.manifest).erasures.len() as u64;
        let header = Header {
            incarnation: shared.incarnation,
            store: shared.store,
            commit,
            next_sequence,
            erasures,
        };
        let temporary = format!("{name}.tmp");
        let backend = &*shared.backend;
        let written = write_file(backend, &temporary, &header, body).and_then(|bytes| {
            if shared.erasures_begun.load(Ordering::Acquire) != erasures_begun {
                return Err(Error::SnapshotOvertaken { commit: commit.0 });
            }
            let replaced = backend.open(&name).and_then(|file| file.len()).unwrap_or(0);
            backend
                .rename(&temporary, &name)
                .map_err(|e| Error::io(&name, e))?;
            backend.sync_directory().map_err(Error::sync)?;
            shared.add_used(bytes);
            shared.sub_used(replaced);
            Ok(())
        });
        if let Err(error) = written {
            // Only takes space; opening removes it too.
            let _ = backend.remove(&temporary);
            return Err(error);
        }
        self.prune()
    }

    /// Removes what is no longer needed: all but the newest two, and those begun before an
    /// erasure as soon as a later one is there.
    fn prune(&self) -> Result<(), Error> {
        let shared = &*self.shared;
        let commits = list(&*shared.backend)?;
        let erasures = locked(&shared.manifest).erasures.len() as u64;
        let mut files = Vec::new();
        for name in commits.iter().copied().map(name) {
            let file = shared
                .backend
                .open(&name)
                .map_err(|e| Error::io(&name, e))?;
            let bytes = file.len().map_err(|e| Error::io(&name, e))?;
            let opened = SnapshotIn::open(file, &name);
            let is_clean = opened.is_ok_and(|snapshot| snapshot.header.erasures >= erasures);
            files.push((name, bytes, is_clean));
        }
        let some_clean = files.iter().any(|(_, _, is_clean)| *is_clean);
        let surplus = files.len().saturating_sub(KEPT);
        for (i, (name, bytes, is_clean)) in files.iter().enumerate() {
            if i < surplus || (some_clean && !is_clean) {
                shared
                    .backend
                    .remove(name)
                    .map_err(|e| Error::io(name, e))?;
                shared.sub_used(*bytes);
            }
        }
        shared.backend.sync_directory().map_err(Error::sync)
    }
}

/// Commits of the snapshots on the disk, oldest first.
pub(crate) fn list(backend: &dyn Backend) -> Result<Vec<CommitNumber>, Error> {
    let names = backend.list().map_err(|e| Error::io(".", e))?;
    let mut commits: Vec<_> = names.iter().filter_map(|name| commit_of(name)).collect();
    commits.sort_unstable();
    Ok(commits)
}

fn write_file(
    backend: &dyn Backend,
    name: &str,
    header: &Header,
    body: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
) -> Result<u64, Error> {
    let io = |e| Error::io(name, e);
    crate::backend::remove_if_there(backend, name).map_err(io)?;
    let file = backend.create(name).map_err(io)?;
    let bytes = header.encode();
    write_all_at(&*file, 0, &bytes).map_err(io)?;
    let mut out = Chunks::new(&*file, u32_at(&bytes, 60));
    body(&mut out).map_err(io)?;
    let length = out.finish().map_err(io)?;
    file.sync().map_err(Error::sync)?;
    SnapshotIn::open(file, name)?.verify()?;
    Ok(length)
}

/// Cuts what is written into checked chunks.
struct Chunks<'a> {
    file: &'a dyn File,
    salt: u32,
    at: u64,
    index: u64,
    total: u64,
    buffer: Vec<u8>,
}

impl<'a> Chunks<'a> {
    fn new(file: &'a dyn File, salt: u32) -> Self {
        Self {
            file,
            salt,
            at: HEADER_BYTES as u64,
            index: 0,
            total: 0,
            buffer: Vec::with_capacity(CHUNK_HEADER_BYTES + CHUNK_BYTES),
        }
    }

    fn flush_chunk(&mut self) -> io::Result<()> {
        let n = self.buffer.len().saturating_sub(CHUNK_HEADER_BYTES);
        if n == 0 {
            return Ok(());
        }
        let sum = chunk_crc(self.salt, self.index, &self.buffer[CHUNK_HEADER_BYTES..]);
        self.buffer[..4].copy_from_slice(&(n as u32).to_le_bytes());
        self.buffer[4..8].copy_from_slice(&sum.to_le_bytes());
        write_all_at(self.file, self.at, &self.buffer)?;
        self.at += self.buffer.len() as u64;
        self.total += n as u64;
        self.index += 1;
        self.buffer.clear();
        Ok(())
    }

    /// Writes the last chunk and the end; returns the length of the file.
    fn finish(mut self) -> io::Result<u64> {
        self.flush_chunk()?;
        let total = self.total.to_le_bytes();
        let mut end = vec![0; 4];
        end.extend_from_slice(&chunk_crc(self.salt, self.index, &total).to_le_bytes());
        end.extend_from_slice(&total);
        write_all_at(self.file, self.at, &end)?;
        Ok(self.at + end.len() as u64)
    }
}

fn chunk_crc(salt: u32, index: u64, bytes: &[u8]) -> u32 {
    crc(&[&salt.to_le_bytes(), &index.to_le_bytes(), bytes])
}

impl Write for Chunks<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.is_empty() {
            self.buffer.resize(CHUNK_HEADER_BYTES, 0);
        }
        let room = CHUNK_HEADER_BYTES + CHUNK_BYTES - self.buffer.len();
        let n = room.min(bytes.len());
        self.buffer.extend_from_slice(&bytes[..n]);
        if n == room {
            self.flush_chunk()?;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A snapshot being read: the state that the node wrote, checked chunk by chunk. It was
/// read through once when the store opened, so an error now means that the disk has
/// failed since.
#[derive(Debug)]
pub struct SnapshotIn {
    name: String,
    header: Header,
    salt: u32,
    file: Arc<dyn File>,
    at: u64,
    index: u64,
    total: u64,
    chunk: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl SnapshotIn {
    /// How many erasures were complete when it was begun; it may hold what later ones erased.
    pub fn erasures(&self) -> u64 {
        self.header.erasures
    }

    /// Everything up to and with this commit is inside.
    pub fn commit(&self) -> CommitNumber {
        self.header.commit
    }

    /// Number of the first claim that is not inside.
    pub fn next_sequence(&self) -> u64 {
        self.header.next_sequence
    }

    pub(crate) fn open(file: Arc<dyn File>, name: &str) -> Result<Self, Error> {
        let mut b = [0; HEADER_BYTES];
        read_up_to(&*file, 0, &mut b).map_err(|e| Error::io(name, e))?;
        let salt = u32_at(&b, 60);
        if &b[..8] != MAGIC || crc(&[&b[..60]]) != salt {
            return Err(damaged(name, 0, "the header does not match its checksum"));
        }
        let version = u32_at(&b, 8);
        if version != VERSION {
            return Err(Error::NewerVersion {
                file: name.to_owned(),
                found: version,
                known: VERSION,
            });
        }
        let mut store = [0; 16];
        store.copy_from_slice(&b[16..32]);
        Ok(Self {
            name: name.to_owned(),
            header: Header {
                incarnation: u32_at(&b, 12),
                store,
                commit: CommitNumber(u64_at(&b, 32)),
                next_sequence: u64_at(&b, 40),
                erasures: u64_at(&b, 48),
            },
            salt,
            file,
            at: HEADER_BYTES as u64,
            index: 0,
            total: 0,
            chunk: Vec::new(),
            taken: 0,
            ended: false,
        })
    }

    /// Whether it belongs to this store.
    pub(crate) fn is_of(&self, store: &[u8; 16]) -> bool {
        self.header.store == *store
    }

    /// Reads it through and checks every byte.
    pub(crate) fn verify(mut self) -> Result<(), Error> {
        while !self.ended {
            self.next_chunk()?;
        }
        Ok(())
    }

    fn next_chunk(&mut self) -> Result<(), Error> {
        let bad = |what| damaged(&self.name, self.at, what);
        let io = |e: io::Error| match e.kind() {
            io::ErrorKind::UnexpectedEof => bad("the file ends early"),
            _ => Error::io(&self.name, e),
        };
        let mut head = [0; CHUNK_HEADER_BYTES];
        read_exact_at(&*self.file, self.at, &mut head).map_err(io)?;
        let (n, sum) = (u32_at(&head, 0) as usize, u32_at(&head, 4));
        if n > CHUNK_BYTES {
            return Err(bad("a chunk is longer than any can be"));
        }
        let stored = if n == 0 { 8 } else { n };
        self.chunk.resize(stored, 0);
        let chunk_at = self.at + CHUNK_HEADER_BYTES as u64;
        read_exact_at(&*self.file, chunk_at, &mut self.chunk).map_err(io)?;
        if chunk_crc(self.salt, self.index, &self.chunk) != sum {
            return Err(bad("a chunk does not match its checksum"));
        }
        if n == 0 {
            let length = self.file.len().map_err(io)?;
            if u64_at(&self.chunk, 0) != self.total || length != chunk_at + 8 {
                return Err(bad("the length is wrong"));
            }
            self.chunk.clear();
            self.ended = true;
        }
        self.at = chunk_at + stored as u64;
        self.index += 1;
        self.total += n as u64;
        self.taken = 0;
        Ok(())
    }
}

impl Read for SnapshotIn {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.chunk.len() && !self.ended {
            self.next_chunk()
                .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))?;
        }
        let n = (self.chunk.len() - self.taken).min(out.len());
        out[..n].copy_from_slice(&self.chunk[self.taken..self.taken + n]);
        self.taken += n;
        Ok(n)
    }
}

/// The newest snapshot that checks out, and what is wrong with newer ones.
pub(crate) fn newest(
    backend: &dyn Backend,
    store: &[u8; 16],
    problems: &mut Vec<String>,
) -> Result<Option<SnapshotIn>, Error> {
    for commit in list(backend)?.into_iter().rev() {
        let name = name(commit);
        let open = || {
            let file = backend.open(&name).map_err(|e| Error::io(&name, e))?;
            SnapshotIn::open(file, &name)
        };
        match open().and_then(|snapshot| {
            open()?.verify()?;
            Ok(snapshot)
        }) {
            Ok(snapshot) if snapshot.is_of(store) && snapshot.commit() == commit => {
                return Ok(Some(snapshot));
            }
            Ok(_) => problems.push(format!("STO-011: `{name}` belongs to another store")),
            Err(error @ Error::NewerVersion { .. }) => return Err(error),
            Err(error) => problems.push(format!("{}: {error}", error.code())),
        }
    }
    Ok(None)
}

fn damaged(file: &str, offset: u64, what: &str) -> Error {
    Error::SnapshotDamaged {
        file: file.to_owned(),
        offset,
        what: what.to_owned(),
    }
}
