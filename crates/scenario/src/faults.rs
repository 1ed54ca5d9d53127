//! Faults put into series of readings, whoever measured them.
//!
//! Six kinds that field studies report, each with a beginning and an end: single readings far
//! off, a spell of noise, all readings off by the same amount, readings that creep away
//! steadily or ever faster, and one reading for ever (De Bruijn, Nguyen, Bucur & Tei,
//! *Benchmark datasets for fault detection and classification in sensor data*, SENSORNETS 2016,
//! for the first five; Sharma, Golubchik & Govindan, ACM Trans. Sensor Netw. 6 (2010) 23, for
//! spikes, noise and constant readings). Sizes are multiples of the series' own spread, because
//! that is what a detector has to tell a fault from; they are spread over a range in which
//! some faults are plain and some hardly show.

use crate::observe::Fault;
use crate::rng::Rng;

/// Every kind of fault.
pub const ALL: [Fault; 6] = [
    Fault::Random,
    Fault::Malfunction,
    Fault::Bias,
    Fault::Drift,
    Fault::PolynomialDrift,
    Fault::Stuck,
];

/// How long faults last, how often they come, and what they are measured by.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    /// How long a fault lasts, in seconds.
    pub lasts_s: f64,
    /// How long the sensor is well before each fault, on average, in seconds.
    pub well_s: f64,
    /// The usual spread of the series, in its unit.
    pub spread: f64,
    /// The step of its display, in its unit.
    pub step: f64,
}

/// One time in which a sensor was broken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Episode {
    /// When it broke, in seconds.
    pub from_s: f64,
    /// When it was well again.
    pub until_s: f64,
}

impl Episode {
    /// Whether the sensor was broken then.
    #[must_use]
    pub fn holds(&self, at_s: f64) -> bool {
        (self.from_s..self.until_s).contains(&at_s)
    }
}

/// Breaks a series of (seconds, value) again and again. Returns when.
pub fn inject(series: &mut [(f64, f64)], fault: Fault, habits: Habits, seed: u64) -> Vec<Episode> {
    let mut rng = Rng::of(seed, "faults");
    let (Some(&(first_s, _)), Some(&(last_s, _))) = (series.first(), series.last()) else {
        return Vec::new();
    };
    let mut episodes = Vec::new();
    let mut from_s = first_s + habits.well_s * rng.between(0.5, 1.5);
    while from_s + habits.lasts_s < last_s {
        let episode = Episode {
            from_s,
            until_s: from_s + habits.lasts_s,
        };
        let begins = series.partition_point(|(at, _)| *at < episode.from_s);
        let ends = series.partition_point(|(at, _)| *at < episode.until_s);
        strike(&mut series[begins..ends], fault, episode, habits, &mut rng);
        // A fault in which nothing was read is none.
        if ends - begins >= 3 {
            episodes.push(episode);
        }
        from_s = episode.until_s + habits.well_s * rng.between(0.5, 1.5);
    }
    episodes
}

fn strike(
    readings: &mut [(f64, f64)],
    fault: Fault,
    episode: Episode,
    habits: Habits,
    rng: &mut Rng,
) {
    let sign = if rng.chance(0.5) { 1.0 } else { -1.0 };
    let stuck_at = readings.first().map_or(0.0, |(_, value)| *value);
    let share = rng.between(0.05, 0.2);
    let size = habits.spread
        * match fault {
            Fault::Random => rng.between(3.0, 10.0),
            Fault::Malfunction | Fault::Bias => rng.between(1.5, 4.0),
            // What a creeping fault has come to at its end.
            Fault::Drift | Fault::PolynomialDrift => rng.between(2.0, 6.0),
            Fault::Stuck => 0.0,
        };
    for (place, (at, value)) in readings.iter_mut().enumerate() {
        let gone = (*at - episode.from_s) / (episode.until_s - episode.from_s);
        let wrong = match fault {
            // The first is a spike, so that the fault begins when it is said to.
            Fault::Random if rng.chance(share) || place == 0 => {
                *value + size * if rng.chance(0.5) { 1.0 } else { -1.0 }
            }
            Fault::Random => continue,
            Fault::Malfunction => *value + size * rng.normal(),
            Fault::Bias => *value + sign * size,
            Fault::Drift => *value + sign * size * gone,
            Fault::PolynomialDrift => *value + sign * size * gone * gone,
            Fault::Stuck => stuck_at,
        };
        *value = (wrong / habits.step).round() * habits.step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HABITS: Habits = Habits {
        lasts_s: 3600.0,
        well_s: 7200.0,
        spread: 1.0,
        step: 0.01,
    };

    fn flat() -> Vec<(f64, f64)> {
        (0..2000)
            .map(|i| (f64::from(i) * 60.0, 20.0 + 0.01 * f64::from(i % 7)))
            .collect()
    }

    #[test]
    fn nothing_changes_outside_the_episodes_and_something_inside() {
        for fault in ALL {
            let mut series = flat();
            let episodes = inject(&mut series, fault, HABITS, 3);
            assert!(episodes.len() > 5, "{fault:?}");
            for ((at, now), (_, before)) in series.iter().zip(flat()) {
                let broken = episodes.iter().any(|e| e.holds(*at));
                assert!(broken || *now == before, "{fault:?} at {at}");
            }
            for episode in &episodes {
                let both = series.iter().zip(flat());
                let changed = both.filter(|((at, now), (_, before))| {
                    episode.holds(*at) && (now - before).abs() > 1e-9
                });
                assert!(changed.count() > 0, "{fault:?}");
            }
        }
    }

    #[test]
    fn a_stuck_sensor_repeats_itself_and_a_drifting_one_goes_one_way() {
        let mut stuck = flat();
        let episode = inject(&mut stuck, Fault::Stuck, HABITS, 5)[0];
        let values: Vec<f64> = stuck
            .iter()
            .filter(|(at, _)| episode.holds(*at))
            .map(|(_, value)| *value)
            .collect();
        assert!(values.windows(2).all(|w| w[0] == w[1]));
        let mut drifting = vec![(0.0, 20.0); 0];
        drifting.extend((0..2000).map(|i| (f64::from(i) * 60.0, 20.0)));
        let episode = inject(&mut drifting, Fault::Drift, HABITS, 5)[0];
        let off: Vec<f64> = drifting
            .iter()
            .filter(|(at, _)| episode.holds(*at))
            .map(|(_, value)| (value - 20.0).abs())
            .collect();
        assert!(off.windows(2).all(|w| w[0] <= w[1]) && off[off.len() - 1] > 1.9);
    }

    #[test]
    fn the_same_seed_breaks_the_same_readings() {
        let broken = |seed| {
            let mut series = flat();
            inject(&mut series, Fault::Random, HABITS, seed);
            series
        };
        assert_eq!(broken(1), broken(1));
        assert_ne!(broken(1), broken(2));
    }
}
