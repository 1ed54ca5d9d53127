//! Segments of a depot: file header, groups, and how to read them past a damaged one.
//!
//! The bytes are drawn in `docs/formats/depot.md`.

use super::index::RowAt;
use super::{GROUP_BYTES_MAX, GROUP_ROWS_MAX, KEY_BYTES_MAX, VALUE_BYTES_MAX};
use crate::backend::{File, read_up_to};
use crate::codec::{Cursor, crc, crc_nonzero, u32_at, u64_at};
use crate::log::{padded, zero_portions};
use std::io;
use std::sync::Arc;

pub(super) const VERSION: u32 = 1;
pub(super) const HEADER_BYTES: usize = 64;
pub(super) const GROUP_HEADER_BYTES: usize = 48;
/// Bytes of a table row beside its key.
pub(super) const ROW_BYTES: usize = 10;
/// More segments and groups than these no depot will ever see: what claims to have more is
/// damaged, and counting on cannot overflow.
pub(super) const NUMBER_MAX: u32 = u32::MAX / 2;
pub(super) const COUNT_MAX: u64 = u64::MAX / 2;
const MAGIC: &[u8; 8] = b"TWINDEP\0";
const GROUP_MAGIC: &[u8; 4] = b"TWGR";
const ALIGNMENT: u64 = 16;
const READ_AHEAD_BYTES: usize = 256 << 10;
const PUT: u8 = 1;
const DELETE: u8 = 2;

/// Name of the segment with that number.
pub(super) fn name(number: u32) -> String {
    format!("depot-{number:08}.seg")
}

/// The number in a segment's name.
pub(super) fn number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("depot-")?.strip_suffix(".seg")?;
    let number = digits.parse().ok().filter(|&number| number <= NUMBER_MAX);
    number.filter(|_| digits.len() >= 8)
}

/// The first 64 bytes of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) number: u32,
    pub(super) depot: [u8; 16],
    pub(super) first_group: u64,
}

/// What the first 64 bytes of a segment turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeaderState {
    Good(Header),
    Newer(u32),
    Bad,
}

impl Header {
    pub(super) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut b = [0; HEADER_BYTES];
        b[..8].copy_from_slice(MAGIC);
        b[8..12].copy_from_slice(&VERSION.to_le_bytes());
        b[12..16].copy_from_slice(&self.number.to_le_bytes());
        b[16..32].copy_from_slice(&self.depot);
        b[32..40].copy_from_slice(&self.first_group.to_le_bytes());
        let crc = crc_nonzero(&[&b[..60]]);
        b[60..].copy_from_slice(&crc.to_le_bytes());
        b
    }

    /// Ties groups to their file.
    pub(super) fn salt(&self) -> u32 {
        u32_at(&self.encode(), 60)
    }

    pub(super) fn read(file: &dyn File) -> io::Result<HeaderState> {
        let mut b = [0; HEADER_BYTES];
        let n = read_up_to(file, 0, &mut b)?;
        if n < HEADER_BYTES || &b[..8] != MAGIC || crc_nonzero(&[&b[..60]]) != u32_at(&b, 60) {
            return Ok(HeaderState::Bad);
        }
        let version = u32_at(&b, 8);
        if version != VERSION {
            return Ok(HeaderState::Newer(version));
        }
        let mut depot = [0; 16];
        depot.copy_from_slice(&b[16..32]);
        Ok(HeaderState::Good(Self {
            number: u32_at(&b, 12),
            depot,
            first_group: u64_at(&b, 32),
        }))
    }
}

/// The first 48 bytes of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GroupHeader {
    pub(super) table_bytes: u32,
    pub(super) values_bytes: u32,
    pub(super) zero_portions: u32,
    pub(super) group: u64,
    pub(super) rows: u32,
    pub(super) table_crc: u32,
}

