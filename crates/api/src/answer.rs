//! Answers: bytes that are written once, with their headers.

use crate::wire::Json;
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use twin_model::CommitNumber;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// JSON that is about one commit. The tag is weak: two answers of one commit mean the
/// same but for the ages of what they say, which go on counting. For the same reason
/// `If-None-Match` is not asked: the present answer is never "as before".
pub(crate) fn of_commit(
    commit: CommitNumber,
    capacity: usize,
    write: impl FnOnce(&mut Json, u64),
) -> Response {
    let mut json = Json::with_capacity(capacity);
    write(&mut json, commit.0);
    let mut response = bytes(json);
    if let Some(tag) = tag(commit) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// Like [`of_commit`], for an object that names the commit before its other fields.
pub(crate) fn about(
    commit: CommitNumber,
    capacity: usize,
    fields: impl FnOnce(&mut Json),
) -> Response {
    of_commit(commit, capacity, |json, commit| {
        json.object(|json| {
            json.field("commit").integer(commit);
            fields(json);
        });
    })
}

/// Like [`of_commit`], for answers of tens of kilobytes: packed with gzip for whoever
/// takes it. Estimates repeat the same words, so a plan shrinks to a fifteenth.
pub(crate) fn of_commit_packed(
    commit: CommitNumber,
    capacity: usize,
    takes_gzip: bool,
    write: impl FnOnce(&mut Json, u64),
) -> Response {
    let mut json = Json::with_capacity(capacity);
    write(&mut json, commit.0);
    let mut response = if takes_gzip { gzip(json) } else { bytes(json) };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(tag) = tag(commit) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn gzip(json: Json) -> Response {
    let plain = json.into_bytes();
    let mut packer = GzEncoder::new(Vec::with_capacity(plain.len() / 8), Compression::fast());
    // Writing into memory does not fail.
    let packed = packer.write_all(&plain).and_then(|()| packer.finish());
    let Ok(packed) = packed else {
        return Response::new(Body::from(plain));
    };
    let mut response = Response::new(Body::from(packed));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, JSON);
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    response
}

/// JSON that is about no commit.
pub(crate) fn json(write: impl FnOnce(&mut Json)) -> Response {
    let mut json = Json::with_capacity(256);
    write(&mut json);
    bytes(json)
}

fn bytes(json: Json) -> Response {
    let mut response = Response::new(Body::from(json.into_bytes()));
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

/// `W/"812"`.
fn tag(commit: CommitNumber) -> Option<HeaderValue> {
    let mut text = [0; 25];
    let mut rest = &mut text[..];
    write!(rest, "W/\"{}\"", commit.0).ok()?;
    let left = rest.len();
    HeaderValue::from_bytes(&text[..text.len() - left]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_name_the_commit() {
        for (commit, expected) in [(0, "W/\"0\""), (u64::MAX, "W/\"18446744073709551615\"")] {
            assert_eq!(tag(CommitNumber(commit)).unwrap(), expected);
        }
    }
}
