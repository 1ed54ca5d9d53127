//! Questions about other times, and what an answer stands on: the claims are fetched and
//! weighed once more, in the order of recording and by the very code that weighs them
//! live, on a small state of the question's own.

use crate::answer::{Answer, VerbatimLine, Why};
use crate::bearing;
use crate::error::Error;
use crate::live::Live;
use crate::picture::Picture;
use crate::reader::{LIMIT_MAX, Reader};
use crate::recover::fold_fetched;
use std::collections::BTreeMap;
use twin_model::catalogue::summarised;
use twin_model::{
    Act, Attribute, Basis, Catalogue, Claim, EntityId, Estimate, Flag, Knowledge, SourceId, Time,
};
use twin_policy::View;
use twin_store as store;

/// About when, and as known when; `None` is now.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Times {
    pub(crate) at: Option<Time>,
    pub(crate) known_at: Option<Time>,
}

/// What was fetched for a question.
pub(crate) struct Fetched {
    /// Claims the answer stands on, oldest observation first.
    pub(crate) claims: Vec<Claim>,
    /// Claims that only say how to read those.
    readings_of: Vec<Claim>,
}

impl Fetched {
    /// The newest so many of the claims.
    pub(crate) fn newest(&self, count: usize) -> Self {
        let from = self.claims.len().saturating_sub(count);
        Self {
            claims: self.claims[from..].to_vec(),
            readings_of: self.readings_of.clone(),
        }
    }
}

impl Reader {
    /// What an estimate stands on, about `at` and as known at `known_at`: the estimate, its
    /// sources and claims, and what would change it. Reads the disk.
    pub fn why(
        &self,
        id: &EntityId,
        attribute: &Attribute,
        at: Option<Time>,
        known_at: Option<Time>,
    ) -> Result<View<Why>, Error> {
        self.may_read(attribute)?;
        let number = self.number(id, "twin")?;
        let mut fetched = self.fetch(id, attribute, Times { at, known_at })?;
        let answer = match (at, known_at) {
            (None, None) => self
                .answer(number, attribute)
                .ok_or_else(|| not_said(attribute))?,
            _ => self.refold(id, attribute, &fetched, at.unwrap_or(self.at)),
        };
        let sources = self.sources_of(id, &answer);
        let influences = match Catalogue::BUILT_IN.get(attribute.as_str()) {
            Some(spec) if !fetched.claims.is_empty() => {
                self.influences(id, spec, &fetched, &sources, at.unwrap_or(self.at))
            }
            _ => Vec::new(),
        };
        if fetched.claims.is_empty() {
            fetched.claims = self.claims_behind(&answer)?;
        }
        let mut claims = fetched.claims;
        claims.sort_by_key(|c| std::cmp::Reverse((c.statement.observed, c.id)));
        Ok(self.release(Why {
            answer,
            sources,
            influences,
            claims,
        }))
    }

    /// The estimate about `at`, as known at `known_at`. Reads the disk.
    pub fn as_of(
        &self,
        id: &EntityId,
        attribute: &Attribute,
        at: Option<Time>,
        known_at: Option<Time>,
    ) -> Result<View<Answer>, Error> {
        self.may_read(attribute)?;
        self.number(id, "twin")?;
        let fetched = self.fetch(id, attribute, Times { at, known_at })?;
        let answer = self.refold(id, attribute, &fetched, at.unwrap_or(self.at));
        Ok(self.release(answer))
    }

    /// The claims about other twins that an inferred estimate stands on.
    fn claims_behind(&self, answer: &Answer) -> Result<Vec<Claim>, Error> {
        let Answer::Modelled { estimate, .. } = answer else {
            return Ok(Vec::new());
        };
        let mut claims = Vec::new();
        for contributor in &estimate.contributors {
            claims.extend(self.store.claim(contributor.claim)?);
        }
        Ok(claims)
    }

    /// The claims that bear on an attribute: its own, and for people in a space those that
    /// tell of them by something else. The newest [`LIMIT_MAX`] by observation.
    pub(crate) fn fetch(
        &self,
        id: &EntityId,
        attribute: &Attribute,
        times: Times,
    ) -> Result<Fetched, Error> {
        let mut fetched = Fetched {
            claims: self.series(id, attribute, times)?,
            readings_of: Vec::new(),
        };
        if attribute.as_str() == bearing::OCCUPANCY {
            self.fetch_witnesses(id, times, &mut fetched)?;
        }
        Ok(fetched)
    }

    fn fetch_witnesses(
        &self,
        space: &EntityId,
        times: Times,
        fetched: &mut Fetched,
    ) -> Result<(), Error> {
        // How a witness is read was recorded when it was, whenever it was observed.
        let ever = Times { at: None, ..times };
        for name in bearing::WITNESSES {
            self.fetch_more(space, name, times, &mut fetched.claims)?;
        }
        for name in bearing::ROOM_FACTS {
            self.fetch_more(space, name, ever, &mut fetched.readings_of)?;
        }
        for portal in self.portals_ever_of(space) {
            self.fetch_more(&portal, bearing::PASSAGES, times, &mut fetched.claims)?;
            self.fetch_more(&portal, bearing::CONNECTS, ever, &mut fetched.readings_of)?;
        }
        Ok(())
    }

