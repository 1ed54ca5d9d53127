//! Bundle files: whatever is whole on a stick is taken, and a stick that goes to and fro
//! carries only what is missing.

mod support;

use expect_test::expect_file;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use support::{NOON, hex, secrets};
use twin_exchange::carry::{
    BARREN_BYTES_MAX, Error, Export, HEADER_BYTES, Have, Holds, Import, Item, Summary,
};
use twin_link::*;
use twin_model::{Attribute, EntityId, SourceId, Time};

fn later(seconds: f64) -> Time {
    NOON.plus_seconds(seconds)
}

/// A disk and what is known of it.
#[derive(Default, Clone)]
struct Store {
    replica: Replica,
    bytes: BTreeMap<(StreamId, u64), Vec<u8>>,
}

impl Shelf for Store {
    fn bytes(&self, stream: StreamId, seq: u64) -> Option<Vec<u8>> {
        self.bytes.get(&(stream, seq)).cloned()
    }
}

impl Store {
    fn hold(&mut self, opening: Opening, bundle: &Bundle) {
        self.replica.introduce(opening).expect("room");
        self.take(Item::Bundle(bundle.clone()));
    }

    /// Books what a file brought, if the replica lets it.
    fn take(&mut self, item: Item) {
        match item {
            Item::Opening(opening) => {
                self.replica.introduce(opening).expect("room");
            }
            Item::Bundle(bundle) => {
                let header = *bundle.header();
                if self.replica.check(bundle.stub()).is_ok() {
                    self.bytes
                        .insert((header.stream, header.seq), bundle.body());
                    self.replica.hold(&bundle).expect("checked");
                }
            }
            Item::Stub(stub) => {
                let header = stub.header;
                if self.replica.check(&stub).is_ok() {
                    self.bytes
                        .insert((header.stream, header.seq), stub.encode());
                    self.replica.hold_stub(&stub, later(9e3)).expect("expired");
                }
            }
            Item::Gap(stream, certificate) => {
                let _ = self.replica.cover(stream, &certificate);
            }
            Item::Fork(proof) => {
                self.replica.quarantine(*proof).expect("proven");
            }
            Item::About { .. } | Item::Have(..) | Item::End(_) => {}
        }
    }

    fn roots(&self) -> [[u8; 12]; 4] {
        Class::ALL.map(|class| self.replica.root(class, &BTreeSet::new()))
    }

    fn export(&self, have: &Have) -> Vec<u8> {
        Export::new(&self.replica, self, have, later(100.0))
            .flatten()
            .collect()
    }
}

fn stream(origin: u8, class: Class, keep: Keep) -> Author {
    let identity = Identity {
        origin: secrets(origin).origin(),
        incarnation: Incarnation([1; 16]),
        audience: Audience([2; 16]),
    };
    let mut author = Author::open(&secrets(origin).stream_secret(), identity, class, keep);
    author
        .begin_epoch(1, SecretKey::new([4; 32]), NOON)
        .expect("a first epoch");
    author
}

fn write(store: &mut Store, author: &mut Author, value: f64, expires: Option<Time>) {
    let topic = Topic {
        source: SourceId::new("urn:tower:sensor:7").expect("a source"),
        entity: EntityId::new("urn:tower:room:312").expect("an entity"),
        attribute: Attribute::new("temperature").expect("an attribute"),
        unit: None,
        procedure: None,
        uncertainty: None,
    };
    let topic = author.topic(&topic, Some(value)).expect("room");
    let payload = Payload {
        written: later(value),
        records: vec![Record::reading(topic, later(value), value)],
        ..Payload::default()
    };
    for bundle in author
        .append(&payload, expires, later(value))
        .expect("a bundle")
    {
        store.hold(author.opening(), &bundle);
    }
}

