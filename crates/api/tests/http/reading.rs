//! Reading, each answer in the documented form.

use crate::bench::{Bench, enc, request};
use crate::form;
use axum::http::HeaderValue;
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::io::Read;
use twin_model::{Role, Time};

async fn read(bench: &Bench, path: &str, schema: &str) -> Value {
    let answer = bench.get(path, &bench.operator).await;
    assert_eq!(answer.outcome(), "200", "{path}");
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    let value = answer.json();
    form::check(schema, &value);
    if let Some(commit) = value["commit"].as_u64() {
        assert_eq!(answer.headers["etag"], format!("W/\"{commit}\""));
    }
    value
}

#[tokio::test]
async fn buildings_storeys_and_plans() {
    let bench = Bench::furnished().await;
    let list = read(&bench, "/v1/buildings", "Buildings").await;
    assert_eq!(list["buildings"][0]["name"]["value"], "Town \"hall\"");
    assert_eq!(list["buildings"][0]["storeys"], 2);
    let building = read(&bench, "/v1/buildings/urn%3Ab", "Building").await;
    assert_eq!(building["storeys"][0]["id"], "urn:b:0");
    assert_eq!(building["storeys"][0]["status"], json!({"unknown": 2}));
    assert_eq!(building["storeys"][1]["name"]["status"], "unknown");
    let section = read(&bench, "/v1/buildings/urn%3Ab/section", "Section").await;
    assert_eq!(section["storeys"], json!(["urn:b:0", "urn:b:1"]));
    assert_eq!(section["unlinked"], json!([["urn:b:0", "urn:b:1"]]));
    let plan = read(&bench, "/v1/storeys/urn%3Ab%3A0/plan", "Plan").await;
    assert_eq!(plan["bounds"], json!([0.0, 0.0, 8.0, 3.0]));
    assert_eq!(plan["spaces"].as_array().unwrap().len(), 2);
    assert_eq!(plan["portals"][0]["attributes"]["passable"]["value"], true);
    read(&bench, "/v1/findings", "Findings").await;
    read(&bench, "/v1/imports", "Imports").await;
}

/// A plan says the same words in every room: a tablet gets it packed, and the same.
#[tokio::test]
async fn a_plan_is_packed_for_those_who_take_it() {
    let bench = Bench::furnished().await;
    let path = "/v1/storeys/urn%3Ab%3A0/plan";
    let plain = bench.get(path, &bench.operator).await;
    let mut request = request("GET", path, &bench.operator, "");
    let accepted = HeaderValue::from_static("br, gzip");
    request.headers_mut().insert("accept-encoding", accepted);
    let packed = bench.send(request).await;
    assert_eq!(packed.headers["content-encoding"], "gzip");
    assert_eq!(packed.headers["content-type"], "application/json");
    assert_eq!(
        packed.headers["cache-control"],
        plain.headers["cache-control"]
    );
    assert!(packed.bytes.len() * 5 < plain.bytes.len());
    let mut unpacked = Vec::new();
    GzDecoder::new(&packed.bytes[..])
        .read_to_end(&mut unpacked)
        .unwrap();
    assert!(unpacked == plain.bytes);
}

