//! Twins: one, many, what an attribute stands on, what it was; and claims about one twin.

use super::find::known;
use crate::App;
use crate::answer;
use crate::auth::Asking;
use crate::endpoint::{Doc, Endpoint, JSON, Method};
use crate::error::Error;
use crate::request::{self, AFTER, BODY_BYTES_MAX, LIMIT, Params, Twin, TwinAttribute};
use crate::wire::answer as write;
use crate::wire::fields::{self, Refused};
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use twin_model::EntityId;
use twin_node::{Draft, Mode, Refusal, TwinFilter};

/// Bytes of a twin's answer, usually: some fifteen estimates of three hundred bytes.
const TWIN_BYTES_USUAL: usize = 6 << 10;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(
            Method::Get,
            "/v1/entities/{id}",
            Doc::new(
                "A twin with everything that is believed about it",
                "TwinAnswer",
            ),
            entity,
        ),
        Endpoint::new(
            Method::Patch,
            "/v1/entities/{id}",
            Doc::new(
                "Claims about attributes of one twin; all are recorded or none",
                "Recorded",
            )
            .body(JSON, "Patch"),
            patch,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/entities",
            Doc::new("Twins in order of their URI", "Twins").query(&[
                (
                    "kind",
                    "only `building`, `storey`, `space`, `portal`, `sensor` or `thing`",
                    false,
                ),
                ("building", "only of this building", false),
                ("storey", "only of this storey", false),
                AFTER,
                LIMIT,
            ]),
            entities,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/entities/{id}/attributes/{name}/why",
            Doc::new("What an estimate stands on", "Why").query(WHEN),
            why,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/entities/{id}/attributes/{name}/as-of",
            Doc::new(
                "What is believed of another time, or was believed at another",
                "AsOf",
            )
            .query(WHEN),
            as_of,
        ),
    ]
}

const WHEN: &[(&str, &str, bool)] = &[
    ("at", "about when; now if left out", false),
    ("knownAt", "as known when; now if left out", false),
];

async fn entity(State(app): State<App>, asking: Asking, Twin(id): Twin) -> Result<Response, Error> {
    let reader = app.node.read(&asking.caller)?;
    let twin = reader.twin(&id)?.into_inner();
    Ok(answer::of_commit(
        reader.commit(),
        TWIN_BYTES_USUAL,
        |json, commit| {
            write::one_twin(json, &twin, commit);
        },
    ))
}

async fn entities(
    State(app): State<App>,
    asking: Asking,
    params: Params,
) -> Result<Response, Error> {
    let params = params.only(&["kind", "building", "storey", "after", "limit"])?;
    let filter = TwinFilter {
        kind: params.kind()?,
        building: params.entity("building")?,
        storey: params.entity("storey")?,
        after: params.owned("after"),
        limit: params.limit()?,
    };
    app.read(move |node| {
        let reader = node.read(&asking.caller)?;
        let page = reader.twins(&filter)?.into_inner();
        let capacity = TWIN_BYTES_USUAL * (page.items.len() + 1);
        Ok(answer::about(reader.commit(), capacity, |json| {
            json.field("entities").list(&page.items, write::twin);
            if let Some(next) = &page.next {
                json.field("next").text(next);
            }
        }))
    })
    .await
}

async fn why(
    State(app): State<App>,
    asking: Asking,
    TwinAttribute(id, attribute): TwinAttribute,
    params: Params,
) -> Result<Response, Error> {
    let params = params.only(&["at", "knownAt"])?;
    let (at, known_at) = (params.time("at")?, params.time("knownAt")?);
    app.read(move |node| {
        let reader = node.read(&asking.caller)?;
        let why = reader.why(&id, &attribute, at, known_at)?.into_inner();
        let sources = why.sources.iter().map(|line| &line.source);
        let known = known(node, &asking.caller, sources)?;
        Ok(answer::of_commit(reader.commit(), 4096, |json, commit| {
            write::why(json, &why, &attribute, &known, commit);
        }))
    })
    .await
}

async fn as_of(
    State(app): State<App>,
    asking: Asking,
    TwinAttribute(id, attribute): TwinAttribute,
    params: Params,
) -> Result<Response, Error> {
    let params = params.only(&["at", "knownAt"])?;
    let (at, known_at) = (params.time("at")?, params.time("knownAt")?);
    app.read(move |node| {
        let reader = node.read(&asking.caller)?;
        let believed = reader.as_of(&id, &attribute, at, known_at)?.into_inner();
        Ok(answer::about(reader.commit(), 512, |json| {
            write::answer(json.field("estimate"), &believed);
        }))
    })
    .await
}

async fn patch(
    State(app): State<App>,
    asking: Asking,
    Twin(id): Twin,
    body: Body,
) -> Result<Response, Error> {
    let body = request::body(body, BODY_BYTES_MAX).await?;
    let drafts = drafts(&id, &body)?;
    let names: Vec<_> = drafts
        .iter()
        .map(|draft| draft.statement.attribute.clone())
        .collect();
    let receipt = app
        .node
        .submit(&asking.caller, drafts, Mode::AllOrNothing)
        .await?;
    if let Some(refusal) = receipt.refused.into_iter().next() {
        let Refusal {
            index,
            code,
            message,
            field,
        } = refusal;
        let name = names.get(index).map_or("", |name| name.as_str());
        return Err(Error::from(Refused {
            code,
            message,
            field,
        })
        .inside(name));
    }
    Ok(answer::about(
        receipt.commit,
        64 + 16 * receipt.claims.len(),
        |json| {
            json.field("claims")
                .list(&receipt.claims, |json, id| json.text(&id.to_string()));
        },
    ))
}

/// One claim per attribute.
fn drafts(entity: &EntityId, body: &[u8]) -> Result<Vec<Draft>, Error> {
    let attributes = fields::by_attribute(body)?;
    if attributes.is_empty() {
        return Err(Error::malformed("name at least one attribute"));
    }
    let mut drafts: Vec<Draft> = Vec::with_capacity(attributes.len());
    for (name, fields) in attributes {
        let attribute = request::attribute(&name)?;
        let draft = fields.into_draft_about(entity.clone(), attribute);
        drafts.push(draft.map_err(|refused| Error::from(refused).inside(&name))?);
    }
    Ok(drafts)
}
