//! Estimates and claims of the wire as lines for people.
//!
//! **Invariant (UNKNOWN-IS-A-VALUE):** what is not known is written as a word,
//! never as a number and never left blank; no estimate is shown without the age
//! of its evidence where it has one.

use crate::output::{Output, Paint, harmless};
use serde_json::Value;

/// An attribute of a twin in one line: an estimate, or what each source wrote.
pub(crate) fn attribute(output: &Output, answer: &Value) -> String {
    match answer["verbatim"].as_array() {
        Some(lines) => lines.iter().map(verbatim).collect::<Vec<_>>().join(" | "),
        None => estimate(output, answer),
    }
}

fn verbatim(line: &Value) -> String {
    let said = act(line);
    match line["source"].as_str() {
        Some(source) => format!("{said} (as written by {})", harmless(source)),
        None => said,
    }
}

/// An estimate in one line: value, status, interval or probability, age.
pub(crate) fn estimate(output: &Output, estimate: &Value) -> String {
    let status = estimate["status"].as_str().unwrap_or("unknown");
    let mut parts = vec![output.paint(paint(status), &harmless(status))];
    if !estimate["value"].is_null() {
        parts.insert(0, output.paint(Paint::Bold, &with_unit(estimate)));
    }
    parts.extend(interval(&estimate["interval"]));
    if let Some(probability) = estimate["probability"].as_f64() {
        parts.push(format!("probability {}", number(probability, 3)));
    }
    parts.extend(alternatives(&estimate["alternatives"]));
    parts.extend(from(&estimate["from"]));
    if let Some(age_s) = estimate["evidenceAge_s"].as_f64() {
        parts.push(format!("evidence {} old", duration(age_s)));
    }
    let flags = estimate["flags"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let more: Vec<_> = flags.filter(|flag| *flag != status).map(harmless).collect();
    if !more.is_empty() {
        parts.push(output.paint(Paint::Yellow, &more.join(", ")));
    }
    parts.join(" · ")
}

/// Never green: nothing here says that anything is safe.
fn paint(status: &str) -> Paint {
    match status {
        "observed" | "fused" => Paint::Cyan,
        "inferred" | "predicted" | "assumed" => Paint::Plain,
        "conflicting" => Paint::Red,
        "stale" => Paint::Yellow,
        _ => Paint::Faint,
    }
}

fn with_unit(object: &Value) -> String {
    let text = value(&object["value"]);
    match object["unit"].as_str() {
        Some("1") | None => text,
        Some(unit) => format!("{text} {}", harmless(unit)),
    }
}

fn interval(interval: &Value) -> Option<String> {
    let level = interval["level"].as_f64()?;
    let (lo, hi) = (interval["lo"].as_f64()?, interval["hi"].as_f64()?);
    Some(format!(
        "{} % in {} … {}",
        number(level * 100.0, 2),
        number(lo, 4),
        number(hi, 4)
    ))
}

/// Whose claims of other organisations take part.
fn from(names: &Value) -> Option<String> {
    let names = names.as_array()?.iter().filter_map(Value::as_str);
    let names: Vec<_> = names.map(harmless).collect();
    (!names.is_empty()).then(|| format!("from {}", names.join(", ")))
}

/// The candidates behind the first, as it is the value shown.
fn alternatives(all: &Value) -> Option<String> {
    let others = all.as_array()?.iter().skip(1).take(3).map(|one| {
        let probability = one["probability"]
            .as_f64()
            .map_or("?".to_owned(), |p| number(p, 2));
        format!("{} ({probability})", value(&one["value"]))
    });
    let others: Vec<_> = others.collect();
    (!others.is_empty()).then(|| format!("or {}", others.join(", ")))
}

/// A value of any form, short.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(n) => n.as_f64().map_or_else(|| n.to_string(), |n| number(n, 6)),
        Value::String(text) => harmless(text),
        Value::Object(object) => match object.iter().next() {
            Some((form, inner)) if object.len() == 1 => typed(form, inner, value),
            _ => json(value),
        },
        Value::Array(_) => json(value),
    }
}

