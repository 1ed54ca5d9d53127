//! The forms of what readers get. Plain data; the faces turn it into JSON.

use crate::city::PlanPlace;
use crate::prepare::Draft;
use std::collections::BTreeMap;
use twin_fusion::Trust;
use twin_fusion::calibration::{Report, SourceScore};
use twin_model::{
    Act, Attribute, AttributeSpec, BatchId, Claim, ClaimId, CommitNumber, EntityId, EntityKind,
    Estimate, Finding, HealthState, SourceHealth, SourceId, Summary, Time,
};
use twin_policy::View;

/// One twin with its attributes, in order of name.
#[derive(Debug, Clone)]
pub struct Twin {
    /// Its URI.
    pub id: EntityId,
    /// What sort of thing it is believed to be.
    pub kind: EntityKind,
    /// What is believed about it.
    pub attributes: Vec<(Attribute, Answer)>,
}

/// What is believed of one attribute, or that it may not be told.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Weighed from claims; unknown when nothing usable was ever said.
    Modelled {
        /// The catalogue's entry.
        spec: &'static AttributeSpec,
        /// The estimate.
        estimate: Estimate,
    },
    /// As each source wrote it.
    Verbatim(Vec<VerbatimLine>),
}

/// One source's statement of a verbatim attribute.
#[derive(Debug, Clone)]
pub struct VerbatimLine {
    /// Who says it.
    pub source: SourceId,
    /// In which claim.
    pub claim: ClaimId,
    /// When it was seen or drawn up.
    pub observed: Time,
    /// What is said.
    pub act: Act,
}

/// Some of many.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// These.
    pub items: Vec<T>,
    /// Pass it as `after` to get those that follow; `None` when there are none.
    pub next: Option<String>,
}

/// A building in a list.
#[derive(Debug, Clone)]
pub struct BuildingLine {
    /// Its URI.
    pub id: EntityId,
    /// What it is called.
    pub name: Estimate,
    /// How many storeys are known.
    pub storeys: usize,
    /// How many spaces are known.
    pub spaces: usize,
    /// How many portals are known.
    pub portals: usize,
    /// Findings of its latest import, by severity word.
    pub findings: BTreeMap<String, u64>,
}

/// A building with its storeys, lowest first.
#[derive(Debug, Clone)]
pub struct BuildingAnswer {
    /// Its URI.
    pub id: EntityId,
    /// What it is called.
    pub name: Estimate,
    /// Where its plan lies on earth; `None` where that is not known.
    pub place: Option<PlanPlace>,
    /// Its storeys.
    pub storeys: Vec<StoreyLine>,
}

/// A storey in a list.
#[derive(Debug, Clone)]
pub struct StoreyLine {
    /// Its URI.
    pub id: EntityId,
    /// What it is called.
    pub name: Estimate,
    /// How high its floor is.
    pub elevation: Estimate,
    /// How many spaces are known.
    pub spaces: usize,
    /// How many portals are known.
    pub portals: usize,
    /// How many spaces are in which state: the worst summary among the live attributes
    /// that matter for life; `Unknown` where none was ever observed.
    pub status: BTreeMap<Summary, usize>,
    /// Spaces in which smoke is more probable than not, on evidence that is not stale.
    pub alarms: usize,
}

/// The plan of a storey.
#[derive(Debug, Clone)]
pub struct PlanAnswer {
    /// The storey.
    pub id: EntityId,
    /// Its building.
    pub building: Option<EntityId>,
    /// `[x0, y0, x1, y1]` in metres of everything drawn; `None` when nothing can be.
    pub bounds: Option<[f64; 4]>,
    /// Its spaces.
    pub spaces: Vec<Twin>,
    /// Its portals.
    pub portals: Vec<Twin>,
}

/// Stairs and lifts across the storeys of a building.
#[derive(Debug, Clone)]
pub struct SectionAnswer {
    /// Storeys, lowest first.
    pub storeys: Vec<EntityId>,
    /// Stairs and lifts.
    pub risers: Vec<Riser>,
    /// Neighbouring storeys between which no stair, ramp or lift is known.
    pub unlinked: Vec<(EntityId, EntityId)>,
}

/// One stair or lift through several storeys.
#[derive(Debug, Clone)]
pub struct Riser {
    /// The URI of its lowest space.
    pub id: EntityId,
    /// What it is called, or the URI's last part.
    pub name: String,
    /// `stair`, `lift`, `ramp` or `escalator`.
    pub usage: String,
    /// Where it stops, lowest first.
    pub stops: Vec<Stop>,
    /// Which of its storeys it joins, and how probably.
    pub links: Vec<(EntityId, EntityId, f64)>,
}

/// A riser at a storey.
#[derive(Debug, Clone)]
pub struct Stop {
    /// The storey.
    pub storey: EntityId,
    /// The space one steps into.
    pub space: EntityId,
    /// What is known of the space's state.
    pub status: Summary,
}

