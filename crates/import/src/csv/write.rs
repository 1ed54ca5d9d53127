//! From the things of a table to statements.

use super::plan::{Storeys, Thing};
use super::words::{Column, Kind, usage};
use crate::Facet;
use crate::findings::Findings;
use crate::writer::{AS_STATED, Writer, json_text, rounded, shortened, site_position};
use std::collections::{BTreeMap, BTreeSet};
use twin_model::claim::Stated;
use twin_model::{Act, Code, EntityId, EntityKind, Finding, Unit, Value};

/// Probability that a stair or lift has a landing on each storey that it is said to serve:
/// lifts skip storeys, stairs are interrupted. This and the following are judgements.
const LANDING: f64 = 0.95;
/// Landings of all stairs and lifts of a building.
const LANDINGS_MAX: usize = 200_000;
/// Probability that there is more to a storey than the rooms that are listed.
const REST: f64 = 0.95;
/// Probability that a room without a listed door opens onto the corridor.
const ROOM_TO_CORRIDOR: f64 = 0.7;
/// Probability that a stair or lift does.
const LINK_TO_CORRIDOR: f64 = 0.9;
/// Probability that an entrance does.
const ENTRANCE_TO_CORRIDOR: f64 = 0.8;
/// Probability that storeys with numbers from 0 are above the ground, and the others below.
const BY_NUMBER: f64 = 0.8;

/// One building of a table.
pub(super) struct Edifice<'w, 't, 'm> {
    pub(super) writer: &'w mut Writer<'m>,
    pub(super) findings: &'w mut Findings,
    pub(super) counts: &'w mut BTreeMap<&'static str, u64>,
    pub(super) key: String,
    pub(super) twin: EntityId,
    pub(super) storeys: Storeys<'t>,
    twins: Vec<EntityId>,
    rooms: Vec<Room>,
    /// Rooms by storey and name.
    by_name: BTreeMap<(Option<usize>, String), usize>,
    /// Rooms by name alone; `None` where several have it.
    by_name_alone: BTreeMap<String, Option<usize>>,
    /// The corridors and lobbies of each storey.
    corridors: BTreeMap<usize, Vec<usize>>,
    /// Landings that may still be made.
    landings_left: usize,
    /// The corridor of each storey, or the rest of it.
    hubs: BTreeMap<usize, EntityId>,
    /// What opens onto the corridor of its storey, by rooms' keys.
    open: Vec<Open>,
    seen: BTreeSet<(Kind, Option<usize>, String)>,
}

struct Room {
    twin: EntityId,
    key: String,
    storey: Option<usize>,
    has_door: bool,
}

struct Open {
    twin: EntityId,
    key: String,
    storey: usize,
    probability: f64,
}

impl<'w, 't, 'm> Edifice<'w, 't, 'm> {
    pub(super) fn new(
        name: Option<&str>,
        storeys: Storeys<'t>,
        writer: &'w mut Writer<'m>,
        findings: &'w mut Findings,
        counts: &'w mut BTreeMap<&'static str, u64>,
    ) -> Self {
        let key = format!("building/{}", name.unwrap_or_default());
        let twin = writer.twin(EntityKind::Building, &key);
        if let Some(name) = name {
            writer.declare(&twin, "name", Value::text(name));
        }
        Self {
            writer,
            findings,
            counts,
            key,
            twin,
            storeys,
            twins: Vec::new(),
            rooms: Vec::new(),
            by_name: BTreeMap::new(),
            by_name_alone: BTreeMap::new(),
            corridors: BTreeMap::new(),
            landings_left: LANDINGS_MAX,
            hubs: BTreeMap::new(),
            open: Vec::new(),
            seen: BTreeSet::new(),
        }
    }