    fn fetch_more(
        &self,
        id: &EntityId,
        attribute: &'static str,
        times: Times,
        claims: &mut Vec<Claim>,
    ) -> Result<(), Error> {
        let attribute = Attribute::new(attribute).expect("a catalogued name");
        if self.may_read(&attribute).is_err() {
            return Ok(());
        }
        claims.append(&mut self.series(id, &attribute, times)?);
        claims.sort_unstable_by_key(|claim| (claim.statement.observed, claim.id));
        claims.drain(..claims.len().saturating_sub(LIMIT_MAX));
        Ok(())
    }

    /// Portals that were ever believed to join the space and of which people were counted.
    fn portals_ever_of(&self, space: &EntityId) -> Vec<EntityId> {
        let Some(passages) = self.picture.names.attributes.find(bearing::PASSAGES) else {
            return Vec::new();
        };
        let cells = self.picture.entities.iter().enumerate();
        let joins = cells.filter(|(_, cell)| {
            let bearing = cell.bearing.as_deref();
            bearing.is_some_and(|bearing| bearing.ever_joined.contains(space))
                && cell.get(passages).is_some()
        });
        joins.map(|(number, _)| self.id(number as u32)).collect()
    }

    fn series(
        &self,
        id: &EntityId,
        attribute: &Attribute,
        times: Times,
    ) -> Result<Vec<Claim>, Error> {
        let range = store::Range {
            until: times.at.unwrap_or(Time(i64::MAX)),
            recorded_until: times.known_at.unwrap_or(Time(i64::MAX)),
            ..store::Range::ALL
        };
        Ok(self.store.claims(id, attribute, range, LIMIT_MAX)?)
    }

    /// Weighs claims afresh.
    fn refold(&self, id: &EntityId, attribute: &Attribute, fetched: &Fetched, at: Time) -> Answer {
        let Some(spec) = Catalogue::BUILT_IN.get(attribute.as_str()) else {
            let is_summary = summarised(attribute.as_str()).is_some();
            let holds = |claim: &Claim| claim.statement.valid.until.is_none_or(|end| at < end);
            let counts = |claim: &&Claim| {
                // What was said in place of a storey's rooms says nothing once it has run out.
                (!is_summary || holds(claim)) && !self.picture.is_set_aside(&claim.source)
            };
            return Answer::Verbatim(newest_per_source(fetched.claims.iter().filter(counts)));
        };
        let replayed = self.replay(id, fetched, &|_| true).picture();
        let believed = |at| estimate_of(&replayed, id, spec.name, at);
        let mut estimate = believed(at);
        if at > self.at {
            foresee(&mut estimate, Some(&believed(self.at)));
        }
        Answer::Modelled { spec, estimate }
    }

    /// The state that those of the fetched claims alone make whose source is `heard`.
    pub(crate) fn replay(
        &self,
        id: &EntityId,
        fetched: &Fetched,
        heard: &dyn Fn(&SourceId) -> bool,
    ) -> Live {
        let mut live = Live::of_its_own(&self.picture);
        let number = self.picture.names.entities.find(id.as_str());
        if let Some(cell) = number.and_then(|number| self.picture.entity(number)) {
            live.place(id, cell.since);
        }
        let all = fetched.claims.iter().chain(&fetched.readings_of);
        let mut in_order: Vec<&Claim> = all.filter(|claim| heard(&claim.source)).collect();
        in_order.sort_by_key(|claim| claim.id);
        fold_fetched(&mut live, in_order);
        live
    }
}

/// What a picture holds of an attribute; unknown where nothing was said.
pub(crate) fn estimate_of(picture: &Picture, id: &EntityId, name: &str, at: Time) -> Estimate {
    let number = picture.names.entities.find(id.as_str());
    let estimate = number.and_then(|number| picture.estimate(number, name, at));
    estimate.unwrap_or_else(|| Estimate::unknown(at))
}

/// Makes an estimate one for a time that has not come. It is as stale as what is known
/// now: that nothing newer is known of the future is no news.
pub(crate) fn foresee(estimate: &mut Estimate, now: Option<&Estimate>) {
    if estimate.knowledge == Knowledge::Known && estimate.basis != Basis::Assumed {
        estimate.basis = Basis::Predicted;
    }
    if !now.is_some_and(|now| now.flags.has(Flag::Stale)) {
        estimate.flags = estimate.flags.without(Flag::Stale);
    }
}

fn not_said(attribute: &Attribute) -> Error {
    Error::NotFound {
        what: "attribute",
        id: attribute.to_string(),
    }
}

fn newest_per_source<'a>(claims: impl Iterator<Item = &'a Claim>) -> Vec<VerbatimLine> {
    let mut newest: BTreeMap<&SourceId, &Claim> = BTreeMap::new();
    for claim in claims {
        let entry = newest.entry(&claim.source).or_insert(claim);
        if (claim.statement.observed, claim.id) >= (entry.statement.observed, entry.id) {
            *entry = claim;
        }
    }
    newest
        .into_values()
        .filter(|claim| claim.statement.act != Act::Retract)
        .map(|claim| VerbatimLine {
            source: claim.source.clone(),
            claim: claim.id,
            observed: claim.statement.observed,
            act: claim.statement.act.clone(),
        })
        .collect()
}
