//! What is suggested for the points of a node, from their names, what they said, and its places.

use super::decide::mapping_drafts;
use super::table::{Known, READING, SUGGESTING, json_of, verbatim};
use crate::error::Error;
use crate::node::{Node, permit};
use crate::picture::Picture;
use crate::prepare::Mode;
use twin_import::points::{Place, Point, Row, State, suggest};
use twin_model::{Caller, EntityKind, SourceId, Value};
use twin_policy as policy;

/// A storey this near to the height 0 counts as the one at street level, in metres.
const STREET_LEVEL_M: f64 = 1.5;

impl Node {
    /// Works out what every point tells of on which nobody has decided; returns of how many
    /// something else is suggested than before. Blocks.
    pub fn suggest_points(&self, caller: &Caller) -> Result<usize, Error> {
        permit(caller, &policy::Action::Import)?;
        let picture = self.inner().published.load_full();
        let table = picture.structure().points(&picture);
        // Those that were decided help to learn how the site names its points.
        let all = table.sorted();
        let points: Vec<Point> = all
            .iter()
            .map(|(name, known)| Point {
                name: (*name).to_owned(),
                samples: samples(&picture, known),
                ..Point::default()
            })
            .collect();
        let suggestions = suggest(&points, &places(&picture));
        let (now, mut drafts, mut changed) = (self.now(), Vec::new(), 0);
        let organisation = &self.config().organisation;
        let source = SourceId::new(&format!("urn:twin:{organisation}{SUGGESTING}"))
            .expect("an organisation's name is checked to fit into a URI");
        for (suggestion, (_, known)) in suggestions.iter().zip(&all) {
            let row = Row::suggested(suggestion);
            let is_decided = known
                .row
                .as_ref()
                .is_some_and(|r| r.state != State::Suggested);
            let is_empty = row.place.is_none() && row.attribute.is_none();
            if is_decided || known.row.as_ref() == Some(&row) || (is_empty && known.row.is_none()) {
                continue;
            }
            changed += 1;
            let id = picture.names.entities.name(known.number);
            drafts.extend(mapping_drafts(&source, &id, &row, now));
        }
        drop(picture);
        if !drafts.is_empty() {
            self.submit_blocking(&Caller::OPERATOR, drafts, Mode::EachAlone)?;
        }
        Ok(changed)
    }
}

/// What a point said last, to tell what its values look like.
fn samples(picture: &Picture, known: &Known) -> Vec<String> {
    let readings = verbatim(picture, known.number, READING).iter();
    let said = readings.filter_map(|entry| json_of(&entry.act));
    let value = |said: &str| {
        let said: serde_json::Value = serde_json::from_str(said).ok()?;
        match &said["value"] {
            serde_json::Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    };
    said.filter_map(value).collect()
}

/// Every place of which points can tell.
pub(super) fn places(picture: &Picture) -> Vec<Place> {
    let structure = picture.structure();
    let mut places = Vec::new();
    for &building in &structure.buildings {
        if !structure.has_inside(building) {
            continue;
        }
        places.push(place(picture, building, EntityKind::Building, None));
        let storeys = structure.storeys(building);
        let ground = ground(picture, storeys);
        for (&storey, at) in storeys.iter().zip(0_i32..) {
            let level = ground.map(|ground| at - ground);
            places.push(place(picture, storey, EntityKind::Storey, level));
        }
        let spaces = structure.spaces_of_building(building);
        places.extend(spaces.map(|n| place(picture, n, EntityKind::Space, None)));
        let portals = structure.portals_of_building(building);
        places.extend(portals.map(|n| place(picture, n, EntityKind::Portal, None)));
    }
    places
}

/// Which of the storeys, lowest first, is at street level.
fn ground(picture: &Picture, storeys: &[u32]) -> Option<i32> {
    let height = |&storey: &u32| {
        let value = picture.value(storey, "elevation", picture.recorded)?;
        Some(value.as_number()?.abs())
    };
    let heights = (0..).zip(storeys.iter().map(height));
    let known = heights.filter_map(|(at, height)| Some((at, height?)));
    let nearest = known.min_by(|a, b| a.1.total_cmp(&b.1))?;
    (nearest.1 < STREET_LEVEL_M).then_some(nearest.0)
}

fn place(picture: &Picture, number: u32, kind: EntityKind, level: Option<i32>) -> Place {
    let text = |name| {
        let value = picture.value(number, name, picture.recorded);
        let text = value.as_ref().and_then(Value::as_text);
        text.unwrap_or_default().to_owned()
    };
    let joins = match picture.value(number, "connects", picture.recorded) {
        Some(Value::Entities(ids)) => ids.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    let above = picture.structure().container(number);
    Place {
        id: picture.names.entities.name(number).to_string(),
        kind,
        name: text("name"),
        long_name: text("longName"),
        part_of: above.map(|above| picture.names.entities.name(above).to_string()),
        level,
        usage: text("usage"),
        aliases: Vec::new(),
        joins,
    }
}
