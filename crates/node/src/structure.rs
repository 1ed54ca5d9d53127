//! What is where: which storeys a building has, which spaces and portals a storey.
//!
//! Worked out from the believed values of the attributes that say so (`type`,
//! `partOf`, `elevation`), once per change of any such fact.

use crate::city::atlas::Atlas;
use crate::city::ways::City;
use crate::inference::Pattern;
use crate::picture::Picture;
use crate::points::PointTable;
use crate::routing::Plan;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use twin_model::{AttributeSpec, EntityKind, Value};

/// By building and attribute; `None` where nothing can be inferred.
type Patterns = BTreeMap<(u32, &'static str), Option<Arc<Pattern>>>;

/// The containment of things, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Structure {
    /// Buildings, in order of their URI.
    pub(crate) buildings: Vec<u32>,
    storeys: BTreeMap<u32, Vec<u32>>,
    spaces: BTreeMap<u32, Vec<u32>>,
    portals: BTreeMap<u32, Vec<u32>>,
    kinds: FxHashMap<u32, EntityKind>,
    part_of: FxHashMap<u32, u32>,
    /// Put together by the first message.
    points: OnceLock<PointTable>,
    /// Put together by the first who asks for a map.
    atlas: OnceLock<Atlas>,
    /// Put together by the first who asks for a way through the streets.
    city: OnceLock<City>,
    /// Put together by the first who asks for a route.
    plans: Mutex<BTreeMap<u32, Arc<Plan>>>,
    /// Put together by the first who asks what is inferred.
    patterns: Mutex<Patterns>,
}

impl Structure {
    pub(crate) fn of(picture: &Picture) -> Self {
        let mut structure = Self::default();
        for number in 0..picture.entities.len() as u32 {
            structure.place(picture, number);
        }
        structure.sort(picture);
        structure
    }

    /// Storeys of a building, lowest first.
    pub(crate) fn storeys(&self, building: u32) -> &[u32] {
        self.storeys.get(&building).map_or(&[], Vec::as_slice)
    }

    /// Spaces of a storey, or directly of a building, in order of their URI.
    pub(crate) fn spaces(&self, container: u32) -> &[u32] {
        self.spaces.get(&container).map_or(&[], Vec::as_slice)
    }

    /// Portals of a storey, or directly of a building, in order of their URI.
    pub(crate) fn portals(&self, container: u32) -> &[u32] {
        self.portals.get(&container).map_or(&[], Vec::as_slice)
    }

    /// Whether anything is known of the inside of a building.
    pub(crate) fn has_inside(&self, building: u32) -> bool {
        !self.storeys(building).is_empty() || !self.spaces(building).is_empty()
    }

    /// Everything that has a place on earth.
    pub(crate) fn atlas(&self, picture: &Picture) -> &Atlas {
        self.atlas.get_or_init(|| Atlas::of(picture, self))
    }

    /// Every point with what it tells of.
    pub(crate) fn points(&self, picture: &Picture) -> &PointTable {
        self.points.get_or_init(|| PointTable::of(picture, self))
    }

    /// Streets and the insides of buildings as one graph.
    pub(crate) fn city(&self, picture: &Picture) -> &City {
        self.city.get_or_init(|| City::of(picture))
    }

