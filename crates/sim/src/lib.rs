//! Many nodes in one process, in virtual time, through all that goes wrong.
//!
//! The link from the tower to the brigade breaks while the alarm is being written, the
//! brigade's power fails as it arrives, somebody sets the clock back by an hour and
//! restores yesterday's backup. Here that happens ten thousand times in a few minutes, each
//! time otherwise and each time repeatable: the same seed gives the same trace, byte for
//! byte. Afterwards a checker that knows nothing of the protocol compares what was written
//! with what arrived.
//!
//! **Boundary:** NO-INVERSE-CRIME. The checker ([`ledger`]) and the oracle for vehicles
//! share nothing with the protocol; this crate alone knows both sides. Nothing depends on
//! it.

pub mod account;
pub mod bare;
pub mod cast;
pub mod clock;
pub mod dice;
pub mod fleet;
pub mod full;
pub mod history;
pub mod ledger;
pub mod measure;
pub mod mutant;
pub mod node;
pub mod oracle;
pub mod row;
pub mod search;
pub mod streets;
pub mod wire;
pub mod world;
