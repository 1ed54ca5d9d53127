//! What changes, as it changes: server-sent events.
//!
//! The stream is a cursor over the node's recent changes, drawn by the reader: a slow
//! reader is answered from a newer picture and costs no memory here; one that is too far
//! behind is told to read afresh. The stream ends when its session or token does.

use crate::App;
use crate::auth::{Asking, Credential};
use crate::endpoint::{Doc, Endpoint, Method};
use crate::error::{Code, Error};
use crate::request::Params;
use crate::wire::{Json, answer as write};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use prometheus_client::metrics::gauge::Gauge;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};
use twin_model::{CommitNumber, EntityId};
use twin_node::{Changed, Changes, Next};

/// A comment is sent after this long without a change, so that both sides notice a dead
/// connection.
const SILENCE_MAX: Duration = Duration::from_secs(15);
/// How long a browser waits before it connects again, in milliseconds.
const RETRY_MS: u32 = 2000;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::new(
        Method::Get,
        "/v1/events",
        Doc::new(
            "What changes, as it changes; `Last-Event-ID` or `after` resumes",
            "Text",
        )
        .answers("text/event-stream")
        .query(&[
            ("after", "the commit of the last event that was read", false),
            ("building", "only changes in this building", false),
            ("storey", "only changes on this storey", false),
        ]),
        events,
    )]
}

/// Which changes are wanted.
#[derive(Debug)]
struct Filter {
    building: Option<EntityId>,
    storey: Option<EntityId>,
}

impl Filter {
    fn wants(&self, change: &Changed) -> bool {
        let fits =
            |wanted: &Option<EntityId>, is: &Option<EntityId>| wanted.is_none() || wanted == is;
        fits(&self.building, &change.building) && fits(&self.storey, &change.storey)
    }
}

async fn events(
    State(app): State<App>,
    asking: Asking,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let params = params.only(&["after", "building", "storey"])?;
    let filter = Filter {
        building: params.entity("building")?,
        storey: params.entity("storey")?,
    };
    // A browser that connects again repeats the query; its header is newer.
    let after = match headers.get("last-event-id") {
        Some(id) => Some(commit_of(id.to_str().unwrap_or_default())?),
        None => params.integer("after")?,
    };
    let busy = |_| Error::new(Code::Busy, "too many event streams are open");
    let permit = app.streams.clone().try_acquire_owned().map_err(busy)?;
    let changes = app.node.changes(&asking.caller, after.map(CommitNumber))?;
    let commit = app.node.read(&asking.caller)?.commit();
    let open = app.metrics.streams.clone();
    open.inc();
    let listener = Listener {
        changes,
        filter,
        credential: asking.credential,
        last: commit,
        greeted: false,
        closing: app.closing.subscribe(),
        open,
        _permit: permit,
        app,
    };
    let body = Body::from_stream(stream::unfold(listener, |mut listener| async {
        let event = listener.next().await?;
        Some((Ok::<_, Infallible>(event), listener))
    }));
    let kind = (header::CONTENT_TYPE, "text/event-stream");
    // Proxies of the nginx family would hold events back otherwise.
    Ok((
        [
            kind,
            (header::HeaderName::from_static("x-accel-buffering"), "no"),
        ],
        body,
    )
        .into_response())
}

fn commit_of(text: &str) -> Result<u64, Error> {
    text.parse()
        .map_err(|_| Error::malformed("`Last-Event-ID` is not the number of a commit"))
}

/// One reader of the stream.
struct Listener {
    app: App,
    changes: Changes,
    filter: Filter,
    credential: Credential,
    last: CommitNumber,
    greeted: bool,
    closing: watch::Receiver<bool>,
    open: Gauge,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.open.dec();
    }
}

impl Listener {
    /// The bytes of the next event or comment; `None` ends the stream.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.greeted {
            self.greeted = true;
            return Some(format!("retry: {RETRY_MS}\n\n").into());
        }
        loop {
            let next = tokio::select! {
                next = tokio::time::timeout(SILENCE_MAX, self.changes.next()) => next,
                _ = self.closing.wait_for(|closing| *closing) => return None,
            };
            // A session that ended or a token that was removed hears nothing more.
            self.credential.caller(&self.app.node)?;
            match next {
                Err(_) => return Some(self.comment()),
                Ok(Next::Closed) => return None,
                Ok(Next::Reset(commit)) => {
                    self.last = commit;
                    return Some(reset(commit));
                }
                Ok(Next::Changed {
                    commit, changes, ..
                }) => {
                    self.last = commit;
                    let wanted: Vec<_> = changes
                        .into_inner()
                        .into_iter()
                        .filter(|change| self.filter.wants(change))
                        .collect();
                    if !wanted.is_empty() {
                        return Some(changed(commit, &wanted));
                    }
                }
            }
        }
    }

    /// A comment, with an id that tells how far the reader is: an id without data is no
    /// event, but it is remembered (HTML standard, §9.2.6), so that a reader of a quiet
    /// storey resumes from here and not from its last change.
    fn comment(&self) -> Bytes {
        format!(": quiet\nid: {}\n\n", self.last.0).into()
    }
}

fn reset(commit: CommitNumber) -> Bytes {
    let commit = commit.0;
    format!("id: {commit}\nevent: reset\ndata: {{\"commit\":{commit}}}\n\n").into()
}

fn changed(commit: CommitNumber, changes: &[Changed]) -> Bytes {
    let mut json = Json::with_capacity(400 * changes.len() + 64);
    json.object(|json| {
        json.field("commit").integer(commit.0);
        json.field("changes").list(changes, write::change);
    });
    let data = json.into_bytes();
    let head = format!("id: {}\nevent: change\ndata: ", commit.0);
    let mut event = Vec::with_capacity(head.len() + data.len() + 2);
    event.extend_from_slice(head.as_bytes());
    // JSON has no line feeds but those of verbatim values, which are white space there.
    event.extend(data.into_iter().map(|byte| {
        if matches!(byte, b'\n' | b'\r') {
            b' '
        } else {
            byte
        }
    }));
    event.extend_from_slice(b"\n\n");
    event.into()
}
