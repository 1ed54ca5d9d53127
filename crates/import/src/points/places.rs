//! What a building's storeys, rooms and doors can be called.
//!
//! A room called `12.05` on the twelfth storey is also `1205`, `L12 R5` and "room 5, floor 12".
//! This is the index of such names: by storey and number, by number alone, and by words.

use super::Place;
use super::tokens::{Piece, pieces};
use super::words::{
    BASEMENT_MARKERS, BASEMENT_MARKERS_WEAK, GROUND_WORDS, GROUND_WORDS_WEAK, ROOF_WORDS,
    ROOM_MARKERS, STOREY_MARKERS, STOREY_MARKERS_WEAK, Words, has,
};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use twin_model::EntityKind;

/// Places that one name stands for; more are not told apart.
const SAME_MAX: usize = 64;
/// Longest phrase that is looked up, in words.
pub(super) const PHRASE_MAX: usize = 6;
/// Number given to the highest storey where a name says roof.
const ROOF: i32 = i32::MAX;
/// Number given to the storey at street level where a name says ground.
const GROUND: i32 = i32::MIN;

/// A storey as a name tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StoreyWord {
    /// Its number; below ground negative.
    pub(super) number: i32,
    /// Pieces of the name that it takes.
    pub(super) length: usize,
    /// Whether it can hardly mean anything else.
    pub(super) sure: bool,
}

/// Which names lead to which places; numbers of places are their positions in the list given.
pub(super) struct Index<'p> {
    pub(super) places: &'p [Place],
    pub(super) storey_of: Vec<Option<u32>>,
    by_number: BTreeMap<i32, u32>,
    storey_words: FxHashMap<String, u32>,
    pub(super) tables: [Table; 3],
    phrases: FxHashMap<String, Vec<u32>>,
    pub(super) building: Option<u32>,
    /// How often a number is that of a storey by chance.
    pub(super) storey_chance: f64,
}

/// Which things a table leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    Space = 0,
    Portal = 1,
    /// Doors by the rooms that they join.
    PortalOfSpace = 2,
}

/// How many digits a room has in a number that begins with its storey: `1205` or `12005`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    Two = 0,
    Three = 1,
}

/// Names by their numbers.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Storey and what is left of the name, and the first number of the name and the rest.
    pair: FxHashMap<(i64, String), Vec<u32>>,
    /// The whole name in digits, with two or three of them for the room.
    whole: [FxHashMap<String, Vec<u32>>; 2],
    /// How often a number leads to a room of a storey by chance.
    pub(super) room_chance: f64,
    /// The share of all numbers of as many digits that are whole names.
    whole_share: [[f64; 6]; 2],
}

impl Table {
    pub(super) fn pair(&self, storey: i64, rooms: &[String]) -> &[u32] {
        rooms
            .iter()
            .find_map(|room| self.pair.get(&(storey, room.clone())))
            .map_or(&[], Vec::as_slice)
    }

    /// How often a number of so many digits is a whole name by chance.
    pub(super) fn whole_chance(&self, width: Width, digits: usize) -> f64 {
        self.whole_share[width as usize][digits.min(5)]
    }

    /// Counts what [`Table::room_chance`] and [`Table::whole_chance`] tell.
    fn count(&mut self, storeys: usize) {
        let rooms = self.pair.keys().filter(|(storey, _)| *storey < 0);
        let share: f64 = rooms.filter_map(|(_, room)| small_chance(room)).sum();
        self.room_chance = (share / storeys.max(1) as f64).clamp(0.02, 0.9);
        for width in [Width::Two, Width::Three] {
            let mut counts = [0.0_f64; 6];
            for whole in self.whole[width as usize].keys() {
                if whole.bytes().all(|b| b.is_ascii_digit()) {
                    counts[whole.len().min(5)] += 1.0;
                }
            }
            let mut all = 9.0_f64;
            for (digits, count) in counts.iter().enumerate().skip(1) {
                // Names are not spread evenly; a number near others is a name more often.
                self.whole_share[width as usize][digits] = (2.0 * count / all).clamp(0.005, 0.6);
                all *= 10.0;
            }
        }
    }

