//! What a state takes in memory, at the paces at which sensors speak.
//!
//! The state itself and what it holds on the heap, without the claims, which the log keeps. It is
//! told for a day and weighed after every reading; the largest weight counts.

use crate::channel::{Channel, Said, spec, time};
use crate::data::windesheim;
use crate::occupancy;
use crate::row::{Row, hash};
use std::path::Path;
use twin_fusion::{State, Witness};
use twin_model::catalogue::Form;
use twin_model::{AttributeSpec, Value};
use twin_scenario::rng::Rng;

/// Bytes of a number or a yes-or-no with one source, told every five minutes.
const SINGLE_MAX: usize = 200;
/// Bytes of a count of people with the sensors that a room has.
const COUNT_MAX: usize = 600;
const DAY_S: f64 = 86_400.0;
const START_S: f64 = 1_767_571_200.0;
/// The pace that the target is for, and others.
const PACES_S: [f64; 4] = [300.0, 600.0, 60.0, 5.0];
/// Claims of the real room that are told to the count.
const ROOM_CLAIMS: usize = 30_000;

/// Scalar and boolean with one source and with three, and the count of a real room.
pub(crate) fn measure(data: &Path) -> Vec<Row> {
    let mut rows = vec![single("temperature"), single("open"), made_count()];
    if let Ok(room) = windesheim::room(data, "999169") {
        rows.push(real_count(&room));
    }
    rows
}

fn single(attribute: &str) -> Row {
    let spec = spec(attribute);
    let weigh = |sources: u32, pace_s: f64| weight(spec, &said(spec, sources, pace_s));
    let first = weigh(1, PACES_S[0]);
    let mut row = Row::new(format!("bytes of {attribute}, one source every 5 min"))
        .shown(1, format!("{first}"))
        .held_to(format!("≤ {SINGLE_MAX}"), first <= SINGLE_MAX)
        .on(hash(format!("memory {attribute}").as_bytes()));
    for sources in [1, 3] {
        let paces = PACES_S.map(|pace_s| format!("{} every {pace_s:.0} s", weigh(sources, pace_s)));
        row = row.detail(format!("{sources} source(s): {}", paces.join(", ")));
    }
    row.detail(format!(
        "of them {} in the state itself, the others on the heap",
        size_of::<State>()
    ))
}

fn said(spec: AttributeSpec, sources: u32, pace_s: f64) -> Vec<Said> {
    let mut rng = Rng::of(1, "memory");
    let turns = (DAY_S / pace_s) as u32;
    let each = (0..turns).flat_map(|turn| (0..sources).map(move |source| (turn, source)));
    let say = |(turn, source)| Said {
        value: match spec.form {
            Form::Boolean => Value::Boolean(rng.chance(0.3)),
            _ => Value::Number((200.0 + 10.0 * rng.normal()).round() / 10.0),
        },
        ..Said::number(
            source,
            time(START_S + f64::from(turn) * pace_s + f64::from(source)),
            0.0,
        )
    };
    each.map(say).collect()
}

/// The largest weight while all is told.
fn weight(spec: AttributeSpec, said: &[Said]) -> usize {
    let mut channel = Channel::new(spec);
    let mut most = 0;
    for said in said {
        channel.tell(said);
        most = most.max(size_of::<State>() + channel.state.heap_bytes());
    }
    most
}

/// A room with one air sensor and one movement sensor, each every five minutes.
fn made_count() -> Row {
    let mut rng = Rng::of(1, "memory count");
    let mut said = Vec::new();
    for turn in 0..(DAY_S / PACES_S[0]) as u32 {
        let at = time(START_S + f64::from(turn) * PACES_S[0]);
        let air = Witness::Co2 {
            volume_m3: Some(75.0),
        };
        said.push(Said {
            witness: air,
            ..Said::number(0, at, rng.between(420.0, 900.0).round())
        });
        said.push(Said {
            value: Value::Boolean(rng.chance(0.3)),
            witness: Witness::Motion,
            ..Said::number(1, at.plus_seconds(1.0), 0.0)
        });
    }
    let most = weight(spec("occupancy"), &said);
    Row::new("bytes of a count, CO2 and movement every 5 min")
        .shown(1, format!("{most}"))
        .held_to(format!("≤ {COUNT_MAX}"), most <= COUNT_MAX)
        .on(hash(b"memory count"))
}

/// The real room: two air sensors, movement, valve every minute or ten, phones every ten.
fn real_count(room: &windesheim::Room) -> Row {
    let mut told = occupancy::told(room, room.volume_m3);
    told.truncate(ROOM_CLAIMS);
    let most = weight(spec("occupancy"), &told);
    Row::new("bytes of a count, real room with five sensors, most of them every minute")
        .shown(1, format!("{most}"))
        .on(hash(format!("{told:?}").as_bytes()))
}
