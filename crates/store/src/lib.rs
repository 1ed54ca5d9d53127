//! Where a node keeps what it was told, so that a power cut, a full disk or a pulled
//! plug loses nothing that was acknowledged.
//!
//! Every claim goes first into a *commit log*, in the order of arrival, and is
//! acknowledged only when the disk has confirmed it. Old log files become *segments*:
//! Parquet files sorted by attribute and time, which any other program can read too.
//! *Snapshots* of the node's state make a restart short. Small things (accounts,
//! tokens, how far a subscriber has read) live in [`Meta`]; what is on its way to others
//! lives in a [`depot`].
//!
//! ```
//! use twin_store::{Batch, Options, backend::Memory, open};
//! # use twin_model::{BatchId, CommitNumber, Time};
//! let disk = Memory::new();
//! let mut store = open(disk.clone(), Options::default())?;
//! let batch = Batch {
//!     id: BatchId(1),
//!     kind: 0,
//!     recorded: Time(0),
//!     note: b"started".as_slice().into(),
//!     claims: vec![],
//! };
//! assert_eq!(store.writer.append(&[batch.clone()])?, CommitNumber(1));
//! drop(store);
//!
//! let store = open(disk, Options::default())?;
//! for item in store.tail {
//!     assert_eq!(item?, (CommitNumber(1), batch.clone()));
//! }
//! # Ok::<(), twin_store::Error>(())
//! ```
//!
//! [`open`] gives back everything at once: a [`Writer`] for the one thread that
//! appends, a [`Reader`] for everyone who asks about the past, [`Snapshots`],
//! [`Maintenance`], and the claims that the newest snapshot does not hold yet.
//!
//! **Invariant (CLAIMS-SURVIVE):** what [`Writer::append`] has returned `Ok` for is
//! there after any kill, power cut or full disk; what it has returned `Err` for is
//! there whole or not at all. Damage by the disk itself is found by checksums and
//! reported with file and place; nothing acknowledged is skipped in silence.
//! **Invariant (SINGLE-WRITER):** one process holds the store, one thread appends.
//! **Invariant (FORMATS-FIRST):** `docs/formats/{log,segment,snapshot,backup,depot}.md`.
//! **Boundary:** nothing here knows what an attribute means, who may see it, or what
//! time it is.

mod append;
pub mod backend;
mod backup;
mod batch;
mod codec;
pub mod depot;
mod error;
mod follow;
mod index;
mod log;
mod maintenance;
mod manifest;
mod meta;
mod open;
mod reader;
mod retained;
mod segment;
mod snapshot;
mod tail;
mod verify;

pub use append::{Budget, Writer};
pub use backup::{BackupReport, restore, verify_backup};
pub use batch::Batch;
pub use error::{Error, is_full};
pub use follow::Follower;
pub use maintenance::{Housekeeping, Maintenance};
pub use manifest::ErasureRecord;
pub use meta::{Meta, ROW_BYTES_MAX, Row};
pub use open::{Opened, Options, RecoveryReport, open};
pub use reader::{Range, Reader};
pub use snapshot::{SnapshotIn, Snapshots};
pub use tail::Tail;
pub use verify::{Problem, doctor};

/// Most bytes of [`Batch::note`].
pub const NOTE_BYTES_MAX: usize = 16 << 20;
/// Most claims in one [`Batch`].
pub const CLAIMS_PER_BATCH_MAX: usize = 4 << 20;
/// Most bytes of one encoded batch.
pub const FRAME_BYTES_MAX: usize = 256 << 20;
/// Most bytes written by one [`Writer::append`].
pub const GROUP_BYTES_MAX: usize = 1 << 30;
