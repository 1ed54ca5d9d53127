//! Points: what sensors say under names of their own, and which room each tells of.
//!
//! A message comes in under a topic that means nothing until somebody says that it is the
//! temperature of room 12.05. Until then it is kept under the sensor's own twin, so that an
//! alarm of which nobody knows where it sounds is seen at once. What it says then may tell of
//! people: it is shown, and kept, like what does. A suggestion moves nothing:
//! only what a person confirmed is recorded as a reading of the room.
//!
//! The mapping of a point is the newest that a person stated (`pointMapping`, a verbatim
//! attribute of the sensor), else what was suggested. Format: `docs/formats/points.md`.

mod decide;
mod intake;
mod review;
mod said;
mod suggesting;
mod table;

pub use decide::{Decision, Mapped};
pub use intake::Taken;
pub use review::{PointAlarm, PointCounts, PointFilter, PointLine, PointPage, PointState};
pub use said::PointSaid;
pub(crate) use said::says_alarm;
pub(crate) use table::{PointTable, json_of, verbatim};
