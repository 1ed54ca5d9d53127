//! What a sensor update costs above the carrier: all frames of both directions, signed,
//! encrypted, acknowledged.

use super::alarms::Make;
use crate::account::{Account, PerUpdate};
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
/// Of the short run: the names of all topics weigh on so few.
const FIRST: usize = 15_000;
/// A room is read every forty seconds, on average.
const ROOMS: usize = 200;
/// Within a day keys change, and all is named once more.
const DAY_S: f64 = 86_400.0;

/// A room, when it was read, and the value.
type Reading = (usize, Time, f64);

/// When batches are written.
#[derive(Debug, Clone, Copy)]
enum Pace {
    /// One each second, whenever its readings were read.
    EachSecond,
    /// When the last reading of a batch was read.
    AsRead,
}

/// Updates of generated rooms and of sensors of others.
pub fn bytes<N: Node>(make: Make<N>, data: &Path) -> Vec<Row> {
    let day = generated(DAY_S);
    let first = &day[..FIRST];
    let rooms = "generated rooms, names of all topics included";
    let motes_name = "motes of others (Suthaharan et al. 2010)";
    vec![
        measured(make, rooms, first, Pace::EachSecond),
        measured(make, "generated rooms, a day", &day, Pace::AsRead),
        match motes(data) {
            Ok(readings) => measured(make, motes_name, &readings, Pace::EachSecond),
            Err(error) => {
                Row::new("bytes per update of sensors of others").lacking(format!("{error:#}"))
            }
        },
    ]
}

fn measured<N: Node>(make: Make<N>, name: &str, readings: &[Reading], pace: Pace) -> Row {
    let updates = readings.len() / BATCH * BATCH;
    let wires = [Wire::radio(), Wire::megabit()];
    let [radio, megabit] = wires.map(|wire| on_wire(make, wire, &readings[..updates], pace));
    Row::new(format!("bytes per update in batches of 50: {name}"))
        .found(
            updates,
            format!(
                "{:.2} B in frames of 256, {:.2} B in frames of 1400",
                radio.bytes, megabit.bytes
            ),
        )
        .held_to("≤ 7 B", radio.bytes.max(megabit.bytes) <= 7.0)
        .beside("NGSI-LD JSON 371 B; entropy of the generated series 2.2 B (reference)")
        .on(format!("{readings:?}"))
        .detail("above the carrier, all frames of both directions; two nodes that are in contact and lose nothing")
        .detail(match pace {
            Pace::EachSecond => "a batch each second",
            Pace::AsRead => "a batch when its last reading is read, about every ten seconds",
        })
        .detail(format!("frames of 256: {}", PerUpdate(radio.account, updates)))
        .detail(format!("frames of 1400: {}", PerUpdate(megabit.account, updates)))
}

/// Bytes per update, and for what.
struct Cost {
    bytes: f64,
    account: Account,
}

fn on_wire<N: Node>(make: Make<N>, wire: Wire, readings: &[Reading], pace: Pace) -> Cost {
    let conditions = Conditions {
        keeps_account: true,
        ..Conditions::default()
    };
    let mut world = World::new(Cast::open(2), &[], conditions, 31, make);
    world.wire(0, 1, wire);
    world.run_for(30.0);
    let (before, account) = (world.bytes_sent, world.account);
    for batch in readings.chunks_exact(BATCH) {
        if let (Pace::AsRead, Some((_, read, _))) = (pace, batch.last()) {
            world.run_until(*read.max(&world.now), |_| false);
        }
        world.write_read(0, Class::Telemetry, batch, None);
        if let Pace::EachSecond = pace {
            world.run_for(1.0);
        }
    }
    world.run_for(60.0);
    let lacking = world.ledger.outstanding().1.len();
    let bytes = (world.bytes_sent - before) as f64 / readings.len() as f64;
    Cost {
        bytes: if lacking == 0 { bytes } else { f64::INFINITY },
        account: world.account.since(account),
    }
}

/// 200 rooms, each a random walk in steps of 0.1 °C with a step change now and then,
/// reporting at irregular times in milliseconds.
fn generated(seconds: f64) -> Vec<Reading> {
    let mut dice = Dice::new(7);
    let mut tenths: Vec<i64> = (0..ROOMS).map(|_| 180 + below(&mut dice, 60)).collect();
    let mut at_ms = 0;
    let readings = std::iter::repeat_with(|| {
        let room = dice.below(ROOMS);
        at_ms += 1 + below(&mut dice, 399);
        tenths[room] += if dice.chance(0.05) {
            below(&mut dice, 41) - 20
        } else {
            below(&mut dice, 5) - 2
        };
        let at = Time(NOON.0 + at_ms * 1000);
        (room, at, tenths[room] as f64 / 10.0)
    });
    let end = NOON.plus_seconds(seconds);
    readings.take_while(|(_, at, _)| *at < end).collect()
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
