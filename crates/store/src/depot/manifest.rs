//! The manifest of a depot: which segments there are, so that a missing one is missed.
//!
//! The bytes are drawn in `docs/formats/depot.md`.

use super::segment::{COUNT_MAX, NUMBER_MAX, VERSION};
use crate::Error;
use crate::backend::{self, Backend, write_all_at};
use crate::codec::{Cursor, crc, put_varint, u32_at};
use std::io;

pub(super) const COPIES: [&str; 2] = ["depot-manifest-a", "depot-manifest-b"];
const MAGIC: &[u8; 8] = b"TWINDMF\0";
const HEADER_BYTES: usize = 20;
/// Some ten bytes a segment: more segments than a disk could hold.
const BYTES_MAX: u64 = 16 << 20;

/// What a depot is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) generation: u64,
    pub(super) depot: [u8; 16],
    /// Something acknowledged was found missing, and nobody has drawn the consequences.
    pub(super) lost: bool,
    /// In order of number; the last is the newest.
    pub(super) segments: Vec<Listed>,
}

/// One segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) number: u32,
    pub(super) first_group: u64,
    /// Its length; of the newest at least that.
    pub(super) bytes: u64,
    /// Damaged places that were found and told.
    pub(super) damaged: u8,
}

/// A manifest that was found, and where the next one goes.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) manifest: Option<Manifest>,
    pub(super) slots: Slots,
    /// Copies that are there and cannot be read.
    pub(super) unreadable: Vec<&'static str>,
}

/// Which copy is written next.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Slots {
    next: usize,
}

impl Slots {
    /// Reads the better copy.
    pub(super) fn read(backend: &dyn Backend) -> Result<Found, Error> {
        let mut found = Found::default();
        for (slot, name) in COPIES.into_iter().enumerate() {
            let bytes = match backend::read_small(backend, name, BYTES_MAX) {
                Ok(bytes) => bytes,
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) if e.kind() == io::ErrorKind::InvalidData => Vec::new(),
                Err(e) => return Err(Error::io(name, e)),
            };
            let Some(manifest) = Manifest::decode(&bytes, name)? else {
                found.unreadable.push(name);
                continue;
            };
            let best = found.manifest.as_ref();
            if best.is_none_or(|best| best.generation < manifest.generation) {
                found.manifest = Some(manifest);
                found.slots.next = 1 - slot;
            }
        }
        Ok(found)
    }

    /// Writes what was read once more: a process that died may have left it in memory only.
    pub(super) fn secure(self, backend: &dyn Backend, manifest: &Manifest) -> Result<(), Error> {
        write_copy(backend, COPIES[1 - self.next], manifest)
    }

    /// Writes the next generation, over the older copy. Durable on return.
    pub(super) fn write(
        &mut self,
        backend: &dyn Backend,
        manifest: &mut Manifest,
    ) -> Result<(), Error> {
        manifest.generation += 1;
        write_copy(backend, COPIES[self.next], manifest)?;
        self.next = 1 - self.next;
        Ok(())
    }
}

fn write_copy(backend: &dyn Backend, name: &str, manifest: &Manifest) -> Result<(), Error> {
    let io = |e| Error::io(name, e);
    let (file, created) = match backend.open(name) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => (backend.create(name).map_err(io)?, true),
        opened => (opened.map_err(io)?, false),
    };
    write_all_at(&*file, 0, &manifest.encode()).map_err(io)?;
    file.sync().map_err(Error::DepotStopped)?;
    if created {
        backend.sync_directory().map_err(Error::DepotStopped)?;
    }
    Ok(())
}

impl Manifest {
    fn encode(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(64 + self.segments.len() * 16);
        body.extend_from_slice(&self.generation.to_le_bytes());
        body.extend_from_slice(&self.depot);
        body.push(u8::from(self.lost));
        put_varint(&mut body, self.segments.len() as u64);
        for segment in &self.segments {
            put_varint(&mut body, u64::from(segment.number));
            put_varint(&mut body, segment.first_group);
            put_varint(&mut body, segment.bytes);
            body.push(segment.damaged);
        }
        let (version, length) = (VERSION.to_le_bytes(), (body.len() as u32).to_le_bytes());
        let crc = crc(&[&version, &length, &body]).to_le_bytes();
        [MAGIC.as_slice(), &version, &length, &crc, &body].concat()
    }

    /// `None` for a copy that is torn or damaged.
    fn decode(bytes: &[u8], name: &str) -> Result<Option<Self>, Error> {
        if bytes.len() < HEADER_BYTES || &bytes[..8] != MAGIC {
            return Ok(None);
        }
        let body = &bytes[HEADER_BYTES..];
        let Some(body) = body.get(..u32_at(bytes, 12) as usize) else {
            return Ok(None);
        };
        if crc(&[&bytes[8..16], body]) != u32_at(bytes, 16) {
            return Ok(None);
        }
        let found = u32_at(bytes, 8);
        if found != VERSION {
            return Err(Error::NewerVersion {
                file: name.to_owned(),
                found,
                known: VERSION,
            });
        }
        Ok(Self::parse(Cursor::new(body)))
    }

    fn parse(mut body: Cursor<'_>) -> Option<Self> {
        let generation = body.u64().filter(|&generation| generation <= COUNT_MAX)?;
        let mut depot = [0; 16];
        depot.copy_from_slice(body.take(16)?);
        let lost = body.u8()? != 0;
        let n = body.count(4)?;
        let mut segments: Vec<Listed> = Vec::with_capacity(n);
        for _ in 0..n {
            let segment = Listed {
                number: u32::try_from(body.varint()?).ok()?,
                first_group: body.varint()?,
                bytes: body.varint()?,
                damaged: body.u8()?,
            };
            if segment.number > NUMBER_MAX || segment.first_group > COUNT_MAX {
                return None;
            }
            if segments
                .last()
                .is_some_and(|before| before.number >= segment.number)
            {
                return None;
            }
            segments.push(segment);
        }
        body.is_empty().then_some(Self {
            generation,
            depot,
            lost,
            segments,
        })
    }
}
