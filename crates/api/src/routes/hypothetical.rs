//! What would be believed if something were so.

use crate::App;
use crate::answer;
use crate::auth::Asking;
use crate::endpoint::{Doc, Endpoint, JSON, Method};
use crate::error::Error;
use crate::request::{BODY_BYTES_MAX, attribute, body};
use crate::wire::fields::{Fields, Refused, Words, without_place};
use crate::wire::sources as write;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::value::RawValue;
use twin_model::{EntityId, Time};
use twin_node::{Refusal, Supposition};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::new(
        Method::Post,
        "/v1/hypothetical",
        Doc::new(
            "What would be believed if these claims were made; nothing is recorded",
            "Supposed",
        )
        .body(JSON, "Hypothetical"),
        suppose,
    )]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hypothetical<'a> {
    #[serde(borrow)]
    claims: Vec<&'a RawValue>,
    #[serde(default)]
    ask: Vec<Question>,
    at: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    entity: String,
    attribute: String,
}

async fn suppose(State(app): State<App>, asking: Asking, from: Body) -> Result<Response, Error> {
    let bytes = body(from, BODY_BYTES_MAX).await?;
    let supposition = read(&bytes)?;
    app.read(move |node| {
        let reader = node.read(&asking.caller)?;
        let at = supposition.at.unwrap_or(reader.at());
        let supposed = match reader.suppose(supposition)? {
            Ok(supposed) => supposed.into_inner(),
            Err(refusal) => return Err(refused(refusal)),
        };
        let capacity = 128 + 800 * supposed.len();
        Ok(answer::about(reader.commit(), capacity, |json| {
            json.field("at").time(at);
            json.field("estimates").list(&supposed, write::supposed);
        }))
    })
    .await
}

fn read(bytes: &[u8]) -> Result<Supposition, Error> {
    let wanted: Hypothetical =
        serde_json::from_slice(bytes).map_err(|error| Error::malformed(without_place(&error)))?;
    let mut words = Words::default();
    let claims = wanted.claims.iter().enumerate().map(|(index, raw)| {
        let draft = Fields::parse(raw.get()).and_then(|fields| fields.into_draft(&mut words));
        draft.map_err(|refusal| Error::from(refusal).inside(&place(index)))
    });
    let claims = claims.collect::<Result<_, _>>()?;
    let ask = wanted.ask.into_iter().map(|question| {
        let entity = EntityId::new(&question.entity);
        let entity = entity.map_err(|error| Error::malformed(error.to_string()).at("entity"))?;
        Ok((entity, attribute(&question.attribute)?))
    });
    let at = wanted.at.as_deref().map(|text| {
        let bad = || Error::malformed("`at` is not a time of RFC 3339").at("at");
        Time::parse(text).ok_or_else(bad)
    });
    Ok(Supposition {
        claims,
        ask: ask.collect::<Result<_, Error>>()?,
        at: at.transpose()?,
    })
}

/// How a claim is named in a refusal.
fn place(index: usize) -> String {
    format!("claims[{index}]")
}

fn refused(refusal: Refusal) -> Error {
    let Refusal {
        index,
        code,
        message,
        field,
    } = refusal;
    let refused = Refused {
        code,
        message,
        field,
    };
    Error::from(refused).inside(&place(index))
}
