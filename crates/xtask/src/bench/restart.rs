//! A million attributes: what they cost in memory, and how long a restart takes
//! when the process was killed at the worst moment.
//!
//! The worst moment is while a snapshot is being written: the newest whole one is
//! then as old as it gets, and the rest must be read from the log.

use crate::bench::api;
use crate::http::{Answer, write_request};
use crate::node::{self, Node};
use crate::report::{Row, hash_text};
use crate::shell;
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::time::Instant;

const ATTRIBUTES: u64 = 1_000_000;
const REQUEST_CLAIMS: usize = 5000;
/// A node that has written no snapshot after so many claims will write none.
const CLAIMS_MAX: u64 = 4 * ATTRIBUTES;
const RESTART_MAX_S: f64 = 3.0;
const BYTES_PER_ATTRIBUTE_MAX: f64 = 1000.0;

/// Fills a node, weighs it, kills it while it writes a snapshot, and starts it again.
pub(super) fn measure() -> Result<Vec<Row>> {
    let data = shell::scratch("bench-restart")?;
    let binary = node::build(true)?;
    let node = Node::start(&binary, &data)?;
    let empty = node.resident_bytes()?;
    let mut sent = 0;
    while sent < ATTRIBUTES {
        sent += send(&node, sent)?;
    }
    let full = node.resident_bytes()?;
    let attributes = count(&node, "attributes")?;
    ensure!(
        attributes >= ATTRIBUTES,
        "{attributes} attributes came of {sent} claims"
    );
    // More claims about the same attributes, until a snapshot is under way.
    while !snapshot_under_way(&data) {
        ensure!(
            sent < CLAIMS_MAX,
            "no snapshot was begun within {sent} claims"
        );
        sent += send(&node, sent)?;
    }
    node.kill()?;
    let again = Node::start(&binary, &data)?;
    let begun = Instant::now();
    let first = again.ask("GET", "/v1/entities/urn:twin:load:space:7", b"")?;
    let restart_s = again.started_in_s + begun.elapsed().as_secs_f64();
    ensure!(
        first.status == 200,
        "the restarted node answered {}",
        first.status
    );
    ensure!(
        count(&again, "claims")? >= sent,
        "claims are missing after the restart"
    );
    let per_attribute = full.saturating_sub(empty) as f64 / attributes as f64;
    let inputs = hash_text(&format!("restart {ATTRIBUTES} {REQUEST_CLAIMS}"));
    Ok(vec![
        Row::new(
            "restart with 1 M attributes, killed within a snapshot",
            "≤ 3 s to first answer",
        )
        .found(
            attributes,
            format!("{restart_s:.2} s"),
            restart_s <= RESTART_MAX_S,
        )
        .on(inputs.clone())
        .details([format!(
            "{sent} claims in all; resident after the restart {:.0} MB",
            again.resident_bytes()? as f64 / 1e6
        )]),
        Row::new("memory per attribute, all-in", "≤ 1 kB")
            .found(
                attributes,
                format!("{per_attribute:.0} B"),
                per_attribute <= BYTES_PER_ATTRIBUTE_MAX,
            )
            .on(inputs)
            .details([format!(
                "resident {:.0} MB when empty, {:.0} MB when full, one source and four \
                 attributes a twin",
                empty as f64 / 1e6,
                full as f64 / 1e6
            )]),
    ])
}

/// Sends one request of claims, numbered from `first`, and returns how many.
fn send(node: &Node, first: u64) -> Result<u64> {
    let body = api::claims(first, REQUEST_CLAIMS, ATTRIBUTES / 4);
    let mut request = Vec::new();
    write_request(
        &mut request,
        "POST",
        api::CLAIMS,
        &[&node.bearer, api::NDJSON],
        &body,
    );
    let answer: Answer = node.connect()?.ask(&request)?;
    let accepted = answer.json()?["accepted"].as_u64();
    ensure!(
        accepted == Some(REQUEST_CLAIMS as u64),
        "claims were refused: {accepted:?}"
    );
    Ok(REQUEST_CLAIMS as u64)
}

fn count(node: &Node, what: &str) -> Result<u64> {
    node.get("/v1/status")?[what]
        .as_u64()
        .with_context(|| format!("the status tells no {what}"))
}

/// Snapshots are written under a name that ends in `.tmp` (`docs/formats/snapshot.md`).
fn snapshot_under_way(data: &Path) -> bool {
    let mut folders = vec![data.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            if path.is_dir() {
                folders.push(path);
            } else if name.to_string_lossy().starts_with("snap-")
                && name.to_string_lossy().contains(".tmp")
            {
                return true;
            }
        }
    }
    false
}
