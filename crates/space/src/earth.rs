//! Places on earth, and where a building's own plan lies among them.
//!
//! A plan is drawn in metres from some corner of the site, with its own idea of "up the page"; a
//! map is drawn in degrees. To walk out of a door into the street both must lie in one picture.
//! A [`Frame`] lays the plan on the ground: where its origin stands and how far it is turned.
//! Within two kilometres of that origin it errs by less than a tenth of a millimetre.
//!
//! Places are `[longitude_deg, latitude_deg]` on the ellipsoid of WGS 84 (NGA.STND.0036, version
//! 1.0.0, table 3.1), heights left out: a walk uphill is counted by its length on the map.

use libm::{atan2, cos, sin};

/// Semi-major axis of the ellipsoid in metres.
const SEMI_MAJOR_M: f64 = 6_378_137.0;
const FLATTENING: f64 = 1.0 / 298.257_223_563;
/// Square of the semi-minor over the semi-major axis.
const AXES_RATIO_SQUARED: f64 = (1.0 - FLATTENING) * (1.0 - FLATTENING);

/// A place as seen from the centre of the earth: metres towards latitude and longitude 0, towards
/// longitude 90° east, and towards the north pole. Straight lines stay straight in it.
pub(crate) type Centric = [f64; 3];

/// Where on earth a plan lies.
///
/// ```
/// use twin_space::earth::{Frame, distance_m};
/// // A tower in Vaduz, its plan turned a quarter clockwise: what the plan calls up lies east.
/// let tower = Frame { latitude_deg: 47.14, longitude_deg: 9.52, rotation_deg: 90.0 };
/// let door = tower.to_earth([0.0, 30.0]);
/// assert!(door[0] > 9.52 && (door[1] - 47.14).abs() < 1e-7);
/// assert!((distance_m([9.52, 47.14], door) - 30.0).abs() < 1e-6);
/// assert!((tower.to_plan(door)[1] - 30.0).abs() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Latitude of the plan's origin.
    pub latitude_deg: f64,
    /// Longitude of the plan's origin.
    pub longitude_deg: f64,
    /// By how much the plan's y axis is turned from true north, clockwise.
    pub rotation_deg: f64,
}

impl Frame {
    /// A place on the plan (x and y in metres) as `[longitude_deg, latitude_deg]`.
    pub fn to_earth(&self, plan_m: [f64; 2]) -> [f64; 2] {
        let (s, c) = self.rotation();
        let east_m = plan_m[0] * c + plan_m[1] * s;
        let north_m = plan_m[1] * c - plan_m[0] * s;
        self.tangent().to_earth([east_m, north_m])
    }

    /// A place on earth as x and y of the plan in metres.
    pub fn to_plan(&self, place: [f64; 2]) -> [f64; 2] {
        let (s, c) = self.rotation();
        let [east_m, north_m] = self.tangent().plane(centric(place));
        [east_m * c - north_m * s, east_m * s + north_m * c]
    }

    /// A direction on the plan (a vector of any length) as metres east and north.
    pub fn direction(&self, plan: [f64; 2]) -> [f64; 2] {
        let (s, c) = self.rotation();
        [plan[0] * c + plan[1] * s, plan[1] * c - plan[0] * s]
    }

    fn rotation(&self) -> (f64, f64) {
        let angle = self.rotation_deg.to_radians();
        (sin(angle), cos(angle))
    }

    fn tangent(&self) -> Tangent {
        Tangent::at([self.longitude_deg, self.latitude_deg])
    }
}

/// Distance in metres between two places: the straight line, which within a kilometre is shorter
/// than the way along the ground by less than a micrometre (d³ / 24 R²). Unlike approximations by
/// degrees it never claims that a detour is shorter than the direct way.
pub fn distance_m(a: [f64; 2], b: [f64; 2]) -> f64 {
    straight_m(centric(a), centric(b))
}

/// Length in metres of a line on earth.
pub fn length_m(course: &[[f64; 2]]) -> f64 {
    course.windows(2).map(|w| distance_m(w[0], w[1])).sum()
}

/// The place as seen from the centre of the earth (EPSG Guidance Note 7-2, method 9602, at
/// ellipsoidal height 0).
pub(crate) fn centric(place: [f64; 2]) -> Centric {
    let (longitude, latitude) = (place[0].to_radians(), place[1].to_radians());
    let (s, c) = (sin(latitude), cos(latitude));
    let normal_m = SEMI_MAJOR_M / (1.0 - (1.0 - AXES_RATIO_SQUARED) * s * s).sqrt();
    [
        normal_m * c * cos(longitude),
        normal_m * c * sin(longitude),
        normal_m * AXES_RATIO_SQUARED * s,
    ]
}

/// The inverse of [`centric`] for points on the ellipsoid.
fn degrees([x, y, z]: Centric) -> [f64; 2] {
    let across = (x * x + y * y).sqrt();
    [
        atan2(y, x).to_degrees(),
        atan2(z, AXES_RATIO_SQUARED * across).to_degrees(),
    ]
}

/// Length of the straight line between two points.
pub(crate) fn straight_m(a: Centric, b: Centric) -> f64 {
    let d = minus(a, b);
    dot(d, d).sqrt()
}

/// The plane that touches the earth at one place: metres east and north of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tangent {
    origin: Centric,
    east: [f64; 3],
    north: [f64; 3],
    up: [f64; 3],
}

impl Tangent {
    pub(crate) fn at(place: [f64; 2]) -> Self {
        let (longitude, latitude) = (place[0].to_radians(), place[1].to_radians());
        let (sl, cl) = (sin(longitude), cos(longitude));
        let (sp, cp) = (sin(latitude), cos(latitude));
        Self {
            origin: centric(place),
            east: [-sl, cl, 0.0],
            north: [-sp * cl, -sp * sl, cp],
            up: [cp * cl, cp * sl, sp],
        }
    }

