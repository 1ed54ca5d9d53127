//! GeoJSON: what everybody's map program writes.
//!
//! A municipality, a park or a port hands over a file of outlines, lines and points with
//! properties whose names only it knows. A mapping file says what they stand for; without one
//! this module guesses, says that it guessed, and keeps every property as it was written.
//! The mapping file is drawn in `docs/formats/geojson-mapping.md`.
//!
//! Collections, single features and sequences (RFC 8142) are read; a feature that is broken does
//! not cost the others. (RFC 7946.)

mod feature;
mod guess;
mod mapping;
mod scan;
mod write;

use crate::crs::{Crs, Reading};
use crate::findings::Findings;
use crate::writer::{Writer, shortened};
use crate::{Imported, Mint, Options};
use feature::Feature;
use mapping::{Mapping, Rule, plain};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use scan::{Piece, Pieces, scan};
use std::collections::BTreeMap;
use twin_model::{Code, EntityKind, Finding, Time};
use write::{Pen, Task};

/// Features between two looks at whether to go on.
const STRIDE: usize = 10_000;
/// Coordinates looked at to judge the reference system.
const SAMPLE_MAX: usize = 1000;
/// Longest id that is used, in characters.
const ID_MAX: usize = 200;

/// Whether the bytes begin as GeoJSON.
pub fn is_geojson(bytes: &[u8]) -> bool {
    scan::is_geojson(bytes)
}

/// Reads a GeoJSON file, by the mapping in the options if there is one. Any bytes are accepted;
/// there is always a result.
///
/// ```
/// use twin_import::{Mint, Options, geojson::import};
/// use twin_model::{EntityId, EntityKind};
///
/// struct Urn;
/// impl Mint for Urn {
///     fn mint(&mut self, _: EntityKind, external_id: &str) -> EntityId {
///         EntityId::new(&format!("urn:example:{external_id}")).unwrap()
///     }
/// }
///
/// let park = br#"{"type": "Feature", "id": "p1", "properties": {"leisure": "park"},
///     "geometry": {"type": "Polygon", "coordinates": [[[4, 52], [5, 52], [5, 53], [4, 52]]]}}"#;
/// let imported = import(park, &Options::default(), &mut Urn);
/// assert_eq!(imported.counts[0], ("area", 1));
/// ```
pub fn import(bytes: &[u8], options: &Options<'_>, mint: &mut dyn Mint) -> Imported {
    let mut findings = Findings::default();
    let mut imported = Imported::default();
    let pieces = scan(bytes);
    imported.is_whole = pieces.is_whole;
    report_form(&pieces, &mut findings);
    let mut troubles = Vec::new();
    let mapping = options
        .mapping
        .map(|text| Mapping::read(text, &mut troubles));
    for trouble in troubles {
        findings.add(trouble);
    }
    // A mapping that cannot be read must not be replaced by guesses.
    if let Some(mapping) = mapping_or_none(mapping)
        && !pieces.features.is_empty()
    {
        let mut writer = Writer::new(options.observed.unwrap_or(Time::MIN), mint);
        let proceed = |share: f32| options.progress.is_none_or(|p| p(share));
        let counts = read(
            bytes,
            &pieces,
            mapping.as_ref(),
            &mut writer,
            &mut findings,
            &proceed,
        );
        imported.cancelled = counts.is_none();
        if let Some(counts) = counts {
            imported.counts = counts.into_iter().collect();
            imported.facets = writer.finish();
        }
        if let Some(mapping) = mapping {
            imported.licence = mapping.licence;
            imported.attribution = mapping.attribution;
        }
    }
    imported.findings = findings.finish();
    imported
}

/// `Some(None)` where no mapping was given, `None` where one was given and cannot be used.
#[expect(
    clippy::option_option,
    reason = "no mapping and a broken one are different things"
)]
fn mapping_or_none(mapping: Option<Option<Mapping>>) -> Option<Option<Mapping>> {
    match mapping {
        None => Some(None),
        Some(read) => read.map(Some),
    }
}

