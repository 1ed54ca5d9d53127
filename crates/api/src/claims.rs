//! Claims in bulk: one JSON object a line.
//!
//! A gateway that speaks for a thousand sensors sends its observations as lines of
//! text. Each line stands for itself: one that is wrong is refused with its number, a
//! code and a sentence that says what to do, and the others are recorded.
//!
//! [`decode`] is a pure function of the bytes. Its work is linear in them, its memory a
//! bounded multiple, and no input makes it fail: it is what the fuzzer drives.

use crate::wire::fields::{Fields, JSON_SPACE, Refused, Words};
pub use twin_node::{ClaimCode, Draft};

/// Longest line that is read, in bytes.
pub const LINE_BYTES_MAX: usize = 64 << 10;
/// Largest request that is read, in bytes.
pub const REQUEST_BYTES_MAX: usize = 16 << 20;
/// Most lines in a request.
pub const LINES_MAX: usize = 200_000;

/// A line that was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which line, counted from 1.
    pub line: u32,
    /// Why.
    pub code: ClaimCode,
    /// What was wrong and what to do.
    pub message: String,
    /// Which field.
    pub field: Option<&'static str>,
}

/// What became of the lines.
#[derive(Debug, Default)]
pub(crate) struct Decoded {
    /// The lines that were understood.
    pub(crate) drafts: Vec<Draft>,
    /// The number of the line of each draft, counted from 1.
    pub(crate) lines: Vec<u32>,
    /// The others.
    pub(crate) refused: Vec<Refusal>,
}

/// Reads claims, one a line; blank lines are passed over.
///
/// ```
/// let body = br#"{"entity":"urn:room:3","attribute":"temperature","value":21.4,"unit":"Cel","observed":"2026-01-05T08:03:12.5Z"}
/// {"entity":"urn:room:3"}
/// "#;
/// let lines = twin_api::claims::decode(body);
/// assert!(lines[0].is_ok());
/// assert_eq!(lines[1].as_ref().unwrap_err().code.as_str(), "CLM-002");
/// ```
pub fn decode(body: &[u8]) -> Vec<Result<Draft, Refusal>> {
    let mut words = Words::remembering();
    lines(body)
        .map(|(number, line)| draft(number, line, &mut words))
        .collect()
}

/// The same, sorted into what was understood and what was not.
pub(crate) fn decode_sorted(body: &[u8]) -> Decoded {
    // A claim with its unit and time is seldom shorter than this.
    const LINE_BYTES_USUAL: usize = 160;
    let expected = body.len() / LINE_BYTES_USUAL + 1;
    let mut decoded = Decoded {
        drafts: Vec::with_capacity(expected),
        lines: Vec::with_capacity(expected),
        refused: Vec::new(),
    };
    let mut words = Words::remembering();
    for (number, line) in lines(body) {
        match draft(number, line, &mut words) {
            Ok(draft) => {
                decoded.drafts.push(draft);
                decoded.lines.push(number);
            }
            Err(refusal) => decoded.refused.push(refusal),
        }
    }
    decoded
}

/// How many lines there are, without reading them.
pub(crate) fn count_lines(body: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', body).count() + 1
}

/// The lines that are not blank, with their numbers.
fn lines(body: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut rest = Some(body);
    let mut number = 0_u32;
    std::iter::from_fn(move || {
        loop {
            let bytes = rest?;
            let (line, after) = match memchr::memchr(b'\n', bytes) {
                Some(end) => (&bytes[..end], Some(&bytes[end + 1..])),
                None => (bytes, None),
            };
            rest = after;
            number = number.saturating_add(1);
            if !line
                .iter()
                .all(|&byte| JSON_SPACE.contains(&char::from(byte)))
            {
                return Some((number, line));
            }
        }
    })
}

fn draft(number: u32, line: &[u8], words: &mut Words) -> Result<Draft, Refusal> {
    claim(line, words).map_err(|refused| {
        let Refused {
            code,
            message,
            field,
        } = refused;
        Refusal {
            line: number,
            code,
            message,
            field,
        }
    })
}

