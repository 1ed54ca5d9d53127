//! Bundle files: everything that is held, out for whoever drives, and in again.
//!
//! Both ways go in portions, so that a slow stick keeps no link waiting.

use super::seat::Seat;
use crate::error::Error;
use crate::node::{Node, permit};
use std::collections::BTreeSet;
use std::io::Read;
use twin_exchange::carry::{Have, Import, Item};
use twin_exchange::{Brought, Exchange, Openings};
use twin_link::OriginId;
use twin_model::Caller;
use twin_policy::{self as policy, View};

/// Bytes written or taken in before links get their turn.
const PORTION_BYTES: usize = 4 << 20;
/// Bytes read at a time.
const READ_BYTES: usize = 1 << 16;

/// What a bundle file is to hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExportRequest {
    /// What these members wrote, and the own organisation, by name or id; everything if empty.
    pub members: Vec<String>,
    /// What the other side has, as it wrote it.
    pub have: Option<Vec<u8>>,
    /// The file has a beginning already: only go on.
    pub is_continued: bool,
}

/// What was taken in from a bundle file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Arrived {
    /// Items that were whole and say something of streams.
    pub read: u64,
    /// New here.
    pub new: u64,
    /// Refused: forged, of unknown streams, or against what is known.
    pub refused: u64,
    /// Where the last whole item ended, in bytes.
    pub whole_bytes: u64,
    /// Whether everything was there to the end.
    pub is_whole: bool,
}

impl Node {
    /// Writes a bundle file: everything that is held and that the other side lacks, sealed as
    /// it is. Blocks; `write` gets some megabytes at a time and may break off.
    pub fn export_bundles(
        &self,
        caller: &Caller,
        request: ExportRequest,
        write: &mut dyn FnMut(Vec<u8>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        permit(caller, &policy::Action::Carry)?;
        let mut have = match &request.have {
            Some(bytes) => summary(bytes)?,
            None => Have::default(),
        };
        let names = request.members;
        let writers = self.inner().link.ask(move |seat| seat.writers(&names))?;
        let mut is_first = !request.is_continued;
        loop {
            let writers = writers.clone();
            let known = have;
            let portion = self
                .inner()
                .link
                .ask(move |seat| seat.export(known, &writers, is_first))?;
            have = portion.have;
            is_first = false;
            write(portion.bytes)?;
            if portion.is_last {
                tracing::info!(by = ?caller.principal, "bundles were exported");
                return Ok(());
            }
        }
    }

    /// What is held here, for somebody who is to bring the rest. Blocks.
    pub fn bundle_summary(&self, caller: &Caller) -> Result<View<Vec<u8>>, Error> {
        permit(caller, &policy::Action::Carry)?;
        let bytes = self.inner().link.ask(|seat| {
            seat.exchanging(|exchange, _, env| {
                let have = exchange.have();
                let chunks: Vec<Vec<u8>> = have.chunks(env.now).collect();
                chunks.concat()
            })
        })?;
        Ok(policy::release(caller, &policy::Action::Carry, || bytes)?)
    }

    /// Takes in what is whole in a bundle file. Blocks.
    pub fn import_bundles(
        &self,
        caller: &Caller,
        file: &mut dyn Read,
    ) -> Result<View<Arrived>, Error> {
        permit(caller, &policy::Action::Carry)?;
        let (mut import, mut openings, mut arrived) =
            (Import::default(), Openings::new(), Arrived::default());
        let (mut buffer, mut items, mut waiting) = (vec![0; READ_BYTES], Vec::new(), 0);
        loop {
            let count = read(file, &mut buffer)?;
            let fed = if count == 0 {
                import.finish(&mut |item| items.push(item)).map(|_| ())
            } else {
                import.feed(&buffer[..count], &mut |item| items.push(item))
            };
            waiting += count;
            if waiting >= PORTION_BYTES || count == 0 || fed.is_err() {
                waiting = 0;
                let portion = std::mem::take(&mut items);
                openings = self.bring(portion, openings, &mut arrived)?;
            }
            // What was whole before is taken in all the same.
            fed.map_err(|e| Error::Invalid(e.to_string()))?;
            if count == 0 {
                break;
            }
        }
        let summary = import.summary();
        arrived.whole_bytes = summary.whole_bytes;
        arrived.is_whole = summary.is_complete && summary.damaged_bytes == 0;
        tracing::info!(by = ?caller.principal, new = arrived.new, "bundles were imported");
        Ok(policy::release(caller, &policy::Action::Carry, || arrived)?)
    }

    fn bring(
        &self,
        items: Vec<Item>,
        mut openings: Openings,
        arrived: &mut Arrived,
    ) -> Result<Openings, Error> {
        let before = *arrived;
        let (openings, after) = self.inner().link.ask(move |seat| {
            let mut arrived = before;
            seat.exchanging(|exchange, rows, env| {
                for item in &items {
                    let brought = exchange.bring(item, &mut openings, rows, env);
                    arrived.read += u64::from(brought != Brought::Aside);
                    arrived.new += u64::from(brought == Brought::New);
                    arrived.refused += u64::from(matches!(brought, Brought::Refused(_)));
                }
            })?;
            Ok((openings, arrived))
        })?;
        *arrived = after;
        Ok(openings)
    }
}

fn read(file: &mut dyn Read, buffer: &mut [u8]) -> Result<usize, Error> {
    loop {
        match file.read(buffer) {
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(cause) => {
                return Err(Error::Io {
                    what: "reading the bundle file",
                    cause,
                });
            }
            Ok(count) => return Ok(count),
        }
    }
}

/// What somebody has, from the file in which it says so.
fn summary(bytes: &[u8]) -> Result<Have, Error> {
    let (mut import, mut have) = (Import::default(), Have::default());
    let mut note = |item: Item| have.note(&item);
    let fed = import.feed(bytes, &mut note);
    let fed = fed.and_then(|()| import.finish(&mut note));
    fed.map_err(|e| Error::Invalid(format!("what the other side has: {e}")))?;
    Ok(have)
}

struct Portion {
    bytes: Vec<u8>,
    have: Have,
    is_last: bool,
}

impl Seat {
    fn writers(&mut self, names: &[String]) -> Result<BTreeSet<OriginId>, Error> {
        let mut writers = BTreeSet::new();
        for name in names {
            writers.insert(self.member(name)?);
        }
        if !writers.is_empty() {
            writers.insert(self.exchanging(|exchange, _, _| exchange.origin())?);
        }
        Ok(writers)
    }

    fn export(
        &mut self,
        mut have: Have,
        writers: &BTreeSet<OriginId>,
        is_first: bool,
    ) -> Result<Portion, Error> {
        self.exchanging(|exchange, rows, env| {
            let shelf = Exchange::shelf(rows);
            let (mut bytes, mut is_last) = (Vec::new(), true);
            let export = exchange.export(&shelf, &have, writers, env);
            let export = if is_first { export } else { export.append() };
            for chunk in export {
                bytes.extend(chunk);
                if bytes.len() >= PORTION_BYTES {
                    is_last = false;
                    break;
                }
            }
            let mut written = if is_first {
                Import::default()
            } else {
                Import::resume(bytes.len() as u64)
            };
            // What was just written reads back.
            let _ = written.feed(&bytes, &mut |item| have.note(&item));
            Portion {
                bytes,
                have,
                is_last,
            }
        })
    }
}
