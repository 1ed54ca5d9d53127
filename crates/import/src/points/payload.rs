//! What devices send, decoded.
//!
//! One device sends `21,4`, the next `{"value": 21.4, "unit": "°C"}`, a third one message with
//! five quantities. Each quantity becomes a *reading*: a number, a yes or no, or a word, with its
//! unit and time if the message tells them. Anything else becomes a finding.

use super::alarm::says_alarm;
use super::words::has;
use serde_json::{Map, Value as Json};
use twin_model::{Code, Finding, Time};

/// Largest payload, in bytes.
pub const PAYLOAD_BYTES_MAX: usize = 64 * 1024;
/// Most readings of one message.
pub const READINGS_MAX: usize = 256;
/// Deepest member that is read.
const DEPTH_MAX: usize = 8;
/// Longest path of a member, and longest word that is a value, in bytes.
const TEXT_BYTES_MAX: usize = 256;

/// A value as it was sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Spoken {
    /// Yes or no; an alarm, an open door and motion are yes.
    Boolean(bool),
    /// A finite number.
    Number(f64),
    /// Any other word.
    Text(String),
}

/// One value of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Which of the message's quantities, by the path of its member; `None` where the message is
    /// one value. The point is `topic#member`.
    pub member: Option<String>,
    /// What was sent.
    pub value: Spoken,
    /// Its unit, as spelled.
    pub unit: Option<String>,
    /// When it was observed, if the message says so.
    pub time: Option<Time>,
    /// Whether the word that was sent says by itself that there is an alarm.
    pub says_alarm: bool,
}

/// What a message holds and what was wrong with it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decoded {
    /// The readings, in the order of the message.
    pub readings: Vec<Reading>,
    /// What could not be read.
    pub findings: Vec<Finding>,
}

/// Decodes the payload of one message. Takes any bytes.
///
/// ```
/// use twin_import::points::{Spoken, decode};
/// let message = decode(br#"{"temperature": 21.4, "contact": true}"#);
/// assert_eq!(message.readings[1].member.as_deref(), Some("temperature"));
/// assert_eq!(message.readings[1].value, Spoken::Number(21.4));
/// assert_eq!(decode(b"21,4 \xc2\xb0C").readings[0].unit.as_deref(), Some("\u{b0}C"));
/// ```
pub fn decode(payload: &[u8]) -> Decoded {
    let mut decoded = Decoded::default();
    if payload.len() > PAYLOAD_BYTES_MAX {
        decoded.find(
            Code::PointLimit,
            format!(
                "the message has {} bytes; {PAYLOAD_BYTES_MAX} are read at most",
                payload.len()
            ),
        );
        return decoded;
    }
    let Ok(text) = std::str::from_utf8(payload) else {
        decoded.find(Code::PointMessage, "the message is no text");
        return decoded;
    };
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0' || c == '\u{feff}');
    match text.as_bytes().first() {
        None => decoded.find(Code::PointNoValue, "the message is empty"),
        Some(b'{' | b'[' | b'"') => match serde_json::from_str::<Json>(text) {
            Ok(json) => decoded.message(&json),
            Err(error) => decoded.find(
                Code::PointMessage,
                format!("the message begins as JSON and is none: {error}"),
            ),
        },
        Some(_) => decoded.plain(text, &Meta::default(), None),
    }
    decoded
}

/// Members that tell when a value was observed.
const TIMES: &[&str] = &[
    "time",
    "ts",
    "timestamp",
    "observedat",
    "observed_at",
    "at",
    "datetime",
    "last_seen",
    "lastseen",
    "t",
    "date",
];
/// Members that tell the unit.
const UNITS: &[&str] = &[
    "unit",
    "u",
    "uom",
    "units",
    "unitcode",
    "unit_of_measurement",
];
/// Members that are the value.
const VALUES: &[&str] = &[
    "value",
    "v",
    "val",
    "present_value",
    "presentvalue",
    "reading",
];
/// Members that are the value if there is no other.
const STATES: &[&str] = &["state", "status"];
/// Members that name the quantity in a list of such.
const NAMES: &[&str] = &["n", "name", "id", "key", "point", "measurement", "type"];

