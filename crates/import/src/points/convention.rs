//! How a site writes rooms into its names, learned from the whole list.
//!
//! One contractor writes `L12/R05`, the next `1205`, a third `AHU3.12-5`; the third number of a
//! name may be a controller's. Nobody states it, but the list shows it: read rightly, nearly every
//! name leads to a room that is there, and read wrongly only some do. Names of one *shape* are
//! read together. Each *reading* of a shape says which piece is the storey and which the room. A
//! reading is as probable as the rooms that it finds make it, beside what numbers in such company
//! turned out to be in all other names.
//!
//! The model is a mixture whose parts are the readings, fitted by expectation and maximisation
//! (Dempster, Laird, Rubin, J. R. Stat. Soc. B 39 (1977) 1). A piece that a reading uses is
//! explained by the place it leads to; one that it does not use by chance.

use super::places::room_word_after;
use super::places::{
    Index, Table, Target, Width, letter_after, storey_at, storey_key, trimmed, wing_before,
};
use super::tokens::Piece;
use super::words::{BASEMENT_MARKERS, BASEMENT_MARKERS_WEAK, ROOM_MARKERS, Sense, Words, has};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Numbers of a name of which readings are made.
const NUMBERS_MAX: usize = 6;
/// Rounds of expectation and maximisation; roles settle in two or three.
const ROUNDS: usize = 4;
/// Share of names that lead nowhere although they are read rightly, before the list is seen:
/// rooms that the plan lacks, and slips of the pen.
const SLIPS: f64 = 0.03;
/// Slips that lead to another room, for each that leads to none: in towers with 14 to 26 rooms a
/// storey a wrong digit does so one to two times out of three.
const UNSEEN_SLIPS: f64 = 2.0;
/// Names that count for what is usual of a hand before those of one part of the house are seen.
const PART_WEIGHT: f64 = 4.0;
/// Names of one part of the house from which on they are judged by themselves.
const PART_MIN: f64 = 5.0;
/// The least that is left of a probability where the names of one part of the house go wrong:
/// the room is still the best that is known.
const PART_RIGHT_LEAST: f64 = 0.85;
/// How much less probable a second point that tells the same of a place is than a first one.
const AGAIN: f64 = 0.15;
/// The most that such repeats take away of what speaks for a reading.
const AGAIN_MOST: f64 = 0.6;
/// Names that count for what is usual of numbers in some company before the list is seen.
const USUAL_WEIGHT: f64 = 5.0;

/// A piece of a name, or several that say one thing.
#[derive(Debug, Clone)]
enum Element {
    /// A number by itself.
    Number(NumberText),
    /// A storey that is marked as one.
    Storey {
        storey: Option<u32>,
        /// Its number, where one is said.
        number: Option<i32>,
        sure: bool,
        /// Its number as it would be read if it were a room's.
        as_room: Option<NumberText>,
    },
    Word,
}

/// A number as it may stand in a name of a room.
#[derive(Debug, Clone)]
struct NumberText {
    value: Option<u32>,
    /// As the name of a room, the most particular first.
    names: Vec<String>,
    digits: usize,
}

/// A name prepared for reading.
#[derive(Debug)]
pub(super) struct Read {
    elements: Vec<Element>,
    shape: String,
    /// How the name is built up to its last number, whatever is measured: one hand's names.
    hand: String,
    /// Elements that are numbers or storeys, with what stands before them.
    company: Vec<(usize, String)>,
    /// The words alone: what is measured.
    words: String,
}

/// Which elements are the storey and the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reading {
    storey: Option<usize>,
    room: Option<usize>,
    /// Set where `room` is the whole name of the room.
    whole: Option<Width>,
    target: Target,
    count: Count,
}

/// How storeys are counted where the list does it otherwise than the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Count {
    /// As the plan does.
    AsPlan,
    /// The storey at street level is the first, as in America and by the Dutch *bouwlaag*.
    FromOne,
    /// There is no thirteenth, as in many a tower.
    NoThirteen,
}

impl Count {
    /// The number in the plan of what the list calls `number`.
    fn in_plan(self, number: i32) -> Option<i32> {
        match self {
            Self::FromOne if number > 0 => Some(number - 1),
            Self::NoThirteen if number == 13 => None,
            Self::NoThirteen if number > 13 => Some(number - 1),
            _ => Some(number),
        }
    }
}

