//! Claims that nobody should believe.

use super::{Cases, WITNESS, claim, names, unharmed};
use crate::http::request;
use crate::node::Node;
use crate::rng::{now_us, rfc3339};
use anyhow::{Result, ensure};
use serde_json::{Value, json};

/// Another twin, about which each request also says something sound.
const BESIDE: &str = "urn:twin:witness:space:2";
const HOUR_US: u64 = 3_600_000_000;
const DEEP: usize = 1000;

/// Gives each to the node in three ways: with a sound line beside it, which must be
/// taken; as one of two attributes that stand or fall together; and alone.
pub(super) fn cases(node: &Node) -> Cases {
    let (now, later) = (rfc3339(now_us()), rfc3339(now_us() + HOUR_US));
    let deep = "[".repeat(DEEP) + &"]".repeat(DEEP);
    let fields = |value: &str, unit: &str, observed: &str| {
        format!("{{\"value\":{value},\"unit\":\"{unit}\",\"observed\":\"{observed}\"}}")
    };
    let bad = [
        ("NaN", fields("NaN", "Cel", &now), "CLM-003"),
        (
            "an infinite number",
            fields("1e999", "Cel", &now),
            "CLM-003",
        ),
        ("a huge number", fields("1e300", "Cel", &now), "CLM-003"),
        ("deep nesting", fields(&deep, "Cel", &now), "CLM-00"),
        ("an unknown unit", fields("20", "parrot", &now), "CLM-005"),
        (
            "a unit of another quantity",
            fields("20", "kg", &now),
            "CLM-005",
        ),
        ("a future time", fields("20", "Cel", &later), "CLM-006"),
        (
            "another form of value",
            fields("\"warm\"", "Cel", &now),
            "CLM-003",
        ),
        (
            "no time",
            "{\"value\":20,\"unit\":\"Cel\"}".into(),
            "CLM-002",
        ),
        (
            "a field nobody knows",
            format!("{{\"value\":20,\"unit\":\"Cel\",\"observed\":\"{now}\",\"uncertanity\":1}}"),
            "CLM-002",
        ),
        ("half an object", "{\"value\":20".into(), "CLM-001"),
    ];
    let mut cases = Cases::new();
    for (name, fields, code) in bad {
        let outcome = lines(node, &fields, code)
            .and_then(|()| attributes(node, &fields, code))
            .and_then(|()| unharmed(node));
        cases.push((name.into(), outcome));
    }
    cases.push((
        "for another source".into(),
        other_source(node, &now).and_then(|()| unharmed(node)),
    ));
    cases
}

/// In bulk: the bad line is refused with its number, the sound one is taken.
fn lines(node: &Node, fields: &str, code: &str) -> Result<()> {
    let before = beside(node)?;
    let bad = fields.replacen(
        '{',
        &format!("{{\"entity\":\"{WITNESS}\",\"attribute\":\"temperature\","),
        1,
    );
    let sound = json!({"entity": BESIDE, "attribute": "temperature", "value": 20, "unit": "Cel",
        "observed": rfc3339(now_us())});
    let answer = claim(node, &format!("{bad}\n{sound}\n"))?;
    ensure!(
        answer["accepted"] == 1,
        "the line beside it was not taken: {answer}"
    );
    let refused = &answer["refused"];
    ensure!(
        refused[0]["line"] == 1 && refused[1].is_null(),
        "refused {refused}"
    );
    names(&refused[0]["code"].to_string(), &[code])?;
    ensure!(
        beside(node)? == before + 1,
        "the line beside it is not there"
    );
    Ok(())
}

/// In a change of several attributes: none is taken.
fn attributes(node: &Node, fields: &str, code: &str) -> Result<()> {
    let before = beside(node)?;
    let sound = json!({"value": 500, "unit": "[ppm]", "observed": rfc3339(now_us())});
    let body = format!("{{\"co2\":{sound},\"temperature\":{fields}}}");
    let path = format!("/v1/entities/{BESIDE}");
    let answer = node.ask("PATCH", &path, body.as_bytes())?;
    let text = String::from_utf8_lossy(&answer.body);
    ensure!(
        (400..500).contains(&answer.status),
        "answered {}: {text}",
        answer.status
    );
    // What is no JSON is refused before anybody looks for claims in it.
    names(&text, &[code, "API-400", "CLM-001"])?;
    let twin = node.get(&path)?;
    let half = twin["attributes"].get("co2").is_some();
    ensure!(!half && beside(node)? == before, "half of it was taken");
    Ok(())
}

/// With a token that is bound to one source.
fn other_source(node: &Node, now: &str) -> Result<()> {
    let wish = json!({"source": "urn:twin:source:own", "role": "source", "label": "bad input"});
    let token = node
        .ask("POST", "/v1/tokens", wish.to_string().as_bytes())?
        .json()?;
    let bearer = format!(
        "authorization: Bearer {}",
        token["secret"].as_str().unwrap_or_default()
    );
    let line = |source: &str, entity: &str| {
        json!({"source": source, "entity": entity, "attribute": "temperature", "value": 20,
            "unit": "Cel", "observed": now})
        .to_string()
    };
    let body = format!(
        "{}\n{}\n",
        line("urn:twin:source:other", WITNESS),
        line("urn:twin:source:own", BESIDE)
    );
    let ask = request("POST", "/v1/claims", &[&bearer], body.as_bytes());
    let answer: Value = node.connect()?.ask(&ask)?.json()?;
    ensure!(
        answer["accepted"] == 1,
        "its own claim was not taken: {answer}"
    );
    names(&answer["refused"][0]["code"].to_string(), &["CLM-004"])
}

/// How many claims there are about the twin beside.
fn beside(node: &Node) -> Result<usize> {
    let path = format!("/v1/entities/{BESIDE}/attributes/temperature/why");
    let answer = node.ask("GET", &path, b"")?;
    if answer.status == 404 {
        return Ok(0);
    }
    Ok(answer.json()?["claims"].as_array().map_or(0, Vec::len))
}
