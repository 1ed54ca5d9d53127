//! Running the node: tokens, accounts, erasure, backup.

use super::session::done;
use crate::App;
use crate::answer;
use crate::auth::Asking;
use crate::endpoint::{Doc, Endpoint, JSON, Method};
use crate::error::Error;
use crate::request::{Name, object};
use crate::wire::answer as write;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use std::path::PathBuf;
use twin_model::{EntityId, Role, SourceId};
use twin_node::NewToken;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(
            Method::Get,
            "/v1/tokens",
            Doc::new("Every token, without its secret", "Tokens"),
            tokens,
        ),
        Endpoint::new(
            Method::Post,
            "/v1/tokens",
            Doc::new(
                "Makes a token; its secret is shown in this answer only",
                "NewToken",
            )
            .body(JSON, "TokenRequest"),
            add_token,
        ),
        Endpoint::new(
            Method::Delete,
            "/v1/tokens/{id}",
            Doc::new("Removes a token; it is refused from now on", "Done"),
            remove_token,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/accounts",
            Doc::new("Every account", "Accounts"),
            accounts,
        ),
        Endpoint::new(
            Method::Post,
            "/v1/accounts",
            Doc::new(
                "Makes an account, or gives it a new password and role",
                "Account",
            )
            .body(JSON, "AccountRequest"),
            add_account,
        ),
        Endpoint::new(
            Method::Delete,
            "/v1/accounts/{name}",
            Doc::new("Removes an account and ends its sessions", "Done"),
            remove_account,
        ),
        Endpoint::new(
            Method::Post,
            "/v1/erasures",
            Doc::new(
                "Erases the claims about a twin; that it was done stays on record",
                "Erasure",
            )
            .body(JSON, "ErasureRequest"),
            erase,
        ),
        Endpoint::new(
            Method::Post,
            "/v1/backups",
            Doc::new(
                "Copies the store into a directory of the node's machine",
                "Backup",
            )
            .body(JSON, "BackupRequest"),
            back_up,
        ),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenRequest {
    role: String,
    #[serde(default)]
    label: String,
    source: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountRequest {
    name: String,
    password: String,
    role: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ErasureRequest {
    entity: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BackupRequest {
    directory: PathBuf,
}

fn role(word: &str) -> Result<Role, Error> {
    Role::parse(word).ok_or_else(|| {
        let words = Role::ALL.map(Role::as_str).join("`, `");
        Error::malformed(format!("`role` is one of `{words}`")).at("role")
    })
}

async fn tokens(State(app): State<App>, asking: Asking) -> Result<Response, Error> {
    let tokens = app
        .read(move |node| Ok(node.tokens(&asking.caller)?.into_inner()))
        .await?;
    Ok(answer::json(|json| {
        json.object(|json| {
            json.field("tokens").list(&tokens, |json, token| {
                json.object(|json| write::token_fields(json, token));
            });
        });
    }))
}

async fn add_token(State(app): State<App>, asking: Asking, body: Body) -> Result<Response, Error> {
    let wanted: TokenRequest = object(body).await?;
    let source = wanted.source.as_deref().map(SourceId::new).transpose();
    let source = source.map_err(|error| Error::malformed(error.to_string()).at("source"))?;
    let new = NewToken {
        label: wanted.label,
        role: role(&wanted.role)?,
        source,
    };
    let (token, secret) = app
        .work(move |node| Ok(node.add_token(&asking.caller, new)?))
        .await?;
    Ok(answer::json(|json| {
        json.object(|json| {
            write::token_fields(json, &token);
            json.field("secret").text(&secret);
        });
    }))
}

async fn remove_token(
    State(app): State<App>,
    asking: Asking,
    Name(id): Name,
) -> Result<Response, Error> {
    app.work(move |node| Ok(node.remove_token(&asking.caller, &id)?))
        .await?;
    Ok(done())
}

async fn accounts(State(app): State<App>, asking: Asking) -> Result<Response, Error> {
    let accounts = app
        .read(move |node| Ok(node.accounts(&asking.caller)?.into_inner()))
        .await?;
    Ok(answer::json(|json| {
        json.object(|json| json.field("accounts").list(&accounts, write::account));
    }))
}

async fn add_account(
    State(app): State<App>,
    asking: Asking,
    body: Body,
) -> Result<Response, Error> {
    let AccountRequest {
        name,
        password,
        role: word,
    } = object(body).await?;
    let role = role(&word)?;
    let account = twin_node::Account {
        name: name.clone(),
        role,
    };
    app.password_work(move |node| node.add_account(&asking.caller, &name, &password, role))
        .await?;
    Ok(answer::json(|json| write::account(json, &account)))
}

async fn remove_account(
    State(app): State<App>,
    asking: Asking,
    Name(name): Name,
) -> Result<Response, Error> {
    app.work(move |node| Ok(node.remove_account(&asking.caller, &name)?))
        .await?;
    Ok(done())
}

async fn erase(State(app): State<App>, asking: Asking, body: Body) -> Result<Response, Error> {
    let ErasureRequest { entity, reason } = object(body).await?;
    let entity =
        EntityId::new(&entity).map_err(|error| Error::malformed(error.to_string()).at("entity"))?;
    let record = app
        .work(move |node| Ok(node.erase(&asking.caller, &entity, &reason)?))
        .await?;
    Ok(answer::about(record.through, 128, |json| {
        json.field("claims").integer(record.claims);
        json.field("recorded").time(record.at);
    }))
}

async fn back_up(State(app): State<App>, asking: Asking, body: Body) -> Result<Response, Error> {
    // The path is one of the node's machine: the policy lets only who works there name it.
    let BackupRequest { directory } = object(body).await?;
    if !directory.is_absolute() {
        return Err(Error::malformed("`directory` must be an absolute path").at("directory"));
    }
    let report = app
        .work(move |node| Ok(node.backup(&asking.caller, &directory)?))
        .await?;
    Ok(answer::about(report.commit, 128, |json| {
        json.field("bytes").integer(report.bytes);
        json.field("files").integer(report.files);
    }))
}
