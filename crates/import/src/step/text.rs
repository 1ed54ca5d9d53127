//! Texts of ISO 10303-21, whose letters beyond ASCII are written as escapes (clause 6.4.3).

/// Resolves `''`, `\\`, `\S\`, `\P?\`, `\X\hh`, `\X2\…\X0\` and `\X4\…\X0\`. Bytes beyond ASCII,
/// which the standard forbids and files contain, are read as UTF-8 where they are and as Latin-1
/// otherwise. An escape that makes no sense stays as it is written. Control characters become
/// blanks.
pub fn decode(raw: &[u8]) -> String {
    let plain = raw
        .iter()
        .all(|&b| b.is_ascii() && b >= 0x20 && b != b'\\' && b != b'\'');
    if plain {
        return String::from_utf8_lossy(raw).into_owned();
    }
    let mut out = String::with_capacity(raw.len());
    let mut page = b'A';
    let mut at = 0;
    while at < raw.len() {
        let rest = &raw[at..];
        at += match rest[0] {
            b'\'' if rest.get(1) == Some(&b'\'') => {
                out.push('\'');
                2
            }
            b'\\' => escape(rest, &mut page, &mut out),
            b if b < 0x20 || b == 0x7F => {
                out.push(' ');
                1
            }
            b if b.is_ascii() => {
                out.push(char::from(b));
                1
            }
            _ => foreign(rest, &mut out),
        };
    }
    out
}

/// Resolves one escape and returns its length in bytes.
fn escape(rest: &[u8], page: &mut u8, out: &mut String) -> usize {
    match rest {
        [b'\\', b'\\', ..] => {
            out.push('\\');
            2
        }
        [b'\\', b'S', b'\\', b'\'', b'\'', ..] => {
            out.push(upper_half(*page, b'\''));
            5
        }
        [b'\\', b'S', b'\\', b, ..] if b.is_ascii_graphic() || *b == b' ' => {
            out.push(upper_half(*page, *b));
            4
        }
        [b'\\', b'P', p @ b'A'..=b'I', b'\\', ..] => {
            *page = *p;
            4
        }
        [b'\\', b'X', b'\\', h, l, ..] => match hex(&[*h, *l]) {
            Some(code) => {
                out.push(char::from(code as u8));
                5
            }
            None => keep(out),
        },
        [b'\\', b'X', b'2', b'\\', digits @ ..] => {
            wide(digits, 4, out).unwrap_or_else(|| keep(out))
        }
        [b'\\', b'X', b'4', b'\\', digits @ ..] => {
            wide(digits, 8, out).unwrap_or_else(|| keep(out))
        }
        _ => keep(out),
    }
}

fn keep(out: &mut String) -> usize {
    out.push('\\');
    1
}

/// The letter at `b` + 128 of ISO 8859 part 1–9. Latin-1 letters are exact; of the other pages
/// only Cyrillic (part 5) and Greek (part 7) are in use and regular enough to compute, the rest
/// becomes the replacement character rather than a wrong letter.
fn upper_half(page: u8, b: u8) -> char {
    let code = u32::from(b) + 128;
    let letter = match page {
        b'A' => Some(code),
        b'E' if (0xA1..=0xFF).contains(&code) && !matches!(code, 0xAD | 0xF0 | 0xFD) => {
            Some(code - 0xA0 + 0x400)
        }
        b'G' if (0xB4..=0xFE).contains(&code) && !matches!(code, 0xB7 | 0xBB | 0xBD) => {
            Some(code - 0xA0 + 0x370)
        }
        _ => None,
    };
    letter
        .and_then(char::from_u32)
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// `digits` up to `\X0\` in groups of four (UTF-16) or eight (UTF-32).
fn wide(digits: &[u8], group: usize, out: &mut String) -> Option<usize> {
    let end = memchr::memmem::find(digits, b"\\X0\\")?;
    if end % group != 0 {
        return None;
    }
    let codes: Option<Vec<u32>> = digits[..end].chunks_exact(group).map(hex).collect();
    let codes = codes?;
    if group == 4 {
        let units = codes.iter().map(|&c| c as u16);
        out.extend(char::decode_utf16(units).map(|r| r.unwrap_or(char::REPLACEMENT_CHARACTER)));
    } else {
        out.extend(
            codes
                .iter()
                .map(|&c| char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER)),
        );
    }
    Some(4 + end + 4)
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits
        .iter()
        .try_fold(0_u32, |n, &d| Some(n << 4 | char::from(d).to_digit(16)?))
}

/// A letter beyond ASCII: one UTF-8 sequence, or one Latin-1 byte.
fn foreign(rest: &[u8], out: &mut String) -> usize {
    for length in 2..=4.min(rest.len()) {
        if let Ok(letter) = std::str::from_utf8(&rest[..length]) {
            out.push_str(letter);
            return length;
        }
    }
    out.push(char::from(rest[0]));
    1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes() {
        for (raw, text) in [
            (&b"plain"[..], "plain"),
            (b"it''s", "it's"),
            (b"K\\X2\\00FC\\X0\\che", "Küche"),
            (b"K\\X\\FCche", "Küche"),
            (b"K\\S\\|che", "Küche"),
            (b"\\PE\\\\S\\0\\S\\1", "АБ"),
            (b"\\X2\\D83DDE00\\X0\\", "\u{1F600}"),
            (b"\\X4\\0001F600\\X0\\", "\u{1F600}"),
            (b"C:\\\\temp", "C:\\temp"),
            (b"K\xC3\xBCche", "Küche"),
            (b"K\xFCche", "Küche"),
            (b"\\X2\\00F\\X0\\", "\\X2\\00F\\X0\\"),
            (b"\\X2\\D83D\\X0\\", "\u{FFFD}"),
            (b"\\S\\'\\S\\''x", "§§x"),
            (b"end\\", "end\\"),
            (b"two\nlines", "two lines"),
        ] {
            assert_eq!(decode(raw), text, "{}", String::from_utf8_lossy(raw));
        }
    }

    proptest! {
        #[test]
        fn any_text_survives_as_wide_escapes(text in "\\PC{0,40}") {
            let digits: Vec<String> = text.encode_utf16().map(|u| format!("{u:04X}")).collect();
            let digits = digits.concat();
            prop_assert_eq!(decode(format!("\\X2\\{digits}\\X0\\").as_bytes()), text);
        }

        #[test]
        fn any_bytes_decode(raw in proptest::collection::vec(any::<u8>(), 0..200)) {
            decode(&raw);
        }
    }
}
