//! Answers: how the model's words look on the wire.

use super::link::{self, Known};
use super::{Json, city, value};
use std::collections::BTreeMap;
use twin_model::{
    Act, Attribute, AttributeSpec, Basis, Catalogue, Claim, Distribution, EntityId, Estimate,
    Estimator, Flag, Knowledge, Stated, Time, Uncertainty, Value,
};
use twin_node::{
    Account, Answer, BuildingAnswer, BuildingLine, Changed, FindingLine, ImportRecord, PlanAnswer,
    RouteAnswer, SectionAnswer, Status, StoreyLine, Token, Twin, VerbatimLine, Why,
};

/// How much of the probability the interval of an answer holds.
const INTERVAL_LEVEL: f64 = 0.9;

/// What is answered for an attribute that the caller may not see. It is made of
/// nothing but the time asked about, so that it cannot betray what it withholds.
pub(crate) fn withheld(json: &mut Json, at: Time) {
    json.object(|json| {
        json.field("status").text("withheld");
        json.field("at").time(at);
        json.field("flags").list(["withheld"], Json::text);
    });
}

/// An estimate of a modelled attribute.
pub(crate) fn estimate(json: &mut Json, estimate: &Estimate, spec: &AttributeSpec) {
    // INVARIANT: RELEASE-ONLY. Withheld has one shape, whatever is withheld.
    if estimate.flags.has(Flag::Withheld) {
        return withheld(json, estimate.at);
    }
    json.object(|json| {
        json.field("status").text(estimate.summary().as_str());
        if let Some(distribution) = &estimate.distribution {
            best(json.field("value"), distribution, spec);
        }
        if let Some(unit) = spec.unit {
            json.field("unit").text(unit);
        }
        json.field("at").time(estimate.at);
        json.field("evidenceTime")
            .or_null(estimate.evidence_time, Json::time);
        json.field("evidenceAge_s")
            .or_null(estimate.evidence_age_s(), Json::number);
        spread(json, estimate.distribution.as_ref());
        json.field("basis").text(basis(estimate.basis));
        json.field("knowledge").text(knowledge(estimate.knowledge));
        json.field("flags")
            .list(estimate.flags.iter(), |json, flag| json.text(flag.as_str()));
        json.field("conflict").number(estimate.conflict);
        json.field("sources").integer(u64::from(estimate.sources));
        let sources = estimate.contributors.iter().map(|one| &one.source);
        let from = link::names(sources);
        if !from.is_empty() {
            json.field("from").list(from, Json::text);
        }
    });
}

/// The one value to show. Counts are whole numbers and are written as such.
fn best(json: &mut Json, distribution: &Distribution, spec: &AttributeSpec) {
    match distribution.best() {
        Value::Number(n) if matches!(spec.estimator, Estimator::Count { .. }) && n >= 0.0 => {
            json.integer(n as u64);
        }
        shown => value::write(json, &shown),
    }
}

fn spread(json: &mut Json, distribution: Option<&Distribution>) {
    let interval = distribution.and_then(|d| d.interval(INTERVAL_LEVEL));
    json.field("interval").or_null(interval, |json, (lo, hi)| {
        json.object(|json| {
            json.field("level").number(INTERVAL_LEVEL);
            json.field("lo").number(lo);
            json.field("hi").number(hi);
        });
    });
    json.field("probability").or_null(
        distribution.and_then(Distribution::confidence),
        Json::number,
    );
    let several = match distribution {
        Some(Distribution::Alternatives(list)) if list.len() > 1 => Some(list),
        _ => None,
    };
    json.field("alternatives").or_null(several, |json, list| {
        json.list(list.iter(), |json, (candidate, probability)| {
            json.object(|json| {
                value::write(json.field("value"), candidate);
                json.field("probability").number(*probability);
            });
        });
    });
}

const fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::Observed => "observed",
        Basis::Inferred => "inferred",
        Basis::Predicted => "predicted",
        Basis::Assumed => "assumed",
    }
}

const fn knowledge(knowledge: Knowledge) -> &'static str {
    match knowledge {
        Knowledge::Known => "known",
        Knowledge::Unknown => "unknown",
        Knowledge::Absent => "absent",
        Knowledge::NotApplicable => "notApplicable",
    }
}

/// What is believed of an attribute, or what each source wrote.
pub(crate) fn answer(json: &mut Json, answer: &Answer) {
    match answer {
        Answer::Modelled {
            spec,
            estimate: believed,
        } => estimate(json, believed, spec),
        Answer::Verbatim(lines) => json.object(|json| {
            json.field("verbatim").list(lines, verbatim);
        }),
    }
}

