//! Sensors side by side, out of real series, and what was so.
//!
//! Where one sensor measured often, its readings are dealt in turn to four shares: three become
//! sensors of their own, each with a calibration error that it keeps, and the fourth is held
//! out as the truth. Where two sensors hung side by side, both are used, and the truth is the
//! middle of the two before a fault is put in.

use crate::data::{Series, nab, windesheim, wsn};
use crate::metrics::{mean, median, rms};
use std::path::Path;
use twin_scenario::faults::Habits;
use twin_scenario::rng::Rng;

const SHARES: usize = 3;
const HOUR_S: f64 = 3600.0;

/// Sensors side by side, and what was so.
pub(crate) struct Bench {
    pub(crate) name: String,
    pub(crate) attribute: &'static str,
    pub(crate) sources: Vec<Series>,
    pub(crate) truth: Series,
    pub(crate) habits: Habits,
    /// What the sensors' data sheet allows.
    pub(crate) accuracy: f64,
}

/// A kind of sensor.
#[derive(Debug, Clone, Copy)]
struct Sensor {
    attribute: &'static str,
    /// Step of its display.
    step: f64,
    /// What its data sheet allows.
    accuracy: f64,
    /// How long its faults last.
    lasts_h: f64,
}

/// ±(40 ppm + 5 %): Sensirion SCD4x data sheet 1.1 (2021), table 1.
const AIR: Sensor = Sensor {
    attribute: "co2",
    step: 1.0,
    accuracy: 40.0,
    lasts_h: 6.0,
};
/// ±0.4 °C: Sensirion SHT1x data sheet 5 (2011), table 1, which the motes carry; a room's
/// thermometer is hardly better.
const ROOM: Sensor = Sensor {
    attribute: "temperature",
    step: 0.1,
    accuracy: 0.4,
    lasts_h: 6.0,
};
const MOTE: Sensor = Sensor {
    step: 0.01,
    lasts_h: 0.25,
    ..ROOM
};
const MACHINE: Sensor = Sensor {
    step: 0.01,
    lasts_h: 12.0,
    ..ROOM
};

/// Every bench that the data allow.
pub(crate) fn benches(data: &Path, seed: u64) -> Vec<Bench> {
    let mut benches = Vec::new();
    if let Ok(room) = windesheim::room(data, "999169") {
        let warmth = &room.temperature;
        benches.push(dealt("office CO2", AIR, &room.co2[0], seed));
        benches.push(dealt("office temperature", ROOM, &warmth[0], seed));
        benches.push(paired("office CO2, both sensors", AIR, &room.co2));
        benches.push(paired("office temperature, both sensors", ROOM, warmth));
    }
    if let Ok(motes) = wsn::temperatures(data) {
        benches.extend(
            motes.iter().map(|(mote, series)| {
                dealt(&format!("mote {mote} temperature"), MOTE, series, seed)
            }),
        );
    }
    if let Ok(machine) = nab::machine(data) {
        benches.push(dealt("machine temperature", MACHINE, &machine, seed));
    }
    benches
}

/// One often-read series as three sensors and the truth.
fn dealt(name: &str, sensor: Sensor, series: &Series, seed: u64) -> Bench {
    let mut rng = Rng::of(seed, name);
    let mut sources = vec![Series::new(); SHARES];
    let mut truth = Series::new();
    // Well within the data sheet, so that nobody is rightly blamed for it.
    let errors: Vec<f64> = (0..SHARES)
        .map(|_| sensor.accuracy * rng.between(-0.5, 0.5))
        .collect();
    for (turn, &(at, value)) in series.iter().enumerate() {
        match sources.get_mut(turn % (SHARES + 1)) {
            Some(source) => source.push((at, value + errors[turn % (SHARES + 1)])),
            None => truth.push((at, value)),
        }
    }
    Bench {
        name: name.into(),
        attribute: sensor.attribute,
        habits: habits(series, sensor),
        accuracy: sensor.accuracy,
        sources,
        truth,
    }
}

/// Two sensors side by side, the second set right by the middle difference between them: else
/// whichever is left alone would be off by half of that, and the broken one would seem to help.
fn paired(name: &str, sensor: Sensor, pair: &[Series; 2]) -> Bench {
    let apart = pair[1]
        .iter()
        .filter_map(|&(at, b)| Some(b - between(&pair[0], at)?));
    let apart = median(&apart.collect::<Vec<_>>()).unwrap_or(0.0);
    let second = pair[1].iter().map(|&(at, b)| (at, b - apart)).collect();
    let pair = [pair[0].clone(), second];
    let middle = |&(at, b): &(f64, f64)| Some((at, f64::midpoint(b, between(&pair[0], at)?)));
    Bench {
        name: name.into(),
        attribute: sensor.attribute,
        truth: pair[1].iter().filter_map(middle).collect(),
        habits: habits(&pair[0], sensor),
        accuracy: sensor.accuracy,
        sources: pair.to_vec(),
    }
}

/// The value of a series between two readings that are near.
fn between(series: &Series, at: f64) -> Option<f64> {
    let after = series.partition_point(|(t, _)| *t < at);
    let ((t1, v1), (t2, v2)) = (*series.get(after.checked_sub(1)?)?, *series.get(after)?);
    (t2 - t1 < HOUR_S).then(|| v1 + (v2 - v1) * (at - t1) / (t2 - t1))
}

/// Faults that last so long and come about once in three times that. Their sizes are measured
/// by how much the series moves in the time that a fault lasts, and by what the data sheet allows
/// where that is more: what lies within it is no fault.
fn habits(series: &Series, sensor: Sensor) -> Habits {
    let lasts_s = sensor.lasts_h * HOUR_S;
    let mut spreads = Vec::new();
    let mut begins = 0;
    for end in 0..series.len() {
        if series[end].0 - series[begins].0 >= lasts_s {
            let values = || series[begins..end].iter().map(|(_, v)| *v);
            let middle = mean(values());
            spreads.push(rms(values().map(|v| v - middle)));
            begins = end;
        }
    }
    Habits {
        lasts_s,
        well_s: 2.0 * lasts_s,
        spread: median(&spreads).unwrap_or(0.0).max(sensor.accuracy),
        step: sensor.step,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dealt_series_keeps_a_share_for_the_truth() {
        let series: Series = (0..40).map(|i| (f64::from(i), 20.0)).collect();
        let bench = dealt("x", ROOM, &series, 1);
        assert!(bench.sources.iter().all(|s| s.len() == 10));
        assert!(bench.truth.iter().all(|(_, v)| *v == 20.0) && bench.truth.len() == 10);
    }

    #[test]
    fn a_pair_is_set_right_and_its_middle_is_the_truth() {
        let a: Series = (0..40).map(|i| (f64::from(i) * 60.0, 20.0)).collect();
        let b: Series = (1..39)
            .map(|i| (f64::from(i) * 60.0 + 30.0, 23.0))
            .collect();
        let bench = paired("x", ROOM, &[a, b]);
        assert!(bench.truth.iter().all(|(_, v)| (*v - 20.0).abs() < 1e-9));
        assert_eq!(bench.truth.len(), 38);
    }
}
