//! What a session says: composing frames, the most urgent first.

use super::{Cargo, Ended, Event, Session, Shelf, VERSION};
use crate::bundle::{Before, Bundle};
use crate::frame::{Frame, Have, Hello, Item, Line, Message, Named, Part, TAKES_SHORT};
use crate::gap::GapCertificate;
use crate::id::{Class, StreamId};
use crate::limits::RANGES_MAX;
use crate::proof::Equivocation;
use crate::replica::{Replica, Stream};
use crate::schedule::{Candidate, Choice};
use std::collections::BTreeSet;
use twin_model::Time;

/// A frame with less room than this takes no further part.
const PART_ROOM_MIN: usize = 24;
/// Fewer bytes of an item are not worth the words around them.
const PART_BYTES_MIN: usize = 16;

impl Session {
    /// The carrier can take a frame: the most urgent that there is to say now.
    pub(crate) fn room(
        &mut self,
        now: Time,
        replica: &Replica,
        shelf: &dyn Shelf,
    ) -> (Option<Vec<u8>>, Vec<Event>) {
        if self.ended.is_some() {
            return (None, Vec::new());
        }
        if self.was_set_back(now) {
            return (None, self.end(Ended::Stalled));
        }
        self.latest = self.latest.max(now);
        if let Some(bye) = self.bye {
            let packet = self.flight.next_packet();
            let messages = vec![Message::Bye(bye)];
            let frame = Frame { packet, messages }.encode();
            return (Some(frame), self.end(Ended::ByUs(bye)));
        }
        let budget_allows = self.budget.as_mut().is_none_or(|bucket| bucket.allows(now));
        let ack_is_due = self.arrivals.due().is_some_and(|due| due <= now);
        let may_carry = budget_allows && self.flight.has_room();
        let has_cargo = may_carry && self.has_work;
        if !ack_is_due && !has_cargo {
            return (None, Vec::new());
        }
        let mut frame = Draft::new(self.flight.next_packet(), self.frame_bytes);
        if may_carry || ack_is_due {
            self.write_ack(&mut frame, now);
        }
        let mut events = Vec::new();
        if may_carry {
            self.write(&mut frame, now, replica, shelf, &mut events);
            self.has_work = !frame.cargo.is_empty();
        }
        if frame.is_empty() {
            return (None, events);
        }
        if let Some(bucket) = &mut self.budget {
            bucket.spend(frame.bytes.len());
        }
        let is_receipt = |cargo: &Cargo| matches!(cargo, Cargo::Receipts(..));
        if !frame.cargo.is_empty() && frame.cargo.iter().all(is_receipt) {
            self.flight.send_quietly(frame.cargo, now);
        } else {
            self.flight.send(frame.bytes.len(), frame.cargo, now);
        }
        (Some(frame.bytes), events)
    }

    fn write_ack(&mut self, frame: &mut Draft, now: Time) {
        if let Some(ack) = self.arrivals.take(now) {
            frame.put(&Message::Ack(ack), None);
        }
    }

    /// Fills a frame in the order of urgency.
    fn write(
        &mut self,
        frame: &mut Draft,
        now: Time,
        replica: &Replica,
        shelf: &dyn Shelf,
        events: &mut Vec<Event>,
    ) {
        if std::mem::take(&mut self.hello_is_due) {
            let hello = Hello {
                version_min: VERSION,
                version_max: VERSION,
                features: TAKES_SHORT,
                frame_bytes: self.frame_bytes,
                session: self.nonce,
                clock: now,
                roots: self.roots(replica),
            };
            frame.put(&Message::Hello(hello), Some(Cargo::Hello));
        }
        if self.peer.is_none() {
            return;
        }
        self.write_receipts(frame, replica);
        // A long list of life safety and what is written meanwhile take turns in going first.
        self.list_leads = !self.list_leads;
        if self.list_leads {
            self.write_list(frame, Class::LifeSafety, replica);
        }
        self.write_parts(frame, true, now, replica, shelf, events);
        self.write_list(frame, Class::LifeSafety, replica);
        for class in &Class::ALL[1..] {
            self.write_list(frame, *class, replica);
        }
        self.write_rest(frame, replica);
        self.write_parts(frame, false, now, replica, shelf, events);
    }

    fn write_rest(&mut self, frame: &mut Draft, replica: &Replica) {
        while let Some(stream) = self.declines.pop_first() {
            if !frame.put(&Message::Decline(stream), Some(Cargo::Decline(stream))) {
                self.declines.insert(stream);
                return;
            }
        }
        if self.roots_asked {
            let roots = Message::Roots(self.roots(replica));
            self.roots_asked = !frame.put(&roots, Some(Cargo::Roots));
        }
    }

