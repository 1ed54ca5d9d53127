//! After an import: which of its buildings others have, too.
//!
//! What the comparison finds becomes identity claims by a source of its own, each with its
//! probability and its reasons, for a person to confirm or deny. A plan that does not say where
//! it stands is laid onto the outline that it fits, as a claim like any other.

use super::atlas::plan_place;
use crate::error::Error;
use crate::identity::Identity;
use crate::node::Node;
use crate::picture::Picture;
use crate::prepare::{Draft, Mode};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use twin_model::{
    Act, Attribute, Caller, EntityId, EntityKind, Interval, Polygon, SourceId, Stated, Statement,
    Uncertainty, Unit, Value,
};
use twin_space::matching::{
    Candidate, Evidence, Matching, Pair, Place, ground_plan, match_buildings,
};

/// Pairs less probable than this are not worth a person's time.
const TOLD_MIN: f64 = 0.2;
/// A probability that changed by less is not said again.
const CHANGED_MIN: f64 = 0.05;
/// Most reasons named for a pair.
const REASONS_MAX: usize = 5;

/// Buildings of one data set.
#[derive(Default)]
struct DataSet {
    numbers: Vec<u32>,
    candidates: Vec<Candidate>,
}

impl DataSet {
    /// Whether there is a plan in it that nothing lays on earth.
    fn is_nowhere(&self) -> bool {
        let mut places = self.candidates.iter().map(|candidate| &candidate.place);
        places.any(|place| matches!(place, Place::Plan(_)))
    }
}

impl Node {
    /// Compares the buildings of a data set with those of every other; returns how many pairs
    /// were said to be one. Blocks.
    pub(crate) fn recognise(&self, lineage: &str) -> Result<usize, Error> {
        let picture = self.inner().published.load_full();
        let mut sets = data_sets(&picture, &self.config().organisation);
        let Some(new) = sets.remove(lineage) else {
            return Ok(0);
        };
        let mut drafts = Vec::new();
        let mut told = 0;
        for old in sets.values() {
            // What lies nowhere is laid onto the other; of two that lie somewhere the smaller is
            // compared with the larger.
            let is_left = match (new.is_nowhere(), old.is_nowhere()) {
                (one, other) if one != other => one,
                _ => new.numbers.len() <= old.numbers.len(),
            };
            let (left, right) = if is_left { (&new, old) } else { (old, &new) };
            let matching = match_buildings(&left.candidates, &right.candidates);
            let recognised = Recognised {
                node: self,
                picture: &picture,
                left,
                right,
                matching: &matching,
            };
            for at in matching.decided(TOLD_MIN) {
                told += usize::from(recognised.tell(&matching.pairs[at], &mut drafts)?);
            }
        }
        if !drafts.is_empty() {
            self.submit_blocking(&Caller::OPERATOR, drafts, Mode::EachAlone)?;
        }
        Ok(told)
    }
}

/// Buildings by the data set whose import says that they are there.
fn data_sets(picture: &Picture, organisation: &str) -> BTreeMap<String, DataSet> {
    let mut sets: BTreeMap<String, DataSet> = BTreeMap::new();
    let prefix = format!("urn:twin:{organisation}:import:");
    for &number in &picture.structure().buildings {
        let estimate = picture.estimate(number, "type", picture.recorded);
        let contributors = estimate.map(|e| e.contributors).unwrap_or_default();
        let lineage = contributors.iter().find_map(|contributor| {
            let rest = contributor.source.as_str().strip_prefix(&prefix)?;
            Some(rest.rsplit_once(':')?.0.to_owned())
        });
        // What others announced is a data set, too.
        let set = sets.entry(lineage.unwrap_or_default()).or_default();
        set.numbers.push(number);
        set.candidates.push(candidate(picture, number));
    }
    sets
}

