//! The manifest: what a store is made of besides its log.
//!
//! A small file that says whose life this is (store id, incarnations), which history
//! segments exist and with which checksums, and what was erased and why. It stands
//! twice on the disk, so that a flipped bit in one copy loses nothing. The bytes are
//! drawn in `docs/formats/segment.md`.

use crate::Error;
use crate::backend::{self, Backend};
use crate::codec::{Cursor, crc, put_bytes, put_signed, put_varint, u32_at};
use std::io;
use twin_model::catalogue::Retention;
use twin_model::{CommitNumber, Time};

const VERSION: u32 = 1;
const MAGIC: &[u8; 8] = b"TWINMAN\0";
const HEADER_BYTES: usize = 16;
pub(crate) const COPIES: [&str; 2] = ["manifest-a", "manifest-b"];
/// A manifest line is some 150 bytes; this is a million segments.
const BYTES_MAX: u64 = 256 << 20;

/// What the store is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// Counts every change; the copy with the larger number is the newer one.
    pub(crate) generation: u64,
    pub(crate) store: [u8; 16],
    /// The lives of the store: a restored backup begins a new one.
    pub(crate) incarnation: u32,
    /// Log files that were turned into segments, in order.
    pub(crate) sealed: Vec<Sealed>,
    pub(crate) erasures: Vec<ErasureRecord>,
    /// An erasure that was begun and perhaps not finished: the twin and the reason.
    pub(crate) erasing: Option<Erasing>,
}

/// One log file's worth of claims as Parquet files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sealed {
    pub(crate) log_number: u32,
    pub(crate) next_commit: u64,
    pub(crate) first_sequence: u64,
    pub(crate) next_sequence: u64,
    /// Claims taken out because their time was over.
    pub(crate) expired: u64,
    /// Claims taken out because their subject was erased.
    pub(crate) erased: u64,
    pub(crate) segments: Vec<Segment>,
}

/// One Parquet file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) name: String,
    pub(crate) class: Retention,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    pub(crate) crc: u32,
    pub(crate) observed_min: Time,
    pub(crate) observed_max: Time,
    /// Smallest and largest sequence number inside.
    pub(crate) sequences: (u64, u64),
}

/// What stays of an erased subject: that there was one, when and why it was erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureRecord {
    /// Keyed hash (BLAKE3, key derived from the store id) of the twin's URI: who knows
    /// the URI can check that it was erased, and nobody can read it from here.
    pub subject: [u8; 32],
    /// Why, in the words of whoever ordered it.
    pub reason: String,
    /// When it was ordered.
    pub at: Time,
    /// Claims taken out.
    pub claims: u64,
    /// Up to which commit. The next snapshot completes the erasure; until then older
    /// snapshots still stand on the disk.
    pub through: CommitNumber,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Erasing {
    pub(crate) entity: String,
    pub(crate) reason: String,
    pub(crate) at: Time,
    pub(crate) through: u64,
    /// Claims taken out so far.
    pub(crate) claims: u64,
}

/// What was found on the disk.
#[derive(Debug)]
pub(crate) enum Found {
    Nothing,
    /// The manifest, and what was wrong with a copy.
    Manifest(Manifest, Option<String>),
}

impl Manifest {
    pub(crate) fn new(store: [u8; 16]) -> Self {
        Self {
            generation: 0,
            store,
            incarnation: 1,
            sealed: Vec::new(),
            erasures: Vec::new(),
            erasing: None,
        }
    }

    /// The newest readable copy.
    pub(crate) fn load(backend: &dyn Backend) -> Result<Found, Error> {
        let copies = COPIES.map(|name| read_copy(backend, name));
        let [a, b] = copies;
        let (a, b) = (a?, b?);
        Ok(match (a, b) {
            (Copy::Good(a), Copy::Good(b)) if b.generation > a.generation => {
                Found::Manifest(b, None)
            }
            (Copy::Good(a), Copy::Good(_)) => Found::Manifest(a, None),
            (Copy::Good(good), other) | (other, Copy::Good(good)) => {
                let problem = match other {
                    Copy::Bad(what) => what,
                    _ => "a copy of the manifest is missing".to_owned(),
                };
                Found::Manifest(good, Some(problem))
            }
            (Copy::None, Copy::None) => Found::Nothing,
            (Copy::Bad(what), _) | (_, Copy::Bad(what)) => {
                return Err(Error::ManifestDamaged { what });
            }
        })
    }

