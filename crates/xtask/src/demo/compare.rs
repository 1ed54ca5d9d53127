//! Whether another has every claim that it was told of, and none besides: all twins of a node,
//! attribute by attribute.

use crate::federation;
use crate::federation::comparison::{Comparison, told};
use crate::node::{Node, escaped};
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};

/// So many compare at a time: the nodes answer several as fast as one.
const COMPARERS: usize = 4;

/// Kinds of things, and groups of their attributes that another is told.
pub(super) type Shared<'a> = (&'a [&'a str], &'a [&'a [&'a str]]);

/// Holds every claim about the shared attributes against what the other has of it.
pub(super) fn compare(
    writer: &Node,
    reader: &Node,
    name: &str,
    shared: &[Shared<'_>],
) -> Result<Comparison> {
    let twins: Vec<_> = entities(writer)?.into_iter().collect();
    let share = twins.len().div_ceil(COMPARERS).max(1);
    std::thread::scope(|scope| {
        let compare =
            |twins| scope.spawn(move || compare_some(twins, writer, reader, name, shared));
        let comparers: Vec<_> = twins.chunks(share).map(compare).collect();
        let mut whole = Comparison::default();
        for comparer in comparers {
            whole.add(comparer.join().expect("a comparer panicked")?);
        }
        Ok(whole)
    })
}

/// A twin with its kind and the names of its attributes.
type Twin = (String, (String, BTreeSet<String>));

fn compare_some(
    twins: &[Twin],
    writer: &Node,
    reader: &Node,
    name: &str,
    shared: &[Shared<'_>],
) -> Result<Comparison> {
    let (mut ours, mut theirs) = (writer.connect()?, reader.connect()?);
    let mut comparison = Comparison::default();
    for (entity, (kind, attributes)) in twins {
        let told_of = shared.iter().filter(|(kinds, _)| kinds.contains(&&**kind));
        let shared: BTreeSet<&str> = told_of.flat_map(|(_, groups)| groups.concat()).collect();
        for attribute in shared.into_iter().filter(|name| attributes.contains(*name)) {
            let made = told(writer, &mut ours, entity, attribute, None)?;
            let received = told(reader, &mut theirs, entity, attribute, Some(name))?;
            comparison.take(made, received);
        }
    }
    Ok(comparison)
}

/// Every twin of a node, with its kind and the names of its attributes.
fn entities(node: &Node) -> Result<BTreeMap<String, (String, BTreeSet<String>)>> {
    let mut entities = BTreeMap::new();
    let mut after = String::new();
    loop {
        let page = node.get(&format!("/v1/entities?limit=1000{after}"))?;
        for twin in page["entities"].as_array().into_iter().flatten() {
            let id = twin["id"].as_str().context("a twin without id")?;
            let names = twin["attributes"].as_object().into_iter().flatten();
            let names = names.map(|(name, _)| name.clone()).collect();
            entities.insert(id.to_owned(), (federation::text(twin, "kind"), names));
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={}", escaped(next)),
            None => return Ok(entities),
        }
    }
}
