//! Doors that nobody drew: where they could be, and how likely each is there.
//!
//! A room without a door stands in an incomplete drawing, not without a door. It has one in one
//! of the walls it shares with other rooms, rather towards a corridor than towards a cupboard;
//! how often, the rest of the building shows. Where a group of rooms has no way out, the
//! probability that it truly has none is weighed against the probability that its doors were
//! left out (Bayes), and the candidates are given such probabilities that together they say so.

use super::Link;
use super::classes::{Class, in_line};
use super::missing::Share;
use crate::ifc::building::{Building, Space};
use crate::ifc::joins::Place;
use crate::ifc::network::Network;
use std::collections::{BTreeMap, BTreeSet};
use twin_space::plan::{Neighbours, Point, Point3};
use twin_space::{Belief, ConnectivityOptions, Graph, Portal, PortalKind, SpaceIndex};

/// Probability of a door in a wall that two places of these classes share, in the order of
/// [`Class`]: corridor, stair, room, lift, shaft, outside. Priors read off the published models
/// at hand; the building's own walls outweigh them.
const DOOR_PRIOR: [[f64; Class::COUNT]; Class::COUNT] = [
    [0.60, 0.80, 0.85, 0.70, 0.10, 0.10],
    [0.80, 0.10, 0.08, 0.05, 0.02, 0.05],
    [0.85, 0.08, 0.08, 0.02, 0.03, 0.10],
    [0.70, 0.05, 0.02, 0.01, 0.01, 0.01],
    [0.10, 0.02, 0.03, 0.01, 0.01, 0.01],
    [0.10, 0.05, 0.10, 0.01, 0.01, 0.05],
];
/// The same for the facade of a storey with exits.
const EXIT_PRIOR: [f64; Class::COUNT] = [0.15, 0.3, 0.03, 0.01, 0.01, 0.01];
/// How many walls the priors weigh.
const PRIOR_WALLS: f64 = 6.0;
/// Probability that a place truly has no way out, by class, and how many places of the class that
/// weighs against those of the building. Four of 209 rooms of four published models had none: a
/// roof, two attics and a lift shaft. Whether lifts have doors is a habit of who drew the model.
const CUT_OFF: [(f64, f64); Class::COUNT] = [
    (0.005, 20.0),
    (0.01, 20.0),
    (0.01, 20.0),
    (0.3, 0.5),
    (0.9, 4.0),
    (0.7, 4.0),
];
/// The same for several places joined to each other, as a factor on the smallest of theirs.
const CUT_OFF_TOGETHER: f64 = 0.5;
/// Probability that a hole in the plan which no door leads to is a shaft or a cavity: of 250 holes
/// in six models 60 were, nearly all small. The split by size, in square metres, is a judgement.
const NAMELESS_SMALL: f64 = 0.15;
const NAMELESS_LARGE: f64 = 0.03;
const SMALL_M2: f64 = 8.0;
/// Least edge without a neighbour, in metres, in which an exit could be.
const EXPOSED_MIN_M: f64 = 1.2;
/// A missing stair between stairwells above each other, and between other small spaces.
const STAIR_STACKED: f64 = 0.9;
const STAIR_GUESSED: f64 = 0.25;
const STAIRWELL_M2: std::ops::Range<f64> = 4.0..60.0;
/// Less likely candidates are not worth a statement.
const PROBABILITY_MIN: f64 = 0.02;
/// Candidates kept for one group of rooms, the likeliest first.
const PER_GROUP_MAX: usize = 24;
/// Rounds of comparing what the candidates say together with what they should.
const ROUNDS: usize = 4;
/// A portal believed rather than not joins its rooms to one group.
const JOINED_MIN: f64 = 0.5;

/// Everything that is known of walls between rooms.
pub(super) struct Walls<'w> {
    pub(super) building: &'w Building,
    /// How many of its spaces the file has; the others are inferred rooms.
    pub(super) stated: usize,
    pub(super) neighbours: &'w Neighbours,
    pub(super) spaces_of: &'w [usize],
    pub(super) classes: &'w [Class],
    pub(super) network: &'w Network,
    pub(super) share: &'w Share,
}

