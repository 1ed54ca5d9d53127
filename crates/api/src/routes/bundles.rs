//! Bundle files, out and in, each in pieces: a file may be larger than memory.

use crate::App;
use crate::answer;
use crate::auth::Asking;
use crate::endpoint::{Doc, Endpoint, Method};
use crate::error::Error;
use crate::request::{self, Params};
use crate::wire::link as write;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use std::io;
use tokio::sync::mpsc;
use twin_node::ExportRequest;
use twin_policy as policy;

/// Media type of a bundle file.
const BUNDLES: &str = "application/vnd.twinternet.bundles";
/// Pieces on their way between a connection and the link; one has some megabytes.
const PIECES_WAITING_MAX: usize = 2;
/// Largest list of what the other side has: as many streams as a node carries.
const HAVE_BYTES_MAX: usize = 64 << 20;
/// Most members whose bundles one file is asked for.
const MEMBERS_MAX: usize = 256;

const OF: (&str, &str, bool) = (
    "of",
    "only what this node and these members wrote, by name or id, separated by commas",
    false,
);
const CONTINUED: (&str, &str, bool) = (
    "continued",
    "`true` to leave out the head, because a file that was cut goes on",
    false,
);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(
            Method::Get,
            "/v1/bundles",
            Doc::new("A bundle file of all that is held", "Text")
                .query(&[OF])
                .answers(BUNDLES),
            export,
        ),
        Endpoint::new(
            Method::Post,
            "/v1/bundles",
            Doc::new("Takes in what is whole in a bundle file", "BundlesTaken")
                .body(BUNDLES, "Text"),
            take_in,
        ),
        Endpoint::new(
            Method::Get,
            "/v1/bundles/have",
            Doc::new("What is here, so that others carry only the rest", "Text").answers(BUNDLES),
            have,
        ),
        Endpoint::new(
            Method::Post,
            "/v1/bundles/missing",
            Doc::new(
                "A bundle file without what the other side has, as told by its file",
                "Text",
            )
            .query(&[OF, CONTINUED])
            .body(BUNDLES, "Text")
            .answers(BUNDLES),
            missing,
        ),
    ]
}

/// Asked again by the node; asked here so that nobody sends a gigabyte for a "no".
fn may_carry(asking: &Asking) -> Result<(), Error> {
    let may = policy::decide(&asking.caller, &policy::Action::Carry).require();
    Ok(may.map_err(twin_node::Error::from)?)
}

fn members(params: &Params) -> Result<Vec<String>, Error> {
    let Some(text) = params.text("of") else {
        return Ok(Vec::new());
    };
    let members: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    if members.len() > MEMBERS_MAX {
        return Err(Error::malformed("`of` names more than 256 members").at("of"));
    }
    Ok(members)
}

async fn export(State(app): State<App>, asking: Asking, params: Params) -> Result<Response, Error> {
    let request = ExportRequest {
        members: members(&params.only(&["of"])?)?,
        ..ExportRequest::default()
    };
    send(&app, asking, request).await
}

async fn missing(
    State(app): State<App>,
    asking: Asking,
    params: Params,
    body: Body,
) -> Result<Response, Error> {
    may_carry(&asking)?;
    let params = params.only(&["of", "continued"])?;
    let (members, is_continued) = (members(&params)?, params.flag("continued")?);
    let have = request::body(body, HAVE_BYTES_MAX).await?;
    let request = ExportRequest {
        members,
        have: (!have.is_empty()).then(|| have.to_vec()),
        is_continued,
    };
    send(&app, asking, request).await
}

async fn have(State(app): State<App>, asking: Asking) -> Result<Response, Error> {
    app.read(move |node| {
        let summary = node.bundle_summary(&asking.caller)?.into_inner();
        Ok(([(header::CONTENT_TYPE, BUNDLES)], summary).into_response())
    })
    .await
}

type Piece = Result<Bytes, Error>;

/// Answers with the file, portion by portion. A refusal before the first is an answer of
/// its own; a failure after it breaks the answer off, so that nobody takes it for whole.
async fn send(app: &App, asking: Asking, request: ExportRequest) -> Result<Response, Error> {
    may_carry(&asking)?;
    let (sender, mut pieces) = mpsc::channel::<Piece>(PIECES_WAITING_MAX);
    let working = app.clone();
    tokio::spawn(async move {
        let failed = sender.clone();
        let work = working.work(move |node| {
            let gone = |_| twin_node::Error::Cancelled;
            let mut write =
                |portion: Vec<u8>| sender.blocking_send(Ok(portion.into())).map_err(gone);
            Ok(node.export_bundles(&asking.caller, request, &mut write)?)
        });
        if let Err(error) = work.await {
            let _ = failed.send(Err(error)).await;
        }
    });
    let first = pieces
        .recv()
        .await
        .unwrap_or_else(|| Err(Error::internal()))?;
    let rest = stream::unfold((Some(first), pieces), next_piece);
    Ok(([(header::CONTENT_TYPE, BUNDLES)], Body::from_stream(rest)).into_response())
}

type Sending = (Option<Bytes>, mpsc::Receiver<Piece>);

async fn next_piece((ready, mut pieces): Sending) -> Option<(io::Result<Bytes>, Sending)> {
    if let Some(piece) = ready {
        return Some((Ok(piece), (None, pieces)));
    }
    let piece = pieces.recv().await?;
    let piece = piece.map_err(|_| io::Error::other("the export failed"));
    Some((piece, (None, pieces)))
}

async fn take_in(State(app): State<App>, asking: Asking, body: Body) -> Result<Response, Error> {
    may_carry(&asking)?;
    let (pieces, waiting) = mpsc::channel::<Bytes>(PIECES_WAITING_MAX);
    let work = app.work(move |node| {
        let mut file = Arriving {
            waiting,
            piece: Bytes::new(),
        };
        Ok(node.import_bundles(&asking.caller, &mut file)?.into_inner())
    });
    // What arrived before a body broke off counts; the answer says that it was cut.
    let (_, arrived) = tokio::join!(request::feed(body, pieces), work);
    let arrived = arrived?;
    Ok(answer::json(|json| write::arrived(json, &arrived)))
}

/// A body as a file that is read while it arrives.
struct Arriving {
    waiting: mpsc::Receiver<Bytes>,
    piece: Bytes,
}

impl io::Read for Arriving {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.waiting.blocking_recv() {
                Some(piece) => self.piece = piece,
                None => return Ok(0),
            }
        }
        let bytes = self.piece.split_to(into.len().min(self.piece.len()));
        into[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}
