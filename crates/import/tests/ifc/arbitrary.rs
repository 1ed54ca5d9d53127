//! Whatever the bytes, there is an answer, and it is sound.

use crate::house::{HOUSE, read};
use crate::told::is_sound;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_change_of_bytes_is_survived(changes in proptest::collection::vec((0..HOUSE.len(), any::<u8>()), 1..12)) {
        let mut bytes = HOUSE.as_bytes().to_vec();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        prop_assert!(is_sound(&read(&bytes).into()));
    }

    #[test]
    fn any_exchange_of_pieces_is_survived(a in 0..HOUSE.len(), b in 0..HOUSE.len(), n in 1..200_usize) {
        let mut bytes = HOUSE.as_bytes().to_vec();
        let end = |at: usize| (at + n).min(HOUSE.len());
        let piece: Vec<u8> = HOUSE.as_bytes()[a..end(a)].to_vec();
        bytes.splice(b..end(b), piece);
        prop_assert!(is_sound(&read(&bytes).into()));
    }

    #[test]
    fn any_number_in_any_place_is_survived(nth in 0..300_usize, number in prop_oneof![
        Just("1.E308"), Just("-1.E308"), Just("1.E-308"), Just("0."), Just("-1"), Just("99999999999"), Just("#3"), Just("$"), Just("()"),
    ]) {
        let mut starts: Vec<usize> = Vec::new();
        for (i, w) in HOUSE.as_bytes().windows(2).enumerate() {
            if matches!(w[0], b'(' | b',') && w[1].is_ascii_digit() {
                starts.push(i + 1);
            }
        }
        let start = starts[nth % starts.len()];
        let rest = &HOUSE[start..];
        let length = rest.find([',', ')']).unwrap();
        let text = format!("{}{number}{}", &HOUSE[..start], &rest[length..]);
        prop_assert!(is_sound(&read(text.as_bytes()).into()));
    }

    #[test]
    fn a_cut_file_says_so_and_keeps_what_was_whole(share in 0.0..1.0_f64) {
        let end = HOUSE.len() - "END-ISO-10303-21;\n".len();
        let data = HOUSE.find("DATA;").unwrap() + 6;
        let cut = data + ((end - data) as f64 * share) as usize;
        let imported = read(&HOUSE.as_bytes()[..cut]);
        prop_assert!(imported.findings.iter().any(|f| f.code.as_str() == "IFC-002"));
        let whole = HOUSE[..cut].matches("=IFCSPACE(").count();
        let counted = imported.summary.counts.spaces;
        prop_assert!(counted == whole || counted + 1 == whole);
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let mut text = b"ISO-10303-21;\nHEADER;\nENDSEC;\nDATA;\n".to_vec();
        text.extend(bytes);
        prop_assert!(!read(&text).findings.is_empty());
    }
}