#[tokio::test]
async fn a_twin_says_what_is_known_and_what_is_not() {
    let bench = Bench::furnished().await;
    let claim = r#"{"temperature":{"value":294.55,"unit":"K","uncertainty":{"sd":0.2},"observed":"2026-01-05T07:59:50Z"}}"#;
    let recorded = bench
        .ask("PATCH", "/v1/entities/urn%3Ar1", &bench.operator, claim)
        .await;
    form::check("Recorded", &recorded.json());
    let twin = read(&bench, "/v1/entities/urn%3Ar1", "TwinAnswer").await;
    let attributes = &twin["attributes"];
    let temperature = &attributes["temperature"];
    assert_eq!(temperature["status"], "observed");
    assert_eq!(temperature["unit"], "Cel");
    assert!(
        (temperature["value"].as_f64().unwrap() - 21.4).abs() < 0.1,
        "{temperature}"
    );
    assert_eq!(temperature["evidenceAge_s"], 10.0);
    assert_eq!(attributes["co2"]["status"], "unknown");
    assert_eq!(attributes["co2"].get("value"), None);
    // Verbatim: the spaces and the tab as they were written.
    let text = bench.get("/v1/entities/urn%3Ar1", &bench.operator).await;
    let text = String::from_utf8(text.bytes.to_vec()).unwrap();
    assert!(
        text.contains(r#""value":{"ral": 9010, "note":"a\tb"}"#),
        "{text}"
    );
    let counted = r#"{"occupancy":{"value":4,"unit":"1","observed":"2026-01-05T07:59:59Z"}}"#;
    bench
        .ask("PATCH", "/v1/entities/urn%3Ar1", &bench.operator, counted)
        .await;
    let twin = read(&bench, "/v1/entities/urn%3Ar1", "TwinAnswer").await;
    assert!(twin["attributes"]["occupancy"]["value"].is_u64());
    assert!(twin["attributes"]["occupancy"]["probability"].is_f64());
}

#[tokio::test]
async fn lists_come_in_pages() {
    let bench = Bench::furnished().await;
    let (mut ids, mut after) = (Vec::new(), String::new());
    loop {
        let page = read(&bench, &format!("/v1/entities?limit=2{after}"), "Twins").await;
        let twins = page["entities"].as_array().unwrap();
        assert!((1..=2).contains(&twins.len()));
        ids.extend(
            twins
                .iter()
                .map(|twin| twin["id"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => after = format!("&after={}", enc(next)),
            None => break,
        }
    }
    assert_eq!(
        ids,
        ["urn:b", "urn:b:0", "urn:b:1", "urn:d1", "urn:r1", "urn:r2"]
    );
    let spaces = read(
        &bench,
        "/v1/entities?kind=space&storey=urn%3Ab%3A0",
        "Twins",
    )
    .await;
    assert_eq!(spaces["entities"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn every_number_leads_back_to_its_claims() {
    let bench = Bench::furnished().await;
    let source = bench.token(Role::Source);
    for (value, at) in [(20.0, "07:58:00"), (22.0, "07:59:00")] {
        let claim = format!(
            r#"{{"entity":"urn:r1","attribute":"temperature","value":{value},"unit":"Cel","observed":"2026-01-05T{at}Z","procedure":"NTC"}}"#
        );
        bench.post("/v1/claims", &source, &claim).await;
    }
    let path = "/v1/entities/urn%3Ar1/attributes/temperature";
    let why = read(&bench, &format!("{path}/why"), "Why").await;
    assert_eq!(why["claims"][0]["value"], 22.0, "newest first");
    assert_eq!(why["claims"][0]["source"], "urn:twin:source:t1");
    assert_eq!(why["claims"][0]["procedure"], "NTC");
    let known: Vec<_> = why["claims"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["id"])
        .collect();
    assert!(known.contains(&&why["contributors"][0]["claim"]));
    assert_eq!(why["spec"]["unit"], "Cel");
    let verbatim = read(&bench, "/v1/entities/urn%3Ar1/attributes/colour/why", "Why").await;
    assert_eq!(verbatim["spec"], Value::Null);
    let then = read(
        &bench,
        &format!("{path}/as-of?at=2026-01-05T07:58:30Z"),
        "AsOf",
    )
    .await;
    let value = then["estimate"]["value"].as_f64().unwrap();
    assert!((value - 20.0).abs() < 0.6, "{value}");
    let never = read(
        &bench,
        &format!("{path}/as-of?knownAt=2026-01-01T00:00:00Z"),
        "AsOf",
    )
    .await;
    assert_eq!(never["estimate"]["status"], "unknown");
    let bad = bench
        .get(&format!("{path}/as-of?at=noon"), &bench.operator)
        .await;
    assert!(
        bad.outcome().starts_with("400 API-400 [at]"),
        "{}",
        bad.outcome()
    );
}

#[tokio::test]
async fn evidence_grows_old_on_the_wire() {
    let bench = Bench::furnished().await;
    let path = "/v1/entities/urn%3Ad1";
    let fresh = read(&bench, path, "TwinAnswer").await;
    assert_eq!(fresh["attributes"]["passable"]["status"], "observed");
    bench
        .clock
        .set(Time::parse("2026-01-05T12:00:00Z").unwrap());
    let old = read(&bench, path, "TwinAnswer").await;
    assert_eq!(old["attributes"]["passable"]["status"], "stale");
    assert_eq!(old["attributes"]["passable"]["flags"], json!(["stale"]));
}

#[tokio::test]
async fn ways_through_the_building() {
    let bench = Bench::furnished().await;
    let routes = read(&bench, "/v1/routes?from=urn%3Ar1&to=urn%3Ar2", "Routes").await;
    assert_eq!(routes["routes"][0]["leastCertain"], "urn:d1");
    let none = read(
        &bench,
        "/v1/routes?from=urn%3Ar1&to=urn%3Ar2&avoid=urn%3Ad1",
        "Routes",
    )
    .await;
    assert_eq!(none["routes"], json!([]));
    let bad = bench
        .get(
            "/v1/routes?from=urn%3Ar1&to=urn%3Ar2&unknown=yes",
            &bench.operator,
        )
        .await;
    assert!(bad.outcome().starts_with("400 API-400 [unknown]"));
}

#[tokio::test]
async fn the_node_tells_how_it_is() {
    let bench = Bench::furnished().await;
    let health = bench.get("/v1/health", "").await;
    assert_eq!(health.outcome(), "200");
    form::check("Health", &health.json());
    let status = read(&bench, "/v1/status", "Status").await;
    assert_eq!(status["name"], "operator");
    assert_eq!(status["time"], "2026-01-05T08:00:00.000000Z");
    let interface = bench.get("/v1/openapi.json", &bench.operator).await;
    assert_eq!(interface.json(), *form::INTERFACE);
    let metrics = bench.get("/v1/metrics", &bench.operator).await;
    let text = String::from_utf8(metrics.bytes.to_vec()).unwrap();
    for line in [
        r#"twin_http_requests_total{method="POST",path="/v1/claims",status="2xx"} 1"#,
        r#"twin_http_request_duration_seconds_count{method="GET",path="/v1/health"} 1"#,
        "twin_http_panics_total 0",
        "twin_writer_claims 24",
        "# EOF",
    ] {
        assert!(text.contains(line), "no `{line}` in\n{text}");
    }
}

#[tokio::test]
async fn the_page_may_do_nothing_but_show() {
    let bench = Bench::empty();
    let page = bench.get("/", "").await;
    assert_eq!(page.status.as_u16(), 200);
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cache-control", "no-cache"),
        ("content-type", "text/html; charset=utf-8"),
    ] {
        assert_eq!(page.headers[name], value, "{name}");
    }
    let mut again = crate::bench::request("GET", "/", "", "");
    again
        .headers_mut()
        .insert("if-none-match", page.headers["etag"].clone());
    let again = bench.send(again).await;
    assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));
}
