//! Faults put into real series: how soon they are noticed, how often the well are blamed, and
//! what they cost.
//!
//! Where one sensor measured often, its readings are dealt in turn to four shares: three become
//! sensors of their own, each with a calibration error that it keeps, and the fourth is
//! held out as the truth. Where two sensors hung side by side, both are used, and the truth is
//! the middle of the two before the fault was put in. One sensor at a time is broken, by a
//! generator that shares nothing with what has to notice it. *Healthy* is the same run without
//! the broken sensor.

use crate::channel::{Channel, Said, spec};
use crate::data::{Series, nab, windesheim, wsn};
use crate::metrics::{mean, median, rms};
use crate::row::{Row, hash_all};
use std::path::Path;
use twin_model::{AttributeSpec, Estimator, Time};
use twin_scenario::faults::{ALL, Episode, Habits, inject};
use twin_scenario::observe::Fault;
use twin_scenario::rng::Rng;

/// How much worse the fused value may be than the healthy sensors alone.
const RATIO_MAX: f64 = 1.1;
const SHARES: usize = 3;
const HOUR_S: f64 = 3600.0;
/// By how much the deliberately wrong model is off.
const WRONG_RATE: f64 = 10.0;

/// Sensors side by side, and what was so.
struct Bench {
    name: String,
    attribute: &'static str,
    sources: Vec<Series>,
    truth: Series,
    habits: Habits,
}

/// What came of one kind of fault on one bench.
#[derive(Debug, Clone, Default)]
struct Outcome {
    injected: usize,
    /// Seconds until noticed, of those that were.
    delays_s: Vec<f64>,
    /// The sensor was already blamed when it broke.
    before: usize,
    false_alarms: usize,
    sensor_days: f64,
    /// Root mean square error during the faults, with and without the broken sensor.
    fused: f64,
    healthy: f64,
}

impl Outcome {
    fn missed(&self) -> usize {
        self.injected - self.delays_s.len() - self.before
    }

    fn ratio(&self) -> f64 {
        self.fused / self.healthy
    }

    fn told(&self, name: &str) -> String {
        format!(
            "{name}: {} injected, {} noticed after {}, {} missed, {} blamed before; {:.2} false alarms \
             a sensor-day; error {:.3} beside {:.3} of the healthy alone: {:.2}",
            self.injected,
            self.delays_s.len(),
            minutes(&self.delays_s),
            self.missed(),
            self.before,
            self.false_alarms as f64 / self.sensor_days,
            self.fused,
            self.healthy,
            self.ratio()
        )
    }
}

fn minutes(delays_s: &[f64]) -> String {
    median(delays_s).map_or("—".into(), |s| format!("{:.1} min", s / 60.0))
}

/// Six kinds of fault on every bench, then no fault at all, then a model that is wrong.
pub(crate) fn measure(data: &Path, seed: u64) -> Vec<Row> {
    let benches = benches(data, seed);
    if benches.is_empty() {
        return vec![Row::new("faults in real series").lacking("the data are not there")];
    }
    let inputs = hash_all(benches.iter().map(|b| (&b.name, &b.sources, &b.truth)));
    let (three, two): (Vec<&Bench>, Vec<&Bench>) =
        benches.iter().partition(|b| b.sources.len() > 2);
    let mut rows = Vec::new();
    for (kind, &fault) in ALL.iter().enumerate() {
        for (benches, among) in [(&three, "three sensors"), (&two, "two sensors")] {
            let outcomes = outcomes(benches, fault, kind, seed, |spec| spec);
            rows.push(row(fault, among, benches, &outcomes));
        }
    }
    rows.push(well(&benches, seed));
    rows.push(misled(&three, seed));
    rows.into_iter().map(|row| row.on(inputs.clone())).collect()
}

fn outcomes(
    benches: &[&Bench],
    fault: Fault,
    kind: usize,
    seed: u64,
    model: fn(AttributeSpec) -> AttributeSpec,
) -> Vec<Outcome> {
    let run = |bench: &&Bench| strike(bench, fault, kind % bench.sources.len(), seed, model);
    benches.iter().map(run).collect()
}