    pub(super) fn whole(&self, width: Width, names: &[String]) -> &[u32] {
        names
            .iter()
            .find_map(|name| self.whole[width as usize].get(name))
            .map_or(&[], Vec::as_slice)
    }
}

/// How often a small number stands in a name: logarithms are spread evenly from 1 to 100 (Newcomb,
/// Am. J. Math. 4 (1881) 39).
fn small_chance(number: &str) -> Option<f64> {
    let number: f64 = number.parse().ok().filter(|n| *n < 100.0)?;
    Some(libm::log((number + 2.0) / (number + 1.0)) / libm::log(101.0))
}

fn add<K: std::hash::Hash + Eq>(table: &mut FxHashMap<K, Vec<u32>>, key: K, place: u32) {
    let same = table.entry(key).or_default();
    if same.len() < SAME_MAX && !same.contains(&place) {
        same.push(place);
    }
}

/// The storey that stands at `at` in a name, if one does.
pub(super) fn storey_at(pieces: &[Piece], at: usize) -> Option<StoreyWord> {
    let piece = &pieces[at];
    let next = pieces.get(at + 1);
    if piece.is_digits() {
        return storey_after_number(pieces, at);
    }
    let word = piece.text.as_str();
    let strong = has(STOREY_MARKERS, word);
    let strong_below = has(BASEMENT_MARKERS, word);
    let weak = has(STOREY_MARKERS_WEAK, word);
    let weak_below = has(BASEMENT_MARKERS_WEAK, word);
    if strong || strong_below || weak || weak_below {
        let numbered = next.filter(|n| n.is_digits() && n.text.len() <= 3);
        if let Some((next, value)) = numbered.and_then(|n| Some((n, n.number?))) {
            let near = match next.before {
                0 | 1 => true,
                b'-' | b'_' | b' ' => word != "e" && word != "v" && word != "p" && word != "u",
                b'.' | b':' => strong || strong_below,
                _ => false,
            };
            let wide = next.text.len() == 3 && !(strong || strong_below);
            if near && !wide && value <= 200 {
                let below = strong_below || weak_below || next.negative;
                let number = value.cast_signed();
                return Some(StoreyWord {
                    number: if below { -number } else { number },
                    length: 2,
                    sure: strong || (strong_below && word != "parking"),
                });
            }
        }
    }
    let alone = next.is_none_or(|n| n.before != 0 || !n.is_digits()) && piece.before != 0;
    let second =
        usize::from(next.is_some_and(|n| has(STOREY_MARKERS, &n.text) || n.text == "grond"));
    let named = |number, sure| StoreyWord {
        number,
        length: 1 + second,
        sure,
    };
    if has(GROUND_WORDS, word) {
        return Some(named(GROUND, true));
    }
    if has(ROOF_WORDS, word) {
        return Some(named(ROOF, true));
    }
    (has(GROUND_WORDS_WEAK, word) && alone).then(|| named(GROUND, false))
}

/// `3.OG`, `1e verd`, `12th floor`, `-1`.
fn storey_after_number(pieces: &[Piece], at: usize) -> Option<StoreyWord> {
    let piece = &pieces[at];
    let number = piece.number.filter(|n| *n <= 200)?.cast_signed();
    let ordinal = pieces.get(at + 1).is_some_and(|p| {
        matches!(
            p.text.as_str(),
            "e" | "de" | "ste" | "st" | "nd" | "rd" | "th"
        )
    });
    let marker_at = at + 1 + usize::from(ordinal);
    let marker = pieces.get(marker_at).map(|p| p.text.as_str());
    let followed = pieces
        .get(marker_at + 1)
        .is_some_and(|p| p.is_digits() && (p.before <= 1 || marker.is_some_and(|m| m.len() < 3)));
    let length = marker_at + 1 - at;
    if let Some(marker) = marker.filter(|_| !followed) {
        let below = has(BASEMENT_MARKERS, marker) && marker != "parking" && marker != "sub";
        if below || has(STOREY_MARKERS, marker) {
            return Some(StoreyWord {
                number: if below { -number } else { number },
                length,
                sure: true,
            });
        }
    }
    piece.negative.then_some(StoreyWord {
        number: -number,
        length: 1,
        sure: false,
    })
}

