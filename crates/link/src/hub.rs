//! All that a node says and hears: its replica, and a session with each peer.
//!
//! Nothing counts as held before the node says that it is durable, so what a peer is told
//! to have arrived survives a power cut. Each peer has its own queue: a slow or hostile one
//! delays nobody else.

use crate::bundle::{Before, Bundle, Stub};
use crate::error::Error;
use crate::frame::{Bye, Item};
use crate::gap::GapCertificate;
use crate::id::{OriginId, StreamId};
use crate::limits::STREAMS_PER_PEER_MAX;
use crate::opening::Opening;
use crate::proof::Equivocation;
use crate::ranges::Ranges;
use crate::replica::{Dropped, Replica, is_past};
use crate::schedule::Payer;
use crate::session::{Ended, Event, Link, Memory, Session, Shelf};
use crate::traffic::Traffic;
use std::collections::{BTreeMap, BTreeSet};
use twin_model::Time;

pub use crate::id::Peer;

/// Bundles that wait to become durable. More are not taken; they come again.
pub const UNDURABLE_MAX: usize = 4096;

/// What the node must know or may show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// A peer sent what is refused; said once per reason and connection.
    Refused(Peer, Error),
    /// Towards this peer somebody has used up the contract for life safety and counts as
    /// operational meanwhile.
    Demoted(Peer, Payer),
    /// The clock of a peer differs by so many microseconds, and half a round trip.
    ClockOffset(Peer, i64),
    /// The origin of a stream wrote two histories.
    Forked(StreamId),
}

/// What the node has to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Hand a frame to the carrier.
    Send(Peer, Vec<u8>),
    /// Make a bundle durable, with the opening of its stream, then say [`Hub::durable`].
    Store(Opening, Bundle),
    /// The same with a stub.
    StoreStub(Opening, Stub),
    /// Make a certificate durable, with the opening; nothing need be said.
    StoreCertificate(Opening, GapCertificate),
    /// Make a proof durable; nothing need be said.
    StoreProof(Equivocation),
    /// The bytes of a bundle need not be kept.
    Delete(Dropped),
    /// Close the connection.
    Close(Peer, Ended),
    /// Count it, log it once, show it.
    Report(Report),
}

#[derive(Debug)]
struct Conversation {
    session: Session,
    demoted: BTreeSet<Payer>,
    /// What was refused already: each reason is reported once.
    refused: BTreeSet<Error>,
}

/// A node's end of all its links.
#[derive(Debug, Default)]
pub struct Hub {
    replica: Replica,
    sessions: BTreeMap<Peer, Conversation>,
    /// What is remembered of peers that are not connected.
    memories: BTreeMap<Peer, Memory>,
    introduced: BTreeMap<Peer, usize>,
    undurable: BTreeMap<(StreamId, u64), Bundle>,
    undurable_stubs: BTreeMap<(StreamId, u64), Stub>,
}

impl Hub {
    /// A hub of a replica that was rebuilt from the disk.
    pub fn new(replica: Replica) -> Self {
        Self {
            replica,
            ..Self::default()
        }
    }

    /// What is here.
    pub fn replica(&self) -> &Replica {
        &self.replica
    }

    /// A connection to an authenticated peer is up. `nonce` is drawn at random.
    pub fn connect(&mut self, peer: Peer, link: Link, nonce: [u8; 8], now: Time) {
        self.disconnect(peer);
        let memory = self.memories.remove(&peer).unwrap_or_default();
        let session = Session::new(link, nonce, memory, &self.replica, now);
        let conversation = Conversation {
            session,
            demoted: BTreeSet::new(),
            refused: BTreeSet::new(),
        };
        self.sessions.insert(peer, conversation);
    }

    /// The connection is gone.
    pub fn disconnect(&mut self, peer: Peer) {
        if let Some(conversation) = self.sessions.remove(&peer) {
            let memory = conversation.session.into_memory();
            self.memories.insert(peer, memory);
        }
    }

    /// Who writes a stream, as its grant says: from now on the origin answers for the life
    /// safety of all its streams together. May be said before the stream is met. Of streams
    /// of which this is never said, those that one peer introduced share one contract.
    pub fn attribute(&mut self, stream: StreamId, origin: OriginId) -> Result<(), Error> {
        self.replica.attribute(stream, Payer::Origin(origin))?;
        self.note_changed(stream);
        Ok(())
    }

    /// Ends a conversation politely.
    pub fn leave(&mut self, peer: Peer) {
        if let Some(conversation) = self.sessions.get_mut(&peer) {
            conversation.session.leave(Bye::Leaving);
        }
    }

    /// Whether there is a conversation.
    pub fn is_connected(&self, peer: Peer) -> bool {
        self.sessions.contains_key(&peer)
    }

