//! What a bundle says, once it is opened: records, grants and whatever later versions add.
//!
//! Topics are named once per epoch, readings are packed by columns, all else by rows.
//! Nothing here knows streams or signatures.

mod coder;
mod decimal;
mod readings;
mod statements;
mod topic;

pub(crate) use topic::Fingerprint;
pub use topic::{Topic, Topics};

use crate::bundle::NONCE_BYTES;
use crate::bytes::{Cursor, put_bytes, put_signed, put_varint};
use crate::error::Error;
use crate::keys::{Grant, SecretKey};
use crate::limits::{RECORDS_MAX, SECTIONS_MAX};
use crate::proof::Equivocation;
use crate::revocation::Revocation;
use readings::Reading;
use std::collections::BTreeSet;
use twin_model::{Act, Interval, Stated, Time, Value};

const VERSION: u8 = 1;
const TOPICS: u64 = 1;
const READINGS: u64 = 2;
const STATEMENTS: u64 = 3;
const GRANT: u64 = 4;
const PERSONAL: u64 = 5;
const REVOCATION: u64 = 6;
const PROOF: u64 = 7;
const ERASED: u64 = 8;

/// What one source says on one topic at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The number of the topic in the epoch.
    pub topic: u32,
    /// When it was seen.
    pub observed: Time,
    /// When it holds, as far as stated.
    pub valid: Interval,
    /// What is said. Unit and uncertainty are the topic's.
    pub act: Act,
}

impl Record {
    /// A number seen at a time, as sensors send it.
    pub fn reading(topic: u32, observed: Time, value: f64) -> Self {
        Self {
            topic,
            observed,
            valid: Interval::ALWAYS,
            act: Act::Assert(Stated::from(Value::Number(value))),
        }
    }

    fn as_reading(&self) -> Option<Reading> {
        let plain = self.valid == Interval::ALWAYS && is_date(self.observed);
        let Act::Assert(Stated {
            value: Value::Number(value),
            ..
        }) = self.act
        else {
            return None;
        };
        (plain && value.is_finite()).then_some(Reading {
            topic: self.topic,
            observed: self.observed,
            value,
        })
    }
}

fn is_date(time: Time) -> bool {
    (Time::MIN..=Time::MAX).contains(&time)
}

/// Records about a person, sealed once more with a key of that person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Personal {
    /// Which key.
    pub subject: u64,
    nonce: [u8; NONCE_BYTES],
    ciphertext: Vec<u8>,
}

/// The content of a bundle in the clear.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Payload {
    /// When the origin wrote it: later than all that it knew then.
    pub written: Time,
    /// What is said, ordered as written on the wire: readings by topic and time, then the
    /// rest.
    pub records: Vec<Record>,
    /// Keys for recipients.
    pub grants: Vec<Grant>,
    /// Records about persons, still sealed.
    pub personal: Vec<Personal>,
    /// Keys of nodes that are taken back.
    pub revocations: Vec<Revocation>,
    /// Origins found to have written two histories.
    pub proofs: Vec<Equivocation>,
    /// Persons whose keys every reader of the stream is to destroy, by number.
    pub erased: BTreeSet<u64>,
    /// Sections of a later version, by kind, to be kept and handed on.
    pub unknown: Vec<(u64, Vec<u8>)>,
}

impl Payload {
    /// The bytes. `new_topics` is the number of the first topic that no earlier bundle of
    /// the epoch names; `topics` has all that the records use.
    pub fn encode(&self, topics: &Topics, new_topics: u32) -> Result<Vec<u8>, Error> {
        if self.records.len() > RECORDS_MAX {
            return Err(Error::TooMany("records in a bundle"));
        }
        let mut out = vec![VERSION];
        put_signed(&mut out, self.written.0);
        if (new_topics as usize) < topics.len() {
            put_section(&mut out, TOPICS, &topics.encode_from(new_topics));
        }
        put_records(&mut out, &self.records, topics, self.written);
        for grant in &self.grants {
            put_section(&mut out, GRANT, &grant.encode());
        }
        for personal in &self.personal {
            put_section(&mut out, PERSONAL, &personal.encode());
        }
        for revocation in &self.revocations {
            put_section(&mut out, REVOCATION, &revocation.encode());
        }
        for proof in &self.proofs {
            put_section(&mut out, PROOF, &proof.encode());
        }
        if self.erased.len() > RECORDS_MAX {
            return Err(Error::TooMany("persons erased in a bundle"));
        }
        if !self.erased.is_empty() {
            put_section(&mut out, ERASED, &put_erased(&self.erased));
        }
        for (kind, section) in &self.unknown {
            put_section(&mut out, *kind, section);
        }
        Ok(out)
    }

