//! The field, given a set of measurements.

use super::crosscheck::{Crosscheck, Seen};
use super::factor::Factor;
use super::{Field, NOISE_MIN_SHARE, Observation};
use std::borrow::Cow;
use twin_model::estimate::CONTRIBUTORS_MAX;

/// Rounds of weighing the observations against each other, at most.
const ROUNDS_MAX: usize = 5;
/// Weights that change by less are settled.
const WEIGHT_CHANGE: f64 = 0.03;
/// Observations that speak for the stated variances beside those that were made.
const UNSURPRISED: f64 = 5.0;
/// No squared residual counts for more than that of three standard deviations.
const SURPRISE_MAX: f64 = 9.0;
/// The same for an observation that is doubted: two standard deviations.
const DOUBTED_SURPRISE: f64 = 4.0;
/// Weight below which an observation is doubted.
const DOUBTED: f64 = 0.5;
/// Most doubted observations that are followed up: those that would change most at their node.
const DOUBTED_MAX: usize = 16;
/// Probability that the doubted one is right after all.
const RIGHT_AFTER_ALL: f64 = 0.1;
/// Shares below this are not worth a name.
const SHARE_MIN: f64 = 1e-3;

/// A measurement that tells of a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Teller {
    /// Its place in the list of observations.
    pub observation: usize,
    /// Its share in the node's mean, 0..=1; what is missing to 1 in all belongs to the prior.
    pub share: f64,
}

/// Mean and variance at every node.
#[derive(Debug, Clone)]
pub struct Posterior<'a> {
    field: Cow<'a, Field>,
    observations: Vec<Observation>,
    /// Places of the observations by node, mean and variance: the order in which they count.
    order: Vec<u32>,
    crosschecks: Vec<Crosscheck>,
    factor: Factor,
    level: Level,
    /// Factor on the variances, by part.
    surprises: Vec<f64>,
    means: Vec<f64>,
    variances: Vec<f64>,
}

/// How warm each part that hangs together is as a whole.
#[derive(Debug, Clone, Default)]
struct Level {
    /// What a node's mean takes from the level or, where there is none, from the prior.
    free: Vec<f64>,
    /// Variance of the level that the observations leave, of 1, by part.
    variances: Vec<f64>,
}

impl<'a> Posterior<'a> {
    pub(super) fn new(field: &'a Field, observations: &[Observation]) -> Self {
        let mut order: Vec<u32> = (0..observations.len() as u32).collect();
        order.sort_by(|&a, &b| {
            let (a, b) = (&observations[a as usize], &observations[b as usize]);
            let by_node = a.node.cmp(&b.node);
            let by_mean = by_node.then(a.mean.total_cmp(&b.mean));
            by_mean.then(a.variance.total_cmp(&b.variance))
        });
        let surprises = vec![1.0; field.part_count];
        let mut posterior = Self {
            field: Cow::Borrowed(field),
            observations: observations.to_vec(),
            order,
            crosschecks: vec![Crosscheck::default(); observations.len()],
            factor: Factor::default(),
            level: Level::default(),
            surprises,
            means: Vec::new(),
            variances: Vec::new(),
        };
        let mut weights = vec![1.0; observations.len()];
        for round in 0..ROUNDS_MAX {
            posterior.solve(&weights);
            if round == 0 {
                posterior.hear_testimonies();
            }
            let changed = posterior.crosscheck(&mut weights);
            if changed < WEIGHT_CHANGE {
                break;
            }
        }
        posterior.allow_for_surprise();
        posterior.allow_for_the_doubted();
        posterior
    }

    /// The mean at a node, in the canonical unit.
    pub fn mean(&self, node: u32) -> f64 {
        self.means[node as usize]
    }

    /// The variance at a node, in the canonical unit squared.
    pub fn variance(&self, node: u32) -> f64 {
        self.variances[node as usize]
    }

    /// The means at all nodes.
    pub fn means(&self) -> &[f64] {
        &self.means
    }

    /// The variances at all nodes.
    pub fn variances(&self) -> &[f64] {
        &self.variances
    }

    /// What the others say of each observation, in the order in which these were given.
    pub fn crosschecks(&self) -> &[Crosscheck] {
        &self.crosschecks
    }

    /// By what factor, 1 or more, the variances around a node were widened because the
    /// observations foretell each other worse than they should; nothing is widened beyond its
    /// prior.
    pub fn surprise(&self, node: u32) -> f64 {
        self.surprises[self.field.parts[node as usize] as usize]
    }

