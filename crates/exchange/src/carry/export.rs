//! Writes a bundle file, chunk by chunk, the most urgent first.

use super::{Have, Holds, Item, header};
use std::collections::VecDeque;
use std::fmt;
use twin_link::replica::{EXPIRY_SLACK_S, Stream};
use twin_link::{Bundle, Class, Ranges, Replica, Shelf, StreamId, Stub};
use twin_model::Time;
use twin_model::time::MICROS;

/// The most urgent class first, in it keys before what they open.
type Place = (Class, bool, StreamId);

/// The chunks of a bundle file: all that a replica has and `have` does not. Each chunk is a
/// whole item; stop wherever the stick is full.
pub struct Export<'a> {
    replica: &'a Replica,
    shelf: &'a dyn Shelf,
    have: &'a Have,
    now: Time,
    streams: std::vec::IntoIter<Place>,
    /// The stream whose bundles are being written, and the next number.
    at: Option<(StreamId, u64)>,
    /// The stream whose opening stands in this run already.
    opened: Option<StreamId>,
    ready: VecDeque<Item>,
    items: u64,
    needs_header: bool,
    is_over: bool,
}

impl fmt::Debug for Export<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export")
            .field("items", &self.items)
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}

impl<'a> Export<'a> {
    /// A new file.
    pub fn new(replica: &'a Replica, shelf: &'a dyn Shelf, have: &'a Have, now: Time) -> Self {
        let mut streams: Vec<Place> = replica
            .streams()
            .map(|(id, stream)| (stream.opening.class, !stream.is_plain(), id))
            .collect();
        streams.sort_unstable();
        let about = Item::About {
            written: now,
            holds: Holds::Bundles,
        };
        Self {
            replica,
            shelf,
            have,
            now,
            streams: streams.into_iter(),
            at: None,
            opened: None,
            ready: [about].into(),
            items: 0,
            needs_header: true,
            is_over: false,
        }
    }

    /// Goes on with a file that was cut and then shortened to its last whole item. `have`
    /// is to know what is in it.
    pub fn append(mut self) -> Self {
        self.needs_header = false;
        self
    }

    /// Only some streams.
    pub fn only(mut self, is_wanted: impl Fn(StreamId, Class) -> bool) -> Self {
        let streams: Vec<_> = self
            .streams
            .filter(|&(class, _, id)| is_wanted(id, class))
            .collect();
        self.streams = streams.into_iter();
        self
    }

    /// Gets the next things ready; `false` when there is nothing more.
    fn prepare(&mut self) -> bool {
        if let Some((id, seq)) = self.at {
            self.at = self.bundle_from(id, seq);
            return true;
        }
        if let Some((_, _, id)) = self.streams.next() {
            self.begin(id);
            return true;
        }
        if !self.is_over {
            self.is_over = true;
            self.ready.push_back(Item::End(self.items));
            return true;
        }
        false
    }

    fn begin(&mut self, id: StreamId) {
        let Some(stream) = self.replica.stream(id) else {
            return;
        };
        let known = self.have.stream(id);
        if let Some(proof) = stream.fork() {
            if known.is_none_or(|known| !known.is_forked()) {
                self.put(stream, Item::Fork(Box::new(*proof)));
            }
            return;
        }
        let covered = stream.covered_count();
        for certificate in stream.certificates() {
            if !self.have.has_gap(id, certificate, covered) {
                self.put(stream, Item::Gap(id, certificate.clone()));
            }
        }
        self.at = Some((id, 1));
    }

    /// Gets the first bundle from `seq` on ready that is missing; where to go on.
    fn bundle_from(&mut self, id: StreamId, mut seq: u64) -> Option<(StreamId, u64)> {
        let stream = self.replica.stream(id)?;
        let none = Ranges::default();
        let known = self
            .have
            .stream(id)
            .map_or(&none, |known| known.accounted());
        loop {
            let (held_seq, held) = stream.next_held(seq)?;
            let missing = known.next_hole(held_seq);
            if missing == held_seq {
                let item = self.item(id, held_seq, held.is_stub);
                // Bytes that the disk lost are as if they had never been here.
                if let Some(item) = item {
                    self.put(stream, item);
                }
                return Some((id, held_seq + 1));
            }
            seq = missing;
        }
    }

    fn item(&self, id: StreamId, seq: u64, is_stub: bool) -> Option<Item> {
        let bytes = self.shelf.bytes(id, seq)?;
        if is_stub {
            return Stub::decode(id, seq, &bytes).ok().map(Item::Stub);
        }
        let bundle = Bundle::from_body(id, seq, &bytes).ok()?;
        let latest = Time(self.now.0.saturating_sub(EXPIRY_SLACK_S * MICROS));
        if bundle.header().is_expired(latest) {
            return Some(Item::Stub(*bundle.stub()));
        }
        Some(Item::Bundle(bundle))
    }

    fn put(&mut self, stream: &Stream, item: Item) {
        let id = stream.opening.id();
        if self.opened != Some(id) {
            self.opened = Some(id);
            self.ready.push_back(Item::Opening(stream.opening));
        }
        self.ready.push_back(item);
    }
}

impl Iterator for Export<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if std::mem::take(&mut self.needs_header) {
            return Some(header().to_vec());
        }
        while self.ready.is_empty() {
            if !self.prepare() {
                return None;
            }
        }
        let item = self.ready.pop_front()?;
        if !matches!(item, Item::About { .. } | Item::End(_)) {
            self.items += 1;
        }
        Some(item.encode())
    }
}
