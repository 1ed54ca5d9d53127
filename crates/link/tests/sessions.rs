//! Conversations with peers that restart, lie, stall, cheat or come from the future.

mod support;

use std::cell::Cell;
use std::collections::BTreeMap;
use support::{NOON, append, author, later, temperature};
use twin_link::frame::{Ack, Bye, Frame, Have, Hello, Item, Line, Message, Named, Part};
use twin_link::limits::STREAMS_PER_PEER_MAX;
use twin_link::schedule::Contract;
use twin_link::session::Ended;
use twin_link::*;
use twin_model::Time;

const LINK: Link = Link {
    frame_bytes: 256,
    bytes_per_s: None,
    contract: Contract {
        bytes_per_s: 600.0,
        burst_bytes: 4800.0,
    },
};

/// A node whose disk is always in sync.
#[derive(Default)]
struct Side {
    hub: Hub,
    shelf: Bodies,
    stored: Vec<u64>,
    ended: Vec<Ended>,
    reports: Vec<Report>,
}

#[derive(Default)]
struct Bodies(BTreeMap<(StreamId, u64), Vec<u8>>, Cell<usize>);

impl Shelf for Bodies {
    fn bytes(&self, stream: StreamId, seq: u64) -> Option<Vec<u8>> {
        self.1.set(self.1.get() + 1);
        self.0.get(&(stream, seq)).cloned()
    }
}

impl Side {
    fn publish(&mut self, opening: Opening, bundle: &Bundle, now: Time) {
        let key = (bundle.header().stream, bundle.header().seq);
        self.shelf.0.insert(key, bundle.body());
        self.hub.publish(opening, bundle, now).expect("our own");
    }

    fn connect(&mut self, peer: u64, nonce: u8, now: Time) {
        self.hub.connect(Peer(peer), LINK, [nonce; 8], now);
    }

    /// Does what the hub asks; returns the frames to send.
    fn obey(&mut self, outputs: Vec<Output>, now: Time) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        for output in outputs {
            match output {
                Output::Send(_, frame) => frames.push(frame),
                Output::Store(_, bundle) => {
                    let key = (bundle.header().stream, bundle.header().seq);
                    self.shelf.0.insert(key, bundle.body());
                    self.stored.push(key.1);
                    self.hub.durable(key.0, key.1, now);
                }
                Output::Close(_, why) => self.ended.push(why),
                Output::Report(report) => self.reports.push(report),
                _ => {}
            }
        }
        frames
    }

    fn room(&mut self, peer: u64, now: Time) -> Vec<Vec<u8>> {
        let outputs = self.hub.tick(Peer(peer), now, &self.shelf);
        let mut frames = self.obey(outputs, now);
        let outputs = self.hub.room(Peer(peer), now, &self.shelf);
        frames.extend(self.obey(outputs, now));
        frames
    }

    fn take(&mut self, peer: u64, frame: &[u8], now: Time) {
        let outputs = self.hub.take(Peer(peer), frame, now, &self.shelf);
        assert!(self.obey(outputs, now).is_empty());
    }

    fn hear(&mut self, packet: u64, messages: Vec<Message>) {
        self.take(1, &Frame { packet, messages }.encode(), NOON);
    }
}

/// Frames pass back and forth each 10 ms, until `frames` have passed; returns their bytes.
fn talk(a: &mut Side, b: &mut Side, from: Time, frames: usize) -> usize {
    let (mut bytes, mut passed) = (0, 0);
    for step in 0..500 {
        let now = Time(from.0 + step * 10_000);
        let (to_b, to_a) = (a.room(2, now), b.room(1, now));
        for frame in to_b {
            passed += 1;
            bytes += frame.len();
            if passed > frames {
                return bytes;
            }
            b.take(1, &frame, now);
        }
        for frame in to_a {
            a.take(2, &frame, now);
        }
    }
    bytes
}

fn meet(a: &mut Side, b: &mut Side, nonce: u8, now: Time) {
    a.connect(2, nonce, now);
    b.connect(1, nonce + 100, now);
}

/// Bulk of about 50 kB.
fn bulk() -> (Author, Vec<Bundle>) {
    let mut author = author(1, Class::Bulk, Keep::History);
    let payload = Payload {
        written: NOON,
        unknown: vec![(99, (0..50_000_u32).map(|i| (i * i / 7) as u8).collect())],
        ..Payload::default()
    };
    let bundles = append(&mut author, &payload, None);
    (author, bundles)
}

