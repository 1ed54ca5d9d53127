//! Any bytes as an OpenStreetMap file: as they are, as a block after a header, and as XML.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twin_fuzz::Names;
use twin_import::{Options, osm::import};

/// An empty header, and the header of a block of elements that holds so many bytes.
fn framed(message: &[u8]) -> Vec<u8> {
    let mut file = b"\0\0\0\x0d\x0a\x09OSMHeader\x18\x02\x0a\0".to_vec();
    let length = |n: usize| {
        [
            n as u8 | 0x80,
            (n >> 7) as u8 | 0x80,
            (n >> 14) as u8 & 0x7f,
        ]
    };
    let mut blob = vec![0x0a];
    blob.extend(length(message.len()));
    blob.extend(message);
    file.extend(b"\0\0\0\x0d\x0a\x07OSMData\x18");
    file.extend(length(blob.len()));
    file.extend(blob);
    file
}

fuzz_target!(|bytes: &[u8]| {
    import(bytes, &Options::default(), &mut Names);
    import(
        &framed(&bytes[..bytes.len().min(1 << 16)]),
        &Options::default(),
        &mut Names,
    );
    let text = [b"<osm>", bytes].concat();
    import(&text, &Options::default(), &mut Names);
});