fn claim(line: &[u8], words: &mut Words) -> Result<Draft, Refused> {
    let not_json = |message: &str| Refused {
        code: ClaimCode::NotJson,
        message: message.to_owned(),
        field: None,
    };
    if line.len() > LINE_BYTES_MAX {
        return Err(not_json("the line is longer than 64 KiB"));
    }
    let text = std::str::from_utf8(line).map_err(|_| not_json("the line is not UTF-8"))?;
    Fields::parse(text)?.into_draft(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;
    use std::fmt::Write as _;

    /// One word or sentence per line of input.
    fn check(body: &str, expected: &Expect) {
        let mut got = String::new();
        for line in decode(body.as_bytes()) {
            match line {
                Ok(draft) => writeln!(got, "{:?}", draft.statement.act).unwrap(),
                Err(r) => writeln!(
                    got,
                    "{} {} {}: {}",
                    r.line,
                    r.code.as_str(),
                    r.field.unwrap_or("-"),
                    r.message
                )
                .unwrap(),
            }
        }
        expected.assert_eq(&got);
    }

    /// A good claim with some of its text replaced.
    fn claim_with(rest: &str) -> String {
        format!(
            r#"{{"entity":"urn:room:3","attribute":"temperature","observed":"2026-01-05T08:03:12.5Z",{rest}}}"#
        )
    }

    #[test]
    fn acts() {
        let body = [
            r#""value":21.4,"unit":"Cel","uncertainty":{"sd":0.3}"#,
            r#""value":21.4,"arrives":"2026-01-05T08:03:12.5Z","procedure":"NTC probe""#,
            r#""absent":true"#,
            r#""notApplicable":true,"validFrom":"2026-01-05T08:00:00Z""#,
            r#""unknown":"sensor \"failed\"""#,
            r#""retract":true"#,
            r#""value":21,"unit":null"#,
        ]
        .map(claim_with)
        .join("\n");
        check(
            &body,
            &expect![[r#"
            Assert(Stated { value: Number(21.4), unit: Some(Unit("Cel")), uncertainty: Some(StandardDeviation(0.3)) })
            Assert(Stated { value: Number(21.4), unit: None, uncertainty: None })
            Absent
            NotApplicable
            Unknown { reason: "sensor \"failed\"" }
            Retract
            Assert(Stated { value: Number(21.0), unit: None, uncertainty: None })
        "#]],
        );
    }

    #[test]
    fn refusals() {
        let mut body = [
            r#""value":"warm""#,
            r#""value":NaN"#,
            r#""value":-Infinity"#,
            r#""value":1e400"#,
            r#""value":1e16"#,
            r#""value":21,"unit":7"#,
            r#""value":21,"unit":"a unit code of more than thirty-two bytes""#,
            r#""value":21,"absent":true"#,
            r#""value":null"#,
            r#""absent":false"#,
            r#""absent":true,"unit":"Cel""#,
            r#""value":21,"uncertainty":0.3"#,
            r#""value":21,"uncertainty":{"sd":1,"probability":1}"#,
            r#""value":21,"uncertainty":{"sd":1e400}"#,
            r#""value":21,"uncertainty":[1]"#,
            r#""value":21,"value":22"#,
            r#""value":21,"temprature":22"#,
            r#""value":21,"source":"me""#,
            r#""value":21,"validFrom":"2026-01-02T00:00:00Z","validUntil":"2026-01-01T00:00:00Z""#,
            r#""value":21,"validFrom":"yesterday""#,
            r#""value":21,}"#,
        ]
        .map(claim_with)
        .join("\n");
        body.push_str(
            r#"

{
[1,2,3]
"text"
{"value":1}
{"entity":"urn:room:3","attribute":"1st","value":1,"observed":"2026-01-05T08:03:12Z"}
{"entity":"room 3","attribute":"a","value":1,"observed":"2026-01-05T08:03:12Z"}
{"entity":"urn:room:3","attribute":"a","value":1}
{"entity":"urn:room:3","attribute":"a","value":{"x":1,"x":2},"observed":"2026-01-05T08:03:12Z"}
{"entity":3,"attribute":"a","value":1,"observed":"2026-01-05T08:03:12Z"}
"#,
        );
        check(
            &body,
            &expect![[r#"
            1 CLM-003 value: the value of `temperature` is not a number
            2 CLM-003 value: `NaN` is no number in JSON; say `"unknown": "reason"`
            3 CLM-003 value: `Infinity` is no number in JSON; say `"unknown": "reason"`
            4 CLM-003 value: the value of `temperature` lies beyond ±1e15
            5 CLM-003 value: the value of `temperature` lies beyond ±1e15
            6 CLM-002 unit: `unit` must be a text
            7 CLM-005 unit: unit `a unit code of more than thirty-` is not known; use a UCUM code such as `Cel`, `[ppm]`, `m` or `%`
            8 CLM-002 value: state exactly one of `value`, `absent`, `notApplicable`, `unknown`, `retract`
            9 CLM-002 value: state exactly one of `value`, `absent`, `notApplicable`, `unknown`, `retract`
            10 CLM-002 absent: `absent` can only be `true`; otherwise leave it out
            11 CLM-002 unit: `unit` goes with a `value` only
            12 CLM-002 uncertainty: `uncertainty` is `{"sd":number}` or `{"probability":0..1}`
            13 CLM-002 uncertainty: `uncertainty` is `{"sd":number}` or `{"probability":0..1}`
            14 CLM-003 uncertainty: `uncertainty` lies beyond ±1e15
            15 CLM-002 uncertainty: `uncertainty` is `{"sd":number}` or `{"probability":0..1}`
            16 CLM-002 -: duplicate field `value`
            17 CLM-002 -: unknown field `temprature`, expected one of `source`, `entity`, `attribute`, `value`, `unit`, `uncertainty`, `absent`, `notApplicable`, `unknown`, `retract`, `observed`, `validFrom`, `validUntil`, `procedure`, `arrives`
            18 CLM-002 source: `me` is not a URI: expected `scheme:rest`, for example `urn:twin:room:12`
            19 CLM-002 validUntil: `validUntil` is not after `validFrom`
            20 CLM-002 validFrom: `validFrom` is "yesterday", not a time such as `2026-01-05T08:03:12.5Z`
            21 CLM-001 -: not JSON: trailing comma at column 97
            23 CLM-001 -: not JSON: EOF while parsing an object at column 1
            24 CLM-001 -: a claim is a JSON object, `{…}`
            25 CLM-001 -: a claim is a JSON object, `{…}`
            26 CLM-002 entity: `entity` is missing
            27 CLM-002 attribute: `1st` is not an attribute name: a letter, then letters, digits, `_`, `-`, `.` or `:`
            28 CLM-002 entity: `room 3` contains a character that a URI must not contain
            29 CLM-002 observed: `observed` is missing
            30 CLM-003 value: the value names `x` twice
            31 CLM-002 entity: `entity` must be a text
        "#]],
        );
    }

    #[test]
    fn limits() {
        let deep = "[".repeat(20_000) + &"]".repeat(20_000);
        let long = format!("\"{}\"", "x".repeat(LINE_BYTES_MAX));
        for (value, expected) in [
            (deep, "the value of `temperature` is not a number"),
            (long, "the line is longer than 64 KiB"),
        ] {
            let body = claim_with(&format!("\"value\":{value}"));
            assert_eq!(
                decode(body.as_bytes())[0].as_ref().unwrap_err().message,
                expected
            );
        }
        let verbatim = |depth: usize| {
            let value = "[".repeat(depth) + &"]".repeat(depth);
            let body = claim_with(&format!("\"value\":{value}")).replace("temperature", "x");
            decode(body.as_bytes())
                .remove(0)
                .map_err(|refusal| refusal.code.as_str())
        };
        assert!(verbatim(32).is_ok());
        assert_eq!(verbatim(33), Err("CLM-001"));
    }

    #[test]
    fn lines_keep_their_numbers() {
        let decoded = decode_sorted(b"\n\r\n \nx\n\xff\n");
        let lines: Vec<_> = decoded.refused.iter().map(|refusal| refusal.line).collect();
        assert_eq!(lines, [4, 5]);
    }

    proptest! {
        #[test]
        fn never_panics(body in any::<Vec<u8>>()) {
            let _ = decode(&body);
        }

        #[test]
        fn never_panics_on_almost_claims(
            parts in proptest::collection::vec(
                proptest::sample::select(vec![
                    "{", "}", "[", "]", ",", ":", "\"entity\"", "\"urn:a\"", "\"attribute\"",
                    "\"temperature\"", "\"value\"", "1e999", "-", "NaN", "\"\\ud800\"", "\"\\",
                    "\"observed\"", "\"2026-01-05T08:03:12Z\"", "\n", "true", "\"unit\"", "é",
                ]),
                0..40,
            )
        ) {
            let _ = decode(parts.concat().as_bytes());
        }

        #[test]
        fn numbers_arrive_bit_for_bit(value in -1e15..1e15_f64) {
            let body = claim_with(&format!("\"value\":{value:?}"));
            let draft = decode(body.as_bytes()).remove(0).unwrap();
            let twin_model::Act::Assert(stated) = draft.statement.act else { panic!() };
            prop_assert_eq!(stated.value.as_number().unwrap().to_bits(), value.to_bits());
        }
    }
}
