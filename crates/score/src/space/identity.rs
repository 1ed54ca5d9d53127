//! Buildings of a generated town, recognised across its three files.
//!
//! The town's files come from a generator that shares nothing with the matching; they are read by
//! the importers as anybody's are. Names, addresses and register ids are left out, places are off
//! by up to three metres, and decoys stand about: twins, equal slabs, a second tower, a tower
//! drawing with a template's place. A pair counts as right if both files draw exactly that
//! building. A file that draws two houses as one has a part and a whole there, which are not one
//! thing: to call them one counts as wrong, and such pairs are listed.

use crate::row::{Row, hash_all};
use anyhow::{Result, ensure};
use std::collections::{BTreeMap, BTreeSet};
use twin_import::{Facet, Format, Imported, Mint, Options};
use twin_model::{Act, EntityId, EntityKind, Value};
use twin_scenario::district::{self, District};
use twin_space::earth::distance_m;
use twin_space::matching::{Candidate, Matching, Place, ground_plan, match_buildings};

const TARGET_F1: f64 = 0.97;
/// Towns generated, each with its own seed, none of which anything was tuned on.
const TOWNS: u64 = 6;
const BUILDINGS: usize = 300;
/// Probability from which two buildings are taken as one.
const DECIDED: f64 = 0.5;
/// Ranges of stated probability in which the share of right ones is looked at.
const BINS: [f64; 6] = [0.01, 0.2, 0.5, 0.8, 0.95, 1.0];
/// A bin's share may differ from what was stated by so many standard deviations of chance.
const BAND: f64 = 3.0;

/// What was found of a kind of pair of files.
#[derive(Default)]
struct Tally {
    right: usize,
    wrong: usize,
    missed: usize,
    /// Decided pairs that are a part and its whole.
    of_parts: usize,
    /// By bin: pairs, sum of stated probabilities, pairs that were right.
    bins: [(usize, f64, usize); BINS.len() - 1],
}

/// Rows: how many buildings were recognised, how honest the probabilities are, and whether the
/// tower's drawing was laid where it belongs.
pub(crate) fn measure(seed: u64) -> Result<Vec<Row>> {
    let mut houses = Tally::default();
    let mut towers = Tally::default();
    let mut laid = Vec::new();
    let seeds: Vec<u64> = (0..TOWNS).map(|i| 1000 * seed + i).collect();
    for seed in &seeds {
        let town = District::generate(&district::Options {
            seed: *seed,
            buildings: BUILDINGS,
            names: false,
            ids: false,
            decoys: true,
            position: district::Position::Template,
            ..district::Options::default()
        })?;
        let truth = Truth::of(&town);
        let (city, map) = (read(&town.cityjson, "cityjson")?, read(&town.osm, "osm")?);
        let matching = match_buildings(&city.candidates, &map.candidates);
        houses.add(&matching, &city.names, &map.names, &truth);
        let tower = read(&town.ifc, "ifc")?;
        for other in [&city, &map] {
            let matching = match_buildings(&tower.candidates, &other.candidates);
            towers.add(&matching, &tower.names, &other.names, &truth);
            laid.extend(off_by(&matching, &tower, other, &truth, &town));
        }
    }
    let inputs = hash_all(seeds.iter());
    Ok(vec![
        houses.recognised(
            "buildings recognised in the city's model and on the map",
            &inputs,
        ),
        houses.calibrated(
            "stated probability that two drawings are one building",
            &inputs,
        ),
        towers.not_wrong(
            "the tower's drawing without a place, beside a second tower like it",
            &inputs,
        ),
        placed(&laid, &inputs),
    ])
}

impl Tally {
    fn add(&mut self, matching: &Matching, left: &[String], right: &[String], truth: &Truth) {
        let key = |i: usize| {
            (
                left[matching.pairs[i].left].clone(),
                right[matching.pairs[i].right].clone(),
            )
        };
        let mut found = BTreeSet::new();
        for i in matching.decided(DECIDED) {
            let pair = key(i);
            if truth.same.contains(&pair) {
                self.right += 1;
                found.insert(pair);
            } else {
                self.wrong += 1;
                self.of_parts += usize::from(truth.related.contains(&pair));
            }
        }
        let both = |pair: &&(String, String)| left.contains(&pair.0) && right.contains(&pair.1);
        self.missed += truth
            .same
            .iter()
            .filter(both)
            .filter(|p| !found.contains(p))
            .count();
        for (i, pair) in matching.pairs.iter().enumerate() {
            let p = pair.probability;
            let Some(bin) = (0..BINS.len() - 1).find(|b| p >= BINS[*b] && p <= BINS[b + 1]) else {
                continue;
            };
            let (count, stated, right) = &mut self.bins[bin];
            *count += 1;
            *stated += p;
            *right += usize::from(truth.same.contains(&key(i)));
        }
    }

