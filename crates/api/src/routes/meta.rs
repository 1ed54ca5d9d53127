//! The node itself: whether it is up, how it is, what it counts, what it offers.

use crate::answer;
use crate::auth::Asking;
use crate::endpoint::{Doc, Endpoint, Method};
use crate::error::Error;
use crate::wire;
use crate::{App, openapi};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use twin_model::Principal;
use twin_node::Health;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(
            Method::Get,
            "/v1/health",
            Doc::new(
                "Whether the node can be used; tells nothing about any building",
                "Health",
            )
            .open(),
            health,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/status",
            Doc::new(
                "How the node is: its log, its state, its budgets, its clock",
                "Status",
            ),
            status,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/metrics",
            Doc::new("Counters for those who watch the node", "Text")
                .answers("application/openmetrics-text"),
            metrics,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/openapi.json",
            Doc::new("This interface, machine-readable", "Anything"),
            interface,
        ),
    ]
}

async fn health(State(app): State<App>) -> Response {
    let (status, word) = match app.node.health() {
        Health::Ready => (StatusCode::OK, "ready"),
        Health::ReadOnly => (StatusCode::SERVICE_UNAVAILABLE, "read-only"),
    };
    let answer = answer::json(|json| {
        json.object(|json| {
            json.field("status").text(word);
            json.field("version").text(env!("CARGO_PKG_VERSION"));
        });
    });
    (status, answer).into_response()
}

async fn status(State(app): State<App>, asking: Asking) -> Result<Response, Error> {
    let status = app.node.status(&asking.caller)?.into_inner();
    let role = asking.caller.role.as_str();
    let name = name_of(&asking.caller.principal);
    Ok(answer::of_commit(status.commit, 512, |json, _| {
        wire::answer::status(json, &status, role, name);
    }))
}

/// What a caller is called.
pub(super) fn name_of(principal: &Principal) -> &str {
    match principal {
        Principal::Account(name) => name,
        Principal::Source(source) => source.as_str(),
        Principal::Operator => "operator",
        Principal::Anonymous => "",
    }
}

async fn metrics(State(app): State<App>, asking: Asking) -> Result<Response, Error> {
    let counted = app.node.metrics(&asking.caller)?.into_inner();
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], app.metrics.text(&counted)).into_response())
}

async fn interface(_: Asking) -> Response {
    let mut response = Response::new(Body::from(openapi::TEXT));
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
