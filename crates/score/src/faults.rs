//! Faults put into real series: how soon they are noticed, how often the well are blamed, and
//! what they cost.
//!
//! One sensor at a time is broken, by a generator that shares nothing with what has to notice
//! it. *Noticed* is the first time within the fault at which the broken sensor is called anything but
//! well, or said to be off by more than its data sheet allows; *healthy* is the same run without it. See `benches` for the sensors.

use crate::benches::{Bench, benches};
use crate::channel::{Channel, Said, spec, time};
use crate::data::Series;
use crate::metrics::{mean, median, rms};
use crate::row::{Row, hash_all};
use std::path::Path;
use twin_model::{AttributeSpec, Estimator};
use twin_scenario::faults::{ALL, Episode, inject};
use twin_scenario::observe::Fault;

/// How much worse the fused value may be than the healthy sensors alone.
const RATIO_MAX: f64 = 1.1;
/// By how much the deliberately wrong model is off.
const WRONG_RATE: f64 = 10.0;

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
            "{}: {} in {:.1} sensor-days; error {:.3}, {:.0} % inside the 90 % interval",
            bench.name,
            run.false_alarms,
            run.sensor_days,
            rms(run.errors.iter().map(|(_, e)| *e)),
            100.0
                * mean(
                    run.normed
                        .iter()
                        .map(|z| f64::from(u8::from(z.abs() < 1.645)))
                )
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
    /// Errors in standard deviations.
    normed: Vec<f64>,
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
            if let Some((believed, sd)) = channel.moments(time(*due_s)) {
                run.errors.push((*due_s, believed - so));
                run.normed.push((believed - so) / sd);
            }
        }
        channel.tell(&Said::number(source as u32, time(at_s), value));
        for (watched, watch) in watches.iter_mut().enumerate() {
            let own: &[Episode] = if victim == Some(watched) {
                episodes
            } else {
                &[]
            };
            let is_blamed = channel.blames(watched as u32, bench.accuracy, time(at_s));
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

fn in_order(sources: &[Series]) -> Vec<(f64, usize, f64)> {
    let each = |(source, series): (usize, &Series)| {
        let readings = series.iter().map(move |&(at, value)| (at, source, value));
        readings.collect::<Vec<_>>()
    };
    let mut all: Vec<_> = sources.iter().enumerate().flat_map(each).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    all
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
}
