//! What walking costs: metres across a floor, metres along a stair, the wait for a lift.

use crate::graph::{Portal, PortalKind, SpaceIndex};

/// How many metres of level floor one metre along a stair's slope is worth: walking speed goes
/// with k = 1.40 on the level and k = 1.08 on a stair of 7 by 11 inches (SFPE Handbook of Fire
/// Protection Engineering, 5th edition, chapter 59, table of evacuation speed constants).
pub const STAIR_FACTOR: f64 = 1.40 / 1.08;

/// Slope of a stair of 7 inch risers and 11 inch treads: metres walked per metre climbed, used
/// where only the height of a link is known.
pub(super) const STAIR_RUN_PER_RISE: f64 = 1.862;

/// Waiting and riding, expressed in metres of level floor: a lift is not worth it for one storey.
/// A judgement: 40 s at 1.2 m/s.
const LIFT_M: f64 = 48.0;

/// What a leg between points of which one is not known counts, in metres. A judgement, the
/// middle of common rooms; every such leg is counted in [`Route::unmeasured_legs`](super::Route::unmeasured_legs).
const UNMEASURED_LEG_M: f64 = 8.0;

pub(crate) struct Leg {
    pub(crate) metres: f64,
    pub(crate) measured: bool,
}

/// The straight way between two points of one space: the shortest it can be.
pub(crate) fn leg(a: Option<[f64; 3]>, b: Option<[f64; 3]>) -> Leg {
    match (a, b) {
        (Some(a), Some(b)) => {
            let (east, north) = (a[0] - b[0], a[1] - b[1]);
            Leg {
                metres: (east * east + north * north).sqrt(),
                measured: true,
            }
        }
        _ => Leg {
            metres: UNMEASURED_LEG_M,
            measured: false,
        },
    }
}

pub(crate) struct Cost {
    pub(crate) length_m: f64,
    pub(crate) effort_m: f64,
    pub(crate) measured: bool,
}

/// What crossing the portal itself costs: nothing for a door, the flight for a stair.
pub(crate) fn crossing_cost(portal: &Portal) -> Cost {
    let rise = match (portal.position, portal.far_position) {
        (Some(a), Some(b)) => Some((b[2] - a[2]).abs()),
        _ => None,
    };
    match portal.kind {
        PortalKind::StairLink => {
            // Where only one end is known, a common storey of 3.2 m is assumed and counted.
            let length_m = rise.unwrap_or(3.2) * STAIR_RUN_PER_RISE;
            Cost {
                length_m,
                effort_m: length_m * STAIR_FACTOR,
                measured: rise.is_some(),
            }
        }
        PortalKind::LiftLink => Cost {
            length_m: 0.0,
            effort_m: LIFT_M,
            measured: true,
        },
        _ => Cost {
            length_m: 0.0,
            effort_m: 0.0,
            measured: true,
        },
    }
}

/// The end of the portal that lies in `space`. Links have two: the first in their first space,
/// the far one in their second. Other portals have one.
pub(crate) fn end_in(portal: &Portal, space: SpaceIndex) -> Option<[f64; 3]> {
    let second = portal.spaces.get(1) == Some(&space);
    let is_link = matches!(portal.kind, PortalKind::StairLink | PortalKind::LiftLink);
    portal
        .far_position
        .filter(|_| is_link && second)
        .or(portal.position)
}
