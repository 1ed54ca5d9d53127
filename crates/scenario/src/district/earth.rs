//! Dutch national coordinates, made by formulas of this module's own.
//!
//! The town is laid out in metres, placed on the national grid (RD New, EPSG:28992), and from
//! there put on the globe (WGS 84). The map projection is the oblique stereographic one of
//! IOGP Guidance Note 7-2 (2023), 3.2.11, on the Bessel ellipsoid; the step from the Dutch to
//! the worldwide datum is the similarity transformation EPSG:4833 (coordinate frame rotation,
//! Guidance Note 7-2, 4.3.3).
//!
//! The formulas are exact to well below a millimetre. The similarity transformation itself
//! departs from the official RDNAPTRANS grid by up to some 0.25 m, the same everywhere in a
//! town, so distances within a scenario are not touched by it.

/// Degrees to radians for angles of the projection.
const fn rad(deg: f64) -> f64 {
    deg * std::f64::consts::PI / 180.0
}

/// An ellipsoid: half its long axis in metres, and its flattening.
#[derive(Debug, Clone, Copy)]
struct Ellipsoid {
    a_m: f64,
    flattening: f64,
}

/// Bessel 1841 (EPSG:7004).
const BESSEL: Ellipsoid = Ellipsoid {
    a_m: 6_377_397.155,
    flattening: 1.0 / 299.152_812_8,
};
/// WGS 84 (EPSG:7030).
const WGS84: Ellipsoid = Ellipsoid {
    a_m: 6_378_137.0,
    flattening: 1.0 / 298.257_223_563,
};

/// Parameters of RD New (EPSG:19914).
const LATITUDE_0: f64 = rad(52.0 + 9.0 / 60.0 + 22.178 / 3600.0);
const LONGITUDE_0: f64 = rad(5.0 + 23.0 / 60.0 + 15.5 / 3600.0);
const SCALE_0: f64 = 0.999_907_9;
const FALSE_EAST_M: f64 = 155_000.0;
const FALSE_NORTH_M: f64 = 463_000.0;

/// EPSG:4833: shifts in metres, turns in radians, scale in parts of one.
const SHIFT_M: [f64; 3] = [565.4171, 50.3319, 465.5524];
const TURN_RAD: [f64; 3] = [1.9342e-6, -1.6677e-6, 9.1019e-6];
const SCALE: f64 = 4.0725e-6;

impl Ellipsoid {
    fn e2(self) -> f64 {
        self.flattening * (2.0 - self.flattening)
    }

    /// Earth-centred coordinates of a point on the ellipsoid.
    fn to_geocentric(self, [latitude, longitude]: [f64; 2]) -> [f64; 3] {
        let nu = self.a_m / (1.0 - self.e2() * latitude.sin().powi(2)).sqrt();
        [
            nu * latitude.cos() * longitude.cos(),
            nu * latitude.cos() * longitude.sin(),
            nu * (1.0 - self.e2()) * latitude.sin(),
        ]
    }

    /// Latitude and longitude of earth-centred coordinates near the surface; the height is let
    /// go. Iterated until it stands still.
    fn to_geographic(self, [x, y, z]: [f64; 3]) -> [f64; 2] {
        let across = x.hypot(y);
        let mut latitude = (z / (across * (1.0 - self.e2()))).atan();
        for _ in 0..8 {
            let nu = self.a_m / (1.0 - self.e2() * latitude.sin().powi(2)).sqrt();
            latitude = ((z + self.e2() * nu * latitude.sin()) / across).atan();
        }
        [latitude, y.atan2(x)]
    }
}

/// The conformal sphere of the oblique stereographic projection.
struct Sphere {
    radius_m: f64,
    n: f64,
    c: f64,
    latitude_0: f64,
}

impl Sphere {
    fn new() -> Self {
        let (e2, sin, cos) = (BESSEL.e2(), LATITUDE_0.sin(), LATITUDE_0.cos());
        let e = e2.sqrt();
        let rho = BESSEL.a_m * (1.0 - e2) / (1.0 - e2 * sin * sin).powf(1.5);
        let nu = BESSEL.a_m / (1.0 - e2 * sin * sin).sqrt();
        let n = (1.0 + e2 * cos.powi(4) / (1.0 - e2)).sqrt();
        let s1 = (1.0 + sin) / (1.0 - sin);
        let s2 = (1.0 - e * sin) / (1.0 + e * sin);
        let w1 = (s1 * s2.powf(e)).powf(n);
        let sin_chi = (w1 - 1.0) / (w1 + 1.0);
        let c = (n + sin) * (1.0 - sin_chi) / ((n - sin) * (1.0 + sin_chi));
        let w2 = c * w1;
        Self {
            radius_m: (rho * nu).sqrt(),
            n,
            c,
            latitude_0: ((w2 - 1.0) / (w2 + 1.0)).asin(),
        }
    }

