//! Any bytes as one of the signed forms that nodes exchange, chosen by the first byte.
//!
//! What is read must be written with the same bytes: two encodings of one statement would
//! be two statements.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twin_link::{
    Bundle, Equivocation, GapCertificate, Grant, Opening, ReaderSecret, Revocation, StreamId, Stub,
};

const STREAM: StreamId = StreamId([7; 16]);

fuzz_target!(|bytes: &[u8]| {
    let Some((&form, bytes)) = bytes.split_first() else {
        return;
    };
    let again = match form % 7 {
        0 => Bundle::decode(bytes).map(|(bundle, rest)| [&bundle.encode(), rest].concat()),
        1 => Stub::decode(STREAM, 1, bytes).map(|stub| stub.encode()),
        2 => GapCertificate::decode(bytes).map(|gap| gap.encode()),
        3 => Equivocation::decode(bytes).map(|proof| {
            let _ = proof.verify();
            proof.encode()
        }),
        4 => Revocation::decode(bytes).map(|revocation| {
            let _ = revocation.verify();
            revocation.encode()
        }),
        5 => Grant::decode(bytes).map(|grant| {
            let _ = grant.open(&ReaderSecret::new(&[9; 32]));
            grant.encode()
        }),
        _ => Opening::decode(bytes).map(|opening| opening.encode().to_vec()),
    };
    if let Ok(again) = again {
        assert_eq!(again, bytes);
    }
});
