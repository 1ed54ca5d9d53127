//! Points of a generated tower, named by five contractors in their own ways: which room and
//! quantity is suggested for each.
//!
//! The generator's naming shares nothing with the suggestions, but its lists were looked at
//! while these were made; the towns marked here have other seeds. A suggestion is right if both
//! the attribute and the place are; what is no reading of a place, such as a setpoint, is right
//! if no attribute of the catalogue is suggested.
//!
//! Beside it stand lists of other trades in houses numbered otherwise ([`named`]), whole ones and
//! such that are at odds with the plan. A hundredth of their names has a wrong digit, which leads
//! to another room as a rule and shows in no name; so these are held to what is stated: no more
//! of the sure ones may be wrong than their probabilities say. What was mended with them was
//! mended on seeds 1 to 30.

use super::named::{self, Style, Trouble};
use crate::row::{Row, hash_all};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use twin_import::points::{CONFIDENT, Place, Point, suggest};
use twin_import::{Mint, Options, ifc};
use twin_model::{Act, Catalogue, EntityId, EntityKind, Value};
use twin_scenario::district::{self, District};

const TARGET_RIGHT: f64 = 0.9;
const TOWNS: u64 = 3;
/// Wrong ones that are named.
const NAMED_MAX: usize = 8;
/// Seeds begin here, beyond those that were looked at.
const SEEDS_FROM: u64 = 900_000;
/// Seeds of lists of other trades begin here, beyond those that were looked at.
const NAMED_FROM: u64 = 7_000;
/// Houses for each trade and trouble.
const HOUSES: u64 = 20;

/// What was found of all points.
#[derive(Default)]
struct Tally {
    points: usize,
    right: usize,
    sure: usize,
    sure_and_wrong: Vec<String>,
}

/// Rows: how many suggestions are right, and whether any that is stated as sure is not.
pub(crate) fn measure(seed: u64) -> Result<Vec<Row>> {
    let seeds: Vec<u64> = (0..TOWNS).map(|i| SEEDS_FROM + 100 * seed + i).collect();
    let mut tally = Tally::default();
    for &seed in &seeds {
        let town = District::generate(&district::Options {
            seed,
            ..district::Options::default()
        })?;
        tally.add(&town)?;
    }
    let inputs = hash_all(seeds.iter());
    let share = tally.right as f64 / tally.points.max(1) as f64;
    let wrong = tally.sure_and_wrong.len();
    let right = Row::new("points of a generated tower: place and quantity suggested rightly")
        .shown(tally.points, format!("{:.1} %", 100.0 * share))
        .held_to("≥ 90 %", share >= TARGET_RIGHT)
        .on(inputs.clone());
    let silent = Row::new("points suggested as sure (0.95 and above) that are wrong")
        .shown(tally.sure, wrong.to_string())
        .held_to("none", wrong == 0)
        .on(inputs);
    let wrong = tally.sure_and_wrong.into_iter().take(NAMED_MAX);
    Ok(vec![
        right,
        wrong.fold(silent, Row::detail),
        otherwise(seed),
    ])
}

/// What was found of lists of other trades.
#[derive(Default)]
struct Stated {
    points: usize,
    sure: usize,
    wrong: usize,
    /// So many of the sure ones are wrong by what they state.
    expected: f64,
}

impl Stated {
    fn add(&mut self, list: &named::List) {
        let suggested = suggest(&list.points, &list.places);
        for (suggestion, (place, attribute)) in suggested.iter().zip(&list.truth) {
            self.points += 1;
            if suggestion.probability < CONFIDENT {
                continue;
            }
            let spec = suggestion
                .attribute
                .and_then(|a| Catalogue::BUILT_IN.get(a));
            let is_place = place.is_some() && suggestion.place == *place;
            let is_right =
                spec.map(|spec| spec.name) == *attribute && (attribute.is_none() || is_place);
            self.sure += 1;
            self.wrong += usize::from(!is_right);
            self.expected += 1.0 - suggestion.probability;
        }
    }
}

/// How sure suggestions are of lists that others would write, and of such that are not in order.
fn otherwise(seed: u64) -> Row {
    let seeds = || (0..HOUSES).map(move |i| NAMED_FROM + 100 * seed + i);
    let mut total = Stated::default();
    let mut told = Vec::new();
    for trouble in Trouble::ALL {
        let mut stated = Stated::default();
        for (style, seed) in Style::ALL
            .into_iter()
            .flat_map(|s| seeds().map(move |n| (s, n)))
        {
            stated.add(&named::list(seed, style, trouble));
        }
        told.push(format!(
            "{trouble:?}: {} points, {} sure, {} wrong",
            stated.points, stated.sure, stated.wrong
        ));
        total.points += stated.points;
        total.sure += stated.sure;
        total.wrong += stated.wrong;
        total.expected += stated.expected;
    }
    let row =
        Row::new("points of other trades, also of lists at odds with the plan: sure and wrong")
            .shown(
                total.sure,
                format!("{} (stated: {:.0})", total.wrong, total.expected),
            )
            .held_to("as stated", total.wrong as f64 <= total.expected)
            .on(hash_all(seeds()));
    told.into_iter().fold(row, Row::detail)
}

