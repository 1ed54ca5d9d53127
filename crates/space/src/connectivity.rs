//! How surely people in each space can get out, when it is not certain which doors exist.
//!
//! A plan with missing doors is not a building with missing ways out. Every door and every room
//! is there with some probability, and what is asked of the whole is: from this room, is there a
//! way to an exit? The answer is a probability, and where things are simply not known, two more:
//! what it would be if everything unknown were closed, and if everything unknown were open.
//!
//! Exact answers take time that grows without bound with the number of doors (two-terminal
//! reliability is #P-complete: Valiant, SIAM Journal on Computing 8, 1979). So 2,560 possible
//! buildings are drawn and in each it is looked who gets out: Monte Carlo, 64 buildings to a
//! machine word. The standard error is at most 0.01. The draws come from a hash of what they are
//! about, so the same graph always gets the same answer, and more certainty never makes it worse:
//! each thing draws one number and is there if that is below its probability.

use crate::graph::{Belief, Graph, Portal, PortalIndex, PortalKind, SpaceIndex, SpaceKind};
use std::collections::VecDeque;

/// Buildings drawn together, one to a bit.
const LANES: usize = 64;

/// Probabilities are told apart to 2⁻²⁴, far below the standard error.
const DRAW_BITS: u32 = 24;

/// What is assumed of that which nobody knows, for [`Connection::likely`] only.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prior {
    /// That a space or portal which a source names exists.
    pub exists: f64,
    /// That an existing space or portal can be passed.
    pub passable: f64,
    /// That a portal with a space on one side only leads outside.
    pub leads_out: f64,
}

impl Default for Prior {
    /// Judgements: what is named mostly exists, doors mostly open, and doors with one space are
    /// mostly external (11 of 11 in four published models, but those were complete).
    fn default() -> Self {
        Self {
            exists: 0.9,
            passable: 0.9,
            leads_out: 0.9,
        }
    }
}

/// Where people are to arrive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Targets {
    /// Outside the building, by any exit.
    #[default]
    Outside,
    /// In any of these spaces.
    Spaces(Vec<SpaceIndex>),
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectivityOptions {
    /// Where to.
    pub targets: Targets,
    /// Whether lifts count as a way. Off in a fire.
    pub admit_lifts: bool,
    /// Portals that are taken to be closed.
    pub avoid_portals: Vec<PortalIndex>,
    /// Spaces that are taken to be impassable; people in them may still leave.
    pub avoid_spaces: Vec<SpaceIndex>,
    /// What is assumed of the unknown.
    pub prior: Prior,
    /// Buildings drawn, in units of 64; 1 to 1,024. 40 keep the standard error below 0.01.
    pub rounds: u32,
    /// Another seed gives another draw.
    pub seed: u64,
}

impl Default for ConnectivityOptions {
    fn default() -> Self {
        Self {
            targets: Targets::Outside,
            admit_lifts: false,
            avoid_portals: Vec::new(),
            avoid_spaces: Vec::new(),
            prior: Prior::default(),
            rounds: 40,
            seed: 0,
        }
    }
}

impl ConnectivityOptions {
    fn rounds(&self) -> u32 {
        self.rounds.clamp(1, 1_024)
    }
}

/// How surely people in one space, if that space exists, can get to a target. Always
/// `if_closed` ≤ `likely` ≤ `if_open`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Connection {
    /// If everything that nobody knows is closed or not there.
    pub if_closed: f64,
    /// If what nobody knows is as the prior says.
    pub likely: f64,
    /// If everything that nobody knows is there and open.
    pub if_open: f64,
}

