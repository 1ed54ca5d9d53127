//! OpenStreetMap PBF: blocks of a few thousand elements, each packed by itself.
//!
//! Blocks are unpacked and read at the same time on all cores and put together in the order of
//! the file. (OpenStreetMap wiki, "PBF Format"; `fileformat.proto` and `osmformat.proto`.)

use super::elements::{Elements, Key, Member, NODES_MAX, Place, TEXT_MAX, Tags};
use super::wire::{Broken, Deltas, Fields, Held, Packed, signed};
use crate::findings::Findings;
use flate2::{Decompress, FlushDecompress, Status};
use rayon::prelude::*;
use std::borrow::Cow;
use std::sync::Arc;
use twin_model::{Code, Finding};

/// Longest header of a block (PBF Format, "File format": must be less than 64 KiB).
const HEADER_BYTES_MAX: usize = 64 << 10;
/// Largest block, packed or not (same: must be less than 32 MiB).
const BLOCK_BYTES_MAX: usize = 32 << 20;
/// Elements of one block; common writers put 8,000 into one.
const BLOCK_ELEMENTS_MAX: usize = 1 << 20;
/// Blocks that are unpacked together, so that memory does not grow with the file.
const TOGETHER: usize = 16;
/// What a file may require of its reader (PBF Format, "OSMHeader").
const KNOWN_FEATURES: [&[u8]; 2] = [b"OsmSchema-V0.6", b"DenseNodes"];

/// Whether the bytes begin with the first block of such a file.
pub(super) fn is_pbf(bytes: &[u8]) -> bool {
    bytes.get(4..15) == Some(b"\x0a\x09OSMHeader")
}

/// What became of one block.
#[derive(Default)]
struct Read {
    elements: Elements,
    findings: Vec<Finding>,
}

/// Reads all blocks; `proceed` is told the share that is done and says whether to go on.
pub(super) fn read(
    bytes: &[u8],
    findings: &mut Findings,
    proceed: &mut dyn FnMut(f32) -> bool,
) -> Option<(Elements, bool)> {
    let mut elements = Elements::default();
    let mut blocks = Blocks { bytes, at: 0 };
    let mut is_whole = true;
    loop {
        let together: Vec<Block<'_>> = blocks.by_ref().take(TOGETHER).collect();
        if together.is_empty() {
            break;
        }
        let read: Vec<Read> = together.par_iter().map(read_block).collect();
        for one in read {
            one.findings.into_iter().for_each(|f| findings.add(f));
            let header = &one.elements;
            elements.drawn_up_s = elements.drawn_up_s.or(header.drawn_up_s);
            elements.append(one.elements);
        }
        is_whole &= !together.iter().any(|b| b.kind == Kind::Cut);
        if !proceed(blocks.at as f32 / bytes.len() as f32) {
            return None;
        }
    }
    if !is_whole {
        let message = "the file ends within a block; what was whole is used";
        findings.add(Finding::new(Code::OsmTruncated, message));
    }
    Some((elements, is_whole))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Header,
    Elements,
    Unknown,
    /// The bytes end before it does.
    Cut,
    /// Its frame makes no sense, so that where the next begins is unknown.
    Broken,
}

/// One block as it stands in the file.
struct Block<'b> {
    kind: Kind,
    /// Where it begins, for messages.
    at: usize,
    bytes: &'b [u8],
}

struct Blocks<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Iterator for Blocks<'b> {
    type Item = Block<'b>;

    fn next(&mut self) -> Option<Block<'b>> {
        let at = self.at;
        let rest = self.bytes.get(at..).filter(|rest| !rest.is_empty())?;
        self.at = self.bytes.len();
        let block = |kind, bytes| Some(Block { kind, at, bytes });
        let Some((length, rest)) = rest.split_first_chunk::<4>() else {
            return block(Kind::Cut, rest);
        };
        let length = u32::from_be_bytes(*length) as usize;
        if length >= HEADER_BYTES_MAX {
            return block(Kind::Broken, rest);
        }
        let Some((header, rest)) = rest.split_at_checked(length) else {
            return block(Kind::Cut, rest);
        };
        let Ok((kind, size)) = block_header(header) else {
            return block(Kind::Broken, rest);
        };
        let Some(bytes) = rest.get(..size) else {
            return block(Kind::Cut, rest);
        };
        self.at = at + 4 + length + size;
        block(kind, bytes)
    }
}

