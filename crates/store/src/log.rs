//! Log files: header, frames, and where a log ends.
//!
//! The bytes are drawn in `docs/formats/log.md`. The one hard question is answered
//! here: when a frame does not check out, did the power go while it was written (then
//! nobody was told that it is safe, and the log ends there), or has the disk changed
//! what was already safe (then the store must say so and not go on)?

use crate::backend::{File, crash::SECTOR_BYTES, read_up_to};
use crate::codec::{crc_nonzero, u32_at, u64_at};
use crate::{Error, FRAME_BYTES_MAX};
use std::io;
use std::sync::Arc;

pub(crate) const VERSION: u32 = 1;
pub(crate) const HEADER_BYTES: usize = 64;
pub(crate) const FRAME_HEADER_BYTES: usize = 48;
const MAGIC: &[u8; 8] = b"TWINLOG\0";
const FRAME_MAGIC: &[u8; 4] = b"TWFR";
const ALIGNMENT: u64 = 16;
const READ_AHEAD_BYTES: usize = 1 << 20;

/// Name of the log file with that number.
pub(crate) fn name(number: u32) -> String {
    format!("log-{number:08}.log")
}

/// The number in a log file's name.
pub(crate) fn number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("log-")?.strip_suffix(".log")?;
    (digits.len() >= 8).then(|| digits.parse().ok()).flatten()
}

/// Where a frame's successor starts.
pub(crate) fn padded(bytes: u64) -> u64 {
    bytes.next_multiple_of(ALIGNMENT)
}

/// The first 64 bytes of a log file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) incarnation: u32,
    pub(crate) store: [u8; 16],
    pub(crate) first_commit: u64,
    pub(crate) first_sequence: u64,
    pub(crate) last_batch: u64,
    pub(crate) number: u32,
}

/// What the first 64 bytes of a log file turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderState {
    Good(Header, u32),
    /// Never made durable; the file holds nothing.
    Torn,
    Newer(u32),
    Damaged,
}

impl Header {
    pub(crate) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut b = [0; HEADER_BYTES];
        b[..8].copy_from_slice(MAGIC);
        b[8..12].copy_from_slice(&VERSION.to_le_bytes());
        b[12..16].copy_from_slice(&self.incarnation.to_le_bytes());
        b[16..32].copy_from_slice(&self.store);
        b[32..40].copy_from_slice(&self.first_commit.to_le_bytes());
        b[40..48].copy_from_slice(&self.first_sequence.to_le_bytes());
        b[48..56].copy_from_slice(&self.last_batch.to_le_bytes());
        b[56..60].copy_from_slice(&self.number.to_le_bytes());
        let crc = crc_nonzero(&[&b[..60]]);
        b[60..].copy_from_slice(&crc.to_le_bytes());
        b
    }

    /// The salt that ties frames to their file.
    pub(crate) fn salt(&self) -> u32 {
        u32_at(&self.encode(), 60)
    }

    pub(crate) fn read(file: &dyn File) -> io::Result<HeaderState> {
        let mut b = [0; HEADER_BYTES];
        let n = read_up_to(file, 0, &mut b)?;
        // The header lies within one sector: it is all there, or zero, or cut short.
        if n < HEADER_BYTES || b.iter().all(|&x| x == 0) {
            return Ok(HeaderState::Torn);
        }
        if &b[..8] != MAGIC || crc_nonzero(&[&b[..60]]) != u32_at(&b, 60) {
            return Ok(HeaderState::Damaged);
        }
        let version = u32_at(&b, 8);
        if version != VERSION {
            return Ok(HeaderState::Newer(version));
        }
        let mut store = [0; 16];
        store.copy_from_slice(&b[16..32]);
        let header = Self {
            incarnation: u32_at(&b, 12),
            store,
            first_commit: u64_at(&b, 32),
            first_sequence: u64_at(&b, 40),
            last_batch: u64_at(&b, 48),
            number: u32_at(&b, 56),
        };
        Ok(HeaderState::Good(header, u32_at(&b, 60)))
    }
}

/// The first 48 bytes of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub(crate) payload_bytes: u32,
    pub(crate) group_back: u32,
    pub(crate) zero_portions: u32,
    pub(crate) commit: u64,
    pub(crate) first_sequence: u64,
    pub(crate) claims: u32,
    pub(crate) payload_crc: u32,
}

