//! What can go wrong at the node's façade; each has a code and a page in `docs/errors/`.

use crate::{config, journal};
use twin_store as store;

/// Why a request was not fulfilled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No caller, or one that is not known.
    #[error("log in, or send a token")]
    Unauthenticated,
    /// The caller's role does not suffice.
    #[error("not permitted: {reason}")]
    Forbidden {
        /// The rule, in words.
        reason: String,
    },
    /// No such thing here, or not for this caller.
    #[error("no {what} `{id}` is known here")]
    NotFound {
        /// What sort of thing.
        what: &'static str,
        /// What was asked for.
        id: String,
    },
    /// The request makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The request does not fit what is there.
    #[error("{0}")]
    Conflict(String),
    /// Too many attempts or too much at once.
    #[error("{0}")]
    Busy(String),
    /// The file cannot be imported.
    #[error("`{name}` cannot be imported: {reason}")]
    Import {
        /// The file.
        name: String,
        /// What was found.
        reason: String,
    },
    /// The caller broke the work off; nothing was changed.
    #[error("cancelled; nothing was changed")]
    Cancelled,
    /// The writer has stopped: the store refused, or the node is closing.
    #[error("the node takes no claims now: {0}")]
    ReadOnly(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A batch in the log.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// The state on disk.
    #[error("the saved state cannot be read: {0}")]
    Snapshot(String),
    /// No organisation was founded here.
    #[error("no organisation is founded on this node; `twin org init` does")]
    NoOrganisation,
    /// The link to other organisations, or another node, refused.
    #[error("{0}")]
    Link(String),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// A file beside the store.
    #[error("{what}: {cause}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// What the system says.
        cause: std::io::Error,
    },
}

impl From<twin_policy::Refusal> for Error {
    fn from(refusal: twin_policy::Refusal) -> Self {
        match refusal {
            twin_policy::Refusal::Anonymous => Self::Unauthenticated,
            other => Self::Forbidden {
                reason: other.to_string(),
            },
        }
    }
}
