//! Sensors: what they measure wrongly, when they are silent, and how they report.
//!
//! Each sensor is a source of its own. It reads at its own rate, is a little wrong all the time
//! (bias, noise, steps), says roughly how wrong, falls silent now and then, and may break in one
//! of the ways that field studies describe (De Bruijn et al. 2016: random, malfunction, bias,
//! drift, polynomial drift; and stuck).

use std::fmt::Write as _;

use serde::Serialize;

use super::world::{Attribute, World};
use crate::rng::Rng;
use crate::time::{SECOND_US, format_utc};

/// How a sensor is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Now and then a reading far off.
    Random,
    /// Much more noise than usual.
    Malfunction,
    /// All readings off by the same amount.
    Bias,
    /// Readings that go off steadily.
    Drift,
    /// Readings that go off ever faster.
    PolynomialDrift,
    /// The same reading for ever.
    Stuck,
}

/// A sensor as it really is.
#[derive(Debug, Clone, Serialize)]
pub struct Sensor {
    /// The source it claims as.
    pub source: String,
    /// What it observes.
    pub entity: String,
    /// Which attribute of it.
    pub attribute: &'static str,
    /// Its constant error, in the attribute's unit.
    pub bias: f64,
    /// Its noise (standard deviation), in the attribute's unit.
    pub noise_sd: f64,
    /// How it breaks, if it does.
    pub fault: Option<Fault>,
    /// When it breaks.
    pub fault_from: Option<String>,
    #[serde(skip)]
    works: Works,
}

/// The inner state of a sensor.
#[derive(Debug, Clone)]
struct Works {
    attribute: Attribute,
    index: usize,
    period_us: i64,
    due_us: i64,
    step: f64,
    typical: f64,
    fault_from_us: i64,
    stuck_at: Option<f64>,
    last: Option<f64>,
    silent: bool,
    switches_us: i64,
    head: String,
    tail: String,
    rng: Rng,
}

/// How sensors are spread and how they fail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Habits {
    pub(super) gaps: f64,
    pub(super) faults: f64,
    pub(super) from_us: i64,
    pub(super) to_us: i64,
}

/// What a sensor does at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing.
    Nothing,
    /// It would report, but is silent.
    Silent,
    /// It reports.
    Report,
}

/// A silence lasts this long on average.
const SILENCE_S: f64 = 480.0;

/// The sensors of a building. Nearly every room has them; some have two thermometers.
pub(super) fn install(world: &World<'_>, seed: u64, habits: Habits) -> Vec<Sensor> {
    let mut rng = Rng::of(seed, "sensors");
    let mut sensors = Vec::new();
    for (entity, attribute, index) in world.attributes() {
        let (covered, second) = match attribute {
            Attribute::Temperature => (0.95, 0.25),
            Attribute::Co2 => (0.8, 0.1),
            Attribute::Humidity | Attribute::Occupancy => (0.7, 0.05),
            Attribute::Smoke => (0.9, 0.15),
            Attribute::Open => (0.75, 0.0),
        };
        let count = usize::from(rng.chance(covered)) * (1 + usize::from(rng.chance(second)));
        for _ in 0..count {
            let source = format!("urn:twin:source:s{seed}-{:05}", sensors.len());
            sensors.push(Sensor::new(
                source,
                entity,
                (attribute, index),
                habits,
                &mut rng,
            ));
        }
    }
    sensors
}

impl Sensor {
    fn new(
        source: String,
        entity: &str,
        (attribute, index): (Attribute, usize),
        habits: Habits,
        rng: &mut Rng,
    ) -> Self {
        // Noise, spread of biases between sensors, step of the display, seconds between readings.
        let (noise, spread, step, period_s): (f64, f64, f64, i64) = match attribute {
            Attribute::Temperature => (0.15, 0.25, 0.1, 60),
            Attribute::Co2 => (12.0, 30.0, 1.0, 60),
            Attribute::Humidity => (0.8, 1.8, 0.5, 120),
            Attribute::Occupancy => (0.25, 0.0, 1.0, 60),
            Attribute::Smoke => (0.0, 0.0, 1.0, 300),
            Attribute::Open => (0.0, 0.0, 1.0, 600),
        };
        let noise_sd = noise * rng.between(0.6, 1.5);
        let bias = spread * rng.normal();
        let fault = rng
            .chance(habits.faults)
            .then(|| pick_fault(attribute, rng));
        let span = (habits.to_us - habits.from_us) as f64;
        let fault_from_us = habits.from_us + (span * rng.unit()) as i64;
        // Data sheets are optimistic or careful by up to half.
        let stated_sd = ((noise_sd.powi(2) + (0.8 * spread).powi(2) + step.powi(2) / 12.0).sqrt()
            * rng.between(0.7, 1.5)
            * 100.0)
            .round()
            / 100.0;
        let period_us = period_s * SECOND_US;
        let mut own = Rng::of(rng.bits(), "readings");
        let silent = own.chance(habits.gaps);
        let mut works = Works {
            attribute,
            index,
            period_us,
            due_us: habits.from_us + (period_us as f64 * own.unit()) as i64 / 1000 * 1000,
            step,
            typical: spread.max(noise_sd),
            fault_from_us,
            stuck_at: None,
            last: None,
            silent,
            switches_us: habits.from_us,
            head: head(&source, entity, attribute),
            tail: tail(attribute, stated_sd),
            rng: own,
        };
        works.switches_us = works.next_switch(habits.from_us, habits.gaps);
        Self {
            source,
            entity: entity.to_owned(),
            attribute: attribute.name(),
            bias,
            noise_sd,
            fault,
            fault_from: fault.map(|_| format_utc(fault_from_us)),
            works,
        }
    }