    /// The plan of a building for walking through it.
    pub(crate) fn plan(&self, picture: &Picture, building: u32) -> Arc<Plan> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        let plan = plans
            .entry(building)
            .or_insert_with(|| Arc::new(Plan::of(picture, building)));
        Arc::clone(plan)
    }

    /// How the spaces of a building hang together for an attribute that spreads.
    pub(crate) fn pattern(
        &self,
        picture: &Picture,
        building: u32,
        spec: &'static AttributeSpec,
    ) -> Option<Arc<Pattern>> {
        let plan = self.plan(picture, building);
        let mut patterns = self.patterns.lock().unwrap_or_else(PoisonError::into_inner);
        let pattern = patterns
            .entry((building, spec.name))
            .or_insert_with(|| Pattern::of(picture, &plan, spec).map(Arc::new));
        pattern.clone()
    }

    /// What sort of thing it is believed to be.
    pub(crate) fn kind(&self, number: u32) -> Option<EntityKind> {
        self.kinds.get(&number).copied()
    }

    /// The storey a space or portal belongs to; a storey belongs to itself.
    pub(crate) fn storey_of(&self, number: u32) -> Option<u32> {
        self.first_above(number, EntityKind::Storey)
    }

    /// The building a thing belongs to; a building belongs to itself.
    pub(crate) fn building_of(&self, number: u32) -> Option<u32> {
        self.first_above(number, EntityKind::Building)
    }

    /// Every space of a building, by storey from the lowest, then those of no storey.
    pub(crate) fn spaces_of_building(&self, building: u32) -> impl Iterator<Item = u32> {
        self.containers(building)
            .flat_map(|c| self.spaces(c).iter().copied())
    }

    /// Every portal of a building, by storey from the lowest, then those of no storey.
    pub(crate) fn portals_of_building(&self, building: u32) -> impl Iterator<Item = u32> {
        self.containers(building)
            .flat_map(|c| self.portals(c).iter().copied())
    }

    fn containers(&self, building: u32) -> impl Iterator<Item = u32> {
        self.storeys(building).iter().copied().chain([building])
    }

    /// What it is directly part of.
    pub(crate) fn container(&self, number: u32) -> Option<u32> {
        self.part_of.get(&number).copied()
    }

    /// Climbs `partOf`; bounded, because claims may form a circle.
    fn first_above(&self, number: u32, kind: EntityKind) -> Option<u32> {
        const LEVELS_MAX: usize = 8;
        let mut at = number;
        for _ in 0..LEVELS_MAX {
            if self.kind(at) == Some(kind) {
                return Some(at);
            }
            at = *self.part_of.get(&at)?;
        }
        None
    }

    fn place(&mut self, picture: &Picture, number: u32) {
        let value = |attribute| picture.value(number, attribute, picture.recorded);
        let Some(kind) = value("type")
            .as_ref()
            .and_then(Value::as_text)
            .and_then(EntityKind::parse)
        else {
            return;
        };
        self.kinds.insert(number, kind);
        let above = value("partOf")
            .as_ref()
            .and_then(Value::as_entity)
            .and_then(|id| picture.names.entities.find(id.as_str()));
        if let Some(above) = above {
            self.part_of.insert(number, above);
        }
        let list = match kind {
            EntityKind::Building => {
                self.buildings.push(number);
                return;
            }
            EntityKind::Storey => &mut self.storeys,
            EntityKind::Space => &mut self.spaces,
            EntityKind::Portal => &mut self.portals,
            EntityKind::Sensor | EntityKind::Street | EntityKind::Area | EntityKind::Thing => {
                return;
            }
        };
        if let Some(above) = above {
            list.entry(above).or_default().push(number);
        }
    }

    fn sort(&mut self, picture: &Picture) {
        let by_name = |list: &mut Vec<u32>| {
            list.sort_by_cached_key(|&number| picture.names.entities.name(number));
        };
        by_name(&mut self.buildings);
        let Self {
            storeys,
            spaces,
            portals,
            ..
        } = self;
        spaces
            .values_mut()
            .chain(portals.values_mut())
            .for_each(by_name);
        for list in storeys.values_mut() {
            by_name(list);
            let elevation = |&storey: &u32| {
                let value = picture.value(storey, "elevation", picture.recorded);
                // Storeys of unknown height stand above those whose height is known.
                value
                    .as_ref()
                    .and_then(Value::as_number)
                    .unwrap_or(f64::INFINITY)
            };
            list.sort_by(|a, b| elevation(a).total_cmp(&elevation(b)));
        }
    }
}
