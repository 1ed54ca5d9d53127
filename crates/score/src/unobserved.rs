//! Rooms of the tower in which nothing is measured: what the others say about them.
//!
//! The field is given the rooms, the doors between them and what is believed of every measured
//! room at one instant, learns its scale from them and answers, as a node does; the truth of the
//! others is held against that. It is not told which doors stand open. Beside it stand what is
//! usual for any room, and the mean of the measured rooms with their spread. Over several towers,
//! as the rooms of one are alike.

use crate::channel::{Channel, Said, spec, time};
use crate::compare::Case;
use crate::metrics::{Belief, Marks, mean, median, rms};
use crate::removal::{COVER_MAX, COVER_MIN, LEARNING_S, REMOVED, observed};
use crate::row::Row;
use crate::tower::{Joint, Tower};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use twin_fusion::field::{Coupling, Edge, Field, Observation, Prior, Scale};
use twin_model::{AttributeSpec, Estimator};
use twin_scenario::rng::Rng;

/// Instants asked about, in each tower.
const ASKED: usize = 24;
/// Towers.
pub(crate) const TOWERS: u64 = 6;
/// An estimate whose variance is this share of what is usual tells nothing.
const TELLING_MAX: f64 = 0.98;

/// Marks at one share of sensors removed: the field, what is usual, the mean of the others.
struct Level {
    field: Marks,
    usual: Marks,
    middle: Marks,
    scales: Vec<Scale>,
}

/// What was believed of every room asked about, and what was learned.
#[derive(Default)]
struct Beliefs {
    field: Vec<Belief>,
    usual: Vec<Belief>,
    middle: Vec<Belief>,
    scales: Vec<Scale>,
}

/// Intervals and score of the rooms without a sensor; `towers` with their seeds.
pub(crate) fn row(towers: &[(u64, Tower)], attribute: &str) -> Result<Row> {
    let levels: Result<Vec<Level>> = REMOVED
        .iter()
        .map(|&removed| level(towers, attribute, removed))
        .collect();
    let levels = levels?;
    let listed =
        |one: &dyn Fn(&Level) -> String| levels.iter().map(one).collect::<Vec<_>>().join(", ");
    let covers = |level: &Level| (COVER_MIN..=COVER_MAX).contains(&level.field.cover90);
    Ok(Row::new(format!(
        "90 % intervals of {attribute} in rooms without a sensor of {} towers, 0, 20, 40, 60, 80 % removed",
        towers.len()
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
        "learned factors on spread and coupling and share in common, medians: {}",
        listed(&|level| {
            let middle = |of: fn(&Scale) -> f64| {
                let all: Vec<f64> = level.scales.iter().map(of).collect();
                median(&all).unwrap_or(f64::NAN)
            };
            format!(
                "{:.2}/{:.2}/{:.2}",
                middle(|s| s.spread),
                middle(|s| s.coupling),
                middle(|s| s.level)
            )
        })
    )))
}

fn level(towers: &[(u64, Tower)], attribute: &str, removed: f64) -> Result<Level> {
    let mut beliefs = Beliefs::default();
    for (seed, tower) in towers {
        believe(tower, attribute, removed, *seed, &mut beliefs)?;
    }
    Ok(Level {
        field: Marks::of(&beliefs.field),
        usual: Marks::of(&beliefs.usual),
        middle: Marks::of(&beliefs.middle),
        scales: beliefs.scales,
    })
}

fn believe(
    tower: &Tower,
    attribute: &str,
    removed: f64,
    seed: u64,
    beliefs: &mut Beliefs,
) -> Result<()> {
    let model = spec(attribute);
    let usual = usual(&model).context("the attribute is no number")?;
    let mut measured: Vec<Measured> = observed(tower, attribute, removed, seed)
        .into_iter()
        .map(|case| Measured::new(tower, case, model))
        .collect();
    let truths = truths(tower, attribute, &measured);
    let field = field(tower, attribute, usual)?;
    for at_s in instants(&truths, seed) {
        let observations: Vec<Observation> = measured
            .iter_mut()
            .filter_map(|room| room.observation(at_s, usual))
            .collect();
        let learned = field.learn(&observations)?;
        beliefs.scales.push(learned.best());
        let blend = field.blended(&learned);
        let seen = blend.infer(&observations)?;
        let middle = mean(observations.iter().map(|o| o.mean));
        let spread = rms(observations.iter().map(|o| o.mean - middle));
        for (&room, truth) in &truths {
            let truth = truth[&(at_s as i64)];
            let node = room as u32;
            let belief = |mean: f64, sd: f64| Belief { mean, sd, truth };
            let inferred = belief(seen.mean(node), seen.variance(node).sqrt());
            beliefs.field.push(inferred);
            beliefs
                .usual
                .push(belief(usual.mean, usual.variance.sqrt()));
            beliefs.middle.push(belief(middle, spread));
        }
    }
    Ok(())
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

    /// What its sensor says at an instant, no earlier than the last one asked about: what is
    /// believed without what is usual, which stands in the field already.
    fn observation(&mut self, at_s: f64, usual: Prior) -> Option<Observation> {
        while let Some(heard) = self.case.heard.get(self.told).filter(|h| h.at_s <= at_s) {
            self.channel.tell(&Said {
                sd: heard.sd,
                ..Said::number(heard.source, time(heard.at_s), heard.value)
            });
            self.told += 1;
        }
        let (mean, sd) = self.channel.moments(time(at_s))?;
        let variance = sd * sd;
        let precision = 1.0 / variance - 1.0 / usual.variance;
        (variance < TELLING_MAX * usual.variance).then(|| Observation {
            node: self.room as u32,
            mean: (mean / variance - usual.mean / usual.variance) / precision,
            variance: 1.0 / precision,
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
