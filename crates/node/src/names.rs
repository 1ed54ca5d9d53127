//! Numbers for names: inside the node a twin, an attribute and a source are each a
//! `u32`, given in order of first appearance and never taken back.
//!
//! Readers and the writer share one table; it only grows, so a number read from a
//! picture always has its name. A question that supposes new names works on a fork.

use rustc_hash::FxHashMap;
use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};
use twin_model::{Attribute, EntityId, SourceId};

/// The three tables.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) entities: Arc<Table<EntityId>>,
    pub(crate) attributes: Arc<Table<Attribute>>,
    pub(crate) sources: Arc<Table<SourceId>>,
}

impl Names {
    /// Tables that give names the same numbers and keep new ones to themselves: a
    /// question adds nothing to what the node knows.
    pub(crate) fn fork(&self) -> Self {
        Self {
            entities: Arc::new(Table::upon(&self.entities)),
            attributes: Arc::new(Table::upon(&self.attributes)),
            sources: Arc::new(Table::upon(&self.sources)),
        }
    }

    /// Likewise, but twins are numbered afresh: for a question about few of them.
    pub(crate) fn fork_without_twins(&self) -> Self {
        Self {
            entities: Arc::default(),
            ..self.fork()
        }
    }
}

/// Names of one sort, numbered from 0.
#[derive(Debug)]
pub(crate) struct Table<N> {
    /// Another table that the first numbers are from, and how many.
    below: Option<(Arc<Self>, u32)>,
    own: RwLock<Inner<N>>,
}

#[derive(Debug)]
struct Inner<N> {
    names: Vec<N>,
    numbers: FxHashMap<N, u32>,
}

impl<N> Default for Table<N> {
    fn default() -> Self {
        let own = Inner {
            names: Vec::new(),
            numbers: FxHashMap::default(),
        };
        Self {
            below: None,
            own: RwLock::new(own),
        }
    }
}

impl<N: Clone + Eq + Hash + Borrow<str>> Table<N> {
    fn upon(below: &Arc<Self>) -> Self {
        Self {
            below: Some((Arc::clone(below), below.len() as u32)),
            ..Self::default()
        }
    }

    fn below(&self) -> u32 {
        self.below.as_ref().map_or(0, |(_, count)| *count)
    }

    /// The number of a name, if it has one.
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        let below = self.below.as_ref();
        below
            .and_then(|(table, count)| table.find(name).filter(|number| number < count))
            .or_else(|| self.read().numbers.get(name).copied())
    }

    /// The number of a name, given now if it had none.
    pub(crate) fn number(&self, name: &N) -> u32 {
        if let Some(number) = self.find(name.borrow()) {
            return number;
        }
        let mut inner = self.own.write().unwrap_or_else(PoisonError::into_inner);
        let next = u32::try_from(inner.names.len()).unwrap_or(u32::MAX);
        let next = next.saturating_add(self.below());
        let number = *inner.numbers.entry(name.clone()).or_insert(next);
        if number == next {
            inner.names.push(name.clone());
        }
        number
    }

    /// The name of a number.
    pub(crate) fn name(&self, number: u32) -> N {
        match &self.below {
            Some((table, count)) if number < *count => table.name(number),
            _ => self.read().names[(number - self.below()) as usize].clone(),
        }
    }

    /// Every name, in order of number.
    pub(crate) fn all(&self) -> Vec<N> {
        let mut names = match &self.below {
            Some((table, count)) => table.all()[..*count as usize].to_vec(),
            None => Vec::new(),
        };
        names.extend_from_slice(&self.read().names);
        names
    }

    /// How many names there are.
    pub(crate) fn len(&self) -> usize {
        self.below() as usize + self.read().names.len()
    }

    /// Gives a number of this table's own another name; the old one is forgotten.
    pub(crate) fn rename(&self, number: u32, name: N) {
        let mut inner = self.own.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut inner.names[number as usize], name.clone());
        inner.numbers.remove::<N>(&old);
        inner.numbers.insert(name, number);
    }

    /// Takes over names that were written down, in order of their numbers.
    pub(crate) fn fill(&self, names: Vec<N>) {
        let mut inner = self.own.write().unwrap_or_else(PoisonError::into_inner);
        inner.numbers.reserve(names.len());
        for (number, name) in names.iter().enumerate() {
            inner.numbers.insert(name.clone(), number as u32);
        }
        inner.names = names;
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Inner<N>> {
        self.own.read().unwrap_or_else(PoisonError::into_inner)
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

    #[test]
    fn a_fork_keeps_what_is_new_to_itself() {
        let names = Names::default();
        let source = |text: &str| SourceId::new(text).unwrap();
        names.sources.number(&source("urn:a"));
        let fork = names.fork();
        names.sources.number(&source("urn:later"));
        assert_eq!(fork.sources.number(&source("urn:a")), 0);
        assert_eq!(fork.sources.number(&source("urn:b")), 1);
        assert_eq!(fork.sources.name(1), source("urn:b"));
        assert_eq!(fork.sources.find("urn:later"), None);
        assert_eq!((fork.sources.len(), names.sources.find("urn:b")), (2, None));
        assert_eq!(fork.sources.all(), [source("urn:a"), source("urn:b")]);
    }
}
