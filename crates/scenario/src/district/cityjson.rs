//! The municipality's model of the town: CityJSON 2.0 in the Dutch national grid.
//!
//! Buildings have the attributes and the structure that the national data set 3DBAG gives them: a
//! `Building` with its ground plan and attributes, and `BuildingPart`s with solids at levels of
//! detail 1.2 and 2.2. Roads, water, bridges and land use are flat.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::houses::{House, Kind, Roof};
use super::plane::{self, Point};
use super::sources::Drawn;
use super::town::{BlockUse, SHAFT_M, STREET_HALF_M, Town};
use super::truth::Falsified;
use super::{Options, register_id};
use crate::rng::{Rng, mix};

/// Height of the ground above Amsterdam Ordnance Datum, in metres.
pub(super) const GROUND_M: f64 = 0.65;
/// How high the tower and its podium are, in metres above the ground.
#[derive(Debug, Clone, Copy)]
pub(super) struct TowerHeights {
    pub(super) podium_m: f64,
    pub(super) top_m: f64,
}

/// The file and the identifiers of its buildings, in the order drawn.
pub(super) struct CityJson {
    pub(super) text: String,
    pub(super) ids: Vec<String>,
    pub(super) canal_id: String,
    /// The stretches of street that it draws, each with its identifier.
    pub(super) streets: Vec<(usize, String)>,
    pub(super) falsified: Vec<Falsified>,
}

/// Corners in whole millimetres from the town's origin, each once.
#[derive(Default)]
struct Vertices {
    places: BTreeMap<[i64; 3], usize>,
    list: Vec<[i64; 3]>,
}

struct Writer<'a> {
    town: &'a Town,
    options: &'a Options,
    origin: Point,
    vertices: Vertices,
    objects: Map<String, Value>,
    streets: Vec<(usize, String)>,
    falsified: Vec<Falsified>,
}

/// Writes the town as its municipality has drawn it.
pub(super) fn write(
    town: &Town,
    drawn: &[Drawn],
    heights: TowerHeights,
    options: &Options,
) -> CityJson {
    let mut writer = Writer {
        town,
        options,
        origin: town.to_rd([0.0, 0.0]).map(f64::round),
        vertices: Vertices::default(),
        objects: Map::new(),
        streets: Vec::new(),
        falsified: Vec::new(),
    };
    let ids: Vec<String> = drawn
        .iter()
        .enumerate()
        .map(|(place, one)| writer.building(place, one, heights))
        .collect();
    let canal_id = writer.surroundings();
    let Writer {
        vertices,
        objects,
        streets,
        falsified,
        origin,
        ..
    } = writer;
    let bound = |least: bool| {
        [0, 1, 2].map(|axis| {
            let values = vertices.list.iter().map(|vertex| vertex[axis]);
            let value = if least { values.min() } else { values.max() };
            let offset = [origin[0], origin[1], 0.0][axis];
            (value.unwrap_or(0) as f64 + offset * 1000.0).round() / 1000.0
        })
    };
    let extent = [bound(true), bound(false)].concat();
    let file = json!({
        "type": "CityJSON",
        "version": "2.0",
        "transform": {"scale": [0.001, 0.001, 0.001], "translate": [origin[0], origin[1], 0.0]},
        "metadata": {
            "identifier": format!("{}-{}", town.name, options.seed),
            "title": format!("{} (generated)", town.name),
            "referenceDate": "2026-01-01",
            "referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/7415",
            "geographicalExtent": extent,
        },
        "CityObjects": objects,
        "vertices": vertices.list,
    });
    CityJson {
        text: file.to_string(),
        ids,
        canal_id,
        streets,
        falsified,
    }
}