fn hello(version_min: u64, session: u8) -> Message {
    Message::Hello(Hello {
        version_min,
        version_max: 9,
        features: 0,
        frame_bytes: 256,
        session: [session; 8],
        clock: NOON,
        roots: [[7; 12]; 4],
    })
}

/// A node that has a stream and a connection to peer 1.
fn host() -> (Side, Author, Vec<Bundle>) {
    let (author, bundles) = bulk();
    let mut side = Side::default();
    side.publish(author.opening(), &bundles[0], NOON);
    side.connect(1, 1, NOON);
    (side, author, bundles)
}

fn ended_by(side: &mut Side) -> Vec<Ended> {
    side.room(1, NOON);
    side.ended.clone()
}

#[test]
fn versions_are_negotiated_or_the_end_is_said() {
    let (mut side, ..) = host();
    side.hear(1, vec![hello(1, 1)]);
    assert_eq!(ended_by(&mut side), []);
    let (mut side, ..) = host();
    side.hear(1, vec![hello(2, 1)]);
    assert_eq!(ended_by(&mut side), [Ended::ByUs(Bye::NoCommonVersion)]);
    let (mut side, ..) = host();
    side.hear(1, vec![Message::Bye(Bye::Other(77))]);
    assert_eq!(ended_by(&mut side), [Ended::ByPeer(Bye::Other(77))]);
}

#[test]
fn messages_of_the_future_are_skipped() {
    let (mut side, ..) = host();
    let mut frame = Frame {
        packet: 1,
        messages: vec![hello(1, 1)],
    }
    .encode();
    frame.extend_from_slice(&[0xE7, 0x07, 3, 1, 2, 3]);
    side.take(1, &frame, NOON);
    assert_eq!(ended_by(&mut side), []);
}

#[test]
fn rules_that_are_broken_end_the_session() {
    let number_nobody_gave = Part {
        number: 5,
        item: Item::Body(1),
        total: 10,
        offset: 0,
        bytes: vec![0; 10],
    };
    let mut never_sent = Ranges::default();
    never_sent.insert(1, 900);
    let acknowledges_more = Ack {
        delay_ms: 0,
        received: never_sent,
    };
    for broken in [
        Message::Part(number_nobody_gave),
        Message::Ack(acknowledges_more),
    ] {
        let (mut side, ..) = host();
        side.hear(1, vec![hello(1, 1), broken]);
        assert_eq!(ended_by(&mut side), [Ended::ByUs(Bye::BrokenRules)]);
    }
    let (mut side, ..) = host();
    side.take(1, &[1, 1, 250, 0], NOON);
    assert_eq!(ended_by(&mut side), [Ended::ByUs(Bye::BrokenRules)]);
}

#[test]
fn a_restarted_peer_is_noticed() {
    let (mut side, ..) = host();
    side.hear(1, vec![hello(1, 1)]);
    side.hear(2, vec![hello(1, 1)]);
    assert_eq!(side.ended, []);
    side.hear(3, vec![hello(1, 2)]);
    assert_eq!(side.ended, [Ended::PeerRestarted]);
}

#[test]
fn silence_ends_a_session_and_not_the_queue() {
    let (mut side, ..) = host();
    assert_eq!(side.room(1, NOON).len(), 1);
    for second in 1..10 {
        side.room(1, later(f64::from(second)));
        assert_eq!(side.ended, []);
    }
    side.room(1, later(11.0));
    assert_eq!(side.ended, [Ended::Stalled]);
}

/// Somebody set the clock of a node back by an hour while a frame was under way. The frame
/// was lost, and would have been sent again an hour later: the alarms behind it never came.
#[test]
fn a_clock_that_is_set_back_ends_the_session_at_once() {
    let (mut side, ..) = host();
    side.room(1, later(0.1));
    side.room(1, later(-0.5));
    assert_eq!(side.ended, [], "a correction of half a second does no harm");
    side.room(1, later(-3600.0));
    assert_eq!(side.ended, [Ended::Stalled]);
}

