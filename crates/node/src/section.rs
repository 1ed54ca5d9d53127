//! Stairs and lifts across storeys: how one gets up and down.
//!
//! A stair or lift is drawn in the model storey by storey, as links that join a space
//! below to a space above. Links that share a space belong to one riser. Two
//! neighbouring storeys without any link are named: how to get from one to the other
//! is unknown there, which is not the same as impossible.

use crate::answer::{Riser, SectionAnswer, Stop};
use crate::error::Error;
use crate::reader::Reader;
use std::collections::{BTreeMap, BTreeSet};
use twin_model::{EntityId, EntityKind, Value};
use twin_policy::{self as policy, View};

/// A link between two spaces on different storeys, or within one.
struct Link {
    portal: u32,
    usage: &'static str,
    spaces: Vec<u32>,
    probability: f64,
}

impl Reader {
    /// Stairs and lifts across the storeys of a building.
    pub fn section(&self, id: &EntityId) -> Result<View<SectionAnswer>, Error> {
        self.may(&policy::Action::Read(
            twin_model::catalogue::Sensitivity::Security,
        ))?;
        let building = self.find(id, EntityKind::Building)?;
        let structure = self.picture.structure();
        let storeys = structure.storeys(building);
        let links: Vec<Link> = structure
            .portals_of_building(building)
            .filter_map(|p| self.link(p))
            .collect();
        let joined: BTreeSet<(u32, u32)> = links
            .iter()
            .flat_map(|link| self.storey_pairs(link))
            .collect();
        let unlinked = storeys
            .windows(2)
            .filter(|pair| !is_joined(storeys, &joined, pair))
            .map(|pair| (self.id(pair[0]), self.id(pair[1])));
        let answer = SectionAnswer {
            storeys: storeys.iter().map(|&storey| self.id(storey)).collect(),
            risers: group(&links)
                .iter()
                .map(|riser| self.riser(storeys, riser))
                .collect(),
            unlinked: unlinked.collect(),
        };
        Ok(self.release(answer))
    }

    fn link(&self, portal: u32) -> Option<Link> {
        let kind = self.estimate(portal, "portalKind").value()?;
        let usage = match kind.as_text()? {
            "stairLink" => "stair",
            "liftLink" => "lift",
            _ => return None,
        };
        let connects = self.estimate(portal, "connects");
        let Some(Value::Entities(ids)) = connects.value() else {
            return None;
        };
        let find = |id: &EntityId| self.picture.names.entities.find(id.as_str());
        let spaces: Vec<u32> = ids.iter().filter_map(find).collect();
        let certainty = connects
            .distribution
            .and_then(|d| d.confidence())
            .unwrap_or(0.0);
        let exists = self.estimate(portal, "existence").distribution;
        let probability = match exists {
            Some(twin_model::Distribution::Alternatives(list)) => list
                .iter()
                .find(|(value, _)| *value == Value::Boolean(true))
                .map_or(0.0, |(_, p)| certainty.min(*p)),
            _ => certainty,
        };
        Some(Link {
            portal,
            usage,
            spaces,
            probability,
        })
    }

    fn storey_pairs(&self, link: &Link) -> Vec<(u32, u32)> {
        let structure = self.picture.structure();
        let storeys: BTreeSet<u32> = link
            .spaces
            .iter()
            .filter_map(|&s| structure.storey_of(s))
            .collect();
        let list: Vec<u32> = storeys.into_iter().collect();
        list.iter()
            .enumerate()
            .flat_map(|(i, &a)| list[i + 1..].iter().map(move |&b| (a, b)))
            .collect()
    }

    fn riser(&self, order: &[u32], links: &[&Link]) -> Riser {
        let structure = self.picture.structure();
        let height = |storey: u32| {
            order
                .iter()
                .position(|&s| s == storey)
                .unwrap_or(order.len())
        };
        let spaces: BTreeSet<u32> = links
            .iter()
            .flat_map(|l| l.spaces.iter().copied())
            .collect();
        let mut stops: Vec<(usize, u32, u32)> = spaces
            .into_iter()
            .filter_map(|space| structure.storey_of(space).map(|s| (height(s), s, space)))
            .collect();
        stops.sort_unstable();
        let named = stops.first().map(|(.., space)| *space);
        let link_between = |link: &&Link| {
            self.storey_pairs(link)
                .into_iter()
                .map(|(a, b)| {
                    let (low, high) = if height(a) <= height(b) {
                        (a, b)
                    } else {
                        (b, a)
                    };
                    (self.id(low), self.id(high), link.probability)
                })
                .collect::<Vec<_>>()
        };
        Riser {
            id: self.id(named.unwrap_or(links[0].portal)),
            name: self.riser_name(links[0].portal, named),
            usage: links[0].usage.to_owned(),
            stops: stops
                .iter()
                .map(|&(_, storey, space)| Stop {
                    storey: self.id(storey),
                    space: self.id(space),
                    status: self.space_status(space),
                })
                .collect(),
            links: links.iter().flat_map(link_between).collect(),
        }
    }

    /// What the stair is called, else the space it starts from, else nothing.
    fn riser_name(&self, portal: u32, space: Option<u32>) -> String {
        let name = |number| self.estimate(number, "name").value();
        name(portal)
            .or_else(|| space.and_then(name))
            .as_ref()
            .and_then(Value::as_text)
            .unwrap_or_default()
            .to_owned()
    }
}

/// Whether some link joins these two storeys, or passes both on its way.
fn is_joined(order: &[u32], joined: &BTreeSet<(u32, u32)>, pair: &[u32]) -> bool {
    let height = |storey: u32| order.iter().position(|&s| s == storey);
    let (low, high) = (height(pair[0]), height(pair[1]));
    joined.iter().any(|&(a, b)| {
        let (a, b) = (height(a), height(b));
        a.min(b) <= low && a.max(b) >= high
    })
}

/// Links of one usage that share a space, in order of their lowest portal.
fn group(links: &[Link]) -> Vec<Vec<&Link>> {
    let mut groups: Vec<Vec<&Link>> = Vec::new();
    let mut group_of: BTreeMap<(&str, u32), usize> = BTreeMap::new();
    for link in links {
        let touching: BTreeSet<usize> = link
            .spaces
            .iter()
            .filter_map(|&space| group_of.get(&(link.usage, space)).copied())
            .collect();
        let target = touching.first().copied().unwrap_or_else(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        for &other in touching.iter().skip(1) {
            let moved = std::mem::take(&mut groups[other]);
            groups[target].extend(moved);
            for place in group_of.values_mut().filter(|place| **place == other) {
                *place = target;
            }
        }
        groups[target].push(link);
        for &space in &link.spaces {
            group_of.insert((link.usage, space), target);
        }
    }
    groups.retain(|group| !group.is_empty());
    groups
}
