//! Lists of points as other trades name them, made from tables of their own: equipment paths,
//! controllers with a description beside, addresses by trade and storey, plant codes. The house
//! is numbered otherwise than the generated tower, and a list may be at odds with it: of two
//! buildings, with storeys swapped or counted from one, with the numbers of an older plan.

use twin_import::points::{Place, Point};
use twin_model::EntityKind;

/// Numbers that look random and are the same each time (`SplitMix64`, Steele et al., OOPSLA 2014).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// How a trade writes its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// `site/Floor 3/VAV 312/Zone Air Temp`: a path of equipment, as Haystack shows it.
    Path,
    /// `SDH.AH2.RM312.ROOM_TEMP`: flat names of a campus, as in the examples of Brick.
    Campus,
    /// `NCE25.FEC-312.ZN-T`, or `DEV30012.AI3` with the room in the description.
    Controller,
    /// `1/3/45 Büro 312 Ist-Temperatur`: a group address by trade and storey.
    Bus,
    /// `A01_RLT_03_R312_TMP_MW01`: a German plant code.
    Plant,
    /// `GBS-03-312-RT01`: Dutch building services.
    Services,
}

impl Style {
    pub(crate) const ALL: [Self; 6] = [
        Self::Path,
        Self::Campus,
        Self::Controller,
        Self::Bus,
        Self::Plant,
        Self::Services,
    ];
}

/// What is wrong with a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nothing but slips of the pen.
    None,
    /// Half of it is of a second building with the same numbers, which nobody has a plan of.
    TwoBuildings,
    /// Two storeys have changed their labels; descriptions, where there are any, are right.
    Swapped,
    /// The storey at street level is called 1.
    FromOne,
    /// On some storeys rooms were joined since: their numbers there are one off.
    OlderPlan,
    /// One name in ten comes again with a mark of its replacement, and tells of another room.
    Replaced,
}

impl Trouble {
    pub(crate) const ALL: [Self; 6] = [
        Self::None,
        Self::TwoBuildings,
        Self::Swapped,
        Self::FromOne,
        Self::OlderPlan,
        Self::Replaced,
    ];
}

/// A list with what is true of it.
pub(crate) struct List {
    pub(crate) places: Vec<Place>,
    pub(crate) points: Vec<Point>,
    /// The place and attribute of each point; no attribute where it is no reading of a room.
    pub(crate) truth: Vec<(Option<String>, Option<&'static str>)>,
}

struct Quantity {
    attribute: Option<&'static str>,
    share: u64,
    /// By style.
    words: [&'static str; 6],
    what: &'static str,
    unit: &'static str,
}

const QUANTITIES: &[Quantity] = &[
    Quantity {
        attribute: Some("temperature"),
        share: 85,
        words: [
            "Zone Air Temp",
            "ROOM_TEMP",
            "ZN-T",
            "Ist-Temperatur",
            "TMP_MW01",
            "RT01",
        ],
        what: "zone temperature",
        unit: "°C",
    },
    Quantity {
        attribute: Some("co2"),
        share: 25,
        words: [
            "Zone Air CO2",
            "ROOM_CO2",
            "ZNCO2",
            "CO2 Wert",
            "CO2_MW01",
            "CO2-01",
        ],
        what: "zone co2",
        unit: "ppm",
    },
    Quantity {
        attribute: Some("humidity"),
        share: 15,
        words: [
            "Zone Air Humidity",
            "ROOM_RH",
            "ZN-RH",
            "rel. Feuchte",
            "FEU_MW01",
            "RV01",
        ],
        what: "zone humidity",
        unit: "%RH",
    },
    Quantity {
        attribute: Some("motion"),
        share: 20,
        words: [
            "Occupied Sensor",
            "ROOM_OCC",
            "PIR",
            "Praesenz",
            "PRS_BM01",
            "PIR01",
        ],
        what: "occupancy sensor",
        unit: "",
    },
    Quantity {
        attribute: None,
        share: 45,
        words: [
            "Zone Air Temp Sp",
            "ROOM_STPT",
            "ZN-SP",
            "Soll-Temperatur",
            "TMP_SW01",
            "RTSP01",
        ],
        what: "zone setpoint",
        unit: "°C",
    },
    Quantity {
        attribute: None,
        share: 30,
        words: [
            "Discharge Air Temp",
            "SUP_TEMP",
            "DA-T",
            "Zuluft-Temperatur",
            "ZUL_MW01",
            "INBLT01",
        ],
        what: "discharge air temperature",
        unit: "°C",
    },
];

#[derive(Clone)]
struct Room {
    storey: i64,
    number: i64,
    id: String,
}

/// A list in one style, with one trouble.
pub(crate) fn list(seed: u64, style: Style, trouble: Trouble) -> List {
    let mut dice = Dice::of(seed);
    let storeys = 5 + dice.below(5).cast_signed();
    let (mut rooms, mut places) = (Vec::new(), Vec::new());
    place(
        &mut places,
        "house",
        EntityKind::Building,
        "House",
        None,
        None,
    );
    let dotted = dice.chance(50);
    for storey in 0..storeys {
        let id = format!("storey {storey}");
        let name = if storey == 0 {
            "Ground floor".into()
        } else {
            format!("Floor {storey}")
        };
        place(
            &mut places,
            &id,
            EntityKind::Storey,
            &name,
            Some("house"),
            Some(storey),
        );
        let most = 18 + dice.below(20).cast_signed();
        for number in 1..=most {
            // Rooms are numbered along the corridor, with numbers left free.
            if dice.chance(20) {
                continue;
            }
            let room = Room {
                storey,
                number,
                id: format!("room {storey} {number}"),
            };
            let name = if dotted {
                format!("{storey}.{number:02}")
            } else {
                format!("{storey}{number:02}")
            };
            place(
                &mut places,
                &room.id,
                EntityKind::Space,
                &name,
                Some(&id),
                None,
            );
            rooms.push(room);
        }
    }
    let mut list = List {
        places,
        points: Vec::new(),
        truth: Vec::new(),
    };
    let swapped = 1 + dice.below((storeys - 2).cast_unsigned()).cast_signed();
    for room in &rooms {
        let told = label(room, trouble, swapped, seed);
        list.name(room, &told, style, 1, trouble, &mut dice);
    }
    if trouble == Trouble::TwoBuildings {
        let from = list.truth.len();
        for room in &rooms {
            list.name(room, room, style, 2, trouble, &mut dice);
        }
        for (place, _) in &mut list.truth[from..] {
            *place = None;
        }
    }
    list
}

/// The room as the list calls it.
fn label(room: &Room, trouble: Trouble, swapped: i64, seed: u64) -> Room {
    let mut told = room.clone();
    match trouble {
        Trouble::Swapped if room.storey == swapped => told.storey += 1,
        Trouble::Swapped if room.storey == swapped + 1 => told.storey -= 1,
        Trouble::FromOne => told.storey += 1,
        Trouble::OlderPlan => {
            let mut dice = Dice::of(seed ^ room.storey.cast_unsigned());
            let from = 3 + dice.below(20).cast_signed();
            if dice.chance(40) && room.number >= from {
                told.number += 1;
            }
        }
        _ => {}
    }
    told
}

fn place(
    places: &mut Vec<Place>,
    id: &str,
    kind: EntityKind,
    name: &str,
    part_of: Option<&str>,
    level: Option<i64>,
) {
    places.push(Place {
        id: id.into(),
        kind,
        name: name.into(),
        part_of: part_of.map(Into::into),
        level: level.and_then(|level| i32::try_from(level).ok()),
        ..Place::default()
    });
}

impl List {
    fn name(
        &mut self,
        room: &Room,
        told: &Room,
        style: Style,
        building: u32,
        trouble: Trouble,
        dice: &mut Dice,
    ) {
        for quantity in QUANTITIES {
            if !dice.chance(quantity.share) {
                continue;
            }
            // A slip of the pen in one name of a hundred.
            let mut written = told.clone();
            if dice.chance(1) {
                written.number += 1;
            }
            let (name, description) = written_as(&written, room, quantity, style, building, dice);
            let place = Some(room.id.clone());
            self.push(name.clone(), description.clone(), quantity, place);
            if trouble == Trouble::Replaced && dice.chance(10) {
                // Taken down and hung up elsewhere, under its old name.
                self.push(format!("{name}_OLD"), description, quantity, None);
            }
        }
    }

