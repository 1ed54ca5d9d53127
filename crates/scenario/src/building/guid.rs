//! Identifiers in the form IFC uses: 128 bits as 22 characters.
//!
//! IFC's alphabet is its own (digits, upper case, lower case, `_`, `$`), and the first
//! character holds only two bits, so it is one of `0` to `3`.

use crate::rng::mix;

const ALPHABET: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_$";

/// The GlobalId that belongs to a seed and a label. It depends on nothing else, so the same
/// door keeps its identifier whatever is deleted around it.
#[must_use]
pub fn global_id(seed: u64, label: &str) -> String {
    let high = u128::from(mix(seed, label));
    let low = u128::from(mix(seed ^ 0xa5a5_a5a5, label));
    let bits = (high << 64) | low;
    (0..22)
        .rev()
        .map(|digit| char::from(ALPHABET[(bits >> (6 * digit)) as usize & 63]))
        .collect()
}

/// Whether a text has the form of an IFC GlobalId.
#[must_use]
pub fn is_global_id(text: &str) -> bool {
    text.len() == 22
        && text.bytes().all(|byte| ALPHABET.contains(&byte))
        && (b'0'..=b'3').contains(&text.as_bytes()[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_form_and_differ() {
        let ids: std::collections::BTreeSet<String> = (0..2000)
            .map(|n| global_id(n % 40, &format!("door {}", n / 40)))
            .collect();
        assert_eq!(ids.len(), 2000);
        assert!(ids.iter().all(|id| is_global_id(id)));
        for bad in ["", "4000000000000000000000", "000000000000000000000-", "0"] {
            assert!(!is_global_id(bad), "{bad}");
        }
    }
}
