//! From storeys, rooms and doors to statements.

use super::{Inside, Label, Portal, Space, Storey};
use crate::outline;
use crate::writer::{Writer, json_text, rounded, site_position};
use std::sync::Arc;
use twin_model::{EntityId, EntityKind, Value};
use twin_space::PortalKind;
use twin_space::earth::Frame;

/// Probability of a usage that is read from a name: "Hall" may be a corridor or a concert hall. A
/// judgement.
const USAGE_BY_NAME: f64 = 0.8;
/// Probability that rooms at one height are a storey, and that a room is on the storey whose
/// floor is at its height. Judgements.
const STOREY_BY_FLOORS: f64 = 0.8;
const ON_STOREY: f64 = 0.9;
/// Probability that a storey without rooms has an inside of its own. A judgement.
const REST: f64 = 0.9;

/// Writes everything inside of a building.
pub(in crate::cityjson) fn write(
    inside: &Inside,
    building: &EntityId,
    placed_by: &str,
    out: &mut Writer<'_>,
) {
    let mut storeys: Vec<EntityId> = Vec::new();
    for storey in &inside.storeys {
        storeys.push(write_storey(storey, building, out));
    }
    let mut spaces: Vec<EntityId> = Vec::new();
    for space in &inside.spaces {
        spaces.push(write_space(space, building, &storeys, out));
    }
    for portal in &inside.portals {
        let entity = write_portal(portal, building, &storeys, &spaces, out);
        if spaces.is_empty() {
            place_on_earth(&entity, portal, inside.origin, placed_by, out);
        }
    }
    if let Some(origin) = inside.origin {
        write_frame(building, origin, placed_by, out);
    }
}

/// Where the plan lies: its origin, with north up the page.
fn write_frame(building: &EntityId, origin: [f64; 2], placed_by: &str, out: &mut Writer<'_>) {
    out.conclude(
        building,
        "sitePosition",
        site_position(origin),
        1.0,
        placed_by,
    );
    out.conclude(building, "planRotation", Value::Number(0.0), 1.0, placed_by);
}

fn write_label(entity: &EntityId, label: &Label, out: &mut Writer<'_>) {
    if let Some(name) = &label.name {
        out.declare(entity, "name", Value::text(name.as_str()));
    }
    if let Some(id) = &label.id {
        out.declare(entity, "cityJsonId", json_text(id));
    }
    if let Some(json) = &label.attributes {
        let json = Value::Json(Arc::from(json.as_str()));
        out.declare(entity, "cityJsonAttributes", json);
    }
}

fn write_storey(storey: &Storey, building: &EntityId, out: &mut Writer<'_>) -> EntityId {
    let (label, whole) = (&storey.label, Value::Entity(building.clone()));
    let method = "floors of rooms at one height";
    let floor = storey.elevation_m.map(|m| Value::Number(rounded(m)));
    if storey.is_inferred {
        let kind = EntityKind::Storey;
        let entity = out.inferred_twin(kind, &label.key, STOREY_BY_FLOORS, method);
        let name = Value::text(label.name.clone().unwrap_or_default());
        out.infer(&entity, "name", name, 1.0, method);
        out.infer(&entity, "partOf", whole, 1.0, method);
        if let Some(floor) = floor {
            out.infer(&entity, "elevation", floor, 1.0, method);
        }
        return entity;
    }
    let entity = out.twin(EntityKind::Storey, &label.key);
    write_label(&entity, label, out);
    out.declare(&entity, "partOf", whole);
    if let Some(floor) = floor {
        out.conclude(
            &entity,
            "elevation",
            floor,
            1.0,
            "lowest floor of the storey",
        );
    }
    entity
}

fn write_space(
    space: &Space,
    building: &EntityId,
    storeys: &[EntityId],
    out: &mut Writer<'_>,
) -> EntityId {
    let key = &space.label.key;
    let whole = space
        .storey
        .map(|(storey, _)| Value::Entity(storeys[storey].clone()));
    let entity = if space.is_rest {
        write_rest(space, whole, out)
    } else {
        let entity = out.twin(EntityKind::Space, key);
        write_label(&entity, &space.label, out);
        let usage = Value::text(space.usage);
        let method = "words in the name of the space";
        out.doubt(&entity, "usage", usage, USAGE_BY_NAME, method);
        if let Some(unit) = &space.unit {
            out.declare(&entity, "cityJsonUnit", json_text(unit));
        }
        match (whole, space.storey) {
            (Some(whole), Some((_, true))) => out.declare(&entity, "partOf", whole),
            (Some(whole), _) => {
                let method = "height of its floor";
                out.infer(&entity, "partOf", whole, ON_STOREY, method);
            }
            (None, _) => out.declare(&entity, "partOf", Value::Entity(building.clone())),
        }
        entity
    };
    if let Some(shape) = &space.shape {
        write_shape(&entity, shape, out);
    }
    entity
}

/// The inside of a storey of which no room is known.
fn write_rest(space: &Space, whole: Option<Value>, out: &mut Writer<'_>) -> EntityId {
    let method = "a storey without rooms, taken as one";
    let label = &space.label;
    let entity = out.concluded_twin(EntityKind::Space, &label.key, REST, method);
    let name = label.name.as_deref().unwrap_or("storey");
    let name = Value::text(format!("{name} (subdivision unknown)"));
    out.conclude(&entity, "name", name, 1.0, method);
    if let Some(whole) = whole {
        out.conclude(&entity, "partOf", whole, 1.0, method);
    }
    entity
}

