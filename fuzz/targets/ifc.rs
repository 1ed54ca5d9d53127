//! Any bytes as an IFC file: the whole import.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twin_fuzz::Names;
use twin_import::Options;
use twin_import::ifc::import;

fuzz_target!(|bytes: &[u8]| {
    import(bytes, &Options::default(), &mut Names);
});
