//! What of our own streams nobody needs any more.
//!
//! A year of alarms, door states and new keys each night must not grow on everybody's disk
//! for ever. An epoch goes as a whole, with its key and the grants of it: once the time is
//! over for which its class counts, and, of bulk, once something newer has been said of all
//! that it speaks of, too. Statements go once they are replaced.

use super::{Epochs, Given, Open, Own};
use crate::ledger::{After, Ledger};
use crate::members::Statement;
use crate::rows::{Key, Rows, bundle_key, bundle_of, table};
use std::collections::{BTreeMap, BTreeSet};
use twin_link::limits::EPOCH_S_MAX;
use twin_link::payload::Topics;
use twin_link::{Author, Bundle, Class, Payload, Ranges, Replica, Scope, StreamId};
use twin_model::Time;
use twin_model::time::MICROS;

/// How long after the end of an epoch anything that was said in it counts, whoever has it;
/// of bulk, what nothing newer replaces counts for ever. Whoever was cut off for so long gets
/// all of it, in its order, and not only how it ended.
fn counts_s(class: Class) -> i64 {
    let days = match class {
        Class::LifeSafety | Class::Bulk => 30,
        Class::Operational => 7,
        Class::Telemetry => 1,
    };
    days * 24 * 3600
}

/// The bundles of an epoch.
struct Span {
    number: u64,
    first: u64,
    last: u64,
    ended: Time,
}

/// What is to be said of whom.
type Subject = [u8; 32];

impl Epochs {
    /// Certifies away what nobody needs any more. `needed` are the statements that count.
    pub(crate) fn prune(
        &mut self,
        rows: &dyn Rows,
        replica: &Replica,
        needed: &BTreeSet<Vec<u8>>,
        now: Time,
        ledger: &mut Ledger,
    ) {
        let own: Vec<(StreamId, Own)> = self.own.iter().map(|(&id, &own)| (id, own)).collect();
        for (id, own) in own.iter().filter(|(_, own)| !own.is_control()) {
            let spent = self.spent(*id, own, rows, replica, now, ledger);
            self.give_up(*id, own, &spent, replica, now, ledger);
        }
        let mut needed = needed.clone();
        // Of a statement that was said again in this life the last place counts.
        let control = own.iter().filter(|(_, own)| own.is_control());
        let mut control: Vec<&(StreamId, Own)> = control.collect();
        let present = (self.oneself.origin, self.incarnation);
        control.sort_by_key(|(_, own)| (own.identity.origin, own.identity.incarnation) != present);
        for (id, own) in control {
            let spent = self.spent_control(*id, rows, replica, &mut needed, ledger);
            self.give_up(*id, own, &spent, replica, now, ledger);
        }
    }

    /// The epochs of a stream, the one that is being written left out.
    fn spans(&self, id: StreamId, head: u64) -> Vec<Span> {
        let epochs: Vec<_> = self.keys.range((id, 0)..=(id, u64::MAX)).collect();
        let is_open = self.open.values().any(|open| open.author.stream() == id);
        let mut spans = Vec::new();
        for (at, &(&(_, number), epoch)) in epochs.iter().enumerate() {
            let next = epochs.get(at + 1).map(|(_, next)| next);
            if next.is_none() && is_open {
                break;
            }
            // It ends after a day if no other begins before.
            let day = Time(epoch.began.0.saturating_add(EPOCH_S_MAX * MICROS));
            spans.push(Span {
                number,
                first: epoch.first,
                last: next.map_or(head, |next| next.first.saturating_sub(1)),
                ended: next.map_or(day, |next| next.began.min(day)),
            });
        }
        spans
    }

    /// The bundles of epochs in which nothing counts. Their keys go with them.
    fn spent(
        &mut self,
        id: StreamId,
        own: &Own,
        rows: &dyn Rows,
        replica: &Replica,
        now: Time,
        ledger: &mut Ledger,
    ) -> Ranges {
        let mut spent = Ranges::default();
        let head = self.head(id);
        let mut spans = self.spans(id, head);
        let lasts = counts_s(own.class) * MICROS;
        spans.retain(|span| span.ended.0.saturating_add(lasts) < now.0);
        if own.class == Class::Bulk && !spans.is_empty() {
            let living = self.living(id, rows, replica);
            spans.retain(|span| !living.contains(&span.number));
        }
        for span in spans {
            if span.first <= span.last {
                spent.insert(span.first, span.last);
            }
            // The last bundle of a stream stays, and can be read.
            if span.last < head {
                self.keys.remove(&(id, span.number));
                let key = Key::of(table::EPOCH).stream(id).number(span.number);
                ledger.write(key.delete());
            }
        }
        spent
    }

    fn head(&self, id: StreamId) -> u64 {
        let open = self.all_open().find(|open| open.author.stream() == id);
        let last = self.lasts.get(&id).map_or(0, |last| last.header.seq);
        open.map_or(0, |open| open.author.head()).max(last)
    }

