//! The current state: every twin with its attributes, as the writer changes it and as
//! readers see it.
//!
//! [`Live`] belongs to the writer alone. A [`Picture`] is an immutable copy of it,
//! published after each group commit; copying shares everything that did not change.
//! What a claim does to the state depends on the claim and on nothing else, so that
//! replaying the log after a crash gives the same state bit for bit (DETERMINISTIC).

use crate::cow::CowVec;
use crate::journal::{ImportRecord, Note};
use crate::names::Names;
use crate::prepare::ERASED_PREFIX;
use crate::structure::Structure;
use std::sync::{Arc, OnceLock};
use twin_fusion as fusion;
use twin_model::{
    Act, AttributeSpec, Basis, Catalogue, Claim, ClaimId, CommitNumber, EntityId, Estimator,
    SourceId, Time,
};

/// Most sources whose verbatim value of one attribute is kept in memory; the claims
/// of all are in the store.
const VERBATIM_SOURCES_MAX: usize = 32;

/// Bytes that a name takes in its table beyond its text: the shared string's head, its two
/// places in list and map, the map's free room, the allocator's rounding.
const NAME_OVERHEAD_BYTES: usize = 112;

/// Bytes that a twin takes beyond its name and what is counted exactly: its place in the
/// tree above, the shared cell's head, the allocator's rounding.
const ENTITY_OVERHEAD_BYTES: usize = NAME_OVERHEAD_BYTES + 64;

/// Bytes that the allocator rounds up and the calendar of changes by time takes per
/// attribute; measured with a million of them.
const ATTRIBUTE_OVERHEAD_BYTES: usize = 80;

/// One twin: its attributes in order of their number.
#[derive(Debug, Clone, Default)]
pub(crate) struct EntityCell {
    pub(crate) attributes: Vec<(u32, Arc<AttributeCell>)>,
}

impl EntityCell {
    pub(crate) fn get(&self, attribute: u32) -> Option<&AttributeCell> {
        let at = self
            .attributes
            .binary_search_by_key(&attribute, |(number, _)| *number)
            .ok()?;
        Some(&self.attributes[at].1)
    }

    fn heap_bytes(&self) -> usize {
        let bytes = self.attributes.iter().map(|(_, cell)| cell.heap_bytes());
        bytes.sum()
    }
}

/// One attribute of one twin.
#[derive(Debug, Clone)]
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
    fn heap_bytes(&self) -> usize {
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

/// The state as the writer changes it.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) names: Arc<Names>,
    pub(crate) entities: CowVec<Arc<EntityCell>>,
    pub(crate) imports: Arc<Vec<Arc<ImportRecord>>>,
    pub(crate) commit: CommitNumber,
    pub(crate) recorded: Time,
    pub(crate) next_sequence: u64,
    pub(crate) next_batch: u64,
    pub(crate) claims: u64,
    pub(crate) attributes: u64,
    pub(crate) heap_bytes: usize,
    pub(crate) structure: Arc<OnceLock<Structure>>,
}

/// What a claim changed: number of the twin, number of the attribute.
pub(crate) type Key = (u32, u32);

impl Default for Live {
    fn default() -> Self {
        Self {
            names: Arc::default(),
            entities: CowVec::default(),
            imports: Arc::default(),
            commit: CommitNumber(0),
            recorded: Time(0),
            next_sequence: 1,
            next_batch: 1,
            claims: 0,
            attributes: 0,
            heap_bytes: 0,
            structure: Arc::default(),
        }
    }
}

impl Live {
    /// An immutable copy for readers.
    pub(crate) fn picture(&self) -> Picture {
        Picture {
            names: Arc::clone(&self.names),
            entities: self.entities.clone(),
            imports: Arc::clone(&self.imports),
            structure: Arc::clone(&self.structure),
            commit: self.commit,
            recorded: self.recorded,
            next_sequence: self.next_sequence,
            next_batch: self.next_batch,
            claims: self.claims,
            attributes: self.attributes,
            heap_bytes: self.heap_bytes,
        }
    }

