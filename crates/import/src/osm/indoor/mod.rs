//! Rooms, doors, stairs and lifts, where mappers have drawn the inside of a building.
//!
//! Indoor elements say their level but not their building: it is the building whose outline is
//! around them. Pieces with no outline around them that touch are taken as one building. What is
//! drawn is laid on the building's own plan: metres east and north of its `sitePosition`.
//! (OpenStreetMap wiki, "Simple Indoor Tagging".)

mod hosts;
mod portals;

use super::buildings::Buildings;
use super::elements::{Elements, Key, Tags};
use super::rings::{Outline, Work};
use super::text::{Level, levels};
use crate::findings::Findings;
use crate::writer::{Writer, json_text, rounded, shortened};
use hosts::Hosts;
use rustc_hash::FxHashSet;
use std::sync::Arc;
use twin_model::{Code, EntityId, EntityKind, Finding, Value};

/// Storeys are this high where a building does not state both its height and its number of
/// storeys: offices and public buildings have 3 to 4 m. A judgement.
const STOREY_M: f64 = 3.5;
/// Probability of a floor's height when only its level is stated. A judgement.
const BY_LEVEL: f64 = 0.5;
/// How a floor's height is inferred from its level.
const LEVEL_TIMES_HEIGHT: &str = "level times a usual storey height";

/// What a piece of indoor mapping is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Room,
    Corridor,
    /// A part of the floor without walls.
    Area,
    Stair,
    Lift,
    /// The outline of a whole storey.
    Level,
}

/// A piece of indoor mapping as drawn.
#[derive(Debug)]
pub(super) struct Piece<'e> {
    sort: Sort,
    outline: Outline<'e>,
    centre: [f64; 2],
}

/// A room on one storey, or on several if it is as high as they are.
#[derive(Debug)]
struct Space {
    twin: EntityId,
    key: String,
    piece: usize,
    host: usize,
    levels: Vec<Level>,
    is_reached: bool,
}

/// What was found inside of buildings.
#[derive(Debug, Default)]
pub(super) struct Indoor {
    portals: FxHashSet<i64>,
    pub(super) buildings: u64,
    pub(super) storeys: u64,
    pub(super) spaces: u64,
    pub(super) doors: u64,
    pub(super) lifts: u64,
    pub(super) stairs: u64,
}

impl Indoor {
    /// Whether a point was written down as a portal already.
    pub(super) fn has_portal(&self, node: i64) -> bool {
        self.portals.contains(&node)
    }
}

fn sort(tags: &Tags) -> Option<Sort> {
    let indoor = tags.get(Key::Indoor);
    let is_yes = |key| tags.get(key).is_some_and(|v| v != "no");
    if tags.is(Key::Room, "elevator") || tags.is(Key::Highway, "elevator") {
        return Some(Sort::Lift);
    }
    if tags.is(Key::Room, "stairs") || is_yes(Key::Stairwell) {
        return Some(Sort::Stair);
    }
    match indoor? {
        "room" | "corridor" | "area" if is_yes(Key::Stairs) => Some(Sort::Stair),
        "room" => Some(Sort::Room),
        "corridor" => Some(Sort::Corridor),
        "area" => Some(Sort::Area),
        "level" => Some(Sort::Level),
        _ => None,
    }
}

/// Whether an outline is part of the inside of a building.
pub(super) fn is_piece(tags: &Tags) -> bool {
    sort(tags).is_some()
}

impl<'e> Piece<'e> {
    pub(super) fn new(elements: &Elements, outline: Outline<'e>) -> Self {
        Self {
            sort: sort(outline.tags).unwrap_or(Sort::Area),
            centre: outline.centre(elements).0,
            outline,
        }
    }

