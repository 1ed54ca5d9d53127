//! What leaves: claims that a rule releases to somebody.

use super::record::RuleRecord;
use super::rule::{Form, Recipient};
use twin_model::catalogue::{Sensitivity, sensitivity, summarised};
use twin_model::naming::is_received;
use twin_model::{Attribute, Claim, ClaimId, EntityId, EntityKind, SourceId, Statement, Urgency};

/// What is known of where things are. Told by whoever holds the picture.
pub trait Whereabouts {
    /// What sort of thing it is believed to be; `None` where nobody said.
    fn kind(&self, entity: &EntityId) -> Option<EntityKind>;

    /// Whether it is the area or within it, as far as is believed.
    fn is_within(&self, entity: &EntityId, area: &EntityId) -> bool;
}

/// A statement that may be sent to somebody. The only thing that can be.
#[derive(Debug, Clone, PartialEq)]
pub struct Released {
    to: Recipient,
    claim: Option<ClaimId>,
    source: SourceId,
    statement: Statement,
    rule: u64,
    form: Form,
}

impl Released {
    /// Who may be told.
    pub fn to(&self) -> Recipient {
        self.to
    }

    /// The claim it is; `None` for a summary of many.
    pub fn claim(&self) -> Option<ClaimId> {
        self.claim
    }

    /// The claim's place in the log; `None` for a summary of many.
    pub fn sequence(&self) -> Option<u64> {
        self.claim.map(|claim| claim.sequence)
    }

    /// Who said it.
    pub fn source(&self) -> &SourceId {
        &self.source
    }

    /// What was said.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// How urgent it is.
    pub fn urgency(&self) -> Urgency {
        Urgency::of(self.statement.attribute.as_str())
    }

    /// How sensitive it is.
    pub fn sensitivity(&self) -> Sensitivity {
        sensitivity(self.statement.attribute.as_str())
    }

    /// The rule that allows it.
    pub fn rule(&self) -> u64 {
        self.rule
    }

    /// In which form the rule wants it when the link is narrow.
    pub fn form(&self) -> Form {
        self.form
    }

    fn of(claim: &Claim, record: &RuleRecord) -> Self {
        Self {
            to: record.rule().to,
            claim: Some(claim.id),
            source: claim.source.clone(),
            statement: claim.statement.clone(),
            rule: record.id(),
            form: record.rule().form,
        }
    }
}

/// To whom a claim goes that is offered for the first time: once to each, by the first rule
/// in force that covers it. What every member is told is told to nobody separately.
///
/// `records` are all rules, those ended included, in order of their numbers.
pub fn release(
    records: &[RuleRecord],
    claim: &Claim,
    whereabouts: &dyn Whereabouts,
) -> Vec<Released> {
    if is_received(&claim.source) {
        return Vec::new();
    }
    let sequence = claim.id.sequence;
    let mut released: Vec<Released> = Vec::new();
    let in_force = records.iter().filter(|r| r.is_in_force(sequence));
    for record in in_force {
        let to = record.rule().to;
        let is_new = released.iter().all(|before| before.to != to);
        if is_new && record.rule().matches(&claim.statement, whereabouts) {
            released.push(Released::of(claim, record));
        }
    }
    if released.iter().any(|r| r.to == Recipient::Members) {
        released.retain(|r| r.to == Recipient::Members);
    }
    released
}

/// Whether a claim that was held back for somebody when it was offered goes out now: only if
/// a rule that covered it then still stands.
pub fn release_held(
    records: &[RuleRecord],
    to: Recipient,
    claim: &Claim,
    whereabouts: &dyn Whereabouts,
) -> Option<Released> {
    let released = release(records, claim, whereabouts);
    released.iter().find(|released| released.to == to)?;
    let covers = |record: &&RuleRecord| {
        record.is_standing()
            && record.rule().to == to
            && record.is_in_force(claim.id.sequence)
            && record.rule().matches(&claim.statement, whereabouts)
    };
    let record = records.iter().find(covers)?;
    Some(Released::of(claim, record))
}

/// Whether an earlier claim goes out by the backfill of rule `id`: only if the rule stands,
/// and no earlier rule has told it.
pub fn release_earlier(
    records: &[RuleRecord],
    id: u64,
    claim: &Claim,
    whereabouts: &dyn Whereabouts,
) -> Option<Released> {
    let at = records.iter().position(|record| record.id() == id)?;
    let record = &records[at];
    let sequence = claim.id.sequence;
    let left = record.left_to_backfill()?;
    let is_due = left.contains(&sequence)
        && !is_received(&claim.source)
        && record.rule().matches(&claim.statement, whereabouts);
    let to = record.rule().to;
    let told = || covers(&records[..at], to, sequence, &claim.statement, whereabouts);
    (is_due && told().is_none()).then(|| Released::of(claim, record))
}

/// The rule by which somebody was told, or is being told, a claim; the first if several
/// would have.
pub fn covers(
    records: &[RuleRecord],
    to: Recipient,
    sequence: u64,
    statement: &Statement,
    whereabouts: &dyn Whereabouts,
) -> Option<u64> {
    let tells = |record: &&RuleRecord| {
        let told = record.rule().to;
        (told == to || told == Recipient::Members)
            && record.reaches(sequence)
            && record.rule().matches(statement, whereabouts)
    };
    records.iter().find(tells).map(RuleRecord::id)
}

/// Whether a summary for somebody may take in the attribute of a part of a storey: a rule
/// stands that tells the part itself and allows summaries.
pub fn allows_summary(
    records: &[RuleRecord],
    to: Recipient,
    attribute: &Attribute,
    part: &EntityId,
    whereabouts: &dyn Whereabouts,
) -> bool {
    summary_rule(records, to, attribute, part, whereabouts).is_some()
}

fn summary_rule(
    records: &[RuleRecord],
    to: Recipient,
    attribute: &Attribute,
    part: &EntityId,
    whereabouts: &dyn Whereabouts,
) -> Option<u64> {
    let allows = |record: &&RuleRecord| {
        let rule = record.rule();
        record.is_standing()
            && rule.to == to
            && rule.form == Form::StoreysWhenNarrow
            && rule.covers_attribute(attribute)
            && rule.covers_thing(part, whereabouts)
    };
    records.iter().find(allows).map(RuleRecord::id)
}

/// A summary of many parts of a storey, its rooms or doors, for somebody who may be told
/// the same of each of them: `None` unless [`allows_summary`] for every part.
///
/// The statement is about the storey that the parts are within, and its attribute is named
/// `summary.` and the attribute that it sums up.
pub fn release_summary(
    records: &[RuleRecord],
    to: Recipient,
    source: &SourceId,
    statement: Statement,
    parts: &[EntityId],
    whereabouts: &dyn Whereabouts,
) -> Option<Released> {
    let attribute = summarised(statement.attribute.as_str())?;
    let attribute = Attribute::new(attribute).ok()?;
    let storey = &statement.entity;
    let are_within = parts.iter().all(|part| whereabouts.is_within(part, storey));
    let allowing = |part| summary_rule(records, to, &attribute, part, whereabouts);
    let rules: Option<Vec<u64>> = parts.iter().map(allowing).collect();
    let rule = *rules.filter(|_| are_within)?.first()?;
    Some(Released {
        to,
        claim: None,
        source: source.clone(),
        statement,
        rule,
        form: Form::StoreysWhenNarrow,
    })
}