/// What a message says about all of its values.
#[derive(Debug, Clone, Default)]
struct Meta {
    unit: Option<String>,
    time: Option<Time>,
}

impl Decoded {
    fn find(&mut self, code: Code, message: impl Into<std::sync::Arc<str>>) {
        if self.findings.len() < 8 {
            self.findings.push(Finding::new(code, message));
        }
    }

    fn message(&mut self, json: &Json) {
        match json {
            Json::Array(records) if is_senml(records) => self.senml(records),
            _ => self.value(json, "", &Meta::default(), 0),
        }
    }

    /// Any JSON value at a path.
    fn value(&mut self, json: &Json, path: &str, meta: &Meta, depth: usize) {
        if depth > DEPTH_MAX {
            self.find(Code::PointLimit, format!("`{path}` is nested too deeply"));
            return;
        }
        match json {
            Json::Object(object) => self.object(object, path, meta, depth),
            Json::Array(items) => {
                for (at, item) in items.iter().enumerate().take(READINGS_MAX) {
                    let named = item.as_object().and_then(|o| text_of(o, NAMES));
                    let name = named.map_or_else(|| at.to_string(), str::to_owned);
                    self.value(item, &joined(path, &name), meta, depth + 1);
                }
                if items.len() > READINGS_MAX {
                    self.find(
                        Code::PointLimit,
                        format!("only {READINGS_MAX} of {} entries are read", items.len()),
                    );
                }
            }
            Json::String(text) => self.plain(text, meta, member(path)),
            Json::Bool(value) => self.push(Spoken::Boolean(*value), meta, member(path), false),
            Json::Number(number) => match number.as_f64().filter(|n| n.is_finite()) {
                Some(number) => self.push(Spoken::Number(number), meta, member(path), false),
                None => self.find(
                    Code::PointNoValue,
                    format!("`{number}` is no finite number"),
                ),
            },
            Json::Null => self.find(
                Code::PointNoValue,
                match path {
                    "" => "the message is null".to_owned(),
                    path => format!("`{path}` is null"),
                },
            ),
        }
    }

    fn object(&mut self, object: &Map<String, Json>, path: &str, meta: &Meta, depth: usize) {
        let meta = Meta {
            unit: text_of(object, UNITS)
                .map(str::to_owned)
                .or_else(|| meta.unit.clone()),
            time: self.time(object).or(meta.time),
        };
        if let Some(value) = member_of(object, VALUES) {
            return self.value(value, path, &meta, depth + 1);
        }
        let others: Vec<(&String, &Json)> = object
            .iter()
            .filter(|(key, value)| !is_meta(key, value))
            .collect();
        if let [(key, value)] = others.as_slice()
            && STATES.contains(&key.to_lowercase().as_str())
        {
            return self.value(value, path, &meta, depth + 1);
        }
        if others.is_empty() {
            self.find(Code::PointNoValue, "the message holds no value");
        }
        for (key, value) in others {
            self.value(value, &joined(path, key), &meta, depth + 1);
        }
    }

    fn time(&mut self, object: &Map<String, Json>) -> Option<Time> {
        let stated = member_of(object, TIMES)?;
        let time = match stated {
            Json::Number(number) => number.as_f64().and_then(time_of_number),
            Json::String(text) => time_of_text(text),
            _ => None,
        };
        if time.is_none() {
            let stated: String = stated.to_string().chars().take(40).collect();
            self.find(
                Code::PointTime,
                format!("`{stated}` is no time with a zone, nor seconds since 1970"),
            );
        }
        time
    }

