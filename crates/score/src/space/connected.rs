//! Doors and rooms deleted from a building's file: who is connected to an exit?
//!
//! From a generated building doors and half the rooms are deleted, and of every room it is asked
//! whether people in it can get out: as the building stands, and with one corridor, lobby or
//! stair on fire. What the importer concludes from the file that is left is held against the
//! building as it is, beside two simple answers: what is drawn is all there is, and there is a
//! door wherever two rooms share a wall. The same with files made by others, where the whole file
//! says what is so.
//!
//! Rates and priors were set on the published houses and generated buildings of seeds 1 to 50;
//! the rows use other seeds and other files.

use super::reach::Building;
use super::reliability::{Bin, Forecast, bins, brier, listed};
use super::strip::Step;
use crate::row::{Row, hash_all};
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use twin_import::ifc::{self, Network};
use twin_import::{Facet, Mint, Options};
use twin_model::{Act, EntityId, EntityKind, Value};
use twin_scenario::building::{self as scenario, Building as Scenario};
use twin_scenario::defects::{self, Defects};
use twin_scenario::rng::Rng;
use twin_scenario::truth::Truth;
use twin_space::plan::{Cell, Plan, Point, Polygon};
use twin_space::{Belief, ConnectivityOptions, Graph, Portal, SpaceIndex};

/// Shares of the doors that are deleted, beside half of the rooms.
const DOORS: [f64; 3] = [0.05, 0.1, 0.2];
const SPACES: f64 = 0.5;
/// Buildings of each make and each share, and questions asked of each: so few of so many rooms
/// that they are nearly independent.
const BUILDINGS: u64 = 30;
const FIRES: usize = 6;
const ROOMS_PER_FIRE: usize = 2;
const ROOMS_WITHOUT_FIRE: usize = 12;
/// Seeds up to this were used to set rates.
const SEEDS_TUNED: u64 = 50;

/// What is said of one room by everybody, and what is so.
#[derive(Debug, Clone, Copy)]
struct Answer {
    ours: f64,
    drawn: f64,
    all_doors: f64,
    wrong: f64,
    so: bool,
    burning: bool,
    in_file: bool,
}

/// Files that rates were set on, and files that they were not.
const TUNED: [&str; 2] = ["Duplex_A_20110907.ifc", "AC20-FZK-Haus.ifc"];
const HELD_OUT: [&str; 2] = ["SampleHouse.ifc", "bimwhale_LargeBuilding.ifc"];

/// Everything.
pub(crate) fn measure(data: &Path, seed: u64) -> Result<Vec<Row>> {
    let mut rows = generated("towers", seed, &tower)?;
    rows.extend(generated("offices", seed, &office)?);
    rows.extend(real(data, &HELD_OUT, seed));
    rows.extend(real(data, &TUNED, seed));
    Ok(rows)
}

/// Draws a building.
type Draw = dyn Fn(u64, &mut Rng) -> Result<Scenario>;

fn tower(seed: u64, rng: &mut Rng) -> Result<Scenario> {
    let storeys = 6 + rng.index(9);
    Ok(scenario::Tower { storeys, seed }.build()?)
}

fn office(seed: u64, rng: &mut Rng) -> Result<Scenario> {
    Ok(Scenario::generate(scenario::Options {
        storeys: 2 + rng.index(7),
        basement: rng.chance(0.5),
        seed,
    })?)
}

/// Generated buildings. Seed 0 stands for those on which the rates were set.
fn generated(make: &str, seed: u64, draw: &Draw) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let first = if seed == 0 {
        0
    } else {
        SEEDS_TUNED + seed * BUILDINGS
    };
    for doors in DOORS {
        let mut answers = Vec::new();
        for seed in first..first + BUILDINGS {
            let mut rng = Rng::of(seed, "connected");
            let building = draw(seed, &mut rng)?;
            answers.extend(one_generated(&building, doors, &mut rng)?);
        }
        rows.extend(marked(&format!("generated {make}"), doors, &answers));
    }
    Ok(rows)
}

fn one_generated(building: &Scenario, doors: f64, rng: &mut Rng) -> Result<Vec<Answer>> {
    let whole = defects::Options::default();
    let cut = defects::Options {
        drop_doors: doors,
        drop_spaces: SPACES,
        ..whole
    };
    let write = |options| -> Result<(String, Truth)> {
        let defects = Defects::choose(building, options)?;
        let text = twin_scenario::ifc::write(
            building,
            &defects,
            twin_scenario::ifc::Options {
                schema: twin_scenario::ifc::Schema::Ifc4,
                unit: twin_scenario::ifc::Unit::Millimetre,
                boundaries: false,
            },
        );
        Ok((text, Truth::of(building, &defects)))
    };
    let (complete, _) = write(whole)?;
    let (left, truth) = write(cut)?;
    let so = Building::generated(&truth);
    let (whole, left) = (Read::of(&complete), Read::of(&left));
    Ok(asked(&so, &whole, &left, rng))
}

