//! What handlers take from a request: ids of the path, parameters of the query, the
//! body, each within bounds and each refused with a code when it is not of the contract.

use crate::App;
use crate::error::{Code, Error};
use crate::wire::fields::{JSON_SPACE, without_place};
use crate::wire::value::shortened;
use axum::body::Body;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use twin_model::{Attribute, EntityId, EntityKind, Time};

/// Largest JSON body of a request that is not bulk.
pub(crate) const BODY_BYTES_MAX: usize = 1 << 20;
/// Most items of a list in one answer.
const LIMIT_MAX: usize = 10_000;
/// Items of a list in one answer when the request does not say.
const LIMIT_USUAL: usize = 1000;
/// How a list is asked for page by page, as the description of the interface says it.
pub(crate) const AFTER: (&str, &str, bool) = ("after", "the `next` of the page before", false);
pub(crate) const LIMIT: (&str, &str, bool) = ("limit", "at most so many, up to 10,000", false);
/// How long a body may take from one piece to the next. A peer that sends slower than
/// this holds a connection for nothing.
const PIECE_WAIT: Duration = Duration::from_secs(15);
/// A body has this long, and a second more for every [`SLOWEST_BYTES_PER_S`] of it: one
/// that comes a byte at a time ends too.
const PATIENCE: Duration = Duration::from_secs(30);
/// Half a megabit per second: a poor mobile link.
const SLOWEST_BYTES_PER_S: u64 = 64 << 10;

/// The parts of the path that stand for something, decoded.
async fn path<T: DeserializeOwned + Send>(parts: &mut Parts) -> Result<T, Error> {
    Path::<T>::from_request_parts(parts, &())
        .await
        .map(|Path(value)| value)
        .map_err(|_| Error::malformed("the path is not UTF-8"))
}

/// The twin named in the path.
#[derive(Debug)]
pub(crate) struct Twin(pub(crate) EntityId);

impl FromRequestParts<App> for Twin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Error> {
        entity(&path::<String>(parts).await?, "id").map(Self)
    }
}

/// The twin and its attribute named in the path.
#[derive(Debug)]
pub(crate) struct TwinAttribute(pub(crate) EntityId, pub(crate) Attribute);

impl FromRequestParts<App> for TwinAttribute {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Error> {
        let (id, name) = path::<(String, String)>(parts).await?;
        Ok(Self(entity(&id, "id")?, attribute(&name)?))
    }
}

/// Some other name in the path.
#[derive(Debug)]
pub(crate) struct Name(pub(crate) String);

impl FromRequestParts<App> for Name {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Error> {
        path::<String>(parts).await.map(Self)
    }
}

fn entity(text: &str, field: &'static str) -> Result<EntityId, Error> {
    EntityId::new(text).map_err(|_| {
        Error::malformed(format!("`{}` is not the URI of a twin", shortened(text))).at(field)
    })
}

/// An attribute's name.
pub(crate) fn attribute(text: &str) -> Result<Attribute, Error> {
    Attribute::new(text).map_err(|_| {
        Error::malformed(format!(
            "`{}` is not the name of an attribute",
            shortened(text)
        ))
        .at("attribute")
    })
}

/// A kind of twins.
pub(crate) fn kind(word: &str) -> Result<EntityKind, Error> {
    EntityKind::parse(word).ok_or_else(|| {
        let words = EntityKind::ALL.map(EntityKind::as_str).join("`, `");
        Error::malformed(format!("`kind` is one of `{words}`")).at("kind")
    })
}

/// The parameters of the query.
#[derive(Debug)]
pub(crate) struct Params(Vec<(String, String)>);

impl FromRequestParts<App> for Params {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Error> {
        Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map(|Query(pairs)| Self(pairs))
            .map_err(|_| Error::malformed("the query is not of the form `name=value&…`"))
    }
}

impl Params {
    /// Refuses parameters that the resource does not have, and those given twice: a
    /// misspelt filter must not silently answer with everything.
    pub(crate) fn only(self, known: &[&str]) -> Result<Self, Error> {
        for (at, (name, _)) in self.0.iter().enumerate() {
            let name = name.as_str();
            if !known.contains(&name) {
                let message = format!("this resource has no parameter `{}`", shortened(name));
                return Err(Error::malformed(message).at(shortened(name)));
            }
            if self.0[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(Error::malformed(format!("`{name}` is given twice")).at(name));
            }
        }
        Ok(self)
    }

