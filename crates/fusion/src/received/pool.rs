//! Joining opinions that are partly the same opinion.
//!
//! Each opinion is first aged to the time asked about. What all of them share, the prior of the
//! class, is taken out of each and put back once. Of opinions whose sources may overlap only the
//! surest counts; for numbers that is covariance intersection, which for a single number always
//! picks one end (Julier & Uhlmann, Proc. ACC 1997, 2369). Opinions on sources that are known to
//! be different are joined, but not as if they were independent: they watched the same room, and
//! what surprised one surprised the other (Bar-Shalom & Campo, IEEE Trans. Aerosp. Electron.
//! Syst. 22 (1986) 748).
//!
//! Numbers: best linear unbiased estimate of equally correlated errors. Probabilities:
//! log-linear pooling (Genest & Zidek, Statistical Science 1 (1986) 114) with the matching weight
//! 1/(1 + (n − 1)ρ).

use super::tags::Tags;
use crate::math::{exp, ln, log_odds, logistic};
use twin_model::{AttributeSpec, Distribution, Estimator, Value};

/// Correlation of two owners' estimates of a live quantity through what both watched. For two
/// filters with gain K of a process with noise Q it is C = (1 − K)²(C + Q) beside their
/// variance, which here never falls below the noise R of one reading (see `scalar`); the
/// largest C/R over all Q is 0.17, at Q = R. Rounded up for what is not steady.
const CORRELATION: f64 = 0.25;
/// Nothing is surer than this, either way.
const PROBABILITY_MIN: f64 = 1e-4;
/// The same for one of many numbers, so small that their tail does not weigh.
const NUMBER_PROBABILITY_MIN: f64 = 1e-9;
/// Difference squared, in variances, from which on opinions contradict each other.
const CONTRADICTION: f64 = 9.0;
/// How sure the weaker side must be to contradict.
const SURE_ENOUGH: f64 = 0.5;

/// One opinion, aged.
#[derive(Debug, Clone)]
pub(super) struct Opinion {
    pub(super) distribution: Distribution,
    pub(super) tags: Tags,
}

/// What all opinions say together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pooled {
    pub(super) distribution: Distribution,
    /// Share of each opinion, in their order; 0 for what was left out.
    pub(super) shares: Vec<f64>,
    /// 0..=1; positive only where opinions contradict each other.
    pub(super) conflict: f64,
}

/// Ages a distribution by `seconds` towards what is usual.
pub(super) fn age(spec: &AttributeSpec, distribution: &Distribution, seconds: f64) -> Distribution {
    let seconds = seconds.max(0.0);
    match (&spec.estimator, distribution) {
        (
            Estimator::Scalar {
                prior_mean,
                prior_sd,
                correlation_time_s,
                ..
            },
            Distribution::Gaussian { mean, sd },
        ) => {
            let phi = exp(-seconds / correlation_time_s);
            let variance = phi * phi * sd * sd + prior_sd * prior_sd * (1.0 - phi * phi);
            Distribution::Gaussian {
                mean: prior_mean + phi * (mean - prior_mean),
                sd: variance.sqrt(),
            }
        }
        (
            Estimator::Boolean {
                rate_on_hz,
                rate_off_hz,
                ..
            },
            Distribution::Bernoulli { p },
        ) => {
            let usual = rate_on_hz / (rate_on_hz + rate_off_hz);
            let phi = exp(-seconds * (rate_on_hz + rate_off_hz));
            Distribution::Bernoulli {
                p: usual + phi * (p - usual),
            }
        }
        (Estimator::Count { departures_hz, .. }, Distribution::Counts(p)) => {
            // A mixture with what is usual: at least as wide as the exact chain.
            let phi = exp(-seconds * departures_hz);
            let usual = usual_counts(spec, p.len());
            let aged = p.iter().zip(&usual).map(|(&p, usual)| {
                let aged = usual + phi * (f64::from(p) - usual);
                aged as f32
            });
            Distribution::Counts(aged.collect())
        }
        (
            Estimator::Category {
                change_hz, labels, ..
            },
            Distribution::Alternatives(list),
        ) => {
            let phi = exp(-seconds * change_hz);
            let even = (1.0 - phi) / labels.len() as f64;
            let aged = list
                .iter()
                .map(|(value, p)| (value.clone(), even + phi * p));
            Distribution::Alternatives(aged.collect())
        }
        _ => distribution.clone(),
    }
}

