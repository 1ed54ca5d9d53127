//! Estimates: what the node believes, how surely, since when, and on what basis.
//!
//! Three separate things are kept apart inside: whether something is *known*,
//! on what *basis*, and which *flags* warn about it. Only [`Estimate::summary`]
//! folds them into the one word that the wire and the screen show.

use crate::distribution::Distribution;
use crate::id::{ClaimId, SourceId};
use crate::time::Time;
use crate::value::Value;
use std::fmt;

/// Whether anything is known. Four different answers; none of them looks like another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Knowledge {
    /// There is a distribution.
    Known,
    /// Nobody has said anything usable.
    Unknown,
    /// The thing is known not to be there.
    Absent,
    /// The attribute makes no sense for this twin.
    NotApplicable,
}

/// What kind of evidence the estimate stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// Somebody or something saw it, or stated it.
    Observed,
    /// Derived from other things that were seen or stated.
    Inferred,
    /// For a time that has not come.
    Predicted,
    /// Only the prior of the class.
    Assumed,
}

/// One warning about an estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Flag {
    /// The newest evidence is older than the catalogue allows.
    Stale = 0,
    /// Sources contradict each other beyond their stated uncertainty.
    Conflicting = 1,
    /// A contributing source is suspected to be faulty.
    FaultySource = 2,
    /// The caller may not see it.
    Withheld = 3,
    /// Evidence that came after newer evidence took part.
    Late = 4,
    /// A value outside the plausible range was set aside.
    OutOfRange = 5,
    /// Comes from a simulation.
    Simulated = 6,
    /// Comes from a drill.
    Drill = 7,
    /// A source that would take part is set aside by a steward.
    Quarantined = 8,
    /// Estimates of this class were found too sure of themselves and are given wider.
    Widened = 9,
    /// The clock of a contributing source is off: what it says is taken to be of the time it
    /// states.
    ClockSkew = 10,
}

impl Flag {
    /// Every flag.
    pub const ALL: [Self; 11] = [
        Self::Stale,
        Self::Conflicting,
        Self::FaultySource,
        Self::Withheld,
        Self::Late,
        Self::OutOfRange,
        Self::Simulated,
        Self::Drill,
        Self::Quarantined,
        Self::Widened,
        Self::ClockSkew,
    ];

    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::Conflicting => "conflicting",
            Self::FaultySource => "faultySource",
            Self::Withheld => "withheld",
            Self::Late => "late",
            Self::OutOfRange => "outOfRange",
            Self::Simulated => "simulated",
            Self::Drill => "drill",
            Self::Quarantined => "quarantined",
            Self::Widened => "widened",
            Self::ClockSkew => "clockSkew",
        }
    }
}

/// A set of [`Flag`]s.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Flags(u16);

impl Flags {
    /// No warnings.
    pub const NONE: Self = Self(0);

    /// The set with `flag` in it.
    pub const fn with(self, flag: Flag) -> Self {
        Self(self.0 | 1 << flag as u16)
    }

    /// The set without `flag` in it.
    pub const fn without(self, flag: Flag) -> Self {
        Self(self.0 & !(1 << flag as u16))
    }

    /// The flags that are in either set.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether `flag` is in the set.
    pub const fn has(self, flag: Flag) -> bool {
        self.0 & 1 << flag as u16 != 0
    }

    /// The flags in the set, in their fixed order.
    pub fn iter(self) -> impl Iterator<Item = Flag> {
        Flag::ALL.into_iter().filter(move |flag| self.has(*flag))
    }

    /// The set as bits, one per flag; for codecs.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// The set with these bits; for codecs.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// A claim that an estimate stands on.
#[derive(Debug, Clone, PartialEq)]
pub struct Contributor {
    /// Which claim.
    pub claim: ClaimId,
    /// Who made it.
    pub source: SourceId,
    /// Its share of the evidence, 0..=1.
    pub weight: f64,
    /// When it was observed.
    pub observed: Time,
}

/// Most contributors that are kept with an estimate.
pub const CONTRIBUTORS_MAX: usize = 16;

/// What the node believes about one attribute of one twin, at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// Whether anything is known.
    pub knowledge: Knowledge,
    /// What may be true; present exactly when `knowledge` is `Known`.
    pub distribution: Option<Distribution>,
    /// What kind of evidence it stands on.
    pub basis: Basis,
    /// Warnings.
    pub flags: Flags,
    /// Disagreement between sources, 0 (none) to 1.
    pub conflict: f64,
    /// How many independent sources contribute.
    pub sources: u32,
    /// When the newest contributing evidence was observed.
    pub evidence_time: Option<Time>,
    /// The time the estimate is about; it was aged to here.
    pub at: Time,
    /// The contributors with the largest weight, largest first, at most [`CONTRIBUTORS_MAX`].
    pub contributors: Vec<Contributor>,
}

