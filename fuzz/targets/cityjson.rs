//! Any bytes as a CityJSON file or sequence: the whole import.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twin_fuzz::Names;
use twin_import::{Options, cityjson};

fuzz_target!(|bytes: &[u8]| {
    cityjson::import(bytes, &Options::default(), &mut Names);
});
