//! One twin in memory: its attributes, and what each remembers of its claims.

use crate::bearing::Bearing;
use std::sync::Arc;
use twin_fusion as fusion;
use twin_model::{Act, AttributeSpec, Claim, ClaimId, Time};

/// Most sources whose verbatim value of one attribute is kept in memory; the claims
/// of all are in the store.
const VERBATIM_SOURCES_MAX: usize = 32;

/// Bytes that the allocator rounds up and the calendar of changes by time takes per
/// attribute; measured with a million of them.
const ATTRIBUTE_OVERHEAD_BYTES: usize = 80;

/// One twin: its attributes in order of their number.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct EntityCell {
    pub(crate) attributes: Vec<(u32, Arc<AttributeCell>)>,
    /// Attributes of which a source that was set aside has spoken, in order of number.
    pub(crate) passed_by: Vec<u32>,
    /// Number of the first claim about it; 0 before anybody spoke of it.
    pub(crate) since: u64,
    /// What other attributes' claims need of this twin to bear on people in a space.
    pub(crate) bearing: Option<Box<Bearing>>,
}

impl EntityCell {
    pub(crate) fn get(&self, attribute: u32) -> Option<&AttributeCell> {
        let at = self
            .attributes
            .binary_search_by_key(&attribute, |(number, _)| *number)
            .ok()?;
        Some(&self.attributes[at].1)
    }

    /// Whether a source that was set aside has spoken of the attribute.
    pub(crate) fn was_passed_by(&self, attribute: u32) -> bool {
        self.passed_by.binary_search(&attribute).is_ok()
    }

    /// Remembers that a source that was set aside has spoken of the attribute.
    pub(crate) fn pass_by(&mut self, attribute: u32) {
        if let Err(at) = self.passed_by.binary_search(&attribute) {
            self.passed_by.insert(at, attribute);
        }
    }

    /// Whether nobody who counts has said anything about it.
    pub(crate) fn is_empty(&self) -> bool {
        self.attributes.is_empty() && self.passed_by.is_empty()
    }

    /// The attribute to be changed, made where there was none, and the bytes it took.
    pub(crate) fn attribute_mut(
        &mut self,
        attribute: u32,
        spec: Option<&'static AttributeSpec>,
    ) -> Slot<'_> {
        let found = self
            .attributes
            .binary_search_by_key(&attribute, |(number, _)| *number);
        let at = found.unwrap_or_else(|at| {
            let cell = match spec {
                Some(spec) => AttributeCell::Modelled(spec, fusion::State::new(spec)),
                None => AttributeCell::Verbatim(Vec::new()),
            };
            self.attributes.insert(at, (attribute, Arc::new(cell)));
            at
        });
        let cell = Arc::make_mut(&mut self.attributes[at].1);
        let bytes = if found.is_ok() { cell.heap_bytes() } else { 0 };
        Slot {
            cell,
            bytes,
            is_new: found.is_err(),
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let attributes = self.attributes.iter().map(|(_, cell)| cell.heap_bytes());
        attributes.sum::<usize>() + self.side_bytes()
    }

    /// Bytes of what stands beside the attributes.
    pub(crate) fn side_bytes(&self) -> usize {
        let bearing = self.bearing.as_deref().map_or(0, Bearing::heap_bytes);
        bearing + 4 * self.passed_by.len()
    }
}

/// An attribute about to be changed.
pub(crate) struct Slot<'a> {
    pub(crate) cell: &'a mut AttributeCell,
    /// Bytes it took before.
    pub(crate) bytes: usize,
    pub(crate) is_new: bool,
}

/// One attribute of one twin.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AttributeCell {
    /// Weighed into an estimate.
    Modelled(&'static AttributeSpec, fusion::State),
    /// Kept per source, as written.
    Verbatim(Vec<VerbatimEntry>),
}

/// What one source says of a verbatim attribute now.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VerbatimEntry {
    pub(crate) source: u32,
    pub(crate) claim: ClaimId,
    pub(crate) observed: Time,
    pub(crate) act: Act,
}

impl AttributeCell {
    pub(crate) fn heap_bytes(&self) -> usize {
        let inner = match self {
            Self::Modelled(_, state) => state.heap_bytes(),
            Self::Verbatim(entries) => entries
                .iter()
                .map(|entry| size_of::<VerbatimEntry>() + act_heap_bytes(&entry.act))
                .sum(),
        };
        // The reference in the twin's list, the two counters of the shared cell, the cell.
        16 + 16 + size_of::<Self>() + inner + ATTRIBUTE_OVERHEAD_BYTES
    }
}

fn act_heap_bytes(act: &Act) -> usize {
    match act {
        Act::Assert(stated) => match &stated.value {
            twin_model::Value::Json(text) | twin_model::Value::Text(text) => text.len() + 16,
            _ => 64,
        },
        Act::Unknown { reason } => reason.len() + 16,
        Act::Absent | Act::NotApplicable | Act::Retract => 0,
    }
}

/// Keeps the newest statement of each source; of equally old ones the one recorded last.
pub(crate) fn keep_verbatim(entries: &mut Vec<VerbatimEntry>, claim: &Claim, source: u32) {
    let statement = &claim.statement;
    let newer = entries
        .iter()
        .any(|entry| entry.source == source && entry.observed > statement.observed);
    if newer {
        return;
    }
    entries.retain(|entry| entry.source != source);
    if statement.act == Act::Retract {
        return;
    }
    if entries.len() == VERBATIM_SOURCES_MAX {
        entries.remove(0);
    }
    entries.push(VerbatimEntry {
        source,
        claim: claim.id,
        observed: statement.observed,
        act: statement.act.clone(),
    });
}
