//! What importers say, gathered by twin: a map's streets, outlines and entrances, and a
//! building's spaces and portals.

use std::collections::BTreeMap;
use std::sync::Arc;
use twin_import::{Imported, Mint, Options, ifc, osm};
use twin_model::{Act, EntityId, EntityKind, Value};
use twin_space::streets::{Segment, StreetKind};
use twin_space::{Belief, Graph, Portal, PortalKind, Space, SpaceIndex, SpaceKind};

/// What is said first of each attribute of each twin.
type Said = BTreeMap<EntityId, BTreeMap<String, Value>>;

/// A street as imported.
#[derive(Clone, Debug, Default)]
pub(crate) struct Street {
    /// The way that it is a stretch of: `way/12`.
    pub(crate) way: String,
    /// Empty where it has none.
    pub(crate) name: String,
    ends: String,
    pub(crate) course: Arc<[[f64; 2]]>,
    pub(crate) kind: StreetKind,
    pub(crate) walkable: bool,
}

impl Street {
    /// Keys of the junctions at its ends.
    pub(crate) fn ends(&self) -> Option<[&str; 2]> {
        let (first, last) = self.ends.split_once(' ')?;
        Some([first, last])
    }
}

/// A map as imported.
#[derive(Debug, Default)]
pub(crate) struct Map {
    pub(crate) streets: Vec<Street>,
    pub(crate) outlines: Vec<Vec<Vec<[f64; 2]>>>,
    pub(crate) entrances: Vec<[f64; 2]>,
    /// Outlines of buildings with an address, and the address.
    pub(crate) addressed: Vec<(Vec<Vec<[f64; 2]>>, String)>,
}

impl Map {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let mut map = Self::default();
        for thing in said(osm::import(bytes, &Options::default(), &mut Verbatim)).values() {
            if let (Some(Value::Text(ends)), Some(Value::Line(course))) =
                (thing.get("ends"), thing.get("course"))
            {
                map.streets.push(Street {
                    way: json_text(thing.get("osmId")),
                    name: text(thing.get("name")).to_owned(),
                    ends: ends.to_string(),
                    course: Arc::clone(course),
                    kind: StreetKind::of_highway(text(thing.get("streetKind"))),
                    walkable: thing.get("walkable") == Some(&Value::Boolean(true)),
                });
            } else if let Some(Value::Polygon(outline)) = thing.get("outline")
                && thing.contains_key("sitePosition")
            {
                map.outlines.push(outline.rings.clone());
                let address = text(thing.get("address"));
                if !address.is_empty() {
                    let addressed = (outline.rings.clone(), address.to_owned());
                    map.addressed.push(addressed);
                }
            } else if thing.get("isExternal") == Some(&Value::Boolean(true)) {
                map.entrances.extend(place(thing.get("sitePosition")));
            }
        }
        map
    }

    /// The streets that people may walk, as they are handed to the graph.
    pub(crate) fn segments(&self) -> Vec<Segment<'_>> {
        let walkable = self.streets.iter().filter(|s| s.walkable);
        walkable
            .filter_map(|street| {
                Some(Segment {
                    ends: street.ends()?,
                    course: &street.course,
                    kind: street.kind,
                    walkable: Belief::CERTAIN,
                })
            })
            .collect()
    }
}

/// A building as imported.
#[derive(Debug)]
pub(crate) struct Building {
    pub(crate) graph: Graph,
    /// GlobalId of each portal.
    pub(crate) portal_ids: Vec<String>,
}

impl Building {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let said = said(ifc::import(bytes, &Options::default(), &mut Verbatim).into());
        let is_portal = |thing: &BTreeMap<String, Value>| thing.contains_key("portalKind");
        let things = || {
            said.iter()
                .filter(|(_, t)| !is_portal(t) && t.contains_key("footprint"))
        };
        let numbers: BTreeMap<&EntityId, SpaceIndex> =
            things().map(|t| t.0).zip((0..).map(SpaceIndex)).collect();
        let spaces: Vec<Space> = things().map(|(_, thing)| space(thing)).collect();
        let drawn: Vec<_> = said.values().filter(|t| is_portal(t)).collect();
        let portals = drawn.iter().map(|thing| portal(thing, &numbers, &spaces));
        Self {
            portal_ids: drawn
                .iter()
                .map(|t| json_text(t.get("ifcGlobalId")))
                .collect(),
            graph: Graph::new(spaces.clone(), portals.collect()),
        }
    }
}