impl Graph {
    /// For each space the probability that people in it can get to a target. Everything counts as
    /// independent: doors that fail for one common reason make the true figure lower.
    ///
    /// ```
    /// use twin_space::{Belief, ConnectivityOptions, Graph, Portal, Space, SpaceIndex};
    /// let room = Space { exists: Belief::CERTAIN, passable: Belief::CERTAIN, ..Space::default() };
    /// let way_out = Portal {
    ///     spaces: vec![SpaceIndex(0)],
    ///     leads_out: Belief::CERTAIN,
    ///     exists: Belief::CERTAIN,
    ///     ..Portal::default()
    /// };
    /// let graph = Graph::new(vec![room], vec![way_out]);
    /// let found = graph.connections(&ConnectivityOptions::default());
    /// assert_eq!((found[0].if_closed, found[0].if_open), (0.0, 1.0));
    /// assert!((found[0].likely - 0.9).abs() < 0.03);
    /// ```
    pub fn connections(&self, options: &ConnectivityOptions) -> Vec<Connection> {
        let mut counts = vec![[0_u32; 3]; self.spaces().len()];
        self.draw_all(options, |reached| {
            for (count, reached) in counts.iter_mut().zip(reached) {
                for (n, word) in count.iter_mut().zip(reached) {
                    *n += word.count_ones();
                }
            }
        });
        let all = f64::from(options.rounds()) * LANES as f64;
        let share = |n: u32| f64::from(n) / all;
        let connection = |[closed, likely, open]: [u32; 3]| Connection {
            if_closed: share(closed),
            likely: share(likely),
            if_open: share(open),
        };
        counts.into_iter().map(connection).collect()
    }

    /// For each space in which of the drawn buildings people in it can get to a target, 64
    /// buildings to a word, with the unknown as the prior says. One seed draws the same buildings
    /// whatever is asked of them, so that answers can be counted together: rooms behind one
    /// doubtful door are cut off together.
    pub fn connected_in(&self, options: &ConnectivityOptions) -> Vec<Vec<u64>> {
        let mut worlds = vec![Vec::new(); self.spaces().len()];
        self.draw_all(options, |reached| {
            for (worlds, reached) in worlds.iter_mut().zip(reached) {
                worlds.push(reached[1]);
            }
        });
        worlds
    }

    fn draw_all(&self, options: &ConnectivityOptions, mut tell: impl FnMut(&[[u64; 3]])) {
        let odds = Odds::of(self, options);
        let mut draw = Draw::new(self);
        for round in 0..options.rounds() {
            draw.run(self, &odds, options.seed, u64::from(round));
            tell(&draw.reached);
        }
    }
}

/// One thing's probability with the unknown closed, as the prior says, and open.
type Odd = [f64; 3];

const NEVER: Odd = [0.0; 3];
const ALWAYS: Odd = [1.0; 3];

fn odd(belief: Belief, prior: f64) -> Odd {
    match belief {
        Belief::Known(p) => [p; 3],
        Belief::Unknown => [0.0, prior, 1.0],
    }
}

fn both(a: Odd, b: Odd) -> Odd {
    [a[0] * b[0], a[1] * b[1], a[2] * b[2]]
}

struct Odds {
    /// That a space exists and can be walked through.
    through: Vec<Odd>,
    /// That a portal exists and can be passed.
    portals: Vec<Odd>,
    /// That a portal exists, can be passed and leads to a target of its own accord.
    ways_out: Vec<Odd>,
    /// Spaces that are targets.
    arrived: Vec<bool>,
}

impl Odds {
    fn of(graph: &Graph, options: &ConnectivityOptions) -> Self {
        let prior = options.prior;
        let works =
            |exists, passable| both(odd(exists, prior.exists), odd(passable, prior.passable));
        let through = |(i, space): (usize, &crate::graph::Space)| {
            let closed = space.kind == SpaceKind::Shaft
                || options.avoid_spaces.contains(&SpaceIndex(i as u32));
            if closed {
                NEVER
            } else {
                works(space.exists, space.passable)
            }
        };
        let portal = |(i, portal): (usize, &Portal)| {
            let closed = portal.kind == PortalKind::LiftLink && !options.admit_lifts
                || options.avoid_portals.contains(&PortalIndex(i as u32));
            if closed {
                NEVER
            } else {
                works(portal.exists, portal.passable)
            }
        };
        let portals: Vec<Odd> = graph.portals().iter().enumerate().map(portal).collect();
        let mut arrived = vec![false; graph.spaces().len()];
        let mut ways_out = vec![NEVER; portals.len()];
        match &options.targets {
            Targets::Outside => {
                for (i, portal) in graph.portals().iter().enumerate() {
                    if portal.spaces.len() == 1 {
                        ways_out[i] = both(portals[i], odd(portal.leads_out, prior.leads_out));
                    }
                }
            }
            Targets::Spaces(spaces) => {
                for space in spaces {
                    if let Some(place) = arrived.get_mut(space.0 as usize) {
                        *place = true;
                    }
                }
            }
        }
        Self {
            through: graph.spaces().iter().enumerate().map(through).collect(),
            portals,
            ways_out,
            arrived,
        }
    }
}

