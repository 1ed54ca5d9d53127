//! Putting an answer together: what the live estimators have in common.

use crate::reading::{Reading, Survey};
use twin_model::estimate::CONTRIBUTORS_MAX;
use twin_model::time::MICROS;
use twin_model::{
    AttributeSpec, Basis, Contributor, Estimate, Flag, Knowledge, SourceId, Summary, Time,
};

/// Difference of two sources, in standard deviations, that counts as agreement.
const AGREEMENT_SDS: f64 = 2.0;
/// Difference from which on they contradict each other.
const CONTRADICTION_SDS: f64 = 3.0;
/// The measure of conflict at [`CONTRADICTION_SDS`].
pub(crate) const CONTRADICTION: f64 =
    1.0 - (AGREEMENT_SDS * AGREEMENT_SDS) / (CONTRADICTION_SDS * CONTRADICTION_SDS);

/// How far numbers contradict each other whose difference squared, in variances, is
/// `distance`: 0 up to two standard deviations, then 1 - (2/d)² towards 1.
pub(crate) fn contradiction(distance: f64) -> f64 {
    (1.0 - AGREEMENT_SDS * AGREEMENT_SDS / distance).max(0.0)
}

/// Weight of each reading of a list, by its place.
pub(crate) type Weights = [f64; 64];

/// An estimate with everything but distribution, conflict and contributors.
pub(crate) fn header(spec: &AttributeSpec, survey: &Survey, at: Time) -> Estimate {
    let mut estimate = Estimate {
        knowledge: survey.knowledge,
        flags: survey.flags,
        sources: survey.sources,
        evidence_time: survey.evidence_time,
        ..Estimate::unknown(at)
    };
    if survey.knowledge != Knowledge::Unknown {
        estimate.basis = Basis::Observed;
    }
    let is_stale =
        becomes_stale(spec, survey.knowledge, survey.evidence_time).is_some_and(|from| from <= at);
    if survey.knowledge == Knowledge::Known && is_stale {
        estimate.flags = estimate.flags.with(Flag::Stale);
    }
    estimate
}

/// The first instant at which the newest evidence is older than the catalogue allows.
pub(crate) fn becomes_stale(
    spec: &AttributeSpec,
    knowledge: Knowledge,
    evidence_time: Option<Time>,
) -> Option<Time> {
    let newest = evidence_time.filter(|_| knowledge == Knowledge::Known)?;
    let limit_micros = (spec.stale_after_s? * MICROS as f64) as i64;
    Some(Time(
        newest.0.saturating_add(limit_micros).saturating_add(1),
    ))
}

/// When the newest evidence becomes stale, if that is to come after `after`.
pub(crate) fn next_change(spec: &AttributeSpec, survey: &Survey, after: Time) -> Option<Time> {
    becomes_stale(spec, survey.knowledge, survey.evidence_time).filter(|t| *t > after)
}

/// The one word, where the conflict is known.
pub(crate) fn summary(mut estimate: Estimate, basis: Basis, is_conflicting: bool) -> Summary {
    if estimate.knowledge == Knowledge::Known {
        estimate.basis = basis;
        if is_conflicting {
            estimate.flags = estimate.flags.with(Flag::Conflicting);
        }
    }
    estimate.summary()
}

/// Every weight times a factor.
pub(crate) fn scale(weights: &mut Weights, factor: f64) {
    for weight in weights {
        *weight *= factor;
    }
}

/// The basis of the reading with the largest weight; the first of equals.
pub(crate) fn strongest_basis(readings: &[Reading], weights: &Weights) -> Basis {
    let mut strongest: Option<(f64, Basis)> = None;
    for (reading, &weight) in readings.iter().zip(weights) {
        if weight > strongest.map_or(0.0, |(most, _)| most) {
            strongest = Some((weight, reading.basis()));
        }
    }
    strongest.map_or(Basis::Assumed, |(_, basis)| basis)
}

/// The basis that all evidence shares, if it does.
pub(crate) fn common_basis(readings: &[Reading], survey: &Survey) -> Option<Basis> {
    let mut evidence = readings.iter().filter(|r| r.is_evidence());
    let first = survey.newest(readings).next()?.1.basis();
    evidence.all(|r| r.basis() == first).then_some(first)
}

/// The readings with the largest weight, largest first; the newest of equals first.
pub(crate) fn contributors(
    readings: &[Reading],
    weights: &Weights,
    name: &dyn Fn(u32) -> SourceId,
) -> Vec<Contributor> {
    let mut order: Vec<usize> = (0..readings.len()).filter(|&i| weights[i] > 0.0).collect();
    order.sort_by(|&a, &b| weights[b].total_cmp(&weights[a]).then(b.cmp(&a)));
    let contributor = |&at: &usize| Contributor {
        claim: readings[at].claim(),
        source: name(readings[at].source),
        weight: weights[at],
        observed: readings[at].observed,
    };
    order
        .iter()
        .take(CONTRIBUTORS_MAX)
        .map(contributor)
        .collect()
}
