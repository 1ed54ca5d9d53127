//! Reads a bundle file, in slices of any size, as far as it is whole.

use super::{
    BARREN_BYTES_MAX, CHECK_BYTES, Error, FAILED_MAX, HEADER_BYTES, ITEM_BYTES_MAX, Item, MAGIC,
    MARKER, VERSION, check,
};
use twin_link::bytes::Cursor;

/// Bytes that are taken in at once.
const STEP_BYTES: usize = 64 * 1024;
/// Bytes of kind and length, at most.
const PREFIX_BYTES_MAX: usize = 20;

/// What came of a file so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Items that were whole and known here.
    pub items: u64,
    /// Items that were whole, of kinds or forms that this version does not know.
    pub skipped: u64,
    /// Bytes that were not part of any whole item.
    pub damaged_bytes: u64,
    /// Where the last whole item ended: a file that was cut goes on here.
    pub whole_bytes: u64,
    /// The last run was written to its end, and nothing of it is missing.
    pub is_complete: bool,
}

/// Reads a file; holds at most one item of it.
#[derive(Debug, Clone, Default)]
pub struct Import {
    buffer: Vec<u8>,
    /// Bytes of the buffer that are done with.
    done: usize,
    /// Where the buffer begins in the file.
    offset: u64,
    has_begun: bool,
    failed: u64,
    /// Items since the last run began, if all since then was whole.
    in_run: Option<u64>,
    summary: Summary,
}

/// What stands at a place in the file.
#[expect(clippy::large_enum_variant, reason = "one at a time, taken at once")]
enum Found {
    /// A whole item of so many bytes; `None` if it is not known here.
    Whole(usize, Option<Item>),
    /// Bytes that are no item.
    Nothing,
    /// Too few bytes to say.
    Unsure,
}

impl Import {
    /// Goes on in a file after the last whole item, [`Summary::whole_bytes`].
    pub fn resume(whole_bytes: u64) -> Self {
        if whole_bytes < HEADER_BYTES as u64 {
            return Self::default();
        }
        Self {
            offset: whole_bytes,
            has_begun: true,
            summary: Summary {
                whole_bytes,
                ..Summary::default()
            },
            ..Self::default()
        }
    }

    /// What came of it so far.
    pub fn summary(&self) -> Summary {
        self.summary
    }

    /// Takes the next bytes; `each` gets what is whole.
    pub fn feed(&mut self, bytes: &[u8], each: &mut dyn FnMut(Item)) -> Result<(), Error> {
        for step in bytes.chunks(STEP_BYTES) {
            self.buffer.extend_from_slice(step);
            self.read(false, each)?;
            self.buffer.drain(..self.done);
            self.offset += self.done as u64;
            self.done = 0;
        }
        Ok(())
    }

    /// There are no more bytes. What an item that was cut hides is looked through too: its
    /// length may have been what was damaged.
    pub fn finish(&mut self, each: &mut dyn FnMut(Item)) -> Result<Summary, Error> {
        self.read(true, each)?;
        self.offset += self.buffer.len() as u64;
        self.buffer.clear();
        self.done = 0;
        Ok(self.summary)
    }

    fn read(&mut self, is_end: bool, each: &mut dyn FnMut(Item)) -> Result<(), Error> {
        if !self.has_begun && !self.begin(is_end)? {
            return Ok(());
        }
        while self.done < self.buffer.len() {
            match self.look() {
                Found::Whole(bytes, item) => self.take(bytes, item, each),
                Found::Unsure if !is_end => break,
                Found::Nothing | Found::Unsure => self.skip(),
            }
            let position = self.offset + self.done as u64;
            let is_barren = position - self.summary.whole_bytes > BARREN_BYTES_MAX;
            if is_barren || self.failed > FAILED_MAX {
                return Err(Error::Hopeless);
            }
        }
        Ok(())
    }

    /// Whether the file has begun.
    fn begin(&mut self, is_end: bool) -> Result<bool, Error> {
        let known = self.buffer.len().min(MAGIC.len());
        if self.buffer[..known] != MAGIC[..known] {
            return Err(Error::NotACarryFile);
        }
        match self.buffer.get(MAGIC.len()) {
            None if is_end => Err(Error::NotACarryFile),
            None => Ok(false),
            Some(&VERSION) => {
                self.done = HEADER_BYTES;
                self.summary.whole_bytes = HEADER_BYTES as u64;
                self.has_begun = true;
                Ok(true)
            }
            Some(_) => Err(Error::Later),
        }
    }

    fn look(&mut self) -> Found {
        let rest = &self.buffer[self.done..];
        let known = rest.len().min(MARKER.len());
        if rest[..known] != MARKER[..known] {
            return Found::Nothing;
        }
        let after = &rest[known..];
        let mut cursor = Cursor::new(after);
        let Some((kind, length)) = cursor.varint().zip(cursor.varint()) else {
            let is_short = after.len() < PREFIX_BYTES_MAX;
            return if is_short {
                Found::Unsure
            } else {
                Found::Nothing
            };
        };
        let length = usize::try_from(length)
            .ok()
            .filter(|&n| n <= ITEM_BYTES_MAX);
        let Some(length) = length else {
            return Found::Nothing;
        };
        let prefix = after.len() - cursor.rest().len();
        let Some(said) = after.get(prefix + length..prefix + length + CHECK_BYTES) else {
            return Found::Unsure;
        };
        if check(&after[..prefix + length]) != said {
            self.failed += 1;
            return Found::Nothing;
        }
        let item = Item::decode(kind, &after[prefix..prefix + length]);
        Found::Whole(known + prefix + length + CHECK_BYTES, item)
    }

    fn take(&mut self, bytes: usize, item: Option<Item>, each: &mut dyn FnMut(Item)) {
        self.done += bytes;
        self.summary.whole_bytes = self.offset + self.done as u64;
        match &item {
            Some(Item::About { .. }) => {
                self.in_run = Some(0);
                self.summary.is_complete = false;
            }
            Some(Item::End(items)) => self.summary.is_complete = self.in_run == Some(*items),
            _ => self.in_run = self.in_run.map(|items| items + 1),
        }
        match item {
            Some(item) => {
                self.summary.items += 1;
                each(item);
            }
            None => self.summary.skipped += 1,
        }
    }

    /// Goes on at the next byte that may begin an item.
    fn skip(&mut self) {
        let rest = &self.buffer[self.done + 1..];
        let next = rest.iter().position(|&byte| byte == MARKER[0]);
        let skipped = 1 + next.unwrap_or(rest.len());
        self.done += skipped;
        self.summary.damaged_bytes += skipped as u64;
        self.in_run = None;
        self.summary.is_complete = false;
    }
}
