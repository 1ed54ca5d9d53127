//! From buildings and land to statements.

use super::city::{Edifice, Ground, Land};
use crate::{Facet, FacetStatements, Mint};
use rustc_hash::FxHashSet;
use std::fmt::Write as _;
use std::sync::Arc;
use twin_model::claim::Stated;
use twin_model::{
    Act, Attribute, Code, EntityId, EntityKind, Finding, Interval, Polygon, Statement, Time, Unit,
    Value,
};

/// Probability that a height read off the drawing is the building's: blocks are often as high as
/// the ridge, the eaves or a percentile of the points in between. A judgement.
const DRAWN_HEIGHT_SD_M: f64 = 2.0;

/// Collects statements, a source for what is stated and one for what is drawn.
#[derive(Debug)]
pub(super) struct Writer {
    observed: Time,
    /// How outlines came to lie on earth.
    placed_by: Arc<str>,
    declared: Vec<Statement>,
    geometry: Vec<Statement>,
    seen: FxHashSet<String>,
}

impl Writer {
    pub(super) fn new(observed: Time, placed_by: Arc<str>) -> Self {
        Self {
            observed,
            placed_by,
            declared: Vec::new(),
            geometry: Vec::new(),
            seen: FxHashSet::default(),
        }
    }

    pub(super) fn finish(self) -> Vec<FacetStatements> {
        [
            (Facet::Declared, self.declared),
            (Facet::Geometry, self.geometry),
        ]
        .into_iter()
        .map(|(facet, statements)| FacetStatements { facet, statements })
        .collect()
    }

    pub(super) fn edifice(
        &mut self,
        edifice: &Edifice,
        mint: &mut dyn Mint,
    ) -> Result<(), Finding> {
        self.once(&edifice.id)?;
        let entity = mint.mint(EntityKind::Building, &edifice.id);
        self.declare(&entity, "type", Value::text("building"));
        self.declare_text(&entity, "name", edifice.name.as_deref());
        self.declare_text(&entity, "address", edifice.address.as_deref());
        self.declare_number(&entity, "buildingHeight", edifice.height_m, "m");
        self.declare_number(&entity, "storeysAboveGround", edifice.storeys_above, "1");
        self.declare_number(&entity, "storeysBelowGround", edifice.storeys_below, "1");
        self.declare_json(&entity, "cityJsonId", &json_string(&edifice.id));
        for (name, text) in [("bagId", &edifice.bag_id), ("roofType", &edifice.roof)] {
            if let Some(text) = text {
                self.declare_json(&entity, name, &json_string(text));
            }
        }
        if let Some(json) = &edifice.attributes {
            self.declare_json(&entity, "cityJsonAttributes", json);
        }
        if let Some(height_m) = edifice.drawn_height_m {
            let stated = Stated {
                value: Value::Number((height_m * 1e3).round() / 1e3),
                unit: Unit::new("m").ok(),
                uncertainty: Some(twin_model::Uncertainty::StandardDeviation(
                    DRAWN_HEIGHT_SD_M,
                )),
            };
            let method: Arc<str> = Arc::from("highest less lowest corner of what is drawn");
            self.show(&entity, "buildingHeight", stated, &method);
        }
        self.ground(&entity, &edifice.ground);
        Ok(())
    }

    pub(super) fn land(&mut self, land: &Land, mint: &mut dyn Mint) -> Result<(), Finding> {
        self.once(&land.id)?;
        let entity = mint.mint(EntityKind::Area, &land.id);
        self.declare(&entity, "type", Value::text("area"));
        self.declare_text(&entity, "name", land.name.as_deref());
        self.declare(&entity, "landUse", Value::text(land.usage.as_str()));
        self.declare_json(&entity, "cityJsonId", &json_string(&land.id));
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
            self.declare(entity, name, Value::text(text));
        }
    }

    fn declare_number(&mut self, entity: &EntityId, name: &str, number: Option<f64>, unit: &str) {
        if let Some(number) = number {
            let stated = Stated {
                value: Value::Number(number),
                unit: Unit::new(unit).ok(),
                uncertainty: None,
            };
            self.declare(entity, name, stated);
        }
    }

    fn declare_json(&mut self, entity: &EntityId, name: &str, json: &str) {
        self.declare(entity, name, Value::Json(Arc::from(json)));
    }

    fn declare(&mut self, entity: &EntityId, name: &str, stated: impl Into<Stated>) {
        let statement = self.statement(entity, name, stated.into(), None);
        self.declared.push(statement);
    }

    fn show(&mut self, entity: &EntityId, name: &str, stated: Stated, method: &Arc<str>) {
        let statement = self.statement(entity, name, stated, Some(Arc::clone(method)));
        self.geometry.push(statement);
    }

    fn statement(
        &self,
        entity: &EntityId,
        name: &str,
        stated: Stated,
        procedure: Option<Arc<str>>,
    ) -> Statement {
        Statement {
            entity: entity.clone(),
            attribute: Attribute::new(name).expect("names written here are attribute names"),
            act: Act::Assert(stated),
            valid: Interval::ALWAYS,
            observed: self.observed,
            procedure,
        }
    }
}

fn json_string(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
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