    /// What became durable, so that the peer's duty ends.
    fn write_receipts(&mut self, frame: &mut Draft, replica: &Replica) {
        for class in Class::ALL {
            let due = &self.receipts[class as usize];
            let lines = self.lines(due.iter(), false, replica, frame.room() / 2);
            let told: Vec<StreamId> = due.iter().take(lines.len()).copied().collect();
            if lines.is_empty() {
                continue;
            }
            let have = Have {
                class,
                is_whole: false,
                is_last: false,
                is_answer: false,
                lines,
            };
            let cargo = Cargo::Receipts(class, told.clone());
            if frame.put(&Message::Have(have), Some(cargo)) {
                for &id in &told {
                    self.receipts[class as usize].remove(&id);
                    let covered = replica.stream(id).map(Stream::covered_count);
                    self.outgoing.entry(id).or_default().told_covered = covered;
                }
            }
        }
    }

    fn write_list(&mut self, frame: &mut Draft, class: Class, replica: &Replica) {
        let listing = &self.listings[class as usize];
        let room = frame.room().saturating_sub(8);
        let lines = self.lines(listing.todo.iter(), true, replica, room);
        let told: Vec<StreamId> = listing.todo.iter().take(lines.len()).copied().collect();
        let listing = &mut self.listings[class as usize];
        // The last part goes when all others have arrived, or alone.
        let is_last =
            listing.last_is_due && told.len() == listing.todo.len() && listing.under_way == 0;
        if (told.is_empty() && !is_last) || frame.room() < 8 {
            return;
        }
        let have = Have {
            class,
            is_whole: true,
            is_last,
            is_answer: listing.is_answer,
            lines,
        };
        let cargo = Cargo::Listed(class, told.clone());
        if !frame.put(&Message::Have(have), Some(cargo)) {
            return;
        }
        listing.todo.drain(..told.len());
        listing.under_way += 1;
        if is_last {
            listing.last_is_due = false;
            frame.cargo.push(Cargo::LastListed(class));
        }
    }

    /// As many lines as fit, of streams that are known. A receipt needs no tip: its bundle was
    /// held against those beside it.
    fn lines<'a>(
        &self,
        streams: impl Iterator<Item = &'a StreamId>,
        has_tips: bool,
        replica: &Replica,
        room: usize,
    ) -> Vec<Line> {
        let mut left = room;
        let mut lines = Vec::new();
        for &id in streams {
            let Some(stream) = replica.stream(id) else {
                break;
            };
            let next = Item::Body(stream.accounted().contiguous() + 1);
            let accounted = stream.accounted().first_runs(RANGES_MAX);
            let tip = stream.tip(accounted.last()).filter(|_| has_tips);
            let covered = Some(stream.covered_count());
            let told = self.outgoing.get(&id).and_then(|out| out.told_covered);
            let mut line = Line {
                stream: self
                    .peer_numbers
                    .get(&id)
                    .map_or(Named::Id(id), |&n| Named::Number(n)),
                is_forked: stream.fork().is_some(),
                // A receipt says it once.
                covered: covered.filter(|_| has_tips || told != covered).unwrap_or(0),
                began: self.incoming.began(id, next),
                accounted,
                tip,
            };
            line.fit(self.frame_bytes / 2);
            if line.bytes() > left {
                break;
            }
            left -= line.bytes();
            lines.push(line);
        }
        lines
    }

    /// Parts of items, in the scheduler's order: only life safety within its contract, or all.
    fn write_parts(
        &mut self,
        frame: &mut Draft,
        only_urgent: bool,
        now: Time,
        replica: &Replica,
        shelf: &dyn Shelf,
        events: &mut Vec<Event>,
    ) {
        self.place_touched(replica);
        while frame.room() >= PART_ROOM_MIN {
            let choice = if only_urgent {
                self.scheduler.choose_urgent(now)
            } else {
                self.scheduler.choose(now)
            };
            let Some(choice) = choice else { return };
            let before = frame.bytes.len();
            match self.write_part(frame, choice, replica, shelf) {
                Wrote::Part => {
                    let bytes = frame.bytes.len() - before;
                    let demoted = self.scheduler.charge(choice, bytes, now);
                    events.extend(demoted.map(Event::Demoted));
                    self.offer(choice.stream, replica);
                }
                // Its bytes are not there: nothing else waits for them.
                Wrote::Nothing => self.scheduler.withdraw(choice.stream),
                Wrote::NoRoom => return,
            }
        }
    }

    /// Looks again at the streams of which something changed.
    pub(super) fn place_touched(&mut self, replica: &Replica) {
        for id in std::mem::take(&mut self.touched) {
            self.offer(id, replica);
        }
    }

    /// Puts a stream in its place in the scheduler, or takes it out.
    fn offer(&mut self, id: StreamId, replica: &Replica) {
        let next = replica.stream(id).filter(|stream| stream.has_news());
        let next = next.and_then(|stream| {
            let class = stream.opening.class;
            let is_complete = self.told[class as usize].is_complete;
            let out = self.outgoing.entry(id).or_default();
            out.is_known |= is_complete;
            if !out.is_known && class != Class::LifeSafety {
                return None;
            }
            let after = self.heads.get(&id).copied().unwrap_or(0);
            let (_, expires) = out.next(stream, after)?;
            Some(Candidate {
                stream: id,
                class,
                payer: replica.payer(id),
                expires,
            })
        });
        match next {
            Some(candidate) => self.scheduler.offer(candidate),
            None => self.scheduler.withdraw(id),
        }
    }

    /// The next part of the chosen stream.
    fn write_part(
        &mut self,
        frame: &mut Draft,
        choice: Choice,
        replica: &Replica,
        shelf: &dyn Shelf,
    ) -> Wrote {
        let id = choice.stream;
        let after = self.heads.get(&id).copied().unwrap_or(0);
        let Some(stream) = replica.stream(id) else {
            return Wrote::Nothing;
        };
        let numbered = &mut self.numbered;
        let out = self.outgoing.entry(id).or_default();
        let number = *out.number.get_or_insert_with(|| {
            numbered.push(id);
            numbered.len() as u64
        });
        out.drop_needless(stream);
        let Some((mut item, _)) = out.next(stream, after) else {
            return Wrote::Nothing;
        };
        if !out.is_begun(item) {
            let takes_short = self
                .peer
                .is_some_and(|peer| peer.features & TAKES_SHORT != 0);
            let before = match item {
                Item::Body(seq) if takes_short => out.before(seq, stream),
                _ => None,
            };
            let Some(bytes) = item_bytes(item, id, stream, shelf) else {
                return Wrote::Nothing;
            };
            let bytes = match before.and_then(|before| shortened(item, id, &bytes, &before)) {
                Some((short, bytes)) => {
                    item = short;
                    bytes
                }
                None => bytes,
            };
            if bytes.is_empty() {
                return Wrote::Nothing;
            }
            out.begin(item, bytes);
        }
        let is_declared = out.is_declared || frame.declared.contains(&id);
        let open = Message::Open(number, stream.opening);
        let open_bytes = if is_declared { 0 } else { open.encode().len() };
        let Some((total, offset)) = out.progress(item) else {
            return Wrote::Nothing;
        };
        let overhead = Part::overhead(number, item, total, offset) + open_bytes;
        let room = frame.room().saturating_sub(overhead);
        if room < PART_BYTES_MIN.min(total - offset) {
            return Wrote::NoRoom;
        }
        let Some((slice, bytes, total)) = out.take(item, room) else {
            return Wrote::Nothing;
        };
        if !is_declared {
            frame.put(&open, Some(Cargo::Open(id)));
            frame.declared.insert(id);
        }
        let part = Part {
            number,
            item,
            total,
            offset: slice.offset,
            bytes,
        };
        frame.put(&Message::Part(part), Some(Cargo::Slice(id, slice)));
        Wrote::Part
    }
}

