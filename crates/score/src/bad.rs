//! What sensors should not say, and do: each is survived, and shown.
//!
//! Three thermometers hang in a room for two days; the third goes bad on the second. *Survived*:
//! the estimate is hardly further off than without it. *Shown*: a code, a flag, or what is said
//! against the source.

use crate::channel::{Channel, Said, spec, time};
use crate::metrics::rms;
use crate::row::{Row, hash};
use anyhow::{Result, bail, ensure};
use twin_fusion::{Outcome, canonical};
use twin_model::{Act, Flag, Stated, Time, Unit, Value};
use twin_scenario::rng::Rng;

const PERIOD_S: f64 = 300.0;
const DAY_S: f64 = 86_400.0;
const START_S: f64 = 1_767_571_200.0;
/// Further off than the healthy by more than this is not survived.
const RATIO_MAX: f64 = 1.5;
const MARGIN_K: f64 = 0.1;
/// Share of the time in which it must be shown.
const SHOWN_MIN: f64 = 0.5;
/// A bias that is told and larger than this tells on a source.
const BIAS_MAX_K: f64 = 1.0;
const BAD: u32 = 2;

type Case = (&'static str, fn(u64) -> Result<String>);

const CASES: [Case; 12] = [
    ("not a number", not_a_number),
    ("a sentinel outside the range: -127 °C", outside_range),
    (
        "a sentinel outside the range: 65535 and 0 ppm",
        outside_range_ppm,
    ),
    (
        "a sentinel inside the range: 85 °C now and then",
        power_on_value,
    ),
    ("°F with its unit", fahrenheit_stated),
    ("°F for °C", fahrenheit_unstated),
    ("yesterday again, with yesterday's stamps", replayed),
    ("yesterday again, with today's stamps", replayed_as_new),
    ("two thermometers under one name", two_under_one_name),
    ("4 °C too much, always", liar),
    ("a clock a year behind", clock_behind),
    ("a clock a year ahead", clock_ahead),
];

/// Every case, by name.
pub(crate) fn measure(seed: u64) -> Vec<Row> {
    let mut row = Row::new("bad input: survived and shown");
    let mut good = 0;
    for (name, case) in CASES {
        match case(seed) {
            Ok(shown) => {
                good += 1;
                row = row.detail(format!("{name}: {shown}"));
            }
            Err(error) => row = row.detail(format!("{name}: FAILED: {error:#}")),
        }
    }
    let n = CASES.len();
    vec![
        row.shown(n, format!("{good} of {n}"))
            .held_to("all", good == n)
            .on(hash(format!("bad {seed} {n}").as_bytes())),
    ]
}

fn assert_number(value: f64, unit: Option<&str>) -> Act {
    Act::Assert(Stated {
        value: Value::Number(value),
        unit: unit.map(|unit| Unit::new(unit).expect("a unit")),
        uncertainty: None,
    })
}

fn not_a_number(_: u64) -> Result<String> {
    let mut codes = Vec::new();
    for value in [f64::NAN, f64::INFINITY, 1e300] {
        match canonical(&spec("temperature"), &assert_number(value, None)) {
            Err(error) => codes.push(error.code()),
            Ok(act) => bail!("{value} became {act:?}"),
        }
    }
    // Past the door, the estimator refuses it as well.
    let mut channel = Channel::new(spec("temperature"));
    let outcome = channel.tell(&Said::number(0, time(START_S), f64::NAN));
    ensure!(
        outcome == Outcome::Refused,
        "the estimator says {outcome:?}"
    );
    Ok(format!("refused with {}", codes[0]))
}

fn outside_range(seed: u64) -> Result<String> {
    spoiled(
        seed,
        |_, said| said.value = Value::Number(-127.0),
        Flag::OutOfRange,
    )
}

fn outside_range_ppm(_: u64) -> Result<String> {
    let mut channel = Channel::new(spec("co2"));
    for turn in 0..50 {
        let at = START_S + f64::from(turn) * PERIOD_S;
        channel.tell(&Said::number(0, time(at), 600.0));
        let sentinel = if turn % 2 == 0 { 65_535.0 } else { 0.0 };
        let outcome = channel.tell(&Said::number(1, time(at + 1.0), sentinel));
        ensure!(
            outcome == Outcome::OutOfRange,
            "{sentinel} ppm: {outcome:?}"
        );
    }
    let at = time(START_S + 49.0 * PERIOD_S + 2.0);
    let (mean, _) = channel.moments(at).unwrap_or((f64::NAN, 0.0));
    ensure!((mean - 600.0).abs() < 30.0, "600 ppm became {mean:.0}");
    ensure!(channel.has(Flag::OutOfRange, at), "no flag");
    Ok("outcome and flag outOfRange".into())
}

/// 85 °C is what a DS18B20 tells after it lost power (Maxim data sheet 19-7487, table 2).
fn power_on_value(seed: u64) -> Result<String> {
    let spoil = |turn: usize, said: &mut Said| {
        if turn.is_multiple_of(5) {
            said.value = Value::Number(85.0);
        }
    };
    spoiled(seed, spoil, Flag::FaultySource)
}

fn fahrenheit_stated(_: u64) -> Result<String> {
    let act = canonical(&spec("temperature"), &assert_number(69.8, Some("[degF]")))?;
    let Act::Assert(Stated {
        value: Value::Number(celsius),
        ..
    }) = act
    else {
        bail!("it became {act:?}");
    };
    ensure!((celsius - 21.0).abs() < 1e-9, "69.8 °F became {celsius} °C");
    Ok("converted".into())
}

fn fahrenheit_unstated(seed: u64) -> Result<String> {
    let spoil = |_: usize, said: &mut Said| {
        said.value = Value::Number(said.as_number() * 1.8 + 32.0);
    };
    spoiled(seed, spoil, Flag::FaultySource)
}

fn two_under_one_name(seed: u64) -> Result<String> {
    let spoil = |turn: usize, said: &mut Said| {
        if turn.is_multiple_of(2) {
            said.value = Value::Number(said.as_number() - 4.0);
        }
    };
    spoiled(seed, spoil, Flag::FaultySource)
}

fn liar(seed: u64) -> Result<String> {
    let mut days = two_days(seed);
    let tell = |said: &mut Said| said.value = Value::Number(said.as_number() + 4.0);
    days.said
        .iter_mut()
        .filter(|said| said.source == BAD)
        .for_each(tell);
    judge(&days, Flag::FaultySource)
}

fn clock_behind(seed: u64) -> Result<String> {
    spoiled(
        seed,
        |_, said| said.at = said.at.plus_seconds(-365.0 * DAY_S),
        Flag::ClockSkew,
    )
}

fn clock_ahead(seed: u64) -> Result<String> {
    spoiled(
        seed,
        |_, said| said.at = said.at.plus_seconds(365.0 * DAY_S),
        Flag::ClockSkew,
    )
}

/// Everything that the third said yesterday comes again, word for word.
fn replayed(seed: u64) -> Result<String> {
    let days = two_days(seed);
    let mut channel = Channel::new(spec("temperature"));
    for said in &days.said {
        channel.tell(said);
    }
    let end = time(START_S + 2.0 * DAY_S);
    let before = format!("{:?}", channel.estimate(end));
    let yesterday = days
        .said
        .iter()
        .filter(|s| s.source == BAD && s.at < time(START_S + DAY_S));
    for said in yesterday {
        let outcome = channel.tell_at(said, end);
        ensure!(
            matches!(outcome, Outcome::Duplicate | Outcome::Superseded),
            "the estimator says {outcome:?}"
        );
    }
    let after = format!("{:?}", channel.estimate(end));
    ensure!(before == after, "the estimate changed");
    Ok("on record as duplicate or superseded; the estimate is the same to the bit".into())
}

/// The second day is 5 °C warmer, and the third thermometer tells the first day again.
fn replayed_as_new(seed: u64) -> Result<String> {
    let mut days = two_days(seed);
    let yesterday: Vec<f64> = days.third().map(Said::as_number).collect();
    let warmer =
        |at: Time| 5.0 * (at.seconds_since(time(START_S + DAY_S)) / 21_600.0).clamp(0.0, 1.0);
    for said in &mut days.said {
        said.value = Value::Number(said.as_number() + warmer(said.at));
    }
    for (at, truth) in &mut days.truth {
        *truth += warmer(*at);
    }
    let half = yesterday.len() / 2;
    for (turn, said) in days.third_mut().enumerate().skip(half) {
        said.value = Value::Number(yesterday[turn - half]);
    }
    judge(&days, Flag::FaultySource)
}

/// Spoils what the third says on the second day, and judges.
fn spoiled(seed: u64, spoil: fn(usize, &mut Said), flag: Flag) -> Result<String> {
    let mut days = two_days(seed);
    for said in &mut days.said {
        days.recorded.push(said.at.plus_seconds(1.0));
    }
    let second_day = time(START_S + DAY_S);
    let third = days.third_mut().filter(|said| said.at >= second_day);
    third.enumerate().for_each(|(turn, said)| spoil(turn, said));
    judge(&days, flag)
}

/// What three thermometers say in two days, and what is so.
struct Days {
    said: Vec<Said>,
    /// When each is recorded, where that does not follow from its stamp.
    recorded: Vec<Time>,
    truth: Vec<(Time, f64)>,
}

impl Days {
    fn third(&self) -> impl Iterator<Item = &Said> {
        self.said.iter().filter(|said| said.source == BAD)
    }

    fn third_mut(&mut self) -> impl Iterator<Item = &mut Said> {
        self.said.iter_mut().filter(|said| said.source == BAD)
    }
}

/// A room that warms in the morning and cools at night, with the sun behind clouds.
fn two_days(seed: u64) -> Days {
    let mut rng = Rng::of(seed, "bad");
    let mut days = Days {
        said: Vec::new(),
        recorded: Vec::new(),
        truth: Vec::new(),
    };
    let (mut clouds, turns) = (0.0, (2.0 * DAY_S / PERIOD_S) as u32);
    for turn in 0..turns {
        let at = START_S + f64::from(turn) * PERIOD_S;
        let hour = f64::from(turn) * PERIOD_S / 3600.0 % 24.0;
        clouds = 0.95 * clouds + 0.05 * rng.between(-1.0, 1.0);
        let sun = (1.0 - ((hour - 13.0) / 5.0).powi(2)).max(0.0);
        let truth = 20.5 + 1.5 * sun * (1.0 + clouds);
        for (source, bias) in [(0, 0.1), (1, -0.15), (BAD, 0.05)] {
            let value = truth + bias + 0.1 * rng.normal();
            let at = time(at + f64::from(source) * 40.0 + rng.between(0.0, 20.0));
            days.said
                .push(Said::number(source, at, (value * 10.0).round() / 10.0));
        }
        days.truth.push((time(at + 200.0), truth));
    }
    days
}

/// Whether the estimate of the second day is as good as without the third, and how it shows.
fn judge(days: &Days, flag: Flag) -> Result<String> {
    let with = live(days, |_| true, flag);
    let without = live(days, |said| said.source != BAD, flag);
    let (error, healthy) = (with.error, without.error);
    let figures = format!("error {error:.2} °C beside {healthy:.2} of the healthy");
    ensure!(
        error <= RATIO_MAX * healthy + MARGIN_K,
        "not survived: {figures}; shown in {:.0} % of the time",
        100.0 * with.shown
    );
    ensure!(
        with.shown >= SHOWN_MIN,
        "survived, but shown in {:.0} % of the time only; {figures}",
        100.0 * with.shown
    );
    Ok(format!(
        "{} ({:.0} % of the time); {figures}",
        with.words,
        100.0 * with.shown
    ))
}

struct Lived {
    error: f64,
    shown: f64,
    words: String,
}

fn live(days: &Days, is_told: fn(&Said) -> bool, flag: Flag) -> Lived {
    let mut channel = Channel::new(spec("temperature"));
    let mut arrivals: Vec<(Time, &Said)> = days
        .said
        .iter()
        .enumerate()
        .map(|(at, said)| {
            let usual = said.at.plus_seconds(1.0);
            (days.recorded.get(at).copied().unwrap_or(usual), said)
        })
        .collect();
    arrivals.sort_by_key(|(recorded, _)| *recorded);
    let mut arrivals = arrivals.into_iter().peekable();
    let (mut errors, mut shown, mut asked) = (Vec::new(), 0, 0);
    let mut words = String::new();
    for &(at, truth) in &days.truth {
        while let Some((recorded, said)) = arrivals.next_if(|(recorded, _)| *recorded <= at) {
            if is_told(said) {
                channel.tell_at(said, recorded);
            }
        }
        if at < time(START_S + DAY_S) {
            continue;
        }
        let estimate = channel.estimate(at);
        let moments = estimate
            .distribution
            .as_ref()
            .and_then(twin_model::Distribution::moments);
        errors.push(moments.map_or(f64::NAN, |(mean, _)| mean - truth));
        asked += 1;
        let telling = [flag, Flag::FaultySource, Flag::Conflicting];
        let flags: Vec<&str> = estimate
            .flags
            .iter()
            .filter(|flag| telling.contains(flag))
            .map(Flag::as_str)
            .collect();
        let health = channel.health(BAD, at);
        let is_blamed = channel.blames(BAD, BIAS_MAX_K, at);
        if !flags.is_empty() || is_blamed {
            shown += 1;
            let source = health.map_or("not judged".into(), |h| {
                format!("{}, bias {:.1} °C", h.state.as_str(), h.bias)
            });
            words = format!("flags {flags:?}, source {source}");
        }
    }
    Lived {
        error: rms(errors),
        shown: f64::from(shown) / f64::from(asked.max(1)),
        words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_with_nothing_bad_in_it_shows_nothing() {
        let lived = live(&two_days(1), |_| true, Flag::FaultySource);
        assert!(
            lived.error < 0.4 && lived.shown < 0.1,
            "{} {}",
            lived.error,
            lived.shown
        );
    }

    #[test]
    fn a_spoiled_day_shows_in_a_plain_mean() {
        let mut days = two_days(1);
        days.third_mut()
            .for_each(|said| said.value = Value::Number(70.0));
        let mean = crate::metrics::mean(days.said.iter().map(Said::as_number));
        assert!(mean > 30.0);
    }
}
