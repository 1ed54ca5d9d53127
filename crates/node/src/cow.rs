//! A vector that can be copied in an instant and then changed in place.
//!
//! A picture of the whole node is published after every group commit. Copying a
//! million attributes each time would be absurd; here a copy shares everything with
//! the original and only the pieces that change afterwards are made anew.

use std::sync::Arc;

const FAN_OUT: usize = 64;

/// A growing vector in three levels: a root of branches, branches of leaves,
/// leaves of [`FAN_OUT`] items each.
#[derive(Debug, Clone)]
pub(crate) struct CowVec<T> {
    branches: Vec<Arc<Vec<Arc<Vec<T>>>>>,
    len: usize,
}

impl<T> Default for CowVec<T> {
    fn default() -> Self {
        Self {
            branches: Vec::new(),
            len: 0,
        }
    }
}

impl<T: Clone> CowVec<T> {
    /// How many items there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The item at `at`.
    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        let branch = self.branches.get(at / (FAN_OUT * FAN_OUT))?;
        branch.get(at / FAN_OUT % FAN_OUT)?.get(at % FAN_OUT)
    }

    /// The item at `at`, to be changed; what is shared with copies is made anew.
    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        let branch = Arc::make_mut(self.branches.get_mut(at / (FAN_OUT * FAN_OUT))?);
        Arc::make_mut(branch.get_mut(at / FAN_OUT % FAN_OUT)?).get_mut(at % FAN_OUT)
    }

    /// Adds an item at the end.
    pub(crate) fn push(&mut self, item: T) {
        if self.len.is_multiple_of(FAN_OUT * FAN_OUT) {
            self.branches.push(Arc::new(Vec::with_capacity(FAN_OUT)));
        }
        let branch = Arc::make_mut(self.branches.last_mut().expect("a branch was pushed above"));
        if self.len.is_multiple_of(FAN_OUT) {
            branch.push(Arc::new(Vec::with_capacity(FAN_OUT)));
        }
        Arc::make_mut(branch.last_mut().expect("a leaf was pushed above")).push(item);
        self.len += 1;
    }

    /// Every item, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.branches
            .iter()
            .flat_map(|branch| branch.iter())
            .flat_map(|leaf| leaf.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn behaves_like_a_vector_and_copies_do_not_change(
            changes in proptest::collection::vec((any::<u32>(), any::<bool>()), 0..600)
        ) {
            let (mut cow, mut plain) = (CowVec::default(), Vec::new());
            for n in 0..5000_u32 { cow.push(n); plain.push(n); }
            let (copy, before) = (cow.clone(), plain.clone());
            for (value, grow) in changes {
                if grow {
                    cow.push(value);
                    plain.push(value);
                } else {
                    let at = value as usize % plain.len();
                    *cow.get_mut(at).unwrap() = value;
                    plain[at] = value;
                }
            }
            prop_assert!(cow.iter().eq(plain.iter()));
            prop_assert!(copy.iter().eq(before.iter()));
            prop_assert_eq!(cow.len(), plain.len());
            prop_assert_eq!(cow.get(plain.len()), None);
        }
    }
}
