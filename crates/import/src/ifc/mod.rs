//! IFC: building models as architects exchange them.
//!
//! An IFC file names the storeys, rooms and doors of a building and draws them, but it rarely
//! says which door leads where, and much of what it says is left over from a template. This
//! module reads the file, works out the rest from the drawing, and keeps apart what the file
//! *states*, what its *space boundaries* say, what the *geometry* shows, and what must be *inferred*
//! because the file leaves it out, so that each can be weighed as a source of its own. What it
//! could not use it lists as findings.
//!
//! IFC2x3, IFC4 and IFC4x3 in the STEP form are read; other schemas are tried, with a finding.
//! Plans are 2.5-dimensional: outlines with a floor and a ceiling.

mod building;
mod file;
mod inferred;
mod joins;
mod network;
mod profile;
mod properties;
mod shape;
mod statements;
mod usage;

pub use building::Counts;
pub(crate) use joins::{BY_NAME, DOOR_BOTH_SIDES, DOOR_ONE_SIDE, STAIR, seen_through};
pub use network::Network;
pub(crate) use properties::is_placeholder;
pub(crate) use usage::usage_by_words;

use crate::findings::Findings;
use crate::step::{Defect, Index};
use crate::{Facet, FacetStatements, Mint, Options};
use joins::{Place, Sort};
use twin_model::{Code, Finding, Time};

/// Two things the file says that cannot both be true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// GlobalId or key of the thing.
    pub item: String,
    /// The attribute in question.
    pub field: &'static str,
    /// What is stated.
    pub stated: String,
    /// What was found instead.
    pub found: String,
}

/// What the file has in it, for people and for tests.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Schema names of the header.
    pub schemas: Vec<String>,
    /// Number of statements in the file.
    pub entities: usize,
    /// How many of each sort.
    pub counts: Counts,
    /// Each door's GlobalId with the GlobalIds of the spaces it is believed to join, sorted.
    pub door_spaces: Vec<(String, Vec<String>)>,
    /// The same for openings without a door, open contacts, and stair and lift links.
    pub other_portals: Vec<(String, Vec<String>)>,
    /// Contradictions, which are also findings.
    pub contradictions: Vec<Contradiction>,
    /// The building as one would walk it, believing this file alone.
    pub network: Network,
    /// Share of the building's doors that the file is taken to lack, 0..=1.
    pub missing_doors: f64,
}

/// What came of an IFC file.
#[derive(Clone, Debug)]
pub struct Imported {
    /// One entry per facet.
    pub facets: Vec<FacetStatements>,
    /// Everything that was wrong, doubtful or missing.
    pub findings: Vec<Finding>,
    /// What the file has in it.
    pub summary: Summary,
    /// Whether the caller stopped the work; then there are no statements.
    pub cancelled: bool,
}

impl From<Imported> for crate::Imported {
    fn from(read: Imported) -> Self {
        let counts = &read.summary.counts;
        let counts = vec![
            ("storeys", counts.storeys as u64),
            ("spaces", counts.spaces as u64),
            ("doors", counts.doors as u64),
            ("windows", counts.windows as u64),
            ("openings", counts.openings as u64),
            ("stairs", counts.stairs as u64),
        ];
        let cut = [Code::IfcTruncated, Code::IfcLimit];
        let is_whole = !read.findings.iter().any(|found| cut.contains(&found.code));
        Self {
            facets: read.facets,
            findings: read.findings,
            counts,
            licence: None,
            attribution: None,
            is_whole,
            cancelled: read.cancelled,
        }
    }
}