impl Writer<'_> {
    fn vertex(&mut self, point: Point, z_m: f64) -> usize {
        let [x, y] = self.town.to_rd(point);
        let at = [x - self.origin[0], y - self.origin[1], z_m];
        let key = at.map(|value| (value * 1000.0).round() as i64);
        let next = self.vertices.list.len();
        let place = *self.vertices.places.entry(key).or_insert(next);
        if place == next {
            self.vertices.list.push(key);
        }
        place
    }

    fn ring(&mut self, points: &[Point], z_m: f64) -> Vec<usize> {
        points
            .iter()
            .map(|&point| self.vertex(point, z_m))
            .collect()
    }

    fn building(&mut self, place: usize, drawn: &Drawn, heights: TowerHeights) -> String {
        let house = &self.town.houses[drawn.house()];
        let mut rng = Rng::of(self.options.seed, &format!("city measures {place}"));
        let register = register_id(self.options.seed, drawn.atoms[0]);
        let id = if self.options.ids {
            format!("NL.IMBAG.Pand.{register}")
        } else {
            let opaque = mix(self.options.seed, &format!("city object {place}"));
            format!("b{opaque:016x}")
        };
        // A flight over the town measures roofs to a few decimetres.
        let off_m = rng.normal() * 0.25;
        let bodies = match house.kind {
            Kind::Tower => vec![
                (drawn.outline.clone(), heights.podium_m + off_m),
                (self.shaft(drawn), heights.top_m + off_m),
            ],
            _ => vec![(drawn.outline.clone(), house.eaves_m + off_m)],
        };
        let ground = self.ring(
            &drawn.outline.iter().rev().copied().collect::<Vec<_>>(),
            GROUND_M,
        );
        let mut children = Vec::new();
        for (part, (outline, eaves_m)) in bodies.into_iter().enumerate() {
            let child = format!("{id}-{part}");
            let ridge_m = eaves_m + house.ridge_m - house.eaves_m;
            let mut geometry = vec![self.block(&outline, ridge_m, "1.2")];
            geometry.push(if house.roof == Roof::Gable && outline.len() == 4 {
                self.gable(&outline, eaves_m, ridge_m)
            } else {
                self.block(&outline, ridge_m, "2.2")
            });
            self.objects.insert(
                child.clone(),
                json!({"type": "BuildingPart", "parents": [id], "geometry": geometry}),
            );
            children.push(child);
        }
        let top_m = match house.kind {
            Kind::Tower => heights.top_m,
            _ => house.ridge_m,
        };
        let attributes = self.attributes(&id, drawn, house, top_m + off_m, &mut rng);
        self.objects.insert(
            id.clone(),
            json!({
                "type": "Building",
                "attributes": attributes,
                "children": children,
                "geometry": [{"type": "MultiSurface", "lod": "0", "boundaries": [[ground]]}],
            }),
        );
        id
    }

    /// The tower above its podium, where the drawing of the podium puts it.
    fn shaft(&self, drawn: &Drawn) -> Vec<Point> {
        let [x, y] = self.town.tower_at;
        let [low, high] = SHAFT_M;
        let shift = drawn.moved_m;
        plane::rectangle(x + low[0], y + low[1], x + high[0], y + high[1])
            .into_iter()
            .map(|[x, y]| [x + shift[0], y + shift[1]])
            .collect()
    }

    /// The attributes that 3DBAG has; some are never known, some not for this house.
    fn attributes(
        &mut self,
        id: &str,
        drawn: &Drawn,
        house: &House,
        top_m: f64,
        rng: &mut Rng,
    ) -> Map<String, Value> {
        let round = |value: f64| (value * 1000.0).round() / 1000.0;
        let ground_m2 = plane::area_m2(&drawn.outline).abs();
        let mut attributes = Map::new();
        let mut put = |name: &str, value: Value| attributes.insert(name.to_owned(), value);
        if self.options.ids {
            let register = register_id(self.options.seed, drawn.atoms[0]);
            put("identificatie", format!("NL.IMBAG.Pand.{register}").into());
        }
        if self.options.names {
            let address = format!("{} {}", self.town.streets[house.street].name, house.number);
            put("adres", address.into());
            put("postcode", house.postcode.as_str().into());
            if let Some(name) = house.name {
                put("naam", name.into());
            }
        }
        let mut fact = |falsified: &mut Vec<Falsified>, name: &str, truth: i64, wrong: i64| {
            let false_now = rng.chance(self.options.falsify);
            if false_now {
                falsified.push(Falsified {
                    file: "city.city.json",
                    entity: id.to_owned(),
                    property: name.to_owned(),
                    truth: truth.to_string(),
                    written: wrong.to_string(),
                });
            }
            Value::from(if false_now { wrong } else { truth })
        };
        let (year, storeys) = (i64::from(house.year), i64::from(house.storeys));
        let year = fact(
            &mut self.falsified,
            "oorspronkelijkbouwjaar",
            year,
            year - 70,
        );
        let counted = fact(&mut self.falsified, "b3_bouwlagen", storeys, storeys + 3);
        put("oorspronkelijkbouwjaar", year);
        put("status", "Pand in gebruik".into());
        put(
            "b3_dak_type",
            match house.roof {
                Roof::Gable => "slanted",
                Roof::Flat => "horizontal",
            }
            .into(),
        );
        put("b3_h_maaiveld", GROUND_M.into());
        put("b3_h_dak_max", round(GROUND_M + top_m).into());
        let eaves_m = top_m - (house.ridge_m - house.eaves_m) * 0.4;
        put("b3_h_dak_70p", round(GROUND_M + eaves_m).into());
        put("b3_opp_grond", round(ground_m2).into());
        put("b3_volume_lod12", round(ground_m2 * top_m).into());
        // The storeys of high buildings are not inferred (3DBAG leaves them out above five).
        let storeys = if house.storeys > 5 {
            Value::Null
        } else {
            counted
        };
        put("b3_bouwlagen", storeys);
        attributes
    }

    fn block(&mut self, outline: &[Point], height_m: f64, lod: &str) -> Value {
        let top = self.ring(outline, GROUND_M + height_m);
        let bottom = self.ring(outline, GROUND_M);
        let count = outline.len();
        let mut shell = vec![vec![bottom.iter().rev().copied().collect::<Vec<_>>()]];
        let mut kinds = vec![0];
        for corner in 0..count {
            let next = (corner + 1) % count;
            shell.push(vec![vec![
                bottom[corner],
                bottom[next],
                top[next],
                top[corner],
            ]]);
            kinds.push(1);
        }
        shell.push(vec![top]);
        kinds.push(2);
        solid(&shell, &kinds, lod)
    }

    /// A roof whose ridge runs along the first edge of a rectangle.
    fn gable(&mut self, outline: &[Point], eaves_m: f64, ridge_m: f64) -> Value {
        let bottom = self.ring(outline, GROUND_M);
        let eaves = self.ring(outline, GROUND_M + eaves_m);
        let ends = [
            plane::between(outline[1], outline[2], 0.5),
            plane::between(outline[3], outline[0], 0.5),
        ];
        let [east, west] = ends.map(|end| self.vertex(end, GROUND_M + ridge_m));
        let shell = vec![
            vec![bottom.iter().rev().copied().collect::<Vec<_>>()],
            vec![vec![bottom[0], bottom[1], eaves[1], eaves[0]]],
            vec![vec![bottom[1], bottom[2], eaves[2], east, eaves[1]]],
            vec![vec![bottom[2], bottom[3], eaves[3], eaves[2]]],
            vec![vec![bottom[3], bottom[0], eaves[0], west, eaves[3]]],
            vec![vec![eaves[0], eaves[1], east, west]],
            vec![vec![eaves[2], eaves[3], west, east]],
        ];
        solid(&shell, &[0, 1, 1, 1, 1, 2, 2], "2.2")
    }

    /// Roads, bridges, water and land use near the houses. Returns the canal's identifier.
    fn surroundings(&mut self) -> String {
        let town = self.town;
        for (number, block) in town.blocks.iter().enumerate() {
            let (low, high) = (block.low, block.high);
            let use_ = match block.use_ {
                BlockUse::Park => "park",
                BlockUse::Houses => "residential",
                BlockUse::Tower => "commercial",
            };
            let area = plane::rectangle(low[0], low[1], high[0], high[1]);
            let attributes = json!({"class": use_});
            self.flat(
                &format!("landuse-{number}"),
                "LandUse",
                &attributes,
                &area,
                GROUND_M,
            );
        }
        for (number, edge) in town.edges.iter().enumerate() {
            let [a, b] = edge.ends.map(|junction| town.junctions[junction]);
            if !self.near_houses(a) && !self.near_houses(b) {
                continue;
            }
            let length = plane::distance(a, b);
            let side = [
                (b[1] - a[1]) / length * STREET_HALF_M,
                (a[0] - b[0]) / length * STREET_HALF_M,
            ];
            let beside = |p: Point, sign: f64| [p[0] + sign * side[0], p[1] + sign * side[1]];
            let strip = [
                beside(a, 1.0),
                beside(b, 1.0),
                beside(b, -1.0),
                beside(a, -1.0),
            ];
            let kind = if edge.bridge { "Bridge" } else { "Road" };
            let mut attributes = Map::new();
            attributes.insert("function".into(), town.streets[edge.street].kind.into());
            if self.options.names {
                let name = town.streets[edge.street].name.as_str();
                attributes.insert("straatnaam".into(), name.into());
            }
            let z_m = if edge.bridge {
                GROUND_M + 1.2
            } else {
                GROUND_M
            };
            let id = format!("{}-{number}", kind.to_lowercase());
            self.flat(&id, kind, &attributes.into(), &strip, z_m);
            self.streets.push((number, id));
        }
        let canal: Vec<Point> = town.canal.clone();
        let attributes = json!({"class": "watercourse"});
        self.flat("water-0", "WaterBody", &attributes, &canal, GROUND_M - 1.0);
        "water-0".into()
    }

    fn near_houses(&self, point: Point) -> bool {
        let reach = 40.0;
        self.town.blocks.iter().any(|block| {
            (0..2).all(|axis| {
                (block.low[axis] - reach..block.high[axis] + reach).contains(&point[axis])
            })
        })
    }

    fn flat(&mut self, id: &str, kind: &str, attributes: &Value, outline: &[Point], z_m: f64) {
        let ring = self.ring(outline, z_m);
        let object = json!({
            "type": kind,
            "attributes": attributes,
            "geometry": [{"type": "MultiSurface", "lod": "1", "boundaries": [[ring]]}],
        });
        self.objects.insert(id.to_owned(), object);
    }
}

/// A solid of one shell; kinds are 0 for ground, 1 for wall, 2 for roof.
fn solid(shell: &[Vec<Vec<usize>>], kinds: &[usize], lod: &str) -> Value {
    let surfaces = ["GroundSurface", "WallSurface", "RoofSurface"];
    let surfaces = surfaces.map(|kind| json!({"type": kind}));
    json!({
        "type": "Solid",
        "lod": lod,
        "boundaries": [shell],
        "semantics": {"surfaces": surfaces, "values": [kinds]},
    })
}
