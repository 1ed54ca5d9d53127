//! Where every statement of the file begins, and of what type it is.

use super::lex::{
    Ahead, is_keyword, keyword, read_head, skip_blank, starts_with_word, statement_end,
};
use super::scan::{NOWHERE, Statements, parts_for};
use super::value::{Value, Values};
use memchr::{memchr, memmem};

/// A type of statement, numbered in order of first appearance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(pub(super) u16);

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
    statements: Statements<'a>,
    lookup: Lookup,
    schemas: Vec<String>,
    timestamp: Option<String>,
}

/// From number to place: a table where numbers are dense, a sorted list where they are not.
#[derive(Debug)]
enum Lookup {
    Dense(Vec<u32>),
    Sorted(Vec<(u64, u32)>),
}

impl<'a> Index<'a> {
    /// Reads the whole file once. Never fails: see [`Index::defects`].
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::in_parts(bytes, parts_for(bytes.len()))
    }

    /// Reads the whole file in so many stretches at once, which makes no difference to the result.
    fn in_parts(bytes: &'a [u8], parts: usize) -> Self {
        let mut index = Self {
            bytes,
            statements: Statements::default(),
            lookup: Lookup::Sorted(Vec::new()),
            schemas: Vec::new(),
            timestamp: None,
        };
        if let Some(data) = index.read_header() {
            let header = std::mem::take(&mut index.statements.defects);
            index.statements = Statements::read(bytes, data, parts);
            index.statements.defects.precede(header);
            index.statements.shrink();
        } else {
            index.statements.defects.add(Defect::NotStep);
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
        &self.statements.defects.listed
    }

    /// How many defects there are.
    pub fn defects_total(&self) -> usize {
        self.statements.defects.total
    }

    /// Number of statements.
    pub fn len(&self) -> usize {
        self.statements.kinds.len()
    }

    /// Whether there are no statements.
    pub fn is_empty(&self) -> bool {
        self.statements.kinds.is_empty()
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
        self.id_at(entity.position())
    }

    /// The type of a statement.
    pub fn kind(&self, entity: Entity) -> Kind {
        self.statements.kinds[entity.position()]
    }

    /// The name of a type, in capitals.
    pub fn kind_name(&self, kind: Kind) -> &str {
        &self.statements.words.names[kind.0 as usize]
    }

    /// The type with this name (in capitals), if the file has any of it.
    pub fn kind_named(&self, name: &str) -> Option<Kind> {
        self.statements.words.named(name)
    }

    /// How many types the file uses; kinds are numbered below this.
    pub fn kind_count(&self) -> usize {
        self.statements.words.names.len()
    }

    /// Dense number of a kind, below [`Index::kind_count`].
    pub fn kind_number(kind: Kind) -> usize {
        kind.0 as usize
    }

    /// All statements in file order.
    pub fn entities(&self) -> impl Iterator<Item = Entity> + use<> {
        (0..self.len() as u32).map(Entity)
    }

    /// The attributes of a statement.
    pub fn values(&self, entity: Entity) -> Values<'a> {
        let begin = self.start(entity.position());
        let mut at = keyword(self.bytes, begin).unwrap_or(self.bytes.len());
        while at < self.bytes.len() && is_keyword(self.bytes[at]) {
            at += 1;
        }
        at = skip_blank(self.bytes, at);
        let start = if self.bytes.get(at) == Some(&b'(') {
            at + 1
        } else {
            self.bytes.len()
        };
        let next = self.statements.starts.get(entity.position() + 1);
        let end = next.unwrap_or(self.bytes.len());
        Values::new(&self.bytes[start.min(end)..end])
    }

    /// Line in which a byte stands, counted from 1. Slow: for messages only.
    pub fn line_of(&self, offset: usize) -> u64 {
        1 + memchr::memchr_iter(b'\n', &self.bytes[..offset.min(self.bytes.len())]).count() as u64
    }

    /// Line in which a statement begins, counted from 1. Slow: for messages only.
    pub fn line(&self, entity: Entity) -> u64 {
        self.line_of(self.start(entity.position()))
    }

    /// Byte of the `#` of a statement.
    fn start(&self, place: usize) -> usize {
        let start = self.statements.starts.get(place);
        start.unwrap_or(self.bytes.len())
    }

    fn id_at(&self, place: usize) -> u64 {
        match self.statements.ids[place] {
            NOWHERE => read_head(self.bytes, self.start(place)).map_or(0, |head| head.0),
            id => u64::from(id),
        }
    }

    /// Reads header statements up to `DATA;` and returns the byte after it. A file whose header
    /// is missing or broken is still read from the first `DATA` at the beginning of a statement.
    fn read_header(&mut self) -> Option<usize> {
        let mut ahead = Ahead::default();
        let mut at = 0;
        if self.bytes.starts_with(&[0xEF, 0xBB, 0xBF]) {
            at = 3;
        }
        // Binary input has no statements worth a search of a gigabyte.
        let limit = self.bytes.len().min(16 << 20);
        while at < limit {
            at = skip_blank(self.bytes, at);
            let start = at;
            let end = statement_end(self.bytes, at, &mut ahead).0;
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
        self.statements
            .defects
            .add(Defect::Unterminated { offset: 0 });
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

    fn build_lookup(&mut self) {
        let places = 0..self.len() as u32;
        let max = places.clone().map(|p| self.id_at(p as usize)).max();
        let max = max.unwrap_or(0);
        let dense = usize::try_from(max).is_ok_and(|m| m < self.len().saturating_mul(4) + 1024);
        let mut duplicates = Vec::new();
        if dense {
            let mut table = vec![NOWHERE; max as usize + 1];
            for place in places {
                let id = self.id_at(place as usize);
                if table[id as usize] == NOWHERE {
                    table[id as usize] = place;
                } else {
                    duplicates.push(id);
                }
            }
            self.lookup = Lookup::Dense(table);
        } else {
            let mut list: Vec<(u64, u32)> = places.map(|p| (self.id_at(p as usize), p)).collect();
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
            self.statements.defects.add(Defect::DuplicateId { id });
        }
    }

    /// The first attribute that satisfies nothing but its place; a convenience for callers that
    /// need one value only.
    pub fn value(&self, entity: Entity, place: usize) -> Value<'a> {
        self.values(entity).nth(place).unwrap_or(Value::Missing)
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