impl Tally {
    fn add(&mut self, town: &District) -> Result<()> {
        let places = places(&town.ifc);
        let files = town.files()?;
        let file = |name: &str| -> Result<Vec<BTreeMap<String, String>>> {
            let found = files.iter().find(|(path, _)| path.ends_with(name));
            let (_, bytes) = found.with_context(|| format!("there is no {name}"))?;
            Ok(table(std::str::from_utf8(bytes)?))
        };
        let truth: BTreeMap<String, BTreeMap<String, String>> = file("points-truth.csv")?
            .into_iter()
            .map(|row| (name_of(&row), row))
            .collect();
        let rows = file("points.csv")?;
        let points: Vec<Point> = rows.iter().map(point).collect();
        for (point, suggestion) in points.iter().zip(suggest(&points, &places)) {
            let told = truth.get(&point.name).context("a point has no truth")?;
            let suggested = suggestion.attribute.unwrap_or_default();
            let modelled = Catalogue::BUILT_IN
                .get(suggested)
                .map_or("", |spec| spec.name);
            let is_place = suggestion.place.as_deref() == told.get("place").map(String::as_str);
            let quantity = told["quantity"].as_str();
            let is_right = modelled == quantity && (quantity.is_empty() || is_place);
            self.points += 1;
            self.right += usize::from(is_right);
            if suggestion.probability >= CONFIDENT {
                self.sure += 1;
                if !is_right {
                    self.sure_and_wrong.push(point.name.clone());
                }
            }
        }
        Ok(())
    }
}

fn name_of(row: &BTreeMap<String, String>) -> String {
    match row["member"].as_str() {
        "" => row["point"].clone(),
        member => format!("{}#{member}", row["point"]),
    }
}

fn point(row: &BTreeMap<String, String>) -> Point {
    let known = |column: &str| Some(row[column].clone()).filter(|text| !text.is_empty());
    Point {
        name: name_of(row),
        description: known("description"),
        unit: known("unit"),
        samples: Vec::new(),
    }
}

/// A table by the names of its columns; cells may stand between quotation marks.
fn table(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut lines = text.lines().map(cells);
    let Some(columns) = lines.next() else {
        return Vec::new();
    };
    let row = |cells: Vec<String>| columns.iter().cloned().zip(cells).collect();
    lines.map(row).collect()
}

fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut is_quoted) = (vec![String::new()], false);
    for letter in line.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(String::new()),
            letter => cells
                .last_mut()
                .expect("it has one from the start")
                .push(letter),
        }
    }
    cells
}

/// Keeps the file's own ids.
#[derive(Default)]
struct Ids(BTreeMap<EntityId, (EntityKind, String)>);

impl Mint for Ids {
    fn mint(&mut self, kind: EntityKind, external_id: &str) -> EntityId {
        let id = format!("urn:file:{}:{external_id}", kind.as_str());
        let id = EntityId::new(&id).expect("the generator's ids fit into a URI");
        self.0.insert(id.clone(), (kind, external_id.to_owned()));
        id
    }
}

/// The places that the tower's own file names.
fn places(file: &str) -> Vec<Place> {
    let mut ids = Ids::default();
    let read = ifc::import(file.as_bytes(), &Options::default(), &mut ids);
    let blank = |(id, (kind, external)): (&EntityId, &(EntityKind, String))| {
        let place = Place {
            id: external.clone(),
            kind: *kind,
            ..Place::default()
        };
        (id.clone(), place)
    };
    let mut places: BTreeMap<EntityId, Place> = ids.0.iter().map(blank).collect();
    let external = |id: &EntityId| ids.0.get(id).map(|(_, external)| external.clone());
    for statement in read.facets.iter().flat_map(|facet| &facet.statements) {
        let (Act::Assert(stated), Some(place)) =
            (&statement.act, places.get_mut(&statement.entity))
        else {
            continue;
        };
        match (statement.attribute.as_str(), &stated.value) {
            ("name", Value::Text(text)) => place.name = text.to_string(),
            ("longName", Value::Text(text)) => place.long_name = text.to_string(),
            ("usage", Value::Text(text)) => place.usage = text.to_string(),
            ("partOf", Value::Entity(id)) => place.part_of = external(id),
            ("connects", Value::Entities(ids)) => {
                place.joins = ids.iter().filter_map(external).collect();
            }
            _ => {}
        }
    }
    places.into_values().collect()
}
