//! Any bytes as packets of a message broker, in both versions of the protocol.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    twin_bridge::read_any(bytes);
});
