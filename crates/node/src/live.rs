//! The current state: every twin with its attributes, as the writer changes it and as
//! readers see it.
//!
//! [`Live`] belongs to the writer alone. A [`Picture`] is an immutable copy of it,
//! published after each group commit; copying shares everything that did not change.
//! What a claim does to the state depends on the claim and on nothing else, so that
//! replaying the log after a crash gives the same state bit for bit (DETERMINISTIC).

use crate::bearing;
use crate::books::Books;
use crate::cell::{AttributeCell, EntityCell, keep_verbatim};
use crate::cow::CowVec;
use crate::fact_trust::FactTrust;
use crate::inference::{self, Inferences};
use crate::journal::{ImportRecord, Note};
use crate::names::Names;
use crate::picture::Picture;
use crate::quarantine::{Quarantine, Verdict};
use crate::received::Received;
use crate::structure::Structure;
use std::sync::{Arc, OnceLock};
use twin_fusion::{Evidence, Lesson, Witness};
use twin_model::catalogue::{self, Retention};
use twin_model::naming::ERASED_PREFIX;
use twin_model::{
    Act, Attribute, AttributeSpec, Basis, Catalogue, Claim, CommitNumber, EntityId, Estimator,
    SourceId, Time,
};

/// Bytes that a name takes in its table beyond its text: the shared string's head, its two
/// places in list and map, the map's free room, the allocator's rounding.
const NAME_OVERHEAD_BYTES: usize = 112;

/// Bytes that a twin takes beyond its name and what is counted exactly: its place in the
/// tree above, the shared cell's head, the allocator's rounding.
const ENTITY_OVERHEAD_BYTES: usize = NAME_OVERHEAD_BYTES + 64;

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
    pub(crate) quarantine: Arc<Quarantine>,
    pub(crate) received: Arc<Received>,
    pub(crate) books: Books,
    pub(crate) fact_trust: Arc<FactTrust>,
    /// What was inferred; begun afresh when a claim comes that it rests on.
    pub(crate) inferences: Arc<Inferences>,
    /// Whether what settles is learned from; a question only uses what was.
    pub(crate) is_learning: bool,
    /// Whether a source was set aside or released since the claims were last folded.
    pub(crate) is_refold_due: bool,
    /// The name of what others bear on, ready to be looked up.
    pub(crate) occupancy: Attribute,
    /// What the claim at hand has taught; its room is used again.
    pub(crate) lessons: Vec<Lesson>,
}

/// A claim on its way into the state.
struct Said<'a> {
    claim: &'a Claim,
    source: u32,
    act: &'a Act,
}

impl Said<'_> {
    /// The claim as the estimators read it.
    fn evidence(&self, witness: Witness) -> Evidence<'_> {
        Evidence {
            claim: self.claim.id,
            source: self.source,
            act: self.act,
            valid: self.claim.statement.valid,
            observed: self.claim.statement.observed,
            recorded: self.claim.recorded,
            basis: basis_of(&self.claim.source, witness),
            witness,
        }
    }
}

/// The last part of the URI of the source of facts that an import read off the drawing.
const GEOMETRY_FACET: &str = ":geometry";