    /// A text: a number with or without unit, a word for yes or no, or another word.
    fn plain(&mut self, text: &str, meta: &Meta, member: Option<String>) {
        let text = text.trim();
        if says_nothing(text) {
            let text: String = text.chars().take(40).collect();
            return self.find(Code::PointNoValue, format!("`{text}` is no value"));
        }
        if let Some((number, unit)) = number_with_unit(text) {
            let meta = Meta {
                unit: unit.map(str::to_owned).or_else(|| meta.unit.clone()),
                ..*meta
            };
            return self.push(Spoken::Number(number), &meta, member, false);
        }
        match scalar(text) {
            Some(value) => self.push(value, meta, member, says_alarm(text)),
            None => self.find(
                Code::PointMessage,
                format!("a word has {} bytes; it is no value", text.len()),
            ),
        }
    }

    fn push(&mut self, value: Spoken, meta: &Meta, member: Option<String>, says_alarm: bool) {
        if self.readings.len() == READINGS_MAX {
            self.find(
                Code::PointLimit,
                format!("only {READINGS_MAX} values of the message are read"),
            );
            return;
        }
        self.readings.push(Reading {
            member,
            value,
            unit: meta.unit.clone(),
            time: meta.time,
            says_alarm,
        });
    }

    /// Sensor Measurement Lists (RFC 8428): base fields hold for all records that follow.
    fn senml(&mut self, records: &[Json]) {
        let mut base_name = String::new();
        let mut base_unit = None;
        let mut base_time = 0.0;
        for record in records.iter().take(READINGS_MAX) {
            let Some(record) = record.as_object() else {
                self.find(Code::PointMessage, "a record of the list is no object");
                continue;
            };
            let text = |key: &str| record.get(key).and_then(Json::as_str);
            let number = |key: &str| record.get(key).and_then(Json::as_f64);
            if let Some(name) = text("bn") {
                base_name = name.chars().take(TEXT_BYTES_MAX / 4).collect();
            }
            base_unit = text("bu").map(str::to_owned).or(base_unit);
            base_time = number("bt").unwrap_or(base_time);
            let name = format!("{base_name}{}", text("n").unwrap_or(""));
            let seconds = base_time + number("t").unwrap_or(0.0);
            // RFC 8428 section 4.5.3: below 2^28 it is relative to now, which nobody here knows.
            let absolute = seconds >= 268_435_456.0;
            if !absolute && seconds != 0.0 {
                self.find(Code::PointTime, "a time relative to now is not used");
            }
            let meta = Meta {
                unit: text("u").map(str::to_owned).or_else(|| base_unit.clone()),
                time: absolute.then(|| time_of_seconds(seconds)).flatten(),
            };
            let value = ["v", "vb", "vs"].iter().find_map(|key| record.get(*key));
            if let Some(value) = value {
                self.value(value, &joined("", &name), &meta, 1);
            }
        }
        if records.len() > READINGS_MAX {
            self.find(
                Code::PointLimit,
                format!("only {READINGS_MAX} records are read"),
            );
        }
    }
}

fn is_senml(records: &[Json]) -> bool {
    let has = |keys: &[&str]| {
        records
            .iter()
            .filter_map(Json::as_object)
            .any(|record| keys.iter().any(|key| record.contains_key(*key)))
    };
    has(&["bn", "n"]) && has(&["v", "vb", "vs"])
}

fn is_meta(key: &str, value: &Json) -> bool {
    let key = key.to_lowercase();
    let told = TIMES.contains(&key.as_str()) && (value.is_string() || value.is_number());
    let unit = UNITS.contains(&key.as_str()) && value.is_string();
    // A `t` of 21.4 is a temperature, not a time.
    let small = key == "t" && value.as_f64().is_some_and(|t| time_of_number(t).is_none());
    (told && !small) || unit || (NAMES.contains(&key.as_str()) && value.is_string())
}

