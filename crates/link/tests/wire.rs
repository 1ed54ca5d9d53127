//! The bytes of every form: examples that must never change, and what becomes of bytes
//! that are cut, changed or invented.

mod support;

use expect_test::expect_file;
use proptest::prelude::*;
use std::fmt::Write as _;
use std::sync::Arc;
use support::{NOON, append, author, epoch_key, identity, later, node_key, temperature};
use twin_link::frame::{Ack, Bye, Frame, Have, Hello, Item, Line, Message, Named, Part};
use twin_link::payload::Topics;
use twin_link::*;
use twin_model::{Act, EntityId, Interval, Polygon, Stated, Value};

fn hex(bytes: &[u8]) -> String {
    let mut out = String::new();
    for line in bytes.chunks(32) {
        for byte in line {
            write!(out, "{byte:02x}").expect("room");
        }
        out.push('\n');
    }
    out
}

/// Two rooms, one alarm, one statement of each form.
fn example() -> (Author, Payload) {
    let mut author = author(1, Class::Operational, Keep::Latest);
    let (one, two) = (temperature(1), temperature(2));
    let one = author.topic(&one, Some(21.4)).expect("room");
    let two = author.topic(&two, Some(19.0)).expect("room");
    let said = |act: Act| Record {
        topic: two,
        observed: later(3.0),
        valid: Interval {
            from: Some(NOON),
            until: None,
        },
        act,
    };
    let records = vec![
        Record::reading(one, later(1.0), 21.5),
        Record::reading(two, later(1.0), std::f64::consts::PI),
        Record::reading(two, later(2.5), -3.25),
        said(Act::Absent),
        said(Act::Unknown {
            reason: Arc::from("no reply"),
        }),
        said(Act::Assert(Stated::from(Value::text("open")))),
    ];
    let payload = Payload {
        written: later(3.0),
        records,
        ..Payload::default()
    };
    (author, payload)
}

fn bundle() -> Bundle {
    let (mut author, payload) = example();
    append(&mut author, &payload, Some(later(60.0))).remove(1)
}

fn certificate() -> GapCertificate {
    let key = identity(1).stream_key(&[1; 32], Class::Operational, Keep::Latest);
    let gaps = vec![
        Gap {
            from: 2,
            to: 5,
            reason: Reason::Superseded,
        },
        Gap {
            from: 9,
            to: 9,
            reason: Reason::Expired,
        },
    ];
    GapCertificate::sign(&key, bundle().header().stream, gaps).expect("gaps")
}

fn equivocation() -> Equivocation {
    let (mut author, mut payload) = example();
    payload.records.truncate(1);
    let other = append(&mut author, &payload, None).remove(1);
    let proof = Equivocation::between(author.opening(), *bundle().stub(), *other.stub());
    proof.expect("a contradiction")
}

fn grant() -> (Grant, ReaderSecret) {
    let reader = ReaderSecret::new(&[9; 32]);
    let (author, _) = example();
    let grant = author.grant(&node_key(1), &reader.recipient, &[5; 32]);
    (grant.expect("a grant"), reader)
}

/// The keys of an epoch and of two persons in one grant.
fn several() -> (Granted, ReaderSecret) {
    let keys = [Scope::Epoch(1), Scope::Subject(2), Scope::Subject(300)];
    let keys = keys.map(|scope| (scope, epoch_key(1)));
    let stream = bundle().header().stream;
    let granted = Granted::sign(&node_key(1), keys.to_vec(), stream, identity(1));
    (granted.expect("keys"), ReaderSecret::new(&[9; 32]))
}

fn several_sealed() -> Grant {
    let (granted, reader) = several();
    granted.seal(&reader.recipient, &[6; 32]).expect("a grant")
}

fn revocation() -> Revocation {
    let believed = [(bundle().header().stream, 7)].into();
    let node = node_key(1).verifying_key();
    Revocation::sign(&node_key(0xEE), node, believed).expect("a revocation")
}

