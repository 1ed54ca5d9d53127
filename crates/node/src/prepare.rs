//! What is said becomes what can be recorded: the source is bound to the caller, the
//! form, unit and time are checked. Runs on the caller's thread, so that the single
//! writer does only what it alone can do.

use crate::error::Error;
use crate::points::says_alarm;
use std::fmt::Write as _;
use twin_fusion as fusion;
use twin_model::naming::is_erased_name;
use twin_model::naming::is_received;
use twin_model::urgency::is_life_safety;
use twin_model::{
    Act, AttributeSpec, Caller, Catalogue, ClaimId, CommitNumber, Estimator, Principal, SourceId,
    Statement, Time,
};
use twin_policy as policy;

/// Observations further ahead of the node's clock than this are refused, in seconds.
/// Clocks synchronised over a network differ by less (RFC 5905 aims at milliseconds).
pub const FUTURE_TOLERANCE_S: f64 = 2.0;

/// Numbers beyond this are refused: no catalogued quantity comes near it, and sums of
/// squares of such numbers stay finite.
pub const NUMBER_MAX: f64 = 1e15;

/// Of a longer name only so many bytes go into the source's URI.
const NAME_BYTES_MAX: usize = 400;

/// A claim to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Who says it; `None` is the caller itself.
    pub source: Option<SourceId>,
    /// What is said.
    pub statement: Statement,
}

/// Whether one bad claim spoils the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Good claims are recorded, bad ones are refused one by one.
    EachAlone,
    /// One bad claim and nothing is recorded.
    AllOrNothing,
}

/// Why a claim was refused; each code has a page in `docs/errors/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimCode {
    /// Not JSON, too deep or too long.
    NotJson,
    /// A field is missing, unknown or of the wrong type.
    BadField,
    /// The value does not have the attribute's form or is out of bounds.
    BadValue,
    /// The caller may not claim in this source's name.
    NotYourSource,
    /// The unit is unknown or measures something else.
    BadUnit,
    /// Observed in the future.
    Future,
    /// The disk budget is reached.
    DiskBudget,
    /// The memory budget is reached.
    MemoryBudget,
}

impl ClaimCode {
    /// Every code.
    pub const ALL: [Self; 8] = [
        Self::NotJson,
        Self::BadField,
        Self::BadValue,
        Self::NotYourSource,
        Self::BadUnit,
        Self::Future,
        Self::DiskBudget,
        Self::MemoryBudget,
    ];

    /// The code as written on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotJson => "CLM-001",
            Self::BadField => "CLM-002",
            Self::BadValue => "CLM-003",
            Self::NotYourSource => "CLM-004",
            Self::BadUnit => "CLM-005",
            Self::Future => "CLM-006",
            Self::DiskBudget => "CLM-007",
            Self::MemoryBudget => "CLM-008",
        }
    }
}

/// A claim that was not recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which of the drafts, counted from 0.
    pub index: usize,
    /// Why.
    pub code: ClaimCode,
    /// What was wrong and what to do.
    pub message: String,
    /// Which field.
    pub field: Option<&'static str>,
}

/// What became of a submission. It is durable and visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The commit in which it became visible.
    pub commit: CommitNumber,
    /// The recorded claims, in the order of the drafts that were not refused.
    pub claims: Vec<ClaimId>,
    /// The others.
    pub refused: Vec<Refusal>,
}

/// A claim that will be recorded unless a budget forbids it.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) index: usize,
    pub(crate) source: SourceId,
    pub(crate) statement: Statement,
    pub(crate) canonical: Option<Act>,
    pub(crate) life_safety: bool,
}

/// Who the caller is when it makes a claim in its own name.
pub(crate) fn own_source(caller: &Caller) -> Option<SourceId> {
    match &caller.principal {
        Principal::Source(source) => Some(source.clone()),
        // A token that is bound to no source goes by its label, which may have spaces.
        Principal::Account(name) => SourceId::new(&format!("urn:twin:account:{}", safe(name))).ok(),
        Principal::Operator => SourceId::new("urn:twin:operator").ok(),
        Principal::Anonymous => None,
    }
}

/// The name with what a URI must not contain written as its bytes (RFC 3986 §2.1).
fn safe(name: &str) -> String {
    let mut safe = String::new();
    for c in name.chars() {
        if c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c) {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(safe, "%{byte:02X}");
            }
        } else {
            safe.push(c);
        }
        if safe.len() > NAME_BYTES_MAX {
            break;
        }
    }
    safe
}

