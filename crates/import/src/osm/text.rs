//! Values that mappers write by hand: levels, heights, numbers of storeys, addresses.

use super::elements::{Key, Tags};

/// Levels that one thing may be on; the tallest building has fewer than 200.
const LEVELS_MAX: usize = 250;

/// A level in hundredths, so that the mezzanine `0.5` lies between 0 and 1 and levels can be
/// compared. Level 0 is the one at the street (OpenStreetMap wiki, "Key:level").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Level(pub(super) i32);

impl Level {
    /// As it would be written by hand: `-1`, `0.5`.
    pub(super) fn text(self) -> String {
        format!("{}", f64::from(self.0) / 100.0)
    }

    /// Whether it is a storey of its own and no landing or mezzanine between two.
    pub(super) fn is_whole(self) -> bool {
        self.0 % 100 == 0
    }
}

/// Levels as tagged: `0`, `-1;0`, `0-3`, `-2--1`; sorted, without repeats. `None` where that is
/// not what stands there.
pub(super) fn levels(text: &str) -> Option<Vec<Level>> {
    let mut levels = Vec::new();
    for item in text.split([';', ',']) {
        let item = item.trim();
        // A minus that begins the item is a sign; the next one, if any, says "to".
        let to = item.char_indices().skip(1).find(|(_, c)| *c == '-');
        match to {
            None => levels.push(level(item)?),
            Some((at, _)) => {
                let (low, high) = (level(&item[..at])?, level(&item[at + 1..])?);
                let (low, high) = (low.min(high), low.max(high));
                let range = (low.0..=high.0).step_by(100).map(Level);
                levels.extend(range.take(LEVELS_MAX + 1));
            }
        }
        if levels.len() > LEVELS_MAX {
            return None;
        }
    }
    levels.sort_unstable();
    levels.dedup();
    Some(levels)
}

fn level(text: &str) -> Option<Level> {
    let number: f64 = plain_number(text)?;
    (number.abs() <= 1000.0).then(|| Level((number * 100.0).round() as i32))
}

/// A number without exponent, sign before it allowed.
fn plain_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let is_plain = text
        .bytes()
        .all(|b| b.is_ascii_digit() || b"+-.".contains(&b));
    text.parse().ok().filter(|_| is_plain)
}

/// A length in metres: `12`, `12.5 m`, `40 ft`, `7'4"` (OpenStreetMap wiki, "Map features/Units").
pub(super) fn metres(text: &str) -> Option<f64> {
    const FOOT_M: f64 = 0.3048;
    const INCH_M: f64 = 0.0254;
    let text = text.trim();
    if let Some((feet, inches)) = text.split_once('\'') {
        let inches = inches.trim().trim_end_matches('"');
        let inches = if inches.is_empty() {
            0.0
        } else {
            plain_number(inches)?
        };
        return Some(plain_number(feet)? * FOOT_M + inches * INCH_M);
    }
    let end = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let unit_m = match text[end..].trim() {
        "" | "m" => 1.0,
        "cm" => 0.01,
        "ft" => FOOT_M,
        _ => return None,
    };
    // A decimal comma is a common slip.
    let number = plain_number(&text[..end].replace(',', "."))?;
    Some(number * unit_m)
}

/// A whole or half number of storeys.
pub(super) fn storeys(text: &str) -> Option<f64> {
    plain_number(text).filter(|n| (0.0..=300.0).contains(n))
}

/// One line: `Street 12, 2611 AB City`, as far as known.
pub(super) fn address(tags: &Tags) -> Option<String> {
    let part = |key| tags.get(key).map(str::trim).filter(|t| !t.is_empty());
    let way = part(Key::AddrStreet).or_else(|| part(Key::AddrPlace));
    let number = part(Key::AddrHouseNumber);
    let first = match (way, number) {
        (Some(way), Some(number)) => format!("{way} {number}"),
        (Some(way), None) => way.to_owned(),
        // A number without a street says little, but with a town it is a place.
        (None, Some(number)) => number.to_owned(),
        (None, None) => part(Key::AddrHouseName)?.to_owned(),
    };
    let second: Vec<&str> = [part(Key::AddrPostcode), part(Key::AddrCity)]
        .into_iter()
        .flatten()
        .collect();
    if second.is_empty() {
        return Some(first);
    }
    Some(format!("{first}, {}", second.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_as_mappers_write_them() {
        for (text, expected) in [
            ("0", "0"),
            ("-1;0", "-1 0"),
            ("0-3", "0 1 2 3"),
            ("-2--1", "-2 -1"),
            ("-1-1", "-1 0 1"),
            ("3;1;1", "1 3"),
            ("-0.3;0", "-0.3 0"),
            (" 1 ; 2 ", "1 2"),
            ("0,1", "0 1"),
            ("ground", "bad"),
            ("", "bad"),
            ("0;", "bad"),
            ("1e9", "bad"),
            ("0-99999", "bad"),
            ("--1", "bad"),
        ] {
            let found = match levels(text) {
                Some(list) => list.iter().map(|l| l.text()).collect::<Vec<_>>().join(" "),
                None => "bad".to_owned(),
            };
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn lengths_as_mappers_write_them() {
        for (text, expected) in [
            ("12", Some(12.0)),
            ("12.5 m", Some(12.5)),
            ("12,5", Some(12.5)),
            ("90 cm", Some(0.9)),
            ("10 ft", Some(3.048)),
            ("6'", Some(6.0 * 0.3048)),
            ("1'1\"", Some(0.3048 + 0.0254)),
            ("high", None),
            ("", None),
            ("3 storeys", None),
            ("inf", None),
        ] {
            assert_eq!(metres(text), expected, "{text}");
        }
    }
}
