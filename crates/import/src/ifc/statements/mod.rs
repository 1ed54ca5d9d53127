//! From what was read and concluded to statements and findings.

mod inferred;
mod portals;

use crate::findings::Findings;
use crate::ifc::Contradiction;
use crate::ifc::building::{Building, Space, Thing};
use crate::ifc::file::File;
use crate::ifc::inferred::Inferred;
use crate::ifc::joins::Joins;
use crate::ifc::properties::{self, Stated as Property, is_placeholder};
use crate::ifc::usage::usage;
use crate::{Facet, FacetStatements, Mint};
use std::collections::BTreeMap;
use std::sync::Arc;
use twin_model::claim::Stated;
use twin_model::{
    Act, Attribute, Code, EntityId, EntityKind, Finding, Interval, Statement, Time, Uncertainty,
    Unit, Value,
};
use twin_space::earth;
use twin_space::plan::{Fidelity, Polygon};

/// Probability that the usage read from a name is right: "Hall" may be a corridor or a concert
/// hall. A judgement.
const USAGE_BY_NAME: f64 = 0.8;
/// Probability of a site's latitude and longitude: three of five widely copied samples carry the
/// authoring tool's default town.
const SITE_POSITION: f64 = 0.4;
/// Probability of a template position.
const TEMPLATE_POSITION: f64 = 0.02;

/// Metres per unit and its code.
const UNIT_CODES: [(f64, &str); 6] = [
    (1.0, "m"),
    (0.001, "mm"),
    (0.01, "cm"),
    (0.3048, "[ft_i]"),
    (0.0254, "[in_i]"),
    (1000.0, "km"),
];

const SPACE_COMMON: &[&str] = &["Pset_SpaceCommon"];
const SPACE_QUANTITIES: &[&str] = &["Qto_SpaceBaseQuantities", "BaseQuantities"];

/// What comes out: statements by facet, contradictions, and the entity of each door.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) facets: Vec<FacetStatements>,
    pub(super) contradictions: Vec<Contradiction>,
}

pub(super) fn write(
    file: &File<'_>,
    building: &Building,
    joins: &Joins,
    inferred: &Inferred,
    observed: Time,
    mint: &mut dyn Mint,
    findings: &mut Findings,
) -> Written {
    let mut id = |kind, key: &str| mint.mint(kind, key);
    let edifices: Vec<EntityId> = building
        .edifices
        .iter()
        .map(|b| id(EntityKind::Building, &b.thing.key))
        .collect();
    let storeys: Vec<EntityId> = building
        .storeys
        .iter()
        .map(|s| id(EntityKind::Storey, &s.thing.key))
        .collect();
    let spaces: Vec<EntityId> = building
        .spaces
        .iter()
        .chain(inferred.rooms.iter().map(|r| &r.space))
        .map(|s| id(EntityKind::Space, &s.thing.key))
        .collect();
    let coarse: BTreeMap<usize, EntityId> = joins
        .coarse
        .iter()
        .map(|&s| {
            let key = format!("inside:{}", building.storeys[s].thing.key);
            (s, id(EntityKind::Space, &key))
        })
        .collect();
    let portals: Vec<EntityId> = joins
        .portals
        .iter()
        .map(|p| id(EntityKind::Portal, &p.key))
        .collect();
    let links: Vec<EntityId> = inferred
        .links
        .iter()
        .map(|l| id(EntityKind::Portal, &l.key))
        .collect();
    let mut writer = Writer {
        file,
        building,
        joins,
        inferred,
        links,
        edifices,
        storeys,
        spaces,
        coarse,
        portals,
        observed,
        findings,
        attributes: BTreeMap::new(),
        procedures: BTreeMap::new(),
        facets: Facet::ALL
            .map(|facet| FacetStatements {
                facet,
                statements: Vec::new(),
            })
            .to_vec(),
        contradictions: Vec::new(),
    };
    writer.edifices();
    writer.storeys();
    writer.spaces();
    writer.inside_of_storeys();
    for i in 0..joins.portals.len() {
        writer.portal(i);
    }
    writer.inferred();
    writer.gaps();
    Written {
        facets: writer.facets,
        contradictions: writer.contradictions,
    }
}