impl<'p> Index<'p> {
    pub(super) fn new(places: &'p [Place], words: &Words) -> Self {
        let by_id: FxHashMap<&str, u32> = (0..)
            .zip(places)
            .map(|(at, place)| (place.id.as_str(), at))
            .collect();
        let storey_of = (0..)
            .zip(places)
            .map(|(at, place)| match place.kind {
                EntityKind::Storey => Some(at),
                _ => storey_above(places, &by_id, place),
            })
            .collect();
        let mut index = Self {
            places,
            storey_of,
            by_number: BTreeMap::new(),
            storey_words: FxHashMap::default(),
            tables: Default::default(),
            phrases: FxHashMap::default(),
            building: (0..)
                .zip(places)
                .find(|(_, p)| p.kind == EntityKind::Building)
                .map(|(at, _)| at),
            storey_chance: 0.0,
        };
        index.add_storeys();
        index.add_named(words);
        index.add_doors_of_rooms(&by_id, words);
        let storeys = index.by_number.len();
        for table in &mut index.tables {
            table.count(storeys);
        }
        let numbers = index.by_number.keys().filter(|n| (0..100).contains(*n));
        index.storey_chance = numbers
            .filter_map(|n| small_chance(&n.to_string()))
            .sum::<f64>()
            .clamp(0.05, 0.9);
        index
    }

    fn add_storeys(&mut self) {
        let storeys: Vec<(u32, &Place)> = (0..)
            .zip(self.places)
            .filter(|(_, place)| place.kind == EntityKind::Storey)
            .collect();
        for (at, place) in &storeys {
            let name = pieces(&place.name);
            if let Some(number) = place.level.or_else(|| number_of_storey(&name)) {
                self.by_number.entry(number).or_insert(*at);
            }
            for text in std::iter::once(&place.name).chain(&place.aliases) {
                if let [only] = pieces(text).as_slice()
                    && !only.is_digits()
                {
                    self.storey_words.insert(only.text.clone(), *at);
                }
            }
        }
        let ground = self
            .by_number
            .range(0..ROOF)
            .next()
            .map(|(number, at)| (*number, *at));
        if let Some((0 | 1, at)) = ground {
            self.by_number.entry(GROUND).or_insert(at);
        }
        let highest = self.by_number.range(GROUND + 1..ROOF).next_back();
        if let Some(at) = highest.map(|(_, at)| *at) {
            self.by_number.entry(ROOF).or_insert(at);
        }
    }

    /// The storey by a number as [`storey_at`] gives it.
    pub(super) fn storey(&self, number: i32) -> Option<u32> {
        self.by_number.get(&number).copied()
    }

    /// The storey that has this very word for its name.
    pub(super) fn storey_named(&self, word: &str) -> Option<u32> {
        self.storey_words.get(word).copied()
    }

    fn add_named(&mut self, words: &Words) {
        let numbers: FxHashMap<u32, i32> = self
            .by_number
            .iter()
            .filter(|(number, _)| **number != GROUND && **number != ROOF)
            .map(|(number, at)| (*at, *number))
            .collect();
        let places = self.places;
        for (at, place) in (0..).zip(places) {
            let target = match place.kind {
                EntityKind::Space => Target::Space,
                EntityKind::Portal if !is_flight(place, words) => Target::Portal,
                _ => continue,
            };
            let storey = self.storey_of[at as usize];
            let number = storey.and_then(|s| numbers.get(&s).copied());
            for text in std::iter::once(&place.name).chain(&place.aliases) {
                let code = Code::read(&pieces(text), number);
                self.add_code(target, &code, storey, at);
            }
            let texts = [&place.name, &place.long_name];
            for text in texts.into_iter().chain(&place.aliases) {
                if let Some(phrase) = phrase(&pieces(text), words) {
                    add(&mut self.phrases, phrase, at);
                }
            }
        }
    }

