//! From the field to an estimate that says what it is: inferred.
//!
//! A room without a sensor gets a value, but never looks as if somebody had measured it. Its basis
//! names the measurements that tell most about it; where none tells anything to speak of,
//! it is marked as assumed.

use super::Posterior;
use twin_model::{
    Basis, ClaimId, Contributor, Distribution, Estimate, Flag, Knowledge, SourceId, Time,
};

/// Share of all observations together below which a value is only what is usual.
const TELLING_MIN: f64 = 0.05;

/// The claim behind an observation.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Which claim.
    pub claim: ClaimId,
    /// Who made it.
    pub source: SourceId,
    /// When it was observed.
    pub observed: Time,
}

impl Posterior<'_> {
    /// What is believed at a node at `at`. `told` gives the claim behind an observation by its
    /// place; `widening` is the factor on the standard deviation for a class that was found
    /// too sure of itself.
    pub fn estimate(
        &self,
        node: u32,
        at: Time,
        widening: f64,
        told: &dyn Fn(usize) -> Told,
    ) -> Estimate {
        let tellers = self.tellers(node);
        let telling: f64 = tellers.iter().map(|teller| teller.share).sum();
        let contributors: Vec<Contributor> = tellers
            .iter()
            .map(|teller| {
                let told = told(teller.observation);
                Contributor {
                    claim: told.claim,
                    source: told.source,
                    weight: teller.share,
                    observed: told.observed,
                }
            })
            .collect();
        let mut estimate = Estimate {
            knowledge: Knowledge::Known,
            distribution: Some(Distribution::Gaussian {
                mean: self.mean(node),
                sd: self.variance(node).sqrt() * widening.max(1.0),
            }),
            sources: count_sources(&contributors),
            evidence_time: contributors.iter().map(|c| c.observed).max(),
            contributors,
            ..Estimate::unknown(at)
        };
        if telling >= TELLING_MIN {
            estimate.basis = Basis::Inferred;
        }
        if widening > 1.0 {
            estimate.flags = estimate.flags.with(Flag::Widened);
        }
        estimate
    }
}

fn count_sources(contributors: &[Contributor]) -> u32 {
    let mut names: Vec<&SourceId> = contributors.iter().map(|c| &c.source).collect();
    names.sort_unstable();
    names.dedup();
    names.len() as u32
}
