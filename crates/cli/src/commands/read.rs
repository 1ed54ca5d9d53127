//! The commands that only read.

use crate::args::{AsOf, Findings, Rooms, Route, Show, Times, Why};
use crate::client::{Client, Path};
use crate::commands::sources;
use crate::failure::Result;
use crate::output::{Output, Paint, harmless, table};
use crate::text;
use serde_json::{Value, json};
use twin_model::{Attribute, EntityId, Time};

/// `twin why`.
pub(crate) fn why(client: &Client, output: &Output, args: &Why) -> Result<()> {
    let path = attribute_path(&args.entity, &args.attribute, "why", &args.times);
    let answer = client.get(&path)?;
    if output.json {
        output.object(&answer);
        return Ok(());
    }
    headline(output, &args.entity, &args.attribute, &answer["estimate"]);
    specification(output, &answer["spec"]);
    contributors(output, &answer["contributors"]);
    sources::of_estimate(output, &answer["sources"]);
    changes(output, &answer["changes"]);
    claims(output, &answer["claims"]);
    Ok(())
}

/// `twin as-of`.
pub(crate) fn as_of(client: &Client, output: &Output, args: &AsOf) -> Result<()> {
    let times = Times {
        at: Some(args.at),
        known_at: args.known_at,
    };
    let answer = client.get(&attribute_path(
        &args.entity,
        &args.attribute,
        "as-of",
        &times,
    ))?;
    if output.json {
        output.object(&answer);
    } else {
        headline(output, &args.entity, &args.attribute, &answer["estimate"]);
    }
    Ok(())
}

fn attribute_path(entity: &EntityId, attribute: &Attribute, question: &str, times: &Times) -> Path {
    Path::new("/v1/entities")
        .part(entity.as_str())
        .part("attributes")
        .part(attribute.as_str())
        .part(question)
        .query_if("at", times.at)
        .query_if("knownAt", times.known_at)
}

fn headline(output: &Output, entity: &EntityId, attribute: &Attribute, estimate: &Value) {
    output.answer(&format!("{attribute} of {entity}"));
    output.answer(&format!("  {}", text::attribute(output, estimate)));
}

fn specification(output: &Output, spec: &Value) {
    let Some(meaning) = spec["meaning"].as_str() else {
        return;
    };
    let mut parts = vec![harmless(meaning)];
    parts.extend(
        spec["estimator"]
            .as_str()
            .map(|name| format!("estimator {}", harmless(name))),
    );
    if let Some(age_s) = spec["staleAfter_s"].as_f64() {
        parts.push(format!("stale after {}", text::duration(age_s)));
    }
    output.answer(&format!(
        "  {}",
        output.paint(Paint::Faint, &parts.join(" · "))
    ));
}

fn contributors(output: &Output, contributors: &Value) {
    let rows = contributors.as_array().into_iter().flatten().map(|one| {
        let weight = one["weight"]
            .as_f64()
            .map_or("?".to_owned(), |w| text::number(w, 3));
        vec![
            weight,
            word(&one["claim"]),
            word(&one["source"]),
            word(&one["observed"]),
        ]
    });
    section(
        output,
        "Stands on",
        &["weight", "claim", "source", "observed"],
        rows,
    );
}

/// What would change the estimate, what changes it most first.
fn changes(output: &Output, changes: &Value) {
    let rows = changes.as_array().into_iter().flatten().map(|one| {
        let what = match one["source"].as_str() {
            Some(source) => format!("without {}", harmless(source)),
            None => "one fresh reading".to_owned(),
        };
        let shift = one["shift"]
            .as_f64()
            .map_or("-".to_owned(), |shift| text::number(shift, 2));
        vec![what, shift, text::attribute(output, &one["estimate"])]
    });
    let head = ["if", "moves by", "then"];
    section(output, "What would change it most", &head, rows);
}

fn claims(output: &Output, claims: &Value) {
    let rows = claims.as_array().into_iter().flatten().map(|one| {
        let times = (word(&one["observed"]), word(&one["recorded"]));
        vec![
            word(&one["id"]),
            text::act(one),
            word(&one["source"]),
            times.0,
            times.1,
        ]
    });
    let head = ["claim", "says", "source", "observed", "recorded"];
    section(output, "Claims, newest first", &head, rows);
}

