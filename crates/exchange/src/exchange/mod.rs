//! The organisation's end as a whole.
//!
//! **Order of durability.** Call a method, take [`Exchange::changes`], make them durable in
//! one atomic group, say [`Exchange::synced`]; only then do frames, deliveries and notices
//! come out that depend on them. If they cannot be made durable, drop the exchange and open
//! it again: it goes on from what is on disk.

mod backfill;
mod belonging;
mod carrying;
mod disclosures;
mod doors;
mod load;
mod outgoing;
mod rotation;
mod sessions;
mod telling;

pub use carrying::{Brought, Openings};
pub use disclosures::Disclosure;
pub use outgoing::about_bytes;
pub use telling::{Past, Scene, Word};

use crate::card::{Particulars, Secrets};
use crate::circle::{Circle, Oneself};
use crate::contact::{Contact, Contacts};
use crate::epochs::Epochs;
use crate::inbox::{Desk, Inbox};
use crate::ledger::{After, Ledger, certificate_key};
use crate::members::{self, Roster, Statement};
use crate::notice::{Doubt, Notice};
use crate::outbox::Outbox;
use crate::rows::{Change, Fields, Key, Rows, Value, bundle_key, table};
use crate::rules;
use crate::{Delivery, Env};
use backfill::Backfill;
use load::{Found, Nothing, load_life, load_roster, statement_row};
use sessions::own_or_read;
use std::collections::{BTreeMap, BTreeSet};
use telling::Telling;
use twin_link::session::Ended;
use twin_link::{GapCertificate, Hub, Incarnation, OriginId, Peer, Ranges, StreamId};
use twin_model::Time;
use twin_policy::sharing::RuleRecord;

/// What is superseded or expired is looked for this often.
const TIDY_S: i64 = 30;
/// What of our own nobody needs any more is looked for this often.
const PRUNE_S: i64 = 6 * 3600;
/// Bytes of others' bundles that are carried unread, unless said otherwise.
const CARRIED_MAX: u64 = 1 << 30;
/// A clock that is this far off is told.
const CLOCK_OFF_S: i64 = 5;
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

impl Error {
    /// The code under which the error pages explain it, if it has one of its own.
    pub fn code(&self) -> Option<&'static str> {
        matches!(self, Self::Damaged(_)).then_some("EXC-001")
    }
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
    tellings: BTreeMap<OriginId, Telling>,
    /// By rule.
    backfills: BTreeMap<u64, Backfill>,
    invitations: doors::Invitations,
    certificates: BTreeMap<StreamId, BTreeSet<Vec<u8>>>,
    frames: Vec<(Peer, Vec<u8>)>,
    closes: Vec<(Peer, Ended)>,
    tidied: Time,
    /// When own streams were last gone through.
    pruned: Option<Time>,
    place: [u8; 32],
    /// Bytes that are carried for others and cannot be read here, and how many may be.
    carried: u64,
    carried_max: u64,
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
            &[],
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
        let retired = rotation::load(rows)?;
        let mut exchange = Self::with(
            secrets,
            &retired,
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
        retired: &[Secrets],
        roster: Roster,
        incarnation: Incarnation,
        found: Found,
        delivered: BTreeMap<StreamId, Ranges>,
        rows: &dyn Rows,
        mut ledger: Ledger,
        place: [u8; 32],
        env: &mut Env<'_>,
    ) -> Result<Self, Error> {
        let oneself = Oneself::of(&secrets, retired);
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
        epochs.remember(rows, &found.replica);
        let mut inbox = Inbox::open(&oneself, &circle, rows, delivered).map_err(Error::Damaged)?;
        inbox.line_up(&found.replica, &|stream| epochs.own(stream).is_some());
        for (stream, seq) in found.gone {
            ledger.write(bundle_key(stream, seq).delete());
        }
        Ok(Self {
            contacts: Contacts::load(rows).map_err(Error::Damaged)?,
            invitations: doors::load(rows).map_err(Error::Damaged)?,
            rules: rules::load(rows).map_err(Error::Damaged)?,
            tellings: BTreeMap::new(),
            backfills: BTreeMap::new(),
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
            pruned: None,
            place,
            carried: 0,
            carried_max: CARRIED_MAX,
        })
    }

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

    /// Opens what is on disk and can be read, and acts on what it says about us all.
    fn read(&mut self, rows: &dyn Rows, env: &mut Env<'_>) {
        loop {
            let desk = Desk {
                rows,
                replica: self.hub.replica(),
                circle: &self.circle,
            };
            if std::mem::take(&mut self.circle_is_new) {
                self.inbox.note_circle(&desk, &mut self.ledger);
            }
            self.inbox.read(&desk, &mut self.ledger);
            for (stream, writer) in self.inbox.writers() {
                // Beyond the number of streams that are carried it matters to nobody.
                let _ = self.hub.attribute(stream, writer);
            }
            for ((member, class), until) in self.inbox.whole() {
                self.contacts
                    .hold(self.roster.present(member), class, until);
            }
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

    /// How things stand with each member.
    pub fn contacts(&mut self) -> Vec<Contact> {
        for peer in self.contacts.peers() {
            self.note_held(peer);
        }
        let members = self.roster.members().map(|view| view.card);
        let others = members.filter(|card| card.origin() != self.oneself.origin);
        let mut contacts: Vec<Contact> = others.map(|card| self.contacts.of(card)).collect();
        for contact in &mut contacts {
            self.count_missing(contact);
        }
        contacts
    }

    /// What each connected member took in per second lately, in bytes.
    pub fn goodputs(&mut self, now: Time) -> BTreeMap<twin_link::OriginId, f64> {
        let mut goodputs = BTreeMap::new();
        for peer in self.contacts.peers() {
            let traffic = self.hub.traffic(peer, now);
            if let (Some(member), Some(traffic)) = (self.contacts.member(peer), traffic) {
                goodputs.insert(member, traffic.goodput_bytes_per_s);
            }
        }
        goodputs
    }

    fn count_missing(&self, contact: &mut Contact) {
        for (_, to, class, written) in self.epochs.written() {
            if self.circle.is_reader(contact.origin, to) {
                let until = contact.ours[class as usize];
                let missing = written.iter().filter(|(_, at)| Some(*at) > until);
                contact.ours_missing[class as usize] += missing.count() as u64;
            }
        }
        for (id, stream) in self.hub.replica().streams() {
            let writer = self.inbox.identity(id).map(|identity| identity.origin);
            if writer == Some(contact.origin) {
                let missing: u64 = stream.missing().map(|(from, to)| to - from + 1).sum();
                contact.theirs_missing[stream.opening.class as usize] += missing;
            }
        }
    }
}
