//! How the things of a building hang together, as the file relates them.

use crate::ifc::file::File;
use crate::step::Entity;
use rustc_hash::{FxHashMap, FxHashSet};

/// Longest climb from a thing to its storey.
const CLIMB_MAX: usize = 32;

/// Most parts that are followed below one thing; the largest curtain walls have about a thousand.
const PARTS_MAX: usize = 5_000;

/// Who is part of, contained in, or fills whom.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) parent: FxHashMap<Entity, Entity>,
    pub(super) children: FxHashMap<Entity, Vec<Entity>>,
    /// Opening to the element that it is cut from.
    pub(super) host: FxHashMap<Entity, Entity>,
    /// Filling element to opening.
    pub(super) fills: FxHashMap<Entity, Entity>,
}

impl Tree {
    pub(super) fn read(file: &File<'_>) -> Self {
        let mut tree = Self::default();
        for &relation in file.all("IFCRELVOIDSELEMENT") {
            if let (Some(host), Some(opening)) =
                (file.target(relation, 4), file.target(relation, 5))
            {
                tree.host.insert(opening, host);
            }
        }
        for &relation in file.all("IFCRELFILLSELEMENT") {
            if let (Some(opening), Some(by)) = (file.target(relation, 4), file.target(relation, 5))
            {
                tree.fills.insert(by, opening);
            }
        }
        for name in ["IFCRELAGGREGATES", "IFCRELNESTS"] {
            for &relation in file.all(name) {
                let Some(whole) = file.target(relation, 4) else {
                    continue;
                };
                for part in file.targets(relation, 5) {
                    tree.parent.entry(part).or_insert(whole);
                    tree.children.entry(whole).or_default().push(part);
                }
            }
        }
        for &relation in file.all("IFCRELCONTAINEDINSPATIALSTRUCTURE") {
            let Some(structure) = file.target(relation, 5) else {
                continue;
            };
            for element in file.targets(relation, 4) {
                // Containment says more about where a thing is than aggregation does.
                tree.parent.insert(element, structure);
            }
        }
        tree
    }

    /// Climbs from a thing until `is_wanted` holds.
    pub(super) fn climb(&self, from: Entity, is_wanted: impl Fn(Entity) -> bool) -> Option<Entity> {
        let mut here = from;
        for _ in 0..CLIMB_MAX {
            if is_wanted(here) {
                return Some(here);
            }
            here = *self
                .parent
                .get(&here)
                .or_else(|| self.fills.get(&here))
                .or_else(|| self.host.get(&here))?;
        }
        None
    }

    /// Whether climbing from a thing never ends.
    pub(super) fn is_circular(&self, from: Entity) -> bool {
        let mut here = from;
        (0..CLIMB_MAX).all(|_| match self.parent.get(&here) {
            Some(&parent) => {
                here = parent;
                true
            }
            None => false,
        })
    }

    /// A thing and all its parts, bounded.
    pub(super) fn parts(&self, whole: Entity) -> Vec<Entity> {
        let mut found = vec![whole];
        let mut seen: FxHashSet<Entity> = FxHashSet::default();
        seen.insert(whole);
        let mut at = 0;
        while at < found.len() && found.len() < PARTS_MAX {
            for &part in self.children.get(&found[at]).map_or(&[][..], Vec::as_slice) {
                if seen.insert(part) {
                    found.push(part);
                }
            }
            at += 1;
        }
        found
    }
}
