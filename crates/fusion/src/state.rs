//! The state of one attribute of one twin, whatever its estimator.

use crate::boolean::Boolean;
use crate::category::Category;
use crate::count::Count;
use crate::evidence::{Evidence, Setting, Witness};
use crate::fact::{Fact, Say};
use crate::lesson::Lesson;
use crate::scalar::Scalar;
use twin_model::{AttributeSpec, ClaimId, Estimate, Estimator, SourceHealth, Summary, Time};

/// What became of a piece of evidence. In every case but `Refused` it is understood;
/// none of them loses the claim, which the log keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It takes part.
    Accepted,
    /// The same source said the same of the same instant before; nothing changed.
    Duplicate,
    /// It came after the recent window had moved on; it takes part with the spread
    /// of its age, and the estimate is flagged late.
    Late,
    /// The same source has newer evidence; it is on record only.
    Superseded,
    /// Outside the plausible range; on record and flagged, but not believed.
    OutOfRange,
    /// There was nothing to take back any more; on record only.
    NothingToRetract,
    /// Its value does not have the form of the attribute; nothing changed.
    Refused,
}

/// The newest statement of one source about a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewestStatement {
    /// The claim that made it.
    pub claim: ClaimId,
    /// When it was observed.
    pub observed: Time,
    /// Whether it takes back what was said before.
    pub is_retracted: bool,
}

/// What is remembered about one attribute of one twin.
#[derive(Debug, Clone, PartialEq)]
pub struct State(pub(crate) Kind);

/// One variant per estimator; the large one is boxed so that the many sensors stay small.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Scalar(Scalar),
    Boolean(Boolean),
    Count(Count),
    Category(Category),
    Fact(Fact),
}

impl State {
    /// Nothing said yet.
    pub fn new(spec: &AttributeSpec) -> Self {
        Self(match spec.estimator {
            Estimator::Scalar { .. } => Kind::Scalar(Scalar::default()),
            Estimator::Boolean { .. } => Kind::Boolean(Boolean::default()),
            Estimator::Count { .. } => Kind::Count(Count::default()),
            Estimator::Category { .. } => Kind::Category(Category::default()),
            Estimator::Static { .. } => Kind::Fact(Fact::default()),
        })
    }

    /// Takes in one claim. `spec` is the catalogue entry the state was made with; what
    /// settles by it is added to `lessons`.
    pub fn update(
        &mut self,
        spec: &AttributeSpec,
        evidence: &Evidence,
        lessons: &mut Vec<Lesson>,
    ) -> Outcome {
        if evidence.witness != Witness::Itself {
            return Outcome::Superseded;
        }
        match &mut self.0 {
            Kind::Scalar(state) => state.update(spec, evidence, lessons),
            Kind::Boolean(state) => state.update(spec, evidence, lessons),
            Kind::Count(state) => state.0.update(spec, evidence),
            Kind::Category(state) => state.update(spec, evidence, lessons),
            Kind::Fact(state) => state.update(spec, evidence),
        }
    }

    /// What is believed at `at`, aged to it.
    pub fn estimate(&self, spec: &AttributeSpec, at: Time, setting: &Setting) -> Estimate {
        let name = setting.name;
        match &self.0 {
            Kind::Scalar(state) => state.estimate(spec, at, setting),
            Kind::Boolean(state) => state.estimate(spec, at, setting),
            Kind::Count(state) => state.estimate(spec, at, name),
            Kind::Category(state) => state.estimate(spec, at, setting),
            Kind::Fact(state) => state.estimate(spec, at, name),
        }
    }

    /// What is thought of each source at `at`, in order of the sources' numbers; empty where
    /// nothing can be told.
    pub fn health(&self, spec: &AttributeSpec, at: Time) -> Vec<(u32, SourceHealth)> {
        match &self.0 {
            Kind::Scalar(state) => state.health(at),
            Kind::Boolean(state) => state.health(spec, at),
            Kind::Category(state) => state.health(spec, at),
            Kind::Count(_) | Kind::Fact(_) => Vec::new(),
        }
    }

    /// The one word of [`State::estimate`], without the contributors' names.
    pub fn summary(&self, spec: &AttributeSpec, at: Time, setting: &Setting) -> Summary {
        match &self.0 {
            Kind::Scalar(state) => state.summary(spec, at),
            Kind::Boolean(state) => state.summary(spec, at, setting),
            Kind::Count(state) => state.summary(spec, at),
            Kind::Category(state) => state.summary(spec, at, setting),
            Kind::Fact(state) => state.summary(spec, at),
        }
    }

    /// The first instant after `after` at which the summary may change though nobody
    /// says anything: evidence becomes stale, or a statement begins or ceases to hold.
    pub fn next_change(&self, spec: &AttributeSpec, after: Time) -> Option<Time> {
        match &self.0 {
            Kind::Scalar(state) => state.next_change(spec, after),
            Kind::Boolean(state) => state.0.words.next_change(spec, after),
            Kind::Count(state) => state.0.next_change(spec, after),
            Kind::Category(state) => state.0.words.next_change(spec, after),
            Kind::Fact(state) => state.next_change(spec, after),
        }
    }

    /// Whether it remembers nothing, as if nothing had ever been said.
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Kind::Scalar(state) => state.is_empty(),
            Kind::Boolean(state) => state.0.words.readings().is_empty(),
            Kind::Count(state) => state.0.readings().is_empty(),
            Kind::Category(state) => state.0.words.readings().is_empty(),
            Kind::Fact(state) => state.is_empty(),
        }
    }

    /// The newest statement of a source about a fact; `None` for what is not a fact, or
    /// when the source has said nothing.
    pub fn newest_of(&self, source: u32) -> Option<NewestStatement> {
        let Kind::Fact(fact) = &self.0 else {
            return None;
        };
        fact.newest_of(source).map(|saying| NewestStatement {
            claim: saying.claim,
            observed: saying.observed,
            is_retracted: saying.say == Say::Retract,
        })
    }

    /// Whether the newest statement of a source about a fact says what `evidence` says,
    /// whenever either was observed.
    pub fn says_already(&self, spec: &AttributeSpec, evidence: &Evidence) -> bool {
        let Kind::Fact(fact) = &self.0 else {
            return false;
        };
        fact.newest_of(evidence.source)
            .is_some_and(|saying| saying.says_same(spec, evidence))
    }

    /// Bytes on the heap, beside the state itself. Texts and shapes that a fact shares
    /// with its claim are counted here in full.
    pub fn heap_bytes(&self) -> usize {
        match &self.0 {
            Kind::Scalar(state) => state.heap_bytes(),
            Kind::Boolean(state) => state.0.heap_bytes(),
            Kind::Count(state) => state.0.heap_bytes(),
            Kind::Category(state) => state.0.heap_bytes(),
            Kind::Fact(state) => state.heap_bytes(),
        }
    }
}

/// The state after a run of evidence, for questions about the past. Given in the order
/// of recording, it is the state a node had; in another order it may differ where
/// evidence came later than the recent window.
pub fn fold<'a>(spec: &AttributeSpec, evidence: impl IntoIterator<Item = Evidence<'a>>) -> State {
    let mut state = State::new(spec);
    for one in evidence {
        state.update(spec, &one, &mut Vec::new());
    }
    state
}
