//! The state as bytes: what a saved state holds. Drawn in `docs/formats/saved-state.md`.
//!
//! Twins stand in blocks that are decoded on all cores, because a restart in an
//! emergency is measured in seconds.

use crate::bearing::Bearing;
use crate::books::Books;
use crate::cell::{AttributeCell, EntityCell, VerbatimEntry};
use crate::error::Error;
use crate::journal::{ImportJson, ImportRecord};
use crate::live::Live;
use crate::picture::Picture;
use crate::quarantine::{Quarantine, QuarantineJson};
use crate::received::{Received, ReceivedJson};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use std::sync::Arc;
use twin_fusion as fusion;
use twin_model::naming::is_erased_name;
use twin_model::{
    Act, Attribute, Catalogue, ClaimId, EntityId, SourceId, Stated, Time, Uncertainty, Unit, Value,
};
use twin_store as store;

/// Version of the state's format.
const VERSION: u32 = 2;
/// Twins in a block.
const BLOCK: usize = 2048;
/// No table of names and no block is longer; a longer one is damage.
const PART_BYTES_MAX: usize = 1 << 31;

const MODELLED: u8 = 0;
const VERBATIM: u8 = 1;

const NO_BEARING: u8 = 0;
const NO_VOLUME: u8 = 1;
const VOLUME: u8 = 2;

#[derive(Serialize, Deserialize)]
struct Head {
    recorded: i64,
    next_batch: u64,
    claims: u64,
    blocks: usize,
    imports: Vec<ImportJson>,
    #[serde(default)]
    quarantine: Vec<QuarantineJson>,
    #[serde(default)]
    received: Vec<ReceivedJson>,
    #[serde(default)]
    is_refold_due: bool,
}

/// What a saved state was found to be.
pub(crate) enum Saved {
    /// The state.
    Whole(Box<Live>),
    /// All but the estimates, which another version wrote, and why they cannot be read.
    Other(Box<Live>, String),
}

/// Writes the state.
pub(crate) fn write(picture: &Picture, out: &mut dyn Write) -> io::Result<()> {
    let imports = picture
        .imports
        .iter()
        .map(|record| ImportJson::from(&**record))
        .collect();
    let head = Head {
        recorded: picture.recorded.0,
        next_batch: picture.next_batch,
        claims: picture.claims,
        blocks: picture.entities.len().div_ceil(BLOCK),
        imports,
        quarantine: picture
            .quarantine
            .records
            .iter()
            .map(QuarantineJson::from)
            .collect(),
        received: picture.received.to_json(),
        is_refold_due: picture.is_refold_due,
    };
    out.write_all(&VERSION.to_le_bytes())?;
    put_part(out, &serde_json::to_vec(&head)?)?;
    // The tables may have grown beyond this picture; only its own twins are written.
    let entities = picture.names.entities.all();
    put_names(
        out,
        entities[..picture.entities.len()]
            .iter()
            .map(EntityId::as_str),
    )?;
    put_names(
        out,
        picture.names.attributes.all().iter().map(Attribute::as_str),
    )?;
    put_names(
        out,
        picture.names.sources.all().iter().map(SourceId::as_str),
    )?;
    let mut block = Vec::new();
    // The picture may be older than an erasure; what is erased by now is left out.
    let nothing = EntityCell::default();
    let mut cells = picture.entities.iter().zip(&entities).peekable();
    while cells.peek().is_some() {
        block.clear();
        for (cell, name) in cells.by_ref().take(BLOCK) {
            let erased = is_erased_name(name.as_str());
            put_cell(&mut block, if erased { &nothing } else { cell });
        }
        put_part(out, &block)?;
    }
    block.clear();
    picture.books.encode(&mut block);
    put_part(out, &block)
}

