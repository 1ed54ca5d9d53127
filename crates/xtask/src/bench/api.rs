//! The HTTP interface under load, beside a bare server that answers the same
//! bytes, and beside the bare disk.

use crate::bench::Options;
use crate::http::{Answer, Connection, write_request};
use crate::load::{self, Closed, Open};
use crate::node::{self, Node};
use crate::report::{Row, hash_text, median, quantile};
use crate::rng::{now_us, rfc3339};
use crate::shell;
use anyhow::{Context, Result, ensure};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The load of the single requests.
const CONNECTIONS: usize = 64;
const THREADS: usize = 2;
const PATCH_SHARE_MIN: f64 = 0.4;
const GET_SHARE_MIN: f64 = 0.6;
/// The load of the bulk requests.
const BULK_CONNECTIONS: usize = 4;
const BULK_CLAIMS: usize = 1000;
const BULK_TWINS: u64 = 2500;
pub(super) const BULK_CLAIMS_PER_S_MIN: f64 = 100_000.0;
/// The open loop: so many claims per second, in requests of so many.
const OPEN_CLAIMS_PER_S: u64 = 50_000;
const OPEN_CLAIMS: usize = 50;
const OPEN_CALLERS: usize = 32;
/// One request in so many is followed by a read that must show its last claim.
const READ_EVERY: u64 = 10;
const VISIBLE_BASE_S: f64 = 0.005;
/// Bytes that the bare disk is given per sync: about what a group commit writes.
const SYNC_BYTES: usize = 8192;
const SYNCS: usize = 500;

/// Which numbered attribute of the load carries which name and unit, its smallest value
/// and the steps above it: all plausible, because what is out of range is not weighed.
const ATTRIBUTES: [(&str, &str, u64, u64); 4] = [
    ("temperature", "Cel", 16, 1),
    ("co2", "[ppm]", 450, 50),
    ("humidity", "%", 35, 2),
    ("occupancy", "1", 0, 1),
];
const STEPS: u64 = 13;

