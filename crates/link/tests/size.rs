//! How many bytes a sensor update costs, signed and encrypted.

mod support;

use support::{Dice, append, author, later, temperature};
use twin_link::{Class, Keep, Payload, Record};

/// 200 rooms, each a random walk in steps of 0.1 °C with a step change now and then,
/// reporting at irregular times in milliseconds.
fn updates(dice: &mut Dice, count: usize) -> Vec<(usize, f64, f64)> {
    let mut tenths: Vec<i64> = (0..200)
        .map(|_| 180 + dice.below(60).cast_signed())
        .collect();
    let mut at_ms = 0;
    (0..count)
        .map(|_| {
            let room = dice.below(200) as usize;
            at_ms += dice.below(400);
            tenths[room] += if dice.chance(0.05) {
                dice.below(41).cast_signed() - 20
            } else {
                dice.below(5).cast_signed() - 2
            };
            (room, at_ms as f64 / 1e3, tenths[room] as f64 / 10.0)
        })
        .collect()
}

/// Mean bytes per update of whole bundle bodies, once all topics are named.
fn bytes_per_update(batch: usize) -> f64 {
    let mut dice = Dice(7);
    let mut author = author(1, Class::Telemetry, Keep::Latest);
    let all = updates(&mut dice, 20_000);
    let mut sizes = Vec::new();
    for batch in all.chunks_exact(batch) {
        let records = batch.iter().map(|&(room, seconds, value)| {
            let topic = author
                .topic(&temperature(room), Some(value))
                .expect("room for it");
            Record::reading(topic, later(seconds), value)
        });
        let payload = Payload {
            written: later(batch[0].1),
            records: records.collect(),
            ..Payload::default()
        };
        let bundles = append(&mut author, &payload, None);
        if let [bundle] = &bundles[..] {
            sizes.push(bundle.body().len() as f64);
        }
    }
    sizes.iter().sum::<f64>() / sizes.len() as f64 / batch as f64
}

#[test]
fn a_sensor_update_costs_at_most_seven_bytes_in_batches_of_fifty() {
    // The target is 7 for batches of 50, frames included; the rest is room for them.
    for (batch, bytes_max) in [(10, 17.0), (50, 6.3), (200, 4.5)] {
        let bytes = bytes_per_update(batch);
        println!("batch {batch}: {bytes:.2} B per update");
        assert!(bytes <= bytes_max, "batch {batch}: {bytes:.2} B");
    }
}

#[test]
fn a_single_alarm_costs_at_most_140_bytes() {
    let mut author = author(1, Class::LifeSafety, Keep::History);
    let topic = author
        .topic(&temperature(1), Some(21.0))
        .expect("room for it");
    let mut send = |seconds: f64| {
        let payload = Payload {
            written: later(seconds),
            records: vec![Record::reading(topic, later(seconds), 64.5)],
            ..Payload::default()
        };
        let bundles = append(&mut author, &payload, Some(later(600.0)));
        bundles.last().expect("a bundle").body().len()
    };
    send(0.0);
    let alarm = send(1.0);
    println!("alarm: {alarm} B");
    assert!(alarm <= 140, "{alarm}");
}
