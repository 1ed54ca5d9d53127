//! Sources: how they do, how estimates do against them, and setting them aside.

use crate::App;
use crate::answer;
use crate::auth::Asking;
use crate::endpoint::{Doc, Endpoint, JSON, Method};
use crate::error::Error;
use crate::request::{AFTER, LIMIT, Name, Params, attribute, object};
use crate::wire::{Json, sources as write};
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use twin_model::{CommitNumber, HealthState, SourceId};
use twin_node::HealthFilter;

/// The word that asks for every state but `ok`.
const DOUBTFUL: &str = "doubtful";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(
            Method::Get,
            "/v1/health/sources",
            Doc::new("What is thought of each source of live attributes", "Sources").query(&[
                ("entity", "only of this twin", false),
                ("attribute", "only of this attribute", false),
                (
                    "state",
                    "only `ok`, `stuck`, `drifting`, `noisy` or `silent`, or `doubtful` for all but `ok`",
                    false,
                ),
                AFTER,
                LIMIT,
            ]),
            health,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/calibration",
            Doc::new(
                "Whether estimates hold what they promise, by attribute and by source",
                "Calibration",
            )
            .query(&[
                ("after", "the `next` of the page of sources before", false),
                ("limit", "at most so many sources, up to 10,000", false),
            ]),
            calibration,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/quarantine",
            Doc::new("Every setting aside of a source, newest first", "Quarantines"),
            list,
        ),
        Endpoint::new(
            Method::Post,
            "/v1/quarantine",
            Doc::new(
                "Sets a source aside: what it says is recorded and not weighed",
                "Judged",
            )
            .body(JSON, "QuarantineRequest"),
            set_aside,
        ),
        Endpoint::new(
            Method::Delete,
            "/v1/quarantine/{source}",
            Doc::new("Releases a source that was set aside", "Judged"),
            release,
        ),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuarantineRequest {
    source: String,
    reason: String,
}

async fn health(State(app): State<App>, asking: Asking, params: Params) -> Result<Response, Error> {
    let params = params.only(&["entity", "attribute", "state", "after", "limit"])?;
    let word = params.text("state");
    let filter = HealthFilter {
        entity: params.entity("entity")?,
        attribute: params.text("attribute").map(attribute).transpose()?,
        state: word
            .filter(|word| *word != DOUBTFUL)
            .map(state)
            .transpose()?,
        is_doubtful: word == Some(DOUBTFUL),
        after: params.owned("after"),
        limit: params.limit()?,
    };
    app.read(move |node| {
        let reader = node.read(&asking.caller)?;
        let page = reader.source_health(&filter)?.into_inner();
        let capacity = 64 + 300 * page.items.len();
        Ok(answer::about(reader.commit(), capacity, |json| {
            json.field("items").list(&page.items, write::health);
            json.field("next").or_null(page.next.as_deref(), Json::text);
        }))
    })
    .await
}

fn state(word: &str) -> Result<HealthState, Error> {
    let found = HealthState::ALL.into_iter().find(|s| s.as_str() == word);
    found.ok_or_else(|| {
        let words = HealthState::ALL.map(HealthState::as_str).join("`, `");
        Error::malformed(format!("`state` is one of `{words}`, `{DOUBTFUL}`")).at("state")
    })
}

async fn calibration(
    State(app): State<App>,
    asking: Asking,
    params: Params,
) -> Result<Response, Error> {
    let params = params.only(&["after", "limit"])?;
    let (after, limit) = (params.owned("after"), params.limit()?);
    app.read(move |node| {
        let reader = node.read(&asking.caller)?;
        let answer = reader.calibration(after.as_deref(), limit)?.into_inner();
        let capacity = 512 * answer.classes.len() + 200 * answer.sources.len();
        Ok(answer::about(reader.commit(), capacity, |json| {
            json.field("classes").list(&answer.classes, write::class);
            json.field("sources").list(&answer.sources, write::mark);
            json.field("next")
                .or_null(answer.next.as_deref(), Json::text);
        }))
    })
    .await
}

async fn list(State(app): State<App>, asking: Asking) -> Result<Response, Error> {
    let records = app.node.quarantines(&asking.caller)?.into_inner();
    Ok(answer::json(|json| {
        json.object(|json| {
            json.field("items").list(&records, write::quarantine);
        });
    }))
}

async fn set_aside(State(app): State<App>, asking: Asking, body: Body) -> Result<Response, Error> {
    let QuarantineRequest { source, reason } = object(body).await?;
    let source = parse(&source)?;
    let commit = app
        .work(move |node| Ok(node.quarantine(&asking.caller, &source, &reason)?))
        .await?;
    Ok(judged(commit))
}

async fn release(
    State(app): State<App>,
    asking: Asking,
    Name(source): Name,
) -> Result<Response, Error> {
    let source = parse(&source)?;
    let commit = app
        .work(move |node| Ok(node.release_source(&asking.caller, &source)?))
        .await?;
    Ok(judged(commit))
}

fn parse(source: &str) -> Result<SourceId, Error> {
    SourceId::new(source).map_err(|error| Error::malformed(error.to_string()).at("source"))
}

fn judged(commit: CommitNumber) -> Response {
    answer::about(commit, 32, |_| {})
}
