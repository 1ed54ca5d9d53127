//! How each contractor names what it installed.
//!
//! | contractor | language | habits |
//! |---|---|---|
//! | `hlk` | German | climate of the lower storeys; `EG`, `OG7` or `07OG`; true room numbers |
//! | `nt` | English | climate of the upper storeys; no storey 13, so all from there on are one off |
//! | `bmc` | Dutch | fire alarm; loop and address in the name, the room in the description |
//! | `acc` | English | doors; what the door leads to |
//! | `iot` | mixed | radio sensors; several values in one message |
//! | `tga` | German | plant, lifts, energy; no room at all |

use std::collections::BTreeMap;

use super::points::{self, Label, List, Signal, Spot};
use crate::building::{Door, Fill, Hole, Space, Usage};
use crate::rng::{Rng, mix};

/// Names every point of every contractor.
pub(super) fn name_all(list: &mut List<'_>) {
    let building = list.building;
    let highest = building.storeys.len() - building.ground() - 1;
    let lower = i64::try_from(highest / 4).unwrap_or(0);
    for (place, space) in building.spaces.iter().enumerate() {
        let mut rng = Rng::of(list.seed, &format!("points {place}"));
        let level = list.level(space);
        for signal in climate(space, &mut rng) {
            if level <= lower {
                let label = german(space, level, signal, list.seed, &mut rng);
                list.push(Spot::room(space), signal, "hlk", label);
            } else {
                let label = english(space, level, signal, list.seed, &mut rng);
                list.push(Spot::room(space), signal, "nt", label);
            }
        }
        radio(list, space, level, &mut rng);
    }
    fire_alarm(list);
    let mut contacts = BTreeMap::new();
    for hole in &building.holes {
        if let Fill::Door(door) = &hole.fill {
            access(list, &mut contacts, hole, door);
        }
    }
    plant(list);
}

/// What the climate control measures and sets in a room.
fn climate(space: &Space, rng: &mut Rng) -> Vec<Signal> {
    let shares: &[(Signal, f64)] = match space.usage {
        Usage::Office | Usage::OpenPlan => &[
            (Signal::Temperature, 0.62),
            (Signal::Setpoint, 0.27),
            (Signal::Valve, 0.14),
            (Signal::Co2, 0.08),
            (Signal::Motion, 0.14),
            (Signal::Fault, 0.06),
        ],
        Usage::Meeting | Usage::Lobby | Usage::Shop | Usage::Refuge => &[
            (Signal::Temperature, 0.9),
            (Signal::Setpoint, 0.3),
            (Signal::Co2, 0.5),
            (Signal::Humidity, 0.15),
            (Signal::Motion, 0.22),
        ],
        Usage::Living => &[
            (Signal::Temperature, 0.66),
            (Signal::Setpoint, 0.4),
            (Signal::Humidity, 0.12),
        ],
        Usage::Bedroom => &[(Signal::Temperature, 0.28)],
        Usage::Server | Usage::Plant => &[(Signal::Temperature, 0.9), (Signal::Fault, 0.3)],
        Usage::Corridor => &[(Signal::Temperature, 0.3)],
        _ => &[],
    };
    let chosen = shares.iter().filter(|(_, share)| rng.chance(*share));
    chosen.map(|(signal, _)| *signal).collect()
}

/// The part of a room number after the storey.
fn short(space: &Space) -> &str {
    let after = space.number.split_once('.');
    after.map_or(space.number.as_str(), |(_, short)| short)
}