/// A door or stair that may be there.
#[derive(Clone, Debug)]
struct Candidate {
    kind: PortalKind,
    ends: (usize, Option<usize>),
    /// If nobody had thought about ways out.
    alone: f64,
    /// Multiplies the hazard −ln(1 − p), so that several candidates share one probability.
    factor: f64,
    line: Option<(Point, Point)>,
}

impl Candidate {
    fn probability(&self) -> f64 {
        1.0 - (1.0 - self.alone).powf(self.factor)
    }
}

/// Rooms that hang together by what is drawn.
#[derive(Debug, Default)]
struct Group {
    spaces: Vec<usize>,
    /// Probability that they have a way out.
    target: f64,
    candidates: Vec<usize>,
    has_exit: bool,
    /// Only a door of its own is asked for: a stairwell that stairs join, but nothing on its
    /// storey.
    is_local: bool,
}

impl Walls<'_> {
    pub(super) fn doors(&self) -> Vec<Link> {
        let joined = self.joined();
        let rates = Rates::of(self, &joined);
        let mut candidates = self.candidates(&joined, &rates);
        let groups = self.groups(&candidates);
        self.balance(&mut candidates, &groups);
        let mut links: Vec<Link> = candidates
            .iter()
            .filter(|c| c.probability() >= PROBABILITY_MIN)
            .map(|c| self.link(c))
            .collect();
        links.sort_by(|a, b| a.key.cmp(&b.key));
        links.dedup_by(|a, b| a.key == b.key);
        links
    }

    /// Pairs of spaces that a portal joins already.
    fn joined(&self) -> BTreeSet<(usize, usize)> {
        let portals = self.network.graph.portals().iter();
        portals
            .filter_map(|p| match p.spaces[..] {
                [a, b] => Some((a.0.min(b.0) as usize, a.0.max(b.0) as usize)),
                _ => None,
            })
            .collect()
    }

    fn shared(&self) -> impl Iterator<Item = ((usize, usize), (Point, Point))> {
        self.neighbours.shared.iter().map(|shared| {
            let (a, b) = shared.cells;
            let (a, b) = (self.spaces_of[a], self.spaces_of[b]);
            ((a.min(b), a.max(b)), shared.line)
        })
    }

    /// Storeys from which doors lead out: those with exits, or else the one nearest to zero.
    fn ground(&self) -> BTreeSet<usize> {
        let graph = &self.network.graph;
        let exits = graph.portals().iter().filter(|p| p.is_exit());
        let storeys: BTreeSet<usize> = exits
            .filter_map(|p| graph.space(p.spaces[0]).storey)
            .map(|s| s as usize)
            .collect();
        if !storeys.is_empty() {
            return storeys;
        }
        let used: BTreeSet<usize> = self
            .building
            .spaces
            .iter()
            .filter_map(|s| s.storey)
            .collect();
        let height = |s: &usize| self.building.storeys[*s].height_m().abs();
        let nearest = used
            .into_iter()
            .min_by(|a, b| height(a).total_cmp(&height(b)).then(a.cmp(b)));
        nearest.into_iter().collect()
    }

    /// Places with so much facade that an exit could be in it.
    fn facades(&self) -> impl Iterator<Item = usize> {
        let ground = self.ground();
        let exposed = self.neighbours.exposed_m.iter().enumerate();
        exposed
            .filter(|(_, metres)| **metres >= EXPOSED_MIN_M)
            .map(|(cell, _)| self.spaces_of[cell])
            .filter(move |&s| {
                let storey = self.building.spaces[s].storey;
                storey.is_some_and(|storey| ground.contains(&storey))
            })
    }

    fn candidates(&self, joined: &BTreeSet<(usize, usize)>, rates: &Rates) -> Vec<Candidate> {
        // That a door exists although none is drawn, with the share of missing doors.
        let unseen = |rate: f64| self.share.average(|m| rate * m / (1.0 - rate * (1.0 - m)));
        let mut candidates = Vec::new();
        for (pair, line) in self.shared() {
            if !joined.contains(&pair) {
                let alone = unseen(rates.door(self.classes[pair.0], self.classes[pair.1]));
                candidates.push(Candidate {
                    kind: PortalKind::Door,
                    ends: (pair.0, Some(pair.1)),
                    alone,
                    factor: 1.0,
                    line: Some(line),
                });
            }
        }
        let has_exit = self.with_exit();
        for space in self.facades().filter(|s| !has_exit[*s]) {
            candidates.push(Candidate {
                kind: PortalKind::Door,
                ends: (space, None),
                alone: unseen(rates.exits[self.classes[space] as usize]),
                factor: 1.0,
                line: None,
            });
        }
        candidates.extend(self.stairs(joined));
        candidates
    }

    fn with_exit(&self) -> Vec<bool> {
        let graph = &self.network.graph;
        let mut found = vec![false; graph.spaces().len()];
        for portal in graph.portals().iter().filter(|p| p.is_exit()) {
            found[portal.spaces[0].0 as usize] = true;
        }
        found
    }

    /// Stairs between spaces above each other on storeys that nothing links.
    fn stairs(&self, joined: &BTreeSet<(usize, usize)>) -> Vec<Candidate> {
        let unlinked = self.unlinked();
        let spaces = &self.building.spaces;
        let mut by_storey: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (i, space) in spaces.iter().enumerate() {
            let is_stair = self.classes[i] == Class::Stair;
            let may_be =
                self.classes[i] == Class::Room && STAIRWELL_M2.contains(&space.cell.area_m2());
            if let (Some(storey), true) = (space.storey, is_stair || may_be) {
                by_storey.entry(storey).or_default().push(i);
            }
        }
        let mut candidates: Vec<Candidate> = Vec::new();
        for (low, high) in unlinked {
            let begun = candidates.len();
            let (Some(below), Some(above)) = (by_storey.get(&low), by_storey.get(&high)) else {
                continue;
            };
            for &a in below.iter().take(2_000) {
                for &b in above.iter().take(2_000) {
                    if !in_line(&spaces[a].cell, &spaces[b].cell)
                        || joined.contains(&(a.min(b), a.max(b)))
                    {
                        continue;
                    }
                    let is_stair = [a, b].map(|i| self.classes[i] == Class::Stair);
                    candidates.push(Candidate {
                        kind: PortalKind::StairLink,
                        ends: (a, Some(b)),
                        alone: if is_stair.contains(&true) {
                            STAIR_STACKED
                        } else {
                            STAIR_GUESSED * unnamed(&spaces[a], &spaces[b])
                        },
                        factor: 1.0,
                        line: None,
                    });
                }
            }
            let of_storey: Vec<Candidate> = candidates.split_off(begun);
            let best = of_storey
                .iter()
                .map(|c| c.alone)
                .fold(PROBABILITY_MIN, f64::max);
            candidates.extend(of_storey.into_iter().filter(|c| c.alone >= 0.5 * best));
        }
        candidates
    }

    /// Neighbouring storeys with spaces that no stair or lift links.
    fn unlinked(&self) -> Vec<(usize, usize)> {
        let graph = &self.network.graph;
        let mut used: Vec<usize> = self
            .building
            .spaces
            .iter()
            .filter_map(|s| s.storey)
            .collect();
        used.sort_unstable();
        used.dedup();
        let height = |s: &usize| self.building.storeys[*s].height_m();
        used.sort_by(|a, b| height(a).total_cmp(&height(b)).then(a.cmp(b)));
        let rank: BTreeMap<usize, usize> = used.iter().enumerate().map(|(r, s)| (*s, r)).collect();
        let mut is_linked = vec![false; used.len()];
        for portal in graph.portals() {
            if !matches!(portal.kind, PortalKind::StairLink | PortalKind::LiftLink) {
                continue;
            }
            let storeys = portal.spaces.iter().filter_map(|s| graph.space(*s).storey);
            let ranks: Vec<usize> = storeys
                .filter_map(|s| rank.get(&(s as usize)).copied())
                .collect();
            if let (Some(&low), Some(&high)) = (ranks.iter().min(), ranks.iter().max()) {
                is_linked[low..high].fill(true);
            }
        }
        let pairs = used.windows(2).enumerate();
        pairs
            .filter(|(r, _)| !is_linked[*r])
            .map(|(_, pair)| (pair[0], pair[1]))
            .collect()
    }

    /// Rooms that hang together but have no way out, each with how likely it has one.
    fn groups(&self, candidates: &[Candidate]) -> Vec<Group> {
        let graph = &self.network.graph;
        let admits = |p: &Portal| {
            p.kind != PortalKind::LiftLink && p.exists.probability().unwrap_or(0.0) >= JOINED_MIN
        };
        let component = graph.components(admits);
        let count = component.iter().max().map_or(0, |c| *c as usize + 1);
        let mut groups: Vec<Group> = (0..count).map(|_| Group::default()).collect();
        let has_exit = self.with_exit();
        for space in 0..self.building.spaces.len() {
            let group = &mut groups[component[space] as usize];
            group.spaces.push(space);
            group.has_exit |= has_exit[space];
        }
        for (i, candidate) in candidates.iter().enumerate() {
            let (a, b) = candidate.ends;
            let ends = (component[a], b.map(|b| component[b]));
            if ends.1 == Some(ends.0) {
                continue;
            }
            groups[ends.0 as usize].candidates.push(i);
            if let Some(b) = ends.1 {
                groups[b as usize].candidates.push(i);
            }
        }
        groups.retain(|g| !g.has_exit);
        groups.extend(self.doorless_stairwells(candidates));
        groups.retain(|g| !g.spaces.is_empty() && !g.candidates.is_empty());
        let cut_off = self.cut_off();
        for group in &mut groups {
            group.candidates.sort_by(|&a, &b| {
                let order = candidates[b].alone.total_cmp(&candidates[a].alone);
                order.then(a.cmp(&b))
            });
            group.candidates.truncate(PER_GROUP_MAX);
            group.target = self.way_out(group, candidates, &cut_off);
        }
        groups
    }

    /// Stairwells that lead up and down, but on their own storey to nothing.
    fn doorless_stairwells(&self, candidates: &[Candidate]) -> Vec<Group> {
        let mut at: BTreeMap<usize, Group> = BTreeMap::new();
        for (space, class) in self.classes.iter().enumerate() {
            if *class == Class::Stair && !self.has_door(space) {
                let group = Group {
                    spaces: vec![space],
                    is_local: true,
                    ..Group::default()
                };
                at.insert(space, group);
            }
        }
        for (i, candidate) in candidates.iter().enumerate() {
            if candidate.kind != PortalKind::Door {
                continue;
            }
            for end in [Some(candidate.ends.0), candidate.ends.1]
                .into_iter()
                .flatten()
            {
                if let Some(group) = at.get_mut(&end) {
                    group.candidates.push(i);
                }
            }
        }
        at.into_values().collect()
    }

    /// Whether anything but a stair or lift joins a space.
    fn has_door(&self, space: usize) -> bool {
        let graph = &self.network.graph;
        let portals = graph.portals_of(SpaceIndex(space as u32)).iter();
        portals
            .map(|p| graph.portal(*p).kind)
            .any(|k| !matches!(k, PortalKind::StairLink | PortalKind::LiftLink))
    }

    /// By class, how often a place truly has no door: the prior, and the places of the building
    /// that have none less those whose doors are taken as missing.
    fn cut_off(&self) -> [f64; Class::COUNT] {
        let missing = self.share.mean();
        let mut all = [0.0; Class::COUNT];
        let mut none = [0.0; Class::COUNT];
        for (space, class) in self.classes.iter().enumerate() {
            all[*class as usize] += 1.0;
            none[*class as usize] += f64::from(u8::from(!self.has_door(space)));
        }
        std::array::from_fn(|c| {
            let (prior, weight) = CUT_OFF[c];
            let mut rate = prior;
            for _ in 0..8 {
                let left_out = (1.0 - rate) * missing;
                let truly = none[c] * rate / (rate + left_out).max(1e-9);
                rate = (prior * weight + truly) / (weight + all[c]);
            }
            rate.clamp(1e-3, 0.99)
        })
    }

    /// Bayes: cut off in truth, or connected by doors that were all left out.
    fn way_out(
        &self,
        group: &Group,
        candidates: &[Candidate],
        cut_off: &[f64; Class::COUNT],
    ) -> f64 {
        let least = group
            .spaces
            .iter()
            .map(|&s| cut_off[self.classes[s] as usize])
            .fold(1.0, f64::min);
        let cut_off = match group.spaces[..] {
            [space] if space >= self.stated && !group.is_local => least.max(self.nameless(space)),
            [_] => least,
            _ => least * CUT_OFF_TOGETHER,
        };
        // That all its ways out were left out, given that it has one or more: each wall has a
        // door with rate r, of which a share m is missing.
        let rates: Vec<f64> = group
            .candidates
            .iter()
            .map(|&c| candidates[c].alone)
            .collect();
        let mean = self.share.mean().max(1e-4);
        let rate = |unseen: f64| unseen / (mean + unseen * (1.0 - mean));
        let all_missing = self.share.average(|m| {
            let seen_none: f64 = rates.iter().map(|&u| 1.0 - rate(u) * (1.0 - m)).product();
            let none: f64 = rates.iter().map(|&u| 1.0 - rate(u)).product();
            ((seen_none - none) / (1.0 - none).max(1e-9)).clamp(0.0, 1.0)
        });
        let connected = (1.0 - cut_off) * all_missing;
        connected / (connected + cut_off)
    }

    /// How often a hole without a door is a shaft or a cavity rather than a room.
    fn nameless(&self, space: usize) -> f64 {
        let is_small = self.building.spaces[space].cell.area_m2() < SMALL_M2;
        if is_small {
            NAMELESS_SMALL
        } else {
            NAMELESS_LARGE
        }
    }

    /// Gives the candidates of each group such probabilities that it is connected to an exit as
    /// surely as it should be: a fixed point on hazards, over the whole building.
    fn balance(&self, candidates: &mut [Candidate], groups: &[Group]) {
        if groups.is_empty() {
            return;
        }
        let mut factors: Vec<f64> = groups
            .iter()
            .map(|group| {
                let hazard: f64 = group
                    .candidates
                    .iter()
                    .map(|&c| -(1.0 - candidates[c].alone).ln())
                    .sum();
                (-(1.0 - group.target.min(0.999)).ln() / hazard.max(1e-9)).max(1e-3)
            })
            .collect();
        for round in 0..=ROUNDS {
            for candidate in candidates.iter_mut() {
                candidate.factor = 1.0;
            }
            for (group, factor) in groups.iter().zip(&factors) {
                for &c in &group.candidates {
                    // A wall between two such groups serves the one that needs it more.
                    let own = &mut candidates[c].factor;
                    *own = if *own == 1.0 {
                        *factor
                    } else {
                        own.max(*factor)
                    };
                }
            }
            if round == ROUNDS {
                break;
            }
            let found = self.with(candidates).connections(&ConnectivityOptions {
                rounds: 16,
                ..ConnectivityOptions::default()
            });
            let whole = groups.iter().zip(&mut factors).filter(|(g, _)| !g.is_local);
            for (group, factor) in whole {
                let n = group.spaces.len() as f64;
                let sum: f64 = group.spaces.iter().map(|&s| found[s].likely).sum();
                let hazard = |p: f64| -(1.0 - p.clamp(1e-3, 0.999)).ln();
                let change = hazard(group.target) / hazard(sum / n);
                *factor = (*factor * change.clamp(0.4, 2.5)).clamp(1e-3, 1e4);
            }
        }
    }

    /// The building with the candidates in it. Everything drawn counts as certain: what is asked
    /// is what the candidates add.
    fn with(&self, candidates: &[Candidate]) -> Graph {
        let graph = &self.network.graph;
        let mut spaces = graph.spaces().to_vec();
        for space in &mut spaces {
            space.exists = Belief::CERTAIN;
        }
        let mut portals = graph.portals().to_vec();
        for portal in &mut portals {
            let p = portal.exists.probability().unwrap_or(0.0);
            portal.exists = Belief::Known(f64::from(u8::from(p >= JOINED_MIN)));
            if portal.is_exit() {
                portal.leads_out = Belief::CERTAIN;
            }
        }
        portals.extend(candidates.iter().map(|c| {
            Portal {
                kind: c.kind,
                spaces: [Some(c.ends.0), c.ends.1]
                    .into_iter()
                    .flatten()
                    .map(|s| SpaceIndex(s as u32))
                    .collect(),
                leads_out: Belief::Known(f64::from(u8::from(c.ends.1.is_none()))),
                exists: Belief::Known(c.probability()),
                passable: Belief::CERTAIN,
                ..Portal::default()
            }
        }));
        Graph::new(spaces, portals)
    }

    fn link(&self, candidate: &Candidate) -> Link {
        let spaces = &self.building.spaces;
        let (a, b) = candidate.ends;
        let key = |s: usize| spaces[s].thing.key.as_str();
        let both = |s: usize, t: usize| {
            let (s, t) = (key(s), key(t));
            format!("{}:{}", s.min(t), s.max(t))
        };
        let floor_m = spaces[a].cell.z_m.0;
        let position: Option<Point3> = match candidate.line {
            Some((p, q)) => {
                let middle = p.along(q.minus(p), 0.5);
                Some([middle.x, middle.y, floor_m])
            }
            None => spaces[a].cell.inside_point().map(|p| [p.x, p.y, floor_m]),
        };
        let missing = (100.0 * self.share.mean()).round();
        let (key, why) = match (candidate.kind, b) {
            (PortalKind::StairLink, Some(b)) => (
                format!("stair:{}", both(a, b)),
                "spaces above each other on storeys that nothing links".to_owned(),
            ),
            (_, Some(b)) => (
                format!("door:{}", both(a, b)),
                format!(
                    "no door is drawn in the shared wall; as often as such walls of this building have one, with {missing:.0} % of its doors taken as missing and ways out that the rooms must have"
                ),
            ),
            (_, None) => (
                format!("exit:{}", key(a)),
                format!(
                    "no exit is drawn in the facade; as often as such facades of this building have one, with {missing:.0} % of its doors taken as missing and ways out that the rooms must have"
                ),
            ),
        };
        let mut places = vec![Place::Space(a)];
        places.extend(b.map(Place::Space));
        places.sort_unstable();
        Link {
            key,
            kind: candidate.kind,
            known: None,
            places,
            probability: candidate.probability(),
            external: (candidate.kind == PortalKind::Door).then_some((b.is_none(), 1.0)),
            is_likelier: true,
            is_drawn: false,
            storey: spaces[a].storey,
            position,
            line: None,
            why,
        }
    }
}

