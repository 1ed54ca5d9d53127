//! What the importer makes of a file, and what simpler minds would.

use super::reach::Building;
use std::collections::BTreeMap;
use twin_import::ifc::{self, Network};
use twin_import::{Facet, Mint, Options};
use twin_model::{Act, EntityId, EntityKind, Value};
use twin_space::plan::{Cell, Plan, Point, Polygon};
use twin_space::{Belief, Graph, Portal, SpaceIndex, SpaceKind};

/// How far the deliberately wrong model overrates doors that nobody drew.
pub(super) const TOO_HIGH: i32 = 10;

/// What the importer makes of a file.
pub(super) struct Read {
    pub(super) network: Network,
    outlines: BTreeMap<String, Cell>,
}

struct Urn;

impl Mint for Urn {
    fn mint(&mut self, _: EntityKind, external_id: &str) -> EntityId {
        EntityId::new(&format!("urn:{external_id}")).expect("keys are plain")
    }
}

impl Read {
    pub(super) fn of(text: &str) -> Self {
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
    pub(super) fn places(&self, whole: &Self, rooms: &[String]) -> Vec<Option<u32>> {
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

    /// The rooms that tell of each room of the whole file: itself, or those of its storey, or all.
    pub(super) fn tellers(
        &self,
        whole: &Self,
        so: &Building,
        places: &[Option<u32>],
    ) -> Vec<Vec<u32>> {
        let of_storey = |room: &String| -> Vec<u32> {
            let floor = whole.outlines.get(room).map(|cell| cell.z_m.0);
            let at = |key: &String| self.outlines.get(key).map(|cell| cell.z_m.0);
            let spaces = self.network.graph.spaces().iter();
            let rooms = self.network.spaces.iter().zip(spaces).zip(0..);
            let rooms: Vec<(Option<f64>, u32)> = rooms
                .filter(|((_, s), _)| !matches!(s.kind, SpaceKind::Shaft | SpaceKind::Outside))
                .map(|((key, _), i)| (at(key), i))
                .collect();
            let same = |r: &&(Option<f64>, u32)| {
                let heights = r.0.zip(floor);
                heights.is_some_and(|(a, b)| (a - b).abs() < 1.0)
            };
            let beside: Vec<u32> = rooms.iter().filter(same).map(|r| r.1).collect();
            if beside.is_empty() {
                rooms.into_iter().map(|r| r.1).collect()
            } else {
                beside
            }
        };
        let tellers = so.rooms.iter().zip(places);
        tellers
            .map(|(room, place)| place.map_or_else(|| of_storey(room), |own| vec![own]))
            .collect()
    }

    /// What the file says and nothing else.
    pub(super) fn drawn(&self) -> Graph {
        self.changed(|p, is_inferred| {
            if is_inferred {
                0.0
            } else {
                f64::from(u8::from(p >= 0.5))
            }
        })
    }

    /// The deliberately wrong model.
    pub(super) fn wrong(&self) -> Graph {
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
    pub(super) fn all_doors(&self) -> Graph {
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
