//! Streams over their life: superseded, expired, forked, revoked, erased.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use support::{Dice, NOON, append, author, epoch_key, identity, later, node_key, temperature};
use twin_link::reader::place;
use twin_link::*;

fn payload(records: Vec<Record>) -> Payload {
    Payload {
        written: NOON,
        records,
        ..Payload::default()
    }
}

/// One temperature of each stated room.
fn write(author: &mut Author, rooms: &[usize], at: f64) -> Vec<Bundle> {
    let records = rooms.iter().map(|&room| {
        let topic = author.topic(&temperature(room), Some(20.0)).expect("room");
        Record::reading(topic, later(at), 20.0 + at / 10.0)
    });
    let payload = payload(records.collect());
    let bundles = author.append(&payload, None, later(at));
    bundles.expect("a bundle")
}

/// The same, where the topics are named before or go with it.
fn write_one(author: &mut Author, rooms: &[usize], at: f64) -> Bundle {
    let mut bundles = write(author, rooms, at);
    assert_eq!(bundles.len(), 1);
    bundles.remove(0)
}

fn members() -> Members {
    let member = Member {
        node: node_key(1).verifying_key(),
        authority: node_key(0xEE).verifying_key(),
        recipient: reader_secret().recipient,
    };
    [(identity(1).origin, member)].into()
}

fn reader_secret() -> ReaderSecret {
    ReaderSecret::new(&[9; 32])
}

fn reader() -> Reader {
    Reader::new(reader_secret(), members())
}

/// The plain stream of organisation 1 and a bundle in it with `payload`.
fn control(payload: &Payload) -> Bundle {
    let mut control = Author::open_plain(&[1; 32], identity(1), Class::LifeSafety);
    append(&mut control, payload, None).remove(0)
}

/// A bundle that grants the present epoch of `author` to the reader.
fn granting(author: &Author) -> Bundle {
    let grant = author.grant(&node_key(1), &reader_secret().recipient, &[3; 32]);
    control(&Payload {
        grants: vec![grant.expect("a grant")],
        ..payload(vec![])
    })
}

fn replica(bundles: &[&Bundle], openings: &[Opening]) -> Replica {
    let mut replica = Replica::default();
    for opening in openings {
        replica.introduce(*opening).expect("room");
    }
    for bundle in bundles {
        replica.check(bundle.stub()).expect("sound");
        replica.hold(bundle).expect("known");
    }
    replica
}

fn gaps(certificates: &[GapCertificate]) -> Vec<(u64, u64, Reason)> {
    let gaps = certificates.iter().flat_map(GapCertificate::gaps);
    gaps.map(|gap| (gap.from, gap.to, gap.reason)).collect()
}

#[test]
fn what_is_superseded_is_certified_and_what_names_topics_stays() {
    let mut author = author(1, Class::Telemetry, Keep::Latest);
    let bundles: Vec<Bundle> = (0..5)
        .flat_map(|i| write(&mut author, &[1, 2], f64::from(i)))
        .collect();
    let certificates = author.certify(NOON).expect("a certificate");
    assert_eq!(gaps(&certificates), [(2, 5, Reason::Superseded)]);
    assert_eq!(author.certify(NOON), Ok(vec![]));

    let mut replica = replica(&bundles.iter().collect::<Vec<_>>(), &[author.opening()]);
    let dropped = replica
        .cover(author.stream(), &certificates[0])
        .expect("news");
    assert_eq!(
        dropped.iter().map(|d| d.seq).collect::<Vec<_>>(),
        [2, 3, 4, 5]
    );
    assert_eq!(
        replica.cover(author.stream(), &certificates[0]),
        Err(Error::Known)
    );
    let stream = replica.stream(author.stream()).expect("known");
    assert_eq!(
        stream.all_held().map(|(seq, _)| seq).collect::<Vec<_>>(),
        [1, 6]
    );
    assert_eq!(stream.accounted().contiguous(), 6);
}

