//! Which bundles still count in a stream that keeps only the latest record on each topic.

use std::collections::BTreeMap;
use twin_model::Time;

/// A topic, whatever number it has in the epoch.
pub(crate) type Fingerprint = [u8; 16];

/// The newest record of each topic, and how many of them each bundle holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Newest {
    by_topic: BTreeMap<Fingerprint, (Time, u64)>,
    counting: BTreeMap<u64, usize>,
}

impl Newest {
    /// Takes in a bundle; returns those in which no record counts any more. One that `stays`
    /// always counts: it names topics, or says more than records.
    pub(crate) fn take(
        &mut self,
        seq: u64,
        said: impl Iterator<Item = (Fingerprint, Time)>,
        stays: bool,
    ) -> Vec<u64> {
        let mut spent = Vec::new();
        // The bundle counts once for itself until it is read through.
        self.counting.insert(seq, 1);
        for (topic, observed) in said {
            let last = self.by_topic.get(&topic).copied();
            if last.is_some_and(|(newest, _)| observed < newest) {
                continue;
            }
            self.by_topic.insert(topic, (observed, seq));
            *self.counting.entry(seq).or_default() += 1;
            if let Some((_, older)) = last {
                self.uncount(older, &mut spent);
            }
        }
        if !stays {
            self.uncount(seq, &mut spent);
        }
        spent
    }

    /// How many topics were ever spoken about.
    pub(crate) fn topics(&self) -> usize {
        self.by_topic.len()
    }

    fn uncount(&mut self, seq: u64, spent: &mut Vec<u64>) {
        let Some(count) = self.counting.get_mut(&seq) else {
            return;
        };
        *count -= 1;
        if *count == 0 {
            self.counting.remove(&seq);
            spent.push(seq);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A bundle is spent exactly when each of its records has a successor.
        #[test]
        fn spent_bundles_hold_nothing_that_counts(
            bundles in proptest::collection::vec(
                (proptest::collection::vec((0_u8..6, 0_i64..20), 0..5), any::<bool>()), 1..20)
        ) {
            let mut newest = Newest::default();
            let mut spent = Vec::new();
            let mut last: BTreeMap<u8, (i64, usize)> = BTreeMap::new();
            for (seq, (said, stays)) in bundles.iter().enumerate() {
                let said = said.iter();
                spent.extend(newest.take(
                    seq as u64,
                    said.clone().map(|&(topic, at)| ([topic; 16], Time(at))),
                    *stays,
                ));
                for &(topic, at) in said {
                    if last.get(&topic).is_none_or(|&(newest, _)| at >= newest) {
                        last.insert(topic, (at, seq));
                    }
                }
            }
            spent.sort_unstable();
            let counts = |seq: usize| bundles[seq].1 || last.values().any(|&(_, s)| s == seq);
            let expected: Vec<u64> =
                (0..bundles.len()).filter(|&seq| !counts(seq)).map(|seq| seq as u64).collect();
            prop_assert_eq!(spent, expected);
        }
    }
}
