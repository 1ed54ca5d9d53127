//! Claims: in bulk and one twin at a time, good and bad.

use crate::bench::Bench;
use crate::form;
use expect_test::{Expect, expect};
use serde_json::Value;
use std::fmt::Write as _;
use twin_model::Role;

async fn check(bench: &Bench, token: &str, lines: &str, expected: &Expect) {
    let answer = bench.post("/v1/claims", token, lines).await;
    assert_eq!(answer.outcome(), "200");
    let receipt = answer.json();
    form::check("Receipt", &receipt);
    let mut got = format!("accepted {}\n", receipt["accepted"]);
    for refusal in receipt["refused"].as_array().unwrap() {
        let text = |name: &str| refusal[name].as_str().unwrap_or("-").to_owned();
        let (code, field, message) = (text("code"), text("field"), text("message"));
        writeln!(got, "{} {code} {field}: {message}", refusal["line"]).unwrap();
    }
    expected.assert_eq(&got);
}

/// Bad lines of every kind between good ones. The decoder and the node each refuse some;
/// the answer has them in order of line, and the good ones are recorded.
#[tokio::test]
async fn bad_lines_are_refused_one_by_one() {
    let bench = Bench::furnished().await;
    let source = bench.token(Role::Source);
    let lines = r#"{"entity":"urn:r1","attribute":"temperature","value":21.4,"unit":"Cel","observed":"2026-01-05T08:00:00Z"}
{"entity":"urn:r1","attribute":"temperature","value":21.4,"unit":"m","observed":"2026-01-05T08:00:00Z"}
not json

{"entity":"urn:r1","attribute":"temperature","value":21.4,"unit":"furlong","observed":"2026-01-05T08:00:00Z"}
{"entity":"urn:r1","attribute":"temperature","value":21.4,"unit":"Cel","observed":"2026-01-05T08:00:03Z"}
{"entity":"urn:r1","attribute":"temperature","value":"hot","unit":"Cel","observed":"2026-01-05T08:00:00Z"}
{"source":"urn:twin:source:t2","entity":"urn:r1","attribute":"temperature","value":21.4,"unit":"Cel","observed":"2026-01-05T08:00:00Z"}
{"source":"urn:twin:source:t1","entity":"urn:r2","attribute":"temperature","value":21.4,"unit":"Cel","observed":"2026-01-05T08:00:02Z"}
{"entity":"urn:r1","attribute":"temperature","value":21.4,"unit":"Cel","uncertainty":{"sd":-1},"observed":"2026-01-05T08:00:00Z"}
{"entity":"urn:r1","attribute":"smoke","value":true,"uncertainty":{"probability":1.5},"observed":"2026-01-05T08:00:00Z"}
{"entity":"urn:r1","attribute":"smoke","unknown":"self-test failed","observed":"2026-01-05T08:00:00Z"}"#;
    check(&bench, &source, lines, &expect![[r#"
        accepted 3
        2 CLM-005 unit: unit `m` measures length, expected temperature such as `Cel`
        3 CLM-001 -: a claim is a JSON object, `{…}`
        5 CLM-005 unit: unit `furlong` is not known; use a UCUM code such as `Cel`, `[ppm]`, `m` or `%`
        6 CLM-006 observed: observed 3 s in the future of this node's clock; set the source's clock
        7 CLM-003 value: the value of `temperature` is not a number
        8 CLM-004 source: `urn:twin:source:t2` is not your source: `source` may not state observations in the name of this source; that takes `steward` or `owner`
        10 CLM-003 value: a standard deviation must be positive and finite
        11 CLM-003 value: a probability must lie between 0 and 1
    "#]]).await;
}

#[tokio::test]
async fn an_empty_request_accepts_nothing() {
    let bench = Bench::furnished().await;
    check(
        &bench,
        &bench.operator,
        "\n \r\n",
        &expect![[r#"
        accepted 0
    "#]],
    )
    .await;
}

#[tokio::test]
async fn what_is_too_large_is_refused_whole() {
    let bench = Bench::furnished().await;
    let outcome = async |path: &str, method: &str, body: String| {
        bench
            .ask(method, path, &bench.operator, &body)
            .await
            .outcome()
    };
    let lines = outcome("/v1/claims", "POST", "\n".repeat(200_001)).await;
    assert!(
        lines.starts_with("413 API-413: the request has more than 200000 lines"),
        "{lines}"
    );
    let bytes = outcome("/v1/claims", "POST", " ".repeat((16 << 20) + 1)).await;
    assert!(
        bytes.starts_with("413 API-413: the body is larger than 16777216 bytes"),
        "{bytes}"
    );
    let patch = outcome("/v1/entities/urn%3Ar1", "PATCH", " ".repeat((1 << 20) + 1)).await;
    assert!(patch.starts_with("413 API-413"), "{patch}");
}

#[tokio::test]
async fn a_patch_is_all_or_nothing() {
    let bench = Bench::furnished().await;
    let mut got = String::new();
    for body in [
        "",
        "[]",
        "{}",
        "{",
        "{\"temperature\":3}",
        "{\"temperature\":[1]}",
        r#"{"temperature":{"value":NaN,"observed":"2026-01-05T08:00:00Z"}}"#,
        r#"{"temperature":{"value":1e400,"observed":"2026-01-05T08:00:00Z"}}"#,
        r#"{"temperature":{"value":20,"unit":"Cel"}}"#,
        r#"{"temperature":{"value":20,"unit":"Cel","observed":"2026-01-05T08:00:00Z","entity":"urn:r2"}}"#,
        r#"{"temperature":{"value":20,"unit":"m","observed":"2026-01-05T08:00:00Z"}}"#,
        r#"{"temperature":{"value":20,"unit":"Cel","observed":"2026-01-05T09:00:00Z"}}"#,
        r#"{"temperature":{"value":20,"unit":"Cel","observed":"2026-01-05T08:00:00Z"},"co2":{"value":"high","observed":"2026-01-05T08:00:00Z"}}"#,
        r#"{"temperature":{"value":20,"unit":"Cel","observed":"2026-01-05T08:00:00Z"},"temperature":{"value":30,"unit":"Cel","observed":"2026-01-05T08:00:00Z"}}"#,
        r#"{"temp rature":{"value":20,"unit":"Cel","observed":"2026-01-05T08:00:00Z"}}"#,
        r#"{"temperature":{"value":20,"unit":"Cel","observed":"2026-01-05T08:00:00Z"},"co2":{"value":600,"unit":"Cel","observed":"2026-01-05T08:00:00Z"}}"#,
    ] {
        let answer = bench
            .ask("PATCH", "/v1/entities/urn%3Ar1", &bench.operator, body)
            .await;
        writeln!(got, "{}", answer.outcome()).unwrap();
    }
    expect![[r#"
        400 API-400: the body is not a JSON object, `{…}`
        400 API-400: the body is not a JSON object, `{…}`
        400 API-400: name at least one attribute
        400 CLM-001: not JSON: EOF while parsing an object at column 1
        400 CLM-001 [temperature]: a claim is a JSON object, `{…}`
        400 CLM-001 [temperature]: a claim is a JSON object, `{…}`
        422 CLM-003 [value]: `NaN` is no number in JSON; say `"unknown": "reason"`
        422 CLM-003 [temperature.value]: the value of `temperature` lies beyond ±1e15
        422 CLM-002 [temperature.observed]: `observed` is missing
        422 CLM-002 [temperature.entity]: `entity` is stated twice: leave it out here
        422 CLM-005 [temperature.unit]: unit `m` measures length, expected temperature such as `Cel`
        422 CLM-006 [temperature.observed]: observed 3600 s in the future of this node's clock; set the source's clock
        422 CLM-003 [co2.value]: the value of `co2` is not a number
        400 API-400 [temperature]: `temperature` is named twice
        400 API-400 [attribute]: `temp rature` is not the name of an attribute
        422 CLM-005 [co2.unit]: unit `Cel` measures temperature, expected fraction such as `[ppm]`
    "#]].assert_eq(&got);
    let twin = bench
        .get("/v1/entities/urn%3Ar1", &bench.operator)
        .await
        .json();
    assert_eq!(twin["attributes"]["temperature"]["status"], "unknown");
    assert_eq!(twin["attributes"]["co2"].get("value"), None::<&Value>);
}