/// What a number turned out to be.
#[derive(Debug, Clone, Copy, Default)]
struct Roles {
    storey: f64,
    room: f64,
    whole: f64,
    other: f64,
}

/// Where a name may lead, with probabilities; what is left of one leads nowhere.
#[derive(Debug, Clone, Default)]
pub(super) struct Where {
    /// Rooms or doors, the most probable first.
    pub(super) places: Vec<(u32, f64)>,
    /// Storeys, each with all that is on it.
    pub(super) storeys: Vec<(u32, f64)>,
    /// Names of the same shape.
    pub(super) alike: usize,
    /// How many of them lead somewhere when read as this one.
    pub(super) found: usize,
    /// What is read out of the name, for people.
    pub(super) told: String,
    /// The number of the shape, for comparing names of one hand.
    pub(super) shape: usize,
}

impl Where {
    /// The place that it leads to, where that is clear enough to learn other names from.
    pub(super) fn witness(&self) -> Option<u32> {
        let clear = self.places.first().filter(|(_, p)| *p > 0.8);
        clear.map(|(place, _)| *place)
    }
}

impl Read {
    pub(super) fn new(pieces: &[Piece], index: &Index<'_>, words: &Words) -> Self {
        let mut elements = Vec::with_capacity(pieces.len());
        let (mut shape, mut hand) = (String::new(), String::new());
        let mut company = Vec::new();
        let mut last = String::from("^");
        let mut at = 0;
        while at < pieces.len() {
            let before = pieces[at].before;
            let (element, class, length) = element(pieces, at, index, words);
            let separator = if before <= 1 { 'g' } else { char::from(before) };
            shape.push(separator);
            shape.push_str(&class);
            hand.push(separator);
            hand.push(match element {
                Element::Word => 'w',
                Element::Number(_) => 'n',
                Element::Storey { .. } => 's',
            });
            if matches!(element, Element::Word) {
                last.clone_from(&class);
            } else {
                company.push((elements.len(), format!("{last}{separator}{class}")));
                last = String::from("#");
            }
            elements.push(element);
            at += length;
        }
        Self {
            elements,
            shape,
            // What follows the last number says what is measured.
            hand: hand.trim_end_matches(|c| c != 'n' && c != 's').to_owned(),
            company,
            words: pieces
                .iter()
                .filter(|p| !p.is_digits())
                .map(|p| p.text.as_str())
                .collect::<Vec<_>>()
                .join(" "),
        }
    }

    fn numbers(&self) -> impl Iterator<Item = usize> {
        self.company.iter().map(|(at, _)| *at)
    }
}

/// The element that begins at `at`, its class in the shape and the pieces it takes.
fn element(
    pieces: &[Piece],
    at: usize,
    index: &Index<'_>,
    words: &Words,
) -> (Element, String, usize) {
    let piece = &pieces[at];
    let whole_word = pieces.get(at + 1).is_none_or(|n| n.before != 0);
    if let Some(said) = storey_at(pieces, at) {
        let storey = index.storey(said.number);
        let number = (at..at + said.length).find(|i| pieces[*i].is_digits());
        let element = Element::Storey {
            storey,
            number: number.map(|_| said.number),
            sure: said.sure,
            as_room: number.map(|i| number_text(pieces, i)),
        };
        let class = if said.sure { "S" } else { "s" };
        return (element, class.to_owned(), said.length);
    }
    if piece.is_digits() {
        let text = number_text(pieces, at);
        let class = match text.digits {
            0..=2 => "2",
            3 => "3",
            4 => "4",
            _ => "5",
        };
        return (Element::Number(text), class.to_owned(), 1);
    }
    if whole_word && let Some(storey) = index.storey_named(&piece.text) {
        let element = Element::Storey {
            storey: Some(storey),
            number: None,
            sure: piece.text.len() > 1,
            as_room: None,
        };
        return (element, "S".to_owned(), 1);
    }
    (Element::Word, word_class(&piece.text, words), 1)
}

/// Words for the same purpose are one class: what is measured must not divide the list.
fn word_class(word: &str, words: &Words) -> String {
    if has(ROOM_MARKERS, word) {
        return "R".to_owned();
    }
    if word.len() == 1 {
        return "x".to_owned();
    }
    match words.sense(word) {
        Some(Sense::Machine) | None if words.parts(word).is_empty() => word.to_owned(),
        _ => "Q".to_owned(),
    }
}

