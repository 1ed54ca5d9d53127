//! An organisation's end of the link.
//!
//! Who we are, whom we know, what we have agreed to share with whom, what has gone out and
//! what has come in. When the tower's network burns through, this is what knows that the
//! brigade has heard everything up to a quarter past, and what is still owed to it.
//!
//! It is a state machine: bytes, time and randomness come in as arguments, and changes to
//! be made durable, frames to be sent and claims to be recorded come out.
//!
//! **Invariant (PURE-CORE):** no IO, no clock, no randomness, no threads.

pub mod audience;
pub mod card;
pub mod carry;
mod circle;
pub mod coarsen;
mod contact;
mod delivery;
pub mod directory;
mod env;
mod epochs;
mod exchange;
mod inbox;
pub mod invitation;
mod ledger;
pub mod members;
mod notice;
mod outbox;
mod rows;
mod rules;

pub use card::{Card, Fingerprint, Particulars, Secrets};
pub use contact::Contact;
pub use delivery::{Delivery, Received};
pub use env::Env;
pub use exchange::{Brought, Disclosure, Error, Exchange, Openings};
pub use invitation::{Code, Invitation, Joining};
pub use members::{MemberView, Roster, Statement, Vouch};
pub use notice::{Doubt, Notice};
pub use rows::{Change, Rows};
