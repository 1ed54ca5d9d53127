//! Why bytes of another node, or a request of this one, are refused.

/// Why something is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Error {
    /// Bytes that are not of the form, or longer than a limit.
    #[error("the bytes are not {0} of a known version")]
    Malformed(&'static str),
    /// A signature that the stated key did not make.
    #[error("the signature of {0} is not by the key that it names")]
    Signature(&'static str),
    /// A stream that nobody has introduced.
    #[error("the stream is not known here")]
    UnknownStream,
    /// A bundle of a stream whose origin wrote two histories.
    #[error("the stream forked: its origin wrote two histories")]
    Forked,
    /// A sequence number of 0, or further ahead than a stream can be.
    #[error("the sequence number cannot be")]
    Sequence,
    /// A limit of [`crate::limits`].
    #[error("more {0} than allowed")]
    TooMany(&'static str),
    /// No key for the epoch or subject.
    #[error("no key for it")]
    NoKey,
    /// A ciphertext that the key does not open.
    #[error("the key does not open the content")]
    Decrypt,
    /// Content written by a later version.
    #[error("the content is of a later version")]
    Later,
    /// A topic number that no bundle held here explains.
    #[error("a topic is named in a bundle that is not here yet")]
    UnknownTopic,
    /// The epoch key is older than 24 hours, or there is none yet.
    #[error("the stream needs a new epoch")]
    EpochSpent,
    /// The topics of this epoch are used up.
    #[error("the epoch has no room for another topic")]
    TopicsSpent,
    /// A stub or expired bundle that has not expired yet.
    #[error("it has not expired yet")]
    NotExpired,
    /// The same bundle again.
    #[error("it is known already")]
    Known,
    /// A short body beside whose predecessor here it makes no sense.
    #[error("it does not follow on the bundle before it that is here")]
    Unfitting,
    /// The certificate names another stream, or the key was revoked.
    #[error("the writer of the stream is not trusted")]
    Untrusted,
}
