//! Importing a file, importing it again, and taking an import back.
//!
//! The file's facets (what it declares, what its boundaries say, what we read off its
//! geometry) are sources of their own. A second import of the same building says only
//! what has changed: new statements are asserted, missing ones retracted, equal ones
//! left alone. The file itself is kept under the hash of its bytes.

use crate::cell::AttributeCell;
use crate::error::Error;
use crate::journal::{FINDINGS_MAX, ImportChanges, ImportRecord};
use crate::node::{Node, files_dir, permit};
use crate::picture::Picture;
use crate::prepare::{self, Draft, Prepared, own_source};
use crate::writer::NoteDraft;
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use twin_fusion as fusion;
use twin_import::{self as import, Facet, Format};
use twin_model::{
    Act, Attribute, Basis, BatchId, Caller, ClaimId, CommitNumber, EntityId, EntityKind, Finding,
    Interval, SourceId, Statement, Time,
};
use twin_policy as policy;

/// How far a long work has got.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// What is being done.
    pub stage: &'static str,
    /// Share of the whole, 0..=1.
    pub share: f32,
}

/// Hears about progress, and may break the work off.
pub type OnProgress<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

/// A file to be imported.
#[derive(Debug, Clone, Copy)]
pub struct ImportFile<'a> {
    /// Its name, which tells the format where the bytes do not.
    pub name: &'a str,
    /// All of it.
    pub bytes: &'a [u8],
    /// What its properties stand for, where its format leaves that open: the text of a mapping
    /// file (`docs/formats/geojson-mapping.md`).
    pub mapping: Option<&'a str>,
}

/// What an import, or the taking back of one, did. It is durable and visible.
#[derive(Debug, Clone)]
pub struct ImportReceipt {
    /// The commit in which it became visible.
    pub commit: CommitNumber,
    /// Its record, as it stands in the list of imports.
    pub record: Arc<ImportRecord>,
}

impl Node {
    /// Imports a file of any known format. Blocks, for seconds with large files.
    pub fn import(
        &self,
        caller: &Caller,
        file: &ImportFile<'_>,
        on_progress: OnProgress<'_>,
    ) -> Result<ImportReceipt, Error> {
        permit(caller, &policy::Action::Import)?;
        let ImportFile { name, bytes, .. } = *file;
        let refuse = |reason: String| Error::Import {
            name: name.to_owned(),
            reason,
        };
        let largest = self.config().import_bytes_max;
        if bytes.len() as u64 > largest {
            let size = bytes.len();
            return Err(refuse(format!(
                "it has {size} bytes; at most {largest} are taken"
            )));
        }
        let format = Format::detect(name, bytes).ok_or_else(|| {
            refuse(
                "it is of no known format: IFC, CityJSON, OpenStreetMap, GeoJSON or CSV".to_owned(),
            )
        })?;
        let _one_at_a_time = self
            .inner()
            .importing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let organisation = &self.config().organisation;
        let mut mint = Mint::new(organisation, self.inner().minting_key, name, format);
        let now = self.now();
        let listener = RefCell::new(&mut *on_progress);
        let heard = |share: f32| {
            (listener.borrow_mut())(Progress {
                stage: "reading",
                share: 0.8 * share,
            })
            .is_continue()
        };
        let options = import::Options {
            observed: Some(now),
            mapping: file.mapping,
            progress: Some(&heard),
        };
        let read = format.import(bytes, &options, &mut mint);
        if read.cancelled {
            return Err(Error::Cancelled);
        }
        if read.facets.iter().all(|facet| facet.statements.is_empty()) {
            return Err(refuse(nothing_read(&read.findings)));
        }
        let (building, lineage) = (mint.building.clone(), mint.lineage);
        if on_progress(Progress {
            stage: "keeping the file",
            share: 0.8,
        })
        .is_break()
        {
            return Err(Error::Cancelled);
        }
        self.room_for(bytes.len() as u64).map_err(refuse)?;
        let hash = blake3::hash(bytes).to_hex().to_string();
        let picture = self.inner().published.load_full();
        let sources = facet_sources(organisation, &lineage);
        let difference = Difference::between(&picture, &sources, read.facets, read.is_whole, now)?;
        drop(picture);
        if on_progress(Progress {
            stage: "recording",
            share: 0.85,
        })
        .is_break()
        {
            return Err(Error::Cancelled);
        }
        let kept_as = format!("{hash}.{}", format.extension());
        let kept = keep_file(&self.files_dir(), &kept_as, bytes)?;
        let record = ImportRecord {
            batch: BatchId(0),
            name: name.to_owned(),
            hash: hash.clone(),
            lineage: lineage.clone(),
            building,
            recorded: now,
            by: own_source(caller)
                .map(|source| source.to_string())
                .unwrap_or_default(),
            summary: counts(&read.counts),
            licence: read.licence,
            attribution: read.attribution,
            changes: difference.changes,
            finding_counts: count_findings(&read.findings),
            findings: Arc::new(read.findings.into_iter().take(FINDINGS_MAX).collect()),
            first_claim: None,
            claim_count: 0,
            replaced: Vec::new(),
            undone_by: None,
            undo_of: None,
        };
        let note = NoteDraft::Import(Box::new(record), difference.replaced);
        let recorded = self.record_import(difference.claims, note);
        if recorded.is_err() && kept {
            // Nothing of a refused import remains.
            let _ = std::fs::remove_file(self.files_dir().join(&kept_as));
        }
        let receipt = recorded?;
        let _ = on_progress(Progress {
            stage: "recognising",
            share: 0.95,
        });
        // The import stands; what could not be compared now is with the next one.
        if let Err(error) = self.recognise(&lineage) {
            tracing::warn!(%error, "buildings could not be compared with those of other files");
        }
        Ok(receipt)
    }