impl GroupHeader {
    fn encode(&self, salt: u32) -> [u8; GROUP_HEADER_BYTES] {
        let mut b = [0; GROUP_HEADER_BYTES];
        b[..4].copy_from_slice(GROUP_MAGIC);
        b[4..8].copy_from_slice(&self.table_bytes.to_le_bytes());
        b[8..12].copy_from_slice(&self.values_bytes.to_le_bytes());
        b[12..16].copy_from_slice(&self.zero_portions.to_le_bytes());
        b[16..24].copy_from_slice(&self.group.to_le_bytes());
        b[24..28].copy_from_slice(&self.rows.to_le_bytes());
        b[28..32].copy_from_slice(&self.table_crc.to_le_bytes());
        let crc = crc_nonzero(&[&salt.to_le_bytes(), &b[..44]]);
        b[44..].copy_from_slice(&crc.to_le_bytes());
        b
    }

    fn parse(b: &[u8], salt: u32) -> Option<Self> {
        let good = b.len() == GROUP_HEADER_BYTES
            && &b[..4] == GROUP_MAGIC
            && crc_nonzero(&[&salt.to_le_bytes(), &b[..44]]) == u32_at(b, 44);
        let header = good.then(|| Self {
            table_bytes: u32_at(b, 4),
            values_bytes: u32_at(b, 8),
            zero_portions: u32_at(b, 12),
            group: u64_at(b, 16),
            rows: u32_at(b, 24),
            table_crc: u32_at(b, 28),
        })?;
        let fits = header.payload_bytes() <= GROUP_BYTES_MAX as u64
            && header.rows as usize <= GROUP_ROWS_MAX
            && header.group <= COUNT_MAX;
        fits.then_some(header)
    }

    fn payload_bytes(&self) -> u64 {
        u64::from(self.table_bytes) + u64::from(self.values_bytes)
    }

    /// Bytes from the start of this group to the start of the next.
    fn stride(&self) -> u64 {
        padded(GROUP_HEADER_BYTES as u64 + self.payload_bytes())
    }
}

/// A row of a group's table, and where its parts stand in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row<'a> {
    pub(super) key: &'a [u8],
    /// `None` for a delete.
    pub(super) value: Option<ValueAt>,
    /// Where the row of the table stands.
    pub(super) offset: u32,
}

impl Row<'_> {
    /// What the index holds of it.
    pub(super) fn at(&self) -> RowAt {
        self.value.map_or(RowAt::Delete(self.offset), RowAt::Put)
    }
}

/// Where a value stands in its segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ValueAt {
    pub(super) offset: u32,
    pub(super) bytes: u32,
    pub(super) crc: u32,
}

/// Appends a group to `out`, which will stand at `offset` of its file.
pub(super) fn encode_group<'a>(
    rows: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + Clone,
    group: u64,
    salt: u32,
    offset: u64,
    out: &mut Vec<u8>,
) {
    out.clear();
    out.resize(GROUP_HEADER_BYTES, 0);
    let mut count = 0;
    for (key, value) in rows.clone() {
        out.push(if value.is_some() { PUT } else { DELETE });
        out.push(key.len() as u8);
        out.extend_from_slice(&(value.map_or(0, <[u8]>::len) as u32).to_le_bytes());
        out.extend_from_slice(&value.map_or(0, |value| crc(&[value])).to_le_bytes());
        out.extend_from_slice(key);
        count += 1;
    }
    let table_until = out.len();
    for value in rows.filter_map(|(_, value)| value) {
        out.extend_from_slice(value);
    }
    let payload = &out[GROUP_HEADER_BYTES..];
    let header = GroupHeader {
        table_bytes: (table_until - GROUP_HEADER_BYTES) as u32,
        values_bytes: (out.len() - table_until) as u32,
        zero_portions: zero_portions(payload, offset + GROUP_HEADER_BYTES as u64),
        group,
        rows: count,
        table_crc: crc(&[&out[GROUP_HEADER_BYTES..table_until]]),
    };
    out[..GROUP_HEADER_BYTES].copy_from_slice(&header.encode(salt));
    out.resize(padded(out.len() as u64) as usize, 0);
}

