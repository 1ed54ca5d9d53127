//! What somebody has, so that a stick carries only what is missing.

use super::{Holds, Item, header};
use std::collections::BTreeMap;
use twin_link::bytes::{Cursor, put_varint};
use twin_link::limits::{AHEAD_MAX, STREAMS_MAX};
use twin_link::{GapCertificate, Ranges, Replica, StreamId};
use twin_model::Time;

/// Runs of numbers that are kept of a stream. What lies after them counts as missing, which
/// at worst is carried twice.
pub const RUNS_MAX: usize = 4096;

/// What somebody has of one stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    accounted: Ranges,
    covered: u64,
    is_forked: bool,
}

impl Known {
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.is_forked));
        put_varint(out, self.covered);
        let runs = self.accounted.runs().min(RUNS_MAX);
        put_varint(out, runs as u64);
        let mut end = 0;
        for (from, to) in self.accounted.iter().take(runs) {
            put_varint(out, from - end - 1);
            put_varint(out, to - from + 1);
            end = to;
        }
    }

    pub(super) fn get(cursor: &mut Cursor<'_>) -> Option<Self> {
        let mut known = Self {
            is_forked: cursor.u8().filter(|&flags| flags <= 1)? == 1,
            covered: cursor.varint()?,
            accounted: Ranges::default(),
        };
        let runs = cursor.count(2).filter(|&n| n <= RUNS_MAX)?;
        let mut end = 0_u64;
        for run in 0..runs {
            // Runs that touch are one run: each set has one form.
            let skipped = cursor.varint().filter(|&n| n > 0 || run == 0)?;
            let from = end.checked_add(skipped)?.checked_add(1)?;
            let length = cursor.varint().filter(|&n| n > 0)?;
            end = from.checked_add(length - 1).filter(|&n| n <= AHEAD_MAX)?;
            known.accounted.insert(from, end);
        }
        Some(known)
    }

    /// What is accounted for.
    pub fn accounted(&self) -> &Ranges {
        &self.accounted
    }

    /// Whether the proof that the stream forked is there.
    pub fn is_forked(&self) -> bool {
        self.is_forked
    }

    fn insert(&mut self, from: u64, to: u64) {
        self.accounted.insert(from, to);
        if self.accounted.runs() > RUNS_MAX
            && let Some((from, to)) = self.accounted.last_run()
        {
            self.accounted.remove(from, to);
        }
    }
}

/// What somebody has of all streams.
///
/// A second export can be told what the first one brought:
///
/// ```
/// use twin_exchange::carry::{Export, Have, Import};
/// use twin_link::{Replica, Shelf, StreamId};
/// use twin_model::Time;
/// struct Empty;
/// impl Shelf for Empty {
///     fn bytes(&self, _: StreamId, _: u64) -> Option<Vec<u8>> {
///         None
///     }
/// }
/// let replica = Replica::default();
/// let summary: Vec<u8> = Have::of(&replica).chunks(Time(0)).flatten().collect();
/// let mut have = Have::default();
/// let mut import = Import::default();
/// import.feed(&summary, &mut |item| have.note(&item))?;
/// assert!(import.finish(&mut |item| have.note(&item))?.is_complete);
/// let file = Export::new(&replica, &Empty, &have, Time(0));
/// assert_eq!(file.count(), 3, "only header, beginning and end");
/// # Ok::<(), twin_exchange::carry::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Have {
    streams: BTreeMap<StreamId, Known>,
}

impl Have {
    /// What a replica has.
    pub fn of(replica: &Replica) -> Self {
        let streams = replica.streams().map(|(id, stream)| {
            let known = Known {
                accounted: stream.accounted().clone(),
                covered: stream.covered_count(),
                is_forked: stream.fork().is_some(),
            };
            (id, known)
        });
        Self {
            streams: streams.collect(),
        }
    }

    /// Takes note of an item of a file: whoever has the file has it; or of a line of
    /// somebody's summary.
    pub fn note(&mut self, item: &Item) {
        match item {
            Item::Bundle(bundle) => self.note_one(bundle.header().stream, bundle.header().seq),
            Item::Stub(stub) => self.note_one(stub.header.stream, stub.header.seq),
            Item::Gap(stream, certificate) => self.note_gap(*stream, certificate),
            Item::Fork(proof) => {
                if let Some(known) = self.entry(proof.opening.id()) {
                    known.is_forked = true;
                }
            }
            Item::Have(stream, theirs) => {
                if let Some(known) = self.entry(*stream) {
                    let runs = theirs.accounted.iter();
                    runs.for_each(|(from, to)| known.insert(from, to));
                    known.covered = known.covered.max(theirs.covered);
                    known.is_forked |= theirs.is_forked;
                }
            }
            Item::About { .. } | Item::Opening(_) | Item::End(_) => {}
        }
    }

    fn note_one(&mut self, stream: StreamId, seq: u64) {
        if let Some(known) = self.entry(stream) {
            known.insert(seq, seq);
        }
    }

    fn note_gap(&mut self, stream: StreamId, certificate: &GapCertificate) {
        let Some(known) = self.entry(stream) else {
            return;
        };
        let covered = certificate.covered();
        covered.iter().for_each(|(from, to)| known.insert(from, to));
        // Of several certificates the largest: it is rather carried twice than not.
        known.covered = known.covered.max(covered.count());
    }

    fn entry(&mut self, stream: StreamId) -> Option<&mut Known> {
        let has_room = self.streams.len() < STREAMS_MAX;
        (has_room || self.streams.contains_key(&stream))
            .then(|| self.streams.entry(stream).or_default())
    }

    /// What is known of one stream.
    pub fn stream(&self, stream: StreamId) -> Option<&Known> {
        self.streams.get(&stream)
    }

    /// Whether a gap certificate of a stream, which certifies `covered` numbers with all
    /// others, need not be carried.
    pub(super) fn has_gap(&self, id: StreamId, certificate: &GapCertificate, covered: u64) -> bool {
        self.streams.get(&id).is_some_and(|known| {
            known.covered >= covered && known.accounted.contains_all(&certificate.covered())
        })
    }

    /// The bytes of a summary file, in chunks.
    pub fn chunks(&self, now: Time) -> impl Iterator<Item = Vec<u8>> + '_ {
        let about = Item::About {
            written: now,
            holds: Holds::Summary,
        };
        let lines = self.streams.iter();
        let lines = lines.map(|(&id, known)| Item::Have(id, known.clone()).encode());
        let end = Item::End(self.streams.len() as u64);
        [header().to_vec(), about.encode()]
            .into_iter()
            .chain(lines)
            .chain([end.encode()])
    }
}
