//! The binary form, written by hand (one header and one block, with or without packing), says the
//! same as XML.

use crate::map::{HOUSE, INSIDE, STREETS, read, xml};
use flate2::{Compression, write::ZlibEncoder};
use std::io::Write as _;
use twin_import::osm;

fn varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn number(out: &mut Vec<u8>, field: u64, n: u64) {
    varint(out, field << 3);
    varint(out, n);
}

fn bytes(out: &mut Vec<u8>, field: u64, held: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, held.len() as u64);
    out.extend(held);
}

fn zigzag(n: i64) -> u64 {
    (n << 1 ^ n >> 63) as u64
}

fn packed(list: impl IntoIterator<Item = u64>) -> Vec<u8> {
    let mut out = Vec::new();
    list.into_iter().for_each(|n| varint(&mut out, n));
    out
}

fn deltas(list: impl IntoIterator<Item = i64>) -> Vec<u8> {
    let mut at = 0;
    packed(list.into_iter().map(|n| {
        let delta = zigzag(n - at);
        at = n;
        delta
    }))
}

fn block(out: &mut Vec<u8>, kind: &str, message: &[u8], is_packed: bool) {
    let mut blob = Vec::new();
    if is_packed {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(message).unwrap();
        number(&mut blob, 2, message.len() as u64);
        bytes(&mut blob, 3, &encoder.finish().unwrap());
    } else {
        bytes(&mut blob, 1, message);
    }
    let mut header = Vec::new();
    bytes(&mut header, 1, kind.as_bytes());
    number(&mut header, 3, blob.len() as u64);
    out.extend((header.len() as u32).to_be_bytes());
    out.extend(header);
    out.extend(blob);
}

/// The same shorthand as for XML.
pub(super) fn write(map: &str, is_packed: bool) -> Vec<u8> {
    let mut texts = vec![String::new()];
    let mut text = |t: &str| {
        let at = texts.iter().position(|k| k == t);
        at.unwrap_or_else(|| {
            texts.push(t.to_owned());
            texts.len() - 1
        }) as u64
    };
    let degrees = |t: &str| (t.parse::<f64>().unwrap() * 1e7).round() as i64;
    let (mut dense, mut tags_of_nodes) = (Vec::new(), Vec::new());
    let mut group = Vec::new();
    for line in map.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        let id: i64 = words[1].parse().unwrap();
        let rest = words.get(3).copied().unwrap_or_default();
        let tags = if words[0] == "n" {
            rest.split_once(' ').map_or("", |t| t.1)
        } else {
            rest
        };
        let tags: Vec<(u64, u64)> = tags
            .split('|')
            .filter_map(|t| t.split_once('='))
            .map(|(k, v)| (text(k), text(v)))
            .collect();
        let mut element = Vec::new();
        number(&mut element, 1, id as u64);
        bytes(&mut element, 2, &packed(tags.iter().map(|t| t.0)));
        bytes(&mut element, 3, &packed(tags.iter().map(|t| t.1)));
        match words[0] {
            "n" => {
                let lon = rest.split(' ').next().unwrap();
                dense.push((id, degrees(words[2]), degrees(lon)));
                tags_of_nodes.extend(tags.iter().flat_map(|t| [t.0, t.1]));
                tags_of_nodes.push(0);
            }
            "w" => {
                let refs = words[2].split(',').map(|r| r.parse().unwrap());
                bytes(&mut element, 8, &deltas(refs));
                bytes(&mut group, 3, &element);
            }
            _ => {
                let members: Vec<(&str, i64)> = words[2]
                    .split(',')
                    .map(|m| m.split_once(':').unwrap())
                    .map(|(role, id)| (role, id.parse().unwrap()))
                    .collect();
                bytes(&mut element, 8, &packed(members.iter().map(|m| text(m.0))));
                bytes(&mut element, 9, &deltas(members.iter().map(|m| m.1)));
                bytes(&mut element, 10, &packed(members.iter().map(|_| 1)));
                bytes(&mut group, 4, &element);
            }
        }
    }
    let mut nodes = Vec::new();
    bytes(&mut nodes, 1, &deltas(dense.iter().map(|n| n.0)));
    bytes(&mut nodes, 8, &deltas(dense.iter().map(|n| n.1)));
    bytes(&mut nodes, 9, &deltas(dense.iter().map(|n| n.2)));
    bytes(&mut nodes, 10, &packed(tags_of_nodes));
    bytes(&mut group, 2, &nodes);
    let mut table = Vec::new();
    for text in &texts {
        bytes(&mut table, 1, text.as_bytes());
    }
    let mut message = Vec::new();
    bytes(&mut message, 1, &table);
    bytes(&mut message, 2, &group);
    let mut header = Vec::new();
    bytes(&mut header, 4, b"OsmSchema-V0.6");
    bytes(&mut header, 4, b"DenseNodes");
    let mut out = Vec::new();
    block(&mut out, "OSMHeader", &header, is_packed);
    block(&mut out, "OSMData", &message, is_packed);
    out
}

#[test]
fn both_forms_say_the_same() {
    for map in [STREETS, HOUSE, INSIDE] {
        let one = read(xml(map).as_bytes());
        for is_packed in [false, true] {
            let other = read(&write(map, is_packed));
            assert!(other.is_whole);
            assert_eq!(one.counts, other.counts);
            for (a, b) in one.facets.iter().zip(&other.facets) {
                assert_eq!(a.statements, b.statements);
            }
        }
    }
}

/// The library that others read such files with sees the same elements.
#[test]
fn the_peer_reads_what_we_read() {
    let bytes = write(INSIDE, true);
    let mut peer = osm::Count::default();
    osmpbf::ElementReader::new(&bytes[..])
        .for_each(|element| match element {
            osmpbf::Element::Node(_) | osmpbf::Element::DenseNode(_) => peer.nodes += 1,
            osmpbf::Element::Way(_) => peer.ways += 1,
            osmpbf::Element::Relation(_) => peer.relations += 1,
        })
        .unwrap();
    assert_eq!(osm::decode(&bytes).count(), peer);
}
