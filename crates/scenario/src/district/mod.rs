//! A whole district as other people would send it: the owner's model of a tower, the
//! municipality's model of the town, the volunteers' map, and the tower's building automation.
//!
//! The four tell of one place and never agree. Outlines are simplified differently, positions
//! are off by some metres, heights are measured differently, some houses are missing or split
//! or joined to their neighbours, and around every house stand others that look like it. What is
//! really so, and which drawings are of one thing, is kept aside in [`Truth`].
//!
//! | module | holds |
//! |---|---|
//! | `town`, `houses`, `names` | what is really there |
//! | `sources` | how a surveyor draws it |
//! | `tower`, `cityjson`, `osm` | the three files |
//! | `points`, `contractors`, `messages` | the tower's sensors, their names, and what they send |
//! | `earth`, `plane` | national grid and globe; outlines on the ground |
//! | `truth` | what is one thing, what was left out or falsified, where exits lead |

mod cityjson;
mod contractors;
mod earth;
mod houses;
mod messages;
mod names;
mod osm;
mod plane;
mod points;
mod sources;
mod tower;
mod town;
mod truth;

pub use earth::rd_to_wgs84;
pub use points::Point;
pub use truth::{Decoy, ExitToStreet, Falsified, Identity, Missing, Pair, Place, Room, Truth};

use serde::Serialize;

use crate::Error;
use crate::rng::{Rng, mix};
use sources::Manner;

/// What the tower's file says of its place on earth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// A map conversion to the national grid, a little off.
    Map,
    /// Only the position that came with the design program's template, on another continent.
    Template,
}

/// Which district to make, and what to leave out or falsify.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools)] // Each is a switch of the command line.
pub struct Options {
    /// Decides everything else.
    pub seed: u64,
    /// How many buildings, the tower among them: 1 to 20,000.
    pub buildings: usize,
    /// The tower's storeys above ground, 6 to 99.
    pub tower_storeys: usize,
    /// About how many stretches of street there are, up to 120,000.
    pub street_edges: usize,
    /// The share of the tower's doors that its file lacks.
    pub drop_doors: f64,
    /// The share of the tower's spaces that its file lacks.
    pub drop_spaces: f64,
    /// The share of facts that a file states falsely.
    pub falsify: f64,
    /// By how much positions are off at most between the sources, in metres.
    pub shift_m: f64,
    /// Whether files give names and addresses.
    pub names: bool,
    /// Whether files give the identifiers of the public register.
    pub ids: bool,
    /// More twins, equal slabs, and a second tower.
    pub decoys: bool,
    /// What the tower's file says of its place on earth.
    pub position: Position,
    /// When the first message is sent, in microseconds since 1970.
    pub start_us: i64,
    /// For how long messages are sent: 10 minutes to a day. Each point speaks every 10 minutes.
    pub minutes: i64,
}

/// Monday 5 January 2026, 08:00 in UTC.
const MORNING_US: i64 = 1_767_600_000 * crate::time::SECOND_US;

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            buildings: 120,
            tower_storeys: 44,
            street_edges: 600,
            drop_doors: 0.0,
            drop_spaces: 0.0,
            falsify: 0.0,
            shift_m: 3.0,
            names: true,
            ids: true,
            decoys: false,
            position: Position::Map,
            start_us: MORNING_US,
            minutes: 30,
        }
    }
}

/// A district: its files, and the truth about it.
#[derive(Debug)]
pub struct District {
    /// The tower: IFC4.
    pub ifc: String,
    /// The town: CityJSON 2.0.
    pub cityjson: String,
    /// The streets: OpenStreetMap XML.
    pub osm: String,
    /// The points of the tower's building automation, as it lists them.
    pub points: String,
    /// What they send: one JSON object with `topic`, `payload` and `time` a line.
    pub messages: String,
    /// How much the files hold.
    pub counts: Counts,
    /// What is really so.
    pub truth: Truth,
}

/// How much the files hold.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Counts {
    /// Buildings in the city's model.
    pub city_buildings: usize,
    /// Buildings on the map.
    pub map_buildings: usize,
    /// Nodes of the map.
    pub nodes: usize,
    /// Ways of the map.
    pub ways: usize,
    /// Stretches of street between two junctions.
    pub street_edges: usize,
}

