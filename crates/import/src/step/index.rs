//! Where every statement of the file begins, and of what type it is.

use super::value::{Value, Values};
use memchr::{memchr, memmem};
use rustc_hash::FxHashMap;

/// More distinct keywords than any schema has (IFC4x3 has about 1,300); a file with more is
/// garbage and its further keywords share one kind.
const KINDS_MAX: usize = 8_192;

/// How many defects are kept one by one; the rest is only counted.
const DEFECTS_MAX: usize = 200;

/// A type of statement, numbered in order of first appearance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(u16);

/// One statement: its place in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entity(u32);

impl Entity {
    /// Position in the file, counted from 0: a dense key for tables beside the index.
    pub fn position(self) -> usize {
        self.0 as usize
    }
}

/// What is wrong with the file as a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Defect {
    /// No `DATA;` section: not a STEP file.
    NotStep,
    /// No end marker.
    Truncated,
    /// A statement that is not `#number=KEYWORD(…);`, with the byte where it begins.
    BadStatement {
        /// Byte from the beginning of the file.
        offset: usize,
    },
    /// A text or comment that does not end where it should, with the byte where it begins.
    Unterminated {
        /// Byte from the beginning of the file.
        offset: usize,
    },
    /// A number that stands for two statements; the first is used.
    DuplicateId {
        /// The number.
        id: u64,
    },
    /// The file has more statements than can be counted.
    TooMany,
}

/// The statements of a file, by number and by type.
#[derive(Debug)]
pub struct Index<'a> {
    bytes: &'a [u8],
    ids: Vec<u64>,
    /// Byte of the keyword of each statement.
    keywords: Vec<u64>,
    kinds: Vec<Kind>,
    names: Vec<String>,
    by_name: FxHashMap<String, Kind>,
    lookup: Lookup,
    schemas: Vec<String>,
    timestamp: Option<String>,
    defects: Vec<Defect>,
    defects_total: usize,
    /// Beginning of the last `*/`: a comment opened after it never ends, and searching for its
    /// end again and again would take quadratic time.
    last_comment_end: usize,
}

/// From number to place: a table where numbers are dense, a sorted list where they are not.
#[derive(Debug)]
enum Lookup {
    Dense(Vec<u32>),
    Sorted(Vec<(u64, u32)>),
}

const NOWHERE: u32 = u32::MAX;

impl<'a> Index<'a> {
    /// Reads the whole file once. Never fails: see [`Index::defects`].
    pub fn new(bytes: &'a [u8]) -> Self {
        let mut index = Self {
            bytes,
            ids: Vec::new(),
            keywords: Vec::new(),
            kinds: Vec::new(),
            names: Vec::new(),
            by_name: FxHashMap::default(),
            lookup: Lookup::Sorted(Vec::new()),
            schemas: Vec::new(),
            timestamp: None,
            defects: Vec::new(),
            defects_total: 0,
            last_comment_end: memchr::memrchr_iter(b'*', bytes)
                .find(|&star| bytes.get(star + 1) == Some(&b'/'))
                .unwrap_or(0),
        };
        let data = index.read_header();
        if let Some(data) = data {
            // Statements are 50–100 bytes in practice; shrunk again below.
            let expected = (bytes.len() / 60).min(1 << 24);
            index.ids.reserve(expected);
            index.keywords.reserve(expected);
            index.kinds.reserve(expected);
            index.read_data(data);
            index.ids.shrink_to_fit();
            index.keywords.shrink_to_fit();
            index.kinds.shrink_to_fit();
        } else {
            index.defect(Defect::NotStep);
        }
        index.build_lookup();
        index
    }

    /// The schema names of the header, as written, for example `IFC4`.
    pub fn schemas(&self) -> &[String] {
        &self.schemas
    }

    /// When the header says that the file was written, as written.
    pub fn timestamp(&self) -> Option<String> {
        self.timestamp.clone()
    }

