//! The tower's building automation, as five contractors left it.
//!
//! Heating in the lower half is German, in the upper half English with a storey 13 that does not
//! exist; the fire alarm is Dutch and counts storeys from 1; doors have yet another system, and
//! somebody hung up radio sensors. Names are abbreviated, misspelt and inconsistent within one
//! contractor's work, and a few points lead nowhere. What each really tells of is kept aside.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Options, contractors};
use crate::building::{Building, Space};
use crate::defects::Defects;
use crate::rng::Rng;

/// What a point tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    Temperature,
    DuctTemperature,
    Setpoint,
    Co2,
    Humidity,
    Motion,
    Valve,
    Fault,
    Smoke,
    CallPoint,
    DoorContact,
    Battery,
    Running,
    Power,
}

impl Signal {
    /// `measurement`, `setpoint`, `alarm`, `command` or `diagnostic`.
    fn kind(self) -> &'static str {
        match self {
            Self::Setpoint => "setpoint",
            Self::Fault | Self::Smoke | Self::CallPoint => "alarm",
            Self::Valve => "command",
            Self::Battery => "diagnostic",
            _ => "measurement",
        }
    }

    /// The quantity's common name, where a point measures one of those that tell of people and
    /// fire; and its unit (UCUM).
    fn quantity(self) -> (Option<&'static str>, Option<&'static str>) {
        match self {
            Self::Temperature => (Some("temperature"), Some("Cel")),
            Self::Setpoint | Self::DuctTemperature => (None, Some("Cel")),
            Self::Co2 => (Some("co2"), Some("[ppm]")),
            Self::Humidity => (Some("humidity"), Some("%")),
            Self::Motion => (Some("motion"), None),
            Self::Smoke => (Some("smoke"), None),
            Self::DoorContact => (Some("open"), None),
            Self::Valve | Self::Battery => (None, Some("%")),
            Self::Power => (None, Some("kW")),
            Self::Fault | Self::CallPoint | Self::Running => (None, None),
        }
    }
}

/// One point and what it really tells of.
#[derive(Debug, Clone, Serialize)]
pub struct Point {
    /// Its name in the list.
    pub point: String,
    /// The topic under which its values come.
    pub topic: String,
    /// Where in the message the value stands, where it has several: names of members with dots
    /// between.
    pub member: Option<&'static str>,
    /// What the list says about it; may be empty.
    pub description: String,
    /// Its unit as spelled in the list; may be empty.
    pub unit: &'static str,
    /// Who made it.
    pub contractor: &'static str,
    /// The GlobalId of the space, door, storey or lift that it tells of; none if of no single
    /// one.
    pub place: Option<String>,
    /// `space`, `door`, `storey`, `lift` or `none`.
    pub place_kind: &'static str,
    /// Whether the tower's file has that place.
    pub in_file: bool,
    /// The true room number, if it is in a room.
    pub room: Option<String>,
    /// `measurement`, `setpoint`, `alarm`, `command` or `diagnostic`.
    pub kind: &'static str,
    /// The quantity measured, as `temperature`, `co2`, `humidity`, `motion`, `smoke` or
    /// `open`; none if it is another.
    pub quantity: Option<&'static str>,
    /// Its unit (UCUM), where it has one.
    pub ucum: Option<&'static str>,
    /// Whether the name was misspelt.
    pub misspelt: bool,
    #[serde(skip)]
    pub(super) signal: Signal,
}

/// The place that a point tells of.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    id: Option<String>,
    kind: &'static str,
    room: Option<String>,
}

impl Spot {
    pub(super) fn room(space: &Space) -> Self {
        Self {
            id: Some(space.global_id.clone()),
            kind: "space",
            room: Some(space.number.clone()),
        }
    }

    pub(super) fn of(kind: &'static str, id: &str) -> Self {
        Self {
            id: Some(id.to_owned()),
            kind,
            room: None,
        }
    }

    pub(super) fn nowhere() -> Self {
        Self {
            id: None,
            kind: "none",
            room: None,
        }
    }
}

/// What a contractor writes into the list about a point.
#[derive(Debug, Default)]
pub(super) struct Label {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) unit: &'static str,
    /// The topic, where it is not made from the name.
    pub(super) topic: Option<String>,
    pub(super) member: Option<&'static str>,
}

/// A list under construction.
pub(super) struct List<'a> {
    pub(super) building: &'a Building,
    defects: &'a Defects,
    pub(super) seed: u64,
    pub(super) points: Vec<Point>,
}