    /// Whether a file of that size can be kept: store and files together stay within nine
    /// tenths of the disk budget.
    fn room_for(&self, bytes: u64) -> Result<(), String> {
        let kept = bytes_in(&self.files_dir());
        let used = self.inner().store_bytes() + kept;
        let budget = self.config().disk_budget_bytes;
        if (used + bytes) / 9 < budget / 10 {
            return Ok(());
        }
        Err(format!(
            "{used} bytes are used and the file has {bytes}: with it the disk budget of {budget} \
             bytes would be nearly used up"
        ))
    }

    /// Takes an import back: what it said is retracted, what it replaced holds again.
    /// Only the latest import of a building can be taken back; before it, those after it.
    pub fn undo_import(&self, caller: &Caller, batch: BatchId) -> Result<ImportReceipt, Error> {
        permit(caller, &policy::Action::UndoImport)?;
        let _one_at_a_time = self
            .inner()
            .importing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let picture = self.inner().published.load_full();
        let import = latest_of_lineage(&picture, batch)?;
        let now = self.now();
        let sources = facet_sources(&self.config().organisation, &import.lineage);
        let replaced: BTreeMap<ClaimId, ClaimId> = import.replaced.iter().copied().collect();
        let (mut drafts, mut changes) = (Vec::new(), ImportChanges::default());
        let (mut restored, mut gone) = (Vec::new(), BTreeSet::new());
        for (&later, &earlier) in &replaced {
            // What has been erased meanwhile does not come back.
            let Some(claim) = self.inner().store.claim(earlier)? else {
                gone.insert(later);
                continue;
            };
            let statement = Statement {
                observed: now,
                ..claim.statement
            };
            restored.push((drafts.len(), earlier));
            drafts.push(Draft {
                source: Some(claim.source),
                statement,
            });
            changes.changed += 1;
        }
        let spoken_again = spoken_again(&picture, &import.lineage);
        for said in Said::by(&picture, &sources) {
            let origin = origin(said.claim, &spoken_again);
            let is_restored = replaced.contains_key(&origin) && !gone.contains(&origin);
            if is_of(origin, import) && !said.is_retracted && !is_restored {
                drafts.push(said.retraction(now));
                changes.removed += 1;
            }
        }
        let claims = all_or_conflict(drafts, now)?;
        let record = ImportRecord {
            batch: BatchId(0),
            recorded: now,
            by: own_source(caller)
                .map(|source| source.to_string())
                .unwrap_or_default(),
            changes,
            findings: Arc::default(),
            finding_counts: BTreeMap::new(),
            replaced: Vec::new(),
            ..ImportRecord::clone(import)
        };
        self.record_import(claims, NoteDraft::Undo(batch, Box::new(record), restored))
    }