/// People in a room that nobody has counted: a Poisson number, and in one room of ten any.
fn usual_counts(spec: &AttributeSpec, numbers: usize) -> Vec<f64> {
    let mean = match spec.estimator {
        Estimator::Count {
            arrivals_hz,
            departures_hz,
            ..
        } => arrivals_hz / departures_hz,
        _ => 1.0,
    };
    let mut term = exp(-mean);
    let mut list: Vec<f64> = (0..numbers)
        .map(|n| {
            let p = 0.9 * term + 0.1 / numbers as f64;
            term *= mean / (n + 1) as f64;
            p
        })
        .collect();
    let sum: f64 = list.iter().sum();
    for p in &mut list {
        *p /= sum;
    }
    list
}

/// Joins opinions of one form; `None` if there are none.
pub(super) fn pool(spec: &AttributeSpec, opinions: &[Opinion]) -> Option<Pooled> {
    match &opinions.first()?.distribution {
        Distribution::Gaussian { .. } => Some(pool_numbers(spec, opinions)),
        Distribution::Bernoulli { .. } => Some(pool_yes_no(spec, opinions)),
        Distribution::Counts(_) => Some(pool_counts(spec, opinions)),
        Distribution::Alternatives(_) => Some(pool_alternatives(spec, opinions)),
    }
}

/// The surest opinion, then every further one that shares no source with those before it.
/// `rank` is the larger the surer.
fn choose(opinions: &[Opinion], rank: impl Fn(&Opinion) -> f64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..opinions.len()).collect();
    order.sort_by(|&a, &b| rank(&opinions[b]).total_cmp(&rank(&opinions[a])));
    let mut chosen: Vec<usize> = Vec::new();
    for at in order {
        let tags = &opinions[at].tags;
        if chosen.iter().all(|&c| opinions[c].tags.is_disjoint(tags)) {
            chosen.push(at);
        }
    }
    chosen
}

fn moments(opinion: &Opinion) -> (f64, f64) {
    let (mean, sd) = opinion
        .distribution
        .moments()
        .unwrap_or((0.0, f64::MAX.sqrt()));
    (mean, sd * sd)
}

fn pool_numbers(spec: &AttributeSpec, opinions: &[Opinion]) -> Pooled {
    let prior = match spec.estimator {
        Estimator::Scalar {
            prior_mean,
            prior_sd,
            ..
        } => (prior_mean, prior_sd * prior_sd),
        _ => (0.0, f64::MAX),
    };
    let conflict = contradiction(opinions);
    if conflict > 0.0 {
        return pool_linearly(opinions, conflict);
    }
    let chosen = choose(opinions, |o| -moments(o).1);
    // What each adds to the prior: a measurement y with the standard deviation 1/u.
    let mut added: Vec<(usize, f64, f64)> = Vec::new();
    for &at in &chosen {
        let (mean, variance) = moments(&opinions[at]);
        let information = 1.0 / variance - 1.0 / prior.1;
        if information > 0.0 {
            let y = (mean / variance - prior.0 / prior.1) / information;
            added.push((at, y, information.sqrt()));
        }
    }
    let Some(weights) = best_weights(&mut added) else {
        let mut shares = vec![0.0; opinions.len()];
        shares[chosen[0]] = 1.0;
        return Pooled {
            distribution: opinions[chosen[0]].distribution.clone(),
            shares,
            conflict,
        };
    };
    let information: f64 = weights.iter().sum();
    let precision = information + 1.0 / prior.1;
    let mut sum = prior.0 / prior.1;
    let mut shares = vec![0.0; opinions.len()];
    for ((at, y, _), weight) in added.iter().zip(&weights) {
        sum += weight * y;
        shares[*at] = weight / information;
    }
    Pooled {
        distribution: Distribution::Gaussian {
            mean: sum / precision,
            sd: (1.0 / precision).sqrt(),
        },
        shares,
        conflict,
    }
}

