//! Names and addresses as they are compared: without accents, capitals and abbreviations.

/// Words cut to one form: the long and the short way to write them, in the languages of the
/// sources at hand. A word ending in one of the long forms ends in the short one instead.
const ENDINGS: [(&str, &str); 9] = [
    ("strasse", "str"),
    ("straat", "str"),
    ("street", "str"),
    ("gasse", "g"),
    ("laan", "ln"),
    ("plein", "pl"),
    ("platz", "pl"),
    ("gracht", "gr"),
    ("kade", "kd"),
];

/// Whole words and their short forms.
const WORDS: [(&str, &str); 26] = [
    ("avenue", "av"),
    ("ave", "av"),
    ("boulevard", "blvd"),
    ("road", "rd"),
    ("square", "sq"),
    ("place", "pl"),
    ("plaza", "pl"),
    ("lane", "ln"),
    ("saint", "st"),
    ("sint", "st"),
    ("sankt", "st"),
    ("burgemeester", "burg"),
    ("professor", "prof"),
    ("doctor", "dr"),
    ("dokter", "dr"),
    ("doktor", "dr"),
    ("meester", "mr"),
    ("ingenieur", "ir"),
    ("generaal", "gen"),
    ("building", "bldg"),
    ("gebouw", "geb"),
    ("gebaude", "geb"),
    ("number", "nr"),
    ("nummer", "nr"),
    ("north", "n"),
    ("south", "s"),
];

/// A text's words in one form: lower case, no accents, abbreviations cut.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        fold(c, &mut plain);
    }
    let words = plain.split(|c: char| !c.is_alphanumeric());
    words.filter(|w| !w.is_empty()).map(shortened).collect()
}

fn shortened(word: &str) -> String {
    if let Some((_, short)) = WORDS.iter().find(|(long, _)| *long == word) {
        return (*short).to_owned();
    }
    let ending = ENDINGS.iter().find(|(long, _)| word.ends_with(long));
    match ending {
        Some((long, short)) => format!("{}{short}", &word[..word.len() - long.len()]),
        None => word.to_owned(),
    }
}

/// A letter without its accents, as one writes it where there are none.
fn fold(c: char, into: &mut String) {
    let plain = match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'ç' | 'ć' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' => "e",
        'ğ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' => "i",
        'ł' | 'ľ' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ő' => "o",
        'ŕ' | 'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ť' | 'ţ' | 'ț' => "t",
        'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        // Apostrophes and combining accents are left out: `'s-Gravenhage`, `d’Or`.
        '\'' | '’' | '`' | '\u{300}'..='\u{36f}' => "",
        other => {
            into.push(other);
            return;
        }
    };
    into.push_str(plain);
}

/// How alike two lists of words are, 0..=1: shared pairs of neighbouring letters (Dice 1945), so
/// that a misspelt or split word costs little.
pub(super) fn likeness(a: &[String], b: &[String]) -> f64 {
    let (mut first, mut second) = (bigrams(a), bigrams(b));
    if first.is_empty() || second.is_empty() {
        return if !a.is_empty() && a == b { 1.0 } else { 0.0 };
    }
    first.sort_unstable();
    second.sort_unstable();
    let (mut i, mut j, mut shared) = (0, 0, 0);
    while i < first.len() && j < second.len() {
        match first[i].cmp(&second[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                shared += 1;
                i += 1;
                j += 1;
            }
        }
    }
    2.0 * f64::from(shared) / (first.len() + second.len()) as f64
}

fn bigrams(words: &[String]) -> Vec<(char, char)> {
    let letters: Vec<char> = words.iter().flat_map(|w| w.chars()).collect();
    letters.windows(2).map(|w| (w[0], w[1])).collect()
}

/// An address taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Address {
    /// The street's words in one form, together.
    pub(super) street: String,
    /// Its house numbers: the first and last of `12-16`, without letters.
    pub(super) numbers: Vec<u32>,
}

impl Address {
    /// `Street 12, 2611 AB City`, `12 Street` or `Street 12a-14`; nothing without a street.
    pub(super) fn read(text: &str) -> Option<Self> {
        let line = text.split([',', ';', '\n']).next()?;
        let (mut street, mut numbers) = (String::new(), Vec::new());
        for word in words(line) {
            let digits: String = word.chars().take_while(char::is_ascii_digit).collect();
            match digits.parse() {
                Ok(number) if word.len() <= digits.len() + 1 => numbers.push(number),
                // House letters stand alone; streets do not.
                _ if word.len() == 1 && !numbers.is_empty() => {}
                _ => street.push_str(&word),
            }
        }
        (!street.is_empty()).then_some(Self { street, numbers })
    }

    /// Whether both have house numbers and none in common, ranges counted.
    pub(super) fn differs_in_number(&self, other: &Self) -> bool {
        let span = |a: &Self| Some((*a.numbers.iter().min()?, *a.numbers.iter().max()?));
        match (span(self), span(other)) {
            (Some(a), Some(b)) => a.1 < b.0 || b.1 < a.0 || (a.0 + b.0) % 2 == 1,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_become_one() {
        for (a, b) in [
            ("Bahnhofstraße", "Bahnhofstr."),
            ("Hauptstrasse", "HAUPTSTR"),
            ("Sint-Janskerk", "St. Janskerk"),
            ("Oude Delft-gracht", "oude delft gracht"),
            ("Café Müller", "Cafe Muller"),
            ("Burgemeester van Slijpelaan", "Burg. van Slijpelaan"),
        ] {
            let (a, b) = (words(a).concat(), words(b).concat());
            assert_eq!(a, b);
        }
        assert!(likeness(&words("Oude Kerk"), &words("Oude Kerck")) > 0.7);
        assert!(likeness(&words("Oude Kerk"), &words("Stadhuis")) < 0.2);
        assert!(likeness(&[], &[]) < 0.1);
    }

    #[test]
    fn addresses_are_compared_by_street_and_number() {
        let read = |text: &str| Address::read(text).unwrap();
        assert_eq!(read("Markt 87, 2611 GS Delft").street, "markt");
        assert_eq!(read("Markt 87, 2611 GS Delft").numbers, [87]);
        assert_eq!(read("87 Baker Street").street, read("Baker Str. 87").street);
        assert!(read("Markt 12-16").numbers == [12, 16]);
        assert!(!read("Markt 12-16").differs_in_number(&read("Markt 14")));
        assert!(read("Markt 12-16").differs_in_number(&read("Markt 13")));
        assert!(read("Markt 12a").differs_in_number(&read("Markt 14")));
        assert!(!read("Markt").differs_in_number(&read("Markt 14")));
        assert_eq!(Address::read("12, Delft"), None);
    }
}