#[test]
fn a_history_is_superseded_by_nothing_but_expires() {
    let mut author = author(1, Class::Operational, Keep::History);
    for i in 0..4 {
        let topic = author.topic(&temperature(1), None).expect("room");
        let records = vec![Record::reading(topic, later(f64::from(i)), 1.0)];
        let expires = (i < 2).then(|| later(10.0));
        author
            .append(&payload(records), expires, NOON)
            .expect("a bundle");
    }
    assert_eq!(author.certify(later(5.0)), Ok(vec![]));
    let certificates = author.certify(later(20.0)).expect("a certificate");
    assert_eq!(gaps(&certificates), [(2, 3, Reason::Expired)]);
    author.prune(3, 4);
    let certificates = author.certify(later(20.0)).expect("a certificate");
    assert_eq!(
        gaps(&certificates),
        [(2, 2, Reason::Expired), (3, 4, Reason::Pruned)]
    );
}

/// Many rooms that report at random: every record without a successor can still be read
/// from what is left, and what is left is not much.
#[test]
fn what_is_left_of_a_latest_stream_says_all_that_counts() {
    let mut dice = Dice(3);
    let mut author = author(1, Class::Telemetry, Keep::Latest);
    let mut newest = BTreeMap::new();
    let mut replica = replica(&[], &[author.opening()]);
    let mut kept = BTreeMap::new();
    for i in 0..600_u64 {
        let room = (dice.unit() * dice.unit() * 40.0) as usize;
        newest.insert(room, i);
        for bundle in write(&mut author, &[room], i as f64) {
            replica.check(bundle.stub()).expect("sound");
            replica.hold(&bundle).expect("known");
            kept.insert(bundle.header().seq, bundle);
        }
        if i % 20 == 19 {
            for certificate in author.certify(NOON).expect("certificates") {
                for dropped in replica.cover(author.stream(), &certificate).expect("news") {
                    kept.remove(&dropped.seq);
                }
            }
        }
    }
    let mut reader = reader();
    reader.reread(&granting(&author)).expect("plain");
    let stream = replica.stream(author.stream()).expect("known");
    let mut read = BTreeSet::new();
    for bundle in kept.values() {
        let delivery = reader.read(bundle, stream).expect("readable");
        let records = delivery.payload.records.iter();
        read.extend(records.map(|record| (record.topic, record.observed)));
    }
    let topics = reader.topics(author.stream(), 1).expect("an epoch");
    for (room, i) in newest {
        let topic = topics.number(&temperature(room)).expect("named");
        assert!(read.contains(&(topic, later(i as f64))), "room {room}");
    }
    assert!(kept.len() < 100, "{} bundles are left", kept.len());
}

#[test]
fn a_reader_waits_for_key_and_topics_and_delivers_once() {
    let mut author = author(1, Class::Telemetry, Keep::Latest);
    let naming = write(&mut author, &[1], 0.0).remove(0);
    let later_one = write_one(&mut author, &[1], 1.0);
    let granting = granting(&author);
    let replica = replica(&[&naming, &later_one], &[author.opening()]);
    let stream = replica.stream(author.stream()).expect("known");
    let mut reader = reader();
    assert_eq!(reader.read(&later_one, stream), Err(Error::NoKey));
    assert!(reader.reread(&granting).expect("plain").unlocks);
    assert_eq!(reader.read(&later_one, stream), Err(Error::UnknownTopic));
    assert_eq!(reader.waiting(author.stream(), stream), [1, 3]);
    assert!(reader.read(&naming, stream).expect("readable").unlocks);
    assert!(reader.read(&later_one, stream).is_ok());
    assert_eq!(reader.read(&later_one, stream), Err(Error::Known));
    let mut again = self::reader().after_restart(reader.delivered().clone(), BTreeSet::new());
    assert_eq!(again.read(&naming, stream), Err(Error::Known));
    assert_eq!(reader.identity(author.stream()), Some(&identity(1)));
}

#[test]
fn a_removed_reader_reads_no_later_epoch() {
    let mut author = author(1, Class::Operational, Keep::History);
    let mut reader = reader();
    reader.reread(&granting(&author)).expect("plain");
    let before = write_one(&mut author, &[1], 0.0);
    author
        .begin_epoch(2, epoch_key(2), NOON)
        .expect("a new epoch");
    let after = write_one(&mut author, &[1], 1.0);
    let replica = replica(&[&before, &after], &[author.opening()]);
    let stream = replica.stream(author.stream()).expect("known");
    assert!(reader.read(&before, stream).is_ok());
    assert_eq!(reader.read(&after, stream), Err(Error::NoKey));
}

