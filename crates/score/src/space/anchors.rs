//! Which street an exit leads to, held against generated towns that know it.
//!
//! The tower's exits are placed as a matched building is: some metres off, and the map itself is
//! off by some. Each seed is another town; asked with the entrances and paths that the map shows,
//! and without them. Beside it stands the plain answer "the nearest street".

use super::said::{Map, Street};
use crate::row::{Row, hash};
use anyhow::Result;
use twin_scenario::district::{District, Options};
use twin_scenario::rng::Rng;
use twin_space::anchor::{Candidates, Exit, Reach, Surroundings};
use twin_space::earth::{Frame, distance_m};
use twin_space::streets::{SegmentIndex, StreetKind, Streets};

const TOWNS: u64 = 24;
/// How far exits are off, and say that they are: standard deviation in each direction.
const OFF_M: f64 = 2.0;
/// Stated probabilities are held against what was so in this many classes.
const CLASSES: usize = 5;

/// Of how many exits what was right, and what was stated of it.
#[derive(Default)]
struct Found {
    exits: usize,
    first_right: usize,
    nearest_right: usize,
    /// The probability of each first answer, and whether it was right.
    stated: Vec<(f64, bool)>,
    /// The sum of what was given to right streets.
    given_to_right: f64,
}

/// Two rows: with the entrances that the map shows and without.
pub(crate) fn measure(seed: u64) -> Result<Vec<Row>> {
    let mut with = Found::default();
    let mut without = Found::default();
    let mut inputs = String::new();
    for town in 0..TOWNS {
        let options = Options {
            // Not the towns on which the weights were looked at.
            seed: 500_000 + seed * 1000 + town,
            buildings: 60,
            street_edges: 200,
            tower_storeys: 6,
            ..Options::default()
        };
        let district = District::generate(&options)?;
        inputs.push_str(&district.osm);
        let mut map = Map::read(district.osm.as_bytes());
        let truth = &district.truth;
        look(&mut with, &map, truth, seed ^ town);
        let paths: Vec<&String> = truth.exits.iter().filter_map(|e| e.path.as_ref()).collect();
        map.entrances.clear();
        map.streets.retain(|s| !paths.contains(&&s.way));
        look(&mut without, &map, truth, seed ^ town);
    }
    let inputs = hash(inputs.as_bytes());
    Ok(vec![
        row("exits to streets, entrances drawn", &with).on(inputs.clone()),
        row("exits to streets, no entrance drawn", &without).on(inputs),
    ])
}

fn look(found: &mut Found, map: &Map, truth: &twin_scenario::district::Truth, seed: u64) {
    let walkable: Vec<&Street> = map.streets.iter().filter(|s| s.walkable).collect();
    let streets = Streets::new(&map.segments());
    let around = Surroundings::new(map.outlines.clone(), map.entrances.clone());
    let mut chance = Rng::of(seed, "anchors");
    for exit in &truth.exits {
        let frame = Frame {
            latitude_deg: exit.position[1],
            longitude_deg: exit.position[0],
            rotation_deg: 0.0,
        };
        let off_m = [OFF_M * chance.normal(), OFF_M * chance.normal()];
        let asked = Exit {
            at: frame.to_earth(off_m),
            uncertainty_m: OFF_M,
            outward: None,
        };
        // Also a path of a neighbour leads there, if it joins that stretch.
        let stretch: Vec<&Street> = walkable
            .iter()
            .copied()
            .filter(|s| s.way == exit.street_way && lies_between(s, &exit.street_nodes, map))
            .collect();
        let joins = |street: &Street| {
            let ends = street.ends().unwrap_or_default();
            let stretch_ends = stretch.iter().filter_map(|s| s.ends());
            street.kind == StreetKind::Footway
                && stretch_ends.flatten().any(|end| ends.contains(&end))
        };
        let is_right = |segment: SegmentIndex| {
            let street = walkable[segment.0 as usize];
            stretch.iter().any(|s| std::ptr::eq(*s, street)) || joins(street)
        };
        let answer = around.candidates(&asked, &streets, &Reach::default());
        let nearest = streets.nearest(asked.at, 200.0, 1);
        found.add(
            &answer,
            nearest.first().is_some_and(|n| is_right(n.segment)),
            is_right,
        );
    }
}

impl Found {
    fn add(&mut self, answer: &Candidates, nearest: bool, is_right: impl Fn(SegmentIndex) -> bool) {
        self.exits += 1;
        self.nearest_right += usize::from(nearest);
        if let Some(first) = answer.candidates.first() {
            let right = is_right(first.segment);
            self.first_right += usize::from(right);
            self.stated.push((first.probability, right));
        }
        let right = answer.candidates.iter().filter(|c| is_right(c.segment));
        self.given_to_right += right.map(|c| c.probability).sum::<f64>();
    }
}

/// Whether a segment is a part of the stretch between two junctions.
fn lies_between(street: &Street, ends: &[String; 2], map: &Map) -> bool {
    let place = |key: &str| {
        map.streets.iter().find_map(|s| match s.ends()? {
            [first, _] if first == key => s.course.first().copied(),
            [_, last] if last == key => s.course.last().copied(),
            _ => None,
        })
    };
    let (Some(a), Some(b)) = (place(&ends[0]), place(&ends[1])) else {
        return false;
    };
    let detour_m = |p: &[f64; 2]| distance_m(a, *p) + distance_m(*p, b) - distance_m(a, b);
    street.course.iter().all(|p| detour_m(p) < 2.0)
}

fn row(measure: &str, found: &Found) -> Row {
    let share = |right: usize| right as f64 / found.exits.max(1) as f64;
    let mut row = Row::new(measure)
        .shown(found.exits, format!("the first named is right {:.3}", share(found.first_right)))
        .beside(format!("the nearest street {:.3}", share(found.nearest_right)))
        .detail(format!(
            "{TOWNS} generated towns; exits {OFF_M} m off, the map up to 3 m; weights fitted to real houses, not to this generator"
        ));
    row = row.detail(format!(
        "probability given to streets that are right: {:.2} on average",
        found.given_to_right / found.exits.max(1) as f64
    ));
    for class in 0..CLASSES {
        let low = class as f64 / CLASSES as f64;
        let within = |s: &&(f64, bool)| ((s.0 * CLASSES as f64) as usize).min(CLASSES - 1) == class;
        let stated: Vec<&(f64, bool)> = found.stated.iter().filter(within).collect();
        let n = stated.len().max(1) as f64;
        let right = stated.iter().filter(|s| s.1).count() as f64 / n;
        let mean = stated.iter().map(|s| s.0).sum::<f64>() / n;
        row = row.detail(format!(
            "first stated at {low:.1} or more: n = {}, mean {mean:.2}, right {right:.2}",
            stated.len()
        ));
    }
    row
}
