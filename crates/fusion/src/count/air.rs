//! What carbon dioxide tells of the people in a room.
//!
//! People breathe out carbon dioxide, fresh air carries it off. A rise is a sign of people; no
//! rise is a sign of nobody, or of an open window, or of a sensor that hangs where their
//! breath does not come by. So the fresh air and how well the sensor hears the room are
//! learned beside the number, and so is what the sensor reads in an empty room, which differs
//! from sensor to sensor.
//!
//! *Balance*: V dC/dt = Q (C₀ − C) + n G (ASTM D6245), well mixed, over the stretch
//! D between two readings, with air changes a = Q/V per hour: C₂ = C₀ + (C₁ − C₀) e + n g,
//! e = exp(−aD), g = η G (1 − e)/(V a). η is the share of the room's breath that arrives at the
//! sensor's place (local ventilation effectiveness, Sandberg, Build. Environ. 16 (1981) 123).
//!
//! That a sensor on a wall answers late (Siemens QPA20, CE1N1961: 90 % after five minutes) is left
//! to the noise: with lags of three to twelve minutes told apart, the next readings of room 925038
//! became no more probable.
//!
//! *Source*: G = 5 mL/s, an adult at light office work (Persily & de Jonge, Indoor Air 27 (2017)
//! 868).
//!
//! *Update*: air changes and hearing are one of sixteen cells, what the sensor reads in an
//! empty room (C₀ with its own error) is a normal. Number, cells and normal are weighed
//! together and then kept apart, each with its own distribution (factored filter: Boyen &
//! Koller, UAI 1998, 33). The noises below were chosen on room 925038 of the Windesheim series
//! (CC BY 4.0) by how probable they made its own next readings of carbon dioxide; no count of
//! people was used.

use super::belief::tilt;
use super::process::{NUMBERS, Numbers};
use super::share::{Share, normalise, pack, unpack};
use crate::math::{exp, ln, power};
use std::f64::consts::PI;
use twin_model::Time;

/// Carbon dioxide that one person breathes out, millilitres per second: ppm m3/s.
const BREATH_ML_PER_S: f64 = 5.0;
/// Air volume of a room of which none is stated: twenty square metres, three high.
const VOLUME_M3: f64 = 60.0;
/// Air changes per hour that are told apart: an airtight room to open windows on two sides.
const CHANGES_PER_H: [f64; 8] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0];
/// The share of breath that arrives at the sensor: all of it, or little.
const HEARING: [f64; 2] = [1.0, 0.2];
/// Combinations of the two.
pub(crate) const CELLS: usize = CHANGES_PER_H.len() * HEARING.len();
/// How long what was learned of the air holds: windows and valves are set twice a day.
const AIR_HOLDS_S: f64 = 12.0 * 3600.0;
/// How long what was learned of the sensor's place holds: some weeks, until it is moved.
const HEARING_HOLDS_S: f64 = 21.0 * 86_400.0;
/// What a sensor reads in an empty room before anything is known: a little above outdoor air
/// (420 ppm), as
/// rooms are seldom wholly flushed, and with the error of a cheap sensor.
const EMPTY_PPM: f64 = 440.0;
const EMPTY_SD_PPM: f64 = 60.0;
/// Growth of its variance: outdoor air and sensor drift by 24 ppm in a day.
const EMPTY_DRIFT_PPM2_PER_S: f64 = 0.0064;
const EMPTY_SD_LEAST_PPM: f64 = 3.0;
/// Scatter of one reading.
const NOISE_PPM: f64 = 10.0;
/// Scatter of imperfect mixing, as a share of the excess over the empty room.
const MIXING_SHARE: f64 = 0.15;
/// Scatter of the breath of one person about the usual.
const BREATH_SHARE: f64 = 0.25;
/// Share of stretches of which the balance says nothing: a door opened, somebody breathed at
/// the sensor. Such a change is anything within 600 ppm.
const OUTLIER_SHARE: f64 = 0.01;
const OUTLIER_SPAN_PPM: f64 = 600.0;
/// The evidence of one stretch counts by this power, as stretches share their errors (power
/// likelihood: Bissiri, Holmes & Walker, J. R. Stat. Soc. B 78 (2016) 1103).
const POWER: f64 = 0.6;
/// Two readings closer than this say less of people than of noise.
const STRETCH_LEAST_S: f64 = 590.0;
/// Beyond this the balance has forgotten its beginning.
const STRETCH_MOST_S: f64 = 5400.0;
/// Share of statements about ventilation that are what reaches the room, and the scatter of
/// the logarithm of those. A valve's position is seldom a flow.
const VENTILATION_SHARE: f64 = 0.25;
const VENTILATION_SD: f64 = 0.7;

