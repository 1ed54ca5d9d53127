//! Observations of any building: what its sensors would say on a given day.
//!
//! A small world runs in steps of ten seconds: people follow their day, air warms and grows
//! stale, doors open as people pass, and on request a fire breaks out. Sensors read it, imperfectly,
//! and their claims arrive late, twice, out of order or not at all. The truth is written for every
//! entity, attribute and minute.
//!
//! **Boundary:** the dynamics here are deliberately not those of any filter that reads the
//! claims: semi-Markov people, thermostat control, substance balances.

mod air;
mod people;
mod rooms;
mod sensors;
mod world;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::Write;

use crate::Error;
use crate::rng::Rng;
use crate::time::{SECOND_US, format_utc};
pub use rooms::Rooms;
use sensors::{Due, Habits};
pub use sensors::{Fault, Sensor};
pub use world::Attribute;
use world::{Fire, STEP_S, World};

/// What to observe, and how badly.
#[derive(Debug, Clone)]
pub struct Options {
    /// Decides everything else.
    pub seed: u64,
    /// The first moment, in microseconds since 1970.
    pub start_us: i64,
    /// For how long, 1 to 44640 (a month).
    pub minutes: i64,
    /// A fire as `ROOM@MINUTE`.
    pub fire: Option<String>,
    /// The share of readings lost to silences.
    pub gaps: f64,
    /// The share of claims that arrive twice.
    pub duplicates: f64,
    /// The share of claims that arrive late.
    pub late: f64,
    /// How late at most, in seconds, 31 to 86400.
    pub late_max_s: i64,
    /// The share of sensors that break.
    pub faults: f64,
    /// Instead of sensors' own rates: evenly spaced claims at this many a second, and how many.
    pub load: Option<Load>,
}

/// An even stream of claims, for benchmarks.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Claims a second of the stream's own time.
    pub claims_per_s: u64,
    /// How many in all.
    pub claims: u64,
}

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Claims written, duplicates included.
    pub claims: u64,
    /// How many of them repeat another.
    pub duplicates: u64,
    /// How many were held up.
    pub late: u64,
    /// Readings that were never sent.
    pub silenced: u64,
    /// True values written.
    pub truths: u64,
}

/// Something late arrives at least this long after it was observed.
const LATE_MIN_S: i64 = 30;
const STEP_US: i64 = STEP_S * SECOND_US;
const MINUTE_US: i64 = 60 * SECOND_US;
/// Two weeks at a hundred thousand a second would fill any disk; a benchmark needs far less.
const LOAD_MAX: u64 = 1_000_000_000;

/// Writes claims in order of arrival to `out`, and true values by minute to `truth`. Returns what
/// was written, and the sensors as they really are.
pub fn write(
    rooms: &Rooms,
    options: &Options,
    out: &mut impl Write,
    truth: &mut impl Write,
) -> Result<(Summary, Vec<Sensor>), Error> {
    let fire = options.checked(rooms)?;
    let end_us = end_us(options);
    let mut world = World::at(rooms, options.seed, options.start_us, fire);
    let habits = Habits {
        gaps: options.gaps,
        faults: options.faults,
        from_us: options.start_us,
        to_us: end_us,
    };
    let mut sensors = sensors::install(&world, options.seed, habits);
    let mut writer = Writer {
        options,
        rng: Rng::of(options.seed, "transport"),
        waiting: BinaryHeap::new(),
        sequence: 0,
        summary: Summary::default(),
    };
    while world.now_us < end_us {
        if (world.now_us - options.start_us) % MINUTE_US == 0 {
            writer.summary.truths += write_truth(&world, truth)?;
        }
        if let Some(load) = options.load {
            writer.stream(&world, &mut sensors, load, out)?;
        } else {
            writer.observe(&world, &mut sensors);
            writer.deliver(world.now_us, out)?;
        }
        world.step();
    }
    writer.deliver(i64::MAX, out)?;
    Ok((writer.summary, sensors))
}

impl Options {
    /// Tells what is wrong with the options for these rooms, before anything is written.
    pub fn check(&self, rooms: &Rooms) -> Result<(), Error> {
        self.checked(rooms).map(drop)
    }

    /// Checks the options and finds the room of the fire.
    fn checked(&self, rooms: &Rooms) -> Result<Option<Fire>, Error> {
        let options = self;
        let refuse = |name, allowed, given: String| {
            Err(Error::OutOfRange {
                name,
                allowed,
                given,
            })
        };
        for (name, share) in [
            ("--gaps", options.gaps),
            ("--duplicates", options.duplicates),
            ("--late", options.late),
            ("--faults", options.faults),
        ] {
            if !(0.0..=1.0).contains(&share) {
                return refuse(name, "from 0 to 1", share.to_string());
            }
        }
        if !(1..=44_640).contains(&options.minutes) {
            return refuse("--minutes", "from 1 to 44640", options.minutes.to_string());
        }
        if !(LATE_MIN_S + 1..=86_400).contains(&options.late_max_s) {
            return refuse(
                "--late-max",
                "from 31 to 86400 seconds",
                options.late_max_s.to_string(),
            );
        }
        if let Some(load) = options.load {
            if !(1..=10_000_000).contains(&load.claims_per_s) {
                return refuse(
                    "--rate",
                    "from 1 to 10000000",
                    load.claims_per_s.to_string(),
                );
            }
            if !(1..=LOAD_MAX).contains(&load.claims) {
                return refuse("--claims", "from 1 to 1000000000", load.claims.to_string());
            }
            if load.claims / load.claims_per_s >= 44_640 * 60 {
                return refuse(
                    "--claims",
                    "at most a month of the rate",
                    load.claims.to_string(),
                );
            }
        }
        options
            .fire
            .as_deref()
            .map(|text| fire(text, rooms, options))
            .transpose()
    }
}

