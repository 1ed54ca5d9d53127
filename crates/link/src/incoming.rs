//! Items that arrive in parts, in any order, over several sessions.

use crate::frame::{Item, Part};
use crate::id::StreamId;
use crate::limits::PARTIALS_MAX;
use crate::ranges::Ranges;
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
struct Partial {
    bytes: Vec<u8>,
    got: Ranges,
    /// When it was last added to, in parts.
    touched: u64,
}

/// Unfinished items. A cut connection loses nothing of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Incoming {
    partials: BTreeMap<(StreamId, Item), Partial>,
    parts: u64,
}

impl Incoming {
    /// Adds a part; the whole item if that completes it.
    pub(crate) fn add(&mut self, stream: StreamId, part: &Part) -> Option<Vec<u8>> {
        self.parts += 1;
        let key = (stream, part.item);
        let known = self.partials.get(&key);
        if known.is_some_and(|partial| partial.bytes.len() != part.total) {
            self.partials.remove(&key);
        }
        let partial = self.partials.entry(key).or_insert_with(|| Partial {
            bytes: vec![0; part.total],
            got: Ranges::default(),
            touched: 0,
        });
        let end = part.offset + part.bytes.len();
        partial.bytes[part.offset..end].copy_from_slice(&part.bytes);
        partial.got.insert(part.offset as u64 + 1, end as u64);
        partial.touched = self.parts;
        if partial.got.contiguous() == part.total as u64 {
            return self.partials.remove(&key).map(|partial| partial.bytes);
        }
        self.forget();
        None
    }

    /// What was added to least recently gives way.
    fn forget(&mut self) {
        if self.partials.len() > PARTIALS_MAX {
            let oldest = self
                .partials
                .iter()
                .min_by_key(|(_, partial)| partial.touched);
            if let Some((&key, _)) = oldest {
                self.partials.remove(&key);
            }
        }
    }

    /// The streams whose first bundle has begun to arrive.
    pub(crate) fn begun(&self) -> impl Iterator<Item = StreamId> + '_ {
        let keys = self.partials.keys();
        keys.filter_map(|&(stream, item)| (item == Item::Body(1)).then_some(stream))
    }

    /// Whether a bundle of a stream that is not accounted for has begun to arrive.
    pub(crate) fn awaits(&self, stream: StreamId, accounted: &Ranges) -> bool {
        self.partials.keys().any(|&(of, item)| match item {
            Item::Body(seq) | Item::Stub(seq) | Item::Short(seq) => {
                of == stream && !accounted.contains(seq)
            }
            Item::Gap(_) | Item::Fork => false,
        })
    }

    /// How many bytes from its beginning are here.
    pub(crate) fn began(&self, stream: StreamId, item: Item) -> u64 {
        let partial = self.partials.get(&(stream, item));
        partial.map_or(0, |partial| partial.got.contiguous())
    }
}
