//! Names cut into words and numbers, as a person reads them.
//!
//! `NB-L03_R12.RmTmp` is five things to a technician: a building, a storey, a room and two words
//! for what is measured. Nobody agrees on separators, so a name is cut at each of them, between
//! letters and digits and where small letters turn to capitals.

/// Longest name that is looked at, in bytes; the rest of a longer one is not read.
pub const NAME_BYTES_MAX: usize = 512;
/// Most pieces of a name that are looked at.
pub(super) const PIECES_MAX: usize = 40;

/// One piece of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Letters in lower case without accents, or digits as written.
    pub(super) text: String,
    /// Its number, where it is digits and at most six of them.
    pub(super) number: Option<u32>,
    /// Whether a minus that is no separator stands before it: `/-1/`.
    pub(super) negative: bool,
    /// The separator before it; 0 where it is glued to the piece before, 1 where only capitals
    /// divide them.
    pub(super) before: u8,
}

impl Piece {
    pub(super) fn is_digits(&self) -> bool {
        self.text.as_bytes().first().is_some_and(u8::is_ascii_digit)
    }
}

const GLUED: u8 = 0;
const CAPITAL: u8 = 1;

/// The pieces of a name, at most [`PIECES_MAX`].
pub(super) fn pieces(name: &str) -> Vec<Piece> {
    let name = head(name, NAME_BYTES_MAX);
    let chars: Vec<char> = name.chars().collect();
    let mut found: Vec<Piece> = Vec::new();
    let mut before = b'^';
    let mut negative = false;
    let mut at = 0;
    while at < chars.len() && found.len() < PIECES_MAX {
        let c = chars[at];
        if !c.is_alphanumeric() {
            // A minus behind another separator belongs to the number: a storey below ground.
            negative = c == '-' && before != GLUED;
            before = if c.is_ascii() { c as u8 } else { b' ' };
            at += 1;
            continue;
        }
        let end = piece_end(&chars, at);
        let digits = c.is_ascii_digit();
        let text = if digits {
            chars[at..end].iter().collect()
        } else {
            folded(&chars[at..end])
        };
        let number = (digits && end - at <= 6)
            .then(|| text.parse().ok())
            .flatten();
        found.push(Piece {
            negative: negative && digits,
            before,
            text,
            number,
        });
        negative = false;
        let capital = chars.get(end).is_some_and(|next| next.is_uppercase());
        before = if capital && !digits { CAPITAL } else { GLUED };
        at = end;
    }
    mend_gases(&mut found);
    found
}

fn head(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Where the run of digits or the word that begins at `at` ends.
fn piece_end(chars: &[char], at: usize) -> usize {
    if chars[at].is_ascii_digit() {
        return at
            + chars[at..]
                .iter()
                .take_while(|c| c.is_ascii_digit())
                .count();
    }
    let mut end = at + 1;
    while end < chars.len() && chars[end].is_alphabetic() {
        let (last, here) = (chars[end - 1], chars[end]);
        let small_then_capital = last.is_lowercase() && here.is_uppercase();
        // The last of several capitals begins the next word: `RTUFault`.
        let acronym_ends = last.is_uppercase()
            && here.is_uppercase()
            && end - at >= 2
            && chars.get(end + 1).is_some_and(|c| c.is_lowercase())
            && chars.get(end + 2).is_some_and(|c| c.is_lowercase());
        // `rF` is one abbreviation.
        let pair = end - at == 1 && chars.get(end + 1).is_none_or(|c| !c.is_alphabetic());
        if (small_then_capital && !pair) || acronym_ends {
            break;
        }
        end += 1;
    }
    end
}

/// Small letters without accents; German umlauts as they are written where there are none.
fn folded(chars: &[char]) -> String {
    let mut text = String::with_capacity(chars.len());
    for c in chars.iter().flat_map(|c| c.to_lowercase()) {
        match c {
            'ä' => text.push_str("ae"),
            'ö' => text.push_str("oe"),
            'ü' => text.push_str("ue"),
            'ß' => text.push_str("ss"),
            'á' | 'à' | 'â' => text.push('a'),
            'é' | 'è' | 'ê' | 'ë' => text.push('e'),
            'í' | 'ï' | 'î' => text.push('i'),
            'ó' | 'ò' | 'ô' => text.push('o'),
            'ú' | 'ù' | 'û' => text.push('u'),
            other => text.push(other),
        }
    }
    text
}

/// `CO2`, `PM10` and `PM2.5` are words, whatever their digits look like.
fn mend_gases(pieces: &mut Vec<Piece>) {
    let mut at = 0;
    while at + 1 < pieces.len() {
        let glued = pieces[at + 1].before == GLUED;
        let close = glued || matches!(pieces[at + 1].before, b'_' | b' ' | b'.');
        let joined = match (pieces[at].text.as_str(), pieces[at + 1].text.as_str()) {
            ("co", "2") if close => "co2",
            // `CO21` is the first of several.
            ("co", digits) if glued && digits.len() == 2 && digits.starts_with('2') => {
                let rest = digits[1..].to_owned();
                pieces[at].text.push('2');
                pieces[at + 1].number = rest.parse().ok();
                pieces[at + 1].text = rest;
                at += 1;
                continue;
            }
            ("pm", "25") if glued => "pm25",
            ("pm", "10") if glued => "pm10",
            ("pm", "2") if glued && pieces.get(at + 2).is_some_and(|p| p.text == "5") => {
                pieces.remove(at + 2);
                "pm25"
            }
            // `ZNCO2`: a formula keeps its digit, whatever is glued before it.
            (word, "2") if glued && word.len() > 3 && word.ends_with("co") => {
                let zone = word.len() - 2;
                pieces[at].text.truncate(zone);
                pieces[at + 1] = Piece {
                    text: "co2".to_owned(),
                    number: None,
                    negative: false,
                    before: CAPITAL,
                };
                at += 2;
                continue;
            }
            _ => {
                at += 1;
                continue;
            }
        };
        joined.clone_into(&mut pieces[at].text);
        pieces.remove(at + 1);
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(name: &str, expected: &Expect) {
        let pieces = pieces(name);
        let shown: Vec<String> = pieces
            .iter()
            .map(|p| format!("{}{}", if p.negative { "-" } else { "" }, p.text))
            .collect();
        expected.assert_eq(&shown.join(" "));
    }

    #[test]
    fn names_are_cut_as_people_read_them() {
        check("NB-L03_R12.RmTmp", &expect!["nb l 03 r 12 rm tmp"]);
        check("SODA1R410B__ART", &expect!["soda 1 r 410 b art"]);
        check("AP_M.VAV-2-101.ZN-T", &expect!["ap m vav 2 101 zn t"]);
        check(
            "Geb1/-1/K.04/RaumTempÜG",
            &expect!["geb 1 -1 k 04 raum temp ueg"],
        );
        check("LVL12ROOMCO2", &expect!["lvl 12 room co2"]);
        check("12-05 PM2.5 / PM10", &expect!["12 05 pm25 pm10"]);
        check("RTUFault", &expect!["rtu fault"]);
        check("CO21 CO2-1 CO_2", &expect!["co2 1 co2 1 co2"]);
        check("", &expect![""]);
    }
}