struct Writer<'w, 'a> {
    file: &'w File<'a>,
    building: &'w Building,
    joins: &'w Joins,
    inferred: &'w Inferred,
    edifices: Vec<EntityId>,
    storeys: Vec<EntityId>,
    /// Those of the file, then inferred rooms.
    spaces: Vec<EntityId>,
    /// Portals that are inferred or of which something is.
    links: Vec<EntityId>,
    coarse: BTreeMap<usize, EntityId>,
    portals: Vec<EntityId>,
    observed: Time,
    findings: &'w mut Findings,
    attributes: BTreeMap<String, Attribute>,
    procedures: BTreeMap<String, Arc<str>>,
    facets: Vec<FacetStatements>,
    contradictions: Vec<Contradiction>,
}

impl Writer<'_, '_> {
    fn say(&mut self, facet: Facet, entity: &EntityId, name: &str, act: Act, method: &str) {
        let known = self.attributes.get(name).cloned();
        let Some(attribute) = known.or_else(|| Attribute::new(name).ok()) else {
            return;
        };
        if !self.attributes.contains_key(name) {
            self.attributes.insert(name.to_owned(), attribute.clone());
        }
        let known = self.procedures.get(method).cloned();
        let procedure = known.unwrap_or_else(|| {
            let text: Arc<str> = Arc::from(method);
            self.procedures.insert(method.to_owned(), text.clone());
            text
        });
        self.facets[facet as usize].statements.push(Statement {
            entity: entity.clone(),
            attribute,
            act,
            valid: Interval::ALWAYS,
            observed: self.observed,
            procedure: Some(procedure),
        });
    }

    fn declare(&mut self, entity: &EntityId, name: &str, value: Value) {
        self.say(
            Facet::Declared,
            entity,
            name,
            Act::Assert(Stated::from(value)),
            "as stated in the file",
        );
    }

    fn declare_number(&mut self, entity: &EntityId, name: &str, value: f64, unit: &str) {
        if !value.is_finite() {
            return;
        }
        let stated = Stated {
            value: Value::Number(value),
            unit: Unit::new(unit).ok(),
            uncertainty: None,
        };
        self.say(
            Facet::Declared,
            entity,
            name,
            Act::Assert(stated),
            "as stated in the file",
        );
    }

    /// A length in file units; the unit goes with it where it has a code, otherwise metres.
    fn declare_length(&mut self, entity: &EntityId, name: &str, value: f64) {
        let metres = self.file.length_m;
        match UNIT_CODES
            .iter()
            .find(|(m, _)| (m / metres - 1.0).abs() < 1e-9)
        {
            Some((_, code)) => self.declare_number(entity, name, value, code),
            None => self.declare_number(entity, name, value * metres, "m"),
        }
    }

    fn conclude(
        &mut self,
        entity: &EntityId,
        name: &str,
        value: Value,
        probability: Option<f64>,
        method: &'static str,
    ) {
        let unit = Catalogued::unit(name, &value);
        let uncertainty = probability.map(Uncertainty::Probability);
        self.say(
            Facet::Geometry,
            entity,
            name,
            Act::Assert(Stated {
                value,
                unit,
                uncertainty,
            }),
            method,
        );
    }

    fn unknown(&mut self, entity: &EntityId, key: &str, name: &str, text: &str) {
        self.findings.add(
            Finding::new(
                Code::IfcPlaceholder,
                if text.is_empty() {
                    "an empty text stands where a value should be".to_owned()
                } else {
                    format!("`{}` stands where a value should be", shortened(text))
                },
            )
            .about(entity.clone())
            .at_item(key)
            .in_field(name),
        );
        let act = Act::Unknown {
            reason: Arc::from(shortened(text)),
        };
        self.say(Facet::Declared, entity, name, act, "as stated in the file");
    }

