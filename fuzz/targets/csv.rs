//! Any bytes as a table of a building: as they are, and after a header.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twin_fuzz::Names;
use twin_import::{Options, csv::import};

fuzz_target!(|bytes: &[u8]| {
    import(bytes, &Options::default(), &mut Names);
    let table = [
        b"kind;name;storey;to;connects;elevation;width [cm]\n",
        bytes,
    ]
    .concat();
    import(&table, &Options::default(), &mut Names);
});