    /// How the link to a peer keeps up. Costs as much as bundles wait, so ask once a second
    /// and not for each frame.
    pub fn traffic(&mut self, peer: Peer, now: Time) -> Option<Traffic> {
        let conversation = self.sessions.get_mut(&peer)?;
        Some(conversation.session.traffic(&self.replica, now))
    }

    /// When [`Self::tick`] or [`Self::room`] of some peer has something to do.
    pub fn next_wake(&mut self, peer: Peer, now: Time) -> Option<Time> {
        self.sessions.get_mut(&peer)?.session.next_wake(now)
    }

    /// Time passed.
    pub fn tick(&mut self, peer: Peer, now: Time, shelf: &dyn Shelf) -> Vec<Output> {
        let Some(conversation) = self.sessions.get_mut(&peer) else {
            return Vec::new();
        };
        let events = conversation.session.tick(now, &self.replica);
        self.react(peer, events, now, shelf)
    }

    /// A frame arrived from a peer.
    pub fn take(&mut self, peer: Peer, frame: &[u8], now: Time, shelf: &dyn Shelf) -> Vec<Output> {
        let Some(conversation) = self.sessions.get_mut(&peer) else {
            return Vec::new();
        };
        let events = conversation.session.take(frame, now, &self.replica);
        self.react(peer, events, now, shelf)
    }

    /// The carrier to a peer can take one frame.
    pub fn room(&mut self, peer: Peer, now: Time, shelf: &dyn Shelf) -> Vec<Output> {
        let Some(conversation) = self.sessions.get_mut(&peer) else {
            return Vec::new();
        };
        let (frame, events) = conversation.session.room(now, &self.replica, shelf);
        let mut outputs: Vec<Output> = frame.map(|f| Output::Send(peer, f)).into_iter().collect();
        outputs.extend(self.react(peer, events, now, shelf));
        outputs
    }

    /// A bundle of this node's own is durable.
    pub fn publish(&mut self, opening: Opening, bundle: &Bundle, now: Time) -> Result<(), Error> {
        self.replica.introduce(opening)?;
        self.replica.check(bundle.stub())?;
        self.replica.hold(bundle)?;
        self.replica.find_payer(opening.id(), Payer::Here);
        self.replica
            .date(bundle.header().stream, bundle.header().seq, now);
        self.note_durable(bundle.header().stream, Some(bundle.header().seq), now);
        Ok(())
    }

    /// A certificate of this node's own is durable.
    pub fn certify(
        &mut self,
        stream: StreamId,
        certificate: &GapCertificate,
        now: Time,
    ) -> Result<Vec<Dropped>, Error> {
        let dropped = self.replica.cover(stream, certificate)?;
        for conversation in self.sessions.values_mut() {
            conversation.session.note_change(stream, now);
        }
        Ok(dropped)
    }

    /// What [`Output::Store`] or [`Output::StoreStub`] asked for is durable: only now may a
    /// peer be told, and the application read it.
    pub fn durable(&mut self, stream: StreamId, seq: u64, now: Time) {
        let key = (stream, seq);
        let booked = match (
            self.undurable.remove(&key),
            self.undurable_stubs.remove(&key),
        ) {
            (Some(bundle), _) => self.replica.hold(&bundle).is_ok(),
            (None, Some(stub)) => self.replica.hold_stub(&stub, now).is_ok(),
            (None, None) => false,
        };
        if booked {
            self.replica.date(stream, seq, now);
            self.note_durable(stream, Some(seq), now);
        }
    }

    fn note_durable(&mut self, stream: StreamId, seq: Option<u64>, now: Time) {
        let Some(class) = self.replica.stream(stream).map(|s| s.opening.class) else {
            return;
        };
        for conversation in self.sessions.values_mut() {
            let session = &mut conversation.session;
            session.note_durable((stream, class), seq, now);
        }
    }

    /// Something about a stream changed that only the order of sending depends on.
    fn note_changed(&mut self, stream: StreamId) {
        for conversation in self.sessions.values_mut() {
            conversation.session.touch(stream);
        }
    }

    fn react(
        &mut self,
        peer: Peer,
        events: Vec<Event>,
        now: Time,
        shelf: &dyn Shelf,
    ) -> Vec<Output> {
        let mut outputs = Vec::new();
        for event in events {
            match event {
                Event::Introduced(opening) => outputs.extend(self.introduce(peer, opening)),
                Event::Item(opening, item, bytes) => {
                    let taken = self.take_item(&opening, item, &bytes, now, shelf);
                    outputs.extend(taken.unwrap_or_else(|why| self.refuse(peer, why)));
                }
                Event::ClockOffset(offset) => {
                    outputs.push(Output::Report(Report::ClockOffset(peer, offset)));
                }
                Event::Demoted(payer) => outputs.extend(self.demote(peer, payer)),
                Event::Ended(why) => outputs.push(Output::Close(peer, why)),
            }
        }
        outputs
    }

