//! Readings taken away from real series.
//!
//! What was foreseen for each reading that is left is held against the reading: here nobody knows
//! what was so, and a reading shares its sensor's error with those before it.

use crate::channel::spec;
use crate::compare::{Case, Compared, beside, compare, listed};
use crate::data::{Series, nab, windesheim, wsn};
use crate::faults::too_fast;
use crate::removal::REMOVED;
use crate::row::{Row, hash};
use crate::tower::Heard;
use anyhow::Result;
use std::path::Path;
use twin_scenario::rng::Rng;

/// The share of a real series that everybody may learn from.
const LEARNING_SHARE: f64 = 0.2;
/// Longest real series.
const READINGS_MAX: usize = 10_000;

/// Real series, from which readings are taken away: what was foreseen for each reading that is
/// left, against the reading.
pub(crate) fn measure(data: &Path, seed: u64, python: Option<&Path>) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (name, attribute, series) in real(data) {
        let mut levels = Vec::new();
        for removed in REMOVED {
            let cases = [thinned(&series, removed, seed)];
            levels.push(compare(&cases, spec(attribute), python, true)?);
        }
        let cases = [thinned(&series, REMOVED[2], seed)];
        let wrong = compare(&cases, too_fast(spec(attribute)), None, true)?;
        let inputs = hash(format!("{series:?}").as_bytes());
        rows.push(gap_row(&name, &levels, &wrong).on(inputs));
    }
    if rows.is_empty() {
        rows.push(Row::new("readings removed from real series").lacking("the data are not there"));
    }
    Ok(rows)
}

fn gap_row(name: &str, levels: &[Compared], wrong: &Compared) -> Row {
    let settled = |level: &Compared| match level.settled {
        (_, _, 0) => format!("{:.4}", level.ours.crps),
        (_, crps, _) => format!("{crps:.4}"),
    };
    let row = Row::new(format!(
        "next reading of {name}, 0, 20, 40, 60, 80 % of readings removed"
    ))
    .shown(
        levels.iter().map(|l| l.ours.n).sum(),
        format!(
            "CRPS {}; inside 90 %: {}",
            listed(levels, settled),
            listed(levels, |level| match level.settled {
                (_, _, 0) => format!("{:.1}", 100.0 * level.ours.cover90),
                (inside, _, _) => format!("{:.1}", 100.0 * inside),
            })
        ),
    )
    .beside(beside(levels))
    .detail(format!(
        "what was believed of the quantity itself, without the sensor's noise: CRPS {}, inside \
             {} %",
        listed(levels, |level| format!("{:.4}", level.ours.crps)),
        listed(levels, |level| format!("{:.1}", 100.0 * level.ours.cover90))
    ))
    .detail(format!(
        "at 40 % removed, told a rate 10 times too fast: CRPS {}, inside {:.1} %",
        settled(wrong),
        100.0
            * if wrong.settled.2 > 0 {
                wrong.settled.0
            } else {
                wrong.ours.cover90
            }
    ));
    if levels[0].settled.2 == 0 {
        return row.detail("the estimator tells nothing of settled readings");
    }
    row
}

/// A series of which a share of the readings never came; asked is what each of the others
/// will say.
fn thinned(series: &Series, removed: f64, seed: u64) -> Case {
    let mut rng = Rng::of(seed, "gaps");
    let kept: Vec<(f64, f64)> = series
        .iter()
        .filter(|_| rng.unit() >= removed)
        .copied()
        .collect();
    let learning = (kept.len() as f64 * LEARNING_SHARE) as usize;
    let heard = kept.iter().map(|&(at_s, value)| Heard {
        at_s,
        source: 0,
        value,
        sd: None,
    });
    Case {
        name: String::new(),
        heard: heard.collect(),
        asked: kept[learning..].to_vec(),
    }
}

fn real(data: &Path) -> Vec<(String, &'static str, Series)> {
    let mut all = Vec::new();
    if let Ok(room) = windesheim::room(data, "999169") {
        let [co2, second] = room.co2;
        let [temperature, _] = room.temperature;
        all.push(("office CO2, every minute".into(), "co2", co2));
        all.push(("office CO2, every 10 minutes".into(), "co2", second));
        all.push((
            "office temperature, every minute".into(),
            "temperature",
            temperature,
        ));
    }
    if let Ok(office) = nab::office(data) {
        all.push((
            "another office's temperature, every hour".into(),
            "temperature",
            office,
        ));
    }
    if let Ok(motes) = wsn::temperatures(data) {
        for (mote, series) in motes {
            all.push((
                format!("mote {mote} temperature, every 5 s"),
                "temperature",
                series,
            ));
        }
    }
    for (_, _, series) in &mut all {
        series.truncate(READINGS_MAX);
    }
    all
}
