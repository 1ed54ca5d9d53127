//! The letters of a STEP file: where a statement ends, what stands between statements.

use memchr::{memchr, memchr2, memchr3, memmem};

/// How a statement ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    Closed,
    Broken { offset: usize },
    EndOfFile,
}

/// What is rare in a file and need not be looked for in every statement.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    comments: Comments,
    /// Bytes between which there is no `/` and no `"`.
    plain: std::ops::Range<usize>,
}

impl Ahead {
    /// The first byte of `from..to` that may begin a comment or a binary text.
    fn rare(&mut self, bytes: &[u8], from: usize, to: usize) -> Option<usize> {
        if !self.plain.contains(&from) {
            let found = memchr2(b'/', b'"', bytes.get(from..)?);
            self.plain = from..found.map_or(bytes.len(), |length| from + length);
        }
        (self.plain.end < to).then_some(self.plain.end)
    }
}

/// Where comments end. A comment opened after the last `*/` never ends, and searching for its end
/// again and again would take quadratic time.
#[derive(Debug)]
struct Comments {
    /// There is no `*/` at or after this byte.
    none_from: usize,
}

impl Default for Comments {
    fn default() -> Self {
        Self {
            none_from: usize::MAX,
        }
    }
}

impl Comments {
    /// The byte after the first `*/` at or after `from`.
    fn end(&mut self, bytes: &[u8], from: usize) -> Option<usize> {
        if from >= self.none_from {
            return None;
        }
        let found = memmem::find(bytes.get(from..)?, b"*/");
        if found.is_none() {
            self.none_from = from;
        }
        found.map(|length| from + length + 2)
    }
}

/// The byte of the `;` that ends the statement in which `at` stands, minding texts and comments.
///
/// A statement that runs into what looks like the next one (a line that begins `#7=`) has lost
/// its end; then the returned byte is the beginning of that line.
pub(super) fn statement_end(bytes: &[u8], mut at: usize, ahead: &mut Ahead) -> (usize, Ending) {
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let stop = memchr3(b';', b'\'', b'\n', rest).map_or(bytes.len(), |length| at + length);
        at = ahead.rare(bytes, at, stop).unwrap_or(stop);
        match bytes.get(at) {
            None => return (bytes.len(), Ending::EndOfFile),
            Some(b';') => return (at, Ending::Closed),
            Some(b'\n') => {
                if begins_statement(bytes, at + 1) {
                    return (at + 1, Ending::Broken { offset: at });
                }
                at += 1;
            }
            Some(&quote @ (b'\'' | b'"')) => {
                let inside = at + 1;
                let end = memchr(quote, &bytes[inside..]).map(|l| inside + l);
                let text = &bytes[inside..end.unwrap_or(bytes.len())];
                if let Some(line) = lost_end(bytes, inside, text) {
                    return (line, Ending::Broken { offset: at });
                }
                match end {
                    // The quote is a letter of the text: read on inside it.
                    Some(end) if is_escaped_quote(bytes, end) => at = end,
                    Some(end) => at = end + 1,
                    None => return (bytes.len(), Ending::EndOfFile),
                }
            }
            Some(b'/') if bytes.get(at + 1) == Some(&b'*') => {
                match ahead.comments.end(bytes, at + 2) {
                    Some(end) => at = end,
                    None => return (resync(bytes, at + 2), Ending::Broken { offset: at }),
                }
            }
            Some(_) => at += 1,
        }
    }
}

/// Whether the quote at `at` is the letter of an escape, as in `\\S\\'`. The standard wants it
/// doubled even there, but not every tool does; a path that ends in `\\S\\` is told apart by
/// what follows.
pub(super) fn is_escaped_quote(bytes: &[u8], at: usize) -> bool {
    bytes[at] == b'\''
        && at >= 3
        && &bytes[at - 3..at] == b"\\S\\"
        && !matches!(
            bytes.get(skip_spaces(bytes, at + 1)),
            None | Some(b',' | b')' | b';' | b'\'')
        )
}

fn skip_spaces(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest
        .iter()
        .take(80)
        .take_while(|b| b.is_ascii_whitespace())
        .count()
}