    fn refuse(&mut self, peer: Peer, why: Error) -> Vec<Output> {
        let conversation = self.sessions.get_mut(&peer);
        let is_news = conversation.is_none_or(|c| c.refused.insert(why));
        match why {
            Error::Known => Vec::new(),
            why if is_news => vec![Output::Report(Report::Refused(peer, why))],
            _ => Vec::new(),
        }
    }

    fn demote(&mut self, peer: Peer, payer: Payer) -> Option<Output> {
        let conversation = self.sessions.get_mut(&peer)?;
        let is_news = conversation.demoted.insert(payer);
        is_news.then_some(Output::Report(Report::Demoted(peer, payer)))
    }

    /// Gets to know a stream, unless the peer has introduced too many.
    fn introduce(&mut self, peer: Peer, opening: Opening) -> Vec<Output> {
        let count = self.introduced.entry(peer).or_default();
        let too_many = Error::TooMany("streams");
        let outcome = match self.replica.stream(opening.id()) {
            Some(_) => Ok(false),
            None if *count >= STREAMS_PER_PEER_MAX => Err(too_many),
            None => self.replica.introduce(opening),
        };
        match outcome {
            Ok(is_new) => {
                *count += usize::from(is_new);
                self.replica
                    .find_payer(opening.id(), Payer::Introducer(peer));
                Vec::new()
            }
            Err(why) => {
                if let Some(conversation) = self.sessions.get_mut(&peer) {
                    conversation.session.decline(opening.id());
                }
                self.refuse(peer, why)
            }
        }
    }

    /// An item came by another way than a session: in a file. It is checked like any other.
    pub fn bring(
        &mut self,
        opening: Opening,
        item: Item,
        bytes: &[u8],
        now: Time,
        shelf: &dyn Shelf,
    ) -> Result<Vec<Output>, Error> {
        self.replica.introduce(opening)?;
        self.take_item(&opening, item, bytes, now, shelf)
    }

    fn take_item(
        &mut self,
        opening: &Opening,
        item: Item,
        bytes: &[u8],
        now: Time,
        shelf: &dyn Shelf,
    ) -> Result<Vec<Output>, Error> {
        let id = opening.id();
        match item {
            Item::Body(seq) => {
                let bundle = Bundle::from_body(id, seq, bytes)?;
                self.take_bundle(opening, bundle, now, shelf)
            }
            Item::Short(seq) => self.take_short(opening, seq, bytes, now, shelf),
            Item::Stub(seq) => {
                let stub = Stub::decode(id, seq, bytes)?;
                self.take_stub(opening, stub, now, shelf)
            }
            Item::Gap(_) => {
                let certificate = GapCertificate::decode(bytes)?;
                let dropped = self.replica.cover(id, &certificate)?;
                self.note_durable(id, None, now);
                let mut outputs = vec![Output::StoreCertificate(*opening, certificate)];
                outputs.extend(dropped.into_iter().map(Output::Delete));
                Ok(outputs)
            }
            Item::Fork => self.quarantine(&Equivocation::decode(bytes)?, now),
        }
    }

    fn take_bundle(
        &mut self,
        opening: &Opening,
        bundle: Bundle,
        now: Time,
        shelf: &dyn Shelf,
    ) -> Result<Vec<Output>, Error> {
        let key = (bundle.header().stream, bundle.header().seq);
        if let Some(outputs) = self.check(bundle.stub(), now, shelf)? {
            return Ok(outputs);
        }
        if self.undurable.len() >= UNDURABLE_MAX {
            return Err(Error::TooMany("bundles not yet durable"));
        }
        self.undurable.insert(key, bundle.clone());
        Ok(vec![Output::Store(*opening, bundle)])
    }

    /// The peer may be wrong about what is here, or the stream forked: then the whole bundle
    /// has to come, and whoever sends it finds that out when both compare what they have.
    fn take_short(
        &mut self,
        opening: &Opening,
        seq: u64,
        bytes: &[u8],
        now: Time,
        shelf: &dyn Shelf,
    ) -> Result<Vec<Output>, Error> {
        let id = opening.id();
        let waiting = self.undurable.get(&(id, seq.saturating_sub(1)));
        let before = waiting.map(|waiting| Before::of(waiting.stub()));
        let held = || self.replica.stream(id)?.before(seq);
        let before = before.or_else(held).ok_or(Error::Unfitting)?;
        let bundle = Bundle::from_short_body(id, seq, &before, bytes)?;
        match self.take_bundle(opening, bundle, now, shelf) {
            Err(Error::Signature(_)) => Err(Error::Unfitting),
            taken => taken,
        }
    }