fn typed(form: &str, inner: &Value, whole: &Value) -> String {
    match (form, inner) {
        ("entity", Value::String(id)) => harmless(id),
        ("entities", Value::Array(ids)) => {
            let ids: Vec<_> = ids.iter().filter_map(Value::as_str).map(harmless).collect();
            ids.join(" + ")
        }
        ("line", Value::Array(points)) => format!("line of {} points", points.len()),
        ("polygon", Value::Array(rings)) => {
            let corners = rings.first().and_then(Value::as_array).map_or(0, Vec::len);
            format!("plan area with {corners} corners")
        }
        ("point", Value::Array(metres)) => {
            let metres = metres
                .iter()
                .filter_map(Value::as_f64)
                .map(|m| number(m, 6));
            format!("({})", metres.collect::<Vec<_>>().join(", "))
        }
        _ => json(whole),
    }
}

fn json(value: &Value) -> String {
    let text = harmless(&value.to_string());
    if text.chars().count() <= 80 {
        return text;
    }
    text.chars().take(79).chain(['…']).collect()
}

/// What a claim says: a value, or one of the words that stand for none.
pub(crate) fn act(claim: &Value) -> String {
    if claim["retract"] == true {
        return "retracted".to_owned();
    }
    if claim["absent"] == true {
        return "absent".to_owned();
    }
    if claim["notApplicable"] == true {
        return "not applicable".to_owned();
    }
    if let Some(reason) = claim["unknown"].as_str() {
        return format!("unknown: {}", harmless(reason));
    }
    let said = with_unit(claim);
    if let Some(sd) = claim["uncertainty"]["sd"].as_f64() {
        return format!("{said} ± {}", number(sd, 3));
    }
    match claim["uncertainty"]["probability"].as_f64() {
        Some(probability) => format!("{said} (probability {})", number(probability, 3)),
        None => said,
    }
}

/// A number with so many significant digits, without trailing zeros.
pub(crate) fn number(number: f64, digits: i32) -> String {
    if number == 0.0 || !number.is_finite() {
        return format!("{number}");
    }
    let magnitude = number.abs().log10().floor() as i32;
    let decimals = (digits - 1 - magnitude).clamp(0, 12) as usize;
    let text = format!("{number:.decimals$}");
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A span of time in its two largest units.
pub(crate) fn duration(seconds: f64) -> String {
    const UNITS: [(&str, f64); 5] = [
        ("years", 365.25 * 86_400.0),
        ("d", 86_400.0),
        ("h", 3600.0),
        ("min", 60.0),
        ("s", 1.0),
    ];
    if !seconds.is_finite() || seconds.abs() < 10.0 {
        return format!("{} s", number(seconds, 2));
    }
    let whole = seconds.abs().round();
    let largest = UNITS
        .iter()
        .position(|(_, size)| whole >= *size)
        .unwrap_or(UNITS.len() - 1);
    let (unit, size) = UNITS[largest];
    let mut text = format!("{} {unit}", (whole / size).floor());
    if let Some((next_unit, next_size)) = UNITS.get(largest + 1) {
        let rest = ((whole % size) / next_size).floor();
        if rest > 0.0 {
            text = format!("{text} {rest} {next_unit}");
        }
    }
    if seconds < 0.0 {
        format!("-{text}")
    } else {
        text
    }
}

/// A text in lines of at most so many characters, broken between words.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// "1 import", "2 imports".
pub(crate) fn count(number: u64, one: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {one}s")
    }
}

