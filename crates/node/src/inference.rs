//! What rooms without a sensor are like, from those that have one: by the doors between
//! them, open or closed, and the walls they share. And what the measured rooms say of each
//! other.
//!
//! Worked out by the first who asks, for a storey at a time, and kept until a claim that it
//! rests on comes or some seconds have passed. An inferred estimate is never shown as
//! observed, and where no measurement tells anything to speak of there is none: what is
//! usual is not passed off for knowledge (UNKNOWN-IS-A-VALUE).

use crate::cell::AttributeCell;
use crate::picture::Picture;
use crate::routing::Plan;
use crate::walls::Footprint;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use twin_fusion::field::{Coupling, Crosscheck, Edge, Field, Observation, Posterior, Prior, Told};
use twin_model::time::MICROS;
use twin_model::{
    AttributeSpec, Basis, Distribution, Estimate, Estimator, Flag, Knowledge, Time, Value,
};
use twin_space::PortalKind;

/// Inferred values are worked out for the end of such a stretch of time, microseconds: long
/// beside what it takes, short beside how fast air mixes.
const STRETCH_MICROS: i64 = 5 * MICROS;
/// Answers kept at a time; beyond it all are forgotten and worked out as asked.
const ANSWERS_MAX: usize = 512;
/// A measurement whose variance has grown to this share of what is usual tells nothing.
const TELLING_MAX: f64 = 0.98;
/// Standard deviations from which on a sensor that its neighbours contradict is suspected.
const RESIDUAL_STRONG: f64 = 4.0;
/// Share of the other measurements that it takes for that.
const TESTIMONY_MIN: f64 = 0.5;

/// Whether claims about the attribute change what is inferred.
pub(crate) fn is_basis(spec: &AttributeSpec) -> bool {
    spec.name == "open"
        || Coupling::of(spec.name).is_some()
        || matches!(spec.estimator, Estimator::Static { .. })
}

/// A storey or building, an attribute, and the stretch of time.
type Key = (u32, &'static str, i64);

/// Answers of one state of the claims they rest on.
#[derive(Debug, Default)]
pub(crate) struct Inferences {
    /// What is inferred of the spaces of one storey.
    estimates: Places<FxHashMap<u32, Estimate>>,
    /// What the measured spaces of a building teach of the others.
    learned: Places<Option<Learned>>,
    /// What the measured spaces of a building say of each other, without anything learned:
    /// asked with every measurement, so one solution must do.
    crosschecks: Places<FxHashMap<u32, Crosscheck>>,
}

/// Answers by what was asked, each worked out by the first who asks.
#[derive(Debug)]
struct Places<T>(Mutex<BTreeMap<Key, Arc<OnceLock<T>>>>);

/// The measurements of a building, and the field given them, at the scale that they show. For
/// the whole building at once: a tower has forty storeys, and every page asks for all of them.
#[derive(Debug)]
struct Learned {
    measured: Vec<Measured>,
    posterior: Posterior<'static>,
}

/// How the spaces of a building hang together for one attribute.
#[derive(Debug)]
pub(crate) struct Pattern {
    spaces: Vec<u32>,
    node_of: FxHashMap<u32, u32>,
    /// Doors by their edge: the portal and how probably it is there.
    doors: Vec<(usize, u32, Option<f64>)>,
    prior: Prior,
    coupling: Coupling,
    field: Field,
}

impl Picture {
    /// The inferred estimate of an attribute of a space that nobody has measured; `None`
    /// where no measurement tells of it.
    pub(crate) fn inferred(
        &self,
        space: u32,
        spec: &'static AttributeSpec,
        at: Time,
    ) -> Option<Estimate> {
        let asked = self.asked(space, spec, at)?;
        let place = self.inferences.estimates.place(asked.key(asked.storey));
        let estimates = place.get_or_init(|| {
            let place = self.inferences.learned.place(asked.key(asked.building));
            let learned =
                place.get_or_init(|| asked.pattern(self)?.learned(self, spec, asked.end()));
            let learned = learned.as_ref();
            learned.map_or_else(FxHashMap::default, |l| asked.estimates(self, l))
        });
        let estimate = estimates.get(&space)?.clone();
        Some(Estimate { at, ..estimate })
    }

    /// What the other measured spaces say of a measurement, where it contradicts them so
    /// strongly that its source is suspected.
    pub(crate) fn contradiction(
        &self,
        space: u32,
        spec: &'static AttributeSpec,
        at: Time,
    ) -> Option<Crosscheck> {
        let asked = self.asked(space, spec, at)?;
        let place = self.inferences.crosschecks.place(asked.key(asked.building));
        let crosschecks = place.get_or_init(|| {
            let pattern = asked.pattern(self);
            pattern.map_or_else(FxHashMap::default, |p| {
                p.crosschecks(self, spec, asked.end())
            })
        });
        let check = crosschecks.get(&space)?;
        let is_strong = check.residual.abs() >= RESIDUAL_STRONG && check.testimony >= TESTIMONY_MIN;
        is_strong.then_some(*check)
    }

    fn asked(&self, space: u32, spec: &'static AttributeSpec, at: Time) -> Option<Asked> {
        Coupling::of(spec.name)?;
        let structure = self.structure();
        let building = structure.building_of(space)?;
        Some(Asked {
            building,
            storey: structure.storey_of(space).unwrap_or(building),
            spec,
            stretch: at.0.div_euclid(STRETCH_MICROS) + 1,
        })
    }
}

/// Where, what and when.
#[derive(Clone, Copy)]
struct Asked {
    building: u32,
    storey: u32,
    spec: &'static AttributeSpec,
    stretch: i64,
}

impl Asked {
    fn key(&self, place: u32) -> Key {
        (place, self.spec.name, self.stretch)
    }

    fn end(&self) -> Time {
        Time(self.stretch * STRETCH_MICROS)
    }

    fn pattern(&self, picture: &Picture) -> Option<Arc<Pattern>> {
        picture
            .structure()
            .pattern(picture, self.building, self.spec)
    }

    /// What is inferred of the spaces of the storey.
    fn estimates(&self, picture: &Picture, learned: &Learned) -> FxHashMap<u32, Estimate> {
        let Some(pattern) = self.pattern(picture) else {
            return FxHashMap::default();
        };
        let posterior = &learned.posterior;
        let attribute = picture.names.attributes.find(self.spec.name);
        let widening = attribute.map_or(1.0, |attribute| picture.books.widening(attribute));
        let told = |at: usize| learned.measured[at].told.clone();
        let spaces = picture.structure().spaces(self.storey).iter();
        spaces
            .filter_map(|space| Some((*space, *pattern.node_of.get(space)?)))
            .map(|(space, node)| (space, posterior.estimate(node, self.end(), widening, &told)))
            .filter(|(_, estimate)| estimate.basis == Basis::Inferred)
            .collect()
    }
}

impl<T> Default for Places<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Places<T> {
    fn place(&self, key: Key) -> Arc<OnceLock<T>> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= ANSWERS_MAX && !places.contains_key(&key) {
            places.clear();
        }
        Arc::clone(places.entry(key).or_default())
    }
}

