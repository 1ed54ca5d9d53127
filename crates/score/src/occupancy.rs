//! People in a real room, from what tells of them; a counter in the ceiling is the truth and
//! never an input.
//!
//! The room's two carbon dioxide sensors, movement sensor, phone scanner and ventilation valve
//! are told to one occupancy state in order of time. At the end of each interval of the counter
//! the state is asked, knowing nothing later. Quarter-hours are marked by the means over the
//! counter's three intervals in them, as the published baselines are.

use crate::channel::{Channel, Said, spec, time};
use crate::data::{Series, windesheim};
use crate::metrics::{mean, rms, uniform_distance, uniform_distance_max};
use crate::row::{Row, hash};
use std::collections::BTreeMap;
use std::path::Path;
use twin_fusion::Witness;
use twin_model::{Distribution, Value};
use twin_scenario::rng::Rng;

/// What the best single source reaches in the room, and more.
const RMSE_MAX: f64 = 0.60;
const BIN_S: f64 = 900.0;
/// The counter's interval.
const COUNTED_S: f64 = 300.0;
/// One quarter-hour in so many goes into the test of uniformity: what people do in the next
/// quarter-hour follows from this one, and the test asks for independent draws.
const THINNED: usize = 4;
/// Carbon dioxide that a person at a desk breathes out, m3/h (Persily & de Jonge, Indoor Air
/// 27 (2017) 868: 0.0046 l/s at 1.2 met), and what is in the air outside, ppm.
const BREATH_M3_H: f64 = 0.0166;
const OUTDOORS_PPM: f64 = 420.0;
/// The volume that the deliberately wrong model is told, as a multiple of the true one.
const WRONG_VOLUME: f64 = 3.0;

/// The counter against what is believed of each room.
pub(crate) fn measure(data: &Path) -> Vec<Row> {
    let mut rows = Vec::new();
    for (id, is_held) in [("999169", true), ("925038", false)] {
        let Ok(room) = windesheim::room(data, id) else {
            rows.push(Row::new(format!("people in room {id}")).lacking("the data are not there"));
            continue;
        };
        let inputs = hash(format!("{room:?}").as_bytes());
        let all = room_rows(id, &room, is_held);
        rows.extend(all.into_iter().map(|row| row.on(inputs.clone())));
    }
    rows
}

fn room_rows(id: &str, room: &windesheim::Room, is_held: bool) -> Vec<Row> {
    let believed = believe(room, room.volume_m3);
    let wrong = believe(room, WRONG_VOLUME * room.volume_m3);
    let counted = bins(&room.counter);
    let ours = means(&believed);
    let name = format!("people per quarter-hour in room {id} from CO2, movement, phones and valve");
    if ours.is_empty() {
        return vec![Row::new(name).lacking("nothing is believed of a room that nobody counts in")];
    }
    let error = rmse(&ours, &counted);
    let target = |row: Row, text: String, met: bool| {
        if is_held { row.held_to(text, met) } else { row }
    };
    let people = Row::new(name)
        .shown(counted.len(), format!("RMSE {error:.3}"))
        .beside(baselines(room, &counted))
        .detail(format!(
            "mean absolute error {:.3}; the counter says {:.2} people on average, at most {:.1}",
            mean(pairs(&ours, &counted).map(|(a, b)| (a - b).abs())),
            mean(counted.values().copied()),
            counted.values().fold(0.0_f64, |a, b| a.max(*b)),
        ));
    let misled = Row::new(format!(
        "the same, told a volume {WRONG_VOLUME} times too large"
    ))
    .shown(
        counted.len(),
        format!("RMSE {:.3}", rmse(&means(&wrong), &counted)),
    );
    vec![
        target(people, format!("< {RMSE_MAX:.2}"), error < RMSE_MAX),
        uniformity(id, &believed, &target),
        occupied(id, &believed, &ours, &counted),
        visits(id, room),
        misled,
    ]
}

/// The probabilities of each number at the end of each interval of the counter, with what it
/// counted.
fn believe(room: &windesheim::Room, volume_m3: f64) -> Vec<Believed> {
    let mut channel = Channel::new(spec("occupancy"));
    let told = told(room, volume_m3);
    let mut told = told.iter().peekable();
    let mut believed = Vec::new();
    for &(begins, count) in &room.counter {
        let at = time(begins + COUNTED_S);
        while let Some(said) = told.next_if(|said| said.at <= at) {
            channel.tell(said);
        }
        believed.push(Believed {
            begins,
            count,
            distribution: channel.estimate(at).distribution,
        });
    }
    believed
}

struct Believed {
    begins: f64,
    count: f64,
    distribution: Option<Distribution>,
}

impl Believed {
    /// The mean number; none where nothing is known.
    fn mean(&self) -> Option<f64> {
        Some(self.distribution.as_ref()?.moments()?.0)
    }

