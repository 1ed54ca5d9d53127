//! Conversations with members, and what they bring.

use super::{CLOCK_OFF_S, Error, Exchange, PRUNE_S, TIDY_S};
use crate::Env;
use crate::epochs::Epochs;
use crate::inbox::Inbox;
use crate::ledger::After;
use crate::notice::{Doubt, Notice};
use crate::rows::{Form, Key, RowShelf, Rows, Value, bundle_key, bundle_of, put_bundle, table};
use twin_link::Class;
use twin_link::hub::{Output, Report};
use twin_link::{
    Bundle, Equivocation, Incarnation, Link, Opening, OriginId, Peer, Ranges, StreamId,
};
use twin_model::Time;
use twin_model::time::MICROS;

impl Exchange {
    /// A connection to a member is up; its carrier has authenticated it. `peer` is a number
    /// of the driver's own, the same for the same member.
    pub fn connect(&mut self, peer: Peer, member: OriginId, link: Link, env: &mut Env<'_>) {
        // Whoever comes may lack what nobody needs.
        self.certify_all(env.now);
        self.hub.connect(peer, link, env.draw(), env.now);
        self.contacts.connected(peer, member, env.now);
    }

    /// The connection is gone.
    pub fn disconnect(&mut self, peer: Peer, env: &Env<'_>) {
        self.note_held(peer);
        self.hub.disconnect(peer);
        self.contacts.disconnected(peer, env.now);
    }

    /// A frame arrived.
    pub fn take(&mut self, peer: Peer, frame: &[u8], rows: &dyn Rows, env: &mut Env<'_>) {
        self.contacts.heard(peer, env.now);
        let outputs = self.hub.take(peer, frame, env.now, &RowShelf(rows));
        self.obey(outputs, env);
    }

    /// The carrier to a peer can take a frame; it comes out of [`Self::frames`].
    pub fn room(&mut self, peer: Peer, rows: &dyn Rows, env: &mut Env<'_>) {
        let outputs = self.hub.room(peer, env.now, &RowShelf(rows));
        self.obey(outputs, env);
    }

    /// Time passed: at the latest at [`Self::next_wake`].
    pub fn tick(&mut self, rows: &dyn Rows, env: &mut Env<'_>) {
        for peer in self.contacts.peers() {
            let outputs = self.hub.tick(peer, env.now, &RowShelf(rows));
            self.obey(outputs, env);
        }
        self.flush(env);
        if env.now.0 >= self.tidied.0 + TIDY_S * MICROS || env.now < self.tidied {
            self.tidied = env.now;
            self.tidy(rows, env);
        }
        self.read(rows, env);
    }

    /// When [`Self::tick`] or [`Self::room`] of some peer has something to do. For each peer
    /// for whose carrier there is room, room is to be offered then.
    pub fn next_wake(&mut self, env: &Env<'_>) -> Option<Time> {
        let mut wakes = vec![self.own_wake(env.now)];
        for peer in self.contacts.peers() {
            wakes.extend(self.hub.next_wake(peer, env.now));
        }
        wakes.into_iter().min()
    }

    /// When something is to be done whatever the carriers take.
    pub fn next_own_wake(&self, env: &Env<'_>) -> Time {
        self.own_wake(env.now)
    }

    /// The same, for a driver whose carrier to `peer` has room when that to another has not:
    /// what the other waits for does not wake it.
    pub fn next_wake_for(&mut self, peer: Peer, env: &Env<'_>) -> Time {
        let own = self.own_wake(env.now);
        let theirs = self.hub.next_wake(peer, env.now);
        theirs.map_or(own, |theirs| theirs.min(own))
    }

    fn own_wake(&self, now: Time) -> Time {
        if self.inbox.is_hungry() || self.circle_is_new {
            return now;
        }
        let tidy = Time(self.tidied.0 + TIDY_S * MICROS);
        self.outbox.due().map_or(tidy, |due| due.min(tidy))
    }

    /// Until when a peer has shown that it holds what we wrote for it.
    pub(super) fn note_held(&mut self, peer: Peer) {
        let Some(member) = self.contacts.member(peer) else {
            return;
        };
        for (stream, to, class, written) in self.epochs.written() {
            let known = self
                .hub
                .known_of(peer, stream)
                .map_or(0, twin_link::Ranges::contiguous);
            let before = written.partition_point(|&(seq, _)| seq <= known);
            if let Some((_, until)) = before.checked_sub(1).map(|last| written[last])
                && self.circle.is_reader(member, to)
            {
                self.contacts.held(member, class, until);
            }
        }
    }