fn number_text(pieces: &[Piece], at: usize) -> NumberText {
    let digits = &pieces[at].text;
    let (wing, value, letter) = (
        wing_before(pieces, at),
        trimmed(digits),
        letter_after(pieces, at),
    );
    // `B105` is not room 105: the letter says below ground.
    let below = has(BASEMENT_MARKERS, &wing) || has(BASEMENT_MARKERS_WEAK, &wing);
    let mut names = Vec::with_capacity(8);
    // `12.LL`: the room is called by letters.
    if let Some(word) = room_word_after(pieces, at) {
        names.push(format!("{wing}{value}{word}"));
    }
    let wings = [&*wing, ""];
    let wings = if below { &wings[..1] } else { &wings[..] };
    for wing in wings {
        for letter in [&*letter, ""] {
            let exact = format!("={wing}{digits}{letter}");
            let written = format!("{wing}{digits}{letter}");
            let short = format!("{wing}{value}{letter}");
            for name in [exact, written, short] {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
    }
    NumberText {
        value: pieces[at].number,
        names,
        digits: digits.len(),
    }
}

/// Names of one shape.
struct Shape {
    members: Vec<usize>,
    readings: Vec<Reading>,
    /// Per member and reading: places found, or the storey alone; 0 for none.
    found: Vec<Vec<Found>>,
    /// Natural logarithm of how much better each reading explains the names than chance does.
    gains: Vec<f64>,
    weights: Vec<f64>,
    slips: f64,
}

#[derive(Debug, Clone, Default)]
struct Found {
    places: Vec<u32>,
    storey: Option<u32>,
    hit: bool,
}

/// Where each name leads. `target` says whether rooms or doors are meant.
///
/// A witness tells of some names from elsewhere where they lead, by which the others are
/// understood too.
pub(super) fn locate(
    names: &[(Read, bool)],
    witnesses: &[Option<u32>],
    index: &Index<'_>,
) -> Vec<Where> {
    let mut by_shape: BTreeMap<(&str, bool), Vec<usize>> = BTreeMap::new();
    for (at, (read, doors)) in names.iter().enumerate() {
        by_shape.entry((&read.shape, *doors)).or_default().push(at);
    }
    let mut shapes: Vec<Shape> = by_shape
        .into_iter()
        .map(|((_, doors), members)| Shape::new(members, doors, names, witnesses, index))
        .collect();
    let mut usual: FxHashMap<&str, Roles> = FxHashMap::default();
    for round in 0..ROUNDS {
        for shape in &mut shapes {
            shape.weigh(names, &usual);
        }
        if round + 1 < ROUNDS {
            usual = roles(&shapes, names);
        }
    }
    let slips = common_slips(&shapes);
    let parts = part_slips(&shapes, names);
    let mut led = vec![Where::default(); names.len()];
    for (number, shape) in shapes.iter_mut().enumerate() {
        shape.learn_slips(slips);
        for member in 0..shape.members.len() {
            let misled = shape.misled(member, names, &parts);
            let mut place = shape.place(member, index, misled);
            place.shape = number;
            led[shape.members[member]] = place;
        }
    }
    led
}

impl Shape {
    fn new(
        members: Vec<usize>,
        doors: bool,
        names: &[(Read, bool)],
        witnesses: &[Option<u32>],
        index: &Index<'_>,
    ) -> Self {
        let first = &names[members[0]].0;
        let readings = readings(first, doors);
        let found: Vec<Vec<Found>> = members
            .iter()
            .map(|at| {
                let read = &names[*at].0;
                readings
                    .iter()
                    .map(|reading| find(reading, read, index))
                    .collect()
            })
            .collect();
        let gains = readings
            .iter()
            .enumerate()
            .map(|(r, reading)| gain(reading, r, &found, &members, names, witnesses, index))
            .collect();
        Self {
            weights: vec![0.0; readings.len()],
            gains,
            members,
            readings,
            found,
            slips: SLIPS,
        }
    }

    /// How probable each reading is for the whole shape.
    fn weigh(&mut self, names: &[(Read, bool)], usual: &FxHashMap<&str, Roles>) {
        let first = &names[self.members[0]].0;
        let logs: Vec<f64> = (0..self.readings.len())
            .map(|r| self.gains[r] + self.readings[r].prior(first, usual))
            .collect();
        self.weights = softmax(&logs);
    }

    fn learn_slips(&mut self, common: f64) {
        let best = self.best();
        let missed = self.found.iter().filter(|f| !f[best].hit).count() as f64;
        self.slips = (missed + 4.0 * common) / (self.members.len() as f64 + 4.0);
    }

    /// How many names that stand for the same part of the house lead nowhere.
    fn misled(&self, member: usize, names: &[(Read, bool)], parts: &Parts<'_>) -> f64 {
        let read = &names[self.members[member]].0;
        let part = self.readings[self.best()].part(read);
        let counted = part.and_then(|part| parts.get(&(read.hand.as_str(), part)));
        let counted = counted.filter(|(_, all)| *all >= PART_MIN);
        counted.map_or(0.0, |(missed, all)| {
            (missed + PART_WEIGHT * self.slips) / (all + PART_WEIGHT)
        })
    }

    fn best(&self) -> usize {
        let weights = self.weights.iter().enumerate();
        weights
            .max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)))
            .map_or(0, |(at, _)| at)
    }

    /// Where one name leads, over all readings.
    ///
    /// `misled` is the share of names that lead nowhere in this part of the house.
    fn place(&self, member: usize, index: &Index<'_>, misled: f64) -> Where {
        let found = &self.found[member];
        let mut places: BTreeMap<u32, f64> = BTreeMap::new();
        let mut storeys: BTreeMap<u32, f64> = BTreeMap::new();
        // Where rooms stand close, a slip leads to another room that is there more often than to
        // none, and nobody sees it.
        let here = (1.0 - UNSEEN_SLIPS * misled).max(PART_RIGHT_LEAST);
        let right = (1.0 - UNSEEN_SLIPS * self.slips).max(0.0) * here;
        for (found, weight) in found.iter().zip(&self.weights) {
            if *weight < 1e-9 {
                continue;
            }
            let share = weight * right / found.places.len().max(1) as f64;
            for place in &found.places {
                *places.entry(*place).or_default() += share;
                if let Some(storey) = index.storey_of[*place as usize] {
                    *storeys.entry(storey).or_default() += share;
                }
            }
            if found.places.is_empty()
                && let Some(storey) = found.storey
            {
                *storeys.entry(storey).or_default() += weight * right;
            }
        }
        let best = self.best();
        Where {
            places: ranked(places),
            storeys: ranked(storeys),
            alike: self.members.len(),
            found: self.found.iter().filter(|f| f[best].hit).count(),
            told: self.readings[best].told(),
            shape: 0,
        }
    }
}

