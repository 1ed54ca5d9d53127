//! What a batch says beside its claims: that it is an import, with what was found in
//! the file, that it takes an import back, that a source is set aside, or which bundle of another organisation it is. Written into the log with the claims, so
//! that it is recovered with them. Format: `docs/formats/saved-state.md`.

use crate::quarantine::Verdict;
use crate::received::{Arrival, ArrivalJson};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use twin_model::{BatchId, ClaimId, EntityId, Finding, Time};

/// Most findings kept with one import; the count is exact beyond it.
pub(crate) const FINDINGS_MAX: usize = 20_000;

/// What a batch is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Note {
    /// Claims and nothing else.
    Claims,
    /// An import of a file.
    Import(Box<ImportRecord>),
    /// Takes an import back.
    Undo {
        /// The batch taken back.
        of: BatchId,
        /// The record of doing so.
        record: Box<ImportRecord>,
    },
    /// Sets a source aside or releases it.
    Verdict(Verdict),
    /// What a bundle of another organisation says.
    Received(Arrival),
}

/// One import, or the taking back of one.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportRecord {
    /// Its batch.
    pub batch: BatchId,
    /// Name of the file as given.
    pub name: String,
    /// BLAKE3 of the file's bytes, in hexadecimal; the bytes are kept under this name.
    pub hash: String,
    /// What the import is a newer state of: the file's own project id.
    pub lineage: String,
    /// The building it describes.
    pub building: Option<EntityId>,
    /// When it was recorded.
    pub recorded: Time,
    /// Who asked for it.
    pub by: String,
    /// What was read: storeys, spaces, doors and so on.
    pub summary: Vec<(String, u64)>,
    /// Under which licence the data may be used, where the file or its origin says.
    pub licence: Option<String>,
    /// Whom the data must be credited to.
    pub attribution: Option<String>,
    /// What it changed.
    pub changes: ImportChanges,
    /// What was wrong with the file, at most 20,000.
    pub findings: Arc<Vec<Finding>>,
    /// How many findings there were, by severity word.
    pub finding_counts: BTreeMap<String, u64>,
    /// Its first claim; `None` when it had nothing new to say.
    pub(crate) first_claim: Option<ClaimId>,
    /// How many claims it recorded.
    pub(crate) claim_count: u64,
    /// Pairs of a claim of this batch and an earlier one of the same source: in an
    /// import, the one it took the place of; in the taking back of an import, the one
    /// whose words it says again.
    pub(crate) replaced: Vec<(ClaimId, ClaimId)>,
    /// The batch that took it back, if one did.
    pub undone_by: Option<BatchId>,
    /// Whether this record is itself the taking back of an import.
    pub undo_of: Option<BatchId>,
}

/// How many statements an import added, changed, took back and left as they were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportChanges {
    /// Said for the first time.
    pub added: u64,
    /// Said differently than before.
    pub changed: u64,
    /// No longer said.
    pub removed: u64,
    /// Said as before; not recorded again.
    pub unchanged: u64,
}

/// Why a note cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the note of batch {batch} cannot be read: {cause}")]
pub struct Error {
    batch: u64,
    cause: String,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum NoteJson {
    Claims,
    Import { record: ImportJson },
    Undo { of: u64, record: ImportJson },
    Verdict { verdict: Verdict },
    Received { bundle: ArrivalJson },
}

/// The form of an import record in notes and snapshots.
#[derive(Serialize, Deserialize)]
pub(crate) struct ImportJson {
    batch: u64,
    name: String,
    hash: String,
    lineage: String,
    building: Option<String>,
    recorded: i64,
    by: String,
    summary: Vec<(String, u64)>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    licence: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    attribution: Option<String>,
    changes: ImportChanges,
    findings: Vec<FindingJson>,
    finding_counts: BTreeMap<String, u64>,
    first_claim: Option<(u32, u64)>,
    claim_count: u64,
    replaced: Vec<(u32, u64, u32, u64)>,
    undone_by: Option<u64>,
    undo_of: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct FindingJson {
    code: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    entity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    item: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    field: Option<String>,
}

impl Note {
    /// The note as bytes for the log.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let json = match self {
            Self::Claims => NoteJson::Claims,
            Self::Verdict(verdict) => NoteJson::Verdict {
                verdict: verdict.clone(),
            },
            Self::Received(arrival) => NoteJson::Received {
                bundle: (*arrival).into(),
            },
            Self::Import(record) => NoteJson::Import {
                record: ImportJson::from(&**record),
            },
            Self::Undo { of, record } => NoteJson::Undo {
                of: of.0,
                record: ImportJson::from(&**record),
            },
        };
        match json {
            NoteJson::Claims => Vec::new(),
            json => serde_json::to_vec(&json).expect("notes hold nothing that JSON cannot"),
        }
    }

    /// Reads a note back; no bytes stand for plain claims.
    pub(crate) fn decode(batch: BatchId, bytes: &[u8]) -> Result<Self, Error> {
        if bytes.is_empty() {
            return Ok(Self::Claims);
        }
        let bad = |cause: String| Error {
            batch: batch.0,
            cause,
        };
        let json = serde_json::from_slice(bytes).map_err(|e| bad(e.to_string()))?;
        Ok(match json {
            NoteJson::Claims => Self::Claims,
            NoteJson::Verdict { verdict } => Self::Verdict(verdict),
            NoteJson::Received { bundle } => Self::Received(bundle.read().map_err(bad)?),
            NoteJson::Import { record } => Self::Import(Box::new(record.read().map_err(bad)?)),
            NoteJson::Undo { of, record } => Self::Undo {
                of: BatchId(of),
                record: Box::new(record.read().map_err(bad)?),
            },
        })
    }
}

