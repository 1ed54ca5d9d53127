//! Instants and intervals: microseconds of UTC since 1970.
//!
//! Four times matter for a claim: the interval in which it is *valid*, when it
//! was *observed*, when this node *recorded* it, and, for a question, the time
//! it is asked *about* and the time *as of which* we look at our knowledge.

use std::fmt;

/// Microseconds since 1970-01-01T00:00:00Z; negative before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(pub i64);

/// Microseconds in a second.
pub const MICROS: i64 = 1_000_000;
const DAY_S: i64 = 86_400;

impl Time {
    /// The earliest instant that can be written as a date: 0000-01-01.
    pub const MIN: Self = Self(-62_167_219_200 * MICROS);
    /// The latest instant that can be written as a date: 9999-12-31T23:59:59.999999Z.
    pub const MAX: Self = Self(253_402_300_799 * MICROS + MICROS - 1);

    /// From whole seconds since 1970.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds * MICROS)
    }

    /// Seconds from `earlier` to `self`; negative if `self` is the earlier one.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        self.0.saturating_sub(earlier.0) as f64 / MICROS as f64
    }

    /// `self` shifted by a number of seconds, held inside [`Time::MIN`]..=[`Time::MAX`].
    pub fn plus_seconds(self, seconds: f64) -> Self {
        let shifted = self.0.saturating_add((seconds * MICROS as f64) as i64);
        Self(shifted.clamp(Self::MIN.0, Self::MAX.0))
    }

    /// Parses RFC 3339 with an offset or `Z`; fractions beyond microseconds are cut.
    ///
    /// ```
    /// use twin_model::Time;
    /// let t = Time::parse("2026-01-05T09:00:00.5+01:00").unwrap();
    /// assert_eq!(t.to_string(), "2026-01-05T08:00:00.500000Z");
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let b = text.as_bytes();
        if !text.is_ascii() || b.len() < 20 {
            return None;
        }
        let punctuation = b[4] == b'-'
            && b[7] == b'-'
            && matches!(b[10], b'T' | b't' | b' ')
            && b[13] == b':'
            && b[16] == b':';
        if !punctuation {
            return None;
        }
        let (year, month, day) = (digits(b, 0, 4)?, digits(b, 5, 2)?, digits(b, 8, 2)?);
        let (hour, minute, second) = (digits(b, 11, 2)?, digits(b, 14, 2)?, digits(b, 17, 2)?);
        let date_ok = (1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month);
        if !date_ok || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let (micros, offset_at) = fraction(b, 19)?;
        let offset_s = offset(&b[offset_at..])?;
        let seconds =
            days_from_civil(year, month, day) * DAY_S + hour * 3600 + minute * 60 + second;
        let time = Self((seconds - offset_s) * MICROS + micros);
        (Self::MIN..=Self::MAX).contains(&time).then_some(time)
    }
}

fn digits(b: &[u8], at: usize, n: usize) -> Option<i64> {
    b.get(at..at + n)?.iter().try_fold(0, |acc, &d| {
        d.is_ascii_digit().then(|| acc * 10 + i64::from(d - b'0'))
    })
}

/// Microseconds of `.123…` at `at`, and where the offset begins.
fn fraction(b: &[u8], at: usize) -> Option<(i64, usize)> {
    if b.get(at) != Some(&b'.') {
        return Some((0, at));
    }
    let n = b[at + 1..]
        .iter()
        .take_while(|c| c.is_ascii_digit())
        .count();
    if n == 0 {
        return None;
    }
    let kept = n.min(6);
    let micros = digits(b, at + 1, kept)? * 10_i64.pow(6 - kept as u32);
    Some((micros, at + 1 + n))
}

fn offset(b: &[u8]) -> Option<i64> {
    match b {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let (hours, minutes) = (digits(b, 1, 2)?, digits(b, 4, 2)?);
            let magnitude = hours * 3600 + minutes * 60;
            (hours < 24 && minutes < 60).then_some(if *sign == b'-' {
                -magnitude
            } else {
                magnitude
            })
        }
        _ => None,
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date; the well-known
/// era-of-400-years arithmetic with the year starting in March.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    (year, month, doy - (153 * mp + 2) / 5 + 1)
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.0.div_euclid(MICROS), self.0.rem_euclid(MICROS));
        let (days, s) = (seconds.div_euclid(DAY_S), seconds.rem_euclid(DAY_S));
        let (year, month, day) = civil_from_days(days);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{micros:06}Z",
            s / 3600,
            s / 60 % 60,
            s % 60
        )
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// From (inclusive) to (exclusive); an open end means "not stated".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Interval {
    /// Valid from this instant on.
    pub from: Option<Time>,
    /// Valid until just before this instant.
    pub until: Option<Time>,
}

impl Interval {
    /// Valid at any time, as far as stated.
    pub const ALWAYS: Self = Self {
        from: None,
        until: None,
    };

    /// Whether `at` lies inside.
    pub fn contains(&self, at: Time) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_instants() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("1969-12-31T23:59:59Z", -1),
            ("2026-11-22T00:00:00+01:00", 1_795_302_000),
        ] {
            assert_eq!(
                Time::parse(text),
                Some(Time::from_seconds(seconds)),
                "{text}"
            );
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "2026",
            "2026-13-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+1:00",
            "२०२६-01-01T00:00:00Z",
            "2026-01-01X00:00:00Z",
            "2026-01-01T00:00:00+01:00x",
        ] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn display_then_parse_is_identity(micros in Time::MIN.0..=Time::MAX.0) {
            prop_assert_eq!(Time::parse(&Time(micros).to_string()), Some(Time(micros)));
        }

        #[test]
        fn parse_never_panics(text in ".{0,40}") {
            let _ = Time::parse(&text);
        }
    }
}
