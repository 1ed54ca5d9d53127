//! How long a reading takes through the whole of a stream, by itself and with its keys.
//! `cargo test --release -p twin-link --test pace -- --ignored --nocapture`

mod support;

use std::time::Instant;
use support::{Dice, append, author, epoch_key, later, temperature};
use twin_link::payload::Topics;
use twin_link::*;

/// Readings in a bundle, and bundles.
const BATCH: usize = 1000;
const BUNDLES: usize = 100;
/// Aim, in microseconds per reading and side.
const PACE_US: f64 = 0.8;

/// Rooms that report a random walk every ten seconds.
fn payloads(author: &mut Author) -> Vec<Payload> {
    let mut dice = Dice(5);
    let mut tenths = [200_i64; 200];
    let mut payload = |at: usize| {
        let records = (0..BATCH).map(|i| {
            let room = i % tenths.len();
            tenths[room] += dice.below(5).cast_signed() - 2;
            let value = tenths[room] as f64 / 10.0;
            let topic = author.topic(&temperature(room), Some(value)).expect("room");
            let seconds = at * 50 + i / tenths.len() * 10;
            let jitter_s = dice.below(400) as f64 / 1e3;
            Record::reading(topic, later(seconds as f64 + jitter_s), value)
        });
        Payload {
            records: records.collect(),
            written: later((at * 50 + 50) as f64),
            ..Payload::default()
        }
    };
    (0..BUNDLES).map(&mut payload).collect()
}

#[expect(clippy::disallowed_methods, reason = "it measures")]
fn timed<T>(what: &str, work: impl FnOnce() -> T) -> (T, f64) {
    let begun = Instant::now();
    let done = work();
    let us = begun.elapsed().as_secs_f64() * 1e6 / (BATCH * BUNDLES) as f64;
    println!("{what}: {us:.3} us per reading");
    (done, us)
}

#[test]
#[ignore = "measures time: run in release on a quiet machine"]
fn a_reading_takes_less_than_a_microsecond_on_each_side() {
    let mut author = author(1, Class::Telemetry, Keep::History);
    let payloads = payloads(&mut author);
    let best = (0..5).map(|_| {
        let mut writer = author.clone();
        let (bundles, write_us) = timed("encode, seal, sign", || {
            let all = payloads.iter().flat_map(|p| append(&mut writer, p, None));
            all.map(|bundle| bundle.body()).collect::<Vec<_>>()
        });
        let (stream, opening) = (author.stream(), author.opening());
        let ((), read_us) = timed("check, open, decode", || {
            let mut topics = Topics::default();
            let mut replica = Replica::default();
            replica.introduce(opening).expect("room");
            for (seq, body) in (1..).zip(&bundles) {
                let bundle = Bundle::from_body(stream, seq, body).expect("a bundle");
                replica.check(bundle.stub()).expect("signed");
                replica.hold(&bundle).expect("known");
                let opened = epoch_key(1).open(bundle.header(), bundle.content());
                let read = Payload::decode(&opened.expect("the key"), &mut topics);
                assert_eq!(read.expect("a payload").records.len(), BATCH);
            }
        });
        (write_us, read_us)
    });
    let best = best.reduce(|a, b| (a.0.min(b.0), a.1.min(b.1)));
    let (write_us, read_us) = best.expect("a run");
    assert!(
        write_us <= PACE_US && read_us <= PACE_US,
        "{write_us}, {read_us}"
    );
}