/// Sixty-four drawn buildings: three words for each thing, as in [`Odd`].
struct Draw {
    through: Vec<[u64; 3]>,
    portals: Vec<[u64; 3]>,
    reached: Vec<[u64; 3]>,
    open: VecDeque<u32>,
    waiting: Vec<bool>,
}

impl Draw {
    fn new(graph: &Graph) -> Self {
        Self {
            through: vec![[0; 3]; graph.spaces().len()],
            portals: vec![[0; 3]; graph.portals().len()],
            reached: vec![[0; 3]; graph.spaces().len()],
            open: VecDeque::new(),
            waiting: vec![false; graph.spaces().len()],
        }
    }

    fn run(&mut self, graph: &Graph, odds: &Odds, seed: u64, round: u64) {
        let stream = |sort: u64, i: usize| mix(seed ^ mix(round << 34 | sort << 32 | i as u64));
        for (i, word) in self.through.iter_mut().enumerate() {
            *word = draw(odds.through[i], stream(0, i));
        }
        for (i, word) in self.portals.iter_mut().enumerate() {
            *word = draw(odds.portals[i], stream(1, i));
        }
        for (i, reached) in self.reached.iter_mut().enumerate() {
            *reached = if odds.arrived[i] { [!0; 3] } else { [0; 3] };
            if odds.arrived[i] {
                self.open.push_back(i as u32);
                self.waiting[i] = true;
            }
        }
        for (i, portal) in graph.portals().iter().enumerate() {
            let [space] = portal.spaces[..] else { continue };
            if odds.ways_out[i] != NEVER {
                self.reach(space.0, draw(odds.ways_out[i], stream(2, i)));
            }
        }
        self.spread(graph);
    }

    /// Who can leave lets in who is next door, until nobody is added.
    fn spread(&mut self, graph: &Graph) {
        while let Some(space) = self.open.pop_front() {
            let at = space as usize;
            self.waiting[at] = false;
            let leaves = and(self.reached[at], self.through[at]);
            for &portal in graph.portals_of(SpaceIndex(space)) {
                if let Some(next) = graph.across(portal, SpaceIndex(space)) {
                    self.reach(next.0, and(leaves, self.portals[portal.0 as usize]));
                }
            }
        }
    }

    fn reach(&mut self, space: u32, with: [u64; 3]) {
        let at = space as usize;
        let before = self.reached[at];
        let after = [
            before[0] | with[0],
            before[1] | with[1],
            before[2] | with[2],
        ];
        if after != before {
            self.reached[at] = after;
            if !self.waiting[at] {
                self.waiting[at] = true;
                self.open.push_back(space);
            }
        }
    }
}

fn and(a: [u64; 3], b: [u64; 3]) -> [u64; 3] {
    [a[0] & b[0], a[1] & b[1], a[2] & b[2]]
}