/// Reads a saved state.
pub(crate) fn read(mut saved: store::SnapshotIn) -> Result<Saved, Error> {
    let mut version = [0; 4];
    saved.read_exact(&mut version).map_err(|e| damaged(&e))?;
    let version = u32::from_le_bytes(version);
    if version > VERSION {
        return Err(Error::Snapshot(
            "it was written by a newer version".to_owned(),
        ));
    }
    let (live, blocks) = read_head(&mut saved)?;
    if version < VERSION {
        let why = format!("it has format version {version}, this program writes {VERSION}");
        return Ok(Saved::Other(Box::new(live), why));
    }
    let attributes = live.names.attributes.all();
    let mut parts = Vec::with_capacity(blocks);
    for _ in 0..blocks {
        parts.push(take_part(&mut saved)?);
    }
    // Every byte was checked when the store opened: what cannot be read here was written
    // by a version with another catalogue or other estimators.
    let decoded = parts.into_par_iter().map(|b| take_cells(&b, &attributes));
    let decoded: Vec<Vec<EntityCell>> = match decoded.collect::<Result<_, Error>>() {
        Ok(decoded) => decoded,
        Err(error) => return Ok(Saved::Other(Box::new(live), error.to_string())),
    };
    let spec = |number: u32| {
        let name = attributes.get(number as usize)?;
        Catalogue::BUILT_IN.get(name.as_str())
    };
    let books = take_part(&mut saved).and_then(|bytes| Books::decode(&bytes, &spec));
    let mut live = live;
    match books {
        Ok(books) => live.books = books,
        Err(error) => return Ok(Saved::Other(Box::new(live), error.to_string())),
    }
    for cell in decoded.into_iter().flatten() {
        live.put(cell);
    }
    if live.entities.len() != live.names.entities.len() {
        return Err(damaged(&"twins and their names differ in number"));
    }
    Ok(Saved::Whole(Box::new(live)))
}

/// Everything but the twins, and how many blocks of those follow.
fn read_head(saved: &mut store::SnapshotIn) -> Result<(Live, usize), Error> {
    let mut live = Live {
        commit: saved.commit(),
        next_sequence: saved.next_sequence(),
        ..Live::default()
    };
    let head: Head = serde_json::from_slice(&take_part(saved)?).map_err(|e| damaged(&e))?;
    live.recorded = Time(head.recorded);
    live.next_batch = head.next_batch;
    live.claims = head.claims;
    live.is_refold_due = head.is_refold_due;
    let imports: Vec<ImportRecord> = head
        .imports
        .into_iter()
        .map(ImportJson::read)
        .collect::<Result<_, _>>()
        .map_err(|e| damaged(&e))?;
    live.imports = Arc::new(imports.into_iter().map(Arc::new).collect());
    let names = &live.names;
    names.entities.fill(take_names(saved, EntityId::new)?);
    names.attributes.fill(take_names(saved, Attribute::new)?);
    names.sources.fill(take_names(saved, SourceId::new)?);
    let quarantine = Quarantine::read(head.quarantine, |source| names.sources.number(source))?;
    live.quarantine = Arc::new(quarantine);
    let received = Received::read(head.received).map_err(|e| damaged(&e))?;
    live.received = Arc::new(received);
    live.count_sources();
    Ok((live, head.blocks))
}

fn damaged(cause: &dyn std::fmt::Display) -> Error {
    Error::Snapshot(cause.to_string())
}

fn put_part(out: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(&(bytes.len() as u64).to_le_bytes())?;
    out.write_all(bytes)
}

fn take_part(from: &mut impl Read) -> Result<Vec<u8>, Error> {
    let mut length = [0; 8];
    from.read_exact(&mut length).map_err(|e| damaged(&e))?;
    let length = u64::from_le_bytes(length) as usize;
    if length > PART_BYTES_MAX {
        return Err(damaged(&"a part is longer than any can be"));
    }
    let mut bytes = Vec::new();
    // Grows as bytes come, so that a wrong length cannot ask for memory it does not fill.
    from.take(length as u64)
        .read_to_end(&mut bytes)
        .map_err(|e| damaged(&e))?;
    if bytes.len() != length {
        return Err(damaged(&"it ends early"));
    }
    Ok(bytes)
}

fn put_names<'a>(out: &mut dyn Write, names: impl Iterator<Item = &'a str>) -> io::Result<()> {
    let mut bytes = Vec::new();
    for name in names {
        bytes.extend_from_slice(&(name.len() as u16).to_le_bytes());
        bytes.extend_from_slice(name.as_bytes());
    }
    put_part(out, &bytes)
}

