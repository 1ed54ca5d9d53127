//! Which share of the building's doors the file lacks, told from the file itself.
//!
//! Rooms have doors. If one room in eight has none, about one door in eight is missing; if every
//! room has one, few are. Each room truly has some number of doors, each of which the file has
//! kept with the same probability, and the number seen is what is left: a thinned count.

use super::classes::Class;
use crate::ifc::building::Building;
use crate::ifc::network::Network;
use twin_space::{PortalKind, SpaceIndex};

/// Shares that are told apart.
const STEPS: usize = 61;
const STEP: f64 = 0.01;
/// Doors of one room that are told apart; more count as so many.
const DOORS_MAX: usize = 4;
/// Rooms by true number of doors before anything is seen, as a count of rooms: the four published
/// models at hand (Duplex, FZK-Haus, Institute, Office) and 20 rooms' worth of weight.
const ROOMS_PRIOR: [f64; DOORS_MAX + 1] = [0.3, 16.0, 2.7, 0.7, 0.3];
/// Rounds of estimating the share from the numbers and the numbers from the share.
const ROUNDS: usize = 12;
/// Smallest room that must have a door, in square metres.
const AREA_MIN_M2: f64 = 3.0;

/// How likely each share is.
#[derive(Clone, Debug)]
pub(super) struct Share {
    weights: [f64; STEPS],
}

impl Share {
    /// From the ordinary rooms of the building that have no open side.
    pub(super) fn of(building: &Building, network: &Network, classes: &[Class]) -> Self {
        let mut seen = [0.0; DOORS_MAX + 1];
        for (i, class) in classes.iter().enumerate() {
            if *class != Class::Room || building.spaces[i].cell.area_m2() < AREA_MIN_M2 {
                continue;
            }
            let portals = network.graph.portals_of(SpaceIndex(i as u32));
            let kinds = || portals.iter().map(|p| network.graph.portal(*p).kind);
            if kinds().all(|k| k == PortalKind::Door) {
                let exists = network.graph.spaces()[i].exists.probability();
                seen[kinds().count().min(DOORS_MAX)] += exists.unwrap_or(1.0);
            }
        }
        Self::estimate(seen)
    }

    /// From rooms by number of doors seen.
    fn estimate(seen: [f64; DOORS_MAX + 1]) -> Self {
        let mut truly = ROOMS_PRIOR;
        let mut share = Self {
            weights: [1.0 / STEPS as f64; STEPS],
        };
        for _ in 0..ROUNDS {
            let total: f64 = truly.iter().sum();
            share.weights = std::array::from_fn(|k| {
                let missing = k as f64 * STEP;
                let by_rooms: f64 = (0..=DOORS_MAX)
                    .map(|c| {
                        let p: f64 = (c..=DOORS_MAX)
                            .map(|n| truly[n] / total * kept(n, c, missing))
                            .sum();
                        seen[c] * p.max(1e-12).ln()
                    })
                    .sum();
                by_rooms + prior(missing).ln()
            });
            let top = share.weights.iter().copied().fold(f64::MIN, f64::max);
            share.weights = share.weights.map(|w| (w - top).exp());
            let sum: f64 = share.weights.iter().sum();
            share.weights = share.weights.map(|w| w / sum);
            truly = numbers(seen, truly, share.mean());
        }
        share
    }

    /// The mean share.
    pub(super) fn mean(&self) -> f64 {
        self.average(|missing| missing)
    }

    /// The mean of something that depends on the share.
    pub(super) fn average(&self, of: impl Fn(f64) -> f64) -> f64 {
        let each = self.weights.iter().enumerate();
        each.map(|(k, w)| w * of(k as f64 * STEP)).sum()
    }
}

/// Most files lack few doors, some many. A judgement.
fn prior(missing: f64) -> f64 {
    (missing + 0.005).powf(-0.2) * (1.0 - missing).powi(3)
}

/// Probability that `c` of `n` doors are kept.
fn kept(n: usize, c: usize, missing: f64) -> f64 {
    const CHOOSE: [[f64; 5]; 5] = [
        [1.0, 0.0, 0.0, 0.0, 0.0],
        [1.0, 1.0, 0.0, 0.0, 0.0],
        [1.0, 2.0, 1.0, 0.0, 0.0],
        [1.0, 3.0, 3.0, 1.0, 0.0],
        [1.0, 4.0, 6.0, 4.0, 1.0],
    ];
    let power = |p: f64, n: usize| p.powi(i32::try_from(n).unwrap_or(i32::MAX));
    CHOOSE[n][c] * power(1.0 - missing, c) * power(missing, n - c)
}

/// Rooms by true number of doors, given those seen.
fn numbers(
    seen: [f64; DOORS_MAX + 1],
    before: [f64; DOORS_MAX + 1],
    missing: f64,
) -> [f64; DOORS_MAX + 1] {
    let mut after = ROOMS_PRIOR;
    for (c, rooms) in seen.iter().enumerate() {
        let p: Vec<f64> = (c..=DOORS_MAX)
            .map(|n| before[n] * kept(n, c, missing))
            .collect();
        let total: f64 = p.iter().sum();
        for (n, p) in (c..=DOORS_MAX).zip(p) {
            after[n] += rooms * p / total.max(1e-12);
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_read_off_rooms_without_doors() {
        for (seen, low, high) in [
            ([0.0, 90.0, 10.0, 0.0, 0.0], 0.0, 0.03),
            ([10.0, 82.0, 8.0, 0.0, 0.0], 0.05, 0.13),
            ([22.0, 72.0, 6.0, 0.0, 0.0], 0.15, 0.25),
            ([0.0, 1.0, 0.0, 0.0, 0.0], 0.0, 0.15),
        ] {
            let mean = Share::estimate(seen).mean();
            assert!((low..high).contains(&mean), "{seen:?} {mean}");
        }
    }
}
