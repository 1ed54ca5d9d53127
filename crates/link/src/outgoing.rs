//! What one peer lacks of one stream, and what of it is under way.

use crate::bundle::Before;
use crate::frame::{Item, Line};
use crate::ranges::Ranges;
use crate::replica::{Held, Stream};
use std::collections::{BTreeMap, BTreeSet};
use twin_model::Time;

/// Runs that are kept of what a peer has. One that claims more in pieces is taken by its
/// last word.
const RUNS_MAX: usize = 4096;

/// Larger bodies go whole: of them little can be saved, and they resume where they were cut.
const SHORT_BYTES_MAX: u32 = 1024;

/// An item that is being sent.
#[derive(Debug, Clone)]
struct Sending {
    bytes: Vec<u8>,
    /// The first byte that the peer lacked; counted from 1, as all of these.
    from: u64,
    /// Bytes not handed down, or lost.
    todo: Ranges,
    /// Bytes that arrived.
    arrived: Ranges,
}

/// Some bytes of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) item: Item,
    pub(crate) offset: usize,
    pub(crate) bytes: usize,
}

/// One stream towards one peer.
#[expect(
    clippy::struct_excessive_bools,
    reason = "what the peer said, each by itself"
)]
#[derive(Debug, Clone, Default)]
pub(crate) struct Outgoing {
    /// The number of the stream in this session.
    pub(crate) number: Option<u64>,
    /// The peer has acknowledged the number.
    pub(crate) is_declared: bool,
    /// The peer wants nothing of it.
    pub(crate) is_declined: bool,
    /// The peer has said what it has.
    pub(crate) is_known: bool,
    /// What the peer has, as far as it said or showed.
    have: Ranges,
    covered: u64,
    /// How many covered numbers the peer was told of in a receipt.
    pub(crate) told_covered: Option<u64>,
    is_forked: bool,
    /// A number of which the peer holds another bundle than we do.
    contested: Option<u64>,
    /// A body of which the peer has the first bytes, and how many.
    began: Option<(u64, u64)>,
    /// Handed down completely in this session.
    sent: Ranges,
    /// Bodies of which all bytes arrived in this session.
    there: Ranges,
    /// Bodies that were sent short, once.
    shortened: Ranges,
    sent_others: BTreeSet<Item>,
    sending: BTreeMap<Item, Sending>,
    /// Those of which bytes are not handed down, or lost.
    unsent: BTreeSet<Item>,
}

impl Outgoing {
    /// Takes in what the peer says that it has; `stream` is what is here.
    pub(crate) fn learn(&mut self, line: &Line, is_whole: bool, stream: Option<&Stream>) {
        self.is_known = true;
        self.have.extend(&line.accounted);
        self.covered = self.covered.max(line.covered);
        self.is_forked |= line.is_forked;
        self.began = Some((line.accounted.contiguous() + 1, line.began));
        if is_whole || self.have.runs() > RUNS_MAX {
            // It is the peer's whole knowledge: what it lacks now must be sent again, even if
            // it had it before.
            self.have = line.accounted.clone();
            self.forget_sent();
        }
        if let Some(stream) = stream.filter(|_| is_whole) {
            self.compare_tips(line, stream);
        }
    }

    /// Where the peer holds another bundle of its last number than we do, its origin wrote two
    /// histories: the stub of ours proves it to the peer.
    fn compare_tips(&mut self, line: &Line, stream: &Stream) {
        let last = line.accounted.last();
        let tips = (line.tip, stream.tip(last));
        self.contested = match tips {
            (Some(theirs), Some(ours)) if theirs != ours => Some(last),
            _ => None,
        };
        // As many numbers are certified on both sides, and not the same.
        let is_level = last == stream.accounted().last() && line.covered == stream.covered_count();
        if is_level && tips.0.is_some() != tips.1.is_some() {
            self.covered = 0;
        }
    }

    /// The peer knows nothing of the stream.
    pub(crate) fn learn_nothing(&mut self) {
        *self = Self {
            number: self.number,
            is_declared: self.is_declared,
            is_declined: self.is_declined,
            is_known: true,
            sending: std::mem::take(&mut self.sending),
            unsent: std::mem::take(&mut self.unsent),
            ..Self::default()
        };
        self.forget_sent();
    }

    /// The peer has all that is here.
    pub(crate) fn learn_equal(&mut self, stream: &Stream) {
        self.is_known = true;
        self.have.extend(stream.accounted());
        self.covered = stream.covered_count();
        self.is_forked = stream.fork().is_some();
        self.contested = None;
    }

    /// The peer showed that it has this.
    pub(crate) fn note_shown(&mut self, item: Item) {
        match item {
            Item::Body(seq) | Item::Stub(seq) | Item::Short(seq) => self.have.insert(seq, seq),
            Item::Fork => self.is_forked = true,
            // It need not go back to where it came from.
            Item::Gap(_) => {
                self.sent_others.insert(item);
            }
        }
    }

