//! How claims travel from node to node when links fail.
//!
//! A fire brigade's vehicle drives from a building without a working network to the
//! station and brings along what the building had to say: sealed, so that nobody on the
//! way can read it, signed, so that nobody can change it, and numbered, so that everybody
//! can tell what is missing. Over a radio of 9.6 kbit/s the alarm goes before the room
//! temperatures. This crate decides what is sent, when, to whom, and what is believed.
//!
//! It is a state machine: bytes, time and randomness come in as arguments, bytes and
//! requests to store come out. Sockets, disks and clocks live elsewhere. The formats are
//! drawn in `docs/formats/link.md`.
//!
//! **Invariant (SINGLE-WRITER):** one stream, one origin; two histories are proof against
//! their writer.
//! **Invariant (BOUNDED):** [`limits`] has the largest size of everything.
//! **Invariant (PURE-CORE):** no IO, no clock, no randomness, no threads.

mod author;
mod bundle;
mod bytes;
mod error;
mod flight;
pub mod frame;
mod gap;
pub mod hub;
mod id;
mod incoming;
mod keys;
pub mod limits;
mod newest;
mod opening;
mod outgoing;
pub mod payload;
mod proof;
mod ranges;
pub mod reader;
pub mod replica;
mod revocation;
pub mod schedule;
pub mod session;

pub use author::Author;
pub use bundle::{Bundle, Header, NONCE_BYTES, Stub};
pub use error::Error;
pub use gap::{Gap, GapCertificate, Reason};
pub use hub::{Hub, Output, Peer, Report};
pub use id::{Audience, BundleHash, Class, Incarnation, Keep, OriginId, StreamId};
pub use keys::{Grant, Granted, ReaderSecret, Recipient, Scope, SecretKey};
pub use opening::{Identity, Opening};
pub use payload::{Payload, Record, Topic};
pub use proof::Equivocation;
pub use ranges::Ranges;
pub use reader::{Delivery, Member, Members, Reader};
pub use replica::Replica;
pub use revocation::Revocation;
pub use session::{Link, Session, Shelf};
