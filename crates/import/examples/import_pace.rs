//! How fast a file of a city is read, in one thread, beside what others take for the same bytes:
//! the loop of the `osmpbf` crate that counts the same elements, and `serde_json`'s parse of the
//! same JSON into a tree. Both are taken in turn, so that what else the machine does meets both.
//!
//! `import_pace FILE [TIMES]` prints one JSON object, times in seconds.
#![allow(
    clippy::disallowed_methods,
    reason = "a measuring program: it reads the clock on purpose"
)]

use osmpbf::{Element, ElementReader};
use std::time::Instant;
use twin_import::{Format, Mint, Options, osm};
use twin_model::{EntityId, EntityKind};

struct Urn;

impl Mint for Urn {
    fn mint(&mut self, kind: EntityKind, external_id: &str) -> EntityId {
        EntityId::new(&format!("urn:pace:{}:{external_id}", kind.as_str()))
            .unwrap_or_else(|_| EntityId::new("urn:pace:bad").expect("a URI"))
    }
}

/// Times of each run, in seconds.
#[derive(Default, serde::Serialize)]
struct Pace {
    bytes: usize,
    /// Elements of a map, by both; 0 of other files.
    elements: u64,
    peer_s: Vec<f64>,
    /// The part of ours that does what the peer does, where it does not do everything.
    decode_s: Vec<f64>,
    /// From bytes to statements.
    import_s: Vec<f64>,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("usage: import_pace FILE [TIMES]");
    let times = arguments.next().map_or(7, |n| n.parse().expect("a number"));
    let bytes = std::fs::read(&path).expect("a readable file");
    let format = Format::detect(&path, &bytes).expect("a file of a known format");
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let pace = one
        .expect("a thread")
        .install(|| pace(format, &bytes, times));
    println!("{}", serde_json::to_string(&pace).expect("numbers"));
}

fn pace(format: Format, bytes: &[u8], times: u32) -> Pace {
    let mut pace = Pace {
        bytes: bytes.len(),
        ..Pace::default()
    };
    let is_map = format == Format::OsmPbf;
    if is_map {
        pace.elements = decoded(bytes);
        assert_eq!(osmpbf_counts(bytes), pace.elements, "both count the same");
    }
    for _ in 0..times {
        if is_map {
            pace.peer_s.push(seconds(|| osmpbf_counts(bytes)));
            pace.decode_s.push(seconds(|| decoded(bytes)));
        } else if format == Format::CityJson {
            let tree = || serde_json::from_slice::<serde_json::Value>(bytes).is_ok();
            pace.peer_s.push(seconds(tree));
        }
        let import = || format.import(bytes, &Options::default(), &mut Urn);
        pace.import_s.push(seconds(import));
    }
    pace
}

fn seconds<T>(work: impl FnOnce() -> T) -> f64 {
    let begun = Instant::now();
    std::hint::black_box(work());
    begun.elapsed().as_secs_f64()
}

/// The library's own loop, which reads every id and place and goes through every tag.
fn osmpbf_counts(bytes: &[u8]) -> u64 {
    let (mut count, mut ids, mut tags) = (0, 0_i64, 0);
    ElementReader::new(bytes)
        .for_each(|element| {
            count += 1;
            let (id, count) = match element {
                Element::Node(n) => (n.id() ^ n.nano_lat(), n.tags().count()),
                Element::DenseNode(n) => (n.id() ^ n.nano_lat(), n.tags().count()),
                Element::Way(w) => (w.id() ^ w.refs().sum::<i64>(), w.tags().count()),
                Element::Relation(r) => (r.id(), r.tags().count()),
            };
            ids ^= id;
            tags += count;
        })
        .expect("a readable file");
    std::hint::black_box((ids, tags));
    count
}

fn decoded(bytes: &[u8]) -> u64 {
    let count = osm::decode(bytes).count();
    count.nodes + count.ways + count.relations
}
