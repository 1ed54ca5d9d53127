//! Heat, carbon dioxide, moisture and smoke in rooms.
//!
//! Each room has two stores of heat, air with furniture and the walls and floors behind it, and a
//! balance of each substance in its air. Radiators switch on and off by thermostat; ventilation
//! runs by the clock. Open doors mix the air of the rooms on both sides. A fire grows with the
//! square of time.

use crate::rng::Rng;

/// The state and the fixed properties of one room's air.
#[derive(Debug, Clone)]
pub(super) struct Air {
    pub(super) temperature_c: f64,
    mass_c: f64,
    pub(super) co2_ppm: f64,
    vapour_g_per_m3: f64,
    /// Light extinction by smoke, per metre.
    extinction_per_m: f64,
    heating: bool,
    volume_m3: f64,
    area_m2: f64,
    set_point_c: f64,
    /// Heat lost to the outside, in watts per kelvin.
    loss_w_per_k: f64,
    /// Sunlight that comes in, as a share of the floor area.
    glazing: f64,
    vent_m3_per_s: f64,
    equipment_w: f64,
}

/// The weather at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outdoors {
    pub(super) temperature_c: f64,
    pub(super) sun_w_per_m2: f64,
    pub(super) vapour_g_per_m3: f64,
}

/// What acts on a room in one step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) people: u32,
    /// Within ventilation and heating hours.
    pub(super) in_use: bool,
    pub(super) fire_w: f64,
}

const AIR_HEAT_J_PER_M3_K: f64 = 1210.0;
const OUTDOOR_CO2_PPM: f64 = 424.0;
/// Carbon dioxide that a person at a desk breathes out (Persily & de Jonge 2017, 1.2 met).
const CO2_M3_PER_S_PERSON: f64 = 4.6e-6;
const VAPOUR_G_PER_S_PERSON: f64 = 0.014;
/// Smoke is there for a detector or a person to notice at this extinction.
const SMOKE_PER_M: f64 = 0.1;

impl Air {
    pub(super) fn new(area_m2: f64, occupied: bool, rng: &mut Rng) -> Self {
        let set_point_c = rng.between(20.3, 22.3);
        let facade = rng.chance(0.8);
        let start_c = set_point_c - rng.between(0.5, 1.5);
        Self {
            temperature_c: start_c,
            mass_c: start_c,
            co2_ppm: OUTDOOR_CO2_PPM + rng.between(5.0, 60.0),
            vapour_g_per_m3: rng.between(5.0, 6.5),
            extinction_per_m: 0.0,
            heating: false,
            volume_m3: area_m2 * rng.between(2.6, 3.2),
            area_m2,
            set_point_c,
            loss_w_per_k: area_m2 * if facade { rng.between(0.6, 1.4) } else { 0.15 },
            glazing: if facade { rng.between(0.02, 0.16) } else { 0.0 },
            vent_m3_per_s: area_m2 * rng.between(0.0006, 0.0013),
            equipment_w: if occupied {
                area_m2 * rng.between(3.0, 8.0)
            } else {
                area_m2 * 0.5
            },
        }
    }

