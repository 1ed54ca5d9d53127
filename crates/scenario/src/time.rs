//! Moments as microseconds since 1970 in UTC, read and written as RFC 3339 text.
//!
//! The civil calendar follows Hinnant, "chrono-compatible low-level date algorithms" (2013),
//! in which the year begins in March so that the leap day comes last.

use crate::Error;

/// Microseconds in a second.
pub const SECOND_US: i64 = 1_000_000;
/// Microseconds in a day.
pub const DAY_US: i64 = 86_400 * SECOND_US;

/// Reads `2026-01-05T08:00:00Z`, with up to six decimals of a second.
pub fn parse_utc_us(text: &str) -> Result<i64, Error> {
    read(text).ok_or_else(|| Error::Moment(text.to_owned()))
}

fn read(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let date = numbers(date, '-', [4, 2, 2])?;
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let clock = numbers(clock, ':', [2, 2, 2])?;
    if fraction.is_empty() || fraction.len() > 6 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let micros: i64 = format!("{fraction:0<6}").parse().ok()?;
    let [year, month, day] = date;
    let [hour, minute, second] = clock;
    if hour > 23 || minute > 59 || second > 59 || year < 1970 {
        return None;
    }
    let days = days_from_civil(year, month, day);
    // A day that does not exist, such as 30 February, comes back as another one.
    (civil_from_days(days) == (year, month, day))
        .then_some(days * DAY_US + ((hour * 60 + minute) * 60 + second) * SECOND_US + micros)
}

fn numbers(text: &str, separator: char, digits: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut result = [0; 3];
    for (slot, digits) in result.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != digits || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        *slot = part.parse().ok()?;
    }
    parts.next().is_none().then_some(result)
}

/// Writes a moment as `2026-01-05T08:00:00Z`, with milliseconds or microseconds where there are
/// any.
#[must_use]
pub fn format_utc(moment_us: i64) -> String {
    let (year, month, day) = civil_from_days(moment_us.div_euclid(DAY_US));
    let of_day_us = moment_us.rem_euclid(DAY_US);
    let seconds = of_day_us / SECOND_US;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let whole = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    match of_day_us % SECOND_US {
        0 => format!("{whole}Z"),
        micros if micros % 1000 == 0 => format!("{whole}.{:03}Z", micros / 1000),
        micros => format!("{whole}.{micros:06}Z"),
    }
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_and_write_back() {
        for (text, us) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600_000_000),
            ("2026-01-05T08:03:12.500Z", 1_767_600_192_500_000),
            ("2100-12-31T23:59:59.000040Z", 4_133_980_799_000_040),
        ] {
            assert_eq!(parse_utc_us(text).unwrap(), us, "{text}");
            assert_eq!(format_utc(us), text);
        }
        assert_eq!(parse_utc_us("1970-01-01T00:00:00.5Z").unwrap(), 500_000);
    }

    #[test]
    fn what_is_no_moment_is_refused_with_its_text() {
        for text in [
            "",
            "now",
            "2026-01-05",
            "2026-01-05T08:00:00",
            "2026-02-30T08:00:00Z",
            "2026-01-05T24:00:00Z",
            "2026-13-05T08:00:00Z",
            "+026-01-05T08:00:00Z",
            "2026-01-05T08:00:00.Z",
            "2026-01-05T08:00:00.1234567Z",
            "1969-12-31T23:59:59Z",
            "2026-01-05T08:00:00+01:00",
            "2026-01-05T08:00:00:00Z",
        ] {
            let error = parse_utc_us(text).unwrap_err().to_string();
            assert!(error.contains(&format!("`{text}`")), "{error}");
        }
    }
}