#[test]
fn a_bundle_that_nobody_signed_is_refused() {
    let (author, bundles) = bulk();
    let mut side = Side::default();
    side.connect(1, 1, NOON);
    let mut body = bundles[0].stub().encode();
    body.truncate(34);
    // An empty content under the header and signature of the true bundle.
    let signed = bundles[0].body();
    let mut forged = signed[..signed.len() - 64 - bundles[0].content().len() - 3].to_vec();
    forged.push(0);
    forged.extend_from_slice(&signed[signed.len() - 64..]);
    let part = Part {
        number: 1,
        item: Item::Body(1),
        total: forged.len(),
        offset: 0,
        bytes: forged,
    };
    let messages = vec![
        hello(1, 1),
        Message::Open(1, author.opening()),
        Message::Part(part),
    ];
    side.hear(1, messages);
    assert_eq!(side.stored, [] as [u64; 0]);
    let why = Error::Signature("a bundle");
    assert!(side.reports.contains(&Report::Refused(Peer(1), why)));
}

/// A peer says that it has everything: it gets nothing, and nobody else loses anything.
#[test]
fn a_peer_that_lies_about_what_it_has_harms_itself() {
    let (mut side, author, _) = host();
    let mut all = Ranges::default();
    all.insert(1, 1000);
    let line = Line {
        stream: Named::Id(author.stream()),
        is_forked: false,
        covered: 0,
        began: 0,
        accounted: all,
        tip: None,
    };
    let have = Have {
        class: Class::Bulk,
        is_whole: true,
        is_last: true,
        is_answer: false,
        lines: vec![line],
    };
    side.hear(1, vec![hello(1, 1), Message::Have(have)]);
    let to_liar: usize = (0..50)
        .map(|_| side.room(1, NOON))
        .map(|f| f.concat().len())
        .sum();
    assert!(to_liar < 500, "{to_liar} bytes");
    let mut honest = Side::default();
    meet(&mut side, &mut honest, 5, NOON);
    talk(&mut side, &mut honest, NOON, usize::MAX);
    assert_eq!(honest.stored, [1]);
}

/// One peer takes nothing and never answers: the frames to the other are the same bytes.
#[test]
fn a_stalled_peer_delays_nobody() {
    let run = |with_stalled: bool| {
        let (mut side, ..) = host();
        if !with_stalled {
            side.hub.disconnect(Peer(1));
        }
        let mut other = Side::default();
        meet(&mut side, &mut other, 5, NOON);
        let mut frames = Vec::new();
        for step in 0..300 {
            let now = Time(NOON.0 + step * 10_000);
            let to_other = side.room(2, now);
            for frame in &to_other {
                other.take(1, frame, now);
            }
            frames.extend(to_other);
            for frame in other.room(1, now) {
                side.take(2, &frame, now);
            }
        }
        assert_eq!(other.stored, [1]);
        frames
    };
    assert_eq!(run(true), run(false));
}

/// The connection breaks in the middle of a bundle of 50 kB: the rest is sent, not all.
#[test]
fn a_cut_costs_little_of_what_was_sent() {
    let (mut side, _, bundles) = host();
    let whole = bundles[0].body().len();
    for cut_after in [20, 100, 190] {
        let mut other = Side::default();
        meet(&mut side, &mut other, 5, NOON);
        let first = talk(&mut side, &mut other, NOON, cut_after);
        assert!(other.stored.is_empty(), "cut too late");
        meet(&mut side, &mut other, 6, later(60.0));
        let second = talk(&mut side, &mut other, later(60.0), usize::MAX);
        assert_eq!(other.stored, [1]);
        let sent = first + second;
        assert!(
            sent < whole * 120 / 100,
            "cut after {cut_after}: {sent} for {whole} bytes"
        );
    }
}

/// Two nodes hold two histories of a cloned disk. When they meet, both have the proof, and
/// so has a third that never saw the clone.
#[test]
fn a_fork_is_proven_and_the_proof_travels() {
    let mut one = author(1, Class::LifeSafety, Keep::History);
    let mut clone = one.clone();
    let write = |author: &mut Author, value: f64| {
        let topic = author.topic(&temperature(1), None).expect("room");
        let payload = Payload {
            written: NOON,
            records: vec![Record::reading(topic, NOON, value)],
            ..Payload::default()
        };
        append(author, &payload, None).remove(0)
    };
    let (mut a, mut b, mut c) = (Side::default(), Side::default(), Side::default());
    a.publish(one.opening(), &write(&mut one, 1.0), NOON);
    a.publish(one.opening(), &write(&mut one, 2.0), NOON);
    b.publish(one.opening(), &write(&mut clone, 3.0), NOON);
    b.publish(one.opening(), &write(&mut clone, 4.0), NOON);
    b.publish(one.opening(), &write(&mut clone, 5.0), NOON);
    meet(&mut a, &mut b, 5, NOON);
    talk(&mut a, &mut b, NOON, usize::MAX);
    a.hub.disconnect(Peer(2));
    meet(&mut a, &mut c, 6, later(60.0));
    talk(&mut a, &mut c, later(60.0), usize::MAX);
    for (name, side) in [("a", &a), ("b", &b), ("c", &c)] {
        let stream = side.hub.replica().stream(one.stream());
        assert!(
            stream.is_some_and(|stream| stream.fork().is_some()),
            "{name}"
        );
    }
    assert!(a.reports.contains(&Report::Forked(one.stream())));
}