/// What is known around one sensor of carbon dioxide, as it is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Kept {
    pub(crate) voice: u32,
    /// The reading at which the stretch that runs now began.
    pub(crate) began: Time,
    pub(crate) began_ppm: f32,
    /// What it reads in an empty room.
    pub(crate) empty_ppm: f32,
    pub(crate) empty_variance: f32,
    /// Air volume of the room, m3; 0 where none is stated.
    pub(crate) volume_m3: u16,
    pub(crate) cells: [Share; CELLS],
}

/// The same, to calculate with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Air {
    pub(crate) voice: u32,
    began: Time,
    began_ppm: f64,
    empty_ppm: f64,
    empty_variance: f64,
    volume_m3: u16,
    cells: [f64; CELLS],
}

/// What one cell makes of a stretch of time.
struct Balance {
    /// What is left of the excess at its beginning.
    left: f64,
    /// Excess at the end per person, ppm.
    gain_ppm: f64,
    /// Variance of the reading at the end without people.
    variance: f64,
}

/// Sums over one cell.
#[derive(Default)]
struct Sums {
    weight: f64,
    shift: f64,
    spread: f64,
}

impl Air {
    /// A sensor that speaks for the first time.
    pub(crate) fn new(voice: u32, at: Time, ppm: f64, volume_m3: u16) -> Self {
        Self {
            voice,
            began: at,
            began_ppm: ppm,
            empty_ppm: EMPTY_PPM,
            empty_variance: EMPTY_SD_PPM * EMPTY_SD_PPM,
            volume_m3,
            cells: [1.0 / CELLS as f64; CELLS],
        }
    }

    pub(crate) fn unpack(kept: &Kept) -> Self {
        Self {
            voice: kept.voice,
            began: kept.began,
            began_ppm: f64::from(kept.began_ppm),
            empty_ppm: f64::from(kept.empty_ppm),
            empty_variance: f64::from(kept.empty_variance),
            volume_m3: kept.volume_m3,
            cells: unpack(&kept.cells),
        }
    }

    pub(crate) fn pack(&self) -> Kept {
        Kept {
            voice: self.voice,
            began: self.began,
            began_ppm: self.began_ppm as f32,
            empty_ppm: self.empty_ppm as f32,
            empty_variance: self.empty_variance as f32,
            volume_m3: self.volume_m3,
            cells: pack(&self.cells),
        }
    }

    /// When the stretch that runs now began.
    pub(crate) fn since(&self) -> Time {
        self.began
    }

    /// The air returns to unknown, and much later how well the sensor hears.
    pub(crate) fn age(&mut self, seconds: f64) {
        let kept = exp(-seconds / AIR_HOLDS_S);
        let placed = exp(-seconds / HEARING_HOLDS_S);
        for cells in self.cells.chunks_exact_mut(CHANGES_PER_H.len()) {
            let heard: f64 = cells.iter().sum();
            let later = heard * placed + (1.0 - placed) / HEARING.len() as f64;
            for cell in cells {
                *cell = *cell * kept + heard * (1.0 - kept) / CHANGES_PER_H.len() as f64;
                *cell *= later / heard.max(f64::MIN_POSITIVE);
            }
        }
    }

    /// Takes in a reading, and weighs the number of people by a power of what it says.
    pub(crate) fn take(
        &mut self,
        people: &mut Numbers,
        at: Time,
        ppm: f64,
        volume_m3: u16,
        by: f64,
    ) {
        self.volume_m3 = volume_m3;
        let stretch_s = at.seconds_since(self.began);
        if stretch_s < STRETCH_LEAST_S {
            return;
        }
        if stretch_s <= STRETCH_MOST_S {
            self.weigh(people, stretch_s, ppm, by * POWER);
        }
        (self.began, self.began_ppm) = (at, ppm);
    }

