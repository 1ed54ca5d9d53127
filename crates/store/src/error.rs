//! What can go wrong with a store, each with a code and a page in `docs/errors/`.

use std::io;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process has the store open.
    #[error("the store in `{place}` is open in another process")]
    Locked {
        /// The data directory.
        place: String,
    },
    /// The file was written by a newer release.
    #[error("`{file}` has format version {found}; this release knows versions up to {known}")]
    NewerVersion {
        /// Name of the file in the data directory.
        file: String,
        /// Version in the file.
        found: u32,
        /// Newest version this release reads.
        known: u32,
    },
    /// A log file has changed since it was written.
    #[error("the commit log is damaged in `{file}` at byte {offset}: {what}")]
    LogDamaged {
        /// Name of the file in the data directory.
        file: String,
        /// Where, in bytes from its start.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// A log file that should be there is not.
    #[error("the commit log has a gap: commit {missing} is missing before `{file}`")]
    LogGap {
        /// The file behind the gap, or where the log ends.
        file: String,
        /// First missing commit.
        missing: u64,
    },
    /// No space left on the device.
    #[error("the disk is full; nothing of this was recorded: {0}")]
    Full(#[source] io::Error),
    /// The configured disk budget is used up.
    #[error(
        "the disk budget of {budget_bytes} bytes is used up ({used_bytes} bytes); nothing was \
         recorded"
    )]
    BudgetReached {
        /// Bytes in use.
        used_bytes: u64,
        /// Bytes allowed.
        budget_bytes: u64,
    },
    /// The disk could not confirm that data is safe.
    #[error("the disk did not confirm the write; nothing of this is acknowledged: {0}")]
    NotDurable(#[source] io::Error),
    /// Reading or writing failed in another way.
    #[error("`{file}`: {source}")]
    Io {
        /// Name of the file in the data directory.
        file: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The batch does not fit the log. A mistake of the caller.
    #[error("batch {batch} cannot be recorded: {what}")]
    BadBatch {
        /// The batch.
        batch: u64,
        /// What does not fit.
        what: String,
    },
    /// The batch exceeds a limit of the format.
    #[error("batch {batch} is too large: {what}")]
    TooLarge {
        /// The batch.
        batch: u64,
        /// Which limit.
        what: String,
    },
    /// A snapshot has changed since it was written.
    #[error("snapshot `{file}` is damaged at byte {offset}: {what}")]
    SnapshotDamaged {
        /// Name of the file in the data directory.
        file: String,
        /// Where, in bytes from its start.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// A history segment has changed since it was written.
    #[error("history segment `{file}` is damaged: {what}")]
    SegmentDamaged {
        /// Name of the file in the data directory.
        file: String,
        /// What is wrong.
        what: String,
    },
    /// Both copies of the manifest are unreadable.
    #[error("the manifest is damaged in both copies: {what}")]
    ManifestDamaged {
        /// What is wrong.
        what: String,
    },
    /// The small tables have changed since they were written.
    #[error("the tables in `{file}` are damaged: {what}")]
    MetaDamaged {
        /// Name of the file in the data directory.
        file: String,
        /// What is wrong.
        what: String,
    },
    /// No snapshot is usable and the log does not reach back to the beginning.
    #[error("no snapshot is usable and the log starts only at commit {first_commit}")]
    NoWayBack {
        /// First commit that the log still holds.
        first_commit: u64,
    },
    /// A snapshot was begun before an erasure and would bring back what was erased.
    #[error("the snapshot at commit {commit} was overtaken by an erasure and is not kept")]
    SnapshotOvertaken {
        /// Commit of the snapshot.
        commit: u64,
    },
    /// A backup cannot be written there or read from there.
    #[error("backup `{place}`: {what}")]
    Backup {
        /// Directory of the backup.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// A place in a depot has changed since it was written.
    #[error("the depot is damaged in `{file}` at byte {offset}: {what}")]
    DepotDamaged {
        /// Name of the file in the depot's directory.
        file: String,
        /// Where, in bytes from its start.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// A depot has fewer files or bytes than its manifest lists.
    #[error("the depot is not complete: `{file}` {what}")]
    DepotIncomplete {
        /// Name of the file in the depot's directory.
        file: String,
        /// What is missing.
        what: String,
    },
    /// The disk failed while a depot was written.
    #[error("the disk did not confirm the write, and the depot must be opened again: {0}")]
    DepotStopped(#[source] io::Error),
    /// A depot may not grow any more.
    #[error(
        "the depot's budget of {budget_bytes} bytes of {what} is used up ({used_bytes} bytes); \
         nothing was recorded"
    )]
    DepotBudget {
        /// Of what: disk or memory.
        what: &'static str,
        /// Bytes in use.
        used_bytes: u64,
        /// Bytes allowed.
        budget_bytes: u64,
    },
    /// The rows do not fit a depot. A mistake of the caller.
    #[error("a depot does not take {what}")]
    BadChange {
        /// What does not fit.
        what: String,
    },
}

impl Error {
    /// Every code, in order.
    pub const CODES: &'static [&'static str] = &[
        "STO-001", "STO-002", "STO-003", "STO-004", "STO-005", "STO-006", "STO-007", "STO-008",
        "STO-009", "STO-010", "STO-011", "STO-012", "STO-013", "STO-014", "STO-015", "STO-016",
        "STO-017", "STO-018", "STO-019", "STO-020", "STO-021", "STO-022", "STO-023",
    ];

    /// The code as written on the wire and as the name of its page.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "STO-001",
            Self::NewerVersion { .. } => "STO-002",
            Self::LogDamaged { .. } => "STO-003",
            Self::LogGap { .. } => "STO-004",
            Self::Full(_) => "STO-005",
            Self::BudgetReached { .. } => "STO-006",
            Self::NotDurable(_) => "STO-007",
            Self::Io { .. } => "STO-008",
            Self::BadBatch { .. } => "STO-009",
            Self::TooLarge { .. } => "STO-010",
            Self::SnapshotDamaged { .. } => "STO-011",
            Self::SegmentDamaged { .. } => "STO-012",
            Self::ManifestDamaged { .. } => "STO-013",
            Self::MetaDamaged { .. } => "STO-014",
            Self::NoWayBack { .. } => "STO-015",
            Self::SnapshotOvertaken { .. } => "STO-016",
            Self::Backup { .. } => "STO-017",
            Self::DepotDamaged { .. } => "STO-019",
            Self::DepotIncomplete { .. } => "STO-020",
            Self::DepotStopped(_) => "STO-021",
            Self::DepotBudget { .. } => "STO-022",
            Self::BadChange { .. } => "STO-023",
        }
    }

    /// Whether the same request may succeed later without anyone repairing anything
    /// but space: nothing of it was recorded.
    pub const fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Full(_)
                | Self::BudgetReached { .. }
                | Self::NotDurable(_)
                | Self::DepotBudget { .. }
        )
    }

    pub(crate) fn io(file: &str, source: io::Error) -> Self {
        if is_full(&source) {
            return Self::Full(source);
        }
        Self::Io {
            file: file.to_owned(),
            source,
        }
    }

    pub(crate) fn sync(source: io::Error) -> Self {
        if is_full(&source) {
            return Self::Full(source);
        }
        Self::NotDurable(source)
    }
}

/// Whether the system says that there is no room. Some file systems (tmpfs) do not say so
/// but write nothing.
pub fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull, WriteZero};
    matches!(
        error.kind(),
        StorageFull | QuotaExceeded | FileTooLarge | WriteZero
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by attack: a full tmpfs was reported as ``log-00000001.log`: write zero`.
    #[test]
    fn a_disk_that_writes_nothing_is_full() {
        let error = Error::io("log-00000001.log", io::ErrorKind::WriteZero.into());
        assert!(matches!(error, Error::Full(_)), "{error}");
    }

    #[test]
    fn every_code_has_a_page() {
        let pages = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors");
        for code in Error::CODES {
            let page = format!("{pages}/{code}.md");
            assert!(std::path::Path::new(&page).exists(), "no page for {code}");
        }
    }
}
