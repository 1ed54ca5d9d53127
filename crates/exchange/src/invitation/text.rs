//! Bytes as text that people copy, read out and type: Crockford's base 32 with a check.
//!
//! Thirty-two letters and digits without those that look alike, capital or small, in one
//! word so that a double click takes all of it.

use super::Refused;
use zeroize::Zeroizing;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const FAMILY: &str = "TWIN";
const PREFIX: &str = "TWIN1";
const CHECK_CONTEXT: &str = "twinternet exchange 1 code check";
/// Bytes of the check. One mistyped code in 2³² is not noticed here, and then leads nowhere.
pub(super) const CHECK_BYTES: usize = 4;
/// Bytes of all that is encoded: 200 characters with the prefix.
pub(super) const BYTES_MAX: usize = 121;
/// Characters that are looked at; people may put blanks between them.
const TEXT_BYTES_MAX: usize = 1000;

/// The text of `body`, which leaves room for the length and the check.
pub(super) fn encode(body: &[u8]) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(BYTES_MAX));
    bytes.push((1 + body.len() + CHECK_BYTES) as u8);
    bytes.extend_from_slice(body);
    let check = check(&bytes);
    bytes.extend_from_slice(&check);
    let mut out = Zeroizing::new(String::with_capacity(PREFIX.len() + BYTES_MAX * 2));
    out.push_str(PREFIX);
    for five in 0..(bytes.len() * 8).div_ceil(5) {
        let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
        let index = (five * 5..five * 5 + 5).fold(0, |index, at| index << 1 | bit(at));
        out.push(char::from(ALPHABET[usize::from(index)]));
    }
    out
}

/// What [`encode`] was given.
pub(super) fn decode(text: &str) -> Result<Zeroizing<Vec<u8>>, Refused> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(Refused::NotACode);
    }
    let is_blank = |c: &char| c.is_whitespace() || *c == '-';
    let upper = text.chars().filter(|c| !is_blank(c));
    let upper: Zeroizing<String> = Zeroizing::new(upper.map(|c| c.to_ascii_uppercase()).collect());
    let version = upper.strip_prefix(FAMILY).ok_or(Refused::NotACode)?;
    let letters = match version.chars().next() {
        None => return Err(Refused::Incomplete),
        Some('1' | 'I' | 'L') => &version[1..],
        Some('2'..='9') => return Err(Refused::Later),
        Some(_) => return Err(Refused::NotACode),
    };
    let bytes = from_letters(letters).ok_or(Refused::Mistyped)?;
    let length = usize::from(*bytes.first().ok_or(Refused::Incomplete)?);
    if bytes.len() < length {
        return Err(Refused::Incomplete);
    }
    let body = bytes.len().checked_sub(CHECK_BYTES).filter(|&n| n >= 1);
    let (said, check_said) = bytes.split_at(body.ok_or(Refused::Mistyped)?);
    let is_whole = bytes.len() == length && check(said) == check_said;
    let body = is_whole.then(|| Zeroizing::new(said[1..].to_vec()));
    body.ok_or(Refused::Mistyped)
}

fn check(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    let hash = blake3::derive_key(CHECK_CONTEXT, bytes);
    [hash[0], hash[1], hash[2], hash[3]]
}

/// Whole bytes; `None` for what is no letter, or bits at the end that are not zero.
fn from_letters(letters: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(letters.len()));
    let (mut bits, mut held) = (0_u32, 0);
    for letter in letters.bytes() {
        bits = bits << 5 | index(letter)?;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    (held < 5 && bits == 0).then_some(bytes)
}

fn index(letter: u8) -> Option<u32> {
    let letter = match letter {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    let index = ALPHABET.iter().position(|&known| known == letter)?;
    u32::try_from(index).ok()
}