/// What became of a choice.
enum Wrote {
    Part,
    NoRoom,
    Nothing,
}

fn item_bytes(item: Item, id: StreamId, stream: &Stream, shelf: &dyn Shelf) -> Option<Vec<u8>> {
    match item {
        Item::Stub(seq) if stream.held(seq).is_some_and(|held| !held.is_stub) => {
            let bundle = Bundle::from_body(id, seq, &shelf.bytes(id, seq)?).ok()?;
            Some(bundle.stub().encode())
        }
        // A short body is made of the whole one when it is begun.
        Item::Body(seq) | Item::Stub(seq) | Item::Short(seq) => shelf.bytes(id, seq),
        Item::Fork => stream.fork().map(Equivocation::encode),
        Item::Gap(to) => {
            let mut certificates = stream.certificates().iter();
            let ends = |c: &&GapCertificate| c.gaps().last().is_some_and(|g| g.to == to);
            certificates.find(ends).map(GapCertificate::encode)
        }
    }
}

/// A body without what follows from the bundle before it.
fn shortened(item: Item, id: StreamId, body: &[u8], before: &Before) -> Option<(Item, Vec<u8>)> {
    let Item::Body(seq) = item else {
        return None;
    };
    let bundle = Bundle::from_body(id, seq, body).ok()?;
    Some((Item::Short(seq), bundle.short_body(before)?))
}

/// A frame while it is written.
struct Draft {
    bytes: Vec<u8>,
    header: usize,
    limit: usize,
    cargo: Vec<Cargo>,
    declared: BTreeSet<StreamId>,
}

impl Draft {
    fn new(packet: u64, limit: usize) -> Self {
        let messages = Vec::new();
        let bytes = Frame { packet, messages }.encode();
        Self {
            header: bytes.len(),
            bytes,
            limit,
            cargo: Vec::new(),
            declared: BTreeSet::new(),
        }
    }

    fn room(&self) -> usize {
        self.limit - self.bytes.len()
    }

    fn is_empty(&self) -> bool {
        self.bytes.len() == self.header
    }

    /// Adds a message if it fits.
    fn put(&mut self, message: &Message, cargo: Option<Cargo>) -> bool {
        let encoded = message.encode();
        if encoded.len() > self.room() {
            return false;
        }
        self.bytes.extend_from_slice(&encoded);
        self.cargo.extend(cargo);
        true
    }
}
