//! What stands near a place: a register of rectangles on earth.
//!
//! A packed Hilbert R-tree in degrees finds what may lie within so many metres; the caller then
//! measures. It finds too much rather than too little, also near the poles and across the
//! longitude of 180°.

use static_aabb2d_index::{StaticAABB2DIndex, StaticAABB2DIndexBuilder};

/// Metres in a degree of latitude, rounded down: 110,574 at the equator, where it is shortest.
const DEGREE_LEAST_M: f64 = 110_500.0;

/// West, south, east and north ends in degrees.
pub(crate) type Box4 = [f64; 4];

/// Whether a place can be on earth at all: numbers, a longitude and a latitude.
pub(crate) fn is_place(place: [f64; 2]) -> bool {
    place[0].abs() <= 180.0 && place[1].abs() <= 90.0
}

/// Built once, then only read.
#[derive(Clone, Debug)]
pub(crate) struct Nearby {
    index: Option<StaticAABB2DIndex<f64>>,
    numbers: Vec<u32>,
}

impl Nearby {
    /// Files lines or areas by number; those without a place are left out.
    pub(crate) fn new<'p>(things: impl Iterator<Item = (u32, &'p [[f64; 2]])>) -> Self {
        let (numbers, boxes): (Vec<u32>, Vec<Box4>) = things
            .filter_map(|(number, points)| Some((number, box_of(points)?)))
            .unzip();
        let mut builder = StaticAABB2DIndexBuilder::new(boxes.len());
        for [west, south, east, north] in boxes {
            builder.add(west, south, east, north);
        }
        Self {
            // It refuses only a count of boxes other than announced.
            index: builder.build().ok(),
            numbers,
        }
    }

    /// Numbers of all that may lie within a radius, rising and each once.
    pub(crate) fn within(&self, at: [f64; 2], radius_m: f64) -> Vec<u32> {
        let mut found = Vec::new();
        for [west, south, east, north] in boxes_around(at, radius_m) {
            let index = self.index.iter();
            found.extend(index.flat_map(|i| i.query_iter(west, south, east, north)));
        }
        let mut found: Vec<u32> = found.into_iter().map(|i| self.numbers[i]).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Bytes that it holds on to.
    pub(crate) fn memory_bytes(&self) -> usize {
        let index = self.index.iter();
        let boxes: usize = index.map(|i| i.all_boxes().len()).sum();
        boxes * (size_of::<Box4>() + size_of::<usize>()) + self.numbers.len() * size_of::<u32>()
    }
}

fn box_of(points: &[[f64; 2]]) -> Option<Box4> {
    if points.is_empty() || !points.iter().all(|&p| is_place(p)) {
        return None;
    }
    let empty = [
        f64::INFINITY,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NEG_INFINITY,
    ];
    Some(points.iter().fold(empty, |[w, s, e, n], p| {
        [w.min(p[0]), s.min(p[1]), e.max(p[0]), n.max(p[1])]
    }))
}

/// The rectangle around a circle, twice where it reaches across 180°.
fn boxes_around([longitude, latitude]: [f64; 2], radius_m: f64) -> Vec<Box4> {
    let high = radius_m / DEGREE_LEAST_M;
    // A degree of longitude is at least as long as on a sphere of the equator's radius.
    let narrowest = libm::cos((latitude.abs() + high).min(90.0).to_radians());
    let wide = (high / narrowest.max(1e-9)).min(360.0);
    let around = |middle: f64| {
        [
            middle - wide,
            latitude - high,
            middle + wide,
            latitude + high,
        ]
    };
    [0.0, 360.0, -360.0]
        .into_iter()
        .map(|turn| around(longitude + turn))
        .filter(|b| b[0] <= 180.0 && b[2] >= -180.0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::earth::distance_m;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_near_is_missed(
            middle in (-180.0..180.0_f64, -89.9..89.9_f64),
            around in proptest::collection::vec((-0.02..0.02_f64, -0.02..0.02_f64), 1..40),
            radius_m in 1.0..3000.0_f64,
        ) {
            let wrap = |l: f64| (l + 540.0).rem_euclid(360.0) - 180.0;
            let places: Vec<[f64; 2]> = around.iter()
                .map(|(x, y)| [wrap(middle.0 + x), (middle.1 + y).clamp(-90.0, 90.0)])
                .collect();
            let nearby = Nearby::new(places.iter().map(std::slice::from_ref).zip(0..).map(|(p, i)| (i, p)));
            let found = nearby.within([middle.0, middle.1], radius_m);
            for (place, i) in places.iter().zip(0..) {
                if distance_m(*place, [middle.0, middle.1]) <= radius_m {
                    prop_assert!(found.contains(&i), "{place:?}");
                }
            }
        }
    }
}
