//! Statements on storeys.

use super::Teller;
use crate::writer::{rounded, shortened};
use twin_model::{Code, EntityKind, Value};

const UNDIVIDED: &str = "a storey without spaces, taken as one";

impl Teller<'_, '_> {
    pub(super) fn storeys(&mut self) {
        let building = self.building;
        for (i, storey) in building.storeys.iter().enumerate() {
            let entity = self.twins.storeys[i].clone();
            let key = &storey.thing.key;
            self.kind(&entity, EntityKind::Storey);
            self.declare_text(&entity, key, "name", storey.thing.name.as_deref());
            self.declare_text(&entity, key, "longName", storey.long_name.as_deref());
            if let Some(b) = storey.building {
                let whole = self.twins.edifices[b].clone();
                self.out.declare(&entity, "partOf", Value::Entity(whole));
            }
            match storey.elevation_m {
                Some(e) => self
                    .out
                    .declare_number(&entity, "elevation", rounded(e), "m"),
                None => self.missing(&entity, key, "elevation", "the storey states no elevation"),
            }
            let placed = Value::Number(rounded(storey.height_m()));
            let method = "placement of the storey";
            self.out.conclude(&entity, "elevation", placed, 1.0, method);
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
                    &self.twins.storeys[i].clone(),
                    &storey.thing.key,
                    "elevation",
                    format!("stated {stated:.2} m"),
                    format!("placed at {:.2} m", storey.placed_m + median),
                );
            }
        }
    }

    /// A storey without spaces still has an inside.
    pub(super) fn inside_of_storeys(&mut self) {
        for (storey, entity) in self.twins.coarse.clone() {
            let thing = &self.building.storeys[storey].thing;
            let name = thing.name.as_deref().unwrap_or("storey");
            let whole = self.twins.storeys[storey].clone();
            let floor = self.building.storeys[storey].height_m();
            let called = Value::text(format!("{name} (subdivision unknown)"));
            for (attribute, value) in [
                ("type", Value::text("space")),
                ("name", called),
                ("partOf", Value::Entity(whole.clone())),
                ("floorElevation", Value::Number(rounded(floor))),
            ] {
                self.out.conclude(&entity, attribute, value, 1.0, UNDIVIDED);
            }
            let message = format!(
                "storey `{}` has no spaces; it is kept as one whose subdivision is unknown",
                shortened(name)
            );
            let code = Code::IfcSubdivisionUnknown;
            self.find(code, message, &whole, &thing.key, None);
        }
    }
}