fn take_names<N, E: std::fmt::Display>(
    from: &mut impl Read,
    new: impl Fn(&str) -> Result<N, E>,
) -> Result<Vec<N>, Error> {
    let bytes = take_part(from)?;
    let (mut rest, mut names) = (bytes.as_slice(), Vec::new());
    while !rest.is_empty() {
        let (length, after) = rest
            .split_at_checked(2)
            .ok_or_else(|| damaged(&"a name is cut"))?;
        let length = usize::from(u16::from_le_bytes([length[0], length[1]]));
        let (name, after) = after
            .split_at_checked(length)
            .ok_or_else(|| damaged(&"a name is cut"))?;
        let name = std::str::from_utf8(name).map_err(|e| damaged(&e))?;
        names.push(new(name).map_err(|e| damaged(&e))?);
        rest = after;
    }
    Ok(names)
}

fn put_cell(out: &mut Vec<u8>, cell: &EntityCell) {
    out.extend_from_slice(&(cell.attributes.len() as u32).to_le_bytes());
    for (attribute, cell) in &cell.attributes {
        out.extend_from_slice(&attribute.to_le_bytes());
        match &**cell {
            AttributeCell::Modelled(_, state) => {
                out.push(MODELLED);
                state.encode(out);
            }
            AttributeCell::Verbatim(entries) => {
                out.push(VERBATIM);
                out.push(entries.len() as u8);
                for entry in entries {
                    put_entry(out, entry);
                }
            }
        }
    }
    out.extend_from_slice(&cell.since.to_le_bytes());
    out.extend_from_slice(&(cell.passed_by.len() as u32).to_le_bytes());
    for attribute in &cell.passed_by {
        out.extend_from_slice(&attribute.to_le_bytes());
    }
    put_bearing(out, cell.bearing.as_deref());
}

fn put_bearing(out: &mut Vec<u8>, bearing: Option<&Bearing>) {
    let Some(bearing) = bearing else {
        return out.push(NO_BEARING);
    };
    out.push(if bearing.volume_m3.is_some() {
        VOLUME
    } else {
        NO_VOLUME
    });
    if let Some(volume_m3) = bearing.volume_m3 {
        out.extend_from_slice(&volume_m3.to_bits().to_le_bytes());
    }
    for spaces in [&bearing.joins, &bearing.ever_joined] {
        out.push(spaces.len() as u8);
        for space in spaces {
            put_text(out, space.as_str());
        }
    }
}

fn take_bearing(rest: &mut &[u8]) -> Result<Option<Box<Bearing>>, Error> {
    let [kind] = take(rest)?;
    let volume_m3 = match kind {
        NO_BEARING => return Ok(None),
        VOLUME => Some(f32::from_bits(u32::from_le_bytes(take(rest)?))),
        _ => None,
    };
    Ok(Some(Box::new(Bearing {
        volume_m3,
        joins: take_spaces(rest)?,
        ever_joined: take_spaces(rest)?,
    })))
}

fn take_spaces(rest: &mut &[u8]) -> Result<Vec<EntityId>, Error> {
    let [count] = take(rest)?;
    let id = |rest: &mut &[u8]| EntityId::new(take_text(rest)?).map_err(|e| damaged(&e));
    (0..count).map(|_| id(rest)).collect()
}

fn put_entry(out: &mut Vec<u8>, entry: &VerbatimEntry) {
    out.extend_from_slice(&entry.source.to_le_bytes());
    out.extend_from_slice(&entry.claim.incarnation.to_le_bytes());
    out.extend_from_slice(&entry.claim.sequence.to_le_bytes());
    out.extend_from_slice(&entry.observed.0.to_le_bytes());
    put_act(out, &entry.act);
}

fn take_cells(bytes: &[u8], attributes: &[Attribute]) -> Result<Vec<EntityCell>, Error> {
    let (mut rest, mut cells) = (bytes, Vec::with_capacity(BLOCK));
    while !rest.is_empty() {
        cells.push(take_cell(&mut rest, attributes)?);
    }
    Ok(cells)
}

fn take_cell(rest: &mut &[u8], attributes: &[Attribute]) -> Result<EntityCell, Error> {
    let count = u32::from_le_bytes(take(rest)?);
    let mut cell = EntityCell::default();
    for _ in 0..count {
        let attribute = u32::from_le_bytes(take(rest)?);
        let name = attributes
            .get(attribute as usize)
            .ok_or_else(|| damaged(&"an attribute has no name"))?;
        let [kind] = take(rest)?;
        let spec = Catalogue::BUILT_IN.get(name.as_str());
        let state = match (kind, spec) {
            (MODELLED, Some(spec)) => {
                let state = fusion::State::decode(spec, rest).map_err(|e| damaged(&e))?;
                AttributeCell::Modelled(spec, state)
            }
            (VERBATIM, None) => AttributeCell::Verbatim(take_entries(rest)?),
            _ => {
                // The catalogue has changed: the log holds every claim of the attribute.
                let what = format!("`{name}` was weighed differently by the version that wrote it");
                return Err(Error::Snapshot(what));
            }
        };
        cell.attributes.push((attribute, Arc::new(state)));
    }
    cell.since = u64::from_le_bytes(take(rest)?);
    for _ in 0..u32::from_le_bytes(take(rest)?) {
        cell.passed_by.push(u32::from_le_bytes(take(rest)?));
    }
    cell.bearing = take_bearing(rest)?;
    Ok(cell)
}