/// Where a route begins or leads.
#[derive(Debug, Clone, PartialEq)]
pub enum RouteEnd {
    /// Outside, by the nearest exit; only as its end.
    Exit,
    /// Any street that an exit of the building at the other end leads to.
    AnyStreet,
    /// This space or street.
    Twin(EntityId),
    /// The street nearest to a place on earth, in degrees (WGS 84).
    Earth {
        /// Latitude.
        latitude_deg: f64,
        /// Longitude.
        longitude_deg: f64,
    },
}

/// What a route may use.
#[derive(Debug, Clone, Default)]
pub struct RouteQuery {
    /// Portals and spaces not to be used.
    pub avoid: Vec<EntityId>,
    /// Whether portals may be used of which it is not known that one can pass.
    pub allow_unknown: bool,
}

/// A way through the building.
#[derive(Debug, Clone)]
pub struct RouteAnswer {
    /// Walking distance in metres.
    pub length_m: f64,
    /// Probability that every portal of which something is known exists and lets one pass.
    pub probability: f64,
    /// Step by step.
    pub steps: Vec<RouteStep>,
    /// The portal or street that is least sure, an unknown one before any known one.
    pub least_certain: Option<EntityId>,
    /// Portals and streets on it of which it is not known whether one can pass.
    pub unknown: Vec<EntityId>,
}

/// A piece of a route.
#[derive(Debug, Clone)]
pub enum RouteStep {
    /// Through a space and out of it by a portal.
    Indoors {
        /// The space that is walked through.
        space: EntityId,
        /// The portal that leaves it; none at the end.
        portal: Option<EntityId>,
        /// Metres walked in the space, as the crow flies; `None` where a position is not known.
        length_m: Option<f64>,
        /// Probability that the portal exists and lets one pass; `None` when nobody knows.
        probability: Option<f64>,
    },
    /// From an exit to a street or back.
    Anchor {
        /// The exit.
        portal: EntityId,
        /// The street.
        street: EntityId,
        /// What it is called; `None` where nobody knows.
        street_name: Option<String>,
        /// Metres between them.
        length_m: f64,
        /// Probability that the exit leads to that street; `None` when nobody knows.
        probability: Option<f64>,
        /// Why that is believed.
        reason: String,
    },
    /// Along a street.
    Street {
        /// The street.
        street: EntityId,
        /// What it is called; `None` where nobody knows.
        street_name: Option<String>,
        /// Metres walked.
        length_m: f64,
        /// What is walked of it, as points of longitude and latitude in degrees.
        course: Vec<[f64; 2]>,
    },
}

/// What an estimate stands on.
#[derive(Debug, Clone)]
pub struct Why {
    /// The estimate, with its contributors.
    pub answer: Answer,
    /// The sources of those, the weightiest first.
    pub sources: Vec<SourceLine>,
    /// What would change the estimate, what changes it most first.
    pub influences: Vec<Influence>,
    /// The claims, newest observation first.
    pub claims: Vec<Claim>,
}

/// A source that takes part in an estimate.
#[derive(Debug, Clone)]
pub struct SourceLine {
    /// The source.
    pub source: SourceId,
    /// Its share of the evidence, 0..=1.
    pub weight: f64,
    /// What is thought of it now, where that can be told.
    pub health: Option<SourceHealth>,
    /// Whether a steward has set it aside.
    pub is_set_aside: bool,
}

/// Something that would change an estimate.
#[derive(Debug, Clone)]
pub struct Influence {
    /// What.
    pub change: Change,
    /// The estimate there would be.
    pub estimate: Estimate,
    /// By how much the number shown, or the probability of the value shown, would move;
    /// `None` where nothing would be known.
    pub shift: Option<f64>,
    /// How large that is beside the doubt there is; only for comparing.
    pub(crate) size: f64,
}

/// What one imagines to be different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// This source had said nothing.
    Without(SourceId),
    /// A usual sensor now said what is believed.
    Reading,
}

/// What is supposed, and what is asked about it.
#[derive(Debug, Clone, Default)]
pub struct Supposition {
    /// What is said in it.
    pub claims: Vec<Draft>,
    /// Which estimates are wanted; those that the claims change when none is named.
    pub ask: Vec<(EntityId, Attribute)>,
    /// About when; now if left out.
    pub at: Option<Time>,
}

/// An estimate as it is and as it would be.
#[derive(Debug, Clone)]
pub struct Supposed {
    /// The twin.
    pub entity: EntityId,
    /// Which attribute.
    pub attribute: Attribute,
    /// What is believed; `None` where nothing was ever said.
    pub now: Option<Answer>,
    /// What would be believed.
    pub supposed: Option<Answer>,
}

/// What is thought of one source of one attribute of one twin.
#[derive(Debug, Clone)]
pub struct HealthLine {
    /// The source.
    pub source: SourceId,
    /// The twin.
    pub entity: EntityId,
    /// The attribute.
    pub spec: &'static AttributeSpec,
    /// What is thought of it.
    pub health: SourceHealth,
    /// Whether a steward has set it aside.
    pub is_set_aside: bool,
}

