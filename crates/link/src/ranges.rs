//! Sets of sequence numbers, kept as runs: what a node has, lacks or need not have.

use std::collections::BTreeMap;

/// A set of sequence numbers from 1 on.
///
/// ```
/// use twin_link::Ranges;
/// let mut have = Ranges::default();
/// have.insert(1, 4);
/// have.insert(6, 6);
/// assert_eq!(have.contiguous(), 4);
/// assert_eq!(have.holes(8).collect::<Vec<_>>(), [(5, 5), (7, 8)]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranges {
    /// First number of each run, and its last; runs neither touch nor overlap.
    runs: BTreeMap<u64, u64>,
}

impl Ranges {
    /// Adds `from..=to`; nothing if `from > to`.
    pub fn insert(&mut self, from: u64, to: u64) {
        if from > to {
            return;
        }
        let (mut from, mut to) = (from, to);
        while let Some((&start, &end)) = self.runs.range(..=to.saturating_add(1)).next_back() {
            if end.saturating_add(1) < from {
                break;
            }
            self.runs.remove(&start);
            from = from.min(start);
            to = to.max(end);
        }
        self.runs.insert(from, to);
    }

    /// Takes `from..=to` out.
    pub fn remove(&mut self, from: u64, to: u64) {
        while let Some((&start, &end)) = self.runs.range(..=to).next_back() {
            if end < from {
                break;
            }
            self.runs.remove(&start);
            if start < from {
                self.runs.insert(start, from - 1);
            }
            if end > to {
                self.runs.insert(to + 1, end);
            }
        }
    }

    /// Adds all of `other`.
    pub fn extend(&mut self, other: &Self) {
        other.iter().for_each(|(from, to)| self.insert(from, to));
    }

    /// Whether `number` is in the set.
    pub fn contains(&self, number: u64) -> bool {
        self.contains_run(number, number)
    }

    /// Whether all of `from..=to` is in the set.
    pub fn contains_run(&self, from: u64, to: u64) -> bool {
        let run = self.runs.range(..=from).next_back();
        from > to || run.is_some_and(|(_, &end)| end >= to)
    }

    /// Whether all of `other` is in the set.
    pub fn contains_all(&self, other: &Self) -> bool {
        other.iter().all(|(from, to)| self.contains_run(from, to))
    }

    /// The largest `n` such that all of `1..=n` is in the set.
    pub fn contiguous(&self) -> u64 {
        match self.runs.first_key_value() {
            Some((&start, &end)) if start <= 1 => end,
            _ => 0,
        }
    }

    /// The largest number in the set, 0 if there is none.
    pub fn last(&self) -> u64 {
        self.runs.last_key_value().map_or(0, |(_, &end)| end)
    }

    /// The run with the largest numbers.
    pub fn last_run(&self) -> Option<(u64, u64)> {
        self.runs
            .last_key_value()
            .map(|(&start, &end)| (start, end))
    }

    /// The runs with the smallest numbers, at most `count`.
    pub(crate) fn first_runs(&self, count: usize) -> Self {
        let first = self.iter().take(count);
        Self {
            runs: first.collect(),
        }
    }

    /// How many numbers there are.
    pub fn count(&self) -> u64 {
        let counts = self.iter().map(|(from, to)| (to - from).saturating_add(1));
        counts.fold(0, u64::saturating_add)
    }

    /// The smallest number from `at` on that is not in the set.
    pub fn next_hole(&self, at: u64) -> u64 {
        match self.runs.range(..=at).next_back() {
            Some((_, &end)) if end >= at => end.saturating_add(1),
            _ => at,
        }
    }

    /// The runs of `1..=until` that are not in the set.
    pub fn holes(&self, until: u64) -> impl Iterator<Item = (u64, u64)> + '_ {
        let ends = self.iter().chain([(until.saturating_add(1), u64::MAX)]);
        let mut next = 1;
        ends.filter_map(move |(start, end)| {
            let hole = (next, (start - 1).min(until));
            next = end.saturating_add(1);
            (hole.0 <= hole.1).then_some(hole)
        })
    }

    /// The runs, first and last number of each.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.runs.iter().map(|(&start, &end)| (start, end))
    }

    /// How many runs there are.
    pub fn runs(&self) -> usize {
        self.runs.len()
    }

    /// Whether there is no number in the set.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_is_a_set(steps in proptest::collection::vec((any::<bool>(), 1_u64..40, 0_u64..9), 0..40)) {
            let (mut ranges, mut set) = (Ranges::default(), BTreeSet::new());
            for (add, from, length) in steps {
                if add {
                    ranges.insert(from, from + length);
                    set.extend(from..=from + length);
                } else {
                    ranges.remove(from, from + length);
                    set.retain(|n| !(from..=from + length).contains(n));
                }
            }
            let listed: Vec<u64> = ranges.iter().flat_map(|(from, to)| from..=to).collect();
            prop_assert_eq!(&listed, &set.iter().copied().collect::<Vec<_>>());
            let holes: BTreeSet<u64> = ranges.holes(60).flat_map(|(from, to)| from..=to).collect();
            prop_assert_eq!(holes, (1..=60).filter(|n| !set.contains(n)).collect::<BTreeSet<_>>());
            for n in 1..60 {
                prop_assert_eq!(ranges.contains(n), set.contains(&n));
                prop_assert_eq!(ranges.next_hole(n), (n..99).find(|m| !set.contains(m)).unwrap());
            }
            let touching = ranges.iter().zip(ranges.iter().skip(1)).any(|(a, b)| a.1 + 1 >= b.0);
            prop_assert!(!touching);
        }
    }

    #[test]
    fn the_largest_number_does_not_overflow() {
        let mut ranges = Ranges::default();
        ranges.insert(u64::MAX, u64::MAX);
        ranges.insert(u64::MAX - 1, u64::MAX);
        assert_eq!(
            ranges.iter().collect::<Vec<_>>(),
            [(u64::MAX - 1, u64::MAX)]
        );
        assert_eq!(ranges.holes(3).collect::<Vec<_>>(), [(1, 3)]);
    }
}