    /// The interval that holds nine tenths.
    fn interval(&self) -> Option<(f64, f64)> {
        self.distribution.as_ref()?.interval(0.9)
    }
}

/// All that is told, in order of time.
pub(crate) fn told(room: &windesheim::Room, volume_m3: f64) -> Vec<Said> {
    let air = Witness::Co2 {
        volume_m3: Some(volume_m3 as f32),
    };
    let fresh: Series = room
        .valve
        .iter()
        .map(|&(at, share)| (at, share * room.vent_max_m3_h))
        .collect();
    let sources = [
        (&room.co2[0], air),
        (&room.co2[1], air),
        (&fresh, Witness::Ventilation),
        (&room.motion, Witness::Motion),
        (&room.phones, Witness::Phones),
    ];
    let mut told = Vec::new();
    for (source, (series, witness)) in (0..).zip(sources) {
        told.extend(series.iter().map(|&(at, value)| Said {
            source,
            at: time(at),
            value: match witness {
                Witness::Motion => Value::Boolean(value > 0.5),
                _ => Value::Number(value),
            },
            sd: None,
            witness,
        }));
    }
    told.sort_by_key(|said: &Said| said.at);
    told
}

/// Quarter-hours by number, each with a value.
type Bins = BTreeMap<i64, f64>;

fn bins(series: &[(f64, f64)]) -> Bins {
    let mut all: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    for &(at, value) in series {
        all.entry((at / BIN_S).floor() as i64)
            .or_default()
            .push(value);
    }
    all.into_iter()
        .map(|(bin, values)| (bin, mean(values)))
        .collect()
}

fn means(believed: &[Believed]) -> Bins {
    let known = believed.iter().filter_map(|b| Some((b.begins, b.mean()?)));
    bins(&known.collect::<Vec<_>>())
}

/// What is known of both; nothing where one says nothing.
fn pairs<'a>(a: &'a Bins, b: &'a Bins) -> impl Iterator<Item = (f64, f64)> + use<'a> {
    a.iter()
        .filter_map(|(bin, &value)| Some((value, *b.get(bin)?)))
}

fn rmse(ours: &Bins, counted: &Bins) -> f64 {
    rms(pairs(ours, counted).map(|(a, b)| a - b))
}

/// What simpler methods reach on the same quarter-hours.
fn baselines(room: &windesheim::Room, counted: &Bins) -> String {
    let none: Bins = counted.keys().map(|&bin| (bin, 0.0)).collect();
    let phones = bins(&room.phones);
    let moved = bins(&room.motion);
    let seen = |bin: &&i64| moved.get(*bin).is_some_and(|&share| share > 0.0);
    let usual = mean(counted.keys().filter(seen).map(|bin| counted[bin]));
    let moving: Bins = counted
        .keys()
        .map(|bin| (*bin, if seen(&bin) { usual } else { 0.0 }))
        .collect();
    let told = |bins: &Bins| match pairs(bins, counted).count() {
        0 => "—".to_owned(),
        _ => format!("{:.2}", rmse(bins, counted)),
    };
    format!(
        "phones alone {}, movement × usual number {}, naive CO2 balance {}, always none {}",
        told(&phones),
        told(&moving),
        told(&balance(room)),
        told(&none)
    )
}

/// People as the balance of the room's carbon dioxide over a quarter-hour gives them, taken
/// at its word: n = (V ΔC/Δt + Q (C − C_out)) / G.
fn balance(room: &windesheim::Room) -> Bins {
    let (air, valve) = (bins(&room.co2[0]), bins(&room.valve));
    let step = |(&bin, &ppm): (&i64, &f64)| {
        let before = air.get(&(bin - 1))?;
        let gained = room.volume_m3 * (ppm - before) * 1e-6 * 3600.0 / BIN_S;
        let carried = room.vent_max_m3_h * valve.get(&bin)? * (ppm - OUTDOORS_PPM) * 1e-6;
        Some((bin, ((gained + carried) / BREATH_M3_H).max(0.0)))
    };
    air.iter().filter_map(step).collect()
}

