//! What is believed right now of getting through.
//!
//! Which door joins which rooms changes once a year; whether it can be passed changes while
//! smoke spreads. So a graph is built once, and every question brings along what is believed at
//! that moment.

use crate::graph::{Belief, PortalIndex, SpaceIndex};
use crate::streets::SegmentIndex;

/// A building by its place in the caller's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BuildingIndex(pub u32);

/// Whether people can pass now. Each is told what was believed when the graph was built and, where
/// nothing else is known, gives that back.
///
/// A search asks about each portal and space at most once, about streets more often.
pub trait Passability {
    /// Whether a portal can be passed.
    fn portal(&self, building: BuildingIndex, portal: PortalIndex, built: Belief) -> Belief {
        let _ = (building, portal);
        built
    }

    /// Whether a space can be passed.
    fn space(&self, building: BuildingIndex, space: SpaceIndex, built: Belief) -> Belief {
        let _ = (building, space);
        built
    }

    /// Whether a street segment can be walked.
    fn street(&self, segment: SegmentIndex, built: Belief) -> Belief {
        let _ = segment;
        built
    }
}

/// Everything as it was believed when the graph was built.
#[derive(Clone, Copy, Debug, Default)]
pub struct AsBuilt;

impl Passability for AsBuilt {}
