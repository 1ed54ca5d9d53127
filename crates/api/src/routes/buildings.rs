//! Buildings: the list, one with its storeys, its section, the plan of a storey, ways
//! through it, and what was found wrong with its file.

use crate::App;
use crate::answer;
use crate::assets;
use crate::auth::Asking;
use crate::endpoint::{Doc, Endpoint, Method};
use crate::error::Error;
use crate::request::{AFTER, LIMIT, Params, Twin};
use crate::wire::answer as write;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use twin_model::EntityId;
use twin_node::{FindingFilter, RouteEnd, RouteQuery};

/// Bytes of a storey's plan, usually: some dozens of spaces and portals of five
/// kilobytes each.
const PLAN_BYTES_USUAL: usize = 512 << 10;
/// Most spaces and portals that a route can be told to avoid.
const AVOID_MAX: usize = 1000;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(
            Method::Get,
            "/v1/buildings",
            Doc::new("Every building", "Buildings"),
            buildings,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/buildings/{id}",
            Doc::new("A building with its storeys, lowest first", "Building"),
            building,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/buildings/{id}/section",
            Doc::new(
                "Stairs and lifts across the storeys of a building",
                "Section",
            ),
            section,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/storeys/{id}/plan",
            Doc::new("The spaces and portals of a storey", "Plan"),
            plan,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/routes",
            Doc::new(
                "Ways through buildings and streets, with the portal or street that is least sure",
                "Routes",
            )
            .query(&[
                (
                    "from",
                    "where to start: a space, a street, `street` for any that the building at the other end leads to, or `LATITUDE,LONGITUDE`",
                    true,
                ),
                (
                    "to",
                    "where to go: the same, or `exit` for outside by the nearest exit",
                    true,
                ),
                (
                    "avoid",
                    "spaces, portals and streets not to use, separated by commas",
                    false,
                ),
                (
                    "unknown",
                    "`true` to use portals of which it is not known that one can pass",
                    false,
                ),
            ]),
            routes,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/findings",
            Doc::new("What was wrong with the imported files", "Findings").query(&[
                ("building", "only of this building", false),
                ("code", "only of this code", false),
                ("severity", "only `error`, `warning` or `note`", false),
                AFTER,
                LIMIT,
            ]),
            findings,
        ),
    ]
}

async fn buildings(State(app): State<App>, asking: Asking) -> Result<Response, Error> {
    let reader = app.node.read(&asking.caller)?;
    let lines = reader.buildings()?.into_inner();
    Ok(answer::about(
        reader.commit(),
        512 * (lines.len() + 1),
        |json| {
            json.field("buildings").list(&lines, write::building_line);
        },
    ))
}

async fn building(
    State(app): State<App>,
    asking: Asking,
    Twin(id): Twin,
) -> Result<Response, Error> {
    let reader = app.node.read(&asking.caller)?;
    let building = reader.building(&id)?.into_inner();
    let capacity = 1024 * (building.storeys.len() + 1);
    Ok(answer::of_commit(
        reader.commit(),
        capacity,
        |json, commit| {
            write::building(json, &building, commit);
        },
    ))
}

async fn section(
    State(app): State<App>,
    asking: Asking,
    Twin(id): Twin,
) -> Result<Response, Error> {
    let reader = app.node.read(&asking.caller)?;
    let section = reader.section(&id)?.into_inner();
    Ok(answer::of_commit(reader.commit(), 4096, |json, commit| {
        write::section(json, &section, commit);
    }))
}

async fn plan(
    State(app): State<App>,
    asking: Asking,
    headers: HeaderMap,
    Twin(id): Twin,
) -> Result<Response, Error> {
    let takes_gzip = assets::accepts(&headers, "gzip");
    app.read(move |node| {
        let reader = node.read(&asking.caller)?;
        let plan = reader.plan(&id)?.into_inner();
        Ok(answer::of_commit_packed(
            reader.commit(),
            PLAN_BYTES_USUAL,
            takes_gzip,
            |json, commit| {
                write::plan(json, &plan, commit);
            },
        ))
    })
    .await
}

async fn routes(State(app): State<App>, asking: Asking, params: Params) -> Result<Response, Error> {
    let params = params.only(&["from", "to", "avoid", "unknown"])?;
    let missing = |name: &'static str| Error::malformed(format!("`{name}` is missing")).at(name);
    let end = |name| route_end(params.text(name).ok_or_else(|| missing(name))?, name);
    let (from, to) = (end("from")?, end("to")?);
    let query = RouteQuery {
        avoid: avoided(&params)?,
        allow_unknown: params.flag("unknown")?,
    };
    app.read(move |node| {
        let reader = node.read(&asking.caller)?;
        let routes = reader.routes(&from, &to, &query)?.into_inner();
        Ok(answer::about(reader.commit(), 4096, |json| {
            json.field("routes").list(&routes, write::route);
        }))
    })
    .await
}

/// `exit`, `street`, `52.37,4.89`, or the URI of a space or street.
fn route_end(text: &str, name: &'static str) -> Result<RouteEnd, Error> {
    match text {
        "exit" => return Ok(RouteEnd::Exit),
        "street" => return Ok(RouteEnd::AnyStreet),
        _ => {}
    }
    let degrees = |text: &str| text.trim().parse::<f64>().ok();
    let place = text.split_once(',').map(|(a, b)| (degrees(a), degrees(b)));
    match place {
        Some((Some(latitude_deg), Some(longitude_deg)))
            if latitude_deg.abs() <= 90.0 && longitude_deg.abs() <= 180.0 =>
        {
            Ok(RouteEnd::Earth {
                latitude_deg,
                longitude_deg,
            })
        }
        _ => EntityId::new(text).map(RouteEnd::Twin).map_err(|_| {
            let ends = "the URI of a space or street, `exit`, `street` or `LATITUDE,LONGITUDE`";
            Error::malformed(format!("`{name}` is {ends}")).at(name)
        }),
    }
}

fn avoided(params: &Params) -> Result<Vec<EntityId>, Error> {
    let Some(text) = params.text("avoid") else {
        return Ok(Vec::new());
    };
    let wrong = |message: &str| Error::malformed(message).at("avoid");
    if text.split(',').count() > AVOID_MAX {
        return Err(wrong("`avoid` names more than 1000 spaces and portals"));
    }
    let ids: Result<Vec<_>, _> = text.split(',').map(EntityId::new).collect();
    ids.map_err(|_| wrong("`avoid` is a list of URIs, separated by commas"))
}

async fn findings(
    State(app): State<App>,
    asking: Asking,
    params: Params,
) -> Result<Response, Error> {
    let params = params.only(&["building", "code", "severity", "after", "limit"])?;
    let filter = FindingFilter {
        building: params.entity("building")?,
        code: params.owned("code"),
        severity: params.owned("severity"),
        after: params.owned("after"),
        limit: params.limit()?,
    };
    app.read(move |node| {
        let reader = node.read(&asking.caller)?;
        let page = reader.findings(&filter)?.into_inner();
        Ok(answer::about(
            reader.commit(),
            256 * (page.items.len() + 1),
            |json| {
                json.field("findings").list(&page.items, write::finding);
                if let Some(next) = &page.next {
                    json.field("next").text(next);
                }
            },
        ))
    })
    .await
}