impl District {
    /// Makes the district that belongs to the options.
    pub fn generate(options: &Options) -> Result<Self, Error> {
        options.check()?;
        let town = town::Town::lay_out(options);
        let drawn = tower::draw(&town, options)?;
        let [city_manner, map_manner] = manners(options);
        let city = sources::draw(&town, options.seed, &city_manner);
        let map = sources::draw(&town, options.seed, &map_manner);
        let heights = tower::heights(&drawn.building);
        let city_file = cityjson::write(&town, &city, heights, options);
        let map_file = osm::write(&town, &map, &drawn.exits, map_manner.shift_m, options);

        let tower_truth = crate::truth::Truth::of(&drawn.building, &drawn.defects);
        let drawings = truth::Drawings {
            city: &city,
            city_ids: &city_file.ids,
            map: &map,
            map_ids: &map_file.buildings,
        };
        let ifc_building = crate::building::global_id(options.seed, "building");
        let identity = truth::identity(
            &town,
            &ifc_building,
            &drawings,
            &drawn.exits,
            &city_file,
            &map_file,
        );
        let mut missing = truth::missing(&town, &city, "city.city.json");
        missing.extend(truth::missing(&town, &map, "streets.osm"));
        let mut falsified = city_file.falsified;
        falsified.extend(map_file.falsified.iter().cloned());
        let truth = Truth {
            format: "twin-scenario-district/1",
            seed: options.seed,
            identity,
            place: truth::place(&town, &drawn.building),
            rooms: truth::rooms(&tower_truth),
            tower: tower_truth,
            exits: truth::exits(&town, &drawn.exits, &map_file),
            falsified,
            missing,
            points: points::list(&drawn.building, &drawn.defects, options),
        };
        Ok(Self {
            ifc: drawn.ifc,
            cityjson: city_file.text,
            counts: Counts {
                city_buildings: city.len(),
                map_buildings: map.len(),
                nodes: map_file.counts.nodes,
                ways: map_file.counts.ways,
                street_edges: town.edges.len(),
            },
            osm: map_file.text,
            points: points::table(&truth.points),
            messages: messages::write(&truth.points, options),
            truth,
        })
    }

    /// All files with their names, the truth under `truth/`.
    pub fn files(&self) -> Result<Vec<(&'static str, Vec<u8>)>, Error> {
        let truth = &self.truth;
        Ok(vec![
            ("tower.ifc", self.ifc.clone().into_bytes()),
            ("city.city.json", self.cityjson.clone().into_bytes()),
            ("streets.osm", self.osm.clone().into_bytes()),
            ("points.csv", self.points.clone().into_bytes()),
            ("messages.ndjson", self.messages.clone().into_bytes()),
            (
                "truth/points-truth.csv",
                points::truth_table(&truth.points).into_bytes(),
            ),
            (
                "truth/counts.json",
                serde_json::to_vec_pretty(&self.counts)?,
            ),
            (
                "truth/identity.json",
                serde_json::to_vec_pretty(&truth.identity)?,
            ),
            ("truth/place.json", serde_json::to_vec_pretty(&truth.place)?),
            ("truth/tower.json", serde_json::to_vec(&truth.tower)?),
            ("truth/rooms.json", serde_json::to_vec(&truth.rooms)?),
            ("truth/exits.json", serde_json::to_vec_pretty(&truth.exits)?),
            (
                "truth/falsified.json",
                serde_json::to_vec_pretty(&truth.falsified)?,
            ),
            (
                "truth/missing.json",
                serde_json::to_vec_pretty(&truth.missing)?,
            ),
        ])
    }
}

impl Options {
    fn check(&self) -> Result<(), Error> {
        let within = |name, allowed, value: f64, low: f64, high: f64| {
            if (low..=high).contains(&value) {
                return Ok(());
            }
            let given = value.to_string();
            Err(Error::OutOfRange {
                name,
                allowed,
                given,
            })
        };
        let shares = "from 0 to 1";
        within("--drop-doors", shares, self.drop_doors, 0.0, 1.0)?;
        within("--drop-spaces", shares, self.drop_spaces, 0.0, 1.0)?;
        within("--falsify", shares, self.falsify, 0.0, 1.0)?;
        within("--shift-m", "from 0 to 20", self.shift_m, 0.0, 20.0)?;
        let buildings = self.buildings as f64;
        within("--buildings", "from 1 to 20000", buildings, 1.0, 20_000.0)?;
        let minutes = self.minutes as f64;
        let least = messages::EVERY_MIN as f64;
        within("--minutes", "from 10 to 1440", minutes, least, 1440.0)?;
        let edges = self.street_edges as f64;
        within(
            "--street-edges",
            "from 100 to 120000",
            edges,
            100.0,
            120_000.0,
        )
    }
}

/// How the municipality draws, and how volunteers do.
fn manners(options: &Options) -> [Manner; 2] {
    let mut rng = Rng::of(options.seed, "manners");
    let way_deg = rng.between(0.0, 360.0);
    let share = rng.between(0.25, 0.6);
    let systematic_m = (options.shift_m - 0.2).max(0.0) * share;
    let city = Manner {
        label: "city",
        missing: 0.03,
        split: 0.0,
        whole_rows: 0.0,
        plain: 0.1,
        shift_m: [0.0, 0.0],
        individual_m: 0.1f64.min(options.shift_m),
        turn_deg: 0.1,
        corner_m: 0.05,
    };
    let map = Manner {
        label: "map",
        missing: 0.05,
        split: 0.06,
        whole_rows: 0.12,
        plain: 0.55,
        shift_m: plane::turned([systematic_m, 0.0], [0.0, 0.0], way_deg),
        individual_m: (options.shift_m - 0.2).max(0.0) - systematic_m,
        turn_deg: 0.8,
        corner_m: 0.15,
    };
    [city, map]
}

/// The number that the public register has for a house, or for one half of it.
fn register_id(seed: u64, (house, part): sources::Atom) -> String {
    let number = mix(seed, &format!("register {house} {part}")) % 10_000_000_000;
    format!("050310{number:010}")
}
