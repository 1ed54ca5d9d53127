//! The interface over a real node in a directory of its own, without a port: who gets
//! what, in which form, and what every kind of bad input is told.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "expected texts are written by expect-test"
)]

mod bench;
mod bulk;
mod connections;
mod events;
mod form;
mod imports;
mod link;
mod reading;
mod sessions;
mod sources;
mod strangers;
