//! What a settled reading teaches: how far off the estimate was before it, and whether the
//! source was right.
//!
//! A reading that has left the recent window can be compared, once and for all, with what
//! was believed before it came. From many such comparisons the node learns whether its
//! intervals hold what they promise and which sources are to be trusted. A lesson depends on
//! the reading and on what came before it in order of observation, never on what other
//! lessons have taught, so that lessons may be added up in any order.

/// One comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lesson {
    /// The source that said it.
    pub source: u32,
    /// What was compared.
    pub kind: LessonKind,
}

/// What was compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LessonKind {
    /// A number or count against the distribution that was foreseen for the reading (the
    /// noise of the source included, the widening of the class not).
    Number {
        /// Probability that was given to a smaller reading, 0..=1; for counts drawn
        /// between the bounds that the count gives (Czado, Gneiting & Held, Biometrics 65
        /// (2009) 1254), at a place that the claim's number decides.
        pit: f64,
        /// Continuous ranked probability score, in the canonical unit.
        crps: f64,
        /// Negative logarithm of the density (number) or probability (count).
        log_score: f64,
        /// The standard deviation that was foreseen.
        sd: f64,
    },
    /// A yes or no against what all others said at that time. Of a category: whether the
    /// source said the state that the others hold most probable.
    Word {
        /// What the source said.
        said: bool,
        /// Probability of yes without this source, by the catalogue's rates.
        held: f64,
    },
}

/// What was learned of a source for one attribute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trust {
    /// Probability that it says yes when it is yes; for facts, that it is right.
    pub hit: f64,
    /// Probability that it says yes when it is no.
    pub false_alarm: f64,
    /// For facts: the first of the sources with which it agrees so nearly always that one
    /// may be a copy of the other. Of sources that are kin and say the same, one counts.
    pub kin: Option<u32>,
}