    pub(super) fn write(mut self, things: &[Thing<'t>]) {
        let all = |kind| things.iter().filter(move |t| t.kind == kind);
        if let Some(own) = all(Kind::Building).next() {
            self.building(own);
        }
        self.write_storeys();
        for room in all(Kind::Room) {
            self.room(room);
        }
        for link in things
            .iter()
            .filter(|t| matches!(t.kind, Kind::Stair | Kind::Lift))
        {
            self.link(link);
        }
        for door in all(Kind::Door) {
            self.door(door);
        }
        for entrance in all(Kind::Entrance) {
            self.entrance(entrance);
        }
        self.contacts(&all(Kind::Contact).collect::<Vec<_>>());
        self.open_rooms();
        self.gaps(things);
        *self.counts.entry("building").or_default() += 1;
        *self.counts.entry("storey").or_default() += self.storeys.list.len() as u64;
    }

    fn building(&mut self, thing: &Thing<'_>) {
        let twin = self.twin.clone();
        if let Some(address) = thing.cell(Column::Address) {
            self.writer.declare(&twin, "address", Value::text(address));
        }
        self.number(thing, &twin, Column::Height, "buildingHeight", "m");
        self.place(thing, &twin);
        self.others(thing, &twin);
    }

    /// Where on earth, if both numbers are there and make sense.
    fn place(&mut self, thing: &Thing<'_>, twin: &EntityId) {
        let latitude = thing.number(Column::Latitude, self.findings);
        let longitude = thing.number(Column::Longitude, self.findings);
        let (Some(Ok((latitude, _))), Some(Ok((longitude, _)))) = (latitude, longitude) else {
            return;
        };
        if latitude.abs() <= 90.0 && longitude.abs() <= 180.0 {
            let place = site_position([longitude, latitude]);
            self.writer.declare(twin, "sitePosition", place);
        } else {
            let message = format!("latitude {latitude} and longitude {longitude} are not on earth");
            thing.find(self.findings, Code::CsvValue, Column::Latitude, message);
        }
    }

    /// A number in its stated unit, or as unknown.
    fn number(
        &mut self,
        thing: &Thing<'_>,
        twin: &EntityId,
        column: Column,
        name: &str,
        usual: &str,
    ) {
        match thing.number(column, self.findings) {
            None => {}
            Some(Err(text)) => self.writer.unknown(twin, name, text),
            Some(Ok((number, unit))) => {
                let fits = unit
                    .as_ref()
                    .is_none_or(|u| u.convert(number, usual).is_ok());
                if !fits {
                    let message = format!("the column's unit does not fit `{name}`");
                    thing.find(self.findings, Code::CsvValue, column, message);
                    return;
                }
                let stated = Stated {
                    value: Value::Number(number),
                    unit: unit.or_else(|| Unit::new(usual).ok()),
                    uncertainty: None,
                };
                let act = Act::Assert(stated);
                self.writer.say(Facet::Declared, twin, name, act, AS_STATED);
            }
        }
    }

    /// Columns that are not known, as written.
    fn others(&mut self, thing: &Thing<'_>, twin: &EntityId) {
        let header = thing.header;
        for (i, cell) in thing
            .row
            .cells
            .iter()
            .enumerate()
            .take(header.columns.len())
        {
            if header.columns[i].is_none() && !cell.is_empty() && !header.names[i].is_empty() {
                let plain = |c: char| {
                    if c.is_ascii_alphanumeric() || "_-.".contains(c) {
                        c
                    } else {
                        '_'
                    }
                };
                let name: String = header.names[i].chars().map(plain).take(100).collect();
                self.writer
                    .declare(twin, &format!("column.{name}"), json_text(cell));
            }
        }
    }

    fn write_storeys(&mut self) {
        for i in 0..self.storeys.list.len() {
            let storey = &self.storeys.list[i];
            let key = format!("{}/storey/{}", self.key, storey.name);
            let twin = self.writer.twin(EntityKind::Storey, &key);
            self.writer
                .declare(&twin, "name", Value::text(storey.name.as_str()));
            let whole = Value::Entity(self.twin.clone());
            self.writer.declare(&twin, "partOf", whole);
            if let Some(elevation_m) = storey.elevation_m {
                self.writer
                    .declare_number(&twin, "elevation", rounded(elevation_m), "m");
            }
            if let Some(thing) = storey.thing {
                self.others(&thing, &twin);
            }
            self.twins.push(twin);
        }
        let number = |name: &str| name.parse::<f64>().ok();
        let numbers: Option<Vec<f64>> = self.storeys.list.iter().map(|s| number(&s.name)).collect();
        if let Some(numbers) = numbers.filter(|n| !n.is_empty()) {
            let above = numbers.iter().filter(|&&n| n >= 0.0).count();
            let below = numbers.len() - above;
            let counts = [("storeysAboveGround", above), ("storeysBelowGround", below)];
            // A table without cellars says nothing of cellars.
            for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
                let method = "storeys of the table, 0 taken as the one at the street";
                let count = Value::Number(count as f64);
                self.writer
                    .infer(&self.twin, name, count, BY_NUMBER, method);
            }
        }
    }

    /// The storey that a row names.
    fn storey(&self, thing: &Thing<'_>) -> Option<usize> {
        self.storeys.find(thing.cell(Column::Storey)?)
    }

