//! Sources over the interface: how they do, setting them aside, and supposing what they say.

use crate::bench::{Bench, NOW};
use crate::form;
use serde_json::{Value, json};
use std::fmt::Write as _;
use twin_model::Role;

async fn get(bench: &Bench, path: &str, schema: &str) -> Value {
    let answer = bench.get(path, &bench.operator).await;
    assert_eq!(answer.outcome(), "200", "{path}");
    form::check(schema, &answer.json());
    answer.json()
}

/// A claim about the temperature of a room.
fn reads(source: &str, value: f64) -> Value {
    json!({ "source": source, "entity": "urn:r1", "attribute": "temperature",
            "value": value, "observed": NOW })
}

async fn tell(bench: &Bench, claim: &Value) {
    let answer = bench
        .post("/v1/claims", &bench.operator, &claim.to_string())
        .await;
    assert_eq!(answer.json()["refused"], json!([]));
}

/// Asks until nothing is worked out afresh any more.
async fn settled(bench: &Bench) {
    while !get(bench, "/v1/status", "Status").await["recomputing"].is_null() {
        tokio::task::yield_now().await;
    }
}

const WHY: &str = "/v1/entities/urn%3Ar1/attributes/temperature/why";

#[tokio::test]
async fn a_source_is_set_aside_and_released() {
    let bench = Bench::furnished().await;
    tell(&bench, &reads("urn:s:a", 21.0)).await;
    tell(&bench, &reads("urn:s:b", 35.0)).await;
    let both = get(&bench, WHY, "Why").await;
    assert_eq!(both["sources"].as_array().unwrap().len(), 2);
    let body = r#"{"source":"urn:s:b","reason":"stands in the sun"}"#;
    let answer = bench.post("/v1/quarantine", &bench.operator, body).await;
    assert_eq!(answer.outcome(), "200");
    form::check("Judged", &answer.json());
    settled(&bench).await;
    let without = get(&bench, WHY, "Why").await;
    assert_eq!(without["estimate"]["flags"], json!(["quarantined"]));
    assert_eq!(without["sources"].as_array().unwrap().len(), 1);
    assert!((without["estimate"]["value"].as_f64().unwrap() - 21.0).abs() < 0.5);
    let list = get(&bench, "/v1/quarantine", "Quarantines").await;
    assert_eq!(list["items"][0]["reason"], "stands in the sun");
    assert_eq!(list["items"][0]["by"], "urn:twin:operator");
    for (body, expected) in [
        (body, "409 API-409"),
        (r#"{"source":"urn:s:b"}"#, "400 API-400"),
        (r#"{"source":"b","reason":"x"}"#, "400 API-400 [source]"),
        (r#"{"source":"urn:s:c","reason":" "}"#, "422 API-422"),
    ] {
        let answer = bench.post("/v1/quarantine", &bench.operator, body).await;
        let outcome = answer.outcome();
        assert!(outcome.starts_with(expected), "{body}: {outcome}");
    }
    let one = "/v1/quarantine/urn%3As%3Ab";
    for expected in ["200", "404 API-404"] {
        let answer = bench.ask("DELETE", one, &bench.operator, "").await;
        assert!(
            answer.outcome().starts_with(expected),
            "{}",
            answer.outcome()
        );
    }
    settled(&bench).await;
    let again = get(&bench, WHY, "Why").await;
    assert_eq!(again["estimate"]["value"], both["estimate"]["value"]);
    assert!(!get(&bench, "/v1/quarantine", "Quarantines").await["items"][0]["released"].is_null());
}

#[tokio::test]
async fn what_would_change_an_estimate_is_ranked() {
    let bench = Bench::furnished().await;
    for (source, value) in [("urn:s:a", 21.0), ("urn:s:b", 21.2), ("urn:s:c", 24.0)] {
        tell(&bench, &reads(source, value)).await;
    }
    let why = get(&bench, WHY, "Why").await;
    let changes = why["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 4, "{why:#}");
    let of = |source: &str| {
        let mut found = changes.iter().filter(|one| one["source"] == source);
        found.next().unwrap()
    };
    let shift = |source| of(source)["shift"].as_f64().unwrap();
    assert!(
        shift("urn:s:c") < shift("urn:s:a"),
        "the odd one out pulls upwards"
    );
    let reading = changes
        .iter()
        .find(|one| one["change"] == "reading")
        .unwrap();
    let interval = &why["estimate"]["interval"];
    let width = interval["hi"].as_f64().unwrap() - interval["lo"].as_f64().unwrap();
    // 90 % of a normal distribution lie within 1.645 standard deviations.
    assert!(
        reading["sd"].as_f64().unwrap() < width / 2.0 / 1.645,
        "{why:#}"
    );
}

#[tokio::test]
async fn sources_are_listed_by_what_may_be_seen() {
    let bench = Bench::furnished().await;
    tell(&bench, &reads("urn:s:a", 21.0)).await;
    let all = get(&bench, "/v1/health/sources", "Sources").await;
    for line in all["items"].as_array().unwrap() {
        let one = format!(
            "/v1/health/sources?entity={}",
            crate::bench::enc(line["entity"].as_str().unwrap())
        );
        let of_one = get(&bench, &one, "Sources").await;
        assert!(of_one["items"].as_array().unwrap().contains(line));
    }
    let viewer = bench.token(Role::Viewer);
    let seen = bench.get("/v1/health/sources", &viewer).await.json();
    for line in seen["items"].as_array().unwrap() {
        assert_ne!(line["attribute"], "occupancy");
    }
    for (path, expected) in [
        ("/v1/health/sources?state=ill", "400 API-400 [state]"),
        ("/v1/health/sources?entity=urn%3Anobody", "404 API-404"),
        ("/v1/health/sources?after=x", "422 API-422"),
    ] {
        let outcome = bench.get(path, &bench.operator).await.outcome();
        assert!(outcome.starts_with(expected), "{path}: {outcome}");
    }
}

#[tokio::test]
async fn a_supposition_changes_nothing() {
    let bench = Bench::furnished().await;
    tell(&bench, &reads("urn:s:a", 21.0)).await;
    let before = get(&bench, "/v1/entities/urn%3Ar1", "TwinAnswer").await;
    let mut hot = reads("urn:s:imagined", 80.0);
    hot["entity"] = json!("urn:r2");
    let new =
        json!({ "entity": "urn:new", "attribute": "name", "value": "annex", "observed": NOW });
    let body = json!({ "claims": [hot, new] }).to_string();
    let answer = bench.post("/v1/hypothetical", &bench.operator, &body).await;
    assert_eq!(answer.outcome(), "200");
    form::check("Supposed", &answer.json());
    let answer = answer.json();
    assert_eq!(answer["estimates"][0]["now"]["status"], "inferred");
    assert_eq!(answer["estimates"][0]["supposed"]["status"], "observed");
    assert_eq!(answer["estimates"][1]["now"], Value::Null);
    assert_eq!(answer["estimates"][1]["supposed"]["value"], "annex");
    assert_eq!(
        get(&bench, "/v1/entities/urn%3Ar1", "TwinAnswer").await,
        before
    );
    let gone = bench.get("/v1/entities/urn%3Anew", &bench.operator).await;
    assert!(gone.outcome().starts_with("404"), "nothing was recorded");
}

#[tokio::test]
async fn a_supposition_is_refused_with_its_place() {
    let bench = Bench::furnished().await;
    let viewer = bench.token(Role::Viewer);
    let bad = json!({ "claims": [reads("urn:s:a", 21.0), { "entity": "urn:r1" }] });
    let warm = json!({ "claims": [
        { "entity": "urn:r1", "attribute": "temperature", "value": "warm", "observed": NOW }] });
    let hidden = json!({ "claims": [], "ask": [{ "entity": "urn:r1", "attribute": "occupancy" }] });
    let many = json!({ "claims": vec![reads("urn:s:a", 21.0); 101] });
    for (who, body, expected) in [
        (&bench.operator, bad, "422 CLM-002 [claims[1].attribute]"),
        (&bench.operator, warm, "422 CLM-003 [claims[0].value]"),
        (&viewer, hidden, "403 API-403"),
        (&bench.operator, many, "422 API-422"),
        (&bench.operator, json!({ "says": [] }), "400 API-400"),
    ] {
        let answer = bench.post("/v1/hypothetical", who, &body.to_string()).await;
        let outcome = answer.outcome();
        assert!(outcome.starts_with(expected), "{expected}: {outcome}");
    }
}

/// Asked about tomorrow, the answer says that it is a prediction.
#[tokio::test]
async fn the_future_is_predicted() {
    let bench = Bench::furnished().await;
    tell(&bench, &reads("urn:s:a", 30.0)).await;
    let soon = "/v1/entities/urn%3Ar1/attributes/temperature/as-of?at=2026-01-05T14:00:00Z";
    let soon = get(&bench, soon, "AsOf").await;
    assert_eq!(soon["estimate"]["status"], "predicted");
    let width = |estimate: &Value| {
        let end = |end: &str| estimate["interval"][end].as_f64().unwrap();
        end("hi") - end("lo")
    };
    let now = get(&bench, WHY, "Why").await;
    assert!(width(&soon["estimate"]) > width(&now["estimate"]));
}

/// A thermometer that says nine values alike and then one that is far off, over and over,
/// shows in the counts; and whoever may not see people is told nothing of them.
#[tokio::test]
async fn the_node_marks_itself() {
    let bench = Bench::furnished().await;
    let mut lines = String::new();
    for n in 0..400_u32 {
        let minute = 60 * (400 - i64::from(n));
        let at = twin_model::Time::parse(NOW)
            .unwrap()
            .plus_seconds(-(minute as f64));
        let value = 21.0 + f64::from(n % 7) / 10.0;
        let mut claim = reads("urn:s:a", value);
        claim["observed"] = json!(at.to_string());
        writeln!(lines, "{claim}").unwrap();
    }
    let answer = bench.post("/v1/claims", &bench.operator, &lines).await;
    assert_eq!(answer.json()["refused"], json!([]));
    // The next minute enters what was learned.
    bench
        .clock
        .set(twin_model::Time::parse(NOW).unwrap().plus_seconds(61.0));
    tell(&bench, &reads("urn:s:b", 21.0)).await;
    let marks = get(&bench, "/v1/calibration", "Calibration").await;
    let of = |marks: &Value, name: &str| {
        let classes = marks["classes"].as_array().unwrap();
        classes
            .iter()
            .find(|class| class["attribute"] == name)
            .cloned()
    };
    let temperature = of(&marks, "temperature").unwrap();
    assert!(temperature["n"].as_u64().unwrap() > 200, "{temperature}");
    assert_eq!(temperature["pit"].as_array().unwrap().len(), 20);
    assert!(!temperature["validatedOn"].is_null());
    assert_eq!(of(&marks, "smoke").unwrap()["verdict"], "tooFew");
    assert_eq!(marks["sources"][0]["source"], "urn:s:a");
    let viewer = bench.token(Role::Viewer);
    let seen = bench.get("/v1/calibration", &viewer).await.json();
    assert!(of(&seen, "temperature").is_some() && of(&seen, "occupancy").is_none());
    let metrics = bench.get("/v1/metrics", &bench.operator).await;
    let text = String::from_utf8(metrics.bytes.to_vec()).unwrap();
    for name in [
        "twin_sources_doubtful",
        "twin_sources_quarantined",
        "twin_coverage_worst_ratio",
    ] {
        assert!(text.contains(name), "{name}");
    }
    let bad = bench.get("/v1/calibration?after=x", &bench.operator).await;
    assert!(bad.outcome().starts_with("422"), "{}", bad.outcome());
}
