//! Who asks: a session cookie, or a token in the `Authorization` header.
//!
//! INVARIANT: RELEASE-ONLY: every handler that answers with more than whether the node
//! is up takes an [`Asking`]; without a known caller the request ends here.
//! Secrets are looked up and forgotten: nothing here is ever written to a log.

use crate::App;
use crate::error::{Code, Error};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use std::fmt;
use twin_model::Caller;
use twin_node::Node;

/// Name of the session cookie.
const COOKIE: &str = "twin_session";
/// A header that a foreign page cannot send without this node's consent, which it
/// never gives (Fetch standard, "CORS-preflight").
const OWN_PAGE: &str = "x-twin-request";

/// What the caller showed.
#[derive(Clone)]
pub(crate) enum Credential {
    /// A session cookie.
    Session(Box<str>),
    /// A token.
    Token(Box<str>),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Session(_) => "Session(…)",
            Self::Token(_) => "Token(…)",
        })
    }
}

impl Credential {
    /// The token if there is one, else the cookie.
    fn of(headers: &HeaderMap) -> Option<Self> {
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let (scheme, secret) = value.to_str().ok()?.split_once(' ')?;
            return scheme
                .eq_ignore_ascii_case("bearer")
                .then(|| Self::Token(secret.trim().into()));
        }
        let cookies = headers.get_all(header::COOKIE).into_iter();
        let pairs = cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(';'));
        pairs
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == COOKIE)
            .map(|(_, secret)| Self::Session(secret.into()))
    }

    /// Whose credential it is now; `None` once the session ended or the token is gone.
    pub(crate) fn caller(&self, node: &Node) -> Option<Caller> {
        match self {
            Self::Session(secret) => node.caller_of_session(secret),
            Self::Token(secret) => node.caller_of_token(secret),
        }
    }
}

/// A known caller.
#[derive(Debug)]
pub(crate) struct Asking {
    /// Who asks, in which role.
    pub(crate) caller: Caller,
    /// What was shown.
    pub(crate) credential: Credential,
}

impl FromRequestParts<App> for Asking {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let credential = Credential::of(&parts.headers).ok_or_else(Error::unauthenticated)?;
        let caller = credential
            .caller(&app.node)
            .ok_or_else(Error::unauthenticated)?;
        let reads = matches!(parts.method, Method::GET | Method::HEAD);
        if matches!(credential, Credential::Session(_)) && !reads {
            from_own_page(&parts.headers)?;
        }
        Ok(Self { caller, credential })
    }
}

/// Refuses what a foreign page could have made a browser send.
pub(crate) fn from_own_page(headers: &HeaderMap) -> Result<(), Error> {
    if headers.get(OWN_PAGE).is_some_and(|value| value == "1") {
        return Ok(());
    }
    let message = "a write with a session cookie needs the header `X-Twin-Request: 1`";
    Err(Error::new(Code::Forbidden, message))
}

/// The cookie that carries a new session. It ends with the browser; the node ends it
/// earlier when it is not used. The secret is letters, digits, `-` and `_` only.
pub(crate) fn session_cookie(secret: &str) -> Option<HeaderValue> {
    cookie(&format!(
        "{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Strict"
    ))
}

/// The cookie that takes the session's away.
pub(crate) fn no_cookie() -> Option<HeaderValue> {
    cookie(&format!(
        "{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
    ))
}

fn cookie(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&'static str, &'static str)], expected: &str) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        let got = match Credential::of(&map) {
            None => "nobody".to_owned(),
            Some(Credential::Session(secret)) => format!("session {secret}"),
            Some(Credential::Token(secret)) => format!("token {secret}"),
        };
        assert_eq!(got, expected, "{headers:?}");
    }

    #[test]
    fn credentials() {
        check(&[], "nobody");
        check(&[("cookie", "a=b; twin_session=xyz; c=d")], "session xyz");
        check(
            &[("cookie", "a=b"), ("cookie", "twin_session=xyz")],
            "session xyz",
        );
        check(&[("cookie", "not_twin_session=xyz")], "nobody");
        check(&[("authorization", "Bearer abc")], "token abc");
        check(
            &[
                ("authorization", "bearer abc"),
                ("cookie", "twin_session=xyz"),
            ],
            "token abc",
        );
        check(
            &[
                ("authorization", "Basic abc"),
                ("cookie", "twin_session=xyz"),
            ],
            "nobody",
        );
        check(&[("authorization", "Bearer")], "nobody");
    }

    #[test]
    fn a_secret_is_never_printed() {
        assert_eq!(format!("{:?}", Credential::Token("abc".into())), "Token(…)");
    }
}
