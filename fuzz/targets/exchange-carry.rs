//! Any bytes as a bundle file, in slices whose size is the first byte.
//!
//! However it is cut into slices the same items come out, and each is written with the bytes
//! that it was read from.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twin_exchange::carry::{Error, Have, Import, Item, Summary};

fuzz_target!(|bytes: &[u8]| {
    let Some((&size, bytes)) = bytes.split_first() else {
        return;
    };
    let (all, outcome) = read(bytes, bytes.len().max(1));
    let (items, again) = read(bytes, usize::from(size).max(1));
    assert_eq!((&items, again), (&all, outcome));
    let mut have = Have::default();
    for item in &all {
        let whole = item.encode();
        assert!(bytes.windows(whole.len()).any(|window| window == whole));
        have.note(item);
    }
});

fn read(bytes: &[u8], size: usize) -> (Vec<Item>, Result<Summary, Error>) {
    let (mut items, mut import) = (Vec::new(), Import::default());
    for slice in bytes.chunks(size) {
        if let Err(error) = import.feed(slice, &mut |item| items.push(item)) {
            return (items, Err(error));
        }
    }
    let outcome = import.finish(&mut |item| items.push(item));
    (items, outcome)
}