/// `BlobHeader`: type = 1, datasize = 3.
fn block_header(bytes: &[u8]) -> Result<(Kind, usize), Broken> {
    let (mut kind, mut size) = (Kind::Unknown, None);
    for field in Fields(bytes) {
        match field? {
            (1, held) => {
                kind = match held.bytes()? {
                    b"OSMHeader" => Kind::Header,
                    b"OSMData" => Kind::Elements,
                    _ => Kind::Unknown,
                }
            }
            (3, held) => size = usize::try_from(held.number()?).ok(),
            _ => {}
        }
    }
    let size = size.filter(|&s| s < BLOCK_BYTES_MAX).ok_or(Broken)?;
    Ok((kind, size))
}

fn read_block(block: &Block<'_>) -> Read {
    let mut read = Read::default();
    let mut say = |code, message: &str| {
        let item = format!("block at byte {}", block.at);
        read.findings
            .push(Finding::new(code, message).at_item(item));
    };
    match block.kind {
        Kind::Cut => return read,
        Kind::Unknown => {
            say(Code::OsmFeature, "a block of an unknown kind was skipped");
            return read;
        }
        Kind::Broken => {
            say(
                Code::OsmBadElement,
                "a block has no sensible length; it and all after it were not read",
            );
            return read;
        }
        Kind::Header | Kind::Elements => {}
    }
    let message = match unpack(block.bytes) {
        Ok(Unpacked::Bytes(message)) => message,
        Ok(Unpacked::Unread) => {
            say(
                Code::OsmFeature,
                "a block is packed by a method that is not read; it was skipped",
            );
            return read;
        }
        Err(Broken) => {
            say(
                Code::OsmBadElement,
                "a block could not be unpacked; it was skipped",
            );
            return read;
        }
    };
    let done = if block.kind == Kind::Header {
        header(&message, &mut read)
    } else {
        Primitives::new(&message).and_then(|p| p.read(&mut read))
    };
    if done.is_err() {
        let item = format!("block at byte {}", block.at);
        let message = "a block is damaged; what stood in it before the damage is used";
        read.findings
            .push(Finding::new(Code::OsmBadElement, message).at_item(item));
    }
    read
}

enum Unpacked<'b> {
    Bytes(Cow<'b, [u8]>),
    Unread,
}

/// `Blob`: raw = 1, raw_size = 2, zlib_data = 3; later fields are other methods of packing.
fn unpack(bytes: &[u8]) -> Result<Unpacked<'_>, Broken> {
    let mut size = 0;
    let mut packed = None;
    for field in Fields(bytes) {
        match field? {
            (1, held) => return Ok(Unpacked::Bytes(Cow::Borrowed(held.bytes()?))),
            (2, held) => size = usize::try_from(held.number()?).map_err(|_| Broken)?,
            (3, held) => packed = Some(held.bytes()?),
            _ => {}
        }
    }
    let Some(packed) = packed else {
        return Ok(Unpacked::Unread);
    };
    if size >= BLOCK_BYTES_MAX {
        return Err(Broken);
    }
    // One byte more than stated shows whether there is more than stated.
    let mut message = Vec::with_capacity(size + 1);
    let status = Decompress::new(true)
        .decompress_vec(packed, &mut message, FlushDecompress::Finish)
        .map_err(|_| Broken)?;
    if status != Status::StreamEnd || message.len() != size {
        return Err(Broken);
    }
    Ok(Unpacked::Bytes(Cow::Owned(message)))
}

/// `HeaderBlock`: required_features = 4, osmosis_replication_timestamp = 32.
fn header(message: &[u8], read: &mut Read) -> Result<(), Broken> {
    for field in Fields(message) {
        match field? {
            (4, held) => {
                let feature = held.bytes()?;
                if !KNOWN_FEATURES.contains(&feature) {
                    let name: String = String::from_utf8_lossy(feature).chars().take(80).collect();
                    read.findings.push(Finding::new(
                        Code::OsmFeature,
                        format!(
                            "the file requires `{name}`, which is not read; it was read without"
                        ),
                    ));
                }
            }
            (32, held) => read.elements.drawn_up_s = Some(held.number()?.cast_signed()),
            _ => {}
        }
    }
    Ok(())
}

/// A block of elements: its texts and how its numbers are to be taken.
struct Primitives<'b> {
    /// Each text with the tag key that it names, if it names one that is understood.
    texts: Vec<(&'b [u8], Option<Key>)>,
    /// The same texts as shared values, made when first used.
    values: Vec<Option<Arc<str>>>,
    groups: Vec<&'b [u8]>,
    granularity: i64,
    offset: (i64, i64),
    left: usize,
}

