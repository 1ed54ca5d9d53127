//! The page: the files of the web application, with the headers that keep a browser
//! from doing anything with them but showing them.

use crate::endpoint::guard;
use crate::error::{Code, Error};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use std::borrow::Cow;
use twin_ui::Asset;

/// Answers every path that is no resource. Under `/v1` nothing is a file.
pub(crate) async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let mut response = if uri.path().starts_with("/v1/") || uri.path() == "/v1" {
        Error::new(Code::NotFound, "the interface has no such path").into_response()
    } else if !matches!(method, Method::GET | Method::HEAD) {
        Error::new(Code::Method, "files can only be read").into_response()
    } else {
        match twin_ui::asset(uri.path()) {
            Some(asset) => file(asset, &headers),
            None => Error::new(Code::NotFound, "there is no such page").into_response(),
        }
    };
    guard(&mut response);
    response
}

fn file(asset: Asset, asked: &HeaderMap) -> Response {
    let mut response = Response::new(Body::empty());
    protect(response.headers_mut(), &asset);
    let known = asked
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok());
    if known.is_some_and(|tags| tags.split(',').any(|tag| same_tag(tag, &asset.etag))) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(asset.content_type),
    );
    let bytes = match asset.brotli {
        Some(compressed) if accepts(asked, "br") => {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
            compressed
        }
        _ => asset.bytes,
    };
    *response.body_mut() = match bytes {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    };
    response
}

/// Weak comparison (RFC 9110 §8.8.3.2).
fn same_tag(given: &str, ours: &str) -> bool {
    let given = given.trim();
    given == "*" || given.strip_prefix("W/").unwrap_or(given) == ours
}

/// Whether the asker takes this coding (RFC 9110 §12.5.3).
pub(crate) fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok());
    accepted.is_some_and(|list| {
        list.split(',').any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            let refused = |weight: &str| {
                weight.strip_prefix("q=").and_then(|q| q.parse().ok()) == Some(0.0_f32)
            };
            let name = parts.next().unwrap_or_default();
            name.eq_ignore_ascii_case(wanted) && !parts.any(refused)
        })
    })
}

fn protect(headers: &mut HeaderMap, asset: &Asset) {
    const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
    const RESOURCE: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
    let fixed = HeaderValue::from_static;
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        fixed(twin_ui::CONTENT_SECURITY_POLICY),
    );
    headers.insert(header::REFERRER_POLICY, fixed("no-referrer"));
    headers.insert(header::X_FRAME_OPTIONS, fixed("DENY"));
    headers.insert(OPENER, fixed("same-origin"));
    headers.insert(RESOURCE, fixed("same-origin"));
    headers.insert(header::VARY, fixed("accept-encoding"));
    let lasting = if asset.immutable {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(header::CACHE_CONTROL, fixed(lasting));
    if let Ok(tag) = HeaderValue::from_str(&asset.etag) {
        headers.insert(header::ETAG, tag);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressed_files_go_only_to_who_takes_them() {
        for (accepted, expected) in [
            ("gzip, br", true),
            ("br;q=0.5", true),
            ("br;q=0", false),
            ("br; q=0.0, gzip", false),
            ("gzip", false),
            ("brotli", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            assert_eq!(accepts(&headers, "br"), expected, "{accepted}");
        }
        assert!(!accepts(&HeaderMap::new(), "br"));
    }

    #[test]
    fn tags_are_compared_weakly() {
        assert!(same_tag(" W/\"a\"", "\"a\""));
        assert!(same_tag("*", "\"a\""));
        assert!(!same_tag("\"b\"", "\"a\""));
    }
}
