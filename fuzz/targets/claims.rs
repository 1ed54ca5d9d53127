//! Any bytes as claims, one JSON object a line.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twin_api::claims::decode;

fuzz_target!(|bytes: &[u8]| {
    decode(bytes);
});
