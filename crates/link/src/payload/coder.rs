//! An adaptive binary range coder for small columns of numbers.
//!
//! After Martin (1979), with the arithmetic of LZMA. Bundles are too small for a general
//! compressor to learn anything, so a probability moves fast at first: by half of its error
//! at the first bit, a quarter at the second, and so on down to a sixteenth.

/// Probabilities have 11 bits.
const BITS: u32 = 11;
const ONE: u16 = 1 << BITS;
/// By which power of two the error is divided, for the first, second, … bit seen.
const SHIFTS: [u8; 6] = [1, 2, 3, 3, 3, 4];
/// Below this the range is widened by a byte.
const TOP: u32 = 1 << 24;
/// Numbers have up to 64 significant bits: 7 levels of a tree.
const LENGTH_LEVELS: u32 = 7;

/// The contexts of one column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    lengths: [Context; 1 << LENGTH_LEVELS],
    /// By count of significant bits: the two bits below the highest.
    high: [[Context; 4]; 65],
}

impl Column {
    /// A column of numbers that rarely have `rare` significant bits or more: a power of two,
    /// up to 64. A bundle of fifty is too short to learn that.
    pub(super) fn new(rare: usize) -> Self {
        let mut lengths = [Context::EVEN; 1 << LENGTH_LEVELS];
        let (mut node, mut bits) = (1, 1 << (LENGTH_LEVELS - 1));
        while bits >= rare {
            lengths[node] = Context::RARE;
            (node, bits) = (node << 1, bits >> 1);
        }
        Self {
            lengths,
            high: [[Context::EVEN; 4]; 65],
        }
    }
}

/// How likely a bit is 0, as learnt so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    zero: u16,
    seen: u8,
}

impl Context {
    const EVEN: Self = Self {
        zero: ONE / 2,
        seen: 0,
    };

    /// A bit that is 0 but for about one time in 30.
    pub(super) const RARE: Self = Self {
        zero: ONE - 64,
        seen: SHIFTS.len() as u8 - 1,
    };

    /// The part of `range` that stands for 0.
    fn bound(self, range: u32) -> u32 {
        (range >> BITS) * u32::from(self.zero)
    }

    fn learn(&mut self, bit: bool) {
        let shift = SHIFTS[usize::from(self.seen)];
        self.seen = (self.seen + 1).min(SHIFTS.len() as u8 - 1);
        if bit {
            self.zero -= self.zero >> shift;
        } else {
            self.zero += (ONE - self.zero) >> shift;
        }
    }
}

/// Either direction: a bit goes in, or comes out.
pub(super) trait Coder {
    /// Codes `bit` (ignored when decoding) and returns it.
    fn bit(&mut self, context: &mut Context, bit: bool) -> bool;

    /// Codes the lowest `count` bits of `value` without a model.
    fn raw(&mut self, value: u64, count: u32) -> u64;

    /// Codes a number by a column's contexts.
    fn number(&mut self, column: &mut Column, value: u64) -> u64 {
        let length = self.length(column, u64::BITS - value.leading_zeros());
        if length <= 1 {
            return u64::from(length);
        }
        let mut rest = length - 1;
        let mut known = 1_u64;
        let mut node = 1;
        for _ in 0..rest.min(2) {
            rest -= 1;
            let bit = self.bit(
                &mut column.high[length as usize][node],
                value >> rest & 1 == 1,
            );
            known = known << 1 | u64::from(bit);
            node = node << 1 | usize::from(bit);
        }
        let low = self.raw(value & !(u64::MAX << rest), rest);
        known << rest | low
    }

    fn length(&mut self, column: &mut Column, length: u32) -> u32 {
        let mut node = 1_usize;
        for level in (0..LENGTH_LEVELS).rev() {
            let bit = self.bit(&mut column.lengths[node], length >> level & 1 == 1);
            node = node << 1 | usize::from(bit);
        }
        // Foreign bytes may name lengths that no number has.
        (node as u32 - (1 << LENGTH_LEVELS)).min(u64::BITS)
    }
}

/// Numbers to bytes.
#[derive(Debug)]
pub(super) struct Encoder {
    out: Vec<u8>,
    low: u64,
    range: u32,
    /// A byte that a carry may still change, and how many 0xFF follow it.
    cache: u8,
    pending: u64,
}

impl Encoder {
    pub(super) fn new() -> Self {
        Self {
            out: Vec::new(),
            low: 0,
            range: u32::MAX,
            cache: 0,
            pending: 0,
        }
    }