/// Somebody who may read passes the stream on with a key of their own: refused, because the
/// writer did not sign that key.
#[test]
fn a_reader_cannot_grant_a_wrong_key() {
    let author = author(1, Class::Operational, Keep::History);
    let keys = vec![(Scope::Epoch(1), epoch_key(7))];
    let forged = Granted::sign(&node_key(2), keys, author.stream(), identity(1));
    let grant = forged
        .expect("a key")
        .seal(&reader_secret().recipient, &[4; 32])
        .expect("a grant");
    let mut reader = reader();
    let bundle = control(&Payload {
        grants: vec![grant],
        ..payload(vec![])
    });
    assert!(!reader.reread(&bundle).expect("plain").unlocks);
    assert_eq!(reader.identity(author.stream()), None);
}

/// A disk is cloned and both go on writing: each of the two contradictions is a proof that
/// convinces a third node, and the stream is read no further.
#[test]
fn two_histories_are_proof_against_their_writer() {
    let mut one = author(1, Class::LifeSafety, Keep::History);
    let first = write_one(&mut one, &[1], 0.0);
    let mut other = one.clone();
    let a2 = write_one(&mut one, &[1], 1.0);
    let b2 = write_one(&mut other, &[1], 2.0);
    let b3 = write_one(&mut other, &[1], 3.0);
    for (contradiction, with) in [(&b2, 2), (&b3, 2)] {
        let held = replica(&[&first, &a2], &[one.opening()]);
        assert_eq!(held.check(contradiction.stub()), Err(Error::Forked));
        assert_eq!(held.contradicted(contradiction.stub()), Some(with));
        let proof = Equivocation::between(one.opening(), *a2.stub(), *contradiction.stub());
        let proof = proof.expect("a contradiction");
        let mut third = replica(&[&first], &[one.opening()]);
        assert_eq!(third.quarantine(proof), Ok(true));
        assert_eq!(third.quarantine(proof), Ok(false));
        assert_eq!(third.check(a2.stub()), Err(Error::Forked));
        let stream = third.stream(one.stream()).expect("known");
        assert_eq!(reader().read(&first, stream), Err(Error::Forked));
    }
    assert_eq!(
        Equivocation::between(one.opening(), *first.stub(), *a2.stub()),
        None
    );
}

/// A restored backup comes back under a new incarnation: another stream, and no fork.
#[test]
fn a_new_incarnation_is_another_stream() {
    let old = author(1, Class::LifeSafety, Keep::History);
    let mut reborn = identity(1);
    reborn.incarnation = Incarnation([0xC3; 16]);
    let new = Author::open(&[1; 32], reborn, Class::LifeSafety, Keep::History);
    assert_ne!(old.stream(), new.stream());
}

#[test]
fn a_clean_restart_continues_the_chain() {
    let mut author = author(1, Class::LifeSafety, Keep::History);
    let first = write_one(&mut author, &[1], 0.0);
    let fresh = Author::open(&[1; 32], identity(1), Class::LifeSafety, Keep::History);
    let mut resumed = fresh.resume(first.stub());
    assert_eq!(
        resumed.begin_epoch(1, epoch_key(2), NOON),
        Err(Error::Sequence)
    );
    resumed
        .begin_epoch(2, epoch_key(2), NOON)
        .expect("a new epoch");
    let second = write_one(&mut resumed, &[1], 1.0);
    assert_eq!(second.header().previous, first.stub().hash());
    assert_eq!(second.header().seq, 2);
}