    fn recognised(&self, measure: &str, inputs: &str) -> Row {
        let share = |of: usize, all: usize| of as f64 / all.max(1) as f64;
        let precision = share(self.right, self.right + self.wrong);
        let recall = share(self.right, self.right + self.missed);
        let f1 =
            2.0 * self.right as f64 / (2 * self.right + self.wrong + self.missed).max(1) as f64;
        Row::new(measure)
            .shown(self.right + self.missed, format!("F1 {f1:.4}"))
            .held_to(format!("F1 ≥ {TARGET_F1}"), f1 >= TARGET_F1)
            .on(inputs)
            .detail(format!("precision {precision:.4}, recall {recall:.4}"))
            .detail(format!("{} wrong, {} of them a part and its whole", self.wrong, self.of_parts))
            .detail(format!("{TOWNS} towns of {BUILDINGS} buildings without names and ids, off by up to 3 m, with decoys"))
    }

    /// Of two that are alike in everything stated neither can be chosen; none may be chosen
    /// wrongly.
    fn not_wrong(&self, measure: &str, inputs: &str) -> Row {
        let found = self.right;
        let row = Row::new(measure)
            .shown(
                found + self.missed,
                format!("{found} decided rightly, {} wrongly", self.wrong),
            )
            .held_to("none wrongly; the rest left open", self.wrong == 0)
            .on(inputs);
        let open = self.bins.iter().zip(BINS).filter(|(bin, _)| bin.0 > 0);
        open.fold(row, |row, ((count, stated, right), from)| {
            let mean = stated / *count as f64;
            row.detail(format!(
                "from {from}: {count} pairs, stated {mean:.2}, {right} right"
            ))
        })
    }

    fn calibrated(&self, measure: &str, inputs: &str) -> Row {
        let mut worst: f64 = 0.0;
        let mut details = Vec::new();
        for (bin, (count, stated, right)) in self.bins.iter().enumerate().filter(|(_, b)| b.0 > 0) {
            let n = *count as f64;
            let (mean, share) = (stated / n, *right as f64 / n);
            // Half a count keeps a bin of certain ones from having no spread at all.
            let sd = (mean * (1.0 - mean) / n).sqrt() + 0.5 / n;
            let off = (share - mean).abs() / sd;
            worst = worst.max(off);
            details.push(format!(
                "{} to {}: {count} pairs, stated {mean:.3}, right {share:.3}",
                BINS[bin],
                BINS[bin + 1]
            ));
        }
        let pairs = self.bins.iter().map(|b| b.0).sum();
        let row = Row::new(measure)
            .shown(
                pairs,
                format!("off by at most {worst:.1} standard deviations"),
            )
            .held_to(format!("within {BAND} in each bin"), worst <= BAND)
            .on(inputs);
        details.into_iter().fold(row, Row::detail)
    }
}

/// Metres between where an exit comes to lie when the tower is laid on earth and where it is, the
/// farthest of its exits. A symmetric tower fits two ways, and both are kept: the better one.
fn off_by(
    matching: &Matching,
    tower: &Read,
    other: &Read,
    truth: &Truth,
    town: &District,
) -> Option<f64> {
    let pair = matching.pairs.iter().find(|pair| {
        let names = (
            tower.names[pair.left].clone(),
            other.names[pair.right].clone(),
        );
        truth.same.contains(&names)
    })?;
    let exits: Vec<([f64; 2], [f64; 2])> = town
        .truth
        .exits
        .iter()
        .filter_map(|exit| Some((*tower.doors.get(&exit.door)?, exit.position)))
        .collect();
    let offs = pair.placements.iter().map(|way| {
        let off =
            |(drawn, truly): &([f64; 2], [f64; 2])| distance_m(way.frame.to_earth(*drawn), *truly);
        exits.iter().map(off).fold(0.0, f64::max)
    });
    offs.reduce(f64::min).filter(|_| !exits.is_empty())
}

fn placed(laid: &[f64], inputs: &str) -> Row {
    let worst = laid.iter().copied().fold(0.0, f64::max);
    Row::new("exits of the tower laid on earth by its outline, the better of the ways kept")
        .shown(laid.len(), format!("off by {worst:.1} m at most"))
        .held_to(
            "≤ 5 m, of which up to 3 m are the other file's",
            worst <= 5.0,
        )
        .on(inputs)
}

/// What is one building across the files, by the ids that importers are given.
struct Truth {
    same: BTreeSet<(String, String)>,
    /// Parts and wholes, and houses drawn partly together.
    related: BTreeSet<(String, String)>,
}

impl Truth {
    fn of(town: &District) -> Self {
        let (mut same, mut related) = (BTreeSet::new(), BTreeSet::new());
        for pair in town
            .truth
            .identity
            .pairs
            .iter()
            .filter(|p| p.kind == "building")
        {
            let set = if pair.relation == "same" {
                &mut same
            } else {
                &mut related
            };
            set.insert((pair.a.clone(), pair.b.clone()));
            set.insert((pair.b.clone(), pair.a.clone()));
        }
        Self { same, related }
    }
}

