//! Files that are no sound IFC.

use super::{Cases, names, unharmed};
use crate::http::Answer;
use crate::node::Node;
use crate::report;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::Path;

/// The longest line, in bytes.
const LONG_LINE_BYTES: u64 = 2_000_000_000;
/// Sent at once.
const PIECE_BYTES: usize = 1 << 20;

/// Gives each to the node.
pub(super) fn cases(node: &Node, office: &Path) -> Result<Cases> {
    let sound = std::fs::read_to_string(office)?;
    let truncated = &sound[..sound.len() * 6 / 10];
    let noise: Vec<u8> = (0..3000u32)
        .flat_map(|n| report::hash_text(&n.to_string()).into_bytes())
        .map(|byte| byte.wrapping_mul(37))
        .collect();
    let files: [(&str, Vec<u8>, &str); 7] = [
        ("empty", Vec::new(), "IFC-001"),
        ("binary", noise, "IFC-001"),
        ("truncated", truncated.into(), "IFC-002"),
        (
            "wrong schema",
            sound.replace("('IFC4')", "('CIS2')").into(),
            "IFC-004",
        ),
        (
            "placed on itself",
            placed_on_itself(&sound)?.into(),
            "IFC-006",
        ),
        ("part of itself", part_of_itself(&sound)?.into(), "IFC-006"),
        (
            "wrong unit",
            sound
                .replace(".LENGTHUNIT.,.MILLI.,.METRE.", ".MASSUNIT.,.KILO.,.GRAM.")
                .into(),
            "IFC-007",
        ),
    ];
    let mut cases = Cases::new();
    for (name, bytes, code) in files {
        // Under the same name as the sound one, as a wrong export would come.
        let outcome = given(node, &bytes, code).and_then(|()| unharmed(node));
        cases.push((name.into(), outcome));
        node.import(office)
            .context("the sound file after a bad one")?;
    }
    let outcome = long_line(node).and_then(|()| unharmed(node));
    cases.push((format!("a line of {LONG_LINE_BYTES} bytes"), outcome));
    Ok(cases)
}

fn given(node: &Node, bytes: &[u8], code: &str) -> Result<()> {
    let answer = node.ask("POST", "/v1/imports?name=office.ifc", bytes)?;
    judged(node, &answer, code)
}

/// The code stands in the refusal, or in a finding of the batch.
fn judged(node: &Node, answer: &Answer, code: &str) -> Result<()> {
    let text = String::from_utf8_lossy(&answer.body);
    let last: Value = serde_json::from_str(text.trim_end().lines().next_back().unwrap_or_default())
        .with_context(|| format!("answered {} without JSON", answer.status))?;
    let Some(batch) = last["done"]["batch"].as_u64() else {
        return names(&last.to_string(), &[code]);
    };
    let findings = node.get("/v1/findings?limit=10000")?;
    let ours = findings["findings"].as_array().into_iter().flatten();
    let codes: Vec<&str> = ours
        .filter(|finding| finding["batch"].as_u64() == Some(batch))
        .filter_map(|finding| finding["code"].as_str())
        .collect();
    ensure!(codes.contains(&code), "no {code} among {codes:?}");
    Ok(())
}

/// The first placement under another one refers to itself.
fn placed_on_itself(sound: &str) -> Result<String> {
    let line = sound
        .lines()
        .find(|line| line.contains("=IFCLOCALPLACEMENT(#"));
    let line = line.context("no relative placement")?;
    let (id, rest) = line
        .split_once("=IFCLOCALPLACEMENT(")
        .context("no placement")?;
    let (_, rest) = rest.split_once(',').context("no placement")?;
    Ok(sound.replace(line, &format!("{id}=IFCLOCALPLACEMENT({id},{rest}")))
}

/// The building is the first of its own storeys.
fn part_of_itself(sound: &str) -> Result<String> {
    let building = sound.lines().find(|line| line.contains("=IFCBUILDING("));
    let (id, _) = building
        .and_then(|line| line.split_once('='))
        .context("no building")?;
    let whole = format!(",{id},(");
    ensure!(sound.contains(&whole), "the building has no parts");
    Ok(sound.replacen(&whole, &format!("{whole}{id},"), 1))
}

/// Sends a file that is one line; the node may answer before it has read all.
fn long_line(node: &Node) -> Result<()> {
    const HEAD: &[u8] =
        b"ISO-10303-21;\nHEADER;\nFILE_SCHEMA(('IFC4'));\nENDSEC;\nDATA;\n#1=IFCWALL('";
    let mut connection = node.connect()?;
    let mut request = format!(
        "POST /v1/imports?name=long.ifc HTTP/1.1\r\nhost: localhost\r\n{}\r\ncontent-length: {}\r\n\r\n",
        node.bearer,
        HEAD.len() as u64 + LONG_LINE_BYTES
    )
    .into_bytes();
    request.extend_from_slice(HEAD);
    let mut sent = connection.send(&request).is_ok();
    let (piece, mut left) = (vec![b'a'; PIECE_BYTES], LONG_LINE_BYTES);
    while sent && left > 0 {
        let now = left.min(PIECE_BYTES as u64);
        sent = connection.send(&piece[..now as usize]).is_ok();
        left -= now;
    }
    let mut answer = Answer::default();
    connection.receive(&mut answer)?;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    names(&text, &["IFC-0", "API-413"])
}