/// A room that the importer has no trace of may be anything: the probability that is then said.
const NO_TRACE: f64 = 0.9;
/// How far the deliberately wrong model overrates doors that nobody drew.
const TOO_HIGH: i32 = 10;

/// What the importer makes of a file.
struct Read {
    network: Network,
    outlines: BTreeMap<String, Cell>,
}

struct Urn;

impl Mint for Urn {
    fn mint(&mut self, _: EntityKind, external_id: &str) -> EntityId {
        EntityId::new(&format!("urn:{external_id}")).expect("keys are plain")
    }
}

impl Read {
    fn of(text: &str) -> Self {
        let read = ifc::import(text.as_bytes(), &Options::default(), &mut Urn);
        let mut rings: BTreeMap<String, Polygon> = BTreeMap::new();
        let mut numbers: BTreeMap<(String, String), f64> = BTreeMap::new();
        let drawn = read
            .facets
            .iter()
            .filter(|f| matches!(f.facet, Facet::Geometry | Facet::Inferred));
        for statement in drawn.flat_map(|f| &f.statements) {
            let Act::Assert(stated) = &statement.act else {
                continue;
            };
            let key = statement
                .entity
                .as_str()
                .trim_start_matches("urn:")
                .to_owned();
            match &stated.value {
                Value::Polygon(p) => {
                    let points =
                        |r: &Vec<[f64; 2]>| r.iter().map(|p| Point::new(p[0], p[1])).collect();
                    if let Some(outline) = Polygon::new(p.rings.iter().map(points)) {
                        rings.insert(key, outline);
                    }
                }
                Value::Number(x) => {
                    numbers.insert((key, statement.attribute.to_string()), *x);
                }
                _ => {}
            }
        }
        let number = |key: &str, name: &str| {
            let found = numbers.get(&(key.to_owned(), name.to_owned()));
            found.copied().unwrap_or_default()
        };
        let cell = |(key, outline): (String, Polygon)| {
            let floor = number(&key, "floorElevation");
            let z_m = (floor, floor + number(&key, "height"));
            (
                key,
                Cell {
                    outline: vec![outline],
                    z_m,
                },
            )
        };
        Self {
            network: read.summary.network,
            outlines: rings.into_iter().map(cell).collect(),
        }
    }

    /// Where each room of the whole file is in this one: under its own name, or as the inferred
    /// room that holds its middle.
    fn places(&self, whole: &Self, rooms: &[String]) -> Vec<Option<u32>> {
        let at: BTreeMap<&str, u32> = self
            .network
            .spaces
            .iter()
            .map(String::as_str)
            .zip(0..)
            .collect();
        let holds =
            |p: Point, z: f64, cell: &Cell| cell.contains(p) && (cell.z_m.0 - z).abs() < 1.0;
        let place = |room: &String| {
            if let Some(own) = at.get(room.as_str()) {
                return Some(*own);
            }
            let cell = whole.outlines.get(room)?;
            let middle = cell.inside_point()?;
            let found = self
                .outlines
                .iter()
                .find(|(key, c)| key.starts_with("room:") && holds(middle, cell.z_m.0, c));
            at.get(found?.0.as_str()).copied()
        };
        rooms.iter().map(place).collect()
    }

    /// What the file says and nothing else.
    fn drawn(&self) -> Graph {
        self.changed(|p, is_inferred| {
            if is_inferred {
                0.0
            } else {
                f64::from(u8::from(p >= 0.5))
            }
        })
    }

    /// The deliberately wrong model.
    fn wrong(&self) -> Graph {
        self.changed(|p, is_inferred| {
            if is_inferred {
                1.0 - (1.0 - p).powi(TOO_HIGH)
            } else {
                p
            }
        })
    }

    fn changed(&self, to: impl Fn(f64, bool) -> f64) -> Graph {
        let network = &self.network;
        let mut spaces = network.graph.spaces().to_vec();
        for (space, record) in spaces.iter_mut().zip(&network.space_records) {
            let p = space.exists.probability().unwrap_or(0.0);
            space.exists = Belief::Known(to(p, record.is_inferred));
        }
        let mut portals = network.graph.portals().to_vec();
        for (portal, record) in portals.iter_mut().zip(&network.portal_records) {
            let p = portal.exists.probability().unwrap_or(0.0);
            portal.exists = Belief::Known(to(p, record.is_inferred));
        }
        Graph::new(spaces, portals)
    }