/// A titled table; nothing where there are no rows.
pub(crate) fn section(
    output: &Output,
    title: &str,
    head: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) {
    let faint = |text: &&str| output.paint(Paint::Faint, text);
    let mut all = vec![head.iter().map(faint).collect::<Vec<_>>()];
    all.extend(rows);
    if all.len() == 1 {
        return;
    }
    output.answer("");
    output.answer(title);
    for line in table(&all) {
        output.answer(&format!("  {line}"));
    }
}

/// A text of the answer, or `-`.
pub(crate) fn word(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => harmless(text),
        other => other.to_string(),
    }
}

/// `twin show`.
pub(crate) fn show(client: &Client, output: &Output, args: &Show) -> Result<()> {
    let answer = client.get(&Path::new("/v1/entities").part(args.entity.as_str()))?;
    if output.json {
        output.object(&answer);
        return Ok(());
    }
    output.answer(&format!("{} {}", word(&answer["kind"]), args.entity));
    let attributes = answer["attributes"].as_object().into_iter().flatten();
    let rows: Vec<_> = attributes
        .map(|(name, answer)| vec![harmless(name), text::attribute(output, answer)])
        .collect();
    for line in table(&rows) {
        output.answer(&format!("  {line}"));
    }
    Ok(())
}

/// `twin rooms`.
pub(crate) fn rooms(client: &Client, output: &Output, args: &Rooms) -> Result<()> {
    let mut all = Vec::new();
    for kind in ["space", "portal"] {
        let path = Path::new("/v1/entities")
            .query("kind", kind)
            .query_if("building", args.building.as_ref());
        client.each(&path, "entities", |twin| {
            let line = room(twin);
            if output.json {
                output.object(&line);
            } else {
                all.push(line);
            }
            Ok(())
        })?;
    }
    if args.array {
        output.object(&all.into_iter().map(generator_room).collect());
    } else if !output.json {
        let rows: Vec<_> = all.iter().map(room_row).collect();
        output.rows(&rows);
        output.say(&format!("{} spaces and portals", all.len()));
    }
    Ok(())
}

/// What generators and scripts need of a space or portal. What is not known is null.
fn room(twin: &Value) -> Value {
    let attributes = &twin["attributes"];
    let value = |name: &str| attributes[name]["value"].clone();
    let mut room = json!({ "id": twin["id"], "kind": twin["kind"], "name": value("name") });
    if twin["kind"] == "portal" {
        room["usage"] = value("portalKind");
        room["between"] = match &attributes["connects"]["value"] {
            Value::Object(one) => one.get("entities").cloned().unwrap_or_else(|| json!([])),
            _ => json!([]),
        };
    } else {
        room["usage"] = value("usage");
        room["area_m2"] = value("area");
    }
    room
}

/// The same without what `twin-scenario observations` does not know.
fn generator_room(mut room: Value) -> Value {
    if let Some(fields) = room.as_object_mut() {
        fields.remove("name");
        if fields
            .get("area_m2")
            .and_then(Value::as_f64)
            .is_some_and(|area| area <= 0.0)
        {
            fields.remove("area_m2");
        }
    }
    room
}

fn room_row(room: &Value) -> Vec<String> {
    let area = room["area_m2"]
        .as_f64()
        .map_or("-".to_owned(), |a| format!("{a:.1} m²"));
    vec![
        word(&room["kind"]),
        word(&room["usage"]),
        area,
        word(&room["name"]),
        word(&room["id"]),
    ]
}

/// `twin route`.
pub(crate) fn route(client: &Client, output: &Output, args: &Route) -> Result<()> {
    let mut path = Path::new("/v1/routes")
        .query("from", &args.from)
        .query("to", &args.to);
    if !args.avoid.is_empty() {
        let avoid: Vec<_> = args.avoid.iter().map(EntityId::as_str).collect();
        path = path.query("avoid", &avoid.join(","));
    }
    if args.unknown {
        path = path.query("unknown", "true");
    }
    let answer = client.get(&path)?;
    let routes = answer["routes"].as_array().cloned().unwrap_or_default();
    if output.json {
        output.objects(&routes);
    } else {
        for (i, route) in routes.iter().enumerate() {
            print_route(output, i + 1, route);
        }
    }
    if routes.is_empty() {
        output
            .say("no route is known; with --unknown also through what is not known to be passable");
    }
    Ok(())
}