/// Reads an IFC file. Any bytes are accepted; there is always a result.
///
/// ```
/// use twin_import::ifc::import;
/// use twin_import::{Mint, Options};
/// use twin_model::{EntityId, EntityKind};
///
/// struct Urn;
/// impl Mint for Urn {
///     fn mint(&mut self, _: EntityKind, external_id: &str) -> EntityId {
///         EntityId::new(&format!("urn:example:{external_id}")).unwrap()
///     }
/// }
///
/// let imported = import(b"not a building", &Options::default(), &mut Urn);
/// assert_eq!(imported.findings[0].code.as_str(), "IFC-001");
/// ```
pub fn import(bytes: &[u8], options: &Options<'_>, mint: &mut dyn Mint) -> Imported {
    let mut findings = Findings::default();
    let proceed = |share: f32| options.progress.is_none_or(|p| p(share));
    let index = Index::new(bytes);
    report_container(&index, &mut findings);
    let mut summary = Summary {
        schemas: index.schemas().to_vec(),
        entities: index.len(),
        ..Summary::default()
    };
    let observed = index
        .timestamp()
        .and_then(|t| parse_time(&t))
        .or(options.observed);
    let mut file = file::File::new(index);
    let empty = |cancelled| {
        let facets = Facet::ALL.map(|facet| FacetStatements {
            facet,
            statements: Vec::new(),
        });
        (facets.to_vec(), cancelled)
    };
    let (facets, cancelled) = if file.index.is_empty() || !proceed(0.1) {
        empty(!file.index.is_empty())
    } else {
        file.read_units(&mut findings);
        let read = building::read(&mut file, &mut findings, &mut |s| proceed(0.1 + 0.6 * s));
        match read {
            None => empty(true),
            Some(building) => {
                let mut joins = joins::join(&building);
                let go_on = proceed(0.8);
                summary.counts = building.counts;
                (summary.door_spaces, summary.other_portals) = believed(&building, &joins);
                if go_on {
                    let inferred = inferred::infer(&building, &mut joins);
                    summary.missing_doors = inferred.missing_doors;
                    summary.network =
                        Network::of(&building, &joins, &inferred.rooms, &inferred.links);
                    let observed = observed.unwrap_or(Time::MIN);
                    let written = statements::write(
                        &file,
                        &building,
                        &joins,
                        &inferred,
                        observed,
                        mint,
                        &mut findings,
                    );
                    summary.contradictions = written.contradictions;
                    (written.facets, false)
                } else {
                    empty(true)
                }
            }
        }
    };
    Imported {
        facets,
        findings: findings.finish(),
        summary,
        cancelled,
    }
}

/// What is wrong with the file as a container.
fn report_container(index: &Index<'_>, findings: &mut Findings) {
    for defect in index.defects() {
        let finding = match defect {
            Defect::NotStep => {
                Finding::new(Code::IfcNotStep, "the file is empty or is not a STEP file")
            }
            Defect::Truncated => Finding::new(
                Code::IfcTruncated,
                "the file ends before its end marker; what was whole is used",
            ),
            Defect::BadStatement { offset } => Finding::new(
                Code::IfcBadEntity,
                "a statement could not be read and was skipped",
            )
            .at_line(index.line_of(*offset)),
            Defect::Unterminated { offset } => Finding::new(
                Code::IfcBadEntity,
                "a text, comment or statement does not end; it was skipped",
            )
            .at_line(index.line_of(*offset)),
            Defect::DuplicateId { id } => Finding::new(
                Code::IfcDuplicateId,
                "the number stands for two statements; the first is used",
            )
            .at_item(format!("#{id}")),
            Defect::TooMany => Finding::new(
                Code::IfcLimit,
                "the file has more statements than can be counted",
            ),
        };
        findings.add(finding);
    }
    findings.count(
        Code::IfcBadEntity,
        index.defects_total() - index.defects().len(),
    );
    if index.defects().contains(&Defect::NotStep) {
        return;
    }
    let known = index.schemas().iter().any(|s| {
        let s = s.to_ascii_uppercase();
        s == "IFC2X3" || s == "IFC4" || s.starts_with("IFC4X3")
    });
    if !known {
        let stated = if index.schemas().is_empty() {
            "no schema".to_owned()
        } else {
            let names: Vec<String> = index
                .schemas()
                .iter()
                .map(|s| s.chars().take(40).collect())
                .collect();
            format!("schema `{}`", names.join(", "))
        };
        findings.add(Finding::new(
            Code::IfcSchema,
            format!("the file states {stated}; IFC2x3, IFC4 and IFC4x3 are known, the file was read as if it were one of them"),
        ));
    }
    if index.is_empty() {
        findings.add(Finding::new(Code::IfcMissing, "the file has no statements"));
    }
}

/// Header times have no offset in practice; they are taken as UTC.
fn parse_time(text: &str) -> Option<Time> {
    Time::parse(text).or_else(|| Time::parse(&format!("{text}Z")))
}

type Pairs = Vec<(String, Vec<String>)>;

/// Portals with the keys of the spaces they are believed to join: doors, and all others.
fn believed(building: &building::Building, joins: &joins::Joins) -> (Pairs, Pairs) {
    let mut doors = Vec::new();
    let mut others = Vec::new();
    for portal in &joins.portals {
        let mut spaces: Vec<String> = portal
            .best()
            .into_iter()
            .filter_map(|p| match p {
                Place::Space(i) => Some(building.spaces[i].thing.key.clone()),
                Place::Storey(_) => None,
            })
            .collect();
        spaces.sort();
        let list = if matches!(portal.sort, Sort::Door(_)) {
            &mut doors
        } else {
            &mut others
        };
        list.push((portal.key.clone(), spaces));
    }
    doors.sort();
    (doors, others)
}
