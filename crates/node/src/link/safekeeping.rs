//! The link's depot in backups, and whether it is whole.
//!
//! A backup holds the keys of the organisation: whoever has it can speak in its name. A node
//! that is made from it begins a new incarnation, because it stands in another place, so
//! what both write is never taken for one history.

use super::Link;
use crate::error::Error;
use std::path::Path;
use std::sync::Arc;
use twin_store as store;
use twin_store::backend::Disk;
use twin_store::depot::{Depot, Options};

/// Where the depot is, below the data directory.
const DIRECTORY: &str = "link";

/// The disk of the depot in a data directory or a backup.
pub(super) fn disk(data_dir: &Path) -> Result<Disk, Error> {
    Disk::new(data_dir.join(DIRECTORY)).map_err(|cause| Error::Io {
        what: "opening the link's directory",
        cause,
    })
}

impl Link {
    /// Copies the depot into a backup while work goes on.
    pub(crate) fn back_up(&self, to: &Path) -> Result<(), Error> {
        // The log was copied before: everything in it is bundled, so that a node made from the
        // backup neither tells it again nor leaves it out.
        let reader = self.ask(|seat| {
            seat.bundle_all();
            Ok(seat.rows.reader.clone())
        })?;
        reader.copy_to(&disk(to)?)?;
        Ok(())
    }

    /// What is wrong with the depot.
    pub(crate) fn verify(&self) -> Result<Vec<store::Problem>, Error> {
        let reader = self.ask(|seat| Ok(seat.rows.reader.clone()))?;
        Ok(reader.verify())
    }
}

/// Copies the depot of a backup, if it has one, into a data directory.
pub(crate) fn restore(from: &Path, data_dir: &Path) -> Result<(), Error> {
    if !from.join(DIRECTORY).exists() {
        return Ok(());
    }
    let (depot, _) = Depot::open(Arc::new(disk(from)?), Options::default())?;
    depot.reader().copy_to(&disk(data_dir)?)?;
    Ok(())
}