    fn usage(&self) -> Option<&'static str> {
        match (self.sort, self.outline.tags.get(Key::Room)) {
            (Sort::Stair, _) => Some("stair"),
            (Sort::Lift, _) => Some("lift"),
            (Sort::Corridor, _) | (_, Some("corridor")) => Some("corridor"),
            (_, Some("entrance" | "lobby")) => Some("lobby"),
            (_, Some("toilet" | "toilets" | "bathroom" | "shower")) => Some("sanitary"),
            (_, Some("technical" | "server")) => Some("plant"),
            (Sort::Room, _) => Some("room"),
            (Sort::Area | Sort::Level, _) => None,
        }
    }

    /// Storeys on which there is one like it each, and the storeys that each reaches.
    fn levels(&self, findings: &mut Findings) -> Vec<Vec<Level>> {
        let mut read = |key: Key| {
            let text = self.outline.tags.get(key)?;
            let found = levels(text);
            if found.is_none() {
                let message = format!(
                    "`{}={}` is no list of levels; it is kept without a storey",
                    key.as_str(),
                    shortened(text)
                );
                let finding = Finding::new(Code::OsmLevel, message);
                findings.add(finding.at_item(self.outline.id.as_str()).in_field("level"));
            }
            found
        };
        let own = read(Key::Level).unwrap_or_default();
        let repeated = read(Key::RepeatOn).unwrap_or_default();
        let is_link = matches!(self.sort, Sort::Stair | Sort::Lift);
        if is_link || !repeated.is_empty() {
            let mut all = [own, repeated].concat();
            all.sort_unstable();
            all.dedup();
            if !all.is_empty() {
                return all.into_iter().map(|level| vec![level]).collect();
            }
            return vec![Vec::new()];
        }
        vec![own]
    }
}

/// What everything inside is written from.
struct Inside<'w, 'e, 'm> {
    elements: &'e Elements,
    buildings: &'w Buildings<'e>,
    pieces: &'w [Piece<'e>],
    hosts: Hosts,
    spaces: Vec<Space>,
    work: &'w mut Work,
    writer: &'w mut Writer<'m>,
    findings: &'w mut Findings,
    indoor: Indoor,
}

/// Writes everything that is drawn inside of buildings.
pub(super) fn write<'e>(
    elements: &'e Elements,
    buildings: &Buildings<'e>,
    pieces: &[Piece<'e>],
    work: &mut Work,
    writer: &mut Writer<'_>,
    findings: &mut Findings,
) -> Indoor {
    let hosts = Hosts::find(elements, buildings, pieces, work, writer, findings);
    let mut inside = Inside {
        elements,
        buildings,
        pieces,
        hosts,
        spaces: Vec::new(),
        work,
        writer,
        findings,
        indoor: Indoor::default(),
    };
    for i in 0..pieces.len() {
        inside.piece(i);
    }
    inside.link_pieces();
    inside.doors();
    inside.contacts();
    inside.lifts();
    inside.steps();
    inside.unreached();
    let mut indoor = inside.indoor;
    indoor.buildings = inside.hosts.list.len() as u64;
    indoor.storeys = inside.hosts.storeys();
    indoor.spaces = inside.spaces.len() as u64;
    indoor
}