    /// A text, or the finding that it is a placeholder.
    fn declare_text(&mut self, entity: &EntityId, key: &str, name: &str, text: Option<&str>) {
        match text {
            Some(text) if is_placeholder(text, name) => self.unknown(entity, key, name, text),
            Some(text) => self.declare(entity, name, Value::text(text)),
            None => {}
        }
    }

    fn declare_stated<T>(
        &mut self,
        entity: &EntityId,
        key: &str,
        name: &str,
        stated: Option<Property<T>>,
        value: impl Fn(T) -> Value,
    ) {
        match stated {
            Some(Property::Value(v)) => self.declare(entity, name, value(v)),
            Some(Property::Placeholder(text)) => self.unknown(entity, key, name, &text),
            None => {}
        }
    }

    /// Identity and the standard's property sets, which no estimator reads but people do.
    fn verbatim(&mut self, entity: &EntityId, thing: &Thing) {
        self.declare(entity, "ifcGlobalId", json_text(&thing.key));
        for (name, text) in [
            ("ifcObjectType", &thing.object_type),
            ("ifcDescription", &thing.description),
        ] {
            if let Some(text) = text {
                self.declare(entity, name, json_text(text));
            }
        }
        for (name, json) in &thing.verbatim {
            self.declare(entity, name, Value::Json(Arc::clone(json)));
        }
    }

    fn kind(&mut self, entity: &EntityId, kind: EntityKind) {
        self.declare(entity, "type", Value::text(kind.as_str()));
    }

    fn edifices(&mut self) {
        let building = self.building;
        for (i, edifice) in building.edifices.iter().enumerate() {
            let entity = self.edifices[i].clone();
            let key = &edifice.thing.key;
            self.kind(&entity, EntityKind::Building);
            self.declare_text(&entity, key, "name", edifice.thing.name.as_deref());
            self.declare_text(&entity, key, "longName", edifice.long_name.as_deref());
            if let Some(address) = &edifice.address {
                let is_template = address.to_lowercase().contains("enter address");
                if is_template || is_placeholder(address, "address") {
                    self.unknown(&entity, key, "address", address);
                } else {
                    self.declare(&entity, "address", Value::text(address.as_str()));
                }
            }
            self.verbatim(&entity, &edifice.thing);
            if i == 0 {
                self.site(&entity);
            }
        }
    }

    /// The stated place on earth: low credibility, because templates are copied with it.
    fn site(&mut self, entity: &EntityId) {
        if let Some(json) = &self.building.map_conversion {
            self.declare(
                entity,
                "mapConversion",
                Value::Json(Arc::from(json.as_str())),
            );
        }
        if let Some(place) = self.building.georeference {
            self.placed(entity, place);
            return;
        }
        let Some(site) = &self.building.site else {
            return;
        };
        let (Some(latitude), Some(longitude)) = (site.latitude_deg, site.longitude_deg) else {
            return;
        };
        let trouble = template_position(latitude, longitude);
        if let Some(trouble) = trouble {
            self.findings.add(
                Finding::new(Code::IfcGeoreference, format!("{trouble} ({latitude:.4}, {longitude:.4}); the building is not placed by it"))
                    .about(entity.clone())
                    .in_field("RefLatitude, RefLongitude"),
            );
        }
        let elevation = site
            .elevation_m
            .map_or(String::new(), |e| format!(",\"elevation_m\":{e}"));
        let value = Value::Json(Arc::from(format!(
            "{{\"latitude_deg\":{latitude},\"longitude_deg\":{longitude}{elevation}}}"
        )));
        let probability = if trouble.is_some() {
            TEMPLATE_POSITION
        } else {
            SITE_POSITION
        };
        let stated = Stated {
            value,
            unit: None,
            uncertainty: Some(Uncertainty::Probability(probability)),
        };
        self.say(
            Facet::Declared,
            entity,
            "sitePosition",
            Act::Assert(stated),
            "as stated in the file",
        );
    }

