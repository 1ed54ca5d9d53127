//! What the attributes of a city object say, under the names that registers give them.
//!
//! CityJSON fixes a handful of names; registers have their own. Those of the standard, of the
//! Dutch BGT and 3DBAG and of OpenStreetMap conversions are known; whatever else a building
//! states is kept in one piece.

use crate::ifc::is_placeholder;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Names for the name of a thing, best first.
const NAME: &[&str] = &["name", "gml:name", "naam", "Name"];
/// Names for an address written in one line.
const ADDRESS: &[&str] = &["address", "adres", "addr:full", "Adresse"];
/// Height above ground in metres, stated. 3DBAG states heights above sea level instead.
const HEIGHT: &[&str] = &["measuredHeight", "height", "b3_h_gebouw"];
const STOREYS_ABOVE: &[&str] = &["storeysAboveGround", "b3_bouwlagen", "building:levels"];
const STOREYS_BELOW: &[&str] = &["storeysBelowGround", "building:levels:underground"];
const BAG_ID: &[&str] = &["identificatiebagpnd", "bag_id", "bagId"];
const ROOF: &[&str] = &["roofType", "b3_dak_type", "roof:shape"];
/// What a piece of land is used for, best first.
const USE: &[&str] = &[
    "usage",
    "function",
    "class",
    "bgt_fysiekvoorkomen",
    "plus_fysiekvoorkomen",
];
/// Words of registers for "nothing is stated here".
const NOTHING: &[&str] = &["waardeonbekend", "geenwaarde", "niet-bgt"];

/// The attributes of one object: names with values as JSON.
#[derive(Debug, Default)]
pub(super) struct Attributes<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Attributes<'a> {
    /// No attributes where they are not a JSON object.
    pub(super) fn read(json: Option<&'a RawValue>) -> Self {
        let read = json.and_then(|json| serde_json::from_str(json.get()).ok());
        Self(read.unwrap_or_default())
    }

    fn first<T>(&self, names: &[&str], read: impl Fn(&str) -> Option<T>) -> Option<T> {
        names.iter().find_map(|name| read(self.0.get(*name)?.get()))
    }

    pub(super) fn name(&self) -> Option<String> {
        self.first(NAME, stated_text)
    }

    pub(super) fn address_line(&self) -> Option<String> {
        self.first(ADDRESS, stated_text)
            .or_else(|| self.osm_address())
    }

    /// `addr:street`, `addr:housenumber` and so on, as tools write that bring OpenStreetMap's
    /// buildings into CityJSON.
    fn osm_address(&self) -> Option<String> {
        let part = |name: &str| self.first(&[name], stated_text);
        one_line(
            part("addr:street"),
            part("addr:housenumber"),
            part("addr:postcode"),
            part("addr:city"),
        )
    }

    pub(super) fn height_m(&self) -> Option<f64> {
        let above_sea = |name| self.first(&[name], number);
        let by_roof = || Some(above_sea("b3_h_dak_max")? - above_sea("b3_h_maaiveld")?);
        let height_m = self.first(HEIGHT, number).or_else(by_roof);
        height_m.filter(|height_m| (0.5..2000.0).contains(height_m))
    }

    pub(super) fn storeys_above(&self) -> Option<f64> {
        self.first(STOREYS_ABOVE, number)
            .filter(|n| (0.0..=1000.0).contains(n))
    }

    pub(super) fn storeys_below(&self) -> Option<f64> {
        self.first(STOREYS_BELOW, number)
            .filter(|n| (0.0..=100.0).contains(n))
    }

    pub(super) fn roof(&self) -> Option<String> {
        self.first(ROOF, stated_text)
    }

    /// What a thing inside of a building is, in the words of the standard's `class`, `function`
    /// and `usage`.
    pub(super) fn purposes(&self) -> Vec<String> {
        let told = ["class", "function", "usage"].into_iter();
        told.filter_map(|name| self.first(&[name], stated_text))
            .collect()
    }

    pub(super) fn land_use(&self) -> Option<String> {
        self.first(USE, stated_text)
    }

    /// The id in the Dutch register of buildings, sixteen digits. Some exports lose the first
    /// one, a zero.
    pub(super) fn bag_id(&self, object_id: &str) -> Option<String> {
        let stated = self.first(BAG_ID, stated_text);
        let named = || self.first(&["identificatie"], stated_text);
        let in_id = || Some(object_id.to_owned());
        stated
            .or_else(|| named().filter(|text| text.contains("BAG.Pand")))
            .or_else(|| in_id().filter(|text| text.contains("BAG.Pand")))
            .and_then(|text| bag_digits(&text))
    }
}

fn bag_digits(text: &str) -> Option<String> {
    let digits = text.rsplit('.').next()?.split('-').next()?;
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    (is_number && (14..=16).contains(&digits.len())).then(|| format!("{digits:0>16}"))
}