/// A measured space.
#[derive(Debug)]
struct Measured {
    space: u32,
    observation: Observation,
    told: Told,
}

impl Pattern {
    /// `None` for what does not spread, and for a building too large or too dense.
    pub(crate) fn of(picture: &Picture, plan: &Plan, spec: &AttributeSpec) -> Option<Self> {
        let coupling = Coupling::of(spec.name)?;
        let Estimator::Scalar {
            prior_mean,
            prior_sd,
            ..
        } = spec.estimator
        else {
            return None;
        };
        let prior = Prior {
            mean: prior_mean,
            variance: prior_sd * prior_sd,
        };
        let spaces: Vec<u32> = plan.indoor_spaces().collect();
        let node_of: FxHashMap<u32, u32> = spaces.iter().copied().zip(0..).collect();
        let whole = spaces.len() as u32;
        let mut edges: Vec<Edge> = (0..whole).map(|a| edge(a, whole, coupling.whole)).collect();
        let mut doors = Vec::new();
        for joint in plan.joints() {
            let (Some(&a), Some(&b)) =
                (node_of.get(&joint.spaces[0]), node_of.get(&joint.spaces[1]))
            else {
                continue;
            };
            let conductance = match joint.kind {
                PortalKind::Door => {
                    doors.push((edges.len(), joint.portal, joint.exists));
                    coupling.door(joint.exists, None)
                }
                PortalKind::LiftLink => coupling.door(joint.exists, Some(0.0)),
                PortalKind::Opening | PortalKind::OpenContact | PortalKind::StairLink => {
                    coupling.opening(joint.exists)
                }
            };
            edges.push(edge(a, b, conductance));
        }
        if coupling.wall > 0.0 {
            let wall = coupling.wall(Some(1.0));
            edges.extend(walls(picture, &spaces).map(|(a, b)| edge(a, b, wall)));
        }
        let priors = vec![prior; spaces.len() + 1];
        let field = Field::new(&priors, &edges);
        let field = field.map_err(|error| tracing::warn!(%error, "nothing is inferred"));
        Some(Self {
            spaces,
            node_of,
            doors,
            prior,
            coupling,
            field: field.ok()?,
        })
    }