    /// A map conversion is made for this one file, unlike the site's position.
    fn placed(&mut self, entity: &EntityId, place: earth::Frame) {
        let (latitude, longitude) = (place.latitude_deg, place.longitude_deg);
        let site = format!("{{\"latitude_deg\":{latitude},\"longitude_deg\":{longitude}}}");
        let turn = Stated {
            value: Value::Number(place.rotation_deg),
            unit: Some(Unit::new("deg").expect("a unit")),
            uncertainty: None,
        };
        let method = "by the file's map conversion";
        let site = Act::Assert(Value::Json(Arc::from(site)).into());
        self.say(Facet::Declared, entity, "sitePosition", site, method);
        self.say(
            Facet::Declared,
            entity,
            "planRotation",
            Act::Assert(turn),
            method,
        );
    }

    fn storeys(&mut self) {
        let building = self.building;
        for (i, storey) in building.storeys.iter().enumerate() {
            let entity = self.storeys[i].clone();
            let key = &storey.thing.key;
            self.kind(&entity, EntityKind::Storey);
            self.declare_text(&entity, key, "name", storey.thing.name.as_deref());
            self.declare_text(&entity, key, "longName", storey.long_name.as_deref());
            if let Some(b) = storey.building {
                let whole = self.edifices[b].clone();
                self.declare(&entity, "partOf", Value::Entity(whole));
            }
            match storey.elevation_m {
                Some(e) => self.declare_number(&entity, "elevation", rounded(e), "m"),
                None => self.missing(&entity, key, "elevation", "the storey states no elevation"),
            }
            let placed = Value::Number(rounded(storey.height_m()));
            self.conclude(
                &entity,
                "elevation",
                placed,
                None,
                "placement of the storey",
            );
            self.verbatim(&entity, &storey.thing);
        }
        self.check_elevations();
    }

    /// Stated and placed heights may differ by one offset, the height of the building's zero,
    /// but not by a different one for every storey.
    fn check_elevations(&mut self) {
        let storeys = &self.building.storeys;
        let offsets: Vec<(usize, f64)> = storeys
            .iter()
            .enumerate()
            .filter_map(|(i, s)| Some((i, s.elevation_m? - s.placed_m)))
            .collect();
        if storeys.iter().all(|s| s.placed_m.abs() < 1e-6) {
            return;
        }
        let mut sorted: Vec<f64> = offsets.iter().map(|o| o.1).collect();
        sorted.sort_by(f64::total_cmp);
        let Some(&median) = sorted.get(sorted.len() / 2) else {
            return;
        };
        for (i, offset) in offsets {
            if (offset - median).abs() > 0.05 {
                let storey = &storeys[i];
                let stated = storey.elevation_m.unwrap_or_default();
                self.contradict(
                    &self.storeys[i].clone(),
                    &storey.thing.key,
                    "elevation",
                    format!("stated {stated:.2} m"),
                    format!("placed at {:.2} m", storey.placed_m + median),
                );
            }
        }
    }

    fn spaces(&mut self) {
        let building = self.building;
        for (i, space) in building.spaces.iter().enumerate() {
            let entity = self.spaces[i].clone();
            let key = &space.thing.key;
            self.kind(&entity, EntityKind::Space);
            self.declare_text(&entity, key, "name", space.thing.name.as_deref());
            self.declare_text(&entity, key, "longName", space.long_name.as_deref());
            if let Some(s) = space.storey {
                let storey = self.storeys[s].clone();
                self.declare(&entity, "partOf", Value::Entity(storey));
            }
            self.usage(&entity, space);
            let accessible =
                properties::truth(&space.thing.sets, SPACE_COMMON, "HandicapAccessible");
            self.declare_stated(&entity, key, "accessible", accessible, Value::Boolean);
            let area = ["NetFloorArea", "GrossFloorArea"]
                .iter()
                .find_map(|n| properties::number(&space.thing.sets, SPACE_QUANTITIES, n))
                .filter(|a| *a > 0.0);
            if let Some(area) = area {
                self.declare_number(&entity, "area", area * self.file.area_m2, "m2");
            }
            if !space.zones.is_empty() {
                let list: Vec<String> = space.zones.iter().map(|z| json_string(z)).collect();
                self.declare(
                    &entity,
                    "ifcZones",
                    Value::Json(Arc::from(format!("[{}]", list.join(",")))),
                );
            }
            if let Some(word) = &space.predefined {
                self.declare(&entity, "ifcPredefinedType", json_text(word));
            }
            self.verbatim(&entity, &space.thing);
            self.space_geometry(&entity, space);
        }
    }

