//! The list of rooms and doors to observe, of whatever building.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Error;

/// One entry of the list.
#[derive(Debug, Clone, Deserialize)]
struct Entry {
    id: String,
    kind: Kind,
    #[serde(default)]
    area_m2: Option<f64>,
    #[serde(default)]
    usage: Option<String>,
    /// The spaces that a portal joins, where known.
    #[serde(default)]
    between: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Space,
    Portal,
}

/// What people do in a room, which decides when they are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// They work or live there.
    Work,
    /// They meet there.
    Meeting,
    /// They take breaks there.
    Break,
    /// Toilets and the like.
    Toilet,
    /// They walk through.
    Passage,
    /// They hardly go there: plant, storage, shafts.
    Service,
}

/// A space to observe.
#[derive(Debug, Clone)]
pub(super) struct Room {
    pub(super) id: String,
    pub(super) area_m2: f64,
    pub(super) role: Role,
}

/// A portal to observe.
#[derive(Debug, Clone)]
pub(super) struct Portal {
    pub(super) id: String,
    /// Positions of the spaces on its sides; one only where the other is the outside.
    pub(super) sides: Vec<usize>,
}

/// All that is to be observed.
#[derive(Debug, Clone)]
pub struct Rooms {
    pub(super) rooms: Vec<Room>,
    pub(super) portals: Vec<Portal>,
}

/// An area for spaces that state none.
const USUAL_AREA_M2: f64 = 18.0;

impl Rooms {
    /// Reads a JSON array of `{"id", "kind": "space" | "portal", "area_m2", "usage"}`; other
    /// fields are ignored, for the list may be made for more readers than this one. A portal
    /// may name the spaces it joins in `"between"`; where it does not, it is taken to lead from
    /// one of the rooms to a corridor.
    pub fn parse(json: &str) -> Result<Self, Error> {
        let entries: Vec<Entry> = serde_json::from_str(json)?;
        let mut index = BTreeMap::new();
        let mut seen = std::collections::BTreeSet::new();
        let mut rooms = Vec::new();
        for entry in &entries {
            if !seen.insert(&entry.id) {
                return Err(Error::RoomTwice(entry.id.clone()));
            }
            if entry.kind == Kind::Space {
                index.insert(entry.id.as_str(), rooms.len());
                rooms.push(room(entry)?);
            }
        }
        if rooms.is_empty() {
            return Err(Error::NoSpaces);
        }
        if !rooms.iter().any(|room| room.role == Role::Work) {
            // A building of one kind of room, or with names that say nothing.
            let idle = |room: &&mut Room| matches!(room.role, Role::Service | Role::Break);
            rooms
                .iter_mut()
                .filter(idle)
                .for_each(|room| room.role = Role::Work);
        }
        let portals = entries.iter().filter(|entry| entry.kind == Kind::Portal);
        let portals = portals.map(|entry| Portal {
            id: entry.id.clone(),
            sides: entry
                .between
                .iter()
                .filter_map(|id| index.get(id.as_str()).copied())
                .collect(),
        });
        let mut portals: Vec<Portal> = portals.collect();
        give_sides(&rooms, &mut portals);
        Ok(Self { rooms, portals })
    }

    /// The space that a text names: its identifier, or the only one that ends so.
    pub(super) fn find(&self, text: &str) -> Result<usize, Error> {
        let all = self.rooms.iter().enumerate();
        if let Some((index, _)) = all.clone().find(|(_, room)| room.id == text) {
            return Ok(index);
        }
        let ends: Vec<usize> = all
            .filter(|(_, room)| room.id.ends_with(text))
            .map(|(index, _)| index)
            .collect();
        match ends.as_slice() {
            [index] if !text.is_empty() => Ok(*index),
            _ => Err(Error::FireRoom {
                room: text.to_owned(),
                found: ends.len(),
            }),
        }
    }
}

fn room(entry: &Entry) -> Result<Room, Error> {
    let area_m2 = entry.area_m2.unwrap_or(USUAL_AREA_M2);
    if !(area_m2 > 0.0 && area_m2 <= 100_000.0) {
        return Err(Error::RoomArea {
            id: entry.id.clone(),
            area: area_m2,
        });
    }
    let role = role(entry.usage.as_deref().unwrap_or_default());
    Ok(Room {
        id: entry.id.clone(),
        area_m2,
        role,
    })
}