fn verbatim(json: &mut Json, line: &VerbatimLine) {
    json.object(|json| {
        json.field("source").text(line.source.as_str());
        json.field("claim").text(&line.claim.to_string());
        act(json, &line.act);
        json.field("observed").time(line.observed);
    });
}

/// The fields that say what a claim does.
fn act(json: &mut Json, act: &Act) {
    match act {
        Act::Assert(stated_value) => stated(json, stated_value),
        Act::Absent => json.field("absent").boolean(true),
        Act::NotApplicable => json.field("notApplicable").boolean(true),
        Act::Unknown { reason } => json.field("unknown").text(reason),
        Act::Retract => json.field("retract").boolean(true),
    }
}

fn stated(json: &mut Json, stated: &Stated) {
    value::write(json.field("value"), &stated.value);
    if let Some(unit) = &stated.unit {
        json.field("unit").text(unit.as_str());
    }
    let Some(uncertainty) = stated.uncertainty else {
        return;
    };
    json.field("uncertainty").object(|json| match uncertainty {
        Uncertainty::StandardDeviation(sd) => json.field("sd").number(sd),
        Uncertainty::Probability(p) => json.field("probability").number(p),
    });
}

/// The fields of a twin, without the braces.
fn twin_fields(json: &mut Json, twin: &Twin) {
    json.field("id").text(twin.id.as_str());
    json.field("kind").text(twin.kind.as_str());
    json.field("attributes").object(|json| {
        for (name, believed) in &twin.attributes {
            answer(json.foreign_field(name.as_str()), believed);
        }
    });
}

/// A twin in a list.
pub(crate) fn twin(json: &mut Json, twin: &Twin) {
    json.object(|json| twin_fields(json, twin));
}

/// A twin as an answer of its own.
pub(crate) fn one_twin(json: &mut Json, twin: &Twin, commit: u64) {
    json.object(|json| {
        twin_fields(json, twin);
        json.field("commit").integer(commit);
    });
}

/// An estimate of an attribute of the catalogue.
fn named(json: &mut Json, name: &'static str, believed: &Estimate) {
    match Catalogue::BUILT_IN.get(name) {
        Some(spec) => estimate(json.field(name), believed, spec),
        None => json.field(name).null(),
    }
}

/// Numbers by word.
fn counts<'a>(json: &mut Json, counts: impl IntoIterator<Item = (&'a str, u64)>) {
    json.object(|json| {
        for (word, number) in counts {
            json.foreign_field(word).integer(number);
        }
    });
}

fn by_word(map: &BTreeMap<String, u64>) -> impl Iterator<Item = (&str, u64)> {
    map.iter().map(|(word, number)| (word.as_str(), *number))
}

fn id_or_null(json: &mut Json, id: Option<&EntityId>) {
    json.or_null(id, |json, id| json.text(id.as_str()));
}

/// A building in a list.
pub(crate) fn building_line(json: &mut Json, line: &BuildingLine) {
    json.object(|json| {
        json.field("id").text(line.id.as_str());
        named(json, "name", &line.name);
        json.field("storeys").integer(line.storeys as u64);
        json.field("spaces").integer(line.spaces as u64);
        json.field("portals").integer(line.portals as u64);
        counts(json.field("findings"), by_word(&line.findings));
    });
}

/// A building with its storeys.
pub(crate) fn building(json: &mut Json, building: &BuildingAnswer, commit: u64) {
    json.object(|json| {
        json.field("commit").integer(commit);
        json.field("id").text(building.id.as_str());
        named(json, "name", &building.name);
        city::place(json.field("place"), building.place.as_ref());
        json.field("storeys").list(&building.storeys, storey_line);
    });
}

fn storey_line(json: &mut Json, line: &StoreyLine) {
    json.object(|json| {
        json.field("id").text(line.id.as_str());
        named(json, "name", &line.name);
        named(json, "elevation", &line.elevation);
        json.field("spaces").integer(line.spaces as u64);
        json.field("portals").integer(line.portals as u64);
        let status = line
            .status
            .iter()
            .map(|(word, number)| (word.as_str(), *number as u64));
        counts(json.field("status"), status);
        json.field("alarms").integer(line.alarms as u64);
    });
}

