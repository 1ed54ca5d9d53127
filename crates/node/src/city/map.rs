//! What a map shows: everything within a box, in as much detail as the scale bears.

use super::atlas::{Placed, plan_place};
use crate::error::Error;
use crate::reader::Reader;
use std::sync::Arc;
use twin_model::catalogue::Sensitivity;
use twin_model::{BatchId, EntityId, EntityKind, Polygon, Summary, Value};
use twin_policy::{self as policy, View};

pub use super::atlas::Shape;

/// Most features of one answer; beyond it the smallest are left out.
const FEATURES_MAX: usize = 50_000;
/// From this zoom on every path is shown; below it only what cars use.
const PATHS_ZOOM: u8 = 14;
/// From this zoom on buildings are shown.
const BUILDINGS_ZOOM: u8 = 13;
/// From this zoom on entrances are shown.
const ENTRANCES_ZOOM: u8 = 16;
/// Below this zoom only main roads are shown.
const STREETS_ZOOM: u8 = 12;

/// Streets that remain on a map of a region, in the words of OpenStreetMap.
const MAIN_ROADS: [&str; 5] = ["motorway", "trunk", "primary", "secondary", "tertiary"];
/// Ways that only people on foot and cycles use.
const PATHS: [&str; 8] = [
    "footway",
    "path",
    "steps",
    "cycleway",
    "corridor",
    "bridleway",
    "track",
    "elevator",
];

/// What is asked of the map.
#[derive(Debug, Clone)]
pub struct MapQuery {
    /// West, south, east, north, in degrees.
    pub bounds: [f64; 4],
    /// How much detail: the zoom level of web maps, 0 (the earth) to 22 (a room).
    pub zoom: u8,
    /// A storey whose rooms are shown, too.
    pub storey: Option<EntityId>,
}

/// On which layer something is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MapLayer {
    /// Land and water.
    Areas,
    /// Streets and paths.
    Streets,
    /// Buildings.
    Buildings,
    /// Rooms of the storey that was asked for.
    Storey,
    /// Entrances.
    Entrances,
}

/// One thing on the map.
#[derive(Debug, Clone)]
pub struct MapFeature {
    /// Its layer.
    pub layer: MapLayer,
    /// Its URI.
    pub id: EntityId,
    /// Its shape.
    pub shape: Shape,
    /// What it is called.
    pub name: Option<String>,
    /// What sort of street or land it is.
    pub kind: Option<String>,
    /// Whether people on foot may use it, where known.
    pub walkable: Option<bool>,
    /// Height in metres, where known.
    pub height_m: Option<f64>,
    /// Storeys above the ground, where known.
    pub storeys: Option<f64>,
    /// Of an entrance: its building.
    pub building: Option<EntityId>,
    /// Of a building: whether something is known of its inside.
    pub has_inside: bool,
    /// Of a room: what is known of its state.
    pub status: Option<Summary>,
    /// Of a room: whether smoke is more probable than not.
    pub has_smoke: bool,
}

/// Where there is something, and whom it is to be credited to.
#[derive(Debug, Clone)]
pub struct Overview {
    /// The box around everything: west, south, east, north.
    pub bounds: Option<[f64; 4]>,
    /// The data on the map.
    pub sources: Vec<MapSource>,
}

/// Data that has been imported.
#[derive(Debug, Clone)]
pub struct MapSource {
    /// Its import.
    pub batch: BatchId,
    /// Name of the file.
    pub name: String,
    /// Under which licence it may be used.
    pub licence: Option<String>,
    /// Whom it is to be credited to.
    pub attribution: Option<String>,
}

impl Reader {
    /// Where there is something, and whom it is to be credited to.
    pub fn overview(&self) -> Result<View<Overview>, Error> {
        self.may(&policy::Action::Read(Sensitivity::General))?;
        let atlas = self.picture.structure().atlas(&self.picture);
        let sources = self.current_imports().map(|import| MapSource {
            batch: import.batch,
            name: import.name.clone(),
            licence: import.licence.clone(),
            attribution: import.attribution.clone(),
        });
        Ok(self.release(Overview {
            bounds: atlas.bounds(),
            sources: sources.collect(),
        }))
    }