/// A stolen key signs on: what the organisation had seen stays, the rest is not believed,
/// whatever date it bears.
#[test]
fn what_a_revoked_key_writes_is_carried_and_not_believed() {
    let mut author = author(1, Class::Operational, Keep::History);
    let good = write_one(&mut author, &[1], 0.0);
    let stolen = write_one(&mut author, &[1], -3600.0);
    let replica = replica(&[&good, &stolen], &[author.opening()]);
    let stream = replica.stream(author.stream()).expect("known");
    let revoke = |authority: u8| {
        let believed = [(author.stream(), 1)].into();
        let node = node_key(1).verifying_key();
        let revocation = Revocation::sign(&node_key(authority), node, believed);
        control(&Payload {
            revocations: vec![revocation.expect("a revocation")],
            ..payload(vec![])
        })
    };
    let mut reader = reader();
    reader.reread(&granting(&author)).expect("plain");
    reader.reread(&revoke(0xDD)).expect("plain");
    let mut undeterred = reader.clone();
    assert!(undeterred.read(&good, stream).is_ok());
    assert!(
        undeterred.read(&stolen, stream).is_ok(),
        "a stranger revokes nothing"
    );
    reader.reread(&revoke(0xEE)).expect("plain");
    assert!(reader.read(&good, stream).is_ok());
    assert_eq!(reader.read(&stolen, stream), Err(Error::Untrusted));
}

/// Four people were counted in a room and a reader was told of three: what is said of people
/// was written as differences to the first value of its topic, as everything is, and read as
/// differences to zero.
#[test]
fn what_is_said_of_people_is_read_as_it_was_written() {
    let mut author = author(1, Class::Operational, Keep::History);
    let topic = author.topic(&temperature(1), Some(1.0)).expect("room");
    let said: Vec<Record> = [1.0, 4.0, 0.0]
        .map(|value| Record::reading(topic, NOON, value))
        .into();
    let mut about = payload(vec![]);
    let place = place(author.stream(), 1);
    let names = author.names().topics();
    about
        .seal_personal(&epoch_key(50), 12, &place, &said, names)
        .expect("sealed");
    let opened = about.open_personal(&about.personal[0], &epoch_key(50), &place, names);
    assert_eq!(opened, Ok(said));
}

#[test]
fn destroying_a_persons_key_erases_what_was_said() {
    erase_a_person(None);
}

/// What a topic names as near was known when the records about a person were sealed, and not
/// when they were opened: numbers of people arrived as 0 or as minus some thousand.
#[test]
fn what_is_said_of_a_person_is_read_beside_what_its_topic_names() {
    erase_a_person(Some(36.6));
}

fn erase_a_person(near: Option<f64>) {
    let mut author = author(1, Class::Operational, Keep::History);
    let topic = author.topic(&temperature(1), near).expect("room");
    let said = vec![Record::reading(topic, NOON, 38.5)];
    let mut about = payload(vec![]);
    let place = place(author.stream(), 1);
    about
        .seal_personal(&epoch_key(50), 12, &place, &said, author.names().topics())
        .expect("sealed");
    let bundle = append(&mut author, &about, None).remove(0);
    let recipient = reader_secret().recipient;
    let granting = control(&Payload {
        grants: vec![
            author
                .grant(&node_key(1), &recipient, &[3; 32])
                .expect("a grant"),
            author
                .grant_subject(&node_key(1), (12, epoch_key(50)), &recipient, &[4; 32])
                .expect("a grant"),
        ],
        ..payload(vec![])
    });
    let mut reader = reader();
    reader.reread(&granting).expect("plain");
    let read = reader.reread(&bundle).expect("readable");
    assert_eq!(read.personal, [(12, said)]);
    assert!(reader.erase(author.stream(), 12));
    reader.reread(&granting).expect("plain");
    assert_eq!(reader.reread(&bundle).expect("readable").personal, []);
}