fn space(thing: &BTreeMap<String, Value>) -> Space {
    let middle = match thing.get("footprint") {
        Some(Value::Polygon(polygon)) => polygon.rings.first().map(|ring| {
            let sum = ring
                .iter()
                .fold([0.0; 2], |s, p| [s[0] + p[0], s[1] + p[1]]);
            sum.map(|x| x / ring.len() as f64)
        }),
        _ => None,
    };
    Space {
        kind: match text(thing.get("usage")) {
            "corridor" | "lobby" => SpaceKind::Corridor,
            "stair" => SpaceKind::Stair,
            "lift" => SpaceKind::Lift,
            "shaft" => SpaceKind::Shaft,
            _ => SpaceKind::Room,
        },
        position: middle
            .zip(number(thing.get("floorElevation")))
            .map(|([x, y], z)| [x, y, z]),
        exists: Belief::CERTAIN,
        passable: Belief::CERTAIN,
        ..Space::default()
    }
}

fn portal(
    thing: &BTreeMap<String, Value>,
    numbers: &BTreeMap<&EntityId, SpaceIndex>,
    spaces: &[Space],
) -> Portal {
    let joined: Vec<SpaceIndex> = match thing.get("connects") {
        Some(Value::Entities(ids)) => ids
            .iter()
            .filter_map(|id| numbers.get(id).copied())
            .collect(),
        _ => Vec::new(),
    };
    let kind = match text(thing.get("portalKind")) {
        "opening" => PortalKind::Opening,
        "openContact" => PortalKind::OpenContact,
        "stairLink" => PortalKind::StairLink,
        "liftLink" => PortalKind::LiftLink,
        _ => PortalKind::Door,
    };
    let at = match thing.get("position") {
        Some(Value::Point(point)) => Some(*point),
        _ => None,
    };
    let on_floor_of = |space: Option<&SpaceIndex>| {
        let floor_m = spaces[space?.0 as usize].position?[2];
        at.map(|[x, y, _]| [x, y, floor_m])
    };
    Portal {
        kind,
        leads_out: match thing.get("isExternal") {
            Some(Value::Boolean(out)) => Belief::Known(f64::from(u8::from(*out))),
            _ => Belief::Unknown,
        },
        position: on_floor_of(joined.first()).or(at),
        far_position: on_floor_of(joined.get(1)),
        spaces: joined,
        exists: Belief::CERTAIN,
        passable: Belief::CERTAIN,
    }
}

fn said(imported: Imported) -> Said {
    let mut said = Said::new();
    for statement in imported.facets.into_iter().flat_map(|f| f.statements) {
        if let Act::Assert(stated) = statement.act {
            let thing = said.entry(statement.entity).or_default();
            let attribute = statement.attribute.as_str().to_owned();
            thing.entry(attribute).or_insert(stated.value);
        }
    }
    said
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_text).unwrap_or_default()
}

fn number(value: Option<&Value>) -> Option<f64> {
    value.and_then(Value::as_number)
}

fn json_text(value: Option<&Value>) -> String {
    match value {
        Some(Value::Json(json)) => json.trim_matches('"').to_owned(),
        _ => String::new(),
    }
}

fn place(value: Option<&Value>) -> Option<[f64; 2]> {
    let Some(Value::Json(json)) = value else {
        return None;
    };
    let place: serde_json::Value = serde_json::from_str(json).ok()?;
    Some([
        place["longitude_deg"].as_f64()?,
        place["latitude_deg"].as_f64()?,
    ])
}

/// Twins by the ids of the file.
struct Verbatim;

impl Mint for Verbatim {
    fn mint(&mut self, kind: EntityKind, external_id: &str) -> EntityId {
        let id = format!("urn:score:{}:{external_id}", kind.as_str());
        EntityId::new(&id.replace(['$', ' '], "_")).expect("ids of files are plain text")
    }
}