    /// Whether there is a conversation.
    pub fn is_connected(&self, peer: Peer) -> bool {
        self.hub.is_connected(peer)
    }

    /// What is superseded or has expired need not be kept.
    fn tidy(&mut self, rows: &dyn Rows, env: &mut Env<'_>) {
        self.prune(rows, env.now);
        let hub = &self.hub;
        let is_missed = |stream, needless: &Ranges| hub.is_missed(stream, needless);
        self.epochs.certify(&is_missed, env.now, &mut self.ledger);
        self.count_carried();
        for (stream, seq) in self.hub.expire(env.now) {
            let value = bundle_key(stream, seq).read(rows);
            let body = value.as_deref().and_then(bundle_of);
            let bundle = body.and_then(|(_, body)| Bundle::from_body(stream, seq, body).ok());
            if let Some(bundle) = bundle {
                let stub = bundle.stub().encode();
                self.ledger
                    .write(put_bundle(stream, seq, Form::Stub, &stub));
                self.ledger.then(After::Shrunk(stream, seq, stub.len()));
                self.inbox.dropped(stream, seq, &mut self.ledger);
            }
        }
        for peer in self.contacts.peers() {
            self.note_held(peer);
        }
        self.contacts.write(&mut self.ledger);
        self.outbox.write_upto(&mut self.ledger, true);
    }

    /// Certifies all that need not be had any more.
    pub(super) fn certify_all(&mut self, now: Time) {
        self.epochs.certify(&|_, _| true, now, &mut self.ledger);
    }

    /// Our own streams do not grow for ever.
    fn prune(&mut self, rows: &dyn Rows, now: Time) {
        let is_due = |last: Time| now.0 >= last.0 + PRUNE_S * MICROS || now < last;
        // What is not on disk yet is not among the rows.
        if !self.pruned.is_none_or(is_due) || !self.ledger.is_settled() {
            return;
        }
        self.pruned = Some(now);
        self.forget_disclosures(rows, now);
        let needed = self.roster.own_statements().map(|said| said.encode());
        let (replica, ledger) = (self.hub.replica(), &mut self.ledger);
        self.epochs
            .prune(rows, replica, &needed.collect(), now, ledger);
    }

    pub(super) fn obey(&mut self, outputs: Vec<Output>, env: &mut Env<'_>) {
        for output in outputs {
            match output {
                Output::Send(peer, frame) => self.frames.push((peer, frame)),
                Output::Store(opening, bundle) => {
                    let header = bundle.header();
                    let place = (header.stream, header.seq);
                    if self.is_full_for(&opening, header.is_plain()) {
                        self.hub.turn_away(place.0, place.1);
                        let notice = Notice::Full(opening.class as u8);
                        self.ledger.notices.say(notice);
                        continue;
                    }
                    self.store(opening, place, Form::Body, &bundle.body(), env);
                }
                Output::StoreStub(opening, stub) => {
                    let place = (stub.header.stream, stub.header.seq);
                    self.store(opening, place, Form::Stub, &stub.encode(), env);
                }
                Output::StoreCertificate(opening, certificate) => {
                    let last = certificate.covered().last();
                    self.keep_certificates(opening.id());
                    self.doubt_if_overtaken(opening.id(), last, env);
                }
                Output::StoreProof(proof) => self.note_fork(&proof, env),
                Output::Delete(gone) => self.delete(gone.stream, gone.seq),
                Output::Close(peer, why) => {
                    self.note_held(peer);
                    self.hub.disconnect(peer);
                    self.contacts.disconnected(peer, env.now);
                    self.closes.push((peer, why));
                }
                Output::Report(report) => self.report(&report),
            }
        }
    }

    /// Whether the budget for what is carried unread leaves no room for more of a stream. Keys
    /// have the most: they are small, and what they open may be here already.
    fn is_full_for(&self, opening: &Opening, is_plain: bool) -> bool {
        let max = match opening.class {
            Class::LifeSafety => return false,
            _ if is_plain => self.carried_max / 2 * 3,
            Class::Telemetry | Class::Operational => self.carried_max / 4 * 5,
            Class::Bulk => self.carried_max,
        };
        self.carried >= max && own_or_read(&self.epochs, &self.inbox, opening.id()).is_none()
    }

