//! Which street an exit leads to, held against the street of its building's address.
//!
//! In real towns nobody has written down where doors lead, but houses bear the name of the street
//! that they are entered from. So the door is looked for somewhere in the walls, without the
//! address, and the streets that it may lead to are held against the name. A path without a name
//! counts as the named street that is first met along it. What is stated was calibrated on the
//! north of the country and is held against the south. Beside it stands the plain answer "the nearest street".

use super::reliability::{Bin, Forecast, bins, brier, listed};
use super::said::{Map, Street};
use crate::row::{Row, hash};
use std::collections::BTreeMap;
use std::path::Path;
use twin_space::anchor::{Exit, Reach, Surroundings};
use twin_space::earth::{Frame, distance_m};
use twin_space::streets::Streets;

const FILE: &str = "liechtenstein-latest.osm.pbf";
/// The weights were fitted to the houses north of this latitude, in degrees; the others are held.
const FITTED_NORTH_OF_DEG: f64 = 47.125;
/// Rounds in which names spread along paths without one; longer chains of paths keep none.
const ROUNDS: usize = 100;
/// How far the nearest street may be, in metres, as for the exits.
const RADIUS_M: f64 = 80.0;

/// Two rows for the houses that the weights have not seen, two for those that they have.
pub(crate) fn measure(data: &Path) -> Vec<Row> {
    let Ok(bytes) = std::fs::read(data.join("space/osm").join(FILE)) else {
        let row = Row::new("exits to the street of their address, Liechtenstein");
        return vec![row.lacking("the file is not there")];
    };
    let map = Map::read(&bytes);
    let [seen, held] = look(&map);
    let inputs = hash(&bytes);
    let held = rows("south", &held).into_iter();
    let seen = rows("north, to which the weights were fitted", &seen);
    held.chain(seen).map(|row| row.on(inputs.clone())).collect()
}

/// Of some houses, what was right and what was stated.
#[derive(Default)]
struct Found {
    houses: usize,
    right: usize,
    nearest_right: usize,
    forecasts: Vec<Forecast>,
}

/// The houses of the north and those of the south.
fn look(map: &Map) -> [Found; 2] {
    let walkable: Vec<&Street> = map.streets.iter().filter(|s| s.walkable).collect();
    let names = names(&walkable);
    let streets = Streets::new(&map.segments());
    let around = Surroundings::new(map.outlines.clone(), map.entrances.clone());
    let mut found: [Found; 2] = Default::default();
    for (rings, address) in &map.addressed {
        let Some(exit) = somewhere_in(rings) else {
            continue;
        };
        let Some(nearest) = streets.nearest(exit.at, RADIUS_M, 1).first().copied() else {
            continue;
        };
        let is_named = |name: &str| {
            let rest = address.strip_prefix(name);
            !name.is_empty() && rest.is_some_and(|r| r.starts_with(' '))
        };
        let answer = around.candidates(&exit, &streets, &Reach::default());
        let mut given: BTreeMap<&str, f64> = BTreeMap::new();
        for candidate in &answer.candidates {
            *given
                .entry(names[candidate.segment.0 as usize])
                .or_default() += candidate.probability;
        }
        let best = given.iter().max_by(|a, b| a.1.total_cmp(b.1));
        let half = &mut found[usize::from(exit.at[1] < FITTED_NORTH_OF_DEG)];
        half.houses += 1;
        half.right += usize::from(best.is_some_and(|b| is_named(b.0)));
        half.nearest_right += usize::from(is_named(names[nearest.segment.0 as usize]));
        // Where the street is not among them, "none of these" is right.
        let is_none = !given.keys().any(|n| is_named(n));
        half.forecasts.push((answer.none, is_none));
        let named = given.iter().map(|(name, p)| (*p, is_named(name)));
        half.forecasts.extend(named);
    }
    found
}

fn rows(part: &str, found: &Found) -> [Row; 2] {
    let share = |count: usize| count as f64 / found.houses.max(1) as f64;
    let (ours, nearest) = (share(found.right), share(found.nearest_right));
    let bins = bins(&found.forecasts);
    let inside = bins.iter().filter(|b| b.is_right()).count();
    let score = brier(&found.forecasts);
    [
        Row::new(format!(
            "exits to the street of their address, Liechtenstein's {part}"
        ))
        .shown(found.houses, format!("the likeliest is right {ours:.3}"))
        .held_to("more often than the nearest street", ours > nearest)
        .beside(format!("the nearest street {nearest:.3}")),
        Row::new(format!("probabilities of the same, Liechtenstein's {part}"))
            .shown(
                found.forecasts.len(),
                format!(
                    "{inside} of {} bins inside their bands, Brier {score:.4}",
                    bins.len()
                ),
            )
            .held_to("all inside", bins.iter().all(Bin::is_right))
            .detail(listed(&bins)),
    ]
}

/// A door that is in some wall of a building, nobody knows in which.
fn somewhere_in(rings: &[Vec<[f64; 2]>]) -> Option<Exit> {
    let ring = rings.first().filter(|r| r.len() > 2)?;
    let n = ring.len() as f64;
    let sum = ring
        .iter()
        .fold([0.0; 2], |s, p| [s[0] + p[0], s[1] + p[1]]);
    let at = sum.map(|x| x / n);
    let frame = Frame {
        latitude_deg: at[1],
        longitude_deg: at[0],
        rotation_deg: 0.0,
    };
    let square = |p: &[f64; 2]| frame.to_plan(*p).iter().map(|x| x * x).sum::<f64>();
    let uncertainty_m = (ring.iter().map(square).sum::<f64>() / n / 2.0).sqrt();
    Some(Exit {
        at,
        uncertainty_m,
        outward: None,
    })
}

/// For each street its name, or the name of the street first met along it.
fn names<'s>(streets: &[&'s Street]) -> Vec<&'s str> {
    let mut at: BTreeMap<&str, (f64, &'s str)> = BTreeMap::new();
    for street in streets.iter().filter(|s| !s.name.is_empty()) {
        for end in street.ends().into_iter().flatten() {
            at.entry(end).or_insert((0.0, &street.name));
        }
    }
    for _ in 0..ROUNDS {
        let mut is_settled = true;
        for street in streets.iter().filter(|s| s.name.is_empty()) {
            let pieces = street.course.windows(2);
            let length_m: f64 = pieces.map(|w| distance_m(w[0], w[1])).sum();
            let Some([a, b]) = street.ends() else {
                continue;
            };
            for (from, to) in [(a, b), (b, a)] {
                if let Some(&(far_m, name)) = at.get(from) {
                    let known = at.entry(to).or_insert((f64::INFINITY, name));
                    if far_m + length_m < known.0 {
                        *known = (far_m + length_m, name);
                        is_settled = false;
                    }
                }
            }
        }
        if is_settled {
            break;
        }
    }
    let first = |street: &&'s Street| {
        let ends = street.ends().into_iter().flatten();
        let met = ends.filter_map(|e| at.get(e));
        let nearest = met.min_by(|x, y| x.0.total_cmp(&y.0));
        match street.name.as_str() {
            "" => nearest.map_or("", |n| n.1),
            own => own,
        }
    };
    streets.iter().map(first).collect()
}
