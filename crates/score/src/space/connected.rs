//! Doors and rooms deleted from a building's file: who is connected to an exit?
//!
//! From a generated building doors and half the rooms are deleted, and of every room it is asked
//! whether people in it can get out: as the building stands, and with one corridor, lobby or
//! stair on fire. What the importer concludes from the file that is left is held against the
//! building as it is, beside two simple answers: what is drawn is all there is, and there is a
//! door wherever two rooms share a wall. The same with files made by others, where the whole file
//! says what is so.
//!
//! A room that a file has lost without a trace cannot be asked about by name. Who asks all the same
//! is told of its storey: what the rooms there that the file does have are believed to be on
//! average. (Until then this program put in a constant 0.9, also where it burned.)
//!
//! Rooms of one building hang on the same doors, so that what is said of them is right or wrong
//! together. The bands count them together, as the model itself draws them: buildings are
//! independent, their rooms are not. The bands of independent rooms stand beside them.
//!
//! Rates and priors were set on the published houses and generated buildings of seeds 1 to 50;
//! the rows use other seeds and other files.

use super::left::{Read, TOO_HIGH};
use super::reach::Building;
use super::reliability::{Bin, Forecast, bins, bins_with, brier, listed};
use super::strip::Step;
use crate::row::{Row, hash_all};
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use twin_scenario::building::{self as scenario, Building as Scenario};
use twin_scenario::defects::{self, Defects};
use twin_scenario::rng::Rng;
use twin_scenario::truth::Truth;
use twin_space::{Belief, ConnectivityOptions, SpaceIndex, SpaceKind};

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
#[derive(Debug, Clone)]
struct Answer {
    ours: f64,
    /// By building that the model draws, how far the room is connected there.
    worlds: Vec<f32>,
    /// Which building and deletion it belongs to.
    unit: u64,
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
            answers.extend(one_generated(&building, doors, seed, &mut rng)?);
        }
        rows.extend(marked(&format!("generated {make}"), doors, &answers));
    }
    Ok(rows)
}

fn one_generated(building: &Scenario, doors: f64, seed: u64, rng: &mut Rng) -> Result<Vec<Answer>> {
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
    Ok(asked(&so, &whole, &left, seed, rng))
}

/// What is said of a room without a trace in a file that has no room at all.
const NO_TRACE: f64 = 0.9;

/// Asks everybody about some rooms: as the building stands, and with one busy space on fire. Only
/// spaces that the model has as one of their own can be said to burn.
fn asked(so: &Building, whole: &Read, left: &Read, unit: u64, rng: &mut Rng) -> Vec<Answer> {
    let places = left.places(whole, &so.rooms);
    let tellers = left.tellers(whole, so, &places);
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
        let drawn = graphs[0].connected_in(&options);
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
            let by = |k: usize| places[room].map_or(0.0, |p| said[k][p as usize].likely);
            // Of a burning room nothing follows for others.
            let tell = tellers[room].iter().copied();
            let tell: Vec<u32> = match places[room] {
                Some(_) => tell.collect(),
                None => tell.filter(|t| Some(SpaceIndex(*t)) != fire).collect(),
            };
            answers.push(Answer {
                ours: mean(&tell, |t| said[0][t].likely),
                worlds: together(&tell, &drawn),
                unit,
                drawn: by(1),
                all_doors: by(2),
                wrong: mean(&tell, |t| said[3][t].likely),
                so: truth[room],
                burning: burning.is_some(),
                in_file: stated.contains(so.rooms[room].as_str()),
            });
        }
    }
    answers
}

fn mean(rooms: &[u32], said: impl Fn(usize) -> f64) -> f64 {
    if rooms.is_empty() {
        return NO_TRACE;
    }
    let total: f64 = rooms.iter().map(|r| said(*r as usize)).sum();
    total / rooms.len() as f64
}

/// By drawn building, the share of some rooms that are connected there.
fn together(rooms: &[u32], drawn: &[Vec<u64>]) -> Vec<f32> {
    let words = drawn.first().map_or(0, Vec::len);
    let share = |k: usize| {
        let is_out = |room: u32| drawn[room as usize][k / 64] >> (k % 64) & 1 == 1;
        mean(rooms, |room| f64::from(u8::from(is_out(room as u32)))) as f32
    };
    (0..64 * words).map(share).collect()
}

/// The standard deviation of how many of some answers come true, if the model is right: those
/// of one building in the same drawn building, and by chance where only a share is said.
fn spread_together(answers: &[&Answer]) -> f64 {
    let mut units: BTreeMap<u64, Vec<&Answer>> = BTreeMap::new();
    for answer in answers {
        units.entry(answer.unit).or_default().push(answer);
    }
    let variance = |unit: &Vec<&Answer>| {
        let count = unit[0].worlds.len().max(1) as f64;
        let (mut sum, mut square, mut chance) = (0.0, 0.0, 0.0);
        for k in 0..unit[0].worlds.len() {
            let shares = unit.iter().map(|a| f64::from(a.worlds[k]));
            let true_ones: f64 = shares.clone().sum();
            sum += true_ones;
            square += true_ones * true_ones;
            chance += shares.map(|s| s * (1.0 - s)).sum::<f64>();
        }
        (square - sum * sum / count + chance) / count
    };
    units.values().map(variance).sum::<f64>().max(0.0).sqrt()
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
    let together = |at: &[usize]| {
        let bin: Vec<&Answer> = at.iter().map(|&i| &answers[i]).collect();
        spread_together(&bin)
    };
    let count = |bins: &[Bin]| {
        let right = bins.iter().filter(|b| b.is_right()).count();
        format!("{right} of {} bins inside their bands", bins.len())
    };
    let (bins, alone) = (bins_with(&ours, together), bins(&ours));
    Row::new(format!("reliability of the same: {what}"))
        .shown(ours.len(), count(&bins))
        .held_to("all inside", bins.iter().all(Bin::is_right))
        .beside(format!("as if rooms were independent: {}", count(&alone)))
        .detail(listed(&bins))
        .detail(format!("as if independent: {}", listed(&alone)))
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
        for ((name, text), file) in texts.iter().zip(0..) {
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
                let unit = file * BUILDINGS + k;
                answers.extend(asked(&so, &whole, &left, unit, &mut rng));
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
    let busy = kinds.filter(|(_, s)| matches!(s.kind, SpaceKind::Corridor | SpaceKind::Stair));
    building.busy = busy.map(|(i, _)| i).collect();
    building
}