#[test]
fn a_peer_cannot_fill_a_node_with_invented_streams() {
    let mut side = Side::default();
    side.connect(1, 1, NOON);
    side.hear(1, vec![hello(1, 1)]);
    for number in 0..STREAMS_PER_PEER_MAX as u64 + 10 {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&number.to_le_bytes());
        let opening = Opening {
            class: Class::Bulk,
            keep: Keep::History,
            key: ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key(),
        };
        side.hear(number + 2, vec![Message::Open(number, opening)]);
    }
    assert_eq!(side.hub.replica().streams().count(), STREAMS_PER_PEER_MAX);
    assert_eq!(ended_by(&mut side), [Ended::ByUs(Bye::BrokenRules)]);
}

/// An alarm that is written while bulk is under way leaves with the next frame.
#[test]
fn an_alarm_overtakes_bulk() {
    let (mut side, ..) = host();
    let mut other = Side::default();
    meet(&mut side, &mut other, 5, NOON);
    talk(&mut side, &mut other, NOON, 50);
    let mut alarms = author(2, Class::LifeSafety, Keep::History);
    let topic = alarms.topic(&temperature(1), None).expect("room");
    let payload = Payload {
        written: NOON,
        records: vec![Record::reading(topic, NOON, 80.0)],
        ..Payload::default()
    };
    let alarm = append(&mut alarms, &payload, None).remove(0);
    side.publish(alarms.opening(), &alarm, later(6.0));
    let frames: Vec<Vec<u8>> = (0..3).flat_map(|_| side.room(2, later(6.0))).collect();
    let first = Frame::decode(&frames[0]).expect("a frame");
    let items = first.messages.iter().filter_map(|message| match message {
        Message::Part(part) => Some((part.item, part.total)),
        _ => None,
    });
    let first_item = items.into_iter().next();
    assert_eq!(first_item, Some((Item::Body(1), alarm.body().len())));
}

/// While a peer was away, twenty values followed each other. It gets the name, the last
/// value and one certificate for the rest.
#[test]
fn what_was_superseded_meanwhile_is_not_sent() {
    let mut author = author(1, Class::Telemetry, Keep::Latest);
    let mut side = Side::default();
    for value in 0..20 {
        let topic = author.topic(&temperature(1), None).expect("room");
        let at = later(f64::from(value));
        let payload = Payload {
            written: at,
            records: vec![Record::reading(topic, at, f64::from(value))],
            ..Payload::default()
        };
        for bundle in append(&mut author, &payload, None) {
            side.publish(author.opening(), &bundle, NOON);
        }
    }
    for certificate in author.certify(NOON).expect("certificates") {
        let certified = side.hub.certify(author.stream(), &certificate, NOON);
        assert_eq!(certified.expect("our own").len(), 19);
    }
    let mut other = Side::default();
    meet(&mut side, &mut other, 5, NOON);
    talk(&mut side, &mut other, NOON, usize::MAX);
    assert_eq!(other.stored, [1, 21]);
    let stream = other.hub.replica().stream(author.stream()).expect("known");
    assert_eq!(stream.accounted().contiguous(), 21);
}