/// `HLK_OG07_R0712_TempIst`: every technician writes it a little differently, one technician per
/// four storeys.
fn german(space: &Space, level: i64, signal: Signal, seed: u64, rng: &mut Rng) -> Label {
    let technician = mix(seed, &format!("technician {}", level.div_euclid(4))) % 4;
    let storey = match (level, technician) {
        (..0, _) => format!("UG{}", -level),
        (0, _) => "EG".into(),
        (_, 0) => format!("OG{level:02}"),
        (_, 1) => format!("{level:02}OG"),
        (_, 2) => format!("OG{level}"),
        _ => format!("E{level:02}"),
    };
    let digits = space.number.replace('.', "");
    let room = match technician {
        0 => format!("R{digits}"),
        1 => format!("RM{}", space.number),
        2 => format!("Raum{}", space.number),
        _ => format!("R{}", space.number.replace('.', "-")),
    };
    let (function, unit) = match signal {
        Signal::Temperature => (["TempIst", "RTemp", "T_Ist", "Raumtemp"], "°C"),
        Signal::Setpoint => (["TempSoll", "SollT", "T_Soll", "SW_Temp"], "°C"),
        Signal::Co2 => (["CO2", "CO2_Konz", "CO2", "LQ_CO2"], "ppm"),
        Signal::Humidity => (["rF", "Feuchte", "rF", "RelFeuchte"], "% r.F."),
        Signal::Motion => (["Praes", "Praesenz", "Belegt", "PIR"], ""),
        Signal::Valve => (["VentSt", "Y_Heiz", "Ventil", "StellVent"], "%"),
        _ => (["SM", "Stoerung", "Stoer", "SammelStm"], ""),
    };
    let function = function[technician as usize];
    let name = match technician {
        1 => format!("HLK.{storey}.{room}.{function}"),
        3 => format!("hlk-{storey}-{room}-{function}"),
        _ => format!("HLK_{storey}_{room}_{function}"),
    };
    let what = match signal {
        Signal::Temperature => "Raumtemperatur",
        Signal::Setpoint => "Sollwert Raumtemperatur",
        Signal::Co2 => "CO2-Gehalt Raumluft",
        Signal::Humidity => "Relative Feuchte",
        Signal::Motion => "Präsenzmelder",
        Signal::Valve => "Stellsignal Heizventil",
        _ => "Sammelstörung",
    };
    let description = match rng.index(3) {
        0 => String::new(),
        1 => what.to_owned(),
        _ => format!("{what} Raum {}", space.number),
    };
    Label {
        name,
        description,
        unit,
        ..Label::default()
    }
}

/// `NT.L14.ZN1407.ZNT` is room 13.07: nobody wanted a storey 13.
fn english(space: &Space, level: i64, signal: Signal, seed: u64, rng: &mut Rng) -> Label {
    let storey = if level >= 13 { level + 1 } else { level };
    let style = mix(seed, &format!("integrator {}", level.div_euclid(6))) % 3;
    let short = short(space);
    let (function, unit) = match signal {
        Signal::Temperature => (["ZNT", "RmTmp", "ZN-T"], "degC"),
        Signal::Setpoint => (["ZNTSP", "RmTmpSp", "ZN-SP"], "degC"),
        Signal::Co2 => (["ZNCO2", "RmCO2", "CO2"], "PPM"),
        Signal::Humidity => (["ZNRH", "RmRh", "RH"], "%RH"),
        Signal::Motion => (["OCC", "OccSts", "PIR"], ""),
        Signal::Valve => (["HTGVLV", "HwVlvCmd", "VLV"], "%"),
        _ => (["ALM", "CommFlt", "FLT"], ""),
    };
    let function = function[style as usize];
    let name = match style {
        0 => format!("NT.L{storey:02}.ZN{storey:02}{short}.{function}"),
        1 => format!("NT_L{storey}_FCU_{storey}_{short}_{function}"),
        _ => format!("NAE2/FL{storey:02}/VAV-{storey:02}-{short}/{function}"),
    };
    let what = match signal {
        Signal::Temperature => "Zone temperature",
        Signal::Setpoint => "Zone temp setpoint",
        Signal::Co2 => "Zone CO2",
        Signal::Humidity => "Zone humidity",
        Signal::Motion => "Occupancy status",
        Signal::Valve => "Heating valve command",
        _ => "Controller comm fault",
    };
    // Where the architect's number stands in the text, it is the true one.
    let description = match rng.index(4) {
        0 => String::new(),
        1 => format!("{what} rm {}", space.number),
        _ => what.to_owned(),
    };
    Label {
        name,
        description,
        unit,
        ..Label::default()
    }
}

