//! Which building of one file is which building of another.
//!
//! The owner's drawing, the municipality's city model and the street map all show the same tower,
//! under three ids and a metre or three apart, beside its twin from the same architect. This
//! module says which belong together, how sure that is, and why, so that a person can agree or
//! object. A drawing that does not say where it stands is laid onto the outline that it fits;
//! where it fits in two ways, both are kept.
//!
//! Every trait that two candidates share or differ in multiplies the odds that they are one, by
//! how much more often it occurs with one building than with two (Fellegi & Sunter, "A theory for
//! record linkage", J. Am. Stat. Assoc. 64 (1969) 1183). How far the two files are shifted
//! against each other, how much single buildings stray beyond that and what share has a
//! counterpart is estimated from the files themselves by expectation maximisation (Dempster,
//! Laird & Rubin, J. R. Stat. Soc. B 39 (1977) 1). As a building has one counterpart at most,
//! rivals share what probability there is (belief propagation on the assignment: Williams & Lau,
//! IEEE Trans. Aerosp. Electron. Syst. 50 (2014) 2942).
//!
//! The constants were chosen on real buildings (Delft, Liechtenstein), moved and redrawn
//! by a script; the scores are taken on generated districts that had no say in them.

mod association;
mod ground_plan;
mod place;
mod shape;
mod text;
mod traits;
mod unplaced;

pub use ground_plan::ground_plan;

use crate::earth::Frame;
use rustc_hash::{FxHashMap, FxHashSet};
use shape::Shape;
use std::collections::BTreeMap;
use traits::{Context, Trait};
use unplaced::Laid;

/// Pairs less probable than this are not told.
const PROBABILITY_MIN: f64 = 0.01;
/// Rounds of estimating shift, spread and share; they settle within four.
const ROUNDS: usize = 6;
/// Candidates that one building is compared with, the nearest first.
pub const RIVALS_MAX: usize = 24;
/// Candidates that a building without a place is compared with, the most alike in size first.
pub const RIVALS_UNPLACED_MAX: usize = 1000;
/// Buildings without a place that are looked at; a file has one or a few.
pub const UNPLACED_MAX: usize = 200;

/// A building as one file describes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Candidate {
    /// Where its outline lies.
    pub place: Place,
    /// What it is called.
    pub names: Vec<String>,
    /// `Street 12, 2611 AB City`, as far as known.
    pub addresses: Vec<String>,
    /// Register and number in it, such as `bagId` and `0503100000000035`.
    pub ids: Vec<(String, String)>,
    /// Height above ground.
    pub height_m: Option<f64>,
    /// Storeys above ground.
    pub storeys: Option<f64>,
}

/// Where a building stands, as far as its file says. Rings as in [`twin_model::Polygon`].
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Place {
    /// Nothing is known, not even a shape.
    #[default]
    Unknown,
    /// A point on earth, `[longitude_deg, latitude_deg]`.
    Point([f64; 2]),
    /// Its outline on earth.
    Earth(Vec<Vec<[f64; 2]>>),
    /// Its outline in metres of a frame of its own, which nothing lays on earth.
    Plan(Vec<Vec<[f64; 2]>>),
}

/// Two candidates that may be one building.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// Index of the first.
    pub left: usize,
    /// Index of the second.
    pub right: usize,
    /// Probability that they are one.
    pub probability: f64,
    /// What speaks for and against it, the strongest first.
    pub evidence: Vec<Evidence>,
    /// Where the left one's plan lies if they are one, likeliest first; empty unless it has no
    /// place and the right one has. The probabilities add up to one.
    pub placements: Vec<Placement>,
}

/// A way to lay a plan on earth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    /// Where the plan's origin lies and how it is turned.
    pub frame: Frame,
    /// Probability of this way among all ways to lay it on this outline.
    pub probability: f64,
    /// Share of the two outlines together that both cover, 0..=1.
    pub overlap: f64,
}

/// One reason, in words for a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// What is alike or different.
    pub text: String,
    /// By which factor it changes the odds that the two are one, as a logarithm to base 10.
    pub log10_odds: f64,
}

/// What came of comparing two files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matching {
    /// Pairs worth telling, by left, then by falling probability.
    pub pairs: Vec<Pair>,
    /// How far the right file lies from the left one: metres east and north.
    pub shift_m: [f64; 2],
    /// How far single buildings stray from that: standard deviation along each axis.
    pub spread_m: f64,
    /// Share of the left buildings that have a counterpart.
    pub matched_share: f64,
}

impl Matching {
    /// One counterpart at most for each, the most probable first, none below a probability: pairs
    /// by their index in [`Matching::pairs`].
    pub fn decided(&self, probability_min: f64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.pairs.len()).collect();
        let pair = |i: &usize| &self.pairs[*i];
        order.sort_by(|a, b| {
            pair(b)
                .probability
                .total_cmp(&pair(a).probability)
                .then(a.cmp(b))
        });
        let (mut lefts, mut rights) = (FxHashSet::default(), FxHashSet::default());
        order.retain(|i| {
            let Pair {
                left,
                right,
                probability,
                ..
            } = *pair(i);
            let is_free = !lefts.contains(&left) && !rights.contains(&right);
            let is_taken = is_free && probability >= probability_min;
            is_taken && lefts.insert(left) && rights.insert(right)
        });
        order
    }
}