    /// What is within a box, in order of layer.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a box that is none; [`Error::NotFound`] for an unknown storey.
    pub fn map(&self, query: &MapQuery) -> Result<View<Vec<MapFeature>>, Error> {
        self.may(&policy::Action::Read(Sensitivity::General))?;
        let [west, south, east, north] = query.bounds;
        if !(west <= east && south <= north) {
            return Err(Error::Invalid(
                "a box is west, south, east, north in degrees".to_owned(),
            ));
        }
        let atlas = self.picture.structure().atlas(&self.picture);
        let placed = atlas.within(query.bounds).into_iter();
        let features = placed.filter_map(|placed| self.feature(placed, query.zoom));
        let mut features: Vec<MapFeature> = features.collect();
        if let Some(storey) = &query.storey {
            features.extend(self.rooms(storey)?);
        }
        if features.len() > FEATURES_MAX {
            features.sort_by(|a, b| size(&b.shape).total_cmp(&size(&a.shape)));
            features.truncate(FEATURES_MAX);
        }
        features.sort_by_key(|feature| feature.layer);
        Ok(self.release(features))
    }

    fn feature(&self, placed: &Placed, zoom: u8) -> Option<MapFeature> {
        let text = |name| {
            let estimate = self.estimate(placed.number, name);
            estimate.value().and_then(|v| Some(v.as_text()?.to_owned()))
        };
        let (layer, kind) = match placed.kind {
            EntityKind::Street => (MapLayer::Streets, text("streetKind")),
            EntityKind::Area => (MapLayer::Areas, text("landUse")),
            EntityKind::Building => (MapLayer::Buildings, None),
            EntityKind::Portal => (MapLayer::Entrances, None),
            _ => return None,
        };
        if !is_shown(layer, kind.as_deref(), zoom) {
            return None;
        }
        let number = |name| self.estimate(placed.number, name).value()?.as_number();
        let is_building = layer == MapLayer::Buildings;
        Some(MapFeature {
            layer,
            id: self.id(placed.number),
            shape: placed.shape.clone(),
            name: text("name"),
            kind,
            walkable: (layer == MapLayer::Streets)
                .then(|| {
                    self.estimate(placed.number, "walkable")
                        .value()?
                        .as_boolean()
                })
                .flatten(),
            height_m: is_building.then(|| number("buildingHeight")).flatten(),
            storeys: is_building.then(|| number("storeysAboveGround")).flatten(),
            building: (layer == MapLayer::Entrances)
                .then(|| self.picture.structure().container(placed.number))
                .flatten()
                .map(|building| self.id(building)),
            has_inside: is_building && self.picture.structure().has_inside(placed.number),
            status: None,
            has_smoke: false,
        })
    }

    /// The rooms of a storey where its building stands; none where nobody knows where that is.
    fn rooms(&self, storey: &EntityId) -> Result<Vec<MapFeature>, Error> {
        self.may(&policy::Action::Read(Sensitivity::Security))?;
        let number = self.find(storey, EntityKind::Storey)?;
        let structure = self.picture.structure();
        let building = structure.building_of(number);
        let Some(place) = building.and_then(|one| plan_place(&self.picture, one)) else {
            return Ok(Vec::new());
        };
        let rooms = structure.spaces(number).iter().filter_map(|&space| {
            let Value::Polygon(footprint) = self.estimate(space, "footprint").value()? else {
                return None;
            };
            let on_earth = |&point: &[f64; 2]| place.frame.to_earth(point);
            let rings = footprint
                .rings
                .iter()
                .map(|ring| ring.iter().map(on_earth).collect());
            let name = self.estimate(space, "name").value();
            Some(MapFeature {
                layer: MapLayer::Storey,
                id: self.id(space),
                shape: Shape::Polygon(Arc::new(Polygon {
                    rings: rings.collect(),
                })),
                name: name.and_then(|v| Some(v.as_text()?.to_owned())),
                kind: None,
                walkable: None,
                height_m: None,
                storeys: None,
                building: None,
                has_inside: false,
                status: Some(self.space_status(space)),
                has_smoke: self.smoke_is_probable(space),
            })
        });
        Ok(rooms.collect())
    }
}

fn is_shown(layer: MapLayer, kind: Option<&str>, zoom: u8) -> bool {
    let is_one_of = |list: &[&str]| kind.is_some_and(|kind| list.contains(&kind));
    match layer {
        MapLayer::Streets => {
            let base = kind.map(|kind| kind.trim_end_matches("_link"));
            let is_main = base.is_some_and(|kind| MAIN_ROADS.contains(&kind));
            zoom >= PATHS_ZOOM || is_main || (zoom >= STREETS_ZOOM && !is_one_of(&PATHS))
        }
        MapLayer::Buildings => zoom >= BUILDINGS_ZOOM,
        MapLayer::Entrances => zoom >= ENTRANCES_ZOOM,
        MapLayer::Areas | MapLayer::Storey => true,
    }
}

/// How much of the map it takes, in degrees.
fn size(shape: &Shape) -> f64 {
    let bounds = shape.bounds();
    bounds.map_or(0.0, |[x0, y0, x1, y1]| (x1 - x0) + (y1 - y0))
}