    /// What a thing is called; `None` where it stands for the second time.
    fn named(&mut self, thing: &Thing<'_>, storey: Option<usize>) -> Option<(String, String)> {
        let row = format!("row {}", thing.row.number);
        let name = thing.cell(Column::Name).unwrap_or(&row);
        if !self.seen.insert((thing.kind, storey, name.to_lowercase())) {
            let message = format!(
                "the {} `{}` stands twice; the first is used",
                thing.kind.as_str(),
                shortened(name)
            );
            thing.find(self.findings, Code::CsvDuplicate, Column::Name, message);
            return None;
        }
        let place = storey.map_or(String::new(), |s| format!("{}/", self.storeys.list[s].name));
        let key = format!("{}/{}/{place}{name}", self.key, thing.kind.as_str());
        *self.counts.entry(thing.kind.as_str()).or_default() += 1;
        Some((name.to_owned(), key))
    }

    fn part_of(&mut self, twin: &EntityId, storey: Option<usize>, facet: Facet) {
        let whole = storey.map_or(&self.twin, |s| &self.twins[s]);
        let stated = Stated::from(Value::Entity(whole.clone()));
        self.writer
            .say(facet, twin, "partOf", Act::Assert(stated), AS_STATED);
    }

    /// The floor of what lies on a storey whose elevation is known.
    fn floor(&mut self, twin: &EntityId, storey: Option<usize>) {
        if let Some(m) = storey.and_then(|s| self.storeys.list[s].elevation_m) {
            let floor = Value::Number(rounded(m));
            let method = "floor of its storey";
            self.writer
                .infer(twin, "floorElevation", floor, LANDING, method);
        }
    }

    fn room(&mut self, thing: &Thing<'_>) {
        let storey = self.storey(thing);
        let Some((name, key)) = self.named(thing, storey) else {
            return;
        };
        if storey.is_none() {
            let message = "the room names no storey; it belongs to the building".to_owned();
            thing.find(self.findings, Code::CsvReference, Column::Storey, message);
        }
        let twin = self.writer.twin(EntityKind::Space, &key);
        if thing.cell(Column::Name).is_some() {
            self.writer
                .declare(&twin, "name", Value::text(name.as_str()));
        }
        self.part_of(&twin, storey, Facet::Declared);
        self.floor(&twin, storey);
        // `gang` as the kind says what `room` with the usage `gang` does.
        let stated = thing.cell(Column::Usage);
        let word = stated.or_else(|| usage(thing.word()).filter(|u| *u != "room"));
        let known = word.and_then(usage);
        if let Some(known) = known {
            self.writer.declare(&twin, "usage", Value::text(known));
        }
        if let Some(stated) = stated.filter(|s| known != Some(&s.to_lowercase())) {
            self.writer.declare(&twin, "statedUsage", json_text(stated));
        }
        self.number(thing, &twin, Column::Area, "area", "m2");
        self.number(thing, &twin, Column::Height, "height", "m");
        self.others(thing, &twin);
        let number = self.rooms.len();
        let small = name.to_lowercase();
        let alone = self.by_name_alone.entry(small.clone());
        alone
            .and_modify(|room| *room = None)
            .or_insert(Some(number));
        self.by_name.insert((storey, small), number);
        if let (Some(storey), Some("corridor" | "lobby")) = (storey, known) {
            self.corridors.entry(storey).or_default().push(number);
        }
        self.rooms.push(Room {
            twin,
            key,
            storey,
            has_door: false,
        });
    }

    /// The corridor of a storey if there is just one, else the rest of the storey.
    fn hub(&mut self, storey: usize) -> EntityId {
        if let Some(hub) = self.hubs.get(&storey) {
            return hub.clone();
        }
        let hub = if let Some(&[corridor]) = self.corridors.get(&storey).map(Vec::as_slice) {
            self.rooms[corridor].twin.clone()
        } else {
            let key = format!("{}/inside/{}", self.key, self.storeys.list[storey].name);
            let method = "a storey has more than its rooms";
            let kind = EntityKind::Space;
            let twin = self.writer.inferred_twin(kind, &key, REST, method);
            self.part_of(&twin, Some(storey), Facet::Inferred);
            self.floor(&twin, Some(storey));
            twin
        };
        self.hubs.insert(storey, hub.clone());
        hub
    }