/// Compares the buildings of two files.
///
/// ```
/// use twin_space::matching::{Candidate, Place, match_buildings};
/// let house = |east: f64| Candidate {
///     place: Place::Earth(vec![vec![
///         [5.0 + east, 52.0], [5.0002 + east, 52.0], [5.0002 + east, 52.0001], [5.0 + east, 52.0001],
///     ]]),
///     ..Candidate::default()
/// };
/// let found = match_buildings(&[house(0.0)], &[house(0.001), house(0.00001)]);
/// assert_eq!((found.pairs[0].left, found.pairs[0].right), (0, 1));
/// assert!(found.pairs[0].probability > 0.9);
/// ```
pub fn match_buildings(left: &[Candidate], right: &[Candidate]) -> Matching {
    let (lefts, rights): (Vec<Shape>, Vec<Shape>) = (shapes(left), shapes(right));
    let context = Context::new(left, right, &lefts, &rights);
    let mut matching = placed(&context);
    matching.pairs.extend(unplaced(&context, &matching.pairs));
    matching.pairs.sort_by(|a, b| {
        let by_left = a.left.cmp(&b.left);
        let by_probability = b.probability.total_cmp(&a.probability);
        by_left.then(by_probability).then(a.right.cmp(&b.right))
    });
    matching
}

fn shapes(candidates: &[Candidate]) -> Vec<Shape> {
    candidates.iter().map(|c| Shape::of(&c.place)).collect()
}

/// Buildings of which both files know where they stand.
fn placed(context: &Context<'_>) -> Matching {
    let near = place::pairs(context.lefts, context.rights);
    let fixed: Vec<f64> = near
        .iter()
        .map(|pair| context.log_odds(pair.left, pair.right, Some(pair)))
        .collect();
    let mut model = place::Model::start(&near, &fixed, context.lefts);
    let mut probabilities = Vec::new();
    for _ in 0..ROUNDS {
        let edges: Vec<(usize, usize, f64)> = near
            .iter()
            .zip(&fixed)
            .map(|(pair, fixed)| (pair.left, pair.right, fixed + model.log_odds(pair)))
            .collect();
        probabilities = association::probabilities(&edges, model.matched_share);
        model.learn(&near, &probabilities);
    }
    let pairs = near
        .iter()
        .zip(probabilities)
        .filter(|(_, probability)| *probability >= PROBABILITY_MIN)
        .map(|(pair, probability)| {
            let traits = context.traits(pair.left, pair.right, Some(pair));
            let mut evidence: Vec<Evidence> = traits.iter().map(Trait::evidence).collect();
            evidence.push(model.evidence(pair));
            Pair {
                left: pair.left,
                right: pair.right,
                probability,
                evidence: sorted(evidence),
                placements: Vec::new(),
            }
        })
        .collect();
    Matching {
        pairs,
        shift_m: model.shift_m,
        spread_m: model.spread_m,
        matched_share: model.matched_share,
    }
}

/// Buildings of which the left file does not know where they stand. A counterpart that another
/// left building has already is as improbable as that one is probable.
fn unplaced(context: &Context<'_>, known: &[Pair]) -> Vec<Pair> {
    let mut taken: FxHashMap<usize, f64> = FxHashMap::default();
    for pair in known {
        *taken.entry(pair.right).or_default() += pair.probability;
    }
    let mut found: Vec<(Laid, Vec<Trait>)> = Vec::new();
    let lefts = context.lefts.iter().enumerate();
    for (left, drawing) in lefts.filter(|(_, d)| !d.is_on_earth()).take(UNPLACED_MAX) {
        let laid: Vec<Laid> = context
            .rivals(left)
            .into_iter()
            .map(|right| Laid::new(left, right, drawing, &context.rights[right]))
            .collect();
        for rival in &laid {
            let mut traits = context.traits(left, rival.right, None);
            traits.push(rival.as_trait(&laid));
            if let Some(p) = taken.get(&rival.right) {
                traits.push(Trait {
                    text: "another building of the same file may be this one".to_owned(),
                    log_odds: libm::log((1.0 - p).max(1e-3)),
                });
            }
            found.push((rival.clone(), traits));
        }
    }
    let sum = |traits: &[Trait]| traits.iter().map(|t| t.log_odds).sum::<f64>();
    let edges: Vec<_> = found
        .iter()
        .map(|(laid, traits)| (laid.left, laid.right, sum(traits)))
        .collect();
    let probabilities = association::probabilities(&edges, unplaced::SHARE);
    found
        .into_iter()
        .zip(probabilities)
        .filter(|(_, probability)| *probability >= PROBABILITY_MIN)
        .map(|((laid, traits), probability)| Pair {
            left: laid.left,
            right: laid.right,
            probability,
            evidence: sorted(traits.iter().map(Trait::evidence).collect()),
            placements: laid.placements(&context.lefts[laid.left], &context.rights[laid.right]),
        })
        .collect()
}

fn sorted(mut evidence: Vec<Evidence>) -> Vec<Evidence> {
    evidence.sort_by(|a, b| {
        b.log10_odds
            .abs()
            .total_cmp(&a.log10_odds.abs())
            .then_with(|| a.text.cmp(&b.text))
    });
    evidence
}

/// How often each value occurs among candidates.
type Frequencies = BTreeMap<String, usize>;