/// A vehicle carries what two nodes have to say to each other. Its whole disk holds none of
/// the words that were said, and the receiver has them all.
#[test]
fn a_relay_carries_what_it_cannot_read() {
    const WORDS: [&str; 3] = ["fire on the third floor", "urn:tower:room:1", "temperature"];
    let mut author = author(1, Class::Operational, Keep::History);
    let topic = author.topic(&temperature(1), None).expect("room");
    let act = twin_model::Act::Assert(twin_model::Value::text(WORDS[0]).into());
    let said = Record {
        act,
        ..Record::reading(topic, NOON, 0.0)
    };
    let payload = Payload {
        written: NOON,
        records: vec![said.clone()],
        ..Payload::default()
    };
    let plaintext = payload
        .encode(author.names().topics(), 0)
        .expect("a payload");
    let bundle = append(&mut author, &payload, None).remove(0);
    let (mut tower, mut vehicle, mut brigade) = Default::default();
    Side::publish(&mut tower, author.opening(), &bundle, NOON);
    meet(&mut tower, &mut vehicle, 5, NOON);
    talk(&mut tower, &mut vehicle, NOON, usize::MAX);
    // The vehicle drives: it leaves peer 1, the tower, and is itself peer 1 of the brigade.
    vehicle.hub.disconnect(Peer(1));
    meet(&mut vehicle, &mut brigade, 6, later(3600.0));
    talk(&mut vehicle, &mut brigade, later(3600.0), usize::MAX);
    let key = (author.stream(), 1);
    let on_the_vehicle: Vec<u8> = vehicle.shelf.0.values().flatten().copied().collect();
    for word in WORDS.map(str::as_bytes) {
        let holds = |bytes: &[u8]| bytes.windows(word.len()).any(|window| window == word);
        assert!(holds(&plaintext) && !holds(&on_the_vehicle));
    }
    let arrived = Bundle::from_body(key.0, key.1, &brigade.shelf.0[&key]).expect("a bundle");
    let opened = support::epoch_key(1).open(arrived.header(), arrived.content());
    let mut topics = twin_link::payload::Topics::default();
    let read = Payload::decode(&opened.expect("the key"), &mut topics).expect("a payload");
    assert_eq!(read.records, [said]);
}

fn list(class: Class, lines: Vec<Line>) -> Message {
    Message::Have(Have {
        class,
        is_whole: true,
        is_last: true,
        is_answer: false,
        lines,
    })
}

/// What peer 1 does at each step, to a node that has 50 kB for peer 2 as well.
type Hostile<'a> = &'a mut dyn FnMut(&mut Side, Time, u64);

/// The frames to peer 2, who is honest, and the node.
fn beside(hostile: Hostile<'_>) -> (Vec<Vec<u8>>, Side) {
    let (mut side, ..) = host();
    let mut other = Side::default();
    meet(&mut side, &mut other, 5, NOON);
    let mut frames = Vec::new();
    for step in 0..300 {
        let now = Time(NOON.0 + step * 10_000);
        hostile(&mut side, now, step.cast_unsigned());
        side.room(1, now);
        let to_other = side.room(2, now);
        for frame in &to_other {
            other.take(1, frame, now);
        }
        frames.extend(to_other);
        for frame in other.room(1, now) {
            side.take(2, &frame, now);
        }
    }
    assert_eq!(other.stored, [1]);
    (frames, side)
}

/// The other peer gets the same bytes at the same times whatever the hostile one does.
fn contained(hostile: Hostile<'_>) -> Side {
    let (undisturbed, _) = beside(&mut |_, _, _| {});
    let (frames, side) = beside(hostile);
    assert!(frames == undisturbed, "the other peer notices it");
    side
}

/// A peer says again and again that it has nothing: it is answered a few times and left.
#[test]
fn who_asks_for_everything_again_and_again_is_left() {
    let side = contained(&mut |side, now, step| {
        let first = (step == 0).then(|| hello(1, 1));
        let asked = (0..10).map(|_| list(Class::Bulk, vec![]));
        let messages = first.into_iter().chain(asked).collect();
        let packet = step + 1;
        side.take(1, &Frame { packet, messages }.encode(), now);
    });
    assert_eq!(side.ended, [Ended::ByUs(Bye::BrokenRules)]);
    assert!(side.shelf.1.get() <= 3, "{} reads", side.shelf.1.get());
}

/// It comes again at once: what it may ask was used up and does not come back by that.
#[test]
fn a_new_connection_gives_no_new_patience() {
    let (mut side, ..) = host();
    for round in 0..5_u8 {
        let now = later(f64::from(round) * 0.1);
        side.connect(1, round + 1, now);
        let messages = vec![hello(1, round), list(Class::Bulk, vec![])];
        let asked = (0..2).map(|_| list(Class::Bulk, vec![]));
        let messages = messages.into_iter().chain(asked).collect();
        side.take(
            1,
            &Frame {
                packet: 1,
                messages,
            }
            .encode(),
            now,
        );
        side.room(1, now);
    }
    assert!(side.ended.contains(&Ended::ByUs(Bye::BrokenRules)));
}

