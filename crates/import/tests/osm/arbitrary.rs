//! Whatever the bytes, there is an answer, and it is sound.

use crate::map::{INSIDE, read, xml};
use crate::pbf;
use crate::told::is_sound;
use proptest::prelude::*;
use std::fmt::Write;
use twin_model::{Act, Value};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(!read(&bytes).findings.is_empty());
        let mut after_header = pbf::write("", false);
        after_header.extend(&bytes);
        prop_assert!(is_sound(&read(&after_header)));
        let mut text = b"<osm>".to_vec();
        text.extend(&bytes);
        prop_assert!(is_sound(&read(&text)));
    }

    #[test]
    fn any_change_of_bytes_is_survived(
        is_packed in any::<bool>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = pbf::write(INSIDE, is_packed);
        for (at, byte) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        prop_assert!(is_sound(&read(&bytes)));
        let mut text = xml(INSIDE).into_bytes();
        for (at, byte) in &changes {
            let at = at.index(text.len());
            text[at] = *byte;
        }
        prop_assert!(is_sound(&read(&text)));
    }

    #[test]
    fn a_cut_file_says_so(share in 0.0..1.0_f64) {
        for bytes in [pbf::write(INSIDE, true), xml(INSIDE).trim_end().as_bytes().to_vec()] {
            let cut = 60 + ((bytes.len() - 61) as f64 * share) as usize;
            let imported = read(&bytes[..cut]);
            let is_at_a_seam = bytes[..cut] == pbf::write("", true)[..];
            prop_assert!(!imported.is_whole || is_at_a_seam);
            prop_assert!(!imported.findings.is_empty() || is_at_a_seam);
        }
    }

    /// However streets lie, every part begins and ends at a point of the file, parts of one way
    /// follow each other, and every shared point is an end.
    #[test]
    fn cut_streets_put_together_are_the_streets(
        ways in proptest::collection::vec(proptest::collection::vec(1..9_u8, 2..7), 1..5),
    ) {
        let mut map = String::new();
        for n in 1..9 {
            writeln!(map, "n {n} 52.{n} 4.{n}").unwrap();
        }
        for (i, way) in ways.iter().enumerate() {
            let refs: Vec<String> = way.iter().map(u8::to_string).collect();
            writeln!(map, "w {} {} highway=path", 100 + i, refs.join(",")).unwrap();
        }
        let imported = read(xml(&map).as_bytes());
        let mut passed = vec![Vec::new(); ways.len()];
        for s in &imported.facets[0].statements {
            if let ("course", Act::Assert(stated)) = (s.attribute.as_str(), &s.act)
                && let Value::Line(line) = &stated.value
            {
                let way: usize = s.entity.as_str()[8..11].parse().unwrap();
                let numbers = line.iter().map(|p| ((p[1] - 52.0) * 10.0).round() as u8);
                passed[way - 100].push(numbers.collect::<Vec<u8>>());
            }
        }
        let mut uses = [0; 9];
        for way in &ways {
            let mut plain = way.clone();
            plain.dedup();
            if plain.len() >= 2 {
                for &n in &plain {
                    uses[n as usize] += 1;
                }
            }
        }
        for (way, parts) in ways.iter().zip(&passed) {
            let mut plain = way.clone();
            plain.dedup();
            let mut joined: Vec<u8> = parts.concat();
            joined.dedup();
            prop_assert_eq!(joined, if plain.len() < 2 { vec![] } else { plain });
            for part in parts {
                prop_assert!(part[1..part.len() - 1].iter().all(|&n| uses[n as usize] == 1));
            }
        }
    }
}
