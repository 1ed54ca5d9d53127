//! Looks for what only readers may know, in bytes that others hold.
//!
//! Names and values in every form in which a careless hand might leave them: text of
//! several alphabets, numbers of several kinds.

use std::collections::{BTreeMap, BTreeSet};

/// Shorter patterns would be found in random bytes.
const PATTERN_BYTES_MIN: usize = 6;

/// What is looked for, by its first bytes.
#[derive(Debug, Default)]
pub struct Search {
    by_beginning: BTreeMap<[u8; PATTERN_BYTES_MIN], BTreeSet<Vec<u8>>>,
    patterns: usize,
}

impl Search {
    /// Looks for a text: plain, in UTF-16, in hexadecimal digits, in base64, backwards.
    pub fn text(&mut self, text: &str) {
        let bytes = text.as_bytes();
        self.pattern(bytes);
        self.pattern(text.to_uppercase().as_bytes());
        self.pattern(&text.bytes().rev().collect::<Vec<u8>>());
        self.pattern(&utf16(text, u16::to_le_bytes));
        self.pattern(&utf16(text, u16::to_be_bytes));
        let hex: String = bytes.iter().flat_map(|b| hex_of(*b)).collect();
        self.pattern(hex.as_bytes());
        self.pattern(hex.to_uppercase().as_bytes());
        for shift in 0..3 {
            self.pattern(base64(bytes, shift).as_bytes());
        }
    }

    /// Looks for a number: as text, as a float, as a fixed-point number.
    pub fn number(&mut self, value: f64) {
        self.pattern(&value.to_le_bytes());
        self.pattern(&value.to_be_bytes());
        let text = value.to_string();
        self.pattern(text.as_bytes());
        self.pattern(text.replace('.', ",").as_bytes());
        self.pattern(&utf16(&text, u16::to_le_bytes));
        for scale in [100.0, 1e6] {
            let fixed = libm::round(value * scale) as i64;
            self.pattern(&fixed.to_le_bytes());
            self.pattern(&fixed.to_be_bytes());
            self.pattern(fixed.to_string().as_bytes());
        }
    }

    fn pattern(&mut self, pattern: &[u8]) {
        let Some(beginning) = pattern.first_chunk() else {
            return;
        };
        let is_new = self.by_beginning.entry(*beginning).or_default();
        self.patterns += usize::from(is_new.insert(pattern.to_vec()));
    }

    /// How many patterns are looked for.
    pub fn patterns(&self) -> usize {
        self.patterns
    }

    /// The patterns that are in some bytes.
    pub fn found(&self, bytes: &[u8]) -> BTreeSet<Vec<u8>> {
        let mut found = BTreeSet::new();
        for at in 0..bytes.len() {
            let Some(beginning) = bytes[at..].first_chunk() else {
                break;
            };
            let Some(patterns) = self.by_beginning.get(beginning) else {
                continue;
            };
            let here = patterns.iter().filter(|p| bytes[at..].starts_with(p));
            found.extend(here.cloned());
        }
        found
    }
}

fn hex_of(byte: u8) -> [char; 2] {
    [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

/// Base64 (RFC 4648) of the text when so many bytes stand before it in a group of three,
/// without the digits that depend on what is around it.
fn base64(bytes: &[u8], shift: usize) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut padded = vec![0; shift];
    padded.extend_from_slice(bytes);
    let whole = padded.len() / 3 * 3;
    let digits = padded[..whole].chunks(3).flat_map(|three| {
        let all = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        [18, 12, 6, 0].map(|bits| char::from(DIGITS[(all >> bits) as usize & 63]))
    });
    let spoilt = if shift == 0 { 0 } else { shift + 1 };
    digits.skip(spoilt).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_open_is_found() {
        let mut search = Search::default();
        search.text("urn:tower-0:ward:17");
        search.number(4711.25);
        assert!(search.patterns() > 15);
        for open in [
            &b"...urn:tower-0:ward:17..."[..],
            &4711.25_f64.to_be_bytes(),
            b"value 4711.25 Pa",
            b"dXJuOnRvd2VyLTA6d2FyZDoxNw==",
            b"71:draw:0-rewot:nru",
        ] {
            assert!(!search.found(open).is_empty(), "{open:?}");
        }
        assert!(search.found(&[7; 1000]).is_empty());
        assert!(search.found(b"urn:tower-0:ward:18").is_empty());
    }
}