/// Runs that are long, many and absurd, of streams that are known and invented.
#[test]
fn huge_runs_do_no_harm() {
    let stream = bulk().0.stream();
    let side = contained(&mut |side, now, step| {
        let mut runs = Ranges::default();
        for i in 0..50 {
            let from = 10 + step * 1000 + i * 7;
            runs.insert(from, from + i % 5);
        }
        runs.insert(u64::MAX - 9, u64::MAX - 1);
        let line = |stream: StreamId| Line {
            stream: Named::Id(stream),
            is_forked: step % 2 == 0,
            covered: u64::MAX,
            began: u64::MAX,
            accounted: runs.clone(),
            tip: Some([step as u8; 4]),
        };
        let have = Have {
            class: Class::Bulk,
            is_whole: false,
            is_last: false,
            is_answer: false,
            lines: vec![line(stream), line(StreamId([step as u8; 16]))],
        };
        let first = (step == 0).then(|| hello(1, 1));
        let messages = first.into_iter().chain([Message::Have(have)]).collect();
        let packet = step + 1;
        side.take(1, &Frame { packet, messages }.encode(), now);
    });
    assert_eq!(side.ended, []);
    let refused = side.reports.iter();
    let refused = refused.filter(|report| matches!(report, Report::Refused(..)));
    assert_eq!(refused.count(), 0, "{:?}", side.reports);
}

/// Old frames come again, thousands of times, and each forged bundle in many frames: one
/// report, nothing stored, no byte to anybody.
#[test]
fn replays_and_forgeries_are_heard_once() {
    let (author, bundles) = bulk();
    let mut forged = bundles[0].body();
    let last = forged.len() - 1;
    forged.truncate(300);
    forged[last % 300] ^= 1;
    let side = contained(&mut |side, now, step| {
        let part = |offset: usize| {
            Message::Part(Part {
                number: 1,
                item: Item::Body(2 + step % 7),
                total: forged.len(),
                offset,
                bytes: forged[offset..offset + 100].to_vec(),
            })
        };
        let open = Message::Open(1, author.opening());
        let mut messages = vec![hello(1, 1), open];
        messages.extend([0, 100, 200].map(part));
        let packet = 1 + step / 10;
        for _ in 0..10 {
            let frame = Frame {
                packet,
                messages: messages.clone(),
            };
            side.take(1, &frame.encode(), now);
        }
    });
    assert_eq!(side.ended, []);
    let refused = side.reports.iter();
    let refused = refused.filter(|report| matches!(report, Report::Refused(..)));
    assert_eq!(refused.count(), 1, "{:?}", side.reports);
}

#[test]
fn a_stream_number_has_one_meaning() {
    let (mut side, ..) = host();
    let open = |seed: u8| Message::Open(1, author(seed, Class::Bulk, Keep::History).opening());
    side.hear(1, vec![hello(1, 1), open(5), open(5)]);
    assert_eq!(ended_by(&mut side), []);
    side.hear(2, vec![open(6)]);
    assert_eq!(ended_by(&mut side), [Ended::ByUs(Bye::BrokenRules)]);
}

/// Two nodes that each hold one of these bundles of one number have met for so many seconds.
fn two_histories(ends: [(Opening, Vec<Bundle>); 2], seconds: i64) -> [Side; 2] {
    let [mut a, mut b] = ends.map(|(opening, bundles)| {
        let mut side = Side::default();
        for bundle in &bundles {
            side.publish(opening, bundle, NOON);
        }
        side
    });
    meet(&mut a, &mut b, 7, NOON);
    for second in 0..seconds {
        talk(&mut a, &mut b, later(second as f64 * 5.0), usize::MAX);
    }
    [a, b]
}

