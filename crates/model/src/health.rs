//! How well a source does: what its readings have shown about itself.
//!
//! A thermometer that repeats one number for a day, a carbon dioxide sensor that creeps away
//! from its neighbours, a detector that has gone silent: each is noticed, weighed less,
//! and said aloud, and each may recover.

use crate::time::Time;

/// What a source seems to suffer from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum HealthState {
    /// Nothing to say against it.
    Ok = 0,
    /// Repeats one value while what it measures changes.
    Stuck = 1,
    /// Moves away from what others and the past say, steadily.
    Drifting = 2,
    /// Scatters more than it states.
    Noisy = 3,
    /// Has not spoken for far longer than it usually takes.
    Silent = 4,
}

impl HealthState {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Ok,
        Self::Stuck,
        Self::Drifting,
        Self::Noisy,
        Self::Silent,
    ];

    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Stuck => "stuck",
            Self::Drifting => "drifting",
            Self::Noisy => "noisy",
            Self::Silent => "silent",
        }
    }
}

/// What is thought of one source of one attribute of one twin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SourceHealth {
    /// What it seems to suffer from.
    pub state: HealthState,
    /// Since when, by its own observations; `None` while it is well.
    pub since: Option<Time>,
    /// Probability that it suffers from anything, 0..=1.
    pub doubt: f64,
    /// How much it reads too high, in the canonical unit; 0 for what is not a number or
    /// where nobody else measures the same.
    pub bias: f64,
    /// Its scatter as a multiple of what it states or the catalogue assumes.
    pub noise_ratio: f64,
    /// Seconds by which its clock is ahead, negative where it is behind; 0 unless that is
    /// steady and far beyond the usual delay on the way to the node.
    pub skew_s: f64,
    /// Settled readings that this rests on.
    pub readings: u32,
}