/// Detectors hang on loops of a hundred or so and are numbered along them, whatever the room.
fn fire_alarm(list: &mut List<'_>) {
    let building = list.building;
    let mut rng = Rng::of(list.seed, "fire alarm");
    let mut address = 0;
    for space in &building.spaces {
        let (detectors, call_point) = match space.usage {
            Usage::Corridor => (1, true),
            Usage::StairLobby | Usage::LiftLobby | Usage::Server | Usage::Plant => (1, false),
            Usage::Lobby | Usage::Parking | Usage::Refuge => (2, true),
            Usage::Stair => (i32::from(rng.chance(0.5)), false),
            Usage::Living => (i32::from(rng.chance(0.55)), false),
            Usage::Storage | Usage::Office | Usage::Shop => (i32::from(rng.chance(0.15)), false),
            _ => (0, false),
        };
        let level = list.level(space);
        let mut signals = vec![Signal::Smoke; detectors as usize];
        signals.extend(call_point.then_some(Signal::CallPoint));
        for signal in signals {
            address += 1;
            let (loop_number, on_loop) = (address / 110 + 1, address % 110 + 1);
            let label = dutch(space, level, signal, (loop_number, on_loop), &mut rng);
            list.push(Spot::room(space), signal, "bmc", label);
        }
    }
}

/// `BMC.03.017` with `Rookmelder bwl 13 kamer 12.07`: the Dutch count storeys from 1.
fn dutch(
    space: &Space,
    level: i64,
    signal: Signal,
    (loop_number, address): (i32, i32),
    rng: &mut Rng,
) -> Label {
    let what = match signal {
        Signal::CallPoint => *rng.pick(&[&"Handbrandmelder", &"HBM"]),
        _ => *rng.pick(&[&"Rookmelder", &"Rookmelder", &"RM", &"Opt. rookmelder"]),
    };
    let storey = if level >= 0 {
        format!("bwl {}", level + 1)
    } else {
        format!("kelder {level}")
    };
    let number = space.number.as_str();
    let place = match space.usage {
        Usage::Corridor => format!("gang {number}"),
        Usage::StairLobby => format!("sluis {number}"),
        Usage::Stair => format!("trappenhuis {number}"),
        Usage::LiftLobby => format!("lifthal {number}"),
        Usage::Parking => format!("parkeren {number}"),
        Usage::Server => format!("patchruimte {number}"),
        Usage::Plant => format!("techniek {number}"),
        _ => format!("kamer {number}"),
    };
    let description = match rng.index(30) {
        // Some are so vague that only a walk through the storey would tell.
        0 => format!("{what} {storey}"),
        1..8 => format!("{what} {place}"),
        _ => format!("{what} {storey} {place}"),
    };
    Label {
        name: format!("BMC.{loop_number:02}.{address:03}"),
        description,
        ..Label::default()
    }
}

/// A sensor on the wall that sends by radio, named by room, by its address, or in two languages.
fn radio(list: &mut List<'_>, space: &Space, level: i64, rng: &mut Rng) {
    let share = match space.usage {
        Usage::Office | Usage::Meeting => 0.05,
        Usage::Living | Usage::Shop => 0.04,
        _ => 0.0,
    };
    if !rng.chance(share) {
        return;
    }
    let address = mix(list.seed, &format!("radio {}", space.number)) & 0xff_ffff;
    let number = space.number.replace('.', "-");
    let device = match rng.index(3) {
        0 => format!("am107-{number}"),
        1 => format!("ers-co2-l{level}-r{}", short(space)),
        _ => format!("eui-24e124128c{address:06x}"),
    };
    let description = if device.starts_with("eui") {
        format!("AM107 kamer {}", space.number)
    } else {
        String::new()
    };
    let topic = format!("v3/wachter-iot@ttn/devices/{device}/up");
    let members = [
        (
            "uplink_message.decoded_payload.temperature",
            Signal::Temperature,
            "°C",
        ),
        (
            "uplink_message.decoded_payload.humidity",
            Signal::Humidity,
            "%",
        ),
        ("uplink_message.decoded_payload.co2", Signal::Co2, "ppm"),
        (
            "uplink_message.decoded_payload.battery",
            Signal::Battery,
            "%",
        ),
    ];
    for (member, signal, unit) in members {
        let label = Label {
            name: format!("{device}.{}", points::last(member)),
            description: description.clone(),
            unit,
            topic: Some(topic.clone()),
            member: Some(member),
        };
        list.push(Spot::room(space), signal, "iot", label);
    }
}

