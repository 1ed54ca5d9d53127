//! Map tiles: what lies within one square of the map, as a browser draws it.
//!
//! A map is drawn from square pieces. At zoom 0 one square shows the whole world, and each
//! further zoom cuts every square into four. This module takes streets, houses and rooms
//! in degrees, keeps what lies in one square, leaves out detail that nobody could see at
//! that zoom, and packs the rest small.
//!
//! The format is Mapbox Vector Tile 2.1
//! (<https://github.com/mapbox/vector-tile-spec/tree/master/2.1>), squares are those of
//! Web Mercator (EPSG:3857), numbered from the north-west.
//!
//! **Invariant:** the same features give the same bytes; nothing here reads a clock, a
//! file or a twin.

mod message;
mod shape;

use message::LayerWriter;
use shape::{Drawn, Square};

/// Units along one side of a tile.
const EXTENT: u32 = 4096;
/// Drawn beyond the edge, so that lines do not end where two tiles meet: a tile is 512
/// pixels wide on screen, so this is 16 of them.
const BUFFER: u32 = 128;
/// From this zoom a unit is some centimetres on the ground, and nothing is left out.
const FULL_DETAIL_ZOOM: u8 = 17;
/// A quarter of a pixel, below full detail: nobody sees a line bent by less.
const TOLERANCE_UNITS: f64 = 2.0;
/// A quarter of a square pixel, below full detail: a house smaller than that is left out.
const AREA_MIN_UNITS2: f64 = 16.0;

/// Things of one sort, drawn in one way.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layer {
    pub(crate) name: &'static str,
    pub(crate) features: Vec<Feature>,
}

/// One thing on the map, and what is said of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Feature {
    pub(crate) geometry: Geometry,
    pub(crate) properties: Vec<(&'static str, Property)>,
}

/// Where it is; every point is `[longitude_deg, latitude_deg]` (WGS 84).
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Geometry {
    Point([f64; 2]),
    Line(Vec<[f64; 2]>),
    /// The outline, then its holes; either way round, closed or not.
    Polygon(Vec<Vec<[f64; 2]>>),
}

/// What can be said of a feature. What is not known is left out, never a default.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Property {
    Text(String),
    Number(f64),
    Count(u64),
    Truth(bool),
}

/// The tile of column `x` and row `y` at zoom `z`, both counted from the north-west.
/// Layers of which nothing lies in it are left out; an empty tile has no bytes.
pub(crate) fn encode(z: u8, x: u32, y: u32, layers: &[Layer]) -> Vec<u8> {
    let square = Square::new(z, x, y);
    let mut tile = Vec::new();
    for layer in layers {
        let mut writer = LayerWriter::new(layer.name);
        for feature in &layer.features {
            if let Some(drawn) = draw(&square, &feature.geometry) {
                writer.feature(&drawn, &feature.properties);
            }
        }
        writer.finish(&mut tile);
    }
    tile
}

/// West, south, east and north of all that is drawn in a tile, its buffer included: what
/// lies outside need not be given to [`encode`].
pub(crate) fn bounds_deg(z: u8, x: u32, y: u32) -> [f64; 4] {
    Square::new(z, x, y).bounds_deg()
}

/// A geometry in the units of the tile; `None` where nothing of it is to be seen.
fn draw(square: &Square, geometry: &Geometry) -> Option<Drawn> {
    match geometry {
        Geometry::Point(at) => square.point(*at),
        Geometry::Line(course) => square.line(course),
        Geometry::Polygon(rings) => square.polygon(rings),
    }
}

#[cfg(test)]
mod tests;
