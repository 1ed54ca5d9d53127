//! Numbers in two bytes, for what is learned about a million sources.

/// The upper half of an `f32` (bfloat16), rounded to the nearest: two to three digits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Half(u16);

impl Half {
    /// The nearest; what is not finite or beyond the range becomes the largest.
    pub(crate) fn of(number: f64) -> Self {
        let bounded = if number.is_nan() { 0.0 } else { number };
        let bits = (bounded.clamp(-3e38, 3e38) as f32).to_bits();
        Self((bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16) as u16)
    }

    pub(crate) fn get(self) -> f64 {
        f64::from(f32::from_bits(u32::from(self.0) << 16))
    }

    pub(crate) fn to_bytes(self) -> [u8; 2] {
        self.0.to_le_bytes()
    }

    pub(crate) fn from_bytes(bytes: [u8; 2]) -> Self {
        Self(u16::from_le_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::Half;

    #[test]
    fn halves_keep_two_digits_and_powers_of_two_exactly() {
        for (number, kept) in [(0.5, 0.5), (-2.0, -2.0), (0.0, 0.0), (0.3, 0.300_781_25)] {
            assert_eq!(Half::of(number).get(), kept);
        }
        assert!(Half::of(f64::INFINITY).get() > 1e38 && Half::of(f64::NAN).get() == 0.0);
    }
}
