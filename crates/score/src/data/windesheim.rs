//! Dutch office rooms in the autumn of 2022 (Windesheim Research Group Energy Transition,
//! Brains4Buildings 2022, CC BY 4.0): air, movement, phones and valve of each room, a counter
//! in the ceiling, and a few visits by people who looked.

use super::{Series, columns, zip};
use anyhow::{Context, Result};
use std::path::Path;
use twin_model::Time;

/// Everything about one room.
#[derive(Debug, Default)]
pub(crate) struct Room {
    pub(crate) volume_m3: f64,
    pub(crate) vent_max_m3_h: f64,
    /// Carbon dioxide by the building's sensor and by a second one beside it, ppm.
    pub(crate) co2: [Series; 2],
    /// Air temperature by the same two, °C.
    pub(crate) temperature: [Series; 2],
    /// 1 where the movement sensor saw somebody.
    pub(crate) motion: Series,
    pub(crate) phones: Series,
    /// Opening of the ventilation valve, 0..=1.
    pub(crate) valve: Series,
    /// People by the counter in the ceiling.
    pub(crate) counter: Series,
    /// People by somebody who looked.
    pub(crate) visits: Series,
}

/// Reads one room.
pub(crate) fn room(data: &Path, id: &str) -> Result<Room> {
    let folder = data.join("fusion/windesheim");
    let mut room = Room::default();
    let rooms = zip::first(&folder.join("b4b-room-metadata.zip"))?;
    for [row, volume, vent] in columns(&rooms, ["id", "room__m3", "vent_max__m3_h_1"])? {
        if row == id {
            (room.volume_m3, room.vent_max_m3_h) = (volume.parse()?, vent.parse()?);
        }
    }
    let text = zip::first(&folder.join(format!("{id}_raw_properties.zip")))?;
    // A room without a movement sensor has no such column.
    let names = [
        "source",
        "timestamp",
        "co2__ppm",
        "temp_in__degC",
        "valve_frac__0",
        "occupancy__p",
    ];
    for [source, timestamp, co2, temperature, valve, people] in columns(&text, names)? {
        let at = seconds(timestamp)?;
        let people_go_to = match source {
            "xovis" => &mut room.counter,
            "human_observer" => &mut room.visits,
            _ => &mut room.phones,
        };
        push(people_go_to, at, people);
        let sensor = usize::from(source != "bms");
        push(&mut room.co2[sensor], at, co2);
        push(&mut room.temperature[sensor], at, temperature);
        push(&mut room.valve, at, valve);
    }
    if let Ok(rows) = columns(&text, ["timestamp", "occupancy__bool"]) {
        for [timestamp, motion] in rows {
            push(&mut room.motion, seconds(timestamp)?, motion);
        }
    }
    Ok(room)
}

fn push(series: &mut Series, at: f64, value: &str) {
    if let Ok(value) = value.parse() {
        series.push((at, value));
    }
}

/// `2022-10-12T16:13:00+0200`, whose offset lacks the colon of RFC 3339.
fn seconds(timestamp: &str) -> Result<f64> {
    let (time, minutes) = timestamp
        .split_at_checked(timestamp.len().saturating_sub(2))
        .context("an empty timestamp")?;
    let time = Time::parse(&format!("{time}:{minutes}"));
    let time = time.with_context(|| format!("`{timestamp}` is no timestamp"))?;
    Ok(time.seconds_since(Time::from_seconds(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_have_an_offset_without_colon() {
        assert_eq!(seconds("1970-01-01T02:00:30+0200").unwrap(), 30.0);
        assert!(seconds("").is_err() && seconds("é").is_err());
    }
}