    /// Everything drawn, every inferred room, and a door wherever two of them share a wall.
    fn all_doors(&self) -> Graph {
        let graph = self.changed(|_, is_inferred| f64::from(u8::from(!is_inferred)));
        let mut spaces = graph.spaces().to_vec();
        for space in &mut spaces {
            space.exists = Belief::CERTAIN;
        }
        let mut portals = graph.portals().to_vec();
        let (mut cells, mut place) = (Vec::new(), Vec::new());
        for (i, key) in self.network.spaces.iter().enumerate() {
            if let Some(cell) = self.outlines.get(key) {
                cells.push(cell.clone());
                place.push(SpaceIndex(i as u32));
            }
        }
        for shared in Plan::new(&cells, &[]).neighbours().shared {
            portals.push(Portal {
                spaces: vec![place[shared.cells.0], place[shared.cells.1]],
                exists: Belief::CERTAIN,
                passable: Belief::CERTAIN,
                ..Portal::default()
            });
        }
        Graph::new(spaces, portals)
    }
}

/// Asks everybody about some rooms: as the building stands, and with one busy space on fire. Only
/// spaces that the model has as one of their own can be said to burn.
fn asked(so: &Building, whole: &Read, left: &Read, rng: &mut Rng) -> Vec<Answer> {
    let places = left.places(whole, &so.rooms);
    let graphs = [
        left.network.graph.clone(),
        left.drawn(),
        left.all_doors(),
        left.wrong(),
    ];
    let stated: BTreeSet<&str> = left.network.spaces.iter().map(String::as_str).collect();
    let is_own = |room: &&usize| {
        let same = places.iter().filter(|p| **p == places[**room]);
        places[**room].is_some() && same.count() == 1
    };
    let busy: Vec<usize> = so.busy.iter().filter(is_own).copied().collect();
    let mut burning: Vec<Option<usize>> = vec![None];
    if !busy.is_empty() {
        burning.extend((0..FIRES).map(|_| Some(busy[rng.index(busy.len())])));
    }
    let mut answers = Vec::new();
    for burning in burning {
        let truth = so.connected(burning);
        let fire = burning.and_then(|b| places[b]).map(SpaceIndex);
        let options = ConnectivityOptions {
            avoid_spaces: fire.into_iter().collect(),
            ..ConnectivityOptions::default()
        };
        let said = graphs.each_ref().map(|g| g.connections(&options));
        let rooms = if burning.is_some() {
            ROOMS_PER_FIRE
        } else {
            ROOMS_WITHOUT_FIRE
        };
        for room in rng.sample(so.rooms.len(), rooms.min(so.rooms.len())) {
            // From where it burns one can still run.
            if Some(room) == burning {
                continue;
            }
            let by = |k: usize, otherwise: f64| {
                places[room].map_or(otherwise, |p| said[k][p as usize].likely)
            };
            answers.push(Answer {
                ours: by(0, NO_TRACE),
                drawn: by(1, 0.0),
                all_doors: by(2, 0.0),
                wrong: by(3, NO_TRACE),
                so: truth[room],
                burning: burning.is_some(),
                in_file: stated.contains(so.rooms[room].as_str()),
            });
        }
    }
    answers
}

/// The rows of one set of answers.
fn marked(what: &str, doors: f64, answers: &[Answer]) -> Vec<Row> {
    let what = format!(
        "{what}, {:.0} % of doors and half the rooms deleted",
        doors * 100.0
    );
    let inputs = hash_all(
        answers
            .iter()
            .map(|a| (a.drawn.to_bits(), a.all_doors.to_bits(), a.so)),
    );
    vec![
        brier_row(&what, answers).on(inputs.clone()),
        reliability_row(&what, answers).on(inputs),
    ]
}

