//! The words every other part of Twinternet is written in.
//!
//! A *claim* is one statement by one source about one attribute of one twin:
//! "the sensor in room 3.12 says 21.4 °C, seen at 10:03". An *estimate* is what
//! a node believes after weighing the claims: a value with its uncertainty, its
//! age and the claims it stands on. This crate holds those words and the
//! catalogue that says, per attribute, how claims become an estimate.
//!
//! **Invariant (PURE-CORE):** no IO, no clock, no randomness, no threads, and no
//! wire format: serialisation lives in the outer crates and in the codecs of the
//! store.
//! **Invariant (UNKNOWN-IS-A-VALUE):** nothing here has a default that could be
//! mistaken for a measurement. Unknown, absent, not applicable and withheld are
//! different variants.

pub mod caller;
pub mod catalogue;
pub mod claim;
pub mod distribution;
pub mod estimate;
pub mod finding;
pub mod health;
pub mod id;
pub mod naming;
pub mod time;
pub mod unit;
pub mod urgency;
pub mod value;

pub use caller::{Caller, Principal, Role};
pub use catalogue::{AttributeSpec, Catalogue, Estimator};
pub use claim::{Act, Claim, Stated, Statement, Uncertainty};
pub use distribution::Distribution;
pub use estimate::{Basis, Contributor, Estimate, Flag, Flags, Knowledge, Summary};
pub use finding::{Code, Finding, Location, Severity};
pub use health::{HealthState, SourceHealth};
pub use id::{Attribute, BatchId, ClaimId, CommitNumber, EntityId, SourceId};
pub use time::{Interval, Time};
pub use unit::Unit;
pub use urgency::Urgency;
pub use value::{EntityKind, Point, Polygon, Value};
