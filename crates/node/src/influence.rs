//! What would change an estimate most: each of its sources taken away in turn, and one
//! fresh reading of a usual sensor added. Whoever wants to be surer sees where to look.

use crate::answer::{Answer, Change, Influence, SourceLine};
use crate::live::Live;
use crate::past::{Fetched, estimate_of};
use crate::reader::Reader;
use crate::recover::fold_fetched;
use std::collections::BTreeMap;
use twin_model::{
    Act, Attribute, AttributeSpec, BatchId, Claim, ClaimId, Distribution, EntityId, Estimate,
    Interval, SourceId, Stated, Statement, Time,
};

/// Claims that are weighed anew for one influence; the newest tell.
const CLAIMS_MAX: usize = 2000;
/// In whose name the imagined reading is made.
const IMAGINED: &str = "urn:twin:imagined";

impl Reader {
    /// The sources that take part in an estimate, the weightiest first, with what is
    /// thought of them.
    pub(crate) fn sources_of(&self, id: &EntityId, answer: &Answer) -> Vec<SourceLine> {
        let Answer::Modelled { spec, estimate } = answer else {
            return Vec::new();
        };
        let mut weights: BTreeMap<&SourceId, f64> = BTreeMap::new();
        for contributor in &estimate.contributors {
            *weights.entry(&contributor.source).or_default() += contributor.weight;
        }
        let mut health = self.health_by_source(id, spec.name);
        let mut lines: Vec<SourceLine> = weights
            .into_iter()
            .map(|(source, weight)| SourceLine {
                source: source.clone(),
                weight,
                health: health.remove(source),
                is_set_aside: self.picture.is_set_aside(source),
            })
            .collect();
        lines.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        lines
    }

    /// What would change the estimate, what changes it most first.
    pub(crate) fn influences(
        &self,
        id: &EntityId,
        spec: &'static AttributeSpec,
        fetched: &Fetched,
        lines: &[SourceLine],
        at: Time,
    ) -> Vec<Influence> {
        let newest = fetched.newest(CLAIMS_MAX);
        let mut whole = self.replay(id, &newest, &|_| true);
        let base = estimate_of(&whole.picture(), id, spec.name, at);
        let mut influences: Vec<Influence> = lines
            .iter()
            .filter(|line| !line.is_set_aside)
            .map(|line| {
                let without = self.replay(id, &newest, &|source| *source != line.source);
                let estimate = estimate_of(&without.picture(), id, spec.name, at);
                Influence::new(Change::Without(line.source.clone()), &base, estimate)
            })
            .collect();
        influences.extend(self.imagined(id, spec, &mut whole, &base, at));
        influences.sort_by(|a, b| b.size.total_cmp(&a.size));
        influences
    }

    /// One fresh reading of a usual sensor, which says what is believed, weighed into
    /// the state of all the claims.
    fn imagined(
        &self,
        id: &EntityId,
        spec: &'static AttributeSpec,
        whole: &mut Live,
        base: &Estimate,
        at: Time,
    ) -> Option<Influence> {
        let statement = Statement {
            entity: id.clone(),
            attribute: Attribute::new(spec.name).ok()?,
            act: Act::Assert(Stated::from(base.value()?)),
            valid: Interval::ALWAYS,
            observed: at,
            procedure: None,
        };
        let claim = Claim {
            id: ClaimId {
                incarnation: u32::MAX,
                sequence: self.picture.next_sequence,
            },
            source: SourceId::new(IMAGINED).ok()?,
            statement,
            recorded: at,
            batch: BatchId(0),
        };
        fold_fetched(whole, [&claim]);
        let estimate = estimate_of(&whole.picture(), id, spec.name, at);
        Some(Influence::new(Change::Reading, base, estimate))
    }
}

impl Influence {
    fn new(change: Change, base: &Estimate, estimate: Estimate) -> Self {
        let (shift, size) = match (&base.distribution, &estimate.distribution) {
            (Some(before), Some(after)) => difference(before, after),
            // Nothing would be known any more, or only now.
            (Some(_), None) | (None, Some(_)) => (None, f64::MAX),
            (None, None) => (None, 0.0),
        };
        Self {
            change,
            estimate,
            shift,
            size,
        }
    }
}

/// By how much the value shown, or its probability, moves; and how large that is beside the
/// doubt there was.
fn difference(before: &Distribution, after: &Distribution) -> (Option<f64>, f64) {
    if let (Some((mean, sd)), Some((mean_after, sd_after))) = (before.moments(), after.moments()) {
        let shift = mean_after - mean;
        let narrower = (sd_after.max(f64::MIN_POSITIVE) / sd.max(f64::MIN_POSITIVE)).ln();
        return (
            Some(shift),
            (shift / sd.max(f64::MIN_POSITIVE)).abs() + narrower.abs(),
        );
    }
    let shift = probability(after, before) - probability(before, before);
    (Some(shift), shift.abs())
}

/// The probability in `of` of the value that `shown` shows.
fn probability(of: &Distribution, shown: &Distribution) -> f64 {
    match (of, shown) {
        (Distribution::Bernoulli { p }, Distribution::Bernoulli { p: shown }) => {
            if *shown >= 0.5 {
                *p
            } else {
                1.0 - p
            }
        }
        (Distribution::Alternatives(list), _) => {
            let best = shown.best();
            let mut found = list.iter().filter(|(value, _)| *value == best);
            found.next().map_or(0.0, |(_, p)| *p)
        }
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_more_is_larger() {
        let gaussian = |mean, sd| Distribution::Gaussian { mean, sd };
        let (shift, size) = difference(&gaussian(20.0, 1.0), &gaussian(22.0, 1.0));
        assert_eq!((shift, size), (Some(2.0), 2.0));
        let (_, surer) = difference(&gaussian(20.0, 1.0), &gaussian(20.0, 0.5));
        assert!(surer > 0.5 && surer < size);
        let smoke = |p| Distribution::Bernoulli { p };
        let (shift, _) = difference(&smoke(0.9), &smoke(0.2));
        assert!((shift.unwrap() + 0.7).abs() < 1e-12);
        let (shift, _) = difference(&smoke(0.1), &smoke(0.2));
        assert!((shift.unwrap() + 0.1).abs() < 1e-12);
    }
}
