//! Those who may not ask, and those who ask for what is not theirs.

use crate::bench::{Bench, enc, request};
use crate::form;
use axum::http::StatusCode;
use serde_json::Value;
use twin_model::Role;

/// The path of a resource with ids of things that exist.
fn filled(path: &str) -> String {
    path.replace("{id}", "urn%3Ar1")
        .replace("{name}", "temperature")
        .replace("{batch}", "1")
}

#[tokio::test]
async fn nobody_reads_or_writes_anything_without_a_credential() {
    let bench = Bench::furnished().await;
    let mut asked = 0;
    for (method, path, said) in form::operations() {
        let open = said["security"] == Value::Array(Vec::new());
        let expected = matches!(
            (method.as_str(), path),
            ("GET", "/v1/health") | ("GET" | "POST", "/v1/setup") | ("POST", "/v1/session")
        );
        assert_eq!(open, expected, "{method} {path}");
        if open {
            continue;
        }
        let path = filled(path);
        let cookie = |value: &str| {
            let mut request = request(&method, &path, "", "{}");
            request
                .headers_mut()
                .insert("cookie", value.parse().unwrap());
            request
                .headers_mut()
                .insert("x-twin-request", "1".parse().unwrap());
            request
        };
        for request in [
            request(&method, &path, "", "{}"),
            request(&method, &path, "twin_guess", "{}"),
            cookie("twin_session=guess"),
            cookie(&format!("twin_session={}", bench.operator)),
        ] {
            let answer = bench.send(request).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
            assert_eq!(answer.json()["code"], "API-401");
            assert_eq!(answer.headers["cache-control"], "no-store");
            let text = String::from_utf8_lossy(&answer.bytes);
            assert!(!text.contains("urn:"), "{method} {path} tells {text}");
            asked += 1;
        }
    }
    assert!(asked > 100, "only {asked} requests were made");
}

#[tokio::test]
async fn a_role_gets_what_its_role_may() {
    let bench = Bench::furnished().await;
    let token = |role| bench.token(role);
    let (owner, steward) = (token(Role::Owner), token(Role::Steward));
    let (viewer, source) = (token(Role::Viewer), token(Role::Source));
    for (method, path, body, who, status) in [
        ("GET", "/v1/buildings", "", &viewer, 200),
        ("GET", "/v1/buildings", "", &source, 403),
        ("GET", "/v1/entities/urn%3Ar1", "", &source, 403),
        ("GET", "/v1/entities", "", &source, 403),
        ("GET", "/v1/events", "", &source, 403),
        ("GET", "/v1/findings", "", &viewer, 403),
        ("GET", "/v1/imports", "", &viewer, 403),
        ("POST", "/v1/imports?name=a.ifc", "x", &viewer, 403),
        ("POST", "/v1/imports?name=a.ifc", "x", &source, 403),
        (
            "PATCH",
            "/v1/entities/urn%3Ar1",
            r#"{"name":{"value":"x","observed":"2026-01-05T08:00:00Z"}}"#,
            &viewer,
            403,
        ),
        (
            "PATCH",
            "/v1/entities/urn%3Ar1",
            r#"{"name":{"value":"x","observed":"2026-01-05T08:00:00Z"}}"#,
            &source,
            403,
        ),
        (
            "PATCH",
            "/v1/entities/urn%3Ar1",
            r#"{"smoke":{"value":true,"observed":"2026-01-05T08:00:00Z"}}"#,
            &source,
            200,
        ),
        ("GET", "/v1/tokens", "", &steward, 403),
        ("GET", "/v1/tokens", "", &owner, 200),
        ("GET", "/v1/accounts", "", &steward, 403),
        (
            "POST",
            "/v1/erasures",
            r#"{"entity":"urn:r1","reason":"asked"}"#,
            &steward,
            403,
        ),
        (
            "POST",
            "/v1/backups",
            r#"{"directory":"/nowhere/at/all"}"#,
            &owner,
            403,
        ),
        ("DELETE", "/v1/imports/1", "", &viewer, 403),
        ("GET", "/v1/quarantine", "", &viewer, 403),
        (
            "POST",
            "/v1/quarantine",
            r#"{"source":"urn:s:t1","reason":"noise"}"#,
            &viewer,
            403,
        ),
    ] {
        let answer = bench.ask(method, path, who, body).await;
        assert_eq!(
            answer.status.as_u16(),
            status,
            "{method} {path}: {}",
            answer.outcome()
        );
    }
}

