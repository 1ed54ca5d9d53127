//! The tower's own model, as its owner has it: an IFC file, and where it stands.

use super::cityjson::TowerHeights;
use super::earth::rd_to_wgs84;
use super::plane::{self, Point};
use super::town::Town;
use super::{Options, Position, register_id};
use crate::Error;
use crate::building::{self, Axis, Building, Fill, Placement, Usage};
use crate::defects::{self, Defects};
use crate::ifc::{self, Address, Extras, Georeference, MapConversion};
use crate::rng::Rng;

/// A door of the tower that leads outside.
#[derive(Debug, Clone)]
pub(super) struct Exit {
    /// IFC GlobalId of the door.
    pub(super) door: String,
    /// `main`, `shop`, `emergency` or `garage`, as maps call entrances.
    pub(super) kind: &'static str,
    /// Where it is in the town.
    pub(super) at: Point,
    /// The stretch of street it leads to.
    pub(super) edge: usize,
}

/// The tower with its file and what is wrong with that.
pub(super) struct Drawn {
    pub(super) building: Building,
    pub(super) defects: Defects,
    pub(super) ifc: String,
    pub(super) exits: Vec<Exit>,
}

/// Where the template of a design program says that every building stands.
const TEMPLATE_SITE: Georeference = Georeference::Site {
    latitude_deg: 42.358_429,
    longitude_deg: -71.059_776,
    elevation_m: 0.0,
};

/// Draws the tower and writes its file.
pub(super) fn draw(town: &Town, options: &Options) -> Result<Drawn, Error> {
    let tower = building::Tower {
        storeys: options.tower_storeys,
        seed: options.seed,
    };
    let mut building = tower.build()?;
    let mut rng = Rng::of(options.seed, "tower file");
    building.placement = Placement {
        east_m: rng.whole(-300, 300) as f64 / 10.0,
        north_m: rng.whole(-300, 300) as f64 / 10.0,
        turn_deg: rng.whole(-40, 40) as f64 / 2.0,
    };
    let house = &town.houses[0];
    building.name = match house.name.filter(|_| options.names) {
        Some(name) => name.to_owned(),
        None => "Building".to_owned(),
    };
    let mut defects = Defects::choose(
        &building,
        defects::Options {
            drop_doors: options.drop_doors,
            drop_spaces: options.drop_spaces,
            ..defects::Options::default()
        },
    )?;
    defects.falsify(&building, options.falsify)?;
    let line = format!("{} {}", town.streets[house.street].name, house.number);
    let extras = Extras {
        plain: true,
        georeference: match options.position {
            Position::Map => Georeference::Map(conversion(town, &building, options, &mut rng)),
            Position::Template => TEMPLATE_SITE,
        },
        address: options.names.then(|| Address {
            line,
            town: town.name.to_owned(),
            postcode: house.postcode.clone(),
            country: "Nederland".into(),
        }),
        register_id: options.ids.then(|| register_id(options.seed, (0, 0))),
    };
    let format = ifc::Options {
        schema: ifc::Schema::Ifc4,
        unit: ifc::Unit::Millimetre,
        boundaries: false,
    };
    let ifc = ifc::write_with(&building, &defects, format, &extras);
    let exits = exits(town, &building);
    Ok(Drawn {
        building,
        defects,
        ifc,
        exits,
    })
}

/// How the file's axes truly lie on the national grid: where its origin is, and by how much its
/// x axis is turned anticlockwise from east.
pub(super) fn true_place(town: &Town, building: &Building) -> (Point, f64) {
    let Placement {
        east_m,
        north_m,
        turn_deg,
    } = building.placement;
    let turn_deg = town.turn_deg - turn_deg;
    let corner = town.to_rd(town.tower_at);
    let offset = plane::turned([east_m, north_m], [0.0, 0.0], turn_deg);
    ([corner[0] - offset[0], corner[1] - offset[1]], turn_deg)
}

/// What the file claims of it, which is off by up to the shift asked for, and a little turned.
fn conversion(town: &Town, building: &Building, options: &Options, rng: &mut Rng) -> MapConversion {
    let (origin, turn_deg) = true_place(town, building);
    let way = rng.between(0.0, 360.0);
    let off = plane::turned(
        [options.shift_m * rng.between(0.3, 0.9), 0.0],
        [0.0; 2],
        way,
    );
    let round = |value: f64| (value * 1000.0).round() / 1000.0;
    MapConversion {
        crs: "EPSG:28992",
        vertical_datum: "EPSG:5709",
        east_m: round(origin[0] + off[0]),
        north_m: round(origin[1] + off[1]),
        height_m: super::cityjson::GROUND_M,
        turn_deg: turn_deg + rng.between(-0.2, 0.2),
    }
}

fn exits(town: &Town, building: &Building) -> Vec<Exit> {
    let [south, north, west, east] = town.tower_edges();
    let mut exits = Vec::new();
    for hole in &building.holes {
        let (Fill::Door(door), None) = (&hole.fill, hole.between.1) else {
            continue;
        };
        let run = building.walls[hole.wall].run;
        let point = run.point(hole.lo + hole.width / 2);
        let local = [point.x as f64 / 1000.0, point.y as f64 / 1000.0];
        let kind = match building.spaces[hole.between.0].usage {
            Usage::Lobby => "main",
            Usage::Shop => "shop",
            Usage::Parking => "garage",
            _ => "emergency",
        };
        let edge = match run.axis {
            Axis::X if local[1] < 15.0 => south,
            Axis::X => north,
            Axis::Y if local[0] < 24.0 => west,
            Axis::Y => east,
        };
        exits.push(Exit {
            door: door.global_id.clone(),
            kind,
            at: [town.tower_at[0] + local[0], town.tower_at[1] + local[1]],
            edge,
        });
    }
    exits
}

/// The heights of podium and tower.
pub(super) fn heights(building: &Building) -> TowerHeights {
    let top_mm = |storey: &building::Storey| (storey.elevation + storey.height) as f64;
    let podium = building.storeys.iter().zip(&building.plates);
    let widest = building.plates[0];
    let podium_mm = podium.filter(|(_, plate)| **plate == widest);
    let podium_mm = podium_mm
        .map(|(storey, _)| top_mm(storey))
        .fold(0.0, f64::max);
    TowerHeights {
        podium_m: podium_mm / 1000.0,
        top_m: building.storeys.iter().map(top_mm).fold(0.0, f64::max) / 1000.0,
    }
}

/// Longitude and latitude in degrees of a point of the town.
pub(super) fn on_earth(town: &Town, point: Point) -> Point {
    let round = |value: f64| (value * 1e8).round() / 1e8;
    rd_to_wgs84(town.to_rd(point)).map(round)
}