/// What a source's word is worth as a kind of evidence: geometry is read by us, not
/// stated by anyone, and what tells of people by something else is concluded.
fn basis_of(source: &SourceId, witness: Witness) -> Basis {
    if witness != Witness::Itself || source.as_str().ends_with(GEOMETRY_FACET) {
        Basis::Inferred
    } else {
        Basis::Observed
    }
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
            quarantine: Arc::default(),
            received: Arc::default(),
            books: Books::default(),
            fact_trust: Arc::default(),
            inferences: Arc::default(),
            is_learning: true,
            is_refold_due: false,
            occupancy: Attribute::new(bearing::OCCUPANCY).expect("a catalogued name"),
            lessons: Vec::new(),
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
            quarantine: Arc::clone(&self.quarantine),
            received: Arc::clone(&self.received),
            books: self.books.clone(),
            fact_trust: Arc::clone(&self.fact_trust),
            inferences: Arc::clone(&self.inferences),
            is_refold_due: self.is_refold_due,
        }
    }

    /// An empty state for a question about few twins; it shares the node's numbers of
    /// sources, whose order decides between claims of one instant, and adds to nothing.
    pub(crate) fn of_its_own(picture: &Picture) -> Self {
        Self {
            names: Arc::new(picture.names.fork_without_twins()),
            quarantine: Arc::clone(&picture.quarantine),
            books: picture.books.clone(),
            fact_trust: Arc::new(FactTrust::of(picture)),
            is_learning: false,
            ..Self::default()
        }
    }

    /// The state before the first claim, to be folded again with the names, imports and
    /// verdicts of a picture.
    pub(crate) fn to_be_folded(picture: &Picture) -> Self {
        let mut live = Self {
            names: Arc::clone(&picture.names),
            imports: Arc::clone(&picture.imports),
            quarantine: Arc::clone(&picture.quarantine),
            received: Arc::clone(&picture.received),
            commit: picture.commit,
            recorded: picture.recorded,
            next_batch: picture.next_batch,
            ..Self::default()
        };
        live.count_sources();
        live
    }

    /// A copy for a question that supposes; it shares all that it does not change.
    pub(crate) fn fork_of(picture: &Picture) -> Self {
        Self {
            names: Arc::new(picture.names.fork()),
            entities: picture.entities.clone(),
            imports: Arc::clone(&picture.imports),
            quarantine: Arc::clone(&picture.quarantine),
            structure: Arc::clone(&picture.structure),
            is_refold_due: picture.is_refold_due,
            commit: picture.commit,
            recorded: picture.recorded,
            next_sequence: picture.next_sequence,
            next_batch: picture.next_batch,
            claims: picture.claims,
            attributes: picture.attributes,
            heap_bytes: picture.heap_bytes,
            books: picture.books.clone(),
            fact_trust: Arc::new(FactTrust::of(picture)),
            is_learning: false,
            ..Self::default()
        }
    }

    /// Whether the claim would make a new attribute, its own or one it bears on, and with it
    /// take more memory.
    pub(crate) fn would_grow(&self, entity: &str, attribute: &str) -> bool {
        let Some(number) = self.names.entities.find(entity) else {
            return true;
        };
        if !self.has(number, attribute) {
            return true;
        }
        let spec = Catalogue::BUILT_IN.get(attribute);
        let told_of = spec.map_or([None, None], |spec| self.told_of(number, spec));
        let mut spaces = told_of.into_iter().flatten();
        spaces.any(|(space, _)| !self.has(space, bearing::OCCUPANCY))
    }

    fn has(&self, twin: u32, attribute: &str) -> bool {
        let attribute = self.names.attributes.find(attribute);
        let cell = self.entities.get(twin as usize);
        attribute.is_some_and(|a| cell.is_some_and(|cell| cell.get(a).is_some()))
    }

    /// Takes a recorded claim into the state; what it changed is added to `changed`.
    /// `canonical` is its act in canonical units where the attribute is modelled.
    pub(crate) fn apply(&mut self, claim: &Claim, canonical: Option<&Act>, changed: &mut Vec<Key>) {
        let statement = &claim.statement;
        let entity = self.entity(&statement.entity);
        let attribute = self.names.attributes.number(&statement.attribute);
        let source = self.source(&claim.source);
        self.pass_over(claim);
        self.enter_lessons(claim.recorded);
        let spec = Catalogue::BUILT_IN.get(statement.attribute.as_str());
        let said = Said {
            claim,
            source,
            act: canonical.unwrap_or(&statement.act),
        };
        changed.push((entity, attribute));
        self.take((entity, attribute), spec, &said, Witness::Itself);
        let Some(spec) = spec else {
            return;
        };
        if inference::is_basis(spec) {
            begin_afresh(&mut self.inferences);
        }
        for (space, witness) in self.told_of(entity, spec).into_iter().flatten() {
            let key = (space, self.names.attributes.number(&self.occupancy));
            changed.push(key);
            self.take(key, Some(bearing::occupancy()), &said, witness);
        }
        if matches!(spec.estimator, Estimator::Static { .. }) && !self.quarantine.holds(source) {
            self.learn_bearing(entity, spec.name, claim.recorded);
            self.forget_fact_trust(attribute);
            begin_afresh(&mut self.structure);
        }
    }

    /// Enters into the books what was learned by the minute before.
    fn enter_lessons(&mut self, now: Time) {
        if !self.is_learning {
            return;
        }
        let names = &self.names.attributes;
        let spec = |number| Catalogue::BUILT_IN.get(names.name(number).as_str());
        if self.books.turn(now, &spec) {
            begin_afresh(&mut self.inferences);
        }
    }

    /// A fact has changed: what was learned of its sources is to be worked out afresh.
    fn forget_fact_trust(&mut self, attribute: u32) {
        if self.is_learning {
            self.fact_trust.forget(attribute);
        }
    }

    /// Weighs what was said into one attribute, or keeps it out if its source is set aside.
    fn take(
        &mut self,
        (entity, attribute): Key,
        spec: Option<&'static AttributeSpec>,
        said: &Said,
        witness: Witness,
    ) {
        let shared = self.entities.get_mut(entity as usize);
        let cell = Arc::make_mut(shared.expect("a key names a twin that is there"));
        if cell.since == 0 {
            cell.since = said.claim.id.sequence;
        }
        if self.quarantine.holds(said.source) {
            let before = cell.side_bytes();
            cell.pass_by(attribute);
            self.heap_bytes = self.heap_bytes + cell.side_bytes() - before;
            return;
        }
        let slot = cell.attribute_mut(attribute, spec);
        self.attributes += u64::from(slot.is_new);
        match slot.cell {
            AttributeCell::Modelled(spec, state) => {
                self.lessons.clear();
                state.update(spec, &said.evidence(witness), &mut self.lessons);
                if self.is_learning {
                    self.books.learn(attribute, &self.lessons);
                }
            }
            AttributeCell::Verbatim(entries) => keep_verbatim(entries, said.claim, said.source),
        }
        self.heap_bytes = self.heap_bytes + slot.cell.heap_bytes() - slot.bytes;
    }

    /// Gives a twin of a question its place, as of which claim it was spoken of.
    pub(crate) fn place(&mut self, id: &EntityId, since: u64) {
        let number = self.entity(id);
        if let Some(shared) = self.entities.get_mut(number as usize) {
            Arc::make_mut(shared).since = since;
        }
    }

    /// The number of a twin, which is given a place if it had none.
    fn entity(&mut self, id: &EntityId) -> u32 {
        let number = self.names.entities.number(id);
        while self.entities.len() <= number as usize {
            self.put(EntityCell::default());
        }
        number
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
    pub(crate) fn apply_note(&mut self, note: Note, recorded: Time) {
        let imports = Arc::make_mut(&mut self.imports);
        match note {
            Note::Claims => {}
            Note::Verdict(verdict) => self.judge(&verdict, recorded),
            Note::Received(arrival) => Arc::make_mut(&mut self.received).take(arrival),
            Note::Import(record) => imports.push(Arc::new(*record)),
            Note::Undo { of, record } => {
                for import in imports.iter_mut().filter(|import| import.batch == of) {
                    Arc::make_mut(import).undone_by = Some(record.batch);
                }
                imports.push(Arc::new(*record));
            }
        }
    }

    /// Sets a source aside or releases it. What it said before is still in the estimates,
    /// or still out of them: they are due to be folded again.
    fn judge(&mut self, verdict: &Verdict, recorded: Time) {
        let Ok(source) = SourceId::new(&verdict.source) else {
            return;
        };
        let number = self.source(&source);
        Arc::make_mut(&mut self.quarantine).take(&source, number, verdict, recorded);
        self.is_refold_due = true;
    }

    /// Forgets what was written verbatim about people and observed before the cutoff; returns
    /// where something is gone.
    pub(crate) fn forget_personal_before(&mut self, cutoff: Time) -> Vec<Key> {
        let names = self.names.attributes.all();
        let numbered = names.iter().zip(0_u32..);
        let personal: Vec<u32> = numbered
            .filter(|(name, _)| catalogue::retention(name.as_str()) == Retention::Personal)
            .map(|(_, number)| number)
            .collect();
        let is_due = |cell: &AttributeCell| match cell {
            AttributeCell::Verbatim(entries) => entries.iter().any(|e| e.observed < cutoff),
            AttributeCell::Modelled(..) => false,
        };
        let cells = self.entities.iter().zip(0_u32..);
        let due: Vec<Key> = cells
            .flat_map(|(cell, entity)| {
                let due = |a: &&u32| cell.get(**a).is_some_and(&is_due);
                personal.iter().filter(due).map(move |&a| (entity, a))
            })
            .collect();
        for &(entity, attribute) in &due {
            let Some(shared) = self.entities.get_mut(entity as usize) else {
                continue;
            };
            let slot = Arc::make_mut(shared).attribute_mut(attribute, None);
            if let AttributeCell::Verbatim(entries) = slot.cell {
                entries.retain(|entry| entry.observed >= cutoff);
            }
            self.heap_bytes = self.heap_bytes + slot.cell.heap_bytes() - slot.bytes;
        }
        due
    }

    /// Forgets a twin, its name too; its claims are erased from the store. A later claim
    /// about a twin of that name makes a new one.
    pub(crate) fn forget(&mut self, entity: u32) -> EntityCell {
        let anonymous = EntityId::new(&format!("{ERASED_PREFIX}{entity}"));
        self.names
            .entities
            .rename(entity, anonymous.expect("a number fits into a URI"));
        self.structure = Arc::default();
        self.inferences = Arc::default();
        self.fact_trust = Arc::default();
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
        self.inferences = Arc::default();
        self.fact_trust = Arc::default();
        if let Some(shared) = self.entities.get_mut(entity as usize) {
            self.attributes += cell.attributes.len() as u64;
            self.heap_bytes += cell.heap_bytes();
            *shared = Arc::new(cell);
        }
    }

    /// After a fold from the beginning: as many claims and twins as there ever were.
    pub(crate) fn complete(&mut self, claims: u64, next_sequence: u64) {
        self.claims = claims;
        self.next_sequence = next_sequence;
        while self.entities.len() < self.names.entities.len() {
            self.put(EntityCell::default());
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

/// Leaves what was worked out to the pictures that share it. Where none does, nothing was
/// worked out yet: only pictures are asked.
fn begin_afresh<T: Default>(shared: &mut Arc<T>) {
    if Arc::get_mut(shared).is_none() {
        *shared = Arc::default();
    }
}