fn report_form(pieces: &Pieces<'_>, findings: &mut Findings) {
    if pieces.features.is_empty() {
        let message = "the file has no feature that is whole";
        findings.add(Finding::new(Code::GeoNotGeoJson, message));
    } else if !pieces.is_whole {
        let message = "the JSON breaks off; the features before are used";
        findings.add(Finding::new(Code::GeoTruncated, message));
    }
    if pieces.is_over {
        let message = "the file has more features than are read; the later ones are missing";
        findings.add(Finding::new(Code::GeoLimit, message));
    }
}

/// A feature, the rule for it and what it is called.
struct Decided<'r> {
    feature: Feature,
    rule: Option<&'r Rule>,
    kind: EntityKind,
    key: String,
    line: u64,
}

fn read(
    bytes: &[u8],
    pieces: &Pieces<'_>,
    mapping: Option<&Mapping>,
    writer: &mut Writer<'_>,
    findings: &mut Findings,
    proceed: &dyn Fn(f32) -> bool,
) -> Option<BTreeMap<&'static str, u64>> {
    let read: Vec<Result<Feature, String>> = pieces
        .features
        .par_iter()
        .map(|piece| Feature::read(piece.text))
        .collect();
    if !proceed(0.4) {
        return None;
    }
    let decided = decide(bytes, pieces, read, mapping, findings);
    let reading = reading(pieces, mapping, &decided, findings);
    let twins: FxHashMap<_, _> = decided
        .iter()
        .map(|one| (one.key.clone(), writer.mint(one.kind, &one.key)))
        .collect();
    let mut pen = Pen::new(writer, findings, reading.as_ref(), &twins);
    for one in decided.iter().filter(|one| one.kind == EntityKind::Street) {
        pen.count(&one.feature);
    }
    let mut counts = BTreeMap::new();
    for (i, one) in decided.iter().enumerate() {
        if i.is_multiple_of(STRIDE) && !proceed(0.5 + 0.5 * i as f32 / decided.len() as f32) {
            return None;
        }
        *counts.entry(one.kind.as_str()).or_default() += 1;
        pen.write(&Task {
            feature: &one.feature,
            key: &one.key,
            kind: one.kind,
            rule: one.rule,
            line: one.line,
        });
    }
    Some(counts)
}

/// What each feature is and what it is called.
fn decide<'r>(
    bytes: &[u8],
    pieces: &Pieces<'_>,
    read: Vec<Result<Feature, String>>,
    mapping: Option<&'r Mapping>,
    findings: &mut Findings,
) -> Vec<Decided<'r>> {
    let collection = pieces.name.and_then(scan::text_of);
    let mut lines = Lines {
        bytes,
        at: 0,
        line: 1,
    };
    let mut decided: Vec<Decided<'r>> = Vec::with_capacity(read.len());
    let mut seen: FxHashSet<String> = FxHashSet::default();
    let (mut unmapped, mut unnamed) = (0_usize, 0_usize);
    let mut guessed: BTreeMap<&str, usize> = BTreeMap::new();
    for (nth, (result, piece)) in read.into_iter().zip(&pieces.features).enumerate() {
        let line = lines.at(piece);
        let feature = match result {
            Ok(feature) => feature,
            Err(reason) => {
                let message = format!("a feature cannot be read: {}", shortened(&reason));
                let finding = Finding::new(Code::GeoBadFeature, message).at_line(line);
                findings.add(finding.at_item(format!("feature {}", nth + 1)));
                continue;
            }
        };
        let (rule, kind) = if let Some(mapping) = mapping {
            let property = mapping.layer.as_ref();
            let layer = property
                .and_then(|p| feature.properties.get(p))
                .and_then(plain);
            let layer = layer.as_deref().or(collection.as_deref());
            let Some(rule) = mapping.rule(&feature, layer) else {
                unmapped += 1;
                continue;
            };
            (Some(rule), rule.kind)
        } else {
            let kind = guess::kind(&feature);
            *guessed.entry(kind.as_str()).or_default() += 1;
            (None, kind)
        };
        let key = id(&feature, rule, mapping).unwrap_or_else(|| {
            unnamed += 1;
            format!("feature/{}", nth + 1)
        });
        if !seen.insert(key.clone()) {
            let message = "the id stands for two features; the first is used";
            let finding = Finding::new(Code::GeoDuplicateId, message).at_line(line);
            findings.add(finding.at_item(shortened(&key)));
            continue;
        }
        decided.push(Decided {
            feature,
            rule,
            kind,
            key,
            line,
        });
    }
    if unmapped > 0 {
        let message = format!("{unmapped} features fit no rule of the mapping; they were left out");
        findings.add(Finding::new(Code::GeoUnmapped, message));
    }
    if unnamed > 0 {
        let message =
            format!("{unnamed} features have no id; they are called after their place in the file");
        findings.add(Finding::new(Code::GeoNoId, message));
    }
    for (kind, count) in guessed {
        let message = format!("{count} features were taken as {kind}: no mapping was given");
        findings.add(Finding::new(Code::GeoGuessed, message));
    }
    decided
}

