//! From buildings and land to statements.

use super::city::{Edifice, Ground, Land};
use super::inside;
use crate::writer::{self, json_text};
use crate::{Facet, FacetStatements, Mint};
use rustc_hash::FxHashSet;
use std::fmt::Write as _;
use std::sync::Arc;
use twin_model::claim::Stated;
use twin_model::{
    Act, Code, EntityId, EntityKind, Finding, Polygon, Time, Uncertainty, Unit, Value,
};

/// Probability that a height read off the drawing is the building's: blocks are often as high as
/// the ridge, the eaves or a percentile of the points in between. A judgement.
const DRAWN_HEIGHT_SD_M: f64 = 2.0;
/// Probability that rooms which name no building of the file are in one of their own. A judgement.
const HOMELESS: f64 = 0.8;

/// Writes down buildings, with their inside, and land.
pub(super) struct Writer<'m> {
    out: writer::Writer<'m>,
    /// How outlines came to lie on earth.
    placed_by: Arc<str>,
    seen: FxHashSet<String>,
}

impl<'m> Writer<'m> {
    pub(super) fn new(observed: Time, placed_by: Arc<str>, mint: &'m mut dyn Mint) -> Self {
        Self {
            out: writer::Writer::new(observed, mint),
            placed_by,
            seen: FxHashSet::default(),
        }
    }

    pub(super) fn finish(self) -> Vec<FacetStatements> {
        self.out.finish()
    }

    pub(super) fn edifice(&mut self, edifice: &Edifice) -> Result<(), Finding> {
        self.once(&edifice.id)?;
        let entity = if edifice.is_homeless {
            let method = "rooms that name no building of the file";
            self.out
                .concluded_twin(EntityKind::Building, &edifice.id, HOMELESS, method)
        } else {
            self.stated(edifice)
        };
        if let Some(height_m) = edifice.drawn_height_m {
            let stated = Stated {
                value: Value::Number((height_m * 1e3).round() / 1e3),
                unit: Unit::new("m").ok(),
                uncertainty: Some(Uncertainty::StandardDeviation(DRAWN_HEIGHT_SD_M)),
            };
            let method: Arc<str> = Arc::from("highest less lowest corner of what is drawn");
            self.show(&entity, "buildingHeight", stated, &method);
        }
        self.ground(&entity, &edifice.ground);
        if let Some(inside) = &edifice.inside {
            inside::write(inside, &entity, &self.placed_by, &mut self.out);
        }
        Ok(())
    }

    /// The twin of a building, and what the file states of it.
    fn stated(&mut self, edifice: &Edifice) -> EntityId {
        let entity = self.out.twin(EntityKind::Building, &edifice.id);
        self.declare_text(&entity, "name", edifice.name.as_deref());
        self.declare_text(&entity, "address", edifice.address.as_deref());
        self.declare_number(&entity, "buildingHeight", edifice.height_m, "m");
        self.declare_number(&entity, "storeysAboveGround", edifice.storeys_above, "1");
        self.declare_number(&entity, "storeysBelowGround", edifice.storeys_below, "1");
        self.out
            .declare(&entity, "cityJsonId", json_text(&edifice.id));
        for (name, text) in [("bagId", &edifice.bag_id), ("roofType", &edifice.roof)] {
            if let Some(text) = text {
                self.out.declare(&entity, name, json_text(text));
            }
        }
        if let Some(json) = &edifice.attributes {
            self.declare_json(&entity, "cityJsonAttributes", json);
        }
        entity
    }

    pub(super) fn land(&mut self, land: &Land) -> Result<(), Finding> {
        self.once(&land.id)?;
        let entity = self.out.twin(EntityKind::Area, &land.id);
        self.declare_text(&entity, "name", land.name.as_deref());
        let usage = Value::text(land.usage.as_str());
        self.out.declare(&entity, "landUse", usage);
        self.out.declare(&entity, "cityJsonId", json_text(&land.id));
        if let Some(json) = &land.attributes {
            self.declare_json(&entity, "cityJsonAttributes", json);
        }
        self.ground(&entity, &land.ground);
        Ok(())
    }

    /// Objects of one feature are told apart there; those of several are here.
    fn once(&mut self, id: &str) -> Result<(), Finding> {
        if self.seen.insert(id.to_owned()) {
            return Ok(());
        }
        Err(Finding::new(
            Code::CityDuplicateId,
            "the id stands for two objects; the first is used",
        )
        .at_item(id))
    }

    fn ground(&mut self, entity: &EntityId, ground: &Ground) {
        let Some(outline) = &ground.outline else {
            return;
        };
        let method = Arc::clone(&self.placed_by);
        if ground.is_on_earth {
            let value = Value::Polygon(Arc::new(outline.clone()));
            self.show(entity, "outline", value.into(), &method);
        } else {
            let json = Value::Json(polygons_json(std::slice::from_ref(outline)).into());
            self.show(entity, "planOutline", json.into(), &method);
        }
        if !ground.others.is_empty() {
            let name = if ground.is_on_earth {
                "outlineParts"
            } else {
                "planOutlineParts"
            };
            let json = Value::Json(polygons_json(&ground.others).into());
            self.show(entity, name, json.into(), &method);
        }
    }

    fn declare_text(&mut self, entity: &EntityId, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.out.declare(entity, name, Value::text(text));
        }
    }

    fn declare_number(
        &mut self,
        entity: &EntityId,
        name: &str,
        number: Option<f64>,
        unit: &'static str,
    ) {
        if let Some(number) = number {
            self.out.declare_number(entity, name, number, unit);
        }
    }

    fn declare_json(&mut self, entity: &EntityId, name: &str, json: &str) {
        self.out.declare(entity, name, Value::Json(Arc::from(json)));
    }

    fn show(&mut self, entity: &EntityId, name: &str, stated: Stated, method: &Arc<str>) {
        self.out
            .say(Facet::Geometry, entity, name, Act::Assert(stated), method);
    }
}

/// Polygons as lists of rings of points.
fn polygons_json(polygons: &[Polygon]) -> String {
    let mut text = String::from("[");
    for (i, polygon) in polygons.iter().enumerate() {
        text.push_str(if i == 0 { "[" } else { ",[" });
        for (j, ring) in polygon.rings.iter().enumerate() {
            text.push_str(if j == 0 { "[" } else { ",[" });
            for (k, [x, y]) in ring.iter().enumerate() {
                let comma = if k == 0 { "" } else { "," };
                let _ = write!(text, "{comma}[{x},{y}]");
            }
            text.push(']');
        }
        text.push(']');
    }
    text.push(']');
    text
}