    /// Whether the peer has said that it holds all that is here, as far as it wants it.
    pub(crate) fn is_level(&self, stream: &Stream) -> bool {
        let is_whole = self.is_known
            && self.contested.is_none()
            && self.sending.is_empty()
            && self.is_forked == stream.fork().is_some()
            && self.next_gap(stream).is_none();
        self.is_declined || (is_whole && self.have.contains_all(stream.accounted()))
    }

    /// Whether the peer wants the stream and lacks some of these bundles, as far as is known.
    pub(crate) fn lacks(&self, needless: &Ranges) -> bool {
        !self.is_declined && !self.have.contains_all(needless)
    }

    /// What the peer has.
    pub(crate) fn have(&self) -> &Ranges {
        &self.have
    }

    /// Whether the peer has the bundle.
    pub(crate) fn has(&self, seq: u64) -> bool {
        self.have.contains(seq)
    }

    fn forget_sent(&mut self) {
        self.sent = Ranges::default();
        self.there = Ranges::default();
        self.sent_others.clear();
        for item in self.sending.keys() {
            mark(&mut self.sent, &mut self.sent_others, *item);
        }
    }

    /// What goes next, and by when it should. Before the peer has said what it has, only what
    /// is younger than the session (`after`).
    pub(crate) fn next(&self, stream: &Stream, after: u64) -> Option<(Item, Option<Time>)> {
        if self.is_declined {
            return None;
        }
        if let Some(&item) = self.unsent.first() {
            return Some((item, goes_by(stream, item)));
        }
        if stream.fork().is_some() {
            let is_due = !self.is_forked && !self.sent_others.contains(&Item::Fork);
            return is_due.then_some((Item::Fork, None));
        }
        if let Some(seq) = self.contested.filter(|&seq| !self.sent.contains(seq))
            && stream.held(seq).is_some()
        {
            return Some((Item::Stub(seq), None));
        }
        let after = if self.is_known { 0 } else { after };
        self.next_gap(stream)
            .map(|item| (item, None))
            .or_else(|| self.next_bundle(stream, after))
    }

    fn next_gap(&self, stream: &Stream) -> Option<Item> {
        if !self.is_known || stream.covered_count() <= self.covered {
            return None;
        }
        let gaps = stream.certificates().iter().filter_map(|c| c.gaps().last());
        gaps.map(|gap| Item::Gap(gap.to))
            .find(|item| !self.sent_others.contains(item))
    }

    fn next_bundle(&self, stream: &Stream, after: u64) -> Option<(Item, Option<Time>)> {
        let (seq, held) = self.next_due(stream, after + 1)?;
        let item = if held.is_stub {
            Item::Stub(seq)
        } else {
            Item::Body(seq)
        };
        Some((item, held.goes_by(stream.opening.class)))
    }

