//! Importing a file, with its progress as it goes, and taking an import back.

use crate::App;
use crate::answer;
use crate::auth::Asking;
use crate::endpoint::{Doc, Endpoint, Method, NDJSON};
use crate::error::{Code, Error};
use crate::request::{self, Name, Params};
use crate::wire::{Json, answer as write};
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use twin_model::{BatchId, Caller};
use twin_node::{ImportFile, ImportReceipt, Node, Progress};
use twin_policy as policy;

/// Longest name of a file, in bytes; that of most file systems.
const NAME_BYTES_MAX: usize = 255;
/// Lines of progress that wait for a slow reader. Progress that finds the queue full is
/// left out: what follows says the same and more.
const LINES_WAITING_MAX: usize = 16;
/// A reader hears something at least this often, so that it can tell work from silence.
const SILENCE_MAX: Duration = Duration::from_secs(1);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(
            Method::Post,
            "/v1/imports",
            Doc::new(
                "Imports an IFC file; closing the connection before `done` cancels",
                "ImportLine",
            )
            .query(&[
                ("name", "the name of the file", true),
                (
                    "mapping",
                    "what the properties of a GeoJSON file stand for: the text of a mapping file",
                    false,
                ),
            ])
            .body("application/octet-stream", "Text")
            .answers(NDJSON),
            import,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/imports",
            Doc::new("Every import, oldest first", "Imports"),
            imports,
        ),
        Endpoint::new(
            Method::Delete,
            "/v1/imports/{batch}",
            Doc::new(
                "Takes an import back: what was believed before holds again",
                "ImportDone",
            ),
            undo,
        ),
    ]
}

async fn import(
    State(app): State<App>,
    asking: Asking,
    params: Params,
    body: Body,
) -> Result<Response, Error> {
    // Asked again by the node; asked here so that nobody sends a gigabyte for a "no".
    policy::decide(&asking.caller, &policy::Action::Import)
        .require()
        .map_err(twin_node::Error::from)?;
    let params = params.only(&["name", "mapping"])?;
    let name = params
        .owned("name")
        .ok_or_else(|| Error::malformed("`name` is missing").at("name"))?;
    if name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
        return Err(Error::malformed(
            "`name` has at most 255 bytes and no control characters",
        ));
    }
    let mapping = params.owned("mapping");
    let busy = |_| Error::new(Code::Busy, "another import is under way");
    let alone = app.importing.clone().try_acquire_owned().map_err(busy)?;
    let largest = usize::try_from(app.node.config().import_bytes_max).unwrap_or(usize::MAX);
    let bytes = request::body(body, largest).await?;
    let (sender, receiver) = mpsc::channel(LINES_WAITING_MAX);
    let node = app.node.clone();
    tokio::task::spawn_blocking(move || {
        let file = ImportFile {
            name: &name,
            bytes: &bytes,
            mapping: mapping.as_deref(),
        };
        work(&node, &asking.caller, &file, &sender, alone);
    });
    let lines = stream::unfold((receiver, first_line()), next_line);
    Ok(([(header::CONTENT_TYPE, NDJSON)], Body::from_stream(lines)).into_response())
}

/// A line of the answer.
#[derive(Debug)]
enum Line {
    Progress(Bytes),
    Last(Bytes),
}

fn first_line() -> Bytes {
    progress_line(Progress {
        stage: "reading",
        share: 0.0,
    })
}

/// The next line, or the last one again when nothing was said for a while. Dropping the
/// stream, because the reader has gone, closes the channel and so breaks the work off.
async fn next_line(
    (mut lines, last): (mpsc::Receiver<Line>, Bytes),
) -> Option<(Result<Bytes, Infallible>, (mpsc::Receiver<Line>, Bytes))> {
    match tokio::time::timeout(SILENCE_MAX, lines.recv()).await {
        Err(_) => Some((Ok(last.clone()), (lines, last))),
        Ok(None) => None,
        Ok(Some(Line::Progress(line))) => Some((Ok(line.clone()), (lines, line))),
        Ok(Some(Line::Last(line))) => {
            lines.close();
            Some((Ok(line), (lines, last)))
        }
    }
}

fn work(
    node: &Node,
    caller: &Caller,
    file: &ImportFile<'_>,
    lines: &mpsc::Sender<Line>,
    alone: OwnedSemaphorePermit,
) {
    let mut heard =
        |progress: Progress| match lines.try_send(Line::Progress(progress_line(progress))) {
            Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => ControlFlow::Continue(()),
            Err(mpsc::error::TrySendError::Closed(_)) => ControlFlow::Break(()),
        };
    let mut json = Json::with_capacity(512);
    match node.import(caller, file, &mut heard) {
        Ok(receipt) => json.object(|json| done(json.field("done"), &receipt)),
        Err(error) => json.object(|json| Error::from(error).write(json.field("error"))),
    }
    json.end_line();
    drop(alone);
    // A reader that has gone meanwhile finds the import in the list.
    let _ = lines.blocking_send(Line::Last(json.into_bytes().into()));
}

fn progress_line(progress: Progress) -> Bytes {
    let mut json = Json::with_capacity(64);
    json.object(|json| {
        // Three digits are more than a bar on a screen can show.
        let share = (f64::from(progress.share) * 1000.0).round() / 1000.0;
        json.field("progress").number(share);
        json.field("stage").text(progress.stage);
    });
    json.end_line();
    json.into_bytes().into()
}

fn done(json: &mut Json, receipt: &ImportReceipt) {
    write::import_done(json, &receipt.record, receipt.commit.0);
}

async fn imports(State(app): State<App>, asking: Asking) -> Result<Response, Error> {
    let imports = app.node.imports(&asking.caller)?.into_inner();
    let commit = app.node.read(&asking.caller)?.commit();
    Ok(answer::about(commit, 512 * (imports.len() + 1), |json| {
        json.field("imports")
            .list(&imports, |json, import| write::import(json, import));
    }))
}

async fn undo(
    State(app): State<App>,
    asking: Asking,
    Name(batch): Name,
) -> Result<Response, Error> {
    let batch = batch.parse().map(BatchId).map_err(|_| {
        Error::malformed("an import is named by the number of its batch").at("batch")
    })?;
    let receipt = app
        .work(move |node| Ok(node.undo_import(&asking.caller, batch)?))
        .await?;
    Ok(answer::of_commit(receipt.commit, 512, |json, _| {
        done(json, &receipt);
    }))
}
