//! Statements on buildings and where on earth they stand.

use super::Teller;
use crate::ifc::building::{Edifice, Site};
use crate::ifc::properties::is_placeholder;
use crate::writer::{AS_STATED, site_position};
use std::sync::Arc;
use twin_model::{Code, EntityId, EntityKind, Finding, Value};
use twin_space::earth;

/// Probability of a site's latitude and longitude: three of five widely copied samples carry the
/// authoring tool's default town.
const SITE_POSITION: f64 = 0.4;
/// Probability of a template position.
const TEMPLATE_POSITION: f64 = 0.02;

impl Teller<'_, '_> {
    pub(super) fn edifices(&mut self) {
        let building = self.building;
        for (i, edifice) in building.edifices.iter().enumerate() {
            let entity = self.twins.edifices[i].clone();
            let key = &edifice.thing.key;
            self.kind(&entity, EntityKind::Building);
            self.declare_text(&entity, key, "name", edifice.thing.name.as_deref());
            self.declare_text(&entity, key, "longName", edifice.long_name.as_deref());
            self.address(&entity, edifice);
            self.verbatim(&entity, &edifice.thing);
            self.place_on_earth(&entity, i == 0);
        }
    }

    fn address(&mut self, entity: &EntityId, edifice: &Edifice) {
        let Some(address) = &edifice.address else {
            return;
        };
        let is_template = address.to_lowercase().contains("enter address");
        if is_template || is_placeholder(address, "address") {
            self.unknown(entity, &edifice.thing.key, "address", address);
        } else {
            self.out
                .declare(entity, "address", Value::text(address.as_str()));
        }
    }

    /// By the file's map conversion, else by its site. All buildings of a file are drawn on one
    /// plan, which a map conversion lays on earth; the site's position is at best that of the
    /// first.
    fn place_on_earth(&mut self, entity: &EntityId, is_first: bool) {
        let building = self.building;
        if let Some(json) = &building.map_conversion {
            let json = Value::Json(Arc::from(json.as_str()));
            self.out.declare(entity, "mapConversion", json);
        }
        match (building.georeference, &building.site) {
            (Some(place), _) => self.placed(entity, place),
            (None, Some(site)) if is_first => self.site(entity, site),
            (None, _) => {}
        }
    }

    /// The stated place on earth: low credibility, because templates are copied with it.
    fn site(&mut self, entity: &EntityId, site: &Site) {
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
        self.out
            .doubt(entity, "sitePosition", value, probability, AS_STATED);
    }

    /// A map conversion is made for this one file, unlike the site's position.
    fn placed(&mut self, entity: &EntityId, place: earth::Frame) {
        let method = "by the file's map conversion";
        let site = site_position([place.longitude_deg, place.latitude_deg]);
        self.out.doubt(entity, "sitePosition", site, 1.0, method);
        let turn = Value::Number(place.rotation_deg);
        self.out.doubt(entity, "planRotation", turn, 1.0, method);
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