/// One durable PATCH and one GET at a time per connection, beside the bare server.
pub(super) fn single(options: &Options) -> Result<Vec<Row>> {
    let folder = shell::scratch("bench-single")?;
    let node = Node::start(&node::build(true)?, &folder)?;
    let patch = |id: usize, turn: u64, out: &mut Vec<u8>| {
        let observed = rfc3339(now_us());
        let value = 15.0 + (turn % 1000) as f64 / 100.0;
        let body = format!(
            "{{\"temperature\":{{\"value\":{value},\"unit\":\"Cel\",\"observed\":\"{observed}\"}}}}"
        );
        write_request(
            out,
            "PATCH",
            &twin(id as u64),
            &[&node.bearer, JSON],
            body.as_bytes(),
        );
    };
    let get = |id: usize, _: u64, out: &mut Vec<u8>| {
        write_request(out, "GET", &twin(id as u64), &[&node.bearer], b"");
    };
    let (patched, got) = (sample(&node, &patch)?, sample(&node, &get)?);
    let echo = Echo::start(&folder, &patched, &got)?;
    let mut rows = Vec::new();
    let kinds: [(&str, &load::Writer<'_>, f64); 2] = [
        ("single durable PATCH", &patch, PATCH_SHARE_MIN),
        ("GET", &get, GET_SHARE_MIN),
    ];
    for (name, write, share_min) in kinds {
        let plan = Closed {
            connections: CONNECTIONS,
            threads: THREADS,
            duration: Duration::from_secs(options.seconds),
        };
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..options.repeat.max(1) {
            bare.push(load::closed(echo.address, plan, write)?.per_second());
            let found = load::closed(node.address, plan, write)?;
            ensure!(
                found.refused == 0,
                "{} requests were refused",
                found.refused
            );
            ours.push(found.per_second());
        }
        let share = median(&ours) / median(&bare);
        rows.push(
            Row::new(
                name,
                format!("≥ {:.0} % of the bare server", share_min * 100.0),
            )
            .found(
                ours.len() as u64,
                format!("{:.0} %: {:.0} per second", share * 100.0, median(&ours)),
                share >= share_min,
            )
            .beside(format!(
                "bare axum, the same bytes: {:.0} per second",
                median(&bare)
            ))
            .on(hash_text(&format!(
                "{name} {CONNECTIONS} {}",
                options.seconds
            )))
            .details([format!(
                "closed loop, {CONNECTIONS} connections on {THREADS} threads of the same \
                     machine, {} s each in turn, answers of {} bytes",
                options.seconds,
                if name == "GET" {
                    got.len()
                } else {
                    patched.len()
                }
            )]),
        );
    }
    Ok(rows)
}

/// Claims per second through the bulk endpoint, durable and weighed when answered.
pub(super) fn bulk(options: &Options, per_s_min: f64) -> Result<Vec<Row>> {
    let folder = shell::scratch("bench-bulk")?;
    let node = Node::start(&node::build(true)?, &folder)?;
    let next = AtomicU64::new(0);
    let write = |_: usize, _: u64, out: &mut Vec<u8>| {
        let first = next.fetch_add(BULK_CLAIMS as u64, Ordering::Relaxed);
        write_request(
            out,
            "POST",
            CLAIMS,
            &[&node.bearer, NDJSON],
            &claims(first, BULK_CLAIMS, BULK_TWINS),
        );
    };
    let plan = Closed {
        connections: BULK_CONNECTIONS,
        threads: THREADS,
        duration: Duration::from_secs(options.seconds),
    };
    let mut rates = Vec::new();
    for _ in 0..options.repeat.max(1) {
        let found = load::closed(node.address, plan, &write)?;
        ensure!(
            found.refused == 0,
            "{} requests were refused",
            found.refused
        );
        rates.push(found.per_second() * BULK_CLAIMS as f64);
    }
    let kept = node.get("/v1/status")?["claims"]
        .as_u64()
        .context("the status tells no claims")?;
    let sent = next.load(Ordering::Relaxed);
    ensure!(
        kept >= sent,
        "{sent} claims were acknowledged and {kept} are there"
    );
    let rate = median(&rates);
    Ok(vec![
        Row::new(
            "durable claims per second through the bulk endpoint",
            format!("≥ {:.0} thousand", per_s_min / 1e3),
        )
        .found(rates.len() as u64, format!("{rate:.0}"), rate >= per_s_min)
        .on(hash_text(&format!(
            "bulk {BULK_CONNECTIONS} {BULK_CLAIMS} {BULK_TWINS}"
        )))
        .details([format!(
            "closed loop, {BULK_CONNECTIONS} connections, {BULK_CLAIMS} claims a request, \
                 {} attributes in turn, {} s each",
            BULK_TWINS * 4,
            options.seconds
        )]),
    ])
}

/// From when a claim was due to arrive until a read showed it.
pub(super) fn visible(options: &Options) -> Result<Vec<Row>> {
    let folder = shell::scratch("bench-visible")?;
    let node = Node::start(&node::build(true)?, &folder)?;
    let interval = Duration::from_secs_f64(OPEN_CLAIMS as f64 / OPEN_CLAIMS_PER_S as f64);
    let requests = (options.seconds as f64 / interval.as_secs_f64()) as u64;
    let plan = Open {
        callers: OPEN_CALLERS,
        interval,
        requests,
    };
    let mut syncs = load::bare_syncs(&folder, SYNC_BYTES, SYNCS)?;
    let call = |number: u64, connection: &mut Connection| {
        let first = number * OPEN_CLAIMS as u64;
        let mut request = Vec::new();
        let body = claims(first, OPEN_CLAIMS, BULK_TWINS);
        write_request(&mut request, "POST", CLAIMS, &[&node.bearer, NDJSON], &body);
        let mut answer = Answer::default();
        connection.send(&request)?;
        connection.receive(&mut answer)?;
        let accepted = answer.json()?["accepted"].as_u64() == Some(OPEN_CLAIMS as u64);
        Ok(accepted
            && (!number.is_multiple_of(READ_EVERY) || shows_last(&node, connection, &body)?))
    };
    let timed = load::open(node.address, plan, &call)?;
    syncs.extend(load::bare_syncs(&folder, SYNC_BYTES, SYNCS)?);
    let failed = timed.iter().filter(|timed| !timed.success).count();
    ensure!(
        failed == 0,
        "{failed} of {requests} requests were refused or not visible"
    );
    let read: Vec<f64> = timed
        .iter()
        .filter(|t| t.number.is_multiple_of(READ_EVERY))
        .map(|t| t.latency_s)
        .collect();
    let all: Vec<f64> = timed.iter().map(|t| t.latency_s).collect();
    let late: Vec<f64> = timed.iter().map(|t| t.late_s).collect();
    let (p99, sync_p99) = (quantile(&read, 0.99), quantile(&syncs, 0.99));
    let bound = VISIBLE_BASE_S + 2.0 * sync_p99;
    let ms = |seconds: f64| format!("{:.2} ms", seconds * 1e3);
    Ok(vec![
        Row::new(
            "claim arriving to estimate visible at 50,000/s, p99",
            format!("≤ 5 ms + 2 × bare fdatasync p99 = {}", ms(bound)),
        )
        .found(read.len() as u64, ms(p99), p99 <= bound)
        .beside(format!(
            "bare fdatasync of {SYNC_BYTES} bytes: p99 {}",
            ms(sync_p99)
        ))
        .on(hash_text(&format!(
            "visible {OPEN_CLAIMS} {interval:?} {requests}"
        )))
        .details([
            format!(
                "open loop, {OPEN_CLAIMS} claims every {}, {OPEN_CALLERS} callers, timed from \
                 when a request fell due; one in {READ_EVERY} is read back",
                ms(interval.as_secs_f64())
            ),
            format!(
                "read back p50 {}; acknowledged p50 {}, p99 {}; sent late p99 {}",
                ms(median(&read)),
                ms(median(&all)),
                ms(quantile(&all, 0.99)),
                ms(quantile(&late, 0.99))
            ),
        ]),
    ])
}

pub(super) const CLAIMS: &str = "/v1/claims";
const JSON: &str = "content-type: application/json";
pub(super) const NDJSON: &str = "content-type: application/x-ndjson";

fn twin(number: u64) -> String {
    format!("/v1/entities/urn:twin:load:space:{number}")
}

/// Claims numbered from `first`, over so many twins and all attributes in turn.
pub(super) fn claims(first: u64, count: usize, twins: u64) -> Vec<u8> {
    let mut body = String::with_capacity(count * 180);
    let observed = rfc3339(now_us());
    for number in first..first + count as u64 {
        let (attribute, unit, smallest, step) = ATTRIBUTES[(number % 4) as usize];
        let (twin, value) = (number / 4 % twins, smallest + step * (number / 7 % STEPS));
        let _ = writeln!(
            body,
            "{{\"source\":\"urn:twin:source:load{}\",\"entity\":\"urn:twin:load:space:{twin}\",\
             \"attribute\":\"{attribute}\",\"value\":{value},\"unit\":\"{unit}\",\
             \"observed\":\"{observed}\"}}",
            number % 16
        );
    }
    body.into_bytes()
}

/// Whether a read of the last claim's twin shows evidence as new as the claim.
fn shows_last(node: &Node, connection: &mut Connection, body: &[u8]) -> Result<bool> {
    let text = std::str::from_utf8(body)?;
    let last: serde_json::Value =
        serde_json::from_str(text.trim_end().lines().next_back().unwrap_or_default())?;
    let word = |name: &str| last[name].as_str().unwrap_or_default().to_owned();
    let path = format!("/v1/entities/{}", word("entity"));
    let answer = connection.ask(&node.request("GET", &path, b""))?.json()?;
    let shown = answer["attributes"][word("attribute")]["evidenceTime"].as_str();
    // Times of one form compare as texts; another caller's may be newer still.
    Ok(shown.is_some_and(|shown| shown >= word("observed").as_str()))
}

/// One answer of each kind, as the bytes that the bare server repeats.
fn sample(node: &Node, write: &load::Writer<'_>) -> Result<Vec<u8>> {
    let mut request = Vec::new();
    for id in 0..CONNECTIONS {
        write(id, 0, &mut request);
        let answer = node.connect()?.ask(&request)?;
        ensure!(answer.status == 200, "the node answered {}", answer.status);
        if id + 1 == CONNECTIONS {
            return Ok(answer.body);
        }
    }
    unreachable!("there is at least one connection")
}

/// The bare server.
struct Echo {
    child: Child,
    address: SocketAddr,
}

impl Echo {
    fn start(folder: &Path, patched: &[u8], got: &[u8]) -> Result<Self> {
        let program = shell::build("twin-api", ["--example", "echo"], true)?;
        let files = [folder.join("patched"), folder.join("got")];
        std::fs::write(&files[0], patched)?;
        std::fs::write(&files[1], got)?;
        let mut child = shell::program(program)
            .args(&files)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let out = child
            .stdout
            .take()
            .context("the bare server has no output")?;
        BufReader::new(out).read_line(&mut line)?;
        let address = line
            .trim()
            .parse()
            .context("the bare server told no address")?;
        Ok(Self { child, address })
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        // It may be gone already; there is nobody to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
