//! What is delivered over a link that is cut for 25 seconds: ours, and Zenoh beside it at
//! the same time.
//!
//! Ten messages a second for a minute, both through a wire that is cut in the middle. Zenoh
//! is used with its defaults, as somebody would who has just installed it; it does less
//! (nothing is signed, encrypted or durable) and promises less.

use crate::federation::comparison::told;
use crate::federation::until;
use crate::peer;
use crate::report::{Row, hash_text};
use crate::rng::{now_us, rfc3339};
use crate::shell;
use crate::wire::Wire;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

const SECONDS: u64 = 60;
const RATE: u64 = 10;
const CUT_FROM: Duration = Duration::from_secs(15);
const CUT_UNTIL: Duration = Duration::from_secs(40);
/// How long what is late may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs both at once and counts what arrived.
pub(in crate::bench) fn over_a_cut() -> Result<Vec<Row>> {
    let [tower, brigade] = super::pair("bench-cut")?;
    let (from, to) = (tower.node()?, brigade.node()?);
    super::share(from, &["open"])?;
    let wire = tower.wire.as_ref().context("no wire")?;
    let peer_wire = Wire::new()?;
    // A peer that is not there must not keep ours from being measured.
    let mut peer = peer::zenoh().and_then(|python| Peer::start(&python, &peer_wire));
    let begun = Instant::now();
    if let Ok(peer) = &mut peer {
        peer.begin()?;
    }
    let mut sent = 0;
    for number in 0..SECONDS * RATE {
        let due = Duration::from_millis(number * 1000 / RATE);
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
        for wire in [wire, &peer_wire] {
            if due == CUT_FROM {
                wire.cut();
            } else if due == CUT_UNTIL {
                wire.heal();
            }
        }
        sent += from.claim(&format!(
            "{{\"source\":\"urn:twin:source:door\",\"entity\":\"urn:twin:tower:door:1\",\
             \"attribute\":\"open\",\"value\":{},\"observed\":\"{}\"}}\n",
            number.is_multiple_of(2),
            rfc3339(now_us())
        ))?;
    }
    let mut connection = to.connect()?;
    let mut received = 0;
    let mut count = || {
        let door = "urn:twin:tower:door:1";
        received = told(to, &mut connection, door, "open", Some("tower"))?.len();
        Ok((received as u64 >= sent).then_some(()))
    };
    // What is missing then is missing in the row.
    let _ = until(PATIENCE, "all is there", &mut count);
    count()?;
    let peer = match peer.and_then(Peer::end) {
        Ok((sent, received)) => format!("Zenoh with its defaults: {received} of {sent}"),
        Err(error) => format!("Zenoh: not measured: {error:#}"),
    };
    Ok(vec![
        Row::new("delivered over a link cut for 25 s", "all, each once")
            .found(
                sent,
                format!("{received} of {sent}"),
                received as u64 == sent,
            )
            .beside(peer)
            .on(hash_text(&format!("{SECONDS} s, {RATE} a second"))),
    ])
}

/// A publisher and a subscriber with a wire between them.
struct Peer {
    publisher: Child,
    subscriber: Child,
    said: [BufReader<ChildStdout>; 2],
}

impl Peer {
    fn start(python: &Path, wire: &Wire) -> Result<Self> {
        // Free now, and nobody else on this machine is looking for it.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        wire.lead_to(port);
        let script = shell::root().join("crates/xtask/oracle/zenoh_cut.py");
        let run = |arguments: &[&str]| {
            let mut command = shell::program(python);
            command.arg(&script).args(arguments);
            command.stdin(Stdio::piped()).stdout(Stdio::piped());
            command.stderr(Stdio::null()).spawn()
        };
        let (seconds, rate) = (SECONDS.to_string(), RATE.to_string());
        let mut publisher = run(&["pub", &port.port().to_string(), &seconds, &rate])?;
        let out = publisher.stdout.take().context("no output")?;
        let mut said = BufReader::new(out);
        ready(&mut said)?;
        let lasts = (SECONDS + PATIENCE.as_secs()).to_string();
        let mut subscriber = run(&["sub", &wire.address.to_string(), &lasts])?;
        let out = subscriber.stdout.take().context("no output")?;
        let mut heard = BufReader::new(out);
        ready(&mut heard)?;
        Ok(Self {
            publisher,
            subscriber,
            said: [said, heard],
        })
    }

    fn begin(&mut self) -> Result<()> {
        let input = self.publisher.stdin.as_mut().context("no input")?;
        Ok(input.write_all(b"go\n")?)
    }

    /// How many were sent, and how many received.
    fn end(mut self) -> Result<(u64, u64)> {
        let mut figure = |which: usize, name: &str| {
            let mut line = String::new();
            self.said[which].read_line(&mut line)?;
            let said: Value = serde_json::from_str(&line).context("it said no figure")?;
            said[name].as_u64().context("it said no figure")
        };
        Ok((figure(0, "sent")?, figure(1, "received")?))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        for child in [&mut self.publisher, &mut self.subscriber] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn ready(said: &mut BufReader<ChildStdout>) -> Result<()> {
    let mut line = String::new();
    said.read_line(&mut line)?;
    ensure!(line == "ready\n", "it did not start");
    Ok(())
}