fn candidate(picture: &Picture, number: u32) -> Candidate {
    let value = |name: &str| picture.value(number, name, picture.recorded);
    let texts = |names: &[&str]| -> Vec<String> {
        let told = names.iter().filter_map(|name| value(name));
        told.filter_map(|v| v.as_text().map(str::to_owned))
            .collect()
    };
    let figure = |name| value(name).as_ref().and_then(Value::as_number);
    Candidate {
        place: place(picture, number),
        names: texts(&["name", "longName"]),
        addresses: texts(&["address"]),
        ids: ids(picture, number),
        height_m: figure("buildingHeight"),
        storeys: figure("storeysAboveGround"),
    }
}

/// Numbers in registers that several files may name.
fn ids(picture: &Picture, number: u32) -> Vec<(String, String)> {
    let registers = ["bagId", "ifcGlobalId", "osmId", "cityJsonId"];
    let of = |register: &str| {
        let entries = crate::points::verbatim(picture, number, register);
        let said = entries
            .iter()
            .filter_map(|entry| crate::points::json_of(&entry.act));
        let texts = said.filter_map(|json| serde_json::from_str::<String>(json).ok());
        let register = register.to_owned();
        texts
            .map(|text| (register.clone(), text))
            .collect::<Vec<_>>()
    };
    registers.into_iter().flat_map(of).collect()
}

fn place(picture: &Picture, number: u32) -> Place {
    if let Some(Value::Polygon(outline)) = picture.value(number, "outline", picture.recorded) {
        return Place::Earth(outline.rings.clone());
    }
    let of_rooms = || plan_outline(picture, number).map(|hull| vec![hull]);
    let Some(rings) = stated_plan(picture, number).or_else(of_rooms) else {
        return site(picture, number);
    };
    match plan_place(picture, number) {
        Some(place) => {
            let on_earth = |ring: Vec<[f64; 2]>| {
                let points = ring.into_iter().map(|point| place.frame.to_earth(point));
                points.collect()
            };
            Place::Earth(rings.into_iter().map(on_earth).collect())
        }
        None => Place::Plan(rings),
    }
}

/// The outline in metres that a file without a usable reference system gives: the first of its
/// polygons.
fn stated_plan(picture: &Picture, number: u32) -> Option<Vec<Vec<[f64; 2]>>> {
    let entries = crate::points::verbatim(picture, number, "planOutline");
    let said = entries
        .iter()
        .filter_map(|entry| crate::points::json_of(&entry.act));
    let read = |json| serde_json::from_str::<Vec<Vec<Vec<[f64; 2]>>>>(json).ok();
    said.filter_map(read)
        .find_map(|polygons| polygons.into_iter().next())
}

fn site(picture: &Picture, number: u32) -> Place {
    let position = picture.value(number, "sitePosition", picture.recorded);
    let position = position.as_ref().and_then(super::atlas::position_of);
    position.map_or(Place::Unknown, |(latitude_deg, longitude_deg)| {
        Place::Point([longitude_deg, latitude_deg])
    })
}

/// The outline of the storey whose rooms take up most, walls included.
fn plan_outline(picture: &Picture, building: u32) -> Option<Vec<[f64; 2]>> {
    let structure = picture.structure();
    let rooms = |storey: &u32| -> Vec<Vec<Vec<[f64; 2]>>> {
        let spaces = structure.spaces(*storey).iter();
        let footprints = spaces.filter_map(|&n| picture.value(n, "footprint", picture.recorded));
        let rings = footprints.filter_map(|footprint| match footprint {
            Value::Polygon(polygon) => Some(polygon.rings.clone()),
            _ => None,
        });
        rings.collect()
    };
    let area = |rooms: &[Vec<Vec<[f64; 2]>>]| -> f64 {
        let polygon = |rings: &Vec<Vec<[f64; 2]>>| Polygon {
            rings: rings.clone(),
        };
        rooms.iter().map(|rings| polygon(rings).area_m2()).sum()
    };
    let drawn = structure.storeys(building).iter().map(rooms);
    let largest = drawn.max_by(|a, b| area(a).total_cmp(&area(b)))?;
    ground_plan(&largest)
}

/// What a comparison found, on its way to claims.
struct Recognised<'a> {
    node: &'a Node,
    picture: &'a Picture,
    left: &'a DataSet,
    right: &'a DataSet,
    matching: &'a Matching,
}