fn row(fault: Fault, among: &str, benches: &[&Bench], outcomes: &[Outcome]) -> Row {
    let delays: Vec<f64> = outcomes.iter().flat_map(|o| o.delays_s.clone()).collect();
    let injected: usize = outcomes.iter().map(|o| o.injected).sum();
    let missed: usize = outcomes.iter().map(Outcome::missed).sum();
    let alarms: usize = outcomes.iter().map(|o| o.false_alarms).sum();
    let days: f64 = outcomes.iter().map(|o| o.sensor_days).sum();
    let ratio = rms(outcomes.iter().map(Outcome::ratio));
    let value = format!(
        "error {ratio:.2} × that of the healthy; noticed after {}, {missed} missed; {:.2} false \
         alarms a sensor-day",
        minutes(&delays),
        alarms as f64 / days
    );
    let row = Row::new(format!("{} of one among {among}", word(fault)))
        .shown(injected, value)
        .held_to(
            format!("error ≤ {RATIO_MAX} × that of the healthy"),
            ratio <= RATIO_MAX,
        )
        .beside("the same run without the broken sensor");
    benches
        .iter()
        .zip(outcomes)
        .fold(row, |row, (bench, outcome)| {
            row.detail(outcome.told(&bench.name))
        })
}

fn word(fault: Fault) -> &'static str {
    match fault {
        Fault::Random => "random spikes",
        Fault::Malfunction => "malfunction (noise)",
        Fault::Bias => "bias",
        Fault::Drift => "drift",
        Fault::PolynomialDrift => "polynomial drift",
        Fault::Stuck => "stuck",
    }
}

/// Nothing is broken, and whoever is blamed is blamed falsely.
fn well(benches: &[Bench], seed: u64) -> Row {
    let mut row = Row::new("no fault put in: false alarms");
    let (mut alarms, mut days) = (0, 0.0);
    for bench in benches {
        let run = follow(bench, &bench.sources, None, &[], spec(bench.attribute));
        alarms += run.false_alarms;
        days += run.sensor_days;
        row = row.detail(format!(
            "{}: {} in {:.1} sensor-days; error {:.3}",
            bench.name,
            run.false_alarms,
            run.sensor_days,
            rms(run.errors.iter().map(|(_, e)| *e))
        ));
    }
    row.shown(
        benches.len(),
        format!("{:.2} a sensor-day", f64::from(alarms as u32) / days),
    )
    .detail(format!(
        "seed {seed}; steps that the series themselves have, such as opened windows and the \
             labelled failures, count as false alarms too"
    ))
}

/// The same faults where the filter is told a rate that is wrong by a factor.
fn misled(benches: &[&Bench], seed: u64) -> Row {
    let mut row = Row::new(format!(
        "the same among three sensors, told a rate {WRONG_RATE:.0} times too fast"
    ));
    let mut ratios = Vec::new();
    for (kind, &fault) in ALL.iter().enumerate() {
        let outcomes = outcomes(benches, fault, kind, seed, too_fast);
        let ratio = rms(outcomes.iter().map(Outcome::ratio));
        row = row.detail(format!("{}: {ratio:.2}", word(fault)));
        ratios.push(ratio);
    }
    row.shown(
        ratios.len(),
        format!("error {:.2} × that of the healthy", mean(ratios)),
    )
}

/// A model that believes everything to change faster than it does.
pub(crate) fn too_fast(mut spec: AttributeSpec) -> AttributeSpec {
    if let Estimator::Scalar {
        correlation_time_s, ..
    } = &mut spec.estimator
    {
        *correlation_time_s /= WRONG_RATE;
    }
    spec
}

/// Breaks one sensor of a bench again and again.
fn strike(
    bench: &Bench,
    fault: Fault,
    victim: usize,
    seed: u64,
    model: fn(AttributeSpec) -> AttributeSpec,
) -> Outcome {
    let model = model(spec(bench.attribute));
    let mut sources = bench.sources.clone();
    let episodes = inject(&mut sources[victim], fault, bench.habits, seed);
    let with = follow(bench, &sources, Some(victim), &episodes, model);
    sources[victim].clear();
    let without = follow(bench, &sources, None, &episodes, model);
    let during = |errors: &[(f64, f64)]| {
        let broken = |at: f64| episodes.iter().any(|e| e.holds(at));
        rms(errors.iter().filter(|(at, _)| broken(*at)).map(|(_, e)| *e))
    };
    Outcome {
        injected: episodes.len(),
        delays_s: with.delays_s,
        before: with.before,
        false_alarms: with.false_alarms,
        sensor_days: with.sensor_days,
        fused: during(&with.errors),
        healthy: during(&without.errors),
    }
}

