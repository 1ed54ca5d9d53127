//! How long a reading takes through the whole of a stream, by itself and with its keys.
//! `cargo run --release -p twin-link --example pace`

#![expect(
    clippy::wildcard_imports,
    reason = "as the tests do, whose support it shares"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::BTreeMap;
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

struct Shelved(BTreeMap<(StreamId, u64), Vec<u8>>);

impl Shelf for Shelved {
    fn bytes(&self, stream: StreamId, seq: u64) -> Option<Vec<u8>> {
        self.0.get(&(stream, seq)).cloned()
    }
}

/// Microseconds from a bundle being durable to the frame with it, among so many streams.
#[expect(clippy::disallowed_methods, reason = "it measures")]
fn frame_us(streams: usize) -> f64 {
    let (mut hub, mut shelf) = (Hub::default(), Shelved(BTreeMap::new()));
    let write = |hub: &mut Hub, shelf: &mut Shelved, author: &mut Author| {
        let payload = Payload {
            written: later(0.0),
            unknown: vec![(99, vec![7; 40])],
            ..Payload::default()
        };
        let bundle = append(author, &payload, None).remove(0);
        let key = (bundle.header().stream, bundle.header().seq);
        shelf.0.insert(key, bundle.body());
        let published = hub.publish(author.opening(), &bundle, later(0.0));
        published.expect("our own");
    };
    let mut authors: Vec<Author> = (0..streams)
        .map(|at| {
            let mut identity = support::identity(1);
            identity.audience.0[..8].copy_from_slice(&(at as u64 + 1).to_le_bytes());
            let mut author = Author::open(&[1; 32], identity, Class::LifeSafety, Keep::History);
            let begun = author.begin_epoch(1, epoch_key(1), later(0.0));
            begun.expect("a first epoch");
            author
        })
        .collect();
    for author in &mut authors {
        (0..50).for_each(|_| write(&mut hub, &mut shelf, author));
    }
    let link = Link {
        frame_bytes: 1400,
        bytes_per_s: None,
        contract: twin_link::schedule::Contract::default(),
    };
    hub.connect(Peer(1), link, [1; 8], later(0.0));
    hub.room(Peer(1), later(0.0), &shelf);
    let roots = Class::ALL.map(|class| {
        hub.replica()
            .root(class, &std::collections::BTreeSet::new())
    });
    let hello = twin_link::frame::Hello {
        version_min: 1,
        version_max: 1,
        features: 0,
        frame_bytes: 1400,
        session: [2; 8],
        clock: later(0.0),
        roots,
    };
    let mut took = 0.0;
    for round in 0..200 {
        let author = &mut authors[round * 7 % streams];
        write(&mut hub, &mut shelf, author);
        let now = later(round as f64 * 0.01);
        let mut received = Ranges::default();
        received.insert(1, round as u64 + 1);
        let ack = twin_link::frame::Ack {
            delay_ms: 0,
            received,
        };
        let mut messages = vec![twin_link::frame::Message::Ack(ack)];
        if round == 0 {
            messages.push(twin_link::frame::Message::Hello(hello));
        }
        let packet = round as u64 + 1;
        let frame = twin_link::frame::Frame { packet, messages }.encode();
        let begun = Instant::now();
        hub.take(Peer(1), &frame, now, &shelf);
        let outputs = hub.room(Peer(1), now, &shelf);
        if round > 0 {
            took += begun.elapsed().as_secs_f64() * 1e6;
        }
        assert!(
            outputs
                .iter()
                .any(|output| matches!(output, Output::Send(..))),
            "{round}"
        );
    }
    took / 199.0
}

fn a_frame_costs_the_same_among_two_thousand_streams() {
    let (few, many) = (frame_us(20), frame_us(2000));
    println!("a frame: {few:.1} us among 20 streams, {many:.1} us among 2,000");
    assert!(many < 5.0 * few + 20.0);
}

fn main() {
    a_reading_takes_less_than_a_microsecond_on_each_side();
    a_frame_costs_the_same_among_two_thousand_streams();
}
