//! Taking one statement apart.

use super::lex::{is_escaped_quote, read_number, skip_blank};
use super::text::decode;
use memchr::memchr;

/// Deepest nesting of lists that is followed when skipping; IFC needs three.
const DEPTH_MAX: usize = 256;

/// One attribute as written. Lists and typed values are taken apart only when asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// `$`: not stated. Also what stands for an attribute that the statement does not have.
    Missing,
    /// `*`: given by another attribute.
    Derived,
    /// A whole number.
    Integer(i64),
    /// A number with a decimal point; always finite.
    Real(f64),
    /// A text, still with its escapes: see [`Value::text`].
    Text(&'a [u8]),
    /// A word between dots, without them.
    Enumeration(&'a [u8]),
    /// The number of another statement.
    Reference(u64),
    /// A list.
    List(Values<'a>),
    /// A value with its type: `IFCLABEL('x')`.
    Typed(&'a [u8], Values<'a>),
    /// Hexadecimal digits between double quotes.
    Binary(&'a [u8]),
    /// Something that is none of these.
    Malformed,
}

impl<'a> Value<'a> {
    /// The number, whole or not, also inside a type.
    pub fn number(self) -> Option<f64> {
        match self.untyped() {
            Self::Real(x) => Some(x),
            Self::Integer(i) => Some(i as f64),
            _ => None,
        }
    }

    /// The whole number, also inside a type.
    pub fn integer(self) -> Option<i64> {
        match self.untyped() {
            Self::Integer(i) => Some(i),
            _ => None,
        }
    }

    /// The text with its escapes resolved, also inside a type.
    pub fn text(self) -> Option<String> {
        match self.untyped() {
            Self::Text(raw) => Some(decode(raw)),
            _ => None,
        }
    }

    /// The word of an enumeration, also inside a type.
    pub fn word(self) -> Option<&'a str> {
        match self.untyped() {
            Self::Enumeration(raw) => std::str::from_utf8(raw).ok(),
            _ => None,
        }
    }

    /// `.T.` or `.F.`, also inside a type.
    pub fn truth(self) -> Option<bool> {
        match self.word()? {
            "T" | "t" | "TRUE" => Some(true),
            "F" | "f" | "FALSE" => Some(false),
            _ => None,
        }
    }

    /// The number of the statement referred to.
    pub fn reference(self) -> Option<u64> {
        match self {
            Self::Reference(id) => Some(id),
            _ => None,
        }
    }

    /// The members of a list, also inside a type; none for anything else.
    pub fn list(self) -> Values<'a> {
        match self {
            Self::List(values) => values,
            Self::Typed(_, mut values) => match values.next() {
                Some(Self::List(inner)) => inner,
                _ => Values::new(&[]),
            },
            _ => Values::new(&[]),
        }
    }

    /// The value inside a type, or itself.
    pub fn untyped(self) -> Self {
        match self {
            Self::Typed(_, mut values) => match values.next() {
                // One level only: a type in a type is no IFC.
                Some(Self::Typed(..)) | None => Self::Malformed,
                Some(value) => value,
            },
            value => value,
        }
    }
}

/// The members of a list or the attributes of a statement, read one by one. The bytes begin
/// after the opening parenthesis; reading ends at the closing one or at anything malformed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Values<'a> {
    rest: &'a [u8],
}

impl<'a> Values<'a> {
    /// Reads from the byte after an opening parenthesis.
    pub fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// The references in the list, other members left out.
    pub fn references(self) -> impl Iterator<Item = u64> + use<'a> {
        self.filter_map(Value::reference)
    }

    /// The numbers at the beginning of the list, up to three; missing ones are 0.
    pub fn coordinates(mut self) -> Option<[f64; 3]> {
        let mut c = [0.0; 3];
        let mut n = 0;
        while n < 3 {
            let Some(value) = self.next() else { break };
            c[n] = value.number()?;
            n += 1;
        }
        (n >= 1).then_some(c)
    }

    fn stop(&mut self) {
        self.rest = &[];
    }
}

#[expect(
    clippy::copy_iterator,
    reason = "a list inside a value is read as often as asked"
)]
impl<'a> Iterator for Values<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        let bytes = self.rest;
        let at = skip_blank(bytes, 0);
        let Some(&first) = bytes.get(at) else {
            self.stop();
            return None;
        };
        if matches!(first, b')' | b';') {
            self.stop();
            return None;
        }
        let (value, end) = match read(bytes, at) {
            Some(read) => read,
            None => (Value::Malformed, skip_value(bytes, at)),
        };
        let after = skip_blank(bytes, end);
        match bytes.get(after) {
            Some(b',') => self.rest = &bytes[after + 1..],
            Some(b')') => self.rest = &bytes[after..],
            // Something follows that is no separator: the list cannot be trusted further.
            _ => self.stop(),
        }
        Some(value)
    }
}

