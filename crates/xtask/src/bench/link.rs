//! Two nodes on this machine and the link between them: how much goes over it, how soon an
//! alarm is there, and what arrives over a cut.
//!
//! No peer does the same work, signed, encrypted for its reader, durable at both ends and
//! each claim once. So the figures stand beside what bounds them: one node alone taking the
//! same claims, and the same bytes over a bare connection. A peer is shown where its
//! work can be compared: what it delivers over a link that was cut.

mod cut;

use crate::bench::Options;
use crate::bench::api::{CLAIMS, NDJSON};
use crate::federation::{self, Organisation, Share, until};
use crate::http::{Answer, request};
use crate::load;
use crate::node::{self, Node};
use crate::report::{Row, hash_text, median, quantile};
use crate::rng::{now_us, rfc3339};
use crate::shell;
use anyhow::{Context, Result, ensure};
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

pub(super) use cut::over_a_cut;

const ENTRIES_PER_S_MIN: f64 = 100_000.0;
/// Claims of one request.
const REQUEST_CLAIMS: u64 = 5_000;
/// Doors that the claims are about.
const DOORS: u64 = 2_500;
/// Every claim about these is sent, however many there are: what a cut left out would not
/// count as carried. Each run shares one that no run before it shared.
const ATTRIBUTES: [&str; 3] = ["open", "passable", "smoke"];
const PATIENCE: Duration = Duration::from_mins(5);
/// Alarms that are timed, and how long the nodes are left alone before each.
const ALARMS: u64 = 200;
const QUIET: Duration = Duration::from_millis(50);
/// Bytes that one durable write of an alarm takes, about.
const SYNC_BYTES: usize = 4096;
const SYNCS: usize = 300;

/// Two organisations of which the second calls the first.
fn pair(name: &str) -> Result<[Organisation; 2]> {
    let folder = shell::scratch(name)?;
    let binary = node::build(true)?;
    let begin =
        |name: &str, is_reached| Organisation::begin(&binary, &folder.join(name), name, is_reached);
    let (tower, brigade) = (begin("tower", true)?, begin("brigade", false)?);
    federation::join(tower.node()?, brigade.node()?)?;
    until(PATIENCE, "the link is up", || {
        Ok(federation::is_connected(brigade.node()?, "tower")?.then_some(()))
    })?;
    Ok([tower, brigade])
}

fn share(node: &Node, attributes: &[&str]) -> Result<()> {
    let share = Share {
        to: "brigade",
        kinds: &[],
        attributes,
        backfill: true,
    };
    federation::share(node, share)
}

/// One run of the throughput.
#[derive(Debug, Default)]
struct Run {
    imported_per_s: f64,
    per_s: f64,
    bytes: f64,
    tcp_s: f64,
    cpu_s: [f64; 2],
}

/// Entries per second from the log of one node into that of the other.
pub(super) fn throughput(options: &Options) -> Result<Vec<Row>> {
    let [tower, brigade] = pair("bench-link")?;
    let (from, to) = (tower.node()?, brigade.node()?);
    let wire = tower.wire.as_ref().context("no wire")?;
    let entries = options.entries.next_multiple_of(REQUEST_CLAIMS);
    let mut runs = Vec::new();
    for attribute in ATTRIBUTES.iter().take(options.repeat.max(1) as usize) {
        let imported_per_s = import(from, attribute, entries)?;
        let (had, bytes) = (count(to)?, wire.bytes());
        let cpu = [from.cpu_s()?, to.cpu_s()?];
        let begun = Instant::now();
        share(from, &[attribute])?;
        until(PATIENCE, "the other node has every entry", || {
            Ok((count(to)? >= had + entries).then_some(()))
        })?;
        let seconds = begun.elapsed().as_secs_f64();
        ensure!(count(to)? == had + entries, "more arrived than was sent");
        let bytes = wire.bytes() - bytes;
        runs.push(Run {
            imported_per_s,
            per_s: entries as f64 / seconds,
            bytes: bytes as f64,
            tcp_s: tcp_s(bytes)?,
            cpu_s: [from.cpu_s()? - cpu[0], to.cpu_s()? - cpu[1]],
        });
    }
    Ok(rows(&runs, entries))
}

fn rows(runs: &[Run], entries: u64) -> Vec<Row> {
    let middle =
        |figure: &dyn Fn(&Run) -> f64| median(&runs.iter().map(figure).collect::<Vec<_>>());
    let n = runs.len() as u64;
    let per_s = middle(&|run| run.per_s);
    let alone = middle(&|run| run.imported_per_s);
    let bytes = middle(&|run| run.bytes);
    let inputs = hash_text(&format!("link {entries} {DOORS} {ATTRIBUTES:?}"));
    vec![
        Row::new(
            "entries per second between two nodes, signed, encrypted, durable at both ends",
            format!("≥ {ENTRIES_PER_S_MIN:.0}"),
        )
        .found(n, format!("{per_s:.0}"), per_s >= ENTRIES_PER_S_MIN)
        .beside(format!(
            "one node alone takes the same claims at {alone:.0} per second"
        ))
        .on(inputs.clone())
        .details([
            format!(
                "{entries} claims about {DOORS} doors that the first node has, from the rule \
                 that shares them until the second has them all"
            ),
            format!(
                "processor time {:.1} s and {:.1} s, {:.1} and {:.1} µs an entry",
                middle(&|run| run.cpu_s[0]),
                middle(&|run| run.cpu_s[1]),
                middle(&|run| run.cpu_s[0]) / entries as f64 * 1e6,
                middle(&|run| run.cpu_s[1]) / entries as f64 * 1e6,
            ),
        ]),
        Row::new("bytes per entry on the wire, all of them, both ways", "")
            .shown(n, format!("{:.1}", bytes / entries as f64))
            .beside(format!(
                "a bare connection carries the same {:.1} MB in {:.0} ms",
                bytes / 1e6,
                middle(&|run| run.tcp_s) * 1e3
            ))
            .on(inputs),
    ]
}