impl<'b> Primitives<'b> {
    /// `PrimitiveBlock`: stringtable = 1, primitivegroup = 2, granularity = 17, lat_offset = 19,
    /// lon_offset = 20.
    fn new(message: &'b [u8]) -> Result<Self, Broken> {
        let mut block = Self {
            texts: Vec::new(),
            values: Vec::new(),
            groups: Vec::new(),
            granularity: 100,
            offset: (0, 0),
            left: BLOCK_ELEMENTS_MAX,
        };
        for field in Fields(message) {
            match field? {
                (1, held) => {
                    for text in Fields(held.bytes()?) {
                        let text = text?.1.bytes()?;
                        let key = std::str::from_utf8(text).ok().and_then(Key::parse);
                        block.texts.push((text, key));
                    }
                }
                (2, held) => block.groups.push(held.bytes()?),
                (17, held) => block.granularity = held.number()?.cast_signed(),
                (19, held) => block.offset.0 = held.number()?.cast_signed(),
                (20, held) => block.offset.1 = held.number()?.cast_signed(),
                _ => {}
            }
        }
        block.values = vec![None; block.texts.len()];
        Ok(block)
    }

    /// `PrimitiveGroup`: nodes = 1, dense = 2, ways = 3, relations = 4.
    fn read(mut self, read: &mut Read) -> Result<(), Broken> {
        for group in std::mem::take(&mut self.groups) {
            for field in Fields(group) {
                let (number, held) = field?;
                if self.left == 0 {
                    let message = "a block has more elements than are read";
                    read.findings.push(Finding::new(Code::OsmLimit, message));
                    return Ok(());
                }
                match number {
                    1 => self.node(held.bytes()?, read)?,
                    2 => self.dense(held.bytes()?, read)?,
                    3 => self.way(held.bytes()?, read)?,
                    4 => self.relation(held.bytes()?, read)?,
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn place(&self, latitude: i64, longitude: i64) -> Option<Place> {
        let nano = |offset: i64, x: i64| offset.checked_add(self.granularity.checked_mul(x)?);
        Place::from_nanodegrees(
            nano(self.offset.0, latitude)?,
            nano(self.offset.1, longitude)?,
        )
    }

    fn value(&mut self, text: usize) -> Option<Arc<str>> {
        let slot = self.values.get_mut(text)?;
        if slot.is_none() {
            let text = String::from_utf8_lossy(self.texts[text].0);
            *slot = Some(shortened(&text));
        }
        slot.clone()
    }

    fn key(&self, text: u64) -> Option<Key> {
        self.texts.get(usize::try_from(text).ok()?)?.1
    }

    fn tags(&mut self, pairs: impl Iterator<Item = (u64, u64)>) -> Tags {
        let mut tags = Vec::new();
        for (key, value) in pairs {
            if let Some(key) = self.key(key)
                && let Some(value) = self.value(value as usize)
            {
                tags.push((key, value));
            }
        }
        Tags(tags.into())
    }

    fn add_node(&self, id: i64, place: (i64, i64), tags: Tags, read: &mut Read) {
        match self.place(place.0, place.1) {
            Some(place) => read.elements.add_node(id, place, tags),
            None => read.findings.push(nowhere(id)),
        }
    }

    /// `Node`: id = 1, keys = 2, vals = 3, info = 4, lat = 8, lon = 9.
    fn node(&mut self, bytes: &[u8], read: &mut Read) -> Result<(), Broken> {
        let (mut id, mut latitude, mut longitude) = (0, 0, 0);
        let (mut keys, mut values) = (Packed::default(), Packed::default());
        for field in Fields(bytes) {
            match field? {
                (1, held) => id = signed(held.number()?),
                (2, held) => keys = Packed(held.bytes()?),
                (3, held) => values = Packed(held.bytes()?),
                (4, held) if is_deleted(held)? => return Ok(()),
                (8, held) => latitude = signed(held.number()?),
                (9, held) => longitude = signed(held.number()?),
                _ => {}
            }
        }
        self.left -= 1;
        let tags = self.tags(keys.zip(values));
        self.add_node(id, (latitude, longitude), tags, read);
        Ok(())
    }

    /// `DenseNodes`: id = 1, denseinfo = 5 (visible = 6), lat = 8, lon = 9, keys_vals = 10.
    fn dense(&mut self, bytes: &[u8], read: &mut Read) -> Result<(), Broken> {
        let (mut ids, mut latitudes, mut longitudes) =
            (Deltas::default(), Deltas::default(), Deltas::default());
        let (mut texts, mut visible) = (Packed::default(), None);
        for field in Fields(bytes) {
            match field? {
                (1, held) => ids = Deltas::new(held.bytes()?),
                (5, held) => {
                    for field in Fields(held.bytes()?) {
                        if let (6, held) = field? {
                            visible = Some(Packed(held.bytes()?));
                        }
                    }
                }
                (8, held) => latitudes = Deltas::new(held.bytes()?),
                (9, held) => longitudes = Deltas::new(held.bytes()?),
                (10, held) => texts = Packed(held.bytes()?),
                _ => {}
            }
        }
        for (id, place) in ids.by_ref().zip(latitudes.zip(longitudes)) {
            if self.left == 0 || read.elements.nodes.len() >= NODES_MAX {
                return Ok(());
            }
            self.left -= 1;
            let tags = self.dense_tags(&mut texts);
            let is_visible = visible.as_mut().is_none_or(|v| v.next() != Some(0));
            if is_visible {
                self.add_node(id, place, tags, read);
            }
        }
        // Latitudes or longitudes that ran out first leave an id over.
        if ids.next().is_some() {
            return Err(Broken);
        }
        Ok(())
    }

    /// Key and value by turns up to a zero.
    fn dense_tags(&mut self, texts: &mut Packed<'_>) -> Tags {
        let mut tags = Vec::new();
        while let Some(key) = texts.next() {
            if key == 0 {
                break;
            }
            let Some(value) = texts.next() else { break };
            if let Some(key) = self.key(key)
                && let Some(value) = self.value(value as usize)
            {
                tags.push((key, value));
            }
        }
        Tags(tags.into())
    }

    /// `Way`: id = 1, keys = 2, vals = 3, info = 4, refs = 8.
    fn way(&mut self, bytes: &[u8], read: &mut Read) -> Result<(), Broken> {
        let mut id = 0;
        let (mut keys, mut values) = (Packed::default(), Packed::default());
        let mut refs = Deltas::default();
        for field in Fields(bytes) {
            match field? {
                (1, held) => id = held.number()?.cast_signed(),
                (2, held) => keys = Packed(held.bytes()?),
                (3, held) => values = Packed(held.bytes()?),
                (4, held) if is_deleted(held)? => return Ok(()),
                (8, held) => refs = Deltas::new(held.bytes()?),
                _ => {}
            }
        }
        self.left -= 1;
        let tags = self.tags(keys.zip(values));
        read.elements.add_way(id, tags, refs);
        Ok(())
    }

    /// `Relation`: id = 1, keys = 2, vals = 3, info = 4, roles_sid = 8, memids = 9, types = 10
    /// (1 is a way).
    fn relation(&mut self, bytes: &[u8], read: &mut Read) -> Result<(), Broken> {
        let mut id = 0;
        let (mut keys, mut values) = (Packed::default(), Packed::default());
        let (mut roles, mut ids, mut types) =
            (Packed::default(), Deltas::default(), Packed::default());
        for field in Fields(bytes) {
            match field? {
                (1, held) => id = held.number()?.cast_signed(),
                (2, held) => keys = Packed(held.bytes()?),
                (3, held) => values = Packed(held.bytes()?),
                (4, held) if is_deleted(held)? => return Ok(()),
                (8, held) => roles = Packed(held.bytes()?),
                (9, held) => ids = Deltas::new(held.bytes()?),
                (10, held) => types = Packed(held.bytes()?),
                _ => {}
            }
        }
        self.left -= 1;
        let tags = self.tags(keys.zip(values));
        let is_inner = |role: u64| {
            let text = usize::try_from(role).ok().and_then(|r| self.texts.get(r));
            text.is_some_and(|t| t.0 == b"inner")
        };
        let members = roles.zip(ids).zip(types).filter(|(_, kind)| *kind == 1);
        let members = members.map(|((role, way), _)| Member {
            way,
            is_inner: is_inner(role),
        });
        let members = members.take(BLOCK_ELEMENTS_MAX).collect();
        read.elements.add_relation(id, tags, members);
        Ok(())
    }
}

/// `Info`: visible = 6; only files with history have it.
fn is_deleted(info: Held<'_>) -> Result<bool, Broken> {
    for field in Fields(info.bytes()?) {
        if let (6, held) = field? {
            return Ok(held.number()? == 0);
        }
    }
    Ok(false)
}

pub(super) fn nowhere(node: i64) -> Finding {
    Finding::new(
        Code::OsmPosition,
        "the position of the point is not on earth",
    )
    .at_item(format!("node/{node}"))
}

/// A text of at most [`TEXT_MAX`] characters.
pub(super) fn shortened(text: &str) -> Arc<str> {
    match text.char_indices().nth(TEXT_MAX) {
        Some((end, _)) => Arc::from(&text[..end]),
        None => Arc::from(text),
    }
}
