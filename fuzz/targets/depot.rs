//! Any bytes as the newest segment of a depot, or as its manifest, as it finds them when
//! it opens.
//!
//! The other files are those of a depot that the first release wrote. Where the first byte
//! says so, the checksums are made right before the depot sees them; otherwise hardly any
//! input would come past them. Whatever is found, it can be written on, and what could be
//! read is the same when it opens again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use std::sync::Arc;
use twin_store::backend::{Backend, Memory};
use twin_store::depot::{Change, Depot, Options, Urgency};

macro_rules! sound {
    ($name:literal) => {
        (
            $name,
            include_bytes!(concat!("../../crates/store/tests/golden/depot-v1/", $name)) as &[u8],
        )
    };
}
const FILES: &[(&str, &[u8])] = &[
    sound!("depot-00000003.seg"),
    sound!("depot-00000004.seg"),
    sound!("depot-00000005.seg"),
    sound!("depot-00000006.seg"),
    sound!("depot-00000007.seg"),
    sound!("depot-00000008.seg"),
    sound!("depot-00000009.seg"),
    sound!("depot-manifest-a"),
    sound!("depot-manifest-b"),
];
const NEWEST: &str = "depot-00000009.seg";
const MANIFEST: &str = "depot-manifest-b";

// The layout is drawn in `docs/formats/depot.md`.
const HEADER_BYTES: usize = 64;
const GROUP_BYTES: usize = 48;
const ROW_BYTES: usize = 10;
const MAGIC: &[u8] = b"TWGR";
const ALIGNED: usize = 16;

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, content)) = bytes.split_first() else {
        return;
    };
    let mut content = content.to_vec();
    let name = match choice % 4 {
        0 => NEWEST,
        1 => {
            mend_segment(&mut content);
            NEWEST
        }
        2 => MANIFEST,
        _ => {
            mend_manifest(&mut content);
            MANIFEST
        }
    };
    let memory = Memory::new();
    for &(file, sound) in FILES {
        let content = if file == name { &content } else { sound };
        let file = memory.create(file).expect("memory takes a file");
        file.write_at(0, content).expect("memory takes bytes");
    }
    let options = Options {
        segment_bytes: 1000,
        ..Options::default()
    };
    let Ok((mut depot, _)) = Depot::open(Arc::new(memory.clone()), options) else {
        return;
    };
    let _ = depot.reader().verify();
    let put = Change::Put {
        key: b"after".to_vec(),
        value: vec![1; 100],
    };
    depot
        .append(&[put], Urgency::Urgent)
        .expect("a depot that opened takes rows");
    while depot.tidy().expect("a depot that opened can be tidied") {}
    let before = rows(&depot);
    assert!(before.contains_key(b"after".as_slice()));
    drop(depot);
    let (depot, _) = Depot::open(Arc::new(memory), options).expect("what opened opens again");
    assert_eq!(rows(&depot), before);
});

fn rows(depot: &Depot) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut rows = BTreeMap::new();
    // Damaged rows are left out, here and there.
    let _ = depot.reader().scan(&[], |key, value| {
        rows.insert(key.to_vec(), value.to_vec());
    });
    rows
}

/// Gives the segment its header, and every group that is whole the right checksums.
fn mend_segment(segment: &mut [u8]) {
    let sound = FILES.iter().find(|(name, _)| *name == NEWEST);
    let header = &sound.expect("the newest is there").1[..HEADER_BYTES];
    let Some(start) = segment.get_mut(..HEADER_BYTES) else {
        return;
    };
    start.copy_from_slice(header);
    let mut at = HEADER_BYTES;
    while let Some(group) = segment.get_mut(at..) {
        if !group.starts_with(MAGIC) || group.len() < GROUP_BYTES {
            return;
        }
        let (table, values) = (number(group, 4), number(group, 8));
        let Some(group) = group.get_mut(..GROUP_BYTES + table + values) else {
            return;
        };
        mend_rows(&mut group[GROUP_BYTES..], table);
        let crc = crc32fast::hash(&group[GROUP_BYTES..GROUP_BYTES + table]);
        group[28..32].copy_from_slice(&crc.to_le_bytes());
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&header[60..]);
        hasher.update(&group[..44]);
        group[44..48].copy_from_slice(&hasher.finalize().max(1).to_le_bytes());
        at += (GROUP_BYTES + table + values).next_multiple_of(ALIGNED);
    }
}

fn mend_rows(payload: &mut [u8], table: usize) {
    let (mut at, mut value_at) = (0, table);
    while at + ROW_BYTES <= table {
        let bytes = number(payload, at + 2);
        let Some(value) = payload.get(value_at..value_at.saturating_add(bytes)) else {
            return;
        };
        let crc = crc32fast::hash(value).to_le_bytes();
        payload[at + 6..at + ROW_BYTES].copy_from_slice(&crc);
        value_at += bytes;
        at += ROW_BYTES + usize::from(payload[at + 1]);
    }
}

fn mend_manifest(manifest: &mut [u8]) {
    if manifest.len() < 20 {
        return;
    }
    let body = number(manifest, 12);
    let Some(body) = manifest.get(20..20_usize.saturating_add(body)) else {
        return;
    };
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&manifest[8..16]);
    hasher.update(body);
    let crc = hasher.finalize().to_le_bytes();
    manifest[16..20].copy_from_slice(&crc);
}

fn number(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize
}
