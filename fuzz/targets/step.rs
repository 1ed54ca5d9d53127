//! Any bytes as a STEP file: read every value of every entity.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twin_import::step::{Index, Value, Values};

/// How deep values nest before this target stops following them.
const DEPTH_MAX: u32 = 64;

fuzz_target!(|bytes: &[u8]| {
    let index = Index::new(bytes);
    for entity in index.entities() {
        index.line(entity);
        visit(index.values(entity), DEPTH_MAX);
    }
});

fn visit(values: Values<'_>, depth: u32) {
    for value in values {
        value.number();
        value.text();
        value.untyped();
        if depth > 0 && matches!(value, Value::List(_)) {
            visit(value.list(), depth - 1);
        }
    }
}
