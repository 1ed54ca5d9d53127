//! A million attributes: what they cost in memory, and how long a restart takes
//! when the process was killed at the worst moment.
//!
//! There are two such moments: just before a snapshot is due, when the log behind the
//! last one is as long as it gets; and while a snapshot is being written, when that
//! one is there but must not be used.

use crate::bench::api;
use crate::http::{Answer, write_request};
use crate::node::{self, Node};
use crate::report::{Row, hash_text};
use crate::shell;
use anyhow::{Context, Result, bail, ensure};
use std::path::Path;
use std::time::{Duration, Instant};

const ATTRIBUTES: u64 = 1_000_000;
const REQUEST_CLAIMS: usize = 5000;
/// Claims from one snapshot to the next (`snapshot_claims` of the default configuration).
const SNAPSHOT_CLAIMS: u64 = 500_000;
/// How long a snapshot may take.
const SNAPSHOT_MAX: Duration = Duration::from_mins(1);
const RESTART_MAX_S: f64 = 3.0;
const BYTES_PER_ATTRIBUTE_MAX: f64 = 1000.0;
const NAP: Duration = Duration::from_millis(1);

/// Fills a node, weighs it, kills it just before and within a snapshot, and starts it
/// again each time.
pub(super) fn measure() -> Result<Vec<Row>> {
    let data = shell::scratch("bench-restart")?;
    let binary = node::build(true)?;
    let node = Node::start(&binary, &data)?;
    let empty = node.resident_bytes()?;
    let mut sent = 0;
    while sent < ATTRIBUTES {
        sent += send(&node, sent)?;
    }
    let attributes = count(&node, "attributes")?;
    ensure!(
        attributes >= ATTRIBUTES,
        "{attributes} attributes came of {sent} claims"
    );
    wait_for(|| Ok(snapshots(&data, Kind::Whole) >= 2 && snapshots(&data, Kind::Part) == 0))?;
    let (full, peak) = (node.resident_bytes()?, node.peak_bytes()?);
    // Claims about the same attributes: the log grows, the state does not.
    while sent < ATTRIBUTES + SNAPSHOT_CLAIMS - REQUEST_CLAIMS as u64 {
        sent += send(&node, sent)?;
    }
    ensure!(
        snapshots(&data, Kind::Part) == 0,
        "a snapshot was begun before it was due"
    );
    node.kill()?;
    let (node, before_s) = restarted(&binary, &data, sent)?;
    let resident = node.resident_bytes()?;
    sent += send(&node, sent)?;
    wait_for(|| Ok(snapshots(&data, Kind::Part) > 0))?;
    node.kill()?;
    ensure!(
        snapshots(&data, Kind::Part) > 0,
        "the snapshot was whole before the kill"
    );
    let (node, within_s) = restarted(&binary, &data, sent)?;
    drop(node);
    let worst_s = f64::max(before_s, within_s);
    let per_attribute = full.saturating_sub(empty) as f64 / attributes as f64;
    let inputs = hash_text(&format!("restart {ATTRIBUTES} {REQUEST_CLAIMS}"));
    let mb = |bytes: u64| format!("{:.0} MB", bytes as f64 / 1e6);
    Ok(vec![
        Row::new(
            "restart with 1 M attributes, killed at the worst point of the snapshot cycle",
            "≤ 3 s to first answer",
        )
        .found(
            attributes,
            format!("{worst_s:.2} s"),
            worst_s <= RESTART_MAX_S,
        )
        .on(inputs.clone())
        .details([format!(
            "killed just before a snapshot {before_s:.2} s, within it {within_s:.2} s; {sent} \
             claims in all, {SNAPSHOT_CLAIMS} from one snapshot to the next; resident after the \
             first restart {}",
            mb(resident)
        )]),
        Row::new("memory per attribute, all-in", "≤ 1 kB")
            .found(
                attributes,
                format!("{per_attribute:.0} B"),
                per_attribute <= BYTES_PER_ATTRIBUTE_MAX,
            )
            .on(inputs)
            .details([format!(
                "resident {} when empty, {} when full, at most {}; four attributes a twin",
                mb(empty),
                mb(full),
                mb(peak)
            )]),
    ])
}

/// Starts the node again, and how long it took from the start of the process to the
/// answer about a twin.
fn restarted(binary: &Path, data: &Path, sent: u64) -> Result<(Node, f64)> {
    let node = Node::start(binary, data)?;
    let begun = Instant::now();
    let first = node.ask("GET", "/v1/entities/urn:twin:load:space:7", b"")?;
    let seconds = node.started_in_s + begun.elapsed().as_secs_f64();
    ensure!(
        first.status == 200,
        "the restarted node answered {}",
        first.status
    );
    let kept = count(&node, "claims")?;
    ensure!(kept >= sent, "{sent} claims were sent and {kept} are there");
    Ok((node, seconds))
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

fn wait_for(holds: impl Fn() -> Result<bool>) -> Result<()> {
    let begun = Instant::now();
    while !holds()? {
        if begun.elapsed() > SNAPSHOT_MAX {
            bail!("no snapshot within {} s", SNAPSHOT_MAX.as_secs());
        }
        std::thread::sleep(NAP);
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Whole,
    /// Being written: its name ends in `.tmp` (`docs/formats/snapshot.md`).
    Part,
}

fn snapshots(data: &Path, kind: Kind) -> usize {
    let entries = std::fs::read_dir(data.join("store"));
    let names = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name());
    names
        .filter(|name| {
            let name = name.to_string_lossy();
            let part = name.contains(".tmp");
            name.starts_with("snap-") && part == (kind == Kind::Part)
        })
        .count()
}
