//! Bundle files: what a fire engine carries when no link does.
//!
//! Somebody plugs a stick into the tower's node, drives to the station and plugs it in
//! there. It may have been pulled out too early, dropped, or filled by a newer version:
//! whatever is whole on it is taken, the alarms first, and the next stick carries the
//! rest. Whoever finds it on the street reads nothing.
//!
//! Drawn in `docs/formats/carry.md`.
//!
//! **Boundary:** nothing here is believed because it stands in a file. The replica checks
//! each bundle as if it had come over a link.

mod export;
mod have;
mod import;

pub use export::Export;
pub use have::{Have, RUNS_MAX};
pub use import::{Import, Summary};

use twin_link::bytes::{Cursor, put_bytes, put_signed, put_varint};
use twin_link::{Bundle, Equivocation, GapCertificate, Opening, StreamId, Stub};
use twin_model::Time;

const MAGIC: &[u8; 9] = b"TWINCARRY";
const VERSION: u8 = 1;
const MARKER: [u8; 4] = [0xF5, b'T', b'W', b'C'];
const CHECK_CONTEXT: &str = "twinternet exchange 1 carry item";
const CHECK_BYTES: usize = 8;
/// Bytes before the first item.
pub const HEADER_BYTES: usize = MAGIC.len() + 1;
/// Bytes of the body of an item; a bundle has at most half of it.
pub const ITEM_BYTES_MAX: usize = 128 * 1024;
/// Items that may fail before the reader gives up: each costs it a hash.
pub const FAILED_MAX: u64 = 4096;
/// Bytes without a whole item after which the reader gives up.
pub const BARREN_BYTES_MAX: u64 = 16 << 20;

/// Why a file is not read any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It does not begin as bundle files do.
    #[error("this is not a bundle file")]
    NotACarryFile,
    /// It was written by a later version in a form that cannot be skipped.
    #[error("the bundle file is of a later version than this one reads")]
    Later,
    /// So little of it is whole that it is not worth reading on.
    #[error("the bundle file is damaged beyond use; what was whole has been taken")]
    Hopeless,
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Bundles and what belongs to them.
    Bundles = 1,
    /// What somebody has.
    Summary = 2,
}

/// One thing in a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A run of items begins here.
    About {
        /// When it was written.
        written: Time,
        /// What follows.
        holds: Holds,
    },
    /// By which what follows of a stream can be checked.
    Opening(Opening),
    /// A bundle.
    Bundle(Bundle),
    /// What is left of a bundle that has expired.
    Stub(Stub),
    /// What need not be had of a stream.
    Gap(StreamId, GapCertificate),
    /// Proof that an origin wrote two histories.
    Fork(Box<Equivocation>),
    /// What somebody has of a stream.
    Have(StreamId, have::Known),
    /// The run was written to its end, with this many items.
    End(u64),
}

impl Item {
    /// The bytes in a file, marker and check included.
    pub fn encode(&self) -> Vec<u8> {
        let (kind, body) = self.parts();
        let mut out = MARKER.to_vec();
        out.reserve(body.len() + 24);
        put_varint(&mut out, kind);
        put_bytes(&mut out, &body);
        let check = check(&out[MARKER.len()..]);
        out.extend_from_slice(&check);
        out
    }

    fn parts(&self) -> (u64, Vec<u8>) {
        let mut body = Vec::new();
        let kind = match self {
            Self::About { written, holds } => {
                put_signed(&mut body, written.0);
                body.push(*holds as u8);
                1
            }
            Self::Opening(opening) => {
                body.extend_from_slice(&opening.encode());
                2
            }
            Self::Bundle(bundle) => {
                body = bundle.encode();
                3
            }
            Self::Stub(stub) => {
                body.extend_from_slice(&stub.header.stream.0);
                put_varint(&mut body, stub.header.seq);
                body.extend_from_slice(&stub.encode());
                4
            }
            Self::Gap(stream, certificate) => {
                body.extend_from_slice(&stream.0);
                body.extend_from_slice(&certificate.encode());
                5
            }
            Self::Fork(proof) => {
                body = proof.encode();
                6
            }
            Self::Have(stream, known) => {
                body.extend_from_slice(&stream.0);
                known.put(&mut body);
                7
            }
            Self::End(items) => {
                put_varint(&mut body, *items);
                8
            }
        };
        (kind, body)
    }

    /// `None` for a kind that is not known here, or a body that is not of its form.
    fn decode(kind: u64, body: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        let item = match kind {
            1 => Self::About {
                written: Time(cursor.signed()?),
                holds: match cursor.u8()? {
                    1 => Holds::Bundles,
                    2 => Holds::Summary,
                    _ => return None,
                },
            },
            2 => return Opening::decode(body).ok().map(Self::Opening),
            3 => {
                let (bundle, rest) = Bundle::decode(body).ok()?;
                return rest.is_empty().then_some(Self::Bundle(bundle));
            }
            4 => {
                let (stream, seq) = (StreamId(cursor.array()?), cursor.varint()?);
                return Stub::decode(stream, seq, cursor.rest())
                    .ok()
                    .map(Self::Stub);
            }
            5 => {
                let stream = StreamId(cursor.array()?);
                let certificate = GapCertificate::decode(cursor.rest()).ok()?;
                return Some(Self::Gap(stream, certificate));
            }
            6 => {
                return Equivocation::decode(body)
                    .ok()
                    .map(|proof| Self::Fork(proof.into()));
            }
            7 => Self::Have(StreamId(cursor.array()?), have::Known::get(&mut cursor)?),
            8 => Self::End(cursor.varint()?),
            _ => return None,
        };
        cursor.is_empty().then_some(item)
    }
}

/// The first bytes of a file.
fn header() -> [u8; HEADER_BYTES] {
    let mut header = [VERSION; HEADER_BYTES];
    header[..MAGIC.len()].copy_from_slice(MAGIC);
    header
}

fn check(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    let mut check = [0; CHECK_BYTES];
    check.copy_from_slice(&blake3::derive_key(CHECK_CONTEXT, bytes)[..CHECK_BYTES]);
    check
}
