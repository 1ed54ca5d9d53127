//! Statements on doors, openings, open edges, stairs and lifts.

use super::{Writer, json_text, rounded};
use crate::Facet;
use crate::ifc::building::{Climb, Door};
use crate::ifc::joins::{Place, Portal, Said, Sort};
use crate::ifc::properties::{self, Stated as Property};
use std::sync::Arc;
use twin_model::claim::Stated;
use twin_model::{Act, Code, EntityId, EntityKind, Finding, Uncertainty, Value};

const DOOR_COMMON: &[&str] = &["Pset_DoorCommon"];

impl Writer<'_, '_> {
    pub(super) fn entity(&self, place: Place) -> EntityId {
        match place {
            Place::Space(i) => self.spaces[i].clone(),
            Place::Storey(i) => self.coarse.get(&i).unwrap_or(&self.storeys[i]).clone(),
        }
    }

    pub(super) fn portal(&mut self, i: usize) {
        let (building, joins) = (self.building, self.joins);
        let portal = &joins.portals[i];
        let entity = self.portals[i].clone();
        let word = match portal.sort {
            Sort::Door(_) => "door",
            Sort::Hole(_) => "opening",
            Sort::Contact => "openContact",
            Sort::Stair(_) => "stairLink",
            Sort::Lift(_) => "liftLink",
        };
        match portal.sort {
            Sort::Door(d) => self.door(&entity, i, &building.doors[d]),
            Sort::Hole(h) => {
                let hole = &building.holes[h];
                self.kind(&entity, EntityKind::Portal);
                self.declare(&entity, "portalKind", Value::text(word));
                self.declare_text(&entity, &hole.thing.key, "name", hole.thing.name.as_deref());
                self.declare(&entity, "ifcGlobalId", json_text(&hole.thing.key));
                let o = &hole.opening;
                let (width, height) = (rounded(o.width_m), rounded(o.z_m.1 - o.z_m.0));
                self.conclude(
                    &entity,
                    "width",
                    Value::Number(width),
                    None,
                    "shape of the opening",
                );
                self.conclude(
                    &entity,
                    "height",
                    Value::Number(height),
                    None,
                    "shape of the opening",
                );
            }
            Sort::Stair(Some(s)) => {
                let stair = &building.stairs[s];
                self.kind(&entity, EntityKind::Portal);
                self.declare(&entity, "portalKind", Value::text(word));
                self.declare_text(
                    &entity,
                    &stair.thing.key,
                    "name",
                    stair.thing.name.as_deref(),
                );
                let climb = match stair.climb {
                    Climb::Stair => "stair",
                    Climb::Ramp => "ramp",
                    Climb::Escalator => "escalator",
                };
                self.declare(&entity, "climb", json_text(climb));
                self.verbatim(&entity, &stair.thing);
            }
            Sort::Contact | Sort::Stair(None) | Sort::Lift(_) => {
                let said = portal.by_plan.as_ref().or(portal.by_boundaries.as_ref());
                let (probability, method) =
                    said.map_or((0.5, "joins"), |s| (s.probability, s.method));
                self.conclude(&entity, "type", Value::text("portal"), None, method);
                self.conclude(&entity, "portalKind", Value::text(word), None, method);
                self.conclude(
                    &entity,
                    "existence",
                    Value::Boolean(true),
                    Some(probability),
                    method,
                );
                if let Sort::Lift(Some(l)) = portal.sort {
                    let thing = &building.lifts[l].thing;
                    self.declare_text(&entity, &thing.key, "name", thing.name.as_deref());
                    self.verbatim(&entity, thing);
                }
            }
        }
        if let Some(storey) = portal.storey {
            let whole = Value::Entity(self.storeys[storey].clone());
            let stated = matches!(portal.sort, Sort::Door(d) if building.doors[d].storey.is_some());
            if stated {
                self.declare(&entity, "partOf", whole);
            } else {
                self.conclude(&entity, "partOf", whole, None, "height of the portal");
            }
        }
        if let Some(said) = &portal.by_plan {
            let value = self.joined(said);
            self.conclude(
                &entity,
                "connects",
                value,
                Some(said.probability),
                said.method,
            );
        }
        if let Some(said) = &portal.by_boundaries {
            let uncertainty = Some(Uncertainty::Probability(said.probability));
            let stated = Stated {
                value: self.joined(said),
                unit: None,
                uncertainty,
            };
            self.say(
                Facet::Boundaries,
                &entity,
                "connects",
                Act::Assert(stated),
                said.method,
            );
        }
        if portal.is_disputed() {
            let names = |s: &Option<Said>| {
                let places = s.as_ref().map_or(&[][..], |s| &s.places);
                let keys: Vec<&str> = places.iter().map(|&p| self.key(p)).collect();
                keys.join(", ")
            };
            let (stated, found) = (names(&portal.by_boundaries), names(&portal.by_plan));
            self.contradict(
                &entity,
                &portal.key,
                "connects",
                format!("space boundaries say {stated}"),
                format!("the plan shows {found}"),
            );
        }
        let method = "shape of the opening";
        if let Some(p) = portal.position {
            self.conclude(
                &entity,
                "position",
                Value::Point(p.map(rounded)),
                None,
                method,
            );
        }
        if let Some((a, b)) = portal.line {
            let line = [[rounded(a.x), rounded(a.y)], [rounded(b.x), rounded(b.y)]];
            self.conclude(&entity, "span", Value::Line(Arc::from(line)), None, method);
        }
        if let Some((external, probability)) = portal.external_by_plan {
            let method = if external {
                "a space on one side only"
            } else {
                "spaces on both sides"
            };
            self.conclude(
                &entity,
                "isExternal",
                Value::Boolean(external),
                Some(probability),
                method,
            );
        }
    }

    fn joined(&self, said: &Said) -> Value {
        Value::entities(said.places.iter().map(|&p| self.entity(p)))
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
        self.declare(entity, "portalKind", Value::text("door"));
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
            self.conclude(entity, "width", width, None, "shape of the opening");
        }
        if let Some(operation) = &door.operation {
            self.declare(entity, "doorOperation", json_text(operation));
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
            self.findings.add(
                Finding::new(
                    Code::IfcDoorUnplaced,
                    "the door joins no space that could be found",
                )
                .about(entity.clone())
                .at_item(key.as_str()),
            );
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
