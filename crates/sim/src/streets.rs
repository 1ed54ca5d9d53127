//! Streets of a real place, as far as vehicles drive on them.
//!
//! Read from an extract of OpenStreetMap. One-way streets are open in both directions:
//! vehicles on a call may pass.

use anyhow::{Context, Result, ensure};
use osmpbf::{Element, ElementReader};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::path::Path;

/// `highway` values on which a fire engine drives (OpenStreetMap wiki, Key:highway).
const DRIVEN: [&str; 15] = [
    "motorway",
    "motorway_link",
    "trunk",
    "trunk_link",
    "primary",
    "primary_link",
    "secondary",
    "secondary_link",
    "tertiary",
    "tertiary_link",
    "unclassified",
    "residential",
    "living_street",
    "service",
    "road",
];
/// Mean radius of the earth, metres (IUGG).
const EARTH_M: f64 = 6_371_008.8;

/// A connected net of streets; crossings by number.
#[derive(Debug)]
pub struct Streets {
    /// Where each crossing is, metres east and north of the first.
    pub places: Vec<(f64, f64)>,
    /// Neighbours of each crossing and how far they are, metres.
    ways: Vec<Vec<(usize, f64)>>,
}

impl Streets {
    /// Reads the streets of an extract; of nets that do not hang together the largest.
    pub fn read(path: &Path) -> Result<Self> {
        let reader = ElementReader::from_path(path)
            .with_context(|| format!("could not read `{}`", path.display()))?;
        let mut nodes: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
        let mut ways: Vec<Vec<i64>> = Vec::new();
        reader.for_each(|element| match element {
            Element::Node(node) => {
                nodes.insert(node.id(), (node.lat(), node.lon()));
            }
            Element::DenseNode(node) => {
                nodes.insert(node.id(), (node.lat(), node.lon()));
            }
            Element::Way(way) => {
                let is_driven = |(key, value)| key == "highway" && DRIVEN.contains(&value);
                if way.tags().any(is_driven) {
                    ways.push(way.refs().collect());
                }
            }
            Element::Relation(_) => {}
        })?;
        let streets = Self::build(&nodes, &ways).largest();
        ensure!(streets.places.len() > 100, "there are no streets in it");
        Ok(streets)
    }

    fn build(nodes: &BTreeMap<i64, (f64, f64)>, ways: &[Vec<i64>]) -> Self {
        let used: BTreeSet<i64> = ways.iter().flatten().copied().collect();
        let used: Vec<i64> = used
            .into_iter()
            .filter(|id| nodes.contains_key(id))
            .collect();
        let number: BTreeMap<i64, usize> = (0..).zip(&used).map(|(at, id)| (*id, at)).collect();
        let origin = used.first().map_or((0.0, 0.0), |id| nodes[id]);
        let places = used.iter().map(|id| metres(origin, nodes[id])).collect();
        let mut streets = Self {
            ways: vec![Vec::new(); used.len()],
            places,
        };
        for way in ways {
            let known: Vec<usize> = way
                .iter()
                .filter_map(|id| number.get(id).copied())
                .collect();
            for pair in known.windows(2) {
                streets.join(pair[0], pair[1]);
            }
        }
        streets
    }

    fn join(&mut self, a: usize, b: usize) {
        let (from, to) = (self.places[a], self.places[b]);
        let length = libm::hypot(to.0 - from.0, to.1 - from.1);
        self.ways[a].push((b, length));
        self.ways[b].push((a, length));
    }

    /// The largest part that hangs together.
    fn largest(self) -> Self {
        let mut part = vec![usize::MAX; self.places.len()];
        let mut sizes = Vec::new();
        for start in 0..self.places.len() {
            if part[start] != usize::MAX {
                continue;
            }
            let (mut todo, mut size) = (vec![start], 0);
            part[start] = sizes.len();
            while let Some(at) = todo.pop() {
                size += 1;
                for &(next, _) in &self.ways[at] {
                    if part[next] == usize::MAX {
                        part[next] = sizes.len();
                        todo.push(next);
                    }
                }
            }
            sizes.push(size);
        }
        let largest = (0..sizes.len()).max_by_key(|&i| sizes[i]).unwrap_or(0);
        let kept: Vec<usize> = (0..part.len()).filter(|&i| part[i] == largest).collect();
        let mut number = vec![usize::MAX; part.len()];
        for (new, &old) in kept.iter().enumerate() {
            number[old] = new;
        }
        let renumber = |old: &usize| {
            let ways = self.ways[*old].iter();
            ways.map(|&(to, length)| (number[to], length)).collect()
        };
        Self {
            places: kept.iter().map(|&old| self.places[old]).collect(),
            ways: kept.iter().map(renumber).collect(),
        }
    }

    /// The shortest way between two crossings (Dijkstra 1959).
    pub fn route(&self, from: usize, to: usize) -> Vec<usize> {
        let mut before = vec![usize::MAX; self.places.len()];
        let mut best = vec![f64::INFINITY; self.places.len()];
        best[from] = 0.0;
        // Lengths in millimetres order as whole numbers do.
        let mut queue = BinaryHeap::from([Reverse((0_u64, from))]);
        while let Some(Reverse((_, at))) = queue.pop() {
            if at == to {
                break;
            }
            for &(next, length) in &self.ways[at] {
                let total = best[at] + length;
                if total < best[next] {
                    best[next] = total;
                    before[next] = at;
                    queue.push(Reverse(((total * 1000.0) as u64, next)));
                }
            }
        }
        let mut route = vec![to];
        let mut at = to;
        while at != from && before[at] != usize::MAX {
            at = before[at];
            route.push(at);
        }
        route.reverse();
        route
    }
}

/// Metres east and north, on a plane that touches the earth at `origin`: within a country
/// of 25 km that is off by less than a metre in a thousand.
fn metres(origin: (f64, f64), place: (f64, f64)) -> (f64, f64) {
    let north = (place.0 - origin.0).to_radians() * EARTH_M;
    let east = (place.1 - origin.1).to_radians() * EARTH_M * libm::cos(origin.0.to_radians());
    (east, north)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A town of straight streets, so many crossings on each side, 100 m apart.
    pub(crate) fn chessboard(side: usize) -> Streets {
        let places =
            (0..side * side).map(|i| ((i % side) as f64 * 100.0, (i / side) as f64 * 100.0));
        let mut streets = Streets {
            places: places.collect(),
            ways: vec![Vec::new(); side * side],
        };
        for i in 0..side * side {
            if i % side + 1 < side {
                streets.join(i, i + 1);
            }
            if i + side < side * side {
                streets.join(i, i + side);
            }
        }
        streets
    }

    #[test]
    fn routes_are_shortest() {
        let town = chessboard(9);
        let route = town.route(0, 80);
        assert_eq!(route.len(), 17, "eight blocks east, eight north: {route:?}");
        assert_eq!((route[0], route[16]), (0, 80));
        assert_eq!(town.route(7, 7), [7]);
    }

    #[test]
    fn of_parts_the_largest_is_kept() {
        let mut town = chessboard(3);
        town.places.push((9e3, 9e3));
        town.ways.push(Vec::new());
        assert_eq!(town.largest().places.len(), 9);
    }
}