/// Checks every draft.
pub(crate) fn prepare(
    caller: &Caller,
    drafts: Vec<Draft>,
    now: Time,
) -> Result<(Vec<Prepared>, Vec<Refusal>), Error> {
    let own = own_source(caller).ok_or(Error::Unauthenticated)?;
    policy::decide(caller, &policy::Action::ClaimAsSelf).require()?;
    let (mut prepared, mut refused) = (Vec::with_capacity(drafts.len()), Vec::new());
    let mut permitted: Option<SourceId> = None;
    let structure = policy::decide(caller, &policy::Action::ClaimStructure).require();
    for (index, draft) in drafts.into_iter().enumerate() {
        let source = draft.source.unwrap_or_else(|| own.clone());
        if is_received(&source) {
            let message = format!("`{source}` stands for a source of another organisation");
            refused.push(not_yours(index, message));
            continue;
        }
        // Bulk comes in runs of one source: ask the policy once per run.
        if source != own && permitted.as_ref() != Some(&source) {
            if let Err(refusal) =
                policy::decide(caller, &policy::Action::ClaimAs(&source)).require()
            {
                let message = format!("`{source}` is not your source: {refusal}");
                refused.push(not_yours(index, message));
                continue;
            }
            permitted = Some(source.clone());
        }
        if let Err(refusal) = &structure
            && is_structure(draft.statement.attribute.as_str())
        {
            refused.push(Refusal {
                index,
                code: ClaimCode::NotYourSource,
                message: format!("`{}`: {refusal}", draft.statement.attribute),
                field: Some("attribute"),
            });
            continue;
        }
        match check(index, source, draft.statement, now) {
            Ok(claim) => prepared.push(claim),
            Err(refusal) => refused.push(refusal),
        }
    }
    Ok((prepared, refused))
}

fn not_yours(index: usize, message: String) -> Refusal {
    Refusal {
        index,
        code: ClaimCode::NotYourSource,
        message,
        field: Some("source"),
    }
}

/// Checks one draft of a source that may speak.
pub(crate) fn check(
    index: usize,
    source: SourceId,
    statement: Statement,
    now: Time,
) -> Result<Prepared, Refusal> {
    let refuse = |code, field, message: String| Refusal {
        index,
        code,
        message,
        field: Some(field),
    };
    if statement.observed > now.plus_seconds(FUTURE_TOLERANCE_S) {
        let ahead_s = statement.observed.seconds_since(now);
        let message = format!(
            "observed {ahead_s:.0} s in the future of this node's clock; set the source's clock"
        );
        return Err(refuse(ClaimCode::Future, "observed", message));
    }
    if is_erased_name(statement.entity.as_str()) {
        let message = format!("`{}` stands for a twin that was erased", statement.entity);
        return Err(refuse(ClaimCode::BadField, "entity", message));
    }
    if let Some(message) = out_of_bounds(&statement.act) {
        return Err(refuse(ClaimCode::BadValue, "value", message));
    }
    let spec = Catalogue::BUILT_IN.get(statement.attribute.as_str());
    let canonical = match spec {
        None => {
            verbatim_form(&statement.act).map_err(|m| refuse(ClaimCode::BadValue, "value", m))?;
            None
        }
        Some(spec) => Some(canonical(index, spec, &statement.act)?),
    };
    let life_safety = spec.is_some_and(|spec| is_life_safety(spec.name)) || says_alarm(&statement);
    Ok(Prepared {
        index,
        source,
        statement,
        canonical,
        life_safety,
    })
}

/// What is read back as it was written must have come as it was written.
fn verbatim_form(act: &Act) -> Result<(), String> {
    match act {
        Act::Assert(stated) if !matches!(stated.value, twin_model::Value::Json(_)) => {
            let kind = stated.value.kind();
            Err(format!(
                "a {kind} was given for an attribute that is kept as written; give JSON"
            ))
        }
        _ => Ok(()),
    }
}

fn canonical(index: usize, spec: &AttributeSpec, act: &Act) -> Result<Act, Refusal> {
    fusion::canonical(spec, act).map_err(|error| {
        let (code, field) = match &error {
            fusion::Error::Unit(_) => (ClaimCode::BadUnit, "unit"),
            _ => (ClaimCode::BadValue, "value"),
        };
        Refusal {
            index,
            code,
            message: error.to_string(),
            field: Some(field),
        }
    })
}

fn out_of_bounds(act: &Act) -> Option<String> {
    use twin_model::{Uncertainty, Value};
    let Act::Assert(stated) = act else {
        return None;
    };
    let good = |x: f64| x.is_finite() && x.abs() <= NUMBER_MAX;
    let value_ok = match &stated.value {
        Value::Number(x) => good(*x),
        Value::Point(p) => p.iter().copied().all(good),
        Value::Line(line) => line.iter().flatten().copied().all(good),
        Value::Polygon(polygon) => polygon.rings.iter().flatten().flatten().copied().all(good),
        _ => true,
    };
    if !value_ok {
        return Some(format!("numbers must be finite and within ±{NUMBER_MAX:e}"));
    }
    match stated.uncertainty {
        Some(Uncertainty::StandardDeviation(sd)) if !(good(sd) && sd > 0.0) => {
            Some("a standard deviation must be positive and finite".to_owned())
        }
        Some(Uncertainty::Probability(p)) if !(0.0..=1.0).contains(&p) => {
            Some("a probability must lie between 0 and 1".to_owned())
        }
        _ => None,
    }
}

/// Whether it tells what a building is, and not how it is at present.
fn is_structure(attribute: &str) -> bool {
    let spec = Catalogue::BUILT_IN.get(attribute);
    spec.is_some_and(|spec| matches!(spec.estimator, Estimator::Static { .. }))
}