    /// Whether the claim would make a new attribute, and with it take more memory.
    pub(crate) fn would_grow(&self, entity: &str, attribute: &str) -> bool {
        let (Some(e), Some(a)) = (
            self.names.entities.find(entity),
            self.names.attributes.find(attribute),
        ) else {
            return true;
        };
        self.entities
            .get(e as usize)
            .is_none_or(|cell| cell.get(a).is_none())
    }

    /// Takes a recorded claim into the state. `canonical` is its act in canonical
    /// units where the attribute is modelled.
    pub(crate) fn apply(&mut self, claim: &Claim, canonical: Option<&Act>) -> Key {
        let statement = &claim.statement;
        let entity = self.names.entities.number(&statement.entity);
        let attribute = self.names.attributes.number(&statement.attribute);
        let source = self.source(&claim.source);
        while self.entities.len() <= entity as usize {
            self.entities.push(Arc::default());
            let id = self.names.entities.name(self.entities.len() as u32 - 1);
            self.heap_bytes +=
                size_of::<EntityCell>() + 2 * id.as_str().len() + ENTITY_OVERHEAD_BYTES;
        }
        let spec = Catalogue::BUILT_IN.get(statement.attribute.as_str());
        let shared = self
            .entities
            .get_mut(entity as usize)
            .expect("pushed above");
        let cell = attribute_mut(Arc::make_mut(shared), attribute, spec, &mut self.attributes);
        let before = if cell.fresh {
            0
        } else {
            cell.cell.heap_bytes()
        };
        match cell.cell {
            AttributeCell::Modelled(spec, state) => {
                let act = canonical.unwrap_or(&statement.act);
                state.update(spec, &evidence(claim, source, act), &mut Vec::new());
            }
            AttributeCell::Verbatim(entries) => keep_verbatim(entries, claim, source),
        }
        self.heap_bytes = self.heap_bytes + cell.cell.heap_bytes() - before;
        if spec.is_some_and(|spec| matches!(spec.estimator, Estimator::Static { .. })) {
            self.structure = Arc::default();
        }
        self.claims += 1;
        self.next_sequence = claim.id.sequence + 1;
        (entity, attribute)
    }

    /// Counts a recorded claim that cannot be weighed; its number stays used.
    pub(crate) fn pass_over(&mut self, claim: &Claim) {
        self.claims += 1;
        self.next_sequence = claim.id.sequence + 1;
    }

    fn source(&mut self, source: &SourceId) -> u32 {
        let known = self.names.sources.len();
        let number = self.names.sources.number(source);
        if number as usize == known {
            self.heap_bytes += 2 * source.as_str().len() + NAME_OVERHEAD_BYTES;
        }
        number
    }

    /// Counts the sources that were read from a snapshot.
    pub(crate) fn count_sources(&mut self) {
        let texts: usize = self
            .names
            .sources
            .all()
            .iter()
            .map(|s| 2 * s.as_str().len())
            .sum();
        self.heap_bytes += texts + self.names.sources.len() * NAME_OVERHEAD_BYTES;
    }

    /// Takes what a batch says beside its claims.
    pub(crate) fn apply_note(&mut self, note: Note) {
        let imports = Arc::make_mut(&mut self.imports);
        match note {
            Note::Claims => {}
            Note::Import(record) => imports.push(Arc::new(*record)),
            Note::Undo { of, record } => {
                for import in imports.iter_mut().filter(|import| import.batch == of) {
                    Arc::make_mut(import).undone_by = Some(record.batch);
                }
                imports.push(Arc::new(*record));
            }
        }
    }

    /// Forgets a twin, its name too; its claims are erased from the store. A later claim
    /// about a twin of that name makes a new one.
    pub(crate) fn forget(&mut self, entity: u32) -> EntityCell {
        let anonymous = EntityId::new(&format!("{ERASED_PREFIX}{entity}"));
        self.names
            .entities
            .rename(entity, anonymous.expect("a number fits into a URI"));
        self.structure = Arc::default();
        let Some(shared) = self.entities.get_mut(entity as usize) else {
            return EntityCell::default();
        };
        let cell = std::mem::take(Arc::make_mut(shared));
        self.attributes -= cell.attributes.len() as u64;
        self.heap_bytes -= cell.heap_bytes();
        cell
    }