/// The rows of a table, for a group at `at`; `None` where it is not as drawn.
fn parse_table<'a>(table: &'a [u8], header: &GroupHeader, at: u64) -> Option<Vec<Row<'a>>> {
    let table_at = at + GROUP_HEADER_BYTES as u64;
    let mut value_at = table_at + table.len() as u64;
    let end = value_at + u64::from(header.values_bytes);
    let mut rows = Vec::with_capacity((header.rows as usize).min(table.len() / ROW_BYTES));
    let mut cursor = Cursor::new(table);
    while !cursor.is_empty() {
        let offset = table_at + (table.len() - cursor.rest().len()) as u64;
        let (kind, key_bytes) = (cursor.u8()?, cursor.u8()? as usize);
        let (bytes, crc) = (cursor.u32()?, cursor.u32()?);
        let key = cursor.take(key_bytes)?;
        let fits = (1..=KEY_BYTES_MAX).contains(&key_bytes) && bytes as usize <= VALUE_BYTES_MAX;
        let value = match kind {
            PUT if fits => Some(ValueAt {
                offset: u32::try_from(value_at).ok()?,
                bytes,
                crc,
            }),
            DELETE if fits && bytes == 0 => None,
            _ => return None,
        };
        value_at += u64::from(bytes);
        let offset = u32::try_from(offset).ok()?;
        rows.push(Row { key, value, offset });
    }
    (value_at == end && rows.len() == header.rows as usize).then_some(rows)
}

/// What stands at a place in a segment.
#[derive(Debug)]
pub(super) enum Step<'a> {
    Group {
        rows: Vec<Row<'a>>,
        /// Whether the values that were looked at match their checksums.
        values_good: bool,
    },
    /// Nothing more, or something that was never acknowledged.
    End,
    /// From here to where reading goes on, or to the end, something is wrong.
    Damaged { at: u64, what: &'static str },
}

enum Kind {
    Group(GroupHeader, bool),
    End,
    Damaged(&'static str, Option<u64>),
}

/// How closely a segment is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Every byte, because the end may be torn.
    Newest,
    /// Only what says where the values are; nothing is torn there.
    Closed,
}

/// Reads groups one after the other, through a window on the file.
#[derive(Debug)]
pub(super) struct Groups {
    file: Arc<dyn File>,
    salt: u32,
    look: Look,
    /// Place of the next group.
    pub(super) offset: u64,
    /// Number that the next group has at least.
    pub(super) group: u64,
    length: u64,
    window: Vec<u8>,
    window_at: u64,
}

impl Groups {
    /// From `offset` to `length`, where the next group is `group` or a later one.
    pub(super) fn new(
        file: Arc<dyn File>,
        salt: u32,
        (offset, group): (u64, u64),
        length: u64,
        look: Look,
    ) -> Self {
        Self {
            file,
            salt,
            look,
            offset,
            group,
            length,
            window: Vec::new(),
            window_at: offset,
        }
    }

