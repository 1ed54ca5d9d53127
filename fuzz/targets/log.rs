//! Any bytes as the last file of a commit log, as a store finds it when it opens.
//!
//! The other files are those of a store that the first release wrote. Where the first
//! byte is odd, the checksums are made right before the store sees them; otherwise hardly
//! any input would come past them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io::Read;
use twin_store::backend::{Backend, Memory};
use twin_store::{Options, open};

macro_rules! sound {
    ($name:literal) => {
        (
            $name,
            include_bytes!(concat!("../../crates/store/tests/golden/v1/", $name)) as &[u8],
        )
    };
}
const FILES: [(&str, &[u8]); 7] = [
    sound!("manifest-a"),
    sound!("manifest-b"),
    sound!("log-00000002.log"),
    sound!("seg-00000001-structure-1.parquet"),
    sound!("seg-00000001-telemetry-1.parquet"),
    sound!("seg-00000002-personal-1.parquet"),
    sound!("snap-00000000000000000007.snap"),
];
const LAST: &str = "log-00000003.log";

// The layout is drawn in `docs/formats/log.md`.
const HEADER_BYTES: usize = 64;
const FRAME_BYTES: usize = 48;
const MAGIC: &[u8] = b"TWFR";
const ALIGNED: usize = 16;

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, log)) = bytes.split_first() else {
        return;
    };
    let mut log = log.to_vec();
    if choice % 2 == 1 {
        mend(&mut log);
    }
    let memory = Memory::new();
    for (name, content) in FILES.into_iter().chain([(LAST, log.as_slice())]) {
        let file = memory.create(name).expect("memory takes a file");
        file.write_at(0, content).expect("memory takes bytes");
    }
    let Ok(mut opened) = open(memory, Options::default()) else {
        return;
    };
    if let Some(snapshot) = &mut opened.snapshot {
        let _ = snapshot.read_to_end(&mut Vec::new());
    }
    for batch in opened.tail {
        if batch.is_err() {
            break;
        }
    }
});

/// Puts the right checksums into the header and into every frame that is whole.
fn mend(log: &mut [u8]) {
    let Some(header) = log.get_mut(..HEADER_BYTES) else {
        return;
    };
    let salt = checksum(&[&header[..60]]);
    header[60..].copy_from_slice(&salt);
    let mut at = HEADER_BYTES;
    while let Some(frame) = log.get_mut(at..) {
        if !frame.starts_with(MAGIC) || frame.len() < FRAME_BYTES {
            return;
        }
        let length = u32::from_le_bytes([frame[4], frame[5], frame[6], frame[7]]) as usize;
        let Some(payload) = frame.get(FRAME_BYTES..FRAME_BYTES + length) else {
            return;
        };
        let payload = crc32fast::hash(payload).to_le_bytes();
        frame[40..44].copy_from_slice(&payload);
        let header = checksum(&[&salt, &frame[..44]]);
        frame[44..48].copy_from_slice(&header);
        at += (FRAME_BYTES + length).next_multiple_of(ALIGNED);
    }
}

/// CRC-32, where 0 is written as 1.
fn checksum(parts: &[&[u8]]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().max(1).to_le_bytes()
}