    /// The epochs of a stream in which something was said that nothing newer replaces.
    fn living(&self, id: StreamId, rows: &dyn Rows, replica: &Replica) -> BTreeSet<u64> {
        let mut newest: BTreeMap<Subject, (Time, u64)> = BTreeMap::new();
        let mut living = BTreeSet::new();
        let mut topics: (u64, Topics) = Default::default();
        for bundle in own_bundles(id, rows, replica) {
            let epoch = bundle.header().epoch;
            if topics.0 != epoch {
                topics = (epoch, Topics::default());
            }
            let Some(payload) = self.reopen_own(&bundle, &mut topics.1) else {
                living.insert(epoch);
                continue;
            };
            let mut persons = payload.personal.iter();
            let mut subjects = self.subjects.values();
            let speaks_of_persons =
                persons.any(|person| subjects.any(|subject| subject.number == person.subject));
            if speaks_of_persons || !payload.erased.is_empty() {
                living.insert(epoch);
            }
            for record in &payload.records {
                let Some(topic) = topics.1.get(record.topic) else {
                    living.insert(epoch);
                    continue;
                };
                let mut hasher = blake3::Hasher::new();
                for part in [
                    topic.source.as_str(),
                    topic.entity.as_str(),
                    topic.attribute.as_str(),
                ] {
                    hasher.update(&(part.len() as u64).to_le_bytes());
                    hasher.update(part.as_bytes());
                }
                // What holds at another time is no successor.
                for at in [record.valid.from, record.valid.until] {
                    hasher.update(&at.map_or(i64::MIN, |at| at.0).to_le_bytes());
                }
                let said = (record.observed, epoch);
                let of = newest.entry(*hasher.finalize().as_bytes()).or_insert(said);
                *of = said.max(*of);
            }
        }
        living.extend(newest.into_values().map(|(_, epoch)| epoch));
        living
    }

    /// Bundles of a control stream in which no key and no statement counts.
    fn spent_control(
        &mut self,
        id: StreamId,
        rows: &dyn Rows,
        replica: &Replica,
        needed: &mut BTreeSet<Vec<u8>>,
        ledger: &mut Ledger,
    ) -> Ranges {
        let mut spent = Ranges::default();
        let head = self.head(id);
        let Some(stream) = replica.stream(id) else {
            return spent;
        };
        let held: Vec<u64> = stream.all_held().map(|(seq, _)| seq).collect();
        for &seq in held.iter().rev() {
            let counts = match self.granted.get(&(id, seq)) {
                Some(given) => given.iter().any(|given| self.is_given(given)),
                None => read(id, seq, rows).is_none_or(|bundle| speaks(&bundle, needed)),
            };
            if counts || seq == head {
                continue;
            }
            spent.insert(seq, seq);
            if self.granted.remove(&(id, seq)).is_some() {
                ledger.write(Key::of(table::GRANTED).stream(id).number(seq).delete());
            }
        }
        spent
    }

    /// Whether a key that was given still opens something.
    fn is_given(&self, &(stream, scope): &Given) -> bool {
        match scope {
            Scope::Epoch(epoch) => self.keys.contains_key(&(stream, epoch)),
            Scope::Subject(number) => {
                let mut subjects = self.subjects.values();
                subjects.any(|subject| subject.number == number && subject.given.contains(&stream))
            }
        }
    }

    /// Certifies that bundles need not be had.
    fn give_up(
        &mut self,
        id: StreamId,
        own: &Own,
        spent: &Ranges,
        replica: &Replica,
        now: Time,
        ledger: &mut Ledger,
    ) {
        let Some(stream) = replica.stream(id) else {
            return;
        };
        let mut fresh = spent.clone();
        for (from, to) in stream.covered().iter() {
            fresh.remove(from, to);
        }
        let head = self.head(id);
        fresh.remove(head, head);
        if fresh.is_empty() {
            return;
        }
        let open = self.all_open_mut().find(|open| open.author.stream() == id);
        if let Some(open) = open {
            // It is certified with what has expired.
            fresh
                .iter()
                .for_each(|(from, to)| open.author.prune(from, to));
            return;
        }
        let Some(mut closed) = self.closed(id, own) else {
            return;
        };
        closed.author.remember_gaps(stream.certificates());
        fresh
            .iter()
            .for_each(|(from, to)| closed.author.prune(from, to));
        for certificate in closed.author.certify(now).unwrap_or_default() {
            ledger.certificate(&stream.opening, &certificate);
            ledger.then(After::Certify(id, certificate));
        }
    }

    /// A stream that is not being written.
    fn closed(&self, id: StreamId, own: &Own) -> Option<Open> {
        let secret = self.oneself.stream_secret_of(own.identity.origin)?;
        let author = if own.is_control() {
            Author::open_plain(secret, own.identity, own.class)
        } else {
            Author::open(secret, own.identity, own.class, own.keep)
        };
        (author.stream() == id).then(|| self.continued(author))
    }
}

/// The bundles of a stream whose content is on disk, in their order.
fn own_bundles<'a>(
    id: StreamId,
    rows: &'a dyn Rows,
    replica: &'a Replica,
) -> impl Iterator<Item = Bundle> + 'a {
    let held = replica
        .stream(id)
        .into_iter()
        .flat_map(twin_link::replica::Stream::all_held);
    let bodies = held.filter(|(_, held)| !held.is_stub);
    bodies.filter_map(move |(seq, _)| read(id, seq, rows))
}

fn read(id: StreamId, seq: u64, rows: &dyn Rows) -> Option<Bundle> {
    let value = bundle_key(id, seq).read(rows)?;
    let (_, bytes) = bundle_of(&value)?;
    Bundle::from_body(id, seq, bytes).ok()
}

/// Whether a plain bundle says one of the statements that count and were not met yet, or
/// something else that is not known here.
fn speaks(bundle: &Bundle, needed: &mut BTreeSet<Vec<u8>>) -> bool {
    let Ok(payload) = Payload::decode(bundle.content(), &mut Topics::default()) else {
        return true;
    };
    let is_statement = |kind: u64| kind == Statement::SECTION;
    let is_more = payload.unknown.iter().any(|(kind, _)| !is_statement(*kind));
    let revocations = payload.revocations.into_iter();
    let revocations = revocations.map(|revocation| Statement::Revocation(revocation).encode());
    let said = payload.unknown.into_iter().map(|(_, bytes)| bytes);
    let found = said.chain(revocations).filter(|said| needed.remove(said));
    found.count() > 0 || is_more || !payload.grants.is_empty() || !payload.proofs.is_empty()
}
