//! Where the bytes go: a flat directory of files that can be written, synced,
//! renamed and locked.
//!
//! The store asks little of a disk, and says exactly what: writing makes bytes
//! visible, [`File::sync`] makes a file's bytes durable, [`Backend::sync_directory`]
//! makes names durable. Everything else may be lost or torn by a power cut. Three
//! implementations: [`Disk`], [`Memory`], and [`crash::CrashDisk`], which cuts the
//! power; [`Patient`] lets any of them be opened while it is full.

pub mod crash;
mod disk;
mod memory;
mod patient;

pub use disk::Disk;
pub use memory::Memory;
pub use patient::Patient;

use std::fmt::Debug;
use std::io;
use std::sync::Arc;

/// One open file. Reading and writing name their place, so that threads can share it.
pub trait File: Debug + Send + Sync {
    /// Length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Whether it has no bytes.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
    /// Reads into `buffer` from `offset`; returns how many bytes, 0 at the end.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
    /// Writes at `offset`; returns how many bytes were written, perhaps fewer.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize>;
    /// Cuts off or extends with zeros.
    fn set_len(&self, length: u64) -> io::Result<()>;
    /// Makes content and length durable. After an error nothing written since the
    /// last success may be assumed to be there, whatever a later sync says.
    fn sync(&self) -> io::Result<()>;
    /// Whether it is known beforehand that nothing can be written now, for want of room.
    fn refuses(&self) -> bool {
        false
    }
}

/// A flat directory.
pub trait Backend: Debug + Send + Sync + 'static {
    /// A new empty file; an error if the name is taken.
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>>;
    /// An existing file.
    fn open(&self, name: &str) -> io::Result<Arc<dyn File>>;
    /// Every name, sorted.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Gives a file another name, replacing what had it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Takes a name away. Who has the file open can go on reading it.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes created, renamed and removed names durable.
    fn sync_directory(&self) -> io::Result<()>;
    /// Takes the directory for this process until the guard is dropped; `None` if it
    /// is taken.
    fn lock(&self) -> io::Result<Option<Box<dyn Send + Sync>>>;
    /// Sixteen bytes that no other store will have.
    fn entropy(&self) -> [u8; 16];
    /// What to call the directory in messages.
    fn place(&self) -> String;
    /// Tells this very directory from a copy of it, elsewhere or restored. The same as
    /// long as the directory stays where it is; that it differs may also mean that a disk
    /// was attached in another way.
    fn place_id(&self) -> io::Result<[u8; 32]>;
}

/// Reads exactly `buffer.len()` bytes.
pub(crate) fn read_exact_at(file: &dyn File, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
    let got = read_up_to(file, offset, buffer)?;
    if got == buffer.len() {
        return Ok(());
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

/// Reads until `buffer` is full or the file ends; returns how many bytes.
pub(crate) fn read_up_to(file: &dyn File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < buffer.len() {
        match file.read_at(offset + got as u64, &mut buffer[got..]) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(got)
}

/// Writes all of `bytes`, going on after short writes.
pub(crate) fn write_all_at(file: &dyn File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    let mut done = 0;
    while done < bytes.len() {
        match file.write_at(offset + done as u64, &bytes[done..]) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => done += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Writes all of `bytes` at the end of a file, in one call.
///
/// Going on after a short write could leave a sector on the disk as it was between the
/// two calls: neither blank nor whole, which could not be told from damage. So a short
/// write is undone, durably, and tried again.
pub(crate) fn append_at(file: &dyn File, end: u64, bytes: &[u8]) -> io::Result<()> {
    const ATTEMPTS: usize = 3;
    for _ in 0..ATTEMPTS {
        match file.write_at(end, bytes) {
            Ok(n) if n == bytes.len() => return Ok(()),
            Ok(_) => {
                file.set_len(end)?;
                file.sync()?;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Err(io::ErrorKind::WriteZero.into())
}

/// Writes a small file whole and durably: under another name first, then renamed.
pub(crate) fn replace(backend: &dyn Backend, name: &str, bytes: &[u8]) -> io::Result<()> {
    let temporary = format!("{name}.tmp");
    remove_if_there(backend, &temporary)?;
    let file = backend.create(&temporary)?;
    let written = write_all_at(&*file, 0, bytes).and_then(|()| file.sync());
    if let Err(e) = written {
        // The half-written file only takes space; the next opening removes it too.
        let _ = backend.remove(&temporary);
        return Err(e);
    }
    backend.rename(&temporary, name)?;
    backend.sync_directory()
}

/// The whole content of a file that is known to be small; longer than `limit` is an error.
pub(crate) fn read_small(backend: &dyn Backend, name: &str, limit: u64) -> io::Result<Vec<u8>> {
    let file = backend.open(name)?;
    let length = file.len()?;
    if length > limit {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("has {length} bytes, more than the {limit} it can have"),
        ));
    }
    let mut bytes = vec![0; length as usize];
    read_exact_at(&*file, 0, &mut bytes)?;
    Ok(bytes)
}

pub(crate) fn remove_if_there(backend: &dyn Backend, name: &str) -> io::Result<()> {
    match backend.remove(name) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}
