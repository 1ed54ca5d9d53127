//! The state at one commit, as readers see it: immutable, and cheap to make because it
//! shares with the writer's state everything that did not change.

use crate::books::Books;
use crate::cell::{AttributeCell, EntityCell};
use crate::cow::CowVec;
use crate::fact_trust::FactTrust;
use crate::inference::Inferences;
use crate::journal::ImportRecord;
use crate::names::Names;
use crate::quarantine::Quarantine;
use crate::received::Received;
use crate::structure::Structure;
use std::sync::{Arc, OnceLock};
use twin_fusion::Setting;
use twin_model::{AttributeSpec, CommitNumber, Estimate, Estimator, Flag, SourceId, Time, Value};

/// The state at one commit, as readers see it.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    pub(crate) names: Arc<Names>,
    pub(crate) entities: CowVec<Arc<EntityCell>>,
    pub(crate) imports: Arc<Vec<Arc<ImportRecord>>>,
    pub(crate) structure: Arc<OnceLock<Structure>>,
    pub(crate) commit: CommitNumber,
    pub(crate) recorded: Time,
    pub(crate) next_sequence: u64,
    pub(crate) next_batch: u64,
    pub(crate) claims: u64,
    pub(crate) attributes: u64,
    pub(crate) heap_bytes: usize,
    pub(crate) quarantine: Arc<Quarantine>,
    pub(crate) received: Arc<Received>,
    pub(crate) books: Books,
    pub(crate) fact_trust: Arc<FactTrust>,
    pub(crate) inferences: Arc<Inferences>,
    /// Whether a source was set aside or released since the claims were last folded.
    pub(crate) is_refold_due: bool,
}

impl Picture {
    /// The twin with that number.
    pub(crate) fn entity(&self, number: u32) -> Option<&EntityCell> {
        self.entities.get(number as usize).map(Arc::as_ref)
    }

    /// What is where: worked out once per change of the structure, by the first who asks.
    pub(crate) fn structure(&self) -> &Structure {
        self.structure.get_or_init(|| Structure::of(self))
    }

    /// The estimate of a modelled attribute at `at`.
    pub(crate) fn estimate(&self, twin: u32, attribute: &str, at: Time) -> Option<Estimate> {
        let number = self.names.attributes.find(attribute)?;
        let cell = self.entity(twin)?;
        match cell.get(number)? {
            AttributeCell::Modelled(spec, state) => {
                let estimate = self.ask(number, spec, |setting| state.estimate(spec, at, setting));
                Some(self.marked(estimate, cell.was_passed_by(number)))
            }
            AttributeCell::Verbatim(_) => None,
        }
    }

    /// Asks a state of an attribute with what is known around it.
    pub(crate) fn ask<T>(
        &self,
        attribute: u32,
        spec: &AttributeSpec,
        question: impl FnOnce(&Setting) -> T,
    ) -> T {
        let is_fact = matches!(spec.estimator, Estimator::Static { .. });
        question(&Setting {
            name: &|source| self.names.sources.name(source),
            trust: &|source| {
                if is_fact {
                    self.fact_trust.trust(self, attribute, spec, source)
                } else {
                    self.books.trust(attribute, source)
                }
            },
            widening: self.books.widening(attribute),
        })
    }

    /// The estimate with the mark of a source that was set aside: because it would take
    /// part, or because it still does until the claims are folded again.
    pub(crate) fn marked(&self, mut estimate: Estimate, was_passed_by: bool) -> Estimate {
        let still_takes_part = || {
            let mut sources = estimate.contributors.iter().map(|c| &c.source);
            sources.any(|source| self.is_set_aside(source))
        };
        if was_passed_by || (self.is_refold_due && still_takes_part()) {
            estimate.flags = estimate.flags.with(Flag::Quarantined);
        }
        estimate
    }

    /// Whether a steward has set the source aside.
    pub(crate) fn is_set_aside(&self, source: &SourceId) -> bool {
        let number = self.names.sources.find(source.as_str());
        number.is_some_and(|number| self.quarantine.holds(number))
    }

    /// The believed value of a modelled attribute at `at`.
    pub(crate) fn value(&self, twin: u32, attribute: &str, at: Time) -> Option<Value> {
        self.estimate(twin, attribute, at)?.value()
    }
}
