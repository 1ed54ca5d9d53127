//! Which building a piece of indoor mapping belongs to.

use super::{Piece, STOREY_M};
use crate::findings::Findings;
use crate::osm::buildings::Buildings;
use crate::osm::elements::{Elements, Key};
use crate::osm::rings::{Outline, Work};
use crate::osm::text::{Level, metres, storeys};
use crate::writer::{Writer, rounded, site_position};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use twin_model::{Code, EntityId, EntityKind, Finding};
use twin_space::earth::Frame;

/// Probability that a piece within an outline belongs to that building. A judgement.
const WITHIN: f64 = 0.95;
/// Probability that pieces which touch but have no outline around them are one building.
const TOUCHING: f64 = 0.8;

/// Corners of a room that are looked at.
const CORNERS_MAX: usize = 32;

/// A building with an inside.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) twin: EntityId,
    pub(super) key: String,
    /// Its number among the buildings, if it is one with an outline.
    pub(super) number: Option<u32>,
    pub(super) probability: f64,
    pub(super) method: &'static str,
    pub(super) frame: Frame,
    storey_m: f64,
    pub(super) storeys: BTreeMap<Level, EntityId>,
    /// What is not drawn of each storey.
    pub(super) rest: BTreeMap<Level, EntityId>,
    pub(super) spaces: Vec<usize>,
}

impl Host {
    pub(super) fn floor_m(&self, level: Level) -> f64 {
        f64::from(level.0) / 100.0 * self.storey_m
    }

    pub(super) fn plan_point(&self, place: [f64; 2]) -> [f64; 2] {
        self.frame.to_plan(place).map(rounded)
    }

    pub(super) fn plan(&self, outline: &Outline<'_>, elements: &Elements) -> twin_model::Polygon {
        let mut polygon = outline.polygon(elements);
        for point in polygon.rings.iter_mut().flatten() {
            *point = self.plan_point(*point);
        }
        polygon
    }
}

/// All buildings with an inside.
#[derive(Debug)]
pub(super) struct Hosts {
    pub(super) list: Vec<Host>,
    /// The host of each piece.
    pub(super) of_piece: Vec<usize>,
    /// The host that a building is.
    of_building: FxHashMap<u32, usize>,
}

impl Hosts {
    pub(super) fn find(
        elements: &Elements,
        buildings: &Buildings<'_>,
        pieces: &[Piece<'_>],
        work: &mut Work,
        writer: &mut Writer<'_>,
        findings: &mut Findings,
    ) -> Self {
        let mut hosts = Self {
            list: Vec::new(),
            of_piece: vec![usize::MAX; pieces.len()],
            of_building: FxHashMap::default(),
        };
        let mut loose = Vec::new();
        for (i, piece) in pieces.iter().enumerate() {
            // Of a bent room the centre can lie outside of it; then its corners tell.
            let corners = piece.outline.rings[0].iter().take(CORNERS_MAX);
            let corners = corners.map(|&node| elements.place(node).degrees());
            let mut places = std::iter::once(piece.centre).chain(corners);
            match places.find_map(|p| buildings.around(elements, p, work, findings)) {
                Some(number) => hosts.of_piece[i] = hosts.building(buildings, number),
                None => loose.push(i),
            }
        }
        for group in touching(pieces, &loose) {
            let host = hosts.site(&pieces[group[0]], writer, findings);
            for piece in group {
                hosts.of_piece[piece] = host;
            }
        }
        hosts
    }

    fn building(&mut self, buildings: &Buildings<'_>, number: u32) -> usize {
        if let Some(&host) = self.of_building.get(&number) {
            return host;
        }
        let building = &buildings.list[number as usize];
        let number_of = |key, read: fn(&str) -> _| building.outline.tags.get(key).and_then(read);
        let height = number_of(Key::Height, metres);
        let count = number_of(Key::BuildingLevels, storeys).filter(|&n| n >= 1.0);
        let stated = height.zip(count).map(|(height, count)| height / count);
        self.of_building.insert(number, self.list.len());
        self.list.push(Host {
            twin: building.twin.clone(),
            key: building.outline.key.clone(),
            number: Some(number),
            probability: WITHIN,
            method: "outline around it",
            frame: frame(building.centre),
            // Between a low attic and a hall; beyond it one of the two numbers is wrong.
            storey_m: stated
                .filter(|m| (2.2..=8.0).contains(m))
                .unwrap_or(STOREY_M),
            storeys: BTreeMap::new(),
            rest: BTreeMap::new(),
            spaces: Vec::new(),
        });
        self.list.len() - 1
    }

    /// A building that is not drawn itself.
    fn site(
        &mut self,
        first: &Piece<'_>,
        writer: &mut Writer<'_>,
        findings: &mut Findings,
    ) -> usize {
        let key = format!("site:{}", first.outline.key);
        let method = "indoor mapping that touches";
        let twin = writer.concluded_twin(EntityKind::Building, &key, TOUCHING, method);
        writer.conclude(
            &twin,
            "sitePosition",
            site_position(first.centre),
            1.0,
            method,
        );
        let message = "no outline of a building is around these rooms; they are taken as one";
        let finding = Finding::new(Code::OsmUnplaced, message).about(twin.clone());
        findings.add(finding.at_item(first.outline.id.as_str()));
        self.list.push(Host {
            twin,
            key,
            number: None,
            probability: TOUCHING,
            method,
            frame: frame(first.centre),
            storey_m: STOREY_M,
            storeys: BTreeMap::new(),
            rest: BTreeMap::new(),
            spaces: Vec::new(),
        });
        self.list.len() - 1
    }

    pub(super) fn of_building(&self, number: u32) -> Option<usize> {
        self.of_building.get(&number).copied()
    }

    pub(super) fn storeys(&self) -> u64 {
        self.list.iter().map(|h| h.storeys.len() as u64).sum()
    }
}

/// North of the plan is north on earth.
fn frame([longitude_deg, latitude_deg]: [f64; 2]) -> Frame {
    Frame {
        latitude_deg,
        longitude_deg,
        rotation_deg: 0.0,
    }
}

/// Pieces in groups that share points, each led by its first.
fn touching(pieces: &[Piece<'_>], loose: &[usize]) -> Vec<Vec<usize>> {
    // Union–find: each group is a tree whose root is its first piece (Tarjan 1975).
    let mut parent: Vec<usize> = (0..loose.len()).collect();
    let mut seen: FxHashMap<u32, usize> = FxHashMap::default();
    for (i, &piece) in loose.iter().enumerate() {
        for &node in pieces[piece].outline.rings.iter().flatten() {
            let other = *seen.entry(node).or_insert(i);
            let (a, b) = (root(&mut parent, i), root(&mut parent, other));
            parent[a.max(b)] = a.min(b);
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (i, &piece) in loose.iter().enumerate() {
        groups.entry(root(&mut parent, i)).or_default().push(piece);
    }
    groups.into_values().collect()
}

fn root(parent: &mut [usize], mut at: usize) -> usize {
    while parent[at] != at {
        parent[at] = parent[parent[at]];
        at = parent[at];
    }
    at
}