    /// The parameter as it is; an empty one counts as left out.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        (!value.is_empty()).then_some(value.as_str())
    }

    /// The same, owned.
    pub(crate) fn owned(&self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    /// A twin.
    pub(crate) fn entity(&self, name: &'static str) -> Result<Option<EntityId>, Error> {
        self.text(name).map(|text| entity(text, name)).transpose()
    }

    /// The kind of twins that are asked for.
    pub(crate) fn kind(&self) -> Result<Option<EntityKind>, Error> {
        self.text("kind").map(kind).transpose()
    }

    /// An instant.
    pub(crate) fn time(&self, name: &'static str) -> Result<Option<Time>, Error> {
        let parse = |text| {
            Time::parse(text).ok_or_else(|| {
                let example = "`2026-01-05T08:03:12.5Z`";
                let message = format!("`{}` is not a time such as {example}", shortened(text));
                Error::malformed(message).at(name)
            })
        };
        self.text(name).map(parse).transpose()
    }

    /// A whole number.
    pub(crate) fn integer(&self, name: &'static str) -> Result<Option<u64>, Error> {
        let parse = |text: &str| {
            text.parse().map_err(|_| {
                let message = format!("`{}` is not a whole number", shortened(text));
                Error::malformed(message).at(name)
            })
        };
        self.text(name).map(parse).transpose()
    }

    /// How many items at most.
    pub(crate) fn limit(&self) -> Result<usize, Error> {
        match self.integer("limit")? {
            None => Ok(LIMIT_USUAL),
            Some(limit @ 1..=10_000) => Ok(limit as usize),
            Some(_) => {
                Err(Error::malformed(format!("`limit` lies between 1 and {LIMIT_MAX}")).at("limit"))
            }
        }
    }

    /// `true` or `false`; left out means `false`.
    pub(crate) fn flag(&self, name: &'static str) -> Result<bool, Error> {
        match self.text(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Error::malformed(format!("`{name}` is `true` or `false`")).at(name)),
        }
    }
}

/// Takes a body of at most `bytes_max` bytes into memory. A body that came in one piece
/// is not copied.
pub(crate) async fn body(body: Body, bytes_max: usize) -> Result<Bytes, Error> {
    let hint = axum::body::HttpBody::size_hint(&body);
    if hint.lower() > bytes_max as u64 {
        return Err(too_large(bytes_max));
    }
    let longest = hint.upper().unwrap_or(bytes_max as u64);
    let patience = PATIENCE + Duration::from_secs(longest / SLOWEST_BYTES_PER_S);
    let whole = pieces(body, bytes_max, hint.lower() as usize);
    match tokio::time::timeout(patience, whole).await {
        Ok(whole) => whole,
        Err(_) => Err(too_slow()),
    }
}

fn too_large(bytes_max: usize) -> Error {
    Error::new(
        Code::TooLarge,
        format!("the body is larger than {bytes_max} bytes"),
    )
}

fn too_slow() -> Error {
    Error::new(Code::Timeout, "the body did not arrive in time")
}

async fn pieces(body: Body, bytes_max: usize, announced: usize) -> Result<Bytes, Error> {
    let mut pieces = body.into_data_stream();
    let mut first: Option<Bytes> = None;
    let mut joined = BytesMut::new();
    loop {
        let piece = match tokio::time::timeout(PIECE_WAIT, pieces.next()).await {
            Err(_) => return Err(too_slow()),
            Ok(None) => break,
            Ok(Some(Err(_))) => return Err(Error::malformed("the body broke off")),
            Ok(Some(Ok(piece))) => piece,
        };
        if joined.len() + first.as_ref().map_or(0, Bytes::len) + piece.len() > bytes_max {
            return Err(too_large(bytes_max));
        }
        match (first.take(), joined.is_empty()) {
            (None, true) => first = Some(piece),
            (Some(earlier), _) => {
                joined.reserve(announced.max(earlier.len() + piece.len()));
                joined.extend_from_slice(&earlier);
                joined.extend_from_slice(&piece);
            }
            (None, false) => joined.extend_from_slice(&piece),
        }
    }
    Ok(first.unwrap_or_else(|| joined.freeze()))
}

/// Hands on a body of any size, piece by piece, until nobody takes more of it. It ends at
/// the first piece that is late, and when all of it comes slower than a poor link would.
pub(crate) async fn feed(from: Body, to: mpsc::Sender<Bytes>) -> Result<(), Error> {
    let mut pieces = from.into_data_stream();
    let (mut bytes, mut waited) = (0, Duration::ZERO);
    loop {
        let asked = Instant::now();
        let next = timeout(PIECE_WAIT, pieces.next()).await;
        waited += asked.elapsed();
        let piece = match next {
            Err(_) => return Err(too_slow()),
            Ok(None) => return Ok(()),
            Ok(Some(Err(_))) => return Err(Error::malformed("the body broke off")),
            Ok(Some(Ok(piece))) => piece,
        };
        bytes += piece.len() as u64;
        if waited > PATIENCE + Duration::from_secs(bytes / SLOWEST_BYTES_PER_S) {
            return Err(too_slow());
        }
        if to.send(piece).await.is_err() {
            return Ok(());
        }
    }
}

/// A small JSON object, all of whose fields are known.
pub(crate) async fn object<T: DeserializeOwned>(from: Body) -> Result<T, Error> {
    let bytes = body(from, BODY_BYTES_MAX).await?;
    let starts = bytes
        .iter()
        .find(|&&byte| !JSON_SPACE.contains(&char::from(byte)));
    if starts != Some(&b'{') {
        return Err(Error::malformed("the body is not a JSON object, `{…}`"));
    }
    serde_json::from_slice(&bytes).map_err(|error| Error::malformed(without_place(&error)))
}