/// The buildings of one file.
struct Read {
    candidates: Vec<Candidate>,
    /// As the truth names them: `cityjson:…`, `osm:way/…`, `ifc:…`.
    names: Vec<String>,
    /// Where doors are drawn, by their id.
    doors: BTreeMap<String, [f64; 2]>,
}

/// Twins named after kind and id, so that the id is read back from the twin.
struct Names;

impl Mint for Names {
    fn mint(&mut self, kind: EntityKind, external_id: &str) -> EntityId {
        EntityId::new(&format!("urn:{}:{external_id}", kind.as_str()))
            .unwrap_or_else(|_| EntityId::new("urn:odd:id").expect("a URI"))
    }
}

fn read(text: &str, scheme: &str) -> Result<Read> {
    let format = Format::detect("", text.as_bytes());
    ensure!(
        format.is_some(),
        "the {scheme} of the town is of no known format"
    );
    let imported = format
        .map(|f| f.import(text.as_bytes(), &Options::default(), &mut Names))
        .unwrap_or_default();
    let (buildings, doors) = buildings(&imported);
    let (names, candidates) = buildings
        .into_iter()
        .map(|(id, candidate)| (format!("{scheme}:{id}"), candidate))
        .unzip();
    Ok(Read {
        candidates,
        names,
        doors,
    })
}

/// Candidates as their files describe them; a building without an outline by its rooms.
fn buildings(imported: &Imported) -> (BTreeMap<String, Candidate>, BTreeMap<String, [f64; 2]>) {
    let mut buildings: BTreeMap<String, Candidate> = BTreeMap::new();
    let mut drawn: BTreeSet<String> = BTreeSet::new();
    let mut rooms = Rooms::default();
    let stated = imported
        .facets
        .iter()
        .flat_map(|f| f.statements.iter().map(|s| (f.facet, s)));
    for (facet, statement) in stated {
        let Act::Assert(said) = &statement.act else {
            continue;
        };
        rooms.hear(&statement.entity, statement.attribute.as_str(), &said.value);
        let Some(id) = statement.entity.as_str().strip_prefix("urn:building:") else {
            continue;
        };
        let candidate = buildings.entry(id.to_owned()).or_default();
        match (statement.attribute.as_str(), &said.value) {
            ("outline", Value::Polygon(p)) => candidate.place = Place::Earth(p.rings.clone()),
            ("storeysAboveGround", Value::Number(n)) => candidate.storeys = Some(*n),
            // What is stated counts before what is drawn.
            ("buildingHeight", Value::Number(n))
                if facet == Facet::Declared || drawn.insert(id.to_owned()) =>
            {
                candidate.height_m = Some(*n);
            }
            _ => {}
        }
    }
    if let Some((place, storeys)) = rooms.place() {
        for candidate in buildings.values_mut().filter(|c| c.place == Place::Unknown) {
            candidate.place = place.clone();
            candidate.storeys = candidate.storeys.or(Some(storeys));
        }
    }
    (buildings, rooms.doors)
}

/// Rooms by the storey that they are part of.
#[derive(Default)]
struct Rooms {
    footprints: BTreeMap<String, Vec<Vec<[f64; 2]>>>,
    storeys: BTreeMap<String, String>,
    elevations: BTreeMap<String, f64>,
    doors: BTreeMap<String, [f64; 2]>,
}

impl Rooms {
    fn hear(&mut self, entity: &EntityId, attribute: &str, value: &Value) {
        let id = entity.as_str().to_owned();
        match (attribute, value) {
            ("footprint", Value::Polygon(p)) => {
                self.footprints.insert(id, p.rings.clone());
            }
            ("partOf", Value::Entity(whole)) => {
                self.storeys.insert(id, whole.as_str().to_owned());
            }
            ("position", Value::Point([x, y, _])) => {
                if let Some(door) = id.strip_prefix("urn:portal:") {
                    self.doors.insert(door.to_owned(), [*x, *y]);
                }
            }
            ("elevation", Value::Number(z)) => {
                self.elevations.insert(id, *z);
            }
            _ => {}
        }
    }

    /// The outline of the rooms of the lowest storey that is not below the ground, and how many
    /// storeys there are from it on.
    fn place(&self) -> Option<(Place, f64)> {
        let above = self.elevations.iter().filter(|(_, z)| **z > -0.5);
        let ground = above.clone().min_by(|a, b| a.1.total_cmp(b.1))?.0;
        let rooms: Vec<_> = self
            .footprints
            .iter()
            .filter(|(id, _)| self.storeys.get(*id) == Some(ground))
            .map(|(_, rings)| rings.clone())
            .collect();
        let ring = ground_plan(&rooms)?;
        Some((Place::Plan(vec![ring]), above.count() as f64))
    }
}