    pub(super) fn step(&mut self, outdoors: Outdoors, load: Load, step_s: f64) {
        let people = f64::from(load.people);
        let vent = if load.in_use {
            self.vent_m3_per_s
        } else {
            0.12 * self.vent_m3_per_s
        };
        let set_point = if load.in_use {
            self.set_point_c
        } else {
            self.set_point_c - 3.5
        };
        if self.temperature_c < set_point - 0.4 {
            self.heating = true;
        } else if self.temperature_c > set_point + 0.3 {
            self.heating = false;
        }
        let air_j_per_k = self.volume_m3 * AIR_HEAT_J_PER_M3_K * 6.0;
        let mass_j_per_k = self.area_m2 * 190_000.0;
        let between_w_per_k = self.area_m2 * 9.0;
        // Supply air is warmed to near room temperature, so ventilation cools only a little.
        let cooling = self.loss_w_per_k + 0.25 * vent * AIR_HEAT_J_PER_M3_K;
        let gains = people * 78.0
            + if load.in_use {
                self.equipment_w
            } else {
                0.2 * self.equipment_w
            }
            + if self.heating {
                self.area_m2 * 55.0
            } else {
                0.0
            }
            + 0.4 * self.glazing * self.area_m2 * outdoors.sun_w_per_m2
            + 0.65 * load.fire_w;
        let to_mass = between_w_per_k * (self.temperature_c - self.mass_c);
        let out = cooling * (self.temperature_c - outdoors.temperature_c);
        let sun_on_mass = 0.6 * self.glazing * self.area_m2 * outdoors.sun_w_per_m2;
        let warmer_c = self.temperature_c + (gains - to_mass - out) * step_s / air_j_per_k;
        // Beyond this, a room is lost and its temperature of no further interest.
        self.temperature_c = warmer_c.min(900.0);
        self.mass_c += (to_mass + sun_on_mass) * step_s / mass_j_per_k;

        let changes = (vent * step_s / self.volume_m3).min(1.0);
        let breath = people * step_s / self.volume_m3;
        let burnt_m3 = load.fire_w * 4.0e-8 * step_s;
        self.co2_ppm += (OUTDOOR_CO2_PPM - self.co2_ppm) * changes
            + breath * CO2_M3_PER_S_PERSON * 1e6
            + burnt_m3 / self.volume_m3 * 1e6;
        self.co2_ppm = self.co2_ppm.min(150_000.0);
        self.vapour_g_per_m3 += (outdoors.vapour_g_per_m3 - self.vapour_g_per_m3) * changes
            + breath * VAPOUR_G_PER_S_PERSON;
        // Soot yield 0.05 kg/kg, 20 MJ/kg, 8700 m²/kg (Mulholland & Croarkin 2000).
        let soot_m2 = load.fire_w / 2.0e7 * 0.05 * 8700.0 * step_s;
        self.extinction_per_m += soot_m2 / self.volume_m3 - self.extinction_per_m * changes;
    }

    /// Exchanges air with a neighbour through a door.
    pub(super) fn mix(&mut self, other: &mut Self, is_open: bool, step_s: f64) {
        let hot = self.temperature_c.max(other.temperature_c) > 60.0;
        let flow_m3_per_s = match (is_open, hot) {
            (true, false) => 0.09,
            (true, true) => 0.5,
            (false, false) => 0.003,
            (false, true) => 0.015,
        };
        let smaller = self.volume_m3.min(other.volume_m3);
        // At most half of the smaller room in one step, or the exchange would overshoot.
        let moved_m3 = (flow_m3_per_s * step_s).min(0.5 * smaller);
        let (a, b) = (moved_m3 / self.volume_m3, moved_m3 / other.volume_m3);
        let swap = |x: &mut f64, y: &mut f64, damping: f64| {
            let difference = *y - *x;
            *x += difference * a * damping;
            *y -= difference * b * damping;
        };
        // Furniture and surfaces hold most of the heat that the air would carry.
        swap(&mut self.temperature_c, &mut other.temperature_c, 1.0 / 6.0);
        swap(&mut self.co2_ppm, &mut other.co2_ppm, 1.0);
        swap(&mut self.vapour_g_per_m3, &mut other.vapour_g_per_m3, 1.0);
        swap(&mut self.extinction_per_m, &mut other.extinction_per_m, 1.0);
    }

    pub(super) fn humidity_percent(&self) -> f64 {
        (100.0 * self.vapour_g_per_m3 / saturation_g_per_m3(self.temperature_c)).min(100.0)
    }

    pub(super) fn smoke(&self) -> bool {
        self.extinction_per_m > SMOKE_PER_M
    }
}

/// Water that air can hold (Magnus formula, WMO-No. 8 annex 4.B, and the ideal gas law).
fn saturation_g_per_m3(temperature_c: f64) -> f64 {
    let pressure_pa = 611.2 * (17.62 * temperature_c / (243.12 + temperature_c)).exp();
    2.1674 * pressure_pa / (273.15 + temperature_c)
}

/// The heat of a fire that has burnt for a while: medium growth (NFPA 92, 1055 kW after 300 s),
/// up to what one room's air supply feeds, until half an hour's fuel is spent.
pub(super) fn fire_w(burning_s: f64) -> f64 {
    let growing = 11.7 * burning_s.max(0.0).powi(2);
    let fading = 1.5e6 * (1.0 - (burning_s - 1800.0) / 1200.0);
    growing.min(fading.clamp(0.0, 1.5e6))
}

