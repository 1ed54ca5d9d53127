//! What every importer takes and gives.

use twin_model::{EntityId, EntityKind, Finding, Statement, Time};

/// Gives every thing its twin. The importer never makes up identities: it hands over the id that
/// the file uses, and whoever owns the twins decides which one is meant.
pub trait Mint {
    /// The twin for a thing of this kind with this external id: an IFC GlobalId, `way/12`, or for
    /// what the importer concluded a key made of the ids involved, such as `contact:A:B`. The
    /// same id must give the same twin.
    fn mint(&mut self, kind: EntityKind, external_id: &str) -> EntityId;
}

/// What the caller decides.
#[derive(Default)]
pub struct Options<'o> {
    /// When the file was drawn up, if its own header does not say.
    pub observed: Option<Time>,
    /// What the properties of a file without a standard meaning stand for: the text of a mapping
    /// file. Formats with a meaning of their own do without.
    pub mapping: Option<&'o str>,
    /// Told how far the work has got, 0 to 1; answers whether to go on.
    pub progress: Option<&'o dyn Fn(f32) -> bool>,
}

impl std::fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("observed", &self.observed)
            .field("mapping", &self.mapping)
            .finish_non_exhaustive()
    }
}

/// Which part of the file a statement comes from; each is a source with its own reliability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Facet {
    /// What the file states in so many words.
    Declared,
    /// What its space boundaries say.
    Boundaries,
    /// What its drawn geometry shows.
    Geometry,
    /// What the file leaves out and the rest of it suggests.
    Inferred,
}

impl Facet {
    /// Every facet.
    pub const ALL: [Self; 4] = [
        Self::Declared,
        Self::Boundaries,
        Self::Geometry,
        Self::Inferred,
    ];

    /// The word used in the name of the source.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Boundaries => "boundaries",
            Self::Geometry => "geometry",
            Self::Inferred => "inferred",
        }
    }
}

/// The statements of one facet.
#[derive(Clone, Debug)]
pub struct FacetStatements {
    /// Which facet.
    pub facet: Facet,
    /// In a fixed order.
    pub statements: Vec<Statement>,
}

/// What came of a file.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// One entry per facet that the file has; each facet is a source of its own.
    pub facets: Vec<FacetStatements>,
    /// Everything that was wrong, doubtful or missing.
    pub findings: Vec<Finding>,
    /// How many of each sort were read, for people.
    pub counts: Vec<(&'static str, u64)>,
    /// Under which licence the data may be used, where the file or its origin says.
    pub licence: Option<String>,
    /// Whom the data must be credited to.
    pub attribution: Option<String>,
    /// Whether the file was read to its end. What a cut file does not say may stand in the part
    /// that is missing.
    pub is_whole: bool,
    /// Whether the caller stopped the work; then there are no statements.
    pub cancelled: bool,
}
