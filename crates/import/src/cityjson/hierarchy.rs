//! Which object is a part of which.
//!
//! A building has parts, storeys and rooms; each names its parents, and each parent its children.
//! Writers forget one side, name things that are not there, or go in circles.

use super::document::Object;
use rustc_hash::{FxHashMap, FxHashSet};
use twin_model::{Code, Finding};

/// Parents of one object that are looked at: a room belongs to a storey and to a flat.
const PARENTS_MAX: usize = 8;
/// Parts of parts of parts: a room in a unit on a storey of a part of a building is five deep.
const DEPTH_MAX: usize = 16;

/// For each object what it is a part of.
#[derive(Debug)]
pub(super) struct Hierarchy {
    /// The outermost object; itself for objects that are part of nothing.
    pub(super) roots: Vec<usize>,
    /// All that an object is directly a part of, as far as they are there.
    parents: Vec<Vec<usize>>,
}

impl Hierarchy {
    /// `objects` with their ids; those under an id that occurred before are not looked at.
    pub(super) fn read(objects: &[(String, Object<'_>)], findings: &mut Vec<Finding>) -> Self {
        let mut index: FxHashMap<&str, usize> = FxHashMap::default();
        for (i, (id, _)) in objects.iter().enumerate() {
            index.entry(id).or_insert(i);
        }
        let mut parents: Vec<Option<usize>> = vec![None; objects.len()];
        let mut all: Vec<Vec<usize>> = vec![Vec::new(); objects.len()];
        for (i, (id, object)) in objects.iter().enumerate() {
            let named = object.parents.iter().take(PARENTS_MAX);
            all[i].extend(named.filter_map(|p| index.get(p.as_str())));
            parents[i] = all[i].first().copied();
            for parent in object
                .parents
                .iter()
                .filter(|p| !index.contains_key(p.as_str()))
            {
                findings.push(dangling(id, "parent", parent));
            }
        }
        let mut listed: FxHashSet<(usize, usize)> = FxHashSet::default();
        for (i, (id, object)) in objects.iter().enumerate() {
            for child in &object.children {
                match index.get(child.as_str()) {
                    None => findings.push(dangling(id, "child", child)),
                    Some(&c) => {
                        listed.insert((i, c));
                        if parents[c].is_none() && c != i {
                            parents[c] = Some(i);
                            all[c].push(i);
                            findings.push(one_sided(child, id, "does not name its parent"));
                        }
                    }
                }
            }
        }
        for (i, parent) in parents.iter().enumerate() {
            if let Some(p) = parent.filter(|p| !listed.contains(&(*p, i))) {
                findings.push(one_sided(
                    &objects[i].0,
                    &objects[p].0,
                    "is not among its children",
                ));
            }
        }
        let roots = roots(objects, &mut parents, findings);
        Self {
            roots,
            parents: all,
        }
    }

    /// The nearest of an object's wholes, nearest first and over all of its parents, that is
    /// wanted. Bounded in depth and so also where parents go in circles.
    pub(super) fn whole_of(
        &self,
        object: usize,
        is_wanted: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let mut near = self.parents[object].clone();
        for _ in 0..DEPTH_MAX {
            if let Some(&found) = near.iter().find(|&&whole| is_wanted(whole)) {
                return Some(found);
            }
            let wider = near.iter().flat_map(|&whole| &self.parents[whole]);
            near = wider.copied().take(PARENTS_MAX).collect();
        }
        None
    }
}

fn roots(
    objects: &[(String, Object<'_>)],
    parents: &mut [Option<usize>],
    findings: &mut Vec<Finding>,
) -> Vec<usize> {
    let mut roots = Vec::with_capacity(objects.len());
    for i in 0..objects.len() {
        let mut at = i;
        let mut steps = 0;
        while let Some(parent) = parents[at] {
            at = parent;
            steps += 1;
            if steps > DEPTH_MAX {
                break;
            }
        }
        if steps > DEPTH_MAX {
            findings.push(
                Finding::new(
                    Code::CityCycle,
                    "the object is part of itself, or of parts of parts without end; it is taken as part of nothing",
                )
                .at_item(objects[i].0.as_str()),
            );
            parents[i] = None;
            at = i;
        }
        roots.push(at);
    }
    roots
}

fn dangling(id: &str, role: &str, other: &str) -> Finding {
    let other: String = other.chars().take(80).collect();
    Finding::new(
        Code::CityHierarchy,
        format!("the object names `{other}` as its {role}, which is not there"),
    )
    .at_item(id)
}

fn one_sided(child: &str, parent: &str, what: &str) -> Finding {
    let parent: String = parent.chars().take(80).collect();
    Finding::new(
        Code::CityHierarchy,
        format!("the object {what}: `{parent}`; it is taken as its part"),
    )
    .at_item(child)
}
