//! Statements on the rooms that the file has.

use super::Teller;
use crate::ifc::building::Space;
use crate::ifc::properties;
use crate::ifc::usage::usage;
use crate::outline;
use crate::writer::{json_text, push_json_text, rounded};
use std::sync::Arc;
use twin_model::{EntityId, EntityKind, Value};
use twin_space::plan::Fidelity;

/// Probability that the usage read from a name is right: "Hall" may be a corridor or a concert
/// hall. A judgement.
const USAGE_BY_NAME: f64 = 0.8;

const SPACE_COMMON: &[&str] = &["Pset_SpaceCommon"];
const SPACE_QUANTITIES: &[&str] = &["Qto_SpaceBaseQuantities", "BaseQuantities"];

impl Teller<'_, '_> {
    pub(super) fn spaces(&mut self) {
        let building = self.building;
        for (i, space) in building.spaces.iter().enumerate() {
            let entity = self.twins.spaces[i].clone();
            let key = &space.thing.key;
            self.kind(&entity, EntityKind::Space);
            self.declare_text(&entity, key, "name", space.thing.name.as_deref());
            self.declare_text(&entity, key, "longName", space.long_name.as_deref());
            if let Some(s) = space.storey {
                let storey = self.twins.storeys[s].clone();
                self.out.declare(&entity, "partOf", Value::Entity(storey));
            }
            self.usage(&entity, space);
            let accessible =
                properties::truth(&space.thing.sets, SPACE_COMMON, "HandicapAccessible");
            self.declare_stated(&entity, key, "accessible", accessible, Value::Boolean);
            self.area(&entity, space);
            if !space.zones.is_empty() {
                let zones = json_list(&space.zones);
                self.out.declare(&entity, "ifcZones", zones);
            }
            if let Some(word) = &space.predefined {
                self.out
                    .declare(&entity, "ifcPredefinedType", json_text(word));
            }
            self.verbatim(&entity, &space.thing);
            self.space_geometry(&entity, space);
        }
    }

    fn area(&mut self, entity: &EntityId, space: &Space) {
        let area = ["NetFloorArea", "GrossFloorArea"]
            .iter()
            .find_map(|n| properties::number(&space.thing.sets, SPACE_QUANTITIES, n))
            .filter(|a| *a > 0.0);
        if let Some(area) = area {
            let area_m2 = area * self.file.area_m2;
            self.out.declare_number(entity, "area", area_m2, "m2");
        }
    }

    fn usage(&mut self, entity: &EntityId, space: &Space) {
        let usage = Value::text(usage(space));
        if space.is_outside() {
            self.out.declare(entity, "usage", usage);
        } else {
            let method = "words in the name of the space";
            self.out
                .doubt(entity, "usage", usage, USAGE_BY_NAME, method);
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
        let (floor, ceiling) = space.cell.z_m;
        let footprint = Value::Polygon(Arc::new(outline::of_plan(largest)));
        let inside = largest.inside_point();
        let position = Value::Point([rounded(inside.x), rounded(inside.y), rounded(floor)]);
        let number = |x: f64| Value::Number(rounded(x));
        for (name, value) in [
            ("footprint", footprint),
            ("area", number(space.cell.area_m2())),
            ("height", number(ceiling - floor)),
            ("floorElevation", number(floor)),
            ("position", position),
        ] {
            self.out.conclude(entity, name, value, 1.0, method);
        }
    }
}

fn json_list(texts: &[String]) -> Value {
    let mut out = String::from("[");
    for (i, text) in texts.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        push_json_text(&mut out, text);
    }
    out.push(']');
    Value::Json(Arc::from(out))
}
