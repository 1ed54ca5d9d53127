//! The organisation's end as a whole.
//!
//! **Order of durability.** Call a method, take [`Exchange::changes`], make them durable in
//! one atomic group, say [`Exchange::synced`]; only then do frames, deliveries and notices
//! come out that depend on them. If they cannot be made durable, drop the exchange and open
//! it again: it goes on from what is on disk.

mod carrying;
mod disclosures;
mod doors;

pub use carrying::{Brought, Openings};
pub use disclosures::Disclosure;

use crate::audience;
use crate::card::{Card, Particulars, Secrets};
use crate::circle::{Circle, Oneself};
use crate::contact::{Contact, Contacts};
use crate::epochs::Epochs;
use crate::inbox::{Desk, Inbox};
use crate::ledger::{After, Ledger, certificate_key};
use crate::members::{self, Added, MemberView, Roster, Stance, Statement, Vouch};
use crate::notice::{Doubt, Notice};
use crate::outbox::{Entry, Outbox, Way};
use crate::rows::{
    Change, Fields, Form, Key, RowShelf, Rows, Value, bundle_key, bundle_of, put_bundle, table,
};
use crate::rules;
use crate::{Delivery, Env};
use std::collections::{BTreeMap, BTreeSet};
use twin_link::hub::{Output, Report};
use twin_link::session::Ended;
use twin_link::{
    Audience, Bundle, Class, Equivocation, GapCertificate, Hub, Incarnation, Link, Opening,
    OriginId, Payload, Peer, Ranges, Replica, StreamId, Stub,
};
use twin_model::catalogue::Sensitivity;
use twin_model::time::MICROS;
use twin_model::{EntityId, Time, Urgency};
use twin_policy::sharing::{Recipient, Released, Rule, RuleRecord};

/// What is superseded or expired is looked for this often.
const TIDY_S: i64 = 30;
/// A clock that is this far off is told.
const CLOCK_OFF_S: i64 = 5;
/// Statements in one bundle, which are some hundred bytes each, revocations more.
const STATEMENT_BYTES_MAX: usize = 48 * 1024;