    /// The first bundle from `at` on that the peer lacks and that was not begun.
    fn next_due<'a>(&self, stream: &'a Stream, mut at: u64) -> Option<(u64, &'a Held)> {
        loop {
            let (seq, held) = stream.next_held(at)?;
            let free = self.sent.next_hole(self.have.next_hole(seq));
            if free == seq {
                return Some((seq, held));
            }
            at = free;
        }
    }

    /// Tells of each item that waits how many bytes of it do, and since when.
    pub(crate) fn waiting(
        &self,
        stream: &Stream,
        after: u64,
        mut tell: impl FnMut(u64, Option<Time>),
    ) {
        for item in &self.unsent {
            let bytes = self.sending.get(item).map_or(0, |s| s.todo.count());
            let held = match item {
                Item::Body(seq) | Item::Stub(seq) | Item::Short(seq) => stream.held(*seq),
                Item::Gap(_) | Item::Fork => None,
            };
            tell(bytes, held.and_then(|held| held.since));
        }
        let mut at = if self.is_known { 1 } else { after + 1 };
        while let Some((seq, held)) = self.next_due(stream, at) {
            tell(u64::from(held.bytes), held.since);
            at = seq + 1;
        }
    }

    /// What the body of a bundle can leave unsaid to the peer, once: if it cannot make sense
    /// of it, the whole follows.
    pub(crate) fn before(&self, seq: u64, stream: &Stream) -> Option<Before> {
        let last = seq.checked_sub(1)?;
        let is_there = self.there.contains(last) || self.have.contains(last);
        let is_small = stream
            .held(seq)
            .is_some_and(|held| held.bytes <= SHORT_BYTES_MAX);
        let is_begun = self
            .began
            .is_some_and(|began| began.0 == seq && began.1 > 0);
        let may = is_there && is_small && !is_begun && !self.shortened.contains(seq);
        stream.before(seq).filter(|_| may)
    }

    /// Begins to send an item with these bytes.
    pub(crate) fn begin(&mut self, item: Item, bytes: Vec<u8>) {
        let begun = self.began.filter(|&(seq, _)| item == Item::Body(seq));
        let skip = begun.map_or(0, |(_, bytes)| bytes);
        let mut todo = Ranges::default();
        // The last byte is always sent: it shows that there is something to complete.
        let from = skip.min(bytes.len() as u64 - 1) + 1;
        todo.insert(from, bytes.len() as u64);
        mark(&mut self.sent, &mut self.sent_others, item);
        if let Item::Short(seq) = item {
            self.shortened.insert(seq, seq);
        }
        let sending = Sending {
            bytes,
            from,
            todo,
            arrived: Ranges::default(),
        };
        self.sending.insert(item, sending);
        self.unsent.insert(item);
    }

    pub(crate) fn is_begun(&self, item: Item) -> bool {
        self.sending.contains_key(&item)
    }

    /// The next bytes of an item, at most `room`; they count as under way now.
    pub(crate) fn take(&mut self, item: Item, room: usize) -> Option<(Slice, Vec<u8>, usize)> {
        let sending = self.sending.get_mut(&item)?;
        let (from, to) = sending.todo.iter().next()?;
        let to = to.min(from + room as u64 - 1);
        sending.todo.remove(from, to);
        if sending.todo.is_empty() {
            self.unsent.remove(&item);
        }
        let (offset, end) = (from as usize - 1, to as usize);
        let slice = Slice {
            item,
            offset,
            bytes: end - offset,
        };
        let bytes = sending.bytes[offset..end].to_vec();
        Some((slice, bytes, sending.bytes.len()))
    }

    /// How many bytes an item has, and where its next ones begin.
    pub(crate) fn progress(&self, item: Item) -> Option<(usize, usize)> {
        let sending = self.sending.get(&item)?;
        let (from, _) = sending.todo.iter().next()?;
        Some((sending.bytes.len(), from as usize - 1))
    }

    pub(crate) fn arrived(&mut self, slice: Slice) {
        let Some(sending) = self.sending.get_mut(&slice.item) else {
            return;
        };
        let (from, to) = (slice.offset + 1, slice.offset + slice.bytes);
        sending.arrived.insert(from as u64, to as u64);
        sending.todo.remove(from as u64, to as u64);
        if sending.todo.is_empty() {
            self.unsent.remove(&slice.item);
        }
        let last = sending.bytes.len() as u64;
        if sending.arrived.contains_run(sending.from, last) {
            self.sending.remove(&slice.item);
            if let Item::Body(seq) | Item::Short(seq) = slice.item {
                self.there.insert(seq, seq);
            }
        }
    }

    pub(crate) fn lost(&mut self, slice: Slice) {
        let have = &self.have;
        let is_needless =
            matches!(slice.item, Item::Body(seq) | Item::Short(seq) if have.contains(seq));
        if is_needless {
            self.sending.remove(&slice.item);
            self.unsent.remove(&slice.item);
        }
        let Some(sending) = self.sending.get_mut(&slice.item) else {
            return;
        };
        let (from, to) = (slice.offset as u64 + 1, (slice.offset + slice.bytes) as u64);
        sending.todo.insert(from, to);
        for (from, to) in sending.arrived.clone().iter() {
            sending.todo.remove(from, to);
        }
        if !sending.todo.is_empty() {
            self.unsent.insert(slice.item);
        }
    }

    /// What was under way need not go any more: superseded, expired, or the stream forked.
    pub(crate) fn drop_needless(&mut self, stream: &Stream) {
        let is_needless = |item: &Item| match item {
            Item::Body(seq) | Item::Short(seq) => stream.held(*seq).is_none_or(|held| held.is_stub),
            Item::Stub(seq) => stream.held(*seq).is_none(),
            Item::Gap(_) | Item::Fork => false,
        };
        while let Some(&item) = self.unsent.first().filter(|item| is_needless(item)) {
            self.unsent.remove(&item);
            self.sending.remove(&item);
        }
    }
}

fn mark(sent: &mut Ranges, others: &mut BTreeSet<Item>, item: Item) {
    match item {
        Item::Body(seq) | Item::Stub(seq) | Item::Short(seq) => sent.insert(seq, seq),
        Item::Gap(_) | Item::Fork => {
            others.insert(item);
        }
    }
}

fn goes_by(stream: &Stream, item: Item) -> Option<Time> {
    match item {
        Item::Body(seq) | Item::Stub(seq) | Item::Short(seq) => {
            stream.held(seq)?.goes_by(stream.opening.class)
        }
        Item::Gap(_) | Item::Fork => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of the first alarm went in two frames. The second arrived, the first was found
    /// lost a little later; by then all that had arrived was without a gap, the key counted as
    /// there, and nobody sent its beginning again for 45 seconds (seed 819).
    #[test]
    fn the_end_of_an_item_arrives_before_its_beginning_is_found_lost() {
        let key = Item::Body(6);
        // The peer may have some of the beginning from an earlier conversation.
        for had in [0, 100] {
            let mut out = Outgoing {
                began: Some((6, had as u64)),
                ..Outgoing::default()
            };
            out.begin(key, vec![7; 330]);
            let (first, ..) = out.take(key, 56).expect("its beginning");
            let (second, ..) = out.take(key, 300).expect("its end");
            assert_eq!((first.offset, first.bytes), (had, 56));
            assert_eq!(second.offset + second.bytes, 330);
            out.arrived(second);
            out.lost(first);
            let (again, ..) = out.take(key, 300).expect("its beginning, again");
            assert_eq!(again, first);
            assert!(out.is_begun(key));
            out.arrived(again);
            assert!(!out.is_begun(key));
        }
    }
}
