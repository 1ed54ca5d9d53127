//! What settled readings have taught: how far each source is to be trusted, and whether
//! intervals hold what they promise, by attribute.
//!
//! Lessons wait until a minute is over, as the claims tell the time, or until there are
//! some thousand of them; then they are entered into the books together. So a claim costs
//! no copy of a book, and the books depend on the claims alone (DETERMINISTIC). Readers see
//! the books of their picture.

use crate::cow::CowVec;
use crate::error::Error;
use std::collections::BTreeMap;
use std::sync::Arc;
use twin_fusion::calibration::{Calibration, Verdict};
use twin_fusion::{Lesson, LessonKind, Trust, TrustBook};
use twin_model::time::MICROS;
use twin_model::{AttributeSpec, Time};

/// Most lessons that wait.
const WAITING_MAX: usize = 4096;
const MINUTE_MICROS: i64 = 60 * MICROS;

/// The books of every attribute, by its number, and what is still to be entered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Books {
    entered: Arc<BTreeMap<u32, Arc<Book>>>,
    waiting: CowVec<(u32, Lesson)>,
    /// The minute of the claims whose lessons wait.
    minute: i64,
}

/// What was learned of one attribute anywhere.
#[derive(Debug, Clone)]
pub(crate) struct Book {
    pub(crate) trust: TrustBook,
    pub(crate) calibration: Calibration,
    widening: f64,
}

/// Gives the catalogue's entry of an attribute's number.
type SpecOf<'a> = &'a dyn Fn(u32) -> Option<&'static AttributeSpec>;

impl Books {
    /// Lets the lessons of a claim wait.
    pub(crate) fn learn(&mut self, attribute: u32, lessons: &[Lesson]) {
        for lesson in lessons {
            self.waiting.push((attribute, *lesson));
        }
    }

    /// Enters what waits, if it is time by a claim recorded at `now`; whether it was.
    pub(crate) fn turn(&mut self, now: Time, spec: SpecOf) -> bool {
        let minute = now.0.div_euclid(MINUTE_MICROS);
        let is_time = minute != self.minute || self.waiting.len() >= WAITING_MAX;
        let has_turned = is_time && self.waiting.len() > 0;
        if has_turned {
            self.enter(spec);
        }
        self.minute = minute;
        has_turned
    }

    fn enter(&mut self, spec: SpecOf) {
        let books = Arc::make_mut(&mut self.entered);
        let mut by_attribute: BTreeMap<u32, Vec<Lesson>> = BTreeMap::new();
        for (attribute, lesson) in self.waiting.iter() {
            by_attribute.entry(*attribute).or_default().push(*lesson);
        }
        for (attribute, lessons) in by_attribute {
            let Some(spec) = spec(attribute) else {
                continue;
            };
            let book = books
                .entry(attribute)
                .or_insert_with(|| Arc::new(Book::new(spec)));
            Arc::make_mut(book).enter(&lessons);
        }
        self.waiting = CowVec::default();
    }

    /// The book of an attribute, if anything was learned.
    pub(crate) fn book(&self, attribute: u32) -> Option<&Book> {
        self.entered.get(&attribute).map(Arc::as_ref)
    }

    /// What was learned of a source for an attribute.
    pub(crate) fn trust(&self, attribute: u32, source: u32) -> Option<Trust> {
        self.book(attribute)?.trust.trust(source)
    }

    /// Of the attributes with a verdict, the least share inside the intervals that should
    /// hold nine in ten.
    pub(crate) fn worst_coverage(&self) -> Option<f64> {
        let reports = self.entered.values().map(|book| book.calibration.report());
        let judged = reports.filter(|report| report.verdict != Verdict::TooFew);
        let shares = judged.filter_map(|report| Some(report.coverage_90?.share));
        shares.min_by(f64::total_cmp)
    }

    /// By how much standard deviations of an attribute are to be given wider.
    pub(crate) fn widening(&self, attribute: u32) -> f64 {
        self.book(attribute).map_or(1.0, |book| book.widening)
    }
}

impl Book {
    fn new(spec: &AttributeSpec) -> Self {
        Self::of(TrustBook::new(spec), Calibration::new(spec))
    }

    fn of(trust: TrustBook, calibration: Calibration) -> Self {
        Self {
            widening: calibration.widening(),
            trust,
            calibration,
        }
    }

    fn enter(&mut self, lessons: &[Lesson]) {
        for lesson in lessons {
            self.trust.learn(lesson);
            self.calibration.learn(lesson);
        }
        self.widening = self.calibration.widening();
    }
}

const NUMBER: u8 = 0;
const WORD: u8 = 1;

