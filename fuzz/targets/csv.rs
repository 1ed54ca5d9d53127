//! Any bytes as a table of a building: as they are, and after a header.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twin_import::{Mint, Options, csv::import};
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
    let table = [
        b"kind;name;storey;to;connects;elevation;width [cm]\n",
        bytes,
    ]
    .concat();
    import(&table, &Options::default(), &mut Names);
});
