//! Checks JSON that is kept as it was written: how deep it nests, whether an object
//! names the same thing twice, whether its numbers can be held.
//!
//! The text has passed a JSON parser already, so this only has to walk it. It walks
//! without recursion: a line of sixty thousand brackets costs no stack.

use std::borrow::Cow;
use std::collections::BTreeSet;

/// Deepest nesting of arrays and objects that is accepted.
pub(crate) const DEPTH_MAX: usize = 32;
/// Largest magnitude of a number that is accepted.
pub(crate) const NUMBER_MAX: f64 = 1e15;

/// What is wrong with a piece of JSON that parses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// More than [`DEPTH_MAX`] arrays and objects inside one another.
    TooDeep,
    /// Beyond ±[`NUMBER_MAX`].
    NumberOutOfBounds,
    /// An object has two fields of this name.
    RepeatedName(String),
}

/// Reads a number that a JSON parser has accepted; `None` beyond the bounds.
pub(crate) fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|n: &f64| n.abs() <= NUMBER_MAX)
}

/// Walks `json`, which must be the text of one valid JSON value.
pub(crate) fn check(json: &str) -> Result<(), Problem> {
    let bytes = json.as_bytes();
    // One entry per open container: the names seen so far, `None` in an array.
    let mut open: Vec<Option<BTreeSet<Cow<'_, str>>>> = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' => {
                if open.len() == DEPTH_MAX {
                    return Err(Problem::TooDeep);
                }
                open.push((byte == b'{').then(BTreeSet::new));
                at += 1;
            }
            b'}' | b']' => {
                open.pop();
                at += 1;
            }
            b'"' => {
                let end = end_of_text(bytes, at);
                if is_name(bytes, end) {
                    let name = unescaped(&json[at..end]);
                    if let Some(Some(names)) = open.last_mut() {
                        if names.contains(&name) {
                            return Err(Problem::RepeatedName(name.into_owned()));
                        }
                        names.insert(name);
                    }
                }
                at = end;
            }
            b'-' | b'0'..=b'9' => {
                let end = end_of_number(bytes, at);
                number(&json[at..end]).ok_or(Problem::NumberOutOfBounds)?;
                at = end;
            }
            _ => at += 1,
        }
    }
    Ok(())
}

/// Just behind the closing quotation mark of the text that opens at `at`.
fn end_of_text(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while let Some(&byte) = bytes.get(end) {
        match byte {
            b'"' => return end + 1,
            b'\\' => end += 2,
            _ => end += 1,
        }
    }
    bytes.len()
}

fn end_of_number(bytes: &[u8], at: usize) -> usize {
    let part = |b: &&u8| matches!(b, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
    at + bytes[at..].iter().take_while(part).count()
}

/// A text is a name when a colon follows it.
fn is_name(bytes: &[u8], end: usize) -> bool {
    let space = |b: &&u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    bytes[end..].iter().find(|b| !space(b)) == Some(&b':')
}

/// A JSON text (with its quotation marks) without its escapes; kept as written where
/// an escape stands for half a character.
pub(crate) fn unescaped(text: &str) -> Cow<'_, str> {
    let inner = text
        .get(1..text.len().saturating_sub(1))
        .unwrap_or_default();
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    serde_json::from_str::<String>(text).map_or(Cow::Borrowed(inner), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn problems() {
        let name = |n: &str| Err(Problem::RepeatedName(n.to_owned()));
        for (json, expected) in [
            ("{}", Ok(())),
            ("[[],[],{\"a\":[1,-2e3]}]", Ok(())),
            ("{\"a\":1,\"b\":{\"a\":1}}", Ok(())),
            ("{\"a\":1,\"a\":2}", name("a")),
            ("{\"a\":1,\"\\u0061\" : 2}", name("a")),
            ("[{\"x\":[{\"y\":1,\"y\":1}]}]", name("y")),
            ("[\"a\",\"a\"]", Ok(())),
            ("\"a \\\" b\"", Ok(())),
            ("1e15", Ok(())),
            ("[1.1e15]", Err(Problem::NumberOutOfBounds)),
            ("{\"a\":-1e400}", Err(Problem::NumberOutOfBounds)),
            ("\"1e400\"", Ok(())),
        ] {
            assert_eq!(check(json), expected, "{json}");
        }
    }

    #[test]
    fn depth_has_a_limit() {
        let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert_eq!(check(&nested(DEPTH_MAX)), Ok(()));
        assert_eq!(check(&nested(DEPTH_MAX + 1)), Err(Problem::TooDeep));
        assert_eq!(check(&nested(30_000)), Err(Problem::TooDeep));
    }

    proptest! {
        #[test]
        fn never_panics_even_on_what_is_not_json(text in any::<String>()) {
            let _ = check(&text);
        }
    }
}