    /// The first 200 defects.
    pub fn defects(&self) -> &[Defect] {
        &self.defects
    }

    /// How many defects there are.
    pub fn defects_total(&self) -> usize {
        self.defects_total
    }

    /// Number of statements.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are no statements.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The statement with this number.
    pub fn find(&self, id: u64) -> Option<Entity> {
        match &self.lookup {
            Lookup::Dense(table) => {
                let place = *table.get(usize::try_from(id).ok()?)?;
                (place != NOWHERE).then_some(Entity(place))
            }
            Lookup::Sorted(list) => {
                let at = list.binary_search_by_key(&id, |e| e.0).ok()?;
                Some(Entity(list[at].1))
            }
        }
    }

    /// The number of a statement.
    pub fn id(&self, entity: Entity) -> u64 {
        self.ids[entity.position()]
    }

    /// The type of a statement.
    pub fn kind(&self, entity: Entity) -> Kind {
        self.kinds[entity.position()]
    }

    /// The name of a type, in capitals.
    pub fn kind_name(&self, kind: Kind) -> &str {
        &self.names[kind.0 as usize]
    }

    /// The type with this name (in capitals), if the file has any of it.
    pub fn kind_named(&self, name: &str) -> Option<Kind> {
        self.by_name.get(name).copied()
    }

    /// How many types the file uses; kinds are numbered below this.
    pub fn kind_count(&self) -> usize {
        self.names.len()
    }

    /// Dense number of a kind, below [`Index::kind_count`].
    pub fn kind_number(kind: Kind) -> usize {
        kind.0 as usize
    }

    /// All statements in file order.
    pub fn entities(&self) -> impl Iterator<Item = Entity> + use<> {
        (0..self.ids.len() as u32).map(Entity)
    }