fn write_shape(entity: &EntityId, shape: &super::RoomShape, out: &mut Writer<'_>) {
    let (cell, method) = (&shape.cell, shape.method);
    let pieces = cell.outline.iter();
    let Some(largest) = pieces.max_by(|a, b| a.area_m2().total_cmp(&b.area_m2())) else {
        return;
    };
    let (floor_m, top_m) = cell.z_m;
    let footprint = Value::Polygon(Arc::new(outline::of_plan(largest)));
    out.conclude(entity, "footprint", footprint, 1.0, method);
    let number = |m: f64| Value::Number(rounded(m));
    out.conclude(entity, "area", number(cell.area_m2()), 1.0, method);
    if shape.has_height {
        out.conclude(entity, "height", number(top_m - floor_m), 1.0, method);
    }
    out.conclude(entity, "floorElevation", number(floor_m), 1.0, method);
    let inside = largest.inside_point();
    let position = Value::Point([inside.x, inside.y, floor_m].map(rounded));
    out.conclude(entity, "position", position, 1.0, method);
}

fn write_portal(
    portal: &Portal,
    building: &EntityId,
    storeys: &[EntityId],
    spaces: &[EntityId],
    out: &mut Writer<'_>,
) -> EntityId {
    let entity = write_kind(portal, out);
    let whole = portal.storey.map_or(building, |storey| &storeys[storey]);
    let whole = Value::Entity(whole.clone());
    out.conclude(&entity, "partOf", whole, 1.0, "where it is drawn");
    if !portal.spaces.is_empty() {
        let joined = portal.spaces.iter().map(|&space| spaces[space].clone());
        // What only may be there is where it was looked for, if it is there.
        let p = if portal.is_stated {
            portal.probability
        } else {
            1.0
        };
        out.infer(
            &entity,
            "connects",
            Value::entities(joined),
            p,
            portal.method,
        );
    }
    if let Some((is_external, p)) = portal.external {
        let method = if is_external {
            "a room on one side only"
        } else {
            "rooms on both sides"
        };
        let external = Value::Boolean(is_external);
        out.infer(&entity, "isExternal", external, p, method);
    }
    write_place(&entity, portal, out);
    entity
}

fn write_kind(portal: &Portal, out: &mut Writer<'_>) -> EntityId {
    let word = match portal.kind {
        PortalKind::Door => "door",
        PortalKind::Opening => "opening",
        PortalKind::OpenContact => "openContact",
        PortalKind::StairLink => "stairLink",
        PortalKind::LiftLink => "liftLink",
    };
    let (key, kind) = (&portal.label.key, EntityKind::Portal);
    if !portal.is_stated {
        let entity = out.inferred_twin(kind, key, portal.probability, portal.method);
        let word = Value::text(word);
        out.infer(&entity, "portalKind", word, 1.0, portal.method);
        return entity;
    }
    let entity = out.twin(kind, key);
    out.declare(&entity, "portalKind", Value::text(word));
    write_label(&entity, &portal.label, out);
    if let Some(climb) = portal.climb {
        out.declare(&entity, "climb", json_text(climb));
    }
    entity
}

fn write_place(entity: &EntityId, portal: &Portal, out: &mut Writer<'_>) {
    let method = "shape of what is drawn";
    let number = |m: f64| Value::Number(rounded(m));
    if let Some(o) = &portal.opening {
        out.conclude(entity, "width", number(o.width_m), 1.0, method);
        out.conclude(entity, "height", number(o.z_m.1 - o.z_m.0), 1.0, method);
    }
    let at = |o: &twin_space::plan::Opening| [o.centre.x, o.centre.y, o.z_m.0];
    if let Some(at) = portal.position.or_else(|| portal.opening.as_ref().map(at)) {
        let point = Value::Point(at.map(rounded));
        out.conclude(entity, "position", point, 1.0, method);
    }
    let jambs = || {
        portal
            .opening
            .as_ref()
            .map(twin_space::plan::Opening::jambs)
    };
    if let Some((a, b)) = portal.line.or_else(jambs) {
        let line = [a, b].map(|p| [rounded(p.x), rounded(p.y)]);
        out.conclude(entity, "span", Value::Line(Arc::from(line)), 1.0, method);
    }
}

/// A door of a building without rooms has no plan to be found on, only the map.
fn place_on_earth(
    entity: &EntityId,
    portal: &Portal,
    origin: Option<[f64; 2]>,
    placed_by: &str,
    out: &mut Writer<'_>,
) {
    let (Some([longitude_deg, latitude_deg]), Some(opening)) = (origin, &portal.opening) else {
        return;
    };
    let frame = Frame {
        latitude_deg,
        longitude_deg,
        rotation_deg: 0.0,
    };
    let at = frame.to_earth([opening.centre.x, opening.centre.y]);
    let rounded_deg = |degrees: f64| (degrees * 1e9).round() / 1e9;
    let site = site_position(at.map(rounded_deg));
    out.conclude(entity, "sitePosition", site, 1.0, placed_by);
}