    /// Metres east and north (EPSG Guidance Note 7-2, method 9837, the height dropped).
    pub(crate) fn plane(&self, point: Centric) -> [f64; 2] {
        let d = minus(point, self.origin);
        [dot(d, self.east), dot(d, self.north)]
    }

    /// The place on the ground straight below a point of the plane: where the plumb line through
    /// it meets the ellipsoid. A point beyond the rim of the earth becomes one on the rim.
    pub(crate) fn to_earth(self, [east_m, north_m]: [f64; 2]) -> [f64; 2] {
        let above = std::array::from_fn(|i| {
            self.origin[i] + east_m * self.east[i] + north_m * self.north[i]
        });
        // |above + t up|² = 1, in units in which the ellipsoid is the unit sphere.
        let (p, u) = (to_sphere(above), to_sphere(self.up));
        let (a, b, c) = (dot(u, u), dot(p, u), dot(p, p) - 1.0);
        let t = -c / (b + (b * b - a * c).max(0.0).sqrt());
        degrees(std::array::from_fn(|i| above[i] + t * self.up[i]))
    }
}

fn to_sphere(v: [f64; 3]) -> [f64; 3] {
    let semi_minor_m = SEMI_MAJOR_M * (1.0 - FLATTENING);
    [
        v[0] / SEMI_MAJOR_M,
        v[1] / SEMI_MAJOR_M,
        v[2] / semi_minor_m,
    ]
}

fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The ellipsoidal orthographic projection by the radii of curvature (EPSG Guidance Note 7-2,
    /// method 9840): another road to the same plane.
    fn orthographic(origin: [f64; 2], place: [f64; 2]) -> [f64; 2] {
        let [l0, p0] = origin.map(f64::to_radians);
        let [l, p] = place.map(f64::to_radians);
        let e2 = FLATTENING * (2.0 - FLATTENING);
        let nu = |phi: f64| SEMI_MAJOR_M / (1.0 - e2 * phi.sin().powi(2)).sqrt();
        let east = nu(p) * p.cos() * (l - l0).sin();
        let north = nu(p) * (p.sin() * p0.cos() - p.cos() * p0.sin() * (l - l0).cos())
            + e2 * (nu(p0) * p0.sin() - nu(p) * p.sin()) * p0.cos();
        [east, north]
    }

    /// One degree at 45° by the radii of curvature M = (1 - e²) a / w³ and N = a / w: 111,131.8 m of
    /// latitude and 78,846.8 m of longitude.
    #[test]
    fn degrees_have_their_published_lengths() {
        for (a, b, metres) in [
            ([9.0, 44.999], [9.0, 45.001], 222.2635),
            ([8.999, 45.0], [9.001, 45.0], 157.6936),
        ] {
            assert!(
                (distance_m(a, b) - metres).abs() < 2e-4,
                "{}",
                distance_m(a, b)
            );
        }
        assert!((length_m(&[[9.0, 45.0], [9.001, 45.0], [9.0, 45.0]]) - 157.6936).abs() < 2e-4);
    }

    #[test]
    fn the_plan_turns_clockwise() {
        let frame = Frame {
            latitude_deg: 52.0,
            longitude_deg: 4.36,
            rotation_deg: 30.0,
        };
        let [east, north] = frame.direction([0.0, 2.0]);
        assert!((east - 1.0).abs() < 1e-12 && (north - 3_f64.sqrt()).abs() < 1e-12);
        let up = frame.to_earth([0.0, 100.0]);
        assert!(up[0] > 4.36 && up[1] > 52.0);
    }

    #[test]
    fn what_lies_beyond_the_rim_of_the_earth_is_still_a_place() {
        let frame = Frame {
            latitude_deg: 52.0,
            longitude_deg: 4.36,
            rotation_deg: 0.0,
        };
        assert!(frame.to_earth([1e8, 0.0]).iter().all(|d| d.is_finite()));
    }

    prop_compose! {
        fn any_frame()(latitude_deg in -89.0..89.0_f64, longitude_deg in -180.0..180.0_f64, rotation_deg in -360.0..360.0_f64) -> Frame {
            Frame { latitude_deg, longitude_deg, rotation_deg }
        }
    }

    proptest! {
        #[test]
        fn there_and_back_within_a_micrometre(frame in any_frame(), x in -2000.0..2000.0_f64, y in -2000.0..2000.0_f64) {
            let back = frame.to_plan(frame.to_earth([x, y]));
            prop_assert!((back[0] - x).abs() < 1e-7 && (back[1] - y).abs() < 1e-7, "{back:?}");
        }

        #[test]
        fn the_plane_is_that_of_the_radii_of_curvature(frame in any_frame(), x in -2000.0..2000.0_f64, y in -2000.0..2000.0_f64) {
            let upright = Frame { rotation_deg: 0.0, ..frame };
            let place = upright.to_earth([x, y]);
            let [east, north] = orthographic([frame.longitude_deg, frame.latitude_deg], place);
            prop_assert!((east - x).abs() < 1e-6 && (north - y).abs() < 1e-6, "{east} {north}");
        }

        #[test]
        fn turning_keeps_distances(frame in any_frame(), x in -2000.0..2000.0_f64, y in -2000.0..2000.0_f64) {
            let origin = [frame.longitude_deg, frame.latitude_deg];
            // A point of the plane lies a little above the ground: r³ / 2 R² at most.
            prop_assert!((distance_m(origin, frame.to_earth([x, y])) - (x * x + y * y).sqrt()).abs() < 4e-4);
        }
    }
}
