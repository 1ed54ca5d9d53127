//! Any bytes as GeoJSON; what stands before a zero byte is its mapping file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twin_import::{Mint, Options, geojson::import};
use twin_model::{EntityId, EntityKind};

struct Names;

impl Mint for Names {
    fn mint(&mut self, kind: EntityKind, external_id: &str) -> EntityId {
        let name = format!("urn:fuzz:{}:{external_id}", kind.as_str());
        EntityId::new(&name).unwrap_or_else(|_| EntityId::new("urn:fuzz:other").expect("a URI"))
    }
}

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
