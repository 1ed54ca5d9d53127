//! A small cupboard beside the commit log: rows of a key and a value that must survive a
//! power cut, such as sealed bundles on their way and the keys that open them.
//!
//! Everything given in one [`Depot::append`] is there afterwards or nothing of it is,
//! and it is safe when the call returns. Rows can be replaced and deleted; the space of
//! what no longer counts comes back by [compaction](Depot::tidy) in small steps, which
//! ride along with appends.
//!
//! ```
//! use std::sync::Arc;
//! use twin_store::backend::Memory;
//! use twin_store::depot::{Change, Depot, Options, Urgency};
//! let disk = Arc::new(Memory::new());
//! let (mut depot, _) = Depot::open(disk.clone(), Options::default())?;
//! let key = b"member/7".to_vec();
//! let put = Change::Put { key: key.clone(), value: b"brigade".to_vec() };
//! depot.append(&[put], Urgency::Ordinary)?;
//! drop(depot);
//!
//! let (depot, report) = Depot::open(disk, Options::default())?;
//! assert!(!report.lost_tail);
//! assert_eq!(depot.reader().get(&key)?.as_deref(), Some(b"brigade".as_slice()));
//! # Ok::<(), twin_store::Error>(())
//! ```
//!
//! The keys of all rows are held in memory, about a hundred bytes and the key for each
//! ([`Usage::index_bytes`]); values stay on the disk.
//!
//! **Invariant (CLAIMS-SURVIVE):** an acknowledged group survives any kill, power cut or
//! full disk; one that was refused is there whole or not at all. After a failed sync
//! nothing is written until the depot is opened again.
//! **Invariant (FORMATS-FIRST):** `docs/formats/depot.md`.
//! **Boundary:** nothing here knows what a row means.

mod append;
mod compact;
mod index;
mod manifest;
mod reader;
mod recover;
mod segment;

pub use reader::{Copied, Reader, Usage};

use crate::verify::Problem;
use compact::Phase;
use manifest::Slots;
use reader::Shared;
use std::sync::Arc;

/// Most bytes of a key; the fewest are 1.
pub const KEY_BYTES_MAX: usize = 64;
/// Most bytes of a value.
pub const VALUE_BYTES_MAX: usize = 128 << 10;
/// Most rows in one [`Depot::append`].
pub const APPEND_ROWS_MAX: usize = 32 << 10;
/// Most bytes of keys and values in one [`Depot::append`].
pub const APPEND_BYTES_MAX: usize = 32 << 20;
/// Most rows of a group: what is appended and what rides along.
const GROUP_ROWS_MAX: usize = 64 << 10;
/// Most bytes of a group's table and values.
const GROUP_BYTES_MAX: usize = 64 << 20;
/// Larger than that, and one lost segment would be a lost depot.
const SEGMENT_BYTES_MAX: u64 = 1 << 30;

/// How large a depot may get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// From this size on a segment is closed and the next begun. At most 1 GiB.
    pub segment_bytes: u64,
    /// Bytes of all files together. An eighth of it is kept for urgent rows; deletes are
    /// taken beyond it, and compaction may use one segment more for a while.
    pub disk_budget_bytes: u64,
    /// Bytes of memory for keys.
    pub index_budget_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 16 << 20,
            disk_budget_bytes: 4 << 30,
            index_budget_bytes: 256 << 20,
        }
    }
}

/// What happens to one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The row has this value from now on.
    Put {
        /// 1 to [`KEY_BYTES_MAX`] bytes.
        key: Vec<u8>,
        /// At most [`VALUE_BYTES_MAX`] bytes.
        value: Vec<u8>,
    },
    /// The row is no more. That it never was is no error.
    Delete {
        /// 1 to [`KEY_BYTES_MAX`] bytes.
        key: Vec<u8>,
    },
}

/// Whether a group may use the last eighth of the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Not that; and compaction may ride along.
    Ordinary,
    /// It may, and nothing rides along.
    Urgent,
}

/// What opening found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Whether the depot was made just now.
    pub created: bool,
    /// Rows.
    pub rows: usize,
    /// Segments.
    pub segments: usize,
    /// Bytes at the end that were never acknowledged and were cut off: the normal trace
    /// of a power cut.
    pub torn_bytes: u64,
    /// Something acknowledged is or may be missing: a file, the end of a file, or a
    /// damaged place. Stays true at every opening until [`Depot::accept_loss`].
    pub lost_tail: bool,
    /// Damage, with code and place; also that which was found and accepted before.
    pub problems: Vec<Problem>,
}

/// A depot, held by the one that writes.
#[derive(Debug)]
pub struct Depot {
    shared: Arc<Shared>,
    options: Options,
    generation: u64,
    slots: Slots,
    /// Number of the segment being written.
    active: u32,
    trouble: Trouble,
    phase: Phase,
    /// Compaction takes every segment that holds anything that no longer counts.
    thorough: bool,
    /// The group being written; kept for its memory.
    group: Vec<u8>,
    _lock: Lock,
}

/// What an earlier failure left behind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Trouble {
    /// A write failed for lack of space; part of a group may stand behind the end.
    half_written: bool,
    /// So did a write of the manifest, and a part of it may happen to be a whole one: it
    /// is written again as things stand before anything else changes.
    undecided: bool,
    /// The disk failed: what it holds of the last write is not known.
    stopped: bool,
}

struct Lock(#[expect(dead_code, reason = "held for its drop")] Box<dyn Send + Sync>);

impl std::fmt::Debug for Lock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lock")
    }
}

impl Depot {
    /// What reads, also from other threads and while this writes.
    pub fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.shared))
    }

    /// What is used of the disk and of memory, and what may be.
    pub fn usage(&self) -> Usage {
        let state = self.shared.state();
        Usage {
            rows: state.index.rows(),
            used_bytes: state.used_bytes(),
            budget_bytes: self.options.disk_budget_bytes,
            index_bytes: state.index.memory_bytes(),
            index_budget_bytes: self.options.index_budget_bytes,
        }
    }
}
