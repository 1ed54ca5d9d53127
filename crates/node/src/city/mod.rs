//! What lies outside: streets, land and buildings on earth, which of them are one and the same,
//! and the ways between them and the rooms inside.
//!
//! A building's plan has its own metres; a map has degrees. Everything here is worked out from
//! claims like everything else: where a building stands, which street its exits lead to, and
//! that the owner's tower is the municipality's block.

pub(crate) mod atlas;
mod completeness;
mod map;
mod recognise;
mod same;
pub(crate) mod ways;

pub use atlas::PlanPlace;
pub use completeness::{Completeness, CompletenessLine};
pub use map::{MapFeature, MapLayer, MapQuery, MapSource, Overview, Shape};
pub use same::{Comparison, IdentityFilter, IdentityLine, IdentityState, Named, Said, Same};
