//! Answers about sources: how they do, which are set aside, what hangs on each.

use super::Json;
use super::answer::{answer, estimate};
use super::link::{self, Known};
use twin_model::{Catalogue, Distribution, SourceHealth};
use twin_node::{
    Answer, Change, HealthLine, Influence, QuarantineRecord, Report, Share, SourceLine, SourceMark,
    Supposed, Why,
};

/// The fields that say what is thought of a source, without the braces.
fn health_fields(json: &mut Json, health: &SourceHealth) {
    json.field("state").text(health.state.as_str());
    json.field("since").or_null(health.since, Json::time);
    json.field("doubt").number(health.doubt);
    json.field("bias").number(health.bias);
    json.field("noiseRatio").number(health.noise_ratio);
    json.field("skew_s").number(health.skew_s);
    json.field("readings").integer(u64::from(health.readings));
}

/// A source in the list of how they do.
pub(crate) fn health(json: &mut Json, line: &HealthLine) {
    json.object(|json| {
        json.field("source").text(line.source.as_str());
        json.field("entity").text(line.entity.as_str());
        json.field("attribute").text(line.spec.name);
        json.field("unit").or_null(line.spec.unit, Json::text);
        health_fields(json, &line.health);
        json.field("quarantined").boolean(line.is_set_aside);
    });
}

/// How estimates of one attribute hold what they promise.
pub(crate) fn class(json: &mut Json, report: &Report) {
    json.object(|json| {
        json.field("attribute").text(report.attribute);
        let spec = Catalogue::BUILT_IN.get(report.attribute);
        json.field("unit")
            .or_null(spec.and_then(|spec| spec.unit), Json::text);
        json.field("n").integer(report.readings + report.looks);
        let share = |share: Option<Share>| share.map(|share| share.share);
        json.field("coverage50")
            .or_null(share(report.coverage_50), Json::number);
        json.field("coverage90")
            .or_null(share(report.coverage_90), Json::number);
        json.field("band90")
            .or_null(report.coverage_90, |json, share| {
                json.list([share.low, share.high], Json::number);
            });
        json.field("crps").or_null(report.crps, Json::number);
        json.field("logScore")
            .or_null(report.log_score, Json::number);
        json.field("brier").or_null(report.brier, Json::number);
        json.field("pit").list(report.pit, Json::integer);
        json.field("reliability")
            .list(&report.reliability, |json, bin| {
                json.object(|json| {
                    json.field("n").integer(bin.looks);
                    json.field("foreseen").number(bin.foreseen);
                    json.field("said").number(bin.said);
                });
            });
        json.field("widening").number(report.widening);
        json.field("verdict").text(report.verdict.as_str());
        json.field("validatedOn")
            .or_null(report.validated_on, Json::text);
    });
}

/// How estimates did against one source.
pub(crate) fn mark(json: &mut Json, mark: &SourceMark) {
    let score = &mark.score;
    let share = |part: u32, all: u32| (all > 0).then(|| f64::from(part) / f64::from(all));
    json.object(|json| {
        json.field("source").text(mark.source.as_str());
        json.field("attribute").text(mark.spec.name);
        json.field("n")
            .integer(u64::from(score.readings) + u64::from(score.looks));
        json.field("coverage90")
            .or_null(share(score.held_90, score.readings), Json::number);
        json.field("below")
            .or_null(share(score.below, score.readings), Json::number);
        json.field("foreseen")
            .or_null(share(score.foreseen, score.looks), Json::number);
        json.field("hit")
            .or_null(mark.trust.map(|trust| trust.hit), Json::number);
        json.field("falseAlarm")
            .or_null(mark.trust.map(|trust| trust.false_alarm), Json::number);
    });
}

/// One setting aside of a source.
pub(crate) fn quarantine(json: &mut Json, record: &QuarantineRecord) {
    json.object(|json| {
        json.field("source").text(record.source.as_str());
        json.field("reason").text(&record.reason);
        json.field("by").text(&record.by);
        json.field("since").time(record.since);
        let released = record.released.as_ref();
        json.field("released")
            .or_null(released.map(|(at, _)| *at), Json::time);
        json.field("releasedBy")
            .or_null(released.map(|(_, by)| by.as_str()), Json::text);
    });
}

/// The fields of a *why* that say who takes part and what would change the estimate.
pub(crate) fn why_fields(json: &mut Json, why: &Why, known: &Known) {
    json.field("sources")
        .list(&why.sources, |json, line| source(json, line, known));
    json.field("changes").list(&why.influences, |json, line| {
        influence(json, line, &why.answer);
    });
}

fn source(json: &mut Json, line: &SourceLine, known: &Known) {
    json.object(|json| {
        json.field("source").text(line.source.as_str());
        link::organisation_of(json.field("organisation"), &line.source, known);
        json.field("weight").number(line.weight);
        json.field("quarantined").boolean(line.is_set_aside);
        json.field("health")
            .or_null(line.health.as_ref(), |json, health| {
                json.object(|json| health_fields(json, health));
            });
    });
}

fn influence(json: &mut Json, influence: &Influence, answer: &Answer) {
    json.object(|json| {
        let (word, source) = match &influence.change {
            Change::Without(source) => ("without", Some(source.as_str())),
            Change::Reading => ("reading", None),
        };
        json.field("change").text(word);
        json.field("source").or_null(source, Json::text);
        if let Answer::Modelled { spec, .. } = answer {
            estimate(json.field("estimate"), &influence.estimate, spec);
        }
        json.field("shift").or_null(influence.shift, Json::number);
        let distribution = influence.estimate.distribution.as_ref();
        let sd = distribution
            .and_then(Distribution::moments)
            .map(|(_, sd)| sd);
        json.field("sd").or_null(sd, Json::number);
    });
}

/// An estimate as it is and as it would be.
pub(crate) fn supposed(json: &mut Json, supposed: &Supposed) {
    json.object(|json| {
        json.field("entity").text(supposed.entity.as_str());
        json.field("attribute").text(supposed.attribute.as_str());
        json.field("now").or_null(supposed.now.as_ref(), answer);
        json.field("supposed")
            .or_null(supposed.supposed.as_ref(), answer);
    });
}