    fn add_code(&mut self, target: Target, code: &Code, storey: Option<u32>, at: u32) {
        let table = &mut self.tables[target as usize];
        for room in &code.rooms {
            if let Some(storey) = storey {
                add(&mut table.pair, (storey_key(storey), room.clone()), at);
            }
        }
        if let Some((first, rest)) = &code.first {
            add(&mut table.pair, (i64::from(*first), rest.clone()), at);
        }
        for width in [Width::Two, Width::Three] {
            let joined = &code.joined[width as usize];
            for whole in joined.iter().chain(&code.whole) {
                add(&mut table.whole[width as usize], whole.clone(), at);
            }
        }
    }

    /// A door is also known by the rooms that it joins.
    fn add_doors_of_rooms(&mut self, by_id: &FxHashMap<&str, u32>, words: &Words) {
        let mut doors: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (at, place) in (0..).zip(self.places) {
            if place.kind == EntityKind::Portal && !is_flight(place, words) {
                for space in place.joins.iter().filter_map(|id| by_id.get(id.as_str())) {
                    doors.entry(*space).or_default().push(at);
                }
            }
        }
        let spaces = &self.tables[Target::Space as usize];
        let pair = by_doors(&spaces.pair, &doors);
        let whole = [
            by_doors(&spaces.whole[0], &doors),
            by_doors(&spaces.whole[1], &doors),
        ];
        self.tables[Target::PortalOfSpace as usize] = Table {
            pair,
            whole,
            ..Table::default()
        };
    }

    /// Places of a kind that are called by a phrase of `name`, the longest phrase first, with
    /// the words of it.
    pub(super) fn by_phrase(
        &self,
        name: &[String],
        kind: EntityKind,
    ) -> Option<(Vec<u32>, String)> {
        for length in (1..=PHRASE_MAX.min(name.len())).rev() {
            for window in name.windows(length) {
                let phrase = window.join(" ");
                let found: Vec<u32> = self
                    .phrases
                    .get(&phrase)
                    .into_iter()
                    .flatten()
                    .copied()
                    .filter(|at| self.places[*at as usize].kind == kind)
                    .collect();
                if !found.is_empty() {
                    return Some((found, phrase));
                }
            }
        }
        None
    }
}

/// A table of rooms as one of their doors.
fn by_doors<K: std::hash::Hash + Eq + Clone>(
    table: &FxHashMap<K, Vec<u32>>,
    doors: &BTreeMap<u32, Vec<u32>>,
) -> FxHashMap<K, Vec<u32>> {
    table
        .iter()
        .map(|(key, spaces)| {
            let mut all: Vec<u32> = spaces
                .iter()
                .filter_map(|space| doors.get(space))
                .flatten()
                .copied()
                .collect();
            all.sort_unstable();
            all.dedup();
            all.truncate(SAME_MAX);
            (key.clone(), all)
        })
        .collect()
}

/// Storeys are told apart from first numbers of names by their sign.
pub(super) fn storey_key(storey: u32) -> i64 {
    -1 - i64::from(storey)
}

/// Whether a portal is a flight of stairs or a ride of a lift: these have no door of their own.
fn is_flight(place: &Place, words: &Words) -> bool {
    let name = pieces(&place.name);
    let says = |wanted: &[&str]| {
        name.iter()
            .any(|p| wanted.contains(&words.concept(&p.text)))
    };
    says(&["stair", "lift"]) && !says(&["door", "deur", "tuer", "doors"])
}

fn storey_above(places: &[Place], by_id: &FxHashMap<&str, u32>, place: &Place) -> Option<u32> {
    let mut above = place.part_of.as_deref()?;
    // A room may be part of a zone that is part of a storey; more depth is no building's.
    for _ in 0..4 {
        let at = *by_id.get(above)?;
        let place = &places[at as usize];
        if place.kind == EntityKind::Storey {
            return Some(at);
        }
        above = place.part_of.as_deref()?;
    }
    None
}

