//! Statements on what the file leaves out.

use super::Teller;
use crate::Facet;
use crate::ifc::inferred::{Link, Room};
use crate::outline;
use crate::writer::rounded;
use std::sync::Arc;
use twin_model::claim::Stated;
use twin_model::{Act, Code, EntityId, Uncertainty, Value};
use twin_space::PortalKind;

const ROOM: &str = "a hole in the plan that walls and closed doors enclose, by its size and doors";

impl Teller<'_, '_> {
    pub(super) fn inferred(&mut self) {
        let inferred = self.inferred;
        for (i, room) in inferred.rooms.iter().enumerate() {
            let entity = self.twins.spaces[self.building.spaces.len() + i].clone();
            self.inferred_room(&entity, room);
        }
        for (i, link) in inferred.links.iter().enumerate() {
            let entity = self.twins.links[i].clone();
            match link.known {
                Some(known) => self.link_of_known(&entity, known, link),
                None => self.inferred_link(&entity, link),
            }
        }
        for &(storey, rooms) in &inferred.without_spaces {
            let key = &self.building.storeys[storey].thing.key;
            let entity = self.twins.storeys[storey].clone();
            let message = format!("the storey has no spaces; {rooms} are inferred from its walls");
            self.find(Code::IfcSubdivisionUnknown, message, &entity, key, None);
        }
    }

    fn inferred_room(&mut self, entity: &EntityId, room: &Room) {
        let space = &room.space;
        self.infer(entity, "type", Value::text("space"), ROOM);
        let exists = Value::Boolean(true);
        self.out
            .infer(entity, "existence", exists, room.exists, ROOM);
        if let Some(storey) = space.storey {
            let whole = Value::Entity(self.twins.storeys[storey].clone());
            self.infer(entity, "partOf", whole, "height of the room");
        }
        let reason = Arc::from("nothing in the file says what the room is for");
        let usage = Act::Unknown { reason };
        self.out.say(Facet::Inferred, entity, "usage", usage, ROOM);
        let Some(outline) = space.cell.outline.first() else {
            return;
        };
        let (floor, ceiling) = space.cell.z_m;
        let inside = outline.inside_point();
        let position = Value::Point([rounded(inside.x), rounded(inside.y), rounded(floor)]);
        let number = |x: f64| Value::Number(rounded(x));
        for (name, value) in [
            (
                "footprint",
                Value::Polygon(Arc::new(outline::of_plan(outline))),
            ),
            ("area", number(outline.area_m2())),
            ("height", number(ceiling - floor)),
            ("floorElevation", number(floor)),
            ("position", position),
        ] {
            self.infer(entity, name, value, ROOM);
        }
    }

    /// What a portal that the file has joins besides.
    fn link_of_known(&mut self, entity: &EntityId, known: usize, link: &Link) {
        let (why, probability) = (link.why.as_str(), link.probability);
        let joined = self.joined_by(link);
        self.out.infer(entity, "connects", joined, probability, why);
        if self.joins.portals[known].external_by_plan != link.external {
            self.link_leads_out(entity, link);
        }
    }

    fn inferred_link(&mut self, entity: &EntityId, link: &Link) {
        let (why, probability) = (link.why.as_str(), link.probability);
        let word = match link.kind {
            PortalKind::Door => "door",
            PortalKind::Opening => "opening",
            PortalKind::OpenContact => "openContact",
            PortalKind::StairLink => "stairLink",
            PortalKind::LiftLink => "liftLink",
        };
        self.infer(entity, "type", Value::text("portal"), why);
        self.infer(entity, "portalKind", Value::text(word), why);
        let there = Value::Boolean(true);
        self.out.infer(entity, "existence", there, probability, why);
        // Given that it exists, it is where it was looked for: that is certain, not merely
        // as likely as what the facet says usually is.
        let certain = Act::Assert(Stated {
            value: self.joined_by(link),
            unit: None,
            uncertainty: Some(Uncertainty::Probability(1.0)),
        });
        self.out
            .say(Facet::Inferred, entity, "connects", certain, why);
        self.link_leads_out(entity, link);
        if let Some(storey) = link.storey {
            let whole = Value::Entity(self.twins.storeys[storey].clone());
            self.infer(entity, "partOf", whole, why);
        }
        if let Some(at) = link.position {
            self.infer(entity, "position", Value::Point(at.map(rounded)), why);
        }
        if let Some((a, b)) = link.line {
            let line = [[rounded(a.x), rounded(a.y)], [rounded(b.x), rounded(b.y)]];
            self.infer(entity, "span", Value::Line(Arc::from(line)), why);
        }
    }

    fn link_leads_out(&mut self, entity: &EntityId, link: &Link) {
        if let Some((external, p)) = link.external {
            let external = Value::Boolean(external);
            self.out.infer(entity, "isExternal", external, p, &link.why);
        }
    }

    fn joined_by(&self, link: &Link) -> Value {
        Value::entities(link.places.iter().map(|&p| self.twins.at(p)))
    }

    fn infer(&mut self, entity: &EntityId, name: &str, value: Value, why: &str) {
        self.out.infer(entity, name, value, 1.0, why);
    }

    /// Whether an inferred room explains what a drawn portal joins.
    pub(super) fn is_explained(&self, portal: usize) -> bool {
        let mut links = self.inferred.links.iter();
        links.any(|link| link.known == Some(portal))
    }
}