fn ranked(found: BTreeMap<u32, f64>) -> Vec<(u32, f64)> {
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    found
}

/// Every way in which the numbers of a name may be meant.
fn readings(read: &Read, doors: bool) -> Vec<Reading> {
    let numbers: Vec<usize> = read.numbers().collect();
    let late = numbers.len().saturating_sub(NUMBERS_MAX);
    let numbers = &numbers[late..];
    let targets: &[Target] = if doors {
        &[Target::Portal, Target::PortalOfSpace]
    } else {
        &[Target::Space]
    };
    let plain = Reading {
        storey: None,
        room: None,
        whole: None,
        target: targets[0],
        count: Count::AsPlan,
    };
    let mut readings = vec![plain];
    for room in numbers.iter().copied() {
        for target in targets.iter().copied() {
            for width in [Width::Two, Width::Three] {
                readings.push(Reading {
                    room: Some(room),
                    whole: Some(width),
                    target,
                    ..plain
                });
            }
        }
    }
    let counts = [Count::AsPlan, Count::FromOne, Count::NoThirteen];
    let counted = numbers
        .iter()
        .flat_map(|at| counts.map(|count| (*at, count)));
    for (storey, count) in counted {
        let on_storey = Reading {
            storey: Some(storey),
            count,
            ..plain
        };
        readings.push(on_storey);
        for room in numbers.iter().copied().filter(|room| *room != storey) {
            for target in targets.iter().copied() {
                for whole in [None, Some(Width::Two), Some(Width::Three)] {
                    readings.push(Reading {
                        room: Some(room),
                        whole,
                        target,
                        ..on_storey
                    });
                }
            }
        }
    }
    readings
}