    /// The observations that tell most of a node, largest share first, sixteen at most. Costs one
    /// solution.
    pub fn tellers(&self, node: u32) -> Vec<Teller> {
        let reach = self.reach(node);
        let own = self.field.own_sd(node as usize);
        let teller = |&at: &u32| {
            let there = self.observations[at as usize].node as usize;
            let share = reach[there] * self.precision(at) * self.field.own_sd(there) / own;
            Teller {
                observation: at as usize,
                share,
            }
        };
        let mut tellers: Vec<Teller> = self.order.iter().map(teller).collect();
        // Between nodes that differ in how much joins them, they may sum to a little over 1.
        let total: f64 = tellers.iter().map(|teller| teller.share).sum();
        for teller in &mut tellers {
            teller.share /= total.max(1.0);
        }
        tellers.retain(|teller| teller.share >= SHARE_MIN);
        tellers.sort_by(|a, b| b.share.total_cmp(&a.share));
        tellers.truncate(CONTRIBUTORS_MAX);
        tellers
    }

    /// Covariance of all nodes with one, in the matrix' units.
    fn reach(&self, node: u32) -> Vec<f64> {
        let mut reach = vec![0.0; self.field.len()];
        reach[node as usize] = 1.0;
        self.factor.solve(&self.field.structure, &mut reach);
        let part = self.field.parts[node as usize];
        let through = self.field.scale.level
            * self.level.variances[part as usize]
            * self.level.free[node as usize];
        for (other, reach) in reach.iter_mut().enumerate() {
            if self.field.parts[other] == part {
                *reach += through * self.level.free[other];
            }
        }
        reach
    }

