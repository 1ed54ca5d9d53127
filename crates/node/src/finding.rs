//! Finding twins by name, address or place, also those that only others have announced.
//!
//! A brigade that was never in a building types what the caller shouted into the phone.
//! What organisations announce of their twins lies here as claims, so it is found while
//! its owner cannot be reached. Twins that are held to be one thing are told together,
//! with the probability that they are.

use crate::city::atlas::position_of;
use crate::error::Error;
use crate::reader::Reader;
use std::collections::BTreeMap;
use twin_model::{Distribution, EntityId, EntityKind, Value};
use twin_policy::{self as policy, View};

/// Most twins found at a time.
pub const FOUND_MAX: usize = 200;
/// Longest text that is searched for.
const TEXT_LENGTH_MAX: usize = 200;
/// A twin whose words match worse than this is not shown.
const SCORE_MIN: f64 = 0.5;
/// Words of at least this many letters may differ by one and still match a little.
const TYPO_LETTERS_MIN: usize = 5;
/// What a word is worth that differs by one letter.
const TYPO_SCORE: f64 = 0.7;
/// Mean radius of the earth (IUGG, GRS 80), in metres.
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// What is looked for. At least one of text and place is given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sought {
    /// Words of a name or an address.
    pub text: Option<String>,
    /// Where: only twins within the radius.
    pub near: Option<Near>,
    /// Only twins of this kind.
    pub kind: Option<EntityKind>,
}

/// A place on earth with a radius.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// Latitude in degrees (WGS 84).
    pub latitude_deg: f64,
    /// Longitude in degrees (WGS 84).
    pub longitude_deg: f64,
    /// Radius in metres.
    pub radius_m: f64,
}

/// A twin that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its URI.
    pub id: EntityId,
    /// What sort of thing it is believed to be.
    pub kind: EntityKind,
    /// What it is called, if that is known.
    pub name: Option<String>,
    /// Its address, if that is known.
    pub address: Option<String>,
    /// Latitude and longitude in degrees, if known.
    pub place: Option<(f64, f64)>,
    /// How far it is from the place that was asked for, in metres.
    pub distance_m: Option<f64>,
    /// How well the words match, 0..=1.
    pub score: f64,
    /// Who says that it exists: sources of its kind, name, address or place.
    pub sources: Vec<twin_model::SourceId>,
    /// Twins held to be the same thing, each with the probability that it is.
    pub identities: Vec<(EntityId, f64)>,
}

impl Reader {
    /// Twins that match, the best first.
    ///
    /// # Errors
    /// [`Error::Invalid`] if nothing is asked for or the place is none.
    pub fn find_twins(&self, sought: &Sought) -> Result<View<Vec<Found>>, Error> {
        self.may(&policy::Action::Find)?;
        let words = sought.text.as_deref().map(words).unwrap_or_default();
        check(sought, &words)?;
        let count = self.picture.entities.len() as u32;
        let mut found: Vec<Found> = (0..count)
            .filter_map(|number| self.look_at(number, sought, &words))
            .collect();
        found.sort_by(|a, b| {
            let far = |found: &Found| found.distance_m.unwrap_or(f64::INFINITY);
            let by_words = b.score.total_cmp(&a.score);
            let by_place = far(a).total_cmp(&far(b));
            by_words.then(by_place).then_with(|| a.id.cmp(&b.id))
        });
        found.truncate(FOUND_MAX);
        let identities = self.identities();
        for twin in &mut found {
            twin.identities = identities.get(&twin.id).cloned().unwrap_or_default();
        }
        Ok(self.release(found))
    }

    fn look_at(&self, number: u32, sought: &Sought, words: &[String]) -> Option<Found> {
        let kind = self.picture.structure().kind(number)?;
        if sought.kind.is_some_and(|wanted| wanted != kind) {
            return None;
        }
        let told = |attribute| {
            let estimate = self.estimate(number, attribute);
            let text = estimate.value().and_then(|v| Some(v.as_text()?.to_owned()));
            (text, estimate)
        };
        let (name, named) = told("name");
        let (address, addressed) = told("address");
        let score = score(words, [name.as_deref(), address.as_deref()]);
        if score < SCORE_MIN {
            return None;
        }
        let placed = self.estimate(number, "sitePosition");
        let place = placed.value().as_ref().and_then(position_of);
        let distance_m = match &sought.near {
            Some(near) => Some(distance_m(near, place?)).filter(|d| *d <= near.radius_m),
            None => None,
        };
        if sought.near.is_some() && distance_m.is_none() {
            return None;
        }
        let kinds = self.estimate(number, "type");
        let told = [&kinds, &named, &addressed, &placed];
        let sources = told.into_iter().flat_map(|e| e.contributors.iter());
        let mut sources: Vec<_> = sources.map(|c| c.source.clone()).collect();
        sources.sort();
        sources.dedup();
        Some(Found {
            id: self.id(number),
            kind,
            name,
            address,
            place,
            distance_m,
            score,
            sources,
            identities: Vec::new(),
        })
    }

    /// For each twin that somebody held to be another one: which, and how probably.
    pub(crate) fn identities(&self) -> BTreeMap<EntityId, Vec<(EntityId, f64)>> {
        let mut identities: BTreeMap<EntityId, Vec<(EntityId, f64)>> = BTreeMap::new();
        let Some(attribute) = self.picture.names.attributes.find("identifies") else {
            return identities;
        };
        for number in 0..self.picture.entities.len() as u32 {
            let is_one = self.picture.entity(number).and_then(|e| e.get(attribute));
            if is_one.is_none() {
                continue;
            }
            let estimate = self.estimate(number, "identifies");
            let Some(Distribution::Alternatives(alternatives)) = estimate.distribution else {
                continue;
            };
            for (value, probability) in alternatives.iter() {
                let Value::Entities(twins) = value else {
                    continue;
                };
                let pairs = twins.iter().flat_map(|a| twins.iter().map(move |b| (a, b)));
                for (a, b) in pairs.filter(|(a, b)| a != b) {
                    let known = identities.entry(a.clone()).or_default();
                    known.push((b.clone(), *probability));
                }
            }
        }
        identities
    }
}

