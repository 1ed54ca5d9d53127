//! What goes to whom, what has gone, and what the link has to tell.

use super::session::done;
use crate::App;
use crate::answer;
use crate::auth::Asking;
use crate::endpoint::{Doc, Endpoint, JSON, Method};
use crate::error::Error;
use crate::request::{self, AFTER, LIMIT, Name, Params, object};
use crate::wire::{Json, link as write};
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use twin_model::EntityId;
use twin_node::NewRule;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(
            Method::Get,
            "/v1/shares",
            Doc::new("What goes to whom; nothing else leaves", "Shares"),
            shares,
        ),
        Endpoint::new(
            Method::Post,
            "/v1/shares",
            Doc::new("Begins to share with a member, or with all", "Shared")
                .body(JSON, "ShareRequest"),
            share,
        ),
        Endpoint::new(
            Method::Delete,
            "/v1/shares/{id}",
            Doc::new("Ends sharing; what has left has left", "Done"),
            end,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/disclosures",
            Doc::new("What has left, newest first", "Disclosures").query(&[
                (
                    "to",
                    "only to this member, by name or id, or `members`",
                    false,
                ),
                AFTER,
                LIMIT,
            ]),
            disclosures,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/link/notices",
            Doc::new("What the link has to tell, newest first", "LinkNotices")
                .query(&[AFTER, LIMIT]),
            notices,
        ),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShareRequest {
    to: String,
    kinds: Option<Vec<String>>,
    attributes: Option<Vec<String>>,
    area: Option<String>,
    #[serde(default)]
    backfill: bool,
    #[serde(default)]
    summaries: bool,
}

impl ShareRequest {
    fn rule(self) -> Result<NewRule, Error> {
        let kinds = self
            .kinds
            .map(|words| words.iter().map(|w| request::kind(w)).collect());
        let names = self
            .attributes
            .map(|names| names.iter().map(|name| request::attribute(name)).collect());
        let area = self.area.map(|area| {
            EntityId::new(&area).map_err(|error| Error::malformed(error.to_string()).at("area"))
        });
        Ok(NewRule {
            to: self.to,
            kinds: kinds.transpose()?,
            attributes: names.transpose()?,
            area: area.transpose()?,
            backfill: self.backfill,
            may_sum_up: self.summaries,
        })
    }
}

async fn shares(State(app): State<App>, asking: Asking) -> Result<Response, Error> {
    app.read(move |node| {
        let lines = node.shares(&asking.caller)?.into_inner();
        Ok(answer::json(|json| {
            json.object(|json| json.field("shares").list(&lines, write::share));
        }))
    })
    .await
}

async fn share(State(app): State<App>, asking: Asking, body: Body) -> Result<Response, Error> {
    let rule = object::<ShareRequest>(body).await?.rule()?;
    app.work(move |node| {
        let line = node.share(&asking.caller, rule)?.into_inner();
        Ok(answer::json(|json| {
            json.object(|json| write::share(json.field("share"), &line));
        }))
    })
    .await
}

async fn end(State(app): State<App>, asking: Asking, Name(id): Name) -> Result<Response, Error> {
    let id = id
        .parse()
        .map_err(|_| Error::malformed("a sharing rule is named by its number").at("id"))?;
    app.work(move |node| Ok(node.end_share(&asking.caller, id)?))
        .await?;
    Ok(done())
}

async fn disclosures(
    State(app): State<App>,
    asking: Asking,
    params: Params,
) -> Result<Response, Error> {
    let params = params.only(&["to", "after", "limit"])?;
    let (to, after, limit) = (params.owned("to"), params.owned("after"), params.limit()?);
    app.read(move |node| {
        let mut lines = node.disclosures(&asking.caller)?.into_inner();
        if let Some(to) = to {
            lines.retain(|line| write::is_to(line, &to));
        }
        let (page, next) = page(&lines, after.as_deref(), limit, write::disclosure_id);
        Ok(answer::json(|json| {
            json.object(|json| {
                json.field("disclosures").list(page, write::disclosure);
                next_page(json, next.as_deref());
            });
        }))
    })
    .await
}

async fn notices(
    State(app): State<App>,
    asking: Asking,
    params: Params,
) -> Result<Response, Error> {
    let params = params.only(&["after", "limit"])?;
    let (after, limit) = (params.owned("after"), params.limit()?);
    app.read(move |node| {
        let lines = node.link_notices(&asking.caller)?.into_inner();
        let (page, next) = page(&lines, after.as_deref(), limit, |line| line.id.to_string());
        Ok(answer::json(|json| {
            json.object(|json| {
                json.field("notices").list(page, write::notice);
                next_page(json, next.as_deref());
            });
        }))
    })
    .await
}

fn next_page(json: &mut Json, next: Option<&str>) {
    if let Some(next) = next {
        json.field("next").text(next);
    }
}

/// What follows the line `after`, and by which the page after it is asked for. Lines come
/// at the front, so a place in the list would slip; the line itself does not.
fn page<'a, T>(
    lines: &'a [T],
    after: Option<&str>,
    limit: usize,
    id: impl Fn(&T) -> String,
) -> (&'a [T], Option<String>) {
    let start = match after {
        None => 0,
        Some(after) => {
            let at = lines.iter().position(|line| id(line) == after);
            at.map_or(lines.len(), |at| at + 1)
        }
    };
    let rest = &lines[start..];
    let page = &rest[..limit.min(rest.len())];
    let is_more = rest.len() > page.len();
    (page, page.last().filter(|_| is_more).map(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_do_not_slip_when_lines_come_at_the_front() {
        let id = |line: &u32| line.to_string();
        let (first, next) = page(&[5, 4, 3, 2, 1], None, 2, id);
        assert_eq!((first, next.as_deref()), (&[5, 4][..], Some("4")));
        let (second, next) = page(&[6, 5, 4, 3, 2, 1], Some("4"), 2, id);
        assert_eq!((second, next.as_deref()), (&[3, 2][..], Some("2")));
        let (last, next) = page(&[6, 5, 4, 3, 2, 1], Some("2"), 2, id);
        assert_eq!((last, next.as_deref()), (&[1][..], None));
        assert_eq!(page(&[1], Some("9"), 2, id).0, &[] as &[u32]);
    }
}