fn read(bytes: &[u8], at: usize) -> Option<(Value<'_>, usize)> {
    let first = bytes[at];
    match first {
        b'$' => Some((Value::Missing, at + 1)),
        b'*' => Some((Value::Derived, at + 1)),
        b'#' => {
            let (id, end) = read_number(bytes, at + 1)?;
            Some((Value::Reference(id), end))
        }
        b'\'' => {
            let end = text_end(bytes, at + 1)?;
            Some((Value::Text(&bytes[at + 1..end]), end + 1))
        }
        b'.' if bytes
            .get(at + 1)
            .is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_') =>
        {
            let length = memchr(b'.', &bytes[at + 1..(at + 130).min(bytes.len())])?;
            Some((
                Value::Enumeration(&bytes[at + 1..at + 1 + length]),
                at + length + 2,
            ))
        }
        b'"' => {
            let length = memchr(b'"', &bytes[at + 1..])?;
            Some((
                Value::Binary(&bytes[at + 1..at + 1 + length]),
                at + length + 2,
            ))
        }
        b'(' => {
            let end = skip_value(bytes, at);
            Some((Value::List(Values::new(&bytes[at + 1..end])), end))
        }
        b'0'..=b'9' | b'+' | b'-' | b'.' => number(bytes, at),
        b if b.is_ascii_alphabetic() => {
            let mut i = at;
            while i < bytes.len() && (bytes[i].is_ascii_alphanumeric() || bytes[i] == b'_') {
                i += 1;
            }
            let open = skip_blank(bytes, i);
            if bytes.get(open) != Some(&b'(') {
                return None;
            }
            let end = skip_value(bytes, open);
            Some((
                Value::Typed(&bytes[at..i], Values::new(&bytes[open + 1..end])),
                end,
            ))
        }
        _ => None,
    }
}

fn number(bytes: &[u8], at: usize) -> Option<(Value<'_>, usize)> {
    let mut i = at;
    let mut whole = true;
    while let Some(&b) = bytes.get(i) {
        match b {
            b'0'..=b'9' | b'+' | b'-' => {}
            b'.' | b'e' | b'E' => whole = false,
            _ => break,
        }
        i += 1;
    }
    let digits = &bytes[at..i];
    // The standard allows a leading `+`, the number parser does not.
    let digits = digits.strip_prefix(b"+").unwrap_or(digits);
    if whole && digits.len() < 19 {
        let text = std::str::from_utf8(digits).ok()?;
        return Some((Value::Integer(text.parse().ok()?), i));
    }
    let x: f64 = fast_float2::parse(digits).ok()?;
    x.is_finite().then_some((Value::Real(x), i))
}

/// The byte of the quote that ends a text, doubled quotes passed over.
fn text_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let quote = at + memchr(b'\'', bytes.get(at..)?)?;
        if bytes.get(quote + 1) == Some(&b'\'') {
            at = quote + 2;
        } else if is_escaped_quote(bytes, quote) {
            at = quote + 1;
        } else {
            return Some(quote);
        }
    }
}

/// The byte after the value that begins at `at`, minding nesting, texts and comments; the end of
/// the bytes when it does not end.
fn skip_value(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while at < bytes.len() {
        match bytes[at] {
            b'(' => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return bytes.len();
                }
            }
            b')' if depth <= 1 => return if depth == 1 { at + 1 } else { at },
            b')' => depth -= 1,
            b',' if depth == 0 => return at,
            b';' => return at,
            b'\'' => match text_end(bytes, at + 1) {
                Some(end) => at = end,
                None => return bytes.len(),
            },
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at = skip_blank(bytes, at);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "the usual form of an expectation"
    )]
    fn check(attributes: &str, expect: Expect) {
        fn show(value: Value<'_>) -> String {
            match value {
                Value::List(v) => format!("[{}]", v.map(show).collect::<Vec<_>>().join(" ")),
                Value::Typed(t, v) => {
                    let inner = v.map(show).collect::<Vec<_>>().join(" ");
                    format!("{}<{inner}>", String::from_utf8_lossy(t))
                }
                Value::Text(t) => format!("'{}'", String::from_utf8_lossy(t)),
                Value::Enumeration(t) => format!(".{}.", String::from_utf8_lossy(t)),
                other => format!("{other:?}"),
            }
        }
        let shown: Vec<String> = Values::new(attributes.as_bytes()).map(show).collect();
        expect.assert_eq(&shown.join("\n"));
    }

    #[test]
    fn every_form_of_value() {
        check(
            "$,*,-12,+3,1.,-.5E-3,6.02e23,'it''s',.ELEMENT.,#42,(1.,(2,3),()),IFCLABEL('x'),\"0FF\", /* , */ .T. )",
            expect![[r"
                Missing
                Derived
                Integer(-12)
                Integer(3)
                Real(1.0)
                Real(-0.0005)
                Real(6.02e23)
                'it''s'
                .ELEMENT.
                Reference(42)
                [Real(1.0) [Integer(2) Integer(3)] []]
                IFCLABEL<'x'>
                Binary([48, 70, 70])
                .T."]],
        );
    }

    #[test]
    fn broken_values_do_not_hide_their_neighbours() {
        check(
            "1e999,nan,#,#99999999999999999999,--1,'a',5)",
            expect![[r"
                Malformed
                Malformed
                Malformed
                Malformed
                Malformed
                'a'
                Integer(5)"]],
        );
        check(
            "1,'lost,2)",
            expect![[r"
            Integer(1)
            Malformed"]],
        );
        check("(1,2", expect!["[Integer(1) Integer(2)]"]);
    }

    #[test]
    fn a_type_in_a_type_is_malformed() {
        let mut values = Values::new(b"IFCA(IFCB(1)))");
        assert_eq!(values.next().unwrap().untyped(), Value::Malformed);
    }

    proptest! {
        #[test]
        fn reals_survive_a_round_trip(x in proptest::num::f64::NORMAL) {
            let text = format!("{x:?})");
            prop_assert_eq!(Values::new(text.as_bytes()).next().unwrap().number(), Some(x));
        }

        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(Values::new(&bytes).count() <= bytes.len() + 1);
        }

        #[test]
        fn any_nesting_ends(text in "[(),'#$A1.;/*]{0,200}") {
            prop_assert!(Values::new(text.as_bytes()).count() <= text.len() + 1);
        }
    }
}
