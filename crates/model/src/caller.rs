//! Who asks. There is no read without a caller (RELEASE-ONLY).

use crate::id::SourceId;
use std::sync::Arc;

/// Whose request it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// A person with an account on this node.
    Account(Arc<str>),
    /// A source that holds a token: a sensor, a gateway, a program.
    Source(SourceId),
    /// Whoever can read this node's data directory: the command line beside it.
    Operator,
    /// Nobody that is known.
    Anonymous,
}

/// In which role the request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Runs the node: accounts, tokens, backup, erasure, and everything below.
    Owner,
    /// Keeps the building's data: imports, corrections, findings.
    Steward,
    /// Responds to an incident: reads the whole picture, makes observations.
    Responder,
    /// Reads what is not security-sensitive or personal.
    Viewer,
    /// Makes claims in the name of one source, and reads nothing.
    Source,
    /// May do nothing.
    Nobody,
}

impl Role {
    /// Every role that an account or token can have.
    pub const ALL: [Self; 5] = [
        Self::Owner,
        Self::Steward,
        Self::Responder,
        Self::Viewer,
        Self::Source,
    ];

    /// The word used in files and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Steward => "steward",
            Self::Responder => "responder",
            Self::Viewer => "viewer",
            Self::Source => "source",
            Self::Nobody => "nobody",
        }
    }

    /// The role with that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// Who asks, in which role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Whose request it is.
    pub principal: Principal,
    /// In which role.
    pub role: Role,
}

impl Caller {
    /// A caller nobody knows, who may see nothing.
    pub const ANONYMOUS: Self = Self {
        principal: Principal::Anonymous,
        role: Role::Nobody,
    };

    /// The command line beside the data directory.
    pub const OPERATOR: Self = Self {
        principal: Principal::Operator,
        role: Role::Owner,
    };
}