    fn record_import(
        &self,
        claims: Vec<Prepared>,
        note: NoteDraft,
    ) -> Result<ImportReceipt, Error> {
        let receipt = self.record(claims, Vec::new(), true, note)?;
        if let Some(refusal) = receipt.refused.first() {
            return Err(Error::Conflict(format!(
                "{}: {}",
                refusal.code.as_str(),
                refusal.message
            )));
        }
        let picture = self.inner().published.load();
        let record = picture
            .imports
            .iter()
            .rev()
            .find(|import| import.first_claim.as_ref() == receipt.claims.first());
        let record = record
            .cloned()
            .ok_or_else(|| Error::Snapshot("the import is not listed".into()))?;
        Ok(ImportReceipt {
            commit: receipt.commit,
            record,
        })
    }

    /// Where imported files are kept.
    pub fn files_dir(&self) -> PathBuf {
        files_dir(&self.config().data_dir)
    }
}

/// Mints URIs: the same thing of the same lineage gets the same URI, and nobody without
/// the node's key can work out one from the other.
pub(crate) struct Mint<'a> {
    organisation: &'a str,
    key: [u8; 32],
    /// The first building's id in a file about one building, else the file's name.
    lineage: String,
    is_of_one_building: bool,
    building: Option<EntityId>,
}

impl<'a> Mint<'a> {
    fn new(organisation: &'a str, key: [u8; 32], file_name: &str, format: Format) -> Self {
        Self {
            is_of_one_building: format.is_of_one_building(),
            ..Self::of_lineage(organisation, key, file_name)
        }
    }

    /// For things that belong together under a name.
    pub(crate) fn of_lineage(organisation: &'a str, key: [u8; 32], lineage: &str) -> Self {
        Self {
            organisation,
            key,
            lineage: lineage.to_owned(),
            is_of_one_building: false,
            building: None,
        }
    }
}

impl import::Mint for Mint<'_> {
    fn mint(&mut self, kind: EntityKind, external_id: &str) -> EntityId {
        let first_building =
            self.is_of_one_building && kind == EntityKind::Building && self.building.is_none();
        if first_building {
            external_id.clone_into(&mut self.lineage);
        }
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        for part in [&self.lineage, kind.as_str(), external_id] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        // 80 bits: a million things collide with a probability below 10⁻¹².
        let short = base32(&hasher.finalize().as_bytes()[..10]);
        let text = format!("urn:twin:{}:{}:{short}", self.organisation, kind.as_str());
        let id = EntityId::new(&text).expect("an organisation's name is checked to fit into a URI");
        if first_building {
            self.building = Some(id.clone());
        }
        id
    }
}

fn counts(counts: &[(&'static str, u64)]) -> Vec<(String, u64)> {
    let named = counts.iter();
    named.map(|(what, n)| ((*what).to_owned(), *n)).collect()
}

/// Crockford's base 32 in lower case: no letter that is easily taken for another.
fn base32(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let (mut text, mut bits, mut held) = (String::new(), 0_u32, 0_u32);
    for &byte in bytes {
        held = held << 8 | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(DIGITS[(held >> bits & 31) as usize]));
        }
    }
    text
}

/// The sources of an import, one for each facet.
fn facet_source(organisation: &str, lineage: &str, facet: Facet) -> SourceId {
    // What a URI cannot hold is written as its bytes.
    let mut safe = String::new();
    for byte in lineage.bytes().take(200) {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'$') {
            safe.push(char::from(byte));
        } else {
            let _ = write!(safe, "%{byte:02X}");
        }
    }
    SourceId::new(&format!(
        "urn:twin:{organisation}:import:{safe}:{}",
        facet.as_str()
    ))
    .expect("its parts are checked or escaped")
}

fn facet_sources(organisation: &str, lineage: &str) -> Vec<SourceId> {
    Facet::ALL
        .into_iter()
        .map(|facet| facet_source(organisation, lineage, facet))
        .collect()
}

/// The newest statement of one source about one attribute.
struct Said {
    entity: EntityId,
    attribute: Attribute,
    source: SourceId,
    claim: ClaimId,
    observed: Time,
    is_retracted: bool,
    /// Where it stands in the picture, to compare with.
    at: (u32, u32, u32),
}

impl Said {
    /// Everything these sources have said, in a fixed order.
    fn by(picture: &Picture, sources: &[SourceId]) -> Vec<Self> {
        let numbers: Vec<u32> = sources
            .iter()
            .filter_map(|s| picture.names.sources.find(s.as_str()))
            .collect();
        let mut said = Vec::new();
        if numbers.is_empty() {
            return said;
        }
        for (number, cell) in picture.entities.iter().enumerate() {
            for (attribute, state) in &cell.attributes {
                for &source in &numbers {
                    let Some(newest) = newest_of(state, source) else {
                        continue;
                    };
                    said.push(Self {
                        entity: picture.names.entities.name(number as u32),
                        attribute: picture.names.attributes.name(*attribute),
                        source: picture.names.sources.name(source),
                        claim: newest.claim,
                        observed: newest.observed,
                        is_retracted: newest.is_retracted,
                        at: (number as u32, *attribute, source),
                    });
                }
            }
        }
        said
    }