/// Every form: life safety of two origins, superseded telemetry with its certificate, an
/// expired bundle, and a stream that forked.
fn example() -> Store {
    let mut store = Store::default();
    for origin in [1, 2] {
        let mut alarm = stream(origin, Class::LifeSafety, Keep::History);
        write(&mut store, &mut alarm, 1.0, None);
        write(&mut store, &mut alarm, 2.0, None);
    }
    let mut latest = stream(1, Class::Telemetry, Keep::Latest);
    for value in [1.0, 2.0, 3.0] {
        write(&mut store, &mut latest, value, None);
    }
    for certificate in latest.certify(later(4.0)).expect("gaps") {
        let dropped = store.replica.cover(latest.stream(), &certificate);
        for dropped in dropped.expect("our own") {
            store.bytes.remove(&(dropped.stream, dropped.seq));
        }
    }
    let mut expiring = stream(1, Class::Operational, Keep::History);
    write(&mut store, &mut expiring, 1.0, Some(later(5.0)));
    let mut forked = stream(3, Class::Bulk, Keep::History);
    let mut clone = forked.clone();
    write(&mut store, &mut forked, 1.0, None);
    let mut elsewhere = Store::default();
    write(&mut elsewhere, &mut clone, 7.0, None);
    let stub = |store: &Store| {
        let body = store.bytes(forked.stream(), 1).expect("held");
        *Bundle::from_body(forked.stream(), 1, &body)
            .expect("a bundle")
            .stub()
    };
    let proof = Equivocation::between(forked.opening(), stub(&store), stub(&elsewhere));
    store
        .replica
        .quarantine(proof.expect("two histories"))
        .expect("signed");
    store
}

fn read(bytes: &[u8]) -> (Vec<Item>, Result<Summary, Error>) {
    let (mut items, mut import) = (Vec::new(), Import::default());
    let outcome = import
        .feed(bytes, &mut |item| items.push(item))
        .and_then(|()| import.finish(&mut |item| items.push(item)));
    (items, outcome)
}

fn import(into: &mut Store, bytes: &[u8]) -> Summary {
    let (items, outcome) = read(bytes);
    for item in items {
        into.take(item);
    }
    outcome.expect("a bundle file")
}

#[test]
fn the_bytes_of_a_file() {
    let bytes = example().export(&Have::default());
    expect_file!["vectors/carry.hex"].assert_eq(&hex(&bytes));
    let summary: Vec<u8> = Have::of(&example().replica)
        .chunks(NOON)
        .flatten()
        .collect();
    expect_file!["vectors/carry-have.hex"].assert_eq(&hex(&summary));
}

#[test]
fn the_other_side_has_all_of_it_then() {
    let store = example();
    let mut other = Store::default();
    let summary = import(&mut other, &store.export(&Have::default()));
    assert_eq!(other.roots(), store.roots());
    assert!(summary.is_complete);
    assert_eq!((summary.damaged_bytes, summary.skipped), (0, 0));
}

#[test]
fn the_most_urgent_comes_first() {
    let (items, _) = read(&example().export(&Have::default()));
    let classes = items.iter().filter_map(|item| match item {
        Item::Opening(opening) => Some(opening.class),
        _ => None,
    });
    let classes: Vec<Class> = classes.collect();
    assert!(classes.is_sorted() && classes.len() == 5, "{classes:?}");
}

/// What has expired is carried as its stub, of what forked only the proof.
#[test]
fn nothing_needless_is_carried() {
    let (items, _) = read(&example().export(&Have::default()));
    let count = |is: fn(&Item) -> bool| items.iter().filter(|item| is(item)).count();
    assert_eq!(count(|item| matches!(item, Item::Stub(_))), 1);
    assert_eq!(count(|item| matches!(item, Item::Fork(_))), 1);
    assert_eq!(count(|item| matches!(item, Item::Gap(..))), 1);
}

#[test]
fn nobody_on_the_way_reads_it() {
    let bytes = example().export(&Have::default());
    for word in ["urn:", "tower", "312", "temperature"] {
        assert!(
            !bytes
                .windows(word.len())
                .any(|window| window == word.as_bytes())
        );
    }
    let origin = secrets(1).origin().0;
    assert!(!bytes.windows(16).any(|window| window == origin));
}