fn count(node: &Node) -> Result<u64> {
    let claims = node.get("/v1/status")?["claims"].as_u64();
    claims.context("the status tells no claims")
}

/// Gives a node claims through the bulk endpoint; returns how many a second it took.
fn import(node: &Node, attribute: &str, entries: u64) -> Result<f64> {
    let mut connection = node.connect()?;
    let mut answer = Answer::default();
    let (mut seconds, mut observed_us) = (0.0, now_us() - entries);
    for first in (0..entries).step_by(REQUEST_CLAIMS as usize) {
        let mut body = String::with_capacity(REQUEST_CLAIMS as usize * 160);
        for number in first..first + REQUEST_CLAIMS {
            observed_us += 1;
            let _ = writeln!(
                body,
                "{{\"source\":\"urn:twin:source:door{}\",\"entity\":\"urn:twin:tower:door:{}\",\
                 \"attribute\":\"{attribute}\",\"value\":{},\"observed\":\"{}\"}}",
                number % 16,
                number % DOORS,
                // Unlike the one before it about every other time.
                (number / DOORS).count_ones().is_multiple_of(2),
                rfc3339(observed_us)
            );
        }
        let request = request("POST", CLAIMS, &[&node.bearer, NDJSON], body.as_bytes());
        let begun = Instant::now();
        connection.send(&request)?;
        connection.receive(&mut answer)?;
        seconds += begun.elapsed().as_secs_f64();
        let accepted = answer.json()?["accepted"].as_u64();
        ensure!(accepted == Some(REQUEST_CLAIMS), "claims were refused");
    }
    Ok(entries as f64 / seconds)
}

/// How long so many bytes take over a bare connection on this machine.
fn tcp_s(bytes: u64) -> Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut sends = TcpStream::connect(listener.local_addr()?)?;
    let (mut takes, _) = listener.accept()?;
    let begun = Instant::now();
    let taker = std::thread::spawn(move || {
        let mut portion = vec![0; 1 << 16];
        while takes.read(&mut portion).is_ok_and(|count| count > 0) {}
    });
    let portion = vec![0x5a; 1 << 14];
    let mut left = bytes as usize;
    while left > 0 {
        let count = left.min(portion.len());
        sends.write_all(&portion[..count])?;
        left -= count;
    }
    drop(sends);
    taker.join().expect("reading does not panic");
    Ok(begun.elapsed().as_secs_f64())
}

/// From when an alarm is given to one node until a read of the other shows it, with
/// nothing else to do.
pub(super) fn alarm(_: &Options) -> Result<Vec<Row>> {
    let [tower, brigade] = pair("bench-alarm")?;
    let (from, to) = (tower.node()?, brigade.node()?);
    share(from, &["smoke"])?;
    let (mut there, mut acknowledged) = (Vec::new(), Vec::new());
    let (mut giving, mut reading) = (from.connect()?, to.connect()?);
    for number in 0..ALARMS {
        std::thread::sleep(QUIET);
        let space = format!("urn:twin:tower:space:{number}");
        let body = format!(
            "{{\"source\":\"urn:twin:source:detector\",\"entity\":\"{space}\",\
             \"attribute\":\"smoke\",\"value\":true,\"observed\":\"{}\"}}\n",
            rfc3339(now_us())
        );
        let give = request("POST", CLAIMS, &[&from.bearer, NDJSON], body.as_bytes());
        let path = format!("/v1/entities/{space}/attributes/smoke/why");
        let read = to.request("GET", &path, b"");
        let begun = Instant::now();
        giving.ask(&give)?.json()?;
        acknowledged.push(begun.elapsed().as_secs_f64());
        // Without a pause, which would be measured too.
        while reading.ask(&read)?.status != 200 {
            ensure!(begun.elapsed() < PATIENCE, "the alarm did not arrive");
        }
        there.push(begun.elapsed().as_secs_f64());
    }
    let syncs = load::bare_syncs(&tower.data, SYNC_BYTES, SYNCS)?;
    let ms = |seconds: f64| format!("{:.1} ms", seconds * 1e3);
    Ok(vec![
        Row::new("first alarm at the other node, both idle", "")
            .shown(
                there.len() as u64,
                format!(
                    "p50 {}, p99 {}",
                    ms(median(&there)),
                    ms(quantile(&there, 0.99))
                ),
            )
            .beside(format!(
                "acknowledged where it was given: p50 {}; it is synced four times on its way, \
                 one bare fdatasync: p50 {}",
                ms(median(&acknowledged)),
                ms(median(&syncs))
            ))
            .on(hash_text(&format!("alarm {ALARMS} {QUIET:?}"))),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Verdict;

    #[test]
    fn figures_are_the_middle_of_the_runs() {
        let run = |per_s| Run {
            per_s,
            bytes: 1000.0,
            ..Run::default()
        };
        let judged = |figures: [f64; 3]| rows(&figures.map(run), 100)[0].verdict.clone();
        assert_eq!(judged([1.0, 100_000.0, 200_000.0]), Verdict::Met);
        assert_eq!(judged([1.0, 99_999.0, 200_000.0]), Verdict::Missed);
        assert_eq!(rows(&[run(1.0)], 100)[1].value, "10.0");
    }

    #[test]
    fn bytes_pass_a_bare_connection() {
        assert!(tcp_s(100_000).unwrap() > 0.0);
    }
}
