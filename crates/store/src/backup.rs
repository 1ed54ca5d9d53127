//! Backups: a whole, checked copy while the node goes on, and the way back. The list of
//! files is drawn in `docs/formats/backup.md`.

use crate::backend::{self, Backend, File, read_exact_at, write_all_at};
use crate::codec::{Cursor, crc, put_bytes, put_varint, u32_at};
use crate::maintenance::Maintenance;
use crate::manifest::{COPIES, Found, Manifest};
use crate::open::locked;
use crate::{Error, Meta, doctor, segment, snapshot};
use std::io;
use twin_model::CommitNumber;

const VERSION: u32 = 1;
const MAGIC: &[u8; 8] = b"TWINBAK\0";
const LIST: &str = "backup-list";
const LIST_BYTES_MAX: u64 = 256 << 20;
const META: &str = "meta.redb";

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupReport {
    /// Last commit in it.
    pub commit: CommitNumber,
    /// Life of the store it was made in.
    pub incarnation: u32,
    /// Number of files.
    pub files: u64,
    /// Bytes of them.
    pub bytes: u64,
}

#[derive(Debug)]
struct Listed {
    name: String,
    bytes: u64,
    crc: u32,
}

struct List {
    incarnation: u32,
    commit: u64,
    files: Vec<Listed>,
}

impl Maintenance {
    /// Copies the store into an empty directory while appending goes on. The copy holds
    /// everything up to the last durable commit when it began.
    ///
    /// # Errors
    /// [`Error::Backup`] if the directory is not empty, [`Error::Full`], or damage found
    /// in what is copied.
    pub fn backup(&self, meta: &Meta, to: &dyn Backend) -> Result<BackupReport, Error> {
        let shared = &*self.shared;
        let _one_at_a_time = locked(&shared.maintenance);
        let _no_new_snapshots = locked(&shared.snapshots);
        must_be_empty(to)?;
        let commit = shared.committed();
        let logs: Vec<_> = shared
            .logs()
            .into_iter()
            .map(|log| (log.ends(), log))
            .collect();
        let manifest = self.manifest();
        let mut files = Vec::new();
        for (ends, log) in logs {
            files.push(copy(&*log.file, ends.bytes, to, &log.name)?);
        }
        for segment in manifest.sealed.iter().flat_map(|sealed| &sealed.segments) {
            let file = segment::check(&*shared.backend, segment)?;
            files.push(copy(&*file, segment.bytes, to, &segment.name)?);
        }
        for commit in snapshot::list(&*shared.backend)? {
            files.push(copy_named(&*shared.backend, to, &snapshot::name(commit))?);
        }
        for name in COPIES {
            backend::replace(to, name, &manifest.encode()).map_err(|e| Error::io(name, e))?;
            files.push(listed(to, name)?);
        }
        meta.copy_to(to)?;
        files.push(listed(to, META)?);
        to.sync_directory().map_err(Error::sync)?;
        let list = List {
            incarnation: manifest.incarnation,
            commit: commit.0,
            files,
        };
        backend::replace(to, LIST, &list.encode()).map_err(|e| Error::io(LIST, e))?;
        Ok(list.report())
    }
}

/// Checks that a backup is complete and every byte of it is as it was written.
pub fn verify_backup(from: &dyn Backend) -> Result<BackupReport, Error> {
    Ok(read_list(from)?.report())
}

/// Makes a store from a backup in an empty directory, checks it, and begins a new
/// incarnation: a number above the backup's and above `incarnation_above`, which should
/// be that of the store it replaces, if it is known.
///
/// # Errors
/// [`Error::Backup`] if the backup is incomplete or damaged or the directory is not
/// empty.
pub fn restore(
    from: &dyn Backend,
    to: &dyn Backend,
    incarnation_above: u32,
) -> Result<BackupReport, Error> {
    must_be_empty(to)?;
    let list = read_list(from)?;
    for file in &list.files {
        let copied = copy_named(from, to, &file.name)?;
        if (copied.bytes, copied.crc) != (file.bytes, file.crc) {
            return Err(unusable(
                from,
                &format!("`{}` changed while it was read", file.name),
            ));
        }
    }
    if let Some(problem) = doctor(to).first() {
        let what = format!("{}: {}", problem.code, problem.message);
        return Err(unusable(from, &what));
    }
    let Found::Manifest(mut manifest, _) = Manifest::load(to)? else {
        return Err(unusable(from, "it has no manifest"));
    };
    manifest.incarnation = manifest.incarnation.max(incarnation_above) + 1;
    manifest.save(to)?;
    Ok(BackupReport {
        incarnation: manifest.incarnation,
        ..list.report()
    })
}

