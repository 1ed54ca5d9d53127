//! Which bundles still count in a stream that keeps only the latest record on each topic.

use crate::payload::Fingerprint;
use std::collections::{BTreeMap, BTreeSet};
use twin_model::Time;

/// How long a bundle is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stays {
    /// As long as one of its records has no successor.
    WhileItCounts,
    /// It names topics: as long as a bundle of its epoch counts.
    ForItsEpoch,
    /// It says more than records.
    Always,
}

/// The newest record of each topic, and how many of them each bundle holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Newest {
    by_topic: BTreeMap<Fingerprint, (Time, u64)>,
    counting: BTreeMap<u64, usize>,
    naming: BTreeSet<u64>,
    /// By the first bundle of each epoch of which something counts: how many of its bundles
    /// count that do not only name topics.
    epochs: BTreeMap<u64, usize>,
}

impl Newest {
    /// Bundles from this one on need no topics that were named before it.
    pub(crate) fn begin_epoch(&mut self, first: u64) {
        self.epochs.entry(first).or_default();
    }

    /// Takes in a bundle; returns those that nobody needs any more.
    pub(crate) fn take(
        &mut self,
        seq: u64,
        said: impl Iterator<Item = (Fingerprint, Time)>,
        stays: Stays,
    ) -> Vec<u64> {
        let mut spent = Vec::new();
        // The bundle counts once for itself until it is read through.
        self.counting.insert(seq, 1);
        if stays == Stays::ForItsEpoch {
            self.naming.insert(seq);
        } else {
            self.count_epoch(seq, 1);
        }
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
        if stays == Stays::WhileItCounts {
            self.uncount(seq, &mut spent);
        }
        self.release_names(&mut spent);
        spent
    }

    /// Once nothing of an earlier epoch counts but the names, these do not count either.
    fn release_names(&mut self, spent: &mut Vec<u64>) {
        let Some((&current, _)) = self.epochs.last_key_value() else {
            return;
        };
        let over = self
            .epochs
            .range(..current)
            .filter(|(_, count)| **count == 0);
        for first in over.map(|(&first, _)| first).collect::<Vec<u64>>() {
            let later = self.epochs.range(first + 1..).next();
            let end = later.map_or(u64::MAX, |(&next, _)| next);
            self.epochs.remove(&first);
            let names: Vec<u64> = self.naming.range(first..end).copied().collect();
            for seq in names {
                self.naming.remove(&seq);
                self.counting.remove(&seq);
                spent.push(seq);
            }
        }
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
            self.count_epoch(seq, -1);
            spent.push(seq);
        }
    }

    fn count_epoch(&mut self, seq: u64, change: isize) {
        if let Some((_, count)) = self.epochs.range_mut(..=seq).next_back() {
            *count = count.saturating_add_signed(change);
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
                let stays = if *stays { Stays::Always } else { Stays::WhileItCounts };
                let topics = said.clone().map(|&(topic, at)| ([topic; 16], Time(at)));
                spent.extend(newest.take(seq as u64, topics, stays));
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

    #[test]
    fn names_go_with_the_last_record_of_their_epoch() {
        let mut newest = Newest::default();
        let mut take = |seq: u64, topic: Option<u8>, stays: Stays| {
            if matches!(seq, 1 | 4 | 7) {
                newest.begin_epoch(seq);
            }
            let said = topic.map(|topic| ([topic; 16], Time(seq.cast_signed())));
            newest.take(seq, said.into_iter(), stays)
        };
        assert_eq!(take(1, None, Stays::ForItsEpoch), []);
        assert_eq!(take(2, Some(1), Stays::WhileItCounts), []);
        assert_eq!(take(3, Some(2), Stays::WhileItCounts), []);
        assert_eq!(take(4, None, Stays::ForItsEpoch), []);
        assert_eq!(take(5, Some(1), Stays::WhileItCounts), [2]);
        assert_eq!(take(6, Some(3), Stays::WhileItCounts), []);
        assert_eq!(take(7, None, Stays::ForItsEpoch), []);
        assert_eq!(take(8, Some(1), Stays::WhileItCounts), [5]);
        assert_eq!(take(9, Some(3), Stays::WhileItCounts), [6, 4]);
        assert_eq!(take(10, Some(2), Stays::WhileItCounts), [3, 1]);
    }
}
