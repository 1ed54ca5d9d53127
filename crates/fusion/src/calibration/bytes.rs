//! The bytes of a calibration in snapshots: `docs/formats/calibration.md`.

use super::score::{BINS, Bin, Numbers, PIT_BINS, SourceScore, WIDENINGS, Words, sum_max};
use super::{Calibration, SCORED_MAX};
use twin_model::AttributeSpec;

const VERSION: u8 = 1;
/// Bytes of one source.
const SOURCE_BYTES: usize = 28;

/// Why bytes are not a calibration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes end in the middle.
    #[error("the calibration ends in the middle")]
    Truncated,
    /// Written by another version.
    #[error("the calibration has format version {0}, this program reads {VERSION}")]
    Version(u8),
    /// A field holds what no calibration holds.
    #[error("the calibration is damaged: {0}")]
    Damaged(&'static str),
}

impl Calibration {
    /// Appends the calibration's bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        let numbers = &self.numbers;
        put_counts(out, &[numbers.readings, numbers.held_50, numbers.held_90]);
        put_counts(out, &numbers.beyond);
        put_counts(out, &numbers.pit);
        out.extend(numbers.crps.to_le_bytes());
        out.extend(numbers.log_score.to_le_bytes());
        put_counts(out, &[self.words.looks]);
        out.extend(self.words.brier.to_le_bytes());
        for bin in &self.words.bins {
            put_counts(out, &[bin.looks, bin.yes]);
            out.extend(bin.foreseen.to_le_bytes());
        }
        out.extend((self.sources.len() as u32).to_le_bytes());
        for (source, score) in &self.sources {
            let fields = [
                *source,
                score.readings,
                score.held_50,
                score.held_90,
                score.below,
                score.looks,
                score.foreseen,
            ];
            out.extend(fields.iter().flat_map(|field| field.to_le_bytes()));
        }
    }

    /// Reads a calibration of this attribute from the front of `bytes` and moves `bytes` behind
    /// it.
    pub fn decode(spec: &AttributeSpec, bytes: &mut &[u8]) -> Result<Self, Error> {
        let version = take::<1>(bytes)?[0];
        if version != VERSION {
            return Err(Error::Version(version));
        }
        let mut calibration = Self::new(spec);
        calibration.numbers = take_numbers(bytes)?;
        calibration.words = take_words(bytes)?;
        let count = u32::from_le_bytes(take(bytes)?) as usize;
        if count > SCORED_MAX {
            return Err(Error::Damaged("too many sources"));
        }
        if count > bytes.len() / SOURCE_BYTES {
            return Err(Error::Truncated);
        }
        for _ in 0..count {
            let (source, score) = take_source(bytes)?;
            let last = calibration.sources.last_key_value();
            if last.is_some_and(|(last, _)| *last >= source) {
                return Err(Error::Damaged("sources out of order"));
            }
            calibration.sources.insert(source, score);
        }
        Ok(calibration)
    }
}

fn put_counts(out: &mut Vec<u8>, counts: &[u64]) {
    out.extend(counts.iter().flat_map(|count| count.to_le_bytes()));
}

fn take_numbers(bytes: &mut &[u8]) -> Result<Numbers, Error> {
    let [readings, held_50, held_90] = take_counts(bytes)?;
    let numbers = Numbers {
        readings,
        held_50,
        held_90,
        beyond: take_counts::<{ WIDENINGS.len() }>(bytes)?,
        pit: take_counts::<PIT_BINS>(bytes)?,
        crps: take_sum(bytes, readings)?,
        log_score: take_sum(bytes, readings)?,
    };
    let beyond = [readings].into_iter().chain(numbers.beyond);
    let is_sound = held_50 <= held_90
        && held_90 <= readings
        && beyond.is_sorted_by(|a, b| a >= b)
        && sum(&numbers.pit) == u128::from(readings);
    sound(numbers, is_sound)
}

fn take_words(bytes: &mut &[u8]) -> Result<Words, Error> {
    let [looks] = take_counts(bytes)?;
    let mut words = Words {
        looks,
        brier: take_sum(bytes, looks)?,
        bins: [Bin::default(); BINS],
    };
    for bin in &mut words.bins {
        let [looks, yes] = take_counts(bytes)?;
        let foreseen = take_sum(bytes, looks)?;
        *bin = Bin {
            looks,
            yes,
            foreseen,
        };
    }
    let is_sound = words.brier >= 0
        && words
            .bins
            .iter()
            .all(|bin| bin.yes <= bin.looks && bin.foreseen >= 0)
        && sum(&words.bins.map(|bin| bin.looks)) == u128::from(looks);
    sound(words, is_sound)
}

fn take_source(bytes: &mut &[u8]) -> Result<(u32, SourceScore), Error> {
    let mut field = || take(bytes).map(u32::from_le_bytes);
    let source = field()?;
    let score = SourceScore {
        readings: field()?,
        held_50: field()?,
        held_90: field()?,
        below: field()?,
        looks: field()?,
        foreseen: field()?,
    };
    let is_sound = score.held_50 <= score.held_90
        && score.held_90 <= score.readings
        && score.below <= score.readings
        && score.foreseen <= score.looks;
    sound((source, score), is_sound)
}

fn sound<T>(value: T, is_sound: bool) -> Result<T, Error> {
    if is_sound {
        Ok(value)
    } else {
        Err(Error::Damaged("counts that do not add up"))
    }
}

fn sum(counts: &[u64]) -> u128 {
    counts.iter().map(|&count| u128::from(count)).sum()
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Error> {
    let (head, rest) = bytes.split_first_chunk().ok_or(Error::Truncated)?;
    *bytes = rest;
    Ok(*head)
}

fn take_counts<const N: usize>(bytes: &mut &[u8]) -> Result<[u64; N], Error> {
    let mut counts = [0; N];
    for count in &mut counts {
        *count = u64::from_le_bytes(take(bytes)?);
    }
    Ok(counts)
}

/// A sum of `count` scores.
fn take_sum(bytes: &mut &[u8], count: u64) -> Result<i128, Error> {
    let sum = i128::from_le_bytes(take(bytes)?);
    let most = sum_max(count);
    if (-most..=most).contains(&sum) {
        Ok(sum)
    } else {
        Err(Error::Damaged("a sum of more than was counted"))
    }
}
