//! Rooms of the tower in which nothing is measured: what the others say about them.
//!
//! The field is given the rooms, the doors between them and what is believed of every measured
//! room at one instant; the truth of the others is held against what it answers. It is not told
//! which doors stand open. Beside it stand what is usual for any room, and the mean of the
//! measured rooms with their spread.

use crate::channel::{Channel, Said, spec};
use crate::compare::Case;
use crate::metrics::{Belief, Marks, mean, rms};
use crate::removal::{COVER_MAX, COVER_MIN, LEARNING_S, REMOVED, observed};
use crate::row::Row;
use crate::tower::{Joint, Tower};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use twin_fusion::field::{Coupling, Edge, Field, Observation, Prior, Scale};
use twin_model::{AttributeSpec, Estimator, Time};
use twin_scenario::rng::Rng;

/// Instants asked about.
const ASKED: usize = 48;
/// The field learns its scale at one instant in so many.
const LEARNT_EVERY: usize = 8;

/// Marks at one share of sensors removed: the field, what is usual, the mean of the others.
struct Level {
    field: Marks,
    usual: Marks,
    middle: Marks,
    scale: Scale,
}

/// Intervals and score of the rooms without a sensor.
pub(crate) fn row(tower: &Tower, attribute: &str, seed: u64) -> Result<Row> {
    let levels: Result<Vec<Level>> = REMOVED
        .iter()
        .map(|&removed| level(tower, attribute, removed, seed))
        .collect();
    let levels = levels?;
    let listed =
        |one: &dyn Fn(&Level) -> String| levels.iter().map(one).collect::<Vec<_>>().join(", ");
    let covers = |level: &Level| (COVER_MIN..=COVER_MAX).contains(&level.field.cover90);
    Ok(Row::new(format!(
        "90 % intervals of {attribute} in rooms of the tower without a sensor, 0, 20, 40, 60, 80 % removed"
    ))
    .shown(
        levels.iter().map(|level| level.field.n).sum(),
        listed(&|level| format!("{:.1} %", 100.0 * level.field.cover90)),
    )
    .held_to("86 to 94 % throughout", levels.iter().all(covers))
    .beside(format!(
        "CRPS {}; mean of the measured rooms {}; usual for any room {}",
        listed(&|level| format!("{:.3}", level.field.crps)),
        listed(&|level| format!("{:.3}", level.middle.crps)),
        listed(&|level| format!("{:.3}", level.usual.crps)),
    ))
    .detail(format!(
        "50 % intervals: {}; width of the 90 % interval: {}",
        listed(&|level| format!("{:.1} %", 100.0 * level.field.cover50)),
        listed(&|level| format!("{:.2}", level.field.width90))
    ))
    .detail(format!(
        "learned factors on spread and coupling, last: {}",
        listed(&|level| format!("{:.2}/{:.2}", level.scale.spread, level.scale.coupling))
    )))
}

fn level(tower: &Tower, attribute: &str, removed: f64, seed: u64) -> Result<Level> {
    let model = spec(attribute);
    let usual = usual(&model).context("the attribute is no number")?;
    let mut measured: Vec<Measured> = observed(tower, attribute, removed, seed)
        .into_iter()
        .map(|case| Measured::new(tower, case, model))
        .collect();
    let truths = truths(tower, attribute, &measured);
    let mut field = field(tower, attribute, usual)?;
    let (mut by_field, mut by_usual, mut by_middle) = (Vec::new(), Vec::new(), Vec::new());
    for (turn, at_s) in instants(&truths, seed).into_iter().enumerate() {
        let observations: Vec<Observation> = measured
            .iter_mut()
            .filter_map(|room| room.observation(at_s))
            .collect();
        if turn % LEARNT_EVERY == 0 {
            let scale = field.learn(&observations)?;
            field = field.with_scale(scale);
        }
        let seen = field.infer(&observations)?;
        let middle = mean(observations.iter().map(|o| o.mean));
        let spread = rms(observations.iter().map(|o| o.mean - middle));
        for (&room, truth) in &truths {
            let truth = truth[&(at_s as i64)];
            let node = room as u32;
            let belief = |mean: f64, sd: f64| Belief { mean, sd, truth };
            by_field.push(belief(seen.mean(node), seen.variance(node).sqrt()));
            by_usual.push(belief(usual.mean, usual.variance.sqrt()));
            by_middle.push(belief(middle, spread));
        }
    }
    Ok(Level {
        field: Marks::of(&by_field),
        usual: Marks::of(&by_usual),
        middle: Marks::of(&by_middle),
        scale: field.scale(),
    })
}

