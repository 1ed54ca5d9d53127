//! A directory in memory, for tests.

use super::{Backend, File};
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A directory in memory. Clones share it; nothing in it is ever lost.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    files: Arc<Mutex<BTreeMap<String, Arc<MemoryFile>>>>,
    locked: Arc<AtomicBool>,
    place_id: Arc<Mutex<[u8; 32]>>,
}

impl Memory {
    /// An empty directory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes this another place, as if the directory had been copied here.
    pub fn set_place_id(&self, id: [u8; 32]) {
        *self.place_id.lock().unwrap_or_else(PoisonError::into_inner) = id;
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<String, Arc<MemoryFile>>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for Memory {
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let mut files = self.files();
        if files.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = Arc::new(MemoryFile::default());
        files.insert(name.to_owned(), Arc::clone(&file));
        Ok(file)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        match self.files().get(name) {
            Some(file) => Ok(Arc::clone(file) as Arc<dyn File>),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.files().keys().cloned().collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = self.files();
        let file = files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match self.files().remove(name) {
            Some(_) => Ok(()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self) -> io::Result<Option<Box<dyn Send + Sync>>> {
        if self.locked.swap(true, Ordering::SeqCst) {
            return Ok(None);
        }
        Ok(Some(Box::new(Unlock(Arc::clone(&self.locked)))))
    }

    fn entropy(&self) -> [u8; 16] {
        *b"a store in memor"
    }

    fn place(&self) -> String {
        "memory".to_owned()
    }

    fn place_id(&self) -> io::Result<[u8; 32]> {
        Ok(*self.place_id.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Gives a simulated lock back when dropped.
pub(super) struct Unlock(pub(super) Arc<AtomicBool>);

impl Drop for Unlock {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

#[derive(Debug, Default)]
struct MemoryFile(Mutex<Vec<u8>>);

impl MemoryFile {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl File for MemoryFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes().len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(copy_from(&self.bytes(), offset, buffer))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        copy_into(&mut self.bytes(), offset, bytes);
        Ok(bytes.len())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.bytes().resize(length as usize, 0);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn copy_from(content: &[u8], offset: u64, buffer: &mut [u8]) -> usize {
    let from = content.get(offset as usize..).unwrap_or_default();
    let n = from.len().min(buffer.len());
    buffer[..n].copy_from_slice(&from[..n]);
    n
}

pub(super) fn copy_into(content: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    let (from, until) = (offset as usize, offset as usize + bytes.len());
    if content.len() < until {
        content.resize(until, 0);
    }
    content[from..until].copy_from_slice(bytes);
}
