//! What features are where nobody says: guessed from the shape and from well-known names.

use super::feature::Feature;
use super::mapping::plain;
use serde_json::Value;
use twin_model::EntityKind;

/// Names of properties, in small letters, as publishers and OpenStreetMap write them.
const NAME: &[&str] = &["name", "naam", "title", "titel", "bezeichnung"];
const HEIGHT: &[&str] = &[
    "height",
    "hoogte",
    "building:height",
    "building_height",
    "hoehe",
    "höhe",
];
const STOREYS: &[&str] = &[
    "building:levels",
    "levels",
    "storeys",
    "stories",
    "floors",
    "num_floors",
    "bouwlagen",
    "aantal_bouwlagen",
    "verdiepingen",
    "geschosse",
];
const ADDRESS: &[&str] = &["address", "adres", "addr:full", "adresse"];
const STREET: &[&str] = &["addr:street", "straat", "straatnaam", "street"];
const NUMBER: &[&str] = &["addr:housenumber", "huisnummer", "housenumber"];
const CODE: &[&str] = &["addr:postcode", "postcode", "plz"];
const CITY: &[&str] = &["addr:city", "woonplaats", "plaats", "city"];
const BUILT: &[&str] = &["bouwjaar", "year_built", "baujahr", "construction_year"];
const LAND: &[&str] = &[
    "landuse", "land_use", "natural", "leisure", "waterway", "water",
];
const ID: &[&str] = &[
    "id",
    "@id",
    "osm_id",
    "identificatie",
    "objectid",
    "fid",
    "gid",
    "uuid",
];

/// The first of such properties that says something.
fn first<'f>(feature: &'f Feature, names: &[&str]) -> Option<(&'f str, String)> {
    names.iter().find_map(|name| {
        let mut all = feature.properties.iter();
        let (key, value) = all.find(|(key, _)| key.to_lowercase() == *name)?;
        Some((key.as_str(), plain(value)?))
    })
}

fn says(feature: &Feature, name: &str) -> bool {
    first(feature, &[name]).is_some_and(|(_, value)| value != "no" && value != "false")
}

/// The id that the properties seem to have.
pub(super) fn id(feature: &Feature) -> Option<String> {
    Some(first(feature, ID)?.1)
}

pub(super) fn kind(feature: &Feature) -> EntityKind {
    let shape = feature.shape.word();
    if shape == "point" {
        let is_door = says(feature, "entrance") || says(feature, "door");
        return if is_door {
            EntityKind::Portal
        } else if says(feature, "building") {
            EntityKind::Building
        } else {
            EntityKind::Thing
        };
    }
    if shape == "line" {
        let is_street = says(feature, "highway");
        return if is_street {
            EntityKind::Street
        } else {
            EntityKind::Area
        };
    }
    let signs = [HEIGHT, STOREYS, ADDRESS, NUMBER, BUILT];
    let is_land = LAND.iter().any(|name| says(feature, name));
    if says(feature, "building") || (!is_land && signs.iter().any(|s| first(feature, s).is_some()))
    {
        EntityKind::Building
    } else if shape == "polygon" {
        EntityKind::Area
    } else {
        EntityKind::Thing
    }
}

/// An attribute that seems to be stated: its name, the property and its value.
pub(super) struct Guess {
    pub(super) attribute: &'static str,
    pub(super) properties: Vec<String>,
    pub(super) value: Value,
}

pub(super) fn attributes(feature: &Feature, kind: EntityKind) -> Vec<Guess> {
    let mut list = Vec::new();
    let mut add = |attribute, names: &[&str]| {
        if let Some((key, value)) = first(feature, names) {
            list.push(Guess {
                attribute,
                properties: vec![key.to_owned()],
                value: value.into(),
            });
        }
    };
    add("name", NAME);
    match kind {
        EntityKind::Building => {
            add("buildingHeight", HEIGHT);
            add("storeysAboveGround", STOREYS);
            add("address", ADDRESS);
            if let (None, Some(address)) = (first(feature, ADDRESS), address(feature)) {
                list.push(address);
            }
        }
        EntityKind::Street => add("streetKind", &["highway"]),
        EntityKind::Area => add("landUse", LAND),
        _ => {}
    }
    list
}

/// An address in parts: `Street 12, 2611 AB City`, as far as known.
fn address(feature: &Feature) -> Option<Guess> {
    let parts = [STREET, NUMBER, CODE, CITY].map(|names| first(feature, names));
    let [street, number, code, city] = &parts;
    let text = |part: &Option<(&str, String)>| part.as_ref().map(|(_, text)| text.clone());
    let near: Vec<String> = [text(street), text(number)].into_iter().flatten().collect();
    let far: Vec<String> = [text(code), text(city)].into_iter().flatten().collect();
    if near.is_empty() {
        return None;
    }
    let mut value = near.join(" ");
    if !far.is_empty() {
        value = format!("{value}, {}", far.join(" "));
    }
    Some(Guess {
        attribute: "address",
        properties: parts
            .iter()
            .flatten()
            .map(|(key, _)| (*key).to_owned())
            .collect(),
        value: value.into(),
    })
}
