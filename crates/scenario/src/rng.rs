//! Chance that can be repeated: every draw follows from a seed and a label.
//!
//! Each part of a scenario draws from its own stream (`Rng::of(seed, "doors")`), so asking
//! for one more feature does not move everything else. The generator is xoshiro256** seeded by
//! SplitMix64 (Blackman & Vigna 2018, public domain); it is written out here because the
//! bytes of a scenario must never change with a dependency's version.

use std::f64::consts::TAU;

/// One repeatable stream of chance.
#[derive(Debug, Clone)]
pub struct Rng {
    state: [u64; 4],
}

/// A 64-bit hash of a seed and a label, in which close seeds give unrelated results.
#[must_use]
pub fn mix(seed: u64, label: &str) -> u64 {
    let mut hash = split_mix(seed ^ 0x5ce7_a210_0f1c_ea7e);
    for byte in label.bytes() {
        hash = split_mix(hash ^ u64::from(byte));
    }
    hash
}

fn split_mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Rng {
    /// The stream that belongs to `seed` and `label`.
    #[must_use]
    pub fn of(seed: u64, label: &str) -> Self {
        let mut state = [0; 4];
        let mut next = mix(seed, label);
        for word in &mut state {
            next = split_mix(next);
            *word = next;
        }
        Self { state }
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A number in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number in `[low, high)`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number in `[low, high]`.
    pub fn whole(&mut self, low: i64, high: i64) -> i64 {
        low + (self.unit() * (high - low + 1) as f64) as i64
    }

    /// An index below `len`, which must be above zero.
    pub fn index(&mut self, len: usize) -> usize {
        (self.unit() * len as f64) as usize
    }

    /// True with the given probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of the choices.
    pub fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.index(choices.len())]
    }

    /// A standard normal draw (Box–Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (TAU * self.unit()).cos()
    }

    /// A waiting time with the given mean (exponential).
    pub fn waiting(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// A positive draw with the given median and spread (log-normal; `spread` is the standard
    /// deviation of the logarithm).
    pub fn around(&mut self, median: f64, spread: f64) -> f64 {
        median * (spread * self.normal()).exp()
    }

    /// `count` distinct indices below `len`, in ascending order; all of them if there are fewer.
    pub fn sample(&mut self, len: usize, count: usize) -> Vec<usize> {
        let mut pool: Vec<usize> = (0..len).collect();
        let count = count.min(len);
        for taken in 0..count {
            let other = taken + self.index(len - taken);
            pool.swap(taken, other);
        }
        pool.truncate(count);
        pool.sort_unstable();
        pool
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ_by_label() {
        let draw = |seed, label| Rng::of(seed, label).bits();
        assert_eq!(draw(1, "doors"), draw(1, "doors"));
        assert_ne!(draw(1, "doors"), draw(2, "doors"));
        assert_ne!(draw(1, "doors"), draw(1, "walls"));
    }

    #[test]
    fn draws_have_the_moments_they_promise() {
        let mut rng = Rng::of(7, "moments");
        let n = 20_000;
        let normals: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
        let mean = normals.iter().sum::<f64>() / n as f64;
        let variance = normals.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
        assert!(
            mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05,
            "{mean} {variance}"
        );
        let wait = (0..n).map(|_| rng.waiting(4.0)).sum::<f64>() / n as f64;
        assert!((wait - 4.0).abs() < 0.15, "{wait}");
        for _ in 0..n {
            assert!((3..=5).contains(&rng.whole(3, 5)));
        }
    }

    #[test]
    fn a_sample_is_distinct_and_bounded() {
        let mut rng = Rng::of(7, "sample");
        let mut drawn = rng.sample(10, 4);
        drawn.dedup();
        assert_eq!(drawn.len(), 4);
        assert_eq!(rng.sample(3, 9), [0, 1, 2]);
    }
}