fn entity_id(text: &str) -> Result<EntityId, String> {
    EntityId::new(text).map_err(|e| e.to_string())
}

impl From<&ImportRecord> for ImportJson {
    fn from(r: &ImportRecord) -> Self {
        Self {
            batch: r.batch.0,
            name: r.name.clone(),
            hash: r.hash.clone(),
            lineage: r.lineage.clone(),
            building: r.building.as_ref().map(ToString::to_string),
            recorded: r.recorded.0,
            by: r.by.clone(),
            summary: r.summary.clone(),
            licence: r.licence.clone(),
            attribution: r.attribution.clone(),
            changes: r.changes,
            findings: r.findings.iter().map(FindingJson::from).collect(),
            finding_counts: r.finding_counts.clone(),
            first_claim: r.first_claim.map(|c| (c.incarnation, c.sequence)),
            claim_count: r.claim_count,
            replaced: r
                .replaced
                .iter()
                .map(|(new, old)| (new.incarnation, new.sequence, old.incarnation, old.sequence))
                .collect(),
            undone_by: r.undone_by.map(|b| b.0),
            undo_of: r.undo_of.map(|b| b.0),
        }
    }
}

impl ImportJson {
    /// The record, checked.
    pub(crate) fn read(self) -> Result<ImportRecord, String> {
        let id = |incarnation, sequence| ClaimId {
            incarnation,
            sequence,
        };
        Ok(ImportRecord {
            batch: BatchId(self.batch),
            name: self.name,
            hash: self.hash,
            lineage: self.lineage,
            building: self.building.as_deref().map(entity_id).transpose()?,
            recorded: Time(self.recorded),
            by: self.by,
            summary: self.summary,
            licence: self.licence,
            attribution: self.attribution,
            changes: self.changes,
            findings: Arc::new(
                self.findings
                    .into_iter()
                    .map(FindingJson::read)
                    .collect::<Result<_, _>>()?,
            ),
            finding_counts: self.finding_counts,
            first_claim: self.first_claim.map(|(i, s)| id(i, s)),
            claim_count: self.claim_count,
            replaced: self
                .replaced
                .into_iter()
                .map(|(ni, ns, oi, os)| (id(ni, ns), id(oi, os)))
                .collect(),
            undone_by: self.undone_by.map(BatchId),
            undo_of: self.undo_of.map(BatchId),
        })
    }
}

impl From<&Finding> for FindingJson {
    fn from(f: &Finding) -> Self {
        Self {
            code: f.code.as_str().to_owned(),
            message: f.message.to_string(),
            line: f.location.line,
            entity: f.location.entity.as_ref().map(ToString::to_string),
            item: f.location.item.as_ref().map(ToString::to_string),
            field: f.location.field.as_ref().map(ToString::to_string),
        }
    }
}

impl FindingJson {
    fn read(self) -> Result<Finding, String> {
        let code = twin_model::Code::ALL
            .iter()
            .find(|code| code.as_str() == self.code)
            .ok_or_else(|| format!("`{}` is no code of a finding", self.code))?;
        let mut finding = Finding::new(*code, self.message);
        finding.location.line = self.line;
        finding.location.entity = self.entity.as_deref().map(entity_id).transpose()?;
        finding.location.item = self.item.map(Into::into);
        finding.location.field = self.field.map(Into::into);
        Ok(finding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twin_model::Code;

    #[test]
    fn notes_round_trip() {
        let building = EntityId::new("urn:twin:b").unwrap();
        let id = |sequence| ClaimId {
            incarnation: 1,
            sequence,
        };
        let record = ImportRecord {
            batch: BatchId(7),
            name: "a.ifc".into(),
            hash: "00".into(),
            lineage: "x".into(),
            building: Some(building.clone()),
            recorded: Time(5),
            by: "urn:twin:operator".into(),
            summary: vec![("storeys".into(), 3)],
            licence: Some("ODbL 1.0".into()),
            attribution: None,
            changes: ImportChanges {
                added: 1,
                changed: 2,
                removed: 3,
                unchanged: 4,
            },
            findings: Arc::new(vec![
                Finding::new(Code::IfcMissing, "no width")
                    .about(building.clone())
                    .at_line(3),
            ]),
            finding_counts: BTreeMap::from([("note".into(), 1)]),
            first_claim: Some(id(8)),
            claim_count: 4,
            replaced: vec![(id(9), id(2))],
            undone_by: None,
            undo_of: Some(BatchId(3)),
        };
        for note in [
            Note::Claims,
            Note::Import(Box::new(record.clone())),
            Note::Undo {
                of: BatchId(3),
                record: Box::new(record),
            },
            Note::Verdict(Verdict {
                source: "urn:x:liar".into(),
                by: "urn:twin:operator".into(),
                reason: None,
            }),
            Note::Received(Arrival {
                stream: twin_link::StreamId([0xa5; 16]),
                seq: u64::MAX,
            }),
        ] {
            assert_eq!(Note::decode(BatchId(7), &note.encode()).unwrap(), note);
        }
        assert!(Note::decode(BatchId(7), b"{").is_err());
    }
}
