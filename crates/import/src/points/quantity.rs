//! What a point tells, read from its name, description, unit and what it was heard to say.
//!
//! `ZNT` is the temperature of a room, `ZNT-SP` the one that somebody wishes, `SAT` that of the air
//! in a duct. Only the first says how it is in the room; the others must never pass for it.

use super::tokens::Piece;
use super::words::{Quantity, Sense, Words};
use super::{Point, units};
use rustc_hash::FxHashMap;

/// From this many names on, a word that stands in most of them is taken for the site's name.
const NAMES_FOR_COMMON_MIN: usize = 20;
/// Share of the names from which on a word says nothing about any one of them.
const COMMON_SHARE: f64 = 0.5;

/// What a point tells.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    /// `None` where it is no reading of a room, door or storey.
    pub(super) quantity: Option<Quantity>,
    pub(super) unit: Option<String>,
    /// Whether yes means that the door is closed.
    pub(super) negate: bool,
    pub(super) probability: f64,
    pub(super) reason: String,
}

/// Words that stand in so many names that they are the site's, by how many names have them.
pub(super) fn common_words(names: &[Vec<Piece>]) -> FxHashMap<String, usize> {
    let mut counts: FxHashMap<String, usize> = FxHashMap::default();
    for name in names {
        let mut seen: Vec<&str> = Vec::with_capacity(name.len());
        for piece in name.iter().filter(|p| !p.is_digits()) {
            if !seen.contains(&piece.text.as_str()) {
                seen.push(&piece.text);
                *counts.entry(piece.text.clone()).or_default() += 1;
            }
        }
    }
    if names.len() < NAMES_FOR_COMMON_MIN {
        return FxHashMap::default();
    }
    let least = (names.len() as f64 * COMMON_SHARE) as usize;
    counts.retain(|_, count| *count > least);
    counts
}

/// A word of the name with what it says.
struct Said<'n> {
    word: &'n str,
    sense: Sense,
    sure: f64,
}

/// Reads what a point tells.
pub(super) fn told(
    point: &Point,
    name: &[Piece],
    description: &[Piece],
    common: &FxHashMap<String, usize>,
    words: &Words,
) -> Told {
    let in_name = senses(name, common, words);
    let in_description = senses(description, &FxHashMap::default(), words);
    let unit = point.unit.as_deref().and_then(units::known);
    let samples = Samples::of(&point.samples);
    let mut told = judge(&in_name, unit, &samples);
    if !in_description.is_empty() {
        told = joined(told, judge(&in_description, unit, &samples));
    }
    // Devices that send several quantities call a contact yes when it is closed.
    told.negate |= told.quantity == Some(Quantity::Open) && point.name.ends_with("#contact");
    told.unit = stated_unit(point, &told, &samples);
    if let Some(quantity) = told.quantity {
        told.probability *= samples.support(quantity, told.unit.as_deref());
    }
    told
}

/// Name and description together: who says that it is no reading is believed.
fn joined(name: Told, description: Told) -> Told {
    match (name.quantity, description.quantity) {
        (a, b) if a == b => Told {
            probability: 1.0 - (1.0 - name.probability) * (1.0 - description.probability),
            ..name
        },
        _ if description.probability <= NOTHING_SAID => name,
        _ if name.probability <= NOTHING_SAID => description,
        (Some(_), None) if description.probability > 0.9 => Told {
            probability: 0.9,
            ..description
        },
        (None, Some(_)) if name.probability > 0.9 => Told {
            probability: 0.9,
            ..name
        },
        _ => {
            let (better, other) = if name.probability >= description.probability {
                (name, description)
            } else {
                (description, name)
            };
            Told {
                probability: better.probability * (1.0 - 0.7 * other.probability),
                reason: format!("{}; {} says otherwise", better.reason, other.reason),
                ..better
            }
        }
    }
}

/// Probability given where no word says anything.
const NOTHING_SAID: f64 = 0.5;

