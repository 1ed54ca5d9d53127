//! Who is a member, as seen from one organisation.

use super::Bounds;
use super::dossier::{Dossier, Key};
use super::statement::Stance;
use std::collections::BTreeMap;
use twin_link::OriginId;

/// Admissions between an organisation and a member of its roster: a chain of more than
/// eight hand-shakes is trust in nobody in particular.
pub const DEPTH_MAX: u8 = 8;

/// How a member was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Admissions on the shortest way; 1 is a peer.
    pub(super) depth: u8,
    /// The peer on that way.
    pub(super) branch: Key,
    /// Who admitted it.
    pub(super) by: Key,
}

/// Everybody who is reached, and which nodes are theirs.
#[derive(Debug, Clone, Default)]
pub(super) struct Reached {
    pub(super) places: BTreeMap<Key, Place>,
    /// Organisation and key of each node.
    pub(super) nodes: BTreeMap<OriginId, (Key, Key)>,
}

impl Reached {
    pub(super) fn from(own: &Key, dossiers: &BTreeMap<Key, Dossier>, bounds: &Bounds) -> Self {
        let places = places(own, dossiers, bounds);
        let nodes = nodes(&places, dossiers);
        Self { places, nodes }
    }
}

/// Level by level, each in the order of keys, so that the nearest come first and all who
/// hold the same statements agree.
fn places(own: &Key, dossiers: &BTreeMap<Key, Dossier>, bounds: &Bounds) -> BTreeMap<Key, Place> {
    let mut places: BTreeMap<Key, Place> = BTreeMap::new();
    let mut in_branch: BTreeMap<Key, usize> = BTreeMap::new();
    let mut level = vec![*own];
    for depth in 1..=DEPTH_MAX {
        let mut next = Vec::new();
        for by in &level {
            for subject in admitted(dossiers, by) {
                let is_known = subject == *own || places.contains_key(&subject);
                if is_known || is_out(dossiers, own, &subject) {
                    continue;
                }
                let branch = places.get(by).map_or(subject, |place| place.branch);
                let branch_members = in_branch.entry(branch).or_insert(0);
                let is_full = places.len() >= bounds.members || *branch_members >= bounds.branch;
                if is_full {
                    continue;
                }
                *branch_members += 1;
                let by = *by;
                places.insert(subject, Place { depth, branch, by });
                next.push(subject);
            }
        }
        next.sort_unstable();
        level = next;
    }
    places
}

fn admitted(dossiers: &BTreeMap<Key, Dossier>, by: &Key) -> impl Iterator<Item = Key> {
    let vouches = dossiers.get(by).into_iter().flat_map(|d| &d.vouches);
    let admits = vouches.filter(|(_, vouch)| vouch.stance == Stance::Admits);
    admits.map(|(&subject, _)| subject)
}

/// Whether an organisation has left, or was removed by ours.
fn is_out(dossiers: &BTreeMap<Key, Dossier>, own: &Key, subject: &Key) -> bool {
    let removes = |by: &Key| {
        let vouch = dossiers.get(by).and_then(|d| d.vouches.get(subject));
        vouch.is_some_and(|vouch| vouch.stance == Stance::Removes)
    };
    removes(own) || removes(subject)
}

/// Whose each node is. If two organisations share a node, which takes both of them to do,
/// it is that of the nearer one.
fn nodes(
    places: &BTreeMap<Key, Place>,
    dossiers: &BTreeMap<Key, Dossier>,
) -> BTreeMap<OriginId, (Key, Key)> {
    let mut near: Vec<(u8, &Key)> = places.iter().map(|(key, at)| (at.depth, key)).collect();
    near.sort_unstable();
    let mut nodes = BTreeMap::new();
    for (_, authority) in near {
        let cards = dossiers.get(authority).into_iter().flat_map(|d| &d.cards);
        for (node, card) in cards {
            nodes.entry(card.origin()).or_insert((*authority, *node));
        }
    }
    nodes
}