    fn weigh(&mut self, people: &mut Numbers, stretch_s: f64, ppm: f64, by: f64) {
        let variance = self.empty_variance + EMPTY_DRIFT_PPM2_PER_S * stretch_s;
        let mut by_number = [0.0; NUMBERS];
        let mut by_cell = [0.0; CELLS];
        let mut all = Sums::default();
        for (cell, likelihood) in by_cell.iter_mut().enumerate() {
            let balance = self.balance(cell, stretch_s, variance, ppm);
            let sums = self.weigh_cell(cell, &balance, people, variance, ppm, &mut by_number);
            *likelihood = sums.weight;
            all.weight += sums.weight * self.cells[cell];
            all.shift += sums.shift * self.cells[cell];
            all.spread += sums.spread * self.cells[cell];
        }
        tilt(people, &by_number, by);
        tilt(&mut self.cells, &by_cell, POWER);
        let shift = all.shift / all.weight;
        self.empty_ppm += shift;
        self.empty_variance = (variance + all.spread / all.weight - shift * shift)
            .max(EMPTY_SD_LEAST_PPM * EMPTY_SD_LEAST_PPM);
    }

    fn balance(&self, cell: usize, stretch_s: f64, empty_variance: f64, ppm: f64) -> Balance {
        let changes_hz = CHANGES_PER_H[cell % CHANGES_PER_H.len()] / 3600.0;
        let hearing = HEARING[cell / CHANGES_PER_H.len()];
        let left = exp(-changes_hz * stretch_s);
        let renewed = 1.0 - left;
        let excess = (0.5 * (self.began_ppm + ppm) - self.empty_ppm).max(0.0);
        let mixing = MIXING_SHARE * excess;
        Balance {
            left,
            gain_ppm: hearing * BREATH_ML_PER_S * renewed / (self.volume_or_usual() * changes_hz),
            variance: NOISE_PPM * NOISE_PPM * (1.0 + left * left)
                + mixing * mixing
                + renewed * renewed * empty_variance,
        }
    }

    fn volume_or_usual(&self) -> f64 {
        match self.volume_m3 {
            0 => VOLUME_M3,
            stated => f64::from(stated),
        }
    }

    /// The likelihood of the reading in one cell for every number, and what it says of the
    /// empty room.
    fn weigh_cell(
        &self,
        cell: usize,
        balance: &Balance,
        people: &Numbers,
        empty_variance: f64,
        ppm: f64,
        by_number: &mut Numbers,
    ) -> Sums {
        let renewed = 1.0 - balance.left;
        let expected = self.empty_ppm * renewed + self.began_ppm * balance.left;
        let breath = BREATH_SHARE * balance.gain_ppm;
        let mut sums = Sums::default();
        for (n, (&p, entry)) in people.iter().zip(by_number.iter_mut()).enumerate() {
            let n = n as f64;
            let variance = balance.variance + breath * breath * (n + 0.3);
            let off = ppm - expected - n * balance.gain_ppm;
            let density = (1.0 - OUTLIER_SHARE) * normal_density(off, variance);
            let likelihood = density + OUTLIER_SHARE / OUTLIER_SPAN_PPM;
            *entry += likelihood * self.cells[cell];
            let pull = renewed * empty_variance / variance;
            let shift = pull * off;
            sums.weight += p * likelihood;
            sums.shift += p * density * shift;
            sums.spread += p * density * (shift * shift - empty_variance * pull * renewed);
        }
        sums
    }

    /// A statement about the fresh air supplied, m3/h, which counts by a power.
    pub(crate) fn hear_ventilation(&mut self, supply_m3_per_h: f64, by: f64) {
        let stated = (supply_m3_per_h / self.volume_or_usual()).max(0.05);
        for (cell, p) in self.cells.iter_mut().enumerate() {
            let off = ln(CHANGES_PER_H[cell % CHANGES_PER_H.len()] / stated) / VENTILATION_SD;
            let agrees = VENTILATION_SHARE * exp(-0.5 * off * off);
            *p *= power(agrees + 0.5 * (1.0 - VENTILATION_SHARE), by);
        }
        normalise(&mut self.cells);
    }
}

fn normal_density(off: f64, variance: f64) -> f64 {
    let distance = off * off / variance;
    // Beyond seven standard deviations nothing is left beside the outliers.
    if distance > 50.0 {
        return 0.0;
    }
    exp(-0.5 * distance) / (2.0 * PI * variance).sqrt()
}