fn brier_row(what: &str, answers: &[Answer]) -> Row {
    let of = |p: fn(&Answer) -> f64, keep: fn(&Answer) -> bool| {
        let kept = answers.iter().filter(|a| keep(a));
        brier(&kept.map(|a| (p(a), a.so)).collect::<Vec<Forecast>>())
    };
    let all = |keep: fn(&Answer) -> bool| {
        [
            of(|a| a.ours, keep),
            of(|a| a.drawn, keep),
            of(|a| a.all_doors, keep),
            of(|a| a.wrong, keep),
        ]
    };
    let [ours, drawn, all_doors, wrong] = all(|_| true);
    let detail = |name: &str, keep: fn(&Answer) -> bool| {
        let [ours, drawn, all_doors, wrong] = all(keep);
        let kept: Vec<&Answer> = answers.iter().filter(|a| keep(a)).collect();
        let share = kept.iter().filter(|a| a.so).count() as f64 / kept.len() as f64;
        format!(
            "{name}: {ours:.4} of {}, {:.1} % truly connected (as drawn {drawn:.4}, all doors exist {all_doors:.4}, rates too high {wrong:.4})",
            kept.len(),
            100.0 * share
        )
    };
    Row::new(format!("Brier score of a way out: {what}"))
        .shown(answers.len(), format!("{ours:.4}"))
        .held_to(
            "below as drawn and all doors exist",
            ours < drawn && ours < all_doors,
        )
        .beside(format!(
            "as drawn {drawn:.4}, all doors exist {all_doors:.4}, rates {TOO_HIGH} times too high {wrong:.4}"
        ))
        .detail(detail("as the building stands", |a| !a.burning))
        .detail(detail("with one busy space on fire", |a| a.burning))
        .detail(detail("rooms that the file has", |a| a.in_file))
}

fn reliability_row(what: &str, answers: &[Answer]) -> Row {
    let ours: Vec<Forecast> = answers.iter().map(|a| (a.ours, a.so)).collect();
    let bins = bins(&ours);
    let right = bins.iter().filter(|b| b.is_right()).count();
    Row::new(format!("reliability of the same: {what}"))
        .shown(
            ours.len(),
            format!("{right} of {} bins inside their bands", bins.len()),
        )
        .held_to("all inside", bins.iter().all(Bin::is_right))
        .detail(listed(&bins))
}

/// Files made by others. What is so is what the whole file says: its doors were checked against
/// the boundaries that the authoring tools wrote.
fn real(data: &Path, names: &[&str], seed: u64) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut texts = Vec::new();
    for name in names {
        let path = data.join("space/ifc").join(name);
        if let Ok(bytes) = std::fs::read(&path) {
            texts.push((*name, String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    for doors in DOORS {
        let what = names.join(" and ");
        let mut answers = Vec::new();
        for (name, text) in &texts {
            let whole = Read::of(text);
            let so = believed(&whole);
            let step = Step::read(text);
            let all_doors = step.global_ids(&["IFCDOOR", "IFCDOORSTANDARDCASE"]);
            let all_spaces = step.global_ids(&["IFCSPACE"]);
            for k in 0..BUILDINGS / 2 {
                let mut rng = Rng::of(seed * BUILDINGS + k, name);
                let mut gone = BTreeSet::new();
                for (all, share) in [(&all_doors, doors), (&all_spaces, SPACES)] {
                    let count = (all.len() as f64 * share).round() as usize;
                    gone.extend(
                        rng.sample(all.len(), count)
                            .into_iter()
                            .map(|i| all[i].clone()),
                    );
                }
                let left = Read::of(&step.without(&gone));
                answers.extend(asked(&so, &whole, &left, &mut rng));
            }
        }
        if answers.is_empty() {
            rows.push(Row::new(format!("a way out: {what}")).lacking("the files are not there"));
        } else {
            rows.extend(marked(&what, doors, &answers));
        }
    }
    rows
}

/// What the whole file says, taken as true.
fn believed(whole: &Read) -> Building {
    let network = &whole.network;
    let stated = network
        .space_records
        .iter()
        .filter(|r| !r.is_inferred)
        .count();
    let mut building = Building::new(network.spaces[..stated].to_vec());
    let graph = whole.drawn();
    for portal in graph.portals() {
        let is_there = portal.exists == Belief::CERTAIN;
        let is_lift = portal.kind == twin_space::PortalKind::LiftLink;
        let ends: Vec<usize> = portal.spaces.iter().map(|s| s.0 as usize).collect();
        if is_there && !is_lift && ends.iter().all(|e| *e < stated) {
            building.join(&ends, portal.is_exit());
        }
    }
    let kinds = graph.spaces()[..stated].iter().enumerate();
    let busy = kinds.filter(|(_, s)| {
        matches!(
            s.kind,
            twin_space::SpaceKind::Corridor | twin_space::SpaceKind::Stair
        )
    });
    building.busy = busy.map(|(i, _)| i).collect();
    building
}