/// Bytes in the unit that a person would use.
pub(crate) fn bytes(bytes: f64) -> String {
    let (size, unit) = match bytes {
        b if b >= 1e9 => (1e9, "GB"),
        b if b >= 1e6 => (1e6, "MB"),
        b if b >= 1e3 => (1e3, "kB"),
        _ => (1.0, "B"),
    };
    format!("{} {unit}", number(bytes / size, 3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use expect_test::{Expect, expect};
    use serde_json::json;

    fn plain() -> Output {
        Output::new(&crate::args::Arguments::parse_from(["twin", "status"]).global)
    }

    fn check(answer: &Value, expected: &Expect) {
        expected.assert_eq(&attribute(&plain(), answer));
    }

    #[test]
    fn estimates() {
        check(
            &json!({ "status": "observed", "value": 21.4, "unit": "Cel", "evidenceAge_s": 12.5,
                "interval": { "level": 0.9, "lo": 20.9, "hi": 21.9 }, "flags": [] }),
            &expect!["21.4 Cel · observed · 90 % in 20.9 … 21.9 · evidence 13 s old"],
        );
        check(
            &json!({ "status": "stale", "value": false, "probability": 0.8754, "evidenceAge_s": 90061,
                "flags": ["stale", "faultySource"] }),
            &expect!["no · stale · probability 0.875 · evidence 1 d 1 h old · faultySource"],
        );
        check(&json!({ "status": "unknown" }), &expect!["unknown"]);
        check(&json!({ "status": "withheld" }), &expect!["withheld"]);
        check(&json!({}), &expect!["unknown"]);
        check(
            &json!({ "status": "conflicting", "value": "EI30", "alternatives": [
                { "value": "EI30", "probability": 0.6 }, { "value": "EI90", "probability": 0.4 }] }),
            &expect!["EI30 · conflicting · or EI90 (0.4)"],
        );
    }

    #[test]
    fn verbatim_attributes() {
        check(
            &json!({ "verbatim": [
                { "source": "urn:a", "value": "2O2u", "observed": "…" },
                { "source": "urn:b", "value": { "colour": ["red", 3] } }] }),
            &expect![[
                r#"2O2u (as written by urn:a) | {"colour":["red",3]} (as written by urn:b)"#
            ]],
        );
    }

    #[test]
    fn values_of_every_form() {
        let all = [
            json!({ "entity": "urn:a" }),
            json!({ "entities": ["urn:a", "urn:b"] }),
            json!({ "point": [1.0, 2.25, 0.0] }),
            json!({ "line": [[0, 0], [1, 1]] }),
            json!({ "polygon": [[[0, 0], [1, 0], [1, 1]]] }),
            json!(1e300),
            json!(-0.000_123_456_789),
            json!("a\u{1b}[2Jb"),
            json!([1, 2]),
        ];
        expect![[r"
            urn:a
            urn:a + urn:b
            (1, 2.25, 0)
            line of 2 points
            plan area with 3 corners"]]
        .assert_eq(&all[..5].iter().map(value).collect::<Vec<_>>().join("\n"));
        assert!(value(&all[5]).starts_with('1'));
        assert_eq!(value(&all[6]), "-0.000123457");
        assert!(!value(&all[7]).contains('\u{1b}'));
        assert_eq!(value(&all[8]), "[1,2]");
    }

    #[test]
    fn what_claims_say() {
        let said = [
            json!({ "value": 21.4, "unit": "Cel", "uncertainty": { "sd": 0.3 } }),
            json!({ "value": true, "uncertainty": { "probability": 0.9 } }),
            json!({ "absent": true }),
            json!({ "notApplicable": true }),
            json!({ "unknown": "label painted over" }),
            json!({ "retract": true }),
        ];
        expect![[r"
            21.4 Cel ± 0.3
            yes (probability 0.9)
            absent
            not applicable
            unknown: label painted over
            retracted"]]
        .assert_eq(&said.iter().map(act).collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrapped("a bb ccc dddd e", 6), ["a bb", "ccc", "dddd e"]);
        assert_eq!(wrapped("a-word-too-long b", 6), ["a-word-too-long", "b"]);
        assert!(wrapped(" ", 6).is_empty());
    }

    #[test]
    fn spans_of_time_and_bytes() {
        for (seconds, expected) in [
            (0.0, "0 s"),
            (0.25, "0.25 s"),
            (59.6, "1 min"),
            (61.0, "1 min 1 s"),
            (86_400.0, "1 d"),
            (-7200.0, "-2 h"),
            (2.1 * 365.25 * 86_400.0, "2 years 36 d"),
        ] {
            assert_eq!(duration(seconds), expected);
        }
        assert_eq!(bytes(0.0), "0 B");
        assert_eq!(bytes(50.0 * 1_073_741_824.0), "53.7 GB");
    }
}
