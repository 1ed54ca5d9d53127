//! Logging in and out, and the first account.

use super::meta::name_of;
use crate::App;
use crate::answer;
use crate::auth::{self, Asking, Credential};
use crate::endpoint::{Doc, Endpoint, JSON, Method};
use crate::error::Error;
use crate::request::object;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use serde::Deserialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(
            Method::Get,
            "/v1/setup",
            Doc::new(
                "Whether the first account is still to be made",
                "SetupState",
            )
            .open(),
            setup_state,
        ),
        Endpoint::new(
            Method::Post,
            "/v1/setup",
            Doc::new(
                "Makes the first account, with the code printed at start",
                "SetupState",
            )
            .open()
            .body(JSON, "Setup"),
            set_up,
        ),
        Endpoint::new(
            Method::Post,
            "/v1/session",
            Doc::new("Logs a person in; the answer carries the cookie", "Session")
                .open()
                .body(JSON, "LogIn"),
            log_in,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/session",
            Doc::new("Who is asking", "Session"),
            who,
        ),
        Endpoint::new(
            Method::Delete,
            "/v1/session",
            Doc::new("Logs out", "Done"),
            log_out,
        ),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Setup {
    code: String,
    name: String,
    password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogIn {
    name: String,
    password: String,
}

async fn setup_state(State(app): State<App>) -> Response {
    setup_answer(app.node.setup_code().is_some())
}

fn setup_answer(needed: bool) -> Response {
    answer::json(|json| json.object(|json| json.field("needed").boolean(needed)))
}

async fn set_up(State(app): State<App>, headers: HeaderMap, body: Body) -> Result<Response, Error> {
    from_a_program(&headers)?;
    let Setup {
        code,
        name,
        password,
    } = object(body).await?;
    app.password_work(move |node| node.set_up(&code, &name, &password))
        .await?;
    Ok(setup_answer(false))
}

async fn log_in(State(app): State<App>, headers: HeaderMap, body: Body) -> Result<Response, Error> {
    from_a_program(&headers)?;
    let LogIn { name, password } = object(body).await?;
    let session = app
        .password_work(move |node| node.log_in(&name, &password))
        .await?;
    let mut response = session_answer(&session.name, session.role.as_str());
    set_cookie(&mut response, auth::session_cookie(&session.secret));
    Ok(response)
}

/// A foreign page may make a browser send a form; it cannot send JSON as JSON, nor our
/// header, without asking first. Otherwise it could log its visitor in as somebody else.
fn from_a_program(headers: &HeaderMap) -> Result<(), Error> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with(JSON)) {
        return Ok(());
    }
    auth::from_own_page(headers)
        .map_err(|_| Error::malformed("send `Content-Type: application/json`"))
}

fn session_answer(name: &str, role: &str) -> Response {
    answer::json(|json| {
        json.object(|json| {
            json.field("name").text(name);
            json.field("role").text(role);
        });
    })
}

fn set_cookie(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
}

async fn who(asking: Asking) -> Response {
    session_answer(
        name_of(&asking.caller.principal),
        asking.caller.role.as_str(),
    )
}

async fn log_out(State(app): State<App>, asking: Asking) -> Result<Response, Error> {
    if let Credential::Session(secret) = asking.credential {
        app.work(move |node| Ok(node.log_out(&secret)?)).await?;
    }
    let mut response = done();
    set_cookie(&mut response, auth::no_cookie());
    Ok(response)
}

/// The answer to what needs no other.
pub(super) fn done() -> Response {
    answer::json(|json| json.object(|json| json.field("done").boolean(true)))
}