/// Saved states: `docs/formats/saved-state.md`.
impl Books {
    /// Appends the bytes of all books and of what waits.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend((self.entered.len() as u32).to_le_bytes());
        for (attribute, book) in self.entered.iter() {
            out.extend(attribute.to_le_bytes());
            book.trust.encode(out);
            book.calibration.encode(out);
        }
        out.extend(self.minute.to_le_bytes());
        out.extend((self.waiting.len() as u32).to_le_bytes());
        for (attribute, lesson) in self.waiting.iter() {
            out.extend(attribute.to_le_bytes());
            out.extend(lesson.source.to_le_bytes());
            put_kind(out, lesson.kind);
        }
    }

    /// Reads books back.
    pub(crate) fn decode(mut bytes: &[u8], spec: SpecOf) -> Result<Self, Error> {
        let rest = &mut bytes;
        let mut entered = BTreeMap::new();
        for _ in 0..u32::from_le_bytes(take(rest)?) {
            let attribute = u32::from_le_bytes(take(rest)?);
            let spec = spec(attribute).ok_or_else(|| damaged(&"a book is of no attribute"))?;
            let trust = TrustBook::decode(spec, rest).map_err(|e| damaged(&e))?;
            let calibration = Calibration::decode(spec, rest).map_err(|e| damaged(&e))?;
            entered.insert(attribute, Arc::new(Book::of(trust, calibration)));
        }
        let mut books = Self {
            entered: Arc::new(entered),
            waiting: CowVec::default(),
            minute: i64::from_le_bytes(take(rest)?),
        };
        for _ in 0..u32::from_le_bytes(take(rest)?) {
            let attribute = u32::from_le_bytes(take(rest)?);
            let source = u32::from_le_bytes(take(rest)?);
            let kind = take_kind(rest)?;
            books.waiting.push((attribute, Lesson { source, kind }));
        }
        Ok(books)
    }
}

fn put_kind(out: &mut Vec<u8>, kind: LessonKind) {
    let mut put = |number: f64| out.extend(number.to_bits().to_le_bytes());
    match kind {
        LessonKind::Number {
            pit,
            crps,
            log_score,
            sd,
        } => {
            [pit, crps, log_score, sd].into_iter().for_each(&mut put);
            out.push(NUMBER);
        }
        LessonKind::Word { said, held } => {
            let said = if said { 1.0 } else { 0.0 };
            [said, held, 0.0, 0.0].into_iter().for_each(&mut put);
            out.push(WORD);
        }
    }
}

fn take_kind(rest: &mut &[u8]) -> Result<LessonKind, Error> {
    let mut number = || take(rest).map(|bytes| f64::from_bits(u64::from_le_bytes(bytes)));
    let [a, b, c, d] = [number()?, number()?, number()?, number()?];
    match take(rest)? {
        [NUMBER] => Ok(LessonKind::Number {
            pit: a,
            crps: b,
            log_score: c,
            sd: d,
        }),
        [WORD] => Ok(LessonKind::Word {
            said: a > 0.5,
            held: b,
        }),
        _ => Err(damaged(&"a lesson is of no kind")),
    }
}

fn damaged(cause: &dyn std::fmt::Display) -> Error {
    Error::Snapshot(cause.to_string())
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Error> {
    let (bytes, after) = rest
        .split_first_chunk::<N>()
        .ok_or_else(|| damaged(&"the books end early"))?;
    *rest = after;
    Ok(*bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use twin_model::Catalogue;

    fn spec_of(number: u32) -> Option<&'static AttributeSpec> {
        Catalogue::BUILT_IN.get(["temperature", "open"].get(number as usize)?)
    }

    fn lessons(count: u32) -> Vec<(u32, Lesson)> {
        (0..count)
            .map(|n| {
                let number = LessonKind::Number {
                    pit: f64::from(n % 5) / 40.0,
                    crps: 0.3,
                    log_score: 1.0,
                    sd: 0.5,
                };
                let word = LessonKind::Word {
                    said: n % 3 == 0,
                    held: 0.99,
                };
                let kind = if n % 2 == 0 { number } else { word };
                (
                    n % 2,
                    Lesson {
                        source: n % 4,
                        kind,
                    },
                )
            })
            .collect()
    }

    #[test]
    fn lessons_are_entered_when_the_minute_is_over_or_enough_wait() {
        let mut books = Books::default();
        let at = |second: i64| Time(second * MICROS);
        let teach = |books: &mut Books, count| {
            for (attribute, lesson) in lessons(count) {
                books.learn(attribute, &[lesson]);
            }
        };
        books.turn(at(0), &spec_of);
        teach(&mut books, 1000);
        books.turn(at(59), &spec_of);
        assert!(books.book(0).is_none(), "the minute is not over");
        books.turn(at(60), &spec_of);
        assert_eq!(books.book(0).unwrap().calibration.report().readings, 500);
        assert!(books.widening(0) > 1.0 && books.trust(1, 1).is_some());
        teach(&mut books, WAITING_MAX as u32);
        books.turn(at(61), &spec_of);
        assert_eq!(books.waiting.len(), 0, "enough have waited");
    }

    #[test]
    fn books_round_trip_with_what_waits() {
        let mut books = Books::default();
        for (second, (attribute, lesson)) in (0..).zip(lessons(700)) {
            books.turn(Time(second * MICROS), &spec_of);
            books.learn(attribute, &[lesson]);
        }
        let mut bytes = Vec::new();
        books.encode(&mut bytes);
        let read = Books::decode(&bytes, &spec_of).unwrap();
        let mut again = Vec::new();
        read.encode(&mut again);
        assert!(bytes == again);
        assert!(read.waiting.iter().eq(books.waiting.iter()));
        for cut in [0, 3, bytes.len() / 2, bytes.len() - 1] {
            assert!(Books::decode(&bytes[..cut], &spec_of).is_err(), "{cut}");
        }
    }
}