impl Estimate {
    /// The estimate of something about which nothing was ever said.
    pub fn unknown(at: Time) -> Self {
        Self {
            knowledge: Knowledge::Unknown,
            distribution: None,
            basis: Basis::Assumed,
            flags: Flags::NONE,
            conflict: 0.0,
            sources: 0,
            evidence_time: None,
            at,
            contributors: Vec::new(),
        }
    }

    /// The answer to a caller who may not see the attribute. It is the same
    /// whatever is withheld, known or not.
    pub fn withheld(at: Time) -> Self {
        Self {
            flags: Flags::NONE.with(Flag::Withheld),
            ..Self::unknown(at)
        }
    }

    /// The single value to show, if there is one to show.
    pub fn value(&self) -> Option<Value> {
        self.distribution.as_ref().map(Distribution::best)
    }

    /// Seconds between the newest evidence and the time asked about.
    pub fn evidence_age_s(&self) -> Option<f64> {
        self.evidence_time
            .map(|t| self.at.seconds_since(t).max(0.0))
    }

    /// The one word for the wire and the screen. Precedence: what may not be shown
    /// first, then what is not known, then what warns, then the basis.
    pub fn summary(&self) -> Summary {
        if self.flags.has(Flag::Withheld) {
            return Summary::Withheld;
        }
        match self.knowledge {
            Knowledge::NotApplicable => return Summary::NotApplicable,
            Knowledge::Absent => return Summary::Absent,
            Knowledge::Unknown => return Summary::Unknown,
            Knowledge::Known => {}
        }
        if self.flags.has(Flag::Conflicting) {
            return Summary::Conflicting;
        }
        if self.flags.has(Flag::Stale) {
            return Summary::Stale;
        }
        match self.basis {
            Basis::Assumed => Summary::Assumed,
            Basis::Predicted => Summary::Predicted,
            Basis::Inferred => Summary::Inferred,
            Basis::Observed if self.sources > 1 => Summary::Fused,
            Basis::Observed => Summary::Observed,
        }
    }
}

/// The one word that sums up an estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Summary {
    /// Seen or stated by one source, and fresh.
    Observed,
    /// Seen or stated by several sources that agree, and fresh.
    Fused,
    /// Derived from other evidence.
    Inferred,
    /// For a time that has not come.
    Predicted,
    /// Only the prior of the class.
    Assumed,
    /// Too old to rely on.
    Stale,
    /// Sources contradict each other.
    Conflicting,
    /// Nothing usable was said.
    Unknown,
    /// Known not to be there.
    Absent,
    /// The caller may not see it.
    Withheld,
    /// Makes no sense for this twin.
    NotApplicable,
}

impl Summary {
    /// Every summary word.
    pub const ALL: [Self; 11] = [
        Self::Observed,
        Self::Fused,
        Self::Inferred,
        Self::Predicted,
        Self::Assumed,
        Self::Stale,
        Self::Conflicting,
        Self::Unknown,
        Self::Absent,
        Self::Withheld,
        Self::NotApplicable,
    ];

    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Fused => "fused",
            Self::Inferred => "inferred",
            Self::Predicted => "predicted",
            Self::Assumed => "assumed",
            Self::Stale => "stale",
            Self::Conflicting => "conflicting",
            Self::Unknown => "unknown",
            Self::Absent => "absent",
            Self::Withheld => "withheld",
            Self::NotApplicable => "notApplicable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(basis: Basis, sources: u32) -> Estimate {
        Estimate {
            knowledge: Knowledge::Known,
            distribution: Some(Distribution::Bernoulli { p: 0.9 }),
            basis,
            sources,
            ..Estimate::unknown(Time(0))
        }
    }

    #[test]
    fn the_summary_follows_its_precedence() {
        let with = |e: Estimate, flag| Estimate {
            flags: e.flags.with(flag),
            ..e
        };
        let observed = known(Basis::Observed, 1);
        for (estimate, word) in [
            (observed.clone(), "observed"),
            (known(Basis::Observed, 2), "fused"),
            (known(Basis::Inferred, 2), "inferred"),
            (known(Basis::Assumed, 0), "assumed"),
            (with(observed.clone(), Flag::Stale), "stale"),
            (
                with(with(observed.clone(), Flag::Stale), Flag::Conflicting),
                "conflicting",
            ),
            (with(observed, Flag::Withheld), "withheld"),
            (Estimate::unknown(Time(0)), "unknown"),
            (Estimate::withheld(Time(0)), "withheld"),
        ] {
            assert_eq!(estimate.summary().as_str(), word);
        }
    }

    #[test]
    fn flags_are_a_set() {
        let flags = Flags::NONE
            .with(Flag::Late)
            .with(Flag::Stale)
            .with(Flag::Late);
        assert_eq!(flags.iter().collect::<Vec<_>>(), [Flag::Stale, Flag::Late]);
        assert_eq!(Flags::from_bits(flags.bits()), flags);
        assert_eq!(
            flags.without(Flag::Late).iter().collect::<Vec<_>>(),
            [Flag::Stale]
        );
    }
}