fn member_of<'j>(object: &'j Map<String, Json>, names: &[&str]) -> Option<&'j Json> {
    let mut found: Option<(usize, &Json)> = None;
    for (key, value) in object {
        let key = key.to_lowercase();
        let Some(rank) = names.iter().position(|name| *name == key) else {
            continue;
        };
        let small = key == "t" && value.as_f64().is_some_and(|t| time_of_number(t).is_none());
        let usable = !small && !value.is_null();
        if usable && found.is_none_or(|(best, _)| rank < best) {
            found = Some((rank, value));
        }
    }
    found.map(|(_, value)| value)
}

fn text_of<'j>(object: &'j Map<String, Json>, names: &[&str]) -> Option<&'j str> {
    let text = member_of(object, names)?.as_str()?;
    (text.len() <= TEXT_BYTES_MAX).then_some(text)
}

fn joined(path: &str, key: &str) -> String {
    let key: String = key.chars().take(64).collect();
    let path = if path.is_empty() {
        key
    } else {
        format!("{path}.{key}")
    };
    path.chars().take(TEXT_BYTES_MAX).collect()
}

fn member(path: &str) -> Option<String> {
    (!path.is_empty()).then(|| path.to_owned())
}

const YES: &str = "true on yes open opened alarm active detected occupied fire triggered motion present \
 unlocked tripped waar aan ja actief bezet brand beweging aanwezig gedetecteerd geopend wahr \
 an ein offen geoeffnet geöffnet aktiv belegt feuer bewegung anwesend erkannt ausgelöst \
 ausgeloest";
const NO: &str = "false off no closed close normal inactive clear cleared unoccupied idle locked absent vacant \
 ok quiet onwaar uit nee dicht gesloten normaal inactief vrij rust afwezig falsch aus nein zu \
 geschlossen inaktiv frei ruhe abwesend";

/// Such words.
const NOTHING: &str = "nan null none unavailable unknown n/a na - -- --- inf -inf infinity -infinity undefined \
 error offline onbekend unbekannt +inf #n/a #ref! 1.#qnan overflow";

/// Words that devices send for want of a value.
fn says_nothing(text: &str) -> bool {
    let small = text.to_lowercase();
    small.is_empty() || has(NOTHING, &small)
}

/// One value written as text, without a unit; `None` for what is too long to be one.
pub(super) fn scalar(text: &str) -> Option<Spoken> {
    let text = text.trim();
    if text.is_empty() || text.len() > TEXT_BYTES_MAX {
        return None;
    }
    if let Some((number, _)) = number_with_unit(text) {
        return Some(Spoken::Number(number));
    }
    let small = text.to_lowercase();
    Some(match () {
        () if has(YES, &small) => Spoken::Boolean(true),
        () if has(NO, &small) => Spoken::Boolean(false),
        () => Spoken::Text(text.to_owned()),
    })
}

/// `21.4`, `21,4`, `1.234,5`, `21.4 °C`.
fn number_with_unit(text: &str) -> Option<(f64, Option<&str>)> {
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '+' | '-' | 'e' | 'E');
    let end = text.find(|c| !is_number(c)).unwrap_or(text.len());
    let (mut digits, mut rest) = text.split_at(end);
    // The `e` of a unit is none of the number's.
    while digits.ends_with(['e', 'E']) {
        let at = digits.len() - 1;
        (digits, rest) = (&text[..at], &text[at..]);
    }
    let number = number(digits)?;
    let unit = rest.trim();
    if unit.is_empty() {
        return Some((number, None));
    }
    super::units::known(unit).map(|_| (number, Some(unit)))
}