#[test]
fn the_bytes_of_each_form() {
    let (author, payload) = example();
    let plaintext = payload
        .encode(author.names().topics(), 0)
        .expect("a payload");
    expect_file!["vectors/opening.hex"].assert_eq(&hex(&author.opening().encode()));
    expect_file!["vectors/payload.hex"].assert_eq(&hex(&plaintext));
    expect_file!["vectors/bundle.hex"].assert_eq(&hex(&bundle().encode()));
    expect_file!["vectors/stub.hex"].assert_eq(&hex(&bundle().stub().encode()));
    expect_file!["vectors/gap.hex"].assert_eq(&hex(&certificate().encode()));
    expect_file!["vectors/equivocation.hex"].assert_eq(&hex(&equivocation().encode()));
    expect_file!["vectors/grant.hex"].assert_eq(&hex(&grant().0.encode()));
    expect_file!["vectors/grant-several.hex"].assert_eq(&hex(&several_sealed().encode()));
    expect_file!["vectors/revocation.hex"].assert_eq(&hex(&revocation().encode()));
}

/// A bundle without what follows from the one before it is the same bundle beside that one,
/// and forged beside any other.
#[test]
fn a_short_body_is_whole_again_beside_the_bundle_before() {
    let (mut author, payload) = example();
    let bundles = append(&mut author, &payload, Some(later(60.0)));
    let (before, bundle) = (Before::of(bundles[0].stub()), &bundles[1]);
    let short = bundle.short_body(&before).expect("it follows");
    expect_file!["vectors/short.hex"].assert_eq(&hex(&short));
    assert!(short.len() + 15 < bundle.body().len());
    let (stream, seq) = (bundle.header().stream, bundle.header().seq);
    let again = Bundle::from_short_body(stream, seq, &before, &short);
    assert_eq!(again.as_ref(), Ok(bundle));
    let other = Before {
        hash: bundle.stub().hash(),
        ..before
    };
    assert_eq!(bundle.short_body(&other), None);
    let forged = Bundle::from_short_body(stream, seq, &other, &short).expect("bytes");
    assert!(forged.stub().verify(&author.opening()).is_err());
    for cut in 0..70 {
        let cut = Bundle::from_short_body(stream, seq, &before, &short[..cut]);
        assert!(cut.is_err());
    }
}

/// One frame with every message.
fn frame() -> Frame {
    let mut some = Ranges::default();
    some.insert(1, 5);
    some.insert(8, 9);
    let line = Line {
        stream: Named::Id(bundle().header().stream),
        is_forked: false,
        covered: 4,
        began: 100,
        accounted: some.clone(),
        tip: None,
    };
    let hello = Hello {
        version_min: 1,
        version_max: 2,
        features: 0,
        frame_bytes: 256,
        session: [3; 8],
        clock: NOON,
        roots: [[1; 12], [2; 12], [3; 12], [4; 12]],
    };
    let messages = vec![
        Message::Hello(hello),
        Message::Ack(Ack {
            delay_ms: 20,
            received: some,
        }),
        Message::Have(Have {
            class: Class::Operational,
            is_whole: true,
            is_last: false,
            is_answer: false,
            lines: vec![
                Line {
                    stream: Named::Number(3),
                    tip: Some([0xA1, 0xA2, 0xA3, 0xA4]),
                    ..line.clone()
                },
                line,
            ],
        }),
        Message::Open(1, example().0.opening()),
        Message::Part(Part {
            number: 1,
            item: Item::Body(2),
            total: 300,
            offset: 256,
            bytes: b"the rest".to_vec(),
        }),
        Message::Roots(hello.roots),
        Message::Decline(bundle().header().stream),
        Message::Bye(Bye::Leaving),
        Message::Ping,
    ];
    Frame {
        packet: 77,
        messages,
    }
}

#[test]
fn a_frame_of_every_message() {
    let bytes = frame().encode();
    expect_file!["vectors/frame.hex"].assert_eq(&hex(&bytes));
    assert_eq!(Frame::decode(&bytes), Ok(frame()));
    for end in 0..bytes.len() {
        if let Ok(cut) = Frame::decode(&bytes[..end]) {
            assert!(cut.messages.len() < frame().messages.len());
        }
    }
}