impl NumberText {
    /// `2332` where storeys are counted otherwise: room 32 on the storey that the list calls 23.
    fn counted(
        &self,
        reading: &Reading,
        storey: Option<u32>,
        index: &Index<'_>,
        table: &Table,
    ) -> Vec<u32> {
        let unit = match reading.whole {
            Some(Width::Three) => 1000,
            _ => 100,
        };
        let Some(value) = self.value.filter(|v| *v >= unit) else {
            return Vec::new();
        };
        let number = reading.count.in_plan((value / unit).cast_signed());
        let said = number.and_then(|number| index.storey(number));
        let Some(here) = said.filter(|said| storey.is_none_or(|storey| storey == *said)) else {
            return Vec::new();
        };
        let digits = if unit == 100 { 2 } else { 3 };
        let room = value % unit;
        let names = [format!("={room:0digits$}"), room.to_string()];
        table.pair(storey_key(here), &names).to_vec()
    }
}

impl Element {
    /// The storey that it says.
    fn storey(&self, index: &Index<'_>, count: Count) -> Option<u32> {
        match self {
            Self::Storey {
                number: Some(number),
                ..
            } if *number > 0 => index.storey(count.in_plan(*number)?),
            Self::Storey { storey, .. } => *storey,
            Self::Number(text) => index.storey(count.in_plan(i32::try_from(text.value?).ok()?)?),
            Self::Word => None,
        }
    }

    fn first_number(&self) -> Option<u32> {
        match self {
            Self::Number(text) => text.value,
            Self::Storey { as_room, .. } => as_room.as_ref()?.value,
            Self::Word => None,
        }
    }

    fn text(&self) -> Option<&NumberText> {
        match self {
            Self::Number(text) => Some(text),
            Self::Storey { as_room, .. } => as_room.as_ref(),
            Self::Word => None,
        }
    }
}

/// What one reading makes of one name.
fn find(reading: &Reading, read: &Read, index: &Index<'_>) -> Found {
    let storey = reading.storey.map(|at| &read.elements[at]);
    let at_storey = storey.and_then(|element| element.storey(index, reading.count));
    let missed = Found {
        storey: at_storey,
        ..Found::default()
    };
    let Some(room) = reading.room else {
        return Found {
            hit: storey.is_none() || at_storey.is_some(),
            ..missed
        };
    };
    let Some(text) = read.elements[room].text() else {
        return missed;
    };
    let table = &index.tables[reading.target as usize];
    let places: Vec<u32> = if reading.count != Count::AsPlan && reading.whole.is_some() {
        text.counted(reading, at_storey, index, table)
    } else if let Some(width) = reading.whole {
        let on_storey = |place: &&u32| {
            let here = index.storey_of[**place as usize];
            storey.is_none() || (at_storey.is_some() && here == at_storey)
        };
        let all = table.whole(width, &text.names);
        all.iter().filter(on_storey).copied().collect()
    } else {
        let by_storey = at_storey.map_or(&[][..], |s| table.pair(storey_key(s), &text.names));
        let first = storey
            .and_then(Element::first_number)
            .filter(|_| by_storey.is_empty() && reading.count == Count::AsPlan);
        let by_first = first.map_or(&[][..], |f| table.pair(i64::from(f), &text.names));
        [by_storey, by_first].concat()
    };
    Found {
        hit: !places.is_empty(),
        places,
        storey: at_storey,
    }
}

/// How much better a reading explains all names of a shape than chance does: each place that is
/// there is worth what such numbers lead to by chance, and each that is not counts against it; and
/// so does each place that is told of twice in the same words.
fn gain(
    reading: &Reading,
    r: usize,
    found: &[Vec<Found>],
    members: &[usize],
    names: &[(Read, bool)],
    witnesses: &[Option<u32>],
    index: &Index<'_>,
) -> f64 {
    if reading.storey.is_none() && reading.room.is_none() {
        return 0.0;
    }
    let mut gain = 0.0;
    let mut witnessed = 0.0;
    let mut told: BTreeMap<(u32, &str), usize> = BTreeMap::new();
    for (found, at) in found.iter().zip(members) {
        let read = &names[*at].0;
        let chance = reading.chance(read, index);
        let found = &found[r];
        gain += if found.hit {
            // A name that leads to several places is explained by none of them.
            libm::log((1.0 - SLIPS) / chance / found.places.len().max(1) as f64)
        } else {
            libm::log(SLIPS / (1.0 - chance))
        };
        if let Some(witness) = witnesses[*at] {
            witnessed += agreement(found, witness, index);
        }
        let place = match (found.places.as_slice(), reading.room) {
            ([only], _) => Some(*only),
            (_, None) => found.storey,
            _ => None,
        };
        if let Some(place) = place {
            *told.entry((place, &read.words)).or_default() += 1;
        }
    }
    let again: usize = told.values().map(|n| n - 1).sum();
    // Rooms with two sensors are common enough that this alone must not speak for no place at all.
    witnessed + gain - (-libm::log(AGAIN) * again as f64).min(AGAIN_MOST * gain.max(0.0))
}

