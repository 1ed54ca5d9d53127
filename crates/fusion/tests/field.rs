//! The field over spaces: the right answer, the same answer, and an honest one.

mod common;

use common::{Chance, moments, seconds, source_name};
use proptest::prelude::*;
use twin_fusion::field::{Edge, Error, Field, Observation, Posterior, Prior, Scale, Told};
use twin_model::{ClaimId, Flag, Summary};

const USUAL: Prior = Prior {
    mean: 21.0,
    variance: 9.0,
};

fn edge(a: u32, b: u32, conductance: f64) -> Edge {
    Edge { a, b, conductance }
}

fn seen(node: u32, mean: f64, variance: f64) -> Observation {
    Observation {
        node,
        mean,
        variance,
    }
}

/// Inverse of a small matrix by Gauss and Jordan, without a thought for speed.
fn inverse(mut a: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let n = a.len();
    let mut inverse = vec![vec![0.0; n]; n];
    for (i, row) in inverse.iter_mut().enumerate() {
        row[i] = 1.0;
    }
    for k in 0..n {
        let pivot = a[k][k];
        for j in 0..n {
            a[k][j] /= pivot;
            inverse[k][j] /= pivot;
        }
        for i in (0..n).filter(|&i| i != k) {
            let factor = a[i][k];
            for j in 0..n {
                a[i][j] -= factor * a[k][j];
                inverse[i][j] -= factor * inverse[k][j];
            }
        }
    }
    inverse
}

/// Prior covariance as the module defines it, in full.
fn covariance(priors: &[Prior], edges: &[Edge]) -> Vec<Vec<f64>> {
    let n = priors.len();
    let mut q = vec![vec![0.0; n]; n];
    for (i, row) in q.iter_mut().enumerate() {
        row[i] = 1.0;
    }
    for e in edges.iter().filter(|e| e.a != e.b) {
        let (a, b) = (e.a as usize, e.b as usize);
        q[a][a] += e.conductance;
        q[b][b] += e.conductance;
        q[a][b] -= e.conductance;
        q[b][a] -= e.conductance;
    }
    let s = inverse(q);
    let unit = |i: usize| (priors[i].variance / s[i][i]).sqrt();
    (0..n)
        .map(|i| (0..n).map(|j| s[i][j] * unit(i) * unit(j)).collect())
        .collect()
}

fn condition(priors: &[Prior], edges: &[Edge], all: &[(Observation, f64)]) -> (Vec<f64>, Vec<f64>) {
    let mean = priors.iter().map(|p| p.mean).collect();
    condition_on(mean, covariance(priors, edges), all)
}

/// Conditioning on one observation after the other in full (Kalman's update).
fn condition_on(
    mut mean: Vec<f64>,
    mut p: Vec<Vec<f64>>,
    all: &[(Observation, f64)],
) -> (Vec<f64>, Vec<f64>) {
    for (o, weight) in all {
        let k = o.node as usize;
        let column: Vec<f64> = p.iter().map(|row| row[k]).collect();
        let total = column[k] + o.variance / weight;
        let innovation = o.mean - mean[k];
        for i in 0..mean.len() {
            mean[i] += column[i] / total * innovation;
            for j in 0..mean.len() {
                p[i][j] -= column[i] * column[j] / total;
            }
        }
    }
    let variance = (0..mean.len()).map(|i| p[i][i]).collect();
    (mean, variance)
}

#[derive(Debug, Clone)]
struct Case {
    priors: Vec<Prior>,
    edges: Vec<Edge>,
    observations: Vec<Observation>,
}