/// A text that contains a line beginning like a statement has lost its closing quote: where that
/// line begins. Real texts do contain line breaks, but hardly ever followed by `#7=`.
fn lost_end(bytes: &[u8], start: usize, text: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', text)
        .map(|i| start + i + 1)
        .find(|&line| begins_statement(bytes, line))
}

/// Whether the line at `at` begins with `#digits=` (blanks allowed).
pub(super) fn begins_statement(bytes: &[u8], at: usize) -> bool {
    let mut at = at;
    if bytes.get(at) != Some(&b'#') {
        return false;
    }
    at += 1;
    let digits = at;
    while at < bytes.len() && bytes[at].is_ascii_digit() && at - digits < 20 {
        at += 1;
    }
    if at == digits {
        return false;
    }
    while at < bytes.len() && matches!(bytes[at], b' ' | b'\t') && at - digits < 60 {
        at += 1;
    }
    bytes.get(at) == Some(&b'=')
}

/// The next place from which reading may go on: the next line that begins a statement, or the
/// byte after the next `;`.
pub(super) fn resync(bytes: &[u8], at: usize) -> usize {
    let mut at = at.min(bytes.len());
    while at < bytes.len() {
        match memchr::memchr2(b'\n', b';', &bytes[at..]) {
            None => return bytes.len(),
            Some(i) if bytes[at + i] == b';' => return at + i + 1,
            Some(i) => {
                at += i + 1;
                if begins_statement(bytes, at) || bytes[at..].starts_with(b"END") {
                    return at;
                }
            }
        }
    }
    at
}

/// Number and byte of the keyword of `#number = KEYWORD`.
pub(super) fn read_head(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let (id, after) = read_number(bytes, at + 1)?;
    Some((id, keyword_after(bytes, after)?))
}

/// Byte of the keyword alone.
pub(super) fn keyword(bytes: &[u8], at: usize) -> Option<usize> {
    let digits = bytes.get(at + 1..)?.iter();
    let length = digits.take_while(|b| b.is_ascii_digit()).count();
    keyword_after(bytes, at + 1 + length)
}

fn keyword_after(bytes: &[u8], mut at: usize) -> Option<usize> {
    if bytes.get(at) != Some(&b'=') {
        at = skip_blank(bytes, at);
        if bytes.get(at) != Some(&b'=') {
            return None;
        }
    }
    Some(skip_blank(bytes, at + 1))
}

/// A number of a statement, and the byte after it; none where it needs more than 64 bits.
pub(super) fn read_number(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut id: u64 = 0;
    let mut end = at;
    while let Some(digit) = bytes
        .get(end)
        .map(|b| b.wrapping_sub(b'0'))
        .filter(|d| *d < 10)
    {
        // Nineteen digits always fit.
        id = if end - at < 19 {
            id * 10 + u64::from(digit)
        } else {
            id.checked_mul(10)?.checked_add(u64::from(digit))?
        };
        end += 1;
    }
    (end > at).then_some((id, end))
}

pub(super) fn starts_with_word(statement: &[u8], word: &[u8]) -> bool {
    statement.len() >= word.len()
        && statement[..word.len()].eq_ignore_ascii_case(word)
        && statement.get(word.len()).is_none_or(|&b| !is_keyword(b))
}

pub(super) fn is_keyword(b: u8) -> bool {
    KEYWORD[b as usize]
}

/// Letters of keywords, and of what stands where a keyword should.
const KEYWORD: [bool; 256] = {
    let mut of = [false; 256];
    let mut b = 0_u8;
    while b < 128 {
        of[b as usize] = b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'!');
        b += 1;
    }
    of
};

/// The first byte at or after `at` that is neither blank nor in a comment.
pub(super) fn skip_blank(bytes: &[u8], mut at: usize) -> usize {
    loop {
        while at < bytes.len() && (bytes[at].is_ascii_whitespace() || bytes[at] == 0) {
            at += 1;
        }
        if bytes[at.min(bytes.len())..].starts_with(b"/*") {
            match memmem::find(&bytes[at + 2..], b"*/") {
                Some(length) => at += length + 4,
                None => return bytes.len(),
            }
        } else {
            return at.min(bytes.len());
        }
    }
}