/// Compares one random number per lane with each of the three probabilities, bit by bit from the
/// highest; most lanes are decided after a few bits.
fn draw(odd: Odd, stream: u64) -> [u64; 3] {
    if odd == NEVER {
        return [0; 3];
    }
    if odd == ALWAYS {
        return [!0; 3];
    }
    let whole = 1_u64 << DRAW_BITS;
    let limits = odd.map(|p| ((p.clamp(0.0, 1.0) * whole as f64).round() as u64).min(whole));
    let mut below = limits.map(|limit| if limit == whole { !0 } else { 0 });
    let mut undecided = limits.map(|limit| if limit == whole { 0 } else { !0 });
    for bit in (0..DRAW_BITS).rev() {
        let number = mix(stream.wrapping_add(u64::from(bit).wrapping_mul(GOLDEN)));
        for k in 0..3 {
            if limits[k] >> bit & 1 == 1 {
                below[k] |= undecided[k] & !number;
                undecided[k] &= number;
            } else {
                undecided[k] &= !number;
            }
        }
        if undecided == [0; 3] {
            break;
        }
    }
    below
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// `SplitMix64` (Steele, Lea and Flood, OOPSLA 2014), used as a hash.
fn mix(x: u64) -> u64 {
    let mut z = x.wrapping_add(GOLDEN);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Space;
    use proptest::prelude::*;

    fn space() -> Space {
        Space {
            exists: Belief::CERTAIN,
            passable: Belief::CERTAIN,
            ..Space::default()
        }
    }

    fn portal(spaces: &[u32], exists: Belief) -> Portal {
        Portal {
            spaces: spaces.iter().map(|&s| SpaceIndex(s)).collect(),
            exists,
            passable: Belief::CERTAIN,
            leads_out: Belief::CERTAIN,
            ..Portal::default()
        }
    }

    /// Every combination of portals, each with its weight: exact, and unlike what it checks.
    fn exact(graph: &Graph) -> Vec<f64> {
        let chances: Vec<f64> = graph
            .portals()
            .iter()
            .map(|p| p.works().probability().unwrap())
            .collect();
        let mut total = vec![0.0; graph.spaces().len()];
        for world in 0..1_u32 << chances.len() {
            let there = |i: usize| world >> i & 1 == 1;
            let weight: f64 = (0..chances.len())
                .map(|i| {
                    if there(i) {
                        chances[i]
                    } else {
                        1.0 - chances[i]
                    }
                })
                .product();
            let mut out = vec![false; total.len()];
            for _ in 0..total.len() {
                for (i, p) in graph
                    .portals()
                    .iter()
                    .enumerate()
                    .filter(|(i, _)| there(*i))
                {
                    let _ = i;
                    let any = p.spaces.len() == 1 || p.spaces.iter().any(|s| out[s.0 as usize]);
                    if any {
                        p.spaces.iter().for_each(|s| out[s.0 as usize] = true);
                    }
                }
            }
            for (sum, out) in total.iter_mut().zip(out) {
                *sum += if out { weight } else { 0.0 };
            }
        }
        total
    }

    #[test]
    fn two_weak_doors_in_a_row_and_side_by_side() {
        let half = Belief::Known(0.5);
        let portals = vec![
            portal(&[0], Belief::CERTAIN),
            portal(&[0, 1], half),
            portal(&[1, 2], half),
            portal(&[0, 3], half),
            portal(&[0, 3], half),
        ];
        let graph = Graph::new(vec![space(); 5], portals);
        let found = graph.connections(&ConnectivityOptions::default());
        for (found, wanted) in found.iter().zip([1.0, 0.5, 0.25, 0.75, 0.0]) {
            assert!((found.likely - wanted).abs() < 0.03, "{found:?} {wanted}");
            assert_eq!(
                (found.if_closed, found.if_open),
                (found.likely, found.likely)
            );
        }
    }

    #[test]
    fn rooms_behind_one_doubtful_door_are_cut_off_together() {
        let sure = Belief::CERTAIN;
        let portals = vec![
            portal(&[0], sure),
            portal(&[0, 1], Belief::Known(0.5)),
            portal(&[1, 2], sure),
            portal(&[0, 3], Belief::Known(0.5)),
        ];
        let graph = Graph::new(vec![space(); 4], portals);
        let options = ConnectivityOptions::default();
        let worlds = graph.connected_in(&options);
        assert_eq!(worlds[1], worlds[2]);
        let both = worlds[1].iter().zip(&worlds[3]);
        let both: u32 = both.map(|(a, b)| (a & b).count_ones()).sum();
        assert!((f64::from(both) / 2560.0 - 0.25).abs() < 0.03, "{both}");
        let count = |s: usize| worlds[s].iter().map(|w| w.count_ones()).sum::<u32>();
        let likely = graph.connections(&options)[1].likely;
        assert!((f64::from(count(1)) / 2560.0 - likely).abs() < 1e-12);
    }

    #[test]
    fn what_nobody_knows_spans_an_interval() {
        let mut unknown = portal(&[0, 1], Belief::CERTAIN);
        unknown.passable = Belief::Unknown;
        let graph = Graph::new(
            vec![space(), space()],
            vec![portal(&[0], Belief::Known(0.8)), unknown],
        );
        let options = ConnectivityOptions {
            prior: Prior {
                passable: 0.5,
                ..Prior::default()
            },
            ..ConnectivityOptions::default()
        };
        let found = graph.connections(&options)[1];
        assert!(found.if_closed == 0.0);
        assert!((found.likely - 0.4).abs() < 0.03, "{found:?}");
        assert!((found.if_open - 0.8).abs() < 0.03, "{found:?}");
    }

    #[test]
    fn nobody_walks_through_a_shaft_or_a_burning_room_but_out_of_it() {
        let mut spaces = vec![space(); 4];
        spaces[1].kind = SpaceKind::Shaft;
        let sure = Belief::CERTAIN;
        let portals = vec![
            portal(&[0], sure),
            portal(&[0, 1], sure),
            portal(&[1, 2], sure),
            portal(&[0, 3], sure),
        ];
        let graph = Graph::new(spaces, portals);
        let likely = |options: &ConnectivityOptions| {
            let found = graph.connections(options);
            found.iter().map(|c| c.likely).collect::<Vec<f64>>()
        };
        let mut options = ConnectivityOptions::default();
        assert_eq!(likely(&options), [1.0, 1.0, 0.0, 1.0]);
        options.avoid_spaces = vec![SpaceIndex(0)];
        assert_eq!(likely(&options), [1.0, 0.0, 0.0, 0.0]);
        options.avoid_spaces = Vec::new();
        options.targets = Targets::Spaces(vec![SpaceIndex(3), SpaceIndex(99)]);
        assert_eq!(likely(&options), [1.0, 1.0, 0.0, 1.0]);
    }

    prop_compose! {
        fn any_graph()(
            n in 2..6_u32,
            doors in proptest::collection::vec((0..6_u32, 0..6_u32, 0.0..=1.0_f64), 1..9),
        ) -> Graph {
            let portals = doors.iter().map(|&(a, b, p)| {
                let (a, b) = (a % n, b % n);
                let ends = [a, b];
                portal(&ends[..if a == b { 1 } else { 2 }], Belief::Known(p))
            }).collect();
            Graph::new(vec![space(); n as usize], portals)
        }
    }

    proptest! {
        #[test]
        fn draws_agree_with_the_sum_over_all_buildings(graph in any_graph()) {
            let exact = exact(&graph);
            for (found, wanted) in graph.connections(&ConnectivityOptions::default()).iter().zip(exact) {
                // Five standard errors.
                prop_assert!((found.likely - wanted).abs() < 0.05, "{found:?} {wanted}");
            }
        }

        #[test]
        fn a_surer_door_never_makes_it_worse(graph in any_graph(), which in 0..9_usize, more in 0.0..1.0_f64) {
            let before = graph.connections(&ConnectivityOptions::default());
            let mut portals = graph.portals().to_vec();
            let which = which % portals.len();
            let p = portals[which].exists.probability().unwrap();
            portals[which].exists = Belief::Known(p + (1.0 - p) * more);
            let after = Graph::new(graph.spaces().to_vec(), portals).connections(&ConnectivityOptions::default());
            for (a, b) in before.iter().zip(&after) {
                prop_assert!(b.likely >= a.likely);
            }
        }
    }
}
