//! What a sensor update costs above the carrier: all frames of both directions, signed,
//! encrypted, acknowledged.

use super::alarms::Make;
use crate::cast::Cast;
use crate::dice::Dice;
use crate::node::Node;
use crate::row::Row;
use crate::wire::Wire;
use crate::world::{Conditions, NOON, World};
use anyhow::{Context, Result};
use std::path::Path;
use twin_link::Class;
use twin_model::Time;

const BATCH: usize = 50;

/// A room, when it was read, and the value.
type Reading = (usize, Time, f64);

/// Updates of generated rooms and of sensors of others.
pub fn bytes<N: Node>(make: Make<N>, data: &Path) -> Vec<Row> {
    let mut rows = vec![measured(make, "generated rooms", &generated(15_000))];
    rows.push(match motes(data) {
        Ok(readings) => measured(make, "motes of others (Suthaharan et al. 2010)", &readings),
        Err(error) => {
            Row::new("bytes per update of sensors of others").lacking(format!("{error:#}"))
        }
    });
    rows
}

fn measured<N: Node>(make: Make<N>, name: &str, readings: &[Reading]) -> Row {
    let mut per_wire = Vec::new();
    for wire in [Wire::radio(), Wire::megabit()] {
        let mut world = World::new(Cast::open(2), &[], Conditions::default(), 31, make);
        world.wire(0, 1, wire);
        world.run_for(30.0);
        let before = world.bytes_sent;
        let batches = readings.chunks_exact(BATCH);
        let updates = batches.len() * BATCH;
        for batch in batches {
            let entries: Vec<Reading> = batch.to_vec();
            world.write_read(0, Class::Telemetry, &entries, None);
            world.run_for(1.0);
        }
        world.run_for(60.0);
        let lacking = world.ledger.outstanding().1.len();
        let bytes = (world.bytes_sent - before) as f64 / updates as f64;
        per_wire.push(if lacking == 0 { bytes } else { f64::INFINITY });
    }
    let updates = readings.len() / BATCH * BATCH;
    let worst = per_wire.iter().copied().fold(0.0, f64::max);
    Row::new(format!("bytes per update in batches of 50: {name}"))
        .found(
            updates,
            format!(
                "{:.2} B in frames of 256, {:.2} B in frames of 1400",
                per_wire[0], per_wire[1]
            ),
        )
        .held_to("≤ 7 B", worst <= 7.0)
        .beside("NGSI-LD JSON 371 B; entropy of the generated series 2.2 B (reference)")
        .on(format!("{readings:?}"))
}

/// 200 rooms, each a random walk in steps of 0.1 °C with a step change now and then,
/// reporting at irregular times in milliseconds.
fn generated(count: usize) -> Vec<Reading> {
    let mut dice = Dice::new(7);
    let mut tenths: Vec<i64> = (0..200).map(|_| 180 + below(&mut dice, 60)).collect();
    let mut at_ms = 0;
    let readings = (0..count).map(|_| {
        let room = dice.below(200);
        at_ms += 1 + below(&mut dice, 399);
        tenths[room] += if dice.chance(0.05) {
            below(&mut dice, 41) - 20
        } else {
            below(&mut dice, 5) - 2
        };
        let at = Time(NOON.0 + at_ms * 1000);
        (room, at, tenths[room] as f64 / 10.0)
    });
    readings.collect()
}

fn below(dice: &mut Dice, bound: usize) -> i64 {
    dice.below(bound).cast_signed() as i64
}

/// Temperature and humidity of four motes every five seconds (Suthaharan et al., ISSNIP
/// 2010; ODC-BY 1.0), in the order in which they were read.
fn motes(data: &Path) -> Result<Vec<Reading>> {
    const PERIOD_S: f64 = 5.0;
    let path = data.join("fusion/wsn-single-hop/data.csv");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("`{}` is not there", path.display()))?;
    let mut readings = Vec::new();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [reading, mote, _, humidity, temperature, ..] = fields[..] else {
            continue;
        };
        let at = NOON.plus_seconds(PERIOD_S * reading.parse::<f64>()?);
        let mote: usize = mote.parse()?;
        readings.push((mote * 2, at, temperature.parse()?));
        readings.push((mote * 2 + 1, at, humidity.parse()?));
    }
    // The file lists one mote after the other; together they were read in time.
    readings.sort_by_key(|(room, at, _)| (*at, *room));
    readings.dedup_by_key(|(room, at, _)| (*at, *room));
    readings.truncate(15_000);
    Ok(readings)
}