/// The number in a storey's own name.
fn number_of_storey(name: &[Piece]) -> Option<i32> {
    let said = (0..name.len()).find_map(|at| storey_at(name, at));
    if let Some(said) = said {
        return Some(match said.number {
            GROUND => 0,
            ROOF => return None,
            number => number,
        });
    }
    let mut numbers = name.iter().filter_map(|p| p.number);
    let only = numbers.next()?;
    (numbers.next().is_none() && only <= 200).then_some(only.cast_signed())
}

/// The numbers of a room's or door's name, in the ways in which they are written elsewhere.
#[derive(Debug, Default)]
struct Code {
    /// What is left of it without the storey.
    rooms: Vec<String>,
    /// Its first number and the rest, where it has both.
    first: Option<(u32, String)>,
    /// The whole of it as it is written.
    whole: Vec<String>,
    /// Storey and room as one number, with two or three digits for the room.
    joined: [Vec<String>; 2],
}

impl Code {
    fn read(name: &[Piece], storey: Option<i32>) -> Self {
        let mut code = Self::default();
        let numbers: Vec<usize> = (0..name.len()).filter(|i| name[*i].is_digits()).collect();
        let (Some(first), Some(last)) = (numbers.first().copied(), numbers.last().copied()) else {
            return code;
        };
        if numbers.len() > 4 || name.len() > 10 {
            return code;
        }
        let letter = |at: usize| letter_after(name, at);
        let prefix = |at: usize| wing_before(name, at);
        if numbers.len() == 1 {
            let digits = &name[first].text;
            let value = trimmed(digits);
            let after = letter(first);
            let before = prefix(first);
            let below = storey.is_some_and(|s| s < 0);
            // `12.LL` on storey 12: the number is the storey's.
            if let Some(word) = room_word_after(name, first)
                && storey.map(i32::unsigned_abs) == name[first].number
            {
                code.whole.push(format!("{before}{value}{word}"));
                return code;
            }
            code.whole.push(format!("{before}{digits}{after}"));
            if let Some(room) = storey.and_then(|s| without_storey(digits, s)) {
                code.push_rooms(&room, "", &after);
                code.push_joined(storey.unwrap_or(0), &room, &after);
            } else {
                code.push_rooms(&value, &before, &after);
                code.whole.push(format!("{before}{value}{after}"));
                if let Some(storey) = storey.filter(|_| digits.len() <= 3) {
                    code.push_joined(storey, &value, &after);
                }
            }
            if !below && !before.is_empty() && digits.len() > 2 {
                code.whole.push(format!("{digits}{after}"));
            }
            return code;
        }
        let wanted = storey.map(i32::unsigned_abs);
        let storey_at = numbers
            .iter()
            .copied()
            .find(|i| name[*i].number.is_some() && name[*i].number == wanted)
            .filter(|i| *i != last);
        let from = storey_at.unwrap_or(first);
        let rest: Vec<String> = numbers
            .iter()
            .copied()
            .filter(|i| *i > from)
            .map(|i| format!("{}{}", trimmed(&name[i].text), letter(i)))
            .collect();
        let before = prefix(from + 1 + usize::from(!name[from + 1].is_digits()));
        let rest = rest.join(".");
        // `21.1` and `21.01` are two rooms of one storey.
        let exact: Vec<String> = numbers
            .iter()
            .copied()
            .filter(|i| *i > from)
            .map(|i| format!("{}{}", name[i].text, letter(i)))
            .collect();
        let exact = exact.join(".");
        code.rooms.push(format!("={before}{exact}"));
        code.push_rooms(&rest, &before, "");
        let below = storey.filter(|s| *s < 0);
        match (below, name[from].number) {
            (Some(storey), _) => code.push_joined(storey, &rest, ""),
            (None, Some(number)) => {
                code.first = Some((number, format!("{before}{rest}")));
                code.push_joined(number.cast_signed(), &rest, "");
            }
            (None, None) => {}
        }
        code
    }

    fn push_rooms(&mut self, room: &str, before: &str, after: &str) {
        self.rooms.push(format!("{before}{room}{after}"));
    }