/// A viewer may not see how many people are in a room. The answer about a room that
/// nobody ever counted and about one where somebody did must be the same bytes.
#[tokio::test]
async fn withheld_looks_the_same_known_or_not() {
    let bench = Bench::furnished().await;
    let viewer = bench.token(Role::Viewer);
    let of = |answer: &Value, name: &str| answer["attributes"][name].to_string();
    let before = bench.get("/v1/entities/urn%3Ar1", &viewer).await.json();
    let why = "/v1/entities/urn%3Ar1/attributes/occupancy/why";
    let as_of = "/v1/entities/urn%3Ar1/attributes/occupancy/as-of";
    let asked = [
        bench.get(why, &viewer).await.outcome(),
        bench.get(as_of, &viewer).await.outcome(),
    ];
    let claims = r#"{"entity":"urn:r1","attribute":"occupancy","value":4,"unit":"1","observed":"2026-01-05T08:00:00Z"}
{"entity":"urn:r1","attribute":"height","value":3,"unit":"m","observed":"2026-01-05T08:00:00Z"}
{"entity":"urn:r1","attribute":"alarmCode","value":"1234","observed":"2026-01-05T08:00:00Z"}"#;
    assert_eq!(
        bench
            .post("/v1/claims", &bench.operator, claims)
            .await
            .json()["accepted"],
        3
    );
    let after = bench.get("/v1/entities/urn%3Ar1", &viewer).await.json();
    assert_eq!(before["attributes"], after["attributes"]);
    assert_eq!(of(&after, "occupancy"), of(&after, "height"));
    assert_eq!(after["attributes"]["occupancy"]["status"], "withheld");
    assert_eq!(
        after["attributes"]["occupancy"].as_object().unwrap().len(),
        3
    );
    let again = [
        bench.get(why, &viewer).await.outcome(),
        bench.get(as_of, &viewer).await.outcome(),
    ];
    assert_eq!(asked, again);
    assert_ne!(again[0], "200");
}

#[tokio::test]
async fn what_is_not_there_is_said_alike() {
    let bench = Bench::furnished().await;
    let viewer = bench.token(Role::Viewer);
    for (path, expected) in [
        ("/v1/entities/urn%3Anone", "404 API-404"),
        ("/v1/buildings/urn%3Anone", "404 API-404"),
        ("/v1/buildings/urn%3Ar1", "404 API-404"),
        ("/v1/storeys/urn%3Ab/plan", "404 API-404"),
        ("/v1/nothing", "404 API-404"),
        ("/v1", "404 API-404"),
        ("/v1/entities/no%20uri", "400 API-400"),
        ("/v1/entities/%ff", "400 API-400"),
        ("/v1/entities?kind=room", "400 API-400"),
        ("/v1/entities?kinds=space", "400 API-400"),
        ("/v1/entities?kind=space&kind=portal", "400 API-400"),
        ("/v1/entities?limit=0", "400 API-400"),
        ("/v1/entities?limit=10001", "400 API-400"),
        ("/v1/events?after=now", "400 API-400"),
        ("/v1/routes?from=urn%3Ar1", "400 API-400"),
        ("/nothing.js", "404 API-404"),
    ] {
        let outcome = bench.get(path, &viewer).await.outcome();
        assert!(outcome.starts_with(expected), "{path}: {outcome}");
    }
    let answer = bench.ask("PUT", "/v1/buildings", &viewer, "").await;
    assert_eq!(answer.json()["code"], "API-405");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    let answer = bench.ask("POST", "/", &viewer, "").await;
    assert_eq!(answer.json()["code"], "API-405");
    assert_eq!(enc("urn:r1"), "urn%3Ar1");
}
