//! Statements on doors, openings, open edges, stairs and lifts.

use super::Teller;
use crate::Facet;
use crate::ifc::building::{Climb, Door, Hole, Lift, Stair};
use crate::ifc::joins::{Place, Portal, Said, Sort};
use crate::ifc::properties::{self, Stated as Property};
use crate::writer::{json_text, rounded};
use std::sync::Arc;
use twin_model::claim::Stated;
use twin_model::{Act, Code, EntityId, EntityKind, Uncertainty, Value};

const DOOR_COMMON: &[&str] = &["Pset_DoorCommon"];
const SHAPE: &str = "shape of the opening";

impl Teller<'_, '_> {
    pub(super) fn portal(&mut self, i: usize) {
        let (building, joins) = (self.building, self.joins);
        let portal = &joins.portals[i];
        let entity = self.twins.portals[i].clone();
        match portal.sort {
            Sort::Door(d) => self.door(&entity, i, &building.doors[d]),
            Sort::Hole(h) => self.hole(&entity, &building.holes[h]),
            Sort::Stair(Some(s)) => self.stair(&entity, &building.stairs[s]),
            Sort::Contact => self.concluded_portal(&entity, portal, "openContact"),
            Sort::Stair(None) => self.concluded_portal(&entity, portal, "stairLink"),
            Sort::Lift(lift) => {
                self.concluded_portal(&entity, portal, "liftLink");
                if let Some(l) = lift {
                    self.lift(&entity, &building.lifts[l]);
                }
            }
        }
        self.storey_of(&entity, portal);
        self.connects(&entity, portal);
        self.geometry(&entity, portal);
    }

    fn hole(&mut self, entity: &EntityId, hole: &Hole) {
        let thing = &hole.thing;
        self.kind(entity, EntityKind::Portal);
        self.out
            .declare(entity, "portalKind", Value::text("opening"));
        self.declare_text(entity, &thing.key, "name", thing.name.as_deref());
        self.out
            .declare(entity, "ifcGlobalId", json_text(&thing.key));
        let o = &hole.opening;
        let number = |x: f64| Value::Number(rounded(x));
        let (width, height) = (number(o.width_m), number(o.z_m.1 - o.z_m.0));
        self.out.conclude(entity, "width", width, 1.0, SHAPE);
        self.out.conclude(entity, "height", height, 1.0, SHAPE);
    }

    fn stair(&mut self, entity: &EntityId, stair: &Stair) {
        let thing = &stair.thing;
        self.kind(entity, EntityKind::Portal);
        self.out
            .declare(entity, "portalKind", Value::text("stairLink"));
        self.declare_text(entity, &thing.key, "name", thing.name.as_deref());
        let climb = match stair.climb {
            Climb::Stair => "stair",
            Climb::Ramp => "ramp",
            Climb::Escalator => "escalator",
        };
        self.out.declare(entity, "climb", json_text(climb));
        self.verbatim(entity, thing);
    }

    fn lift(&mut self, entity: &EntityId, lift: &Lift) {
        let thing = &lift.thing;
        self.declare_text(entity, &thing.key, "name", thing.name.as_deref());
        self.verbatim(entity, thing);
    }

    /// A way that no element of the file stands for.
    fn concluded_portal(&mut self, entity: &EntityId, portal: &Portal, word: &str) {
        let said = portal.by_plan.as_ref().or(portal.by_boundaries.as_ref());
        let (exists, method) = said.map_or((0.5, "joins"), |s| (s.probability, s.method));
        for (name, value, probability) in [
            ("type", Value::text("portal"), 1.0),
            ("portalKind", Value::text(word), 1.0),
            ("existence", Value::Boolean(true), exists),
        ] {
            self.out.conclude(entity, name, value, probability, method);
        }
    }

    fn storey_of(&mut self, entity: &EntityId, portal: &Portal) {
        let Some(storey) = portal.storey else { return };
        let whole = Value::Entity(self.twins.storeys[storey].clone());
        let doors = &self.building.doors;
        if matches!(portal.sort, Sort::Door(d) if doors[d].storey.is_some()) {
            self.out.declare(entity, "partOf", whole);
        } else {
            let method = "height of the portal";
            self.out.conclude(entity, "partOf", whole, 1.0, method);
        }
    }