impl Inside<'_, '_, '_> {
    fn piece(&mut self, number: usize) {
        let piece = &self.pieces[number];
        let host = self.hosts.of_piece[number];
        let sets = piece.levels(self.findings);
        if piece.sort == Sort::Level {
            for level in sets.into_iter().flatten() {
                let storey = self.storey(host, level);
                let name = [Key::Name, Key::LevelRef];
                let name = name.iter().find_map(|&k| piece.outline.tags.shared(k));
                if let Some(name) = name {
                    self.writer
                        .declare(&storey, "longName", Value::Text(name.clone()));
                }
            }
            return;
        }
        let is_alone = sets.len() == 1;
        // A building that is drawn as one room has the plain key.
        let base = if super::is_building(piece.outline.tags) {
            format!("{}:space", piece.outline.key)
        } else {
            piece.outline.key.clone()
        };
        for levels in sets {
            let key = match levels.first() {
                Some(level) if !is_alone => format!("{base}:level/{}", level.text()),
                _ => base.clone(),
            };
            self.space(number, host, key, levels);
        }
    }

    fn space(&mut self, number: usize, host: usize, key: String, levels: Vec<Level>) {
        let piece = &self.pieces[number];
        let twin = self.writer.twin(EntityKind::Space, &key);
        let tags = piece.outline.tags;
        if let Some(name) = [Key::Name, Key::Ref].iter().find_map(|&k| tags.shared(k)) {
            self.writer
                .declare(&twin, "name", Value::Text(name.clone()));
        }
        if let Some(usage) = piece.usage() {
            self.writer.declare(&twin, "usage", Value::text(usage));
        }
        let whole = match levels.first() {
            Some(&level) => self.storey(host, level),
            None => self.hosts.list[host].twin.clone(),
        };
        self.writer.declare(&twin, "partOf", Value::Entity(whole));
        let plan = self.hosts.list[host].plan(&piece.outline, self.elements);
        let footprint = Value::Polygon(Arc::new(plan));
        let doubt = if piece.outline.is_crossing { 0.5 } else { 1.0 };
        self.writer
            .conclude(&twin, "footprint", footprint, doubt, "drawn outline");
        if let Some(&level) = levels.first() {
            let floor_m = self.hosts.list[host].floor_m(level);
            let floor = Value::Number(rounded(floor_m));
            let (p, method) = (BY_LEVEL, LEVEL_TIMES_HEIGHT);
            self.writer.infer(&twin, "floorElevation", floor, p, method);
        }
        match tags.get(Key::Wheelchair) {
            Some("yes") => self
                .writer
                .declare(&twin, "accessible", Value::Boolean(true)),
            Some("no") => self
                .writer
                .declare(&twin, "accessible", Value::Boolean(false)),
            _ => {}
        }
        self.writer
            .declare(&twin, "osmId", json_text(&piece.outline.id));
        self.hosts.list[host].spaces.push(self.spaces.len());
        self.spaces.push(Space {
            twin,
            key,
            piece: number,
            host,
            levels,
            is_reached: false,
        });
    }

    /// The storey of a building at a level, written down when first met.
    fn storey(&mut self, host: usize, level: Level) -> EntityId {
        let host = &mut self.hosts.list[host];
        if let Some(storey) = host.storeys.get(&level) {
            return storey.clone();
        }
        let key = format!("{}:level/{}", host.key, level.text());
        let storey = self.writer.twin(EntityKind::Storey, &key);
        host.storeys.insert(level, storey.clone());
        self.writer
            .declare(&storey, "name", Value::text(level.text()));
        let whole = Value::Entity(host.twin.clone());
        self.writer
            .conclude(&storey, "partOf", whole, host.probability, host.method);
        let floor = Value::Number(rounded(host.floor_m(level)));
        let (p, method) = (BY_LEVEL, LEVEL_TIMES_HEIGHT);
        self.writer.infer(&storey, "elevation", floor, p, method);
        storey
    }

    /// The part of a storey that is not drawn, written down when first needed.
    fn rest_of(&mut self, host: usize, level: Level) -> EntityId {
        if let Some(rest) = self.hosts.list[host].rest.get(&level) {
            return rest.clone();
        }
        let storey = self.storey(host, level);
        let host = &mut self.hosts.list[host];
        let key = format!("inside:{}:level/{}", host.key, level.text());
        let method = "a storey has an inside";
        let rest = self
            .writer
            .concluded_twin(EntityKind::Space, &key, 0.9, method);
        host.rest.insert(level, rest.clone());
        let floor = Value::Number(rounded(host.floor_m(level)));
        self.writer
            .conclude(&rest, "partOf", Value::Entity(storey), 1.0, method);
        let (p, method) = (BY_LEVEL, LEVEL_TIMES_HEIGHT);
        self.writer.infer(&rest, "floorElevation", floor, p, method);
        rest
    }

    /// Rooms into which no way is known.
    fn unreached(&mut self) {
        for space in self.spaces.iter().filter(|s| !s.is_reached) {
            let message = "no door of the room is known";
            self.findings.add(
                Finding::new(Code::OsmSpaceUnreached, message)
                    .about(space.twin.clone())
                    .at_item(space.key.as_str()),
            );
        }
    }
}