fn id(feature: &Feature, rule: Option<&Rule>, mapping: Option<&Mapping>) -> Option<String> {
    let property = rule
        .and_then(|rule| rule.id.as_ref())
        .or_else(|| mapping.and_then(|mapping| mapping.id.as_ref()));
    let stated = if let Some(property) = property {
        feature.properties.get(property).and_then(plain)
    } else {
        let own = feature.id.as_ref().and_then(plain);
        own.or_else(|| mapping.is_none().then(|| guess::id(feature)).flatten())
    };
    stated.map(|id| id.chars().take(ID_MAX).collect())
}

/// How coordinates are to be read: as the mapping says, else as the file says, else as the
/// standard says.
fn reading(
    pieces: &Pieces<'_>,
    mapping: Option<&Mapping>,
    decided: &[Decided<'_>],
    findings: &mut Findings,
) -> Option<Reading> {
    const STANDARD: &str = "OGC:CRS84";
    let stated = mapping.and_then(|mapping| mapping.crs.clone());
    let stated = stated.or_else(|| pieces.crs.and_then(crs_name));
    let reference = stated.as_deref().unwrap_or(STANDARD);
    if let Ok(crs) = Crs::parse(reference)
        && !crs.is_geographic()
    {
        let message = format!(
            "the coordinates are in EPSG:{} ({}), not in longitude and latitude; they are converted",
            crs.code(),
            crs.name()
        );
        findings.add(Finding::new(Code::GeoReferenceSystem, message));
    }
    let step = decided.len().div_ceil(SAMPLE_MAX).max(1);
    let sample = decided
        .iter()
        .step_by(step)
        .filter_map(|one| one.feature.shape.positions().next())
        .map(|position| position.0);
    let (reading, doubts) = Reading::decide(Some(reference), None, sample);
    for doubt in doubts {
        findings.add(doubt);
    }
    reading
}

/// The member `crs` of the draft of 2008: `{"type": "name", "properties": {"name": "..."}}`.
fn crs_name(json: &[u8]) -> Option<String> {
    let crs: serde_json::Value = serde_json::from_slice(json).ok()?;
    let name = crs.pointer("/properties/name")?.as_str()?;
    Some(name.chars().take(ID_MAX).collect())
}

/// Counts lines as features go by.
struct Lines<'b> {
    bytes: &'b [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn at(&mut self, piece: &Piece<'_>) -> u64 {
        let passed = &self.bytes[self.at..piece.at.max(self.at)];
        self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.at = piece.at.max(self.at);
        self.line
    }
}
