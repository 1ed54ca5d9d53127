//! Any bytes as GeoJSON; what stands before a zero byte is its mapping file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twin_fuzz::Names;
use twin_import::{Options, geojson::import};

fuzz_target!(|bytes: &[u8]| {
    import(bytes, &Options::default(), &mut Names);
    let mut parts = bytes.splitn(2, |b| *b == 0);
    let mapping = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let options = Options {
        mapping: Some(&mapping),
        ..Options::default()
    };
    import(parts.next().unwrap_or_default(), &options, &mut Names);
});