impl FrameHeader {
    pub(crate) fn encode(&self, salt: u32) -> [u8; FRAME_HEADER_BYTES] {
        let mut b = [0; FRAME_HEADER_BYTES];
        b[..4].copy_from_slice(FRAME_MAGIC);
        b[4..8].copy_from_slice(&self.payload_bytes.to_le_bytes());
        b[8..12].copy_from_slice(&self.group_back.to_le_bytes());
        b[12..16].copy_from_slice(&self.zero_portions.to_le_bytes());
        b[16..24].copy_from_slice(&self.commit.to_le_bytes());
        b[24..32].copy_from_slice(&self.first_sequence.to_le_bytes());
        b[32..36].copy_from_slice(&self.claims.to_le_bytes());
        b[40..44].copy_from_slice(&self.payload_crc.to_le_bytes());
        let crc = crc_nonzero(&[&salt.to_le_bytes(), &b[..44]]);
        b[44..].copy_from_slice(&crc.to_le_bytes());
        b
    }

    fn parse(b: &[u8], salt: u32) -> Option<Self> {
        let good = b.len() == FRAME_HEADER_BYTES
            && &b[..4] == FRAME_MAGIC
            && crc_nonzero(&[&salt.to_le_bytes(), &b[..44]]) == u32_at(b, 44)
            && u32_at(b, 4) as usize <= FRAME_BYTES_MAX;
        good.then(|| Self {
            payload_bytes: u32_at(b, 4),
            group_back: u32_at(b, 8),
            zero_portions: u32_at(b, 12),
            commit: u64_at(b, 16),
            first_sequence: u64_at(b, 24),
            claims: u32_at(b, 32),
            payload_crc: u32_at(b, 40),
        })
    }

    /// Bytes from the start of this frame to the start of the next.
    pub(crate) fn stride(&self) -> u64 {
        padded(FRAME_HEADER_BYTES as u64 + u64::from(self.payload_bytes))
    }
}

/// How many sector portions of `bytes`, which lie at `offset` of their file, are all zero.
pub(crate) fn zero_portions(bytes: &[u8], offset: u64) -> u32 {
    let first = (SECTOR_BYTES - (offset % SECTOR_BYTES as u64) as usize).min(bytes.len());
    let (head, rest) = bytes.split_at(first);
    let is_zero = |portion: &[u8]| portion.iter().all(|&b| b == 0);
    u32::from(!head.is_empty() && is_zero(head))
        + rest.chunks(SECTOR_BYTES).filter(|p| is_zero(p)).count() as u32
}