/// Why something is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A row of the depot is of a later version, or damaged.
    #[error("a row of table `{}` cannot be read", *.0 as char)]
    Damaged(u8),
    /// The organisation's own card.
    #[error(transparent)]
    Card(#[from] crate::card::Error),
    /// A statement about membership.
    #[error(transparent)]
    Statement(#[from] members::Refused),
    /// A bundle could not be written.
    #[error(transparent)]
    Link(#[from] twin_link::Error),
    /// A rule of sharing.
    #[error(transparent)]
    Rule(#[from] twin_policy::sharing::Error),
    /// An invitation, or a request to join.
    #[error(transparent)]
    Invitation(#[from] crate::invitation::Refused),
    /// More invitations are open than are remembered.
    #[error("too many invitations are open; wait until some have expired")]
    TooManyInvitations,
    /// A member or a rule that nobody knows.
    #[error("it is not known here")]
    Unknown,
}

/// An organisation's end of all its links.
#[derive(Debug)]
pub struct Exchange {
    secrets: Secrets,
    oneself: Oneself,
    roster: Roster,
    circle: Circle,
    /// The inbox has not heard yet who belongs now.
    circle_is_new: bool,
    hub: Hub,
    epochs: Epochs,
    outbox: Outbox,
    inbox: Inbox,
    ledger: Ledger,
    contacts: Contacts,
    rules: Vec<RuleRecord>,
    invitations: doors::Invitations,
    certificates: BTreeMap<StreamId, BTreeSet<Vec<u8>>>,
    frames: Vec<(Peer, Vec<u8>)>,
    closes: Vec<(Peer, Ended)>,
    tidied: Time,
    place: [u8; 32],
}

/// What stands on disk of all streams.
#[derive(Default)]
struct Found {
    replica: Replica,
    lasts: BTreeMap<StreamId, Stub>,
    certificates: BTreeMap<StreamId, BTreeSet<Vec<u8>>>,
    gone: Vec<(StreamId, u64)>,
    damaged: Option<u8>,
}

impl Exchange {
    /// Founds an organisation. `particulars` has the certificate of its authority, made with
    /// [`Secrets::authority_seed`]; `place` says where the data stand.
    pub fn found(
        secrets: Secrets,
        particulars: Particulars,
        place: [u8; 32],
        env: &mut Env<'_>,
    ) -> Result<Self, Error> {
        let mut roster = Roster::new(&secrets.authority().verifying_key());
        let card = secrets.card(particulars, roster.next_serial(env.now), env.now)?;
        roster.add(Statement::Card(card.clone().into()))?;
        let incarnation = Incarnation(env.draw());
        let mut ledger = Ledger::default();
        let identity = Value::new().bytes(&secrets.encode());
        ledger.write(Key::of(table::IDENTITY).put(identity));
        ledger.renew_life(incarnation, place);
        let card = Statement::Card(card.into());
        ledger.write(statement_row(&card));
        let nothing = Nothing;
        let mut exchange = Self::with(
            secrets,
            roster,
            incarnation,
            Found::default(),
            BTreeMap::new(),
            &nothing,
            ledger,
            place,
            env,
        )?;
        exchange.publish(&[card], env)?;
        Ok(exchange)
    }

    /// Opens what is on disk; nothing if no organisation was founded. `delivered` is what the
    /// node's log holds of others' streams.
    pub fn open(
        rows: &dyn Rows,
        place: [u8; 32],
        delivered: BTreeMap<StreamId, Ranges>,
        env: &mut Env<'_>,
    ) -> Result<Option<Self>, Error> {
        let Some(identity) = Key::of(table::IDENTITY).read(rows) else {
            return Ok(None);
        };
        let secrets = Fields::of_value(&identity).and_then(|f| Secrets::decode(f.rest()));
        let secrets = secrets.ok_or(Error::Damaged(table::IDENTITY))?;
        let roster = load_roster(&secrets, rows)?;
        let (incarnation, old_place) = load_life(rows).ok_or(Error::Damaged(table::LIFE))?;
        let mut ledger = Ledger::default();
        let found = Found::load(rows, &mut ledger);
        let has_more = |(stream, ranges): (&StreamId, &Ranges)| {
            let known = found.replica.stream(*stream).map(|s| s.accounted().last());
            known.is_none_or(|last| last < ranges.last())
        };
        let doubt = if old_place != place {
            Some(Doubt::Place)
        } else if delivered.iter().any(has_more) {
            Some(Doubt::Tail)
        } else {
            None
        };
        if let Some(table) = found.damaged {
            ledger.notices.say(Notice::Damaged(table));
        }
        let mut exchange = Self::with(
            secrets,
            roster,
            incarnation,
            found,
            delivered,
            rows,
            ledger,
            place,
            env,
        )?;
        if let Some(doubt) = doubt {
            exchange.renew(doubt, env)?;
        }
        Ok(Some(exchange))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "what an exchange is put together from"
    )]
    fn with(
        secrets: Secrets,
        roster: Roster,
        incarnation: Incarnation,
        found: Found,
        delivered: BTreeMap<StreamId, Ranges>,
        rows: &dyn Rows,
        mut ledger: Ledger,
        place: [u8; 32],
        env: &mut Env<'_>,
    ) -> Result<Self, Error> {
        let oneself = Oneself::of(&secrets);
        let circle = Circle::of(oneself.origin, &roster);
        let mut epochs = Epochs::new(oneself.clone(), incarnation);
        epochs.load(rows).map_err(Error::Damaged)?;
        for (&stream, last) in &found.lasts {
            if epochs.own(stream).is_some() {
                epochs.resume_from(*last);
            }
        }
        for (id, stream) in found.replica.streams() {
            if epochs.own(id).is_some() {
                epochs.note_certified(id, stream.certificates());
            }
        }
        let us = oneself.origin;
        let reader = oneself.reader.clone();
        let mut inbox =
            Inbox::open(us, reader, &circle, rows, delivered).map_err(Error::Damaged)?;
        inbox.line_up(&found.replica, &|stream| epochs.own(stream).is_some());
        for (stream, seq) in found.gone {
            ledger.write(bundle_key(stream, seq).delete());
        }
        Ok(Self {
            contacts: Contacts::load(rows).map_err(Error::Damaged)?,
            rules: rules::load(rows).map_err(Error::Damaged)?,
            invitations: doors::load(rows).map_err(Error::Damaged)?,
            outbox: Outbox::load(rows).map_err(Error::Damaged)?,
            secrets,
            oneself,
            roster,
            circle,
            circle_is_new: false,
            hub: Hub::new(found.replica),
            epochs,
            inbox,
            ledger,
            certificates: found.certificates,
            frames: Vec::new(),
            closes: Vec::new(),
            tidied: env.now,
            place,
        })
    }

    // ---- what comes out

    /// What is to be made durable, in one atomic group.
    pub fn changes(&mut self) -> Vec<Change> {
        self.outbox.write_upto(&mut self.ledger, false);
        self.ledger.take()
    }

    /// All changes taken so far are durable. Reads what came in, so it may lead to more.
    pub fn synced(&mut self, rows: &dyn Rows, env: &mut Env<'_>) {
        for after in self.ledger.synced() {
            self.act(after, env.now);
        }
        self.read(rows, env);
    }

    /// Frames for the carriers of peers.
    pub fn frames(&mut self) -> Vec<(Peer, Vec<u8>)> {
        std::mem::take(&mut self.frames)
    }

    /// Connections that are to be closed.
    pub fn closes(&mut self) -> Vec<(Peer, Ended)> {
        std::mem::take(&mut self.closes)
    }

    /// What is to be recorded by the node, each once. At most 256 are out at a time.
    pub fn deliveries(&mut self) -> Vec<Delivery> {
        self.inbox.deliveries()
    }

    /// The node's log holds a delivery.
    pub fn delivered(&mut self, stream: StreamId, seq: u64) {
        self.inbox.confirmed(stream, seq, &mut self.ledger);
    }

    /// What is to be logged once and shown.
    pub fn notices(&mut self) -> Vec<Notice> {
        self.ledger.notices.take()
    }

    // ---- going out

    /// Claims up to this one were offered; go on with the next. It may go back when a new
    /// incarnation begins: what was offered twice goes out once.
    pub fn offered(&self) -> u64 {
        self.outbox.upto()
    }

    /// Takes in what was released of the claims up to `upto`, in their order. Life safety is
    /// written at once.
    pub fn offer(&mut self, released: Vec<Released>, upto: u64, env: &mut Env<'_>) {
        for released in released {
            if let Some(way) = self.way(&released) {
                self.outbox.put(way, entry(&released), env.now);
            }
        }
        self.outbox.note_offered(upto);
        self.flush(env);
    }

    /// The rules of sharing, those ended included.
    pub fn rules(&self) -> &[RuleRecord] {
        &self.rules
    }

    /// A rule stands from the next claim on. Its backfill, if it has one, is the driver's:
    /// [`RuleRecord::left_to_backfill`], [`Self::offer_earlier`].
    pub fn add_rule(&mut self, rule: Rule) -> Result<u64, Error> {
        let record = RuleRecord::new(rule, self.offered() + 1, &self.rules)?;
        let id = record.id();
        self.ledger.write(rules::row(&record));
        self.rules.push(record);
        Ok(id)
    }

    /// A rule stands no longer, from the next claim on.
    pub fn end_rule(&mut self, id: u64) -> Result<(), Error> {
        let next = self.offered() + 1;
        let record = self.rules.iter_mut().find(|record| record.id() == id);
        let record = record.ok_or(Error::Unknown)?;
        record.end(next);
        self.ledger.write(rules::row(record));
        Ok(())
    }

    /// Takes in what the backfill of a rule released of the claims below `to`, from where it
    /// stood: [`RuleRecord::backfilled`]. All of it is written at once.
    pub fn offer_earlier(
        &mut self,
        rule: u64,
        released: Vec<Released>,
        to: u64,
        env: &mut Env<'_>,
    ) -> Result<(), Error> {
        let at = self.rules.iter().position(|record| record.id() == rule);
        let at = at.ok_or(Error::Unknown)?;
        let mut by_way: BTreeMap<Way, Vec<Entry>> = BTreeMap::new();
        for released in released {
            if let Some(way) = self.way(&released) {
                by_way.entry(way).or_default().push(entry(&released));
            }
        }
        for (way, entries) in by_way {
            let (epochs, circle, ledger) = (&mut self.epochs, &self.circle, &mut self.ledger);
            self.outbox
                .write_earlier(way, &entries, epochs, circle, env, ledger);
        }
        self.rules[at].note_backfilled(to);
        self.ledger.write(rules::row(&self.rules[at]));
        Ok(())
    }

    /// Erases an entity with everybody who was told of it under its own key: the key is
    /// destroyed here, and whoever was given it is told to do the same.
    pub fn erase(&mut self, entity: &EntityId, env: &mut Env<'_>) -> Result<(), Error> {
        self.flush_all(env);
        let (epochs, circle) = (&mut self.epochs, &self.circle);
        epochs.erase(entity, circle, env, &mut self.ledger)?;
        Ok(())
    }

    fn way(&mut self, released: &Released) -> Option<Way> {
        let class = class_of(released.urgency());
        let to = match released.to() {
            Recipient::Members => audience::of_members(),
            Recipient::Peer(peer) => {
                let peer = OriginId(peer);
                let to = audience::of_peer(self.oneself.origin, peer);
                if !self.circle.is_reader(peer, to) {
                    self.ledger.notices.say(Notice::NoReader(peer));
                    return None;
                }
                to
            }
        };
        Some((to, class))
    }

    fn flush(&mut self, env: &mut Env<'_>) {
        let (epochs, circle, ledger) = (&mut self.epochs, &self.circle, &mut self.ledger);
        self.outbox.flush(false, epochs, circle, env, ledger);
    }

    /// Writes what waits for company, too.
    fn flush_all(&mut self, env: &mut Env<'_>) {
        let (epochs, circle, ledger) = (&mut self.epochs, &self.circle, &mut self.ledger);
        self.outbox.flush(true, epochs, circle, env, ledger);
    }

    // ---- belonging

    /// Our own card.
    pub fn card(&self) -> &Card {
        let authority = self.secrets.authority().verifying_key();
        self.roster.card(&authority).expect("founded with one")
    }

    /// Our origin.
    pub fn origin(&self) -> OriginId {
        self.oneself.origin
    }

    /// Everybody who belongs.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Everybody who belongs, with their cards.
    pub fn members(&self) -> impl Iterator<Item = MemberView<'_>> {
        self.roster.members()
    }

    /// Admits the organisation with this card: it is a peer from now on.
    pub fn admit_card(&mut self, card: &Card, env: &mut Env<'_>) -> Result<(), Error> {
        card.verify()?;
        let vouch = self.vouch(card, Stance::Admits, env);
        self.say(&[Statement::Card(card.clone().into()), vouch], env)
    }

    /// Removes a member that we admitted: it can read nothing that is written from now on.
    pub fn remove(&mut self, origin: OriginId, env: &mut Env<'_>) -> Result<(), Error> {
        let card = self
            .roster
            .member(origin)
            .ok_or(Error::Unknown)?
            .card
            .clone();
        let vouch = self.vouch(&card, Stance::Removes, env);
        let to = Recipient::Peer(origin.0);
        let standing = self
            .rules
            .iter()
            .filter(|r| r.is_standing() && r.rule().to == to);
        for id in standing.map(RuleRecord::id).collect::<Vec<_>>() {
            self.end_rule(id)?;
        }
        self.say(&[vouch], env)
    }

    fn vouch(&self, card: &Card, stance: Stance, env: &Env<'_>) -> Statement {
        let serial = self.roster.next_serial(env.now);
        let authority = self.secrets.authority();
        Statement::Vouch(Vouch::sign(
            &authority,
            card.authority,
            stance,
            serial,
            env.now,
        ))
    }

    /// Takes in statements of our own and tells everybody.
    fn say(&mut self, statements: &[Statement], env: &mut Env<'_>) -> Result<(), Error> {
        for statement in statements {
            self.add(statement.clone())?;
        }
        self.publish(statements, env)?;
        self.renew_circle(env);
        Ok(())
    }

    /// Whether it is news.
    fn add(&mut self, statement: Statement) -> Result<bool, Error> {
        let row = statement_row(&statement);
        let is_news = self.roster.add(statement)? == Added::News;
        if is_news {
            self.ledger.write(row);
        }
        for slot in self.roster.dropped() {
            self.ledger
                .write(Key::of(table::STATEMENT).bytes(&slot).delete());
        }
        Ok(is_news)
    }

    /// Says statements in the stream that everybody can read.
    fn publish(&mut self, statements: &[Statement], env: &mut Env<'_>) -> Result<(), Error> {
        let mut payload = Payload::default();
        let mut bytes = 0;
        let mut payloads = Vec::new();
        for statement in statements {
            let section = statement.encode();
            bytes += section.len();
            if bytes > STATEMENT_BYTES_MAX {
                payloads.push(std::mem::take(&mut payload));
                bytes = section.len();
            }
            match statement {
                Statement::Revocation(revocation) => payload.revocations.push(revocation.clone()),
                _ => payload.unknown.push((Statement::SECTION, section)),
            }
        }
        payloads.push(payload);
        for mut payload in payloads {
            payload.written = env.now;
            self.epochs.say_plainly(&payload, env, &mut self.ledger)?;
        }
        Ok(())
    }

    /// Who belongs may have changed: newcomers get their keys, who left gets none.
    fn renew_circle(&mut self, env: &mut Env<'_>) {
        let circle = Circle::of(self.oneself.origin, &self.roster);
        let before = std::mem::replace(&mut self.circle, circle);
        let origins: BTreeSet<OriginId> = before
            .known
            .keys()
            .chain(self.circle.known.keys())
            .copied()
            .collect();
        for origin in origins {
            let private = audience::of_peer(self.oneself.origin, origin);
            for to in [audience::of_members(), private] {
                let key = |circle: &Circle| {
                    let known = circle.known.get(&origin);
                    let reads = circle.is_reader(origin, to);
                    known.filter(|_| reads).map(|known| known.recipient.clone())
                };
                let (was, is) = (key(&before), key(&self.circle));
                if was.is_some() && was != is {
                    self.epochs.end_epochs(to);
                }
                if was.is_some() && is.is_none() && to == private {
                    self.outbox.drop_reader(to);
                }
                if let Some(recipient) = is.filter(|is| Some(is) != was.as_ref()) {
                    // Only a key that cannot be one is refused, and cards have none such.
                    let _ = self.epochs.welcome(to, &recipient, env, &mut self.ledger);
                }
            }
        }
        self.circle_is_new = true;
    }

    // ---- coming in

    /// Opens what is on disk and can be read, and acts on what it says about us all.
    fn read(&mut self, rows: &dyn Rows, env: &mut Env<'_>) {
        loop {
            let desk = Desk {
                rows,
                replica: self.hub.replica(),
                circle: &self.circle,
            };
            if std::mem::take(&mut self.circle_is_new) {
                self.inbox.note_circle(&desk);
            }
            self.inbox.read(&desk, &mut self.ledger);
            let statements = self.inbox.statements();
            let mut any_news = false;
            for statement in statements {
                any_news |= self.add(statement).unwrap_or(false);
            }
            if any_news {
                self.renew_circle(env);
            }
            if !self.circle_is_new {
                return;
            }
        }
    }

    /// Something is durable now.
    fn act(&mut self, after: After, now: Time) {
        match after {
            After::Publish(own) => {
                let (opening, bundle) = *own;
                // A stream of ours that was overtaken is refused here; its claims were
                // offered again.
                if self.hub.publish(opening, &bundle, now)
                    == Err(twin_link::Error::TooMany("streams"))
                {
                    self.ledger.notices.say(Notice::TooManyStreams);
                }
            }
            After::Certify(stream, certificate) => {
                let dropped = self.hub.certify(stream, &certificate, now);
                for gone in dropped.unwrap_or_default() {
                    self.delete(gone.stream, gone.seq);
                }
                self.keep_certificates(stream);
            }
            After::Hold(stream, seq) => {
                self.hub.durable(stream, seq, now);
                let held = self.hub.replica().stream(stream);
                let class = held.map(|held| held.opening.class);
                if let Some(class) = class.filter(|_| self.epochs.own(stream).is_none()) {
                    self.inbox.arrived((class, stream, seq));
                }
            }
            After::Shrunk(stream, seq, bytes) => self.hub.shrunk(stream, seq, bytes),
            After::Deliver(delivery) => self.inbox.deliver(delivery),
        }
    }

    fn delete(&mut self, stream: StreamId, seq: u64) {
        self.ledger.write(bundle_key(stream, seq).delete());
        self.inbox.dropped(stream, seq, &mut self.ledger);
    }

    /// The certificates of a stream on disk are those that count.
    fn keep_certificates(&mut self, id: StreamId) {
        let Some(stream) = self.hub.replica().stream(id) else {
            return;
        };
        let encoded = stream.certificates().iter().map(GapCertificate::encode);
        let now: BTreeSet<Vec<u8>> = encoded.collect();
        let opening = stream.opening;
        let before = self.certificates.entry(id).or_default();
        for bytes in before.difference(&now) {
            self.ledger.write(certificate_key(id, bytes).delete());
        }
        for bytes in now.difference(before) {
            self.ledger.open(&opening);
            let value = Value::new().bytes(bytes);
            self.ledger.write(certificate_key(id, bytes).put(value));
        }
        *before = now;
    }

    // ---- sessions

    /// A connection to a member is up; its carrier has authenticated it. `peer` is a number
    /// of the driver's own, the same for the same member.
    pub fn connect(&mut self, peer: Peer, member: OriginId, link: Link, env: &mut Env<'_>) {
        self.hub.connect(peer, link, env.draw(), env.now);
        self.contacts.connected(peer, member, env.now);
    }

    /// The connection is gone.
    pub fn disconnect(&mut self, peer: Peer, env: &Env<'_>) {
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
        let mut wakes = vec![Time(self.tidied.0 + TIDY_S * MICROS)];
        wakes.extend(self.outbox.due());
        for peer in self.contacts.peers() {
            wakes.extend(self.hub.next_wake(peer, env.now));
        }
        if self.inbox.is_hungry() || self.circle_is_new {
            wakes.push(env.now);
        }
        wakes.into_iter().min()
    }

    /// Whether there is a conversation.
    pub fn is_connected(&self, peer: Peer) -> bool {
        self.hub.is_connected(peer)
    }

    /// What is superseded or has expired need not be kept.
    fn tidy(&mut self, rows: &dyn Rows, env: &mut Env<'_>) {
        self.epochs.certify(env.now, &mut self.ledger);
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
        self.contacts.write(&mut self.ledger);
        self.outbox.write_upto(&mut self.ledger, true);
    }

    fn obey(&mut self, outputs: Vec<Output>, env: &mut Env<'_>) {
        for output in outputs {
            match output {
                Output::Send(peer, frame) => self.frames.push((peer, frame)),
                Output::Store(opening, bundle) => {
                    let header = bundle.header();
                    let place = (header.stream, header.seq);
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
                    self.hub.disconnect(peer);
                    self.contacts.disconnected(peer, env.now);
                    self.closes.push((peer, why));
                }
                Output::Report(report) => self.report(&report),
            }
        }
    }

    fn store(
        &mut self,
        opening: Opening,
        (stream, seq): (StreamId, u64),
        form: Form,
        bytes: &[u8],
        env: &mut Env<'_>,
    ) {
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
    /// again; if it is the stream of keys, everything does.
    fn offer_again(&mut self, stream: StreamId) {
        let Some(own) = self.epochs.own(stream).copied() else {
            return;
        };
        let is_control = own.identity.audience == Audience::CARRIERS;
        let mut ways = Vec::new();
        for (_, other) in self.epochs.all_own() {
            let way = (other.identity.audience, other.class);
            let is_same = way == (own.identity.audience, own.class);
            if way.0 != Audience::CARRIERS && (is_control || is_same) {
                ways.push(way);
            }
        }
        for way in ways {
            self.outbox.offer_again(way, &mut self.ledger);
        }
    }

    /// Begins a new incarnation.
    fn renew(&mut self, doubt: Doubt, env: &mut Env<'_>) -> Result<(), Error> {
        let incarnation = Incarnation(env.draw());
        self.epochs.renew(incarnation);
        self.ledger.renew_life(incarnation, self.place);
        self.ledger.notices.say(Notice::NewLife(doubt));
        let statements: Vec<Statement> = self.roster.own_statements().collect();
        self.publish(&statements, env)
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

    /// How things stand with each member.
    pub fn contacts(&self) -> Vec<Contact> {
        let members = self.roster.members().map(|view| view.card);
        let others = members.filter(|card| card.origin() != self.oneself.origin);
        others.map(|card| self.contacts.of(card)).collect()
    }
}

fn own_or_read(epochs: &Epochs, inbox: &Inbox, stream: StreamId) -> Option<OriginId> {
    let own = epochs.own(stream).map(|own| own.identity.origin);
    own.or_else(|| inbox.identity(stream).map(|identity| identity.origin))
}

fn class_of(urgency: Urgency) -> Class {
    match urgency {
        Urgency::LifeSafety => Class::LifeSafety,
        Urgency::Operational => Class::Operational,
        Urgency::Telemetry => Class::Telemetry,
        Urgency::Bulk => Class::Bulk,
    }
}

fn entry(released: &Released) -> Entry {
    Entry {
        sequence: released.sequence(),
        rule: released.rule(),
        is_personal: released.sensitivity() == Sensitivity::Personal,
        source: released.source().clone(),
        statement: released.statement().clone(),
    }
}

fn load_life(rows: &dyn Rows) -> Option<(Incarnation, [u8; 32])> {
    let value = Key::of(table::LIFE).read(rows)?;
    let mut fields = Fields::of_value(&value)?;
    Some((Incarnation(fields.array()?), fields.array()?))
}

fn statement_row(statement: &Statement) -> Change {
    let value = Value::new().bytes(&statement.encode());
    Key::of(table::STATEMENT)
        .bytes(&statement.slot())
        .put(value)
}

fn load_roster(secrets: &Secrets, rows: &dyn Rows) -> Result<Roster, Error> {
    let mut kept = Vec::new();
    let mut is_damaged = false;
    rows.scan(&[table::STATEMENT], &mut |_, value| {
        let fields = Fields::of_value(value);
        match fields.and_then(|fields| Statement::decode(fields.rest()).ok()) {
            Some(statement) => kept.push(statement),
            None => is_damaged = true,
        }
    });
    if is_damaged {
        return Err(Error::Damaged(table::STATEMENT));
    }
    Ok(Roster::restore(&secrets.authority().verifying_key(), kept))
}

impl Found {
    fn load(rows: &dyn Rows, ledger: &mut Ledger) -> Self {
        let mut found = Self::default();
        found.load_openings(rows, ledger);
        found.load_bundles(rows);
        found.load_certificates(rows);
        found.load_forks(rows);
        found
    }

    fn load_openings(&mut self, rows: &dyn Rows, ledger: &mut Ledger) {
        rows.scan(&[table::OPENING], &mut |_, value| {
            let fields = Fields::of_value(value);
            let opening = fields.and_then(|fields| Opening::decode(fields.rest()).ok());
            match opening.filter(|opening| self.replica.introduce(*opening).is_ok()) {
                Some(opening) => ledger.knows(opening.id()),
                None => self.damaged = Some(table::OPENING),
            }
        });
    }

    fn load_bundles(&mut self, rows: &dyn Rows) {
        rows.scan(&[table::BUNDLE], &mut |key, value| {
            if self.load_bundle(key, value).is_none() {
                self.damaged = Some(table::BUNDLE);
            }
        });
    }

    fn load_bundle(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        let mut fields = Fields::of_key(key);
        let (stream, seq) = (fields.stream()?, fields.big()?);
        let (form, bytes) = bundle_of(value)?;
        let stub = match form {
            Form::Body => {
                let bundle = Bundle::from_body(stream, seq, bytes).ok()?;
                self.replica.hold(&bundle).ok()?;
                *bundle.stub()
            }
            Form::Stub => {
                let stub = Stub::decode(stream, seq, bytes).ok()?;
                // It had expired when it was written, whatever the clock says now.
                self.replica.hold_stub(&stub, Time::MAX).ok()?;
                stub
            }
        };
        self.lasts.insert(stream, stub);
        Some(())
    }

    fn load_certificates(&mut self, rows: &dyn Rows) {
        rows.scan(&[table::CERTIFICATE], &mut |key, value| {
            let certificate = Fields::of_value(value)
                .zip(Fields::of_key(key).stream())
                .and_then(|(fields, stream)| {
                    let certificate = GapCertificate::decode(fields.rest()).ok()?;
                    Some((stream, fields.rest().to_vec(), certificate))
                });
            let Some((stream, bytes, certificate)) = certificate else {
                self.damaged = Some(table::CERTIFICATE);
                return;
            };
            let dropped = self.replica.cover(stream, &certificate).unwrap_or_default();
            self.gone
                .extend(dropped.into_iter().map(|gone| (gone.stream, gone.seq)));
            self.certificates.entry(stream).or_default().insert(bytes);
        });
    }

    fn load_forks(&mut self, rows: &dyn Rows) {
        rows.scan(&[table::FORK], &mut |_, value| {
            let fields = Fields::of_value(value);
            let proof = fields.and_then(|fields| Equivocation::decode(fields.rest()).ok());
            let is_taken = proof.is_some_and(|proof| self.replica.quarantine(proof).is_ok());
            if !is_taken {
                self.damaged = Some(table::FORK);
            }
        });
    }
}

/// No rows: what an organisation has when it is founded.
struct Nothing;

impl Rows for Nothing {
    fn get(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn scan(&self, _: &[u8], _: &mut dyn FnMut(&[u8], &[u8])) {}
}