    fn link(&mut self, thing: &Thing<'_>) {
        let Some((name, key)) = self.named(thing, None) else {
            return;
        };
        let served = self.storeys.served(thing);
        if served.len() < 2 {
            let message = format!(
                "the {} serves fewer than two storeys that are known",
                thing.kind.as_str()
            );
            thing.find(self.findings, Code::CsvReference, Column::Storey, message);
        }
        let (word, used) = match thing.kind {
            Kind::Lift => ("liftLink", "lift"),
            _ => ("stairLink", "stair"),
        };
        if served.len() > self.landings_left {
            let message = "the stairs and lifts serve more storeys than are read".to_owned();
            thing.find(self.findings, Code::CsvLimit, Column::Storey, message);
            return;
        }
        self.landings_left -= served.len();
        let method = "a landing on each storey that it serves";
        let mut landings: Vec<(usize, EntityId)> = Vec::new();
        for storey in served {
            let key = format!("{key}/{}", self.storeys.list[storey].name);
            let twin = self
                .writer
                .inferred_twin(EntityKind::Space, &key, LANDING, method);
            self.writer
                .declare(&twin, "name", Value::text(name.as_str()));
            self.writer
                .infer(&twin, "usage", Value::text(used), 1.0, method);
            self.part_of(&twin, Some(storey), Facet::Inferred);
            self.floor(&twin, Some(storey));
            self.others(thing, &twin);
            landings.push((storey, twin.clone()));
            self.open.push(Open {
                twin,
                key,
                storey,
                probability: LINK_TO_CORRIDOR,
            });
        }
        for pair in landings.windows(2) {
            let names = [pair[0].0, pair[1].0].map(|s| self.storeys.list[s].name.as_str());
            let key = format!("{key}/{}-{}", names[0], names[1]);
            let twin = self
                .writer
                .inferred_twin(EntityKind::Portal, &key, LANDING, method);
            self.writer
                .declare(&twin, "name", Value::text(name.as_str()));
            self.writer
                .infer(&twin, "portalKind", Value::text(word), 1.0, method);
            let joined = Value::entities([pair[0].1.clone(), pair[1].1.clone()]);
            self.writer
                .infer(&twin, "connects", joined, LANDING, method);
            self.part_of(&twin, Some(pair[0].0), Facet::Inferred);
            if matches!(
                thing.word().to_lowercase().as_str(),
                "escalator" | "roltrap"
            ) {
                self.writer.declare(&twin, "climb", json_text("escalator"));
            }
        }
    }

    /// The rooms that a row lists, on its storey first.
    fn listed(&mut self, thing: &Thing<'_>, storey: Option<usize>) -> Vec<usize> {
        let mut found = Vec::new();
        let text = thing.cell(Column::Connects).unwrap_or_default();
        for name in text
            .split([';', '/', '|'])
            .map(str::trim)
            .filter(|n| !n.is_empty())
        {
            let small = name.to_lowercase();
            let elsewhere = self.by_name_alone.get(&small).copied().flatten();
            let here = self.by_name.get(&(storey, small)).copied();
            if let Some(room) = here.or(elsewhere) {
                found.push(room);
            } else {
                let message = format!("no one room is called `{}`", shortened(name));
                thing.find(self.findings, Code::CsvReference, Column::Connects, message);
            }
        }
        found.dedup();
        found
    }

    fn portal(&mut self, thing: &Thing<'_>) -> Option<(EntityId, Option<usize>)> {
        let storey = self.storey(thing);
        let (name, key) = self.named(thing, storey)?;
        let twin = self.writer.twin(EntityKind::Portal, &key);
        if thing.cell(Column::Name).is_some() {
            self.writer.declare(&twin, "name", Value::text(name));
        }
        self.writer
            .declare(&twin, "portalKind", Value::text("door"));
        self.part_of(&twin, storey, Facet::Declared);
        self.number(thing, &twin, Column::Width, "width", "m");
        self.number(thing, &twin, Column::Height, "height", "m");
        self.place(thing, &twin);
        self.others(thing, &twin);
        Some((twin, storey))
    }

    fn door(&mut self, thing: &Thing<'_>) {
        let Some((twin, storey)) = self.portal(thing) else {
            return;
        };
        let rooms = self.listed(thing, storey);
        for &room in &rooms {
            self.rooms[room].has_door = true;
        }
        match rooms[..] {
            // A name that no room has is a finding of its own.
            [] if thing.cell(Column::Connects).is_some() => {}
            [] => {
                let message = "the door says of no room that it leads there".to_owned();
                thing.find(self.findings, Code::CsvReference, Column::Connects, message);
            }
            [room] => {
                let room = &self.rooms[room];
                let (inside, on) = (room.twin.clone(), storey.or(room.storey));
                let Some(on) = on else { return };
                let joined = Value::entities([inside, self.hub(on)]);
                let method = "one room is listed; the other side is taken as the corridor";
                self.writer
                    .infer(&twin, "connects", joined, ROOM_TO_CORRIDOR, method);
            }
            [a, b, ..] => {
                let joined = [a, b].map(|room| self.rooms[room].twin.clone());
                self.writer
                    .declare(&twin, "connects", Value::entities(joined));
            }
        }
    }

