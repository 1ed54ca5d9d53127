//! Sensors taken away, in a generated tower; readings taken away, in real series.
//!
//! What is believed at instants between the readings is held against what was so: how often the
//! truth lies inside the 90 % interval, and the continuous ranked probability score beside the
//! last value, a moving average and a Kalman filter on the same readings. With fewer sensors the
//! intervals must stay as honest.

use crate::channel::{Channel, Said, spec};
use crate::data::{Series, nab, windesheim, wsn};
use crate::faults::too_fast;
use crate::forecast::Naive;
use crate::metrics::{Belief, Marks, mean};
use crate::peer;
use crate::row::{Row, hash};
use crate::tower::{self, Heard, Tower};
use crate::unobserved;
use anyhow::Result;
use std::collections::BTreeSet;
use std::path::Path;
use twin_fusion::LessonKind;
use twin_model::{AttributeSpec, Time};
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
/// The share of a real series that everybody may learn from.
pub(crate) const LEARNING_SHARE: f64 = 0.2;
/// Longest real series.
const READINGS_MAX: usize = 10_000;
/// What the moving average looks back.
const WINDOW_S: f64 = 1800.0;

/// Readings, and what is asked between them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Case {
    /// What it is about.
    pub(crate) name: String,
    pub(crate) heard: Vec<Heard>,
    /// Instants and what was so then, in order.
    pub(crate) asked: Vec<(f64, f64)>,
}

/// A reading or a question.
pub(crate) enum Event {
    Heard(Heard),
    Asked(f64),
}

impl Case {
    /// Everything in order of time; at one instant, the question before the reading.
    pub(crate) fn in_order(&self) -> Vec<Event> {
        let mut events = Vec::new();
        let mut asked = self.asked.iter().peekable();
        for heard in &self.heard {
            while let Some((at, _)) = asked.next_if(|(at, _)| *at <= heard.at_s) {
                events.push(Event::Asked(*at));
            }
            events.push(Event::Heard(*heard));
        }
        events.extend(asked.map(|(at, _)| Event::Asked(*at)));
        events
    }

    fn truths(&self) -> impl Iterator<Item = f64> {
        self.asked.iter().map(|(_, so)| *so)
    }
}

/// Mean and spread for each question, where there is an answer.
pub(crate) type Answers = Vec<Option<(f64, f64)>>;

/// What ours believed, and how one-step predictions of the readings did.
struct Ours {
    answers: Answers,
    /// For each settled reading after the learning time: its PIT and its score.
    settled: Vec<(f64, f64)>,
}

fn ours(case: &Case, spec: AttributeSpec) -> Ours {
    let mut channel = Channel::new(spec);
    let mut answers = Answers::new();
    let mut settled = Vec::new();
    let learning_until = case.asked.first().map_or(f64::INFINITY, |(at, _)| *at);
    for event in case.in_order() {
        match event {
            Event::Heard(heard) => {
                channel.tell(&Said {
                    sd: heard.sd,
                    ..Said::number(heard.source, time(heard.at_s), heard.value)
                });
                let lessons = channel.lessons.drain(..);
                settled.extend(lessons.filter(|_| heard.at_s >= learning_until).filter_map(
                    |lesson| match lesson.kind {
                        LessonKind::Number { pit, crps, .. } => Some((pit, crps)),
                        LessonKind::Word { .. } => None,
                    },
                ));
            }
            Event::Asked(at_s) => answers.push(channel.moments(time(at_s))),
        }
    }
    Ours { answers, settled }
}

fn naive(case: &Case, mut method: Naive) -> Answers {
    let mut answers = Answers::new();
    for event in case.in_order() {
        match event {
            Event::Heard(heard) => method.take(heard.at_s, heard.value),
            Event::Asked(at_s) => answers.push(method.believe(at_s)),
        }
    }
    answers
}

fn time(seconds: f64) -> Time {
    Time::from_seconds(0).plus_seconds(seconds)
}

/// Marks of every method over the questions that all of them answered.
struct Compared {
    ours: Marks,
    last: Marks,
    average: Marks,
    kalman: Option<Marks>,
    /// Share of readings inside the 90 % interval that was foreseen for them, and their
    /// score; with how many there were.
    settled: (f64, f64, usize),
}