/// What one run came to.
#[derive(Default)]
struct Run {
    errors: Vec<(f64, f64)>,
    delays_s: Vec<f64>,
    before: usize,
    false_alarms: usize,
    sensor_days: f64,
}

/// Tells all readings in order of time and watches what is said against each source.
fn follow(
    bench: &Bench,
    sources: &[Series],
    victim: Option<usize>,
    episodes: &[Episode],
    model: AttributeSpec,
) -> Run {
    let mut channel = Channel::new(model);
    let mut run = Run::default();
    let mut watches = vec![Watch::default(); sources.len()];
    let mut truth = bench.truth.iter().peekable();
    for (at_s, source, value) in in_order(sources) {
        while let Some((due_s, so)) = truth.next_if(|(due_s, _)| *due_s < at_s) {
            if let Some((believed, _)) = channel.moments(time(*due_s)) {
                run.errors.push((*due_s, believed - so));
            }
        }
        channel.tell(&Said::number(source as u32, time(at_s), value));
        for (watched, watch) in watches.iter_mut().enumerate() {
            let own: &[Episode] = if victim == Some(watched) {
                episodes
            } else {
                &[]
            };
            let is_blamed = channel.doubts(watched as u32, time(at_s));
            watch.look(at_s, is_blamed, own, bench.habits.lasts_s, &mut run);
        }
    }
    let spoken = sources
        .iter()
        .filter_map(|s| Some(s.last()?.0 - s.first()?.0));
    let broken: f64 = episodes.iter().map(|e| e.until_s - e.from_s).sum();
    run.sensor_days = (spoken.sum::<f64>() - broken * f64::from(victim.is_some())) / 86_400.0;
    run
}

/// What is remembered of one source while it is watched.
#[derive(Debug, Clone, Default)]
struct Watch {
    is_blamed: bool,
    /// Episodes that have begun.
    begun: usize,
    /// The current one was noticed, or begun when it was blamed already.
    is_settled: bool,
}

impl Watch {
    /// `grace_s`: after a fault, blame is not false for so long, because a source has to
    /// earn its good name again.
    fn look(&mut self, at_s: f64, is_blamed: bool, own: &[Episode], grace_s: f64, run: &mut Run) {
        while own.get(self.begun).is_some_and(|e| e.from_s <= at_s) {
            self.begun += 1;
            self.is_settled = self.is_blamed;
            run.before += usize::from(self.is_blamed);
        }
        let current = self.begun.checked_sub(1).map(|i| own[i]);
        let is_due = |e: &Episode| at_s < e.until_s + grace_s;
        if let Some(episode) = current.filter(is_due) {
            if is_blamed && !self.is_settled && episode.holds(at_s) {
                run.delays_s.push(at_s - episode.from_s);
                self.is_settled = true;
            }
        } else if is_blamed && !self.is_blamed {
            run.false_alarms += 1;
        }
        self.is_blamed = is_blamed;
    }
}

fn time(seconds: f64) -> Time {
    Time::from_seconds(0).plus_seconds(seconds)
}

fn in_order(sources: &[Series]) -> Vec<(f64, usize, f64)> {
    let each = |(source, series): (usize, &Series)| {
        let readings = series.iter().map(move |&(at, value)| (at, source, value));
        readings.collect::<Vec<_>>()
    };
    let mut all: Vec<_> = sources.iter().enumerate().flat_map(each).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    all
}

/// Every bench that the data allow.
fn benches(data: &Path, seed: u64) -> Vec<Bench> {
    let mut benches = Vec::new();
    if let Ok(room) = windesheim::room(data, "999169") {
        benches.push(dealt(
            "office CO2",
            "co2",
            &room.co2[0],
            (25.0, 1.0),
            6.0,
            seed,
        ));
        let warmth = &room.temperature[0];
        benches.push(dealt(
            "office temperature",
            "temperature",
            warmth,
            (0.2, 0.1),
            6.0,
            seed,
        ));
        benches.push(paired("office CO2, both sensors", "co2", &room.co2, 1.0));
        benches.push(paired(
            "office temperature, both sensors",
            "temperature",
            &room.temperature,
            0.1,
        ));
    }
    if let Ok(motes) = wsn::temperatures(data) {
        benches.extend(motes.iter().map(|(mote, series)| {
            let name = format!("mote {mote} temperature");
            dealt(&name, "temperature", series, (0.2, 0.01), 0.25, seed)
        }));
    }
    if let Ok(machine) = nab::machine(data) {
        let name = "machine temperature";
        benches.push(dealt(
            name,
            "temperature",
            &machine,
            (0.3, 0.01),
            12.0,
            seed,
        ));
    }
    benches
}

