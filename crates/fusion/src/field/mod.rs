//! What the measured rooms say about the others.
//!
//! Most rooms have no sensor. A room whose neighbours on both sides are at 60 °C is not at the
//! usual 21 °C, and one behind an open door is more like the corridor than one behind a
//! closed door. The field answers for *every* space at once: a value, how far it may be off, and
//! which measurements tell most about it. Where no measurement reaches, the answer is what
//! is usual, with all its doubt. The measured rooms, in turn, are witnesses for each other: one
//! that none of its neighbours can explain is believed less.
//!
//! Equations:
//! * *Prior*: a Gaussian Markov random field (Rue & Held, Gaussian Markov Random Fields, 2005)
//!   with precision Q = I + Σ c (eₐ − e_b)(eₐ − e_b)ᵀ over the edges, c being what passes between two
//!   spaces beside what each exchanges with everything else. Each variable is then scaled so that
//!   every space by itself has exactly its stated prior variance, whatever joins it (Sørbye &
//!   Rue, Spatial Statistics 8 (2014) 39): opening a door changes who agrees with whom, not
//!   what is usual.
//! * *Posterior*: Q plus the observations' precisions on its diagonal; means by solving,
//!   variances by the Takahashi recursion (`factor`). All is computed anew for each set of
//!   observations, in an order that does not depend on theirs: the same set gives the same bits.
//! * *Shares*: what an observation adds to a mean is its precision times the covariance with
//!   it. With the share of the prior they sum to 1.
//! * *Witnesses*: see `crosscheck`; *scale*: see `learn`.
//!
//! * *Level*: a warm day warms all rooms. A share of the prior variance, none unless learned,
//!   belongs to what all nodes that hang together have in common, an unknown constant; the rest
//!   to what they have for themselves (a fixed effect, Rue & Held 2005, 4.2.1).
//!
//! A node is anything that has a value: a room, or the air outdoors.
//!
//! ```
//! use twin_fusion::field::{Edge, Field, Observation, Prior};
//!
//! let usual = Prior { mean: 21.0, variance: 9.0 };
//! let door = Edge { a: 0, b: 1, conductance: 4.0 };
//! let field = Field::new(&[usual; 3], &[door]).unwrap();
//! let warm = Observation { node: 0, mean: 30.0, variance: 0.25 };
//! let seen = field.infer(&[warm]).unwrap();
//! assert!(seen.mean(1) > 25.0 && seen.variance(1) < 9.0); // behind the open door
//! assert!((seen.mean(2), seen.variance(2)) == (21.0, 9.0)); // joined to nothing
//! assert_eq!(seen.tellers(1)[0].observation, 0);
//! ```

mod coupling;
mod crosscheck;
mod dense;
mod estimate;
mod factor;
mod learn;
mod ordering;
mod posterior;
mod structure;

pub use coupling::Coupling;
pub use crosscheck::Crosscheck;
pub use estimate::Told;
pub use learn::{Blend, Learned, Scale};
pub use posterior::{Posterior, Teller};

use factor::Factor;
use std::sync::Arc;
use structure::Structure;

/// Most nodes of a field.
pub const NODES_MAX: usize = 200_000;
/// Most edges of a field.
pub const EDGES_MAX: usize = 2_000_000;
/// Most numbers of a factor: 256 MiB. Buildings need some tens of thousands.
const FACTOR_MAX: usize = 1 << 25;
/// No conductance counts for more: two spaces are then one.
const CONDUCTANCE_MAX: f64 = 1e4;
/// The least variance of an observation, as a share of its node's prior variance; keeps a
/// stated spread of zero from drowning everything in rounding.
const NOISE_MIN_SHARE: f64 = 1e-6;

/// What is usual for a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    /// Mean, in the canonical unit.
    pub mean: f64,
    /// Variance, in the canonical unit squared; positive.
    pub variance: f64,
}

/// Two nodes that share what they hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    /// One node.
    pub a: u32,
    /// The other.
    pub b: u32,
    /// What passes between them, beside what a node exchanges with everything else; see
    /// [`Coupling`]. Not negative; 0 keeps a place for a door that may open.
    pub conductance: f64,
}