fn case(nodes: usize, spread: f64) -> impl Strategy<Value = Case> {
    (1..nodes).prop_flat_map(move |n| {
        let node = 0..n as u32;
        let prior = (10.0..30.0_f64, 0.5..20.0_f64);
        let edges = (node.clone(), node.clone(), 0.0..8.0_f64);
        let observations = (node, -spread..spread, 0.05..4.0_f64);
        (
            prop::collection::vec(prior, n),
            prop::collection::vec(edges, 0..3 * n),
            prop::collection::vec(observations, 0..2 * n),
        )
            .prop_map(|(priors, edges, observations)| {
                let priors: Vec<Prior> = priors
                    .into_iter()
                    .map(|(mean, variance)| Prior { mean, variance })
                    .collect();
                Case {
                    edges: edges.into_iter().map(|(a, b, c)| edge(a, b, c)).collect(),
                    observations: observations
                        .into_iter()
                        .map(|(node, off, v)| seen(node, priors[node as usize].mean + off, v))
                        .collect(),
                    priors,
                }
            })
    })
}

fn field(case: &Case) -> Field {
    Field::new(&case.priors, &case.edges).unwrap()
}

fn bits(posterior: &Posterior) -> Vec<(u64, u64)> {
    let both = posterior.means().iter().zip(posterior.variances());
    both.map(|(m, v)| (m.to_bits(), v.to_bits())).collect()
}

