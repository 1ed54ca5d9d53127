//! What settled readings have taught: how far each source is to be trusted, by attribute.
//!
//! The writer adds the lessons of each claim to the books of its attribute; readers see the
//! books of their picture. Lessons add up in any order, so that folding the claims again
//! gives the same books (DETERMINISTIC). A claim that teaches nothing costs nothing here.

use crate::error::Error;
use std::collections::BTreeMap;
use std::sync::Arc;
use twin_fusion::{Lesson, LessonKind, Trust, TrustBook};
use twin_model::AttributeSpec;

/// The books of every attribute, by its number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Books(BTreeMap<u32, Arc<Book>>);

/// What was learned of one attribute anywhere.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Book {
    pub(crate) spec: &'static AttributeSpec,
    pub(crate) trust: TrustBook,
}

impl Books {
    /// Adds what one claim has taught.
    pub(crate) fn learn(
        self: &mut Arc<Self>,
        attribute: u32,
        spec: &'static AttributeSpec,
        lessons: &[Lesson],
    ) {
        let words = |lesson: &&Lesson| matches!(lesson.kind, LessonKind::Word { .. });
        let mut lessons = lessons.iter().filter(words).peekable();
        if lessons.peek().is_none() {
            return;
        }
        let books = &mut Arc::make_mut(self).0;
        let book = books
            .entry(attribute)
            .or_insert_with(|| Arc::new(Book::new(spec)));
        let book = Arc::make_mut(book);
        lessons.for_each(|lesson| book.trust.learn(lesson));
    }

    /// What was learned of a source for an attribute.
    pub(crate) fn trust(&self, attribute: u32, source: u32) -> Option<Trust> {
        self.0.get(&attribute)?.trust.trust(source)
    }

    /// Appends the bytes of all books: their number (u32), then of each the number of its
    /// attribute (u32) and its trust.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend((self.0.len() as u32).to_le_bytes());
        for (attribute, book) in &self.0 {
            out.extend(attribute.to_le_bytes());
            book.trust.encode(out);
        }
    }

    /// Reads books back; `spec` gives the entry of an attribute's number.
    pub(crate) fn decode(
        mut bytes: &[u8],
        spec: impl Fn(u32) -> Option<&'static AttributeSpec>,
    ) -> Result<Self, Error> {
        let damaged = |what: &dyn std::fmt::Display| Error::Snapshot(what.to_string());
        let number = |bytes: &mut &[u8]| {
            let (head, rest) = bytes
                .split_first_chunk()
                .ok_or_else(|| damaged(&"the books end early"))?;
            *bytes = rest;
            Ok::<_, Error>(u32::from_le_bytes(*head))
        };
        let mut books = BTreeMap::new();
        for _ in 0..number(&mut bytes)? {
            let attribute = number(&mut bytes)?;
            let spec = spec(attribute).ok_or_else(|| damaged(&"a book is of no attribute"))?;
            let trust = TrustBook::decode(spec, &mut bytes).map_err(|e| damaged(&e))?;
            books.insert(attribute, Arc::new(Book { spec, trust }));
        }
        Ok(Self(books))
    }
}

impl Book {
    fn new(spec: &'static AttributeSpec) -> Self {
        Self {
            spec,
            trust: TrustBook::new(spec),
        }
    }
}