/// A measurement at a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// Where.
    pub node: u32,
    /// What was measured, in the canonical unit.
    pub mean: f64,
    /// How far it may be off, in the canonical unit squared; positive.
    pub variance: f64,
}

/// Why there is no field, or no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// More than [`NODES_MAX`] nodes or [`EDGES_MAX`] edges.
    #[error("a field has at most {NODES_MAX} nodes and {EDGES_MAX} edges")]
    TooLarge,
    /// Everything is joined to everything.
    #[error("the spaces are joined too densely for a field")]
    TooDense,
    /// A prior that is not finite, or whose variance is not positive.
    #[error("node {0} has no usable prior")]
    Prior(u32),
    /// An edge to a node that is not there, or with a conductance that is none.
    #[error("edge {0} is not usable")]
    Edge(usize),
    /// An observation at a node that is not there, or with numbers that are none.
    #[error("observation {0} is not usable")]
    Observation(usize),
}

/// Spaces, what is usual in them, and how they hang together.
#[derive(Debug, Clone)]
pub struct Field {
    structure: Arc<Structure>,
    priors: Vec<Prior>,
    pairs: Vec<(u32, u32)>,
    /// The edges of each pair, as ranges of `edges_by_pair`.
    edge_starts: Vec<u32>,
    edges_by_pair: Vec<u32>,
    conductances: Vec<f64>,
    scale: Scale,
    /// By pair, and the matrix' diagonal by node.
    coupling: Vec<f64>,
    diagonal: Vec<f64>,
    /// The canonical unit, by node, for one unit of the matrix' variables.
    units: Vec<f64>,
    /// Which nodes hang together, counted from 0.
    parts: Vec<u32>,
    part_count: usize,
}

impl Field {
    /// Works out the pattern of the field. Edges from a node to itself say nothing; several
    /// edges between two nodes add up.
    pub fn new(priors: &[Prior], edges: &[Edge]) -> Result<Self, Error> {
        check(priors, edges)?;
        let ends = |edge: &Edge| (edge.a.min(edge.b), edge.a.max(edge.b));
        let mut by_pair: Vec<u32> = (0..edges.len() as u32)
            .filter(|&i| edges[i as usize].a != edges[i as usize].b)
            .collect();
        by_pair.sort_by_key(|&i| ends(&edges[i as usize]));
        let mut pairs = Vec::new();
        let mut edge_starts = Vec::new();
        for (at, &i) in by_pair.iter().enumerate() {
            let pair = ends(&edges[i as usize]);
            if pairs.last() != Some(&pair) {
                pairs.push(pair);
                edge_starts.push(at as u32);
            }
        }
        edge_starts.push(by_pair.len() as u32);
        let structure = Structure::new(priors.len(), &pairs, FACTOR_MAX).ok_or(Error::TooDense)?;
        let structure = Arc::new(structure);
        let (parts, part_count) = parts(priors.len(), &pairs);
        let mut field = Self {
            structure,
            parts,
            part_count,
            priors: priors.to_vec(),
            coupling: vec![0.0; pairs.len()],
            pairs,
            edge_starts,
            edges_by_pair: by_pair,
            conductances: edges.iter().map(|e| e.conductance).collect(),
            scale: Scale::default(),
            diagonal: vec![1.0; priors.len()],
            units: vec![1.0; priors.len()],
        };
        field.renew();
        Ok(field)
    }

    /// Changes what passes through some edges, by their place in the list the field was made
    /// with: doors that opened or closed. The pattern stays.
    pub fn set_conductances(&mut self, changes: &[(usize, f64)]) -> Result<(), Error> {
        let is_good = |&(edge, c): &(usize, f64)| edge < self.conductances.len() && is_amount(c);
        if let Some(bad) = changes.iter().find(|change| !is_good(change)) {
            return Err(Error::Edge(bad.0));
        }
        for &(edge, conductance) in changes {
            self.conductances[edge] = conductance;
        }
        self.renew();
        Ok(())
    }

    /// The same field with another scale.
    pub fn with_scale(mut self, scale: Scale) -> Self {
        self.scale = scale;
        self.renew();
        self
    }

    /// How the stated priors and conductances are scaled.
    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// How many nodes it has.
    pub fn len(&self) -> usize {
        self.priors.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.priors.is_empty()
    }