    /// Takes back that a twin was forgotten.
    pub(crate) fn remember(&mut self, entity: u32, name: EntityId, cell: EntityCell) {
        self.names.entities.rename(entity, name);
        self.structure = Arc::default();
        if let Some(shared) = self.entities.get_mut(entity as usize) {
            self.attributes += cell.attributes.len() as u64;
            self.heap_bytes += cell.heap_bytes();
            *shared = Arc::new(cell);
        }
    }

    /// Puts a twin in place as it was read from a snapshot.
    pub(crate) fn put(&mut self, cell: EntityCell) {
        let id = self.names.entities.name(self.entities.len() as u32);
        self.heap_bytes += size_of::<EntityCell>() + 2 * id.as_str().len() + ENTITY_OVERHEAD_BYTES;
        self.heap_bytes += cell.heap_bytes();
        self.attributes += cell.attributes.len() as u64;
        self.entities.push(Arc::new(cell));
    }
}

struct Slot<'a> {
    cell: &'a mut AttributeCell,
    fresh: bool,
}

fn attribute_mut<'a>(
    entity: &'a mut EntityCell,
    attribute: u32,
    spec: Option<&'static AttributeSpec>,
    count: &mut u64,
) -> Slot<'a> {
    let found = entity
        .attributes
        .binary_search_by_key(&attribute, |(number, _)| *number);
    let at = found.unwrap_or_else(|at| {
        let cell = match spec {
            Some(spec) => AttributeCell::Modelled(spec, fusion::State::new(spec)),
            None => AttributeCell::Verbatim(Vec::new()),
        };
        entity.attributes.insert(at, (attribute, Arc::new(cell)));
        *count += 1;
        at
    });
    Slot {
        cell: Arc::make_mut(&mut entity.attributes[at].1),
        fresh: found.is_err(),
    }
}

/// Keeps the newest statement of each source; of equally old ones the one recorded last.
fn keep_verbatim(entries: &mut Vec<VerbatimEntry>, claim: &Claim, source: u32) {
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

/// A claim as the estimators read it.
pub(crate) fn evidence<'a>(claim: &Claim, source: u32, canonical: &'a Act) -> fusion::Evidence<'a> {
    fusion::Evidence {
        claim: claim.id,
        source,
        act: canonical,
        valid: claim.statement.valid,
        observed: claim.statement.observed,
        recorded: claim.recorded,
        basis: basis_of(&claim.source),
        witness: fusion::Witness::Itself,
    }
}

/// The last part of the URI of the source of facts that an import read off the drawing.
const GEOMETRY_FACET: &str = ":geometry";

/// What a source's word is worth as a kind of evidence: geometry is read by us, not
/// stated by anyone.
fn basis_of(source: &SourceId) -> Basis {
    if source.as_str().ends_with(GEOMETRY_FACET) {
        Basis::Inferred
    } else {
        Basis::Observed
    }
}

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
    pub(crate) fn estimate(
        &self,
        entity: u32,
        attribute: &str,
        at: Time,
    ) -> Option<twin_model::Estimate> {
        let attribute = self.names.attributes.find(attribute)?;
        match self.entity(entity)?.get(attribute)? {
            AttributeCell::Modelled(spec, state) => {
                let name = |source| self.names.sources.name(source);
                Some(state.estimate(spec, at, &fusion::Setting::plain(&name)))
            }
            AttributeCell::Verbatim(_) => None,
        }
    }

    /// The believed value of a modelled attribute at `at`.
    pub(crate) fn value(
        &self,
        entity: u32,
        attribute: &str,
        at: Time,
    ) -> Option<twin_model::Value> {
        self.estimate(entity, attribute, at)?.value()
    }
}