fn senses<'n>(
    name: &'n [Piece],
    common: &FxHashMap<String, usize>,
    words: &Words,
) -> Vec<Said<'n>> {
    let mut said: Vec<Said<'_>> = Vec::new();
    for (at, piece) in name.iter().enumerate().filter(|(_, p)| !p.is_digits()) {
        let word = piece.text.as_str();
        let next = name.get(at + 1);
        // `ZN-T` is one abbreviation that was cut.
        if word.len() == 1
            && let Some(pair) = at.checked_sub(1).map(|i| &name[i])
            && let Some(sense @ Sense::Quantity(_)) = words.sense(&format!("{}{word}", pair.text))
            && matches!(piece.before, b'-' | b'_' | b' ' | 0 | 1)
            && pair.text.len() >= 2
        {
            said.retain(|s| s.word != pair.text);
            said.push(Said {
                word,
                sense,
                sure: 0.985,
            });
            continue;
        }
        // `pump room` and `lift lobby` are places, whatever stands in them.
        let names_room = next.is_some_and(|n| {
            matches!(
                n.text.as_str(),
                "room"
                    | "rm"
                    | "ruimte"
                    | "raum"
                    | "lobby"
                    | "lby"
                    | "shaft"
                    | "hal"
                    | "schacht"
                    | "kamer"
                    | "huis"
                    | "haus"
            )
        });
        // On Dutch fire panels `RM` is a smoke detector; elsewhere a room, whose number follows.
        let number_follows = next.is_none_or(|n| n.is_digits() || n.text.len() <= 2);
        let quantity_follows = next
            .and_then(|n| words.sense(&n.text))
            .is_some_and(|sense| !matches!(sense, Sense::Room));
        if word == "rm" && !number_follows && !quantity_follows && piece.before > 1 {
            said.push(Said {
                word,
                sense: Sense::Perhaps(Quantity::Smoke),
                sure: 0.9,
            });
            continue;
        }
        let found = words.sense(word).map(|sense| vec![sense]);
        let (found, sure) = match found {
            Some(found) => (found, 0.99),
            // A digit glued to a word that says something only in part may be part of it.
            None if next.is_some_and(|n| n.is_digits() && n.before == 0) => {
                (words.parts(word), 0.9)
            }
            None => (words.parts(word), 0.97),
        };
        for sense in found {
            let of_place = names_room
                && matches!(
                    sense,
                    Sense::Machine | Sense::Part | Sense::Medium | Sense::Quantity(Quantity::Lift)
                );
            // Letters between digits are of a serial number: `24e1ea5`.
            let serial = word.len() <= 2
                && piece.before == 0
                && next.is_some_and(|n| n.is_digits() && n.before == 0);
            if !of_place && !serial && !common.contains_key(word) {
                said.push(Said { word, sense, sure });
            }
        }
    }
    // Where most names have the quantity, it is still one: that which the fewest have.
    let named = said
        .iter()
        .any(|s| matches!(s.sense, Sense::Quantity(_) | Sense::Perhaps(_)));
    let common = name.iter().filter_map(|piece| {
        let count = common.get(&piece.text)?;
        match words.sense(&piece.text)? {
            Sense::Quantity(Quantity::Door | Quantity::Lift) => None,
            sense @ Sense::Quantity(_) => Some((count, piece.text.as_str(), sense)),
            _ => None,
        }
    });
    let rarest = common.min_by_key(|(count, ..)| **count);
    if let Some((_, word, sense)) = rarest.filter(|_| !named) {
        said.push(Said {
            word,
            sense,
            sure: 0.9,
        });
    }
    said
}

