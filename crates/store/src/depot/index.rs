//! Which row of a key counts, and where it stands.
//!
//! Every key that has a row on the disk has one entry here, in memory. An entry also
//! counts the older puts of its key that still lie in some segment, because a delete may
//! only be forgotten when none is left that it must hold down.

use super::segment::{ROW_BYTES, ValueAt};
use std::collections::BTreeMap;
use std::ops::Bound;

/// Bytes of an entry beside its key: the entry, its share of a B-tree node that is two
/// thirds full, and what the allocator adds to a key.
const ENTRY_BYTES: u64 = 96;

/// Where the row that counts stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) segment: u32,
    pub(super) row: RowAt,
}

/// The row itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowAt {
    Put(ValueAt),
    /// Where the row of the table stands.
    Delete(u32),
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    place: Place,
    /// Puts of the key on the disk that no longer count.
    stale: u32,
}

/// The rows that count.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: BTreeMap<Box<[u8]>, Entry>,
    rows: usize,
    key_bytes: u64,
    /// Bytes of rows, by segment: all, and those that count.
    bytes: BTreeMap<u32, (u64, u64)>,
}

impl Index {
    /// Takes note of a row that is newer than all before.
    pub(super) fn note(&mut self, key: &[u8], place: Place) {
        let is_put = matches!(place.row, RowAt::Put(_));
        let row_bytes = row_bytes(place, key.len());
        let counts = match self.entries.get_mut(key) {
            Some(entry) => {
                let was = std::mem::replace(&mut entry.place, place);
                let was_put = matches!(was.row, RowAt::Put(_));
                entry.stale += u32::from(was_put);
                self.rows = self.rows + usize::from(is_put) - usize::from(was_put);
                self.outdate(was, key.len());
                true
            }
            // A delete of what is nowhere need not be remembered.
            None if !is_put => false,
            None => {
                self.entries.insert(key.into(), Entry { place, stale: 0 });
                self.rows += 1;
                self.key_bytes += key.len() as u64;
                true
            }
        };
        let (all, live) = self.bytes.entry(place.segment).or_default();
        *all += row_bytes;
        *live += if counts { row_bytes } else { 0 };
    }

    /// Takes note that a put of the key that does not count is gone from the disk.
    pub(super) fn forget(&mut self, key: &[u8]) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        entry.stale = entry.stale.saturating_sub(1);
        let place = entry.place;
        if entry.stale == 0 && matches!(place.row, RowAt::Delete(_)) {
            self.entries.remove(key);
            self.key_bytes -= key.len() as u64;
            self.outdate(place, key.len());
        }
    }

    fn outdate(&mut self, place: Place, key_bytes: usize) {
        if let Some((_, live)) = self.bytes.get_mut(&place.segment) {
            *live -= row_bytes(place, key_bytes);
        }
    }

    /// Where the value of a key stands.
    pub(super) fn get(&self, key: &[u8]) -> Option<(u32, ValueAt)> {
        put(self.entries.get(key)?)
    }

    /// Whether this row is the one that counts.
    pub(super) fn counts(&self, key: &[u8], place: Place) -> bool {
        self.entries
            .get(key)
            .is_some_and(|entry| entry.place == place)
    }

    /// Keys that begin with `prefix`, from `from` on, in order.
    pub(super) fn range<'a>(
        &'a self,
        prefix: &'a [u8],
        from: Bound<&'a [u8]>,
    ) -> impl Iterator<Item = (&'a [u8], u32, ValueAt)> {
        self.entries
            .range::<[u8], _>((from, Bound::Unbounded))
            .take_while(move |(key, _)| key.starts_with(prefix))
            .filter_map(|(key, entry)| put(entry).map(|(segment, at)| (&**key, segment, at)))
    }

    /// Rows that have a value.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes of memory, counted with what a B-tree and an allocator take.
    pub(super) fn memory_bytes(&self) -> u64 {
        self.entries.len() as u64 * ENTRY_BYTES + self.key_bytes
    }

    /// Bytes of rows of a segment that count.
    pub(super) fn live_bytes(&self, segment: u32) -> u64 {
        self.bytes.get(&segment).map_or(0, |&(_, live)| live)
    }

    /// Bytes of all rows of a segment.
    pub(super) fn all_bytes(&self, segment: u32) -> u64 {
        self.bytes.get(&segment).map_or(0, |&(all, _)| all)
    }

    /// Takes note that a segment is gone.
    pub(super) fn drop_segment(&mut self, segment: u32) {
        let left = self.bytes.remove(&segment);
        debug_assert!(
            left.is_none_or(|(_, live)| live == 0),
            "a segment with rows that count is gone"
        );
    }
}

fn put(entry: &Entry) -> Option<(u32, ValueAt)> {
    match entry.place.row {
        RowAt::Put(value) => Some((entry.place.segment, value)),
        RowAt::Delete(_) => None,
    }
}

fn row_bytes(place: Place, key_bytes: usize) -> u64 {
    let value = match place.row {
        RowAt::Put(value) => u64::from(value.bytes),
        RowAt::Delete(_) => 0,
    };
    (ROW_BYTES + key_bytes) as u64 + value
}
