//! A generated tower: what its sensors said over two and a half days, and what was so.
//!
//! The generator's physics are not the estimators': two stores of heat with a thermostat that
//! switches, ventilation by the clock, balances of substance through doors that people open,
//! sunshine behind passing clouds.

use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::{self, Write};
use twin_model::Time;
use twin_scenario::building::{self, Building};
use twin_scenario::defects::{self, Defects};
use twin_scenario::observe::{self, Rooms};
use twin_scenario::truth::Truth;

const STOREYS: usize = 8;
/// A Monday, so that everybody can learn from a working day.
const START: &str = "2026-01-05T00:00:00Z";
const MINUTES: i64 = 60 * 60;
/// Marks how often each true value is kept.
const TRUTH_EVERY_S: f64 = 300.0;

/// One reading as it was sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard {
    pub(crate) at_s: f64,
    pub(crate) source: u32,
    pub(crate) value: f64,
    pub(crate) sd: Option<f64>,
}

/// One attribute of one room.
#[derive(Debug, Clone, Default)]
pub(crate) struct Measured {
    pub(crate) heard: Vec<Heard>,
    /// True values at whole minutes.
    pub(crate) truth: Vec<(f64, f64)>,
}

/// Everything, by attribute and room.
#[derive(Debug)]
pub(crate) struct Tower {
    pub(crate) measured: BTreeMap<(String, String), Measured>,
    pub(crate) rooms: Vec<String>,
    pub(crate) joints: Vec<Joint>,
}

/// Two rooms, by their place, that share a door or are open to each other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Joint {
    pub(crate) a: usize,
    pub(crate) b: usize,
    pub(crate) has_door: bool,
}

/// Generates the tower and lets it live.
pub(crate) fn generate(seed: u64) -> Result<Tower> {
    let building = Building::generate(building::Options {
        storeys: STOREYS,
        basement: false,
        seed,
    })?;
    let truth = Truth::of(
        &building,
        &Defects::choose(&building, defects::Options::default())?,
    );
    let rooms = Rooms::parse(&room_list(&truth))?;
    let options = observe::Options {
        seed,
        start_us: twin_scenario::time::parse_utc_us(START)?,
        minutes: MINUTES,
        fire: None,
        gaps: 0.03,
        duplicates: 0.0,
        late: 0.0,
        late_max_s: 600,
        faults: 0.0,
        load: None,
    };
    let mut measured = BTreeMap::new();
    let (mut said, mut so) = (Vec::new(), Vec::new());
    observe::write(
        &rooms,
        &options,
        &mut Lines::into(&mut said, |_| true),
        &mut Lines::into(&mut so, |truth: &Line| {
            truth.seconds() % TRUTH_EVERY_S == 0.0
        }),
    )?;
    let mut sources: BTreeMap<String, u32> = BTreeMap::new();
    for line in said {
        let next = sources.len() as u32;
        let source = *sources
            .entry(line.source.clone().unwrap_or_default())
            .or_insert(next);
        let heard = Heard {
            at_s: line.seconds(),
            source,
            value: line.value,
            sd: line.uncertainty.as_ref().map(|u| u.sd),
        };
        entry(&mut measured, line).heard.push(heard);
    }
    for line in so {
        let at = (line.seconds(), line.value);
        entry(&mut measured, line).truth.push(at);
    }
    // They came in order of arrival.
    for one in measured.values_mut() {
        one.heard.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    }
    let spaces = truth.spaces.iter();
    let rooms: Vec<String> = spaces.map(|space| urn(&space.global_id)).collect();
    Ok(Tower {
        joints: joints(&truth, &rooms),
        measured,
        rooms,
    })
}

/// The true temperatures of rooms, every minute.
pub(crate) fn true_temperatures(
    rooms: &Rooms,
    options: &observe::Options,
) -> Result<Vec<Vec<(f64, f64)>>> {
    let mut so = Vec::new();
    let is_temperature = |line: &Line| line.attribute == "temperature";
    observe::write(
        rooms,
        options,
        &mut io::sink(),
        &mut Lines::into(&mut so, is_temperature),
    )?;
    let mut measured = BTreeMap::new();
    for line in so {
        let at = (line.seconds(), line.value);
        entry(&mut measured, line).truth.push(at);
    }
    Ok(measured.into_values().map(|room| room.truth).collect())
}

fn entry(measured: &mut BTreeMap<(String, String), Measured>, line: Line) -> &mut Measured {
    measured.entry((line.attribute, line.entity)).or_default()
}

fn urn(global_id: &str) -> String {
    format!("urn:twin:tower:{global_id}")
}

/// The rooms and doors as the generator of observations wants them.
fn room_list(truth: &Truth) -> String {
    let spaces = truth.spaces.iter().map(|space| {
        serde_json::json!({"id": urn(&space.global_id), "kind": "space",
            "area_m2": space.area_m2, "usage": space.usage})
    });
    let doors = truth.doors.iter().map(|door| {
        let between: Vec<String> = door.between.iter().flatten().map(|id| urn(id)).collect();
        serde_json::json!({"id": urn(&door.global_id), "kind": "portal", "between": between})
    });
    serde_json::Value::Array(spaces.chain(doors).collect()).to_string()
}

fn joints(truth: &Truth, rooms: &[String]) -> Vec<Joint> {
    let at = |id: &Option<String>| {
        rooms
            .iter()
            .position(|room| id.as_ref().is_some_and(|id| *room == urn(id)))
    };
    let joint = |[a, b]: &[Option<String>; 2], has_door| {
        Some(Joint {
            a: at(a)?,
            b: at(b)?,
            has_door,
        })
    };
    let doors = truth.doors.iter().map(|door| joint(&door.between, true));
    let openings = truth.openings.iter();
    let openings = openings.map(|opening| joint(&opening.between, false));
    let stairs = truth.stairs.iter();
    let stairs = stairs.map(|stair| joint(&stair.links.clone().map(Some), false));
    doors.chain(openings).chain(stairs).flatten().collect()
}

/// One line of either file.
#[derive(Debug, Deserialize)]
struct Line {
    source: Option<String>,
    entity: String,
    attribute: String,
    value: f64,
    uncertainty: Option<Spread>,
    #[serde(alias = "at")]
    observed: String,
}

#[derive(Debug, Deserialize)]
struct Spread {
    sd: f64,
}

impl Line {
    fn seconds(&self) -> f64 {
        let time = Time::parse(&self.observed).unwrap_or_default();
        time.seconds_since(Time::from_seconds(0))
    }
}

/// Takes a file of lines as it is written and keeps those that matter.
struct Lines<'a> {
    begun: Vec<u8>,
    kept: &'a mut Vec<Line>,
    keep: fn(&Line) -> bool,
}

impl<'a> Lines<'a> {
    fn into(kept: &'a mut Vec<Line>, keep: fn(&Line) -> bool) -> Self {
        Self {
            begun: Vec::new(),
            kept,
            keep,
        }
    }

    fn line(&mut self) -> Result<()> {
        let text = std::str::from_utf8(&self.begun)?;
        let matters = ["\"temperature\"", "\"co2\""]
            .iter()
            .any(|name| text.contains(name));
        if matters {
            let line: Line = serde_json::from_str(text).with_context(|| text.to_owned())?;
            if (self.keep)(&line) {
                self.kept.push(line);
            }
        }
        self.begun.clear();
        Ok(())
    }
}

impl Write for Lines<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for &byte in bytes {
            if byte == b'\n' {
                self.line().map_err(io::Error::other)?;
            } else {
                self.begun.push(byte);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
