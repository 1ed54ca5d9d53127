//! Points: what sensors say under names of their own, and which room each tells of.
//!
//! A message comes in under a topic that means nothing until somebody says that it is the
//! temperature of room 12.05. Until then it is kept under the sensor's own twin, so that an
//! alarm of which nobody knows where it sounds is seen at once. A suggestion moves nothing:
//! only what a person confirmed is recorded as a reading of the room.
//!
//! The mapping of a point is the newest that a person stated (`pointMapping`, a verbatim
//! attribute of the sensor), else what was suggested. Format: `docs/formats/points.md`.

mod intake;
mod review;
mod table;

pub use intake::Taken;
pub use review::{Decision, Mapped, PointCounts, PointFilter, PointLine, PointPage, PointState};
pub(crate) use table::{PointTable, json_of, verbatim};