/// Doors that matter in a fire or are locked have contacts, named by what they lead to.
fn access(list: &mut List<'_>, contacts: &mut BTreeMap<String, u32>, hole: &Hole, door: &Door) {
    let spaces = &list.building.spaces;
    let inside = &spaces[hole.between.0];
    let level = list.level(inside);
    let other = hole.between.1.map(|other| &spaces[other]);
    let of = |usage: Usage| {
        [Some(inside), other]
            .into_iter()
            .flatten()
            .find(move |space| space.usage == usage)
    };
    let target = match (of(Usage::Stair), of(Usage::StairLobby), other) {
        (Some(stair), ..) => format!("ST-{}", short(stair)),
        (None, Some(lobby), Some(_)) if of(Usage::LiftShaft).is_none() => short(lobby).to_owned(),
        (None, None, None) => {
            let mut rng = Rng::of(list.seed, &door.global_id);
            let way = rng.pick(&["ENT", "EXIT", "DOOR"]);
            format!("{way}-{}", short(inside))
        }
        (None, None, Some(_)) if of(Usage::Server).or(of(Usage::Plant)).is_some() => {
            let room = of(Usage::Server).or(of(Usage::Plant)).unwrap_or(inside);
            format!("D{}", room.number)
        }
        _ => return,
    };
    let stem = format!("acc/{level:02}/{target}/contact");
    let contact = contacts.entry(stem.clone()).or_insert(0_u32);
    *contact += 1;
    let name = match *contact {
        1 => stem,
        further => format!("{stem}{further}"),
    };
    let mut rng = Rng::of(list.seed, &name);
    let sides = match other {
        Some(other) => format!("{} - {}", inside.number, other.number),
        None => format!("{} - street", inside.number),
    };
    let description = match rng.index(5) {
        0 => format!("Door contact level {level}"),
        1 => String::new(),
        _ => format!("Door contact {sides}"),
    };
    let label = Label {
        description,
        topic: Some(name.clone()),
        name,
        ..Label::default()
    };
    list.push(
        Spot::of("door", &door.global_id),
        Signal::DoorContact,
        "acc",
        label,
    );
}

/// Plant, lifts, fans of the stair lobbies, energy meters, and points that lead nowhere.
fn plant(list: &mut List<'_>) {
    let building = list.building;
    let mut rng = Rng::of(list.seed, "plant points");
    let named = |name: String, description: &str, unit| Label {
        name,
        description: description.to_owned(),
        unit,
        ..Label::default()
    };
    for unit in 1..=8 {
        for (function, what, signal, of) in [
            ("ZUL_T", "Zulufttemperatur", Signal::DuctTemperature, "°C"),
            ("ABL_T", "Ablufttemperatur", Signal::DuctTemperature, "°C"),
            ("VENT_BM", "Betriebsmeldung Ventilator", Signal::Running, ""),
            ("FILTER_SM", "Filter verschmutzt", Signal::Fault, ""),
        ] {
            let label = named(format!("RLT{unit:02}_{function}"), what, of);
            list.push(Spot::nowhere(), signal, "tga", label);
        }
    }
    for (number, lift) in (1..).zip(&building.lifts) {
        for (function, what, signal) in [
            ("POS", "Kabinenposition", Signal::Running),
            ("SM", "Aufzug Störung", Signal::Fault),
            ("BRAND", "Brandfallsteuerung aktiv", Signal::Running),
        ] {
            let label = named(format!("AUFZ{number}_{function}"), what, "");
            list.push(Spot::of("lift", &lift.global_id), signal, "tga", label);
        }
    }
    for core in ["A", "B"] {
        for (function, signal) in [("LAUF", Signal::Running), ("SM", Signal::Fault)] {
            let label = named(
                format!("DBA_TR{core}_{function}"),
                "Druckbelüftung Treppenraum",
                "",
            );
            list.push(Spot::nowhere(), signal, "tga", label);
        }
    }
    // Meters are counted from the lowest storey, beginning with 0.
    for (number, storey) in building.storeys.iter().enumerate() {
        let name = storey.name.replace("Level", "Ebene");
        let label = named(
            format!("EZ_{number:02}_P"),
            &format!("Wirkleistung {name}"),
            "kW",
        );
        let spot = Spot::of("storey", &storey.global_id);
        list.push(spot, Signal::Power, "tga", label);
    }
    for spare in 1..=40 {
        let number = rng.whole(100, 999);
        let label = named(format!("RES_{spare:02}_{number}"), "Reserve", "");
        list.push(Spot::nowhere(), Signal::Running, "tga", label);
    }
}
