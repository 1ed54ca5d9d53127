//! How reliable sources of facts have proved: worked out for an attribute from all facts of
//! it at once, by the first who asks after any of them has changed, like the structure.

use crate::cell::AttributeCell;
use crate::picture::Picture;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use twin_fusion::{Trust, reliabilities};
use twin_model::AttributeSpec;

/// What was learned of the sources of one attribute's facts.
type Learned = Arc<OnceLock<BTreeMap<u32, Trust>>>;

/// What was learned of the sources of facts, by the attribute's number.
#[derive(Debug, Default)]
pub(crate) struct FactTrust(Mutex<BTreeMap<u32, Learned>>);

impl FactTrust {
    /// What is known of a source of facts of an attribute in a picture.
    pub(crate) fn trust(
        &self,
        picture: &Picture,
        attribute: u32,
        spec: &AttributeSpec,
        source: u32,
    ) -> Option<Trust> {
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

    /// The same without what was learned of one attribute, one of whose facts has changed;
    /// `None` where nothing was.
    pub(crate) fn without(&self, attribute: u32) -> Option<Self> {
        let learned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        learned.contains_key(&attribute).then(|| {
            let mut others = learned.clone();
            others.remove(&attribute);
            Self(Mutex::new(others))
        })
    }

    fn place(&self, attribute: u32) -> Learned {
        let mut learned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(learned.entry(attribute).or_default())
    }
}