    fn usage(&mut self, entity: &EntityId, space: &Space) {
        let usage = Value::text(usage(space));
        if space.is_outside() {
            self.declare(entity, "usage", usage);
        } else {
            let uncertainty = Some(Uncertainty::Probability(USAGE_BY_NAME));
            let act = Act::Assert(Stated {
                value: usage,
                unit: None,
                uncertainty,
            });
            self.say(
                Facet::Declared,
                entity,
                "usage",
                act,
                "words in the name of the space",
            );
        }
    }

    fn space_geometry(&mut self, entity: &EntityId, space: &Space) {
        let Some(largest) = space
            .cell
            .outline
            .iter()
            .max_by(|a, b| a.area_m2().total_cmp(&b.area_m2()))
        else {
            return;
        };
        let method = match space.fidelity {
            Some(Fidelity::Cut) => "cut of the space's shape at 1.1 m",
            Some(Fidelity::LevelFace) => "floor face of the space's shape",
            _ => "hull around the space's shape",
        };
        let z = space.cell.z_m;
        let outline = Value::Polygon(Arc::new(outer_with_holes(largest)));
        let inside = largest.inside_point();
        self.conclude(entity, "footprint", outline, None, method);
        self.conclude(
            entity,
            "area",
            Value::Number(rounded(space.cell.area_m2())),
            None,
            method,
        );
        self.conclude(
            entity,
            "height",
            Value::Number(rounded(z.1 - z.0)),
            None,
            method,
        );
        self.conclude(
            entity,
            "floorElevation",
            Value::Number(rounded(z.0)),
            None,
            method,
        );
        let position = Value::Point([rounded(inside.x), rounded(inside.y), rounded(z.0)]);
        self.conclude(entity, "position", position, None, method);
    }

    /// A storey without spaces still has an inside.
    fn inside_of_storeys(&mut self) {
        for (storey, entity) in self.coarse.clone() {
            let thing = &self.building.storeys[storey].thing;
            let method = "a storey without spaces, taken as one";
            self.conclude(&entity, "type", Value::text("space"), None, method);
            let name = thing.name.as_deref().unwrap_or("storey");
            self.conclude(
                &entity,
                "name",
                Value::text(format!("{name} (subdivision unknown)")),
                None,
                method,
            );
            let whole = self.storeys[storey].clone();
            self.conclude(
                &entity,
                "partOf",
                Value::Entity(whole.clone()),
                None,
                method,
            );
            let z = Value::Number(rounded(self.building.storeys[storey].height_m()));
            self.conclude(&entity, "floorElevation", z, None, method);
            self.findings.add(
                Finding::new(
                    Code::IfcSubdivisionUnknown,
                    format!(
                        "storey `{}` has no spaces; it is kept as one whose subdivision is unknown",
                        shortened(name)
                    ),
                )
                .about(whole)
                .at_item(thing.key.clone()),
            );
        }
    }

    fn contradict(
        &mut self,
        entity: &EntityId,
        key: &str,
        field: &'static str,
        stated: String,
        found: String,
    ) {
        self.findings.add(
            Finding::new(
                Code::IfcContradiction,
                format!("{stated}, but {found}; both are kept"),
            )
            .about(entity.clone())
            .at_item(key)
            .in_field(field),
        );
        self.contradictions.push(Contradiction {
            item: key.to_owned(),
            field,
            stated,
            found,
        });
    }

    fn missing(
        &mut self,
        entity: &EntityId,
        key: &str,
        field: &'static str,
        message: &'static str,
    ) {
        self.findings.add(
            Finding::new(Code::IfcMissing, message)
                .about(entity.clone())
                .at_item(key)
                .in_field(field),
        );
    }

