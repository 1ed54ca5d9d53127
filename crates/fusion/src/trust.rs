//! How far each source is to be trusted, learned from how it did.
//!
//! A door contact that has said "open" a hundred times while everything else said "closed"
//! is worth less than its kind usually is. The book counts, for every source of one
//! attribute, what it said when all others were sure, and turns the counts into the two
//! rates that an estimate needs: how often it says yes when it is yes, and how often when it
//! is no. Few counts change little: the catalogue's rates stand for a stated number of looks.
//!
//! Equations: the posterior mean of a rate with a Beta prior, (a + k)/(a + b + n) (Gelman et
//! al., Bayesian Data Analysis, 3rd ed. 2013, 2.4). The prior's mean is the catalogue's rate
//! p; its weight a + b is [`LOOKS_LEAST`] looks, but at least as many as are needed for
//! [`RARE_EVENTS`] events of the rarer kind. A smoke detector whose kind sounds falsely in one
//! of 10⁵ looks is so not written off for one alarm that nobody else has seen yet.
//!
//! Counts are whole numbers and add up, so lessons may come in any order (DETERMINISTIC).

use crate::lesson::{Lesson, LessonKind, Trust};
use std::collections::BTreeMap;
use twin_model::{AttributeSpec, Estimator};

/// Others are sure from here on, either way; what is between teaches nothing.
const SURE: f64 = 0.95;
/// Looks that the catalogue's rate stands for, at least.
const LOOKS_LEAST: f64 = 50.0;
/// Events of the rarer kind that the catalogue's rate stands for, at least.
const RARE_EVENTS: f64 = 2.0;
/// BOUNDED: most sources that one book keeps. Beyond it those with the lowest numbers, the
/// ones that were met first, are kept; so it does not matter in which order they came.
pub const TRUSTED_MAX: usize = 65_536;
/// Bytes of one source's counts.
const ENTRY_BYTES: usize = 20;
const VERSION: u8 = 1;

/// What a source said while others were sure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    /// Looks at which others were sure of yes, and those of them at which it said yes.
    when_yes: u32,
    yes_when_yes: u32,
    /// The same where others were sure of no.
    when_no: u32,
    yes_when_no: u32,
}

impl Counts {
    fn count(&mut self, said: bool, held: bool) {
        let (all, yes) = if held {
            (&mut self.when_yes, &mut self.yes_when_yes)
        } else {
            (&mut self.when_no, &mut self.yes_when_no)
        };
        *all = all.saturating_add(1);
        *yes = yes.saturating_add(u32::from(said));
    }
}

/// What was learned of every source of one attribute, anywhere.
#[derive(Debug, Clone, PartialEq)]
pub struct TrustBook {
    hit: f64,
    false_alarm: f64,
    counts: BTreeMap<u32, Counts>,
}

/// Why bytes are not a book of trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes end in the middle.
    #[error("the book of trust ends in the middle")]
    Truncated,
    /// Written by another version.
    #[error("the book of trust has format version {0}, this program reads 1")]
    Version(u8),
    /// A field holds what no book holds.
    #[error("the book of trust is damaged: {0}")]
    Damaged(&'static str),
}

impl TrustBook {
    /// An empty book for an attribute.
    ///
    /// ```
    /// use twin_fusion::{Lesson, LessonKind, TrustBook};
    /// let spec = twin_model::Catalogue::BUILT_IN.get("open").unwrap();
    /// let mut book = TrustBook::new(spec);
    /// assert_eq!(book.trust(7), None);
    /// for _ in 0..100 {
    ///     let kind = LessonKind::Word { said: false, held: 0.99 };
    ///     book.learn(&Lesson { source: 7, kind });
    /// }
    /// let hit = book.trust(7).unwrap().hit;
    /// assert!((hit - 0.49).abs() < 1e-9); // 98 of 100 assumed, 0 of 100 seen
    /// ```
    pub fn new(spec: &AttributeSpec) -> Self {
        let (hit, false_alarm) = match spec.estimator {
            Estimator::Boolean {
                hit, false_alarm, ..
            } => (hit, false_alarm),
            Estimator::Category { right, .. } => (right, 1.0 - right),
            // Numbers, counts and facts give no lessons of words.
            Estimator::Scalar { .. } | Estimator::Count { .. } | Estimator::Static { .. } => {
                (0.5, 0.5)
            }
        };
        Self {
            hit,
            false_alarm,
            counts: BTreeMap::new(),
        }
    }