fn judge(said: &[Said<'_>], unit: Option<&str>, samples: &Samples) -> Told {
    let has = |wanted: Sense| said.iter().any(|s| s.sense == wanted);
    let word_of = |wanted: Sense| {
        let found = said.iter().rev().find(|s| s.sense == wanted);
        found.map_or("", |s| s.word).to_owned()
    };
    let nothing = |probability: f64, reason: String| Told {
        quantity: None,
        unit: None,
        negate: false,
        probability,
        reason,
    };
    let Some((quantity, sure, word)) = quantity(said, unit, samples) else {
        let excluded = [Sense::Wanted, Sense::Part, Sense::Alarm, Sense::Medium];
        let excluded = said.iter().rev().find(|s| excluded.contains(&s.sense));
        return match excluded {
            Some(s) if matches!(s.sense, Sense::Wanted | Sense::Part) => {
                nothing(0.93, format!("`{}` is no reading of a room", s.word))
            }
            Some(s) => nothing(0.7, format!("`{}`, but no word for a quantity", s.word)),
            None => nothing(NOTHING_SAID, "no word for a quantity".to_owned()),
        };
    };
    let is = |q: Quantity| quantity == q;
    if has(Sense::Wanted) {
        let word = word_of(Sense::Wanted);
        return nothing(0.985, format!("`{word}` is wished or set, not measured"));
    }
    if has(Sense::Part) && !is(Quantity::Lift) {
        let word = word_of(Sense::Part);
        return nothing(0.98, format!("`{word}` is a part of a machine"));
    }
    let of_air = matches!(
        quantity,
        Quantity::Temperature
            | Quantity::Humidity
            | Quantity::Co2
            | Quantity::Flow
            | Quantity::Pressure
            | Quantity::Smoke
    );
    if has(Sense::Medium) && of_air {
        let word = word_of(Sense::Medium);
        return nothing(0.98, format!("`{word}` is not the air of the room"));
    }
    let of_room = has(Sense::Room)
        || matches!(
            word,
            "znt" | "zntmp" | "rmt" | "rmtmp" | "zt" | "rt" | "zntemp" | "rmtemp" | "art"
        );
    if has(Sense::Machine) && of_air && !of_room && !is(Quantity::Smoke) {
        let word = word_of(Sense::Machine);
        return nothing(0.85, format!("`{word}` is a machine"));
    }
    if has(Sense::Alarm) && of_air && !is(Quantity::Smoke) {
        let word = word_of(Sense::Alarm);
        return nothing(0.95, format!("`{word}` is an alarm, not a measurement"));
    }
    if let Some(unit) = unit.filter(|unit| !units::can_be(unit, quantity)) {
        return nothing(0.93, format!("`{word}` is not measured in `{unit}`"));
    }
    // The fault of a detector is not its alarm.
    let fault = said
        .iter()
        .any(|s| matches!(s.word, "fault" | "flt" | "storing" | "stoerung" | "flts"));
    if fault && !is(Quantity::Lift) {
        return nothing(0.95, "tells of a fault of the device".to_owned());
    }
    let negate = is(Quantity::Open)
        && said
            .iter()
            .any(|s| matches!(s.word, "closed" | "dicht" | "zu" | "gesloten"));
    Told {
        quantity: Some(quantity),
        unit: None,
        negate,
        probability: sure,
        reason: format!("`{word}`"),
    }
}

/// The quantity that the words name: the clearest one, the last of several.
fn quantity<'n>(
    said: &[Said<'n>],
    unit: Option<&str>,
    samples: &Samples,
) -> Option<(Quantity, f64, &'n str)> {
    let mut clear: Vec<(Quantity, f64, &str)> = Vec::new();
    for s in said {
        if let Sense::Quantity(quantity) = s.sense
            && !matches!(quantity, Quantity::Lift | Quantity::Door)
        {
            clear.retain(|c| c.0 != quantity);
            clear.push((quantity, s.sure, s.word));
        }
    }
    let counted = said.iter().any(|s| s.sense == Sense::Count);
    let perhaps = said.iter().rev().find_map(|s| match s.sense {
        Sense::Perhaps(quantity) => Some((quantity, s.word)),
        _ => None,
    });
    let of_people = |q: Quantity| matches!(q, Quantity::Motion | Quantity::Occupancy);
    if clear.is_empty()
        && let Some((quantity, word)) = perhaps.filter(|(q, _)| of_people(*q))
    {
        let device = said.iter().any(|s| s.sense == Sense::Device);
        return Some(people(quantity, word, counted, device, samples));
    }
    match clear.as_slice() {
        [] => {}
        [(quantity, _, word)] if of_people(*quantity) => {
            let quantity = if counted {
                Quantity::Occupancy
            } else {
                *quantity
            };
            let many = samples.more_than_one();
            let sure = if many && quantity == Quantity::Motion {
                0.6
            } else {
                0.98
            };
            return Some((quantity, sure, word));
        }
        [only] => return Some(*only),
        [.., before, last] => {
            let doubtful = match (before.0, last.0) {
                (Quantity::Smoke, Quantity::Temperature | Quantity::Open) => 0.85,
                _ => 0.8,
            };
            return Some((last.0, last.1 * doubtful, last.2));
        }
    }
    let word = |wanted: Quantity| {
        let found = said.iter().find(|s| s.sense == Sense::Quantity(wanted));
        found.map(|s| s.word)
    };
    let status = said
        .iter()
        .any(|s| matches!(s.sense, Sense::State | Sense::Alarm));
    if let Some((quantity, spelled)) = perhaps {
        let door = word(Quantity::Door).is_some();
        if quantity == Quantity::Open {
            return Some((quantity, if door { 0.97 } else { 0.75 }, spelled));
        }
        let supported = unit.is_some_and(|unit| units::measures(unit, quantity));
        return Some((quantity, if supported { 0.97 } else { 0.8 }, spelled));
    }
    if let Some(word) = word(Quantity::Door) {
        return Some((Quantity::Open, if status { 0.95 } else { 0.8 }, word));
    }
    let served = "status sts stat state service inservice";
    let served = said.iter().any(|s| super::words::has(served, s.word));
    if let Some(word) = word(Quantity::Lift).filter(|_| served) {
        return Some((Quantity::Lift, 0.9, word));
    }
    let by_unit = unit.and_then(units::quantity_of)?;
    Some((by_unit, 0.75, "the unit"))
}

/// `OCC` is a yes or no, or a number of people.
fn people<'n>(
    quantity: Quantity,
    word: &'n str,
    counted: bool,
    device: bool,
    samples: &Samples,
) -> (Quantity, f64, &'n str) {
    if counted || samples.more_than_one() {
        return (Quantity::Occupancy, 0.97, word);
    }
    if samples.all_yes_or_no() || device {
        return (Quantity::Motion, 0.97, word);
    }
    let sure = if quantity == Quantity::Motion {
        0.85
    } else {
        0.65
    };
    (quantity, sure, word)
}