    /// What is not there, said aloud.
    fn gaps(&mut self) {
        for &(low, high) in &self.joins.unlinked {
            let name = |i: usize| {
                let thing = &self.building.storeys[i].thing;
                shortened(thing.name.as_deref().unwrap_or(&thing.key))
            };
            self.findings.add(
                Finding::new(
                    Code::IfcVerticalUnknown,
                    format!("no stair, ramp or lift found between `{}` and `{}`: the vertical link is unknown", name(low), name(high)),
                )
                .about(self.storeys[high].clone())
                .at_item(self.building.storeys[high].thing.key.clone()),
            );
        }
        for &i in &self.joins.unreached {
            self.findings.add(
                Finding::new(
                    Code::IfcSpaceUnreached,
                    "no door, opening, open edge or stair leads to the space",
                )
                .about(self.spaces[i].clone())
                .at_item(self.building.spaces[i].thing.key.clone()),
            );
        }
        for &i in &self.joins.loose_stairs {
            self.findings.add(
                Finding::new(
                    Code::IfcVerticalUnknown,
                    "fewer than two landings found for the stair; where it leads is unknown",
                )
                .at_item(self.building.stairs[i].thing.key.clone()),
            );
        }
        if self.joins.is_exhausted {
            self.findings.add(Finding::new(
                Code::IfcLimit,
                "too many outlines lie in one place to be compared; joins are missing",
            ));
        }
        if self.joins.left_out > 0 {
            self.findings.add(Finding::new(
                Code::IfcLimit,
                format!(
                    "{} outlines are too intricate to be compared for open edges",
                    self.joins.left_out
                ),
            ));
        }
        if self.building.storeys.is_empty() {
            self.findings
                .add(Finding::new(Code::IfcMissing, "the file has no storeys").in_field("storey"));
        }
    }
}

/// The unit that concluded numbers have.
struct Catalogued;

impl Catalogued {
    fn unit(name: &str, value: &Value) -> Option<Unit> {
        value.as_number()?;
        Unit::new(if name == "area" { "m2" } else { "m" }).ok()
    }
}

/// Positions that authoring tools write when nobody said where the building is.
fn template_position(latitude: f64, longitude: f64) -> Option<&'static str> {
    let near = |lat: f64, lon: f64| (latitude - lat).abs() < 0.01 && (longitude - lon).abs() < 0.01;
    if !(-90.0..=90.0).contains(&latitude) || !(-180.0..=180.0).contains(&longitude) {
        Some("the stated position is not on earth")
    } else if near(0.0, 0.0) {
        Some("the stated position is zero")
    } else if near(42.358, -71.06) {
        Some("the stated position is the Boston of an authoring tool's template")
    } else {
        None
    }
}

/// The largest ring with the holes directly in it.
fn outer_with_holes(polygon: &Polygon) -> twin_model::Polygon {
    let rings = polygon.rings();
    let inside = |ring: &Vec<twin_space::plan::Point>| {
        Polygon::new([rings[0].clone()]).is_some_and(|outer| outer.contains(ring[0]))
    };
    let plain = |ring: &Vec<twin_space::plan::Point>| {
        ring.iter()
            .map(|p| [rounded(p.x), rounded(p.y)])
            .collect::<Vec<[f64; 2]>>()
    };
    let holes = rings[1..].iter().filter(|r| inside(r));
    twin_model::Polygon {
        rings: std::iter::once(&rings[0]).chain(holes).map(plain).collect(),
    }
}

/// To a tenth of a millimetre: below it lies only the noise of the authoring tool.
fn rounded(x: f64) -> f64 {
    let r = (x * 1e4).round() / 1e4;
    if r == 0.0 { 0.0 } else { r }
}

fn json_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    properties::push_json_text(&mut out, text);
    out
}

fn json_text(text: &str) -> Value {
    Value::Json(Arc::from(json_string(text)))
}

/// At most 80 characters of a foreign text, for messages.
fn shortened(text: &str) -> String {
    let short: String = text.chars().take(80).collect();
    if short.len() < text.len() {
        format!("{short}…")
    } else {
        short
    }
}