/// A text, or a number as one. Nothing for what only fills a field.
fn stated_text(json: &str) -> Option<String> {
    let text: Cow<'_, str> = if json.starts_with('"') {
        serde_json::from_str::<String>(json).ok()?.into()
    } else if json.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        json.into()
    } else {
        return None;
    };
    let text = text.trim();
    let is_nothing = NOTHING.contains(&text.to_ascii_lowercase().as_str());
    let is_stated = !is_nothing && !is_placeholder(text, "");
    is_stated.then(|| text.chars().take(TEXT_CHARS_MAX).collect())
}

/// Longer names and addresses are cut.
const TEXT_CHARS_MAX: usize = 500;

/// A finite number, or a text of one.
fn number(json: &str) -> Option<f64> {
    json.trim_matches('"')
        .trim()
        .parse()
        .ok()
        .filter(|n: &f64| n.is_finite())
}

/// An address in the words of CityJSON (which are those of xAL).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Address {
    #[serde(default, alias = "Street")]
    thoroughfare_name: Option<String>,
    #[serde(default, alias = "HouseNumber")]
    thoroughfare_number: Option<Number>,
    #[serde(default)]
    postal_code: Option<Number>,
    #[serde(default, alias = "City")]
    locality_name: Option<String>,
}

/// House numbers and postal codes are written as texts and as numbers.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Number {
    Text(String),
    Whole(u64),
}

impl Number {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Whole(number) => number.to_string(),
        }
    }
}

/// The first address of an object's `address` member in one line.
pub(super) fn address(json: Option<&RawValue>) -> Option<String> {
    let json = json?.get();
    let list: Result<Vec<Address>, _> = serde_json::from_str(json);
    let first = match list {
        Ok(list) => list.into_iter().next(),
        Err(_) => serde_json::from_str(json).ok(),
    }?;
    one_line(
        first.thoroughfare_name,
        first.thoroughfare_number.map(Number::into_text),
        first.postal_code.map(Number::into_text),
        first.locality_name,
    )
}

/// `Street 12, 2611 AB City`, as far as known; nothing without a street.
fn one_line(
    street: Option<String>,
    number: Option<String>,
    code: Option<String>,
    city: Option<String>,
) -> Option<String> {
    let join = |parts: [Option<String>; 2]| {
        let parts: Vec<_> = parts
            .into_iter()
            .flatten()
            .filter(|p| !p.trim().is_empty())
            .collect();
        parts.join(" ")
    };
    let street = street.filter(|s| !s.trim().is_empty())?;
    let (door, place) = (join([Some(street), number]), join([code, city]));
    let line = if place.is_empty() {
        door
    } else {
        format!("{door}, {place}")
    };
    Some(line.chars().take(TEXT_CHARS_MAX).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(json: &str) -> Box<RawValue> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn registers_are_understood() {
        let json = attributes(
            r#"{"identificatiebagpnd": "503100000000035", "measuredHeight": "6", "name": " Old Church ",
                "function": "waardeOnbekend", "class": "erf", "b3_bouwlagen": 3}"#,
        );
        let read = Attributes::read(Some(&json));
        assert_eq!(read.bag_id("x").as_deref(), Some("0503100000000035"));
        assert_eq!(read.height_m(), Some(6.0));
        assert_eq!(read.name().as_deref(), Some("Old Church"));
        assert_eq!(read.land_use().as_deref(), Some("erf"));
        assert_eq!(read.storeys_above(), Some(3.0));
        let json = attributes(r#"{"b3_h_dak_max": 12.5, "b3_h_maaiveld": 0.5, "name": "n/a"}"#);
        let read = Attributes::read(Some(&json));
        assert_eq!((read.height_m(), read.name()), (Some(12.0), None));
        let bag = read.bag_id("NL.IMBAG.Pand.0599100000013001-0");
        assert_eq!(bag.as_deref(), Some("0599100000013001"));
        assert_eq!(Attributes::read(Some(&attributes("[1]"))).name(), None);
    }

    #[test]
    fn addresses_become_one_line() {
        let line = |json: &str| address(Some(&attributes(json)));
        let stated = r#"[{"CountryName": "NL", "LocalityName": "Delft", "ThoroughfareName": "Markt",
            "ThoroughfareNumber": 87, "PostalCode": "2611 GS"}]"#;
        assert_eq!(line(stated).as_deref(), Some("Markt 87, 2611 GS Delft"));
        assert_eq!(line(r#"[{"LocalityName": "Delft"}]"#), None);
        assert_eq!(
            line(r#"{"ThoroughfareName": "Markt"}"#).as_deref(),
            Some("Markt")
        );
        assert_eq!(line("[]"), None);
    }
}