    fn push(&mut self, name: String, description: String, of: &Quantity, place: Option<String>) {
        self.points.push(Point {
            name,
            description: Some(description).filter(|text| !text.is_empty()),
            unit: Some(of.unit.to_owned()).filter(|text| !text.is_empty()),
            samples: Vec::new(),
        });
        self.truth.push((place, of.attribute));
    }
}

fn written_as(
    written: &Room,
    true_room: &Room,
    quantity: &Quantity,
    style: Style,
    building: u32,
    dice: &mut Dice,
) -> (String, String) {
    let Room { storey, number, .. } = *written;
    let word = quantity.words[style as usize];
    let joined = format!("{storey}{number:02}");
    let site = ["North", "South"][building as usize - 1];
    let said = format!(
        "{} room {}{:02}",
        quantity.what, true_room.storey, true_room.number
    );
    match style {
        Style::Path => (
            format!("{site}/Floor {storey}/VAV {joined}/{word}"),
            String::new(),
        ),
        Style::Campus => {
            let handler = 1 + number % 3;
            let description = if dice.chance(30) { said } else { String::new() };
            (
                format!("SD{building}.AH{handler}.RM{joined}.{word}"),
                description,
            )
        }
        Style::Controller if dice.chance(70) => {
            let engine = 10 * i64::from(building) + storey;
            let description = if dice.chance(25) { said } else { String::new() };
            (format!("NCE{engine}.FEC-{joined}.{word}"), description)
        }
        Style::Controller => {
            let device = 30_000 + 1000 * i64::from(building) + 20 * storey + number % 20;
            (format!("DEV{device}.AI{}", 1 + dice.below(9)), said)
        }
        Style::Bus => {
            let sub = number * 4 % 250;
            (
                format!("{building}/{storey}/{sub} Raum {joined} {word}"),
                String::new(),
            )
        }
        Style::Plant => (
            format!("A{building:02}_RLT_{storey:02}_R{joined}_{word}"),
            String::new(),
        ),
        Style::Services => {
            let description = if dice.chance(40) { said } else { String::new() };
            (
                format!("GBS{building}-{storey:02}-{number:02}-{word}"),
                description,
            )
        }
    }
}