/// The origin erases a person: every reader destroys the key as soon as it reads so, tells
/// the application, and takes the key from nobody any more. Another stream is not concerned.
#[test]
fn an_origin_erases_a_person_with_its_readers() {
    let mut author = author(1, Class::Operational, Keep::History);
    let topic = author.topic(&temperature(1), None).expect("room");
    let mut about = payload(vec![]);
    for (subject, key) in [(12, 50), (13, 51)] {
        let said = vec![Record::reading(topic, NOON, 38.5)];
        let place = place(author.stream(), 1);
        about
            .seal_personal(
                &epoch_key(key),
                subject,
                &place,
                &said,
                author.names().topics(),
            )
            .expect("sealed");
    }
    let about = append(&mut author, &about, None).remove(0);
    let erasing = append(
        &mut author,
        &Payload {
            erased: [12, 99].into(),
            ..payload(vec![])
        },
        None,
    )
    .remove(0);
    let recipient = reader_secret().recipient;
    let grant = |subject: u64, key: u8| {
        author
            .grant_subject(
                &node_key(1),
                (subject, epoch_key(key)),
                &recipient,
                &[key; 32],
            )
            .expect("a grant")
    };
    let epoch = author.grant(&node_key(1), &recipient, &[3; 32]);
    let granting = control(&Payload {
        grants: vec![epoch.expect("a grant"), grant(12, 50), grant(13, 51)],
        ..payload(vec![])
    });
    let replica = replica(&[&about, &erasing], &[author.opening()]);
    let stream = replica.stream(author.stream()).expect("known");
    let mut reader = reader();
    reader.reread(&granting).expect("plain");
    assert_eq!(
        reader
            .read(&about, stream)
            .expect("readable")
            .personal
            .len(),
        2
    );
    let delivery = reader.read(&erasing, stream).expect("readable");
    assert_eq!(delivery.erased, [12, 99].into());
    reader.reread(&granting).expect("plain");
    let left = reader.reread(&about).expect("readable").personal;
    assert_eq!(
        left.iter().map(|(subject, _)| *subject).collect::<Vec<_>>(),
        [13]
    );
    assert!(reader.erased().contains(&(author.stream(), 12)));
}

/// The bundle that names the topics came after the one that says how many people are there:
/// the application was handed an empty bundle, and the numbers never came.
#[test]
fn what_is_said_of_a_person_waits_for_its_topic() {
    let mut author = author(1, Class::Operational, Keep::History);
    let topic = author.topic(&temperature(1), None).expect("room");
    let said = vec![Record::reading(topic, NOON, 38.5)];
    let mut about = payload(vec![]);
    // The names go first, in a bundle of their own, because this one expires.
    let place = place(author.stream(), 2);
    about
        .seal_personal(&epoch_key(50), 12, &place, &said, author.names().topics())
        .expect("sealed");
    let bundles = append(&mut author, &about, Some(later(3600.0)));
    let recipient = reader_secret().recipient;
    let person = (12, epoch_key(50));
    let epoch = author.grant(&node_key(1), &recipient, &[3; 32]);
    let subject = author.grant_subject(&node_key(1), person, &recipient, &[4; 32]);
    let granting = control(&Payload {
        grants: vec![epoch.expect("a grant"), subject.expect("a grant")],
        ..payload(vec![])
    });
    let replica = replica(&[&bundles[0], &bundles[1]], &[author.opening()]);
    let stream = replica.stream(author.stream()).expect("known");
    let mut reader = reader();
    reader.reread(&granting).expect("plain");
    assert_eq!(reader.read(&bundles[1], stream), Err(Error::UnknownTopic));
    reader.read(&bundles[0], stream).expect("names");
    let read = reader.read(&bundles[1], stream).expect("readable");
    assert_eq!(read.personal, [(12, said)]);
}

/// A node restarts twenty times. Once what it had said before a restart stayed for ever; now
/// it is told what its living bundles say, and no more of them live than there are topics,
/// and a name for each epoch that still has one.
#[test]
fn a_latest_stream_stays_small_over_restarts() {
    const ROOMS: u64 = 20;
    let mut dice = Dice(17);
    let mut author = author(1, Class::Telemetry, Keep::Latest);
    let mut replica = replica(&[], &[author.opening()]);
    let mut kept: BTreeMap<u64, Bundle> = BTreeMap::new();
    let mut reader = reader();
    for life in 1..=20_u8 {
        for i in 0..100 {
            // Room 0 speaks in the first life only.
            let from = u64::from(life > 1);
            let room = (from + dice.below(ROOMS - from)) as usize;
            for bundle in write(&mut author, &[room], f64::from(life) * 1e3 + f64::from(i)) {
                replica.check(bundle.stub()).expect("sound");
                replica.hold(&bundle).expect("known");
                kept.insert(bundle.header().seq, bundle);
            }
        }
        for certificate in author.certify(NOON).expect("certificates") {
            for dropped in replica.cover(author.stream(), &certificate).expect("news") {
                kept.remove(&dropped.seq);
            }
        }
        assert!(
            kept.len() as u64 <= 4 * ROOMS,
            "{} live in life {life}",
            kept.len()
        );
        reader.reread(&granting(&author)).expect("plain");
        let last = kept.last_key_value().expect("the last one").1;
        let fresh = Author::open(&[1; 32], identity(1), Class::Telemetry, Keep::Latest);
        author = fresh.resume(last.stub());
        for bundle in kept.values() {
            let payload = reader.reread(bundle).expect("readable").payload;
            let header = bundle.header();
            let topics = reader.topics(header.stream, header.epoch).expect("read");
            author.remember(header, &payload, topics);
        }
        let stream = replica.stream(author.stream()).expect("known");
        author.remember_gaps(stream.certificates());
        assert_eq!(author.certify(NOON), Ok(vec![]));
        author
            .begin_epoch(u64::from(life) + 1, epoch_key(life + 1), NOON)
            .expect("a new epoch");
    }
    let stream = replica.stream(author.stream()).expect("known");
    assert!(stream.certificates().len() <= 2);
    assert_eq!(stream.missing().collect::<Vec<_>>(), []);
}