    /// Whether it holds and says what the statement says.
    fn says_already(&self, picture: &Picture, statement: &Statement) -> bool {
        let (entity, attribute, source) = self.at;
        let cell = picture.entity(entity).and_then(|cell| cell.get(attribute));
        match cell {
            Some(AttributeCell::Modelled(spec, state)) => {
                let Ok(act) = fusion::canonical(spec, &statement.act) else {
                    return false;
                };
                let evidence = fusion::Evidence {
                    claim: self.claim,
                    source,
                    act: &act,
                    valid: statement.valid,
                    observed: statement.observed,
                    recorded: statement.observed,
                    basis: Basis::Observed,
                    witness: fusion::Witness::Itself,
                };
                state.says_already(spec, &evidence)
            }
            Some(AttributeCell::Verbatim(entries)) => entries
                .iter()
                .any(|entry| entry.source == source && entry.act == statement.act),
            None => false,
        }
    }

    /// The first instant at which this source can say something newer.
    fn next_observed(&self) -> Time {
        Time(self.observed.0.saturating_add(1))
    }

    fn retraction(self, now: Time) -> Draft {
        let observed = now.max(self.next_observed());
        let statement = Statement {
            entity: self.entity,
            attribute: self.attribute,
            act: Act::Retract,
            valid: Interval::ALWAYS,
            observed,
            procedure: None,
        };
        Draft {
            source: Some(self.source),
            statement,
        }
    }
}

/// Claims that say again what an earlier one said, because a later import was taken back.
fn spoken_again(picture: &Picture, lineage: &str) -> BTreeMap<ClaimId, ClaimId> {
    let undos = picture
        .imports
        .iter()
        .filter(|i| i.undo_of.is_some() && i.lineage == lineage);
    undos
        .flat_map(|undo| undo.replaced.iter().copied())
        .collect()
}

/// The claim in which it was said first.
fn origin(claim: ClaimId, spoken_again: &BTreeMap<ClaimId, ClaimId>) -> ClaimId {
    let mut first = claim;
    // Each step leads to an earlier claim, so it ends.
    while let Some(&earlier) = spoken_again.get(&first) {
        first = earlier;
    }
    first
}

fn is_of(claim: ClaimId, import: &ImportRecord) -> bool {
    import.first_claim.is_some_and(|first| {
        first.incarnation == claim.incarnation
            && claim.sequence >= first.sequence
            && claim.sequence - first.sequence < import.claim_count
    })
}

fn newest_of(state: &AttributeCell, source: u32) -> Option<fusion::NewestStatement> {
    match state {
        AttributeCell::Modelled(_, state) => state.newest_of(source),
        AttributeCell::Verbatim(entries) => {
            let entry = entries.iter().find(|entry| entry.source == source)?;
            let (claim, observed) = (entry.claim, entry.observed);
            Some(fusion::NewestStatement {
                claim,
                observed,
                is_retracted: false,
            })
        }
    }
}

/// What an import says that is not said already.
struct Difference {
    claims: Vec<Prepared>,
    /// Index of a claim and the earlier claim it takes the place of.
    replaced: Vec<(usize, ClaimId)>,
    changes: ImportChanges,
}

type Place = (SourceId, EntityId, Attribute);

