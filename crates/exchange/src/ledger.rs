//! What is to be made durable, and what may happen only once it is.
//!
//! A bundle that a peer has heard of before it is on our own disk is a second history after
//! the next power cut, so everything that leaves goes through here.

use crate::Delivery;
use crate::notice::Notices;
use crate::rows::{Change, Form, Key, Value, put_bundle, table};
use std::collections::BTreeSet;
use twin_link::{Bundle, GapCertificate, Incarnation, Opening, StreamId};

/// What may happen once the changes before it are durable.
#[derive(Debug)]
pub(crate) enum After {
    /// Tell others of a bundle of our own.
    Publish(Box<(Opening, Bundle)>),
    /// Tell others that some of our own need not be had.
    Certify(StreamId, GapCertificate),
    /// Tell others that we hold a bundle or stub of theirs, and read it.
    Hold(StreamId, u64),
    /// Only the stub of a bundle is left.
    Shrunk(StreamId, u64, usize),
    /// Hand something to the application.
    Deliver(Delivery),
}

/// Changes, and what waits for them.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    changes: Vec<Change>,
    after: Vec<After>,
    /// What waits for changes that were taken.
    taken: Vec<After>,
    /// Streams whose openings are written.
    openings: BTreeSet<StreamId>,
    pub(crate) notices: Notices,
}

impl Ledger {
    pub(crate) fn write(&mut self, change: Change) {
        self.changes.push(change);
    }

    pub(crate) fn then(&mut self, after: After) {
        self.after.push(after);
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.changes.is_empty()
    }

    /// Whether everything is on disk, and what waited for it has happened.
    pub(crate) fn is_settled(&self) -> bool {
        self.changes.is_empty() && self.after.is_empty() && self.taken.is_empty()
    }

    /// The changes, to be made durable together.
    pub(crate) fn take(&mut self) -> Vec<Change> {
        self.taken.append(&mut self.after);
        std::mem::take(&mut self.changes)
    }

    /// What may happen now that all changes taken so far are durable.
    pub(crate) fn synced(&mut self) -> Vec<After> {
        std::mem::take(&mut self.taken)
    }

    /// The opening of a stream is on disk already.
    pub(crate) fn knows(&mut self, stream: StreamId) {
        self.openings.insert(stream);
    }

    /// Writes the opening of a stream, once.
    pub(crate) fn open(&mut self, opening: &Opening) {
        let stream = opening.id();
        if self.openings.insert(stream) {
            let value = Value::new().bytes(&opening.encode());
            self.write(Key::of(table::OPENING).stream(stream).put(value));
        }
    }

    /// Writes that a new incarnation began; the place stays unless another is given.
    pub(crate) fn renew_life(&mut self, incarnation: Incarnation, place: [u8; 32]) {
        let value = Value::new().bytes(&incarnation.0).bytes(&place);
        self.write(Key::of(table::LIFE).put(value));
    }

    /// Writes a bundle of our own and tells others of it afterwards.
    pub(crate) fn publish(&mut self, opening: Opening, bundle: Bundle) {
        self.open(&opening);
        let header = bundle.header();
        let change = put_bundle(header.stream, header.seq, Form::Body, &bundle.body());
        self.write(change);
        self.then(After::Publish(Box::new((opening, bundle))));
    }

    /// Writes a certificate.
    pub(crate) fn certificate(&mut self, opening: &Opening, certificate: &GapCertificate) {
        self.open(opening);
        let bytes = certificate.encode();
        let key = certificate_key(opening.id(), &bytes);
        self.write(key.put(Value::new().bytes(&bytes)));
    }
}

pub(crate) fn certificate_key(stream: StreamId, bytes: &[u8]) -> Key {
    let hash = blake3::hash(bytes);
    let key = Key::of(table::CERTIFICATE).stream(stream);
    key.bytes(&hash.as_bytes()[..8])
}
