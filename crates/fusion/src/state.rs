//! The state of one attribute of one twin, whatever its estimator.

use crate::boolean::YesOrNo;
use crate::category::FewStates;
use crate::count::Count;
use crate::evidence::{Evidence, Setting, Witness};
use crate::fact::{Fact, Say};
use crate::lesson::Lesson;
use crate::reading::Reading;
use crate::received::Others;
use crate::records::{Judge as _, Watched};
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

/// What is remembered about one attribute of one twin: by its own evidence, and what other
/// owners believe.
#[derive(Debug, Clone, PartialEq)]
pub struct State(Held);

/// What other owners believe is rare, so it costs only where there is any.
#[derive(Debug, Clone, PartialEq)]
enum Held {
    Alone(Kind),
    Shared(Box<(Kind, Others)>),
}

/// One variant per estimator; the large one is boxed so that the many sensors stay small.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Scalar(Scalar),
    Boolean(Watched),
    Count(Count),
    Category(Watched),
    Fact(Fact),
}

impl State {
    /// Nothing said yet.
    pub fn new(spec: &AttributeSpec) -> Self {
        let kind = match spec.estimator {
            Estimator::Scalar { .. } => Kind::Scalar(Scalar::default()),
            Estimator::Boolean { .. } => Kind::Boolean(Watched::default()),
            Estimator::Count { .. } => Kind::Count(Count::default()),
            Estimator::Category { .. } => Kind::Category(Watched::default()),
            Estimator::Static { .. } => Kind::Fact(Fact::default()),
        };
        Self(Held::Alone(kind))
    }

    pub(crate) fn of(kind: Kind, others: Option<Others>) -> Self {
        Self(match others {
            None => Held::Alone(kind),
            Some(others) => Held::Shared(Box::new((kind, others))),
        })
    }

    /// The state of its own evidence.
    pub(crate) fn kind(&self) -> &Kind {
        match &self.0 {
            Held::Alone(kind) => kind,
            Held::Shared(both) => &both.0,
        }
    }

    fn kind_mut(&mut self) -> &mut Kind {
        match &mut self.0 {
            Held::Alone(kind) => kind,
            Held::Shared(both) => &mut both.0,
        }
    }

    /// What other owners believe, where there is any.
    pub(crate) fn others(&self) -> Option<&Others> {
        match &self.0 {
            Held::Alone(_) => None,
            Held::Shared(both) => Some(&both.1),
        }
    }

    /// The same state with what other owners believe changed by `change`.
    pub(crate) fn change_others<T>(&mut self, change: impl FnOnce(&mut Others) -> T) -> T {
        if let Held::Shared(both) = &mut self.0 {
            return change(&mut both.1);
        }
        let mut others = Others::default();
        let result = change(&mut others);
        *self = Self::of(self.kind().clone(), Some(others));
        result
    }

    /// Takes in one claim. `spec` is the catalogue entry the state was made with; what
    /// settles by it is added to `lessons`.
    pub fn update(
        &mut self,
        spec: &AttributeSpec,
        evidence: &Evidence,
        lessons: &mut Vec<Lesson>,
    ) -> Outcome {
        if evidence.witness != Witness::Itself && !matches!(self.kind(), Kind::Count(_)) {
            return Outcome::Superseded;
        }
        match self.kind_mut() {
            Kind::Scalar(state) => state.update(spec, evidence, lessons),
            Kind::Boolean(state) => state.update(spec, evidence, &YesOrNo::of(spec), lessons),
            Kind::Count(state) => state.update(spec, evidence, lessons),
            Kind::Category(state) => state.update(spec, evidence, &FewStates::of(spec), lessons),
            Kind::Fact(state) => state.update(spec, evidence),
        }
    }

    /// What is believed at `at`, aged to it, by all that is known here.
    pub fn estimate(&self, spec: &AttributeSpec, at: Time, setting: &Setting) -> Estimate {
        let own = self.estimate_own(spec, at, setting);
        self.with_received(spec, own, at, setting)
    }