fn end_us(options: &Options) -> i64 {
    let length_us = match options.load {
        Some(load) => arrival_us(load, load.claims - 1) + 1,
        None => options.minutes * MINUTE_US,
    };
    options.start_us + length_us
}

/// When the claim with this number arrives, after the start.
fn arrival_us(load: Load, number: u64) -> i64 {
    (u128::from(number) * SECOND_US as u128 / u128::from(load.claims_per_s)) as i64
}

fn fire(text: &str, rooms: &Rooms, options: &Options) -> Result<Fire, Error> {
    let bad = || Error::Fire(text.to_owned());
    let (room, minute) = text.rsplit_once('@').ok_or_else(bad)?;
    let minute: u32 = minute.parse().map_err(|_| bad())?;
    let room = rooms.find(room)?;
    Ok(Fire {
        room,
        from_us: options.start_us + i64::from(minute) * MINUTE_US,
    })
}

fn write_truth(world: &World<'_>, truth: &mut impl Write) -> Result<u64, Error> {
    let at = format_utc(world.now_us);
    let mut count = 0;
    for (entity, attribute, index) in world.attributes() {
        let value = world.value(attribute, index);
        let (entity, name) = (serde_json::json!(entity), attribute.name());
        write!(
            truth,
            "{{\"entity\":{entity},\"attribute\":\"{name}\",\"at\":\"{at}\",\"value\":"
        )?;
        if attribute.is_boolean() {
            writeln!(truth, "{}}}", value > 0.5)?;
        } else if attribute == Attribute::Occupancy {
            writeln!(truth, "{value:.0}}}")?;
        } else {
            writeln!(truth, "{value:.4}}}")?;
        }
        count += 1;
    }
    Ok(count)
}

/// Takes claims from sensors and delivers them in order of arrival.
struct Writer<'a> {
    options: &'a Options,
    rng: Rng,
    /// On their way: arrival, sequence, claim.
    waiting: BinaryHeap<Reverse<(i64, u64, String)>>,
    sequence: u64,
    summary: Summary,
}

impl Writer<'_> {
    fn observe(&mut self, world: &World<'_>, sensors: &mut [Sensor]) {
        for sensor in sensors {
            match sensor.due(world, self.options.gaps, STEP_US) {
                (Due::Nothing, _) => {}
                (Due::Silent, _) => self.summary.silenced += 1,
                (Due::Report, at_us) => {
                    let claim = sensor.claim(world, at_us);
                    self.send(claim, at_us);
                }
            }
        }
    }

    fn send(&mut self, claim: String, at_us: i64) {
        let seconds = |s: f64| (s * 1000.0) as i64 * 1000;
        let mut arrives_us = at_us + 20_000 + seconds(self.rng.waiting(0.4).min(5.0));
        if self.rng.chance(self.options.late) {
            let most = self.options.late_max_s as f64;
            arrives_us = at_us + seconds(self.rng.between(LATE_MIN_S as f64, most));
            self.summary.late += 1;
        }
        if self.rng.chance(self.options.duplicates) {
            let again_us = arrives_us + seconds(self.rng.between(0.05, 30.0));
            self.summary.duplicates += 1;
            self.enqueue(claim.clone(), again_us);
        }
        self.enqueue(claim, arrives_us);
    }

    fn enqueue(&mut self, claim: String, arrives_us: i64) {
        self.sequence += 1;
        self.waiting
            .push(Reverse((arrives_us, self.sequence, claim)));
    }

    /// Writes what arrives before a moment. Nothing observed later can arrive before it.
    fn deliver(&mut self, before_us: i64, out: &mut impl Write) -> Result<(), Error> {
        while self
            .waiting
            .peek()
            .is_some_and(|Reverse((arrives, ..))| *arrives < before_us)
        {
            if let Some(Reverse((arrives_us, _, claim))) = self.waiting.pop() {
                self.finish(&claim, arrives_us, out)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, claim: &str, arrives_us: i64, out: &mut impl Write) -> Result<(), Error> {
        writeln!(out, "{claim},\"arrives\":\"{}\"}}", format_utc(arrives_us))?;
        self.summary.claims += 1;
        Ok(())
    }

    /// Writes the part of an even stream that falls into this step.
    fn stream(
        &mut self,
        world: &World<'_>,
        sensors: &mut [Sensor],
        load: Load,
        out: &mut impl Write,
    ) -> Result<(), Error> {
        // The start is a step's beginning only by chance, so the last step may be cut short.
        let until_us = world.now_us + STEP_US;
        while self.sequence < load.claims && !sensors.is_empty() {
            let at_us = self.options.start_us + arrival_us(load, self.sequence);
            if at_us >= until_us {
                break;
            }
            let sensor = (self.sequence % sensors.len() as u64) as usize;
            let claim = sensors[sensor].claim(world, at_us);
            self.finish(&claim, at_us, out)?;
            self.sequence += 1;
        }
        Ok(())
    }
}
