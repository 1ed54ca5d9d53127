//! Probabilities in two bytes.
//!
//! What a room's state keeps between claims are a few hundred probabilities. Six bits of
//! binary exponent and ten of mantissa keep each to one part in two thousand down to
//! 2⁻⁶³, in a quarter of the room; what is less probable is kept as nothing. (The layout is
//! the middle of an IEEE 754 single, so that rounding is plain integer arithmetic and the same
//! everywhere.)

use std::array::from_fn;

/// A probability, rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Share(pub(crate) u16);

/// The single's bits for 2⁻⁶³, shifted as below.
const LEAST: u32 = 64 << 10;
const DROPPED_BITS: u32 = 13;

impl Share {
    /// Certainty; nothing is larger.
    pub(crate) const ONE: Self = Self(63 << 10);

    /// Of a probability in 0..=1.
    pub(crate) fn of(p: f64) -> Self {
        let rounded = ((p as f32).to_bits() + (1 << (DROPPED_BITS - 1))) >> DROPPED_BITS;
        Self(rounded.saturating_sub(LEAST).min(u32::from(Self::ONE.0)) as u16)
    }

    pub(crate) fn probability(self) -> f64 {
        if self.0 == 0 {
            return 0.0;
        }
        f64::from(f32::from_bits((u32::from(self.0) + LEAST) << DROPPED_BITS))
    }
}

pub(crate) fn pack<const N: usize>(p: &[f64; N]) -> [Share; N] {
    from_fn(|n| Share::of(p[n]))
}

/// The probabilities, made to sum to one.
pub(crate) fn unpack<const N: usize>(shares: &[Share; N]) -> [f64; N] {
    let mut p = from_fn(|n| shares[n].probability());
    normalise(&mut p);
    p
}

/// Makes probabilities sum to one; where nothing is left, all are alike.
pub(crate) fn normalise<const N: usize>(p: &mut [f64; N]) {
    let sum: f64 = p.iter().sum();
    if sum > 0.0 && sum.is_finite() {
        for p in p.iter_mut() {
            *p /= sum;
        }
    } else {
        *p = [1.0 / N as f64; N];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_keep_three_digits() {
        for p in [1.0, 0.5, 0.3, 1e-3, 7.7e-9, 2e-18] {
            let back = Share::of(p).probability();
            assert!((back / p - 1.0).abs() < 5e-4, "{p} became {back}");
            assert_eq!(Share::of(back), Share::of(p));
        }
        for nothing in [0.0, 1e-25] {
            assert_eq!(Share::of(nothing).probability(), 0.0);
        }
    }
}