    /// Numbers in its factor: what an answer costs.
    pub fn factor_len(&self) -> usize {
        self.structure.panels
    }

    /// Mean and variance at every node, given all that was measured.
    pub fn infer(&self, observations: &[Observation]) -> Result<Posterior<'_>, Error> {
        let is_good = |o: &Observation| {
            (o.node as usize) < self.len()
                && o.mean.is_finite()
                && o.variance.is_finite()
                && o.variance > 0.0
        };
        match observations.iter().position(|o| !is_good(o)) {
            Some(bad) => Err(Error::Observation(bad)),
            None => Ok(Posterior::new(self, observations)),
        }
    }

    /// Puts the numbers into the matrix, and finds the units in which every node by itself has
    /// its prior variance.
    fn renew(&mut self) {
        self.diagonal.fill(1.0);
        for (pair, &(a, b)) in self.pairs.iter().enumerate() {
            let conductance = self.conductance_of(pair);
            self.coupling[pair] = conductance;
            self.diagonal[a as usize] += conductance;
            self.diagonal[b as usize] += conductance;
        }
        let factor = Factor::new(&self.structure, &self.diagonal, &self.coupling);
        let variances = factor.variances(&self.structure);
        for (node, variance) in variances.iter().enumerate() {
            let apart = (1.0 - self.scale.level) * self.prior_variance(node);
            self.units[node] = (apart / variance).sqrt();
        }
    }

    /// Edges add up in order of size, so that the order in which they came does not matter.
    fn conductance_of(&self, pair: usize) -> f64 {
        let edges = self.edge_starts[pair] as usize..self.edge_starts[pair + 1] as usize;
        let mut parts: Vec<f64> = self.edges_by_pair[edges]
            .iter()
            .map(|&edge| self.conductances[edge as usize])
            .collect();
        parts.sort_by(f64::total_cmp);
        let sum: f64 = parts.iter().sum();
        (sum * self.scale.coupling).min(CONDUCTANCE_MAX)
    }

    /// The prior's standard deviation, in the matrix' units.
    fn own_sd(&self, node: usize) -> f64 {
        self.prior_variance(node).sqrt() / self.units[node]
    }

    fn prior_variance(&self, node: usize) -> f64 {
        self.priors[node].variance * self.scale.spread * self.scale.spread
    }
}

/// A number for every set of nodes that hang together, in order of their first node.
fn parts(nodes: usize, pairs: &[(u32, u32)]) -> (Vec<u32>, usize) {
    let mut first: Vec<u32> = (0..nodes as u32).collect();
    for &(a, b) in pairs {
        let (a, b) = (root(&mut first, a), root(&mut first, b));
        first[a.max(b) as usize] = a.min(b);
    }
    let mut numbers = vec![0; nodes];
    let mut count = 0;
    for node in 0..nodes {
        let root = root(&mut first, node as u32) as usize;
        if root == node {
            numbers[node] = count;
            count += 1;
        }
        numbers[node] = numbers[root];
    }
    (numbers, count as usize)
}

/// The first node of a set; the way to it is halved each time it is gone.
fn root(first: &mut [u32], mut node: u32) -> u32 {
    while first[node as usize] != node {
        first[node as usize] = first[first[node as usize] as usize];
        node = first[node as usize];
    }
    node
}

fn check(priors: &[Prior], edges: &[Edge]) -> Result<(), Error> {
    if priors.len() > NODES_MAX || edges.len() > EDGES_MAX {
        return Err(Error::TooLarge);
    }
    let is_prior = |p: &Prior| p.mean.is_finite() && p.variance.is_finite() && p.variance > 0.0;
    if let Some(bad) = priors.iter().position(|p| !is_prior(p)) {
        return Err(Error::Prior(bad as u32));
    }
    let is_there = |node: u32| (node as usize) < priors.len();
    let is_edge = |e: &Edge| is_there(e.a) && is_there(e.b) && is_amount(e.conductance);
    match edges.iter().position(|e| !is_edge(e)) {
        Some(bad) => Err(Error::Edge(bad)),
        None => Ok(()),
    }
}

fn is_amount(conductance: f64) -> bool {
    conductance >= 0.0 && conductance.is_finite()
}
