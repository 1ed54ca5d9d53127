//! Suggestions for whole lists, in conventions made up for these tests, against known truth.
//!
//! The names are made by code of their own, from tables of their own; what is right about a list
//! is known because the list was made from it.

use std::fmt::Write;
use twin_import::points::{CONFIDENT, Place, Point, Suggestion, suggest};
use twin_model::EntityKind;

/// Numbers that look random and are the same each time (Park & Miller, CACM 31 (1988) 1192).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0 * 48_271 % 2_147_483_647;
        self.0 % sides
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.roll(100) < percent
    }
}

struct Room {
    storey: i32,
    number: u32,
}

/// A tower with rooms numbered by storey; `name` writes a room's name.
fn tower(rooms: &[Room], name: fn(&Room) -> String) -> Vec<Place> {
    let mut places = vec![Place {
        id: "building".into(),
        kind: EntityKind::Building,
        name: "Nordtower".into(),
        ..Place::default()
    }];
    let mut storeys: Vec<i32> = rooms.iter().map(|r| r.storey).collect();
    storeys.dedup();
    for storey in storeys {
        places.push(Place {
            id: format!("storey {storey}"),
            kind: EntityKind::Storey,
            name: match storey {
                s if s < 0 => format!("Basement {}", -s),
                0 => "Ground floor".into(),
                s => format!("Level {s}"),
            },
            part_of: Some("building".into()),
            level: Some(storey),
            ..Place::default()
        });
    }
    for room in rooms {
        let storey = Some(format!("storey {}", room.storey));
        places.push(Place {
            id: format!("room {} {}", room.storey, room.number),
            name: name(room),
            part_of: storey.clone(),
            ..Place::default()
        });
        places.push(Place {
            id: format!("door {} {}", room.storey, room.number),
            kind: EntityKind::Portal,
            name: format!("D{}", name(room)),
            part_of: storey,
            joins: vec![format!("room {} {}", room.storey, room.number)],
            ..Place::default()
        });
    }
    places
}

fn rooms(storeys: std::ops::Range<i32>, dice: &mut Dice) -> Vec<Room> {
    storeys
        .flat_map(|storey| {
            let n = 14 + dice.roll(12) as u32;
            (1..=n).map(move |number| Room { storey, number })
        })
        .collect()
}

fn dotted(room: &Room) -> String {
    match room.storey {
        s if s < 0 => format!("B{}.{:02}", -s, room.number),
        s => format!("{s:02}.{:02}", room.number),
    }
}

fn in_one(room: &Room) -> String {
    match room.storey {
        s if s < 0 => format!("B{}{:02}", -s, room.number),
        s => format!("{s}{:02}", room.number),
    }
}

fn of_storey(room: &Room) -> String {
    format!("{:02}", room.number)
}

type Quantity = (Option<&'static str>, [&'static str; 6]);

/// Attribute, and how each contractor says it.
const QUANTITIES: &[Quantity] = &[
    (
        Some("temperature"),
        [
            "ZN-T",
            "RmTmp",
            "temperatuur",
            "RaumTemp",
            "TMP",
            "Zone Temp",
        ],
    ),
    (
        Some("co2"),
        ["CO2", "CO2", "co2", "CO2", "CO2PPM", "Zone CO2"],
    ),
    (
        Some("humidity"),
        [
            "ZN-H",
            "RH",
            "vochtigheid",
            "Feuchte",
            "HUM",
            "Rel Humidity",
        ],
    ),
    (
        Some("smoke"),
        [
            "SD",
            "SmkDet",
            "rookmelder",
            "Rauchmelder",
            "SMK",
            "Smoke Detector",
        ],
    ),
    (
        Some("motion"),
        ["PIR", "OccSens", "beweging", "Praesenz", "MOT", "Motion"],
    ),
    (
        Some("open"),
        [
            "DPS",
            "DoorSts",
            "deurcontact",
            "Tuerkontakt",
            "DC",
            "Door Contact",
        ],
    ),
    (
        None,
        [
            "ZN-SP",
            "RmTmpStpt",
            "gewenste_temperatuur_sp",
            "RaumTempSoll",
            "TSP",
            "Zone Temp Setpoint",
        ],
    ),
    (
        None,
        [
            "DA-T",
            "SupAirTmp",
            "inblaastemperatuur",
            "ZuluftTemp",
            "SAT",
            "Supply Air Temp",
        ],
    ),
    (
        None,
        [
            "VLV-O",
            "VlvPos",
            "klepstand",
            "Ventil",
            "VLV",
            "Valve Position",
        ],
    ),
    (
        None,
        [
            "ZN-T-HI-LIM",
            "RmTmpAlm",
            "temperatuur_alarm",
            "RaumTempGrenzwert",
            "TMPMAX",
            "Zone Temp High Limit",
        ],
    ),
];