    fn entrance(&mut self, thing: &Thing<'_>) {
        let Some((twin, storey)) = self.portal(thing) else {
            return;
        };
        self.writer
            .declare(&twin, "isExternal", Value::Boolean(true));
        if matches!(
            thing.word().to_lowercase().as_str(),
            "emergency exit" | "nooduitgang"
        ) {
            self.writer.declare(&twin, "fireExit", Value::Boolean(true));
        }
        let rooms = self.listed(thing, storey);
        if let Some(&room) = rooms.first() {
            let room = self.rooms[room].twin.clone();
            self.writer
                .declare(&twin, "connects", Value::entities([room]));
            return;
        }
        let Some(on) = storey.or_else(|| self.storeys.street()) else {
            let message = "the entrance names no storey and which is at the street is not known";
            thing.find(
                self.findings,
                Code::CsvReference,
                Column::Storey,
                message.to_owned(),
            );
            return;
        };
        let hub = self.hub(on);
        let method = "entrances lead to the corridor of their storey";
        let joined = Value::entities([hub]);
        self.writer
            .infer(&twin, "connects", joined, ENTRANCE_TO_CORRIDOR, method);
    }

    /// Whom to call, in one line.
    fn contacts(&mut self, things: &[&Thing<'_>]) {
        let columns = [Column::Name, Column::Role, Column::Telephone];
        let line = |thing: &&Thing<'_>| {
            let cells: Vec<&str> = columns.iter().filter_map(|&c| thing.cell(c)).collect();
            cells.join(", ")
        };
        let lines: Vec<String> = things.iter().map(line).filter(|l| !l.is_empty()).collect();
        if !lines.is_empty() {
            *self.counts.entry("contact").or_default() += lines.len() as u64;
            let text = Value::text(lines.join("; "));
            self.writer.declare(&self.twin, "contact", text);
        }
    }

    /// Rooms without a door, stairs and lifts open onto the corridor, as far as one may guess.
    fn open_rooms(&mut self) {
        let mut open = std::mem::take(&mut self.open);
        for room in self.rooms.iter().filter(|room| !room.has_door) {
            if let Some(storey) = room.storey {
                open.push(Open {
                    twin: room.twin.clone(),
                    key: room.key.clone(),
                    storey,
                    probability: ROOM_TO_CORRIDOR,
                });
            }
        }
        for one in open {
            let hub = self.hub(one.storey);
            if hub == one.twin {
                continue;
            }
            let key = format!("open/{}", one.key);
            let method = "no door is listed; rooms open onto the corridor of their storey";
            let p = one.probability;
            let twin = self
                .writer
                .inferred_twin(EntityKind::Portal, &key, p, method);
            let kind = Value::text("openContact");
            self.writer.infer(&twin, "portalKind", kind, 1.0, method);
            self.part_of(&twin, Some(one.storey), Facet::Inferred);
            let joined = Value::entities([one.twin, hub]);
            self.writer
                .infer(&twin, "connects", joined, LANDING, method);
        }
    }

    /// What is not there, said aloud.
    fn gaps(&mut self, things: &[Thing<'_>]) {
        let links = things
            .iter()
            .filter(|t| matches!(t.kind, Kind::Stair | Kind::Lift));
        // How many more links begin at a storey than end there.
        let mut begun = vec![0_i64; self.storeys.list.len()];
        for served in links.map(|thing| self.storeys.served(thing)) {
            if let (Some(&low), Some(&high)) = (served.first(), served.last()) {
                begun[low] += 1;
                begun[high] -= 1;
            }
        }
        let mut open = 0;
        for (low, pair) in self.storeys.list.windows(2).enumerate() {
            open += begun[low];
            if open == 0 {
                let message = format!(
                    "no stair or lift joins `{}` and `{}`: how one gets there is unknown",
                    shortened(&pair[0].name),
                    shortened(&pair[1].name)
                );
                let finding = Finding::new(Code::CsvVerticalUnknown, message);
                self.findings
                    .add(finding.about(self.twins[low + 1].clone()));
            }
        }
        if !things.iter().any(|t| t.kind == Kind::Entrance) {
            let message = "the table has no entrance: how one gets in is unknown";
            let finding = Finding::new(Code::CsvMissing, message);
            self.findings.add(finding.about(self.twin.clone()));
        }
    }
}