/// Weather that follows the season, the hour, clouds that come and go, and a passing front.
#[derive(Debug)]
pub(super) struct Weather {
    rng: Rng,
    front_c: f64,
    cloudy: bool,
    until_s: f64,
}

impl Weather {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = Rng::of(seed, "weather");
        let front_c = rng.between(-4.0, 4.0);
        Self {
            rng,
            front_c,
            cloudy: true,
            until_s: 0.0,
        }
    }

    /// `day` counts from 1 January; `of_day_s` is seconds since midnight; `clock_s` only grows.
    pub(super) fn at(&mut self, day: f64, of_day_s: f64, clock_s: f64) -> Outdoors {
        if clock_s >= self.until_s {
            self.cloudy = !self.cloudy;
            self.until_s = clock_s
                + self
                    .rng
                    .around(if self.cloudy { 2400.0 } else { 1500.0 }, 0.8);
            self.front_c = 0.9 * self.front_c + 0.5 * self.rng.normal();
        }
        let turn = std::f64::consts::TAU;
        let season = -(turn * (day - 20.0) / 365.25).cos();
        let hour = of_day_s / 3600.0;
        // Warmest in mid-afternoon, with a second harmonic because mornings warm fast.
        let phase = turn * (hour - 15.0) / 24.0;
        let swing = 2.6 + 1.6 * season;
        let daily = swing * (phase.cos() + 0.2 * (2.0 * phase).cos());
        let temperature_c = 10.5 + 7.5 * season + daily + self.front_c;
        let half_day = 6.1 + 2.1 * season;
        let height = 1.0 - ((hour - 12.7) / half_day).powi(2);
        let clear = (380.0 + 300.0 * season) * height.max(0.0);
        let sun_w_per_m2 = if self.cloudy { 0.22 * clear } else { clear };
        let vapour_g_per_m3 = 0.78 * saturation_g_per_m3(temperature_c - daily);
        Outdoors {
            temperature_c,
            sun_w_per_m2,
            vapour_g_per_m3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(people: u32, fire: Option<f64>) -> Air {
        let mut air = Air::new(20.0, true, &mut Rng::of(1, "air"));
        let outdoors = Outdoors {
            temperature_c: 4.0,
            sun_w_per_m2: 0.0,
            vapour_g_per_m3: 5.0,
        };
        for step in 0..1440 {
            let burning = fire.map_or(0.0, |from| f64::from(step) * 10.0 - from);
            let load = Load {
                people,
                in_use: true,
                fire_w: fire_w(burning),
            };
            air.step(outdoors, load, 10.0);
        }
        air
    }

    #[test]
    fn people_make_air_stale_and_rooms_stay_in_their_range() {
        let (empty, full) = (day(0, None), day(3, None));
        assert!(
            (empty.co2_ppm - OUTDOOR_CO2_PPM).abs() < 5.0,
            "{}",
            empty.co2_ppm
        );
        assert!((700.0..2000.0).contains(&full.co2_ppm), "{}", full.co2_ppm);
        assert!(full.humidity_percent() > empty.humidity_percent());
        for air in [&empty, &full] {
            assert!(
                (18.0..27.0).contains(&air.temperature_c),
                "{}",
                air.temperature_c
            );
            assert!(!air.smoke());
        }
    }

    #[test]
    fn a_fire_smokes_within_minutes_and_then_gets_hot() {
        assert!(day(0, Some(14_200.0)).smoke());
        let late = day(0, Some(13_500.0));
        assert!(
            (150.0..=900.0).contains(&late.temperature_c),
            "{}",
            late.temperature_c
        );
    }

    #[test]
    fn mixing_through_a_door_keeps_the_substance() {
        let mut a = day(3, None);
        let mut b = day(0, None);
        b.volume_m3 *= 3.0;
        let total = |a: &Air, b: &Air| a.co2_ppm * a.volume_m3 + b.co2_ppm * b.volume_m3;
        let (before, gap) = (total(&a, &b), a.co2_ppm - b.co2_ppm);
        for _ in 0..60 {
            a.mix(&mut b, true, 10.0);
        }
        assert!((total(&a, &b) / before - 1.0).abs() < 1e-9);
        let now = a.co2_ppm - b.co2_ppm;
        assert!(now > 0.0 && now < 0.6 * gap, "{gap} {now}");
    }
}