/// What stands at a place in a log file.
#[derive(Debug)]
pub(crate) enum Step<'a> {
    Frame(FrameHeader, &'a [u8]),
    /// Nothing more, or something that was never acknowledged.
    End,
    Damaged(&'static str),
}

enum Kind {
    Frame(FrameHeader),
    End,
    Damaged(&'static str),
}

/// Reads frames one after the other through a window of about a mebibyte.
#[derive(Debug)]
pub(crate) struct Frames {
    file: Arc<dyn File>,
    salt: u32,
    /// Place of the next frame.
    pub(crate) offset: u64,
    /// Bytes of the file that may be read.
    length: u64,
    window: Vec<u8>,
    window_at: u64,
    /// What the next frame must be.
    commit: u64,
    sequence: u64,
}

impl Frames {
    /// From `offset`, where frame `commit` with first claim `sequence` must stand.
    pub(crate) fn new(
        file: Arc<dyn File>,
        salt: u32,
        length: u64,
        (offset, commit, sequence): (u64, u64, u64),
    ) -> Self {
        Self {
            file,
            salt,
            offset,
            length,
            window: Vec::new(),
            window_at: offset,
            commit,
            sequence,
        }
    }

    /// More of the file may be read now, up to `length`.
    pub(crate) fn reach(&mut self, length: u64) {
        if self.length != length {
            self.length = length;
            self.window.clear();
            self.window_at = self.offset;
        }
    }

    /// The commit and the first sequence that the next frame must have.
    pub(crate) fn expected(&self) -> (u64, u64) {
        (self.commit, self.sequence)
    }

    /// The next frame, checked against its checksums and its place in the order.
    pub(crate) fn next(&mut self) -> io::Result<Step<'_>> {
        Ok(match self.step()? {
            Kind::End => Step::End,
            Kind::Damaged(what) => Step::Damaged(what),
            Kind::Frame(header) => {
                let from = (self.offset - self.window_at) as usize + FRAME_HEADER_BYTES;
                self.offset += header.stride();
                self.commit += 1;
                self.sequence += u64::from(header.claims);
                Step::Frame(
                    header,
                    &self.window[from..from + header.payload_bytes as usize],
                )
            }
        })
    }

    fn step(&mut self) -> io::Result<Kind> {
        let (at, salt) = (self.offset, self.salt);
        let head = self.bytes(at, FRAME_HEADER_BYTES)?;
        if head.iter().take(ALIGNMENT as usize).all(|&b| b == 0) {
            return self.unfinished();
        }
        let Some(header) = FrameHeader::parse(head, salt) else {
            if head.len() < FRAME_HEADER_BYTES || zero_portions(head, at) > 0 {
                return self.unfinished();
            }
            return Ok(Kind::Damaged(
                "the frame header does not match its checksum",
            ));
        };
        let n = header.payload_bytes as usize;
        let frame = self.bytes(at, FRAME_HEADER_BYTES + n)?;
        let payload = &frame[FRAME_HEADER_BYTES..];
        if payload.len() < n {
            return self.unfinished();
        }
        if crc_nonzero(&[payload]) != header.payload_crc {
            let payload_at = at + FRAME_HEADER_BYTES as u64;
            if zero_portions(payload, payload_at) > header.zero_portions {
                return self.unfinished();
            }
            return Ok(Kind::Damaged("the frame does not match its checksum"));
        }
        if header.commit != self.commit || header.first_sequence != self.sequence {
            return Ok(Kind::Damaged("the frame is out of order"));
        }
        Ok(Kind::Frame(header))
    }

    /// A frame that is not all there ends the log, unless a later group stands behind it:
    /// that one was begun only after this one was safe.
    fn unfinished(&mut self) -> io::Result<Kind> {
        let bad_at = self.offset;
        let mut at = bad_at + ALIGNMENT;
        while at + FRAME_HEADER_BYTES as u64 <= self.length {
            let salt = self.salt;
            let bytes = self.bytes(at, READ_AHEAD_BYTES)?;
            if bytes.len() < FRAME_HEADER_BYTES {
                break;
            }
            let places = (bytes.len() - FRAME_HEADER_BYTES) / ALIGNMENT as usize + 1;
            for place in 0..places {
                let from = place * ALIGNMENT as usize;
                if bytes[from..from + 4] != *FRAME_MAGIC {
                    continue;
                }
                let found = FrameHeader::parse(&bytes[from..from + FRAME_HEADER_BYTES], salt);
                let group = found.map(|h| (at + from as u64).saturating_sub(h.group_back.into()));
                if group.is_some_and(|group| group > bad_at) {
                    return Ok(Kind::Damaged(
                        "acknowledged frames follow an unreadable one",
                    ));
                }
            }
            at += places as u64 * ALIGNMENT;
        }
        Ok(Kind::End)
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

/// The payload of the frame at `offset`; `None` if there is no good frame.
pub(crate) fn payload_at(file: &dyn File, salt: u32, offset: u64) -> io::Result<Option<Vec<u8>>> {
    let mut head = [0; FRAME_HEADER_BYTES];
    let n = read_up_to(file, offset, &mut head)?;
    let Some(header) = FrameHeader::parse(&head[..n], salt) else {
        return Ok(None);
    };
    let mut payload = vec![0; header.payload_bytes as usize];
    let n = read_up_to(file, offset + FRAME_HEADER_BYTES as u64, &mut payload)?;
    let good = n == payload.len() && crc_nonzero(&[&payload]) == header.payload_crc;
    Ok(good.then_some(payload))
}

/// The same as a coded error.
pub(crate) fn damaged(file: &str, offset: u64, what: &str) -> Error {
    Error::LogDamaged {
        file: file.to_owned(),
        offset,
        what: what.to_owned(),
    }
}
