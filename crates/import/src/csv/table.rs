//! From bytes to rows of cells.

use std::borrow::Cow;

/// Rows that are read.
pub(super) const ROWS_MAX: usize = 200_000;
pub(super) const COLUMNS_MAX: usize = 100;
/// Characters of one cell.
const CELL_MAX: usize = 10_000;

/// A row with at least one cell that says something.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    /// Line of the file at which it begins, counted from 1.
    pub(super) line: u64,
    /// Row of the spreadsheet, counted from 1.
    pub(super) number: usize,
    pub(super) cells: Vec<String>,
}

/// A table as read.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) rows: Vec<Row>,
    /// Whether it had to be read as Windows-1252.
    pub(super) is_legacy: bool,
    /// The line at which a quote begins that does not end.
    pub(super) open_quote: Option<u64>,
    pub(super) is_over: bool,
}

/// Whether a text is a table with a column that says what each row is.
pub(super) fn is_table(bytes: &[u8]) -> bool {
    const HEAD_BYTES: usize = 4096;
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    let table = read(head);
    let header = table.rows.first().map_or(&[][..], |row| &row.cells);
    header.len() > 1 && super::words::has_kind(header)
}

/// Takes a text apart (RFC 4180, with any of three separators).
pub(super) fn read(bytes: &[u8]) -> Table {
    let (text, is_legacy) = text_of(bytes);
    let separator = separator(&text);
    let mut table = Table {
        is_legacy,
        ..Table::default()
    };
    let mut cells = vec![String::new()];
    let (mut line, mut start, mut number) = (1, 1, 1);
    // Where the quote began in which we are.
    let mut quote: Option<u64> = None;
    let mut length = 0;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        line += u64::from(c == '\n');
        let cell = cells.last_mut().expect("a row has a cell");
        if quote.is_some() {
            if c != '"' {
                push(cell, c, &mut length);
            } else if characters.next_if_eq(&'"').is_some() {
                push(cell, '"', &mut length);
            } else {
                quote = None;
            }
        } else if c == '"' && cell.trim().is_empty() {
            cell.clear();
            quote = Some(line);
        } else if c == separator {
            length = 0;
            if cells.len() < COLUMNS_MAX {
                cells.push(String::new());
            } else {
                table.is_over = true;
            }
        } else if c == '\n' {
            table.add(&mut cells, start, number);
            (start, number, length) = (line, number + 1, 0);
            if table.rows.len() >= ROWS_MAX {
                table.is_over = true;
                break;
            }
        } else if c != '\r' {
            push(cell, c, &mut length);
        }
    }
    table.add(&mut cells, start, number);
    table.open_quote = quote;
    table
}

fn push(cell: &mut String, c: char, length: &mut usize) {
    *length += 1;
    if *length <= CELL_MAX {
        cell.push(c);
    }
}

impl Table {
    fn add(&mut self, cells: &mut Vec<String>, line: u64, number: usize) {
        let cells = std::mem::replace(cells, vec![String::new()]);
        let cells: Vec<String> = cells.iter().map(|cell| cell.trim().to_owned()).collect();
        let is_remark = cells[0].starts_with('#');
        if !is_remark && cells.iter().any(|cell| !cell.is_empty()) {
            self.rows.push(Row {
                line,
                number,
                cells,
            });
        }
    }
}

/// The separator that the first row has most of, outside of quotes.
fn separator(text: &str) -> char {
    const SEPARATORS: [char; 3] = [';', '\t', ','];
    let mut counts = [0_usize; 3];
    let mut is_quoted = false;
    let lines = text.lines().map(str::trim);
    let header = lines.filter(|l| !l.is_empty() && !l.starts_with('#'));
    for c in header.take(1).flat_map(str::chars) {
        is_quoted ^= c == '"';
        if let Some(i) = SEPARATORS.iter().position(|&s| s == c && !is_quoted) {
            counts[i] += 1;
        }
    }
    let most = (0..3).max_by_key(|&i| (counts[i], 3 - i)).unwrap_or(0);
    SEPARATORS[most]
}

/// The text, and whether it is in the encoding of old spreadsheets.
fn text_of(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    let wide = |unit: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let units = bytes.chunks_exact(2).map(|b| unit([b[0], b[1]]));
        let text = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
        (Cow::Owned(text.collect()), false)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => return wide(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => return wide(u16::from_be_bytes, rest),
        _ => {}
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => (Cow::Borrowed(text), false),
        Err(_) => (
            Cow::Owned(bytes.iter().map(|&b| windows_1252(b)).collect()),
            true,
        ),
    }
}

/// Characters 0x80 to 0x9f of Windows code page 1252; the others are those of Latin 1.
/// (Unicode Consortium, `MAPPINGS/VENDORS/MICSFT/WINDOWS/CP1252.TXT`.)
const UPPER: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

fn windows_1252(byte: u8) -> char {
    match byte {
        0x80..=0x9f => UPPER[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_every_form() {
        for (text, expected) in [
            (&b"a,b\r\n1,2\r\n"[..], "a|b/1|2"),
            (b"a;b\n1,5;2", "a|b/1,5|2"),
            (b"a\tb\n1 \t 2", "a|b/1|2"),
            (b"a,b\n\"x, \"\"y\"\"\n z\",2\n", "a|b/x, \"y\"\n z|2"),
            (b"# a remark; with; many\na,b\n\n,,\n1,2", "a|b/1|2"),
            (b"\xef\xbb\xbfa,b", "a|b"),
            (b"\xff\xfea\0,\0\xeb\0", "a|ë"),
            (b"a,\xeb\x80", "a|ë€"),
            (b"", ""),
            (b"a,\"b\nc", "a|b\nc"),
        ] {
            let table = read(text);
            let rows: Vec<String> = table.rows.iter().map(|r| r.cells.join("|")).collect();
            assert_eq!(rows.join("/"), expected, "{text:?}");
        }
        let table = read(b"a,b\n\n\"1\n2\",3\n4,\"5");
        let at: Vec<_> = table.rows.iter().map(|r| (r.line, r.number)).collect();
        assert_eq!(at, [(1, 1), (3, 3), (5, 4)]);
        assert_eq!(table.open_quote, Some(5));
    }
}
