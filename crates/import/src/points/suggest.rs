//! From names to suggestions: where and what, with how sure it is.

use super::convention::{Read, Where, locate};
use super::doubts::doubt_twins;
use super::places::{Index, phrase_words};
use super::quantity::{Told, common_words, told};
use super::tokens::{Piece, pieces};
use super::words::{Quantity, Words};
use super::{Place, Point, Suggestion, mapping};
use std::collections::BTreeMap;
use twin_model::EntityKind;

/// A suggestion at least this probable may be shown as sure; less sure ones are for people.
pub const CONFIDENT: f64 = 0.95;
/// A room is suggested from this probability on, and a storey; less sure ones fall back to what
/// they are part of.
const PLACE_MIN: f64 = 0.5;
/// What is left of a probability that must not be stated as sure.
const DOUBTED: f64 = 0.9;
/// A storey in place of a room is never shown as sure.
const STOREY_SURE: f64 = 0.9;
/// Other places that are told.
const OTHERS_MAX: usize = 5;
/// Probability that a phrase that is a place's whole name means that place.
const PHRASE_SURE: f64 = 0.97;

/// Suggests for each point, in the order of `points`, what it tells of.
///
/// ```
/// use twin_import::points::{Place, Point, suggest};
/// use twin_model::EntityKind;
/// let storey = Place { id: "s".into(), kind: EntityKind::Storey, name: "Level 12".into(), ..Place::default() };
/// let room = Place { id: "r".into(), name: "12.05".into(), part_of: Some("s".into()), ..Place::default() };
/// let point = Point { name: "L12/R05/ZN-T".into(), ..Point::default() };
/// let suggested = &suggest(&[point], &[storey, room])[0];
/// assert_eq!(suggested.place.as_deref(), Some("r"));
/// assert_eq!(suggested.attribute, Some("temperature"));
/// ```
pub fn suggest(points: &[Point], places: &[Place]) -> Vec<Suggestion> {
    let words = Words::new();
    let index = Index::new(places, &words);
    let names: Vec<Vec<Piece>> = points.iter().map(|p| pieces(&p.name)).collect();
    let descriptions: Vec<Vec<Piece>> = points
        .iter()
        .map(|p| p.description.as_deref().map_or_else(Vec::new, pieces))
        .collect();
    let common = common_words(&names);
    let told: Vec<Told> = points
        .iter()
        .zip(names.iter().zip(&descriptions))
        .map(|(point, (name, description))| told(point, name, description, &common, &words))
        .collect();
    let read = |texts: &[Vec<Piece>]| -> Vec<(Read, bool)> {
        texts
            .iter()
            .zip(&told)
            .map(|(text, told)| (Read::new(text, &index, &words), is_of_door(told)))
            .collect()
    };
    let nobody = vec![None; points.len()];
    let by_description = locate(&read(&descriptions), &nobody, &index);
    let witnesses: Vec<Option<u32>> = by_description.iter().map(Where::witness).collect();
    let by_name = locate(&read(&names), &witnesses, &index);
    let mut found: Vec<Found> = Vec::with_capacity(points.len());
    for at in 0..points.len() {
        let kind = if is_of_door(&told[at]) {
            EntityKind::Portal
        } else {
            EntityKind::Space
        };
        let mut place = Found::of(&by_name[at], &names[at], kind, &index, &words);
        if !descriptions[at].is_empty() {
            let said = Found::of(&by_description[at], &descriptions[at], kind, &index, &words);
            place = place.joined(said);
        }
        found.push(place);
    }
    doubt_twins(&mut found, &told, &names);
    points
        .iter()
        .zip(found.iter().zip(told))
        .map(|(point, (place, told))| place.suggestion(point, told, &index))
        .collect()
}

fn is_of_door(told: &Told) -> bool {
    let attribute = told.quantity.map(Quantity::attribute);
    attribute.is_some_and(|(name, _)| {
        mapping::fits(Some(name), EntityKind::Portal)
            && !mapping::fits(Some(name), EntityKind::Space)
    })
}

/// Where a point is, as far as name and description tell.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    pub(super) places: Vec<(u32, f64)>,
    storeys: Vec<(u32, f64)>,
    reason: String,
    pub(super) shape: usize,
    doubted: bool,
}

impl Found {
    fn of(led: &Where, name: &[Piece], kind: EntityKind, index: &Index<'_>, words: &Words) -> Self {
        let mut place = Self {
            places: led.places.clone(),
            storeys: led.storeys.clone(),
            reason: reason(led),
            shape: led.shape,
            doubted: false,
        };
        let best = led.places.first().map_or(0.0, |(_, p)| *p);
        if best < 0.9 {
            place.add_phrase(name, kind, index, words);
        }
        place
    }

