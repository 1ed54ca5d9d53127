//! CityJSON: cities as municipalities publish them.
//!
//! A municipality's file knows the outside of every building, where it stands, how high it is,
//! often its address and its number in the national register, and the roads, land and water
//! around it. Some files know the inside, too: storeys, rooms, doors and stairs. This module
//! reads such files and says what they say: buildings with their outline on earth, what is inside
//! them on a plan of their own, pieces of land with their use. What is stated, what is read off
//! the drawing and what the drawing only suggests are sources of their own.
//!
//! CityJSON 1.1 and 2.0 are read, whole files and sequences of features (one JSON text per
//! line); other versions are tried, with a finding. Parts of a building become one outline with
//! it: faces that share an edge are joined, faces that overlap are united, and of pieces that
//! touch nowhere the largest is *the* outline and the others are kept beside it
//! (`outlineParts`). See [`crate::crs`] for how coordinates become places on earth; without a
//! usable reference system shapes are kept in metres (`planOutline`).

mod city;
mod document;
mod drawn;
mod facts;
mod ground;
mod hierarchy;
mod inside;
mod kinds;
mod metadata;
mod nested;
mod statements;

use crate::crs::Reading;
use crate::findings::Findings;
use crate::{Imported, Mint, Options};
use city::{Digest, Head};
use document::{Document, Transform};
use metadata::Metadata;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use twin_model::{Code, Finding, Time};

/// Features of a sequence that are read before their statements are written: bounds the memory
/// that a sequence takes beyond its statements.
const FEATURES_AT_ONCE: usize = 2048;
/// Features whose corners are looked at to judge the reference system.
const SAMPLE_FEATURES: usize = 50;
/// Corners looked at in a file.
const SAMPLE_CORNERS: usize = 1000;

/// Reads a CityJSON file or sequence. Any bytes are accepted; there is always a result.
///
/// ```
/// use twin_import::{Mint, Options, cityjson};
/// use twin_model::{EntityId, EntityKind};
///
/// struct Urn;
/// impl Mint for Urn {
///     fn mint(&mut self, _: EntityKind, external_id: &str) -> EntityId {
///         EntityId::new(&format!("urn:example:{external_id}")).unwrap()
///     }
/// }
///
/// let imported = cityjson::import(b"{}", &Options::default(), &mut Urn);
/// assert_eq!(imported.findings[0].code.as_str(), "CTY-001");
/// ```
pub fn import(bytes: &[u8], options: &Options<'_>, mint: &mut dyn Mint) -> Imported {
    let (text, is_text) = text_of(bytes);
    let (first, features) = split(text);
    let document = Document::read(first);
    let metadata = Metadata::read(document.metadata, document.extended);
    let mut findings = Findings::default();
    let mut imported = Imported {
        licence: metadata.licence(),
        attribution: metadata.attribution(),
        ..Imported::default()
    };
    if !report_form(&document, is_text, &mut findings) {
        imported.findings = findings.finish();
        return imported;
    }
    let head = head(&document, &features, &metadata, &mut findings);
    let observed = metadata.observed().or(options.observed);
    let mut taker = Taker {
        writer: statements::Writer::new(observed.unwrap_or(Time::MIN), placed_by(&head), mint),
        counts: BTreeMap::new(),
        findings,
        is_whole: is_text,
    };
    let proceed = |share: f32| options.progress.is_none_or(|p| p(share));
    let mut go_on = proceed(0.05);
    if go_on {
        taker.take(city::digest(&document, &head));
    }
    for (i, lines) in features.chunks(FEATURES_AT_ONCE).enumerate() {
        go_on =
            go_on && proceed(0.05 + 0.95 * (i * FEATURES_AT_ONCE) as f32 / features.len() as f32);
        if !go_on {
            break;
        }
        let digests: Vec<Digest> = lines.par_iter().map(|line| feature(line, &head)).collect();
        for digest in digests {
            taker.take(digest);
        }
    }
    imported.cancelled = !go_on;
    imported.is_whole = taker.is_whole;
    imported.counts = taker.counts.into_iter().collect();
    imported.findings = taker.findings.finish();
    if go_on {
        imported.facets = taker.writer.finish();
    }
    imported
}

/// Takes what texts say, one after another.
struct Taker<'m> {
    writer: statements::Writer<'m>,
    counts: BTreeMap<&'static str, u64>,
    findings: Findings,
    is_whole: bool,
}

impl Taker<'_> {
    fn take(&mut self, digest: Digest) {
        self.is_whole &= digest.is_whole;
        for (kind, count) in digest.counts {
            *self.counts.entry(kind).or_default() += count;
        }
        for finding in digest.findings {
            self.findings.add(finding);
        }
        for edifice in &digest.edifices {
            if let Err(finding) = self.writer.edifice(edifice) {
                self.findings.add(finding);
            }
        }
        for land in &digest.lands {
            if let Err(finding) = self.writer.land(land) {
                self.findings.add(finding);
            }
        }
    }
}