/// Names all points of the tower.
pub(super) fn list(building: &Building, defects: &Defects, options: &Options) -> Vec<Point> {
    let mut list = List {
        building,
        defects,
        seed: options.seed,
        points: Vec::new(),
    };
    contractors::name_all(&mut list);
    list.misspell();
    list.points
}

impl List<'_> {
    /// The number of a space's storey above the ground floor.
    pub(super) fn level(&self, space: &Space) -> i64 {
        let number = |storey| i64::try_from(storey).unwrap_or(0);
        number(space.storey) - number(self.building.ground())
    }

    pub(super) fn push(
        &mut self,
        spot: Spot,
        signal: Signal,
        contractor: &'static str,
        label: Label,
    ) {
        let (quantity, ucum) = signal.quantity();
        let topic = format!("bms/{contractor}/{}", label.name);
        self.points.push(Point {
            topic: label.topic.unwrap_or(topic),
            point: label.name,
            member: label.member,
            description: label.description,
            unit: label.unit,
            contractor,
            in_file: spot.id.as_ref().is_some_and(|id| self.defects.keeps(id)),
            place: spot.id,
            place_kind: spot.kind,
            room: spot.room,
            kind: signal.kind(),
            quantity,
            ucum,
            misspelt: false,
            signal,
        });
    }

    /// One name in seventy was typed wrongly, and a few end in something that says nothing.
    fn misspell(&mut self) {
        let mut rng = Rng::of(self.seed, "misspellings");
        let names: BTreeSet<String> = self.points.iter().map(|p| p.point.clone()).collect();
        for point in &mut self.points {
            // Radio sensors and doors are named by programs, which do not mistype.
            if point.member.is_some() || point.contractor == "acc" || !rng.chance(0.014) {
                continue;
            }
            let wrong = mistyped(&point.point, &mut rng);
            if !names.contains(&wrong) {
                point.topic = format!("bms/{}/{wrong}", point.contractor);
                (point.point, point.misspelt) = (wrong, true);
            }
        }
    }
}

/// A name with two letters swapped, a letter lost, an O for a 0, or something at its end. Digits
/// stay where they are: a wrong room number would be another room's name.
fn mistyped(name: &str, rng: &mut Rng) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    let alphabetic = |letters: &[char], at: usize| letters[at].is_ascii_alphabetic();
    let places: Vec<usize> = (1..letters.len())
        .filter(|&at| alphabetic(&letters, at) && alphabetic(&letters, at - 1))
        .collect();
    match (rng.index(4), places.is_empty()) {
        (0, false) => {
            let at = places[rng.index(places.len())];
            letters.swap(at - 1, at);
        }
        (1, false) => {
            letters.remove(places[rng.index(places.len())]);
        }
        (2, _) => {
            if let Some(zero) = letters.iter().position(|letter| *letter == '0') {
                letters[zero] = 'O';
            }
        }
        _ => letters.extend(["_OLD", "_2", " (neu)", "-NEW"][rng.index(4)].chars()),
    }
    letters.into_iter().collect()
}

/// The list as a building management system exports it: only what its contractors wrote.
pub(super) fn table(points: &[Point]) -> String {
    let mut text = String::from("point,topic,member,description,unit,contractor\n");
    for point in points {
        let cells = [
            point.point.as_str(),
            &point.topic,
            point.member.unwrap_or_default(),
            &point.description,
            point.unit,
            point.contractor,
        ];
        write_row(&mut text, &cells);
    }
    text
}

/// The same points with what each really tells of.
pub(super) fn truth_table(points: &[Point]) -> String {
    let mut text = String::from(
        "point,topic,member,place,place_kind,in_file,room,kind,quantity,unit,contractor,misspelt\n",
    );
    for point in points {
        let cells = [
            point.point.as_str(),
            &point.topic,
            point.member.unwrap_or_default(),
            point.place.as_deref().unwrap_or_default(),
            point.place_kind,
            if point.in_file { "true" } else { "false" },
            point.room.as_deref().unwrap_or_default(),
            point.kind,
            point.quantity.unwrap_or_default(),
            point.ucum.unwrap_or_default(),
            point.contractor,
            if point.misspelt { "true" } else { "false" },
        ];
        write_row(&mut text, &cells);
    }
    text
}

/// The last name of a member's path.
pub(super) fn last(member: &'static str) -> &'static str {
    member.rsplit('.').next().unwrap_or(member)
}

/// A row as RFC 4180 has it.
fn write_row(text: &mut String, cells: &[&str]) {
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        if cell.contains([',', '"', '\n']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(cell);
        }
    }
    text.push('\n');
}
