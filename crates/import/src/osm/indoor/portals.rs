//! Doors, open edges, lifts and stairs between what is drawn inside.

use super::{BY_LEVEL, Inside, Sort};
use crate::osm::buildings::{declare_entrance, declare_portal, is_entrance};
use crate::osm::elements::{Key, TaggedNode, Way};
use crate::osm::text::{Level, levels};
use crate::writer::{json_text, rounded, shortened};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use twin_model::{Code, EntityId, EntityKind, Finding, Value};

/// Probability that a point on the outlines of two rooms joins just those. A judgement.
const ON_OUTLINE: f64 = 0.95;
/// Probability that a door on the outline of a building leads out. A judgement.
const OUTER_DOOR: f64 = 0.9;
/// Probability that two corridors or open areas that share an edge are open to each other.
const OPEN_EDGE: f64 = 0.7;
/// Probability that a lift or stair ends in the room around its end, and that it ends in the
/// part of the storey that is not drawn where no room is around it. Judgements.
const IN_ROOM: f64 = 0.8;
const IN_THE_REST: f64 = 0.5;
/// Rooms that meet in one edge; more are a mistake of drawing.
const AT_ONE_EDGE_MAX: usize = 8;

impl Inside<'_, '_, '_> {
    /// Levels of a point or line; a finding and none where they cannot be read.
    fn levels_of(&mut self, text: Option<&str>, item: &str) -> Option<Vec<Level>> {
        let text = text?;
        let found = levels(text);
        if found.is_none() {
            let message = format!("`level={}` is no list of levels", shortened(text));
            let finding = Finding::new(Code::OsmLevel, message).at_item(item);
            self.findings.add(finding.in_field("level"));
        }
        found
    }

    /// Doors are points on the outlines of rooms.
    pub(super) fn doors(&mut self) {
        let elements = self.elements;
        let is_door = |node: &TaggedNode| {
            node.tags.get(Key::Door).is_some_and(|d| d != "no")
                || node.tags.is(Key::Indoor, "door")
                || is_entrance(&node.tags)
        };
        let doors: Vec<&TaggedNode> = elements.tagged.iter().filter(|n| is_door(n)).collect();
        let numbers = doors.iter().map(|n| elements.node(n.id));
        let mut at: FxHashMap<u32, Vec<usize>> =
            numbers.flatten().map(|n| (n, Vec::new())).collect();
        for (i, space) in self.spaces.iter().enumerate() {
            for node in self.pieces[space.piece].outline.rings.iter().flatten() {
                if let Some(spaces) = at.get_mut(node)
                    && spaces.last() != Some(&i)
                {
                    spaces.push(i);
                }
            }
        }
        for door in doors {
            let number = elements.node(door.id);
            let spaces = number.and_then(|n| at.remove(&n)).unwrap_or_default();
            self.door(door, &spaces);
        }
    }

    fn door(&mut self, node: &TaggedNode, spaces: &[usize]) {
        let item = format!("node/{}", node.id);
        let stated = self.levels_of(node.tags.get(Key::Level), &item);
        if spaces.is_empty() {
            self.outer_door(node, stated);
            return;
        }
        let mut on: Vec<Level> = stated.unwrap_or_default();
        let drawn = |level: &Level| {
            spaces
                .iter()
                .any(|&s| self.spaces[s].levels.contains(level))
        };
        on.retain(drawn);
        if on.is_empty() {
            let of_spaces = spaces.iter().filter_map(|&s| self.spaces[s].levels.first());
            on = of_spaces
                .copied()
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect();
        }
        if on.is_empty() {
            self.door_on(node, &item, None, spaces);
            return;
        }
        let is_alone = on.len() == 1;
        for level in on {
            let here = |&&s: &&usize| self.spaces[s].levels.contains(&level);
            let joined: Vec<usize> = spaces.iter().filter(here).copied().collect();
            let key = if is_alone {
                item.clone()
            } else {
                format!("{item}:level/{}", level.text())
            };
            self.door_on(node, &key, Some(level), &joined);
        }
    }

    fn door_on(&mut self, node: &TaggedNode, key: &str, level: Option<Level>, spaces: &[usize]) {
        let host = self.spaces[spaces[0]].host;
        let twin = self.writer.twin(EntityKind::Portal, key);
        self.indoor.portals.insert(node.id);
        self.indoor.doors += 1;
        let number = self.hosts.list[host].number;
        let is_outer = number.is_some_and(|n| self.buildings.is_on_outline(self.elements, node, n));
        if is_entrance(&node.tags) {
            declare_entrance(node, &twin, self.writer, self.findings);
        } else {
            self.writer
                .declare(&twin, "portalKind", Value::text("door"));
            declare_portal(node, &twin, self.writer, self.findings);
            if is_outer && spaces.len() == 1 {
                let method = "door point on the building's outline";
                self.writer.conclude(
                    &twin,
                    "isExternal",
                    Value::Boolean(true),
                    OUTER_DOOR,
                    method,
                );
            }
        }
        // An entrance leads from one room out of the building.
        let joined = if is_entrance(&node.tags) { 1 } else { 2 };
        let joined = &spaces[..spaces.len().min(joined)];
        for &space in joined {
            self.spaces[space].is_reached = true;
        }
        let ids = joined.iter().map(|&s| self.spaces[s].twin.clone());
        let value = Value::entities(ids);
        let method = "door point on the outlines of the rooms";
        self.writer
            .conclude(&twin, "connects", value, ON_OUTLINE, method);
        self.stand(&twin, host, level, node.place.degrees());
    }

    /// Says where a portal stands in its building.
    fn stand(&mut self, twin: &EntityId, host: usize, level: Option<Level>, place: [f64; 2]) {
        let whole = match level {
            Some(level) => self.storey(host, level),
            None => self.hosts.list[host].twin.clone(),
        };
        self.writer.conclude(
            twin,
            "partOf",
            Value::Entity(whole),
            ON_OUTLINE,
            "drawn place",
        );
        if let Some(level) = level {
            let host = &self.hosts.list[host];
            let [x, y] = host.plan_point(place);
            let point = Value::Point([x, y, rounded(host.floor_m(level))]);
            let method = "drawn place, level times a usual storey height";
            self.writer.infer(twin, "position", point, BY_LEVEL, method);
        }
    }

    /// An entrance of a building with an inside that lies on no room's outline.
    fn outer_door(&mut self, node: &TaggedNode, stated: Option<Vec<Level>>) {
        if !is_entrance(&node.tags) {
            return;
        }
        let of = self
            .buildings
            .of_point(self.elements, node, self.work, self.findings);
        let Some(host) = of.and_then(|(number, ..)| self.hosts.of_building(number)) else {
            return;
        };
        let storeys = &self.hosts.list[host].storeys;
        // Entrances without a level are at the street.
        let stated = stated.and_then(|levels| levels.first().copied());
        let level = stated.or_else(|| storeys.contains_key(&Level(0)).then_some(Level(0)));
        let Some(level) = level else {
            return;
        };
        let twin = self
            .writer
            .twin(EntityKind::Portal, &format!("node/{}", node.id));
        self.indoor.portals.insert(node.id);
        self.indoor.doors += 1;
        declare_entrance(node, &twin, self.writer, self.findings);
        let (space, probability) = self.space_at(host, level, node.place.degrees());
        let method = "entrance of the storey";
        self.writer.conclude(
            &twin,
            "connects",
            Value::entities([space]),
            probability,
            method,
        );
        self.stand(&twin, host, Some(level), node.place.degrees());
    }

    /// The room around a place, or the part of the storey that is not drawn.
    fn space_at(&mut self, host: usize, level: Level, place: [f64; 2]) -> (EntityId, f64) {
        for &space in &self.hosts.list[host].spaces {
            let outline = &self.pieces[self.spaces[space].piece].outline;
            if self.spaces[space].levels.contains(&level)
                && self.work.take(outline.points(), self.findings)
                && outline.holds(self.elements, place)
            {
                self.spaces[space].is_reached = true;
                return (self.spaces[space].twin.clone(), IN_ROOM);
            }
        }
        (self.rest_of(host, level), IN_THE_REST)
    }

    /// Corridors and areas without walls that share an edge.
    pub(super) fn contacts(&mut self) {
        let mut at: FxHashMap<(u32, u32), Vec<usize>> = FxHashMap::default();
        let mut pairs = BTreeSet::new();
        for (i, space) in self.spaces.iter().enumerate() {
            let piece = &self.pieces[space.piece];
            if !matches!(piece.sort, Sort::Corridor | Sort::Area | Sort::Stair) {
                continue;
            }
            for ring in &piece.outline.rings {
                for (k, &a) in ring.iter().enumerate() {
                    let b = ring[(k + 1) % ring.len()];
                    let others = at.entry((a.min(b), a.max(b))).or_default();
                    let is_same_storey = |&&o: &&usize| {
                        self.spaces[o]
                            .levels
                            .iter()
                            .any(|l| space.levels.contains(l))
                    };
                    pairs.extend(others.iter().filter(is_same_storey).map(|&o| (o, i)));
                    if others.len() < AT_ONE_EDGE_MAX && others.last() != Some(&i) {
                        others.push(i);
                    }
                }
            }
        }
        for (a, b) in pairs.into_iter().filter(|(a, b)| a != b) {
            self.contact(a, b);
        }
    }

    fn contact(&mut self, a: usize, b: usize) {
        let key = format!("contact:{}:{}", self.spaces[a].key, self.spaces[b].key);
        let method = "edge shared by two areas that are drawn without walls";
        let twin = self
            .writer
            .concluded_twin(EntityKind::Portal, &key, OPEN_EDGE, method);
        let joined = Value::entities([a, b].map(|s| self.spaces[s].twin.clone()));
        let kind = Value::text("openContact");
        self.writer.conclude(&twin, "portalKind", kind, 1.0, method);
        self.writer
            .conclude(&twin, "connects", joined, ON_OUTLINE, method);
        for space in [a, b] {
            self.spaces[space].is_reached = true;
        }
    }

    /// Stairwells and lift shafts that are drawn as rooms: links from each storey to the next.
    pub(super) fn link_pieces(&mut self) {
        for i in 1..self.spaces.len() {
            let (below, above) = (i - 1, i);
            let number = self.spaces[above].piece;
            let word = match self.pieces[number].sort {
                Sort::Stair => "stairLink",
                Sort::Lift => "liftLink",
                _ => continue,
            };
            if self.spaces[below].piece != number {
                continue;
            }
            let levels = [below, above].map(|s| self.spaces[s].levels.first().copied());
            let [Some(low), Some(high)] = levels else {
                continue;
            };
            let base = &self.pieces[number].outline.key;
            let key = format!("{base}:{word}/{}:{}", low.text(), high.text());
            let method = "the same outline on the next storey";
            let twin = self
                .writer
                .concluded_twin(EntityKind::Portal, &key, ON_OUTLINE, method);
            self.writer
                .conclude(&twin, "portalKind", Value::text(word), 1.0, method);
            let joined = Value::entities([below, above].map(|s| self.spaces[s].twin.clone()));
            self.writer
                .conclude(&twin, "connects", joined, ON_OUTLINE, method);
            let host = self.spaces[above].host;
            self.stand(&twin, host, Some(low), self.pieces[number].centre);
        }
    }

    /// Lifts that are drawn as points.
    pub(super) fn lifts(&mut self) {
        let elements = self.elements;
        for node in &elements.tagged {
            if !node.tags.is(Key::Highway, "elevator") {
                continue;
            }
            self.indoor.lifts += 1;
            let item = format!("node/{}", node.id);
            let stated = self.levels_of(node.tags.get(Key::Level), &item);
            let place = node.place.degrees();
            let around = self
                .buildings
                .around(elements, place, self.work, self.findings);
            let host = around.and_then(|number| self.hosts.of_building(number));
            let stops = self.stops(host, stated.unwrap_or_default());
            match host {
                Some(host) if stops.len() >= 2 => {
                    for pair in stops.windows(2) {
                        let key = format!("{item}:{}:{}", pair[0].text(), pair[1].text());
                        let twin = self.writer.twin(EntityKind::Portal, &key);
                        self.declare_lift(node, &twin);
                        self.link(&twin, host, (pair[0], place), (pair[1], place));
                    }
                }
                _ => {
                    let twin = self.writer.twin(EntityKind::Portal, &item);
                    self.declare_lift(node, &twin);
                }
            }
        }
    }

    fn declare_lift(&mut self, node: &TaggedNode, twin: &EntityId) {
        self.writer
            .declare(twin, "portalKind", Value::text("liftLink"));
        if let Some(level) = node.tags.get(Key::Level) {
            self.writer.declare(twin, "level", json_text(level));
        }
        declare_portal(node, twin, self.writer, self.findings);
    }

    /// Levels that are storeys: whole ones, and those on which a room is drawn.
    fn stops(&self, host: Option<usize>, mut levels: Vec<Level>) -> Vec<Level> {
        let storeys = host.map(|h| &self.hosts.list[h].storeys);
        levels.retain(|l| l.is_whole() || storeys.is_some_and(|s| s.contains_key(l)));
        levels
    }

    fn link(
        &mut self,
        twin: &EntityId,
        host: usize,
        low: (Level, [f64; 2]),
        high: (Level, [f64; 2]),
    ) {
        let (below, p) = self.space_at(host, low.0, low.1);
        let (above, q) = self.space_at(host, high.0, high.1);
        let method = "rooms around its ends";
        let joined = Value::entities([below, above]);
        self.writer
            .conclude(twin, "connects", joined, p.min(q), method);
        self.stand(twin, host, Some(low.0), low.1);
    }

    /// Stairs that are drawn as lines, inside of buildings that have an inside.
    pub(super) fn steps(&mut self) {
        let elements = self.elements;
        for way in &elements.ways {
            if !way.tags.is(Key::Highway, "steps") {
                continue;
            }
            self.indoor.stairs += 1;
            self.stair(way);
        }
    }

    fn stair(&mut self, way: &Way) {
        let elements = self.elements;
        let known = |id: &i64| elements.node(*id).map(|n| elements.place(n).degrees());
        let ends: Vec<[f64; 2]> = elements.refs(way).iter().filter_map(known).collect();
        let (Some(&first), Some(&last)) = (ends.first(), ends.last()) else {
            return;
        };
        let middle = [0, 1].map(|i| f64::midpoint(first[i], last[i]));
        let around = self
            .buildings
            .around(elements, middle, self.work, self.findings);
        let Some(host) = around.and_then(|number| self.hosts.of_building(number)) else {
            return;
        };
        let item = format!("way/{}", way.id);
        let stated = self.levels_of(way.tags.get(Key::Level), &item);
        let stops = self.stops(Some(host), stated.unwrap_or_default());
        let [low, .., high] = stops[..] else {
            return;
        };
        // Stairs are drawn upwards unless they say that they go down.
        let (bottom, top) = if way.tags.is(Key::Incline, "down") {
            (last, first)
        } else {
            (first, last)
        };
        let twin = self
            .writer
            .twin(EntityKind::Portal, &format!("{item}:stair"));
        self.writer
            .declare(&twin, "portalKind", Value::text("stairLink"));
        let is_moving = way.tags.get(Key::Conveying).is_some_and(|c| c != "no");
        let climb = if is_moving { "escalator" } else { "stair" };
        self.writer.declare(&twin, "climb", json_text(climb));
        let name = [Key::Ref, Key::Name];
        if let Some(name) = name.iter().find_map(|&k| way.tags.shared(k)) {
            self.writer
                .declare(&twin, "name", Value::Text(name.clone()));
        }
        self.writer.declare(&twin, "osmId", json_text(&item));
        self.link(&twin, host, (low, bottom), (high, top));
    }
}
