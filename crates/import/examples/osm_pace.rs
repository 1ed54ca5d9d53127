//! How fast an OpenStreetMap file is decoded and imported, beside the loop of the `osmpbf` crate
//! that counts the same elements.
//!
//! `osm_pace FILE [TIMES]`
#![allow(
    clippy::disallowed_methods,
    reason = "a measuring program: it reads the clock on purpose"
)]

use osmpbf::{Element, ElementReader};
use std::time::Instant;
use twin_import::{Mint, Options, osm};
use twin_model::{EntityId, EntityKind};

struct Urn;

impl Mint for Urn {
    fn mint(&mut self, kind: EntityKind, external_id: &str) -> EntityId {
        EntityId::new(&format!("urn:osm:{}:{external_id}", kind.as_str()))
            .unwrap_or_else(|_| EntityId::new("urn:osm:bad").expect("a URI"))
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("usage: osm_pace FILE [TIMES]");
    let times = arguments.next().map_or(7, |n| n.parse().expect("a number"));
    let bytes = std::fs::read(&path).expect("a readable file");
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let one = one.expect("a thread");
    let mut rows: Vec<[f64; 4]> = Vec::new();
    for _ in 0..times {
        rows.push([
            seconds(|| peer(&bytes)),
            one.install(|| seconds(|| ours(&bytes))),
            seconds(|| ours(&bytes)),
            seconds(|| whole(&bytes)),
        ]);
    }
    let elements = ours(&bytes);
    assert_eq!(peer(&bytes), elements, "both count the same");
    println!("{elements} elements, {times} times, median (fastest) milliseconds");
    for (i, name) in [
        "osmpbf, one thread",
        "decode, one thread",
        "decode",
        "import",
    ]
    .iter()
    .enumerate()
    {
        let mut column: Vec<f64> = rows.iter().map(|r| r[i]).collect();
        column.sort_by(f64::total_cmp);
        let median = column[column.len() / 2];
        println!(
            "{name:20} {:8.1} ({:.1})  {:10.0} elements/s",
            median * 1e3,
            column[0] * 1e3,
            elements as f64 / median
        );
    }
}

fn seconds<T>(work: impl FnOnce() -> T) -> f64 {
    let begun = Instant::now();
    std::hint::black_box(work());
    begun.elapsed().as_secs_f64()
}

/// The library's own loop, which reads every id and place and goes through every tag.
fn peer(bytes: &[u8]) -> u64 {
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

fn ours(bytes: &[u8]) -> u64 {
    let count = osm::decode(bytes).count();
    count.nodes + count.ways + count.relations
}

fn whole(bytes: &[u8]) -> usize {
    let imported = osm::import(bytes, &Options::default(), &mut Urn);
    imported.facets.iter().map(|f| f.statements.len()).sum()
}