/// How much a witness speaks for what a reading makes of a name.
fn agreement(found: &Found, witness: u32, index: &Index<'_>) -> f64 {
    let same_storey = found.storey.is_some() && found.storey == index.storey_of[witness as usize];
    match found.places.as_slice() {
        [] if same_storey => 0.5,
        [] => -1.0,
        places if places.contains(&witness) => 3.0,
        _ => -3.0,
    }
}

impl Reading {
    /// Natural logarithm of how probable the reading is before the list is looked up.
    fn prior(&self, read: &Read, usual: &FxHashMap<&str, Roles>) -> f64 {
        let mut log = 0.0;
        for (at, company) in &read.company {
            let base = base_roles(&read.elements[*at], company);
            let roles = base.with(usual.get(company.as_str()));
            log += libm::log(self.role(*at).of(&roles));
        }
        if let (Some(storey), Some(room)) = (self.storey, self.room) {
            // A room is said after its storey, mostly at once.
            if storey > room {
                log += libm::log(0.15);
            }
            let between = read
                .company
                .iter()
                .filter(|(at, _)| (storey.min(room) + 1..storey.max(room)).contains(at));
            log += libm::log(0.4) * between.count() as f64;
        }
        if self.count != Count::AsPlan {
            log += libm::log(0.1);
        }
        if self.whole == Some(Width::Three) {
            log += libm::log(0.3);
        }
        if self.target == Target::PortalOfSpace {
            log += libm::log(0.3);
        }
        log
    }

    /// Which part of the house a name stands for: its storey as it is written.
    fn part(&self, read: &Read) -> Option<u32> {
        let element = |at: Option<usize>| read.elements[at?].first_number();
        match self.storey {
            Some(_) => element(self.storey),
            None => element(self.room).map(|room| room / 100),
        }
    }

    /// How often such numbers lead to a place by chance.
    fn chance(&self, read: &Read, index: &Index<'_>) -> f64 {
        let storey = self.storey.map_or(1.0, |at| match &read.elements[at] {
            Element::Storey { .. } => 0.7,
            _ => index.storey_chance,
        });
        let Some(text) = self.room.and_then(|at| read.elements[at].text()) else {
            return storey.clamp(0.05, 0.95);
        };
        let table = &index.tables[self.target as usize];
        let room = if let Some(width) = self.whole {
            let on_storey = if self.storey.is_some() { 0.2 } else { 1.0 };
            table.whole_chance(width, text.digits) * on_storey
        } else {
            table.room_chance * storey
        };
        room.clamp(0.005, 0.95)
    }

    fn role(&self, at: usize) -> Role {
        match () {
            () if self.storey == Some(at) => Role::Storey,
            () if self.room == Some(at) && self.whole.is_some() => Role::Whole,
            () if self.room == Some(at) => Role::Room,
            () => Role::Other,
        }
    }

