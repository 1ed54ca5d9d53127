//! Finding twins by words or place, also those that others only announced, and saying that
//! two of them are one.

use crate::App;
use crate::answer;
use crate::auth::Asking;
use crate::endpoint::{Doc, Endpoint, JSON, Method};
use crate::error::Error;
use crate::request::{Params, object};
use crate::wire::link as write;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use twin_model::{Caller, EntityId, SourceId};
use twin_node::{Identity, Near, Node, Sought};

/// Bytes of a twin that was found, usually.
const FOUND_BYTES_USUAL: usize = 384;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let identify = Endpoint::new(
        Method::Post,
        "/v1/identities",
        Doc::new(
            "Says that two twins are one and the same thing, or that they are not",
            "Identified",
        )
        .body(JSON, "IdentityRequest"),
        identify,
    );
    let find = Endpoint::new(
        Method::Get,
        "/v1/find",
        Doc::new(
            "Twins by words of a name or address, or by place, the best first",
            "Found",
        )
        .query(&[
            ("text", "words of a name or an address", false),
            (
                "near",
                "`LAT,LON,RADIUS`: within so many metres of a place in degrees (WGS 84)",
                false,
            ),
            (
                "kind",
                "only `building`, `storey`, `space`, `portal`, `sensor` or `thing`",
                false,
            ),
        ]),
        find,
    );
    vec![find, identify]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityRequest {
    one: String,
    other: String,
    probability: Option<f64>,
    reason: String,
}

async fn identify(State(app): State<App>, asking: Asking, body: Body) -> Result<Response, Error> {
    let request: IdentityRequest = object(body).await?;
    let twin = |text: &str, field: &'static str| {
        EntityId::new(text).map_err(|error| Error::malformed(error.to_string()).at(field))
    };
    let identity = Identity {
        one: twin(&request.one, "one")?,
        other: twin(&request.other, "other")?,
        probability: request.probability,
        reason: request.reason,
    };
    app.work(move |node| {
        let receipt = node.identify(&asking.caller, &identity)?;
        Ok(answer::about(receipt.commit, 128, |json| {
            let id = Identity::id(&identity.one, &identity.other);
            json.field("identity").text(id.as_str());
        }))
    })
    .await
}

async fn find(State(app): State<App>, asking: Asking, params: Params) -> Result<Response, Error> {
    let params = params.only(&["text", "near", "kind"])?;
    let sought = Sought {
        text: params.owned("text"),
        near: params.text("near").map(near).transpose()?,
        kind: params.kind()?,
    };
    app.read(move |node| {
        let reader = node.read(&asking.caller)?;
        let found = reader.find_twins(&sought)?.into_inner();
        let sources = found.iter().flat_map(|twin| &twin.sources);
        let known = known(node, &asking.caller, sources)?;
        let capacity = FOUND_BYTES_USUAL * (found.len() + 1);
        Ok(answer::about(reader.commit(), capacity, |json| {
            json.field("found")
                .list(&found, |json, twin| write::found(json, twin, &known));
        }))
    })
    .await
}

/// `52.37,4.89,500`.
fn near(text: &str) -> Result<Near, Error> {
    let wrong = || {
        let message = "`near` is latitude, longitude and radius: `52.3702,4.8952,500`";
        Error::malformed(message).at("near")
    };
    let parts: Result<Vec<f64>, _> = text.split(',').map(|part| part.trim().parse()).collect();
    match parts.map_err(|_| wrong())?[..] {
        [latitude_deg, longitude_deg, radius_m] => Ok(Near {
            latitude_deg,
            longitude_deg,
            radius_m,
        }),
        _ => Err(wrong()),
    }
}

/// The members, if any of these sources is another organisation's.
pub(super) fn known<'a>(
    node: &Node,
    caller: &Caller,
    sources: impl IntoIterator<Item = &'a SourceId>,
) -> Result<write::Known, Error> {
    if !write::any_received(sources) {
        return Ok(write::Known::default());
    }
    Ok(write::Known::of(node.members(caller)?.into_inner()))
}