#[test]
fn an_expired_bundle_leaves_its_stub() {
    let mut author = author(1, Class::Telemetry, Keep::History);
    let topic = author.topic(&temperature(1), None).expect("room");
    let records = vec![Record::reading(topic, NOON, 1.0)];
    let bundle = append(&mut author, &payload(records), Some(later(10.0))).remove(1);
    let mut holder = replica(&[&bundle], &[author.opening()]);
    assert_eq!(holder.expired(later(30.0)), []);
    assert_eq!(holder.expired(later(120.0)), [(author.stream(), 2)]);
    assert_eq!(holder.expired(later(120.0)), []);

    let mut other = replica(&[], &[author.opening()]);
    assert_eq!(
        other.hold_stub(bundle.stub(), later(30.0)),
        Err(Error::NotExpired)
    );
    other
        .hold_stub(bundle.stub(), later(120.0))
        .expect("expired");
    let none = BTreeSet::new();
    let root = |replica: &Replica| replica.root(Class::Telemetry, &none);
    assert_eq!(root(&holder), root(&other));
}

/// Once a bundle that named topics could expire. A node that came back after it had, held
/// later bundles that it could never read.
#[test]
fn topics_outlive_the_bundle_that_first_needs_them() {
    let mut author = author(1, Class::Operational, Keep::History);
    let topic = author.topic(&temperature(1), None).expect("room");
    let records = vec![Record::reading(topic, NOON, 1.0)];
    let bundles = append(&mut author, &payload(records.clone()), Some(later(10.0)));
    let expiries: Vec<_> = bundles.iter().map(|b| b.header().expires()).collect();
    assert_eq!(expiries, [None, Some(later(11.0))]);
    let second = append(&mut author, &payload(records), None).remove(0);
    let replica = replica(&[&bundles[0], &second], &[author.opening()]);
    let stream = replica.stream(author.stream()).expect("known");
    let mut reader = reader();
    reader.reread(&granting(&author)).expect("plain");
    assert!(reader.read(&bundles[0], stream).is_ok());
    assert!(reader.read(&second, stream).is_ok());
}

/// Once the last bundle of a stream could be certified away when it expired. Its origin
/// deleted it, restarted, took the one before for the last, and wrote a second history.
#[test]
fn the_last_bundle_is_never_certified_away() {
    let mut author = author(1, Class::Operational, Keep::History);
    let records = || payload(vec![]);
    append(&mut author, &records(), Some(later(1.0)));
    let last = append(&mut author, &records(), Some(later(1.0))).remove(0);
    let certificates = author.certify(later(3600.0)).expect("a certificate");
    assert_eq!(gaps(&certificates), [(1, 1, Reason::Expired)]);
    author.prune(1, 2);
    let certificates = author.certify(later(3600.0)).expect("a certificate");
    assert_eq!(gaps(&certificates), [(1, 1, Reason::Pruned)]);
    let fresh = Author::open(&[1; 32], identity(1), Class::Operational, Keep::History);
    assert_eq!(fresh.resume(last.stub()).head(), 2);
}