/// Rooms with names say if they are stairwells: an unnamed space is likelier one.
fn unnamed(a: &Space, b: &Space) -> f64 {
    let has_name = |s: &Space| s.thing.name.is_some() || s.long_name.is_some();
    match (has_name(a), has_name(b)) {
        (false, false) => 1.0,
        (true, true) => 0.0,
        _ => 0.3,
    }
}

/// How often walls between places of two classes have a door in this building.
struct Rates {
    doors: [[f64; Class::COUNT]; Class::COUNT],
    exits: [f64; Class::COUNT],
}

impl Rates {
    fn of(walls: &Walls<'_>, joined: &BTreeSet<(usize, usize)>) -> Self {
        let kept = 1.0 - walls.share.mean();
        let mut seen = [[(0.0, 0.0); Class::COUNT]; Class::COUNT];
        for (pair, _) in walls.shared() {
            let (a, b) = (walls.classes[pair.0], walls.classes[pair.1]);
            let has_door = f64::from(u8::from(joined.contains(&pair)));
            for (a, b) in [(a, b), (b, a)] {
                let (doors, all) = &mut seen[a as usize][b as usize];
                // A pair of one class is counted once from either side: the rate is the same.
                *doors += has_door;
                *all += 1.0;
            }
        }
        let rate = |(doors, all): (f64, f64), prior: f64| {
            let doors = (doors / kept).min(all);
            ((doors + prior * PRIOR_WALLS) / (all + PRIOR_WALLS)).clamp(1e-3, 0.98)
        };
        let has_exit = walls.with_exit();
        let mut exits = [(0.0, 0.0); Class::COUNT];
        for space in walls.facades() {
            let (doors, all) = &mut exits[walls.classes[space] as usize];
            *doors += f64::from(u8::from(has_exit[space]));
            *all += 1.0;
        }
        Self {
            doors: std::array::from_fn(|a| {
                std::array::from_fn(|b| rate(seen[a][b], DOOR_PRIOR[a][b]))
            }),
            exits: std::array::from_fn(|a| rate(exits[a], EXIT_PRIOR[a])),
        }
    }

    fn door(&self, a: Class, b: Class) -> f64 {
        self.doors[a as usize][b as usize]
    }
}