impl Difference {
    fn between(
        picture: &Picture,
        sources: &[SourceId],
        facets: Vec<import::FacetStatements>,
        whole: bool,
        now: Time,
    ) -> Result<Self, Error> {
        let mut before: FxHashMap<Place, Said> = Said::by(picture, sources)
            .into_iter()
            .map(|said| {
                (
                    (
                        said.source.clone(),
                        said.entity.clone(),
                        said.attribute.clone(),
                    ),
                    said,
                )
            })
            .collect();
        let (mut drafts, mut replaced) = (Vec::new(), Vec::new());
        let mut changes = ImportChanges::default();
        for facet in facets {
            let source = &sources[facet.facet as usize];
            for mut statement in facet.statements {
                // A file whose header names a time to come was drawn up by now at the latest.
                statement.observed = statement.observed.min(now);
                let place = (
                    source.clone(),
                    statement.entity.clone(),
                    statement.attribute.clone(),
                );
                match before.remove(&place) {
                    Some(said) if said.says_already(picture, &statement) => {
                        changes.unchanged += 1;
                        continue;
                    }
                    Some(said) => {
                        // A file that was drawn up earlier still says it later.
                        statement.observed = statement.observed.max(said.next_observed());
                        if said.is_retracted {
                            changes.added += 1;
                        } else {
                            replaced.push((drafts.len(), said.claim));
                            changes.changed += 1;
                        }
                    }
                    None => changes.added += 1,
                }
                drafts.push(Draft {
                    source: Some(source.clone()),
                    statement,
                });
            }
        }
        let mut gone: Vec<Said> = before
            .into_values()
            .filter(|said| whole && !said.is_retracted)
            .collect();
        gone.sort_by_key(|said| said.claim);
        for said in gone {
            replaced.push((drafts.len(), said.claim));
            changes.removed += 1;
            drafts.push(said.retraction(now));
        }
        Ok(Self {
            claims: all_or_conflict(drafts, now)?,
            replaced,
            changes,
        })
    }
}

/// Why a file is refused of which nothing came, by the gravest of its findings.
fn nothing_read(findings: &[Finding]) -> String {
    let nothing = "it tells of no building, street or area";
    let gravest = findings.iter().rev().max_by_key(|f| f.code.severity());
    gravest.map_or(nothing.to_owned(), |found| {
        format!("{nothing} ({}: {})", found.code.as_str(), found.message)
    })
}

/// Prepares drafts of which none may be refused.
fn all_or_conflict(drafts: Vec<Draft>, now: Time) -> Result<Vec<Prepared>, Error> {
    let (claims, refused) = prepare::prepare(&Caller::OPERATOR, drafts, now)?;
    match refused.first() {
        None => Ok(claims),
        Some(refusal) => Err(Error::Conflict(format!(
            "{}: {}",
            refusal.code.as_str(),
            refusal.message
        ))),
    }
}

fn latest_of_lineage(picture: &Picture, batch: BatchId) -> Result<&ImportRecord, Error> {
    let not_found = || Error::NotFound {
        what: "import",
        id: batch.0.to_string(),
    };
    let import = picture
        .imports
        .iter()
        .find(|import| import.batch == batch)
        .ok_or_else(not_found)?;
    if import.undo_of.is_some() {
        return Err(Error::Conflict(
            "it is itself the taking back of an import".to_owned(),
        ));
    }
    if let Some(by) = import.undone_by {
        return Err(Error::Conflict(format!(
            "it was taken back by batch {}",
            by.0
        )));
    }
    let later = picture.imports.iter().find(|other| {
        other.lineage == import.lineage
            && other.batch > batch
            && other.undo_of.is_none()
            && other.undone_by.is_none()
    });
    match later {
        None => Ok(import),
        Some(later) => {
            let later = later.batch.0;
            Err(Error::Conflict(format!(
                "a later import of the building holds; take back {later} first"
            )))
        }
    }
}

fn count_findings(findings: &[Finding]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for finding in findings {
        *counts
            .entry(finding.code.severity().as_str().to_owned())
            .or_insert(0) += 1;
    }
    counts
}

/// Bytes of the files of a directory; 0 where there is none.
fn bytes_in(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten();
    let sizes = entries.filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len()));
    sizes.sum()
}

/// Keeps the bytes under a name that begins with their hash: written aside, synced, then named. Whether they were
/// not there before.
pub(crate) fn keep_file(dir: &Path, name: &str, bytes: &[u8]) -> Result<bool, Error> {
    let path = dir.join(name);
    if path.exists() {
        return Ok(false);
    }
    let keep = || -> std::io::Result<()> {
        use std::io::Write;
        std::fs::create_dir_all(dir)?;
        let aside = dir.join(format!("{name}.part"));
        let mut file = std::fs::File::create(&aside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&aside, &path)?;
        std::fs::File::open(dir)?.sync_all()
    };
    match keep() {
        Ok(()) => Ok(true),
        Err(cause) => {
            // A disk that is full must not be kept full by half a file.
            let _ = std::fs::remove_file(dir.join(format!("{name}.part")));
            let what = "keeping the imported file";
            Err(Error::Io { what, cause })
        }
    }
}