/// Once two clones of a disk that had both gone on by as many bundles were taken for equal
/// until one of them wrote again. Their last bundles differ, so their roots do.
#[test]
fn two_histories_of_one_length_are_found_without_another_bundle() {
    for common in [0, 3] {
        let mut one = author(1, Class::Bulk, Keep::History);
        let note = |seconds: f64| Payload {
            written: later(seconds),
            ..Payload::default()
        };
        let mut bundles = Vec::new();
        for i in 0..common {
            bundles.extend(append(&mut one, &note(f64::from(i)), None));
        }
        let mut other = one.clone();
        let mut others = bundles.clone();
        for i in 10..12 {
            bundles.extend(append(&mut one, &note(f64::from(i)), None));
            others.extend(append(&mut other, &note(f64::from(i) + 0.5), None));
        }
        let ends = [
            (one.opening(), bundles.clone()),
            (one.opening(), others.clone()),
        ];
        for side in two_histories(ends, 1) {
            let forked = Report::Forked(one.stream());
            assert_eq!(side.reports.iter().filter(|r| **r == forked).count(), 1);
            assert_eq!(side.stored, [] as [u64; 0], "a stub is enough");
        }
        let ends = [(one.opening(), bundles.clone()), (one.opening(), bundles)];
        let [one, other] = two_histories(ends, 1);
        assert_eq!((one.reports.len(), other.reports.len()), (1, 1), "clocks");
    }
}

/// Each of two nodes holds another certificate, of as many numbers: they are exchanged.
#[test]
fn certificates_of_other_numbers_are_exchanged() {
    let mut author = author(1, Class::Bulk, Keep::History);
    let mut bundles = Vec::new();
    for i in 0..4 {
        let note = Payload {
            written: later(f64::from(i)),
            ..Payload::default()
        };
        bundles.extend(append(&mut author, &note, None));
    }
    let (opening, id) = (author.opening(), author.stream());
    let [mut a, mut b] = [(3, [0, 1]), (2, [0, 2])].map(|(pruned, held)| {
        let mut side = Side::default();
        for at in held {
            side.publish(opening, &bundles[at], NOON);
        }
        let mut author = author.clone();
        author.prune(pruned, pruned);
        let certificate = author.certify(NOON).expect("a certificate").remove(0);
        side.hub.certify(id, &certificate, NOON).expect("news");
        side
    });
    meet(&mut a, &mut b, 7, NOON);
    talk(&mut a, &mut b, NOON, usize::MAX);
    for side in [&a, &b] {
        let stream = side.hub.replica().stream(id).expect("known");
        assert_eq!(stream.covered().iter().collect::<Vec<_>>(), [(2, 3)]);
    }
}

/// Two nodes run with one key at once and both talk to a third. It reports the fork once,
/// holds no more of that stream, and hears everybody else as before.
#[test]
fn two_nodes_with_one_key_are_found_out_and_cost_nobody_else() {
    let mut one = author(1, Class::Operational, Keep::History);
    let mut clone = one.clone();
    let mut honest = author(2, Class::Operational, Keep::History);
    let write = |author: &mut Author, value: f64| {
        let topic = author.topic(&temperature(1), None).expect("room");
        let payload = Payload {
            written: NOON,
            records: vec![Record::reading(topic, NOON, value)],
            ..Payload::default()
        };
        append(author, &payload, None).remove(0)
    };
    let (mut a, mut b, mut third) = (Side::default(), Side::default(), Side::default());
    for (side, author, offset) in [(&mut a, &mut one, 0.0), (&mut b, &mut clone, 100.0)] {
        let count = if offset > 0.0 { 21 } else { 20 };
        for i in 0..count {
            let bundle = write(author, offset + f64::from(i));
            side.publish(author.opening(), &bundle, NOON);
        }
    }
    for i in 0..20 {
        let bundle = write(&mut honest, f64::from(i));
        b.publish(honest.opening(), &bundle, NOON);
    }
    // To the third both are peer 2 in turn; it is peer 1 of both.
    meet(&mut third, &mut a, 5, NOON);
    talk(&mut third, &mut a, NOON, usize::MAX);
    meet(&mut third, &mut b, 6, later(60.0));
    talk(&mut third, &mut b, later(60.0), usize::MAX);
    let forks = third.reports.iter();
    let forks = forks.filter(|report| matches!(report, Report::Forked(_)));
    assert_eq!(forks.count(), 1);
    let heard = third.hub.replica().stream(honest.stream()).expect("known");
    assert_eq!(heard.accounted().contiguous(), 20);
    let forked = third.hub.replica().stream(one.stream()).expect("known");
    assert_eq!(forked.all_held().count(), 20, "what came before the proof");
}