    /// Latitude and longitude on the Bessel ellipsoid, from grid coordinates.
    fn inverse(&self, [east_m, north_m]: [f64; 2]) -> [f64; 2] {
        let (x, y) = (east_m - FALSE_EAST_M, north_m - FALSE_NORTH_M);
        let double_m = 2.0 * self.radius_m * SCALE_0;
        let g = double_m * (std::f64::consts::FRAC_PI_4 - self.latitude_0 / 2.0).tan();
        let h = 2.0 * double_m * self.latitude_0.tan() + g;
        let i = (x / (h + y)).atan();
        let j = (x / (g - y)).atan() - i;
        let chi = self.latitude_0 + 2.0 * ((y - x * (j / 2.0).tan()) / double_m).atan();
        let longitude = (j + 2.0 * i) / self.n + LONGITUDE_0;
        let psi = 0.5 * ((1.0 + chi.sin()) / (self.c * (1.0 - chi.sin()))).ln() / self.n;
        let (e2, e) = (BESSEL.e2(), BESSEL.e2().sqrt());
        let mut latitude = 2.0 * psi.exp().atan() - std::f64::consts::FRAC_PI_2;
        for _ in 0..8 {
            let sin = latitude.sin();
            let along = (latitude / 2.0 + std::f64::consts::FRAC_PI_4).tan();
            let isometric = (along * ((1.0 - e * sin) / (1.0 + e * sin)).powf(e / 2.0)).ln();
            latitude -= (isometric - psi) * latitude.cos() * (1.0 - e2 * sin * sin) / (1.0 - e2);
        }
        [latitude, longitude]
    }
}

/// Longitude and latitude in degrees (WGS 84) of a point on the Dutch grid, in metres.
#[must_use]
pub fn rd_to_wgs84(rd_m: [f64; 2]) -> [f64; 2] {
    let [x, y, z] = BESSEL.to_geocentric(Sphere::new().inverse(rd_m));
    let [rx, ry, rz] = TURN_RAD;
    // Coordinate frame rotation: the axes turn, not the point.
    let turned = [
        x + rz * y - ry * z,
        -rz * x + y + rx * z,
        ry * x - rx * y + z,
    ];
    let mut moved = [0.0; 3];
    for axis in 0..3 {
        moved[axis] = SHIFT_M[axis] + (1.0 + SCALE) * turned[axis];
    }
    let [latitude, longitude] = WGS84.to_geographic(moved);
    [longitude.to_degrees(), latitude.to_degrees()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_projection_gives_the_worked_example_of_the_guidance_note() {
        // Guidance Note 7-2, 3.2.11: 53° N 6° E is 196105.283 E, 557057.739 N.
        let [latitude, longitude] = Sphere::new().inverse([196_105.283, 557_057.739]);
        assert!((latitude.to_degrees() - 53.0).abs() < 2e-8, "{latitude}");
        assert!((longitude.to_degrees() - 6.0).abs() < 2e-8, "{longitude}");
    }

    #[test]
    fn points_lie_where_another_implementation_puts_them() {
        // PROJ 9.5.1, EPSG:28992 to EPSG:4326.
        for (rd_m, expect) in [
            ([155_000.0, 463_000.0], [5.387_203_508, 52.155_172_301]),
            ([117_380.12, 575_040.34], [4.824_761_751, 53.160_752_444]),
            ([85_000.0, 447_000.0], [4.367_683_425, 52.006_949_099]),
        ] {
            let [longitude, latitude] = rd_to_wgs84(rd_m);
            let east_m = (longitude - expect[0]) * 68_000.0;
            let off_m = east_m.hypot((latitude - expect[1]) * 111_000.0);
            assert!(off_m < 0.1, "{longitude} {latitude}: {off_m} m off");
        }
    }

    #[test]
    fn a_step_on_the_grid_is_a_step_on_earth() {
        let from = rd_to_wgs84([85_000.0, 447_000.0]);
        let to = rd_to_wgs84([85_100.0, 447_000.0]);
        let metres = (to[0] - from[0]).to_radians() * 6_378_137.0 * from[1].to_radians().cos();
        assert!((metres - 100.0).abs() < 0.4, "{metres}");
    }
}