fn take_entries(rest: &mut &[u8]) -> Result<Vec<VerbatimEntry>, Error> {
    let [count] = take(rest)?;
    (0..count)
        .map(|_| {
            Ok(VerbatimEntry {
                source: u32::from_le_bytes(take(rest)?),
                claim: ClaimId {
                    incarnation: u32::from_le_bytes(take(rest)?),
                    sequence: u64::from_le_bytes(take(rest)?),
                },
                observed: Time(i64::from_le_bytes(take(rest)?)),
                act: take_act(rest)?,
            })
        })
        .collect()
}

const ABSENT: u8 = 0;
const NOT_APPLICABLE: u8 = 1;
const UNKNOWN: u8 = 2;
const ASSERT: u8 = 3;
/// Added to [`ASSERT`] by what is stated beside the value.
const HAS_UNIT: u8 = 4;
const HAS_SD: u8 = 8;
const HAS_PROBABILITY: u8 = 16;

/// Acts of verbatim attributes; their values are JSON, which `prepare` sees to.
fn put_act(out: &mut Vec<u8>, act: &Act) {
    match act {
        Act::Absent | Act::Retract => out.push(ABSENT),
        Act::NotApplicable => out.push(NOT_APPLICABLE),
        Act::Unknown { reason } => {
            out.push(UNKNOWN);
            put_text(out, reason);
        }
        Act::Assert(stated) => {
            let (kind, number) = match stated.uncertainty {
                None => (0, None),
                Some(Uncertainty::StandardDeviation(sd)) => (HAS_SD, Some(sd)),
                Some(Uncertainty::Probability(p)) => (HAS_PROBABILITY, Some(p)),
            };
            let unit = stated.unit.as_ref();
            out.push(ASSERT | kind | if unit.is_some() { HAS_UNIT } else { 0 });
            if let Value::Json(text) = &stated.value {
                put_text(out, text);
            } else {
                put_text(out, "null");
            }
            if let Some(unit) = unit {
                put_text(out, unit.as_str());
            }
            if let Some(number) = number {
                out.extend_from_slice(&number.to_bits().to_le_bytes());
            }
        }
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn take_act(rest: &mut &[u8]) -> Result<Act, Error> {
    let [kind] = take(rest)?;
    Ok(match kind & 3 {
        ABSENT => Act::Absent,
        NOT_APPLICABLE => Act::NotApplicable,
        UNKNOWN => Act::Unknown {
            reason: take_text(rest)?.into(),
        },
        _ => {
            let value = Value::Json(take_text(rest)?.into());
            let unit = if kind & HAS_UNIT == 0 {
                None
            } else {
                Some(Unit::new(take_text(rest)?).map_err(|e| damaged(&e))?)
            };
            let mut number = || take(rest).map(|bytes| f64::from_bits(u64::from_le_bytes(bytes)));
            let uncertainty = if kind & HAS_SD != 0 {
                Some(Uncertainty::StandardDeviation(number()?))
            } else if kind & HAS_PROBABILITY != 0 {
                Some(Uncertainty::Probability(number()?))
            } else {
                None
            };
            Act::Assert(Stated {
                value,
                unit,
                uncertainty,
            })
        }
    })
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Result<&'a str, Error> {
    let length = u32::from_le_bytes(take(rest)?) as usize;
    let (text, after) = rest
        .split_at_checked(length)
        .ok_or_else(|| damaged(&"it ends early"))?;
    *rest = after;
    std::str::from_utf8(text).map_err(|e| damaged(&e))
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Error> {
    let (bytes, after) = rest
        .split_first_chunk::<N>()
        .ok_or_else(|| damaged(&"it ends early"))?;
    *rest = after;
    Ok(*bytes)
}
