//! What a person may have to know: refusals, doubts, and what was given up.
//!
//! Each is said once while the node runs, so that a hostile peer cannot fill the log.

use std::collections::BTreeSet;
use std::fmt;
use twin_link::{OriginId, StreamId};

/// Notices that are remembered, so as not to say them again.
const REMEMBERED_MAX: usize = 1024;

/// Something to be logged once and shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Notice {
    /// A new incarnation began because continuity was in doubt.
    NewLife(Doubt),
    /// The origin of a stream wrote two histories; nothing more of it is believed.
    Forked {
        /// The stream.
        stream: StreamId,
        /// Who writes it, if this node is among its readers.
        origin: Option<OriginId>,
    },
    /// A member sent what is refused.
    Refused {
        /// The member.
        member: OriginId,
        /// Why.
        why: twin_link::Error,
    },
    /// A member uses more than its share of life safety, and counts as operational meanwhile.
    Demoted {
        /// The member over whose link it goes.
        member: OriginId,
    },
    /// The clock of a member is off.
    Clock {
        /// The member.
        member: OriginId,
        /// Whether it is ahead of ours.
        is_ahead: bool,
    },
    /// What an origin says is kept and carried but not believed: it is no peer.
    Stranger(OriginId),
    /// Bundles of a stream after the revocation of its writer's key are not believed.
    Revoked(StreamId),
    /// Bundles of a later release wait for an update of this node.
    Later(StreamId),
    /// A bundle that its key does not open, or that says nothing sensible.
    Unreadable(StreamId),
    /// A claim too large for any bundle is not shared.
    TooLarge {
        /// Its place in the log.
        sequence: u64,
    },
    /// Claims for somebody who is no member any more are not sent.
    NoReader(OriginId),
    /// Others' bundles have reached the byte budget: no more of theirs of this class is kept.
    Full(u8),
    /// A row of the depot could not be read.
    Damaged(u8),
    /// More streams than a node carries.
    TooManyStreams,
    /// A member has ended our membership: it listens to us no more and tells us nothing.
    RemovedBy(OriginId),
}

/// Why an incarnation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// The data stand in another place than before: a copy, or a restored backup.
    Place,
    /// The node's log remembers more than the depot.
    Tail,
    /// Somebody holds more of one of our streams than we do.
    Overtaken,
    /// One of our streams has two histories.
    Forked,
    /// The node has new keys.
    NewKeys,
}

impl Notice {
    /// The code under which the error pages explain it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NewLife(_) => "EXC-002",
            Self::Forked { .. } => "EXC-003",
            Self::Refused { .. } => "EXC-004",
            Self::Demoted { .. } => "EXC-005",
            Self::Clock { .. } => "EXC-006",
            Self::Stranger(_) => "EXC-007",
            Self::Revoked(_) => "EXC-008",
            Self::Later(_) => "EXC-009",
            Self::Full(_) => "EXC-010",
            Self::Unreadable(_) => "EXC-011",
            Self::TooLarge { .. } => "EXC-012",
            Self::NoReader(_) => "EXC-013",
            Self::Damaged(_) => "EXC-014",
            Self::TooManyStreams => "EXC-015",
            Self::RemovedBy(_) => "EXC-016",
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Place => "the data stand in another place than before",
            Self::Tail => "the node's log remembers more than the depot holds",
            Self::Overtaken => "somebody holds more of a stream of ours than we do",
            Self::Forked => "a stream of ours has two histories",
            Self::NewKeys => "the node has new keys",
        })
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NewLife(doubt) => write!(f, "a new incarnation begins: {doubt}"),
            Self::Forked { stream, origin } => match origin {
                Some(origin) => write!(f, "{origin} wrote two histories of stream {stream}"),
                None => write!(f, "somebody wrote two histories of stream {stream}"),
            },
            Self::Refused { member, why } => write!(f, "refused from {member}: {why}"),
            Self::Demoted { member } => {
                write!(f, "more life safety than agreed over the link to {member}")
            }
            Self::Clock { member, is_ahead } => {
                let side = if *is_ahead { "ahead of" } else { "behind" };
                write!(f, "the clock of {member} is {side} ours")
            }
            Self::Stranger(origin) => {
                write!(f, "{origin} is no peer; what it says is carried only")
            }
            Self::Revoked(stream) => write!(f, "the writer of stream {stream} was revoked"),
            Self::Later(stream) => write!(f, "stream {stream} is of a later release"),
            Self::Unreadable(stream) => write!(f, "a bundle of stream {stream} cannot be read"),
            Self::TooLarge { sequence } => write!(f, "claim {sequence} is too large to be shared"),
            Self::NoReader(origin) => write!(f, "{origin} is no member; nothing is sent to it"),
            Self::Full(class) => {
                write!(
                    f,
                    "others' bundles fill their budget: no more of class {class}"
                )
            }
            Self::Damaged(table) => write!(f, "a row of table {} is damaged", *table as char),
            Self::TooManyStreams => f.write_str("there are more streams than a node carries"),
            Self::RemovedBy(origin) => write!(f, "{origin} has ended our membership"),
        }
    }
}

/// Notices that wait to be taken, each once.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    said: BTreeSet<Notice>,
    waiting: Vec<Notice>,
}

impl Notices {
    pub(crate) fn say(&mut self, notice: Notice) {
        if self.said.len() < REMEMBERED_MAX && self.said.insert(notice.clone()) {
            self.waiting.push(notice);
        }
    }

    pub(crate) fn take(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_page_and_is_said_once() {
        let all = [
            Notice::NewLife(Doubt::Place),
            Notice::Forked {
                stream: StreamId([1; 16]),
                origin: None,
            },
            Notice::Refused {
                member: OriginId([2; 16]),
                why: twin_link::Error::Sequence,
            },
            Notice::Demoted {
                member: OriginId([2; 16]),
            },
            Notice::Clock {
                member: OriginId([2; 16]),
                is_ahead: true,
            },
            Notice::Stranger(OriginId([2; 16])),
            Notice::Revoked(StreamId([1; 16])),
            Notice::Later(StreamId([1; 16])),
            Notice::Unreadable(StreamId([1; 16])),
            Notice::TooLarge { sequence: 4 },
            Notice::NoReader(OriginId([2; 16])),
            Notice::Full(3),
            Notice::Damaged(b'B'),
            Notice::TooManyStreams,
            Notice::RemovedBy(OriginId([2; 16])),
        ];
        let pages = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors");
        let mut notices = Notices::default();
        for notice in &all {
            let page = std::fs::read_to_string(format!("{pages}/{}.md", notice.code()));
            let page = page.expect("a page");
            assert!(page.starts_with(&format!("# {}: ", notice.code())));
            assert!(!notice.to_string().is_empty());
            notices.say(notice.clone());
            notices.say(notice.clone());
        }
        assert_eq!(notices.take(), all);
    }
}
