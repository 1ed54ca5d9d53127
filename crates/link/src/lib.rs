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
//! One node writes a stream and grants it to another, which reads it; whoever carries the
//! two bundles in between can do neither:
//!
//! ```
//! use ed25519_dalek::SigningKey;
//! use twin_link::*;
//! use twin_model::{Attribute, EntityId, SourceId, Time};
//!
//! let now = Time::parse("2026-11-22T12:00:00Z").unwrap();
//! let (node, secret) = (SigningKey::from_bytes(&[1; 32]), [1; 32]);
//! let identity = Identity {
//!     origin: OriginId([1; 16]),
//!     incarnation: Incarnation([2; 16]),
//!     audience: Audience([3; 16]),
//! };
//! let reader_secret = ReaderSecret::new(&[9; 32]);
//!
//! let mut stream = Author::open(&secret, identity, Class::LifeSafety, Keep::History);
//! stream.begin_epoch(1, SecretKey::new([4; 32]), now)?;
//! let smoke = Topic {
//!     source: SourceId::new("urn:tower:detector:7").unwrap(),
//!     entity: EntityId::new("urn:tower:room:312").unwrap(),
//!     attribute: Attribute::new("smokeDensity").unwrap(),
//!     unit: None,
//!     procedure: None,
//!     uncertainty: None,
//! };
//! let topic = stream.topic(&smoke, Some(0.8))?;
//! let records = vec![Record::reading(topic, now, 0.8)];
//! let alarm = Payload { written: now, records, ..Payload::default() };
//! let alarm = stream.append(&alarm, None, now)?.remove(0);
//!
//! let mut control = Author::open_plain(&secret, identity, Class::LifeSafety);
//! let grants = vec![stream.grant(&node, &reader_secret.recipient, &[5; 32])?];
//! let grant = Payload { written: now, grants, ..Payload::default() };
//! let grant = control.append(&grant, None, now)?.remove(0);
//!
//! // On the other side: what carriers hold, and what only the reader can open.
//! let mut replica = Replica::default();
//! for (opening, bundle) in [(stream.opening(), &alarm), (control.opening(), &grant)] {
//!     replica.introduce(opening)?;
//!     replica.check(bundle.stub())?;
//!     replica.hold(bundle)?;
//! }
//! let member = Member {
//!     node: node.verifying_key(),
//!     authority: node.verifying_key(),
//!     recipient: reader_secret.recipient.clone(),
//! };
//! let mut reader = Reader::new(reader_secret, [(identity.origin, member)].into());
//! reader.read(&grant, replica.stream(control.stream()).unwrap())?;
//! let read = reader.read(&alarm, replica.stream(stream.stream()).unwrap())?;
//! assert_eq!(read.identity, Some(identity));
//! assert_eq!(read.payload.records, [Record::reading(0, now, 0.8)]);
//! # Ok::<(), twin_link::Error>(())
//! ```
//!
//! **Invariant (SINGLE-WRITER):** one stream, one origin; two histories are proof against
//! their writer.
//! **Invariant (BOUNDED):** [`limits`] has the largest size of everything.
//! **Invariant (PURE-CORE):** no IO, no clock, no randomness, no threads.

mod author;
mod bundle;
pub mod bytes;
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
mod traffic;

pub use author::Author;
pub use bundle::{Before, Bundle, Header, NONCE_BYTES, Stub};
pub use error::Error;
pub use gap::{Gap, GapCertificate, Reason};
pub use hub::{Hub, Output, Report};
pub use id::{Audience, BundleHash, Class, Incarnation, Keep, OriginId, Peer, StreamId};
pub use keys::{Grant, Granted, ReaderSecret, Recipient, Scope, SecretKey};
pub use opening::{Identity, Opening};
pub use payload::{Payload, Record, Topic};
pub use proof::Equivocation;
pub use ranges::Ranges;
pub use reader::{Delivery, Member, Members, Reader};
pub use replica::Replica;
pub use revocation::Revocation;
pub use session::{Link, Session, Shelf};
pub use traffic::{Queued, Traffic};
