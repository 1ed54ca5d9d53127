//! A disk that loses power, for tests: what was not synced may be gone, torn or
//! there, in any order.
//!
//! The model: a sector of 512 bytes is written whole or not at all; a file may end
//! after any byte of an unsynced write that extends it; unsynced sectors, lengths and
//! names survive a [`CrashDisk::power_cut`] each by chance. A failed sync drops some
//! of what was unsynced for good while it stays visible until the power goes, which is
//! what Linux does ("fsyncgate"). Everything follows from one seed.

use super::memory::{Unlock, copy_from, copy_into};
use super::{Backend, File};
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes that a disk writes whole or not at all.
pub const SECTOR_BYTES: usize = 512;
/// Input/output error, on every Unix.
const EIO: i32 = 5;

/// What goes wrong, and when. Counts are of calls on this disk, from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// From this write on the disk is full, until [`CrashDisk::make_space`].
    pub full_at_write: Option<u64>,
    /// So many writes are refused, then somebody else makes space; without it nobody does.
    pub full_writes: Option<u64>,
    /// This sync fails, once, with EIO.
    pub fail_sync_at: Option<u64>,
    /// From this call (write, sync, create, rename, remove) on the power is off.
    pub power_off_at: Option<u64>,
    /// Writes may write less than asked.
    pub short_writes: bool,
}

/// The disk. Clones share it.
#[derive(Debug, Clone)]
pub struct CrashDisk {
    state: Arc<Mutex<State>>,
    locked: Arc<AtomicBool>,
}

#[derive(Debug, Clone)]
struct State {
    rng: Rng,
    inodes: Vec<Inode>,
    live: BTreeMap<String, usize>,
    durable: BTreeMap<String, usize>,
    /// Changes of names since the directory was last synced; each is atomic.
    names_pending: Vec<Vec<(String, Option<usize>)>>,
    place_id: [u8; 32],
    faults: Faults,
    calls: u64,
    writes: u64,
    syncs: u64,
}

#[derive(Debug, Clone, Default)]
struct Inode {
    live: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Debug, Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
}

/// SplitMix64 (Steele, Lea, Flood 2014): enough for choosing what a power cut keeps.
#[derive(Debug, Clone)]
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    fn coin(&mut self) -> bool {
        self.next() & 1 == 0
    }
}

impl CrashDisk {
    /// An empty disk whose misfortunes follow from `seed`.
    pub fn new(seed: u64) -> Self {
        Self::from_state(State {
            rng: Rng(seed),
            inodes: Vec::new(),
            live: BTreeMap::new(),
            durable: BTreeMap::new(),
            names_pending: Vec::new(),
            place_id: [0; 32],
            faults: Faults::default(),
            calls: 0,
            writes: 0,
            syncs: 0,
        })
    }