/// Pulled out at any byte: all that was whole is taken, the writer goes on where it
/// stopped, and in the end nothing is missing.
#[test]
fn cut_at_every_byte() {
    let store = example();
    let whole = store.export(&Have::default());
    let (all, _) = read(&whole);
    let sizes = all.iter().map(|item| item.encode().len());
    let ends: Vec<usize> = sizes
        .scan(HEADER_BYTES, |end, size| {
            *end += size;
            Some(*end)
        })
        .collect();
    assert_eq!(ends.last(), Some(&whole.len()));
    for cut in HEADER_BYTES..=whole.len() {
        let (items, outcome) = read(&whole[..cut]);
        let summary = outcome.expect("a bundle file");
        let expected = ends.iter().filter(|&&end| end <= cut).count();
        assert_eq!(items, all[..expected], "cut at {cut}");
        assert_eq!(summary.is_complete, cut == whole.len());

        let mut have = Have::default();
        for item in &items {
            have.note(item);
        }
        let mut file = whole[..usize::try_from(summary.whole_bytes).expect("small")].to_vec();
        let export = Export::new(&store.replica, &store, &have, later(100.0));
        file.extend(export.append().flatten());
        // Every tenth is enough for signatures to be checked again.
        if cut % 10 == 0 {
            let mut other = Store::default();
            let summary = import(&mut other, &file);
            assert_eq!(other.roots(), store.roots(), "cut at {cut}");
            assert!(summary.is_complete && summary.damaged_bytes == 0);
        }
        // The reader that was cut goes on where it stopped.
        let mut rest = Vec::new();
        let at = usize::try_from(summary.whole_bytes).expect("small");
        let mut import = Import::resume(summary.whole_bytes);
        let fed = import.feed(&whole[at..], &mut |item| rest.push(item));
        fed.expect("a bundle file");
        assert_eq!(rest, all[expected..]);
    }
    for cut in 0..HEADER_BYTES {
        assert_eq!(read(&whole[..cut]).1, Err(Error::NotACarryFile));
    }
}

/// One bit wrong anywhere costs one item at most, and is told.
#[test]
fn a_flipped_bit_costs_one_item() {
    let whole = example().export(&Have::default());
    let (all, _) = read(&whole);
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        let (items, outcome) = read(&damaged);
        if at < HEADER_BYTES {
            assert!(outcome.is_err());
            continue;
        }
        let summary = outcome.expect("a bundle file");
        assert_eq!(items.len(), all.len() - 1, "flipped at {at}");
        assert!(items.iter().all(|item| all.contains(item)));
        assert!(!summary.is_complete && summary.damaged_bytes > 0);
    }
}

/// A stick goes to and fro with a summary of what the other side has.
#[test]
fn only_what_is_missing_is_carried() {
    let mut tower = example();
    let mut station = Store::default();
    import(&mut station, &tower.export(&Have::default()));
    let summary: Vec<u8> = Have::of(&station.replica).chunks(NOON).flatten().collect();
    let mut have = Have::default();
    let (lines, outcome) = read(&summary);
    assert!(outcome.expect("a summary").is_complete);
    for line in &lines {
        have.note(line);
    }
    assert_eq!(have, Have::of(&station.replica));
    assert_eq!(read(&tower.export(&have)).0.len(), 2, "beginning and end");

    let mut news = stream(2, Class::Operational, Keep::History);
    write(&mut tower, &mut news, 3.0, None);
    let bytes = tower.export(&have);
    assert_eq!(read(&bytes).0.len(), 4, "one opening, one bundle");
    import(&mut station, &bytes);
    assert_eq!(station.roots(), tower.roots());
}