    /// Makes this the manifest on the disk, with a new generation.
    pub(crate) fn save(&mut self, backend: &dyn Backend) -> Result<(), Error> {
        self.generation += 1;
        let bytes = self.encode();
        for name in COPIES {
            backend::replace(backend, name, &bytes).map_err(|e| Error::io(name, e))?;
        }
        Ok(())
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut body = Vec::new();
        put_varint(&mut body, self.generation);
        body.extend_from_slice(&self.store);
        put_varint(&mut body, u64::from(self.incarnation));
        put_varint(&mut body, self.sealed.len() as u64);
        for sealed in &self.sealed {
            sealed.put(&mut body);
        }
        put_varint(&mut body, self.erasures.len() as u64);
        for record in &self.erasures {
            record.put(&mut body);
        }
        body.push(u8::from(self.erasing.is_some()));
        if let Some(erasing) = &self.erasing {
            erasing.put(&mut body);
        }
        let mut out = Vec::with_capacity(HEADER_BYTES + body.len());
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&crc(&[&VERSION.to_le_bytes(), &body]).to_le_bytes());
        out.extend_from_slice(&body);
        out
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut c = Cursor::new(bytes);
        let generation = c.varint()?;
        let mut store = [0; 16];
        store.copy_from_slice(c.take(16)?);
        let manifest = Self {
            generation,
            store,
            incarnation: u32::try_from(c.varint()?).ok()?,
            sealed: list(&mut c, Sealed::take)?,
            erasures: list(&mut c, ErasureRecord::take)?,
            erasing: match c.u8()? {
                0 => None,
                _ => Some(Erasing::take(&mut c)?),
            },
        };
        c.is_empty().then_some(manifest)
    }
}

fn list<T>(c: &mut Cursor<'_>, take: impl Fn(&mut Cursor<'_>) -> Option<T>) -> Option<Vec<T>> {
    let n = c.count(4)?;
    (0..n).map(|_| take(c)).collect()
}

impl Sealed {
    fn put(&self, out: &mut Vec<u8>) {
        put_varint(out, u64::from(self.log_number));
        put_varint(out, self.next_commit);
        put_varint(out, self.first_sequence);
        put_varint(out, self.next_sequence);
        put_varint(out, self.expired);
        put_varint(out, self.erased);
        put_varint(out, self.segments.len() as u64);
        for segment in &self.segments {
            put_bytes(out, segment.name.as_bytes());
            out.push(class_number(segment.class));
            put_varint(out, segment.rows);
            put_varint(out, segment.bytes);
            out.extend_from_slice(&segment.crc.to_le_bytes());
            put_signed(out, segment.observed_min.0);
            put_signed(out, segment.observed_max.0);
            put_varint(out, segment.sequences.0);
            put_varint(out, segment.sequences.1);
        }
    }

    fn take(c: &mut Cursor<'_>) -> Option<Self> {
        Some(Self {
            log_number: u32::try_from(c.varint()?).ok()?,
            next_commit: c.varint()?,
            first_sequence: c.varint()?,
            next_sequence: c.varint()?,
            expired: c.varint()?,
            erased: c.varint()?,
            segments: list(c, |c| {
                Some(Segment {
                    name: c.text()?.to_owned(),
                    class: *Retention::ALL.get(usize::from(c.u8()?))?,
                    rows: c.varint()?,
                    bytes: c.varint()?,
                    crc: c.u32()?,
                    observed_min: Time(c.signed()?),
                    observed_max: Time(c.signed()?),
                    sequences: (c.varint()?, c.varint()?),
                })
            })?,
        })
    }
}

fn class_number(class: Retention) -> u8 {
    match class {
        Retention::Structure => 0,
        Retention::Telemetry => 1,
        Retention::Personal => 2,
    }
}

impl ErasureRecord {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.subject);
        put_bytes(out, self.reason.as_bytes());
        put_signed(out, self.at.0);
        put_varint(out, self.claims);
        put_varint(out, self.through.0);
    }

    fn take(c: &mut Cursor<'_>) -> Option<Self> {
        let mut subject = [0; 32];
        subject.copy_from_slice(c.take(32)?);
        Some(Self {
            subject,
            reason: c.text()?.to_owned(),
            at: Time(c.signed()?),
            claims: c.varint()?,
            through: CommitNumber(c.varint()?),
        })
    }
}

impl Erasing {
    fn put(&self, out: &mut Vec<u8>) {
        put_bytes(out, self.entity.as_bytes());
        put_bytes(out, self.reason.as_bytes());
        put_signed(out, self.at.0);
        put_varint(out, self.through);
        put_varint(out, self.claims);
    }

    fn take(c: &mut Cursor<'_>) -> Option<Self> {
        Some(Self {
            entity: c.text()?.to_owned(),
            reason: c.text()?.to_owned(),
            at: Time(c.signed()?),
            through: c.varint()?,
            claims: c.varint()?,
        })
    }
}

enum Copy {
    Good(Manifest),
    Bad(String),
    None,
}

fn read_copy(backend: &dyn Backend, name: &str) -> Result<Copy, Error> {
    let bytes = match backend::read_small(backend, name, BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Copy::None),
        Err(e) => return Ok(Copy::Bad(format!("`{name}`: {e}"))),
    };
    if bytes.len() < HEADER_BYTES || bytes[..8] != *MAGIC {
        return Ok(Copy::Bad(format!("`{name}` is not a manifest")));
    }
    let (version, body) = (u32_at(&bytes, 8), &bytes[HEADER_BYTES..]);
    if crc(&[&bytes[8..12], body]) != u32_at(&bytes, 12) {
        return Ok(Copy::Bad(format!("`{name}` does not match its checksum")));
    }
    if version > VERSION {
        return Err(Error::NewerVersion {
            file: name.to_owned(),
            found: version,
            known: VERSION,
        });
    }
    Ok(match Manifest::decode(body) {
        Some(manifest) => Copy::Good(manifest),
        None => Copy::Bad(format!(
            "`{name}` cannot be read although its checksum is right"
        )),
    })
}