    /// The same, with the field in it, to be kept.
    pub fn into_owned(self) -> Posterior<'static> {
        Posterior {
            field: Cow::Owned(self.field.into_owned()),
            observations: self.observations,
            order: self.order,
            crosschecks: self.crosschecks,
            factor: self.factor,
            level: self.level,
            surprises: self.surprises,
            means: self.means,
            variances: self.variances,
        }
    }

    /// The same with other means and variances.
    pub(super) fn with_moments(mut self, means: Vec<f64>, variances: Vec<f64>) -> Self {
        self.means = means;
        self.variances = variances;
        self
    }

    /// Places of the observations in an order that does not depend on how they were given.
    pub(super) fn order(&self) -> &[u32] {
        &self.order
    }

    /// The precision of an observation in the matrix' units, as it was weighed.
    fn precision(&self, at: u32) -> f64 {
        let node = self.observations[at as usize].node as usize;
        let unit = self.field.units[node];
        self.crosschecks[at as usize].weight * unit * unit / self.noise(at as usize)
    }

    pub(super) fn noise(&self, at: usize) -> f64 {
        let observation = &self.observations[at];
        let least = NOISE_MIN_SHARE * self.field.prior_variance(observation.node as usize);
        observation.variance.max(least)
    }

    /// Means and variances with these weights.
    fn solve(&mut self, weights: &[f64]) {
        // Borrowed while it is worked out: nothing is copied.
        let field = self.field.clone();
        for (crosscheck, &weight) in self.crosschecks.iter_mut().zip(weights) {
            crosscheck.weight = weight;
        }
        let mut diagonal = field.diagonal.clone();
        let mut values = vec![0.0; field.len()];
        let mut taken = vec![0.0; field.len()];
        for &at in &self.order {
            let node = self.observations[at as usize].node as usize;
            let precision = self.precision(at);
            diagonal[node] += precision;
            taken[node] += precision * field.own_sd(node);
            values[node] += precision * self.deviation(at);
        }
        self.factor = Factor::new(&field.structure, &diagonal, &field.coupling);
        self.factor.solve(&field.structure, &mut values);
        self.factor.solve(&field.structure, &mut taken);
        self.variances = self.factor.variances(&field.structure);
        let levels = self.find_level(&taken);
        for (node, unit) in field.units.iter().enumerate() {
            let (part, free) = (field.parts[node] as usize, self.level.free[node]);
            let value = values[node] + free * levels[part];
            values[node] = field.priors[node].mean + unit * value;
            self.variances[node] += field.scale.level * free * free * self.level.variances[part];
            self.variances[node] *= unit * unit;
        }
        self.means = values;
    }

    /// What was observed beside the prior, in the matrix' units.
    fn deviation(&self, at: u32) -> f64 {
        let observation = &self.observations[at as usize];
        let node = observation.node as usize;
        (observation.mean - self.field.priors[node].mean) / self.field.units[node]
    }

    /// The level of each part by generalised least squares (Rue & Held 2005, 4.2.1), as what it
    /// adds to a node that takes all from it. `taken` is what the observations leave of a level of
    /// one standard deviation at each node.
    fn find_level(&mut self, taken: &[f64]) -> Vec<f64> {
        let field = self.field.clone();
        let nodes = taken.iter().enumerate();
        let free: Vec<f64> = nodes
            .map(|(node, taken)| field.own_sd(node) - taken)
            .collect();
        let mut information = vec![1.0; field.part_count];
        let mut sums = vec![0.0; field.part_count];
        for &at in &self.order {
            let node = self.observations[at as usize].node as usize;
            let part = field.parts[node] as usize;
            let weight = self.precision(at) * free[node];
            information[part] += field.scale.level * weight * field.own_sd(node);
            sums[part] += field.scale.level * weight * self.deviation(at);
        }
        let levels = sums.iter().zip(&information).map(|(s, i)| s / i).collect();
        let variances = information.iter().map(|i| 1.0 / i).collect();
        self.level = Level { free, variances };
        levels
    }

    /// Finds, for every observation, the share of all others in the answer without it.
    fn hear_testimonies(&mut self) {
        for at in 0..self.observations.len() {
            let node = self.observations[at].node as usize;
            let part = self.field.parts[node] as usize;
            let free = self.level.free[node] / self.field.own_sd(node);
            let left = 1.0 - self.variances[node] / self.noise(at);
            let prior_share = free * self.level.variances[part] / left;
            self.crosschecks[at].testimony = (1.0 - prior_share).clamp(0.0, 1.0);
        }
    }

    /// Compares every observation with what the others say, and weighs it anew. Returns the
    /// largest change of a weight.
    fn crosscheck(&mut self, weights: &mut [f64]) -> f64 {
        let mut changed: f64 = 0.0;
        for (at, weight) in weights.iter_mut().enumerate() {
            let seen = self.seen(at);
            let crosscheck = seen.without();
            let anew = seen.deserved_weight(&crosscheck);
            changed = changed.max((anew - *weight).abs());
            self.crosschecks[at] = crosscheck;
            *weight = anew;
        }
        changed
    }

    fn seen(&self, at: usize) -> Seen {
        let node = self.observations[at].node as usize;
        Seen {
            observed: self.observations[at].mean,
            noise: self.noise(at),
            weight: self.crosschecks[at].weight,
            mean: self.means[node],
            variance: self.variances[node],
            testimony: self.crosschecks[at].testimony,
            prior_mean: self.field.priors[node].mean,
            prior_variance: self.field.prior_variance(node),
        }
    }

    /// Widens the answer where the observations foretell each other worse than they should: the
    /// posterior mean of a common factor on the variances (Gelman et al., Bayesian Data Analysis,
    /// 3rd ed. 2013, 2.6), where it is more than 1. What is doubted counts for less: it is allowed
    /// for by itself as well.
    fn allow_for_surprise(&mut self) {
        let mut sums = vec![(UNSURPRISED, UNSURPRISED); self.field.part_count];
        for &at in &self.order {
            let check = &self.crosschecks[at as usize];
            let node = self.observations[at as usize].node as usize;
            let (squares, count) = &mut sums[self.field.parts[node] as usize];
            let is_doubted = check.weight < DOUBTED;
            let most = if is_doubted {
                DOUBTED_SURPRISE
            } else {
                SURPRISE_MAX
            };
            *squares += (check.residual * check.residual).min(most);
            *count += 1.0;
        }
        let factor = |(squares, count): &(f64, f64)| (squares / count).max(1.0);
        self.surprises = sums.iter().map(factor).collect();
        for (node, variance) in self.variances.iter_mut().enumerate() {
            let most = self.field.prior_variance(node).max(*variance);
            let surprise = self.surprises[self.field.parts[node] as usize];
            *variance = (*variance * surprise).min(most);
        }
    }

    /// Widens the answer by what would follow if a doubted observation were right after all:
    /// the variance between the two answers (Hoeting et al., Statistical Science 14 (1999) 382).
    fn allow_for_the_doubted(&mut self) {
        let is_doubted = |&&at: &&u32| self.crosschecks[at as usize].weight < DOUBTED;
        let mut doubted: Vec<u32> = self.order.iter().filter(is_doubted).copied().collect();
        let change = |at: u32| self.change_if_believed(at as usize).abs();
        doubted.sort_by(|&a, &b| change(b).total_cmp(&change(a)));
        doubted.truncate(DOUBTED_MAX);
        let mut added = vec![0.0; self.variances.len()];
        for &at in &doubted {
            let node = self.observations[at as usize].node as usize;
            let change = self.change_if_believed(at as usize);
            let reach = self.reach(node as u32);
            let at_node = reach[node] * self.field.units[node];
            for ((added, reach), unit) in added.iter_mut().zip(&reach).zip(&self.field.units) {
                let change = change * reach * unit / at_node;
                *added += RIGHT_AFTER_ALL * (1.0 - RIGHT_AFTER_ALL) * change * change;
            }
        }
        for (variance, added) in self.variances.iter_mut().zip(added) {
            *variance += added;
        }
    }

    /// How the mean at its node would change if an observation had its full stated precision.
    fn change_if_believed(&self, at: usize) -> f64 {
        let seen = self.seen(at);
        let more = (1.0 - seen.weight) / seen.noise;
        more * seen.variance / (1.0 + more * seen.variance) * (seen.observed - seen.mean)
    }
}
