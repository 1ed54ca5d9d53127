//! Any bytes as the content of a bundle that somebody with a key signed.
//!
//! What is read is written again and must read the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twin_link::Payload;
use twin_link::payload::Topics;

fuzz_target!(|bytes: &[u8]| {
    let mut topics = Topics::default();
    let Ok(payload) = Payload::decode(bytes, &mut topics) else {
        return;
    };
    let again = payload
        .encode(&topics, 0)
        .expect("what was read can be written");
    // The second time everything is in the order in which it is written.
    let first = Payload::decode(&again, &mut topics.clone()).expect("what is written is read");
    let again = first
        .encode(&topics, 0)
        .expect("what was read can be written");
    let second = Payload::decode(&again, &mut topics).expect("what is written is read");
    assert_eq!(first, second);
});