/// Weights (information) of equally correlated measurements with standard deviations 1/u. One
/// that would get a negative weight, being far less sure than the others, is left out.
fn best_weights(added: &mut Vec<(usize, f64, f64)>) -> Option<Vec<f64>> {
    while !added.is_empty() {
        let n = added.len() as f64;
        let mean: f64 =
            added.iter().map(|(.., u)| u).sum::<f64>() / (1.0 + (n - 1.0) * CORRELATION);
        let weight = |u: f64| u * (u - CORRELATION * mean) / (1.0 - CORRELATION);
        // The surest came first, the least sure is the last.
        if added.last().is_some_and(|(.., u)| weight(*u) < 0.0) {
            added.pop();
            continue;
        }
        return Some(added.iter().map(|(.., u)| weight(*u)).collect());
    }
    None
}

/// How far the two most different numbers contradict each other, 0 below three standard
/// deviations.
fn contradiction(opinions: &[Opinion]) -> f64 {
    let mut worst: f64 = 0.0;
    for (i, a) in opinions.iter().enumerate() {
        for b in &opinions[i + 1..] {
            let ((a, var_a), (b, var_b)) = (moments(a), moments(b));
            worst = worst.max((a - b) * (a - b) / (var_a + var_b));
        }
    }
    if worst >= CONTRADICTION {
        crate::answer::contradiction(worst)
    } else {
        0.0
    }
}

/// Mean and variance of the mixture, wide enough to hold all (Stone, Ann. Math. Stat. 32 (1961)
/// 1339).
fn pool_linearly(opinions: &[Opinion], conflict: f64) -> Pooled {
    let total: f64 = opinions.iter().map(|o| 1.0 / moments(o).1).sum();
    let shares: Vec<f64> = opinions
        .iter()
        .map(|o| 1.0 / moments(o).1 / total)
        .collect();
    let with_shares = || opinions.iter().map(moments).zip(&shares);
    let mean: f64 = with_shares().map(|((m, _), s)| s * m).sum();
    let variance: f64 = with_shares()
        .map(|((m, v), s)| s * (v + (m - mean) * (m - mean)))
        .sum();
    Pooled {
        distribution: Distribution::Gaussian {
            mean,
            sd: variance.sqrt(),
        },
        shares,
        conflict,
    }
}

/// Weight of each of `n` opinions on live things that share no source.
fn together(n: usize) -> f64 {
    1.0 / (1.0 + (n as f64 - 1.0) * CORRELATION)
}

fn even_shares(opinions: &[Opinion], chosen: &[usize]) -> Vec<f64> {
    let mut shares = vec![0.0; opinions.len()];
    for &at in chosen {
        shares[at] = 1.0 / chosen.len() as f64;
    }
    shares
}

fn pool_yes_no(spec: &AttributeSpec, opinions: &[Opinion]) -> Pooled {
    let usual = match spec.estimator {
        Estimator::Boolean {
            rate_on_hz,
            rate_off_hz,
            ..
        } => rate_on_hz / (rate_on_hz + rate_off_hz),
        _ => 0.5,
    };
    // A probability is not cut closer to 0 or 1 than what is usual already is.
    let least = PROBABILITY_MIN.min(usual).min(1.0 - usual);
    let bound = |p: f64| p.clamp(least, 1.0 - least);
    let p_of = |o: &Opinion| match o.distribution {
        Distribution::Bernoulli { p } => bound(p),
        _ => bound(usual),
    };
    let prior = log_odds(bound(usual));
    let all = || opinions.iter().map(p_of);
    let sureness = |p: f64| 2.0 * p - 1.0;
    let yes = all().map(sureness).fold(0.0, f64::max);
    let no = all().map(|p| -sureness(p)).fold(0.0, f64::max);
    let conflict = yes.min(no);
    if conflict >= SURE_ENOUGH {
        let everybody: Vec<usize> = (0..opinions.len()).collect();
        return Pooled {
            distribution: Distribution::Bernoulli {
                p: all().sum::<f64>() / opinions.len() as f64,
            },
            shares: even_shares(opinions, &everybody),
            conflict,
        };
    }
    let chosen = choose(opinions, |o| (log_odds(p_of(o)) - prior).abs());
    let added: f64 = chosen
        .iter()
        .map(|&at| log_odds(p_of(&opinions[at])) - prior)
        .sum();
    Pooled {
        distribution: Distribution::Bernoulli {
            p: logistic(prior + together(chosen.len()) * added),
        },
        shares: even_shares(opinions, &chosen),
        conflict: 0.0,
    }
}