fn compare(
    cases: &[Case],
    spec: AttributeSpec,
    python: Option<&Path>,
    of_readings: bool,
) -> Result<Compared> {
    let believed: Vec<Ours> = cases.iter().map(|case| ours(case, spec)).collect();
    let answers = |method: fn() -> Naive| -> Vec<Answers> {
        cases.iter().map(|case| naive(case, method())).collect()
    };
    let last = answers(Naive::last_value);
    let average = answers(|| Naive::averaging(WINDOW_S));
    let kalman = python
        .map(|python| peer::kalman(python, cases, of_readings))
        .transpose()?;
    let mut all: [Vec<Belief>; 4] = Default::default();
    for (at, case) in cases.iter().enumerate() {
        for (question, truth) in case.truths().enumerate() {
            let peers = kalman
                .as_ref()
                .map_or(Some((f64::NAN, 1.0)), |k| k[at][question]);
            let answers = [
                believed[at].answers[question],
                last[at][question],
                average[at][question],
                peers,
            ];
            let [Some(a), Some(b), Some(c), Some(d)] = answers else {
                continue;
            };
            for (beliefs, (mean, sd)) in all.iter_mut().zip([a, b, c, d]) {
                beliefs.push(Belief { mean, sd, truth });
            }
        }
    }
    let settled: Vec<(f64, f64)> = believed.into_iter().flat_map(|o| o.settled).collect();
    let inside = |pit: f64| f64::from(u8::from((0.05..=0.95).contains(&pit)));
    Ok(Compared {
        ours: Marks::of(&all[0]),
        last: Marks::of(&all[1]),
        average: Marks::of(&all[2]),
        kalman: kalman.map(|_| Marks::of(&all[3])),
        settled: (
            mean(settled.iter().map(|(pit, _)| inside(*pit))),
            mean(settled.iter().map(|(_, crps)| *crps)),
            settled.len(),
        ),
    })
}

/// The tower: honest intervals however many sensors are left, and a better score than peers.
pub(crate) fn tower(seed: u64, python: Option<&Path>) -> Result<Vec<Row>> {
    let tower = tower::generate(seed)?;
    let inputs = hash(format!("{:?}", tower.measured).as_bytes());
    let mut rows = Vec::new();
    for attribute in ["temperature", "co2"] {
        let model = spec(attribute);
        let mut levels = Vec::new();
        for removed in REMOVED {
            let cases = observed(&tower, attribute, removed, seed);
            levels.push(compare(&cases, model, python, false)?);
        }
        rows.push(unobserved::row(&tower, attribute, seed)?);
        rows.push(coverage(attribute, &levels));
        rows.push(scores(attribute, &levels, python));
        let cases = observed(&tower, attribute, REMOVED[2], seed);
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

fn listed(levels: &[Compared], one: impl Fn(&Compared) -> String) -> String {
    levels.iter().map(one).collect::<Vec<_>>().join(", ")
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

fn beside(levels: &[Compared]) -> String {
    let kalman = |level: &Compared| {
        level
            .kalman
            .map_or("—".into(), |k| format!("{:.3}", k.crps))
    };
    format!(
        "last value {}; moving average {}; Kalman filter (filterpy) {}",
        listed(levels, |level| format!("{:.3}", level.last.crps)),
        listed(levels, |level| format!("{:.3}", level.average.crps)),
        listed(levels, kalman)
    )
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

/// Real series, from which readings are taken away: what was foreseen for each reading that is
/// left, against the reading.
pub(crate) fn gaps(data: &Path, seed: u64, python: Option<&Path>) -> Result<Vec<Row>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(at_s: f64, value: f64) -> Heard {
        Heard {
            at_s,
            source: 0,
            value,
            sd: None,
        }
    }

    #[test]
    fn a_question_comes_before_the_reading_of_its_instant() {
        let case = Case {
            name: "a".into(),
            heard: vec![heard(1.0, 20.0), heard(2.0, 21.0)],
            asked: vec![(2.0, 21.0), (3.0, 0.0)],
        };
        let order: String = case
            .in_order()
            .iter()
            .map(|event| match event {
                Event::Heard(_) => 'h',
                Event::Asked(..) => 'a',
            })
            .collect();
        assert_eq!(order, "haha");
    }

    #[test]
    fn ours_answers_every_question_after_the_first_reading() {
        let case = Case {
            name: "a".into(),
            heard: vec![heard(1.0, 20.0)],
            asked: vec![(0.5, 20.0), (60.0, 20.0)],
        };
        let answers = ours(&case, spec("temperature")).answers;
        assert!(answers[0].is_none());
        assert!((answers[1].unwrap().0 - 20.0).abs() < 1.0);
    }
}