/// One often-read series as three sensors and the truth.
fn dealt(
    name: &str,
    attribute: &'static str,
    series: &Series,
    (calibration, step): (f64, f64),
    lasts_h: f64,
    seed: u64,
) -> Bench {
    let mut rng = Rng::of(seed, name);
    let mut sources = vec![Series::new(); SHARES];
    let mut truth = Series::new();
    let errors: Vec<f64> = (0..SHARES).map(|_| calibration * rng.normal()).collect();
    for (turn, &(at, value)) in series.iter().enumerate() {
        match sources.get_mut(turn % (SHARES + 1)) {
            Some(source) => source.push((at, value + errors[turn % (SHARES + 1)])),
            None => truth.push((at, value)),
        }
    }
    Bench {
        name: name.into(),
        attribute,
        habits: habits(series, lasts_h, step),
        sources,
        truth,
    }
}

/// Two sensors side by side, the second set right by the middle difference between them: else
/// whichever is left alone would be off by half of that, and the broken one would seem to help.
fn paired(name: &str, attribute: &'static str, pair: &[Series; 2], step: f64) -> Bench {
    let apart = pair[1]
        .iter()
        .filter_map(|&(at, b)| Some(b - between(&pair[0], at)?));
    let apart = median(&apart.collect::<Vec<_>>()).unwrap_or(0.0);
    let second = pair[1].iter().map(|&(at, b)| (at, b - apart)).collect();
    let pair = [pair[0].clone(), second];
    let middle = |&(at, b): &(f64, f64)| Some((at, f64::midpoint(b, between(&pair[0], at)?)));
    Bench {
        name: name.into(),
        attribute,
        truth: pair[1].iter().filter_map(middle).collect(),
        habits: habits(&pair[0], 6.0, step),
        sources: pair.to_vec(),
    }
}

/// The value of a series between two readings that are near.
fn between(series: &Series, at: f64) -> Option<f64> {
    let after = series.partition_point(|(t, _)| *t < at);
    let ((t1, v1), (t2, v2)) = (*series.get(after.checked_sub(1)?)?, *series.get(after)?);
    (t2 - t1 < HOUR_S).then(|| v1 + (v2 - v1) * (at - t1) / (t2 - t1))
}

/// Faults that last so long and come about once in three times that; their sizes are measured
/// by how much the series moves in the time that a fault lasts.
fn habits(series: &Series, lasts_h: f64, step: f64) -> Habits {
    let lasts_s = lasts_h * HOUR_S;
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
        // A flat night must not make a fault that hardly leaves the display.
        spread: median(&spreads).unwrap_or(step).max(5.0 * step),
        step,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blame_is_right_during_a_fault_excused_after_it_and_false_elsewhere() {
        let own = [Episode {
            from_s: 100.0,
            until_s: 200.0,
        }];
        let (mut watch, mut run) = (Watch::default(), Run::default());
        for (at, blamed) in [
            (50.0, true),
            (60.0, false),
            (110.0, false),
            (130.0, true),
            (140.0, true),
            (250.0, false),
            (260.0, true),
            (270.0, false),
            (400.0, true),
        ] {
            watch.look(at, blamed, &own, 100.0, &mut run);
        }
        assert_eq!(run.delays_s, [30.0]);
        assert_eq!((run.false_alarms, run.before), (2, 0));
    }

    #[test]
    fn a_dealt_series_keeps_a_share_for_the_truth() {
        let series: Series = (0..40).map(|i| (f64::from(i), 20.0)).collect();
        let bench = dealt("x", "temperature", &series, (0.1, 0.1), 1.0, 1);
        assert!(bench.sources.iter().all(|s| s.len() == 10));
        assert!(bench.truth.iter().all(|(_, v)| *v == 20.0) && bench.truth.len() == 10);
    }
}