type Convention = (usize, fn(&Room, &str, &mut Dice) -> String);

fn level(storey: i32) -> String {
    match storey {
        s if s < 0 => format!("B{}", -s),
        s => format!("L{s:02}"),
    }
}

fn dutch(storey: i32) -> String {
    match storey {
        0 => "bg".into(),
        s if s < 0 => format!("kelder{}", -s),
        s => format!("verd{s}"),
    }
}

fn german(storey: i32) -> String {
    match storey {
        0 => "EG".into(),
        s if s < 0 => format!("{}UG", -s),
        s => format!("{s:02}OG"),
    }
}

const CONVENTIONS: &[Convention] = &[
    (0, |r, q, _| {
        format!("NB-{}-R{:02}-{q}", level(r.storey), r.number)
    }),
    (1, |r, q, d| {
        format!("DDC{:02}.{}.{q}{}", d.roll(30), in_one(r), d.roll(2) + 1)
    }),
    (2, |r, q, _| {
        format!("toren/{}/kamer{:02}/{q}", dutch(r.storey), r.number)
    }),
    (3, |r, q, _| {
        format!("{}_R{:02}_{q}", german(r.storey), r.number)
    }),
    (4, |r, q, d| {
        format!(
            "C{}AI{}:{}-{:02}:{q}",
            d.roll(40),
            d.roll(16),
            level(r.storey).trim_start_matches('L'),
            r.number
        )
    }),
    (5, |r, q, d| {
        format!(
            "AHU{}/VAV-{}-{} {q}",
            d.roll(6) + 1,
            level(r.storey),
            r.number
        )
    }),
    (0, |r, q, _| format!("{}{q}", dotted(r).replace('.', "_"))),
];

struct Truth {
    room: String,
    storey: i32,
    attribute: Option<&'static str>,
}

fn list(
    rooms: &[Room],
    conventions: &[usize],
    n: usize,
    slips: u64,
    dice: &mut Dice,
) -> (Vec<Point>, Vec<Truth>) {
    let mut points = Vec::new();
    let mut truth = Vec::new();
    // Each contractor did some storeys.
    let mut all: Vec<(usize, usize)> = (0..rooms.len())
        .flat_map(|room| (0..QUANTITIES.len()).map(move |quantity| (room, quantity)))
        .collect();
    for at in (1..all.len()).rev() {
        all.swap(at, dice.roll(at as u64 + 1) as usize);
    }
    all.truncate(n);
    for (room, quantity) in all {
        let room = &rooms[room];
        let (attribute, said) = &QUANTITIES[quantity];
        let convention = conventions[(room.storey.rem_euclid(64) as usize / 3) % conventions.len()];
        let (dialect, write) = &CONVENTIONS[convention];
        let mut name = write(room, said[*dialect], dice);
        if dice.chance(slips) {
            let digits: Vec<usize> = name
                .char_indices()
                .filter(|(_, c)| c.is_ascii_digit())
                .map(|(i, _)| i)
                .collect();
            if !digits.is_empty() {
                let at = digits[dice.roll(digits.len() as u64) as usize];
                name.replace_range(at..=at, &dice.roll(10).to_string());
            }
        }
        let kind = if *attribute == Some("open") {
            "door"
        } else {
            "room"
        };
        points.push(Point {
            name,
            ..Point::default()
        });
        truth.push(Truth {
            room: format!("{kind} {} {}", room.storey, room.number),
            storey: room.storey,
            attribute: *attribute,
        });
    }
    (points, truth)
}

