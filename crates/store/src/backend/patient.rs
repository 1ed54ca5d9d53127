//! A disk that may be full when it is opened.
//!
//! A node whose disk filled up in the night must start in the morning all the same and say
//! what it knows. Opening mends what a failure left, which takes a few writes. Where these
//! find no room they wait in memory, in their order, and are seen as if they stood on the
//! disk. Once opening is over ([`Patient::seal`]) nothing more is taken; as soon as there is
//! room, what waits is written and the disk takes everything again.
//!
//! INVARIANT: CLAIMS-SURVIVE: to the disk it looks as if opening took that long. What waits
//! is written in its order, syncs included, and nothing that came after it goes before it.

use super::memory::{copy_from, copy_into};
use super::{Backend, File, write_all_at};
use crate::error::is_full;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A disk that waits for room with what opening writes. Clones share it.
#[derive(Debug, Clone)]
pub struct Patient {
    disk: Arc<dyn Backend>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    is_sealed: bool,
    /// What could not be written, in order; nothing waits if it is empty.
    waiting: VecDeque<Step>,
    /// Files that were opened or made here, by the names that they have now.
    files: BTreeMap<String, Arc<Content>>,
    /// Every name as it will be, while something waits.
    names: BTreeSet<String>,
    /// A write failed for another reason than room: only opening again tells what is there.
    broken: Option<io::ErrorKind>,
}

/// One file.
#[derive(Debug, Default)]
struct Content(Mutex<Bytes>);

#[derive(Debug, Default)]
struct Bytes {
    /// Not there while the making of the file waits.
    file: Option<Arc<dyn File>>,
    /// The whole as it will be, once some change of it waits.
    whole: Option<Vec<u8>>,
}

#[derive(Debug, Clone)]
enum Step {
    Create(String, Arc<Content>),
    Write(Arc<Content>, u64, Vec<u8>),
    Length(Arc<Content>, u64),
    Sync(Arc<Content>),
    Rename(String, String),
    Remove(String),
    Names,
}

impl Patient {
    /// A disk that is about to be opened.
    pub fn new(disk: Arc<dyn Backend>) -> Self {
        Self {
            disk,
            state: Arc::default(),
        }
    }

    /// Opening is over: from now on a full disk refuses.
    pub fn seal(&self) {
        self.state().is_sealed = true;
    }

    /// Whether something still waits for room; tries once whether there is some.
    pub fn is_waiting(&self) -> bool {
        let mut state = self.state();
        state.settle(&*self.disk).is_err()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does a step on the disk, or lets it wait.
    fn take(&self, step: Step) -> io::Result<()> {
        let mut state = self.state();
        if state.is_sealed || state.waiting.is_empty() {
            state.settle(&*self.disk)?;
            match step.apply(&*self.disk) {
                Err(e) if is_full(&e) && !state.is_sealed => {
                    state.names = self.disk.list()?.into_iter().collect();
                }
                done => {
                    if done.is_ok() {
                        state.note(&step);
                    }
                    return done;
                }
            }
        }
        step.imagine()?;
        state.note(&step);
        state.waiting.push_back(step);
        Ok(())
    }

    fn handle(&self, content: Arc<Content>) -> Arc<dyn File> {
        Arc::new(PatientFile {
            patient: self.clone(),
            content,
        })
    }
}

impl State {
    /// Writes what waits; an error if some of it goes on waiting.
    fn settle(&mut self, disk: &dyn Backend) -> io::Result<()> {
        if let Some(broken) = self.broken {
            return Err(broken.into());
        }
        while let Some(step) = self.waiting.front() {
            if let Err(error) = step.apply(disk) {
                if !is_full(&error) {
                    self.broken = Some(error.kind());
                }
                return Err(error);
            }
            self.waiting.pop_front();
            if self.waiting.is_empty() {
                // What is on the disk is what was imagined.
                self.files
                    .values()
                    .for_each(|content| content.bytes().whole = None);
            }
        }
        Ok(())
    }

    /// Keeps the names in step.
    fn note(&mut self, step: &Step) {
        match step {
            Step::Create(name, content) => {
                self.files.insert(name.clone(), Arc::clone(content));
                self.names.insert(name.clone());
            }
            Step::Rename(from, to) => {
                match self.files.remove(from) {
                    Some(content) => self.files.insert(to.clone(), content),
                    None => self.files.remove(to),
                };
                self.names.remove(from);
                self.names.insert(to.clone());
            }
            Step::Remove(name) => {
                self.files.remove(name);
                self.names.remove(name);
            }
            Step::Write(..) | Step::Length(..) | Step::Sync(_) | Step::Names => {}
        }
    }
}

impl Step {
    /// On the disk. What was done in part is done again.
    fn apply(&self, disk: &dyn Backend) -> io::Result<()> {
        match self {
            Self::Create(name, content) => {
                content.bytes().file = Some(disk.create(name)?);
                Ok(())
            }
            Self::Write(content, offset, bytes) => write_all_at(&*content.file()?, *offset, bytes),
            Self::Length(content, length) => content.file()?.set_len(*length),
            Self::Sync(content) => content.file()?.sync(),
            Self::Rename(from, to) => disk.rename(from, to),
            Self::Remove(name) => disk.remove(name),
            Self::Names => disk.sync_directory(),
        }
    }