/// The unit as stated, or the one that the samples fit.
fn stated_unit(point: &Point, told: &Told, samples: &Samples) -> Option<String> {
    let (_, usual) = told.quantity?.attribute();
    if let Some(unit) = point.unit.as_deref().and_then(units::known) {
        return Some(unit.to_owned());
    }
    if told.quantity == Some(Quantity::Temperature)
        && let Some((low, high)) = samples.range
    {
        // No room is at 45 °C for long, and none was ever at 45 K.
        let unit = match () {
            () if low > 45.0 && high < 120.0 => "[degF]",
            () if low > 250.0 && high < 330.0 => "K",
            () => "Cel",
        };
        return Some(unit.to_owned());
    }
    usual.map(str::to_owned)
}

/// What a point was heard to say.
struct Samples {
    range: Option<(f64, f64)>,
    booleans: usize,
    numbers: usize,
}

impl Samples {
    fn of(samples: &[String]) -> Self {
        let mut found = Self {
            range: None,
            booleans: 0,
            numbers: 0,
        };
        for sample in samples {
            match super::payload::scalar(sample) {
                Some(super::Spoken::Boolean(_)) => found.booleans += 1,
                Some(super::Spoken::Number(n)) => {
                    found.numbers += 1;
                    let (low, high) = found.range.unwrap_or((n, n));
                    found.range = Some((low.min(n), high.max(n)));
                }
                _ => {}
            }
        }
        found
    }

    fn more_than_one(&self) -> bool {
        self.range.is_some_and(|(_, high)| high > 1.0)
    }

    fn all_yes_or_no(&self) -> bool {
        let range = self
            .range
            .is_none_or(|(low, high)| low >= 0.0 && high <= 1.0);
        self.booleans + self.numbers > 0 && range
    }

    /// How well the samples fit the quantity.
    fn support(&self, quantity: Quantity, unit: Option<&str>) -> f64 {
        if self.booleans + self.numbers == 0 {
            return 1.0;
        }
        let spec = twin_model::Catalogue::BUILT_IN.get(quantity.attribute().0);
        if quantity.is_yes_or_no() {
            return if self.all_yes_or_no() || quantity == Quantity::Lift {
                1.0
            } else {
                0.6
            };
        }
        if self.booleans > 0 {
            return 0.3;
        }
        let converted = |value: f64| match (unit, spec.and_then(|s| s.unit)) {
            (Some(unit), Some(canonical)) => twin_model::Unit::new(unit)
                .and_then(|unit| unit.convert(value, canonical))
                .unwrap_or(value),
            _ => value,
        };
        let plausible = spec.and_then(|s| s.plausible);
        match (self.range, plausible) {
            (Some((low, high)), Some((least, most))) => {
                let fits = converted(low) >= least && converted(high) <= most;
                if fits { 1.0 } else { 0.5 }
            }
            _ => 1.0,
        }
    }
}