    /// Whether the sensor reports between now and the next step; counts and doors also do at
    /// once when they change.
    pub(super) fn due(&mut self, world: &World<'_>, gaps: f64, step_us: i64) -> (Due, i64) {
        let works = &mut self.works;
        while works.switches_us <= world.now_us {
            works.silent = !works.silent;
            works.switches_us = works.next_switch(works.switches_us, gaps);
        }
        let truth = world.value(works.attribute, works.index);
        let event = works.attribute.is_boolean() && works.last.is_some_and(|last| last != truth);
        let at_us = if works.due_us < world.now_us + step_us {
            let at_us = works.due_us.max(world.now_us);
            works.due_us += works.period_us;
            at_us
        } else if event {
            world.now_us + (works.rng.between(0.1, 1.0) * SECOND_US as f64) as i64 / 1000 * 1000
        } else {
            return (Due::Nothing, 0);
        };
        works.last = Some(truth);
        (
            if works.silent {
                Due::Silent
            } else {
                Due::Report
            },
            at_us,
        )
    }

    /// Writes the claim that the sensor makes at a moment, up to where the arrival goes.
    pub(super) fn claim(&mut self, world: &World<'_>, at_us: i64) -> String {
        let reading = self.read(world, at_us);
        let works = &self.works;
        let mut line = String::with_capacity(works.head.len() + works.tail.len() + 80);
        line.push_str(&works.head);
        let _ = match (works.attribute.is_boolean(), works.step < 1.0) {
            (true, _) => write!(line, "{}", reading > 0.5),
            (false, true) => write!(line, "{reading:.1}"),
            (false, false) => write!(line, "{reading:.0}"),
        };
        let _ = write!(line, "{}{}\"", works.tail, format_utc(at_us));
        line
    }

    fn read(&mut self, world: &World<'_>, at_us: i64) -> f64 {
        let works = &mut self.works;
        let truth = world.value(works.attribute, works.index);
        let broken_s = (at_us - works.fault_from_us) as f64 / SECOND_US as f64;
        let fault = self.fault.filter(|_| broken_s >= 0.0);
        if works.attribute.is_boolean() {
            if fault == Some(Fault::Stuck) {
                return *works.stuck_at.get_or_insert(truth);
            }
            return truth;
        }
        let noise = self.noise_sd * works.rng.normal();
        let typical = works.typical;
        let error = match fault {
            Some(Fault::Random) if works.rng.chance(0.15) => 15.0 * typical * works.rng.normal(),
            Some(Fault::Malfunction) => 8.0 * typical * works.rng.normal(),
            Some(Fault::Bias) => 8.0 * typical,
            Some(Fault::Drift) => typical * 10.0 * broken_s / 3600.0,
            Some(Fault::PolynomialDrift) => typical * 10.0 * (broken_s / 3600.0).powi(2),
            Some(Fault::Random | Fault::Stuck) | None => 0.0,
        };
        let shown = ((truth + self.bias + noise + error) / works.step).round() * works.step;
        let shown = match works.attribute {
            Attribute::Humidity => shown.clamp(0.0, 100.0),
            Attribute::Temperature => shown.clamp(-40.0, 1200.0),
            _ => shown.clamp(0.0, 200_000.0),
        };
        // Adding zero turns a negative zero into a positive one.
        let shown = shown + 0.0;
        if fault == Some(Fault::Stuck) {
            *works.stuck_at.get_or_insert(shown)
        } else {
            shown
        }
    }
}

impl Works {
    /// Silences last as they do; the time between is such that the asked share is silent.
    fn next_switch(&mut self, from_us: i64, gaps: f64) -> i64 {
        let mean_s = match (self.silent, gaps) {
            (_, g) if g <= 0.0 || g >= 1.0 => return i64::MAX,
            (true, _) => SILENCE_S,
            (false, g) => SILENCE_S * (1.0 - g) / g,
        };
        from_us.saturating_add((self.rng.waiting(mean_s) * SECOND_US as f64) as i64 + 1)
    }
}

fn pick_fault(attribute: Attribute, rng: &mut Rng) -> Fault {
    if attribute.is_boolean() {
        return Fault::Stuck;
    }
    *rng.pick(&[
        &Fault::Random,
        &Fault::Malfunction,
        &Fault::Bias,
        &Fault::Drift,
        &Fault::PolynomialDrift,
        &Fault::Stuck,
    ])
}

fn head(source: &str, entity: &str, attribute: Attribute) -> String {
    let (source, entity) = (serde_json::json!(source), serde_json::json!(entity));
    format!(
        "{{\"source\":{source},\"entity\":{entity},\"attribute\":\"{}\",\"value\":",
        attribute.name()
    )
}

fn tail(attribute: Attribute, stated_sd: f64) -> String {
    match attribute.unit() {
        Some(unit) => {
            format!(",\"unit\":\"{unit}\",\"uncertainty\":{{\"sd\":{stated_sd}}},\"observed\":\"")
        }
        None => ",\"uncertainty\":{\"probability\":0.98},\"observed\":\"".to_owned(),
    }
}