fn usual(spec: &AttributeSpec) -> Option<Prior> {
    match spec.estimator {
        Estimator::Scalar {
            prior_mean,
            prior_sd,
            ..
        } => Some(Prior {
            mean: prior_mean,
            variance: prior_sd * prior_sd,
        }),
        _ => None,
    }
}

/// A room with a sensor, told as time goes on.
struct Measured {
    room: usize,
    case: Case,
    told: usize,
    channel: Channel,
}

impl Measured {
    fn new(tower: &Tower, case: Case, model: AttributeSpec) -> Self {
        let room = tower.rooms.iter().position(|room| *room == case.name);
        Self {
            room: room.expect("a room of the tower"),
            case,
            told: 0,
            channel: Channel::new(model),
        }
    }

    /// What is believed of it at an instant, no earlier than the last one asked about.
    fn observation(&mut self, at_s: f64) -> Option<Observation> {
        while let Some(heard) = self.case.heard.get(self.told).filter(|h| h.at_s <= at_s) {
            self.channel.tell(&Said {
                sd: heard.sd,
                ..Said::number(heard.source, time(heard.at_s), heard.value)
            });
            self.told += 1;
        }
        let (mean, sd) = self.channel.moments(time(at_s))?;
        Some(Observation {
            node: self.room as u32,
            mean,
            variance: sd * sd,
        })
    }
}

/// The true values of each room without a sensor, by second.
fn truths(
    tower: &Tower,
    attribute: &str,
    measured: &[Measured],
) -> BTreeMap<usize, BTreeMap<i64, f64>> {
    let all = tower.rooms.iter().enumerate();
    let unmeasured = all.filter(|(room, _)| measured.iter().all(|m| m.room != *room));
    unmeasured
        .filter_map(|(room, name)| {
            let of_room = tower.measured.get(&(attribute.to_owned(), name.clone()))?;
            let truth = of_room.truth.iter().map(|&(at, value)| (at as i64, value));
            Some((room, truth.collect()))
        })
        .collect()
}

/// Instants after the time of learning, in order.
fn instants(truths: &BTreeMap<usize, BTreeMap<i64, f64>>, seed: u64) -> Vec<f64> {
    let Some(times) = truths.values().next() else {
        return Vec::new();
    };
    let begins = times.keys().next().copied().unwrap_or_default() + LEARNING_S as i64;
    let later: Vec<i64> = times.keys().copied().filter(|at| *at >= begins).collect();
    let chosen = Rng::of(seed, "instants").sample(later.len(), ASKED);
    chosen.into_iter().map(|at| later[at] as f64).collect()
}

/// The rooms, joined as the plan shows them, and the building as a whole.
fn field(tower: &Tower, attribute: &str, usual: Prior) -> Result<Field> {
    let coupling = Coupling::of(attribute).context("the attribute does not spread")?;
    let whole = tower.rooms.len();
    let joined = tower.joints.iter().map(|&Joint { a, b, has_door }| Edge {
        a: a as u32,
        b: b as u32,
        conductance: if has_door {
            coupling.door(Some(1.0), None)
        } else {
            coupling.opening(Some(1.0))
        },
    });
    let in_whole = (0..whole).map(|room| Edge {
        a: room as u32,
        b: whole as u32,
        conductance: coupling.whole,
    });
    let edges: Vec<Edge> = joined.chain(in_whole).collect();
    Ok(Field::new(&vec![usual; whole + 1], &edges)?)
}

fn time(seconds: f64) -> Time {
    Time::from_seconds(0).plus_seconds(seconds)
}