    /// Names with words for numbers: `L12 Lift lobby`.
    fn add_phrase(&mut self, name: &[Piece], kind: EntityKind, index: &Index<'_>, words: &Words) {
        let spoken = phrase_words(name, words);
        let Some((mut places, phrase)) = index.by_phrase(&spoken, kind) else {
            return;
        };
        let storey = self.storeys.first().filter(|(_, p)| *p > 0.5);
        let mut sure = PHRASE_SURE;
        if let Some((storey, p)) = storey {
            let on_it: Vec<u32> = places
                .iter()
                .copied()
                .filter(|at| index.storey_of[*at as usize] == Some(*storey))
                .collect();
            if on_it.is_empty() {
                // The name says one storey and the room of that name is on another.
                sure = 0.4;
            } else {
                places = on_it;
                sure *= p;
            }
        }
        let share = sure / places.len() as f64;
        if self.places.first().is_none_or(|(_, p)| *p < share) {
            self.places = places.iter().map(|at| (*at, share)).collect();
            self.reason = format!("called `{phrase}`");
            let mut storeys: BTreeMap<u32, f64> = BTreeMap::new();
            for at in &places {
                if let Some(storey) = index.storey_of[*at as usize] {
                    *storeys.entry(storey).or_default() += share;
                }
            }
            if self.storeys.is_empty() {
                self.storeys = storeys.into_iter().collect();
            }
        }
    }

    /// The room that it leads to, where one is suggested.
    pub(super) fn room(&self) -> Option<u32> {
        let best = self.places.first().filter(|(_, p)| *p >= PLACE_MIN);
        best.map(|(room, _)| *room)
    }

    /// Not to be stated as sure, and why; once is enough.
    pub(super) fn doubt(&mut self, why: &str) {
        if self.doubted {
            return;
        }
        self.doubted = true;
        for (_, p) in &mut self.places {
            *p *= DOUBTED;
        }
        self.reason = format!("{}; {why}", self.reason);
    }

    /// Name and description are two witnesses.
    fn joined(self, other: Self) -> Self {
        let (a, b) = (self.places.first().copied(), other.places.first().copied());
        match (a, b) {
            (_, None) => self,
            (None, Some(_)) => Self {
                shape: self.shape,
                ..other
            },
            (Some((one, p)), Some((two, q))) if one == two => {
                let mut joined = self;
                joined.places[0].1 = 1.0 - (1.0 - p) * (1.0 - q);
                joined.reason += ", and so the description";
                joined
            }
            (Some((_, p)), Some((_, q))) => {
                let (better, other, o) = if p >= q {
                    (self, other, q)
                } else {
                    (other, self, p)
                };
                let mut joined = better;
                for (_, p) in &mut joined.places {
                    *p *= 1.0 - 0.6 * o;
                }
                joined
                    .places
                    .extend(other.places.iter().map(|(at, p)| (*at, p * 0.4)));
                joined.reason += "; name and description differ";
                joined
            }
        }
    }

    fn suggestion(&self, point: &Point, told: Told, index: &Index<'_>) -> Suggestion {
        let attribute = told.quantity.map(Quantity::attribute).map(|(name, _)| name);
        let id = |at: u32| index.places[at as usize].id.clone();
        let best = self
            .places
            .first()
            .copied()
            .filter(|(_, p)| *p >= PLACE_MIN);
        let storey = self
            .storeys
            .first()
            .copied()
            .filter(|(_, p)| *p >= PLACE_MIN);
        let (place, sure) = match (best, storey, index.building) {
            (Some((at, p)), ..) => (Some(id(at)), p),
            // Right, but not enough: somebody has to say which room.
            (None, Some((at, p)), _) => (Some(id(at)), p * STOREY_SURE),
            // That it is somewhere in the building is all that is left, and hardly ever wrong.
            (None, None, Some(at)) => (Some(id(at)), 0.9),
            (None, None, None) => (None, 0.0),
        };
        let told_of_place = match (best, storey) {
            (Some(_), _) => self.reason.clone(),
            (None, Some(_)) => format!("{}; only the storey is clear", self.reason),
            (None, None) => format!("{}; the place is not clear", self.reason),
        };
        let chosen = place.clone();
        Suggestion {
            point: point.name.clone(),
            place,
            attribute,
            unit: told.unit,
            negate: told.negate,
            probability: sure * told.probability,
            reason: format!("{}; {told_of_place}", told.reason),
            others: self
                .places
                .iter()
                .map(|(at, p)| (id(*at), *p))
                .filter(|(id, p)| Some(id) != chosen.as_ref() && *p > 0.01)
                .take(OTHERS_MAX)
                .collect(),
        }
    }
}

fn reason(led: &Where) -> String {
    match led.alike {
        0 | 1 => led.told.clone(),
        alike => format!("{}, as in {} of {alike} names alike", led.told, led.found),
    }
}
