//! How reliable sources of facts have proved: worked out for an attribute from all facts of
//! it at once, by the first who asks after any of them has changed, like the structure.

use crate::cell::AttributeCell;
use crate::picture::Picture;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use twin_fusion::{Trust, reliabilities};
use twin_model::AttributeSpec;

/// What was learned of the sources of one attribute's facts.
type Learned = Arc<OnceLock<BTreeMap<u32, Trust>>>;

/// What was learned of the sources of facts, by the attribute's number.
#[derive(Debug, Default)]
pub(crate) struct FactTrust {
    learned: Mutex<BTreeMap<u32, Learned>>,
    /// The picture that a question goes out from: it uses what was learned there, and
    /// learns nothing from what it supposes.
    base: Option<Box<Picture>>,
}

impl FactTrust {
    /// For a question that goes out from a picture.
    pub(crate) fn of(base: &Picture) -> Self {
        Self {
            learned: Mutex::default(),
            base: Some(Box::new(base.clone())),
        }
    }

    /// What is known of a source of facts of an attribute in a picture.
    pub(crate) fn trust(
        &self,
        picture: &Picture,
        attribute: u32,
        spec: &AttributeSpec,
        source: u32,
    ) -> Option<Trust> {
        if let Some(base) = &self.base {
            return base.fact_trust.trust(base, attribute, spec, source);
        }
        let learned = self.place(attribute);
        let learned = learned.get_or_init(|| {
            let facts = picture
                .entities
                .iter()
                .filter_map(|twin| match twin.get(attribute)? {
                    AttributeCell::Modelled(_, state) => Some(state),
                    AttributeCell::Verbatim(_) => None,
                });
            reliabilities(spec, facts)
        });
        learned.get(&source).copied()
    }

    /// Forgets what was learned of an attribute, one of whose facts has changed. Pictures
    /// that were shown before keep what belongs to them: they, too, may still learn.
    pub(crate) fn forget(self: &mut Arc<Self>, attribute: u32) {
        if let Some(alone) = Arc::get_mut(self) {
            alone.lock().remove(&attribute);
            return;
        }
        let mut others = self.lock().clone();
        others.remove(&attribute);
        *self = Arc::new(Self {
            learned: Mutex::new(others),
            base: None,
        });
    }

    fn place(&self, attribute: u32) -> Learned {
        Arc::clone(self.lock().entry(attribute).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, Learned>> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