    /// The attributes of a statement.
    pub fn values(&self, entity: Entity) -> Values<'a> {
        let mut at = self.keywords[entity.position()] as usize;
        while at < self.bytes.len() && is_keyword(self.bytes[at]) {
            at += 1;
        }
        at = skip_blank(self.bytes, at);
        let start = if self.bytes.get(at) == Some(&b'(') {
            at + 1
        } else {
            self.bytes.len()
        };
        let end = self
            .keywords
            .get(entity.position() + 1)
            .map_or(self.bytes.len(), |&k| k as usize);
        Values::new(&self.bytes[start.min(end)..end])
    }

    /// Line in which a byte stands, counted from 1. Slow: for messages only.
    pub fn line_of(&self, offset: usize) -> u64 {
        1 + memchr::memchr_iter(b'\n', &self.bytes[..offset.min(self.bytes.len())]).count() as u64
    }

    /// Line in which a statement begins, counted from 1. Slow: for messages only.
    pub fn line(&self, entity: Entity) -> u64 {
        self.line_of(self.keywords[entity.position()] as usize)
    }

    fn defect(&mut self, defect: Defect) {
        self.defects_total += 1;
        if self.defects.len() < DEFECTS_MAX {
            self.defects.push(defect);
        }
    }

    /// Reads header statements up to `DATA;` and returns the byte after it. A file whose header
    /// is missing or broken is still read from the first `DATA` at the beginning of a statement.
    fn read_header(&mut self) -> Option<usize> {
        let mut at = 0;
        if self.bytes.starts_with(&[0xEF, 0xBB, 0xBF]) {
            at = 3;
        }
        // Binary input has no statements worth a search of a gigabyte.
        let limit = self.bytes.len().min(16 << 20);
        while at < limit {
            at = skip_blank(self.bytes, at);
            let start = at;
            let end = statement_end(self.bytes, at, self.last_comment_end).0;
            let statement = &self.bytes[start..end];
            if starts_with_word(statement, b"DATA") {
                return Some((end + 1).min(self.bytes.len()));
            }
            if starts_with_word(statement, b"FILE_SCHEMA") {
                self.read_schemas(statement);
            }
            if starts_with_word(statement, b"FILE_NAME")
                && let Some(open) = memchr(b'(', statement)
            {
                self.timestamp = Values::new(&statement[open + 1..])
                    .nth(1)
                    .and_then(Value::text);
            }
            at = end + 1;
        }
        // A header broken by a stray quote: take the first `DATA;` that begins a statement.
        let bytes = self.bytes;
        let found = memmem::find_iter(bytes, b"DATA;").find(|&at| {
            let before = bytes[..at].iter().rev().find(|b| !b.is_ascii_whitespace());
            before.is_none_or(|b| *b == b';')
        })?;
        if self.schemas.is_empty()
            && let Some(s) = memmem::find(&self.bytes[..found], b"FILE_SCHEMA")
        {
            let end = memchr(b';', &self.bytes[s..found]).map_or(found, |e| s + e);
            self.read_schemas(&bytes[s..end]);
        }
        self.defect(Defect::Unterminated { offset: 0 });
        Some(found + 5)
    }

    fn read_schemas(&mut self, statement: &[u8]) {
        let mut rest = statement;
        while let Some(open) = memchr(b'\'', rest) {
            let Some(close) = memchr(b'\'', &rest[open + 1..]) else {
                break;
            };
            if self.schemas.len() < 16 && close < 256 {
                let name = String::from_utf8_lossy(&rest[open + 1..open + 1 + close]);
                self.schemas.push(name.trim().to_owned());
            }
            rest = &rest[open + 2 + close..];
        }
    }

    fn read_data(&mut self, mut at: usize) {
        let bytes = self.bytes;
        // Keywords as written, so that capitals are made once per spelling.
        let mut kinds: FxHashMap<&'a [u8], Kind> = FxHashMap::default();
        loop {
            at = skip_blank(bytes, at);
            if at >= bytes.len() {
                self.defect(Defect::Truncated);
                return;
            }
            if bytes[at] != b'#' {
                let word_end = (at..bytes.len())
                    .find(|&i| !is_keyword(bytes[i]))
                    .unwrap_or(bytes.len());
                match &bytes[at..word_end] {
                    // Further DATA sections (edition 3) are simply read on.
                    w if w.eq_ignore_ascii_case(b"ENDSEC") || w.eq_ignore_ascii_case(b"DATA") => {
                        at = statement_end(bytes, at, self.last_comment_end).0 + 1;
                        continue;
                    }
                    w if w.starts_with(b"END-ISO-10303-21") => return,
                    _ => {
                        self.defect(Defect::BadStatement { offset: at });
                        at = resync(bytes, at + 1);
                        continue;
                    }
                }
            }
            let start = at;
            let Some((id, keyword)) = read_head(bytes, at) else {
                self.defect(Defect::BadStatement { offset: start });
                at = resync(bytes, at + 1);
                continue;
            };
            let word_end = (keyword..bytes.len())
                .find(|&i| !is_keyword(bytes[i]))
                .unwrap_or(bytes.len());
            let word = &bytes[keyword..word_end];
            if word.len() > 128 || word.is_empty() && bytes.get(keyword) != Some(&b'(') {
                self.defect(Defect::BadStatement { offset: start });
                at = resync(bytes, at + 1);
                continue;
            }
            let (end, whole) = statement_end(bytes, word_end, self.last_comment_end);
            match whole {
                Ending::Closed => {}
                Ending::Broken { offset } => self.defect(Defect::Unterminated { offset }),
                Ending::EndOfFile => {
                    // A last statement cut in the middle would be read with holes.
                    self.defect(Defect::Truncated);
                    return;
                }
            }
            if matches!(whole, Ending::Closed) {
                if self.ids.len() >= NOWHERE as usize {
                    self.defect(Defect::TooMany);
                    return;
                }
                let known = kinds.get(word).copied();
                let kind = known.unwrap_or_else(|| self.intern(word));
                if known.is_none() && kinds.len() < KINDS_MAX {
                    kinds.insert(word, kind);
                }
                self.ids.push(id);
                self.keywords.push(keyword as u64);
                self.kinds.push(kind);
                at = end + 1;
            } else {
                at = end;
            }
        }
    }

    fn intern(&mut self, word: &[u8]) -> Kind {
        let name = String::from_utf8_lossy(word).to_ascii_uppercase();
        if let Some(&kind) = self.by_name.get(&name) {
            return kind;
        }
        if self.names.len() >= KINDS_MAX {
            return Kind(KINDS_MAX as u16 - 1);
        }
        let kind = Kind(self.names.len() as u16);
        self.names.push(name.clone());
        self.by_name.insert(name, kind);
        kind
    }

    fn build_lookup(&mut self) {
        let max = self.ids.iter().copied().max().unwrap_or(0);
        let dense = usize::try_from(max).is_ok_and(|m| m < self.ids.len().saturating_mul(4) + 1024);
        let mut duplicates = Vec::new();
        if dense {
            let mut table = vec![NOWHERE; max as usize + 1];
            for (place, &id) in self.ids.iter().enumerate() {
                if table[id as usize] == NOWHERE {
                    table[id as usize] = place as u32;
                } else {
                    duplicates.push(id);
                }
            }
            self.lookup = Lookup::Dense(table);
        } else {
            let mut list: Vec<(u64, u32)> = self
                .ids
                .iter()
                .enumerate()
                .map(|(place, &id)| (id, place as u32))
                .collect();
            list.sort_unstable();
            list.dedup_by(|later, first| {
                let same = later.0 == first.0;
                if same {
                    duplicates.push(later.0);
                }
                same
            });
            self.lookup = Lookup::Sorted(list);
        }
        for id in duplicates {
            self.defect(Defect::DuplicateId { id });
        }
    }

    /// The first attribute that satisfies nothing but its place; a convenience for callers that
    /// need one value only.
    pub fn value(&self, entity: Entity, place: usize) -> Value<'a> {
        self.values(entity).nth(place).unwrap_or(Value::Missing)
    }
}

