//! Estimates that other owners made and sent.
//!
//! The municipality says 24 °C for a lobby that this node measures, too. Is that a second opinion,
//! or our own thermometer come back by another way? A told B, B told C, C tells A: if A counted
//! that as news, three neighbours could talk each other into certainty. So every estimate travels
//! with tags of the sources it stands on. What may share a source, or does not say, never counts
//! beside what is there already; only the surer of the two does. What is known to stand on
//! other sources is joined (`pool`).
//!
//! **Invariant (BASIS):** a received estimate never counts twice.
//! **Invariant (BOUNDED):** the newest estimate of each of [`RECEIVED_MAX`] owners is kept.

mod codec;
mod pool;
mod tags;

pub(crate) use codec::{put_others, take_others};
pub use tags::{TAGS_MAX, Tag, Tags};

use crate::answer;
use crate::canonical::NUMBER_MAX;
use crate::evidence::Setting;
use crate::state::{Outcome, State};
use pool::{Opinion, Pooled, age, pool};
use twin_model::estimate::CONTRIBUTORS_MAX;
use twin_model::{
    AttributeSpec, Basis, ClaimId, Contributor, Distribution, Estimate, Estimator, Flag, Knowledge,
    Time,
};

/// Most owners whose estimates one state keeps; beyond it the oldest estimate goes.
pub const RECEIVED_MAX: usize = 8;
/// Longest list of numbers or alternatives that is taken in.
const ENTRIES_MAX: usize = 64;
/// How far probabilities may be from summing to 1.
const SUM_TOLERANCE: f64 = 1e-3;

/// An estimate made by somebody else.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// The claim that it came as.
    pub claim: ClaimId,
    /// The owner who made it, by the node's own number; not who passed it on.
    pub source: u32,
    /// What is believed, in the canonical unit.
    pub distribution: Distribution,
    /// What kind of evidence it stands on.
    pub basis: Basis,
    /// The time it is about.
    pub about: Time,
    /// When the newest evidence for it was observed.
    pub evidence_time: Time,
    /// The sources it stands on.
    pub tags: Tags,
}

impl Received {
    /// Newer first where both come from one owner; the claim decides between equals, so that the
    /// order of arrival does not.
    fn rank(&self) -> (Time, Time, ClaimId) {
        (self.about, self.evidence_time, self.claim)
    }
}

/// The newest estimate of each owner, in order of their numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Others(Vec<Received>);

impl Others {
    fn take(&mut self, received: &Received) -> Outcome {
        let list = &mut self.0;
        if let Some(former) = list.iter_mut().find(|r| r.source == received.source) {
            if former == received {
                return Outcome::Duplicate;
            }
            if former.rank() >= received.rank() {
                return Outcome::Superseded;
            }
            *former = received.clone();
            return Outcome::Accepted;
        }
        list.push(received.clone());
        list.sort_by_key(|r| r.source);
        if list.len() > RECEIVED_MAX {
            let oldest = (0..list.len()).min_by_key(|&at| (list[at].about, list[at].source));
            let gone = list.remove(oldest.unwrap_or(0));
            if gone.source == received.source {
                return Outcome::Superseded;
            }
        }
        Outcome::Accepted
    }
}

impl State {
    /// Takes in an estimate that another owner made. It takes the place of an older one by the
    /// same owner.
    pub fn receive(&mut self, spec: &AttributeSpec, received: &Received) -> Outcome {
        if !has_form(spec, &received.distribution) {
            return Outcome::Refused;
        }
        if is_implausible(spec, &received.distribution) {
            return Outcome::OutOfRange;
        }
        self.change_others(|others| others.take(received))
    }

    /// The newest estimate of each owner, in order of their numbers: what may be passed on as it
    /// came.
    pub fn received(&self) -> &[Received] {
        self.others().map_or(&[], |others| &others.0)
    }

    /// The sources that its own evidence comes from. With [`State::estimate_own`] it is what
    /// another owner needs to take this in.
    pub fn own_tags(&self) -> Tags {
        let sources = self.sources();
        let is_full = sources.len() >= NAMED_MAX;
        let tags = Tags::of(sources.into_iter().map(Tag::Own));
        if is_full { tags.and_more() } else { tags }
    }

    /// The sources that the whole estimate may stand on, received ones included.
    pub fn tags(&self) -> Tags {
        let all = self.received().iter();
        all.fold(self.own_tags(), |tags, received| tags.union(&received.tags))
    }

    /// Joins what was received to the estimate from its own evidence.
    pub(crate) fn with_received(
        &self,
        spec: &AttributeSpec,
        own: Estimate,
        at: Time,
        setting: &Setting,
    ) -> Estimate {
        let is_settled = matches!(own.knowledge, Knowledge::Absent | Knowledge::NotApplicable);
        if self.received().is_empty() || is_settled {
            return own;
        }
        let mut opinions: Vec<Opinion> = Vec::new();
        if let Some(distribution) = &own.distribution {
            opinions.push(Opinion {
                distribution: distribution.clone(),
                tags: self.own_tags(),
            });
        }
        let own_count = opinions.len();
        opinions.extend(self.received().iter().map(|received| Opinion {
            distribution: age(
                spec,
                &received.distribution,
                at.seconds_since(received.about),
            ),
            tags: received.tags.clone(),
        }));
        match pool(spec, &opinions) {
            Some(pooled) => self.joined(spec, own, own_count, pooled, setting),
            None => own,
        }
    }