#[test]
fn what_is_written_is_read() {
    let (author, payload) = example();
    let bundle = bundle();
    let bytes = bundle.encode();
    assert_eq!(Bundle::decode(&bytes), Ok((bundle.clone(), &[][..])));
    bundle.stub().verify(&author.opening()).expect("signed");
    let stub = Stub::decode(author.stream(), 2, &bundle.stub().encode()).expect("a stub");
    assert_eq!(&stub, bundle.stub());
    let plaintext = epoch_key(1)
        .open(bundle.header(), bundle.content())
        .expect("the key");
    let mut topics = author.names().topics().clone();
    assert_eq!(
        Payload::decode(&plaintext, &mut topics),
        Ok(payload.clone())
    );
    let whole = payload.encode(&topics, 0).expect("a payload");
    let mut topics = Topics::default();
    assert_eq!(Payload::decode(&whole, &mut topics), Ok(payload));
    assert_eq!(
        topics.get(0).map(|topic| (**topic).clone()),
        Some(temperature(1))
    );

    let gap = GapCertificate::decode(&certificate().encode()).expect("a certificate");
    gap.verify(&author.opening()).expect("signed");
    assert_eq!(gap.covered().iter().collect::<Vec<_>>(), [(2, 5), (9, 9)]);
    let proof = Equivocation::decode(&equivocation().encode()).expect("a proof");
    proof.verify().expect("a contradiction");
    let revocation = Revocation::decode(&revocation().encode()).expect("a revocation");
    revocation.verify().expect("signed");
    let (grant, reader) = grant();
    let grant = Grant::decode(&grant.encode()).expect("a grant");
    let granted = grant.open(&reader).expect("it is for this reader");
    granted
        .verify(&node_key(1).verifying_key())
        .expect("signed");
    assert_eq!(granted.keys, [(Scope::Epoch(1), epoch_key(1))]);
}

#[test]
fn many_keys_go_in_one_grant() {
    let (granted, reader) = several();
    let grant = Grant::decode(&several_sealed().encode()).expect("a grant");
    let opened = grant.open(&reader).expect("it is for this reader");
    assert_eq!(opened, granted);
    let node = node_key(1).verifying_key();
    opened.verify(&node).expect("signed");
    let keys = |count| {
        (1..=count)
            .map(|n| (Scope::Subject(n), epoch_key(1)))
            .collect()
    };
    let sign = |keys| Granted::sign(&node_key(1), keys, granted.stream, granted.identity);
    let most = sign(keys(100)).expect("keys");
    let most = most.seal(&reader.recipient, &[7; 32]).expect("a grant");
    assert!(Grant::decode(&most.encode()).is_ok());
    let too_many = Err(Error::TooMany("keys in a grant"));
    assert_eq!(sign(keys(101)), too_many);
    assert_eq!(sign(Vec::new()), too_many);
}

#[test]
fn only_the_recipient_opens_a_grant() {
    let (grant, reader) = grant();
    let other = ReaderSecret::new(&[10; 32]);
    assert!(grant.is_for(&reader) && !grant.is_for(&other));
    assert_eq!(grant.open(&other), Err(Error::Decrypt));
    let granted = grant.open(&reader).expect("it is for this reader");
    let forger = node_key(2).verifying_key();
    assert_eq!(granted.verify(&forger), Err(Error::Signature("a grant")));
}

