//! Which readings sound an alarm, whether or not anybody knows yet what their points tell of.

use super::payload::{Reading, Spoken};
use super::quantity::told;
use super::tokens::pieces;
use super::words::{Quantity, Words, has};
use super::{NAME_BYTES_MAX, Point};
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// Words by which devices say that there is an alarm.
const ALARM: &str =
    "alarm fire smoke brand rook feuer rauch firealarm brandalarm feueralarm rauchalarm rookalarm";
/// Words that take it back: `no alarm`, `alarm reset`.
const TAKEN_BACK: &str = "no not non off reset clear cleared ended normal ok idle false geen niet uit hersteld \
     kein keine nicht aus zurückgesetzt beendet";

static WORDS: LazyLock<Words> = LazyLock::new(Words::new);

/// Whether a text says by itself that there is an alarm.
pub(super) fn says_alarm(text: &str) -> bool {
    let small = text.to_lowercase();
    let words = || small.split(|c: char| !c.is_alphanumeric());
    words().any(|word| has(ALARM, word)) && !words().any(|word| has(TAKEN_BACK, word))
}

/// Whether a reading of the point with this name sounds an alarm: by its own word, or because
/// the name is that of a smoke detector, call point or sprinkler and the value is yes.
///
/// ```
/// use twin_import::points::{decode, is_alarm};
/// let sounds = |name: &str, payload: &[u8]| is_alarm(name, &decode(payload).readings[0]);
/// assert!(sounds("bms/x7", b"ALARM") && sounds("L12/smoke", b"1"));
/// assert!(!sounds("bms/x7", b"1") && !sounds("L12/smoke", b"0") && !sounds("bms/x7", b"no alarm"));
/// ```
pub fn is_alarm(name: &str, reading: &Reading) -> bool {
    let is_yes = match &reading.value {
        Spoken::Boolean(yes) => *yes,
        Spoken::Number(number) => (number - 1.0).abs() < f64::EPSILON,
        Spoken::Text(_) => false,
    };
    reading.says_alarm || (is_yes && tells_of_fire(name))
}

/// Whether the name is that of something which speaks up in a fire.
fn tells_of_fire(name: &str) -> bool {
    if name.len() > NAME_BYTES_MAX {
        return false;
    }
    let point = Point {
        name: name.to_owned(),
        ..Point::default()
    };
    let told = told(&point, &pieces(name), &[], &FxHashMap::default(), &WORDS);
    matches!(
        told.quantity,
        Some(Quantity::Smoke | Quantity::CallPoint | Quantity::Sprinkler)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_are_told_from_what_takes_them_back() {
        for (text, expected) in [
            ("alarm", true),
            ("FIRE ALARM zone 3", true),
            ("Brand", true),
            ("in alarm", true),
            ("no alarm", false),
            ("Alarm reset", false),
            ("geen brand", false),
            ("kein Alarm", false),
            ("on", false),
            ("alarming", false),
            ("", false),
        ] {
            assert_eq!(says_alarm(text), expected, "{text}");
        }
    }
}