/// Reads the role off the words that files use; a word nobody knows is a place to work.
fn role(usage: &str) -> Role {
    const WORDS: [(Role, &[&str]); 6] = [
        (
            Role::Meeting,
            &["meeting", "confer", "class", "auditor", "vergader"],
        ),
        (
            Role::Toilet,
            &["toilet", "wc", "bath", "restroom", "shower"],
        ),
        (
            Role::Passage,
            &[
                "corridor", "hall", "circul", "stair", "landing", "lobby", "foyer",
            ],
        ),
        (
            Role::Break,
            &[
                "pantry", "kitchen", "caf", "canteen", "living", "lounge", "break",
            ],
        ),
        (
            Role::Service,
            &[
                "shaft", "lift", "elevator", "plant", "tech", "server", "stor", "roof",
            ],
        ),
        (Role::Work, &[""]),
    ];
    let usage = usage.to_lowercase();
    let known = WORDS
        .iter()
        .find(|(_, words)| words.iter().any(|word| usage.contains(word)));
    known.map_or(Role::Work, |(role, _)| *role)
}

/// Portals whose sides are not known are dealt out to the rooms in turn.
fn give_sides(rooms: &[Room], portals: &mut [Portal]) {
    let is_passage = |room: &usize| rooms[*room].role == Role::Passage;
    let (passages, others): (Vec<usize>, Vec<usize>) = (0..rooms.len()).partition(is_passage);
    let dealt = portals.iter_mut().filter(|portal| portal.sides.is_empty());
    for (turn, portal) in dealt.enumerate() {
        for pool in [&others, &passages] {
            portal.sides.extend(pool.get(turn % pool.len().max(1)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_follow_from_the_words_that_files_use() {
        for (usage, expect) in [
            ("office", Role::Work),
            ("Meeting room", Role::Meeting),
            ("WC", Role::Toilet),
            ("Hallway", Role::Passage),
            ("Café", Role::Break),
            ("lift-shaft", Role::Service),
            ("", Role::Work),
            ("Zimmer 12", Role::Work),
        ] {
            assert_eq!(role(usage), expect, "{usage}");
        }
    }

    #[test]
    fn bad_lists_are_refused_with_the_reason() {
        let space = |id: &str, area: &str| format!(r#"{{"id":"{id}","kind":"space"{area}}}"#);
        for (json, expect) in [
            ("{".to_owned(), "the room list cannot be read"),
            ("[]".to_owned(), "no space"),
            (r#"[{"id":"a","kind":"portal"}]"#.to_owned(), "no space"),
            (
                r#"[{"id":"a","kind":"roof"}]"#.to_owned(),
                "unknown variant `roof`",
            ),
            (
                format!("[{},{}]", space("a", ""), space("a", "")),
                "`a` stands twice",
            ),
            (
                format!("[{}]", space("a", r#","area_m2":-1"#)),
                "`a` has an area of `-1`",
            ),
            (
                format!("[{}]", space("a", r#","area_m2":1e300"#)),
                "`a` has an area",
            ),
        ] {
            let error = Rooms::parse(&json).unwrap_err().to_string();
            assert!(error.contains(expect), "{json}: {error}");
        }
    }

    #[test]
    fn a_room_is_found_by_its_name_or_its_only_ending() {
        let json = r#"[{"id":"urn:a:1","kind":"space"},{"id":"urn:a:21","kind":"space"}]"#;
        let rooms = Rooms::parse(json).unwrap();
        assert_eq!(rooms.find("urn:a:1").unwrap(), 0);
        assert_eq!(rooms.find(":21").unwrap(), 1);
        for (text, found) in [("1", 2), ("9", 0), ("", 2)] {
            let error = rooms.find(text).unwrap_err().to_string();
            assert!(
                error.contains(&format!("names {found} spaces")),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn doors_join_what_they_say_or_else_a_room_and_a_corridor() {
        let json = r#"[
            {"id":"r","kind":"space"},{"id":"c","kind":"space","usage":"corridor"},
            {"id":"d1","kind":"portal"},{"id":"d2","kind":"portal","between":["c"]}]"#;
        let rooms = Rooms::parse(json).unwrap();
        assert_eq!(rooms.portals[0].sides, [0, 1]);
        assert_eq!(rooms.portals[1].sides, [1]);
    }
}
