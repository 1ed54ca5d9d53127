//! Points and messages: what sensors say under names of their own, and which room each tells
//! of.

use crate::App;
use crate::answer;
use crate::auth::Asking;
use crate::endpoint::{Doc, Endpoint, JSON, Method};
use crate::error::Error;
use crate::request::{self, AFTER, LIMIT, Params, object};
use crate::wire::points as write;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use twin_model::EntityId;
use twin_node::{Decision, PointFilter, PointState, read_messages};

const CSV: &str = "text/csv";
const MESSAGES: &str = "application/x-ndjson";
/// Largest mapping file: as many lines as it may have, with names of usual length.
const FILE_BYTES_MAX: usize = 32 << 20;
/// Largest portion of messages.
const MESSAGES_BYTES_MAX: usize = 16 << 20;
/// Most decisions at a time.
const DECISIONS_MAX: usize = 10_000;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(
            Method::Get,
            "/v1/points",
            Doc::new("Points, and which place each tells of", "Points").query(&[
                (
                    "state",
                    "only `unmapped`, `suggested`, `confirmed` or `ignored`; `alarming` for alarms of which nobody confirmed where they are; `all` if left out",
                    false,
                ),
                AFTER,
                LIMIT,
            ]),
            points,
        ),
        Endpoint::new(
            Method::Post,
            "/v1/points",
            Doc::new("Decides which place points tell of", "PointsDecided").body(JSON, "PointDecisions"),
            decide,
        ),
        Endpoint::new(
            Method::Post,
            "/v1/points/suggestions",
            Doc::new(
                "Works out again what the points tell of on which nobody has decided",
                "PointsSuggested",
            ),
            suggest,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/points.csv",
            Doc::new("Every point with its mapping, as a file for a spreadsheet", "Text")
                .answers(CSV),
            file,
        ),
        Endpoint::new(
            Method::Post,
            "/v1/points.csv",
            Doc::new("Takes in a mapping file", "PointsMapped").body(CSV, "Text"),
            map,
        ),
        Endpoint::new(
            Method::Post,
            "/v1/messages",
            Doc::new(
                "Takes in messages of sensors: a JSON object a line, or a table",
                "MessagesTaken",
            )
            .body(MESSAGES, "Text"),
            messages,
        ),
    ]
}

async fn points(State(app): State<App>, asking: Asking, params: Params) -> Result<Response, Error> {
    let params = params.only(&["state", "after", "limit"])?;
    let (state, alarming) = match params.text("state") {
        None | Some("all") => (None, false),
        Some("alarming") => (None, true),
        Some(word) => (Some(state(word)?), false),
    };
    let filter = PointFilter {
        state,
        alarming,
        after: params.owned("after"),
        limit: params.limit()?,
    };
    app.read(move |node| {
        let reader = node.read(&asking.caller)?;
        let page = reader.points(&filter)?.into_inner();
        let capacity = 384 * (page.points.len() + 1);
        Ok(answer::about(reader.commit(), capacity, |json| {
            write::page(json, &page);
        }))
    })
    .await
}

fn state(word: &str) -> Result<PointState, Error> {
    let known = PointState::ALL.into_iter().find(|s| s.as_str() == word);
    known.ok_or_else(|| {
        let message =
            "`state` is `unmapped`, `suggested`, `confirmed`, `ignored`, `alarming` or `all`";
        Error::malformed(message).at("state")
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decisions {
    points: Vec<DecisionJson>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionJson {
    id: String,
    #[serde(default)]
    observes: Option<String>,
    #[serde(default)]
    attribute: Option<String>,
    #[serde(default)]
    unit: Option<String>,
    state: String,
}

async fn decide(State(app): State<App>, asking: Asking, body: Body) -> Result<Response, Error> {
    let request: Decisions = object(body).await?;
    if request.points.len() > DECISIONS_MAX {
        return Err(Error::malformed("decide on at most 10,000 points at a time").at("points"));
    }
    let decisions: Result<Vec<Decision>, Error> =
        request.points.into_iter().map(decision).collect();
    let decisions = decisions?;
    let commit = app
        .work(move |node| Ok(node.decide_points(&asking.caller, &decisions)?))
        .await?;
    Ok(answer::about(commit, 64, |_| {}))
}

fn decision(json: DecisionJson) -> Result<Decision, Error> {
    let twin = |text: &str, field: &'static str| {
        EntityId::new(text).map_err(|error| Error::malformed(error.to_string()).at(field))
    };
    let is_confirmed = match json.state.as_str() {
        "confirmed" => true,
        "ignored" => false,
        _ => {
            let message = "`state` is `confirmed` or `ignored`";
            return Err(Error::malformed(message).at("state"));
        }
    };
    Ok(Decision {
        id: twin(&json.id, "id")?,
        observes: json
            .observes
            .map(|text| twin(&text, "observes"))
            .transpose()?,
        attribute: json.attribute,
        unit: json.unit,
        is_confirmed,
    })
}

async fn suggest(State(app): State<App>, asking: Asking) -> Result<Response, Error> {
    let changed = app
        .work(move |node| Ok(node.suggest_points(&asking.caller)?))
        .await?;
    Ok(answer::json(|json| {
        json.object(|json| json.field("changed").integer(changed as u64));
    }))
}

async fn file(State(app): State<App>, asking: Asking) -> Result<Response, Error> {
    app.read(move |node| {
        let text = node.read(&asking.caller)?.point_file()?.into_inner();
        let media = HeaderValue::from_static("text/csv; charset=utf-8");
        let name = HeaderValue::from_static("attachment; filename=\"points.csv\"");
        let headers = [
            (header::CONTENT_TYPE, media),
            (header::CONTENT_DISPOSITION, name),
        ];
        Ok((headers, text).into_response())
    })
    .await
}

async fn map(State(app): State<App>, asking: Asking, body: Body) -> Result<Response, Error> {
    let bytes = request::body(body, FILE_BYTES_MAX).await?;
    let mapped = app
        .work(move |node| Ok(node.map_points(&asking.caller, &bytes)?))
        .await?;
    Ok(answer::about(mapped.commit, 256, |json| {
        json.field("rows").integer(mapped.rows as u64);
        write::findings(json, &mapped.findings);
    }))
}

async fn messages(State(app): State<App>, asking: Asking, body: Body) -> Result<Response, Error> {
    let bytes = request::body(body, MESSAGES_BYTES_MAX).await?;
    let (taken, findings) = app
        .work(move |node| {
            let (messages, mut findings) = read_messages(&bytes);
            let taken = node.take_messages(&asking.caller, &messages)?;
            findings.extend(taken.findings.iter().cloned());
            Ok((taken, findings))
        })
        .await?;
    Ok(answer::about(taken.commit, 256, |json| {
        json.field("placed").integer(taken.placed as u64);
        json.field("unplaced").integer(taken.unplaced as u64);
        json.field("undated").integer(taken.undated as u64);
        json.field("newPoints").integer(taken.new_points as u64);
        json.field("refused").integer(taken.refused.len() as u64);
        write::findings(json, &findings);
    }))
}