#[derive(Debug, Default)]
struct Marks {
    n: usize,
    right: usize,
    sure: usize,
    sure_wrong: usize,
    storey: usize,
    expected: f64,
    told: String,
}

fn mark(suggestions: &[Suggestion], truth: &[Truth]) -> Marks {
    let mut marks = Marks {
        n: truth.len(),
        ..Marks::default()
    };
    for (s, t) in suggestions.iter().zip(truth) {
        let attribute = s.attribute == t.attribute;
        // What is no reading of a place is left out, wherever it is.
        let place = t.attribute.is_none() || s.place.as_deref() == Some(&t.room);
        let right = attribute && place;
        marks.right += usize::from(right);
        marks.expected += s.probability;
        let storey = format!("storey {}", t.storey);
        marks.storey += usize::from(
            attribute
                && !place
                && (s.place.as_deref() == Some(&storey) || s.place.as_deref() == Some("building")),
        );
        if s.probability >= CONFIDENT {
            marks.sure += 1;
            marks.sure_wrong += usize::from(!right);
        }
        if !right && marks.told.len() < 6000 {
            let _ = writeln!(
                marks.told,
                "{} = {} {:?}: {:?} {:?} {:.2} {}",
                s.point, t.room, t.attribute, s.place, s.attribute, s.probability, s.reason
            );
        }
    }
    marks
}

const MIXES: &[&[usize]] = &[
    &[0],
    &[1],
    &[2],
    &[3],
    &[4],
    &[5],
    &[6],
    &[0, 2, 4],
    &[1, 3, 5],
    &[6, 0, 1, 2],
];

fn marked(name: fn(&Room) -> String, seed: u64, mix: &[usize], n: usize, slips: u64) -> Marks {
    let mut dice = Dice(seed * 7 + 1);
    let rooms = rooms(-2..20, &mut dice);
    let (points, truth) = list(&rooms, mix, n, slips, &mut dice);
    mark(&suggest(&points, &tower(&rooms, name)), &truth)
}

#[test]
fn consistent_lists_are_read_rightly() {
    for name in [dotted as fn(&Room) -> String, in_one, of_storey] {
        for mix in MIXES {
            let marks = marked(name, 1, mix, 800, 0);
            assert!(marks.right * 100 >= marks.n * 98, "{mix:?}: {marks:#?}");
            assert_eq!(marks.sure_wrong, 0, "{mix:?}: {marks:#?}");
            assert!(marks.sure * 2 >= marks.n, "{mix:?}: {marks:#?}");
        }
    }
}

#[test]
fn slips_cost_confidence() {
    let mut all = Marks::default();
    for seed in 1..4 {
        for mix in MIXES {
            let marks = marked(dotted, seed, mix, 800, 4);
            assert!(marks.right * 100 >= marks.n * 90, "{mix:?}: {marks:#?}");
            all.sure += marks.sure;
            all.sure_wrong += marks.sure_wrong;
        }
    }
    // A wrong digit that leads to another room is in no name to be seen; what is called sure
    // must still be right as often as it says.
    assert!(
        all.sure_wrong as f64 <= (1.0 - CONFIDENT) * all.sure as f64,
        "{all:?}"
    );
}

#[test]
fn points_without_a_place_fall_back() {
    let mut dice = Dice(5);
    let rooms = rooms(0..6, &mut dice);
    let places = tower(&rooms, dotted);
    let names = [
        "FACP.Zone",
        "NB-L03-R77-ZN-T",
        "NB-L03-R04-ZN-T",
        "NB-L03-R05-ZN-T",
        "OAT",
        "NB-L04-R05-ZN-T",
    ];
    let points: Vec<Point> = names
        .iter()
        .map(|n| Point {
            name: (*n).into(),
            ..Point::default()
        })
        .collect();
    let places: Vec<String> = suggest(&points, &places)
        .into_iter()
        .filter_map(|s| s.place)
        .collect();
    assert_eq!(
        places,
        [
            "building", "storey 3", "room 3 4", "room 3 5", "building", "room 4 5"
        ]
    );
}
