//! Who writes, for whom, and how urgently: the names of streams.

use std::fmt;

macro_rules! opaque_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self, f)
            }
        }
    };
}

opaque_id! {
    /// One stream, as carriers see it: a hash of its opening. It betrays neither who writes
    /// the stream nor for whom.
    StreamId
}

opaque_id! {
    /// The organisation's node that makes claims.
    OriginId
}

opaque_id! {
    /// Which life of the origin's disk. Drawn at random whenever the origin cannot prove
    /// that it continues where it stopped, so that a restored backup never forks a stream.
    Incarnation
}

opaque_id! {
    /// For whom a stream is written: the recipients of its epoch keys.
    Audience
}

opaque_id! {
    /// The first 16 bytes of a BLAKE3 hash of a bundle's statement; links a bundle to the
    /// one before it.
    BundleHash
}

/// A peer, as the node numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Peer(pub u64);

impl Audience {
    /// Everybody who carries bundles; such streams are plain.
    pub const CARRIERS: Self = Self([0; 16]);
}

impl BundleHash {
    /// What stands before the first bundle of a stream.
    pub const NONE: Self = Self([0; 16]);
}

/// How urgent a stream is. Each class is a stream of its own, so that an alarm never waits
/// for earlier telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Alarm, mayday, evacuation order, key grant, revocation.
    LifeSafety = 0,
    /// The operational picture: where people, vehicles and hazards are.
    Operational = 1,
    /// Sensor series.
    Telemetry = 2,
    /// Models, media and other bulk.
    Bulk = 3,
}

impl Class {
    /// Every class, the most urgent first.
    pub const ALL: [Self; 4] = [
        Self::LifeSafety,
        Self::Operational,
        Self::Telemetry,
        Self::Bulk,
    ];

    pub(crate) fn from_wire(byte: u8) -> Option<Self> {
        Self::ALL.get(usize::from(byte)).copied()
    }
}

/// What a stream keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Keep {
    /// Every entry counts until it expires.
    History = 0,
    /// A newer entry on the same topic makes the older one superfluous.
    Latest = 1,
}

impl Keep {
    pub(crate) fn from_wire(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::History),
            1 => Some(Self::Latest),
            _ => None,
        }
    }
}
