//! What a look needs of one source, gathered while words still come late, twice and out of
//! order.
//!
//! Time is cut into spans of some ten minutes with a look in the middle of each. Of a span only
//! three words of a source are kept: the last two up to the look and the first after it. A
//! later word, or an earlier one, takes a place whoever came first, and a word that comes
//! again changes nothing: so three words are the same for every order of arrival.
//!
//! * *A span settles* once there is evidence [`LAG_S`] younger than its end. Two spans can be
//!   open at once, no more: what may still come in lies between the newest word and
//!   [`LAG_S`] before it.
//! * *Who takes a word back*, says that it does not know, or is not sure, is heard but says
//!   nothing until it speaks again. What is taken back after the look was said at the look.
//! * *Words within one millisecond* count as one; that which speaks against being sure wins,
//!   and of two the later in the catalogue.

use crate::reading::Reading;
use twin_model::Time;
use twin_model::time::MICROS;

/// Seconds from one look to the next: some ten minutes, and a prime number, so that who is
/// polled every minute is not always looked at just before.
pub(crate) const LOOK_S: i64 = 617;
const LOOK_MICROS: i64 = LOOK_S * MICROS;
/// Half a span is before its look.
const HALF_MICROS: i64 = LOOK_MICROS / 2;
/// Order does not matter within this time. Two open spans are enough as it is shorter than a
/// span.
const LAG_S: i64 = 600;
const LAG_MICROS: i64 = LAG_S * MICROS;
const MILLIS: i64 = 1000;
/// Milliseconds from a span's beginning to its look.
const LOOK_AT_MS: u32 = (HALF_MICROS / MILLIS) as u32;
const SPAN_MS: u32 = (LOOK_MICROS / MILLIS) as u32;
/// BOUNDED: spans that can be open at once.
pub(crate) const OPEN: i64 = 2;
pub(crate) type Spans = [Span; OPEN as usize];
/// A word that its source states with less than this takes no part in looks.
const STATED_LEAST: f32 = 0.9;

/// The number of the look in whose span an instant lies.
pub(crate) fn number_of(time: Time) -> i64 {
    time.0.saturating_add(HALF_MICROS).div_euclid(LOOK_MICROS)
}

/// The first look whose span is still open when the newest word is of `newest`.
pub(crate) fn first_open(newest: Time) -> i64 {
    number_of(Time(newest.0.saturating_sub(LAG_MICROS)))
}

/// When a look is taken.
pub(crate) fn time_of(number: i64) -> Time {
    Time(number.saturating_mul(LOOK_MICROS))
}

/// The place of an open span among a source's.
pub(crate) fn place_of(number: i64) -> usize {
    number.rem_euclid(OPEN) as usize
}

/// When in a span something was said, in milliseconds, and below it in five bits what: one
/// more than the word, or [`Heard::NOTHING`]. Zero where nobody spoke.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Heard(u32);

impl Heard {
    const SILENCE: Self = Self(0);
    /// It spoke, but said no word that a look could hold against others'.
    const NOTHING: u32 = 31;

    fn of(reading: &Reading) -> Self {
        let look = time_of(number_of(reading.observed));
        let micros = reading.observed.0.saturating_sub(look.0) + HALF_MICROS;
        let is_sure = reading.spread == Reading::NOT_STATED || reading.spread >= STATED_LEAST;
        let said = if reading.is_evidence() && is_sure {
            reading.value as u32 + 1
        } else {
            Self::NOTHING
        };
        let ms = (micros.div_euclid(MILLIS) as u32).min(SPAN_MS);
        Self(ms << 5 | said)
    }

    /// What the bytes of a snapshot say, if it can be said of an attribute with so many words.
    pub(crate) fn from_bits(bits: u32, words: usize) -> Option<Self> {
        let heard = Self(bits);
        let said = bits & 31;
        let is_said = said > 0 && (said as usize <= words || said == Self::NOTHING);
        (bits == 0 || is_said && heard.ms() <= SPAN_MS).then_some(heard)
    }

    pub(crate) fn bits(self) -> u32 {
        self.0
    }

    fn ms(self) -> u32 {
        self.0 >> 5
    }