    /// In memory.
    fn imagine(&self) -> io::Result<()> {
        match self {
            Self::Create(_, content) => content.bytes().whole = Some(Vec::new()),
            Self::Write(content, offset, bytes) => {
                content.change(|whole| copy_into(whole, *offset, bytes))?;
            }
            Self::Length(content, length) => {
                content.change(|whole| whole.resize(*length as usize, 0))?;
            }
            Self::Sync(_) | Self::Rename(..) | Self::Remove(_) | Self::Names => {}
        }
        Ok(())
    }
}

impl Content {
    fn of(file: Arc<dyn File>) -> Self {
        Self(Mutex::new(Bytes {
            file: Some(file),
            whole: None,
        }))
    }

    fn bytes(&self) -> MutexGuard<'_, Bytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self) -> io::Result<Arc<dyn File>> {
        let file = self.bytes().file.clone();
        file.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn change(&self, change: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        let mut bytes = self.bytes();
        if bytes.whole.is_none() {
            let mut whole = Vec::new();
            if let Some(file) = &bytes.file {
                whole.resize(file.len()? as usize, 0);
                super::read_exact_at(&**file, 0, &mut whole)?;
            }
            bytes.whole = Some(whole);
        }
        change(bytes.whole.get_or_insert_default());
        Ok(())
    }
}

impl Backend for Patient {
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let is_taken = {
            let state = self.state();
            !state.waiting.is_empty() && state.names.contains(name)
        };
        if is_taken {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let content = Arc::<Content>::default();
        self.take(Step::Create(name.to_owned(), Arc::clone(&content)))?;
        Ok(self.handle(content))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let mut state = self.state();
        if let Some(content) = state.files.get(name) {
            return Ok(self.handle(Arc::clone(content)));
        }
        if !state.waiting.is_empty() && !state.names.contains(name) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let content = Arc::new(Content::of(self.disk.open(name)?));
        state.files.insert(name.to_owned(), Arc::clone(&content));
        Ok(self.handle(content))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let state = self.state();
        if state.waiting.is_empty() {
            return self.disk.list();
        }
        Ok(state.names.iter().cloned().collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.take(Step::Rename(from.to_owned(), to.to_owned()))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let is_known = {
            let state = self.state();
            state.waiting.is_empty() || state.names.contains(name)
        };
        if !is_known {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.take(Step::Remove(name.to_owned()))
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.take(Step::Names)
    }

    fn lock(&self) -> io::Result<Option<Box<dyn Send + Sync>>> {
        self.disk.lock()
    }

    fn entropy(&self) -> [u8; 16] {
        self.disk.entropy()
    }

    fn place(&self) -> String {
        self.disk.place()
    }

    fn place_id(&self) -> io::Result<[u8; 32]> {
        self.disk.place_id()
    }
}

#[derive(Debug)]
struct PatientFile {
    patient: Patient,
    content: Arc<Content>,
}

impl PatientFile {
    fn content(&self) -> Arc<Content> {
        Arc::clone(&self.content)
    }
}

impl File for PatientFile {
    fn len(&self) -> io::Result<u64> {
        let bytes = self.content.bytes();
        match (&bytes.whole, &bytes.file) {
            (Some(whole), _) => Ok(whole.len() as u64),
            (None, Some(file)) => file.len(),
            (None, None) => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.content.bytes();
        match (&bytes.whole, &bytes.file) {
            (Some(whole), _) => Ok(copy_from(whole, offset, buffer)),
            (None, Some(file)) => {
                let file = Arc::clone(file);
                drop(bytes);
                file.read_at(offset, buffer)
            }
            (None, None) => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        if self.patient.state().passes() {
            return self.content.file()?.write_at(offset, bytes);
        }
        let step = Step::Write(self.content(), offset, bytes.to_vec());
        self.patient.take(step).map(|()| bytes.len())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.patient.take(Step::Length(self.content(), length))
    }

    fn sync(&self) -> io::Result<()> {
        if self.patient.state().passes() {
            return self.content.file()?.sync();
        }
        self.patient.take(Step::Sync(self.content()))
    }

    fn refuses(&self) -> bool {
        let state = self.patient.state();
        let is_sealed = state.is_sealed;
        drop(state);
        is_sealed && self.patient.is_waiting()
    }
}

impl State {
    /// Whether everything goes to the disk as it comes, without holding up others.
    fn passes(&self) -> bool {
        self.is_sealed && self.waiting.is_empty() && self.broken.is_none()
    }
}
