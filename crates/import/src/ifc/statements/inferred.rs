//! Statements on what the file leaves out.

use super::{Writer, outer_with_holes, rounded};
use crate::Facet;
use crate::ifc::inferred::{Link, Room};
use std::sync::Arc;
use twin_model::claim::Stated;
use twin_model::{Act, Code, EntityId, Finding, Uncertainty, Unit, Value};
use twin_space::PortalKind;

const ROOM: &str = "a hole in the plan that walls and closed doors enclose, by its size and doors";

impl Writer<'_, '_> {
    pub(super) fn inferred(&mut self) {
        let inferred = self.inferred;
        for (i, room) in inferred.rooms.iter().enumerate() {
            let entity = self.spaces[self.building.spaces.len() + i].clone();
            self.inferred_room(&entity, room);
        }
        for (i, link) in inferred.links.iter().enumerate() {
            let entity = self.links[i].clone();
            self.inferred_link(&entity, link);
        }
        for &(storey, rooms) in &inferred.without_spaces {
            let thing = &self.building.storeys[storey].thing;
            self.findings.add(
                Finding::new(
                    Code::IfcSubdivisionUnknown,
                    format!("the storey has no spaces; {rooms} are inferred from its walls"),
                )
                .about(self.storeys[storey].clone())
                .at_item(thing.key.clone()),
            );
        }
    }

    fn inferred_room(&mut self, entity: &EntityId, room: &Room) {
        let space = &room.space;
        self.infer(entity, "type", Value::text("space"), None, ROOM);
        let exists = Some(room.exists);
        self.infer(entity, "existence", Value::Boolean(true), exists, ROOM);
        if let Some(storey) = space.storey {
            let whole = Value::Entity(self.storeys[storey].clone());
            self.infer(entity, "partOf", whole, None, "height of the room");
        }
        let reason = Arc::from("nothing in the file says what the room is for");
        self.say(
            Facet::Inferred,
            entity,
            "usage",
            Act::Unknown { reason },
            ROOM,
        );
        let Some(outline) = space.cell.outline.first() else {
            return;
        };
        let (floor, ceiling) = space.cell.z_m;
        let inside = outline.inside_point();
        let position = Value::Point([rounded(inside.x), rounded(inside.y), rounded(floor)]);
        let polygon = Value::Polygon(Arc::new(outer_with_holes(outline)));
        let number = |x: f64| Value::Number(rounded(x));
        self.infer(entity, "footprint", polygon, None, ROOM);
        self.infer(entity, "area", number(outline.area_m2()), None, ROOM);
        self.infer(entity, "height", number(ceiling - floor), None, ROOM);
        self.infer(entity, "floorElevation", number(floor), None, ROOM);
        self.infer(entity, "position", position, None, ROOM);
    }

    fn inferred_link(&mut self, entity: &EntityId, link: &Link) {
        let value = Value::entities(link.places.iter().map(|&p| self.entity(p)));
        let (why, probability) = (link.why.as_str(), link.probability);
        if let Some(known) = link.known {
            self.infer(entity, "connects", value, Some(probability), why);
            if let Some((external, p)) = link.external
                && self.joins.portals[known].external_by_plan != link.external
            {
                let p = Some(p);
                self.infer(entity, "isExternal", Value::Boolean(external), p, why);
            }
            return;
        }
        let word = match link.kind {
            PortalKind::Door => "door",
            PortalKind::Opening => "opening",
            PortalKind::OpenContact => "openContact",
            PortalKind::StairLink => "stairLink",
            PortalKind::LiftLink => "liftLink",
        };
        self.infer(entity, "type", Value::text("portal"), None, why);
        self.infer(entity, "portalKind", Value::text(word), None, why);
        let there = Value::Boolean(true);
        self.infer(entity, "existence", there, Some(probability), why);
        // Given that it exists, it is where it was looked for.
        self.infer(entity, "connects", value, Some(1.0), why);
        if let Some((external, p)) = link.external {
            let p = Some(p);
            self.infer(entity, "isExternal", Value::Boolean(external), p, why);
        }
        if let Some(storey) = link.storey {
            let whole = Value::Entity(self.storeys[storey].clone());
            self.infer(entity, "partOf", whole, None, why);
        }
        if let Some(at) = link.position {
            self.infer(entity, "position", Value::Point(at.map(rounded)), None, why);
        }
        if let Some((a, b)) = link.line {
            let line = [[rounded(a.x), rounded(a.y)], [rounded(b.x), rounded(b.y)]];
            self.infer(entity, "span", Value::Line(Arc::from(line)), None, why);
        }
    }

    fn infer(
        &mut self,
        entity: &EntityId,
        name: &str,
        value: Value,
        probability: Option<f64>,
        why: &str,
    ) {
        let unit = value
            .as_number()
            .and_then(|_| Unit::new(if name == "area" { "m2" } else { "m" }).ok());
        let stated = Stated {
            value,
            unit,
            uncertainty: probability.map(Uncertainty::Probability),
        };
        self.say(Facet::Inferred, entity, name, Act::Assert(stated), why);
    }

    /// Whether an inferred room explains what a drawn portal joins.
    pub(super) fn is_explained(&self, portal: usize) -> bool {
        let mut links = self.inferred.links.iter();
        links.any(|link| link.known == Some(portal))
    }
}