/// The name of a form, an example, and what checks it.
type Form = (&'static str, Vec<u8>, fn(&[u8]) -> bool);

/// Every form.
fn forms() -> Vec<Form> {
    fn opening() -> Opening {
        example().0.opening()
    }
    vec![
        ("bundle", bundle().encode(), |bytes| {
            let read = Bundle::decode(bytes).map(|(bundle, _)| bundle);
            read.is_ok_and(|bundle| bundle.stub().verify(&opening()).is_ok())
        }),
        ("stub", bundle().stub().encode(), |bytes| {
            let stub = Stub::decode(opening().id(), 2, bytes);
            stub.is_ok_and(|stub| stub.verify(&opening()).is_ok())
        }),
        ("gap", certificate().encode(), |bytes| {
            let gap = GapCertificate::decode(bytes);
            gap.is_ok_and(|gap| gap.verify(&opening()).is_ok())
        }),
        ("proof", equivocation().encode(), |bytes| {
            let proof = Equivocation::decode(bytes);
            proof.is_ok_and(|proof| proof.verify().is_ok())
        }),
        ("revocation", revocation().encode(), |bytes| {
            let read = Revocation::decode(bytes);
            read.is_ok_and(|revocation| revocation.verify().is_ok())
        }),
        ("grant", grant().0.encode(), |bytes| {
            let read = Grant::decode(bytes);
            let (_, reader) = grant();
            read.is_ok_and(|grant| grant.is_for(&reader) && grant.open(&reader).is_ok())
        }),
        ("several keys", several_sealed().encode(), |bytes| {
            let read = Grant::decode(bytes);
            let (_, reader) = several();
            read.is_ok_and(|grant| grant.is_for(&reader) && grant.open(&reader).is_ok())
        }),
    ]
}

/// Cut at every byte, and with one bit changed in every byte, nothing is believed.
#[test]
fn nothing_cut_or_changed_is_believed() {
    for (name, bytes, is_believed) in forms() {
        assert!(is_believed(&bytes), "{name}");
        for end in 0..bytes.len() {
            assert!(!is_believed(&bytes[..end]), "{name} cut at {end}");
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            assert!(!is_believed(&changed), "{name} changed at {at}");
        }
    }
}

#[test]
fn a_key_opens_only_what_was_sealed_with_it_where_it_stands() {
    let bundle = bundle();
    let (header, content) = (bundle.header(), bundle.content());
    assert!(epoch_key(1).open(header, content).is_ok());
    assert_eq!(epoch_key(2).open(header, content), Err(Error::Decrypt));
    let mut elsewhere = *header;
    elsewhere.seq = 3;
    assert_eq!(epoch_key(1).open(&elsewhere, content), Err(Error::Decrypt));
}

/// A cloned disk goes on writing under the same numbers and keys. The nonces differ, so
/// that no two plaintexts are ever encrypted alike.
#[test]
fn a_clone_repeats_no_nonce() {
    let (author, payload) = example();
    let mut nonces: Vec<_> = (0..20)
        .map(|i| {
            let mut payload = payload.clone();
            payload.written = later(f64::from(i));
            append(&mut author.clone(), &payload, None)[1]
                .header()
                .nonce
        })
        .collect();
    nonces.sort_unstable();
    nonces.dedup();
    assert_eq!(nonces.len(), 20);
}

#[test]
fn an_epoch_lasts_a_day() {
    let (mut author, payload) = example();
    let day = later(24.0 * 3600.0);
    assert!(author.append(&payload, None, later(86_399.0)).is_ok());
    assert_eq!(author.append(&payload, None, day), Err(Error::EpochSpent));
    assert_eq!(
        author.begin_epoch(1, epoch_key(2), day),
        Err(Error::Sequence)
    );
    author
        .begin_epoch(2, epoch_key(2), day)
        .expect("a new epoch");
    assert_eq!(author.append(&payload, None, day), Err(Error::UnknownTopic));
}

#[test]
fn erased_persons_are_named_in_their_order() {
    let payload = Payload {
        written: NOON,
        erased: [3, 0, 1 << 40].into(),
        ..Payload::default()
    };
    let bytes = payload.encode(&Topics::default(), 0).expect("a payload");
    expect_file!["vectors/erased.hex"].assert_eq(&hex(&bytes));
    assert_eq!(Payload::decode(&bytes, &mut Topics::default()), Ok(payload));
    // The same number twice has no second form.
    let mut twice = bytes[..bytes.len() - 10].to_vec();
    twice.extend_from_slice(&[8, 2, 3, 0]);
    let refused = Payload::decode(&twice, &mut Topics::default());
    assert_eq!(
        refused,
        Err(Error::Malformed("a section of erased persons"))
    );
}

#[test]
fn sections_of_a_later_version_are_kept() {
    let payload = Payload {
        written: NOON,
        unknown: vec![(77, b"from the future".to_vec())],
        ..Payload::default()
    };
    let bytes = payload.encode(&Topics::default(), 0).expect("a payload");
    assert_eq!(Payload::decode(&bytes, &mut Topics::default()), Ok(payload));
}

fn value() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        any::<f64>().prop_filter("finite", |x| x.is_finite()),
        (-9999_i64..9999).prop_map(|tenths| tenths as f64 / 10.0),
    ];
    let point = (-1e6..1e6, -1e6..1e6).prop_map(|(x, y)| [x, y]);
    let points = proptest::collection::vec(point, 0..5);
    let text = || "[a-zü ]{0,12}";
    prop_oneof![
        8 => number.prop_map(Value::Number),
        1 => any::<bool>().prop_map(Value::Boolean),
        1 => text().prop_map(Value::text),
        1 => text().prop_map(|text| Value::Json(Arc::from(text))),
        1 => points.clone().prop_map(|points| Value::Line(points.into())),
        1 => proptest::collection::vec(points, 0..3)
            .prop_map(|rings| Value::Polygon(Arc::new(Polygon { rings }))),
        1 => Just(Value::Entity(EntityId::new("urn:x:1").expect("an id"))),
        1 => Just(Value::entities([EntityId::new("urn:x:1").expect("an id")])),
        1 => Just(Value::Point([1.0, 2.0, 3.5])),
    ]
}