    fn is_silence(self) -> bool {
        self == Self::SILENCE
    }

    fn is_before_look(self) -> bool {
        self.ms() <= LOOK_AT_MS
    }

    /// The word that was said.
    pub(crate) fn word(self) -> Option<u8> {
        match self.0 & 31 {
            0 | Self::NOTHING => None,
            said => Some(said as u8 - 1),
        }
    }

    /// The word, if it was said at most so many seconds from the look.
    fn fresh(self, fresh_s: f64) -> Option<u8> {
        let from_look_s = f64::from(self.ms().abs_diff(LOOK_AT_MS)) / 1000.0;
        self.word().filter(|_| from_look_s <= fresh_s)
    }
}

/// What one source said in a span.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Span {
    /// The last but one up to the look, the last, and the first after it.
    pub(crate) before: Heard,
    pub(crate) at: Heard,
    pub(crate) after: Heard,
}

impl Span {
    /// Takes in a word that lies in this span.
    pub(crate) fn hear(&mut self, reading: &Reading) {
        let heard = Heard::of(reading);
        if heard.is_before_look() {
            self.hear_before(heard);
        } else if self.after.is_silence() || heard.ms() < self.after.ms() {
            self.after = heard;
        } else if heard.ms() == self.after.ms() {
            self.after = self.after.max(heard);
        }
    }

    fn hear_before(&mut self, heard: Heard) {
        if heard.ms() == self.at.ms() && !self.at.is_silence() {
            self.at = self.at.max(heard);
        } else if heard > self.at {
            self.before = self.at;
            self.at = heard;
        } else if heard.ms() == self.before.ms() || heard > self.before {
            self.before = self.before.max(heard);
        }
    }

    /// Whether the three words stand where they belong.
    pub(crate) fn is_ordered(&self) -> bool {
        let is_rising = self.before.is_silence() || self.before.ms() < self.at.ms();
        let is_after = self.after.is_silence() || !self.after.is_before_look();
        is_rising && self.at.is_before_look() && is_after
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.at.is_silence() && self.after.is_silence()
    }

    /// What it said at the look, and then.
    pub(crate) fn said(&self, fresh_s: f64) -> (Option<u8>, Option<u8>) {
        (self.at.fresh(fresh_s), self.after.fresh(fresh_s))
    }

    /// Each word of the span that came next after another: both, and the seconds between.
    pub(crate) fn steps(&self) -> impl Iterator<Item = (Heard, Heard, f64)> {
        let pairs = [(self.before, self.at), (self.at, self.after)];
        let both = |(a, b): &(Heard, Heard)| !a.is_silence() && !b.is_silence();
        pairs.into_iter().filter(both).map(|(a, b)| {
            let seconds = f64::from(b.ms() - a.ms()) / 1000.0;
            (a, b, seconds)
        })
    }

    /// Its last word.
    pub(crate) fn last(&self) -> Option<u8> {
        let words = [self.after, self.at, self.before];
        words.into_iter().find_map(Heard::word)
    }

    /// Its first word.
    pub(crate) fn first(&self) -> Option<u8> {
        let words = [self.before, self.at, self.after];
        words.into_iter().find_map(Heard::word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whenever the newest word is, what may still come lies in two spans at most.
    #[test]
    fn two_spans_are_open_at_most() {
        for half_s in -4000..4000_i64 {
            for beside in [-1, 0, 1] {
                let newest = Time(half_s * MICROS / 2 + beside);
                let oldest = Time(newest.0 - LAG_MICROS);
                let open = number_of(newest) - first_open(newest);
                assert!((0..OPEN).contains(&open), "{newest:?}: {open}");
                assert!(number_of(oldest) >= first_open(newest));
            }
        }
    }

    #[test]
    fn a_look_lies_in_the_middle_of_its_span() {
        for number in [-3, 0, 1, 1000] {
            let look = time_of(number);
            for s in [-308.5, -1.0, 0.0, 1.0, 308.499_999] {
                assert_eq!(number_of(look.plus_seconds(s)), number);
            }
            assert_eq!(number_of(look.plus_seconds(308.5)), number + 1);
        }
    }
}