fn pool_counts(spec: &AttributeSpec, opinions: &[Opinion]) -> Pooled {
    let lists: Vec<&[f32]> = opinions
        .iter()
        .filter_map(|o| match &o.distribution {
            Distribution::Counts(p) => Some(&p[..]),
            _ => None,
        })
        .collect();
    let numbers = lists.iter().map(|list| list.len()).max().unwrap_or(1);
    let usual = usual_counts(spec, numbers);
    let chosen = choose(opinions, |o| -moments(o).1);
    let weight = together(chosen.len());
    let ln_of = |p: f64| ln(p.max(NUMBER_PROBABILITY_MIN));
    let logs: Vec<f64> = (0..numbers)
        .map(|n| {
            let prior = ln_of(usual[n]);
            let p_of = |at: usize| lists[at].get(n).map_or(0.0, |&p| f64::from(p));
            let added: f64 = chosen.iter().map(|&at| ln_of(p_of(at)) - prior).sum();
            prior + weight * added
        })
        .collect();
    Pooled {
        distribution: Distribution::Counts(normalised(&logs).map(|p| p as f32).collect()),
        shares: even_shares(opinions, &chosen),
        conflict: contradiction(opinions),
    }
}

fn normalised(logs: &[f64]) -> impl Iterator<Item = f64> + use<> {
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let list: Vec<f64> = logs.iter().map(|l| exp(l - most)).collect();
    let sum: f64 = list.iter().sum();
    list.into_iter().map(move |p| p / sum)
}

fn pool_alternatives(spec: &AttributeSpec, opinions: &[Opinion]) -> Pooled {
    let lists: Vec<&[(Value, f64)]> = opinions
        .iter()
        .map(|o| match &o.distribution {
            Distribution::Alternatives(list) => &list[..],
            _ => &[],
        })
        .collect();
    let top = |o: &Opinion| o.distribution.confidence().unwrap_or(0.0);
    let chosen = choose(opinions, top);
    // What does not change has no course that two could have watched together.
    let is_fixed = matches!(spec.estimator, Estimator::Static { .. });
    let weight = if is_fixed {
        1.0
    } else {
        together(chosen.len())
    };
    let mut values: Vec<&Value> = Vec::new();
    for (value, _) in chosen.iter().flat_map(|&at| lists[at]) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    let unstated = |list: &[(Value, f64)]| {
        let rest = 1.0 - list.iter().map(|(_, p)| p).sum::<f64>();
        (rest / values.len() as f64).max(PROBABILITY_MIN)
    };
    let ln_of = |list: &[(Value, f64)], value: &Value| {
        let stated = list.iter().find(|(v, _)| v == value);
        ln(stated.map_or(unstated(list), |(_, p)| p.max(PROBABILITY_MIN)))
    };
    let mut logs: Vec<f64> = values
        .iter()
        .map(|value| {
            weight
                * chosen
                    .iter()
                    .map(|&at| ln_of(lists[at], value))
                    .sum::<f64>()
        })
        .collect();
    logs.push(
        weight
            * chosen
                .iter()
                .map(|&at| ln(unstated(lists[at])))
                .sum::<f64>(),
    );
    let probabilities: Vec<f64> = normalised(&logs).collect();
    let mut pooled: Vec<(Value, f64)> = values.into_iter().cloned().zip(probabilities).collect();
    pooled.sort_by(|a, b| b.1.total_cmp(&a.1));
    Pooled {
        distribution: Distribution::Alternatives(pooled.into()),
        shares: even_shares(opinions, &chosen),
        conflict: dissent(&lists),
    }
}

/// How sure the surest opinion is that differs from the surest of all, if that is sure enough.
fn dissent(lists: &[&[(Value, f64)]]) -> f64 {
    let tops = || lists.iter().filter_map(|list| list.first());
    let Some(first) = tops().max_by(|a, b| a.1.total_cmp(&b.1)) else {
        return 0.0;
    };
    let other = tops()
        .filter(|top| top.0 != first.0)
        .map(|top| top.1)
        .fold(0.0, f64::max);
    if other >= SURE_ENOUGH { other } else { 0.0 }
}