/// A number with a point or a comma before its decimals. Of two sorts of marks the last is the
/// decimal one; several of one sort divide thousands.
pub(super) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    if text.len() > 64 || !text.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let (points, commas) = (text.matches('.').count(), text.matches(',').count());
    let plain: String = match (points, commas) {
        (_, 0) => text.to_owned(),
        (0, 1) => text.replace(',', "."),
        (0, _) => text.replace(',', ""),
        _ if text.rfind(',') > text.rfind('.') => text.replace('.', "").replace(',', "."),
        _ => text.replace(',', ""),
    };
    let plain = plain.strip_prefix('+').unwrap_or(&plain);
    fast_float2::parse::<f64, _>(plain)
        .ok()
        .filter(|n| n.is_finite())
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size: all
/// lie between 1973 and 5138.
pub(super) fn time_of_number(number: f64) -> Option<Time> {
    let seconds = match number {
        n if !(1e8..1e20).contains(&n) => return None,
        n if n < 1e11 => n,
        n if n < 1e14 => n / 1e3,
        n if n < 1e17 => n / 1e6,
        n => n / 1e9,
    };
    time_of_seconds(seconds)
}

fn time_of_seconds(seconds: f64) -> Option<Time> {
    let micros = seconds * 1e6;
    let inside = micros >= Time::MIN.0 as f64 && micros <= Time::MAX.0 as f64;
    // To the millisecond: a double holds no microsecond of a second since 1970 exactly.
    inside.then(|| Time((micros / 1e3).round() as i64 * 1000))
}

