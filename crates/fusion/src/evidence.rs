//! What the estimators are given: a claim as they read it, and what is known around it.

use crate::lesson::Trust;
use twin_model::{Act, Basis, ClaimId, Interval, SourceId, Time};

/// One claim, as the estimators read it.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// Which claim.
    pub claim: ClaimId,
    /// The node's own number of the source.
    pub source: u32,
    /// What is said, with numbers already converted by [`crate::canonical`].
    pub act: &'a Act,
    /// When it holds, as far as stated; weighed for facts.
    pub valid: Interval,
    /// When it was observed.
    pub observed: Time,
    /// When this node recorded it.
    pub recorded: Time,
    /// Seen or stated ([`Basis::Observed`]), or derived from other things
    /// ([`Basis::Inferred`]).
    pub basis: Basis,
    /// What the claim speaks of: the attribute itself, or something that tells of it.
    pub witness: Witness,
}

/// In what way a claim bears on an attribute. People in a room are told of by more than
/// by somebody who counts them: by the air they breathe out, by what moves, by the phones
/// they carry, by a counter in the door.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Witness {
    /// It speaks of the attribute itself.
    Itself,
    /// Carbon dioxide in the room, ppm; with the room's air volume where it is known.
    Co2 {
        /// Air volume, m3.
        volume_m3: Option<f32>,
    },
    /// Fresh air supplied to the room, m3/h.
    Ventilation,
    /// Something moves in the room.
    Motion,
    /// Phones seen in the room.
    Phones,
    /// People through a portal of the room since the statement before.
    Passages {
        /// Whether the portal's positive direction leads into this room.
        inward: bool,
    },
}

/// What is known around an attribute when it is asked about.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// Turns the node's number of a source into its id.
    pub name: &'a dyn Fn(u32) -> SourceId,
    /// What was learned of how a source does with this attribute anywhere; `None` before
    /// anything was.
    pub trust: &'a dyn Fn(u32) -> Option<Trust>,
    /// By how much intervals of this class are widened because they were found too narrow
    /// (a factor on the standard deviation, 1 or more).
    pub widening: f64,
}

impl<'a> Setting<'a> {
    /// A setting in which nothing was learned yet.
    pub fn plain(name: &'a dyn Fn(u32) -> SourceId) -> Self {
        Self {
            name,
            trust: &|_| None,
            widening: 1.0,
        }
    }
}

impl std::fmt::Debug for Setting<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setting")
            .field("widening", &self.widening)
            .finish_non_exhaustive()
    }
}