    /// The measurements at this instant, and the field under what the building teaches of
    /// itself by them alone, so that it does not matter who asked before.
    fn learned(
        &self,
        picture: &Picture,
        spec: &'static AttributeSpec,
        at: Time,
    ) -> Option<Learned> {
        let measured = self.measurements(picture, spec, at);
        if measured.is_empty() {
            return None;
        }
        let observations: Vec<Observation> = measured.iter().map(|m| m.observation).collect();
        let field = self.field_at(picture, at)?;
        let blend = field.blended(&field.learn(&observations).ok()?);
        let posterior = blend.infer(&observations).ok()?.into_owned();
        Some(Learned {
            measured,
            posterior,
        })
    }

    fn crosschecks(
        &self,
        picture: &Picture,
        spec: &'static AttributeSpec,
        at: Time,
    ) -> FxHashMap<u32, Crosscheck> {
        let measured = self.measurements(picture, spec, at);
        let observations: Vec<Observation> = measured.iter().map(|m| m.observation).collect();
        let field = self.field_at(picture, at);
        let posterior = field.as_ref().and_then(|f| f.infer(&observations).ok());
        let Some(posterior) = posterior else {
            return FxHashMap::default();
        };
        let checks = measured.iter().zip(posterior.crosschecks());
        checks.map(|(m, check)| (m.space, *check)).collect()
    }

    /// The field with the doors as they stand.
    fn field_at(&self, picture: &Picture, at: Time) -> Option<Field> {
        let conductance = |&(edge, portal, exists): &(usize, u32, Option<f64>)| {
            let open = picture.estimate(portal, "open", at);
            let open = open.and_then(|estimate| match estimate.distribution? {
                Distribution::Bernoulli { p } => Some(p),
                _ => None,
            });
            (edge, self.coupling.door(exists, open))
        };
        let conductances: Vec<(usize, f64)> = self.doors.iter().map(conductance).collect();
        let mut field = self.field.clone();
        field.set_conductances(&conductances).ok()?;
        Some(field)
    }

    fn measurements(
        &self,
        picture: &Picture,
        spec: &'static AttributeSpec,
        at: Time,
    ) -> Vec<Measured> {
        let spaces = self.spaces.iter();
        spaces
            .filter_map(|&space| self.measured(picture, space, spec, at))
            .collect()
    }

    /// What the sensors of a space say, without what is usual there: that stands in the
    /// field already.
    fn measured(
        &self,
        picture: &Picture,
        space: u32,
        spec: &'static AttributeSpec,
        at: Time,
    ) -> Option<Measured> {
        let number = picture.names.attributes.find(spec.name)?;
        if !matches!(
            picture.entity(space)?.get(number)?,
            AttributeCell::Modelled(..)
        ) {
            return None;
        }
        let estimate = picture.estimate(space, spec.name, at)?;
        if estimate.knowledge != Knowledge::Known || estimate.flags.has(Flag::Conflicting) {
            return None;
        }
        let (mean, sd) = estimate.distribution.as_ref()?.moments()?;
        let (variance, usual) = (sd * sd, self.prior.variance);
        if variance >= TELLING_MAX * usual {
            return None;
        }
        let precision = 1.0 / variance - 1.0 / usual;
        let observation = Observation {
            node: *self.node_of.get(&space)?,
            mean: (mean / variance - self.prior.mean / usual) / precision,
            variance: 1.0 / precision,
        };
        let newest = estimate.contributors.first()?;
        let told = Told {
            claim: newest.claim,
            source: newest.source.clone(),
            observed: newest.observed,
        };
        Some(Measured {
            space,
            observation,
            told,
        })
    }
}

fn edge(a: u32, b: u32, conductance: f64) -> Edge {
    Edge { a, b, conductance }
}

/// Pairs of spaces of one storey that share a wall, by their places in the list.
fn walls<'a>(picture: &'a Picture, spaces: &'a [u32]) -> impl Iterator<Item = (u32, u32)> + 'a {
    let structure = picture.structure();
    let mut by_storey: BTreeMap<Option<u32>, Vec<(u32, Arc<twin_model::Polygon>)>> =
        BTreeMap::new();
    for (place, &space) in spaces.iter().enumerate() {
        if let Some(Value::Polygon(polygon)) = picture.value(space, "footprint", picture.recorded) {
            let storey = by_storey.entry(structure.storey_of(space)).or_default();
            storey.push((place as u32, polygon));
        }
    }
    by_storey.into_values().flat_map(|storey| {
        let areas: Vec<(u32, Footprint<'_>)> = storey
            .iter()
            .filter_map(|(place, polygon)| Some((*place, Footprint::new(polygon)?)))
            .collect();
        let mut pairs = Vec::new();
        for (at, (a, one)) in areas.iter().enumerate() {
            let others = areas[at + 1..].iter();
            let shared = others.filter(|(_, two)| one.shares_wall(two));
            pairs.extend(shared.map(|(b, _)| (*a, *b)));
        }
        pairs
    })
}