    fn shift(&mut self) {
        let carry = (self.low >> 32) as u8;
        if self.low < 0xFF00_0000 || carry == 1 {
            self.out.push(self.cache.wrapping_add(carry));
            for _ in 0..self.pending {
                self.out.push(0xFF_u8.wrapping_add(carry));
            }
            self.pending = 0;
            self.cache = (self.low >> 24) as u8;
        } else {
            self.pending += 1;
        }
        self.low = (self.low & 0x00FF_FFFF) << 8;
    }

    fn widen(&mut self) {
        while self.range < TOP {
            self.range <<= 8;
            self.shift();
        }
    }

    /// The bytes. Zeros at the end are cut: the decoder reads zeros past it.
    pub(super) fn finish(mut self) -> Vec<u8> {
        // Any number in low..low + range will do: the one with the most zeros at its end.
        let end = self.low + u64::from(self.range) - 1;
        for bits in (0..32).rev() {
            let rounded = end & (u64::MAX << bits);
            if rounded >= self.low {
                self.low = rounded;
                break;
            }
        }
        (0..5).for_each(|_| self.shift());
        // The first byte is the cache before any bit, always 0.
        self.out.remove(0);
        let zeros = self.out.iter().rev().take_while(|&&byte| byte == 0);
        let kept = self.out.len() - zeros.count();
        self.out.truncate(kept);
        self.out
    }
}

impl Coder for Encoder {
    fn bit(&mut self, context: &mut Context, bit: bool) -> bool {
        let bound = context.bound(self.range);
        if bit {
            self.low += u64::from(bound);
            self.range -= bound;
        } else {
            self.range = bound;
        }
        context.learn(bit);
        self.widen();
        bit
    }

    fn raw(&mut self, value: u64, count: u32) -> u64 {
        for at in (0..count).rev() {
            self.range >>= 1;
            if value >> at & 1 == 1 {
                self.low += u64::from(self.range);
            }
            self.widen();
        }
        value
    }
}

/// Bytes to numbers. Any bytes give some numbers: how many is for the caller to bound.
#[derive(Debug)]
pub(super) struct Decoder<'a> {
    rest: &'a [u8],
    code: u32,
    range: u32,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = Self {
            rest: bytes,
            code: 0,
            range: u32::MAX,
        };
        (0..4).for_each(|_| decoder.pull());
        decoder
    }

    fn pull(&mut self) {
        let byte = self.rest.first().copied().unwrap_or(0);
        self.rest = self.rest.get(1..).unwrap_or(&[]);
        self.code = self.code << 8 | u32::from(byte);
    }

    fn widen(&mut self) {
        while self.range < TOP {
            self.range <<= 8;
            self.pull();
        }
    }
}

impl Coder for Decoder<'_> {
    fn bit(&mut self, context: &mut Context, _: bool) -> bool {
        let bound = context.bound(self.range);
        let bit = self.code >= bound;
        if bit {
            self.code -= bound;
            self.range -= bound;
        } else {
            self.range = bound;
        }
        context.learn(bit);
        self.widen();
        bit
    }

    fn raw(&mut self, _: u64, count: u32) -> u64 {
        let mut value = 0;
        for _ in 0..count {
            self.range >>= 1;
            let bit = self.code >= self.range;
            if bit {
                self.code -= self.range;
            }
            value = value << 1 | u64::from(bit);
            self.widen();
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number() -> impl Strategy<Value = u64> {
        (0_u32..64, any::<u64>()).prop_map(|(shift, value)| value >> shift)
    }

    proptest! {
        #[test]
        fn numbers_come_back(values in proptest::collection::vec((number(), any::<bool>()), 0..200)) {
            let (mut column, mut flag) = (Column::new(32), Context::RARE);
            let mut encoder = Encoder::new();
            for &(value, bit) in &values {
                encoder.number(&mut column, value);
                encoder.bit(&mut flag, bit);
                encoder.raw(value & 0xFFFF, 16);
            }
            let bytes = encoder.finish();
            let (mut column, mut flag) = (Column::new(32), Context::RARE);
            let mut decoder = Decoder::new(&bytes);
            for &(value, bit) in &values {
                prop_assert_eq!(decoder.number(&mut column, 0), value);
                prop_assert_eq!(decoder.bit(&mut flag, false), bit);
                prop_assert_eq!(decoder.raw(0, 16), value & 0xFFFF);
            }
        }

        #[test]
        fn any_bytes_give_numbers(bytes: Vec<u8>) {
            let mut column = Column::new(32);
            let mut decoder = Decoder::new(&bytes);
            (0..100).for_each(|_| {
                decoder.number(&mut column, 0);
            });
        }
    }

    #[test]
    fn a_constant_column_costs_nearly_nothing() {
        let mut column = Column::new(32);
        let mut encoder = Encoder::new();
        (0..1000).for_each(|_| {
            encoder.number(&mut column, 0);
        });
        assert!(encoder.finish().len() < 60);
    }
}
