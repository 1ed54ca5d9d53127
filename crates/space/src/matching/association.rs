//! One counterpart each: what rivals leave of each other's probability.
//!
//! Belief propagation on the assignment, as Williams & Lau (IEEE Trans. Aerosp. Electron. Syst.
//! 50 (2014) 2942) use it for targets and radar echoes: every left building sends its candidates
//! how much it wants them, every candidate sends back how much of it is still to be had. They
//! prove that it converges whatever the odds; on assignments without cycles it is exact.

use rustc_hash::FxHashMap;

/// Rounds of messages; they settle to a thousandth within twenty.
const ROUNDS_MAX: usize = 60;
const SETTLED: f64 = 1e-6;
/// Beyond these odds nothing is more certain; keeps sums of products in range.
const LOG_ODDS_MAX: f64 = 30.0;

/// For each edge (left, right, logarithm of the odds by its traits) the probability that the two
/// are one, where a share of the left ones has a counterpart at all.
pub(super) fn probabilities(edges: &[(usize, usize, f64)], share: f64) -> Vec<f64> {
    let odds = share / (1.0 - share);
    let weights: Vec<f64> = edges
        .iter()
        .map(|e| odds * libm::exp(e.2.clamp(-LOG_ODDS_MAX, LOG_ODDS_MAX)))
        .collect();
    let (lefts, rights) = (numbered(edges, |e| e.0), numbered(edges, |e| e.1));
    let mut wanted = vec![0.0; edges.len()];
    let mut to_be_had = vec![1.0; edges.len()];
    for _ in 0..ROUNDS_MAX {
        let mut sums = vec![1.0; lefts.count];
        for i in 0..edges.len() {
            sums[lefts.of[i]] += weights[i] * to_be_had[i];
        }
        for i in 0..edges.len() {
            // Never below one: without this edge there is still the case of no counterpart.
            let others = (sums[lefts.of[i]] - weights[i] * to_be_had[i]).max(1.0);
            wanted[i] = weights[i] / others;
        }
        let mut sums = vec![1.0; rights.count];
        for i in 0..edges.len() {
            sums[rights.of[i]] += wanted[i];
        }
        let mut change: f64 = 0.0;
        for i in 0..edges.len() {
            let before = to_be_had[i];
            to_be_had[i] = 1.0 / (sums[rights.of[i]] - wanted[i]).max(1.0);
            change = change.max((to_be_had[i] - before).abs());
        }
        if change < SETTLED {
            break;
        }
    }
    let mut sums = vec![1.0; lefts.count];
    for i in 0..edges.len() {
        sums[lefts.of[i]] += weights[i] * to_be_had[i];
    }
    (0..edges.len())
        .map(|i| weights[i] * to_be_had[i] / sums[lefts.of[i]])
        .collect()
}

/// Indices packed to 0..count in the order of first occurrence.
struct Numbered {
    of: Vec<usize>,
    count: usize,
}

fn numbered(
    edges: &[(usize, usize, f64)],
    index: impl Fn(&(usize, usize, f64)) -> usize,
) -> Numbered {
    let mut known: FxHashMap<usize, usize> = FxHashMap::default();
    let of = edges
        .iter()
        .map(|edge| {
            let next = known.len();
            *known.entry(index(edge)).or_insert(next)
        })
        .collect();
    Numbered {
        of,
        count: known.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every assignment weighed by the product of its odds: exact, and exponential.
    fn exact(edges: &[(usize, usize, f64)], odds: f64) -> Vec<f64> {
        let mut sums = vec![0.0; edges.len()];
        let mut all = 0.0;
        for set in 0..1_u32 << edges.len() {
            let chosen: Vec<usize> = (0..edges.len()).filter(|i| set >> i & 1 == 1).collect();
            let apart =
                |a: &usize, b: &usize| edges[*a].0 != edges[*b].0 && edges[*a].1 != edges[*b].1;
            let fits = chosen
                .iter()
                .enumerate()
                .all(|(k, a)| chosen[k + 1..].iter().all(|b| apart(a, b)));
            if fits {
                let weight: f64 = chosen.iter().map(|i| odds * edges[*i].2.exp()).product();
                all += weight;
                for i in chosen {
                    sums[i] += weight;
                }
            }
        }
        sums.into_iter().map(|s| s / all).collect()
    }

    #[test]
    fn rivals_share_and_the_exact_answer_is_met() {
        let cases: [&[(usize, usize, f64)]; 4] = [
            &[(0, 0, 2.0)],
            &[(0, 0, 2.0), (0, 1, 2.0)],
            &[(0, 0, 3.0), (0, 1, 1.0), (1, 1, 2.0)],
            &[(0, 0, 4.0), (1, 0, 1.0), (1, 1, 1.0), (2, 1, 3.0)],
        ];
        for edges in cases {
            let found = probabilities(edges, 0.5);
            for (a, b) in found.iter().zip(exact(edges, 1.0)) {
                assert!((a - b).abs() < 1e-4, "{edges:?}: {found:?}");
            }
        }
        // With a cycle the messages meet themselves; they are then near, not exact.
        let square = [(0, 0, 2.0), (0, 1, 0.0), (1, 0, 0.0), (1, 1, 2.0)];
        let found = probabilities(&square, 0.5);
        for (a, b) in found.iter().zip(exact(&square, 1.0)) {
            assert!((a - b).abs() < 0.05, "{found:?}");
        }
    }
}