fn check(sought: &Sought, words: &[String]) -> Result<(), Error> {
    let invalid = |why: &str| Err(Error::Invalid(why.to_owned()));
    if words.is_empty() && sought.near.is_none() {
        return invalid("say what to look for: words of a name or address, or a place");
    }
    if sought
        .text
        .as_ref()
        .is_some_and(|t| t.len() > TEXT_LENGTH_MAX)
    {
        return invalid("look for at most 200 characters");
    }
    match sought.near {
        Some(near)
            if !(near.latitude_deg.abs() <= 90.0
                && near.longitude_deg.abs() <= 180.0
                && near.radius_m > 0.0) =>
        {
            invalid(
                "a place is a latitude of −90 to 90, a longitude of −180 to 180 and a radius above 0 m",
            )
        }
        _ => Ok(()),
    }
}

/// The words of a text: lower case, without accents and punctuation.
fn words(text: &str) -> Vec<String> {
    let plain: String = text
        .chars()
        .flat_map(char::to_lowercase)
        .map(plain)
        .collect();
    let words = plain.split(|c: char| !c.is_alphanumeric());
    words.filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

/// A letter without its accent, for the languages around the North Sea.
fn plain(letter: char) -> char {
    match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        'ý' | 'ÿ' => 'y',
        other => other,
    }
}

/// The share of the sought words that some text has; 1 when no words are sought.
fn score<const N: usize>(sought: &[String], texts: [Option<&str>; N]) -> f64 {
    if sought.is_empty() {
        return 1.0;
    }
    let there: Vec<String> = texts.into_iter().flatten().flat_map(words).collect();
    let best = |word: &String| {
        there
            .iter()
            .map(|t| similarity(word, t))
            .fold(0.0, f64::max)
    };
    sought.iter().map(best).sum::<f64>() / sought.len() as f64
}

/// 1 for the same word or its beginning, less for one wrong letter.
fn similarity(sought: &str, there: &str) -> f64 {
    if there.starts_with(sought) {
        return 1.0;
    }
    let long = sought.chars().count() >= TYPO_LETTERS_MIN;
    if long && is_one_edit_apart(sought, there) {
        TYPO_SCORE
    } else {
        0.0
    }
}

/// Whether one letter changed, missing or too many makes one word the other.
fn is_one_edit_apart(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if long.len() - short.len() > 1 {
        return false;
    }
    let same = short.iter().zip(&long).take_while(|(x, y)| x == y).count();
    let after = if short.len() == long.len() {
        short.get(same + 1..)
    } else {
        short.get(same..)
    };
    after.is_none_or(|rest| long.ends_with(rest))
}

/// The length of the great circle (haversine; Sinnott 1984), in metres.
fn distance_m(near: &Near, (latitude_deg, longitude_deg): (f64, f64)) -> f64 {
    let (a, b) = (near.latitude_deg.to_radians(), latitude_deg.to_radians());
    let east = (longitude_deg - near.longitude_deg).to_radians();
    let half = |angle: f64| (angle / 2.0).sin().powi(2);
    let h = half(b - a) + a.cos() * b.cos() * half(east);
    2.0 * EARTH_RADIUS_M * h.clamp(0.0, 1.0).sqrt().asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_match_as_people_write_them() {
        for (sought, name, address, expected) in [
            ("kronenburg", Some("Kronenburg Tower"), None, 1.0),
            ("tower kronenburg", Some("Kronenburg Tower"), None, 1.0),
            ("kronen", Some("Kronenburg Tower"), None, 1.0),
            ("kronenbrug", Some("Kronenburg Tower"), None, 0.0),
            ("kronenbirg", Some("Kronenburg Tower"), None, 0.7),
            ("kronenbug", Some("Kronenburg Tower"), None, 0.7),
            ("café", Some("Cafe Zuid"), None, 1.0),
            ("hoofdstraat 12", None, Some("Hoofdstraat 12, Delft"), 1.0),
            ("hoofdstraat 13", None, Some("Hoofdstraat 12, Delft"), 0.5),
            ("station", Some("Kronenburg Tower"), None, 0.0),
            ("", Some("anything"), None, 1.0),
        ] {
            assert_eq!(score(&words(sought), [name, address]), expected, "{sought}");
        }
    }

    #[test]
    fn distances_are_those_of_the_earth() {
        // Delft to The Hague: 8.6 km between the stations' coordinates.
        let near = Near {
            latitude_deg: 52.0067,
            longitude_deg: 4.3564,
            radius_m: 1.0,
        };
        let d = distance_m(&near, (52.0806, 4.3247));
        assert!((d - 8_500.0).abs() < 100.0, "{d}");
        assert_eq!(distance_m(&near, (52.0067, 4.3564)), 0.0);
    }

    #[test]
    fn one_letter_is_one_letter() {
        for (a, b, one) in [
            ("tower", "tower", true),
            ("tower", "towers", true),
            ("tower", "ower", true),
            ("tower", "towel", true),
            ("tower", "tweor", false),
            ("tower", "towelss", false),
        ] {
            assert_eq!(is_one_edit_apart(a, b), one, "{a} {b}");
            assert_eq!(is_one_edit_apart(b, a), one, "{b} {a}");
        }
    }
}
