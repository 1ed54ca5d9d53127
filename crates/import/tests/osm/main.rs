//! Small maps, written out, and what becomes of them when they are changed, damaged or cut short.
#![allow(
    clippy::needless_raw_string_hashes,
    reason = "expectations are written by the tool"
)]

mod arbitrary;
mod buildings;
mod files;
mod indoor;
mod map;
mod pbf;
mod streets;
#[path = "../told/mod.rs"]
mod told;
