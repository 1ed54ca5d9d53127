//! A rule with the stretch of claims that it was in force for.
//!
//! Claims are numbered in the order in which they were recorded, and offered to others in
//! that order. A rule is in force *from* the first claim that was not yet offered when it
//! was made *until* the first that was not yet offered when it was ended. Within that
//! stretch it covers what goes out as it comes in; before it, only what its backfill has
//! gone through. So it is settled for every claim and every organisation which rule told
//! it, and a later rule leaves that claim alone:
//!
//! ```text
//! claims     1 ......... 40 ......... 90 ......... 140 ....
//! rule 1     ············|============|·····················   from 40 until 90
//! rule 2     <<<<<<<<<<<<·············<<<<<<<<<<<<|=========   from 140, with backfill
//! ```

use super::rule::{Error, Recipient, Rule};
use std::ops::Range;

/// Most rules that are kept, those ended included: a rule that is forgotten would let its
/// claims be told again.
pub const RULES_MAX: usize = 4096;

/// A rule, and for which claims it was in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRecord {
    id: u64,
    rule: Rule,
    from: u64,
    until: Option<u64>,
    backfilled: u64,
}

impl RuleRecord {
    /// A new rule after `earlier` ones, in force from the claim numbered `next`: the first
    /// that was not yet offered.
    pub fn new(rule: Rule, next: u64, earlier: &[Self]) -> Result<Self, Error> {
        if earlier.len() >= RULES_MAX {
            return Err(Error::TooManyRules(earlier.len()));
        }
        // Rules come in the order of the claims, whatever the caller says.
        let settled = earlier.iter().map(Self::settled_to).max().unwrap_or(0);
        Ok(Self {
            id: earlier.last().map_or(1, |record| record.id + 1),
            rule: rule.checked()?,
            from: next.max(settled),
            until: None,
            backfilled: 0,
        })
    }

    /// A rule as it was kept.
    pub fn restore(
        id: u64,
        rule: Rule,
        from: u64,
        until: Option<u64>,
        backfilled: u64,
    ) -> Result<Self, Error> {
        let is_backward = until.is_some_and(|until| until < from);
        let is_ahead = backfilled > from || (backfilled > 0 && !rule.backfill);
        if is_backward || is_ahead {
            return Err(Error::Inconsistent(id));
        }
        Ok(Self {
            id,
            rule: rule.checked()?,
            from,
            until,
            backfilled,
        })
    }

    /// Its number, counted from 1 in the order in which rules were made.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The rule.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// The first claim that it covers as it comes in.
    pub fn from(&self) -> u64 {
        self.from
    }

    /// The first claim that it no longer covers; `None` while it stands.
    pub fn until(&self) -> Option<u64> {
        self.until
    }

    /// Claims with smaller numbers than this were gone through by its backfill.
    pub fn backfilled(&self) -> u64 {
        self.backfilled
    }

    /// Whether it is in force.
    pub fn is_standing(&self) -> bool {
        self.until.is_none()
    }

    /// The claims that its backfill has yet to go through; `None` when there are none.
    ///
    /// Backfills go one after the other, in the order of the rules: a later one must know
    /// what an earlier one has told.
    pub fn left_to_backfill(&self) -> Option<Range<u64>> {
        let is_due = self.is_standing() && self.rule.backfill && self.backfilled < self.from;
        is_due.then_some(self.backfilled..self.from)
    }

    /// Notes that the backfill has gone through all claims with numbers smaller than `to`.
    pub fn note_backfilled(&mut self, to: u64) {
        if self.left_to_backfill().is_some() {
            self.backfilled = to.clamp(self.backfilled, self.from);
        }
    }

    /// Whoever is told is called otherwise from now on: an organisation's node has a new key.
    /// What the rule has told counts as told to the new one.
    pub fn readdress(&mut self, to: Recipient) {
        self.rule.to = to;
    }

    /// Ends it before the claim numbered `next`, the first that was not yet offered.
    pub fn end(&mut self, next: u64) {
        if self.is_standing() {
            self.until = Some(next.max(self.from));
        }
    }

    /// Whether it covers the claim as it comes in.
    pub(super) fn is_in_force(&self, sequence: u64) -> bool {
        self.from <= sequence && self.until.is_none_or(|until| sequence < until)
    }

    /// Whether it has settled whether the claim is told.
    pub(super) fn reaches(&self, sequence: u64) -> bool {
        self.is_in_force(sequence) || sequence < self.backfilled
    }

    fn settled_to(&self) -> u64 {
        self.until.unwrap_or(self.from).max(self.from)
    }
}