/// RFC 3339, or a number as text.
pub(super) fn time_of_text(text: &str) -> Option<Time> {
    let text = text.trim();
    Time::parse(text).or_else(|| {
        let digits = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let number = if digits { number(text) } else { None };
        time_of_number(number?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;
    use std::fmt::Write;

    fn check(payload: &str, expected: &Expect) {
        expected.assert_eq(&shown(payload));
    }

    fn shown(payload: &str) -> String {
        let decoded = decode(payload.as_bytes());
        let mut shown = String::new();
        for reading in &decoded.readings {
            let member = reading.member.as_deref().unwrap_or("·");
            let _ = write!(shown, "{member} {:?}", reading.value);
            if let Some(unit) = &reading.unit {
                let _ = write!(shown, " {unit}");
            }
            if let Some(time) = reading.time {
                let _ = write!(shown, " {time}");
            }
            shown.push('\n');
        }
        for finding in &decoded.findings {
            let _ = writeln!(shown, "{} {}", finding.code.as_str(), finding.message);
        }
        shown
    }

    #[test]
    fn plain_values() {
        let payloads = [
            "21.4",
            "21,4",
            " 1.234,5 \n",
            "1,234.5",
            "-3e2",
            "21,4 °C",
            "55 %RH",
            "OPEN",
            "gesloten",
            "geöffnet",
            "Alarm",
            "rust",
            "floor 12",
            "NaN",
            "",
            "1e999",
        ];
        let shown: String = payloads.map(shown).concat();
        expect![[r#"
            · Number(21.4)
            · Number(21.4)
            · Number(1234.5)
            · Number(1234.5)
            · Number(-300.0)
            · Number(21.4) °C
            · Number(55.0) %RH
            · Boolean(true)
            · Boolean(false)
            · Boolean(true)
            · Boolean(true)
            · Boolean(false)
            · Text("floor 12")
            PNT-002 `NaN` is no value
            PNT-002 the message is empty
            · Text("1e999")
        "#]]
        .assert_eq(&shown);
    }

    #[test]
    fn objects() {
        check(
            r#"{"value": 21.4, "unit": "degC", "ts": 1767603600}"#,
            &expect![[r"
                · Number(21.4) degC 2026-01-05T09:00:00.000000Z
            "]],
        );
        check(
            r#"{"v": "21,4", "time": "2026-01-05T10:00:00+01:00"}"#,
            &expect![[r"
                · Number(21.4) 2026-01-05T09:00:00.000000Z
            "]],
        );
        check(
            r#"{"state": "ON"}"#,
            &expect![[r"
            · Boolean(true)
        "]],
        );
        check(
            r#"{"state": "ON", "ts": 1767603600123}"#,
            &expect![[r"
            · Boolean(true) 2026-01-05T09:00:00.123000Z
        "]],
        );
        check(
            r#"{"val": null}"#,
            &expect![[r"
            PNT-002 `val` is null
        "]],
        );
        check(
            r#"{"value": 1, "ts": "yesterday"}"#,
            &expect![[r#"
            · Number(1.0)
            PNT-004 `"yesterday"` is no time with a zone, nor seconds since 1970
        "#]],
        );
        check(
            "{}",
            &expect![[r"
            PNT-002 the message holds no value
        "]],
        );
        check(
            r#"{"value": 21"#,
            &expect![[r"
            PNT-001 the message begins as JSON and is none: EOF while parsing an object at line 1 column 12
        "]],
        );
        check(
            r#""on""#,
            &expect![[r"
            · Boolean(true)
        "]],
        );
        check(
            r#"{"t": 21.4, "h": 40}"#,
            &expect![[r"
            h Number(40.0)
            t Number(21.4)
        "]],
        );
    }

    #[test]
    fn several_quantities_in_one_message() {
        // As Zigbee2MQTT, Tasmota and LoRaWAN servers send them.
        check(
            r#"{"battery":97,"contact":false,"linkquality":120,"last_seen":"2026-01-05T09:00:00Z"}"#,
            &expect![[r"
                battery Number(97.0) 2026-01-05T09:00:00.000000Z
                contact Boolean(false) 2026-01-05T09:00:00.000000Z
                linkquality Number(120.0) 2026-01-05T09:00:00.000000Z
            "]],
        );
        check(
            r#"{"Time":"2026-01-05T09:00:00","AM2301":{"Temperature":21.4,"Humidity":40.2},"TempUnit":"C"}"#,
            &expect![[r#"
                AM2301.Humidity Number(40.2)
                AM2301.Temperature Number(21.4)
                TempUnit Text("C")
                PNT-004 `"2026-01-05T09:00:00"` is no time with a zone, nor seconds since 1970
            "#]],
        );
        check(
            r#"[{"bn":"urn:dev:ow:10e2073a01080063;","bt":1.276020076e9,"bu":"Cel","n":"room","v":21.4},{"n":"door","vb":true,"t":5}]"#,
            &expect![[r"
                urn:dev:ow:10e2073a01080063;room Number(21.4) Cel 2010-06-08T18:01:16.000000Z
                urn:dev:ow:10e2073a01080063;door Boolean(true) Cel 2010-06-08T18:01:21.000000Z
            "]],
        );
        check(
            r#"{"readings":[{"name":"co2","value":612,"unit":"ppm"},{"name":"rh","value":41}]}"#,
            &expect![[r"
                readings.co2 Number(612.0) ppm
                readings.rh Number(41.0)
            "]],
        );
    }

    #[test]
    fn bounds_hold() {
        let deep = format!("{}1{}", "[".repeat(20), "]".repeat(20));
        check(
            &deep,
            &expect![[r"
            PNT-003 `0.0.0.0.0.0.0.0.0` is nested too deeply
        "]],
        );
        let wide = format!("[{}]", vec!["1"; 1000].join(","));
        let decoded = decode(wide.as_bytes());
        assert_eq!(decoded.readings.len(), READINGS_MAX);
        assert_eq!(decoded.findings[0].code, Code::PointLimit);
        let large = vec![b'1'; PAYLOAD_BYTES_MAX + 1];
        assert_eq!(decode(&large).findings[0].code, Code::PointLimit);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            decode(&bytes);
        }

        #[test]
        fn numbers_come_back(number in -1e6f64..1e6) {
            let decoded = decode(format!("{number}").replace('.', ",").as_bytes());
            prop_assert_eq!(&decoded.readings[0].value, &Spoken::Number(number));
        }

        #[test]
        fn a_message_says_something_or_is_found_wanting(text in "[ -~]{0,40}") {
            let decoded = decode(text.as_bytes());
            prop_assert!(!decoded.readings.is_empty() || !decoded.findings.is_empty());
        }
    }
}