/// Stairs and lifts across storeys.
pub(crate) fn section(json: &mut Json, section: &SectionAnswer, commit: u64) {
    json.object(|json| {
        json.field("commit").integer(commit);
        json.field("storeys")
            .list(&section.storeys, |json, id| json.text(id.as_str()));
        json.field("risers").list(&section.risers, |json, riser| {
            json.object(|json| {
                json.field("id").text(riser.id.as_str());
                json.field("name").text(&riser.name);
                json.field("usage").text(&riser.usage);
                json.field("stops").list(&riser.stops, |json, stop| {
                    json.object(|json| {
                        json.field("storey").text(stop.storey.as_str());
                        json.field("space").text(stop.space.as_str());
                        json.field("status").text(stop.status.as_str());
                    });
                });
                json.field("links")
                    .list(&riser.links, |json, (from, to, probability)| {
                        json.object(|json| {
                            json.field("from").text(from.as_str());
                            json.field("to").text(to.as_str());
                            json.field("probability").number(*probability);
                        });
                    });
            });
        });
        json.field("unlinked")
            .list(&section.unlinked, |json, (lower, upper)| {
                json.list([lower, upper], |json, id| json.text(id.as_str()));
            });
    });
}

/// The plan of a storey.
pub(crate) fn plan(json: &mut Json, plan: &PlanAnswer, commit: u64) {
    json.object(|json| {
        json.field("commit").integer(commit);
        json.field("id").text(plan.id.as_str());
        id_or_null(json.field("building"), plan.building.as_ref());
        json.field("bounds").or_null(plan.bounds, |json, bounds| {
            json.list(bounds, Json::number);
        });
        json.field("spaces").list(&plan.spaces, twin);
        json.field("portals").list(&plan.portals, twin);
    });
}

/// What an estimate stands on.
pub(crate) fn why(json: &mut Json, why: &Why, attribute: &Attribute, known: &Known, commit: u64) {
    json.object(|json| {
        json.field("commit").integer(commit);
        answer(json.field("estimate"), &why.answer);
        let contributors = match &why.answer {
            Answer::Modelled { estimate, .. } => estimate.contributors.as_slice(),
            Answer::Verbatim(_) => &[],
        };
        json.field("contributors")
            .list(contributors, |json, contributor| {
                json.object(|json| {
                    json.field("claim").text(&contributor.claim.to_string());
                    json.field("source").text(contributor.source.as_str());
                    json.field("weight").number(contributor.weight);
                    json.field("observed").time(contributor.observed);
                });
            });
        super::sources::why_fields(json, why, known);
        json.field("claims").list(&why.claims, claim);
        json.field("spec")
            .or_null(Catalogue::BUILT_IN.get(attribute.as_str()), spec);
    });
}

fn claim(json: &mut Json, claim: &Claim) {
    let statement = &claim.statement;
    json.object(|json| {
        json.field("id").text(&claim.id.to_string());
        json.field("source").text(claim.source.as_str());
        // Not always what was asked about: people are told of by the air they breathe.
        json.field("entity").text(statement.entity.as_str());
        json.field("attribute").text(statement.attribute.as_str());
        act(json, &statement.act);
        json.field("observed").time(statement.observed);
        json.field("recorded").time(claim.recorded);
        if let Some(from) = statement.valid.from {
            json.field("validFrom").time(from);
        }
        if let Some(until) = statement.valid.until {
            json.field("validUntil").time(until);
        }
        if let Some(procedure) = &statement.procedure {
            json.field("procedure").text(procedure);
        }
        json.field("batch").integer(claim.batch.0);
    });
}

fn spec(json: &mut Json, spec: &AttributeSpec) {
    json.object(|json| {
        json.field("unit").or_null(spec.unit, Json::text);
        json.field("estimator").text(match spec.estimator {
            Estimator::Scalar { .. } => "scalar",
            Estimator::Boolean { .. } => "boolean",
            Estimator::Count { .. } => "count",
            Estimator::Category { .. } => "category",
            Estimator::Static { .. } => "static",
        });
        json.field("staleAfter_s")
            .or_null(spec.stale_after_s, Json::number);
        json.field("meaning").text(spec.meaning);
    });
}

/// A way through buildings and streets.
pub(crate) fn route(json: &mut Json, route: &RouteAnswer) {
    json.object(|json| {
        json.field("length_m").number(route.length_m);
        json.field("probability").number(route.probability);
        json.field("steps").list(&route.steps, city::route_step);
        id_or_null(json.field("leastCertain"), route.least_certain.as_ref());
        json.field("usesUnknown").boolean(!route.unknown.is_empty());
        json.field("unknown")
            .list(&route.unknown, |json, id| json.text(id.as_str()));
    });
}

