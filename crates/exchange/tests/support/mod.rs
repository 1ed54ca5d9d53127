//! What the tests share: organisations with fixed keys.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(unreachable_pub, reason = "a module of several test crates")]

use std::fmt::Write as _;
use twin_exchange::{Card, Particulars, Secrets};
use twin_model::Time;

pub const NOON: Time = Time(1_795_348_800_000_000);

/// The secrets of an organisation, by a number.
pub fn secrets(number: u8) -> Secrets {
    let mut at = number;
    Secrets::draw(&mut |bytes| {
        bytes.fill(at);
        at = at.wrapping_add(100);
    })
}

pub fn particulars(name: &str) -> Particulars {
    Particulars {
        name: name.into(),
        title: format!("The {name}"),
        certificate: vec![0x30, 0x82],
        addresses: vec![format!("{name}.example:8443")],
    }
}

pub fn card(number: u8, name: &str) -> Card {
    let card = secrets(number).card(particulars(name), 1, NOON);
    card.expect("a card")
}

pub fn hex(bytes: &[u8]) -> String {
    let mut out = String::new();
    for line in bytes.chunks(32) {
        for byte in line {
            write!(out, "{byte:02x}").expect("room");
        }
        out.push('\n');
    }
    out
}