/// How estimates hold what they promise.
#[derive(Debug, Clone, Default)]
pub struct CalibrationAnswer {
    /// Every live attribute, in order of name.
    pub classes: Vec<Report>,
    /// Against which sources, by attribute.
    pub sources: Vec<SourceMark>,
    /// Pass it as `after` to get the sources that follow.
    pub next: Option<String>,
}

/// How estimates of an attribute did against one source.
#[derive(Debug, Clone)]
pub struct SourceMark {
    /// The source.
    pub source: SourceId,
    /// Its place among the node's sources.
    pub(crate) number: u32,
    /// The attribute.
    pub spec: &'static AttributeSpec,
    /// What was counted.
    pub score: SourceScore,
    /// What was learned of its words, where it gives any.
    pub trust: Option<Trust>,
}

/// Which sources.
#[derive(Debug, Clone, Default)]
pub struct HealthFilter {
    /// Only of this twin.
    pub entity: Option<EntityId>,
    /// Only of this attribute.
    pub attribute: Option<Attribute>,
    /// Only in this state.
    pub state: Option<HealthState>,
    /// Only those that are not well.
    pub is_doubtful: bool,
    /// After this place.
    pub after: Option<String>,
    /// At most so many.
    pub limit: usize,
}

/// A finding with where it comes from.
#[derive(Debug, Clone)]
pub struct FindingLine {
    /// Its place in the list of all findings: batch and index.
    pub id: String,
    /// What was found.
    pub finding: Finding,
    /// The import that found it.
    pub batch: BatchId,
    /// The building it is about.
    pub building: Option<EntityId>,
    /// When.
    pub recorded: Time,
}

/// Which findings.
#[derive(Debug, Clone, Default)]
pub struct FindingFilter {
    /// Only of this building.
    pub building: Option<EntityId>,
    /// Only of this code.
    pub code: Option<String>,
    /// Only of this severity word.
    pub severity: Option<String>,
    /// After this one.
    pub after: Option<String>,
    /// At most so many.
    pub limit: usize,
}

/// Which twins.
#[derive(Debug, Clone, Default)]
pub struct TwinFilter {
    /// Only of this kind.
    pub kind: Option<EntityKind>,
    /// Only of this building.
    pub building: Option<EntityId>,
    /// Only of this storey.
    pub storey: Option<EntityId>,
    /// After this URI.
    pub after: Option<String>,
    /// At most so many.
    pub limit: usize,
}

/// How the node is.
#[derive(Debug, Clone)]
pub struct Status {
    /// How far the log has got.
    pub commit: CommitNumber,
    /// Claims recorded in this incarnation and those before it, as far as the state knows.
    pub claims: u64,
    /// Twins.
    pub entities: u64,
    /// Attributes of twins.
    pub attributes: u64,
    /// Bytes the data directory takes.
    pub store_bytes: u64,
    /// Bytes it may take.
    pub store_budget_bytes: u64,
    /// Bytes the state takes in memory, as counted.
    pub memory_bytes: u64,
    /// Bytes it may take.
    pub memory_budget_bytes: u64,
    /// The node's clock.
    pub time: Time,
    /// Whose node it is.
    pub organisation: String,
    /// How far estimates have got, 0..=1, that are worked out afresh because a source was
    /// set aside or released; `None` when that is done.
    pub recomputing: Option<f64>,
    /// Why nothing is recorded now; `None` while claims are taken.
    pub read_only: Option<&'static str>,
}

/// Counters since the process started.
#[derive(Debug, Clone, Copy)]
pub struct Metrics {
    /// Group commits.
    pub commits: u64,
    /// Claims recorded.
    pub claims: u64,
    /// Claims refused.
    pub refused: u64,
    /// How long the last group commit took, in microseconds, state included.
    pub last_commit_micros: u64,
    /// Twins.
    pub entities: u64,
    /// Attributes.
    pub attributes: u64,
    /// Bytes the state takes in memory, as counted.
    pub memory_bytes: u64,
    /// Bytes the data directory takes.
    pub store_bytes: u64,
    /// Sources of live attributes that seem to suffer from something; looked at once a
    /// minute.
    pub sources_doubtful: u64,
    /// Sources that are set aside.
    pub sources_quarantined: u64,
    /// Of the attributes compared often enough, the least share of readings inside the
    /// intervals that should hold nine in ten.
    pub coverage_worst: Option<f64>,
}

/// Whether the node can be used. Tells nothing about any building.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Reads and writes.
    Ready,
    /// Reads only.
    ReadOnly,
}

/// Something changed.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The twin.
    pub entity: EntityId,
    /// Its storey.
    pub storey: Option<EntityId>,
    /// Its building.
    pub building: Option<EntityId>,
    /// Which attribute.
    pub attribute: Attribute,
    /// What is believed now.
    pub answer: Answer,
}

/// What a listener gets next.
#[derive(Debug, Clone)]
pub enum Next {
    /// These attributes have changed.
    Changed {
        /// The commit of the picture the answers are from.
        commit: CommitNumber,
        /// The time they are about.
        at: Time,
        /// Which, and to what.
        changes: View<Vec<Changed>>,
    },
    /// The listener has fallen behind and must read afresh.
    Reset(CommitNumber),
    /// The node is closing.
    Closed,
}
