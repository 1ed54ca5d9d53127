//! Writes JSON by hand into one buffer: no intermediate tree, no allocation per value.
//!
//! Commas set themselves: a value or a name that does not open its container is
//! preceded by one. A finished value never ends in `{`, `[`, `:` or a line feed
//! (texts end in a quotation mark), so the last byte says which it is.

use twin_model::Time;

/// JSON under construction.
#[derive(Debug, Default)]
pub(crate) struct Json(Vec<u8>);

impl Json {
    /// An empty buffer with room for `bytes`.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// The bytes written so far.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// `{…}`.
    pub(crate) fn object(&mut self, inside: impl FnOnce(&mut Self)) {
        self.separate();
        self.0.push(b'{');
        inside(self);
        self.0.push(b'}');
    }

    /// `[…]`.
    pub(crate) fn array(&mut self, inside: impl FnOnce(&mut Self)) {
        self.separate();
        self.0.push(b'[');
        inside(self);
        self.0.push(b']');
    }

    /// `[…]` with one entry per item.
    pub(crate) fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.array(|json| items.into_iter().for_each(|item| write(json, item)));
    }

    /// The name of the field whose value is written next. Names given here are
    /// literals of this crate and need no escapes.
    pub(crate) fn field(&mut self, name: &'static str) -> &mut Self {
        self.separate();
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
        self
    }

    /// A field name that came from outside.
    pub(crate) fn foreign_field(&mut self, name: &str) -> &mut Self {
        self.text(name);
        self.0.push(b':');
        self
    }

    /// A text, escaped.
    pub(crate) fn text(&mut self, text: &str) {
        self.separate();
        self.0.push(b'"');
        let bytes = text.as_bytes();
        let mut copied = 0;
        for (at, &byte) in bytes.iter().enumerate() {
            if byte >= 0x20 && byte != b'"' && byte != b'\\' {
                continue;
            }
            self.0.extend_from_slice(&bytes[copied..at]);
            self.escape(byte);
            copied = at + 1;
        }
        self.0.extend_from_slice(&bytes[copied..]);
        self.0.push(b'"');
    }

    /// RFC 8259 §7: quotation mark, reverse solidus and control characters.
    fn escape(&mut self, byte: u8) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        match byte {
            b'"' | b'\\' => self.0.extend_from_slice(&[b'\\', byte]),
            b'\n' => self.0.extend_from_slice(b"\\n"),
            b'\r' => self.0.extend_from_slice(b"\\r"),
            b'\t' => self.0.extend_from_slice(b"\\t"),
            _ => {
                self.0.extend_from_slice(b"\\u00");
                self.0.push(HEX[usize::from(byte >> 4)]);
                self.0.push(HEX[usize::from(byte & 15)]);
            }
        }
    }

    /// A finite number in its shortest form that reads back the same; JSON has no
    /// other numbers, so anything else is `null`.
    pub(crate) fn number(&mut self, number: f64) {
        self.separate();
        // Writing to a Vec cannot fail; a non-finite number is written as `null`.
        let _ = serde_json::to_writer(&mut self.0, &number);
    }

    /// A whole number.
    pub(crate) fn integer(&mut self, number: u64) {
        self.separate();
        let _ = serde_json::to_writer(&mut self.0, &number);
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&mut self, truth: bool) {
        self.raw(if truth { "true" } else { "false" });
    }

    /// `null`.
    pub(crate) fn null(&mut self) {
        self.raw("null");
    }

    /// What is written by `write`, or `null`.
    pub(crate) fn or_null<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => write(self, value),
            None => self.null(),
        }
    }

    /// Text that is JSON already.
    pub(crate) fn raw(&mut self, json: &str) {
        self.separate();
        self.0.extend_from_slice(json.as_bytes());
    }

    /// An instant as RFC 3339 with microseconds, in quotation marks.
    pub(crate) fn time(&mut self, time: Time) {
        self.separate();
        self.0.push(b'"');
        self.0.extend_from_slice(&rfc3339(time));
        self.0.push(b'"');
    }

    /// Ends a line of newline-delimited JSON.
    pub(crate) fn end_line(&mut self) {
        self.0.push(b'\n');
    }

    fn separate(&mut self) {
        if !matches!(self.0.last(), None | Some(b'{' | b'[' | b':' | b'\n')) {
            self.0.push(b',');
        }
    }
}

/// `2026-01-05T08:03:12.500000Z`. The same text as `Time`'s `Display`, without its
/// formatting machinery: an entity's answer holds some dozens of these.
fn rfc3339(time: Time) -> [u8; 27] {
    let micros = time.0.clamp(Time::MIN.0, Time::MAX.0);
    let (seconds, fraction) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let mut out = *b"0000-00-00T00:00:00.000000Z";
    digits(&mut out[0..4], year);
    digits(&mut out[5..7], month);
    digits(&mut out[8..10], day);
    digits(&mut out[11..13], second / 3600);
    digits(&mut out[14..16], second / 60 % 60);
    digits(&mut out[17..19], second % 60);
    digits(&mut out[20..26], fraction);
    out
}

fn digits(out: &mut [u8], mut number: i64) {
    for place in out.iter_mut().rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Year, month and day of a number of days since 1970-01-01; the arithmetic of
/// 400-year eras that start in March (H. Hinnant, "chrono-compatible low-level date
/// algorithms", 2013).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(write: impl FnOnce(&mut Json)) -> String {
        let mut json = Json::default();
        write(&mut json);
        String::from_utf8(json.into_bytes()).unwrap()
    }

    #[test]
    fn commas_set_themselves() {
        let json = written(|json| {
            json.object(|json| {
                json.field("a").integer(1);
                json.field("b").array(|json| {
                    json.number(1.5);
                    json.text("[");
                    json.null();
                    json.array(|_| ());
                    json.object(|_| ());
                });
                json.field("c").boolean(true);
            });
            json.end_line();
            json.object(|_| ());
        });
        assert_eq!(
            json,
            "{\"a\":1,\"b\":[1.5,\"[\",null,[],{}],\"c\":true}\n{}"
        );
    }

    #[test]
    fn there_is_no_number_that_json_does_not_have() {
        assert_eq!(written(|json| json.number(f64::NAN)), "null");
        assert_eq!(written(|json| json.number(f64::NEG_INFINITY)), "null");
    }

    proptest! {
        #[test]
        fn texts_read_back_the_same(text in any::<String>()) {
            let json = written(|json| json.text(&text));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }

        #[test]
        fn numbers_read_back_the_same(number in any::<f64>().prop_filter("finite", |n| n.is_finite())) {
            let json = written(|json| json.number(number));
            prop_assert_eq!(json.parse::<f64>().unwrap().to_bits(), number.to_bits());
        }

        #[test]
        fn times_are_written_as_the_model_writes_them(micros in Time::MIN.0..=Time::MAX.0) {
            let json = written(|json| json.time(Time(micros)));
            prop_assert_eq!(json, format!("\"{}\"", Time(micros)));
        }
    }
}
