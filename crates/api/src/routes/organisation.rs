//! Organisations: one's own, the members, and how others join.

use super::session::done;
use crate::App;
use crate::answer;
use crate::auth::Asking;
use crate::endpoint::{Doc, Endpoint, JSON, Method};
use crate::error::Error;
use crate::request::{Name, object};
use crate::wire::link as write;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use twin_node::Organisation;

/// Bytes of a member, usually.
const MEMBER_BYTES_USUAL: usize = 1024;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(
            Method::Get,
            "/v1/organisation",
            Doc::new("Who this node is to others", "Organisation"),
            organisation,
        ),
        Endpoint::new(
            Method::Post,
            "/v1/organisation",
            Doc::new(
                "Founds the organisation, once, under the configured short name",
                "Organisation",
            )
            .body(JSON, "OrganisationRequest"),
            found,
        ),
        Endpoint::new(
            Method::Post,
            "/v1/organisation/keys",
            Doc::new(
                "Gives this node new keys; if they were stolen, nothing that comes under the old ones is believed",
                "Organisation",
            )
            .body(JSON, "KeysRequest"),
            renew_keys,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/members",
            Doc::new("Every member, and how things stand with it", "Members"),
            members,
        ),
        Endpoint::new(
            Method::Post,
            "/v1/members",
            Doc::new(
                "Joins the organisation that gave the code, or only says who gave it",
                "Joined",
            )
            .body(JSON, "JoinRequest"),
            join,
        ),
        Endpoint::new(
            Method::Delete,
            "/v1/members/{id}",
            Doc::new("Ends the membership of a peer for this node", "Done"),
            remove,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/invitations",
            Doc::new(
                "Every invitation, without its code, newest first",
                "Invitations",
            ),
            invitations,
        ),
        Endpoint::new(
            Method::Post,
            "/v1/invitations",
            Doc::new(
                "A code with which one other organisation can join within a day",
                "Invitation",
            )
            .body(JSON, "InvitationRequest"),
            invite,
        ),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrganisationRequest {
    title: String,
    #[serde(default)]
    addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeysRequest {
    /// Somebody else has the old ones.
    #[serde(default)]
    stolen: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JoinRequest {
    code: String,
    /// Only say who gave it.
    #[serde(default)]
    look: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InvitationRequest {
    #[serde(default)]
    note: String,
}

async fn organisation(State(app): State<App>, asking: Asking) -> Result<Response, Error> {
    app.read(move |node| {
        let organisation = node.organisation(&asking.caller)?.into_inner();
        Ok(own(organisation.as_ref()))
    })
    .await
}

async fn found(State(app): State<App>, asking: Asking, body: Body) -> Result<Response, Error> {
    let OrganisationRequest { title, addresses } = object(body).await?;
    if !addresses.iter().all(|address| is_address(address)) {
        return Err(Error::malformed("an address is `wss://HOST:PORT`").at("addresses"));
    }
    app.work(move |node| {
        let organisation = node.found(&asking.caller, &title, addresses)?.into_inner();
        Ok(own(Some(&organisation)))
    })
    .await
}

/// Others could do nothing with anything else.
fn is_address(address: &str) -> bool {
    let place = address.strip_prefix("wss://");
    let place = place.and_then(|place| place.rsplit_once(':'));
    place.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

async fn renew_keys(State(app): State<App>, asking: Asking, body: Body) -> Result<Response, Error> {
    let KeysRequest { stolen } = object(body).await?;
    app.work(move |node| {
        if stolen {
            node.revoke(&asking.caller)?;
        } else {
            node.rotate_key(&asking.caller)?;
        }
        let organisation = node.organisation(&asking.caller)?.into_inner();
        Ok(own(organisation.as_ref()))
    })
    .await
}

fn own(organisation: Option<&Organisation>) -> Response {
    answer::json(|json| {
        json.object(|json| {
            json.field("organisation")
                .or_null(organisation, write::organisation);
        });
    })
}

async fn members(State(app): State<App>, asking: Asking) -> Result<Response, Error> {
    app.read(move |node| {
        let members = node.members(&asking.caller)?.into_inner();
        let commit = node.read(&asking.caller)?.commit();
        let capacity = MEMBER_BYTES_USUAL * (members.len() + 1);
        Ok(answer::about(commit, capacity, |json| {
            json.field("members").list(&members, write::member);
        }))
    })
    .await
}

async fn join(State(app): State<App>, asking: Asking, body: Body) -> Result<Response, Error> {
    let JoinRequest { code, look } = object(body).await?;
    app.work(move |node| {
        if look {
            let inviter = node.look_at_code(&asking.caller, &code)?.into_inner();
            return Ok(answer::json(|json| {
                json.object(|json| write::inviter(json.field("inviter"), &inviter));
            }));
        }
        let member = node.join(&asking.caller, &code)?.into_inner();
        Ok(answer::json(|json| {
            json.object(|json| write::member(json.field("member"), &member));
        }))
    })
    .await
}

async fn remove(
    State(app): State<App>,
    asking: Asking,
    Name(member): Name,
) -> Result<Response, Error> {
    app.work(move |node| Ok(node.remove_member(&asking.caller, &member)?))
        .await?;
    Ok(done())
}

async fn invitations(State(app): State<App>, asking: Asking) -> Result<Response, Error> {
    app.read(move |node| {
        let lines = node.invitations(&asking.caller)?.into_inner();
        Ok(answer::json(|json| {
            json.object(|json| {
                json.field("invitations").list(&lines, write::invitation);
            });
        }))
    })
    .await
}

async fn invite(State(app): State<App>, asking: Asking, body: Body) -> Result<Response, Error> {
    let InvitationRequest { note } = object(body).await?;
    app.work(move |node| {
        let invited = node.invite(&asking.caller, &note)?.into_inner();
        Ok(answer::json(|json| write::invited(json, &invited)))
    })
    .await
}