#[test]
fn only_some_streams() {
    let store = example();
    let have = Have::default();
    let export = Export::new(&store.replica, &store, &have, later(100.0));
    let bytes: Vec<u8> = export
        .only(|_, class| class == Class::LifeSafety)
        .flatten()
        .collect();
    let (items, _) = read(&bytes);
    let bundles = items.iter().filter(|item| matches!(item, Item::Bundle(_)));
    assert_eq!(bundles.count(), 4);
}

/// Kinds that do not exist yet are skipped, and so is a known kind in another form; only a
/// later version of the whole cannot be read.
#[test]
fn a_file_from_the_future() {
    let whole = example().export(&Have::default());
    let mut item = vec![0xF5, b'T', b'W', b'C', 99, 5];
    item.extend_from_slice(b"later");
    let check = blake3::derive_key("twinternet exchange 1 carry item", &item[4..]);
    item.extend_from_slice(&check[..8]);
    let about = Item::About {
        written: later(100.0),
        holds: Holds::Bundles,
    };
    let at = HEADER_BYTES + about.encode().len();
    let file = [&whole[..at], &item, &whole[at..]].concat();
    let (items, outcome) = read(&file);
    let summary = outcome.expect("a bundle file");
    assert_eq!(items, read(&whole).0);
    assert_eq!((summary.skipped, summary.damaged_bytes), (1, 0));
    let mut later = whole;
    later[9] = 2;
    assert_eq!(read(&later).1, Err(Error::Later));
}

#[test]
fn endless_garbage_ends() {
    let mut import = Import::default();
    assert_eq!(
        import.feed(&[0; 1000], &mut |_| ()),
        Err(Error::NotACarryFile)
    );
    let header = example().export(&Have::default())[..HEADER_BYTES].to_vec();
    // Zeros; nothing but markers; markers that claim much.
    let claims = [&[0xF5, b'T', b'W', b'C', 3][..], &[0xFF, 0xFF, 7]].concat();
    for pattern in [vec![0; 8], vec![0xF5; 8], claims] {
        let mut import = Import::default();
        import.feed(&header, &mut |_| ()).expect("a beginning");
        let step = pattern.repeat(10_000);
        let mut fed = 0;
        let outcome = loop {
            if let Err(error) = import.feed(&step, &mut |_| panic!("nothing is whole")) {
                break error;
            }
            fed += step.len() as u64;
            assert!(fed < 2 * BARREN_BYTES_MAX);
        };
        assert_eq!(outcome, Error::Hopeless);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn slices_of_any_size_read_the_same(
        sizes in proptest::collection::vec(1_usize..700, 1..40),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut bytes = example().export(&Have::default());
        for (at, value) in damage {
            let at = HEADER_BYTES + at.index(bytes.len() - HEADER_BYTES);
            bytes[at] = value;
        }
        let (all, outcome) = read(&bytes);
        let (mut items, mut import, mut rest) = (Vec::new(), Import::default(), &bytes[..]);
        for size in sizes.iter().cycle() {
            let (now, after) = rest.split_at((*size).min(rest.len()));
            import.feed(now, &mut |item| items.push(item)).expect("a bundle file");
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        let summary = import.finish(&mut |item| items.push(item));
        prop_assert_eq!(items, all);
        prop_assert_eq!(summary, outcome);
    }

    /// Whatever is said to be there comes back as it was said.
    #[test]
    fn what_somebody_has_comes_back(runs in proptest::collection::vec((1_u64..1000, 0_u64..9), 0..50)) {
        let mut have = Have::default();
        let gap = |from, to| Gap { from, to, reason: Reason::Pruned };
        let key = secrets(1).node();
        for (from, length) in runs {
            let certificate = GapCertificate::sign(&key, StreamId([1; 16]), vec![gap(from, from + length)]);
            have.note(&Item::Gap(StreamId([1; 16]), certificate.expect("one gap")));
        }
        let bytes: Vec<u8> = have.chunks(NOON).flatten().collect();
        let mut again = Have::default();
        for item in read(&bytes).0 {
            again.note(&item);
        }
        prop_assert_eq!(again, have);
    }
}
