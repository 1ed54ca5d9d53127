//! What can go wrong with a request: a code, a sentence, and what to do about it.
//!
//! Every code has a page in `docs/errors/` that says the same at more length. What a
//! caller may not know of and what is not there give the same answer, word for word.

use crate::wire::Json;
use crate::wire::fields::Refused;
use crate::wire::value::shortened;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use twin_node::ClaimCode;

/// What sort of problem; the list is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// The request does not have the form of the contract.
    Malformed,
    /// No caller.
    Unauthenticated,
    /// The caller's role does not suffice.
    Forbidden,
    /// Not there, or not for this caller.
    NotFound,
    /// Another method is meant.
    Method,
    /// The request did not arrive in time.
    Timeout,
    /// Does not fit what is there.
    Conflict,
    /// Larger than is accepted.
    TooLarge,
    /// Well formed, but cannot be done.
    Unprocessable,
    /// Too many attempts, or too much at once.
    Busy,
    /// A fault of the node.
    Internal,
    /// Starting, or takes no claims now.
    Unavailable,
    /// Needs an organisation, and none was founded.
    NoOrganisation,
    /// Another organisation's node was not reached, or refused.
    Link,
    /// A claim was refused.
    Claim(ClaimCode),
}

impl Code {
    /// Every code that is not a claim's.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 14] = [
        Self::Malformed,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::Method,
        Self::Timeout,
        Self::Conflict,
        Self::TooLarge,
        Self::Unprocessable,
        Self::Busy,
        Self::Internal,
        Self::Unavailable,
        Self::NoOrganisation,
        Self::Link,
    ];

    /// The code as written on the wire and as the name of its page.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "API-400",
            Self::Unauthenticated => "API-401",
            Self::Forbidden => "API-403",
            Self::NotFound => "API-404",
            Self::Method => "API-405",
            Self::Timeout => "API-408",
            Self::Conflict => "API-409",
            Self::TooLarge => "API-413",
            Self::Unprocessable => "API-422",
            Self::Busy => "API-429",
            Self::Internal => "API-500",
            Self::Unavailable => "API-503",
            Self::NoOrganisation => "LNK-001",
            Self::Link => "LNK-002",
            Self::Claim(code) => code.as_str(),
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Malformed | Self::Claim(ClaimCode::NotJson) => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::Claim(ClaimCode::NotYourSource) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict | Self::NoOrganisation => StatusCode::CONFLICT,
            Self::Link => StatusCode::BAD_GATEWAY,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Claim(ClaimCode::DiskBudget | ClaimCode::MemoryBudget) => {
                StatusCode::INSUFFICIENT_STORAGE
            }
            Self::Unprocessable | Self::Claim(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Busy => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    const fn help(self) -> &'static str {
        match self {
            Self::Malformed => "compare the request with docs/formats/http-api.md",
            Self::Unauthenticated => {
                "log in at POST /v1/session, or send `Authorization: Bearer TOKEN`"
            }
            Self::Forbidden => "ask an owner of this node for a role that may",
            Self::NotFound => "check the id; lists such as GET /v1/buildings say what is there",
            Self::Method => "see GET /v1/openapi.json for the methods of this path",
            Self::Timeout => "send the request again without pausing",
            Self::Conflict => "read what is there and decide again",
            Self::TooLarge => "send less at once",
            Self::Unprocessable => "the message says what cannot be done and why",
            Self::Busy => "wait a minute, then try again",
            Self::Internal => "this is a fault of the node: its log says more; please report it",
            Self::Unavailable => "wait; GET /v1/health says when the node is ready",
            Self::NoOrganisation => "found one with `twin org init` or POST /v1/organisation",
            Self::Link => "see that the other node runs and lets others in, then try again",
            Self::Claim(ClaimCode::NotJson) => "send one JSON object per claim, at most 64 KiB",
            Self::Claim(ClaimCode::BadField) => "the fields are listed in docs/formats/http-api.md",
            Self::Claim(ClaimCode::BadValue) => "state the value in the form of its attribute",
            Self::Claim(ClaimCode::NotYourSource) => "leave `source` out to claim in your own name",
            Self::Claim(ClaimCode::BadUnit) => "use a UCUM code of the right quantity",
            Self::Claim(ClaimCode::Future) => "set the clock of the source",
            Self::Claim(ClaimCode::DiskBudget) => "raise `disk_budget_bytes` or shorten retention",
            Self::Claim(ClaimCode::MemoryBudget) => "raise `memory_budget_bytes`",
        }
    }
}