/// The bytes as text, as far as they are one, without a byte order mark.
fn text_of(bytes: &[u8]) -> (&str, bool) {
    let (text, is_text) = match std::str::from_utf8(bytes) {
        Ok(text) => (text, true),
        Err(error) => {
            let valid = &bytes[..error.valid_up_to()];
            (std::str::from_utf8(valid).unwrap_or_default(), false)
        }
    };
    (text.trim_start_matches('\u{feff}'), is_text)
}

/// The head of a sequence and its features; a whole file is a head without features.
fn split(text: &str) -> (&str, Vec<&str>) {
    if !is_sequence(text.as_bytes()) {
        return (text, Vec::new());
    }
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    (lines.next().unwrap_or_default(), lines.collect())
}

/// Whether a text is a sequence: a JSON object on its first line and another on its second. Whole
/// files end with their first object, or break the line within it.
pub(crate) fn is_sequence(bytes: &[u8]) -> bool {
    let Some(end) = memchr::memchr(b'\n', bytes) else {
        return false;
    };
    let (first, rest) = (
        bytes[..end].trim_ascii_end(),
        bytes[end..].trim_ascii_start(),
    );
    first.len() > 1 && first.ends_with(b"}") && rest.starts_with(b"{")
}

/// Reports what is wrong with the file as a whole; whether there is anything to read.
fn report_form(document: &Document<'_>, is_text: bool, findings: &mut Findings) -> bool {
    let is_city = document.kind.as_deref() == Some("CityJSON");
    if !is_city && document.objects.is_empty() {
        findings.add(Finding::new(
            Code::CityNotJson,
            "the file is empty or is no CityJSON object",
        ));
        return false;
    }
    if !is_text {
        findings.add(Finding::new(
            Code::CityTruncated,
            "the file is not UTF-8 to its end; what comes after is not read",
        ));
    }
    if let Some(error) = &document.error {
        findings.add(Finding::new(
            Code::CityTruncated,
            format!("the JSON breaks off: {error}; what was read before is used"),
        ));
    }
    let version = document.version.map_or("", |v| v.get()).trim_matches('"');
    if !matches!(version, "1.1" | "2.0") {
        let version: String = version.chars().take(40).collect();
        findings.add(Finding::new(
            Code::CityVersion,
            format!("the file states version `{version}`; 1.1 and 2.0 are known, it was read as if it were one of them"),
        ));
    }
    true
}

fn head(
    document: &Document<'_>,
    features: &[&str],
    metadata: &Metadata,
    findings: &mut Findings,
) -> Head {
    let transform = document.transform.map(Transform::read);
    if !matches!(transform, Some(Some(_))) {
        let what = if transform.is_none() {
            "missing"
        } else {
            "unusable"
        };
        findings.add(Finding::new(
            Code::CityTransform,
            format!("the transform of the corners is {what}; they are taken as coordinates"),
        ));
    }
    let transform = transform.flatten().unwrap_or(Transform::IDENTITY);
    let sample = sample(document, features, transform);
    let reference = metadata.reference_system();
    let (reading, doubts) = Reading::decide(reference.as_deref(), None, sample);
    for doubt in doubts {
        findings.add(doubt);
    }
    Head { transform, reading }
}

/// Some corners from all over the file.
fn sample(document: &Document<'_>, features: &[&str], transform: Transform) -> Vec<[f64; 2]> {
    let corners = |document: &Document<'_>, transform: Transform| {
        let (vertices, _) = nested::points(document.vertices.map_or("", |v| v.get()));
        let step = vertices.len().div_ceil(SAMPLE_CORNERS).max(1);
        let places = vertices
            .into_iter()
            .step_by(step)
            .map(move |v| transform.apply(v));
        places
            .filter(|p| !p[0].is_nan())
            .map(|p| [p[0], p[1]])
            .collect::<Vec<_>>()
    };
    let mut sample = corners(document, transform);
    let step = features.len().div_ceil(SAMPLE_FEATURES).max(1);
    for line in features.iter().step_by(step) {
        let feature = Document::read(line);
        let own = feature.transform.and_then(Transform::read);
        sample.extend(
            corners(&feature, own.unwrap_or(transform))
                .into_iter()
                .take(SAMPLE_CORNERS / SAMPLE_FEATURES),
        );
    }
    sample
}

fn placed_by(head: &Head) -> Arc<str> {
    match &head.reading {
        Some(reading) => reading.procedure(),
        None => Arc::from("metres from a corner of the object; the reference system is not known"),
    }
}

/// One line of a sequence.
fn feature(line: &str, head: &Head) -> Digest {
    let document = Document::read(line);
    let mut digest = city::digest(&document, head);
    let is_feature = document.kind.as_deref() == Some("CityJSONFeature");
    if document.error.is_some() || !is_feature {
        let begin: String = line.chars().take(60).collect();
        digest.findings.push(
            Finding::new(
                Code::CityBadObject,
                "a line of the sequence is no feature, or breaks off; what was read of it is used",
            )
            .at_item(begin),
        );
    }
    digest
}