    fn from_state(state: State) -> Self {
        Self {
            state: Arc::new(Mutex::new(state)),
            locked: Arc::new(AtomicBool::new(false)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets what goes wrong from now on; counts start again.
    pub fn set_faults(&self, faults: Faults) {
        let mut state = self.state();
        state.faults = faults;
        (state.calls, state.writes, state.syncs) = (0, 0, 0);
    }

    /// Whether anything is set to go wrong.
    pub fn has_faults(&self) -> bool {
        self.state().faults != Faults::default()
    }

    /// From now on the disk is full, until [`CrashDisk::make_space`]. Other faults and
    /// counts stay as they are.
    pub fn fill(&self) {
        let mut state = self.state();
        state.faults.full_at_write = Some(state.writes);
        state.faults.full_writes = None;
    }

    /// Ends a full disk.
    pub fn make_space(&self) {
        self.state().faults.full_at_write = None;
    }

    /// The next sync fails. Other faults and counts stay as they are.
    pub fn fail_next_sync(&self) {
        let mut state = self.state();
        state.faults.fail_sync_at = Some(state.syncs + 1);
    }

    /// Makes this another place, as if the directory had been copied here.
    pub fn set_place_id(&self, id: [u8; 32]) {
        self.state().place_id = id;
    }

    /// Calls, writes and syncs since the faults were set.
    pub fn counts(&self) -> (u64, u64, u64) {
        let state = self.state();
        (state.calls, state.writes, state.syncs)
    }

    /// The process dies and starts again; the operating system lives on. Handles of
    /// the old disk no longer reach the new one.
    pub fn kill(&self) -> Self {
        let mut state = self.state().clone();
        state.faults = Faults::default();
        state.drop_unnamed();
        Self::from_state(state)
    }

    /// The power goes and comes back. Handles of the old disk no longer reach the new
    /// one.
    pub fn power_cut(&self) -> Self {
        let mut state = self.state().clone();
        state.faults = Faults::default();
        let State {
            rng,
            inodes,
            durable,
            names_pending,
            ..
        } = &mut state;
        let (in_order, share) = (rng.coin(), rng.below(5));
        for changes in names_pending.drain(..) {
            let kept = rng.below(4) < share;
            if kept {
                for (name, inode) in changes {
                    match inode {
                        Some(inode) => durable.insert(name, inode),
                        None => durable.remove(&name),
                    };
                }
            } else if in_order {
                break;
            }
        }
        for inode in inodes {
            inode.lose_power(rng);
        }
        state.live = state.durable.clone();
        state.drop_unnamed();
        Self::from_state(state)
    }

    /// Changes one bit of a file, durably.
    pub fn flip_bit(&self, name: &str, bit: u64) {
        let mut state = self.state();
        let inode = state.live[name];
        let (byte, mask) = ((bit / 8) as usize, 1 << (bit % 8));
        state.inodes[inode].live[byte] ^= mask;
        state.inodes[inode].durable[byte] ^= mask;
    }

    /// The bytes of a file as a process sees them now.
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        let state = self.state();
        state.inodes[state.live[name]].live.clone()
    }
}

impl Inode {
    fn sync(&mut self) {
        for change in self.pending.drain(..) {
            apply(&mut self.durable, change);
        }
    }

    fn lose_power(&mut self, rng: &mut Rng) {
        let pending = std::mem::take(&mut self.pending);
        match rng.below(4) {
            0 => {}
            1 => {
                let kept = rng.below(pending.len() as u64 + 1) as usize;
                let mut pending = pending.into_iter();
                for change in pending.by_ref().take(kept) {
                    apply(&mut self.durable, change);
                }
                if let Some(Change::Write(offset, bytes)) = pending.next() {
                    self.keep_prefix(offset, &bytes, rng);
                }
            }
            2 => self.keep_some_sectors(pending, rng),
            _ => {
                for change in pending {
                    apply(&mut self.durable, change);
                }
            }
        }
        self.live.clone_from(&self.durable);
    }

    /// Keeps the first bytes of a write: any number where it extends the file, whole
    /// sectors where it writes over what is there.
    fn keep_prefix(&mut self, offset: u64, bytes: &[u8], rng: &mut Rng) {
        let mut n = rng.below(bytes.len() as u64 + 1);
        if offset + n < self.durable.len() as u64 {
            n -= n.min((offset + n) % SECTOR_BYTES as u64);
        }
        if n > 0 {
            copy_into(&mut self.durable, offset, &bytes[..n as usize]);
        }
    }

    /// Keeps each sector as it was after some of the changes: a disk writes the sector
    /// as it stands in memory, so a later change never arrives without the earlier ones.
    fn keep_some_sectors(&mut self, pending: Vec<Change>, rng: &mut Rng) {
        let n = pending.len() as u64;
        let mut kept_until = BTreeMap::new();
        for (i, change) in pending.into_iter().enumerate() {
            let Change::Write(offset, bytes) = change else {
                if rng.coin() {
                    apply(&mut self.durable, change);
                }
                continue;
            };
            let end = offset as usize + bytes.len();
            if rng.coin() && self.durable.len() < end {
                self.durable.resize(end, 0);
            }
            for (at, part) in portions(offset, &bytes) {
                let sector = at / SECTOR_BYTES as u64;
                let until = kept_until
                    .entry(sector)
                    .or_insert_with(|| match rng.below(3) {
                        0 => 0,
                        1 => n,
                        _ => rng.below(n + 1),
                    });
                if (i as u64) < *until {
                    copy_into(&mut self.durable, at, part);
                }
            }
        }
    }

    /// Forgets some sectors of what was not synced: they stay visible and will never be
    /// written.
    fn fail_sync(&mut self, rng: &mut Rng) {
        let mut forgotten = BTreeMap::new();
        let mut left = Vec::new();
        for change in self.pending.drain(..) {
            let Change::Write(offset, bytes) = &change else {
                left.push(change);
                continue;
            };
            for (at, part) in portions(*offset, bytes) {
                let sector = at / SECTOR_BYTES as u64;
                if !*forgotten.entry(sector).or_insert_with(|| rng.coin()) {
                    left.push(Change::Write(at, part.to_vec()));
                }
            }
        }
        self.pending = left;
    }
}

/// The parts of a write that lie in one sector each, with their places.
fn portions(offset: u64, bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let first = SECTOR_BYTES - (offset % SECTOR_BYTES as u64) as usize;
    let (head, rest) = bytes.split_at(first.min(bytes.len()));
    let rest_at = offset + head.len() as u64;
    std::iter::once((offset, head)).chain(
        rest.chunks(SECTOR_BYTES)
            .enumerate()
            .map(move |(i, part)| (rest_at + (i * SECTOR_BYTES) as u64, part)),
    )
}

fn apply(content: &mut Vec<u8>, change: Change) {
    match change {
        Change::Write(offset, bytes) => copy_into(content, offset, &bytes),
        Change::Length(length) => content.resize(length as usize, 0),
    }
}

impl State {
    fn power(&mut self) -> io::Result<()> {
        self.calls += 1;
        match self.faults.power_off_at {
            Some(at) if self.calls >= at => Err(io::Error::other("the power is off")),
            _ => Ok(()),
        }
    }

    /// Frees the content of files that no name leads to, now or after a power cut.
    fn drop_unnamed(&mut self) {
        let pending = self
            .names_pending
            .iter()
            .flatten()
            .filter_map(|(_, inode)| *inode);
        let mut named = vec![false; self.inodes.len()];
        for inode in pending
            .chain(self.live.values().copied())
            .chain(self.durable.values().copied())
        {
            named[inode] = true;
        }
        for (inode, _) in self
            .inodes
            .iter_mut()
            .zip(named)
            .filter(|(_, named)| !named)
        {
            *inode = Inode::default();
        }
    }

    fn name_change(&mut self, changes: Vec<(String, Option<usize>)>) {
        for (name, inode) in &changes {
            match inode {
                Some(inode) => self.live.insert(name.clone(), *inode),
                None => self.live.remove(name),
            };
        }
        self.names_pending.push(changes);
    }

    fn inode(&self, name: &str) -> io::Result<usize> {
        Ok(*self.live.get(name).ok_or(io::ErrorKind::NotFound)?)
    }

    fn write(&mut self, inode: usize, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        self.power()?;
        self.writes += 1;
        if let (Some(from), Some(n)) = (self.faults.full_at_write, self.faults.full_writes)
            && self.writes > from + n
        {
            self.faults.full_at_write = None;
        }
        if self.faults.full_at_write.is_some_and(|at| self.writes > at) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let last_before_full = self.faults.full_at_write == Some(self.writes);
        let mut n = bytes.len();
        if last_before_full || (self.faults.short_writes && self.rng.below(4) == 0) {
            n = self.rng.below(n as u64) as usize;
        }
        if n == 0 && last_before_full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let n = n.max(1).min(bytes.len());
        let target = &mut self.inodes[inode];
        copy_into(&mut target.live, offset, &bytes[..n]);
        let change = Change::Write(offset, bytes[..n].to_vec());
        target.pending.push(change);
        Ok(n)
    }

    fn sync(&mut self, inode: usize) -> io::Result<()> {
        self.power()?;
        self.syncs += 1;
        if self.faults.fail_sync_at == Some(self.syncs) {
            self.inodes[inode].fail_sync(&mut self.rng);
            return Err(io::Error::from_raw_os_error(EIO));
        }
        self.inodes[inode].sync();
        Ok(())
    }
}

impl Backend for CrashDisk {
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let mut state = self.state();
        state.power()?;
        if state.live.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let inode = state.inodes.len();
        state.inodes.push(Inode::default());
        state.name_change(vec![(name.to_owned(), Some(inode))]);
        Ok(self.handle(inode))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let inode = self.state().inode(name)?;
        Ok(self.handle(inode))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.state().live.keys().cloned().collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        state.power()?;
        let inode = state.inode(from)?;
        state.name_change(vec![(from.to_owned(), None), (to.to_owned(), Some(inode))]);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.power()?;
        state.inode(name)?;
        state.name_change(vec![(name.to_owned(), None)]);
        Ok(())
    }

    fn sync_directory(&self) -> io::Result<()> {
        let mut state = self.state();
        state.power()?;
        state.syncs += 1;
        if state.faults.fail_sync_at == Some(state.syncs) {
            return Err(io::Error::from_raw_os_error(EIO));
        }
        state.durable = state.live.clone();
        state.names_pending.clear();
        Ok(())
    }

    fn lock(&self) -> io::Result<Option<Box<dyn Send + Sync>>> {
        if self.locked.swap(true, std::sync::atomic::Ordering::SeqCst) {
            return Ok(None);
        }
        Ok(Some(Box::new(Unlock(Arc::clone(&self.locked)))))
    }

    fn entropy(&self) -> [u8; 16] {
        *b"a store that dies"
            .first_chunk()
            .expect("the text has sixteen bytes")
    }

    fn place(&self) -> String {
        "simulated disk".to_owned()
    }

    fn place_id(&self) -> io::Result<[u8; 32]> {
        Ok(self.state().place_id)
    }
}

impl CrashDisk {
    fn handle(&self, inode: usize) -> Arc<dyn File> {
        Arc::new(CrashFile {
            disk: self.clone(),
            inode,
        })
    }
}

#[derive(Debug)]
struct CrashFile {
    disk: CrashDisk,
    inode: usize,
}

impl File for CrashFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.state().inodes[self.inode].live.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let state = self.disk.state();
        Ok(copy_from(&state.inodes[self.inode].live, offset, buffer))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        self.disk.state().write(self.inode, offset, bytes)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        state.power()?;
        let target = &mut state.inodes[self.inode];
        target.live.resize(length as usize, 0);
        target.pending.push(Change::Length(length));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.state().sync(self.inode)
    }
}