    fn connects(&mut self, entity: &EntityId, portal: &Portal) {
        if let Some(said) = &portal.by_plan {
            let (joined, p) = (self.joined(said), said.probability);
            self.out
                .conclude(entity, "connects", joined, p, said.method);
        }
        if let Some(said) = &portal.by_boundaries {
            let act = Act::Assert(Stated {
                value: self.joined(said),
                unit: None,
                uncertainty: Some(Uncertainty::Probability(said.probability)),
            });
            self.out
                .say(Facet::Boundaries, entity, "connects", act, said.method);
        }
        if portal.is_disputed() {
            let (stated, found) = (
                self.keys(portal.by_boundaries.as_ref()),
                self.keys(portal.by_plan.as_ref()),
            );
            let stated = format!("space boundaries say {stated}");
            let found = format!("the plan shows {found}");
            self.contradict(entity, &portal.key, "connects", stated, found);
        }
    }

    fn geometry(&mut self, entity: &EntityId, portal: &Portal) {
        if let Some(p) = portal.position {
            let position = Value::Point(p.map(rounded));
            self.out.conclude(entity, "position", position, 1.0, SHAPE);
        }
        if let Some((a, b)) = portal.line {
            let line = [[rounded(a.x), rounded(a.y)], [rounded(b.x), rounded(b.y)]];
            let span = Value::Line(Arc::from(line));
            self.out.conclude(entity, "span", span, 1.0, SHAPE);
        }
        if let Some((external, probability)) = portal.external_by_plan {
            let method = if external {
                "a space on one side only"
            } else {
                "spaces on both sides"
            };
            let external = Value::Boolean(external);
            self.out
                .conclude(entity, "isExternal", external, probability, method);
        }
    }

    fn joined(&self, said: &Said) -> Value {
        Value::entities(said.places.iter().map(|&p| self.twins.at(p)))
    }

    fn keys(&self, said: Option<&Said>) -> String {
        let places = said.map_or(&[][..], |s| &s.places);
        let keys: Vec<&str> = places.iter().map(|&p| self.key(p)).collect();
        keys.join(", ")
    }

    fn key(&self, place: Place) -> &str {
        match place {
            Place::Space(i) => &self.building.spaces[i].thing.key,
            Place::Storey(i) => &self.building.storeys[i].thing.key,
        }
    }

    fn door(&mut self, entity: &EntityId, number: usize, door: &Door) {
        let portal = &self.joins.portals[number];
        let key = &door.thing.key;
        self.kind(entity, EntityKind::Portal);
        self.out.declare(entity, "portalKind", Value::text("door"));
        self.declare_text(entity, key, "name", door.thing.name.as_deref());
        match door.width {
            Some(width) => self.declare_length(entity, "width", width),
            None => self.missing(entity, key, "width", "the door states no overall width"),
        }
        match door.height {
            Some(height) => self.declare_length(entity, "height", height),
            None => self.missing(entity, key, "height", "the door states no overall height"),
        }
        if let (None, Some(o)) = (door.width, &door.opening) {
            let width = Value::Number(rounded(o.width_m));
            self.out.conclude(entity, "width", width, 1.0, SHAPE);
        }
        if let Some(operation) = &door.operation {
            self.out
                .declare(entity, "doorOperation", json_text(operation));
        }
        let sets = &door.thing.sets;
        let external = properties::truth(sets, DOOR_COMMON, "IsExternal");
        self.check_external(entity, key, portal, external.as_ref());
        self.declare_stated(entity, key, "isExternal", external, Value::Boolean);
        for (property, name) in [
            ("FireExit", "fireExit"),
            ("SelfClosing", "selfClosing"),
            ("SmokeStop", "smokeStop"),
            ("HandicapAccessible", "accessible"),
        ] {
            let stated = properties::truth(sets, DOOR_COMMON, property);
            self.declare_stated(entity, key, name, stated, Value::Boolean);
        }
        let rating = properties::text(sets, DOOR_COMMON, "FireRating");
        self.declare_stated(entity, key, "fireRating", rating, Value::text);
        self.verbatim(entity, &door.thing);
        if portal.best().is_empty() && !self.is_explained(number) {
            let message = "the door joins no space that could be found";
            self.find(Code::IfcDoorUnplaced, message, entity, key, None);
        }
    }

    fn check_external(
        &mut self,
        entity: &EntityId,
        key: &str,
        portal: &Portal,
        stated: Option<&Property<bool>>,
    ) {
        let (Some(Property::Value(stated)), Some((found, _))) = (stated, portal.external_by_plan)
        else {
            return;
        };
        if *stated == found {
            return;
        }
        // Boundaries that name a second space explain what the plan does not show.
        if found
            && portal
                .by_boundaries
                .as_ref()
                .is_some_and(|b| b.places.len() > 1)
        {
            return;
        }
        let (says, shows) = if found {
            (
                "IsExternal is false",
                "the plan shows a space on one side only",
            )
        } else {
            (
                "IsExternal is true",
                "the plan shows inside spaces on both sides",
            )
        };
        self.contradict(entity, key, "isExternal", says.to_owned(), shows.to_owned());
    }
}
