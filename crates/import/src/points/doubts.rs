//! Names that tell the same of one room.
//!
//! A room with two thermometers is common; so is a list of two buildings with the same room
//! numbers, a name with a slip of the pen, and a point that was hung up elsewhere and kept its
//! name with `OLD` behind it. Which of them it is shows in the whole list. To be sure takes that
//! nothing else claims the same room without a reason that is known.

use super::quantity::Told;
use super::suggest::Found;
use super::tokens::Piece;
use super::words::{Quantity, has};
use std::collections::{BTreeMap, BTreeSet};

/// Points of two hands that tell the same of the same rooms in this share of all cases do so
/// because there are two sensors; more seldom it is a slip.
const TWINS_SHARE: f64 = 0.2;
/// Names of two hands that are compared at least.
const HAND_MIN: usize = 10;
/// So often the same two sorts are told apart by a part of the name that is no running number.
const AGAIN_MIN: usize = 3;
/// Share of the names of one hand that such a part must tell apart.
const MARK_SHARE: f64 = 0.05;
/// Share of a list from which on its other names are not sure either.
const LIST_SHARE: f64 = 0.2;
/// Words that say that a point is no longer, or not yet, what its name says.
const SUPERSEDED: &str = "old alt oud bak backup spare test dummy defekt defect vervallen removed \
                          unused reserve obsolete demontiert";

/// How a name is built, whatever its words and numbers are.
type Build = Vec<(u8, bool)>;

/// Takes the sureness from names that tell the same of one room, unless it is plain that there
/// are two sensors; and from those that are marked as replaced.
pub(super) fn doubt_twins(found: &mut [Found], told: &[Told], names: &[Vec<Piece>]) {
    for (place, name) in found.iter_mut().zip(names) {
        if name.iter().any(|piece| has(SUPERSEDED, &piece.text)) {
            place.doubt("its name says that it is not in use");
        }
    }
    let builds: Vec<Build> = names.iter().map(|name| build(name)).collect();
    let (alike, others): (Vec<_>, Vec<_>) = twins(found, told)
        .into_iter()
        .partition(|[a, b]| builds[*a] == builds[*b]);
    doubt_of_one_hand(found, &alike, &builds, names);
    doubt_of_two_hands(found, &others, names);
}

fn build(name: &[Piece]) -> Build {
    name.iter()
        .map(|piece| (piece.before, piece.is_digits()))
        .collect()
}

/// Pairs of names that tell the same of one room.
fn twins(found: &[Found], told: &[Told]) -> Vec<[usize; 2]> {
    let mut by_place: BTreeMap<(u32, Quantity), Vec<usize>> = BTreeMap::new();
    for (at, (place, told)) in found.iter().zip(told).enumerate() {
        if let (Some(room), Some(quantity)) = (place.room(), told.quantity) {
            by_place.entry((room, quantity)).or_default().push(at);
        }
    }
    let pairs = by_place.values().flat_map(|all| all.windows(2));
    pairs.map(|pair| [pair[0], pair[1]]).collect()
}

/// Names that are built alike and differ in one part. A running number is that of a sensor. A
/// part by which the same sorts are told apart again and again, before the room, names a building
/// or wing that the plan does not know: then none of the names is sure, nor, where there are many,
/// any other of the list.
fn doubt_of_one_hand(
    found: &mut [Found],
    pairs: &[[usize; 2]],
    builds: &[Build],
    names: &[Vec<Piece>],
) {
    let mut hands: BTreeMap<(&Build, usize), Vec<[usize; 2]>> = BTreeMap::new();
    for &[a, b] in pairs {
        let both = names[a].iter().zip(&names[b]);
        let differs = both.clone().position(|(a, b)| a.text != b.text);
        let at = differs.unwrap_or(names[a].len());
        hands.entry((&builds[a], at)).or_default().push([a, b]);
    }
    let mut built: BTreeMap<&Build, Vec<usize>> = BTreeMap::new();
    for (name, build) in builds.iter().enumerate() {
        built.entry(build).or_default().push(name);
    }
    let mut marked: BTreeSet<usize> = BTreeSet::new();
    for ((build, at), pairs) in hands {
        let alike = &built[build];
        let size = alike.len() as f64;
        let sort = |name: usize| names[name].get(at).map(|piece| piece.text.as_str());
        let sorts: BTreeSet<_> = pairs.iter().map(|[a, b]| (sort(*a), sort(*b))).collect();
        let is_again = pairs.len() >= AGAIN_MIN * sorts.len();
        let before_room = build.iter().skip(at + 1).any(|(_, is_number)| *is_number);
        if is_again && before_room && pairs.len() as f64 > MARK_SHARE * size {
            marked.extend(alike.iter().copied());
        } else if is_again || size < HAND_MIN as f64 || pairs.len() as f64 <= TWINS_SHARE * size {
            for name in pairs.into_iter().flatten() {
                found[name].doubt("another point, named alike, tells the same of this place");
            }
        }
    }
    let placed = found.iter().filter(|place| place.room().is_some()).count();
    let is_list = marked.len() as f64 > LIST_SHARE * placed as f64;
    for (name, place) in found.iter_mut().enumerate() {
        if is_list || marked.contains(&name) {
            place.doubt("the list may be of several buildings or wings");
        }
    }
}

/// Where many names of the same two hands do so, there are two sensors.
fn doubt_of_two_hands(found: &mut [Found], pairs: &[[usize; 2]], names: &[Vec<Piece>]) {
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    for place in found.iter() {
        *sizes.entry(place.shape).or_default() += 1;
    }
    let mut hands: BTreeMap<(usize, usize), Vec<[usize; 2]>> = BTreeMap::new();
    for &[a, b] in pairs {
        let (one, other) = (found[a].shape, found[b].shape);
        let hand = (one.min(other), one.max(other));
        hands.entry(hand).or_default().push([a, b]);
    }
    for ((one, other), pairs) in hands {
        let smaller = sizes[&one].min(sizes[&other]);
        let is_usual = pairs.len() as f64 > TWINS_SHARE * smaller as f64;
        for [a, b] in pairs {
            if let Some(longer) = longer(names, a, b) {
                found[longer].doubt("another point has its name without the end");
            } else if smaller < HAND_MIN || !is_usual {
                found[a].doubt("another point tells the same of this place");
                found[b].doubt("another point tells the same of this place");
            }
        }
    }
}

/// That of two names which is the other with something behind it.
fn longer(names: &[Vec<Piece>], a: usize, b: usize) -> Option<usize> {
    let texts = |at: usize| names[at].iter().map(|piece| piece.text.as_str());
    let begins = |long: usize, short: usize| {
        names[long].len() > names[short].len() && texts(long).zip(texts(short)).all(|(a, b)| a == b)
    };
    match () {
        () if begins(a, b) => Some(a),
        () if begins(b, a) => Some(b),
        () => None,
    }
}
