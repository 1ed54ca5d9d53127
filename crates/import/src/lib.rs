//! Files of others in, claims and findings out.
//!
//! Whoever owns a building has files about it, made by other people's programs. This crate reads
//! them and says what they say: statements about storeys, rooms and doors, each with where it
//! comes from, and a list of findings for everything that was wrong, doubtful or missing. One
//! module per standard; each accepts any bytes whatsoever.
//!
//! **Invariant (PURE-CORE):** bytes in, statements out; no IO, no clock, no store.

pub mod cityjson;
pub mod crs;
pub mod csv;
pub mod geojson;
pub mod ifc;
pub mod osm;
pub mod points;
pub mod step;

mod common;
mod findings;
mod format;
mod outline;
mod writer;

pub use common::{Facet, FacetStatements, Imported, Mint, Options};
pub use format::Format;
