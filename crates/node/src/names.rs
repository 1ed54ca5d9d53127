//! Numbers for names: inside the node a twin, an attribute and a source are each a
//! `u32`, given in order of first appearance and never taken back.
//!
//! Readers and the writer share one table; it only grows, so a number read from a
//! picture always has its name.

use rustc_hash::FxHashMap;
use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::{PoisonError, RwLock};
use twin_model::{Attribute, EntityId, SourceId};

/// The three tables.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) entities: Table<EntityId>,
    pub(crate) attributes: Table<Attribute>,
    pub(crate) sources: Table<SourceId>,
}

/// Names of one sort, numbered from 0.
#[derive(Debug)]
pub(crate) struct Table<N>(RwLock<Inner<N>>);

#[derive(Debug)]
struct Inner<N> {
    names: Vec<N>,
    numbers: FxHashMap<N, u32>,
}

impl<N> Default for Table<N> {
    fn default() -> Self {
        Self(RwLock::new(Inner {
            names: Vec::new(),
            numbers: FxHashMap::default(),
        }))
    }
}

impl<N: Clone + Eq + Hash + Borrow<str>> Table<N> {
    /// The number of a name, if it has one.
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        self.read().numbers.get(name).copied()
    }

    /// The number of a name, given now if it had none.
    pub(crate) fn number(&self, name: &N) -> u32 {
        if let Some(number) = self.find(name.borrow()) {
            return number;
        }
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let next = u32::try_from(inner.names.len()).unwrap_or(u32::MAX);
        let number = *inner.numbers.entry(name.clone()).or_insert(next);
        if number == next {
            inner.names.push(name.clone());
        }
        number
    }

    /// The name of a number.
    pub(crate) fn name(&self, number: u32) -> N {
        self.read().names[number as usize].clone()
    }

    /// Every name, in order of number.
    pub(crate) fn all(&self) -> Vec<N> {
        self.read().names.clone()
    }

    /// How many names there are.
    pub(crate) fn len(&self) -> usize {
        self.read().names.len()
    }

    /// Gives a number another name; the old one is forgotten.
    pub(crate) fn rename(&self, number: u32, name: N) {
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut inner.names[number as usize], name.clone());
        inner.numbers.remove::<N>(&old);
        inner.numbers.insert(name, number);
    }

    /// Takes over names that were written down, in order of their numbers.
    pub(crate) fn fill(&self, names: Vec<N>) {
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        inner.numbers.reserve(names.len());
        for (number, name) in names.iter().enumerate() {
            inner.numbers.insert(name.clone(), number as u32);
        }
        inner.names = names;
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Inner<N>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number() {
        let table = Table::<SourceId>::default();
        let (a, b) = (
            SourceId::new("urn:a").unwrap(),
            SourceId::new("urn:b").unwrap(),
        );
        assert_eq!(
            (table.number(&a), table.number(&b), table.number(&a)),
            (0, 1, 0)
        );
        assert_eq!(table.name(1), b);
        assert_eq!(table.find("urn:c"), None);
        assert_eq!(table.len(), 2);
    }
}
