//! The link between real processes: kill -9, SIGSTOP, cut wires and full disks; a relay's
//! disk searched; alarms that wait behind a cut.
//!
//! The simulated histories of the same area go through far more courses. Here it is shown
//! that the sockets, the files and the processes around the simulated parts hold, too.

pub(super) mod histories;
pub(super) mod relay;
pub(super) mod returns;
mod tmpfs;

use crate::federation::{self, Organisation, Share};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Founds organisations whose data lie in `places`. All others call the first and join it.
fn star(binary: &Path, names: &[&str], places: &[PathBuf]) -> Result<Vec<Organisation>> {
    let mut all: Vec<Organisation> = Vec::new();
    for (name, place) in names.iter().zip(places) {
        let one = Organisation::begin(binary, place, name, all.is_empty())?;
        if let Some(first) = all.first() {
            federation::join(first.node()?, one.node()?)
                .with_context(|| format!("`{name}` joins"))?;
        }
        all.push(one);
    }
    Ok(all)
}

/// Shares attributes of everything between the first and each of the others, both ways.
fn share_both_ways(all: &[Organisation], attributes: &[&str]) -> Result<()> {
    let (first, others) = all.split_first().context("nobody to share")?;
    for other in others {
        for (from, to) in [(first, other), (other, first)] {
            let share = Share {
                to: &to.name,
                kinds: &[],
                attributes,
                backfill: true,
            };
            federation::share(from.node()?, share)?;
        }
    }
    Ok(())
}
