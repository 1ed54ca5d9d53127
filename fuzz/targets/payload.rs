//! Any bytes as what a device sends, and as recorded messages.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twin_import::points::{decode, is_alarm, read_messages};

fuzz_target!(|bytes: &[u8]| {
    for reading in decode(bytes).readings {
        is_alarm(reading.member.as_deref().unwrap_or("point"), &reading);
    }
    for message in read_messages(bytes).0 {
        decode(&message.payload);
    }
});
