//! A directory of the operating system.

use super::{Backend, File};
use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

const LOCK: &str = "lock";

/// A directory on a real disk. Only plain files directly in it are seen.
#[derive(Debug, Clone)]
pub struct Disk {
    directory: PathBuf,
}

impl Disk {
    /// The directory, which is made (readable by its owner only) if it is not there.
    pub fn new(directory: impl AsRef<Path>) -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let directory = directory.as_ref().to_path_buf();
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&directory)?;
        Ok(Self { directory })
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn lock_file(&self) -> io::Result<fs::File> {
        fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.path(LOCK))
    }
}

impl Backend for Disk {
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        use std::os::unix::fs::OpenOptionsExt;
        let file = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(self.path(name))?;
        Ok(Arc::new(DiskFile(file)))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let path = self.path(name);
        let file = match fs::OpenOptions::new().read(true).write(true).open(&path) {
            // A backup may lie on a medium that cannot be written.
            Err(e) if is_read_only(&e) => fs::File::open(&path)?,
            opened => opened?,
        };
        Ok(Arc::new(DiskFile(file)))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            if entry.file_type()?.is_file()
                && let Ok(name) = entry.file_name().into_string()
                && name != LOCK
            {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))
    }

    fn sync_directory(&self) -> io::Result<()> {
        fs::File::open(&self.directory)?.sync_all()
    }

    fn lock(&self) -> io::Result<Option<Box<dyn Send + Sync>>> {
        let file = self.lock_file()?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(file))),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(e)) => Err(e),
        }
    }

    fn entropy(&self) -> [u8; 16] {
        // The standard library keys its hasher from the operating system's random
        // source, which saves a dependency for sixteen bytes per store.
        let word = || RandomState::new().build_hasher().finish().to_le_bytes();
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&word());
        bytes[8..].copy_from_slice(&word());
        bytes
    }

    fn place(&self) -> String {
        self.directory.display().to_string()
    }

    fn place_id(&self) -> io::Result<[u8; 32]> {
        use std::os::unix::fs::MetadataExt;
        let mut hasher = blake3::Hasher::new_derive_key("twinternet store place v1");
        hasher.update(&machine_id());
        // A copy has other inodes, or, where their numbers are used again at once, another
        // time of birth, which no copying tool can set. The lock file belongs to no backup,
        // so a directory that was emptied and restored differs too.
        self.lock_file()?;
        for path in [self.directory.clone(), self.path(LOCK)] {
            let found = fs::metadata(path)?;
            hasher.update(&found.dev().to_le_bytes());
            hasher.update(&found.ino().to_le_bytes());
            let born = found.created().ok();
            let born = born.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
            hasher.update(&born.map_or(0, |at| at.as_nanos()).to_le_bytes());
        }
        Ok(*hasher.finalize().as_bytes())
    }
}

/// What the system calls itself (machine-id(5)); nothing where it has no name.
fn machine_id() -> Vec<u8> {
    ["/etc/machine-id", "/var/lib/dbus/machine-id"]
        .into_iter()
        .find_map(|path| fs::read(path).ok())
        .unwrap_or_default()
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}

#[derive(Debug)]
struct DiskFile(fs::File);

impl File for DiskFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        FileExt::read_at(&self.0, buffer, offset)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        FileExt::write_at(&self.0, bytes, offset)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