/// Which bytes end the fast run through a statement.
const STOP: [bool; 256] = {
    let mut stop = [false; 256];
    stop[b';' as usize] = true;
    stop[b'\'' as usize] = true;
    stop[b'/' as usize] = true;
    stop[b'\n' as usize] = true;
    stop[b'"' as usize] = true;
    stop
};

#[derive(Clone, Copy, Debug)]
enum Ending {
    Closed,
    Broken { offset: usize },
    EndOfFile,
}

/// The byte of the `;` that ends the statement in which `at` stands, minding texts and comments.
///
/// A statement that runs into what looks like the next one (a line that begins `#7=`) has lost
/// its end; then the returned byte is the beginning of that line.
fn statement_end(bytes: &[u8], mut at: usize, last_comment_end: usize) -> (usize, Ending) {
    loop {
        while at < bytes.len() && !STOP[bytes[at] as usize] {
            at += 1;
        }
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
                let closes = at + 2 <= last_comment_end;
                match closes
                    .then(|| memmem::find(&bytes[at + 2..], b"*/"))
                    .flatten()
                {
                    Some(length) => at += length + 4,
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
fn begins_statement(bytes: &[u8], at: usize) -> bool {
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
fn resync(bytes: &[u8], at: usize) -> usize {
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
fn read_head(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut i = at + 1;
    let digits = i;
    let mut id: u64 = 0;
    while i < bytes.len() && bytes[i].is_ascii_digit() {
        id = id
            .checked_mul(10)?
            .checked_add(u64::from(bytes[i] - b'0'))?;
        i += 1;
    }
    if i == digits {
        return None;
    }
    if bytes.get(i) != Some(&b'=') {
        i = skip_blank(bytes, i);
        if bytes.get(i) != Some(&b'=') {
            return None;
        }
    }
    Some((id, skip_blank(bytes, i + 1)))
}

fn starts_with_word(statement: &[u8], word: &[u8]) -> bool {
    statement.len() >= word.len()
        && statement[..word.len()].eq_ignore_ascii_case(word)
        && statement.get(word.len()).is_none_or(|&b| !is_keyword(b))
}

fn is_keyword(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'!')
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use std::fmt::Write;

    fn check(data: &str, expect: Expect) {
        let text =
            format!("ISO-10303-21;\nHEADER;\nFILE_SCHEMA(('IFC4'));\nENDSEC;\nDATA;\n{data}");
        check_whole(text.as_bytes(), expect);
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "the usual form of an expectation"
    )]
    fn check_whole(bytes: &[u8], expect: Expect) {
        let index = Index::new(bytes);
        let mut out = String::new();
        for entity in index.entities() {
            let name = index.kind_name(index.kind(entity));
            writeln!(
                out,
                "#{} {name} {}",
                index.id(entity),
                index.values(entity).count()
            )
            .unwrap();
        }
        for defect in index.defects() {
            writeln!(out, "{defect:?}").unwrap();
        }
        expect.assert_eq(&out);
    }

    #[test]
    fn statements_in_every_form_that_is_allowed() {
        check(
            "#1=IFCA('x;y',#2);\n# 9=IFCB();#2 = IFCB\n (1.,\n  /* ; ' */ (2,3)) ;#3=ifca('it''s','/*');\n\
             #4=(IFCX(1)IFCY(2));\nENDSEC;\nEND-ISO-10303-21;",
            expect![[r"
                #1 IFCA 2
                #2 IFCB 2
                #3 IFCA 2
                #4  1
                BadStatement { offset: 78 }
            "]],
        );
    }

    #[test]
    fn a_lost_quote_costs_one_statement() {
        check(
            "#1=IFCA('lost,#2);\n#2=IFCB('a');\n#3=IFCB('b');\nENDSEC;\nEND-ISO-10303-21;",
            expect![[r"
                #2 IFCB 1
                #3 IFCB 1
                Unterminated { offset: 67 }
            "]],
        );
    }

    #[test]
    fn a_lost_semicolon_costs_one_statement() {
        check(
            "#1=IFCA(1)\n#2=IFCB('a');\nENDSEC;\nEND-ISO-10303-21;",
            expect![[r"
                #2 IFCB 1
                Unterminated { offset: 69 }
            "]],
        );
    }

    #[test]
    fn a_cut_file_keeps_what_is_whole() {
        check(
            "#1=IFCA(1);\n#2=IFCB('a",
            expect![[r"
                #1 IFCA 1
                Truncated
            "]],
        );
        check(
            "#1=IFCA(1);\n",
            expect![[r"
                #1 IFCA 1
                Truncated
            "]],
        );
    }

    #[test]
    fn numbers_that_stand_for_two_statements() {
        check(
            "#1=IFCA(1);\n#1=IFCB(2);\n#18446744073709551615=IFCA();\n#99999999999999999999=IFCA();\n\
             ENDSEC;\nEND-ISO-10303-21;",
            expect![[r"
                #1 IFCA 1
                #1 IFCB 1
                #18446744073709551615 IFCA 0
                BadStatement { offset: 113 }
                DuplicateId { id: 1 }
            "]],
        );
    }

    #[test]
    fn what_is_not_step() {
        for bytes in [
            &b""[..],
            b"\0\xff\xfe\x01binary",
            b"PK\x03\x04",
            b"{\"a\": 1}",
            &[b'\''; 1000],
        ] {
            assert_eq!(Index::new(bytes).defects(), [Defect::NotStep]);
        }
    }

    #[test]
    fn the_header_names_the_schema() {
        let index = Index::new(b"ISO-10303-21;HEADER;/* DATA; */FILE_SCHEMA (( 'IFC2X3' ));ENDSEC;DATA;ENDSEC;END-ISO-10303-21;");
        assert_eq!(index.schemas(), ["IFC2X3"]);
        assert!(index.defects().is_empty());
    }
}
