//! The running node: it owns *now*, the single writer, the recovered state and the
//! configuration, and gives the faces (HTTP, command line) one façade.
//!
//! A claim comes in through [`Node::submit`]: it is checked, bound to whoever makes it,
//! written to the log, weighed into the state, and only then acknowledged. Questions go
//! through [`Node::read`], which looks at one immutable picture for one caller.
//!
//! **Boundary:** faces use what is exported here and nothing else; no text of any
//! protocol is known here.
//! **Invariant (SINGLE-WRITER):** one thread changes the state; see `writer`.
//! **Invariant (RELEASE-ONLY):** every answer is a `View` made by `twin-policy`.

mod answer;
mod bearing;
mod books;
mod cell;
mod changes;
mod city;
mod clock;
pub mod config;
mod cow;
mod credentials;
mod error;
mod fact_trust;
mod finding;
mod housekeeping;
mod identity;
mod importing;
mod inference;
mod influence;
mod journal;
mod link;
mod live;
mod marks;
mod names;
mod node;
mod past;
mod picture;
mod points;
mod prepare;
mod quarantine;
mod reader;
mod received;
mod recover;
mod refold;
mod routing;
mod section;
mod snapshot;
mod spread;
mod structure;
mod suppose;
mod walls;
mod watch;
mod wheel;
mod writer;

pub use answer::*;
pub use city::{
    Comparison, Completeness, CompletenessLine, IdentityFilter, IdentityLine, IdentityState,
    MapFeature, MapLayer, MapQuery, MapSource, Named, Overview, PlanPlace, Said, Same, Shape,
};
pub use clock::{Clock, ManualClock, SystemClock};
pub use config::Config;
pub use credentials::{Account, NewToken, PASSWORD_LENGTH_MIN, Session, Token};
pub use error::Error;
pub use finding::{FOUND_MAX, Found, Near, Sought};
pub use identity::{IDENTITY_PREFIX, Identity};
pub use importing::{ImportFile, ImportReceipt, OnProgress, Progress};
pub use journal::{ImportChanges, ImportRecord};
pub use link::{
    Arrived, ContactLine, Disclosed, ExportRequest, InvitationLine, Invited, Inviter, MemberLine,
    NewRule, NoticeLine, Organisation, ShareLine,
};
pub use node::{Changes, Disks, Node, RecoveryReport, doctor, restore};
pub use points::{
    Decision, Mapped, PointAlarm, PointCounts, PointFilter, PointLine, PointPage, PointSaid,
    PointState, Taken,
};
pub use prepare::{ClaimCode, Draft, FUTURE_TOLERANCE_S, Mode, NUMBER_MAX, Receipt, Refusal};
pub use quarantine::QuarantineRecord;
pub use reader::{LIMIT_MAX, Reader};
pub use suppose::{ASKED_MAX, SUPPOSED_MAX};
pub use twin_fusion::calibration::{Report, Share};
pub use twin_import::points::{Recorded, read_messages};
pub use twin_link::Class;
pub use twin_store::{BackupReport, ErasureRecord, Error as StoreError, Problem, is_full};
