//! A small house, written out, and what becomes of it when it is changed, damaged or cut short.
#![allow(
    clippy::needless_raw_string_hashes,
    reason = "expectations are written by the tool"
)]

mod arbitrary;
mod damage;
mod described;
mod georeference;
mod house;
mod joined;
#[path = "../told/mod.rs"]
mod told;
