//! Sensors taken away in a generated tower.
//!
//! What is believed of rooms that still have a sensor, at instants between its readings, is held
//! against what was so: how often the truth lies inside the 90 % interval, and the continuous
//! ranked probability score beside the last value, a moving average and a Kalman filter on the
//! same readings. With fewer sensors the intervals must stay as honest.

use crate::channel::spec;
use crate::compare::{Case, Compared, beside, compare, listed};
use crate::faults::too_fast;
use crate::row::{Row, hash};
use crate::tower::{self, Tower};
use crate::unobserved;
use anyhow::Result;
use std::collections::BTreeSet;
use std::path::Path;
use twin_scenario::rng::Rng;

/// Shares of the sensors, or of the readings, that are taken away.
pub(crate) const REMOVED: [f64; 5] = [0.0, 0.2, 0.4, 0.6, 0.8];
pub(crate) const COVER_MIN: f64 = 0.86;
pub(crate) const COVER_MAX: f64 = 0.94;
/// Sensors on batteries: of the tower's readings, one a minute, one in so many is sent.
const SENT_ONE_IN: f64 = 10.0;
/// Instants asked about in each room.
const ASKED: usize = 60;
/// Everybody may learn for so long.
pub(crate) const LEARNING_S: f64 = 24.0 * 3600.0;

/// The tower: honest intervals however many sensors are left, and a better score than peers.
pub(crate) fn tower(seed: u64, python: Option<&Path>) -> Result<Vec<Row>> {
    let mut towers = Vec::new();
    for seed in seed..seed + unobserved::TOWERS {
        towers.push((seed, tower::generate(seed)?));
    }
    let tower = &towers[0].1;
    let inputs = hash(format!("{:?}", tower.measured).as_bytes());
    let mut rows = Vec::new();
    for attribute in ["temperature", "co2"] {
        let model = spec(attribute);
        let mut levels = Vec::new();
        for removed in REMOVED {
            let cases = observed(tower, attribute, removed, seed);
            levels.push(compare(&cases, model, python, false)?);
        }
        rows.push(unobserved::row(&towers, attribute)?);
        rows.push(coverage(attribute, &levels));
        rows.push(scores(attribute, &levels, python));
        let cases = observed(tower, attribute, REMOVED[2], seed);
        rows.push(misled(
            attribute,
            &levels[2],
            &compare(&cases, too_fast(model), None, false)?,
        ));
    }
    Ok(rows.into_iter().map(|row| row.on(inputs.clone())).collect())
}

/// The rooms that still have a sensor for an attribute, with what it sends.
pub(crate) fn observed(tower: &Tower, attribute: &str, removed: f64, seed: u64) -> Vec<Case> {
    let gone = gone(tower, attribute, removed, seed);
    let mut rng = Rng::of(seed, "radio");
    let all = tower
        .measured
        .iter()
        .filter(|((name, _), _)| name == attribute);
    let cases = all.map(|((_, room), measured)| {
        let sent = measured
            .heard
            .iter()
            .filter(|_| rng.chance(1.0 / SENT_ONE_IN));
        let begins = measured
            .truth
            .first()
            .map_or(0.0, |(at, _)| at + LEARNING_S);
        let later: Vec<(f64, f64)> = measured
            .truth
            .iter()
            .filter(|(at, _)| *at >= begins)
            .copied()
            .collect();
        let heard = sent
            .filter(|h| !gone.contains(&h.source))
            .copied()
            .collect();
        let asked = rng
            .sample(later.len(), ASKED)
            .into_iter()
            .map(|at| later[at])
            .collect();
        Case {
            name: room.clone(),
            heard,
            asked,
        }
    });
    cases.filter(|case| !case.heard.is_empty()).collect()
}

/// The sensors of an attribute that are taken away. A sensor that is gone stays gone when
/// more are taken.
fn gone(tower: &Tower, attribute: &str, removed: f64, seed: u64) -> BTreeSet<u32> {
    let all = tower
        .measured
        .iter()
        .filter(|((name, _), _)| name == attribute);
    let sources: BTreeSet<u32> = all
        .flat_map(|(_, m)| m.heard.iter().map(|heard| heard.source))
        .collect();
    let mut rng = Rng::of(seed, "removed");
    sources
        .into_iter()
        .filter(|_| rng.unit() < removed)
        .collect()
}

fn coverage(attribute: &str, levels: &[Compared]) -> Row {
    let honest = |level: &Compared| (COVER_MIN..=COVER_MAX).contains(&level.ours.cover90);
    let row = Row::new(format!(
        "90 % intervals of {attribute} in observed rooms of a tower, 0, 20, 40, 60, 80 % of sensors removed"
    ))
    .shown(
        levels.iter().map(|l| l.ours.n).sum(),
        listed(levels, |level| format!("{:.1} %", 100.0 * level.ours.cover90)),
    )
    .held_to("86 to 94 % throughout", levels.iter().all(honest))
    .detail(format!(
        "50 % intervals: {}",
        listed(levels, |level| format!("{:.1} %", 100.0 * level.ours.cover50))
    ))
    .detail(format!(
        "mean width of the 90 % interval: {}",
        listed(levels, |level| format!("{:.2}", level.ours.width90))
    ));
    let kalman = levels[0].kalman.is_some().then(|| {
        listed(levels, |level| {
            level
                .kalman
                .map_or(String::new(), |k| format!("{:.1} %", 100.0 * k.cover90))
        })
    });
    row.beside(kalman.map_or("no peer".into(), |text| {
        format!("Kalman filter (filterpy): {text}")
    }))
}

fn scores(attribute: &str, levels: &[Compared], python: Option<&Path>) -> Row {
    let beats = |level: &Compared| {
        let ours = level.ours.crps;
        let kalman = level.kalman.map_or(f64::INFINITY, |k| k.crps);
        ours < level.last.crps && ours < level.average.crps && ours < kalman
    };
    let row = Row::new(format!(
        "CRPS of {attribute} in observed rooms of the tower"
    ))
    .shown(
        levels.iter().map(|l| l.ours.n).sum(),
        listed(levels, |level| format!("{:.3}", level.ours.crps)),
    )
    .held_to(
        "below last value, moving average and Kalman filter",
        levels.iter().all(beats),
    )
    .beside(beside(levels))
    .detail(format!(
        "RMSE {} beside {} of the last value",
        listed(levels, |level| format!("{:.3}", level.ours.rmse)),
        listed(levels, |level| format!("{:.3}", level.last.rmse))
    ))
    .detail(format!(
        "sensors send at random instants, every {SENT_ONE_IN} min on average; asked at {ASKED} \
             random instants a room, after {:.0} h of learning",
        LEARNING_S / 3600.0
    ));
    match python {
        Some(_) => row,
        None => row.lacking("the peer, filterpy, is not there"),
    }
}

fn misled(attribute: &str, right: &Compared, wrong: &Compared) -> Row {
    Row::new(format!(
        "{attribute} of the tower at 40 % removed, told a rate 10 times too fast"
    ))
    .shown(
        wrong.ours.n,
        format!(
            "CRPS {:.3}, {:.1} % inside",
            wrong.ours.crps,
            100.0 * wrong.ours.cover90
        ),
    )
    .beside(format!(
        "with the catalogue's: {:.3}, {:.1} % inside",
        right.ours.crps,
        100.0 * right.ours.cover90
    ))
}
