//! Houses with rooms, written out corner by corner: what becomes of their storeys, rooms, doors
//! and stairs, and what is found when they are wrong.
#![allow(
    clippy::needless_raw_string_hashes,
    reason = "expectations are written by the tool"
)]

mod damage;
mod house;
mod rooms;
#[path = "../told/mod.rs"]
mod told;