    /// `12` and `5` written as one: `1205`, `12005`; below ground `B105`, `K105`.
    fn push_joined(&mut self, storey: i32, room: &str, after: &str) {
        let digits = room.trim_end_matches(|c: char| !c.is_ascii_digit());
        let Ok(number) = digits.parse::<u32>() else {
            return;
        };
        let (letter, level) = (&room[digits.len()..], storey.unsigned_abs());
        let marks: &[&str] = if storey < 0 {
            &["b", "k", "p", "u", "ug", "kg"]
        } else {
            &[""]
        };
        for mark in marks {
            self.joined[0].push(format!("{mark}{level}{number:02}{letter}{after}"));
            self.joined[1].push(format!("{mark}{level}{number:03}{letter}{after}"));
        }
    }
}

/// Digits without leading zeros.
pub(super) fn trimmed(digits: &str) -> String {
    let short = digits.trim_start_matches('0');
    if short.is_empty() { "0" } else { short }.to_owned()
}

/// A single letter glued to the end of a number: `05a`.
pub(super) fn letter_after(name: &[Piece], at: usize) -> String {
    let next = name
        .get(at + 1)
        .filter(|p| p.before == 0 && p.text.len() == 1);
    let ends = name.get(at + 2).is_none_or(|p| p.before != 0);
    next.filter(|p| ends && !p.is_digits())
        .map(|p| p.text.clone())
        .unwrap_or_default()
}

/// A word of at most three letters that ends a room's name after a number: `12.LL`.
pub(super) fn room_word_after(name: &[Piece], at: usize) -> Option<&str> {
    let word = name.get(at + 1)?;
    let joined = matches!(word.before, b'.' | b'-' | b'_' | b'/');
    let followed = name
        .get(at + 2)
        .is_some_and(|p| p.is_digits() && p.before <= 1);
    let fits = !word.is_digits() && word.text.len() <= 3 && joined && !followed;
    fits.then_some(word.text.as_str())
}

/// One or two letters before a number that name a wing, not that it is a room: `A05`.
pub(super) fn wing_before(name: &[Piece], at: usize) -> String {
    let before = at.checked_sub(1).and_then(|i| name.get(i));
    before
        .filter(|p| !p.is_digits() && p.text.len() <= 2)
        .filter(|p| !has(ROOM_MARKERS, &p.text))
        .filter(|_| {
            name.get(at)
                .is_some_and(|p| p.before == 0 || p.before == b'-')
        })
        .map(|p| p.text.clone())
        .unwrap_or_default()
}

/// What is left of `1205` on storey 12, `305` and `0305` on storey 3, `105` below ground.
fn without_storey(digits: &str, storey: i32) -> Option<String> {
    let storey = storey.unsigned_abs();
    for written in [format!("{storey}"), format!("{storey:02}")] {
        if let Some(room) = digits.strip_prefix(&written)
            && (2..=3).contains(&room.len())
        {
            return Some(trimmed(room));
        }
    }
    None
}

/// A name as words that are compared: without what only says that it is a room, each use of a
/// room by one word for all languages. `None` where it has no telling word.
fn phrase(name: &[Piece], words: &Words) -> Option<String> {
    let texts = phrase_words(name, words);
    let letters = texts
        .iter()
        .any(|t| t.len() >= 2 && !t.as_bytes()[0].is_ascii_digit());
    let numbers = texts.iter().filter(|t| t.as_bytes()[0].is_ascii_digit());
    let telling = letters || numbers.count() >= 3;
    (telling && texts.len() <= PHRASE_MAX).then(|| texts.join(" "))
}

/// The words of a name as [`Index::by_phrase`] wants them.
pub(super) fn phrase_words(name: &[Piece], words: &Words) -> Vec<String> {
    name.iter()
        .filter(|p| p.text.len() == 1 || !has(ROOM_MARKERS, &p.text))
        .filter(|p| p.text != "r")
        .map(|p| {
            if p.is_digits() {
                trimmed(&p.text)
            } else {
                words.concept(&p.text).to_owned()
            }
        })
        .collect()
}