    /// Counts the bytes that are carried for others and cannot be read here.
    fn count_carried(&mut self) {
        let streams = self.hub.replica().streams();
        let unread = streams
            .filter(|(id, _)| own_or_read(&self.epochs, &self.inbox, *id).is_none())
            .flat_map(|(_, stream)| stream.all_held());
        self.carried = unread.map(|(_, held)| u64::from(held.bytes)).sum();
    }

    /// How many bytes of others' bundles that cannot be read here are carried before bulk is
    /// refused; at a quarter more, everything but keys and life safety is, at half more keys are.
    pub fn set_carried_max(&mut self, bytes: u64) {
        self.carried_max = bytes;
        self.count_carried();
    }

    fn store(
        &mut self,
        opening: Opening,
        (stream, seq): (StreamId, u64),
        form: Form,
        bytes: &[u8],
        env: &mut Env<'_>,
    ) {
        if own_or_read(&self.epochs, &self.inbox, stream).is_none() {
            self.carried += bytes.len() as u64;
        }
        self.ledger.open(&opening);
        self.ledger.write(put_bundle(stream, seq, form, bytes));
        self.ledger.then(After::Hold(stream, seq));
        self.doubt_if_overtaken(stream, seq, env);
    }

    fn doubt_if_overtaken(&mut self, stream: StreamId, seq: u64, env: &mut Env<'_>) {
        if self.epochs.is_overtaken(stream, seq) {
            self.offer_again(stream);
            let _ = self.renew(Doubt::Overtaken, env);
        }
    }

    fn note_fork(&mut self, proof: &Equivocation, env: &mut Env<'_>) {
        let stream = proof.opening.id();
        self.ledger.open(&proof.opening);
        let value = Value::new().bytes(&proof.encode());
        self.ledger
            .write(Key::of(table::FORK).stream(stream).put(value));
        let own = self.epochs.own(stream);
        let is_present =
            own.is_some_and(|own| own.identity.incarnation == self.epochs.incarnation());
        if is_present {
            self.offer_again(stream);
            let _ = self.renew(Doubt::Forked, env);
        }
        let origin = own_or_read(&self.epochs, &self.inbox, stream);
        self.ledger.notices.say(Notice::Forked { stream, origin });
    }

    /// What was written since the start in a stream that has another end elsewhere goes out
    /// again; if it is a stream of keys, everything of its class does.
    pub(super) fn offer_again(&mut self, stream: StreamId) {
        let Some(own) = self.epochs.own(stream).copied() else {
            return;
        };
        let mut ways = Vec::new();
        for (_, other) in self.epochs.all_own() {
            let way = (other.identity.audience, other.class);
            let is_to_them = own.is_control() || way.0 == own.identity.audience;
            if !other.is_control() && is_to_them && way.1 == own.class {
                ways.push(way);
            }
        }
        for way in ways {
            self.outbox.offer_again(way, &mut self.ledger);
        }
    }

    /// Begins a new incarnation because the disk has lost rows that others may know of.
    pub fn begin_new_life(&mut self, env: &mut Env<'_>) -> Result<(), Error> {
        self.renew(Doubt::Tail, env)
    }

    /// Begins a new incarnation.
    pub(super) fn renew(&mut self, doubt: Doubt, env: &mut Env<'_>) -> Result<(), Error> {
        let incarnation = Incarnation(env.draw());
        self.epochs.renew(incarnation);
        self.begin_life(incarnation, doubt, env)
    }

    fn report(&mut self, report: &Report) {
        let member = |peer: &Peer| self.contacts.member(*peer);
        let notice = match report {
            Report::Refused(peer, why) => {
                let member = member(peer);
                member.map(|member| Notice::Refused { member, why: *why })
            }
            Report::Demoted(peer, _) => member(peer).map(|member| Notice::Demoted { member }),
            Report::ClockOffset(peer, offset) if offset.abs() > CLOCK_OFF_S * MICROS => {
                let is_ahead = *offset > 0;
                member(peer).map(|member| Notice::Clock { member, is_ahead })
            }
            Report::ClockOffset(..) | Report::Forked(_) => None,
        };
        if let Some(notice) = notice {
            self.ledger.notices.say(notice);
        }
    }
}

pub(super) fn own_or_read(epochs: &Epochs, inbox: &Inbox, stream: StreamId) -> Option<OriginId> {
    let own = epochs.own(stream).map(|own| own.identity.origin);
    own.or_else(|| inbox.identity(stream).map(|identity| identity.origin))
}