    /// Takes in one lesson. Lessons about numbers, and those at which others were not sure,
    /// change nothing.
    pub fn learn(&mut self, lesson: &Lesson) {
        let LessonKind::Word { said, held } = lesson.kind else {
            return;
        };
        let held = match held {
            p if p >= SURE => true,
            p if p <= 1.0 - SURE => false,
            _ => return,
        };
        let counts = self.counts.entry(lesson.source).or_default();
        counts.count(said, held);
        while self.counts.len() > TRUSTED_MAX {
            self.counts.pop_last();
        }
    }

    /// What is known of a source; `None` before anything was learned.
    pub fn trust(&self, source: u32) -> Option<Trust> {
        let counts = self.counts.get(&source)?;
        Some(Trust {
            hit: rate(self.hit, counts.yes_when_yes, counts.when_yes),
            false_alarm: rate(self.false_alarm, counts.yes_when_no, counts.when_no),
            kin: None,
        })
    }

    /// Appends the book's bytes: version, number of sources (`u32`), then of each in order
    /// its number, the looks at yes, those of them it said yes at, the looks at no, those of
    /// them it said yes at (five `u32`); little endian.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        out.extend((self.counts.len() as u32).to_le_bytes());
        for (source, counts) in &self.counts {
            let fields = [
                *source,
                counts.when_yes,
                counts.yes_when_yes,
                counts.when_no,
                counts.yes_when_no,
            ];
            out.extend(fields.iter().flat_map(|field| field.to_le_bytes()));
        }
    }

    /// Reads a book from the front of `bytes` and moves `bytes` behind it.
    pub fn decode(spec: &AttributeSpec, bytes: &mut &[u8]) -> Result<Self, Error> {
        let version = take::<1>(bytes)?[0];
        if version != VERSION {
            return Err(Error::Version(version));
        }
        let count = u32::from_le_bytes(take(bytes)?) as usize;
        if count > TRUSTED_MAX {
            return Err(Error::Damaged("too many sources"));
        }
        if count > bytes.len() / ENTRY_BYTES {
            return Err(Error::Truncated);
        }
        let mut book = Self::new(spec);
        for _ in 0..count {
            let (source, counts) = take_entry(bytes)?;
            if book
                .counts
                .last_key_value()
                .is_some_and(|(last, _)| *last >= source)
            {
                return Err(Error::Damaged("sources out of order"));
            }
            book.counts.insert(source, counts);
        }
        Ok(book)
    }
}

/// The catalogue's rate, moved by `k` of `n` looks.
fn rate(usual: f64, k: u32, n: u32) -> f64 {
    let rarer = usual.min(1.0 - usual).max(1e-9);
    let weight = LOOKS_LEAST.max(RARE_EVENTS / rarer);
    (usual * weight + f64::from(k)) / (weight + f64::from(n))
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Error> {
    let (head, rest) = bytes.split_first_chunk().ok_or(Error::Truncated)?;
    *bytes = rest;
    Ok(*head)
}

fn take_entry(bytes: &mut &[u8]) -> Result<(u32, Counts), Error> {
    let mut field = || take(bytes).map(u32::from_le_bytes);
    let source = field()?;
    let counts = Counts {
        when_yes: field()?,
        yes_when_yes: field()?,
        when_no: field()?,
        yes_when_no: field()?,
    };
    if counts.yes_when_yes > counts.when_yes || counts.yes_when_no > counts.when_no {
        return Err(Error::Damaged("more words than looks"));
    }
    Ok((source, counts))
}