    /// The next group, or what is wrong where it should stand.
    pub(super) fn next(&mut self) -> io::Result<Step<'_>> {
        let at = self.offset;
        match self.step()? {
            Kind::End => Ok(Step::End),
            Kind::Damaged(what, goes_on) => {
                self.offset = goes_on.unwrap_or(self.length);
                Ok(Step::Damaged { at, what })
            }
            Kind::Group(header, values_good) => {
                self.offset = at + header.stride();
                self.group = header.group + 1;
                let bytes = self.bytes(at, GROUP_HEADER_BYTES + header.table_bytes as usize)?;
                let rows = parse_table(&bytes[GROUP_HEADER_BYTES..], &header, at);
                Ok(match rows {
                    Some(rows) => Step::Group { rows, values_good },
                    None => Step::Damaged {
                        at,
                        what: "the table is not as drawn",
                    },
                })
            }
        }
    }

    fn step(&mut self) -> io::Result<Kind> {
        let (at, salt) = (self.offset, self.salt);
        if at >= self.length {
            return Ok(Kind::End);
        }
        let head = self.bytes(at, GROUP_HEADER_BYTES)?;
        let Some(header) = GroupHeader::parse(head, salt) else {
            let torn = head.len() < GROUP_HEADER_BYTES
                || head.iter().take(ALIGNMENT as usize).all(|&b| b == 0)
                || zero_portions(head, at) > 0;
            return self.broken(torn, at, "the group header does not match its checksum");
        };
        if header.group < self.group {
            return self.broken(false, at, "the group is out of order");
        }
        let payload_at = at + GROUP_HEADER_BYTES as u64;
        if payload_at + header.payload_bytes() > self.length {
            return self.broken(true, at, "the group is cut short");
        }
        let (next, newest) = (at + header.stride(), self.look == Look::Newest);
        let n = if newest {
            header.payload_bytes()
        } else {
            u64::from(header.table_bytes)
        };
        let group = self.bytes(at, GROUP_HEADER_BYTES + n as usize)?;
        let payload = &group[GROUP_HEADER_BYTES..];
        if payload.len() < n as usize {
            return self.broken(true, at, "the group is cut short");
        }
        let table = &payload[..header.table_bytes as usize];
        let torn = newest && zero_portions(payload, payload_at) > header.zero_portions;
        if crc(&[table]) != header.table_crc {
            return self.broken(torn, next, "the group does not match its checksum");
        }
        let rows = if newest {
            parse_table(table, &header, at)
        } else {
            None
        };
        let values_good = rows.is_none_or(|rows: Vec<Row<'_>>| values_are_good(&rows, at, group));
        if !values_good && torn && self.find(next)?.is_none() {
            return Ok(Kind::End);
        }
        Ok(Kind::Group(header, values_good))
    }

    /// A group that does not check out: the end if it can be torn and nothing follows,
    /// otherwise damage. Reading goes on with the next good group from `from` on.
    fn broken(&mut self, torn: bool, from: u64, what: &'static str) -> io::Result<Kind> {
        let from = from.max(self.offset + ALIGNMENT);
        let goes_on = self.find(from)?;
        if torn && goes_on.is_none() && self.look == Look::Newest {
            return Ok(Kind::End);
        }
        Ok(Kind::Damaged(what, goes_on))
    }

    /// The place of the next good group header from `at` on.
    fn find(&mut self, mut at: u64) -> io::Result<Option<u64>> {
        let (salt, group) = (self.salt, self.group);
        at = at.next_multiple_of(ALIGNMENT);
        while at + GROUP_HEADER_BYTES as u64 <= self.length {
            let bytes = self.bytes(at, READ_AHEAD_BYTES)?;
            if bytes.len() < GROUP_HEADER_BYTES {
                break;
            }
            let places = (bytes.len() - GROUP_HEADER_BYTES) / ALIGNMENT as usize + 1;
            for from in (0..places).map(|place| place * ALIGNMENT as usize) {
                if bytes[from..from + 4] != *GROUP_MAGIC {
                    continue;
                }
                let header = GroupHeader::parse(&bytes[from..from + GROUP_HEADER_BYTES], salt);
                if header.is_some_and(|header| header.group > group) {
                    return Ok(Some(at + from as u64));
                }
            }
            at += places as u64 * ALIGNMENT;
        }
        Ok(None)
    }

    /// Up to `n` bytes from `at`; fewer only at the end of the file.
    fn bytes(&mut self, at: u64, n: usize) -> io::Result<&[u8]> {
        let n = (self.length.saturating_sub(at)).min(n as u64) as usize;
        let inside =
            at >= self.window_at && at + n as u64 <= self.window_at + self.window.len() as u64;
        if !inside {
            let wanted = n.max(READ_AHEAD_BYTES) as u64;
            let wanted = wanted.min(self.length.saturating_sub(at)) as usize;
            self.window.resize(wanted, 0);
            let got = read_up_to(&*self.file, at, &mut self.window)?;
            self.window.truncate(got);
            self.window_at = at;
        }
        let from = (at - self.window_at) as usize;
        let until = (from + n).min(self.window.len());
        Ok(&self.window[from.min(until)..until])
    }
}

/// Whether the values in `group`, the bytes from `at` on, match their checksums.
fn values_are_good(rows: &[Row<'_>], at: u64, group: &[u8]) -> bool {
    rows.iter().filter_map(|row| row.value).all(|value| {
        let from = value.offset as usize - at as usize;
        crc(&[&group[from..from + value.bytes as usize]]) == value.crc
    })
}
