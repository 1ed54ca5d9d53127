//! The event stream: what is heard, from where it resumes, when it ends.

use crate::bench::{Bench, request};
use crate::form;
use serde_json::Value;
use tower::ServiceExt;
use twin_model::{Caller, Role};

async fn claim(bench: &Bench, entity: &str, value: f64) -> u64 {
    let line = format!(
        r#"{{"entity":"{entity}","attribute":"temperature","value":{value},"unit":"Cel","observed":"2026-01-05T08:00:00Z"}}"#
    );
    bench
        .post("/v1/claims", &bench.operator, &line)
        .await
        .json()["commit"]
        .as_u64()
        .unwrap()
}

/// `id`, `event` and `data` of one event.
fn parts(event: &str) -> (u64, &str, Value) {
    let field = |name: &str| {
        let line = event
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_else(|| panic!("no `{name}` in {event:?}"))
    };
    assert!(event.ends_with("\n\n"), "{event:?}");
    (
        field("id").parse().unwrap(),
        field("event"),
        serde_json::from_str(field("data")).unwrap(),
    )
}

#[tokio::test]
async fn changes_are_heard_and_resumed_after() {
    let bench = Bench::furnished().await;
    let mut live = bench.listen("/v1/events", &bench.operator).await;
    assert_eq!(live.next().await.unwrap(), "retry: 2000\n\n");
    let first = claim(&bench, "urn:r1", 21.0).await;
    let event = live.next().await.unwrap();
    let (id, kind, data) = parts(&event);
    assert_eq!((id, kind), (first, "change"));
    let change = &data["changes"][0];
    assert_eq!(change["entity"], "urn:r1");
    assert_eq!(change["storey"], "urn:b:0");
    assert_eq!(change["attribute"], "temperature");
    form::check("Attribute", &change["estimate"]);
    let second = claim(&bench, "urn:r2", 22.0).await;

    let mut resumed = bench
        .listen(&format!("/v1/events?after={first}"), &bench.operator)
        .await;
    resumed.next().await.unwrap();
    let (id, _, data) = parts(&resumed.next().await.unwrap());
    assert_eq!(
        (id, &data["changes"][0]["entity"]),
        (second, &Value::from("urn:r2"))
    );

    // A browser's own header is newer than the query it repeats.
    let mut request = request("GET", "/v1/events?after=1", &bench.operator, "");
    request.headers_mut().insert("last-event-id", first.into());
    let body = bench
        .router
        .clone()
        .oneshot(request)
        .await
        .unwrap()
        .into_body();
    let frames = axum::body::Body::into_data_stream(body);
    let mut frames = std::pin::pin!(frames);
    let mut heard = String::new();
    while !heard.contains("event: ") {
        let frame = futures_util::StreamExt::next(&mut frames)
            .await
            .unwrap()
            .unwrap();
        heard.push_str(std::str::from_utf8(&frame).unwrap());
    }
    assert!(
        heard.contains(&format!("id: {second}\nevent: change")),
        "{heard}"
    );
}

#[tokio::test]
async fn a_filter_narrows_and_a_gap_resets() {
    let bench = Bench::furnished().await;
    let mut upper = bench
        .listen("/v1/events?storey=urn%3Ab%3A1", &bench.operator)
        .await;
    let mut lower = bench
        .listen("/v1/events?storey=urn%3Ab%3A0", &bench.operator)
        .await;
    let mut lost = bench
        .listen("/v1/events?after=999999", &bench.operator)
        .await;
    for stream in [&mut upper, &mut lower, &mut lost] {
        stream.next().await.unwrap();
    }
    let commit = claim(&bench, "urn:r1", 21.0).await;
    assert_eq!(parts(&lower.next().await.unwrap()).0, commit);
    let event = lost.next().await.unwrap();
    let (_, kind, data) = parts(&event);
    assert_eq!(kind, "reset");
    assert!(data["commit"].as_u64().is_some());
    let silent = tokio::time::timeout(std::time::Duration::from_millis(50), upper.next()).await;
    assert!(silent.is_err(), "{silent:?}");
}

/// A token that was taken away must not go on hearing where people are.
#[tokio::test]
async fn a_stream_ends_with_its_token() {
    let bench = Bench::furnished().await;
    let token = bench.token(Role::Owner);
    let mut stream = bench.listen("/v1/events", &token).await;
    stream.next().await.unwrap();
    let tokens = bench.node.tokens(&Caller::OPERATOR).unwrap().into_inner();
    bench
        .node
        .remove_token(&Caller::OPERATOR, &tokens[0].id)
        .unwrap();
    claim(&bench, "urn:r1", 21.0).await;
    assert_eq!(stream.next().await, None);
}

/// A viewer hears that smoke was seen but not how many people are in the room.
#[tokio::test]
async fn the_stream_withholds_what_answers_withhold() {
    let bench = Bench::furnished().await;
    let viewer = bench.token(Role::Viewer);
    let mut stream = bench.listen("/v1/events", &viewer).await;
    stream.next().await.unwrap();
    let lines = r#"{"entity":"urn:r1","attribute":"occupancy","value":3,"unit":"1","observed":"2026-01-05T08:00:00Z"}
{"entity":"urn:r1","attribute":"smoke","value":true,"observed":"2026-01-05T08:00:00Z"}"#;
    bench.post("/v1/claims", &bench.operator, lines).await;
    let event = stream.next().await.unwrap();
    assert!(
        event.contains("smoke") && !event.contains("occupancy"),
        "{event}"
    );
}