    fn take_stub(
        &mut self,
        opening: &Opening,
        stub: Stub,
        now: Time,
        shelf: &dyn Shelf,
    ) -> Result<Vec<Output>, Error> {
        // Of a bundle that has not expired it may still prove a fork.
        if let Some(outputs) = self.check(&stub, now, shelf)? {
            return Ok(outputs);
        }
        if !is_past(stub.header.expires(), now) {
            return Err(Error::NotExpired);
        }
        if self.undurable_stubs.len() >= UNDURABLE_MAX {
            return Err(Error::TooMany("bundles not yet durable"));
        }
        let key = (stub.header.stream, stub.header.seq);
        self.undurable_stubs.insert(key, stub);
        Ok(vec![Output::StoreStub(*opening, stub)])
    }

    /// Nothing if a bundle may be stored; what to do instead if it is known or proves a fork.
    fn check(
        &mut self,
        stub: &Stub,
        now: Time,
        shelf: &dyn Shelf,
    ) -> Result<Option<Vec<Output>>, Error> {
        let key = (stub.header.stream, stub.header.seq);
        let waiting = self.undurable.get(&key).map(Bundle::stub);
        if waiting.is_some_and(|waiting| waiting.hash() == stub.hash()) {
            return Ok(Some(Vec::new()));
        }
        match self.replica.check(stub) {
            Ok(()) => Ok(None),
            Err(Error::Known) => {
                self.note_durable(key.0, Some(key.1), now);
                Ok(Some(Vec::new()))
            }
            Err(Error::Forked) => self.prove_fork(stub, now, shelf).map(Some),
            Err(other) => Err(other),
        }
    }

    fn prove_fork(
        &mut self,
        stub: &Stub,
        now: Time,
        shelf: &dyn Shelf,
    ) -> Result<Vec<Output>, Error> {
        let id = stub.header.stream;
        let stream = self.replica.stream(id).ok_or(Error::UnknownStream)?;
        if stream.fork().is_some() {
            return Ok(Vec::new());
        }
        let opening = stream.opening;
        let seq = self.replica.contradicted(stub).ok_or(Error::Forked)?;
        let is_stub = stream.held(seq).is_some_and(|held| held.is_stub);
        let bytes = shelf.bytes(id, seq).ok_or(Error::Forked)?;
        let held = if is_stub {
            Stub::decode(id, seq, &bytes)?
        } else {
            *Bundle::from_body(id, seq, &bytes)?.stub()
        };
        let proof = Equivocation::between(opening, held, *stub).ok_or(Error::Forked)?;
        self.quarantine(&proof, now)
    }

    fn quarantine(&mut self, proof: &Equivocation, now: Time) -> Result<Vec<Output>, Error> {
        let id = proof.opening.id();
        let is_news = self.replica.quarantine(*proof)?;
        self.note_durable(id, None, now);
        let news = [
            Output::StoreProof(*proof),
            Output::Report(Report::Forked(id)),
        ];
        Ok(if is_news { news.to_vec() } else { Vec::new() })
    }

    /// There is no room for a bundle that [`Output::Store`] asked to be kept, nor for more of
    /// its stream: connected peers are told to send nothing of it.
    pub fn turn_away(&mut self, stream: StreamId, seq: u64) {
        self.undurable.remove(&(stream, seq));
        for conversation in self.sessions.values_mut() {
            conversation.session.decline(stream);
        }
    }

    /// What a connected peer has of a stream, as far as it said or showed.
    pub fn known_of(&self, peer: Peer, stream: StreamId) -> Option<&Ranges> {
        self.sessions.get(&peer)?.session.known_of(stream)
    }

    /// Whether a connected peer that wants a stream is not known to have some of its bundles:
    /// a certificate spares it these.
    pub fn is_missed(&self, stream: StreamId, needless: &Ranges) -> bool {
        let mut sessions = self.sessions.values();
        sessions.any(|conversation| conversation.session.lacks(stream, needless))
    }

    /// Bundles that have expired: the stub of each is to be kept instead of the body.
    pub fn expire(&mut self, now: Time) -> Vec<(StreamId, u64)> {
        self.replica.expired(now)
    }

    /// The stub of an expired bundle is durable in place of its body.
    pub fn shrunk(&mut self, stream: StreamId, seq: u64, bytes: usize) {
        self.replica.shrink(stream, seq, bytes);
        self.note_changed(stream);
    }
}