/// A request that was not fulfilled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Error {
    code: Code,
    message: String,
    field: Option<String>,
}

impl Error {
    /// An error of this code with a sentence without final stop.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
        }
    }

    /// The same error at a field.
    pub(crate) fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The same error inside a field: `temperature`, or `temperature.unit`.
    pub(crate) fn inside(mut self, outer: &str) -> Self {
        let inner = self
            .field
            .take()
            .map(|field| format!(".{field}"))
            .unwrap_or_default();
        self.field = Some(shortened(outer) + &inner);
        self
    }

    /// The request does not have the form of the contract.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(Code::Malformed, message)
    }

    /// Nobody known asks.
    pub(crate) fn unauthenticated() -> Self {
        Self::new(Code::Unauthenticated, "log in, or send a token")
    }

    /// A fault of the node. What the caller gets says nothing about its inside.
    pub(crate) fn internal() -> Self {
        Self::new(Code::Internal, "the node failed at this request")
    }

    /// The disk of the node has no room.
    fn disk_full() -> Self {
        Self::new(
            Code::Unavailable,
            "the disk is full; make room, then try again",
        )
    }

    /// The JSON object of the contract.
    pub(crate) fn write(&self, json: &mut Json) {
        json.object(|json| {
            json.field("code").text(self.code.as_str());
            json.field("message").text(&self.message);
            json.field("help").text(self.code.help());
            if let Some(field) = &self.field {
                json.field("where")
                    .object(|json| json.field("field").text(field));
            }
        });
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        let Refused {
            code,
            message,
            field,
        } = refused;
        Self {
            code: Code::Claim(code),
            message,
            field: field.map(str::to_owned),
        }
    }
}

impl From<twin_node::Error> for Error {
    fn from(error: twin_node::Error) -> Self {
        use twin_node::Error as Node;
        let code = match &error {
            Node::Unauthenticated => Code::Unauthenticated,
            Node::Forbidden { .. } => Code::Forbidden,
            Node::NotFound { .. } => Code::NotFound,
            Node::Invalid(_) | Node::Import { .. } => Code::Unprocessable,
            Node::Conflict(_) | Node::Cancelled => Code::Conflict,
            Node::Busy(_) => Code::Busy,
            Node::ReadOnly(_) => Code::Unavailable,
            Node::NoOrganisation => Code::NoOrganisation,
            Node::Link(_) => Code::Link,
            Node::Store(twin_node::StoreError::Full(_)) => return Self::disk_full(),
            Node::Io { cause, .. } if twin_node::is_full(cause) => return Self::disk_full(),
            // What the disk or the operating system says may name paths: it goes to the
            // log and not to the caller.
            other => {
                tracing::error!(error = %other, "a request failed inside the node");
                return Self::internal();
            }
        };
        Self::new(code, error.to_string())
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut json = Json::with_capacity(256);
        self.write(&mut json);
        let mut response = Response::new(Body::from(json.into_bytes()));
        *response.status_mut() = self.code.status();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        match self.code {
            Code::Unauthenticated => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Code::Busy | Code::Unavailable => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
            }
            _ => {}
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by attack: an import onto a full disk was called a fault of the node.
    #[test]
    fn a_full_disk_is_called_so() {
        let error = Error::from(twin_node::Error::Io {
            what: "keeping the imported file",
            cause: std::io::ErrorKind::StorageFull.into(),
        });
        assert_eq!(error.code.as_str(), "API-503");
        assert!(error.message.contains("disk is full"), "{}", error.message);
    }

    #[test]
    fn every_code_has_a_page_and_the_status_that_it_names() {
        let pages = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors");
        let claims = ClaimCode::ALL.into_iter().map(Code::Claim);
        for code in Code::ALL.into_iter().chain(claims) {
            let page = format!("{pages}/{}.md", code.as_str());
            assert!(
                std::path::Path::new(&page).exists(),
                "no page for {}",
                code.as_str()
            );
            if let Some(status) = code.as_str().strip_prefix("API-") {
                assert_eq!(code.status().as_str(), status);
            }
        }
    }
}