fn has_doubted(posterior: &Posterior) -> bool {
    posterior.crosschecks().iter().any(|c| c.weight < 0.5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The sparse answer is the dense one, with the weights that the witnesses gave.
    #[test]
    fn equals_a_dense_solution(case in case(40, 5.0)) {
        let field = field(&case);
        let posterior = field.infer(&case.observations).unwrap();
        let weights = posterior.crosschecks().iter().map(|c| c.weight);
        let weighed: Vec<_> = case.observations.iter().copied().zip(weights).collect();
        let (means, variances) = condition(&case.priors, &case.edges, &weighed);
        for i in 0..means.len() {
            prop_assert!((means[i] - posterior.means()[i]).abs() < 1e-7);
            let most = case.priors[i].variance.max(variances[i]);
            let expected = (variances[i] * posterior.surprise(i as u32)).min(most);
            let ratio = posterior.variances()[i] / expected;
            // Wider only where somebody is doubted who may be right.
            prop_assert!(ratio > 1.0 - 1e-7 && (ratio < 1.0 + 1e-7 || has_doubted(&posterior)));
        }
    }

    /// Leaving one out by formula is leaving it out indeed.
    #[test]
    fn a_crosscheck_is_the_answer_without_it(case in case(12, 8.0)) {
        let field = field(&case);
        let posterior = field.infer(&case.observations).unwrap();
        let weights = posterior.crosschecks().iter().map(|c| c.weight);
        let weighed: Vec<_> = case.observations.iter().copied().zip(weights).collect();
        for (at, check) in posterior.crosschecks().iter().enumerate() {
            let mut others = weighed.clone();
            let (one, _) = others.remove(at);
            let (means, variances) = condition(&case.priors, &case.edges, &others);
            prop_assert!((means[one.node as usize] - check.mean).abs() < 1e-6);
            prop_assert!((variances[one.node as usize] / check.variance - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn any_order_gives_the_same_bits(case in case(30, 30.0), seed in any::<u64>()) {
        let mut other = case.clone();
        let mut chance = Chance(seed);
        chance.shuffle(&mut other.edges);
        chance.shuffle(&mut other.observations);
        for e in &mut other.edges {
            if chance.unit() < 0.5 {
                (e.a, e.b) = (e.b, e.a);
            }
        }
        let (one, two) = (field(&case), field(&other));
        prop_assert_eq!(
            bits(&one.infer(&case.observations).unwrap()),
            bits(&two.infer(&other.observations).unwrap())
        );
    }

    /// Never surer than the prior and all observations together allow, never less sure than
    /// the prior.
    #[test]
    fn variance_stays_within_what_the_data_allow(mut case in case(30, 8.0)) {
        case.priors.fill(USUAL);
        let field = field(&case);
        let posterior = field.infer(&case.observations).unwrap();
        let all: f64 = case.observations.iter().map(|o| 1.0 / o.variance).sum();
        for &variance in posterior.variances() {
            prop_assert!(variance <= USUAL.variance * (1.0 + 1e-9) || has_doubted(&posterior));
            prop_assert!(variance >= 1.0 / (1.0 / USUAL.variance + all) * (1.0 - 1e-9));
        }
    }

    /// What tells of a node: shares that leave the rest to the prior, and that make its mean.
    #[test]
    fn shares_make_the_mean(mut case in case(15, 8.0)) {
        case.priors.fill(USUAL);
        case.observations.truncate(10);
        let field = field(&case);
        let posterior = field.infer(&case.observations).unwrap();
        for node in 0..case.priors.len() as u32 {
            let tellers = posterior.tellers(node);
            let total: f64 = tellers.iter().map(|t| t.share).sum();
            prop_assert!((0.0..=1.0 + 1e-9).contains(&total));
            prop_assert!(tellers.is_sorted_by(|a, b| a.share >= b.share));
        }
    }
}

#[test]
fn opening_a_door_lets_neighbours_agree_more() {
    let mut field = Field::new(
        &[USUAL; 4],
        &[edge(0, 1, 0.1), edge(1, 2, 0.5), edge(2, 3, 0.5)],
    )
    .unwrap();
    let warm = [seen(0, 29.0, 0.25)];
    let mut before = field.infer(&warm).unwrap().mean(1);
    for conductance in [0.5, 1.0, 4.0, 20.0] {
        field.set_conductances(&[(0, conductance)]).unwrap();
        let after = field.infer(&warm).unwrap();
        assert!(after.mean(1) > before);
        assert!(after.mean(1) > after.mean(2) && after.mean(2) > after.mean(3));
        before = after.mean(1);
    }
}

/// On a day on which every measured room is 4 K above what is usual, so is, as a whole, every other
/// room that hangs together with them, and no further; that costs no certainty that was not
/// there. In full: the same as one more unknown.
#[test]
fn a_level_is_shared_by_all_that_hang_together() {
    let edges: Vec<Edge> = (0..19).map(|i| edge(i, i + 1, 0.05)).collect();
    let level = 0.8;
    let apart = Field::new(&[USUAL; 22], &edges).unwrap();
    let together = apart.clone().with_scale(Scale {
        level,
        ..Scale::default()
    });
    let warm: Vec<Observation> = (0..20)
        .step_by(4)
        .map(|node| seen(node, 25.0, 0.25))
        .collect();
    let (alone, shared) = (apart.infer(&warm).unwrap(), together.infer(&warm).unwrap());
    assert!(alone.mean(2) < 21.2 && (shared.mean(2) - 24.6).abs() < 0.4);
    assert!(shared.variance(2) < alone.variance(2) / 2.0);
    assert_eq!(shared.mean(20), 21.0);
    assert!((shared.variance(21) - 9.0).abs() < 1e-9);
    assert!(shared.tellers(2).len() == 5 && alone.tellers(2).len() < 3);
    let nothing = together.infer(&[]).unwrap();
    assert!(nothing.variances().iter().all(|v| (v - 9.0).abs() < 1e-9));

    let mut p = covariance(&[USUAL; 20], &edges);
    for row in &mut p {
        for entry in row {
            *entry = (1.0 - level) * *entry + level * 9.0;
        }
    }
    let weighed: Vec<(Observation, f64)> = warm.iter().map(|o| (*o, 1.0)).collect();
    let (means, variances) = condition_on(vec![21.0; 20], p, &weighed);
    for node in 0..20 {
        assert!((means[node] - shared.means()[node]).abs() < 1e-9);
        assert!((variances[node] - shared.variances()[node]).abs() < 1e-9);
    }
}

/// Even buildings, rooms 0.4 K apart: a room without a sensor is known better than what is usual
/// would have it, the better the more sensors say so, and never better than is so.
#[test]
fn even_buildings_teach_that_they_are_even() {
    let edges: Vec<Edge> = (0..39).map(|i| edge(i, i + 1, 0.2)).collect();
    let field = Field::new(&[USUAL; 40], &edges).unwrap();
    let mut chance = Chance(3);
    let (mut widths, mut held) = (Vec::new(), 0);
    for sensors in [2, 5, 20] {
        let mut width = 0.0;
        for _ in 0..60 {
            let day = 21.0 + 2.0 * chance.normal();
            let measured: Vec<Observation> = (0..sensors)
                .map(|i| seen(i * 2, day + 0.41 * chance.normal(), 0.01))
                .collect();
            let learned = field.learn(&measured).unwrap();
            let parts: f64 = learned.scales().iter().map(|(_, part)| part).sum();
            assert!((parts - 1.0).abs() < 1e-12);
            let blend = field.blended(&learned);
            let answer = blend.infer(&measured).unwrap();
            let sd = answer.variance(39).sqrt();
            let off = answer.mean(39) - (day + 0.4 * chance.normal());
            held += u32::from(off.abs() <= 1.645 * sd);
            width += sd / 60.0;
        }
        widths.push(width);
    }
    assert!(held >= 158, "{held} of 180, {widths:?}");
    assert!(widths.is_sorted_by(|a, b| a > b), "{widths:?}");
    assert!(widths[0] < 2.7 && widths[2] < 1.0, "{widths:?}");
}

/// A large field learns the same in few steps.
#[test]
fn a_large_even_building_teaches_in_a_few_steps() {
    let edges: Vec<Edge> = (0..11_999).map(|i| edge(i, i + 1, 0.2)).collect();
    let field = Field::new(&vec![USUAL; 12_000], &edges).unwrap();
    let mut chance = Chance(4);
    let measured: Vec<Observation> = (0..40)
        .map(|i| seen(i * 200, 23.0 + 0.41 * chance.normal(), 0.01))
        .collect();
    let learned = field.learn(&measured).unwrap();
    assert!(learned.scales().len() <= 2);
    let blend = field.blended(&learned);
    let answer = blend.infer(&measured).unwrap();
    let (mean, sd) = (answer.mean(11_999), answer.variance(11_999).sqrt());
    assert!((mean - 23.0).abs() < 0.3, "{mean} {learned:?}");
    assert!((0.3..1.0).contains(&sd), "{sd} {learned:?}");
}

/// What is learned is a function of the observations, in whatever order they come.
#[test]
fn the_order_of_observations_teaches_nothing() {
    let edges: Vec<Edge> = (0..29).map(|i| edge(i, i + 1, 0.7)).collect();
    let field = Field::new(&[USUAL; 30], &edges).unwrap();
    let mut chance = Chance(9);
    let mut measured: Vec<Observation> = (0..10)
        .map(|i| seen(i * 3, 20.0 + 2.0 * chance.normal(), 0.04))
        .collect();
    let one = field.learn(&measured).unwrap();
    let before = field.blended(&one);
    let before = before.infer(&measured).unwrap();
    let (means, variances) = (before.means().to_vec(), before.variances().to_vec());
    measured.reverse();
    measured.swap(2, 7);
    let other = field.learn(&measured).unwrap();
    assert_eq!(one, other);
    let after = field.blended(&other);
    let after = after.infer(&measured).unwrap();
    assert!(after.means() == means && after.variances() == variances);
}

/// Nobody said anything: the catalogue stands, and what is usual.
#[test]
fn nothing_is_learned_from_nothing() {
    let field = Field::new(&[USUAL; 3], &[edge(0, 1, 1.0)]).unwrap();
    let learned = field.learn(&[]).unwrap();
    assert_eq!(learned.best(), Scale::default());
    let blend = field.blended(&learned);
    let answer = blend.infer(&[]).unwrap();
    assert!(answer.means().iter().all(|m| (m - 21.0).abs() < 1e-9));
    assert!(answer.variances().iter().all(|v| *v >= 9.0 - 1e-9));
}

#[test]
fn changing_doors_is_as_good_as_a_new_field() {
    let mut chance = Chance(5);
    let mut edges: Vec<Edge> = (0..60)
        .map(|_| {
            edge(
                (chance.bits() % 25) as u32,
                (chance.bits() % 25) as u32,
                chance.unit(),
            )
        })
        .collect();
    let mut changed = Field::new(&[USUAL; 25], &edges).unwrap();
    for at in [3, 17, 40] {
        edges[at].conductance = 4.0;
        changed.set_conductances(&[(at, 4.0)]).unwrap();
    }
    let anew = Field::new(&[USUAL; 25], &edges).unwrap();
    let warm = [seen(3, 25.0, 0.2), seen(9, 19.0, 0.2)];
    assert_eq!(
        bits(&changed.infer(&warm).unwrap()),
        bits(&anew.infer(&warm).unwrap())
    );
}

#[test]
fn what_nothing_reaches_stays_at_the_prior() {
    let edges: Vec<Edge> = (0..49).map(|i| edge(i, i + 1, 1.0)).collect();
    let field = Field::new(&[USUAL; 52], &edges).unwrap();
    let posterior = field
        .infer(&[seen(0, 60.0, 0.01), seen(51, 15.0, 0.01)])
        .unwrap();
    // Fifty doors away, and a room without any.
    for node in [49, 50] {
        assert!((posterior.mean(node) - 21.0).abs() < 1e-6);
        assert!((posterior.variance(node) - 9.0).abs() < 1e-6);
        assert!(posterior.tellers(node).is_empty());
    }
    let nothing = field.infer(&[]).unwrap();
    assert!(nothing.variances().iter().all(|v| (v - 9.0).abs() < 1e-9));
}

/// One sensor in a row of rooms says 45 °C while all others say 21: it is found, it is believed
/// less, and its neighbours are not warmed by it.
#[test]
fn a_liar_does_not_spoil_its_neighbourhood() {
    let edges: Vec<Edge> = (0..20).map(|i| edge(i, i + 1, 4.0)).collect();
    let field = Field::new(&[USUAL; 21], &edges).unwrap();
    let mut observations: Vec<Observation> = (0..21)
        .filter(|&node| node != 9)
        .map(|node| seen(node, 21.5 + 0.2 * f64::from(node % 3), 0.25))
        .collect();
    let honest = field.infer(&observations).unwrap().mean(9);
    observations[10].mean = 45.0; // the sensor of room 11
    let posterior = field.infer(&observations).unwrap();
    let liar = posterior.crosschecks()[10];
    assert!(liar.residual > 8.0 && liar.weight < 0.1, "{liar:?}");
    assert!((liar.mean - 21.7).abs() < 0.5);
    assert!(
        (posterior.mean(9) - honest).abs() < 0.4,
        "{}",
        posterior.mean(9)
    );
    for (at, check) in posterior
        .crosschecks()
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != 10)
    {
        assert!(check.weight > 0.9, "{at} {check:?}");
    }
}

/// A room without a sensor says whom it has it from, and never looks measured; one that nobody
/// tells of is assumed.
#[test]
fn an_estimate_is_inferred_or_assumed() {
    let field = Field::new(&[USUAL; 3], &[edge(0, 1, 4.0)]).unwrap();
    let posterior = field.infer(&[seen(0, 25.0, 0.25)]).unwrap();
    let told = |at: usize| Told {
        claim: ClaimId {
            incarnation: 1,
            sequence: at as u64 + 7,
        },
        source: source_name(3),
        observed: seconds(40.0),
    };
    let estimate = |node, widening| posterior.estimate(node, seconds(60.0), widening, &told);
    let behind = estimate(1, 1.0);
    assert_eq!(behind.summary(), Summary::Inferred);
    assert_eq!(behind.contributors.len(), 1);
    assert_eq!(behind.contributors[0].claim.sequence, 7);
    assert_eq!((behind.sources, behind.evidence_age_s()), (1, Some(20.0)));
    let wider = estimate(1, 2.0);
    assert!(wider.flags.has(Flag::Widened) && !behind.flags.has(Flag::Widened));
    assert!((moments(&wider).1 / moments(&behind).1 - 2.0).abs() < 1e-12);
    let apart = estimate(2, 1.0);
    assert_eq!(apart.summary(), Summary::Assumed);
    let (mean, sd) = moments(&apart);
    assert!((mean - 21.0).abs() < 1e-9 && (sd - 3.0).abs() < 1e-9);
    assert_eq!((apart.sources, apart.evidence_time), (0, None));
    assert_eq!(estimate(0, 1.0).summary(), Summary::Inferred);
}

/// A sensor at 300 °C that nobody else can speak to is believed; one among neighbours that
/// say 21 is doubted, but the room behind it is no longer *surely* at 21.
#[test]
fn what_is_unusual_is_not_explained_away() {
    let edges = [
        edge(0, 1, 1.0),
        edge(1, 2, 1.0),
        edge(0, 3, 1.0),
        edge(0, 4, 1.0),
    ];
    let field = Field::new(&[USUAL; 5], &edges).unwrap();
    let alone = field.infer(&[seen(0, 300.0, 0.25)]).unwrap();
    assert_eq!(alone.crosschecks()[0].weight, 1.0);
    assert!(alone.mean(0) > 280.0 && alone.mean(1) > 80.0);
    let calm = [
        seen(2, 21.0, 0.25),
        seen(3, 21.0, 0.25),
        seen(4, 21.0, 0.25),
    ];
    let without = field.infer(&calm).unwrap();
    let mut with = calm.to_vec();
    with.push(seen(0, 300.0, 0.25));
    let with = field.infer(&with).unwrap();
    let doubted = with.crosschecks()[3];
    assert!(doubted.weight < 0.05, "{doubted:?} {with:?}");
    let reach = with.mean(1) + 1.645 * with.variance(1).sqrt();
    assert!(reach > 50.0, "{reach}");
    assert!(with.variance(1) > 20.0 * without.variance(1));
    assert!(with.variance(1) < with.variance(0));
}

#[test]
fn bad_input_is_refused() {
    let two = [USUAL; 2];
    let bad_prior = [
        USUAL,
        Prior {
            mean: 1.0,
            variance: 0.0,
        },
    ];
    assert_eq!(Field::new(&bad_prior, &[]).unwrap_err(), Error::Prior(1));
    for bad in [edge(0, 2, 1.0), edge(0, 1, -1.0), edge(0, 1, f64::NAN)] {
        assert_eq!(Field::new(&two, &[bad]).unwrap_err(), Error::Edge(0));
    }
    let mut field = Field::new(&two, &[edge(0, 1, 1.0), edge(1, 1, 3.0)]).unwrap();
    for bad in [seen(2, 1.0, 1.0), seen(0, f64::NAN, 1.0), seen(0, 1.0, 0.0)] {
        assert_eq!(field.infer(&[bad]).unwrap_err(), Error::Observation(0));
    }
    assert_eq!(field.set_conductances(&[(7, 1.0)]), Err(Error::Edge(7)));
    assert_eq!(field.scale(), Scale::default());
    let huge = [seen(0, 1e300, 1e-300), seen(0, -1e300, 1e300)];
    let posterior = field.infer(&huge).unwrap();
    assert!(posterior.variances().iter().all(|v| *v > 0.0));
    assert!(
        Field::new(&[], &[])
            .unwrap()
            .infer(&[])
            .unwrap()
            .means()
            .is_empty()
    );
}

#[test]
fn a_dense_tangle_is_refused_rather_than_computed() {
    let n = 9000_u32;
    let mut chance = Chance(1);
    let edges: Vec<Edge> = (0..200_000)
        .map(|_| {
            edge(
                (chance.bits() % u64::from(n)) as u32,
                (chance.bits() % u64::from(n)) as u32,
                1.0,
            )
        })
        .collect();
    assert_eq!(
        Field::new(&vec![USUAL; n as usize], &edges).unwrap_err(),
        Error::TooDense
    );
}
