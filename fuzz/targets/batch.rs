//! Any bytes as one batch of the commit log; what can be read is written and read back.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twin_model::ClaimId;
use twin_store::Batch;

const FIRST: ClaimId = ClaimId {
    incarnation: 1,
    sequence: 1,
};

fuzz_target!(|bytes: &[u8]| {
    if let Some(batch) = Batch::decode(bytes, FIRST) {
        // Compared as bytes: a number that is none equals nothing, not even itself.
        let written = batch.encode();
        let again = Batch::decode(&written, FIRST).expect("what was written can be read");
        assert_eq!(again.encode(), written);
    }
});
