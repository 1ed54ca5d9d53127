//! How fast claims are read: decodes a request of bulk again and again on one core and
//! prints claims and bytes per second, beside a parser that only finds out whether each
//! line is JSON.
//!
//! `cargo run --release -p twin-api --example decode`

use serde::de::IgnoredAny;
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Instant;

/// Claims in one request.
const CLAIMS: usize = 50_000;
/// Requests decoded per figure; the fastest counts, as the one least disturbed.
const ROUNDS: usize = 15;

fn main() -> std::io::Result<()> {
    let body = body();
    let ours = best(|| {
        let lines = twin_api::claims::decode(body.as_bytes());
        assert!(lines.iter().all(Result::is_ok));
        lines.len()
    });
    let bare = best(|| {
        body.lines()
            .flat_map(serde_json::from_str::<IgnoredAny>)
            .count()
    });
    let mut out = std::io::stdout();
    for (name, seconds) in [("decode", ours), ("is it JSON", bare)] {
        let (claims, bytes) = (CLAIMS as f64 / seconds, body.len() as f64 / seconds);
        writeln!(
            out,
            "{name:12} {claims:10.0} claims/s  {:7.1} MB/s",
            bytes / 1e6
        )?;
    }
    Ok(())
}

fn body() -> String {
    let mut body = String::new();
    for n in 0..CLAIMS {
        let (source, second, value) = (n % 1000, n % 60, 20.0 + (n % 97) as f64 / 10.0);
        // Writing to a String cannot fail.
        let _ = writeln!(
            body,
            r#"{{"source":"urn:twin:source:t{source}","entity":"urn:twin:local:space:{source:010}","attribute":"temperature","value":{value},"unit":"Cel","uncertainty":{{"sd":0.3}},"observed":"2026-01-05T08:03:{second:02}.5Z","procedure":"NTC probe"}}"#
        );
    }
    body
}

#[allow(
    clippy::disallowed_methods,
    reason = "measuring is what this program is for"
)]
fn best(work: impl Fn() -> usize) -> f64 {
    let once = || {
        let start = Instant::now();
        assert_eq!(std::hint::black_box(work()), CLAIMS);
        start.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(|_| once()).fold(f64::INFINITY, f64::min)
}