    /// What is believed by its own evidence alone, without what other owners believe.
    pub fn estimate_own(&self, spec: &AttributeSpec, at: Time, setting: &Setting) -> Estimate {
        match self.kind() {
            Kind::Scalar(state) => state.estimate(spec, at, setting),
            Kind::Boolean(state) => state
                .weighing(YesOrNo::of(spec), spec, setting)
                .estimate(at),
            Kind::Count(state) => state.estimate(spec, at, setting),
            Kind::Category(state) => state
                .weighing(FewStates::of(spec), spec, setting)
                .estimate(at),
            Kind::Fact(state) => state.estimate(spec, at, setting),
        }
    }

    /// What is thought of each source at `at`, in order of the sources' numbers; empty where
    /// nothing can be told.
    pub fn health(&self, spec: &AttributeSpec, at: Time) -> Vec<(u32, SourceHealth)> {
        match self.kind() {
            Kind::Scalar(state) => state.health(at),
            Kind::Boolean(state) => state.health(YesOrNo::of(spec).changes_hz(), at),
            Kind::Category(state) => state.health(FewStates::of(spec).changes_hz(), at),
            Kind::Count(state) => state.health(spec, at),
            Kind::Fact(_) => Vec::new(),
        }
    }

    /// The one word of [`State::estimate`], without the contributors' names.
    pub fn summary(&self, spec: &AttributeSpec, at: Time, setting: &Setting) -> Summary {
        if !self.received().is_empty() {
            return self.estimate(spec, at, setting).summary();
        }
        match self.kind() {
            Kind::Scalar(state) => state.summary(spec, at),
            Kind::Boolean(state) => state.weighing(YesOrNo::of(spec), spec, setting).summary(at),
            Kind::Count(state) => state.summary(spec, at),
            Kind::Category(state) => state
                .weighing(FewStates::of(spec), spec, setting)
                .summary(at),
            Kind::Fact(state) => state.summary(spec, at, setting),
        }
    }

    /// The first instant after `after` at which the summary may change though nobody
    /// says anything: evidence becomes stale, or a statement begins or ceases to hold.
    pub fn next_change(&self, spec: &AttributeSpec, after: Time) -> Option<Time> {
        let own = match self.kind() {
            Kind::Scalar(state) => state.next_change(spec, after),
            Kind::Boolean(state) | Kind::Category(state) => state.words.next_change(spec, after),
            Kind::Count(state) => state.next_change(spec, after),
            Kind::Fact(state) => state.next_change(spec, after),
        };
        let received = self.next_change_of_received(spec, after);
        own.into_iter().chain(received).min()
    }

    /// Whether it remembers nothing, as if nothing had ever been said.
    pub fn is_empty(&self) -> bool {
        if self.others().is_some() {
            return false;
        }
        match self.kind() {
            Kind::Scalar(state) => state.is_empty(),
            Kind::Boolean(state) | Kind::Category(state) => state.words.readings().is_empty(),
            Kind::Count(state) => state.is_empty(),
            Kind::Fact(state) => state.is_empty(),
        }
    }

    /// The sources of its own evidence, rising.
    pub(crate) fn sources(&self) -> Vec<u32> {
        let of_readings = |list: &[Reading]| list.iter().map(|r| r.source).collect();
        let mut sources: Vec<u32> = match self.kind() {
            Kind::Scalar(state) => state.sources(),
            Kind::Boolean(state) | Kind::Category(state) => of_readings(state.words.readings()),
            Kind::Count(state) => state.sources(),
            Kind::Fact(state) => state.0.iter().map(|saying| saying.source).collect(),
        };
        sources.sort_unstable();
        sources.dedup();
        sources
    }

    /// The newest statement of a source about a fact; `None` for what is not a fact, or
    /// when the source has said nothing.
    pub fn newest_of(&self, source: u32) -> Option<NewestStatement> {
        let Kind::Fact(fact) = self.kind() else {
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
        let Kind::Fact(fact) = self.kind() else {
            return false;
        };
        fact.newest_of(evidence.source)
            .is_some_and(|saying| saying.says_same(spec, evidence))
    }

    /// Bytes on the heap, beside the state itself. Texts and shapes that a fact shares
    /// with its claim are counted here in full.
    pub fn heap_bytes(&self) -> usize {
        let own = match self.kind() {
            Kind::Scalar(state) => state.heap_bytes(),
            Kind::Boolean(state) | Kind::Category(state) => state.heap_bytes(),
            Kind::Count(state) => state.heap_bytes(),
            Kind::Fact(state) => state.heap_bytes(),
        };
        own + self.heap_bytes_of_received()
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
