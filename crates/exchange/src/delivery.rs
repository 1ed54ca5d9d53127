//! What came in and is to be recorded.

use crate::card::Fingerprint;
use twin_link::{Class, OriginId, StreamId};
use twin_model::{EntityId, SourceId, Statement, Time};

/// A bundle whose claims are to be recorded by the node, in one batch that names stream and
/// number, so that it is known at the next start.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Whose claims they are.
    pub origin: OriginId,
    /// What that organisation calls itself.
    pub origin_name: String,
    /// The organisation, by which its sources are named here: it stays when its node gets new
    /// keys.
    pub organisation: Fingerprint,
    /// The stream.
    pub stream: StreamId,
    /// The number of the bundle in it. With the index of a claim it is the claim's name
    /// outside, the same on every node.
    pub seq: u64,
    /// How urgent it is.
    pub class: Class,
    /// When its origin wrote it.
    pub written: Time,
    /// What it says.
    pub claims: Vec<Received>,
    /// Of whom everything is to be erased that this organisation has told.
    pub erased: Vec<EntityId>,
}

/// A claim of another organisation.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// Who says it, as it is called here: `urn:twin:from:…`.
    pub source: SourceId,
    /// What is said.
    pub statement: Statement,
}
