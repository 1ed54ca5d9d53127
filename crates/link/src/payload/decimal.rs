//! Numbers as people and instruments write them: a few digits and a decimal point.

use crate::bytes::Cursor;

/// Most decimal places.
const SCALE_MAX: u8 = 9;
/// Integers up to this are exact in 64 bits of floating point.
const MANTISSA_MAX: f64 = 9_007_199_254_740_992.0;

/// `mantissa / 10^scale`, exactly the 64 bits that it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) mantissa: i64,
    pub(super) scale: u8,
}

impl Decimal {
    /// The number with the fewest decimal places that gives `value` bit for bit, if one of
    /// up to nine does.
    pub(super) fn of(value: f64) -> Option<Self> {
        (0..=SCALE_MAX).find_map(|scale| Self::with_scale(value, scale))
    }

    /// The same with a stated number of decimal places.
    pub(super) fn with_scale(value: f64, scale: u8) -> Option<Self> {
        let scaled = (value * power(scale)).round();
        let decimal = Self {
            mantissa: scaled as i64,
            scale,
        };
        let exact = scaled.abs() < MANTISSA_MAX && decimal.value().to_bits() == value.to_bits();
        exact.then_some(decimal)
    }

    /// Division is correctly rounded (IEEE 754), so this is the same everywhere.
    pub(super) fn value(self) -> f64 {
        self.mantissa as f64 / power(self.scale)
    }

    pub(super) fn get(cursor: &mut Cursor<'_>) -> Option<Self> {
        let scale = cursor.u8().filter(|&scale| scale <= SCALE_MAX)?;
        let mantissa = cursor.signed()?;
        Some(Self { mantissa, scale })
    }
}

/// Exact for the scales used.
fn power(scale: u8) -> f64 {
    const POWERS: [f64; SCALE_MAX as usize + 1] =
        [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
    POWERS[usize::from(scale.min(SCALE_MAX))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instruments_write_decimals() {
        let check = |value: f64, expected: Option<(i64, u8)>| {
            let decimal = Decimal::of(value);
            assert_eq!(decimal.map(|d| (d.mantissa, d.scale)), expected, "{value}");
        };
        check(21.4, Some((214, 1)));
        check(-0.001, Some((-1, 3)));
        check(101_325.0, Some((101_325, 0)));
        check(0.0, Some((0, 0)));
        check(-0.0, None);
        check(std::f64::consts::PI, None);
        check(f64::NAN, None);
        check(1e300, None);
    }
}
