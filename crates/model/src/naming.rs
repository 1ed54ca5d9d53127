//! Names that a node gives to what is not its own: sources that it hears of from others,
//! and twins that were erased.
//!
//! A detector of the tower is called by the tower's name for it. The brigade that hears of
//! it calls it `urn:twin:from:tower.1a2b3c4d:urn:tower:detector:7`: who told it, and what
//! they call it. Nobody at the brigade may speak in such a name, and nothing said in one is
//! told on, or the tower's word would come back to it as a second witness.

use crate::id::{ID_LENGTH_MAX, SourceId};
use std::fmt::Write as _;

/// What the names of all sources of other organisations begin with.
pub const RECEIVED_PREFIX: &str = "urn:twin:from:";
/// Longest name of an organisation within a source's name, in bytes.
pub const ORGANISATION_NAME_MAX: usize = 40;
/// What the names of erased twins begin with; a number follows.
pub const ERASED_PREFIX: &str = "urn:twin:erased:";

/// How many hexadecimal digits of an organisation stand in a source's name.
const ORGANISATION_DIGITS: usize = 8;

/// The taken-apart name of a source of another organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceivedFrom<'a> {
    /// What the organisation calls itself; anybody may call itself so.
    pub name: &'a str,
    /// The first eight hexadecimal digits of its fingerprint.
    pub organisation: &'a str,
    /// What it calls the source.
    pub original: &'a str,
}

/// What a source of another organisation is called here.
///
/// `organisation` are the bytes of its fingerprint, so that the name stays when its node gets
/// new keys. What does not fit into a name is written as `-`, and an original too long to be carried
/// whole keeps its beginning and a digest of the rest.
///
/// ```
/// use twin_model::{SourceId, naming::{origin_of, received_source}};
/// let detector = SourceId::new("urn:tower:detector:7").unwrap();
/// let here = received_source("tower", [0xAB; 16], &detector);
/// assert_eq!(here.as_str(), "urn:twin:from:tower.abababab:urn:tower:detector:7");
/// assert_eq!(origin_of(&here).unwrap().original, "urn:tower:detector:7");
/// ```
pub fn received_source(name: &str, organisation: [u8; 16], original: &SourceId) -> SourceId {
    let mut text = String::from(RECEIVED_PREFIX);
    text.extend(name.chars().map(slug).take(ORGANISATION_NAME_MAX));
    text.push('.');
    for byte in &organisation[..ORGANISATION_DIGITS / 2] {
        let _ = write!(text, "{byte:02x}");
    }
    text.push(':');
    push_bounded(&mut text, original.as_str());
    SourceId::new(&text).expect("made of the characters of a URI and bounded")
}

fn slug(c: char) -> char {
    match c {
        'a'..='z' | '0'..='9' => c,
        'A'..='Z' => c.to_ascii_lowercase(),
        _ => '-',
    }
}

fn push_bounded(text: &mut String, original: &str) {
    let room = ID_LENGTH_MAX - text.len();
    if original.len() <= room {
        text.push_str(original);
        return;
    }
    let digest = format!("~{:016x}", fnv1a(original.as_bytes()));
    let mut end = room - digest.len();
    while !original.is_char_boundary(end) {
        end -= 1;
    }
    text.push_str(&original[..end]);
    text.push_str(&digest);
}

/// Fowler–Noll–Vo 1a of 64 bits: enough to keep an organisation's own long names apart.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Whether the source belongs to another organisation, or pretends to.
pub fn is_received(source: &SourceId) -> bool {
    let head = source.as_str().as_bytes().get(..RECEIVED_PREFIX.len());
    // URNs are compared without regard to case in their first parts (RFC 8141 §3.1).
    head.is_some_and(|head| head.eq_ignore_ascii_case(RECEIVED_PREFIX.as_bytes()))
}

/// Takes the name of a source of another organisation apart; `None` for our own.
pub fn origin_of(source: &SourceId) -> Option<ReceivedFrom<'_>> {
    let rest = source.as_str().strip_prefix(RECEIVED_PREFIX)?;
    let (who, original) = rest.split_once(':')?;
    let (name, organisation) = who.split_once('.')?;
    let is_origin = organisation.len() == ORGANISATION_DIGITS
        && organisation
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    (is_origin && !original.is_empty()).then_some(ReceivedFrom {
        name,
        organisation,
        original,
    })
}

/// Whether it is the name that an erased twin was given in place of its own.
pub fn is_erased_name(entity: &str) -> bool {
    entity
        .strip_prefix(ERASED_PREFIX)
        .is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn source(text: &str) -> SourceId {
        SourceId::new(text).unwrap()
    }

    #[test]
    fn names_are_made_of_who_and_what() {
        let origin = [
            0x1a, 0x2b, 0x3c, 0x4d, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
        ];
        for (name, original, expected) in [
            ("tower", "urn:a", "urn:twin:from:tower.1a2b3c4d:urn:a"),
            (
                "Brand weer",
                "urn:a",
                "urn:twin:from:brand-weer.1a2b3c4d:urn:a",
            ),
            ("a.b:c", "urn:a", "urn:twin:from:a-b-c.1a2b3c4d:urn:a"),
            ("", "urn:a", "urn:twin:from:.1a2b3c4d:urn:a"),
        ] {
            let named = received_source(name, origin, &source(original));
            assert_eq!(named.as_str(), expected);
            assert!(is_received(&named));
            let from = origin_of(&named).unwrap();
            assert_eq!((from.organisation, from.original), ("1a2b3c4d", original));
        }
    }

    #[test]
    fn our_own_sources_are_not_taken_for_received_ones() {
        for (text, received, readable) in [
            ("urn:tower:detector:7", false, false),
            ("urn:twin:fromage", false, false),
            ("urn:twin:from:", true, false),
            ("URN:Twin:From:tower.1a2b3c4d:urn:a", true, false),
            ("urn:twin:from:tower:urn:a", true, false),
            ("urn:twin:from:tower.1a2b3c4:urn:a", true, false),
            ("urn:twin:from:tower.1A2B3C4D:urn:a", true, false),
            ("urn:twin:from:tower.1a2b3c4d:urn:a", true, true),
        ] {
            assert_eq!(is_received(&source(text)), received, "{text}");
            assert_eq!(origin_of(&source(text)).is_some(), readable, "{text}");
        }
    }

    #[test]
    fn long_names_stay_apart() {
        let long = |end: &str| source(&format!("urn:{}{end}", "é".repeat(250)));
        let named = |end| received_source(&"n".repeat(99), [7; 16], &long(end));
        assert_ne!(named("a"), named("b"));
        assert!(named("a").as_str().len() <= ID_LENGTH_MAX);
        assert!(origin_of(&named("a")).is_some());
    }

    proptest! {
        #[test]
        fn every_name_is_a_name(name in ".{0,80}", original in "urn:[a-zé]{1,500}") {
            prop_assume!(original.len() <= ID_LENGTH_MAX);
            let named = received_source(&name, [3; 16], &source(&original));
            let from = origin_of(&named).unwrap();
            let kept = from.original.split('~').next().unwrap();
            prop_assert!(original.starts_with(kept));
        }
    }
}