/// A finding.
pub(crate) fn finding(json: &mut Json, line: &FindingLine) {
    let finding = &line.finding;
    let place = &finding.location;
    json.object(|json| {
        json.field("id").text(&line.id);
        json.field("code").text(finding.code.as_str());
        json.field("severity")
            .text(finding.code.severity().as_str());
        json.field("message").text(&finding.message);
        id_or_null(json.field("entity"), place.entity.as_ref());
        json.field("item")
            .or_null(place.item.as_deref(), Json::text);
        json.field("line").or_null(place.line, Json::integer);
        json.field("field")
            .or_null(place.field.as_deref(), Json::text);
        id_or_null(json.field("building"), line.building.as_ref());
        json.field("batch").integer(line.batch.0);
        json.field("recorded").time(line.recorded);
    });
}

/// An import in the list of imports.
pub(crate) fn import(json: &mut Json, import: &ImportRecord) {
    json.object(|json| {
        import_fields(json, import);
        json.field("name").text(&import.name);
        json.field("recorded").time(import.recorded);
        json.field("by").text(&import.by);
        json.field("hash").text(&import.hash);
        json.field("licence")
            .or_null(import.licence.as_deref(), Json::text);
        json.field("attribution")
            .or_null(import.attribution.as_deref(), Json::text);
        json.field("undone").boolean(import.undone_by.is_some());
        json.field("undoneBy")
            .or_null(import.undone_by, |json, batch| json.integer(batch.0));
        json.field("undoOf")
            .or_null(import.undo_of, |json, batch| json.integer(batch.0));
    });
}

/// An import, or the taking back of one, that has just been done.
pub(crate) fn import_done(json: &mut Json, import: &ImportRecord, commit: u64) {
    json.object(|json| {
        json.field("commit").integer(commit);
        import_fields(json, import);
    });
}

fn import_fields(json: &mut Json, import: &ImportRecord) {
    json.field("batch").integer(import.batch.0);
    id_or_null(json.field("building"), import.building.as_ref());
    let summary = import
        .summary
        .iter()
        .map(|(word, number)| (word.as_str(), *number));
    counts(json.field("summary"), summary);
    let changes = &import.changes;
    counts(
        json.field("changes"),
        [
            ("added", changes.added),
            ("changed", changes.changed),
            ("removed", changes.removed),
            ("unchanged", changes.unchanged),
        ],
    );
    counts(json.field("findings"), by_word(&import.finding_counts));
}

/// A changed attribute in an event.
pub(crate) fn change(json: &mut Json, change: &Changed) {
    json.object(|json| {
        json.field("entity").text(change.entity.as_str());
        id_or_null(json.field("storey"), change.storey.as_ref());
        json.field("attribute").text(change.attribute.as_str());
        answer(json.field("estimate"), &change.answer);
    });
}

/// How the node is.
pub(crate) fn status(json: &mut Json, status: &Status, role: &str, name: &str) {
    json.object(|json| {
        json.field("commit").integer(status.commit.0);
        json.field("claims").integer(status.claims);
        json.field("entities").integer(status.entities);
        json.field("attributes").integer(status.attributes);
        json.field("storeBytes").integer(status.store_bytes);
        json.field("storeBudgetBytes")
            .integer(status.store_budget_bytes);
        json.field("memoryBytes").integer(status.memory_bytes);
        json.field("memoryBudgetBytes")
            .integer(status.memory_budget_bytes);
        json.field("role").text(role);
        json.field("name").text(name);
        json.field("time").time(status.time);
        json.field("organisation").text(&status.organisation);
        json.field("recomputing")
            .or_null(status.recomputing, Json::number);
        json.field("readOnly").or_null(status.read_only, Json::text);
    });
}

/// A token, without its secret.
pub(crate) fn token_fields(json: &mut Json, token: &Token) {
    json.field("id").text(&token.id);
    json.field("label").text(&token.label);
    json.field("role").text(token.role.as_str());
    json.field("source")
        .or_null(token.source.as_ref(), |json, id| json.text(id.as_str()));
    json.field("created").time(token.created);
}

/// An account.
pub(crate) fn account(json: &mut Json, account: &Account) {
    json.object(|json| {
        json.field("name").text(&account.name);
        json.field("role").text(account.role.as_str());
    });
}