fn must_be_empty(place: &dyn Backend) -> Result<(), Error> {
    match place.list() {
        Ok(names) if names.is_empty() => Ok(()),
        Ok(_) => Err(unusable(place, "the directory is not empty")),
        Err(e) => Err(Error::io(".", e)),
    }
}

fn unusable(place: &dyn Backend, what: &str) -> Error {
    Error::Backup {
        place: place.place(),
        what: what.to_owned(),
    }
}

fn copy_named(from: &dyn Backend, to: &dyn Backend, name: &str) -> Result<Listed, Error> {
    let io = |e| Error::io(name, e);
    let file = from.open(name).map_err(io)?;
    copy(&*file, file.len().map_err(io)?, to, name)
}

fn copy(file: &dyn File, bytes: u64, to: &dyn Backend, name: &str) -> Result<Listed, Error> {
    let io = |e| Error::io(name, e);
    let target = to.create(name).map_err(io)?;
    let mut hasher = crc32fast::Hasher::new();
    let mut buffer = vec![0; bytes.min(1 << 20) as usize];
    let mut at = 0;
    while at < bytes {
        let n = (bytes - at).min(buffer.len() as u64) as usize;
        read_exact_at(file, at, &mut buffer[..n]).map_err(io)?;
        write_all_at(&*target, at, &buffer[..n]).map_err(io)?;
        hasher.update(&buffer[..n]);
        at += n as u64;
    }
    target.sync().map_err(Error::sync)?;
    Ok(Listed {
        name: name.to_owned(),
        bytes,
        crc: hasher.finalize(),
    })
}

fn listed(backend: &dyn Backend, name: &str) -> Result<Listed, Error> {
    let io = |e| Error::io(name, e);
    let file = backend.open(name).map_err(io)?;
    let bytes = file.len().map_err(io)?;
    let crc = segment::crc_of(&*file, bytes).map_err(io)?;
    Ok(Listed {
        name: name.to_owned(),
        bytes,
        crc,
    })
}

/// The list of a backup, every file of which was checked.
fn read_list(from: &dyn Backend) -> Result<List, Error> {
    let bytes = match backend::read_small(from, LIST, LIST_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            return Err(unusable(
                from,
                "it is incomplete: the list of files is missing",
            ));
        }
        Err(e) => return Err(Error::io(LIST, e)),
    };
    let list = List::decode(&bytes)
        .ok_or_else(|| unusable(from, "the list of files does not match its checksum"))?;
    for file in &list.files {
        // Names come from outside: nothing but a plain name in this directory.
        if file.name.contains(['/', '\\', '\0']) || file.name.starts_with('.') {
            return Err(unusable(
                from,
                "the list names something that is not a file of it",
            ));
        }
        let found = match listed(from, &file.name) {
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Err(unusable(from, &format!("`{}` is missing", file.name)));
            }
            found => found?,
        };
        if (found.bytes, found.crc) != (file.bytes, file.crc) {
            return Err(unusable(from, &format!("`{}` is damaged", file.name)));
        }
    }
    Ok(list)
}

impl List {
    fn report(&self) -> BackupReport {
        BackupReport {
            commit: CommitNumber(self.commit),
            incarnation: self.incarnation,
            files: self.files.len() as u64,
            bytes: self.files.iter().map(|file| file.bytes).sum(),
        }
    }

    fn encode(&self) -> Vec<u8> {
        let mut body = Vec::new();
        put_varint(&mut body, u64::from(self.incarnation));
        put_varint(&mut body, self.commit);
        put_varint(&mut body, self.files.len() as u64);
        for file in &self.files {
            put_bytes(&mut body, file.name.as_bytes());
            put_varint(&mut body, file.bytes);
            body.extend_from_slice(&file.crc.to_le_bytes());
        }
        let version = VERSION.to_le_bytes();
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&version);
        out.extend_from_slice(&crc(&[&version, &body]).to_le_bytes());
        out.extend_from_slice(&body);
        out
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (head, body) = bytes.split_at_checked(16)?;
        let good = head[..8] == *MAGIC
            && u32_at(head, 8) == VERSION
            && crc(&[&head[8..12], body]) == u32_at(head, 12);
        if !good {
            return None;
        }
        let mut c = Cursor::new(body);
        let (incarnation, commit) = (u32::try_from(c.varint()?).ok()?, c.varint()?);
        let n = c.count(6)?;
        let mut files = Vec::new();
        for _ in 0..n {
            files.push(Listed {
                name: c.text()?.to_owned(),
                bytes: c.varint()?,
                crc: c.u32()?,
            });
        }
        c.is_empty().then_some(Self {
            incarnation,
            commit,
            files,
        })
    }
}