    /// Reads the bytes; `topics` learns what they name.
    pub fn decode(bytes: &[u8], topics: &mut Topics) -> Result<Self, Error> {
        let mut cursor = Cursor::new(bytes);
        match cursor.u8() {
            Some(VERSION) => {}
            Some(0) | None => return Err(Error::Malformed("a payload")),
            Some(_) => return Err(Error::Later),
        }
        let written = cursor.signed().map(Time).filter(|&time| is_date(time));
        let mut payload = Self {
            written: written.ok_or(Error::Malformed("a payload"))?,
            ..Self::default()
        };
        for (kind, section) in sections(cursor)? {
            payload.read(kind, section, topics)?;
        }
        payload.check(topics)?;
        Ok(payload)
    }

    /// Whether it holds what no later record can supersede.
    pub(crate) fn says_more_than_records(&self) -> bool {
        let Self {
            grants,
            personal,
            revocations,
            proofs,
            erased,
            unknown,
            ..
        } = self;
        let all_empty = grants.is_empty()
            && personal.is_empty()
            && revocations.is_empty()
            && proofs.is_empty()
            && erased.is_empty()
            && unknown.is_empty();
        !all_empty
    }

    fn read(&mut self, kind: u64, section: &[u8], topics: &mut Topics) -> Result<(), Error> {
        match kind {
            TOPICS => topics.learn(section)?,
            READINGS | STATEMENTS => {
                self.records
                    .extend(get_records(kind, section, topics, self.written)?);
            }
            GRANT => self.grants.push(Grant::decode(section)?),
            PERSONAL => self.personal.push(Personal::decode(section)?),
            REVOCATION => self.revocations.push(Revocation::decode(section)?),
            PROOF => self.proofs.push(Equivocation::decode(section)?),
            ERASED => self.erased.extend(get_erased(section)?),
            _ => self.unknown.push((kind, section.to_vec())),
        }
        if self.records.len() > RECORDS_MAX {
            return Err(Error::TooMany("records in a bundle"));
        }
        if self.erased.len() > RECORDS_MAX {
            return Err(Error::TooMany("persons erased in a bundle"));
        }
        Ok(())
    }

    fn check(&self, topics: &Topics) -> Result<(), Error> {
        if self.records.iter().any(|r| topics.get(r.topic).is_none()) {
            return Err(Error::UnknownTopic);
        }
        let dated = self.records.iter().all(|r| is_date(r.observed));
        dated.then_some(()).ok_or(Error::Malformed("a record"))
    }

    /// Seals records about one person. `place` says where they will stand, so that the same
    /// words elsewhere look different.
    pub fn seal_personal(
        &mut self,
        key: &SecretKey,
        subject: u64,
        place: &[u8],
        records: &[Record],
        topics: &Topics,
    ) -> Result<(), Error> {
        let mut plaintext = Vec::new();
        put_records(&mut plaintext, records, topics, self.written);
        let (nonce, ciphertext) = key.seal_with(place, &plaintext)?;
        self.personal.push(Personal {
            subject,
            nonce,
            ciphertext,
        });
        Ok(())
    }

    /// Opens records about one person.
    pub fn open_personal(
        &self,
        personal: &Personal,
        key: &SecretKey,
        place: &[u8],
        topics: &Topics,
    ) -> Result<Vec<Record>, Error> {
        let plaintext = key.open_with(place, &personal.nonce, &personal.ciphertext)?;
        let mut opened = Self {
            written: self.written,
            ..Self::default()
        };
        for (kind, section) in sections(Cursor::new(&plaintext))? {
            if matches!(kind, READINGS | STATEMENTS) {
                let records = get_records(kind, section, topics, self.written)?;
                opened.records.extend(records);
            }
        }
        if opened.records.len() > RECORDS_MAX {
            return Err(Error::TooMany("records in a bundle"));
        }
        opened.check(topics)?;
        Ok(opened.records)
    }
}