fn record() -> impl Strategy<Value = Record> {
    let act = prop_oneof![
        9 => value().prop_map(|value| Act::Assert(Stated::from(value))),
        1 => Just(Act::Absent),
        1 => Just(Act::NotApplicable),
        1 => Just(Act::Retract),
    ];
    let end = || proptest::option::weighted(0.1, -1e5..1e5);
    (0_u32..20, -1e6..1e6, end(), end(), act).prop_map(|(topic, at, from, until, act)| Record {
        topic,
        observed: later(at),
        valid: Interval {
            from: from.map(later),
            until: until.map(later),
        },
        act,
    })
}

/// Readings by topic and time, then the rest.
fn as_on_the_wire(mut records: Vec<Record>) -> Vec<Record> {
    let is_reading = |record: &Record| {
        let number =
            matches!(&record.act, Act::Assert(stated) if stated.value.as_number().is_some());
        number && record.valid == Interval::ALWAYS
    };
    let rest: Vec<Record> = records.iter().filter(|r| !is_reading(r)).cloned().collect();
    records.retain(is_reading);
    records.sort_by_key(|record| (record.topic, record.observed));
    records.extend(rest);
    records
}

proptest! {
    #[test]
    fn any_records_come_back(records in proptest::collection::vec(record(), 0..120)) {
        let mut author = author(1, Class::Telemetry, Keep::Latest);
        for room in 0..20 {
            let first = (room % 3 == 0).then_some(room as f64);
            author.topic(&temperature(room), first).expect("room");
        }
        let payload = Payload { written: NOON, records, ..Payload::default() };
        let bytes = payload.encode(author.names().topics(), 0).expect("a payload");
        let read = Payload::decode(&bytes, &mut Topics::default()).expect("a payload");
        prop_assert_eq!(read.records, as_on_the_wire(payload.records));
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Payload::decode(&bytes, &mut Topics::default());
        for (_, _, check) in forms() {
            prop_assert!(!check(&bytes));
        }
    }

    #[test]
    fn any_frame_is_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(frame) = Frame::decode(&bytes) {
            prop_assert_eq!(Frame::decode(&frame.encode()), Ok(frame));
        }
    }

    #[test]
    fn a_damaged_payload_is_survived(at in 0_usize..500, byte: u8) {
        let (author, payload) = example();
        let mut bytes = payload.encode(author.names().topics(), 0).expect("a payload");
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = Payload::decode(&bytes, &mut Topics::default());
    }
}