/// Whether what was counted falls evenly over what was foreseen: randomised PIT (Czado,
/// Gneiting & Held, Biometrics 65 (2009) 1254).
fn uniformity(id: &str, believed: &[Believed], target: &dyn Fn(Row, String, bool) -> Row) -> Row {
    let mut rng = Rng::of(1, "pit");
    let every = THINNED * (BIN_S / COUNTED_S) as usize;
    let places: Vec<f64> = believed
        .iter()
        .step_by(every)
        .filter_map(|b| {
            let Some(Distribution::Counts(p)) = &b.distribution else {
                return None;
            };
            let count = b.count as usize;
            let below: f64 = p.iter().take(count).map(|&p| f64::from(p)).sum();
            let at = f64::from(p.get(count).copied().unwrap_or(0.0));
            Some((below + rng.unit() * at).clamp(0.0, 1.0))
        })
        .collect();
    let (distance, most) = (
        uniform_distance(&places),
        uniform_distance_max(places.len()),
    );
    let row = Row::new(format!(
        "randomised PIT of the counter in room {id}, distance from even"
    ))
    .shown(places.len(), format!("{distance:.3}"))
    .detail(format!(
        "one interval of the counter an hour, so that neighbours hardly tell of each other; \
             correlation of one with the next {:.2}",
        correlation(&places)
    ))
    .detail(format!("tenths: {}", tenths(&places)));
    target(
        row,
        format!("≤ {most:.3} (Kolmogorov–Smirnov, 5 %)"),
        distance <= most,
    )
}

fn correlation(values: &[f64]) -> f64 {
    let middle = mean(values.iter().copied());
    let both = values.windows(2).map(|w| (w[0] - middle) * (w[1] - middle));
    mean(both) / mean(values.iter().map(|v| (v - middle) * (v - middle)))
}

fn tenths(places: &[f64]) -> String {
    let mut counts = [0; 10];
    for place in places {
        counts[((place * 10.0) as usize).min(9)] += 1;
    }
    counts.map(|n: u32| n.to_string()).join(" ")
}

/// Quarter-hours in which somebody was there, by themselves.
fn occupied(id: &str, believed: &[Believed], ours: &Bins, counted: &Bins) -> Row {
    let there: Bins = counted
        .iter()
        .map(|(b, n)| (*b, *n))
        .filter(|(_, n)| *n > 0.0)
        .collect();
    let intervals: Vec<(f64, f64, f64)> = believed
        .iter()
        .filter(|b| b.count > 0.0)
        .filter_map(|b| b.interval().map(|(low, high)| (low, high, b.count)))
        .collect();
    let inside = |&(low, high, n): &(f64, f64, f64)| f64::from(u8::from(low <= n && n <= high));
    let empty: Bins = counted
        .iter()
        .map(|(b, n)| (*b, *n))
        .filter(|(_, n)| *n == 0.0)
        .collect();
    Row::new(format!("occupied quarter-hours of room {id}"))
        .shown(there.len(), format!("RMSE {:.3}", rmse(ours, &there)))
        .detail(format!(
            "90 % intervals {:.2} people wide, {:.0} % of {} counts inside; mean {:.2} for {:.2} counted",
            mean(intervals.iter().map(|(low, high, _)| high - low)),
            100.0 * mean(intervals.iter().map(inside)),
            intervals.len(),
            mean(pairs(ours, &there).map(|(a, _)| a)),
            mean(there.values().copied()),
        ))
        .detail(format!(
            "empty quarter-hours: RMSE {:.3} on {}",
            rmse(ours, &empty),
            empty.len()
        ))
}

/// What somebody saw who looked in, against what was believed then.
fn visits(id: &str, room: &windesheim::Room) -> Row {
    let mut channel = Channel::new(spec("occupancy"));
    let told = told(room, room.volume_m3);
    let mut told = told.iter().peekable();
    let mut row = Row::new(format!("people that visitors saw in room {id}"));
    let mut errors = Vec::new();
    for &(at, saw) in &room.visits {
        while let Some(said) = told.next_if(|said| said.at <= time(at)) {
            channel.tell(said);
        }
        let Some((mean, sd)) = channel.moments(time(at)) else {
            continue;
        };
        errors.push(mean - saw);
        row = row.detail(format!("saw {saw:.0}, believed {mean:.1} ± {sd:.1}"));
    }
    row.shown(errors.len(), format!("RMSE {:.2}", rms(errors)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarter_hours_hold_the_mean_of_their_intervals() {
        let found = bins(&[(0.0, 1.0), (300.0, 2.0), (600.0, 3.0), (900.0, 7.0)]);
        assert_eq!(found, Bins::from([(0, 2.0), (1, 7.0)]));
    }

    #[test]
    fn a_steady_balance_gives_back_the_people() {
        let hours: Vec<f64> = (0..8).map(|i| f64::from(i) * BIN_S).collect();
        let ppm = OUTDOORS_PPM + 2.0 * BREATH_M3_H / (100.0 * 0.5) * 1e6;
        let room = windesheim::Room {
            volume_m3: 75.0,
            vent_max_m3_h: 100.0,
            co2: [hours.iter().map(|&at| (at, ppm)).collect(), Series::new()],
            valve: hours.iter().map(|&at| (at, 0.5)).collect(),
            ..windesheim::Room::default()
        };
        let people = balance(&room);
        assert!(people.values().all(|n| (n - 2.0).abs() < 1e-9) && people.len() == 7);
    }
}