impl Personal {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.ciphertext.len() + 24);
        put_varint(&mut out, self.subject);
        out.extend_from_slice(&self.nonce);
        out.extend_from_slice(&self.ciphertext);
        out
    }

    fn decode(section: &[u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(section);
        let whole = (|| {
            Some(Self {
                subject: cursor.varint()?,
                nonce: cursor.array()?,
                ciphertext: cursor.rest().to_vec(),
            })
        })();
        whole.ok_or(Error::Malformed("a personal section"))
    }
}

/// Ascending, each as the difference to the one before.
fn put_erased(erased: &BTreeSet<u64>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut before = 0;
    for &subject in erased {
        put_varint(&mut out, subject - before);
        before = subject;
    }
    out
}

fn get_erased(section: &[u8]) -> Result<BTreeSet<u64>, Error> {
    let mut cursor = Cursor::new(section);
    let mut erased = BTreeSet::new();
    let mut before = 0_u64;
    while !cursor.is_empty() {
        let subject = cursor.varint().and_then(|gap| before.checked_add(gap));
        before = subject.ok_or(Error::Malformed("a section of erased persons"))?;
        if !erased.insert(before) {
            return Err(Error::Malformed("a section of erased persons"));
        }
    }
    Ok(erased)
}

fn put_section(out: &mut Vec<u8>, kind: u64, section: &[u8]) {
    put_varint(out, kind);
    put_bytes(out, section);
}

fn sections(mut cursor: Cursor<'_>) -> Result<Vec<(u64, &[u8])>, Error> {
    let mut sections = Vec::new();
    while !cursor.is_empty() {
        let section = cursor.varint().zip(cursor.bytes());
        sections.push(section.ok_or(Error::Malformed("a section"))?);
        if sections.len() > SECTIONS_MAX {
            return Err(Error::TooMany("sections in a bundle"));
        }
    }
    Ok(sections)
}

fn put_records(out: &mut Vec<u8>, records: &[Record], topics: &Topics, written: Time) {
    let mut readings: Vec<Reading> = records.iter().filter_map(Record::as_reading).collect();
    if !readings.is_empty() {
        put_section(
            out,
            READINGS,
            &readings::encode(&mut readings, topics, written),
        );
    }
    let rest: Vec<&Record> = records
        .iter()
        .filter(|r| r.as_reading().is_none())
        .collect();
    if !rest.is_empty() {
        put_section(out, STATEMENTS, &statements::encode(&rest, written));
    }
}

fn get_records(
    kind: u64,
    section: &[u8],
    topics: &Topics,
    written: Time,
) -> Result<Vec<Record>, Error> {
    if kind == STATEMENTS {
        return statements::decode(section, written).ok_or(Error::Malformed("statements"));
    }
    let readings =
        readings::decode(section, topics, written).ok_or(Error::Malformed("readings"))?;
    let records = readings.iter().map(|reading| {
        let finite = reading.value.is_finite();
        let record = Record::reading(reading.topic, reading.observed, reading.value);
        finite.then_some(record).ok_or(Error::Malformed("readings"))
    });
    records.collect()
}

/// Numbers topics for a writer: names the new ones, remembers the others.
#[derive(Debug, Clone, Default)]
pub struct Names {
    topics: Topics,
    /// Topics below this are named in bundles that are written.
    written: u32,
}

impl Names {
    /// The number of a topic, named now if it is new. `first` is its first value, if that is
    /// a number; later ones are written as differences to it.
    pub fn number(&mut self, topic: &Topic, first: Option<f64>) -> Result<u32, Error> {
        if let Some(number) = self.topics.number(topic) {
            return Ok(number);
        }
        let reference = first.and_then(decimal::Decimal::of);
        self.topics.name(topic.clone(), reference)
    }

    /// All topics.
    pub fn topics(&self) -> &Topics {
        &self.topics
    }

    /// The first topic that no bundle names yet.
    pub fn unwritten(&self) -> u32 {
        self.written
    }

    /// Whether some topics are not named yet.
    pub(crate) fn has_unwritten(&self) -> bool {
        (self.written as usize) < self.topics.len()
    }

    /// All topics stand in bundles now; whether some did not before.
    pub(crate) fn mark_written(&mut self) -> bool {
        let before = std::mem::replace(&mut self.written, self.topics.len() as u32);
        before < self.written
    }
}