fn print_route(output: &Output, number: usize, route: &Value) {
    let length = route["length_m"]
        .as_f64()
        .map_or("?".to_owned(), |m| text::number(m, 3));
    let probability = route["probability"]
        .as_f64()
        .map_or("?".to_owned(), |p| text::number(p, 2));
    let unknown = if route["usesUnknown"] == true {
        ", partly through unknown"
    } else {
        ""
    };
    output.answer(&format!(
        "{number}. {length} m, passable with probability {probability}{unknown}"
    ));
    let rows: Vec<_> = route["steps"]
        .as_array()
        .into_iter()
        .flatten()
        .map(step_row)
        .collect();
    for line in table(&rows) {
        output.answer(&format!("   {line}"));
    }
    if let Some(portal) = route["leastCertain"].as_str() {
        output.answer(&format!("   least certain: {}", harmless(portal)));
    }
}

fn step_row(step: &Value) -> Vec<String> {
    let metres = step["length_m"]
        .as_f64()
        .map_or("-".to_owned(), |m| format!("{m:.1} m"));
    let probability = step["probability"]
        .as_f64()
        .map_or("-".to_owned(), |p| text::number(p, 2));
    vec![
        metres,
        probability,
        word(&step["status"]),
        word(step.get("portal").unwrap_or(&step["exit"])),
        place_word(step),
    ]
}

/// Where a step of a way is: a space, or a street by its name where that is known.
fn place_word(step: &Value) -> String {
    let street = || {
        let name = step.get("streetName").filter(|name| !name.is_null());
        name.unwrap_or(&step["street"])
    };
    word(step.get("space").unwrap_or_else(street))
}

/// `twin findings`.
pub(crate) fn findings(client: &Client, output: &Output, args: &Findings) -> Result<()> {
    let path = Path::new("/v1/findings")
        .query_if("building", args.building.as_ref())
        .query_if("code", args.code.as_ref().map(|code| code.to_uppercase()))
        .query_if("severity", args.severity.as_ref());
    let mut count = 0_u64;
    client.each(&path, "findings", |finding| {
        count += 1;
        if output.json {
            output.object(finding);
        } else {
            output.answer(&finding_line(output, finding));
        }
        Ok(())
    })?;
    output.say(&format!(
        "{}; `twin errors CODE` explains a code",
        text::count(count, "finding")
    ));
    Ok(())
}

fn finding_line(output: &Output, finding: &Value) -> String {
    let severity = word(&finding["severity"]);
    let paint = match severity.as_str() {
        "error" => Paint::Red,
        "warning" => Paint::Yellow,
        _ => Paint::Faint,
    };
    let places = ["entity", "item", "field"].map(|key| &finding[key]);
    let mut place: Vec<_> = places
        .into_iter()
        .filter(|v| !v.is_null())
        .map(word)
        .collect();
    place.extend(finding["line"].as_u64().map(|line| format!("line {line}")));
    let place = if place.is_empty() {
        String::new()
    } else {
        format!(" [{}]", place.join(", "))
    };
    let mark = output.paint(paint, &severity);
    format!(
        "{mark} {}: {}{place}",
        word(&finding["code"]),
        word(&finding["message"])
    )
}

/// `twin status`.
pub(crate) fn status(client: &Client, output: &Output) -> Result<()> {
    let answer = client.get(&Path::new("/v1/status"))?;
    if output.json {
        output.object(&answer);
        return Ok(());
    }
    let size = |key: &str| answer[key].as_f64().map_or("-".to_owned(), text::bytes);
    let store = format!(
        "{} of {} allowed",
        size("storeBytes"),
        size("storeBudgetBytes")
    );
    let rows: Vec<_> = [
        ("node", client.base().to_owned()),
        ("organisation", word(&answer["organisation"])),
        ("commit", word(&answer["commit"])),
        ("claims", word(&answer["claims"])),
        ("twins", word(&answer["entities"])),
        ("attributes", word(&answer["attributes"])),
        ("store", store),
        ("memory", size("memoryBytes")),
        ("recomputing", share(&answer["recomputing"])),
        ("read-only", word(&answer["readOnly"])),
        ("time", word(&answer["time"])),
        (
            "you",
            format!("{} ({})", word(&answer["name"]), word(&answer["role"])),
        ),
    ]
    .map(|(name, value)| vec![name.to_owned(), value])
    .into();
    output.rows(&rows);
    Ok(())
}

/// How far something has got.
fn share(value: &Value) -> String {
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    value.as_f64().map_or("-".to_owned(), percent)
}

/// The present, for claims that state no time.
#[allow(
    clippy::disallowed_methods,
    reason = "the command line owns now; this is where it is read"
)]
pub(crate) fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Time(since.map_or(0, |d| i64::try_from(d.as_micros()).unwrap_or(i64::MAX)))
}