    fn joined(
        &self,
        spec: &AttributeSpec,
        own: Estimate,
        own_count: usize,
        pooled: Pooled,
        setting: &Setting,
    ) -> Estimate {
        let Pooled {
            distribution,
            shares,
            conflict,
        } = pooled;
        let own_share = shares[..own_count].first().copied().unwrap_or(0.0);
        let mut contributors = own.contributors;
        for contributor in &mut contributors {
            contributor.weight *= own_share;
        }
        let mut strongest = (own_share, own.basis);
        let mut evidence_time = own.evidence_time.filter(|_| own_share > 0.0);
        let mut sources = if own_share > 0.0 { own.sources } else { 0 };
        for (received, &share) in self.received().iter().zip(&shares[own_count..]) {
            if share <= 0.0 {
                continue;
            }
            contributors.push(Contributor {
                claim: received.claim,
                source: (setting.name)(received.source),
                weight: share,
                observed: received.evidence_time,
            });
            sources += 1;
            evidence_time = evidence_time.max(Some(received.evidence_time));
            if share > strongest.0 {
                strongest = (share, received.basis);
            }
        }
        contributors.retain(|c| c.weight > 0.0);
        contributors.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        contributors.truncate(CONTRIBUTORS_MAX);
        let stale_from = answer::becomes_stale(spec, Knowledge::Known, evidence_time);
        let conflict = own.conflict.max(conflict);
        let mut flags = own.flags.without(Flag::Stale);
        for (flag, is_up) in [
            (Flag::Stale, stale_from.is_some_and(|from| from <= own.at)),
            (Flag::Conflicting, conflict >= answer::CONTRADICTION),
        ] {
            flags = if is_up { flags.with(flag) } else { flags };
        }
        Estimate {
            knowledge: Knowledge::Known,
            distribution: Some(distribution),
            basis: strongest.1,
            flags,
            conflict,
            sources,
            evidence_time,
            at: own.at,
            contributors,
        }
    }

    /// When the newest of what was received becomes stale, if that is to come after `after`.
    pub(crate) fn next_change_of_received(
        &self,
        spec: &AttributeSpec,
        after: Time,
    ) -> Option<Time> {
        let stale =
            |r: &Received| answer::becomes_stale(spec, Knowledge::Known, Some(r.evidence_time));
        self.received()
            .iter()
            .filter_map(stale)
            .filter(|t| *t > after)
            .min()
    }

    pub(crate) fn heap_bytes_of_received(&self) -> usize {
        let Some(Others(list)) = self.others() else {
            return 0;
        };
        let tags: usize = list.iter().map(|r| size_of_val(r.tags.named())).sum();
        let entries: usize = list.iter().map(|r| entry_bytes(&r.distribution)).sum();
        size_of::<(State, Others)>() + list.capacity() * size_of::<Received>() + tags + entries
    }
}

/// From so many sources on, a state may have forgotten some that are still in its base.
const NAMED_MAX: usize = 8;

fn entry_bytes(distribution: &Distribution) -> usize {
    match distribution {
        Distribution::Gaussian { .. } | Distribution::Bernoulli { .. } => 0,
        Distribution::Counts(p) => size_of_val(&p[..]),
        Distribution::Alternatives(list) => size_of_val(&list[..]),
    }
}

/// Whether it is a distribution at all, and of the form that the attribute has.
fn has_form(spec: &AttributeSpec, distribution: &Distribution) -> bool {
    let is_probability = |p: f64| (0.0..=1.0).contains(&p);
    match (&spec.estimator, distribution) {
        (Estimator::Scalar { .. }, Distribution::Gaussian { mean, sd }) => {
            // So that squares and their inverses are numbers, too.
            mean.abs() <= NUMBER_MAX && (1.0 / NUMBER_MAX..=NUMBER_MAX).contains(sd)
        }
        (Estimator::Boolean { .. }, Distribution::Bernoulli { p }) => is_probability(*p),
        (Estimator::Count { .. }, Distribution::Counts(p)) => {
            let sum: f64 = p.iter().map(|&p| f64::from(p)).sum();
            let are_good = p.iter().all(|&p| is_probability(f64::from(p)));
            p.len() <= ENTRIES_MAX && are_good && (sum - 1.0).abs() <= SUM_TOLERANCE
        }
        (
            Estimator::Category { .. } | Estimator::Static { .. },
            Distribution::Alternatives(list),
        ) => {
            let sum: f64 = list.iter().map(|(_, p)| p).sum();
            let are_good = list.iter().all(|(_, p)| is_probability(*p));
            let is_sorted = list.is_sorted_by(|a, b| a.1 >= b.1);
            let is_bounded = !list.is_empty() && list.len() <= ENTRIES_MAX;
            is_bounded && is_sorted && are_good && sum <= 1.0 + SUM_TOLERANCE
        }
        _ => false,
    }
}

fn is_implausible(spec: &AttributeSpec, distribution: &Distribution) -> bool {
    let moments = distribution.moments();
    let bounds = spec.plausible.zip(moments);
    bounds.is_some_and(|((least, most), (mean, _))| !(least..=most).contains(&mean))
}
