//! The map, identities and completeness as JSON.

use super::Json;
use super::answer::estimate;
use twin_model::{Catalogue, EntityId};
use twin_node::{
    Comparison, Completeness, CompletenessLine, IdentityLine, MapSource, Named, Overview, Page,
    PlanPlace, RouteStep, Same,
};

/// Where there is anything on the map.
pub(crate) fn overview(json: &mut Json, overview: &Overview) {
    json.field("bounds")
        .or_null(overview.bounds, |json, bounds| {
            json.list(&bounds, |json, degrees| json.number(*degrees));
        });
    json.field("sources").list(&overview.sources, source);
}

fn source(json: &mut Json, source: &MapSource) {
    json.object(|json| {
        json.field("batch").integer(source.batch.0);
        json.field("name").text(&source.name);
        let text = |json: &mut Json, text: &String| json.text(text);
        json.field("licence").or_null(source.licence.as_ref(), text);
        json.field("attribution")
            .or_null(source.attribution.as_ref(), text);
    });
}

/// Where the plan of a building lies, or `null`.
pub(crate) fn place(json: &mut Json, place: Option<&PlanPlace>) {
    json.or_null(place, |json, place| {
        json.object(|json| {
            json.field("latitude_deg").number(place.frame.latitude_deg);
            json.field("longitude_deg")
                .number(place.frame.longitude_deg);
            json.field("rotation_deg").number(place.frame.rotation_deg);
            json.field("probability").number(place.probability);
        });
    });
}

/// How complete what is known of a building is.
pub(crate) fn completeness(json: &mut Json, found: &Completeness) {
    json.field("storeys").list(&found.storeys, storey);
}

fn storey(json: &mut Json, line: &CompletenessLine) {
    json.object(|json| {
        json.field("id").text(line.id.as_str());
        let c = &line.counts;
        for (name, count) in [
            ("rooms", c.rooms),
            ("roomsStated", c.rooms_stated),
            ("roomsWithKnownPortal", c.rooms_with_known_portal),
            ("roomsWithInferredPortal", c.rooms_with_inferred_portal),
            ("portalsStated", c.portals_stated),
            ("portalsInferred", c.portals_inferred),
            ("portalsOneSideUnknown", c.portals_one_side_unknown),
            ("doorsStated", c.doors_stated),
            ("doorsWithoutWidth", c.doors_without_width),
            ("doorsWithoutRating", c.doors_without_rating),
            ("exits", c.exits),
            ("linksStated", c.links_stated),
            ("linksInferred", c.links_inferred),
        ] {
            json.field(name).integer(u64::from(count));
        }
        json.field("connected")
            .or_null(line.connected, |json, connected| {
                json.object(|json| {
                    json.field("median").number(connected.median);
                    json.field("least").number(connected.least);
                    json.field("leastIfClosed")
                        .number(connected.least_if_closed);
                });
            });
    });
}

/// Pairs of twins held to be one thing.
pub(crate) fn identities(json: &mut Json, page: &Page<IdentityLine>) {
    json.field("identities").list(&page.items, identity);
    let text = |json: &mut Json, text: &String| json.text(text);
    json.field("next").or_null(page.next.as_ref(), text);
}

fn identity(json: &mut Json, line: &IdentityLine) {
    json.object(|json| {
        json.field("identity").text(line.identity.as_str());
        named(json.field("one"), &line.one);
        named(json.field("other"), &line.other);
        json.field("probability").number(line.probability);
        json.field("state").text(line.state.as_str());
        let text = |json: &mut Json, text: &String| json.text(text);
        json.field("reason").or_null(line.reason.as_ref(), text);
        json.field("sources")
            .list(&line.sources, |json, source| json.text(source.as_str()));
    });
}

fn named(json: &mut Json, named: &Named) {
    json.object(|json| {
        named_fields(json, named);
    });
}

fn named_fields(json: &mut Json, named: &Named) {
    json.field("id").text(named.id.as_str());
    json.field("kind").text(named.kind.as_str());
    let text = |json: &mut Json, text: &String| json.text(text);
    json.field("name").or_null(named.name.as_ref(), text);
    json.field("address").or_null(named.address.as_ref(), text);
}

/// A twin beside those held to be the same thing.
pub(crate) fn same(json: &mut Json, same: &Same) {
    json.field("twins")
        .list(&same.twins, |json, (twin, probability)| {
            json.object(|json| {
                named_fields(json, twin);
                json.field("probability").number(*probability);
            });
        });
    json.field("attributes").list(&same.attributes, comparison);
}

fn comparison(json: &mut Json, comparison: &Comparison) {
    json.object(|json| {
        json.field("name").text(comparison.name);
        json.field("agree").boolean(comparison.agree);
        json.field("values").list(&comparison.values, |json, said| {
            json.object(|json| {
                json.field("id").text(said.id.as_str());
                if let Some(spec) = Catalogue::BUILT_IN.get(comparison.name) {
                    estimate(json.field("estimate"), &said.estimate, spec);
                }
            });
        });
    });
}

/// A piece of a route: through a space, between an exit and a street, or along a street.
pub(crate) fn route_step(json: &mut Json, step: &RouteStep) {
    json.object(|json| match step {
        RouteStep::Indoors {
            space,
            portal,
            length_m,
            probability,
        } => {
            json.field("space").text(space.as_str());
            let id = |json: &mut Json, id: &EntityId| json.text(id.as_str());
            json.field("portal").or_null(portal.as_ref(), id);
            json.field("length_m").or_null(*length_m, Json::number);
            chance(json, *probability);
        }
        RouteStep::Anchor {
            portal,
            street,
            street_name,
            length_m,
            probability,
            reason,
        } => {
            json.field("exit").text(portal.as_str());
            json.field("street").text(street.as_str());
            called(json, street_name.as_deref());
            json.field("length_m").number(*length_m);
            chance(json, *probability);
            json.field("reason").text(reason);
        }
        RouteStep::Street {
            street,
            street_name,
            length_m,
            course,
        } => {
            json.field("street").text(street.as_str());
            called(json, street_name.as_deref());
            json.field("length_m").number(*length_m);
            json.field("course").list(course, |json, point| {
                json.list(point, |json, degrees| json.number(*degrees));
            });
        }
    });
}

fn called(json: &mut Json, street_name: Option<&str>) {
    json.field("streetName").or_null(street_name, Json::text);
}

fn chance(json: &mut Json, probability: Option<f64>) {
    json.field("probability").or_null(probability, Json::number);
    let known = probability.is_some();
    json.field("status")
        .text(if known { "observed" } else { "unknown" });
}