    fn told(&self) -> String {
        let place = |at: usize| format!("part {}", at + 1);
        let room = match self.target {
            Target::Portal => "door",
            Target::Space | Target::PortalOfSpace => "room",
        };
        match (self.storey, self.room) {
            (Some(s), Some(r)) => format!("storey in {}, {room} in {}", place(s), place(r)),
            (None, Some(r)) => format!("{room} in {}", place(r)),
            (Some(s), None) => format!("storey in {}", place(s)),
            (None, None) => "no place in the name".to_owned(),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Role {
    Storey,
    Room,
    Whole,
    Other,
}

impl Role {
    fn of(self, roles: &Roles) -> f64 {
        let mass = match self {
            Self::Storey => roles.storey,
            Self::Room => roles.room,
            Self::Whole => roles.whole,
            Self::Other => roles.other,
        };
        mass.max(1e-6)
    }
}

impl Roles {
    /// What is usual, changed by what the list showed.
    fn with(self, seen: Option<&Self>) -> Self {
        let Some(seen) = seen else { return self };
        let total = seen.storey + seen.room + seen.whole + seen.other;
        let mixed = |usual: f64, seen: f64| (usual * USUAL_WEIGHT + seen) / (USUAL_WEIGHT + total);
        Self {
            storey: mixed(self.storey, seen.storey),
            room: mixed(self.room, seen.room),
            whole: mixed(self.whole, seen.whole),
            other: mixed(self.other, seen.other),
        }
    }
}

/// What numbers in such company are, before the list is seen.
fn base_roles(element: &Element, company: &str) -> Roles {
    let roles = |storey, room, whole, other| Roles {
        storey,
        room,
        whole,
        other,
    };
    let text = match element {
        Element::Storey { sure: true, .. } => return roles(0.97, 0.005, 0.005, 0.02),
        Element::Storey { .. } => return roles(0.75, 0.06, 0.06, 0.13),
        Element::Number(text) => text,
        Element::Word => return roles(0.0, 0.0, 0.0, 1.0),
    };
    let long = text.digits >= 3;
    let glued_to_quantity = company.starts_with("Qg");
    match company.as_bytes().first() {
        Some(b'R') if long => roles(0.01, 0.12, 0.75, 0.12),
        Some(b'R') => roles(0.05, 0.55, 0.25, 0.15),
        _ if glued_to_quantity && long => roles(0.01, 0.1, 0.45, 0.44),
        _ if glued_to_quantity => roles(0.03, 0.15, 0.07, 0.75),
        Some(b'#' | b'^') if long => roles(0.01, 0.15, 0.55, 0.29),
        Some(b'#' | b'^') => roles(0.3, 0.3, 0.05, 0.35),
        _ if long => roles(0.01, 0.14, 0.45, 0.4),
        _ => roles(0.2, 0.25, 0.08, 0.47),
    }
}

/// What numbers in each company turned out to be over all names.
fn roles<'n>(shapes: &[Shape], names: &'n [(Read, bool)]) -> FxHashMap<&'n str, Roles> {
    let mut roles: FxHashMap<&str, Roles> = FxHashMap::default();
    for shape in shapes {
        let read = &names[shape.members[0]].0;
        let n = shape.members.len() as f64;
        for (reading, weight) in shape.readings.iter().zip(&shape.weights) {
            if *weight < 1e-6 {
                continue;
            }
            for (at, company) in &read.company {
                let mass = roles.entry(company).or_default();
                let slot = match reading.role(*at) {
                    Role::Storey => &mut mass.storey,
                    Role::Room => &mut mass.room,
                    Role::Whole => &mut mass.whole,
                    Role::Other => &mut mass.other,
                };
                *slot += weight * n;
            }
        }
    }
    roles
}

/// The share of names that lead nowhere, over all shapes that lead somewhere at all.
fn common_slips(shapes: &[Shape]) -> f64 {
    let (mut missed, mut all) = (0.0, 0.0);
    for shape in shapes {
        let best = shape.best();
        if shape.readings[best].room.is_some() {
            missed += shape.found.iter().filter(|f| !f[best].hit).count() as f64;
            all += shape.members.len() as f64;
        }
    }
    (missed + 20.0 * SLIPS) / (all + 20.0)
}

/// Names that lead nowhere, and all, by hand and part of the house.
type Parts<'n> = FxHashMap<(&'n str, u32), (f64, f64)>;

/// Where labels of storeys were changed about, or rooms were numbered anew, some names lead
/// nowhere and the others to wrong rooms; it shows in that part of the house alone.
fn part_slips<'n>(shapes: &[Shape], names: &'n [(Read, bool)]) -> Parts<'n> {
    let mut parts = Parts::default();
    for shape in shapes {
        let best = shape.best();
        let reading = &shape.readings[best];
        if reading.room.is_none() {
            continue;
        }
        for (member, found) in shape.members.iter().zip(&shape.found) {
            let read = &names[*member].0;
            if let Some(part) = reading.part(read) {
                let counted = parts.entry((read.hand.as_str(), part)).or_default();
                counted.0 += f64::from(u8::from(!found[best].hit));
                counted.1 += 1.0;
            }
        }
    }
    parts
}

fn softmax(logs: &[f64]) -> Vec<f64> {
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = logs.iter().map(|log| libm::exp(log - most)).collect();
    let total: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / total).collect()
}