impl Recognised<'_> {
    /// Says that two are one, unless that was said already; whether it was new.
    fn tell(&self, pair: &Pair, drafts: &mut Vec<Draft>) -> Result<bool, Error> {
        let name = |number: u32| self.picture.names.entities.name(number);
        let one = self.left.numbers[pair.left];
        let other = self.right.numbers[pair.right];
        let (one_id, other_id) = (name(one), name(other));
        let identity = Identity::id(&one_id, &other_id);
        if self.said_before(&identity, pair.probability)? {
            return Ok(false);
        }
        let reason = reason(&pair.evidence, self.matching);
        let thing = Value::text(EntityKind::Thing.as_str());
        let twins = Value::entities([one_id.clone(), other_id]);
        drafts.push(self.draft(&identity, "type", thing.into(), None, &reason));
        let p = Some(pair.probability);
        drafts.push(self.draft(&identity, "identifies", twins.into(), p, &reason));
        if let Some(way) = pair.placements.first() {
            let p = Some(pair.probability * way.probability);
            let (latitude, longitude) = (way.frame.latitude_deg, way.frame.longitude_deg);
            let site = format!(r#"{{"latitude_deg":{latitude},"longitude_deg":{longitude}}}"#);
            let site = Value::Json(Arc::from(site));
            drafts.push(self.draft(&one_id, "sitePosition", site.into(), p, &reason));
            let turn = Stated {
                unit: Some(Unit::new("deg").expect("a unit")),
                ..Value::Number(way.frame.rotation_deg).into()
            };
            drafts.push(self.draft(&one_id, "planRotation", turn, p, &reason));
        }
        Ok(true)
    }

    fn said_before(&self, identity: &EntityId, probability: f64) -> Result<bool, Error> {
        let names = &self.picture.names;
        let found = names.entities.find(identity.as_str());
        let source = names.sources.find(self.source().as_str());
        let attribute = names.attributes.find("identifies");
        let (Some(number), Some(source), Some(attribute)) = (found, source, attribute) else {
            return Ok(false);
        };
        let cell = self
            .picture
            .entity(number)
            .and_then(|cell| cell.get(attribute));
        let Some(crate::cell::AttributeCell::Modelled(_, state)) = cell else {
            return Ok(false);
        };
        let Some(newest) = state.newest_of(source) else {
            return Ok(false);
        };
        let claim = self.node.inner().store.claim(newest.claim)?;
        let said = claim.and_then(|claim| match claim.statement.act {
            Act::Assert(stated) => stated.uncertainty,
            _ => None,
        });
        Ok(
            matches!(said, Some(Uncertainty::Probability(p)) if (p - probability).abs() < CHANGED_MIN),
        )
    }

    fn source(&self) -> SourceId {
        let organisation = &self.node.config().organisation;
        SourceId::new(&format!("urn:twin:{organisation}:matching"))
            .expect("an organisation's name is checked to fit into a URI")
    }

    fn draft(
        &self,
        entity: &EntityId,
        attribute: &str,
        stated: Stated,
        probability: Option<f64>,
        reason: &Arc<str>,
    ) -> Draft {
        let statement = Statement {
            entity: entity.clone(),
            attribute: Attribute::new(attribute).expect("a catalogued name"),
            act: Act::Assert(Stated {
                uncertainty: probability.map(Uncertainty::Probability),
                ..stated
            }),
            valid: Interval::ALWAYS,
            observed: self.node.now(),
            procedure: Some(Arc::clone(reason)),
        };
        Draft {
            source: Some(self.source()),
            statement,
        }
    }
}

/// The strongest reasons, in words.
fn reason(evidence: &[Evidence], matching: &Matching) -> Arc<str> {
    let texts = evidence.iter().take(REASONS_MAX).map(|e| e.text.as_str());
    let mut text = texts.collect::<Vec<_>>().join("; ");
    let shift_m = matching.shift_m[0].hypot(matching.shift_m[1]);
    if shift_m > 0.05 {
        let _ = write!(text, "; the files lie {shift_m:.1} m apart");
    }
    Arc::from(text)
}
